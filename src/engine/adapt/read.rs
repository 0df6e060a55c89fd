//! Reading an adapter's events, as far as they can be read.

use super::drift::{ElementPath, Reads};
use super::event::{Condition, Effect, EventMap, SUBJECT, Test};
use super::keys::{CONDITION, EVENT, FIELD, RELATED, SHAPE};
use super::lint::{self, Told, never_holds};
use super::plan::Plan;
use crate::engine::canonical::{Catalogue, FieldEntry};
use crate::engine::document::{Document, Severity, closest};
use crate::engine::fhir::{Kind, NodeId, ResourceType};
use crate::engine::normalise::Normalise;
use crate::engine::path::{Context, Selected, Selector, Step, Type};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// A canonical field, where it is read from, and the form that its values are brought into.
#[derive(Clone)]
struct Field {
    entry: Arc<FieldEntry>,
    selector: Selector,
    form: Option<Normalise>,
}

/// What is read of resources of one kind, wherever an event has one: lists of fields by name.
type Shapes = BTreeMap<String, Vec<Field>>;

/// What several events read.
struct Shared {
    /// Of each event's subject.
    of_subject: Vec<Field>,
    shapes: Shapes,
    /// Fields that may still be shared out: each event reads them anew.
    left: usize,
}

/// Fields that are shared out, over all events.
const MOST_SHARED: usize = 100_000;

impl Shared {
    /// The fields of a subject, read from where it is.
    fn of_subject(&mut self, subject: &Selector) -> Vec<Field> {
        self.left = self.left.saturating_sub(self.of_subject.len());
        let patient = patient(subject);
        let fields = self.of_subject.iter().filter(|_| self.left > 0);
        fields.map(|field| field.below(&patient)).collect()
    }

    /// The fields of a shape, read from where it is; none where there is no such shape.
    fn of_shape(&mut self, name: &str, at: &Selector) -> Option<Vec<Field>> {
        let shape = self.shapes.get(name)?;
        self.left = self.left.saturating_sub(shape.len());
        let fields = shape.iter().filter(|_| self.left > 0);
        Some(fields.map(|field| field.below(at)).collect())
    }
}

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
    let mut shared = Shared {
        of_subject: fields(doc, root, "subjectFields", scope),
        shapes: shapes(doc, root, scope),
        left: MOST_SHARED,
    };
    let Some(list) = doc.json.get(root, "events") else { return Vec::new() };
    let mut events = Vec::new();
    let mut told = Told::default();
    for (place, item) in doc.items(list).into_iter().enumerate() {
        let again = told.again(doc, list, place, item);
        if told.word_for_word(doc.json, item) {
            continue;
        }
        events.extend(event(doc, item, &mut shared, scope, again));
        if shared.left == 0 {
            let message = format!("All events together read more than {MOST_SHARED} fields that they share.");
            doc.error(list, "too-many-fields", message, "Split the adapter, or share fewer fields.");
            return Vec::new();
        }
    }
    events
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

/// One event. Of one that is there again, no more is made than what there is to say of it.
fn event(
    doc: &mut Document<'_>,
    at: NodeId,
    shared: &mut Shared,
    scope: Scope<'_>,
    again: bool,
) -> Option<EventMap> {
    if !doc.object(at, &EVENT) {
        return None;
    }
    let event_type = doc.string(at, "type");
    let focus = resource_type(doc, at, "focus");
    let context = Context { own: focus.map_or(Type::Unknown, Type::of_resource), ..scope.context };
    let subject = select(doc, at, "subject", context);
    let mut fields = fields(doc, at, "fields", Scope { context, ..scope });
    fields.extend(related(doc, at, shared, context, again));
    if let Some(subject) = subject.as_ref().filter(|_| !again) {
        fields.extend(shared.of_subject(subject));
        fields.extend(SUBJECT.iter().filter_map(|name| {
            let entry = Arc::clone(scope.catalogue.field(name)?);
            Some(Field { entry, selector: Selector::new(), form: None })
        }));
    }
    let when = when(doc, at, context);
    let bare = flag(doc, at, "bare").unwrap_or(true);
    let effect = effect(doc, at);
    let recipients = select(doc, at, "recipients", context).map(|selector| plan(&selector));
    let merged = select(doc, at, "merged", context).map(|selector| plan(&selector));
    let says_merged = doc.json.get(at, "merged").is_some();
    if (effect == Some(Effect::Merge)) != says_merged {
        doc.missing(at, if says_merged { "effect" } else { "merged" });
    }
    if again {
        return None;
    }
    let together = Plan::new(fields.iter().map(|field| &field.selector));
    let mut reads = Reads::default();
    fields.iter().for_each(|field| reads.add(&field.entry, &field.selector));
    let forms = fields.iter().map(|field| field.form).collect();
    let (fields, selectors): (Vec<Arc<FieldEntry>>, Vec<Selector>) =
        fields.into_iter().map(|field| (field.entry, field.selector)).unzip();
    let place = |name| fields.iter().position(|field| field.name == name);
    let id = [focus?.name(), ".id"].concat();
    let is_id = |field: &FieldEntry| reads.sources(field).any(|path| path.spell() == id);
    let own_ids = (0..fields.len()).filter(|at| fields.get(*at).is_some_and(|field| is_id(field))).collect();
    Some(EventMap {
        event_type,
        focus: focus?,
        named: SUBJECT.map(place),
        own_ids,
        fields,
        forms,
        effect,
        bare,
        when,
        subject: plan(&subject?),
        recipients,
        merged,
        plan: together,
        selectors,
        reads,
    })
}

