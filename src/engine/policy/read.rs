//! Reading a policy text, as far as it can be read.

use super::edit::{Layout, quoted, splice};
use super::keys::{CHANGE, POLICY, RECIPIENT, RULE, TARGET};
use super::lint::codes::{CLASS_LOWERED, FIELD_TWICE, TARGET_TWICE};
use super::{Beside, Change, Label, Policy, Reading, Row, Rule, Target, aggregate, is_word, lint};
use crate::engine::audit::hex;
use crate::engine::canonical::{Cardinality, Catalogue, DisclosureClass, FieldEntry, FieldType};
use crate::engine::document::{Document, Edit, Severity, closest, not_json};
use crate::engine::fhir::{Json, NodeId, ResourceType};
use crate::engine::label::{self, Lookup, Unlisted};
use crate::engine::normalise::Normalise;
use crate::engine::redact::Method;
use crate::engine::time::{PartialDate, is_duration};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) fn read(text: &str, catalogue: &Catalogue, beside: Beside<'_>) -> Reading {
    let json = match Json::read(text) {
        Ok(json) => json,
        Err(refusal) => {
            let findings = vec![not_json("policy", text, &refusal)];
            return Reading { policy: None, rows: Vec::new(), findings };
        }
    };
    let mut doc = Document::new(&json, "policy");
    let root = NodeId::ROOT;
    if !doc.object(root, &POLICY) {
        return Reading { policy: None, rows: Vec::new(), findings: doc.finish() };
    }
    doc.schema_version(root, 2);
    let (target, target_adapter) = target(&mut doc, root);
    let (recipient, role) = recipient(&mut doc, root);
    let event_types =
        doc.some_strings(root, "eventTypes", "No event at all could come in.", "List the types that may.");
    let consent_required = consent(&mut doc, root);
    let rows = rows(&json);
    let rules = rules(&mut doc, root, catalogue);
    let policy = Policy {
        id: doc.string(root, "id"),
        version: doc.string(root, "version"),
        title: doc.string(root, "title"),
        source: doc.string(root, "source"),
        target,
        target_adapter,
        event_types,
        resource_types: resource_types(&mut doc, root),
        jurisdictions: doc.strings(root, "jurisdictions"),
        adapter: doc.string(root, "adapter"),
        purpose: doc.string(root, "purpose"),
        legal_basis: doc.string(root, "legalBasis"),
        consent_required,
        channels: doc.strings(root, "channels"),
        retention: retention(&mut doc, root),
        audit_location: doc.optional(root, "auditLocation"),
        recipient,
        role,
        aggregate: aggregate::read(&mut doc, root, &rules),
        tables: label::read(&mut doc, root),
        rules,
        changelog: changelog(&mut doc, root),
        hash: text_hash(text),
    };
    lint::run(&mut doc, &policy, beside);
    Reading { policy: Some(policy), rows, findings: doc.finish() }
}

/// First 16 hexadecimal digits of the SHA-256 of a document's text.
pub(in crate::engine) fn text_hash(text: &str) -> String {
    hex(Sha256::digest(text.as_bytes()).get(..8).unwrap_or(&[]))
}

/// Where records go: the system, and the adapter that writes its objects.
fn target(doc: &mut Document<'_>, root: NodeId) -> (String, String) {
    match doc.json.get(root, "target") {
        Some(at) if doc.object(at, &TARGET) => (doc.string(at, "system"), doc.string(at, "adapter")),
        _ => Default::default(),
    }
}

/// Whether the policy says that consent is needed.
fn consent(doc: &mut Document<'_>, root: NodeId) -> bool {
    doc.one_of(root, "consent", &[()], |()| "required").is_some()
}

/// The rules as written.
fn rows(json: &Json) -> Vec<Row> {
    let rules = json.get(NodeId::ROOT, "rules");
    rules.map(|list| json.children(list).map(|item| Row::of(json, item)).collect()).unwrap_or_default()
}

fn recipient(doc: &mut Document<'_>, root: NodeId) -> (String, String) {
    match doc.json.get(root, "recipient") {
        Some(at) if doc.object(at, &RECIPIENT) => (doc.string(at, "organization"), doc.string(at, "role")),
        _ => Default::default(),
    }
}

