//! The canonical model: small and scoped, each field with its type, cardinality and disclosure class.
//!
//! The catalogue is a document (`fixtures/canonical/model.json`), read once.

use super::document::{Diagnostic, Document, closest, not_json};
use super::fhir::{Json, NodeId};
use super::keys::{
    Holds::{Choice, Objects, Text, Version},
    Key, Shape,
};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// How much harm a field can do, least first. A policy may raise a field's class and never lower it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DisclosureClass {
    /// Says nothing of the patient: statuses, kinds of work.
    Operational,
    /// Says something of the care, and nothing that points at the person.
    ClinicalAdjacent,
    /// Identifies the person, alone or with others (45 CFR 164.514(b)(2)).
    PhiRestricted,
    /// Free text, attachments, diagnoses: never assumed safe.
    HighlyRestricted,
}

impl DisclosureClass {
    /// All classes, least first.
    pub const ALL: [Self; 4] =
        [Self::Operational, Self::ClinicalAdjacent, Self::PhiRestricted, Self::HighlyRestricted];

    /// The class as documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::ClinicalAdjacent => "clinical-adjacent",
            Self::PhiRestricted => "phi-restricted",
            Self::HighlyRestricted => "highly-restricted",
        }
    }

    /// The class of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

/// What a canonical field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A code from some system.
    Code,
    /// A short label, such as a code's display.
    Label,
    /// A FHIR date or dateTime, perhaps partial.
    Date,
    /// A postal code.
    PostalCode,
    /// An identifier or reference.
    Identifier,
    /// A name, street line, phone number: a short identifying text.
    Personal,
    /// Free text.
    FreeText,
}

impl FieldType {
    /// All types.
    pub const ALL: [Self; 7] = [
        Self::Code,
        Self::Label,
        Self::Date,
        Self::PostalCode,
        Self::Identifier,
        Self::Personal,
        Self::FreeText,
    ];

    /// The type as documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Label => "label",
            Self::Date => "date",
            Self::PostalCode => "postal-code",
            Self::Identifier => "identifier",
            Self::Personal => "personal",
            Self::FreeText => "free-text",
        }
    }
}

/// How many values a field holds, as FHIR spells it: `0..1`, `1..1`, `0..*`, `1..*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cardinality {
    /// Whether there must be one.
    pub required: bool,
    /// Whether there may be several.
    pub many: bool,
}

impl Cardinality {
    /// All cardinalities.
    pub const ALL: [Self; 4] = [
        Self { required: false, many: false },
        Self { required: true, many: false },
        Self { required: false, many: true },
        Self { required: true, many: true },
    ];

    /// As documents spell it.
    pub fn as_str(self) -> &'static str {
        match (self.required, self.many) {
            (false, false) => "0..1",
            (true, false) => "1..1",
            (false, true) => "0..*",
            (true, true) => "1..*",
        }
    }

    /// The cardinality of this spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.as_str() == text)
    }
}

/// A field's entry in the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldEntry {
    /// Its place in the catalogue.
    pub id: usize,
    /// `Entity.field`.
    pub name: String,
    /// What it holds.
    pub kind: FieldType,
    /// How many values it holds.
    pub cardinality: Cardinality,
    /// Its disclosure class.
    pub class: DisclosureClass,
    /// What it is, in a sentence; empty where the catalogue says nothing.
    pub about: String,
}

impl FieldEntry {
    /// The entity that it is a field of.
    pub fn entity(&self) -> &str {
        self.name.split_once('.').map_or("", |(entity, _)| entity)
    }

    /// Whether it says something of the patient: a field of the person or the patient's profile.
    pub fn is_of_patient(&self) -> bool {
        ["Person", "PatientProfile"].contains(&self.entity())
    }

    /// Its name without the entity's.
    pub fn short_name(&self) -> &str {
        self.name.split_once('.').map_or("", |(_, field)| field)
    }
}

/// What a catalogue may hold, key by key.
pub static CATALOGUE: Shape = Shape {
    about: "The canonical model: entities and their fields, each with its disclosure class.",
    keys: &[
        Key::required("schemaVersion", Version(1), "Version of the catalogue format."),
        Key::required("id", Text, "Id."),
        Key::required("version", Text, "Version of the catalogue."),
        Key::required("title", Text, "What it is, in a few words."),
        Key::required("entities", Objects(&ENTITY), "The entities."),
    ],
};

static ENTITY: Shape = Shape {
    about: "An entity of the canonical model.",
    keys: &[
        Key::required("name", Text, "Its name, e.g. `CareEvent`."),
        Key::optional("about", Text, "What it is, in a sentence."),
        Key::required("fields", Objects(&FIELD), "Its fields."),
    ],
};

static FIELD: Shape = Shape {
    about: "A field of an entity.",
    keys: &[
        Key::required("name", Text, "Its name within the entity."),
        Key::required("type", Choice(|| FieldType::ALL.map(FieldType::as_str).to_vec()), "What it holds."),
        Key::required(
            "cardinality",
            Choice(|| Cardinality::ALL.map(Cardinality::as_str).to_vec()),
            "How many values it holds.",
        ),
        Key::required(
            "class",
            Choice(|| DisclosureClass::ALL.map(DisclosureClass::as_str).to_vec()),
            "Its disclosure class. A policy may raise it and never lower it.",
        ),
        Key::optional("about", Text, "What it is, in a sentence."),
    ],
};

/// The catalogue of canonical fields.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    entries: Vec<Arc<FieldEntry>>,
    places: BTreeMap<String, usize>,
}

