//! Taking turns with other tabs: by way of Web Locks, or where there are none, of a claim in local storage.

use crate::app::{dom, storage};
use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The turn to read, send and write while other tabs wait. Dropping it lets the next one go.
pub enum Turn {
    /// A lock is held, and this lets it go.
    Lock(js_sys::Function),
    /// The claim stands in local storage.
    Claim(String),
    /// There is neither lock nor storage: nobody else can write.
    Alone,
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self {
            Self::Lock(release) => drop(release.call0(&JsValue::NULL)),
            Self::Claim(own) if storage::claim().as_ref() == Some(own) => storage::set_claim(None),
            Self::Claim(_) | Self::Alone => {}
        }
    }
}

/// Milliseconds until what one tab has written is there for every other one. Browsers promise no number; they take a
/// few.
const SETTLE: i32 = 80;
/// Milliseconds after which the claim of a tab that was killed counts no more.
const STALE: f64 = 15_000.0;

/// Waits for the turn.
pub async fn take_turn() -> Turn {
    match lock().await {
        Some(release) => Turn::Lock(release),
        None => claim().await,
    }
}

/// Claims the turn in local storage: writes that it is its own, and looks again after every other tab has seen it. Of two
/// that claim at once, the one whose claim stands then has it; the head is looked at before each write all the same.
async fn claim() -> Turn {
    let name = dom::random_name();
    loop {
        let now = js_sys::Date::now();
        let taken = storage::claim().is_some_and(|text| {
            let at = text.split(' ').next().and_then(|at| at.parse::<f64>().ok());
            at.is_some_and(|at| (now - at).abs() < STALE)
        });
        if !taken {
            let own = [&now.to_string(), " ", &name].concat();
            storage::set_claim(Some(&own));
            if storage::claim().as_ref() != Some(&own) {
                return Turn::Alone;
            }
            dom::pause(SETTLE).await;
            if storage::claim().as_ref() == Some(&own) {
                return Turn::Claim(own);
            }
        }
        dom::pause(SETTLE / 2 + (js_sys::Math::random() * 60.0) as i32).await;
    }
}

/// Waits for the Web Lock. None where the browser has none, or refuses it, as to a file opened from disk.
async fn lock() -> Option<js_sys::Function> {
    let key = |name: &str| JsValue::from_str(name);
    let navigator: JsValue = window().navigator().into();
    let locks = js_sys::Reflect::get(&navigator, &key("locks")).unwrap_or(JsValue::UNDEFINED);
    let request = js_sys::Reflect::get(&locks, &key("request"))
        .ok()
        .and_then(|f| f.dyn_into::<js_sys::Function>().ok());
    let request = request?;
    // Settles with the function that lets the lock go, or with nothing when there is no lock to be had.
    let granted = js_sys::Promise::new(&mut |grant, _| {
        let on_grant = grant.clone();
        let hold = Closure::once_into_js(move |_lock: JsValue| -> JsValue {
            js_sys::Promise::new(&mut |release, _| {
                let _ = on_grant.call1(&JsValue::NULL, &release);
            })
            .into()
        });
        let asked = request.call2(&locks, &key("airlock"), &hold);
        let asked = asked.ok().and_then(|p| p.dyn_into::<js_sys::Promise>().ok());
        spawn_local(async move {
            let failed = match asked {
                Some(promise) => JsFuture::from(promise).await.is_err(),
                None => true,
            };
            if failed {
                let _ = grant.call0(&JsValue::NULL);
            }
        });
    });
    let release = JsFuture::from(granted).await.ok();
    release.and_then(|f| f.dyn_into::<js_sys::Function>().ok())
}
