//! Policies over large documents beside other tools, in one run: `cargo bench -p ordain --bench policies`.
//!
//! The same rules are run over the same plans of Terraform by `ordain gate` and by `regorus`, which must find the same;
//! what merely parsing the plan with `serde_json` takes is the floor. Every figure is taken in a process of its own, the
//! reading of files included. `-- quick` leaves out the largest sizes, `-- cloud` adds the policies of `std.cloud`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ordain_benches::{RULES, ordain_policies, peak_memory_bytes, rego_policies, terraform_plan};
use ordain_compiler::{GateManner, Kind, check_package, package_items, run_gate_as};
use ordain_graph::Date;
use ordain_loader::{DiskTree, Workspace};

/// As the command has: deep sources go deep in queries, too.
const STACK_BYTES: usize = 512 << 20;

/// One resource in so many is not as it should be.
const UNSOUND: usize = 1_000;

const DAY: Option<Date> = Some(Date { year: 2026, month: 11, day: 20 });

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
        ["child", "gate", folder] => child_gate(Path::new(folder), GateManner::Parts(1 << 20)),
        ["child", "hold", folder] => child_gate(Path::new(folder), GateManner::Whole),
        ["child", "walk", folder] => child_gate(Path::new(folder), GateManner::Walked),
        ["child", "parse", folder] => child_parse(Path::new(folder)),
        ["child", "rego", folder] => child_rego(Path::new(folder)),
        words => {
            let quick = words.contains(&"quick");
            let folder = tempfile::tempdir().expect("a folder can be made");
            documents(folder.path(), if quick { &[1, 10] } else { &[1, 10, 100] });
            growth(folder.path(), quick);
            if words.contains(&"cloud") {
                cloud(folder.path(), if quick { 10 } else { 100 });
            }
        }
    }
}

/// What a child process measured of itself, and what it found.
struct Sample {
    /// From the start to the findings.
    time: Duration,
    /// Of that, deciding: without loading and checking the package and reading the file from the disk.
    decided: Duration,
    peak: u64,
    found: BTreeSet<String>,
}

/// Runs this program again for one measure, `times` times, and keeps the quickest.
fn child(measure: &str, folder: &Path, times: usize) -> Sample {
    let own = std::env::current_exe().expect("a program knows its path");
    let once = || {
        let output = Command::new(&own).args(["child", measure]).arg(folder).output().expect("the program can be run");
        assert!(output.status.success(), "{measure}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines();
        let numbers: Vec<u64> = lines
            .next()
            .map(|line| line.split_whitespace().map(|number| number.parse().expect("a number")).collect())
            .expect("a line of numbers");
        let [time, decided, peak] = numbers[..] else { panic!("three numbers: {numbers:?}") };
        let found = lines.map(str::to_owned).collect();
        Sample { time: Duration::from_micros(time), decided: Duration::from_micros(decided), peak, found }
    };
    (0..times).map(|_| once()).min_by_key(|sample| sample.time).expect("it is run once at least")
}

fn report(since: Instant, decided: Duration, found: impl IntoIterator<Item = String>) {
    let time = since.elapsed();
    println!("{} {} {}", time.as_micros(), decided.as_micros(), peak_memory_bytes().unwrap_or(0));
    found.into_iter().for_each(|line| println!("{line}"));
}

fn child_gate(folder: &Path, manner: GateManner) {
    let since = Instant::now();
    let workspace = Workspace::load(&DiskTree::new(folder), "", "");
    let db = &workspace.db;
    let findings = check_package(db, workspace.root);
    assert!(findings.is_empty(), "the package is sound: {:?}", findings.first());
    let gate = package_items(db, workspace.root).find(|item| item.kind(db) == Kind::Gate).expect("there is a gate");
    let decided = Instant::now();
    let run = run_gate_as(db, gate, None, DAY, manner);
    let decided = decided.elapsed();
    let found = run.findings.iter().map(|finding| finding.diagnostic.message.replacen(": ", " ", 1));
    report(since, decided, found.chain(run.faults.iter().map(|fault| format!("! {}", fault.message))));
    // A process that ends does not take its memory apart.
    std::process::exit(0);
}

fn child_parse(folder: &Path) {
    let since = Instant::now();
    let bytes = std::fs::read(folder.join("plan.json")).expect("there is a plan");
    let parsing = Instant::now();
    let value: serde_json::Value = serde_json::from_slice(&bytes).expect("the plan is JSON");
    report(since, parsing.elapsed(), []);
    std::mem::forget(value);
    std::process::exit(0);
}

fn child_rego(folder: &Path) {
    let since = Instant::now();
    let mut engine = regorus::Engine::new();
    let rules = std::fs::read_to_string(folder.join("rules.rego")).expect("there are rules");
    engine.add_policy("rules.rego".into(), rules).expect("the rules are Rego");
    let plan = std::fs::read_to_string(folder.join("plan.json")).expect("there is a plan");
    let decided = Instant::now();
    engine.set_input_json(&plan).expect("the plan is JSON");
    let found = engine.eval_rule("data.bench.deny".into()).expect("the rules can be decided");
    let decided = decided.elapsed();
    let found: Vec<String> = found.as_set().expect("it is a set").iter().map(text).collect();
    report(since, decided, found);
    std::process::exit(0);
}

fn text(value: &regorus::Value) -> String {
    value.as_string().expect("it is a set of texts").to_string()
}

/// Writes a package with so many policies, and the same rules in Rego.
fn write(folder: &Path, plan: &str, policies: usize) {
    write_gate(folder, "rules.*", "use rules\n");
    std::fs::write(folder.join("rules.ord"), ordain_policies(policies)).expect("it can be written");
    std::fs::write(folder.join("rules.rego"), rego_policies(policies)).expect("it can be written");
    std::fs::write(folder.join("plan.json"), plan).expect("it can be written");
}

fn write_gate(folder: &Path, checks: &str, imports: &str) {
    let source = format!(
        "{imports}use std.terraform.Plan\n\ngate plans {{\n  input plan: Plan = json(\"plan.json\")\n  check [{checks}]\n}}\n"
    );
    std::fs::write(folder.join("main.ord"), source).expect("it can be written");
    let manifest = "[package]\nname = \"bench\"\nversion = \"0.1.0\"\n";
    std::fs::write(folder.join("ordain.toml"), manifest).expect("it can be written");
}

fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}

