//! Lint: what to look at in an adapter beyond its form.

use super::EventMap;
use super::crm::CrmField;
use super::drift::ElementPath;
use super::places;
use crate::engine::canonical::{DisclosureClass, FieldEntry, FieldType};
use crate::engine::document::{Diagnostic, Document, Edit, Lint};
use crate::engine::fhir::{Json, NodeId, ResourceType};
use crate::engine::path::{Never, Selector};
use crate::engine::policy::edit::{Layout, splice};
use crate::engine::policy::lint::codes::{DOCUMENT_TWICE, VERSION_TWICE};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

static EVENT_TWICE: Lint = Lint::error(
    "event-twice",
    "Two entries read the same type of event from the same resource type in the same state.",
    "Merge the two, or tell them apart by `when`.",
);
static FIELD_TWICE: Lint = Lint::warning(
    "field-twice",
    "An event fills a field by two entries.",
    "Write both places in one selector, with `|` between.",
);
static SOURCE_ID_MISSING: Lint = Lint::warning(
    "source-id-missing",
    "An event does not keep the source's id of what it is about.",
    "Fill `sourceId` of the entity: without it a record can't be traced back.",
);
static NEVER_HOLDS: Lint = Lint::warning(
    "never-holds",
    "A selector or a condition asks for what can never be.",
    "Check spelling and type: a required value set bounds an element's codes, and one that does not repeat has one item.",
);
static EVENT_UNUSED: Lint = Lint::warning(
    "event-unused",
    "No policy that is checked along covers an event type.",
    "Remove it, or cover it by a policy.",
);

static IDENTIFYING_READ: Lint = Lint::error(
    "identifying-read",
    "A field that does not identify the person is read from an element that does.",
    "Read the element into a field of class `phi-restricted` of the person's own, or another element into this field.",
);
static FREE_TEXT_READ: Lint = Lint::warning(
    "free-text-read",
    "A field of class `operational` or `clinical-adjacent` is read from an element that may hold any text.",
    "Read a code or its display. Free text never crosses as it is, unless it is one of the rule's `values`.",
);

static PATIENT_FIELD_OUTSIDE: Lint = Lint::error(
    "patient-field-outside",
    "A field of a CRM object that is not segregated stands for something about the patient.",
    "Move it to the segregated object; elsewhere a field of type `token` points to the patient.",
);
static SEGREGATED_TWICE: Lint = Lint::error(
    "segregated-twice",
    "More than one object of a CRM is segregated.",
    "Keep what is known of patients in one object, so that access, retention and deletion act on it alone.",
);
static SEGREGATED_MISSING: Lint = Lint::warning(
    "segregated-missing",
    "No object of a CRM is segregated.",
    "Mark the object that holds what is known of patients by `\"segregated\": true`. Without one nothing of them is held.",
);

/// Every lint of an adapter, in the order of the documentation.
pub static ALL: [&Lint; 12] = [
    &EVENT_TWICE,
    &FIELD_TWICE,
    &SOURCE_ID_MISSING,
    &IDENTIFYING_READ,
    &FREE_TEXT_READ,
    &NEVER_HOLDS,
    &EVENT_UNUSED,
    &PATIENT_FIELD_OUTSIDE,
    &SEGREGATED_TWICE,
    &SEGREGATED_MISSING,
    &VERSION_TWICE,
    &DOCUMENT_TWICE,
];

/// A field of a CRM object that is not segregated, and would hold something about the patient.
pub(super) fn patient_field(doc: &mut Document<'_>, at: NodeId, object: &str, field: &CrmField) {
    let Some(outside) = field.fields.iter().find(|own| field.is_of_patient(own)) else { return };
    let span = doc.json.span(doc.json.get(at, "fields").unwrap_or(at));
    let message = format!("`{}` is about the patient, and `{object}` may hold none of it.", outside.name);
    doc.lint(span, &PATIENT_FIELD_OUTSIDE, message);
}

