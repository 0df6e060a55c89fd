//! Replay: the scenario that a log is said to come from, run anew, and what differs.

use super::Evidence;
use super::text::compact;
use crate::api::compare::{MemberDifference, differences};
use crate::api::{OpenScenario, Session, run_in};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What running a scenario anew found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayReport {
    /// Whether it comes to the same log.
    pub same: bool,
    /// Number of records that the scenario makes.
    pub size: u64,
    /// Root over them, lower-case hex.
    pub root: String,
    /// The first place where the two logs differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// What differs in the record there: on the left as it is in the log, on the right as it is run anew. Records hold
    /// no values of events, and neither do these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberDifference>,
    /// The same in a sentence.
    pub what: String,
}

/// A scenario's log, made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunAnew {
    /// Root over it, lower-case hex.
    root: String,
    /// Its records, as canonical texts.
    records: Vec<String>,
}

impl RunAnew {
    /// Runs a scenario with its clock and entropy.
    pub fn of(scenario: &OpenScenario) -> Self {
        let mut session = Session::new();
        run_in(scenario, &mut session);
        let records = session.timeline().into_iter().map(|entry| entry.raw).collect();
        Self { root: session.head().root, records }
    }

    /// Holds it against a log of so many records, of which those that are here are given with their places. That the log
    /// itself is sound, verifying shows.
    pub fn against<'a>(&self, size: u64, records: impl Iterator<Item = (u64, Cow<'a, str>)>) -> ReplayReport {
        let mut report = ReplayReport {
            same: false,
            size: self.records.len() as u64,
            root: self.root.clone(),
            first: None,
            members: Vec::new(),
            what: String::new(),
        };
        for (place, recorded) in records {
            let Some(own) = usize::try_from(place).ok().and_then(|place| self.records.get(place)) else {
                break;
            };
            if *own != recorded {
                report.first = Some(place);
                report.members = differences(&recorded, own, &[]);
                let names: Vec<&str> =
                    report.members.iter().filter_map(|member| member.member.as_deref()).collect();
                report.what = match names.as_slice() {
                    [] => format!("Record {place} is the first that differs: in the log it can't be read."),
                    names => format!("Record {place} is the first that differs: in {}.", names.join(", ")),
                };
                return report;
            }
        }
        if size == report.size {
            report.same = true;
            report.what =
                format!("The scenario, run anew, makes the same log: {size} records, each the same.");
            return report;
        }
        report.first = Some(size.min(report.size));
        report.what = if size < report.size {
            format!(
                "The {size} records of the log are the same, and the scenario goes on to {}.",
                report.size
            )
        } else {
            format!(
                "The scenario ends after {} records, all the same, and the log goes on to {size}.",
                report.size
            )
        };
        report
    }
}

/// Runs a scenario with its clock and entropy and holds the log that it makes against a bundle's. That the bundle itself
/// is sound, [`super::verify_evidence`] shows.
pub fn replay(evidence: &Evidence, scenario: &OpenScenario) -> ReplayReport {
    // What was deleted can't be held against anything by itself; the place after the last record counts all the same.
    let size = match evidence.records.len().checked_sub(1) {
        Some(last) => evidence.places.of(last).saturating_add(1),
        None => evidence.places.of(0),
    };
    let records = (0..evidence.records.len()).map(|index| {
        let text = evidence.record(index);
        (evidence.places.of(index), compact(text).map_or(Cow::Borrowed(text), Cow::Owned))
    });
    RunAnew::of(scenario).against(size, records)
}