fn resource_types(doc: &mut Document<'_>, root: NodeId) -> Vec<ResourceType> {
    let Some(list) = doc.json.get(root, "resourceTypes") else { return Vec::new() };
    let mut types = Vec::new();
    doc.some(list, "No resource at all could come in.", "List the types that may, or leave it out.");
    for item in doc.items(list) {
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

/// How long the recipient keeps it.
fn retention(doc: &mut Document<'_>, root: NodeId) -> Option<String> {
    let text = doc.optional(root, "retention")?;
    if !is_duration(&text) {
        let at = doc.json.get(root, "retention").unwrap_or(root);
        let help = "Write an ISO 8601 duration, e.g. `P180D`, `P2Y`, `P6W`.";
        doc.error(at, "retention-malformed", "This is no duration.", help);
    }
    Some(text)
}

fn changelog(doc: &mut Document<'_>, root: NodeId) -> Vec<Change> {
    let Some(at) = doc.json.get(root, "changelog") else { return Vec::new() };
    let mut changes = Vec::new();
    for entry in doc.items(at) {
        if doc.object(entry, &CHANGE) {
            let [version, date, note] = ["version", "date", "note"].map(|key| doc.string(entry, key));
            let is_day = PartialDate::parse(&date).is_some_and(|read| read.day.is_some()) && date.len() == 10;
            if let Some(at) = doc.json.get(entry, "date").filter(|_| !is_day && !date.is_empty()) {
                let help = "Write it as year, month and day, e.g. `2026-01-15`.";
                doc.error(at, "date-malformed", "This is no date of the calendar.", help);
            }
            changes.push(Change { version, date, note });
        }
    }
    changes
}

/// What the rules say, field by field. Of two rules that claim the same, the first one holds.
fn rules(doc: &mut Document<'_>, root: NodeId, catalogue: &Catalogue) -> Vec<Rule> {
    let Some(list) = doc.json.get(root, "rules") else { return Vec::new() };
    let items = doc.items(list);
    let mut named: Option<BTreeSet<String>> = None;
    let mut taken = Taken::default();
    let mut rules: Vec<Rule> = Vec::new();
    for (row, item) in items.iter().copied().enumerate() {
        let Some(written) = rule(doc, item, catalogue) else { continue };
        let at = |key| doc.json.get(item, key).unwrap_or(item);
        if !taken.ids.insert(written.id.clone()) {
            let help = "Give each rule an id of its own.";
            doc.error(at("id"), "duplicate-rule", "Another rule has this id.", help);
            continue;
        }
        let fields: Vec<&Arc<FieldEntry>> = match &written.subject {
            Subject::Field(field) => vec![field],
            Subject::Entity(fields) => {
                let json = doc.json;
                let names = || items.iter().filter_map(|item| name(json, *item)).collect();
                let named = named.get_or_insert_with(names);
                fields.iter().filter(|field| !named.contains(&field.name)).collect()
            }
        };
        for field in fields {
            let rule = Rule { row, ..written.of(field) };
            if let Some(first) = taken.fields.get(&field.id).and_then(|first| rules.get(*first)) {
                field_twice(doc, list, at("field"), first, &rule);
                break;
            }
            let target = rule.target.as_ref().and_then(|target| taken.targets.get(target));
            if let Some(Rule { id, .. }) = target.and_then(|first| rules.get(*first)) {
                let message = format!("Rule `{id}` feeds this CRM field already.");
                doc.lint(doc.json.span(at("target")), &TARGET_TWICE, message);
                if !rule.whole_entity {
                    let json = doc.json;
                    doc.fix("Prohibit this field", || lint::prohibit(json, item));
                }
                break;
            }
            taken.fields.insert(field.id, rules.len());
            taken.targets.extend(rule.target.clone().map(|target| (target, rules.len())));
            rules.push(rule);
        }
    }
    rules
}

/// Says that a field has a rule already. Removing the looser of the two lets nothing more out.
fn field_twice(doc: &mut Document<'_>, list: NodeId, at: NodeId, first: &Rule, rule: &Rule) {
    let Rule { id, row, label, .. } = first;
    let message = match *label == rule.label {
        true => format!("Rule `{id}` names this field already."),
        false => format!("Rule `{id}` names this field already, and has it {}.", label.as_str()),
    };
    doc.lint(doc.json.span(at), &FIELD_TWICE, message);
    let place = |label: Label| Label::ALL.iter().position(|own| *own == label);
    let (id, row) = if place(*label) < place(rule.label) { (id, *row) } else { (&rule.id, rule.row) };
    let json = doc.json;
    doc.fix(format!("Remove rule `{id}`"), || splice(json, list, &[row], &[], Layout::Inline));
}

/// What earlier rules have claimed: ids, and which rule, by its place, has each field and CRM field.
#[derive(Default)]
struct Taken {
    ids: BTreeSet<String>,
    fields: BTreeMap<usize, usize>,
    targets: BTreeMap<Target, usize>,
}

fn name(json: &Json, rule: NodeId) -> Option<String> {
    Some(json.get_str(rule, "field")?.into_owned())
}

/// What a rule is about.
enum Subject {
    Field(Arc<FieldEntry>),
    /// Every field of an entity.
    Entity(Vec<Arc<FieldEntry>>),
}

/// A rule as it is written.
struct Written {
    id: String,
    subject: Subject,
    label: Label,
    /// A class above the catalogue's.
    class: Option<DisclosureClass>,
    method: Method,
    /// The CRM field, or for a whole entity the object.
    target: Option<String>,
    cardinality: Option<Cardinality>,
    normalise: Option<Normalise>,
    values: Vec<String>,
    systems: Vec<String>,
    lookup: Option<Lookup>,
    owner: Option<String>,
    check: Option<String>,
    rollback: Option<String>,
    note: Option<String>,
    offset: u32,
}

impl Written {
    /// What it says of a field.
    fn of(&self, field: &Arc<FieldEntry>) -> Rule {
        let whole_entity = matches!(self.subject, Subject::Entity(_));
        let target = self.target.as_deref().map(|text| match text.split_once('.') {
            Some((object, _)) if whole_entity => (object, field.short_name()),
            Some((object, name)) => (object, name),
            None => (text, field.short_name()),
        });
        Rule {
            id: self.id.clone(),
            field: Arc::clone(field),
            whole_entity,
            label: self.label,
            class: self.class.unwrap_or(field.class).max(field.class),
            method: self.method,
            target: target
                .map(|(object, field)| Target { object: object.to_owned(), field: field.to_owned() }),
            cardinality: self.cardinality.unwrap_or(Cardinality { required: false, ..field.cardinality }),
            normalise: self.normalise,
            values: self.values.clone(),
            systems: self.systems.clone(),
            lookup: self.lookup.clone(),
            owner: self.owner.clone(),
            check: self.check.clone(),
            rollback: self.rollback.clone(),
            note: self.note.clone(),
            row: 0,
            offset: self.offset,
        }
    }
}

fn rule(doc: &mut Document<'_>, at: NodeId, catalogue: &Catalogue) -> Option<Written> {
    if !doc.object(at, &RULE) {
        return None;
    }
    let id = doc.string(at, "id");
    let subject = subject(doc, at, catalogue);
    let label = label(doc, at);
    let help = "List the values that may, or leave it out.";
    let values = doc.some_strings(at, "values", "No value at all could cross.", help);
    let systems = doc.some_strings(at, "systems", "No code at all could cross.", "List the code systems.");
    let [owner, check, rollback, note] =
        ["owner", "check", "rollback", "note"].map(|key| doc.optional(at, key));
    let cardinality = doc.one_of(at, "cardinality", &Cardinality::ALL, Cardinality::as_str);
    let normalise = doc.one_of(at, "normalise", &Normalise::ALL, Normalise::as_str);
    let (subject, label) = (subject?, label?);
    let least = match &subject {
        Subject::Field(field) => field.class,
        Subject::Entity(_) => DisclosureClass::Operational,
    };
    let class = class(doc, at, least);
    let kinds: Vec<FieldType> = match &subject {
        Subject::Field(field) => vec![field.kind],
        Subject::Entity(fields) => fields.iter().map(|field| field.kind).collect(),
    };
    let method = method(doc, at, label, &kinds);
    let target = target_of(doc, at, label, &subject);
    let lookup = lookup(doc, at, method);
    let (method, target) = (method?, target?);
    if let (Subject::Field(field), Some(Cardinality { many: true, .. })) = (&subject, cardinality)
        && !field.cardinality.many
    {
        let member = doc.json.get(at, "cardinality").unwrap_or(at);
        let help = "Write `0..1` or `1..1`.";
        doc.error(member, "cardinality-widened", "The catalogue has one value of this field at most.", help);
    }
    let offset = doc.json.span(at).0;
    Some(Written {
        id,
        subject,
        label,
        class,
        method,
        target,
        cardinality,
        normalise,
        values,
        systems,
        lookup,
        owner,
        check,
        rollback,
        note,
        offset,
    })
}

/// Where a rule takes labels from. Both keys go with the method, and with no other.
fn lookup(doc: &mut Document<'_>, at: NodeId, method: Option<Method>) -> Option<Lookup> {
    let takes_labels = doc.json.get_str(at, "method").as_deref() == Some(Method::Label.name());
    for key in ["table", "unlisted"] {
        match doc.json.get(at, key) {
            None if takes_labels => doc.missing(at, key),
            Some(member) if !takes_labels => {
                let help = format!("Remove `{key}`, or use the method `label`.");
                doc.error(
                    member,
                    "table-of-method",
                    "Only the method `label` takes labels from a table.",
                    help,
                );
            }
            _ => {}
        }
    }
    let table = doc.optional(at, "table");
    let unlisted = doc.one_of(at, "unlisted", &Unlisted::ALL, Unlisted::as_str);
    method.filter(|method| *method == Method::Label)?;
    Some(Lookup { table: table?, unlisted: unlisted? })
}

/// The canonical field that a rule names, or every field of the entity that it names.
fn subject(doc: &mut Document<'_>, at: NodeId, catalogue: &Catalogue) -> Option<Subject> {
    let name = doc.string(at, "field");
    if let Some(field) = catalogue.field(&name) {
        return Some(Subject::Field(Arc::clone(field)));
    }
    let fields: Vec<Arc<FieldEntry>> = catalogue.entity(&name).cloned().collect();
    if !fields.is_empty() {
        return Some(Subject::Entity(fields));
    }
    if !name.is_empty() && doc.has_room(Severity::Error) {
        let field_at = doc.json.get(at, "field").unwrap_or(at);
        let message = format!("There is no canonical field `{name}`.");
        doc.error(field_at, "unknown-field", message, catalogue.suggest(&name));
    }
    None
}

/// The CRM field that a rule feeds, as `Object.field`, or the object alone for a whole entity. None in the outer sense
/// where the rule can't be used.
fn target_of(doc: &mut Document<'_>, at: NodeId, label: Label, subject: &Subject) -> Option<Option<String>> {
    let Some(target) = doc.optional(at, "target") else {
        return match label {
            Label::Prohibited => Some(None),
            _ => {
                doc.missing(at, "target");
                None
            }
        };
    };
    let target_at = doc.json.get(at, "target").unwrap_or(at);
    if label == Label::Prohibited {
        let help = "Remove `target`: not even the fact that the field was there may cross.";
        doc.error(target_at, "target-of-prohibited", "A prohibited field feeds nothing.", help);
        return Some(None);
    }
    let fits = match subject {
        Subject::Field(_) => Target::parse(&target).is_some(),
        Subject::Entity(_) => is_word(&target),
    };
    if !fits {
        let help = match subject {
            Subject::Field(_) => "Write `Object.field`, e.g. `Activity.status`.",
            Subject::Entity(_) => "A rule for a whole entity names the CRM object alone, e.g. `Contact`.",
        };
        doc.error(target_at, "target-malformed", "This is no field of a CRM object.", help);
        return None;
    }
    Some(Some(target))
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

/// The class that a rule raises its field to.
fn class(doc: &mut Document<'_>, at: NodeId, least: DisclosureClass) -> Option<DisclosureClass> {
    let class_at = doc.json.get(at, "class")?;
    let text = doc.text(class_at)?;
    match DisclosureClass::parse(&text) {
        Some(class) if class >= least => Some(class),
        Some(_) => {
            let (start, end) = doc.json.span(class_at);
            let least = least.as_str();
            doc.lint((start, end), &CLASS_LOWERED, format!("The catalogue has this field as {least}."));
            doc.fix(format!("Write `{least}`"), || vec![Edit { start, end, text: quoted(least) }]);
            None
        }
        None => {
            doc.error(
                class_at,
                "unknown-class",
                format!("`{text}` is not a disclosure class."),
                "Use operational, clinical-adjacent, phi-restricted or highly-restricted.",
            );
            None
        }
    }
}

fn method(doc: &mut Document<'_>, at: NodeId, label: Label, kinds: &[FieldType]) -> Option<Method> {
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
            Some(method) if kinds.iter().all(|kind| method.suits(*kind)) => Some(method),
            Some(_) => {
                doc.error(
                    node,
                    "method-unsuited",
                    format!("`{text}` can't be applied to this kind of field."),
                    "Dates: generalize:age-band, :year, :year-month. Postal codes: generalize:zip3. States: generalize:us-state. Codes and identifiers: label. Anything: tokenize.",
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
