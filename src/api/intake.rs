//! Own files: a resource, a Bundle or NDJSON becomes a list of deliveries, a slice of work at a time.

use super::{RefusalView, Request, Setup};

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
    /// Event type it is taken for, e.g. `referral.created`.
    pub event_type: Option<String>,
    /// The webhook body, or why there is none.
    pub body: Result<String, RefusalView>,
}

/// Reads an input in slices, so that a page stays responsive: call [`Intake::step`] until it has finished,
/// then take items.
pub struct Intake {
    total: usize,
}

impl Intake {
    /// Starts on an input. `name` is what items are called after; `event_type` overrides the type that the
    /// resource type suggests.
    pub fn new(_name: &str, bytes: Vec<u8>, _event_type: Option<&str>) -> Self {
        Self { total: bytes.len() }
    }

    /// Reads on for about `budget` bytes.
    pub fn step(&mut self, _budget: usize) -> IntakeProgress {
        IntakeProgress { done: self.total, total: self.total, finished: true }
    }

    /// Number of items, once reading has finished.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`; `now` (milliseconds since the Unix epoch) is the event's timestamp.
    pub fn item(&self, _index: usize, _now: i64) -> Option<IntakeItem> {
        None
    }
}

/// A signed request for a body. Its event id is a keyed hash of the content, so that the same content sent
/// again is recognised as a duplicate and the id says nothing about it.
pub fn request_for(_setup: &Setup, _body: &str, _now: i64) -> Request {
    Request::default()
}
