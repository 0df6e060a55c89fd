//! Documents that people write (policies, adapters, the catalogue): read as far as they can be, with all there is to
//! say about them.

use crate::engine::fhir::{Json, Kind, NodeId};
use crate::engine::keys::Shape;
use crate::engine::refusal::{Place, Refusal};
use crate::order;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The document can't be used.
    Error,
    /// It can be used; look at this.
    Warning,
}

/// Something that can be found in a document beyond its form.
#[derive(Debug)]
pub struct Lint {
    /// Code, without the kind of document: `field-twice`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it finds, in a sentence.
    pub about: &'static str,
    /// How to mend it.
    pub help: &'static str,
}

impl Lint {
    /// One that keeps a document from being used.
    pub const fn error(code: &'static str, about: &'static str, help: &'static str) -> Self {
        Self { code, severity: Severity::Error, about, help }
    }

    /// One that is a matter of judgement.
    pub const fn warning(code: &'static str, about: &'static str, help: &'static str) -> Self {
        Self { code, severity: Severity::Warning, about, help }
    }
}

/// A finding with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, e.g. `policy.unknown-key`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it starts.
    pub place: Place,
    /// Where it ends, as a byte offset (exclusive).
    pub end: u32,
    /// One sentence.
    pub message: String,
    /// How to mend it.
    pub help: String,
    /// A change of the text that mends it, where one click can.
    pub fix: Option<Fix>,
}

/// A change of a text that mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a command: "Label it `prohibited`".
    pub title: String,
    /// Replacements of byte ranges, in text order and apart from each other.
    pub edits: Vec<Edit>,
}

/// A replacement of a byte range of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where the range starts.
    pub start: u32,
    /// Where it ends, exclusive.
    pub end: u32,
    /// What takes its place.
    pub text: String,
}

/// A document being read: gives values, collects findings, never fails.
pub struct Document<'a> {
    /// The text's structure.
    pub json: &'a Json,
    /// Prefix of the codes, `policy` or `adapter`.
    pub what: &'static str,
    /// The findings so far.
    pub findings: Vec<Diagnostic>,
    /// Where each line starts.
    lines: Vec<u32>,
    /// The last place that was counted out.
    mark: Place,
    /// How many errors and warnings there are.
    counts: [usize; 2],
    /// Whether the finding added last was kept.
    kept: bool,
}

/// Errors kept of one document, and as many warnings; more help nobody.
const MOST_FINDINGS: usize = 200;

impl<'a> Document<'a> {
    /// Starts on a document.
    pub fn new(json: &'a Json, what: &'static str) -> Self {
        let starts = json.text().match_indices('\n').map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
        let lines = std::iter::once(0).chain(starts).collect();
        let mark = Place { line: 1, column: 1, offset: 0 };
        Self { json, what, findings: Vec::new(), lines, mark, counts: [0; 2], kept: false }
    }

    /// Adds an error at a node's value.
    pub fn error(&mut self, at: NodeId, code: &str, message: impl Into<String>, help: impl Into<String>) {
        self.add(self.json.span(at), Severity::Error, code, message, help);
    }

    /// Adds a warning at a node's value.
    pub fn warning(&mut self, at: NodeId, code: &str, message: impl Into<String>, help: impl Into<String>) {
        self.add(self.json.span(at), Severity::Warning, code, message, help);
    }

    /// Adds a finding over a byte range.
    pub fn add(
        &mut self,
        (start, end): (u32, u32),
        severity: Severity,
        code: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        // However many warnings there are, an error is never lost among them.
        let [errors, warnings] = &mut self.counts;
        let count = if severity == Severity::Error { errors } else { warnings };
        *count += 1;
        self.kept = *count <= MOST_FINDINGS;
        if !self.kept {
            return;
        }
        let place = self.place(start);
        self.findings.push(Diagnostic {
            code: format!("{}.{code}", self.what),
            severity,
            place,
            end,
            message: message.into(),
            help: help.into(),
            fix: None,
        });
    }

