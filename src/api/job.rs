//! Long work, a slice at a time: the same code in a worker and on the page's own thread.

use super::{
    Objection, PreviewJob, PreviewReport, PreviewRequest, Rehearsal, RehearsalJob, RehearsalRequest,
};
use serde::{Deserialize, Serialize};

/// How far a job has come. A total of 0 is not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobProgress {
    /// Done so far, in the job's own unit.
    pub done: usize,
    /// In all.
    pub total: usize,
}

/// Work that can be left off and taken up again between any two steps. Dropping a job cancels it.
pub trait Job {
    /// Works on for about `budget` of the job's own units, at least one; true when nothing is left to do.
    fn step(&mut self, budget: usize) -> bool;
    /// How far it has come.
    fn progress(&self) -> JobProgress;
    /// What came of the work done so far.
    fn finish(self: Box<Self>) -> JobOutcome;
}

/// What can be asked for as a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Own files, as they would fare if they were sent.
    Rehearse(Box<RehearsalRequest>),
    /// Two policies over a set of events.
    Preview(PreviewRequest),
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobOutcome {
    /// Of [`Task::Rehearse`].
    Rehearsed(Rehearsal),
    /// Of [`Task::Preview`].
    Previewed(Box<PreviewReport>),
}

impl Task {
    /// Starts on it.
    ///
    /// # Errors
    /// What stands against it, where it can't even be begun.
    pub fn begin(self) -> Result<Box<dyn Job>, Objection> {
        match self {
            Self::Rehearse(request) => Ok(Box::new(RehearsalJob::new(*request)?)),
            Self::Preview(request) => Ok(Box::new(PreviewJob::new(request)?)),
        }
    }
}
