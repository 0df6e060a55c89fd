//! Reading a policy text, as far as it can be read.

use super::diagnostic::{Document, closest, not_json};
use super::{Label, Policy, Reading, Rule};
use crate::engine::audit::hex;
use crate::engine::canonical::{self, DisclosureClass, FieldType};
use crate::engine::fhir::{Json, NodeId, ResourceType};
use crate::engine::redact::Method;
use sha2::{Digest, Sha256};

const KEYS: &[&str] = &[
    "schemaVersion",
    "id",
    "version",
    "title",
    "source",
    "target",
    "eventTypes",
    "resourceTypes",
    "adapter",
    "purpose",
    "legalBasis",
    "recipient",
    "channels",
    "jurisdictions",
    "retention",
    "auditLocation",
    "rules",
    "changelog",
];
const RULE_KEYS: &[&str] =
    &["id", "field", "label", "class", "method", "target", "values", "owner", "check", "rollback", "note"];

pub(super) fn read(text: &str) -> Reading {
    let json = match Json::read(text) {
        Ok(json) => json,
        Err(refusal) => return Reading { policy: None, findings: vec![not_json("policy", &refusal)] },
    };
    let mut doc = Document::new(&json, "policy");
    let root = NodeId::ROOT;
    if !doc.object(root, KEYS) {
        return Reading { policy: None, findings: doc.findings };
    }
    doc.schema_version(root);
    let (target, object) = target(&mut doc, root);
    let (recipient, role) = recipient(&mut doc, root);
    let event_types = doc.strings(root, "eventTypes");
    if event_types.is_empty() {
        doc.missing(root, "eventTypes");
    }
    doc.strings(root, "channels");
    for key in ["retention", "auditLocation"] {
        doc.optional(root, key);
    }
    changelog(&mut doc, root);
    let policy = Policy {
        id: doc.string(root, "id"),
        version: doc.string(root, "version"),
        title: doc.string(root, "title"),
        source: doc.string(root, "source"),
        target,
        object,
        event_types,
        resource_types: resource_types(&mut doc, root),
        jurisdictions: doc.strings(root, "jurisdictions"),
        adapter: doc.string(root, "adapter"),
        purpose: doc.string(root, "purpose"),
        legal_basis: doc.string(root, "legalBasis"),
        recipient,
        role,
        rules: rules(&mut doc, root),
        hash: text_hash(text),
    };
    let mut findings = doc.findings;
    findings.sort_by_key(|finding| finding.place.offset);
    Reading { policy: Some(policy), findings }
}

fn text_hash(text: &str) -> String {
    hex(Sha256::digest(text.as_bytes()).get(..8).unwrap_or(&[]))
}

fn target(doc: &mut Document<'_>, root: NodeId) -> (String, String) {
    match doc.json.get(root, "target") {
        Some(at) if doc.object(at, &["system", "object"]) => {
            (doc.string(at, "system"), doc.string(at, "object"))
        }
        Some(_) => Default::default(),
        None => {
            doc.missing(root, "target");
            Default::default()
        }
    }
}

fn recipient(doc: &mut Document<'_>, root: NodeId) -> (String, String) {
    match doc.json.get(root, "recipient") {
        Some(at) if doc.object(at, &["organization", "role"]) => {
            (doc.string(at, "organization"), doc.string(at, "role"))
        }
        Some(_) => Default::default(),
        None => {
            doc.missing(root, "recipient");
            Default::default()
        }
    }
}

fn resource_types(doc: &mut Document<'_>, root: NodeId) -> Vec<ResourceType> {
    let Some(list) = doc.json.get(root, "resourceTypes") else { return Vec::new() };
    let mut types = Vec::new();
    let items = doc.items(list);
    if items.is_empty() {
        doc.error(
            list,
            "empty",
            "No resource at all could come in.",
            "List the types that may, or leave it out.",
        );
    }
    for item in items {
        let Some(name) = doc.text(item) else { continue };
        match ResourceType::parse(&name) {
            Some(kind) => types.push(kind),
            None => doc.error(
                item,
                "unknown-resource-type",
                format!("FHIR R4 has no resource type `{name}`."),
                "Check the spelling; names are case-sensitive.",
            ),
        }
    }
    types
}

fn changelog(doc: &mut Document<'_>, root: NodeId) {
    let Some(at) = doc.json.get(root, "changelog") else { return };
    for entry in doc.items(at) {
        if doc.object(entry, &["version", "date", "note"]) {
            for key in ["version", "date", "note"] {
                doc.string(entry, key);
            }
        }
    }
}

fn rules(doc: &mut Document<'_>, root: NodeId) -> Vec<Rule> {
    let Some(at) = doc.json.get(root, "rules") else {
        doc.missing(root, "rules");
        return Vec::new();
    };
    let mut rules: Vec<Rule> = Vec::new();
    for item in doc.items(at) {
        let Some(rule) = rule(doc, item) else { continue };
        let at = |key| doc.json.get(item, key).unwrap_or(item);
        if rules.iter().any(|other| other.id == rule.id) {
            doc.error(
                at("id"),
                "duplicate-rule",
                "Another rule has this id.",
                "Give each rule an id of its own.",
            );
        } else if rules.iter().any(|other| other.field == rule.field) {
            doc.error(
                at("field"),
                "field-twice",
                "Another rule names this field already.",
                "A field has one rule: merge the two.",
            );
        } else if rule.target.is_some() && rules.iter().any(|other| other.target == rule.target) {
            doc.error(
                at("target"),
                "target-twice",
                "Another rule feeds this CRM field already.",
                "Feed each CRM field from one rule.",
            );
        } else {
            rules.push(rule);
        }
    }
    rules
}

