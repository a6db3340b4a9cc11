//! The standard library: its policies are tested in the language, and it reads real documents.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::ordain::ordain;
use crate::package::Package;

/// The folder of the standard library: its sources below `std`, the package that tests them below `tests`.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../stdlib")
}

/// The texts of all sources of a folder, one after the other.
fn sources(folder: &Path) -> String {
    let listed = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "ord"));
    files.sort();
    files.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The name, code and outcome of each policy in a formatted source.
fn policies(text: &str) -> Vec<(&str, &str, &str)> {
    let word = |line: &str, words: &[&'static str]| words.iter().find(|word| line.starts_with(**word)).copied();
    let bodies = text.split("\npolicy ").skip(1).map(|body| body.split("\n}").next().unwrap());
    bodies
        .map(|body| {
            let name = body.split(' ').next().unwrap();
            let code = body.split('"').nth(1).unwrap();
            let outcome = body.lines().find_map(|line| word(line.trim_start(), &["deny \"", "warn \""]));
            (name, code, &outcome.unwrap_or_else(|| panic!("{name} decides nothing"))[..4])
        })
        .collect()
}

#[test]
fn the_tests_in_the_language_pass() {
    let tests = folder().join("tests");
    for arguments in [&["check", "--deny-warnings"][..], &["fmt", "--check", ".", "../std"], &["test"]] {
        ordain(&tests).run(arguments).exits(0);
    }
}

/// The modules of policies, how their codes begin, and how many policies they have at least.
const POLICIES: [(&str, &str, usize); 2] = [("cloud.ord", "CLD-0", 35), ("cluster.ord", "KUB-0", 40)];

#[test]
fn every_policy_is_seen_to_speak_and_to_be_quiet() {
    let tests = sources(&folder().join("tests"));
    for (module, prefix, least) in POLICIES {
        let text = fs::read_to_string(folder().join("std").join(module)).unwrap();
        let policies = policies(&text);
        assert!(policies.len() >= least, "only {} policies were found in {module}", policies.len());
        for (name, code, outcome) in &policies {
            for verdict in [outcome, &"allow"] {
                let expectation = format!("expect {verdict} \"{code}\" from {name} on ");
                assert!(tests.contains(&expectation), "no test says `{expectation}`");
            }
        }
        let codes: BTreeSet<&str> = policies.iter().map(|(_, code, _)| *code).collect();
        assert_eq!(codes.len(), policies.len(), "a code is used twice");
        assert!(codes.iter().all(|code| code.len() == 7 && code.starts_with(prefix)), "{codes:?}");
    }
}

#[test]
fn a_plan_says_where_it_is_not_one() {
    let package = Package::of("use std.terraform.Plan\n\nconst plan: Plan = json(\"plan.json\")\n");
    for (plan, message) in [
        (r#"{"resource_changes": []}"#, "needs `format_version`"),
        (r#"{"format_version": "1.2", "resource_changes": {}}"#, "at /resource_changes"),
        (r#"{"format_version": "1.2", "resource_changes": [{"address": 1}]}"#, "at /resource_changes/0/address"),
    ] {
        package.write("plan.json", plan);
        package.run(&["check"]).exits(1).says("ORD0503").says(message);
    }
    package.write("plan.json", r#"{"format_version": "1.2", "resource_changes": [{"address": "a"#);
    package.run(&["check"]).exits(1).says("ORD0504");
}

#[test]
fn a_plan_of_many_buckets_is_decided() {
    let change = |kind: &str, number: usize, after: Value, unknown: Value| {
        json!({
            "address": format!("{kind}.b{number}"), "mode": "managed", "type": kind, "name": format!("b{number}"),
            "change": { "actions": ["create"], "after": after, "after_unknown": unknown },
        })
    };
    let source = |kind: &str, number: usize, expressions: Value| {
        let (address, name) = (format!("{kind}.b{number}"), format!("b{number}"));
        json!({ "address": address, "mode": "managed", "type": kind, "name": name, "expressions": expressions })
    };
    let (bucket, versioning) = ("aws_s3_bucket", "aws_s3_bucket_versioning");
    let changes = (0..1_000).flat_map(|number| {
        let beside = change(versioning, number, json!({}), json!({ "bucket": true }));
        [change(bucket, number, json!({}), json!({ "bucket": true, "versioning": true })), beside]
    });
    let sources = (0..1_000).flat_map(|number| {
        // The last one refers to another bucket.
        let references = json!([format!("aws_s3_bucket.b{}.id", number.min(998))]);
        let beside = source(versioning, number, json!({ "bucket": { "references": references } }));
        [source(bucket, number, json!({})), beside]
    });
    let plan = json!({
        "format_version": "1.2",
        "resource_changes": changes.collect::<Vec<_>>(),
        "configuration": { "root_module": { "resources": sources.collect::<Vec<_>>() } },
    });
    let package = Package::of(
        "use std.cloud.buckets_keep_versions\nuse std.terraform.Plan\n\nconst plan: Plan = json(\"plan.json\")\n\n\
         test \"it\" {\n  expect allow from buckets_keep_versions on { ..plan }\n}\n",
    );
    package.write("plan.json", plan.to_string());
    let run = package.run(&["test"]).exits(1).says("aws_s3_bucket.b999 would keep no earlier versions");
    assert!(!run.stderr.contains("aws_s3_bucket.b998 "), "{run}");
}

/// Real plans that are not in UTF-8, as RFC 8259 demands, and what is said about them.
const ODD: [(&str, &str); 1] = [("checkov__resources__plan_with_lifecycle_check__tfplan.json", "UTF-16")];

#[test]
fn real_plans_are_read() {
    let Some(corpus) = std::env::var_os("ORDAIN_CORPUS").filter(|folder| !folder.is_empty()).map(PathBuf::from) else {
        println!("SKIPPED: ORDAIN_CORPUS is not set; it names a folder with `terraform-plans` and `terraform-own`");
        return;
    };
    let package = Package::empty();
    let mut source = String::from("use std.cloud\nuse std.terraform.Plan\n\n");
    let text = fs::read_to_string(folder().join("std/cloud.ord")).unwrap();
    let (mut read, mut odd) = (0, 0);
    for below in ["terraform-plans", "terraform-own"] {
        let listed = fs::read_dir(corpus.join(below)).unwrap_or_else(|error| panic!("{below}: {error}"));
        let mut files: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        assert!(!files.is_empty(), "no plans in {below}");
        for file in files {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            package.write(&name, fs::read(&file).unwrap());
            if let Some((_, message)) = ODD.iter().find(|(odd, _)| *odd == name) {
                package.write("main.ord", format!("use std.terraform.Plan\n\nconst plan: Plan = json(\"{name}\")\n"));
                package.run(&["check"]).exits(1).says("ORD0504").says(message);
                odd += 1;
                continue;
            }
            source += &format!("const plan_{read}: Plan = json(\"{name}\")\n");
            // Every policy decides every plan: where one cannot, its test fails for that.
            for (policy, code, _) in policies(&text) {
                source += &format!(
                    "test \"{code} {name}\" {{\n  expect allow \"{code}\" from cloud.{policy} on {{ ..plan_{read} }}\n}}\n"
                );
            }
            read += 1;
        }
    }
    assert_eq!(odd, ODD.len(), "a plan that is odd is not there");
    package.write("main.ord", source);
    package.run(&["check", "--deny-warnings"]).exits(0);
    let decided = package.run(&["test"]);
    decided.keeps_quiet_about("cannot be decided");
    println!("{read} plans were read, {odd} were refused");
}
