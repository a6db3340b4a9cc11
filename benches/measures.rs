//! The measures that users feel, in one run: `cargo bench -p ordain --bench measures`.
//!
//! Every figure is taken in a process of its own where memory matters, and printed with its smallest and middle value.
//! `-- quick` leaves out the largest sizes.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ordain_benches::{Random, Shape, generate, peak_memory_bytes, plan_of_steps, write_package};
use ordain_compiler::{
    Content, Kind, PlanInstance, bind_arguments, check_package, file_findings, instantiate, package_items,
};
use ordain_graph::PlanGraph;
use ordain_loader::{DiskTree, Workspace};
use ordain_views::{Terminal, html, markdown, tree};
use salsa::Setter as _;

/// The command itself, built as it is shipped.
const ORDAIN: &str = env!("CARGO_BIN_EXE_ordain");

/// As the command has: deep sources go deep in queries, too.
const STACK_BYTES: usize = 512 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    rayon::ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .build_global()
        .expect("the pool is built once, before anything uses it");
    let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || run(&arguments));
    worker.expect("a thread can be started").join().expect("no measure panics");
}

fn run(arguments: &[String]) {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["child", "check", folder] => child_check(Path::new(folder)),
        ["child", "plan", steps] => child_plan(steps.parse().expect("a number of steps")),
        words => {
            let quick = words.contains(&"quick");
            let folder = tempfile::tempdir().expect("a folder can be made");
            cold_check(folder.path(), quick);
            edits(if quick { Shape::of_lines(100_000) } else { Shape::LARGE });
            plans(quick);
            views(10_000);
            small_package(folder.path());
        }
    }
}

/// What a child process measured of itself.
struct Sample {
    time: Duration,
    peak: u64,
}

/// Runs this program again for one measure and reads what it prints.
fn child(arguments: &[&str]) -> Sample {
    let own = std::env::current_exe().expect("a program knows its path");
    let output = Command::new(own).arg("child").args(arguments).output().expect("the program can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().expect("a number"));
    let mut next = || numbers.next().expect("two numbers");
    Sample { time: Duration::from_micros(next()), peak: next() }
}

fn report(since: Instant) {
    println!("{} {}", since.elapsed().as_micros(), peak_memory_bytes().unwrap_or(0));
}

fn child_check(folder: &Path) {
    let since = Instant::now();
    let workspace = Workspace::load(&DiskTree::new(folder), "", "");
    let findings = check_package(&workspace.db, workspace.root);
    assert!(findings.is_empty(), "the package is sound: {:?}", findings.first());
    report(since);
    // A process that ends does not take its memory apart.
    std::mem::forget(workspace);
}

fn child_plan(steps: usize) {
    let tree = plan_of_steps(steps);
    let since = Instant::now();
    let workspace = Workspace::load(&tree, "", "");
    let graph = graph_of(&workspace);
    assert_eq!(graph.nodes.len(), steps);
    assert!(graph.hash().starts_with("sha256:"));
    report(since);
    std::mem::forget(workspace);
}

/// The graph of a package's one plan.
fn graph_of(workspace: &Workspace) -> Arc<PlanGraph> {
    let db = &workspace.db;
    assert!(check_package(db, workspace.root).is_empty(), "the package is sound");
    let plan = package_items(db, workspace.root).find(|item| item.kind(db) == Kind::Plan).expect("there is a plan");
    let Ok(values) = bind_arguments(db, plan, &[]) else { panic!("the plan has no parameters") };
    instantiate(db, PlanInstance::new(db, plan, values)).graph.clone().expect("the plan has a graph")
}

fn cold_check(folder: &Path, quick: bool) {
    println!("cold check, from disk to findings");
    println!(
        "  {:>9}  {:>6}  {:>10}  {:>10}  {:>12}  {:>14}",
        "lines", "files", "best", "middle", "lines a s", "bytes a line"
    );
    let sizes: &[usize] = if quick { &[10_000, 100_000] } else { &[10_000, 100_000, 1_000_000] };
    for &lines in sizes {
        let shape = Shape::of_lines(lines);
        let package = folder.join(format!("lines-{lines}"));
        write_package(&package, shape).expect("a package can be written");
        let package = package.to_string_lossy().into_owned();
        let samples: Vec<Sample> = (0..5).map(|_| child(&["check", &package])).collect();
        let (best, middle) = times(samples.iter().map(|sample| sample.time).collect());
        let peak = samples.iter().map(|sample| sample.peak).max().unwrap_or(0);
        println!(
            "  {lines:>9}  {:>6}  {:>10}  {:>10}  {:>12.0}  {:>14.0}",
            shape.files,
            shown(best),
            shown(middle),
            lines as f64 / best.as_secs_f64(),
            peak as f64 / lines as f64
        );
    }
}

/// The time from a one-character edit to the new findings of its file.
fn edits(shape: Shape) {
    println!("one-character edit to the findings of its file, in {} lines of {} files", shape.lines, shape.files);
    let mut workspace = Workspace::load(&generate(shape), "", "");
    assert!(check_package(&workspace.db, workspace.root).is_empty(), "the package is sound");
    let files: Vec<_> = workspace.root.files(&workspace.db).values().copied().collect();
    let mut random = Random::new(7);
    println!("  {:<28}  {:>10}  {:>10}  {:>10}", "where", "middle", "99 of 100", "worst");
    for (what, find, replace) in [
        ("in a comment or string", "///", "/// "),
        ("in a number of a body", " = 1", " = 2"),
        ("a syntax error", "{", "{{"),
    ] {
        let mut samples = Vec::new();
        while samples.len() < 300 {
            let file = files[random.below(files.len())];
            let before = file.content(&workspace.db).text().to_owned();
            let places: Vec<usize> = before.match_indices(find).map(|(at, _)| at).collect();
            if places.is_empty() {
                continue;
            }
            let at = places[random.below(places.len())];
            let mut after = before.clone();
            after.replace_range(at..at + find.len(), replace);
            for text in [after, before] {
                let content = Content::Text(text.into());
                let since = Instant::now();
                file.set_content(&mut workspace.db).to(content);
                std::hint::black_box(file_findings(&workspace.db, file));
                samples.push(since.elapsed());
            }
        }
        samples.sort();
        let at = |share: f64| shown(samples[((samples.len() - 1) as f64 * share) as usize]);
        println!("  {what:<28}  {:>10}  {:>10}  {:>10}", at(0.5), at(0.99), at(1.0));
    }
}

fn plans(quick: bool) {
    println!("a plan from its source to its graph and hash");
    println!("  {:>9}  {:>10}  {:>10}  {:>14}", "steps", "best", "middle", "bytes a step");
    let sizes: &[usize] = if quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] };
    for &steps in sizes {
        let samples: Vec<Sample> = (0..5).map(|_| child(&["plan", &steps.to_string()])).collect();
        let (best, middle) = times(samples.iter().map(|sample| sample.time).collect());
        let peak = samples.iter().map(|sample| sample.peak).max().unwrap_or(0);
        println!("  {steps:>9}  {:>10}  {:>10}  {:>14.0}", shown(best), shown(middle), peak as f64 / steps as f64);
    }
}

