//! Keeping: what is stored of the timeline and for how long, what holds keep, which key signs, and how all of it goes.

mod holds;
mod keys;
mod room;
mod segments;
mod wipe;

use crate::app::desk::Desk;
use crate::app::dom;
use holds::Holds;
use keys::Keys;
use leptos::html::Dialog;
use leptos::prelude::*;
use room::{Aside, Room};
use segments::Segments;
use wipe::Wiping;

/// The panel, a dialog, with the one that asks before everything is wiped.
#[component]
pub fn Keeping(desk: Desk) -> impl IntoView {
    let shown = desk.custody.shown;
    let dialog = NodeRef::<Dialog>::new();
    follow(dialog, shown);
    Effect::new(move |_| {
        if shown.get() {
            desk.custody.told.set(None);
        }
    });
    let told = move || {
        desk.custody.told.get().map(|told| {
            let class = if told.done { "badge good" } else { "badge warn" };
            let glyph = if told.done { "✓ " } else { "⚠ " };
            view! {
                <p class=class data-testid="keeping-told" data-done=told.done.to_string()>
                    <span aria-hidden="true">{glyph}</span>
                    {told.words}
                </p>
            }
        })
    };
    view! {
        <dialog
            node_ref=dialog
            class="keeping"
            aria-labelledby="keeping-title"
            data-testid="keeping"
            on:close=move |_| shown.set(false)
        >
            <div class="bar">
                <h2 id="keeping-title">"What is kept, and for how long"</h2>
                <button
                    type="button"
                    data-testid="keeping-close"
                    on:click=move |_| shown.set(false)
                >
                    "Close"
                </button>
            </div>
            <div role="status">{told}</div>
            <Show when=move || shown.get()>
                <Room desk />
                <Segments desk />
                <Holds desk />
                <Keys desk />
                <Aside desk />
                <section>
                    <h3>"Wipe everything"</h3>
                    <p class="note">
                        "Removes all that this page keeps in this browser, in one go, after a last export and a confirmation."
                    </p>
                    <button
                        type="button"
                        class="danger"
                        data-testid="wipe"
                        on:click=move |_| desk.custody.wiping.set(true)
                    >
                        "Wipe everything …"
                    </button>
                </section>
            </Show>
        </dialog>
        <Wiping desk />
    }
    .into_any()
}

/// Opens and closes a dialog as a signal says.
fn follow(dialog: NodeRef<Dialog>, shown: RwSignal<bool>) {
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
}

/// A button whose deed can't be undone: it asks once.
fn asking(words: Signal<String>, sure: Signal<String>, testid: &'static str, deed: Callback<()>) -> AnyView {
    let asked = RwSignal::new(false);
    let yes = [testid, "-sure"].concat();
    let focus = yes.clone();
    let ask = move |_| {
        asked.set(true);
        dom::focus_on(focus.clone());
    };
    let back = move || {
        asked.set(false);
        dom::focus_on(testid);
    };
    let done = move |_| {
        back();
        deed.run(());
    };
    view! {
        <div class="buttons">
            <button
                type="button"
                hidden=move || asked.get()
                data-testid=testid
                disabled=move || words.with(String::is_empty)
                on:click=ask
            >
                {move || words.get()}
            </button>
            <button
                type="button"
                class="danger"
                hidden=move || !asked.get()
                data-testid=yes
                on:click=done
            >
                {move || sure.get()}
            </button>
            <button type="button" hidden=move || !asked.get() on:click=move |_| back()>
                "Cancel"
            </button>
        </div>
    }
    .into_any()
}

/// A moment as somebody types it: a date, or a date and a time; in UTC where no zone is named. In milliseconds since the
/// Unix epoch.
fn moment(text: &str) -> Option<i64> {
    let text = text.trim().replacen(' ', "T", 1);
    let zoned = text.ends_with(['Z', 'z']) || text.rfind(['+', '-']).is_some_and(|at| at > 10);
    let zone = if text.contains('T') && !zoned { "Z" } else { "" };
    (text.len() >= 10).then(|| dom::parse_time(&[&text, zone].concat())).flatten()
}
