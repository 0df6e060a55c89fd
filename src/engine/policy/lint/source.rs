//! What to look at in a policy beside the adapter that reads its source.

use super::codes::{
    EVENT_TYPE_UNREAD, RULE_UNUSED, SYSTEMS_MISSING, TABLE_UNKNOWN, TEXT_KEPT, VALUE_UNKNOWN, VALUES_MISSING,
    VALUES_NOT_COVERED,
};
use super::{AsWritten, Written};
use crate::engine::adapt::drift::ElementPath;
use crate::engine::adapt::{Adapter, EventMap};
use crate::engine::canonical::FieldType;
use crate::engine::document::{Document, Edit, Severity, closest};
use crate::engine::fhir::NodeId;
use crate::engine::policy::edit::{Layout, quoted, set_strings, splice};
use crate::engine::policy::{Label, Policy, Rule};
use crate::engine::redact::Method;
use std::collections::{BTreeMap, BTreeSet};

/// Items up to which a list is offered to be mended item by item: a longer one is no slip.
const MANY: usize = 1000;
/// Codes up to which a value set is offered as a fix.
const FEW: usize = 24;

pub(super) fn lint(
    doc: &mut Document<'_>,
    policy: &Policy,
    written: &Written<'_>,
    adapter: Option<&Adapter>,
) {
    if let Some(adapter) = adapter {
        event_types(doc, adapter);
    }
    let events = adapter.map(|adapter| covered(policy, adapter)).unwrap_or_default();
    let mut filled = Filled::new();
    let mut entities: BTreeSet<&str> = BTreeSet::new();
    for event in &events {
        for field in &event.fields {
            filled.entry(field.id).or_default().push(event);
            entities.insert(field.entity());
        }
    }
    for rule in &written.rules {
        coded(doc, rule, &filled);
        table(doc, policy, rule, adapter);
        let is_used = |rule: &&Rule| match rule.whole_entity {
            true => entities.contains(rule.field.entity()),
            false => filled.contains_key(&rule.field.id),
        };
        // Where no event is read at all, that is what there is to say.
        if !events.is_empty() && !rule.says.iter().any(is_used) {
            unused(doc, written, rule);
        } else {
            values(doc, rule, &filled);
        }
    }
}

/// The events of the adapter that the policy covers.
fn covered<'a>(policy: &Policy, adapter: &'a Adapter) -> Vec<&'a EventMap> {
    let types: BTreeSet<&str> = policy.event_types.iter().map(String::as_str).collect();
    adapter.events.iter().filter(|event| types.contains(event.event_type.as_str())).collect()
}

/// Event types that the adapter does not read.
fn event_types(doc: &mut Document<'_>, adapter: &Adapter) {
    let json = doc.json;
    let Some(list) = json.get(NodeId::ROOT, "eventTypes") else { return };
    let known: BTreeSet<&str> = adapter.events.iter().map(|event| event.event_type.as_str()).collect();
    let items: Vec<NodeId> = json.children(list).collect();
    for (place, item) in items.iter().enumerate() {
        let Some(name) = json.str(*item).filter(|name| !name.is_empty() && !known.contains(name.as_ref()))
        else {
            continue;
        };
        if !doc.has_room(Severity::Error) {
            break;
        }
        let (start, end) = json.span(*item);
        let message = format!("The adapter `{}` does not read `{name}`.", adapter.id);
        doc.lint((start, end), &EVENT_TYPE_UNREAD, message);
        if let Some(near) = closest(&name, known.iter().copied()) {
            doc.fix(format!("Write `{near}`"), || vec![Edit { start, end, text: quoted(near) }]);
        } else if (2..=MANY).contains(&items.len()) {
            doc.fix("Remove it", || splice(json, list, &[place], &[], Layout::Inline));
        }
    }
}

fn unused(doc: &mut Document<'_>, all: &Written<'_>, written: &AsWritten<'_>) {
    let Some(rule) = written.first() else { return };
    let message = match rule.whole_entity {
        true => format!("No event that the policy covers fills a field of `{}`.", rule.field.entity()),
        false => format!("No event that the policy covers fills `{}`.", rule.field.name),
    };
    doc.lint(written.span(doc, "field"), &RULE_UNUSED, message);
    let json = doc.json;
    doc.fix("Remove the rule", || written.remove(json, all.list));
}

/// By the id of a field: the events that fill it.
type Filled<'a> = BTreeMap<usize, Vec<&'a EventMap>>;

/// What crosses as it is or by its label, beside the elements that it is read from: none may be text, and of a code that
/// stands beside its system the rule says which systems there may be.
fn coded(doc: &mut Document<'_>, written: &AsWritten<'_>, events: &Filled<'_>) {
    let Some(rule) = written.first().filter(|rule| !rule.whole_entity && rule.label.crosses()) else {
        return;
    };
    let is_code = rule.field.kind == FieldType::Code || rule.method == Method::Label;
    if !matches!(rule.method, Method::Keep | Method::Label) || !is_code {
        return;
    }
    let sources = || {
        let events = events.get(&rule.field.id).into_iter().flatten();
        events.flat_map(|event| event.reads.sources(&rule.field))
    };
    if let Some(text) = sources().find(|path| path.is_text()) {
        let message = format!("`{}` is read from `{}`, which is text.", rule.field.name, text.spell());
        doc.lint(written.span(doc, "field"), &TEXT_KEPT, message);
        let json = doc.json;
        return doc.fix("Prohibit it", || written.prohibit(json));
    }
    let beside = |path: &&ElementPath| path.type_around() == Some("Coding") && path.name() == "code";
    if let Some(code) =
        sources().find(beside).filter(|_| rule.method == Method::Keep && rule.systems.is_empty())
    {
        let message = format!(
            "`{}` is read from `{}`, which has a code system beside it.",
            rule.field.name,
            code.spell()
        );
        doc.lint(written.span(doc, "field"), &SYSTEMS_MISSING, message);
    }
}

