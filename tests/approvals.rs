//! Approvals: an execution waits for the people whom policies ask, and for nobody else.

use std::fs;

use rusqlite::Connection;
use sha2::Digest as _;

use crate::ordain::Run;
use crate::package::Package;
use crate::skipping::skipped;

const SOURCE: &str = r#"
use std.command.{builtin.command, command}
use std.file.{builtin.file, file}

type Place = { guarded: Bool, whole: Bool }

environment prod: Place {
  guarded: true
  whole: false
  bind command.run to builtin.command
  bind file.write to builtin.file
  bind file.remove to builtin.file
  group sre = ["ana", "bo", "chi"]
}

environment closed: Place {
  guarded: false
  whole: true
  bind command.run to builtin.command
  bind file.write to builtin.file
  bind file.remove to builtin.file
  group sre = ["ana", "bo", "chi"]
}

policy two_sre {
  code "GOV-101" severity high
  on step in env: Place
  when env.guarded && step.capability == "file.write" && step.input.path != "free.txt"
  require approval from sre count 2
  because "a change in production needs two of them"
}

policy whole {
  code "GOV-102" severity high
  on plan in env: Place
  when env.whole
  require approval from sre
}

policy much {
  code "GOV-103" severity high
  on step
  when step.capability == "file.write" && step.input.content == "much"
  require approval from sre
}

plan save(text: String = "a", env: Place = prod) {
  let said = command.run { argv: ["printf", "%s", text] }
  file.write { path: "free.txt", content: "free" }
  let saved = file.write { path: "saved.txt", content: said.stdout }
  file.write { path: "after.txt", content: "after {saved.bytes}" }
}
"#;

/// A package whose people have keys: two of Ana's, one of Bo's and Chi's, and one of Eve, who is in no group.
struct Place(Package);

impl Place {
    fn new() -> Self {
        let place = Self(Package::of(SOURCE));
        let mut text = String::from("# Who holds which key.\n");
        for (person, keys) in [("ana", &["ana", "ana2"][..]), ("bo", &["bo"]), ("chi", &["chi"]), ("eve", &["eve"])] {
            let public = |key: &&str| format!("{:?}", place.make_key(key));
            let keys: Vec<String> = keys.iter().map(public).collect();
            text += &format!("[people.{person}]\nkeys = [{}]\n", keys.join(", "));
        }
        place.make_key("stranger");
        place.0.write("approvers.toml", text);
        place
    }

    fn make_key(&self, name: &str) -> String {
        self.0.run(&["key", "new", &format!("keys/{name}.pem")]).exits(0).text().trim_end().to_owned()
    }

    /// Begins an execution that waits; gives its id.
    fn begin(&self, arguments: &[&str]) -> String {
        let run = self.0.run(&[&["apply", "--yes", "--json"], arguments].concat()).exits(3);
        let last: serde_json::Value = serde_json::from_str(run.text().lines().last().unwrap()).unwrap();
        assert_eq!(last["state"], "waiting", "{run}");
        last["execution"].as_str().unwrap().to_owned()
    }

    fn say(&self, what: &str, who: &str, execution: &str, more: &[&str]) -> Run {
        let key = format!("keys/{who}.pem");
        self.0.run(&[&[what, execution, "--policy", "GOV-101", "--key", &key], more].concat())
    }

    fn approve(&self, who: &str, execution: &str) -> Run {
        self.say("approve", who, execution, &[]).exits(0)
    }

    fn resume(&self, execution: &str) -> Run {
        self.0.run(&["resume", execution])
    }

    fn waits(&self, execution: &str) {
        self.resume(execution).exits(3);
        assert!(!self.0.file("saved.txt").exists());
    }

    fn goes_on(&self, execution: &str) {
        self.resume(execution).exits(0);
        assert_eq!(self.0.read("after.txt"), "after 1B");
    }

    fn journal(&self) -> Connection {
        Connection::open(self.0.file(".ordain/journal.db")).unwrap()
    }
}

