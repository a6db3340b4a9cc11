//! Reasons: why a step failed, as codes that never change.

use serde::Serialize;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $variant:ident = $code:literal, $permanent:literal;)*) => {
        /// Why a step failed. The code of each is stable for ever.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "&'static str")]
        pub enum Reason { $($(#[doc = $doc])* $variant,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Reason] = &[$(Reason::$variant),*];

            /// Its stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Reason::$variant => $code,)* }
            }

            /// The reason of that code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Reason::$variant),)* _ => None }
            }

            /// Whether another try cannot help, so that none is made.
            pub const fn is_permanent(self) -> bool {
                match self { $(Reason::$variant => $permanent,)* }
            }
        }
    };
}

reasons! {
    /// An input could not be computed from the outputs of earlier steps.
    InputUnresolved = "input_unresolved", true;
    /// A secret that an earlier step gave was lost when the interpreter ended: contents of secrets are never kept.
    SecretLost = "secret_lost", true;
    /// The source of a secret does not give it when it is asked, just before the step.
    SecretUnavailable = "secret_unavailable", false;
    /// The inputs do not have the shape the contract demands.
    InputMismatch = "input_mismatch", true;
    /// The outputs do not have the shape the contract demands.
    OutputMismatch = "output_mismatch", true;
    /// The condition of a gate does not hold.
    GateFailed = "gate_failed", false;
    /// The condition of a gate could not be computed.
    GateUndecided = "gate_undecided", true;
    /// A policy that had waited for outputs of earlier steps denies it, or asks for what nobody gave.
    PolicyDenied = "policy_denied", true;
    /// A policy that had waited for outputs of earlier steps cannot be decided with them either.
    PolicyUndecided = "policy_undecided", true;
    /// A program ended with another status than expected.
    CommandFailed = "command_failed", false;
    /// A program could not be started.
    CommandNotStarted = "command_not_started", true;
    /// A program that was started did not become ready.
    NotReady = "not_ready", false;
    /// A process could not be stopped.
    NotStopped = "not_stopped", false;
    /// A path leads out of the workspace, or to what belongs to the interpreter.
    PathRefused = "path_refused", true;
    /// A file or directory could not be read or written.
    FileFailed = "file_failed", false;
    /// No answer came from the other side.
    Unreachable = "unreachable", false;
    /// It took longer than allowed.
    Timeout = "timeout", false;
    /// It took longer than allowed, and the adapter does not give up: what it does may take place still.
    Abandoned = "abandoned", true;
    /// The execution was cancelled while the step ran.
    Cancelled = "cancelled", true;
    /// What was asked for is not supported here.
    Unsupported = "unsupported", true;
    /// The adapter broke down.
    AdapterCrashed = "adapter_crashed", true;
    /// The program of an adapter could not be started.
    AdapterNotStarted = "adapter_not_started", true;
    /// The program of an adapter ended while it was needed.
    AdapterEnded = "adapter_ended", false;
    /// The adapter could not do it, and says that another try may help.
    AdapterFailed = "adapter_failed", false;
    /// The adapter does not do it, and says that another try cannot help.
    AdapterRefused = "adapter_refused", true;
    /// The adapter is of another version than expected, or speaks no version of the protocol that is spoken here.
    AdapterVersion = "adapter_version", true;
    /// What the adapter sent does not keep to the protocol.
    ProtocolViolated = "protocol_violated", false;
}

impl From<Reason> for &'static str {
    fn from(reason: Reason) -> Self {
        reason.code()
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_documented_with_whether_another_try_may_help() {
        let reference = include_str!("../../docs/reference/cli.md");
        for reason in Reason::ALL {
            let code = format!("`{reason}`");
            let rows = reference.lines().filter(|line| line.starts_with("| `") && line.contains(" | "));
            let row = rows.filter_map(|row| {
                let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
                let at = cells.first()?.trim().split(", ").position(|each| each == code)?;
                let again: Vec<&str> = cells.get(2)?.trim().split(", ").collect();
                again.get(at).or(again.last()).copied()
            });
            let expected = if reason.is_permanent() { "no" } else { "yes" };
            assert_eq!(row.collect::<Vec<_>>(), [expected], "{code}");
        }
    }

    #[test]
    fn codes_lead_back_to_their_reasons() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
        assert_eq!(Reason::from_code("no_such_code"), None);
    }
}
