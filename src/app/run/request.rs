//! The request in the editor: headers, signature, body, and the consents on file.

use super::bench::Draft;
use super::send::{self, ID, SIGNATURE, TIMESTAMP};
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
    let bench = desk.bench;
    let count = Memo::new(move |_| bench.drafts.with(Vec::len));
    let text = Signal::derive(move || {
        let at = bench.at.get();
        bench.drafts.with(|d| d.get(at).map(|d| d.request.body.clone())).unwrap_or_default()
    });
    let edit_body = Callback::new(move |text: String| {
        bench.edit(|draft| {
            draft.stale = draft.stale || draft.request.body != text;
            draft.request.body = text;
        });
    });
    // Ctrl or Cmd with Enter sends, from anywhere in the request.
    let keys = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            send::send(desk);
        }
    };
    view! {
        <Show when=move || count.get().gt(&0)>
            <section class="request" aria-label="Request" on:keydown=keys>
                <h3>"Request"</h3>
                {move || (count.get() > 1).then(|| tabs(desk, count.get()))}
                {field(desk, ID)}
                {field(desk, TIMESTAMP)}
                {field(desk, SIGNATURE)}
                <label class="check">
                    <input
                        type="checkbox"
                        data-testid="sign-on-send"
                        prop:checked=move || bench.sign_on_send.get()
                        on:change=move |event| bench.sign_on_send.set(event_target_checked(&event))
                    />
                    "Sign an edited request when it is sent"
                </label>
                {move || stale_notice(desk)}
                <div class="body-head">
                    <h4 id="body-title">"Body"</h4>
                    <button
                        type="button"
                        class="quiet"
                        data-testid="restore"
                        disabled=move || bench.draft().is_none_or(|d| d.request == d.shipped)
                        on:click=move |_| bench.edit(restore)
                    >
                        "Undo all edits"
                    </button>
                </div>
                <Editor
                    value=text
                    on_input=edit_body
                    label="Request body, FHIR JSON"
                    testid="body"
                    area=body
                    rows=16
                />
            </section>
        </Show>
        {consents(desk)}
    }
    .into_any()
}

fn restore(draft: &mut Draft) {
    draft.request = draft.shipped.clone();
    draft.stale = false;
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

fn field(desk: Desk, name: &'static str) -> AnyView {
    let bench = desk.bench;
    let value = move || {
        let at = bench.at.get();
        let header = |d: &Draft| d.request.header(name).map(str::to_owned);
        bench.drafts.with(|d| d.get(at).and_then(header)).unwrap_or_default()
    };
    let edit = move |event| {
        let value = event_target_value(&event);
        if name == SIGNATURE {
            bench.sign_on_send.set(false);
        }
        bench.edit(|draft| {
            draft.stale = name != SIGNATURE;
            if value.is_empty() {
                draft.request.headers.retain(|h| !h.name.eq_ignore_ascii_case(name));
            } else {
                draft.request.set_header(name, value);
            }
        });
    };
    view! {
        <label class="field">
            <span>{name}</span>
            <input
                type="text"
                spellcheck="false"
                autocomplete="off"
                placeholder="(header left out)"
                data-testid=name
                prop:value=value
                on:input=edit
            />
        </label>
    }
    .into_any()
}

fn stale_notice(desk: Desk) -> Option<AnyView> {
    let bench = desk.bench;
    let stale = bench.draft().is_some_and(|d| d.stale);
    let words = if bench.sign_on_send.get() {
        "Edited: the signature no longer matches. It will be signed again when you send it."
    } else {
        "Edited: the signature no longer matches, so the webhook stage will refuse it."
    };
    stale.then(|| {
        view! {
            <p class="stale" role="status" data-testid="stale">
                <span aria-hidden="true">"✎ "</span>
                {words}
                <button type="button" data-testid="sign-again" on:click=move |_| send::sign_now(desk)>
                    "Sign again"
                </button>
            </p>
        }
        .into_any()
    })
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
