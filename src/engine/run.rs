//! The vocabulary of a delivery's way: stages, outcomes, and the account of one run.

use super::adapt::Claims;
use super::deliver::CrmRecord;
use super::fhir::Json;
use super::phi::Phi;
use super::redact::Redacted;
use super::refusal::Refusal;
use super::time::Instant;
use super::validate::{Shape, Verdicts};
use std::sync::Arc;

/// The stages, in the order in which an event meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Authenticates the request and answers.
    Webhook,
    /// Holds acknowledged events.
    Queue,
    /// Structure, policy and completeness.
    Validate,
    /// FHIR to canonical fields.
    Adapt,
    /// May it cross at all, now, for this purpose, to this recipient.
    Consent,
    /// What of it crosses, and how.
    Redact,
    /// Nothing undeclared or identifying may leave.
    Guard,
    /// The write to the CRM demo zone.
    Deliver,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 8] = [
        Self::Webhook,
        Self::Queue,
        Self::Validate,
        Self::Adapt,
        Self::Consent,
        Self::Redact,
        Self::Guard,
        Self::Deliver,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Queue => "queue",
            Self::Validate => "validate",
            Self::Adapt => "adapt",
            Self::Consent => "consent",
            Self::Redact => "redact",
            Self::Guard => "guard",
            Self::Deliver => "deliver",
        }
    }
}

/// The state that a delivery ends in, and one before it: each waits until it ends, and ends in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Written to the CRM.
    Delivered,
    /// The CRM had it just so already.
    Unchanged,
    /// The same event came before: nothing was done.
    Duplicate,
    /// Refused at the door or by validation.
    Rejected,
    /// Consent does not permit it.
    Withheld,
    /// The guard held it back.
    Quarantined,
    /// Every try failed; it is kept as a dead letter.
    DeadLettered,
    /// Not ended: it waits in the queue until [`Run::due`].
    Waiting,
}

impl Outcome {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Unchanged => "unchanged",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Withheld => "withheld",
            Self::Quarantined => "quarantined",
            Self::DeadLettered => "dead-lettered",
            Self::Waiting => "waiting",
        }
    }

    pub(super) fn of(refusal: &Refusal) -> Self {
        match refusal.code.stage() {
            Stage::Consent => Self::Withheld,
            Stage::Guard => Self::Quarantined,
            _ => Self::Rejected,
        }
    }
}

/// What a stage did, as [`Run::trail`] keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Let the event through as it was.
    Passed,
    /// Let it through and changed it.
    Changed,
    /// Refused it.
    Refused,
}

/// One step of a run: the stage, what it did, and why. Never a value from the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The stage.
    pub stage: Stage,
    /// What it did.
    pub mark: Mark,
    /// Why, in sentences.
    pub reasons: Vec<String>,
}

/// How an event came to be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Whether the operator's attestation held when it arrived.
    pub attested: bool,
    /// When it was sent, by its signed timestamp.
    pub sent: Instant,
    /// Whether it was worked on before: then what it says of consents was taken up then, and may be out of date.
    pub again: bool,
}

/// The immediate answer to a delivery.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Correlation id given to the delivery.
    pub correlation: String,
    /// HTTP status.
    pub status: u16,
    /// Seconds after which the sender may come again (`Retry-After`), where it is told to.
    pub retry_after: Option<u64>,
    /// What became of it, where that is known already; an event that was queued has none yet.
    pub settled: Option<Run>,
}

/// A delivery and what became of it.
#[derive(Clone, Debug)]
pub struct Run {
    /// Correlation id.
    pub correlation: String,
    /// What its id goes by in the log, once the sender is authenticated.
    pub event_id: Option<String>,
    /// What the event goes by at the recipient.
    pub reference: String,
    /// The id of the credential that it came with, once the sender is authenticated.
    pub credential: Option<String>,
    /// Event type, once the policy is known to cover it.
    pub event_type: Option<String>,
    /// The final state.
    pub outcome: Outcome,
    /// Where it waits: when it is worked on next, at the earliest.
    pub due: Option<Instant>,
    /// Why it did not go through, or not yet.
    pub refusal: Option<Refusal>,
    /// The stages it met, in order.
    pub trail: Vec<Step>,
    /// The event as read, where it was JSON.
    pub event: Option<Arc<Phi<Json>>>,
    /// Where its parts stand, where they could be found.
    pub shape: Option<Shape>,
    /// What validation had to say, where the event got so far.
    pub verdicts: Option<Verdicts>,
    /// What the event itself changed about consents, in a sentence.
    pub learned: Option<&'static str>,
    /// The same, as the audit log spells it, where the event was refused all the same.
    pub effect: Option<&'static str>,
    /// Counts that it ended for want of consent.
    pub withdrawn: Option<u64>,
    /// Whether the event is not what was sent, but was put together from a notification: places in it are none in
    /// the request's body.
    pub apart: bool,
    /// Which canonical fields were found where.
    pub claims: Claims,
    /// What redaction did, where the guard let it pass.
    pub redacted: Option<Redacted>,
    /// The records in the CRM demo zone, one for each object that the policy writes.
    pub records: Vec<CrmRecord>,
}

impl Run {
    pub(super) fn new(correlation: String) -> Self {
        Self {
            correlation,
            event_id: None,
            reference: String::new(),
            credential: None,
            event_type: None,
            outcome: Outcome::Rejected,
            due: None,
            refusal: None,
            trail: Vec::with_capacity(Stage::ALL.len()),
            event: None,
            shape: None,
            verdicts: None,
            learned: None,
            effect: None,
            withdrawn: None,
            apart: false,
            claims: Claims::new(),
            redacted: None,
            records: Vec::new(),
        }
    }

    pub(super) fn step(&mut self, stage: Stage, mark: Mark, reasons: Vec<String>) {
        self.trail.push(Step { stage, mark, reasons });
    }

    /// Adds a reason to a step on the trail.
    pub(super) fn explain(&mut self, stage: Stage, reason: String) {
        if let Some(step) = self.trail.iter_mut().find(|step| step.stage == stage) {
            step.reasons.push(reason);
        }
    }
}
