//! What is done to the log itself: deleting, holds, keys, setting aside, making room.

use super::{Desk, Told, Trouble, take_turn};
use crate::api::Session;
use crate::api::store::{Caught, Hold, Kept, SigningNoteKey, Unsaved};
use crate::app::storage::{self, LocalShelf};
use crate::app::{dom, text};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Something to do to the log under the setting in force, at a time of the simulated clock.
type Deed = Box<dyn FnOnce(&mut Session, i64) -> Told>;

const NO_SETTING: &str =
    "Nothing was done: no setting is in force that it could be recorded under. Open a scenario in Run.";

impl Desk {
    /// Does something to the log while other tabs wait, and stores it; where storage is full, into what is kept free for
    /// that. Then what was deleted goes.
    fn keep(self, deed: Deed) {
        if self.bench.busy.get_untracked() {
            return self.tell(Told::refused("The connector is at work. Try again when it is done."));
        }
        self.bench.busy.set(true);
        spawn_local(async move {
            let turn = take_turn().await;
            self.catch_up();
            let told = self.keep_now(deed);
            drop(turn);
            self.bench.busy.set(false);
            self.tell(told);
            self.touched();
        });
    }

    fn keep_now(self, deed: Deed) -> Told {
        if self.trouble.with_untracked(|t| t.as_ref().is_some_and(Trouble::suspends)) {
            return Told::refused(
                "Nothing was done: what is stored has to be seen to first, see the banner.",
            );
        }
        self.put_setting_in_force();
        while let Some(Ok(Some(_))) = self.keeper.try_update_value(|k| k.session.fetch(&LocalShelf)) {}
        if self.keeper.with_value(|k| k.session.detached()) {
            self.trouble.set(Some(Trouble::Corrupt));
            return Told::refused("Nothing was done: what is stored is not as it was written.");
        }
        let now = self.clock.get_untracked();
        let told = self.keeper.try_update_value(|k| deed(&mut k.session, now));
        let told = told.unwrap_or_else(|| Told::refused(NO_SETTING));
        let stored = self.store_dearly();
        match (told.done, stored) {
            (true, false) => {
                Told::done([told.words.as_str(), " It waits in memory: see the banner."].concat())
            }
            _ => told,
        }
    }

    /// Stores what waits, and lets go what may go. False where not all is stored.
    fn store_dearly(self) -> bool {
        let stored = self.keeper.try_update_value(|k| {
            k.session.save_dearly(&mut LocalShelf)?;
            k.notice_gone();
            k.session.sweep(&mut LocalShelf)?;
            Ok::<(), Unsaved>(())
        });
        let trouble = stored.and_then(Result::err).map(Trouble::from);
        let stored = trouble.is_none();
        self.trouble.set(trouble);
        self.follow_head();
        self.units.set(storage::used_units());
        stored
    }

    /// Says what came of something done to the log.
    pub(super) fn tell(self, told: Told) {
        self.say(&told.words);
        if self.custody.shown.get_untracked() {
            self.custody.told.set(Some(told));
        } else {
            self.notice.set(Some(told.words));
        }
    }

    /// Deletes the records of sealed segments; those under a hold stay.
    pub fn delete_segments(self, segments: Vec<u64>) {
        self.keep(Box::new(move |session, now| {
            let (mut gone, mut kept) = (0, 0);
            for segment in segments {
                match session.delete_segment(segment, now) {
                    Ok(true) => gone += 1,
                    Ok(false) => return Told::refused(NO_SETTING),
                    Err(Kept::Held(_) | Kept::Unread) => kept += 1,
                    Err(Kept::NotThere) => {}
                }
            }
            let kept = match kept {
                0 => String::new(),
                n => [" ", &text::count(n, "segment"), " under a hold stayed."].concat(),
            };
            let words =
                [&text::count(gone, "segment"), " deleted, with a record of each; the roots stay.", &kept];
            Told { done: gone > 0, words: words.concat() }
        }));
    }

