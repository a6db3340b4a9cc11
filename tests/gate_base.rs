//! What gates are told of git: the base, and which repository it is.

use crate::gates::{RULES, plan};
use crate::package::Package;
use crate::skipping::skipped;

#[test]
fn a_base_that_cannot_be_says_why() {
    let package = Package::of(RULES);
    package.write("infra/plan.json", plan(&[]));
    let base = ["gate", "--base", "HEAD"];
    if !package.git(&["--version"]) {
        skipped("there is no git here");
        return;
    }
    package.run(&base).exits(2).says("there is no git revision `HEAD`: `").says("` is in no git repository");
    package.git(&["init", "-q"]);
    package.run(&base).exits(2).says("there is no git revision `HEAD`: the git repository has no commits yet");
    package.commit();
    package.run(&base).exits(0);
    package.git(&["switch", "-q", "--orphan", "empty"]);
    package.write("ordain.toml", "[package]\nname = \"test\"\nversion = \"0.1.0\"\n");
    package.write("main.ord", RULES);
    package.run(&base).exits(2).says("no git revision `HEAD`").keeps_quiet_about("no commits yet");
    package.ordain().env("PATH", "").run(base).exits(2).says("there is no `git` on the PATH");
}

#[test]
fn a_hook_that_is_told_its_repository_sees_what_changed() {
    let package = Package::of(RULES);
    package.remove("ordain.toml");
    package.remove("main.ord");
    package.write("gov/ordain.toml", "[package]\nname = \"gov\"\n");
    package.write("gov/main.ord", RULES.replace("infra/**/*.tf", "gov/**"));
    package.write("gov/infra/plan.json", plan(&[]));
    if !package.git(&["init", "-q"]) {
        skipped("there is no git here");
        return;
    }
    package.commit();
    // As git does in a linked work tree.
    let gate = |repository: &str| {
        let run = package.ordain().env("GIT_DIR", repository).run(["gate", "--base", "HEAD", "--package", "gov"]);
        run.exits(0).text()
    };
    let absolute = package.file(".git");
    for repository in [".git", absolute.to_str().unwrap()] {
        assert_eq!(gate(repository).matches("skipped ").count(), 2, "{}", gate(repository));
    }
    package.write("gov/infra/plan.json", plan(&[("aws_s3_bucket.files", "create", "private")]));
    assert!(gate(".git").starts_with("passed  cloud_plan"), "{}", gate(".git"));
}
