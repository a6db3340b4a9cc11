//! What has to hold of approvals, whoever says what in which order.

use std::collections::{BTreeMap, BTreeSet};

use ordain_graph::{Requirements, Severity, Verdict};
use proptest::prelude::*;
use smol_str::SmolStr;

use super::*;
use crate::keys::Key;

const NOW: i64 = 1_000;

/// Everybody has two keys, and one that is retired.
fn approvers() -> Approvers {
    let text = (0..5u8).map(|person| {
        let [one, other, retired] = [0, 1, 2].map(|at| Key::of_seed(person * 3 + at).public());
        format!("[people.p{person}]\nkeys = [\"{one}\", \"{other}\"]\nretired = [\"{retired}\"]\n")
    });
    Approvers::parse(&text.collect::<String>()).unwrap()
}

fn case() -> Case {
    Case::new("execution".into(), "sha256:plan".into(), approvers())
}

/// `p0`, `p1` and `p2` are asked; `p3` and `p4` are not.
fn demand(policy: &str, count: u32) -> Demand {
    let members: BTreeSet<SmolStr> = ["p0", "p1", "p2"].map(SmolStr::from).into();
    Demand {
        policy: policy.into(),
        group: "sre".into(),
        count,
        voices: members.clone(),
        members,
        because: None,
        pending: false,
        about: Vec::new(),
    }
}

/// Something somebody says, and what is wrong with it.
#[derive(Clone, Debug)]
struct Says {
    person: u8,
    key: u8,
    decision: Decision,
    policy: &'static str,
    row: i64,
    until: Option<i64>,
    elsewhere: bool,
}

impl Says {
    fn record(&self) -> Record {
        let case = match self.elsewhere {
            true => Case::new("execution".into(), "sha256:another plan".into(), approvers()),
            false => case(),
        };
        let who = (format!("p{}", self.person).into(), self.policy.into());
        let statement = case.statement(self.decision, who, None, self.until, (self.row, 1));
        Record::sign(&statement, &Key::of_seed(self.key))
    }

    /// Whether it is that person's key, and in use.
    fn is_sound(&self) -> bool {
        !self.elsewhere && self.key / 3 == self.person && self.key % 3 != 2
    }
}

fn decision() -> impl Strategy<Value = Decision> {
    prop_oneof![3 => Just(Decision::Approve), 1 => Just(Decision::Reject), 1 => Just(Decision::Revoke)]
}

fn says() -> impl Strategy<Value = Says> {
    let own_key = prop_oneof![8 => 0..2u8, 1 => Just(2)];
    let until = prop_oneof![3 => Just(None), 1 => (NOW - 2..NOW + 3).prop_map(Some)];
    let about = (prop_oneof![4 => Just("A-1"), 1 => Just("B-2")], prop::bool::weighted(0.1));
    (0..5u8, own_key, prop::bool::weighted(0.1), decision(), 1..6i64, until, about).prop_map(
        |(person, key, others, decision, row, until, (policy, elsewhere))| {
            let holder = if others { (person + 1) % 5 } else { person };
            Says { person, key: holder * 3 + key, decision, policy, row, until, elsewhere }
        },
    )
}

fn stand(demand: &Demand, records: &[Record]) -> Standing {
    standing(std::slice::from_ref(demand), &case().statements(records), NOW).remove(0)
}

fn records(said: &[Says]) -> Vec<Record> {
    said.iter().map(Says::record).collect()
}

