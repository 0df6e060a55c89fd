//! What is done to all that is stored: what was set aside goes, everything is wiped, what storage holds is measured.

use super::{Desk, Told, Trouble, take_turn};
use crate::api::store::{Capacity, PROBE, Probe, Shelf as _, ShelfError, aside_texts, drop_aside, wipe};
use crate::app::dom;
use crate::app::storage::{self, LocalShelf};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;

/// After how long storage is measured.
const SOON: Duration = Duration::from_millis(500);

impl Desk {
    /// Saves what was set aside as a file: names and texts, as they were found.
    pub fn export_aside(self) {
        let texts = aside_texts(&LocalShelf).unwrap_or_default();
        let content = serde_json::to_string(&texts).unwrap_or_default();
        if dom::download("airlock-aside.json", "application/json", &content).is_err() {
            self.notice.set(Some(String::from("The browser refused the download.")));
        }
    }

    /// Removes what was set aside, to make room, and tries again what failed. While a hold is in force nobody can tell
    /// whether it is about that, and it stays.
    pub fn drop_aside(self) {
        if self.keeper.with_value(|k| !k.session.store().holds().is_empty()) {
            return self.tell(Told::refused(
                "Nothing was deleted: a legal hold is in force, and nobody can tell whether it is about what was set aside.",
            ));
        }
        match drop_aside(&mut LocalShelf) {
            Ok(()) => {
                self.tell(Told::done(String::from("What was set aside is deleted.")));
                self.retry();
            }
            Err(error) => self.trouble.set(Some(error.into())),
        }
    }

    /// Removes everything that this page keeps in the browser, and opens it as new.
    pub fn wipe(self) {
        spawn_local(async move {
            let turn = take_turn().await;
            // What was typed last is not kept any more either.
            self.sheet.forget_waiting();
            let wiped = wipe(&mut LocalShelf);
            drop(turn);
            match wiped {
                // Where there is no storage, there is nothing in it.
                Ok(()) | Err(ShelfError::Missing) => dom::open_anew(),
                Err(error) => self.trouble.set(Some(error.into())),
            }
        });
    }

    /// Measures what storage holds once somebody wants to know, or half of what is assumed is taken, where that is not
    /// known; and again where it turns out to be full. The fuller it is, the less that costs.
    pub(super) fn measure(self) {
        let _ = LocalShelf.remove(PROBE);
        let wanted = Memo::new(move |_| {
            let full = self.trouble.with(|trouble| *trouble == Some(Trouble::Full));
            let half = Capacity::ASSUMED.percent(self.units.get()) >= 50;
            (full || half || self.custody.shown.get()).then_some(full)
        });
        Effect::new(move |_| {
            if let Some(full) = wanted.get() {
                set_timeout(move || self.measure_now(full), SOON);
            }
        });
    }

    fn measure_now(self, anew: bool) {
        let known = self.custody.capacity.try_get_untracked();
        let Some(known) = known.filter(|known| anew || !known.measured) else { return };
        spawn_local(async move {
            let turn = take_turn().await;
            let taken = storage::used_units();
            let mut probe = Probe::new(known.units.saturating_sub(taken));
            let free = loop {
                match probe.step(&mut LocalShelf) {
                    Ok(None) => dom::breathe().await,
                    Ok(Some(free)) => break Some(free),
                    Err(_) => break None,
                }
            };
            drop(turn);
            if let Some(free) = free {
                let measured = Capacity { units: taken.saturating_add(free), measured: true };
                storage::set_capacity(measured);
                let _ = self.custody.capacity.try_set(measured);
            }
        });
    }
}
