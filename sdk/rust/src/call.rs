//! A call, as an adapter sees it.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::calls::Flag;
use crate::failure::Failure;

/// A call of an adapter.
pub struct Call<'a> {
    pub(crate) id: &'a Value,
    pub(crate) params: &'a Value,
    pub(crate) deadline: Option<Instant>,
    pub(crate) flag: &'a Flag,
    pub(crate) tell: &'a (dyn Fn(&Value) + Sync),
}

/// How important a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For whoever looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// What may be trouble.
    Warning,
    /// What is.
    Error,
}

impl Call<'_> {
    /// The capability, such as `note.write`.
    pub fn capability(&self) -> &str {
        self.text("capability")
    }

    /// The version of its contract that the plan follows.
    pub fn version(&self) -> &str {
        self.text("version")
    }

    /// What tells this step from all others for ever, the same for every try.
    pub fn key(&self) -> &str {
        self.text("key")
    }

    /// Which try this is, from 1.
    pub fn attempt(&self) -> u64 {
        self.params["attempt"].as_u64().unwrap_or(1)
    }

    /// Whether this very try may have been begun before, by an interpreter that ended: its effect may have taken place.
    pub fn is_in_doubt(&self) -> bool {
        self.params["in_doubt"] == true
    }

    /// The key of the step that is undone, where one is.
    pub fn undoes(&self) -> Option<&str> {
        self.params["undoes"].as_str()
    }

    /// The inputs. Contents of secrets stand in clear.
    ///
    /// # Errors
    /// They are not those that the adapter expects.
    pub fn inputs<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        T::deserialize(&self.params["inputs"]).map_err(|error| {
            let why = if self.secrets().next().is_some() { String::new() } else { format!(": {error}") };
            Failure::WrongInputs(format!("the inputs are not those of `{}`{why}", self.capability()))
        })
    }

    /// Where contents of secrets stand among the inputs: JSON pointers (RFC 6901).
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.params["secrets"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// When it has to be over.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Gives up where that was asked for, or the time is over. A long call asks this often.
    ///
    /// # Errors
    /// It is to be given up.
    pub fn go_on(&self) -> Result<(), Failure> {
        self.wait(Duration::ZERO)
    }

    /// Waits for a time, and gives up as [`Call::go_on`] does.
    ///
    /// # Errors
    /// It is to be given up.
    pub fn wait(&self, time: Duration) -> Result<(), Failure> {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if self.flag.wait(left.map_or(time, |left| left.min(time))) {
            return Err(Failure::Cancelled);
        }
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Failure::TimedOut),
            _ => Ok(()),
        }
    }

    /// Tells how far it is: in hundredths, where that is known, and in words.
    pub fn progress(&self, percent: Option<u8>, message: &str) {
        let params = json!({ "call": self.id, "percent": percent.map(|percent| percent.min(100)), "message": message });
        (self.tell)(&json!({ "jsonrpc": "2.0", "method": "progress", "params": params }));
    }

    /// Adds a line to the log.
    pub fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let params = json!({ "call": self.id, "level": level, "message": message });
        (self.tell)(&json!({ "jsonrpc": "2.0", "method": "log", "params": params }));
    }

    fn text(&self, name: &str) -> &str {
        self.params[name].as_str().unwrap_or_default()
    }
}
