//! The connector's work on its queue: the next event, what is tried again, what is given up on.

use super::{ATTEMPTS, Attempt, Content, DeadLetter, Item, Order, Wait, next_try};
use crate::engine::audit::{Fact, Movement};
use crate::engine::fhir::NodeId;
use crate::engine::notification;
use crate::engine::refusal::{Code, Refusal};
use crate::engine::time::Instant;
use crate::engine::{Connector, GENUINE, Mark, Outcome, Probe, Run, Setting, Stage, cite, validate};
use std::sync::Arc;

impl Connector {
    /// Works on the next event that is due, through all stages. The run is settled, or waits
    /// ([`Outcome::Waiting`]) until [`Run::due`]. None when nothing is due at `now`; [`Connector::next_due`] says
    /// when something will be.
    pub fn advance(&mut self, now: Instant, probe: &mut impl Probe) -> Option<Run> {
        self.tell_apart(now);
        self.read_in();
        self.close_gaps(now);
        self.find_places();
        let at = self.queue.next(now)?;
        let mut item = self.queue.take(at)?;
        let mut run = self.run_of(&item);
        run.step(Stage::Queue, Mark::Passed, vec![turn(item.failed())]);
        probe.finished(Stage::Queue);
        let event = match &item.content {
            Content::Event(json) => Ok(Arc::clone(json)),
            Content::Refused(refusal) => Err(refusal.clone()),
            Content::Notice(kind) => {
                let (fact, outcome) = (Fact::Noticed, Outcome::Unchanged);
                return Some(self.end_at_once(run, fact, outcome, kind.sentence(), now));
            }
            Content::Known => {
                let why = "This event of its subscription came before: a safe no-op.";
                return Some(self.end_at_once(run, Fact::Known, Outcome::Duplicate, why, now));
            }
            Content::Absent(why, _) => {
                let why = why.clone();
                self.give_up(&mut run, item, why, now);
                return Some(run);
            }
            // Everything in line was read above.
            Content::Raw(_) => Err(Refusal::new(Code::JsonSyntax)),
        };
        run.apart = item.origin.is_some();
        let result = self.work(&mut run, event, item.arrival(), now, probe);
        item.event_type.clone_from(&run.event_type);
        if let Err(mut refusal) = result {
            if run.apart {
                // Its place is one in the text that was put together, not in what was sent.
                refusal.place = None;
            }
            probe.finished(refusal.code.stage());
            if refusal.code.is_transient() {
                self.put_off(&mut run, at, item, refusal, now);
                return Some(run);
            }
            if refusal.code == Code::SchemaDrift {
                // Nothing is wrong with the event itself: once the adapter reads it, it can go.
                item.attempts.push(Attempt { at: now, code: refusal.code });
                self.give_up(&mut run, item, refusal, now);
                return Some(run);
            }
            if refusal.code == Code::AttestationRequired {
                // Nothing of the event was judged: with the attestation it may come again under its own id.
                let Setting { source, state_keys, .. } = &*self.setting;
                self.seen.forget(source, &state_keys.of_event(source, &item.message.id));
                item.origin.into_iter().for_each(|origin| self.queue.tracker.reopen(origin));
            }
            run.outcome = Outcome::of(&refusal);
            run.refusal = Some(refusal);
        }
        self.queue.counts.settled = self.queue.counts.settled.saturating_add(1);
        Some(run)
    }

    /// When there is something to do next, so that a caller can step the clock; none where nothing waits.
    pub fn next_due(&self) -> Option<Instant> {
        self.queue.next_due()
    }

    /// The seconds after which a sender that was pushed back may come again: when something is due, or else a
    /// minute.
    pub(in crate::engine) fn come_again(&self, now: Instant) -> u64 {
        let due = self.queue.next_due().map_or(60_000, |due| due.0.saturating_sub(now.0));
        u64::try_from(due).unwrap_or(0).div_ceil(1000).max(1)
    }

