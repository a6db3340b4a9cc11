//! Real files that others wrote, from the folder that `ORDAIN_CORPUS` names.

#[path = "../../../tests/skipping.rs"]
mod skipping;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ordain_data::{Format, Node, NodeKind, line_column, parse};
use skipping::skipped;

const FOLDERS: [&str; 7] = [
    "terraform-plans",
    "terraform-own",
    "dags-scientific",
    "dags-argo",
    "github-workflows",
    "conftest-examples",
    "decision-records",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// What the file gives: the number of its documents, or what is wrong with it.
fn outcome(format: Format, bytes: &[u8]) -> Result<usize, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("no UTF-8 from byte {} on", error.valid_up_to()))?;
    let format = if format == Format::Yaml { Format::YamlDocuments } else { format };
    let documents = parse(format, text).map(|node| match (format, node.kind) {
        (Format::YamlDocuments, NodeKind::List(documents)) => documents.len(),
        _ => 1,
    });
    documents.map_err(|error| {
        let (line, column) = line_column(text, error.range.start);
        format!("{line}:{column}: {error}")
    })
}

#[test]
fn every_file_is_read_or_refused() {
    let Some(corpus) = std::env::var_os("ORDAIN_CORPUS") else {
        skipped("ORDAIN_CORPUS is not set");
        return;
    };
    let mut read: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for folder in FOLDERS {
        let mut paths = Vec::new();
        files(&Path::new(&corpus).join(folder), &mut paths);
        paths.sort();
        for path in paths {
            let Some(format) = Format::of_path(&path.to_string_lossy()) else { continue };
            let bytes = std::fs::read(&path).expect("the file can be read");
            let counts = read.entry(folder).or_default();
            match outcome(format, &bytes) {
                Ok(_) => counts.0 += 1,
                Err(message) => {
                    counts.1 += 1;
                    println!("refused {}: {message}", path.strip_prefix(&corpus).unwrap_or(&path).display());
                    let other = format == Format::Json
                        && std::str::from_utf8(&bytes)
                            .is_ok_and(|text| serde_json::from_str::<serde_json::Value>(text).is_ok());
                    assert!(!other || message.contains("given twice"), "another reader takes {}", path.display());
                }
            }
        }
    }
    for (folder, (sound, refused)) in &read {
        println!("{folder}: {sound} read, {refused} refused");
        assert!(sound > refused, "{folder}");
    }
    assert_eq!(read.len(), FOLDERS.len(), "a folder has no files");
}

/// Policies are written against this form of a Terraform source: each of these is what one of them looks up.
#[test]
fn sources_of_terraform_have_the_form_that_policies_expect() {
    let Some(corpus) = std::env::var_os("ORDAIN_CORPUS") else {
        skipped("ORDAIN_CORPUS is not set");
        return;
    };
    let read = |path: &str| {
        let text = std::fs::read_to_string(Path::new(&corpus).join(path)).expect("the file can be read");
        let format = Format::of_path(path).expect("the name tells");
        (parse(format, &text).unwrap_or_else(|error| panic!("{path}: {error:?}")), text)
    };
    for (path, pointer, expected) in [
        ("hcl2/terraform.tf", "/resource/aws_alb_listener/my-alb-listener/0/protocol", "\"HTTP\""),
        ("hcl2/terraform.tf", "/resource/aws_security_group_rule/my-rule/0/cidr_blocks/0", "\"0.0.0.0/0\""),
        ("hcl2/terraform.tf", "/resource/azurerm_managed_disk/source/0/encryption_settings/0/enabled", "false"),
        ("hcl2/terraform.tf", "/resource/aws_s3_bucket/valid/0/tags/owner", "\"devops\""),
        ("hcl1/gke.tf", "/provider/google/0/project", "\"instrumenta\""),
        ("dotenv/sample.env", "/MYSQL_USER", "user2"),
        ("properties/sample.properties", "/other.value.url", "https://example.com/"),
        ("cyclonedx/cyclonedx.xml", "/bom/metadata/component/-type", "\"container\""),
        ("docker/Dockerfile", "/0/Value/0", "openjdk:8-jdk-alpine"),
        ("docker/Dockerfile", "/7/Value/2", "\"app:app/lib/*\""),
        ("cyclonedx/cyclonedx.xml", "/bom/metadata/component/name", "devopps/busybox:latest"),
    ] {
        let path = format!("conftest-examples/{path}");
        let (root, text) = read(&path);
        let found = find(&root, pointer).unwrap_or_else(|| panic!("{path} has no {pointer}"));
        assert_eq!(&text[found.range.start as usize..found.range.end as usize], expected, "{path} {pointer}");
    }
}

fn find<'n>(root: &'n Node, pointer: &str) -> Option<&'n Node> {
    pointer.split('/').skip(1).try_fold(root, |node, step| match &node.kind {
        NodeKind::List(elements) => elements.get(step.parse::<usize>().ok()?),
        _ => node.get(step),
    })
}