fn plan(selector: &Selector) -> Plan {
    Plan::new(std::iter::once(selector))
}

pub(super) fn resource_type(doc: &mut Document<'_>, at: NodeId, key: &str) -> Option<ResourceType> {
    let name = doc.string(at, key);
    let kind = ResourceType::parse(&name);
    if kind.is_none() && !name.is_empty() {
        let name_at = doc.json.get(at, key).unwrap_or(at);
        let message = format!("FHIR R4 has no resource type `{name}`.");
        let help = "Check the spelling; names are case-sensitive.";
        doc.error(name_at, "unknown-resource-type", message, help);
    }
    kind
}

impl Field {
    /// The same field, read from below what is selected.
    fn below(&self, at: &Selector) -> Self {
        let pairs = at.iter().flat_map(|path| self.selector.iter().map(move |rest| (path, rest)));
        let selector = pairs.map(|(path, rest)| path.iter().chain(rest).cloned().collect()).collect();
        Self { selector, ..self.clone() }
    }
}

/// The Patient, from where the subject is: the Patient itself, or references to it.
fn patient(subject: &Selector) -> Selector {
    let patient = ResourceType::parse("Patient").map(Step::OfType);
    let paths = subject.iter().map(|path| {
        let is_resource = path.iter().all(|step| matches!(step, Step::OfType(_)));
        let resolve = (!is_resource).then_some(Step::Resolve);
        path.iter().cloned().chain(resolve).chain(patient.clone()).collect()
    });
    paths.collect()
}

/// The adapter's shapes.
fn shapes(doc: &mut Document<'_>, root: NodeId, scope: Scope<'_>) -> Shapes {
    let Some(list) = doc.json.get(root, "shapes") else { return Shapes::new() };
    let mut shapes = Shapes::new();
    for item in doc.items(list) {
        if !doc.object(item, &SHAPE) {
            continue;
        }
        let name = doc.string(item, "name");
        let own = resource_type(doc, item, "type").map_or(Type::Unknown, Type::of_resource);
        let context = Context { own, ..scope.context };
        let fields = fields(doc, item, "fields", Scope { context, ..scope });
        let message = format!("There are two shapes `{name}`.");
        match shapes.entry(name) {
            Entry::Occupied(_) => {
                doc.error(item, "duplicate-shape", message, "Give each shape a name of its own.");
            }
            Entry::Vacant(place) => {
                place.insert(fields);
            }
        }
    }
    shapes
}

