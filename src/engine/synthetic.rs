//! Does it look synthetic? Real-looking data is refused until the user attests that it is not real.
//!
//! This is a brake and not a proof: it looks for what a fixture would not have.

use super::fhir::{Json, Kind, NodeId};
use super::phi::Phi;
use super::refusal::{Code, Refusal};
use super::spelled::Spelled;

/// Words that mark a name or an identifier as made up.
const MARKS: [&str; 8] =
    ["test", "demo", "sandbox", "synthetic", "example", "sample", "fixture", "anonymous"];

/// Refuses data that does not look synthetic.
///
/// # Errors
/// `synthetic.attestation-required`, with the path of the first thing that looks real.
pub fn require(json: &Phi<Json>, data: NodeId) -> Result<(), Refusal> {
    json.classify(|json| match first_real(json, data) {
        None => Ok(()),
        Some(node) => {
            let path = Spelled::of(json, data, node);
            Err(Refusal::about(Code::AttestationRequired, path).with_place(json.place(node)))
        }
    })
}

fn first_real(json: &Json, data: NodeId) -> Option<NodeId> {
    json.leaves(data).find(|leaf| looks_real(json, *leaf).unwrap_or(false))
}

fn looks_real(json: &Json, leaf: NodeId) -> Option<bool> {
    let mut member = leaf;
    let mut parent = json.parent(leaf)?;
    if json.kind(parent) == Kind::Array {
        member = parent;
        parent = json.parent(parent)?;
    }
    let key = json.key(member)?;
    let under = |name: &str| {
        let holder = match json.parent(parent) {
            Some(array) if json.kind(array) == Kind::Array => array,
            _ => parent,
        };
        json.is_member(holder, name)
    };
    let value = || json.scalar(leaf);
    match key.as_ref() {
        "family" | "given" => Some(!looks_made_up(&value()?)),
        "text" => Some(under("name") && !looks_made_up(&value()?)),
        // A reference that is nothing but a display is a name in plain words; a coding has a code beside it.
        "display" => {
            let plain = json.get(parent, "reference").is_none() && json.get(parent, "code").is_none();
            Some(plain && !looks_made_up(&value()?))
        }
        "value" if under("identifier") => Some(!looks_made_up(&value()?)),
        "value" if under("telecom") => {
            let value = value()?;
            Some(!value.contains("555") && !looks_made_up(&value))
        }
        "birthDate" => Some(json.get(parent, "address").is_some_and(|address| has_street(json, address))),
        _ => None,
    }
}

fn is_item_of(json: &Json, leaf: NodeId, name: &str) -> bool {
    json.parent(leaf).is_some_and(|array| json.is_member(array, name))
}

fn has_street(json: &Json, addresses: NodeId) -> bool {
    json.leaves(addresses).any(|leaf| {
        is_item_of(json, leaf, "line") && json.str(leaf).is_some_and(|line| !looks_made_up(&line))
    })
}

/// Marked as made up, or in the form of `PAT-001` and `CLINIC-DEMO-7`: capitals, hyphens, and at most four
/// digits in a row.
fn looks_made_up(value: &str) -> bool {
    let bytes = value.as_bytes();
    let marked = MARKS
        .iter()
        .any(|mark| bytes.windows(mark.len()).any(|window| window.eq_ignore_ascii_case(mark.as_bytes())));
    let longest_digits = || value.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    marked
        || (value.starts_with(|c: char| c.is_ascii_uppercase())
            && value.contains('-')
            && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
            && longest_digits() <= 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks_real(text: &str) -> bool {
        require(&Phi::new(Json::read(text).unwrap()), NodeId::ROOT).is_err()
    }

    #[test]
    fn names_record_numbers_and_birth_dates_with_addresses_look_real() {
        assert!(looks_real(r#"{"name":[{"family":"Quimby"}]}"#));
        assert!(looks_real(r#"{"name":[{"family":"Testperson","given":["Wilhelmina"]}]}"#));
        assert!(looks_real(r#"{"identifier":[{"value":"000493817"}]}"#));
        assert!(looks_real(r#"{"birthDate":"1970-01-01","address":[{"line":["12 Elm Street"]}]}"#));
        assert!(looks_real(r#"{"subject":{"display":"J. Quimby"}}"#));
    }

    #[test]
    fn a_sender_s_own_key_is_not_spelled() {
        let json = Json::read(r#"{"resourceType":"Patient","janeQuimby":{"family":"Quimby"}}"#).unwrap();
        let refusal = require(&Phi::new(json), NodeId::ROOT).unwrap_err();
        assert_eq!(refusal.path.as_deref(), Some("Patient.?.family"));
    }

    #[test]
    fn plainly_synthetic_data_passes() {
        assert!(!looks_real(
            r#"{"id":"PAT-001","name":[{"family":"Testperson","given":["Demo"]}],"birthDate":"1970-01-01",
                "address":[{"line":["1 Example Street"]}],"identifier":[{"value":"MRN-TEST-0001"}],
                "telecom":[{"value":"555-0100"}]}"#
        ));
    }
}
