//! What events have changed about consents: versions put on file, and records merged. Kept without knowing whose.

use super::{Citation, KnownAs, Whose};
use crate::engine::fhir::{Json, Namespace, NodeId};
use crate::engine::phi::Phi;
use crate::engine::queue::StateKeys;
use crate::engine::redact::{KnownBy, Pseudonym, pare_consent, shares};
use crate::engine::validate::Version;
use std::collections::{BTreeMap, BTreeSet};

/// A consent that an event put on file: its terms, and pseudonyms of whose it is.
#[derive(Clone, Debug)]
pub struct Filed {
    pub(in crate::engine) consent: Pseudonym,
    pub(in crate::engine) patient: KnownBy,
    pub(in crate::engine) version: Version,
    pub(in crate::engine) text: String,
    terms: Phi<Json>,
}

impl Filed {
    /// The consent that an event is about; none where it has no id or is nobody's.
    pub(in crate::engine) fn of(
        event: &Phi<Json>,
        namespace: &Namespace<'_>,
        patient: NodeId,
        keys: &StateKeys,
    ) -> Option<Self> {
        let consent = namespace.focus;
        let patient = event.classify(|json| keys.of_person(json, namespace, patient));
        Self::restore(
            event.classify(|json| keys.of_consent(json, consent)).filter(|_| !patient.names.is_empty())?,
            patient,
            event.classify(|json| Version::of(json, consent)),
            pare_consent(event, consent),
        )
    }

    /// Puts it together again from what was kept; none where the text is not JSON.
    pub(in crate::engine) fn restore(
        consent: Pseudonym,
        patient: KnownBy,
        version: Version,
        text: String,
    ) -> Option<Self> {
        let terms = Phi::new(Json::read(text.as_str()).ok()?);
        Some(Self { consent, patient, version, text, terms })
    }

    pub(super) fn terms(&self) -> &Phi<Json> {
        &self.terms
    }

    pub(super) fn cite(&self, number: usize) -> Citation {
        Citation::of("received consent", number, self.version)
    }
}

/// Records of a patient that took the place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// What the record that stays goes by.
    pub(in crate::engine) into: Vec<Pseudonym>,
    /// What the records go by that it replaces.
    pub(in crate::engine) from: Vec<Pseudonym>,
}

/// What events have changed about consents so far.
#[derive(Clone, Debug, Default)]
pub struct Register {
    filed: Vec<Filed>,
    merged: Vec<Merged>,
    /// Of each name of a record that stays, the merges that it stayed by.
    by_into: BTreeMap<Pseudonym, Vec<usize>>,
    /// Whether anything has come since [`Register::take_stirred`] was asked.
    stirred: bool,
}

/// A person, seen from the register.
pub(super) struct Person {
    known_by: KnownBy,
    /// Whether another record took this one's place.
    pub(super) merged_away: bool,
    /// What the records went by that this one took the place of.
    merged: BTreeSet<Pseudonym>,
}

impl Person {
    /// Whether nothing names the person together with a namespace.
    pub(super) fn is_nobody(&self) -> bool {
        self.known_by.names.is_empty()
    }

    pub(super) fn whose(&self, patient: &KnownBy) -> Whose {
        if self.known_by.is(patient) {
            Whose::Own
        } else if self.known_by.may_be(patient) {
            Whose::Doubtful
        } else if patient.names.iter().any(|name| self.merged.contains(name)) {
            Whose::Merged
        } else {
            Whose::Other
        }
    }
}

impl Register {
    /// The consents that events put on file, oldest first.
    pub(in crate::engine) fn filed(&self) -> &[Filed] {
        &self.filed
    }

    /// The merges, oldest first.
    pub(in crate::engine) fn merged(&self) -> &[Merged] {
        &self.merged
    }

    /// Whether anything has come since this was asked last.
    pub(in crate::engine) fn take_stirred(&mut self) -> bool {
        std::mem::take(&mut self.stirred)
    }

    /// Puts a consent on file, in the place of an earlier version of itself.
    pub(in crate::engine) fn file(&mut self, consent: Filed) {
        self.stirred = true;
        let same = |own: &&mut Filed| own.consent == consent.consent && own.patient.is(&consent.patient);
        match self.filed.iter_mut().find(same) {
            Some(own) => *own = consent,
            None => self.filed.push(consent),
        }
    }

    /// Records a merge.
    pub(in crate::engine) fn merge(&mut self, merged: Merged) {
        if !self.merged.contains(&merged) {
            self.stirred = true;
            for name in &merged.into {
                self.by_into.entry(*name).or_default().push(self.merged.len());
            }
            self.merged.push(merged);
        }
    }

    /// The version that an event put on file of a consent, and whether anything of this person is on file.
    pub(in crate::engine) fn on_file(
        &self,
        consent: Option<Pseudonym>,
        person: &KnownBy,
    ) -> (Option<Version>, bool) {
        let mut theirs = self.filed.iter().filter(|own| own.patient.is(person)).peekable();
        let knows = theirs.peek().is_some();
        (theirs.find(|own| Some(own.consent) == consent).map(|own| own.version), knows)
    }

    /// Whether an event put a version on file that is not older than the setting's own.
    pub(super) fn supersedes(&self, known_as: &KnownAs) -> bool {
        let is = |own: &&Filed| Some(own.consent) == known_as.consent && own.patient.is(&known_as.patient);
        let same = self.filed.iter().find(is);
        same.is_some_and(|own| own.version.backwards_from(known_as.version).is_none())
    }

    /// What is known of the person at a node of an event.
    pub(super) fn look_up(
        &self,
        event: &Phi<Json>,
        namespace: &Namespace<'_>,
        patient: NodeId,
        keys: &StateKeys,
    ) -> Person {
        let known_by = event.classify(|json| keys.of_person(json, namespace, patient));
        let names = &known_by.names;
        // The record that stays may list the number of the one that it took the place of.
        let is_gone = |merged: &Merged| shares(&merged.from, names) && !shares(&merged.into, names);
        let merged_away = self.merged.iter().any(is_gone);
        // What was merged into what was merged into this one counts too.
        let own: BTreeSet<Pseudonym> = names.iter().copied().collect();
        let mut merged = BTreeSet::new();
        let mut open = names.clone();
        while let Some(name) = open.pop() {
            let places = self.by_into.get(&name).into_iter().flatten();
            let from = places.filter_map(|place| self.merged.get(*place)).flat_map(|merged| &merged.from);
            open.extend(from.filter(|from| !own.contains(from) && merged.insert(**from)));
        }
        Person { merged_away, merged, known_by }
    }
}
