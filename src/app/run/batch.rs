//! Sending many: in slices, so that the page stays responsive, with progress, and stored now and then.

use super::bench::{Fate, Sent};
use super::own::{Own, OwnInput, SLICE_MS};
use super::send::put_in_force;
use crate::api::{NotEvents, Request, RunView, Scope, Sender};
use crate::app::desk::{Desk, take_turn};
use crate::app::parts::Progress;
use crate::app::{dom, text};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// Events between two writes to storage.
const CHUNK: usize = 50;
/// Milliseconds that pass on the simulated clock with each event.
const STEP: i64 = 20;
/// Ledger rows kept over all items; beyond, an item keeps its outcome only.
const KEPT_ROWS: usize = 40_000;
/// Refusal that asks for the user's attestation.
const ATTEST: &str = "synthetic.attestation-required";

/// One item sent.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where it stands in the input.
    pub input: String,
    /// Its place among the input's parts.
    pub at: usize,
    /// Final state; `rejected` also for what could not become an event.
    pub outcome: String,
    /// Refusal code.
    pub code: Option<String>,
    /// The element it was refused for.
    pub path: Option<String>,
    /// Correlation id of its audit records; none when it never became an event.
    pub correlation: Option<String>,
    /// Simulated time it was sent at, so that its body can be had again.
    pub now: i64,
    /// The whole run, for as many items as are kept.
    pub kept: Option<Arc<RunView>>,
}

/// The outcomes of many, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Outcome and number, in the order of their first coming.
    pub outcomes: Vec<(String, usize)>,
    /// Items sent.
    pub sent: usize,
    /// Items of which the whole run is kept.
    pub kept: usize,
    /// Parts of the input looked at, those that were sent among them.
    pub looked_at: usize,
    /// What of the input is no event of the policy: it was not sent.
    pub not_events: NotEvents,
    /// Whether it ended before all were sent.
    pub stopped: bool,
}

impl Tally {
    fn count(&mut self, item: &Item) {
        self.sent = self.sent.saturating_add(1);
        if item.kept.is_some() {
            self.kept = self.kept.saturating_add(1);
        }
        self.add(&item.outcome);
    }

    fn add(&mut self, outcome: &str) {
        match self.outcomes.iter_mut().find(|(word, _)| word == outcome) {
            Some((_, n)) => *n = n.saturating_add(1),
            None => self.outcomes.push((outcome.to_owned(), 1)),
        }
    }

    /// An item that ended in one way has ended in another.
    fn change(&mut self, from: &str, to: &str) {
        if let Some((_, n)) = self.outcomes.iter_mut().find(|(word, _)| word == from) {
            *n = n.saturating_sub(1);
        }
        self.add(to);
        self.outcomes.retain(|(_, n)| *n > 0);
    }
}

/// Puts a later account in place of that of the item it is of. False where no item is of that run.
pub fn mend(own: Own, tally: &mut Tally, view: &RunView) -> bool {
    let mended = own.items.try_update_value(|items| {
        let same = |item: &&mut Item| item.correlation.as_ref() == Some(&view.correlation);
        let Some(item) = items.iter_mut().rev().find(same) else { return false };
        tally.change(&item.outcome, &view.outcome);
        item.outcome.clone_from(&view.outcome);
        item.code = view.refusal.as_ref().map(|r| r.code.clone());
        item.path = view.refusal.as_ref().and_then(|r| r.path.clone());
        item.kept = item.kept.as_ref().map(|_| Arc::new(view.clone()));
        true
    });
    mended.unwrap_or(false)
}

/// Sends every item of the own input.
pub fn send_all(desk: Desk) {
    let OwnInput::Many { count, .. } = desk.bench.own.input.get_untracked() else { return };
    if desk.bench.busy.get_untracked() {
        return;
    }
    desk.bench.busy.set(true);
    desk.bench.own.cancelled.set(false);
    desk.bench.own.items.set_value(Vec::with_capacity(count.min(100_000)));
    desk.bench.own.tally.set(Tally::default());
    desk.bench.shown.set(None);
    spawn_local(async move {
        let looked_at = run(desk, count).await;
        let own = desk.bench.own;
        own.job.set(None);
        own.tally.update(|t| t.stopped = looked_at < count);
        let sent = own.tally.with_untracked(|t| t.sent);
        desk.bench.busy.set(false);
        desk.touched();
        if sent > 0 && desk.bench.shown.with_untracked(Option::is_none) {
            pick(desk, 0);
        }
        let rest = count.saturating_sub(looked_at);
        let words = match rest {
            0 => [&text::count(sent, "event"), " sent."].concat(),
            _ => [&text::count(sent, "event"), " sent, ", &text::group(rest), " not sent."].concat(),
        };
        desk.say(&words);
    });
}

