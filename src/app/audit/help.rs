//! The keys of the view, and how to ask.

use leptos::html::Dialog;
use leptos::prelude::*;

const KEYS: [(&str, &str); 8] = [
    ("/", "to the query"),
    ("j, k, ↓, ↑", "to the next and the previous record"),
    ("Page ↓, Page ↑, Home, End", "further down and up the list"),
    ("Enter", "open the record"),
    ("Esc", "close the record or the comparison, or leave the query"),
    ("Shift with ←, →", "on the bar: choose a stretch of time"),
    ("Enter, Backspace", "on the bar: zoom in, zoom out"),
    ("?", "this help"),
];

const TERMS: [(&str, &str); 9] = [
    ("denied referral", "both words occur"),
    ("\"demo operator\"", "the words occur just so"),
    ("outcome:denied,refused", "one of the two outcomes"),
    ("-stage:queue", "any stage but this"),
    ("code:consent", "this code, or one that begins with consent."),
    ("run:run-000007", "one delivery, with its parts"),
    ("field:Person.birthDate", "something was done with this field"),
    ("after:2026-01-15T09:00Z", "from this moment on"),
    ("seq:400..411", "places in the log"),
];

/// The dialog, shown while the signal says so.
#[component]
pub fn Help(shown: RwSignal<bool>) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    Effect::new(move |_| {
        let wanted = shown.get();
        let Some(dialog) = dialog.get() else { return };
        if wanted && !dialog.open() {
            // Where a modal can't be shown, the dialog still opens, beside the page.
            if dialog.show_modal().is_err() {
                dialog.show();
            }
        } else if !wanted && dialog.open() {
            dialog.close();
        }
    });
    let list = |pairs: &[(&'static str, &'static str)]| {
        let pair = |(term, what): &(&'static str, &'static str)| {
            view! {
                <div>
                    <dt>
                        <code>{*term}</code>
                    </dt>
                    <dd>{*what}</dd>
                </div>
            }
        };
        let items = pairs.iter().map(pair).collect::<Vec<_>>();
        view! { <dl class="facts">{items}</dl> }
    };
    view! {
        <dialog
            node_ref=dialog
            aria-labelledby="audit-help-title"
            data-testid="audit-help"
            on:close=move |_| shown.set(false)
        >
            <h2 id="audit-help-title">"Audit by keyboard"</h2>
            {list(&KEYS)}
            <h3>"What a query may say"</h3>
            {list(&TERMS)}
            <p class="note">"Terms stand side by side, and all of them have to hold."</p>
            <button type="button" data-testid="audit-help-close" on:click=move |_| shown.set(false)>
                "Close"
            </button>
        </dialog>
    }
    .into_any()
}
