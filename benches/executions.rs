//! What executing costs beside what is executed, in one run: `cargo bench -p ordain --bench executions`.
//!
//! Steps whose adapter does nothing, each durable before and after; the disk's own limit beside them, and a real
//! `terraform` that does nothing either, where there is one. `-- quick` leaves out the largest sizes; `-- resume` and
//! `-- terraform` are these parts alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ordain_benches::peak_memory_bytes;
use ordain_graph::{
    Adapter as Bound, Contract, DraftNode, DraftPlan, Effect, Environment, NodeKind, OnFailure, PackageRef, PlanGraph,
    Risk, Shape, Transport, Value, Why, finish,
};
use ordain_runtime::{
    Adapter, Adapters, Cancellation, Description, ExecuteOptions, Limits, MemorySecrets, State, StepContext, StepError,
    execute, resume,
};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["child", shape, steps, parallel] => {
            let steps = steps.parse().expect("a number of steps");
            child(*shape == "chain", steps, parallel.parse().expect("a number of threads"));
        }
        ["child", "resume", steps] => child_resume(steps.parse().expect("a number of steps")),
        words => {
            let quick = words.contains(&"quick");
            let alone: Vec<&&str> = words.iter().filter(|word| **word != "quick").collect();
            let wanted = |name: &&str| alone.is_empty() || alone.contains(&name);
            for name in ["steps", "resume", "terraform"].into_iter().filter(wanted) {
                match name {
                    "steps" => steps(quick),
                    "resume" => resumed(quick),
                    _ => terraform(quick),
                }
            }
        }
    }
}

fn steps(quick: bool) {
    let disk = disk();
    println!("disk: {disk:.0} fdatasync a second, each after 256 bytes");
    println!("\nsteps that do nothing       seconds   steps/s   of the disk   peak MiB");
    let sizes: &[usize] = if quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] };
    for (shape, parallel) in [("chain", 1), ("wide", 1), ("wide", 8), ("wide", 64)] {
        for &steps in sizes {
            if shape == "chain" && steps > 10_000 {
                continue;
            }
            let [seconds, peak] = sample(&["child", shape, &steps.to_string(), &parallel.to_string()]);
            let rate = steps as f64 / seconds;
            let peak = peak / f64::from(1 << 20);
            let name = format!("{shape}, {parallel} at a time");
            println!("{name:<18} {steps:>8} {seconds:>9.3} {rate:>9.0} {:>13.2} {peak:>10.0}", rate / disk);
        }
    }
}

fn resumed(quick: bool) {
    let steps = if quick { 10_000 } else { 100_000 };
    let [seconds, _] = sample(&["child", "resume", &steps.to_string()]);
    println!("\nresume of {steps} steps of which one is left: {seconds:.3} s");
}

/// How often a second this disk makes 256 bytes durable.
fn disk() -> f64 {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut file = File::create(folder.path().join("log")).expect("a file can be made");
    let since = Instant::now();
    let mut count = 0;
    while since.elapsed() < Duration::from_secs(1) {
        file.write_all(&[0; 256]).and_then(|()| file.sync_data()).expect("the disk takes it");
        count += 1;
    }
    f64::from(count) / since.elapsed().as_secs_f64()
}

/// The middle of three runs of this program: seconds, and bytes at the peak.
fn sample(arguments: &[&str]) -> [f64; 2] {
    let own = std::env::current_exe().expect("a program knows its path");
    let one = || {
        let output = Command::new(&own).args(arguments).stderr(Stdio::inherit()).output().expect("it can be run");
        assert!(output.status.success(), "{arguments:?}");
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        [numbers[0], numbers[1]]
    };
    let mut samples = [one(), one(), one()];
    samples.sort_by(|a, b| a[0].total_cmp(&b[0]));
    samples[1]
}

/// An adapter that does nothing, and asks the execution to end at one of its calls.
#[derive(Default)]
struct Nothing {
    calls: AtomicUsize,
    last: Option<(usize, Cancellation)>,
}

impl Adapter for Nothing {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["bench.step"]))
    }

    fn apply(&self, _: &StepContext<'_>) -> Result<Json, StepError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some((last, cancel)) = &self.last
            && *last == call
        {
            cancel.cancel();
        }
        Ok(json!({ "done": true }))
    }
}

fn record(fields: &[(&str, Shape)]) -> Shape {
    Shape::Record(Arc::new(fields.iter().map(|(name, shape)| ((*name).into(), shape.clone())).collect()))
}

/// A plan of steps, one after the other or all at once.
fn plan(chain: bool, steps: usize) -> PlanGraph {
    let contract = Arc::new(Contract {
        capability: "bench.step".into(),
        version: "1.0.0".into(),
        input: record(&[("number", Shape::Int)]),
        output: record(&[("done", Shape::Bool)]),
        effect: Effect::Write,
        risk: Risk::Low,
    });
    let node = |at: usize| DraftNode {
        address: format!("step[{at:06}]").into(),
        kind: NodeKind::Step,
        contract: contract.clone(),
        environment: Some("bench.here".into()),
        adapter: Some("bench".into()),
        inputs: Value::record([("number".into(), Value::Int(at as i64))]),
        key: None,
        depends_on: at.checked_sub(1).filter(|_| chain).map(|on| (on as u32, Why::After)).into_iter().collect(),
        stage: None,
        retry: None,
        timeout: None,
        on_failure: None,
        undo: None,
    };
    let bound = Bound {
        version: "1.0.0".into(),
        transport: Transport::Builtin("bench".into()),
        digest: format!("sha256:{}", "0".repeat(64)).into(),
        files: [].into(),
    };
    let draft = DraftPlan {
        plan: "bench.steps".into(),
        package: PackageRef { name: "bench".into(), version: "0.1.0".into() },
        arguments: [].into(),
        environments: [("bench.here".into(), Environment { facts: Value::record([]), groups: [].into() })].into(),
        adapters: [("bench".into(), bound)].into(),
        data: BTreeMap::new(),
        stages: vec![],
        on_failure: OnFailure::Stop,
        nodes: (0..steps).map(node).collect(),
        returns: None,
    };
    finish(draft).expect("it has no cycles").graph
}

