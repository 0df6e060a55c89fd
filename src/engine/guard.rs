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
    let outgoing: Vec<(usize, Folded)> = redacted
        .fields
        .iter()
        .filter(|field| policy.rules.get(field.rule).is_some_and(|rule| !rule.method.has_fixed_form()))
        .filter_map(|field| field.value.as_deref().map(|value| (field.rule, Folded::new(value))))
        .collect();
    let hit = json
        .as_ref()
        .map(|json| identifying(json, shape, policy, redacted))
        .test(|terms| terms.iter().any(|term| outgoing.iter().any(|(_, text)| text.contains(term))));
    if !hit {
        return Ok(());
    }
    // Which field it was: asked again field by field, since the answer must not carry the term.
    let field = outgoing.iter().find(|(_, text)| {
        json.as_ref()
            .map(|json| identifying(json, shape, policy, redacted))
            .test(|terms| terms.iter().any(|term| text.contains(term)))
    });
    let target = field.and_then(|(rule, _)| policy.rules.get(*rule)).and_then(|rule| rule.target.clone());
    Err(Refusal::about(Code::GuardPhi, format!("{}.{}", policy.object, target.unwrap_or_default())))
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

/// (2) The event's identifying texts, folded: what the patient's resources say of the person, what any element
/// says that the policy classes as PHI, and the identifying elements of any resource. Elements that a rule
/// lets cross as they are do not count.
fn identifying(json: &Json, shape: &Shape, policy: &Policy, redacted: &Redacted) -> Vec<String> {
    let crossed_as_is = |node: NodeId| {
        redacted.crossings.iter().any(|(crossed, rule, _)| {
            *crossed == node
                && policy.rules.get(*rule).is_some_and(|rule| {
                    rule.label == Label::Allowed && rule.class < DisclosureClass::PhiRestricted
                })
        })
    };
    let mut terms = Vec::new();
    for leaf in json.leaves(shape.data) {
        if json.kind(leaf) == Kind::Object || json.kind(leaf) == Kind::Array {
            continue;
        }
        if !is_identifying(json, leaf) || crossed_as_is(leaf) {
            continue;
        }
        let Some(value) = json.scalar(leaf) else { continue };
        push_term(&mut terms, &value);
        if json.is_member(leaf, "birthDate") || json.is_member(leaf, "deceasedDateTime") {
            push_date(&mut terms, &value);
        }
        if json.is_member(leaf, "reference") || json.is_member(leaf, "fullUrl") {
            if let Some(id) = value.rsplit(['/', ':', '#']).next() {
                push_term(&mut terms, id);
            }
        } else if value.contains(' ') {
            // A name in words: each word of it counts on its own.
            let words = value.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= 4);
            words.for_each(|word| push_term(&mut terms, word));
        }
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// Whether an element identifies a person, by where it stands: names, addresses below state, contact points,
/// identifiers, birth and death, ids of and references to persons.
fn is_identifying(json: &Json, leaf: NodeId) -> bool {
    let mut member = leaf;
    let Some(mut parent) = json.parent(leaf) else { return false };
    if json.kind(parent) == Kind::Array {
        member = parent;
        match json.parent(parent) {
            Some(above) => parent = above,
            None => return false,
        }
    }
    let is = |names: &[&str]| names.iter().any(|name| json.is_member(member, name));
    if is(&["family", "given", "birthDate", "deceasedDateTime", "fullUrl"]) {
        return true;
    }
    if is(&["id"]) {
        return is_person(json, parent);
    }
    if is(&["reference", "display"]) && json.get(parent, "code").is_none() {
        let holder = holder(json, parent);
        return ["subject", "patient", "individual", "beneficiary", "link", "other"]
            .iter()
            .any(|name| json.is_member(holder, name));
    }
    let holder = holder(json, parent);
    let in_holder = |name: &str| json.is_member(holder, name);
    (in_holder("name") && is(&["text"]))
        || (in_holder("telecom") && is(&["value"]))
        || (in_holder("identifier") && is(&["value"]))
        || ((in_holder("address") || is_member_of_address(json, holder))
            && is(&["line", "city", "district", "postalCode", "text"]))
}

fn is_member_of_address(json: &Json, holder: NodeId) -> bool {
    json.is_member(holder, "valueAddress")
}

/// The member under which an object stands, through one array.
fn holder(json: &Json, object: NodeId) -> NodeId {
    match json.parent(object) {
        Some(array) if json.kind(array) == Kind::Array => array,
        _ => object,
    }
}

fn is_person(json: &Json, resource: NodeId) -> bool {
    json.resource_type(resource)
        .is_some_and(|kind| matches!(kind.name(), "Patient" | "Person" | "RelatedPerson"))
}

fn push_term(terms: &mut Vec<String>, value: &str) {
    if value.len() <= LONGEST {
        let folded = fold(value);
        if folded.chars().count() >= SHORTEST {
            terms.push(folded);
        }
    }
}

/// The other ways in which people write a date.
fn push_date(terms: &mut Vec<String>, value: &str) {
    let digits: String = value.bytes().filter(u8::is_ascii_digit).map(char::from).take(8).collect();
    if let (Some(year), Some(month), Some(day)) = (digits.get(..4), digits.get(4..6), digits.get(6..8)) {
        terms.extend([
            format!("{year}{month}{day}"),
            format!("{day}{month}{year}"),
            format!("{month}{day}{year}"),
        ]);
    }
}

/// Lower case, letters and digits only.
fn fold(value: &str) -> String {
    value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// An outgoing string, folded whole and word by word.
struct Folded {
    whole: String,
    words: Vec<String>,
}

impl Folded {
    fn new(value: &str) -> Self {
        let words = value.split(|c: char| !c.is_alphanumeric()).map(fold).filter(|w| !w.is_empty()).collect();
        Self { whole: fold(value), words }
    }

    fn contains(&self, term: &str) -> bool {
        if term.chars().count() >= ANYWHERE {
            self.whole.contains(term)
        } else {
            self.words.iter().any(|word| word == term)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_spacing_and_punctuation_do_not_hide_a_value() {
        let text = Folded::new("Cardiology – for TEST-Person, (demo)");
        assert!(text.contains(&fold("testperson")));
        assert!(text.contains(&fold("Demo")));
        assert!(!text.contains(&fold("log")));
    }

    #[test]
    fn a_date_is_found_in_other_orders() {
        let mut terms = Vec::new();
        push_date(&mut terms, "1971-02-03");
        assert!(terms.iter().any(|term| Folded::new("born 03.02.1971").contains(term)));
        assert!(terms.iter().any(|term| Folded::new("02/03/1971").contains(term)));
    }

    #[test]
    fn what_identifies_is_told_by_its_place() {
        let json = Json::read(
            r#"{"resourceType":"Patient","id":"PAT-001","name":[{"family":"Testperson","use":"official"}],
               "address":[{"city":"Demoville","state":"MA","line":["1 Example Street"]}],
               "maritalStatus":{"text":"Married"},"gender":"female"}"#,
        )
        .unwrap();
        let paths: Vec<String> = json
            .leaves(NodeId::ROOT)
            .filter(|leaf| is_identifying(&json, *leaf))
            .map(|leaf| {
                let mut path = String::new();
                json.write_path(NodeId::ROOT, leaf, &mut path);
                path
            })
            .collect();
        assert_eq!(paths, ["id", "name[0].family", "address[0].city", "address[0].line[0]"]);
    }
}
