//! How the session and its stored form are kept together.

use super::turn::{take_turn, withdraw_announcement};
use super::{Desk, Standing, Trouble};
use crate::api::store::{Caught, HEAD, Shelf as _, ShelfError, Unsaved, set_aside};
use crate::api::{Session, Verification};
use crate::app::dom::Pace;
use crate::app::storage::{self, LocalShelf};
use crate::app::text;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Milliseconds that reading goes on before the page has its turn again.
const SLICE: f64 = 12.0;

impl From<ShelfError> for Trouble {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Missing | ShelfError::Resource => Self::Unavailable(None),
            ShelfError::Full => Self::Full,
            ShelfError::Failed(why) => Self::Unavailable(Some(why)),
        }
    }
}

impl From<Unsaved> for Trouble {
    fn from(unsaved: Unsaved) -> Self {
        match unsaved {
            Unsaved::Shelf(error) => error.into(),
            Unsaved::Behind => Self::Forked,
            Unsaved::Vanished => Self::Vanished,
            Unsaved::Detached => Self::Corrupt,
        }
    }
}

impl Desk {
    /// Reads the session from storage, in place of the one in memory. Sealed segments follow while the page goes on.
    pub(super) fn load(self) {
        let opened = match Session::open(&LocalShelf, storage::signing_key()) {
            Ok(opened) => opened,
            Err(error) => {
                self.trouble.set(Some(error.into()));
                self.standing.set(Standing::Unreadable);
                return;
            }
        };
        let (mut session, verification) = opened;
        session.keep_under(storage::storage_key());
        self.trouble.set(session.detached().then_some(Trouble::Corrupt));
        self.keeper.update_value(|k| k.replace(session));
        self.units.set(storage::used_units());
        self.touched();
        self.read_segments(verification);
    }

    /// Reads the sealed segments that have not been read, the latest first, a little at a time, and then says what
    /// verifying all of it has found.
    fn read_segments(self, mut verification: Verification) {
        self.standing.set(Standing::Checking);
        let turn = self.reading.next();
        spawn_local(async move {
            let mut pace = Pace::of(SLICE);
            loop {
                if !self.reading.holds(turn) {
                    return;
                }
                match self.keeper.try_update_value(|k| k.session.fetch(&LocalShelf)) {
                    Some(Ok(Some(faults))) => verification.faults.extend(faults),
                    Some(Err(error)) => {
                        self.standing.set(Standing::Unreadable);
                        return self.trouble.set(Some(error.into()));
                    }
                    Some(Ok(None)) | None => break,
                }
                if pace.is_due() {
                    self.touched();
                    pace.rest().await;
                }
            }
            self.judge(verification);
            self.touched();
        });
    }

    /// Says what verifying what is stored has found.
    fn judge(self, mut verification: Verification) {
        verification.verified = verification.faults.is_empty();
        let (head, detached) = self.keeper.with_value(|k| (k.session.head(), k.session.detached()));
        (verification.size, verification.root) = (head.size, head.root);
        match (verification.verified, self.trouble.get_untracked()) {
            (false, None) => self.trouble.set(Some(Trouble::Corrupt)),
            (true, Some(Trouble::Corrupt)) if !detached => self.trouble.set(None),
            _ => {}
        }
        self.standing.set(Standing::Done(verification));
    }

