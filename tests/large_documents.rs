//! Gates over documents that are large: how much memory they take, and what is too large.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use crate::package::Package;

const SOURCE: &str = r#"type Item = { name: String, labels: Map<String, String> = {}, sizes: List<Int> = [] }
type State = { items: List<Item>, region: String? }

policy named {
  code "P-1" severity high
  on input: State
  for item in input.items
  when item.name == "" || "none" in item.labels
  deny "an item has no name in {input.region ?? "no region"}"
}

policy several {
  code "P-2" severity high
  on input: State
  when len(input.items) > 260
  deny "several items"
}

policy faulty {
  code "P-3" severity high
  on input: State
  when 1 / (len(input.items) - 260) > 1
  deny "divided"
}

gate parts {
  input state: State = json("state.json")
  check [named]
}
"#;

/// A gate that looks at the list as a whole, and cannot be decided without telling why.
const WHOLE: &str =
    "\ngate whole {\n  input state: State = json(\"state.json\")\n  check [named, several, faulty]\n}\n";

/// Writes a document of so many items, the names of which are so long, but for some that have none.
fn write(package: &Package, items: usize, length: usize, unsound: usize) -> u64 {
    let file = File::create(package.file("state.json")).unwrap();
    let mut out = BufWriter::new(file);
    let name = "x".repeat(length);
    out.write_all(b"{\"items\": [").unwrap();
    for at in 0..items {
        let separator = if at > 0 { ",\n" } else { "" };
        let name = if (at + 1) % (items / unsound) == 0 { "" } else { &name };
        let mut item = String::new();
        let _ = write!(
            item,
            "{separator}{{\"name\": \"{name}\", \"labels\": {{\"a\": \"{at}\", \"b\": \"x\"}}, \"sizes\": ["
        );
        // Small values take much more memory than text.
        item += &vec!["1"; length.min(200)].join(",");
        item += "]}";
        out.write_all(item.as_bytes()).unwrap();
    }
    out.write_all(b"\n], \"region\": \"north\"}").unwrap();
    out.into_inner().unwrap().metadata().unwrap().len()
}

/// What a document takes in memory is its text and little more, for its elements are looked at and forgotten.
#[cfg(target_os = "linux")]
#[test]
fn a_long_list_takes_the_memory_of_its_text() {
    let package = Package::of(SOURCE);
    let gate = |package: &Package| {
        let (run, peak) = package.ordain().measured(["gate", "--json"]);
        let json = run.exits(1).json();
        assert_eq!(json["gates"][0]["findings"].as_array().map(Vec::len), Some(500));
        let last = &json["gates"][0]["findings"][499];
        assert_eq!(last["message"], "P-1: an item has no name in north");
        peak
    };
    write(&package, 500, 1, 500);
    let least = gate(&package);
    let length = write(&package, 40_000, 200, 500);
    assert!(length > 20_000_000, "{length}");
    let taken = gate(&package) - least;
    // People are told the same, and where it is.
    let run = package.run(&["gate"]).exits(1).says("[ORD0803] Error: P-1: an item has no name in north\n");
    let place = run.says("  at state.json:80:1, in `{\\\"name\\\": \\\"\\\", ");
    assert!(!place.stderr.contains("╭─[ state.json"), "{place}");
    let most = length + length / 2;
    assert!(taken < most, "{taken} bytes for a document of {length}, and no more than {most} are allowed");
}

/// What is larger than a document that may be held is judged in parts, and told where that cannot be.
#[test]
fn what_is_too_large_to_be_held_is_judged_in_parts() {
    let package = Package::of(format!("{SOURCE}{WHOLE}"));
    let length = write(&package, 260, 1 << 20, 1);
    assert!(length > 256 << 20, "{length}");
    let json = package.run(&["gate", "whole", "--json"]).exits(1).json();
    let findings = json["gates"][0]["findings"].as_array().unwrap();
    let told: Vec<_> = findings
        .iter()
        .map(|each| (each["primary"]["line"].as_u64().unwrap(), each["message"].as_str().unwrap()))
        .collect();
    // What cannot be told without holding all of it, is not, and the rest is.
    let refused = format!("{length} bytes are more than the 268435456 a data file may have as a whole");
    assert_eq!(told, [(1, &*refused), (260, "P-1: an item has no name in north")]);
    assert_eq!(findings[0]["related"][0]["message"], "this policy looks at the whole of it", "{json}");
    // What is cut off is told where it ends.
    let file = File::options().write(true).open(package.file("state.json")).unwrap();
    file.set_len(length - 20).unwrap();
    let json = package.run(&["gate", "parts", "--json"]).exits(1).json();
    let finding = &json["gates"][0]["findings"][0];
    assert_eq!((&finding["code"], &finding["primary"]["line"]), (&"ORD0504".into(), &261.into()), "{json}");
}
