//! Own files: a resource, a Bundle or NDJSON becomes a list of deliveries, a slice of work at a time.

use super::{PreviewInput, RefusalView, Request, Setup, sign};
use crate::engine::audit::hex;
use crate::engine::fhir::{PartText, Splitter, text_of_bytes};
use crate::engine::time::Instant;
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
    /// Event type it is taken for, e.g. `referral.created`; none for what is sent as it is.
    pub event_type: Option<String>,
    /// The webhook body, or why there is none.
    pub body: Result<String, RefusalView>,
}

/// Reads an input in slices, so that a page stays responsive: call [`Intake::step`] until it has finished,
/// then take items.
pub struct Intake {
    name: String,
    event_type: Option<String>,
    total: usize,
    splitter: Result<Splitter, RefusalView>,
}

impl Intake {
    /// Starts on an input. `name` is what items are called after; `event_type` overrides the type that the
    /// resource type suggests.
    pub fn new(name: &str, bytes: Vec<u8>, event_type: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            event_type: event_type.map(str::to_owned),
            total: bytes.len(),
            splitter: text_of_bytes(bytes).map(Splitter::new).map_err(|refusal| RefusalView::from(&refusal)),
        }
    }

    /// Reads on for about `budget` bytes.
    pub fn step(&mut self, budget: usize) -> IntakeProgress {
        match &mut self.splitter {
            Err(_) => IntakeProgress { done: self.total, total: self.total, finished: true },
            Ok(splitter) => {
                let finished = splitter.step(budget);
                let (done, total) = splitter.progress();
                IntakeProgress { done: if finished { total } else { done }, total, finished }
            }
        }
    }

    /// The input itself, once reading has finished; none where it is no text.
    pub fn input(&self) -> Option<PreviewInput> {
        let text = self.splitter.as_ref().ok()?.text()?.to_owned();
        Some(PreviewInput { name: self.name.clone(), text, at: None })
    }

    /// Whether the input can't be read at all, once reading has finished: it is no UTF-8 text, or neither JSON nor NDJSON.
    pub fn is_unreadable(&self) -> bool {
        self.splitter.as_ref().map_or(true, Splitter::is_broken)
    }

    /// Number of items, once reading has finished.
    pub fn len(&self) -> usize {
        self.splitter.as_ref().map_or(1, |splitter| splitter.parts().len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`; `now` (milliseconds since the Unix epoch) is the event's timestamp.
    pub fn item(&self, index: usize, now: i64) -> Option<IntakeItem> {
        let splitter = match &self.splitter {
            Ok(splitter) => splitter,
            Err(refusal) => {
                return (index == 0).then(|| IntakeItem {
                    input: self.name.clone(),
                    event_type: None,
                    body: Err(refusal.clone()),
                });
            }
        };
        let PartText { label, text, wrap, .. } = splitter.part(splitter.parts().get(index)?)?;
        let input = format!("{}{label}", self.name);
        // Without an envelope the adapter tells what has happened.
        let event_type = self.event_type.clone().filter(|_| wrap);
        let body = event_type.as_ref().map_or(text.clone(), |event_type| envelope(event_type, now, &text));
        Some(IntakeItem { input, event_type, body: Ok(body) })
    }
}

/// An event envelope around FHIR data, which goes in byte for byte.
fn envelope(event_type: &str, now: i64, data: &str) -> String {
    let event_type = serde_json::Value::from(event_type);
    format!("{{\"type\":{event_type},\"timestamp\":\"{}\",{DATA}{data}}}", Instant(now).to_rfc3339())
}

const DATA: &str = "\"data\":";

/// A signed request for a body. Its event id is a hash of the content and of what it will be judged by (policy and
/// consents), keyed with the sender's secret. So the same content sent again is recognised as a duplicate,
/// and is a new event once the policy or the consents have changed. The timestamp of an envelope made here
/// does not count.
pub fn request_for(setup: &Setup, body: &str, now: i64) -> Request {
    let stamp = format!("\",\"timestamp\":\"{}\",{DATA}", Instant(now).to_rfc3339());
    let content = match body.split_once(&stamp) {
        Some((event_type, data)) if event_type.starts_with("{\"type\":") => [event_type, data],
        _ => [body, ""],
    };
    let mut hasher = Sha256::new();
    let secret = setup.source.secrets.first().map(String::as_str).unwrap_or_default();
    for part in [secret, &setup.policy, &setup.consents].into_iter().chain(content) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut request = Request { headers: Vec::new(), body: body.to_owned() };
    request.set_header("webhook-id", format!("evt-{}", hex(hasher.finalize().get(..12).unwrap_or(&[]))));
    request.set_header("webhook-timestamp", Instant(now).seconds().to_string());
    sign(setup, &mut request);
    request
}
