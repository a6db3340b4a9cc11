//! What the reference says of what is built in: its pages are the one place where that is written.

use super::describe::Description;

/// The functions.
const FUNCTIONS: &str = include_str!("../../../docs/reference/functions.md");

/// The types, in a table.
const TYPES: &str = include_str!("../../../docs/reference/types.md");

/// The functions that read data, in a table.
const DATA: &str = include_str!("../../../docs/reference/data.md");

/// What the reference says of a built-in function or type.
pub(crate) fn built_in(name: &str) -> Description {
    let found = function(name).or_else(|| reader(name)).or_else(|| built_in_type(name));
    found.unwrap_or_else(|| Description { code: name.to_owned(), docs: None })
}

/// A line of the list of functions: "- `len(x) -> Int`: the length of …".
fn function(name: &str) -> Option<Description> {
    let (code, docs) = FUNCTIONS.lines().find_map(|line| {
        let (code, docs) = line.strip_prefix("- `")?.split_once('`')?;
        (code.split('(').next() == Some(name)).then_some((code, docs))
    })?;
    Some(Description { code: format!("fn {code}"), docs: sentence(docs.trim_start_matches([':', ' '])) })
}

/// A row of the table of functions that read data.
fn reader(name: &str) -> Option<Description> {
    let [called, reads] = row(DATA, |first| first.split('(').next() == Some(name))?[..] else { return None };
    let argument = called.split('"').nth(1)?;
    let docs =
        format!("reads a file of the package: {reads}. The type is the one that is declared where the value goes");
    Some(Description { code: format!("fn {name}({argument}: String) -> T"), docs: sentence(&docs) })
}

/// A row of the table of types.
fn built_in_type(name: &str) -> Option<Description> {
    let is_named = |spelling: &str| spelling.split('<').next() == Some(name);
    let all = |first: &str| first.split('`').any(is_named);
    let [spellings, values, literals] = row(TYPES, all)?[..] else { return None };
    let code = spellings.split('`').find(|spelling| is_named(spelling))?;
    let written = if literals.is_empty() { String::new() } else { format!(": {literals}") };
    Some(Description { code: format!("type {code}"), docs: sentence(&format!("{values}{written}")) })
}

/// The cells of the row of a table whose first cell is the one, without the quotes around it.
fn row(page: &str, is_first: impl Fn(&str) -> bool) -> Option<Vec<&str>> {
    page.lines().find_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix('|')?.split(" | ").map(str::trim).collect();
        let first = cells.first()?;
        is_first(first.trim_end_matches('`')).then_some(cells)
    })
}

/// Words as a sentence; none of no words.
fn sentence(words: &str) -> Option<String> {
    let mut first = words.chars();
    let begins = first.next()?.to_uppercase();
    let text = format!("{begins}{}", first.as_str());
    let stop = if text.ends_with('.') { "" } else { "." };
    Some(format!("{text}{stop}"))
}

#[cfg(test)]
mod tests {
    use super::built_in;
    use ordain_compiler::editor;

    #[test]
    fn the_reference_says_something_of_all_that_is_built_in() {
        for name in editor::function_words().chain(editor::type_names().iter().copied()) {
            let described = built_in(name);
            assert!(described.docs.is_some(), "nothing is said of `{name}`");
            assert!(described.code.contains(' '), "`{name}` has no signature");
        }
    }
}
