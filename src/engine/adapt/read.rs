//! Reading an adapter's events, as far as they can be read.

use super::drift::{ElementPath, Reads};
use super::event::{Condition, Effect, EventMap, SUBJECT, Test};
use super::keys::{CONDITION, EVENT, FIELD};
use super::plan::Plan;
use crate::engine::canonical::{Catalogue, FieldEntry};
use crate::engine::document::{Document, Severity};
use crate::engine::fhir::{NodeId, ResourceType};
use crate::engine::path::{Context, Selector, Step, Type};
use std::sync::Arc;

type Field = (Arc<FieldEntry>, Selector);

/// Fields of subjects that are read, over all events: each event reads them anew.
const MOST_OF_SUBJECTS: usize = 100_000;

/// What a selector is read with.
#[derive(Clone, Copy)]
struct Scope<'a> {
    catalogue: &'a Catalogue,
    context: Context<'a>,
}

/// The adapter's events. Each has the fields of its own and those of every subject.
pub(super) fn events(
    doc: &mut Document<'_>,
    root: NodeId,
    catalogue: &Catalogue,
    deviations: &[ElementPath],
) -> Vec<EventMap> {
    let deviates =
        |kind: ResourceType, names: &[String]| deviations.iter().any(|listed| listed.is(kind, names));
    let own = ResourceType::parse("Patient").map_or(Type::Unknown, Type::of_resource);
    let scope = Scope { catalogue, context: Context { own, deviates: &deviates } };
    let of_subject = fields(doc, root, "subjectFields", scope);
    let Some(list) = doc.json.get(root, "events") else { return Vec::new() };
    let items = doc.items(list);
    if items.len().saturating_mul(of_subject.len()) > MOST_OF_SUBJECTS {
        let message =
            format!("All events together read more than {MOST_OF_SUBJECTS} fields of their subjects.");
        doc.error(list, "too-many-fields", message, "Split the adapter, or list fewer fields of a subject.");
        return Vec::new();
    }
    items.into_iter().filter_map(|item| event(doc, item, &of_subject, scope)).collect()
}

/// The source's own elements, each as `Type.name`, where the adapter lists some.
pub(super) fn deviations(doc: &mut Document<'_>, root: NodeId) -> Vec<ElementPath> {
    let Some(list) = doc.json.get(root, "deviations") else { return Vec::new() };
    let mut paths = Vec::new();
    for item in doc.items(list) {
        match doc.json.str(item).and_then(|text| ElementPath::parse(&text)) {
            Some(path) => paths.push(path),
            None => {
                let help = "Write a resource type and element names, e.g. `ServiceRequest.urgency`.";
                doc.error(item, "deviation-malformed", "This is no path of an element.", help);
            }
        }
    }
    paths
}

fn event(doc: &mut Document<'_>, at: NodeId, of_subject: &[Field], scope: Scope<'_>) -> Option<EventMap> {
    if !doc.object(at, &EVENT) {
        return None;
    }
    let event_type = doc.string(at, "type");
    let focus = focus(doc, at);
    let context = Context { own: focus.map_or(Type::Unknown, Type::of_resource), ..scope.context };
    let subject = select(doc, at, "subject", context);
    let mut fields = fields(doc, at, "fields", Scope { context, ..scope });
    if let Some(subject) = &subject {
        fields.extend(of_subject.iter().map(|(entry, below)| (Arc::clone(entry), of(subject, below))));
        fields.extend(
            SUBJECT
                .iter()
                .filter_map(|name| Some((Arc::clone(scope.catalogue.field(name)?), Selector::new()))),
        );
    }
    let when = when(doc, at, context);
    let bare = flag(doc, at, "bare").unwrap_or(true);
    let effect = effect(doc, at);
    let recipients = select(doc, at, "recipients", context).map(|selector| plan(&selector));
    let merged = select(doc, at, "merged", context).map(|selector| plan(&selector));
    if (effect == Some(Effect::Merge)) != merged.is_some() {
        doc.missing(at, if merged.is_some() { "effect" } else { "merged" });
    }
    let together = Plan::new(fields.iter().map(|(_, selector)| selector));
    let mut reads = Reads::default();
    fields.iter().for_each(|(entry, selector)| reads.add(entry, selector));
    Some(EventMap {
        event_type,
        focus: focus?,
        fields: fields.into_iter().map(|(entry, _)| entry).collect(),
        effect,
        bare,
        when,
        subject: plan(&subject?),
        recipients,
        merged,
        plan: together,
        reads,
    })
}

