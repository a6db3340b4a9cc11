//! How long views take; run with `cargo test --release -p ordain-views -- --ignored --nocapture measure`.

use std::time::Instant;

use ordain_graph::PlanGraph;
use ordain_views::{Terminal, diff, dot, dot_whole, html, markdown, mermaid, tree};

use crate::samples::{made, many};

#[test]
#[ignore = "a measurement, not a test"]
fn measure() {
    type View = (&'static str, fn(&PlanGraph) -> usize);
    let views: [View; 7] = [
        ("tree", |graph| tree(graph, &Terminal::default()).len()),
        ("mermaid", |graph| mermaid(graph).len()),
        ("dot", |graph| dot(graph).len()),
        ("dot_whole", |graph| dot_whole(graph).len()),
        ("markdown", |graph| markdown(graph).len()),
        ("html", |graph| html(graph).len()),
        ("diff", |graph| diff(graph, graph).json().len()),
    ];
    for count in [1_000, 10_000, 100_000] {
        let graph = made(many(count));
        for (name, view) in views {
            let since = Instant::now();
            let length = view(&graph);
            println!("{count:>7} {name:<10} {:>9.1?} {length:>9} bytes", since.elapsed());
        }
    }
}
