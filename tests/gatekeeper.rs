//! The Gatekeeper library beside `std.cluster`: the typed policies say of every case of its suites what the suite says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::package::Package;
use crate::skipping::skipped;

/// Every template of the library, and the policies that stand for it.
const TEMPLATES: [(&str, &[&str]); 37] = [
    ("allow-privilege-escalation", &["no_privilege_escalation"]),
    ("allowedrepos", &["allowed_repositories"]),
    ("allowedreposv2", &["allowed_images"]),
    ("apparmor", &["apparmor_profile_is_allowed"]),
    ("automount-serviceaccount-token", &["no_mounted_token"]),
    ("block-endpoint-edit-default-role", &["editors_change_no_endpoints"]),
    ("block-loadbalancer-services", &["no_load_balancers"]),
    ("block-nodeport-services", &["no_node_ports"]),
    ("block-wildcard-ingress", &["no_wildcard_hosts"]),
    ("capabilities", &["no_extra_capabilities", "capabilities_are_dropped"]),
    ("containerlimits", &["limits_are_bounded"]),
    ("containerresourceratios", &["limits_fit_requests"]),
    ("containerresources", &["resources_are_declared"]),
    ("disallowanonymous", &["no_anonymous_access"]),
    ("disallowedrepos", &["no_forbidden_repositories"]),
    ("ephemeralstoragelimit", &["ephemeral_storage_is_bounded"]),
    ("flexvolume-drivers", &["flex_drivers_are_allowed"]),
    ("forbidden-sysctls", &["sysctls_are_allowed"]),
    ("fsgroup", &["fs_group_is_allowed"]),
    ("host-filesystem", &["host_paths_are_allowed"]),
    ("host-network-ports", &["no_host_network", "host_ports_are_allowed"]),
    ("host-probes-lifecycle", &["probes_ask_the_pod"]),
    ("noupdateserviceaccount", &["accounts_stay"]),
    ("poddisruptionbudget", &["budgets_allow_evictions", "budgets_fit_replicas"]),
    ("privileged-containers", &["no_privileged_containers"]),
    ("proc-mount", &["proc_mount_is_allowed"]),
    ("read-only-root-filesystem", &["read_only_root"]),
    ("replicalimits", &["replicas_are_allowed"]),
    ("requiredlabels", &["labels_are_set"]),
    ("requiredprobes", &["probes_are_set"]),
    ("seccompv2", &["seccomp_profile_is_allowed"]),
    ("selinux", &["selinux_options_are_allowed"]),
    ("storageclass", &["storage_classes_are_allowed"]),
    ("uniqueingresshost", &["hosts_are_unique"]),
    ("users", &["user_is_allowed", "groups_are_allowed", "fs_group_is_allowed"]),
    ("verifydeprecatedapi", &["no_deprecated_versions"]),
    ("volumes", &["volumes_are_allowed"]),
];

/// The folder of the templates, where there is one.
fn library() -> Option<PathBuf> {
    let corpus = std::env::var_os("ORDAIN_CORPUS").filter(|folder| !folder.is_empty());
    if corpus.is_none() {
        skipped("ORDAIN_CORPUS is not set; it names a folder with `kubernetes-gatekeeper`");
    }
    Some(Path::new(&corpus?).join("kubernetes-gatekeeper"))
}

/// What YAML files hold, by their names: `ordain` itself reads them.
fn read(files: &BTreeMap<String, PathBuf>) -> BTreeMap<String, Value> {
    let package = Package::empty();
    let mut source = String::from("const all: Map<String, Json> = {\n");
    for (name, path) in files {
        package.write(&format!("{name}.yaml"), fs::read(path).unwrap_or_else(|error| panic!("{path:?}: {error}")));
        source += &format!("  \"{name}\": yaml(\"{name}.yaml\")\n");
    }
    package.write("main.ord", source + "}\n");
    let read = package.run(&["eval", "--json", "all"]).exits(0).json();
    let entries = read["value"]["$map"].as_array().unwrap().clone();
    entries.into_iter().map(|entry| (entry[0].as_str().unwrap().to_owned(), entry[1].clone())).collect()
}