fn plan(selector: &Selector) -> Plan {
    Plan::new(std::iter::once(selector))
}

fn focus(doc: &mut Document<'_>, at: NodeId) -> Option<ResourceType> {
    let name = doc.string(at, "focus");
    let focus = ResourceType::parse(&name);
    if focus.is_none() && !name.is_empty() {
        let focus_at = doc.json.get(at, "focus").unwrap_or(at);
        doc.error(
            focus_at,
            "unknown-resource-type",
            format!("FHIR R4 has no resource type `{name}`."),
            "Name the resource type that the event is about.",
        );
    }
    focus
}

/// A path below a Patient, from where the subject is: the Patient itself, or references to it.
fn of(subject: &Selector, below: &Selector) -> Selector {
    let patient = ResourceType::parse("Patient").map(Step::OfType);
    let pairs = subject.iter().flat_map(|path| below.iter().map(move |rest| (path, rest)));
    pairs
        .map(|(path, rest)| {
            let is_resource = path.iter().all(|step| matches!(step, Step::OfType(_)));
            let resolve = (!is_resource).then_some(Step::Resolve);
            path.iter().cloned().chain(resolve).chain(patient.clone()).chain(rest.iter().cloned()).collect()
        })
        .collect()
}

fn fields(doc: &mut Document<'_>, at: NodeId, key: &str, scope: Scope<'_>) -> Vec<Field> {
    let Some(list) = doc.json.get(at, key) else { return Vec::new() };
    doc.items(list).into_iter().filter_map(|item| field(doc, item, scope)).collect()
}

fn field(doc: &mut Document<'_>, at: NodeId, scope: Scope<'_>) -> Option<Field> {
    if !doc.object(at, &FIELD) {
        return None;
    }
    doc.optional(at, "note");
    let name = doc.string(at, "field");
    let entry = scope.catalogue.field(&name);
    if entry.is_none() && !name.is_empty() {
        let field_at = doc.json.get(at, "field").unwrap_or(at);
        let message = format!("There is no canonical field `{name}`.");
        doc.error(field_at, "unknown-field", message, scope.catalogue.suggest(&name));
    }
    let selector = select(doc, at, "select", scope.context);
    Some((Arc::clone(entry?), selector?))
}

/// The conditions of an event: each a selector, and the values it may have or whether there is anything.
fn when(doc: &mut Document<'_>, at: NodeId, context: Context<'_>) -> Vec<Condition> {
    let Some(list) = doc.json.get(at, "when") else { return Vec::new() };
    let mut conditions = Vec::new();
    for item in doc.items(list) {
        if !doc.object(item, &CONDITION) {
            continue;
        }
        let values = doc.strings(item, "in");
        let test = match (flag(doc, item, "exists"), values.is_empty()) {
            (Some(exists), true) => Test::Exists(exists),
            (None, false) => Test::In(values),
            _ => {
                doc.error(
                    item,
                    "condition",
                    "A condition has either values or `exists`.",
                    "Write `\"in\": [\"…\"]` or `\"exists\": true`.",
                );
                continue;
            }
        };
        if let Some(selector) = select(doc, item, "select", context) {
            let select = doc.json.get_str(item, "select").unwrap_or_default().into_owned();
            conditions.push(Condition { select, plan: plan(&selector), test });
        }
    }
    conditions
}

fn effect(doc: &mut Document<'_>, at: NodeId) -> Option<Effect> {
    doc.one_of(at, "effect", &Effect::ALL, Effect::as_str)
}

fn flag(doc: &mut Document<'_>, at: NodeId, key: &str) -> Option<bool> {
    let member = doc.json.get(at, key)?;
    match doc.json.scalar(member).as_deref() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => {
            doc.error(member, "wrong-type", "A boolean is expected here.", "Write `true` or `false`.");
            None
        }
    }
}

/// The selector of a member, with a finding at its place where it is none.
fn select(doc: &mut Document<'_>, at: NodeId, key: &str, context: Context<'_>) -> Option<Selector> {
    let text = doc.optional(at, key)?;
    match context.selector(&text) {
        Ok(selector) => Some(selector),
        Err(error) => {
            let select_at = doc.json.get(at, key).unwrap_or(at);
            let (start, end) = doc.json.span(select_at);
            let offset = u32::try_from(error.offset).unwrap_or(0);
            let help = "See the subset that selectors may use.";
            doc.add(((start + 1 + offset).min(end), end), Severity::Error, error.code, error.message, help);
            None
        }
    }
}
