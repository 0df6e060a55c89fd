//! What a body, or a whole file of them, would come to, without sending it.

use super::{
    Intake, Job, JobOutcome, JobProgress, NotEvents, Objection, PreviewEvents, PreviewInput, RunView, Scope,
    Sender, Session, Setup, Usage, request_for,
};
use crate::order;
use serde::{Deserialize, Serialize};

/// Bytes read in one step.
const READ: usize = 128 * 1024;
/// Milliseconds of simulated time between two events.
const STEP: i64 = 20;

/// The account of a body as it would be in a connector of its own: signed, attested, and nothing seen before it.
/// Nothing of it is kept. None where the setup can't be put in force. `now` is in milliseconds since the Unix epoch.
pub fn rehearse(setup: &Setup, body: &str, now: i64) -> Option<RunView> {
    let mut session = Session::new();
    session.configure(setup).ok()?;
    session.attest(now);
    Some(session.send(&request_for(setup, body, now), now, &mut || 0.0))
}

/// Events, and what they would be sent into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehearsalRequest {
    /// The setting.
    pub setup: Setup,
    /// The events; each arrives after the one before, whenever it says that it did.
    pub events: PreviewEvents,
    /// When the first event would arrive, in milliseconds since the Unix epoch.
    pub now: i64,
}

/// One way that events would end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Final state.
    pub outcome: String,
    /// Refusal code, if any.
    pub code: Option<String>,
    /// How many would end so.
    pub count: usize,
    /// Where the first of them stands in the input.
    pub first: String,
}

/// How some events would end, and what they would use of the policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Events tried.
    pub events: usize,
    /// The ways that they would end, the most frequent first.
    pub endings: Vec<Ending>,
    /// What they would use of the policy.
    pub usage: Usage,
    /// What is no event of the policy; it would not be sent.
    pub not_events: NotEvents,
}

impl Rehearsal {
    fn count(&mut self, input: String, outcome: &str, code: Option<&str>) {
        self.events = self.events.saturating_add(1);
        let same = |e: &&mut Ending| e.outcome == outcome && e.code.as_deref() == code;
        match self.endings.iter_mut().find(same) {
            Some(ending) => ending.count = ending.count.saturating_add(1),
            None => self.endings.push(Ending {
                outcome: outcome.to_owned(),
                code: code.map(str::to_owned),
                count: 1,
                first: input,
            }),
        }
    }
}

/// Sends some events into a connector of its own, one after the other, attested as synthetic. Its unit is
/// an event.
pub struct RehearsalJob {
    session: Session,
    sender: Sender,
    scope: Scope,
    intakes: Vec<Intake>,
    /// How many of them have been read.
    read: usize,
    /// Intake and item that come next.
    at: (usize, usize),
    now: i64,
    result: Rehearsal,
}

impl RehearsalJob {
    /// Starts on some events.
    ///
    /// # Errors
    /// The first thing that keeps the setting from being put in force.
    pub fn new(request: RehearsalRequest) -> Result<Self, Objection> {
        let RehearsalRequest { setup, events, now } = request;
        let mut session = Session::new();
        session.configure(&setup).map_err(|diagnostics| match diagnostics.into_iter().next() {
            Some(d) => Objection::new(&d.code, d.message, d.help),
            None => Objection::new(
                "job.setting",
                "The setting can't be put in force.",
                "Mend policy and consents first.",
            ),
        })?;
        session.attest(now);
        let intakes =
            PreviewInput::together(events.into_inputs()).into_iter().map(|(intake, _)| intake).collect();
        let (sender, scope, result) = (Sender::new(&setup), Scope::of(&setup), Rehearsal::default());
        Ok(Self { session, sender, scope, intakes, read: 0, at: (0, 0), now, result })
    }

    /// Reads on; false when all is read.
    fn read(&mut self) -> bool {
        let Some(intake) = self.intakes.get_mut(self.read) else { return false };
        if intake.step(READ).finished {
            self.read = self.read.saturating_add(1);
        }
        true
    }

    /// Tries the next event; false when there is none.
    fn try_next(&mut self) -> bool {
        let (intake, index) = self.at;
        let Some(source) = self.intakes.get(intake) else { return false };
        let Some(item) = source.item(index, self.now, &self.scope) else {
            self.at = (intake.saturating_add(1), 0);
            return true;
        };
        self.at = (intake, index.saturating_add(1));
        if let Some(what) = item.not_an_event {
            self.result.not_events.count(what);
            return true;
        }
        match item.body {
            Err(refusal) => self.result.count(item.input, "rejected", Some(&refusal.code)),
            Ok(body) => {
                let request = self.sender.request(&body, self.now);
                let view = self.session.send(&request, self.now, &mut || 0.0);
                self.now = self.now.saturating_add(STEP);
                self.result.usage.count(&view);
                let code = view.refusal.as_ref().map(|r| r.code.as_str());
                self.result.count(item.input, &view.outcome, code);
            }
        }
        true
    }
}

