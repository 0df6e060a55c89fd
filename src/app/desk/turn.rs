//! Taking turns with other tabs: by way of Web Locks, or where there are none, of a claim in local storage.

use crate::app::{dom, storage};
use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The turn to read, send and write while other tabs wait. Dropping it lets the next one go.
pub enum Turn {
    /// A lock is held, and this lets it go; with the number of turns when it was granted.
    Lock(js_sys::Function, u64),
    /// The claim stands in local storage.
    Claim(String),
    /// There is neither lock nor storage: nobody else can write.
    Alone,
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self {
            Self::Lock(release, before) => {
                let (release, turns) = (release.clone(), storage::turns());
                let wrote = turns != *before;
                spawn_local(async move {
                    if wrote {
                        announce(turns).await;
                    }
                    let _ = release.call0(&JsValue::NULL);
                });
            }
            Self::Claim(own) if storage::claim().as_ref() == Some(own) => storage::set_claim(None),
            Self::Claim(_) | Self::Alone => {}
        }
    }
}

/// The lock of the one who writes.
const WRITER: &str = "airlock";
/// What begins the name of a lock that says how many turns there were when its holder wrote last.
const TURNS: &str = "airlock.turns.";
/// Milliseconds that a tab waits at most for what another one says it has written.
const PATIENCE: f64 = 1_500.0;
/// Milliseconds until what one tab has written is there for every other one. Browsers promise no number; they take a
/// few.
const SETTLE: i32 = 80;
/// Milliseconds after which the claim of a tab that was killed counts no more.
const STALE: f64 = 15_000.0;

/// Waits for the turn.
pub async fn take_turn() -> Turn {
    let Some(release) = lock(WRITER, false).await else { return claim().await };
    // A lock is granted at once everywhere, and what is stored arrives when it arrives: who has written last says so by a
    // lock of its own, which can be asked for.
    let wanted = announced().await;
    let since = dom::tick();
    while storage::turns() < wanted && dom::tick() - since < PATIENCE {
        dom::pause(2).await;
    }
    Turn::Lock(release, storage::turns())
}

thread_local! {
    /// Lets go of what this tab has announced last.
    static ANNOUNCED: std::cell::RefCell<Option<js_sys::Function>> = const { std::cell::RefCell::new(None) };
}

/// Says to the other tabs how many turns there were after this tab has written.
async fn announce(turns: u64) {
    let own = lock(&[TURNS, &turns.to_string()].concat(), true).await;
    if let Some(release) = ANNOUNCED.replace(own) {
        let _ = release.call0(&JsValue::NULL);
    }
}

/// Takes back what this tab has announced: others have written since.
pub fn withdraw_announcement() {
    if let Some(release) = ANNOUNCED.take() {
        let _ = release.call0(&JsValue::NULL);
    }
}

/// The most turns that a tab announces.
async fn announced() -> u64 {
    let key = |name: &str| JsValue::from_str(name);
    let get = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &key(name)).unwrap_or(JsValue::UNDEFINED);
    let locks = get(&window().navigator(), "locks");
    let query = get(&locks, "query").dyn_into::<js_sys::Function>().ok();
    let asked = query.and_then(|query| query.call0(&locks).ok()?.dyn_into::<js_sys::Promise>().ok());
    let Some(asked) = asked else { return 0 };
    let held = JsFuture::from(asked).await.map(|found| get(&found, "held")).unwrap_or(JsValue::UNDEFINED);
    let held = held.dyn_into::<js_sys::Array>().unwrap_or_default();
    let turns = held.iter().filter_map(|lock| {
        let name = get(&lock, "name").as_string()?;
        name.strip_prefix(TURNS)?.parse::<u64>().ok()
    });
    turns.max().unwrap_or(0)
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

/// Waits for a Web Lock, shared with others or not. None where the browser has none, or refuses it, as to a file opened
/// from disk.
async fn lock(name: &str, shared: bool) -> Option<js_sys::Function> {
    let key = |name: &str| JsValue::from_str(name);
    let navigator: JsValue = window().navigator().into();
    let locks = js_sys::Reflect::get(&navigator, &key("locks")).unwrap_or(JsValue::UNDEFINED);
    let request = js_sys::Reflect::get(&locks, &key("request"))
        .ok()
        .and_then(|f| f.dyn_into::<js_sys::Function>().ok());
    let request = request?;
    let options = js_sys::Object::new();
    let mode = if shared { "shared" } else { "exclusive" };
    let _ = js_sys::Reflect::set(&options, &key("mode"), &key(mode));
    // Settles with the function that lets the lock go, or with nothing when there is no lock to be had.
    let granted = js_sys::Promise::new(&mut |grant, _| {
        let on_grant = grant.clone();
        let hold = Closure::once_into_js(move |_lock: JsValue| -> JsValue {
            js_sys::Promise::new(&mut |release, _| {
                let _ = on_grant.call1(&JsValue::NULL, &release);
            })
            .into()
        });
        let asked = request.call3(&locks, &key(name), &options, &hold);
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
