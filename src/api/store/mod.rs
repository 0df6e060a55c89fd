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
mod retention;
mod room;
mod rows;
mod shelf;
mod version1;

pub use aside::{aside, aside_texts, drop_aside, set_aside, wipe};
pub use capacity::{Capacity, GRAIN, PROBE, Probe};
pub use head::{Fault, Gone, Sealed};
pub use retention::{Hold, HoldScope, Keeping, Kept, SegmentRow};
pub use rows::{Change, Rows, number, numbered};
pub use shelf::{MemoryShelf, Shelf, ShelfError};

use super::archive::{Archive, SEGMENT_LEVEL, SEGMENT_RECORDS, SegmentState};
use crate::engine::audit::checkpoint::Checkpoint;
use crate::engine::audit::note::NoteKey;
pub use crate::engine::audit::note::SigningNoteKey;
use crate::engine::audit::{AuditRecord, Hash, leaf_hash};
use crate::engine::time::Instant;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use head::{Head, Item, KEPT, mark};
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
    /// What goes once this is stored: the same in an older form.
    replaces: Vec<String>,
    /// How many of the records that wait are stored in an older form.
    kept_otherwise: usize,
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
            replaces: Vec::new(),
            kept_otherwise: 0,
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
        self.waiting.len().saturating_sub(self.kept_otherwise)
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

    /// Writes what is there beside the open records, where nothing of it is stored.
    fn write_anew(&mut self, shelf: &mut impl Shelf) -> Result<(), ShelfError> {
        for number in 0..self.archive.segments() {
            if let Some(packed) = self.archive.pack(number) {
                shelf.set(&segment_name(number), &packed)?;
            }
        }
        self.rows.write(shelf)
    }

    /// Writes what is not stored yet: one entry of the journal, and the head. Where either fails, nothing of it is stored
    /// and all of it waits. Then segments are sealed, where there is enough to seal.
    ///
    /// # Errors
    /// Why it was not written.
    pub fn save(&mut self, shelf: &mut impl Shelf) -> Result<(), Unsaved> {
        if self.write(shelf)? {
            self.keep_reserve(shelf);
            self.seal(shelf);
        }
        Ok(())
    }

    /// Writes one entry of the journal, and the head. False where there is nothing to write.
    fn write(&mut self, shelf: &mut impl Shelf) -> Result<bool, Unsaved> {
        let is_blank = self.archive.is_empty() && self.received == 0;
        if self.waiting.is_empty() && (self.changed.is_empty() || is_blank) && !self.anew {
            return Ok(false);
        }
        match shelf.get(HEAD)? {
            head if head == self.known => {}
            None => return Err(Unsaved::Vanished),
            Some(_) => return Err(Unsaved::Behind),
        }
        if self.anew {
            self.write_anew(shelf)?;
            self.anew = false;
        }
        let size = self.archive.len();
        let first = size.saturating_sub(self.waiting.len() as u64);
        // What waits may be in a segment already.
        let from = first.max(self.archive.sealed_len().min(size));
        let sealed = usize::try_from(from - first).unwrap_or(usize::MAX);
        let waiting = || self.waiting.iter().skip(sealed);
        let item = Item {
            entry: self.next,
            size: from,
            received: self.received,
            leaves: waiting().map(|text| mark(&leaf_hash(text.as_bytes()))).collect(),
            records: waiting().filter_map(|text| raw(text)).collect(),
            rows: self.changed.clone(),
        };
        let name = entry_name(self.next);
        shelf.set(&name, &item.to_text())?;
        self.entries.push_back((self.next, from, size));
        self.next += 1;
        if let Err(error) = self.write_head(shelf) {
            self.next -= 1;
            self.entries.pop_back();
            // What can't be taken back is read as the work of a writer that was stopped: it is whole.
            let _ = shelf.remove(&name);
            return Err(error.into());
        }
        self.waiting.clear();
        self.changed.clear();
        self.kept_otherwise = 0;
        for name in std::mem::take(&mut self.replaces) {
            let _ = shelf.remove(&name);
        }
        Ok(true)
    }

    fn write_head(&mut self, shelf: &mut impl Shelf) -> Result<(), ShelfError> {
        let head = Head {
            version: KEPT,
            checkpoint: self.checkpoint(),
            received: self.received,
            from: self.entries.front().map_or(self.next, |(number, ..)| *number),
            to: self.next,
            segments: self.archive.segments() as u64,
            rows: self.rows.digest(),
        };
        let text = head.to_text();
        shelf.set(HEAD, &text)?;
        self.known = Some(text);
        Ok(())
    }

    /// Seals what can be sealed. Where there is no room for it, all stays as it was: the journal holds the same.
    fn seal(&mut self, shelf: &mut impl Shelf) {
        while let Some((number, packed)) = self.archive.pack_next()
            && self.write_dearly(shelf, &segment_name(number), &packed).is_ok()
            && self.note_sealed()
        {
            let sealed = (number as u64 + 1) << SEGMENT_LEVEL;
            // Who is a little behind can read on, and need not begin anew.
            let recent = sealed.saturating_sub(RECENT);
            let needed = self.entries.iter().position(|(.., size)| *size > recent);
            let rest = self.entries.split_off(needed.unwrap_or(self.entries.len()));
            let done = std::mem::replace(&mut self.entries, rest);
            let written = self.rows.write(shelf).and_then(|()| self.write_head(shelf));
            if written.is_err() {
                self.rows.apply(&Change::new(SEGMENTS, numbered(number as u64), None::<&str>));
                self.archive.unseal();
                self.entries = done.into_iter().chain(std::mem::take(&mut self.entries)).collect();
                return;
            }
            for (entry, ..) in done {
                let _ = shelf.remove(&entry_name(entry));
            }
            self.keep_reserve(shelf);
        }
    }

    /// Seals in memory, and notes the segment among the rows: every reader comes to the same row. False where there is
    /// nothing to seal.
    fn note_sealed(&mut self) -> bool {
        let number = self.archive.segments() as u64;
        let Some(root) = self.archive.seal() else { return false };
        let first = number << SEGMENT_LEVEL;
        let mut from: Option<(Instant, String)> = None;
        let mut to = from.clone();
        for seq in first..first + SEGMENT_RECORDS as u64 {
            let Some(text) = self.archive.member(seq, "time") else { continue };
            let Some(time) = Instant::parse(&text) else { continue };
            if to.as_ref().is_none_or(|(latest, _)| *latest < time) {
                to = Some((time, text.clone()));
            }
            if from.as_ref().is_none_or(|(earliest, _)| time < *earliest) {
                from = Some((time, text));
            }
        }
        let text = |found: Option<(Instant, String)>| found.map(|(_, text)| text).unwrap_or_default();
        // That it has gone may be known already, to a reader who is behind.
        let gone = self.sealed(number).and_then(|sealed| sealed.gone);
        let row = Sealed { root: STANDARD.encode(root), from: text(from), to: text(to), gone };
        self.rows.apply(&Change::new(SEGMENTS, numbered(number), Some(&row)));
        true
    }
}

