//! Audit: the timeline as stored, searched, verified, record by record.

mod badge;
mod chain;
mod check;
mod compare;
mod consent;
mod density;
mod detail;
mod export;
mod filters;
mod help;
mod keeping;
mod lineage;
mod opened;
mod proof;
mod saved;
mod search;
mod timeline;

use super::desk::Desk;
use super::dom;
use super::route::Step;
use badge::Badge;
use check::CheckMenu;
pub use check::Checked;
use compare::CompareView;
use density::DensityBar;
use detail::Detail;
use export::ExportMenu;
use filters::Filters;
use help::Help;
pub use keeping::Keeping;
use leptos::prelude::*;
use opened::{OpenBundle, Opened};
use search::Search;
use timeline::{Timeline, next};
use wasm_bindgen::JsCast;

/// The Audit view.
#[component]
pub fn AuditView(desk: Desk) -> impl IntoView {
    let search = Search::new(desk);
    let open = Memo::new(move |_| desk.route.with(|r| r.record));
    let cursor = RwSignal::new(None::<usize>);
    let helping = RwSignal::new(false);
    let comparing = Memo::new(move |_| desk.route.with(|r| r.compare.is_some()));
    let over = RwSignal::new(false);
    let dropped = move |event: web_sys::DragEvent| {
        if !dom::carries_files(&event) {
            return;
        }
        event.prevent_default();
        over.set(false);
        let files = dom::files_of(event.data_transfer().and_then(|held| held.files()));
        if let Some(file) = files.into_iter().next() {
            desk.open_bundle(file);
        }
    };
    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        let elsewhere = event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented();
        let elsewhere = elsewhere || in_field(&event) || helping.try_get_untracked() != Some(false);
        let elsewhere =
            elsewhere || desk.custody.shown.get_untracked() || desk.custody.wiping.get_untracked();
        if elsewhere {
            return;
        }
        match event.key().as_str() {
            "/" => dom::focus_on("query"),
            "?" => helping.set(true),
            "Escape" if dom::fold_open("details.menu[open]") => {}
            "Escape" => close(desk),
            key @ ("j" | "k") => {
                let count = search.summary.with_untracked(|s| s.count);
                cursor.set(next(key, cursor.get_untracked(), count));
                dom::focus_on("timeline");
            }
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || keys.remove());
    view! {
        <h1 class="sr-only">"Audit"</h1>
        <div
            class="audit"
            class:with-detail=move || open.get().is_some()
            class:over=move || over.get()
            on:dragover=move |event| {
                if dom::carries_files(&event) {
                    event.prevent_default();
                    over.set(true);
                }
            }
            on:dragleave=move |_| over.set(false)
            on:drop=dropped
        >
            <header class="audit-bar">
                <Opened desk />
                <div class="audit-tools">
                    <Badge desk />
                    <ExportMenu desk search />
                    <CheckMenu desk />
                    <button
                        type="button"
                        data-testid="keeping-open"
                        on:click=move |_| desk.custody.shown.set(true)
                    >
                        "Keep"
                    </button>
                    <OpenBundle desk />
                    <button type="button" data-testid="audit-keys" on:click=move |_| helping.set(true)>
                        "Keys"
                    </button>
                </div>
                <Filters desk search />
                <DensityBar search />
            </header>
            <Show
                when=move || comparing.get()
                fallback=move || view! { <Timeline desk search cursor /> }
            >
                <CompareView desk />
            </Show>
            <Detail desk />
            <Help shown=helping />
        </div>
    }
    .into_any()
}

/// Closes the record that is open; where none is, the comparison.
fn close(desk: Desk) {
    let mut to = desk.route.get_untracked();
    if to.record.take().is_none() {
        to.compare = None;
    }
    desk.go(to, Step::Push);
}

/// Whether a key goes into a field; Escape leaves it.
fn in_field(event: &web_sys::KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok());
    let Some(element) = element else { return false };
    let field = matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT");
    if field && event.key() == "Escape" {
        // Of itself the browser would empty the field, and the query would stay.
        event.prevent_default();
        let _ = element.blur();
    }
    field
}