/// Whether one object of a CRM is segregated, and one alone. `marks` are the places that say so.
pub(super) fn segregated(doc: &mut Document<'_>, objects: Option<NodeId>, marks: &[NodeId]) {
    if let (Some(objects), []) = (objects, marks) {
        let message = "None of its objects may hold anything about a patient.";
        doc.lint(doc.json.key_span(objects), &SEGREGATED_MISSING, message);
    }
    for mark in marks.iter().skip(1) {
        let (start, end) = doc.json.span(*mark);
        doc.lint((start, end), &SEGREGATED_TWICE, "Another object is segregated already.");
    }
}

/// Entities that come along with what an event is about.
const COME_ALONG: [&str; 4] = ["Person", "PatientProfile", "Practitioner", "Organization"];

/// Finds what there is to find in an adapter.
pub(super) fn run(doc: &mut Document<'_>, events: &[EventMap]) {
    let json = doc.json;
    let Some(list) = json.get(NodeId::ROOT, "events") else { return };
    let shared: BTreeSet<String> = json
        .get(NodeId::ROOT, "subjectFields")
        .into_iter()
        .flat_map(|fields| json.children(fields))
        .filter_map(|item| Some(json.get_str(item, "field")?.into_owned()))
        .collect();
    for event in json.children(list) {
        fields_twice(doc, event, &shared);
    }
    source_ids(doc, list, events);
}

/// The entries of an adapter's events so far.
#[derive(Default)]
pub(super) struct Told<'a> {
    /// What each is read of, and when.
    read: BTreeSet<(Cow<'a, str>, Cow<'a, str>, &'a str)>,
    /// Each as it is written.
    written: BTreeSet<&'a str>,
}

impl<'a> Told<'a> {
    /// Whether an entry stands there before, word for word: then there is nothing in it that is not told.
    pub(super) fn word_for_word(&mut self, json: &'a Json, event: NodeId) -> bool {
        !self.written.insert(json.source(event))
    }

    /// Whether an entry reads what one before it does. Then it says so: the first of the two holds.
    pub(super) fn again(
        &mut self,
        doc: &mut Document<'a>,
        list: NodeId,
        place: usize,
        event: NodeId,
    ) -> bool {
        let json = doc.json;
        let [kind, focus] = ["type", "focus"].map(|key| json.get_str(event, key).unwrap_or_default());
        if kind.is_empty() || focus.is_empty() {
            return false;
        }
        let when = json.get(event, "when").map_or("", |when| json.source(when));
        let message = format!("`{kind}` is read so already.");
        let again = !self.read.insert((kind, focus, when));
        if again {
            let at = json.get(event, "type").unwrap_or(event);
            doc.lint(json.span(at), &EVENT_TWICE, message);
            doc.fix("Remove this entry", || splice(json, list, &[place], &[], Layout::Inline));
        }
        again
    }
}

fn fields_twice(doc: &mut Document<'_>, event: NodeId, shared: &BTreeSet<String>) {
    let json = doc.json;
    let Some(list) = json.get(event, "fields") else { return };
    let mut told = BTreeSet::new();
    for (place, item) in json.children(list).enumerate() {
        let Some(name) = json.get_str(item, "field").filter(|name| !name.is_empty()) else { continue };
        if !told.insert(name.clone().into_owned()) || shared.contains(name.as_ref()) {
            let at = json.get(item, "field").unwrap_or(item);
            doc.lint(json.span(at), &FIELD_TWICE, format!("`{name}` is filled by another entry, too."));
            doc.fix("Remove this entry", || splice(json, list, &[place], &[], Layout::Inline));
        }
    }
}

