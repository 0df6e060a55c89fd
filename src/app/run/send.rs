//! Sending from the editor: what each button beside Send does.

use super::bench::{Draft, Fate, Sent};
use super::{forge, waiting};
use crate::api::{Fix, Request, Setup};
use crate::app::desk::{Desk, take_turn};
use crate::app::dom;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// A second passes on the simulated clock with each Send; what is sent together keeps its own times.
const STEP: i64 = 1_000;
/// Results kept for the result line.
pub const KEPT: usize = 24;

/// One request on its way.
struct Parcel {
    label: String,
    request: Request,
    arrival: Option<i64>,
    /// The request in the editor that it is.
    draft: Option<usize>,
}

/// Sends everything in the editor, in order.
pub fn send(desk: Desk) {
    let signing = desk.bench.sign_on_send.get_untracked();
    let setup = desk.bench.setup_now().filter(|_| signing);
    let now = desk.clock.get_untracked();
    if let Some(setup) = setup {
        desk.bench.drafts.update(|drafts| {
            for draft in drafts.iter_mut().filter(|d| d.stale) {
                forge::make_fresh(desk, draft, draft.arrival.max(now));
                // What can't sign leaves the signature as it stands.
                forge::sign_draft(desk, &setup, draft);
            }
        });
    }
    let many = desk.bench.drafts.with_untracked(Vec::len) > 1;
    let parcels = desk.bench.drafts.with_untracked(|drafts| {
        let parcel = |(i, d): (usize, &Draft)| Parcel {
            label: if many { ["Delivery ", &(i + 1).to_string()].concat() } else { String::from("Sent") },
            request: d.request.clone(),
            arrival: Some(d.arrival),
            draft: Some(i),
        };
        drafts.iter().enumerate().map(parcel).collect()
    });
    deliver(desk, parcels, true);
}

/// Sends what was sent last once more, byte for byte.
pub fn send_again(desk: Desk) {
    let last = desk.bench.shown.get_untracked();
    let Some((request, draft)) = last.map(|s| (s.request.clone(), s.draft)) else { return };
    deliver(desk, vec![Parcel { label: String::from("Sent again"), request, arrival: None, draft }], false);
}

/// Makes the change that mends a refusal, in the editor, and sends. An attestation is asked for first.
pub fn mend(desk: Desk, fix: Fix) {
    if fix == Fix::Attest {
        return spawn_local(async move {
            if desk.bench.own.ask().await {
                let now = desk.clock.get_untracked();
                desk.keeper.update_value(|k| k.attest(now));
                resend_shown(desk);
            }
        });
    }
    // What is mended is what was refused, whichever request the editor shows.
    if let Some(at) = desk.bench.shown.with_untracked(|s| s.as_ref().and_then(|s| s.draft)) {
        desk.bench.at.set(at);
    }
    forge::mend(desk, fix);
    send_shown_draft(desk, label(fix));
}

fn label(fix: Fix) -> &'static str {
    match fix {
        Fix::SignAgain => "Signed again",
        Fix::StampNow => "Stamped now",
        Fix::NewId => "As a new event",
        Fix::Attest => "Attested",
        Fix::RestoreBody => "Body restored",
    }
}

fn resend_shown(desk: Desk) {
    let Some(shown) = desk.bench.shown.get_untracked() else { return };
    let (request, draft) = (shown.request.clone(), shown.draft);
    let label = label(Fix::Attest).to_owned();
    deliver(desk, vec![Parcel { label, request, arrival: None, draft }], false);
}

fn send_shown_draft(desk: Desk, label: &str) {
    let Some(Draft { request, .. }) = desk.bench.draft_now() else { return };
    let draft = Some(desk.bench.at.get_untracked());
    deliver(desk, vec![Parcel { label: label.to_owned(), request, arrival: None, draft }], false);
}

