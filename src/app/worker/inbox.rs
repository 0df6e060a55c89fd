//! What a worker has said and nobody has read yet.

use super::message::{Word, from_text};
use crate::api::Objection;
use crate::app::dom;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, MessageEvent, Worker};

/// The words of a worker that are of interest, in order. It listens for as long as it lives.
pub struct Inbox {
    worker: Worker,
    held: Rc<Held>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_error: Closure<dyn FnMut(Event)>,
}

#[derive(Default)]
struct Held {
    words: RefCell<VecDeque<Word>>,
    wake: RefCell<Option<js_sys::Function>>,
}

impl Held {
    fn put(&self, word: Word) {
        self.words.borrow_mut().push_back(word);
        self.wake();
    }

    fn wake(&self) {
        if let Some(wake) = self.wake.borrow_mut().take() {
            let _ = wake.call0(&JsValue::NULL);
        }
    }
}

impl Inbox {
    /// Listens to a worker for what is wanted of its words.
    pub fn new(worker: &Worker, wanted: impl Fn(&Word) -> bool + 'static) -> Self {
        let held = Rc::new(Held::default());
        let own = Rc::clone(&held);
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(word) = from_text::<Word>(&event.data()).filter(|word| wanted(word)) {
                own.put(word);
            }
        });
        let own = Rc::clone(&held);
        let on_error = Closure::new(move |event: Event| {
            event.prevent_default();
            own.put(Word::Failed { job: None, objection: broken_off() });
        });
        let _ = worker.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref());
        let _ = worker.add_event_listener_with_callback("error", on_error.as_ref().unchecked_ref());
        Self { worker: worker.clone(), held, on_message, on_error }
    }

    /// The next word; none when so many milliseconds have passed without one.
    pub async fn next(&self, patience: i32) -> Option<Word> {
        if self.held.words.borrow().is_empty() {
            let waiting = js_sys::Promise::new(&mut |resolve, _| {
                self.held.wake.borrow_mut().replace(resolve);
            });
            let held = Rc::clone(&self.held);
            spawn_local(async move {
                dom::pause(patience).await;
                held.wake();
            });
            let _ = JsFuture::from(waiting).await;
        }
        self.held.words.borrow_mut().pop_front()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let worker = &self.worker;
        let message = self.on_message.as_ref().unchecked_ref();
        let _ = worker.remove_event_listener_with_callback("message", message);
        let error = self.on_error.as_ref().unchecked_ref();
        let _ = worker.remove_event_listener_with_callback("error", error);
    }
}

/// What is said of a job whose worker has ended in the middle.
pub fn broken_off() -> Objection {
    Objection::new(
        "job.broken-off",
        "The work came to an unexpected end.",
        "Try it with less at once. Nothing that was there before is lost.",
    )
}