    /// The accounts of the events that a delivery brought and that wait and were not worked on just now.
    pub fn waiting(&self, delivery: &str) -> Vec<Run> {
        let of_delivery = self.queue.waits().filter(|(_, item, ..)| item.is_of(delivery));
        of_delivery.map(|(_, item, wait, due)| self.waiting_run(item, wait, due)).collect()
    }

    fn waiting_run(&self, item: &Item, wait: Wait, due: Instant) -> Run {
        let mut run = self.run_of(item);
        let reason = match wait {
            Wait::Gap => "Earlier events of its subscription are missing.".to_owned(),
            Wait::Behind => "An earlier event of the same subject goes first.".to_owned(),
            Wait::Ready | Wait::Retry => turn(item.failed()),
        };
        run.step(Stage::Queue, Mark::Passed, vec![reason]);
        run.outcome = Outcome::Waiting;
        run.due = Some(due);
        run.event_type.clone_from(&item.event_type);
        run
    }

    /// Puts a dead letter back in line, to be tried as often as a new event. It keeps its correlation id, and what it
    /// writes keeps its idempotency key: what did arrive is not written twice. False where there is no such dead
    /// letter.
    pub fn redrive(&mut self, correlation: &str, now: Instant) -> bool {
        let found = self.queue.dead.iter().position(|letter| letter.item.correlation == correlation);
        let Some(at) = found else { return false };
        let DeadLetter { mut item, .. } = self.queue.dead.remove(at);
        let run = self.run_of(&item);
        self.note(&run, Fact::Redriven, now, |_| {});
        self.queue.bytes = self.queue.bytes.saturating_sub(item.bytes);
        self.queue.counts.settled = self.queue.counts.settled.saturating_sub(1);
        // It is on its way again: should it come by itself meanwhile, it is a duplicate.
        if let Some(origin) = item.origin {
            self.queue.tracker.event(origin, notification::Print::default());
        }
        item.earlier = item.attempts.len();
        item.due = now;
        self.look_again(&mut item);
        self.queue.enter(item);
        true
    }

    /// Puts every dead letter back in line, oldest first, and says how many.
    pub fn redrive_all(&mut self, now: Instant) -> usize {
        let all: Vec<String> = self.queue.dead.iter().map(|letter| letter.item.correlation.clone()).collect();
        all.iter().filter(|correlation| self.redrive(correlation, now)).count()
    }

    /// Kept parts of the queue that do not open under the setting in force.
    pub fn unreadable(&self) -> usize {
        self.apart.len()
    }

    /// Opens what can be opened of the kept parts.
    pub(in crate::engine) fn open_apart(&mut self) {
        self.apart = self.queue.unseal(std::mem::take(&mut self.apart), &self.setting.state_keys);
        self.told = self.told.min(self.apart.len());
        self.read_in();
        self.find_places();
    }

    /// Records which kept parts do not open, once each.
    pub(in crate::engine) fn tell_apart(&mut self, now: Instant) {
        for _ in self.told..self.apart.len() {
            let run = Run::new("queue".to_owned());
            let refusal = Refusal::new(Code::StateUnreadable);
            self.note(&run, Fact::StateUnreadable, now, |record| cite(record, &refusal));
        }
        self.told = self.apart.len();
    }

    /// An event as the log names it.
    pub(in crate::engine) fn name_run(&self, item: &Item) -> Run {
        let Setting { source, state_keys, .. } = &*self.setting;
        let mut run = Run::new(item.correlation.clone());
        run.event_id = Some(state_keys.of_event(source, &item.message.id));
        run.reference = state_keys.of_delivery(source, &item.message.id, &item.correlation);
        run
    }

    fn run_of(&self, item: &Item) -> Run {
        let mut run = self.name_run(item);
        run.credential = Some(item.message.credential.clone());
        run.step(Stage::Webhook, Mark::Passed, vec![GENUINE.to_owned()]);
        run
    }

    /// Reads what was acknowledged since.
    fn read_in(&mut self) {
        for at in std::mem::take(&mut self.queue.unread) {
            self.read_at(at);
        }
    }

    /// Finds each event's place in the order, which only matters where several wait.
    fn find_places(&mut self) {
        if self.queue.line.len() > 1 {
            let setting = Arc::clone(&self.setting);
            self.queue.line.values_mut().for_each(|item| place(item, &setting));
        }
    }

