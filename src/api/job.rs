//! Long work, a slice at a time: the same code in a worker and on the page's own thread.

use super::{
    Objection, PolicyReport, PreviewJob, PreviewReport, PreviewRequest, Rehearsal, RehearsalJob,
    RehearsalRequest, check_policy,
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
    /// A policy's text, to be checked.
    Check(String),
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobOutcome {
    /// Of [`Task::Rehearse`].
    Rehearsed(Rehearsal),
    /// Of [`Task::Preview`].
    Previewed(Box<PreviewReport>),
    /// Of [`Task::Check`]: without the rules' cells, which the text has too.
    Checked(PolicyReport),
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
            Self::Check(text) => Ok(Box::new(CheckJob { text, report: None })),
        }
    }
}

/// Checks a policy's text. Its unit is a text: there is one, which is read at one go.
struct CheckJob {
    text: String,
    report: Option<PolicyReport>,
}

impl Job for CheckJob {
    fn step(&mut self, _: usize) -> bool {
        let mut report = check_policy(&self.text);
        report.rows.iter_mut().for_each(|row| row.cells.clear());
        self.report = Some(report);
        true
    }

    fn progress(&self) -> JobProgress {
        JobProgress { done: usize::from(self.report.is_some()), total: 1 }
    }

    fn finish(self: Box<Self>) -> JobOutcome {
        JobOutcome::Checked(self.report.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture;

    fn checked(text: &str) -> PolicyReport {
        let mut job = Task::Check(text.to_owned()).begin().unwrap();
        while !job.step(1) {}
        let JobOutcome::Checked(report) = job.finish() else { panic!("another outcome") };
        report
    }

    #[test]
    fn a_check_says_of_any_text_what_there_is_to_say_of_it() {
        let text = fixture("policies/referral-intake.json").unwrap();
        for text in [text, &text.replace("allowed", "aloud"), "{", ""] {
            let (whole, report) = (check_policy(text), checked(text));
            assert_eq!((&report.policy, &report.diagnostics), (&whole.policy, &whole.diagnostics));
            let classes = |report: &PolicyReport| {
                report.rows.iter().map(|row| (row.span, row.class_in_force.clone())).collect::<Vec<_>>()
            };
            assert_eq!(classes(&report), classes(&whole));
            assert!(report.rows.iter().all(|row| row.cells.is_empty()), "the page reads them from the text");
        }
    }
}
