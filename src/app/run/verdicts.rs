//! The three verdicts of the validate stage, and their issues.

use super::findings::{Findings, MOST};
use super::places::{self, severity};
use crate::api::{IssueView, VerdictView};
use crate::app::desk::Desk;
use crate::app::parts::VirtualList;
use crate::app::{text, words};
use leptos::html::Textarea;
use leptos::prelude::*;
use std::sync::Arc;

/// Height of an issue in the list, in CSS pixels; the style sheet says the same.
const ROW: usize = 44;

/// The verdicts on the body shown; nothing where it never came to validation.
#[component]
pub fn Verdicts(desk: Desk, body: NodeRef<Textarea>) -> impl IntoView {
    let found = desk.bench.findings;
    let any = Memo::new(move |_| found.with(Option::is_some));
    let count = Memo::new(move |_| found.with(|f| f.as_ref().map_or(0, |f| f.len())));
    let beyond = Memo::new(move |_| found.with(|f| f.as_ref().map_or(0, |f| f.beyond)));
    let unsent = Memo::new(move |_| found.with(|f| f.as_ref().is_some_and(|f| !f.sent)));
    let verdicts = move || {
        found.with(|found| {
            let found = found.as_ref()?;
            let each = found.verdicts.iter().enumerate().map(|(i, v)| verdict(desk, found.first_of(i), v));
            Some(each.collect::<Vec<_>>())
        })
    };
    view! {
        <Show when=move || any.get()>
            <section class="validation" aria-labelledby="verdicts-title" data-testid="verdicts">
                <div class="verdict-bar">
                    <h3 id="verdicts-title">"Validation"</h3>
                    <ul class="verdict-list">{verdicts}</ul>
                    <Show when=move || unsent.get()>
                        <span class="note" data-testid="unsent">
                            "of the body as it stands, not sent"
                        </span>
                    </Show>
                </div>
                <Show when=move || count.get().gt(&0)>{issues(desk, body, count)}</Show>
                <Show when=move || beyond.get().gt(&0)>
                    <p class="note" data-testid="issues-beyond">
                        {move || {
                            let rest = text::group(beyond.get());
                            ["… and ", &rest, " more. The first ", &text::group(MOST), " are shown."].concat()
                        }}
                    </p>
                </Show>
            </section>
        </Show>
    }
    .into_any()
}

/// What each verdict answers.
fn question(verdict: &str) -> &'static str {
    match verdict {
        "structure" => "Is it FHIR R4?",
        "policy" => "May this recipient get it at all?",
        "provenance" => "Do source, times and lineage match?",
        _ => "",
    }
}

fn verdict(desk: Desk, first: usize, verdict: &VerdictView) -> AnyView {
    let look = match verdict.state.as_str() {
        "passed" => ("good", "✓"),
        "failed" => ("bad", "✕"),
        _ => ("dim", "○"),
    };
    let state = if verdict.state == "not-judged" { "not judged" } else { &verdict.state };
    let count = verdict.issues.len();
    let issues = (count > 0).then(|| {
        view! {
            <button
                type="button"
                class="quiet"
                data-testid=["verdict-issues-", &verdict.name].concat()
                on:click=move |_| {
                    desk.bench.issue.set(Some(first));
                    crate::app::dom::focus_on("issues");
                }
            >
                {text::count(count, "issue")}
            </button>
        }
    });
    view! {
        <li
            class="verdict-row"
            title=question(&verdict.name)
            data-testid=["verdict-", &verdict.name].concat() data-state=verdict.state.clone()
        >
            <span class="verdict-name">{verdict.name.clone()}</span>
            {words::mark(look, state)}
            {issues}
        </li>
    }
    .into_any()
}

fn issues(desk: Desk, body: NodeRef<Textarea>, count: Memo<usize>) -> AnyView {
    let bench = desk.bench;
    let row = Arc::new(move |place: usize| {
        let at = bench.issue.get() == Some(place);
        bench
            .findings
            .with(|found| {
                let (_, issue) = found.as_ref()?.issue(place)?;
                Some(issue_row(desk, body, place, at, issue))
            })
            .into_any()
    });
    let keys = move |event: web_sys::KeyboardEvent| {
        let last = count.get_untracked().saturating_sub(1);
        let now = bench.issue.get_untracked();
        let to = match event.key().as_str() {
            "ArrowDown" | "j" => now.map_or(0, |n| n.saturating_add(1).min(last)),
            "ArrowUp" | "k" => now.map_or(0, |n| n.saturating_sub(1)),
            "PageDown" => now.map_or(0, |n| n.saturating_add(5).min(last)),
            "PageUp" => now.map_or(0, |n| n.saturating_sub(5)),
            "Home" => 0,
            "End" => last,
            "Enter" => {
                if let Some(place) = now {
                    event.prevent_default();
                    places::show(desk, body, place);
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        bench.issue.set(Some(to));
    };
    view! {
        <div class="issues" on:keydown=keys>
            <VirtualList
                count
                row_height=ROW
                row=row
                focus=bench.issue
                active=Signal::derive(move || bench.issue.get().map(issue_id))
                role="listbox"
                label="Issues; Enter goes to the place in the body"
                testid="issues"
            />
        </div>
        {move || {
            let at = bench.issue.get()?;
            bench.findings.with(|found| found.as_ref().and_then(|f| detail(desk, body, f, at)))
        }}
    }
    .into_any()
}

fn issue_id(place: usize) -> String {
    ["issue-", &place.to_string()].concat()
}

fn issue_row(desk: Desk, body: NodeRef<Textarea>, place: usize, at: bool, issue: &IssueView) -> AnyView {
    let line = issue.position.map(|p| ["line ", &p.line.to_string()].concat());
    view! {
        <div
            class="issue"
            class:open=at
            role="option"
            id=issue_id(place)
            aria-selected=if at { "true" } else { "false" }
            data-testid="issue"
            data-check=issue.check.clone()
            on:click=move |_| places::show(desk, body, place)
        >
            {severity(&issue.severity)}
            <span class="note">{issue.code.clone()}</span>
            <code class="issue-path">{issue.path.clone()}</code>
            <span class="note issue-line">{line}</span>
            <span class="issue-message">{words::prose(&issue.message)}</span>
        </div>
    }
    .into_any()
}

/// The issue that stands out, whole.
fn detail(desk: Desk, body: NodeRef<Textarea>, found: &Findings, at: usize) -> Option<AnyView> {
    let (verdict, issue) = found.issue(at)?;
    let verdict = [verdict.name.as_str(), " · ", &issue.code].concat();
    let place = issue.position.map(|p| {
        let words = ["line ", &p.line.to_string(), ", column ", &p.column.to_string()].concat();
        if found.draft.is_none() {
            return view! { <span class="note">{words}</span> }.into_any();
        }
        view! {
            <button
                type="button"
                class="quiet"
                data-testid="issue-jump"
                on:click=move |_| places::show(desk, body, at)
            >
                {words}
            </button>
        }
        .into_any()
    });
    let detail = view! {
        <div class="issue-detail" data-testid="issue-detail" data-check=issue.check.clone()>
            <p>{severity(&issue.severity)} " " <strong>{words::prose(&issue.message)}</strong></p>
            <p>{words::prose(&issue.help)}</p>
            <p class="refusal-where">
                <span class="note">{verdict}</span>
                <code>{issue.check.clone()}</code>
                <code>{words::breakable(&issue.path)}</code>
                {place}
            </p>
        </div>
    };
    Some(detail.into_any())
}
