//! Reading a notification Bundle.

use super::{Event, Kind, Notification, Print};
use crate::engine::fhir::{
    Json, Kind as Node, NodeId, ResourceType, deleted_names, entry_names, target_name, type_and_id,
};
use crate::engine::phi::Phi;
use crate::engine::queue::StateKeys;
use crate::engine::refusal::{Code, Refusal};
use crate::engine::spelled::Spelled;
use crate::engine::time::Instant;
use std::collections::BTreeMap;

/// Reads the notification at `at`; none where the document is something else: any Bundle that is not of type `history`,
/// or has no Parameters.
///
/// # Errors
/// `notification.*`, with path and place.
pub fn read(json: &Phi<Json>, at: NodeId, keys: &StateKeys) -> Option<Result<Notification, Refusal>> {
    json.classify(|json| read_in(json, at, keys))
}

/// Whether the document at `at` is a notification, well-formed or not.
pub fn is_notification(json: &Json, at: NodeId) -> bool {
    json.get_str(at, "resourceType").as_deref() == Some("Bundle")
        && json.get_str(at, "type").as_deref() == Some("history")
        && json.get(at, "entry").is_some_and(|list| json.children(list).any(|entry| is_status(json, entry)))
}

fn is_status(json: &Json, entry: NodeId) -> bool {
    let resource = json.get(entry, "resource").and_then(|resource| json.resource_type(resource));
    resource.map(ResourceType::name) == Some("Parameters")
}

pub(super) fn read_in(json: &Json, at: NodeId, keys: &StateKeys) -> Option<Result<Notification, Refusal>> {
    is_notification(json, at).then(|| {
        let entries: Vec<NodeId> = json.children(json.get(at, "entry").unwrap_or(at)).collect();
        Reader { json, at, entries: &entries, keys }.read()
    })
}

/// Places in a notification, in its order, by a name.
type Places = BTreeMap<String, Vec<NodeId>>;

/// The entry by which what a reference names is deleted. One with a server and one without may be of the same thing.
fn deletion(deleted: &Places, name: &str) -> Option<NodeId> {
    let first = |name: &str| deleted.get(name).and_then(|entries| entries.first()).copied();
    let other = match type_and_id(name) {
        Some(tail) if tail.len() < name.len() => first(tail),
        _ => first(&["/", name].concat()),
    };
    first(name).into_iter().chain(other).min()
}

struct Reader<'a> {
    json: &'a Json,
    at: NodeId,
    entries: &'a [NodeId],
    keys: &'a StateKeys,
}

/// What FHIR's `unsignedInt` lacks: event numbers are 64 bits wide, and so come as strings of digits.
fn number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let plain = plain && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// JSON without the white space between its parts.
fn compact(source: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let mut keep = |c: &char| {
        let kept = quoted || !c.is_ascii_whitespace();
        quoted ^= *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        kept
    };
    source.chars().filter(|c| keep(c)).collect()
}

