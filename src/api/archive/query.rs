//! What is asked of a log: filters and words, as a text that a link can hold.
//!
//! ```text
//! outcome:denied,refused -stage:queue "free text" after:2026-01-15T09:00:00Z
//! ```
//!
//! Terms stand side by side and all of them have to hold; of the values of a term, parted by commas, one has to. A term
//! behind `-` must not hold. A value that is more than a word stands in quotes, in which `\"` is a quote and `\\` a backslash.

use super::key::Key;
use super::read::{self, Reader};
use crate::api::Diagnostic;
use serde::{Deserialize, Serialize};

/// Bytes that a query's text may have.
pub const QUERY_BYTES: usize = 8_192;
/// Terms that a query may have.
pub const QUERY_TERMS: usize = 30;
/// Values that the filters of a query may have together.
pub const QUERY_VALUES: usize = 100;

/// What is asked of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Query {
    terms: Vec<Term>,
}

/// One condition on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub(super) key: Key,
    pub(super) negated: bool,
    /// INVARIANT: there is one at least, and each is as [`read::value`] gives it.
    pub(super) values: Vec<String>,
}

impl Term {
    /// What it looks at.
    pub fn key(&self) -> Key {
        self.key
    }

    /// Whether it must not hold.
    pub fn negated(&self) -> bool {
        self.negated
    }

    /// Of which one has to be there. Times are in UTC (RFC 3339).
    pub fn values(&self) -> &[String] {
        &self.values
    }
}

impl Query {
    /// Reads a query. Never fails: what can't be taken as a filter is searched for as text or left out, and the notes say so.
    pub fn parse(text: &str) -> (Self, Vec<Diagnostic>) {
        let (terms, notes) = Reader::new(text).terms();
        (Self { terms }, notes)
    }

    /// The text that reads as this query.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for term in &self.terms {
            if !text.is_empty() {
                text.push(' ');
            }
            if term.negated {
                text.push('-');
            }
            let bare = term.key == Key::Text && term.values.len() == 1;
            if !bare {
                text.push_str(term.key.name());
                text.push(':');
            }
            for (n, value) in term.values.iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                push_value(&mut text, value, bare);
            }
        }
        text
    }

    /// The query with, beside each event id as it was sent, what the log has of it.
    pub(super) fn with_event_ids(&self, hash: impl Fn(&str) -> String) -> Self {
        let mut query = self.clone();
        for term in
            query.terms.iter_mut().filter(|term| [Key::Text, Key::Member("event")].contains(&term.key))
        {
            let hashes: Vec<String> = term.values.iter().map(|id| hash(id)).collect();
            term.values.extend(hashes);
        }
        query
    }

    /// All terms, in order.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether every record fits it.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The values that records have, or must not have, under a key.
    pub fn values(&self, key: Key, negated: bool) -> &[String] {
        let term = self.terms.iter().find(|term| term.key == key && term.negated == negated);
        term.map_or(&[], Term::values)
    }

    /// Puts one term with these values in the place of all that this key has; none where there is no value. False, and
    /// nothing changed, where a value can't be one of this key's, or the query would grow out of its bounds.
    pub fn set(&mut self, key: Key, negated: bool, values: &[String]) -> bool {
        let Some(values) = values.iter().map(|value| read::value(key, value)).collect::<Option<Vec<_>>>()
        else {
            return false;
        };
        let mut changed = self.clone();
        let alike = |term: &Term| term.key == key && term.negated == negated;
        let place = changed.terms.iter().position(alike).unwrap_or(changed.terms.len());
        changed.terms.retain(|term| !alike(term));
        if !values.is_empty() {
            changed.terms.insert(place.min(changed.terms.len()), Term { key, negated, values });
        }
        let filled: usize = changed.terms.iter().map(|term| term.values.len()).sum();
        let fits = changed.terms.len() <= QUERY_TERMS
            && filled <= QUERY_VALUES
            && changed.to_text().len() <= QUERY_BYTES;
        if fits {
            *self = changed;
        }
        fits
    }
}

impl From<String> for Query {
    fn from(text: String) -> Self {
        Self::parse(&text).0
    }
}

impl From<Query> for String {
    fn from(query: Query) -> Self {
        query.to_text()
    }
}

