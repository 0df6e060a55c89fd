//! Small things the browser does for us: time, turns of the event loop, selecting text, downloads.

use super::text;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, DedicatedWorkerGlobalScope, HtmlAnchorElement, HtmlTextAreaElement, Url,
};

/// The worker's scope, where this runs in one.
pub fn worker_scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// Whether this runs in a worker, which has no document.
pub fn in_worker() -> bool {
    worker_scope().is_some()
}

/// Milliseconds since the page was opened or the worker started; runs on, whatever the wall clock does.
pub fn tick() -> f64 {
    let clock = match worker_scope() {
        Some(scope) => scope.performance(),
        None => window().performance(),
    };
    clock.map_or(0.0, |p| p.now())
}

/// Lets others have their turn (the browser to paint and take input, a worker to take messages) before the work goes on.
pub async fn breathe() {
    pause(0).await;
}

/// Work in slices, so that the page has its turns between them.
pub struct Pace {
    slice: f64,
    since: f64,
}

impl Pace {
    /// Slices of so many milliseconds; the first begins now.
    pub fn of(slice: f64) -> Self {
        Self { slice, since: tick() }
    }

    /// Whether the slice is used up.
    pub fn is_due(&self) -> bool {
        tick() - self.since > self.slice
    }

    /// Gives the page its turn; the next slice begins after it.
    pub async fn rest(&mut self) {
        breathe().await;
        self.since = tick();
    }
}

/// Waits for so many milliseconds, at the least.
pub async fn pause(ms: i32) {
    let turn = js_sys::Promise::new(&mut |resolve, _| {
        let asked = match worker_scope() {
            Some(scope) => scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms),
            None => window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms),
        };
        // A failure to schedule would leave the work waiting for ever: go on at once instead.
        if asked.is_err() {
            let _ = resolve.call0(&JsValue::NULL);
        }
    });
    let _ = JsFuture::from(turn).await;
}

/// A time as the page shows it: `2026-01-15 09:00:03Z`.
pub fn show_time(ms: i64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(ms as f64));
    if date.get_time().is_nan() {
        return String::from("—");
    }
    tidy_time(&String::from(date.to_iso_string()))
}

/// Milliseconds since the Unix epoch, by the browser's clock.
pub fn now() -> i64 {
    js_sys::Date::now() as i64
}

/// Today by the browser's clock, as a date in UTC.
pub fn today() -> String {
    let now = String::from(js_sys::Date::new_0().to_iso_string());
    now.get(..10).unwrap_or_default().to_owned()
}

/// An RFC 3339 time as the page shows it, to the second.
pub fn tidy_time(time: &str) -> String {
    match (time.get(..10), time.get(11..19)) {
        (Some(day), Some(clock)) => [day, " ", clock, "Z"].concat(),
        _ => time.to_owned(),
    }
}

/// Milliseconds since the Unix epoch of an RFC 3339 time.
pub fn parse_time(time: &str) -> Option<i64> {
    let ms = js_sys::Date::parse(time);
    (!ms.is_nan()).then_some(ms as i64)
}

/// A number with one digit after the point.
pub fn one_digit(n: f64) -> String {
    js_sys::Number::from(n).to_fixed(1).map(String::from).unwrap_or_default()
}

/// Selects a byte range of the text that a text area holds and brings it into view.
pub fn select_range(area: &HtmlTextAreaElement, content: &str, start: usize, end: usize) {
    let _ = area.focus();
    let from = text::utf16_offset(content, start);
    let to = text::utf16_offset(content, end.max(start));
    let _ = area.set_selection_range(from, to);
    let lines = text::line_count(content) as f64;
    let line = text::line_of(content, start) as f64;
    let top = f64::from(area.scroll_height()) * line / lines - f64::from(area.client_height()) / 2.0;
    area.set_scroll_top(top.max(0.0) as i32);
    let (column, longest) = text::column_of(content, start);
    let left = f64::from(area.scroll_width()) * column as f64 / longest.max(1) as f64;
    let aside = left - f64::from(area.client_width()) / 2.0;
    area.set_scroll_left(aside.max(0.0) as i32);
    area.scroll_into_view_with_bool(false);
}

/// 32 bytes that nobody can guess.
pub fn entropy() -> [u8; 32] {
    let mut bytes = [0; 32];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// A name that nobody else has.
pub fn random_name() -> String {
    entropy().iter().take(8).map(|byte| char::from(b'a' + byte % 26)).collect()
}

/// Offers a text as a file to save.
pub fn download(name: &str, mime: &str, content: &str) -> Result<(), JsValue> {
    download_parts(name, mime, &js_sys::Array::of1(&JsValue::from_str(content)))
}

/// Offers texts or files, one after the other, as a file to save.
pub fn download_parts(name: &str, mime: &str, parts: &js_sys::Array) -> Result<(), JsValue> {
    download_file(name, &blob_of(mime, parts)?)
}

/// Offers a file to save.
pub fn download_file(name: &str, file: &Blob) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(file)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The click has taken its hold of the blob by the next turn of the event loop.
    set_timeout(move || drop(Url::revoke_object_url(&url)), std::time::Duration::from_secs(2));
    Ok(())
}

/// Opens the page anew, as at its own address without a fragment.
pub fn open_anew() {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
    let _ = location.reload();
}

/// Puts a text on the clipboard. The browser may refuse, and there is none outside of a secure context.
pub async fn copy(content: &str) -> Result<(), JsValue> {
    let clipboard = window().navigator().clipboard();
    if clipboard.is_undefined() {
        return Err(JsValue::UNDEFINED);
    }
    JsFuture::from(clipboard.write_text(content)).await.map(drop)
}

