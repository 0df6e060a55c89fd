//! The preview: the open scenario under the draft, beside the policy in force.

use super::compare::{self, Change, ElementChange, FieldChange, Trial};
use super::fields;
use crate::api::RunView;
use crate::app::desk::Desk;
use crate::app::{text, words};
use leptos::prelude::*;

/// Elements listed at most; the count says how many there are.
const LISTED: usize = 200;

/// What the draft does to the open scenario.
#[component]
pub fn PreviewPane(desk: Desk) -> impl IntoView {
    let sheet = desk.sheet;
    let title = move || desk.bench.scenario.with(|s| s.as_ref().map(|s| s.card.title.clone()));
    let content = move || {
        match sheet.trial.get() {
        Some(trial) => trial_view(&trial),
        None => view! {
            <p class="empty">"As soon as the text can be read as a policy, its effect on the open scenario stands here."</p>
        }
        .into_any(),
    }
    };
    view! {
        <section class="preview" aria-labelledby="preview-title" data-testid="preview">
            <header class="bar">
                <h2 id="preview-title">"Preview"</h2>
                <span class="note">{title} ", nothing is delivered or logged"</span>
            </header>
            <Show when=move || sheet.behind.get()>
                <p class="behind" role="status" data-testid="preview-behind">
                    <span aria-hidden="true">"⚠ "</span>
                    "This draft can't be used. Showing the result of the last draft that could be read."
                </p>
            </Show>
            {content}
        </section>
    }
    .into_any()
}

fn trial_view(trial: &Trial) -> AnyView {
    let many = trial.draft.len() > 1;
    let runs = trial.active.iter().zip(&trial.draft).enumerate();
    runs.map(|(i, (active, draft))| {
        let title = many.then(|| ["Delivery ", &(i + 1).to_string()].concat());
        pair(title, active, draft)
    })
    .collect::<Vec<_>>()
    .into_any()
}

fn pair(title: Option<String>, active: &RunView, draft: &RunView) -> AnyView {
    let changes = compare::fields(&active.records, &draft.records);
    let elements = compare::elements(&active.ledger, &draft.ledger);
    let refusal = draft.refusal.as_ref().map(|r| {
        view! {
            <p class="note">
                <code>{r.code.clone()}</code>
                " "
                {r.message.clone()}
            </p>
        }
    });
    view! {
        <article class="trial" data-testid="trial">
            {title.map(|t| view! { <h3>{t}</h3> })}
            {headline(&changes)}
            <p class="verdicts">
                <span class="note">"In force"</span>
                <span data-testid="preview-active">{words::outcome_mark(&active.outcome)}</span>
                <span class="note">"→ Draft"</span>
                <span data-testid="preview-draft">{words::outcome_mark(&draft.outcome)}</span>
            </p>
            {refusal}
            {if changes.is_empty() {
                view! { <p class="empty">"No record under either."</p> }.into_any()
            } else {
                fields::table(&changes)
            }}
            {ledgers(active, draft)}
            {element_list(&elements)}
        </article>
    }
    .into_any()
}

/// What newly crosses is the loudest thing on the page.
fn headline(changes: &[FieldChange]) -> AnyView {
    let named = |which: Change| {
        let names: Vec<&str> =
            changes.iter().filter(|c| c.change == which).map(|c| c.name.as_str()).collect();
        (names.len(), names.join(", "))
    };
    let lines = [Change::NewlyCrosses, Change::Changed, Change::NoLonger].map(|which| {
        let (n, names) = named(which);
        let (class, glyph, _) = fields::words(which);
        (n > 0).then(|| {
            view! {
                <p class=["headline ", class].concat() data-testid=["preview-", class].concat()>
                    <strong>
                        <span aria-hidden="true">{glyph} " "</span>
                        {text::count(n, "field")}
                        " "
                        {verb(which, n)}
                    </strong>
                    ": "
                    {names}
                </p>
            }
        })
    });
    if lines.iter().all(Option::is_none) {
        return view! {
            <p class="headline same" data-testid="preview-same">
                "= The same record crosses."
            </p>
        }
        .into_any();
    }
    lines.into_iter().collect::<Vec<_>>().into_any()
}

fn verb(change: Change, n: usize) -> &'static str {
    match (change, n) {
        (Change::NewlyCrosses, 1) => "newly crosses",
        (Change::NewlyCrosses, _) => "newly cross",
        (Change::NoLonger, 1) => "no longer crosses",
        (Change::NoLonger, _) => "no longer cross",
        (_, 1) => "changes",
        _ => "change",
    }
}

fn ledgers(active: &RunView, draft: &RunView) -> AnyView {
    let (before, after) = (compare::counts(&active.ledger), compare::counts(&draft.ledger));
    let cells = before.into_iter().zip(after).map(|((label, old), (_, new))| {
        let class = if old == new { "ledger-tally" } else { "ledger-tally differs" };
        view! {
            <span class=class>
                {words::mark(words::label(label), label)}
                {text::group(old)}
                " → "
                <strong>{text::group(new)}</strong>
            </span>
        }
    });
    view! {
        <p class="ledger-counts" data-testid="preview-ledger">
            <span class="note">"elements, in force → draft: "</span>
            {cells.collect::<Vec<_>>()}
        </p>
    }
    .into_any()
}

fn element_list(elements: &[ElementChange]) -> Option<AnyView> {
    if elements.is_empty() {
        return None;
    }
    let items = elements.iter().take(LISTED).map(|e| {
        let (class, glyph, word) = fields::words(e.change);
        view! {
            <li class=class>
                <span aria-hidden="true">{glyph}</span>
                <code>{e.path.clone()}</code>
                <span class="note">{[word, ": ", &e.before, " → ", &e.after].concat()}</span>
            </li>
        }
    });
    let summary = [&text::count(elements.len(), "element"), " of the source fare differently"].concat();
    Some(
        view! {
            <details class="elements" data-testid="preview-elements">
                <summary>{summary}</summary>
                <ul>{items.collect::<Vec<_>>()}</ul>
            </details>
        }
        .into_any(),
    )
}
