//! Local storage: the keys, and raw text in and out. Nothing here panics when storage is missing.

pub mod policy;

use crate::api::{Save, Stored};
use gloo_storage::{LocalStorage, Storage};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

/// Key of the head; a change of it means that somebody wrote.
pub const HEAD: &str = "airlock.head";
const CRM: &str = "airlock.crm";
const SEEN: &str = "airlock.seen";
const QUEUE: &str = "airlock.queue";
const LEARNED: &str = "airlock.learned";
const LOG: &str = "airlock.log.";
const ASIDE: &str = "airlock.aside.";
/// Key of the theme chosen.
pub const THEME: &str = "airlock.theme";

/// UTF-16 units that local storage holds in the browsers of today, for the meter.
pub const CAPACITY: usize = 5_242_880;

/// Why storage did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// The browser gives no storage at all.
    Missing,
    /// There is no room left.
    Full,
    /// Anything else, in the browser's words.
    Failed(String),
}

/// The store, where the browser gives one. Asking is what may throw, so it happens here, once a call.
fn store() -> Result<web_sys::Storage, StorageError> {
    match window().local_storage() {
        Ok(Some(_)) => Ok(LocalStorage::raw()),
        _ => Err(StorageError::Missing),
    }
}

fn explain(error: &JsValue) -> StorageError {
    match error.dyn_ref::<web_sys::DomException>() {
        Some(e) if e.name() == "QuotaExceededError" || e.name() == "NS_ERROR_DOM_QUOTA_REACHED" => {
            StorageError::Full
        }
        Some(e) => StorageError::Failed(e.message()),
        None => StorageError::Failed(String::from("the browser did not say why")),
    }
}

fn read(store: &web_sys::Storage, key: &str) -> Result<Option<String>, StorageError> {
    store.get_item(key).map_err(|e| explain(&e))
}

fn write(store: &web_sys::Storage, key: &str, value: &str) -> Result<(), StorageError> {
    store.set_item(key, value).map_err(|e| explain(&e))
}

fn segment_key(number: usize) -> String {
    let digits = number.to_string();
    let mut key = String::from(LOG);
    for _ in digits.len()..6 {
        key.push('0');
    }
    key.push_str(&digits);
    key
}

fn keys(store: &web_sys::Storage) -> Vec<String> {
    let length = store.length().unwrap_or(0);
    (0..length).filter_map(|i| store.key(i).ok().flatten()).collect()
}

/// The head's text as it stands.
pub fn head() -> Result<Option<String>, StorageError> {
    read(&store()?, HEAD)
}

/// Everything of the session that is stored, as it stands.
pub fn load() -> Result<Stored, StorageError> {
    let store = store()?;
    let numbers = keys(&store).iter().filter_map(|k| k.strip_prefix(LOG)?.parse::<usize>().ok()).max();
    // A number far off the end is no segment of ours; the head tells how many there should be.
    let count = numbers.map_or(0, |n| n.saturating_add(1)).min(1_000_000);
    let mut segments = Vec::with_capacity(count);
    for number in 0..count {
        segments.push(read(&store, &segment_key(number))?);
    }
    Ok(Stored {
        head: read(&store, HEAD)?,
        segments,
        crm: read(&store, CRM)?,
        seen: read(&store, SEEN)?,
        queue: read(&store, QUEUE)?,
        learned: read(&store, LEARNED)?,
    })
}

/// Writes a save, the head last. When any of it fails, what was there before is put back.
pub fn save(save: &Save) -> Result<(), StorageError> {
    let store = store()?;
    let mut items: Vec<(String, &str)> =
        save.segments.iter().map(|(number, text)| (segment_key(*number), text.as_str())).collect();
    items.push((CRM.to_owned(), &save.crm));
    items.push((SEEN.to_owned(), &save.seen));
    items.push((QUEUE.to_owned(), &save.queue));
    items.push((LEARNED.to_owned(), &save.learned));
    items.push((HEAD.to_owned(), &save.head));
    let mut before = Vec::with_capacity(items.len());
    for (key, text) in items {
        let old = read(&store, &key)?;
        let result = write(&store, &key, text);
        before.push((key, old));
        if let Err(error) = result {
            restore(&store, before);
            return Err(error);
        }
    }
    Ok(())
}

/// Puts values back as they were: what was not there goes first, so that there is room for the rest.
fn restore(store: &web_sys::Storage, before: Vec<(String, Option<String>)>) {
    for (key, _) in before.iter().filter(|(_, old)| old.is_none()) {
        let _ = store.remove_item(key);
    }
    for (key, old) in before {
        if let Some(old) = old {
            let _ = store.set_item(&key, &old);
        }
    }
}

/// Moves the stored timeline out of the way, under keys of its own. Gives how many keys were moved.
pub fn set_aside() -> Result<usize, StorageError> {
    let store = store()?;
    let all = keys(&store);
    let number = (1..).find(|n| !all.iter().any(|k| k.starts_with(&aside_prefix(*n)))).unwrap_or(1u32);
    let ours =
        all.into_iter().filter(|k| k.starts_with(LOG) || [HEAD, CRM, SEEN, QUEUE].contains(&k.as_str()));
    let mut moved = 0usize;
    for key in ours {
        let Some(value) = read(&store, &key)? else { continue };
        // Make room first: both at once might not fit. The value is safe in memory meanwhile.
        let _ = store.remove_item(&key);
        let name = key.strip_prefix("airlock.").unwrap_or(&key);
        if let Err(error) = write(&store, &(aside_prefix(number) + name), &value) {
            let _ = store.set_item(&key, &value);
            return Err(error);
        }
        moved = moved.saturating_add(1);
    }
    Ok(moved)
}

fn aside_prefix(number: u32) -> String {
    [ASIDE, &number.to_string(), "."].concat()
}

/// UTF-16 units taken by what was set aside.
pub fn aside_units() -> usize {
    units(|key| key.starts_with(ASIDE))
}

/// Removes what was set aside, for good.
pub fn drop_aside() -> Result<(), StorageError> {
    let store = store()?;
    for key in keys(&store).iter().filter(|k| k.starts_with(ASIDE)) {
        store.remove_item(key).map_err(|e| explain(&e))?;
    }
    Ok(())
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
        let value = js_sys::Reflect::get(&store, &JsValue::from_str(key)).unwrap_or(JsValue::NULL);
        let length = value.dyn_ref::<js_sys::JsString>().map_or(0, |s| s.length() as usize);
        total = total.saturating_add(length).saturating_add(key.encode_utf16().count());
    }
    total
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
