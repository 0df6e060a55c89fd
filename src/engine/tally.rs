//! Counting: which group each source record counts in, so that it counts once, whatever comes again or changes.
//!
//! The connector keeps keyed hashes of source records and patients; the record of a group has its dimensions and a
//! count, and names neither.

use super::deliver::{CrmField, CrmRecord, CrmZone};
use super::fhir::Json;
use super::phi::Phi;
use super::policy::{Aggregate, Policy};
use super::queue::StateKeys;
use super::redact::{Pseudonym, Redacted};
use super::time::Instant;
use super::validate::Shape;
use std::collections::BTreeMap;

/// A source record that a policy counts, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    record: Pseudonym,
    patient: Pseudonym,
}

impl Contribution {
    /// What an event contributes under a policy; none where its focus has no id or its patient no name, so that it
    /// could be counted twice. Two patients who may be the same count as one.
    pub fn of(event: &Phi<Json>, shape: &Shape, policy: &Policy, keys: &StateKeys) -> Option<Self> {
        let patient = shape.patient()?;
        let named = |json: &Json| {
            let anywhere = keys.of_person_anywhere(json, shape.data, patient);
            anywhere.into_iter().chain(keys.of_person(json, shape.data, patient)).next()
        };
        Some(Self {
            record: event.classify(|json| keys.of_counted(&policy.id, &policy.source, json, shape.focus))?,
            patient: event.classify(named)?,
        })
    }
}

/// What an event changes about the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its source record is counted for the first time.
    Counted,
    /// It was counted, in another group or for another patient.
    Moved,
    /// It is counted just so already.
    Known,
}

impl Change {
    /// As the audit log spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Moved => "moved",
            Self::Known => "known",
        }
    }

    /// The same in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Counted => "The source record is counted, in the group of those that share its values.",
            Self::Moved => {
                "The source record was counted in another group: it counts in this one now, and once."
            }
            Self::Known => "The source record is counted in this group already: nothing is added.",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    group: Pseudonym,
    patient: Pseudonym,
}

#[derive(Clone, Debug, Default)]
struct Group {
    records: u64,
    /// The patients, each with how many of the records are theirs.
    patients: BTreeMap<Pseudonym, u64>,
}

/// Which source records were counted where.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    shares: BTreeMap<Pseudonym, Share>,
    groups: BTreeMap<Pseudonym, Group>,
}

/// A contribution thought through: what it changes, and the records that say so.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it changes.
    pub change: Change,
    /// The record of the group that the event counts in, once that is large enough, and that of the group that it
    /// leaves. Neither names the run.
    pub records: Vec<CrmRecord>,
    record: Pseudonym,
    share: Share,
}

/// What a contribution is planned against.
pub struct Ground<'a> {
    /// The counting policy.
    pub policy: &'a Policy,
    /// What it counts.
    pub aggregate: &'a Aggregate,
    /// Keys of the connector's state.
    pub keys: &'a StateKeys,
    /// The CRM demo zone.
    pub crm: &'a CrmZone,
    /// The time.
    pub now: Instant,
}

impl Tally {
    /// What a contribution with these values would change. Decided before it is done, so that it can be logged first.
    pub fn plan(&self, contribution: Contribution, redacted: &Redacted, ground: &Ground<'_>) -> Plan {
        let Ground { policy, aggregate, keys, crm, now } = *ground;
        let dimensions = CrmRecord::of(policy, redacted, now, "").pop();
        let mut fields = dimensions.map(|record| record.fields).unwrap_or_default();
        let group = keys.of_group(&policy.id, &fields);
        let share = Share { group, patient: contribution.patient };
        let before = self.shares.get(&contribution.record).copied();
        let change = match before {
            None => Change::Counted,
            Some(before) if before == share => Change::Known,
            Some(_) => Change::Moved,
        };
        let left = before.filter(|before| before.group != group);
        let out = before.filter(|before| before.group == group).map(|before| before.patient);
        let (records, patients) = self.after(group, out, Some(share.patient));
        let name = aggregate.count.field.clone();
        fields.push(CrmField { name: name.clone(), value: Some(aggregate.shown(records, patients)) });
        let object = &aggregate.count.object;
        // A small group shows its values as much as its count: it is not there until it is large enough.
        let shows = patients >= u64::from(aggregate.least) || crm.place(object, &key(group)).is_some();
        let own = shows.then(|| CrmRecord {
            object: object.clone(),
            key: key(group),
            version: 1,
            fields,
            written: now,
            correlation: String::new(),
        });
        let mut records: Vec<CrmRecord> = own.into_iter().collect();
        records.extend(left.and_then(|left| {
            let place = crm.place(&aggregate.count.object, &key(left.group))?;
            let mut record = crm.records().get(place)?.clone();
            let (records, patients) = self.after(left.group, Some(left.patient), None);
            let count = record.fields.iter_mut().find(|field| field.name == name)?;
            count.value = Some(aggregate.shown(records, patients));
            Some(CrmRecord { written: now, ..record })
        }));
        Plan { change, records, record: contribution.record, share }
    }