/// Writes a value, in quotes where it would read as something else without: behind no key it must not look like one.
fn push_value(text: &mut String, value: &str, bare: bool) {
    let special = |c: char| c.is_whitespace() || matches!(c, '"' | ',') || (bare && c == ':');
    let quoted = value.is_empty() || value.contains(special) || (bare && value.starts_with('-'));
    if !quoted {
        text.push_str(value);
        return;
    }
    text.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<String> {
        Query::parse(text).1.into_iter().map(|note| note.code).collect()
    }

    /// What a text reads as, and that it stays so.
    fn read(text: &str) -> String {
        let (query, _) = Query::parse(text);
        let written = query.to_text();
        let (again, notes) = Query::parse(&written);
        assert_eq!((again, notes), (query, vec![]), "{text:?} {written:?}");
        written
    }

    #[test]
    fn a_query_reads_as_it_was_meant_and_writes_the_same() {
        for (text, written) in [
            ("", ""),
            ("   ", ""),
            ("outcome:denied,refused -stage:queue", "outcome:denied,refused -stage:queue"),
            ("\"free text\"  word", "\"free text\" word"),
            ("Outcome:Denied RUN:run-000001", "outcome:Denied correlation:run-000001"),
            ("after:2026-01-15T09:00Z", "after:2026-01-15T09:00:00Z"),
            ("before:2026-01-15", "before:2026-01-15T00:00:00Z"),
            ("after:2026-01-15T10:00:00.5+01:00", "after:2026-01-15T09:00:00.5Z"),
            ("seq:7..12,40,..3,90..", "seq:7..12,40,..3,90.."),
            ("text:a,\"b c\"", "text:a,\"b c\""),
            ("text:a", "a"),
            ("-\"b c\"", "-\"b c\""),
            ("code:\"\"", "code:\"\""),
            ("a,b", "\"a,b\""),
            (r#"policy:"a \"b\" \\c""#, r#"policy:"a \"b\" \\c""#),
            ("outcome:a\"b", r#"outcome:"a\"b""#),
            ("\"--\" -\"-\"", "\"--\" -\"-\""),
            ("[a-z]+(x|y)*", "[a-z]+(x|y)*"),
        ] {
            assert_eq!(read(text), written, "{text:?}");
            assert_eq!(codes(text), [""; 0], "{text:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said_and_never_stops_the_rest() {
        for (text, written, expected) in [
            ("outcom:denied stage:queue", "\"outcom:denied\" stage:queue", &["query.unknown-filter"][..]),
            ("generalize:age-band/1", "\"generalize:age-band/1\"", &["query.unknown-filter"]),
            (":x", "\":x\"", &["query.unknown-filter"]),
            ("outcome: stage:queue", "stage:queue", &["query.no-value"]),
            ("outcome:,", "", &["query.no-value"]),
            ("\"abc def", "\"abc def\"", &["query.open-quote"]),
            ("code:\"abc", "code:abc", &["query.open-quote"]),
            ("after:yesterday", "", &["query.unreadable-value"]),
            ("after:yesterday,2026-01-15", "after:2026-01-15T00:00:00Z", &["query.unreadable-value"]),
            ("seq:x", "", &["query.unreadable-value"]),
            ("seq:9..2,-1", "", &["query.unreadable-value", "query.unreadable-value"]),
            ("-", "\"-\"", &[]),
            ("\"\"", "", &["query.no-value"]),
        ] {
            assert_eq!(read(text), written, "{text:?}");
            assert_eq!(codes(text), expected, "{text:?}");
        }
        let (_, notes) = Query::parse("stage:queue outcom:denied");
        let note = &notes[0];
        assert_eq!((note.start.offset, note.start.column, note.end), (12, 13, 25));
        assert!(note.help.contains("Did you mean `outcome`?"), "{}", note.help);
    }

    #[test]
    fn a_query_out_of_bounds_is_cut_and_says_so() {
        let long = "x".repeat(1_000_000);
        assert_eq!(codes(&long), ["query.too-long"]);
        assert!(Query::parse(&long).0.to_text().len() <= QUERY_BYTES);
        let wide = "é".repeat(QUERY_BYTES);
        assert_eq!(codes(&wide), ["query.too-long"]);
        let many = "a ".repeat(QUERY_TERMS + 1);
        assert_eq!(codes(&many), ["query.too-many"]);
        assert_eq!(Query::parse(&many).0.terms().len(), QUERY_TERMS);
        let values = format!("code:{} stage:queue", "a,".repeat(QUERY_VALUES + 1));
        assert_eq!(codes(&values), ["query.too-many"]);
        assert_eq!(Query::parse(&values).0.terms()[0].values().len(), QUERY_VALUES);
        let unknown = "q:r ".repeat(1_000);
        assert!(Query::parse(&unknown).1.len() <= QUERY_TERMS + 1);
    }

    #[test]
    fn a_filter_is_set_in_its_place() {
        let (mut query, _) = Query::parse("a stage:queue b stage:consent -stage:guard");
        let stage = Key::Member("stage");
        assert_eq!(query.values(stage, false), ["queue"]);
        assert!(query.set(stage, false, &["adapt".to_owned(), "redact".to_owned()]));
        assert_eq!(query.to_text(), "a stage:adapt,redact b -stage:guard");
        assert!(query.set(stage, true, &[]));
        assert!(query.set(Key::After, false, &["2026-01-15".to_owned()]));
        assert_eq!(query.to_text(), "a stage:adapt,redact b after:2026-01-15T00:00:00Z");
        let before = query.clone();
        assert!(!query.set(Key::After, false, &["soon".to_owned()]));
        assert!(!query.set(Key::Text, false, &["x".repeat(QUERY_BYTES)]));
        assert!(!query.set(Key::Text, false, &[String::new()]));
        assert!(!query.set(stage, false, &vec!["queue".to_owned(); QUERY_VALUES + 1]));
        assert_eq!(query, before);
        let text = serde_json::to_string(&query).unwrap();
        assert_eq!(serde_json::from_str::<Query>(&text).unwrap(), query);
    }
}
