//! Where the hashes do not lead to the root that is signed: what was done, as far as hashes and numbers tell.
//!
//! What was signed is the root. If the records lead to it, they are sound, whatever the list of leaf hashes says; if the
//! list leads to it, the list is sound and tells each record from what it was. If neither does, both were changed, and the
//! records' own numbers and earlier checkpoints say what can still be said.

use super::align::{Change, Known, align, whereabouts};
use super::check::{Hashed, Point};
use super::faults::Wrong;
use crate::engine::audit::{AuditRecord, Hash, leaf_hash};
use std::collections::BTreeSet;

/// What was found.
pub(super) struct Located {
    pub wrong: Vec<Wrong>,
    /// The records, by their places in the file, that are not as they were signed.
    pub altered: BTreeSet<usize>,
    /// Whether each record is where it was signed to be.
    pub in_place: bool,
    /// What is known of each record where it stands; empty where each is in its place.
    pub found: Vec<Known>,
}

impl Located {
    fn new(wrong: Vec<Wrong>, in_place: bool) -> Self {
        Self { wrong, altered: BTreeSet::new(), in_place, found: Vec::new() }
    }
}

/// Finds out what is wrong after the first pass.
pub(super) fn locate(hashed: &Hashed<'_>) -> Located {
    let head = hashed.points.iter().max_by_key(|point| (point.trusted, point.size));
    let Some(head) = head else {
        let mut located =
            if hashed.agree { by_numbers(hashed, None) } else { by_list(hashed, hashed.hashes.len(), false) };
        located.wrong.insert(0, Wrong::NoCheckpoint);
        return located;
    };
    let mut located = against(hashed, head);
    if located.wrong.is_empty() {
        located.wrong.extend(hashed.evidence.places.outside(hashed.tree.size()).map(Wrong::SegmentOutside));
    }
    let earlier = hashed.points.iter().filter(|point| point.trusted && point.size < head.size);
    if located.wrong.is_empty() {
        let forked =
            earlier.filter(|point| hashed.root_at(point.size).is_some_and(|root| root != point.root));
        located.wrong.extend(forked.map(|point| Wrong::ForkedWithin(point.size)));
    }
    located
}

fn against(hashed: &Hashed<'_>, head: &Point) -> Located {
    let expected = usize::try_from(hashed.evidence.places.present(head.size)).unwrap_or(usize::MAX);
    if hashed.root_at(head.size) == Some(head.root) {
        let mut located = Located::new(listed(hashed, expected), true);
        if hashed.hashes.len() > expected {
            after(hashed, expected, &mut located);
        }
        return located;
    }
    if list_root(hashed, expected) == Some((head.size, head.root)) {
        return by_list(hashed, expected, true);
    }
    if !hashed.agree {
        return by_list(hashed, hashed.evidence.leaves.len(), false);
    }
    if !head.trusted {
        return Located::new(vec![Wrong::RootDoubtful], true);
    }
    by_numbers(hashed, Some((head, expected)))
}

/// What is wrong with the list of leaf hashes, where the records are sound, of which there ought to be `expected`.
fn listed(hashed: &Hashed<'_>, expected: usize) -> Vec<Wrong> {
    if hashed.agree {
        return Vec::new();
    }
    let (evidence, places) = (hashed.evidence, &hashed.evidence.places);
    let (leaves, records) = (evidence.leaves.len(), hashed.hashes.len());
    let pairs = evidence.leaves.iter().zip(hashed.hashes).enumerate();
    let mut differing = pairs.filter_map(|(index, (leaf, hash))| match leaf {
        None => Some(Wrong::LeafUnreadable(places.of(index))),
        Some(leaf) if leaf != hash => Some(Wrong::LeafAltered(places.of(index))),
        Some(_) => None,
    });
    if leaves == records || leaves == expected {
        return differing.collect();
    }
    let first = differing.next().and_then(|wrong| wrong.index());
    let first = first.unwrap_or_else(|| places.of(leaves.min(records)));
    vec![Wrong::LeafCount { leaves: leaves as u64, records: records as u64, first }]
}

