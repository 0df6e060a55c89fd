//! The filters: outcome, stage, correlation id. They live in the address bar.

use super::query::Found;
use crate::app::desk::Desk;
use crate::app::route::{Route, Step};
use crate::app::text;
use leptos::prelude::*;

/// The filters and how many records they leave.
#[component]
pub fn Filters(desk: Desk, found: Memo<Found>) -> impl IntoView {
    let change = move |step: Step, set: &dyn Fn(&mut Route)| {
        let mut to = desk.route.get_untracked();
        set(&mut to);
        desk.go(to, step);
    };
    let outcome = Memo::new(move |_| desk.route.with(|r| r.outcome.clone()));
    let stage = Memo::new(move |_| desk.route.with(|r| r.stage.clone()));
    let correlation = move || desk.route.with(|r| r.correlation.clone()).unwrap_or_default();
    let any =
        move || desk.route.with(|r| r.outcome.is_some() || r.stage.is_some() || r.correlation.is_some());
    let on_outcome = move |event| {
        let value = chosen(event_target_value(&event));
        change(Step::Push, &|r| r.outcome.clone_from(&value));
    };
    let on_stage = move |event| {
        let value = chosen(event_target_value(&event));
        change(Step::Push, &|r| r.stage.clone_from(&value));
    };
    let on_correlation = move |event| {
        let value = chosen(event_target_value(&event));
        change(Step::Replace, &|r| r.correlation.clone_from(&value));
    };
    let clear = move |_| {
        change(Step::Push, &|r| {
            r.outcome = None;
            r.stage = None;
            r.correlation = None;
        });
    };
    view! {
        <form class="filters" role="search" aria-label="Filters" on:submit=|e| e.prevent_default()>
            <label>
                <span>"Outcome"</span>
                <select data-testid="filter-outcome" on:change=on_outcome>
                    {move || found.with(|f| options(&f.outcomes, &outcome.get()))}
                </select>
            </label>
            <label>
                <span>"Stage"</span>
                <select data-testid="filter-stage" on:change=on_stage>
                    {move || found.with(|f| options(&f.stages, &stage.get()))}
                </select>
            </label>
            <label>
                <span>"Correlation id"</span>
                <input
                    type="search"
                    spellcheck="false"
                    autocomplete="off"
                    placeholder="run-000001"
                    data-testid="filter-correlation"
                    prop:value=correlation
                    on:input=on_correlation
                />
            </label>
            <button
                type="button"
                data-testid="filter-clear"
                disabled=move || !any()
                on:click=clear
            >
                "Clear"
            </button>
            <span class="note" data-testid="audit-count">
                {move || {
                    found
                        .with(|f| {
                            [&text::group(f.rows.len()), " of ", &text::count(f.total, "record")]
                                .concat()
                        })
                }}
            </span>
        </form>
    }
    .into_any()
}

fn chosen(value: String) -> Option<String> {
    (!value.is_empty()).then_some(value)
}

/// The choices with their numbers; the one in force stays there even when nothing has it.
fn options(counts: &[(String, usize)], now: &Option<String>) -> Vec<AnyView> {
    let absent = now.iter().filter(|n| !counts.iter().any(|(word, _)| word == *n)).map(|n| (n.clone(), 0));
    let mut out = vec![
        view! {
            <option value="" prop:selected=now.is_none()>
                "all"
            </option>
        }
        .into_any(),
    ];
    for (word, n) in counts.iter().cloned().chain(absent) {
        let label = [word.as_str(), " (", &text::group(n), ")"].concat();
        let selected = now.as_ref() == Some(&word);
        out.push(
            view! {
                <option value=word prop:selected=selected>
                    {label}
                </option>
            }
            .into_any(),
        );
    }
    out
}
