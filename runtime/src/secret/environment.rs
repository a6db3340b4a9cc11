//! Secrets as the environment has them: in variables, in files, or from commands that are asked.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

use super::{SecretError, SecretSource, SecretText};

/// The most bytes a secret has that a file or a command gives.
const MOST: usize = 64 << 10;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Secrets from environment variables. `shop/db-password` is the content of `ORDAIN_SECRET_SHOP_DB_PASSWORD`, or of the
/// file that `ORDAIN_SECRETFILE_SHOP_DB_PASSWORD` names, or what the shell command in
/// `ORDAIN_SECRETCOMMAND_SHOP_DB_PASSWORD` prints. One line break at the end of a file or of what is printed is no
/// part of it.
///
/// Names that differ only in case or in characters other than letters and digits share a variable.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvironmentSecrets;

impl EnvironmentSecrets {
    /// The variable that holds the secret of that name: letters in upper case, what is neither an ASCII letter nor a
    /// digit as `_`.
    pub fn variable(name: &str) -> String {
        variable("ORDAIN_SECRET", name)
    }
}

fn variable(kind: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("{kind}_{}", name.chars().map(plain).collect::<String>())
}

/// What a variable holds; nothing where it is not set.
fn value(variable: &str) -> Result<Option<String>, SecretError> {
    match std::env::var(variable) {
        Ok(content) => Ok(Some(content)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(SecretError::NotText(format!("the environment variable {variable}")))
        }
    }
}

impl SecretSource for EnvironmentSecrets {
    fn resolve(&self, name: &str) -> Result<SecretText, SecretError> {
        let kinds = ["ORDAIN_SECRET", "ORDAIN_SECRETFILE", "ORDAIN_SECRETCOMMAND"];
        let [plain, file, command] = kinds.map(|kind| variable(kind, name));
        match (value(&plain)?, value(&file)?, value(&command)?) {
            (Some(content), None, None) => Ok(SecretText::new(content)),
            (None, Some(path), None) => of_file(&file, &path),
            (None, None, Some(line)) => of_command(&command, &line, PATIENCE),
            (None, None, None) => Err(SecretError::Missing(format!("the environment variable {plain} is not set"))),
            _ => {
                let message = format!("more than one of {plain}, {file} and {command} is set");
                Err(SecretError::Unavailable(message))
            }
        }
    }

    fn is_deferred(&self, name: &str) -> bool {
        let set = |kind| value(&variable(kind, name));
        let others = [set("ORDAIN_SECRET"), set("ORDAIN_SECRETFILE")];
        // What is set twice, or is no text, is refused before anything runs.
        others.iter().all(|other| matches!(other, Ok(None))) && matches!(set("ORDAIN_SECRETCOMMAND"), Ok(Some(_)))
    }
}

fn of_file(variable: &str, path: &str) -> Result<SecretText, SecretError> {
    let unavailable = |error: std::io::Error| SecretError::Unavailable(format!("the file of {variable}: {error}"));
    let file = std::fs::File::open(path).map_err(unavailable)?;
    // A pipe may never end.
    if !file.metadata().map_err(unavailable)?.is_file() {
        return Err(SecretError::Unavailable(format!("what {variable} names is no file")));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MOST as u64 + 1).read_to_end(&mut bytes).map_err(unavailable)?;
    text(variable, &bytes)
}

fn of_command(variable: &str, line: &str, patience: Duration) -> Result<SecretText, SecretError> {
    let unavailable = |what: String| SecretError::Unavailable(format!("the command of {variable} {what}"));
    let mut command = Command::new("sh");
    command.args(["-c", line]).stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| unavailable(format!("cannot be started: {error}")))?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (done, ended) = channel();
    std::thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::new());
        let read = child.stdout.take().map_or(Ok(0), |out| out.take(MOST as u64 + 1).read_to_end(&mut bytes));
        let status = read.and_then(|_| child.wait());
        // Whoever stopped waiting does not need to know.
        let _ = done.send((bytes, status));
    });
    let came: Result<(Zeroizing<Vec<u8>>, std::io::Result<ExitStatus>), _> = ended.recv_timeout(patience);
    let Ok((bytes, status)) = came else {
        if let Some(group) = group {
            // One that has ended meanwhile needs no end.
            let _ = kill_process_group(group, Signal::KILL);
        }
        return Err(unavailable(format!("took longer than {} s", patience.as_secs())));
    };
    match status {
        Ok(status) if status.success() => text(variable, &bytes),
        Ok(status) => Err(unavailable(format!("ended with {status}"))),
        Err(error) => Err(unavailable(format!("cannot be read: {error}"))),
    }
}

fn text(variable: &str, bytes: &[u8]) -> Result<SecretText, SecretError> {
    if bytes.len() > MOST {
        return Err(SecretError::Unavailable(format!("what {variable} gives is longer than {MOST} bytes")));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| SecretError::NotText(format!("what {variable} gives")))?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    Ok(SecretText::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(given: Result<SecretText, SecretError>) -> Result<String, String> {
        given.map(|text| text.expose().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_map_to_variables() {
        assert_eq!(EnvironmentSecrets::variable("shop/db-password"), "ORDAIN_SECRET_SHOP_DB_PASSWORD");
        assert_eq!(EnvironmentSecrets::variable("prod.é2"), "ORDAIN_SECRET_PROD__2");
    }

    #[test]
    fn an_unset_variable_is_named() {
        let error = shown(EnvironmentSecrets.resolve("no/such-secret")).unwrap_err();
        assert!(error.contains("ORDAIN_SECRET_NO_SUCH_SECRET"), "{error}");
    }

    #[test]
    fn files_are_read_without_their_last_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let given = |content: &[u8]| {
            let path = folder.path().join("secret");
            std::fs::write(&path, content).unwrap();
            shown(of_file("V", path.to_str().unwrap()))
        };
        assert_eq!(given(b"hunter2\n"), Ok("hunter2".into()));
        assert_eq!(given(b"hunter2\r\n"), Ok("hunter2".into()));
        assert_eq!(given(b" two\n\n"), Ok(" two\n".into()));
        assert!(given(b"\xff\xfe").unwrap_err().contains("not UTF-8"));
        assert!(given(&vec![b'a'; MOST + 1]).unwrap_err().contains("longer than"));
        assert!(shown(of_file("V", "/nowhere/at/all")).unwrap_err().contains("the file of V"));
        assert!(shown(of_file("V", folder.path().to_str().unwrap())).unwrap_err().contains("no file"));
        assert!(shown(of_file("V", "/dev/zero")).unwrap_err().contains("no file"));
    }

    #[test]
    fn commands_are_asked_and_bounded() {
        let given = |line: &str| shown(of_command("V", line, Duration::from_secs(30)));
        assert_eq!(given("echo hunter2"), Ok("hunter2".into()));
        let error = given("echo hunter2; exit 3").unwrap_err();
        assert!(error.contains("status: 3") && !error.contains("hunter2"), "{error}");
        assert!(given("printf '\\377'").unwrap_err().contains("not UTF-8"));
        // It is cut off: whoever prints without end is not read to the end.
        assert!(given("yes").is_err());
        let hanging = of_command("V", "sleep 600", Duration::from_millis(50));
        assert!(shown(hanging).unwrap_err().contains("took longer"));
    }
}