impl Catalogue {
    /// The catalogue that Airlock ships.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
            let text = include_str!("../../fixtures/canonical/model.json");
            Catalogue::read(text).0.unwrap_or_default()
        });
        &SHIPPED
    }

    /// Reads a catalogue text. Total: gives what could be read, and all there is to say.
    pub fn read(text: &str) -> (Option<Self>, Vec<Diagnostic>) {
        let json = match Json::read(text) {
            Ok(json) => json,
            Err(refusal) => return (None, vec![not_json("canonical", text, &refusal)]),
        };
        let mut doc = Document::new(&json, "canonical");
        let root = NodeId::ROOT;
        if !doc.object(root, &CATALOGUE) {
            return (None, doc.finish());
        }
        doc.schema_version(root, 1);
        let mut catalogue =
            Self { id: doc.string(root, "id"), version: doc.string(root, "version"), ..Self::default() };
        doc.string(root, "title");
        for entity in json.get(root, "entities").map(|list| doc.items(list)).unwrap_or_default() {
            catalogue.read_entity(&mut doc, entity);
        }
        (Some(catalogue), doc.finish())
    }

    fn read_entity(&mut self, doc: &mut Document<'_>, at: NodeId) {
        if !doc.object(at, &ENTITY) {
            return;
        }
        let entity = doc.string(at, "name");
        doc.optional(at, "about");
        let Some(list) = doc.json.get(at, "fields") else { return };
        for item in doc.items(list) {
            self.read_field(doc, &entity, item);
        }
    }

    fn read_field(&mut self, doc: &mut Document<'_>, entity: &str, at: NodeId) {
        if !doc.object(at, &FIELD) {
            return;
        }
        let name = [entity, &doc.string(at, "name")].join(".");
        let about = doc.optional(at, "about").unwrap_or_default();
        let kind = doc.one_of(at, "type", &FieldType::ALL, FieldType::as_str);
        let cardinality = doc.one_of(at, "cardinality", &Cardinality::ALL, Cardinality::as_str);
        let class = doc.one_of(at, "class", &DisclosureClass::ALL, DisclosureClass::as_str);
        let (Some(kind), Some(cardinality), Some(class)) = (kind, cardinality, class) else { return };
        if self.places.contains_key(&name) {
            let help = "Give each field of an entity a name of its own.";
            return doc.error(at, "duplicate-field", format!("There are two fields `{name}`."), help);
        }
        let id = self.entries.len();
        self.places.insert(name.clone(), id);
        self.entries.push(Arc::new(FieldEntry { id, name, kind, cardinality, class, about }));
    }

    /// The entry of a field, by `Entity.field`.
    pub fn field(&self, name: &str) -> Option<&Arc<FieldEntry>> {
        self.places.get(name).and_then(|place| self.entries.get(*place))
    }

    /// Every field, in the catalogue's order.
    pub fn fields(&self) -> &[Arc<FieldEntry>] {
        &self.entries
    }

    /// The fields of an entity; empty where there is no such entity.
    pub fn entity(&self, name: &str) -> impl Iterator<Item = &Arc<FieldEntry>> {
        self.entries.iter().filter(move |entry| entry.entity() == name)
    }

    /// What to do about a field that is not in the catalogue.
    pub fn suggest(&self, name: &str) -> String {
        match closest(name, self.entries.iter().map(|entry| entry.name.as_str())) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Name a field of the canonical model, e.g. `CareEvent.status`.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_shipped_catalogue_is_sound() {
        let (catalogue, findings) = Catalogue::read(include_str!("../../fixtures/canonical/model.json"));
        assert_eq!(findings, []);
        let catalogue = catalogue.unwrap();
        assert!(catalogue.fields().len() > 60);
        let birth = catalogue.field("Person.birthDate").unwrap();
        assert_eq!((birth.entity(), birth.short_name()), ("Person", "birthDate"));
        assert!(catalogue.fields().iter().all(|field| !field.about.is_empty()));
    }

    #[test]
    fn all_nine_entities_keep_where_they_come_from() {
        let catalogue = Catalogue::shipped();
        let entities: BTreeSet<&str> = catalogue.fields().iter().map(|field| field.entity()).collect();
        let expected = [
            "Affiliation",
            "CareEvent",
            "ConsentState",
            "Interaction",
            "Organization",
            "PatientProfile",
            "Person",
            "Practitioner",
            "ProgramEnrollment",
        ];
        assert!(entities.iter().copied().eq(expected), "{entities:?}");
        for entity in expected {
            for field in ["sourceId", "source", "sourceVersion", "lastVerified"] {
                assert!(catalogue.field(&format!("{entity}.{field}")).is_some(), "{entity}.{field}");
            }
        }
    }

    #[test]
    fn a_broken_catalogue_gives_what_can_be_read() {
        let (catalogue, findings) = Catalogue::read(
            r#"{"schemaVersion":1,"id":"c","version":"1","title":"t","entities":[{"name":"A","fields":[
                {"name":"x","type":"code","cardinality":"0..1","class":"operational"},
                {"name":"x","type":"code","cardinality":"0..1","class":"operational"},
                {"name":"y","type":"cod","cardinality":"2..3","class":"operational"}]}]}"#,
        );
        assert_eq!(catalogue.unwrap().fields().len(), 1);
        let codes: Vec<_> = findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(
            codes,
            ["canonical.duplicate-field", "canonical.unknown-value", "canonical.unknown-value"]
        );
    }
}
