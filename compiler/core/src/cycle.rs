//! Cycles in a directed graph, found without recursion.

/// Finds cycles among nodes `0..count`: one for each back edge of a depth-first search from the lowest node, so that a
/// graph has none exactly if the result is empty. Each cycle lists its nodes in order.
pub(crate) fn find<I: IntoIterator<Item = usize>>(count: usize, edges: impl Fn(usize) -> I) -> Vec<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        Fresh,
        Open,
        Done,
    }
    let mut state = vec![State::Fresh; count];
    let mut cycles = Vec::new();
    for root in 0..count {
        if state[root] != State::Fresh {
            continue;
        }
        state[root] = State::Open;
        let mut stack = vec![(root, edges(root).into_iter())];
        while let Some((node, targets)) = stack.last_mut() {
            let node = *node;
            match targets.next() {
                Some(next) if state[next] == State::Fresh => {
                    state[next] = State::Open;
                    stack.push((next, edges(next).into_iter()));
                }
                Some(next) if state[next] == State::Open => {
                    let from = stack.iter().position(|(open, _)| *open == next).unwrap_or(0);
                    cycles.push(stack[from..].iter().map(|(open, _)| *open).collect());
                }
                Some(_) => {}
                None => {
                    state[node] = State::Done;
                    stack.pop();
                }
            }
        }
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn finds_each_cycle_and_nothing_else() {
        let edges = [vec![1], vec![2], vec![0, 3], vec![3], vec![]];
        assert_eq!(find(5, |node| edges[node].clone()), [vec![0, 1, 2], vec![3]]);
        assert!(find(3, |node| if node < 2 { vec![node + 1] } else { vec![] }).is_empty());
    }
}
