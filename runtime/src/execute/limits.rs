//! Limits: how many steps of one kind may run at the same time.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;

use ordain_graph::PlanGraph;
use smol_str::SmolStr;

/// How many steps may run at the same time. Results do not depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of all.
    pub all: NonZeroUsize,
    /// Of a capability (`database.ensure`), or in an environment (`shop.main.production`, or `production` alone).
    pub each: BTreeMap<SmolStr, NonZeroUsize>,
}

impl Limits {
    /// So many of all, whatever they are.
    pub fn of_all(all: NonZeroUsize) -> Self {
        Self { all, each: BTreeMap::new() }
    }

    /// The first name that nothing in a plan has.
    pub(super) fn unknown(&self, plan: &PlanGraph) -> Option<&SmolStr> {
        self.each.keys().find(|name| {
            let environment = plan.environments.keys().any(|known| is_environment(known, name));
            !environment && !plan.nodes.iter().any(|node| node.capability == **name)
        })
    }
}

fn is_environment(qualified: &str, name: &str) -> bool {
    qualified.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Who may start under limits, and who waits for that.
pub(super) struct Admission {
    left: usize,
    gauges: Vec<Gauge>,
    /// Which gauges count each node, by position: that of its capability, and that of its environment.
    counted: Vec<[Option<u32>; 2]>,
}

struct Gauge {
    left: usize,
    /// Nodes that could start but for this.
    waiting: VecDeque<usize>,
}

impl Admission {
    pub(super) fn new(plan: &PlanGraph, limits: &Limits) -> Self {
        let gauges = limits.each.values().map(|limit| Gauge { left: limit.get(), waiting: VecDeque::new() });
        let gauges: Vec<Gauge> = gauges.collect();
        let number =
            |counts: &dyn Fn(&str) -> bool| limits.each.keys().position(|name| counts(name)).map(|at| at as u32);
        let environments: BTreeMap<&SmolStr, u32> = plan
            .environments
            .keys()
            .filter_map(|known| Some((known, number(&|name| is_environment(known, name))?)))
            .collect();
        let capabilities: BTreeMap<&str, u32> =
            (0..).zip(limits.each.keys()).map(|(at, name)| (name.as_str(), at)).collect();
        let gauges_of = |node: &ordain_graph::Node| {
            let environment = node.environment.as_ref().and_then(|name| environments.get(name));
            [capabilities.get(node.capability.as_str()).copied(), environment.copied()]
        };
        let counted = if gauges.is_empty() { Vec::new() } else { plan.nodes.iter().map(gauges_of).collect() };
        Self { left: limits.all.get(), gauges, counted }
    }

    /// Whether any more may start.
    pub(super) fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Counts a node that starts; or remembers it where something that it is counted by is full, and gives those that may
    /// start in its stead. One that is under way already goes before those that are not.
    pub(super) fn admit(&mut self, at: usize, under_way: bool) -> Result<(), Vec<usize>> {
        let counted = self.counted.get(at).copied().unwrap_or_default();
        if let Some(full) = counted.into_iter().flatten().find(|number| self.gauges[*number as usize].left == 0) {
            let waiting = &mut self.gauges[full as usize].waiting;
            if under_way {
                waiting.push_front(at)
            } else {
                waiting.push_back(at)
            }
            let others = counted.into_iter().flatten().filter(|number| *number != full);
            return Err(others.filter_map(|number| self.gauges[number as usize].next()).collect());
        }
        self.left -= 1;
        counted.into_iter().flatten().for_each(|number| self.gauges[number as usize].left -= 1);
        Ok(())
    }

    /// A node that could start does not, though there may be room for it. Gives those that may start in its stead.
    pub(super) fn pass_on(&mut self, at: usize) -> Vec<usize> {
        let counted = self.counted.get(at).copied().unwrap_or_default();
        counted.into_iter().flatten().filter_map(|number| self.gauges[number as usize].next()).collect()
    }

    /// A node that was counted no longer runs. Gives those that may start in its stead.
    pub(super) fn release(&mut self, at: usize) -> Vec<usize> {
        self.left += 1;
        let mut freed = Vec::new();
        for number in self.counted.get(at).copied().unwrap_or_default().into_iter().flatten() {
            let gauge = &mut self.gauges[number as usize];
            gauge.left += 1;
            freed.extend(gauge.next());
        }
        freed
    }
}

impl Gauge {
    /// The next of those that wait, if there is room for one.
    fn next(&mut self) -> Option<usize> {
        if self.left == 0 { None } else { self.waiting.pop_front() }
    }
}
