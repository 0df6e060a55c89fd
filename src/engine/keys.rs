//! What the documents that people write may hold. One table for each kind of document: the readers check keys by it,
//! and the published JSON Schemas are made of it.

/// An object of a document: its keys, in the order in which a document has them.
#[derive(Debug)]
pub struct Shape {
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// A key of an object.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What stands under it.
    pub holds: Holds,
    /// What it says, in a sentence.
    pub about: &'static str,
}

/// What stands under a key.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// A string that is not empty.
    Text,
    /// A boolean.
    Flag,
    /// A whole number.
    Number,
    /// This version of the document's format, a number.
    Version(u8),
    /// One of these strings.
    Choice(fn() -> Vec<&'static str>),
    /// An array of strings.
    Texts,
    /// An array of at least one string.
    SomeTexts,
    /// An object.
    Object(&'static Shape),
    /// An array of objects.
    Objects(&'static Shape),
}

impl Key {
    /// A key that must be there.
    pub const fn required(name: &'static str, holds: Holds, about: &'static str) -> Self {
        Self { name, required: true, holds, about }
    }

    /// A key that may be there.
    pub const fn optional(name: &'static str, holds: Holds, about: &'static str) -> Self {
        Self { name, required: false, holds, about }
    }
}

impl Shape {
    /// The names of its keys, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }
}
