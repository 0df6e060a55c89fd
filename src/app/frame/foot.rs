//! The foot: which build this is, and how many requests the page has made since it was loaded, measured.

use crate::app::{dom, text, worker};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

/// The build id and the measured promise.
#[component]
pub fn Foot() -> impl IntoView {
    let loaded = dom::tick();
    let requests = RwSignal::new(since(loaded));
    watch(move || requests.set(since(loaded)));
    view! {
        <footer class="foot">
            <p>
                "Synthetic data only. Nothing leaves this page: "
                <strong data-testid="requests" data-count=move || requests.get().to_string()>
                    {move || text::count(requests.get(), "request")}
                </strong>
                " since load. Demo-safe is not compliance-ready."
            </p>
            <p class="note" data-testid="build">
                "build "
                {worker::BUILD}
            </p>
        </footer>
    }
    .into_any()
}

/// Requests that began after a moment, as the browser recorded them.
fn since(moment: f64) -> usize {
    let Some(performance) = window().performance() else { return 0 };
    let late =
        |entry: JsValue| entry.dyn_into::<web_sys::PerformanceEntry>().is_ok_and(|e| e.start_time() > moment);
    performance.get_entries_by_type("resource").iter().filter(|e| late(e.clone())).count()
}

/// Counts again whenever the browser records a request.
fn watch(count: impl Fn() + 'static) {
    // The page watches for as long as it lives, so the closure is never dropped.
    let on_entry = Closure::<dyn FnMut()>::new(count).into_js_value();
    let Ok(observer) = web_sys::PerformanceObserver::new(on_entry.unchecked_ref()) else { return };
    let types = js_sys::Array::of1(&JsValue::from_str("resource"));
    observer.observe(&web_sys::PerformanceObserverInit::new(&types));
}
