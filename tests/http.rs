//! Documents and messages over HTTP: a server of this machine that keeps what it is given.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::ordain::Run;
use crate::package::Package;

const TOKEN: &str = "Bearer 6fb1c0ffee";

/// What is kept, by its path.
type Documents = Arc<Mutex<BTreeMap<String, String>>>;

/// A server of documents, for whoever has the token, for as long as the test lasts.
fn serve() -> (String, Documents) {
    let documents = Documents::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let kept = documents.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &kept);
        }
    });
    (host, documents)
}

fn answer(mut stream: TcpStream, kept: &Documents) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |name: &str| {
        let named = lines.iter().filter_map(|line| line.split_once(": "));
        named.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let mut asked = lines[0].split(' ').map(str::to_owned);
    let (method, path) = (asked.next().unwrap(), asked.next().unwrap());
    let mut documents = kept.lock().unwrap();
    let (status, body) = match method.as_str() {
        _ if header("authorization").as_deref() != Some(TOKEN) => (401, String::new()),
        "GET" => documents.get(&path).map_or((404, String::new()), |text| (200, text.clone())),
        "PUT" => (documents.insert(path, String::from_utf8(body).unwrap()).map_or(201, |_| 204), String::new()),
        "DELETE" => (documents.remove(&path).map_or(404, |_| 204), String::new()),
        _ => (405, String::new()),
    };
    let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let _ = write!(
        stream,
        "HTTP/1.1 {status} Answer\r\nContent-Type: text/plain; charset=utf-8\r\n{length}Connection: close\r\n\r\n{body}"
    );
}

/// Two documents, and, where it is asked for, a message that the server does not take.
const SITE: &str = r#"
use std.http.{builtin.http, http}

type Place = { host: String, token: Secret<String> }

environment here: Place {
  host: "SERVER"
  token: secret("site/token")
  bind http.put to builtin.http
  bind http.delete to builtin.http
  bind http.post to builtin.http
}

plan site(env: Place = here, tell: Bool = false) {
  on failure undo
  let index = http.put { url: "http://{env.host}/index", content: "one", secrets: { "Authorization": env.token } }
  let about = http.put { url: "http://{env.host}/about", content: "{index.digest}", secrets: { "Authorization": env.token } }
  if tell {
    http.post { url: "http://{env.host}/hook", content: "[]", secrets: { "Authorization": env.token } } after about
  }
}
"#;

struct Site {
    package: Package,
    documents: Documents,
}

impl Site {
    fn new() -> Self {
        let (host, documents) = serve();
        Self { package: Package::of(SITE.replace("SERVER", &host)), documents }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.package.ordain().env("ORDAIN_SECRET_SITE_TOKEN", TOKEN).run(arguments).keeps_quiet_about(TOKEN)
    }

    fn there(&self) -> Vec<(String, String)> {
        let documents = self.documents.lock().unwrap();
        documents.iter().map(|(path, text)| (path.clone(), text.clone())).collect()
    }
}

const DIGEST: &str = "sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";

fn both() -> Vec<(String, String)> {
    vec![("/about".into(), DIGEST.into()), ("/index".into(), "one".into())]
}

#[test]
fn documents_are_brought_looked_at_repaired_and_taken_away() {
    let site = Site::new();
    site.run(&["apply", "site", "--yes"]).exits(0);
    assert_eq!(site.there(), both());
    site.run(&["drift", "site", "--strict"]).exits(0);

    site.documents.lock().unwrap().insert("/index".into(), "two".into());
    site.documents.lock().unwrap().remove("/about");
    let drift = site.run(&["drift", "site", "--strict", "--json"]).exits(1).keeps_quiet_about("two");
    let json = drift.json();
    let steps = json["steps"].as_array().unwrap();
    let states: Vec<&str> = steps.iter().map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["mismatched", "missing"], "{drift}");
    let text = site.run(&["drift", "site"]).exits(0).text();
    assert!(text.contains("index  http.put http://127.0.0.1:"), "{text}");

    site.run(&["plan", "site", "--refresh", "--view", "json", "--output", "repair.json"]).exits(0);
    site.run(&["apply", "repair.json", "--yes"]).exits(0);
    assert_eq!(site.there(), both());
}

#[test]
fn what_a_failed_plan_has_brought_is_taken_away_again() {
    let site = Site::new();
    site.documents.lock().unwrap().insert("/other".into(), "stays".into());
    let run = site.run(&["apply", "site", "-a", "tell=true", "--yes"]);
    run.exits(1).says("adapter_refused").says("answered with status 405");
    assert_eq!(site.there(), [("/other".into(), "stays".into())]);
}

#[test]
fn what_exists_is_adopted() {
    let site = Site::new();
    *site.documents.lock().unwrap() = both().into_iter().collect();
    for address in ["index", "about"] {
        site.run(&["import", "--plan", "site", address, "--yes"]).exits(0);
    }
    site.run(&["drift", "site", "--strict"]).exits(0);
}

#[test]
fn whoever_has_no_token_is_refused() {
    let site = Site::new();
    let run = site.package.ordain().env("ORDAIN_SECRET_SITE_TOKEN", "Bearer wrong").run(["apply", "site", "--yes"]);
    run.exits(1).says("answered with status 401");
    assert_eq!(site.there(), []);
}
