//! Writing what is not stored yet, and sealing what there is enough of.

use super::head::{Head, Item, KEPT, Sealed};
use super::rows::{Change, numbered};
use super::shelf::{Shelf, ShelfError};
use super::{HEAD, JOURNAL, RECENT, SEGMENTS, Store, Unsaved, entry_name, segment_name};
use crate::api::archive::{SEGMENT_LEVEL, SEGMENT_RECORDS};
use crate::engine::time::Instant;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

impl Store {
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
    pub(super) fn write(&mut self, shelf: &mut impl Shelf) -> Result<bool, Unsaved> {
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
            // What another log has left in the journal is never read as this one's.
            self.next = self.next.max(Head::guess(shelf)?.to);
        }
        let size = self.archive.len();
        let first = size.saturating_sub(self.waiting.len() as u64);
        // What waits may be in a segment already.
        let from = first.max(self.archive.sealed_len().min(size));
        let sealed = usize::try_from(from - first).unwrap_or(usize::MAX);
        let waiting = self.waiting.iter().skip(sealed);
        let rows = self.changed.clone();
        let item = Item { rows, ..Item::of((self.next, from, self.received), waiting, &self.archive) };
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
        if std::mem::take(&mut self.anew) {
            let left = shelf.names(JOURNAL).unwrap_or_default();
            left.iter().filter(|left| **left != name).for_each(|left| drop(shelf.remove(left)));
        }
        Ok(true)
    }

    pub(super) fn write_head(&mut self, shelf: &mut impl Shelf) -> Result<(), ShelfError> {
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
    pub(super) fn seal(&mut self, shelf: &mut impl Shelf) {
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
    pub(super) fn note_sealed(&mut self) -> bool {
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
