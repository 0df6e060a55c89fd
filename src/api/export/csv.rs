//! A table of the records: a column for each member, in canonical order, and one for the leaf hash.
//!
//! The items of a list stand in one cell, apart by `; `. Cells are safe against formula injection, in a way that can be
//! undone (see [`cell`](crate::api::cell)). The leaf hash is in hex, since base64 may begin with what begins a formula.

use super::Record;
use crate::api::archive::members;
use crate::api::cell::write_csv;
use crate::engine::audit::{AuditRecord, hex};
use std::borrow::Cow;

/// Appends the header row.
pub(super) fn head(out: &mut String) {
    write_csv(AuditRecord::MEMBERS.into_iter().chain(["leafHash"]), out);
}

/// Appends the row of a record.
pub(super) fn record(record: &Record<'_>, out: &mut String) {
    // The members of a record stand in the order of the columns.
    let mut members = record.members.iter().peekable();
    let value = |name| members.next_if(|(own, _)| *own == name).map_or("".into(), |(_, token)| plain(token));
    let mut cells: Vec<Cow<'_, str>> = AuditRecord::MEMBERS.into_iter().map(value).collect();
    cells.push(hex(&record.leaf()).into());
    write_csv(cells.iter().map(AsRef::as_ref), out);
}

/// A value without its notation.
fn plain(token: &str) -> Cow<'_, str> {
    let inside = token.strip_prefix('"').and_then(|token| token.strip_suffix('"'));
    match inside {
        Some(text) if !text.contains('\\') => text.into(),
        Some(_) => members::text(token).into(),
        None => match serde_json::from_str::<Vec<String>>(token) {
            Ok(items) => items.join("; ").into(),
            Err(_) => token.into(),
        },
    }
}