fn rule(doc: &mut Document<'_>, at: NodeId) -> Option<Rule> {
    if !doc.object(at, RULE_KEYS) {
        return None;
    }
    let id = doc.string(at, "id");
    let name = doc.string(at, "field");
    let label = label(doc, at);
    let target = doc.optional(at, "target");
    let values = doc.strings(at, "values");
    if let Some(values_at) = doc.json.get(at, "values").filter(|_| values.is_empty()) {
        doc.error(
            values_at,
            "empty",
            "No value at all could cross.",
            "List the values that may, or leave it out.",
        );
    }
    for key in ["owner", "check", "rollback", "note"] {
        doc.optional(at, key);
    }
    let field_at = doc.json.get(at, "field").unwrap_or(at);
    let Some(field) = canonical::field(&name) else {
        if !name.is_empty() {
            let help = match closest(&name, canonical::catalogue().iter().map(|entry| entry.name)) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => "Name a field of the canonical model, e.g. `CareEvent.status`.".to_owned(),
            };
            doc.error(field_at, "unknown-field", format!("There is no canonical field `{name}`."), help);
        }
        return None;
    };
    let label = label?;
    let class = class(doc, at, field.class);
    let method = method(doc, at, label, field.kind)?;
    match (&target, label) {
        (None, Label::Allowed | Label::Transformed | Label::Redacted) => doc.missing(at, "target"),
        (Some(_), Label::Prohibited) => {
            let target_at = doc.json.get(at, "target").unwrap_or(at);
            doc.error(
                target_at,
                "target-of-prohibited",
                "A prohibited field feeds nothing.",
                "Remove `target`: not even the fact that the field was there may cross.",
            );
        }
        _ => {}
    }
    if label == Label::Allowed && field.kind == FieldType::FreeText {
        doc.error(
            field_at,
            "free-text-allowed",
            format!("`{}` is free text, which may say anything about anyone.", field.name),
            "Redact or prohibit it.",
        );
    } else if label == Label::Allowed && class >= DisclosureClass::PhiRestricted {
        doc.warning(
            field_at,
            "phi-allowed",
            format!("`{}` is {} and would cross as it is.", field.name, class.as_str()),
            "Transform, redact or prohibit it.",
        );
    }
    Some(Rule { id, field, label, class, method, target, values, offset: doc.json.span(at).0 })
}

fn label(doc: &mut Document<'_>, at: NodeId) -> Option<Label> {
    let text = doc.string(at, "label");
    let label = Label::ALL.into_iter().find(|label| label.as_str() == text);
    if label.is_none() && !text.is_empty() {
        let label_at = doc.json.get(at, "label").unwrap_or(at);
        doc.error(
            label_at,
            "unknown-label",
            format!("`{text}` is not a label."),
            "Use allowed, transformed, redacted or prohibited.",
        );
    }
    label
}

fn class(doc: &mut Document<'_>, at: NodeId, least: DisclosureClass) -> DisclosureClass {
    let Some(class_at) = doc.json.get(at, "class") else { return least };
    let Some(text) = doc.text(class_at) else { return least };
    match DisclosureClass::parse(&text) {
        Some(class) if class >= least => class,
        Some(_) => {
            doc.error(
                class_at,
                "class-lowered",
                format!(
                    "The catalogue has this field as {}; a policy may raise a class, never lower it.",
                    least.as_str()
                ),
                format!("Write `{}` or a higher class, or leave `class` out.", least.as_str()),
            );
            least
        }
        None => {
            doc.error(
                class_at,
                "unknown-class",
                format!("`{text}` is not a disclosure class."),
                "Use operational, clinical-adjacent, phi-restricted or highly-restricted.",
            );
            least
        }
    }
}

fn method(doc: &mut Document<'_>, at: NodeId, label: Label, kind: FieldType) -> Option<Method> {
    let method_at = doc.json.get(at, "method");
    let text = method_at.and_then(|node| doc.text(node));
    match (label, method_at, text) {
        (Label::Allowed, None, _) => Some(Method::Keep),
        (Label::Redacted, None, _) => Some(Method::Withhold),
        (Label::Prohibited, None, _) => Some(Method::Drop),
        (Label::Transformed, None, _) => {
            doc.missing(at, "method");
            None
        }
        (_, Some(_), None) => None,
        (Label::Transformed, Some(node), Some(text)) => match Method::parse(&text) {
            Some(method) if method.suits(kind) => Some(method),
            Some(_) => {
                doc.error(
                    node,
                    "method-unsuited",
                    format!("`{text}` can't be applied to this kind of field."),
                    "Dates: generalize:age-band, :year, :year-month. Postal codes: generalize:zip3. States: generalize:us-state. Anything: tokenize.",
                );
                None
            }
            None => {
                let help = match closest(&text, Method::NAMES.iter().copied()) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => format!("Known: {}.", Method::NAMES.join(", ")),
                };
                doc.error(node, "unknown-method", format!("There is no method `{text}`."), help);
                None
            }
        },
        (_, Some(node), Some(_)) => {
            doc.error(
                node,
                "method-of-label",
                format!("A field that is {} has no method.", label.as_str()),
                "Remove `method`, or label the field `transformed`.",
            );
            None
        }
    }
}
