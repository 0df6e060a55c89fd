//! Which elements of an event identify a person, and the ways in which people write what they say.

use super::fold::{Folded, fold, separates, written_out};
use crate::engine::fhir::{Json, Kind, NodeId};
use crate::engine::time::PartialDate;

/// Longer texts (narratives, attachments) are not one identifier; what they tell is in elements of its own.
const LONGEST: usize = 256;

/// What kind of identifying text an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identifying {
    /// A name, whole or in part.
    Name,
    /// Part of an address, an identifier, a contact point.
    Detail,
    /// A date of birth or death.
    Date,
    /// A reference or URL, whose last part is an id.
    Reference,
}

/// Whether what an element says is inside an outgoing text, in one of the ways in which people write it.
pub(super) fn is_inside(kind: Identifying, value: &str, outgoing: &Folded) -> bool {
    if value.len() > LONGEST {
        return false;
    }
    let mut folded = String::with_capacity(value.len());
    let mut found = |text: &str| {
        folded.clear();
        fold(text, &mut folded);
        outgoing.contains(&folded)
    };
    if found(value) || written_out(value).is_some_and(|text| found(&text)) {
        return true;
    }
    match kind {
        Identifying::Reference => value.rsplit(['/', ':', '#']).next().is_some_and(found),
        Identifying::Date => dates(value).iter().any(|date| outgoing.contains(date)),
        Identifying::Detail => {
            // A telephone number with and without its prefixes.
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            let local = digits.len().checked_sub(7).and_then(|from| digits.get(from..));
            let only_digits = value.chars().all(|c| c.is_ascii_digit() || "+-()./ x".contains(c));
            only_digits && local.is_some_and(|local| outgoing.contains(local))
        }
        // A name in words: all of it, the other way round, and each longer word on its own.
        Identifying::Name => {
            let words: Vec<&str> = value.split(separates).filter(|word| !word.is_empty()).collect();
            if words.len() < 2 {
                return false;
            }
            let mut phrase = |words: &mut dyn Iterator<Item = &&str>| {
                folded.clear();
                words.for_each(|word| fold(word, &mut folded));
                outgoing.contains_phrase(&folded)
            };
            phrase(&mut words.iter())
                || phrase(&mut words.iter().rev())
                || words.iter().filter(|word| word.chars().count() >= 3).any(|word| {
                    let mut folded = String::new();
                    fold(word, &mut folded);
                    outgoing.contains(&folded)
                })
        }
    }
}

/// The kind of identifying text that a leaf may hold, by its place: names, addresses below state, contact points,
/// identifiers, birth and death, ids of and references to persons.
pub(super) fn kind_of(json: &Json, leaf: NodeId) -> Option<Identifying> {
    let (member, parent) = member_of(json, leaf)?;
    let key = json.key(member)?;
    let holder = || through_array(json, parent);
    let under = |names: &[&str]| json.key(holder()).is_some_and(|key| names.contains(&key.as_ref()));
    let (kind, identifying) = match key.as_ref() {
        "family" | "given" => (Identifying::Name, true),
        "birthDate" | "deceasedDateTime" => (Identifying::Date, true),
        "fullUrl" => (Identifying::Reference, true),
        "id" => (Identifying::Detail, is_one_of(json, parent, &PERSON_TYPES)),
        "reference" => (Identifying::Reference, under(&PERSON_MEMBERS) || refers_to_a_person(json, parent)),
        "display" => (Identifying::Name, under(&PERSON_MEMBERS) || refers_to_a_person(json, parent)),
        "text" if under(&["name"]) => (Identifying::Name, true),
        "text" => (Identifying::Detail, under(&["address"])),
        "valueString" => (Identifying::Name, under(&["extension"])),
        "value" => (Identifying::Detail, under(&["telecom", "identifier"])),
        "line" | "city" | "district" | "postalCode" => {
            (Identifying::Detail, under(&["address", "valueAddress"]))
        }
        _ => return None,
    };
    identifying.then_some(kind)
}

/// Whether an element is a person's own and not that of an organisation or of someone who is there by
/// profession: a hospital is often called after its town, and a referral may name its doctor. Asked only of an
/// element that was found, since it looks for the resource that the element is in.
pub(super) fn is_a_persons(json: &Json, leaf: NodeId) -> bool {
    let mut at = leaf;
    while let Some(parent) = json.parent(at) {
        at = parent;
        if json.kind(at) == Kind::Object && json.resource_type(at).is_some() {
            let extension =
                member_of(json, leaf).is_some_and(|(member, _)| json.is_member(member, "valueString"));
            return if extension {
                is_one_of(json, at, &PERSON_TYPES)
            } else {
                !is_one_of(json, at, &PROFESSIONAL_TYPES) || refers_at(json, leaf)
            };
        }
    }
    true
}

const PERSON_TYPES: [&str; 3] = ["Patient", "Person", "RelatedPerson"];
const PROFESSIONAL_TYPES: [&str; 4] =
    ["Organization", "HealthcareService", "Practitioner", "PractitionerRole"];