/// What an entry reads into a field that is taken not to point at the person, or to do so by something else.
pub(super) fn sources(
    doc: &mut Document<'_>,
    at: NodeId,
    field: &Arc<FieldEntry>,
    selector: &Selector,
    own: Option<ResourceType>,
) {
    if field.kind == FieldType::FreeText {
        return;
    }
    let restricted = field.class >= DisclosureClass::PhiRestricted;
    if restricted && field.is_of_patient() {
        return;
    }
    for path in selector {
        let places = places::of(own, path);
        // A method lets part of a restricted field out: for a field that is not the person's, it knows nothing of them.
        let identifies = |place: &&ElementPath| match restricted {
            true => place.identifies_its_own(),
            false => place.identifies(),
        };
        let free_text = |place: &&ElementPath| !restricted && place.is_free_text();
        let (lint, place, what) = if let Some(place) = places.iter().find(identifies) {
            (&IDENTIFYING_READ, place, "identifies the person")
        } else if let Some(place) = places.iter().find(free_text) {
            (&FREE_TEXT_READ, place, "may hold any text")
        } else {
            continue;
        };
        let span = doc.json.span(doc.json.get(at, "select").unwrap_or(at));
        let class = if restricted { "no field of the person" } else { field.class.as_str() };
        doc.lint(span, lint, format!("{} {what}, and `{}` is {class}.", place.spell(), field.name));
    }
}

/// Events that fill fields and not the source's id of what they are about.
fn source_ids(doc: &mut Document<'_>, list: NodeId, events: &[EventMap]) {
    let json = doc.json;
    let mut kept: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for event in events {
        let is_about = |entity: &str| event.focus.name() == "Patient" || !COME_ALONG.contains(&entity);
        let keeps =
            event.fields.iter().any(|field| field.short_name() == "sourceId" && is_about(field.entity()));
        *kept.entry((&event.event_type, event.focus.name())).or_insert(true) &= keeps;
    }
    for item in json.children(list) {
        let [kind, focus] = ["type", "focus"].map(|key| json.get_str(item, key).unwrap_or_default());
        let Some(fields) = json.get(item, "fields").filter(|fields| json.children(*fields).next().is_some())
        else {
            continue;
        };
        if kept.get(&(kind.as_ref(), focus.as_ref())) == Some(&false) {
            let message = format!("`{kind}` does not keep the source's id of what it is about.");
            doc.lint(json.key_span(fields), &SOURCE_ID_MISSING, message);
        }
    }
}

/// Says at a string what in it can never be. Where the string has no escapes, so that places in it are places in the
/// text, what was probably meant can take the place of what stands there.
pub(super) fn never_holds(doc: &mut Document<'_>, at: NodeId, never: &Never) {
    let json = doc.json;
    let (start, end) = json.span(at);
    let place = |from: u32, more: usize| u32::try_from(more).map_or(end, |more| (from + more).min(end - 1));
    let from = place(start + 1, never.offset);
    let rest = json.text().get(from as usize..end as usize).unwrap_or_default();
    let written =
        never.instead.as_ref().filter(|_| !json.source(at).contains('\\')).and_then(|(written, meant)| {
            // A literal of a selector is in quotes; a condition's value is the whole string.
            let quoted = rest.find(&["'", written, "'"].concat()).map(|at| at + 1);
            let at = quoted.or_else(|| rest.starts_with(written.as_str()).then_some(0))?;
            Some((place(from, at), place(from, at + written.len()), *meant))
        });
    doc.lint((written.map_or(from, |(start, ..)| start), end), &NEVER_HOLDS, never.message.clone());
    if let Some((start, end, meant)) = written {
        doc.fix(format!("Write `{meant}`"), || vec![Edit { start, end, text: meant.to_owned() }]);
    }
}

/// The findings for event types that none of the policies beside it covers; `covered` gives the types that those cover
/// which name an adapter, none where there are no such.
pub fn unused<'a>(text: &str, covered: impl Fn(&str) -> Option<BTreeSet<&'a str>>) -> Vec<Diagnostic> {
    let Ok(json) = Json::read(text) else { return Vec::new() };
    let mut doc = Document::new(&json, "adapter");
    let Some(covered) = json.get_str(NodeId::ROOT, "id").and_then(|id| covered(&id)) else {
        return Vec::new();
    };
    let Some(list) = json.get(NodeId::ROOT, "events") else { return Vec::new() };
    for event in json.children(list) {
        let Some(at) = json.get(event, "type") else { continue };
        let Some(kind) = json.str(at).filter(|kind| !kind.is_empty() && !covered.contains(kind.as_ref()))
        else {
            continue;
        };
        doc.lint(json.span(at), &EVENT_UNUSED, format!("No policy here covers `{kind}`."));
    }
    doc.finish()
}
