//! Replay: the scenario that a log is said to come from, run anew, and what differs.

use super::Evidence;
use super::text::compact;
use crate::api::compare::{MemberDifference, differences};
use crate::api::{OpenScenario, Session, run_in};
use serde::{Deserialize, Serialize};

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
    /// What differs in the record there: on the left as it is in the bundle, on the right as it is run anew. Records hold
    /// no values of events, and neither do these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberDifference>,
    /// The same in a sentence.
    pub what: String,
}

/// Runs a scenario with its clock and entropy and holds the log that it makes against a bundle's. That the bundle itself
/// is sound, [`super::verify_evidence`] shows.
pub fn replay(evidence: &Evidence, scenario: &OpenScenario) -> ReplayReport {
    let mut session = Session::new();
    run_in(scenario, &mut session);
    let head = session.head();
    let entries = session.timeline();
    let mut report = ReplayReport {
        same: false,
        size: head.size,
        root: head.root,
        first: None,
        members: Vec::new(),
        what: String::new(),
    };
    for index in 0..evidence.records.len() {
        let text = evidence.record(index);
        let compacted = compact(text);
        let recorded = compacted.as_deref().unwrap_or(text);
        let place = evidence.places.of(index);
        let Some(entry) = usize::try_from(place).ok().and_then(|place| entries.get(place)) else { break };
        if entry.raw != recorded {
            report.first = Some(place);
            report.members = differences(recorded, &entry.raw, &[]);
            let names: Vec<&str> =
                report.members.iter().filter_map(|member| member.member.as_deref()).collect();
            report.what = match names.as_slice() {
                [] => format!("Record {place} is the first that differs: in the bundle it can't be read."),
                names => format!("Record {place} is the first that differs: in {}.", names.join(", ")),
            };
            return report;
        }
    }
    // What was deleted can't be held against anything by itself; the place after the last record counts all the same.
    let size = match evidence.records.len().checked_sub(1) {
        Some(last) => evidence.places.of(last).saturating_add(1),
        None => evidence.places.of(0),
    };
    if size == report.size {
        report.same = true;
        report.what = format!("The scenario, run anew, makes the same log: {size} records, each the same.");
        return report;
    }
    report.first = Some(size.min(report.size));
    report.what = if size < report.size {
        format!("The {size} records of the bundle are the same, and the scenario goes on to {}.", report.size)
    } else {
        format!(
            "The scenario ends after {} records, all the same, and the bundle goes on to {size}.",
            report.size
        )
    };
    report
}
