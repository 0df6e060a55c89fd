//! Writing FHIR resources from canonical values.

use super::entities::Entities;
use super::keys::{BESIDE, RESOURCE, WRITTEN};
use super::path::{Place, Why, close_gaps};
use super::read::{canonical, resource_type};
use crate::engine::canonical::{Catalogue, FieldEntry};
use crate::engine::document::Document;
use crate::engine::fhir::{Json, NodeId, ResourceType};
use crate::engine::phi::Phi;
use crate::engine::refusal::Code;
use crate::engine::validate::{first_failing, structure};
use crate::order;
use serde_json::json;
use std::collections::BTreeSet;
use std::slice;
use std::sync::Arc;

/// How resources of one type are written.
#[derive(Clone, Debug)]
pub struct ResourceMap {
    /// The resource type.
    pub kind: ResourceType,
    /// The event type that it is written for; none for any other.
    pub event_type: Option<String>,
    written: Vec<Written>,
}

#[derive(Clone, Debug)]
struct Written {
    source: Source,
    place: Place,
    beside: Vec<(Place, String)>,
}

#[derive(Clone, Debug)]
enum Source {
    Field(Arc<FieldEntry>),
    /// Always the same.
    Value(String),
}

/// Why canonical values can't be written. It says which field it is about, by its place in the catalogue, and nothing of
/// what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// There is no such object.
    UnknownObject,
    /// There is nothing to write.
    Nothing,
    /// A value has not the form of the element or CRM field.
    Unfit(usize),
    /// There are several values, and one place.
    Several(usize),
    /// Two fields would be written to the same place.
    Conflict(usize),
    /// It is a patient attribute, and the object may hold none.
    AttributeOutside(usize),
    /// What came out would not be FHIR R4: by this check.
    Structure(Code),
}

impl ResourceMap {
    /// The canonical fields that it writes.
    pub fn fields(&self) -> impl Iterator<Item = &Arc<FieldEntry>> {
        self.written.iter().filter_map(|written| match &written.source {
            Source::Field(field) => Some(field),
            Source::Value(_) => None,
        })
    }

    /// The resource as FHIR JSON. What is not known is not there.
    ///
    /// # Errors
    /// What can't be written. Nothing is written by halves, and nothing that the connector itself would refuse for its
    /// structure.
    pub fn write(&self, entities: &Phi<Entities>) -> Result<Phi<Json>, Misfit> {
        entities.as_ref().map(|entities| self.resource(entities)).transpose()
    }

    fn resource(&self, entities: &Entities) -> Result<Json, Misfit> {
        if self.fields().all(|field| entities.values(field).is_empty()) {
            return Err(Misfit::Nothing);
        }
        let mut root = json!({ "resourceType": self.kind.name() });
        for Written { source, place, beside } in &self.written {
            let (values, id) = match source {
                Source::Field(field) => (entities.values(field), field.id),
                Source::Value(value) => (slice::from_ref(value), usize::MAX),
            };
            place.fill(&mut root, values, beside).map_err(|why| match why {
                Why::Unfit => Misfit::Unfit(id),
                Why::Several => Misfit::Several(id),
                Why::Conflict => Misfit::Conflict(id),
            })?;
        }
        close_gaps(&mut root);
        let json = Json::read(root.to_string()).map_err(|refusal| Misfit::Structure(refusal.code))?;
        match first_failing(&structure::check(&json, NodeId::ROOT)) {
            Some(issue) => Err(Misfit::Structure(issue.code)),
            None => Ok(json),
        }
    }
}

/// The adapter's resources, as far as they can be read.
pub(super) fn resources(doc: &mut Document<'_>, root: NodeId, catalogue: &Catalogue) -> Vec<ResourceMap> {
    let Some(list) = doc.json.get(root, "resources") else { return Vec::new() };
    let mut told = BTreeSet::new();
    let mut maps = Vec::new();
    for item in doc.items(list) {
        if !doc.object(item, &RESOURCE) {
            continue;
        }
        let kind = resource_type(doc, item, "type");
        let event_type = doc.optional(item, "event");
        let fields = doc.json.get(item, "fields").map(|list| doc.items(list)).unwrap_or_default();
        let Some(kind) = kind else { continue };
        if !told.insert((kind, event_type.clone())) {
            let help = "Write them as one, or for an event type each.";
            doc.error(item, "duplicate-resource", "It is said already how this is written.", help);
        }
        let mut written: Vec<Written> =
            fields.into_iter().filter_map(|field| read_written(doc, field, kind, catalogue)).collect();
        // What has a place comes first, so that the rest can go behind it.
        order::by(&mut written, |written| written.place.is_behind());
        maps.push(ResourceMap { kind, event_type, written });
    }
    maps
}

