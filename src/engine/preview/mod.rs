//! What a change of policy does to a set of events: each is read once and judged under both policies. Nothing is
//! delivered, logged or remembered: each event stands for itself, with the consents on file.
//!
//! What crosses is what the rules let out. Where the guard then holds the record back, the field is named all the
//! same: nobody should have to rely on the last check. Of a record that the guard held back under the old policy and
//! lets pass under the new one, all of it newly crosses.

mod exposure;
mod report;
mod rules;
mod side;
mod tally;
mod veil;

pub use exposure::{Crossing, Effect, Exposure};
pub use report::{
    CodeCount, Example, FieldChange, FieldEffect, HeaderChange, Report, Row, Section, Terms, Totals,
    UnlistedCodes,
};
pub use side::{Ground, Judged, Seen, Side, Under};

use super::Finding;
use super::adapt::Adapter;
use super::canonical::Catalogue;
use super::consent::{Directory, Register};
use super::document::Severity;
use super::fhir::{Json, NodeId};
use super::notification::{self, Origin};
use super::phi::Phi;
use super::queue::StateKeys;
use super::refusal::{Code, Refusal};
use super::setting::read_ehr;
use super::time::Instant;
use super::validate;
use std::sync::Arc;
use tally::Tally;

/// A policy and its adapter as texts.
#[derive(Clone, Copy, Debug)]
pub struct SideTexts<'a> {
    /// The mapping policy.
    pub policy: &'a str,
    /// The adapter that it wants.
    pub adapter: &'a str,
}

/// What a preview works with, as texts.
#[derive(Clone, Copy, Debug)]
pub struct PreviewTexts<'a> {
    /// The policy in force.
    pub old: SideTexts<'a>,
    /// The one that would take its place.
    pub new: SideTexts<'a>,
    /// The canonical model that all are written in.
    pub catalogue: &'a Catalogue,
    /// The consents on file; without them it is asked what would cross if consent permitted.
    pub consents: Option<&'a str>,
    /// What the EHR sandbox holds, for notifications that bring no resource.
    pub ehr: Option<&'a str>,
    /// Entropy for tokens.
    pub seed: &'a str,
}

/// What stands against a preview: findings in the old policy or its adapter, in the new one or its, or in the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Against {
    /// In the old policy or its adapter.
    pub old: Vec<Finding>,
    /// In the new policy or its adapter, or how the two fit.
    pub new: Vec<Finding>,
    /// In the consents, the EHR sandbox or the seed.
    pub rest: Vec<Finding>,
}

/// A comparison of two policies under way.
pub struct Preview {
    old: Side,
    new: Side,
    /// Whether both read events by the same adapter, so that each is looked at once.
    one_adapter: bool,
    ground: Ground,
    ehr: Option<Arc<Phi<Json>>>,
    tally: Tally,
}

impl Preview {
    /// Reads both policies and what they work with.
    ///
    /// # Errors
    /// Everything that stands against it.
    pub fn new(texts: &PreviewTexts<'_>) -> Result<Self, Against> {
        let mut against = Against::default();
        let one_adapter = texts.old.adapter == texts.new.adapter;
        let before = Adapter::read(texts.old.adapter, texts.catalogue);
        let after = match one_adapter {
            true => before.clone(),
            false => Adapter::read(texts.new.adapter, texts.catalogue),
        };
        let read = |policy: &str, adapter, into: &mut Vec<Finding>| {
            Side::read(policy, adapter, texts).map_err(|findings| into.extend(findings)).ok()
        };
        let old = read(texts.old.policy, before, &mut against.old);
        let new = read(texts.new.policy, after, &mut against.new);
        let consents = match texts.consents.map(Directory::read).transpose() {
            Ok(consents) => consents,
            Err(findings) => {
                let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
                against.rest.extend(errors.map(Finding::In));
                None
            }
        };
        let ehr = read_ehr(texts.ehr, &mut against.rest);
        if let (Some(old), Some(new)) = (&old, &new)
            && old.policy.source != new.policy.source
        {
            let what = "The two policies are about different source systems: no event is both's.";
            against.new.push(Finding::About("preview.other-source", what));
        }
        match (old, new, StateKeys::new(texts.seed, texts.seed)) {
            (Some(old), Some(new), Some(state_keys)) if against == Against::default() => {
                let consents = consents.map(|mut consents| {
                    consents.identify(&old.policy.source, &state_keys);
                    consents
                });
                let ground = Ground { consents, state_keys, register: Register::default() };
                let tally = Tally::new(&old, &new);
                Ok(Self { old, new, one_adapter, ground, ehr, tally })
            }
            _ => Err(against),
        }
    }

