//! Times of records as numbers.

use super::Archive;
use super::segment::column;
use super::tokens::{Token, Tokens};
use super::value::says;
use crate::engine::time::Instant;

/// What a value says as a time, in milliseconds since the Unix epoch: each value is read once.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    read: Vec<Option<Option<i64>>>,
    /// The day that was read last, as it is written, and when it begins in UTC.
    day: (String, i64),
}

impl Times {
    /// The time that a value says; none where it says none.
    pub fn of(&mut self, token: Token, tokens: &Tokens) -> Option<i64> {
        let place = token as usize;
        if self.read.len() <= place {
            self.read.resize(tokens.len().max(place + 1), None);
        }
        let Self { read, day } = self;
        let known = read.get_mut(place)?;
        *known.get_or_insert_with(|| {
            let mut time = None;
            says(tokens.text(token)?, &mut |text| {
                time = moment(text, day);
                true
            });
            time
        })
    }
}

/// What [`Instant::parse`] makes of a text; sooner, where it is a second in UTC of the day that is known.
fn moment(text: &str, day: &mut (String, i64)) -> Option<i64> {
    let (date, clock) = text.split_at_checked(10)?;
    let [b'T', h, hh, b':', m, mm, b':', s, ss, b'Z'] = *clock.as_bytes() else {
        return Instant::parse(text).map(|time| time.0);
    };
    let two = |tens: u8, ones: u8| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let (hours, minutes, seconds) = (two(h, hh)?, two(m, mm)?, two(s, ss)?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return Instant::parse(text).map(|time| time.0);
    }
    if day.0 != date {
        *day = (date.to_owned(), Instant::parse(&[date, "T00:00:00Z"].concat())?.0);
    }
    Some(day.1 + ((hours * 60 + minutes) * 60 + seconds) * 1_000)
}

impl Archive {
    /// The records before which the clock was set back: each is of an earlier time than the last record before it that has
    /// one. Nothing but this list goes by the order of times. Records that are not here are passed over.
    pub fn set_back(&self) -> Vec<u64> {
        let Some(time) = column("time") else { return Vec::new() };
        let mut times = Times::default();
        let (mut before, mut found) = (i64::MIN, Vec::new());
        for block in 0..self.blocks() {
            self.visit(block, 0, &mut |seq, row| {
                let Some(now) = times.of(row.cell(time), &self.tokens) else { return };
                if now < before {
                    found.push(seq);
                }
                before = now;
            });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_anywhere_else() {
        let mut day = Default::default();
        for text in [
            "2026-01-15T09:00:00Z",
            "2026-01-15T23:59:59Z",
            "2024-02-29T00:00:01Z",
            "2026-02-29T00:00:01Z",
            "2026-02-29T00:00:02Z",
            "2026-01-15T24:00:00Z",
            "2026-06-30T23:59:60Z",
            "2026-01-15T09:00:00.25Z",
            "2026-01-15T09:00:00+01:00",
            "2026-01-15t09:00:00z",
            "2026-01-15 09:00:00Z",
            "0000-01-01T00:00:00Z",
            "2026-01-15T0a:00:00Z",
            "2026-01-15",
            "",
            "é",
            "ééééé",
            "2026-01-1éT09:00:00Z",
        ] {
            assert_eq!(moment(text, &mut day), Instant::parse(text).map(|time| time.0), "{text}");
        }
    }
}