    /// Reads the event at a place in line. A notification makes way for its events.
    fn read_at(&mut self, at: u64) {
        let Some(mut item) = self.queue.take(at) else { return };
        let bytes = item.bytes;
        item.content = match item.content {
            Content::Raw(body) => match validate::read(body) {
                Ok(json) => {
                    let json = Arc::new(json);
                    match notification::read(&json, NodeId::ROOT, &self.setting.state_keys) {
                        None => Content::Event(json),
                        Some(Err(refusal)) => Content::Refused(refusal),
                        Some(Ok(notification)) => {
                            item.content = Content::Known;
                            self.queue.replace();
                            let now = item.due;
                            return self.take_notification(item, json, &notification, now);
                        }
                    }
                }
                Err(refusal) => Content::Refused(refusal),
            },
            read => read,
        };
        item.bytes = bytes;
        self.queue.put_back(at, item);
    }

    /// Keeps an event that failed for the time being for another try, or gives it up.
    fn put_off(&mut self, run: &mut Run, at: u64, mut item: Item, refusal: Refusal, now: Instant) {
        item.attempts.push(Attempt { at: now, code: refusal.code });
        let failed = item.failed();
        let asked = self.setting.sink.retry_after(now);
        let Setting { source, state_keys, .. } = &*self.setting;
        let reference = state_keys.of_delivery(source, &item.message.id, &item.correlation);
        let due = next_try(failed, now, asked, &reference, state_keys);
        let Some(due) = due else {
            return self.give_up(run, item, Refusal::new(Code::AttemptsExhausted), now);
        };
        self.operate(Movement::Deferred, &run.correlation, Some(refusal.code), now, Some((failed, due)));
        run.explain(
            Stage::Queue,
            format!("Try {failed} of {ATTEMPTS} failed; the next is at {}.", due.to_rfc3339()),
        );
        run.outcome = Outcome::Waiting;
        run.due = Some(due);
        run.refusal = Some(refusal);
        item.due = due;
        place(&mut item, &self.setting);
        self.queue.put_back(at, item);
    }

    /// Ends a run that has nothing to work on.
    fn end_at_once(
        &mut self,
        mut run: Run,
        fact: Fact,
        outcome: Outcome,
        why: &'static str,
        now: Instant,
    ) -> Run {
        self.note(&run, fact, now, |_| {});
        run.explain(Stage::Queue, why.to_owned());
        run.outcome = outcome;
        self.queue.counts.settled = self.queue.counts.settled.saturating_add(1);
        run
    }

    /// Makes an event a dead letter.
    fn give_up(&mut self, run: &mut Run, item: Item, why: Refusal, now: Instant) {
        self.note(run, Fact::DeadLettered, now, |record| cite(record, &why));
        run.explain(Stage::Queue, why.code.message().to_owned());
        run.outcome = Outcome::DeadLettered;
        run.refusal = Some(why.clone());
        self.queue.bytes = self.queue.bytes.saturating_add(item.bytes);
        self.queue.counts.settled = self.queue.counts.settled.saturating_add(1);
        if let (Content::Absent(..), Some(origin)) = (&item.content, item.origin) {
            self.queue.tracker.reopen(origin);
        }
        self.queue.dead.push(DeadLetter { item, why, at: now });
    }
}

/// Finds an event's place in the order, once.
fn place(item: &mut Item, setting: &Setting) {
    if item.order.is_none() {
        let order = match &item.content {
            Content::Event(json) => validate::locate(json, &setting.policy, &setting.adapter)
                .map(|shape| Order::of(json, &shape, setting.names(), item.due)),
            _ => Ok(Order::PLAIN),
        };
        item.order = Some(order.unwrap_or(Order::PLAIN));
    }
}

/// Which try it is, in a sentence.
fn turn(failed: usize) -> String {
    match failed {
        0 => "Next in order.".to_owned(),
        failed => format!("Next in order, for try {} of {ATTEMPTS}.", failed.saturating_add(1)),
    }
}
