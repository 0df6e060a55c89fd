//! Adapters: one system's shapes to canonical fields, and back. They know nothing of purposes.

mod crm;
pub mod drift;
mod entities;
mod event;
mod keys;
pub mod lint;
mod path;
mod places;
mod plan;
mod read;
mod record;
mod write;

pub use crm::{CrmAdapter, CrmField, CrmObject, CrmType};
pub use entities::Entities;
pub use event::{Condition, Effect, EventMap, Subject};
pub use keys::{ADAPTER, ADAPTER_OF_VERSION_1, CRM_ADAPTER};
pub use plan::{Claim, Plan};
pub use write::{Misfit, ResourceMap};

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
    /// How resources are written.
    pub resources: Vec<ResourceMap>,
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
        let version_1 = doc.schema_version(root, &["1", "2"]) == Some("1");
        if !doc.object(root, if version_1 { &ADAPTER_OF_VERSION_1 } else { &ADAPTER }) {
            return (None, doc.finish());
        }
        for key in ["title", "system"] {
            doc.string(root, key);
        }
        doc.one_of(root, "direction", &[()], |()| "to-canonical");
        let id = doc.string(root, "id");
        let version = doc.string(root, "version");
        let deviations = read::deviations(&mut doc, root);
        let events = read::events(&mut doc, root, catalogue, &deviations);
        lint::run(&mut doc, &events);
        let resources = write::resources(&mut doc, root, catalogue);
        (Some(Self { id, version, events, resources, deviations }), doc.finish())
    }

    /// How a resource of a type is written for an event of a type: as the adapter says for that event type, or
    /// for any.
    pub fn resource(&self, kind: &str, event_type: &str) -> Option<&ResourceMap> {
        let of_kind = || self.resources.iter().filter(|map| map.kind.name() == kind);
        let own = of_kind().find(|map| map.event_type.as_deref() == Some(event_type));
        own.or_else(|| of_kind().find(|map| map.event_type.is_none()))
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
    fn an_older_format_is_still_read() {
        let head = r#""id":"a","version":"1","title":"t","system":"s","subjectFields":[{"field":"Person.city","select":"address.city"}]"#;
        let old = format!(r#"{{"schemaVersion":1,"direction":"to-canonical",{head},"events":[{EVENT}}}]}}"#);
        let new = format!(r#"{{"schemaVersion":2,{head},"events":[{EVENT}}}]}}"#);
        let read = |text: &str| {
            let (adapter, findings) = Adapter::read(text, Catalogue::shipped());
            assert_eq!(findings, []);
            let names = adapter.unwrap().events.remove(0).fields;
            names.iter().map(|field| field.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            read(&old),
            ["CareEvent.sourceId", "CareEvent.status", "Person.city", "Person.sourceId", "Person.display"]
        );
        assert_eq!(read(&old), read(&new));
        assert_eq!(codes(&new.replace(":2,", ":1,")), ["adapter.missing-key"]);
        assert_eq!(codes(&old.replace("on\":1", "on\":2")), ["adapter.unknown-key"]);
        assert_eq!(
            codes(&old.replace("on\":1", "on\":9")),
            ["adapter.schema-version", "adapter.unknown-key"]
        );
    }

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
