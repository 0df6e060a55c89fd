//! Run: send an event from the EHR sandbox, watch each stage, see what the CRM team gets.

mod attest;
mod batch;
mod bench;
mod check;
mod credentials;
mod findings;
mod forge;
mod headers;
mod ledger;
mod ledger_row;
mod live;
mod loggers;
mod many;
mod open;
mod own;
mod own_panel;
mod picker;
mod places;
mod queue;
mod record;
mod refusal;
mod request;
mod results;
mod send;
mod send_bar;
mod signature;
mod signer;
mod strip;
mod verdicts;
mod waiting;
mod zone;

pub use attest::Attest;
pub use bench::Bench;

use super::desk::Desk;
use super::parts::Icon;
use ledger::Ledger;
use leptos::html::Textarea;
use leptos::prelude::*;
use loggers::TwoLoggers;
use open::Open;
use own_panel::OwnPanel;
use picker::Picker;
use queue::QueuePanel;
use record::Record;
use refusal::Refusal;
use request::RequestForm;
use results::Results;
use send_bar::SendBar;
use strip::Strip;
use verdicts::Verdicts;
use zone::Zone;

/// The Run view.
#[component]
pub fn RunView(desk: Desk) -> impl IntoView {
    let body = NodeRef::<Textarea>::new();
    let over = RwSignal::new(false);
    findings::follow_shown(desk.bench);
    live::follow(desk);
    let drop_files = move |event: web_sys::DragEvent| {
        event.prevent_default();
        over.set(false);
        own::open_dropped(desk, &event);
    };
    view! {
        <h1 class="sr-only">"Run"</h1>
        <div class="run-view">
            <div
                class="dropzone"
                class:over=move || over.get()
                data-testid="dropzone"
                on:dragover=move |event| {
                    event.prevent_default();
                    over.set(true);
                }
                on:dragleave=move |_| over.set(false)
                on:drop=drop_files
            >
                <Zone
                    id="zone-ehr"
                    tint="ehr"
                    icon=Icon::Ehr
                    title="EHR sandbox"
                    story="Synthetic FHIR. The only place where PHI may be seen."
                >
                    <SendBar desk />
                    <OwnPanel desk />
                    <Picker desk />
                    <Open desk />
                    <RequestForm desk body />
                </Zone>
            </div>
            <Zone
                id="zone-connector"
                tint="connector"
                icon=Icon::Connector
                title="Connector"
                story="Each stage passes it, changes it or refuses it."
            >
                <Results desk />
                <Refusal desk body />
                <Verdicts desk body />
                <Strip bench=desk.bench />
                <QueuePanel desk />
            </Zone>
            <Zone
                id="zone-crm"
                tint="crm"
                icon=Icon::Crm
                title="CRM demo zone"
                story="What the CRM team sees, and nothing else."
            >
                <Record desk />
            </Zone>
            <div class="below">
                <Ledger desk />
                <TwoLoggers desk />
            </div>
        </div>
    }
    .into_any()
}