#[test]
fn two_people_have_to_agree() {
    let place = Place::new();
    let run = place.0.run(&["apply", "--yes"]).exits(3);
    let run = run.says("GOV-101 asks for the approval of 2 of `sre`: 2 more of ana, bo, chi").says("--policy GOV-101");
    run.says("because a change in production needs two of them")
        .says("2 not started until people agree")
        .says("ordain resume ");
    // What nobody is asked about is done, and what hangs on the rest is not.
    assert_eq!(place.0.read("free.txt"), "free");
    assert!(!place.0.file("saved.txt").exists() && !place.0.file("after.txt").exists());
    let listed = place.0.run(&["executions", "--json"]).exits(0).json();
    let (id, state) = (listed["executions"][0]["id"].as_str().unwrap(), &listed["executions"][0]["state"]);
    assert_eq!((state, &listed["executions"][0]["finished_at"]), (&"waiting".into(), &serde_json::Value::Null));
    let run = place.approve("ana", id);
    assert!(
        run.text().contains("ana approves GOV-101\n") && run.text().contains("ana agreed; 1 more of bo, chi"),
        "{run}"
    );
    place.waits(id);
    let run = place.approve("bo", id);
    assert!(run.text().contains("nothing is missing: `ordain resume"), "{run}");
    // Nobody who was asked before has to say it again, and a step that ended does not run again.
    fs::remove_file(place.0.file("free.txt")).unwrap();
    place.goes_on(id);
    assert!(!place.0.file("free.txt").exists());
    let told = place.0.run(&["executions", id]).exits(0).text();
    assert!(told.contains("ana  approve GOV-101") && told.contains("bo  approve GOV-101"), "{told}");
    // It has ended.
    place.say("approve", "chi", id, &[]).exits(2).says("has ended: it succeeded");
    place.resume(id).exits(2).says("has ended");
}

/// Whoever looks at an execution later sees who let it, for which policy, when and why, and what the policy says.
#[test]
fn a_trace_tells_who_agreed_and_why() {
    let place = Place::new();
    let id = place.begin(&[]);
    place.say("reject", "bo", &id, &["--reason", "wait for chi"]).exits(0);
    place.say("revoke", "bo", &id, &[]).exits(0);
    place.say("approve", "ana", &id, &["--reason", "seen <b>it</b>"]).exits(0);
    place.say("approve", "chi", &id, &[]).exits(0);
    place.goes_on(&id);
    let verdict = "GOV-101 needs the approval of 2 of sre, because a change in production needs two of them (file.write#2, saved)";
    let words = [
        "bo rejects GOV-101: wait for chi",
        "bo takes back what was said to GOV-101",
        "ana approves GOV-101: seen <b>it</b>",
        "chi approves GOV-101",
    ];
    let in_order = |text: &str, words: &[String]| {
        let places: Vec<Option<usize>> = words.iter().map(|word| text.find(word.as_str())).collect();
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?}\n{text}");
    };
    let text = place.0.run(&["trace", &id]).exits(0).text();
    assert!(text.replace("\n    ", " ").contains(verdict), "{text}");
    in_order(&text, &words.map(|word| format!(" {word}\n")));
    let page = place.0.run(&["trace", &id, "--format", "html"]).exits(0).text();
    assert!(page.contains(verdict), "{page}");
    in_order(&page, &words.map(|word| format!(" {}</li>", word.replace('<', "&lt;").replace('>', "&gt;"))));
    let json = place.0.run(&["trace", &id, "--json"]).exits(0).json();
    let said: Vec<_> = json["trace"]["said"].as_array().unwrap().iter().map(|said| &said["word"]).collect();
    assert_eq!(said.len(), 4, "{json:#}");
    assert_eq!((&said[0]["identity"], &said[0]["decision"]), (&"bo".into(), &"reject".into()));
    assert_eq!((&said[0]["policy"], &said[0]["reason"]), (&"GOV-101".into(), &"wait for chi".into()));
    let times: Vec<_> = json["trace"]["said"].as_array().unwrap().iter().map(|said| said["at"].as_i64()).collect();
    assert!(times.is_sorted() && times[0] > json["execution"]["started_at"].as_i64(), "{json:#}");
    assert_eq!(json["verdicts"][0]["code"], "GOV-101");
    assert_eq!(json["verdicts"][0]["because"], "a change in production needs two of them");
}

#[test]
fn two_keys_of_one_person_are_one_person() {
    let place = Place::new();
    let id = place.begin(&[]);
    place.approve("ana", &id);
    place.approve("ana2", &id);
    place.approve("ana", &id);
    place.waits(&id);
    place.approve("chi", &id);
    place.goes_on(&id);
}

