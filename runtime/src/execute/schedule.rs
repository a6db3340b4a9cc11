//! The schedule: which node may start next. Pure bookkeeping, without threads or time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use smol_str::SmolStr;

use super::preflight::Prepared;

/// The order of a plan's nodes, as far as it is decided by what has ended so far. `O((n + e) log n)` in all.
pub(super) struct Schedule {
    /// Positions in the order of addresses.
    by_address: Vec<usize>,
    /// The place of each position in there.
    rank: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    /// How many nodes each still waits for.
    waiting: Vec<usize>,
    /// Ranks of the nodes that may start.
    ready: BinaryHeap<Reverse<usize>>,
}

impl Schedule {
    pub(super) fn new(prepared: &Prepared<'_>) -> Self {
        let dependencies = |node: &ordain_graph::Node| {
            // INVARIANT: the preflight has seen that every dependency has a position.
            node.depends_on.iter().filter_map(|on| prepared.position.get(&on.on).copied()).collect()
        };
        let nodes = &prepared.plan.nodes;
        let addresses: Vec<&SmolStr> = nodes.iter().map(|node| &node.address).collect();
        Self::of(&addresses, &nodes.iter().map(dependencies).collect::<Vec<Vec<usize>>>())
    }

    fn of(addresses: &[&SmolStr], dependencies: &[Vec<usize>]) -> Self {
        let count = dependencies.len();
        let mut by_address: Vec<usize> = (0..count).collect();
        by_address.sort_by(|a, b| addresses[*a].cmp(addresses[*b]).then(a.cmp(b)));
        let mut rank = vec![0; count];
        for (at, position) in by_address.iter().enumerate() {
            rank[*position] = at;
        }
        let mut dependents = vec![Vec::new(); count];
        for (at, on) in dependencies.iter().enumerate() {
            for on in on {
                dependents[*on].push(at);
            }
        }
        let waiting: Vec<usize> = dependencies.iter().map(Vec::len).collect();
        let ready = (0..count).filter(|at| waiting[*at] == 0).map(|at| Reverse(rank[at])).collect();
        Self { by_address, rank, dependents, waiting, ready }
    }

    /// The node that may start next: of the ready ones, that with the least address.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.ready.pop().map(|Reverse(rank)| self.by_address[rank])
    }

    /// A node that was taken may start after all.
    pub(super) fn put_back(&mut self, at: usize) {
        self.ready.push(Reverse(self.rank[at]));
    }

    /// A node has succeeded. Nodes that wait for others never become ready when those fail.
    pub(super) fn succeeded(&mut self, at: usize) {
        for &dependent in &self.dependents[at] {
            self.waiting[dependent] -= 1;
            if self.waiting[dependent] == 0 {
                self.ready.push(Reverse(self.rank[dependent]));
            }
        }
    }

    /// The place of a node in the order of addresses.
    pub(super) fn rank(&self, at: usize) -> usize {
        self.rank[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(addresses: &[&str], dependencies: &[Vec<usize>]) -> Vec<usize> {
        let addresses: Vec<SmolStr> = addresses.iter().map(|address| SmolStr::from(*address)).collect();
        let mut schedule = Schedule::of(&addresses.iter().collect::<Vec<_>>(), dependencies);
        let mut order = Vec::new();
        while let Some(at) = schedule.next() {
            order.push(at);
            schedule.succeeded(at);
        }
        order
    }

    #[test]
    fn of_the_ready_nodes_the_least_address_is_first() {
        assert_eq!(run(&["c", "a", "b", "0"], &[vec![], vec![], vec![], vec![0]]), [1, 2, 0, 3]);
    }

    #[test]
    fn what_waits_for_a_failed_node_never_starts() {
        let addresses = ["a", "b", "c"].map(SmolStr::from);
        let mut schedule = Schedule::of(&addresses.iter().collect::<Vec<_>>(), &[vec![], vec![0], vec![]]);
        assert_eq!([schedule.next(), schedule.next(), schedule.next()], [Some(0), Some(2), None]);
    }

    #[test]
    fn a_hundred_thousand_nodes_are_scheduled_at_once() {
        const COUNT: usize = 100_000;
        let addresses: Vec<SmolStr> = (0..COUNT).map(|at| format!("step[{at:06}]").into()).collect();
        let addresses: Vec<&SmolStr> = addresses.iter().collect();
        // A chain, a fan of all upon the first, and a mesh: quadratic work in any of them would take minutes.
        let shapes: [fn(usize) -> Vec<usize>; 3] = [
            |at| at.checked_sub(1).into_iter().collect(),
            |at| if at == 0 { vec![] } else { vec![0] },
            |at| (1..=8).filter_map(|back| at.checked_sub(back * 97)).collect(),
        ];
        for shape in shapes {
            let dependencies: Vec<Vec<usize>> = (0..COUNT).map(shape).collect();
            let since = std::time::Instant::now();
            let mut schedule = Schedule::of(&addresses, &dependencies);
            let mut count = 0;
            while let Some(at) = schedule.next() {
                schedule.succeeded(at);
                count += 1;
            }
            assert_eq!(count, COUNT);
            assert!(since.elapsed().as_secs() < 10, "{:?}", since.elapsed());
        }
    }
}
