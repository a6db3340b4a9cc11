//! Bad input: a finding each, never a panic, a hang or a stack overflow.

use std::fs;

#[cfg(unix)]
use crate::ordain::shell;
use crate::package::Package;
use crate::skipping::skipped;

/// Demands that a source gives just these codes.
#[track_caller]
fn finds(source: impl AsRef<[u8]>, codes: &[&str]) {
    assert_eq!(Package::of(source).codes(), codes);
}

#[test]
fn bytes_that_are_not_utf8() {
    finds(b"const a: Int = 1\nconst b: String = \"\xff\xfe\"\n", &["ORD0109"]);
    finds(b"\xc3", &["ORD0109"]);
    // UTF-16, as some editors write it.
    finds(
        "const a: Int = 1\n".encode_utf16().flat_map(u16::to_le_bytes).chain([0xff]).collect::<Vec<_>>(),
        &["ORD0109"],
    );
}

#[test]
fn null_bytes() {
    finds("const a: Int = 1\0\n", &["ORD0105"]);
    finds("const a: String = \"x\0y\"\n// \0\n", &["ORD0105"]);
    let package = Package::of(vec![0; 10_000]);
    assert!(package.codes().contains(&"ORD0105".to_owned()));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_tolerated() {
    let source = "type Machine = { name: String }\n\nplan p(name: String = \"x\") {}\n";
    let plain = Package::of(source);
    let straight = plain.run(&["plan", "--json"]).exits(0).stdout;
    for other in
        [format!("\u{feff}{source}"), source.replace('\n', "\r\n"), format!("\u{feff}{}", source.replace('\n', "\r\n"))]
    {
        let package = Package::of(&other);
        package.run(&["check"]).exits(0);
        assert_eq!(package.run(&["plan", "--json"]).exits(0).stdout, straight);
    }
    // A lone carriage return ends no line, and would hide what stands before it.
    finds(source.replace('\n', "\r"), &["ORD0105"]);
}

#[test]
fn twenty_mistakes_give_twenty_findings_and_the_rest_is_checked() {
    let source = include_str!("../compiler/syntax/tests/fixtures/recovery/twenty_mistakes.ord");
    let package = Package::of(source);
    let findings = || package.run(&["check", "--format", "short"]).exits(1).text().matches("main.ord:").count();
    assert_eq!(findings(), 20);
    // What stands between the mistakes is sound, and no longer is.
    package.write("main.ord", source.replace("type Sound = { a: Int,", "type Sound = { a: Unheard,"));
    assert_eq!(findings(), 21);
    package.run(&["check"]).exits(1).says("Unheard");
}

#[test]
fn a_hundred_megabytes() {
    let package = Package::of("const a: Int = 1\n".repeat((100 << 20) / 17 + 1));
    assert_eq!(package.codes(), ["ORD0110"]);
    package.run(&["fmt", "--check"]).exits(2);
    let package = Package::of("type T = { a: Int }\nconst data: List<T> = json(\"data.json\")\n");
    package.write("data.json", format!("[{}]", "{\"a\":1},".repeat((100 << 20) / 8)));
    let run = package.run(&["check"]).exits(1);
    assert!(run.stderr.contains("ORD"), "{run}");
}

#[test]
fn ten_thousand_levels() {
    let deep = |open: &str, middle: &str, close: &str| {
        let depth = 10_000;
        format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
    };
    for (what, source) in [
        ("parentheses", format!("const a: Int = {}\n", deep("(", "1", ")"))),
        ("lists", format!("const a = {}\n", deep("[", "1", "]"))),
        ("records", format!("const a = {}\n", deep("{ a: ", "1", "}"))),
        ("minus signs", format!("const a: Int = {}\n", deep("-", "1", ""))),
        ("calls", format!("const a: Int = {}\n", deep("abs(", "1", ")"))),
        ("indices", format!("const a = {}\n", deep("a[", "0", "]"))),
        ("conditions", format!("const a: Int = {}\n", deep("if true { ", "1", " } else { 2 }"))),
        ("matches", format!("const a: Int = {}\n", deep("match 1 { 1 => ", "1", ", _ => 2 }"))),
        ("interpolations", format!("const a: String = {}\n", deep("\"{", "\"\"", "}\""))),
        ("types", format!("type T = {}\n", deep("List<", "Int", ">"))),
        ("record types", format!("type T = {}\n", deep("{ a: ", "Int", " }"))),
        ("optionals", format!("type T = Int{}\n", "?".repeat(10_000))),
        ("loops", format!("plan p() {{ {} }}\n", deep("for x in [1] { ", "", "}"))),
        ("stages", format!("plan p() {{ {} }}\n", deep("stage s { ", "", "}"))),
        ("branches", format!("plan p() {{ {} }}\n", deep("if true { ", "", "}"))),
        ("else", format!("plan p() {{ {} {{}} }}\n", "if false {} else ".repeat(10_000))),
        ("opened only", format!("const a = {}\n", "[".repeat(10_000))),
        ("closed only", format!("const a = {}\n", "]".repeat(10_000))),
        ("comments", format!("{}\nconst a = 1\n", "/*".repeat(10_000))),
    ] {
        let package = Package::of(source);
        let run = package.run(&["check", "--format", "short"]).exits(1);
        assert!(run.stderr.contains("[ORD01") || run.text().contains("[ORD01"), "{what}: {run}");
        // The formatter and the plan see it, too.
        assert_ne!(package.run(&["fmt", "--check"]).code, Some(0), "{what}");
        if what != "opened only" {
            package.run(&["plan"]).exits(1);
        }
    }
}

#[test]
fn long_chains_are_not_deep() {
    for source in [
        format!("const a: Int = 1{}\n", " + 1".repeat(10_000)),
        format!("const a: Bool = true{}\n", " && true".repeat(10_000)),
        format!("const a: List<Int> = [{}]\n", "1, ".repeat(100_000)),
        format!("const a: String = \"{}\"\n", "x{1}".repeat(10_000)),
        format!("const a: Int? = none{}\n", " ?? none".repeat(10_000)),
        format!("const a = {}\n", "a.".repeat(10_000)),
        (0..5_000).map(|n| format!("fn f{n}(x: Int) -> Int = f{}(x)\n", n + 1)).collect(),
        (0..300).map(|n| format!("const c{n}: Int = c{}\n", (n + 1) % 300)).collect(),
        (0..300).map(|n| format!("type T{n} = T{}\n", (n + 1) % 300)).collect(),
        (0..300).map(|n| format!("type T{n} = {{ a: T{} }}\n", (n + 1) % 300)).collect(),
        (0..300).map(|n| format!("plan p{n}() {{ plan p{}() }}\n", (n + 1) % 300)).collect(),
    ] {
        let package = Package::of(&source);
        let run = package.run(&["check", "--format", "short"]);
        assert!(matches!(run.code, Some(0 | 1)), "{run}");
    }
}

#[test]
fn imports_of_what_is_not_there() {
    finds("use no_such_module\n", &["ORD0204"]);
    finds("use std.no_such_module\n", &["ORD0204"]);
    finds("use std.types.{Nme}\n", &["ORD0205"]);
}

#[test]
fn modules_that_import_each_other() {
    let package = Package::of("use other.{one}\nconst two: Int = one\n");
    package.write("other.ord", "use third.{three}\nconst one: Int = three\n");
    package.write("third.ord", "use main.{two}\nconst three: Int = two\n");
    let run = package.run(&["check"]).exits(1).says("ORD0203");
    for module in ["main", "other", "third"] {
        assert!(run.stderr.contains(module), "the cycle does not show `{module}`: {run}");
    }
    let package = Package::of("use main.{a}\nconst a: Int = 1\n");
    package.run(&["check"]).exits(1).says("ORD0203");
}

#[test]
fn packages_that_depend_on_each_other() {
    let package = Package::of("const a: Int = 1\n");
    package.write(
        "ordain.toml",
        "[package]\nname = \"one\"\nversion = \"0.1.0\"\n[dependencies]\ntwo = { path = \"two\" }\n",
    );
    package.write(
        "two/ordain.toml",
        "[package]\nname = \"two\"\nversion = \"0.1.0\"\n[dependencies]\none = { path = \"..\" }\n",
    );
    package.run(&["check"]).exits(1).says("ORD0704").says("`one` → `two` → `one`");
    package.write(
        "ordain.toml",
        "[package]\nname = \"one\"\nversion = \"0.1.0\"\n[dependencies]\none = { path = \".\" }\n",
    );
    package.run(&["check"]).exits(1).says("ORD0704");
}

#[test]
fn manifests() {
    let package = Package::of("const a: Int = 1\n");
    for (manifest, codes) in [
        ("[package]\nname = \"test\"\nversion = \"0.1.0\"\nlicense = \"x\"\n[targets]\na = 1\n", &["ORD0702"][..]),
        ("[package]\nname = \"test\"\nverison = \"0.1.0\"\n", &["ORD0702"]),
        ("", &["ORD0701"]),
        ("[package", &["ORD0701"]),
        ("[package]\nname = 1\n", &["ORD0701"]),
        ("[package]\nname = \"Not A Name\"\n", &["ORD0701"]),
        ("[package]\nname = \"std\"\n", &["ORD0701"]),
        ("[package]\nname = \"test\"\nversion = \"one\"\n", &["ORD0701"]),
        ("[package]\nname = \"test\"\nname = \"test\"\n", &["ORD0701"]),
        ("package = 1\n", &["ORD0701"]),
        ("[package]\nname = \"test\"\n[dependencies]\nother = { path = \"no/such/folder\" }\n", &["ORD0703"]),
        ("[package]\nname = \"test\"\n[dependencies]\nother = \"1.0\"\n", &["ORD0701"]),
    ] {
        package.write("ordain.toml", manifest);
        assert_eq!(package.codes(), codes, "{manifest}");
    }
    package.write("ordain.toml", b"[package]\nname = \"\xff\"\n");
    assert_eq!(package.codes(), ["ORD0109"]);
    package.write("ordain.toml", format!("a = {}", "[".repeat(10_000)));
    assert_eq!(package.codes(), ["ORD0701"]);
    package.write("ordain.toml", format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)));
    assert_eq!(package.codes(), ["ORD0701"]);
}

