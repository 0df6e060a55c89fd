//! Where records stand, and where they ought to: what was altered, dropped, doubled, put in or moved.
//!
//! In time O(n log n) over n records, and exact wherever one kind of thing was done to a place.

use crate::order;

/// What was done to records. Places count the records that ought to be there, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// This one says something else.
    Altered(usize),
    /// From the first on so many are absent.
    Dropped(usize, usize),
    /// These two stand in each other's place.
    Swapped(usize, usize),
    /// From the first on so many stand after this one (or before all).
    Moved(usize, usize, Option<usize>),
    /// This one is there again, after this one (or before all).
    Doubled(usize, Option<usize>),
    /// After this one (or before all) there are so many that do not belong there.
    Inserted(Option<usize>, usize),
}

/// What is known of a record where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is the one that belongs to this place.
    Is(usize),
    /// It is none of those that belong anywhere, and says of itself that it belongs here.
    Claims(usize),
    /// Nothing.
    Nothing,
}

/// Compares records as they stand with the `length` places that there are.
pub(super) fn align(found: &[Known], length: usize) -> Vec<Change> {
    let owners = owners(found, length);
    let standing: Vec<(usize, usize)> = (found.iter().enumerate())
        .filter_map(|(at, known)| match known {
            Known::Is(place) if owners.get(*place) == Some(&Some(at)) => Some((at, *place)),
            _ => None,
        })
        .collect();
    let places: Vec<usize> =
        (owners.iter().enumerate()).filter_map(|(place, owner)| owner.and(Some(place))).collect();
    let mut changes = gaps(found, &standing, &places, length);
    changes.extend(moved(&standing, &places));
    changes
}

/// For each place the record that holds it. Of several that belong there it is the one whose neighbours do too.
pub(super) fn owners(found: &[Known], length: usize) -> Vec<Option<usize>> {
    let mut owners = vec![None; length];
    let mut fits = vec![false; length];
    for (at, known) in found.iter().enumerate() {
        let Known::Is(place) = known else { continue };
        let beside = |at: Option<usize>, place: Option<usize>| {
            place.is_some_and(|place| at.and_then(|at| found.get(at)) == Some(&Known::Is(place)))
        };
        let fit = beside(at.checked_sub(1), place.checked_sub(1))
            || beside(at.checked_add(1), place.checked_add(1));
        if let (Some(owner), Some(fits)) = (owners.get_mut(*place), fits.get_mut(*place))
            && (owner.is_none() || (fit && !*fits))
        {
            (*owner, *fits) = (Some(at), fit);
        }
    }
    owners
}

/// What is absent, and what does not belong: between each two records that do, in order.
fn gaps(found: &[Known], standing: &[(usize, usize)], places: &[usize], length: usize) -> Vec<Change> {
    let mut changes = Vec::new();
    let (mut at, mut low) = (0, 0);
    let ends = standing.iter().map(|(at, _)| *at).zip(places.iter().copied());
    for (end, high) in ends.chain([(found.len(), length)]) {
        let strangers = found.get(at..end).unwrap_or_default();
        gap(strangers, low, high, at.checked_sub(1).and(low.checked_sub(1)), &mut changes);
        (at, low) = (end + 1, high + 1);
    }
    changes
}

/// One gap: `strangers` stand where the records from `low` up to `high` ought to, after the record `before`.
fn gap(strangers: &[Known], low: usize, high: usize, before: Option<usize>, changes: &mut Vec<Change>) {
    if strangers.is_empty() {
        if low < high {
            changes.push(Change::Dropped(low, high - low));
        }
        return;
    }
    let unknown = strangers.iter().filter(|known| !matches!(known, Known::Is(_))).count();
    // As many as there ought to be: each is what the one in its place has become.
    let each = unknown == high - low;
    let (mut next, mut after, mut inserted) = (low, before, 0);
    let settle = |after: Option<usize>, inserted: &mut usize, changes: &mut Vec<Change>| {
        if *inserted > 0 {
            changes.push(Change::Inserted(after, std::mem::take(inserted)));
        }
    };
    for known in strangers {
        let place = match *known {
            Known::Is(place) => {
                settle(after, &mut inserted, changes);
                changes.push(Change::Doubled(place, after));
                continue;
            }
            Known::Claims(place) if !each => (next..high).contains(&place).then_some(place),
            Known::Claims(_) | Known::Nothing => (next < high).then_some(next),
        };
        match place {
            None => inserted += 1,
            Some(place) => {
                settle(after, &mut inserted, changes);
                if next < place {
                    changes.push(Change::Dropped(next, place - next));
                }
                changes.push(Change::Altered(place));
                (next, after) = (place + 1, Some(place));
            }
        }
    }
    settle(after, &mut inserted, changes);
    if next < high {
        changes.push(Change::Dropped(next, high - next));
    }
}

/// Which of those that stand are not in order: two that have changed places, and then as few others as possible.
fn moved(standing: &[(usize, usize)], places: &[usize]) -> Vec<Change> {
    let rank = |place: usize| places.binary_search(&place).unwrap_or(0);
    let mut ranks: Vec<usize> = standing.iter().map(|(_, place)| rank(*place)).collect();
    let mut changes = Vec::new();
    for at in 0..ranks.len() {
        let Some(other) = ranks.get(at).copied().filter(|other| *other > at) else { continue };
        if ranks.get(other) == Some(&at)
            && let (Some(one), Some(two)) = (places.get(at), places.get(other))
        {
            changes.push(Change::Swapped(*one, *two));
            ranks.swap(at, other);
        }
    }
    if ranks.iter().enumerate().all(|(at, rank)| at == *rank) {
        return changes;
    }
    let kept = longest_rising(&ranks);
    let mut before = None;
    let mut run: Option<(usize, usize, Option<usize>)> = None;
    for (rank, kept) in ranks.iter().zip(kept) {
        let place = places.get(*rank).copied().unwrap_or_default();
        match &mut run {
            Some((first, count, _)) if !kept && *first + *count == place => *count += 1,
            _ => {
                changes.extend(run.take().map(|(first, count, after)| Change::Moved(first, count, after)));
                if !kept {
                    run = Some((place, 1, before));
                }
            }
        }
        before = Some(place);
    }
    changes.extend(run.map(|(first, count, after)| Change::Moved(first, count, after)));
    changes
}

