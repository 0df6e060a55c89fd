//! A bundle that is looked at in the place of this browser's timeline. Nothing of it is stored.

use super::{Desk, Standing};
use crate::api::{
    EvidenceFault, EvidenceIndex, EvidenceOpening, EvidenceTask, JobOutcome, LogOnView, Objection,
    OpenedEvidence, Task,
};
use crate::app::dom::{self, Pace};
use crate::app::parts::Progress;
use crate::app::route::Step;
use crate::app::text;
use crate::app::worker::{End, Turn, unreadable};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::ops::Range;
use std::sync::Arc;
use web_sys::{Blob, File};

/// Milliseconds that opening goes on before the page has its turn again.
const SLICE: f64 = 10.0;

/// A bundle that is open.
pub struct Bundle {
    /// The file, as it was chosen.
    pub file: Blob,
    /// What is in it.
    pub log: OpenedEvidence,
}

/// What is said of a bundle that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its number: each that is opened has another, from 1.
    pub number: u32,
    /// The file's name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: usize,
    /// Records of the log.
    pub records: usize,
    /// Root over them, lower-case hex.
    pub root: String,
    /// Whether nothing is wrong.
    pub verified: bool,
    /// What is wrong, each with the record to look at.
    pub faults: Vec<(EvidenceFault, Option<u64>)>,
}

impl Desk {
    /// Looks at the log on view: the bundle that is open, or else this browser's timeline. None where the page is going away.
    pub fn on_view<T>(self, read: impl FnOnce(LogOnView<'_>) -> T) -> Option<T> {
        let (mut read, mut answer) = (Some(read), None);
        self.look(&mut |log| answer = read.take().map(|read| read(log)));
        answer
    }

    fn look(self, read: &mut dyn FnMut(LogOnView<'_>)) {
        let bundle = self.bundle.try_with_value(|bundle| match bundle {
            Some(bundle) => {
                read(LogOnView::Opened(&bundle.log));
                true
            }
            None => false,
        });
        if bundle == Some(false) {
            let _ = self.keeper.try_with_value(|k| read(LogOnView::Own(&k.session)));
        }
    }

    /// What changes when another log takes the place of the one on view.
    pub fn log_number(self) -> (u32, u32) {
        let own = self.keeper.try_with_value(|k| k.logs).unwrap_or_default();
        (own, self.card.with_untracked(|card| card.as_ref().map_or(0, |card| card.number)))
    }

    /// What is wrong with a record, in sentences; each with whether the record is at fault itself, or something beside it.
    pub fn wrong_with(self, seq: u64) -> Vec<(String, bool)> {
        if let Some(card) = self.card.get() {
            let faults = self.on_view(|log| log.opened().map(|bundle| bundle.faults_of(seq))).flatten();
            let faults = faults.unwrap_or_default().into_iter();
            return faults
                .filter_map(|(number, own)| Some((card.faults.get(number)?.0.what.clone(), own)))
                .collect();
        }
        self.standing.with(|standing| match standing {
            Standing::Done(found) => {
                let own = found.faults.iter().filter(|fault| fault.index == Some(seq));
                own.map(|fault| (fault.what.clone(), true)).collect()
            }
            _ => Vec::new(),
        })
    }

    /// Opens an evidence bundle in the place of what is looked at, once it is verified, sound or not.
    pub fn open_bundle(self, file: File) {
        self.unopened.set(None);
        let turn = self.checking.next();
        spawn_local(async move {
            match self.read_bundle(turn, &file).await {
                Ok(Some(log)) => self.show_bundle(file, log),
                Ok(None) => {}
                Err(why) => drop(self.unopened.try_set(Some((file.name(), why)))),
            }
        });
    }

    /// Reads a bundle: none where that was cancelled.
    async fn read_bundle(self, turn: Turn, file: &File) -> Result<Option<OpenedEvidence>, Objection> {
        let task = Task::Open(EvidenceTask::default());
        let end =
            self.checking.run_on(turn, task, Some(Blob::from(file.clone())), "Verifying", "record").await;
        let index = match end {
            Some(End::Done(JobOutcome::Opened(index))) => *index,
            Some(End::Failed(why)) => return Err(why),
            Some(End::Done(_) | End::Cancelled) | None => return Ok(None),
        };
        let opened = self.take_records(turn, file, index).await;
        let _ = self.checking.progress.try_set(None);
        opened
    }

    /// Takes the records of a file up, a little at a time.
    async fn take_records(
        self,
        turn: Turn,
        file: &File,
        index: EvidenceIndex,
    ) -> Result<Option<OpenedEvidence>, Objection> {
        let mut opening = EvidenceOpening::new(index);
        let begun = dom::tick();
        let mut pace = Pace::of(SLICE);
        while let Some(Range { start, end }) = opening.wants() {
            let part = file.slice_with_f64_and_f64(start as f64, end as f64).map_err(|_| unreadable())?;
            opening.take(dom::bytes_of(&part).await.ok_or_else(unreadable)?)?;
            if pace.is_due() {
                let (done, total) = opening.done();
                let shown =
                    Progress { done, total, at: dom::tick(), ..Progress::begun("Opening", "record", begun) };
                if self.checking.progress.try_set(Some(shown)).is_some() {
                    return Ok(None);
                }
                pace.rest().await;
            }
            if !self.checking.holds(turn) || self.checking.cancelled.try_get_untracked() != Some(false) {
                return Ok(None);
            }
        }
        opening.finish().map(Some)
    }

    fn show_bundle(self, file: File, log: OpenedEvidence) {
        let number = self.log_number().1.wrapping_add(1).max(1);
        let report = log.report();
        let seen = |number: usize| log.stand(number).0.first().map(|(first, _)| *first);
        let faults = report.faults.iter().enumerate();
        let card = Card {
            number,
            name: file.name(),
            bytes: file.size() as usize,
            records: text::size(report.size),
            root: report.root.clone(),
            verified: report.verified,
            faults: faults.map(|(number, fault)| (fault.clone(), seen(number))).collect(),
        };
        self.say(if card.verified {
            "The bundle is open; it verifies."
        } else {
            "The bundle is open; it does not verify."
        });
        let _ = self.bundle.try_update_value(|bundle| *bundle = Some(Bundle { file: Blob::from(file), log }));
        self.card.set(Some(Arc::new(card)));
        self.show_other_log();
    }

    /// Closes the bundle, and goes back to this browser's timeline.
    pub fn close_bundle(self) {
        if self.card.with_untracked(Option::is_none) {
            return;
        }
        self.card.set(None);
        let _ = self.bundle.try_update_value(|bundle| *bundle = None);
        self.say("The bundle is closed; this is your own timeline again.");
        self.show_other_log();
    }

    /// What was chosen of one log says nothing of another.
    fn show_other_log(self) {
        self.checked.set(None);
        let mut to = self.route.get_untracked();
        (to.record, to.query, to.compare) = (None, None, None);
        self.go(to, Step::Push);
        self.touched();
    }
}
