//! The example `terraform`, applied with the real program, and what is refused. Where there is no Terraform, the tests say
//! so and prove nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

use crate::ordain::{Run, shell};
use crate::package::{Package, Pipes};
use crate::skipping::skipped;

/// What nobody may read but Terraform.
const KEY: &str = "open-sesame-4711";

/// Whether there is a Terraform; says loudly where there is none.
fn installed() -> bool {
    let found = Command::new("terraform").arg("version").output().is_ok_and(|output| output.status.success());
    if !found {
        skipped("`terraform` is not installed here, so this test proves nothing");
    }
    found
}

/// The example, with the secret that it takes.
struct Network(Package);

impl Network {
    fn new() -> Self {
        Self(Package::example("terraform"))
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.0.ordain().env("ORDAIN_SECRET_NETWORK_PEER_KEY", KEY).run(arguments).keeps_quiet_about(KEY)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        edit(&self.0, file, from, to);
    }

    /// The zones that the state has a subnet in; `None` where there is no state.
    fn zones(&self) -> Option<Vec<String>> {
        let state: Json = serde_json::from_str(&fs::read_to_string(self.0.file("run/network.tfstate")).ok()?).unwrap();
        let subnets = state["resources"].as_array().unwrap().iter().filter(|resource| resource["name"] == "subnet");
        let zones = subnets.flat_map(|subnet| subnet["instances"].as_array().unwrap());
        Some(zones.map(|zone| zone["index_key"].as_str().unwrap().to_owned()).collect())
    }

    /// Takes the second zone out of the state, as if somebody had deleted it.
    fn lose_a_zone(&self) {
        let mut state: Json = serde_json::from_str(&self.0.read("run/network.tfstate")).unwrap();
        let resources = state["resources"].as_array_mut().unwrap();
        let subnet = resources.iter_mut().find(|resource| resource["name"] == "subnet").unwrap();
        subnet["instances"].as_array_mut().unwrap().truncate(1);
        state["serial"] = (state["serial"].as_u64().unwrap() + 1).into();
        self.0.write("run/network.tfstate", state.to_string());
    }

    fn first_execution(&self) -> String {
        let listed = self.run(&["executions", "--json"]).json();
        listed["executions"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned()
    }
}

fn edit(package: &Package, file: &str, from: &str, to: &str) {
    let text = package.read(file);
    assert!(text.contains(from), "{file} has no `{from}`");
    package.write(file, text.replacen(from, to, 1));
}

/// The files below a folder that hold a text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else if entry.file_type().unwrap().is_file() {
                let bytes = fs::read(entry.path()).unwrap();
                if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                    found.push(entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned());
                }
            }
        }
    }
    found.sort();
    found
}

/// What is left below a folder.
fn left(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default()
}

#[test]
fn the_example_is_clean() {
    let package = Package::example("terraform");
    package.run(&["check", "--deny-warnings"]).exits(0);
    package.run(&["fmt", "--check"]).exits(0);
    package.run(&["test"]).exits(0);
    // What depends on what Terraform will say is decided when it has said it.
    let plan = package.run(&["plan", "deploy", "--json"]).exits(0).json();
    let pending = plan["verdicts"].as_array().unwrap().iter().map(|verdict| verdict["code"].as_str().unwrap());
    assert_eq!(pending.collect::<Vec<_>>(), ["NET-001", "NET-002", "NET-003"]);
}

