//! The numbers of deliveries: one after the other, none left out.

use std::collections::BTreeMap;

/// The correlation id of a delivery.
pub fn name(number: u64) -> String {
    format!("run-{number:06}")
}

/// The number of a delivery by its correlation id; none where it is something else.
pub fn number(correlation: &str) -> Option<u64> {
    let digits = correlation.strip_prefix("run-")?;
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (name(number) == correlation).then_some(number)
}

/// Numbers that were left out, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The first of them.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// The first record of the one before; none where there is none.
    pub after: Option<u64>,
    /// The record that shows it; none where that is the connector's own count.
    pub before: Option<u64>,
}

/// Which numbers were seen.
#[derive(Clone, Debug)]
pub struct Numbers {
    whole: bool,
    /// The first that was seen, and the one after the highest.
    seen: Option<(u64, u64)>,
    /// The first record of the highest.
    highest: Option<u64>,
    /// By the first of them.
    left_out: BTreeMap<u64, LeftOut>,
}

impl Numbers {
    /// `whole` says that the first is 1.
    pub fn new(whole: bool) -> Self {
        Self { whole, seen: None, highest: None, left_out: BTreeMap::new() }
    }

    /// Takes the number that a record is of, and whether it is the first of that delivery. Where the beginning is not
    /// here, that is what counting begins with: whatever has a lower number came before.
    pub fn saw(&mut self, number: u64, record: u64, starts: bool) {
        if !self.whole && !starts && self.seen.is_none() {
            return;
        }
        let first = if self.whole { 1 } else { number };
        let (base, next) = *self.seen.get_or_insert((first, first));
        let above = number.saturating_add(1);
        if number < base {
            return;
        }
        if number >= next {
            if number > next {
                let (after, before) = (self.highest, Some(record));
                self.left_out.insert(next, LeftOut { first: next, count: number - next, after, before });
            }
            self.seen = Some((base, above));
            self.highest = Some(record);
            return;
        }
        // It comes late: what was left out is less by one, and perhaps in two pieces.
        let Some((_, range)) = self.left_out.range(..=number).next_back() else { return };
        let range = *range;
        let end = range.first.saturating_add(range.count);
        if number >= end {
            return;
        }
        self.left_out.remove(&range.first);
        for (first, end) in [(range.first, number), (above, end)] {
            if first < end {
                self.left_out.insert(first, LeftOut { first, count: end - first, ..range });
            }
        }
    }

    /// Whether a delivery of this number came before the first record, so that its beginning is not here.
    pub fn is_before(&self, number: Option<u64>) -> bool {
        let before = |number| self.seen.is_none_or(|(base, _)| number < base);
        !self.whole && number.is_none_or(before)
    }

    /// Those that were left out, where so many were `received`.
    pub fn missing(mut self, received: u64) -> impl Iterator<Item = LeftOut> {
        let next = self.seen.map(|(_, next)| next).or(self.whole.then_some(1));
        if let Some(next) = next.filter(|next| *next <= received) {
            let count = (received - next).saturating_add(1);
            self.left_out.insert(next, LeftOut { first: next, count, after: self.highest, before: None });
        }
        self.left_out.into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(whole: bool, numbers: &[u64]) -> Vec<(u64, u64)> {
        let mut all = Numbers::new(whole);
        for number in numbers {
            all.saw(*number, *number, true);
        }
        all.missing(0).map(|range| (range.first, range.count)).collect()
    }

    #[test]
    fn what_is_left_out_is_told_and_what_comes_late_is_not() {
        assert_eq!(left_out(true, &[1, 2, 2, 3]), []);
        assert_eq!(left_out(true, &[2, 5]), [(1, 1), (3, 2)]);
        assert_eq!(left_out(false, &[7, 8, 12, 10, 3]), [(9, 1), (11, 1)]);
        assert_eq!(left_out(false, &[u64::MAX, 1]), []);
        assert_eq!(left_out(true, &[u64::MAX]), [(1, u64::MAX - 1)]);
    }

    #[test]
    fn the_connectors_own_count_tells_of_the_last_ones() {
        let mut all = Numbers::new(true);
        all.saw(1, 6, true);
        assert_eq!(all.clone().missing(1).count(), 0);
        let left_out = LeftOut { first: 2, count: 3, after: Some(6), before: None };
        assert_eq!(all.missing(4).collect::<Vec<_>>(), [left_out]);
    }

    #[test]
    fn without_the_beginning_counting_begins_with_the_first_that_starts() {
        let mut all = Numbers::new(false);
        all.saw(9, 0, false);
        assert!(all.is_before(Some(9)) && all.is_before(Some(99)));
        all.saw(7, 1, true);
        all.saw(3, 2, false);
        all.saw(9, 3, true);
        assert!(all.is_before(Some(6)) && !all.is_before(Some(7)) && !all.is_before(Some(8)));
        assert_eq!(all.missing(9).map(|range| (range.first, range.count)).collect::<Vec<_>>(), [(8, 1)]);
    }

    #[test]
    fn only_the_connectors_own_spelling_is_a_number() {
        assert_eq!(number(&name(7)), Some(7));
        assert_eq!(number("run-1000000"), Some(1_000_000));
        for other in ["run-7", "run-", "run-+00007", "run-0000007", "run-99999999999999999999", "queue"] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
