//! What is ready for continuous integration: its files are read, and the scripts in them are run as the services do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::gates::{RULES, plan};
use crate::ordain::{Run, ordain, shell};
use crate::package::Package;
use crate::skipping::skipped;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A YAML file of the repository.
fn yaml(path: &str) -> Json {
    let run = ordain(top()).run(["eval", "--json", "--input", path, "--input-format", "yaml", "input"]).exits(0);
    run.json()["value"].clone()
}

/// A repository with two branches, and a clone of one commit as a job has it.
struct Job {
    origin: Package,
    runner: TempDir,
}

impl Job {
    /// Nothing where there is no git.
    fn new() -> Option<Self> {
        let origin = Package::of(RULES);
        origin.write("infra/main.tf", "resource \"aws_s3_bucket\" \"files\" {}\n");
        origin.write("infra/plan.json", plan(&[("aws_s3_bucket.files", "create", "private")]));
        if !origin.git(&["init", "-q"]) {
            skipped("there is no git here");
            return None;
        }
        origin.commit();
        origin.git(&["switch", "-q", "-c", "public-files"]);
        let job = Self { origin, runner: TempDir::new().unwrap() };
        job.change("public-read");
        let url = format!("file://{}", job.origin.path().display());
        let clone = job.clone_path();
        job.origin.git(&["clone", "-q", "--depth", "1", "--branch", "public-files", &url, clone.to_str().unwrap()]);
        Some(job)
    }

    fn clone_path(&self) -> PathBuf {
        self.runner.path().join("work")
    }

    /// Commits a plan with that access to the branch.
    fn change(&self, acl: &str) {
        self.origin.write("infra/plan.json", plan(&[("aws_s3_bucket.files", "update", acl)]));
        self.origin.commit();
    }

    /// Takes over what was committed.
    fn pull(&self) {
        shell(self.clone_path(), "git pull -q").run([""; 0]).exits(0);
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.runner.path().join(name)).unwrap_or_default()
    }

    /// Runs a script as a step of a GitHub job does: with its variables, and files for what it says.
    fn step(&self, script: &str, variables: &BTreeMap<String, String>) -> Run {
        std::fs::write(self.runner.path().join("step.sh"), script).unwrap();
        for file in ["summary", "output", "path"] {
            std::fs::write(self.runner.path().join(file), "").unwrap();
        }
        let file = |name: &str| self.runner.path().join(name).to_string_lossy().into_owned();
        let line = format!("bash --noprofile --norc -eo pipefail '{}'", file("step.sh"));
        let mut command = shell(self.clone_path(), &line)
            .env("GITHUB_STEP_SUMMARY", &file("summary"))
            .env("GITHUB_OUTPUT", &file("output"))
            .env("GITHUB_PATH", &file("path"))
            .env("RUNNER_TEMP", &file(""));
        for (name, value) in variables {
            command = command.env(name, value);
        }
        command.run([""; 0])
    }
}

/// The steps of the action that are scripts, by name, with their variables filled in.
fn steps(inputs: &[(&str, &str)], event: &[(&str, &str)]) -> BTreeMap<String, (String, BTreeMap<String, String>)> {
    let action = yaml("action.yml");
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert!(input["description"].as_str().is_some_and(|said| said.len() > 10), "{name} is not described");
        known.insert(format!("inputs.{name}"), input["default"].as_str().expect("a default is a text").to_owned());
    }
    for (name, value) in inputs {
        let slot = known.get_mut(&format!("inputs.{name}")).unwrap_or_else(|| panic!("there is no input {name}"));
        *slot = (*value).to_owned();
    }
    known.insert("github.action_path".into(), top().to_string_lossy().into_owned());
    known.insert("github.event.before".into(), String::new());
    known.extend(event.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut found = BTreeMap::new();
    for step in action["runs"]["steps"].as_array().unwrap() {
        let name = step["name"].as_str().unwrap().to_owned();
        let Some(script) = step["run"].as_str() else {
            assert!(step["uses"].as_str().is_some_and(|uses| uses.contains('@')), "{name} does nothing");
            continue;
        };
        // What people write is never a part of a script: it could be one itself.
        assert!(!script.contains("${{"), "{name} puts an expression into a script");
        assert_eq!(step["shell"], "bash", "{name}");
        let variables = step["env"].as_object().into_iter().flatten().map(|(name, value)| {
            let expression = value.as_str().unwrap();
            let inner = expression.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}"));
            let inner = inner.unwrap_or_else(|| panic!("{expression} is no expression"));
            (name.clone(), known.get(inner).unwrap_or_else(|| panic!("what is {inner}?")).clone())
        });
        found.insert(name, (script.to_owned(), variables.collect()));
    }
    found
}

const GATES: &str = "Run the gates";

