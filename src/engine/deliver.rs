//! Idempotent writes to the CRM demo zone, and the faults that it can be told to have.

use super::Outcome;
use super::audit::hex;
use super::policy::Policy;
use super::redact::Redacted;
use super::refusal::{Code, Refusal};
use super::time::Instant;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A field as it leaves: no [`super::phi::Phi`] fits in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrmField {
    /// Name in the CRM object.
    pub name: String,
    /// Value; none where it was withheld.
    pub value: Option<String>,
}

/// A record of the CRM demo zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrmRecord {
    /// CRM object, e.g. `Activity`.
    pub object: String,
    /// Idempotency key.
    pub key: String,
    /// Goes up with each change, from 1.
    pub version: u32,
    /// The fields, in the contract's order.
    pub fields: Vec<CrmField>,
    /// When it was last written; of a group that was counted, the first moment of that month.
    pub written: Instant,
    /// What the event that wrote it last goes by here: a keyed hash, which counts nothing of other events.
    pub correlation: String,
}

impl CrmRecord {
    /// The records that a redacted event makes, one for each CRM object that the policy writes, their fields named as
    /// the contract names them. All have the same key: that is what ties them together.
    pub fn of(policy: &Policy, redacted: &Redacted, now: Instant, reference: &str) -> Vec<Self> {
        let mut records: Vec<Self> = Vec::new();
        for field in &redacted.fields {
            let Some(target) = policy.rules.get(field.rule).and_then(|rule| rule.target.as_ref()) else {
                continue;
            };
            let named = CrmField { name: target.field.clone(), value: field.value.clone() };
            match records.iter_mut().find(|record| record.object == target.object) {
                Some(record) => record.fields.push(named),
                None => records.push(Self {
                    object: target.object.clone(),
                    key: redacted.key.clone(),
                    version: 1,
                    fields: vec![named],
                    written: now,
                    correlation: reference.to_owned(),
                }),
            }
        }
        records
    }

    /// SHA-256 over what leaves: of each record object, key and number of fields, and of each field name and value,
    /// length-prefixed so that no two lists of records read alike.
    pub fn fingerprint(records: &[Self]) -> String {
        let mut hasher = Sha256::new();
        let mut part = |text: Option<&str>| {
            hasher.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
            hasher.update(text.unwrap_or("").as_bytes());
        };
        for record in records {
            part(Some(&record.object));
            part(Some(&record.key));
            part(Some(&record.fields.len().to_string()));
            for field in &record.fields {
                part(Some(&field.name));
                part(field.value.as_deref());
            }
        }
        hex(&hasher.finalize())
    }
}

/// What writing a record would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Write {
    /// There is one just like it: nothing is written.
    Unchanged,
    /// There is one, and it differs.
    Update,
    /// There is none of this object under this key yet.
    Create,
}

impl Write {
    /// The delivery's final state.
    pub fn outcome(self) -> Outcome {
        if self == Self::Unchanged { Outcome::Unchanged } else { Outcome::Delivered }
    }

    /// What was done, in a sentence.
    pub fn sentence(self, record: &CrmRecord) -> String {
        let CrmRecord { object, version, .. } = record;
        match self {
            Self::Create => format!("A new {object} was written."),
            Self::Update if record.fields.is_empty() => {
                format!("The {object} was emptied: nothing of it crosses any more.")
            }
            Self::Update => format!("The {object} was updated to version {version}."),
            Self::Unchanged => format!("The CRM has this {object} just so already: nothing was written."),
        }
    }
}

/// A time in which the CRM demo zone takes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Its first moment.
    pub from: Instant,
    /// The first moment after it.
    pub until: Instant,
    /// Whether the CRM answers 429, too many requests, and not 503, unavailable.
    pub throttled: bool,
    /// The seconds after which it asks to be tried again, if it does (`Retry-After`).
    pub retry_after: Option<u32>,
}

/// How the CRM demo zone answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sink {
    /// When it takes nothing. Where two overlap, the first one decides.
    pub outages: Vec<Outage>,
}

