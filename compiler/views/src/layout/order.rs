//! The order of items in their columns.

use super::Grid;

/// How many times the columns are gone through, in turns from the left and from the right.
const SWEEPS: usize = 16;

/// Orders every column by the mean place of what its items are joined to, and keeps the order with the fewest
/// crossings.
pub(super) fn untangle(grid: &mut Grid) {
    let mut best = grid.columns.clone();
    let mut fewest = crossings(grid);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let forward = sweep % 2 == 0;
        let mut place = places(grid);
        let count = grid.columns.len();
        for step in 1..count {
            let at = if forward { step } else { count - 1 - step };
            let beside = if forward { &grid.before } else { &grid.after };
            let mut column: Vec<(f64, usize)> = grid.columns[at]
                .iter()
                .map(|&item| {
                    let joined = &beside[item];
                    let sum: usize = joined.iter().map(|&other| place[other]).sum();
                    // What is joined to nothing on that side stays about where it is.
                    let mean = if joined.is_empty() { place[item] as f64 } else { sum as f64 / joined.len() as f64 };
                    (mean, item)
                })
                .collect();
            // The sort is stable, so that equals keep their order.
            column.sort_by(|a, b| a.0.total_cmp(&b.0));
            grid.columns[at] = column.into_iter().map(|(_, item)| item).collect();
            for (index, &item) in grid.columns[at].iter().enumerate() {
                place[item] = index;
            }
        }
        let now = crossings(grid);
        if now < fewest {
            fewest = now;
            best.clone_from(&grid.columns);
        }
    }
    grid.columns = best;
}

fn places(grid: &Grid) -> Vec<usize> {
    let mut place = vec![0; grid.items.len()];
    for column in &grid.columns {
        for (index, &item) in column.iter().enumerate() {
            place[item] = index;
        }
    }
    place
}

/// How many pairs of lines cross, counted with a Fenwick tree for each pair of columns.
fn crossings(grid: &Grid) -> usize {
    let place = places(grid);
    let mut total = 0;
    for pair in grid.columns.windows(2) {
        let mut tree = vec![0usize; pair[1].len() + 1];
        let mut inserted = 0;
        for &item in &pair[0] {
            let mut ends: Vec<usize> = grid.after[item].iter().map(|&other| place[other]).collect();
            ends.sort_unstable();
            for &end in &ends {
                let mut at = end + 1;
                let mut not_above = 0;
                while at > 0 {
                    not_above += tree[at];
                    at -= at & at.wrapping_neg();
                }
                total += inserted - not_above;
            }
            for end in ends {
                inserted += 1;
                let mut at = end + 1;
                while at < tree.len() {
                    tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
            }
        }
    }
    total
}
