//! Which column each box is in.

use crate::sketch::Line;

/// The columns: each box right of all it waits for, as far left as that allows; boxes that wait for nothing directly
/// left of the first that waits for them. Lines that close a circle count for nothing.
pub(super) fn columns(count: usize, lines: &[Line]) -> Vec<usize> {
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for line in lines {
        after[line.from].push(line.to);
    }
    let order = order(&after);
    let mut place = vec![0; count];
    order.iter().enumerate().for_each(|(at, &own)| place[own] = at);
    let mut column = vec![0; count];
    let mut waits = vec![false; count];
    for &own in &order {
        for &next in after[own].iter().filter(|&&next| place[next] > place[own]) {
            column[next] = column[next].max(column[own] + 1);
            waits[next] = true;
        }
    }
    for own in (0..count).filter(|&own| !waits[own]) {
        let next = after[own].iter().filter(|&&next| place[next] > place[own]).map(|&next| column[next]).min();
        column[own] = next.map_or(column[own], |next| next - 1);
    }
    column
}

/// An order in which most lines go forward: all of them where there is no circle.
fn order(after: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = vec![false; after.len()];
    let mut order = Vec::with_capacity(after.len());
    let mut open: Vec<(usize, usize)> = Vec::new();
    for start in 0..after.len() {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        open.push((start, 0));
        while let Some((own, next)) = open.last_mut() {
            match after[*own].get(*next) {
                Some(&other) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[other], true) {
                        open.push((other, 0));
                    }
                }
                None => {
                    order.push(*own);
                    open.pop();
                }
            }
        }
    }
    order.reverse();
    order
}