impl Sink {
    fn outage(&self, now: Instant) -> Option<&Outage> {
        self.outages.iter().find(|outage| outage.from <= now && now < outage.until)
    }

    /// Whether the CRM takes a record.
    ///
    /// # Errors
    /// `deliver.unavailable` or `deliver.throttled`.
    pub fn accepts(&self, now: Instant) -> Result<(), Refusal> {
        match self.outage(now) {
            None => Ok(()),
            Some(Outage { throttled: true, .. }) => Err(Refusal::new(Code::SinkThrottled)),
            Some(_) => Err(Refusal::new(Code::SinkUnavailable)),
        }
    }

    /// The seconds after which it asks to be tried again.
    pub fn retry_after(&self, now: Instant) -> Option<u32> {
        self.outage(now)?.retry_after
    }
}

/// The CRM side: what was delivered, by idempotency key.
#[derive(Clone, Debug, Default)]
pub struct CrmZone {
    records: Vec<CrmRecord>,
    /// Where the record of each key and object stands.
    places: BTreeMap<(String, String), usize>,
    /// Places of records written since [`CrmZone::take_changed`] was asked.
    changed: BTreeSet<usize>,
}

impl CrmZone {
    fn find(&self, record: &CrmRecord) -> Option<&CrmRecord> {
        self.place(&record.object, &record.key).and_then(|place| self.records.get(place))
    }

    /// What writing a record would do. Decided before it is done, so that it can be logged first.
    pub fn plan(&self, record: &CrmRecord) -> Write {
        match self.find(record) {
            None => Write::Create,
            Some(own) if own.fields == record.fields => Write::Unchanged,
            Some(_) => Write::Update,
        }
    }

    /// The records of this key that are not among those that an event makes now, emptied. What stood in them no longer
    /// holds, and must not stay. One that is empty already is not among them.
    pub fn emptied(&self, key: &str, records: &[CrmRecord], now: Instant, reference: &str) -> Vec<CrmRecord> {
        let first = (key.to_owned(), String::new());
        let own = self.places.range(first..).take_while(|((other, _), _)| other == key);
        own.filter_map(|(_, place)| self.records.get(*place))
            .filter(|own| !own.fields.is_empty() && records.iter().all(|record| record.object != own.object))
            .map(|own| CrmRecord {
                fields: Vec::new(),
                written: now,
                correlation: reference.to_owned(),
                ..own.clone()
            })
            .collect()
    }

    /// Writes a record as planned, and gives it as it now stands.
    pub fn write(&mut self, record: CrmRecord) -> CrmRecord {
        let place = self.place(&record.object, &record.key).unwrap_or(self.records.len());
        match self.records.get_mut(place) {
            Some(own) if own.fields == record.fields => own.clone(),
            Some(own) => {
                self.changed.insert(place);
                *own = CrmRecord { version: own.version.saturating_add(1), ..record };
                own.clone()
            }
            None => {
                self.changed.insert(place);
                self.places.insert(name(&record), place);
                self.records.push(record.clone());
                record
            }
        }
    }

    /// Puts back what was stored.
    pub fn restore(records: Vec<CrmRecord>) -> Self {
        let places = records.iter().enumerate().map(|(place, record)| (name(record), place)).collect();
        Self { records, places, changed: BTreeSet::new() }
    }

    /// Places of the records written since this was asked last.
    pub(super) fn take_changed(&mut self) -> BTreeSet<usize> {
        std::mem::take(&mut self.changed)
    }

    /// The records, oldest first.
    pub fn records(&self) -> &[CrmRecord] {
        &self.records
    }

    /// Where the record of this object and key stands among [`CrmZone::records`].
    pub fn place(&self, object: &str, key: &str) -> Option<usize> {
        self.places.get(&(key.to_owned(), object.to_owned())).copied()
    }
}

fn name(record: &CrmRecord) -> (String, String) {
    (record.key.clone(), record.object.clone())
}
