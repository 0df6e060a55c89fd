//! The benchmark of mapping: selectors and policies compiled, an event walked and redacted with more and more rules,
//! and a change of policy previewed.
//!
//! What is measured stands beside a floor of the same run: serde_json's parse of the same text, or a run of the
//! connector over the same events.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark stops where its own input is wrong"
)]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
mod policy;
mod preview;
mod selectors;

/// Rounds, of which the median counts.
const ROUNDS: usize = 7;
/// Rules that a round goes over at least, so that a clock of coarse grain does.
const RULES: usize = 20_000;
/// How many rules there are, line by line.
const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];

/// The median over all rounds, in microseconds.
fn time(clock: &dyn Fn() -> f64, repeats: usize, mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = clock();
            (0..repeats).for_each(|_| work());
            (clock() - start) * 1000.0 / repeats as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

bench!(mapping, selectors::measured, policy::measured, preview::engine, preview::job, preview::keystroke);
