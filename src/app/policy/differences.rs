//! What differs between two versions: rule by rule, and line by line.

use crate::api::{CellChange, HeaderChange, LineKind, PolicyDifference, RowChange, RowFate, lines_between};
use crate::app::text;
use leptos::prelude::*;

/// Lines of text shown at most.
const LINES: usize = 400;
/// Rules shown at most.
const RULES: usize = 200;

/// What differs, rule by rule.
pub fn by_rule(difference: &PolicyDifference) -> AnyView {
    if difference.is_empty() {
        return view! {
            <p class="empty" data-testid="same-policy">
                "= They say the same."
            </p>
        }
        .into_any();
    }
    let header = difference.header.iter().map(head).collect::<Vec<_>>();
    let rows = difference.rows.iter().take(RULES).map(row).collect::<Vec<_>>();
    let more = difference.rows.len().saturating_sub(RULES);
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="What differs, rule by rule">
            <table class="differences" data-testid="differences">
                <thead>
                    <tr>
                        <th scope="col">"About"</th>
                        <th scope="col">"Change"</th>
                        <th scope="col">"What"</th>
                    </tr>
                </thead>
                <tbody>{header} {rows}</tbody>
            </table>
        </div>
        {(more > 0).then(|| view! { <p class="note">{["and ", &text::count(more, "rule"), " more"].concat()}</p> })}
    }
    .into_any()
}

fn head(change: &HeaderChange) -> AnyView {
    let cell = CellChange { key: String::new(), before: change.before.clone(), after: change.after.clone() };
    view! {
        <tr class="changed" data-testid=["differs-", &change.key].concat()>
            <th scope="row">{change.key.clone()}</th>
            <td>"✎ changed"</td>
            <td>{from_to(&cell)}</td>
        </tr>
    }
    .into_any()
}

fn row(change: &RowChange) -> AnyView {
    let (class, words) = match (change.fate, change.is_effective()) {
        (RowFate::Added, _) => ("newly", "✚ added"),
        (RowFate::Removed, _) => ("no-longer", "− removed"),
        (RowFate::Changed, true) => ("changed", "✎ changed"),
        (RowFate::Changed, false) => ("same", "= same effect"),
    };
    let cells = change.cells.iter().map(from_to).collect::<Vec<_>>();
    view! {
        <tr class=class data-testid=["differs-", &change.field].concat()>
            <th scope="row">{change.field.clone()}</th>
            <td class="change">{words}</td>
            <td>
                <ul>{cells}</ul>
            </td>
        </tr>
    }
    .into_any()
}

fn from_to(cell: &CellChange) -> AnyView {
    let key = (!cell.key.is_empty()).then(|| [cell.key.as_str(), ": "].concat());
    let side = |text: &str| (!text.is_empty()).then(|| text::clip(text, 200));
    let (before, after) = (side(&cell.before), side(&cell.after));
    let arrow = (before.is_some() && after.is_some()).then_some(" → ");
    view! {
        <li>
            {key} {before.map(|text| view! { <del>{text}</del> })} {arrow}
            {after.map(|text| view! { <ins>{text}</ins> })}
        </li>
    }
    .into_any()
}

/// What differs, line by line, as far as it is shown.
pub fn by_line(old: &str, new: &str) -> AnyView {
    let found = lines_between(old, new, LINES);
    let lines = found
        .lines
        .iter()
        .map(|line| {
            let (class, sign) = match line.kind {
                LineKind::Same => ("line", " "),
                LineKind::Removed => ("line removed", "−"),
                LineKind::Added => ("line added", "+"),
                LineKind::Gap => ("line gap", "⋯"),
            };
            let number = (line.number > 0).then(|| line.number.to_string());
            view! {
                <span class=class>
                    <span class="number">{number}</span>
                    {[sign, " ", &text::clip(&line.text, 300), "\n"].concat()}
                </span>
            }
        })
        .collect::<Vec<_>>();
    let (added, removed) = (text::count(found.added, "line"), text::count(found.removed, "line"));
    let cut = if found.cut { "; only the first are shown" } else { "" };
    view! {
        <p class="note">
            {[added.as_str(), " added, ", &removed, " removed", cut].concat()}
        </p>
        <pre class="lines" tabindex="0" role="region" aria-label="What differs, line by line" data-testid="lines">
            {lines}
        </pre>
    }
    .into_any()
}
