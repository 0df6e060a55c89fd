//! Which version of a resource is the later one, and which versions were seen.

use crate::engine::fhir::{Json, NodeId};
use crate::engine::redact::Pseudonym;
use crate::engine::time::Instant;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a resource says of its version: `meta.versionId` where it is a number, and `meta.lastUpdated`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The number of the version. FHIR leaves its form open; only whole numbers have an order.
    pub number: Option<u32>,
    /// When the resource last changed.
    pub updated: Option<Instant>,
}

impl Version {
    /// The version of a resource.
    pub fn of(json: &Json, resource: NodeId) -> Self {
        let meta = |name| json.get(resource, "meta").and_then(|meta| json.get_str(meta, name));
        Self {
            number: meta("versionId").and_then(|text| text.parse().ok()),
            updated: meta("lastUpdated").and_then(|text| Instant::parse(&text)),
        }
    }

    /// The later of two; the first where their order can't be told.
    pub fn later(self, other: Self) -> Self {
        if self.backwards_from(other).is_some() { other } else { self }
    }

    /// Whether there is nothing to tell an order by.
    pub fn is_unknown(self) -> bool {
        self == Self::default()
    }

    /// The member of `meta` by which this version is before an earlier one, where it is.
    pub fn backwards_from(self, earlier: Self) -> Option<&'static str> {
        let before =
            |one: Option<u32>, other: Option<u32>| matches!((one, other), (Some(a), Some(b)) if a < b);
        if before(self.number, earlier.number) {
            return Some("versionId");
        }
        let (own, known) = (self.updated, earlier.updated);
        matches!((own, known), (Some(own), Some(known)) if own < known).then_some("lastUpdated")
    }
}

/// Resources whose version is kept, at most; the one that was first seen longest ago makes room.
const CAPACITY: usize = 2048;

/// The latest version seen of each resource, by its pseudonym.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    latest: BTreeMap<Pseudonym, Version>,
    order: VecDeque<Pseudonym>,
    /// Resources of which a version came or went since [`Versions::take_changed`] was asked.
    changed: BTreeSet<Pseudonym>,
}

impl Versions {
    /// The latest version seen.
    pub fn of(&self, resource: Pseudonym) -> Option<Version> {
        self.latest.get(&resource).copied()
    }

    /// Remembers a version. One that says nothing is not worth a place.
    pub fn saw(&mut self, resource: Pseudonym, version: Version) {
        if version.is_unknown() {
            return;
        }
        if self.latest.get(&resource) != Some(&version) {
            self.changed.insert(resource);
        }
        self.restore(resource, version);
    }

    /// Puts back a version that was kept.
    pub fn restore(&mut self, resource: Pseudonym, version: Version) {
        if self.latest.insert(resource, version).is_none() {
            self.order.push_back(resource);
        }
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.latest.remove(&oldest);
            self.changed.insert(oldest);
        }
    }

    /// Resources of which a version came or went since this was asked last.
    pub(in crate::engine) fn take_changed(&mut self) -> BTreeSet<Pseudonym> {
        std::mem::take(&mut self.changed)
    }

    /// All of them, first seen first.
    pub fn iter(&self) -> impl Iterator<Item = (Pseudonym, Version)> {
        self.order.iter().filter_map(|resource| Some((*resource, self.of(*resource)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: Option<u32>, updated: Option<i64>) -> Version {
        Version { number, updated: updated.map(Instant) }
    }

    #[test]
    fn a_number_or_a_time_tells_the_order() {
        let known = version(Some(10), Some(1000));
        assert_eq!(version(Some(9), Some(2000)).backwards_from(known), Some("versionId"));
        assert_eq!(version(Some(10), Some(999)).backwards_from(known), Some("lastUpdated"));
        assert_eq!(version(None, Some(999)).backwards_from(known), Some("lastUpdated"));
        for later in [version(Some(10), Some(1000)), version(Some(11), None), version(None, None)] {
            assert_eq!(later.backwards_from(known), None, "{later:?}");
        }
    }

    #[test]
    fn the_first_seen_makes_room() {
        let pseudonym = |n: usize| Pseudonym::parse(&format!("{n:032x}")).unwrap();
        let mut versions = Versions::default();
        for n in 0..=CAPACITY {
            versions.saw(pseudonym(n), version(Some(1), None));
        }
        versions.saw(pseudonym(7), version(None, None));
        assert_eq!((versions.iter().count(), versions.of(pseudonym(0))), (CAPACITY, None));
        assert_eq!(versions.of(pseudonym(7)), Some(version(Some(1), None)));
    }
}
