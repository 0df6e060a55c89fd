//! The frame around the views: rail, top bar, banners, foot.

mod banner;
mod foot;
mod rail;
mod theme;
mod top_bar;

use super::audit::{AuditView, Keeping};
use super::desk::Desk;
use super::policy::PolicyTabs;
use super::route::View;
use super::run::{Attest, RunView};
use banner::Banner;
use foot::Foot;
use leptos::prelude::*;
use rail::Rail;
use top_bar::TopBar;

/// The whole page.
pub fn page() -> AnyView {
    theme::apply(&theme::chosen());
    let desk = Desk::open();
    let view = Memo::new(move |_| desk.route.with(|r| r.view));
    Effect::new(move |_| {
        document().set_title(&["Airlock · ", view.get().title()].concat());
    });
    view! {
        <a class="skip" href="#main" on:click=skip>
            "Skip to the content"
        </a>
        <div class="frame" class:fitted=move || view.get() == View::Audit>
            <TopBar desk />
            <Rail view=view on_go=Callback::new(move |to| desk.go_view(to)) />
            <main id="main" tabindex="-1">
                <Banner desk />
                {move || match view.get() {
                    View::Run => view! { <RunView desk /> }.into_any(),
                    View::Policy => view! { <PolicyTabs desk /> }.into_any(),
                    View::Audit => view! { <AuditView desk /> }.into_any(),
                }}
            </main>
            <Foot />
        </div>
        <Attest bench=desk.bench />
        <Keeping desk />
        <div class="sr-only" role="status" aria-live="polite" data-testid="live">
            {move || desk.live.get()}
        </div>
    }
    .into_any()
}

/// Moves the focus without touching the fragment, which is the page's state.
fn skip(event: web_sys::MouseEvent) {
    event.prevent_default();
    use wasm_bindgen::JsCast;
    let main = document().get_element_by_id("main").and_then(|m| m.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(main) = main {
        let _ = main.focus();
    }
}
