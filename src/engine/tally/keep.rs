//! What counting goes by, as storage keeps it: keyed hashes, counts and what policies say of themselves.

use super::{Asked, Counting, Pseudonym, Share, Tally};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a tally knows beside the rows of [`Tally::rows`].
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    policies: Vec<KeptPolicy>,
    /// Names, each with another one of the same patient.
    same: Vec<[String; 2]>,
    /// Groups, each with the policy that counts and the patients whose records came or left since it was looked at.
    groups: Vec<(String, String, Vec<String>)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptPolicy {
    id: String,
    purpose: String,
    recipient: String,
    least: u32,
}

impl Kept {
    /// What there is to keep of a tally.
    pub fn of(tally: &Tally) -> Self {
        let mut kept = Self::default();
        for Counting { asked, least, .. } in tally.counting.values() {
            let Asked { policy: id, purpose, recipient } = asked.clone();
            kept.policies.push(KeptPolicy { id, purpose, recipient, least: *least });
        }
        for (name, other) in tally.people.same() {
            kept.same.push([name.to_text(), other.to_text()]);
        }
        for (name, group) in &tally.groups {
            let mut stirred = Vec::new();
            stirred.extend(group.stirred.iter().map(|name| name.to_text()));
            kept.groups.push((name.to_text(), group.policy.clone(), stirred));
        }
        kept
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.same.is_empty() && self.groups.is_empty()
    }
}

impl Tally {
    /// What is counted where, as rows of texts: source record, group, patient.
    pub fn rows(&self) -> impl Iterator<Item = [String; 3]> {
        self.shares
            .iter()
            .map(|(record, share)| [*record, share.group, share.patient].map(Pseudonym::to_text))
    }

    /// A tally as it was kept; none where the texts are something else.
    pub fn restore(kept: &Kept, rows: &[[String; 3]]) -> Option<Self> {
        let mut tally = Self::default();
        for KeptPolicy { id, purpose, recipient, least } in &kept.policies {
            let (policy, purpose, recipient) = (id.clone(), purpose.clone(), recipient.clone());
            let asked = Asked { policy, purpose, recipient };
            tally.counting.insert(id.clone(), Counting { asked, least: *least, due: BTreeSet::new() });
        }
        for [name, other] in &kept.same {
            tally.join(&[Pseudonym::parse(other)?, Pseudonym::parse(name)?]);
        }
        let mut policies: BTreeMap<Pseudonym, &str> = BTreeMap::new();
        for (group, policy, _) in &kept.groups {
            policies.insert(Pseudonym::parse(group)?, policy);
        }
        for [record, group, patient] in rows {
            let (record, group) = (Pseudonym::parse(record)?, Pseudonym::parse(group)?);
            let share = Share { group, patient: Pseudonym::parse(patient)? };
            tally.count(record, share, policies.get(&group).copied().unwrap_or_default());
        }
        for (group, policy, stirred) in &kept.groups {
            let name = Pseudonym::parse(group)?;
            let group = tally.groups.entry(name).or_default();
            group.policy.clone_from(policy);
            for patient in stirred {
                group.stirred.insert(Pseudonym::parse(patient)?);
            }
            tally.remind(name);
        }
        Some(tally)
    }
}
