//! Gates over documents that are broken, huge or hostile: each fails with a finding at its place, and the others are
//! asked all the same.

use std::fs::File;

use crate::package::Package;

const HEAD: &str = r#"type Item = { name: String, size: Int? }
type State = { items: List<Item> }

policy named {
  code "P-1" severity high
  on input: State
  for item in input.items
  when item.name == ""
  deny "an item has no name"
}

policy allowed {
  code "P-2" severity high
  on input: Json
  when input?.forbidden == true
  deny "forbidden"
}

gate good {
  input state: State = json("good.json")
  check [named]
}
"#;

/// A document, and the code, line and a part of the message of what is found in it.
struct Bad {
    file: &'static str,
    content: Vec<u8>,
    finds: (&'static str, u64, &'static str),
}

fn bad(file: &'static str, content: impl Into<Vec<u8>>, finds: (&'static str, u64, &'static str)) -> Bad {
    Bad { file, content: content.into(), finds }
}

/// The data function for a file's name.
fn function(file: &str) -> &str {
    match file.rsplit('.').next().unwrap() {
        "tf" => "hcl",
        "env" => "dotenv",
        "md" => "front_matter",
        other => other,
    }
}

/// A text in UTF-16, little end first, with its mark.
fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// What others wrote wrongly, or to do harm.
fn documents() -> Vec<Bad> {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let bomb = (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 12].join(", ")));
    let merges = (1..400).map(|n| format!("b{n}: &b{n} {{<<: [*b{}, *b{}], k{n}: 1}}\n", n - 1, n - 1));
    vec![
        // The wrong shape.
        bad("list.json", "[\n1]", ("ORD0503", 1, "expected `State`, found a list")),
        bad("null.json", "null", ("ORD0503", 1, "expected `State`, found null")),
        bad("lacking.json", "{\n}", ("ORD0503", 1, "needs `items`")),
        bad("wrong.json", "{\"items\":\n[{\"name\": 3}]}", ("ORD0503", 2, "expected `String`, found the number `3`")),
        bad(
            "size.json",
            "{\"items\": [\n{\"name\": \"a\"},\n{\"name\": \"b\", \"size\": \"big\"}]}",
            ("ORD0503", 3, "`big`"),
        ),
        bad(
            "number.json",
            format!("{{\"items\": [{{\"name\": \"a\", \"size\": 1{}}}]}}", "0".repeat(100_000)),
            ("ORD0503", 1, "expected `Int`, found the number `1000"),
        ),
        bad("exponent.json", "{\"items\": [{\"name\": \"a\", \"size\": 1e999999999}]}", ("ORD0503", 1, "1e999999999")),
        // No document at all.
        bad("empty.json", "", ("ORD0504", 1, "expected a value, but the text ends here")),
        bad(
            "page.json",
            "<!doctype html>\n<title>502 Bad Gateway</title>",
            ("ORD0504", 1, "expected a value, found `<`"),
        ),
        bad("twice.json", "{\"items\": []}\n{\"items\": []}", ("ORD0504", 2, "expected the end of the text")),
        bad("cut.json", "{\"items\":\n[{\"name\": \"a", ("ORD0504", 2, "")),
        bad("documents.yaml", "items: []\n---\nitems: []\n", ("ORD0504", 2, "expected one document")),
        // Keys that two readers may read differently.
        bad(
            "keys.json",
            "{\"items\": [],\n\"items\": [{\"name\": \"\"}]}",
            ("ORD0504", 2, "the key `items` is given twice"),
        ),
        bad("keys.yaml", "items: []\nitems: []\n", ("ORD0504", 2, "the key `items` is given twice")),
        bad("keys.toml", "a = 1\na = 2\n", ("ORD0504", 2, "")),
        // Other encodings.
        bad(
            "latin.json",
            b"{\"items\": [{\"name\": \"caf\xe9\"}]}".as_slice(),
            ("ORD0504", 1, "not UTF-8 from byte 24 on"),
        ),
        bad("utf16.json", utf16("{\"items\": []}"), ("ORD0504", 1, "not UTF-8 from byte 0 on")),
        bad("utf16.yaml", utf16("items: []\n"), ("ORD0504", 1, "not UTF-8 from byte 0 on")),
        bad("wide.json", wide("{\"items\": []}"), ("ORD0504", 1, "found `U+0000`")),
        bad("surrogate.json", b"{\"items\": [{\"name\": \"\xed\xa0\x80\"}]}".as_slice(), ("ORD0504", 1, "not UTF-8")),
        bad("half.json", "{\"items\": [{\"name\": \"\\ud800\"}]}", ("ORD0504", 1, "half of a surrogate pair")),
        bad("nul.json", "\0\0\0\0", ("ORD0504", 1, "found `U+0000`")),
        // What would use up the stack.
        bad("open.json", "[".repeat(1_000_000), ("ORD0504", 1, "nested more than")),
        bad(
            "deep.json",
            format!("{}1{}", "{\"a\":".repeat(200_000), "}".repeat(200_000)),
            ("ORD0504", 1, "nested more than"),
        ),
        bad("deep.yaml", "[".repeat(100_000), ("ORD0504", 1, "nested more than")),
        bad(
            "indented.yaml",
            (0..2_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>(),
            ("ORD0504", 129, "nested more than"),
        ),
        bad("deep.toml", format!("a = {}", "[".repeat(100_000)), ("ORD0504", 1, "nested more than")),
        bad("deep.xml", "<a>".repeat(100_000), ("ORD0504", 1, "nested more than")),
        bad("deep.tf", format!("a = {}", "[".repeat(100_000)), ("ORD0504", 1, "nested more than")),
        bad("templates.tf", format!("a = \"{}", "${\"".repeat(50_000)), ("ORD0504", 1, "")),
        // What would use up memory or time.
        bad(
            "bomb.yaml",
            format!("a0: &a0 x\n{}items: *a11\n", bomb.collect::<String>()),
            ("ORD0504", 7, "anchors and aliases copy more than"),
        ),
        bad(
            "merges.yaml",
            format!("b0: &b0 {{k0: 1}}\n{}items: []\n", merges.collect::<String>()),
            ("ORD0504", 65, "nested more than"),
        ),
        bad("itself.yaml", "items: []\na: &a [*a]\n", ("ORD0504", 2, "the alias `*a` stands inside what it names")),
        // What would reach outside.
        bad(
            "entity.xml",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<a>&x;</a>",
            ("ORD0504", 2, "document type"),
        ),
        bad("tag.yaml", "items: !!python/object/apply:os.system [\"touch made\"]\n", ("ORD0504", 1, "core schema")),
        // The other formats.
        bad("ragged.csv", "name,size\na,1\nb\n", ("ORD0504", 3, "1 cell")),
        bad("quote.csv", "name,size\n\"a,1\n", ("ORD0504", 2, "not closed")),
        bad("block.tf", "resource \"x\" {\n", ("ORD0504", 0, "")),
        bad("name.env", "A=1\n=x\n", ("ORD0504", 2, "the name of a variable")),
        bad("section.ini", "[a\n", ("ORD0504", 1, "not closed")),
        bad("head.md", "---\ntitle: [\n---\n", ("ORD0504", 0, "")),
    ]
}