/// The same, told another way: person by person.
fn told_otherwise(said: &[Says], count: u32) -> bool {
    let mut people: BTreeMap<u8, Vec<&Says>> = BTreeMap::new();
    for one in said.iter().filter(|one| one.is_sound() && one.policy == "A-1" && one.person < 3) {
        people.entry(one.person).or_default().push(one);
    }
    let mut agreed = 0;
    for own in people.values() {
        let ended = |one: &&&Says| one.until.is_some_and(|until| until <= NOW);
        let revoked = |one: &&&Says| own.iter().any(|other| other.decision == Decision::Revoke && other.row >= one.row);
        let revoked_after =
            |one: &&&Says| own.iter().any(|other| other.decision == Decision::Revoke && other.row > one.row);
        if own.iter().any(|one| one.decision == Decision::Reject && !ended(&one) && !revoked_after(&one)) {
            return false;
        }
        agreed += u32::from(own.iter().any(|one| one.decision == Decision::Approve && !ended(&one) && !revoked(&one)));
    }
    agreed >= count
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_as_the_rules_say(said in prop::collection::vec(says(), 0..12), count in 1..4u32) {
        prop_assert_eq!(stand(&demand("A-1", count), &records(&said)).satisfied, told_otherwise(&said, count));
    }

    #[test]
    fn order_and_repetition_do_not_matter(
        said in prop::collection::vec(says(), 0..10).prop_map(|said| records(&said)),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        seed in prop::collection::vec(any::<u32>(), 14),
    ) {
        let mut other: Vec<Record> = said.clone();
        if !said.is_empty() {
            other.extend(again.iter().map(|at| at.get(&said).clone()));
        }
        let mut keyed: Vec<_> = other.into_iter().zip(seed).collect();
        keyed.sort_by_key(|(_, key)| *key);
        let other: Vec<Record> = keyed.into_iter().map(|(record, _)| record).collect();
        for count in 1..4 {
            prop_assert_eq!(stand(&demand("A-1", count), &said), stand(&demand("A-1", count), &other));
        }
    }

    #[test]
    fn agreeing_takes_nothing_away(said in prop::collection::vec(says(), 0..10), more in says(), count in 1..4u32) {
        let more = Says { decision: Decision::Approve, ..more };
        let before = stand(&demand("A-1", count), &records(&said));
        let after = stand(&demand("A-1", count), &records(&[said, vec![more]].concat()));
        prop_assert!(!before.satisfied || after.satisfied);
        prop_assert!(after.missing <= before.missing);
    }

    #[test]
    fn rejecting_never_frees(said in prop::collection::vec(says(), 0..10), more in says(), count in 1..4u32) {
        let more = Says { decision: Decision::Reject, ..more };
        let before = stand(&demand("A-1", count), &records(&said));
        let after = stand(&demand("A-1", count), &records(&[said, vec![more]].concat()));
        prop_assert!(before.satisfied || !after.satisfied);
    }

    #[test]
    fn a_changed_byte_makes_a_record_not_count(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let sound = Says {
            person: 1, key: 3, decision: Decision::Approve, policy: "A-1", row: 1, until: None, elsewhere: false,
        };
        let record = sound.record();
        prop_assert!(stand(&demand("A-1", 1), std::slice::from_ref(&record)).satisfied);
        let whole = [record.body.as_bytes(), record.key.as_bytes(), record.signature.as_bytes()].concat();
        let mut bytes = whole.clone();
        bytes[at.index(whole.len())] ^= 1 << bit;
        let (body, rest) = bytes.split_at(record.body.len());
        let (key, signature) = rest.split_at(record.key.len());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let changed = Record { body: text(body), key: text(key), signature: text(signature) };
        prop_assert_eq!(case().read(&changed).is_ok(), false);
        prop_assert!(!stand(&demand("A-1", 1), &[changed]).satisfied);
    }

    #[test]
    fn time_only_ends_approvals(said in prop::collection::vec(says(), 0..10), later in 1..5i64) {
        let said: Vec<Says> = said.into_iter().map(|one| match one.decision {
            Decision::Reject => Says { until: None, ..one },
            _ => one,
        }).collect();
        let statements = case().statements(&records(&said));
        let at = |now| standing(&[demand("A-1", 2)], &statements, now).remove(0).satisfied;
        prop_assert!(at(NOW) || !at(NOW + later));
    }

    /// What one thing asks for in all is what the plan says that it asks for.
    #[test]
    fn demands_are_what_the_plan_requires(verdicts in prop::collection::vec(verdict(), 0..6)) {
        let mut plan = plan(r#"["ana", "bo"]"#);
        plan.verdicts = verdicts;
        let mut asked: BTreeMap<SmolStr, u32> = BTreeMap::new();
        for demand in demand::Demands::new(&plan).all(&|_| None) {
            let known = asked.entry(demand.group).or_default();
            *known = (*known).max(demand.count);
        }
        prop_assert_eq!(asked, Requirements::of(&plan.verdicts).approvals);
    }
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let group = prop_oneof![Just("sre"), Just("leads")].prop_map(SmolStr::from);
    let outcome = (group, 1..4u32, any::<bool>()).prop_map(|(group, count, escalate)| match escalate {
        true => ordain_graph::Outcome::Escalate { group },
        false => ordain_graph::Outcome::Approval { group, count },
    });
    ("[A-C]", outcome).prop_map(|(code, outcome)| Verdict {
        code: code.into(),
        node: None,
        policy: "test.policy".into(),
        severity: Severity::High,
        outcome,
        when: None,
        because: None,
        exempt: None,
    })
}

/// A plan of nothing in an environment with two groups of the same people.
fn plan(members: &str) -> ordain_graph::PlanGraph {
    let members: Vec<SmolStr> = serde_json::from_str(members).unwrap();
    let groups = ["sre", "leads"].map(|name| (SmolStr::from(name), members.clone())).into();
    let environment = ordain_graph::Environment { facts: ordain_graph::Value::record([]), groups };
    let draft = ordain_graph::DraftPlan {
        plan: "test.plan".into(),
        package: ordain_graph::PackageRef { name: "test".into(), version: "0.1.0".into() },
        arguments: [].into(),
        environments: [("test.here".into(), environment)].into(),
        adapters: [].into(),
        data: [].into(),
        stages: vec![],
        on_failure: ordain_graph::OnFailure::Stop,
        nodes: vec![],
        returns: None,
    };
    ordain_graph::finish(draft).unwrap().graph
}

#[test]
fn approvals_that_are_handed_over_come_from_those_who_take_them() {
    let mut plan = plan(r#"["ana"]"#);
    let verdict = |code: &str, outcome| Verdict {
        code: code.into(),
        node: None,
        policy: "test.policy".into(),
        severity: Severity::High,
        outcome,
        when: None,
        because: None,
        exempt: None,
    };
    let environment = plan.environments.values_mut().next().unwrap();
    environment.groups.insert("leads".into(), vec!["lea".into()]);
    plan.verdicts = vec![
        verdict("A", ordain_graph::Outcome::Approval { group: "sre".into(), count: 2 }),
        verdict("B", ordain_graph::Outcome::Escalate { group: "leads".into() }),
    ];
    let demands = demand::Demands::new(&plan).all(&|_| None);
    let shown: Vec<_> = demands.iter().map(|each| (each.policy.as_str(), each.group.as_str(), each.count)).collect();
    assert_eq!(shown, [("A", "leads", 2), ("B", "leads", 1)]);
    // Those who would have been asked may still stop it.
    assert_eq!(demands[0].voices, ["ana", "lea"].map(SmolStr::from).into());
    assert_eq!(demands[1].voices, ["lea"].map(SmolStr::from).into());
}

#[test]
fn a_group_means_other_people_in_other_environments() {
    let mut plan = plan(r#"["ana"]"#);
    let groups = [("sre".into(), vec!["bo".into(), "bo".into()])].into();
    let other = ordain_graph::Environment { facts: ordain_graph::Value::record([]), groups };
    plan.environments.insert("test.there".into(), other);
    plan.verdicts = vec![Verdict {
        code: "A".into(),
        node: None,
        policy: "test.policy".into(),
        severity: Severity::High,
        outcome: ordain_graph::Outcome::Approval { group: "sre".into(), count: 1 },
        when: None,
        because: None,
        exempt: None,
    }];
    let demands = demand::Demands::new(&plan).all(&|_| None);
    let members: Vec<_> = demands.iter().map(|each| each.members.iter().cloned().collect::<Vec<_>>()).collect();
    assert_eq!(members, [["ana"], ["bo"]]);
}

#[test]
fn records_that_do_not_count_say_why() {
    let sound =
        Says { person: 1, key: 3, decision: Decision::Approve, policy: "A-1", row: 1, until: None, elsewhere: false };
    let flaw = |says: Says| case().read(&says.record()).unwrap_err();
    assert_eq!(flaw(Says { key: 5, ..sound.clone() }), Flaw::Retired);
    assert_eq!(flaw(Says { key: 99, ..sound.clone() }), Flaw::Unknown);
    let impostor = Flaw::Impostor { holder: "p0".into(), claimed: "p1".into() };
    assert_eq!(flaw(Says { key: 0, ..sound.clone() }), impostor);
    assert_eq!(flaw(Says { elsewhere: true, ..sound.clone() }), Flaw::Elsewhere("plan"));
    let signed = |body: &str| {
        let signature = Key::of_seed(3).sign(crate::keys::Purpose::Approval, body.as_bytes()).to_string();
        Record { body: body.into(), key: Key::of_seed(3).public().to_string(), signature }
    };
    assert!(matches!(case().read(&signed("{}")), Err(Flaw::Unreadable(_))));
    // A restriction that is not known here must not be overlooked.
    let body = sound.record().body;
    assert!(case().read(&signed(&body)).is_ok());
    let more = body.replace("\"at\":1", "\"at\":1,\"only\":\"step\"");
    assert!(matches!(case().read(&signed(&more)), Err(Flaw::Unreadable(_))));
    // A signature of the same key for something else.
    let other = Key::of_seed(3).sign(crate::keys::Purpose::Checkpoint, body.as_bytes()).to_string();
    assert_eq!(case().read(&Record { signature: other, ..sound.record() }), Err(Flaw::Signature));
    // Other approvers than those of the execution.
    let others = Approvers::parse(&format!("[people.p1]\nkeys = [\"{}\"]", Key::of_seed(3).public())).unwrap();
    let elsewhere = Case::new("execution".into(), "sha256:plan".into(), others);
    assert_eq!(elsewhere.read(&sound.record()), Err(Flaw::Elsewhere("list of approvers")));
}

#[test]
fn approvers_that_are_wrong_are_refused() {
    let [a, b] = [1, 2].map(|seed| Key::of_seed(seed).public());
    let wrong = |text: &str| Approvers::parse(text).unwrap_err().to_string();
    assert!(wrong("people = 1").contains("invalid type"));
    assert!(wrong("[people.ana]\nkey = []").contains("unknown field `key`"));
    assert!(wrong("[persons.ana]").contains("unknown field `persons`"));
    assert!(wrong("[people.ana]\nkeys = [\"ssh-ed25519 AAAA\"]").contains("does not begin with `ed25519:`"));
    let shared = wrong(&format!("[people.ana]\nkeys = [\"{a}\"]\n[people.bo]\nretired = [\"{a}\"]"));
    assert!(shared.contains("listed for `ana` and again for `bo`"), "{shared}");
    assert!(wrong(&format!("[people.ana]\nkeys = [\"{a}\"]\nretired = [\"{a}\"]")).contains("listed for `ana`"));
    assert_eq!(Approvers::parse("").unwrap(), Approvers::default());
    // Only what counts is in the digest, and it comes back from what is stored.
    let one = Approvers::parse(&format!("# Who\n[people.ana]\nkeys = [\"{a}\", \"{b}\"]")).unwrap();
    let other = Approvers::parse(&format!("[people]\nana = {{ keys = [\"{b}\", \"{a}\"], retired = [] }}")).unwrap();
    assert_eq!(one.digest(), other.digest());
    assert_eq!(Approvers::from_json(&one.to_json()).unwrap(), one);
    assert_ne!(one.digest(), Approvers::default().digest());
}

/// What one person says twice for one row, as no two records of one log do: what keeps things from being done counts.
#[test]
fn of_two_that_do_not_know_of_each_other_the_stricter_counts() {
    let said = |decision| Says { person: 0, key: 0, decision, policy: "A-1", row: 3, until: None, elsewhere: false };
    let come_to = |said: &[Says]| stand(&demand("A-1", 1), &records(said));
    let other = Says { person: 1, key: 3, ..said(Decision::Approve) };
    assert!(come_to(&[said(Decision::Approve)]).satisfied);
    assert!(!come_to(&[said(Decision::Approve), said(Decision::Revoke)]).satisfied);
    assert!(!come_to(&[other.clone(), said(Decision::Reject), said(Decision::Revoke)]).satisfied);
    assert!(come_to(&[other, said(Decision::Reject), Says { row: 4, ..said(Decision::Revoke) }]).satisfied);
}
