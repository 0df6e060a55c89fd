//! Comparing what FHIR writes as text: decimals by their digits, dates by what both sides say.

use crate::engine::time::PartialDate;
use std::cmp::Ordering;
use time::{Date, Month};

/// A decimal as it is written. No binary float: 1.10 and 1.1000000000000000001 differ.
#[derive(Debug)]
pub struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// Reads a JSON number (RFC 8259, section 6); an exponent beyond 32 bits is none that can be compared.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let exponent: i32 = exponent.parse().ok()?;
        (!whole.is_empty() && digits(whole) && digits(fraction)).then_some(Self {
            negative,
            whole,
            fraction,
            exponent: exponent.into(),
        })
    }

    fn digits(&self) -> impl Iterator<Item = u8> + Clone {
        self.whole.bytes().chain(self.fraction.bytes())
    }

    /// Whether it is zero, of any sign.
    pub fn is_zero(&self) -> bool {
        self.digits().all(|digit| digit == b'0')
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative && !self.is_zero()
    }

    /// Where the first digit that is not zero stands: 1 for units, 2 for tens, 0 for tenths.
    fn magnitude(&self) -> i64 {
        let zeros = self.digits().take_while(|digit| *digit == b'0').count();
        self.whole.len() as i64 - zeros as i64 + self.exponent
    }

    /// Which is greater.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return if other.negative { Ordering::Greater } else { Ordering::Less },
            (false, true) => return if self.negative { Ordering::Less } else { Ordering::Greater },
            (false, false) => {}
        }
        if self.negative != other.negative {
            return if self.negative { Ordering::Less } else { Ordering::Greater };
        }
        let significant = |own: &Self| {
            let mut digits: Vec<u8> = own.digits().skip_while(|digit| *digit == b'0').collect();
            while digits.last() == Some(&b'0') {
                digits.pop();
            }
            digits
        };
        let size = self.magnitude().cmp(&other.magnitude());
        let order = size.then_with(|| significant(self).cmp(&significant(other)));
        if self.negative { order.reverse() } else { order }
    }
}

/// Whether one FHIR date or dateTime is not after another. As in FHIRPath, two that agree as far as both go, and
/// one of which goes further, can't be compared; such a pair does not pass.
pub fn not_after(first: &str, second: &str) -> bool {
    match (Moment::parse(first), Moment::parse(second)) {
        (Some(first), Some(second)) => first.not_after(&second),
        // What has no date's form is another issue's.
        _ => true,
    }
}

/// The parts of a dateTime, from the year on: year, month, day, seconds of the day; and the fraction's digits.
struct Moment<'a> {
    parts: [i64; 4],
    known: usize,
    fraction: &'a str,
    /// Year, month and day as written, before any offset.
    day: [i64; 3],
}

impl<'a> Moment<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let number =
            |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<i64>().ok());
        let date = PartialDate::parse(text)?;
        let day = [date.year, date.month.unwrap_or(0).into(), date.day.unwrap_or(0).into()].map(i64::from);
        let known = 1 + usize::from(date.month.is_some()) + usize::from(date.day.is_some());
        let mut moment = Self { parts: [day[0], day[1], day[2], 0], known, fraction: "", day };
        if text.len() > 10 {
            let seconds = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
            let rest = text.get(19..)?;
            let zone = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
            let (fraction, offset) = rest.split_at(zone);
            moment.fraction = fraction.trim_start_matches('.').trim_end_matches('0');
            let minutes = match offset.split_at_checked(1) {
                Some((sign @ ("+" | "-"), hhmm)) => {
                    let (hours, minutes) = hhmm.split_once(':')?;
                    let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
                    if sign == "-" { -minutes } else { minutes }
                }
                _ => 0,
            };
            // To UTC, as a Julian day, so that a change of day, month or year comes out right.
            let month = Month::try_from(date.month?).ok()?;
            let julian = Date::from_calendar_date(date.year, month, date.day?).ok()?.to_julian_day();
            let total = i64::from(julian) * 86_400 + seconds - minutes * 60;
            moment.parts = [0, 0, total.div_euclid(86_400), total.rem_euclid(86_400)];
            moment.known = 4;
        }
        Some(moment)
    }

    fn not_after(&self, other: &Self) -> bool {
        match (self.known, other.known) {
            (4, 4) => match self.parts.cmp(&other.parts) {
                Ordering::Less => true,
                Ordering::Equal => self.fraction <= other.fraction,
                Ordering::Greater => false,
            },
            (4, _) => other.as_far(self, false),
            (_, 4) => self.as_far(other, true),
            (a, b) => {
                let shared = a.min(b);
                match self.parts.get(..shared).cmp(&other.parts.get(..shared)) {
                    Ordering::Less => true,
                    Ordering::Equal => a == b,
                    Ordering::Greater => false,
                }
            }
        }
    }

    /// Compares a date with a moment, by the day that the moment falls on where it was written; `first` says whether the
    /// date comes first.
    fn as_far(&self, moment: &Self, first: bool) -> bool {
        match self.parts.get(..self.known).cmp(&moment.day.get(..self.known)) {
            Ordering::Less => first,
            Ordering::Equal => false,
            Ordering::Greater => !first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_compare_by_their_digits() {
        let order = |a: &str, b: &str| Decimal::parse(a).unwrap().compare(&Decimal::parse(b).unwrap());
        assert_eq!(order("1.0", "1.00"), Ordering::Equal);
        assert_eq!(order("1.00065022141624642", "1.00065022141624643"), Ordering::Less);
        assert_eq!(order("8E+1", "80"), Ordering::Equal);
        assert_eq!(order("-2", "-10"), Ordering::Greater);
        assert_eq!(order("-1", "0.5"), Ordering::Less);
        assert_eq!(order("0.01", "0.1"), Ordering::Less);
        assert_eq!(order("0", "-0.0"), Ordering::Equal);
        assert_eq!(order("0", "-1"), Ordering::Greater);
        assert!(Decimal::parse("1e99999999999").is_none());
    }

    #[test]
    fn dates_compare_as_far_as_both_go() {
        let yes = [
            ("2015", "2016-01"),
            ("2015-02-07", "2015-02-07"),
            ("2015-02-07T13:28:17-05:00", "2015-02-07T18:28:17.5Z"),
            ("2015-12-31T23:00:00-05:00", "2016-01-01T04:00:00Z"),
            ("2012-12-31", "2013-01-01T06:20:00Z"),
            ("2023-06-20", "2023-06-21T01:00:00+05:00"),
        ];
        let no = [
            ("2016", "2015"),
            ("2015", "2015-01"),
            ("2023-06-21", "2023-06-21T06:20:00Z"),
            ("2015-02-07T13:28:18Z", "2015-02-07T13:28:17Z"),
            ("2023-06-21T06:20:00Z", "2023-06-20"),
        ];
        for (first, second) in yes {
            assert!(not_after(first, second), "{first} {second}");
        }
        for (first, second) in no {
            assert!(!not_after(first, second), "{first} {second}");
        }
        assert!(not_after("", "x") && not_after("2015-02-07T", "2016"));
    }
}
