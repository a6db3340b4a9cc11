//! A small repository with infrastructure, and a pull request that would make its invoices public: what a reviewer sees.

use crate::ordain::Run;
use crate::package::Package;
use crate::skipping::skipped;

const GATES: &str = r#"//! What must hold for what we build in the cloud.

use std.cloud.{no_public_bucket_acl}
use std.terraform.{Plan, remaining}

/// Customers' data has an owner who answers for it.
policy buckets_have_owners {
  code "SHOP-001" severity medium
  on input: Plan
  for bucket in remaining(input, ["aws_s3_bucket"])
  when bucket.change.after?.tags?.owner == none
  warn "{bucket.address} has no owner"
  because "somebody has to answer for what customers give us"
}

/// The plan belongs to the sources it was made from.
policy plan_is_made_anew {
  code "SHOP-002" severity high
  on change
  when any(ends_with(file.path, ".tf") for file in change.files)
  unless any(file.path == "infra/plan.json" for file in change.files)
  deny "the sources have changed, and the plan has not"
}

gate cloud_plan {
  on change ["infra/**"]
  input plan: Plan = json("infra/plan.json")
  check [no_public_bucket_acl, buckets_have_owners, plan_is_made_anew]
}

gate texts {
  on change ["docs/**", "*.md"]
  input plan: Plan = json("infra/plan.json")
  check [buckets_have_owners]
}

test "an owner is asked for" {
  let change = { actions: ["create"], after: { tags: { owner: "payments" } } }
  expect allow from buckets_have_owners on {
    format_version: "1.2"
    resource_changes: [{ address: "a", mode: "managed", type: "aws_s3_bucket", name: "a", change }]
  }
}
"#;

/// A plan as Terraform writes it, printed for people.
fn plan(owner: &str, acl: &str) -> String {
    format!(
        r#"{{
  "format_version": "1.2",
  "terraform_version": "1.9.5",
  "resource_changes": [
    {{
      "address": "aws_s3_bucket.invoices",
      "mode": "managed",
      "type": "aws_s3_bucket",
      "name": "invoices",
      "change": {{
        "actions": ["no-op"],
        "before": {{ "bucket": "shop-invoices" }},
        "after": {{ "bucket": "shop-invoices", "tags": {{ {owner} }} }},
        "after_unknown": {{}}
      }}
    }},
    {{
      "address": "aws_s3_bucket_acl.invoices",
      "mode": "managed",
      "type": "aws_s3_bucket_acl",
      "name": "invoices",
      "change": {{
        "actions": ["update"],
        "before": {{ "bucket": "shop-invoices", "acl": "private" }},
        "after": {{ "bucket": "shop-invoices", "acl": "{acl}" }},
        "after_unknown": {{}}
      }}
    }}
  ]
}}
"#
    )
}

const OWNED: &str = "\"owner\": \"payments\"";

struct Repository(Package);

impl Repository {
    /// With what is on the main branch; nothing where there is no git.
    fn new() -> Option<Self> {
        let package = Package::empty();
        package.write("gates.ord", GATES);
        package.write("infra/main.tf", "resource \"aws_s3_bucket_acl\" \"invoices\" { acl = \"private\" }\n");
        package.write("infra/plan.json", plan(OWNED, "private"));
        if !package.git(&["init", "-q"]) {
            skipped("there is no git here");
            return None;
        }
        package.commit();
        package.git(&["switch", "-q", "-c", "share-invoices"]);
        Some(Self(package))
    }

    /// Commits infrastructure to the branch.
    fn push(&self, owner: &str, acl: &str) {
        self.0.write("infra/main.tf", format!("resource \"aws_s3_bucket_acl\" \"invoices\" {{ acl = \"{acl}\" }}\n"));
        self.0.write("infra/plan.json", plan(owner, acl));
        self.0.commit();
    }

    /// The gates, as the job of a pull request runs them.
    fn gate(&self, more: &[&str]) -> Run {
        self.0.run(&[&["gate", "--base", "main", "--as-of", "2026-06-30"], more].concat())
    }
}

