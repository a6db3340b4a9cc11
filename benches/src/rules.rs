//! The same rules over plans of Terraform in two languages: policies of Ordain, and Rego.

use std::fmt::Write as _;

/// A rule: the types of resources it is about, and what is wrong with one.
struct Rule {
    kinds: &'static [&'static str],
    wrong: Wrong,
}

/// What is wrong with a resource.
enum Wrong {
    /// An attribute is not true.
    Off(&'static str),
    /// An attribute is true.
    On(&'static str),
    /// An attribute is a text.
    Is(&'static str, &'static str),
    /// An attribute is a number below.
    Below(&'static str, i64),
    /// An attribute is not there.
    Lacks(&'static str),
    /// In a block, an attribute is a text.
    BlockIs(&'static str, &'static str, &'static str),
    /// In a block, an attribute is false.
    BlockOff(&'static str, &'static str),
    /// A list has a text.
    Has(&'static str, &'static str),
    /// A list has a text, and two others are around a number.
    Open(&'static str, &'static str, i64),
    /// A text matches a regular expression as a whole.
    Matches(&'static str, &'static str),
    /// It is deleted.
    Deleted,
    /// A tag is not there.
    Untagged(&'static str),
}

use Wrong::{Below, BlockIs, BlockOff, Deleted, Has, Is, Lacks, Matches, Off, On, Open, Untagged};

const BUCKET: &[&str] = &["aws_s3_bucket"];
const INSTANCE: &[&str] = &["aws_instance"];
const RULE: &[&str] = &["aws_security_group_rule"];
const ROLE: &[&str] = &["aws_iam_role_policy", "aws_iam_policy"];
const DATABASE: &[&str] = &["aws_db_instance", "aws_rds_cluster"];
const RECORD: &[&str] = &["aws_route53_record"];
const LOGS: &[&str] = &["aws_cloudwatch_log_group"];
const VOLUME: &[&str] = &["aws_ebs_volume", "aws_ebs_snapshot_copy"];
const LISTENER: &[&str] = &["aws_lb_listener", "aws_alb_listener"];
const SUBNET: &[&str] = &["aws_subnet"];
const STORE: &[&str] = &["azurerm_storage_account"];
const FIREWALL: &[&str] = &["google_compute_firewall"];
const MEMBER: &[&str] = &["google_project_iam_member", "google_folder_iam_member"];
const STATEFUL: &[&str] = &["aws_s3_bucket", "aws_db_instance", "aws_ebs_volume", "azurerm_storage_account"];

const RULES: &[Rule] = &[
    Rule { kinds: BUCKET, wrong: Is("acl", "public-read") },
    Rule { kinds: BUCKET, wrong: Is("acl", "public-read-write") },
    Rule { kinds: BUCKET, wrong: On("force_destroy") },
    Rule { kinds: BUCKET, wrong: BlockOff("versioning", "enabled") },
    Rule { kinds: BUCKET, wrong: Lacks("bucket") },
    Rule { kinds: INSTANCE, wrong: On("associate_public_ip_address") },
    Rule { kinds: INSTANCE, wrong: BlockIs("metadata_options", "http_tokens", "optional") },
    Rule { kinds: INSTANCE, wrong: BlockOff("root_block_device", "encrypted") },
    Rule { kinds: INSTANCE, wrong: BlockOff("ebs_block_device", "encrypted") },
    Rule { kinds: INSTANCE, wrong: Off("ebs_optimized") },
    Rule { kinds: INSTANCE, wrong: Off("monitoring") },
    Rule { kinds: INSTANCE, wrong: Lacks("iam_instance_profile") },
    Rule { kinds: RULE, wrong: Open("cidr_blocks", "0.0.0.0/0", 22) },
    Rule { kinds: RULE, wrong: Open("cidr_blocks", "0.0.0.0/0", 3389) },
    Rule { kinds: RULE, wrong: Open("ipv6_cidr_blocks", "::/0", 22) },
    Rule { kinds: RULE, wrong: Lacks("description") },
    Rule { kinds: ROLE, wrong: Matches("policy", r#"(?s).*"Action": "\*".*"Resource": "\*".*"#) },
    Rule { kinds: ROLE, wrong: Matches("policy", r#"(?s).*"iam:PassRole".*"#) },
    Rule { kinds: ROLE, wrong: Lacks("role") },
    Rule { kinds: DATABASE, wrong: On("publicly_accessible") },
    Rule { kinds: DATABASE, wrong: Off("storage_encrypted") },
    Rule { kinds: DATABASE, wrong: Off("deletion_protection") },
    Rule { kinds: DATABASE, wrong: Off("multi_az") },
    Rule { kinds: DATABASE, wrong: Off("iam_database_authentication_enabled") },
    Rule { kinds: DATABASE, wrong: Off("auto_minor_version_upgrade") },
    Rule { kinds: DATABASE, wrong: On("skip_final_snapshot") },
    Rule { kinds: DATABASE, wrong: Below("backup_retention_period", 7) },
    Rule { kinds: RECORD, wrong: On("allow_overwrite") },
    Rule { kinds: RECORD, wrong: Below("ttl", 60) },
    Rule { kinds: LOGS, wrong: Lacks("kms_key_id") },
    Rule { kinds: LOGS, wrong: Below("retention_in_days", 30) },
    Rule { kinds: VOLUME, wrong: Off("encrypted") },
    Rule { kinds: VOLUME, wrong: On("multi_attach_enabled") },
    Rule { kinds: VOLUME, wrong: Off("final_snapshot") },
    Rule { kinds: LISTENER, wrong: Is("protocol", "HTTP") },
    Rule { kinds: LISTENER, wrong: Matches("ssl_policy", "ELBSecurityPolicy-(2015-05|2016-08|TLS-1-[01]-.*)") },
    Rule { kinds: LISTENER, wrong: Lacks("certificate_arn") },
    Rule { kinds: SUBNET, wrong: On("map_public_ip_on_launch") },
    Rule { kinds: SUBNET, wrong: On("assign_ipv6_address_on_creation") },
    Rule { kinds: STORE, wrong: On("allow_nested_items_to_be_public") },
    Rule { kinds: STORE, wrong: Off("https_traffic_only_enabled") },
    Rule { kinds: STORE, wrong: Is("min_tls_version", "TLS1_0") },
    Rule { kinds: STORE, wrong: On("shared_access_key_enabled") },
    Rule { kinds: STORE, wrong: Is("account_replication_type", "LRS") },
    Rule { kinds: FIREWALL, wrong: Has("source_ranges", "0.0.0.0/0") },
    Rule { kinds: FIREWALL, wrong: On("disabled") },
    Rule { kinds: MEMBER, wrong: Is("role", "roles/owner") },
    Rule { kinds: MEMBER, wrong: Matches("member", "(user|allUsers|allAuthenticatedUsers).*") },
    Rule { kinds: STATEFUL, wrong: Deleted },
    Rule { kinds: STATEFUL, wrong: Untagged("owner") },
];

/// How many rules there are.
pub const COUNT: usize = RULES.len();

/// A module of Ordain with `count` policies, of which each rule gives one; those after the last rule are about types of
/// resources that no plan has.
pub fn ordain_policies(count: usize) -> String {
    let mut module = String::from(
        "//! Rules over plans.\n\nuse std.terraform.{Plan, deletes, elements, number, planned, remaining, text}\n\n",
    );
    for at in 0..count {
        let rule = &RULES[at % COUNT];
        let nowhere = |kind: &&str| if at < COUNT { format!("\"{kind}\"") } else { format!("\"{kind}_{at}\"") };
        let kinds: Vec<String> = rule.kinds.iter().map(nowhere).collect();
        let condition = match rule.wrong {
            Off(name) => format!("text(planned(each, \"{name}\")) != \"true\""),
            On(name) => format!("text(planned(each, \"{name}\")) == \"true\""),
            Is(name, value) => format!("text(planned(each, \"{name}\")) == \"{value}\""),
            Below(name, least) => format!("(number(planned(each, \"{name}\")) ?? {least}) < {least}"),
            Lacks(name) => format!("planned(each, \"{name}\") == none"),
            BlockIs(block, name, value) => {
                format!("any(text(one?.{name}) == \"{value}\" for one in elements(planned(each, \"{block}\")))")
            }
            BlockOff(block, name) => {
                format!("any(text(one?.{name}) == \"false\" for one in elements(planned(each, \"{block}\")))")
            }
            Has(list, value) => {
                format!("any(text(one) == \"{value}\" for one in elements(planned(each, \"{list}\")))")
            }
            Open(list, value, port) => format!(
                "any(text(one) == \"{value}\" for one in elements(planned(each, \"{list}\")))\n    && \
                 (number(planned(each, \"from_port\")) ?? 0) <= {port}\n    && \
                 (number(planned(each, \"to_port\")) ?? 65535) >= {port}"
            ),
            Matches(name, pattern) => format!("matches(text(planned(each, \"{name}\")), r#\"{pattern}\"#)"),
            Deleted => "deletes(each.change)".to_owned(),
            Untagged(tag) => format!("planned(each, \"tags\")?.{tag} == none"),
        };
        let _ = write!(
            module,
            "/// Rule {at}.\npolicy rule_{at} {{\n  code \"R-{at}\" severity high\n  on input: Plan\n  \
             for each in remaining(input, [{}])\n  when {condition}\n  deny \"{{each.address}}\"\n}}\n\n",
            kinds.join(", "),
        );
    }
    module
}

/// The same rules in Rego (version 1): a set of texts such as `R-0 aws_s3_bucket.a`.
pub fn rego_policies(count: usize) -> String {
    let mut module = String::from(
        "package bench\n\nimport rego.v1\n\nvanishes(change) if {\n  some action in change.actions\n  \
         action in [\"delete\", \"forget\"]\n  not \"create\" in change.actions\n}\n\n",
    );
    for at in 0..count {
        let rule = &RULES[at % COUNT];
        let nowhere = |kind: &&str| if at < COUNT { format!("\"{kind}\"") } else { format!("\"{kind}_{at}\"") };
        let kinds: Vec<String> = rule.kinds.iter().map(nowhere).collect();
        let condition = match rule.wrong {
            Off(name) => format!("object.get(r.change.after, \"{name}\", null) != true"),
            On(name) => format!("r.change.after.{name} == true"),
            Is(name, value) => format!("r.change.after.{name} == \"{value}\""),
            Below(name, least) => format!("r.change.after.{name} < {least}"),
            Lacks(name) => format!("object.get(r.change.after, \"{name}\", null) == null"),
            BlockIs(block, name, value) => format!("some one in r.change.after.{block}\n  one.{name} == \"{value}\""),
            BlockOff(block, name) => format!("some one in r.change.after.{block}\n  one.{name} == false"),
            Has(list, value) => format!("\"{value}\" in r.change.after.{list}"),
            Open(list, value, port) => format!(
                "\"{value}\" in r.change.after.{list}\n  r.change.after.from_port <= {port}\n  r.change.after.to_port >= {port}"
            ),
            Matches(name, pattern) => format!("regex.match(`^({pattern})$`, r.change.after.{name})"),
            Deleted => "\"delete\" in r.change.actions".to_owned(),
            Untagged(tag) => format!("not r.change.after.tags.{tag}"),
        };
        let _ = write!(
            module,
            "deny contains message if {{\n  some r in input.resource_changes\n  r.type in {{{}}}\n  r.mode != \"data\"\n  \
             not vanishes(r.change)\n  {condition}\n  message := concat(\" \", [\"R-{at}\", r.address])\n}}\n\n",
            kinds.join(", "),
        );
    }
    module
}
