//! The standard library: its policies are tested in the language, and it reads real documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::ordain::ordain;
use crate::package::Package;
use crate::skipping::skipped;

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
const POLICIES: [(&str, &str, usize); 5] = [
    ("cloud.ord", "CLD-0", 35),
    ("cluster.ord", "KUB-0", 40),
    ("decision.ord", "DEC-0", 8),
    ("github.ord", "GHA-0", 15),
    ("registry.ord", "REG-0", 8),
];

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
        skipped("ORDAIN_CORPUS is not set; it names a folder with `terraform-plans` and `terraform-own`");
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

/// The folder of documents that others wrote, where there is one.
fn corpus(below: &str) -> Option<PathBuf> {
    let corpus = std::env::var_os("ORDAIN_CORPUS").filter(|folder| !folder.is_empty());
    if corpus.is_none() {
        skipped(format_args!("ORDAIN_CORPUS is not set; it names a folder with `{below}`"));
    }
    Some(Path::new(&corpus?).join(below))
}

/// The files of a folder with one of some extensions, sorted.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known)));
    files.sort();
    assert!(!files.is_empty(), "nothing in {}", folder.display());
    files
}

/// Runs the gates of a package, none of whose policies may fail to decide. Gives how often each policy speaks.
fn counts(package: &Package) -> BTreeMap<String, usize> {
    let run = package.run(&["gate", "--format", "json"]);
    let mut counts = BTreeMap::new();
    for gate in run.json()["gates"].as_array().unwrap() {
        for finding in gate["findings"].as_array().unwrap() {
            assert!(["ORD0803", "ORD0804"].contains(&finding["code"].as_str().unwrap()), "{finding}");
            let message = finding["message"].as_str().unwrap();
            assert!(!message.contains("cannot be decided"), "{message}");
            *counts.entry(message[..7].to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn real_workflows_are_read() {
    let Some(folder) = corpus("github-workflows") else { return };
    let package = Package::of(
        "use std.github.Workflow\n\ngate workflows {\n  \
         input workflows: Map<String, Workflow> = yaml(\".github/workflows/*.y*ml\")\n  check [std.github.*]\n}\n",
    );
    let files = files(&folder, &["yml", "yaml"]);
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy();
        package.write(&format!(".github/workflows/{name}"), fs::read(file).unwrap());
    }
    let counts = counts(&package);
    println!("{} workflows, {counts:?}", files.len());
    // What anybody sees who looks: there are tags for versions, and jobs without an end.
    for code in ["GHA-001", "GHA-002", "GHA-020"] {
        assert!(counts.get(code).is_some_and(|count| *count > 5), "{code}: {counts:?}");
    }
}

#[test]
fn real_records_of_decisions_are_read() {
    let Some(folder) = corpus("decision-records") else { return };
    let mut read = 0;
    for below in ["madr", "govuk-aws"] {
        let package = Package::of(
            "use std.decision.{Record, Status, status}\n\nconst records: Map<String, Record> = markdown(\"decisions/*.md\")\n\n\
             gate decisions {\n  input all: Map<String, Record> = records\n  check [std.decision.*]\n}\n\n\
             const statuses = [\"{path}: {status(record) ?? Status.proposed}\" for path, record in records if status(record) != none]\n",
        );
        for file in files(&folder.join(below), &["md"]) {
            let name = file.file_name().unwrap().to_string_lossy();
            package.write(&format!("decisions/{name}"), fs::read(&file).unwrap());
            read += 1;
        }
        let counts = counts(&package);
        let statuses = package.run(&["eval", "len(statuses)"]).exits(0).text();
        println!("{below}: {counts:?}, {} with a status", statuses.trim());
        match below {
            // Two records have the number of another one in their titles.
            "govuk-aws" => {
                assert_eq!(counts.get("DEC-006"), Some(&2), "{counts:?}");
                assert_eq!((counts.get("DEC-001"), counts.get("DEC-002")), (None, None), "every status is known");
                assert_eq!(statuses.trim(), "28");
            }
            // Of these only one says its status.
            _ => assert_eq!((statuses.trim(), counts.get("DEC-001")), ("1", None), "{counts:?}"),
        }
    }
    println!("{read} records were read");
}

#[test]
fn a_registry_of_csv_files_is_read() {
    let package = Package::of(
        "use std.registry.Registry\n\ngate registry_valid {\n  input registry: Registry = {\n    \
         applications: csv(\"applications.csv\"),\n    specs: csv(\"specs.csv\"),\n    decisions: csv(\"decisions.csv\"),\n  }\n  \
         check [std.registry.*]\n}\n",
    );
    package.write(
        "applications.csv",
        "name,owner,spec,stability\nbilling,payments,billing_api,stable\nshop,,shop_api,stable\n",
    );
    package.write("specs.csv", "name,owner,path,decisions\nbilling_api,payments,specs/billing.md,adr_1 adr_2\n");
    package.write(
        "decisions.csv",
        "name,owner,status,date,superseded_by\nadr_1,ana,superseded,2024-05-27,adr_2\nadr_2,ana,accepted,,\n",
    );
    let run = package.run(&["gate"]).exits(1);
    for told in [
        "REG-003: nobody owns the application `shop`",
        "REG-004: application shop names the spec `shop_api`, which is not there",
        "REG-005: spec billing_api is stable, and rests on the decision `adr_1`",
    ] {
        assert!(run.stderr.contains(told), "no `{told}` in {run}");
    }
    assert!(!run.stderr.contains("REG-001") && !run.stderr.contains("REG-007"), "{run}");
    package
        .write("specs.csv", "name,owner,path,decisions\nbilling_api,payments,specs/billing.md,adr_2\nshop_api,ana,,\n");
    package.write(
        "applications.csv",
        "name,owner,spec,stability\nbilling,payments,billing_api,stable\nshop,ana,shop_api,stable\n",
    );
    package.run(&["gate"]).exits(0);
    // A cell that is none of its column's type is told at its row.
    package.write("decisions.csv", "name,status\nadr_1,done\n");
    package.run(&["gate"]).exits(1).says("ORD0503").says("has no variant `done`");
}