    /// Takes up what was planned.
    pub fn take(&mut self, plan: &Plan) {
        self.count(plan.record, plan.share);
    }

    fn count(&mut self, record: Pseudonym, share: Share) {
        if let Some(before) = self.shares.insert(record, share)
            && let Some(group) = self.groups.get_mut(&before.group)
        {
            group.records = group.records.saturating_sub(1);
            let theirs = group.patients.get(&before.patient).copied().unwrap_or(0);
            match theirs {
                0 | 1 => drop(group.patients.remove(&before.patient)),
                more => drop(group.patients.insert(before.patient, more - 1)),
            }
        }
        let group = self.groups.entry(share.group).or_default();
        group.records = group.records.saturating_add(1);
        let theirs = group.patients.entry(share.patient).or_default();
        *theirs = theirs.saturating_add(1);
    }

    /// How many source records, and of how many patients, a group has once one has left it and one has come.
    fn after(&self, group: Pseudonym, out: Option<Pseudonym>, into: Option<Pseudonym>) -> (u64, u64) {
        let none = Group::default();
        let group = self.groups.get(&group).unwrap_or(&none);
        let mut records = group.records;
        let mut patients = group.patients.len() as u64;
        let theirs = |patient: Pseudonym| group.patients.get(&patient).copied().unwrap_or(0);
        if let Some(out) = out {
            records = records.saturating_sub(1);
            patients = patients.saturating_sub(u64::from(theirs(out) == 1));
        }
        if let Some(into) = into {
            records = records.saturating_add(1);
            let stays = theirs(into) > u64::from(out == Some(into));
            patients = patients.saturating_add(u64::from(!stays));
        }
        (records, patients)
    }

    /// All of it as rows of texts: source record, group, patient.
    pub fn rows(&self) -> impl Iterator<Item = [String; 3]> {
        self.shares
            .iter()
            .map(|(record, share)| [*record, share.group, share.patient].map(Pseudonym::to_text))
    }

    /// Puts back a row; false where it is none.
    pub fn restore(&mut self, row: &[String; 3]) -> bool {
        let [record, group, patient] = row.each_ref().map(|text| Pseudonym::parse(text));
        let (Some(record), Some(group), Some(patient)) = (record, group, patient) else { return false };
        self.count(record, Share { group, patient });
        true
    }
}

/// The idempotency key of a group's record.
fn key(group: Pseudonym) -> String {
    format!("grp_{}", group.to_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u128) -> Pseudonym {
        Pseudonym::parse(&format!("{n:032x}")).unwrap()
    }

    fn share(group: u128, patient: u128) -> Share {
        Share { group: name(group), patient: name(patient) }
    }

    #[test]
    fn what_is_foretold_is_what_comes() {
        // Each step: source record, group, patient.
        let steps = [(1, 1, 1), (2, 1, 1), (3, 1, 2), (1, 1, 1), (1, 2, 1), (3, 1, 1), (2, 2, 9), (2, 2, 9)];
        let mut tally = Tally::default();
        for (record, group, patient) in steps {
            let (record, to) = (name(record), share(group, patient));
            let before = tally.shares.get(&record).copied();
            let inside = before.filter(|before| before.group == to.group).map(|before| before.patient);
            let foretold = tally.after(to.group, inside, Some(to.patient));
            let left = before.filter(|before| before.group != to.group);
            let left = left.map(|left| (left.group, tally.after(left.group, Some(left.patient), None)));
            tally.count(record, to);
            let size = |group: &Group| (group.records, group.patients.len() as u64);
            assert_eq!(size(&tally.groups[&to.group]), foretold);
            left.iter().for_each(|(group, foretold)| assert_eq!(size(&tally.groups[group]), *foretold));
        }
        assert_eq!(tally.shares.len(), 3, "each source record once");
        assert_eq!(tally.groups.values().map(|group| group.records).sum::<u64>(), 3);
    }

    #[test]
    fn what_is_kept_comes_back() {
        let mut tally = Tally::default();
        tally.count(name(1), share(7, 8));
        tally.count(name(2), share(7, 9));
        let mut back = Tally::default();
        assert!(tally.rows().all(|row| back.restore(&row)));
        assert_eq!(back.rows().collect::<Vec<_>>(), tally.rows().collect::<Vec<_>>());
        assert_eq!(back.after(name(7), None, None), (2, 2));
        assert!(!back.restore(&["".to_owned(), "x".to_owned(), "7".to_owned()]));
    }
}