impl Reader<'_> {
    fn read(&self) -> Result<Notification, Refusal> {
        let json = self.json;
        let first = self.entries.first().filter(|entry| is_status(json, **entry));
        let first = first.ok_or_else(|| self.fault(Code::NotificationStatusMissing, self.at, ".entry[0]"))?;
        for entry in self.entries {
            if json.get(*entry, "request").is_none() {
                return Err(self.fault(Code::NotificationRequestMissing, *entry, ".request"));
            }
        }
        let status = json.get(*first, "resource").unwrap_or(*first);
        let list = json.get(status, "parameter").unwrap_or(status);
        let subscription =
            self.one(list, "subscription")?.ok_or_else(|| self.missing(status, "subscription"))?;
        let subscription = self.reference(subscription)?;
        let name = json.str(subscription).unwrap_or_default();
        let state = self.one(list, "status")?.ok_or_else(|| self.missing(status, "status"))?;
        let state = self.code(state, &["requested", "active", "error", "off", "entered-in-error"])?;
        let kind = self.one(list, "type")?.ok_or_else(|| self.missing(status, "type"))?;
        let kind = self.code(kind, &Kind::ALL.map(Kind::as_str))?;
        let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind).unwrap_or(Kind::Event);
        if let Some(topic) = self.one(list, "topic")? {
            self.text(topic, "valueCanonical")?;
        }
        let since = self.one(list, "events-since-subscription-start")?;
        let since_start = since.map(|since| self.number(since)).transpose()?;
        let named = |at: &NodeId| json.get_str(*at, "name").as_deref() == Some("notification-event");
        let events: Result<Vec<Event>, Refusal> =
            json.children(list).filter(named).map(|event| self.event(event)).collect();
        let events = self.with_resources(events?);
        if events.is_empty() && kind == Kind::Event {
            return Err(self.missing(status, "notification-event"));
        }
        Ok(Notification {
            subscription: self.keys.fold("subscription", &name),
            kind,
            failing: state != "active" && state != "requested",
            since_start,
            events,
            at: self.at,
        })
    }

    fn event(&self, at: NodeId) -> Result<Event, Refusal> {
        let json = self.json;
        let parts = json.get(at, "part").unwrap_or(at);
        let number = self.one(parts, "event-number")?.ok_or_else(|| self.missing(at, "event-number"))?;
        let value = self.number(number)?;
        if value == 0 {
            return Err(self.fault(Code::NotificationNumberInvalid, number, ""));
        }
        if let Some(time) = self.one(parts, "timestamp")? {
            let text = self.text(time, "valueInstant")?;
            if json.str(text).is_none_or(|text| Instant::parse(&text).is_none()) {
                return Err(self.fault(Code::NotificationParameterInvalid, text, ""));
            }
        }
        let focus = self.one(parts, "focus")?.map(|focus| self.reference(focus)).transpose()?;
        let also = |at: &NodeId| json.get_str(*at, "name").as_deref() == Some("additional-context");
        let context: Result<Vec<_>, Refusal> =
            json.children(parts).filter(also).map(|at| Ok((self.reference(at)?, None))).collect();
        Ok(Event {
            number: value,
            focus,
            resource: None,
            deletion: None,
            context: context?,
            print: Print::default(),
        })
    }

    /// Finds the resources that the notification holds. A history may hold one resource several times: then as many
    /// events are about it, in the same order, or it can't be told which is which.
    fn with_resources(&self, mut events: Vec<Event>) -> Vec<Event> {
        let (held, deleted) = (self.held(), self.deleted());
        let name = |reference: NodeId| {
            self.json.str(reference).and_then(|text| Some(target_name(&text)?.into_owned()))
        };
        let mut foci = Places::new();
        for focus in events.iter().filter_map(|event| event.focus) {
            name(focus).into_iter().for_each(|name| foci.entry(name).or_default().push(focus));
        }
        for event in &mut events {
            if let Some((focus, name)) = event.focus.and_then(|focus| Some((focus, name(focus)?))) {
                let alike = foci.get(&name).map_or(&[][..], Vec::as_slice);
                event.resource = match held.get(&name).map_or(&[][..], Vec::as_slice) {
                    [one] => Some(*one),
                    several if several.len() == alike.len() => {
                        alike.binary_search(&focus).ok().and_then(|rank| several.get(rank).copied())
                    }
                    _ => None,
                };
                event.deletion = deletion(&deleted, &name);
            }
            event.print = self.print(event);
            for (reference, resource) in &mut event.context {
                *resource = match name(*reference).and_then(|name| held.get(&name)).map(Vec::as_slice) {
                    Some([one]) => Some(*one),
                    _ => None,
                };
            }
        }
        events
    }

    /// What an event is about, to be compared: white space does not count.
    fn print(&self, event: &Event) -> Print {
        let focus = event.focus.and_then(|focus| self.json.str(focus));
        let resource = event.resource.map(|resource| compact(self.json.source(resource)));
        Print {
            focus: focus.map(|name| self.keys.fold("focus", &name)),
            resource: resource.map(|text| self.keys.fold("event", &text)),
        }
    }

    /// The resources of the entries, the status left out, by what they go by.
    fn held(&self) -> Places {
        let mut held = Places::new();
        for entry in self.entries.iter().skip(1) {
            let Some(resource) = self.json.get(*entry, "resource") else { continue };
            for (name, _) in entry_names(self.json, Some(*entry), resource).into_iter().flatten() {
                held.entry(name).or_default().push(resource);
            }
        }
        held
    }

    /// The entries that stand for a deletion, by what is deleted; by `/Type/id` too where that is on a server.
    fn deleted(&self) -> Places {
        let mut deleted = Places::new();
        for entry in self.entries {
            for name in deleted_names(self.json, *entry).into_iter().flatten() {
                if let Some(tail) = type_and_id(&name).filter(|tail| tail.len() < name.len()) {
                    deleted.entry(["/", tail].concat()).or_default().push(*entry);
                }
                deleted.entry(name).or_default().push(*entry);
            }
        }
        deleted
    }

    /// The one parameter or part of a name.
    fn one(&self, list: NodeId, name: &str) -> Result<Option<NodeId>, Refusal> {
        if self.json.kind(list) != Node::Array {
            return Ok(None);
        }
        let mut found =
            self.json.children(list).filter(|at| self.json.get_str(*at, "name").as_deref() == Some(name));
        let first = found.next();
        match found.next() {
            Some(second) => Err(self.fault(Code::NotificationParameterInvalid, second, "")),
            None => Ok(first),
        }
    }

    /// The string member `value` of a parameter.
    fn text(&self, at: NodeId, value: &'static str) -> Result<NodeId, Refusal> {
        let found =
            self.json.get(at, value).filter(|value| self.json.str(*value).is_some_and(|t| !t.is_empty()));
        found.ok_or_else(|| self.fault(Code::NotificationParameterInvalid, at, [".", value]))
    }

    fn reference(&self, at: NodeId) -> Result<NodeId, Refusal> {
        match self.json.get(at, "valueReference") {
            Some(reference) => self.text(reference, "reference"),
            None => Err(self.fault(Code::NotificationParameterInvalid, at, ".valueReference")),
        }
    }

    fn code(&self, at: NodeId, known: &[&'static str]) -> Result<&'static str, Refusal> {
        let value = self.text(at, "valueCode")?;
        let text = self.json.str(value).unwrap_or_default();
        let found = known.iter().find(|code| **code == text.as_ref()).copied();
        found.ok_or_else(|| self.fault(Code::NotificationParameterInvalid, value, ""))
    }

    fn number(&self, at: NodeId) -> Result<u64, Refusal> {
        let value = self
            .json
            .get(at, "valueString")
            .ok_or_else(|| self.fault(Code::NotificationNumberInvalid, at, ".valueString"))?;
        let read = self.json.str(value).and_then(|text| number(&text));
        read.ok_or_else(|| self.fault(Code::NotificationNumberInvalid, value, ""))
    }

    fn missing(&self, at: NodeId, name: &'static str) -> Refusal {
        let list = if self.json.is_member(at, "resource") { "parameter" } else { "part" };
        self.fault(Code::NotificationParameterMissing, at, [".", list, ".where(name='", name, "')"])
    }

    fn fault(&self, code: Code, at: NodeId, below: impl Into<Spelled>) -> Refusal {
        let path = Spelled::of(self.json, self.at, at).then(below);
        Refusal::about(code, path).with_place(self.json.place(at))
    }
}
