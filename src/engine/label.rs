//! Tables that give codes labels in our own words, so that no display that a sender typed need cross.
//!
//! An adapter has tables that policies share; a policy may have its own, and adds to one of the adapter's by giving a
//! table the same name. An entry names a code by its system and the code, or, where an element has no system beside
//! it, by the code alone; a resource by an identifier (system and value), or by `Type/id`.

use super::adapt::Adapter;
use super::adapt::drift::ElementPath;
use super::document::Document;
use super::fhir::{Json, Kind, Namespace, NodeId, in_force, resolve, type_and_id};
use super::keys::{
    Holds::{Line, Objects, Text},
    Key, Shape,
};
use super::policy::{Policy, Rule};
use super::redact::Method;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A table, as a document has it.
pub static TABLE: Shape = Shape {
    about: "A table that gives codes labels in our own words.",
    keys: &[
        Key::required("name", Text, "Its name, by which rules name it."),
        Key::optional("about", Text, "What it is about, in a sentence."),
        Key::required("entries", Objects(&ENTRY), "Its entries."),
    ],
};

/// An entry of a table.
pub static ENTRY: Shape = Shape {
    about: "A code and the label that crosses in its place.",
    keys: &[
        Key::optional(
            "system",
            Text,
            "The code system, or the system of an identifier; without it, what is named has none.",
        ),
        Key::required(
            "code",
            Text,
            "The code, the value of an identifier, or the reference to a resource, `Type/id`.",
        ),
        Key::required("label", Line(MOST_LABEL), "What crosses: up to 100 characters in one line."),
    ],
};

/// Longest label.
const MOST_LABEL: u32 = 100;
/// Longest code that is named to an author.
const MOST_CODE: usize = 64;
/// Longest system.
const MOST_SYSTEM: usize = 200;

/// What stands for a code that is in no table, where a rule wants that.
pub const OTHER: &str = "other";

/// What becomes of a code that is not in a rule's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// It crosses as `other`.
    Other,
    /// It does not cross.
    Withhold,
}

impl Unlisted {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Other, Self::Withhold];

    /// As documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Other => OTHER,
            Self::Withhold => "withhold",
        }
    }
}

/// Which table a rule takes labels from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The table's name.
    pub table: String,
    /// What becomes of a code that is not in it.
    pub unlisted: Unlisted,
}

/// A code of a system, or an identifier. Without a system, what it is has none by nature.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coded {
    /// The system.
    pub system: Option<String>,
    /// The code, the value of an identifier, or `Type/id`.
    pub code: String,
}

/// A table of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelTable {
    /// Its name.
    pub name: String,
    /// Its entries, in the order of the text.
    pub entries: Vec<(Coded, String)>,
}

/// Reads the tables of a document. Of two entries for a code the first holds, with a finding.
pub(super) fn read(doc: &mut Document<'_>, at: NodeId) -> Vec<LabelTable> {
    let items = doc.json.get(at, "tables").map(|list| doc.items(list)).unwrap_or_default();
    let mut tables: Vec<LabelTable> = Vec::new();
    for item in items {
        if !doc.object(item, &TABLE) {
            continue;
        }
        doc.optional(item, "about");
        let name = doc.string(item, "name");
        let mut table = LabelTable { name, entries: Vec::new() };
        let mut known = BTreeSet::new();
        for entry in doc.json.get(item, "entries").map(|list| doc.items(list)).unwrap_or_default() {
            if !doc.object(entry, &ENTRY) {
                continue;
            }
            let coded = Coded { system: doc.optional(entry, "system"), code: doc.string(entry, "code") };
            let label = doc.string(entry, "label");
            if let Some(place) =
                doc.json.get(entry, "label").filter(|_| !label.is_empty() && !is_label(&label))
            {
                let help = "Write up to 100 characters in one line.";
                doc.error(place, "label-malformed", "This can't be a label.", help);
            } else if !known.insert(coded.clone()) {
                let help = "Keep one of the two.";
                doc.error(entry, "duplicate-entry", "The table has this code already.", help);
            } else {
                table.entries.push((coded, label));
            }
        }
        if tables.iter().any(|own| own.name == table.name) {
            let help = "Put both into one table.";
            doc.error(item, "duplicate-table", format!("There are two tables `{}`.", table.name), help);
        } else {
            tables.push(table);
        }
    }
    tables
}