#[test]
fn each_bad_document_fails_its_gate_alone() {
    let documents = documents();
    let mut source = HEAD.to_owned();
    for (at, Bad { file, .. }) in documents.iter().enumerate() {
        let (ty, policy) =
            if file.ends_with(".json") || file.ends_with(".yaml") { ("State", "named") } else { ("Json", "allowed") };
        let function = function(file);
        source += &format!("\ngate g{at} {{\n  input state: {ty} = {function}(\"{file}\")\n  check [{policy}]\n}}\n");
    }
    let package = Package::of(source);
    package.write("good.json", "{\"items\": [{\"name\": \"a\"}]}");
    for Bad { file, content, .. } in &documents {
        package.write(file, content);
    }
    // For people, programs and services alike.
    let run = package.run(&["gate"]).exits(1);
    assert!(run.text().contains("passed  good: 1 policy\n"), "{run}");
    assert!(run.stderr.lines().all(|line| line.chars().count() < 1_500), "a line is too long to be read");
    package.run(&["gate", "--format", "sarif"]).exits(1).json();
    let json = package.run(&["gate", "--json"]).exits(1).json();
    let gates = json["gates"].as_array().unwrap();
    let gate = |name: &str| gates.iter().find(|gate| gate["gate"] == name).unwrap();
    assert_eq!(gate("good")["state"], "passed");
    for (at, Bad { file, finds: (code, line, message), .. }) in documents.iter().enumerate() {
        let gate = gate(&format!("g{at}"));
        assert_eq!(gate["state"], "failed", "{file}");
        let [finding] = gate["findings"].as_array().unwrap().as_slice() else { panic!("{file}: {gate}") };
        assert_eq!(finding["code"], *code, "{file}: {finding}");
        let said = finding["message"].as_str().unwrap();
        assert!(said.contains(message) && said.chars().count() <= 400, "{file}: {said}");
        let place = &finding["primary"];
        assert_eq!(place["path"], *file, "{finding}");
        assert!(*line == 0 || place["line"] == *line, "{file}: line {} is not {line}", place["line"]);
    }
    // What may be in another encoding is told how to be mended.
    for file in ["utf16.json", "wide.json"] {
        let at = documents.iter().position(|bad| bad.file == file).unwrap();
        let help = gate(&format!("g{at}"))["findings"][0]["help"].as_str().unwrap_or_default();
        assert!(help.contains("UTF-16"), "{file}: {help}");
    }
    assert!(!package.file("made").exists());
}

