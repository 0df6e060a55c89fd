//! How much a shelf holds. No browser says, so it is tried: with a text that is written and taken away again at once.

use super::shelf::{Shelf, ShelfError};
use serde::{Deserialize, Serialize};

/// The name that is tried with. Where it is still there, a try was stopped half way: it means nothing.
pub const PROBE: &str = "airlock.probe";
/// UTF-16 units that a measurement may be off by.
pub const GRAIN: usize = 1024;
/// UTF-16 units beyond which nothing is tried: so much is enough.
const MOST: usize = 32 << 20;

/// UTF-16 units that a shelf holds, names and texts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// How many.
    pub units: usize,
    /// Whether that was measured, and not only assumed.
    pub measured: bool,
}

impl Capacity {
    /// What local storage holds in the browsers of today: 10 MiB of UTF-16.
    pub const ASSUMED: Self = Self { units: 5_242_880, measured: false };

    /// How full a shelf is on which so many units are taken, in per cent.
    pub fn percent(self, taken: usize) -> usize {
        taken.saturating_mul(100) / self.units.max(1)
    }
}

/// A measurement of what is free, one try at a time. Nobody else should write between the beginning and the end of it;
/// where somebody does, it is off by as much.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    guess: usize,
    fits: usize,
    over: Option<usize>,
}

impl Probe {
    /// A measurement that begins with a guess of what is free: where that is right, two tries are enough.
    pub fn new(guess: usize) -> Self {
        Self { guess: guess.clamp(GRAIN, MOST), fits: 0, over: None }
    }

    fn next(&self) -> Option<usize> {
        match self.over {
            Some(over) if over.saturating_sub(self.fits) <= GRAIN => None,
            Some(over) => Some(self.fits + (over - self.fits) / 2),
            None if self.fits == 0 => Some(self.guess),
            None if self.fits == self.guess => Some(self.guess + GRAIN),
            None if self.fits >= MOST => None,
            None => Some(self.fits.saturating_mul(2)),
        }
    }

    /// Tries once. Gives the units that are free, to [`GRAIN`] units, once that is known.
    ///
    /// # Errors
    /// Where the shelf refuses for any other reason than want of room.
    pub fn step(&mut self, shelf: &mut impl Shelf) -> Result<Option<usize>, ShelfError> {
        let Some(units) = self.next() else { return Ok(Some(self.fits)) };
        let text = " ".repeat(units.saturating_sub(PROBE.len()));
        match shelf.set(PROBE, &text) {
            Ok(()) => {
                shelf.remove(PROBE)?;
                self.fits = units;
            }
            Err(ShelfError::Full) => self.over = Some(units),
            Err(other) => {
                let _ = shelf.remove(PROBE);
                return Err(other);
            }
        }
        Ok(self.next().is_none().then_some(self.fits))
    }
}
