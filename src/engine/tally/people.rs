//! Who is one patient: names that belong together, whatever order that is learned in.

use crate::engine::redact::Pseudonym;
use std::collections::{BTreeMap, BTreeSet};

/// Names that are one patient's, and which source records are counted of each patient.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    /// The name that another one stands behind; a name without an entry speaks for itself.
    same: BTreeMap<Pseudonym, Pseudonym>,
    /// By the name that speaks for a patient.
    own: BTreeMap<Pseudonym, Own>,
}

#[derive(Clone, Debug, Default)]
struct Own {
    /// Names and records that were ever put together here: it only grows, so that the way to the name that speaks
    /// is short.
    weight: usize,
    records: BTreeSet<Pseudonym>,
}

/// Two who turned out to be one.
pub(super) struct Joined {
    /// The name that speaks for a patient no more.
    pub(super) gone: Pseudonym,
    /// The name that speaks for both.
    pub(super) stays: Pseudonym,
    /// The records that were counted of the first.
    pub(super) records: BTreeSet<Pseudonym>,
}

impl People {
    /// The name that speaks for whoever goes by this one.
    pub(super) fn find(&self, name: Pseudonym) -> Pseudonym {
        let mut name = name;
        while let Some(next) = self.same.get(&name) {
            name = *next;
        }
        name
    }

    /// How many patients go by these names.
    pub(super) fn count<'a>(&self, names: impl Iterator<Item = &'a Pseudonym>) -> u64 {
        let mut found = BTreeSet::new();
        found.extend(names.map(|name| self.find(*name)));
        found.len() as u64
    }

    /// The records that are counted of whoever goes by this name.
    pub(super) fn records(&self, name: Pseudonym) -> impl Iterator<Item = Pseudonym> {
        self.own.get(&self.find(name)).into_iter().flat_map(|own| own.records.iter().copied())
    }

    /// Takes it that two names are one patient's. None where that was known.
    pub(super) fn join(&mut self, one: Pseudonym, other: Pseudonym) -> Option<Joined> {
        let (one, other) = (self.find(one), self.find(other));
        if one == other {
            return None;
        }
        let weight = |name| self.own.get(&name).map_or(0, |own| own.weight);
        let (stays, gone) = if weight(one) < weight(other) { (other, one) } else { (one, other) };
        let Own { weight, records } = self.own.remove(&gone).unwrap_or_default();
        self.same.insert(gone, stays);
        let own = self.own.entry(stays).or_default();
        own.weight = own.weight.saturating_add(weight).saturating_add(1);
        own.records.extend(records.iter().copied());
        Some(Joined { gone, stays, records })
    }

    /// Takes it that a record is this patient's.
    pub(super) fn give(&mut self, name: Pseudonym, record: Pseudonym) {
        let own = self.own.entry(self.find(name)).or_default();
        if own.records.insert(record) {
            own.weight = own.weight.saturating_add(1);
        }
    }

    /// Takes it that a record is this patient's no more.
    pub(super) fn take(&mut self, name: Pseudonym, record: Pseudonym) {
        if let Some(own) = self.own.get_mut(&self.find(name)) {
            own.records.remove(&record);
        }
    }

    /// The names that stand behind another one, each with that.
    pub(super) fn same(&self) -> impl Iterator<Item = (Pseudonym, Pseudonym)> {
        self.same.iter().map(|(name, other)| (*name, *other))
    }
}
