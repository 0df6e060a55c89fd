//! Own inputs: which parts of some files can each be an event, and what travels along with each.
//!
//! All files are read once. Kept of them are their texts, and of each resource where it stands, what it goes by and what
//! it refers to. An event is a resource with what it refers to, over any number of steps. A name is looked up in the
//! reference's own document first, and then in all files; of two things by the same name neither is taken.

use super::reference::{base_of, deleted_names, deleted_type, entry_names, target_name, unknown_request};
use super::{Json, Kind, NodeId, Reader, Reference, ResourceType};
use crate::engine::notification::is_notification;
use crate::engine::refusal::Refusal;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

/// Resources that an event may have, itself among them. One with more is refused, so gathering stops there.
pub const MOST_RESOURCES: usize = 2_000;
/// Bytes that a delivery may have. One with more is refused, so gathering stops there.
const MOST_BYTES: usize = 8 << 20;
/// Members of a Bundle that say nothing of its resources once they are apart.
const OF_THE_BUNDLE: [&str; 8] =
    ["resourceType", "type", "total", "link", "entry", "identifier", "timestamp", "signature"];
/// Members of an entry that have a place of their own, or say what was done with it.
const OF_THE_ENTRY: [&str; 6] = ["fullUrl", "resource", "request", "response", "search", "link"];

/// What a part of an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// A FHIR resource.
    Resource(ResourceType),
    /// An envelope, a notification, or something that will be refused as it is.
    Whole,
    /// A request to delete something, or a resource that the input also deletes; its type, where it can be told.
    Deletion(Option<ResourceType>),
    /// A Bundle's entry without a resource.
    NoResource,
}

/// A part as it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartText<'a> {
    /// The file's name and the place in it: `file.json`, `file.json#Bundle.entry[3]`, `file.ndjson:12`.
    pub input: String,
    /// What it is.
    pub kind: PartKind,
    /// The resource alone, or the text as it is.
    pub alone: &'a str,
}

#[derive(Clone, Debug)]
struct Part {
    file: usize,
    /// What stands after the file's name.
    label: Box<str>,
    kind: PartKind,
    span: Range<usize>,
    /// Its place among the resources, where it is one.
    resource: Option<usize>,
}

#[derive(Clone, Debug)]
struct Resource {
    file: usize,
    document: usize,
    span: Range<usize>,
    /// The members of its entry besides the resource, each with a comma after it.
    beside: Option<Box<str>>,
    /// What its Bundle says besides its entries: its place among the heads.
    head: Option<usize>,
    names: [Option<usize>; 2],
    /// A hash of its text: the same resource twice, in two documents, is one.
    digest: [u8; 16],
    /// What it refers to, as a range of the references.
    refers: Range<usize>,
}

struct File {
    name: String,
    text: Box<str>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    One(usize),
    Several,
}

/// Reads files in slices and finds their parts.
#[derive(Default)]
pub struct Splitter {
    unread: VecDeque<File>,
    state: State,
    done: usize,
    total: usize,
    files: Vec<File>,
    /// The files that are neither JSON nor lines of it.
    broken: Vec<String>,
    index: Index,
}

/// What was found in the files so far.
#[derive(Default)]
struct Index {
    parts: Vec<Part>,
    resources: Vec<Resource>,
    /// Of each Bundle what it says besides its entries, each member with a comma after it.
    heads: Vec<String>,
    documents: usize,
    names: HashMap<Box<str>, usize>,
    /// What each name stands for, over all files.
    everywhere: HashMap<usize, Named>,
    /// What each name stands for in a document.
    within: HashMap<(usize, usize), Named>,
    /// The names that each reference asks for: on the server of what refers, where that is known, and as it is written.
    references: Vec<[Option<usize>; 2]>,
    deleted: HashSet<usize>,
}

