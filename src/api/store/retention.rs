//! Retention and legal hold: whole sealed segments may go, and leave their root; what is under a hold stays.

use super::shelf::{Shelf, ShelfError};
use super::{Gone, SEGMENTS, Sealed, Store, aside, segment_name};
use crate::api::archive::{SEGMENT_LEVEL, SEGMENT_RECORDS};
use crate::engine::time::Instant;
use serde::{Deserialize, Serialize};

/// The table of holds.
const HOLDS: &str = "holds";

/// What a legal hold is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldScope {
    /// The records of a delivery and of its parts, by correlation id.
    Correlation(String),
    /// The records in which a subject's token left, by the token's reference.
    Token(String),
    /// The records of a time, both ends in it: RFC 3339.
    Time {
        /// The first moment.
        from: String,
        /// The last moment.
        to: String,
    },
}

/// A legal hold: no segment that has a record it is about can be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub scope: HoldScope,
    /// When it was placed, RFC 3339.
    pub placed: String,
}

/// Why a segment can't be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// There is no such sealed segment, or it has gone already.
    NotThere,
    /// Its records have not been read, so that nobody can tell whether a hold is about them.
    Unread,
    /// It is under these holds.
    Held(Vec<String>),
}

/// How it stands with a sealed segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is here, and may go.
    Free,
    /// It is here, and stays: these holds are about it.
    Held(Vec<String>),
    /// It has not been read, so that nobody can tell yet.
    Unread,
    /// Its records are gone.
    Gone(Gone),
}

/// A sealed segment, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    /// Its number.
    pub number: u64,
    /// Place of its first record.
    pub first: u64,
    /// Place of its last record.
    pub last: u64,
    /// The earliest time of its records, RFC 3339.
    pub from: String,
    /// The latest time of its records, RFC 3339.
    pub to: String,
    /// How it stands with it.
    pub keeping: Keeping,
}

impl SegmentRow {
    /// Whether all its records are from before a moment, in milliseconds since the Unix epoch. Of one whose times can't
    /// be read that is not said.
    pub fn is_before(&self, moment: i64) -> bool {
        Instant::parse(&self.to).is_some_and(|to| to.0 < moment)
    }
}

impl HoldScope {
    /// As records spell it.
    pub fn to_text(&self) -> String {
        match self {
            Self::Correlation(correlation) => ["correlation ", correlation].concat(),
            Self::Token(reference) => ["token ", reference].concat(),
            Self::Time { from, to } => ["time ", from, " ", to].concat(),
        }
    }

    fn is_sound(&self) -> bool {
        match self {
            Self::Correlation(text) => text.strip_prefix("run-").is_some_and(|rest| {
                !rest.is_empty()
                    && rest
                        .bytes()
                        .all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b".-".contains(&b))
            }),
            Self::Token(text) => {
                text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            }
            Self::Time { from, to } => {
                Instant::parse(from).zip(Instant::parse(to)).is_some_and(|(from, to)| from <= to)
            }
        }
    }
}

impl Hold {
    /// Whether its name and its scope have the form that records can spell: names of 1 to 64 letters, digits, hyphens and
    /// underscores; correlation ids (`run-000001`), references of tokens (16 hex digits), times in RFC 3339. So nothing
    /// that somebody types of a patient comes into the log.
    pub fn is_sound(&self) -> bool {
        let of_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (1..=64).contains(&self.id.len()) && self.id.bytes().all(of_name) && self.scope.is_sound()
    }
}

impl Store {
    /// The holds in force, in the order in which they were placed.
    pub fn holds(&self) -> Vec<Hold> {
        self.named(HOLDS).filter_map(|(_, value)| serde_json::from_str(value).ok()).collect()
    }

    /// Whether a hold can be placed: it is sound, and there is none of its name.
    pub fn may_hold(&self, hold: &Hold) -> bool {
        hold.is_sound() && !self.named(HOLDS).any(|(id, _)| id == hold.id)
    }

    /// Puts a hold in force. False where it can't be placed.
    pub fn place_hold(&mut self, hold: &Hold) -> bool {
        if !self.may_hold(hold) {
            return false;
        }
        // Strings only: serialising can't fail.
        self.put(HOLDS, &hold.id, Some(&serde_json::to_string(hold).unwrap_or_default()));
        true
    }

    /// Ends a hold. False where there is none of this name.
    pub fn release_hold(&mut self, id: &str) -> bool {
        let known = self.named(HOLDS).any(|(own, _)| own == id);
        self.put(HOLDS, id, None);
        known
    }

