//! Audit: the timeline as stored, filtered, verified, record by record.

mod badge;
mod detail;
mod filters;
mod query;
mod timeline;

use super::desk::Desk;
use badge::Badge;
use detail::Detail;
use filters::Filters;
use leptos::prelude::*;
use query::Found;
use timeline::Timeline;

/// The Audit view.
#[component]
pub fn AuditView(desk: Desk) -> impl IntoView {
    let found: Memo<Found> = Memo::new(move |_| {
        desk.revision.track();
        desk.route.with(|route| desk.keeper.with_value(|k| query::find(k.session.store().archive(), route)))
    });
    let open = Memo::new(move |_| desk.route.with(|r| r.record));
    view! {
        <h1 class="sr-only">"Audit"</h1>
        <div class="audit" class:with-detail=move || open.get().is_some()>
            <header class="audit-bar">
                <Badge desk />
                <Filters desk found />
            </header>
            <Timeline desk found />
            <Detail desk />
        </div>
    }
    .into_any()
}
