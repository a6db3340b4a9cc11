//! The texts of declarations.
//!
//! In them, `@m` is the start of the module's values' names, `@M` of its types' names, `@k` the block's number in the
//! module, and other words with `@` what the text of the block says.

/// What every module has; others import its settings, its tier and its share.
pub(super) const HEAD: &str = r#"
/// How far a change to the @subject has come.
enum @MTier {
  /// Anybody may try things out.
  dev
  /// As production, with made-up data.
  staging
  /// What customers see.
  production
}

/// What the @subject needs to know about the place it runs in.
type @MSettings = {
  /// The provider's name for the place.
  region: Region
  tier: @MTier = dev
  replicas: Int where 1..=50 = 2
  port: Port = 8080
  owner: Name
  /// What it may cost in a month.
  budget: Decimal where 0..=100000 = 1200.50
  storage: Bytes = 20GiB
  window: Duration = 45m
  domain: String matching "[a-z0-9.-]+"
  labels: Map<String, String> = {}
  mirrors: List<Region> = []
  note: String? = none
}

/// Makes sure that there is a @subject of that name, and that it has the size asked for.
capability @m.ensure {
  version "1.4.0"
  input {
    /// Unique in its region.
    name: Name
    region: Region
    size: Bytes = 10GiB
    replicas: Int where 1..=50 = 2
    labels: Map<String, String> = {}
  }
  output {
    endpoint: Url
    password: Secret<String>
    revision: Int
  }
  effect write
  risk medium
  key (name, region)
  undo @m.remove { name, region }
  retry 3 times backoff 1s..30s
  timeout 5m
}

/// Takes the @subject away, with all it holds.
capability @m.remove {
  version "1.0.1"
  input { name: Name, region: Region }
  output { removed: Bool }
  effect destroy
  risk high
  key (name, region)
}

/// Asks the @subject how it is.
capability @m.probe {
  version "1.1.0"
  input { url: Url, within: Duration = 10s }
  output { status: Int, body: String }
  effect read
  risk low
  timeout 30s
}

/// The team's own tool.
adapter @m.local {
  version "0.3.0"
  provides @m.ensure ^1.4
  provides @m.remove ^1.0
  provides @m.probe ^1.1
  run process ["adapters/@subject", "--area", "@area"]
}

/// The part of a whole that is the @subject's, between nothing and all.
fn @m_share(part: Int, whole: Int) -> Int = if whole <= 0 { 0 } else { min([part * 100 / whole, 100]) ?? 0 }

/// Where customers meet the @subject.
environment @m_prod: @MSettings {
  region: "eu-west-1"
  tier: production
  replicas: 6
  owner: "@area"
  domain: "@subject.example.com"
  labels: { area: "@area", "cost-centre": "C-@number" }
  mirrors: ["eu-central-1", "us-east-1"]
  bind @m.ensure to @m.local
  bind @m.remove to @m.local
  bind @m.probe to @m.local
  group sre = ["ana", "bo", "chi"]
  group owners = ["dee", "eli"]
}

/// Brings the @subject to a version, region by region, and looks whether it is well.
plan release_@m(version: SemVer, env: @MSettings) -> { endpoint: Url } {
  limit risk medium
  on failure undo
  let main = @m.ensure { name: "main", region: env.region, size: env.storage, replicas: env.replicas }
  stage mirrors after main {
    for region in env.mirrors {
      let mirror[region] = @m.ensure {
        name: "mirror"
        region
        labels: { version: "{version}", of: "@subject" }
      }
    }
  }
  gate healthy = @m.probe { url: main.endpoint } expect healthy.status == 200 after mirrors timeout 2m
  return { endpoint: main.endpoint }
}

/// Nobody changes production alone.
policy @m_needs_two {
  code "ORG-@number" severity high
  on step in env: @MSettings
  when env.tier == production && step.effect != read
  require approval from sre count 2
  because "a change of the @subject in production needs two approvals"
}
"#;

/// What uses an import, so that none is in vain.
pub(super) const USES: &str = r#"
/// How the @subject stands to the @other it builds on.
fn @m_beside_@o(own: Int, settings: @OSettings) -> Int = match settings.tier {
  dev => @o_share(own, 100)
  staging => @o_share(own, 50)
  production => if settings.tier == @OTier.production { own } else { 0 }
}
"#;

pub(super) const ENUM: &str = r#"
/// The states of @a @noun, from the first to the last.
enum @MState@k {
  /// Nobody has looked at it.
  open
  /// Somebody has, and waits for others.
  waiting
  /// It is being done.
  running
  /// It is done, for good or ill.
  closed
  /// Nothing had to be done.
  skipped
}

/// Whether @a @noun in that state can still change.
fn @m_may_change_@k(state: @MState@k) -> Bool = match state {
  open | waiting => true
  running => true
  closed | skipped => false
}
"#;

pub(super) const RECORD: &str = r#"
/// What is known of @a @noun.
type @MRecord@k = {
  /// Its number; never given twice.
  id: Int where 1..=999999
  name: Name
  region: Region
  size: Bytes = @sizeMiB
  weight: Decimal where 0..=1 = 0.25
  parts: List<{ name: Name, share: Int where 0..=100 }> = []
  contact: String matching "[a-z.]+@[a-z.]+" = "@area@example.com"
  since: Date?
}

