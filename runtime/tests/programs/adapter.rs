//! An adapter for the tests of the interpreter: a good one, and every kind of bad one.
//!
//! The first argument says how it is bad from the start; the input `does` of a call what it does then. It keeps what it
//! did in its directory: a line in `effects` for each note, and the outputs of each key in `keys`.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, Write as _};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};

/// Calls that run, each with whether it was cancelled.
type Calls = Arc<(Mutex<BTreeMap<u64, bool>>, Condvar)>;

fn main() {
    let bad = std::env::args().nth(1).unwrap_or_default();
    if bad == "ends" {
        eprintln!("cannot go on");
        std::process::exit(3);
    }
    let calls = Calls::default();
    for line in io::stdin().lock().split(b'\n') {
        let Ok(line) = line else { break };
        if bad == "hangs" {
            continue;
        }
        heard(&line);
        let Ok(message) = serde_json::from_slice::<Json>(&line) else {
            if bad == "ends at nonsense" {
                std::process::exit(1);
            }
            if bad != "ignores nonsense" {
                say(&json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "no JSON" } }));
            }
            continue;
        };
        take(&bad, &calls, message);
    }
    if bad == "stays" {
        loop {
            std::thread::park();
        }
    }
}

/// Keeps what was sent, for tests that look at it.
fn heard(line: &[u8]) {
    if let Ok(mut file) = OpenOptions::new().append(true).open("heard") {
        file.write_all(&[line, b"\n"].concat()).expect("a place to keep it");
    }
}

fn say(message: &Json) {
    raw(format!("{message}\n").as_bytes());
}

fn raw(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    // Nobody may listen any more.
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

fn answer(id: &Json, result: Result<Json, (i64, &str)>) {
    say(&match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err((code, message)) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
        }
    });
}

fn take(bad: &str, calls: &Calls, message: Json) {
    let (id, method) = (message.get("id").cloned(), message["method"].as_str().map(str::to_owned));
    let params = message["params"].clone();
    let (Some(id), Some(method)) = (id.clone(), method.clone()) else {
        match (method.as_deref(), id) {
            (Some("cancel"), None) if bad != "cannot be cancelled" => cancel(calls, params["call"].as_u64()),
            (Some(_), None) => {}
            (None, id) if bad != "takes anything" => {
                answer(&id.unwrap_or_default(), Err((-32600, "no request")));
            }
            (_, id) => answer(&id.unwrap_or_default(), Ok(json!({}))),
        }
        return;
    };
    match method.as_str() {
        "initialize" => {
            let offered = params["protocols"].as_array().is_some_and(|all| all.contains(&json!(1)));
            answer(
                &id,
                match bad {
                    "newer protocol" => Ok(json!({ "protocol": 2 })),
                    "no protocol" => Ok(json!({})),
                    "any protocol" => Ok(json!({ "protocol": 1 })),
                    _ if !offered => Err((-32001, "only version 1 is spoken")),
                    _ => Ok(json!({ "protocol": 1, "adapter": "test" })),
                },
            );
        }
        "describe" => answer(&id, Ok(description(bad))),
        "apply" | "undo" | "observe" => {
            let (bad, calls) = (bad.to_owned(), calls.clone());
            calls.0.lock().unwrap().insert(id.as_u64().unwrap_or_default(), false);
            std::thread::spawn(move || call(&bad, &calls, &id, &method, &params));
        }
        _ if bad == "takes anything" => answer(&id, Ok(json!({}))),
        _ => answer(&id, Err((-32601, "no such method"))),
    }
}

fn cancel(calls: &Calls, call: Option<u64>) {
    if let Some(cancelled) = call.and_then(|call| calls.0.lock().unwrap().get_mut(&call).map(|flag| *flag = true)) {
        let () = cancelled;
        calls.1.notify_all();
    }
}

