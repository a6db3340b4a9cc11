//! Requests: policies that are compiled decide what the tree walker decides, whatever entities there are and whatever is
//! asked.

use ordain_compiler::{Arena, Asking, Authorizer};
use ordain_diagnostics::Severity;
use ordain_graph::Date;
use proptest::prelude::*;

use crate::world::{World, with_stack};

const DAY: Option<Date> = Some(Date { year: 2026, month: 11, day: 20 });

const GROUND: &str = r#"
type Group = { parents: [Ref<Group>] = [] }
type User = { level: Int = 0, friends: Set<Ref<User>> = [], boss: Ref<User>?, parents: [Ref<Group>] = [] }
type Person = User
type Anybody = Person
type Folder = { open: Bool = false, owner: Ref<User>?, parents: [Ref<Folder>] = [] }
type Note = { owner: Ref<Person>, words: Int = 0, tags: [String] = [], parents: [Ref<Folder>] = [] }
enum Action { read, write, drop }
type NoteRequest = { principal: Ref<Anybody>, action: Action, resource: Ref<Note>, context: { hour: Int = 0, from: String? } }
type FolderRequest = { principal: Ref<User>, action: Action, resource: Ref<Folder> }

const admins = Group("g0")
fn chief(user: Ref<User>) -> Bool = user in admins || user.level > 3
"#;

