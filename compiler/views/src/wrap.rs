//! Lists and sentences in lines of a terminal.

use crate::names::{columns, number, shortened, visible};

/// How many names of a kind are listed at most.
pub(crate) const MANY: usize = 24;

/// How many lines a list may take.
const MAX_LINES: usize = 2;

/// Names with commas, in as many lines as a list may take; what does not fit is counted.
pub(crate) fn listed(names: Vec<String>, of: usize, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut told = 0;
    for name in &names {
        let name = shortened(name, room.saturating_sub(18).max(8));
        let more = if told + 1 < of { format!(", … {} more", number(of - told - 1)) } else { String::new() };
        let width = columns(&name) + columns(&more);
        let count = lines.len();
        match lines.last_mut() {
            None => lines.push(name),
            Some(line) if columns(line) + 2 + width <= room => {
                line.push_str(", ");
                line.push_str(&name);
            }
            Some(line) if count < MAX_LINES => {
                line.push(',');
                lines.push(name);
            }
            Some(_) => break,
        }
        told += 1;
    }
    if told < of
        && let Some(line) = lines.last_mut()
    {
        line.push_str(&format!(", … {} more", number(of - told)));
    }
    // Where there is no room for that either, it is cut off.
    lines.iter_mut().for_each(|line| *line = shortened(line, room));
    lines
}

/// Parts with a separator, broken into lines between them.
pub(crate) fn wrapped(parts: &[String], separator: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        let part = shortened(part, room);
        match lines.last_mut() {
            Some(line) if columns(line) + columns(separator) + columns(&part) <= room => {
                line.push_str(separator);
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    lines.iter_mut().for_each(|line| *line = visible(line).into_owned());
    lines
}
