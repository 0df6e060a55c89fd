//! The log on view as a file, written a little at a time.

use super::{Desk, Standing};
use crate::api::{EvidenceWriter, ExportFormat, Exporter, LogOnView};
use crate::app::dom::{self, Pace};
use crate::app::storage::LocalShelf;
use crate::app::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::pin::Pin;
use wasm_bindgen::JsValue;
use web_sys::Blob;

/// Milliseconds that writing goes on before the page has its turn again.
const SLICE: f64 = 10.0;
/// Records that are written before a look at the clock.
const STRIDE: usize = 16;
/// Milliseconds between two looks at whether all is read.
const LOOK_MS: i32 = 30;
/// What evidence bundles are.
const JSON: &str = "application/json";

const REPLACED: &str = "Another log has taken the place of the one that was being exported. Export it again.";
const REFUSED: &str = "The browser refused the download.";

/// Which log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// This browser's timeline, whatever is looked at.
    Own,
    /// The log on view.
    OnView,
}

impl Desk {
    /// Saves this browser's timeline as a file: the canonical records, one a line.
    pub fn export(self) {
        self.begin_export(async move { self.write_records(Which::Own, ExportFormat::Ndjson, None).await });
    }

    /// Saves records of the log on view as a file; all of them where none are named. Records that are not here can't be
    /// written, and a notice says how many.
    pub fn export_as(self, format: ExportFormat, records: Option<Vec<u64>>) {
        self.begin_export(async move { self.write_records(Which::OnView, format, records).await });
    }

    /// Saves this browser's timeline as an evidence bundle, whatever is on view.
    pub fn export_own_bundle(self) {
        self.begin_export(async move { save_bundle(&self.own_bundle().await?) });
    }

    /// Saves the log on view as an evidence bundle: of a bundle that is open, the very file.
    pub fn export_bundle(self) {
        self.begin_export(async move { save_bundle(&self.bundle_file().await?) });
    }

    /// Writes, unless something is being written; what stands against it, a notice says.
    fn begin_export(self, write: impl Future<Output = Result<(), String>> + 'static) {
        if self.exporting.with_untracked(Option::is_some) {
            return;
        }
        self.exporting.set(Some((0, 0)));
        let write: Pin<Box<dyn Future<Output = Result<(), String>>>> = Box::pin(write);
        spawn_local(async move {
            let done = write.await;
            let _ = self.exporting.try_set(None);
            if let Err(why) = done {
                let _ = self.notice.try_set(Some(why));
            }
        });
    }

