//! Putting an event together: from the notification that brought it, and from the EHR sandbox.

use super::read::read_in;
use super::{Notification, Origin};
use crate::engine::fhir::{Json, MOST_RESOURCES, NodeId, ResourceType, find};
use crate::engine::phi::Phi;
use crate::engine::queue::StateKeys;
use std::collections::BTreeSet;

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
        // Read by itself, so that its entries are what a reference in it leads to first.
        let own = Json::read(ehr.source(resource)).ok()?;
        let notification = read_in(&own, NodeId::ROOT, keys)?.ok()?;
        parts(&own, &notification, ehr, origin)
    })
}

/// The event's body out of a notification and the EHR sandbox.
fn parts(json: &Json, notification: &Notification, ehr: &Json, origin: Origin) -> Option<Vec<u8>> {
    if notification.subscription != origin.subscription {
        return None;
    }
    let event = notification.events.iter().find(|event| event.number == origin.number)?;
    let mut body = Body::default();
    // What is deleted is not looked for: the entry that says so is all that there is of the event.
    if let Some(entry) = event.deletion {
        body.entries.push(json.source(entry).to_owned());
        return Some(body.finish());
    }
    let fetch = |text: &str| find(ehr, NodeId::ROOT, text).map(|resource| (ehr, resource));
    let named = |reference: NodeId| fetch(&json.str(reference)?);
    let mut along = vec![match event.resource {
        Some(resource) => (json, resource),
        None => named(event.focus?)?,
    }];
    let context = |(reference, own): &(NodeId, Option<NodeId>)| {
        own.map(|own| (json, own)).or_else(|| named(*reference))
    };
    along.extend(event.context.iter().filter_map(context));
    // What these refer to goes along, over any number of steps, nearest first.
    let mut next = 0;
    while let Some((own, resource)) = along.get(next).copied() {
        next += 1;
        if !body.add(own, resource) {
            continue;
        }
        if body.entries.len() > MOST_RESOURCES {
            break;
        }
        for reference in own.descendants(resource).filter(|node| own.is_member(*node, "reference")) {
            let Some(text) = own.str(reference) else { continue };
            let held = find(json, notification.at, &text).map(|resource| (json, resource));
            along.extend(held.or_else(|| fetch(&text)));
        }
    }
    Some(body.finish())
}

#[derive(Default)]
struct Body {
    entries: Vec<String>,
    /// `Type/id` of what is in it, or the entry itself.
    names: BTreeSet<String>,
}

impl Body {
    /// Adds an entry's resource, unless one of its type and id is there. Whether it was added.
    fn add(&mut self, json: &Json, resource: NodeId) -> bool {
        let url = json.parent(resource).and_then(|entry| json.get(entry, "fullUrl"));
        let url = url.map(|url| format!("\"fullUrl\":{},", json.source(url))).unwrap_or_default();
        let entry = format!("{{{url}\"resource\":{}}}", json.source(resource));
        let kind = json.resource_type(resource).map_or("", ResourceType::name);
        let name = match json.get_str(resource, "id") {
            Some(id) => [kind, "/", &id].concat(),
            None => entry.clone(),
        };
        let is_new = self.names.insert(name);
        if is_new {
            self.entries.push(entry);
        }
        is_new
    }

