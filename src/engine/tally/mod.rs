//! Counting: which group each source record counts in, so that it counts once, whatever comes again or changes.
//!
//! The connector keeps keyed hashes of source records and patients; the record of a group has its dimensions and a
//! count, and names neither.
//!
//! What a group's record says changes in batches. A group is looked at only once as many patients as a group has at
//! least have records that came into it or left it since it was looked at before; it then says its number of source
//! records, rounded down. So between any two things that a record says there are that many patients, and the
//! difference tells of none of them. The rule knows no chance: the same events give the same records.

mod keep;
mod people;

pub use keep::Kept;

use super::deliver::{CrmField, CrmRecord, CrmZone};
use super::fhir::{Json, Namespace, NodeId};
use super::phi::Phi;
use super::policy::{Aggregate, Policy};
use super::queue::StateKeys;
use super::redact::{Pseudonym, Redacted};
use super::time::Instant;
use super::validate::Shape;
use people::People;
use std::collections::{BTreeMap, BTreeSet};

/// All that a patient goes by.
pub fn names(
    event: &Phi<Json>,
    namespace: &Namespace<'_>,
    patient: NodeId,
    keys: &StateKeys,
) -> Vec<Pseudonym> {
    event.classify(|json| keys.of_person(json, namespace, patient)).names
}

/// A source record that a policy counts, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    record: Pseudonym,
    patient: Pseudonym,
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
    /// All changes.
    pub const ALL: [Self; 3] = [Self::Counted, Self::Moved, Self::Known];

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
    /// One of the names of whose it is.
    patient: Pseudonym,
}

#[derive(Clone, Debug, Default)]
struct Group {
    /// Id of the policy that counts.
    policy: String,
    records: u64,
    /// The patients, each with how many of the records are theirs.
    patients: BTreeMap<Pseudonym, u64>,
    /// The patients whose records came or left since the group was looked at.
    stirred: BTreeSet<Pseudonym>,
}

/// What a counting policy counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Id of the policy.
    pub policy: String,
    /// Purpose of use.
    pub purpose: String,
    /// Reference of the receiving organisation.
    pub recipient: String,
}

#[derive(Clone, Debug)]
struct Counting {
    asked: Asked,
    least: u32,
    /// Groups of which so many patients are gone that they are to be looked at with the next event.
    due: BTreeSet<Pseudonym>,
}

/// Which source records were counted where.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    shares: BTreeMap<Pseudonym, Share>,
    groups: BTreeMap<Pseudonym, Group>,
    people: People,
    /// By policy.
    counting: BTreeMap<String, Counting>,
    /// Whether anything may have changed since [`Tally::take_stirred`] was asked.
    changed: bool,
}

/// What happens to a group: a record of the one patient leaves it, one of the other comes.
#[derive(Clone, Copy, Debug)]
struct Step {
    group: Pseudonym,
    out: Option<Pseudonym>,
    into: Option<Pseudonym>,
}

/// How large a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    records: u64,
    patients: u64,
}

/// A contribution thought through: what it changes, and the records that say so.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it changes.
    pub change: Change,
    /// The records of the groups that are looked at, once they are large enough. None names the run.
    pub records: Vec<CrmRecord>,
    contribution: Contribution,
    steps: Vec<Step>,
    looked_at: Vec<Pseudonym>,
}

impl Plan {
    /// What it changes, in sentences.
    pub fn sentences(&self) -> impl Iterator<Item = &'static str> {
        let waits = self.records.is_empty() && self.change != Change::Known;
        [self.change.sentence()].into_iter().chain(waits.then_some(WAITS))
    }
}