/// The bytes of a file; none where the browser does not read it.
pub async fn bytes_of(file: &Blob) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// Texts or files, one after the other, as a file that only this page has.
pub fn blob_of(mime: &str, parts: &js_sys::Array) -> Result<Blob, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    Blob::new_with_str_sequence_and_options(parts, &options)
}

/// Sets the text of a file input back to none, so that the same file can be chosen again.
pub fn clear_file_input(input: &web_sys::HtmlInputElement) {
    input.set_value("");
}

/// Whether the window is too narrow for columns.
pub fn is_narrow() -> bool {
    window().match_media("(max-width: 999px)").ok().flatten().is_some_and(|m| m.matches())
}

/// Whether the panel that an event came from is unfolded.
pub fn is_unfolded(event: &web_sys::Event) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| element.has_attribute("open"))
}

/// Brings an element into view by its id.
pub fn bring_into_view(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        element.scroll_into_view();
    }
}

/// Moves the focus to what has a `data-testid`, once it is there.
pub fn focus_on(testid: impl Into<String>) {
    let testid = testid.into();
    request_animation_frame(move || {
        let found = document().query_selector(&["[data-testid=\"", &testid, "\"]"].concat());
        let element = found.ok().flatten().and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(element) = element {
            let _ = element.focus();
        }
    });
}

/// Whether what is dragged are files, and not text of the page.
pub fn carries_files(event: &web_sys::DragEvent) -> bool {
    event.data_transfer().is_some_and(|held| held.types().includes(&JsValue::from_str("Files"), 0))
}

/// The files of a drop or of a file input.
pub fn files_of(list: Option<web_sys::FileList>) -> Vec<web_sys::File> {
    let Some(list) = list else { return Vec::new() };
    (0..list.length()).filter_map(|i| list.get(i)).collect()
}

/// A file's path from the folder that it was opened with, or its name.
pub fn path_of(file: &web_sys::File) -> String {
    let path =
        |key: &str| js_sys::Reflect::get(file, &key.into()).ok()?.as_string().filter(|p| !p.is_empty());
    path("webkitRelativePath").or_else(|| path(PATH)).unwrap_or_else(|| file.name())
}

/// Where the path of a file is kept that was dropped with a folder: the browser gives it none.
const PATH: &str = "airlockPath";

/// The entries of what was dropped, if any of them is a folder. They can only be asked for while the event lasts.
pub fn entries_of(event: &web_sys::DragEvent) -> Vec<JsValue> {
    let Some(data) = event.data_transfer() else { return Vec::new() };
    let items = js_sys::Reflect::get(&data, &"items".into()).unwrap_or(JsValue::NULL);
    let entry = |item: JsValue| ask(&item, "webkitGetAsEntry", &[]).filter(JsValue::is_object);
    let entries: Vec<JsValue> = js_sys::Array::from(&items).iter().filter_map(entry).collect();
    if entries.iter().any(|entry| is_set(entry, "isDirectory")) { entries } else { Vec::new() }
}

/// The files of entries that were dropped, those of folders and what is below them too, each with its path.
pub async fn files_below(mut entries: Vec<JsValue>) -> Vec<web_sys::File> {
    let mut files = Vec::new();
    while let Some(entry) = entries.pop() {
        if is_set(&entry, "isDirectory") {
            let Some(reader) = ask(&entry, "createReader", &[]) else { continue };
            // A folder's entries come in portions, the last of which is empty.
            loop {
                let portion = answer(&reader, "readEntries").await.unwrap_or(JsValue::NULL);
                let portion = js_sys::Array::from(&portion);
                if portion.length() == 0 {
                    break;
                }
                entries.extend(portion.iter());
            }
        } else if let Some(file) =
            answer(&entry, "file").await.and_then(|file| file.dyn_into::<web_sys::File>().ok())
        {
            let path = js_sys::Reflect::get(&entry, &"fullPath".into()).unwrap_or(JsValue::NULL);
            let path = path.as_string().unwrap_or_default();
            let _ = js_sys::Reflect::set(&file, &PATH.into(), &path.trim_start_matches('/').into());
            files.push(file);
        }
    }
    files
}

fn is_set(object: &JsValue, key: &str) -> bool {
    js_sys::Reflect::get(object, &key.into()).is_ok_and(|value| value.is_truthy())
}

/// What an object's method gives; none where there is no such method or it fails.
fn ask(object: &JsValue, method: &str, arguments: &[&JsValue]) -> Option<JsValue> {
    let method: js_sys::Function = js_sys::Reflect::get(object, &method.into()).ok()?.dyn_into().ok()?;
    method.apply(object, &arguments.iter().copied().collect::<js_sys::Array>()).ok()
}

/// What a method answers that takes a function for its result and one for its failure.
async fn answer(object: &JsValue, method: &str) -> Option<JsValue> {
    let promise = js_sys::Promise::new(&mut |resolve, reject| {
        if ask(object, method, &[&resolve, &reject]).is_none() {
            let _ = reject.call0(&JsValue::NULL);
        }
    });
    JsFuture::from(promise).await.ok()
}

/// The file input that an event came from.
pub fn input_of(event: &web_sys::Event) -> Option<web_sys::HtmlInputElement> {
    event.target()?.dyn_into().ok()
}

/// Folds what a selector finds of what is unfolded. False where there is nothing.
pub fn fold_open(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    found.is_some_and(|element| element.remove_attribute("open").is_ok())
}
