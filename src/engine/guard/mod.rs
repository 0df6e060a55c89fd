//! The last check before anything leaves: the payload contract, no PHI inside any outgoing string, and nothing that looks
//! like an identifier where none is declared.
//!
//! What comes from a closed vocabulary (a table of our own, a list of values, a token, a generalised number or date, a flag)
//! is only held against its contract: no text of the event can be inside it, and a patient may be called as a label is. Of
//! what crosses as it is, only ASCII does, and its parts are put in order once; each identifying value of the event is then
//! looked up among them, so that the time is linear in the event.

mod dates;
mod fold;
mod identify;
mod letters;
mod patterns;

use super::adapt::drift::ElementPath;
use super::canonical::FieldType;
use super::decisions::Decisions;
use super::fhir::{Json, Kind, NodeId};
use super::phi::Phi;
use super::policy::{Label, Policy, Rule};
use super::redact::{Method, OutField, Redacted, joined};
use super::refusal::{Code, Refusal};
use super::spelled::Spelled;
use super::time::PartialDate;
use super::validate::Shape;
use fold::Folded;
pub(super) use identify::{is_at as identifies_at, is_person};

/// Most bytes that one event lets cross as they are, all fields together.
const MOST_TEXT: usize = 4096;

/// Checks a record about to leave against its contract and against the event that it came from.
///
/// # Errors
/// `guard.*`, about the CRM field. The record must then be quarantined.
pub fn check(
    json: &Phi<Json>,
    shape: &Shape,
    policy: &Policy,
    decisions: &Decisions,
    redacted: &Redacted,
) -> Result<(), Refusal> {
    for field in &redacted.fields {
        contract(policy, decisions, redacted, field)?;
    }
    let crosses = |rule: usize| redacted.fields.iter().any(|field| field.rule == rule);
    if let Some(missing) = decisions.required.iter().find(|rule| !crosses(**rule)) {
        return Err(Refusal::about(Code::GuardFieldMissing, target(policy.rules.get(*missing))));
    }
    // What is from a closed vocabulary has nothing of the event in it, and is not looked at.
    let open = redacted.crossings.iter().filter_map(|(node, rule, value)| {
        let rule = policy.rules.get(*rule).filter(|rule| !rule.is_closed_vocabulary())?;
        (!json.test(|json| is_flag_or_listed(json, *node, value))).then_some((rule, value.as_str()))
    });
    let open: Vec<(&Rule, &str)> = open.collect();
    let mut length = 0;
    for (rule, value) in &open {
        length += value.len();
        if length > MOST_TEXT || !value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            return Err(Refusal::about(Code::GuardValueOutside, target(Some(rule))));
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    let leaks = |text: &Folded| json.test(|json| identifies(json, shape.data, text));
    if leaks(&Folded::new(open.iter().map(|(_, value)| *value))) {
        // Which field it was is asked field by field, since an answer must not carry the value.
        let rules = open.chunk_by(|(one, _), (other, _)| std::ptr::eq(*one, *other));
        let found = rules.filter_map(|own| {
            let text = Folded::new(own.iter().map(|(_, value)| *value));
            leaks(&text).then(|| own.first().map(|(rule, _)| *rule))
        });
        return Err(Refusal::about(Code::GuardPhi, target(found.flatten().next())));
    }
    match open.iter().find(|(rule, value)| patterns::undeclared(rule.field.kind, value)) {
        Some((rule, _)) => Err(Refusal::about(Code::GuardIdentifier, target(Some(rule)))),
        None => Ok(()),
    }
}

/// Whether a value that crosses as it is can't be anybody's: a flag, or one of the codes that FHIR requires of the element.
fn is_flag_or_listed(json: &Json, node: NodeId, value: &str) -> bool {
    json.kind(node) == Kind::Bool
        || ElementPath::of(json, node)
            .and_then(|path| path.codes())
            .is_some_and(|codes| codes.contains(&value))
}

/// The CRM field that a rule feeds, for a refusal.
fn target(rule: Option<&Rule>) -> Spelled {
    rule.and_then(|rule| rule.target.as_ref()).map_or_else(|| "?".into(), Spelled::from)
}

/// What passing means, in sentences.
pub fn reasons() -> Vec<String> {
    vec![
        "Only fields of the payload contract, each of its type and value set.".to_owned(),
        "No identifying value of the event inside a field that crosses as it is.".to_owned(),
        "Nothing that looks like an identifier in such a field, unless it declares one.".to_owned(),
    ]
}

/// (1) Only fields of the contract, each of its type and value set.
fn contract(
    policy: &Policy,
    decisions: &Decisions,
    redacted: &Redacted,
    field: &OutField,
) -> Result<(), Refusal> {
    let outside = || Refusal::about(Code::GuardFieldOutside, policy);
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
                && (rule.method != Method::Label
                    || decisions.labels(field.rule).is_some_and(|labels| labels.holds(item)))
        });
    if fits { Ok(()) } else { Err(Refusal::about(Code::GuardValueOutside, target)) }
}

