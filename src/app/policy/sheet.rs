//! The Policy view's state: the draft, what was read of it, and what it would do.

use super::compare::Trial;
use crate::api::{OpenScenario, PolicyReport, check_policy, preview};
use crate::app::desk::Desk;
use crate::app::{storage, text};
use leptos::prelude::*;
use std::sync::Arc;

/// The Policy view's handles.
#[derive(Clone, Copy)]
pub struct Sheet {
    /// The policy as the open scenario ships it.
    pub shipped: RwSignal<String>,
    /// The draft.
    pub text: RwSignal<String>,
    /// What was read of the draft.
    pub report: RwSignal<Arc<PolicyReport>>,
    /// The open scenario under the active policy and under the last draft that could be used.
    pub trial: RwSignal<Option<Arc<Trial>>>,
    /// Whether the draft can't be used, so that the trial is of an earlier one.
    pub behind: RwSignal<bool>,
    /// Whether the draft could not be stored.
    pub unsaved: RwSignal<bool>,
    scheduled: StoredValue<bool>,
}

impl Sheet {
    /// An empty sheet.
    pub fn new() -> Self {
        Self {
            shipped: RwSignal::new(String::new()),
            text: RwSignal::new(String::new()),
            report: RwSignal::new(Arc::new(PolicyReport::default())),
            trial: RwSignal::new(None),
            behind: RwSignal::new(false),
            unsaved: RwSignal::new(false),
            scheduled: StoredValue::new(false),
        }
    }

    /// Takes up a scenario's policy, or the draft that was made of it.
    pub fn take_up(self, shipped: &str) {
        if self.shipped.with_untracked(|s| s == shipped) {
            return;
        }
        let draft = storage::drafts().remove(&key(shipped));
        self.shipped.set(shipped.to_owned());
        self.trial.set(None);
        self.text.set(draft.unwrap_or_else(|| shipped.to_owned()));
    }

    /// Takes an edit.
    pub fn edit(self, text: String) {
        self.text.set(text);
    }

    /// Follows every edit of the draft and of the open scenario while the view is open, at most once a frame.
    pub fn follow(self, desk: Desk) {
        Effect::new(move |before: Option<()>| {
            self.text.track();
            let _ = desk.edited_scenario();
            if before.is_none() {
                return self.refresh(desk);
            }
            if self.scheduled.get_value() {
                return;
            }
            self.scheduled.set_value(true);
            request_animation_frame(move || {
                self.scheduled.set_value(false);
                self.refresh(desk);
            });
        });
    }

    fn refresh(self, desk: Desk) {
        let draft = self.text.get_untracked();
        self.keep(&draft);
        let Some(scenario) = untrack(|| desk.edited_scenario()) else {
            self.report.set(Arc::new(check_policy(&draft)));
            return;
        };
        let tried = preview(&scenario, &draft);
        self.report.set(Arc::new(tried.report));
        self.behind.set(tried.runs.is_none());
        let active = || active_runs(&scenario);
        let trial = match tried.runs {
            Some(draft) => Some(Trial { active: active(), draft }),
            None => {
                self.trial.get_untracked().map(|last| Trial { active: active(), draft: last.draft.clone() })
            }
        };
        self.trial.set(trial.map(Arc::new));
    }

    /// Keeps the draft for after a reload; a text that is the shipped one is no draft.
    fn keep(self, draft: &str) {
        let key = self.shipped.with_untracked(|s| key(s));
        let mut drafts = storage::drafts();
        let shipped = self.shipped.with_untracked(|s| s == draft);
        if drafts.get(&key).map(String::as_str) == (!shipped).then_some(draft) {
            return;
        }
        if shipped {
            drafts.remove(&key);
        } else {
            drafts.insert(key, draft.to_owned());
        }
        self.unsaved.set(storage::set_drafts(&drafts).is_err());
    }
}

fn active_runs(scenario: &OpenScenario) -> Vec<crate::api::RunView> {
    preview(scenario, &scenario.setup.policy).runs.unwrap_or_default()
}

/// What a draft is kept under: the shipped policy's hash, so that a new release starts afresh.
fn key(shipped: &str) -> String {
    let mut out = String::new();
    let mut rest = text::fnv(shipped);
    while rest > 0 {
        out.push(char::from_digit((rest % 36) as u32, 36).unwrap_or('0'));
        rest /= 36;
    }
    out
}
