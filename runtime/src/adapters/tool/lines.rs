//! The lines of a file that a tool still writes.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::super::StepContext;
use super::length;
use crate::event::Stream;

/// How much of one stream is told, in bytes.
const MOST: usize = 1 << 20;

/// The longest line that is told as one, in bytes.
const LONGEST: usize = 64 << 10;

/// Tells what is written to a file, line by line.
pub(super) struct Lines<'a> {
    file: &'a File,
    stream: Stream,
    tell: &'a dyn Fn(&str) -> Option<String>,
    /// How far the file has been read.
    at: u64,
    /// The beginning of a line that has no end yet.
    open: Vec<u8>,
    told: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(file: &'a File, stream: Stream, tell: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { file, stream, tell, at: 0, open: Vec::new(), told: 0 }
    }

    /// How much was written.
    pub(super) fn length(&self) -> u64 {
        length(self.file)
    }

    /// Tells the lines that were written since the last time.
    pub(super) fn tell(&mut self, step: &StepContext<'_>) {
        let mut buffer = [0; 16 << 10];
        while self.told < MOST {
            let read = match self.file.read_at(&mut buffer, self.at) {
                // An error here is told by whoever reads the whole.
                Ok(0) | Err(_) => return,
                Ok(read) => read,
            };
            self.at += read as u64;
            for byte in &buffer[..read] {
                if *byte == b'\n' || self.open.len() >= LONGEST {
                    self.line(step);
                }
                if *byte != b'\n' {
                    self.open.push(*byte);
                }
            }
        }
    }

    /// Tells the rest.
    pub(super) fn finish(&mut self, step: &StepContext<'_>) {
        self.tell(step);
        if !self.open.is_empty() {
            self.line(step);
        }
    }

    fn line(&mut self, step: &StepContext<'_>) {
        let line = std::mem::take(&mut self.open);
        if self.told >= MOST {
            return;
        }
        self.told += line.len() + 1;
        if let Some(line) = (self.tell)(String::from_utf8_lossy(&line).trim_end_matches('\r')) {
            step.log(self.stream, &line);
        }
        if self.told >= MOST {
            step.log(self.stream, "[the rest is left out]");
        }
    }
}
