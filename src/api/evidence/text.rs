//! Small readings of texts.

use crate::engine::audit::Hash;
use crate::engine::audit::checkpoint::Checkpoint;
use crate::engine::audit::note::Note;

/// What a note says, whoever signed it.
pub(super) fn unsigned(note: &str) -> Option<Checkpoint> {
    Checkpoint::parse(Note::parse(note).ok()?.text).ok()
}

/// A hash in hex.
pub(super) fn unhex(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8);
    }
    Some(hash)
}

/// A text without the white space between its tokens. None where there is none.
pub(super) fn compact(text: &str) -> Option<String> {
    let mut compact = String::new();
    let (mut in_string, mut escaped, mut start) = (false, false, 0);
    for (at, byte) in text.bytes().enumerate() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte == b'"' {
            in_string = true;
        } else if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            compact.push_str(text.get(start..at).unwrap_or_default());
            start = at + 1;
        }
    }
    if start == 0 {
        return None;
    }
    compact.push_str(text.get(start..).unwrap_or_default());
    Some(compact)
}
