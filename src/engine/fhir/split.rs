//! Own inputs: which parts of a resource, Bundle, array or NDJSON text can each be an event.

use super::{Json, Kind, NodeId, Reader, ResourceType, resolve};
use crate::engine::notification::is_notification;
use crate::engine::refusal::Refusal;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Types that a referral takes along from its own Bundle when it refers to them.
const CONTEXT: [&str; 7] =
    ["Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "RelatedPerson", "Encounter"];

/// One part of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which line it stands in, from 0; none where the input is one document.
    line: Option<usize>,
    /// What of that document it is.
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// All of it: a resource, an event envelope, or something that will be refused as it is.
    Whole,
    /// One item of an array.
    Item(NodeId),
    /// One entry of a Bundle, with those that it takes along.
    Entry(NodeId, Vec<NodeId>),
}

/// Reads an input in slices and finds its parts.
pub struct Splitter {
    state: State,
    total: usize,
    parts: Vec<Part>,
}

enum State {
    /// Reading the first document.
    Reading(Reader),
    /// One document.
    One(Json),
    /// Several lines, each a document; how many of them have been looked at; and the one that was read last,
    /// since a line may have many parts.
    Lines(Box<str>, Vec<Line>, usize, RefCell<Option<(usize, Json)>>),
    /// Not JSON: the text goes on as it is, to be refused where everything is.
    Broken(Box<str>),
}

impl Splitter {
    /// Starts on a text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        Self { total: text.len(), parts: Vec::new(), state: State::Reading(Reader::new(text)) }
    }

    /// Bytes looked at, and bytes in all.
    pub fn progress(&self) -> (usize, usize) {
        let done = match &self.state {
            State::Reading(reader) => reader.position(),
            State::Lines(_, lines, next, _) => lines.get(*next).map_or(self.total, |line| line.start),
            State::One(_) | State::Broken(_) => self.total,
        };
        (done, self.total)
    }

    /// Goes on for about `budget` bytes; true when all parts are found.
    pub fn step(&mut self, budget: usize) -> bool {
        match &mut self.state {
            State::One(_) | State::Broken(_) => true,
            State::Lines(text, lines, next, _) => {
                let mut left = budget;
                while let Some(Line { start, end, .. }) = lines.get(*next).copied() {
                    if left == 0 {
                        return false;
                    }
                    left = left.saturating_sub(end - start);
                    let line = *next;
                    *next += 1;
                    let whats = match Json::read(text.get(start..end).unwrap_or("")) {
                        Ok(json) => parts_of(&json),
                        Err(_) => vec![What::Whole],
                    };
                    self.parts.extend(whats.into_iter().map(|what| Part { line: Some(line), what }));
                }
                true
            }
            State::Reading(reader) => match reader.step(budget) {
                Ok(false) => false,
                Ok(true) => {
                    let more = reader.has_more();
                    self.read_first(!more);
                    matches!(self.state, State::One(_) | State::Broken(_))
                }
                Err(_) => {
                    self.read_first(false);
                    matches!(self.state, State::Broken(_))
                }
            },
        }
    }

    /// The first value has been read, or could not be: one document, lines, or neither.
    fn read_first(&mut self, whole: bool) {
        let State::Reading(reader) = std::mem::replace(&mut self.state, State::Broken("".into())) else {
            return;
        };
        if whole {
            if let Ok(json) = reader.finish() {
                self.parts = parts_of(&json).into_iter().map(|what| Part { line: None, what }).collect();
                self.state = State::One(json);
            }
            return;
        }
        let text = reader.into_text();
        let lines = lines(&text);
        self.state = if are_documents(&text, &lines) {
            State::Lines(text, lines, 0, RefCell::new(None))
        } else {
            self.parts = vec![Part { line: None, what: What::Whole }];
            State::Broken(text)
        };
    }

    /// Whether the text is neither JSON nor lines of it, once it has been read.
    pub fn is_broken(&self) -> bool {
        matches!(self.state, State::Broken(_))
    }

    /// The whole text, once it has been read.
    pub fn text(&self) -> Option<&str> {
        match &self.state {
            State::Reading(_) => None,
            State::One(json) => Some(json.text()),
            State::Lines(text, ..) | State::Broken(text) => Some(text),
        }
    }

    /// The parts found so far.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// A part's label and text: what stands after the input's name, the resource type where it has one, and
    /// the FHIR data or, where `wrapped` is false, a text to send as it is.
    pub fn part(&self, part: &Part) -> Option<PartText> {
        match (&self.state, part.line) {
            (State::One(json), None) => Some(text_of(json, part, String::new())),
            (State::Broken(text), None) => Some(PartText::raw(String::new(), text)),
            (State::Lines(text, lines, _, last), Some(line)) => {
                let Line { start, end, number } = lines.get(line).copied()?;
                let source = text.get(start..end)?;
                let label = format!(":{number}");
                let mut last = last.borrow_mut();
                if last.as_ref().is_none_or(|(known, _)| *known != line) {
                    *last = Json::read(source).ok().map(|json| (line, json));
                }
                Some(match &*last {
                    Some((_, json)) => text_of(json, part, label),
                    None => PartText::raw(label, source),
                })
            }
            _ => None,
        }
    }
}

