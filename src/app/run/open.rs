//! Opening, dropping and pasting one's own FHIR.

use super::own;
use crate::app::desk::Desk;
use crate::app::dom;
use leptos::prelude::*;

/// The ways in for the user's own input.
#[component]
pub fn Open(desk: Desk) -> impl IntoView {
    let pasted = RwSignal::new(String::new());
    let chosen = move |event: web_sys::Event| {
        if let Some(input) = dom::input_of(&event) {
            own::open_files(desk, dom::files_of(input.files()));
            dom::clear_file_input(&input);
        }
    };
    let own_use = move |_| {
        let text = pasted.get_untracked();
        if !text.trim().is_empty() {
            pasted.set(String::new());
            own::open_text(desk, text);
        }
    };
    view! {
        <div class="ways-in">
            <div class="buttons">
                <label class="button file">
                    "Open file…"
                    <input
                        type="file"
                        multiple
                        accept=".json,.ndjson,.jsonl,application/json,application/fhir+json,application/x-ndjson"
                        data-testid="file-input"
                        on:change=chosen
                    />
                </label>
                <label class="button file">
                    "Open folder…"
                    <input type="file" prop:webkitdirectory=true data-testid="folder-input" on:change=chosen />
                </label>
                <span class="note">"or drop files or a folder of FHIR JSON or NDJSON on this column"</span>
            </div>
            <details class="paste" data-testid="paste">
                <summary>"Paste FHIR JSON…"</summary>
                <textarea
                    rows="5"
                    spellcheck="false"
                    aria-label="FHIR JSON to use"
                    data-testid="paste-input"
                    prop:value=move || pasted.get()
                    on:input=move |event| pasted.set(event_target_value(&event))
                ></textarea>
                <button
                    type="button"
                    data-testid="paste-use"
                    disabled=move || pasted.with(|p| p.trim().is_empty())
                    on:click=own_use
                >
                    "Use it"
                </button>
            </details>
        </div>
    }
    .into_any()
}
