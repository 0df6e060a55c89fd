//! How the session and its stored form are kept together.

use super::{Desk, Standing, Trouble};
use crate::api::{Entry, Session, Stored, verify};
use crate::app::storage::{self, StorageError};
use crate::app::{dom, text};
use leptos::prelude::*;
use std::time::Duration;

/// From this many records on, verifying is announced before it is done.
const WORTH_ANNOUNCING: usize = 2_000;

impl From<StorageError> for Trouble {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Missing => Self::Unavailable(None),
            StorageError::Full => Self::Full,
            StorageError::Failed(why) => Self::Unavailable(Some(why)),
        }
    }
}

impl Desk {
    /// Reads the session from storage, in place of the one in memory.
    pub(super) fn load(self) {
        let stored = match storage::load() {
            Ok(stored) => stored,
            Err(error) => {
                self.trouble.set(Some(error.into()));
                self.standing.set(Standing::Unreadable);
                return;
            }
        };
        let (session, verification) = Session::restore(&stored);
        let sound = verification.verified && !session.detached();
        self.trouble.set((!sound).then_some(Trouble::Corrupt));
        self.keeper.update_value(|k| k.replace(session, stored.head));
        self.standing.set(Standing::Done(verification));
        self.units.set(storage::used_units());
        self.touched();
    }

    /// Follows what other tabs write.
    pub(super) fn listen(self) {
        let _ = window_event_listener(leptos::ev::storage, move |event| {
            let key = event.key();
            if key.is_none() || key.as_deref() == Some(storage::HEAD) {
                self.catch_up();
                self.verify_soon();
            }
            if let Some(about) = key.as_deref().and_then(storage::policy::about) {
                self.heard_of_policy(&about);
            }
        });
        // What has just been typed is kept, whatever ends the page.
        let _ = window_event_listener(leptos::ev::pagehide, move |_| self.sheet.keep_waiting());
        let hidden = move |_| {
            if document().hidden() {
                self.sheet.keep_waiting();
            }
        };
        let _ = window_event_listener(leptos::ev::visibilitychange, hidden);
    }

    /// Reads what another tab has added, before anything is sent. Records that are only in memory are never
    /// given up for it: then the user decides.
    pub fn catch_up(self) {
        if self.trouble.with_untracked(|t| t.as_ref().is_some_and(Trouble::suspends)) {
            return;
        }
        let head = match storage::head() {
            Ok(head) => head,
            Err(error) => return self.trouble.set(Some(error.into())),
        };
        let (known, unsaved) = self.keeper.with_value(|k| (k.known.clone(), k.session.unsaved()));
        if head == known {
            return;
        }
        if head.is_none() {
            self.trouble.set(Some(Trouble::Vanished));
        } else if unsaved > 0 {
            self.trouble.set(Some(Trouble::Forked));
        } else {
            let before = self.keeper.with_value(|k| k.session.timeline().len());
            self.load();
            let after = self.keeper.with_value(|k| k.session.timeline().len());
            let added = text::count(after.saturating_sub(before), "record");
            self.notice
                .set(Some(format!("Another tab has added {added} to this timeline; they are read in.")));
        }
        self.touched();
    }

    /// Writes what is not stored yet. What can't be written stays in memory, and the banner says so.
    pub fn save(self) {
        if self.trouble.with_untracked(|t| t.as_ref().is_some_and(Trouble::suspends)) {
            return;
        }
        if self.keeper.with_value(|k| k.session.detached()) {
            return self.trouble.set(Some(Trouble::Corrupt));
        }
        let Some(save) = self.keeper.with_value(|k| k.session.pending()) else { return };
        let known = self.keeper.with_value(|k| k.known.clone());
        let written = match storage::head() {
            Ok(head) if head == known => storage::save(&save),
            Ok(None) => return self.trouble.set(Some(Trouble::Vanished)),
            Ok(Some(_)) => return self.trouble.set(Some(Trouble::Forked)),
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => {
                self.keeper.update_value(|k| {
                    k.session.saved();
                    k.known = Some(save.head);
                });
                self.trouble.set(None);
            }
            Err(error) => self.trouble.set(Some(error.into())),
        }
        self.units.set(storage::used_units());
    }

