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
    /// Of one capability, by its name.
    pub capabilities: BTreeMap<SmolStr, NonZeroUsize>,
    /// Of one environment, by its qualified name.
    pub environments: BTreeMap<SmolStr, NonZeroUsize>,
}

impl Limits {
    /// So many of all, whatever they are.
    pub fn of_all(all: NonZeroUsize) -> Self {
        Self { all, capabilities: BTreeMap::new(), environments: BTreeMap::new() }
    }
}

/// Who may start under limits, and who waits for that.
pub(super) struct Admission {
    left: usize,
    gauges: Vec<Gauge>,
    /// Which gauges count each node, by position.
    counted: Vec<[Option<u32>; 2]>,
}

struct Gauge {
    left: usize,
    /// Nodes that could start but for this.
    waiting: VecDeque<usize>,
}

impl Admission {
    pub(super) fn new(plan: &PlanGraph, limits: &Limits) -> Self {
        let mut gauges = Vec::new();
        let mut numbers = |of: &BTreeMap<SmolStr, NonZeroUsize>| -> BTreeMap<SmolStr, u32> {
            let numbered = of.iter().map(|(name, limit)| {
                gauges.push(Gauge { left: limit.get(), waiting: VecDeque::new() });
                (name.clone(), gauges.len() as u32 - 1)
            });
            numbered.collect()
        };
        let (capabilities, environments) = (numbers(&limits.capabilities), numbers(&limits.environments));
        let gauges_of = |node: &ordain_graph::Node| {
            let environment = node.environment.as_ref().and_then(|name| environments.get(name));
            [capabilities.get(&node.capability).copied(), environment.copied()]
        };
        let counted = if gauges.is_empty() { Vec::new() } else { plan.nodes.iter().map(gauges_of).collect() };
        Self { left: limits.all.get(), gauges, counted }
    }

    /// Whether any more may start.
    pub(super) fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Counts a node that starts; or remembers it where something that it is counted by is full, and gives those that may
    /// start in its stead.
    pub(super) fn admit(&mut self, at: usize) -> Result<(), Vec<usize>> {
        let counted = self.counted.get(at).copied().unwrap_or_default();
        if let Some(full) = counted.into_iter().flatten().find(|number| self.gauges[*number as usize].left == 0) {
            self.gauges[full as usize].waiting.push_back(at);
            let others = counted.into_iter().flatten().filter(|number| *number != full);
            return Err(others.filter_map(|number| self.gauges[number as usize].next()).collect());
        }
        self.left -= 1;
        counted.into_iter().flatten().for_each(|number| self.gauges[number as usize].left -= 1);
        Ok(())
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
