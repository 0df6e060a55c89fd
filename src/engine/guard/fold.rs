//! Folding: what two spellings of the same thing have in common.

/// Folded texts at least this long are looked for anywhere, shorter ones as whole words.
const ANYWHERE: usize = 5;
/// Shorter ones are too common to look for.
const SHORTEST: usize = 2;

/// Appends a text in lower case, letters and digits only, without accents, in one width and script.
pub(super) fn fold(text: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                out.push(c.to_ascii_lowercase());
            }
        } else {
            for lower in half_width(c).to_lowercase() {
                match plain(lower) {
                    Some(letters) => out.push_str(letters),
                    None if lower.is_alphanumeric() => out.push(lower),
                    None => {}
                }
            }
        }
    }
}

/// The same with the umlauts of German names written out: `Müller`, `Mueller`. None where there is none.
pub(super) fn written_out(text: &str) -> Option<String> {
    text.contains(['ä', 'ö', 'ü', 'Ä', 'Ö', 'Ü']).then(|| {
        let mut out = String::with_capacity(text.len() + 4);
        for c in text.chars() {
            match c {
                'ä' | 'Ä' => out.push_str("ae"),
                'ö' | 'Ö' => out.push_str("oe"),
                'ü' | 'Ü' => out.push_str("ue"),
                other => out.push(other),
            }
        }
        out
    })
}

/// Full-width forms as the ASCII they stand for.
fn half_width(c: char) -> char {
    match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// Latin letters without their accents, and letters of other scripts that look like them.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ' | 'ả' | 'а' | 'α' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' | 'с' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ế' | 'ẹ' | 'е' | 'ё' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' | 'һ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ị' | 'і' | 'ι' => "i",
        'ĵ' | 'ј' => "j",
        'ķ' | 'к' | 'κ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'м' => "m",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ọ' | 'о' | 'ο' => "o",
        'œ' => "oe",
        'р' | 'ρ' => "p",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' | 'ſ' | 'ѕ' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' | 'т' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ụ' => "u",
        'ŵ' => "w",
        'х' | 'χ' => "x",
        'ý' | 'ÿ' | 'ŷ' | 'у' => "y",
        'ź' | 'ż' | 'ž' => "z",
        // Combining marks, soft hyphens, zero-width characters: they change how a letter looks, or nothing.
        '\u{300}'..='\u{36f}' => "",
        _ => return None,
    })
}

/// Whether a character ends a word. Marks and what has no width do not.
pub(super) fn separates(c: char) -> bool {
    let invisible =
        matches!(c, '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    !c.is_alphanumeric() && !invisible
}

/// Outgoing strings, folded: whole ones, and word by word.
pub(super) struct Folded {
    /// Every string without anything but letters and digits, a line each; and all of them in one, since what
    /// identifies may be spread over two fields.
    whole: String,
    /// Their words, a line each, so that a short text is found as a whole word only.
    words: String,
}

impl Folded {
    pub(super) fn new<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut folded = Self { whole: String::with_capacity(512), words: String::with_capacity(256) };
        folded.words.push('\n');
        for value in values.clone() {
            fold(value, &mut folded.whole);
            folded.whole.push('\n');
            for word in value.split(separates).filter(|word| !word.is_empty()) {
                fold(word, &mut folded.words);
                folded.words.push('\n');
            }
        }
        values.for_each(|value| fold(value, &mut folded.whole));
        folded
    }

    /// Whether a folded text is inside: anywhere where it is long, else as a whole word.
    pub(super) fn contains(&self, text: &str) -> bool {
        match text.chars().take(ANYWHERE).count() {
            ..SHORTEST => false,
            SHORTEST..ANYWHERE => self.words.match_indices(text).any(|(at, _)| {
                let before = at.checked_sub(1).and_then(|at| self.words.as_bytes().get(at));
                before == Some(&b'\n') && self.words.as_bytes().get(at + text.len()) == Some(&b'\n')
            }),
            _ => self.whole.contains(text),
        }
    }

    /// Whether a folded phrase of several words is inside; their sum may be short.
    pub(super) fn contains_phrase(&self, text: &str) -> bool {
        text.chars().nth(3).is_some() && self.whole.contains(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(outgoing: &str, text: &str) -> bool {
        let mut folded = String::new();
        fold(text, &mut folded);
        Folded::new(std::iter::once(outgoing)).contains(&folded)
    }

    #[test]
    fn case_spacing_and_punctuation_do_not_hide_a_value() {
        let outgoing = "Cardiology – for TEST-Person, (demo) ÉLAN";
        assert!(inside(outgoing, "Testperson"));
        assert!(inside(outgoing, "Demo"));
        assert!(inside(outgoing, "élan"));
        assert!(!inside(outgoing, "log"));
        assert!(!inside(outgoing, "d"));
    }

    #[test]
    fn accents_widths_and_look_alikes_do_not_hide_a_value() {
        for outgoing in ["Mu\u{308}ller", "Muller", "ＭＵＬＬＥＲ", "Mülle\u{200b}r", "MÜLLER"] {
            assert!(inside(outgoing, "Müller"), "{outgoing}");
        }
        assert!(inside("Testperѕon", "Testperson"), "a Cyrillic letter");
        assert!(inside("STRASSE", "Straße"));
        assert!(inside("N\u{200b}g", "Ng"));
        assert_eq!(written_out("Müller").as_deref(), Some("Mueller"));
    }
}
