//! One chain, record by record: where it stands, and what each record presupposes.

use super::super::{AuditRecord, Fact};
use super::{ENDING, FETCHED, UNPACKED};
use crate::engine::queue::ATTEMPTS;
use crate::engine::refusal::Code;
use std::collections::BTreeSet;

/// What one try goes through, in order; of each stage any outcome.
const WAY: [&[Fact]; 6] = [
    &[Fact::Checked, Fact::CheckRefused],
    &[Fact::Mapped],
    &[Fact::Permitted, Fact::Denied],
    &[Fact::Redacted, Fact::RedactRefused],
    &[Fact::Inspected, Fact::Quarantined],
    &[Fact::Delivered, Fact::Unchanged, Fact::WriteFailed],
];
const GIVEN_UP: &[Fact] = &[Fact::DeadLettered];
const REDRIVEN: &[Fact] = &[Fact::Redriven];
const UNCOUNTED: &[Fact] = &[Fact::Uncounted];
const PUT_ON_FILE: &[Fact] = &[Fact::PutOnFile];
const MERGED: &[Fact] = &[Fact::Merged];

/// What the next record has to be, whatever the chain has gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Due {
    #[default]
    Nothing,
    GiveUp,
    /// It is a dead letter, which is an end until it is re-driven.
    Redrive,
}

/// A chain that has not ended.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// Its last record, by its place in the log.
    pub last: Option<u64>,
    /// What is missing before its first record.
    pub missing_start: Option<&'static [Fact]>,
    /// Whether its beginning is not among the records.
    pub joined: bool,
    /// Whether it is not known how far it had come.
    loose: bool,
    /// Stages that this try has gone through.
    stages: usize,
    due: Due,
    /// Tries that failed for the time being since it was taken in or re-driven.
    failed: usize,
    /// What this try says that it changes about consents, and has not yet.
    announced: Option<&'static [Fact]>,
    /// What it has changed about consents before it was checked.
    taught: Option<&'static [Fact]>,
    /// Counts that it ended and that nothing has named yet.
    withdrawn: u64,
    /// Events that were fetched for it and that nothing has named yet.
    fetched: u64,
}

/// The events that a delivery made way for.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// How many; none where nothing has said so.
    pub events: Option<u64>,
    /// Those of which something was seen.
    pub seen: BTreeSet<u64>,
    /// How many of them were fetched.
    pub fetched: u64,
    /// The record that says so.
    pub last: Option<u64>,
    /// Whether it was told already that nothing has said so.
    pub told: bool,
}

impl Parts {
    /// Those of which nothing was seen: the first and how many, one after the other.
    pub fn unseen(&self) -> Vec<(u64, u64)> {
        let mut unseen = Vec::new();
        let mut next: u64 = 1;
        let end = self.events.unwrap_or(0).saturating_add(1);
        for seen in self.seen.iter().copied().chain([end]).filter(|seen| *seen <= end) {
            if seen > next {
                unseen.push((next, seen - next));
            }
            next = seen.saturating_add(1);
        }
        unseen
    }
}

/// What a delivery says of the events that it makes way for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// How many.
    pub events: u64,
    /// How many of them were fetched.
    pub fetched: u64,
}

/// What a record makes of its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// More is to come.
    Goes,
    /// It ends here.
    Ends,
    /// It makes way for its events.
    Unpacks(Told),
}

impl Chain {
    /// A chain that began before the first record, as its first record here finds it.
    pub fn joined(fact: Fact) -> Self {
        let due = if fact == Fact::Redriven { Due::Redrive } else { Due::Nothing };
        let stage = stage(fact);
        Self { joined: true, loose: stage.is_none(), stages: stage.unwrap_or(0), due, ..Self::default() }
    }

    /// The same where the beginning should be there.
    pub fn torn(fact: Fact, missing: &'static [Fact]) -> Self {
        Self { missing_start: Some(missing), ..Self::joined(fact) }
    }

    /// Takes its next record; says what is missing before it.
    pub fn step(
        &mut self,
        fact: Fact,
        record: &AuditRecord<'_>,
        missing: &mut Vec<&'static [Fact]>,
    ) -> Found {
        if self.due == Due::GiveUp && fact != Fact::DeadLettered {
            missing.push(GIVEN_UP);
            self.due = Due::Redrive;
        }
        if self.due == Due::Redrive && fact != Fact::Redriven {
            missing.push(REDRIVEN);
            self.again();
        }
        match fact {
            Fact::Fetched => {
                self.fetched += 1;
                return Found::Goes;
            }
            Fact::Unpacked => return self.unpack(record, missing),
            _ => {}
        }
        if self.fetched > 0 && self.is_whole(record) {
            missing.push(UNPACKED);
        }
        self.fetched = 0;
        if let Some(stage) = stage(fact) {
            self.reach(stage, missing);
            return self.pass(fact, stage, record, missing);
        }
        match fact {
            Fact::PutOnFile | Fact::Merged | Fact::Uncounted => self.learn(fact, missing),
            Fact::DeadLettered => self.give_up(record, missing),
            Fact::Redriven => self.redrive(missing),
            Fact::Authenticated if self.last.is_none() => Found::Goes,
            Fact::Missing => Found::Goes,
            Fact::Noticed | Fact::Known => {
                self.reach(0, missing);
                Found::Ends
            }
            // The rest begins a chain and ends it at once.
            _ if self.last.is_none() => Found::Ends,
            _ => {
                // Two chains under one name: the first one has no end.
                missing.push(self.next());
                *self = Self::default();
                if fact == Fact::Authenticated { Found::Goes } else { Found::Ends }
            }
        }
    }

