//! What an adapter may hold, key by key.

use super::crm::CrmType;
use super::event::Effect;
use crate::engine::canonical::{Cardinality, Catalogue};
use crate::engine::fhir::ResourceType;
use crate::engine::keys::{
    Holds::{self, Choice, Flag, Form, ListOf, Objects, SomeOf, Text, Version},
    Key, Needed, Shape,
};
use crate::engine::label::TABLE;
use crate::engine::normalise::Normalise;

/// An adapter.
pub static ADAPTER: Shape = Shape {
    about: "An adapter: one system's shapes to canonical fields. It knows nothing of purposes.",
    keys: &[
        Key::required("schemaVersion", Version(2), "Version of the adapter format."),
        ID,
        VERSION,
        TITLE,
        SYSTEM,
        DEVIATIONS,
        SUBJECT_FIELDS,
        Key::optional("shapes", Objects(&SHAPE), "What is read of resources wherever an event has them."),
        EVENTS,
        Key::optional("tables", Objects(&TABLE), "Tables of labels that policies share."),
    ],
};

const ID: Key = Key::required("id", Text, "Id, by which policies name it.");
const VERSION: Key = Key::required("version", Text, "Version of the adapter.");
const TITLE: Key = Key::required("title", Text, "What it reads, in a few words.");
const SYSTEM: Key = Key::required("system", Text, "The kind of system.");
const DEVIATIONS: Key = Key::optional(
    "deviations",
    ListOf(&Form("^[A-Z][A-Za-z]*(\\._?[a-z][A-Za-z0-9]{0,63})+$")),
    "Elements of the source that are not FHIR's and are taken as they come.",
);
const SUBJECT_FIELDS: Key =
    Key::optional("subjectFields", Objects(&FIELD), "Fields below the Patient, filled by each event.");
const EVENTS: Key = Key::required("events", Objects(&EVENT), "How each type of event is read.");

/// The adapter of a CRM.
pub static CRM_ADAPTER: Shape = Shape {
    about: "The adapter of a CRM: its objects, and the canonical fields that their fields stand for.",
    keys: &[
        Key::required("schemaVersion", Version(2), "Version of the adapter format."),
        ID,
        VERSION,
        TITLE,
        SYSTEM,
        Key::required("objects", Objects(&CRM_OBJECT), "The objects that the CRM has."),
    ],
};

/// A CRM object.
pub static CRM_OBJECT: Shape = Shape {
    about: "A CRM object.",
    keys: &[
        Key::required("name", Text, "Its name, the first part of targets."),
        Key::required("about", Text, "What it is, in a sentence."),
        Key::optional("segregated", Flag, "Whether it is the object that alone holds patient attributes."),
        Key::required("fields", Objects(&CRM_FIELD), "Its fields."),
    ],
};

/// A field of a CRM object.
pub static CRM_FIELD: Shape = Shape {
    about: "A field of a CRM object.",
    keys: &[
        Key::required("name", Text, "Its name, the second part of targets."),
        Key::required("type", Choice(crm_types), "What it holds."),
        Key::required("cardinality", Choice(cardinalities), "How many values it holds."),
        Key::required("fields", ListOf(&CANONICAL), "The canonical fields that it stands for."),
        Key::optional("values", SomeOf(&Text), "The values that it may have; any without it."),
        Key::optional("note", Text, "What else there is to say."),
    ],
};

/// A shape.
pub static SHAPE: Shape = Shape {
    about: "What is read of resources of one kind, wherever an event has one.",
    keys: &[
        Key::required("name", Text, "Its name, by which events name it."),
        Key::required("type", RESOURCE_TYPE, "The FHIR resource type."),
        Key::required("fields", Objects(&FIELD), "The canonical fields, read from the resource on."),
    ],
};

/// Where an event has a resource of a shape.
pub static RELATED: Shape = Shape {
    about: "Where an event has a resource of a shape.",
    keys: &[Key::required("shape", Text, "The shape."), Key::required("at", Text, "Selects the resource.")],
};

/// One type of event.
pub static EVENT: Shape = Shape {
    about: "How one type of event is read.",
    keys: &[
        Key::required("type", Text, "The event type, `thing.happened`."),
        Key::required("focus", RESOURCE_TYPE, "The FHIR resource type that it is about."),
        Key::required("subject", Text, "Selects references to the patient, or the Patient."),
        Key::optional("when", Objects(&CONDITION), "What must be true of the focus: all of these."),
        Key::optional(
            "bare",
            Flag,
            "Whether a resource without an envelope may be taken for it; true without this.",
        ),
        Key::optional("effect", Choice(effects), "What it changes in the connector itself."),
        Key::optional("merged", Text, "Selects the records that a merge does away with.")
            .needed(Needed::Where("effect", &["merge"])),
        Key::optional("recipients", Text, "Selects for whom the source says that it is meant."),
        Key::required("fields", Objects(&FIELD), "The canonical fields it fills."),
        Key::optional("related", Objects(&RELATED), "Resources beside the focus and the subject."),
    ],
};

/// Something that must be true of an event's focus.
pub static CONDITION: Shape = Shape {
    about: "A condition: some selected value is one of those listed, or there is anything, or nothing.",
    keys: &[
        Key::required("select", Text, "Selects what is looked at."),
        Key::optional("in", SomeOf(&Text), "The values of which there must be one.")
            .needed(Needed::Without("exists")),
        Key::optional("exists", Flag, "Whether there must be something, or nothing.")
            .needed(Needed::Without("in")),
    ],
};

/// A canonical field and where it is read.
pub static FIELD: Shape = Shape {
    about: "A canonical field and where it is read.",
    keys: &[
        Key::required("field", CANONICAL, "The canonical field, `Entity.field`."),
        Key::required("select", Text, "A FHIRPath selector."),
        Key::optional(
            "normalise",
            Choice(forms),
            "The form that values are brought into, where sources vary.",
        ),
        Key::optional("note", Text, "What else there is to say."),
    ],
};

const RESOURCE_TYPE: Holds = Choice(ResourceType::names);
const CANONICAL: Holds = Choice(canonical);

fn canonical() -> Vec<&'static str> {
    Catalogue::shipped().fields().iter().map(|field| field.name.as_str()).collect()
}

fn crm_types() -> Vec<&'static str> {
    CrmType::ALL.map(CrmType::as_str).to_vec()
}

fn cardinalities() -> Vec<&'static str> {
    Cardinality::ALL.map(Cardinality::as_str).to_vec()
}

fn forms() -> Vec<&'static str> {
    Normalise::ALL.map(Normalise::as_str).to_vec()
}

fn effects() -> Vec<&'static str> {
    Effect::ALL.map(Effect::as_str).to_vec()
}