    /// Adds what a lint finds over a byte range.
    pub fn lint(&mut self, span: (u32, u32), lint: &Lint, message: impl Into<String>) {
        self.add(span, lint.severity, lint.code, message, lint.help);
    }

    /// The place of an offset. Within a line it counts on from the place before where it can, so that a text in one
    /// line is not gone over again for each finding.
    fn place(&mut self, offset: u32) -> Place {
        let line = self.lines.partition_point(|begin| *begin <= offset).saturating_sub(1);
        let begin = self.lines.get(line).copied().unwrap_or(0);
        let line = u32::try_from(line + 1).unwrap_or(u32::MAX);
        let counts_on = self.mark.line == line && self.mark.offset <= offset;
        let (from, column) = if counts_on { (self.mark.offset, self.mark.column) } else { (begin, 1) };
        let before = self.json.text().get(from as usize..offset as usize).unwrap_or("");
        let column = column.saturating_add(u32::try_from(before.chars().count()).unwrap_or(u32::MAX));
        self.mark = Place { line, column, offset };
        self.mark
    }

    /// Whether one more finding would be kept. Where it would not, what it says need not be worked out.
    pub fn has_room(&self, severity: Severity) -> bool {
        let [errors, warnings] = self.counts;
        (if severity == Severity::Error { errors } else { warnings }) < MOST_FINDINGS
    }

    /// Gives the finding just added a change of the text that mends it. The edits are made only where it was kept.
    pub fn fix(&mut self, title: impl Into<String>, edits: impl FnOnce() -> Vec<Edit>) {
        if let Some(finding) = self.findings.last_mut().filter(|_| self.kept) {
            finding.fix = Some(Fix { title: title.into(), edits: edits() });
        }
    }

    /// The findings, in text order.
    pub fn finish(self) -> Vec<Diagnostic> {
        let mut findings = self.findings;
        order::by(&mut findings, |finding| finding.place.offset);
        findings
    }

