//! Which elements of an event identify a person, and the ways in which people write what they say.

use super::dates::Date;
use super::fold::{Folded, LONGEST, fold, words, written_out};
use super::letters::spell;
use crate::engine::adapt::drift::ElementPath;
use crate::engine::fhir::{Json, Kind, NodeId};
use crate::engine::time::PartialDate;
use crate::engine::validate::structure;
use std::borrow::Cow;

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
    let found = |text: &str| outgoing.contains(&fold(text));
    if found(value) || written_out(value).is_some_and(|text| found(&text)) {
        return true;
    }
    match kind {
        Identifying::Reference => value.rsplit(['/', ':', '#']).next().is_some_and(found),
        Identifying::Date => full(value).is_some_and(|date| {
            outgoing.has_date(date) || in_digits(date).iter().any(|digits| outgoing.contains(digits))
        }),
        Identifying::Detail => {
            // A telephone number with and without its prefixes.
            let only_digits = value.chars().all(|c| c.is_ascii_digit() || "+-()./ x".contains(c));
            only_digits && {
                let digits = fold(value).replace('x', "");
                let local = digits.len().checked_sub(7).and_then(|from| digits.get(from..));
                local.is_some_and(|local| outgoing.contains(local))
            }
        }
        // A name in words: the other way round, and each longer word on its own.
        Identifying::Name => {
            let mut spelled = String::with_capacity(value.len());
            spell(value, &mut spelled);
            let words = words(&spelled);
            let mut longer = words.iter().filter(|word| word.len() > 2);
            words.len() > 1
                && (longer.any(|word| outgoing.contains(word))
                    || outgoing.contains(&words.iter().rev().copied().collect::<String>()))
        }
    }
}

/// Whether a short family name is inside an outgoing text together with the given names beside it: with one of them before
/// or after it, with all before it, or with an initial. A longer one is looked for on its own.
pub(super) fn is_inside_with_given(json: &Json, leaf: NodeId, family: &str, outgoing: &Folded) -> bool {
    let Some((member, name)) = member_of(json, leaf).filter(|_| family.len() <= LONGEST) else {
        return false;
    };
    let Some(list) = json.get(name, "given").filter(|_| json.is_member(member, "family")) else {
        return false;
    };
    let family = fold(family);
    if !outgoing.has_anywhere(&family) {
        return false;
    }
    let mut all = String::new();
    for given in json.children(list).filter_map(|given| json.str(given)) {
        if given.len() > LONGEST {
            continue;
        }
        let given = fold(&given);
        let initial = given.get(..1).filter(|_| family.len() > 2).map(|initial| format!("{initial}{family}"));
        let pairs = [Some(format!("{given}{family}")), Some(format!("{family}{given}")), initial];
        if pairs.iter().flatten().any(|pair| outgoing.contains(pair)) {
            return true;
        }
        if all.len() <= LONGEST {
            all.push_str(&given);
        }
    }
    outgoing.contains(&(all + &family))
}

/// A date that is one whole.
fn full(value: &str) -> Option<Date> {
    let date = PartialDate::parse(value)?;
    let year = u32::try_from(date.year).ok()?;
    Some(Date { year, month: date.month?.into(), day: date.day?.into() })
}

/// The kind of identifying text that a leaf may hold, by its place: names, addresses below state, contact points,
/// identifiers, birth and death, ids of and references to persons.
pub(super) fn kind_of(json: &Json, leaf: NodeId) -> Option<Identifying> {
    let (member, parent) = member_of(json, leaf)?;
    let key = json.key(member)?;
    let holder = || json.key(through_array(json, parent));
    let is_person = || is_one_of(json, parent, &PERSON_TYPES);
    let place = Place {
        holder: &holder,
        fhir_type: &|| ElementPath::of(json, leaf)?.type_around(),
        is_person: &is_person,
        refers: &|| refers_to_a_person(json, parent),
    };
    kind_at(&key, &place)
}

/// Where an element is. Each is asked for where it matters.
struct Place<'a> {
    /// The name of what holds the element.
    holder: &'a dyn Fn() -> Option<Cow<'a, str>>,
    /// The FHIR type of that, where it is known.
    fhir_type: &'a dyn Fn() -> Option<&'static str>,
    /// Whether that is the resource of a person.
    is_person: &'a dyn Fn() -> bool,
    /// Whether that is a reference to a person.
    refers: &'a dyn Fn() -> bool,
}

