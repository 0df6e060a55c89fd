//! Reading a bundle. The text is kept, and the records are places in it: a bundle may be large.

use super::place::{Deleted, Places};
use super::{ConsentReference, DeletedSegment, FORMAT, PolicyReference, VERSION};
use crate::api::Objection;
use crate::engine::audit::{Hash, hash_of_base64};
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::string::FromUtf8Error;

/// Records that a bundle may hold; as many are some 800 MB.
const MAX_RECORDS: usize = 2_000_000;
/// Keys and checkpoints that a bundle may list: each costs work before anything is known of it.
const MAX_KEYS: usize = 64;
const MAX_CHECKPOINTS: usize = 256;

/// A bundle, read and not yet verified.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub(super) text: String,
    pub(super) origin: String,
    pub(super) keys: Vec<String>,
    pub(super) checkpoints: Vec<String>,
    pub(super) policies: Vec<PolicyReference>,
    pub(super) consents: Vec<ConsentReference>,
    pub(super) deleted: Vec<DeletedSegment>,
    pub(super) places: Places,
    /// None for one that can't be read.
    pub(super) leaves: Vec<Option<Hash>>,
    pub(super) records: Vec<Range<usize>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    format: String,
    schema_version: u32,
    #[serde(rename = "build")]
    _build: String,
    origin: String,
    keys: Vec<String>,
    checkpoints: Vec<String>,
    policies: Vec<PolicyReference>,
    consents: Vec<ConsentReference>,
    deleted: Vec<DeletedSegment>,
    leaf_hashes: Leaves,
    records: Records,
}

/// What every version of the format has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Beginning {
    format: String,
    schema_version: u32,
}

/// Leaf hashes: base64 in strings.
struct Leaves(Vec<Option<Hash>>);

/// Records: where each begins in memory, and its length.
struct Records(Vec<(usize, usize)>);

struct Listed<T>(std::marker::PhantomData<T>);

/// Something that stands in a long list.
trait Item: Sized {
    type Read<'de>: Deserialize<'de>;
    fn of(read: Self::Read<'_>) -> Self;
}

impl Item for Option<Hash> {
    type Read<'de> = Cow<'de, str>;
    fn of(read: Cow<'_, str>) -> Self {
        hash_of_base64(&read)
    }
}

impl Item for (usize, usize) {
    type Read<'de> = &'de RawValue;
    fn of(read: &RawValue) -> Self {
        (read.get().as_ptr().addr(), read.get().len())
    }
}

impl<'de, T: Item> Visitor<'de> for Listed<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = list.next_element::<T::Read<'de>>()? {
            if read.len() == MAX_RECORDS {
                return Err(A::Error::custom(TOO_MANY));
            }
            read.push(T::of(item));
        }
        Ok(read)
    }
}

const TOO_MANY: &str = "too many";

impl<'de> Deserialize<'de> for Leaves {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Listed(std::marker::PhantomData)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Listed(std::marker::PhantomData)).map(Self)
    }
}

fn refused(code: &str, message: impl Into<String>, help: &str) -> Objection {
    Objection::new(&format!("evidence.{code}"), message, help)
}

const ANOTHER_FILE: &str =
    "Choose a file that `Export evidence` or `--evidence` has written, and take it as it was written.";

impl Evidence {
    /// Reads a bundle's bytes, which have to be UTF-8.
    ///
    /// # Errors
    /// As of [`Evidence::read`].
    pub fn read_bytes(bytes: Vec<u8>) -> Result<Self, Objection> {
        let text = String::from_utf8(bytes).map_err(|error| {
            not_text(&error).unwrap_or_else(|| refused("unreadable", "This is not UTF-8 text.", ANOTHER_FILE))
        })?;
        Self::read(text)
    }

    /// Reads a bundle's text. A byte order mark before it is passed over; so is white space between its tokens.
    ///
    /// # Errors
    /// What is wrong with the file and where, without anything of what it holds.
    pub fn read(text: String) -> Result<Self, Objection> {
        let bare = text.trim_start_matches('\u{feff}');
        if !bare.trim_start().starts_with('{') {
            return Err(refused(
                "unreadable",
                "This is not an evidence bundle: it is no JSON object.",
                ANOTHER_FILE,
            ));
        }
        let file: File = serde_json::from_str(bare).map_err(|error| objection(bare, &error))?;
        if file.format != FORMAT || file.schema_version != VERSION {
            return Err(unknown(&file.format));
        }
        if file.keys.len() > MAX_KEYS || file.checkpoints.len() > MAX_CHECKPOINTS {
            let what = format!(
                "The bundle lists more than {MAX_KEYS} keys or more than {MAX_CHECKPOINTS} checkpoints."
            );
            return Err(refused("too-large", what, "Export the log with its latest checkpoints only."));
        }
        let places = Places::new(file.deleted.iter().map(Deleted::read));
        let places = places.ok_or_else(|| {
            let what = "A deleted segment is no whole node of the tree, or overlaps the one before it.";
            refused(
                "segment",
                what,
                "Its `count` is a power of two, `first` a multiple of that, and `root` a hash in base64.",
            )
        })?;
        let base = text.as_ptr().addr();
        let spans = file.records.0.into_iter().map(|(start, len)| {
            let start = start.saturating_sub(base);
            start..start.saturating_add(len)
        });
        let (records, leaves) = (spans.collect(), file.leaf_hashes.0);
        Ok(Self {
            origin: file.origin,
            keys: file.keys,
            checkpoints: file.checkpoints,
            policies: file.policies,
            consents: file.consents,
            deleted: file.deleted,
            places,
            leaves,
            records,
            text,
        })
    }

