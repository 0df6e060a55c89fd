//! What a cell shows of a value, and what a cell's text makes of it.

use super::Column;
use super::edit::quoted;
use crate::engine::fhir::{Json, Kind, NodeId};

/// The text that a cell shows for a value: a list of values as `a; b; c`, anything that is neither text nor number as
/// the document has it.
pub fn shown(json: &Json, at: NodeId, column: Column) -> String {
    if column.is_list()
        && let Some(items) = strings(json, at)
    {
        return join(&items);
    }
    json.scalar(at).map_or_else(|| json.source(at).to_owned(), |text| text.into_owned())
}

/// The strings of an array that holds nothing else.
pub fn strings(json: &Json, at: NodeId) -> Option<Vec<String>> {
    if json.kind(at) != Kind::Array {
        return None;
    }
    json.children(at).map(|item| json.str(item).map(|s| s.into_owned())).collect()
}

/// A list of values in one line. One that the semicolon would tear apart stands in quotes.
pub fn join(items: &[String]) -> String {
    let item = |text: &String| {
        let plain = !text.is_empty() && text.trim() == text && !text.contains([';', '"']);
        if plain { text.clone() } else { quoted(text) }
    };
    items.iter().map(item).collect::<Vec<_>>().join("; ")
}

/// The values of such a line. Empty ones are left out, those in quotes aside.
pub fn split(line: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let quoted = rest.starts_with('"').then(|| in_quotes(rest)).flatten();
        let after = match quoted {
            Some((item, after)) => {
                items.push(item);
                after
            }
            None => {
                let end = rest.find(';').unwrap_or(rest.len());
                let (item, after) = rest.split_at(end);
                if !item.trim().is_empty() {
                    items.push(item.trim().to_owned());
                }
                after
            }
        };
        rest = after.trim_start_matches(';').trim_start();
    }
    items
}

/// A JSON string at the start that goes on to a semicolon or the end, and what follows it.
fn in_quotes(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at + 1)
    })?;
    let (string, after) = text.split_at(end);
    let after = after.trim_start();
    (after.is_empty() || after.starts_with(';')).then_some(())?;
    Some((serde_json::from_str(string).ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_values_reads_back_as_the_values() {
        for items in [&["a", "b c"][..], &["a;b", "", " c "], &["\"x\"", "y\\\"z;"], &["é; \n"], &[]] {
            let items: Vec<String> = items.iter().map(|s| (*s).to_owned()).collect();
            assert_eq!(split(&join(&items)), items);
        }
        assert_eq!(split(" a ;; b;"), ["a", "b"]);
        assert_eq!(split("\"a\" b; c"), ["\"a\" b", "c"]);
        assert_eq!(split("\"a; b"), ["\"a", "b"]);
    }

    #[test]
    fn many_quotes_without_an_end_do_not_hang() {
        assert!(!split(&"\"\\;".repeat(500_000)).is_empty());
    }
}
