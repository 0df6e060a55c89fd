//! What can be taken away of the timeline.

use super::search::Search;
use crate::api::ExportFormat;
use crate::app::desk::Desk;
use crate::app::{dom, text};
use leptos::prelude::*;

/// The menu of exports.
#[component]
pub fn ExportMenu(desk: Desk, search: Search) -> impl IntoView {
    let only = RwSignal::new(false);
    let searched = move || search.summary.with(|s| !s.query.is_empty());
    let records = move |format: ExportFormat| {
        let found = only.get_untracked() && search.summary.with_untracked(|s| !s.query.is_empty());
        desk.export_as(format, found.then(|| search.all()));
    };
    let save = move |name: &str, content: String| {
        if dom::download(name, "text/plain", &content).is_err() {
            desk.notice.set(Some(String::from("The browser refused the download.")));
        }
    };
    let checkpoint = move |_| match desk.on_view(|log| log.checkpoint()).flatten() {
        Some(note) => save("airlock-checkpoint.txt", note),
        None => desk.notice.set(Some(String::from("Nobody has signed a checkpoint of this log."))),
    };
    let formats = [
        (ExportFormat::Ndjson, "export-timeline", "NDJSON: the canonical records"),
        (ExportFormat::Csv, "export-csv", "CSV: for a spreadsheet"),
        (ExportFormat::Fhir, "export-fhir", "FHIR AuditEvent: a resource a line"),
    ];
    let formats = formats.map(|(format, testid, words)| {
        view! {
            <button type="button" data-testid=testid on:click=move |_| records(format)>
                {words}
            </button>
        }
    });
    let progress = move || {
        let (done, all) = desk.exporting.get()?;
        if all == 0 {
            return Some("Exporting…".to_owned());
        }
        let words = ["Exporting: ", &text::group(done), " of ", &text::count(all, "record")].concat();
        Some(words)
    };
    view! {
        <details class="menu" name="audit-menu">
            <summary data-testid="export-menu">"Export"</summary>
            <div class="menu-body">
                <button type="button" data-testid="export-evidence" on:click=move |_| desk.export_bundle()>
                    "Evidence bundle: all of it, to verify offline"
                </button>
                <button type="button" data-testid="export-checkpoint" on:click=checkpoint>
                    "Checkpoint: the signed root, to compare elsewhere"
                </button>
                {formats.into_iter().collect::<Vec<_>>()}
                <label class="check">
                    <input
                        type="checkbox"
                        data-testid="export-found"
                        disabled=move || !searched()
                        prop:checked=move || only.get()
                        on:change=move |event| only.set(event_target_checked(&event))
                    />
                    <span>"only the records that the query finds (NDJSON, CSV, FHIR)"</span>
                </label>
                {move || progress().map(|words| view! {
                    <p class="note" role="status" data-testid="export-progress">
                        {words}
                    </p>
                })}
            </div>
        </details>
    }
    .into_any()
}
