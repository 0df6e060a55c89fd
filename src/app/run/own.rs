//! The user's own input: opened, dropped or pasted, read in slices, one event or many.

use super::batch::{Item, Tally};
use super::bench::{Draft, Fate, Sent};
use crate::api::{Intake, Rehearsal, Request, Scope, request_for};
use crate::app::desk::{Desk, Keeper};
use crate::app::parts::Progress;
use crate::app::{dom, text};
use crate::order;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Bytes read before the clock is looked at.
const BUDGET: usize = 256 * 1024;
/// Milliseconds of work before the browser gets its turn.
pub const SLICE_MS: f64 = 12.0;
/// A body longer than this is sent as it is, and not edited here.
const EDITABLE: usize = 512 * 1024;
/// How the names of files end that can hold FHIR.
const ENDINGS: [&str; 3] = [".json", ".ndjson", ".jsonl"];

/// What is open in place of a scenario's requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OwnInput {
    /// Nothing: the scenario's own requests are.
    #[default]
    None,
    /// One event, in the editor.
    One {
        /// What it is called.
        name: String,
    },
    /// Resources, of which the events are to be sent one after the other.
    Many {
        /// What they are called.
        name: String,
        /// How many there are.
        count: usize,
    },
    /// Something in which nothing can be an event.
    Nothing {
        /// What it is called.
        name: String,
    },
}

/// The handles of the own input.
#[derive(Clone, Copy)]
pub struct Own {
    /// What is open.
    pub input: RwSignal<OwnInput>,
    /// Long work under way.
    pub job: RwSignal<Option<Progress>>,
    /// Set by Cancel; read between slices.
    pub cancelled: RwSignal<bool>,
    /// The input as read.
    pub intake: StoredValue<Option<Intake>, LocalStorage>,
    /// The items sent.
    pub items: StoredValue<Vec<Item>, LocalStorage>,
    /// Their outcomes, counted.
    pub tally: RwSignal<Tally>,
    /// How they would fare, where that was asked for.
    pub rehearsal: RwSignal<Option<Arc<Rehearsal>>>,
    /// Whether the attestation is being asked for.
    pub asking: RwSignal<bool>,
    answer: StoredValue<Option<js_sys::Function>, LocalStorage>,
}

impl Own {
    /// Nothing open.
    pub fn new() -> Self {
        Self {
            input: RwSignal::new(OwnInput::None),
            job: RwSignal::new(None),
            cancelled: RwSignal::new(false),
            intake: StoredValue::new_local(None),
            items: StoredValue::new_local(Vec::new()),
            tally: RwSignal::new(Tally::default()),
            rehearsal: RwSignal::new(None),
            asking: RwSignal::new(false),
            answer: StoredValue::new_local(None),
        }
    }

    /// Closes what is open and stops what is under way.
    pub fn close(self) {
        self.cancelled.set(true);
        self.input.set(OwnInput::None);
        self.forget();
    }

    fn forget(self) {
        self.intake.set_value(None);
        self.items.set_value(Vec::new());
        self.tally.set(Tally::default());
        self.rehearsal.set(None);
    }

    /// Asks the user to attest that the input is synthetic, and waits for the answer.
    pub async fn ask(self) -> bool {
        let promise = js_sys::Promise::new(&mut |resolve, _| self.answer.set_value(Some(resolve)));
        self.asking.set(true);
        JsFuture::from(promise).await.is_ok_and(|answer| answer.as_bool() == Some(true))
    }

    /// The user's answer. One that nobody asked for is nothing.
    pub fn reply(self, attested: bool) {
        self.asking.set(false);
        if let Some(resolve) = self.answer.try_update_value(Option::take).flatten() {
            let _ = resolve.call1(&JsValue::NULL, &JsValue::from_bool(attested));
        }
    }

    /// The item at a place of the input.
    pub fn item(self, index: usize, now: i64, scope: &Scope) -> Option<crate::api::IntakeItem> {
        self.intake.with_value(|intake| intake.as_ref()?.item(index, now, scope))
    }
}

/// Opens what was dropped: files, and folders with all that is in and below them.
pub fn open_dropped(desk: Desk, event: &web_sys::DragEvent) {
    let entries = dom::entries_of(event);
    if entries.is_empty() {
        return open_files(desk, dom::files_of(event.data_transfer().and_then(|d| d.files())));
    }
    spawn_local(async move { open_files(desk, dom::files_below(entries).await) });
}

