//! The example `shop`, applied: it builds, writes, starts and probes, and leaves nothing behind, whatever happens.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use crate::ordain::Run;
use crate::package::Package;

/// What nobody may ever read.
const KEY: &str = "open-sesame-4711";

/// How many ports a release uses.
const PORTS: u16 = 6;

/// A copy of the shop, with ports of its own.
struct Shop {
    package: Package,
    first_port: u16,
}

impl Shop {
    fn new() -> Self {
        Self { package: Package::example("shop"), first_port: free_ports() }
    }

    fn apply(&self, plan: &str, arguments: &[&str]) -> Run {
        let port = format!("first_port={}", self.first_port);
        let mut all = vec!["apply", plan, "--yes"];
        if plan == "release" {
            all.extend(["-a", &port]);
        }
        all.extend(arguments);
        let run = self.package.ordain().env("ORDAIN_SECRET_SHOP_ADMIN_KEY", KEY).run(&all);
        run.keeps_quiet_about(KEY)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.package.read(file);
        assert!(text.contains(from), "{file} has no `{from}`");
        self.package.write(file, text.replacen(from, to, 1));
    }

    fn get(&self, slot: u16, path: &str, header: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.first_port + slot)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: shop\r\n{header}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Some(answer)
    }

    #[track_caller]
    fn left_nothing(&self) {
        for slot in 0..PORTS {
            assert!(self.get(slot, "/", "").is_none(), "something listens on port {} still", self.first_port + slot);
        }
        assert_eq!(processes_in(&self.package), Vec::<String>::new(), "processes are left");
        assert!(!self.package.file("run").exists(), "files are left");
        self.kept_the_secret();
    }

    /// The key is in no file: not in the journal, not in a log.
    #[track_caller]
    fn kept_the_secret(&self) {
        let mut open = vec![self.package.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                    continue;
                }
                let bytes = std::fs::read(entry.path()).unwrap();
                let found = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
                assert!(!found, "the key is in {}", entry.path().display());
            }
        }
    }
}

/// A server that a failed test leaves would disturb the next run.
impl Drop for Shop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.apply("teardown", &[])));
        }
    }
}

/// Ports that nobody uses now, and no other test of this run.
fn free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + (std::process::id() % 200) as u16 * 100;
    loop {
        let first = start + NEXT.fetch_add(PORTS, Ordering::Relaxed) % 10_000;
        if (first..first + PORTS).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return first;
        }
    }
}

/// The processes that run in a package's folder, where the system tells.
fn processes_in(package: &Package) -> Vec<String> {
    let folder = package.path().canonicalize().unwrap();
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let inside = |entry: &std::fs::DirEntry| {
        std::fs::read_link(entry.path().join("cwd")).is_ok_and(|path| path.starts_with(&folder))
    };
    let entries = entries.flatten().filter(inside);
    entries.map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default()).collect()
}

#[test]
fn a_release_builds_serves_and_cleans_up() {
    let shop = Shop::new();
    let run = shop.apply("release", &[]).exits(0);
    shop.left_nothing();
    // The first page shows this run.
    let summary = run.stderr.lines().find(|line| line.contains("succeeded")).unwrap_or_else(|| panic!("{run}"));
    let (summary, _) = summary.split_once(" in ").unwrap();
    let readme = include_str!("../README.md");
    assert!(readme.contains(summary), "README.md shows another run than `{summary}`");
    for step in readme.lines().filter_map(|line| line.strip_prefix("✓ ")).filter_map(|line| line.split("  ").next()) {
        assert!(run.stderr.contains(&format!("✓ {step}  ")), "README.md shows the step `{step}`, which is none");
    }
    assert!(shop.package.file(".ordain/journal.db").is_file());
    // Once more: what the first left, the journal, is not in the way.
    shop.apply("release", &["--parallel", "1"]).exits(0);
    shop.left_nothing();
}

