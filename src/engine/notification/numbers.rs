//! A set of event numbers, kept as ranges.

use std::collections::BTreeMap;

/// Ranges that are kept.
const MOST: usize = 1000;

/// Event numbers. Ranges, first number to last, that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers(BTreeMap<u64, u64>);

impl Numbers {
    /// Whether a number is in it.
    pub fn contains(&self, number: u64) -> bool {
        self.range_of(number).is_some()
    }

    /// Adds the numbers from the first to the last, both included; none where the first is the higher one. With too
    /// many ranges, the lowest gap between two counts as filled: its numbers are the oldest, and the least likely to
    /// come.
    pub fn insert(&mut self, mut first: u64, mut last: u64) {
        if first > last {
            return;
        }
        let touching = |ranges: &BTreeMap<u64, u64>, first: u64, last: u64| {
            let below = ranges.range(..=last.saturating_add(1)).next_back();
            below.map(|(from, to)| (*from, *to)).filter(|(_, to)| *to >= first.saturating_sub(1))
        };
        while let Some((from, to)) = touching(&self.0, first, last) {
            self.0.remove(&from);
            (first, last) = (first.min(from), last.max(to));
        }
        self.0.insert(first, last);
        while self.0.len() > MOST {
            let (Some((from, _)), Some((_, to))) = (self.0.pop_first(), self.0.pop_first()) else { return };
            self.0.insert(from, to);
        }
    }

    /// Takes a number out.
    pub fn remove(&mut self, number: u64) {
        let Some((from, to)) = self.range_of(number) else { return };
        self.0.remove(&from);
        if from < number {
            self.0.insert(from, number.saturating_sub(1));
        }
        if number < to {
            self.0.insert(number.saturating_add(1), to);
        }
    }

    /// The ranges, lowest first.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().map(|(from, to)| (*from, *to))
    }

    fn range_of(&self, number: u64) -> Option<(u64, u64)> {
        let below = self.0.range(..=number).next_back().map(|(from, to)| (*from, *to));
        below.filter(|(_, to)| number <= *to)
    }
}

impl FromIterator<(u64, u64)> for Numbers {
    fn from_iter<T: IntoIterator<Item = (u64, u64)>>(ranges: T) -> Self {
        let mut numbers = Self::default();
        ranges.into_iter().for_each(|(first, last)| numbers.insert(first, last));
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_and_split() {
        let mut numbers: Numbers = [(5, 7), (1, 2), (9, 8), (u64::MAX, u64::MAX)].into_iter().collect();
        assert!(numbers.contains(6) && !numbers.contains(3) && !numbers.contains(9));
        numbers.insert(3, 4);
        assert_eq!(numbers.ranges().collect::<Vec<_>>(), [(1, 7), (u64::MAX, u64::MAX)]);
        numbers.remove(4);
        numbers.remove(1);
        numbers.remove(100);
        numbers.insert(0, 0);
        let expected = [(0, 0), (2, 3), (5, 7), (u64::MAX, u64::MAX)];
        assert_eq!(numbers.ranges().collect::<Vec<_>>(), expected);
        numbers.insert(0, u64::MAX);
        assert_eq!(numbers.ranges().collect::<Vec<_>>(), [(0, u64::MAX)]);
    }

    #[test]
    fn the_lowest_gaps_are_given_up_first() {
        let numbers: Numbers = (0..2000).map(|n| (2 * n, 2 * n)).collect();
        assert_eq!(numbers.ranges().count(), MOST);
        assert!(numbers.contains(1) && numbers.contains(3998) && !numbers.contains(3997));
    }
}