fn deliver(desk: Desk, parcels: Vec<Parcel>, anew: bool) {
    if parcels.is_empty() {
        return;
    }
    in_turn(desk, move |desk| {
        if anew {
            desk.bench.sent.set(Vec::new());
        }
        for parcel in parcels {
            // What is due before it arrives is worked on before it.
            let wanted = parcel.arrival.unwrap_or(i64::MIN).max(desk.clock.get_untracked());
            waiting::take_in(desk, waiting::pass_until(desk, wanted));
            show(desk, run(desk, parcel));
        }
        desk.clock.update(|clock| *clock = clock.saturating_add(STEP));
        desk.save();
        tell(desk);
    });
}

/// Does something with the session, under the setting in force, while other tabs wait. Nothing where something is
/// being done already, or the setting can't be put in force.
pub fn in_turn(desk: Desk, step: impl FnOnce(Desk) + 'static) {
    if desk.bench.busy.get_untracked() {
        return;
    }
    desk.bench.busy.set(true);
    spawn_local(async move {
        let turn = take_turn().await;
        desk.catch_up();
        if let Some(setup) = desk.bench.setup_now()
            && put_in_force(desk, &setup)
        {
            step(desk);
        }
        drop(turn);
        desk.bench.busy.set(false);
        desk.touched();
    });
}

/// Puts the setting in force, or says why that can't be done.
pub fn put_in_force(desk: Desk, setup: &Setup) -> bool {
    let now = desk.clock.get_untracked();
    let result = desk.keeper.try_update_value(|k| k.configure(setup, now));
    let fault = match result {
        Some(Err(diagnostics)) => {
            let error = diagnostics.iter().find(|d| d.severity == crate::api::Severity::Error);
            let words = error.or(diagnostics.first()).map(|d| {
                let place = [" (line ", &d.start.line.to_string(), ", ", &d.code, ")"].concat();
                [d.message.as_str(), &place, " ", &d.help].concat()
            });
            Some(words.unwrap_or_else(|| String::from("The setting could not be read.")))
        }
        _ => None,
    };
    let fine = fault.is_none();
    if let Some(fault) = &fault {
        desk.say(&["Nothing was sent. ", fault].concat());
    }
    desk.bench.setting_fault.set(fault);
    fine
}

fn run(desk: Desk, parcel: Parcel) -> Arc<Sent> {
    let now = desk.next_arrival(parcel.arrival, 0);
    let view = desk.keeper.try_update_value(|k| k.session.send(&parcel.request, now, &mut dom::tick));
    let fate = match view {
        Some(view) => Fate::Run(view),
        // The session lives as long as the page; without it there is nothing to tell.
        None => Fate::Brief { outcome: String::new(), code: None, correlation: String::new() },
    };
    Arc::new(Sent { label: parcel.label, request: parcel.request, fate, draft: parcel.draft })
}

/// Adds a result to the others and shows it, with what else was worked on meanwhile.
fn show(desk: Desk, sent: Arc<Sent>) {
    let correlation = sent.correlation().map(str::to_owned);
    desk.bench.sent.update(|list| {
        list.push(sent);
        let over = list.len().saturating_sub(KEPT);
        list.drain(..over);
    });
    let others = desk.keeper.try_update_value(|k| k.session.take_settled()).unwrap_or_default();
    waiting::take_in(desk, others);
    desk.bench.picked.set(None);
    desk.bench.shown.set(desk.bench.sent.with_untracked(|list| {
        let own = list.iter().rev().find(|sent| sent.correlation() == correlation.as_deref());
        own.or(list.last()).cloned()
    }));
}

/// Says how the last one ended, and brings it into view where there are no columns.
fn tell(desk: Desk) {
    let words = desk.bench.shown.with_untracked(|shown| {
        let last = shown.as_ref()?;
        Some(match last.refusal() {
            Some(refusal) => [last.outcome(), ": ", &refusal.message].concat(),
            None => [last.outcome(), "."].concat(),
        })
    });
    desk.say(&words.unwrap_or_default());
    if dom::is_narrow() {
        request_animation_frame(|| dom::bring_into_view("zone-connector"));
    }
}