/// A release takes about two seconds here; wherever it is killed, what goes on finds the servers that were started.
#[test]
fn a_release_that_is_killed_again_and_again_comes_to_its_end() {
    let shop = Shop::new();
    let port = format!("first_port={}", shop.first_port);
    let mut arguments = vec!["apply", "release", "--yes", "-a", &port];
    let mut kills = 0;
    for moment in [250, 400, 150, 300, 500, 350, 700, 450, 900, 600] {
        let command = shop.package.ordain().env("ORDAIN_SECRET_SHOP_ADMIN_KEY", KEY);
        match command.killed_after(Duration::from_millis(moment), &arguments) {
            Some(_) => break,
            None => kills += 1,
        }
        let listed = shop.package.run(&["executions", "--json"]);
        if listed.code == Some(0) && listed.json()["executions"][0]["state"] == "interrupted" {
            arguments = vec!["resume"];
        }
    }
    let listed = shop.package.run(&["executions", "--json"]).exits(0).json();
    if listed["executions"][0]["state"] == "interrupted" {
        let command = shop.package.ordain().env("ORDAIN_SECRET_SHOP_ADMIN_KEY", KEY);
        command.run(["resume"]).exits(0).keeps_quiet_about(KEY);
    }
    let listed = shop.package.run(&["executions", "--json"]).exits(0).json();
    assert_eq!(listed["executions"][0]["state"], "succeeded", "after {kills} kills: {listed}");
    assert_eq!(listed["executions"].as_array().unwrap().len(), 1);
    assert!(kills > 0, "it was done before it could be killed");
    shop.left_nothing();
}

#[test]
fn what_is_kept_serves_until_the_teardown() {
    let shop = Shop::new();
    shop.apply("release", &["-a", "keep=true", "-a", "version=2.0.0-rc.1"]).exits(0);
    assert_eq!(shop.get(0, "/", ""), None, "development is up still");
    let page = shop.get(5, "/mug-red.html", "").unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("<p>15.2 AUD</p>"), "{page}");
    let health = shop.get(3, "/healthz", "").unwrap();
    assert!(health.ends_with("\r\n\r\nok 2.0.0-rc.1 eu-west-1\n"), "{health}");
    let closed = shop.get(4, "/admin", "X-Admin-Key: guess\r\n").unwrap();
    assert!(closed.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{closed}");
    let open = shop.get(4, "/admin", &format!("X-Admin-Key: {KEY}\r\n")).unwrap();
    assert!(open.starts_with("HTTP/1.1 200 OK\r\n"), "{open}");
    assert!(shop.get(4, "/../../ordain.toml", "").unwrap().starts_with("HTTP/1.1 404 Not Found\r\n"));
    shop.kept_the_secret();
    shop.apply("teardown", &[]).exits(0);
    shop.left_nothing();
}

#[test]
fn a_failed_gate_undoes_everything() {
    let shop = Shop::new();
    // The last environment fails, when all others are up.
    shop.edit("main.ord", "expect closed.status == 403", "expect closed.status == 403 && env.tier != production");
    shop.apply("release", &[]).exits(1).says("gate_failed");
    shop.left_nothing();
}

#[test]
fn a_failed_build_undoes_everything() {
    let shop = Shop::new();
    shop.edit("server/main.rs", "fn main()", "fn mian()");
    shop.apply("release", &[]).exits(1).says("command_failed");
    shop.left_nothing();
}

#[test]
fn a_busy_port_undoes_everything() {
    let shop = Shop::new();
    let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, shop.first_port + 4)).unwrap();
    shop.apply("release", &[]).exits(1);
    drop(busy);
    shop.left_nothing();
}

#[test]
fn without_the_secret_nothing_begins() {
    let shop = Shop::new();
    shop.package.run(&["apply", "release", "--yes"]).exits(2).says("ORDAIN_SECRET_SHOP_ADMIN_KEY");
    shop.left_nothing();
}

