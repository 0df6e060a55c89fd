//! Folding: what two spellings of the same thing have in common.

use super::dates::{self, Date};
use super::letters::{self, By, is_spaceless};
use std::collections::BTreeSet;

/// Folded texts at least this long are looked for anywhere, shorter ones as whole words.
const ANYWHERE: usize = 5;
/// Shorter ones are too common to look for.
const SHORTEST: usize = 2;

/// Appends a text in lower case and plain letters, its punctuation kept.
pub(super) fn spell(text: &str, by: By, out: &mut String) {
    text.chars().for_each(|c| letters::spell(c, by, out));
}

/// Puts a text in place of another: plain letters and digits only.
pub(super) fn fold(text: &str, by: By, out: &mut String) {
    out.clear();
    spell(text, by, out);
    out.retain(char::is_alphanumeric);
}

/// The ways in which the letters of a text count: one where no letter is of another script.
pub(super) fn ways(text: &str) -> &'static [By] {
    if text.is_ascii() { &[By::Letter] } else { &[By::Letter, By::Look] }
}

/// The words of a spelled text, in order. Letters and digits side by side are words of their own.
pub(super) fn words(spelled: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = spelled.trim_start_matches(|c: char| !c.is_alphanumeric());
    while let Some(first) = rest.chars().next() {
        let other = |c: char| !c.is_alphanumeric() || c.is_ascii_digit() != first.is_ascii_digit();
        let (word, after) = rest.split_at(rest.find(other).unwrap_or(rest.len()));
        words.push(word);
        rest = after.trim_start_matches(|c: char| !c.is_alphanumeric());
    }
    words
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

/// Outgoing strings, folded: whole, word by word, and the dates in them.
pub(super) struct Folded {
    /// All strings without anything but letters and digits, one after another, since what identifies may be spread over
    /// two fields; a line for each way in which their letters count.
    whole: String,
    /// Their words, and what words one after another make that are short together (`L-e-e`).
    words: BTreeSet<String>,
    dates: BTreeSet<Date>,
}

impl Folded {
    pub(super) fn new<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Self {
        let (mut whole, mut spelled) = (String::with_capacity(512), String::with_capacity(256));
        let mut folded = Self { whole: String::new(), words: BTreeSet::new(), dates: BTreeSet::new() };
        for by in [By::Letter, By::Look] {
            for value in values.clone() {
                spelled.clear();
                spell(value, by, &mut spelled);
                let words = words(&spelled);
                for (at, word) in words.iter().enumerate() {
                    whole.push_str(word);
                    folded.add_words(words.get(at..).unwrap_or(&[]));
                }
                dates::find(&words, &mut folded.dates);
            }
            whole.push('\n');
            if values.clone().all(str::is_ascii) {
                break;
            }
        }
        folded.whole = whole;
        folded
    }

    /// The first of these words, and it together with those after it as long as that is short.
    fn add_words(&mut self, words: &[&str]) {
        let mut together = String::new();
        for word in words {
            if !together.is_empty() && together.chars().count() + word.chars().count() >= ANYWHERE {
                break;
            }
            together.push_str(word);
            self.words.insert(together.clone());
        }
    }

    /// Whether a folded text is inside: anywhere where it is long or its script has no spaces, else as a whole word.
    pub(super) fn contains(&self, text: &str) -> bool {
        let length = text.chars().take(ANYWHERE).count();
        // A syllable of Hangul is up to three letters.
        let shortest =
            if text.starts_with(|c| ('\u{1100}'..='\u{11ff}').contains(&c)) { 4 } else { SHORTEST };
        if length < shortest {
            false
        } else if length < ANYWHERE && !text.chars().all(is_spaceless) {
            self.words.contains(text)
        } else {
            self.whole.contains(text)
        }
    }

    /// Whether a date is inside, in whatever order and form.
    pub(super) fn has_date(&self, date: Date) -> bool {
        date.forms().any(|form| self.dates.contains(&form))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(outgoing: &str, text: &str) -> bool {
        let folded = Folded::new(std::iter::once(outgoing));
        let mut own = String::new();
        ways(text).iter().any(|by| {
            fold(text, *by, &mut own);
            folded.contains(&own)
        })
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
    fn a_short_name_is_found_as_a_word_however_it_is_split_and_not_inside_another() {
        for outgoing in [
            "for Lee",
            "LEE",
            "L e e",
            "L-e-e",
            "l.e.e.",
            "Le_e",
            "(L) (e) (e)",
            "Lee1",
            "7Lee",
            "L\u{34f}ee",
        ] {
            assert!(inside(outgoing, "Lee"), "{outgoing}");
        }
        for outgoing in ["sleep", "Leeds", "fleet", "see le", "Le fee"] {
            assert!(!inside(outgoing, "Lee"), "{outgoing}");
        }
        assert!(inside("田中山田さん", "山田"), "no spaces to tell words by");
        assert!(!inside("田中", "中"));
    }

    #[test]
    fn accents_and_forms_of_letters_do_not_hide_a_value() {
        for outgoing in [
            "Mu\u{308}ller",
            "Muller",
            "ＭＵＬＬＥＲ",
            "Mülle\u{200b}r",
            "MÜLLER",
            "𝐌𝐮𝐥𝐥𝐞𝐫",
            "𝓜𝓾𝓵𝓵𝓮𝓻",
            "𝙼𝚞𝚕𝚕𝚎𝚛",
            "Ⓜⓤⓛⓛⓔⓡ",
            "ᴹᵘˡˡᵉʳ",
            "🅼🆄🅻🅻🅴🆁",
            "🇲🇺🇱🇱🇪🇷",
            "ᴍᴜʟʟᴇʀ",
            "Mứller",
            "M\u{fe0f}u\u{ad}l\u{2066}ler",
            "Mul\u{3164}ler",
            "Mul\u{115f}ler",
            "Mul\u{e0061}ler",
            "Mul\u{180e}ler",
        ] {
            assert!(inside(outgoing, "Müller"), "{outgoing}");
        }
        for (outgoing, text) in [
            ("STRASSE", "Straße"),
            ("STRAẞE", "Strasse"),
            ("N\u{200b}g", "Ng"),
            ("ﬁnnﬂeet", "Finnfleet"),
            ("ǅango", "Dzango"),
            ("tel. ⑤⑤⑤-⓪①⓪⓪", "5550100"),
            ("５５５０１００", "5550100"),
            ("𝟝𝟝𝟝𝟘𝟙𝟘𝟘", "5550100"),
            ("٥٥٥٠١٠٠", "5550100"),
            ("⁵⁵⁵₀₁₀₀", "5550100"),
            ("ﾃｽﾄｻﾝ", "てすとさん"),
            ("ガギグゲゴ", "ｶﾞｷﾞｸﾞｹﾞｺﾞ"),
            ("김철수", "\u{1100}\u{1175}\u{11b7}\u{110e}\u{1165}\u{11af}\u{1109}\u{116e}"),
            ("ПЕТРОВ", "Петров"),
            ("ΜΑΡΙΝΑ", "Μαρίνα"),
            ("ΗΛΙΑΣ", "ηλίας"),
        ] {
            assert!(inside(outgoing, text), "{outgoing}");
        }
        assert_eq!(written_out("Müller").as_deref(), Some("Mueller"));
    }

    #[test]
    fn letters_that_look_like_others_do_not_hide_a_value() {
        for outgoing in [
            "Testperѕon",
            "Tеѕtреrsоn",
            "ΤΕSΤPERSΟΝ",
            "Теѕтрerson",
            "TESTPERSOΝ",
            "Teꜱtpersoո",
            "ᎢᎬՏᎢᏢᎬᎡՏON",
            "ꓔꓰꓢꓔꓑꓰꓣꓢꓳꓠ",
            "Ⲧⲉstⲣⲉrsⲟn",
        ] {
            assert!(inside(outgoing, "Testperson"), "{outgoing}");
        }
        assert!(inside("Testperson", "Теѕтрerson"), "in the source as well");
    }

    #[test]
    fn the_tables_are_in_order_and_cover_what_they_say() {
        let mut out = String::new();
        for c in ('\u{80}'..'\u{20000}').filter(|c| !c.is_control()) {
            for by in [By::Letter, By::Look] {
                out.clear();
                letters::spell(c, by, &mut out);
                assert!(
                    out.chars().all(|own| !own.is_ascii_uppercase() && !own.is_control()),
                    "{c:?} {out:?}"
                );
            }
        }
    }
}
