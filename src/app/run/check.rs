//! Checking many without sending them: how each would end, counted.

use crate::api::{Ending, Intake, JobOutcome, PreviewEvents, Rehearsal, RehearsalRequest, Task};
use crate::app::desk::Desk;
use crate::app::worker::{self, End, Watch};
use crate::app::{text, words};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// The button, and what the last check has found.
#[component]
pub fn CheckAll(desk: Desk) -> impl IntoView {
    let own = desk.bench.own;
    let found = move || own.rehearsal.get().map(|found| findings(&found));
    view! {
        <div class="check-all">
            <button
                type="button"
                data-testid="check-all"
                title="Runs all of them in a connector of its own: nothing is delivered or logged"
                disabled=move || own.job.with(Option::is_some) || desk.bench.busy.get()
                on:click=move |_| start(desk)
            >
                "Check all, send nothing"
            </button>
            {found}
        </div>
    }
    .into_any()
}

fn start(desk: Desk) {
    let own = desk.bench.own;
    let Some(setup) = desk.bench.setup_now() else { return };
    let inputs = own.intake.with_value(|intake| intake.as_ref().map(Intake::inputs)).unwrap_or_default();
    let now = desk.clock.get_untracked();
    let watch = Watch { what: "Checking", unit: "event", progress: own.job, cancelled: own.cancelled };
    own.rehearsal.set(None);
    desk.bench.busy.set(true);
    spawn_local(async move {
        let task =
            Task::Rehearse(Box::new(RehearsalRequest { setup, events: PreviewEvents::Inputs(inputs), now }));
        let said = match worker::run(task, None, watch).await {
            End::Done(JobOutcome::Rehearsed(found)) => {
                let said = [&text::count(found.events, "event"), " checked, none sent."].concat();
                own.rehearsal.set(Some(Arc::new(found)));
                said
            }
            // Nothing else comes of checking.
            End::Done(_) => String::new(),
            End::Cancelled => String::from("Checking was cancelled. Nothing was sent."),
            End::Failed(objection) => [&objection.message, " ", &objection.help].concat(),
        };
        desk.bench.busy.set(false);
        desk.say(&said);
    });
}

fn findings(found: &Rehearsal) -> AnyView {
    let rows = found.endings.iter().map(row).collect::<Vec<_>>();
    view! {
        <table data-testid="rehearsal">
            <caption>{text::count(found.events, "event")} ", if sent in this order"</caption>
            <thead>
                <tr>
                    <th scope="col">"Events"</th>
                    <th scope="col">"Would be"</th>
                    <th scope="col">"Why"</th>
                    <th scope="col">"First"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {super::many::not_events(&found.not_events)}
    }
    .into_any()
}

fn row(ending: &Ending) -> AnyView {
    view! {
        <tr data-outcome=ending.outcome.clone() data-count=ending.count.to_string()>
            <td>{text::group(ending.count)}</td>
            <td>{words::outcome_mark(&ending.outcome)}</td>
            <td>
                <code>{ending.code.clone()}</code>
            </td>
            <td class="note">{ending.first.clone()}</td>
        </tr>
    }
    .into_any()
}
