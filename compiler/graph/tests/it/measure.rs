//! How long things take; run with `cargo test --release -p ordain-graph -- --ignored --nocapture measure`.

use std::time::Instant;

use ordain_graph::{PlanGraph, finish};

use crate::samples::many;

#[test]
#[ignore = "a measurement, not a test"]
fn measure() {
    for count in [1_000, 10_000, 100_000] {
        let draft = many(count);
        let timed = |name: &str, since: Instant| println!("{count:>7} {name:<10} {:>9.1?}", since.elapsed());
        let since = Instant::now();
        let graph = finish(draft).expect("no cycle").graph;
        timed("finish", since);
        let since = Instant::now();
        let hash = graph.hash();
        timed("hash", since);
        let since = Instant::now();
        let bytes = graph.to_json();
        timed("to_json", since);
        let since = Instant::now();
        let again = PlanGraph::from_json(&bytes).expect("its own bytes");
        timed("from_json", since);
        assert_eq!(again.hash(), hash);
        println!("{count:>7} {} bytes", bytes.len());
    }
}
