//! Values of records, each kept once.

use std::collections::HashMap;
use std::sync::Arc;

/// The number of a value among the [`Tokens`]. 0 stands for no value.
pub(super) type Token = u32;

/// No value.
pub(super) const ABSENT: Token = 0;

/// Values as they are written in canonical JSON.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, Token>,
}

impl Tokens {
    /// The number of a value, which is taken up where it is new.
    pub fn take_up(&mut self, text: &str) -> Token {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        let number = Token::try_from(self.texts.len()).unwrap_or(Token::MAX);
        self.numbers.insert(text, number);
        number
    }

    /// The number of a value that is known.
    pub fn find(&self, text: &str) -> Option<Token> {
        self.numbers.get(text).copied()
    }

    /// A value by its number.
    pub fn text(&self, number: Token) -> Option<&str> {
        self.texts.get(usize::try_from(number).ok()?.checked_sub(1)?).map(AsRef::as_ref)
    }

    /// How many numbers have been given, that of no value included.
    pub fn len(&self) -> usize {
        self.texts.len() + 1
    }
}