/// Members that refer to the patient or to someone close.
const PERSON_MEMBERS: [&str; 7] = ["subject", "patient", "individual", "beneficiary", "for", "other", "link"];

/// Whether the leaf is part of a reference to a person, wherever that stands.
fn refers_at(json: &Json, leaf: NodeId) -> bool {
    member_of(json, leaf).is_some_and(|(_, parent)| refers_to_a_person(json, parent))
}

fn refers_to_a_person(json: &Json, reference: NodeId) -> bool {
    json.get_str(reference, "reference").is_some_and(|text| {
        PERSON_TYPES.iter().any(|kind| {
            let at = text.find(kind);
            at.is_some_and(|at| text.get(at + kind.len()..).is_some_and(|rest| rest.starts_with('/')))
        })
    })
}

fn is_one_of(json: &Json, resource: NodeId, types: &[&str]) -> bool {
    json.resource_type(resource).is_some_and(|kind| types.contains(&kind.name()))
}

/// The member that a leaf is or is an item of, and the object that has it.
fn member_of(json: &Json, leaf: NodeId) -> Option<(NodeId, NodeId)> {
    let parent = json.parent(leaf)?;
    if json.kind(parent) == Kind::Array { Some((parent, json.parent(parent)?)) } else { Some((leaf, parent)) }
}

/// The member under which an object stands, through one array.
fn through_array(json: &Json, object: NodeId) -> NodeId {
    match json.parent(object) {
        Some(array) if json.kind(array) == Kind::Array => array,
        _ => object,
    }
}

/// A full date as people write it, folded: in three orders, padded or not, with the year in two digits or four,
/// with the month in words.
fn dates(value: &str) -> Vec<String> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let Some(PartialDate { year, month: Some(m), day: Some(d) }) = PartialDate::parse(value) else {
        return Vec::new();
    };
    let short = year % 100;
    let mut forms = vec![
        format!("{year:04}{m:02}{d:02}"),
        format!("{d:02}{m:02}{year:04}"),
        format!("{m:02}{d:02}{year:04}"),
        format!("{year}{m}{d}"),
        format!("{d}{m}{year}"),
        format!("{m}{d}{year}"),
        format!("{d:02}{m:02}{short:02}"),
        format!("{m:02}{d:02}{short:02}"),
    ];
    if let Some(name) = MONTHS.get(usize::from(m).wrapping_sub(1)) {
        for name in [*name, name.get(..3).unwrap_or(name)] {
            for year in [format!("{year}"), format!("{short:02}")] {
                forms.extend([
                    format!("{d}{name}{year}"),
                    format!("{name}{d}{year}"),
                    format!("{d:02}{name}{year}"),
                ]);
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(kind: Identifying, value: &str, outgoing: &str) -> bool {
        is_inside(kind, value, &Folded::new(std::iter::once(outgoing)))
    }

    #[test]
    fn a_date_is_found_however_it_is_written() {
        for outgoing in [
            "born 03.02.1971",
            "02/03/1971",
            "1971 02 03",
            "3/2/1971",
            "03.02.71",
            "3 February 1971",
            "Feb 3, 1971",
        ] {
            assert!(inside(Identifying::Date, "1971-02-03", outgoing), "{outgoing}");
        }
        assert!(!inside(Identifying::Date, "1971", "1972"));
    }

    #[test]
    fn a_name_is_found_whole_turned_round_and_by_its_words() {
        for outgoing in ["for Li Wu", "Wu, Li"] {
            assert!(inside(Identifying::Name, "Li Wu", outgoing), "{outgoing}");
        }
        assert!(inside(Identifying::Name, "Bob Quimby", "call Bob"));
        assert!(!inside(Identifying::Detail, "12 Elm Street", "Street medicine referral"));
    }

    #[test]
    fn a_telephone_number_is_found_without_its_prefix() {
        assert!(inside(Identifying::Detail, "+1-617-555-0142", "(617) 555-0142"));
        assert!(inside(Identifying::Detail, "+1-617-555-0142", "5550142"));
    }

    #[test]
    fn what_identifies_is_told_by_its_place() {
        let json = Json::read(
            r#"{"resourceType":"Patient","id":"PAT-001","name":[{"family":"Testperson","use":"official"}],
               "address":[{"city":"Demoville","state":"MA","line":["1 Example Street"]}],
               "maritalStatus":{"text":"Married"},"gender":"female",
               "generalPractitioner":[{"reference":"Practitioner/PRAC-001","display":"Dr. Test"}],
               "contact":[{"organization":{"reference":"Patient/PAT-002","display":"Demo"}}]}"#,
        )
        .unwrap();
        let loci = json.loci(NodeId::ROOT).into_iter();
        let paths: Vec<String> = loci.filter(|l| kind_of(&json, l.node).is_some()).map(|l| l.path).collect();
        assert_eq!(
            paths,
            [
                "Patient.id",
                "Patient.name[0].family",
                "Patient.address[0].city",
                "Patient.address[0].line[0]",
                "Patient.contact[0].organization.reference",
                "Patient.contact[0].organization.display",
            ]
        );
    }
}
