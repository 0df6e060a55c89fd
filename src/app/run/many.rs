//! What became of many: a summary by outcome, and the items.

use super::batch::{self, Item};
use crate::api::{NotAnEvent, NotEvents};
use crate::app::desk::Desk;
use crate::app::parts::VirtualList;
use crate::app::{text, words};
use leptos::prelude::*;
use std::sync::Arc;

const ROW: usize = 28;

/// The summary and the list of items of the own input.
#[component]
pub fn Many(desk: Desk) -> impl IntoView {
    let own = desk.bench.own;
    let only = RwSignal::new(None::<String>);
    let at = RwSignal::new(None::<usize>);
    let rows = Memo::new(move |_| {
        own.tally.track();
        let only = only.get();
        own.items.with_value(|items| {
            let wanted = |item: &Item| only.as_ref().is_none_or(|o| *o == item.outcome);
            items.iter().enumerate().filter(|(_, i)| wanted(i)).map(|(at, _)| at).collect::<Vec<_>>()
        })
    });
    let count = Signal::derive(move || rows.with(Vec::len));
    let open = move |place: usize| {
        if let Some(index) = rows.with_untracked(|r| r.get(place).copied()) {
            at.set(Some(place));
            batch::pick(desk, index);
        }
    };
    let keys = move |event: web_sys::KeyboardEvent| {
        let last = count.get_untracked().saturating_sub(1);
        let now = at.get_untracked();
        let to = match event.key().as_str() {
            "ArrowDown" | "j" => now.map_or(0, |n| n.saturating_add(1).min(last)),
            "ArrowUp" | "k" => now.map_or(0, |n| n.saturating_sub(1)),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        open(to);
    };
    let row = Arc::new(move |place: usize| {
        let index = rows.with(|r| r.get(place).copied()).unwrap_or(usize::MAX);
        let item = own.items.with_value(|items| items.get(index).cloned());
        item.map(|item| row_view(&item, place, at.get() == Some(place), open)).into_any()
    });
    let kept = move || {
        own.tally.with(|t| {
            (t.kept < t.sent && t.sent > 0).then(|| {
                let kept = text::count(t.kept, "item");
                ["Stages and ledger are kept for ", &kept, ", the outcome for all of them."].concat()
            })
        })
    };
    view! {
        <div class="many">
            <div class="tally" data-testid="tally">
                {move || {
                    own.tally.with(|t| t.outcomes.iter().map(|o| chip(o, only)).collect::<Vec<_>>())
                }}
            </div>
            {move || kept().map(|words| view! { <p class="note">{words}</p> })}
            {move || own.tally.with(|t| not_events(&t.not_events))}
            <Show when=move || own.tally.with(|t| t.sent > 0)>
                <div class="items" on:keydown=keys>
                    <VirtualList
                        count
                        row_height=ROW
                        row=row.clone()
                        focus=at
                        active=Signal::derive(move || at.get().map(item_id))
                        role="listbox"
                        label="Items"
                        testid="items"
                    />
                </div>
            </Show>
        </div>
    }
    .into_any()
}

/// What of an input is no event of the policy, by what it is, with a shipped policy that would cover it.
pub fn not_events(not_events: &NotEvents) -> Option<AnyView> {
    let row = |(what, count): &(NotAnEvent, usize)| {
        let NotAnEvent { what, covered_by } = what.clone();
        let named = what.clone();
        view! {
            <tr data-testid="not-an-event" data-what=named data-count=count.to_string()>
                <td>{text::group(*count)}</td>
                <td>{what}</td>
                <td>{covered_by.map(|policy| view! { <code>{policy}</code> })}</td>
            </tr>
        }
        .into_any()
    };
    let rows = not_events.0.iter().map(row).collect::<Vec<_>>();
    (!rows.is_empty()).then(|| {
        view! {
            <details class="not-events" data-testid="not-events">
                <summary>{text::group(not_events.total())} " not events of this policy: not sent"</summary>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Number"</th>
                            <th scope="col">"What"</th>
                            <th scope="col">"Shipped policy that would cover it"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </details>
        }
        .into_any()
    })
}

fn item_id(place: usize) -> String {
    ["item-", &place.to_string()].concat()
}

fn chip((word, n): &(String, usize), only: RwSignal<Option<String>>) -> AnyView {
    let (word, n) = (word.clone(), text::group(*n));
    let (this, that) = (word.clone(), word.clone());
    let pressed = move || if only.with(|o| o.as_ref() == Some(&this)) { "true" } else { "false" };
    let toggle = move |_| {
        only.update(|o| *o = if o.as_ref() == Some(&that) { None } else { Some(that.clone()) });
    };
    view! {
        <button
            type="button"
            class="chip"
            aria-pressed=pressed
            data-testid=["tally-", &word].concat()
            on:click=toggle
        >
            <strong>{n}</strong>
            {words::outcome_mark(&word)}
        </button>
    }
    .into_any()
}

fn row_view(item: &Item, place: usize, open: bool, pick: impl Fn(usize) + 'static) -> AnyView {
    // The place within the input tells items apart: it is never cut short.
    let cut = item.input.rfind('#').or_else(|| item.input.rfind(':')).unwrap_or(item.input.len());
    let (name, place_in) = item.input.split_at_checked(cut).unwrap_or((&item.input, ""));
    let code = match (&item.code, &item.path) {
        (Some(code), Some(path)) => [code.as_str(), " · ", path].concat(),
        (Some(code), None) => code.clone(),
        _ => item.correlation.clone().unwrap_or_default(),
    };
    view! {
        <div
            class="item"
            class:open=open
            role="option"
            id=item_id(place)
            aria-selected=if open { "true" } else { "false" }
            data-testid="item"
            on:click=move |_| pick(place)
        >
            {words::outcome_mark(&item.outcome)}
            <span class="item-input" title=item.input.clone()>
                <span class="item-name">{name.to_owned()}</span>
                <span>{place_in.to_owned()}</span>
            </span>
            <span class="item-code">{code}</span>
        </div>
    }
    .into_any()
}