/// The same rules over plans of several sizes.
fn documents(folder: &Path, sizes: &[usize]) {
    println!("## {RULES} policies over plans of several sizes\n");
    println!(
        "| plan | findings | serde_json, parsing only | Ordain | Ordain / parsing | regorus | regorus / Ordain | peak of serde_json | of Ordain | of regorus | Ordain, held whole | its peak |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for size in sizes {
        write(folder, &terraform_plan(size * 1_000_000, UNSOUND), RULES);
        let times = if *size < 100 { 5 } else { 3 };
        let parse = child("parse", folder, times);
        let gate = child("gate", folder, times);
        let held = child("hold", folder, times);
        let rego = child("rego", folder, 1);
        assert_eq!(gate.found, rego.found, "both find the same");
        assert_eq!(gate.found, held.found, "in parts and as a whole");
        let ratio = |a: &Sample, b: &Sample| a.time.as_secs_f64() / b.time.as_secs_f64();
        println!(
            "| {size} MB | {} | {:.2?} | {:.2?} | {:.2} | {:.2?} | {:.1} | {} MiB | {} MiB | {} MiB | {:.2?} | {} MiB |",
            gate.found.len(),
            parse.time,
            gate.time,
            ratio(&gate, &parse),
            rego.time,
            ratio(&rego, &gate),
            mebibytes(parse.peak),
            mebibytes(gate.peak),
            mebibytes(rego.peak),
            held.time,
            mebibytes(held.peak),
        );
    }
}

/// More and more policies, of which the same few apply.
fn growth(folder: &Path, quick: bool) {
    let (small, large) = (1, if quick { 10 } else { 50 });
    println!("\n## Many policies, of which {RULES} apply\n");
    println!("The last column is what each further megabyte of the plan costs.\n");
    println!(
        "| policies | {small} MB, whole | {small} MB, deciding | {large} MB, whole | {large} MB, deciding | a megabyte |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    let plans = [small, large].map(|size| terraform_plan(size * 1_000_000, UNSOUND));
    for policies in [100, 1_000, 10_000] {
        let [a, b] = [&plans[0], &plans[1]].map(|plan| {
            write(folder, plan, policies);
            child("gate", folder, 3)
        });
        let slope = b.decided.saturating_sub(a.decided) / (large - small) as u32;
        println!(
            "| {policies} | {:.2?} | {:.2?} | {:.2?} | {:.2?} | {slope:.2?} |",
            a.time, a.decided, b.time, b.decided
        );
    }
}

/// The policies of `std.cloud`, by the engine and by the tree walker.
fn cloud(folder: &Path, size: usize) {
    println!("\n## `std.cloud` over a plan of {size} MB\n");
    write(folder, &terraform_plan(size * 1_000_000, UNSOUND), RULES);
    write_gate(folder, "cloud.*", "use std.cloud\n");
    let parse = child("parse", folder, 3);
    let gate = child("gate", folder, 3);
    println!(
        "parsing {:.2?}, gate {:.2?} with {} findings, {} MiB",
        parse.time,
        gate.time,
        gate.found.len(),
        mebibytes(gate.peak)
    );
    write_gate(folder, "cloud.*", "use std.cloud\n");
    std::fs::write(folder.join("plan.json"), terraform_plan(1_000_000, UNSOUND)).expect("it can be written");
    let (gate, walk) = (child("gate", folder, 3), child("walk", folder, 1));
    assert_eq!(gate.found, walk.found, "both ways find the same");
    println!("1 MB: gate {:.2?}, tree walker {:.2?}", gate.time, walk.time);
}
