//! What is written beside the records: the head, an entry of the journal, and what is known of a sealed segment.

use super::raw;
use super::rows::Change;
use super::shelf::{Shelf, ShelfError};
use crate::engine::audit::{Hash, Nodes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// The version of the stored form.
pub(super) const KEPT: u32 = 2;

/// How far the journal goes, and what the log is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub version: u32,
    /// Size and root of the log, signed.
    pub checkpoint: String,
    pub received: u64,
    /// The oldest entry of the journal that is needed.
    pub from: u64,
    /// The number after its latest entry.
    pub to: u64,
    /// Number of sealed segments.
    pub segments: u64,
    /// Over all rows, in hex.
    pub rows: String,
}

/// An entry of the journal: what was added together.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub entry: u64,
    /// Size of the log before it.
    pub size: u64,
    /// Deliveries received after it.
    pub received: u64,
    /// Of each record the first eight bytes of its leaf hash, in base64: they tell which one was altered.
    pub leaves: Vec<String>,
    pub records: Vec<Box<RawValue>>,
    pub rows: Vec<Change>,
}

/// What is known of a sealed segment without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The root over its records, in base64.
    pub root: String,
    /// The earliest time of its records.
    pub from: String,
    /// The latest time of its records: where the clock was set back, not that of the last.
    pub to: String,
    /// Why its records are not here any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
}

/// Why the records of a segment are not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gone {
    /// They were deleted under retention.
    Deleted,
    /// They could not be read, and were set aside.
    Aside,
}

impl Head {
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str::<Self>(text).ok().filter(|head| head.version == KEPT)
    }
}

impl Head {
    /// As much as the other names tell, where the head itself does not.
    pub fn guess(shelf: &impl Shelf) -> Result<Self, ShelfError> {
        let numbers = |part: &str| -> Result<Vec<u64>, ShelfError> {
            let names = shelf.names(part)?;
            Ok(names.iter().filter_map(|name| name.strip_prefix(part)?.parse().ok()).collect())
        };
        let entries = numbers(super::JOURNAL)?;
        let segments = numbers(super::SEGMENT)?;
        // A number far off the end is none of ours.
        let end = |numbers: &[u64], from: u64| {
            let after = numbers.iter().max().map_or(0, |last| last.saturating_add(1));
            after.min(from.saturating_add(numbers.len() as u64).saturating_add(1024))
        };
        let from = entries.iter().min().copied().unwrap_or(0);
        Ok(Self {
            version: KEPT,
            checkpoint: String::new(),
            received: 0,
            from,
            to: end(&entries, from),
            segments: end(&segments, 0),
            rows: String::new(),
        })
    }
}

impl Item {
    /// The entry with the records of a log from a place on, whose leaves the log knows. It changes no rows.
    pub fn of<'a>(
        (entry, size, received): (u64, u64, u64),
        records: impl Iterator<Item = &'a String>,
        log: &impl Nodes,
    ) -> Self {
        let (mut leaves, mut texts) = (Vec::new(), Vec::new());
        for (seq, record) in (size..).zip(records) {
            leaves.push(mark(&log.node(0, seq).unwrap_or_default()));
            texts.extend(raw(record));
        }
        Self { entry, size, received, leaves, records: texts, rows: Vec::new() }
    }

    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// What an entry of the journal says of a record's leaf hash.
pub(super) fn mark(leaf: &Hash) -> String {
    STANDARD_NO_PAD.encode(leaf.get(..8).unwrap_or_default())
}

/// Something wrong with what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The head is not there, though other parts are.
    HeadMissing,
    /// The head can't be read, or is of another version.
    HeadUnreadable,
    /// The head's checkpoint is not signed by a key of this log.
    Signature,
    /// The head's checkpoint is about another log.
    Origin,
    /// An entry of the journal is not there.
    EntryMissing(u64),
    /// An entry of the journal can't be read, or does not follow on the one before.
    EntryUnreadable(u64),
    /// A record of the journal is not as it was written.
    RecordAltered(u64),
    /// A sealed segment is not there.
    SegmentMissing(u64),
    /// A sealed segment can't be read, with what is wrong with it.
    SegmentUnreadable(u64, super::super::archive::Unreadable),
    /// These records of a sealed segment are not as they were written; none where only the root tells.
    SegmentAltered(u64, Vec<u64>),
    /// What is known of a sealed segment is not there.
    SegmentUnknown(u64),
    /// A chunk of rows can't be read: its name.
    RowsUnreadable(String),
    /// The rows are not those that were written.
    RowsAltered,
    /// There are fewer records than the head says: as many as there are, and as there were.
    Short(u64, u64),
    /// The root is not the one that was written.
    Root,
}

impl Fault {
    /// The place of the first record that it is about, where one can be named.
    pub fn index(&self) -> Option<u64> {
        match self {
            Self::RecordAltered(seq) => Some(*seq),
            Self::SegmentAltered(_, records) => records.first().copied(),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segment = |number: &u64| (number << 8, (number << 8) + 255);
        match self {
            Self::HeadMissing => {
                f.write_str("The head of the log is missing, though other parts of it are there.")
            }
            Self::HeadUnreadable => f.write_str("The head of the log can't be read."),
            Self::Signature => f.write_str("The head's checkpoint is not signed by a key of this log."),
            Self::Origin => f.write_str("The head's checkpoint is about another log."),
            Self::EntryMissing(n) => write!(f, "Entry {n} of the journal is missing."),
            Self::EntryUnreadable(n) => {
                write!(f, "Entry {n} of the journal was altered or cut off.")
            }
            Self::RecordAltered(seq) => write!(f, "Record {seq} was altered."),
            Self::SegmentMissing(n) => {
                let (first, last) = segment(n);
                write!(f, "The segment with records {first} to {last} is missing.")
            }
            Self::SegmentUnreadable(n, why) => {
                let (first, last) = segment(n);
                write!(f, "The segment with records {first} to {last} can't be read: {why}.")
            }
            Self::SegmentAltered(n, records) => match records.as_slice() {
                [] => {
                    let (first, last) = segment(n);
                    write!(
                        f,
                        "Records {first} to {last} are not those that were sealed, though each agrees with what is kept beside it: both were changed together."
                    )
                }
                [one] => write!(f, "Record {one} was altered."),
                [first, .., last] => {
                    write!(f, "{} records between {first} and {last} were altered.", records.len())
                }
            },
            Self::SegmentUnknown(n) => {
                let (first, last) = segment(n);
                write!(f, "What is known of the segment with records {first} to {last} is missing.")
            }
            Self::RowsUnreadable(name) => write!(f, "{name} can't be read."),
            Self::RowsAltered => f.write_str("What is kept beside the log is not as it was written."),
            Self::Short(found, stated) => {
                write!(f, "The last {} of {stated} records are missing.", stated.saturating_sub(*found))
            }
            Self::Root => f.write_str("The root is not the one that was written."),
        }
    }
}