    /// Checks that a node is an object, and names the keys that are not known and those that are missing. `$schema`
    /// is known everywhere, and nothing is read from where it points.
    pub fn object(&mut self, at: NodeId, shape: &Shape) -> bool {
        if self.json.kind(at) != Kind::Object {
            self.error(at, "wrong-type", "An object is expected here.", "Write `{ … }`.");
            return false;
        }
        let json = self.json;
        for member in json.children(at) {
            let key = json.key(member).unwrap_or_default();
            if key == "$schema" {
                self.optional(at, &key);
            } else if shape.names().all(|known| known != key) {
                if !self.has_room(Severity::Error) {
                    break;
                }
                let help = match closest(&key, shape.names()) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => format!("Known here: {}.", shape.names().collect::<Vec<_>>().join(", ")),
                };
                let message = format!("`{key}` is not a key of this object.");
                self.add(json.key_span(member), Severity::Error, "unknown-key", message, help);
            }
        }
        for key in shape.always() {
            if json.get(at, key).is_none() {
                self.missing(at, key);
            }
        }
        true
    }

    /// A required string member; an empty string where it is absent or, with a finding, something else.
    pub fn string(&mut self, at: NodeId, key: &str) -> String {
        self.optional(at, key).unwrap_or_default()
    }

    /// An optional string member.
    pub fn optional(&mut self, at: NodeId, key: &str) -> Option<String> {
        self.json.get(at, key).and_then(|member| self.text(member))
    }

    /// The string at a node, with a finding where it is none or shows nothing.
    pub fn text(&mut self, at: NodeId) -> Option<String> {
        match self.json.str(at) {
            Some(text) if text.chars().any(is_visible) => Some(text.into_owned()),
            Some(_) => {
                self.error(at, "empty", "This must not be empty.", "Write a value, or leave the key out.");
                None
            }
            None => {
                self.error(at, "wrong-type", "A string is expected here.", "Write it in double quotes.");
                None
            }
        }
    }

    /// The strings of an array member; empty where it is absent.
    pub fn strings(&mut self, at: NodeId, key: &str) -> Vec<String> {
        let Some(member) = self.json.get(at, key) else { return Vec::new() };
        self.items(member).into_iter().filter_map(|item| self.text(item)).collect()
    }

    /// The strings of an array member that has one at least where it is there, with a finding where it has none.
    pub fn some_strings(&mut self, at: NodeId, key: &str, message: &str, help: &str) -> Vec<String> {
        if let Some(list) = self.json.get(at, key) {
            self.some(list, message, help);
        }
        self.strings(at, key)
    }

    /// Says that an array has nothing in it, where it has not.
    pub fn some(&mut self, list: NodeId, message: &str, help: &str) {
        if self.json.kind(list) == Kind::Array && self.json.children(list).next().is_none() {
            self.error(list, "empty", message, help);
        }
    }

    /// The items of an array, with a finding where it is none.
    pub fn items(&mut self, at: NodeId) -> Vec<NodeId> {
        if self.json.kind(at) != Kind::Array {
            self.error(at, "wrong-type", "An array is expected here.", "Write `[ … ]`.");
            return Vec::new();
        }
        self.json.children(at).collect()
    }

    /// Says that a key is missing.
    pub fn missing(&mut self, at: NodeId, key: &str) {
        let (start, _) = self.json.span(at);
        let message = format!("The key `{key}` is missing.");
        self.add((start, start + 1), Severity::Error, "missing-key", message, format!("Add `\"{key}\": …`."));
    }

    /// A string member that names one of a closed set; none, with a finding, where it names another.
    pub fn one_of<T: Copy>(
        &mut self,
        at: NodeId,
        key: &str,
        all: &[T],
        spelled: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let member = self.json.get(at, key)?;
        let text = self.text(member)?;
        let found = all.iter().copied().find(|own| spelled(*own) == text);
        if found.is_none() && self.has_room(Severity::Error) {
            let help = match closest(&text, all.iter().map(|own| spelled(*own))) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => {
                    format!("Known: {}.", all.iter().map(|own| spelled(*own)).collect::<Vec<_>>().join(", "))
                }
            };
            self.error(member, "unknown-value", format!("`{text}` is not a value of `{key}`."), help);
        }
        found
    }

    /// Says that the schema version is not the one that is read, where it is another.
    pub fn schema_version(&mut self, at: NodeId, read: u8) {
        let Some(member) = self.json.get(at, "schemaVersion") else { return };
        let found = self.json.scalar(member).filter(|_| self.json.kind(member) == Kind::Number);
        if found.as_deref() != Some(&*read.to_string()) {
            let message = format!("This schema version is not known; this reads version {read}.");
            let help =
                format!("Bring the document into version {read}, and write `\"schemaVersion\": {read}`.");
            self.error(member, "schema-version", message, help);
        }
    }
}

/// Whether a character shows: neither white space nor one of those without width.
fn is_visible(c: char) -> bool {
    !(c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}'))
}

/// The finding for a text that is not JSON.
pub fn not_json(what: &str, text: &str, refusal: &Refusal) -> Diagnostic {
    let place = refusal.place.unwrap_or(Place { line: 1, column: 1, offset: 0 });
    // The character at the place; nothing, where the text breaks off.
    let character = text.get(place.offset as usize..).and_then(|rest| rest.chars().next());
    let length = character.map_or(0, |character| character.len_utf8() as u32);
    Diagnostic {
        code: format!("{what}.{}", refusal.code.as_str().replace("json.", "json-")),
        severity: Severity::Error,
        place,
        end: place.offset.saturating_add(length),
        message: refusal.code.message().to_owned(),
        help: refusal.code.help().to_owned(),
        fix: None,
    }
}

/// The candidate within two edits of a word, if there is one.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.len())
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, up to the length difference's bound; words here are short.
fn edit_distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 2 || a.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, y) in b.chars().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            let cost = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = above;
            if let Some(slot) = row.get_mut(j) {
                *slot = left;
            }
            left = cost;
        }
        if let Some(last) = row.last_mut() {
            *last = left;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested() {
        assert_eq!(closest("lable", ["label", "field"].into_iter()), Some("label"));
        assert_eq!(closest("xyz", ["label", "field"].into_iter()), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
