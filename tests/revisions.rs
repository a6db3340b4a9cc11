//! Differences between revisions of a package, which git keeps.

use std::process::Command;

use crate::package::Package;

/// Runs git in a package; tells whether there is one.
fn git(package: &Package, arguments: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.current_dir(package.path()).args(["-c", "user.name=Ana", "-c", "user.email=ana@example.com"]);
    command.args(["-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]).args(arguments);
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(_) => false,
    }
}

fn commit(package: &Package) {
    git(package, &["add", "."]);
    git(package, &["commit", "-q", "-m", "a revision"]);
}

#[test]
fn revisions_differ_by_their_meaning() {
    let package = Package::example("montage");
    if !git(&package, &["init", "-q"]) {
        println!("SKIPPED: there is no git here");
        return;
    }
    commit(&package);
    let run = package.run(&["diff", "HEAD", "--plan", "mosaic", "--exit-code"]).exits(0);
    assert!(!run.text().contains("jobs["), "nothing changed: {run}");

    // White space and the order of tasks mean nothing to the steps; a dependency does.
    let workflow = package.read("workflow.json");
    let changed = workflow.replace("\"after\": [\"add\"]", "\"after\": [\"add\", \"image_table\"]");
    assert_ne!(workflow, changed);
    package.write("workflow.json", &changed);
    let run = package.run(&["diff", "HEAD", "--plan", "mosaic", "--exit-code"]).exits(1);
    assert!(run.text().contains("jobs[view]") && run.text().contains("image_table"), "{run}");
    assert!(!run.text().contains("jobs[project_1]"), "what did not change is not shown: {run}");

    commit(&package);
    package.run(&["diff", "HEAD", "--plan", "mosaic", "--exit-code"]).exits(0);
    let between = package.run(&["diff", "HEAD~1", "HEAD", "--plan", "mosaic"]).exits(0);
    assert_eq!(between.text(), run.text());
    package.run(&["diff", "HEAD~1", "HEAD", "--plan", "mosaic", "--json"]).exits(0).json();
    package.run(&["diff", "HEAD~7", "HEAD", "--plan", "mosaic"]).exits(2);
}
