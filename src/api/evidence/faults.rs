//! Everything that can be wrong with a bundle: a code, a sentence, and how to go on.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing wrong with a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFault {
    /// Place in the log of the record at fault, from 0, where one can be named.
    pub index: Option<u64>,
    /// What is wrong, in a sentence.
    pub what: String,
    /// Stable code, e.g. `evidence.record-altered`.
    pub code: String,
    /// How to go on.
    pub help: String,
}

/// What is wrong. Places are those of the log, from 0; `after` is the record before, none at the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Altered(u64),
    NotCanonical(u64),
    Dropped {
        first: u64,
        count: u64,
    },
    Truncated {
        count: u64,
        size: u64,
    },
    Swapped(u64, u64),
    Moved {
        first: u64,
        count: u64,
        after: Option<u64>,
    },
    Doubled {
        record: u64,
        after: Option<u64>,
    },
    Inserted {
        after: Option<u64>,
        count: u64,
    },
    AfterHead {
        size: u64,
        count: u64,
    },
    Unreadable(u64),
    /// A deleted segment that begins here.
    SegmentOutside(u64),
    /// Written so: the number in the record, and its place.
    Number {
        place: u64,
        says: u64,
        expected: u64,
    },
    LeafUnreadable(u64),
    LeafAltered(u64),
    LeafCount {
        leaves: u64,
        records: u64,
        first: u64,
    },
    /// A record and the hash beside it; the root agrees with neither.
    Disagree(u64),
    /// Records and hashes agree, and not with the root; up to this size an earlier checkpoint vouches for them.
    Root {
        sound: u64,
    },
    /// The same, where nothing trustworthy says what the root is.
    RootDoubtful,
    Key(usize),
    NoCheckpoint,
    CheckpointUnreadable(usize),
    CheckpointSignature(usize),
    CheckpointKey(usize),
    CheckpointOrigin(usize),
    /// A checkpoint of the bundle is not of a beginning of its log.
    ForkedWithin(u64),
    PolicyUnlisted(u64),
    PolicyUncited,
    ConsentUnlisted(u64),
    ConsentUncited,
    /// Against a checkpoint from elsewhere.
    Forked {
        size: u64,
        between: Option<(u64, u64)>,
    },
    Shorter {
        own: u64,
        other: u64,
    },
    OtherLog,
    GivenSignature,
    GivenUnsound,
    Incomparable(u64),
    /// So many more.
    More(u64),
}

fn records(count: u64) -> String {
    if count == 1 { "One record".to_owned() } else { format!("{count} records") }
}

fn follows(after: Option<u64>) -> String {
    after.map_or_else(|| "before record 0".to_owned(), |after| format!("after record {after}"))
}

fn span(first: u64, count: u64) -> String {
    match count {
        1 => format!("Record {first} stands"),
        _ => format!("Records {first} to {} stand", first.saturating_add(count - 1)),
    }
}

const ASK: &str = "Ask for the bundle as it was exported, and compare.";
const RECORD: &str =
    "The other records are as they were signed. Ask for the bundle as it was exported, and compare.";
const UNVOUCHED: &str = "Nothing here shows that the other records are as they were signed. Ask for the bundle as it was exported, or \
     hold this one against another copy (--checkpoint).";
const LISTS: &str = "What the records say is not in doubt by this; ask for the bundle as it was exported.";
const SIGNED: &str =
    "Compare with a checkpoint that was kept elsewhere (--checkpoint): it tells which was changed.";
const WRITER: &str = "It was signed so: what wrote the log has done it, and not somebody afterwards.";