#[derive(Default)]
enum State {
    /// Between two files.
    #[default]
    Next,
    /// Reading a file's first document.
    Reading(String, Reader),
    /// Finding the parts of a file that is one document.
    Document(String, Json, Vec<Todo>),
    /// Finding the parts of each line; how many lines have been looked at.
    Lines(File, Vec<Line>, usize),
}

/// Something of a document that is still to be looked at.
struct Todo {
    node: NodeId,
    label: String,
    /// The document that it is in: a Bundle's entries are in one, and anything else is one.
    document: usize,
    /// Where it is an entry: what its Bundle says besides its entries.
    entry_of: Option<usize>,
}

impl Splitter {
    /// Adds a file. All are added before the first step.
    pub fn add(&mut self, name: &str, text: impl Into<Box<str>>) {
        let text = text.into();
        self.total = self.total.saturating_add(text.len());
        self.unread.push_back(File { name: name.to_owned(), text });
    }

    /// Bytes looked at, and bytes in all.
    pub fn progress(&self) -> (usize, usize) {
        let now = match &self.state {
            State::Reading(_, reader) => reader.position(),
            State::Document(_, json, _) => json.text().len(),
            State::Lines(_, lines, next) => lines.get(*next).map_or(0, |line| line.start),
            State::Next => 0,
        };
        (self.done.saturating_add(now).min(self.total), self.total)
    }

    /// Goes on for about `budget` bytes; true when all parts are found.
    pub fn step(&mut self, budget: usize) -> bool {
        self.state = match std::mem::take(&mut self.state) {
            State::Next => match self.unread.pop_front() {
                Some(file) => State::Reading(file.name, Reader::new(file.text)),
                None => return true,
            },
            State::Reading(name, mut reader) => match reader.step(budget) {
                Ok(false) => State::Reading(name, reader),
                Ok(true) => {
                    let more = reader.has_more();
                    self.read_first(name, reader, !more)
                }
                Err(_) => self.read_first(name, reader, false),
            },
            State::Document(name, json, mut todo) => {
                let mut left = budget;
                while left > 0
                    && let Some(next) = todo.pop()
                {
                    let (start, end) = json.span(next.node);
                    left = left.saturating_sub((end - start) as usize);
                    self.index.take(&json, self.files.len(), 0, next, &mut todo);
                }
                if todo.is_empty() {
                    self.close(File { name, text: json.into_text() })
                } else {
                    State::Document(name, json, todo)
                }
            }
            State::Lines(file, lines, mut next) => {
                let mut left = budget;
                while left > 0
                    && let Some(line) = lines.get(next).copied()
                {
                    left = left.saturating_sub(line.end - line.start);
                    next += 1;
                    self.index.take_line(&file.text, self.files.len(), line);
                }
                if next < lines.len() { State::Lines(file, lines, next) } else { self.close(file) }
            }
        };
        false
    }

    fn close(&mut self, file: File) -> State {
        self.done = self.done.saturating_add(file.text.len());
        self.files.push(file);
        State::Next
    }

    /// The first value has been read, or could not be: the file is one document, lines, or neither.
    fn read_first(&mut self, name: String, reader: Reader, whole: bool) -> State {
        if whole {
            let Ok(json) = reader.finish() else { return State::Next };
            let todo = self.index.document(&json, String::new());
            return State::Document(name, json, todo);
        }
        let file = File { name, text: reader.into_text() };
        let lines = lines(&file.text);
        if are_documents(&file.text, &lines) {
            return State::Lines(file, lines, 0);
        }
        self.broken.push(file.name.clone());
        self.index.whole(self.files.len(), String::new(), 0..file.text.len());
        self.close(file)
    }

