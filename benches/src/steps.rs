//! A package whose one plan has as many steps as asked for.

use crate::package::MemoryTree;

/// A package with a plan `build` of exactly so many steps: chains of a hundred, each step takes what the one before it
/// gave, and every second chain waits for another.
pub fn plan_of_steps(steps: usize) -> MemoryTree {
    let (chains, rest) = (steps / 100, steps % 100);
    let source = format!(
        r#"/// One piece of work.
capability work.run {{
  version "1.0.0"
  input {{
    name: String
    part: Int
    size: Bytes = 20MiB
    labels: Map<String, String> = {{}}
    before: Digest? = none
  }}
  output {{ digest: Digest }}
  effect write
  risk low
  key name
  retry 2 times backoff 1s..10s
  timeout 5m
}}

/// Chains of work.
plan build() {{
  for chain in 0..{chains} {{
    for part in 0..100 {{
      if part == 0 {{
        let done["{{chain}}/{{part}}"] = work.run {{ name: "work-{{chain}}-{{part}}", part }}
      }} else {{
        let done["{{chain}}/{{part}}"] = work.run {{
          name: "work-{{chain}}-{{part}}"
          part
          labels: {{ chain: "{{chain}}", kind: if chain % 2 == 0 {{ "even" }} else {{ "odd" }} }}
          before: done["{{chain}}/{{part - 1}}"].digest
        }}
      }}
    }}
  }}
  for part in 0..{rest} {{
    work.run {{ name: "rest-{{part}}", part }}
  }}
}}
"#
    );
    let manifest = "[package]\nname = \"steps\"\nversion = \"0.1.0\"\n".to_owned();
    MemoryTree { files: [("main.ord".to_owned(), source), (ordain_loader::MANIFEST.to_owned(), manifest)].into() }
}
