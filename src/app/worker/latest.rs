//! Work that is begun anew whenever what it is about has changed.

use super::hand::{End, Watch, run};
use crate::api::Task;
use crate::app::dom;
use crate::app::parts::Progress;
use leptos::prelude::*;
use web_sys::Blob;

/// Milliseconds between two looks at whether the work before has left off.
const LOOK_MS: i32 = 20;

/// Long work of which only the latest has a say.
#[derive(Clone, Copy)]
pub struct Latest {
    /// How far it has come; none when nothing is under way.
    pub progress: RwSignal<Option<Progress>>,
    /// Set to have it left off.
    pub cancelled: RwSignal<bool>,
    /// The turns that were given.
    turns: StoredValue<u32>,
}

/// The right to work, until the next is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(u32);

impl Latest {
    /// Nothing begun.
    pub fn new() -> Self {
        Self { progress: RwSignal::new(None), cancelled: RwSignal::new(false), turns: StoredValue::new(0) }
    }

    /// Has what is under way left off, and gives the turn to what comes in its place.
    pub fn next(self) -> Turn {
        let next = self.turns.get_value().wrapping_add(1);
        self.turns.set_value(next);
        self.cancelled.set(true);
        Turn(next)
    }

    /// Waits for a quiet moment; whether the turn has held until then.
    pub async fn holds_after(self, turn: Turn, milliseconds: i32) -> bool {
        dom::pause(milliseconds).await;
        self.holds(turn)
    }

    /// Does a piece of work once the one before has left off. None where another has taken the turn since, or the view
    /// that asked is gone: then nobody waits for the result.
    pub async fn run(self, turn: Turn, task: Task, what: &'static str, unit: &'static str) -> Option<End> {
        self.run_on(turn, task, None, what, unit).await
    }

    /// The same with a file that the task is about.
    pub async fn run_on(
        self,
        turn: Turn,
        task: Task,
        file: Option<Blob>,
        what: &'static str,
        unit: &'static str,
    ) -> Option<End> {
        while self.progress.try_with_untracked(Option::is_some) == Some(true) {
            dom::pause(LOOK_MS).await;
        }
        if !self.holds(turn) {
            return None;
        }
        let watch = Watch { what, unit, progress: self.progress, cancelled: self.cancelled };
        let end = run(task, file, watch).await;
        self.holds(turn).then_some(end)
    }

    /// Whether no other turn was given since.
    pub fn holds(self, turn: Turn) -> bool {
        self.turns.try_get_value() == Some(turn.0)
    }
}
