//! Queries that were kept under a name.

use super::search::Search;
use crate::app::desk::Desk;
use crate::app::route::Step;
use crate::app::storage;
use leptos::prelude::*;

/// The queries kept, and a way to keep the one in force.
#[component]
pub fn Saved(desk: Desk, search: Search) -> impl IntoView {
    let kept = RwSignal::new(storage::filters());
    let name = RwSignal::new(String::new());
    let keep = move |filters: Vec<(String, String)>| {
        if storage::set_filters(&filters).is_err() {
            desk.notice
                .set(Some(String::from("The browser kept no filter: its storage is full, or denied.")));
        }
        kept.set(filters);
    };
    let add = move || {
        let query = search.summary.with_untracked(|s| s.query.to_text());
        let called = name.get_untracked().trim().to_owned();
        if query.is_empty() {
            return;
        }
        let called = if called.is_empty() { query.clone() } else { called };
        let mut filters = storage::filters();
        filters.retain(|(own, _)| *own != called);
        filters.push((called, query));
        keep(filters);
        name.set(String::new());
    };
    let items = move || {
        let item = |(own, query): (String, String)| {
            let gone = own.clone();
            let label = ["Remove ", &own].concat();
            let remove = move |_| {
                let mut filters = storage::filters();
                filters.retain(|(own, _)| *own != gone);
                keep(filters);
            };
            let title = query.clone();
            view! {
                <li>
                    <button
                        type="button"
                        class="quiet"
                        title=title
                        data-testid="saved-filter"
                        on:click=move |_| search.ask(&query, Step::Push)
                    >
                        {own}
                    </button>
                    <button type="button" class="quiet" aria-label=label on:click=remove>
                        "✕"
                    </button>
                </li>
            }
        };
        kept.get().into_iter().map(item).collect::<Vec<_>>()
    };
    let empty = move || search.summary.with(|s| s.query.is_empty());
    let enter = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            add();
        }
    };
    view! {
        <details class="menu" name="audit-menu">
            <summary data-testid="saved">"Saved filters"</summary>
            <div class="menu-body">
                <Show when=move || kept.with(Vec::is_empty)>
                    <p class="note">"None yet. A filter that you keep stays in this browser."</p>
                </Show>
                <ul>{items}</ul>
                <div class="query-line">
                    <input
                        type="text"
                        aria-label="Name of the filter"
                        placeholder="name"
                        data-testid="saved-name"
                        prop:value=move || name.get()
                        on:input=move |event| name.set(event_target_value(&event))
                        on:keydown=enter
                    />
                    <button
                        type="button"
                        data-testid="saved-add"
                        disabled=empty
                        on:click=move |_| add()
                    >
                        "Keep this one"
                    </button>
                </div>
            </div>
        </details>
    }
    .into_any()
}