/// The same by an element's name and place: what holds it is told by its name, or by its FHIR type whatever its name.
fn kind_at(key: &str, place: &Place<'_>) -> Option<Identifying> {
    let under = |names: &[&str]| (place.holder)().is_some_and(|key| names.contains(&key.as_ref()));
    let of = |own: &str, names: &[&str]| under(names) || (place.fhir_type)() == Some(own);
    let (kind, identifying) = match key {
        "family" | "given" => (Identifying::Name, true),
        "birthDate" | "deceasedDateTime" => (Identifying::Date, true),
        "fullUrl" => (Identifying::Reference, true),
        "id" => (Identifying::Detail, (place.is_person)()),
        "reference" => (Identifying::Reference, under(&PERSON_MEMBERS) || (place.refers)()),
        "display" => (Identifying::Name, under(&PERSON_MEMBERS) || (place.refers)()),
        "text" if of("HumanName", &["name", "valueHumanName"]) => (Identifying::Name, true),
        "text" => (Identifying::Detail, of("Address", &ADDRESS_MEMBERS)),
        "title" => (Identifying::Detail, under(&["photo"])),
        "valueString" => (Identifying::Name, under(&["extension"])),
        "value" => {
            let is_identifier = || (place.holder)().is_some_and(|key| key.ends_with("dentifier"));
            let is_contact = || of("ContactPoint", &["telecom", "valueContactPoint"]);
            (Identifying::Detail, is_identifier() || is_contact() || of("Identifier", &["requisition"]))
        }
        "line" | "city" | "district" | "postalCode" => (Identifying::Detail, of("Address", &ADDRESS_MEMBERS)),
        _ => return None,
    };
    identifying.then_some(kind)
}

/// Whether an element, named from its resource on, identifies a person.
pub(in crate::engine) fn is_at(resource: &str, names: &[&str]) -> bool {
    let Some((key, holders)) = names.split_last() else { return false };
    let holder = || holders.last().map(|holder| Cow::Borrowed(*holder));
    let of_person = PERSON_TYPES.contains(&resource);
    let own = of_person || !PROFESSIONAL_TYPES.contains(&resource);
    let place = Place {
        holder: &holder,
        fhir_type: &|| structure::type_around(resource, names),
        is_person: &|| of_person && holders.is_empty(),
        refers: &|| false,
    };
    kind_at(key, &place).is_some() && if *key == "valueString" { of_person } else { own }
}

/// Whether resources of a type are persons who are cared for, or close to one.
pub(in crate::engine) fn is_person(resource: &str) -> bool {
    PERSON_TYPES.contains(&resource)
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

/// Members that are addresses.
const ADDRESS_MEMBERS: [&str; 2] = ["address", "valueAddress"];

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

/// A full date in eight digits, in three orders.
fn in_digits(date: Date) -> [String; 3] {
    let Date { year, month: m, day: d } = date;
    [format!("{year:04}{m:02}{d:02}"), format!("{d:02}{m:02}{year:04}"), format!("{m:02}{d:02}{year:04}")]
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
        for outgoing in [
            "12.3.71",
            "12/3/1971",
            "3/12/71",
            "March 12th, 1971",
            "the 12th of March 1971",
            "12 Mar '71",
            "12Mar71",
            "19710312",
            "1971-071",
            "1971071",
            "12. III. 1971",
            "12-mrz-71 12 marzo 1971",
            "b0312 1971",
            "1 9 7 1 0 3 1 2",
            "1971 12 03",
            "071 1971 12 03 71",
            "710312",
        ] {
            assert!(inside(Identifying::Date, "1971-03-12", outgoing), "{outgoing}");
        }
        for outgoing in
            ["13.3.71", "12 March 1972", "1971-072", "12.3", "March 1971", "123 71", "12 x 3 x 71"]
        {
            assert!(!inside(Identifying::Date, "1971-03-12", outgoing), "{outgoing}");
        }
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
    fn a_family_name_is_found_with_the_given_names_beside_it() {
        let json = Json::read(r#"{"name":[{"family":"Lee","given":["Mary","Ann"]}]}"#).unwrap();
        let family = json.leaves(NodeId::ROOT).find(|leaf| json.is_member(*leaf, "family")).unwrap();
        let inside = |outgoing: &str| {
            is_inside_with_given(&json, family, "Lee", &Folded::new(std::iter::once(outgoing)))
        };
        for outgoing in ["marylee", "LeeMary1", "user mlee", "for MaryAnnLee", "annlee", "m. lee", "al-a.lee"]
        {
            assert!(inside(outgoing), "{outgoing}");
        }
        assert!(!inside("sleep, kamlees"));
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
        let paths: Vec<String> =
            loci.filter(|l| kind_of(&json, l.node).is_some()).map(|l| l.path.to_string()).collect();
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
