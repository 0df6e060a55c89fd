//! What to look at in single rules.

use super::codes::{
    ACCOUNTABILITY_MISSING, ENTITY_ALLOWED, ENTITY_LOOSENED, FREE_TEXT_ALLOWED, HIGHLY_RESTRICTED_ALLOWED,
    PHI_ALLOWED, TEXT_KEPT,
};
use super::{AsWritten, Written};
use crate::engine::canonical::{DisclosureClass, FieldType};
use crate::engine::document::Document;
use crate::engine::policy::edit::quoted;
use crate::engine::policy::{Label, Policy, Rule};
use crate::engine::redact::Method;
use std::collections::BTreeMap;

/// Entities of which each rule that lets something out drives consent or eligibility.
const ACCOUNTABLE: [&str; 2] = ["ConsentState", "ProgramEnrollment"];

pub(super) fn lint(doc: &mut Document<'_>, policy: &Policy, written: &Written<'_>) {
    let entities: BTreeMap<&str, &Rule> = policy
        .rules
        .iter()
        .filter(|rule| rule.whole_entity)
        .map(|rule| (rule.field.entity(), rule))
        .collect();
    for rule in &written.rules {
        let Some(first) = rule.first() else { continue };
        if first.whole_entity {
            subtree(doc, rule);
        } else {
            crossing(doc, rule, first);
            if let Some(entity) = entities.get(first.field.entity()) {
                loosened(doc, written, rule, first, entity);
            }
        }
        accountability(doc, rule);
    }
}

/// A field that crosses as it is and hardly should.
fn crossing(doc: &mut Document<'_>, written: &AsWritten<'_>, rule: &Rule) {
    if rule.label != Label::Allowed {
        return;
    }
    let (name, class) = (&rule.field.name, rule.class.as_str());
    let span = written.span(doc, "field");
    if rule.field.kind == FieldType::FreeText {
        doc.lint(span, &FREE_TEXT_ALLOWED, format!("`{name}` is free text and would cross as it is."));
    } else if rule.class == DisclosureClass::HighlyRestricted {
        doc.lint(span, &HIGHLY_RESTRICTED_ALLOWED, format!("`{name}` is {class} and would cross as it is."));
    } else if rule.class == DisclosureClass::PhiRestricted {
        doc.lint(span, &PHI_ALLOWED, format!("`{name}` is {class} and would cross as it is."));
        if let Some((title, method)) = safer(rule.field.kind) {
            let changes = [
                ("label", Some(quoted(Label::Transformed.as_str()))),
                ("method", Some(quoted(method.name()))),
            ];
            let json = doc.json;
            return doc.fix(title, || written.revise(json, &changes));
        }
    } else if rule.field.kind != FieldType::Code {
        let kind = rule.field.kind.as_str();
        doc.lint(span, &TEXT_KEPT, format!("`{name}` is of type {kind} and would cross as it is."));
    } else {
        return;
    }
    let json = doc.json;
    doc.fix("Prohibit it", || written.prohibit(json));
}

/// A method by which less of a field crosses, and what it does.
fn safer(kind: FieldType) -> Option<(&'static str, Method)> {
    match kind {
        FieldType::Date => Some(("Let the year cross alone", Method::Year)),
        FieldType::PostalCode => Some(("Let three digits cross", Method::Zip3)),
        FieldType::Identifier => Some(("Let a token cross", Method::Tokenize)),
        FieldType::Code | FieldType::Label | FieldType::Personal | FieldType::FreeText => None,
    }
}

/// A rule that is looser than that of its entity. Beside an entity that is prohibited it is no exception: so is whatever
/// no rule names.
fn loosened(doc: &mut Document<'_>, all: &Written<'_>, written: &AsWritten<'_>, rule: &Rule, entity: &Rule) {
    let place = |label: Label| Label::ALL.iter().position(|own| *own == label);
    let is_exception = entity.label != Label::Prohibited && place(rule.label) < place(entity.label);
    if !is_exception || rule.note.is_some() {
        return;
    }
    let message = format!(
        "`{}` is {} here, while rule `{}` has the rest of `{}` {}.",
        rule.field.name,
        rule.label.as_str(),
        entity.id,
        entity.field.entity(),
        entity.label.as_str()
    );
    doc.lint(written.span(doc, "label"), &ENTITY_LOOSENED, message);
    let json = doc.json;
    doc.fix("Remove the exception", || written.remove(json, all.list));
}

/// A whole entity that is allowed: there is text in each.
fn subtree(doc: &mut Document<'_>, written: &AsWritten<'_>) {
    let Some(first) = written.first().filter(|rule| rule.label == Label::Allowed) else { return };
    let message = format!("All of `{}` is allowed, text included.", first.field.entity());
    doc.lint(written.span(doc, "field"), &ENTITY_ALLOWED, message);
    let json = doc.json;
    doc.fix("Prohibit it", || written.prohibit(json));
}

/// A rule that somebody must answer for, and that does not say who, or how it is checked and taken back.
fn accountability(doc: &mut Document<'_>, written: &AsWritten<'_>) {
    let exposes = |rule: &&Rule| {
        rule.label.crosses()
            && (rule.class >= DisclosureClass::PhiRestricted || ACCOUNTABLE.contains(&rule.field.entity()))
    };
    let Some(rule) = written.says.iter().copied().find(exposes) else { return };
    let keys = [("owner", &rule.owner), ("check", &rule.check), ("rollback", &rule.rollback)];
    let says = |text: &String| text.chars().any(char::is_alphanumeric);
    let missing = keys.iter().filter(|(_, text)| !text.as_ref().is_some_and(says));
    let missing: Vec<&str> = missing.map(|(key, _)| *key).collect();
    if missing.is_empty() {
        return;
    }
    let why = if ACCOUNTABLE.contains(&rule.field.entity()) {
        format!("lets out something of `{}`", rule.field.entity())
    } else {
        format!("lets out something {}", rule.class.as_str())
    };
    let message = format!("Rule `{}` {why} and has no {}.", rule.id, missing.join(", no "));
    doc.lint(written.span(doc, "field"), &ACCOUNTABILITY_MISSING, message);
}
