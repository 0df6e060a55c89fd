//! Reading what is stored, and what others have added to it.

use super::head::{Fault, Head, Item, mark};
use super::rows::{Change, Rows, number, numbered};
use super::shelf::{Shelf, ShelfError};
use super::{Caught, HEAD, JOURNAL, SEGMENT, SEGMENTS, Store, aside, entry_name, named, segment_name};
use crate::api::archive::SegmentState;
use crate::engine::audit::checkpoint::Checkpoint;
use crate::engine::audit::note::{Note, SigningNoteKey};
use crate::engine::audit::{hash_of_base64, leaf_hash};

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
            match known.as_ref().and_then(|known| hash_of_base64(&known.root)) {
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
        if !self.fits(shelf, &head)? {
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

    /// Whether what another writer has added leads to the root that the head states. Nothing of it is taken up where it does
    /// not: then what this writer has can still be told from what is stored.
    fn fits(&self, shelf: &impl Shelf, head: &Head) -> Result<bool, ShelfError> {
        let mut tree = self.archive.tree().clone();
        for entry in self.next..head.to {
            let item = shelf.get(&entry_name(entry))?.and_then(|text| Item::parse(&text));
            let Some(item) = item else { return Ok(false) };
            for (seq, record) in (item.size..).zip(&item.records) {
                if seq == tree.size() {
                    tree.push(leaf_hash(record.get().as_bytes()));
                }
            }
        }
        // Who has signed it is looked at once the keys are known that come with the entries.
        let stated = Note::parse(&head.checkpoint).ok().and_then(|note| Checkpoint::parse(note.text).ok());
        Ok(stated.is_some_and(|stated| (stated.size, stated.root) == (tree.size(), tree.root())))
    }

    /// Looks whether entries that this writer has stored stand as it wrote them. Two writers that do not take turns write
    /// over one another: the records of such entries wait again from then on. Gives how many. Where another log has taken
    /// the place of this one, or this one was set aside, nothing waits.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn miss_overwritten(&mut self, shelf: &impl Shelf) -> Result<usize, ShelfError> {
        let mut first = None;
        let mut some_stand = false;
        for (entry, before, after) in self.entries.iter().rev() {
            let text = shelf.get(&entry_name(*entry))?;
            some_stand = text.as_ref().is_none_or(|text| self.is_entry(text, *after));
            if some_stand {
                break;
            }
            first = Some((*entry, *before));
        }
        let Some((entry, before)) = first else { return Ok(self.unsaved()) };
        if some_stand || stored_origin(shelf)?.as_deref() == Some(self.origin()) {
            let after = self.entries.iter().find(|(own, ..)| *own == entry).map_or(0, |(.., after)| *after);
            let end = format!(".{}", entry_name(entry).trim_start_matches(aside::OURS));
            for name in aside::aside(shelf)?.iter().filter(|name| name.ends_with(&end)) {
                if shelf.get(name)?.is_some_and(|text| self.is_entry(&text, after)) {
                    return Ok(self.unsaved());
                }
            }
            let own = before..self.archive.len();
            self.waiting = own.filter_map(|seq| self.archive.canonical(seq)).collect();
        }
        Ok(self.unsaved())
    }

    /// Whether a text is an entry of this log that ends with so many records.
    fn is_entry(&self, text: &str, after: u64) -> bool {
        Item::parse(text).is_some_and(|item| {
            let mut there = (item.size..).zip(&item.records);
            item.size.saturating_add(item.records.len() as u64) == after
                && there.all(|(seq, text)| self.archive.canonical(seq).as_deref() == Some(text.get()))
        })
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
