//! The setting's credentials, each with how it stands; a key only to whoever asks for it.

use super::signer;
use crate::api::{CredentialView, credentials};
use crate::app::desk::Desk;
use crate::app::{dom, words};
use leptos::prelude::*;

/// The list of credentials, folded away.
#[component]
pub fn Credentials(desk: Desk) -> impl IntoView {
    let all = Memo::new(move |_| {
        let now = desk.clock.get();
        desk.bench.setup().map(|setup| credentials(&setup, now)).unwrap_or_default()
    });
    let list = move || all.get().into_iter().map(|one| row(desk, one)).collect::<Vec<_>>();
    view! {
        <details class="credentials" data-testid="credentials">
            <summary>"Credentials"</summary>
            <ul>{list}</ul>
        </details>
    }
    .into_any()
}

/// How a credential stands, in words.
pub fn word(state: &str) -> &str {
    match state {
        "expiring-soon" => "expires soon",
        "not-yet-valid" => "not valid yet",
        other => other,
    }
}

fn look(state: &str) -> (&'static str, &'static str) {
    match state {
        "active" => ("good", "✓"),
        "rotating" => ("accent", "↻"),
        "expiring-soon" => ("warn", "⚠"),
        "expired" => ("bad", "✕"),
        _ => ("calm", "○"),
    }
}

fn row(desk: Desk, credential: CredentialView) -> AnyView {
    let id = credential.id.clone();
    let own = credential.role == "source";
    let shown = RwSignal::new(false);
    let about = [credential.role.as_str(), " · ", &credential.kind].concat();
    let from = credential.not_before.as_deref().map(|t| ["from ", &dom::tidy_time(t)].concat());
    let until = credential.expires.as_deref().map(|t| ["until ", &dom::tidy_time(t)].concat());
    let scopes = credential.scopes.as_ref().map(|scopes| ["for ", &scopes.join(", ")].concat());
    let limits: Vec<String> = [from, until, scopes].into_iter().flatten().collect();
    let limits = if limits.is_empty() { String::from("no limit") } else { limits.join(", ") };
    let secret = move || {
        let key =
            shown.get().then(|| desk.bench.setup().and_then(|setup| signer::key(&setup, &id))).flatten();
        key.unwrap_or_else(|| String::from("••••••••"))
    };
    let of = [" the key of ", &credential.id].concat();
    let name = move || [if shown.get() { "Hide" } else { "Show" }, of.as_str()].concat();
    let key = own.then(|| {
        view! {
            <p class="credential-key">
                <code>{secret}</code>
                <button
                    type="button"
                    class="quiet"
                    aria-label=name
                    aria-pressed=move || if shown.get() { "true" } else { "false" }
                    data-testid="credential-show"
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    {move || if shown.get() { "Hide" } else { "Show" }}
                </button>
            </p>
        }
    });
    view! {
        <li class="credential" data-testid="credential" data-state=credential.state.clone()>
            <p>
                <code>{credential.id.clone()}</code>
                <span class="note">{about}</span>
                {words::mark(look(&credential.state), word(&credential.state))}
            </p>
            <p class="note">{limits}</p>
            {key}
        </li>
    }
    .into_any()
}