/// Whether a text has the form of a label.
fn is_label(text: &str) -> bool {
    (1..=MOST_LABEL as usize).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// The labels that one rule may let out, from the policy's own table and the adapter's of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    by_code: BTreeMap<Coded, String>,
    unlisted: Unlisted,
}

impl Labels {
    /// The labels of a rule that takes some. Without an adapter, those of the policy's own table.
    pub fn of_rule(rule: &Rule, policy: &Policy, adapter: Option<&Adapter>) -> Option<Self> {
        let lookup = rule.lookup.as_ref().filter(|_| rule.method == Method::Label)?;
        let shared = adapter.map_or(&[][..], |adapter| adapter.tables.as_slice());
        let tables = shared.iter().chain(&policy.tables).filter(|table| table.name == lookup.table);
        // What the policy says holds against what the adapter says.
        let by_code = tables.flat_map(|table| table.entries.iter().cloned()).collect();
        Some(Self { by_code, unlisted: lookup.unlisted })
    }

    /// Whether a value is one that may leave.
    pub fn holds(&self, value: &str) -> bool {
        (self.unlisted == Unlisted::Other && value == OTHER)
            || self.by_code.values().any(|label| label == value)
    }

    /// What may leave, each once: the labels in the order of the alphabet, and `other` last where it may.
    pub fn values(&self) -> Vec<&str> {
        let labels: BTreeSet<&str> =
            self.by_code.values().map(String::as_str).filter(|label| *label != OTHER).collect();
        let other = self.holds(OTHER).then_some(OTHER);
        labels.into_iter().chain(other).collect()
    }

    /// What stands for a code that is not in the table; none where it is withheld.
    pub(super) fn unlisted(&self) -> Option<&'static str> {
        (self.unlisted == Unlisted::Other).then_some(OTHER)
    }

    /// The label of what stands at a node; none where it is not in the table. Many nodes may stand for one resource, which may
    /// have many identifiers: `known` holds what was found for a resource.
    pub(super) fn find<'a>(
        &'a self,
        json: &Json,
        namespace: &Namespace<'_>,
        node: NodeId,
        known: &mut BTreeMap<NodeId, Option<&'a str>>,
    ) -> Option<&'a str> {
        if is_text(json, node) {
            return None;
        }
        let find = |name: Coded| self.by_code.get(&name).map(String::as_str);
        let own = match target(json, namespace.data, node) {
            Some(resource) => *known
                .entry(resource)
                .or_insert_with(|| of_resource(json, namespace, resource).into_iter().find_map(find)),
            None => name(json, node).and_then(find),
        };
        own.or_else(|| beside(json, namespace, node).and_then(find))
    }
}

/// What a node of an event is called first: a code with its system, an identifier with its system, a resource by its
/// `Type/id` or else its first identifier.
fn first_name(json: &Json, namespace: &Namespace<'_>, node: NodeId) -> Option<Coded> {
    let own = match target(json, namespace.data, node) {
        Some(resource) => of_resource(json, namespace, resource).into_iter().next(),
        None => name(json, node),
    };
    own.or_else(|| beside(json, namespace, node))
}

/// The resource that a node stands for: one that the event has, referred to there, or whose id stands there.
fn target(json: &Json, data: NodeId, node: NodeId) -> Option<NodeId> {
    if json.is_member(node, "reference") {
        return resolve(json, data, node);
    }
    let holder = json.parent(node).filter(|_| json.is_member(node, "id"))?;
    json.resource_type(holder).map(|_| holder)
}

/// What a table calls what stands at a node, which is of no resource that the event has.
fn name(json: &Json, node: NodeId) -> Option<Coded> {
    let text = json.scalar(node)?;
    if json.is_member(node, "reference") {
        return of_reference(&text);
    }
    match system_beside(json, node) {
        Some(system) => Some(Coded { system: Some(system?.into_owned()), code: text.into_owned() }),
        None => Some(Coded { system: None, code: text.into_owned() }),
    }
}

/// The identifier that stands beside a reference.
fn beside(json: &Json, namespace: &Namespace<'_>, node: NodeId) -> Option<Coded> {
    let whole = json.parent(node).filter(|_| json.is_member(node, "reference"))?;
    let identifier = [json.get(whole, "identifier")?];
    in_force(json, &identifier, namespace.at).into_iter().find_map(|own| of_identifier(json, own))
}

