//! Packages from real folders and real repositories.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use ordain_compiler::{
    Database, ForeignRules, RuleError, RuleErrorPlace, RuleFinding, RuleRequest, check_package, package_items,
};
use ordain_diagnostics::TextRange;
use ordain_loader::{DiskTree, GitTree, Workspace};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write(folder.path(), files);
    folder
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
}

const MANIFEST: &str = "[package]\nname = \"test\"\nversion = \"0.1.0\"\n";

/// Every finding, as `path code message`.
fn findings(workspace: &Workspace) -> Vec<String> {
    let packages = workspace.packages.iter();
    let found = packages.flat_map(|&package| check_package(&workspace.db, package));
    found.map(|finding| format!("{} {} {}", finding.primary.path, finding.code, finding.message)).collect()
}

fn load(folder: &TempDir) -> Workspace {
    Workspace::load(&DiskTree::new(folder.path()), "", "")
}

/// The names of all declarations of the root package.
fn names(workspace: &Workspace) -> Vec<String> {
    package_items(&workspace.db, workspace.root).map(|item| item.name(&workspace.db).to_string()).collect()
}

#[test]
fn what_is_no_file_is_told_and_not_opened() {
    let package = folder(&[
        ("ordain.toml", MANIFEST),
        ("main.ord", "const data: Json = json(\"data.json\")\n"),
        ("folder.ord/inner.ord", "const inner = 1\n"),
    ]);
    for pipe in ["pipe.ord", "data.json"] {
        let made = Command::new("mkfifo").arg(package.path().join(pipe)).status().expect("mkfifo runs");
        assert!(made.success());
    }
    let workspace = load(&package);
    let found = findings(&workspace);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|finding| finding.contains("it is not a file")), "{found:?}");
    assert_eq!(names(&workspace), ["inner", "data"]);
}

