//! Tests of policies, written in the language: what they are given, and when they fail.

use crate::package::Package;

const POLICIES: &str = r#"
enum Tier { dev, production }

type Bucket = { name: String, public: Bool = false, tags: Map<String, String> = {}, owner: String? }
type State = { buckets: List<Bucket> = [], tier: Tier = dev, left: Json? }

policy no_public_bucket {
  code "A-1" severity high
  on input: State
  for bucket in input.buckets
  when bucket.public
  deny "{bucket.name} is public"
}

policy buckets_have_owners {
  code "A-2" severity low
  on input: State
  for bucket in input.buckets
  when bucket.owner == none && "free" not in keys(bucket.tags)
  warn "{bucket.name} has no owner"
}

policy first_is_left {
  code "A-3" severity low
  on input: State
  when input.buckets[0].name == "left"
  deny "the first is left"
}

type Target = { tier: Tier = production, regions: List<String> = [] }

policy production_has_regions {
  code "A-4" severity low
  on input: State in env: Target
  when env.tier == production && len(env.regions) == 0 && len(input.buckets) == 0
  deny "production is nowhere"
}
"#;

fn tested(test: &str) -> crate::ordain::Run {
    Package::of(format!("{POLICIES}\ntest \"it\" {{\n  {test}\n}}\n")).run(&["test"])
}

#[test]
fn what_a_test_leaves_out_has_its_default() {
    for test in [
        r#"expect allow "A-1" from no_public_bucket on {}"#,
        r#"expect allow "A-1" from no_public_bucket on { buckets: [{ name: "a" }] }"#,
        r#"expect warn "A-2" from buckets_have_owners on { buckets: [{ name: "a" }] }"#,
        r#"expect deny "A-4" from production_has_regions on { env: {} }"#,
        r#"expect allow "A-4" from production_has_regions on { env: { tier: dev } }"#,
    ] {
        tested(test).exits(0);
    }
}

#[test]
fn a_policy_that_warns_does_not_allow() {
    tested(r#"expect allow "A-2" from buckets_have_owners on { buckets: [{ name: "a", owner: "b" }] }"#).exits(0);
    tested(r#"expect allow "A-2" from buckets_have_owners on { buckets: [{ name: "a" }] }"#)
        .exits(1)
        .says("ORD0807")
        .says("a has no owner");
}

#[test]
fn a_policy_that_cannot_be_decided_meets_no_expectation() {
    // It denies then, to be safe, but that is not what the test is about.
    for verdict in ["deny", "warn", "allow"] {
        tested(&format!("expect {verdict} \"A-3\" from first_is_left on {{}}"))
            .exits(1)
            .says("`first_is_left` cannot be decided here")
            .says("no element");
    }
    tested(r#"expect deny "A-3" from first_is_left on { buckets: [{ name: "left" }] }"#).exits(0);
}
