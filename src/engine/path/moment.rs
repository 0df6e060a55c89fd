//! Dates and times of any precision (FHIRPath N1, sections 4.1.5 to 4.1.7), and what can be said of two of them.

use std::cmp::Ordering;
use time::{Date, Month};

/// What a moment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MomentKind {
    /// A calendar date or a part of one.
    Date,
    /// A date with a time, either of them perhaps in part.
    DateTime,
    /// A time of day.
    Time,
}

/// A date, a date and time, or a time of day, as precise as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// What it is.
    pub kind: MomentKind,
    /// Year, month, day, hour, minute, second: as many as were written. A time starts at the hour.
    parts: Vec<u16>,
    /// Digits of the second's fraction, without zeros at the end.
    fraction: Box<str>,
    /// Minutes that the clock is ahead of UTC.
    offset: Option<i32>,
}

/// Furthest that two clocks are apart, in minutes, from UTC on.
const FURTHEST: i32 = 14 * 60;

impl Moment {
    /// Reads a date, or a date and time: `2026`, `2026-01`, `2026-01-15T09`, `2026-01-15T09:00:00.5+01:00`. A `T` makes
    /// it a date and time even with nothing behind it.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
        let mut moment = Self {
            kind: if time.is_some() { MomentKind::DateTime } else { MomentKind::Date },
            parts: Vec::with_capacity(6),
            fraction: "".into(),
            offset: None,
        };
        for (part, width) in date.split('-').zip([4, 2, 2, 0]) {
            moment.parts.push(number(part, width)?);
        }
        let full = moment.day_number();
        match time {
            Some("") => {}
            Some(time) => {
                full?;
                moment.take_time(time, true)?;
            }
            None => {}
        }
        let sound = match *moment.parts.as_slice() {
            [year] => year > 0,
            [year, month] => year > 0 && (1..=12).contains(&month),
            _ => full.is_some(),
        };
        sound.then_some(moment)
    }

    /// Reads a time of day: `09`, `09:00`, `09:00:00.5`.
    pub fn parse_time(text: &str) -> Option<Self> {
        let mut moment =
            Self { kind: MomentKind::Time, parts: Vec::with_capacity(3), fraction: "".into(), offset: None };
        moment.take_time(text, false)?;
        Some(moment)
    }

    /// The same date as a date and time.
    pub fn into_date_time(mut self) -> Self {
        if self.kind == MomentKind::Date {
            self.kind = MomentKind::DateTime;
        }
        self
    }

    fn take_time(&mut self, text: &str, zoned: bool) -> Option<()> {
        let zone = text.find(['Z', '+', '-']).filter(|_| zoned);
        let (clock, zone) = zone.map_or((text, ""), |at| text.split_at(at));
        self.offset = match zone {
            "" => None,
            "Z" => Some(0),
            _ => {
                let (hours, minutes) = zone.get(1..)?.split_once(':')?;
                let minutes = number(hours, 2).filter(|hours| *hours <= 14)? * 60
                    + number(minutes, 2).filter(|minutes| *minutes < 60)?;
                Some(if zone.starts_with('-') { -i32::from(minutes) } else { i32::from(minutes) })
            }
        };
        for (part, most) in clock.split(':').zip([23, 59, 60, 0]) {
            let (digits, fraction) = match part.split_once('.') {
                Some((digits, fraction)) if most == 60 && !fraction.is_empty() => (digits, fraction),
                Some(_) => return None,
                None => (part, ""),
            };
            if most == 0 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            self.parts.push(number(digits, 2).filter(|own| *own <= most)?);
            self.fraction = fraction.trim_end_matches('0').into();
        }
        Some(())
    }

    /// The day, where there is a whole date that exists.
    fn day_number(&self) -> Option<i32> {
        let [year, month, day, ..] = *self.parts.as_slice() else { return None };
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
        (year > 0).then(|| date.to_julian_day())
    }

    /// What comes first, as far as that can be told: none where one of them is not precise enough, or only one says
    /// what clock it goes by and that matters.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self.offset, other.offset) {
            (Some(own), Some(its)) if own != its => self.shifted(-own)?.compare_parts(&other.shifted(-its)?),
            (Some(own), None) => self.compare_windowed(own, other),
            (None, Some(its)) => other.compare_windowed(its, self).map(Ordering::reverse),
            _ => self.compare_parts(other),
        }
    }

    /// Compares with what may be on any clock.
    fn compare_windowed(&self, offset: i32, other: &Self) -> Option<Ordering> {
        let earliest = self.shifted(-offset - FURTHEST)?.compare_parts(other)?;
        let latest = self.shifted(-offset + FURTHEST)?.compare_parts(other)?;
        (earliest == latest && earliest != Ordering::Equal).then_some(earliest)
    }

    fn compare_parts(&self, other: &Self) -> Option<Ordering> {
        let order = self.parts.iter().zip(&other.parts).map(|(own, its)| own.cmp(its));
        match order.into_iter().find(|order| order.is_ne()) {
            Some(order) => Some(order),
            None if self.parts.len() != other.parts.len() => None,
            None => Some(self.fraction.cmp(&other.fraction)),
        }
    }

    /// Whether both are written to the same precision; seconds and their fractions are one.
    pub fn is_as_precise(&self, other: &Self) -> bool {
        self.parts.len() == other.parts.len()
    }

    /// The same moment on a clock so many minutes ahead. None where it says no minute, and that matters.
    fn shifted(&self, minutes: i32) -> Option<Self> {
        let (day, hour) = (self.day_number()?, *self.parts.get(3)?);
        let minute = self.parts.get(4).copied().or_else(|| (minutes % 60 == 0).then_some(0))?;
        let total = i64::from(day) * 1440 + i64::from(hour) * 60 + i64::from(minute) + i64::from(minutes);
        let date = Date::from_julian_day(i32::try_from(total.div_euclid(1440)).ok()?).ok()?;
        let clock = u16::try_from(total.rem_euclid(1440)).ok()?;
        let year = u16::try_from(date.year()).ok()?;
        let mut parts =
            vec![year, u16::from(u8::from(date.month())), u16::from(date.day()), clock / 60, clock % 60];
        parts.truncate(self.parts.len());
        parts.extend(self.parts.get(5));
        Some(Self { parts, ..self.clone() })
    }
}