#[test]
fn a_network_is_planned_judged_applied_and_destroyed() {
    if !installed() {
        return;
    }
    let network = Network::new();
    let run = network.run(&["apply", "deploy", "--yes"]).exits(0);
    assert!(run.text().contains(r#"peer_key: "(sensitive)", zones: ["eu-west-1a", "eu-west-1b"]"#), "{run}");
    assert_eq!(network.zones().unwrap(), ["eu-west-1a", "eu-west-1b"]);
    // Terraform itself keeps it in its state, which only its owner can read; nothing else holds it.
    assert_eq!(files_with(network.0.path(), KEY), ["run/network.tfstate"]);
    for file in ["run/network.tfstate", "run/network.tfplan"] {
        assert_eq!(fs::metadata(network.0.file(file)).unwrap().permissions().mode() & 0o077, 0, "{file}");
    }
    // The document is one that policies over plans can judge, before or after.
    network.0.write(
        "gate.ord",
        "use std.terraform.{Plan}\n\ngate cloud {\n  input planned: Plan = json(\"run/network.json\")\n  check [rules.private_ranges, std.cloud.*]\n}\n",
    );
    network.run(&["gate", "cloud"]).exits(0);
    fs::remove_file(network.0.file("gate.ord")).unwrap();
    network.run(&["drift", "deploy", "--strict"]).exits(0);
    // Once more: nothing is left to do, and nothing is done.
    let state = network.0.read("run/network.tfstate");
    network.run(&["apply", "deploy", "--yes"]).exits(0);
    assert_eq!(network.0.read("run/network.tfstate"), state);
    network.run(&["apply", "teardown", "--yes"]).exits(0);
    assert_eq!(network.zones(), None);
    network.run(&["apply", "teardown", "--yes"]).exits(0);
    network.run(&["replay", &network.first_execution()]).exits(0);
}

#[test]
fn what_a_policy_denies_is_not_applied() {
    if !installed() {
        return;
    }
    let network = Network::new();
    network.run(&["apply", "deploy", "--yes"]).exits(0);
    let state = network.0.read("run/network.tfstate");
    network.edit("rules.ord", ", \"eu-west-1b\": \"10.0.16.0/20\"", "");
    let run = network.run(&["apply", "deploy", "--yes"]).exits(1);
    let run =
        run.says("policy_denied: NET-001 denies it").says(r#"would delete ["terraform_data.subnet[\"eu-west-1b\"]"]"#);
    assert!(!run.stderr.contains("✓ applied"), "{run}");
    assert_eq!(network.0.read("run/network.tfstate"), state);
    // The plan is thrown away with the rest.
    assert!(!network.0.file("run/network.tfplan").exists() && !network.0.file("run/network.json").exists());
    // Where the policy is not in the way, the step itself still wants to be told.
    network.edit("rules.ord", "step.input.deletions != true", "step.input.deletions == none");
    network.run(&["apply", "deploy", "--yes"]).exits(1).says("adapter_refused").says("`deletions` is not set");
    assert_eq!(network.0.read("run/network.tfstate"), state);
    network.run(&["apply", "deploy", "--yes", "-a", "deletions=true"]).exits(0);
    assert_eq!(network.zones().unwrap(), ["eu-west-1a"]);
}

#[test]
fn drift_is_told_repaired_and_undone() {
    if !installed() {
        return;
    }
    let network = Network::new();
    network.run(&["apply", "deploy", "--yes"]).exits(0);
    network.lose_a_zone();
    let text = network.run(&["drift", "deploy", "--strict"]).exits(1).text();
    for part in ["mismatched  applied", "outputs.remaining", r#"create terraform_data.subnet[\"eu-west-1b\"]"#] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    // The repair goes through a new plan, and through the policies again.
    network.run(&["plan", "deploy", "--refresh", "--json", "-o", "part.json"]).exits(0);
    let part: Json = serde_json::from_str(&network.0.read("part.json")).unwrap();
    let steps = part["nodes"].as_array().unwrap().iter().map(|node| node["address"].as_str().unwrap());
    assert_eq!(steps.collect::<Vec<_>>(), ["planned", "applied", "complete"]);
    network.run(&["apply", "part.json", "--yes"]).exits(0);
    assert_eq!(network.zones().unwrap(), ["eu-west-1a", "eu-west-1b"]);
    network.run(&["drift", "deploy", "--strict"]).exits(0);
    // The repair made one subnet: undoing it takes that one back, and what hangs on it is in the way.
    let listed = network.run(&["executions", "--json"]).json();
    let repair = listed["executions"][0]["id"].as_str().unwrap();
    network.run(&["undo", repair, "--yes"]).exits(1).says("terraform_data.peering");
    assert_eq!(network.zones().unwrap(), ["eu-west-1a", "eu-west-1b"]);
    network.run(&["undo", &network.first_execution(), "--yes"]).exits(0);
    assert_eq!(network.zones(), None);
    assert_eq!(left(&network.0.file("run")), Vec::<String>::new());
}

#[test]
fn a_failed_gate_takes_back_what_terraform_made() {
    if !installed() {
        return;
    }
    let network = Network::new();
    network.edit("main.ord", "len(keys(env.zones)) + 1", "len(keys(env.zones)) + 7");
    network.run(&["apply", "deploy", "--yes"]).exits(1).says("gate_failed");
    assert_eq!(left(&network.0.file("run")), Vec::<String>::new());
}

/// The page of the example shows what happens.
#[test]
fn the_example_does_what_its_page_shows() {
    if !installed() {
        return;
    }
    let network = Network::new();
    let page = network.0.read("README.md");
    let mut shown = page.lines().skip_while(|line| !line.starts_with("$ ")).peekable();
    let mut commands = 0;
    while let Some(line) = shown.next() {
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let run = shell(network.0.path(), command).env("ORDAIN_SECRET_NETWORK_PEER_KEY", KEY).run([""; 0]).exits(0);
        commands += 1;
        let said = format!("{}{}", run.text(), run.stderr);
        while let Some(line) = shown.next_if(|line| !line.starts_with("$ ") && *line != "```") {
            // How long it takes is another matter each time.
            let expected = line.split("  ").next().unwrap();
            let expected = expected.split_once(" in ").map_or(expected, |(before, _)| before);
            assert!(said.contains(expected), "no `{expected}` in {run}");
        }
    }
    assert_eq!(commands, 9, "the page has lost its commands");
    assert_eq!(network.zones(), None);
}

/// A module of one resource, and a plan with a step between planning and applying.
const BETWEEN: &str = r#"
use std.command.{builtin.command, command}
use std.terraform.{Changes, Root, builtin.terraform, terraform}

type Place = { root: Root }

environment here: Place {
  root: { directory: "module" }
  bind command.run to builtin.command
  bind terraform.plan to builtin.terraform
  bind terraform.discard to builtin.terraform
  bind terraform.apply to builtin.terraform
  bind terraform.destroy to builtin.terraform
}

plan deploy(between: String = "true", lie: Bool = false, env: Place = here) {
  let root = env.root
  let state = "run/state"
  let planned = terraform.plan { root, state, out: "run/plan" }
  let done = command.run { argv: ["sh", "-c", between] } after planned
  let none_at_all: List<String> = []
  let nothing: Changes = {
    created: none_at_all,
    updated: none_at_all,
    replaced: none_at_all,
    deleted: none_at_all,
    forgotten: none_at_all,
    imported: none_at_all,
    others: none_at_all,
    outputs: none_at_all,
    types: none_at_all,
  }
  terraform.apply {
    root,
    state,
    path: planned.path,
    digest: planned.digest,
    changes: if lie { nothing } else { planned.changes },
  } after done
}
"#;

fn between(module: &str) -> Package {
    let package = Package::of(BETWEEN);
    package.write("module/main.tf", module);
    package
}

const ONE: &str = "resource \"terraform_data\" \"one\" {\n  input = 1\n}\n";

#[test]
fn only_the_plan_that_was_decided_upon_is_applied() {
    if !installed() {
        return;
    }
    let package = between(ONE);
    let apply = |arguments: &[&str]| package.run(&[&["apply", "deploy", "--yes"], arguments].concat());
    apply(&["-a", "between=echo x >> run/plan"]).exits(1).says("adapter_refused").says("its digest is another");
    apply(&["-a", "between=rm run/plan"]).exits(1).says("file_failed");
    apply(&["-a", "between=ln -sf /etc/hostname run/plan"]).exits(1);
    package.remove("run/plan");
    apply(&["-a", "lie=true"]).exits(1).says("adapter_refused").says("is not what `changes` says");
    assert!(!package.file("run/state").exists());
    apply(&[]).exits(0);
    // Somebody else changed the state since the plan was made.
    let stale = r#"between=sed -i 's/"serial": *[0-9]*/"serial": 77/' run/state"#;
    package.write("module/main.tf", ONE.replace('1', "2"));
    apply(&["-a", stale]).exits(1).says("adapter_refused").says("the plan is out of date");
    apply(&[]).exits(0);
    package.write("run/state", "no state at all");
    apply(&[]).exits(1).says("terraform plan");
    assert_eq!(package.read("run/state"), "no state at all");
}

#[test]
fn what_a_failed_apply_has_made_is_told_and_kept() {
    if !installed() {
        return;
    }
    let broken = "resource \"terraform_data\" \"two\" {\n  depends_on = [terraform_data.one]\n  \
                  provisioner \"local-exec\" {\n    command = \"exit 3\"\n  }\n}\n";
    let package = between(&format!("{ONE}{broken}"));
    let run = package.run(&["apply", "deploy", "--yes"]).exits(1).says("`terraform apply` failed");
    run.says("what was made before that stands in `run/state`");
    let state: Json = serde_json::from_str(&package.read("run/state")).unwrap();
    assert_eq!(state["resources"][0]["name"], "one");
    // The one that is broken would be replaced, which nobody has allowed.
    package.run(&["apply", "deploy", "--yes"]).exits(1).says("`deletions` is not set");
    package.write("module/main.tf", ONE);
    package.run(&["apply", "deploy", "--yes"]).exits(1).says("`deletions` is not set");
    edit(&package, "main.ord", "digest: planned.digest,", "digest: planned.digest,\n    deletions: true,");
    package.run(&["apply", "deploy", "--yes"]).exits(0);
}

#[test]
fn terraform_comes_to_its_end_when_the_interpreter_is_killed() {
    if !installed() {
        return;
    }
    // It says that it has begun, waits until it may go on, and counts.
    let package = between(
        "resource \"terraform_data\" \"one\" {\n  provisioner \"local-exec\" {\n    \
         command = \"echo begun > ../begun; cat ../go > /dev/null; echo once >> ../count\"\n  }\n}\n",
    );
    let pipes = Pipes::of(&package);
    let mut child = package.ordain().spawned(["apply", "deploy", "--yes"]);
    pipes.wait();
    child.kill().unwrap();
    child.wait().unwrap();
    std::thread::scope(|scope| {
        let resumed = scope.spawn(|| package.run(&["resume"]));
        // Once it is at work, it gets some time to do what it should not.
        let mut looks = 0;
        while looks < 20 {
            let listed = package.run(&["executions", "--json"]).json();
            looks += if listed["executions"][0]["state"] == "running" || resumed.is_finished() { 1 } else { 0 };
        }
        pipes.release();
        resumed.join().unwrap().exits(0);
    });
    assert_eq!(package.read("count"), "once\n");
    let state: Json = serde_json::from_str(&package.read("run/state")).unwrap();
    assert_eq!(state["resources"][0]["name"], "one");
    package.run(&["drift", "--strict"]);
    assert_eq!(package.read("count"), "once\n");
}

/// Wherever it is killed, what goes on comes to the same end.
#[test]
fn killed_again_and_again_it_comes_to_its_end() {
    if !installed() {
        return;
    }
    let network = Network::new();
    let mut arguments = vec!["apply", "deploy", "--yes"];
    let mut kills = 0;
    for moment in [100, 350, 200, 500, 250, 450, 300, 600, 700, 150] {
        let command = network.0.ordain().env("ORDAIN_SECRET_NETWORK_PEER_KEY", KEY);
        match command.killed_after(Duration::from_millis(moment), &arguments) {
            Some(_) => break,
            None => kills += 1,
        }
        let listed = network.run(&["executions", "--json"]);
        if listed.code == Some(0) && listed.json()["executions"][0]["state"] == "interrupted" {
            arguments = vec!["resume"];
        }
    }
    assert!(kills > 0, "it was done before it could be killed");
    let listed = network.run(&["executions", "--json"]).exits(0).json();
    if listed["executions"][0]["state"] == "interrupted" {
        network.run(&["resume"]).exits(0);
    }
    let listed = network.run(&["executions", "--json"]).exits(0).json();
    assert_eq!(listed["executions"][0]["state"], "succeeded", "after {kills} kills: {listed}");
    assert_eq!(network.zones().unwrap(), ["eu-west-1a", "eu-west-1b"]);
    network.run(&["drift", "deploy", "--strict"]).exits(0);
}

#[test]
fn modules_stay_in_the_workspace() {
    if !installed() {
        return;
    }
    let outside = tempfile::TempDir::new().unwrap();
    fs::write(outside.path().join("main.tf"), ONE).unwrap();
    let there = outside.path().to_str().unwrap();

    let package = between(ONE);
    edit(&package, "main.ord", "directory: \"module\"", &format!("directory: \"{there}\""));
    package.run(&["apply", "--yes"]).exits(1).says("path_refused");

    let package = between(ONE);
    fs::remove_dir_all(package.file("module")).unwrap();
    symlink(there, package.file("module")).unwrap();
    package.run(&["apply", "--yes"]).exits(1).says("path_refused");

    let package = between(ONE);
    package.remove("module/main.tf");
    symlink(outside.path().join("main.tf"), package.file("module/main.tf")).unwrap();
    package.run(&["apply", "--yes"]).exits(1).says("path_refused").says("leads out of the workspace");

    let package = between(&format!("module \"other\" {{\n  source = \"{there}\"\n}}\n"));
    package.run(&["apply", "--yes"]).exits(1).says("path_refused").says("leads out of the workspace");
    assert!(!package.file("run/state").exists());

    let package = between(ONE);
    edit(&package, "main.ord", "\"run/state\"", "\"../state\"");
    package.run(&["apply", "--yes"]).exits(1).says("path_refused");

    let package = between("terraform {\n  backend \"http\" {\n    address = \"http://127.0.0.1:1/\"\n  }\n}\n");
    package.run(&["apply", "--yes"]).exits(1).says("command_failed").says("ackend");

    let package = between(ONE);
    edit(&package, "main.ord", "\"module\"", "\"module\", environment: { \"TF_CLI_ARGS\": \"-destroy\" }");
    package.run(&["apply", "--yes"]).exits(1).says("input_mismatch").says("`TF_CLI_ARGS` cannot be set");
}

/// A program that takes the place of Terraform.
fn impostor(script: &str) -> Run {
    let package = between(ONE);
    package.write("bin/terraform", format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(package.file("bin/terraform"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", package.file("bin").display());
    let run = package.ordain().env("PATH", &path).run(["apply", "--yes"]).exits(1);
    assert!(!package.file("run/state").exists());
    run
}

#[test]
fn whatever_stands_in_for_terraform_is_an_error_at_worst() {
    let package = between(ONE);
    let run = package.ordain().env("PATH", "/nowhere").run(["apply", "--yes"]).exits(1);
    run.says("command_not_started").says("there is no `terraform` in `PATH` on this machine");
    impostor("kill -SEGV $$").says("command_failed").says("was ended by signal 11");
    impostor(r"printf 'b\377d' >&2; exit 3").says("`terraform init` ended with status 3: b\u{fffd}d");
    impostor("yes | head -c 60000000").says("printed more than 16777216 bytes");
    let plan = |show: &str| {
        format!(
            "case $1 in plan) for a; do case $a in -out=*) : > \"${{a#-out=}}\";; esac; done; exit 2;; show) {show};; esac"
        )
    };
    impostor(&plan("echo nonsense")).says("printed no JSON");
    impostor(&plan(r"printf '\377'")).says("printed no JSON");
    impostor("test $1 = plan && exit 2; exit 0").says("file_failed");
    impostor(r#"test $1 = plan && echo '{"diagnostic":{"severity":"error","summary":"Oh","detail":"no"}}' && exit 1; exit 0"#)
        .says("`terraform plan` failed: Oh: no");
}
