//! Where texts are kept by name: local storage in the page, memory in tests.

use std::collections::BTreeMap;
use std::fmt;

/// Why a shelf did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShelfError {
    /// There is none: the browser gives no storage.
    Missing,
    /// There is no room left.
    Full,
    /// The text holds a FHIR resource, and only what is to be kept of one is kept.
    Resource,
    /// Anything else, in the words of whoever refused.
    Failed(String),
}

impl fmt::Display for ShelfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("The browser gives no storage."),
            Self::Full => f.write_str("Storage is full."),
            Self::Resource => f.write_str("A FHIR resource is not stored."),
            Self::Failed(why) => write!(f, "Storage failed: {why}"),
        }
    }
}

/// Texts by name. Each write is whole or does not happen; nothing is promised of two.
pub trait Shelf {
    /// The text of this name.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    fn get(&self, name: &str) -> Result<Option<String>, ShelfError>;

    /// Puts a text under a name, in the place of another one.
    ///
    /// # Errors
    /// Where it can't be written: then what was there stays.
    fn set(&mut self, name: &str, text: &str) -> Result<(), ShelfError>;

    /// Takes a name away; one that is not there is no error.
    ///
    /// # Errors
    /// Where the shelf can't be written to.
    fn remove(&mut self, name: &str) -> Result<(), ShelfError>;

    /// All names that begin so, in order.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    fn names(&self, beginning: &str) -> Result<Vec<String>, ShelfError>;
}

/// A shelf in memory, with as much room as it is given.
#[derive(Clone, Debug)]
pub struct MemoryShelf {
    texts: BTreeMap<String, String>,
    taken: usize,
    /// UTF-16 units that names and texts may take together.
    pub capacity: usize,
    /// Writes and removals that it still does; all others fail, as when a tab is killed.
    pub left: Option<usize>,
    /// UTF-16 units written so far.
    pub written: usize,
}

impl Default for MemoryShelf {
    fn default() -> Self {
        Self { texts: BTreeMap::new(), taken: 0, capacity: 5_242_880, left: None, written: 0 }
    }
}

impl MemoryShelf {
    /// A shelf with room for so many UTF-16 units.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// UTF-16 units taken.
    pub fn units(&self) -> usize {
        self.taken
    }

    fn step(&mut self) -> Result<(), ShelfError> {
        match &mut self.left {
            None => Ok(()),
            Some(0) => Err(ShelfError::Failed("killed".to_owned())),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

impl Shelf for MemoryShelf {
    fn get(&self, name: &str) -> Result<Option<String>, ShelfError> {
        Ok(self.texts.get(name).cloned())
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), ShelfError> {
        self.step()?;
        let own = self.texts.get(name).map_or(0, |text| units(name) + units(text));
        let new = units(name) + units(text);
        if self.taken - own + new > self.capacity {
            return Err(ShelfError::Full);
        }
        self.taken = self.taken - own + new;
        self.written += new;
        self.texts.insert(name.to_owned(), text.to_owned());
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), ShelfError> {
        self.step()?;
        if let Some(text) = self.texts.remove(name) {
            self.taken -= units(name) + units(&text);
        }
        Ok(())
    }

    fn names(&self, beginning: &str) -> Result<Vec<String>, ShelfError> {
        Ok(self.texts.keys().filter(|name| name.starts_with(beginning)).cloned().collect())
    }
}