/// What stands after the records that were signed: copies of them, or others, which whoever has added hashes to the list
/// as well may have written since.
fn after(hashed: &Hashed<'_>, expected: usize, located: &mut Located) {
    let sound = hashed.hashes.get(..expected).unwrap_or_default();
    let find = whereabouts(sound);
    let later = hashed.hashes.iter().skip(expected).map(|hash| find(hash).map_or(Known::Nothing, Known::Is));
    let found: Vec<Known> = (0..expected).map(Known::Is).chain(later).collect();
    for change in align(&found, expected) {
        located.wrong.push(match change {
            Change::Inserted(_, count) if hashed.evidence.leaves.len() > expected => {
                Wrong::AfterHead { size: hashed.evidence.places.of(expected), count: count as u64 }
            }
            change => said(change, hashed, expected, None),
        });
    }
    located.found = found;
    if located.wrong.iter().any(|wrong| matches!(wrong, Wrong::AfterHead { .. })) {
        // Where a later checkpoint is at fault, that is what is wrong.
        let counted = hashed.points.iter().filter(|point| point.trusted).count();
        let faulty = counted < hashed.evidence.checkpoints.len();
        located.wrong.retain(|wrong| !faulty || !matches!(wrong, Wrong::AfterHead { .. }));
    } else {
        located.altered.extend(expected..hashed.hashes.len());
    }
}

/// The list of leaf hashes. Where one can't be read, the record in its place has to do.
pub(super) fn list<'a>(hashed: &'a Hashed<'_>) -> impl Iterator<Item = Hash> + 'a {
    let leaves = hashed.evidence.leaves.iter().enumerate();
    leaves.map(|(index, leaf)| leaf.or_else(|| hashed.hashes.get(index).copied()).unwrap_or_default())
}

/// Size and root of the log that the list of leaf hashes is of.
pub(super) fn list_root(hashed: &Hashed<'_>, expected: usize) -> Option<(u64, Hash)> {
    if hashed.evidence.leaves.len() < expected {
        return None;
    }
    let tree = hashed.evidence.places.tree(list(hashed).take(expected));
    Some((tree.size(), tree.root()))
}

/// Holds the records against the list of leaf hashes, of which the first are `expected`. If the list is `sound`, what
/// differs is the records' fault; if not, it can't be told whose.
fn by_list(hashed: &Hashed<'_>, expected: usize, sound: bool) -> Located {
    let places = &hashed.evidence.places;
    let leaves: Vec<Hash> = list(hashed).collect();
    let find = whereabouts(&leaves);
    let mut located = Located::new(Vec::new(), false);
    let mut respelt = Vec::new();
    let found: Vec<Known> = (hashed.hashes.iter().enumerate())
        .map(|(index, hash)| {
            // Where it ought to be it is looked for first: of two equal hashes that is the one.
            if leaves.get(index) == Some(hash) {
                return Known::Is(index);
            }
            if let Some(place) = find(hash) {
                return Known::Is(place);
            }
            located.altered.insert(index);
            let Ok(record) = AuditRecord::parse(hashed.evidence.record(index)) else { return Known::Nothing };
            if let Some(place) = find(&leaf_hash(record.canonical().as_bytes())) {
                respelt.push(Wrong::NotCanonical(places.of(place)));
                return Known::Is(place);
            }
            places.index(record.seq).map_or(Known::Nothing, Known::Claims)
        })
        .collect();
    let changes = align(&found, leaves.len());
    located.in_place = changes.iter().all(|change| matches!(change, Change::Altered(_)));
    located.wrong.extend(changes.into_iter().map(|change| match change {
        Change::Altered(index) if !sound => Wrong::Disagree(places.of(index)),
        change => said(change, hashed, leaves.len(), None),
    }));
    located.wrong.extend(respelt);
    if sound && leaves.len() > expected {
        let size = places.of(expected);
        located.wrong.push(Wrong::AfterHead { size, count: (leaves.len() - expected) as u64 });
    }
    if sound {
        let unread = hashed.evidence.leaves.iter().enumerate().filter(|(_, leaf)| leaf.is_none());
        located.wrong.extend(unread.map(|(index, _)| Wrong::LeafUnreadable(places.of(index))));
    }
    located.found = found;
    located
}

