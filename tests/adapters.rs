//! Adapters that are programs of a package: tested, held to their digests, started, and ended whatever happens.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::ordain::{Run, ordain};
use crate::package::{Package, example};
use crate::skipping::skipped;

/// Whether a program of a version is there; says so loudly where it is not.
fn is_there(program: &str, probe: &[&str]) -> bool {
    let probed = Command::new(program).args(probe).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = probed.is_ok_and(|status| status.success());
    if !there {
        skipped(format_args!("there is no `{program}` here that takes {probe:?}"));
    }
    there
}

fn python() -> bool {
    is_there("python3", &["-c", "import sys; assert sys.version_info >= (3, 9)"])
}

/// One that leaves out types by itself.
fn node() -> bool {
    is_there("node", &["-e", "if (!process.features.typescript) process.exit(1)"])
}

/// The verdicts of the checks that do not pass.
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("{run}"));
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let verdicts = checks.iter().map(|check| (text(&check["check"]), text(&check["verdict"])));
    verdicts.filter(|(_, verdict)| verdict != "passed").collect()
}

/// Those of a note that nothing can be made of: the examples give none for them.
fn expected() -> Vec<(String, String)> {
    vec![("apply".into(), "skipped".into()), ("apply".into(), "skipped".into())]
}

#[test]
fn the_example_in_python_keeps_to_the_protocol() {
    if python() {
        let run = ordain(example("adapters")).run(["adapter", "test", "--json", "python3", "notes.py"]).exits(0);
        assert_eq!(verdicts(&run), expected(), "{run}");
        assert_eq!(run.json()["passed"], true);
        assert!(!example("adapters").join("notes").exists(), "it left notes behind");
    }
}

#[test]
fn the_example_in_typescript_keeps_to_the_protocol() {
    if node() {
        let run = ordain(example("adapters")).run(["adapter", "test", "--json", "node", "notes.ts"]).exits(0);
        assert_eq!(verdicts(&run), expected(), "{run}");
    }
}

#[test]
fn what_is_no_adapter_fails() {
    let package = Package::empty();
    let run = package.run(&["adapter", "test", "--junit", "report.xml", "--patience", "1", "cat"]).exits(1);
    assert!(run.text().contains("✗ initialize: it chooses version 1 of the protocol\n    it sent a request"), "{run}");
    assert!(run.text().ends_with("the adapter fails in 1 check: 0 passed, 1 failed, 0 skipped\n"), "{run}");
    let report = package.read("report.xml");
    assert!(report.contains("tests=\"1\"") && report.contains("failures=\"1\""), "{report}");
    let run = package.run(&["adapter", "test", "sh", "-c", "echo no good >&2; exit 3"]).exits(1);
    assert!(run.text().contains("exit status: 3\n    no good"), "{run}");
    let run = package.run(&["adapter", "test", "--json", "./nothing-there"]).exits(1);
    assert!(run.text().contains("could not be started"), "{run}");
    let run = package.run(&["adapter", "test", "--patience", "1", "http://127.0.0.1:1/"]).exits(1);
    assert!(run.text().contains("http://127.0.0.1:1/"), "{run}");
    package.run(&["adapter", "test"]).exits(2);
    package.run(&["adapter", "test", "--in", "nowhere", "cat"]).exits(2).says("nowhere");
}

#[test]
fn an_adapter_runs_in_the_folder_that_is_given() {
    if python() {
        let package = Package::example("adapters");
        let arguments = ["adapter", "test", "--json", "--in", ".", "python3", "notes.py", "made"];
        assert_eq!(verdicts(&package.run(&arguments).exits(0)), expected());
        // The example is undone, and the folder that it needed stays.
        assert_eq!(std::fs::read_dir(package.file("made")).unwrap().count(), 0);
    }
}

fn apply(package: &Package, arguments: &[&str]) -> Run {
    package.run(&[&["apply", "write", "--yes"], arguments].concat())
}

#[test]
fn steps_are_done_and_undone_by_programs_of_the_package() {
    for (environment, there) in [("env=python", python()), ("env=node", node())] {
        if there {
            let package = Package::example("adapters");
            apply(&package, &["-a", environment]).exits(0);
            assert_eq!(package.read("notes/second.txt"), "notes/first.txt is there");
            package.remove("notes/second.txt");
            let run = apply(&package, &["-a", environment, "-a", "time=1m"]).exits(1);
            // By itself, or told so: whichever is the first to look at the clock.
            assert!(run.stderr.contains("timeout: given up because"), "{run}");
            assert_eq!(std::fs::read_dir(package.file("notes")).unwrap().count(), 0, "{run}");
        }
    }
}