/// Sends until all are sent, the user cancels, or the attestation is declined. Gives how many parts of
/// the input were looked at.
async fn run(desk: Desk, count: usize) -> usize {
    let own = desk.bench.own;
    let Some(setup) = desk.bench.setup_now() else { return 0 };
    let (sender, scope) = (Sender::new(&setup), Scope::of(&setup));
    let began = dom::tick();
    let mut next = 0usize;
    let mut rows = 0usize;
    let mut tally = Tally::default();
    let stop = || own.cancelled.get_untracked();
    while next < count && !stop() {
        let turn = take_turn().await;
        desk.catch_up();
        if !put_in_force(desk, &setup) {
            break;
        }
        let end = next.saturating_add(CHUNK).min(count);
        let mut asked = false;
        let mut gone = false;
        let mut slice = dom::tick();
        while next < end && !stop() {
            let mut item = match send_one(desk, &sender, &scope, next) {
                Some(Ok(item)) => item,
                Some(Err(what)) => {
                    tally.not_events.count(what);
                    next = next.saturating_add(1);
                    tally.looked_at = next;
                    continue;
                }
                None => {
                    gone = true;
                    break;
                }
            };
            if item.code.as_deref() == Some(ATTEST) {
                asked = true;
                break;
            }
            rows = rows.saturating_add(item.kept.as_ref().map_or(0, |v| v.ledger.len()));
            if rows > KEPT_ROWS {
                item.kept = None;
            }
            tally.count(&item);
            own.items.update_value(|items| items.push(item));
            for view in desk.keeper.try_update_value(|k| k.session.take_settled()).unwrap_or_default() {
                mend(own, &mut tally, &view);
            }
            next = next.saturating_add(1);
            tally.looked_at = next;
            if dom::tick() - slice > SLICE_MS {
                let (done, total, at) = (next, count, dom::tick());
                own.job.set(Some(Progress { what: "Sending", unit: "event", done, total, began, at }));
                own.tally.set(tally.clone());
                dom::breathe().await;
                slice = dom::tick();
            }
        }
        desk.save();
        drop(turn);
        own.tally.set(tally.clone());
        if gone {
            break;
        }
        if asked {
            if !own.ask().await {
                break;
            }
            let now = desk.clock.get_untracked();
            desk.keeper.update_value(|k| k.attest(now));
        }
    }
    next
}

/// Sends a part of the input, or says that it is no event of the policy. None where there is no such part any more.
fn send_one(
    desk: Desk,
    sender: &Sender,
    scope: &Scope,
    index: usize,
) -> Option<Result<Item, crate::api::NotAnEvent>> {
    let item = desk.bench.own.item(index, desk.clock.get_untracked(), scope)?;
    if let Some(what) = item.not_an_event {
        return Some(Err(what));
    }
    let now = desk.next_arrival(None, STEP);
    let blank = Item {
        input: item.input,
        at: index,
        outcome: String::from("rejected"),
        code: None,
        path: None,
        correlation: None,
        now,
        kept: None,
    };
    let body = match item.body {
        Ok(body) => body,
        Err(refusal) => return Some(Ok(Item { code: Some(refusal.code), path: refusal.path, ..blank })),
    };
    let request = sender.request(&body, now);
    let view = desk.keeper.try_update_value(|k| k.session.send(&request, now, &mut dom::tick))?;
    Some(Ok(Item {
        outcome: view.outcome.clone(),
        code: view.refusal.as_ref().map(|r| r.code.clone()),
        path: view.refusal.as_ref().and_then(|r| r.path.clone()),
        correlation: Some(view.correlation.clone()),
        kept: Some(Arc::new(view)),
        ..blank
    }))
}

/// Shows an item: its run where it is kept, and the body read again from the input.
pub fn pick(desk: Desk, index: usize) {
    let own = desk.bench.own;
    let Some(item) = own.items.with_value(|items| items.get(index).cloned()) else { return };
    let setup = desk.bench.setup_now();
    let again = setup.as_ref().and_then(|setup| own.item(item.at, item.now, &Scope::of(setup)));
    let (body, refusal) = match again.map(|i| i.body) {
        Some(Ok(body)) => (body, None),
        Some(Err(refusal)) => (String::new(), Some(refusal)),
        None => (String::new(), None),
    };
    let request = match &setup {
        Some(setup) if refusal.is_none() => Sender::new(setup).request(&body, item.now),
        _ => Request { headers: Vec::new(), body },
    };
    let fate = match (refusal, item.kept) {
        (Some(refusal), _) => Fate::Unread(refusal),
        (None, Some(view)) => Fate::Run(RunView::clone(&view)),
        (None, None) => Fate::Brief {
            outcome: item.outcome,
            code: item.code,
            correlation: item.correlation.unwrap_or_default(),
        },
    };
    desk.bench.picked.set(None);
    desk.bench.shown.set(Some(Arc::new(Sent { label: item.input, request, fate, draft: None })));
}
