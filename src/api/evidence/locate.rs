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
    /// Whether what is not named is shown to be as it was signed.
    pub vouched: bool,
    /// Whether the list of leaf hashes is what was signed, and the records are not.
    pub by_list: bool,
    /// What is known of each record where it stands; empty where each is in its place.
    pub found: Vec<Known>,
}

impl Located {
    /// What is wrong with records that are in place, or not in doubt for another reason.
    fn new(wrong: Vec<Wrong>, sound: bool) -> Self {
        Self {
            wrong,
            altered: BTreeSet::new(),
            in_place: sound,
            vouched: sound,
            by_list: false,
            found: Vec::new(),
        }
    }
}

/// Finds out what is wrong after the first pass.
pub(super) fn locate(hashed: &Hashed<'_>) -> Located {
    // Of two that contradict each other it is the one that the records lead to.
    let leads = |point: &Point| hashed.root_at(point.size) == Some(point.root);
    let head = hashed.points.iter().max_by_key(|point| (point.trusted, point.size, leads(point)));
    let Some(head) = head else {
        let mut located = if hashed.agree { by_own_numbers(hashed) } else { by_both(hashed, None) };
        located.wrong.insert(0, Wrong::NoCheckpoint);
        return located;
    };
    let mut located = against(hashed, head);
    if located.wrong.is_empty() {
        located.wrong.extend(hashed.evidence.places.outside(hashed.tree.size()).map(Wrong::SegmentOutside));
    }
    if located.wrong.is_empty() {
        let others = hashed.points.iter().filter(|point| point.trusted);
        let forked = others.filter(|point| hashed.root_at(point.size).is_some_and(|root| root != point.root));
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
    let stated = head.trusted.then_some((head, expected));
    if !hashed.agree {
        return by_both(hashed, stated);
    }
    let Some(stated) = stated else {
        let mut located = by_own_numbers(hashed);
        located.wrong.insert(0, Wrong::RootDoubtful);
        return located;
    };
    by_numbers(hashed, stated)
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
    (located.vouched, located.by_list) = (sound, sound);
    located
}

/// Records and hashes neither agree nor lead to what was signed. Where the list does not tell of anything that was dropped or
/// moved, the numbers of the records do.
fn by_both(hashed: &Hashed<'_>, stated: Option<(&Point, usize)>) -> Located {
    let mut located = by_list(hashed, hashed.evidence.leaves.len(), false);
    let respelt = located.wrong.iter().any(|wrong| matches!(wrong, Wrong::NotCanonical(_)));
    if std::mem::take(&mut located.in_place) && !respelt {
        let (numbers, length) = numbers(hashed, stated.map(|(_, expected)| expected), &located.altered);
        let stated = stated.map(|(head, expected)| (expected, head.size));
        let changes = align(&numbers, length).into_iter().map(|change| match change {
            Change::Altered(index) => Wrong::Disagree(hashed.evidence.places.of(index)),
            change => said(change, hashed, length, stated),
        });
        located.wrong = changes.collect();
        located.found = numbers;
    }
    located
}

/// What each record says of its own place, of so many that there ought to be; without that it is as many as they say. Those
/// that are `altered` claim it only.
fn numbers(hashed: &Hashed<'_>, expected: Option<usize>, altered: &BTreeSet<usize>) -> (Vec<Known>, usize) {
    // Whoever states a size that nobody has is not believed it.
    let most = hashed.hashes.len().saturating_mul(2).saturating_add(1 << 20);
    let places: Vec<Option<usize>> = (0..hashed.hashes.len())
        .map(|index| {
            let record = AuditRecord::parse(hashed.evidence.record(index)).ok()?;
            hashed.evidence.places.index(record.seq).filter(|place| *place < most)
        })
        .collect();
    let own = || places.iter().enumerate().filter(|(index, _)| !altered.contains(index));
    let last = own().filter_map(|(_, place)| *place).max();
    let length = expected.unwrap_or_else(|| last.map_or(places.len(), |last| last + 1)).min(most);
    let known = places.iter().enumerate().map(|(index, place)| match place {
        Some(place) if *place >= length => Known::Nothing,
        Some(place) if altered.contains(&index) => Known::Claims(*place),
        Some(place) => Known::Is(*place),
        None => Known::Nothing,
    });
    (known.collect(), length)
}

/// Records and hashes agree with each other, and nothing that can be trusted says what was signed.
fn by_own_numbers(hashed: &Hashed<'_>) -> Located {
    let (numbers, length) = numbers(hashed, None, &BTreeSet::new());
    let changes = align(&numbers, length).into_iter();
    let wrong = changes.map(|change| said(change, hashed, length, None)).collect();
    Located { found: numbers, ..Located::new(wrong, false) }
}

/// Records and hashes agree with each other: then only the numbers of the records tell. `head` is what was signed, with
/// the number of records that have to be there.
fn by_numbers(hashed: &Hashed<'_>, (head, expected): (&Point, usize)) -> Located {
    let places = &hashed.evidence.places;
    let (numbers, length) = numbers(hashed, Some(expected), &BTreeSet::new());
    let changes = align(&numbers, length);
    let mut located = Located::new(Vec::new(), false);
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
    located.vouched = explained;
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
