//! Where boxes and lines of a picture go: in columns, every box to the right of what it waits for.
//!
//! The layered method of Sugiyama, Tagawa and Toda (1981): columns by longest path, an order inside of each that leaves
//! few crossings (barycentres), places that keep lines straight (isotonic regression). Every step costs about as much
//! as there are boxes and pieces of lines.

mod columns;
mod order;
mod places;

use crate::sketch::Line;

/// The size of a box, in pixels.
pub(crate) const WIDTH: i32 = 216;
/// The height of a box, in pixels.
pub(crate) const HEIGHT: i32 = 46;
/// What is between columns.
const COLUMN_GAP: i32 = 74;
/// What is between boxes of a column.
const GAP: i32 = 16;
/// What is around the picture.
const MARGIN: i32 = 36;

/// How many pieces of lines are laid out; lines beyond that are drawn straight through.
const MAX_PIECES: usize = 20_000;

/// Places for boxes and lines.
pub(crate) struct Layout {
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// The upper left corner of each box.
    pub(crate) boxes: Vec<(i32, i32)>,
    /// The points of each line, from the right side of one box to the left side of another.
    pub(crate) lines: Vec<Vec<(i32, i32)>>,
}

/// A thing in a column: a box, or where a line passes through.
#[derive(Clone, Copy)]
enum Item {
    Box(usize),
    Bend,
}

/// Items in columns, with what each is joined to in the columns beside.
struct Grid {
    items: Vec<Item>,
    column_of: Vec<usize>,
    /// Items in order from top to bottom.
    columns: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
}

/// Lays out boxes and lines.
pub(crate) fn layout(count: usize, lines: &[Line]) -> Layout {
    let joined = {
        let mut joined = vec![false; count];
        for line in lines {
            (joined[line.from], joined[line.to]) = (true, true);
        }
        joined
    };
    let column_of = columns::columns(count, lines);
    let (mut grid, ways) = grid(&joined, &column_of, lines);
    order::untangle(&mut grid);
    let centres = places::places(&grid);

    let top = centres.iter().copied().min().unwrap_or(0) - HEIGHT / 2;
    let x = |column: usize| MARGIN + column as i32 * (WIDTH + COLUMN_GAP);
    let mut boxes = vec![(0, 0); count];
    let mut bottom = MARGIN - GAP;
    for (item, kind) in grid.items.iter().enumerate() {
        let y = centres[item] - top + MARGIN;
        if let Item::Box(at) = *kind {
            boxes[at] = (x(grid.column_of[item]), y - HEIGHT / 2);
        }
        bottom = bottom.max(y + HEIGHT / 2);
    }
    let drawn = grid.columns.len();
    let width = alone(&joined, drawn, &mut boxes, &mut bottom);
    let paths = lines
        .iter()
        .zip(ways)
        .map(|(line, way)| {
            let (from, to) = (boxes[line.from], boxes[line.to]);
            let mut points = vec![(from.0 + WIDTH, from.1 + HEIGHT / 2)];
            for bend in way {
                let (left, y) = (x(grid.column_of[bend]), centres[bend] - top + MARGIN);
                points.extend([(left, y), (left + WIDTH, y)]);
            }
            points.push((to.0, to.1 + HEIGHT / 2));
            points
        })
        .collect();
    Layout { width: width + MARGIN, height: bottom + MARGIN, boxes, lines: paths }
}

/// Puts boxes without lines in rows below the others; gives the right edge of everything.
fn alone(joined: &[bool], columns: usize, boxes: &mut [(i32, i32)], bottom: &mut i32) -> i32 {
    let alone: Vec<usize> = (0..joined.len()).filter(|&at| !joined[at]).collect();
    // About as wide as high, where nothing else gives a width.
    let across = columns.max((alone.len() as f64 / 3.0).sqrt().ceil() as usize).max(1);
    let start = *bottom + GAP;
    for (index, &at) in alone.iter().enumerate() {
        let (row, column) = ((index / across) as i32, (index % across) as i32);
        boxes[at] = (MARGIN + column * (WIDTH + GAP), start + row * (HEIGHT + GAP));
        *bottom = (*bottom).max(boxes[at].1 + HEIGHT);
    }
    boxes.iter().map(|(x, _)| x + WIDTH).max().unwrap_or(MARGIN)
}

