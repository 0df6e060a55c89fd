//! Local storage: the keys, and raw text in and out. Nothing here panics when storage is missing.

pub mod policy;

use crate::api::store::{Capacity, Shelf, ShelfError, SigningNoteKey, stored_origin, stored_turns};
use crate::app::dom;
use gloo_storage::{LocalStorage, Storage};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

/// The key that signs the timeline's checkpoints.
pub const KEY: &str = "airlock.key";
/// What the keys for state and event ids come from.
const STORAGE_KEY: &str = "airlock.storage-key";
/// Which tab claims to be the one that writes.
const CLAIM: &str = "airlock.claim";
/// Key of the timeline's filters that were kept.
const FILTERS: &str = "airlock.filters";
/// Key of the theme chosen.
pub const THEME: &str = "airlock.theme";

/// Key of what local storage was measured to hold.
const CAPACITY: &str = "airlock.capacity";

/// The store, where the browser gives one. Asking is what may throw, so it happens here, once a call.
fn store() -> Result<web_sys::Storage, ShelfError> {
    match window().local_storage() {
        Ok(Some(_)) => Ok(LocalStorage::raw()),
        _ => Err(ShelfError::Missing),
    }
}

fn explain(error: &JsValue) -> ShelfError {
    match error.dyn_ref::<web_sys::DomException>() {
        Some(e) if e.name() == "QuotaExceededError" || e.name() == "NS_ERROR_DOM_QUOTA_REACHED" => {
            ShelfError::Full
        }
        Some(e) => ShelfError::Failed(e.message()),
        None => ShelfError::Failed(String::from("the browser did not say why")),
    }
}

fn read(store: &web_sys::Storage, key: &str) -> Result<Option<String>, ShelfError> {
    store.get_item(key).map_err(|e| explain(&e))
}

fn write(store: &web_sys::Storage, key: &str, value: &str) -> Result<(), ShelfError> {
    store.set_item(key, value).map_err(|e| explain(&e))
}

fn keys(store: &web_sys::Storage) -> Vec<String> {
    let length = store.length().unwrap_or(0);
    (0..length).filter_map(|i| store.key(i).ok().flatten()).collect()
}

/// Local storage, as a shelf.
#[derive(Clone, Copy)]
pub struct LocalShelf;

impl Shelf for LocalShelf {
    fn get(&self, name: &str) -> Result<Option<String>, ShelfError> {
        read(&store()?, name)
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), ShelfError> {
        write(&store()?, name, text)
    }

    fn remove(&mut self, name: &str) -> Result<(), ShelfError> {
        store()?.remove_item(name).map_err(|e| explain(&e))
    }

    fn names(&self, beginning: &str) -> Result<Vec<String>, ShelfError> {
        let mut names = std::collections::BTreeSet::new();
        names.extend(keys(&store()?).into_iter().filter(|key| key.starts_with(beginning)));
        Ok(names.into_iter().collect())
    }
}

/// The key that signs this browser's timeline. Where there is none, it is made and kept: for the log that is stored, or
/// with a name that no other has. Where it can't be kept, it is good for as long as the page is open.
pub fn signing_key() -> SigningNoteKey {
    let mut shelf = LocalShelf;
    if let Some(key) = kept_key() {
        return key;
    }
    let entropy = dom::entropy();
    let stored = stored_origin(&shelf).ok().flatten();
    let key = stored.and_then(|origin| SigningNoteKey::new(&origin, &entropy));
    let key = key.unwrap_or_else(|| SigningNoteKey::of_new_log(&entropy));
    let _ = shelf.set(KEY, &key.to_secret_text());
    key
}

/// The entropy of this browser's keys for what it keeps. Where there is none, it is made and kept beside what it protects:
/// what is copied without it can't be opened, and it is no protection from who has the whole storage. Where it can't be
/// kept, it is good for as long as the page is open.
pub fn storage_key() -> String {
    if let Some(kept) = LocalShelf.get(STORAGE_KEY).ok().flatten().filter(|kept| kept.len() == 64) {
        return kept;
    }
    let key: String = dom::entropy().iter().map(|byte| format!("{byte:02x}")).collect();
    keep_storage_key(&key);
    key
}

