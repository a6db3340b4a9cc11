//! Rego beside Ordain: one gate, one report.

use serde_json::Value;

use crate::package::Package;

const RULES: &str = r#"/// What is read of an object.
type Object = { kind: String, metadata: { name: String } }

policy named_well {
  code "K8S-1" severity low
  on input: { items: List<Object> }
  for object in input.items
  unless matches(object.metadata.name, "[a-z-]+")
  deny "{object.metadata.name} is no good name"
}

policy images from rego ["policies/images.rego", "policies/lib/registry.rego"] {
  code "K8S-2" severity high
  on input: { items: List<Object> }
  for object in input.items
  when object.kind == "Pod"
  with { registries: ["registry.example.com"] }
  because "images from elsewhere are not scanned"
  exempt object.metadata.name == "legacy" until 2026-12-31
}

policy owned from gatekeeper "policies/owned.yaml" {
  code "K8S-3" severity medium
  on input: { items: List<Json> }
  for object in input.items
  with yaml("policies/owners.yaml")
}

gate cluster {
  input objects: { items: List<Object> } = json("objects.json")
  check [images, owned]
}

gate names {
  input objects: { items: List<Object> } = json("objects.json")
  check [named_well, images, owned]
}
"#;

const IMAGES: &str = r#"package images

import data.lib.registry

deny contains msg if {
  some index, container in input.spec.containers
  not registry.known(container.image)
  msg := {"msg": sprintf("%s is from elsewhere", [container.image]), "path": ["spec", "containers", index, "image"]}
}

warn contains msg if {
  some container in input.spec.containers
  not contains(container.image, ":")
  msg := sprintf("%s has no version", [container.image])
}

deny_debug contains "debugging is on" if input.metadata.annotations.debug

exception contains ["debug"] if input.metadata.name == "probe"
"#;

const REGISTRY: &str = r#"package lib.registry

known(image) if {
  some registry in data.registries
  startswith(image, concat("/", [registry, ""]))
}
"#;

const OWNED: &str = r#"apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: k8sowned
spec:
  crd:
    spec:
      names:
        kind: K8sOwned
      validation:
        openAPIV3Schema:
          properties:
            labels: { type: array }
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package k8sowned

        violation[{"msg": msg, "details": {"pointer": "/metadata/labels"}}] {
          label := input.parameters.labels[_]
          not input.review.object.metadata.labels[label]
          msg := sprintf("%v has no label %v", [input.review.name, label])
        }
"#;

const OWNERS: &str = r#"apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sOwned
metadata:
  name: owned
spec:
  match:
    kinds: [{ apiGroups: [""], kinds: [Pod] }]
    excludedNamespaces: [kube-*]
  parameters:
    labels: [owner]
"#;

const OBJECTS: &str = r#"{
  "items": [
    {
      "apiVersion": "v1",
      "kind": "Pod",
      "metadata": { "name": "web", "labels": { "app": "web" } },
      "spec": {
        "containers": [
          { "image": "registry.example.com/web:1" },
          { "image": "docker.io/proxy" }
        ]
      }
    },
    {
      "apiVersion": "v1",
      "kind": "Pod",
      "metadata": { "name": "legacy", "labels": { "owner": "ana" } },
      "spec": { "containers": [{ "image": "docker.io/old:1" }] }
    },
    {
      "apiVersion": "v1",
      "kind": "Pod",
      "metadata": { "name": "probe", "labels": { "owner": "bo" }, "annotations": { "debug": true } },
      "spec": { "containers": [] }
    },
    { "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" } }
  ]
}
"#;

fn package() -> Package {
    let package = Package::of(RULES);
    package.write("policies/images.rego", IMAGES);
    package.write("policies/lib/registry.rego", REGISTRY);
    package.write("policies/owned.yaml", OWNED);
    package.write("policies/owners.yaml", OWNERS);
    package.write("objects.json", OBJECTS);
    package
}