    /// The names of the files that are neither JSON nor NDJSON, once all have been read.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// The files read so far: name and text.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|file| (file.name.as_str(), &*file.text))
    }

    /// Number of parts found so far.
    pub fn parts(&self) -> usize {
        self.index.parts.len()
    }

    /// A part, by itself.
    pub fn part(&self, at: usize) -> Option<PartText<'_>> {
        let part = self.index.parts.get(at)?;
        let file = self.files.get(part.file)?;
        let alone = file.text.get(part.span.clone())?;
        let is_deleted = || self.index.resources.get(part.resource?).map(|own| self.index.is_deleted(own));
        let kind = match part.kind {
            PartKind::Resource(kind) if is_deleted() == Some(true) => PartKind::Deletion(Some(kind)),
            kind => kind,
        };
        Some(PartText { input: format!("{}{}", file.name, part.label), kind, alone })
    }

    /// What of a part is to be sent: the resource, in a Bundle with what it refers to; what is no resource as it is.
    pub fn event(&self, at: usize) -> Option<String> {
        match self.index.parts.get(at)?.resource {
            Some(resource) => Some(self.with_context(resource)),
            None => self.part(at).map(|part| part.alone.to_owned()),
        }
    }

    /// The resource at a place with what it refers to, nearest first, as a Bundle of type `collection`; by itself where it
    /// came without a Bundle and refers to nothing here.
    fn with_context(&self, at: usize) -> String {
        let along = self.index.along(at);
        let text_of = |resource: &Resource| {
            self.files.get(resource.file).and_then(|file| file.text.get(resource.span.clone())).unwrap_or("")
        };
        let resources: Vec<&Resource> = along.iter().filter_map(|at| self.index.resources.get(*at)).collect();
        let head = resources.first().and_then(|own| self.index.heads.get(own.head?));
        if let ([own], None) = (resources.as_slice(), head) {
            return text_of(own).to_owned();
        }
        let head = head.map(String::as_str).unwrap_or_default();
        let mut text = format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",{head}\"entry\":[");
        for (number, resource) in resources.iter().enumerate() {
            let beside = resource.beside.as_deref().unwrap_or_default();
            let comma = if number > 0 { "," } else { "" };
            text.extend([comma, "{", beside, "\"resource\":", text_of(resource), "}"]);
        }
        text.push_str("]}");
        text
    }
}

impl Index {
    /// Starts on a text: what is to be looked at of it. The items of an array are documents of their own, as lines are.
    fn document(&mut self, json: &Json, label: String) -> Vec<Todo> {
        let root = NodeId::ROOT;
        let mut one = |node, label| {
            self.documents += 1;
            Todo { node, label, document: self.documents, entry_of: None }
        };
        if json.kind(root) != Kind::Array {
            return vec![one(root, label)];
        }
        let mut items: Vec<Todo> =
            json.children(root).map(|node| one(node, format!("{label}#[{}]", json.index(node)))).collect();
        items.reverse();
        items
    }

    fn take_line(&mut self, text: &str, file: usize, line: Line) {
        let label = format!(":{}", line.number);
        let source = text.get(line.start..line.end).unwrap_or("");
        let Ok(json) = Json::read(source) else { return self.whole(file, label, line.start..line.end) };
        let mut todo = self.document(&json, label);
        while let Some(next) = todo.pop() {
            self.take(&json, file, line.start, next, &mut todo);
        }
    }

    fn whole(&mut self, file: usize, label: String, span: Range<usize>) {
        self.parts.push(Part { file, label: label.into(), kind: PartKind::Whole, span, resource: None });
    }

