//! Real editors drive the built server by scripts in `editors`, in a package that has a mistake to mend.
//!
//! Neovim 0.7 and Emacs 28 with Eglot 1.9 are those of Debian 12. Visual Studio Code is driven by the tests of its extension.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::ordain::shell;
use crate::skipping::skipped;

/// Runs a line for the shell in a copy of the package; `$SCRIPTS` is where the scripts are.
fn driven(editor: &str, line: &str) {
    if shell(".", &format!("command -v {editor}")).run([""; 0]).code != Some(0) {
        skipped(format_args!("there is no `{editor}` here, so this test proves nothing"));
        return;
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/editors").canonicalize().unwrap();
    let folder = TempDir::with_prefix("ordain-editors-").unwrap();
    let home = folder.path().join("home");
    let package = folder.path().join("package");
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(&package).unwrap();
    for entry in fs::read_dir(scripts.join("package")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), package.join(entry.file_name())).unwrap();
    }
    let mut run = shell(&package, line).env("LANG", "C.UTF-8").env("SCRIPTS", scripts.to_str().unwrap());
    run = run.env("HOME", home.to_str().unwrap());
    // Nothing of the user's own is read or written.
    for name in ["CONFIG", "DATA", "STATE", "CACHE"] {
        run = run.env(&format!("XDG_{name}_HOME"), home.join(name).to_str().unwrap());
    }
    let text = run.run([""; 0]).exits(0).text();
    if let Some(line) = text.lines().find(|line| line.starts_with("SKIPPED")) {
        skipped(format_args!("{line}, so this test proves nothing"));
    } else {
        assert!(text.ends_with("all of it\n"), "the script ended early: {text}");
    }
}

#[test]
fn neovim_drives_the_server() {
    driven("nvim", "exec nvim --headless -u NONE -n -i NONE -c \"luafile $SCRIPTS/neovim.lua\" main.ord");
}

#[test]
fn emacs_drives_the_server() {
    driven("emacs", "exec emacs --batch -Q -l \"$SCRIPTS/emacs.el\"");
}
