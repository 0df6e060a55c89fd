//! What a value of a record says, and how texts are looked for in it.

use std::borrow::Cow;

/// Asks about a value as it is written in a record: about what a string says, each item of a list, or a number's digits.
/// True as soon as one answer is.
pub(super) fn says(value: &str, ask: &mut dyn FnMut(&str) -> bool) -> bool {
    if value.starts_with('[') {
        let items: Vec<String> = serde_json::from_str(value).unwrap_or_default();
        return items.iter().any(|item| ask(item));
    }
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) if inside.contains('\\') => {
            serde_json::from_str::<String>(value).is_ok_and(|text| ask(&text))
        }
        inside => ask(inside.unwrap_or(value)),
    }
}

/// A text in lower case.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

/// Whether a text has another one in it, which is in lower case, in whatever case.
pub(super) fn occurs(wanted: &str, text: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(wanted);
    }
    let (wanted, text) = (wanted.as_bytes(), text.as_bytes());
    let Some((first, more)) = wanted.split_first() else { return true };
    let upper = first.to_ascii_uppercase();
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| byte == first || *byte == upper) {
        rest = rest.get(at + 1..).unwrap_or_default();
        match rest.get(..more.len()) {
            None => return false,
            Some(beginning) if beginning.eq_ignore_ascii_case(more) => return true,
            Some(_) => {}
        }
    }
    false
}

/// Whether a text is another one, which is in lower case, or begins with it down to a level; in whatever case.
pub(super) fn is_or_is_below(wanted: &str, level: Option<char>, text: &str) -> bool {
    let text = lower(text);
    text.strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || level.is_some_and(|level| rest.starts_with(level)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_says_what_its_strings_say() {
        let said = |value: &str| {
            let mut all = Vec::new();
            says(value, &mut |text| {
                all.push(text.to_owned());
                false
            });
            all
        };
        assert_eq!(said(r#""a\"b""#), ["a\"b"]);
        assert_eq!(said(r#"["R01 a","\\"]"#), ["R01 a", "\\"]);
        assert_eq!(said("12"), ["12"]);
        assert_eq!(said(r#""""#), [""]);
        assert_eq!(said("["), [""; 0]);
        assert!(says(r#"["a","b"]"#, &mut |text| text == "b"));
    }

    #[test]
    fn texts_are_found_in_any_case_and_literally() {
        for (wanted, text, expected) in [
            ("", "", true),
            ("a", "", false),
            ("ab", "xxaAB", true),
            ("ab", "aab", true),
            ("aab", "aaab", true),
            ("b", "a", false),
            (".*", "a.b", false),
            (".*", "a.*b", true),
            ("é", "CAFÉ", true),
            ("k", "\u{212a}", true),
            ("abc", "ab", false),
        ] {
            assert_eq!(occurs(wanted, text), expected, "{wanted:?} {text:?}");
            assert_eq!(occurs(wanted, text), text.to_lowercase().contains(wanted), "{wanted:?} {text:?}");
        }
        assert!(is_or_is_below("consent", Some('.'), "Consent.absent"));
        assert!(!is_or_is_below("consent", Some('.'), "consents"));
        assert!(!is_or_is_below("consent", None, "consent.absent"));
        assert!(is_or_is_below("", None, "") && !is_or_is_below("", None, "x"));
    }
}
