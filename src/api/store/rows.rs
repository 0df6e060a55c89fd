//! What is kept beside the log, as rows: a table, a key, and a value in JSON. Rows are written in chunks, so that a change
//! of one writes a little, however many there are. A key says which chunk it is in: by what stands before its slash.

use super::shelf::{Shelf, ShelfError};
use crate::engine::audit::hex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const NAME: &str = "airlock.rows.";

/// A row that is to be as given, or to go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change(
    /// The table.
    pub String,
    /// The key.
    pub String,
    /// The value; none where the row goes.
    pub Option<Box<RawValue>>,
);

impl Change {
    /// A row with a value. Values that can't be written as JSON are no values: then the row goes.
    pub fn new(table: &str, key: impl Into<String>, value: Option<&(impl Serialize + ?Sized)>) -> Self {
        let value = value.and_then(|value| serde_json::value::to_raw_value(value).ok());
        Self(table.to_owned(), key.into(), value)
    }
}

/// Numbered rows of a chunk.
const CHUNK: u64 = 16;

/// The key of a row that is the `number`-th of its table: 16 rows are in a chunk.
pub fn numbered(number: u64) -> String {
    format!("{:06}/{:02}", number / CHUNK, number % CHUNK)
}

/// The number of a [`numbered`] key.
pub fn number(key: &str) -> Option<u64> {
    let (chunk, place) = key.split_once('/')?;
    let (chunk, place) = (chunk.parse::<u64>().ok()?, place.parse::<u64>().ok()?);
    chunk.checked_mul(CHUNK)?.checked_add(place)
}

/// The rows of a store.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    tables: BTreeMap<String, Table>,
    /// Over all rows, in whatever order: their hashes, joined by exclusive or. It tells rows that were changed by hand,
    /// not a forger.
    digest: [u8; 32],
}

#[derive(Clone, Debug, Default)]
struct Table {
    rows: BTreeMap<String, String>,
    /// The chunks that are not as they are kept.
    dirty: BTreeSet<String>,
}

fn chunk_of(key: &str) -> &str {
    key.split_once('/').map_or("", |(chunk, _)| chunk)
}

impl Rows {
    /// The rows of a table, in the order of their keys.
    pub fn of(&self, table: &str) -> impl Iterator<Item = (&str, &str)> {
        let rows = self.tables.get(table).into_iter().flat_map(|table| &table.rows);
        rows.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// All rows: table, key and value.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.tables.iter().flat_map(|(name, table)| {
            table.rows.iter().map(move |(key, value)| (name.as_str(), key.as_str(), value.as_str()))
        })
    }

    /// A row's value.
    pub fn get(&self, table: &str, key: &str) -> Option<&str> {
        self.tables.get(table)?.rows.get(key).map(String::as_str)
    }

    /// Over all rows, in hex.
    pub fn digest(&self) -> String {
        hex(&self.digest)
    }

    /// Makes a change.
    pub fn apply(&mut self, Change(name, key, value): &Change) {
        let value = value.as_ref().map(|value| value.get().to_owned());
        let table = match self.tables.get_mut(name) {
            Some(table) => table,
            None => self.tables.entry(name.clone()).or_default(),
        };
        if table.rows.get(key) == value.as_ref() {
            return;
        }
        if !table.dirty.contains(chunk_of(key)) {
            table.dirty.insert(chunk_of(key).to_owned());
        }
        let before = match value {
            Some(value) => {
                toggle(&mut self.digest, name, key, &value);
                table.rows.insert(key.clone(), value)
            }
            None => table.rows.remove(key),
        };
        before.iter().for_each(|before| toggle(&mut self.digest, name, key, before));
    }

    /// Says that nothing of them is kept.
    pub fn touch_all(&mut self) {
        for table in self.tables.values_mut() {
            // Those that are empty by now and were not always have to go yet.
            table.dirty.extend(table.rows.keys().map(|key| chunk_of(key).to_owned()));
        }
    }

    /// Writes the chunks that are not as they are kept.
    ///
    /// # Errors
    /// Where one can't be written; the rest is written next time.
    pub fn write(&mut self, shelf: &mut impl Shelf) -> Result<(), ShelfError> {
        let names: Vec<String> = self.tables.keys().cloned().collect();
        names.iter().try_for_each(|name| self.write_table(name, shelf))
    }

    /// The same for the chunks of one table.
    pub fn write_table(&mut self, name: &str, shelf: &mut impl Shelf) -> Result<(), ShelfError> {
        if let Some(table) = self.tables.get_mut(name) {
            while let Some(chunk) = table.dirty.first().cloned() {
                let rows = table.rows.range(chunk.clone()..).take_while(|(key, _)| key.starts_with(&chunk));
                let own = rows.filter(|(key, _)| chunk_of(key) == chunk);
                let lines: Vec<String> = own.map(|(key, value)| line(key, value)).collect();
                let place = format!("{NAME}{name}.{chunk}");
                match lines.as_slice() {
                    [] => shelf.remove(&place)?,
                    lines => shelf.set(&place, &lines.join("\n"))?,
                }
                table.dirty.remove(&chunk);
            }
        }
        Ok(())
    }

    /// Reads all chunks. Gives the names of those that can't be read.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn read(shelf: &impl Shelf) -> Result<(Self, Vec<String>), ShelfError> {
        let (mut rows, mut broken) = (Self::default(), Vec::new());
        for place in shelf.names(NAME)? {
            let text = shelf.get(&place)?.unwrap_or_default();
            let at = place.strip_prefix(NAME).and_then(|rest| rest.split_once('.'));
            if at.and_then(|(table, chunk)| rows.take_in(table, chunk, &text)).is_none() {
                broken.push(place);
            }
        }
        Ok((rows, broken))
    }

    fn take_in(&mut self, name: &str, chunk: &str, text: &str) -> Option<()> {
        let lines = text.lines().map(|line| serde_json::from_str(line).ok());
        let lines: Vec<(String, Box<RawValue>)> = lines.collect::<Option<_>>()?;
        if lines.iter().any(|(key, _)| chunk_of(key) != chunk) {
            return None;
        }
        let table = self.tables.entry(name.to_owned()).or_default();
        for (key, value) in lines {
            let value = value.get().to_owned();
            toggle(&mut self.digest, name, &key, &value);
            table.rows.insert(key, value);
        }
        Some(())
    }
}

