//! Completeness as data: chains that lack a stage, and chains that wait.

use super::Session;
use super::archive::{Archive, Chain};
use crate::engine::audit::complete::{self, Completeness as Look};
use crate::engine::audit::{AuditRecord, Fact};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub use crate::engine::audit::complete::Standing;

/// Whether each delivery's chain has each stage that it must have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// Chains that ended.
    pub ended: u64,
    /// Chains that wait in the queue, which is no fault.
    pub open: Vec<OpenChain>,
    /// What is missing, in the order in which it shows.
    pub gaps: Vec<ChainGap>,
}

/// A chain that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenChain {
    /// Correlation id.
    pub correlation: String,
    /// Its last record, by its place in the log; none where there is no record yet.
    pub after: Option<u64>,
}

/// Something of a chain that must be there and is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainGap {
    /// Correlation id; of several chains one after the other, the first.
    pub correlation: String,
    /// How many chains it is about.
    pub chains: u64,
    /// The last record before it, by its place in the log; none where there is none.
    pub after: Option<u64>,
    /// The record that shows it; none where that is the end of the log.
    pub before: Option<u64>,
    /// The types of record that are missing, e.g. `consent.decide`: one of these.
    pub missing: Vec<String>,
    /// All of it in a sentence.
    pub what: String,
}

/// Looks for gaps in a log's records, given as text in the order of the log. `standing` is how the connector stood at its
/// end; without it, a chain that could be waiting is taken to be. What is no record is passed over: verifying says so. Where
/// records are not there, such as those of a segment that was deleted, nothing is said of chains that reach into them.
pub fn completeness<T: AsRef<str>>(
    records: impl Iterator<Item = T>,
    standing: Option<&Standing>,
) -> Completeness {
    let mut look = None;
    for text in records {
        let Ok(record) = AuditRecord::parse(text.as_ref()) else { continue };
        look.get_or_insert_with(|| Look::new(record.seq == 0)).take(&record);
    }
    look.unwrap_or_else(|| Look::new(true)).finish(standing).into()
}

impl From<complete::Report> for Completeness {
    fn from(report: complete::Report) -> Self {
        let complete::Report { ended, open, gaps } = report;
        let open = open.into_iter();
        Self {
            ended,
            open: open.map(|open| OpenChain { correlation: open.correlation, after: open.after }).collect(),
            gaps: gaps.iter().map(ChainGap::from).collect(),
        }
    }
}

impl Session {
    /// Whether each chain of the timeline has each stage that it must have.
    pub fn completeness(&self) -> Completeness {
        let archive = self.store().archive();
        completeness((0..archive.len()).filter_map(|seq| archive.canonical(seq)), self.standing().as_ref())
    }

    /// How the connector stands; none where there is none, or something waits in a state that does not open.
    pub fn standing(&self) -> Option<Standing> {
        let connector = self.connector().filter(|connector| connector.unreadable() == 0)?;
        let waiting = connector.queue().waits().map(|(_, item, ..)| item.correlation.clone()).collect();
        Some(Standing { received: connector.received(), waiting })
    }
}

/// What must be there of one chain and is not. Nothing is said where some of the log's records are not here.
pub(super) fn gaps_of(archive: &Archive, chain: &Chain, standing: Option<&Standing>) -> Vec<ChainGap> {
    if chain.unread > 0 {
        return Vec::new();
    }
    let mut look = Look::new(true);
    for text in chain.records.iter().filter_map(|seq| archive.canonical(*seq)) {
        if let Ok(record) = AuditRecord::parse(&text) {
            look.take_apart(&record);
        }
    }
    let mut gaps = Completeness::from(look.finish(standing)).gaps;
    // The numbers of the deliveries beside it are not here to be seen.
    gaps.retain(|gap| gap.chains == 1 && chain.holds(&gap.correlation));
    gaps
}

impl From<&complete::Gap> for ChainGap {
    fn from(gap: &complete::Gap) -> Self {
        let complete::Gap { correlation, chains, after, before, missing } = gap;
        let kinds = missing.iter().map(|fact: &Fact| fact.row().kind);
        let kinds: BTreeSet<&str> = kinds.collect();
        let missing: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let whose = match chains {
            1 => format!("The chain of {correlation}"),
            _ => format!("Each of {chains} chains, from {correlation} on,"),
        };
        let between = match (after, before) {
            (Some(after), Some(before)) => format!("between records {after} and {before}"),
            (Some(after), None) => format!("after record {after}"),
            (None, Some(before)) => format!("before record {before}"),
            (None, None) => "in the log".to_owned(),
        };
        Self {
            correlation: correlation.clone(),
            chains: *chains,
            after: *after,
            before: *before,
            what: format!("{whose} lacks {} {between}.", missing.join(" or ")),
            missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::api::{LogOnView, Session, open_scenario};

    #[test]
    fn a_chain_tells_what_it_lacks_itself_and_nothing_of_others() {
        let scenario = open_scenario("referral-created").unwrap();
        let mut session = Session::new();
        session.configure(&scenario.setup).unwrap();
        // The second delivery repeats the first.
        for (at, request) in scenario.requests.iter().chain(&scenario.requests) {
            session.send(request, *at, &mut || 0.0);
        }
        let id = session.entry(0).unwrap().correlation;
        let whole = session.store().archive().chain(&id);
        assert!(whole.records.len() > 3, "{whole:?}");
        let log = LogOnView::Own(&session);
        assert_eq!(log.chain_gaps(&whole), []);
        let mut chain = whole;
        let lost = chain.records.remove(2);
        let gaps = log.chain_gaps(&chain);
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert_eq!((gaps[0].after, gaps[0].before), (Some(lost - 1), Some(lost + 1)));
    }
}
