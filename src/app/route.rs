//! The URL fragment: view, open scenario, filters, selected record. It never holds a payload:
//! a draft that it carries is a policy, or is refused.

use crate::api::archive::{Key, Query};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;

/// A view of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Send events and see what becomes of them.
    #[default]
    Run,
    /// Edit the mapping policy and see what would change.
    Policy,
    /// The audit timeline.
    Audit,
}

impl View {
    /// All views, in the order of the rail.
    pub const ALL: [Self; 3] = [Self::Run, Self::Policy, Self::Audit];

    /// The word in the fragment.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Policy => "policy",
            Self::Audit => "audit",
        }
    }

    /// The word in the rail.
    pub fn title(self) -> &'static str {
        match self {
            Self::Run => "Run",
            Self::Policy => "Policy",
            Self::Audit => "Audit",
        }
    }
}

/// Two runs that are held against each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Correlation id of the one, in the log on view.
    pub run: String,
    /// That of the other.
    pub with: String,
    /// Whether the other is one of this browser's timeline, whatever log is on view.
    pub own: bool,
}

/// Where the page is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The view shown.
    pub view: View,
    /// The scenario open in Run; none for the first one.
    pub scenario: Option<String>,
    /// Policy: a draft that a link carries, packed; none once it has been taken up.
    pub draft: Option<String>,
    /// Policy: the derived document that is shown, in place of the policy itself.
    pub document: Option<String>,
    /// Audit: what is asked of the log, as the text of a [`Query`].
    pub query: Option<String>,
    /// Audit: the record whose detail is open.
    pub record: Option<u64>,
    /// Audit: two runs side by side, in the place of the list.
    pub compare: Option<Compared>,
}

impl Route {
    /// Reads a fragment such as `#/audit?q=outcome:denied&record=12`. What it does not know it leaves out.
    pub fn parse(fragment: &str) -> Self {
        let path = fragment.trim_start_matches('#').trim_start_matches('/');
        let (view, query) = path.split_once('?').unwrap_or((path, ""));
        let view = View::ALL.into_iter().find(|v| v.slug() == view).unwrap_or_default();
        let mut route = Self { view, ..Self::default() };
        let Ok(params) = UrlSearchParams::new_with_str(query) else { return route };
        let get = |key: &str| params.get(key).filter(|value| !value.is_empty());
        route.scenario = get("scenario");
        route.draft = get("draft");
        route.document = get("document");
        route.query = get("q");
        route.record = get("record").and_then(|r| r.parse().ok());
        route.compare = get("compare").map(|run| {
            let own = get("with-own");
            Compared { run, own: own.is_some(), with: own.or_else(|| get("with")).unwrap_or_default() }
        });
        route
    }

    /// The fragment that says the same.
    pub fn fragment(&self) -> String {
        let mut out = String::from("#/");
        out.push_str(self.view.slug());
        let Ok(params) = UrlSearchParams::new() else { return out };
        let record = self.record.map(|r| r.to_string());
        let compared = self.compare.as_ref();
        let with = |own: bool| compared.filter(|c| c.own == own).map(|c| c.with.clone());
        for (key, value) in [
            ("scenario", &self.scenario),
            ("draft", &self.draft),
            ("document", &self.document),
            ("q", &self.query),
            ("record", &record),
            ("compare", &compared.map(|c| c.run.clone())),
            ("with", &with(false)),
            ("with-own", &with(true)),
        ] {
            if let Some(value) = value {
                params.append(key, value);
            }
        }
        let query = String::from(params.to_string());
        if !query.is_empty() {
            out.push('?');
            out.push_str(&query);
        }
        out
    }

    /// Audit, with all records of one delivery.
    pub fn of_run(correlation: &str, scenario: Option<String>) -> Self {
        let mut query = Query::default();
        query.set(Key::Member("correlation"), false, &[correlation.to_owned()]);
        Self { view: View::Audit, scenario, query: Some(query.to_text()), ..Self::default() }
    }

    /// This place, in another view.
    pub fn in_view(&self, view: View) -> Self {
        Self { view, ..self.clone() }
    }
}

/// Whether going somewhere leaves a step in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A step of its own: back returns to where one was.
    Push,
    /// In place of the step before: for typing in a filter.
    Replace,
}

/// The route as the address bar has it now.
pub fn current() -> Route {
    Route::parse(&window().location().hash().unwrap_or_default())
}

/// Goes somewhere: the signal and the address bar.
pub fn go(route: RwSignal<Route>, to: Route, step: Step) {
    if route.with_untracked(|r| *r == to) {
        return;
    }
    let fragment = to.fragment();
    if let Ok(history) = window().history() {
        // A refusal (a sandboxed frame) leaves the address as it was; the page itself still moves.
        let _ = match step {
            Step::Push => history.push_state_with_url(&JsValue::NULL, "", Some(&fragment)),
            Step::Replace => history.replace_state_with_url(&JsValue::NULL, "", Some(&fragment)),
        };
    }
    route.set(to);
}

/// Keeps the signal with the address bar: back, forward, an edited fragment, a link.
pub fn follow(route: RwSignal<Route>) {
    let sync = move || {
        let now = current();
        if route.with_untracked(|r| *r != now) {
            route.set(now);
        }
    };
    let _ = window_event_listener(leptos::ev::hashchange, move |_| sync());
    let _ = window_event_listener(leptos::ev::popstate, move |_| sync());
}
