//! A refusal: one sentence, how to mend it, and the button that does.

use super::bench::{Fate, Sent};
use super::{places, send};
use crate::api::{Fix, Position, RefusalView};
use crate::app::desk::Desk;
use crate::app::words;
use leptos::html::Textarea;
use leptos::prelude::*;

/// The refusal of the delivery shown, or what to do with a duplicate.
#[component]
pub fn Refusal(desk: Desk, body: NodeRef<Textarea>) -> impl IntoView {
    let shown = move || {
        desk.bench.shown.with(|sent| {
            let sent = sent.as_ref()?;
            match sent.refusal() {
                Some(refusal) => Some(card(desk, sent, refusal, body)),
                None => duplicate(desk, sent),
            }
        })
    };
    view! { {shown} }.into_any()
}

fn card(desk: Desk, sent: &Sent, refusal: &RefusalView, body: NodeRef<Textarea>) -> AnyView {
    let place = refusal.position.zip(sent.draft).map(|(at, draft)| jump(desk, draft, at, body));
    let place_text = refusal.position.filter(|_| sent.draft.is_none()).map(place_words);
    // Items of a batch are not in the editor: all that helps there is the attestation.
    let fix =
        refusal.fix.filter(|fix| sent.draft.is_some() || *fix == Fix::Attest).map(|fix| mend(desk, fix));
    let waits = sent.outcome() == "waiting";
    let stage = [if waits { "for now, by " } else { "refused by " }, &refusal.stage].concat();
    view! {
        <div class="refusal" class:waiting=waits data-testid="refusal" data-code=refusal.code.clone()>
            <p class="refusal-message">{words::prose(&refusal.message)}</p>
            <p class="refusal-help">{words::prose(&refusal.help)}</p>
            <p class="refusal-where">
                <code data-testid="code">{refusal.code.clone()}</code>
                <span class="note">{stage}</span>
                {refusal.path.clone().map(|p| view! { <code data-testid="refusal-path">{p}</code> })}
                {place}
                {place_text.map(|words| view! { <span class="note">{words}</span> })}
            </p>
            {fix}
        </div>
    }
    .into_any()
}

fn place_words(at: Position) -> String {
    ["line ", &at.line.to_string(), ", column ", &at.column.to_string()].concat()
}

fn jump(desk: Desk, draft: usize, at: Position, body: NodeRef<Textarea>) -> AnyView {
    let go = move |_| places::show_position(desk, body, draft, at);
    view! {
        <button type="button" class="quiet" data-testid="jump" on:click=go>
            {place_words(at)}
        </button>
    }
    .into_any()
}

fn mend(desk: Desk, fix: Fix) -> AnyView {
    let words = match fix {
        Fix::SignAgain => "Sign it again and send",
        Fix::StampNow => "Set the time to now and send",
        Fix::NewId => "Give it a new id and send",
        Fix::Attest => "Attest that it is synthetic…",
        Fix::RestoreBody => "Put the body back and send",
    };
    view! {
        <button
            type="button"
            class="mend"
            data-testid="fix"
            on:click=move |_| send::mend(desk, fix)
        >
            {words}
        </button>
    }
    .into_any()
}

fn duplicate(desk: Desk, sent: &Sent) -> Option<AnyView> {
    let seen = matches!(&sent.fate, Fate::Run(view) if view.outcome == "duplicate") && sent.draft.is_some();
    seen.then(|| {
        view! {
            <div class="hint" data-testid="duplicate-hint">
                <p>
                    "An event of this id was taken in before, so nothing was done twice. That is what makes sending again safe."
                </p>
                <button
                    type="button"
                    data-testid="send-as-new"
                    on:click=move |_| send::mend(desk, Fix::NewId)
                >
                    "Send as a new event"
                </button>
            </div>
        }
        .into_any()
    })
}
