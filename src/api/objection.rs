//! What stands against something that a person asked for, and how to mend it.

use serde::{Deserialize, Serialize};

/// A stable code, a sentence, and how to mend it. It never holds a value of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Stable code, e.g. `link.truncated`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl Objection {
    /// An objection by its code, sentence and help.
    pub fn new(code: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), help: help.into() }
    }
}
