//! Policies as files: opened, dropped, saved. The text goes in and out as it is.

use super::incoming::Incoming;
use crate::api::{bounded, check_policy, fits};
use crate::app::desk::Desk;
use crate::app::dom;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

/// Opens a file that was dropped. Of several the first: a draft is one policy.
pub fn open_dropped(desk: Desk, files: Vec<web_sys::File>) {
    let several = files.len() > 1;
    if let Some(file) = files.into_iter().next() {
        if several {
            let words = [file.name().as_str(), " was opened, and no other: a draft is one policy."].concat();
            desk.notice.set(Some(words));
        }
        open(desk, file);
    }
}

/// Opens a file as the draft.
pub fn open(desk: Desk, file: web_sys::File) {
    let refused = desk.sheet.refused;
    refused.set(None);
    // Its size is known before it is read.
    if let Err(objection) = fits(file.size() as usize) {
        return refused.set(Some(objection));
    }
    spawn_local(async move {
        let Ok(buffer) = JsFuture::from(file.array_buffer()).await else {
            return desk.notice.set(Some([file.name().as_str(), " could not be read."].concat()));
        };
        match bounded(js_sys::Uint8Array::new(&buffer).to_vec()) {
            Ok(text) => desk.receive(Incoming { from: file.name(), text }),
            Err(objection) => refused.set(Some(objection)),
        }
    });
}

/// Offers the draft as a file to save.
pub fn save(desk: Desk) {
    desk.sheet.text.with_untracked(|text| {
        let policy = check_policy(text).policy;
        let name = policy.map_or(String::from("policy"), |p| [p.id.as_str(), "-", &p.version].concat());
        let fits = |c: &char| c.is_ascii_alphanumeric() || "-._".contains(*c);
        let name: String = name.chars().filter(fits).take(80).collect();
        if dom::download(&[&name, ".json"].concat(), "application/json", text).is_err() {
            desk.notice.set(Some(String::from("The browser refused the download.")));
        }
    });
}
