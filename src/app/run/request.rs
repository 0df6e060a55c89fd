//! The request in the editor, as it will be sent: headers, time, signature, body.

use super::bench::Draft;
use super::headers::Headers;
use super::live;
use super::places::{self, At};
use super::send;
use super::signature::{Signature, Stamp};
use crate::app::desk::Desk;
use crate::app::parts::Editor;
use leptos::html::Textarea;
use leptos::prelude::*;

/// The editor of a request.
#[component]
pub fn RequestForm(
    desk: Desk,
    /// The body's text area, for places to be selected in.
    body: NodeRef<Textarea>,
) -> impl IntoView {
    let count = Memo::new(move |_| desk.bench.drafts.with(Vec::len));
    // Ctrl or Cmd with Enter sends, F8 goes to the next place, from anywhere in the request.
    let keys = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "Enter" if event.ctrl_key() || event.meta_key() => {
            event.prevent_default();
            send::send(desk);
        }
        "F8" => {
            event.prevent_default();
            places::step(desk, body, !event.shift_key());
        }
        _ => {}
    };
    view! {
        <Show when=move || count.get().gt(&0)>
            <section class="request" aria-label="Request" on:keydown=keys>
                <h3>"Request"</h3>
                {move || (count.get() > 1).then(|| tabs(desk, count.get()))}
                <Headers desk />
                <Stamp desk />
                <Signature desk />
                {body_editor(desk, body)}
            </section>
        </Show>
        {consents(desk)}
    }
    .into_any()
}

fn body_editor(desk: Desk, body: NodeRef<Textarea>) -> AnyView {
    let bench = desk.bench;
    let text = Signal::derive(move || {
        let at = bench.at.get();
        bench.drafts.with(|d| d.get(at).map(|d| d.request.body.clone())).unwrap_or_default()
    });
    let edit = Callback::new(move |text: String| {
        bench.edit(|draft| {
            draft.stale = draft.stale || draft.request.body != text;
            draft.request.body = text;
        });
    });
    let unchanged = Memo::new(move |_| {
        let at = bench.at.get();
        bench.drafts.with(|d| d.get(at).is_none_or(|d| d.request == d.shipped))
    });
    view! {
        <div class="body-head">
            <h4 id="body-title">"Body"</h4>
            {live_switch(desk)}
            <button
                type="button"
                class="quiet"
                data-testid="restore"
                disabled=move || unchanged.get()
                on:click=move |_| bench.edit(Draft::restore)
            >
                "Undo all edits"
            </button>
        </div>
        <Editor
            value=text
            on_input=edit
            label="Request body, FHIR JSON"
            testid="body"
            area=body
            marks=bench.marks
            active=bench.issue
            on_caret=Callback::new(move |units| places::at_caret(bench, units))
            rows=16
        />
        <At desk body />
    }
    .into_any()
}

/// Whether the body is checked while it is typed.
fn live_switch(desk: Desk) -> AnyView {
    let live = desk.bench.live;
    let fits = Memo::new(move |_| live::fits(desk.bench));
    let words = move || {
        if fits.get() { "Check as I type" } else { "Check as I type (too large: send it)" }
    };
    view! {
        <label class="check">
            <input
                type="checkbox"
                data-testid="live-check"
                prop:checked=move || live.get()
                on:change=move |event| live.set(event_target_checked(&event))
            />
            <span>{words}</span>
        </label>
    }
    .into_any()
}

fn tabs(desk: Desk, count: usize) -> AnyView {
    let tab = |i: usize| {
        let name = ["Delivery ", &(i + 1).to_string()].concat();
        view! {
            <button
                type="button"
                class="chip"
                aria-pressed=move || if desk.bench.at.get() == i { "true" } else { "false" }
                data-testid=["draft-", &(i + 1).to_string()].concat()
                on:click=move |_| desk.bench.at.set(i)
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="tabs" role="group" aria-label="Requests">
            {(0..count).map(tab).collect::<Vec<_>>()}
        </div>
    }
    .into_any()
}

fn consents(desk: Desk) -> AnyView {
    let consents = desk.bench.consents;
    let edit = Callback::new(move |text| consents.set(text));
    view! {
        <details class="consents" data-testid="consents-panel">
            <summary>"Consents on file"</summary>
            <p class="note">
                "A JSON array of FHIR R4 Consent resources. Change one and send a new event to see the decision change."
            </p>
            <Editor
                value=consents
                on_input=edit
                label="Consents on file, FHIR JSON"
                testid="consents"
                rows=12
            />
        </details>
    }
    .into_any()
}
