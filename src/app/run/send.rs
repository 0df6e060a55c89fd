//! Sending from the editor: what each button beside Send does.

use super::bench::{Draft, Fate, Sent};
use crate::api::{Breakage, Fix, Request, Setup, break_signature, sign};
use crate::app::desk::{Desk, take_turn};
use crate::app::dom;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// Standard Webhooks headers.
pub const ID: &str = "webhook-id";
/// Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// `v1,` and base64.
pub const SIGNATURE: &str = "webhook-signature";

/// A second passes on the simulated clock with each event.
const STEP: i64 = 1_000;
/// Results kept for the result line.
const KEPT: usize = 24;

/// One request on its way.
struct Parcel {
    label: String,
    request: Request,
    arrival: Option<i64>,
}

/// Sends everything in the editor, in order.
pub fn send(desk: Desk) {
    let Some(setup) = desk.bench.setup_now() else { return };
    let signing = desk.bench.sign_on_send.get_untracked();
    let now = desk.clock.get_untracked();
    desk.bench.drafts.update(|drafts| {
        for draft in drafts.iter_mut().filter(|d| d.stale && signing) {
            let arrival = draft.arrival.max(now);
            make_fresh(desk, &mut draft.request, arrival);
            sign(&setup, &mut draft.request);
            draft.stale = false;
        }
    });
    let many = desk.bench.drafts.with_untracked(Vec::len) > 1;
    let parcels = desk.bench.drafts.with_untracked(|drafts| {
        let parcel = |(i, d): (usize, &Draft)| Parcel {
            label: if many { ["Delivery ", &(i + 1).to_string()].concat() } else { String::from("Sent") },
            request: d.request.clone(),
            arrival: Some(d.arrival),
        };
        drafts.iter().enumerate().map(parcel).collect()
    });
    deliver(desk, parcels, true);
}

/// Sends what was sent last once more, byte for byte.
pub fn send_again(desk: Desk) {
    let last = desk.bench.shown.get_untracked();
    let Some(request) = last.map(|s| s.request.clone()) else { return };
    deliver(desk, vec![Parcel { label: String::from("Sent again"), request, arrival: None }], false);
}

/// Alters the signature in the editor so that it no longer matches, and leaves it so.
pub fn tamper(desk: Desk) {
    let Some(setup) = desk.bench.setup_now() else { return };
    let Some(secret) = setup.source.secrets.first() else { return };
    desk.bench.sign_on_send.set(false);
    desk.bench.edit(|draft| {
        break_signature(Breakage::OtherCharacter, secret, &mut draft.request);
    });
    desk.say("The signature was altered. Send to see it refused.");
}

/// Signs the request in the editor as it stands.
pub fn sign_now(desk: Desk) {
    let Some(setup) = desk.bench.setup_now() else { return };
    desk.bench.edit(|draft| {
        sign(&setup, &mut draft.request);
        draft.stale = false;
    });
    desk.bench.sign_on_send.set(true);
    desk.say("Signed again.");
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
    let Some(setup) = desk.bench.setup_now() else { return };
    let now = desk.clock.get_untracked();
    desk.bench.edit(|draft| {
        match fix {
            Fix::StampNow => draft.request.set_header(TIMESTAMP, (now / 1_000).to_string()),
            Fix::NewId => give_new_id(desk, &mut draft.request),
            Fix::RestoreBody => {
                draft.request.body.clone_from(&draft.shipped.body);
                make_fresh(desk, &mut draft.request, now);
            }
            Fix::SignAgain | Fix::Attest => {}
        }
        sign(&setup, &mut draft.request);
        draft.stale = false;
    });
    desk.bench.sign_on_send.set(true);
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
    let parcel =
        Parcel { label: label(Fix::Attest).to_owned(), request: shown.request.clone(), arrival: None };
    deliver(desk, vec![parcel], false);
}

fn send_shown_draft(desk: Desk, label: &str) {
    let Some(draft) = desk.bench.draft_now() else { return };
    deliver(desk, vec![Parcel { label: label.to_owned(), request: draft.request, arrival: None }], false);
}

/// An edited request is another event: it gets an id of its own where its id was used, and a timestamp that
/// is not stale.
fn make_fresh(desk: Desk, request: &mut Request, arrival: i64) {
    let id = request.header(ID).unwrap_or_default().to_owned();
    if desk.keeper.with_value(|k| k.has_event(&id)) {
        give_new_id(desk, request);
    }
    let stamp = request.header(TIMESTAMP).and_then(|t| t.parse::<i64>().ok());
    if stamp.is_some_and(|s| (arrival / 1_000 - s).abs() > 240) {
        request.set_header(TIMESTAMP, (arrival / 1_000).to_string());
    }
}

/// The same id with a number that the timeline does not know: `evt-1` becomes `evt-1-r2`.
fn give_new_id(desk: Desk, request: &mut Request) {
    let id = request.header(ID).filter(|id| !id.is_empty()).unwrap_or("evt").to_owned();
    let stem = match id.rsplit_once("-r") {
        Some((stem, number)) if number.parse::<u32>().is_ok() => stem,
        _ => id.as_str(),
    };
    let mut number = 2u32;
    let mut fresh = [stem, "-r2"].concat();
    while fresh == id || desk.keeper.with_value(|k| k.has_event(&fresh)) {
        number = number.saturating_add(1);
        fresh = [stem, "-r", &number.to_string()].concat();
    }
    request.set_header(ID, fresh);
}

fn deliver(desk: Desk, parcels: Vec<Parcel>, anew: bool) {
    if parcels.is_empty() || desk.bench.busy.get_untracked() {
        return;
    }
    desk.bench.busy.set(true);
    spawn_local(async move {
        let turn = take_turn().await;
        desk.catch_up();
        if let Some(setup) = desk.bench.setup_now()
            && put_in_force(desk, &setup)
        {
            let sent = parcels.into_iter().map(|p| run(desk, p)).collect();
            desk.save();
            show(desk, sent, anew);
        }
        drop(turn);
        desk.bench.busy.set(false);
        desk.touched();
        desk.verify_soon();
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
    let now = desk.next_arrival(parcel.arrival, STEP);
    let view = desk.keeper.try_update_value(|k| k.session.send(&parcel.request, now, &mut dom::tick));
    let fate = match view {
        Some(view) => Fate::Run(view),
        // The session lives as long as the page; without it there is nothing to tell.
        None => Fate::Brief { outcome: String::new(), code: None, correlation: String::new() },
    };
    Arc::new(Sent { label: parcel.label, request: parcel.request, fate, editable: true })
}

fn show(desk: Desk, sent: Vec<Arc<Sent>>, anew: bool) {
    let last = sent.last().cloned();
    if let Some(last) = &last {
        let words = match last.refusal() {
            Some(refusal) => [last.outcome(), ": ", &refusal.message].concat(),
            None => [last.outcome(), "."].concat(),
        };
        desk.say(&words);
    }
    desk.bench.sent.update(|list| {
        if anew {
            list.clear();
        }
        list.extend(sent);
        let over = list.len().saturating_sub(KEPT);
        list.drain(..over);
    });
    desk.bench.picked.set(None);
    desk.bench.shown.set(last);
    if dom::is_narrow() {
        request_animation_frame(|| dom::bring_into_view("zone-connector"));
    }
}
