//! Findings in a form for snapshots.

use ordain_syntax::SyntaxError;

/// The findings, each with its place as the source shows it, what to do, and what a fix would write.
pub fn shown(text: &str, errors: &[SyntaxError]) -> String {
    let mut out = String::new();
    for error in errors {
        let marked = &text[error.range.start as usize..error.range.end as usize];
        out += &format!("{} {} {:?}: {}\n", place(text, error.range.start), error.code, marked, error.message);
        if let Some(label) = &error.label {
            out += &format!("    label: {label}\n");
        }
        for (range, message) in &error.related {
            out += &format!("    {}: {message}\n", place(text, range.start));
        }
        if let Some(help) = &error.help {
            out += &format!("    help: {help}\n");
        }
        if let Some((title, range, new, safe)) = &error.fix {
            let old = &text[range.start as usize..range.end as usize];
            let mark = if *safe { "fix" } else { "suggestion" };
            out += &format!("    {mark}: {title}, at {}: {old:?} -> {new:?}\n", place(text, range.start));
        }
    }
    out
}

/// Line and column in characters, from 1.
fn place(text: &str, offset: u32) -> String {
    let before = &text[..offset as usize];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{line}:{column}")
}
