//! Room: what is kept free for what makes more of it, and writing into that.

use super::head::Item;
use super::shelf::{Shelf, ShelfError};
use super::{Change, HEAD, SEGMENTS, Store, Unsaved, entry_name, numbered, segment_name};
use crate::api::archive::SEGMENT_RECORDS;

/// What is kept free.
const RESERVE: &str = "airlock.reserve";
/// UTF-16 units that are kept free for what makes room: segments, and an entry of the journal that says what goes, with
/// the deliveries that wait meanwhile, a hundred or so.
const RESERVE_UNITS: usize = 100_000;

impl Store {
    /// Takes note of whether room is kept free.
    pub(super) fn look_for_reserve(&mut self, shelf: &impl Shelf) -> Result<(), ShelfError> {
        self.reserved = !shelf.names(RESERVE)?.is_empty();
        Ok(())
    }

    /// Keeps room free. Where another writer has used it, that shows when it is needed: then it is tried for anew.
    pub(super) fn keep_reserve(&mut self, shelf: &mut impl Shelf) {
        if !self.reserved {
            self.reserved = shelf.set(RESERVE, &" ".repeat(RESERVE_UNITS)).is_ok();
        }
    }

    /// Writes what makes room afterwards: where it does not fit, into what was kept free for it.
    pub(super) fn write_dearly(
        &mut self,
        shelf: &mut impl Shelf,
        name: &str,
        text: &str,
    ) -> Result<(), ShelfError> {
        match shelf.set(name, text) {
            Err(ShelfError::Full) => {
                self.free_reserve(shelf)?;
                shelf.set(name, text)
            }
            other => other,
        }
    }

    fn free_reserve(&mut self, shelf: &mut impl Shelf) -> Result<(), ShelfError> {
        self.reserved = false;
        shelf.remove(RESERVE)
    }

    /// Writes what is not stored yet, as [`Store::save`] does; where there is no room for it, into what is kept free for
    /// what makes room. What can be sealed is sealed first, since that takes less.
    ///
    /// # Errors
    /// Why it was not written.
    pub fn save_dearly(&mut self, shelf: &mut impl Shelf) -> Result<(), Unsaved> {
        match self.save(shelf) {
            Err(Unsaved::Shelf(ShelfError::Full)) => {
                self.free_reserve(shelf)?;
                self.seal_ahead(shelf);
                self.write(shelf)?;
                self.seal(shelf);
                self.keep_reserve(shelf);
                Ok(())
            }
            other => other,
        }
    }

    /// Whether records that wait are enough for a segment, which takes less room than they do in the journal.
    fn may_seal(&self) -> bool {
        let open = self.archive.len().saturating_sub(self.archive.sealed_len());
        open >= SEGMENT_RECORDS as u64 && !self.changed.iter().any(|change| change.0 == SEGMENTS)
    }

    /// Seals records before the head counts them. Who opens what a writer left that was stopped here sees a segment and
    /// a row that the head does not count, and lets them be.
    fn seal_ahead(&mut self, shelf: &mut impl Shelf) {
        while self.may_seal()
            && let Some((number, packed)) = self.archive.pack_next()
            && shelf.set(&segment_name(number), &packed).is_ok()
            && self.note_sealed()
        {
            if self.rows.write_table(SEGMENTS, shelf).is_err() {
                self.rows.apply(&Change::new(SEGMENTS, numbered(number as u64), None::<&str>));
                self.archive.unseal();
                return;
            }
        }
    }

    /// Whether [`Store::save_dearly`] and [`Store::compact`] would gain room.
    pub fn may_gain(&self) -> bool {
        self.kept_twice() > 0 || self.unsaved() > 0 && self.may_seal()
    }

    /// How many records are in the journal still though they are sealed: whoever is a little behind reads them there.
    fn kept_twice(&self) -> u64 {
        let from = self.entries.front().map_or(u64::MAX, |(_, from, _)| *from);
        self.archive.sealed_len().saturating_sub(from)
    }

    /// Puts one entry in the place of the journal, which has nothing that is sealed; where there is no room for it, into
    /// what is kept free. Whoever is behind has to read all anew. False where there is nothing to gain, or something is
    /// not stored yet.
    ///
    /// # Errors
    /// Why it was not done. What is stored says the same then.
    pub fn compact(&mut self, shelf: &mut impl Shelf) -> Result<bool, Unsaved> {
        if self.kept_twice() == 0 || !self.waiting.is_empty() || !self.changed.is_empty() || self.anew {
            return Ok(false);
        }
        if shelf.get(HEAD)? != self.known {
            return Err(Unsaved::Behind);
        }
        self.free_reserve(shelf)?;
        let (from, size) = (self.archive.sealed_len(), self.archive.len());
        let open: Vec<String> = (from..size).filter_map(|seq| self.archive.canonical(seq)).collect();
        let item = Item::of((self.next, from, self.received), open.iter(), &self.archive);
        // All that the rows say is in the journal as well, so that they may be ahead of the head.
        self.rows.write(shelf)?;
        shelf.set(&entry_name(self.next), &item.to_text())?;
        let before = std::mem::take(&mut self.entries);
        self.entries.push_back((self.next, from, size));
        self.next += 1;
        if let Err(error) = self.write_head(shelf) {
            self.next -= 1;
            self.entries = before;
            let _ = shelf.remove(&entry_name(self.next));
            return Err(error.into());
        }
        for (entry, ..) in before {
            let _ = shelf.remove(&entry_name(entry));
        }
        self.keep_reserve(shelf);
        Ok(true)
    }
}
