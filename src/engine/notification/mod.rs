//! FHIR R4 subscription notifications, after the Subscriptions R5 Backport guide: a Bundle of type `history` whose first
//! entry is a Parameters resource with the subscription's status.
//!
//! Each event of a notification becomes an event of its own in the queue: of one event under the delivery's
//! correlation id, of several as `run-000001.1`, `run-000001.2` and so on. Its body is a Bundle of type `collection`
//! with the focus, what goes along with it, and what these refer to, over any number of steps. What a notification
//! only names is fetched from the EHR sandbox.
//!
//! Events are numbered per subscription. One that came before is a no-op, and under a number that came before with
//! another content it is refused. One that is ahead waits until those before it
//! are there, or until the wait for a gap is over: then the gap is filled from the EHR sandbox, which answers
//! `Subscription/$events` with the notifications of type `query-event` that it holds, and what it does not have becomes
//! a dead letter.

mod gather;
mod numbers;
mod read;
mod take;
mod track;

pub use gather::gather;
pub use numbers::Numbers;
pub use read::{is_notification, read};
pub use track::{Gap, Over, Track, Tracker, Turn};

use super::fhir::NodeId;

/// Which subscription it is, as a keyed hash of the reference to it.
pub type Subscription = [u8; 16];

/// An event of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The subscription.
    pub subscription: Subscription,
    /// The event's number, from 1.
    pub number: u64,
}

/// What an event is about, as keyed hashes: enough to tell that two differ, and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Print {
    /// Of the reference to the focus, where the event has one.
    pub focus: Option<[u8; 16]>,
    /// Of the focus itself, where the notification holds it.
    pub resource: Option<[u8; 16]>,
}

impl Print {
    /// Whether two can't be of one event. What only one of them has tells nothing.
    pub fn conflicts(self, other: Self) -> bool {
        let differ =
            |one: Option<[u8; 16]>, two: Option<[u8; 16]>| one.zip(two).is_some_and(|(one, two)| one != two);
        differ(self.focus, other.focus) || differ(self.resource, other.resource)
    }
}

/// What a notification is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The subscription starts, or is turned on again.
    Handshake,
    /// The subscription is alive.
    Heartbeat,
    /// Events happened.
    Event,
    /// The answer to a question for the status.
    QueryStatus,
    /// The answer to a question for events.
    QueryEvent,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Handshake, Self::Heartbeat, Self::Event, Self::QueryStatus, Self::QueryEvent];

    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Heartbeat => "heartbeat",
            Self::Event => "event-notification",
            Self::QueryStatus => "query-status",
            Self::QueryEvent => "query-event",
        }
    }

    /// What a notification of this kind without an event says.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Handshake => {
                "The subscription is on: its events are counted from here, and what came stays known."
            }
            Self::Heartbeat => "The subscription is alive; the count of its events was compared.",
            Self::QueryStatus => "The subscription's status; the count of its events was compared.",
            Self::Event | Self::QueryEvent => "The notification holds no event.",
        }
    }
}

/// A notification as read: counters and places, no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The subscription.
    pub subscription: Subscription,
    /// What it is for.
    pub kind: Kind,
    /// Whether the source says that the subscription is in error, or off.
    pub failing: bool,
    /// Events since the subscription started, where it says so.
    pub since_start: Option<u64>,
    /// Its events, in its order.
    pub events: Vec<Event>,
    /// The Bundle that it is.
    pub at: NodeId,
}

/// An event of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number.
    pub number: u64,
    /// The reference (a string) to what it is about; none in an empty payload.
    pub focus: Option<NodeId>,
    /// That resource, where the notification holds it.
    pub resource: Option<NodeId>,
    /// The entry that says that it is deleted, where the notification has one.
    pub deletion: Option<NodeId>,
    /// References to what goes along with it, each with the resource where the notification holds it.
    pub context: Vec<(NodeId, Option<NodeId>)>,
    /// What it is about, to be compared.
    pub print: Print,
}
