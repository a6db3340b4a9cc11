//! The examples of conftest: each policy over the files beside it.

use std::fmt::Write as _;
use std::path::Path;

use ordain_data::Format;
use ordain_rego::{Bundle, Dialect, Limits, Severity};
use serde_json::{Value, json};

use crate::documents::{corpus, documents};
use crate::world::gate;

/// A folder of policies, the files they judge, and whether they see those files all at once.
///
/// `cyclonedx.xml` has its `metadata` inside `bom` here, where the policy does not look; the form in JSON is judged.
/// `hcl1/gke.tf` is not among them: its policy expects the lists that only a reader of HCL 1 makes of blocks, as in
/// `provider[0].google[0]`.
const EXAMPLES: [(&str, &[&str], bool); 13] = [
    ("awssam/policy", &["awssam/lambda.yaml"], false),
    ("cyclonedx/policy", &["cyclonedx/cyclonedx.json", "cyclonedx/cyclonedx.xml"], false),
    ("docker/policy", &["docker/Dockerfile"], false),
    ("dotenv/policy", &["dotenv/sample.env"], false),
    ("exceptions/policy", &["exceptions/deployments.yaml"], false),
    ("hcl1/policy", &["hcl1/gke-show.json", "hcl1/gke-plan.tfplan"], false),
    ("hcl2/policy", &["hcl2/terraform.tf", "hcl2/policy/unencrypted_azure_disk.tf"], false),
    (
        "kubernetes/policy",
        &["kubernetes/deployment.yaml", "kubernetes/service.yaml", "kubernetes/deployment+service.yaml"],
        false,
    ),
    ("kubernetes/combine", &["kubernetes/combine/combine.yaml"], true),
    ("kubernetes/combine", &["kubernetes/combine/deployment.yaml", "kubernetes/combine/service.yaml"], true),
    ("properties/policy", &["properties/sample.properties"], false),
    ("spdx/policy", &["spdx/sbom.spdx"], false),
    ("traefik/policy", &["traefik/traefik.toml"], false),
];

/// The files of a policy, by name.
fn rules(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "rego") {
            let name = path.file_name().expect("is a file").to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path).expect("the file can be read")));
        }
    }
    files.sort();
    files
}

