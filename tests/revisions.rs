//! Differences between revisions of a package, which git keeps.

use crate::package::Package;
use crate::skipping::skipped;

#[test]
fn revisions_differ_by_their_meaning() {
    let package = Package::example("montage");
    if !package.git(&["init", "-q"]) {
        skipped("there is no git here");
        return;
    }
    package.commit();
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

    package.commit();
    package.run(&["diff", "HEAD", "--plan", "mosaic", "--exit-code"]).exits(0);
    let between = package.run(&["diff", "HEAD~1", "HEAD", "--plan", "mosaic"]).exits(0);
    assert_eq!(between.text(), run.text());
    package.run(&["diff", "HEAD~1", "HEAD", "--plan", "mosaic", "--json"]).exits(0).json();
    package.run(&["diff", "HEAD~7", "HEAD", "--plan", "mosaic"]).exits(2);
}