#[test]
fn the_examples_are_clean() {
    for example in ["shop", "montage"] {
        let package = Package::example(example);
        package.run(&["check", "--deny-warnings"]).exits(0);
        package.run(&["fmt", "--check"]).exits(0);
    }
}

/// The addresses of the steps of a plan file.
fn steps(shop: &Shop, file: &str) -> Vec<String> {
    let plan: serde_json::Value = serde_json::from_str(&shop.package.read(file)).unwrap();
    plan["nodes"].as_array().unwrap().iter().map(|node| node["address"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_somebody_changed_by_hand_is_told_repaired_and_undone() {
    let shop = Shop::new();
    let run = |arguments: &[&str]| shop.package.ordain().env("ORDAIN_SECRET_SHOP_ADMIN_KEY", KEY).run(arguments);
    shop.apply("release", &["-a", "keep=true"]).exits(0);
    let page = shop.package.read("run/production-eu-west-1/index.html");
    shop.package.run(&["drift", "storefront", "--strict"]).exits(0);

    shop.package.write("run/production-eu-west-1/index.html", "defaced");
    shop.package.remove("run/production-us-east-1/mug-red.html");
    assert!(shop.get(3, "/", "").unwrap().ends_with("defaced"));
    let found = shop.package.run(&["drift", "storefront", "--strict", "--json"]).exits(1).json();
    let found = found["steps"].as_array().unwrap().iter().filter(|step| step["state"] != "as_planned");
    let told: Vec<String> = found
        .map(|step| {
            let fields = step["fields"].as_array().into_iter().flatten().map(|field| field["field"].as_str().unwrap());
            format!("{} {}: {}", step["state"], step["address"], fields.collect::<Vec<_>>().join(", ")).replace('"', "")
        })
        .collect();
    let expected =
        ["mismatched shelves[eu-west-1]/index: inputs.content", "missing shelves[us-east-1]/page[mug-red.html]: "];
    assert_eq!(told, expected);
    // The release that made them tells it, too, with what it knows of them from its journal.
    let port = format!("first_port={}", shop.first_port);
    let of_release = ["drift", "release", "-a", "keep=true", "-a", &port, "--strict"];
    let text = shop.package.run(&of_release).exits(1).text();
    for line in [
        "mismatched  to_production/up[eu-west-1]/publish/index ",
        "outputs.digest",
        "missing     to_production/up[us-east-1]/publish/page[mug-red.html] ",
    ] {
        assert!(text.contains(line), "no `{line}` in {text}");
    }

    shop.package.run(&["plan", "storefront", "--refresh", "--json", "-o", "repair.json"]).exits(0);
    assert_eq!(steps(&shop, "repair.json"), ["shelves[eu-west-1]/index", "shelves[us-east-1]/page[mug-red.html]"]);
    shop.package.run(&["apply", "repair.json", "--yes"]).exits(0).says("2 done");
    assert_eq!(shop.package.read("run/production-eu-west-1/index.html"), page);
    assert!(shop.get(3, "/", "").unwrap().ends_with(&page));
    assert!(shop.get(4, "/mug-red.html", "").unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    shop.package.run(&["drift", "storefront", "--strict"]).exits(0);

    // What was done is undone: the repair, then the release. That programs ran, or were stopped, cannot be taken back.
    shop.package.run(&["undo", "latest", "--yes"]).exits(0);
    let executions = shop.package.run(&["executions", "--json"]).exits(0).json();
    let release = executions["executions"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
    run(&["undo", &release, "--yes"]).exits(1).says("! built/compiled  stays: it declares no way to undo it");
    shop.left_nothing();
}

#[test]
fn pages_alone_are_brought_and_taken_back() {
    let shop = Shop::new();
    shop.package.run(&["apply", "storefront", "--yes"]).exits(0).says("22 done");
    shop.package.run(&["drift", "storefront", "--strict"]).exits(0);
    shop.package.run(&["undo", "latest", "--yes"]).exits(0);
    shop.left_nothing();
}