/// Where a child executes.
struct Place {
    folder: TempDir,
    secrets: MemorySecrets,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder can be made"), secrets: MemorySecrets::default() }
    }

    fn options(&self, parallel: NonZeroUsize, adapter: Nothing) -> ExecuteOptions<'_> {
        let journal = self.folder.path().join("journal.db");
        let mut options = ExecuteOptions::new(self.folder.path(), journal, &self.secrets);
        options.limits = Limits::of_all(parallel);
        options.adapters = Adapters::empty().with("bench", Arc::new(adapter));
        options
    }
}

fn report(since: Instant) {
    println!("{} {}", since.elapsed().as_secs_f64(), peak_memory_bytes().unwrap_or(0));
}

fn child(chain: bool, steps: usize, parallel: NonZeroUsize) {
    let (place, plan) = (Place::new(), plan(chain, steps));
    let since = Instant::now();
    let ended = execute(&plan, &place.options(parallel, Nothing::default())).expect("it can be executed");
    assert_eq!(ended.state, State::Succeeded);
    report(since);
}

fn child_resume(steps: usize) {
    let (place, plan) = (Place::new(), plan(false, steps));
    let parallel = NonZeroUsize::MIN.saturating_add(63);
    let cancel = Cancellation::new();
    let nothing = Nothing { last: Some((steps - 64, cancel.clone())), ..Nothing::default() };
    let mut options = place.options(parallel, nothing);
    options.cancel = cancel;
    let ended = execute(&plan, &options).expect("it can be executed");
    assert_eq!(ended.state, State::Cancelled);
    let since = Instant::now();
    let resumed = resume(&ended.execution, &place.options(parallel, Nothing::default())).expect("it goes on");
    assert_eq!(resumed.state, State::Succeeded);
    report(since);
}

/// As many steps by a real `terraform`, whose resources do nothing, as here: by the library, whose steps do nothing either, and
/// by the command from its start to its end, whose steps read a file each. Both apply plans that were made before.
fn terraform(quick: bool) {
    let steps = if quick { 50 } else { 1_000 };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let module: String = (0..steps).fold(String::new(), |mut text, at| {
        let _ = writeln!(text, "resource \"terraform_data\" \"r{at}\" {{ input = {at} }}");
        text
    });
    std::fs::write(folder.path().join("main.tf"), module).expect("a file can be written");
    // What somebody has set up for their own use is no part of it.
    let settings = folder.path().join("terraformrc");
    File::create(&settings).expect("a file can be made");
    let run = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("terraform");
        command.current_dir(folder).args(arguments).stdout(Stdio::null());
        command.env("CHECKPOINT_DISABLE", "1").env("TF_CLI_CONFIG_FILE", &settings);
        command.status().is_ok_and(|status| status.success())
    };
    if !run(folder.path(), &["init", "-input=false"]) {
        println!("\nterraform: not on this machine, not compared");
        return;
    }
    assert!(run(folder.path(), &["plan", "-input=false", "-out=plan"]), "terraform can plan");
    let since = Instant::now();
    assert!(run(folder.path(), &["apply", "-input=false", "plan"]), "terraform can apply");
    let theirs = steps as f64 / since.elapsed().as_secs_f64();
    let place = Place::new();
    let plan = plan(false, steps);
    let since = Instant::now();
    let parallel = NonZeroUsize::MIN.saturating_add(9);
    execute(&plan, &place.options(parallel, Nothing::default())).expect("it can be executed");
    let ours = steps as f64 / since.elapsed().as_secs_f64();
    let command = steps as f64 / command(steps).as_secs_f64();
    println!("\n{steps} steps, 10 at a time: terraform {theirs:.0}/s");
    println!("  the interpreter, steps that do nothing   {ours:>8.0}/s, {:.0} times as many", ours / theirs);
    println!("  `ordain apply`, steps that read a file   {command:>8.0}/s, {:.0} times as many", command / theirs);
}

/// How long the command takes to apply the plan file of so many steps.
fn command(steps: usize) -> Duration {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write =
        |path: &str, text: &[u8]| std::fs::write(folder.path().join(path), text).expect("a file can be written");
    write("ordain.toml", b"[package]\nname = \"bench\"\nversion = \"0.1.0\"\n");
    let source = format!(
        "use std.file.{{builtin.file, file}}\n\ntype Place = {{ name: String }}\n\nenvironment here: Place {{\n  \
         name: \"here\"\n  bind file.read to builtin.file\n}}\n\nplan read(env: Place) {{\n  for n in 0..{steps} {{\n    \
         file.read {{ path: \"read/{{n}}\" }}\n  }}\n}}\n"
    );
    write("main.ord", source.as_bytes());
    std::fs::create_dir(folder.path().join("read")).expect("a folder can be made");
    (0..steps).for_each(|at| write(&format!("read/{at}"), b"text"));
    let ordain = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ordain"));
        let ran = command.current_dir(folder.path()).args(arguments).output().expect("the command can be started");
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        ran.stdout
    };
    write("plan.json", &ordain(&["plan", "read", "--arg", "env=here", "--json"]));
    let since = Instant::now();
    ordain(&["apply", "plan.json", "--yes", "--parallel", "10"]);
    since.elapsed()
}