const WAITS: &str = "No record is written for one patient: that of a group is looked at once the records of enough patients have come or left.";

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
    /// What an event contributes under a policy; none where its focus has no id or its patient no name, so that it
    /// could be counted twice. Two patients who may be the same are one from here on.
    pub fn meet(
        &mut self,
        event: &Phi<Json>,
        shape: &Shape,
        policy: &Policy,
        keys: &StateKeys,
        now: Instant,
    ) -> Option<Contribution> {
        let record = event.classify(|json| keys.of_counted(&policy.id, &policy.source, json, shape.focus))?;
        let names = names(event, &shape.namespace(&policy.source, now), shape.patient()?, keys);
        self.join(&names);
        Some(Contribution { record, patient: names.first().copied()? })
    }

    /// Whether anything may have changed since this was asked last.
    pub(in crate::engine) fn take_stirred(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Takes it that these names are one patient's.
    pub fn join(&mut self, names: &[Pseudonym]) {
        self.changed = true;
        let Some((first, rest)) = names.split_first() else { return };
        for name in rest {
            let Some(joined) = self.people.join(*first, *name) else { continue };
            for record in joined.records {
                let Some(share) = self.shares.get(&record) else { continue };
                let Some(group) = self.groups.get_mut(&share.group) else { continue };
                let Some(theirs) = group.patients.remove(&joined.gone) else { continue };
                let all = group.patients.entry(joined.stays).or_default();
                if *all > 0 {
                    // The group has one patient less than it seemed to.
                    group.stirred.insert(joined.stays);
                }
                *all = all.saturating_add(theirs);
            }
        }
    }

    /// What a contribution with these values would change. Decided before it is done, so that it can be logged first.
    pub fn plan(&self, contribution: Contribution, redacted: &Redacted, ground: &Ground<'_>) -> Plan {
        let Ground { policy, aggregate, keys, crm, now } = *ground;
        let dimensions = CrmRecord::of(policy, redacted, now, "").pop();
        let fields = dimensions.map(|record| record.fields).unwrap_or_default();
        let own = keys.of_group(&policy.id, &fields);
        let (change, steps) = self.steps(contribution, own);
        let due = self.counting.get(&policy.id).into_iter().flat_map(|counting| &counting.due);
        let due = due.filter(|due| steps.iter().all(|step| step.group != **due));
        let due = due.map(|group| Step { group: *group, out: None, into: None });
        let (least, object) = (u64::from(aggregate.least), &aggregate.count.object);
        let (mut records, mut looked_at) = (Vec::new(), Vec::new());
        for step in steps.iter().copied().chain(due) {
            let (group, size) = (step.group, self.after(step));
            let shown = crm.place(object, &key(group)).and_then(|place| crm.records().get(place));
            // A small group shows its values as much as its count: it is not there until it is large enough.
            let mut fields = match shown {
                Some(_) if self.stirred(step) < least => continue,
                Some(record) => record.fields.clone(),
                None if group == own => fields.clone(),
                None => Vec::new(),
            };
            looked_at.push(group);
            if shown.is_none() && (group != own || size.patients < least) {
                continue;
            }
            let name = &aggregate.count.field;
            fields.retain(|field| field.name != *name);
            let value = Some(aggregate.shown(size.records, size.patients));
            fields.push(CrmField { name: name.clone(), value });
            records.push(CrmRecord {
                object: object.clone(),
                key: key(group),
                version: 1,
                fields,
                // The moment would tell whose event it was.
                written: now.month(),
                correlation: String::new(),
            });
        }
        Plan { change, records, contribution, steps, looked_at }
    }

    /// What a contribution to a group changes, and what happens to which groups.
    fn steps(&self, contribution: Contribution, group: Pseudonym) -> (Change, Vec<Step>) {
        let into = Some(self.people.find(contribution.patient));
        let before = self.shares.get(&contribution.record);
        match before.map(|before| (before.group, Some(self.people.find(before.patient)))) {
            None => (Change::Counted, vec![Step { group, out: None, into }]),
            Some((left, out)) if left != group => {
                let away = Step { group: left, out, into: None };
                (Change::Moved, vec![Step { group, out: None, into }, away])
            }
            Some((_, out)) if out != into => (Change::Moved, vec![Step { group, out, into }]),
            Some(_) => (Change::Known, Vec::new()),
        }
    }

    /// Takes up what was planned.
    pub fn take(&mut self, plan: &Plan, policy: &Policy, aggregate: &Aggregate) {
        self.changed = true;
        let asked = Asked {
            policy: policy.id.clone(),
            purpose: policy.purpose.clone(),
            recipient: policy.recipient.clone(),
        };
        let counting = Counting { asked, least: aggregate.least, due: BTreeSet::new() };
        self.counting.insert(policy.id.clone(), counting);
        let Contribution { record, patient } = plan.contribution;
        for Step { group, into, .. } in plan.steps.iter().filter(|step| step.into.is_some()) {
            self.remove(record);
            self.count(record, Share { group: *group, patient }, &policy.id);
            let stirred = self.groups.get_mut(group).map(|group| &mut group.stirred);
            stirred.into_iter().for_each(|stirred| stirred.extend(*into));
        }
        for name in &plan.looked_at {
            let Some(group) = self.groups.get_mut(name) else { continue };
            group.stirred.clear();
            if group.records == 0 {
                self.groups.remove(name);
            }
        }
    }

    fn count(&mut self, record: Pseudonym, share: Share, policy: &str) {
        let who = self.people.find(share.patient);
        self.people.give(who, record);
        self.shares.insert(record, share);
        let group = self.groups.entry(share.group).or_default();
        if group.policy != policy {
            group.policy = policy.to_owned();
        }
        group.records = group.records.saturating_add(1);
        let theirs = group.patients.entry(who).or_default();
        *theirs = theirs.saturating_add(1);
    }

    /// Takes a record out of the group that it counts in, and gives that group.
    fn remove(&mut self, record: Pseudonym) -> Option<Pseudonym> {
        let share = self.shares.remove(&record)?;
        let who = self.people.find(share.patient);
        self.people.take(who, record);
        let group = self.groups.get_mut(&share.group)?;
        group.records = group.records.saturating_sub(1);
        match group.patients.get(&who).copied().unwrap_or(0) {
            0 | 1 => drop(group.patients.remove(&who)),
            more => drop(group.patients.insert(who, more - 1)),
        }
        group.stirred.insert(who);
        Some(share.group)
    }

    /// What whoever goes by one of these names is counted for.
    pub fn asked(&self, names: &[Pseudonym]) -> Vec<Asked> {
        let mut policies = BTreeSet::new();
        for record in names.iter().flat_map(|name| self.people.records(*name)) {
            let group = self.shares.get(&record).and_then(|share| self.groups.get(&share.group));
            policies.extend(group.map(|group| group.policy.as_str()));
        }
        let counting = policies.into_iter().filter_map(|policy| self.counting.get(policy));
        counting.map(|counting| counting.asked.clone()).collect()
    }

    /// Counts whoever goes by one of these names under a policy no more. A later event of theirs counts again, if it is
    /// permitted.
    pub fn withdraw(&mut self, names: &[Pseudonym], policy: &str) {
        self.changed = true;
        let mut records = BTreeSet::new();
        records.extend(names.iter().flat_map(|name| self.people.records(*name)));
        for record in records {
            let share = self.shares.get(&record);
            let group = share.and_then(|share| self.groups.get(&share.group));
            if group.is_some_and(|group| group.policy == policy)
                && let Some(group) = self.remove(record)
            {
                self.remind(group);
            }
        }
    }

    /// Notes a group down to be looked at, where enough of its patients have changed.
    fn remind(&mut self, name: Pseudonym) {
        let Some(policy) = self.groups.get(&name).map(|group| &group.policy) else { return };
        let Some(counting) = self.counting.get(policy).filter(|own| !own.due.contains(&name)) else { return };
        let enough = self.stirred(Step { group: name, out: None, into: None }) >= u64::from(counting.least);
        if let Some(counting) = self.counting.get_mut(policy).filter(|_| enough) {
            counting.due.insert(name);
        }
    }

    /// How large a group is once a step is taken.
    fn after(&self, step: Step) -> Size {
        let none = Group::default();
        let group = self.groups.get(&step.group).unwrap_or(&none);
        let mut records = group.records;
        let mut patients = group.patients.len() as u64;
        let theirs = |patient: Pseudonym| group.patients.get(&patient).copied().unwrap_or(0);
        if let Some(out) = step.out {
            records = records.saturating_sub(1);
            patients = patients.saturating_sub(u64::from(theirs(out) == 1));
        }
        if let Some(into) = step.into {
            records = records.saturating_add(1);
            let stays = theirs(into) > u64::from(step.out == Some(into));
            patients = patients.saturating_add(u64::from(!stays));
        }
        Size { records, patients }
    }

    /// Of how many patients records have come or left since a group was looked at, once a step is taken.
    fn stirred(&self, step: Step) -> u64 {
        let stirred = self.groups.get(&step.group).into_iter().flat_map(|group| &group.stirred);
        self.people.count(stirred.chain(&step.out).chain(&step.into))
    }
}

/// The idempotency key of a group's record.
fn key(group: Pseudonym) -> String {
    format!("grp_{}", group.to_text())
}

#[cfg(test)]
mod tests;