#[test]
fn names_that_differ_only_in_case() {
    finds("const limit: Int = 1\nconst Limit: Int = 2\n", &["ORD0206"]);
    let package = Package::of("const a: Int = 1\n");
    package.write("deploy.ord", "const b: Int = 1\n");
    package.write("Deploy.ord", "const c: Int = 1\n");
    if fs::read_dir(package.path()).unwrap().count() < 4 {
        skipped("this file system does not tell `deploy.ord` from `Deploy.ord`");
        return;
    }
    assert_eq!(package.codes(), ["ORD0706"]);
}

#[test]
fn text_that_reads_other_than_it_stands() {
    for mark in
        ['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}']
    {
        finds(format!("const a: String = \"user{mark} // admin\"\n"), &["ORD0108"]);
        finds(format!("// if admin {mark} begin\nconst a: Int = 1\n"), &["ORD0108"]);
        finds(format!("/// docs {mark}\nconst a: Int = 1\n"), &["ORD0108"]);
        let package = Package::of(format!("const a{mark}b: Int = 1\n"));
        assert!(!package.codes().is_empty(), "{mark:?} in a name is not noticed");
    }
}

#[test]
fn sources_that_are_nothing_much() {
    for source in
        ["", " ", "\n", "// only a comment", "/// docs of nothing", "@", "\u{2028}", "}", "\"", "\"\"\"", "\\", "#"]
    {
        let package = Package::of(source);
        package.codes();
        package.run(&["plan"]);
        package.run(&["fmt", "--check"]);
    }
}

