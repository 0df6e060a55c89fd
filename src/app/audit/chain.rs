//! The chain of a record's delivery: all its records in their order, and what is missing among them.

use super::super::words;
use super::compare::CompareWith;
use crate::api::ChainGap;
use crate::api::archive::Chain;
use crate::app::desk::Desk;
use crate::app::route::{Route, Step};
use crate::app::text;
use leptos::prelude::*;

/// Records of a chain that are listed.
const MOST: usize = 120;
/// Records of a chain that is looked through: no delivery has as many.
pub const LONG: usize = 5_000;
/// Characters that are shown of what a record says.
const CLIP: usize = 80;

/// A chain as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    chain: Chain,
    gaps: Vec<ChainGap>,
    /// Of each record that is listed: place, stage and action, outcome.
    rows: Vec<(u64, String, String)>,
}

/// The chain of a correlation id, with the record that is open marked.
#[component]
pub fn ChainPanel(desk: Desk, correlation: String, seq: u64, unfolded: RwSignal<bool>) -> impl IntoView {
    let id = correlation.clone();
    let shown = Memo::new(move |_| {
        desk.revision.track();
        let shown = desk.on_view(|log| {
            let archive = log.archive();
            let chain = archive.chain(&id);
            let member = |at: u64, name: &str| archive.member(at, name).unwrap_or_default();
            // Where there are too many, those around the record that is open.
            let here = chain.records.partition_point(|at| *at < seq);
            let from = here.saturating_sub(MOST / 2).min(chain.records.len().saturating_sub(MOST));
            let listed = chain.records.iter().skip(from).take(MOST);
            let rows = listed.map(|at| {
                let what = [&member(*at, "stage"), " ", &member(*at, "action")].concat();
                (*at, text::plain(&what, CLIP), text::plain(&member(*at, "outcome"), CLIP))
            });
            let rows = rows.collect();
            let gaps = if chain.records.len() > LONG { Vec::new() } else { log.chain_gaps(&chain) };
            Shown { gaps, rows, chain }
        });
        shown.unwrap_or_default()
    });
    let own = correlation.clone();
    let follow = move |_| {
        let scenario = desk.route.with_untracked(|r| r.scenario.clone());
        let to = Route { record: Some(seq), ..Route::of_run(&correlation, scenario) };
        desk.go(to, Step::Push);
    };
    view! {
        <h3>"Chain"</h3>
        {move || shown.with(|shown| listed(desk, shown, seq))}
        <button type="button" data-testid="follow" on:click=follow>
            "Show this chain in the timeline"
        </button>
        <CompareWith desk run=own unfolded />
    }
    .into_any()
}

fn listed(desk: Desk, shown: &Shown, seq: u64) -> AnyView {
    let mut items = Vec::with_capacity(shown.rows.len() + shown.gaps.len());
    let first = shown.rows.first().map_or(0, |row| row.0);
    let last = shown.rows.last().map_or(0, |row| row.0);
    let lone = |gap: &&ChainGap| gap.after.is_none_or(|after| after < first);
    items.extend(shown.gaps.iter().filter(lone).map(gap_view));
    for (at, what, outcome) in &shown.rows {
        items.push(row(desk, (*at, what, outcome), seq));
        items.extend(shown.gaps.iter().filter(|gap| gap.after == Some(*at)).map(gap_view));
    }
    let beyond = |gap: &&ChainGap| gap.after.is_some_and(|after| after > last);
    items.extend(shown.gaps.iter().filter(beyond).map(gap_view));
    let all = shown.chain.records.len();
    let more = (all > shown.rows.len()).then(|| {
        let words =
            [&text::group(shown.rows.len()), " of ", &text::count(all, "record"), " are listed."].concat();
        view! { <p class="note">{words}</p> }
    });
    let unread = (shown.chain.unread > 0).then(|| {
        let words = [
            &text::group(text::size(shown.chain.unread)),
            " records of the log are not here; some may be of this chain.",
        ];
        view! { <p class="note">{words.concat()}</p> }
    });
    let whole = (shown.gaps.is_empty() && shown.chain.unread == 0 && all <= LONG).then(|| {
        view! { <p class="note">"Every stage that this delivery must have is there, or is still to come."</p> }
    });
    view! {
        <ol class="chain" data-testid="chain">
            {items}
        </ol>
        {more}
        {unread}
        {whole}
    }
    .into_any()
}

fn row(desk: Desk, (at, what, outcome): (u64, &str, &str), seq: u64) -> AnyView {
    let go = move |_| {
        let mut to = desk.route.get_untracked();
        to.record = Some(at);
        desk.go(to, Step::Push);
    };
    view! {
        <li>
            <button
                type="button"
                class="quiet"
                aria-current=(at == seq).then_some("true")
                data-testid="chain-record"
                on:click=go
            >
                <span class="seq">{at.to_string()}</span>
                <span>{what.to_owned()}</span>
                {words::outcome_mark(outcome)}
            </button>
        </li>
    }
    .into_any()
}

fn gap_view(gap: &ChainGap) -> AnyView {
    view! {
        <li class="gap" data-testid="chain-gap">
            {words::mark(("bad", "⚠"), "gap")}
            " "
            {gap.what.clone()}
        </li>
    }
    .into_any()
}
