//! The signals that ask an execution to end: from the keyboard, from whoever supervises the process, from a terminal that
//! goes away.

use std::io::{self, Write as _};
use std::time::Duration;

use ordain_runtime::Cancellation;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How long programs have to end that are forced to, before the process ends without them.
const FORCED: Duration = Duration::from_secs(1);

/// Ends the execution in good order at the first signal, and at once at the second.
pub(crate) fn heed(cancel: Cancellation) -> io::Result<()> {
    let mut heeded = vec![SIGINT, SIGTERM];
    // Whoever starts it with `nohup` wants it to outlive the terminal.
    if !is_ignored(SIGHUP) {
        heeded.push(SIGHUP);
    }
    let mut signals = Signals::new(heeded)?;
    let attend = move || {
        let mut coming = signals.forever();
        if coming.next().is_none() {
            return;
        }
        cancel.cancel();
        // The terminal may be gone, and nobody there to be told.
        let _ = writeln!(anstream::stderr(), "ending in good order; another signal ends it at once");
        // A shell whose terminal goes away passes that on, so that it comes twice without anybody being impatient.
        if let Some(second) = coming.find(|signal| *signal != SIGHUP) {
            cancel.force();
            std::thread::sleep(FORCED);
            std::process::exit(128 + second);
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(attend).map(drop)
}

/// Whether whoever started the process had it ignore a signal, as proc_pid_status(5) tells on Linux.
fn is_ignored(signal: i32) -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores(&status, signal))
}

fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_told_from_others() {
        let status = "Name:\tordain\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n";
        assert!(ignores(status, SIGHUP) && ignores(status, 13));
        assert!(!ignores(status, SIGINT) && !ignores(status, SIGTERM) && !ignores(status, 0));
        assert!(!ignores("", SIGHUP) && !ignores("SigIgn:\tnone\n", SIGHUP));
    }
}