fn number(text: &str, width: usize) -> Option<u16> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering::{Equal, Greater, Less};

    fn order(one: &str, other: &str) -> Option<Ordering> {
        Moment::parse(one).unwrap().compare(&Moment::parse(other).unwrap())
    }

    #[test]
    fn moments_are_compared_as_far_as_they_are_precise() {
        for (one, other, expected) in [
            ("2026", "2027-01", Some(Less)),
            ("2026", "2026-01", None),
            ("2026-01-15", "2026-01-15T09:00:00", None),
            ("2026-01-15T09:00:00", "2026-01-15T09:00:00.000", Some(Equal)),
            ("2026-01-15T09:00:00.1", "2026-01-15T09:00:00.09", Some(Greater)),
            ("2026-01-15T09:00", "2026-01-15T09:00:00", None),
            ("2026-01-15T01:30:00-04:00", "2026-01-15T01:15:00-05:00", Some(Less)),
            ("2026-01-15T23:30:00-04:00", "2026-01-16T03:30:00Z", Some(Equal)),
            ("2026-01-15T15:00:00Z", "2026-01-15T10:00:00", None),
            ("2026-01-15T15:00:00Z", "2026-01-17T10:00:00", Some(Less)),
            ("2026-01-15T15:00:00Z", "2026-01-15", None),
            ("2026-01-15T15:00:00Z", "2025-01-14", Some(Greater)),
            ("2026-01-15T15+01:00", "2026-01-15T15+02:00", Some(Greater)),
            ("2026-01-15T15+01:00", "2026-01-15T15+01:30", None),
            ("9999-12-31T23:00:00Z", "9999-12-31T23:00:00-14:00", None),
        ] {
            assert_eq!(order(one, other), expected, "{one} {other}");
            assert_eq!(order(other, one), expected.map(Ordering::reverse), "{other} {one}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "26",
            "2026-1",
            "2026-13",
            "2026-02-30",
            "2026-01-15-01",
            "2026-01T09",
            "2026-01-15T24",
            "2026-01-15T09:60",
            "2026-01-15T09:00.5",
            "2026-01-15T09:00:00.",
            "2026-01-15T09:00:00+15:00",
            "2026-01-15T09:00:00+1",
            "2026-01-15T09:00:00:00",
            "0000",
            "2026-01-15T09:00:00z",
            "２０２６",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
        for text in ["", "9", "24:00", "09:00Z", "09:00:00+01:00", "09:00:00.x"] {
            assert_eq!(Moment::parse_time(text), None, "{text}");
        }
        assert!(Moment::parse("2026T").is_some_and(|moment| moment.kind == MomentKind::DateTime));
        assert!(Moment::parse_time("09:00:00.5").is_some());
    }
}