/// Which numbers of a list are in its longest rising part.
fn longest_rising(list: &[usize]) -> Vec<bool> {
    // The ends of the best rising parts by their length, and what comes before each number in its best one.
    let mut ends: Vec<usize> = Vec::new();
    let mut earlier: Vec<Option<usize>> = Vec::with_capacity(list.len());
    let value = |at: &usize| list.get(*at).copied().unwrap_or_default();
    for (at, number) in list.iter().enumerate() {
        let length = ends.partition_point(|end| value(end) < *number);
        earlier.push(length.checked_sub(1).and_then(|last| ends.get(last)).copied());
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut kept = vec![false; list.len()];
    let mut at = ends.last().copied();
    while let Some(here) = at {
        if let Some(kept) = kept.get_mut(here) {
            *kept = true;
        }
        at = earlier.get(here).copied().flatten();
    }
    kept
}

/// Where each thing of a list is in another one, by what it is: O(n log n).
pub(super) fn whereabouts<T: Ord + Copy>(list: &[T]) -> impl Fn(&T) -> Option<usize> {
    let mut sorted: Vec<(T, usize)> = list.iter().copied().zip(0..).collect();
    order::by(&mut sorted, |(item, _)| *item);
    move |item| {
        let at = sorted.partition_point(|(known, _)| known < item);
        sorted.get(at).filter(|(known, _)| known == item).map(|(_, place)| *place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records by their places; 100 and more are strangers, 200 and more claim a place.
    fn aligned(found: &[usize], length: usize) -> Vec<Change> {
        let known = found.iter().map(|number| match number {
            0..100 => Known::Is(*number),
            100..200 => Known::Nothing,
            _ => Known::Claims(*number - 200),
        });
        align(&known.collect::<Vec<_>>(), length)
    }

    #[test]
    fn what_was_done_once_is_said_exactly() {
        use Change::*;
        assert_eq!(aligned(&[0, 1, 2, 3], 4), []);
        assert_eq!(aligned(&[], 0), []);
        assert_eq!(aligned(&[], 3), [Dropped(0, 3)]);
        assert_eq!(aligned(&[0, 100, 2, 3], 4), [Altered(1)]);
        assert_eq!(aligned(&[0, 203, 2, 3], 4), [Altered(1)], "its number was altered as well");
        assert_eq!(aligned(&[100, 101, 2, 3], 4), [Altered(0), Altered(1)]);
        assert_eq!(aligned(&[0, 3], 4), [Dropped(1, 2)]);
        assert_eq!(aligned(&[2, 3], 4), [Dropped(0, 2)]);
        assert_eq!(aligned(&[0, 1], 4), [Dropped(2, 2)]);
        assert_eq!(aligned(&[0, 2, 1, 3], 4), [Swapped(1, 2)]);
        assert_eq!(aligned(&[3, 1, 2, 0], 4), [Swapped(0, 3)]);
        assert_eq!(aligned(&[0, 2, 3, 4, 1, 5], 6), [Moved(1, 1, Some(4))]);
        assert_eq!(aligned(&[4, 5, 0, 1, 2, 3], 6), [Moved(4, 2, None)]);
        assert_eq!(aligned(&[0, 1, 1, 2], 3), [Doubled(1, Some(1))]);
        assert_eq!(aligned(&[2, 0, 1, 2], 3), [Doubled(2, None)]);
        assert_eq!(aligned(&[0, 1, 2, 0], 3), [Doubled(0, Some(2))]);
        assert_eq!(aligned(&[0, 100, 1, 2], 3), [Inserted(Some(0), 1)]);
        assert_eq!(aligned(&[100, 101, 0, 1], 2), [Inserted(None, 2)]);
        assert_eq!(aligned(&[0, 1, 201], 2), [Inserted(Some(1), 1)]);
    }

    #[test]
    fn several_things_at_once_are_told_apart() {
        use Change::*;
        assert_eq!(aligned(&[0, 203, 4, 6, 5], 7), [Dropped(1, 2), Altered(3), Swapped(5, 6)]);
        assert_eq!(aligned(&[0, 2, 1, 100], 4), [Altered(3), Swapped(1, 2)]);
        assert_eq!(
            aligned(&[0, 2, 201, 3, 3], 4),
            [Dropped(1, 1), Inserted(Some(2), 1), Doubled(3, Some(3))]
        );
        assert_eq!(aligned(&[0, 100, 0, 1], 2), [Doubled(0, None), Inserted(None, 1)]);
    }

    #[test]
    fn a_long_list_turned_round_takes_no_longer_than_sorting_it() {
        let found: Vec<Known> = (0..200_000).rev().map(Known::Is).collect();
        assert_eq!(align(&found, found.len()).len(), 100_000);
        let turned: Vec<Known> = (0..200_000).map(|n| Known::Is((n * 7919) % 200_000)).collect();
        assert!(!align(&turned, turned.len()).is_empty());
    }

    #[test]
    fn a_thing_is_found_where_it_is_first() {
        let find = whereabouts(&[5, 3, 9, 3]);
        assert_eq!([3, 5, 9, 4].map(|item| find(&item)), [Some(1), Some(0), Some(2), None]);
    }
}