#[test]
fn who_is_not_asked_is_not_heard() {
    let place = Place::new();
    let id = place.begin(&[]);
    place.say("approve", "eve", &id, &[]).exits(2).says("`eve` is not among those whom `GOV-101` asks: `sre`");
    place.say("reject", "eve", &id, &[]).exits(2).says("`eve` is not among");
    place.say("approve", "stranger", &id, &[]).exits(2).says("belongs to nobody in the approvers");
    place.say("approve", "ana", &id, &["--as", "bo"]).exits(2).says("the key belongs to `ana`, not to `bo`");
    place.say("approve", "ana", &id, &["--as", "ana"]).exits(0);
    place.say("approve", "nobody", &id, &[]).exits(2).says("there is no key at `keys/nobody.pem`");
    let key = ["--key", "keys/bo.pem"];
    let other = |code: &str| place.0.run(&[&["approve", &id, "--policy", code], &key[..]].concat());
    other("GOV-102")
        .exits(2)
        .says("`GOV-102` asks for no approval in this plan; those that do are `GOV-101`, `GOV-103`");
    other("\u{1b}[31m").exits(2).keeps_quiet_about("\u{1b}");
    place.waits(&id);
    // A key that is nobody's yet does not become somebody's by a later change of the file.
    let public = place.0.run(&["key", "show", "keys/stranger.pem"]).exits(0).text();
    place.0.write("approvers.toml", format!("[people.bo]\nkeys = [{:?}]\n", public.trim_end()));
    place
        .say("approve", "stranger", &id, &[])
        .exits(2)
        .says("belongs to nobody")
        .says("not those that the execution began");
    place.resume(&id).exits(3).says("it goes by those of then");
    place.0.write("approvers.toml", "broken");
    place.approve("bo", &id);
    place.goes_on(&id);
}

#[test]
fn what_ran_out_or_was_taken_back_does_not_count() {
    let place = Place::new();
    let id = place.begin(&[]);
    place.say("approve", "ana", &id, &["--until", "2020-01-01"]).exits(2).says("it ends before it begins");
    place.say("approve", "ana", &id, &["--until", "soon"]).exits(2).says("duration such as 8h");
    place.say("approve", "ana", &id, &["--until", "1ms", "--reason", "only now"]).exits(0);
    place.approve("bo", &id);
    place.waits(&id);
    place.say("revoke", "ana", &id, &[]).exits(2).says("`ana` has said nothing to `GOV-101`");
    place.say("approve", "ana", &id, &["--until", "8h"]).exits(0);
    place.say("revoke", "bo", &id, &["--reason", "I was wrong"]).exits(0);
    place.waits(&id);
    let told = place.0.run(&["executions", &id]).exits(0).text();
    assert!(
        told.contains("bo  revoke GOV-101  I was wrong") && told.contains("ana agreed; 1 more of bo, chi"),
        "{told}"
    );
    place.approve("chi", &id);
    place.goes_on(&id);
}

#[test]
fn a_rejection_stops_it_until_it_is_taken_back() {
    let place = Place::new();
    let id = place.begin(&[]);
    place.approve("ana", &id);
    place.say("reject", "bo", &id, &["--reason", "not before\nthe freeze ends"]).exits(0);
    place.approve("chi", &id);
    let run = place.resume(&id).exits(3).says("rejected by bo: not before⏎the freeze ends");
    run.says(&format!("ordain revoke {id} --policy GOV-101"));
    place
        .say("approve", "bo", &id, &[])
        .exits(2)
        .says("`bo` has rejected `GOV-101`, which agreeing does not take back");
    let shown = place.0.run(&["executions", &id, "--json"]).exits(0).json();
    let [asked, pending] = shown["approvals"].as_array().unwrap().as_slice() else { panic!("{shown}") };
    assert_eq!((&asked["policy"], &asked["satisfied"]), (&"GOV-101".into(), &false.into()), "{shown}");
    assert_eq!((&asked["missing"], &asked["rejected"][0]["identity"]), (&0.into(), &"bo".into()), "{shown}");
    // The output of the step is known by now: it is not what the other policy asks about.
    assert_eq!((&pending["policy"], &pending["pending"]), (&"GOV-103".into(), &true.into()), "{shown}");
    place.say("revoke", "bo", &id, &[]).exits(0);
    place.goes_on(&id);
}

