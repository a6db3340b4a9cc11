//! A plan is the same bytes for everybody: whatever the order of declarations and files, the folder, the locale, the
//! time zone and the number of threads.

use std::fs;
use std::path::Path;

use crate::ordain::ordain;
use crate::package::Package;

/// The examples and the plan of each that is looked at.
const PLANS: [(&str, &str); 2] = [("shop", "release"), ("montage", "rehearse")];

fn planned(package: &Package, plan: &str) -> Vec<u8> {
    package.run(&["plan", plan, "--json"]).exits(0).stdout
}

/// The sources of a package.
fn sources(package: &Package) -> Vec<String> {
    let names = fs::read_dir(package.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".ord")).collect();
    names.sort();
    names
}

#[test]
fn shuffled_declarations_make_the_same_plan() {
    for (example, plan) in PLANS {
        let package = Package::example(example);
        let straight = planned(&package, plan);
        for shuffle in 0..4 {
            for source in sources(&package) {
                package.write(&source, shuffled(&package.read(&source), shuffle));
            }
            assert!(planned(&package, plan) == straight, "shuffle {shuffle} of {example} makes another plan");
        }
    }
}

/// The declarations of a source in another order, imports among them, with comments and white space strewn in.
fn shuffled(text: &str, shuffle: usize) -> String {
    let parsed = ordain_syntax::parse(text);
    let mut parts: Vec<(u32, u32)> =
        parsed.file.uses.iter().map(|import| (import.range.start, import.range.end)).collect();
    parts.extend(parsed.file.items.iter().map(|item| (item.range.start, item.range.end)));
    assert!(parts.len() > 1, "nothing to shuffle");
    parts.sort();
    match shuffle {
        0 => parts.reverse(),
        1 => parts.rotate_left(1),
        2 => parts.sort_by_key(|(start, end)| end - start),
        _ => parts.sort_by_key(|(start, end)| text[*start as usize..*end as usize].chars().rev().collect::<String>()),
    }
    let parts = parts.into_iter().map(|(start, end)| &text[start as usize..end as usize]);
    parts.map(|part| format!("\n// a comment of shuffle {shuffle}\n\n\n{part}   \n")).collect()
}

#[test]
fn files_in_another_order_make_the_same_plan() {
    for (example, plan) in PLANS {
        let package = Package::example(example);
        let straight = planned(&package, plan);
        // Folders list files in the order they were made, or by a hash of their names, or both.
        let mut names = sources(&package);
        for name in ["ordain.toml", "catalogue.csv", "workflow.json"] {
            if package.file(name).exists() {
                names.push(name.into());
            }
        }
        for reverse in [false, true] {
            if reverse {
                names.reverse();
            }
            let other = Package::empty();
            fs::remove_file(other.file("ordain.toml")).unwrap();
            for name in &names {
                other.write(name, package.read(name));
            }
            assert!(planned(&other, plan) == straight, "{example}: another order of files makes another plan");
        }
    }
}

#[test]
fn the_working_folder_does_not_matter() {
    for (example, plan) in PLANS {
        let package = Package::example(example);
        let straight = planned(&package, plan);
        let absolute = package.path().to_str().unwrap();
        let parent = package.path().parent().unwrap();
        let name = package.path().file_name().unwrap().to_str().unwrap();
        fs::create_dir_all(package.file("deep/below")).unwrap();
        let runs: [(&Path, &str); 5] = [
            (Path::new("/"), absolute),
            (parent, name),
            (parent, &format!("./{name}/deep/..")),
            (&package.file("deep/below"), "."),
            (&package.file("deep"), "../main.ord"),
        ];
        for (folder, path) in runs {
            let run = ordain(folder).run(["plan", plan, "-p", path, "--json"]).exits(0);
            assert!(run.stdout == straight, "{example}: in {} another plan", folder.display());
        }
        assert!(planned(&Package::example(example), plan) == straight, "{example}: a copy makes another plan");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_package_makes_the_same_plan() {
    for (example, plan) in PLANS {
        let package = Package::example(example);
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(package.path(), elsewhere.path().join("link")).unwrap();
        let run = ordain(elsewhere.path()).run(["plan", plan, "-p", "link", "--json"]).exits(0);
        assert!(run.stdout == planned(&package, plan), "{example}: through a link another plan");
    }
}

#[test]
fn locale_time_zone_and_threads_do_not_matter() {
    for (example, plan) in PLANS {
        let package = Package::example(example);
        let straight = planned(&package, plan);
        for (name, value) in [
            ("LANG", "tr_TR.UTF-8"),
            ("LANG", "C"),
            ("LC_ALL", "de_DE.UTF-8"),
            ("LC_ALL", "POSIX"),
            ("TZ", "Pacific/Kiritimati"),
            ("TZ", "America/St_Johns"),
            ("NO_COLOR", "1"),
            ("COLUMNS", "20"),
            ("SOURCE_DATE_EPOCH", "0"),
        ] {
            let run = package.ordain().env(name, value).run(["plan", plan, "--json"]).exits(0);
            assert!(run.stdout == straight, "{example}: another plan with {name}={value}");
        }
        for threads in ["1", "2", "3", "32"] {
            let run = package.ordain().run(["--threads", threads, "plan", plan, "--json"]).exits(0);
            assert!(run.stdout == straight, "{example}: another plan with {threads} threads");
        }
        for _ in 0..8 {
            assert!(planned(&package, plan) == straight, "{example}: another run, another plan");
        }
    }
}

#[test]
fn what_has_a_meaning_changes_the_hash() {
    let package = Package::example("shop");
    let hash = |package: &Package| package.run(&["plan", "release", "--json"]).exits(0).json()["hash"].clone();
    let straight = hash(&package);
    let edits = [
        ("catalogue.csv", "9.50,120", "9.55,120"),
        ("environments.ord", "rate: 1.6", "rate: 1.7"),
        ("main.ord", "expect closed.status == 403", "expect closed.status == 404"),
        ("ordain.toml", "0.1.0", "0.1.1"),
    ];
    let mut seen = vec![straight.clone()];
    for (file, from, to) in edits {
        let text = package.read(file);
        assert!(text.contains(from), "{file} has no `{from}`");
        package.write(file, text.replacen(from, to, 1));
        let changed = hash(&package);
        assert!(!seen.contains(&changed), "{file}: `{to}` makes no difference");
        seen.push(changed);
        package.write(file, text);
    }
    assert_eq!(hash(&package), straight);
}
