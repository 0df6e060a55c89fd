//! Putting things in order, stably.
//!
//! The standard library compiles its sort anew for each type that is sorted, some 5 kB of WebAssembly a type. Here the
//! places are sorted, by one sort that all types share, and the things then go to their places.

use std::cmp::Ordering;

/// Puts a list in the order of a key, which is asked for at each comparison. What has equal keys stays as it was.
pub(crate) fn by<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    let compare = |one: usize, other: usize| list.get(one).map(&key).cmp(&list.get(other).map(&key));
    let mut places = in_order(list.len(), &compare);
    for start in 0..list.len() {
        let mut at = start;
        // What belongs here comes here, and what was here is carried on, until it is where it belongs.
        while let Some(place) = places.get_mut(at) {
            let from = std::mem::replace(place, at);
            if from == start {
                break;
            }
            list.swap(at, from);
            at = from;
        }
    }
}

/// The places from 0 on, in the order that is asked for.
fn in_order(length: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..length).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_order_is_what_a_stable_sort_makes_of_it() {
        for length in [0usize, 1, 2, 3, 10, 100] {
            for step in [1usize, 3, 7, 37, 61] {
                let mut ours: Vec<(usize, String)> =
                    (0..length).map(|n| (n * step % 10, format!("at {n}"))).collect();
                let mut expected = ours.clone();
                expected.sort_by_key(|(key, _)| *key);
                by(&mut ours, |(key, _)| *key);
                assert_eq!(ours, expected, "{length} by {step}");
            }
        }
    }
}
