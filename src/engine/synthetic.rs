//! Does it look synthetic? Real-looking data is refused until the user attests that it is not real.
//!
//! This is a brake and not a proof: it looks for what a fixture would not have.

use super::fhir::{Json, Kind, NodeId};
use super::phi::Phi;
use super::refusal::{Code, Refusal};

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
            let mut path = String::new();
            json.write_path(data, node, &mut path);
            Err(Refusal::about(Code::AttestationRequired, path).with_place(json.place(node)))
        }
    })
}

fn first_real(json: &Json, data: NodeId) -> Option<NodeId> {
    json.leaves(data).find(|leaf| {
        let Some(value) = json.scalar(*leaf) else { return false };
        let Some(parent) = json.parent(*leaf) else { return false };
        let named = owner(json, parent);
        if json.is_member(*leaf, "family") || is_item_of(json, *leaf, "given") {
            return !looks_made_up(&value);
        }
        if json.is_member(*leaf, "text") && named.is_some_and(|n| json.is_member(n, "name")) {
            return !looks_made_up(&value);
        }
        if json.is_member(*leaf, "display") && json.get(parent, "reference").is_none() {
            // A display-only reference is a name in plain words; a coding's display stands beside its code.
            return json.get(parent, "code").is_none() && !looks_made_up(&value);
        }
        if json.is_member(*leaf, "value") && named.is_some_and(|n| json.is_member(n, "identifier")) {
            return !is_synthetic_id(&value);
        }
        if json.is_member(*leaf, "value") && named.is_some_and(|n| json.is_member(n, "telecom")) {
            return !(value.contains("555") || value.contains("example.invalid") || looks_made_up(&value));
        }
        if json.is_member(*leaf, "birthDate") {
            return json.get(parent, "address").is_some_and(|address| has_street(json, address));
        }
        false
    })
}

/// The member that an array item belongs to; the node itself where it is a member.
fn owner(json: &Json, node: NodeId) -> Option<NodeId> {
    let parent = json.parent(node)?;
    Some(if json.kind(parent) == Kind::Array { parent } else { node })
}

fn is_item_of(json: &Json, leaf: NodeId, name: &str) -> bool {
    json.parent(leaf).is_some_and(|array| json.is_member(array, name))
}

fn has_street(json: &Json, addresses: NodeId) -> bool {
    json.leaves(addresses).any(|leaf| {
        is_item_of(json, leaf, "line") && json.str(leaf).is_some_and(|line| !looks_made_up(&line))
    })
}

fn looks_made_up(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    MARKS.iter().any(|mark| lower.contains(mark)) || is_synthetic_id(value)
}

/// `PAT-001`, `CLINIC-DEMO-7`: capitals, hyphens and at most four digits in a row; or marked as made up.
fn is_synthetic_id(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    if MARKS.iter().any(|mark| lower.contains(mark)) {
        return true;
    }
    let longest_digits = value.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    value.starts_with(|c: char| c.is_ascii_uppercase())
        && value.contains('-')
        && longest_digits <= 4
        && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
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
    fn plainly_synthetic_data_passes() {
        assert!(!looks_real(
            r#"{"id":"PAT-001","name":[{"family":"Testperson","given":["Demo"]}],"birthDate":"1970-01-01",
                "address":[{"line":["1 Example Street"]}],"identifier":[{"value":"MRN-TEST-0001"}],
                "telecom":[{"value":"555-0100"}]}"#
        ));
    }
}