    /// Looks at a resource, entry or anything else, which stands `offset` bytes further on in its file than in `json`.
    /// The entries of a Bundle go to `todo`.
    fn take(&mut self, json: &Json, file: usize, offset: usize, at: Todo, todo: &mut Vec<Todo>) {
        let Todo { node, label, document, entry_of } = at;
        let range = |node: NodeId| {
            let (start, end) = json.span(node);
            offset + start as usize..offset + end as usize
        };
        let resource = match entry_of {
            None => node,
            Some(_) => {
                let resource = json.get(node, "resource");
                if let Some(names) = deleted_names(json, node) {
                    let deleted: Vec<usize> = names.iter().map(|name| self.number(name)).collect();
                    self.deleted.extend(deleted);
                    let (kind, span) = (PartKind::Deletion(deleted_type(json, node)), range(node));
                    return self.parts.push(Part { file, label: label.into(), kind, span, resource: None });
                }
                let Some(resource) = resource else {
                    let is_entry = json.kind(node) == Kind::Object;
                    let kind = if is_entry { PartKind::NoResource } else { PartKind::Whole };
                    let span = range(node);
                    return self.parts.push(Part { file, label: label.into(), kind, span, resource: None });
                };
                resource
            }
        };
        let kind = json.resource_type(resource);
        let list = json.get(resource, "entry").filter(|_| kind.is_some_and(|kind| kind.name() == "Bundle"));
        let is_list = list.is_none_or(|list| json.kind(list) == Kind::Array);
        let entries = list.filter(|list| {
            is_list && json.children(*list).next().is_some() && !is_notification(json, resource)
        });
        if let Some(entries) = entries {
            self.heads.push(members(json, resource, &OF_THE_BUNDLE));
            let head = Some(self.heads.len() - 1);
            self.documents += 1;
            let document = self.documents;
            let before = todo.len();
            let label = if label.contains('#') { label } else { label + "#Bundle" };
            todo.extend(json.children(entries).map(|node| {
                let label = format!("{label}.entry[{}]", json.index(node));
                Todo { node, label, document, entry_of: head }
            }));
            if let Some(new) = todo.get_mut(before..) {
                new.reverse();
            }
            return;
        }
        let kind = match kind {
            Some(kind) if is_list && !is_notification(json, resource) => PartKind::Resource(kind),
            _ => PartKind::Whole,
        };
        let is_resource = kind != PartKind::Whole || entry_of.is_some();
        let span = range(resource);
        let place = is_resource.then(|| {
            let beside = entry_of.map(|_| {
                let mut beside = members(json, node, &OF_THE_ENTRY);
                if let Some(request) = unknown_request(json, node) {
                    beside.extend(["\"request\":", json.source(request), ","]);
                }
                beside
            });
            let beside = beside.filter(|text| !text.is_empty());
            let url = entry_of.and_then(|_| json.get(node, "fullUrl"));
            let url = url.map(|url| format!("\"fullUrl\":{},", json.source(url)));
            let beside = match (url, beside) {
                (Some(url), beside) => Some(url + beside.as_deref().unwrap_or_default()),
                (None, beside) => beside,
            };
            let names = entry_names(json, entry_of.map(|_| node), resource);
            self.add(
                json,
                resource,
                Resource {
                    file,
                    document,
                    span: span.clone(),
                    beside: beside.map(Into::into),
                    head: entry_of,
                    names: [None; 2],
                    digest: digest_of(json.source(resource)),
                    refers: 0..0,
                },
                names,
            )
        });
        self.parts.push(Part { file, label: label.into(), kind, span, resource: place });
    }

    /// Adds a resource with its names and references.
    fn add(
        &mut self,
        json: &Json,
        node: NodeId,
        mut resource: Resource,
        names: [Option<(String, bool)>; 2],
    ) -> usize {
        let place = self.resources.len();
        for (own, name) in resource.names.iter_mut().zip(names) {
            let Some((name, honest)) = name else { continue };
            let name = self.number(&name);
            let named = if honest { Named::One(place) } else { Named::Several };
            let within = (resource.document, name);
            let twice = self.within.contains_key(&within);
            self.within.entry(within).and_modify(|known| *known = Named::Several).or_insert(named);
            let same = match self.everywhere.get(&name) {
                None => true,
                Some(Named::Several) => false,
                Some(Named::One(other)) => self
                    .resources
                    .get(*other)
                    .is_some_and(|other| honest && !twice && other.digest == resource.digest),
            };
            let known = self.everywhere.entry(name).or_insert(named);
            if !same {
                *known = Named::Several;
            }
            *own = Some(name);
        }
        let from = self.references.len();
        let base = base_of(json, node);
        for leaf in json.leaves(node).filter(|leaf| json.is_member(*leaf, "reference")) {
            let Some(text) = json.str(leaf) else { continue };
            if let Some(name) = target_name(&text) {
                let base =
                    base.as_ref().filter(|_| matches!(Reference::parse(&text), Reference::Relative(..)));
                let there = base.map(|base| self.number(&[base, "/", &name].concat()));
                let name = self.number(&name);
                self.references.push([there, Some(name)]);
            }
        }
        resource.refers = from..self.references.len();
        self.resources.push(resource);
        place
    }

