//! Taking turns with other tabs, by way of Web Locks.

use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The turn to read, send and write while other tabs wait. Dropping it lets the next one go.
pub struct Turn(Option<js_sys::Function>);

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            let _ = release.call0(&JsValue::NULL);
        }
    }
}

/// Waits for the turn. Where the browser has no locks, or refuses them to a file opened from disk, the check
/// of the head before each write has to do.
pub async fn take_turn() -> Turn {
    let key = |name: &str| JsValue::from_str(name);
    let navigator: JsValue = window().navigator().into();
    let locks = js_sys::Reflect::get(&navigator, &key("locks")).unwrap_or(JsValue::UNDEFINED);
    let request = js_sys::Reflect::get(&locks, &key("request"))
        .ok()
        .and_then(|f| f.dyn_into::<js_sys::Function>().ok());
    let Some(request) = request else { return Turn(None) };
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
    Turn(release.and_then(|f| f.dyn_into::<js_sys::Function>().ok()))
}
