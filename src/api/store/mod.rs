//! The stored form of a session: an append-only journal, sealed segments, and rows.
//!
//! What is added together is written as one entry of the journal, in one write; then the head, which says how far the
//! journal goes and what the log's root is. So a writer that is stopped at any write leaves a log that can be read and
//! verified, and at most what it was just writing is absent. When enough records have come together, they are sealed in a
//! segment, the rows are brought up to date, and the entries that are not needed any more go.
//!
//! Several writers take turns (that is the caller's affair), and each reads what the others have added before it writes.

mod aside;
mod capacity;
mod head;
mod named;
mod read;
mod retention;
mod room;
mod rows;
mod shelf;
mod write;

pub use aside::{aside, aside_texts, drop_aside, set_aside, wipe};
pub use capacity::{Capacity, GRAIN, PROBE, Probe};
pub use head::{Fault, Gone, Sealed};
pub use read::{Opened, stored_origin, stored_turns};
pub use retention::{Hold, HoldScope, Keeping, Kept, SegmentRow};
pub use rows::{Change, Rows, number, numbered};
pub use shelf::{MemoryShelf, Shelf, ShelfError};

use super::archive::Archive;
use crate::engine::audit::checkpoint::Checkpoint;
use crate::engine::audit::note::NoteKey;
pub use crate::engine::audit::note::SigningNoteKey;
use crate::engine::audit::{AuditRecord, Hash, leaf_hash};
use crate::engine::queue::StateKeys;
use std::collections::VecDeque;
use std::fmt;

/// The name of the head.
pub const HEAD: &str = "airlock.timeline";
const JOURNAL: &str = "airlock.journal.";
const SEGMENT: &str = "airlock.segment.";
/// Records whose entries of the journal stay after they are sealed.
const RECENT: u64 = 64;
/// The table of what is known of sealed segments, and of the keys that sign.
const SEGMENTS: &str = "segments";
const KEYS: &str = "keys";

/// Why something was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsaved {
    /// The shelf refused. What was to be written waits in memory.
    Shelf(ShelfError),
    /// Another writer was here since: its part has to be read first.
    Behind,
    /// The head is gone, though it was there.
    Vanished,
    /// What is stored does not verify, and is not written over.
    Detached,
}

impl From<ShelfError> for Unsaved {
    fn from(error: ShelfError) -> Self {
        Self::Shelf(error)
    }
}

impl fmt::Display for Unsaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shelf(error) => error.fmt(f),
            Self::Behind => f.write_str("Another tab has written to the timeline since."),
            Self::Vanished => f.write_str("What was stored of the timeline is gone."),
            Self::Detached => f.write_str("What is stored does not verify, and is not written over."),
        }
    }
}

/// What reading on has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caught {
    /// Nothing new.
    Same,
    /// So many records more.
    Added(u64),
    /// It can't be told by reading on: all has to be read anew.
    Reload,
}

/// A log with its rows, and how much of it is stored.
#[derive(Clone)]
pub struct Store {
    archive: Archive,
    rows: Rows,
    names: named::Names,
    key: SigningNoteKey,
    /// Number of the next entry of the journal.
    next: u64,
    /// The entries that are needed: number, and size of the log before and after each.
    entries: VecDeque<(u64, u64, u64)>,
    /// Added and not stored yet.
    waiting: Vec<String>,
    changed: Vec<Change>,
    received: u64,
    /// The head as it was read or written last.
    known: Option<String>,
    /// Whether nothing of this is stored, though there is something.
    anew: bool,
    /// Whether room is kept free, as far as is known without looking.
    reserved: bool,
}

impl Store {
    /// A store that nothing is stored of yet. Its log goes by the key's name.
    pub fn new(key: SigningNoteKey) -> Self {
        let mut store = Self {
            archive: Archive::default(),
            rows: Rows::default(),
            names: named::Names::default(),
            next: 0,
            entries: VecDeque::new(),
            waiting: Vec::new(),
            changed: Vec::new(),
            received: 0,
            known: None,
            anew: false,
            reserved: false,
            key,
        };
        store.know_key();
        store
    }

    /// Puts the key that signs from now on among those that are known. True where it was not, and others were.
    fn know_key(&mut self) -> bool {
        let key = self.key.verifier().to_string();
        let known: Vec<&str> = self.rows.of(KEYS).map(|(_, value)| value).collect();
        let quoted = serde_json::to_string(&key).unwrap_or_default();
        if !known.contains(&quoted.as_str()) {
            let others = !known.is_empty();
            let change = Change::new(KEYS, numbered(known.len() as u64), Some(&key));
            self.rows.apply(&change);
            self.changed.push(change);
            return others;
        }
        false
    }