#[test]
fn what_depends_on_outputs_is_asked_when_they_are_there() {
    let place = Place::new();
    let id = place.begin(&["--arg", "text=much"]);
    place.approve("ana", &id);
    place.approve("bo", &id);
    place.resume(&id).exits(3).says("GOV-103 asks for the approval of 1 of `sre`").says("before saved");
    let key = ["--key", "keys/chi.pem"];
    place.0.run(&[&["approve", &id, "--policy", "GOV-103"], &key[..]].concat()).exits(0);
    place.resume(&id).exits(0);
    assert_eq!(place.0.read("saved.txt"), "much");
}

#[test]
fn a_policy_about_the_whole_plan_holds_back_all_of_it() {
    let place = Place::new();
    let id = place.begin(&["--arg", "env=closed"]);
    assert!(!place.0.file("free.txt").exists());
    let record = place.0.run(&["executions", &id, "--json"]).exits(0).json();
    assert_eq!(record["steps"], serde_json::json!([]), "{record}");
    let key = ["--key", "keys/chi.pem"];
    // Two policies at once: the one that asks nobody here keeps the other from being written down.
    let both = ["approve", &id, "--policy", "GOV-102", "--policy", "GOV-101"];
    place.0.run(&[&both, &key[..]].concat()).exits(2).says("`GOV-101` asks for no approval");
    place.0.run(&["resume"]).exits(3);
    place.0.run(&[&both[..4], &key[..]].concat()).exits(0);
    place.0.run(&["resume"]).exits(0);
    assert_eq!(place.0.read("free.txt"), "free");
}

#[test]
fn approvals_are_of_one_execution_of_one_plan() {
    let place = Place::new();
    let first = place.begin(&[]);
    place.approve("ana", &first);
    place.approve("bo", &first);
    let (again, changed) = (place.begin(&[]), place.begin(&["--arg", "text=b"]));
    for other in [&again, &changed] {
        // Whoever can write the journal, and knows how its log is chained, copies what was said elsewhere.
        let copy = "INSERT INTO log SELECT (SELECT max(seq) FROM log) + row_number() OVER (ORDER BY seq), at, ?1, node,
                    address, event, attempt, data, hash FROM log WHERE execution = ?2 AND event = 'approval_recorded'";
        let journal = place.journal();
        assert_eq!(journal.execute(copy, [other, &first]).unwrap(), 2);
        journal.execute("UPDATE executions SET last_row = (SELECT max(seq) FROM log) WHERE id = ?1", [other]).unwrap();
        chain_again(&journal);
        place.waits(other);
        let said = place.0.run(&["executions", other, "--json"]).exits(0).json()["said"].clone();
        assert_eq!(said[0]["not_counted"], "it is about another execution", "{said}");
    }
    // Whoever can write the journal puts another plan in place of the one that was agreed to.
    let swap = "UPDATE executions SET plan_hash = (SELECT plan_hash FROM executions WHERE id = ?1) WHERE id = ?2";
    assert_eq!(place.journal().execute(swap, [&changed, &first]).unwrap(), 1);
    assert_ne!(place.resume(&first).code, Some(0));
    assert!(!place.0.file("saved.txt").exists());
    let said = place.0.run(&["executions", &first, "--json"]).exits(0).json()["said"].clone();
    assert_eq!(said[1]["not_counted"], "it is about another plan", "{said}");
}

/// Computes the hashes of all rows of the log anew, as somebody would who changed one.
fn chain_again(journal: &Connection) {
    let mut rows = journal
        .prepare("SELECT seq, at, execution, node, address, event, attempt, data FROM log ORDER BY seq")
        .unwrap();
    let rows = rows.query_map([], |row| {
        let text = |at: usize| row.get::<_, Option<String>>(at);
        // In the order that canonical JSON demands, whether maps are sorted or not.
        Ok(serde_json::json!({
            "address": text(4)?, "at": row.get::<_, i64>(1)?, "attempt": row.get::<_, i64>(6)?, "data": text(7)?,
            "event": text(5)?, "execution": text(2)?, "node": text(3)?, "previous": "", "seq": row.get::<_, i64>(0)?,
        }))
    });
    let mut previous = [0; 32];
    for row in rows.unwrap() {
        let mut row = row.unwrap();
        let hex: String = previous.iter().map(|byte| format!("{byte:02x}")).collect();
        row["previous"] = format!("sha256:{hex}").into();
        previous = sha2::Sha256::digest(row.to_string()).into();
        let update = "UPDATE log SET hash = ?2 WHERE seq = ?1";
        journal.execute(update, rusqlite::params![row["seq"].as_i64(), previous]).unwrap();
    }
}

