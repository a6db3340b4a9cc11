//! Decisions about requests beside those of Cedar, in one run: `cargo bench -p ordain-benches --bench requests`.
//!
//! Cedar's policies are read from the folder that `ORDAIN_CORPUS` names; without it, only the growth with the number of
//! policies is measured, whose policies are written here.

#[path = "tests/cedar/peer.rs"]
#[expect(dead_code, reason = "shared with the test that both decide alike, which needs more of it")]
mod peer;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ordain_benches::Application;
use ordain_compiler::{Arena, Asking, Authorizer, Content};
use ordain_loader::{DiskTree, Workspace};
use peer::{Asked, Cedar, parsed};
use serde_json::Value;

/// How many requests are decided for each figure.
const REQUESTS: usize = 20_000;

fn main() {
    println!("a decision: median and 99th percentile\n");
    match std::env::var_os("ORDAIN_CORPUS").map(PathBuf::from) {
        Some(corpus) => applications(&corpus.join("cedar-oopsla2024")),
        None => println!("ORDAIN_CORPUS names no folder: the applications are left out\n"),
    }
    growth();
}

/// How many requests are decided by one side before it is the other's turn, and how many of them only warm its caches, which
/// the other's turn has emptied.
const TURN: usize = 2_500;
const WARMING: usize = 500;

/// The median and the 99th percentile of the times of single calls, for both sides, which take turns: what else the machine
/// does then slows both.
fn times<A, B>(ours: (&[A], impl Fn(&A) -> bool), theirs: (&[B], impl Fn(&B) -> bool)) -> [(Duration, Duration); 2] {
    fn turn<T>(asked: &[T], decide: &impl Fn(&T) -> bool, times: &mut Vec<Duration>) {
        for each in asked.iter().take(WARMING) {
            std::hint::black_box(decide(each));
        }
        for each in asked {
            let start = Instant::now();
            std::hint::black_box(decide(each));
            times.push(start.elapsed());
        }
    }
    let mut taken = [Vec::new(), Vec::new()];
    for (our_turn, their_turn) in ours.0.chunks(TURN).zip(theirs.0.chunks(TURN)) {
        turn(our_turn, &ours.1, &mut taken[0]);
        turn(their_turn, &theirs.1, &mut taken[1]);
    }
    taken.map(|mut times| {
        times.sort_unstable();
        (times[times.len() / 2], times[times.len() * 99 / 100])
    })
}

fn row(what: &str, ours: (Duration, Duration), cedar: (Duration, Duration)) {
    let ratio = cedar.0.as_secs_f64() / ours.0.as_secs_f64();
    let shown = |(median, most): (Duration, Duration)| format!("{median:>9.2?} {most:>9.2?}");
    println!("{what:<42} ordain {}   cedar {}   {ratio:>6.1}×", shown(ours), shown(cedar));
}

fn applications(corpus: &Path) {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/authorization");
    let workspace = Workspace::load(&DiskTree::new(example), "", "authorization");
    for size in [30, 300, 3_000] {
        for application in Application::all(size, REQUESTS, 7) {
            let (folder, policies) = match application.name {
                "drive" => ("gdrive", "policies.cedar"),
                "repositories" => ("github", "policies.cedar"),
                _ => ("tinytodo", "tinytodo.cedar"),
            };
            let files = corpus.join(folder).join("cedar");
            let schema = files.join(format!("{folder}.cedarschema.json"));
            let cedar = Cedar::new(&files.join(policies), &schema, application.entities_json(""));
            let prefix = format!("{}.", application.name);
            let mut ordain = Authorizer::new(&workspace.db, workspace.root, None);
            let entities = parsed(&application.entities_json(&prefix));
            ordain.take_entities(&"entities.json".into(), &entities).expect("the entities are sound");
            let what = format!("{}, {} entities", application.name, application.entities.len());
            compare(&what, &ordain, &cedar, &application, &prefix);
        }
    }
    println!();
}

fn compare(what: &str, ordain: &Authorizer<'_>, cedar: &Cedar, application: &Application, prefix: &str) {
    let arena = Arena::default();
    let prepared = ordain.prepared(&arena);
    let types: Vec<(String, String)> = application
        .requests
        .iter()
        .map(|request| (format!("{prefix}{}", request.principal.0), format!("{prefix}{}", request.resource.0)))
        .collect();
    let asking: Vec<Asking<'_>> = application
        .requests
        .iter()
        .zip(&types)
        .map(|(request, (principal, resource))| Asking {
            principal: (principal, &request.principal.1),
            action: request.action,
            resource: (resource, &request.resource.1),
            context: None,
        })
        .collect();
    let requests: Vec<_> = application
        .requests
        .iter()
        .map(|request| {
            let asked = Asked {
                principal: (request.principal.0, &request.principal.1),
                action: request.action,
                resource: (request.resource.0, &request.resource.1),
                context: Value::Null,
            };
            cedar.request(&asked)
        })
        .collect();
    let [ours, theirs] = times(
        (&asking, |asking: &Asking<'_>| prepared.ask(asking).expect("the types are known").is_permitted()),
        (&requests, |request| cedar.answer(request).0),
    );
    row(what, ours, theirs);
}

/// Many policies of which few apply: each lets one person read what lies in one folder.
fn growth() {
    for policies in [100, 1_000, 10_000] {
        let (mut ordain, mut cedar) = (String::from(GROUND), String::new());
        for at in 0..policies {
            ordain.push_str(&format!(
                "policy p{at} {{\n  code \"P-{at}\" severity low\n  on request: Request\n  \
                 when principal == User(\"user{at}\") && action == read && resource in Folder(\"folder{}\")\n  permit\n}}\n",
                at % 50
            ));
            cedar.push_str(&format!(
                "permit (principal == User::\"user{at}\", action == Action::\"read\", resource in Folder::\"folder{}\");\n",
                at % 50
            ));
        }
        let workspace = Workspace::single("main.ord", Content::Text(ordain.into()));
        let application = shared(policies);
        let mut authorizer = Authorizer::new(&workspace.db, workspace.root, None);
        let entities = application.entities_json("");
        authorizer.take_entities(&"entities.json".into(), &parsed(&entities)).expect("the entities are sound");
        let cedar = Cedar::of(&cedar, entities, None);
        compare(&format!("{policies} policies, few apply"), &authorizer, &cedar, &application, "");
    }
}

/// The types of what many policies are about.
const GROUND: &str = "type User = {}\ntype Folder = {}\ntype Document = { parents: [Ref<Folder>] = [] }\n\
                      enum Action { read }\n\
                      type Request = { principal: Ref<User>, action: Action, resource: Ref<Document> }\n";

/// As many people as there are policies, and a thousand documents in fifty folders.
fn shared(people: usize) -> Application {
    use ordain_benches::{Entity, Random, Request};
    let name = |ty: &'static str, at: usize| (ty, format!("{}{at}", ty.to_lowercase()));
    let plain = |name| Entity { name, attributes: serde_json::json!({}), parents: Vec::new() };
    let mut entities: Vec<Entity> = (0..people).map(|at| plain(name("User", at))).collect();
    entities.extend((0..50).map(|at| plain(name("Folder", at))));
    entities
        .extend((0..1_000).map(|at| Entity { parents: vec![name("Folder", at % 50)], ..plain(name("Document", at)) }));
    let random = &mut Random::new(3);
    let requests = (0..REQUESTS / 10)
        .map(|_| Request {
            principal: name("User", random.below(people)),
            action: "read",
            resource: name("Document", random.below(1_000)),
        })
        .collect();
    Application { name: "growth", entities, requests }
}
