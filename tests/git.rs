//! Git as an adapter: against repositories on this machine, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crate::ordain::Run;
use crate::package::{Package, Pipes};
use crate::skipping::skipped;

/// A release of a site: checked out, changed, committed, tagged and pushed.
const SITE: &str = r#"
use std.command.{builtin.command, command}
use std.file.{builtin.file, file}
use std.git.{Person, builtin.git, git}

const robot: Person = { name: "Robot", email: "robot@example.com" }

type Place = {}

environment here: Place {
  bind command.run to builtin.command
  bind file.write to builtin.file
  bind file.remove to builtin.file
  bind git.checkout to builtin.git
  bind git.discard to builtin.git
  bind git.commit to builtin.git
  bind git.uncommit to builtin.git
  bind git.tag to builtin.git
  bind git.untag to builtin.git
  bind git.push to builtin.git
  bind git.reset to builtin.git
}

plan release(revision: String = "main", last: String = "true", tag: String = "v1", env: Place = here) {
  on failure undo
  let repository = "remote.git"
  let site = git.checkout { repository, revision, path: "run/site" }
  let page = file.write { path: "{site.path}/VERSION", content: "one\n" }
  let change = git.commit { path: site.path, files: ["VERSION"], message: "Say the version", author: robot } after page
  let named = git.tag { path: site.path, name: tag, revision: change.commit, message: "The first", author: robot }
  let main = git.push { path: site.path, revision: change.commit, repository, ref: "refs/heads/main" }
  let tags = git.push { path: site.path, revision: tag, repository, ref: "refs/tags/{tag}" } after named, main
  command.run { argv: ["sh", "-c", last] } after tags
}
"#;

/// The package, with a repository of one commit beside it.
fn site() -> Option<Package> {
    let package = Package::of(SITE);
    if !package.git(&["init", "--quiet", "--bare", "remote.git"]) {
        skipped("`git` is not installed here, so this test proves nothing");
        return None;
    }
    package.git(&["clone", "--quiet", "remote.git", "seed"]);
    package.write("seed/index.html", "hello\n");
    package.git(&["-C", "seed", "add", "."]);
    package.git(&["-C", "seed", "commit", "--quiet", "-m", "Begin"]);
    package.git(&["-C", "seed", "push", "--quiet", "origin", "HEAD:refs/heads/main"]);
    Some(package)
}