#[test]
fn a_plan_knows_the_programs_it_was_made_with() {
    let package = Package::example("adapters");
    let plan = || package.run(&["plan", "write", "-a", "env=python", "--json"]).exits(0);
    package.write("plan.json", plan().stdout);
    let first: Json = serde_json::from_str(&package.read("plan.json")).unwrap();
    let adapter = &first["adapters"]["notes.main.by_python"];
    assert_eq!(adapter["files"].as_object().unwrap().keys().collect::<Vec<_>>(), ["notes.py"]);
    package.write("notes.py", format!("{}# changed\n", package.read("notes.py")));
    let second = plan().json();
    assert_ne!(second["adapters"]["notes.main.by_python"]["digest"], adapter["digest"]);
    assert_ne!(second["nodes"][0]["id"], first["nodes"][0]["id"]);
    let refused = package.run(&["apply", "plan.json", "--yes"]).exits(2);
    refused.says("`notes.py` of the adapter `notes.main.by_python` is not as it was when the plan was made");
    assert!(!package.file(".ordain").exists(), "something was begun");
}

#[test]
fn programs_of_a_dependency_are_found_in_it() {
    if !python() {
        return;
    }
    let package = Package::empty();
    for file in ["ordain.toml", "main.ord", "notes.py", "notes.ts"] {
        package.write(&format!("shared/{file}"), std::fs::read(example("adapters").join(file)).unwrap());
    }
    let manifest =
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\nshared = { path = \"../shared\" }\n";
    package.write("app/ordain.toml", manifest);
    package.write(
        "app/main.ord",
        "use shared.main.{by_python, note}\n\ntype Target = { who: String }\n\n\
         environment here: Target {\n  who: \"me\"\n  bind note.write to by_python\n  bind note.remove to by_python\n}\n\n\
         plan tell(env: Target) {\n  note.write { name: \"told\", text: env.who }\n}\n",
    );
    let app = package.file("app");
    ordain(&app).run(["apply", "tell", "-a", "env=here", "--yes"]).exits(0);
    // It is the package of the plan that notes are written in.
    assert_eq!(package.read("app/notes/told.txt"), "me");
    package.write("plan.json", ordain(&app).run(["plan", "tell", "-a", "env=here", "--json"]).exits(0).stdout);
    ordain(&app).run(["apply", "../plan.json", "--yes"]).exits(0);
    package.write("shared/notes.py", "changed");
    ordain(&app).run(["apply", "../plan.json", "--yes"]).exits(2).says("is not as it was when the plan was made");
}

fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// Looks for something again and again, for as long as a busy machine may take.
#[track_caller]
fn await_that(what: &str, is: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < patience, "{what} did not come to be");
        std::thread::yield_now();
    }
}

/// An adapter that waits for ever in its first call, and does not mind that nobody listens any more.
#[test]
fn an_adapter_that_a_killed_interpreter_left_ends_before_another_takes_its_place() {
    if !python() {
        return;
    }
    let package = Package::example("adapters");
    let stubborn = package
        .read("notes.py")
        .replace(
            "def wait(call, inputs):\n",
            "def wait(call, inputs):\n    import os\n    if not Path('pid').exists():\n        Path('pid.new').write_text(str(os.getpid()))\n        os.rename('pid.new', 'pid')\n        threading.Event().wait()\n",
        )
        + "    threading.Event().wait()\n";
    package.write("notes.py", stubborn);
    package.write("main.ord", package.read("main.ord").replace("timeout 1s", "timeout 5m"));
    let mut first = package.ordain().spawned(["apply", "write", "--yes", "-a", "env=python"]);
    await_that("the adapter", || package.file("pid").exists());
    first.kill().unwrap();
    first.wait().unwrap();
    let left = package.read("pid");
    assert!(is_running(&left));
    package.run(&["resume"]).exits(0);
    assert!(!is_running(&left), "{left} runs still");
    assert_eq!(package.read("notes/second.txt"), "notes/first.txt is there");
}
