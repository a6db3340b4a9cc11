//! The applications of the OOPSLA paper, as `examples/authorization` has them.

use ordain_benches::Application;
use ordain_compiler::{Arena, Authorizer};
use ordain_loader::{DiskTree, Workspace};
use serde_json::Value;

use crate::peer::{Asked, Cedar, parsed};

#[test]
fn applications_are_decided_as_cedar_decides_them() {
    let Some(corpus) = crate::corpus() else { return };
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/authorization");
    let workspace = Workspace::load(&DiskTree::new(example), "", "authorization");
    let count = crate::requests();
    for application in Application::all(30, count, 20_241_020) {
        let (folder, policies) = match application.name {
            "drive" => ("gdrive", "policies.cedar"),
            "repositories" => ("github", "policies.cedar"),
            _ => ("tinytodo", "tinytodo.cedar"),
        };
        let files = corpus.join("cedar-oopsla2024").join(folder).join("cedar");
        let schema = files.join(format!("{folder}.cedarschema.json"));
        let cedar = Cedar::new(&files.join(policies), &schema, application.entities_json(""));
        let prefix = format!("{}.", application.name);
        let mut ordain = Authorizer::new(&workspace.db, workspace.root, None);
        ordain.take_entities(&"entities.json".into(), &parsed(&application.entities_json(&prefix))).unwrap();
        let (arena, mut permitted) = (Arena::default(), 0);
        let prepared = ordain.prepared(&arena);
        for (at, request) in application.requests.iter().enumerate() {
            let asked = Asked {
                principal: (request.principal.0, &request.principal.1),
                action: request.action,
                resource: (request.resource.0, &request.resource.1),
                context: Value::Null,
            };
            let decision = crate::peer::decided(&ordain, &prepared, &asked, &prefix, at);
            let (expected, _) = cedar.decide(&asked);
            assert_eq!(decision.is_permitted(), expected, "{}: {request:?}\n{decision:#?}", application.name);
            permitted += usize::from(expected);
        }
        eprintln!("{}: {permitted} of {count} permitted", application.name);
        // Requests that are nearly all decided alike would tell little.
        assert!(permitted > count / 50 && permitted < count * 49 / 50, "{}: {permitted}", application.name);
    }
}
