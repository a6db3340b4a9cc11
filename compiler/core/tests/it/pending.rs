//! Deciding early and deciding late agree: a policy over values that are known says what it says later of the same values,
//! whichever of them become known first.

use ordain_compiler::{Kind, PlanInstance, bind_arguments, judge, package_items};
use ordain_graph::{NodeId, Outcome, PlanGraph, Value, evaluate};
use proptest::prelude::*;

use crate::world::{World, with_stack};

/// A condition over `step.input.a`, `.b` (whole numbers), `.c` (a text) and `.d` (a truth value).
fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (field(), "<|<=|==|!=|>|>=", -3i64..4).prop_map(|(field, op, n)| format!("n({field}) {op} {n}")),
        (field(), field(), "<|==|>").prop_map(|(a, b, op)| format!("n({a}) {op} n({b}) + 1")),
        "[xyz]{0,2}".prop_map(|text| format!("step.input.c == \"{text}\"")),
        Just("step.input.d == true".to_owned()),
        (field(), 1i64..4).prop_map(|(field, n)| format!("n({field}) in [{n}, 0, -{n}]")),
        any::<bool>().prop_map(|known| known.to_string()),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("(if {a} {{ {b} }} else {{ {c} }})")),
        ]
    })
}

fn field() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("step.input.a"), Just("step.input.b")]
}

/// A package whose plan writes values that are given (`Some`) or come from a step each.
fn source(when: &str, unless: &str, given: [Option<String>; 4]) -> String {
    let step = |name: &str, value: &Option<String>| match value {
        Some(value) => value.clone(),
        None => format!("read_{name}.{name}"),
    };
    let [a, b, c, d] = &given;
    format!(
        r#"
capability value.read {{
  version "1.0.0"
  input {{ of: String }}
  output {{ a: Int, b: Int, c: String, d: Bool }}
  effect read
  risk low
}}

capability value.write {{
  version "1.0.0"
  input {{ a: Int, b: Int, c: String, d: Bool }}
  effect write
  risk low
}}

fn n(value: Json?) -> Int = int("{{value ?? 0}}") ?? 0

policy p {{
  code "P-1" severity low
  on step
  when step.effect == write
  when {when}
  unless {unless}
  deny "no"
}}

plan main() {{
  let read_a = value.read {{ of: "a" }}
  let read_b = value.read {{ of: "b" }}
  let read_c = value.read {{ of: "c" }}
  let read_d = value.read {{ of: "d" }}
  value.write {{ a: {}, b: {}, c: {}, d: {} }}
}}
"#,
        step("a", a),
        step("b", b),
        step("c", c),
        step("d", d)
    )
}

fn judged(source: &str) -> PlanGraph {
    let world = World::of(source);
    let db = &world.db;
    assert_eq!(world.show(&world.findings()), "", "{source}");
    let plan = package_items(db, world.package).find(|item| item.kind(db) == Kind::Plan).unwrap();
    let Ok(arguments) = bind_arguments(db, plan, &[]) else { panic!("the plan has no parameters") };
    let judged = judge(db, PlanInstance::new(db, plan, arguments), None);
    judged.graph.as_ref().unwrap_or_else(|| panic!("no graph of\n{source}")).as_ref().clone()
}

/// Whether the plan is denied, when the outputs become known in an order.
fn denied(graph: &PlanGraph, outputs: &[Value; 4], order: &[usize]) -> bool {
    let [] = graph.verdicts.as_slice() else {
        let [verdict] = graph.verdicts.as_slice() else { panic!("several verdicts: {:?}", graph.verdicts) };
        assert!(matches!(verdict.outcome, Outcome::Deny { .. }));
        let Some(when) = &verdict.when else { return true };
        let reader = |name: &str| graph.nodes.iter().find(|node| node.address == name).map(|node| node.id.clone());
        let readers = ["read_a", "read_b", "read_c", "read_d"].map(reader);
        let mut known: Vec<(NodeId, Value)> = Vec::new();
        let mut condition = when.clone();
        for &at in order {
            known.extend(readers[at].clone().map(|id| (id, outputs[at].clone())));
            let find = |id: &NodeId| known.iter().find(|(known, _)| known == id).map(|(_, value)| value.clone());
            condition = evaluate(&condition, &find).unwrap();
        }
        return match condition {
            Value::Bool(holds) => holds,
            open => panic!("still open: {open:?}"),
        };
    };
    false
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn early_and_late_agree(
        when in condition(),
        unless in condition(),
        (a, b, c, d) in (-3i64..4, -3i64..4, "[xyz]{0,2}", any::<bool>()),
        hidden in 0u8..16,
        order in Just([0usize, 1, 2, 3]).prop_shuffle(),
    ) {
        with_stack(move || {
            let values = [a.to_string(), b.to_string(), format!("\"{c}\""), d.to_string()];
            let all = values.clone().map(Some);
            let mut some = all.clone();
            for (at, value) in some.iter_mut().enumerate() {
                if hidden & (1 << at) != 0 {
                    *value = None;
                }
            }
            let record = |fields: [(&str, Value); 1]| Value::record(fields.map(|(name, value)| (name.into(), value)));
            let outputs = [
                record([("a", Value::Int(a))]),
                record([("b", Value::Int(b))]),
                record([("c", Value::string(c.as_str()))]),
                record([("d", Value::Bool(d))]),
            ];
            let early = denied(&judged(&source(&when, &unless, all)), &outputs, &order);
            let late = denied(&judged(&source(&when, &unless, some)), &outputs, &order);
            assert_eq!(early, late, "when {when}\nunless {unless}\nhidden {hidden:04b}");
        });
    }
}
