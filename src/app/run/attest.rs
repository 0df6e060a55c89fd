//! The attestation: asked for once an input, recorded in the audit log.

use super::Bench;
use leptos::html::Dialog;
use leptos::prelude::*;

/// The dialog that asks for the attestation.
#[component]
pub fn Attest(bench: Bench) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let own = bench.own;
    Effect::new(move |_| {
        let asking = own.asking.get();
        let Some(dialog) = dialog.get() else { return };
        if asking && !dialog.open() {
            // Where a modal can't be shown, the dialog still opens, beside the page.
            if dialog.show_modal().is_err() {
                dialog.show();
            }
        } else if !asking && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog
            class="attest"
            node_ref=dialog
            aria-labelledby="attest-title"
            data-testid="attest"
            on:close=move |_| own.reply(false)
        >
            <h2 id="attest-title">"Is this data synthetic?"</h2>
            <p>
                "Something in this input looks like a real person's: a name, a record number, a birth date with an address. Airlock is for synthetic data only."
            </p>
            <p>
                "Your statement is written to the audit log, without any of the data. It holds for this input, until you open another."
            </p>
            <div class="buttons">
                <button
                    type="button"
                    class="primary"
                    data-testid="attest-confirm"
                    on:click=move |_| own.reply(true)
                >
                    "I attest that this is synthetic data"
                </button>
                <button
                    type="button"
                    data-testid="attest-cancel"
                    on:click=move |_| own.reply(false)
                >
                    "Don't send it"
                </button>
            </div>
        </dialog>
    }
    .into_any()
}