const AS_OF: [&str; 2] = ["--as-of", "2026-06-30"];

#[test]
fn rego_stands_in_the_same_report() {
    let package = package();
    package.run(&["check"]).exits(0);
    let gate = |more: &[&str]| package.run(&[&["gate"], &AS_OF[..], more].concat());

    let run = gate(&["cluster", "--format", "short"]).exits(1);
    let mut said: Vec<String> = run.text().lines().map(str::to_owned).collect();
    said.sort();
    assert_eq!(
        said,
        [
            "objects.json:10:22: error[ORD0803] K8S-2: docker.io/proxy is from elsewhere (high)",
            "objects.json:3:5: warning[ORD0804] K8S-2: docker.io/proxy has no version (high)",
            "objects.json:6:46: error[ORD0803] K8S-3: web has no label owner (medium)",
        ],
        "{run}"
    );

    // People see the place, why, the policy and the rule.
    let run = gate(&["names"]).exits(1);
    let text = format!("{}{}", run.text(), run.stderr);
    for shown in [
        "by this rule",
        "policies/images.rego:5:1",
        "policies/owned.yaml:19:9",
        "images from elsewhere are not scanned",
    ] {
        assert!(text.contains(shown), "no `{shown}` in:\n{text}");
    }
    // One is exempt, and one is lifted by an exception of its own.
    assert!(text.contains("failed  names: 3 policies, 2 errors, 1 warning, 2 exempt"), "{text}");

    let json = gate(&["names", "--json"]).exits(1).json();
    assert_eq!(json["gates"][0]["policies"], serde_json::json!(["K8S-1", "K8S-2", "K8S-3"]));
    let sarif = gate(&["cluster", "--format", "sarif"]).exits(1).json();
    let places = sarif["runs"][0]["results"].as_array().unwrap().iter();
    let lines: Vec<&Value> =
        places.map(|result| &result["locations"][0]["physicalLocation"]["region"]["startLine"]).collect();
    assert!(lines.iter().any(|line| **line == 10), "{sarif}");
    let run = gate(&["cluster", "--format", "github"]).exits(1);
    assert!(run.text().contains("::error file=objects.json,line=10"), "{run}");
    gate(&["cluster", "--junit", "gates.xml"]).exits(1);
    assert!(package.read("gates.xml").contains("K8S-2: docker.io/proxy is from elsewhere"));

    // After its day the exemption lifts nothing, and nothing but the grave policies counts where that is asked for.
    let run = package.run(&["gate", "cluster", "--as-of", "2027-01-01", "--format", "short"]).exits(1);
    assert!(run.text().contains("K8S-2: docker.io/old:1 is from elsewhere"), "{run}");
    package.write(
        "objects.json",
        OBJECTS.replace("\"app\": \"web\"", "\"owner\": \"cy\"").replace("docker.io", "registry.example.com"),
    );
    let run = gate(&["cluster", "--format", "short"]).exits(0);
    assert!(run.text().contains("ORD0808"), "an exemption that lifts nothing is told: {run}");
}

