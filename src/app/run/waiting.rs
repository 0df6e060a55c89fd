//! Letting time pass on the simulated clock, and what comes of it for the deliveries that wait.

use super::batch;
use super::bench::{Fate, Sent};
use super::send::{self, KEPT};
use crate::api::{Request, RunView};
use crate::app::desk::Desk;
use crate::app::{dom, text};
use leptos::prelude::*;
use std::sync::Arc;

/// An hour, in milliseconds.
pub const HOUR: i64 = 3_600_000;
/// Times at which something is due that one button goes through at most, so that it always ends.
const STEPS: usize = 10_000;

/// How much time is to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Until something is due next.
    NextDue,
    /// This many milliseconds.
    For(i64),
    /// Until nothing waits.
    UntilIdle,
}

/// Which dead letters go back in line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redrive {
    /// The one of this correlation id.
    One(String),
    /// All of them.
    All,
}

/// Lets time pass, and shows what was worked on.
pub fn pass(desk: Desk, how: Pass) {
    work(desk, move |desk| {
        let now = desk.clock.get_untracked();
        let until = match how {
            Pass::NextDue => next_due(desk).unwrap_or(now),
            Pass::For(time) => now.saturating_add(time),
            Pass::UntilIdle => i64::MAX,
        };
        let done = pass_until(desk, until);
        if how != Pass::UntilIdle {
            desk.clock.update(|clock| *clock = until.max(*clock));
        }
        done
    });
}

/// Puts dead letters back in line and works on them at once.
pub fn redrive(desk: Desk, which: Redrive) {
    work(desk, move |desk| {
        let now = desk.clock.get_untracked();
        desk.keeper.update_value(|k| match &which {
            Redrive::One(correlation) => drop(k.session.redrive(correlation, now)),
            Redrive::All => drop(k.session.redrive_all(now)),
        });
        pass_until(desk, now)
    });
}

/// Does something with the session, stores it, and shows what was worked on.
fn work(desk: Desk, step: impl FnOnce(Desk) -> Vec<RunView> + 'static) {
    send::in_turn(desk, move |desk| {
        let done = step(desk);
        desk.save();
        tell(desk, &done);
        take_in(desk, done);
    });
}

fn next_due(desk: Desk) -> Option<i64> {
    desk.keeper.with_value(|k| k.session.next_due())
}

/// Works on all that is due until a time, each at its own time. The clock goes on with it.
pub fn pass_until(desk: Desk, until: i64) -> Vec<RunView> {
    let mut done = Vec::new();
    for _ in 0..STEPS {
        let Some(due) = next_due(desk).filter(|due| *due <= until) else { break };
        let now = due.max(desk.clock.get_untracked());
        let views = desk.keeper.try_update_value(|k| k.session.advance(now)).unwrap_or_default();
        desk.clock.set(now);
        if views.is_empty() {
            break;
        }
        done.extend(views);
    }
    done
}

/// Puts the new accounts in place of the earlier ones of the same deliveries, and shows the last.
pub fn take_in(desk: Desk, views: Vec<RunView>) {
    let mut last = None;
    desk.bench.sent.update(|list| {
        for view in views {
            let own = list.iter().position(|sent| sent.correlation() == Some(view.correlation.as_str()));
            match own.and_then(|own| list.get_mut(own)) {
                Some(sent) => {
                    *sent = Arc::new(settled(sent, view));
                    last = Some(Arc::clone(sent));
                }
                None if mend_item(desk, &view) => {}
                None => {
                    let label = view.correlation.clone();
                    let fate = Fate::Run(view);
                    let sent = Arc::new(Sent { label, request: Request::default(), fate, draft: None });
                    last = Some(Arc::clone(&sent));
                    list.push(sent);
                }
            }
        }
        let over = list.len().saturating_sub(KEPT);
        list.drain(..over);
    });
    if last.is_some() {
        desk.bench.picked.set(None);
        desk.bench.shown.set(last);
    }
}

/// Puts an account in place of that of an item of the own input.
fn mend_item(desk: Desk, view: &RunView) -> bool {
    let own = desk.bench.own;
    let mut tally = own.tally.get_untracked();
    let mended = batch::mend(own, &mut tally, view);
    if mended {
        own.tally.set(tally);
    }
    mended
}

/// The same delivery with its new account; the answer to the request stays what it was.
fn settled(before: &Sent, now: RunView) -> Sent {
    let fate = match &before.fate {
        Fate::Run(view) => Fate::Run(RunView { receipt: view.receipt.clone(), ..now }),
        _ => Fate::Run(now),
    };
    Sent { label: before.label.clone(), request: before.request.clone(), fate, draft: before.draft }
}

fn tell(desk: Desk, done: &[RunView]) {
    let when = dom::show_time(desk.clock.get_untracked());
    let words = match done.last() {
        None => [when.as_str(), ": nothing was due."].concat(),
        Some(last) => {
            let count = text::count(done.len(), "attempt");
            [when.as_str(), ": ", &count, ", the last one ", &last.outcome, "."].concat()
        }
    };
    desk.say(&words);
}