    /// Places a legal hold.
    pub fn place_hold(self, hold: Hold) {
        self.keep(Box::new(move |session, now| {
            let id = &hold.id;
            if session.store().holds().iter().any(|own| own.id == *id) {
                return Told::refused("There is a hold of this name already. Give it another one.");
            }
            if !hold.is_sound() {
                return Told::refused(
                    "A hold has a name of letters, digits and hyphens, and is about a correlation id (run-000001), the reference of a token (16 hex digits) or a time.",
                );
            }
            match session.place_hold(&hold, now) {
                true => Told::done(["The hold ", id, " is in force, and recorded."].concat()),
                false => Told::refused(NO_SETTING),
            }
        }));
    }

    /// Releases a legal hold.
    pub fn release_hold(self, id: String) {
        self.keep(Box::new(move |session, now| match session.release_hold(&id, now) {
            true => Told::done(["The hold ", &id, " is released, and that is recorded."].concat()),
            false => Told::refused("Nothing was released: there is no such hold, or no setting is in force."),
        }));
    }

    /// Has a new key sign from now on.
    pub fn rotate_key(self) {
        self.keep(Box::new(move |session, now| {
            let Some(key) = SigningNoteKey::new(session.store().origin(), &dom::entropy()) else {
                return Told::refused("No key could be made.");
            };
            let secret = key.to_secret_text();
            if !session.rotate_key(key, now) {
                return Told::refused(NO_SETTING);
            }
            match storage::keep_key(&secret) {
                Ok(()) => Told::done(String::from(
                    "A new key signs from here on, and that is recorded. The earlier one is forgotten here; what it signed still verifies.",
                )),
                Err(error) => {
                    Told::done(format!("A new key signs until this page is closed; it could not be kept. {error}"))
                }
            }
        }));
    }

    /// Seals what can be sealed, and keeps nothing twice that is.
    pub fn make_room(self) {
        self.keep(Box::new(|session, _| {
            if let Err(error) = session.save_dearly(&mut LocalShelf) {
                return Told::refused(&error.to_string());
            }
            match session.compact(&mut LocalShelf) {
                Ok(true) => {
                    Told::done(String::from("Sealed: what is in segments is not kept as it came any more."))
                }
                Ok(false) => Told::done(String::from("There is nothing more to seal.")),
                Err(_) => Told::done(String::from("What waited is stored; there was no room to seal more.")),
            }
        }));
    }

    /// Sets the sealed segments aside that can't be trusted; the log goes on.
    pub fn set_segments_aside(self) {
        if self.bench.busy.get_untracked() {
            return;
        }
        self.bench.busy.set(true);
        spawn_local(async move {
            let turn = take_turn().await;
            let told = self.set_segments_aside_now();
            drop(turn);
            self.bench.busy.set(false);
            self.notice.set(Some(told.words.clone()));
            self.say(&told.words);
            self.verify_now();
            self.touched();
        });
    }

    fn set_segments_aside_now(self) -> Told {
        self.put_setting_in_force();
        let now = self.clock.get_untracked();
        let done = self.keeper.try_update_value(|k| {
            if k.session.unsaved() == 0 && matches!(k.session.catch_up(&LocalShelf), Ok(Caught::Reload)) {
                return None;
            }
            Some(k.session.set_segments_aside(now))
        });
        match done.flatten() {
            None => Told::refused("Nothing was set aside: another tab has written since. Try again."),
            Some(0) => Told::refused(NO_SETTING),
            Some(done) => {
                self.store_dearly();
                let what = text::count(done, "segment");
                Told::done(
                    [
                        &what,
                        " set aside and recorded; the root stays. What was found is under Keep in Audit.",
                    ]
                    .concat(),
                )
            }
        }
    }

    /// Follows what another tab has done to the log: signs with the key that it has rotated to, and shows no more what it
    /// has deleted. What it has added is read by then.
    pub(super) fn follow_custody(self) {
        let key = storage::kept_key();
        self.keeper.try_update_value(|k| {
            key.map(|key| k.session.take_key(key));
            k.notice_gone();
        });
        self.touched();
    }
}
