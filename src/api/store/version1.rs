//! What was stored by the first version of the page: the log in segments of 32 lines, each a leaf hash and a record, and
//! one text each for what is kept beside it.

use super::shelf::{Shelf, ShelfError};
use super::{SigningNoteKey, Store};
use crate::api::CrmRecord;
use crate::engine::audit::{Hash, hex, leaf_hash};
use crate::engine::kept::Table;
use crate::engine::time::Instant;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

const HEAD: &str = "airlock.head";
const LOG: &str = "airlock.log.";
const CRM: &str = "airlock.crm";
const SEEN: &str = "airlock.seen";
const LEARNED: &str = "airlock.learned";
const QUEUE: &str = "airlock.queue";

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    received: u64,
    root: String,
    size: u64,
}

/// Everything that the first version stored.
///
/// # Errors
/// Where the shelf can't be read.
pub fn names(shelf: &impl Shelf) -> Result<Vec<String>, ShelfError> {
    let mut names = shelf.names(LOG)?;
    for name in [HEAD, CRM, SEEN, LEARNED, QUEUE] {
        if shelf.get(name)?.is_some() {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// A store of all that the first version stored; nothing of it is written yet. None where something of it is not as it
/// was written.
///
/// # Errors
/// Where the shelf can't be read.
pub fn read(shelf: &impl Shelf, key: SigningNoteKey) -> Result<Option<Store>, ShelfError> {
    let mut segments = Vec::new();
    for name in shelf.names(LOG)? {
        segments.extend(shelf.get(&name)?);
    }
    let mut parts = Vec::with_capacity(4);
    for name in [HEAD, CRM, SEEN, LEARNED] {
        parts.push(shelf.get(name)?.unwrap_or_default());
    }
    let queue = shelf.get(QUEUE)?.unwrap_or_default();
    let [head, crm, seen, learned] = parts.as_slice() else { return Ok(None) };
    let mut store = Store::new(key);
    let whole = records(&mut store, &segments, head)
        .and_then(|()| crm_rows(&mut store, crm))
        .and_then(|()| seen_rows(&mut store, seen))
        .and_then(|()| learned_rows(&mut store, learned));
    for (number, sealed) in queue.lines().enumerate() {
        put(&mut store, Table::Queue, &["kept ", &number.to_string()].concat(), &json!(sealed));
    }
    store.forget_stored();
    store.replaces = names(shelf)?;
    store.kept_otherwise = store.waiting.len();
    Ok(whole.map(|()| store))
}

fn put(store: &mut Store, table: Table, name: &str, value: &Value) {
    store.put(table.as_str(), name, Some(&value.to_string()));
}

fn records(store: &mut Store, segments: &[String], head: &str) -> Option<()> {
    let head: Head = serde_json::from_str(head).ok()?;
    for line in segments.iter().flat_map(|segment| segment.lines()) {
        let (leaf, text) = line.split_once('\t')?;
        let leaf: Hash = STANDARD_NO_PAD.decode(leaf).ok()?.try_into().ok()?;
        if leaf != leaf_hash(text.as_bytes()) {
            return None;
        }
        store.append(leaf, text.to_owned());
        if store.archive().len() == head.size && hex(&store.archive().tree().root()) != head.root {
            return None;
        }
        store.note_sealed();
    }
    store.set_received(head.received);
    (store.archive().len() >= head.size).then_some(())
}

fn crm_rows(store: &mut Store, text: &str) -> Option<()> {
    for record in serde_json::from_str::<Vec<CrmRecord>>(text).ok()? {
        let CrmRecord { object, key, version, fields, written, correlation } = record;
        let mut plain = Vec::with_capacity(fields.len());
        plain.extend(fields.into_iter().map(|field| json!([field.name, field.value])));
        let value = json!([version, Instant::parse(&written)?.0, correlation, plain]);
        put(store, Table::Crm, &[object, key].join("/"), &value);
    }
    Some(())
}

/// Source, id, kept until, and since contents were kept the content's hash and the assertion's id.
fn seen_rows(store: &mut Store, text: &str) -> Option<()> {
    for row in serde_json::from_str::<Vec<Vec<Value>>>(text).ok()? {
        let (source, id) = (row.first()?.as_str()?, row.get(1)?.as_str()?);
        let value = json!([row.get(2)?, row.get(3), row.get(4)]);
        put(store, Table::Seen, &[source, id].join("\u{1f}"), &value);
    }
    Some(())
}

fn learned_rows(store: &mut Store, text: &str) -> Option<()> {
    let mut learned: Value = serde_json::from_str(text).ok()?;
    for consent in learned.get_mut("consents")?.as_array_mut()? {
        let name = consent.as_object_mut()?.remove("consent")?;
        put(store, Table::Consents, name.as_str()?, consent);
    }
    for (number, merge) in learned.get("merges")?.as_array()?.iter().enumerate() {
        put(store, Table::Merges, &number.to_string(), merge);
    }
    for version in learned.get("versions")?.as_array()? {
        put(store, Table::Versions, version.get(0)?.as_str()?, version.get(1)?);
    }
    for row in learned.get("counted").and_then(Value::as_array).into_iter().flatten() {
        put(store, Table::Counted, row.get(0)?.as_str()?, &json!([row.get(1)?, row.get(2)?]));
    }
    if let Some(counting) = learned.get("counting") {
        put(store, Table::Counting, "", counting);
    }
    Some(())
}