/// A part as it can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartText {
    /// What stands after the input's name: nothing, `#Bundle.entry[3]`, `:12`.
    pub label: String,
    /// The type of the resource that it is about.
    pub resource_type: Option<ResourceType>,
    /// FHIR data to put in an event envelope, or, for what is an envelope already or no resource, the text.
    pub text: String,
    /// Whether the text is to be put in an envelope.
    pub wrap: bool,
}

impl PartText {
    fn raw(label: String, text: &str) -> Self {
        Self { label, resource_type: None, text: text.to_owned(), wrap: false }
    }
}

fn text_of(json: &Json, part: &Part, mut label: String) -> PartText {
    match &part.what {
        What::Whole => {
            let root = NodeId::ROOT;
            let wrap = json.get(root, "resourceType").is_some() && !is_notification(json, root);
            PartText {
                label,
                resource_type: json.resource_type(root),
                text: json.source(root).to_owned(),
                wrap,
            }
        }
        What::Item(item) => {
            label.push_str(&format!("#[{}]", json.index(*item)));
            let resource_type = json.resource_type(*item);
            let wrap = json.get(*item, "resourceType").is_some();
            PartText { label, resource_type, text: json.source(*item).to_owned(), wrap }
        }
        What::Entry(entry, along) => {
            label.push_str(&format!("#Bundle.entry[{}]", json.index(*entry)));
            let resource_type =
                json.get(*entry, "resource").and_then(|resource| json.resource_type(resource));
            PartText { label, resource_type, text: bundle_of(json, *entry, along), wrap: true }
        }
    }
}

/// The Bundle with only some of its entries; every other member as it was.
fn bundle_of(json: &Json, entry: NodeId, along: &[NodeId]) -> String {
    let mut text = String::from("{");
    for member in json.children(NodeId::ROOT) {
        if text.len() > 1 {
            text.push(',');
        }
        let (start, _) = json.key_span(member);
        let (from, to) = json.span(member);
        if json.is_member(member, "entry") {
            text.push_str("\"entry\":[");
            let entries = std::iter::once(&entry).chain(along).map(|entry| json.source(*entry));
            text.push_str(&entries.collect::<Vec<_>>().join(","));
            text.push(']');
        } else {
            text.push_str(json.text().get(start as usize..from as usize).unwrap_or(""));
            text.push_str(json.text().get(from as usize..to as usize).unwrap_or(""));
        }
    }
    text.push('}');
    text
}

fn parts_of(json: &Json) -> Vec<What> {
    let root = NodeId::ROOT;
    if json.kind(root) == Kind::Array {
        return json.children(root).map(What::Item).collect();
    }
    let entries = match json.get(root, "entry") {
        // A notification is a delivery as it is: its events are told apart on the way.
        Some(list)
            if !is_notification(json, root)
                && json.resource_type(root).is_some_and(|kind| kind.name() == "Bundle") =>
        {
            list
        }
        _ => return vec![What::Whole],
    };
    let mut taken = BTreeSet::new();
    let mut parts: Vec<What> = json
        .children(entries)
        .map(|entry| {
            let along = along(json, entry);
            taken.extend(along.iter().copied());
            What::Entry(entry, along)
        })
        .collect();
    // What went along with a referral is accounted for there.
    parts.retain(|part| !matches!(part, What::Entry(entry, _) if taken.contains(entry)));
    if parts.is_empty() { vec![What::Whole] } else { parts }
}

/// The entries that a referral refers to.
fn along(json: &Json, entry: NodeId) -> Vec<NodeId> {
    let Some(resource) = json.get(entry, "resource") else { return Vec::new() };
    if json.resource_type(resource).is_none_or(|kind| kind.name() != "ServiceRequest") {
        return Vec::new();
    }
    let mut along = Vec::new();
    let mut seen = BTreeSet::new();
    let references = json.leaves(resource).filter(|leaf| json.is_member(*leaf, "reference"));
    for target in references.filter_map(|leaf| resolve(json, NodeId::ROOT, leaf)) {
        let is_context = json.resource_type(target).is_some_and(|kind| CONTEXT.contains(&kind.name()));
        if let Some(other) = json.parent(target).filter(|other| is_context && *other != entry)
            && seen.insert(other)
            && json.get(other, "resource") == Some(target)
        {
            along.push(other);
        }
    }
    along
}