/// Opens files: reads them, and shows what they hold. Of a folder's files those count that can hold FHIR.
pub fn open_files(desk: Desk, mut files: Vec<web_sys::File>) {
    if files.iter().any(|file| dom::path_of(file).contains('/')) {
        files.retain(|file| ENDINGS.iter().any(|end| file.name().ends_with(end)));
        order::by(&mut files, dom::path_of);
        if files.is_empty() {
            return desk.say("The folder has no file that ends in .json, .ndjson or .jsonl.");
        }
    }
    if files.is_empty() {
        return;
    }
    let name = match files.as_slice() {
        [one] => one.name(),
        many => text::count(many.len(), "file"),
    };
    spawn_local(async move {
        let mut parts = Vec::with_capacity(files.len());
        for file in files {
            let Ok(buffer) = JsFuture::from(file.array_buffer()).await else {
                desk.notice.set(Some([file.name().as_str(), " could not be read."].concat()));
                continue;
            };
            parts.push((dom::path_of(&file), js_sys::Uint8Array::new(&buffer).to_vec()));
        }
        read(desk, name, parts).await;
    });
}

/// Takes pasted text.
pub fn open_text(desk: Desk, pasted: String) {
    let parts = vec![(String::from("pasted"), pasted.into_bytes())];
    spawn_local(read(desk, String::from("pasted text"), parts));
}

async fn read(desk: Desk, name: String, parts: Vec<(String, Vec<u8>)>) {
    let own = desk.bench.own;
    if parts.is_empty() || own.job.with_untracked(Option::is_some) || desk.bench.busy.get_untracked() {
        return;
    }
    own.cancelled.set(false);
    own.forget();
    desk.keeper.update_value(Keeper::withdraw_attestation);
    let began = dom::tick();
    let mut slice = began;
    let mut intake = Intake::new(parts, None);
    loop {
        let progress = intake.step(BUDGET);
        if progress.finished {
            break;
        }
        if dom::tick() - slice > SLICE_MS {
            let (done, total, at) = (progress.done, progress.total, dom::tick());
            own.job.set(Some(Progress { what: "Reading", unit: "B", done, total, began, at }));
            dom::breathe().await;
            slice = dom::tick();
            if own.cancelled.get_untracked() {
                own.job.set(None);
                return desk.say("Reading was cancelled. Nothing was sent.");
            }
        }
    }
    own.job.set(None);
    let count = intake.len();
    own.intake.set_value(Some(intake));
    present(desk, name, count);
}

/// Shows what was read: one event goes to the editor, many wait for Send.
fn present(desk: Desk, name: String, count: usize) {
    let bench = desk.bench;
    let now = desk.clock.get_untracked();
    let Some(setup) = bench.setup_now() else { return };
    let first = if count == 1 { bench.own.item(0, now, &Scope::of(&setup)) } else { None };
    match first.map(|item| (item.input, item.body)) {
        Some((input, Ok(body))) if body.len() <= EDITABLE => {
            let request = request_for(&setup, &body, now);
            bench.show_drafts(vec![Draft::new(request, now)]);
            bench.own.input.set(OwnInput::One { name: input });
            desk.say("One event was read. Send it when you are ready.");
        }
        Some((input, Err(refusal))) => {
            bench.show_drafts(Vec::new());
            let fate = Fate::Unread(refusal);
            let sent = Sent { label: input, request: Request::default(), fate, draft: None };
            bench.shown.set(Some(Arc::new(sent)));
            bench.own.input.set(OwnInput::Nothing { name });
            desk.say("Nothing in it can be an event.");
        }
        _ if count == 0 => {
            bench.show_drafts(Vec::new());
            bench.own.input.set(OwnInput::Nothing { name });
            desk.say("Nothing in it can be an event.");
        }
        _ => {
            bench.show_drafts(Vec::new());
            let read = text::count(count, "resource");
            desk.say(
                &[&read, " were read. Send when you are ready: those are sent that are events."].concat(),
            );
            bench.own.input.set(OwnInput::Many { name, count });
        }
    }
}

/// Goes back to the scenario's own requests.
pub fn close(desk: Desk) {
    let open = desk.bench.scenario.with_untracked(|s| s.as_ref().map(|s| s.card.id.clone()));
    if let Some(id) = open {
        desk.show_scenario(&id);
    }
}
