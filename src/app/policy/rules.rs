//! The rules as a table.

use crate::api::{PolicyReport, PolicySummary, RuleView};
use crate::app::{text, words};
use leptos::prelude::*;
use std::sync::Arc;

/// The rules of the draft; picking one goes to it in the text.
#[component]
pub fn Rules(
    /// The report.
    #[prop(into)]
    report: Signal<Arc<PolicyReport>>,
    /// Called with the byte range to select.
    on_jump: Callback<(u32, u32)>,
) -> impl IntoView {
    let content = move || {
        let report = report.get();
        match &report.policy {
            Some(policy) => table(policy, &report.rows, on_jump),
            None => view! {
                <p class="empty">"The text is not JSON yet, so there are no rules to show."</p>
            }
            .into_any(),
        }
    };
    view! {
        <section class="rules" aria-labelledby="rules-title" data-testid="rules">
            <h2 id="rules-title">"Rules"</h2>
            {content}
        </section>
    }
    .into_any()
}

fn table(policy: &PolicySummary, rows: &[RuleView], on_jump: Callback<(u32, u32)>) -> AnyView {
    let rows = rows.iter().map(|rule| row(rule, on_jump)).collect::<Vec<_>>();
    let path = [policy.id.as_str(), "@", &policy.version].concat();
    let way = ["for ", &policy.purpose, ", to ", &policy.recipient, " (", &policy.role, ")"].concat();
    view! {
        <p class="note">
            <strong>{policy.title.clone()}</strong>
            " · "
            {path}
            " · "
            {way}
            " · "
            {text::count(policy.rules, "rule")}
        </p>
        <div class="table-scroll" tabindex="0" role="region" aria-label="Rules of the draft">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Rule"</th>
                        <th scope="col">"Field"</th>
                        <th scope="col">"Class"</th>
                        <th scope="col">"Label"</th>
                        <th scope="col">"Method"</th>
                        <th scope="col">"CRM field"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(rule: &RuleView, on_jump: Callback<(u32, u32)>) -> AnyView {
    let span = rule.span;
    let cell = |place: usize| rule.cells.get(place).cloned().unwrap_or_default();
    let class = rule.class_in_force.clone().unwrap_or_default();
    let label = cell(2);
    view! {
        <tr data-testid="rule-row">
            <td>
                <button type="button" class="quiet" title="Go to the rule in the text" on:click=move |_| on_jump.run(span)>
                    {cell(0)}
                </button>
            </td>
            <td>
                <code>{words::breakable(&cell(1))}</code>
            </td>
            <td>{words::mark(words::class(&class), &class)}</td>
            <td>{words::mark(words::label(&label), &label)}</td>
            <td>{words::breakable(&cell(4))}</td>
            <td>
                <code>{words::breakable(&cell(5))}</code>
            </td>
        </tr>
    }
    .into_any()
}
