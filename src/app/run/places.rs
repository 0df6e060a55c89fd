//! The way between an issue and its place in the body, both ways.

use super::bench::Bench;
use super::findings::is_error;
use crate::api::{IssueView, Position};
use crate::app::desk::Desk;
use crate::app::{dom, text, words};
use crate::order;
use leptos::html::Textarea;
use leptos::prelude::*;

/// The cursor has come to a place: the issue there stands out. The narrowest counts.
pub fn at_caret(bench: Bench, units: u32) {
    let marks = bench.marks.get_untracked();
    if marks.is_empty() {
        return;
    }
    let at = bench.at.get_untracked();
    let found = bench.drafts.with_untracked(|drafts| {
        let body = drafts.get(at).map(|d| d.request.body.as_str()).unwrap_or_default();
        let byte = text::byte_offset(body, units);
        let line_end = |from: usize| {
            let rest = body.get(from..).unwrap_or_default();
            from + rest.find('\n').unwrap_or(rest.len())
        };
        let here = marks.iter().filter(|m| m.start <= byte && byte <= m.end.min(line_end(m.start)));
        here.min_by_key(|m| m.end.saturating_sub(m.start)).map(|m| m.id)
    });
    if found.is_some() {
        bench.issue.set(found);
    }
}

/// Selects the place of an issue in the body and brings it into view.
pub fn show(desk: Desk, body: NodeRef<Textarea>, issue: usize) {
    let bench = desk.bench;
    bench.issue.set(Some(issue));
    let Some(draft) = bench.findings.with_untracked(|f| f.as_ref().and_then(|f| f.draft)) else { return };
    bench.at.set(draft);
    // The editor holds that body by the next frame.
    request_animation_frame(move || {
        let marks = bench.marks.get_untracked();
        match marks.iter().find(|m| m.id == issue) {
            Some(mark) => select(bench, body, mark.start, mark.end),
            None => desk.say("The place of this issue was edited since."),
        }
    });
}

/// Selects a byte range of the body in the editor.
fn select(bench: Bench, body: NodeRef<Textarea>, start: usize, end: usize) {
    // The view may have been left since.
    let Some(area) = body.try_get_untracked().flatten() else { return };
    let at = bench.at.get_untracked();
    bench.drafts.with_untracked(|drafts| {
        if let Some(draft) = drafts.get(at) {
            dom::select_range(&area, &draft.request.body, start, end);
        }
    });
}

/// Selects the token at a position of the body that was sent from a request of the editor.
pub fn show_position(desk: Desk, body: NodeRef<Textarea>, draft: usize, at: Position) {
    let bench = desk.bench;
    bench.at.set(draft);
    request_animation_frame(move || {
        let start = at.offset as usize;
        let end = bench.drafts.with_untracked(|drafts| {
            drafts.get(draft).map_or(start, |d| text::token_end(&d.request.body, start))
        });
        select(bench, body, start, end);
    });
}

/// Goes to the next marked place, or the one before; from the last on to the first.
pub fn step(desk: Desk, body: NodeRef<Textarea>, forward: bool) {
    let mut marks = desk.bench.marks.get_untracked().to_vec();
    order::by(&mut marks, |m| (m.start, m.end, m.id));
    let now = desk.bench.issue.get_untracked();
    let here = marks.iter().position(|m| Some(m.id) == now);
    let last = marks.len().saturating_sub(1);
    let next = match (here, forward) {
        (None, true) => 0,
        (None, false) => last,
        (Some(here), true) => {
            if here == last {
                0
            } else {
                here + 1
            }
        }
        (Some(here), false) => here.checked_sub(1).unwrap_or(last),
    };
    if let Some(mark) = marks.get(next) {
        show(desk, body, mark.id);
    }
}

/// What is said about the place that the cursor is at, below the body.
#[component]
pub fn At(desk: Desk, body: NodeRef<Textarea>) -> impl IntoView {
    let bench = desk.bench;
    let places = bench.marks;
    let count = Memo::new(move |_| places.with(|m| m.len()));
    let said = move || {
        let at = bench.issue.get()?;
        let marked = places.with(|m| m.iter().any(|m| m.id == at));
        let found = bench.findings.get().filter(|_| marked)?;
        found.issue(at).map(|(_, issue)| in_short(issue))
    };
    let total = move || text::count(count.get(), "marked place");
    view! {
        <Show when=move || count.get().gt(&0)>
            <div class="at-caret" data-testid="at-caret">
                <div class="buttons">
                    <button
                        type="button"
                        class="chip"
                        title="Shift+F8"
                        aria-keyshortcuts="Shift+F8"
                        data-testid="issue-before"
                        on:click=move |_| step(desk, body, false)
                    >
                        "Previous"
                    </button>
                    <button
                        type="button"
                        class="chip"
                        title="F8"
                        aria-keyshortcuts="F8"
                        data-testid="issue-next"
                        on:click=move |_| step(desk, body, true)
                    >
                        "Next"
                    </button>
                    <button
                        type="button"
                        class="quiet"
                        data-testid="issue-list"
                        on:click=move |_| dom::focus_on("issues")
                    >
                        "To the list"
                    </button>
                    <span class="note">{total}</span>
                </div>
                <p class="said" role="status" data-testid="at-caret-issue">
                    {move || said().unwrap_or_else(|| words::prose("Put the cursor on a marked place to read what is wrong there."))}
                </p>
            </div>
        </Show>
    }
    .into_any()
}

fn in_short(issue: &IssueView) -> AnyView {
    view! { {severity(&issue.severity)} " " {words::prose(&issue.message)} }.into_any()
}

/// A severity: colour, glyph and word.
pub fn severity(word: &str) -> AnyView {
    let look = match word {
        _ if is_error(word) => ("bad", "✕"),
        "warning" => ("warn", "⚠"),
        _ => ("calm", "ℹ"),
    };
    words::mark(look, word)
}
