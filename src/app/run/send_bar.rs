//! Send, and the ways of sending that go wrong on purpose.

use super::own::OwnInput;
use super::{batch, forge, send};
use crate::api::Breakage;
use crate::app::desk::Desk;
use crate::app::text;
use leptos::prelude::*;

/// The open scenario's title and the buttons that send.
#[component]
pub fn SendBar(desk: Desk) -> impl IntoView {
    let bench = desk.bench;
    let title = move || match bench.own.input.get() {
        OwnInput::None => {
            bench.scenario.with(|s| s.as_ref().map(|s| s.card.title.clone())).unwrap_or_default()
        }
        OwnInput::One { name } | OwnInput::Many { name, .. } | OwnInput::Nothing { name } => name,
    };
    let words = move || match bench.own.input.get() {
        OwnInput::Many { count, .. } => ["Send the events of ", &text::count(count, "resource")].concat(),
        _ => match bench.drafts.with(Vec::len) {
            0 | 1 => String::from("Send"),
            many => ["Send all ", &many.to_string()].concat(),
        },
    };
    let nothing =
        move || !matches!(bench.own.input.get(), OwnInput::Many { .. }) && bench.drafts.with(Vec::is_empty);
    let many = move || matches!(bench.own.input.get(), OwnInput::Many { .. });
    let sendable = move || !many() && bench.shown.with(|s| s.as_ref().is_some_and(|s| s.draft.is_some()));
    let go = move |_| match bench.own.input.get_untracked() {
        OwnInput::Many { .. } => batch::send_all(desk),
        _ => send::send(desk),
    };
    view! {
        <div class="send-bar">
            <p class="send-what" data-testid="open-title">
                {title}
            </p>
            <div class="buttons">
                <button
                    type="button"
                    class="primary"
                    data-testid="send"
                    disabled=nothing
                    on:click=go
                >
                    {words}
                </button>
                <button
                    type="button"
                    data-testid="send-again"
                    title="The very same request once more, byte for byte"
                    disabled=move || !sendable()
                    on:click=move |_| send::send_again(desk)
                >
                    "Send again"
                </button>
                <button
                    type="button"
                    data-testid="tamper"
                    title="Alter the signature so that it no longer matches"
                    disabled=move || many() || nothing()
                    on:click=move |_| forge::break_it(desk, Breakage::OtherCharacter)
                >
                    "Tamper"
                </button>
            </div>
            {move || {
                bench
                    .setting_fault
                    .get()
                    .map(|fault| {
                        view! {
                            <p class="fault" role="alert" data-testid="setting-fault">
                                <span aria-hidden="true">"✕ "</span>
                                "Nothing was sent. "
                                {fault}
                            </p>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}
