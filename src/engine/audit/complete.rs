//! Completeness: whether each delivery's chain of records has every stage that it must have, in order.
//!
//! The log's tree shows that nothing was changed since it was written. It does not show that everything was written that
//! should have been. That follows from the catalogue: what a record says presupposes others of its chain, deliveries are
//! numbered one after the other, and a record that is followed by something that is not always there says so beforehand
//! (`effect`, `events`, `fetched`, `withdrawn`).

mod chain;
mod numbers;

use super::{AuditRecord, Fact};
use chain::{Chain, Found, Parts, Told};
use numbers::Numbers;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something of a chain that must be there and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The chain; of several one after the other, the first.
    pub correlation: String,
    /// How many chains it is about, by number one after the other.
    pub chains: u64,
    /// The last record before it, by its place in the log: of the chain, or for a chain of which nothing is there, the
    /// first of the one before. None where there is none.
    pub after: Option<u64>,
    /// The record that shows it; none where that is the end of the log.
    pub before: Option<u64>,
    /// What is missing: one of these.
    pub missing: &'static [Fact],
}

/// How a connector stands at the end of its log, by its own account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Deliveries received so far.
    pub received: u64,
    /// Correlation ids of what waits in the queue.
    pub waiting: BTreeSet<String>,
}

/// A chain that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The chain.
    pub correlation: String,
    /// Its last record, by its place in the log; none where there is no record yet.
    pub after: Option<u64>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Chains that ended, with all that they must have or without.
    pub ended: u64,
    /// Chains that wait.
    pub open: Vec<Open>,
    /// What is missing, in the order in which it shows.
    pub gaps: Vec<Gap>,
}

/// Looks at records in the order of the log. What it keeps is about chains that have not ended.
#[derive(Clone, Debug)]
pub struct Completeness {
    chains: BTreeMap<String, Chain>,
    /// Deliveries that made way for several events.
    parts: BTreeMap<String, Parts>,
    numbers: Numbers,
    /// The last record's place in the log.
    last: Option<u64>,
    report: Report,
}

impl Completeness {
    /// `whole` says that the records to come begin where the connector began, with its first delivery. Otherwise there
    /// may be chains that began before them.
    pub fn new(whole: bool) -> Self {
        Self {
            chains: BTreeMap::new(),
            parts: BTreeMap::new(),
            numbers: Numbers::new(whole),
            last: None,
            report: Report::default(),
        }
    }

    /// Takes the next record. One that states no fact of the catalogue, or is about no delivery, is passed over.
    pub fn take(&mut self, record: &AuditRecord<'_>) {
        if self.last.is_some_and(|last| record.seq != last.saturating_add(1)) {
            self.skip();
        }
        self.last = Some(record.seq);
        self.take_apart(record);
    }

    /// Takes the next record of those that one chain is made of, wherever they stand: records between them are no loss.
    pub fn take_apart(&mut self, record: &AuditRecord<'_>) {
        let Some(fact) = record.fact() else { return };
        if !fact.is_about_a_delivery() {
            return;
        }
        let correlation: &str = &record.correlation;
        let name = Name::of(correlation);
        if let Some(number) = name.number {
            self.numbers.saw(number, record.seq, starts(fact));
        }
        let mut chain = match self.chains.remove(correlation) {
            Some(chain) => chain,
            None => {
                let chain = self.begin(&name, fact, record);
                if let Some(missing) = chain.missing_start {
                    self.gap(correlation, None, Some(record.seq), missing);
                }
                chain
            }
        };
        let (after, joined) = (chain.last, chain.joined);
        let mut missing = Vec::new();
        let found = chain.step(fact, record, &mut missing);
        for missing in missing {
            self.gap(correlation, after, Some(record.seq), missing);
        }
        chain.last = Some(record.seq);
        match found {
            Found::Goes => drop(self.chains.insert(correlation.to_owned(), chain)),
            Found::Ends => self.report.ended += 1,
            Found::Unpacks(Told { events, fetched: told }) => {
                let parts = self.parts.entry(correlation.to_owned()).or_default();
                parts.events = Some(events);
                parts.last = Some(record.seq);
                if parts.fetched < told && !joined {
                    self.gap(correlation, after, Some(record.seq), FETCHED);
                }
                self.report.ended += 1;
            }
        }
    }

