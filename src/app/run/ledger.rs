//! The field ledger: a row for each element of the source.

use super::ledger_row::row_view;
use crate::api::LedgerRow;
use crate::app::desk::Desk;
use crate::app::parts::VirtualList;
use crate::app::{text, words};
use leptos::prelude::*;
use std::sync::Arc;

const ROW: usize = 28;

/// Which rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    All,
    Crossed,
    Withheld,
}

impl Only {
    fn keeps(self, row: &LedgerRow) -> bool {
        match self {
            Self::All => true,
            Self::Crossed => row.crossed,
            Self::Withheld => !row.crossed,
        }
    }
}

/// The ledger of the delivery shown.
#[component]
pub fn Ledger(desk: Desk) -> impl IntoView {
    let bench = desk.bench;
    let only = RwSignal::new(Only::All);
    let rows = Memo::new(move |_| {
        let only = only.get();
        bench.shown.with(|sent| {
            let ledger = sent.as_ref().map(|s| s.ledger()).unwrap_or_default();
            let kept = ledger.iter().enumerate().filter(|(_, row)| only.keeps(row));
            kept.map(|(i, _)| i).collect::<Vec<_>>()
        })
    });
    let count = Signal::derive(move || rows.with(Vec::len));
    let row = Arc::new(move |place: usize| {
        let index = rows.with(|r| r.get(place).copied()).unwrap_or(usize::MAX);
        let reveal = bench.reveal.get();
        bench
            .shown
            .with(|sent| {
                let sent = sent.as_ref()?;
                let row = sent.ledger().get(index)?;
                let source = reveal.then(|| text::clip(text::slice(&sent.request.body, row.span), 160));
                Some(row_view(row, source))
            })
            .into_any()
    });
    let total = move || bench.shown.with(|s| s.as_ref().map_or(0, |s| s.ledger().len()));
    let head = || {
        let names = ["Path", "Source", "Class", "Label", "Rule", "Method", "What crossed"];
        let cells = names.map(|n| view! { <span role="columnheader">{n}</span> });
        view! {
            <div class="ledger-row ledger-head" role="row">
                {cells.into_iter().collect::<Vec<_>>()}
            </div>
        }
        .into_any()
    };
    let focus = Signal::derive(|| None::<usize>);
    view! {
        <section
            class="ledger"
            class:revealed=move || bench.reveal.get()
            aria-labelledby="ledger-title"
        >
            <header class="ledger-bar">
                <h2 id="ledger-title">"Field ledger"</h2>
                <span class="note" data-testid="ledger-count">
                    {move || text::count(total(), "element")}
                </span>
                <Show when=move || total().gt(&0)>
                    <div class="tabs" role="group" aria-label="Rows">
                        {filter(only, Only::All, "All", "ledger-all")}
                        {filter(only, Only::Crossed, "Crossed", "ledger-crossed")}
                        {filter(only, Only::Withheld, "Withheld", "ledger-withheld")}
                    </div>
                    <div class="ledger-counts" data-testid="ledger-labels">
                        {move || counts(desk)}
                    </div>
                    <button
                        type="button"
                        data-testid="reveal"
                        aria-pressed=move || if bench.reveal.get() { "true" } else { "false" }
                        on:click=move |_| bench.reveal.update(|r| *r = !*r)
                    >
                        {move || if bench.reveal.get() { "Hide source values" } else { "Show source values" }}
                    </button>
                </Show>
            </header>
            <Show
                when=move || total().gt(&0)
                fallback=move || {
                    let words = if bench.shown.with(Option::is_some) {
                        "The body was not read, so there is no element to account for."
                    } else {
                        "Every element of the source gets a row here: whether it crossed, under which rule, and by which method. What no rule names does not cross."
                    };
                    view! { <p class="empty">{words}</p> }
                }
            >
                <VirtualList
                    count
                    row_height=ROW
                    row=row.clone()
                    focus=focus
                    head=head()
                    role="table"
                    label="Field ledger"
                    testid="ledger"
                />
            </Show>
        </section>
    }
    .into_any()
}

fn filter(only: RwSignal<Only>, which: Only, words: &'static str, testid: &'static str) -> AnyView {
    view! {
        <button
            type="button"
            class="chip"
            data-testid=testid
            aria-pressed=move || if only.get() == which { "true" } else { "false" }
            on:click=move |_| only.set(which)
        >
            {words}
        </button>
    }
    .into_any()
}

fn counts(desk: Desk) -> Vec<AnyView> {
    let labels = ["allowed", "transformed", "redacted", "prohibited"];
    desk.bench.shown.with(|sent| {
        let ledger = sent.as_ref().map(|s| s.ledger()).unwrap_or_default();
        let count = |label: &&str| {
            let n = ledger.iter().filter(|row| row.label == **label).count();
            let unnamed = ledger.iter().filter(|row| row.label == **label && row.rule.is_none()).count();
            (n > 0).then(|| {
                let named = (unnamed > 0).then(|| [" (", &text::group(unnamed), " not named)"].concat());
                view! {
                    <span class="ledger-tally">
                        <strong>{text::group(n)}</strong>
                        {words::mark(words::label(label), label)}
                        {named}
                    </span>
                }
                .into_any()
            })
        };
        labels.iter().filter_map(count).collect()
    })
}
