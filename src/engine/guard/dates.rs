//! Dates as people write them: in any order, padded or not, the year in two digits or four, the month in words.

use super::fold::words;
use std::collections::BTreeSet;

/// A date; of two digits of a year, those. In month 0, the day is one of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date {
    /// Year, or its last two digits.
    pub(super) year: u32,
    /// Month, from 1.
    pub(super) month: u32,
    /// Day of the month, from 1.
    pub(super) day: u32,
}

/// How months begin in the languages of the west, each as it is spelled plainly; and their Roman numbers.
const MONTHS: [&str; 12] = [
    "jan ene gen =i",
    "feb fev =ii",
    "mar =iii",
    "apr abr avr =iv",
    "may mai mag =v",
    "jun juin giu =vi",
    "jul juil lug =vii",
    "aug ago aou =viii",
    "sep set =ix",
    "oct okt ott out =x",
    "nov =xi",
    "dec dic dez =xii",
];

/// Words between the parts of a date that say nothing of it.
const BETWEEN: [&str; 7] = ["st", "nd", "rd", "th", "of", "the", "de"];

/// Years that a date of somebody's life or care may lie in.
const YEARS: std::ops::Range<u32> = 1800..2200;

impl Date {
    /// What the date may be read as: with the whole year, with two digits of it, by the day of the year.
    pub(super) fn forms(self) -> impl Iterator<Item = Self> {
        let of_year = Self { month: 0, day: self.day_of_year(), ..self };
        [self, of_year].into_iter().flat_map(|date| [date, Self { year: date.year % 100, ..date }])
    }

    /// The day of the year, from 1.
    pub(super) fn day_of_year(self) -> u32 {
        let leap =
            self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let before = (1..self.month).map(|month| match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        });
        before.sum::<u32>() + self.day
    }
}

/// A part of a date.
#[derive(Clone, Copy)]
enum Part {
    /// A number, and in how many digits.
    Number(u32, usize),
    /// A month by its name.
    Month(u32),
    /// Nothing of a date.
    Other,
}

/// Adds the dates that words may be read as.
pub(super) fn find(words: &[&str], dates: &mut BTreeSet<Date>) {
    let parts = parts(words);
    for at in 0..parts.len() {
        if let [first, second, third, ..] = parts.get(at..).unwrap_or(&[]) {
            triple([*first, *second, *third], dates);
        }
        match parts.get(at..).unwrap_or(&[]) {
            [Part::Number(first, 4), Part::Number(second, 4), ..] => run(first * 10_000 + second, 8, dates),
            [Part::Number(year, 4), Part::Number(day, 3), ..] => ordinal(*year, *day, dates),
            _ => {}
        }
        if let Some(Part::Number(number, digits)) = parts.get(at) {
            run(*number, *digits, dates);
        }
    }
}

/// Whether a spelled text has a whole date in three parts, its year in four digits.
pub(super) fn has_whole(spelled: &str) -> bool {
    let parts = parts(&words(spelled));
    let mut dates = BTreeSet::new();
    parts.windows(3).any(|own| {
        dates.clear();
        if let [first, second, third] = own {
            triple([*first, *second, *third], &mut dates);
        }
        dates.iter().any(|date| YEARS.contains(&date.year))
    })
}

fn parts(words: &[&str]) -> Vec<Part> {
    let mut parts = Vec::new();
    for word in words.iter().filter(|word| !BETWEEN.contains(word)) {
        parts.push(match word.parse() {
            Ok(number) if word.len() <= 8 => Part::Number(number, word.len()),
            _ => month(word).map_or(Part::Other, Part::Month),
        });
    }
    parts
}

fn month(word: &str) -> Option<u32> {
    let is_of = |begin: &str| match begin.strip_prefix('=') {
        Some(whole) => word == whole,
        None => word.len() <= "september".len() && word.starts_with(begin),
    };
    let place = MONTHS.iter().position(|begins| begins.split(' ').any(is_of))?;
    u32::try_from(place + 1).ok()
}

/// The dates that three parts are, in whatever order.
fn triple(parts: [Part; 3], dates: &mut BTreeSet<Date>) {
    match parts {
        [Part::Month(month), Part::Number(a, x), Part::Number(b, y)]
        | [Part::Number(a, x), Part::Month(month), Part::Number(b, y)]
        | [Part::Number(a, x), Part::Number(b, y), Part::Month(month)] => {
            add((a, x), (month, 2), (b, y), dates);
            add((b, y), (month, 2), (a, x), dates);
        }
        [Part::Number(a, x), Part::Number(b, y), Part::Number(c, z)] => {
            for (year, month, day) in [
                ((a, x), (b, y), (c, z)),
                ((a, x), (c, z), (b, y)),
                ((c, z), (b, y), (a, x)),
                ((c, z), (a, x), (b, y)),
            ] {
                add(year, month, day, dates);
            }
        }
        _ => {}
    }
}

/// The dates that one run of digits is.
fn run(number: u32, digits: usize, dates: &mut BTreeSet<Date>) {
    let (high, middle, low) = (number / 10_000, number / 100 % 100, number % 100);
    match digits {
        8 => {
            add((high, 4), (middle, 2), (low, 2), dates);
            let (first, second, year) = (number / 1_000_000, high % 100, number % 10_000);
            triple([Part::Number(first, 2), Part::Number(second, 2), Part::Number(year, 4)], dates);
        }
        7 => ordinal(number / 1000, number % 1000, dates),
        6 => triple([Part::Number(high, 2), Part::Number(middle, 2), Part::Number(low, 2)], dates),
        _ => {}
    }
}

/// Adds a day of a year (ISO 8601-1, section 5.2.3).
fn ordinal(year: u32, day: u32, dates: &mut BTreeSet<Date>) {
    if (1..=366).contains(&day) {
        dates.insert(Date { year, month: 0, day });
    }
}

/// Adds a date of numbers and their digits where it can be one.
fn add(year: (u32, usize), month: (u32, usize), day: (u32, usize), dates: &mut BTreeSet<Date>) {
    let fits = matches!(year.1, 2 | 4) && month.1 <= 2 && day.1 <= 2;
    if fits && (1..=12).contains(&month.0) && (1..=31).contains(&day.0) {
        dates.insert(Date { year: year.0, month: month.0, day: day.0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_the_year_is_counted() {
        for (year, month, day, expected) in
            [(1971, 3, 12, 71), (1972, 3, 12, 72), (2000, 12, 31, 366), (1900, 12, 31, 365)]
        {
            assert_eq!(Date { year, month, day }.day_of_year(), expected);
        }
    }

    #[test]
    fn a_whole_date_has_three_parts_and_a_year_in_four_digits() {
        for text in ["2026-01-14", "on 14.1.2026", "january 14th, 2026", "14 jan 2026, 16:20"] {
            assert!(has_whole(text), "{text}");
        }
        for text in
            ["2026-01", "january 2026", "10/20/30 mg", "500 mg 2 x 3", "covid-19 2026-27", "hba1c 4548-4", ""]
        {
            assert!(!has_whole(text), "{text}");
        }
    }
}
