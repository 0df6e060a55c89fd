//! Two loggers side by side, for the workshop: what a careless one writes of a delivery, and what the audit log has of it.
//!
//! The careless one can't be written inside of the engine: there a value of a patient is a type that no log takes. So it
//! is written from the request's text, as its sender has it. What it writes is handed out and kept nowhere.

use super::{Request, RunView};
use crate::engine::fhir::{Json, NodeId};
use crate::engine::guard::identifying;
use std::collections::BTreeSet;
use std::ops::Range;

/// Bytes of a body that are looked at.
const LONGEST_BODY: usize = 64 * 1024;
/// Bytes of a line that are handed out.
const LONGEST_LINE: usize = 2_000;
/// Identifying texts that are looked for.
const MOST: usize = 500;

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPiece {
    /// The text.
    pub text: String,
    /// Whether it identifies a person of the source.
    pub identifies: bool,
}

/// What one of the two has written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Its lines, in pieces. A long one is cut.
    pub lines: Vec<Vec<LogPiece>>,
    /// How many of the identifying texts are in it, in the whole lines.
    pub identifying: usize,
}

/// What the two have written of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loggers {
    /// The careless one.
    pub naive: Written,
    /// The audit log.
    pub safe: Written,
    /// How many texts of the source identify a person: names, addresses below state, contact points, identifiers, dates
    /// of birth and death, references. Of a body that is no JSON, or in what is beyond its first 64 KiB, none is known.
    pub identifying: usize,
}

/// Has both write of a delivery. `safe` is the canonical text of its audit records. A text counts as written where it
/// stands between characters that are neither letters nor digits.
pub fn loggers(request: &Request, run: &RunView, safe: &[String]) -> Loggers {
    let json = Json::read(request.body.as_str()).ok().filter(|_| request.body.len() <= LONGEST_BODY);
    let texts = json.as_ref().map(identifying_texts).unwrap_or_default();
    let wanted: BTreeSet<&str> = texts.iter().map(|(_, text)| text.as_str()).take(MOST).collect();
    Loggers {
        naive: written(&naive_lines(request, run, &texts), &wanted),
        safe: written(safe, &wanted),
        identifying: wanted.len(),
    }
}

/// Each identifying text with the name of its element, in the order of the source.
fn identifying_texts(json: &Json) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for leaf in identifying(json) {
        let Some(text) = json.scalar(leaf).filter(|text| text.chars().nth(1).is_some()) else { continue };
        texts.push((name_of(json, leaf), text.into_owned()));
    }
    texts
}

/// The name of the element: an item of a list has that of the list.
fn name_of(json: &Json, leaf: NodeId) -> String {
    let own = json.key(leaf).or_else(|| json.key(json.parent(leaf)?));
    own.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

/// The lines that get written where nobody has thought of who reads the log.
fn naive_lines(request: &Request, run: &RunView, texts: &[(String, String)]) -> Vec<String> {
    let body = request.body.get(..request.body.floor_char_boundary(LONGEST_BODY)).unwrap_or_default();
    let mut lines = Vec::new();
    let mut headers = String::from("INFO  request");
    for header in &request.headers {
        headers.push_str(&[" ", &header.name, "=", &header.value].concat());
    }
    lines.push(headers);
    // A log has a line for each entry.
    lines.push(["DEBUG body ", &body.replace(['\n', '\r'], " ")].concat());
    if !texts.is_empty() {
        let mut who = ["INFO  ", &run.correlation, " is about"].concat();
        for (name, text) in texts {
            who.push_str(&[" ", name, "=\"", text, "\""].concat());
        }
        lines.push(who);
    }
    if let Some(refusal) = &run.refusal {
        let at = refusal.path.as_deref().unwrap_or_default();
        let row = run.ledger.iter().find(|row| !at.is_empty() && row.path == at);
        let value = row.and_then(|row| body.get(row.span.0 as usize..row.span.1 as usize));
        let got = value.filter(|value| !value.is_empty()).map(|value| [", got ", value].concat());
        let got = got.unwrap_or_default();
        lines.push(["ERROR ", &refusal.code, " ", at, ": ", &refusal.message, &got].concat());
    }
    for record in &run.records {
        let mut wrote = ["INFO  wrote ", &record.object, " ", &record.key].concat();
        for field in &record.fields {
            let value = field.value.as_deref().unwrap_or("-");
            wrote.push_str(&[" ", &field.name, "=\"", value, "\""].concat());
        }
        lines.push(wrote);
    }
    lines.push(["INFO  ", &run.correlation, " ", &run.outcome].concat());
    lines
}

fn written(lines: &[String], wanted: &BTreeSet<&str>) -> Written {
    let mut there = BTreeSet::new();
    let mut shown = Vec::with_capacity(lines.len());
    for line in lines {
        let mut marked = BTreeSet::new();
        for text in wanted {
            for place in places(line, text) {
                there.insert(*text);
                marked.insert((place.start, place.end));
            }
        }
        shown.push(pieces(line, &marked));
    }
    Written { lines: shown, identifying: there.len() }
}

/// Where a text stands in a line as a word of its own.
fn places(line: &str, text: &str) -> Vec<Range<usize>> {
    let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let found = line.match_indices(text).map(|(start, text)| start..start + text.len());
    let alone = found.filter(|place| {
        let before = line.get(..place.start).and_then(|rest| rest.chars().next_back());
        let after = line.get(place.end..).and_then(|rest| rest.chars().next());
        is_apart(before) && is_apart(after)
    });
    alone.collect()
}

/// A line in pieces, cut where it is long. Of marks that overlap, what is left of the later one is marked.
fn pieces(line: &str, marked: &BTreeSet<(usize, usize)>) -> Vec<LogPiece> {
    let end = line.floor_char_boundary(LONGEST_LINE);
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut put = |from: usize, to: usize, identifies: bool| {
        if let Some(text) = line.get(from..to.min(end)).filter(|text| !text.is_empty()) {
            pieces.push(LogPiece { text: text.to_owned(), identifies });
        }
    };
    for (from, to) in marked {
        put(at, (*from).max(at), false);
        put((*from).max(at), (*to).max(at), true);
        at = at.max(*to);
    }
    put(at, line.len().max(at), false);
    let rest = line.len() - end;
    if rest > 0 {
        pieces
            .push(LogPiece { text: ["… ", &rest.to_string(), " bytes more"].concat(), identifies: false });
    }
    pieces
}
