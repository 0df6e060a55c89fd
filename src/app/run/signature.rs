//! Time and signature of the request in the editor: set, made anew, or wrong on purpose.

use super::credentials::{self, Credentials};
use super::forge::{self, TIMESTAMP};
use super::signer::Signer;
use crate::api::{Breakage, credentials};
use crate::app::desk::Desk;
use crate::app::dom;
use leptos::prelude::*;

/// A way to set the timestamp: its name, what the button says, and what it becomes when the request would arrive at
/// a second.
type Way = (&'static str, &'static str, fn(i64) -> String);

const STAMPS: [Way; 5] = [
    ("now", "now", |now| now.to_string()),
    ("old", "−301 s", |now| now.saturating_sub(301).to_string()),
    ("ahead", "+301 s", |now| now.saturating_add(301).to_string()),
    ("fraction", "fraction", |now| [&now.to_string(), ".5"].concat()),
    ("negative", "negative", |now| ["-", &now.to_string()].concat()),
];

/// What sets the timestamp.
#[component]
pub fn Stamp(desk: Desk) -> impl IntoView {
    let buttons = STAMPS.into_iter().map(|(name, words, shift)| {
        let go = move |_| {
            let Some(draft) = desk.bench.draft_now() else { return };
            forge::stamp(desk, shift(untrack(|| forge::arrival(desk, &draft))));
        };
        view! {
            <button
                type="button"
                class="chip"
                data-testid=["stamp-", name].concat()
                on:click=go
            >
                {words}
            </button>
        }
    });
    let buttons = buttons.collect::<Vec<_>>();
    let words = Memo::new(move |_| describe(desk));
    view! {
        <div class="stamp" role="group" aria-label="Timestamp">
            <span class="stamp-name">"Time"</span>
            {buttons}
            <span class="note" data-testid="stamp-words">
                {move || words.get()}
            </span>
        </div>
    }
    .into_any()
}

/// The timestamp as a time, and how far it is from the arrival.
fn describe(desk: Desk) -> String {
    let at = desk.bench.at.get();
    let read = desk.bench.drafts.with(|drafts| {
        let draft = drafts.get(at)?;
        Some((draft.request.header(TIMESTAMP)?.to_owned(), forge::arrival(desk, draft)))
    });
    let Some((text, arrival)) = read else { return String::from("no timestamp") };
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some(seconds) = text.parse::<i64>().ok().filter(|_| digits) else {
        return String::from("not a whole number of seconds");
    };
    let time = dom::show_time(seconds.saturating_mul(1_000));
    let apart = match seconds.saturating_sub(arrival) {
        0 => String::from("as it arrives"),
        ahead @ 1.. => [&ahead.to_string(), " s ahead"].concat(),
        behind => [&behind.saturating_neg().to_string(), " s ago"].concat(),
    };
    [time.as_str(), " · ", &apart].concat()
}

/// What signs, and what breaks the signature.
#[component]
pub fn Signature(desk: Desk) -> impl IntoView {
    let bench = desk.bench;
    view! {
        <fieldset class="signing">
            <legend>"Signature"</legend>
            {signer(desk)}
            {breaker(desk)}
            <label class="check">
                <input
                    type="checkbox"
                    data-testid="sign-on-send"
                    prop:checked=move || bench.sign_on_send.get()
                    on:change=move |event| bench.sign_on_send.set(event_target_checked(&event))
                />
                "Sign an edited request when it is sent"
            </label>
            {stale_notice(desk)}
            <Credentials desk />
        </fieldset>
    }
    .into_any()
}