/// The @noun that stands for all others in examples.
const @m_sample_@k: @MRecord@k = {
  id: @id
  name: "@noun-@k"
  region: "@region"
  parts: [{ name: "first", share: 60 }, { name: "second", share: 40 }]
  since: 2026-03-01
}
"#;

pub(super) const FUNCTION: &str = r#"
/// The share of the largest part, in percent, counted over all that are large enough.
fn @m_largest_@k(parts: List<Int>, least: Int = @id) -> Int {
  // What is too small to count is left out before the sum, not after it.
  let large = [part for part in parts if part >= least]
  let whole = sum(large)
  let top = max(large) ?? 0
  if whole == 0 { 0 } else { top * 100 / whole }
}

/// A line for people about @a @noun.
fn @m_line_@k(name: String, count: Int, urgent: Bool = false) -> String {
  let mark = if urgent { "!" } else { "." }
  "{upper(name)} has {count} of {@id + count} @nouns{mark}"
}
"#;

pub(super) const TABLE: &str = r#"
/// How many @nouns each region takes.
const @m_limits_@k: Map<String, Int> = {
  "eu-west-1": @id
  "eu-central-1": @id * 2
  "us-east-1": @id + 40 // grows with the second site
  "ap-south-1": 12
}

/// The regions whose limit is above the threshold, and the limit they have.
fn @m_above_@k(threshold: Int) -> List<String> =
  ["{region}: {limit}" for region, limit in @m_limits_@k if limit > threshold]
"#;

pub(super) const ENTITY: &str = r#"
/// A kind of @noun that the registry knows.
type @MApplication@k = {
  owner: Name
  specification: String
  level: Int where 1..=4 = 2
  regions: List<Region>
}

/// The @noun of the @subject, as the registry has it.
entity @m_entry_@k: @MApplication@k {
  owner: "@area"
  specification: "specs/@subject/@noun.md"
  level: 3
  regions: ["@region", "eu-west-1"]
}

/// An entry without a specification is no entry.
policy @m_has_specification_@k {
  code "ENT-@number-@k" severity medium
  on entity entry: @MApplication@k
  when !starts_with(entry.specification, "specs/") || len(entry.regions) == 0
  deny "the @noun of {entry.owner} has no specification"
}
"#;

pub(super) const POLICY: &str = r#"
/// The part of a document of the provider that the next policy looks at.
type @MDocument@k = {
  changes: List<{ address: String, kind: String, public: Bool, size: Int }>
}

/// No @noun of the @subject may be open to everybody.
policy @m_no_public_@k {
  code "DOC-@number-@k" severity critical
  on input: @MDocument@k
  for change in input.changes
  let large = change.size > @id
  when change.kind == "@noun" && change.public
  unless large && starts_with(change.address, "archive.")
  deny "{change.kind} {change.address} would be public"
  because "what is public by mistake cannot be made private again"
  exempt change.address in ["site.@noun"] until 2027-03-01
}

test "a public @noun of @m is found (@k)" {
  expect deny "DOC-@number-@k" from @m_no_public_@k on {
    changes: [{ address: "main.@noun", kind: "@noun", public: true, size: 4 }]
  }
  expect allow from @m_no_public_@k on { changes: [] }
}
"#;

pub(super) const PLAN: &str = r#"
/// Moves the @nouns of the @subject to other regions, one after the other.
plan @m_move_@k(env: @MSettings, names: List<Name>, dry: Bool = false) {
  limit effect write
  let target = @m.ensure { name: "target", region: "@region", size: @sizeMiB }
  stage copies after target {
    for name in names if name != "target" {
      let copy[name] = @m.ensure {
        name
        region: env.region
        replicas: env.replicas
        labels: { from: "@noun", password_of: "{name}" }
      } retry 2 times
    }
  }
  if !dry {
    @m.probe { url: target.endpoint, within: 20s } after copies
  }
  // The last look is the one that counts.
  gate settled = @m.probe { url: target.endpoint } expect settled.status < 300 after copies
}

test "moving the @nouns of @m plans (@k)" {
  let moved = plan @m_move_@k(env: @m_prod, names: ["one", "two", "target"])
  expect moved allows
}
"#;

pub(super) const GATE: &str = r#"
/// What a change to the @nouns of the @subject must pass.
gate @m_changes_@k {
  on change ["@area/**/*.tf", "specs/@subject/*.md"]
  check [@m_needs_two]
}

/// A test over a table.
test "shares of the @nouns of @m stay below all (@k)" {
  for part in [1, 10, 50, 100] {
    expect @m_share(part, 100) <= 100
    expect @m_share(part, 0) == 0
  }
}
"#;

pub(super) const CAPABILITY: &str = r#"
/// Writes @a @noun down where auditors look for it.
capability @m.note@k {
  version "0.@k.0"
  input {
    name: Name
    text: String where len 1..=2000
    due: Date? = none
    token: Secret<String>
  }
  output { receipt: Digest }
  effect write
  risk low
  key name
  timeout 1m30s
}

/// Who writes them down.
adapter @m.notes@k {
  version "1.0.0"
  provides @m.note@k ^0.@k
  run http "https://notes.example.com/@area"
}
"#;
