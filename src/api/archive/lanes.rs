//! Into what a view of the timeline puts records: a lane for each stage, a colour and a glyph for each class of outcomes.

use crate::engine::Stage;

/// The lanes, from the first to the last: the stages in order.
pub fn lanes() -> [&'static str; Stage::ALL.len()] {
    Stage::ALL.map(Stage::as_str)
}

/// What came of a record's decision, in the large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutcomeClass {
    /// It went on as it was.
    Passed,
    /// Something was changed on the way.
    Changed,
    /// It did not go on, or something is amiss.
    Refused,
    /// It is not decided yet: it waits for its time or for a person.
    Waiting,
    /// The outcome is none that is known, or there is none.
    Other,
}

impl OutcomeClass {
    /// All classes, in the order of a [`Density`](super::Density)'s counts.
    pub const ALL: [Self; 5] = [Self::Passed, Self::Changed, Self::Refused, Self::Waiting, Self::Other];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Changed => "changed",
            Self::Refused => "refused",
            Self::Waiting => "waiting",
            Self::Other => "other",
        }
    }

    /// The class of a record's outcome.
    pub fn of(outcome: &str) -> Self {
        match outcome {
            "delivered" | "passed" | "permitted" | "attested" | "unchanged" | "known" | "duplicate"
            | "fetched" | "recorded" | "unpacked" | "arrived-late" | "placed" | "released" | "rotated" => {
                Self::Passed
            }
            "changed" | "counted" | "moved" | "deleted" | "restarted" => Self::Changed,
            "denied" | "refused" | "rejected" | "withheld" | "withdrawn" | "suppressed" | "quarantined"
            | "failed" | "missing" | "gap" | "alert" | "dead-lettered" | "set-aside" => Self::Refused,
            "waiting" | "deferred" | "re-driven" | "review" | "in review" => Self::Waiting,
            _ => Self::Other,
        }
    }
}