/// A plan's graph to what people read.
fn views(steps: usize) {
    println!("views of a plan of {steps} steps");
    println!("  {:<10}  {:>10}  {:>10}  {:>12}", "view", "best", "middle", "bytes");
    let workspace = Workspace::load(&plan_of_steps(steps), "", "");
    let graph = graph_of(&workspace);
    type View = (&'static str, fn(&PlanGraph) -> String);
    let views: [View; 3] =
        [("tree", |graph| tree(graph, &Terminal::default())), ("markdown", markdown), ("html", html)];
    for (name, view) in views {
        let mut bytes = 0;
        let samples = (0..5).map(|_| {
            let since = Instant::now();
            bytes = std::hint::black_box(view(&graph)).len();
            since.elapsed()
        });
        let (best, middle) = times(samples.collect());
        println!("  {name:<10}  {:>10}  {:>10}  {:>12}", shown(best), shown(middle), bytes);
    }
}

/// `ordain check` on ten files, as a whole process.
fn small_package(folder: &Path) {
    let package = folder.join("small");
    write_package(&package, Shape { files: 10, lines: 5_000 }).expect("a package can be written");
    let samples: Vec<Duration> = (0..50)
        .map(|_| {
            let since = Instant::now();
            let status = Command::new(ORDAIN).arg("check").arg(&package).status().expect("the command can be run");
            assert!(status.success(), "the package is sound");
            since.elapsed()
        })
        .collect();
    let (best, middle) = times(samples);
    println!("`ordain check` on ten files, the whole process\n  best {}, middle {}", shown(best), shown(middle));
}

/// The smallest and the middle one.
fn times(mut samples: Vec<Duration>) -> (Duration, Duration) {
    samples.sort();
    (samples[0], samples[samples.len() / 2])
}

fn shown(time: Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.2} ms", micros as f64 / 1e3),
        _ => format!("{:.2} s", micros as f64 / 1e6),
    }
}