fn description(bad: &str) -> Json {
    let once = fs::metadata("described").is_ok();
    let _ = fs::write("described", "");
    let version = match bad {
        "other version" => "2.0.0",
        "changes" if once => "1.0.1",
        "no version" => "new",
        _ => "1.0.0",
    };
    let example = json!({ "inputs": { "name": "example", "sum": 1, "does": "succeed" } });
    let slow = json!({ "inputs": { "name": "slow", "sum": 1, "does": "wait" }, "slow": true });
    json!({
        "name": "test",
        "version": version,
        "concurrency": if bad == "one by one" { 1 } else { 8 },
        "capabilities": { "test.note": {
            "version": "1.0.0",
            "observe": true,
            "examples": [example, slow],
        }, "test.tell": { "version": "1.0.0" } },
    })
}

fn call(bad: &str, calls: &Calls, id: &Json, method: &str, params: &Json) {
    let result = outcome(bad, calls, id, method, params);
    calls.0.lock().unwrap().remove(&id.as_u64().unwrap_or_default());
    let Some(result) = result else { return };
    if bad == "answers twice" && method == "apply" {
        let twice = json!({ "jsonrpc": "2.0", "id": id, "result": { "outputs": { "sum": 1 } } });
        raw(format!("{twice}\n{twice}\n").as_bytes());
    } else {
        answer(id, result);
    }
}