/// (2) Whether any identifying text of the event is inside the outgoing text, whatever the rules say of the element: an
/// adapter that reads a harmless field from an identifying element must not carry it out.
fn identifies(json: &Json, data: NodeId, outgoing: &Folded) -> bool {
    json.leaves(data).any(|leaf| {
        identify::kind_of(json, leaf).is_some_and(|kind| {
            json.scalar(leaf).is_some_and(|value| {
                identify::is_inside(kind, &value, outgoing)
                    || identify::is_inside_with_given(json, leaf, &value, outgoing)
            }) && identify::is_a_persons(json, leaf)
        })
    })
}

/// Whether texts have nothing in them that identifies somebody whom the event is about.
pub(super) fn names_nobody(json: &Json, shape: &Shape, texts: &[&str]) -> bool {
    !identifies(json, shape.data, &Folded::new(texts.iter().copied()))
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
        FieldType::Code => "no spaces, plain letters, digits and signs (ASCII); 64 bytes at most",
        FieldType::Date => "a FHIR date or dateTime",
        FieldType::PostalCode => "letters, digits, spaces, hyphens; 10 bytes at most",
        FieldType::Label | FieldType::Identifier | FieldType::Personal => {
            "one line of plain letters, digits and signs (ASCII); 200 characters at most"
        }
        FieldType::FreeText => "nothing: free text does not leave",
    }
}

/// Whether a value that crosses as it is has the form of its field's type.
fn fits(kind: FieldType, value: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Comparisons for each byte of a patient with these names, against as much text as leaves at most.
    fn effort(outgoing: &str, names: impl Iterator<Item = String>) -> usize {
        let names = names.collect::<Vec<_>>().join(",");
        let text = format!(r#"{{"resourceType":"Patient","name":[{names}]}}"#);
        let bytes = text.len();
        let json = Json::read(text).unwrap();
        let outgoing = Folded::new(std::iter::once(outgoing));
        let before = fold::COMPARED.get();
        assert!(!identifies(&json, NodeId::ROOT, &outgoing));
        assert!(bytes > 100_000, "too little to tell by: {bytes}");
        (fold::COMPARED.get() - before) / bytes
    }

    #[test]
    fn the_effort_of_looking_for_names_does_not_grow_with_them_nor_with_what_leaves() {
        let long = "a".repeat(MOST_TEXT);
        let short = "lee-sleepy-fleet-".repeat(MOST_TEXT / 17);
        let given = |count: usize| vec![r#""Mo""#; count].join(",");
        for outgoing in [long.as_str(), short.replace("lee-", "flees-").as_str(), "A"] {
            let one = std::iter::once(format!(r#"{{"family":"leep","given":[{}]}}"#, given(100_000)));
            assert!(effort(outgoing, one) <= 12, "one patient of many given names");
            let many =
                (0..20_000).map(|n| format!(r#"{{"family":"Test{n:x}","given":["Ann Lee","{n:x}b"]}}"#));
            assert!(effort(outgoing, many) <= 12, "many names");
            let near = (0..2_000).map(|n| format!(r#"{{"family":"{}b{n}"}}"#, "a".repeat(240)));
            assert!(effort(outgoing, near) <= 12, "names that nearly leave");
            let given = (0..10_000).map(|n| format!("\"\u{ac01}{n}\"")).collect::<Vec<_>>().join(",");
            let family = format!("test{}", "\u{ac01}".repeat(84));
            let joined = (0..2).map(|_| format!(r#"{{"family":"{family}","given":[{given}]}}"#));
            assert!(effort(outgoing, joined) <= 12, "a long name beside many");
        }
    }
}