/// A table that there is not.
fn table(doc: &mut Document<'_>, policy: &Policy, written: &AsWritten<'_>, adapter: Option<&Adapter>) {
    let (Some(rule), Some(adapter)) = (written.first(), adapter) else { return };
    let Some(lookup) = &rule.lookup else { return };
    let known = || policy.tables.iter().chain(&adapter.tables).map(|table| table.name.as_str());
    if known().any(|name| name == lookup.table) {
        return;
    }
    let (start, end) = written.span(doc, "table");
    doc.lint((start, end), &TABLE_UNKNOWN, format!("There is no table `{}`.", lookup.table));
    if let Some(near) = closest(&lookup.table, known()) {
        doc.fix(format!("Write `{near}`"), || vec![Edit { start, end, text: quoted(near) }]);
    }
}

/// The codes that cross beside those that the source can have.
fn values(doc: &mut Document<'_>, written: &AsWritten<'_>, events: &Filled<'_>) {
    let coded = |rule: &&Rule| {
        rule.label == Label::Allowed
            && !rule.whole_entity
            && rule.field.kind == FieldType::Code
            && (events.is_empty() || events.contains_key(&rule.field.id))
    };
    let Some(rule) = written.says.iter().copied().find(coded) else { return };
    let possible = possible(rule, events);
    if rule.values.is_empty() {
        let message = format!("`{}` is a code, and none is listed that may cross.", rule.field.name);
        doc.lint(written.span(doc, "field"), &VALUES_MISSING, message);
        if let Some(codes) = possible.filter(|codes| codes.len() <= FEW) {
            let list: Vec<String> = codes.iter().map(|code| quoted(code)).collect();
            let json = doc.json;
            doc.fix("List the codes that the source can have", || {
                written.revise(json, &[("values", Some(format!("[{}]", list.join(", "))))])
            });
        }
        return;
    }
    // Codes that are brought into another form can't be compared with the source's.
    let Some(possible) = possible.filter(|_| rule.normalise.is_none()) else { return };
    let Some(list) = doc.json.get(written.node, "values") else { return };
    let given: BTreeSet<&str> = rule.values.iter().map(String::as_str).collect();
    unknown(doc, list, &possible);
    let missing: Vec<&str> = possible.iter().copied().filter(|code| !given.contains(code)).collect();
    if let Some(first) = missing.first().filter(|_| rule.note.is_none()) {
        let more = if missing.len() > 1 { format!(" and {} more", missing.len() - 1) } else { String::new() };
        let message = format!("`{}` can be `{first}`{more}, which would not cross.", rule.field.name);
        doc.lint(doc.json.span(list), &VALUES_NOT_COVERED, message);
        if missing.len() <= FEW {
            let json = doc.json;
            let all: Vec<String> = rule
                .values
                .iter()
                .map(String::as_str)
                .chain(missing.iter().copied())
                .map(str::to_owned)
                .collect();
            doc.fix("Add what is missing", || set_strings(json, list, &all));
        }
    }
}

/// Values that the source can't have.
fn unknown(doc: &mut Document<'_>, list: NodeId, possible: &BTreeSet<&str>) {
    let json = doc.json;
    let items: Vec<NodeId> = json.children(list).collect();
    for (place, item) in items.iter().enumerate() {
        let Some(value) = json.str(*item).filter(|value| !possible.contains(value.as_ref())) else {
            continue;
        };
        if !doc.has_room(Severity::Warning) {
            break;
        }
        let (start, end) = json.span(*item);
        doc.lint((start, end), &VALUE_UNKNOWN, format!("The source can't have `{value}` here."));
        if items.len() > MANY {
            continue;
        }
        let near = closest(&value, possible.iter().copied())
            .filter(|near| items.iter().all(|item| json.str(*item).as_deref() != Some(near)));
        if let Some(near) = near {
            doc.fix(format!("Write `{near}`"), || vec![Edit { start, end, text: quoted(near) }]);
        } else if items.len() > 1 {
            doc.fix("Remove it", || splice(json, list, &[place], &[], Layout::Inline));
        }
    }
}

/// The codes that a field can have in these events; none where some element has no required value set.
fn possible<'a>(rule: &Rule, events: &Filled<'a>) -> Option<BTreeSet<&'a str>> {
    let mut all = BTreeSet::new();
    for event in events.get(&rule.field.id).into_iter().flatten() {
        all.extend(event.codes(&rule.field)?);
    }
    (!all.is_empty()).then_some(all)
}