    fn number(&mut self, name: &str) -> usize {
        let next = self.names.len();
        match self.names.get(name) {
            Some(number) => *number,
            None => *self.names.entry(name.into()).or_insert(next),
        }
    }

    fn is_deleted(&self, resource: &Resource) -> bool {
        resource.names.iter().flatten().any(|name| self.deleted.contains(name))
    }

    /// A resource and what it refers to over any number of steps, nearest first. More than an event may have is not gathered
    /// to the end: the event is refused for it.
    fn along(&self, at: usize) -> Vec<usize> {
        let (mut along, mut seen) = (vec![at], HashSet::from([at]));
        let (mut next, mut bytes) = (0, 0_usize);
        while let Some(resource) = along.get(next).and_then(|at| self.resources.get(*at)) {
            next += 1;
            bytes = bytes.saturating_add(resource.span.len());
            if bytes > MOST_BYTES {
                break;
            }
            for names in self.references.get(resource.refers.clone()).unwrap_or_default() {
                let within = |name| self.within.get(&(resource.document, name));
                let everywhere = |name| self.everywhere.get(&name);
                let names = || names.iter().flatten().copied();
                let found = names().find_map(within).or_else(|| names().find_map(everywhere));
                let Some(Named::One(target)) = found else { continue };
                let exists = self.resources.get(*target).is_some_and(|target| !self.is_deleted(target));
                if exists && seen.insert(*target) {
                    along.push(*target);
                }
                if along.len() > MOST_RESOURCES {
                    return along;
                }
            }
        }
        along
    }
}

fn digest_of(text: &str) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.iter_mut().zip(Sha256::digest(text)).for_each(|(to, from)| *to = from);
    digest
}

