//! The example `montage`, and real scientific workflows in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::package::Package;
use crate::skipping::skipped;

/// What each task waits for.
type Edges = BTreeMap<String, BTreeSet<String>>;

fn edges_of_file(workflow: &str) -> Edges {
    let workflow: Value = serde_json::from_str(workflow).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tasks = workflow["tasks"].as_array().unwrap().iter();
    tasks.map(|task| (text(&task["id"]), task["after"].as_array().unwrap().iter().map(text).collect())).collect()
}

fn edges_of_plan(plan: &Value) -> Edges {
    let nodes = plan["nodes"].as_array().unwrap();
    // A program and its arguments: `sh task.sh FOLDER ID …`.
    let task = |node: &Value| node["inputs"]["argv"][3].as_str().unwrap().to_owned();
    let names: BTreeMap<&str, String> = nodes.iter().map(|node| (node["id"].as_str().unwrap(), task(node))).collect();
    let edges = |node: &Value| {
        let edges = node["depends_on"].as_array().unwrap().iter();
        edges.map(|edge| names[edge["on"].as_str().unwrap()].clone()).collect()
    };
    nodes.iter().map(|node| (task(node), edges(node))).collect()
}

/// Plans a workflow and demands that the plan has its edges. Gives how many tasks there are.
fn planned(package: &Package, name: &str) -> usize {
    let plan = package.run(&["plan", "mosaic", "--json"]).exits(0);
    let expected = edges_of_file(&package.read("workflow.json"));
    assert!(edges_of_plan(&plan.json()) == expected, "{name}: the plan has other edges than the file");
    expected.len()
}

#[test]
fn the_plan_has_the_edges_of_the_workflow() {
    let package = Package::example("montage");
    assert_eq!(planned(&package, "the example"), 21);
    // Steps are named after their tasks.
    let plan = package.run(&["plan", "mosaic", "--json"]).exits(0).json();
    let nodes = plan["nodes"].as_array().unwrap();
    let mut addresses: Vec<&str> = nodes.iter().map(|node| node["address"].as_str().unwrap()).collect();
    addresses.sort();
    let expected: Vec<String> = edges_of_plan(&plan).keys().map(|task| format!("jobs[{task}]")).collect();
    assert_eq!(addresses, expected);
    // Tasks may come in any order.
    let mut workflow: Value = serde_json::from_str(&package.read("workflow.json")).unwrap();
    workflow["tasks"].as_array_mut().unwrap().reverse();
    package.write("workflow.json", workflow.to_string());
    assert_eq!(planned(&package, "the example, reversed"), 21);
}

#[test]
fn the_plan_knows_the_data_it_was_made_from() {
    let package = Package::example("montage");
    let plan = |package: &Package| package.run(&["plan", "mosaic", "--json"]).exits(0).json();
    let first = plan(&package);
    assert!(first["data"]["montage:workflow.json"].as_str().is_some_and(|digest| digest.starts_with("sha256:")));
    package.write("workflow.json", format!("{}\n", package.read("workflow.json")));
    let second = plan(&package);
    assert_eq!(second["nodes"], first["nodes"]);
    assert_ne!(second["data"], first["data"]);
    assert_ne!(second["hash"], first["hash"]);
}

#[test]
fn wrong_workflows_are_found_at_their_place() {
    let package = Package::example("montage");
    let right = package.read("workflow.json");
    for (from, to, code) in [
        ("[\"project_1\", ", "[\"project_9\", ", "ORD0602"),
        ("\"id\": \"project_1\", \"after\": []", "\"id\": \"project_1\", \"after\": [\"view\"]", "ORD0601"),
        ("\"id\": \"project_2\"", "\"id\": \"project_1\"", "ORD0603"),
        ("\"seconds\": 10.2", "\"seconds\": \"10.2\"", "ORD0503"),
        ("\"seconds\": 10.2", "\"seconds\": -1", "ORD0503"),
        ("\"after\": []", "\"afetr\": []", "ORD0503"),
    ] {
        let wrong = right.replacen(from, to, 1);
        assert_ne!(wrong, right, "the workflow has no {from}");
        package.write("workflow.json", wrong);
        package.run(&["plan", "mosaic"]).exits(1).says(code);
    }
}

#[test]
fn a_circle_shows_all_of_itself() {
    let package = Package::example("montage");
    package.write(
        "workflow.json",
        r#"{"origin": "", "tasks": [
            {"id": "a", "after": ["c"], "seconds": 1},
            {"id": "b", "after": ["a"], "seconds": 1},
            {"id": "c", "after": ["b"], "seconds": 1}]}"#,
    );
    let run = package.run(&["plan", "mosaic"]).exits(1).says("ORD0601");
    for task in ["jobs[a]", "jobs[b]", "jobs[c]"] {
        assert!(run.stderr.contains(task), "the circle does not show `{task}`: {run}");
    }
}

#[test]
fn every_task_runs_after_those_it_waits_for() {
    let package = Package::example("montage");
    // Each task fails if one it waits for is not done: with one worker and with many.
    for parallel in ["1", "8"] {
        package.run(&["apply", "rehearse", "--yes", "--parallel", parallel]).exits(0);
        assert!(!package.file("run").exists(), "the folder of the run is left");
    }
    package.run(&["apply", "mosaic", "--yes"]).exits(1).says("jobs[project_1]");
    fs::create_dir(package.file("run")).unwrap();
    package.run(&["apply", "mosaic", "--yes"]).exits(0);
    assert_eq!(fs::read_dir(package.file("run")).unwrap().count(), 21);
    assert_eq!(package.read("run/add.done"), "add took 7.25 s, after 6 tasks\n");
}

#[test]
fn large_workflows_are_executed_in_the_order_of_their_edges() {
    let tasks = (0..2_122usize).map(|task| {
        // Some of those before, near and far, none twice.
        let before = [1, 2, 7, 40, 333].iter().filter(|&&back| back <= task && (task / back) % 3 != 1);
        let after: Vec<String> = before.map(|back| format!("task_{}", task - back)).collect();
        json!({ "id": format!("task_{task}"), "after": after, "seconds": task % 60 })
    });
    let package = Package::example("montage");
    let workflow = json!({ "origin": "made for this test", "tasks": tasks.rev().collect::<Vec<_>>() });
    package.write("workflow.json", workflow.to_string());
    assert_eq!(planned(&package, "a large workflow"), 2_122);
    // Each task fails if one it waits for is not done.
    package.run(&["apply", "rehearse", "--yes", "--parallel", "16"]).exits(0).says("2124 done");
}

/// The folder of real inputs, if there is one: the one that is named, or `dags-scientific` in it.
fn corpus() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("ORDAIN_CORPUS").filter(|folder| !folder.is_empty())?);
    let below = folder.join("dags-scientific");
    Some(if below.is_dir() { below } else { folder })
}

#[test]
fn real_workflows_are_executed_in_the_order_of_their_edges() {
    let Some(folder) = corpus() else {
        skipped("ORDAIN_CORPUS is not set; it names a folder of workflows, or one with `dags-scientific`");
        return;
    };
    let listed = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(!files.is_empty(), "no workflows in {}", folder.display());
    let package = Package::example("montage");
    for file in files {
        package.write("workflow.json", fs::read(&file).unwrap());
        let name = file.file_name().unwrap().to_string_lossy();
        let tasks = planned(&package, &name);
        package.run(&["apply", "rehearse", "--yes", "--parallel", "16"]).exits(0);
        println!("{name}: {tasks} tasks, executed");
    }
}
