//! The queue as the page shows it: what waits, and what was given up on.

use super::RefusalView;
use crate::engine::Connector;
use crate::engine::queue::{Attempt, Class, DeadLetter, Item, Queue, Wait};
use crate::engine::time::Instant;
use serde::{Deserialize, Serialize};

/// The queue at a moment. Nothing in it is a value of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// How many wait in each class, the class that goes first at the top.
    pub classes: Vec<ClassDepth>,
    /// What waits, in line.
    pub waiting: Vec<WaitingView>,
    /// Dead letters, oldest first.
    pub dead: Vec<DeadLetterView>,
    /// How many events it holds at most, dead letters included.
    pub capacity: usize,
    /// When there is something to do next, in milliseconds since the Unix epoch; none where nothing waits.
    pub next_due: Option<i64>,
    /// Kept states of the queue that did not open under the setting in force (`queue.state-unreadable`).
    pub unreadable: usize,
    /// Events taken in since the session was opened, those that were waiting then included.
    pub received: u64,
    /// How many of them ended in a final state.
    pub settled: u64,
}

/// The depth of one priority class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassDepth {
    /// `consent`, `urgent` or `routine`.
    pub class: String,
    /// Events that wait.
    pub waiting: usize,
}

/// One try that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptView {
    /// When, RFC 3339.
    pub at: String,
    /// Why, as a refusal code.
    pub code: String,
}

/// An event that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingView {
    /// Correlation id.
    pub correlation: String,
    /// Event id.
    pub event: String,
    /// Event type, once it was worked on.
    pub event_type: Option<String>,
    /// Priority class.
    pub class: String,
    /// Why it waits: `ready` (its turn has not come), `retry` (it failed for the time being) or `behind` (an
    /// earlier event of the same subject goes first) or `gap` (earlier events of its subscription are missing).
    pub state: String,
    /// The tries that failed, oldest first.
    pub attempts: Vec<AttemptView>,
    /// When it is worked on next at the earliest, in milliseconds since the Unix epoch.
    pub due: i64,
    /// Why its last try failed, as a refusal code.
    pub code: Option<String>,
}

/// An event that was given up on and is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterView {
    /// Correlation id; [`super::Session::redrive`] takes it.
    pub correlation: String,
    /// Event id.
    pub event: String,
    /// Event type, where it is known.
    pub event_type: Option<String>,
    /// The tries that failed, oldest first.
    pub attempts: Vec<AttemptView>,
    /// Why it was given up on.
    pub why: RefusalView,
    /// When, RFC 3339.
    pub at: String,
}

impl QueueView {
    pub(super) fn new(connector: &Connector) -> Self {
        let queue: &Queue = connector.queue();
        let waiting: Vec<WaitingView> =
            queue.waits().map(|(_, item, wait, due)| waiting(item, wait, due)).collect();
        let counts = queue.counts();
        let depth = |class: Class| ClassDepth {
            class: class.as_str().to_owned(),
            waiting: waiting.iter().filter(|item| item.class == class.as_str()).count(),
        };
        Self {
            classes: Class::ALL.into_iter().map(depth).collect(),
            dead: queue.dead().iter().map(DeadLetterView::from).collect(),
            capacity: connector.setting().capacity,
            next_due: connector.next_due().map(|due| due.0),
            unreadable: connector.unreadable(),
            received: counts.received,
            settled: counts.settled,
            waiting,
        }
    }
}

fn waiting(item: &Item, wait: Wait, due: Instant) -> WaitingView {
    WaitingView {
        correlation: item.correlation.clone(),
        event: item.message.id.clone(),
        event_type: item.event_type.clone(),
        class: item.class().as_str().to_owned(),
        state: wait.as_str().to_owned(),
        attempts: item.attempts.iter().map(AttemptView::from).collect(),
        due: due.0,
        code: item.attempts.last().map(|attempt| attempt.code.as_str().to_owned()),
    }
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        Self { at: attempt.at.to_rfc3339(), code: attempt.code.as_str().to_owned() }
    }
}

impl From<&DeadLetter> for DeadLetterView {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            correlation: letter.item.correlation.clone(),
            event: letter.item.message.id.clone(),
            event_type: letter.item.event_type.clone(),
            attempts: letter.item.attempts.iter().map(AttemptView::from).collect(),
            why: RefusalView::from(&letter.why),
            at: letter.at.to_rfc3339(),
        }
    }
}