fn read_written(
    doc: &mut Document<'_>,
    at: NodeId,
    kind: ResourceType,
    catalogue: &Catalogue,
) -> Option<Written> {
    if !doc.object(at, &WRITTEN) {
        return None;
    }
    let path = doc.string(at, "path");
    let path_at = doc.json.get(at, "path").unwrap_or(at);
    let place = match Place::read(kind, &path) {
        Ok(place) => Some(place),
        Err(_) if path.is_empty() => None,
        Err((code, message)) => {
            doc.error(
                path_at,
                code,
                message,
                "Spell it by the keys of FHIR JSON, e.g. `Task.code.coding[0].code`.",
            );
            None
        }
    };
    let value = doc.optional(at, "value");
    let source = match (doc.json.get(at, "field").is_some(), value) {
        (true, None) => canonical(doc, at, catalogue).map(Source::Field),
        (false, Some(value)) => Some(Source::Value(value)),
        _ => {
            let help = "Write `\"field\": \"…\"` or `\"value\": \"…\"`.";
            doc.error(at, "written-from", "What is written is either a field or a value.", help);
            None
        }
    };
    let (place, source) = (place?, source?);
    match &source {
        Source::Field(field) if field.cardinality.many && !place.is_many() => {
            let message = format!("`{}` may have several values, and this element has one.", field.name);
            doc.error(path_at, "path-single", message, "Write it to an element that may repeat.");
        }
        Source::Value(value) if !place.takes(value) => unfit(doc, at),
        _ => {}
    }
    let mut beside = Vec::new();
    let items = doc.json.get(at, "with").map(|list| doc.items(list)).unwrap_or_default();
    for item in items {
        if !doc.object(item, &BESIDE) {
            continue;
        }
        let [path, value] = ["path", "value"].map(|key| doc.string(item, key));
        match place.beside(&path) {
            Ok(place) if place.takes(&value) => beside.push((place, value)),
            _ => unfit(doc, item),
        }
    }
    Some(Written { source, place, beside })
}

fn unfit(doc: &mut Document<'_>, at: NodeId) {
    let help = "Check the element's name and type.";
    doc.error(at, "value-unfit", "There is no element here that this value fits.", help);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::adapt::Adapter;
    use serde_json::Value;

    #[track_caller]
    fn written(kind: &str, values: &[(&str, &str)], expected: &Value) {
        let catalogue = Catalogue::shipped();
        let text = include_str!("../../../fixtures/adapters/fhir-r4.json");
        let adapter = Adapter::read(text, catalogue).0.unwrap();
        let mut entities = Entities::default();
        entities.extend(
            values.iter().map(|(name, value)| (&**catalogue.field(name).unwrap(), (*value).to_owned())),
        );
        let json = adapter.resource(kind, "outcome.reported").unwrap().write(&Phi::new(entities)).unwrap();
        let expected = expected.to_string();
        assert!(json.test(|json| json.text() == expected), "{kind}: not {expected}");
    }

    #[test]
    fn values_stand_where_fhir_has_them() {
        written(
            "Communication",
            &[
                ("Interaction.sourceId", "COM-001"),
                ("Interaction.status", "completed"),
                ("Interaction.topic", "reminder"),
                ("Interaction.channel", "sms"),
                ("Interaction.channel", "email"),
                ("Interaction.start", "2026-01-15T09:00:00Z"),
                ("Person.sourceId", "Patient/PAT-001"),
            ],
            &json!({
                "resourceType": "Communication", "id": "COM-001", "status": "completed", "sent": "2026-01-15T09:00:00Z",
                "topic": { "coding": [{ "code": "reminder" }] }, "subject": { "reference": "Patient/PAT-001" },
                "medium": [{ "coding": [{ "code": "sms" }] }, { "coding": [{ "code": "email" }] }],
            }),
        );
        written(
            "Patient",
            &[
                ("PatientProfile.sourceId", "Patient/PAT-001"),
                ("PatientProfile.active", "true"),
                ("PatientProfile.interpreterRequired", "true"),
                ("PatientProfile.preferredChannel", "sms"),
                ("Person.familyName", "Example"),
                ("Person.givenName", "Pat"),
                ("Person.givenName", "Q"),
                ("Person.phone", "+15555550100"),
            ],
            &json!({
                "resourceType": "Patient", "id": "PAT-001", "active": true,
                "name": [{ "family": "Example", "given": ["Pat", "Q"] }],
                "telecom": [{ "system": "phone", "value": "+15555550100" }, { "system": "sms", "rank": 1 }],
                "extension": [{
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired", "valueBoolean": true,
                }],
            }),
        );
        written(
            "Task",
            &[
                ("CareEvent.status", "completed"),
                ("CareEvent.intent", "order"),
                ("CareEvent.outcome", "seen"),
                ("CareEvent.basedOn", "ServiceRequest/SR-001"),
            ],
            &json!({
                "resourceType": "Task", "status": "completed", "intent": "order",
                "code": { "coding": [{ "code": "fulfill" }] }, "businessStatus": { "coding": [{ "code": "seen" }] },
                "basedOn": [{ "reference": "ServiceRequest/SR-001" }],
            }),
        );
    }

    #[test]
    fn gaps_are_closed_and_items_are_not_mixed() {
        written(
            "Organization",
            &[
                ("Organization.name", "Clinic Demo"),
                ("Organization.identifier", "A"),
                ("Organization.identifier", "B"),
                ("Organization.kind", "dept"),
                ("Organization.kind", "prov"),
            ],
            &json!({
                "resourceType": "Organization", "name": "Clinic Demo", "identifier": [{ "value": "A" }, { "value": "B" }],
                "type": [{ "coding": [{ "code": "dept" }] }, { "coding": [{ "code": "prov" }] }],
            }),
        );
    }
}
