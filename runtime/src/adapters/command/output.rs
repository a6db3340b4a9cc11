//! What a program prints: kept up to a limit, told line by line.

use std::io::{ErrorKind, Read};

use super::StepContext;
use crate::event::Stream;

/// How much is kept of one stream, in bytes.
const LIMIT: usize = 1 << 20;

/// What stands at the end of what was cut off.
const CUT: &str = "\n[cut off after 1 MiB]";

/// One stream of a program, read without ever waiting.
pub(super) struct Output<R> {
    source: Option<R>,
    stream: Stream,
    kept: Vec<u8>,
    /// How much of `kept` has been told.
    told: usize,
    limit: usize,
    cut: bool,
}

impl<R: Read> Output<R> {
    /// Reads from a source that does not block.
    pub(super) fn new(source: Option<R>, stream: Stream, step: &StepContext<'_>) -> Self {
        // Enough to find a secret that begins before the limit and ends behind it.
        let limit = LIMIT + step.vault().longest();
        Self { source, stream, kept: Vec::new(), told: 0, limit, cut: false }
    }

    /// The source, until it is at its end.
    pub(super) fn source(&self) -> Option<&R> {
        self.source.as_ref()
    }

    /// Takes what is there.
    pub(super) fn take(&mut self, step: &StepContext<'_>) {
        let mut buffer = [0; 16 << 10];
        while let Some(source) = &mut self.source {
            match source.read(&mut buffer) {
                Ok(0) => self.source = None,
                Ok(read) => {
                    let room = self.limit - self.kept.len();
                    self.cut |= read > room;
                    self.kept.extend_from_slice(&buffer[..read.min(room)]);
                    self.tell(step);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The other end is gone in an unusual way; what was read stands.
                Err(_) => self.source = None,
            }
        }
    }

    fn tell(&mut self, step: &StepContext<'_>) {
        while let Some(length) = self.kept[self.told..].iter().position(|byte| *byte == b'\n') {
            let line = &self.kept[self.told..self.told + length];
            step.log(self.stream, String::from_utf8_lossy(line).trim_end_matches('\r'));
            self.told += length + 1;
        }
    }

    /// All that was kept, as text without secrets.
    pub(super) fn finish(mut self, step: &StepContext<'_>) -> String {
        if !self.cut && self.told < self.kept.len() {
            self.kept.push(b'\n');
            self.tell(step);
            self.kept.pop();
        }
        let text = String::from_utf8_lossy(&self.kept);
        let cut = self.cut || text.len() > LIMIT;
        let mut clean = step.vault().redact_up_to(&text, LIMIT.min(text.len())).into_owned();
        if cut {
            clean.push_str(CUT);
        }
        clean
    }
}
