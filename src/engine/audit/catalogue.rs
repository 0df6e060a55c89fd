//! The catalogue of what is recorded: every fact that a record can state, in which stream, with which members.
//!
//! A fact is a type (stage and action, e.g. `consent.decide`) with one of its outcomes. The connector can state nothing
//! else: a record is made from a [`Fact`], and what its row does not list is not written. The two streams have a type of
//! their own each, so that neither can hold what belongs in the other: the log takes [`Fact`]s, the list of operations
//! takes [`Movement`]s.

use super::member::{Member, Members, members};

/// Where a fact is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The Merkle log: decisions about data, denials included, and what ends a delivery.
    Compliance,
    /// A bounded list in memory: how the connector runs. Nothing in it decides about data.
    Operational,
}

impl Stream {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compliance => "compliance",
            Self::Operational => "operational",
        }
    }
}

/// What the catalogue says of a fact.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Stage and action with a dot between, e.g. `consent.decide`.
    pub kind: &'static str,
    /// The stage.
    pub stage: &'static str,
    /// The action.
    pub action: &'static str,
    /// What came of it.
    pub outcome: &'static str,
    /// The stream that it is recorded in.
    pub stream: Stream,
    /// The members that a record of it has, beside those that every record has.
    pub must: Members,
    /// The members that it has where there is something to say.
    pub may: Members,
    /// What it means, in a sentence.
    pub about: &'static str,
}

