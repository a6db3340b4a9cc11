//! Makes sound source text of any length that looks like what people write.

use std::fmt::Write;

/// At least `lines` lines of declarations of every kind.
pub fn package(lines: usize) -> String {
    let mut text = String::from("//! A generated module.\n\nuse std.types.{Name, Region, Url}\nuse std.risk\n\n");
    let mut written = 5;
    let mut number = 0;
    while written < lines {
        let before = text.len();
        declarations(&mut text, number).expect("writing to a string never fails");
        written += text[before..].matches('\n').count();
        number += 1;
    }
    text
}

fn declarations(out: &mut String, n: usize) -> std::fmt::Result {
    write!(
        out,
        r##"/// What service {n} is told about the place it runs in.
type Target{n} = {{
  tier:     Tier{n}
  region:   Region
  /// How many instances run side by side.
  replicas: Int where 1..=50
  domain:   String matching "[a-z0-9.-]+"
  labels:   Map<String, String> = {{}}
  zones:    [String]?
}}

enum Tier{n} {{ dev, staging, production }}

// The replicas a tier needs at least.
fn replicas_{n}(tier: Tier{n}, base: Int) -> Int = match tier {{
  dev => 1
  staging => base
  production => if base < 3 {{ 3 }} else {{ base * 2 + {n} }}
}}

const regions_{n} = ["eu-west-1", "eu-central-1", "us-east-{n}"]

/// Makes sure a database for service {n} exists.
capability database_{n}.ensure {{
  version "1.{n}.0"
  input {{
    name:   Name
    size:   Bytes = 20GiB
    region: Region
  }}
  output {{ endpoint: Url, password: Secret<String> }}
  effect write
  risk medium
  key (name, region)
  undo database_{n}.remove {{ name, region }}
  retry 3 times backoff 1s..30s
  timeout 5m
}}

adapter postgres_{n}.local {{
  provides database_{n}.ensure ^1.2
  run process ["adapters/postgres", "--service", "{n}"]
}}

environment prod_{n}: Target{n} {{
  tier: production, region: "eu-west-1", replicas: 6
  domain: "shop-{n}.example.com"
  bind database_{n}.ensure to postgres_{n}.local
  group sre = ["ana", "bo", "chi"]
}}

policy production_needs_two_{n} {{
  code "GOV-{n}" severity high
  on step in env: Target{n}
  when env.tier == production && step.effect != read
  require approval from sre count 2
  because "a change in production needs two SRE approvals"
}}

policy no_public_bucket_{n} {{
  code "CLD-{n}"
  severity critical
  on input: terraform.Plan
  for r in input.resource_changes
  when r.type == "aws_s3_bucket" && r.change.after.acl in ["public-read", "public-read-write"]
  deny "bucket {{r.address}} would be public in {{r.change.after.region ?? "no region"}}"
  exempt r.address in ["aws_s3_bucket.site_{n}"] until 2027-03-01 see adr_0007
}}

/// Releases service {n} everywhere.
plan release_{n}(version: SemVer, env: Target{n}) {{
  let db = database_{n}.ensure {{ name: "orders-{n}", region: env.region }}
  let mig = schema.migrate {{ database: db.endpoint, to: version }}
  let images = [image(r, version) for r in regions_{n} if r != env.region]
  stage rollout after mig {{
    for r in regions_{n} {{
      let deploys[r] = deploy.service {{
        image: "orders-{n}:{{version}}"
        region: r
        replicas: replicas_{n}(env.tier, {n}) + 1
      }} after [deploys[p] for p in before(r)]
    }}
  }}
  if env.tier == production {{
    notify.team {{ channel: "#releases", text: "Service {n} {{version}} is out" }}
  }}
  gate healthy = http.probe {{ url: "https://{{env.domain}}/healthz" }} expect healthy.status == 200
  on failure undo
}}

entity service_{n}: Application {{
  owner: "payments"
  spec: "specs/service-{n}.md"
  stability: stable
}}

gate cloud_plan_{n} {{
  on change ["**/*.tf", "specs/cloud-{n}.md"]
  input plan: terraform.Plan = json("plan-{n}.json")
  check [no_public_bucket_{n}, std.cloud.*]
}}

test "release {n} asks for two SREs" {{
  let p = plan release_{n}(version: 1.4.0, env: prod_{n})
  expect p requires "GOV-{n}"
  expect deny "CLD-{n}" from no_public_bucket_{n} on {{ resource_changes: [{{ type: "aws_s3_bucket" }}] }}
}}

"##
    )
}