#[test]
fn marks_of_utf8_and_odd_names_are_no_mistakes() {
    let package = Package::of(HEAD.replace("good.json", "gut/größe 1.json"));
    package.write("gut/größe 1.json", "\u{feff}{\"items\": [{\"name\": \"größe\"}]}\r\n");
    package.run(&["gate"]).exits(0);
}

/// The document decides how many pairs there are: more than a list may hold are refused, not gathered.
#[test]
fn what_grows_with_the_square_of_a_document_is_bounded() {
    let package = Package::of(
        "type State = { xs: List<Int> }\n\npolicy pairs {\n  code \"P-1\" severity high\n  on input: State\n  \
         when any(a == b + 1000000 for a in input.xs for b in input.xs)\n  deny \"a pair\"\n}\n\n\
         gate good {\n  input state: State = json(\"xs.json\")\n  check [pairs]\n}\n",
    );
    let numbers: Vec<String> = (0..3_200).map(|each| each.to_string()).collect();
    package.write("xs.json", format!("{{ \"xs\": [{}] }}", numbers.join(",")));
    package.run(&["gate"]).exits(1).says("ORD0508");
    package.write("xs.json", format!("{{ \"xs\": [{}] }}", numbers[..100].join(",")));
    package.run(&["gate"]).exits(0);
}

#[test]
fn more_than_a_gigabyte_is_refused_and_not_read() {
    let gate = "\ngate huge {\n  input state: State = json(\"huge.json\")\n  check [named]\n}\n\
                \ngate large {\n  input state: State = yaml(\"large.yaml\")\n  check [named]\n}\n";
    let package = Package::of(format!("{HEAD}{gate}"));
    package.write("good.json", "{\"items\": []}");
    // Holes take no room on the disk, and are read as nothing but NUL.
    File::create(package.file("huge.json")).unwrap().set_len((1 << 30) + 1).unwrap();
    File::create(package.file("large.yaml")).unwrap().set_len((64 << 20) + 1).unwrap();
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    for said in [
        "huge.json:1:1: error[ORD0504] 1073741825 bytes are more than the 1073741824 a data file may have",
        "large.yaml:1:1: error[ORD0504] 67108865 bytes are more than the 67108864 a data file may have that is not JSON",
    ] {
        assert!(run.text().contains(said), "no `{said}` in\n{run}");
    }
    let run = package.run(&["gate"]).exits(1);
    assert!(run.text().contains("passed  good"), "{run}");
    // On the command line, too.
    package.run(&["eval", "--input", "huge.json:State", "input"]).exits(1).says("1073741825 bytes are more than");
    package.run(&["policy", "explain", "P-1", "--input", "huge.json"]).exits(1).says("1073741825 bytes");
}

#[test]
fn what_is_no_file_of_the_package_is_not_read() {
    let gate =
        |name: &str| format!("\ngate {name} {{\n  input state: State = json(\"{name}.json\")\n  check [named]\n}}\n");
    let gates: String = ["folder", "link", "device", "missing"].map(gate).concat();
    let package = Package::of(format!("{HEAD}{gates}"));
    package.write("good.json", "{\"items\": []}");
    package.write("folder.json/inner", "");
    #[cfg(unix)]
    for (name, target) in [("link.json", "/etc/passwd"), ("device.json", "/dev/zero")] {
        std::os::unix::fs::symlink(target, package.file(name)).unwrap();
    }
    let json = package.run(&["gate", "--json"]).exits(1).json();
    for gate in json["gates"].as_array().unwrap() {
        let good = gate["gate"] == "good";
        assert_eq!(gate["state"], if good { "passed" } else { "failed" }, "{gate}");
    }
    assert!(!json.to_string().contains("root:"), "{json}");
}

#[test]
fn explaining_a_large_document_says_little() {
    let package = Package::of(HEAD);
    let items: Vec<String> = (0..20_000).map(|at| format!("{{\"name\": \"item {at}\"}}")).collect();
    package.write("good.json", format!("{{\"items\": [{},\n{{\"name\": \"\"}}]}}", items.join(",\n")));
    let run = package.run(&["policy", "explain", "P-1"]).exits(0);
    assert!(
        run.text().contains("`named` denies: an item has no name\n    at good.json:20001:1 (/items/20000)\n"),
        "{run}"
    );
    assert!(run.text().contains("19999 more end at the same clause"), "{run}");
    assert!(run.text().lines().count() < 20, "{run}");
    let json = package.run(&["policy", "explain", "P-1", "--json"]).exits(0).json();
    let ways = json["about"][0]["ways"].as_array().unwrap();
    assert!(ways.len() <= 101, "{}", ways.len());
    assert_eq!(ways[0]["alike"], 19_900);
}