/// The members of an object but some, as they are written, each with a comma after it.
fn members(json: &Json, object: NodeId, but: &[&str]) -> String {
    let mut text = String::new();
    for member in json.children(object).filter(|member| !but.iter().any(|name| json.is_member(*member, name)))
    {
        let ((start, _), (_, end)) = (json.key_span(member), json.span(member));
        text.push_str(json.text().get(start as usize..end as usize).unwrap_or(""));
        text.push(',');
    }
    text
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

    #[derive(Debug, PartialEq, Eq)]
    struct Part {
        input: String,
        kind: PartKind,
        text: String,
    }

    fn split(files: &[(&str, &str)]) -> Vec<Part> {
        let mut splitter = Splitter::default();
        files.iter().for_each(|(name, text)| splitter.add(name, *text));
        while !splitter.step(8) {}
        let part = |at| {
            let PartText { input, kind, .. } = splitter.part(at).unwrap();
            Part { input, kind, text: splitter.event(at).unwrap() }
        };
        (0..splitter.parts()).map(part).collect()
    }

    fn inputs(parts: &[Part]) -> Vec<&str> {
        parts.iter().map(|part| part.input.as_str()).collect()
    }

    /// `Type/id` of each resource that a part sends, in its order.
    fn sent(part: &Part) -> Vec<String> {
        let json = Json::read(part.text.as_str()).unwrap();
        let name = |node| {
            format!(
                "{}/{}",
                json.get_str(node, "resourceType").unwrap(),
                json.get_str(node, "id").unwrap_or_default()
            )
        };
        match json.get(NodeId::ROOT, "entry") {
            None => vec![name(NodeId::ROOT)],
            Some(list) => {
                json.children(list).map(|entry| name(json.get(entry, "resource").unwrap())).collect()
            }
        }
    }

    fn part_of<'a>(parts: &'a [Part], input: &str) -> &'a Part {
        parts.iter().find(|part| part.input == input).unwrap()
    }

    #[test]
    fn what_an_event_refers_to_travels_with_it_over_any_number_of_steps() {
        let parts = split(&[(
            "b",
            r##"{"resourceType":"Bundle","type":"transaction","id":"B","total":4,"entry":[
                {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"a","managingOrganization":{"reference":"Organization/o"}},"request":{"method":"POST","url":"Patient"}},
                {"fullUrl":"urn:uuid:2","resource":{"resourceType":"DiagnosticReport","id":"d","contained":[{"resourceType":"Observation","id":"c","subject":{"reference":"urn:uuid:1"}}],
                  "result":[{"reference":"#c"},{"reference":"https://ehr.example.invalid/fhir/Encounter/e/_history/2"}]}},
                {"fullUrl":"https://ehr.example.invalid/fhir/Encounter/e","resource":{"resourceType":"Encounter","id":"e","partOf":{"reference":"Encounter/e"}}},
                {"resource":{"resourceType":"Organization","id":"o","partOf":{"reference":"Organization/o2"}}},
                {"resource":{"resourceType":"Organization","id":"o2","partOf":{"reference":"Organization/o"}}},
                {"request":{"method":"GET","url":"Patient"}}]}"##,
        )]);
        assert_eq!(
            sent(part_of(&parts, "b#Bundle.entry[1]")),
            ["DiagnosticReport/d", "Patient/a", "Encounter/e", "Organization/o", "Organization/o2"]
        );
        assert_eq!(parts.len(), 6);
        assert_eq!(parts[5].kind, PartKind::NoResource);
        let text = &parts[1].text;
        assert!(text.starts_with(
            r#"{"resourceType":"Bundle","type":"collection","id":"B","entry":[{"fullUrl":"urn:uuid:2","#
        ));
        assert!(!text.contains("request") && !text.contains("total"), "{text}");
    }

    #[test]
    fn context_is_found_across_lines_and_files_and_the_own_document_comes_first() {
        let parts = split(&[
            (
                "Encounter.ndjson",
                "{\"resourceType\":\"Encounter\",\"id\":\"e\",\"subject\":{\"reference\":\"Patient/a\"}}\n{\"resourceType\":\"Encounter\",\"id\":\"f\",\"partOf\":{\"reference\":\"Encounter/e\"}}\n",
            ),
            (
                "Patient.ndjson",
                "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n{\"resourceType\":\"Patient\",\"id\":\"b\"}\n",
            ),
            (
                "other.json",
                r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"b","gender":"male"}},{"resource":{"resourceType":"Task","id":"t","for":{"reference":"Patient/b"}}}]}"#,
            ),
        ]);
        assert_eq!(sent(part_of(&parts, "Encounter.ndjson:2")), ["Encounter/f", "Encounter/e", "Patient/a"]);
        let task = part_of(&parts, "other.json#Bundle.entry[1]");
        assert_eq!(sent(task), ["Task/t", "Patient/b"]);
        assert!(task.text.contains("male"));
    }

    #[test]
    fn of_two_by_the_same_name_neither_is_taken_unless_they_are_the_same() {
        let task = ("task", r#"{"resourceType":"Task","for":{"reference":"Patient/a"}}"#);
        let one = ("one", r#"{"resourceType":"Patient","id":"a","meta":{"versionId":"1"}}"#);
        let two = ("two", r#"{"resourceType":"Patient","id":"a","meta":{"versionId":"2"}}"#);
        assert_eq!(sent(&split(&[task, one])[0]), ["Task/", "Patient/a"]);
        assert_eq!(sent(&split(&[task, one, two])[0]), ["Task/"]);
        assert_eq!(sent(&split(&[task, one, ("again", one.1)])[0]), ["Task/", "Patient/a"]);
        assert_eq!(sent(&split(&[task, one, two, one])[0]), ["Task/"], "three are no better than two");
        let both =
            format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{0}}},{{"resource":{0}}}]}}"#, one.1);
        for files in [[task, one, ("both", &both)], [task, ("both", &both), one]] {
            assert_eq!(sent(&split(&files)[0]), ["Task/"], "whatever the order of the files");
        }
    }

    #[test]
    fn a_bundle_in_an_array_or_in_a_bundle_is_a_document_of_its_own() {
        let bundle = |id: &str, patient: &str| {
            format!(
                r#"{{"resourceType":"Bundle","entry":[{{"resource":{{"resourceType":"Task","id":"{id}","for":{{"reference":"Patient/a"}}}}}},{{"resource":{patient}}}]}}"#
            )
        };
        let (one, two) = (
            r#"{"resourceType":"Patient","id":"a"}"#,
            r#"{"resourceType":"Patient","id":"a","gender":"male"}"#,
        );
        for other in [one, two] {
            let bundles = [bundle("t", one), bundle("u", other)];
            let nested = bundles.each_ref().map(|bundle| format!(r#"{{"resource":{bundle}}}"#)).join(",");
            for text in [
                format!("[{}]", bundles.join(",")),
                format!(r#"{{"resourceType":"Bundle","entry":[{nested}]}}"#),
                bundles.join("\n"),
            ] {
                let parts = split(&[("b", &text)]);
                assert_eq!(sent(&parts[0]), ["Task/t", "Patient/a"], "{text}");
                assert_eq!(sent(&parts[2]), ["Task/u", "Patient/a"], "{text}");
                assert_eq!(parts[2].text.contains("male"), other == two, "{text}");
            }
        }
    }

    #[test]
    fn a_relative_reference_is_to_the_server_of_what_refers() {
        let entry = |server: &str, resource: &str, id: &str, more: &str| {
            format!(
                r#"{{"fullUrl":"https://{server}.example.invalid/{resource}/{id}","resource":{{"resourceType":"{resource}","id":"{id}"{more}}}}}"#
            )
        };
        let refers = r#","for":{"reference":"Patient/a"}"#;
        let entries = [
            entry("one", "Task", "t", refers),
            entry("one", "Patient", "a", ""),
            entry("two", "Patient", "a", r#","gender":"male""#),
            entry("two", "Task", "u", refers),
        ];
        let parts =
            split(&[("b", &format!(r#"{{"resourceType":"Bundle","entry":[{}]}}"#, entries.join(",")))]);
        assert_eq!(sent(&parts[0]), ["Task/t", "Patient/a"]);
        assert!(!parts[0].text.contains("male"));
        assert_eq!(sent(&parts[3]), ["Task/u", "Patient/a"]);
        assert!(parts[3].text.contains("male"));
    }

    #[test]
    fn a_deletion_is_no_creation_and_what_is_deleted_goes_nowhere() {
        let parts = split(&[(
            "h",
            r#"{"resourceType":"Bundle","type":"history","entry":[
                {"request":{"method":"DELETE","url":"Patient/a"}},
                {"fullUrl":"urn:uuid:9","resource":{"resourceType":"Task","id":"t"},"request":{"method":"delete","url":"Task/t"}},
                {"resource":{"resourceType":"Task","id":"u","for":{"reference":"Patient/a"}}},
                {"resource":{"resourceType":"Patient","id":"a"}}]}"#,
        )]);
        let kinds: Vec<_> = parts.iter().map(|part| part.kind).collect();
        let of = |name: &str| ResourceType::parse(name).unwrap();
        assert_eq!(
            kinds,
            [
                PartKind::Deletion(Some(of("Patient"))),
                PartKind::Deletion(Some(of("Task"))),
                PartKind::Resource(of("Task")),
                PartKind::Deletion(Some(of("Patient")))
            ]
        );
        assert_eq!(sent(&parts[2]), ["Task/u"]);
        for (request, stays) in [
            (r#"{"method":"PUT","url":"Task/t"}"#, false),
            (r#"{"method":" DELETE ","url":"Task/t"}"#, true),
            (r#"{"method":1}"#, true),
            (r#"{"url":"Task/t"}"#, true),
        ] {
            let entry = format!(r#"{{"resource":{{"resourceType":"Task","id":"t"}},"request":{request}}}"#);
            let parts = split(&[("h", &format!(r#"{{"resourceType":"Bundle","entry":[{entry}]}}"#))]);
            assert_eq!(
                parts[0].text.contains("request"),
                stays,
                "what is no request is refused with it: {request}"
            );
        }
    }

    #[test]
    fn gathering_ends_where_an_event_has_more_than_it_may_have() {
        let members: String = (0..MOST_RESOURCES + 500)
            .map(|n| format!("{{\"resourceType\":\"Patient\",\"id\":\"p{n}\"}}\n"))
            .collect();
        let entities: Vec<String> = (0..MOST_RESOURCES + 500)
            .map(|n| format!("{{\"entity\":{{\"reference\":\"Patient/p{n}\"}}}}"))
            .collect();
        let group =
            format!("{{\"resourceType\":\"Group\",\"id\":\"g\",\"member\":[{}]}}", entities.join(","));
        let parts = split(&[("g", &group), ("p", &members)]);
        assert_eq!(sent(&parts[0]).len(), MOST_RESOURCES + 1);
        assert_eq!(sent(&parts[1]), ["Patient/p0"], "who is referred to takes nothing along");
    }

    #[test]
    fn lines_are_documents_and_a_broken_one_does_not_spoil_the_rest() {
        let parts = split(&[(
            "",
            "{\"resourceType\":\"Patient\"}\n\n{\"resourceType\":}\n{\"resourceType\":\"Task\"}\n",
        )]);
        assert_eq!(inputs(&parts), [":1", ":3", ":4"]);
        assert_eq!(parts[1].kind, PartKind::Whole);
    }

    #[test]
    fn a_byte_order_mark_is_of_no_line() {
        let lines = "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Task\"}\n";
        assert_eq!(split(&[("", &format!("\u{FEFF}{lines}"))]), split(&[("", lines)]));
        let after_a_blank = split(&[("", &format!("\u{FEFF}\r\n{lines}"))]);
        assert_eq!(inputs(&after_a_blank), [":2", ":3"]);
        let mut found = Vec::new();
        each_document(&format!("\u{FEFF}{lines}"), &mut |start, line, read| {
            found.push((start, line, read.is_ok()));
        });
        assert_eq!(found, [(3, 0, true), (30, 1, true)]);
    }

    #[test]
    fn what_is_no_json_is_one_part_as_it_is() {
        assert_eq!(split(&[("", "not json at all")]).len(), 1);
        assert_eq!(split(&[("", "")]).len(), 1);
        assert_eq!(split(&[("", "{\n \"a\": [1,\n 2\n")]).len(), 1);
        assert_eq!(split(&[("", "[]")]).len(), 0);
        assert_eq!(split(&[("", r#"[{"resourceType":"Task"},{"x":1}]"#)]).len(), 2);
        assert_eq!(split(&[("", r#"{"resourceType":"Bundle","entry":[]}"#)]).len(), 1);
        let kinds = |entry: &str| -> Vec<PartKind> {
            let bundle = format!(r#"{{"resourceType":"Bundle","entry":{entry}}}"#);
            split(&[("", &bundle)]).iter().map(|part| part.kind).collect()
        };
        for entry in
            [r#"{"resource":{"resourceType":"Task"}}"#, r#"{"a":{"resource":{"resourceType":"Task"}}}"#, "1"]
        {
            assert_eq!(kinds(entry), [PartKind::Whole], "what is no list has no entries: {entry}");
        }
        assert_eq!(
            kinds(r#"["x",[{"resource":{"resourceType":"Task"}}],{}]"#),
            [PartKind::Whole, PartKind::Whole, PartKind::NoResource]
        );
    }
}