    /// Has another key of the same log sign from now on. False where its name is another one.
    pub fn rotate_key(&mut self, key: SigningNoteKey) -> bool {
        if key.name() != self.key.name() {
            return false;
        }
        self.key = key;
        self.know_key();
        true
    }

    /// Has another key sign from now on that is among those known of this log, as when another writer rotated it. False
    /// where it is not.
    pub fn take_key(&mut self, key: SigningNoteKey) -> bool {
        let known = key.name() == self.key.name() && self.keys().contains(&key.verifier());
        if known {
            self.key = key;
        }
        known
    }

    /// The secret text of the key that signs, to be kept where nobody else reads it.
    pub fn secret_key_text(&self) -> String {
        self.key.to_secret_text()
    }

    /// The records.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// See [`Archive::know_event_ids`].
    pub(in crate::api) fn know_event_ids(&mut self, source: &str, keys: &StateKeys) {
        self.archive.know_event_ids(source, keys);
    }

    /// The rows.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Deliveries received so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The keys that have signed for this log, oldest first.
    pub fn keys(&self) -> Vec<NoteKey> {
        keys_of(&self.rows)
    }

    /// The key that signs from now on.
    pub fn key(&self) -> NoteKey {
        self.key.verifier()
    }

    /// Which log it is.
    pub fn origin(&self) -> &str {
        self.key.name()
    }

    /// What the log is now, signed.
    pub fn checkpoint(&self) -> String {
        self.head().signed(&self.key)
    }

    /// What the checkpoint says.
    pub(super) fn head(&self) -> Checkpoint {
        let tree = self.archive.tree();
        Checkpoint { origin: self.origin().to_owned(), size: tree.size(), root: tree.root() }
    }

    /// Records that are not stored yet.
    pub fn unsaved(&self) -> usize {
        self.waiting.len()
    }

    /// Adds a record's canonical text.
    pub fn append(&mut self, leaf: Hash, canonical: String) {
        self.archive.append(leaf, &canonical);
        self.waiting.push(canonical);
    }

    /// Changes a row.
    pub fn change(&mut self, change: Change) {
        self.apply(&change);
        self.changed.push(change);
    }

    /// Says how many deliveries were received.
    pub fn set_received(&mut self, received: u64) {
        self.received = received;
    }

    /// Says that nothing of this is stored any more: the next [`Store::save`] writes all that is here.
    pub fn forget_stored(&mut self) {
        for number in 0..self.archive.segments() {
            if self.archive.pack(number).is_none() && self.archive.forget(number) {
                self.note_gone(number as u64, Gone::Aside);
            }
        }
        self.known = None;
        self.next = 0;
        self.reserved = false;
        self.entries.clear();
        self.changed.clear();
        let open = self.archive.sealed_len()..self.archive.len();
        self.waiting = open.filter_map(|seq| self.archive.canonical(seq)).collect();
        self.rows.touch_all();
        self.anew = true;
    }

    /// Starts a log of its own with the records that are not stored, numbered from 0. The rows stay.
    pub fn start_anew(&mut self) {
        let mut own = Self::new(self.key.clone());
        for text in std::mem::take(&mut self.waiting) {
            if let Ok(mut record) = AuditRecord::parse(&text) {
                record.seq = own.archive.len();
                let canonical = record.canonical();
                own.append(leaf_hash(canonical.as_bytes()), canonical);
            }
        }
        for (table, key, value) in self.rows.all().filter(|(table, ..)| ![SEGMENTS, KEYS].contains(table)) {
            own.apply(&Change(table.to_owned(), key.to_owned(), raw(value)));
        }
        own.received = self.received;
        own.changed.clear();
        own.anew = true;
        *self = own;
    }

    fn note_gone(&mut self, segment: u64, gone: Gone) {
        if let Some(sealed) = self.sealed(segment) {
            let row = Sealed { gone: Some(gone), ..sealed };
            self.change(Change::new(SEGMENTS, numbered(segment), Some(&row)));
        }
    }

    /// What is known of a sealed segment.
    pub fn sealed(&self, segment: u64) -> Option<Sealed> {
        serde_json::from_str(self.rows.get(SEGMENTS, &numbered(segment))?).ok()
    }
}

fn keys_of(rows: &Rows) -> Vec<NoteKey> {
    let texts = rows.of(KEYS).filter_map(|(_, value)| serde_json::from_str::<String>(value).ok());
    texts.filter_map(|text| NoteKey::parse(&text)).collect()
}

fn raw(text: &str) -> Option<Box<serde_json::value::RawValue>> {
    serde_json::value::RawValue::from_string(text.to_owned()).ok()
}

fn entry_name(number: u64) -> String {
    format!("{JOURNAL}{number:09}")
}

fn segment_name(number: usize) -> String {
    format!("{SEGMENT}{number:06}")
}
