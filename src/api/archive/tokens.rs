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
    /// For each value the columns in which it stands, a bit for each.
    columns: Vec<u64>,
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
        self.columns.push(0);
        let number = Token::try_from(self.texts.len()).unwrap_or(Token::MAX);
        self.numbers.insert(text, number);
        number
    }

    /// Notes that a value stands in a column.
    pub fn stands_in(&mut self, number: Token, column: usize) {
        let place = (number as usize).checked_sub(1);
        if let Some(columns) = place.and_then(|place| self.columns.get_mut(place)) {
            *columns |= 1 << column;
        }
    }

    /// The columns in which a value stands, a bit for each, from the first on.
    pub fn columns(&self, number: Token) -> u64 {
        let place = (number as usize).checked_sub(1);
        place.and_then(|place| self.columns.get(place)).copied().unwrap_or(0)
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
