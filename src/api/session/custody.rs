//! What is done to the log itself: holds, deletions, keys, setting aside. Each is recorded before it is done.

use super::Session;
use crate::api::archive::{SEGMENT_LEVEL, SEGMENT_RECORDS};
use crate::api::store::{Hold, Kept, Shelf, ShelfError, SigningNoteKey};
use crate::engine::audit::{Upkeep, hex};
use crate::engine::time::Instant;

impl Session {
    /// Places a legal hold, after it was recorded. `now` is in milliseconds since the Unix epoch. False, and nothing done,
    /// where it can't be placed ([`Hold::is_sound`]) or no setting is in force.
    pub fn place_hold(&mut self, hold: &Hold, now: i64) -> bool {
        let upkeep = Upkeep::HoldPlaced { hold: hold.id.clone(), scope: hold.scope.to_text() };
        self.store.may_hold(hold) && self.record_upkeep(upkeep, now) && self.store.place_hold(hold)
    }

    /// Releases a legal hold, after it was recorded. False where there is none of this name.
    pub fn release_hold(&mut self, id: &str, now: i64) -> bool {
        let Some(hold) = self.store.holds().into_iter().find(|hold| hold.id == id) else { return false };
        let upkeep = Upkeep::HoldReleased { hold: hold.id, scope: hold.scope.to_text() };
        self.record_upkeep(upkeep, now) && self.store.release_hold(id)
    }

    /// Deletes the records of a sealed segment, after it was recorded; their root stays. They go from storage with
    /// [`Session::sweep`], once that is saved. False where no setting is in force.
    ///
    /// # Errors
    /// Why they may not go.
    pub fn delete_segment(&mut self, segment: u64, now: i64) -> Result<bool, Kept> {
        self.store.may_delete(segment)?;
        let number = usize::try_from(segment).map_err(|_| Kept::NotThere)?;
        let root = self.store.archive().segment_root(number).ok_or(Kept::NotThere)?;
        let records = SEGMENT_RECORDS as u64;
        let first = segment.saturating_mul(records);
        if !self.record_upkeep(Upkeep::SegmentDeleted { first, records, root: hex(root) }, now) {
            return Ok(false);
        }
        self.store.delete(segment).map(|()| true)
    }

    /// Sets the sealed segments aside that can't be trusted, where all else can, after that was recorded: the log goes on,
    /// and verifies by their roots. What is stored of them is moved out of the way with [`Session::sweep`], once that is
    /// saved. Gives how many; none where more is at fault, or no setting is in force. `now` is in milliseconds since the
    /// Unix epoch.
    pub fn set_segments_aside(&mut self, now: i64) -> usize {
        if self.at_fault || self.connector.is_none() {
            return 0;
        }
        let mut done = 0_usize;
        for segment in std::mem::take(&mut self.spoilt) {
            let number = usize::try_from(segment).ok();
            let Some(root) = number.and_then(|number| self.store.archive().segment_root(number)) else {
                continue;
            };
            let (first, root) = (segment << SEGMENT_LEVEL, hex(root));
            let upkeep = Upkeep::SegmentSetAside { first, records: SEGMENT_RECORDS as u64, root };
            done += usize::from(self.record_upkeep(upkeep, now) && self.store.set_segment_aside(segment));
        }
        done
    }

    /// Removes from storage what was deleted, and moves out of the way what was set aside, where that is saved. Gives how
    /// many segments.
    ///
    /// # Errors
    /// Where one can't be removed or moved; that is done next time.
    pub fn sweep(&mut self, shelf: &mut impl Shelf) -> Result<usize, ShelfError> {
        if self.detached() { Ok(0) } else { self.store.sweep(shelf) }
    }

    /// Has another key of the same log sign from now on, after it was recorded. False where its name is another one, or
    /// no setting is in force.
    pub fn rotate_key(&mut self, key: SigningNoteKey, now: i64) -> bool {
        let upkeep = Upkeep::KeyRotated { key: key.verifier().to_string() };
        key.name() == self.store.origin() && self.record_upkeep(upkeep, now) && self.store.rotate_key(key)
    }

    /// Has a key sign from now on that another writer has rotated to. False where it is none of this log.
    pub fn take_key(&mut self, key: SigningNoteKey) -> bool {
        self.store.take_key(key)
    }

    pub(super) fn record_upkeep(&mut self, upkeep: Upkeep, now: i64) -> bool {
        let Some(connector) = &mut self.connector else { return false };
        connector.record_upkeep(upkeep, Instant(now));
        self.absorb();
        true
    }
}
