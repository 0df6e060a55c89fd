//! Reads the text of a query.

use super::key::Key;
use super::query::{QUERY_BYTES, QUERY_TERMS, QUERY_VALUES, Term};
use crate::api::{Diagnostic, Position, Severity};
use crate::engine::document::closest;
use crate::engine::time::Instant;

/// Goes through a query's text once.
pub(super) struct Reader<'a> {
    /// All of it that is read.
    text: &'a str,
    /// What is still to be read.
    rest: &'a str,
    /// Values that filters may still have.
    left: usize,
    notes: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        let read = text.get(..text.floor_char_boundary(QUERY_BYTES)).unwrap_or(text);
        let mut reader = Self { text: read, rest: read, left: QUERY_VALUES, notes: Vec::new() };
        if read.len() < text.len() {
            let help = "Shorten the query; what stands after this place was not read.";
            reader.note("query.too-long", "The query is too long.".to_owned(), help.to_owned(), read);
        }
        reader
    }

    /// The terms, and what there is to say about the text.
    pub fn terms(mut self) -> (Vec<Term>, Vec<Diagnostic>) {
        let mut terms = Vec::new();
        for read in 0.. {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() {
                break;
            }
            if read == QUERY_TERMS || self.left == 0 {
                let help = "Leave some out; those from this place on were not read.";
                let rest = self.rest;
                self.note(
                    "query.too-many",
                    "The query has too many terms, or values of filters.".to_owned(),
                    help.to_owned(),
                    rest,
                );
                break;
            }
            terms.extend(self.term());
        }
        (terms, self.notes)
    }

    fn term(&mut self) -> Option<Term> {
        let whole = self.rest;
        let after = whole
            .strip_prefix('-')
            .filter(|after| !after.is_empty() && !after.starts_with(char::is_whitespace));
        let negated = after.is_some();
        self.rest = after.unwrap_or(whole);
        if self.rest.starts_with('"') {
            let text = self.quoted(whole);
            let values = vec![text];
            return self.checked(Term { key: Key::Text, negated, values }, whole);
        }
        let word = self.rest.split(char::is_whitespace).next().unwrap_or_default();
        let Some((name, _)) = word.split_once(':') else {
            self.rest = self.rest.get(word.len()..).unwrap_or_default();
            return Some(Term { key: Key::Text, negated, values: vec![word.to_owned()] });
        };
        let start = self.rest;
        self.rest = start.get(name.len() + 1..).unwrap_or_default();
        let values = self.values(whole);
        if let Some(key) = Key::named(name) {
            return self.checked(Term { key, negated, values }, whole);
        }
        let searched = start.strip_suffix(self.rest).unwrap_or(start).to_owned();
        let near =
            closest(name, Key::names()).map(|near| format!("Did you mean `{near}`? ")).unwrap_or_default();
        let help = format!(
            "{near}It is searched for as text; put it in quotes if that is meant. Filters are outcome, stage, action, code, \
             decision, purpose, policy, type, actor, role, consent, run, event, after, before, seq, and all other members of a record."
        );
        self.note("query.unknown-filter", "There is no filter of this name.".to_owned(), help, whole);
        Some(Term { key: Key::Text, negated, values: vec![searched] })
    }

    /// The values after a key, up to where the next term may begin.
    fn values(&mut self, whole: &'a str) -> Vec<String> {
        let mut values = Vec::new();
        while self.left > 0 {
            self.left -= 1;
            if self.rest.starts_with('"') {
                values.push(self.quoted(whole));
            } else {
                let end = self.rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(self.rest.len());
                let (value, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
                self.rest = rest;
                if !value.is_empty() {
                    values.push(value.to_owned());
                }
            }
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        values
    }

    /// What stands in the quotes that the rest begins with. Where they stay open it goes to the end.
    fn quoted(&mut self, whole: &'a str) -> String {
        let mut value = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return value;
                }
                '\\' => value.extend(chars.next().map(|(_, c)| c)),
                c => value.push(c),
            }
        }
        self.rest = "";
        let help = "Put a quote after the text; to search for a quote, write \\\".";
        self.note("query.open-quote", "A quote is not closed.".to_owned(), help.to_owned(), whole);
        value
    }

    /// A term with the values that its key can have; none where there is none.
    fn checked(&mut self, term: Term, whole: &'a str) -> Option<Term> {
        let mut values = Vec::new();
        let unread = self.notes.len();
        for given in &term.values {
            match value(term.key, given) {
                Some(value) => values.push(value),
                None if given.is_empty() => {}
                None => {
                    let help = match term.key {
                        Key::Seq => {
                            "Write a record's number, or the first and the last: 7, 7..12, 7.., ..12."
                        }
                        _ => "Write a day or a time with its zone: 2026-01-15, 2026-01-15T09:00Z.",
                    };
                    let message = format!("A value of `{}` can't be read.", term.key.name());
                    self.note("query.unreadable-value", message, help.to_owned(), whole);
                }
            }
        }
        if values.is_empty() && self.notes.len() == unread {
            let message = "A filter has no value.".to_owned();
            let help =
                "Write what to look for; \"\" after a filter's name finds the records without that member.";
            self.note("query.no-value", message, help.to_owned(), whole);
        }
        (!values.is_empty()).then_some(Term { values, ..term })
    }

    /// Says something about what was read of `whole`.
    fn note(&mut self, code: &str, message: String, help: String, whole: &str) {
        let offset = self.text.len() - whole.len();
        let (offset, end) = match code {
            "query.too-long" => (self.text.len(), self.text.len()),
            "query.too-many" => (offset, self.text.len()),
            _ => (offset, self.text.len() - self.rest.len()),
        };
        let before = self.text.get(..offset).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.notes.push(Diagnostic {
            code: code.to_owned(),
            severity: Severity::Warning,
            start: Position {
                line: small(before.matches('\n').count() + 1),
                column: small(line.chars().count() + 1),
                offset: small(offset),
            },
            end: small(end),
            message,
            help,
            fix: None,
        });
    }
}

/// A value as a key has it; none where it can't be one.
pub(super) fn value(key: Key, text: &str) -> Option<String> {
    match key {
        Key::Text => (!text.is_empty()).then(|| text.to_owned()),
        Key::After | Key::Before => {
            moment(text).map(Instant::to_rfc3339).filter(|text| Instant::parse(text).is_some())
        }
        Key::Seq => places(text).map(|_| text.to_owned()),
        Key::Decision | Key::Member(_) => Some(text.to_owned()),
    }
}

/// RFC 3339, where the seconds, or all that comes after the day, may be left out; a day begins in UTC.
pub(super) fn moment(text: &str) -> Option<Instant> {
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => match text.get(16..) {
            Some(zone) if !zone.starts_with(':') => format!("{}:00{zone}", text.get(..16)?),
            _ => text.to_owned(),
        },
    };
    Instant::parse(&whole)
}

/// The first and the last place of `7`, `7..12`, `7..` or `..12`.
pub(super) fn places(text: &str) -> Option<(u64, u64)> {
    let Some((first, last)) = text.split_once("..") else {
        let place = text.parse().ok()?;
        return Some((place, place));
    };
    let (first, last) = match (first, last) {
        ("", "") => return None,
        ("", last) => (0, last.parse().ok()?),
        (first, "") => (first.parse().ok()?, u64::MAX),
        (first, last) => (first.parse().ok()?, last.parse().ok()?),
    };
    (first <= last).then_some((first, last))
}
