//! Adapters: one system's shapes to canonical fields. They know nothing of purposes.

mod crm;
pub mod drift;
mod event;
mod keys;
pub mod lint;
mod places;
mod plan;
mod read;

pub use crm::{CrmAdapter, CrmField, CrmObject, CrmType};
pub use event::{Condition, Effect, EventMap, Subject};
pub use keys::{ADAPTER, CRM_ADAPTER};
pub use plan::{Claim, Plan};

use super::canonical::{Catalogue, FieldEntry};
use super::document::{Diagnostic, Document, not_json};
use super::fhir::{Json, NodeId, ResourceType};
use super::label::{self, LabelTable};

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
    /// Tables of labels that policies share.
    pub tables: Vec<LabelTable>,
    /// Elements of the source that are not FHIR's, and are taken as they come.
    pub deviations: Vec<drift::ElementPath>,
}

impl Adapter {
    /// Reads an adapter text. Total: gives what could be read, and all there is to say.
    pub fn read(text: &str, catalogue: &Catalogue) -> (Option<Self>, Vec<Diagnostic>) {
        let json = match Json::read(text) {
            Ok(json) => json,
            Err(refusal) => return (None, vec![not_json("adapter", text, &refusal)]),
        };
        let mut doc = Document::new(&json, "adapter");
        let root = NodeId::ROOT;
        if !doc.object(root, &ADAPTER) {
            return (None, doc.finish());
        }
        doc.schema_version(root, 2);
        for key in ["title", "system"] {
            doc.string(root, key);
        }
        let id = doc.string(root, "id");
        let version = doc.string(root, "version");
        let deviations = read::deviations(&mut doc, root);
        let events = read::events(&mut doc, root, catalogue, &deviations);
        lint::run(&mut doc, &events);
        let tables = label::read(&mut doc, root);
        (Some(Self { id, version, events, tables, deviations }), doc.finish())
    }

    /// Whether events of a type can be about a resource of a type.
    pub fn is_about(&self, event_type: &str, kind: ResourceType) -> bool {
        self.events.iter().any(|map| map.event_type == event_type && map.focus == kind)
    }

    /// Whether this adapter reads an event type.
    pub fn reads(&self, event_type: &str) -> bool {
        self.events.iter().any(|event| event.event_type == event_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::normalise::Normalise;

    fn codes(text: &str) -> Vec<String> {
        let (_, findings) = Adapter::read(text, Catalogue::shipped());
        findings.into_iter().map(|finding| finding.code).collect()
    }

    const EVENT: &str = r#"{"type":"referral.created","focus":"ServiceRequest","subject":"ServiceRequest.subject","fields":[
        {"field":"CareEvent.sourceId","select":"ServiceRequest.id"},
        {"field":"CareEvent.status","select":"ServiceRequest.status"}]"#;

    #[test]
    fn a_shape_is_read_wherever_an_event_has_it() {
        let adapter = |shapes: &str, related: &str| {
            format!(
                r#"{{"schemaVersion":2,"id":"a","version":"1","title":"t","system":"s","shapes":{shapes},"events":[{EVENT},"related":{related}}}]}}"#
            )
        };
        let shapes = r#"[{"name":"organization","type":"Organization","fields":[{"field":"Organization.name","select":"name","normalise":"text"}]}]"#;
        let at = "ServiceRequest.performer.resolve().ofType(Organization)";
        let text = adapter(shapes, &format!(r#"[{{"shape":"organization","at":"{at}"}}]"#));
        let (found, findings) = Adapter::read(&text, Catalogue::shipped());
        assert_eq!(findings, []);
        let event = found.unwrap().events.remove(0);
        let name = event.fields.iter().position(|field| field.name == "Organization.name").unwrap();
        assert_eq!(event.forms[name], Some(Normalise::Text));
        let one = shapes.trim_matches(['[', ']']);
        for (shapes, related, code) in [
            (
                shapes,
                r#"[{"shape":"organisation","at":"ServiceRequest.performer"}]"#,
                "adapter.unknown-shape",
            ),
            (shapes, r#"[{"shape":"organization"}]"#, "adapter.missing-key"),
            (shapes, "{}", "adapter.wrong-type"),
            ("{}", "[]", "adapter.wrong-type"),
            (&shapes.replace("text", "case"), "[]", "adapter.unknown-value"),
            (&format!("[{one},{one}]"), "[]", "adapter.duplicate-shape"),
        ] {
            assert_eq!(codes(&adapter(shapes, related)), [code], "{related}");
        }
    }
}
