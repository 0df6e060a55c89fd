//! The fields that fare otherwise: what newly crosses is the loudest thing on the page.

use crate::api::{FieldChange, FieldExample};
use crate::app::{text, words};
use leptos::prelude::*;

/// Which of the three lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something newly crosses.
    Newly,
    /// Nothing crosses any more.
    NoLonger,
    /// It crosses otherwise.
    Changed,
}

impl Kind {
    /// Class and glyph.
    fn looks(self) -> (&'static str, &'static str) {
        match self {
            Self::Newly => ("newly", "✚"),
            Self::NoLonger => ("no-longer", "−"),
            Self::Changed => ("changed", "✎"),
        }
    }

    fn verb(self, n: usize) -> &'static str {
        match (self, n) {
            (Self::Newly, 1) => "newly crosses",
            (Self::Newly, _) => "newly cross",
            (Self::NoLonger, 1) => "no longer crosses",
            (Self::NoLonger, _) => "no longer cross",
            (Self::Changed, 1) => "changes",
            (Self::Changed, _) => "change",
        }
    }
}

/// Class and glyph of an effect as the report spells it.
pub fn looks(effect: &str) -> (&'static str, &'static str) {
    match effect {
        "newly-crosses" => Kind::Newly.looks(),
        "no-longer-crosses" => Kind::NoLonger.looks(),
        _ => Kind::Changed.looks(),
    }
}

/// A headline and a card for each field; nothing where there are none.
pub fn fields(kind: Kind, changes: &[FieldChange]) -> Option<AnyView> {
    if changes.is_empty() {
        return None;
    }
    let (class, glyph) = kind.looks();
    let n = changes.len();
    let names: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
    let cards = changes.iter().map(card).collect::<Vec<_>>();
    Some(
        view! {
            <section class="preview-fields" aria-label=kind.verb(2)>
                <p class=["headline ", class].concat() data-testid=["preview-", class].concat()>
                    <strong>
                        <span aria-hidden="true">{glyph} " "</span>
                        {text::count(n, "field")}
                        " "
                        {kind.verb(n)}
                    </strong>
                    ": "
                    {names.join(", ")}
                </p>
                <ul class=["field-changes ", class].concat()>{cards}</ul>
            </section>
        }
        .into_any(),
    )
}

fn card(change: &FieldChange) -> AnyView {
    let (from, to) = change.words();
    let effect =
        (change.effect == "narrower").then(|| view! { <span class="note">"less of it crosses"</span> });
    let owner = change.owner.clone().map_or_else(
        || view! { <span class="note">"no owner"</span> }.into_any(),
        |owner| view! { <span class="note">"owner " {owner}</span> }.into_any(),
    );
    let examples = change.examples.iter().map(example).collect::<Vec<_>>();
    view! {
        <li data-testid=["preview-field-", &change.field].concat() data-change=change.effect.clone()>
            <p class="field-change-head">
                <code class="field-name">{words::breakable(&change.field)}</code>
                {words::mark(words::class(&change.class), &change.class)}
                <span class="note">"rule " <code>{change.rule.clone()}</code></span>
                {owner}
                {effect}
            </p>
            <p class="from-to">
                {words::breakable(&from)}
                <span aria-hidden="true">" → "</span>
                <span class="sr-only">" becomes "</span>
                <strong>{words::breakable(&to)}</strong>
            </p>
            <p class="note">{used(change)}</p>
            <ul class="examples">{examples}</ul>
        </li>
    }
    .into_any()
}

/// How many events it is about, in words.
fn used(change: &FieldChange) -> String {
    let events = match (change.events, change.used) {
        (0, 0) => return "No event here uses it.".to_owned(),
        (0, used) => {
            return [&text::count(used, "event"), " here use the field, and none shows the change."].concat();
        }
        (events, _) => text::count(events, "event"),
    };
    match change.held_back {
        0 => events + ".",
        held => [&events, "; the guard or a refusal would hold back ", &text::group(held), "."].concat(),
    }
}

fn example(example: &FieldExample) -> AnyView {
    let side = |text: &Option<String>| match text {
        Some(text) => view! { <code>{text.clone()}</code> }.into_any(),
        None => view! { <span>"nothing"</span> }.into_any(),
    };
    view! {
        <li>
            <span class="example-place">
                {example.event.clone()}
                " "
                {example.path.as_deref().map(words::breakable)}
            </span>
            <span>{side(&example.from)} " → " {side(&example.to)}</span>
        </li>
    }
    .into_any()
}
