//! What events have taught the connector: consents, merges, versions seen, what was counted. Kept by keys, over restarts too.

use super::adapt::{Effect, EventMap};
use super::audit::Fact;
use super::consent::{Directory, Filed, Merged, Register};
use super::fhir::{Json, Namespace};
use super::phi::Phi;
use super::queue::StateKeys;
use super::redact::Pseudonym;
use super::tally::Tally;
use super::time::Instant;
use super::validate::{Shape, Version, Versions};

/// What events have taught the connector.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    /// Consents and merges.
    pub register: Register,
    /// The latest version seen of each resource.
    pub versions: Versions,
    /// What counting policies have counted.
    pub tally: Tally,
}

/// A change that an event makes to what is known.
#[derive(Clone, Debug)]
pub enum Lesson {
    /// A version of a consent takes the place of the one on file.
    Consent(Box<Filed>),
    /// A patient's record takes the place of others; with all that the patient goes by now.
    Merge(Merged, Vec<Pseudonym>),
}

impl Lesson {
    /// What an event teaches that passed validation.
    pub fn of(
        event: &Phi<Json>,
        shape: &Shape,
        map: &EventMap,
        (source, keys): (&str, &StateKeys),
        now: Instant,
    ) -> Option<Self> {
        let patient = shape.patient()?;
        let namespace = shape.namespace(source, now);
        match map.effect? {
            Effect::Consent => {
                Filed::of(event, &namespace, patient, keys).map(|filed| Self::Consent(Box::new(filed)))
            }
            Effect::Merge => {
                let into = event.classify(|json| keys.of_record(json, &namespace, patient));
                let others = event.classify(|json| map.merged(json, shape.data, shape.focus));
                let mut names = into.clone();
                let mut from = Vec::new();
                for other in others {
                    from.extend(event.classify(|json| keys.of_record(json, &namespace, other)));
                }
                names.extend(from.iter().copied());
                Some(Self::Merge(Merged { into, from }, names))
            }
        }
    }

    /// What it changes, as the audit log spells it.
    pub fn effect(&self) -> &'static str {
        match self {
            Self::Consent(_) => Effect::Consent.as_str(),
            Self::Merge(..) => Effect::Merge.as_str(),
        }
    }

    /// The fact that it is recorded as.
    pub fn fact(&self) -> Fact {
        match self {
            Self::Consent(_) => Fact::PutOnFile,
            Self::Merge(..) => Fact::Merged,
        }
    }

    /// The same in a sentence.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Consent(_) => "This version of the consent is on file now, and holds from here on.",
            Self::Merge(..) => {
                "The records are known to be one patient's now; what was permitted for the old one is not."
            }
        }
    }
}

impl Learned {
    /// Takes up what an event teaches.
    pub fn take_up(&mut self, lesson: Lesson) {
        match lesson {
            Lesson::Consent(filed) => self.register.file(*filed),
            Lesson::Merge(merged, names) => {
                self.register.merge(merged);
                self.tally.join(&names);
            }
        }
    }

    /// The version that an event's focus must not be before, and whether anything of its patient is known: a Patient in
    /// the event itself, or a consent on file.
    pub fn about(
        &self,
        event: &Phi<Json>,
        shape: &Shape,
        map: &EventMap,
        namespace: &Namespace<'_>,
        directory: &Directory,
        keys: &StateKeys,
    ) -> (Option<Version>, bool) {
        let resource = event.classify(|json| keys.of_resource(namespace.source, json, shape.focus));
        let seen = resource.and_then(|resource| self.versions.of(resource));
        if map.effect != Some(Effect::Consent) {
            return (seen, true);
        }
        let Some(patient) = shape.patient() else { return (seen, false) };
        let consent = event.classify(|json| keys.of_consent(json, shape.focus));
        let person = event.classify(|json| keys.of_person(json, namespace, patient));
        let here = event.test(|json| super::fhir::resolve(json, shape.data, patient).is_some());
        let (filed, knows_filed) = self.register.on_file(consent, &person);
        let (set, knows_set) = directory.on_file(consent, &person);
        let latest = [seen, filed, set].into_iter().flatten().reduce(Version::later);
        (latest, here || knows_filed || knows_set)
    }

    /// Remembers the version of an event's focus.
    pub fn saw(&mut self, event: &Phi<Json>, shape: &Shape, source: &str, keys: &StateKeys) {
        if let Some(resource) = event.classify(|json| keys.of_resource(source, json, shape.focus)) {
            self.versions.saw(resource, event.classify(|json| Version::of(json, shape.focus)));
        }
    }

    /// Whether consents, merges or counts may have changed since this was asked last.
    pub(super) fn take_stirred(&mut self) -> bool {
        self.register.take_stirred() | self.tally.take_stirred()
    }
}