/// The fields of resources that an event has beside its focus and its subject: a shape, read from where it is. None for
/// an event that is there again.
fn related(
    doc: &mut Document<'_>,
    at: NodeId,
    shared: &mut Shared,
    context: Context<'_>,
    again: bool,
) -> Vec<Field> {
    let Some(list) = doc.json.get(at, "related") else { return Vec::new() };
    let mut fields = Vec::new();
    for item in doc.items(list) {
        if !doc.object(item, &RELATED) {
            continue;
        }
        let name = doc.string(item, "shape");
        let selector = select(doc, item, "at", context);
        if again && shared.shapes.contains_key(&name) {
            continue;
        }
        match shared.of_shape(&name, &selector.unwrap_or_default()) {
            Some(shape) => fields.extend(shape),
            None if name.is_empty() => {}
            None => {
                let shape_at = doc.json.get(item, "shape").unwrap_or(item);
                let help = match closest(&name, shared.shapes.keys().map(String::as_str)) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => "List its fields under the adapter's `shapes`.".to_owned(),
                };
                doc.error(shape_at, "unknown-shape", format!("There is no shape `{name}`."), help);
            }
        }
    }
    fields
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
    let entry = canonical(doc, at, scope.catalogue);
    let selector = select(doc, at, "select", scope.context);
    let form = doc.one_of(at, "normalise", &Normalise::ALL, Normalise::as_str);
    let (entry, selector) = (entry?, selector?);
    lint::sources(doc, at, &entry, &selector, ResourceType::parse(scope.context.own.name()));
    Some(Field { entry, selector, form })
}

/// The canonical field that an entry names.
pub(super) fn canonical(
    doc: &mut Document<'_>,
    at: NodeId,
    catalogue: &Catalogue,
) -> Option<Arc<FieldEntry>> {
    let name = doc.string(at, "field");
    let entry = catalogue.field(&name);
    if entry.is_none() && !name.is_empty() {
        let field_at = doc.json.get(at, "field").unwrap_or(at);
        let message = format!("There is no canonical field `{name}`.");
        doc.error(field_at, "unknown-field", message, catalogue.suggest(&name));
    }
    entry.map(Arc::clone)
}

/// The conditions of an event: each a selector, and the values it may have or whether there is anything.
fn when(doc: &mut Document<'_>, at: NodeId, context: Context<'_>) -> Vec<Condition> {
    let Some(list) = doc.json.get(at, "when") else { return Vec::new() };
    let mut conditions = Vec::new();
    for item in doc.items(list) {
        if !doc.object(item, &CONDITION) {
            continue;
        }
        let help = "List the values that may be, or ask for `exists`.";
        let values = doc.some_strings(item, "in", "No value at all would do.", help);
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
        if let Some(selected) = selected(doc, item, "select", context) {
            let values = doc.json.get(item, "in").map(|list| doc.json.children(list));
            for value in values.into_iter().flatten() {
                let never = doc.json.str(value).and_then(|text| selected.is_never(&text));
                never.iter().for_each(|never| never_holds(doc, value, never));
            }
            let select = doc.json.get_str(item, "select").unwrap_or_default().into_owned();
            conditions.push(Condition { select, plan: plan(&selected.selector), test });
        }
    }
    conditions
}

fn effect(doc: &mut Document<'_>, at: NodeId) -> Option<Effect> {
    doc.one_of(at, "effect", &Effect::ALL, Effect::as_str)
}

pub(super) fn flag(doc: &mut Document<'_>, at: NodeId, key: &str) -> Option<bool> {
    let member = doc.json.get(at, key)?;
    match (doc.json.kind(member), doc.json.scalar(member).as_deref()) {
        (Kind::Bool, Some("true")) => Some(true),
        (Kind::Bool, Some("false")) => Some(false),
        _ => {
            doc.error(member, "wrong-type", "A boolean is expected here.", "Write `true` or `false`.");
            None
        }
    }
}

/// The selector of a member, with a finding at its place where it is none.
fn select(doc: &mut Document<'_>, at: NodeId, key: &str, context: Context<'_>) -> Option<Selector> {
    selected(doc, at, key, context).map(|selected| selected.selector)
}

/// The same, with what is known of what it selects.
fn selected(doc: &mut Document<'_>, at: NodeId, key: &str, context: Context<'_>) -> Option<Selected> {
    let text = doc.optional(at, key)?;
    let select_at = doc.json.get(at, key).unwrap_or(at);
    match context.read(&text) {
        Ok(selected) => {
            selected.never.iter().for_each(|never| never_holds(doc, select_at, never));
            Some(selected)
        }
        Err(error) => {
            let (start, end) = doc.json.span(select_at);
            let offset = u32::try_from(error.offset).unwrap_or(0);
            let help = "See the subset that selectors may use.";
            doc.add(((start + 1 + offset).min(end), end), Severity::Error, error.code, error.message, help);
            None
        }
    }
}
