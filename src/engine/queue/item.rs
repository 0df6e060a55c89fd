//! What waits in the queue: an event with its place in the order and its history.

use super::seal::StateKeys;
use crate::engine::Arrival;
use crate::engine::fhir::{Identity, Json};
use crate::engine::notification::{self, Origin};
use crate::engine::phi::Phi;
use crate::engine::refusal::{Code, Refusal};
use crate::engine::time::Instant;
use crate::engine::validate::Shape;
use crate::engine::webhook::Authentic;
use std::sync::Arc;

/// Priority class. Of what is due, a lower class goes first; within one, what came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Changes of consent. They overtake everything, their own subject's other events too: a revocation never
    /// waits behind a delivery that fails.
    Consent,
    /// FHIR request priority `urgent`, `asap` or `stat`.
    Urgent,
    /// Everything else.
    Routine,
}

impl Class {
    /// All classes, first to go first.
    pub const ALL: [Self; 3] = [Self::Consent, Self::Urgent, Self::Routine];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Urgent => "urgent",
            Self::Routine => "routine",
        }
    }
}

/// Whose event it is, as a keyed hash: two events of one subject agree, and nothing else can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject([u8; 16]);

/// An event's place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its class.
    pub class: Class,
    /// Its subject, where it names one. Events of one subject go one after the other.
    pub subject: Option<Subject>,
}

impl Order {
    /// The place of what can't be told: routine, and nobody's.
    pub const PLAIN: Self = Self { class: Class::Routine, subject: None };

    /// The place of an event whose parts were found.
    pub fn of(event: &Phi<Json>, shape: &Shape, (source, keys): (&str, &StateKeys), now: Instant) -> Self {
        event.classify(|json| {
            let priority = json.get_str(shape.focus, "priority");
            let class = if shape.resource_type.name() == "Consent" {
                Class::Consent
            } else if priority.is_some_and(|p| ["urgent", "asap", "stat"].contains(&p.as_ref())) {
                Class::Urgent
            } else {
                Class::Routine
            };
            let namespace = shape.namespace(source, now);
            let identity = shape.patient().map(|patient| namespace.identity(json, patient));
            let name = identity.as_ref().and_then(Identity::name);
            let subject = name.map(|name| Subject(keys.fold("subject", name)));
            Self { class, subject }
        })
    }
}

/// A try that failed for the time being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: Instant,
    /// Why.
    pub code: Code,
}

/// How far an event was read.
pub enum Content {
    /// As it arrived.
    Raw(Phi<Vec<u8>>),
    /// Read.
    Event(Arc<Phi<Json>>),
    /// It can't be worked on, and this is why.
    Refused(Refusal),
    /// A notification of this kind that holds no event.
    Notice(notification::Kind),
    /// An event of a subscription that came before.
    Known,
    /// An event that was told of and is nowhere to be had, and the notification that told of it, if one did.
    Absent(Refusal, Option<Arc<Phi<Json>>>),
}

/// An acknowledged event.
pub struct Item {
    /// Correlation id, the same in each of its audit records.
    pub correlation: String,
    /// The message that brought it.
    pub message: Authentic,
    /// Whether the operator's attestation held when it arrived.
    pub attested: bool,
    /// The event.
    pub content: Content,
    /// The event of a subscription that it is, if it is one.
    pub origin: Option<Origin>,
    /// Whether it is ahead of a gap in its subscription, and waits for that to close.
    pub ahead: bool,
    /// Its place in the order, once asked for.
    pub order: Option<Order>,
    /// Its type, once known.
    pub event_type: Option<String>,
    /// The tries that failed, oldest first.
    pub attempts: Vec<Attempt>,
    /// How many of them were before it was last re-driven.
    pub earlier: usize,
    /// When it may be worked on.
    pub due: Instant,
    /// Bytes of its body.
    pub bytes: usize,
}

impl Content {
    /// Bytes of the body that is kept.
    fn bytes(&self) -> usize {
        let text = |json: &Arc<Phi<Json>>| (**json).as_ref().map(|json| json.text().as_bytes()).len();
        match self {
            Self::Raw(body) => body.len(),
            Self::Event(json) => text(json),
            Self::Absent(_, json) => json.as_ref().map_or(0, text),
            Self::Refused(_) | Self::Notice(_) | Self::Known => 0,
        }
    }
}

impl Item {
    /// An event that was not tried yet.
    pub fn new(correlation: String, message: Authentic, content: Content, due: Instant) -> Self {
        Self {
            correlation,
            message,
            attested: false,
            bytes: content.bytes(),
            content,
            origin: None,
            ahead: false,
            order: None,
            event_type: None,
            attempts: Vec::new(),
            earlier: 0,
            due,
        }
    }

    /// An event that the same delivery brought.
    pub fn part(&self, correlation: String, content: Content) -> Self {
        let part = Self::new(correlation, self.message.clone(), content, self.due);
        Self { attested: self.attested, ..part }
    }

    /// Whether a delivery of this correlation id brought it.
    pub fn is_of(&self, delivery: &str) -> bool {
        is_of(&self.correlation, delivery)
    }

    /// Changes what it holds.
    pub fn hold(&mut self, content: Content) {
        self.bytes = content.bytes();
        self.content = content;
        self.order = None;
    }

    /// Its priority class; routine where its place in the order was not asked for yet.
    pub fn class(&self) -> Class {
        self.order.unwrap_or(Order::PLAIN).class
    }

    /// How it came to be worked on.
    pub fn arrival(&self) -> Arrival {
        Arrival {
            attested: self.attested,
            sent: Instant(self.message.timestamp.saturating_mul(1000)),
            again: !self.attempts.is_empty(),
        }
    }

    /// The tries that failed since the event was taken in, or last re-driven.
    pub fn failed(&self) -> usize {
        self.attempts.len().saturating_sub(self.earlier)
    }
}

/// Whether an event's correlation id is a delivery's own, or that of one of its events (`run-000001.2`).
pub fn is_of(correlation: &str, delivery: &str) -> bool {
    correlation.strip_prefix(delivery).is_some_and(|rest| {
        let digits = rest.strip_prefix('.').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
        rest.is_empty() || digits
    })
}

/// An event that was given up on. It is kept until it is re-driven.
pub struct DeadLetter {
    /// The event.
    pub item: Item,
    /// Why.
    pub why: Refusal,
    /// When.
    pub at: Instant,
}