#[test]
fn a_record_that_was_changed_does_not_count() {
    let place = Place::new();
    let id = place.begin(&[]);
    place.approve("ana", &id);
    place.approve("bo", &id);
    let journal = place.journal();
    let recorded = "SELECT seq, data FROM log WHERE event = 'approval_recorded' ORDER BY seq";
    let said: Vec<(i64, String)> = {
        let mut rows = journal.prepare(recorded).unwrap();
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    let [(_, ana), (row, bo)] = said.as_slice() else { panic!("{said:?}") };
    let write = |data: &str| {
        let update = "UPDATE log SET data = ?1 WHERE seq = ?2";
        assert_eq!(journal.execute(update, rusqlite::params![data, row]).unwrap(), 1);
    };
    let member = |of: &str, name: &str| {
        serde_json::from_str::<serde_json::Value>(of).unwrap()[name].as_str().unwrap().to_owned()
    };
    let with = |name: &str, text: &str| {
        let mut data: serde_json::Value = serde_json::from_str(bo).unwrap();
        data[name] = text.into();
        data.to_string()
    };
    // Without its hashes, it is no log any more.
    write(&with("body", &member(bo, "body").replace("bo", "chi")));
    place.resume(&id).exits(2).says("is not what was written there");
    let body = member(bo, "body");
    for change in [
        with("body", &body.replace("\"bo\"", "\"chi\"")),
        with("body", &body.replace("approve\"", "approve \"")),
        with("body", &format!("{body} ")),
        with("body", &"x".repeat(10_000_000)),
        with("signature", &member(ana, "signature")),
        with("signature", ""),
        with("key", &member(ana, "key")),
        with("key", "\u{0}"),
        ana.clone(),
        "{}".into(),
        "[[null]]".into(),
    ] {
        write(&change);
        chain_again(&journal);
        place.waits(&id);
        place.0.run(&["executions", &id]).exits(0);
    }
    write(bo);
    // Approvers that were changed in the journal are others than those that people agreed under.
    let forge = "UPDATE log SET data = replace(data, '\"eve\"', '\"dan\"') WHERE event = 'execution_started'";
    assert_eq!(journal.execute(forge, []).unwrap(), 1);
    chain_again(&journal);
    place.waits(&id);
    let said = place.0.run(&["executions", &id, "--json"]).exits(0).json()["said"].clone();
    assert_eq!(said[0]["not_counted"], "it is about another list of approvers", "{said}");
    let none = "UPDATE log SET data = replace(data, '\"people\"', '\"persons\"') WHERE event = 'execution_started'";
    assert_eq!(journal.execute(none, []).unwrap(), 1);
    chain_again(&journal);
    place.resume(&id).exits(2).says("of whom 0 can sign");
    journal.execute("DELETE FROM log WHERE seq = ?1", [row]).unwrap();
    place.resume(&id).exits(2).says("it is missing");
    assert!(!place.0.file("saved.txt").exists());
}

#[test]
fn a_plan_that_nobody_can_approve_is_not_begun() {
    let place = Place::new();
    let refused = |text: Option<&str>| {
        match text {
            Some(text) => place.0.write("approvers.toml", text),
            None => place.0.remove("approvers.toml"),
        }
        let run = place.0.run(&["apply", "--yes"]).exits(2);
        assert!(!place.0.file("free.txt").exists() && !place.0.file(".ordain").exists());
        run
    };
    let whole = place.0.read("approvers.toml");
    let only_ana: String = whole.lines().take(3).map(|line| format!("{line}\n")).collect();
    refused(Some(&only_ana)).says("GOV-101 asks for the approval of 2 of `sre`, of whom 1 can sign");
    refused(Some("[people.ana]\nkeys = 3")).says("approvers.toml").says("invalid type");
    refused(Some("[people.ana]\nkeys = [\"ed25519:AAAA\"]")).says("it takes 32 bytes in base64url");
    refused(Some("\u{0}")).says("approvers.toml");
    refused(None).says("of whom 0 can sign");
}

#[test]
fn what_is_no_execution_is_told() {
    let place = Place::new();
    place.say("approve", "ana", "01", &[]).exits(2).says("there is no journal");
    let id = place.begin(&[]);
    for hostile in ["nothing", "' OR 1=1 --", "../../etc", "\u{1b}[2J", "%"] {
        place.say("approve", "ana", hostile, &[]).exits(2).says("the journal has no execution");
    }
    place.say("approve", "ana", &id[..30], &["--json"]).exits(0);
    place.0.run(&["approve", &id]).exits(2).says("--policy");
    fs::write(place.0.file("other.db"), "no journal").unwrap();
    place.say("approve", "bo", &id, &["--journal", "other.db"]).exits(2).says("is not a journal");
}

#[test]
fn programs_read_what_is_asked() {
    let place = Place::new();
    let run = place.0.run(&["apply", "--yes", "--json"]).exits(3);
    let lines: Vec<serde_json::Value> = run.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let waits = lines.iter().find(|line| line["event"] == "execution_waiting").unwrap_or_else(|| panic!("{run}"));
    let asked = &waits["approvals"][0];
    assert_eq!(asked["policy"], "GOV-101");
    assert_eq!((&asked["group"], &asked["count"], &asked["missing"]), (&"sre".into(), &2.into(), &2.into()));
    assert_eq!(asked["members"], serde_json::json!(["ana", "bo", "chi"]));
    assert_eq!(lines.last().unwrap()["approvals"], waits["approvals"]);
    assert!(!lines.iter().any(|line| line["event"] == "execution_finished"), "{run}");
    let id = waits["execution"].as_str().unwrap();
    let said =
        place.say("approve", "ana", id, &["--json", "--reason", "fine", "--until", "2999-12-31"]).exits(0).json();
    assert_eq!((&said["identity"], &said["approvals"][0]["missing"]), (&"ana".into(), &1.into()), "{said}");
    let statement = &said["statements"][0];
    assert_eq!(&statement["format"], "ordain.approval/1", "{said}");
    assert_eq!((&statement["reason"], &statement["until"]), (&"fine".into(), &32_503_680_000_000_i64.into()), "{said}");
}

#[test]
fn on_a_terminal_it_is_shown_what_is_signed() {
    let place = Place::new();
    let there = crate::ordain::shell(place.0.path(), "script -qec true /dev/null").run([""; 0]);
    if there.code != Some(0) {
        skipped("there is no `script` here that makes a terminal");
        return;
    }
    let id = place.begin(&[]);
    let type_in = |answer: &str, more: &str| {
        let command = format!("ordain approve {id} --policy GOV-101 --key keys/ana.pem{more}");
        let line = format!("printf '{answer}\\n' | script -qec '{command}' /dev/null");
        crate::ordain::shell(place.0.path(), &line).run([""; 0])
    };
    let run = type_in("no", "");
    for shown in [
        "test.main.save",
        "sha256:",
        "effect write",
        "GOV-101 asks for the approval of 2",
        "Sign that you approve GOV-101?",
    ] {
        assert!(run.text().contains(shown), "no `{shown}` in {run}");
    }
    assert!(run.text().contains("nothing was signed"), "{run}");
    let said = |id: &str| place.0.run(&["executions", id, "--json"]).json()["said"].as_array().unwrap().len();
    assert_eq!(said(&id), 0);
    assert!(type_in("yes", "").text().contains("ana approves GOV-101"));
    assert_eq!(said(&id), 1);
    let run = type_in("", " --yes");
    assert!(!run.text().contains("Sign that") && run.text().contains("ana approves GOV-101"), "{run}");
}

#[test]
fn what_has_succeeded_meanwhile_is_told_whichever_began_first() {
    let place = Place::new();
    let executions = [place.begin(&[]), place.begin(&[])];
    for execution in &executions {
        for who in ["ana", "bo"] {
            place.approve(who, execution);
        }
    }
    let [first, second] = &executions;
    place.resume(first).exits(0).keeps_quiet_about("has succeeded in");
    place.resume(second).exits(0).says(&format!("`{first}` has succeeded in `test.main.prod` since `{second}` began"));
    let undone = place.0.run(&["undo", first, "--yes"]);
    undone
        .says(&format!("`{second}` has succeeded in `test.main.prod` since `{first}` began, and what both have done"));
    let listed = place.0.run(&["executions"]).exits(0).text();
    assert!(listed.lines().all(|line| line.contains("  test.main.save in test.main.prod  ")), "{listed}");
    let listed = place.0.run(&["executions", "--json"]).exits(0).json();
    assert_eq!(listed["executions"][0]["environments"], serde_json::json!(["test.main.prod"]));
    let told = place.0.run(&["executions", second]).exits(0).text();
    assert!(told.starts_with("test.main.save in test.main.prod of test 0.1.0: succeeded"), "{told}");
}