/// A condition over a request for a note.
fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("principal == resource.owner".to_owned()),
        Just("resource.owner in principal.friends".to_owned()),
        Just("principal.boss == resource.owner".to_owned()),
        Just("chief(principal)".to_owned()),
        Just("context.from == \"home\"".to_owned()),
        Just("any(tag == \"x\" for tag in resource.tags)".to_owned()),
        Just("resource.owner.boss?.level == 2".to_owned()),
        // Faults where there are no words.
        Just("100 / resource.words > 20".to_owned()),
        "read|write|drop".prop_map(|action| format!("action == {action}")),
        (0..3).prop_map(|group| format!("principal in Group(\"g{group}\")")),
        (0..3).prop_map(|folder| format!("resource in Folder(\"f{folder}\")")),
        (0..4).prop_map(|user| format!("principal == User(\"u{user}\")")),
        (0..4).prop_map(|user| format!("resource.owner == Anybody(\"u{user}\")")),
        (0..4).prop_map(|level| format!("principal.level >= {level}")),
        (0..24).prop_map(|hour| format!("context.hour < {hour}")),
        Just("resource in [Folder(\"f1\"), Folder(\"f9\")]".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn policy(at: usize) -> impl Strategy<Value = String> {
    let says = prop_oneof![
        Just("permit"),
        Just("permit"),
        Just("forbid"),
        Just("forbid \"{principal.id} may not\""),
        Just("permit\n  exempt resource.words == 3 until 2027-01-01"),
        Just("forbid\n  exempt principal.level == 1"),
    ];
    (condition(), condition(), any::<bool>(), says).prop_map(move |(when, unless, negated, says)| {
        let unless = if negated { format!("  unless {unless}\n") } else { String::new() };
        format!(
            "\npolicy p{at} {{\n  code \"P-{at}\" severity low\n  on request: NoteRequest\n  when {when}\n{unless}  {says}\n}}\n"
        )
    })
}

/// An entity: its type, its id, its attributes and what it belongs to, in JSON.
fn entity(ty: &str, at: usize, attrs: &str, parents: &[(&str, usize)]) -> String {
    let parents: Vec<String> =
        parents.iter().map(|(ty, at)| format!(r#"{{ "type": "{ty}", "id": "{}{at}" }}"#, letter(ty))).collect();
    let id = letter(ty);
    format!(r#"{{ "type": "{ty}", "id": "{id}{at}", "attrs": {{ {attrs} }}, "parents": [{}] }}"#, parents.join(", "))
}

fn letter(ty: &str) -> char {
    ty.chars().next().map_or('x', |letter| letter.to_ascii_lowercase())
}

fn entities() -> impl Strategy<Value = String> {
    let user = (0..5, prop::collection::btree_set(0..5usize, 0..3), prop::option::of(0..5usize), 0..4usize);
    let note = (0..5usize, 0..5, any::<bool>(), prop::option::of(0..3usize));
    let nested = prop::collection::vec(any::<bool>(), 3);
    (prop::collection::vec(user, 4), prop::collection::vec(note, 4), nested).prop_map(|(users, notes, nested)| {
        let mut all = Vec::new();
        // Groups and folders lie in those before them.
        for (at, nested) in nested.iter().enumerate() {
            let above: Vec<_> = if *nested && at > 0 { vec![at - 1] } else { Vec::new() };
            let within = |ty| above.iter().map(|at| (ty, *at)).collect::<Vec<_>>();
            all.push(entity("Group", at, "", &within("Group")));
            all.push(entity("Folder", at, &format!(r#""open": {nested}"#), &within("Folder")));
        }
        for (at, (level, friends, boss, group)) in users.iter().enumerate() {
            // Some of those that are named are not there.
            let friends: Vec<String> = friends.iter().map(|at| format!(r#""u{at}""#)).collect();
            let boss = boss.map_or("null".to_owned(), |at| format!(r#""u{at}""#));
            let attrs = format!(r#""level": {level}, "friends": [{}], "boss": {boss}"#, friends.join(", "));
            let parents: &[_] = if *group < 3 { &[("Group", *group)] } else { &[] };
            all.push(entity("User", at, &attrs, parents));
        }
        for (at, (owner, words, tagged, folder)) in notes.iter().enumerate() {
            let tags = if *tagged { r#""x""# } else { "" };
            let attrs = format!(r#""owner": "u{owner}", "words": {words}, "tags": [{tags}]"#);
            let parents: Vec<_> = folder.iter().map(|at| ("Folder", *at)).collect();
            all.push(entity("Note", at, &attrs, &parents));
        }
        format!("[{}]", all.join(",\n"))
    })
}

fn parsed(text: &str) -> ordain_data::Node {
    ordain_data::parse(ordain_data::Format::Json, text).expect("the test writes JSON")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn the_engine_decides_what_the_walker_decides(
        policies in (policy(0), policy(1), policy(2), policy(3)),
        entities in entities(),
        hour in 0..24,
    ) {
        with_stack(move || {
            let source = format!("{GROUND}{}{}{}{}", policies.0, policies.1, policies.2, policies.3);
            let world = World::of(&source);
            let errors: Vec<_> =
                world.findings().into_iter().filter(|finding| finding.severity == Severity::Error).collect();
            assert!(errors.is_empty(), "{source}\n{}", world.show(&errors));
            let mut authorizer = Authorizer::new(&world.db, world.package, DAY);
            authorizer.take_entities(&"entities.json".into(), &parsed(&entities)).expect("the entities are sound");
            let arena = Arena::default();
            let prepared = authorizer.prepared(&arena);
            for context in [format!(r#"{{ "hour": {hour}, "from": "home" }}"#), "{}".to_owned()] {
                // The last of each is not there.
                for (user, note, action) in
                    (0..5).flat_map(|u| (0..5).flat_map(move |n| ["read", "write", "drop", "burn"].map(|a| (u, n, a))))
                {
                    let request = parsed(&format!(
                        r#"{{ "principal": {{ "type": "User", "id": "u{user}" }}, "action": "{action}",
                            "resource": {{ "type": "Note", "id": "n{note}" }}, "context": {context} }}"#
                    ));
                    let path = "request.json".into();
                    let walked = authorizer.decide(&path, &request);
                    let decided = prepared.decide(&path, &request);
                    let shown = || format!("u{user} {action} n{note} {context}\n{entities}\n{source}");
                    assert_eq!(decided, walked, "{}", shown());
                    let context = parsed(&context);
                    let (who, what) = (format!("u{user}"), format!("n{note}"));
                    let asking = Asking {
                        principal: ("User", &who),
                        action,
                        resource: ("Note", &what),
                        context: Some(&context),
                    };
                    let asked = prepared.ask(&asking).expect("the types are known");
                    let walked = walked.expect("it is a request");
                    assert_eq!(
                        (asked.permitted_by, asked.forbidden_by, asked.considered, asked.faults.len()),
                        (walked.permitted_by, walked.forbidden_by, walked.considered, walked.faults.len()),
                        "{}", shown()
                    );
                }
            }
        });
    }
}