    /// Reads one of the logs.
    fn read_log<T>(self, which: Which, read: impl FnOnce(LogOnView<'_>) -> T) -> Option<T> {
        match which {
            Which::Own => self.keeper.try_with_value(|k| read(LogOnView::Own(&k.session))),
            Which::OnView => self.on_view(read),
        }
    }

    async fn write_records(
        self,
        which: Which,
        format: ExportFormat,
        records: Option<Vec<u64>>,
    ) -> Result<(), String> {
        if which == Which::Own || self.card.with_untracked(Option::is_none) {
            self.all_read().await;
        }
        let number = self.log_number();
        let Some((origin, len)) = self.read_log(which, |log| (log.origin().to_owned(), log.archive().len()))
        else {
            return Ok(());
        };
        let records = records.unwrap_or_else(|| (0..len).collect());
        let exporter = Exporter::new(format, &origin);
        let parts = js_sys::Array::new();
        let (mut out, mut left_out) = (String::new(), 0);
        exporter.head(&mut out);
        let mut pace = Pace::of(SLICE);
        for (at, stretch) in records.chunks(STRIDE).enumerate() {
            let written = self.read_log(which, |log| {
                for seq in stretch {
                    let text = log.archive().canonical(*seq);
                    let fits = text.is_some_and(|text| exporter.record(&text, &mut out).is_ok());
                    left_out += usize::from(!fits);
                }
            });
            if written.is_none() || self.log_number() != number {
                return Err(REPLACED.to_owned());
            }
            if pace.is_due() {
                parts.push(&part(&mut out));
                let _ = self.exporting.try_set(Some((at * STRIDE, records.len())));
                pace.rest().await;
            }
        }
        parts.push(&part(&mut out));
        let name = ["airlock-timeline.", format.extension()].concat();
        if dom::download_parts(&name, format.media_type(), &parts).is_err() {
            return Err(REFUSED.to_owned());
        }
        match left_out {
            0 => Ok(()),
            _ => {
                Err([&text::count(left_out, "record"), " could not be written: gone, or not a record."]
                    .concat())
            }
        }
    }

    /// The log on view as an evidence bundle: of a bundle that is open, the very file.
    ///
    /// # Errors
    /// Why there is none, in a sentence.
    pub async fn bundle_file(self) -> Result<Blob, String> {
        let open = self.bundle.try_with_value(|bundle| bundle.as_ref().map(|bundle| bundle.file.clone()));
        if let Some(file) = open.flatten() {
            return Ok(file);
        }
        self.own_bundle().await
    }

    /// This browser's timeline as an evidence bundle.
    async fn own_bundle(self) -> Result<Blob, String> {
        self.all_read().await;
        let logs = self.log_number().0;
        let begun = self.keeper.try_with_value(|k| EvidenceWriter::of(k.session.store()));
        let mut writer = begun.ok_or(REPLACED)?;
        let (hash_parts, record_parts) = (js_sys::Array::new(), js_sys::Array::new());
        let (mut hashes, mut records) = (String::new(), String::new());
        let mut pace = Pace::of(SLICE);
        loop {
            let mut done = Some(false);
            while done == Some(false) && !pace.is_due() {
                done = self.keeper.try_with_value(|k| {
                    let archive = LogOnView::Own(&k.session).archive();
                    writer.write(archive, STRIDE as u64, &mut hashes, &mut records)
                });
            }
            for (parts, text) in [(&hash_parts, &mut hashes), (&record_parts, &mut records)] {
                parts.push(&part(text));
            }
            if done.is_none() || self.log_number().0 != logs || writer.lost() > 0 {
                return Err(REPLACED.to_owned());
            }
            if done == Some(true) {
                break;
            }
            let (at, all) = writer.done();
            let _ = self.exporting.try_set(Some((text::size(at), text::size(all))));
            pace.rest().await;
        }
        let head = js_sys::Array::of1(&JsValue::from_str(&writer.head()));
        let parts = head.concat(&hash_parts).concat(&record_parts);
        dom::blob_of(JSON, &parts).map_err(|_| "The browser has no room for the bundle.".to_owned())
    }

    /// Waits until the sealed segments of this browser's timeline are read, and reads those that nobody reads.
    pub(super) async fn all_read(self) {
        let mut pace = Pace::of(SLICE);
        while self.keeper.try_with_value(|k| k.session.store().archive().latest_away().is_some())
            == Some(true)
        {
            if self.standing.try_with_untracked(|standing| *standing == Standing::Checking) == Some(true) {
                dom::pause(LOOK_MS).await;
                pace = Pace::of(SLICE);
                continue;
            }
            match self.keeper.try_update_value(|k| k.session.fetch(&LocalShelf)) {
                Some(Ok(Some(faults))) if faults.is_empty() => {}
                Some(Ok(Some(faults))) => drop(self.standing.try_update(|standing| {
                    if let Standing::Done(found) = standing {
                        found.verified = false;
                        found.faults.extend(faults);
                    }
                })),
                _ => return,
            }
            if pace.is_due() {
                pace.rest().await;
            }
        }
    }
}

/// What was written last as a part of a file, which the browser need not copy again when the file is put together.
fn part(text: &mut String) -> JsValue {
    let written = JsValue::from_str(text);
    text.clear();
    dom::blob_of("", &js_sys::Array::of1(&written)).map_or(written, JsValue::from)
}

fn save_bundle(file: &Blob) -> Result<(), String> {
    dom::download_file("airlock-evidence.json", file).map_err(|_| REFUSED.to_owned())
}