#[test]
fn links_that_lead_in_circles_or_out_end() {
    let outside = folder(&[("secret.json", "{}")]);
    let package = folder(&[
        ("ordain.toml", MANIFEST),
        ("main.ord", "const data: Json = json(\"data.json\")\n"),
        ("real/part.ord", "const part = 1\n"),
    ]);
    let at = package.path();
    symlink(at, at.join("real/up")).expect("a link can be made");
    // What lies there is another's, and there may be no end to it.
    std::fs::write(outside.path().join("other.ord"), "const broken = \n").expect("a file can be written");
    symlink(outside.path(), at.join("elsewhere")).expect("a link can be made");
    symlink(at.join("loop.ord"), at.join("loop.ord")).expect("a link can be made");
    symlink(outside.path().join("secret.json"), at.join("data.json")).expect("a link can be made");
    let found = findings(&load(&package));
    assert!(found.iter().any(|finding| finding.contains("outside of the package")), "{found:?}");
    assert!(found.iter().any(|finding| finding.starts_with("loop.ord")), "{found:?}");
    assert!(found.iter().any(|finding| finding.starts_with("real/up")), "{found:?}");
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn links_that_lead_nowhere_matter_for_sources_only() {
    let package = folder(&[("ordain.toml", MANIFEST), ("main.ord", "const a = 1\n"), ("keys/one", "1")]);
    let at = package.path();
    symlink("gone", at.join("keys/two")).expect("a link can be made");
    symlink("gone.ord", at.join("lost.ord")).expect("a link can be made");
    let found = findings(&load(&package));
    assert!(matches!(found.as_slice(), [one] if one.starts_with("lost.ord ORD0705")), "{found:?}");
}

#[test]
fn files_that_differ_in_case_only_are_told() {
    let package = folder(&[("ordain.toml", MANIFEST), ("main.ord", "const a = 1\n"), ("Main.ord", "const b = 1\n")]);
    let found = findings(&load(&package));
    assert_eq!(found, ["main.ord ORD0706 `main.ord` and `Main.ord` differ only in case"]);
}

#[test]
fn files_that_are_one_module_are_told() {
    let package =
        folder(&[("ordain.toml", MANIFEST), ("deploy.web.ord", "const a = 1\n"), ("deploy/web.ord", "const b = 1\n")]);
    let found = findings(&load(&package));
    assert_eq!(found, ["deploy/web.ord ORD0706 `deploy/web.ord` and `deploy.web.ord` are one module, `deploy.web`"]);
}

#[test]
fn files_that_no_use_can_name_are_told() {
    let package = folder(&[
        ("ordain.toml", MANIFEST),
        ("main.ord", "const a = 1\n"),
        ("my-file.ord", "const b = 1\n"),
        ("my_file.ord", "const c = 1\n"),
        ("web-shop/one.ord", "const d = 1\n"),
        ("web-shop/two.ord", "const e = 1\n"),
        ("plan.ord", "const f = 1\n"),
        ("let.ord", "const g = 1\n"),
    ]);
    let workspace = load(&package);
    assert_eq!(
        findings(&workspace),
        [
            "let.ord ORD0709 `let` is a reserved word, so no `use` of this package can name this module",
            "my-file.ord ORD0709 `my-file` is no name, so no `use` can name this module",
            "web-shop/one.ord ORD0709 `web-shop` is no name, so no `use` can name this module",
        ]
    );
    let helps: Vec<String> =
        check_package(&workspace.db, workspace.root).into_iter().filter_map(|finding| finding.help).collect();
    let expected = ["rename it to `let_.ord`", "rename it; `my_file.ord` is there already"];
    assert_eq!(helps, [&expected[..], &["rename it to `web_shop/one.ord`"]].concat());
    assert_eq!(names(&workspace).len(), 7, "their declarations are there all the same");
}

#[test]
fn packages_that_depend_on_each_other_are_told() {
    let dependency = |name: &str, path: &str| format!("{MANIFEST}\n[dependencies]\n{name} = {{ path = \"{path}\" }}\n");
    let packages = folder(&[
        ("a/ordain.toml", &dependency("b", "../b").replace("\"test\"", "\"a\"")),
        ("b/ordain.toml", &dependency("a", "../a").replace("\"test\"", "\"b\"")),
        ("c/ordain.toml", &dependency("gone", "../gone")),
    ]);
    let at = |folder: &str| findings(&Workspace::load(&DiskTree::new(packages.path()), folder, folder));
    assert_eq!(at("a").len(), 1);
    assert!(at("a")[0].contains("`a` → `b` → `a`"), "{:?}", at("a"));
    assert!(at("c")[0].contains("there is no ordain.toml in `../gone`"), "{:?}", at("c"));
}

#[test]
fn packages_with_one_name_are_told() {
    let manifest = |name: &str, dependencies: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n\n[dependencies]\n{dependencies}")
    };
    let packages = folder(&[
        (
            "a/ordain.toml",
            &manifest("a", "b = { path = \"../b\" }\nc = { path = \"../c\" }\nd = { path = \"../d\" }\n"),
        ),
        ("b/ordain.toml", &manifest("b", "d = { path = \"../d\" }\n")),
        ("c/ordain.toml", &manifest("b", "")),
        ("d/ordain.toml", &manifest("a", "")),
        ("e/ordain.toml", &manifest("e", "f = { path = \"../f\" }\ng = { path = \"../g\" }\n")),
        ("f/ordain.toml", "[dependencies]\n"),
        ("g/ordain.toml", "[dependencies]\n"),
    ]);
    let load = |folder: &str| Workspace::load(&DiskTree::new(packages.path()), folder, folder);
    let workspace = load("a");
    let found = workspace.packages.iter().flat_map(|&package| check_package(&workspace.db, package));
    let found: Vec<String> = found
        .map(|finding| {
            let texts = workspace.texts();
            let place = |label: &ordain_diagnostics::Label| {
                let range = label.range.start as usize..label.range.end as usize;
                format!("{} {}", label.path, &texts[label.path.as_str()][range])
            };
            let related: Vec<String> = finding.related.iter().map(place).collect();
            format!("{} {}: {} ({})", finding.code, finding.message, place(&finding.primary), related.join(", "))
        })
        .collect();
    // The package that two others need is told once, where it is met first.
    let expected = [
        "ORD0708 there are two packages named `b`: a/ordain.toml { path = \"../c\" } (b/ordain.toml b, c/ordain.toml b)",
        "ORD0708 there are two packages named `a`: b/ordain.toml { path = \"../d\" } (a/ordain.toml a, d/ordain.toml a)",
    ];
    assert_eq!(found, expected);
    // Those without a name are told that, and nothing else.
    assert!(findings(&load("e")).iter().all(|finding| finding.contains("ORD0701")), "{:?}", findings(&load("e")));
}