/// What it prints, without the spaces that frames leave at the ends of their lines.
fn printed(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn a_public_bucket_is_blocked_until_it_is_mended() {
    let Some(repository) = Repository::new() else { return };
    let package = &repository.0;
    package.run(&["check", "--deny-warnings"]).exits(0);
    package.run(&["test"]).exits(0);
    repository.push("", "public-read");
    let run = repository.gate(&[]).exits(1);
    assert_eq!(
        printed(&run.stderr),
        "\
[ORD0804] Warning: SHOP-001: aws_s3_bucket.invoices has no owner
    ╭─[ infra/plan.json:5:5 ]
    │
  5 │ ╭─▶     {
  6 │ │         \"address\": \"aws_s3_bucket.invoices\",
  7 │ │         \"mode\": \"managed\",
  8 │ │         \"type\": \"aws_s3_bucket\",
  9 │ │         \"name\": \"invoices\",
 10 │ │         \"change\": {
 11 │ │           \"actions\": [\"no-op\"],
    ┆ ┆
 16 │ ├─▶     },
    │ │
    │ ╰──────────── warned of by a policy, severity medium
    │
    ├─[ gates.ord:7:8 ]
    │
  7 │ policy buckets_have_owners {
    │        ─────────┬─────────
    │                 ╰─────────── by this policy
    │
    │ Help: somebody has to answer for what customers give us
────╯
[ORD0803] Error: CLD-001: aws_s3_bucket_acl.invoices would be public by its access control list
     ╭─[ infra/plan.json:17:5 ]
     │
  17 │ ╭─▶     {
  18 │ │         \"address\": \"aws_s3_bucket_acl.invoices\",
  19 │ │         \"mode\": \"managed\",
  20 │ │         \"type\": \"aws_s3_bucket_acl\",
  21 │ │         \"name\": \"invoices\",
  22 │ │         \"change\": {
  23 │ │           \"actions\": [\"update\"],
     ┆ ┆
  28 │ ├─▶     }
     │ │
     │ ╰─────────── denied by a policy, severity critical
     │
     ├─[ std/cloud.ord:LINE:8 ]
     │
 LINE │ policy no_public_bucket_acl {
     │        ──────────┬─────────
     │                  ╰─────────── by this policy
     │
     │ Help: data that anybody can read or change leaks or is lost
─────╯
1 error, 1 warning
"
        .replace("LINE", &line_of_policy()),
        "{run}"
    );
    assert_eq!(
        run.text(),
        "failed  cloud_plan: 3 policies, 1 error, 1 warning\n\
         skipped texts: no file that matches docs/**, *.md has changed since main\n"
    );

    // What else a reviewer asks: why, and what is not told of.
    let why = package.run(&["policy", "explain", "CLD-001"]).exits(0).text();
    assert!(why.contains("    at infra/plan.json:17:5 (/resource_changes/1)\n"), "{why}");
    assert!(why.contains("`no_public_bucket_acl` denies: aws_s3_bucket_acl.invoices would be public"), "{why}");

    // Half mended: the plan was forgotten.
    package.git(&["checkout", "-q", "main", "--", "infra/plan.json"]);
    package.commit();
    let run = repository.gate(&["--format", "short"]).exits(1);
    assert!(run.text().contains("SHOP-002: the sources have changed, and the plan has not"), "{run}");

    // Mended.
    repository.push(OWNED, "log-delivery-write");
    let run = repository.gate(&[]).exits(0);
    assert_eq!(run.stderr, "", "{run}");
    assert_eq!(
        run.text(),
        "passed  cloud_plan: 3 policies\n\
         skipped texts: no file that matches docs/**, *.md has changed since main\n"
    );
    // Texts alone concern the other gate alone.
    package.git(&["switch", "-q", "main"]);
    package.write("docs/buckets.md", "# Buckets\n");
    package.commit();
    let run = package.run(&["gate", "--base", "HEAD^", "--as-of", "2026-06-30"]).exits(0);
    assert_eq!(
        run.text(),
        "skipped cloud_plan: no file that matches infra/** has changed since HEAD^\npassed  texts: 1 policy\n"
    );
}

#[test]
fn what_was_there_before_is_known_and_what_is_new_fails() {
    let Some(repository) = Repository::new() else { return };
    repository.push("", "public-read");
    repository.gate(&["--baseline", "baseline.json", "--update-baseline"]).exits(0);
    let run = repository.gate(&["--baseline", "baseline.json"]).exits(0);
    assert!(run.text().starts_with("passed  cloud_plan: 3 policies, 2 known from the baseline\n"), "{run}");
    // A line above moves everything, and changes nothing.
    let moved = plan("", "public-read").replacen('{', "{\n", 1);
    repository.0.write("infra/plan.json", moved);
    repository.gate(&["--baseline", "baseline.json"]).exits(0);
    // Another finding of the same policy is a new one.
    let more = plan("", "public-read").replacen("\"type\": \"aws_s3_bucket\"", "\"type\": \"aws_s3_bucket_acl\"", 1);
    let more = more.replacen("\"tags\": {  }", "\"acl\": \"public-read\"", 1);
    repository.0.write("infra/plan.json", more);
    let run = repository.gate(&["--baseline", "baseline.json"]).exits(1);
    assert!(run.stderr.contains("aws_s3_bucket.invoices would be public"), "{run}");
    assert!(run.text().starts_with("failed  cloud_plan: 3 policies, 1 error, 1 known from the baseline\n"), "{run}");
    // A baseline that is none is no reason to pass.
    repository.0.write("baseline.json", "{}");
    repository.gate(&["--baseline", "baseline.json"]).exits(2).says("is no baseline");
    repository.gate(&["--baseline", "nowhere.json"]).exits(2).says("nowhere.json");
}

#[test]
fn a_plan_on_one_line_is_pointed_into_as_well() {
    let Some(repository) = Repository::new() else { return };
    // As `terraform show -json` writes it.
    let text = plan(OWNED, "public-read");
    let compact: serde_json::Value = serde_json::from_str(&text).unwrap();
    repository.0.write("infra/plan.json", compact.to_string());
    let run = repository.gate(&["--format", "short"]).exits(1);
    assert!(run.text().contains("infra/plan.json:1:"), "{run}");
    let run = repository.gate(&[]).exits(1);
    assert!(run.stderr.contains("aws_s3_bucket_acl.invoices"), "{run}");
    let padded =
        compact.to_string().replace("\"terraform_version\":\"1.9.5\"", &format!("\"pad\":\"{}\"", "x".repeat(5_000)));
    repository.0.write("infra/plan.json", padded);
    let run = repository.gate(&[]).exits(1);
    assert!(run.stderr.contains(", in `") && run.stderr.lines().all(|line| line.len() < 500), "{run}");
}

/// Where the library's policy stands.
fn line_of_policy() -> String {
    let source = include_str!("../stdlib/std/cloud.ord");
    let at = source.lines().position(|line| line.starts_with("policy no_public_bucket_acl ")).unwrap();
    format!("{}", at + 1)
}
