//! Requests: who may do what, asked of the example `authorization` and of packages of its own.

use crate::package::Package;

const SOURCE: &str = r#"type User = { level: Int = 1 }

type Document = { owner: Ref<User> }

enum Action { read, write }

type Request = {
  principal: Ref<User>
  action: Action
  resource: Ref<Document>
  context: { authenticated: Bool = true }
}

entity ana: User { level: 7 }
entity report: Document { owner: User("ana") }
entity lost: Document { owner: User("nobody") }

policy owners {
  code "DOC-001" severity low
  on request: Request
  when resource.owner == principal
  permit
}

policy seniors {
  code "DOC-002" severity low
  on request: Request
  when action == read && resource.owner.level < principal.level
  permit
}

policy strangers {
  code "DOC-003" severity high
  on request: Request
  unless context.authenticated
  forbid "{principal.id} has to sign in"
}
"#;

#[test]
fn the_example_decides_its_requests() {
    let package = Package::example("authorization");
    let run = package.run(&["authorize", "--entities", "entities.json", "requests.json"]);
    let expected = "permit: drive.User ana · read · drive.Document roadmap\n    DRV-001 permits it\n\
                    permit: drive.User chi · read · drive.Document minutes\n    DRV-001 permits it\n\
                    forbid: drive.User bo · changeOwner · drive.Document roadmap\n    \
                    4 policies are about such requests, and none permits it\n";
    assert_eq!(run.exits(1).text(), expected);
    package.run(&["test"]).exits(0);
}

#[test]
fn a_request_on_the_command_line_is_explained() {
    let package = Package::of(SOURCE);
    let asked = ["authorize", "--principal", "User:ana", "--action", "write", "--resource", "Document:report"];
    assert!(package.run(&asked).exits(0).text().contains("DOC-001 permits it"));
    let text = package.run(&[&asked[..], &["--explain"]].concat()).exits(0).text();
    assert!(text.contains("when resource.owner == principal: true"), "{text}");
    let json = package.run(&[&asked[..], &["--explain", "--json"]].concat()).exits(0).json();
    assert_eq!(json["decisions"][0]["decision"], "permit");
    assert_eq!(json["decisions"][0]["explained"][0]["ways"][0]["met"], true);
}

