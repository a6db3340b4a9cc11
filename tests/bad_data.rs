//! Data that others wrote in their own way, or wrongly: read as it is meant, or found, never a crash.

use crate::package::Package;

/// Demands that a source gives just these codes.
#[track_caller]
fn finds(source: impl AsRef<[u8]>, codes: &[&str]) {
    assert_eq!(Package::of(source).codes(), codes);
}

#[test]
fn marks_and_line_ends_of_other_systems_are_tolerated() {
    let package = Package::of(
        "type T = { a: Int, b: String }\nconst w: List<T> = csv(\"w.csv\")\nconst x: T = json(\"x.json\")\n\
         const y: T = yaml(\"y.yaml\")\nconst z: T = toml(\"z.toml\")\n",
    );
    package.write("ordain.toml", "\u{feff}[package]\r\nname = \"test\"\r\nversion = \"0.1.0\"\r\n");
    package.write("w.csv", "\u{feff}a,b\r\n1,2\r\n");
    package.write("x.json", "\u{feff}{\"a\": 1, \"b\": \"2\"}\r\n");
    package.write("y.yaml", "\u{feff}a: 1\r\nb: \"2\"\r\n");
    package.write("z.toml", "\u{feff}a = 1\r\nb = \"2\"\r\n");
    package.run(&["check", "--deny-warnings"]).exits(0);
    let run = package.run(&["eval", "[w[0], x, y, z] == [x, x, x, x]"]).exits(0);
    assert_eq!(run.text(), "true\n", "{run}");
}

#[test]
fn deep_data() {
    for (file, call, text) in [
        ("data.json", "json", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
        ("data.json", "json", "[".repeat(1_000_000)),
        ("data.json", "json", "{\"a\":".repeat(10_000)),
        ("data.yaml", "yaml", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
        ("data.yaml", "yaml", (0..2_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect()),
        ("data.toml", "toml", format!("a = {}{}", "[".repeat(10_000), "]".repeat(10_000))),
        ("data.toml", "toml", format!("{}a = 1", "a.".repeat(10_000))),
    ] {
        let package = Package::of(format!("const data: Json = {call}(\"{file}\")\n"));
        package.write(file, &text);
        assert_eq!(package.codes(), ["ORD0504"], "{file}: {}…", &text[..20]);
    }
}

#[test]
fn data_that_grows_when_it_is_read() {
    let levels = (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 12].join(", ")));
    let package = Package::of("const data: Json = yaml(\"data.yaml\")\n");
    package.write("data.yaml", format!("a0: &a0 x\n{}", levels.collect::<String>()));
    assert_eq!(package.codes(), ["ORD0504"]);
}

#[test]
fn damaged_data() {
    for (file, call, text) in [
        ("data.json", "json", &b""[..]),
        ("data.json", "json", b"{\"a\": 1"),
        ("data.json", "json", b"\xff\xfe{\0}\0"),
        ("data.json", "json", b"{\"a\": 1, \"a\": 2}"),
        ("data.json", "json", b"\"\\ud800\""),
        ("data.yaml", "yaml", b"a: *b\n"),
        ("data.yaml", "yaml", b"a: [1\n"),
        ("data.toml", "toml", b"a = 1\na = 2\n"),
        ("data.csv", "csv", b"a,b\n1\n"),
        ("data.csv", "csv", b"a,b\n\"1,2\n"),
    ] {
        let package = Package::of(format!("const data: Json = {call}(\"{file}\")\n"));
        package.write(file, text);
        let codes = package.codes();
        assert!(!codes.is_empty(), "{file}: {}", String::from_utf8_lossy(text));
        assert!(codes.iter().all(|code| code.starts_with("ORD05") || code.starts_with("ORD01")), "{file}: {codes:?}");
    }
}

#[test]
fn data_from_outside_the_package() {
    for path in ["../outside.json", "/etc/passwd", "a/../../outside.json", "./../outside.json"] {
        finds(format!("const data: Json = json(\"{path}\")\n"), &["ORD0505"]);
    }
    finds("const data: Json = json(\"no_such_file.json\")\n", &["ORD0507"]);
    finds("const name = \"data\"\nconst data: Json = json(\"{name}.json\")\n", &["ORD0305"]);
}