/// A case of a suite.
struct Case {
    gate: String,
    shown: String,
    assertions: Vec<Value>,
}

#[test]
fn the_typed_policies_say_what_the_suites_say() {
    let Some(library) = library() else { return };
    let listed = fs::read_dir(&library).unwrap_or_else(|error| panic!("{}: {error}", library.display()));
    let there: BTreeSet<String> =
        listed.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    let known: BTreeSet<String> = TEMPLATES.iter().map(|(template, _)| (*template).to_owned()).collect();
    assert_eq!(there, known, "every template is rewritten");
    let suites =
        read(&TEMPLATES.iter().map(|(name, _)| ((*name).to_owned(), library.join(name).join("suite.yaml"))).collect());

    let package = Package::empty();
    package.write("settings.ord", include_str!("gatekeeper/settings.ord"));
    let mut source = String::from("use settings.review\nuse std.cluster\nuse std.cluster.Review\n\n");
    let mut cases: Vec<Case> = Vec::new();
    for (template, policies) in TEMPLATES {
        let folder = library.join(template);
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{template}: {value}")).to_owned();
        let documents = |path: &str| {
            package.write(&format!("{template}/{path}"), fs::read(folder.join(path)).unwrap());
            format!("yaml_documents(\"{template}/{path}\")")
        };
        let checks: Vec<String> = policies.iter().map(|policy| format!("cluster.{policy}")).collect();
        for test in suites[template]["tests"].as_array().unwrap() {
            for case in test["cases"].as_array().unwrap() {
                let gate = format!("case_{}", cases.len());
                let cluster: Vec<String> =
                    case["inventory"].as_array().into_iter().flatten().map(|path| documents(&text(path))).collect();
                source += &format!(
                    "gate {gate} {{\n  input reviewed: Review = review(\"{template}\", {}, {}, {})\n  check [{}]\n}}\n\n",
                    documents(&text(&test["constraint"])),
                    documents(&text(&case["object"])),
                    if cluster.is_empty() { "[]".to_owned() } else { cluster.join(" + ") },
                    checks.join(", "),
                );
                let shown = format!("{template}: {}, {}", test["name"], case["name"]);
                cases.push(Case { gate, shown, assertions: case["assertions"].as_array().unwrap().clone() });
            }
        }
    }
    package.write("main.ord", source);
    package.run(&["check", "--deny-warnings"]).exits(0);
    let gates = package.run(&["gate", "--format", "json"]).exits(1).json();
    let gates: BTreeMap<&str, &Value> =
        gates["gates"].as_array().unwrap().iter().map(|gate| (gate["gate"].as_str().unwrap(), gate)).collect();
    let mut checked = 0;
    for case in &cases {
        let findings = gates[case.gate.as_str()]["findings"].as_array().unwrap();
        let messages: Vec<&str> = findings
            .iter()
            .map(|finding| {
                assert_eq!(finding["code"], "ORD0803", "{}: {finding}", case.shown);
                let message = finding["message"].as_str().unwrap();
                assert!(!message.contains("cannot be decided"), "{}: {message}", case.shown);
                message
            })
            .collect();
        for assertion in &case.assertions {
            // A single word names what is at fault; sentences are worded otherwise here.
            let word = assertion["message"].as_str().filter(|message| !message.contains(' '));
            let count = messages.iter().filter(|message| word.is_none_or(|word| message.contains(word))).count();
            let agrees = match &assertion["violations"] {
                Value::String(none) if none == "no" => count == 0,
                Value::Bool(any) => (count > 0) == *any,
                Value::Number(number) => number.as_u64() == Some(count as u64),
                // `yes`, and the same where nothing is said.
                _ => count > 0,
            };
            assert!(agrees, "{}: the suite says {assertion}, the policies {messages:?}", case.shown);
            checked += 1;
        }
    }
    println!("{} templates, {} cases, {checked} assertions", TEMPLATES.len(), cases.len());
}

/// The lines of a text that say something.
fn lines<'a>(text: &'a str, comment: &str) -> Vec<&'a str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(comment)).collect()
}

