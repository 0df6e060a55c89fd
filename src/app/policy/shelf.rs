//! The versions of the open policy, and which of them is in force.

use crate::api::store::ShelfError;
use crate::api::{Objection, PolicyVersion, Publication, Versions, check_policy};
use crate::app::desk::{Desk, take_turn};
use crate::app::storage;
use crate::app::storage::policy::{self as stored, About};
use leptos::prelude::*;
use std::sync::Arc;

/// The handles of the versions.
#[derive(Clone, Copy)]
pub struct Shelf {
    /// The versions of the open policy.
    pub versions: RwSignal<Arc<Versions>>,
    /// The text of the version in force, whatever draft is tried in Run.
    pub in_force: RwSignal<String>,
    /// Whether the dialog for publishing is open.
    pub publishing: RwSignal<bool>,
}

impl Shelf {
    /// Nothing on it yet.
    pub fn new() -> Self {
        let none = Versions { id: String::new(), list: Vec::new(), faults: Vec::new() };
        Self {
            versions: RwSignal::new(Arc::new(none)),
            in_force: RwSignal::new(String::new()),
            publishing: RwSignal::new(false),
        }
    }

    /// The policy's id.
    pub fn id(self) -> String {
        self.versions.with_untracked(|versions| versions.id.clone())
    }

    /// Takes up what is kept of a policy. Without storage that is the version shipped; the draft says why.
    fn take_up(self, id: &str, shipped: &str) {
        let versions = Versions::read(shipped, &stored::versions(id).unwrap_or_default());
        let kept = stored::in_force(id).and_then(|hash| versions.hashed(&hash).cloned());
        self.in_force.set(kept.map_or(shipped.to_owned(), |version| version.text));
        self.versions.set(Arc::new(versions));
    }
}

impl Desk {
    /// Takes up what is kept of the policy of the open scenario; gives its id.
    pub(super) fn take_up_versions(self, shipped: &str) -> String {
        let id = check_policy(shipped).policy.map(|policy| policy.id).unwrap_or_default();
        self.sheet.shelf.take_up(&id, shipped);
        // A draft that is tried in Run goes on being tried.
        if self.bench.adopted_now(shipped).is_none_or(|adopted| adopted.published) {
            self.adopt_version(shipped);
        }
        id
    }

    fn adopt_version(self, shipped: &str) {
        let text = self.sheet.shelf.in_force.get_untracked();
        self.bench.adopt(shipped, (text != shipped).then_some((text, true)));
    }

    /// Publishes the draft and puts it in force.
    ///
    /// # Errors
    /// What stands against it. Then nothing has changed.
    pub(super) async fn publish(self, publication: &Publication) -> Result<PolicyVersion, Objection> {
        // Another tab may publish too: one after the other, each on what the other has left.
        let _turn = take_turn().await;
        let (sheet, shelf) = (self.sheet, self.sheet.shelf);
        let (id, shipped) = (shelf.id(), sheet.shipped.get_untracked());
        let kept = stored::versions(&id).map_err(|error| not_kept(&error))?;
        let versions = Versions::read(&shipped, &kept);
        let draft = sheet.text.get_untracked();
        let made = versions.publish(&shelf.in_force.get_untracked(), &draft, publication)?;
        stored::add_version(&id, &made.to_stored()).map_err(|error| not_kept(&error))?;
        shelf.versions.set(Arc::new(Versions {
            list: versions.list.into_iter().chain([made.clone()]).collect(),
            ..versions
        }));
        self.put_in_force(&made);
        sheet.edit(made.text.clone());
        self.units.set(storage::used_units());
        Ok(made)
    }

    /// Puts a version in force. A sheet without a draft shows it from now on.
    pub(super) fn put_in_force(self, version: &PolicyVersion) {
        let (sheet, shelf) = (self.sheet, self.sheet.shelf);
        let shipped = sheet.shipped.get_untracked();
        let is_shipped = version.text == shipped;
        let kept = stored::set_in_force(&shelf.id(), (!is_shipped).then_some(version.hash.as_str()));
        if let Err(error) = kept {
            let objection = not_kept(&error);
            self.notice.set(Some([&objection.message, " ", &objection.help].concat()));
        }
        let was_draft = sheet.text.with_untracked(|t| shelf.in_force.with_untracked(|f| f != t));
        shelf.in_force.set(version.text.clone());
        self.adopt_version(&shipped);
        if !was_draft {
            sheet.edit(version.text.clone());
        }
    }

    /// Follows what another tab has kept of a policy.
    pub(in crate::app) fn heard_of_policy(self, about: &About) {
        let (sheet, shelf) = (self.sheet, self.sheet.shelf);
        match about {
            About::Versions(id) if *id == shelf.id() => {
                let before = shelf.in_force.get_untracked();
                let untouched = sheet.text.with_untracked(|text| *text == before);
                let _ = self.take_up_versions(&sheet.shipped.get_untracked());
                let now = shelf.in_force.get_untracked();
                if now != before {
                    let words = "Another tab has put another version of this policy in force.";
                    self.notice.set(Some(String::from(words)));
                    if untouched {
                        sheet.edit(now);
                    }
                }
            }
            About::Versions(_) => {}
            About::Draft(id) => {
                if let Some(theirs) = sheet.draft.heard(id, &sheet.standing()) {
                    sheet.edit(theirs);
                }
            }
        }
    }
}

fn not_kept(error: &ShelfError) -> Objection {
    let message = match error {
        ShelfError::Full => "Local storage is full: this could not be kept.",
        ShelfError::Resource => "This text holds a FHIR resource: it was not kept.",
        ShelfError::Missing => "This browser gives the page no local storage: this could not be kept.",
        ShelfError::Failed(_) => "The browser did not keep this.",
    };
    let help = "Nothing that was kept has changed. Save the draft as a file, make room, and try again.";
    Objection::new("version.not-kept", message, help)
}
