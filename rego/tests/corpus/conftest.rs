//! The examples of conftest: each policy over the files beside it.

use std::fmt::Write as _;
use std::path::Path;

use ordain_data::Format;
use ordain_rego::{Bundle, Dialect, Limits};
use serde_json::{Value, json};

use crate::documents::{corpus, documents};

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

fn bundle(folder: &Path) -> Bundle {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "rego") {
            let name = path.file_name().expect("is a file").to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path).expect("the file can be read")));
        }
    }
    files.sort();
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
    let input = crate::documents::json(&ordain_data::parse(Format::Hcl, text).expect("is HCL"));
    let findings = bundle.evaluate(&input, &json!({}), Limits::default()).expect("can be judged");
    let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, ["AWS resource: \"aws_s3_bucket\" named \"invalid\" is missing required tags: {\"owner\"}"]);
}
