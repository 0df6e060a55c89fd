//! Completion of a cell: which of the words that it may hold fit what was typed. Plain data, no DOM.

use crate::order;

/// Words offered at a time.
const MOST: usize = 200;

/// The words that fit, those that start with what was typed first; all of them where nothing was.
pub fn fitting<'a>(words: &'a [String], typed: &str) -> Vec<&'a str> {
    let typed = typed.trim().to_ascii_lowercase();
    let place = |word: &String| word.to_ascii_lowercase().find(&typed);
    let mut found: Vec<(bool, &str)> =
        words.iter().filter_map(|word| Some((place(word)? > 0, word.as_str()))).collect();
    order::by(&mut found, |(within, _)| *within);
    found.into_iter().take(MOST).map(|(_, word)| word).collect()
}