#[test]
fn the_action_blocks_a_pull_request_until_it_is_mended() {
    let Some(job) = Job::new() else { return };
    let run = |name: &str, inputs: &[(&str, &str)], event: &[(&str, &str)]| {
        let (script, mut variables) = steps(inputs, event).remove(name).unwrap();
        variables.insert("GITHUB_BASE_REF".into(), "main".into());
        job.step(&script, &variables)
    };
    run("Look for ordain", &[], &[]).exits(0);
    assert_eq!(job.read("output"), "found=true\n");
    run("Check the sources", &[], &[]).exits(0);
    run("Run the tests", &[], &[]).exits(0);

    let run_gates = |inputs: &[(&str, &str)]| run(GATES, inputs, &[]);
    let failed = run_gates(&[("upload-sarif", "true"), ("junit", "../junit.xml")]).exits(1);
    for said in [
        "::error file=infra/plan.json,line=3,",
        "CLD-014: bucket aws_s3_bucket.files would be public",
        "failed  cloud_plan: 3 policies, 1 error, 1 warning",
        "skipped docs: no file that matches **/*.md has changed since origin/main",
    ] {
        assert!(failed.text().contains(said), "no `{said}` in\n{failed}");
    }
    let summary = job.read("summary");
    assert!(summary.contains("**failed**") && summary.contains("**skipped**"), "{summary}");
    let output = job.read("output");
    assert!(output.contains("result=failed") && output.contains("ordain.sarif"), "{output}");
    let sarif: Json = serde_json::from_str(&job.read("ordain.sarif")).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "infra/plan.json");
    assert!(job.read("junit.xml").contains("<skipped"));

    // Named gates, a severity, and a base of one's own.
    run_gates(&[("gates", "docs")]).exits(0);
    run_gates(&[("gates", "docs cloud_plan")]).exits(1);
    run_gates(&[("severity", "critical")]).exits(1);
    let all = run_gates(&[("base", "none")]).exits(1);
    assert!(!all.text().contains("skipped"), "{all}");
    run_gates(&[("base", "nowhere")]).exits(2);
    // Nothing that somebody writes is run.
    let odd = run_gates(&[("gates", "$(touch made); `touch made`")]).exits(2);
    assert!(!job.clone_path().join("made").exists(), "{odd}");

    job.change("private");
    job.pull();
    let passed = run_gates(&[]).exits(0);
    assert!(passed.text().contains("passed  cloud_plan"), "{passed}");
    assert!(job.read("output").contains("result=passed"));
}

#[test]
fn the_action_compares_a_push_with_the_commit_before() {
    let Some(job) = Job::new() else { return };
    shell(job.clone_path(), "git fetch -q --unshallow origin").run([""; 0]).exits(0);
    let before = shell(job.clone_path(), "git rev-parse HEAD^").run([""; 0]).exits(0).text();
    let (script, variables) = steps(&[], &[("github.event.before", before.trim())]).remove(GATES).unwrap();
    let run = job.step(&script, &variables).exits(1);
    assert!(run.text().contains("has changed since"), "{run}");
    // A new branch has none before it.
    let (script, variables) = steps(&[], &[("github.event.before", &"0".repeat(40))]).remove(GATES).unwrap();
    let run = job.step(&script, &variables).exits(1);
    assert!(!run.text().contains("has changed since"), "{run}");
}

