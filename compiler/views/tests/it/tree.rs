//! The tree in a terminal.

use ordain_graph::{DraftPlan, Effect, Shape, Why};
use ordain_views::{Terminal, mermaid, tree};

use crate::samples::{contract, draft, everything, made, many, shop, step, sweep, text, tiny};

fn at(width: usize) -> Terminal {
    Terminal { width, colour: false }
}

#[test]
fn samples() {
    insta::assert_snapshot!("tree_tiny", tree(&made(tiny()), &at(80)));
    insta::assert_snapshot!("tree_shop", tree(&made(shop()), &at(80)));
    insta::assert_snapshot!("tree_shop_narrow", tree(&made(shop()), &at(50)));
    insta::assert_snapshot!("tree_everything", tree(&made(everything()), &at(80)));
    insta::assert_snapshot!("tree_sweep", tree(&made(sweep()), &at(80)));
    insta::assert_snapshot!("tree_many", tree(&made(many(2_000)), &at(100)));
}

/// One loop over the tasks of a workflow, as other tools write them: kinds of tasks are told by their names alone.
fn workflow() -> DraftPlan {
    let run = contract("command.run", &[("argv", Shape::String)], &[], Effect::Write);
    let mut nodes = Vec::new();
    for (kind, name) in ["project", "diff_fit", "background"].into_iter().enumerate() {
        for at in 0..70 {
            let mut node = step(
                &format!("jobs[{name}_ID{:05}]", kind * 70 + at),
                &run,
                &[("argv", text(&format!("{name} {at}")))],
            );
            if kind > 0 {
                node.depends_on.push((((kind - 1) * 70 + at) as u32, Why::After));
            }
            nodes.push(node);
        }
    }
    let mut last = step("jobs[add]", &run, &[("argv", text("add"))]);
    last.depends_on = (140..210).map(|on| (on, Why::After)).collect();
    nodes.push(last);
    draft("lab.workflow", nodes)
}

#[test]
fn kinds_of_tasks_are_told_apart() {
    insta::assert_snapshot!("tree_workflow", tree(&made(workflow()), &at(80)));
    insta::assert_snapshot!("mermaid_workflow", mermaid(&made(workflow())));
}
