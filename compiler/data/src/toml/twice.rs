//! Finds the first of two equal keys, knowing the second.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// The name of the key at `second`, and the place of the equal key in the same table, if there is one: a table that
/// dotted keys have made may not be opened again, without any key being equal.
///
/// The text is read once more with another name in place of the second key. That puts the entry where it belongs, next
/// to the first, and the text decides which table that is just as it does without the change.
pub(super) fn find(text: &str, second: &Range<usize>) -> Option<(String, Option<Range<usize>>)> {
    let written = text.get(second.clone())?;
    let name = name_of(written)?;
    let mut other = String::from("_");
    while text.contains(&other) {
        other.push('_');
    }
    let changed = format!("{}{other}{}", &text[..second.start], &text[second.end..]);
    let (table, _) = DeTable::parse_recoverable(&changed);
    Some((name.clone(), beside(table.get_ref(), &other, &name)))
}

/// What a key says, without its quotes and with its escapes resolved.
fn name_of(written: &str) -> Option<String> {
    let entry = format!("{written}=0");
    let table = DeTable::parse(&entry).ok()?;
    table.get_ref().iter().next().map(|(key, _)| key.get_ref().to_string())
}

/// The place of the key `name` in the table that has the key `other`.
fn beside(table: &DeTable<'_>, other: &str, name: &str) -> Option<Range<usize>> {
    if table.contains_key(other) {
        return table.iter().find(|(key, _)| key.get_ref() == name).map(|(key, _)| key.span());
    }
    table.values().find_map(|value| in_value(value.get_ref(), other, name))
}

fn in_value(value: &DeValue<'_>, other: &str, name: &str) -> Option<Range<usize>> {
    match value {
        DeValue::Table(table) => beside(table, other, name),
        DeValue::Array(elements) => elements.iter().find_map(|element| in_value(element.get_ref(), other, name)),
        _ => None,
    }
}