    /// Follows what other tabs write.
    pub(super) fn listen(self) {
        let _ = window_event_listener(leptos::ev::storage, move |event| {
            let key = event.key();
            if key.as_deref().is_none_or(|key| key == HEAD) {
                self.catch_up();
            }
            if key.as_deref().is_some_and(|key| key == HEAD || key == storage::KEY) {
                self.follow_custody();
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
        let caught = self.keeper.try_update_value(|k| k.session.catch_up(&LocalShelf));
        let added = match caught {
            None | Some(Ok(Caught::Same)) => return,
            Some(Err(error)) => return self.trouble.set(Some(error.into())),
            Some(Ok(Caught::Added(added))) => {
                withdraw_announcement();
                added
            }
            Some(Ok(Caught::Reload)) => {
                let before = self.keeper.with_value(|k| k.session.records());
                if matches!(LocalShelf.get(HEAD), Ok(None)) {
                    self.trouble.set(Some(Trouble::Vanished));
                    return self.touched();
                }
                match self.keeper.try_update_value(|k| k.session.miss_overwritten(&LocalShelf)) {
                    Some(Ok(0)) => self.load(),
                    Some(Ok(_)) => {
                        self.trouble.set(Some(Trouble::Forked));
                        return self.touched();
                    }
                    Some(Err(error)) => return self.trouble.set(Some(error.into())),
                    None => return,
                }
                self.keeper.with_value(|k| k.session.records()).saturating_sub(before)
            }
        };
        let added = text::count(usize::try_from(added).unwrap_or(usize::MAX), "record");
        self.notice.set(Some(format!("Another tab has added {added} to this timeline; they are read in.")));
        self.follow_head();
        self.touched();
    }

    /// What was verified before, with what has come to it since.
    pub(super) fn follow_head(self) {
        let head = self.keeper.with_value(|k| k.session.head());
        self.standing.update(|standing| {
            if let Standing::Done(verification) = standing {
                (verification.size, verification.root) = (head.size, head.root);
            }
        });
    }

    /// Writes what is not stored yet. What can't be written stays in memory, and the banner says so.
    pub fn save(self) {
        if self.trouble.with_untracked(|t| t.as_ref().is_some_and(Trouble::suspends)) {
            return;
        }
        match self.keeper.try_update_value(|k| k.session.save(&mut LocalShelf)) {
            Some(Ok(())) => {
                self.trouble.set(None);
                self.follow_head();
            }
            Some(Err(why)) => self.trouble.set(Some(why.into())),
            None => {}
        }
        self.units.set(storage::used_units());
    }

    /// Reads what is stored anew beside the session, and says whether it verifies: journal, rows, each segment, the head.
    pub fn verify_now(self) {
        let opened = match Session::open(&LocalShelf, storage::signing_key()) {
            Ok(opened) => opened,
            Err(error) => {
                self.standing.set(Standing::Unreadable);
                return self.trouble.set(Some(error.into()));
            }
        };
        self.standing.set(Standing::Checking);
        let turn = self.reading.next();
        spawn_local(async move {
            let (mut session, mut verification) = opened;
            let mut pace = Pace::of(SLICE);
            loop {
                match session.fetch(&LocalShelf) {
                    Ok(Some(faults)) => verification.faults.extend(faults),
                    Ok(None) => break,
                    Err(error) => {
                        self.standing.set(Standing::Unreadable);
                        return self.trouble.set(Some(error.into()));
                    }
                }
                if pace.is_due() {
                    pace.rest().await;
                }
                if !self.reading.holds(turn) {
                    return;
                }
            }
            self.keeper.try_update_value(|k| k.session.distrust(&session));
            if let Some(fault) = self.keeper.try_with_value(|k| k.session.missing_from(&session)).flatten() {
                let gone = matches!(LocalShelf.get(HEAD), Ok(None)) && session.records() == 0;
                if gone && self.trouble.with_untracked(Option::is_none) {
                    self.trouble.set(Some(Trouble::Vanished));
                }
                verification.faults.push(fault);
            }
            self.judge(verification);
            self.units.set(storage::used_units());
            // What was still being read when this was asked for is read to its end.
            self.all_read().await;
            self.touched();
        });
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
        self.verify_now();
        self.touched();
    }

    /// Moves what is stored out of the way and stores the session in memory anew.
    pub fn start_anew(self) {
        spawn_local(async move {
            let _turn = take_turn().await;
            self.put_setting_in_force();
            if let Err(error) = set_aside(&mut LocalShelf) {
                return self.trouble.set(Some(error.into()));
            }
            self.trouble.set(None);
            let now = self.clock.get_untracked();
            self.keeper.update_value(|k| k.set_aside(now));
            self.save();
            self.verify_now();
            self.touched();
        });
    }

    /// Stores all that this tab has in memory, after what was stored was removed behind its back. Where another tab has
    /// done so meanwhile, what that one has stored is read.
    pub fn write_all_again(self) {
        spawn_local(async move {
            let _turn = take_turn().await;
            self.trouble.set(None);
            if matches!(LocalShelf.get(HEAD), Ok(Some(_))) {
                return self.catch_up();
            }
            self.put_setting_in_force();
            self.keeper.update_value(|k| {
                k.session.forget_stored();
                // The keys have gone with the rest, and others may have been made since.
                let _ = storage::keep_key(&k.session.store().secret_key_text());
                k.session.storage_key().into_iter().for_each(storage::keep_storage_key);
            });
            self.save();
            self.verify_now();
            self.touched();
        });
    }

    /// With a setting in force the session can store the CRM zone and the ids seen beside its timeline.
    pub(super) fn put_setting_in_force(self) {
        let now = self.clock.get_untracked();
        if let Some(setup) = self.bench.setup_now() {
            let _ = self.keeper.try_update_value(|k| k.configure(&setup, now));
        }
    }

    /// Gives up the records that are only in memory and reads what is stored.
    pub fn give_up_unsaved(self) {
        self.load();
        self.verify_now();
    }
}
