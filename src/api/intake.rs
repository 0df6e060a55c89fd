//! Own files: resources, Bundles and NDJSON become a list of deliveries, a slice of work at a time.

use super::scenario::fixtures;
use super::{PolicyText, PreviewInput, RefusalView, Request, Setup, fixture, sign};
use crate::engine::adapt::Adapter;
use crate::engine::audit::hex;
use crate::engine::canonical::Catalogue;
use crate::engine::fhir::{Json, PartKind, PartText, ResourceType, Splitter, text_of_bytes};
use crate::engine::policy::Policy;
use crate::engine::time::Instant;
use crate::engine::validate::{Standing, standing};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How far reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntakeProgress {
    /// Bytes read.
    pub done: usize,
    /// Bytes in all.
    pub total: usize,
    /// Whether reading is finished.
    pub finished: bool,
}

/// One thing of the input that can be an event, or the reason why it can't.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntakeItem {
    /// Where it stands: `file.json`, `file.json#Bundle.entry[3]` or `file.ndjson:12`.
    pub input: String,
    /// Event type it is sent as, where one was given for all; otherwise the adapter tells what has happened.
    pub event_type: Option<String>,
    /// Where it is no event of the policy: what it is. It is not sent then.
    pub not_an_event: Option<NotAnEvent>,
    /// The webhook body, or why there is none.
    pub body: Result<String, RefusalView>,
}

/// What part of an input is no event of the policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotAnEvent {
    /// What it is: a resource type, `deletion of` one, or `entry without a resource`.
    pub what: String,
    /// A shipped policy that would cover it.
    pub covered_by: Option<String>,
}

/// What of some inputs is no event of the policy, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotEvents(pub Vec<(NotAnEvent, usize)>);

impl NotEvents {
    /// Counts one.
    pub fn count(&mut self, one: NotAnEvent) {
        match self.0.binary_search_by(|(known, _)| known.cmp(&one)) {
            Ok(at) => self.0.get_mut(at).into_iter().for_each(|(_, n)| *n = n.saturating_add(1)),
            Err(at) => self.0.insert(at, (one, 1)),
        }
    }

    /// How many there are in all.
    pub fn total(&self) -> usize {
        self.0.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }
}

/// Which resources are events of a policy, or of any of several.
pub struct Scope {
    /// Each adapter with the event types that are read by it.
    sides: Vec<(Adapter, Vec<String>)>,
    shipped: Option<Adapter>,
    policies: Vec<(String, Vec<String>)>,
}

impl Scope {
    /// The scope of some policies. Of one that can't be read nothing is an event.
    pub fn new<'a>(policies: impl IntoIterator<Item = &'a PolicyText>) -> Self {
        let read = |policy: &str| Policy::read(policy, Catalogue::shipped()).policy;
        let adapter = |text: &str| Adapter::read(text, Catalogue::shipped()).0;
        let sides = policies.into_iter().filter_map(|side| {
            Some((
                adapter(&side.adapter)?,
                read(&side.policy).map(|policy| policy.event_types).unwrap_or_default(),
            ))
        });
        let shipped = fixtures("policies").filter_map(read);
        Self {
            sides: sides.collect(),
            shipped: fixture("adapters/fhir-r4.json").and_then(adapter),
            policies: shipped.map(|policy| (policy.id, policy.event_types)).collect(),
        }
    }

    /// The scope of a setup's policy.
    pub fn of(setup: &Setup) -> Self {
        Self::new([&PolicyText { policy: setup.policy.clone(), adapter: setup.adapter.clone() }])
    }

    fn standing(&self, kind: ResourceType, alone: &str) -> Result<Standing, NotAnEvent> {
        let is_about = |adapter: &Adapter| adapter.events.iter().any(|map| map.focus == kind);
        let none = |covered_by| NotAnEvent { what: kind.name().to_owned(), covered_by };
        if !self.sides.iter().map(|(adapter, _)| adapter).chain(&self.shipped).any(is_about) {
            return Err(none(None));
        }
        let Ok(json) = Json::read(alone) else { return Ok(Standing::Event) };
        let mut best = Standing::None;
        for (adapter, types) in &self.sides {
            match standing(&json, adapter, types) {
                Standing::Event => return Ok(Standing::Event),
                Standing::Seen => best = Standing::Seen,
                Standing::None => {}
            }
        }
        if best == Standing::Seen {
            return Ok(best);
        }
        let covers = |types: &Vec<String>| {
            self.shipped.as_ref().is_some_and(|own| standing(&json, own, types) == Standing::Event)
        };
        Err(none(self.policies.iter().find(|(_, types)| covers(types)).map(|(id, _)| id.clone())))
    }

    /// Whether events of a type can be about resources of a type.
    fn is_about(&self, event_type: &str, kind: ResourceType) -> bool {
        self.sides.iter().any(|(adapter, _)| adapter.is_about(event_type, kind))
    }
}

/// Reads inputs in slices, so that a page stays responsive: call [`Intake::step`] until it has finished,
/// then take items.
pub struct Intake {
    event_type: Option<String>,
    splitter: Splitter,
    /// Inputs that are no text.
    no_text: Vec<(String, RefusalView)>,
}

impl Intake {
    /// Starts on inputs: the name that items are called after, and the bytes. `event_type` is sent as the type of all
    /// of them; without it the adapter tells what has happened.
    pub fn new(inputs: impl IntoIterator<Item = (String, Vec<u8>)>, event_type: Option<&str>) -> Self {
        let mut own = Self {
            event_type: event_type.map(str::to_owned),
            splitter: Splitter::default(),
            no_text: Vec::new(),
        };
        for (name, bytes) in inputs {
            match text_of_bytes(bytes) {
                Ok(text) => own.splitter.add(&name, text),
                Err(refusal) => own.no_text.push((name, RefusalView::from(&refusal))),
            }
        }
        own
    }