    /// Whether the record is of a whole delivery, and not of one of several events.
    fn is_whole(&self, record: &AuditRecord<'_>) -> bool {
        !record.correlation.contains('.')
    }

    /// What this try would have to come to next.
    fn next(&self) -> &'static [Fact] {
        WAY.get(self.stages).copied().unwrap_or(ENDING)
    }

    /// It waits for another try.
    fn again(&mut self) {
        *self = Self { last: self.last, joined: self.joined, ..Self::default() };
    }

    /// What comes now presupposes that this try has gone through so many stages.
    fn reach(&mut self, stages: usize, missing: &mut Vec<&'static [Fact]>) {
        if std::mem::take(&mut self.loose) {
            self.stages = stages;
        }
        if self.stages != stages {
            missing.push(self.next());
            // Another try began: what is missing is how this one failed.
            self.failed += usize::from(self.stages > stages);
            self.stages = stages;
        }
    }

    fn unpack(&mut self, record: &AuditRecord<'_>, missing: &mut Vec<&'static [Fact]>) -> Found {
        self.reach(0, missing);
        let told = Told { events: record.events.unwrap_or(0), fetched: record.fetched.unwrap_or(0) };
        if told.events > 1 {
            return Found::Unpacks(told);
        }
        if self.fetched < told.fetched && !self.joined {
            missing.push(FETCHED);
        }
        self.fetched = 0;
        Found::Goes
    }

    /// A record of the way itself.
    fn pass(
        &mut self,
        fact: Fact,
        stage: usize,
        record: &AuditRecord<'_>,
        missing: &mut Vec<&'static [Fact]>,
    ) -> Found {
        let code = record.code.as_deref().and_then(Code::parse);
        let announced = match record.effect.as_deref() {
            Some("consent") => Some(PUT_ON_FILE),
            Some("merge") => Some(MERGED),
            _ => None,
        };
        match fact {
            Fact::Checked => self.announced = announced,
            Fact::CheckRefused => {
                if self.taught.take() != announced && !self.joined {
                    missing.extend(announced);
                }
                self.name_withdrawn(record, missing);
            }
            Fact::Permitted | Fact::Denied => {
                self.taught = None;
                missing.extend(self.announced.take());
                self.name_withdrawn(record, missing);
            }
            _ => {}
        }
        self.stages = stage + 1;
        match fact {
            Fact::Checked | Fact::Mapped | Fact::Permitted | Fact::Redacted | Fact::Inspected => Found::Goes,
            Fact::CheckRefused if code == Some(Code::SchemaDrift) => {
                self.due = Due::GiveUp;
                Found::Goes
            }
            Fact::RedactRefused | Fact::WriteFailed if code.is_some_and(Code::is_transient) => {
                self.stages = 0;
                self.failed += 1;
                if self.failed >= ATTEMPTS {
                    self.due = Due::GiveUp;
                }
                Found::Goes
            }
            _ => Found::Ends,
        }
    }

    /// What was counted no more since the try began is named by its decision.
    fn name_withdrawn(&mut self, record: &AuditRecord<'_>, missing: &mut Vec<&'static [Fact]>) {
        if self.withdrawn < record.withdrawn.unwrap_or(0) && !self.joined {
            missing.push(UNCOUNTED);
        }
        self.withdrawn = 0;
    }

    /// What an event changes of itself: after it was mapped, or before it is refused.
    fn learn(&mut self, fact: Fact, missing: &mut Vec<&'static [Fact]>) -> Found {
        if self.stages != 0 {
            self.reach(2, missing);
        }
        match fact {
            Fact::Uncounted => self.withdrawn += 1,
            _ if self.stages == 0 => {
                self.taught = Some(if fact == Fact::Merged { MERGED } else { PUT_ON_FILE })
            }
            _ => self.announced = None,
        }
        Found::Goes
    }

    fn give_up(&mut self, record: &AuditRecord<'_>, missing: &mut Vec<&'static [Fact]>) -> Found {
        let code = record.code.as_deref().and_then(Code::parse);
        let unavailable = code == Some(Code::NotificationEventUnavailable);
        if self.due != Due::GiveUp && !self.joined && !(unavailable && self.stages == 0) {
            missing.push(self.next());
        }
        self.again();
        self.due = Due::Redrive;
        Found::Goes
    }

    fn redrive(&mut self, missing: &mut Vec<&'static [Fact]>) -> Found {
        if self.due != Due::Redrive {
            missing.push(GIVEN_UP);
        }
        self.again();
        Found::Goes
    }

    /// How it stands when no more records come: ended; waiting, with what would come next; or broken off, with what is
    /// missing.
    pub fn at_the_end(&self) -> Option<Result<&'static [Fact], &'static [Fact]>> {
        match self.due {
            Due::Redrive => None,
            Due::GiveUp => Some(Err(GIVEN_UP)),
            // A try is gone through without a stop.
            Due::Nothing if self.stages > 0 || self.taught.is_some() => Some(Err(self.next())),
            Due::Nothing if self.failed > 0 => Some(Ok(self.next())),
            Due::Nothing => Some(Ok(ENDING)),
        }
    }
}

/// The stages that a record of the way presupposes.
fn stage(fact: Fact) -> Option<usize> {
    if fact == Fact::Conflicted { Some(0) } else { WAY.iter().position(|stage| stage.contains(&fact)) }
}
