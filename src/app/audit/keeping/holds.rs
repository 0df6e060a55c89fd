//! Legal holds: what they are about, and what offers itself.

use super::moment;
use crate::api::archive::{Key, Query};
use crate::api::format_time;
use crate::api::store::{Hold, HoldScope};
use crate::app::desk::Desk;
use crate::app::dom;
use leptos::prelude::*;

/// What a hold can be about: as the form names it.
const SCOPES: [(&str, &str); 3] =
    [("correlation", "a delivery"), ("token", "a token's reference"), ("time", "a time")];

/// What is being written for a new hold.
#[derive(Clone, Copy)]
struct Form {
    name: RwSignal<String>,
    scope: RwSignal<String>,
    /// The correlation id, the reference, or the first moment.
    value: RwSignal<String>,
    /// The last moment.
    until: RwSignal<String>,
}

impl Form {
    fn take(self, scope: &HoldScope) {
        let (kind, value, until) = match scope {
            HoldScope::Correlation(own) => ("correlation", own.as_str(), ""),
            HoldScope::Token(own) => ("token", own.as_str(), ""),
            HoldScope::Time { from, to } => ("time", from.as_str(), to.as_str()),
        };
        self.scope.set(kind.to_owned());
        self.value.set(value.to_owned());
        self.until.set(until.to_owned());
    }

    fn scope_now(self) -> HoldScope {
        let value = self.value.with_untracked(|text| text.trim().to_owned());
        // What is no time is refused as it stands.
        let time = |text: &str| moment(text).map_or_else(|| text.to_owned(), format_time);
        match self.scope.get_untracked().as_str() {
            "token" => HoldScope::Token(value),
            "time" => {
                HoldScope::Time { from: time(&value), to: self.until.with_untracked(|text| time(text)) }
            }
            _ => HoldScope::Correlation(value),
        }
    }
}

/// The holds in force, and a way to place one.
#[component]
pub fn Holds(desk: Desk) -> impl IntoView {
    let form = Form {
        name: RwSignal::new(String::new()),
        scope: RwSignal::new(String::from("correlation")),
        value: RwSignal::new(String::new()),
        until: RwSignal::new(String::new()),
    };
    let holds = Memo::new(move |_| {
        desk.revision.track();
        desk.keeper.with_value(|k| k.session.store().holds())
    });
    let list = move || holds.with(|holds| holds.iter().map(|hold| held(desk, hold)).collect::<Vec<_>>());
    let place = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let placed = format_time(desk.clock.get_untracked());
        let id = form.name.with_untracked(|name| name.trim().to_owned());
        desk.place_hold(Hold { id, scope: form.scope_now(), placed });
    };
    let options = SCOPES.map(|(value, words)| view! { <option value=value>{words}</option> });
    let field = |label: &'static str, testid: &'static str, text: RwSignal<String>| {
        view! {
            <label>
                <span>{label}</span>
                <input
                    type="text"
                    data-testid=testid
                    spellcheck="false"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                />
            </label>
        }
        .into_any()
    };
    let is_time = move || form.scope.with(|scope| scope == "time");
    view! {
        <section>
            <h3>"Legal holds"</h3>
            <p class="note">
                "A segment with a record that a hold is about can't be deleted. A hold does not keep anybody from wiping everything, or from removing the site's data."
            </p>
            <Show
                when=move || holds.with(|holds| !holds.is_empty())
                fallback=|| view! { <p class="note">"None in force."</p> }
            >
                <ul class="holds">{list}</ul>
            </Show>
            <form class="form" on:submit=place>
                <div class="fields">
                    {field("Name", "hold-name", form.name)}
                    <label>
                        <span>"About"</span>
                        <select
                            data-testid="hold-scope"
                            prop:value=move || form.scope.get()
                            on:change=move |event| form.scope.set(event_target_value(&event))
                        >
                            {options.into_iter().collect::<Vec<_>>()}
                        </select>
                    </label>
                    {move || {
                        let label = match is_time() {
                            true => "From",
                            false => "Which",
                        };
                        field(label, "hold-value", form.value)
                    }}
                    <Show when=is_time>{field("Until", "hold-until", form.until)}</Show>
                    <button type="submit" data-testid="hold-place">
                        "Place the hold"
                    </button>
                </div>
                {move || offers(desk, form)}
            </form>
        </section>
    }
    .into_any()
}

fn held(desk: Desk, hold: &Hold) -> AnyView {
    let id = hold.id.clone();
    let label = ["Release ", &id].concat();
    view! {
        <li data-testid="hold">
            <span>
                <strong>{hold.id.clone()}</strong>
                " "
                <code>{hold.scope.to_text()}</code>
                " "
                <span class="note">{["since ", &dom::tidy_time(&hold.placed)].concat()}</span>
            </span>
            <button
                type="button"
                data-testid="hold-release"
                aria-label=label
                on:click=move |_| desk.release_hold(id.clone())
            >
                "Release"
            </button>
        </li>
    }
    .into_any()
}

/// What the record that is open, and the query, offer as the scope of a hold.
fn offered(desk: Desk) -> Vec<HoldScope> {
    let (record, query) = desk.route.with(|r| (r.record, r.query.clone().unwrap_or_default()));
    let mut scopes = Vec::new();
    let query = Query::parse(&query).0;
    let first = |key: Key| query.values(key, false).first().cloned();
    let runs = first(Key::Member("correlation"));
    // A bundle that is open is another log.
    let own = record.filter(|_| desk.card.with(Option::is_none));
    let entry = own.and_then(|seq| desk.keeper.with_value(|k| k.session.entry(seq)));
    let run = entry.as_ref().map(|entry| entry.correlation.clone()).filter(|run| !run.is_empty());
    scopes.extend(run.or(runs).map(HoldScope::Correlation));
    for token in entry.iter().flat_map(|entry| &entry.tokens) {
        scopes.push(HoldScope::Token(token.reference.clone()));
    }
    let (after, before) = (first(Key::After), first(Key::Before));
    if let Some((from, to)) = after.zip(before) {
        scopes.push(HoldScope::Time { from, to });
    } else if let Some(entry) = entry {
        scopes.push(HoldScope::Time { from: entry.time.clone(), to: entry.time });
    }
    scopes
}

fn offers(desk: Desk, form: Form) -> AnyView {
    let offers = offered(desk);
    if offers.is_empty() {
        return view! {
            <p class="note">
                "Open a record in Audit first, and its delivery, tokens and time are offered here."
            </p>
        }
        .into_any();
    }
    let button = |scope: HoldScope| {
        let words = scope.to_text();
        view! {
            <button
                type="button"
                class="quiet"
                data-testid="hold-offer"
                on:click=move |_| form.take(&scope)
            >
                {words}
            </button>
        }
    };
    view! {
        <div class="buttons">
            <span class="note">"From what is open:"</span>
            {offers.into_iter().map(button).collect::<Vec<_>>()}
        </div>
    }
    .into_any()
}
