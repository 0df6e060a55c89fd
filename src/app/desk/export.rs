//! The timeline as a file, written a little at a time.

use super::Desk;
use crate::api::{ExportFormat, Exporter};
use crate::app::{dom, text};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

/// Milliseconds that writing goes on before the page has its turn again.
const SLICE: f64 = 10.0;
/// Records that are written before a look at the clock.
const STRIDE: usize = 16;

impl Desk {
    /// Saves the timeline as a file: the canonical records, one a line.
    pub fn export(self) {
        self.export_as(ExportFormat::Ndjson, None);
    }

    /// Saves records of the timeline as a file; all of them where none are named. Records that are not here can't be
    /// written, and a notice says how many.
    pub fn export_as(self, format: ExportFormat, records: Option<Vec<u64>>) {
        if self.exporting.with_untracked(Option::is_some) {
            return;
        }
        let (logs, origin, len) =
            self.keeper.with_value(|k| (k.logs, k.session.store().origin().to_owned(), k.session.records()));
        let records = records.unwrap_or_else(|| (0..len).collect());
        self.exporting.set(Some((0, records.len())));
        spawn_local(async move {
            let exporter = Exporter::new(format, &origin);
            let parts = js_sys::Array::new();
            let (mut out, mut left_out) = (String::new(), 0);
            exporter.head(&mut out);
            let mut started = dom::tick();
            for (at, stretch) in records.chunks(STRIDE).enumerate() {
                let written = self.keeper.try_with_value(|k| {
                    for seq in stretch {
                        let text = k.session.store().archive().canonical(*seq);
                        let fits = text.is_some_and(|text| exporter.record(&text, &mut out).is_ok());
                        left_out += usize::from(!fits);
                    }
                    k.logs == logs
                });
                if written != Some(true) {
                    self.exporting.set(None);
                    self.notice.set(Some(String::from("Another log has taken the place of the one that was being exported. Export it again.")));
                    return;
                }
                if dom::tick() - started > SLICE {
                    parts.push(&JsValue::from_str(&out));
                    out.clear();
                    self.exporting.set(Some((at * STRIDE, records.len())));
                    dom::pause(0).await;
                    started = dom::tick();
                }
            }
            parts.push(&JsValue::from_str(&out));
            self.exporting.set(None);
            let name = ["airlock-timeline.", format.extension()].concat();
            if dom::download_parts(&name, format.media_type(), &parts).is_err() {
                self.notice.set(Some(String::from("The browser refused the download.")));
            } else if left_out > 0 {
                let left_out = text::count(left_out, "record");
                self.notice.set(Some(
                    [&left_out, " could not be written: not read yet, gone, or not a record."].concat(),
                ));
            }
        });
    }
}
