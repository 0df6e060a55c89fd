//! The last check before anything leaves: the payload contract, no PHI inside any outgoing string, and nothing that looks
//! like an identifier where none is declared.

mod dates;
mod fold;
mod identify;
mod letters;
mod patterns;

use super::canonical::FieldType;
use super::fhir::{Json, NodeId};
use super::phi::Phi;
use super::policy::{Label, Policy, Rule, Target};
use super::redact::{OutField, Redacted, joined};
use super::refusal::{Code, Refusal};
use super::time::PartialDate;
use super::validate::Shape;
use fold::Folded;
pub(super) use identify::{is_at as identifies_at, is_person};

/// Most bytes of text that one event lets cross as it is, all fields together. What identifies is looked for in each of
/// them as often as the event has it.
const MOST_TEXT: usize = 4096;

/// Checks a record about to leave against its contract and against the event that it came from.
///
/// # Errors
/// `guard.*`, about the CRM field. The record must then be quarantined.
pub fn check(
    json: &Phi<Json>,
    shape: &Shape,
    policy: &Policy,
    required: &[usize],
    redacted: &Redacted,
) -> Result<(), Refusal> {
    for field in &redacted.fields {
        contract(policy, redacted, field)?;
    }
    let crosses = |rule: usize| redacted.fields.iter().any(|field| field.rule == rule);
    if let Some(missing) = required.iter().find(|rule| !crosses(**rule)) {
        return Err(Refusal::about(Code::GuardFieldMissing, target(policy.rules.get(*missing))));
    }
    let outgoing = redacted.fields.iter().filter_map(|field| {
        let rule = policy.rules.get(field.rule).filter(|rule| !rule.method.has_fixed_form())?;
        Some((rule, field.value.as_deref()?))
    });
    let mut length = 0;
    for (rule, value) in outgoing.clone() {
        length += value.len();
        if length > MOST_TEXT || value.contains(letters::is_hidden) {
            return Err(Refusal::about(Code::GuardValueOutside, target(Some(rule))));
        }
    }
    let all = Folded::new(outgoing.clone().map(|(_, value)| value));
    let leaks = |text: &Folded| json.test(|json| identifies(json, shape, text));
    let mut outgoing = outgoing;
    if leaks(&all) {
        // Which field it was is asked field by field, since an answer must not carry the value.
        let field = outgoing.find(|(_, value)| leaks(&Folded::new(std::iter::once(*value))));
        return Err(Refusal::about(Code::GuardPhi, target(field.map(|(rule, _)| rule))));
    }
    // A value of the policy's own list is nobody's.
    match outgoing
        .find(|(rule, value)| rule.values.is_empty() && patterns::undeclared(rule.field.kind, value))
    {
        Some((rule, _)) => Err(Refusal::about(Code::GuardIdentifier, target(Some(rule)))),
        None => Ok(()),
    }
}

/// The CRM field that a rule feeds, for a refusal.
fn target(rule: Option<&Rule>) -> String {
    rule.and_then(|rule| rule.target.as_ref()).map_or_else(|| "?".to_owned(), Target::to_string)
}

/// What passing means, in sentences.
pub fn reasons() -> Vec<String> {
    vec![
        "Only fields of the payload contract, each of its type and value set.".to_owned(),
        "No identifying value of the event inside any outgoing field.".to_owned(),
        "Nothing that looks like an identifier in a field that declares none.".to_owned(),
    ]
}

/// (1) Only fields of the contract, each of its type and value set.
fn contract(policy: &Policy, redacted: &Redacted, field: &OutField) -> Result<(), Refusal> {
    let outside = || Refusal::about(Code::GuardFieldOutside, policy.reference());
    let rule = policy.rules.get(field.rule).ok_or_else(outside)?;
    let target = rule.target.as_ref().ok_or_else(outside)?;
    let Some(value) = field.value.as_deref() else {
        return if rule.label == Label::Redacted { Ok(()) } else { Err(outside()) };
    };
    if !rule.label.crosses() {
        return Err(outside());
    }
    // Each item as it crossed: what was joined can't be told apart again.
    let items = redacted.crossings.iter().filter(|(_, own, _)| *own == field.rule);
    let items: Vec<&str> = items.map(|(_, _, item)| item.as_str()).collect();
    let fits = !value.is_empty()
        && !value.contains(char::is_control)
        && joined(&items) == value
        && items.iter().all(|item| {
            rule.method.is_form(item)
                && (rule.method.has_fixed_form() || fits(rule.field.kind, item))
                && (rule.values.is_empty() || rule.values.iter().any(|own| own == item))
        });
    if fits { Ok(()) } else { Err(Refusal::about(Code::GuardValueOutside, target.to_string())) }
}

/// (2) Whether any identifying text of the event is inside the outgoing text, whatever the rules say of the element: an
/// adapter that reads a harmless field from an identifying element must not carry it out.
fn identifies(json: &Json, shape: &Shape, outgoing: &Folded) -> bool {
    json.leaves(shape.data).any(|leaf| {
        identify::kind_of(json, leaf).is_some_and(|kind| {
            json.scalar(leaf).is_some_and(|value| {
                identify::is_inside(kind, &value, outgoing)
                    || identify::is_inside_with_given(json, leaf, &value, outgoing)
            }) && identify::is_a_persons(json, leaf)
        })
    })
}

/// The leaves of a document that identify a person, by their place: names, addresses below state, contact points,
/// identifiers, dates of birth and death, ids of and references to persons. Those of organisations and of professionals
/// are not among them. In the order of the document.
pub fn identifying(json: &Json) -> Vec<NodeId> {
    let leaves = json.leaves(NodeId::ROOT);
    leaves
        .filter(|leaf| identify::kind_of(json, *leaf).is_some() && identify::is_a_persons(json, *leaf))
        .collect()
}

/// The form that a value must have to cross as it is, in words: what [`check`] asks of it, besides its type's own.
pub fn form_of(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Code => "no spaces; 64 bytes at most",
        FieldType::Date => "a FHIR date or dateTime",
        FieldType::PostalCode => "letters, digits, spaces, hyphens; 10 bytes at most",
        FieldType::Label | FieldType::Identifier | FieldType::Personal => {
            "one line, nothing hidden in it; 200 characters at most"
        }
        FieldType::FreeText => "nothing: free text does not leave",
    }
}

/// Whether a value that crosses as it is has the form of its field's type.
pub(super) fn fits(kind: FieldType, value: &str) -> bool {
    match kind {
        // FHIR's `code`: no spaces at its ends nor two in a row; and short, since a longer one is a sentence.
        FieldType::Code => value.len() <= 64 && !value.contains(char::is_whitespace),
        FieldType::Date => PartialDate::parse(value).is_some(),
        FieldType::PostalCode => {
            value.len() <= 10 && value.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-')
        }
        FieldType::Label | FieldType::Identifier | FieldType::Personal => value.chars().count() <= 200,
        FieldType::FreeText => false,
    }
}
