//! Keys: made, shown, and kept from others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::package::Package;

#[test]
fn a_key_is_made_once_and_shown() {
    let package = Package::empty();
    let home = package.file("home").display().to_string();
    let ordain = || package.ordain().env("HOME", &home);
    ordain().run(["key", "show"]).exits(2).says("`ordain key new` makes one");
    let made = ordain().run(["key", "new"]).exits(0).says("home/.config/ordain/key.pem").text();
    assert!(made.starts_with("ed25519:") && made.lines().count() == 1, "{made}");
    assert_eq!(ordain().run(["key", "show"]).exits(0).text(), made);
    ordain().run(["key", "new"]).exits(2).says("a key is never overwritten");
    assert_eq!(ordain().run(["key", "show", "--json"]).exits(0).json()["public"], made.trim_end());
    // In the file is what is shown to nobody.
    let content = package.read("home/.config/ordain/key.pem");
    let secret = content.lines().nth(1).unwrap();
    ordain().run(["key", "show"]).keeps_quiet_about(secret);
}

#[test]
fn a_key_lies_where_it_is_said_to() {
    let package = Package::empty();
    let named = |file: &str| package.ordain().env("ORDAIN_KEY_FILE", file).env("XDG_CONFIG_HOME", "config");
    let first = named("first.pem").run(["key", "new"]).exits(0).text();
    let second = named("first.pem").run(["key", "new", "second.pem"]).exits(0).text();
    assert_ne!(first, second);
    assert_eq!(package.run(&["key", "show", "second.pem"]).exits(0).text(), second);
    assert_eq!(named("second.pem").run(["key", "show"]).exits(0).text(), second);
}

#[test]
fn a_key_that_is_open_or_broken_is_not_used() {
    let package = Package::empty();
    package.run(&["key", "new", "key.pem"]).exits(0);
    let open = |mode| fs::set_permissions(package.file("key.pem"), fs::Permissions::from_mode(mode)).unwrap();
    open(0o644);
    package.run(&["key", "show", "key.pem"]).exits(2).says("mode 644").says("chmod 600 key.pem");
    open(0o600);
    package.run(&["key", "show", "key.pem"]).exits(0);
    let content = fs::read(package.file("key.pem")).unwrap();
    for bad in [&content[..40], b"\xff\xfe\x00", b""] {
        fs::write(package.file("key.pem"), bad).unwrap();
        package.run(&["key", "show", "key.pem"]).exits(2).says("holds no Ed25519 key");
    }
    package.run(&["key", "show", "."]).exits(2).says("it is not a file");
    package.run(&["key", "new", "key.pem/inside.pem"]).exits(2).says("cannot be used");
}
