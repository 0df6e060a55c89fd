//! The second pass: what the records say, each by itself and beside the others.

use super::faults::Wrong;
use super::locate::Located;
use super::write::{consent_of, policy_of};
use super::{ConsentReference, Evidence, PolicyReference};
use crate::engine::audit::complete::{Completeness, Report};
use crate::engine::audit::{AuditRecord, Hash, leaf_hash};
use std::collections::BTreeSet;

/// What the second pass has found so far.
pub(super) struct Examination {
    at: usize,
    finished: bool,
    /// What the bundle lists and no record has cited yet.
    policies: BTreeSet<PolicyReference>,
    consents: BTreeSet<ConsentReference>,
    listed_policies: BTreeSet<PolicyReference>,
    listed_consents: BTreeSet<ConsentReference>,
    /// None where records are not here or not in place: then nothing is to be said of what is absent.
    chains: Option<Completeness>,
    /// Whether each delivery's chain has each stage; once all is looked at.
    pub complete: Option<Report>,
    /// By how much the numbers of the records differ from their places, so that one that is wrong is told once.
    shift: u64,
    pub wrong: Vec<Wrong>,
}

impl Examination {
    pub fn new(evidence: &Evidence) -> Self {
        let policies: BTreeSet<PolicyReference> = evidence.policies.iter().cloned().collect();
        let consents: BTreeSet<ConsentReference> = evidence.consents.iter().cloned().collect();
        Self {
            at: 0,
            finished: false,
            listed_policies: policies.clone(),
            listed_consents: consents.clone(),
            policies,
            consents,
            chains: (!evidence.places.have_gaps()).then(|| Completeness::new(true)),
            complete: None,
            shift: 0,
            wrong: Vec::new(),
        }
    }

    /// Records looked at.
    pub fn done(&self) -> usize {
        self.at
    }

    /// Whether nothing is left to look at.
    pub fn finished(&self) -> bool {
        self.finished
    }

    /// Looks at so many records more; true when nothing is left.
    pub fn step(&mut self, evidence: &Evidence, hashes: &[Hash], located: &Located, budget: usize) -> bool {
        let end = self.at.saturating_add(budget).min(evidence.records.len());
        for index in self.at..end {
            self.look(evidence, hashes, located, index);
        }
        self.at = end;
        if self.at < evidence.records.len() {
            return false;
        }
        if !self.finished {
            self.finished = true;
            if located.wrong.is_empty() {
                self.complete = self.chains.take().map(|chains| chains.finish(None));
            }
            // Records that are not here may have cited what the others do not.
            if located.wrong.is_empty() && !evidence.places.have_gaps() {
                self.wrong.extend((!self.policies.is_empty()).then_some(Wrong::PolicyUncited));
                self.wrong.extend((!self.consents.is_empty()).then_some(Wrong::ConsentUncited));
            }
        }
        true
    }

    fn look(&mut self, evidence: &Evidence, hashes: &[Hash], located: &Located, index: usize) {
        if located.altered.contains(&index) {
            return;
        }
        let (text, place) = (evidence.record(index), evidence.places.of(index));
        let Ok(record) = AuditRecord::parse(text) else {
            // If it is not what was signed, that has been said.
            self.wrong.extend(located.vouched.then_some(Wrong::Unreadable(place)));
            return;
        };
        let canonical = record.canonical();
        // White space that the file has put between the tokens is no part of what was hashed.
        if canonical != text && hashes.get(index) != Some(&leaf_hash(canonical.as_bytes())) {
            self.wrong.push(Wrong::NotCanonical(place));
        }
        if located.in_place {
            let expected = place.wrapping_add(self.shift);
            if record.seq != expected {
                self.wrong.push(Wrong::Number { place, says: record.seq, expected });
                self.shift = record.seq.wrapping_sub(place);
            }
        }
        if let Some(policy) = policy_of(&record) {
            self.policies.remove(&policy);
            if !self.listed_policies.contains(&policy) {
                self.wrong.push(Wrong::PolicyUnlisted(place));
                self.listed_policies.insert(policy);
            }
        }
        if let Some(consent) = consent_of(&record) {
            self.consents.remove(&consent);
            if self.listed_consents.insert(consent) {
                self.wrong.push(Wrong::ConsentUnlisted(place));
            }
        }
        if let Some(chains) = &mut self.chains {
            chains.take(&record);
        }
    }
}
