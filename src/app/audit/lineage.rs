//! The lineage of a record as a picture, drawn when it is asked for.

use super::chain::LONG;
use crate::api::Lineage;
use crate::app::desk::Desk;
use crate::app::dom;
use leptos::prelude::*;

/// The picture, and a way to save it.
#[component]
pub fn LineagePanel(desk: Desk, correlation: String, seq: u64, unfolded: RwSignal<bool>) -> impl IntoView {
    let correlation = StoredValue::new(correlation);
    let drawn = RwSignal::new(None::<String>);
    let lineage = move || {
        let lineage = desk.on_view(|log| {
            let chain = correlation.with_value(|id| log.archive().chain(id));
            let texts: Vec<String> =
                chain.records.iter().take(LONG).filter_map(|seq| log.archive().canonical(*seq)).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            Lineage::of(log.origin(), &texts, seq)
        });
        lineage.flatten()
    };
    let draw = move || {
        if unfolded.get_untracked() && drawn.with_untracked(Option::is_none) {
            drawn.set(Some(lineage().map(|lineage| lineage.figure()).unwrap_or_default()));
        }
    };
    draw();
    let toggle = move |event| {
        unfolded.set(dom::is_unfolded(&event));
        draw();
    };
    let save = move |_| {
        let name = ["airlock-record-", &seq.to_string(), "-lineage.svg"].concat();
        let saved = lineage().map(|lineage| dom::download(&name, "image/svg+xml", &lineage.svg()));
        if !matches!(saved, Some(Ok(()))) {
            desk.notice.set(Some(String::from("The picture could not be saved.")));
        }
    };
    let content = move || {
        let figure = drawn.get()?;
        Some(match figure.is_empty() {
            true => view! { <p class="note">"There is no delivery to draw."</p> }.into_any(),
            // The picture is escaped where it is drawn: no text of a record is markup in it.
            false => view! {
                <div
                    class="lineage"
                    tabindex="0"
                    role="region"
                    aria-label="Lineage"
                    data-testid="lineage-figure"
                    inner_html=figure
                ></div>
                <button type="button" data-testid="lineage-save" on:click=save>
                    "Save picture"
                </button>
            }
            .into_any(),
        })
    };
    view! {
        <details data-testid="lineage" open=unfolded.get_untracked() on:toggle=toggle>
            <summary>"Lineage"</summary>
            {content}
        </details>
    }
    .into_any()
}
