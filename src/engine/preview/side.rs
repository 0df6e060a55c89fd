//! One of the two policies, and what it makes of an event.

use super::PreviewTexts;
use crate::engine::adapt::{Adapter, Claims, EventMap};
use crate::engine::consent::{Directory, Question, Register};
use crate::engine::decisions::Decisions;
use crate::engine::document::{Diagnostic, Severity};
use crate::engine::fhir::Json;
use crate::engine::phi::Phi;
use crate::engine::policy::Policy;
use crate::engine::policy::lint::codes::is_lint;
use crate::engine::queue::StateKeys;
use crate::engine::redact::{self, Keys, Redacted};
use crate::engine::refusal::Refusal;
use crate::engine::setting::misfits;
use crate::engine::time::Instant;
use crate::engine::validate::{self, Known, Shape, Verdicts};
use crate::engine::{Finding, Learned, guard};

/// A policy with the adapter that it wants.
pub struct Side {
    /// The policy.
    pub policy: Policy,
    /// The adapter.
    pub adapter: Adapter,
    /// Both as one structure.
    pub decisions: Decisions,
    keys: Keys,
}

/// What there is besides the policies: on both sides the same.
pub struct Ground {
    /// The consents on file; none where consent is taken for given.
    pub consents: Option<Directory>,
    /// Keys for what consents and notifications are told apart by.
    pub state_keys: StateKeys,
    /// Nothing that an event said of consents is remembered.
    pub register: Register,
}

/// An event as an adapter sees it.
#[derive(Clone)]
pub struct Seen {
    /// Where its parts stand.
    pub shape: Shape,
    /// Where each canonical field was found.
    pub claims: Claims,
}

/// An event under one of the policies.
pub struct Under<'a> {
    /// The policy.
    pub side: &'a Side,
    /// Its parts, where they could be told.
    pub seen: Option<&'a Seen>,
    /// What the policy makes of it.
    pub judged: &'a Judged,
}

/// What a policy makes of an event.
pub struct Judged {
    /// Why it would not go through.
    pub refusal: Option<Refusal>,
    /// What the rules let out of it, where it got as far as that. The guard may still have held it back.
    pub redacted: Option<Redacted>,
}

impl Side {
    /// Reads a side: its policy, with its adapter as that was read. What lint has against a policy does not stand against
    /// asking what it would do.
    ///
    /// # Errors
    /// Everything that stands against it.
    pub fn read(
        policy: &str,
        (adapter, findings): (Option<Adapter>, Vec<Diagnostic>),
        all: &PreviewTexts<'_>,
    ) -> Result<Self, Vec<Finding>> {
        let mut against = Vec::new();
        let mut errors = |findings: Vec<Diagnostic>| {
            let errors = findings
                .into_iter()
                .filter(|finding| finding.severity == Severity::Error && !is_lint(&finding.code));
            against.extend(errors.map(Finding::In));
        };
        let reading = Policy::read(policy, all.catalogue);
        errors(reading.findings);
        errors(findings);
        let keys = reading.policy.as_ref().and_then(|policy| Keys::new(all.seed, &policy.target));
        let (Some(policy), Some(adapter), Some(keys)) = (reading.policy, adapter, keys) else {
            return Err(against);
        };
        against.extend(misfits(&policy, &adapter));
        if !against.is_empty() {
            return Err(against);
        }
        Ok(Self { decisions: Decisions::new(&policy, &adapter), policy, adapter, keys })
    }

    /// Finds an event's parts and its canonical fields.
    ///
    /// # Errors
    /// Why it is no event.
    pub fn look(&self, event: &Phi<Json>) -> Result<Seen, Refusal> {
        let shape = validate::locate(event, &self.policy, &self.adapter)?;
        let map = self.map(&shape);
        let claims =
            map.map(|map| map.adapt(event, shape.data, shape.focus, shape.patient())).unwrap_or_default();
        Ok(Seen { shape, claims })
    }

    /// How the adapter reads an event, whatever the policy says.
    pub fn map(&self, shape: &Shape) -> Option<&EventMap> {
        shape.event.and_then(|at| self.adapter.events.get(at))
    }

    /// What this side sees where another has looked through the same adapter.
    pub fn of(&self, seen: &Seen) -> Seen {
        let map = self.map(&seen.shape);
        let covered = map.is_some_and(|map| self.policy.event_types.contains(&map.event_type));
        Seen { shape: Shape { covered, ..seen.shape }, claims: seen.claims.clone() }
    }

    /// What is to be said of an event whatever the policy.
    fn soundness(&self, event: &Phi<Json>, seen: &Seen, ground: &Ground, at: Instant) -> Verdicts {
        let Seen { shape, claims } = seen;
        let map = self.map(shape);
        let patient = self.knows(event, seen, ground, at);
        let known = Known { source: &self.policy.source, sent: at, seen: None, patient };
        validate::judge_soundness(event, shape, map, claims, &known, &self.adapter.deviations)
    }

    /// Whether the patient of a consent is known: one that is on file, or that came along.
    fn knows(&self, event: &Phi<Json>, seen: &Seen, ground: &Ground, at: Instant) -> bool {
        let (Some(map), Some(directory)) = (self.map(&seen.shape), &ground.consents) else { return true };
        let nothing = Learned::default();
        let namespace = seen.shape.namespace(&self.policy.source, at);
        nothing.about(event, &seen.shape, map, &namespace, directory, &ground.state_keys).1
    }

    /// Judges an event. `verdicts` are those that no policy has a part in, where they are known already.
    pub fn judge(
        &self,
        event: &Phi<Json>,
        looked: &Result<Seen, Refusal>,
        verdicts: &mut Option<Verdicts>,
        ground: &Ground,
        at: Instant,
    ) -> Judged {
        let refused = |refusal| Judged { refusal: Some(refusal), redacted: None };
        let seen = match looked {
            Ok(seen) => seen,
            Err(refusal) => return refused(refusal.clone()),
        };
        let Seen { shape, claims } = seen;
        let verdicts = verdicts.get_or_insert_with(|| self.soundness(event, seen, ground, at));
        verdicts.policy =
            validate::judge_policy(event, shape, self.map(shape), claims, &self.policy, at.day());
        if let Some(refusal) = verdicts.refusal() {
            return refused(refusal);
        }
        if let Some(consents) = &ground.consents {
            let Policy { purpose, recipient, .. } = &self.policy;
            let question = Question { purpose, recipient, at };
            let names = (self.policy.source.as_str(), &ground.state_keys);
            let decided = consents.decide(event, shape, &question, &ground.register, names);
            if let Err(denial) = decided {
                return refused(denial.refusal);
            }
        }
        let Self { policy, decisions, keys, .. } = self;
        let redacted = match redact::redact(event, shape, claims, policy, decisions, keys, at) {
            Ok(redacted) => redacted,
            Err(refusal) => return refused(refusal),
        };
        let refusal = guard::check(event, shape, policy, decisions, &redacted).err();
        Judged { refusal, redacted: Some(redacted) }
    }
}