/// The ways of breaking it, which depend on what it is.
fn breaker(desk: Desk) -> AnyView {
    let bench = desk.bench;
    let ways = Memo::new(move |_| {
        let setup = bench.setup();
        let now = desk.clock.get();
        setup.map(|setup| bench.signer.with(|s| s.breakages(&setup, now))).unwrap_or_default()
    });
    let way = RwSignal::new(Breakage::OtherCharacter);
    let chosen = Memo::new(move |_| {
        let (ways, way) = (ways.get(), way.get());
        if ways.contains(&way) { way } else { Breakage::OtherCharacter }
    });
    let choose = move |event| {
        let id = event_target_value(&event);
        if let Some(breakage) = ways.get_untracked().iter().find(|b| b.id() == id) {
            way.set(*breakage);
        }
    };
    let options = move || {
        let option = |b: &Breakage| {
            view! {
                <option value=b.id() selected=*b == chosen.get()>
                    {b.title()}
                </option>
            }
        };
        ways.get().iter().map(option).collect::<Vec<_>>()
    };
    view! {
        <div class="sign-row">
            <label class="pick">
                <span>"Break it"</span>
                <select data-testid="break-way" prop:value=move || chosen.get().id() on:change=choose>
                    {options}
                </select>
            </label>
            <button
                type="button"
                data-testid="break"
                on:click=move |_| forge::break_it(desk, chosen.get_untracked())
            >
                "Break"
            </button>
        </div>
    }
    .into_any()
}

/// What signs: the credential in force, another of the setting's, or the user's own.
fn signer(desk: Desk) -> AnyView {
    let bench = desk.bench;
    let choose = move |event| {
        let signer = match event_target_value(&event).split_once(':') {
            Some(("known", id)) => Signer::Known(id.to_owned()),
            Some(("other", _)) => Signer::Other(String::new()),
            _ => Signer::InForce,
        };
        forge::choose_signer(desk, signer);
    };
    let value = move || match bench.signer.get() {
        Signer::InForce => String::from("in-force:"),
        Signer::Known(id) => ["known:", &id].concat(),
        Signer::Other(_) => String::from("other:"),
    };
    let known = Memo::new(move |_| {
        let now = desk.clock.get();
        let all = bench.setup().map(|setup| credentials(&setup, now)).unwrap_or_default();
        all.into_iter().filter(|c| c.signs).map(|c| (c.id, c.kind, c.state)).collect::<Vec<_>>()
    });
    let options = move || {
        let now = value();
        let option = |(id, kind, state): (String, String, String)| {
            let value = ["known:", &id].concat();
            let chosen = value == now;
            let name = [id.as_str(), ", ", &kind, ", ", credentials::word(&state)].concat();
            view! {
                <option value=value selected=chosen>
                    {name}
                </option>
            }
        };
        known.get().into_iter().map(option).collect::<Vec<_>>()
    };
    let in_force = move || bench.signer.with(|s| *s == Signer::InForce);
    let other = move || bench.signer.with(|s| matches!(s, Signer::Other(_)));
    view! {
        <div class="sign-row">
            <label class="pick">
                <span>"Signed with"</span>
                <select data-testid="signer" prop:value=value on:change=choose>
                    <option value="in-force:" selected=in_force>
                        "the credential in force"
                    </option>
                    {options}
                    <option value="other:" selected=other>
                        "another secret…"
                    </option>
                </select>
            </label>
            <button type="button" data-testid="sign-now" on:click=move |_| forge::sign_now(desk)>
                "Sign now"
            </button>
        </div>
        <Show when=other>
            <label class="field">
                <span>"secret"</span>
                <input
                    type="text"
                    spellcheck="false"
                    autocomplete="off"
                    autocapitalize="off"
                    placeholder="whsec_… or whsk_…"
                    data-testid="other-secret"
                    on:input=move |event| {
                        forge::choose_signer(desk, Signer::Other(event_target_value(&event)));
                    }
                />
            </label>
        </Show>
    }
    .into_any()
}

fn stale_notice(desk: Desk) -> AnyView {
    let bench = desk.bench;
    let stale = Memo::new(move |_| {
        let at = bench.at.get();
        bench.drafts.with(|d| d.get(at).is_some_and(|d| d.stale))
    });
    let words = move || {
        if bench.sign_on_send.get() {
            "Edited: the signature no longer matches. It will be signed again when you send it."
        } else {
            "Edited: the signature no longer matches, so the webhook stage will refuse it."
        }
    };
    view! {
        <Show when=move || stale.get()>
            <p class="stale" role="status" data-testid="stale">
                <span aria-hidden="true">"✎ "</span>
                <span class="stale-words">{words}</span>
                <button type="button" data-testid="sign-again" on:click=move |_| forge::sign_now(desk)>
                    "Sign again"
                </button>
            </p>
        </Show>
    }
    .into_any()
}