fn bundle(folder: &Path) -> Bundle {
    let files = rules(folder);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Bundle::parse(&files, Dialect::V1).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

#[test]
fn every_example_has_its_messages() {
    let Some(corpus) = corpus() else { return };
    let corpus = corpus.join("conftest-examples");
    let mut report = String::new();
    for (policy, files, combined) in EXAMPLES {
        let bundle = bundle(&corpus.join(policy));
        let mut together = Vec::new();
        for file in files {
            let documents = match documents(&corpus.join(file)) {
                Ok(documents) => documents,
                Err(reason) => {
                    writeln!(report, "{file}\n  skipped, {reason}").expect("memory holds it");
                    continue;
                }
            };
            for (index, contents) in documents.into_iter().enumerate() {
                if combined {
                    together.push(json!({ "path": file, "contents": contents }));
                } else {
                    judge(&bundle, &format!("{file} document {}", index + 1), &contents, &mut report);
                }
            }
        }
        if combined {
            judge(&bundle, &format!("{} together", files.join(" and ")), &Value::Array(together), &mut report);
        }
    }
    insta::assert_snapshot!("messages", report);
}

fn judge(bundle: &Bundle, what: &str, input: &Value, report: &mut String) {
    writeln!(report, "{what}").expect("memory holds it");
    match bundle.evaluate(input, &json!({}), Limits::default()) {
        Err(error) => writeln!(report, "  error {error}").expect("memory holds it"),
        Ok(findings) => {
            for found in findings {
                let excepted = if found.excepted { " (excepted)" } else { "" };
                let (severity, rule) = (found.severity, format!("{}.{}", found.package, found.rule));
                writeln!(report, "  {severity:?} {rule}{excepted}: {}", found.message).expect("memory holds it");
            }
        }
    }
}

/// In a gate, each file says what it says to the rules alone.
#[test]
fn gates_say_the_same() {
    let Some(corpus) = corpus() else { return };
    let corpus = corpus.join("conftest-examples");
    let mut judged = 0;
    for (policy, files, combined) in EXAMPLES {
        let rules = rules(&corpus.join(policy));
        let bundle = bundle(&corpus.join(policy));
        for file in files.iter().filter(|_| !combined) {
            let (Ok(documents), Some(function)) = (documents(&corpus.join(file)), function(file)) else { continue };
            let [document] = documents.as_slice() else { continue };
            let names: Vec<String> = rules.iter().map(|(name, _)| format!("{name:?}")).collect();
            let source = format!(
                "policy example from rego [{}] {{\n  code \"C-1\" severity high\n  on input: Json\n}}\n\n\
                 gate all {{\n  input document: Json = {function}(\"document\")\n  check [example]\n}}\n",
                names.join(", ")
            );
            let text = std::fs::read_to_string(corpus.join(file)).expect("the file can be read");
            let mut data = vec![("document", text.as_str())];
            data.extend(rules.iter().map(|(name, text)| (name.as_str(), text.as_str())));
            let run = gate(&source, &data);
            assert!(run.faults.is_empty(), "{file}: {:#?}", run.faults);
            let said = |found: &ordain_compiler::GateFinding| {
                let denies = found.diagnostic.severity == ordain_diagnostics::Severity::Error;
                (denies, found.exempt.is_some(), found.diagnostic.message.replacen("C-1: ", "", 1))
            };
            let mut said: Vec<(bool, bool, String)> = run.findings.iter().map(said).collect();
            said.sort();
            let alone = bundle.evaluate(document, &json!({}), Limits::default()).expect("has an answer");
            let mut alone: Vec<(bool, bool, String)> = alone
                .into_iter()
                .map(|found| (found.severity == Severity::Deny, found.excepted, found.message))
                .collect();
            alone.sort();
            assert_eq!(said, alone, "{file}");
            judged += 1;
        }
    }
    assert!(judged > 10, "only {judged} files were judged");
}

/// The function of the language that reads a file.
fn function(path: &str) -> Option<&'static str> {
    Some(match Format::of_path(path)? {
        Format::Json => "json",
        Format::Yaml => "yaml",
        Format::Toml => "toml",
        Format::Hcl => "hcl",
        Format::Dotenv => "dotenv",
        Format::Ini => "ini",
        Format::Properties => "properties",
        Format::Xml => "xml",
        Format::Dockerfile => "dockerfile",
        _ => return None,
    })
}

/// The tests that the examples have beside their policies.
///
/// The one of `traefik` expects a message that its policy does not give, so it fails wherever it is run.
#[test]
fn tests_of_the_examples_pass() {
    let Some(corpus) = corpus() else { return };
    let mut report = String::new();
    for policy in ["dotenv/policy", "hcl2/policy", "kubernetes/combine", "kubernetes/policy", "traefik/policy"] {
        for test in bundle(&corpus.join("conftest-examples").join(policy)).run_tests(&json!({}), Limits::default()) {
            let outcome = match test.passed {
                Ok(true) => "passes".to_owned(),
                Ok(false) => "FAILS".to_owned(),
                Err(error) => error.to_string(),
            };
            writeln!(report, "{policy} {}: {outcome}", test.name).expect("memory holds it");
        }
    }
    insta::assert_snapshot!("tests", report);
}

/// What the tests beside the policies would read with `parse_config`, a function of conftest's own.
#[test]
fn a_parsed_block_is_judged() {
    let Some(corpus) = corpus() else { return };
    let bundle = bundle(&corpus.join("conftest-examples/hcl2/policy"));
    let text = "resource \"aws_s3_bucket\" \"invalid\" {\n  tags = {\n    environment = \"prod\"\n  }\n}\n";
    let input = ordain_compiler::document_json(&ordain_data::parse(Format::Hcl, text).expect("is HCL"));
    let findings = bundle.evaluate(&input, &json!({}), Limits::default()).expect("can be judged");
    let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, ["AWS resource: \"aws_s3_bucket\" named \"invalid\" is missing required tags: {\"owner\"}"]);
}
