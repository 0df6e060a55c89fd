//! The worker's side: it takes orders and works them off, a slice each in turn.

use super::BUILD;
use super::drive::drive;
use super::message::{Order, Word, from_text, to_text};
use crate::api::Task;
use crate::app::dom;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// Milliseconds of work before messages get their turn.
const SLICE_MS: f64 = 40.0;

/// Takes orders from the page from now on, and greets it.
pub fn serve() {
    let Some(scope) = dom::worker_scope() else { return };
    let cancelled = Rc::new(RefCell::new(BTreeSet::new()));
    let own = scope.clone();
    let on_message =
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| match from_text(&event.data()) {
            Some(Order::Greet) => say(&own, &greeting()),
            Some(Order::Start { job, task }) => {
                spawn_local(work(own.clone(), job, *task, Rc::clone(&cancelled)));
            }
            Some(Order::Cancel { job }) => drop(cancelled.borrow_mut().insert(job)),
            None => {}
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
    task: Task,
    cancelled: Rc<RefCell<BTreeSet<u32>>>,
) {
    let word = match task.begin() {
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
