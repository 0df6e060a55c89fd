//! All records of one delivery.

use super::segment::column;
use super::value::says;
use super::{Archive, Presence, SEGMENT_RECORDS};
use std::collections::BTreeSet;

/// The records of a delivery and of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The correlation id that was asked for.
    pub correlation: String,
    /// The places of its records, ascending.
    pub records: Vec<u64>,
    /// Records of the log that were not looked at, since they are not here: some may be of this chain.
    pub unread: u64,
}

impl Chain {
    /// Whether what has this correlation id belongs to the chain: a record, or a gap that a check for completeness found.
    pub fn holds(&self, correlation: &str) -> bool {
        is_part(correlation, &self.correlation) || is_part(&self.correlation, correlation)
    }
}

impl Archive {
    /// The chain of a correlation id: its own records, those of its parts (`run-000001.2` of `run-000001`), and those of
    /// the delivery that it is a part of, from which it came.
    pub fn chain(&self, correlation: &str) -> Chain {
        let mut chain = Chain { correlation: correlation.to_owned(), ..Chain::default() };
        let Some(place) = column("correlation") else { return chain };
        let mut of_chain: Vec<Option<bool>> = vec![None; self.tokens.len()];
        for block in 0..self.blocks() {
            let presence = self.visit(block, 0, &mut |seq, row| {
                let token = row.cell(place);
                let Some(known) = of_chain.get_mut(token as usize) else { return };
                let written = self.tokens.text(token).unwrap_or_default();
                let belongs = *known.get_or_insert_with(|| says(written, &mut |own| chain.holds(own)));
                if belongs {
                    chain.records.push(seq);
                }
            });
            if presence != Presence::Here {
                chain.unread += SEGMENT_RECORDS as u64;
            }
        }
        chain
    }
}

/// A delivery, and what came of it last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatestRun {
    /// Correlation id.
    pub correlation: String,
    /// The outcome of its latest record.
    pub outcome: String,
}

/// Records that are looked through for the latest runs.
const LOOKED: u64 = 20_000;

impl Archive {
    /// The deliveries that were worked on last, the latest first: at most so many, and none that only has earlier records
    /// than the last 20,000.
    pub fn latest_runs(&self, most: usize) -> Vec<LatestRun> {
        let mut runs: Vec<LatestRun> = Vec::new();
        let mut seen = BTreeSet::new();
        for seq in (self.len().saturating_sub(LOOKED)..self.len()).rev() {
            let correlation = self.member(seq, "correlation").filter(|id| !id.is_empty());
            let Some(correlation) = correlation.filter(|id| !seen.contains(id)) else { continue };
            if runs.len() == most {
                break;
            }
            let outcome = self.member(seq, "outcome").unwrap_or_default();
            seen.insert(correlation.clone());
            runs.push(LatestRun { correlation, outcome });
        }
        runs
    }
}

/// Whether a correlation id is the whole's or one of its parts'.
fn is_part(part: &str, whole: &str) -> bool {
    !whole.is_empty() && part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
