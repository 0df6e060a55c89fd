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
}

impl Times {
    /// The time that a value says; none where it says none.
    pub fn of(&mut self, token: Token, tokens: &Tokens) -> Option<i64> {
        let place = token as usize;
        if self.read.len() <= place {
            self.read.resize(tokens.len().max(place + 1), None);
        }
        let known = self.read.get_mut(place)?;
        *known.get_or_insert_with(|| {
            let mut time = None;
            says(tokens.text(token)?, &mut |text| {
                time = Instant::parse(text);
                true
            });
            time.map(|time| time.0)
        })
    }
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
