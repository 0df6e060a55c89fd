//! The canonical model: small and scoped, each field with its type, cardinality and disclosure class.

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

/// A field's entry in the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldEntry {
    /// `Entity.field`.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldType,
    /// Whether it may hold several values.
    pub many: bool,
    /// Its disclosure class.
    pub class: DisclosureClass,
}

/// The entry of a canonical field.
pub fn field(name: &str) -> Option<&'static FieldEntry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}

/// Every canonical field.
pub fn catalogue() -> &'static [FieldEntry] {
    CATALOGUE
}

const fn one(name: &'static str, kind: FieldType, class: DisclosureClass) -> FieldEntry {
    FieldEntry { name, kind, many: false, class }
}

const fn many(name: &'static str, kind: FieldType, class: DisclosureClass) -> FieldEntry {
    FieldEntry { name, kind, many: true, class }
}

use DisclosureClass::{ClinicalAdjacent, HighlyRestricted, Operational, PhiRestricted};
use FieldType::{Code, Date, FreeText, Identifier, Label, Personal, PostalCode};

static CATALOGUE: &[FieldEntry] = &[
    one("CareEvent.sourceId", Identifier, PhiRestricted),
    many("CareEvent.identifier", Identifier, PhiRestricted),
    one("CareEvent.kind", Code, Operational),
    one("CareEvent.status", Code, Operational),
    one("CareEvent.intent", Code, Operational),
    one("CareEvent.priority", Code, Operational),
    many("CareEvent.category", Code, ClinicalAdjacent),
    many("CareEvent.categoryDisplay", Label, ClinicalAdjacent),
    many("CareEvent.code", Code, HighlyRestricted),
    many("CareEvent.codeDisplay", Label, HighlyRestricted),
    one("CareEvent.codeText", FreeText, HighlyRestricted),
    one("CareEvent.authoredOn", Date, PhiRestricted),
    one("CareEvent.occurrence", Date, PhiRestricted),
    one("CareEvent.endedOn", Date, PhiRestricted),
    one("CareEvent.setting", Code, ClinicalAdjacent),
    one("CareEvent.disposition", Label, HighlyRestricted),
    many("CareEvent.value", Label, HighlyRestricted),
    many("CareEvent.interpretation", Code, HighlyRestricted),
    many("CareEvent.conclusion", FreeText, HighlyRestricted),
    many("CareEvent.reason", Code, HighlyRestricted),
    many("CareEvent.reasonText", FreeText, HighlyRestricted),
    many("CareEvent.note", FreeText, HighlyRestricted),
    one("CareEvent.narrative", FreeText, HighlyRestricted),
    one("ConsentState.sourceId", Identifier, PhiRestricted),
    one("ConsentState.status", Code, Operational),
    one("ConsentState.decision", Code, Operational),
    many("ConsentState.purpose", Code, Operational),
    one("ConsentState.recordedOn", Date, PhiRestricted),
    one("ConsentState.validFrom", Date, PhiRestricted),
    one("ConsentState.validUntil", Date, PhiRestricted),
    one("Affiliation.status", Code, Operational),
    many("Affiliation.role", Label, ClinicalAdjacent),
    many("Affiliation.member", Identifier, Operational),
    many("Affiliation.memberDisplay", Personal, ClinicalAdjacent),
    one("ProgramEnrollment.sourceId", Identifier, PhiRestricted),
    one("ProgramEnrollment.status", Code, Operational),
    one("ProgramEnrollment.program", Identifier, Operational),
    one("ProgramEnrollment.programTitle", Label, ClinicalAdjacent),
    one("ProgramEnrollment.arm", Label, HighlyRestricted),
    one("ProgramEnrollment.startedOn", Date, PhiRestricted),
    one("Interaction.sourceId", Identifier, PhiRestricted),
    one("Interaction.status", Code, Operational),
    many("Interaction.service", Label, ClinicalAdjacent),
    one("Interaction.start", Date, PhiRestricted),
    one("Interaction.end", Date, PhiRestricted),
    one("Interaction.cancellationReason", Label, HighlyRestricted),
    one("Interaction.description", FreeText, HighlyRestricted),
    many("Interaction.note", FreeText, HighlyRestricted),
    one("Person.sourceId", Identifier, PhiRestricted),
    many("Person.formerSourceId", Identifier, PhiRestricted),
    many("Person.identifier", Identifier, PhiRestricted),
    one("Person.display", Personal, PhiRestricted),
    many("Person.familyName", Personal, PhiRestricted),
    many("Person.givenName", Personal, PhiRestricted),
    many("Person.nameText", Personal, PhiRestricted),
    one("Person.birthDate", Date, PhiRestricted),
    one("Person.administrativeGender", Code, ClinicalAdjacent),
    many("Person.telecom", Personal, PhiRestricted),
    many("Person.addressLine", Personal, PhiRestricted),
    many("Person.city", Personal, PhiRestricted),
    one("Person.state", Code, ClinicalAdjacent),
    one("Person.postalCode", PostalCode, PhiRestricted),
    one("Practitioner.sourceId", Identifier, Operational),
    one("Practitioner.display", Personal, ClinicalAdjacent),
    many("Practitioner.identifier", Identifier, Operational),
    many("Practitioner.familyName", Personal, ClinicalAdjacent),
    one("Organization.sourceId", Identifier, Operational),
    one("Organization.name", Label, Operational),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = catalogue().iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
