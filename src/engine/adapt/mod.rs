//! Adapters: one system's shapes to canonical fields. They know nothing of purposes.

mod plan;
pub mod selector;

pub use plan::{Claim, Plan};

use super::canonical::{self, FieldEntry};
use super::fhir::{Json, NodeId, ResourceType};
use super::phi::Phi;
use super::policy::{Diagnostic, Document, Severity, closest, not_json};
use selector::Selector;

/// Where each canonical field was found in an event: places, no values.
pub type Claims = Vec<Claim>;

/// How one type of event is read.
#[derive(Clone, Debug)]
pub struct EventMap {
    /// Event type, e.g. `referral.created`.
    pub event_type: String,
    /// The resource type that such an event is about.
    pub focus: ResourceType,
    /// The canonical fields it fills, in the adapter's order.
    pub fields: Vec<&'static FieldEntry>,
    plan: Plan,
}

impl EventMap {
    /// Finds each canonical field in an event.
    pub fn adapt(&self, json: &Phi<Json>, data: NodeId, focus: NodeId) -> Claims {
        json.classify(|json| self.plan.walk(json, data, focus))
    }
}

/// An adapter that can be used.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    /// How each type of event is read.
    pub events: Vec<EventMap>,
}

impl Adapter {
    /// Reads an adapter text. Total: gives what could be read, and all there is to say.
    pub fn read(text: &str) -> (Option<Self>, Vec<Diagnostic>) {
        let json = match Json::read(text) {
            Ok(json) => json,
            Err(refusal) => return (None, vec![not_json("adapter", &refusal)]),
        };
        let mut doc = Document::new(&json, "adapter");
        let root = NodeId::ROOT;
        if !doc.object(root, &["schemaVersion", "id", "version", "title", "system", "direction", "events"]) {
            return (None, doc.findings);
        }
        doc.schema_version(root);
        for key in ["title", "system"] {
            doc.string(root, key);
        }
        if doc.string(root, "direction") != "to-canonical" {
            let at = json.get(root, "direction").unwrap_or(root);
            doc.error(at, "direction", "This direction is not known.", "Write `to-canonical`.");
        }
        let id = doc.string(root, "id");
        let version = doc.string(root, "version");
        let events = match json.get(root, "events") {
            None => {
                doc.missing(root, "events");
                Vec::new()
            }
            Some(at) => doc.items(at).into_iter().filter_map(|item| event(&mut doc, item)).collect(),
        };
        let mut findings = doc.findings;
        findings.sort_by_key(|finding| finding.place.offset);
        (Some(Self { id, version, events }), findings)
    }

    /// How an event type is read, where this adapter reads it.
    pub fn event(&self, event_type: &str) -> Option<&EventMap> {
        self.events.iter().find(|event| event.event_type == event_type)
    }
}

fn event(doc: &mut Document<'_>, at: NodeId) -> Option<EventMap> {
    if !doc.object(at, &["type", "focus", "fields"]) {
        return None;
    }
    let event_type = doc.string(at, "type");
    let name = doc.string(at, "focus");
    let focus = ResourceType::parse(&name);
    if focus.is_none() && !name.is_empty() {
        let focus_at = doc.json.get(at, "focus").unwrap_or(at);
        doc.error(
            focus_at,
            "unknown-resource-type",
            format!("FHIR R4 has no resource type `{name}`."),
            "Name the resource type that the event is about.",
        );
    }
    let mut fields = Vec::new();
    match doc.json.get(at, "fields") {
        None => doc.missing(at, "fields"),
        Some(list) => {
            for item in doc.items(list) {
                fields.extend(field(doc, item));
            }
        }
    }
    let plan = Plan::new(fields.iter().map(|(_, selector)| selector));
    let fields = fields.into_iter().map(|(entry, _)| entry).collect();
    Some(EventMap { event_type, focus: focus?, fields, plan })
}

fn field(doc: &mut Document<'_>, at: NodeId) -> Option<(&'static FieldEntry, Selector)> {
    if !doc.object(at, &["field", "select", "note"]) {
        return None;
    }
    doc.optional(at, "note");
    let name = doc.string(at, "field");
    let select = doc.string(at, "select");
    let entry = canonical::field(&name);
    if entry.is_none() && !name.is_empty() {
        let field_at = doc.json.get(at, "field").unwrap_or(at);
        let help = match closest(&name, canonical::catalogue().iter().map(|entry| entry.name)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Name a field of the canonical model.".to_owned(),
        };
        doc.error(field_at, "unknown-field", format!("There is no canonical field `{name}`."), help);
    }
    if select.is_empty() {
        return None;
    }
    match selector::parse(&select) {
        Ok(selector) => entry.map(|entry| (entry, selector)),
        Err(error) => {
            let select_at = doc.json.get(at, "select").unwrap_or(at);
            let (start, end) = doc.json.span(select_at);
            let offset = u32::try_from(error.offset).unwrap_or(0);
            let help = "See the subset that selectors may use.";
            doc.add(((start + 1 + offset).min(end), end), Severity::Error, error.code, error.message, help);
            None
        }
    }
}
