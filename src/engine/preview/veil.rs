//! What may be shown of a value that would cross: its outline.

use crate::engine::canonical::DisclosureClass;
use crate::engine::policy::Rule;
use crate::engine::redact::Method;

/// Characters of an outline at most, so that a long text does not tell how long it is.
const LONGEST: usize = 16;

/// The outline of a value as a rule would let it out: `9` for a digit, `A` and `a` for letters, `·` for anything else
/// that is not plain punctuation. A label of our own table, or a value that the rule itself lists, shows as it is where nothing of its class points at
/// the person, and a token as one.
pub fn veil(rule: &Rule, value: &str) -> String {
    let plain = rule.class <= DisclosureClass::ClinicalAdjacent;
    let is_ours = rule.method == Method::Label || rule.values.iter().any(|listed| listed == value);
    if plain && is_ours {
        return value.to_owned();
    }
    if rule.method == Method::Tokenize {
        return "tok_…".to_owned();
    }
    let mut out: String = value.chars().take(LONGEST).map(outline).collect();
    if value.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}

fn outline(c: char) -> char {
    match c {
        '0'..='9' => '9',
        ' ' | '-' | '/' | ':' | '.' | ',' | '+' | '(' | ')' | '@' | '_' => c,
        c if c.is_numeric() => '9',
        c if c.is_uppercase() => 'A',
        c if c.is_alphabetic() => 'a',
        _ => '·',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_tells_no_character() {
        let outlined = |text: &str| text.chars().map(outline).collect::<String>();
        assert_eq!(outlined("02139-0001"), "99999-9999");
        assert_eq!(outlined("Testperson, T."), "Aaaaaaaaaa, A.");
        assert_eq!(outlined("Ünlü٣\u{7}"), "Aaaa9·");
    }
}