    /// Reads on for about `budget` bytes.
    pub fn step(&mut self, budget: usize) -> IntakeProgress {
        let finished = self.splitter.step(budget);
        let (done, total) = self.splitter.progress();
        IntakeProgress { done: if finished { total } else { done }, total, finished }
    }

    /// The inputs themselves, once reading has finished, without those that are no text.
    pub fn inputs(&self) -> Vec<PreviewInput> {
        let input =
            |(name, text): (&str, &str)| PreviewInput { name: name.into(), text: text.into(), at: None };
        self.splitter.files().map(input).collect()
    }

    /// The names of the inputs that can't be read at all, once reading has finished: they are no UTF-8 text, or neither
    /// JSON nor NDJSON.
    pub fn unreadable(&self) -> Vec<&str> {
        let no_text = self.no_text.iter().map(|(name, _)| name.as_str());
        self.splitter.broken().iter().map(String::as_str).chain(no_text).collect()
    }

    /// Number of items, once reading has finished.
    pub fn len(&self) -> usize {
        self.splitter.parts().saturating_add(self.no_text.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`; `now` (milliseconds since the Unix epoch) is the event's timestamp.
    pub fn item(&self, index: usize, now: i64, scope: &Scope) -> Option<IntakeItem> {
        let Some(part) = self.splitter.part(index) else {
            let (name, refusal) = self.no_text.get(index.checked_sub(self.splitter.parts())?)?;
            let (input, body) = (name.clone(), Err(refusal.clone()));
            return Some(IntakeItem { input, event_type: None, not_an_event: None, body });
        };
        let PartText { input, kind, alone } = part;
        let not = |what: String| Some(NotAnEvent { what, covered_by: None });
        let (event_type, not_an_event, is_event) = match (kind, &self.event_type) {
            (PartKind::Whole, _) => (None, None, true),
            (PartKind::NoResource, _) => (None, not("entry without a resource".to_owned()), false),
            (PartKind::Deletion(kind), _) => {
                let what = kind.map_or("something", ResourceType::name);
                (None, not(format!("deletion of {what}")), false)
            }
            (PartKind::Resource(kind), Some(stated)) if scope.is_about(stated, kind) => {
                (Some(stated.clone()), None, true)
            }
            (PartKind::Resource(kind), Some(_)) => (None, not(kind.name().to_owned()), false),
            (PartKind::Resource(kind), None) => match scope.standing(kind, alone) {
                Ok(Standing::Event) => (None, None, true),
                Ok(Standing::Seen | Standing::None) => (None, None, false),
                Err(what) => (None, Some(what), false),
            },
        };
        let text = if is_event { self.splitter.event(index)? } else { alone.to_owned() };
        let body = match &event_type {
            Some(event_type) => envelope(event_type, now, &text),
            None => text,
        };
        Some(IntakeItem { input, event_type, not_an_event, body: Ok(body) })
    }
}

/// An event envelope around FHIR data, which goes in byte for byte.
fn envelope(event_type: &str, now: i64, data: &str) -> String {
    let event_type = serde_json::Value::from(event_type);
    format!("{{\"type\":{event_type},\"timestamp\":\"{}\",{DATA}{data}}}", Instant(now).to_rfc3339())
}

const DATA: &str = "\"data\":";

/// Makes signed requests for bodies. The event id is a hash of the content and of what it will be judged by (policy and
/// consents), keyed with the sender's secret. So the same content sent again is recognised as a duplicate,
/// and is a new event once the policy or the consents have changed. The timestamp of an envelope made here
/// does not count.
pub struct Sender {
    setup: Setup,
    /// Has hashed all but the content.
    hasher: Sha256,
}

impl Sender {
    /// A sender under a setup.
    pub fn new(setup: &Setup) -> Self {
        let mut hasher = Sha256::new();
        let secret = setup.source.secrets.first().map(String::as_str).unwrap_or_default();
        [secret, &setup.policy, &setup.consents].iter().for_each(|part| hash(&mut hasher, part));
        Self { setup: setup.clone(), hasher }
    }

    /// A request for a body; `now` is in milliseconds since the Unix epoch.
    pub fn request(&self, body: &str, now: i64) -> Request {
        let stamp = format!("\",\"timestamp\":\"{}\",{DATA}", Instant(now).to_rfc3339());
        let content = match body.split_once(&stamp) {
            Some((event_type, data)) if event_type.starts_with("{\"type\":") => [event_type, data],
            _ => [body, ""],
        };
        let mut hasher = self.hasher.clone();
        content.iter().for_each(|part| hash(&mut hasher, part));
        let mut request = Request { headers: Vec::new(), body: body.to_owned() };
        request.set_header("webhook-id", format!("evt-{}", hex(hasher.finalize().get(..12).unwrap_or(&[]))));
        request.set_header("webhook-timestamp", Instant(now).seconds().to_string());
        sign(&self.setup, &mut request);
        request
    }
}

fn hash(hasher: &mut Sha256, part: &str) {
    hasher.update((part.len() as u64).to_be_bytes());
    hasher.update(part);
}

/// A signed request for one body, as [`Sender`] makes them.
pub fn request_for(setup: &Setup, body: &str, now: i64) -> Request {
    Sender::new(setup).request(body, now)
}