    fn finish(self) -> Vec<u8> {
        let entries = self.entries.join(",");
        format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{entries}]}}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in the body of the first event of a notification with this focus and these further entries, each without its braces.
    fn gathered(parts_of_event: &str, entries: &[&str], ehr: &[&str]) -> Vec<String> {
        let put = r#""request":{"method":"PUT","url":"x"}"#;
        let entries: String = entries.iter().map(|entry| [",{", put, ",", entry, "}"].concat()).collect();
        let entries = entries.replace(&[put, ",\"request\""].concat(), "\"request\"");
        let status = format!(
            r#"{{"request":{{"method":"GET","url":"x"}},"resource":{{"resourceType":"Parameters","parameter":[
            {{"name":"subscription","valueReference":{{"reference":"Subscription/s"}}}},
            {{"name":"status","valueCode":"active"}},{{"name":"type","valueCode":"event-notification"}},
            {{"name":"notification-event","part":[{{"name":"event-number","valueString":"1"}},{parts_of_event}]}}]}}}}"#
        );
        let bundle = format!(r#"{{"resourceType":"Bundle","type":"history","entry":[{status}{entries}]}}"#);
        let json = Json::read(bundle).unwrap();
        let ehr = format!(r#"{{"resourceType":"Bundle","entry":[{}]}}"#, ehr.join(","));
        let ehr = Json::read(ehr).unwrap();
        let keys = StateKeys::new("seed", "seed").unwrap();
        let notification = read_in(&json, NodeId::ROOT, &keys).unwrap().unwrap();
        let origin = Origin { subscription: notification.subscription, number: 1 };
        let body = parts(&json, &notification, &ehr, origin).unwrap();
        let body = Json::read(String::from_utf8(body).unwrap()).unwrap();
        let name = |entry| match body.get(entry, "resource") {
            Some(own) => {
                ["resourceType", "id"].map(|key| body.get_str(own, key).unwrap_or_default()).join("/")
            }
            None => "no resource".to_owned(),
        };
        body.children(body.get(NodeId::ROOT, "entry").unwrap()).map(name).collect()
    }

    const FOCUS: &str = r#"{"name":"focus","valueReference":{"reference":"Task/t"}}"#;

    #[test]
    fn what_an_event_refers_to_goes_along_over_any_number_of_steps_and_nothing_else() {
        let held = [
            r#""resource":{"resourceType":"Patient","id":"other"}"#,
            r#""fullUrl":"https://ehr.example.invalid/fhir/Task/t","resource":{"resourceType":"Task","id":"t",
                "for":{"reference":"Patient/a"},"requester":{"reference":"PractitionerRole/r"}}"#,
            r#""fullUrl":"urn:uuid:1","resource":{"resourceType":"Location","partOf":{"reference":"urn:uuid:1"}}"#,
            r#""resource":{"resourceType":"Patient","id":"a","managingOrganization":{"reference":"Organization/o"}}"#,
        ];
        let ehr = [
            r#"{"resource":{"resourceType":"PractitionerRole","id":"r","location":[{"reference":"urn:uuid:1"}]}}"#,
            r#"{"resource":{"resourceType":"Organization","id":"o","partOf":{"reference":"Organization/p"}}}"#,
            r#"{"resource":{"resourceType":"Organization","id":"p","partOf":{"reference":"Organization/o"}}}"#,
            r#"{"resource":{"resourceType":"Patient","id":"a","gender":"unknown"}}"#,
        ];
        let all =
            ["Task/t", "Patient/a", "PractitionerRole/r", "Organization/o", "Location/", "Organization/p"];
        assert_eq!(gathered(FOCUS, &held, &ehr), all);
        let also = r#"{"name":"additional-context","valueReference":{"reference":"Patient/other"}}"#;
        let also = gathered(&[FOCUS, ",", also].concat(), &held, &ehr);
        assert_eq!(also[..2], ["Task/t", "Patient/other"]);
        assert_eq!(also.len(), all.len() + 1);
    }

    #[test]
    fn of_what_is_deleted_there_is_the_entry_alone() {
        for (focus, url) in [
            ("Task/t", "Task/t"),
            ("https://ehr.example.invalid/fhir/Task/t", "Task/t"),
            ("Task/t", "https://ehr.example.invalid/fhir/Task/t/_history/2"),
        ] {
            let parts = FOCUS.replace("Task/t", focus);
            let entry = format!(r#""request":{{"method":"DELETE","url":"{url}"}},"fullUrl":"{url}""#);
            let held = [entry.as_str(), r#""resource":{"resourceType":"Task","id":"u"}"#];
            assert_eq!(gathered(&parts, &held, &[]), ["no resource"], "{focus} {url}");
        }
    }
}
