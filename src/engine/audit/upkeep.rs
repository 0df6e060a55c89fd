//! What is done to the log itself, and recorded in it.

use super::catalogue::Fact;
use super::record::AuditRecord;

/// Something done to the log. None of it can hold what an event says: names of holds and scopes have a form of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// A legal hold was placed: its name, and what it is about.
    HoldPlaced {
        /// Its name.
        hold: String,
        /// What it is about.
        scope: String,
    },
    /// A legal hold was released.
    HoldReleased {
        /// Its name.
        hold: String,
        /// What it was about.
        scope: String,
    },
    /// The records of a sealed segment were deleted under retention.
    SegmentDeleted {
        /// Place of the first one.
        first: u64,
        /// How many.
        records: u64,
        /// The root over them, lower-case hex.
        root: String,
    },
    /// The records of a sealed segment could not be trusted and were set aside.
    SegmentSetAside {
        /// Place of the first one.
        first: u64,
        /// How many.
        records: u64,
        /// The root over them as they were sealed, lower-case hex.
        root: String,
    },
    /// Another key signs from here on.
    KeyRotated {
        /// Its verifier key.
        key: String,
    },
    /// The log before this one was set aside.
    LogRestarted {
        /// How many records it had.
        records: u64,
        /// The root over them, lower-case hex.
        root: String,
    },
}

impl Upkeep {
    /// The fact that is recorded of it.
    pub fn fact(&self) -> Fact {
        match self {
            Self::HoldPlaced { .. } => Fact::HoldPlaced,
            Self::HoldReleased { .. } => Fact::HoldReleased,
            Self::SegmentDeleted { .. } => Fact::SegmentDeleted,
            Self::SegmentSetAside { .. } => Fact::SegmentSetAside,
            Self::KeyRotated { .. } => Fact::KeyRotated,
            Self::LogRestarted { .. } => Fact::LogRestarted,
        }
    }

    /// Adds what there is to say to its record.
    pub fn tell(self, record: &mut AuditRecord<'_>) {
        match self {
            Self::HoldPlaced { hold, scope } | Self::HoldReleased { hold, scope } => {
                (record.hold, record.scope) = (Some(hold.into()), Some(scope.into()));
            }
            Self::SegmentDeleted { first, records, root }
            | Self::SegmentSetAside { first, records, root } => {
                (record.first, record.records) = (Some(first), Some(records));
                record.root = Some(root.into());
            }
            Self::KeyRotated { key } => record.key = Some(key.into()),
            Self::LogRestarted { records, root } => {
                (record.records, record.root) = (Some(records), Some(root.into()));
            }
        }
    }
}
