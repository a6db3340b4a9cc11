//! Notes in files, as an adapter: `notes [DIRECTORY]` over standard input and output, `notes --http ADDRESS [DIRECTORY]`
//! over HTTP.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ordain_adapter::{Adapter, Applied, Call, Description, Example, Failure, Level, Observed, serve_http, serve_stdio};
use serde::Deserialize;
use serde_json::json;

/// Notes, each a file in a directory.
struct Notes {
    directory: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    name: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remove {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    /// Milliseconds, as all durations.
    time: u64,
}

impl Notes {
    fn path(&self, name: &str) -> Result<PathBuf, Failure> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err(Failure::WrongInputs(format!("`{name}` is not the name of a note")));
        }
        Ok(self.directory.join(format!("{name}.txt")))
    }

    fn write(&self, note: &Write) -> Result<Applied, Failure> {
        let path = self.path(&note.name)?;
        fs::create_dir_all(&self.directory)?;
        // Writing the same again changes nothing, so that a second call under the same key does no harm.
        fs::write(&path, &note.text)?;
        Ok(Applied::new(json!({ "path": shown(&path), "bytes": note.text.len() })))
    }

    fn remove(&self, note: &Remove) -> Result<Applied, Failure> {
        match fs::remove_file(self.path(&note.name)?) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            // One that is gone already is fine, and says the same to the same key.
            _ => Ok(Applied::nothing()),
        }
    }

    fn wait(call: &Call<'_>) -> Result<Applied, Failure> {
        let Wait { time } = call.inputs()?;
        for tenth in 0..10 {
            call.progress(Some(tenth * 10), "waiting");
            call.wait(Duration::from_millis(time / 10))?;
        }
        call.log(Level::Info, "waited");
        Ok(Applied::nothing())
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Adapter for Notes {
    fn describe(&self) -> Description {
        let note = json!({ "name": "example", "text": "hello" });
        Description::new("notes", "1.0.0")
            .concurrency(8)
            .observes("note.write", "1.0.0")
            .example("note.write", Example::new(note).undone_by("note.remove", json!({ "name": "example" })))
            .observes("note.remove", "1.0.0")
            .provides("note.wait", "1.0.0")
            .example("note.wait", Example::new(json!({ "time": 60_000 })).slow())
    }

    fn apply(&self, call: &Call<'_>) -> Result<Applied, Failure> {
        match call.capability() {
            "note.write" => self.write(&call.inputs()?),
            "note.remove" => self.remove(&call.inputs()?),
            "note.wait" => Self::wait(call),
            other => Err(Failure::NotProvided(format!("`{other}` is not provided"))),
        }
    }

    fn observe(&self, call: &Call<'_>) -> Result<Observed, Failure> {
        let name = match call.capability() {
            "note.write" => call.inputs::<Write>()?.name,
            "note.remove" => call.inputs::<Remove>()?.name,
            other => return Err(Failure::NotProvided(format!("what `{other}` does leaves no trace"))),
        };
        let path = self.path(&name)?;
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Observed::Absent),
            Err(error) => Err(error.into()),
            Ok(_) if call.capability() == "note.remove" => {
                Ok(Observed::Present { inputs: json!({ "name": name }), outputs: json!({}) })
            }
            Ok(text) => {
                let outputs = json!({ "path": shown(&path), "bytes": text.len() });
                Ok(Observed::Present { inputs: json!({ "name": name, "text": text }), outputs })
            }
        }
    }
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    let address = arguments.next_if_eq("--http").and_then(|_| arguments.next());
    let notes = Notes { directory: arguments.next().unwrap_or_else(|| "notes".into()).into() };
    match address {
        None => serve_stdio(&notes),
        Some(address) => {
            let listener = TcpListener::bind(address)?;
            // Whoever asked for a free port wants to know which.
            writeln!(io::stdout(), "http://{}/", listener.local_addr()?)?;
            serve_http(Arc::new(notes), &listener)
        }
    }
}