fn toggle(digest: &mut [u8; 32], table: &str, key: &str, value: &str) {
    let mut hasher = Sha256::new();
    for part in [table, key, value] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    digest.iter_mut().zip(hasher.finalize()).for_each(|(own, byte)| *own ^= byte);
}

fn line(key: &str, value: &str) -> String {
    let key = serde_json::to_string(key).unwrap_or_default();
    format!("[{key},{value}]")
}

#[cfg(test)]
mod tests {
    use super::super::shelf::MemoryShelf;
    use super::*;

    fn set(key: u64, value: &str) -> Change {
        Change::new("t", numbered(key), Some(value))
    }

    fn gone(key: u64) -> Change {
        Change::new("t", numbered(key), None::<&str>)
    }

    fn listed(rows: &Rows) -> Vec<(String, String)> {
        rows.of("t").map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn rows_read_back_whatever_came_and_went() {
        let mut shelf = MemoryShelf::default();
        let mut rows = Rows::default();
        for n in 0..1000 {
            rows.apply(&set(n, "a"));
            if n % 3 == 0 {
                rows.apply(&gone(n / 2));
            }
            if n % 50 == 0 {
                rows.write(&mut shelf).unwrap();
                let (again, broken) = Rows::read(&shelf).unwrap();
                assert_eq!((listed(&again), again.digest()), (listed(&rows), rows.digest()));
                assert_eq!(broken, Vec::<String>::new());
                // What was read goes on as what was written.
                rows = again;
            }
        }
        assert!(rows.of("t").all(|(key, _)| numbered(number(key).unwrap()) == key));
        for n in 0..1000 {
            rows.apply(&gone(n));
        }
        assert_eq!(rows.digest(), Rows::default().digest());
        rows.write(&mut shelf).unwrap();
        assert_eq!(shelf.names("").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_change_writes_as_much_beside_many_rows_as_beside_few() {
        let cost = |n: u64| {
            let mut shelf = MemoryShelf::default();
            let mut rows = Rows::default();
            (0..n).for_each(|n| rows.apply(&set(n, "a value")));
            rows.write(&mut shelf).unwrap();
            shelf.written = 0;
            rows.apply(&set(n / 2, "another"));
            rows.write(&mut shelf).unwrap();
            shelf.written
        };
        assert_eq!(cost(64), cost(10_000));
    }

    #[test]
    fn what_can_not_be_read_is_named_and_the_rest_is_there() {
        let mut shelf = MemoryShelf::default();
        let mut rows = Rows::default();
        (0..200).for_each(|n| rows.apply(&set(n, "a")));
        rows.write(&mut shelf).unwrap();
        let name = format!("{NAME}t.000001");
        shelf.set(&name, "[\"000001/00\",").unwrap();
        shelf.set(&format!("{NAME}t.x"), "[\"y/1\",1]").unwrap();
        let (read, broken) = Rows::read(&shelf).unwrap();
        assert_eq!(broken, [name, format!("{NAME}t.x")]);
        assert_eq!(read.of("t").count(), 184);
        assert_ne!(read.digest(), rows.digest());
    }

    #[test]
    fn a_writing_that_was_stopped_is_made_up_for() {
        let mut rows = Rows::default();
        (0..200).for_each(|n| rows.apply(&set(n, "a")));
        let mut shelf = MemoryShelf::default();
        shelf.left = Some(2);
        assert!(rows.write(&mut shelf).is_err());
        shelf.left = None;
        rows.write(&mut shelf).unwrap();
        assert_eq!(Rows::read(&shelf).unwrap().0.digest(), rows.digest());
    }
}
