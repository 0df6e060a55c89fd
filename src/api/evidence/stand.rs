//! Where a fault is to be seen: which records of the file it is about, or stands beside.

use super::align::{Known, owners};
use super::faults::Wrong;
use super::place::Places;
use serde::{Deserialize, Serialize};

/// Records of a bundle that a fault is about, counted as they stand in the file, from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// The first of each run of them, and how many.
    pub runs: Vec<(u64, u64)>,
    /// Whether they are at fault themselves. If not, something is wrong just before the first of them, or at the end of the
    /// log after it.
    pub own: bool,
}

/// Which record of a file stands for which of those that ought to be there.
pub(super) struct Standing<'a> {
    places: &'a Places,
    /// Place among those that ought to be there, and in the file; ascending by the first.
    standing: Vec<(usize, usize)>,
    records: usize,
}

impl<'a> Standing<'a> {
    /// `found` says what is known of each record where it stands; empty where each is in its place.
    pub fn new(places: &'a Places, found: &[Known], records: usize) -> Self {
        let length = found
            .iter()
            .filter_map(|known| if let Known::Is(place) = known { Some(place + 1) } else { None });
        let length = length.max().unwrap_or(0);
        let owners = owners(found, length).into_iter().enumerate();
        let standing = owners.filter_map(|(place, owner)| Some((place, owner?))).collect();
        Self { places, standing, records }
    }

    /// Where the record of a place stands, or, where it is not known, the one that is there in its stead.
    fn at(&self, place: u64) -> Option<u64> {
        let place = self.places.index(place)?;
        let after = self.standing.partition_point(|(own, _)| *own <= place);
        let at = match after.checked_sub(1).and_then(|last| self.standing.get(last)) {
            Some((own, at)) => at.saturating_add(place - own),
            None => place,
        };
        Some(at.min(self.records.checked_sub(1)?) as u64)
    }

    /// Where to look for a fault.
    pub fn of(&self, wrong: &Wrong) -> Stand {
        let beside = |at: Option<u64>| Stand { runs: at.map(|at| (at, 1)).into_iter().collect(), own: false };
        let run = |at: Option<u64>, count: u64| {
            // As many as there are.
            let left = |at| (self.records as u64).saturating_sub(at).min(count);
            Stand { runs: at.map(|at| (at, left(at))).into_iter().collect(), own: true }
        };
        let next = |after: Option<u64>| match after {
            Some(after) => self.at(after).map(|at| at.saturating_add(1)),
            None => Some(0),
        };
        match wrong {
            Wrong::Altered(place)
            | Wrong::NotCanonical(place)
            | Wrong::Unreadable(place)
            | Wrong::Number { place, .. }
            | Wrong::Disagree(place)
            | Wrong::PolicyUnlisted(place)
            | Wrong::ConsentUnlisted(place) => run(self.at(*place), 1),
            Wrong::Swapped(one, other) => {
                let runs = [one, other].into_iter().filter_map(|place| Some((self.at(*place)?, 1)));
                Stand { runs: runs.collect(), own: true }
            }
            Wrong::Moved { first, count, .. } => run(self.at(*first), *count),
            Wrong::Doubled { after, .. } => run(next(*after), 1),
            Wrong::Inserted { after, count } => run(next(*after), *count),
            Wrong::AfterHead { size, count } => run(self.at(*size), *count),
            // The record that has come up in the place of the first that is absent.
            Wrong::Dropped { first, .. } => {
                beside(next(first.checked_sub(1)).map(|at| at.min((self.records as u64).saturating_sub(1))))
            }
            Wrong::Truncated { .. } => beside(self.records.checked_sub(1).map(|last| last as u64)),
            Wrong::LeafUnreadable(place) | Wrong::LeafAltered(place) => beside(self.at(*place)),
            Wrong::LeafCount { first, .. } => beside(self.at(*first)),
            Wrong::Forked { .. } => beside(wrong.index().and_then(|place| self.at(place))),
            _ => Stand::default(),
        }
    }
}