/// Keeps the entropy that a session has. Where there is no storage, nothing is.
pub fn keep_storage_key(key: &str) {
    let _ = LocalShelf.set(STORAGE_KEY, key);
}

/// The key that is kept.
pub fn kept_key() -> Option<SigningNoteKey> {
    LocalShelf.get(KEY).ok().flatten().as_deref().and_then(SigningNoteKey::parse_secret_text)
}

/// Keeps another key.
///
/// # Errors
/// Where the browser gives no storage, or it is full.
pub fn keep_key(secret: &str) -> Result<(), ShelfError> {
    LocalShelf.set(KEY, secret)
}

/// What local storage holds, as it was measured; as it is assumed where it was not.
pub fn capacity() -> Capacity {
    let kept = LocalShelf.get(CAPACITY).ok().flatten().and_then(|text| text.parse().ok());
    kept.map_or(Capacity::ASSUMED, |units| Capacity { units, measured: true })
}

/// Keeps what was measured. Where that fails it is measured again next time.
pub fn set_capacity(capacity: Capacity) {
    let _ = LocalShelf.set(CAPACITY, &capacity.units.to_string());
}

/// UTF-16 units taken by each name that begins so.
pub fn sizes(beginning: &str) -> Vec<(String, usize)> {
    let Ok(store) = store() else { return Vec::new() };
    let own = keys(&store).into_iter().filter(|key| key.starts_with(beginning));
    own.map(|key| (size(&store, &key), key)).map(|(units, key)| (key, units)).collect()
}

/// How many times the timeline was written to, as far as this tab can see: what another has written arrives later.
pub fn turns() -> u64 {
    stored_turns(&LocalShelf)
}

/// Which tab claims to be the one that writes, where there are no locks.
pub fn claim() -> Option<String> {
    LocalShelf.get(CLAIM).ok().flatten()
}

/// Claims that, or takes the claim away.
pub fn set_claim(claim: Option<&str>) {
    let _ = match claim {
        Some(claim) => LocalShelf.set(CLAIM, claim),
        None => LocalShelf.remove(CLAIM),
    };
}

/// UTF-16 units taken by what was set aside.
pub fn aside_units() -> usize {
    let aside = crate::api::store::aside(&LocalShelf).unwrap_or_default();
    units(|key| aside.iter().any(|name| name == key))
}

/// UTF-16 units taken in all.
pub fn used_units() -> usize {
    units(|_| true)
}

/// Counts without copying the values into memory of ours.
fn units(wanted: impl Fn(&str) -> bool) -> usize {
    let Ok(store) = store() else { return 0 };
    let mut total = 0usize;
    for key in keys(&store).iter().filter(|k| wanted(k)) {
        total = total.saturating_add(size(&store, key));
    }
    total
}

fn size(store: &web_sys::Storage, key: &str) -> usize {
    let value = js_sys::Reflect::get(store, &JsValue::from_str(key)).unwrap_or(JsValue::NULL);
    let length = value.dyn_ref::<js_sys::JsString>().map_or(0, |s| s.length() as usize);
    length.saturating_add(key.encode_utf16().count())
}

/// The theme chosen, if any.
pub fn theme() -> Option<String> {
    store().ok()?;
    LocalStorage::get(THEME).ok()
}

/// Keeps the theme chosen. Without storage it holds until the page is closed.
pub fn set_theme(theme: &str) {
    if let Ok(store) = store()
        && let Ok(text) = serde_json::to_string(theme)
    {
        let _ = write(&store, THEME, &text);
    }
}

/// The filters of the timeline that were kept: name and query.
pub fn filters() -> Vec<(String, String)> {
    let kept = store().ok().and_then(|store| read(&store, FILTERS).ok().flatten());
    kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Keeps the filters of the timeline.
///
/// # Errors
/// Where the browser gives no storage, or it is full.
pub fn set_filters(filters: &[(String, String)]) -> Result<(), ShelfError> {
    let text = serde_json::to_string(filters).map_err(|error| ShelfError::Failed(error.to_string()))?;
    write(&store()?, FILTERS, &text)
}
