//! The codes of the events that are in no table, and the click that adds them.

use crate::api::{PreviewReport, UnlistedCodes, add_labels, apply_edits};
use crate::app::desk::Desk;
use crate::app::text;
use leptos::prelude::*;

/// What is not in the tables of the draft's rules; nothing where all is.
pub fn unlisted(desk: Desk, report: &PreviewReport) -> Option<AnyView> {
    if report.unlisted.is_empty() {
        return None;
    }
    let rules = report.unlisted.iter().map(of_rule).collect::<Vec<_>>();
    let codes: usize = report.unlisted.iter().map(|of_rule| of_rule.codes.len()).sum();
    let missing = report.unlisted.clone();
    let add = move |_| {
        let now = desk.sheet.text.get_untracked();
        if let Some(text) = apply_edits(&now, &add_labels(&now, &missing)) {
            desk.sheet.edit(text);
        }
    };
    let button = (codes > 0).then(|| {
        view! {
            <button type="button" data-testid="add-labels" on:click=add>
                {["Add ", &text::count(codes, "code"), " seen to the tables"].concat()}
            </button>
            <p class="note">
                "Each gets the label that the adapter has for it elsewhere, or else the code itself: write over it."
            </p>
        }
    });
    Some(
        view! {
            <section class="preview-codes" data-testid="preview-unlisted">
                <p class="headline changed">
                    <strong>"Codes that are in no table"</strong>
                </p>
                <ul>{rules}</ul>
                {button}
            </section>
        }
        .into_any(),
    )
}

fn of_rule(of_rule: &UnlistedCodes) -> AnyView {
    let becomes = if of_rule.becomes == "other" { " told as other" } else { " withheld" };
    let codes = of_rule.codes.iter().map(|code| {
        let system = code.system.as_deref().unwrap_or("no system");
        view! {
            <li class="note">
                <code>{code.code.clone()}</code>
                {[" of ", system, ", ", &text::count(code.values, "value")].concat()}
            </li>
        }
    });
    let unnamed = (of_rule.unnamed > 0).then(|| {
        view! {
            <li class="note">
                {text::count(of_rule.unnamed, "value")} ", not named here: see the field ledger of the event"
            </li>
        }
    });
    view! {
        <li data-testid=["preview-unlisted-", &of_rule.rule].concat()>
            <p>
                <strong>{text::count(of_rule.values, "value")}</strong>
                " of "
                <code>{of_rule.field.clone()}</code>
                {becomes}
                ": not in "
                <code>{of_rule.table.clone()}</code>
            </p>
            <ul>{codes.collect::<Vec<_>>()} {unnamed}</ul>
        </li>
    }
    .into_any()
}
