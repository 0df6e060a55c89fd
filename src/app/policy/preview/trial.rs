//! The preview's state: the set of events, and what came of comparing over it.

use crate::api::{
    JobOutcome, Objection, PreviewEvents, PreviewInput, PreviewReport, PreviewRequest, Task, preview,
};
use crate::app::desk::Desk;
use crate::app::policy::sheet::{QUIET_MS, is_long};
use crate::app::worker::{End, Latest};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;
use wasm_bindgen_futures::JsFuture;

/// Which events are compared over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSet {
    /// The open scenario's deliveries, at each keystroke.
    Open,
    /// Every scenario's.
    Shipped,
    /// The user's own files.
    Files,
}

impl EventSet {
    /// As test ids spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Shipped => "shipped",
            Self::Files => "files",
        }
    }
}

/// The preview's handles.
#[derive(Clone, Copy)]
pub struct Trial {
    /// The set of events.
    pub set: RwSignal<EventSet>,
    /// The files opened for it.
    pub files: RwSignal<Arc<Vec<PreviewInput>>>,
    /// The last result.
    pub report: RwSignal<Option<Arc<PreviewReport>>>,
    /// Whether the draft can't be read, so that the result is of an earlier one.
    pub behind: RwSignal<bool>,
    /// Whether the draft has changed since the files were compared over, or the comparison was cancelled.
    pub stale: RwSignal<bool>,
    /// Whether the draft has changed since, and is going to be compared.
    pub due: RwSignal<bool>,
    /// Why there is no result.
    pub refused: RwSignal<Option<Objection>>,
    /// Comparing, where it takes long.
    pub work: Latest,
}

impl Trial {
    /// Nothing compared yet.
    pub fn new() -> Self {
        Self {
            set: RwSignal::new(EventSet::Open),
            files: RwSignal::new(Arc::default()),
            report: RwSignal::new(None),
            behind: RwSignal::new(false),
            stale: RwSignal::new(false),
            due: RwSignal::new(false),
            refused: RwSignal::new(None),
            work: Latest::new(),
        }
    }

    /// Forgets what came of another policy.
    pub fn clear(self) {
        self.work.next();
        self.report.set(None);
        self.refused.set(None);
        self.stale.set(false);
        self.due.set(false);
    }

    /// Chooses a set of events and compares over it.
    pub fn choose(self, desk: Desk, set: EventSet) {
        self.work.next();
        self.set.set(set);
        self.report.set(None);
        self.start(desk);
    }

    /// Opens files and compares over what is in them.
    pub fn open(self, desk: Desk, files: Vec<web_sys::File>) {
        if files.is_empty() {
            return;
        }
        spawn_local(async move {
            let mut inputs = Vec::with_capacity(files.len());
            for file in files {
                match JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()) {
                    Some(text) => inputs.push(PreviewInput { name: file.name(), text, at: None }),
                    None => desk.notice.set(Some([file.name().as_str(), " could not be read."].concat())),
                }
            }
            self.files.set(Arc::new(inputs));
            self.choose(desk, EventSet::Files);
        });
    }

    /// Takes an edit of the draft or of the open scenario: a few events are compared over at once, many after a moment,
    /// and own files when they are asked for.
    pub fn follow(self, desk: Desk) {
        Effect::new(move |before: Option<()>| {
            desk.sheet.text.track();
            let _ = desk.edited_scenario();
            // The open scenario is followed with the draft itself.
            match self.set.get_untracked() {
                EventSet::Open => {}
                EventSet::Shipped => self.start_soon(desk),
                EventSet::Files => self.stale.set(before.is_some()),
            }
        });
    }

    /// Compares over the open scenario where that is the set: at once, or soon where a policy is long.
    pub fn refresh(self, desk: Desk) {
        if self.set.get_untracked() != EventSet::Open {
            return;
        }
        let long = |text: &String| is_long(text.len());
        if desk.sheet.text.with_untracked(long) || desk.sheet.shelf.in_force.with_untracked(long) {
            self.start_soon(desk);
        } else {
            self.start(desk);
        }
    }

    /// Whether what is shown is not, or not yet, of the draft as it stands.
    pub fn outdated(self) -> bool {
        self.due.get() || self.stale.get() || self.work.progress.with(Option::is_some)
    }

    fn start_soon(self, desk: Desk) {
        let turn = self.work.next();
        self.due.set(true);
        spawn_local(async move {
            if self.work.holds_after(turn, QUIET_MS).await {
                self.start(desk);
            }
        });
    }

    /// Compares over the set of events: the open scenario at once, all else in the worker.
    pub fn start(self, desk: Desk) {
        let Some(request) = self.request(desk) else { return };
        let long = is_long(request.old.policy.len()) || is_long(request.new.policy.len());
        if self.set.get_untracked() == EventSet::Open && !long {
            return match preview(&request) {
                Ok(report) => self.show(report),
                Err(against) => self.refuse(against.objection()),
            };
        }
        let turn = self.work.next();
        self.stale.set(false);
        spawn_local(async move {
            let end = self.work.run(turn, Task::Preview(request), "Comparing", "event").await;
            match end {
                Some(End::Done(JobOutcome::Previewed(report))) => {
                    desk.say("The comparison is done.");
                    self.show(*report);
                }
                Some(End::Done(_)) | None => {}
                Some(End::Cancelled) => {
                    self.due.set(false);
                    self.stale.set(true);
                    desk.say("The comparison was cancelled.");
                }
                Some(End::Failed(objection)) => self.refuse(objection),
            }
        });
    }

    fn request(self, desk: Desk) -> Option<PreviewRequest> {
        let scenario = untrack(|| desk.edited_scenario())?;
        let draft = desk.sheet.text.get_untracked();
        let request = PreviewRequest::over_scenario(&scenario, &draft);
        Some(match self.set.get_untracked() {
            EventSet::Open => request,
            // The consents of one scenario say nothing of another's patients.
            EventSet::Shipped => PreviewRequest { consents: None, events: PreviewEvents::Shipped, ..request },
            EventSet::Files => {
                let inputs = self.files.with_untracked(|files| files.to_vec());
                PreviewRequest { consents: None, events: PreviewEvents::Inputs(inputs), ..request }
            }
        })
    }

    fn show(self, report: PreviewReport) {
        self.behind.set(false);
        self.due.set(false);
        self.refused.set(None);
        // Where nothing has changed, what is open and scrolled to stays so.
        if self.report.with_untracked(|shown| shown.as_deref() != Some(&report)) {
            self.report.set(Some(Arc::new(report)));
        }
    }

    fn refuse(self, objection: Objection) {
        self.behind.set(self.report.with_untracked(Option::is_some));
        self.due.set(false);
        self.refused.set(Some(objection));
    }
}
