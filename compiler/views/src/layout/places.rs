//! The heights of items in their columns.

use super::{GAP, Grid, HEIGHT, Item};

/// How many times the columns are gone through, in turns from the left and from the right.
const SWEEPS: usize = 10;

/// How much more a bend is drawn to its neighbours than a box, so that long lines are straight.
const BEND_WEIGHT: f64 = 3.0;

/// The vertical centre of each item. In every column items keep their order and their distance, and are as near as
/// that allows to the mean of what they are joined to.
pub(super) fn places(grid: &Grid) -> Vec<i32> {
    let mut centre = vec![0.0; grid.items.len()];
    for column in &grid.columns {
        let mut y = 0.0;
        for (index, &item) in column.iter().enumerate() {
            if index > 0 {
                y += distance(grid, column[index - 1], item);
            }
            centre[item] = y;
        }
    }
    for sweep in 0..SWEEPS {
        let count = grid.columns.len();
        // The last two go by both sides.
        let (left, right) = (sweep % 2 == 0 || sweep + 2 >= SWEEPS, sweep % 2 == 1 || sweep + 2 >= SWEEPS);
        for step in 0..count {
            let at = if sweep % 2 == 0 { step } else { count - 1 - step };
            settle(grid, &grid.columns[at], (left, right), &mut centre);
        }
    }
    centre.into_iter().map(|y| y.round() as i32).collect()
}

fn half(grid: &Grid, item: usize) -> f64 {
    match grid.items[item] {
        Item::Box(_) => f64::from(HEIGHT) / 2.0,
        Item::Bend => 0.0,
    }
}

/// How far apart the centres of two neighbours are at least.
fn distance(grid: &Grid, above: usize, below: usize) -> f64 {
    // One pixel more than the gap, for centres are rounded at the end.
    half(grid, above) + half(grid, below) + f64::from(GAP) + 1.0
}

/// A run of items that touch each other.
struct Block {
    sum: f64,
    weight: f64,
    length: usize,
}

/// Moves the items of a column: least squares under the order, by pooling adjacent violators.
fn settle(grid: &Grid, column: &[usize], (left, right): (bool, bool), centre: &mut [f64]) {
    let mut blocks: Vec<Block> = Vec::with_capacity(column.len());
    let mut offsets = Vec::with_capacity(column.len());
    let mut offset = 0.0;
    for (index, &item) in column.iter().enumerate() {
        if index > 0 {
            offset += distance(grid, column[index - 1], item);
        }
        offsets.push(offset);
        let before = grid.before[item].iter().filter(|_| left);
        let joined: Vec<f64> =
            before.chain(grid.after[item].iter().filter(|_| right)).map(|&other| centre[other]).collect();
        let wish = if joined.is_empty() { centre[item] } else { joined.iter().sum::<f64>() / joined.len() as f64 };
        let weight = match grid.items[item] {
            Item::Bend => BEND_WEIGHT,
            Item::Box(_) if joined.is_empty() => 0.1,
            Item::Box(_) => 1.0,
        };
        let mut block = Block { sum: (wish - offset) * weight, weight, length: 1 };
        while let Some(above) = blocks.pop_if(|above| above.sum / above.weight > block.sum / block.weight) {
            block = Block {
                sum: above.sum + block.sum,
                weight: above.weight + block.weight,
                length: above.length + block.length,
            };
        }
        blocks.push(block);
    }
    let mut items = column.iter().zip(offsets);
    for block in blocks {
        let mean = block.sum / block.weight;
        for (&item, offset) in items.by_ref().take(block.length) {
            centre[item] = mean + offset;
        }
    }
}
