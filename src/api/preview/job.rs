//! Comparing two policies over a set of events, at once or as a job.

use super::{PolicyText, PreviewAgainst, PreviewInput, PreviewReport, PreviewRequest};
use crate::api::{Intake, IntakeItem, Job, JobOutcome, JobProgress, Objection, Scope};
use crate::engine::canonical::Catalogue;
use crate::engine::phi::Phi;
use crate::engine::preview::{Preview, PreviewTexts, SideTexts};
use crate::engine::refusal::{Code, Refusal};
use crate::engine::time::Instant;
use std::collections::VecDeque;

/// Bytes read in one step.
const READ: usize = 128 * 1024;

/// Two policies under comparison, event by event. Nothing is delivered, logged or remembered, so nothing has to be
/// attested.
pub struct Comparison {
    preview: Preview,
    scope: Scope,
    now: i64,
}

impl Comparison {
    /// Reads the policies and what they work with; the request's events are left to the caller.
    ///
    /// # Errors
    /// What stands against it.
    pub fn new(request: &PreviewRequest) -> Result<Self, PreviewAgainst> {
        fn side(text: &PolicyText) -> SideTexts<'_> {
            SideTexts { policy: &text.policy, adapter: &text.adapter }
        }
        let preview = Preview::new(&PreviewTexts {
            old: side(&request.old),
            new: side(&request.new),
            catalogue: Catalogue::shipped(),
            consents: request.consents.as_deref(),
            ehr: request.ehr.as_deref(),
            seed: &request.seed,
        })?;
        let scope = Scope::new([&request.old, &request.new]);
        Ok(Self { preview, scope, now: request.now })
    }

    /// Takes an item of an input, unless it is an event of neither policy; false where there is none at this index. `at`
    /// is when it arrives, in milliseconds since the Unix epoch, where it is not the request's own time.
    pub fn take(&mut self, intake: &Intake, index: usize, at: Option<i64>) -> bool {
        let at = at.unwrap_or(self.now);
        let Some(item) = intake.item(index, at, &self.scope) else { return false };
        match item {
            IntakeItem { not_an_event: Some(_), .. } => self.preview.take_not_covered(),
            IntakeItem { input, body: Ok(body), .. } => {
                self.preview.take(&input, Phi::new(body.into_bytes()), Instant(at));
            }
            IntakeItem { input, body: Err(refusal), .. } => {
                let code = Code::parse(&refusal.code).unwrap_or(Code::NotUtf8);
                self.preview.take_unread(&input, &Refusal::new(code));
            }
        }
        true
    }

    /// Events taken so far.
    pub fn events(&self) -> usize {
        self.preview.events()
    }

    /// Whether a change can be accepted under this name: a canonical field, a CRM field of either policy, or the key of
    /// what a policy says of its integration path.
    pub fn knows(&self, name: &str) -> bool {
        Catalogue::shipped().field(name).is_some() || self.preview.knows(name)
    }

    /// What came out of it.
    pub fn finish(self) -> PreviewReport {
        self.preview.finish().into()
    }
}

/// Compares two policies over a few events, at once.
///
/// # Errors
/// What stands against it.
pub fn preview(request: &PreviewRequest) -> Result<PreviewReport, PreviewAgainst> {
    let mut comparison = Comparison::new(request)?;
    for (mut intake, at) in PreviewInput::together(request.events.clone().into_inputs()) {
        while !intake.step(READ).finished {}
        (0..intake.len()).for_each(|index| {
            comparison.take(&intake, index, at);
        });
    }
    Ok(comparison.finish())
}

/// Compares two policies over any number of events. Its unit is an event.
pub struct PreviewJob {
    comparison: Comparison,
    /// Inputs, each with when its events arrive.
    unread: VecDeque<(Intake, Option<i64>)>,
    read: VecDeque<(Intake, Option<i64>)>,
    /// Item that comes next of the first that is read.
    next: usize,
    /// Items found so far.
    found: usize,
    /// Items taken so far.
    taken: usize,
}

impl PreviewJob {
    /// Starts on a request.
    ///
    /// # Errors
    /// The first thing that stands against it.
    pub fn new(request: PreviewRequest) -> Result<Self, Objection> {
        let comparison = Comparison::new(&request).map_err(|against| against.objection())?;
        let unread = PreviewInput::together(request.events.into_inputs());
        let (unread, read) = (unread.into(), VecDeque::new());
        Ok(Self { comparison, unread, read, next: 0, found: 0, taken: 0 })
    }

    /// Reads on; false when all is read.
    fn read_on(&mut self) -> bool {
        let Some((intake, _)) = self.unread.front_mut() else { return false };
        if intake.step(READ).finished {
            self.found = self.found.saturating_add(intake.len());
            self.read.extend(self.unread.pop_front());
        }
        true
    }

    /// Takes the next event; false when there is none.
    fn take_next(&mut self) -> bool {
        let Some((intake, at)) = self.read.front() else { return false };
        if self.comparison.take(intake, self.next, *at) {
            (self.next, self.taken) = (self.next.saturating_add(1), self.taken.saturating_add(1));
        } else {
            self.next = 0;
            self.read.pop_front();
        }
        true
    }
}

impl Job for PreviewJob {
    fn step(&mut self, budget: usize) -> bool {
        if self.read_on() {
            return false;
        }
        (0..budget.max(1)).any(|_| !self.take_next())
    }

    fn progress(&self) -> JobProgress {
        let all_read = self.unread.is_empty();
        JobProgress { done: self.taken, total: if all_read { self.found } else { 0 } }
    }

    fn finish(self: Box<Self>) -> JobOutcome {
        JobOutcome::Previewed(Box::new(self.comparison.finish()))
    }
}
