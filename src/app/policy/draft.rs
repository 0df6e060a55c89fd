//! The draft of the open policy, as it is kept: through reloads and crashes, and beside other tabs.

use crate::api::holds_resource;
use crate::api::store::ShelfError;
use crate::app::storage;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an edit may wait before it is kept. What is typed in the meantime is kept with it.
const SOON: Duration = Duration::from_millis(200);

/// A draft as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The text.
    pub text: String,
    /// Whether it was found to be usable.
    #[serde(default)]
    pub usable: bool,
    /// The last text before it that could be used, where this one can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<String>,
}

/// What stands in the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its text.
    pub text: String,
    /// The policy in force.
    pub in_force: String,
    /// Whether the text can be used as a policy.
    pub usable: bool,
}

/// The handles of a draft.
#[derive(Clone, Copy)]
pub struct Draft {
    /// Why the draft could not be kept, if it could not.
    pub trouble: RwSignal<Option<ShelfError>>,
    /// What another tab has made of it meanwhile; while that is not decided, nothing is written.
    pub elsewhere: RwSignal<Option<Kept>>,
    /// The last text that could be used, where the present one can't.
    pub good: RwSignal<Option<String>>,
    /// The policy's id.
    id: StoredValue<String>,
    /// What storage holds, as far as this tab knows.
    known: StoredValue<Option<String>>,
    waiting: StoredValue<bool>,
}

impl Draft {
    /// No draft yet.
    pub fn new() -> Self {
        Self {
            trouble: RwSignal::new(None),
            elsewhere: RwSignal::new(None),
            good: RwSignal::new(None),
            id: StoredValue::new(String::new()),
            known: StoredValue::new(None),
            waiting: StoredValue::new(false),
        }
    }

    /// Takes up the draft of a policy; gives its text where there is one.
    pub fn take_up(self, id: &str) -> Option<String> {
        let stored = storage::policy::draft(id);
        self.trouble.set(stored.as_ref().err().cloned());
        let stored = stored.ok().flatten();
        let kept = stored.as_deref().and_then(read);
        self.id.set_value(id.to_owned());
        self.known.set_value(stored);
        self.elsewhere.set(None);
        self.good.set(kept.as_ref().and_then(|kept| kept.good.clone()));
        kept.map(|kept| kept.text)
    }

    /// Keeps what stands in the editor before long. `now` gives it.
    pub fn keep_soon(self, now: impl Fn() -> Standing + 'static) {
        if self.waiting.get_value() {
            return;
        }
        self.waiting.set_value(true);
        set_timeout(move || self.keep_waiting(now), SOON);
    }

    /// Keeps what waits to be kept: the page may be gone the next moment.
    pub fn keep_waiting(self, now: impl Fn() -> Standing) {
        if self.waiting.get_value() {
            self.keep(&now());
        }
    }

    /// Lets what waits to be kept go.
    pub fn forget_waiting(self) {
        self.waiting.set_value(false);
    }

    /// Keeps a text; one that is the policy in force is no draft. What could be used last is kept beside one that can't.
    pub fn keep(self, now: &Standing) {
        let Standing { text, in_force, usable } = now;
        self.waiting.set_value(false);
        if *usable {
            self.good.set(None);
        } else if self.good.with_untracked(Option::is_none) {
            let before = self.known.with_value(|known| known.as_deref().and_then(read));
            self.good.set(before.filter(|kept| kept.usable).map(|kept| kept.text));
        }
        let kept = Kept { text: text.to_owned(), usable: *usable, good: self.good.get_untracked() };
        let wanted = (text != in_force).then(|| serde_json::to_string(&kept).unwrap_or_default());
        if self.elsewhere.with_untracked(Option::is_some) || self.known.with_value(|k| *k == wanted) {
            return;
        }
        let id = self.id.get_value();
        let written = match storage::policy::draft(&id) {
            Ok(stored) if self.known.with_value(|known| *known != stored) => {
                return self.differs(stored, text, in_force);
            }
            Ok(_) if holds_resource(text) => Err(ShelfError::Resource),
            Ok(_) => storage::policy::set_draft(&id, wanted.as_deref()),
            Err(error) => Err(error),
        };
        if written.is_ok() {
            self.known.set_value(wanted);
        }
        self.trouble.set(written.err());
    }

    /// Another tab has written: a draft of one's own is not given up for it without being asked.
    fn differs(self, stored: Option<String>, text: &str, in_force: &str) {
        let theirs = stored.as_deref().and_then(read);
        let theirs = theirs.unwrap_or(Kept { text: in_force.to_owned(), usable: true, good: None });
        self.known.set_value(stored);
        if theirs.text != text {
            self.elsewhere.set(Some(theirs));
        }
    }

    /// Another tab has changed what is kept of the policy of an id. Gives the text to take over, where this tab has no
    /// edits of its own that would be lost.
    pub fn heard(self, id: &str, now: &Standing) -> Option<String> {
        let Standing { text, in_force, .. } = now;
        if self.id.with_value(|own| own != id) {
            return None;
        }
        let stored = storage::policy::draft(id).ok()?;
        let before = self.known.get_value();
        if before == stored {
            return None;
        }
        let last = before.as_deref().and_then(read).map_or(in_force.clone(), |kept| kept.text);
        let untouched = !self.waiting.get_value() && last == *text;
        if untouched && self.elsewhere.with_untracked(Option::is_none) {
            let theirs = stored.as_deref().and_then(read);
            self.known.set_value(stored);
            self.good.set(theirs.as_ref().and_then(|kept| kept.good.clone()));
            return Some(theirs.map_or(in_force.clone(), |kept| kept.text));
        }
        self.waiting.set_value(false);
        self.differs(stored, text, in_force);
        None
    }

    /// Decides between the other tab's draft and this one's; gives the other's where that is taken.
    pub fn decide(self, take_theirs: bool) -> Option<String> {
        let theirs = self.elsewhere.try_update(Option::take).flatten()?;
        if take_theirs {
            self.good.set(theirs.good);
            return Some(theirs.text);
        }
        None
    }
}

fn read(stored: &str) -> Option<Kept> {
    serde_json::from_str(stored).ok()
}