#[test]
fn a_folder_named_as_a_source() {
    let package = Package::of("const a: Int = 1\n");
    package.write("folder.ord/inner.ord", "const b: Int = 1\n");
    package.run(&["check"]).exits(0);
    package.run(&["check", "folder.ord"]).exits(0);
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn links_that_lead_in_circles() {
        let package = Package::of("const a: Int = 1\n");
        fs::create_dir(package.file("folder")).unwrap();
        symlink(package.path(), package.file("folder/above")).unwrap();
        assert_eq!(package.codes(), ["ORD0705"], "a folder that holds itself");
        let package = Package::of("const a: Int = 1\n");
        symlink("b.ord", package.file("a.ord")).unwrap();
        symlink("a.ord", package.file("b.ord")).unwrap();
        assert_eq!(package.codes(), ["ORD0705"], "links to each other");
        let package = Package::of("const a: Int = 1\n");
        symlink("nowhere.ord", package.file("a.ord")).unwrap();
        assert_eq!(package.codes(), ["ORD0705"], "a link to nowhere");
    }

    #[test]
    fn a_manifest_that_links_to_itself() {
        let package = Package::of("const a: Int = 1\n");
        fs::remove_file(package.file("ordain.toml")).unwrap();
        symlink("ordain.toml", package.file("ordain.toml")).unwrap();
        package.run(&["check"]).exits(2);
    }

    #[test]
    fn data_behind_links() {
        let package = Package::of("const data: Json = json(\"data.json\")\n");
        symlink("/etc/passwd", package.file("data.json")).unwrap();
        package.run(&["check"]).exits(1).says("outside of the package");
        fs::remove_file(package.file("data.json")).unwrap();
        symlink("data.json", package.file("data.json")).unwrap();
        assert!(!package.codes().is_empty());
        fs::remove_file(package.file("data.json")).unwrap();
        symlink("/dev/zero", package.file("data.json")).unwrap();
        package.run(&["check"]).exits(1).says("outside of the package");
    }

    #[test]
    fn pipes_are_not_waited_for() {
        let package = Package::of("const data: Json = json(\"data.json\")\n");
        for name in ["pipe.ord", "data.json"] {
            let made = Command::new("mkfifo").arg(package.file(name)).status();
            if !made.is_ok_and(|status| status.success()) {
                skipped("there is no mkfifo here");
                return;
            }
        }
        let codes = package.codes();
        assert!(!codes.is_empty(), "data from a pipe is no data");
    }

    #[test]
    fn files_that_may_not_be_read() {
        let package = Package::of("const data: Json = json(\"data.json\")\n");
        package.write("data.json", "1");
        package.write("locked.ord", "const b: Int = 1\n");
        package.write("locked/inner.ord", "const c: Int = 1\n");
        let set = |path: &str, mode| fs::set_permissions(package.file(path), fs::Permissions::from_mode(mode)).unwrap();
        for path in ["data.json", "locked.ord", "locked"] {
            set(path, 0);
        }
        set(".", 0o755);
        let everything = fs::read(package.file("locked.ord")).is_ok();
        // Who may read everything becomes somebody who may not.
        let nobody = if everything { "setpriv --reuid=65534 --regid=65534 --clear-groups " } else { "" };
        let run = shell(package.path(), &format!("{nobody}ordain check --format short")).run([""; 0]);
        set("locked", 0o755);
        if everything && matches!(run.code, Some(126 | 127)) {
            skipped("this user may read everything, and cannot become another");
            return;
        }
        let text = run.exits(1).text();
        for place in ["data.json:1:1: error[ORD0504]", "locked.ord:1:1: error[ORD0705]", "locked:1:1: error[ORD0705]"] {
            assert!(text.contains(place), "no `{place}` in:\n{text}");
        }
    }

    #[test]
    fn folders_in_place_of_files() {
        let package = Package::of("const data: Json = json(\"data.json\")\n");
        fs::create_dir(package.file("data.json")).unwrap();
        assert_eq!(package.codes(), ["ORD0504"]);
        fs::remove_file(package.file("ordain.toml")).unwrap();
        fs::create_dir(package.file("ordain.toml")).unwrap();
        package.run(&["check"]).exits(2).says("ordain.toml");
    }

    #[test]
    fn names_of_files_that_are_no_text() {
        use std::os::unix::ffi::OsStrExt as _;

        let package = Package::of("const a: Int = 1\n");
        let name = std::ffi::OsStr::from_bytes(b"\xff.ord");
        if fs::write(package.path().join(name), "const b: Int = 1\n").is_err() {
            skipped("this file system has no such names");
            return;
        }
        assert_eq!(package.codes(), ["ORD0705"]);
    }
}
