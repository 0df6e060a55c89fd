//! Text: places in it, and numbers as words. No DOM here.

/// The UTF-16 offset, as a text area counts it, of a byte offset. A text area holds `\r\n` as one unit.
pub fn utf16_offset(text: &str, byte: usize) -> u32 {
    let mut units = 0u32;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if at >= byte {
            break;
        }
        let folded = c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n');
        if !folded {
            units = units.saturating_add(c.len_utf16() as u32);
        }
    }
    units
}

/// The byte offset of a UTF-16 offset, as a text area counts it; past the end, the end.
pub fn byte_offset(text: &str, units: u32) -> usize {
    let mut left = units;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if left == 0 {
            return at;
        }
        let folded = c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n');
        if !folded {
            left = left.saturating_sub(c.len_utf16() as u32);
        }
    }
    text.len()
}

/// Where what starts at a byte offset ends: a string with its quotes, or a word; one character at least.
pub fn token_end(text: &str, start: usize) -> usize {
    let Some(rest) = text.get(start..) else { return start };
    let mut chars = rest.char_indices();
    let Some((_, first)) = chars.next() else { return start };
    let mut escaped = false;
    let end = chars.find_map(|(at, c)| {
        if first != '"' {
            return (!c.is_alphanumeric() && !"+-.".contains(c)).then_some(at);
        }
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at + 1)
    });
    start + end.unwrap_or(rest.len())
}

/// Number of the line, from 0, that a byte offset stands on.
pub fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count()
}

/// The column, from 0, that a byte offset stands in, and the length of the longest line; both in bytes.
pub fn column_of(text: &str, byte: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..byte).unwrap_or_default();
    let column = before.iter().rev().take_while(|b| **b != b'\n').count();
    (column, text.lines().map(str::len).max().unwrap_or(0))
}

/// Number of lines of a text; an empty text has one.
pub fn line_count(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count().saturating_add(1)
}

/// The text between two byte offsets, as far as it is there.
pub fn slice(text: &str, span: (u32, u32)) -> &str {
    text.get(span.0 as usize..span.1 as usize).unwrap_or_default()
}

/// What follows the last point of a dotted name: `priority` of `Activity.priority`.
pub fn last_part(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}

/// At most `max` characters of a text, with an ellipsis where more follow.
pub fn clip(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => {
            let mut short = text.get(..at).unwrap_or_default().to_owned();
            short.push('…');
            short
        }
        None => text.to_owned(),
    }
}

/// A text that anybody may have written, as it is shown: at most `max` characters, and those that can't be seen, or turn the
/// order of others around, by their number.
pub fn plain(text: &str, max: usize) -> String {
    let mut shown = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == max {
            shown.push('…');
            break;
        }
        let hidden = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if hidden || (c.is_control() && c != '\n' && c != '\t') {
            shown.push_str("‹U+");
            for shift in [12, 8, 4, 0] {
                let digit = char::from_digit((c as u32) >> shift & 15, 16).unwrap_or('0');
                shown.push(digit.to_ascii_uppercase());
            }
            shown.push('›');
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A number of records as a size.
pub fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// A whole number with its thousands apart: `12,345`.
pub fn group(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A number with its noun: `1 record`, `12 records`.
pub fn count(n: usize, noun: &str) -> String {
    let mut out = group(n);
    out.push(' ');
    out.push_str(noun);
    if n != 1 {
        out.push('s');
    }
    out
}

/// A size in a few characters: `812`, `41 k`, `3.2 M`.
pub fn short_size(n: usize) -> String {
    if n < 1_000 {
        return n.to_string();
    }
    if n < 1_000_000 {
        return group(n / 1_000) + " k";
    }
    group(n / 1_000_000) + "." + &(n / 100_000 % 10).to_string() + " M"
}