impl Job for RehearsalJob {
    fn step(&mut self, budget: usize) -> bool {
        if self.read() {
            return false;
        }
        (0..budget.max(1)).any(|_| !self.try_next())
    }

    fn progress(&self) -> JobProgress {
        let all_read = self.read == self.intakes.len();
        let total = if all_read { self.intakes.iter().map(Intake::len).sum() } else { 0 };
        JobProgress { done: self.result.events.saturating_add(self.result.not_events.total()), total }
    }

    fn finish(mut self: Box<Self>) -> JobOutcome {
        order::by(&mut self.result.endings, |ending| std::cmp::Reverse(ending.count));
        JobOutcome::Rehearsed(self.result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Task, open_scenario};

    fn request(inputs: Vec<(&str, String)>) -> RehearsalRequest {
        let scenario = open_scenario("referral-created").unwrap();
        let inputs = inputs
            .into_iter()
            .map(|(name, text)| PreviewInput { name: name.to_owned(), text, at: None })
            .collect();
        let events = PreviewEvents::Inputs(inputs);
        RehearsalRequest { setup: scenario.setup, events, now: scenario.requests[0].0 }
    }

    fn referral() -> String {
        let body = open_scenario("referral-created").unwrap().requests[0].1.body.clone();
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        serde_json::to_string(&json).unwrap()
    }

    fn finished(task: Task, budget: usize) -> (Rehearsal, Vec<JobProgress>) {
        let mut job = task.begin().unwrap();
        let mut seen = vec![job.progress()];
        for _ in 0..10_000 {
            let done = job.step(budget);
            seen.push(job.progress());
            if done {
                let JobOutcome::Rehearsed(result) = job.finish() else { panic!("another outcome") };
                return (result, seen);
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn every_event_of_every_file_is_counted_once_whatever_the_budget() {
        let two = format!("{}\n{{\"resourceType\":\"Basic\"}}\n", referral());
        let inputs = vec![("a.ndjson", two), ("b.json", "{".to_owned()), ("c.json", String::new())];
        let (all, seen) = finished(Task::Rehearse(Box::new(request(inputs.clone()))), 1);
        assert_eq!(all.events, all.endings.iter().map(|e| e.count).sum::<usize>());
        assert!(all.endings.iter().any(|e| e.outcome == "delivered" && e.code.is_none()), "{all:?}");
        assert!(all.endings.iter().any(|e| e.first.starts_with("b.json")), "{all:?}");
        assert!(seen.windows(2).all(|w| w[0].done <= w[1].done), "it never goes back: {seen:?}");
        let last = seen.last().copied().unwrap_or_default();
        assert_eq!(
            (all.events, all.not_events.total()),
            (3, 1),
            "what is no event is counted apart: {all:?}"
        );
        assert_eq!((last.done, last.total), (4, 4));
        assert_eq!(finished(Task::Rehearse(Box::new(request(inputs))), 1_000).0, all);
    }

    #[test]
    fn a_rehearsal_over_all_that_is_shipped_says_what_is_used_of_a_policy() {
        let over = |events: PreviewEvents| {
            let request = RehearsalRequest { events, ..request(Vec::new()) };
            finished(Task::Rehearse(Box::new(request)), 50).0
        };
        let one = open_scenario("referral-created").unwrap();
        let (one, all) =
            (over(PreviewEvents::Inputs(PreviewInput::of_scenario(&one))), over(PreviewEvents::Shipped));
        assert_eq!((one.usage.events, one.usage.others), (1, 0));
        assert!(all.usage.events > one.usage.events && all.usage.others > 0, "{:?}", all.endings);
        assert!(all.usage.events + all.usage.others <= all.events as u64, "what came twice counts once");
    }

    #[test]
    fn nothing_at_all_ends_at_once() {
        assert_eq!(finished(Task::Rehearse(Box::new(request(Vec::new()))), 10).0, Rehearsal::default());
    }

    #[test]
    fn a_setting_that_can_not_be_in_force_is_said() {
        let mut request = request(Vec::new());
        request.setup.policy = "{}".to_owned();
        let objection = Task::Rehearse(Box::new(request)).begin().err().unwrap();
        assert!(objection.code.starts_with("policy."), "{objection:?}");
    }

    #[test]
    fn a_task_survives_the_wire() {
        let task = Task::Rehearse(Box::new(request(vec![("a.json", referral())])));
        let text = serde_json::to_string(&task).unwrap();
        assert_eq!(serde_json::from_str::<Task>(&text).unwrap(), task);
    }
}
