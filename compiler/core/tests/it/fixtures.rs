//! Fixtures: a file of sources, and beside it a snapshot of what the compiler says.

use ordain_compiler::{Kind, PlanInstance, bind_arguments, eval_text, judge, package_items, run_test};
use ordain_diagnostics::Severity;
use ordain_graph::Date;
use smol_str::SmolStr;

use crate::world::{World, with_stack};

/// The day on which exemptions of the fixtures are judged.
const AS_OF: Option<Date> = Some(Date { year: 2026, month: 6, day: 30 });

#[test]
fn findings() {
    with_stack(|| {
        insta::glob!("..", "check/*.ord", |path| {
            let world = World::of(&std::fs::read_to_string(path).unwrap());
            never_silent(&world);
            insta::with_settings!({ snapshot_path => "../snapshots", omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(world.show(&world.findings()));
            });
        });
    });
}

/// What has no value or graph has a finding that says why.
fn never_silent(world: &World) {
    let db = &world.db;
    let reported = world.findings().iter().any(|finding| finding.severity == Severity::Error);
    for item in package_items(db, world.package) {
        let name = item.name(db);
        match item.kind(db) {
            Kind::Const | Kind::Environment | Kind::Entity => {
                assert!(reported || eval_text(db, item, name).is_ok(), "`{name}` has no value");
            }
            Kind::Plan => {
                let Ok(arguments) = bind_arguments(db, item, &[]) else { continue };
                let judged = judge(db, PlanInstance::new(db, item, arguments), None);
                let told = judged.faults.iter().any(|fault| fault.locate(db).is_some());
                assert!(judged.graph.is_some() || told, "`{name}` has no graph");
            }
            _ => {}
        }
    }
}

/// The first line of a plan's fixture names it and its arguments: `// plan release version=1.4.0`.
fn planned(text: &str) -> String {
    let world = World::of(text);
    let found = world.findings();
    if found.iter().any(|finding| finding.severity == Severity::Error) {
        return world.show(&found);
    }
    let header = text.lines().next().unwrap_or_default();
    let mut words = header.trim_start_matches("// plan ").split_whitespace();
    let name = words.next().unwrap();
    let given: Vec<(SmolStr, String)> =
        words.map(|word| word.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into())).collect();
    let db = &world.db;
    let plan = package_items(db, world.package)
        .find(|item| item.kind(db) == Kind::Plan && item.name(db) == name)
        .unwrap_or_else(|| panic!("no plan {name}"));
    let arguments = match bind_arguments(db, plan, &given) {
        Ok(arguments) => arguments,
        Err(errors) => {
            let found: Vec<_> = errors.into_iter().map(|error| *error.diagnostic).collect();
            return world.show(&found);
        }
    };
    let judged = judge(db, PlanInstance::new(db, plan, arguments), AS_OF);
    let found: Vec<_> = judged.faults.iter().filter_map(|fault| fault.locate(db)).collect();
    assert!(judged.graph.is_some() || !found.is_empty(), "no graph and not a word");
    let mut out = world.show(&found);
    if let Some(graph) = &judged.graph {
        let file = graph.to_json();
        // What is written can be read back, or the file would be of no use.
        assert_eq!(ordain_graph::PlanGraph::from_json(&file).as_ref(), Ok(graph.as_ref()));
        let mut json: serde_json::Value = serde_json::from_slice(&file).unwrap();
        json["contracts"] = serde_json::json!(graph.contracts.len());
        out.push_str(&serde_json::to_string_pretty(&json).unwrap());
    }
    out
}

#[test]
fn plans() {
    with_stack(|| {
        insta::glob!("..", "plan/*.ord", |path| {
            let out = planned(&std::fs::read_to_string(path).unwrap());
            insta::with_settings!({ snapshot_path => "../snapshots", omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(out);
            });
        });
    });
}

/// How every test of a file goes.
fn tested(text: &str) -> String {
    let world = World::of(text);
    let found = world.findings();
    if found.iter().any(|finding| finding.severity == Severity::Error) {
        return world.show(&found);
    }
    let db = &world.db;
    let tests = package_items(db, world.package).filter(|item| item.kind(db) == Kind::Test);
    tests
        .map(|test| {
            let run = run_test(db, test, AS_OF);
            let failures: Vec<_> = run.failures.iter().map(|failure| failure.locate(db)).collect();
            let passed = if failures.is_empty() { "passed" } else { "failed" };
            format!("{}: {passed}, {} expectations\n{}", test.name(db), run.expectations, world.show(&failures))
        })
        .collect()
}

#[test]
fn tests_of_the_language() {
    with_stack(|| {
        insta::glob!("..", "test/*.ord", |path| {
            let out = tested(&std::fs::read_to_string(path).unwrap());
            insta::with_settings!({ snapshot_path => "../snapshots", omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(out);
            });
        });
    });
}

#[test]
fn the_standard_library_has_no_findings() {
    with_stack(|| {
        let world = World::new(ordain_stdlib::FILES);
        let dependency = world.package.dependencies(&world.db)["std"];
        let found = ordain_compiler::check_package(&world.db, dependency);
        assert_eq!(world.show(&found), "");
    });
}

#[test]
fn a_plan_is_the_same_whatever_the_order_of_declarations_and_files() {
    with_stack(|| {
        let text = std::fs::read_to_string("tests/plan/release.ord").unwrap();
        let (header, body) = text.split_once('\n').unwrap();
        let mut items: Vec<&str> = body.split("\n\n").collect();
        let straight = planned(&text);
        items.reverse();
        assert_eq!(planned(&format!("{header}\n{}", items.join("\n\n"))), straight);
        items.rotate_left(2);
        assert_eq!(planned(&format!("{header}\n{}", items.join("\n\n// a comment\n\n\n"))), straight);
    });
}

/// Sources that a program made: what is long or branches often costs no more than its length.
#[test]
fn long_and_branching_sources_end() {
    with_stack(|| {
        let said = |text: String| {
            let world = World::of(&text);
            never_silent(&world);
            world.show(&world.findings())
        };
        let many = |line: &dyn Fn(usize) -> String| (1..300).map(line).collect::<String>();
        let doubled = many(&|n| format!("fn f{n}(n: Int) -> Int = f{0}(n) - f{0}(n + 1)\n", n - 1));
        assert_eq!(said(format!("fn f0(n: Int) -> Int = n\n{doubled}const a = f150(1)\n")), "");
        let deep = said(format!("fn f0(n: Int) -> Int = n\n{doubled}const a = f299(1)\n"));
        assert!(deep.starts_with("error[ORD0508] functions call each other more than 200 deep"), "{deep}");
        let branching = many(&|n| format!("type T{n} = {{ a: T{0}, b: T{0} }}\n", n - 1));
        assert_eq!(said(format!("type T0 = {{ a: Int }}\n{branching}")), "");
        let circle = said(format!("const c0 = c299\n{}", many(&|n| format!("const c{n} = c{}\n", n - 1))));
        assert_eq!(circle.matches("error[").count(), 1, "{circle}");
        assert!(circle.contains("… 288 more …"), "{circle}");
    });
}
