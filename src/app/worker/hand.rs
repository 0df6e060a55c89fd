//! The page's side: it gives work away and watches it.

use super::BUILD;
use super::drive::drive;
use super::file::text_of;
use super::inbox::{Inbox, broken_off};
use super::message::{Order, Word, to_text};
use crate::api::{JobOutcome, Objection, Task};
use crate::app::dom;
use crate::app::parts::Progress;
use leptos::prelude::*;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, Worker};

/// Where `start.js` leaves the worker it has started.
const GLOBAL: &str = "airlockWorker";
/// Milliseconds that the worker has for its greeting.
const GREETING_MS: i32 = 5_000;
/// Milliseconds between two looks at whether the work is still wanted.
const LOOK_MS: i32 = 100;
/// Milliseconds that a cancelled job has to leave off, before its worker is ended.
const LEAVE_OFF_MS: f64 = 2_000.0;
/// Milliseconds of work on the page's own thread before the browser gets its turn.
const SLICE_MS: f64 = 12.0;

/// What is watched of a job.
#[derive(Clone, Copy)]
pub struct Watch {
    /// What is being done, e.g. `Checking`.
    pub what: &'static str,
    /// Of what, e.g. `event`.
    pub unit: &'static str,
    /// How far it has come; none when nothing is under way.
    pub progress: RwSignal<Option<Progress>>,
    /// Set to have it left off.
    pub cancelled: RwSignal<bool>,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With a result.
    Done(JobOutcome),
    /// It was cancelled.
    Cancelled,
    /// It could not be done.
    Failed(Objection),
}

#[derive(Default)]
enum Hand {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    /// There is a worker of this build.
    Ready(Worker),
    /// There is none, or none any more.
    None,
}

thread_local! {
    static HAND: RefCell<Hand> = const { RefCell::new(Hand::Unknown) };
    static NEXT: RefCell<u32> = const { RefCell::new(1) };
}

/// Does a piece of long work, in the worker where there is one, and tells how far it has come. A file that the task is about
/// is read where the work is done.
pub async fn run(task: Task, file: Option<Blob>, watch: Watch) -> End {
    let began = dom::tick();
    watch.cancelled.set(false);
    watch.progress.set(Some(Progress::begun(watch.what, watch.unit, began)));
    let end = match hand().await {
        Some(worker) => in_worker(&worker, task, file, watch).await,
        None => in_slices(task, file, watch).await,
    };
    watch.progress.set(None);
    end
}

impl Watch {
    fn is_cancelled(self) -> bool {
        // The view that watched may be gone: then nobody wants the work any more.
        self.cancelled.try_get_untracked().unwrap_or(true)
    }

    fn tell(self, progress: crate::api::JobProgress) {
        let _ = self.progress.try_update(|shown| {
            if let Some(shown) = shown {
                (shown.done, shown.total, shown.at) = (progress.done, progress.total, dom::tick());
            }
        });
    }
}

async fn in_slices(mut task: Task, file: Option<Blob>, watch: Watch) -> End {
    if let Some(file) = file {
        match text_of(&file).await {
            Ok(text) => task.attach(text),
            Err(why) => return End::Failed(why),
        }
    }
    match task.begin() {
        Err(objection) => End::Failed(objection),
        Ok(job) => {
            let outcome = drive(job, SLICE_MS, || watch.is_cancelled(), |p| watch.tell(p)).await;
            outcome.map_or(End::Cancelled, End::Done)
        }
    }
}

async fn in_worker(worker: &Worker, task: Task, file: Option<Blob>, watch: Watch) -> End {
    let job = NEXT.with_borrow_mut(|next| std::mem::replace(next, next.wrapping_add(1)));
    let inbox = Inbox::new(worker, move |word| word.concerns(job));
    let start = to_text(&Order::Start { job, task: Box::new(task) });
    let start = start.map(|start| match file {
        Some(file) => js_sys::Array::of2(&start, &file).into(),
        None => start,
    });
    if start.is_none_or(|start| worker.post_message(&start).is_err()) {
        return End::Failed(broken_off());
    }
    let mut leaving = None;
    loop {
        match inbox.next(LOOK_MS).await {
            Some(Word::Progress { progress, .. }) => watch.tell(progress),
            Some(Word::Result { outcome, .. }) => return outcome.map_or(End::Cancelled, End::Done),
            Some(Word::Failed { job, objection }) => {
                if job.is_none() {
                    dismiss(worker);
                }
                return End::Failed(objection);
            }
            Some(Word::Greeting { .. }) | None => {}
        }
        match leaving {
            None if watch.is_cancelled() => {
                leaving = Some(dom::tick());
                let _ = to_text(&Order::Cancel { job }).map(|cancel| worker.post_message(&cancel));
            }
            Some(since) if dom::tick() - since > LEAVE_OFF_MS => {
                dismiss(worker);
                return End::Cancelled;
            }
            _ => {}
        }
    }
}

/// Ends the worker. Another would have to be fetched, so that what follows is done on the page's own thread.
fn dismiss(worker: &Worker) {
    worker.terminate();
    HAND.set(Hand::None);
}

/// The worker, once it has greeted; none where there is none of this build.
async fn hand() -> Option<Worker> {
    let known = HAND.with_borrow(|hand| match hand {
        Hand::Unknown => None,
        Hand::Ready(worker) => Some(Some(worker.clone())),
        Hand::None => Some(None),
    });
    if let Some(known) = known {
        return known;
    }
    let hand = match js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str(GLOBAL)) {
        Ok(found) => found.dyn_into::<Worker>().ok(),
        Err(_) => None,
    };
    let worker = match hand {
        Some(worker) if greets(&worker).await => Some(worker),
        Some(worker) => {
            worker.terminate();
            None
        }
        None => None,
    };
    HAND.set(worker.clone().map_or(Hand::None, Hand::Ready));
    worker
}

async fn greets(worker: &Worker) -> bool {
    let inbox = Inbox::new(worker, |word| matches!(word, Word::Greeting { .. } | Word::Failed { .. }));
    let greet = to_text(&Order::Greet);
    if greet.is_none_or(|greet| worker.post_message(&greet).is_err()) {
        return false;
    }
    matches!(inbox.next(GREETING_MS).await, Some(Word::Greeting { build }) if build == BUILD)
}
