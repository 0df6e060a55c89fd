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
            Some(policy) => table(policy, on_jump),
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

fn table(policy: &PolicySummary, on_jump: Callback<(u32, u32)>) -> AnyView {
    let rows = policy.rules.iter().map(|rule| row(rule, on_jump)).collect::<Vec<_>>();
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
            {text::count(policy.rules.len(), "rule")}
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
    let offset = rule.offset;
    view! {
        <tr data-testid="rule-row">
            <td>
                <button
                    type="button"
                    class="quiet"
                    title="Go to the rule in the text"
                    on:click=move |_| on_jump.run((offset, offset.saturating_add(1)))
                >
                    {rule.id.clone()}
                </button>
            </td>
            <td>
                <code>{words::breakable(&rule.field)}</code>
            </td>
            <td>{words::mark(words::class(&rule.class), &rule.class)}</td>
            <td>{words::mark(words::label(&rule.label), &rule.label)}</td>
            <td>{rule.method.as_deref().map(words::breakable)}</td>
            <td>
                <code title=rule.target.clone()>
                    {rule.target.as_deref().map(|t| text::last_part(t).to_owned())}
                </code>
            </td>
        </tr>
    }
    .into_any()
}