impl Wrong {
    fn code(&self) -> &'static str {
        match self {
            Self::Altered(_) => "record-altered",
            Self::NotCanonical(_) => "record-not-canonical",
            Self::Dropped { .. } => "records-dropped",
            Self::Truncated { .. } => "records-truncated",
            Self::Swapped(..) => "records-swapped",
            Self::Moved { .. } => "records-moved",
            Self::Doubled { .. } => "record-duplicated",
            Self::Inserted { .. } => "records-inserted",
            Self::AfterHead { .. } => "records-after-checkpoint",
            Self::Unreadable(_) => "record-unreadable",
            Self::SegmentOutside(_) => "segment-outside",
            Self::Number { says, expected, .. } if says < expected => "sequence-duplicate",
            Self::Number { .. } => "sequence-missing",
            Self::LeafUnreadable(_) => "leaf-hash-unreadable",
            Self::LeafAltered(_) => "leaf-hash-altered",
            Self::LeafCount { .. } => "leaf-hash-count",
            Self::Disagree(_) => "record-or-hash-altered",
            Self::Root { .. } => "records-and-hashes-altered",
            Self::RootDoubtful => "root-mismatch",
            Self::Key(_) => "key-unreadable",
            Self::NoCheckpoint => "checkpoint-missing",
            Self::CheckpointUnreadable(_) => "checkpoint-unreadable",
            Self::CheckpointSignature(_) => "checkpoint-signature",
            Self::CheckpointKey(_) => "checkpoint-unknown-key",
            Self::CheckpointOrigin(_) => "checkpoint-origin",
            Self::ForkedWithin(_) | Self::Forked { .. } => "forked",
            Self::PolicyUnlisted(_) => "policy-unlisted",
            Self::PolicyUncited => "policy-uncited",
            Self::ConsentUnlisted(_) => "consent-unlisted",
            Self::ConsentUncited => "consent-uncited",
            Self::Shorter { .. } => "shorter",
            Self::OtherLog => "other-log",
            Self::GivenSignature => "given-checkpoint-signature",
            Self::GivenUnsound => "given-bundle-unsound",
            Self::Incomparable(_) => "incomparable",
            Self::More(_) => "more",
        }
    }

    /// The place at fault, where one can be named.
    pub fn index(&self) -> Option<u64> {
        let next = |after: &Option<u64>| after.map_or(0, |after| after.saturating_add(1));
        match self {
            Self::Altered(place)
            | Self::NotCanonical(place)
            | Self::Swapped(place, _)
            | Self::Unreadable(place)
            | Self::SegmentOutside(place)
            | Self::Number { place, .. }
            | Self::LeafUnreadable(place)
            | Self::LeafAltered(place)
            | Self::Disagree(place)
            | Self::PolicyUnlisted(place)
            | Self::ConsentUnlisted(place) => Some(*place),
            Self::Dropped { first, .. } | Self::Moved { first, .. } => Some(*first),
            Self::Doubled { record, .. } => Some(*record),
            Self::LeafCount { first, .. } => Some(*first),
            Self::Inserted { after, .. } => Some(next(after)),
            Self::AfterHead { size, .. } => Some(*size),
            Self::Forked { between: Some((first, last)), .. } if first.saturating_add(1) == *last => {
                Some(*first)
            }
            _ => None,
        }
    }

    fn help(&self, vouched: bool) -> &'static str {
        match self {
            Self::Altered(_)
            | Self::NotCanonical(_)
            | Self::Dropped { .. }
            | Self::Truncated { .. }
            | Self::Swapped(..)
            | Self::Moved { .. }
            | Self::Doubled { .. }
            | Self::Inserted { .. }
                if !vouched =>
            {
                UNVOUCHED
            }
            Self::PolicyUnlisted(_) | Self::ConsentUnlisted(_) if !vouched => {
                "Either the record or the list was changed. Hold the bundle against another copy (--checkpoint)."
            }
            Self::Altered(_)
            | Self::NotCanonical(_)
            | Self::Dropped { .. }
            | Self::Swapped(..)
            | Self::Moved { .. }
            | Self::Doubled { .. }
            | Self::Inserted { .. } => RECORD,
            Self::Truncated { .. } => {
                "Ask for the rest: the checkpoint was signed over it. What is here is as it was signed, where no other fault says so."
            }
            Self::AfterHead { .. } => {
                "The records up to the checkpoint are covered by it; nothing vouches for those after. Export the log again, with its latest checkpoint."
            }
            Self::Unreadable(_) | Self::Number { .. } => WRITER,
            Self::LeafUnreadable(_) | Self::LeafAltered(_) | Self::LeafCount { .. } => LISTS,
            Self::Disagree(_) | Self::RootDoubtful | Self::ForkedWithin(_) => SIGNED,
            Self::Root { .. } => {
                "Hold it against another copy of the bundle (--checkpoint): that names the first record that differs."
            }
            Self::SegmentOutside(_)
            | Self::Key(_)
            | Self::NoCheckpoint
            | Self::CheckpointUnreadable(_)
            | Self::CheckpointSignature(_) => ASK,
            Self::CheckpointKey(_) => {
                "Give the key that you know the log by (--key), or hold the log against a checkpoint that you have (--checkpoint)."
            }
            Self::CheckpointOrigin(_) => "Take the checkpoint of this log: its first line names the log.",
            Self::PolicyUnlisted(_)
            | Self::PolicyUncited
            | Self::ConsentUnlisted(_)
            | Self::ConsentUncited => "The records say which they cite: that is signed, and the list is not.",
            Self::Forked { .. } => {
                "Two logs were told to be one. Ask whoever keeps it which of the two was shown to whom, and since when."
            }
            Self::Shorter { .. } => {
                "Where the bundle was exported before the checkpoint, that is to be expected: ask for a later one. Otherwise its end was cut off."
            }
            Self::OtherLog => "Take a checkpoint of this log: its first line names the log.",
            Self::GivenSignature => "Take the checkpoint as it was given out, whole.",
            Self::GivenUnsound => "Verify that bundle by itself first.",
            Self::Incomparable(_) => "Take a checkpoint from before or after the records that were deleted.",
            Self::More(_) => "Mend or replace the bundle, and verify it again.",
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(place) => write!(f, "Record {place} was altered: it is not the one that was signed."),
            Self::NotCanonical(place) => write!(
                f,
                "Record {place} is not written in its canonical form (RFC 8785), though it says the same."
            ),
            Self::Dropped { first, count } => {
                let verb = if *count == 1 { "was" } else { "were" };
                let place = match first.checked_sub(1) {
                    Some(before) => format!("after record {before}"),
                    None => "at the beginning".to_owned(),
                };
                write!(f, "{} {verb} dropped {place}.", records(*count))
            }
            Self::Truncated { count, size, .. } => {
                let verb = if *count == 1 { "is" } else { "are" };
                write!(f, "The log is cut off at its end: {} of {size} {verb} missing.", records(*count).to_lowercase())
            }
            Self::Swapped(one, other) => write!(f, "Records {one} and {other} were swapped."),
            Self::Moved { first, count, after } => {
                write!(f, "{} in the wrong place, {}.", span(*first, *count), follows(*after))
            }
            Self::Doubled { record, after } => {
                write!(f, "Record {record} was duplicated: it is there again, {}.", follows(*after))
            }
            Self::Inserted { after, count } => {
                let verb = if *count == 1 { "was" } else { "were" };
                write!(f, "{} {verb} put in {} that the log does not have.", records(*count), follows(*after))
            }
            Self::AfterHead { size, count } => {
                let verb = if *count == 1 { "stands" } else { "stand" };
                write!(f, "{} {verb} after the {size} that the checkpoint is of.", records(*count))
            }
            Self::Unreadable(place) => write!(f, "Record {place} is no audit record: a member is missing, unknown or of another kind."),
            Self::Number { place, says, expected } if says < expected => {
                write!(f, "The sequence number {says} is there again, at place {place}.")
            }
            Self::Number { place, says, .. } => {
                write!(f, "The sequence goes on with {says} at place {place}: numbers are missing.")
            }
            Self::SegmentOutside(place) => {
                write!(f, "Records from {place} on are listed as deleted, and the log has none there.")
            }
            Self::LeafUnreadable(place) => write!(f, "The leaf hash listed for record {place} can't be read; the record itself is as it was signed, where no other fault says so."),
            Self::LeafAltered(place) => write!(f, "The leaf hash listed for record {place} was altered; the record itself is as it was signed."),
            Self::LeafCount { leaves, records, .. } => {
                write!(f, "There are {leaves} leaf hashes for {records} records; the records themselves are as they were signed.")
            }
            Self::Disagree(place) => write!(
                f,
                "Record {place} and the hash listed for it do not agree, and more than that was changed: which of the two it was can't be told."
            ),
            Self::Root { sound: 0 } => f.write_str(
                "Records and leaf hashes were changed together: they agree with each other, and not with the root that was signed. Which record it was can't be told from this bundle alone.",
            ),
            Self::Root { sound } => write!(
                f,
                "Records and leaf hashes were changed together: they agree with each other, and not with the root that was signed. Records 0 to {} are as an earlier checkpoint has them; the change comes after.",
                sound - 1
            ),
            Self::RootDoubtful => f.write_str(
                "The root that the checkpoint states is not that of the records, and the checkpoint's signature does not hold: which of the two was changed can't be told.",
            ),
            Self::Key(number) => write!(f, "Key {number} of the list can't be read: it was altered."),
            Self::NoCheckpoint => f.write_str("There is no checkpoint that can be read: nothing says what the log's root was."),
            Self::CheckpointUnreadable(number) => write!(f, "Checkpoint {number} is no signed note: it was altered or cut off."),
            Self::CheckpointSignature(number) => {
                write!(f, "The signature of checkpoint {number} is wrong: it or the text that it signs was altered.")
            }
            Self::CheckpointKey(number) => {
                write!(f, "Checkpoint {number} is signed by a key that is not known.")
            }
            Self::CheckpointOrigin(number) => write!(f, "Checkpoint {number} is of another log."),
            Self::ForkedWithin(size) => write!(
                f,
                "The log was forked at size {size}: another checkpoint in the bundle is not of its first {size} records."
            ),
            Self::PolicyUnlisted(place) => write!(f, "Record {place} cites a policy that the bundle does not list."),
            Self::PolicyUncited => f.write_str("The bundle lists a policy that no record cites."),
            Self::ConsentUnlisted(place) => write!(f, "Record {place} cites a consent that the bundle does not list."),
            Self::ConsentUncited => f.write_str("The bundle lists a consent that no record cites."),
            Self::Forked { size, between: Some((first, last)) } if first.saturating_add(1) == *last => write!(
                f,
                "The log was forked at size {size}: so far it is the log of the checkpoint, and record {first} is the first that differs."
            ),
            Self::Forked { between: Some((first, last)), .. } => write!(
                f,
                "The log was forked after size {first} and not after size {last}: its first {first} records are those of the checkpoint, and its first {last} are not."
            ),
            Self::Forked { size, between: None } => {
                write!(f, "The log was forked at size {size} or before: its first {size} records are not those of the checkpoint.")
            }
            Self::Shorter { own, other } => {
                write!(f, "The log is shorter than the checkpoint says: it has {own} records, and the checkpoint is of {other}.")
            }
            Self::OtherLog => f.write_str("The checkpoint to hold it against is of another log."),
            Self::GivenSignature => f.write_str("The checkpoint to hold it against has a wrong signature: it was altered."),
            Self::GivenUnsound => f.write_str("The bundle to hold it against does not agree with itself."),
            Self::Incomparable(size) => write!(
                f,
                "The log can't be held against the checkpoint of size {size}: that lies within records that were deleted."
            ),
            Self::More(count) => write!(f, "There are {count} more faults."),
        }
    }
}

impl EvidenceFault {
    /// `vouched` says whether what is not named is shown to be as it was signed.
    pub(super) fn new(wrong: &Wrong, vouched: bool) -> Self {
        Self {
            index: wrong.index(),
            what: wrong.to_string(),
            code: format!("evidence.{}", wrong.code()),
            help: wrong.help(vouched).to_owned(),
        }
    }
}
