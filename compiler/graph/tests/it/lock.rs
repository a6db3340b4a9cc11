//! Lock files: written canonically, read back, refused where they are anything else, and compared.

use std::collections::BTreeMap;

use ordain_graph::{
    Adapter, LOCK_FORMAT, LOCK_SCHEMA, Lock, LockDifference, LockError, LockedBinding, LockedPackage, PlanGraph,
    Transport,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use crate::samples::{made, shop};

fn digest() -> impl Strategy<Value = SmolStr> {
    "[0-9a-f]{64}".prop_map(|digits| format!("sha256:{digits}").into())
}

fn name() -> impl Strategy<Value = SmolStr> {
    "[a-z]{1,3}(\\.[a-z]{1,3}){0,2}".prop_map(SmolStr::from)
}

fn text() -> impl Strategy<Value = SmolStr> {
    "[a-z/\"\\\\\u{1}\u{e000}\u{10000}é]{0,6}".prop_map(SmolStr::from)
}

fn adapter() -> impl Strategy<Value = Adapter> {
    let transport = prop_oneof![
        prop::collection::vec(text(), 0..3).prop_map(Transport::Process),
        text().prop_map(Transport::Http),
        text().prop_map(Transport::Builtin),
    ];
    (text(), transport, digest(), prop::collection::btree_map(text(), digest(), 0..3))
        .prop_map(|(version, transport, digest, files)| Adapter { version, transport, digest, files })
}

fn lock() -> impl Strategy<Value = Lock> {
    let binding = (name(), digest(), text()).prop_map(|(adapter, contract, version)| LockedBinding {
        adapter,
        contract,
        version,
    });
    let package = (text(), digest()).prop_map(|(version, digest)| LockedPackage { version, digest });
    let bindings = prop::collection::btree_map(name(), binding, 0..3);
    (
        prop::collection::btree_map(name(), adapter(), 0..3),
        prop::collection::btree_map(name(), bindings, 0..3),
        prop::collection::btree_map(name(), package, 0..3),
    )
        .prop_map(|(adapters, bindings, packages)| Lock { adapters, bindings, packages })
}

/// The places of all texts in JSON, as JSON Pointers (RFC 6901).
fn texts(json: &Json, at: String, found: &mut Vec<String>) {
    match json {
        Json::String(_) => found.push(at),
        Json::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, each)| texts(each, format!("{at}/{index}"), found));
        }
        Json::Object(members) => members.iter().for_each(|(name, each)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            texts(each, format!("{at}/{name}"), found);
        }),
        _ => {}
    }
}

/// The lock that fits a plan.
fn of(plan: &PlanGraph) -> Lock {
    let mut bindings: BTreeMap<SmolStr, BTreeMap<SmolStr, LockedBinding>> = BTreeMap::new();
    for node in &plan.nodes {
        let own = (&node.contract, &node.adapter);
        for (contract, adapter) in [own].into_iter().chain(node.undo.iter().map(|undo| (&undo.contract, &undo.adapter)))
        {
            let (Some(environment), Some(adapter)) = (&node.environment, adapter) else { continue };
            let declared = &plan.contracts[contract];
            let (adapter, contract, version) = (adapter.clone(), contract.clone(), declared.version.clone());
            let capability = format!("shop.{}", declared.capability).into();
            let binding = LockedBinding { adapter, contract, version };
            bindings.entry(environment.clone()).or_default().insert(capability, binding);
        }
    }
    Lock { adapters: plan.adapters.clone(), bindings, packages: BTreeMap::new() }
}

#[test]
fn the_schema_describes_every_member() {
    let schema: Json = serde_json::from_str(LOCK_SCHEMA).unwrap();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let empty: Json = serde_json::from_slice(&Lock::default().to_json()).unwrap();
    assert_eq!(empty, json!({ "adapters": {}, "bindings": {}, "format": LOCK_FORMAT, "packages": {} }));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(validator.is_valid(&empty));
    for broken in [
        json!({ "adapters": {}, "bindings": {}, "format": "ordain.lock/2", "packages": {} }),
        json!({ "adapters": {}, "bindings": {}, "format": LOCK_FORMAT }),
        json!({ "adapters": {}, "bindings": {}, "format": LOCK_FORMAT, "packages": {}, "more": 1 }),
        json!({ "adapters": {}, "bindings": {}, "format": LOCK_FORMAT, "packages": { "a": { "version": "1.0.0" } } }),
    ] {
        assert!(!validator.is_valid(&broken) && Lock::from_json(broken.to_string().as_bytes()).is_err(), "{broken}");
    }
}