#[test]
fn an_alias_names_the_entities_of_its_type() {
    let aliases = SOURCE
        .replace("type Document = {", "type Person = User\ntype Paper = Document\n\ntype Document = {")
        .replace("  principal: Ref<User>\n", "  principal: Ref<Person>\n")
        .replace("  resource: Ref<Document>\n", "  resource: Ref<Paper>\n")
        .replace("owner: User(\"ana\")", "owner: Person(\"ana\")");
    let aliases = format!("{aliases}\nentity second: Paper {{ owner: User(\"ana\") }}\n");
    let package = Package::of(&aliases);
    for who in ["User:ana", "Person:ana"] {
        for what in ["Document:report", "Paper:report", "Document:second", "Paper:second"] {
            let asked = ["authorize", "--principal", who, "--action", "write", "--resource", what];
            let text = package.run(&asked).exits(0).text();
            assert!(text.contains("DOC-001 permits it"), "{who} {what}: {text}");
            package.write("context.json", r#"{ "authenticated": false }"#);
            let run = package.run(&[&asked[..], &["--context", "context.json"]].concat());
            assert!(run.exits(1).text().contains("DOC-003"), "{who} {what}");
        }
    }
    // The same where the types of the request are the ones themselves, and the entities have other names.
    let package = Package::of(SOURCE.replace(
        "type Document = {",
        "type Person = User\n\nentity bo: Person {}\nentity his: Document { owner: User(\"bo\") }\n\ntype Document = {",
    ));
    let asked = ["authorize", "--principal", "User:bo", "--action", "write", "--resource", "Document:his"];
    assert!(package.run(&asked).exits(0).text().contains("DOC-001 permits it"));
}

#[test]
fn what_forbids_wins_and_says_why() {
    let package = Package::of(SOURCE);
    package.write("context.json", r#"{ "authenticated": false }"#);
    let asked = ["authorize", "--principal", "User:ana", "--action", "write", "--resource", "Document:report"];
    let text = package.run(&[&asked[..], &["--context", "context.json"]].concat()).exits(1).text();
    assert_eq!(
        text,
        "forbid: User ana · write · Document report\n    DOC-001 permits it\n    DOC-003 forbids it: ana has to sign in\n"
    );
}

#[test]
fn what_cannot_be_decided_permits_nothing_and_is_told() {
    let package = Package::of(SOURCE);
    let run = package.run(&["authorize", "--principal", "User:ana", "--action", "read", "--resource", "Document:lost"]);
    let run = run.exits(1).says("ORD0822");
    assert!(run.text().contains("none permits it"), "{run}");
}

#[test]
fn what_is_wrong_with_a_request_is_told_once() {
    let package = Package::of(SOURCE);
    let ask = |action: &str| {
        let request = ["authorize", "--principal", "User:ana", "--action", action, "--resource", "Document:report"];
        package.run(&[&request[..], &["--context", "context.json"]].concat()).exits(1)
    };
    package.write("context.json", "{}");
    let run = ask("raed");
    assert!(run.text().contains("there is no action `raed`, there are read, write"), "{run}");
    package.write("context.json", r#"{ "authenticated": 3 }"#);
    let run = ask("read");
    assert_eq!(run.stderr.matches("ORD0503").count(), 1, "{run}");
}

/// Many are decided by compiled policies, in the order in which they are asked.
#[test]
fn many_are_decided_as_each_is_alone() {
    let package = Package::of(SOURCE);
    let ask = |user: usize, action: &str, document: &str, authenticated: bool| {
        format!(
            r#"{{ "principal": {{ "type": "User", "id": "{}" }}, "action": "{action}",
                "resource": {{ "type": "Document", "id": "{document}" }}, "context": {{ "authenticated": {authenticated} }} }}"#,
            ["ana", "bo", "nobody"][user]
        )
    };
    let mut requests = Vec::new();
    for user in 0..3 {
        for document in ["report", "lost", "none"] {
            for authenticated in [true, false] {
                requests.extend(["read", "write"].map(|action| ask(user, action, document, authenticated)));
            }
        }
    }
    let mut alone = Vec::new();
    for request in &requests {
        package.write("one.json", request);
        let run = package.run(&["authorize", "--json", "one.json"]);
        alone.extend(run.json()["decisions"].as_array().unwrap().iter().cloned());
    }
    assert_eq!(alone.len(), 36);
    package.write("all.json", format!("[{}]", requests.join(",")));
    let together = package.run(&["authorize", "--json", "all.json"]).exits(1).json();
    assert_eq!(together["decisions"].as_array().unwrap(), &alone);
}

#[test]
fn documents_that_are_none_are_told_at_their_place() {
    let package = Package::of(SOURCE);
    let request = r#"{ "principal": { "type": "User", "id": "ana" }, "action": "read", "resource": { "type": "Document", "id": "report" } }"#;
    package.write("request.json", request);
    for (entities, expected) in [
        (r#"{}"#, "the entities are a list"),
        (r#"[{ "type": "Usr", "id": "x" }]"#, "no type named `Usr`"),
        (r#"[{ "type": "User" }]"#, "a `type` and an `id`"),
        (r#"[{ "type": "User", "id": "x", "attrs": { "level": "high" } }]"#, "expected `Int`"),
        (r#"[{ "type": "User", "id": "x", "parents": [{ "type": "User", "id": "ana" }] }]"#, "declares no `parents`"),
        (r#"[{ "type": "User", "id": "ana" }]"#, "is there twice"),
        (
            r#"[{ "type": "Document", "id": "x", "attrs": { "owner": { "type": "Document", "id": "report" } } }]"#,
            "another type",
        ),
        ("[", "ORD0504"),
    ] {
        package.write("entities.json", entities);
        package.run(&["authorize", "--entities", "entities.json", "request.json"]).exits(1).says(expected);
    }
    for (request, expected) in [
        (r#"{ "action": "read" }"#, "the request has no `principal`"),
        (r#"{ "principal": 5, "action": "read", "resource": 5 }"#, "a `type` and an `id`"),
        (r#"5"#, "the request has no"),
    ] {
        package.write("request.json", request);
        package.run(&["authorize", "request.json"]).exits(1).says(expected);
    }
    package.write("request.json", [0xff, 0xfe, 0x00]);
    package.run(&["authorize", "request.json"]).exits(1).says("not UTF-8");
    // Holes take no room on the disk.
    std::fs::File::create(package.file("huge.json")).unwrap().set_len(1 << 30).unwrap();
    package.run(&["authorize", "huge.json"]).exits(1).says("1073741824 bytes are more than the 268435456");
    package.run(&["authorize", "missing.json"]).exits(2);
    package.run(&["authorize"]).exits(2);
}