fn outcome(
    bad: &str,
    calls: &Calls,
    id: &Json,
    method: &str,
    params: &Json,
) -> Option<Result<Json, (i64, &'static str)>> {
    let inputs = &params["inputs"];
    let (name, sum, does) = (inputs["name"].as_str(), inputs["sum"].as_i64(), inputs["does"].as_str());
    if params["capability"] == "test.tell" {
        let secret = inputs["secret"].as_str().unwrap_or_default();
        eprintln!("the secret is {secret}");
        let outputs =
            json!({ "echo": format!("<{secret}>"), "made": format!("made of {secret}"), "pin": inputs["pin"] });
        return Some(Ok(json!({ "outputs": outputs, "secrets": ["/made"] })));
    }
    if params["capability"] != "test.note" && bad != "takes any capability" {
        return Some(Err((-32005, "only notes")));
    }
    let (Some(name), Some(sum), Some(does)) = (name, sum, does) else {
        return Some(if bad == "takes any input" {
            Ok(json!({ "outputs": { "sum": 0 } }))
        } else {
            Err((-32602, "no inputs of a note"))
        });
    };
    if method == "observe" && !matches!(does, "hang" | "crash" | "garbage") {
        return Some(Ok(match fs::read_to_string("effects") {
            _ if bad == "sees nothing" => json!({ "state": "absent" }),
            Ok(effects) if effects.lines().any(|line| line == name) => {
                json!({ "state": "present", "inputs": { "name": name }, "outputs": { "sum": sum } })
            }
            _ => json!({ "state": "absent" }),
        }));
    }
    let key = params["key"].as_str().unwrap_or_default();
    let done = || {
        let kept = format!("keys/{key}");
        if let Ok(outputs) = fs::read_to_string(&kept)
            && bad != "does it again"
        {
            return json!({ "outputs": serde_json::from_str::<Json>(&outputs).unwrap() });
        }
        let mut effects = OpenOptions::new().create(true).append(true).open("effects").unwrap();
        writeln!(effects, "{name}").unwrap();
        let count = fs::read_to_string("effects").unwrap().lines().filter(|line| *line == name).count();
        let outputs = json!({ "sum": if bad == "does it again" { sum * count as i64 } else { sum } });
        fs::create_dir_all("keys").unwrap();
        fs::write(kept, outputs.to_string()).unwrap();
        json!({ "outputs": outputs })
    };
    let number = id.as_u64().unwrap_or_default();
    let wait = |time: Duration| {
        let flags = calls.0.lock().unwrap();
        let waited = calls.1.wait_timeout_while(flags, time, |flags| !flags[&number]).unwrap();
        !waited.1.timed_out()
    };
    Some(match does {
        "succeed" => Ok(done()),
        "fail" => Err((-32000, "perhaps later")),
        "refuse" => Err((-32002, "never")),
        "odd" => Err((-31999, "an error of nobody's")),
        "claim cancelled" => Err((-32003, "cancelled")),
        "wait" => {
            let time = Duration::from_millis(params["timeout_ms"].as_u64().unwrap_or(60_000));
            let time = if bad == "takes its time" { Duration::from_secs(60) } else { time };
            if wait(time) { Err((-32003, "cancelled")) } else { Err((-32004, "too long")) }
        }
        // It is told to give up, and is done before it can.
        "be quick" => {
            wait(Duration::from_secs(60));
            Ok(done())
        }
        "hang" => loop {
            std::thread::park();
        },
        "crash" => {
            eprintln!("broken: {}", inputs["name"]);
            std::process::exit(7);
        }
        "crash once" => {
            if fs::metadata("crashed").is_err() {
                fs::write("crashed", "").unwrap();
                std::process::exit(7);
            }
            Ok(done())
        }
        "crash after" => {
            let outputs = done();
            if params["attempt"] == 1 {
                std::process::exit(7);
            }
            Ok(outputs)
        }
        "close" => {
            raw(b"{\"jsonrpc\":\"2.0\",\"id\":");
            std::process::exit(0);
        }
        "garbage" => return garbage(b"what is this?\n"),
        "binary" => return garbage(b"{\"\xff\xfe\": 1}\n"),
        "batch" => return garbage(b"[]\n"),
        "wrong id" => return garbage(b"{\"jsonrpc\":\"2.0\",\"id\":9999,\"result\":{}}\n"),
        "null id" => return garbage(b"{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}\n"),
        "old" => return garbage(format!("{{\"id\":{id},\"result\":{{}}}}\n").as_bytes()),
        "request" => return garbage(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"describe\"}\n"),
        "long" => return garbage(&[b"x".repeat(40_000), b"\n".to_vec()].concat()),
        "endless" => loop {
            raw(&b"x".repeat(4096));
        },
        "chatter" => loop {
            say(&json!({ "jsonrpc": "2.0", "method": "log", "params": { "call": id, "message": "again" } }));
        },
        "lie" => Ok(json!({ "outputs": { "sum": "many" } })),
        "no outputs" => Ok(json!({})),
        "mark" => Ok(json!({ "outputs": { "sum": sum }, "secrets": ["/sum"] })),
        "talk" => {
            let say = |method: &str, params: Json| {
                say(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
            };
            say("log", json!({ "call": id, "level": "warning", "message": "be careful" }));
            say("progress", json!({ "call": id, "percent": 42, "message": "half way" }));
            say("progress", json!({ "call": 4_000_000, "percent": 1 }));
            say("log", json!({ "call": id, "message": "x".repeat(100) }));
            say("log", json!({ "call": id, "message": "dropped ".repeat(100) }));
            say("something new", json!([1]));
            Ok(done())
        }
        "environment" => {
            let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
            fs::write("environment", names.join("\n")).unwrap();
            Ok(done())
        }
        "leave" => {
            let child = std::process::Command::new("sleep").arg("600").stdout(std::process::Stdio::null()).spawn();
            fs::write("left", child.unwrap().id().to_string()).unwrap();
            fs::write("pid", std::process::id().to_string()).unwrap();
            Ok(done())
        }
        // As many as are told to wait for each other.
        "meet" => {
            writeln!(OpenOptions::new().create(true).append(true).open("met").unwrap(), "{name}").unwrap();
            let patience = std::time::Instant::now() + Duration::from_secs(20);
            while fs::read_to_string("met").unwrap().lines().count() < sum as usize {
                if std::time::Instant::now() > patience {
                    return Some(Err((-32000, "nobody came")));
                }
                std::thread::yield_now();
            }
            Ok(done())
        }
        _ => Err((-32602, "there is no such thing to do")),
    })
}

fn garbage(bytes: &[u8]) -> Option<Result<Json, (i64, &'static str)>> {
    raw(bytes);
    None
}
