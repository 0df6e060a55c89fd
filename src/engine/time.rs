//! Time as an argument: instants on the wire, calendar days in FHIR. Nothing here reads a clock.

use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub i64);

impl Instant {
    /// Reads RFC 3339, with an offset and any number of fraction digits (those past the millisecond are cut).
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self)
    }

    /// RFC 3339 in UTC, e.g. `2026-01-15T09:00:00Z`; milliseconds only where there are some. An instant
    /// outside the years 0–9999 shows as milliseconds since the epoch.
    pub fn to_rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_else(|| self.0.to_string())
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The day it falls on, in UTC.
    pub fn day(self) -> Day {
        let days = self.0.div_euclid(86_400_000);
        let julian = i32::try_from(days).unwrap_or(0).saturating_add(UNIX_EPOCH_JULIAN_DAY);
        Date::from_julian_day(julian).map_or(Day { year: 0, month: 1, day: 1 }, Day::from)
    }

    /// The first moment of its calendar month, in UTC.
    pub fn month(self) -> Self {
        let days = i64::from(self.day().day.saturating_sub(1));
        Self(self.0.saturating_sub(self.0.rem_euclid(86_400_000)).saturating_sub(days * 86_400_000))
    }
}

const UNIX_EPOCH_JULIAN_DAY: i32 = 2_440_588;

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Year.
    pub year: i32,
    /// Month, 1–12.
    pub month: u8,
    /// Day of the month, 1–31.
    pub day: u8,
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self { year: date.year(), month: date.month().into(), day: date.day() }
    }
}

/// A FHIR `date` or the date part of a `dateTime`: a year, a year and month, or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialDate {
    /// Year.
    pub year: i32,
    /// Month, where stated.
    pub month: Option<u8>,
    /// Day, where stated.
    pub day: Option<u8>,
}

impl PartialDate {
    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or a dateTime that starts with the last.
    pub fn parse(text: &str) -> Option<Self> {
        let date = text.split_once('T').map_or(text, |(date, _)| date);
        let mut parts = date.split('-');
        let digits = |part: &str, len: usize| {
            (part.len() == len && part.bytes().all(|b| b.is_ascii_digit()))
                .then(|| part.parse::<u16>().ok())
                .flatten()
        };
        let year = i32::from(digits(parts.next()?, 4)?);
        let month = match parts.next() {
            Some(part) => Some(u8::try_from(digits(part, 2)?).ok().filter(|m| (1..=12).contains(m))?),
            None => None,
        };
        let day = match (month, parts.next()) {
            (Some(month), Some(part)) => {
                let day = u8::try_from(digits(part, 2)?).ok()?;
                Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
                Some(day)
            }
            _ => None,
        };
        (parts.next().is_none() && (!text.contains('T') || day.is_some())).then_some(Self {
            year,
            month,
            day,
        })
    }

    /// The first day it can mean.
    pub fn first_day(self) -> Day {
        Day { year: self.year, month: self.month.unwrap_or(1), day: self.day.unwrap_or(1) }
    }

    /// The last day it may be; of a month the 31st, whether or not the month has one: for comparing only.
    pub fn last_day(self) -> Day {
        Day { year: self.year, month: self.month.unwrap_or(12), day: self.day.unwrap_or(31) }
    }
}

/// Whether a text is a duration (ISO 8601): `P` and weeks; or years, months and days and, after `T`, hours, minutes and
/// seconds, each left out where there are none.
pub fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (days, time) = rest.split_once('T').map_or((rest, None), |(days, time)| (days, Some(time)));
    let whole = counts(days, "W") || counts(days, "YMD");
    match time {
        None => whole,
        Some(time) => counts(time, "HMS") && (days.is_empty() || counts(days, "YMD")),
    }
}

/// Whether a text is one or more numbers, each with one of these units behind it, in their order.
fn counts(text: &str, units: &str) -> bool {
    let mut left = units;
    let mut digits = false;
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits = true;
        } else {
            let Some((_, after)) = left.split_once(c).filter(|_| digits) else { return false };
            (left, digits) = (after, false);
        }
    }
    !text.is_empty() && !digits
}

/// A FHIR `dateTime` as the range of instants it can mean: for a period's bounds (FHIR R4, Period).
pub fn date_time_range(text: &str) -> Option<(Instant, Instant)> {
    if text.contains('T') {
        return Instant::parse(text).map(|at| (at, at));
    }
    let date = PartialDate::parse(text)?;
    let start = date.first_day();
    let month = Month::try_from(date.month.unwrap_or(12)).ok()?;
    let last = date.day.unwrap_or_else(|| month.length(date.year));
    let millis = |day: Date| i64::from(day.to_julian_day() - UNIX_EPOCH_JULIAN_DAY) * 86_400_000;
    let start = Date::from_calendar_date(start.year, Month::try_from(start.month).ok()?, start.day).ok()?;
    let end = Date::from_calendar_date(date.year, month, last).ok()?;
    Some((Instant(millis(start)), Instant(millis(end) + 86_399_999)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_round_trip() {
        let at = Instant::parse("2026-01-15T09:00:00Z").unwrap();
        assert_eq!(at.to_rfc3339(), "2026-01-15T09:00:00Z");
        assert_eq!(Instant::parse("2020-05-29T11:44:13.1882432-05:00").unwrap().0 % 1000, 188);
        assert_eq!(at.day(), Day { year: 2026, month: 1, day: 15 });
        assert!(Instant::parse("2026-01-15").is_none());
        assert_eq!(at.month().to_rfc3339(), "2026-01-01T00:00:00Z");
        assert_eq!(Instant(-1).month().to_rfc3339(), "1969-12-01T00:00:00Z");
        assert_eq!(Instant(i64::MAX).to_rfc3339(), i64::MAX.to_string());
    }

    #[test]
    fn durations_have_their_units_in_order() {
        for good in ["P180D", "P1Y", "P6W", "P1Y2M3DT4H5M6S", "P1YT1H", "PT36H", "P1Y3D", "P0D"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in
            ["", "P", "PT", "180D", "P1D1Y", "P1W2D", "P1YT", "P6WT1H", "P-1D", "P1.5D", "p1d", "P1", "PD"]
        {
            assert!(!is_duration(bad), "{bad}");
        }
    }

    #[test]
    fn dates_may_be_partial() {
        assert_eq!(PartialDate::parse("1970").unwrap().month, None);
        assert_eq!(PartialDate::parse("1970-03-12T10:00:00Z").unwrap().day, Some(12));
        for bad in ["", "70", "1970-13", "1970-02-30", "1970-3", "1970-03-12-01", "1970T10:00:00Z"] {
            assert!(PartialDate::parse(bad).is_none(), "{bad}");
        }
        let (start, end) = date_time_range("2026-02").unwrap();
        assert_eq!(start.to_rfc3339(), "2026-02-01T00:00:00Z");
        assert_eq!(end.to_rfc3339(), "2026-02-28T23:59:59.999Z");
    }
}