/// Reads a text document by document: the whole of it, or each line of NDJSON. `visit` is given where a document
/// starts (its byte and its line, both from 0) and the document, or why it can't be read.
pub fn each_document(text: &str, visit: &mut impl FnMut(usize, usize, Result<Json, Refusal>)) {
    let whole = Json::read(text);
    let lines = if whole.is_ok() { Vec::new() } else { lines(text) };
    if !are_documents(text, &lines) {
        return visit(0, 0, whole);
    }
    for Line { start, end, number } in lines {
        visit(start, number - 1, Json::read(text.get(start..end).unwrap_or("")));
    }
}

/// Whether the lines look like a document each.
fn are_documents(text: &str, lines: &[Line]) -> bool {
    let documents = lines.iter().filter(|line| {
        let line = text.get(line.start..line.end).unwrap_or("").trim_end();
        line.starts_with('{') && line.ends_with('}')
    });
    lines.len() > 1 && documents.count() * 2 > lines.len()
}

/// A line that is not blank: its range, and its number from 1.
#[derive(Clone, Copy, Debug)]
struct Line {
    start: usize,
    end: usize,
    number: usize,
}

/// A byte order mark is of no line (RFC 8259, section 8.1: a reader may ignore it).
fn lines(text: &str) -> Vec<Line> {
    let marked = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut start = text.len() - marked.len();
    let mut lines = Vec::new();
    for (number, line) in marked.split_inclusive('\n').enumerate() {
        if !line.trim().is_empty() {
            lines.push(Line { start, end: start + line.len(), number: number + 1 });
        }
        start += line.len();
    }
    lines
}

/// Reads bytes as text.
///
/// # Errors
/// `json.not-utf8`.
pub fn text_of_bytes(bytes: Vec<u8>) -> Result<String, Refusal> {
    String::from_utf8(bytes).map_err(|_| Refusal::new(crate::engine::refusal::Code::NotUtf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<PartText> {
        let mut splitter = Splitter::new(text);
        while !splitter.step(8) {}
        splitter.parts().iter().map(|part| splitter.part(part).unwrap()).collect()
    }

    #[test]
    fn a_bundle_gives_an_event_an_entry_and_a_referral_takes_its_patient_along() {
        let parts = split(
            r#"{"resourceType":"Bundle","type":"batch","entry":[
                {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"a"}},
                {"resource":{"resourceType":"ServiceRequest","subject":{"reference":"urn:uuid:1"}}},
                {"resource":{"resourceType":"Observation"}},
                {"request":{"method":"GET"}}]}"#,
        );
        let labels: Vec<&str> = parts.iter().map(|part| part.label.as_str()).collect();
        assert_eq!(labels, ["#Bundle.entry[1]", "#Bundle.entry[2]", "#Bundle.entry[3]"]);
        let json = Json::read(parts[0].text.as_str()).unwrap();
        let entries = json.get(NodeId::ROOT, "entry").unwrap();
        assert_eq!(json.children(entries).count(), 2);
        assert_eq!(json.get_str(NodeId::ROOT, "type").unwrap(), "batch");
        assert!(!parts[2].text.contains("Observation"));
    }

    #[test]
    fn lines_are_documents_and_a_broken_one_does_not_spoil_the_rest() {
        let parts =
            split("{\"resourceType\":\"Patient\"}\n\n{\"resourceType\":}\n{\"resourceType\":\"Task\"}\n");
        let labels: Vec<&str> = parts.iter().map(|part| part.label.as_str()).collect();
        assert_eq!(labels, [":1", ":3", ":4"]);
        assert!(!parts[1].wrap);
    }

    #[test]
    fn a_byte_order_mark_is_of_no_line() {
        let lines = "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Task\"}\n";
        assert_eq!(split(&format!("\u{FEFF}{lines}")), split(lines));
        let after_a_blank = split(&format!("\u{FEFF}\r\n{lines}"));
        let labels: Vec<&str> = after_a_blank.iter().map(|part| part.label.as_str()).collect();
        assert_eq!(labels, [":2", ":3"]);
        let mut found = Vec::new();
        each_document(&format!("\u{FEFF}{lines}"), &mut |start, line, read| {
            found.push((start, line, read.is_ok()));
        });
        assert_eq!(found, [(3, 0, true), (30, 1, true)]);
    }

    #[test]
    fn what_is_no_json_is_one_part_as_it_is() {
        assert_eq!(split("not json at all").len(), 1);
        assert_eq!(split("").len(), 1);
        assert_eq!(split("{\n \"a\": [1,\n 2\n").len(), 1);
        assert_eq!(split("[]").len(), 0);
        assert_eq!(split(r#"[{"resourceType":"Task"},{"x":1}]"#).len(), 2);
    }
}
