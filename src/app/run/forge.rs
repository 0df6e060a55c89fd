//! Changes to the request in the editor: signing it, breaking it on purpose, mending it.

use super::bench::Draft;
use super::signer::Signer;
use crate::api::{Breakage, Fix, Header, Request, Setup};
use crate::app::desk::Desk;
use leptos::prelude::*;

/// Standard Webhooks headers.
pub const ID: &str = "webhook-id";
/// Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// A version, a comma and base64; several with spaces between.
pub const SIGNATURE: &str = "webhook-signature";
/// Where an assertion stands in place of a signature.
pub const AUTHORIZATION: &str = "authorization";
/// The body's media type.
pub const CONTENT_TYPE: &str = "content-type";

/// What is signed beside the body.
const SIGNED: [&str; 2] = [ID, TIMESTAMP];
/// What is said where nothing can sign.
const UNUSABLE: &str =
    "This can't sign. A secret is whsec_ and base64 of 24 to 64 bytes, or whsk_ and an Ed25519 key.";

/// Signs with what the user has chosen. Gives whether that could be done.
pub fn sign_draft(desk: Desk, setup: &Setup, draft: &mut Draft) -> bool {
    let signed = desk.bench.signer.with_untracked(|signer| signer.sign(setup, &mut draft.request));
    draft.stale = draft.stale && !signed;
    signed
}

/// Signs the request in the editor as it stands.
pub fn sign_now(desk: Desk) {
    let Some(setup) = desk.bench.setup_now() else { return };
    let mut signed = false;
    desk.bench.edit(|draft| signed = sign_draft(desk, &setup, draft));
    if signed {
        desk.bench.sign_on_send.set(true);
    }
    desk.say(if signed { "Signed as it stands." } else { UNUSABLE });
}

/// Spoils what authenticates the request in the editor in one way, and leaves it so.
pub fn break_it(desk: Desk, breakage: Breakage) {
    let Some(setup) = desk.bench.setup_now() else { return };
    let now = desk.clock.get_untracked();
    let signer = desk.bench.signer.get_untracked();
    let mut broken = false;
    desk.bench.edit(|draft| {
        broken = signer.break_it(&setup, now, breakage, &mut draft.request);
        draft.stale = draft.stale && !broken;
    });
    if !broken {
        return desk.say(UNUSABLE);
    }
    desk.bench.sign_on_send.set(false);
    desk.say(&["The signature is ", breakage.title(), ". Send to see it refused."].concat());
}

/// Chooses what signs. What is signed already was not signed with it.
pub fn choose_signer(desk: Desk, signer: Signer) {
    desk.bench.signer.set(signer);
    desk.bench.sign_on_send.set(true);
    desk.bench.drafts.update(|drafts| drafts.iter_mut().for_each(|draft| draft.stale = true));
}

/// Sets the timestamp in the editor, as typed.
pub fn stamp(desk: Desk, timestamp: String) {
    desk.bench.edit(|draft| {
        draft.request.set_header(TIMESTAMP, timestamp);
        draft.time_chosen = true;
        draft.stale = true;
    });
}

/// The time at which the request in the editor would arrive if it were sent now, in Unix seconds.
pub fn arrival(desk: Desk, draft: &Draft) -> i64 {
    draft.arrival.max(desk.clock.get()) / 1_000
}

/// Changes the headers in the editor, and knows what that means for the signature.
pub fn edit_headers(desk: Desk, change: impl FnOnce(&mut Vec<Header>)) {
    let mut by_hand = false;
    desk.bench.edit(|draft| {
        let before = draft.request.headers.clone();
        change(&mut draft.request.headers);
        let differs = |name: &str| all(&before, name).ne(all(&draft.request.headers, name));
        draft.id_chosen = draft.id_chosen || differs(ID);
        draft.time_chosen = draft.time_chosen || differs(TIMESTAMP);
        by_hand = differs(SIGNATURE) || differs(AUTHORIZATION);
        draft.stale = !by_hand && (draft.stale || SIGNED.into_iter().any(differs));
    });
    if by_hand {
        desk.bench.sign_on_send.set(false);
    }
}

fn all<'a>(headers: &'a [Header], name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = headers.iter().filter(move |h| h.name.eq_ignore_ascii_case(name));
    named.map(|h| h.value.as_str())
}

/// Makes the change that mends a refusal in the editor, and signs with the setting's own secret.
pub fn mend(desk: Desk, fix: Fix) {
    desk.bench.signer.set(Signer::default());
    let Some(setup) = desk.bench.setup_now() else { return };
    let now = desk.clock.get_untracked();
    desk.bench.edit(|draft| {
        match fix {
            Fix::StampNow => draft.request.set_header(TIMESTAMP, (now / 1_000).to_string()),
            Fix::NewId => give_new_id(desk, &mut draft.request),
            Fix::RestoreBody => {
                draft.request.body.clone_from(&draft.shipped.body);
                make_fresh(desk, draft, now);
            }
            Fix::SignAgain | Fix::Attest => {}
        }
        // A header that is missing, or there twice, is put right with the rest.
        for name in SIGNED {
            let given = draft.shipped.header(name).unwrap_or_default().to_owned();
            let value = draft.request.header(name).map_or(given, str::to_owned);
            draft.request.headers.retain(|h| !h.name.eq_ignore_ascii_case(name));
            draft.request.set_header(name, value);
        }
        sign_draft(desk, &setup, draft);
        draft.stale = false;
    });
    desk.bench.sign_on_send.set(true);
}

/// An edited request is another event: it gets an id of its own where its id was used, and a timestamp that
/// is not stale. What the user has chosen stays.
pub fn make_fresh(desk: Desk, draft: &mut Draft, arrival: i64) {
    let request = &mut draft.request;
    let id = request.header(ID).unwrap_or_default().to_owned();
    if !draft.id_chosen && desk.keeper.with_value(|k| k.has_event(&id)) {
        give_new_id(desk, request);
    }
    let stamp = request.header(TIMESTAMP).and_then(|t| t.parse::<i64>().ok());
    if !draft.time_chosen && stamp.is_some_and(|s| (arrival / 1_000 - s).abs() > 240) {
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
