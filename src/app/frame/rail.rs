//! The rail: the views there are. Under 1000 px it is a bar at the bottom.

use crate::app::parts::{Icon, icon};
use crate::app::route::View;
use leptos::prelude::*;

/// The views as a list of links.
#[component]
pub fn Rail(
    /// The view shown.
    view: Memo<View>,
    /// Called with the view to go to.
    on_go: Callback<View>,
) -> impl IntoView {
    let item = |to: View| {
        let (symbol, testid) = match to {
            View::Run => (Icon::Run, "nav-run"),
            View::Policy => (Icon::Policy, "nav-policy"),
            View::Audit => (Icon::Audit, "nav-audit"),
        };
        let go = move |event: web_sys::MouseEvent| {
            // A click with a modifier opens another tab, as everywhere.
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                on_go.run(to);
            }
        };
        view! {
            <li>
                <a
                    href=["#/", to.slug()].concat()
                    aria-current=move || (view.get() == to).then_some("page")
                    data-testid=testid
                    on:click=go
                >
                    {icon(symbol)}
                    <span>{to.title()}</span>
                </a>
            </li>
        }
    };
    view! {
        <nav class="rail" aria-label="Views">
            <ul>{View::ALL.map(item).into_iter().collect::<Vec<_>>()}</ul>
        </nav>
    }
    .into_any()
}
