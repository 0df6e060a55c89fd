//! One row of the field ledger.

use crate::api::LedgerRow;
use crate::app::{text, words};
use leptos::prelude::*;

/// The row of an element. `source` is its value in the body, where the user asked to see it.
pub fn row_view(row: &LedgerRow, source: Option<String>) -> AnyView {
    let veiled = source.is_none();
    let source = source.unwrap_or_else(|| String::from("•••"));
    let rule = match (&row.rule, row.others.as_slice()) {
        (None, _) => view! { <em class="note">"not named"</em> }.into_any(),
        (Some(rule), []) => rule.clone().into_any(),
        (Some(rule), others) => {
            let also = ["also read by ", &others.join(", ")].concat();
            view! { <span title=also>{[rule, " +", &others.len().to_string()].concat()}</span> }.into_any()
        }
    };
    let target = row.target.as_deref().map(text::last_part);
    let crossed = match (&row.value, target) {
        (Some(value), Some(target)) => [target, " = ", value].concat(),
        (Some(value), None) => value.clone(),
        (None, Some(target)) if row.crossed => target.to_owned(),
        (None, Some(target)) if row.label == "redacted" => [target, ": withheld"].concat(),
        _ => String::from("—"),
    };
    let crossed = if row.unlisted { [&crossed, " (code not in the table)"].concat() } else { crossed };
    let path = row.path.clone();
    view! {
        <div
            class="ledger-row"
            class:crossed=row.crossed
            role="row"
            data-testid="ledger-row"
            data-path=path.clone()
            data-unlisted=row.unlisted.then_some("true")
            data-crossed=if row.crossed { "true" } else { "false" }
        >
            <code role="cell" class="path" title=path.clone()>
                <bdi>{path.clone()}</bdi>
            </code>
            <code role="cell" class="source" class:veiled=veiled>
                {source}
            </code>
            <span role="cell">{words::mark(words::class(&row.class), &row.class)}</span>
            <span role="cell">{words::mark(words::label(&row.label), &row.label)}</span>
            <span role="cell">{rule}</span>
            <span role="cell">{row.method.clone()}</span>
            <code role="cell" class="what-crossed" title=crossed.clone()>
                {crossed.clone()}
            </code>
        </div>
    }
    .into_any()
}