/// `Type/id` of a resource on the source's own server, and its identifiers that are in force, the preferred one first.
fn of_resource(json: &Json, namespace: &Namespace<'_>, resource: NodeId) -> Vec<Coded> {
    let kind = json.resource_type(resource);
    let id = kind.zip(json.get_str(resource, "id"));
    // A contained resource is another one in each document, whatever its id.
    let contained = json.parent(resource).is_some_and(|list| json.is_member(list, "contained"));
    let by_id = id
        .filter(|_| !contained && namespace.is_own(json, resource))
        .map(|(kind, id)| Coded { system: None, code: format!("{}/{id}", kind.name()) });
    let list = json.get(resource, "identifier").into_iter().flat_map(|list| json.children(list));
    let identifiers = in_force(json, &list.collect::<Vec<_>>(), namespace.at).into_iter();
    by_id.into_iter().chain(identifiers.filter_map(|own| of_identifier(json, own))).collect()
}

fn of_identifier(json: &Json, identifier: NodeId) -> Option<Coded> {
    let [system, value] = ["system", "value"].map(|key| json.get_str(identifier, key));
    Some(Coded { system: Some(system?.into_owned()), code: value?.into_owned() })
}

/// A reference to what the event does not have: relative, `Type/id`, or conditional, `Type?identifier=system|value`. One to
/// another server is none of what a table names.
fn of_reference(text: &str) -> Option<Coded> {
    if let Some((_, name)) = text.split_once("?identifier=") {
        let (system, code) = name.split_once('|')?;
        let named = !system.is_empty() && !code.is_empty();
        return named.then(|| Coded { system: Some(system.to_owned()), code: code.to_owned() });
    }
    let relative = type_and_id(text).filter(|name| text.starts_with(name))?;
    Some(Coded { system: None, code: relative.to_owned() })
}

/// The system that stands beside a code or the value of an identifier, or that should: the inner value is none where it is
/// missing. The outer is none for an element that has no system beside it by nature.
pub(super) fn system_beside(json: &Json, node: NodeId) -> Option<Option<Cow<'_, str>>> {
    if let Some(system) = system_node(json, node) {
        return Some(json.str(system));
    }
    let whole = json.parent(node)?;
    let is_coding =
        json.is_member(node, "code") && json.parent(whole).is_some_and(|list| json.is_member(list, "coding"));
    let is_coded = || {
        !json.is_member(node, "system")
            && ElementPath::of(json, node)
                .and_then(|path| path.type_around())
                .is_some_and(|own| ["Coding", "Identifier", "Quantity"].contains(&own))
    };
    (is_coding || is_coded()).then_some(None)
}

/// Where the system stands that is beside a code or the value of an identifier.
pub(super) fn system_node(json: &Json, node: NodeId) -> Option<NodeId> {
    let whole = json.parent(node).filter(|whole| json.kind(*whole) == Kind::Object)?;
    json.get(whole, "system").filter(|system| *system != node)
}

/// The code of an element that is not in a table, to name it to an author; none where it has not the form of one.
pub(super) fn unlisted_code(json: &Json, namespace: &Namespace<'_>, node: NodeId) -> Option<Coded> {
    let coded = first_name(json, namespace, node).filter(|_| !is_text(json, node))?;
    let is_word = |text: &str, most: usize| text.len() <= most && text.bytes().all(|b| b.is_ascii_graphic());
    (is_word(&coded.code, MOST_CODE)
        && coded.system.as_ref().is_none_or(|system| is_word(system, MOST_SYSTEM)))
    .then_some(coded)
}

/// Whether an element is text that somebody wrote, or nothing that is known.
pub(super) fn is_text(json: &Json, node: NodeId) -> bool {
    ElementPath::of(json, node).is_none_or(|path| path.is_text())
}

/// The concept that a coding is one of several of; the node itself where it is in none.
pub(super) fn concept(json: &Json, node: NodeId) -> NodeId {
    let coding = json.parent(node).and_then(|coding| json.parent(coding));
    coding.filter(|list| json.is_member(*list, "coding")).unwrap_or(node)
}
