//! Marked places in an editor's text: where they stand, and how those in sight are drawn behind it.

use crate::order;
use leptos::prelude::*;
use std::sync::Arc;

/// Height of a line in CSS pixels; the style sheet says the same.
pub const LINE: usize = 18;
/// Bytes of a line before a mark beyond which it is not drawn: its line number says enough.
const FAR: usize = 2_000;
/// Bytes of a mark that are drawn.
const LONG: usize = 400;
/// Lines drawn beyond those in sight.
const OVERSCAN: usize = 12;
/// Marks drawn at a time.
const MOST: usize = 80;

/// A place in a text that something is said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where it starts, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// Whether it is an error, and not less.
    pub error: bool,
    /// Whoever said it, for telling marks apart.
    pub id: usize,
}

/// A mark with its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The mark.
    pub mark: Mark,
    /// Its line, from 0.
    pub line: usize,
    /// Where the line starts, in bytes.
    pub from: usize,
}

/// Marks in the order of the text, each with its line; the text is walked once. Those beyond its end are left out.
pub fn place(text: &str, marks: &[Mark]) -> Vec<Placed> {
    let mut sorted: Vec<Mark> = marks.iter().copied().filter(|m| m.start <= text.len()).collect();
    order::by(&mut sorted, |m| (m.start, m.end));
    let (mut line, mut from) = (0usize, 0usize);
    let placed = sorted.into_iter().map(|mark| {
        let between = text.as_bytes().get(from..mark.start).unwrap_or_default();
        let lines = between.iter().filter(|b| **b == b'\n').count();
        if let Some(last) = between.iter().rposition(|b| *b == b'\n') {
            from = from.saturating_add(last).saturating_add(1);
        }
        line = line.saturating_add(lines);
        Placed { mark, line, from }
    });
    placed.collect()
}

impl Placed {
    /// Where the mark ends on its first line, in bytes.
    pub fn end_on_line(&self, text: &str) -> usize {
        let rest = text.get(self.mark.start..self.mark.end).unwrap_or_default();
        self.mark.start + rest.find('\n').unwrap_or(rest.len())
    }
}

/// The marks in sight, each a line of its own behind the text: what stands before the mark takes its room and is not
/// seen.
pub fn drawn(
    value: Signal<String>,
    placed: Memo<Arc<Vec<Placed>>>,
    active: Signal<Option<usize>>,
    seen: Memo<(usize, usize)>,
) -> AnyView {
    let lines = move || {
        let (from, to) = seen.get();
        let active = active.get();
        let placed = placed.get();
        let first = placed.partition_point(|p| p.line < from.saturating_sub(OVERSCAN));
        let near = placed.get(first..).unwrap_or_default();
        let near = near.iter().take_while(|p| p.line <= to.saturating_add(OVERSCAN));
        let near = near.filter(|p| p.mark.start.saturating_sub(p.from) <= FAR).take(MOST);
        value.with(|text| near.map(|p| draw(text, p, active == Some(p.mark.id))).collect::<Vec<_>>())
    };
    view! { {lines} }.into_any()
}

fn draw(text: &str, placed: &Placed, active: bool) -> AnyView {
    let before = text.get(placed.from..placed.mark.start).unwrap_or_default().to_owned();
    let end = placed.end_on_line(text);
    let mut marked = text.get(placed.mark.start..end).unwrap_or_default().trim_end().to_owned();
    if marked.len() > LONG {
        marked = marked.chars().take(LONG).collect();
    }
    if marked.is_empty() {
        marked.push(' ');
    }
    let down = ["translateY(", &(placed.line * LINE).to_string(), "px)"].concat();
    view! {
        <div
            class="marked"
            class:error=placed.mark.error
            class:active=active
            data-before=before
            data-text=marked
            style:transform=down
        ></div>
    }
    .into_any()
}
