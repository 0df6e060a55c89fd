//! What an adapter may hold, key by key.

use super::event::Effect;
use crate::engine::keys::{
    Holds::{Choice, Flag, Objects, SomeTexts, Text, Texts, Version},
    Key, Shape,
};

/// An adapter.
pub static ADAPTER: Shape = Shape {
    about: "An adapter: one system's shapes to canonical fields. It knows nothing of purposes.",
    keys: &[
        Key::required("schemaVersion", Version(1), "Version of the adapter format."),
        Key::required("id", Text, "Id, by which policies name it."),
        Key::required("version", Text, "Version of the adapter."),
        Key::required("title", Text, "What it reads, in a few words."),
        Key::required("system", Text, "The kind of system."),
        Key::required("direction", Choice(directions), "Which way it goes."),
        Key::optional(
            "deviations",
            Texts,
            "Elements of the source that are not FHIR's and are taken as they come.",
        ),
        Key::optional("subjectFields", Objects(&FIELD), "Fields below the Patient, filled by each event."),
        Key::required("events", Objects(&EVENT), "How each type of event is read."),
    ],
};

/// One type of event.
pub static EVENT: Shape = Shape {
    about: "How one type of event is read.",
    keys: &[
        Key::required("type", Text, "The event type, `thing.happened`."),
        Key::required("focus", Text, "The FHIR resource type that it is about."),
        Key::required("subject", Text, "Selects references to the patient, or the Patient."),
        Key::optional("when", Objects(&CONDITION), "What must be true of the focus: all of these."),
        Key::optional(
            "bare",
            Flag,
            "Whether a resource without an envelope may be taken for it; true without this.",
        ),
        Key::optional("effect", Choice(effects), "What it changes in the connector itself."),
        Key::optional("merged", Text, "Selects the records that a merge does away with."),
        Key::optional("recipients", Text, "Selects for whom the source says that it is meant."),
        Key::required("fields", Objects(&FIELD), "The canonical fields it fills."),
    ],
};

/// Something that must be true of an event's focus.
pub static CONDITION: Shape = Shape {
    about: "A condition: some selected value is one of those listed, or there is anything, or nothing.",
    keys: &[
        Key::required("select", Text, "Selects what is looked at."),
        Key::optional("in", SomeTexts, "The values of which there must be one."),
        Key::optional("exists", Flag, "Whether there must be something, or nothing."),
    ],
};

/// A canonical field and where it is read.
pub static FIELD: Shape = Shape {
    about: "A canonical field and where it is read.",
    keys: &[
        Key::required("field", Text, "The canonical field, `Entity.field`."),
        Key::required("select", Text, "A FHIRPath selector."),
        Key::optional("note", Text, "What else there is to say."),
    ],
};

fn directions() -> Vec<&'static str> {
    vec!["to-canonical"]
}

fn effects() -> Vec<&'static str> {
    Effect::ALL.map(Effect::as_str).to_vec()
}
