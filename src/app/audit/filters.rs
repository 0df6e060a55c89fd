//! The query: one field of text, and for some members a choice with counts. All of it lives in the address bar.

use super::saved::Saved;
use super::search::{FACETS, Search};
use crate::api::archive::{FacetValue, Key};
use crate::app::desk::Desk;
use crate::app::route::Step;
use crate::app::text;
use leptos::prelude::*;

/// What the choice of records without the member is called in the document; no value of a member is written so.
const ABSENT: &str = "\"\"";

/// Choices that are offered, bytes that one may have, and characters that are shown of it; all can be asked for in the query.
const MOST: usize = 200;
const LONGEST: usize = 400;
const CLIP: usize = 60;

/// The query, the choices, and how many records they leave.
#[component]
pub fn Filters(desk: Desk, search: Search) -> impl IntoView {
    let query = Memo::new(move |_| desk.route.with(|r| r.query.clone()).unwrap_or_default());
    // The first letter leaves a step in the history, and those after it none.
    let typed = StoredValue::new(false);
    let on_query = move |event| {
        let step = if typed.get_value() { Step::Replace } else { Step::Push };
        typed.set_value(true);
        search.ask(&event_target_value(&event), step);
    };
    let choices = FACETS.into_iter().enumerate().map(|(at, facet)| choice(search, at, facet));
    let choices = choices.collect::<Vec<_>>();
    let notes = Memo::new(move |_| search.summary.with(|s| s.notes.clone()));
    let noted = move || {
        let items = notes.get().into_iter().map(|note| {
            view! {
                <li>
                    <code>{note.code}</code>
                    " "
                    {note.message}
                    " "
                    <span class="note">{note.help}</span>
                </li>
            }
        });
        let items = items.collect::<Vec<_>>();
        (!items.is_empty()).then(|| {
            view! {
                <ul class="query-notes" id="query-notes" data-testid="query-notes">
                    {items}
                </ul>
            }
        })
    };
    view! {
        <form class="filters" role="search" aria-label="Filters" on:submit=|e| e.prevent_default()>
            <div class="query-line">
                <input
                    type="search"
                    class="query"
                    aria-label="Query"
                    aria-describedby="query-notes"
                    spellcheck="false"
                    autocomplete="off"
                    placeholder="outcome:denied code:consent run:run-000001 — / to search, ? for help"
                    data-testid="query"
                    prop:value=move || query.get()
                    on:focus=move |_| typed.set_value(false)
                    on:input=on_query
                />
                <button
                    type="button"
                    data-testid="filter-clear"
                    disabled=move || query.with(String::is_empty)
                    on:click=move |_| search.ask("", Step::Push)
                >
                    "Clear"
                </button>
                <Saved desk search />
                <span class="note" data-testid="audit-count">
                    {move || search.summary.with(|s| counted(s.count, s.total, s.unread, s.gone))}
                </span>
            </div>
            {noted}
            <div class="facets">{choices}</div>
        </form>
    }
    .into_any()
}

fn counted(count: usize, total: usize, unread: usize, gone: usize) -> String {
    let mut words = [&text::group(count), " of ", &text::count(total, "record")].concat();
    for (n, what) in [(unread, " not read yet"), (gone, " gone")] {
        if n > 0 {
            words.push_str(&["; ", &text::group(n), what].concat());
        }
    }
    words
}

fn choice(search: Search, at: usize, (key, name): (Key, &'static str)) -> AnyView {
    let shown = Memo::new(move |_| {
        search
            .summary
            .with(|s| (s.facets.get(at).cloned().unwrap_or_default(), s.query.values(key, false).to_vec()))
    });
    let on_change = move |event| {
        let chosen = event_target_value(&event);
        let values = match chosen.as_str() {
            "" => Vec::new(),
            ABSENT => vec![String::new()],
            _ => vec![chosen],
        };
        search.set(key, &values, Step::Push);
    };
    view! {
        <label>
            <span>{name}</span>
            <select data-testid=["filter-", key.name()].concat() on:change=on_change>
                {move || shown.with(|(counts, now)| options(counts, now))}
            </select>
        </label>
    }
    .into_any()
}

/// The choices with their numbers; what is in force stays there even when nothing has it.
fn options(counts: &[FacetValue], now: &[String]) -> Vec<AnyView> {
    let mut out = vec![option("", "all".to_owned(), now.is_empty())];
    let short = |value: &&FacetValue| value.value.len() <= LONGEST;
    for FacetValue { value, count } in counts.iter().filter(short).take(MOST) {
        let name = if value.is_empty() { "none".to_owned() } else { text::plain(value, CLIP) };
        let label = [&name, " (", &text::group(text::size(*count)), ")"].concat();
        let own = if value.is_empty() { ABSENT } else { value };
        let chosen = matches!(now, [one] if one.eq_ignore_ascii_case(value));
        out.push(option(own, label, chosen));
    }
    match now {
        [] => {}
        [one] if counts.iter().filter(short).take(MOST).any(|c| c.value.eq_ignore_ascii_case(one)) => {}
        [one] if !one.is_empty() => out.push(option(one, text::plain(one, CLIP), true)),
        _ => out.push(option(ABSENT, text::plain(&now.join(", "), CLIP), true)),
    }
    out
}

fn option(value: &str, label: String, chosen: bool) -> AnyView {
    view! {
        <option value=value.to_owned() prop:selected=chosen>
            {label}
        </option>
    }
    .into_any()
}