#[test]
fn the_gitlab_template_runs_the_gates() {
    let Some(job) = Job::new() else { return };
    let template = yaml("integrations/gitlab/ordain.gitlab-ci.yml");
    let mut variables: BTreeMap<String, String> = template["variables"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let script = |job: &str, part: &str| -> String {
        let lines = template[job][part].as_array().unwrap_or_else(|| panic!("{job} has no {part}"));
        lines.iter().map(|line| format!("{}\n", line.as_str().unwrap())).collect()
    };
    shell(job.clone_path(), "git fetch -q --unshallow origin").run([""; 0]).exits(0);
    let base = shell(job.clone_path(), "git rev-parse HEAD^").run([""; 0]).exits(0).text();
    variables.insert("CI_MERGE_REQUEST_DIFF_BASE_SHA".into(), base.trim().into());
    variables.insert("CI_PROJECT_DIR".into(), job.clone_path().to_string_lossy().into_owned());
    let gate = script(".ordain", "before_script") + &script("ordain:gate", "script");
    let run = job.step(&gate, &variables).exits(1);
    assert!(run.text().contains("skipped docs") && run.stderr.contains("CLD-014"), "{run}");
    for kept in ["ordain-gates.md", "ordain-gates.sarif", "ordain-gates.xml"] {
        assert!(job.clone_path().join(kept).is_file(), "no {kept}");
        assert!(template["ordain:gate"].to_string().contains(kept), "{kept} is not kept");
    }
    variables.insert("ORDAIN_GATE_ARGUMENTS".into(), "--severity critical --as-of 2026-01-01".into());
    job.step(&gate, &variables).exits(1);
    job.change("private");
    job.pull();
    job.step(&gate, &variables).exits(0);
    job.step(&script("ordain:test", "script"), &variables).exits(0);
    // Where there is no `ordain`, and nothing to build it from, that is said.
    variables.insert("PATH".into(), "/usr/bin:/bin".into());
    job.step(&script(".ordain", "before_script"), &variables).exits(2).says("set ORDAIN_SOURCE");
}

#[test]
fn the_hooks_before_a_commit_run() {
    let Some(job) = Job::new() else { return };
    let hooks = yaml(".pre-commit-hooks.yaml");
    let entry = |id: &str| -> String {
        let hook = hooks.as_array().unwrap().iter().find(|hook| hook["id"] == id).unwrap_or_else(|| panic!("no {id}"));
        assert_eq!(hook["language"], "system");
        assert!(hook["name"].is_string() && hook["description"].is_string());
        hook["entry"].as_str().unwrap().to_owned()
    };
    let run = |line: &str| shell(job.clone_path(), line).run([""; 0]);
    run(&format!("{} main.ord", entry("ordain-fmt"))).exits(0);
    run("git diff --quiet main.ord || git commit -qam formatted");
    run(&entry("ordain-check")).exits(0);
    run(&entry("ordain-test")).exits(0);
    // Nothing has changed since the last commit; then a plan is staged.
    let quiet = run(&entry("ordain-gate")).exits(0);
    assert_eq!(quiet.text().matches("skipped").count(), 2, "{quiet}");
    std::fs::write(job.clone_path().join("infra/plan.json"), plan(&[("aws_s3_bucket.more", "create", "public-read")]))
        .unwrap();
    run("git add .").exits(0);
    run(&entry("ordain-gate")).exits(1).says("aws_s3_bucket.more would be public");
}

#[test]
fn the_script_of_the_page_keeps_a_commit_back() {
    let package = Package::of(RULES);
    if !package.git(&["init", "-q"]) {
        skipped("there is no git here");
        return;
    }
    let page = include_str!("../docs/ci.md");
    let (_, script) = page.split_once("```sh\n").expect("the page has a script");
    package.write(".git/hooks/pre-commit", script.split("```").next().unwrap());
    shell(package.path(), "chmod +x .git/hooks/pre-commit").run([""; 0]).exits(0);
    let commit = "git add . && git -c user.name=Ana -c user.email=ana@example.com -c commit.gpgsign=false \
                  commit -q -m 'a revision'";
    let commit = || shell(package.path(), commit).run([""; 0]);
    let write = |acl: &str| package.write("infra/plan.json", plan(&[("aws_s3_bucket.files", "update", acl)]));
    // The first commit is looked at as a whole, and those after it by what they change.
    write("public-read");
    commit().exits(1).says("CLD-014");
    write("private");
    commit().exits(0);
    package.write("README", "nothing\n");
    let run = commit().exits(0);
    assert_eq!(format!("{}{}", run.text(), run.stderr).matches("has changed since HEAD").count(), 2, "{run}");
    write("public-read");
    commit().exits(1).says("CLD-014");
}

#[test]
fn the_page_tells_what_there_is() {
    let page = include_str!("../docs/ci.md");
    let action = yaml("action.yml");
    for name in action["inputs"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("| `{name}` |")), "docs/ci.md says nothing of the input `{name}`");
    }
    for name in action["outputs"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{name}`")), "docs/ci.md says nothing of the output `{name}`");
    }
    let template = yaml("integrations/gitlab/ordain.gitlab-ci.yml");
    for name in template["variables"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("| `{name}` |")), "docs/ci.md says nothing of the variable `{name}`");
    }
    for hook in yaml(".pre-commit-hooks.yaml").as_array().unwrap() {
        let id = hook["id"].as_str().unwrap();
        assert!(page.contains(&format!("- id: {id}\n")) && page.contains(&format!("| `{id}` |")), "{id} is not told");
    }
    // Its examples are sound YAML, and give the action inputs that it has.
    let folder = TempDir::new().unwrap();
    let mut examples = 0;
    for fence in page.split("```yaml\n").skip(1) {
        std::fs::write(folder.path().join("example.yaml"), fence.split("```").next().unwrap()).unwrap();
        let run = ordain(folder.path()).run(["eval", "--json", "--input", "example.yaml", "input"]).exits(0);
        let mut open = vec![run.json()["value"].clone()];
        while let Some(value) = open.pop() {
            if value["uses"].as_str().is_some_and(|uses| uses.starts_with("OWNER/ordain@")) {
                for input in value["with"].as_object().unwrap().keys() {
                    assert!(action["inputs"].get(input).is_some(), "the action has no input `{input}`");
                }
            }
            match value {
                Json::Array(inner) => open.extend(inner),
                Json::Object(inner) => open.extend(inner.into_iter().map(|(_, value)| value)),
                _ => {}
            }
        }
        examples += 1;
    }
    assert!(examples >= 4, "the page has lost its examples");
}
