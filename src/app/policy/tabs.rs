//! The Policy view's tabs: the policy itself, and the documents that follow from it.

use super::PolicyView;
use super::documents::Documents;
use crate::api::DerivedDocument;
use crate::app::desk::Desk;
use crate::app::dom;
use crate::app::route::{self, Route, Step};
use leptos::prelude::*;

/// A part of the Policy view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Mapping,
    Documents,
}

impl Tab {
    const ALL: [Self; 2] = [Self::Mapping, Self::Documents];

    fn of(route: &Route) -> Self {
        if route.document.is_some() { Self::Documents } else { Self::Mapping }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Mapping => "Mapping",
            Self::Documents => "Documents",
        }
    }

    fn slug(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Documents => "documents",
        }
    }

    /// The tab beside it.
    fn other(self) -> Self {
        match self {
            Self::Mapping => Self::Documents,
            Self::Documents => Self::Mapping,
        }
    }
}

/// The Policy view. The address bar says which part of it is shown.
#[component]
pub fn PolicyTabs(desk: Desk) -> impl IntoView {
    let shown = Memo::new(move |_| desk.route.with(Tab::of));
    let go = move |tab: Tab| {
        let document = match tab {
            Tab::Mapping => None,
            Tab::Documents => Some(DerivedDocument::MappingSheet.as_str().to_owned()),
        };
        let to = Route { document, ..desk.route.get_untracked() };
        if tab != shown.get_untracked() {
            route::go(desk.route, to, Step::Push);
        }
    };
    // Arrows, Home and End move between tabs, as the ARIA pattern for tabs has it.
    let keys = move |event: web_sys::KeyboardEvent| {
        let to = match event.key().as_str() {
            "ArrowLeft" | "ArrowRight" => shown.get_untracked().other(),
            "Home" => Tab::Mapping,
            "End" => Tab::Documents,
            _ => return,
        };
        event.prevent_default();
        go(to);
        dom::focus_on(["tab-", to.slug()].concat());
    };
    let one = move |tab: Tab| {
        let is_shown = move || shown.get() == tab;
        view! {
            <button
                type="button"
                role="tab"
                id=["tab-", tab.slug()].concat()
                data-testid=["tab-", tab.slug()].concat()
                aria-controls="policy-panel"
                aria-selected=move || if is_shown() { "true" } else { "false" }
                tabindex=move || if is_shown() { "0" } else { "-1" }
                on:click=move |_| go(tab)
            >
                {tab.name()}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label="Parts of the Policy view" on:keydown=keys>
            {Tab::ALL.map(one).into_iter().collect::<Vec<_>>()}
        </div>
        <div
            id="policy-panel"
            role="tabpanel"
            aria-labelledby=move || ["tab-", shown.get().slug()].concat()
        >
            {move || match shown.get() {
                Tab::Mapping => view! { <PolicyView desk /> }.into_any(),
                Tab::Documents => view! { <Documents desk /> }.into_any(),
            }}
        </div>
    }
    .into_any()
}