#[test]
fn a_plan_is_held_to_the_adapters_and_bindings_it_uses() {
    let plan = made(shop());
    let lock = of(&plan);
    assert_eq!(lock.differences_of_plan(&plan), []);
    let (name, found) = plan.adapters.iter().next().unwrap();
    let name = name.clone();

    let mut other = lock.clone();
    other.adapters.remove(&name);
    assert_eq!(other.differences_of_plan(&plan), [LockDifference::AdapterAdded { name: name.clone() }]);

    let mut other = lock.clone();
    other.adapters.get_mut(&name).unwrap().version = "9.0.0".into();
    let (locked, found) = ("9.0.0".into(), found.version.clone());
    assert_eq!(
        other.differences_of_plan(&plan),
        [LockDifference::AdapterVersion { name: name.clone(), locked, found }]
    );

    let mut other = lock.clone();
    other.adapters.get_mut(&name).unwrap().digest = format!("sha256:{}", "0".repeat(64)).into();
    assert_eq!(other.differences_of_plan(&plan), [LockDifference::AdapterDigest { name: name.clone() }]);

    let mut other = lock.clone();
    let (environment, bindings) = other.bindings.iter_mut().next().unwrap();
    let (capability, binding) = bindings.iter_mut().next().unwrap();
    let (environment, capability) = (environment.clone(), capability.clone());
    let found = std::mem::replace(&mut binding.adapter, "shop.other".into());
    let expected = LockDifference::BindingAdapter {
        environment: environment.clone(),
        capability: capability.clone(),
        locked: "shop.other".into(),
        found,
    };
    assert_eq!(other.differences_of_plan(&plan), [expected]);

    let mut other = lock.clone();
    let binding = other.bindings.get_mut(&environment).unwrap().get_mut(&capability).unwrap();
    binding.contract = format!("sha256:{}", "0".repeat(64)).into();
    let differences = other.differences_of_plan(&plan);
    assert!(matches!(differences.as_slice(), [LockDifference::BindingContract { .. }]), "{differences:?}");

    let mut other = lock.clone();
    other.bindings.remove(&environment);
    let differences = other.differences_of_plan(&plan);
    let all_new = differences.iter().all(|each| matches!(each, LockDifference::BindingAdded { .. }));
    assert!(all_new && !differences.is_empty(), "{differences:?}");

    // What the plan does not use may be otherwise.
    let mut more = lock;
    more.adapters.insert("shop.unused".into(), plan.adapters[&name].clone());
    assert_eq!(more.differences_of_plan(&plan), []);
}

proptest! {
    #[test]
    fn what_is_written_reads_back(lock in lock()) {
        let bytes = lock.to_json();
        prop_assert_eq!(Lock::from_json(&bytes), Ok(lock.clone()));
        let json: Json = serde_json::from_slice(&bytes).unwrap();
        let canonical = serde_json_canonicalizer::to_vec(&json).unwrap();
        prop_assert_eq!(Lock::from_json(&canonical), Ok(lock.clone()));
        prop_assert_eq!(Lock::from_json(&canonical).unwrap().to_json(), bytes);
        let schema: Json = serde_json::from_str(LOCK_SCHEMA).unwrap();
        prop_assert!(jsonschema::draft202012::is_valid(&schema, &json));
    }

    /// Whatever is changed in a lock is told, or the file is refused; nothing else is.
    #[test]
    fn every_difference_is_told(a in lock(), b in lock()) {
        prop_assert_eq!(a.differences(&a), []);
        // An environment without bindings binds nothing, whether it is named or not.
        let bare = |lock: &Lock| Lock {
            bindings: lock.bindings.clone().into_iter().filter(|(_, bound)| !bound.is_empty()).collect(),
            ..lock.clone()
        };
        prop_assert_eq!(a.differences(&b).is_empty(), bare(&a) == bare(&b));
        prop_assert_eq!(a.differences(&b).is_empty(), b.differences(&a).is_empty());
    }

    /// Two locks at random share little; this changes one text of one.
    #[test]
    fn every_changed_text_is_told(lock in lock(), at in any::<prop::sample::Index>()) {
        let mut json: Json = serde_json::from_slice(&lock.to_json()).unwrap();
        let mut places = Vec::new();
        for part in ["adapters", "bindings", "packages"] {
            texts(&json[part], format!("/{part}"), &mut places);
        }
        prop_assume!(!places.is_empty());
        let place = &places[at.index(places.len())];
        let text = json.pointer_mut(place).unwrap();
        let other = match text.as_str().unwrap().strip_prefix("sha256:") {
            Some(digits) if digits.starts_with('0') => format!("sha256:1{}", &digits[1..]),
            Some(digits) => format!("sha256:0{}", &digits[1..]),
            None => format!("{}x", text.as_str().unwrap()),
        };
        *text = other.into();
        let other = Lock::from_json(&serde_json_canonicalizer::to_vec(&json).unwrap()).unwrap();
        prop_assert_eq!(lock.differences(&other).len(), 1, "{}", place);
        prop_assert_eq!(other.differences(&lock).len(), 1, "{}", place);
    }

    #[test]
    fn a_changed_byte_is_told_or_refused(lock in lock(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = lock.to_json();
        let at = at.index(bytes.len());
        bytes[at] = with;
        match Lock::from_json(&bytes) {
            Ok(other) => prop_assert!(
                other == lock || !other.differences(&lock).is_empty() || other.bindings != lock.bindings
            ),
            Err(LockError::Malformed { line, .. }) => prop_assert!(line <= bytes.len()),
            Err(_) => {}
        }
    }
}