    /// The sealed segments, in order.
    pub fn segment_rows(&self) -> Vec<SegmentRow> {
        let row = |number: u64| {
            let sealed = self.sealed(number)?;
            let keeping = match (sealed.gone, self.may_delete(number)) {
                (Some(gone), _) => Keeping::Gone(gone),
                (None, Err(Kept::Held(holds))) => Keeping::Held(holds),
                (None, Err(Kept::Unread | Kept::NotThere)) => Keeping::Unread,
                (None, Ok(())) => Keeping::Free,
            };
            let first = number << SEGMENT_LEVEL;
            let last = first + (SEGMENT_RECORDS as u64 - 1);
            Some(SegmentRow { number, first, last, from: sealed.from, to: sealed.to, keeping })
        };
        (0..self.archive.segments() as u64).filter_map(row).collect()
    }

    /// Whether a sealed segment may be deleted.
    ///
    /// # Errors
    /// Why it may not.
    pub fn may_delete(&self, segment: u64) -> Result<(), Kept> {
        let sealed = self.sealed(segment).filter(|sealed| sealed.gone.is_none()).ok_or(Kept::NotThere)?;
        let number = usize::try_from(segment).map_err(|_| Kept::NotThere)?;
        let mut held = Vec::new();
        for Hold { id, scope, .. } in self.holds() {
            let about = match &scope {
                HoldScope::Time { from, to } => overlaps(&sealed, from, to),
                HoldScope::Correlation(whole) => {
                    let of_chain = |own: &str| {
                        own.strip_prefix(whole.as_str())
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    };
                    self.archive.any_in(number, "correlation", &of_chain).ok_or(Kept::Unread)?
                }
                HoldScope::Token(reference) => {
                    let named = |own: &str| own.split(' ').any(|part| part == reference);
                    self.archive.any_in(number, "tokens", &named).ok_or(Kept::Unread)?
                }
            };
            if about {
                held.push(id);
            }
        }
        if held.is_empty() { Ok(()) } else { Err(Kept::Held(held)) }
    }

    /// Notes that the records of a sealed segment go. Their root stays. Once that is saved, [`Store::sweep`] removes them.
    ///
    /// # Errors
    /// Why they may not go.
    pub fn delete(&mut self, segment: u64) -> Result<(), Kept> {
        self.may_delete(segment)?;
        let number = usize::try_from(segment).map_err(|_| Kept::NotThere)?;
        self.note_gone(segment, Gone::Deleted);
        self.archive.forget(number);
        Ok(())
    }

    /// Notes that the records of a sealed segment can't be trusted. Their root stays. Once that is saved,
    /// [`Store::sweep`] moves what is stored of them out of the way. False where there is no such segment, or it has gone
    /// already.
    pub fn set_segment_aside(&mut self, segment: u64) -> bool {
        let there = self.sealed(segment).is_some_and(|sealed| sealed.gone.is_none());
        let Some(number) = usize::try_from(segment).ok().filter(|_| there) else { return false };
        self.note_gone(segment, Gone::Aside);
        self.archive.forget(number)
    }

    /// Removes what is stored of segments that were deleted, and moves out of the way what is stored of those that were
    /// set aside, where that is saved. Gives how many segments.
    ///
    /// # Errors
    /// Where one can't be removed or moved; that is done next time.
    pub fn sweep(&mut self, shelf: &mut impl Shelf) -> Result<usize, ShelfError> {
        if !self.changed.is_empty() || self.anew {
            return Ok(0);
        }
        let mut removed = 0_usize;
        let gone = self.rows.of(SEGMENTS).filter_map(|(key, value)| {
            let sealed: Sealed = serde_json::from_str(value).ok()?;
            Some((sealed.gone?, super::number(key)?))
        });
        for (gone, segment) in gone {
            let name = segment_name(usize::try_from(segment).unwrap_or(usize::MAX));
            let there = shelf.get(&name)?.is_some();
            match gone {
                Gone::Deleted if there => shelf.remove(&name)?,
                Gone::Aside if there => drop(aside::set_names_aside(shelf, &[name])?),
                Gone::Deleted | Gone::Aside => continue,
            }
            removed = removed.saturating_add(1);
        }
        Ok(removed)
    }
}

/// Whether a segment may have records of a time. One whose times can't be read may. The clock may have been set back
/// between its first record and its last.
fn overlaps(sealed: &Sealed, from: &str, to: &str) -> bool {
    let times = [sealed.from.as_str(), &sealed.to, from, to].map(Instant::parse);
    let [Some(first), Some(last), Some(from), Some(to)] = times else { return true };
    first.min(last) <= to && from <= first.max(last)
}
