//! Adapters: one system's shapes to canonical fields. They know nothing of purposes.

pub mod drift;
mod event;
mod keys;
mod plan;
mod read;

pub use event::{Condition, Effect, EventMap, Subject};
pub use keys::ADAPTER;
pub use plan::{Claim, Plan};

use super::canonical::{Catalogue, FieldEntry};
use super::document::{Diagnostic, Document, not_json};
use super::fhir::{Json, NodeId};

/// Where each canonical field was found in an event: places, no values.
pub type Claims = Vec<Claim>;

/// An adapter that can be used.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    /// How each type of event is read.
    pub events: Vec<EventMap>,
    /// Elements of the source that are not FHIR's, and are taken as they come.
    pub deviations: Vec<drift::ElementPath>,
}

impl Adapter {
    /// Reads an adapter text. Total: gives what could be read, and all there is to say.
    pub fn read(text: &str, catalogue: &Catalogue) -> (Option<Self>, Vec<Diagnostic>) {
        let json = match Json::read(text) {
            Ok(json) => json,
            Err(refusal) => return (None, vec![not_json("adapter", &refusal)]),
        };
        let mut doc = Document::new(&json, "adapter");
        let root = NodeId::ROOT;
        if !doc.object(root, &ADAPTER) {
            return (None, doc.finish());
        }
        doc.schema_version(root, &["1"]);
        for key in ["title", "system"] {
            doc.string(root, key);
        }
        doc.one_of(root, "direction", &[()], |()| "to-canonical");
        let id = doc.string(root, "id");
        let version = doc.string(root, "version");
        let deviations = read::deviations(&mut doc, root);
        let events = read::events(&mut doc, root, catalogue, &deviations);
        (Some(Self { id, version, events, deviations }), doc.finish())
    }

    /// Whether this adapter reads an event type.
    pub fn reads(&self, event_type: &str) -> bool {
        self.events.iter().any(|event| event.event_type == event_type)
    }
}