/// The state of each gate, and the codes with the places of what it found.
fn outcome(package: &Package) -> Vec<(String, String, Vec<String>)> {
    let run = package.run(&[&["gate", "--json"], &AS_OF[..]].concat()).exits(1);
    let json = run.json();
    let gates = json["gates"].as_array().unwrap_or_else(|| panic!("{run}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = |finding: &Value| {
        let place = &finding["primary"];
        format!(
            "{} {}:{}:{} {}",
            text(&finding["code"]),
            text(&place["path"]),
            place["line"],
            place["column"],
            text(&finding["message"])
        )
    };
    gates
        .iter()
        .map(|gate| {
            let findings = gate["findings"].as_array().unwrap().iter().map(found).collect();
            (text(&gate["gate"]), text(&gate["state"]), findings)
        })
        .collect()
}

#[test]
fn rego_that_gives_no_answer_denies_and_stops_nobody_else() {
    let package = Package::of(
        r#"policy broken from rego "broken.rego" {
  code "B-1" severity low
  on input: Json
}

policy sound from rego "sound.rego" {
  code "S-1" severity high
  on input: Json
}

gate first {
  input document: Json = json("document.json")
  check [broken]
}

gate second {
  input document: Json = json("document.json")
  check [sound]
}
"#,
    );
    package.write("document.json", "{ \"a\": 1 }\n");
    package.write("sound.rego", "package sound\n\ndeny contains \"a is 1\" if input.a == 1\n");
    let rego = |body: &str| format!("package broken\n\ndeny contains msg if {{\n  {body}\n  msg := \"x\"\n}}\n");
    let loops = "some a in numbers.range(1, 3000)\n  some b in numbers.range(1, 3000)\n  a * b == -1";
    for (text, said) in [
        (rego("msg2 ="), "ORD0811 broken.rego:5:"),
        (rego(loops), "ORD0811 broken.rego:3:1 the policy took more than 5000400 steps"),
        (
            rego("http.send({\"url\": \"https://example.com\"})"),
            "ORD0811 broken.rego:4:12 there is no function `http.send` here",
        ),
        (rego("not time.now_ns()"), "ORD0811 broken.rego:4:"),
        (rego("opa.runtime().env.HOME"), "ORD0811 broken.rego:4:14 there is no function `opa.runtime` here"),
        (rego("rand.intn(\"a\", 3)"), "ORD0811 broken.rego:4:12 there is no function `rand.intn` here"),
        (rego("y == 1"), "ORD0811 broken.rego:4:3"),
        (rego("broken"), "ORD0811 broken.rego:"),
        (
            "package broken\n\nallow := true\n".into(),
            "ORD0811 main.ord:1:8 the rules of `broken` give no answer: no file has a rule",
        ),
        (String::new(), "ORD0811 broken.rego:1:1"),
        ("[".repeat(3000), "ORD0811 broken.rego:1:"),
        (
            format!("package broken\n# {}\n", "x".repeat(300_000)),
            "ORD0811 broken.rego:1:1 the file is larger than 256 KiB",
        ),
    ] {
        package.write("broken.rego", &text);
        let gates = outcome(&package);
        let [(_, first, told), (_, second, others)] = gates.as_slice() else { panic!("{gates:?}") };
        assert_eq!((first.as_str(), second.as_str()), ("failed", "failed"));
        assert!(told.iter().any(|told| told.starts_with(said)), "no `{said}` in {told:#?}");
        // It denies, too, and the other gate says what it would say without it.
        assert!(
            told.iter().any(|told| told.starts_with("ORD0803") && told.contains("B-1: it cannot be decided")),
            "{told:#?}"
        );
        assert_eq!(others, &["ORD0803 document.json:1:1 S-1: a is 1"]);
    }
    for (bytes, said) in [
        (b"\xff\xfep\0".to_vec(), "ORD0504 broken.rego:1:1 not UTF-8 from byte 0 on"),
        (vec![b' '; 3 << 20], "ORD0811 broken.rego:1:1 the file is larger than 256 KiB"),
    ] {
        package.write("broken.rego", bytes);
        let gates = outcome(&package);
        assert!(gates[0].2.iter().any(|told| told.starts_with(said)), "no `{said}` in {gates:#?}");
        assert_eq!(gates[1].2.len(), 1);
    }
    package.remove("broken.rego");
    let gates = outcome(&package);
    assert!(gates[0].2.iter().any(|told| told.starts_with("ORD0507 main.ord:1:25 there is no file")), "{gates:#?}");
    assert_eq!(gates[1].2.len(), 1);
    // What is broken is told before anything is judged, too.
    assert_eq!(package.codes(), ["ORD0507"]);
}