/// What Git says of the repository that is pushed to.
fn remote(package: &Package, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new("git");
    command.arg("--git-dir").arg(package.file("remote.git")).args(arguments);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

fn messages(package: &Package) -> Vec<String> {
    remote(package, &["log", "--format=%s", "main"]).lines().map(str::to_owned).collect()
}

fn apply(package: &Package, arguments: &[&str]) -> Run {
    package.run(&[&["apply", "--yes"], arguments].concat())
}

#[test]
fn a_release_is_pushed_once_and_can_be_undone() {
    let Some(package) = site() else { return };
    let before = remote(&package, &["for-each-ref"]);
    apply(&package, &[]).exits(0);
    assert_eq!(messages(&package), ["Say the version", "Begin"]);
    assert_eq!(remote(&package, &["show", "main:VERSION"]), "one\n");
    assert_eq!(remote(&package, &["cat-file", "-t", "v1"]), "tag\n");
    assert_eq!(remote(&package, &["log", "-1", "--format=%an <%ae>", "v1"]), "Robot <robot@example.com>\n");
    package.run(&["drift", "--json"]).exits(0);
    let drift = package.run(&["drift", "--json"]).json();
    assert_eq!(drift["counts"]["mismatched"], 0, "{drift}");
    assert_eq!(drift["counts"]["missing"], 0, "{drift}");
    let id = package.run(&["executions", "--json"]).json()["executions"][0]["id"].as_str().unwrap().to_owned();
    package.run(&["undo", &id, "--yes"]).exits(1).says("command.run");
    assert_eq!(remote(&package, &["for-each-ref"]), before);
    assert!(!package.file("run/site").exists());
}

#[test]
fn a_failure_in_the_end_leaves_no_trace() {
    let Some(package) = site() else { return };
    let before = remote(&package, &["for-each-ref"]);
    apply(&package, &["-a", "last=false"]).exits(1).says("command_failed");
    assert_eq!(remote(&package, &["for-each-ref"]), before);
    assert!(!package.file("run/site").exists());
}

#[test]
fn drift_of_what_was_pushed_is_told() {
    let Some(package) = site() else { return };
    apply(&package, &[]).exits(0);
    remote(&package, &["update-ref", "refs/heads/main", "main^"]);
    remote(&package, &["update-ref", "-d", "refs/tags/v1"]);
    package.write("run/site/index.html", "changed by hand\n");
    let text = package.run(&["drift", "--strict"]).exits(1).text();
    for line in ["mismatched  main", "missing     tags", "mismatched  site"] {
        assert!(text.contains(line), "no `{line}` in {text}");
    }
}

#[test]
fn killed_again_and_again_there_is_one_commit() {
    let Some(package) = site() else { return };
    let mut arguments = vec!["apply", "--yes"];
    let mut kills = 0;
    for moment in [40, 80, 60, 120, 30, 50, 90, 70, 110, 100, 20, 45, 65, 85] {
        match package.ordain().killed_after(Duration::from_millis(moment), &arguments) {
            Some(status) => {
                assert!(status.success(), "{arguments:?} after {kills} kills: {status}, {}", package.run(&["trace"]));
                break;
            }
            None => kills += 1,
        }
        // It may have been killed before there was a journal.
        let listed = package.run(&["executions", "--json"]);
        match listed.code.filter(|code| *code == 0).map(|_| listed.json()["executions"][0]["state"].clone()) {
            Some(state) if state == "interrupted" => arguments = vec!["resume"],
            // Killed when all was done, and before it could say so.
            Some(state) if state == "succeeded" => break,
            _ => {}
        }
    }
    assert!(kills > 0, "it was done before it could be killed");
    let listed = package.run(&["executions", "--json"]);
    if listed.code != Some(0) || listed.json()["executions"][0]["state"] != "succeeded" {
        package.run(&arguments).exits(0);
    }
    let trace = package.run(&["trace"]);
    assert_eq!(messages(&package), ["Say the version", "Begin"], "after {kills} kills: {trace}");
    assert_eq!(remote(&package, &["cat-file", "-t", "v1"]), "tag\n");
    // What was there before the first try is what undoing goes back to.
    let id = package.run(&["executions", "--json"]).json()["executions"][0]["id"].as_str().unwrap().to_owned();
    package.run(&["undo", &id, "--yes"]);
    assert_eq!(messages(&package), ["Begin"]);
}

/// The interpreter is killed when the push has taken place, and before it could hear of that.
#[test]
fn a_push_that_nobody_heard_of_can_be_undone() {
    let Some(package) = site() else { return };
    let pipes = Pipes::of(&package);
    let hook = "#!/bin/sh\ncd ..\ntest -e once || { touch once; echo begun > begun; cat go; }\n";
    package.write("remote.git/hooks/post-receive", hook);
    fs::set_permissions(package.file("remote.git/hooks/post-receive"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut child = package.ordain().spawned(["apply", "--yes"]);
    pipes.wait();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(messages(&package), ["Say the version", "Begin"]);
    package.run(&["resume"]).exits(0);
    let id = package.run(&["executions", "--json"]).json()["executions"][0]["id"].as_str().unwrap().to_owned();
    package.run(&["undo", &id, "--yes"]);
    assert_eq!(messages(&package), ["Begin"]);
}

#[test]
fn what_others_have_pushed_is_not_lost() {
    let Some(package) = site() else { return };
    // Somebody pushes between the checkout and the push: into the way of this one.
    let others = "cd seed && echo x > other && git add . && git -c user.name=A -c user.email=a@b commit -qm Other \
                  && git push -q origin HEAD:refs/heads/main";
    let source = SITE.replace(
        "author: robot } after page\n",
        "author: robot } after page\n  let race = command.run { argv: [\"sh\", \"-c\", others] } after change\n",
    );
    let source =
        source.replace("repository, ref: \"refs/heads/main\" }", "repository, ref: \"refs/heads/main\" } after race");
    package.write("main.ord", format!("{source}\nconst others = \"{others}\"\n"));
    apply(&package, &[]).exits(1).says("command_failed").says("rejected");
    assert_eq!(messages(&package), ["Other", "Begin"]);

    // Somebody pushes upon it: undoing would take that away, too.
    let Some(package) = site() else { return };
    let upon = "cd seed && git pull -q origin main && echo x > other && git add . && \
                git -c user.name=A -c user.email=a@b commit -qm Other && git push -q origin HEAD:refs/heads/main; false";
    apply(&package, &["-a", &format!("last={upon}")]).exits(1).says("refs/heads/main` stands at");
    assert_eq!(messages(&package), ["Other", "Say the version", "Begin"]);
}

#[test]
fn nothing_of_the_user_or_the_repository_runs() {
    let Some(package) = site() else { return };
    package.write(
        "home/.gitconfig",
        "[core]\n\thooksPath = ../../hooks\n[commit]\n\tgpgSign = true\n[init]\n\ttemplateDir = ../../t\n",
    );
    for hook in ["pre-commit", "post-checkout", "pre-push", "commit-msg", "reference-transaction"] {
        for folder in ["hooks", "t/hooks"] {
            let path = format!("{folder}/{hook}");
            package.write(&path, "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\n");
            fs::set_permissions(package.file(&path), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let home = package.file("home");
    let run = package.ordain().env("HOME", home.to_str().unwrap()).env("GIT_DIR", "/nowhere").run(["apply", "--yes"]);
    run.exits(0);
    assert!(!package.file("hooks/ran").exists() && !package.file("t/hooks/ran").exists());
    assert!(!package.file("run/site/.git/hooks").exists());
}

#[test]
fn names_are_never_options_or_programs() {
    let Some(package) = site() else { return };
    for name in ["--upload-pack=touch pwned", "-f", "main:refs/heads/x", "a..b", "main\n", "@{-1}"] {
        apply(&package, &["-a", &format!("revision={name}")]).exits(1).says("input_mismatch");
    }
    apply(&package, &["-a", "tag=-d"]).exits(1).says("input_mismatch");
    apply(&package, &["-a", "revision=nowhere"]).exits(1).says("command_failed");
    let here = [
        ("ext::sh -c touch% pwned", "input_mismatch"),
        ("-uhostile", "input_mismatch"),
        ("ftp://127.0.0.1/x", "input_mismatch"),
        ("https://ana:hunter2@127.0.0.1/x", "input_mismatch"),
        ("ssh://-oProxyCommand=touch/x", "input_mismatch"),
        ("../elsewhere", "path_refused"),
    ];
    for (url, reason) in here {
        package.write("main.ord", SITE.replace("\"remote.git\"", &format!("\"{url}\"")));
        apply(&package, &[]).exits(1).says(reason);
    }
    package.write("main.ord", SITE.replace("[\"VERSION\"]", "[\".git/config\"]"));
    apply(&package, &[]).exits(1).says("path_refused");
    assert!(!package.file("pwned").exists() && !package.file("run/site/pwned").exists());
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let Some(package) = site() else { return };
    package.write("run/site/mine", "do not touch\n");
    apply(&package, &[]).exits(1).says("adapter_refused").says("is not empty");
    assert_eq!(package.read("run/site/mine"), "do not touch\n");
    package.remove("run/site/mine");
    // A file that leads to another repository.
    package.write("run/site/.git", "gitdir: ../../seed/.git\n");
    apply(&package, &[]).exits(1).says("adapter_refused");
    assert_eq!(package.read("run/site/.git"), "gitdir: ../../seed/.git\n");
    assert!(!package.read("seed/.git/config").contains("ordain"));
    package.remove("run/site/.git");
    let run = package.ordain().env("PATH", "/nowhere").run(["apply", "--yes"]).exits(1);
    run.says("command_not_started").says("there is no `git` in `PATH` on this machine");
}