/// Records and hashes agree with each other: then only the numbers of the records tell. `head` is what was signed, with
/// the number of records that have to be there.
fn by_numbers(hashed: &Hashed<'_>, head: Option<(&Point, usize)>) -> Located {
    let places = &hashed.evidence.places;
    let length = head.map_or(hashed.hashes.len(), |(_, expected)| expected);
    // Whoever states a size that nobody has is not believed it.
    let length = length.min(hashed.hashes.len().saturating_mul(2).saturating_add(1 << 20));
    let numbers: Vec<Known> = (0..hashed.hashes.len())
        .map(|index| {
            let record = AuditRecord::parse(hashed.evidence.record(index));
            let place =
                record.ok().and_then(|record| places.index(record.seq)).filter(|place| *place < length);
            place.map_or(Known::Nothing, Known::Is)
        })
        .collect();
    let changes = align(&numbers, length);
    let Some((head, expected)) = head else {
        let wrong = changes.into_iter().map(|change| said(change, hashed, length, None)).collect();
        return Located { found: numbers, ..Located::new(wrong, false) };
    };
    let mut located = Located::new(Vec::new(), changes.is_empty());
    // Nothing but the order was changed, if the records lead to the root in the order of their numbers.
    let mut ordered: Vec<Option<Hash>> = vec![None; length];
    for (known, hash) in numbers.iter().zip(hashed.hashes) {
        if let Known::Is(place) = known
            && let Some(slot) = ordered.get_mut(*place)
        {
            slot.get_or_insert(*hash);
        }
    }
    located.found = numbers;
    let whole: Option<Vec<Hash>> = ordered.into_iter().collect();
    let explained = whole.is_some_and(|leaves| {
        let tree = places.tree(leaves.into_iter());
        (tree.size(), tree.root()) == (head.size, head.root)
    });
    let absent = changes.iter().any(|change| matches!(change, Change::Dropped(..)));
    let stated = Some((expected, head.size));
    located.wrong.extend(changes.into_iter().map(|change| said(change, hashed, length, stated)));
    if !explained && !absent {
        let vouched = hashed
            .points
            .iter()
            .filter(|point| point.trusted && hashed.root_at(point.size) == Some(point.root));
        located.wrong.push(Wrong::Root { sound: vouched.map(|point| point.size).max().unwrap_or(0) });
    }
    located
}

/// A change in the log's places. What is absent at the end was cut off: of `length` records, or of as many as are `stated`,
/// with the size of the log.
fn said(change: Change, hashed: &Hashed<'_>, length: usize, stated: Option<(usize, u64)>) -> Wrong {
    let places = &hashed.evidence.places;
    let place = |index: usize| places.of(index);
    match change {
        Change::Altered(index) => Wrong::Altered(place(index)),
        Change::Dropped(first, count) if first + count == length => {
            let size = place(length.saturating_sub(1)).saturating_add(1);
            let (expected, size) = stated.unwrap_or((length, size));
            Wrong::Truncated { count: expected.saturating_sub(first) as u64, size }
        }
        Change::Dropped(first, count) => Wrong::Dropped { first: place(first), count: count as u64 },
        Change::Swapped(one, other) => Wrong::Swapped(place(one), place(other)),
        Change::Moved(first, count, after) => {
            Wrong::Moved { first: place(first), count: count as u64, after: after.map(place) }
        }
        Change::Doubled(record, after) => Wrong::Doubled { record: place(record), after: after.map(place) },
        Change::Inserted(after, count) => Wrong::Inserted { after: after.map(place), count: count as u64 },
    }
}