/// Boxes with lines in their columns, and the bends of each line in the columns between.
fn grid(joined: &[bool], column_of: &[usize], lines: &[Line]) -> (Grid, Vec<Vec<usize>>) {
    let mut grid =
        Grid { items: Vec::new(), column_of: Vec::new(), columns: Vec::new(), before: Vec::new(), after: Vec::new() };
    let mut item_of = vec![usize::MAX; joined.len()];
    for (at, _) in joined.iter().enumerate().filter(|(_, joined)| **joined) {
        item_of[at] = grid.add(Item::Box(at), column_of[at]);
    }
    let mut pieces = 0;
    let mut ways = Vec::with_capacity(lines.len());
    for line in lines {
        let (from, to) = (item_of[line.from], item_of[line.to]);
        let (start, end) = (grid.column_of[from], grid.column_of[to]);
        // A line that goes back, which folding can bring about, is drawn straight.
        if start >= end {
            ways.push(Vec::new());
            continue;
        }
        pieces += end - start - 1;
        if pieces > MAX_PIECES {
            ways.push(Vec::new());
            continue;
        }
        let mut last = from;
        let mut way = Vec::with_capacity(end - start - 1);
        for column in start + 1..end {
            let bend = grid.add(Item::Bend, column);
            grid.join(last, bend);
            way.push(bend);
            last = bend;
        }
        grid.join(last, to);
        ways.push(way);
    }
    (grid, ways)
}

impl Grid {
    fn add(&mut self, item: Item, column: usize) -> usize {
        let own = self.items.len();
        self.items.push(item);
        self.column_of.push(column);
        self.before.push(Vec::new());
        self.after.push(Vec::new());
        if self.columns.len() <= column {
            self.columns.resize(column + 1, Vec::new());
        }
        self.columns[column].push(own);
        own
    }

    fn join(&mut self, before: usize, after: usize) {
        self.after[before].push(after);
        self.before[after].push(before);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(from: usize, to: usize) -> Line {
        Line { from, to, data: true }
    }

    #[test]
    fn what_waits_stands_to_the_right() {
        let lines = [line(0, 1), line(1, 2), line(0, 2), line(2, 3)];
        let layout = layout(4, &lines);
        for line in &lines {
            assert!(layout.boxes[line.from].0 + WIDTH < layout.boxes[line.to].0);
        }
        assert_eq!(layout.lines[2].len(), 4, "the long line bends around the box between");
    }

    #[test]
    fn a_ladder_has_no_crossing_and_straight_lines() {
        let rungs = 12;
        let lines: Vec<Line> = (0..rungs).map(|at| line(at, rungs + (at * 5) % rungs)).collect();
        let layout = layout(rungs * 2, &lines);
        for line in &lines {
            assert_eq!(layout.boxes[line.from].1, layout.boxes[line.to].1);
        }
    }

    proptest! {
        #[test]
        fn boxes_never_overlap(
            count in 1usize..40,
            ends in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..80),
        ) {
            let mut lines: Vec<Line> = ends
                .iter()
                .map(|(from, to)| line(from.index(count), to.index(count)))
                .filter(|line| line.from != line.to)
                .collect();
            lines.sort_unstable();
            lines.dedup();
            let layout = layout(count, &lines);
            for (at, a) in layout.boxes.iter().enumerate() {
                prop_assert!(a.0 >= MARGIN && a.0 + WIDTH <= layout.width && a.1 + HEIGHT <= layout.height);
                prop_assert!(a.1 >= MARGIN, "{a:?}");
                for b in &layout.boxes[..at] {
                    prop_assert!((a.0 - b.0).abs() >= WIDTH || (a.1 - b.1).abs() >= HEIGHT, "{a:?} {b:?}");
                }
            }
            prop_assert_eq!(layout.lines.len(), lines.len());
        }
    }
}
