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
    pub needed: Needed,
    /// What stands under it.
    pub holds: Holds,
    /// What it says, in a sentence.
    pub about: &'static str,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// It must.
    Always,
    /// It may.
    Never,
    /// It must where another key has one of these values, and must not elsewhere.
    Where(&'static str, &'static [&'static str]),
    /// It must where another key is not there, and must not beside it.
    Without(&'static str),
}

/// What stands under a key.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// A string in which something shows.
    Text,
    /// A string of one line in which something shows, of at most so many characters.
    Line(u32),
    /// A string of this form, a regular expression (ECMA-262).
    Form(&'static str),
    /// A string of the second form where another key, the first, has a point in it, and of the third where it has none.
    FormBy(&'static str, &'static str, &'static str),
    /// A boolean.
    Flag,
    /// A whole number, from the least to the most that it may be.
    Number(u32, u32),
    /// This version of the document's format, a number.
    Version(u8),
    /// One of these strings.
    Choice(fn() -> Vec<&'static str>),
    /// An array of what this is.
    ListOf(&'static Holds),
    /// An array of at least one of what this is.
    SomeOf(&'static Holds),
    /// An object.
    Object(&'static Shape),
    /// An array of objects.
    Objects(&'static Shape),
}

/// A date of the calendar (ISO 8601, `YYYY-MM-DD`).
pub const DATE: &str = "^([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)$";
/// A duration (ISO 8601): weeks; or years, months, days and, after `T`, hours, minutes, seconds.
pub const DURATION: &str = "^P([0-9]+W|([0-9]+Y([0-9]+M)?([0-9]+D)?|[0-9]+M([0-9]+D)?|[0-9]+D)(T([0-9]+H([0-9]+M)?([0-9]+S)?|[0-9]+M([0-9]+S)?|[0-9]+S))?|T([0-9]+H([0-9]+M)?([0-9]+S)?|[0-9]+M([0-9]+S)?|[0-9]+S))$";

impl Key {
    /// A key that must be there.
    pub const fn required(name: &'static str, holds: Holds, about: &'static str) -> Self {
        Self { name, needed: Needed::Always, holds, about }
    }

    /// A key that may be there.
    pub const fn optional(name: &'static str, holds: Holds, about: &'static str) -> Self {
        Self { name, needed: Needed::Never, holds, about }
    }

    /// The same key, needed otherwise.
    pub const fn needed(self, needed: Needed) -> Self {
        Self { needed, ..self }
    }
}

impl Shape {
    /// The names of its keys, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }

    /// The names of the keys that it always has.
    pub fn always(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().filter(|key| key.needed == Needed::Always).map(|key| key.name)
    }
}