#[test]
fn a_refresh_takes_over_what_changed() {
    let package = folder(&[
        ("ordain.toml", MANIFEST),
        ("main.ord", "type Port = Int where 1..=9\nconst port: Port = json(\"port.json\")\n"),
        ("other.ord", "const other = 1\n"),
        ("port.json", "5"),
    ]);
    let tree = DiskTree::new(package.path());
    let mut workspace = load(&package);
    assert_eq!(findings(&workspace), [""; 0]);
    let file = workspace.root.files(&workspace.db)["main"];

    write(package.path(), &[("port.json", "50")]);
    workspace.refresh(&tree);
    assert_eq!(findings(&workspace), ["port.json ORD0503 `50` is not in `1..=9`"]);
    write(package.path(), &[("port.json", "7"), ("other.ord", "const other: Int = true\n")]);
    workspace.refresh(&tree);
    assert_eq!(findings(&workspace), ["other.ord ORD0301 expected `Int`, found `Bool`"]);
    assert_eq!(workspace.root.files(&workspace.db)["main"], file, "what stays is not loaded again");

    fs::remove_file(package.path().join("other.ord")).expect("a file can be removed");
    write(package.path(), &[("new.ord", "const new = 1\n")]);
    workspace.refresh(&tree);
    assert_eq!(findings(&workspace), [""; 0]);
    assert_eq!(names(&workspace), ["Port", "port", "new"]);
}

/// Rules that are fine, unless they say that they are not.
struct Words;

impl ForeignRules for Words {
    fn judge(&self, request: &RuleRequest<'_>) -> Result<Vec<Vec<RuleFinding>>, RuleError> {
        match request.sources.iter().position(|source| source.text.contains("broken")) {
            Some(at) => {
                Err(RuleError { message: "it says so".into(), place: RuleErrorPlace::Source(at, TextRange::new(0, 6)) })
            }
            None => Ok(vec![Vec::new(); request.parts.len()]),
        }
    }
}

#[test]
fn rules_are_asked_again_when_their_files_change() {
    let policy = "policy p from rego [\"a.rego\", \"lib/b.rego\"] { code \"P-1\" severity low on input: Json }\n";
    let package = folder(&[("ordain.toml", MANIFEST), ("main.ord", policy), ("a.rego", "fine")]);
    let tree = DiskTree::new(package.path());
    let mut workspace = Workspace::load_into(Database::running(Arc::new(Words)), &tree, "", "");
    assert_eq!(findings(&workspace), ["main.ord ORD0507 there is no file `lib/b.rego`"]);
    for (path, text, expected) in [
        ("lib/b.rego", "broken", "lib/b.rego ORD0811 it says so"),
        ("lib/b.rego", "fine", ""),
        ("a.rego", "broken", "a.rego ORD0811 it says so"),
        // With another set of sources, everything is loaded anew.
        ("new.ord", "const new = 1\n", "a.rego ORD0811 it says so"),
        ("a.rego", "fine", ""),
    ] {
        write(package.path(), &[(path, text)]);
        workspace.refresh(&tree);
        assert_eq!(findings(&workspace).join("; "), expected, "{path} {text}");
    }
    fs::remove_file(package.path().join("a.rego")).expect("a file can be removed");
    symlink("/etc/hostname", package.path().join("a.rego")).expect("a link can be made");
    workspace.refresh(&tree);
    let found = findings(&workspace);
    assert_eq!(found, ["a.rego ORD0504 cannot be read: it lies outside of the package, behind a symbolic link"]);
}

fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder).args(identity).args(args).output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_revision_is_read_with_the_packages_beside_it() {
    let manifest = format!("{MANIFEST}\n[dependencies]\nlib = {{ path = \"../lib\" }}\n");
    let repository = folder(&[
        ("app/ordain.toml", &manifest),
        ("app/main.ord", "use lib.numbers\n\nconst two = numbers.two\nconst data: Json = json(\"data.json\")\n"),
        ("app/data.json", "[1]"),
        ("lib/ordain.toml", &MANIFEST.replace("\"test\"", "\"lib\"")),
        ("lib/numbers.ord", "const two = 2\n"),
    ]);
    let at = repository.path();
    git(at, &["init", "-q"]);
    git(at, &["add", "."]);
    git(at, &["commit", "-qm", "first"]);
    write(at, &[("app/main.ord", "const broken: Int = true\n"), ("lib/numbers.ord", "const three = 3\n")]);

    let (tree, folder) = GitTree::open(&at.join("app"), "HEAD").expect("the revision is there");
    assert_eq!(folder, "app");
    let workspace = Workspace::load(&tree, &folder, "HEAD:app");
    assert_eq!(findings(&workspace), [""; 0]);
    assert_eq!(names(&workspace), ["two", "data"]);

    for wrong in ["no-such-revision", "--upload-pack=touch x", ""] {
        assert!(GitTree::open(at, wrong).is_err(), "{wrong}");
    }
    let alone = tempfile::tempdir().expect("a folder can be made");
    assert!(GitTree::open(alone.path(), "HEAD").is_err());
}

#[test]
fn files_of_programs_have_digests() {
    let adapters = "const tool = \"tools/tool\"\n\ncapability a.b {\n  version \"1.0.0\"\n  effect read\n  risk low\n}\n\n\
        adapter one {\n  version \"1.0.0\"\n  provides a.b\n  \
        run process [tool, \"main.py\", \"gone.py\", \"../out.py\", \"link.py\", \"tools\", \"--main.py\"]\n}\n\n\
        adapter two {\n  version \"1.0.0\"\n  provides a.b\n  run process [\"main.py\"]\n}\n";
    let all =
        folder(&[("out.py", "outside"), ("p/ordain.toml", MANIFEST), ("p/main.ord", adapters), ("p/main.py", "1")]);
    let package = all.path().join("p");
    fs::create_dir(package.join("tools")).unwrap();
    // A program need not be text.
    fs::write(package.join("tools/tool"), [0x7f, b'E', b'L', b'F', 0xff]).unwrap();
    symlink("../out.py", package.join("link.py")).unwrap();
    let tree = DiskTree::new(&package);
    let mut workspace = Workspace::load(&tree, "", "");
    let programs = |workspace: &Workspace| workspace.root.programs(&workspace.db).clone();
    let before = programs(&workspace);
    assert_eq!(before.keys().collect::<Vec<_>>(), ["main.py", "tools/tool"]);
    // printf 1 | sha256sum
    let digest = "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    assert_eq!(before["main.py"], digest);
    fs::write(package.join("main.py"), "2").unwrap();
    workspace.refresh(&tree);
    let after = programs(&workspace);
    assert_ne!(after["main.py"], digest);
    assert_eq!(after["tools/tool"], before["tools/tool"]);
}
