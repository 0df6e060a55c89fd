//! Putting an event together: from the notification that brought it, and from the EHR sandbox.

use super::read::read_in;
use super::{Notification, Origin};
use crate::engine::fhir::{Json, NodeId, Reference, ResourceType, deleted_names, find, may_be_same};
use crate::engine::phi::Phi;
use crate::engine::queue::StateKeys;

/// The body of an event: a Bundle of type `collection`. `brought` is the notification that brought the event; without
/// one, or where it names no focus, the EHR sandbox is asked for the subscription's events. None where the focus is
/// nowhere to be had.
pub fn gather(
    brought: Option<(&Phi<Json>, &Notification)>,
    ehr: Option<&Phi<Json>>,
    origin: Origin,
    keys: &StateKeys,
) -> Option<Phi<Vec<u8>>> {
    let empty = Json::read("{}").ok().map(Phi::new);
    let ehr = ehr.or(empty.as_ref())?;
    let own = brought.and_then(|(json, notification)| {
        json.as_ref().join(ehr.as_ref(), |json, ehr| parts(json, notification, ehr, origin)).transpose()
    });
    own.or_else(|| ehr.as_ref().map(|ehr| answer(ehr, origin, keys)).transpose())
}

/// What the EHR sandbox answers to `Subscription/$events`: the notifications of type `query-event` that it holds.
fn answer(ehr: &Json, origin: Origin, keys: &StateKeys) -> Option<Vec<u8>> {
    let entries = ehr.get(NodeId::ROOT, "entry")?;
    ehr.children(entries).filter_map(|entry| ehr.get(entry, "resource")).find_map(|resource| {
        let notification = read_in(ehr, resource, keys)?.ok()?;
        parts(ehr, &notification, ehr, origin)
    })
}

/// The event's body out of a notification and the EHR sandbox.
fn parts(json: &Json, notification: &Notification, ehr: &Json, origin: Origin) -> Option<Vec<u8>> {
    if notification.subscription != origin.subscription {
        return None;
    }
    let event = notification.events.iter().find(|event| event.number == origin.number)?;
    let fetch = |reference: NodeId| find(ehr, NodeId::ROOT, &json.str(reference)?);
    let mut body = Body::default();
    // What is deleted is not looked for: the entry that says so is all that there is of the event.
    if let Some(entry) = event.focus.and_then(|focus| deletion_of(json, focus)) {
        body.entries.push(json.source(entry).to_owned());
        return Some(body.finish());
    }
    match event.resource {
        Some(resource) => body.add(json, resource),
        None => {
            let focus = fetch(event.focus?)?;
            body.add(ehr, focus);
            // What the focus refers to goes along, as it would in a full payload.
            let references = ehr.descendants(focus).filter(|node| ehr.is_member(*node, "reference"));
            for resource in references.filter_map(|at| find(ehr, NodeId::ROOT, &ehr.str(at)?)) {
                body.add(ehr, resource);
            }
        }
    }
    for (reference, resource) in &event.context {
        match resource {
            Some(resource) => body.add(json, *resource),
            None => fetch(*reference).into_iter().for_each(|resource| body.add(ehr, resource)),
        }
    }
    notification.shared.iter().for_each(|resource| body.add(json, *resource));
    Some(body.finish())
}

/// The entry of a notification's Bundle by which what a reference in it names is deleted.
fn deletion_of(json: &Json, reference: NodeId) -> Option<NodeId> {
    let is_bundle = |node: &NodeId| json.resource_type(*node).is_some_and(|kind| kind.name() == "Bundle");
    let bundle = std::iter::successors(Some(reference), |node| json.parent(*node)).find(is_bundle)?;
    let name = json.str(reference)?;
    let is_named = |entry: &NodeId| {
        deleted_names(json, *entry).is_some_and(|names| names.iter().any(|own| may_be_same_or_is(own, &name)))
    };
    json.children(json.get(bundle, "entry")?).find(is_named)
}

fn may_be_same_or_is(one: &str, other: &str) -> bool {
    Reference::parse(one) == Reference::parse(other) || may_be_same(one, other)
}

#[derive(Default)]
struct Body {
    entries: Vec<String>,
    /// `Type/id` of what is in it.
    names: Vec<(Option<ResourceType>, String)>,
}

impl Body {
    /// Adds an entry's resource, unless one of its type and id is there.
    fn add(&mut self, json: &Json, resource: NodeId) {
        let id = json.get_str(resource, "id").unwrap_or_default().into_owned();
        let name = (json.resource_type(resource), id);
        if !name.1.is_empty() && self.names.contains(&name) {
            return;
        }
        self.names.push(name);
        let url = json.parent(resource).and_then(|entry| json.get(entry, "fullUrl"));
        let url = url.map(|url| format!("\"fullUrl\":{},", json.source(url))).unwrap_or_default();
        self.entries.push(format!("{{{url}\"resource\":{}}}", json.source(resource)));
    }

    fn finish(self) -> Vec<u8> {
        let entries = self.entries.join(",");
        format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{entries}]}}").into_bytes()
    }
}