/// Which log is stored, by what its head says; none where there is none, or the head can't be read. Its signature is not
/// looked at.
///
/// # Errors
/// Where the shelf can't be read.
pub fn stored_origin(shelf: &impl Shelf) -> Result<Option<String>, ShelfError> {
    let head = shelf.get(HEAD)?.and_then(|text| Head::parse(&text));
    Ok(head.and_then(|head| Some(head.checkpoint.lines().next()?.to_owned())))
}

/// How many times the stored log was written to, by what its head says; 0 where there is none, or the head can't be read.
pub fn stored_turns(shelf: &impl Shelf) -> u64 {
    let head = shelf.get(HEAD).ok().flatten().and_then(|text| Head::parse(&text));
    head.map_or(0, |head| head.to)
}

/// A store as it was read, and what is wrong with it.
pub struct Opened {
    /// The store, as far as it could be read.
    pub store: Store,
    /// Everything wrong, in order.
    pub faults: Vec<Fault>,
    /// Whether the key has not signed for this log before, and others have.
    pub key_is_new: bool,
}

impl Store {
    /// Reads what is stored. Sealed segments stay where they are until [`Store::fetch`]: their roots are enough to hold
    /// the log against its head. Where nothing is stored it is a new store.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn open(shelf: &impl Shelf, key: SigningNoteKey) -> Result<Opened, ShelfError> {
        let text = shelf.get(HEAD)?;
        let mut faults = Vec::new();
        let head = match text.as_deref().map(Head::parse) {
            Some(Some(head)) => head,
            // What there is beside it was written while it was taken over, and is written anew.
            None if !version1::names(shelf)?.is_empty() => {
                let store = version1::read(shelf, key.clone())?;
                faults.extend(store.is_none().then_some(Fault::EarlierVersion));
                return Ok(Opened {
                    store: store.unwrap_or_else(|| Self::new(key)),
                    faults,
                    key_is_new: false,
                });
            }
            None if shelf.names(JOURNAL)?.is_empty() && shelf.names(SEGMENT)?.is_empty() => {
                return Ok(Opened { store: Self::new(key), faults, key_is_new: false });
            }
            unreadable => {
                faults.push(if unreadable.is_some() { Fault::HeadUnreadable } else { Fault::HeadMissing });
                Head::guess(shelf)?
            }
        };
        let stated = faults.is_empty().then_some(&head);
        // What a head claims that was altered is not counted up to.
        let there = Head::guess(shelf)?;
        let (from, to) = (head.from.min(there.to), head.to.min(there.to));
        let mut store = Self { known: text, next: from, ..Self::new(key) };
        store.changed.clear();
        let (rows, broken) = Rows::read(shelf)?;
        store.names = named::Names::of(&rows);
        store.rows = rows;
        faults.extend(broken.into_iter().map(Fault::RowsUnreadable));
        store.restore_segments(shelf, head.segments, there.segments, &mut faults)?;
        for entry in from..to {
            match shelf.get(&entry_name(entry))? {
                None => faults.push(Fault::EntryMissing(entry)),
                Some(text) => match store.replay(&text) {
                    Some(altered) => faults.extend(altered.into_iter().map(Fault::RecordAltered)),
                    None => faults.push(Fault::EntryUnreadable(entry)),
                },
            }
            store.next = entry + 1;
        }
        if head.to > to {
            faults.push(Fault::EntryMissing(to));
        }
        store.received = store.received.max(head.received);
        if let Some(head) = stated {
            store.hold_against(head, &mut faults);
        }
        // A writer that was stopped between an entry and the head leaves one that the head does not count.
        while faults.is_empty()
            && let Some(text) = shelf.get(&entry_name(store.next))?
            && let Some(altered) = store.replay(&text)
        {
            faults.extend(altered.into_iter().map(Fault::RecordAltered));
            store.next += 1;
        }
        store.look_for_reserve(shelf)?;
        let key_is_new = store.know_key();
        Ok(Opened { store, faults, key_is_new })
    }

    /// Takes up the roots of the sealed segments.
    fn restore_segments(
        &mut self,
        shelf: &impl Shelf,
        count: u64,
        there: u64,
        faults: &mut Vec<Fault>,
    ) -> Result<(), ShelfError> {
        // A writer that was stopped while it sealed has noted a segment that the head does not count.
        let noted: Vec<u64> = self.rows.of(SEGMENTS).filter_map(|(key, _)| number(key)).collect();
        for ahead in noted.into_iter().filter(|number| *number >= count) {
            self.rows.apply(&Change::new(SEGMENTS, numbered(ahead), None::<&str>));
        }
        let most = there.max(self.rows.of(SEGMENTS).count() as u64);
        if count > most {
            faults.push(Fault::SegmentUnknown(most));
        }
        for segment in 0..count.min(most) {
            let known = self.sealed(segment);
            match known.as_ref().and_then(|known| root_of(&known.root)) {
                Some(root) => self.archive.restore_root(root),
                None => {
                    faults.push(Fault::SegmentUnknown(segment));
                    let packed = shelf.get(&segment_name(segment as usize))?;
                    match packed.map(|packed| self.archive.restore(&packed)) {
                        Some(Ok(())) => {}
                        Some(Err(_)) | None => self.archive.restore_root([0; 32]),
                    }
                }
            }
        }
        Ok(())
    }

    /// What is known of a sealed segment.
    pub fn sealed(&self, segment: u64) -> Option<Sealed> {
        serde_json::from_str(self.rows.get(SEGMENTS, &numbered(segment))?).ok()
    }

    /// Takes up an entry of the journal. Gives the places of records that are not as they were written; none where the
    /// entry can't be read or does not follow.
    fn replay(&mut self, text: &str) -> Option<Vec<u64>> {
        let item = Item::parse(text).filter(|item| item.leaves.len() == item.records.len())?;
        let sealed = self.archive.sealed_len();
        if item.entry != self.next || (item.size != self.archive.len() && item.size > sealed) {
            return None;
        }
        let mut altered = Vec::new();
        for (seq, (record, leaf)) in (item.size..).zip(item.records.iter().zip(&item.leaves)) {
            // The first entry that is needed may begin in the last sealed segment, and one that stands for all that is open
            // may come after those that it stands for.
            if seq < self.archive.len() {
                continue;
            }
            let own = leaf_hash(record.get().as_bytes());
            if mark(&own) != *leaf {
                altered.push(seq);
            }
            self.archive.append(own, record.get());
        }
        item.rows.iter().for_each(|change| self.apply(change));
        self.received = self.received.max(item.received);
        let size = item.size.saturating_add(item.records.len() as u64);
        self.entries.push_back((item.entry, item.size, size));
        Some(altered)
    }

    fn hold_against(&self, head: &Head, faults: &mut Vec<Fault>) {
        if self.rows.digest() != head.rows
            && !faults.iter().any(|fault| matches!(fault, Fault::RowsUnreadable(_)))
        {
            faults.push(Fault::RowsAltered);
        }
        let keys = self.keys();
        match Checkpoint::verify(&head.checkpoint, &keys) {
            Err(_) => faults.push(Fault::Signature),
            Ok((checkpoint, _)) if checkpoint.origin != self.origin() => faults.push(Fault::Origin),
            Ok((checkpoint, _)) => {
                let tree = self.archive.tree();
                if tree.size() < checkpoint.size {
                    faults.push(Fault::Short(tree.size(), checkpoint.size));
                } else if tree.size() > checkpoint.size
                    || tree.root() != checkpoint.root && !faults.iter().any(is_altered)
                {
                    faults.push(Fault::Root);
                }
            }
        }
    }

    /// Reads on what another writer has added.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn catch_up(&mut self, shelf: &impl Shelf) -> Result<Caught, ShelfError> {
        let text = shelf.get(HEAD)?;
        if text == self.known {
            return Ok(Caught::Same);
        }
        let head = text.as_deref().and_then(Head::parse);
        let Some(head) = head.filter(|head| head.from <= self.next && head.to >= self.next) else {
            return Ok(Caught::Reload);
        };
        if self.unsaved() > 0 || self.anew || head.segments < self.archive.segments() as u64 {
            return Ok(Caught::Reload);
        }
        let before = self.archive.len();
        for entry in self.next..head.to {
            let replayed = shelf.get(&entry_name(entry))?.and_then(|text| self.replay(&text));
            if replayed.is_none_or(|altered| !altered.is_empty()) {
                return Ok(Caught::Reload);
            }
            self.next = entry + 1;
        }
        while (self.archive.segments() as u64) < head.segments {
            if !self.note_sealed() {
                return Ok(Caught::Reload);
            }
        }
        for segment in 0..self.archive.segments() {
            if self.sealed(segment as u64).is_some_and(|sealed| sealed.gone.is_some()) {
                self.archive.forget(segment);
            }
        }
        while self.entries.front().is_some_and(|(entry, ..)| *entry < head.from) {
            self.entries.pop_front();
        }
        let mut faults = Vec::new();
        self.hold_against(&head, &mut faults);
        if !faults.is_empty() {
            return Ok(Caught::Reload);
        }
        self.known = text;
        Ok(Caught::Added(self.archive.len() - before))
    }

    /// Looks whether entries that this writer has stored stand as it wrote them. Two writers that do not take turns write
    /// over one another: the records of such entries wait again from then on. Gives how many. Where none of the entries
    /// is as it was, another log has taken the place of this one, and nothing waits.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn miss_overwritten(&mut self, shelf: &impl Shelf) -> Result<usize, ShelfError> {
        let mut first = None;
        for (place, (entry, before, after)) in self.entries.iter().enumerate().rev() {
            let Some(text) = shelf.get(&entry_name(*entry))? else { break };
            let own = |item: Item| {
                let mut there = (item.size..).zip(&item.records);
                item.size.saturating_add(item.records.len() as u64) == *after
                    && there.all(|(seq, text)| self.archive.canonical(seq).as_deref() == Some(text.get()))
            };
            if Item::parse(&text).is_some_and(own) {
                break;
            }
            first = (place > 0).then_some(*before);
        }
        if let Some(first) = first {
            let own = first..self.archive.len();
            self.waiting = own.filter_map(|seq| self.archive.canonical(seq)).collect();
        }
        Ok(self.unsaved())
    }

    /// Reads the latest sealed segment that has not been read yet, and recomputes it. Gives its number and what is wrong
    /// with it; none where all are read.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn fetch(&mut self, shelf: &impl Shelf) -> Result<Option<(u64, Option<Fault>)>, ShelfError> {
        let Some(number) = self.archive.latest_away() else { return Ok(None) };
        let segment = number as u64;
        if self.sealed(segment).is_some_and(|sealed| sealed.gone.is_some()) {
            self.archive.forget(number);
            return Ok(Some((segment, None)));
        }
        let fault = match shelf.get(&segment_name(number))? {
            None => Some(Fault::SegmentMissing(segment)),
            Some(packed) => match self.archive.fill(number, &packed) {
                Err(why) => Some(Fault::SegmentUnreadable(segment, why)),
                Ok(SegmentState::Altered(records)) => Some(Fault::SegmentAltered(segment, records)),
                Ok(SegmentState::Sound | SegmentState::Gone) => None,
            },
        };
        if fault.is_some() && !matches!(fault, Some(Fault::SegmentAltered(..))) {
            self.archive.forget(number);
        }
        Ok(Some((segment, fault)))
    }
}

/// Whether a fault names a record, so that the root can't be the one that was written.
fn is_altered(fault: &Fault) -> bool {
    matches!(fault, Fault::RecordAltered(_))
}

fn root_of(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
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
