//! The worker's side: it takes orders and works them off, a slice each in turn.

use super::BUILD;
use super::drive::drive;
use super::file::text_of;
use super::message::{Order, Word, from_text, to_text};
use crate::api::Task;
use crate::app::dom;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent};

/// Milliseconds of work before messages get their turn.
const SLICE_MS: f64 = 40.0;

/// Takes orders from the page from now on, and greets it.
pub fn serve() {
    let Some(scope) = dom::worker_scope() else { return };
    let cancelled = Rc::new(RefCell::new(BTreeSet::new()));
    let own = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        // An order is a text, or a text with a file.
        let (order, file) = match event.data().dyn_into::<js_sys::Array>() {
            Ok(pair) => (pair.get(0), pair.get(1).dyn_into::<Blob>().ok()),
            Err(order) => (order, None),
        };
        match from_text(&order) {
            Some(Order::Greet) => say(&own, &greeting()),
            Some(Order::Start { job, task }) => {
                spawn_local(work(own.clone(), job, *task, file, Rc::clone(&cancelled)));
            }
            Some(Order::Cancel { job }) => drop(cancelled.borrow_mut().insert(job)),
            None => {}
        }
    });
    // The worker listens for as long as it lives, so the closure is never dropped.
    scope.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
    say(&scope, &greeting());
}

fn greeting() -> Word {
    Word::Greeting { build: BUILD.to_owned() }
}

fn say(scope: &DedicatedWorkerGlobalScope, word: &Word) {
    if let Some(text) = to_text(word) {
        let _ = scope.post_message(&text);
    }
}

async fn work(
    scope: DedicatedWorkerGlobalScope,
    number: u32,
    mut task: Task,
    file: Option<Blob>,
    cancelled: Rc<RefCell<BTreeSet<u32>>>,
) {
    let read = match file {
        Some(file) => text_of(&file).await.map(|text| task.attach(text)),
        None => Ok(()),
    };
    let word = match read.and_then(|()| task.begin()) {
        Err(objection) => Word::Failed { job: Some(number), objection },
        Ok(job) => {
            let progress = |progress| say(&scope, &Word::Progress { job: number, progress });
            let stop = || cancelled.borrow().contains(&number);
            Word::Result { job: number, outcome: drive(job, SLICE_MS, stop, progress).await }
        }
    };
    cancelled.borrow_mut().remove(&number);
    say(&scope, &word);
}