    /// Recomputes the stored timeline after the page has shown what it has to show.
    pub fn verify_soon(self) {
        if self.keeper.with_value(|k| k.session.timeline().len()) >= WORTH_ANNOUNCING {
            self.standing.set(Standing::Checking);
        }
        set_timeout(move || self.verify_now(), Duration::from_millis(1));
    }

    /// Recomputes the stored timeline: leaf by leaf, the root, the head.
    pub fn verify_now(self) {
        let stored: Stored = match storage::load() {
            Ok(stored) => stored,
            Err(error) => {
                self.standing.set(Standing::Unreadable);
                return self.trouble.set(Some(error.into()));
            }
        };
        let verification = verify(&stored);
        let detached = self.keeper.with_value(|k| k.session.detached());
        match (verification.verified, self.trouble.get_untracked()) {
            (false, None) => self.trouble.set(Some(Trouble::Corrupt)),
            (true, Some(Trouble::Corrupt)) if !detached => self.trouble.set(None),
            _ => {}
        }
        self.standing.set(Standing::Done(verification));
        self.units.set(storage::used_units());
    }

    /// Tries again what failed: reads what is stored if it did not verify, writes what is not stored.
    pub fn retry(self) {
        match self.trouble.get_untracked() {
            Some(Trouble::Corrupt) if self.keeper.with_value(|k| k.session.unsaved()) == 0 => self.load(),
            Some(Trouble::Corrupt) => {
                self.verify_now();
                self.save();
            }
            // It may have come back: another tab can have stored it again.
            Some(Trouble::Vanished) => {
                self.trouble.set(None);
                self.catch_up();
                self.save();
            }
            Some(Trouble::Forked) | None => {}
            Some(Trouble::Unavailable(_) | Trouble::Full) => {
                self.trouble.set(None);
                self.catch_up();
                self.save();
            }
        }
        self.verify_soon();
        self.touched();
    }

    /// Moves what is stored out of the way and stores the session in memory anew.
    pub fn start_anew(self) {
        self.put_setting_in_force();
        if let Err(error) = storage::set_aside() {
            return self.trouble.set(Some(error.into()));
        }
        self.trouble.set(None);
        self.keeper.update_value(|k| {
            k.known = None;
            k.session.set_aside();
        });
        self.save();
        self.verify_soon();
        self.touched();
    }

    /// Stores all that this tab has in memory, after what was stored was removed behind its back.
    pub fn write_all_again(self) {
        self.put_setting_in_force();
        self.trouble.set(None);
        self.keeper.update_value(|k| {
            k.known = None;
            k.session.forget_stored();
        });
        self.save();
        self.verify_soon();
        self.touched();
    }

    /// With a setting in force the session can store the CRM zone and the ids seen beside its timeline.
    fn put_setting_in_force(self) {
        let now = self.clock.get_untracked();
        if let Some(setup) = self.bench.setup_now() {
            let _ = self.keeper.try_update_value(|k| k.configure(&setup, now));
        }
    }

    /// Gives up the records that are only in memory and reads what is stored.
    pub fn give_up_unsaved(self) {
        self.load();
        self.verify_soon();
    }

    /// Removes what was set aside, to make room, and tries again.
    pub fn drop_aside(self) {
        match storage::drop_aside() {
            Ok(()) => self.retry(),
            Err(error) => self.trouble.set(Some(error.into())),
        }
    }

    /// Saves the timeline as a file: the canonical records, one a line.
    pub fn export(self) {
        let lines = self.keeper.with_value(|k| {
            let timeline = k.session.timeline();
            let mut out = String::with_capacity(timeline.iter().map(|e: &Entry| e.raw.len() + 1).sum());
            for entry in timeline {
                out.push_str(&entry.raw);
                out.push('\n');
            }
            out
        });
        if dom::download("airlock-timeline.ndjson", "application/x-ndjson", &lines).is_err() {
            self.notice.set(Some(String::from("The browser refused the download.")));
        }
    }
}
