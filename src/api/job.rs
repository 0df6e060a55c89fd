//! Long work, a slice at a time: the same code in a worker and on the page's own thread.

use super::{
    Evidence, EvidenceCheck, EvidenceIndex, EvidenceReport, Known, Objection, OpenScenario, PolicyReport,
    PreviewJob, PreviewReport, PreviewRequest, Rehearsal, RehearsalJob, RehearsalRequest, Request, RunAnew,
    ScenarioCard, Setup, Witness, check_policy,
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
    /// An evidence bundle, to be verified.
    Verify(EvidenceTask),
    /// The same, to be looked at afterwards.
    Open(EvidenceTask),
    /// A scenario, to be run anew.
    Replay(Box<ReplayTask>),
}

/// An evidence bundle, and what is known of its log beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceTask {
    /// The bundle's text; empty where it is a file that is handed over beside the task ([`Task::attach`]).
    pub evidence: String,
    /// The keys that the log is known by (NAME+ID+KEY), instead of those that the bundle lists.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The text of a checkpoint, or of another bundle, to hold it against.
    #[serde(default)]
    pub checkpoint: Option<String>,
}

/// A scenario with what running it depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayTask {
    card: ScenarioCard,
    setup: Setup,
    requests: Vec<(i64, Request)>,
    until: i64,
}

impl From<OpenScenario> for ReplayTask {
    fn from(scenario: OpenScenario) -> Self {
        let OpenScenario { card, setup, requests, until, .. } = scenario;
        Self { card, setup, requests, until }
    }
}

impl ReplayTask {
    fn scenario(self) -> OpenScenario {
        let Self { card, setup, requests, until } = self;
        OpenScenario {
            card,
            setup,
            requests,
            until,
            expected: Vec::new(),
            expected_crm: Vec::new(),
            expected_audit: Vec::new(),
            expected_operations: Vec::new(),
        }
    }
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
    /// Of [`Task::Verify`].
    Verified(Box<EvidenceReport>),
    /// Of [`Task::Open`].
    Opened(Box<EvidenceIndex>),
    /// Of [`Task::Replay`].
    Replayed(Box<RunAnew>),
}

impl Task {
    /// Hands over the text of a file that the task is about.
    pub fn attach(&mut self, text: String) {
        if let Self::Verify(task) | Self::Open(task) = self {
            task.evidence = text;
        }
    }

    /// Starts on it.
    ///
    /// # Errors
    /// What stands against it, where it can't even be begun.
    pub fn begin(self) -> Result<Box<dyn Job>, Objection> {
        match self {
            Self::Rehearse(request) => Ok(Box::new(RehearsalJob::new(*request)?)),
            Self::Preview(request) => Ok(Box::new(PreviewJob::new(request)?)),
            Self::Check(text) => Ok(Box::new(CheckJob { text, report: None })),
            Self::Verify(task) => Ok(Box::new(task.begin()?)),
            Self::Open(task) => Ok(Box::new(OpenJob(task.begin()?))),
            Self::Replay(task) => Ok(Box::new(ReplayJob { scenario: task.scenario(), run: None })),
        }
    }
}

impl EvidenceTask {
    fn begin(self) -> Result<EvidenceCheck, Objection> {
        let Self { evidence, keys, checkpoint } = self;
        let mut known = Known::default();
        keys.iter().try_for_each(|key| known.add_key(key))?;
        known.witness = checkpoint.map(|text| Witness::read(&text)).transpose()?;
        Ok(EvidenceCheck::new(Evidence::read(evidence)?, known))
    }
}

/// Records of a bundle that are one unit of work: a record by itself is next to none.
const RECORDS: usize = 64;

impl Job for EvidenceCheck {
    fn step(&mut self, budget: usize) -> bool {
        self.work(budget.saturating_mul(RECORDS))
    }

    fn progress(&self) -> JobProgress {
        let (done, total) = self.done();
        JobProgress { done, total }
    }

    fn finish(self: Box<Self>) -> JobOutcome {
        JobOutcome::Verified(Box::new(self.report()))
    }
}

/// Verifies a bundle, and says where its records are.
struct OpenJob(EvidenceCheck);

impl Job for OpenJob {
    fn step(&mut self, budget: usize) -> bool {
        self.0.step(budget)
    }

    fn progress(&self) -> JobProgress {
        self.0.progress()
    }

    fn finish(self: Box<Self>) -> JobOutcome {
        JobOutcome::Opened(Box::new(self.0.index()))
    }
}

/// Runs a scenario anew. Its unit is a scenario: there is one, which is run at one go.
struct ReplayJob {
    scenario: OpenScenario,
    run: Option<RunAnew>,
}

impl Job for ReplayJob {
    fn step(&mut self, _: usize) -> bool {
        self.run = Some(RunAnew::of(&self.scenario));
        true
    }

    fn progress(&self) -> JobProgress {
        JobProgress { done: usize::from(self.run.is_some()), total: 1 }
    }

    fn finish(self: Box<Self>) -> JobOutcome {
        JobOutcome::Replayed(Box::new(self.run.unwrap_or_else(|| RunAnew::of(&self.scenario))))
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
    fn a_bundle_is_verified_as_a_job_as_it_is_at_one_go() {
        let scenario = crate::api::open_scenario("referral-created").unwrap();
        let mut session = crate::api::Session::new();
        crate::api::run_in(&scenario, &mut session);
        let text = crate::api::scenario_evidence(&session, "job", "seed");
        for evidence in [text.clone(), text.replacen("passed", "refused", 1)] {
            let whole =
                crate::api::verify_evidence(Evidence::read(evidence.clone()).unwrap(), Known::default());
            let mut job = Task::Verify(EvidenceTask { evidence, ..EvidenceTask::default() }).begin().unwrap();
            while !job.step(1) {}
            assert_eq!(job.progress().done, job.progress().total);
            assert_eq!(job.finish(), JobOutcome::Verified(Box::new(whole)));
        }
        let checkpoint = Some("none".to_owned());
        let refused =
            Task::Verify(EvidenceTask { evidence: text, checkpoint, keys: Vec::new() }).begin().err();
        assert_eq!(refused.unwrap().code, "evidence.given-checkpoint-unreadable");
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