#[test]
fn rules_judge_the_element_whatever_the_loop_goes_over() {
    const OBJECTS: &str = r#"{
  "items": [
    { "kind": "Pod", "name": "b", "ports": [2, 1] },
    { "kind": "Service", "name": "c", "ports": [] },
    { "kind": "Pod", "name": "a", "ports": [3] }
  ],
  "by": { "x": { "kind": "X" } },
  "names": ["n", "m"]
}
"#;
    let package = Package::of("");
    package.write("pods.rego", "package pods\n\ndeny contains {\"msg\": json.marshal(input), \"path\": [\"kind\"]}\n");
    let pod = |name: &str, ports: &str| format!(r#"{{"kind":"Pod","name":"{name}","ports":[{ports}]}}"#);
    let service = r#"{"kind":"Service","name":"c","ports":[]}"#.to_owned();
    let (a, b) = (pod("a", "3"), pod("b", "2,1"));
    for (loops, said) in [
        // Where the place is known, so is the way below it.
        ("for o in input.items\n  when o.kind == \"Pod\"", vec![(3, b.clone()), (5, a.clone())]),
        ("for name, o in input.by", vec![(7, r#"{"kind":"X"}"#.into())]),
        ("for port in input.items[0].ports", vec![(1, "1".into()), (1, "2".into())]),
        ("for o in [o for o in input.items if o.kind == \"Pod\"]", vec![(1, a.clone()), (1, b.clone())]),
        ("for o in input.items + input.items", vec![(1, a.clone()), (1, b.clone()), (1, service)]),
        ("for name in sort(input.names)", vec![(1, "\"m\"".into()), (1, "\"n\"".into())]),
        // A set has a place, its elements have none.
        ("for name in input.set", vec![(8, "\"m\"".into()), (8, "\"n\"".into())]),
        ("for name in keys(input.by)", vec![(1, "\"x\"".into())]),
        ("for n in 1..=2", vec![(1, "1".into()), (1, "2".into())]),
        ("for n in input.more", vec![(1, "7".into())]),
        // A name of an inner clause hides one of the same name.
        (
            "for o in input.items\n  let o = { ports: [8] }\n  for port in o.ports",
            vec![(3, "8".into()), (4, "8".into()), (5, "8".into())],
        ),
        ("for o in [input.items[0]]\n  for port in o.ports", vec![(1, "1".into()), (1, "2".into())]),
        // The loop around it has a place.
        ("for o in input.items\n  for port in sort(o.ports)", vec![(3, "1".into()), (3, "2".into()), (5, "3".into())]),
    ] {
        let of_set = if loops.contains("input.set") { "set" } else { "names" };
        let source = format!(
            r#"type Object = {{ kind: String, name: String, ports: List<Int> }}
type Objects = {{ items: List<Object>, by: Map<String, Json>, {of_set}: {}<String>, more: List<Int> = [7] }}

policy k from rego "pods.rego" {{
  code "K-1" severity low
  on input: Objects
  {loops}
}}

gate all {{
  input objects: Objects = json("objects.json")
  check [k]
}}
"#,
            if of_set == "set" { "Set" } else { "List" }
        );
        package.write("main.ord", &source);
        package.write("objects.json", OBJECTS.replace("\"names\"", &format!("\"{of_set}\"")));
        let mut expected: Vec<String> = said.iter().map(|(line, text)| format!("{line} K-1: {text}")).collect();
        expected.sort();
        let mut found: Vec<String> = outcome(&package)[0]
            .2
            .iter()
            .map(|found| {
                let (place, said) = found.split_once(" K-1: ").unwrap_or_else(|| panic!("{loops}: {found}"));
                format!("{} K-1: {said}", place.split(':').nth(1).unwrap())
            })
            .collect();
        found.sort();
        assert_eq!(found, expected, "{loops}");
    }
}

#[test]
fn an_exemption_that_cannot_be_decided_points_to_the_element() {
    let package = Package::of(
        r#"policy k from rego "pods.rego" {
  code "K-1" severity low
  on input: { items: List<{ name: String, size: Int }> }
  for item in input.items
  exempt 10 / item.size > 3
}

gate all {
  input objects: { items: List<{ name: String, size: Int }> } = json("objects.json")
  check [k]
}
"#,
    );
    package.write("pods.rego", "package pods\n\ndeny contains input.name\n");
    package.write(
        "objects.json",
        "{ \"items\": [\n  { \"name\": \"a\", \"size\": 1 },\n  { \"name\": \"b\", \"size\": 0 }\n] }\n",
    );
    let found = &outcome(&package)[0].2;
    for said in ["ORD0803 objects.json:3:3 K-1: it cannot be decided", "ORD0803 objects.json:3:3 K-1: b"] {
        assert!(found.iter().any(|found| found.starts_with(said)), "no `{said}` in {found:#?}");
    }
}

#[test]
fn many_parts_share_one_limit() {
    let package = Package::of(
        r#"policy slow from rego "slow.rego" {
  code "S-1" severity low
  on input: Json
  for part in input
}

gate all {
  input document: Json = json("document.json")
  check [slow]
}
"#,
    );
    // Each part alone would be fine.
    let rules = "package slow\n\ndeny contains \"x\" if {\n  some a in numbers.range(1, 100)\n  some b in numbers.range(1, 500)\n  \
                 a * b == -1\n}\n";
    package.write("slow.rego", rules);
    package.write("document.json", format!("[{}]", vec!["1"; 400].join(",")));
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    assert!(run.text().contains("error[ORD0811] the policy took more than 5080200 steps"), "{run}");
    package.write("document.json", "[1, 2]");
    package.run(&["gate"]).exits(0);
}

#[test]
fn templates_that_cannot_judge_say_where() {
    let package = package();
    let told = |path: &str, text: String, said: &str| {
        let before = package.read(path);
        package.write(path, text);
        let gates = outcome(&package);
        assert!(gates[0].2.iter().any(|told| told.starts_with(said)), "no `{said}` in {gates:#?}");
        package.write(path, before);
    };
    let owned = "policies/owned.yaml";
    told(owned, OWNED.replace("msg :=", "msg := :="), "ORD0811 policies/owned.yaml:22:18 expecting expression");
    told(
        owned,
        OWNED.replace("not input", "not http.send(input)"),
        "ORD0811 policies/owned.yaml:21:11 there is no function `http.send` here",
    );
    told(owned, OWNED.replace("admission.k8s", "audit.k8s"), "ORD0811 policies/owned.yaml:15:");
    told(owned, "kind: Pod\n".into(), "ORD0811 policies/owned.yaml:1:1");
    let owners = "policies/owners.yaml";
    told(
        owners,
        OWNERS.replace("kind: K8sOwned", "kind: K8sOwner"),
        "ORD0811 policies/owners.yaml:2:7 `/kind` is not `K8sOwned`",
    );
    told(
        owners,
        OWNERS.replace("kinds: [{", "kinds: { a: [{").replace("}]\n    ex", "}] }\n    ex"),
        "ORD0811 policies/owners.yaml:7:12 `/spec/match/kinds` is not a list",
    );
    let objects = "objects.json";
    told(objects, OBJECTS.replace("Service", ""), "ORD0811 objects.json:26:5 `/kind` is missing");
    let selector =
        OWNERS.replace("    excludedNamespaces: [kube-*]\n", "    namespaceSelector: { matchLabels: { a: b } }\n");
    package.write(
        objects,
        OBJECTS.replace("\"name\": \"web\", \"labels\"", "\"name\": \"web\", \"namespace\": \"shop\", \"labels\""),
    );
    told(
        owners,
        selector,
        "ORD0811 objects.json:3:5 `/spec/match/namespaceSelector` cannot be decided: the inventory has no namespace `shop`",
    );
}

#[test]
fn plans_and_tests_use_rego() {
    let package = Package::of(
        r#"use std.command.{builtin.command, command.run}

type Target = { tier: String }

environment prod: Target {
  tier: "production"
  bind command.run to builtin.command
}

policy known_programs from rego "programs.rego" {
  code "P-1" severity high
  on step in env: Target
  when step.capability == "command.run"
  with { known: ["printf"] }
}

plan say(program: String = "printf", env: Target = prod) {
  command.run { argv: [program, "hello"] }
}

plan pass(env: Target = prod) {
  let said = command.run { argv: ["printf", "a"] }
  command.run { argv: ["printf", said.stdout] }
}

test "programs" {
  expect plan say() allows "P-1"
  expect plan say(program: "rm") denies "P-1"
  expect deny "P-1" from known_programs on {
    capability: "command.run", input: { argv: ["rm"] }, env: { tier: "production" },
  }
}
"#,
    );
    package.write(
        "programs.rego",
        "package programs\n\ndeny contains msg if {\n  data.env.tier == \"production\"\n  program := input.input.argv[0]\n  not program in data.known\n  \
         msg := sprintf(\"%s may not run\", [program])\n}\n",
    );
    package.run(&["test"]).exits(0);
    package.run(&["plan", "say", "--arg", "program=rm"]).says("P-1 denies `command.run`: rm may not run");
    let run = package.run(&["policy", "explain", "P-1", "say"]).exits(0);
    assert!(run.text().contains("applies, and demands nothing"), "{run}");
    // What comes from another step is not known yet, so Rego cannot look at it.
    package.run(&["plan", "pass"]).exits(1).says(
        "the rules of `known_programs` look at all of the step, and a part of that is not known before execution",
    );
}

#[test]
fn findings_lead_into_the_file_they_are_about() {
    let package = Package::of(
        r#"policy owned from gatekeeper "policies/owned.yaml" {
  code "K8S-3" severity medium
  on input: List<Json>
  for object in input
  with yaml("policies/owners.yaml")
}

policy images from rego ["policies/images.rego", "policies/lib/registry.rego"] {
  code "K8S-2" severity high
  on input: List<Json>
  for at, object in input
  when at > 0
  with { registries: ["registry.example.com"] }
}

gate cluster {
  input objects: List<Json> = yaml_documents("a.yaml") + yaml_documents("b.yaml")
  check [owned, images]
}
"#,
    );
    package.write("policies/images.rego", IMAGES);
    package.write("policies/lib/registry.rego", REGISTRY);
    package.write("policies/owned.yaml", OWNED);
    package.write(
        "policies/owners.yaml",
        OWNERS
            .replace("    excludedNamespaces: [kube-*]\n", "    namespaceSelector: { matchLabels: { stage: live } }\n"),
    );
    package.write("a.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { stage: live } }\n");
    let pod = |name: &str, namespace: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels:\n    app: {name}\n\
             spec:\n  containers:\n    - image: docker.io/{name}:1\n"
        )
    };
    package.write("b.yaml", pod("web", "shop") + &pod("db", "shop"));
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    for said in [
        "b.yaml:8:5: error[ORD0803] K8S-3: web has no label owner",
        "b.yaml:19:5: error[ORD0803] K8S-3: db has no label owner",
        "b.yaml:11:14: error[ORD0803] K8S-2: docker.io/web:1 is from elsewhere",
        "b.yaml:22:14: error[ORD0803] K8S-2: docker.io/db:1 is from elsewhere",
    ] {
        assert!(run.text().contains(said), "no `{said}` in {run}");
    }
    let run = package.run(&["policy", "explain", "K8S-2"]).exits(0);
    assert!(run.text().contains("denies: docker.io/web:1 is from elsewhere"), "{run}");
    // A namespace that no file has cannot be looked up.
    package.write("b.yaml", pod("web", "elsewhere"));
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    assert!(run.text().contains("b.yaml:2:1: error[ORD0811]"), "{run}");
    package.write("b.yaml", "kind: [\n");
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    assert!(run.text().contains("b.yaml:2:1: error[ORD0504]"), "{run}");
}