    /// Takes a body: an event, or a notification with some. `name` is what it is called, `at` when it would arrive.
    pub fn take(&mut self, name: &str, body: Phi<Vec<u8>>, at: Instant) {
        let json = match validate::read(body) {
            Ok(json) => json,
            Err(refusal) => return self.tally.unread(name, &refusal),
        };
        match notification::read(&json, NodeId::ROOT, &self.ground.state_keys) {
            None => self.compare(name, &json, at),
            Some(Err(refusal)) => self.tally.unread(name, &refusal),
            Some(Ok(notification)) => {
                for event in &notification.events {
                    let number = event.number;
                    let origin = Origin { subscription: notification.subscription, number };
                    let keys = &self.ground.state_keys;
                    let body =
                        notification::gather(Some((&json, &notification)), self.ehr.as_deref(), origin, keys);
                    let name = format!("{name}#event {number}");
                    match body.map(validate::read) {
                        Some(Ok(json)) => self.compare(&name, &json, at),
                        Some(Err(refusal)) => self.tally.unread(&name, &refusal),
                        None => {
                            let refusal = Refusal::new(Code::NotificationEventUnavailable);
                            self.tally.unread(&name, &refusal);
                        }
                    }
                }
            }
        }
    }

    /// Takes what is not even a text.
    pub fn take_unread(&mut self, name: &str, refusal: &Refusal) {
        self.tally.unread(name, refusal);
    }

    /// Takes what is an event of neither policy.
    pub fn take_not_covered(&mut self) {
        self.tally.not_covered();
    }

    /// Events taken so far.
    pub fn events(&self) -> usize {
        self.tally.events()
    }

    /// Whether either policy has a CRM field of this name, or its integration path a key.
    pub fn knows(&self, name: &str) -> bool {
        let feeds = |side: &Side| {
            let mut targets = side.policy.rules.iter().filter_map(|rule| rule.target.as_ref());
            targets.any(|target| target.to_string() == name)
        };
        rules::KEYS.contains(&name) || feeds(&self.old) || feeds(&self.new)
    }

    /// What came out of it.
    pub fn finish(self) -> Report {
        let consents = self.ground.consents.is_some();
        self.tally.finish(&self.old, &self.new, consents)
    }

    /// Judges one event under both policies. What one adapter can't tell the parts of, the other may read.
    fn compare(&mut self, name: &str, event: &Phi<Json>, at: Instant) {
        let Self { old, new, ground, tally, .. } = self;
        let before = old.look(event);
        let after = match &before {
            Ok(seen) if self.one_adapter => Ok(new.of(seen)),
            Err(refusal) if self.one_adapter => return tally.unread(name, refusal),
            _ => new.look(event),
        };
        match (&before, &after) {
            (Err(refusal), Err(_)) => return tally.unread(name, refusal),
            (Ok(one), Ok(other)) if !one.shape.covered && !other.shape.covered => return tally.not_covered(),
            _ => {}
        }
        let mut verdicts = None;
        let was = old.judge(event, &before, &mut verdicts, ground, at);
        if !self.one_adapter {
            verdicts = None;
        }
        let is = new.judge(event, &after, &mut verdicts, ground, at);
        tally.take(
            name,
            event,
            at,
            &Under { side: old, seen: before.as_ref().ok(), judged: &was },
            &Under { side: new, seen: after.as_ref().ok(), judged: &is },
        );
    }
}
