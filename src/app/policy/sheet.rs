//! The Policy view's state: the draft, what was read of it, and what it would do.

use super::draft::{Draft, Standing};
use super::incoming::Incoming;
use super::preview::Trial;
use super::shelf::Shelf;
use crate::api::{History, JobOutcome, Objection, PolicyReport, Step, Task, check_policy};
use crate::app::desk::Desk;
use crate::app::worker::{End, Latest, Turn};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// The longest text in bytes that is checked and compared at each keystroke, and edited as text. One that is longer is
/// read in the worker after a pause: a browser alone takes seconds to lay out some megabytes in a text area.
const LIVE: usize = 300_000;
/// Milliseconds of quiet after an edit before long work begins anew.
pub const QUIET_MS: i32 = 350;

/// Whether a text is too long to be followed at each keystroke.
pub fn is_long(bytes: usize) -> bool {
    bytes > LIVE
}

/// The Policy view's handles.
#[derive(Clone, Copy)]
pub struct Sheet {
    /// The policy as the open scenario ships it.
    pub shipped: RwSignal<String>,
    /// The draft.
    pub text: RwSignal<String>,
    /// What was read of the draft.
    pub report: RwSignal<Arc<PolicyReport>>,
    /// The draft against the policy in force.
    pub trial: Trial,
    /// Whether there is something to undo, and something to redo.
    pub can: RwSignal<(bool, bool)>,
    history: StoredValue<History>,
    /// What is kept of the draft.
    pub draft: Draft,
    /// The versions of the policy.
    pub shelf: Shelf,
    /// A policy that came from outside and waits for the user's decision.
    pub incoming: RwSignal<Option<Incoming>>,
    /// Why a policy that came from outside was not taken.
    pub refused: RwSignal<Option<Objection>>,
    /// Whether a long text is still being checked, so that the report is of an earlier one.
    pub checking: RwSignal<bool>,
    /// Checking a long text.
    work: Latest,
    scheduled: StoredValue<bool>,
}

impl Sheet {
    /// An empty sheet.
    pub fn new() -> Self {
        Self {
            shipped: RwSignal::new(String::new()),
            text: RwSignal::new(String::new()),
            report: RwSignal::new(Arc::new(PolicyReport::default())),
            trial: Trial::new(),
            can: RwSignal::new((false, false)),
            history: StoredValue::new(History::default()),
            draft: Draft::new(),
            shelf: Shelf::new(),
            incoming: RwSignal::new(None),
            refused: RwSignal::new(None),
            checking: RwSignal::new(false),
            work: Latest::new(),
            scheduled: StoredValue::new(false),
        }
    }

    /// Takes up the policy of the scenario that has been opened: the version in force, or the draft that was made of it.
    pub fn take_up(self, desk: Desk, shipped: &str) {
        if self.shipped.with_untracked(|s| s == shipped) {
            return;
        }
        self.keep_waiting();
        self.shipped.set(shipped.to_owned());
        let id = desk.take_up_versions(shipped);
        let draft = self.draft.take_up(&id);
        self.trial.clear();
        self.history.set_value(History::default());
        self.can.set((false, false));
        self.incoming.set(None);
        self.refused.set(None);
        self.text.set(draft.unwrap_or_else(|| self.shelf.in_force.get_untracked()));
    }

    /// Takes an edit: a step of its own on the way back.
    pub fn edit(self, text: String) {
        self.take(text, false);
    }

    /// Takes what was typed into the text: a run of it is one step.
    pub fn type_in(self, text: String) {
        self.take(text, true);
    }

    fn take(self, text: String, typing: bool) {
        self.text.with_untracked(|old| self.history.update_value(|h| h.record(old, &text, typing)));
        self.put(text);
    }

    fn put(self, text: String) {
        self.can.set(self.history.with_value(History::can));
        self.text.set(text);
    }

    /// Takes the last step back; gives what changed.
    pub fn undo(self) -> Option<Step> {
        self.travel(History::undo)
    }

    /// Takes the step that was taken back last again; gives what changed.
    pub fn redo(self) -> Option<Step> {
        self.travel(History::redo)
    }

    fn travel(self, way: fn(&mut History, &str) -> Option<(String, Step)>) -> Option<Step> {
        let now = self.text.get_untracked();
        let (text, step) = self.history.try_update_value(|h| way(h, &now)).flatten()?;
        self.put(text);
        Some(step)
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
        self.draft.keep_soon(move || self.standing());
        let turn = self.work.next();
        if is_long(draft.len()) {
            self.checking.set(true);
            spawn_local(self.check_long(desk, turn));
        } else {
            self.checking.set(false);
            self.report.set(Arc::new(check_policy(&draft)));
            self.trial.refresh(desk);
        }
    }

    /// Checks a long text where it keeps nobody waiting, unless another edit comes.
    async fn check_long(self, desk: Desk, turn: Turn) {
        if !self.work.holds_after(turn, QUIET_MS).await {
            return;
        }
        let task = Task::Check(self.text.get_untracked());
        let Some(end) = self.work.run(turn, task, "Checking", "text").await else { return };
        self.checking.set(false);
        match end {
            End::Done(JobOutcome::Checked(report)) => {
                self.report.set(Arc::new(report));
                // Now it is known whether it is one to come back to.
                self.draft.keep_soon(move || self.standing());
                self.trial.refresh(desk);
            }
            End::Failed(why) => self.refused.set(Some(why)),
            End::Done(_) | End::Cancelled => {}
        }
    }

    /// Whether the draft can be used as it stands.
    pub fn usable(self) -> bool {
        !self.checking.get() && self.report.with(|report| report.usable())
    }

    /// What stands in the editor now.
    pub fn standing(self) -> Standing {
        Standing {
            text: self.text.get_untracked(),
            in_force: self.shelf.in_force.get_untracked(),
            usable: untrack(|| self.usable()),
        }
    }

    /// Lets what was typed and waits to be kept go: all that is kept is being wiped.
    pub fn forget_waiting(self) {
        self.draft.forget_waiting();
    }

    /// Keeps the draft at once, where an edit waits to be kept.
    pub fn keep_waiting(self) {
        self.draft.keep_waiting(|| self.standing());
    }
}
