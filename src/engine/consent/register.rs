//! What events have changed about consents: versions put on file, and records merged. Kept without knowing whose.

use super::{Citation, Whose};
use crate::engine::fhir::{Json, NodeId};
use crate::engine::phi::Phi;
use crate::engine::queue::StateKeys;
use crate::engine::redact::{Pseudonym, pare_consent};
use crate::engine::validate::Version;

/// A consent that an event put on file: its terms, and pseudonyms of whose it is.
#[derive(Clone, Debug)]
pub struct Filed {
    pub(in crate::engine) consent: Pseudonym,
    pub(in crate::engine) patient: Vec<Pseudonym>,
    pub(in crate::engine) anywhere: Vec<Pseudonym>,
    pub(in crate::engine) version: Version,
    pub(in crate::engine) text: String,
    terms: Phi<Json>,
}

impl Filed {
    /// The consent that an event is about; none where it has no id or is nobody's.
    pub(in crate::engine) fn of(
        event: &Phi<Json>,
        data: NodeId,
        consent: NodeId,
        patient: NodeId,
        keys: &StateKeys,
    ) -> Option<Self> {
        Self::restore(
            event.classify(|json| keys.of_consent(json, consent))?,
            event.classify(|json| keys.of_person(json, data, patient)),
            event.classify(|json| keys.of_person_anywhere(json, data, patient)),
            event.classify(|json| Version::of(json, consent)),
            pare_consent(event, consent),
        )
    }

    /// Puts it together again from what was kept; none where the text is not JSON.
    pub(in crate::engine) fn restore(
        consent: Pseudonym,
        patient: Vec<Pseudonym>,
        anywhere: Vec<Pseudonym>,
        version: Version,
        text: String,
    ) -> Option<Self> {
        let terms = Phi::new(Json::read(text.as_str()).ok()?);
        Some(Self { consent, patient, anywhere, version, text, terms })
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
    /// Whether anything has come since [`Register::take_stirred`] was asked.
    stirred: bool,
}

/// A person, seen from the register.
pub(super) struct Person {
    names: Vec<Pseudonym>,
    anywhere: Vec<Pseudonym>,
    /// Whether another record took this one's place.
    pub(super) merged_away: bool,
    /// What the records went by that this one took the place of.
    pub(super) merged: Vec<Pseudonym>,
}

impl Person {
    pub(super) fn whose(&self, filed: &Filed) -> Whose {
        let shares = |one: &[Pseudonym], other: &[Pseudonym]| one.iter().any(|name| other.contains(name));
        if shares(&self.names, &filed.patient) {
            Whose::Own
        } else if shares(&self.merged, &filed.patient) || shares(&self.anywhere, &filed.anywhere) {
            Whose::Unsure
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
        match self.filed.iter_mut().find(|own| own.consent == consent.consent) {
            Some(own) => *own = consent,
            None => self.filed.push(consent),
        }
    }

    /// Records a merge.
    pub(in crate::engine) fn merge(&mut self, merged: Merged) {
        if !self.merged.contains(&merged) {
            self.stirred = true;
            self.merged.push(merged);
        }
    }

    /// The version that an event put on file of a consent, and whether anything of this person is on file.
    pub(in crate::engine) fn on_file(
        &self,
        consent: Option<Pseudonym>,
        person: &[Pseudonym],
    ) -> (Option<Version>, bool) {
        let same = self.filed.iter().find(|own| Some(own.consent) == consent);
        let knows = self.filed.iter().any(|own| own.patient.iter().any(|name| person.contains(name)));
        (same.map(|own| own.version), knows)
    }

    /// Whether an event put a version on file that is not older than the setting's own.
    pub(super) fn supersedes(&self, consent: Option<Pseudonym>, version: Version) -> bool {
        let same = self.filed.iter().find(|own| Some(own.consent) == consent);
        same.is_some_and(|own| own.version.backwards_from(version).is_none())
    }

    /// What is known of the person at a node of an event.
    pub(super) fn look_up(
        &self,
        event: &Phi<Json>,
        data: NodeId,
        patient: NodeId,
        keys: &StateKeys,
    ) -> Person {
        let mut person =
            Person { names: Vec::new(), anywhere: Vec::new(), merged_away: false, merged: Vec::new() };
        if self.filed.is_empty() && self.merged.is_empty() {
            return person;
        }
        person.names = event.classify(|json| keys.of_person(json, data, patient));
        person.anywhere = event.classify(|json| keys.of_person_anywhere(json, data, patient));
        let has = |names: &[Pseudonym], of: &[Pseudonym]| names.iter().any(|name| of.contains(name));
        person.merged_away = self.merged.iter().any(|merged| has(&merged.from, &person.names));
        // What was merged into what was merged into this one counts too.
        let mut reached = person.names.clone();
        let mut grows = true;
        while grows {
            grows = false;
            for merged in self.merged.iter().filter(|merged| has(&merged.into, &reached)).collect::<Vec<_>>()
            {
                let new: Vec<_> =
                    merged.from.iter().filter(|name| !reached.contains(name)).copied().collect();
                grows |= !new.is_empty();
                reached.extend(new.iter().copied());
                person.merged.extend(new);
            }
        }
        person
    }
}