/// The declarations of a source by name: their lines without comments.
fn declarations<'a>(source: &'a str, word: &str) -> BTreeMap<&'a str, Vec<&'a str>> {
    let start = format!("\n{word} ");
    source
        .match_indices(&start)
        .map(|(at, _)| at + 1)
        .map(|start| {
            let rest = &source[start..];
            // A declaration ends where an empty line or the documentation of the next one stands.
            let end = rest.find("\n\n").unwrap_or(rest.len());
            let text = &rest[..end];
            let name = text[word.len() + 1..].split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            (name, lines(text, "//"))
        })
        .collect()
}

/// The names of the functions that some lines call, and those that these call.
fn called<'a>(text: &[&str], functions: &BTreeMap<&'a str, Vec<&'a str>>, found: &mut BTreeSet<&'a str>) {
    let text = text.join("\n");
    for (&name, body) in functions {
        let calls = text.match_indices(&format!("{name}(")).any(|(at, _)| {
            !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '.')
                && !text[..at].ends_with("fn ")
        });
        if calls && found.insert(name) {
            called(body, functions, found);
        }
    }
}

/// A row of the table: how long a template is, alone and with its libraries, and how long its policies are, alone and
/// with the functions they call.
struct Row {
    rego: [usize; 2],
    ordain: [usize; 2],
}

#[test]
fn the_table_of_lengths_is_true() {
    let standard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stdlib/std");
    let source = fs::read_to_string(standard.join("cluster.ord")).unwrap();
    let (policies, functions) = (declarations(&source, "policy"), declarations(&source, "fn"));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/gatekeeper.md");
    let page = fs::read_to_string(page).unwrap();
    let templates = library().map(|library| {
        let path = |name: &str| library.join(name).join("template.yaml");
        read(&TEMPLATES.iter().map(|(name, _)| ((*name).to_owned(), path(name))).collect())
    });
    let mut expected = String::new();
    let mut sums = [0; 4];
    for (template, names) in TEMPLATES {
        let mut used = BTreeSet::new();
        let own: usize = names
            .iter()
            .map(|name| {
                let body = policies.get(name).unwrap_or_else(|| panic!("there is no policy `{name}`"));
                called(body, &functions, &mut used);
                body.len()
            })
            .sum();
        let shared: usize = used.iter().map(|name| functions[name].len()).sum();
        let rego = match &templates {
            Some(templates) => rego(&templates[template]),
            // Without the library, what the page says of it is taken for true.
            None => written(&page, template),
        };
        let row = Row { rego, ordain: [own, own + shared] };
        let numbers = [row.rego[0], row.rego[1], row.ordain[0], row.ordain[1]];
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        expected += &format!(
            "| {template} | {} | {} | {} | {} | {} |\n",
            names.join(", "),
            numbers[0],
            numbers[1],
            numbers[2],
            numbers[3]
        );
    }
    expected += &format!("| all | | {} | {} | {} | {} |\n", sums[0], sums[1], sums[2], sums[3]);
    let table: String =
        page.lines().filter(|line| line.starts_with("| ")).skip(2).map(|line| format!("{line}\n")).collect();
    assert_eq!(table, expected, "the table of docs/gatekeeper.md is not true; it should be\n{expected}");
}

/// The lines of a template in Rego, without and with its libraries.
fn rego(template: &Value) -> [usize; 2] {
    let target = &template["spec"]["targets"][0];
    let code = target["code"].as_array().into_iter().flatten().find(|code| code["engine"] == "Rego");
    let source = code.map_or(target, |code| &code["source"]);
    let count = |text: &Value| lines(text.as_str().unwrap(), "#").len();
    let libraries: usize = source["libs"].as_array().into_iter().flatten().map(count).sum();
    let own = count(&source["rego"]);
    [own, own + libraries]
}

/// What the page says of the length of a template in Rego.
fn written(page: &str, template: &str) -> [usize; 2] {
    let row = page.lines().find(|line| line.starts_with(&format!("| {template} |")));
    let row = row.unwrap_or_else(|| panic!("no row for {template}"));
    let cell = |at: usize| row.split('|').nth(at).unwrap().trim().parse().unwrap();
    [cell(3), cell(4)]
}
