//! The last check before anything leaves: the payload contract, and no PHI inside any outgoing string.

use super::canonical::DisclosureClass;
use super::fhir::{Json, Kind, NodeId};
use super::phi::Phi;
use super::policy::{Label, Policy};
use super::redact::{OutField, Redacted};
use super::refusal::{Code, Refusal};
use super::validate::Shape;

/// Folded identifying texts shorter than this are too common to look for.
const SHORTEST: usize = 2;
/// Folded texts at least this long are looked for anywhere, shorter ones as whole words.
const ANYWHERE: usize = 5;
/// Longer texts (narratives, attachments) are not one identifier; their parts are elements of their own.
const LONGEST: usize = 256;

/// Checks a record about to leave against its contract and against the event that it came from.
///
/// # Errors
/// `guard.*`, about the CRM field. The record must then be quarantined.
pub fn check(json: &Phi<Json>, shape: &Shape, policy: &Policy, redacted: &Redacted) -> Result<(), Refusal> {
    for field in &redacted.fields {
        contract(policy, field)?;
    }
    let outgoing = redacted.fields.iter().filter_map(|field| {
        let rule = policy.rules.get(field.rule).filter(|rule| !rule.method.has_fixed_form())?;
        Some((rule, field.value.as_deref()?))
    });
    let all = Folded::new(outgoing.clone().map(|(_, value)| value));
    let leaks = |text: &Folded| json.test(|json| identifies(json, shape, policy, redacted, text));
    if !leaks(&all) {
        return Ok(());
    }
    // Which field it was is asked field by field, since an answer must not carry the value.
    let mut outgoing = outgoing;
    let field = outgoing.find(|(_, value)| leaks(&Folded::new(std::iter::once(*value))));
    let target = field.and_then(|(rule, _)| rule.target.as_deref()).unwrap_or("?");
    Err(Refusal::about(Code::GuardPhi, format!("{}.{target}", policy.object)))
}

/// What passing means, in sentences.
pub fn reasons() -> Vec<String> {
    vec![
        "Only fields of the payload contract, each of its type and value set.".to_owned(),
        "No identifying value of the event inside any outgoing field.".to_owned(),
    ]
}

/// (1) Only fields of the contract, each of its type and value set.
fn contract(policy: &Policy, field: &OutField) -> Result<(), Refusal> {
    let outside = || Refusal::about(Code::GuardFieldOutside, policy.object.clone());
    let rule = policy.rules.get(field.rule).ok_or_else(outside)?;
    let target = rule.target.as_deref().ok_or_else(outside)?;
    let Some(value) = field.value.as_deref() else {
        return if rule.label == Label::Redacted { Ok(()) } else { Err(outside()) };
    };
    if !rule.label.crosses() {
        return Err(outside());
    }
    let parts = || if rule.field.many { value.split("; ") } else { value.split("\0") };
    let fits = !value.is_empty()
        && !value.contains(char::is_control)
        && parts().all(|part| {
            rule.method.is_form(part) && (rule.values.is_empty() || rule.values.iter().any(|v| v == part))
        });
    if fits {
        Ok(())
    } else {
        Err(Refusal::about(Code::GuardValueOutside, format!("{}.{target}", policy.object)))
    }
}