    /// A chain of which nothing was seen so far, as this record finds it.
    fn begin(&mut self, name: &Name<'_>, fact: Fact, record: &AuditRecord<'_>) -> Chain {
        if starts(fact) {
            return Chain::default();
        }
        let fetches = matches!(fact, Fact::Fetched | Fact::Missing);
        if self.numbers.is_before(name.number) {
            return Chain::joined(fact);
        }
        match name.part {
            Part::Whole => Chain::torn(fact, AUTHENTICATED),
            // What was missing is fetched by the connector itself: nobody sent it.
            Part::Gap => {
                if fetches {
                    Chain::default()
                } else {
                    Chain::torn(fact, FETCHED_OR_MISSING)
                }
            }
            Part::Of(number) => {
                let known = self.chains.contains_key(name.delivery) || self.parts.contains_key(name.delivery);
                if !known && fetches {
                    self.gap(name.delivery, None, Some(record.seq), AUTHENTICATED);
                    self.chains.insert(name.delivery.to_owned(), Chain::default());
                } else if !known {
                    let parts = self.parts.entry(name.delivery.to_owned()).or_default();
                    parts.seen.insert(number);
                    parts.told = true;
                    return Chain::torn(fact, UNPACKED);
                }
                let parts = self.parts.entry(name.delivery.to_owned()).or_default();
                parts.seen.insert(number);
                parts.fetched += u64::from(fetches);
                // The events of a notification are fetched before it is recorded that it made way for them.
                if parts.events.is_none() && !fetches && !parts.told {
                    parts.told = true;
                    let delivery = name.delivery.to_owned();
                    let after = self.chains.remove(&delivery).and_then(|chain| chain.last);
                    self.gap(&delivery, after, Some(record.seq), UNPACKED);
                }
                Chain::default()
            }
        }
    }

    /// Records are not there: what chains came to in them can't be told.
    fn skip(&mut self) {
        self.chains.clear();
        self.parts.clear();
        let numbers = std::mem::replace(&mut self.numbers, Numbers::new(false));
        self.left_out(numbers, 0);
    }

    /// Tells of deliveries whose numbers were left out.
    fn left_out(&mut self, numbers: Numbers, received: u64) {
        for missing in numbers.missing(received) {
            self.report.gaps.push(Gap {
                correlation: numbers::name(missing.first),
                chains: missing.count,
                after: missing.after,
                before: missing.before,
                missing: AUTHENTICATED,
            });
        }
    }

    fn gap(&mut self, correlation: &str, after: Option<u64>, before: Option<u64>, missing: &'static [Fact]) {
        let correlation = correlation.to_owned();
        self.report.gaps.push(Gap { correlation, chains: 1, after, before, missing });
    }

    /// What was found, with what only the end can tell: by how the connector stands, one that neither ended nor waits has
    /// a gap. Where that is not known, what could be waiting is taken to be.
    pub fn finish(mut self, standing: Option<&Standing>) -> Report {
        let waits = |correlation: &str| standing.is_none_or(|own| own.waiting.contains(correlation));
        let received = standing.map_or(0, |standing| standing.received);
        for (correlation, chain) in std::mem::take(&mut self.chains) {
            match chain.at_the_end() {
                None => self.report.ended += 1,
                Some(Err(missing)) => self.gap(&correlation, chain.last, None, missing),
                Some(Ok(_)) if waits(&correlation) => {
                    self.report.open.push(Open { correlation, after: chain.last });
                }
                Some(Ok(missing)) => self.gap(&correlation, chain.last, None, missing),
            }
        }
        for (delivery, parts) in std::mem::take(&mut self.parts) {
            for (first, chains) in parts.unseen() {
                // Of those that wait nothing was recorded yet.
                let correlation = format!("{delivery}.{first}");
                if waits(&correlation) {
                    self.report.open.push(Open { correlation, after: None });
                } else {
                    let (after, missing) = (parts.last, ENDING);
                    self.report.gaps.push(Gap { correlation, chains, after, before: None, missing });
                }
            }
        }
        let numbers = self.numbers.clone();
        self.left_out(numbers, received);
        self.report
    }
}

/// Whether a fact is the first of a delivery's chain.
fn starts(fact: Fact) -> bool {
    use Fact::{Alerted, Authenticated, QueueFull, Repeated, TurnedAway};
    matches!(fact, Authenticated | TurnedAway | Repeated | Alerted | QueueFull)
}

const AUTHENTICATED: &[Fact] = &[Fact::Authenticated];
const UNPACKED: &[Fact] = &[Fact::Unpacked];
const FETCHED: &[Fact] = &[Fact::Fetched];
const FETCHED_OR_MISSING: &[Fact] = &[Fact::Fetched, Fact::Missing];
/// What may become of an event that was not worked on.
const ENDING: &[Fact] = &[Fact::Checked, Fact::Conflicted, Fact::Noticed, Fact::Unpacked, Fact::DeadLettered];

/// A correlation id, taken apart: `run-000001`, `run-000001.2` or `run-000001.gap-3`.
struct Name<'a> {
    delivery: &'a str,
    number: Option<u64>,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    /// The delivery itself.
    Whole,
    /// One of several events that it brought, by number from 1.
    Of(u64),
    /// An event that was missing.
    Gap,
}

impl<'a> Name<'a> {
    fn of(correlation: &'a str) -> Self {
        let (delivery, part) = match correlation.split_once('.') {
            None => (correlation, Part::Whole),
            Some((delivery, part)) => (delivery, part.parse().map_or(Part::Gap, Part::Of)),
        };
        Self { delivery, number: numbers::number(delivery), part }
    }
}
