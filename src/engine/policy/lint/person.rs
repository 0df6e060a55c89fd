//! Quasi-identifiers: fields that point at a person only together.
//!
//! Each field that crosses is taken for a number of bits, by how many values it has and how evenly people spread over
//! them: birth dates over some 30,000 days, postal codes over some 33,000 areas, ZIP3 over some 900. The United States
//! have about 2^28 people; where 20 bits cross, some 300 of them are left to hide among, and fewer in one hospital. It is
//! the arithmetic by which date of birth, ZIP code and gender together single most people out.

use super::Written;
use super::codes::QUASI_IDENTIFIERS;
use crate::engine::document::Document;
use crate::engine::policy::{Policy, Rule};
use crate::engine::redact::Method;

/// Bits from which on the fields together are said to point at a person.
const POINTS_AT_A_PERSON: u32 = 20;

/// What a field is about. Of two places the narrower says what the other does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Facet {
    Birth,
    Place,
    CareDate,
    Other,
}

/// The quasi-identifiers: canonical field, what it is about, and the bits of its value as it is.
const QUASI: [(&str, Facet, u32); 19] = [
    ("Person.birthDate", Facet::Birth, 15),
    ("Person.postalCode", Facet::Place, 15),
    ("Person.city", Facet::Place, 12),
    ("Person.district", Facet::Place, 10),
    ("Person.state", Facet::Place, 6),
    ("Person.administrativeGender", Facet::Other, 1),
    ("PatientProfile.language", Facet::Other, 2),
    ("PatientProfile.preferredLanguage", Facet::Other, 2),
    ("PatientProfile.maritalStatus", Facet::Other, 2),
    ("PatientProfile.deceasedOn", Facet::CareDate, 9),
    ("CareEvent.authoredOn", Facet::CareDate, 9),
    ("CareEvent.occurrence", Facet::CareDate, 9),
    ("CareEvent.endedOn", Facet::CareDate, 9),
    ("Interaction.start", Facet::CareDate, 9),
    ("Interaction.end", Facet::CareDate, 9),
    ("Affiliation.startedOn", Facet::CareDate, 9),
    ("Affiliation.endedOn", Facet::CareDate, 9),
    ("ProgramEnrollment.startedOn", Facet::CareDate, 9),
    ("ProgramEnrollment.endedOn", Facet::CareDate, 9),
];

/// The bits that cross of a quasi-identifier.
fn bits(rule: &Rule) -> Option<(Facet, u32)> {
    if !rule.label.crosses() {
        return None;
    }
    let (_, facet, whole) = QUASI.iter().find(|(name, _, _)| *name == rule.field.name)?;
    let bits = match (rule.method, facet) {
        (Method::Keep, _) => *whole,
        (Method::AgeBand, _) => 3,
        (Method::Year, Facet::Birth) => 7,
        (Method::Year, _) => 1,
        (Method::YearMonth, Facet::Birth) => 10,
        (Method::YearMonth, _) => 5,
        (Method::Zip3, _) => 10,
        (Method::UsState, _) => 6,
        // A token or a mark that something was withheld says nothing of the value.
        _ => return None,
    };
    Some((*facet, bits))
}

pub(super) fn lint(doc: &mut Document<'_>, policy: &Policy, written: &Written<'_>) {
    let mut crossing: Vec<(&Rule, u32)> = Vec::new();
    let mut place: Option<(&Rule, u32)> = None;
    for rule in &policy.rules {
        match bits(rule) {
            Some((Facet::Place, bits)) if place.is_none_or(|(_, widest)| widest < bits) => {
                place = Some((rule, bits));
            }
            None | Some((Facet::Place, _)) => {}
            Some((_, bits)) => crossing.push((rule, bits)),
        }
    }
    crossing.extend(place);
    let total: u32 = crossing.iter().map(|(_, bits)| bits).sum();
    if total < POINTS_AT_A_PERSON {
        return;
    }
    let Some((most, own)) = crossing.iter().max_by_key(|(_, bits)| *bits) else { return };
    let Some(at) = written.of_rule(most) else { return };
    let mut names: Vec<String> = crossing.iter().map(|(rule, _)| format!("`{}`", rule.field.name)).collect();
    let last = names.pop().unwrap_or_default();
    let others = names.join(", ");
    let message = format!(
        "Together {others} and {last} say about {total} bits of who it is; from {POINTS_AT_A_PERSON} on they point at a person."
    );
    doc.lint(at.span(doc, "field"), &QUASI_IDENTIFIERS, message);
    if total - own < POINTS_AT_A_PERSON
        && !most.whole_entity
        && place.is_none_or(|(rule, _)| rule.row != most.row)
    {
        let json = doc.json;
        doc.fix(format!("Prohibit `{}`", most.field.name), || at.prohibit(json));
    }
}