macro_rules! rows {
    ($(#[$doc:meta])* $of:ident $stream:ident;
     $($(#[$about:meta])* $name:ident $stage:literal $action:literal $outcome:literal [$($must:expr),*] [$($may:expr),*] $sentence:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $of { $(#[doc = $sentence] $name,)* }

        impl $of {
            /// Every one, in the order in which an event meets them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What the catalogue says of it.
            pub fn row(self) -> &'static Row {
                match self {
                    $(Self::$name => const { &Row {
                        kind: concat!($stage, ".", $action),
                        stage: $stage,
                        action: $action,
                        outcome: $outcome,
                        stream: Stream::$stream,
                        must: members(&[$(&$must),*]),
                        may: members(&[$(&$may),*]),
                        about: $sentence,
                    } },)*
                }
            }
        }
    };
}

use Member::{
    Adapter, AdapterHash, Class, Clauses, Code, Consent, ConsentVersion, Counted, Credential, Effect, Event,
    EventType, Events, Fetched, Fields, Fingerprint, First, Hold, Key, Path, Records, Root, Scope, Tokens,
    Unnamed, Verdicts, Withdrawn,
};

/// What every decision about data rests on.
const GROUND: &[Member] = &[Event, Member::Destination, Member::Policy, Member::PolicyHash, Member::Purpose];
/// The same once the type of event is known.
const TYPED: &[Member] =
    &[Event, EventType, Member::Destination, Member::Policy, Member::PolicyHash, Member::Purpose];
/// What is about no event.
const SETTING: &[Member] = &[Member::Destination, Member::Policy, Member::PolicyHash, Member::Purpose];

rows! {
    /// A fact of the compliance stream.
    Fact Compliance;
    Authenticated "webhook" "authenticate" "passed" [[Event, Credential]] []
        "The sender is who it says; the delivery was acknowledged and waits in the queue.";
    TurnedAway "webhook" "authenticate" "refused" [[Code]] [[Event, Credential, Path]]
        "The delivery was refused at the door.";
    Repeated "webhook" "authenticate" "duplicate" [[Event, Credential]] []
        "The same event came before under this id: nothing was done.";
    Alerted "webhook" "alert" "refused" [[Code, Event, Credential]] [[Path]]
        "The delivery was refused, and somebody else may be at work.";
    QueueFull "queue" "enqueue" "refused" [[Code, Event]] []
        "There was no room: the sender was asked to come again.";
    Fetched "queue" "fetch" "fetched" [[Event]] []
        "An event that a notification told of was fetched from the source.";
    Missing "queue" "fetch" "missing" [[Event]] []
        "An event that a notification told of is not to be had at the source.";
    Unpacked "queue" "unpack" "unpacked" [[Event, Events, Fetched]] []
        "A notification made way for its events, each under a correlation id of its own where there are several.";
    Noticed "queue" "track" "unchanged" [[Event]] []
        "A notification told of no event: nothing was to be done.";
    Known "queue" "track" "duplicate" [[Event]] []
        "An event of a subscription came before: nothing was done.";
    DeadLettered "queue" "give-up" "dead-lettered" [[Code, Event]] [[EventType, Path]]
        "The event was given up on and is kept as a dead letter.";
    Redriven "queue" "re-drive" "re-driven" [[Event]] []
        "The operator put a dead letter back in line.";
    StateUnreadable "queue" "restore" "refused" [[Code]] []
        "A kept state of the queue does not open under the keys in force: its events wait.";
    Attested "validate" "attest-synthetic" "attested" [SETTING] []
        "The operator attested that what is sent from here on is synthetic.";
    Checked "validate" "check" "passed" [TYPED, [Verdicts]] [[Effect]]
        "Structure, policy and provenance let the event through.";
    CheckRefused "validate" "check" "refused" [GROUND, [Code]] [[EventType, Path, Effect, Verdicts, Withdrawn]]
        "The event is not what may be worked on.";
    Conflicted "validate" "alert" "refused" [GROUND, [Code]] [[EventType, Path]]
        "Another event came before under this number of its subscription: somebody else may be at work.";
    Mapped "adapt" "map" "changed" [TYPED, [Adapter, AdapterHash]] []
        "The event's elements were recognised as canonical fields.";
    PutOnFile "consent" "put-on-file" "recorded" [GROUND, [Member::LegalBasis]] [[EventType]]
        "This version of a consent takes the place of the one on file, and holds from here on.";
    Merged "consent" "merge" "recorded" [GROUND, [Member::LegalBasis]] [[EventType]]
        "A patient's record took the place of others.";
    Uncounted "consent" "count" "withdrawn" [GROUND, [Member::LegalBasis]] [[EventType]]
        "The patient is counted no more under a counting policy, since consent no longer permits it.";
    Permitted "consent" "decide" "permitted" [TYPED, [Member::LegalBasis, Clauses, Consent]] [[ConsentVersion, Withdrawn]]
        "Consent permits the disclosure.";
    Denied "consent" "decide" "denied" [TYPED, [Member::LegalBasis, Code]] [[Clauses, Consent, ConsentVersion, Path, Withdrawn]]
        "Consent does not permit the disclosure: nothing crosses.";
    Redacted "redact" "apply-policy" "changed" [TYPED, [Unnamed]] [[Class, Credential, Fields, Tokens]]
        "The policy was applied: of each field what its rule lets cross.";
    RedactRefused "redact" "check" "refused" [TYPED, [Code]] [[Path]]
        "There is no key for the tokens that the policy asks for.";
    Inspected "guard" "inspect" "passed" [TYPED] []
        "Nothing undeclared or identifying is in what is about to leave.";
    Quarantined "guard" "inspect" "quarantined" [TYPED, [Code]] [[Path]]
        "Something undeclared or identifying was about to leave: nothing does.";
    Delivered "deliver" "write" "delivered" [TYPED, [Fingerprint]] [[Counted, Credential, Tokens]]
        "The record was written to the receiving system.";
    Unchanged "deliver" "write" "unchanged" [TYPED, [Fingerprint]] [[Counted, Credential, Tokens]]
        "The receiving system has the record just so already: nothing was written.";
    WriteFailed "deliver" "write" "failed" [TYPED, [Code]] [[Path]]
        "The receiving system did not take the record, or nobody may write to it.";
    HoldPlaced "log" "place-hold" "placed" [[Hold, Scope]] []
        "From here on no segment that has such a record can be deleted.";
    HoldReleased "log" "release-hold" "released" [[Hold, Scope]] []
        "The hold keeps nothing back any more.";
    SegmentDeleted "log" "delete-segment" "deleted" [[First, Records, Root]] []
        "The records of a sealed segment were deleted under retention; their root stays in the tree.";
    SegmentSetAside "log" "set-segment-aside" "set-aside" [[First, Records, Root]] []
        "The records of a sealed segment could not be trusted and were set aside; their root stays in the tree.";
    KeyRotated "log" "rotate-key" "rotated" [[Key]] []
        "Another key signs the log's checkpoints from here on.";
    LogRestarted "log" "restart" "restarted" [[Records, Root]] []
        "The log before this one was set aside; this one goes on with what the connector knows.";
}

rows! {
    /// A fact of the operational stream.
    Movement Operational;
    Deferred "queue" "retry" "deferred" [[Code]] []
        "What failed for the time being is tried again later.";
    GapSeen "queue" "track" "gap" [[Code]] []
        "Earlier events of a subscription are missing: those after them wait a while.";
    SenderFailing "queue" "track" "alert" [[Code]] []
        "The source says that its subscription fails.";
    ArrivedLate "queue" "track" "arrived-late" [] []
        "An event that was given up on for missing came after all: its dead letter was taken away.";
}

impl Fact {
    /// Whether it is part of what became of a delivery, and not about the setting or the log itself.
    pub fn is_about_a_delivery(self) -> bool {
        !matches!(self, Self::Attested | Self::StateUnreadable) && self.row().stage != "log"
    }

    /// The fact of this stage, action and outcome; none where the catalogue has none.
    pub fn of(stage: &str, action: &str, outcome: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fact| {
            let row = fact.row();
            row.outcome == outcome && row.action == action && row.stage == stage
        })
    }
}

/// Every row, both streams.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    let compliance = Fact::ALL.iter().map(|fact| fact.row());
    compliance.chain(Movement::ALL.iter().map(|movement| movement.row()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_fact_is_there_once_and_says_what_it_means() {
        let mut seen = BTreeSet::new();
        for row in rows() {
            assert!(seen.insert((row.kind, row.outcome)), "{} {} twice", row.kind, row.outcome);
            assert_eq!(row.kind, format!("{}.{}", row.stage, row.action));
            assert!(row.about.ends_with('.'), "{}", row.kind);
            assert!(row.must.and(row.may).is_empty(), "{}: {:?}", row.kind, row.must.and(row.may));
        }
        for fact in Fact::ALL {
            let row = fact.row();
            assert_eq!(Fact::of(row.stage, row.action, row.outcome), Some(*fact));
            assert_eq!(row.stream, Stream::Compliance);
        }
        assert_eq!(Fact::of("deliver", "write", "permitted"), None);
        assert!(Movement::ALL.iter().all(|movement| movement.row().stream == Stream::Operational));
    }

    #[test]
    fn a_refusal_has_a_code_and_what_decides_about_data_cites_its_policy() {
        for row in Fact::ALL.iter().map(|fact| fact.row()) {
            let refuses = ["refused", "denied", "quarantined", "failed", "dead-lettered"];
            assert_eq!(refuses.contains(&row.outcome), row.must.has(Code), "{} {}", row.kind, row.outcome);
            let decides = !["webhook", "queue", "log"].contains(&row.stage);
            assert_eq!(decides, row.must.has(Member::PolicyHash), "{}", row.kind);
            assert_eq!(row.stage == "consent", row.must.has(Member::LegalBasis), "{}", row.kind);
        }
    }
}
