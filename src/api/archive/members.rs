//! The canonical text of a record, taken apart into its members and put together again.

/// The members of a flat object in canonical form (RFC 8785): names and values as they are written. None where the text
/// is something else: an object in an object, white space between tokens, an escaped name.
pub(in crate::api) fn split(text: &str) -> Option<Vec<(&str, &str)>> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut members = Vec::new();
    let mut rest = inside;
    while !rest.is_empty() {
        let name = string(rest)?;
        let after = rest.get(name..)?.strip_prefix(':')?;
        let value = value(after)?;
        let bare = rest.get(1..name - 1)?;
        if bare.contains('\\') {
            return None;
        }
        members.push((bare, after.get(..value)?));
        rest = match after.get(value..)? {
            "" => "",
            more => more.strip_prefix(',').filter(|more| !more.is_empty())?,
        };
    }
    Some(members)
}

/// The text that [`split`] takes apart.
pub(super) fn join<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::with_capacity(512);
    text.push('{');
    for (name, value) in members {
        if text.len() > 1 {
            text.push(',');
        }
        text.push('"');
        text.push_str(name);
        text.push_str("\":");
        text.push_str(value);
    }
    text.push('}');
    text
}

/// What a value says: of a string its text, of all else what is written.
pub(in crate::api) fn text(value: &str) -> String {
    serde_json::from_str(value).unwrap_or_else(|_| value.to_owned())
}

/// Whether a text is one value and nothing else.
pub(super) fn is_value(text: &str) -> bool {
    value(text) == Some(text.len())
}

/// Length of the value that a text begins with: a string, a list of strings, or a whole number.
fn value(text: &str) -> Option<usize> {
    match text.as_bytes().first()? {
        b'"' => string(text),
        b'[' => {
            let mut at = 1;
            loop {
                at += string(text.get(at..)?)?;
                match text.as_bytes().get(at)? {
                    b',' => at += 1,
                    b']' => return Some(at + 1),
                    _ => return None,
                }
            }
        }
        b'0'..=b'9' => Some(text.bytes().take_while(u8::is_ascii_digit).count()),
        _ => None,
    }
}

/// Length of the string that a text begins with, its quotes included.
fn string(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    if bytes.next()?.1 != b'"' {
        return None;
    }
    loop {
        match bytes.next()? {
            (at, b'"') => return Some(at + 1),
            (_, b'\\') => {
                bytes.next()?;
            }
            (_, 0..0x20) => return None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_split_joins_again() {
        for text in
            ["{}", r#"{"a":"x"}"#, r#"{"a":"x\"},{","b":["1","2, \\"],"c":12}"#, r#"{"a":"é😀","b":0}"#]
        {
            let members = split(text).unwrap();
            assert_eq!(join(members.into_iter()), text);
        }
        assert_eq!(split(r#"{"a":["x"],"b":7}"#).unwrap(), [("a", r#"["x"]"#), ("b", "7")]);
    }

    #[test]
    fn what_is_not_flat_and_canonical_is_not_split() {
        for text in [
            "",
            "{",
            "}",
            "[]",
            "{\"a\":1",
            "{\"a\": 1}",
            "{\"a\":1,}",
            "{,\"a\":1}",
            "{\"a\":{}}",
            "{\"a\":[]}",
            "{\"a\":[1]}",
            "{\"a\":-1}",
            "{\"a\":1.5}",
            "{\"a\":true}",
            "{\"a\\u0062\":1}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"x}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":[\"x\"}",
            "{\"a\":\"\\",
            "{\"a\":1}}",
            "{\"a\":1 }",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