    /// Number of records in the bundle.
    pub fn records(&self) -> usize {
        self.records.len()
    }

    /// The text of a record, as it stands in the bundle. `index` is its place in the file, from 0.
    pub(super) fn record(&self, index: usize) -> &str {
        self.records.get(index).and_then(|span| self.text.get(span.clone())).unwrap_or_default()
    }

    /// The texts of the records, in the order of the log.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(|span| self.text.get(span.clone()).unwrap_or_default())
    }

    /// Which log it is.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Bytes of all records together, for a measure of the work.
    pub fn record_bytes(&self) -> usize {
        self.records.iter().map(ExactSizeIterator::len).sum()
    }
}

fn unknown(format: &str) -> Objection {
    if format != FORMAT {
        return refused("format", "The file's `format` is not `airlock-evidence`.", ANOTHER_FILE);
    }
    refused(
        "version",
        "This is not an evidence bundle of a known version.",
        &format!(
            "This reads schema version {VERSION}. Open the file with the build that wrote it, or export the log again."
        ),
    )
}

/// Of a bundle that is not UTF-8 any more, the record that the first byte is in that is no text. None where that is no
/// record, or it is another file.
pub fn not_text(error: &FromUtf8Error) -> Option<Objection> {
    let sound = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
    let text = std::str::from_utf8(sound).ok()?;
    let line = text.matches('\n').count() + 1;
    let record = record_in(text, line)?;
    let what = format!(
        "Record {record} was altered: it is not UTF-8 text any more (line {line}), nor is what follows it read."
    );
    Some(refused("unreadable", what, ANOTHER_FILE))
}

/// What a reader's error says, in our words: its own may quote the file.
fn objection(text: &str, error: &serde_json::Error) -> Objection {
    // Another version may have other members: that it is one is what has to be said.
    if let Ok(Beginning { format, schema_version }) = serde_json::from_str(text)
        && (format != FORMAT || schema_version != VERSION)
    {
        return unknown(&format);
    }
    let place = format!("line {}, column {}", error.line(), error.column());
    let said = error.to_string();
    let own = said.split('`').nth(1).unwrap_or_default();
    if error.is_eof() {
        let what = format!("The file is cut off: it ends at {place}, in the middle of the bundle.");
        return refused("cut-off", what, "Copy or download it again, whole.");
    }
    if said.starts_with("duplicate field") {
        let what = format!("The member `{own}` is there twice ({place}).");
        return refused("duplicate-member", what, ANOTHER_FILE);
    }
    if said.starts_with("missing field") {
        let what = format!("The bundle has no member `{own}` ({place}).");
        return refused("missing-member", what, ANOTHER_FILE);
    }
    if said.starts_with("unknown field") {
        let what =
            format!("A member is not known ({place}): a bundle holds no payloads and nothing of one's own.");
        return refused("unknown-member", what, ANOTHER_FILE);
    }
    if said.starts_with(TOO_MANY) {
        let what = format!("The bundle has more than {MAX_RECORDS} records or leaf hashes.");
        return refused("too-large", what, "Export a shorter part of the timeline.");
    }
    if said.starts_with("trailing characters") {
        return refused(
            "unreadable",
            format!("Something stands after the bundle's end ({place})."),
            ANOTHER_FILE,
        );
    }
    if let Some(record) = record_in(text, error.line()) {
        let what =
            format!("Record {record} was altered: it can't be read any more ({place}), nor what follows it.");
        return refused("unreadable", what, ANOTHER_FILE);
    }
    refused("unreadable", format!("This is not an evidence bundle ({place})."), ANOTHER_FILE)
}

/// The record that a line of the file holds, by its place in the log, where the file is laid out as we write it.
fn record_in(text: &str, line: usize) -> Option<u64> {
    let (before, list) = text.split_once(RECORDS)?;
    let lines = |text: &str| text.matches('\n').count();
    // Those before, and the line that the list begins with.
    let index = line.checked_sub(lines(before) + 3)?;
    // What stands after the list is no record. Where the text is cut off, all that follows is of the list.
    let end = list.rfind("\n]").and_then(|end| list.get(..end));
    if end.is_some_and(|list| index > lines(list)) {
        return None;
    }
    let (head, _) = before.split_once(",\n\"leafHashes\":[\n")?;
    let Gaps { deleted } = serde_json::from_str(&[head.trim_start_matches('\u{feff}'), "}"].concat()).ok()?;
    Some(Places::new(deleted.iter().map(Deleted::read))?.of(index))
}

/// What stands before the first record.
const RECORDS: &str = "\n\"records\":[\n";

/// Of a bundle's head, what decides which place a record has.
#[derive(Deserialize)]
struct Gaps {
    #[serde(default)]
    deleted: Vec<DeletedSegment>,
}
