//! Wiping everything: what goes, a last export, and a confirmation that is typed.

use super::follow;
use crate::app::desk::Desk;
use crate::app::{dom, storage, text};
use leptos::html::Dialog;
use leptos::prelude::*;

/// What has to be typed.
const WORD: &str = "wipe";

/// The dialog.
#[component]
pub fn Wiping(desk: Desk) -> impl IntoView {
    let shown = desk.custody.wiping;
    let dialog = NodeRef::<Dialog>::new();
    let typed = RwSignal::new(String::new());
    follow(dialog, shown);
    Effect::new(move |_| {
        if shown.get() {
            typed.set(String::new());
            dom::focus_on("wipe-word");
        }
    });
    let ready = move || typed.with(|word| word.trim().eq_ignore_ascii_case(WORD));
    let go = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if ready() {
            desk.wipe();
        }
    };
    let aside = move || shown.get() && storage::aside_units() > 0;
    view! {
        <dialog
            node_ref=dialog
            aria-labelledby="wipe-title"
            data-testid="wiping"
            on:close=move |_| shown.set(false)
        >
            <h2 id="wipe-title">"Wipe everything that this page keeps?"</h2>
            <p>"All of it goes from this browser, and nothing brings it back:"</p>
            <ul class="limits" data-testid="wipe-list">
                {move || shown.get().then(|| going(desk))}
            </ul>
            <p class="note">
                "Other tabs of this page keep what they have in memory, and say that it is gone; they write nothing back unless somebody tells them to. What you exported stays where you put it."
            </p>
            <div class="buttons">
                <button
                    type="button"
                    data-testid="wipe-export"
                    on:click=move |_| desk.export_own_bundle()
                >
                    "First: export an evidence bundle"
                </button>
                <Show when=aside>
                    <button type="button" on:click=move |_| desk.export_aside()>
                        "First: export what was set aside"
                    </button>
                </Show>
            </div>
            <form class="form" on:submit=go>
                <label>
                    <span>"To confirm, type " <strong>{WORD}</strong></span>
                    <input
                        type="text"
                        autocomplete="off"
                        data-testid="wipe-word"
                        prop:value=move || typed.get()
                        on:input=move |event| typed.set(event_target_value(&event))
                    />
                </label>
                <div class="buttons">
                    <button
                        type="submit"
                        class="danger"
                        data-testid="wipe-confirm"
                        disabled=move || !ready()
                    >
                        "Wipe everything"
                    </button>
                    <button
                        type="button"
                        data-testid="wipe-cancel"
                        on:click=move |_| shown.set(false)
                    >
                        "Keep it"
                    </button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

/// What goes, one thing a line.
fn going(desk: Desk) -> Vec<AnyView> {
    let (records, crm, holds) = desk.keeper.with_value(|k| {
        let store = k.session.store();
        (text::size(k.session.records()), k.session.crm().len(), store.holds())
    });
    let some = |beginning: &str, noun: &str| match storage::sizes(beginning).len() {
        0 => None,
        n => Some(text::count(n, noun)),
    };
    let mut lines = vec![
        ["the timeline: ", &text::count(records, "record")].concat(),
        ["the CRM demo zone: ", &text::count(crm, "record")].concat(),
        String::from("event ids seen, what waits in the queue, dead letters, consents learned"),
        String::from("the key that signs: nothing can be signed with it again"),
    ];
    if !holds.is_empty() {
        let names: Vec<&str> = holds.iter().map(|hold| hold.id.as_str()).collect();
        lines.push(["legal holds that are in force: ", &names.join(", ")].concat());
    }
    lines.extend(some("airlock.draft.", "policy draft"));
    lines.extend(some("airlock.version.", "published policy version"));
    lines.extend(some("airlock.aside.", "set-aside text"));
    lines.push(String::from("filters that were kept, and the theme chosen"));
    lines.into_iter().map(|line| view! { <li>{line}</li> }.into_any()).collect()
}