/// (2) Whether any identifying text of the event is inside the outgoing text: what the patient's resources say
/// of the person, and the identifying elements of any other. Elements that a rule lets cross as they are do
/// not count.
fn identifies(json: &Json, shape: &Shape, policy: &Policy, redacted: &Redacted, outgoing: &Folded) -> bool {
    let crosses_as_is = |node: NodeId| {
        redacted.crossings.iter().any(|(crossed, rule, _)| {
            *crossed == node
                && policy.rules.get(*rule).is_some_and(|rule| {
                    rule.label == Label::Allowed && rule.class < DisclosureClass::PhiRestricted
                })
        })
    };
    let mut scratch = String::new();
    let mut found = |text: &str| {
        scratch.clear();
        fold(text, &mut scratch);
        outgoing.contains(&scratch)
    };
    json.leaves(shape.data).any(|leaf| {
        let Some(member) = identifying_member(json, leaf) else { return false };
        let Some(value) = json.scalar(leaf).filter(|value| value.len() <= LONGEST) else { return false };
        let hit = found(&value)
            || match member {
                Identifying::Date => dates(&value).iter().any(|date| found(date)),
                Identifying::Reference => value.rsplit(['/', ':', '#']).next().is_some_and(&mut found),
                // A name in words: each longer word of it counts on its own.
                Identifying::Text => {
                    value.contains(' ')
                        && value
                            .split(|c: char| !c.is_alphanumeric())
                            .any(|word| word.chars().count() >= 4 && found(word))
                }
            };
        hit && !crosses_as_is(leaf)
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identifying {
    Text,
    Date,
    Reference,
}

/// Whether an element identifies a person, by where it stands: names, addresses below state, contact points,
/// identifiers, birth and death, ids of and references to persons.
fn identifying_member(json: &Json, leaf: NodeId) -> Option<Identifying> {
    let mut member = leaf;
    let mut parent = json.parent(leaf)?;
    if json.kind(parent) == Kind::Array {
        member = parent;
        parent = json.parent(parent)?;
    }
    let key = json.key(member)?;
    let holder = match json.parent(parent) {
        Some(array) if json.kind(array) == Kind::Array => array,
        _ => parent,
    };
    let under = |names: &[&str]| json.key(holder).is_some_and(|key| names.contains(&key.as_ref()));
    let of_a_person = || json.parent(holder).is_none_or(|owner| !is_organisation(json, owner));
    let (kind, identifying) = match key.as_ref() {
        "family" | "given" => (Identifying::Text, true),
        "birthDate" | "deceasedDateTime" => (Identifying::Date, true),
        "fullUrl" => (Identifying::Reference, true),
        "id" => (Identifying::Text, is_person(json, parent)),
        "reference" => (Identifying::Reference, under(&PERSONS)),
        "display" => (Identifying::Text, under(&PERSONS)),
        "text" => (Identifying::Text, under(&["name", "address"]) && of_a_person()),
        "value" => (Identifying::Text, under(&["telecom", "identifier"]) && of_a_person()),
        "line" | "city" | "district" | "postalCode" => {
            (Identifying::Text, under(&["address", "valueAddress"]) && of_a_person())
        }
        _ => return None,
    };
    identifying.then_some(kind)
}

/// Members that refer to the patient or to someone close.
const PERSONS: [&str; 6] = ["subject", "patient", "individual", "beneficiary", "other", "link"];

fn is_person(json: &Json, resource: NodeId) -> bool {
    json.resource_type(resource)
        .is_some_and(|kind| matches!(kind.name(), "Patient" | "Person" | "RelatedPerson"))
}

/// Whether a resource is an organisation's: its own address, numbers and identifiers are no person's,
/// and a hospital is often called after its town.
fn is_organisation(json: &Json, resource: NodeId) -> bool {
    json.resource_type(resource)
        .is_some_and(|kind| matches!(kind.name(), "Organization" | "HealthcareService"))
}

/// The other ways in which people write a full date: year first, day first, month first.
fn dates(value: &str) -> Vec<String> {
    let digits: String = value.bytes().filter(u8::is_ascii_digit).map(char::from).take(8).collect();
    match (digits.get(..4), digits.get(4..6), digits.get(6..8)) {
        (Some(year), Some(month), Some(day)) => {
            vec![format!("{year}{month}{day}"), format!("{day}{month}{year}"), format!("{month}{day}{year}")]
        }
        _ => Vec::new(),
    }
}

/// Lower case, letters and digits only, appended.
fn fold(value: &str, out: &mut String) {
    for c in value.chars() {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                out.push(c.to_ascii_lowercase());
            }
        } else if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        }
    }
}

/// Outgoing strings, folded: whole ones, and word by word.
struct Folded {
    /// Each string without anything but letters and digits, a line each.
    whole: String,
    /// Their words, a line each, so that a short text is found as a whole word only.
    words: String,
}

impl Folded {
    fn new<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut folded = Self { whole: String::with_capacity(256), words: String::with_capacity(256) };
        folded.words.push('\n');
        for value in values {
            fold(value, &mut folded.whole);
            folded.whole.push('\n');
            for word in value.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
                fold(word, &mut folded.words);
                folded.words.push('\n');
            }
        }
        folded
    }

    /// Whether a folded text is inside.
    fn contains(&self, text: &str) -> bool {
        match text.chars().take(ANYWHERE).count() {
            ..SHORTEST => false,
            SHORTEST..ANYWHERE => self.words.match_indices(text).any(|(at, _)| {
                let before = at.checked_sub(1).and_then(|at| self.words.as_bytes().get(at));
                before == Some(&b'\n') && self.words.as_bytes().get(at + text.len()) == Some(&b'\n')
            }),
            _ => self.whole.contains(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(outgoing: &str, text: &str) -> bool {
        let mut folded = String::new();
        fold(text, &mut folded);
        Folded::new(std::iter::once(outgoing)).contains(&folded)
    }

    #[test]
    fn case_spacing_and_punctuation_do_not_hide_a_value() {
        let outgoing = "Cardiology – for TEST-Person, (demo) ÉLAN";
        assert!(inside(outgoing, "Testperson"));
        assert!(inside(outgoing, "Demo"));
        assert!(inside(outgoing, "élan"));
        assert!(!inside(outgoing, "log"));
        assert!(!inside(outgoing, "d"));
    }

    #[test]
    fn a_date_is_found_in_other_orders() {
        for outgoing in ["born 03.02.1971", "02/03/1971", "1971 02 03"] {
            assert!(dates("1971-02-03").iter().any(|date| inside(outgoing, date)), "{outgoing}");
        }
        assert!(dates("1971").is_empty());
    }

    #[test]
    fn what_identifies_is_told_by_its_place() {
        let json = Json::read(
            r#"{"resourceType":"Patient","id":"PAT-001","name":[{"family":"Testperson","use":"official"}],
               "address":[{"city":"Demoville","state":"MA","line":["1 Example Street"]}],
               "maritalStatus":{"text":"Married"},"gender":"female"}"#,
        )
        .unwrap();
        let loci = json.loci(NodeId::ROOT).into_iter();
        let paths: Vec<String> =
            loci.filter(|l| identifying_member(&json, l.node).is_some()).map(|l| l.path).collect();
        assert_eq!(
            paths,
            ["Patient.id", "Patient.name[0].family", "Patient.address[0].city", "Patient.address[0].line[0]"]
        );
    }
}
