//! What a text that leaves and an identifying value have in common, however they are written.

use super::dates::{self, Date};
use super::letters::spell;
use std::collections::BTreeSet;

/// Longer texts (narratives, attachments) are not one identifier; what they tell is in elements of its own.
pub(super) const LONGEST: usize = 256;
/// Folded texts at least this long are looked for anywhere, shorter ones as whole words.
const ANYWHERE: usize = 5;
/// Numbers at least this long are looked for anywhere: shorter ones are inside longer numbers by chance.
const NUMBER_ANYWHERE: usize = 7;
/// Shorter ones are too common to look for.
const SHORTEST: usize = 2;

/// A text in plain letters and digits only.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    spell(text, &mut out);
    out.retain(char::is_alphanumeric);
    out
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

#[cfg(test)]
thread_local! {
    /// Comparisons made so far on this thread.
    pub(super) static COMPARED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Outgoing texts in ASCII, folded: whole, word by word, and the dates in them. Made once for a record; each question is then
/// answered in as many comparisons as the length has binary digits, however many questions there are.
pub(super) struct Folded {
    /// All texts without anything but letters and digits, one after another, since what identifies may be spread over two.
    whole: String,
    /// Where each of its suffixes starts, in the order of the suffixes.
    suffixes: Vec<u32>,
    /// Their words, and what words one after another make that are short together (`L-e-e`).
    words: BTreeSet<String>,
    dates: BTreeSet<Date>,
}

impl Folded {
    pub(super) fn new<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut folded = Self {
            whole: String::new(),
            suffixes: Vec::new(),
            words: BTreeSet::new(),
            dates: BTreeSet::new(),
        };
        for value in values {
            let spelled = value.to_ascii_lowercase();
            let words = words(&spelled);
            for (at, word) in words.iter().enumerate() {
                folded.whole.push_str(word);
                folded.add_words(words.get(at..).unwrap_or(&[]));
            }
            dates::find(&words, &mut folded.dates);
        }
        let mut suffixes: Vec<u32> = (0..).take(folded.whole.len()).collect();
        crate::order::by(&mut suffixes, |from| folded.suffix(*from));
        folded.suffixes = suffixes;
        folded
    }

    /// The first of these words, and it together with those after it as long as that is short.
    fn add_words(&mut self, words: &[&str]) {
        let mut together = String::new();
        for word in words {
            if !together.is_empty() && together.len() + word.len() >= ANYWHERE {
                break;
            }
            together.push_str(word);
            self.words.insert(together.clone());
        }
    }

    /// A suffix of the whole, as far as it is looked at.
    fn suffix(&self, from: u32) -> &[u8] {
        let rest = self.whole.as_bytes().get(from as usize..).unwrap_or_default();
        rest.get(..LONGEST).unwrap_or(rest)
    }

    /// Whether a folded text is inside: anywhere where it is long, else as a whole word.
    pub(super) fn contains(&self, text: &str) -> bool {
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        match text.len() {
            0..SHORTEST => false,
            length if length < if is_number { NUMBER_ANYWHERE } else { ANYWHERE } => {
                self.words.contains(text)
            }
            _ => self.has_anywhere(text),
        }
    }

    /// Whether a folded text is inside anywhere.
    pub(super) fn has_anywhere(&self, text: &str) -> bool {
        let before = self.suffixes.partition_point(|from| {
            #[cfg(test)]
            COMPARED.set(COMPARED.get() + 1);
            self.suffix(*from) < text.as_bytes()
        });
        self.suffixes.get(before).is_some_and(|from| self.suffix(*from).starts_with(text.as_bytes()))
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
        Folded::new(std::iter::once(outgoing)).contains(&fold(text))
    }

    #[test]
    fn case_spacing_and_punctuation_do_not_hide_a_value() {
        let outgoing = "CARDIO_for.TEST-Person,(demo)";
        assert!(inside(outgoing, "Testperson"));
        assert!(inside(outgoing, "Demo"));
        assert!(!inside(outgoing, "dio"));
        assert!(!inside(outgoing, "d"));
        assert!(!inside("", "Demo") && !inside(outgoing, ""));
    }

    #[test]
    fn a_short_name_is_found_as_a_word_however_it_is_split_and_not_inside_another() {
        for outgoing in ["for Lee", "LEE", "L e e", "L-e-e", "l.e.e.", "Le_e", "(L) (e) (e)", "Lee1", "7Lee"]
        {
            assert!(inside(outgoing, "Lee"), "{outgoing}");
        }
        for outgoing in ["sleep", "Leeds", "fleet", "see le", "Le fee"] {
            assert!(!inside(outgoing, "Lee"), "{outgoing}");
        }
    }

    #[test]
    fn a_short_number_is_found_as_a_word_and_not_inside_a_longer_one() {
        assert!(inside("A-02139", "02139"));
        assert!(!inside("302139004", "02139"));
        assert!(inside("3021390049", "0213900"));
    }

    #[test]
    fn accents_do_not_hide_a_value() {
        for text in ["Müller", "Mu\u{308}ller", "MÜLLER", "Mứller", "Muller"] {
            assert!(inside("x.MULLER", text), "{text}");
        }
        for (outgoing, text) in [("STRASSE", "Straße"), ("OSTERGAARD", "Østergård"), ("Soren", "Søren")] {
            assert_eq!(inside(outgoing, text), outgoing != "OSTERGAARD", "{text}");
        }
        assert_eq!(written_out("Müller").as_deref(), Some("Mueller"));
        assert!(!inside("petrov", "Петров"));
    }

    #[test]
    fn what_is_inside_is_found_wherever_it_begins_and_ends() {
        let outgoing = "abracadabra-abracadabra";
        let whole = fold(outgoing);
        let folded = Folded::new(std::iter::once(outgoing));
        for from in 0..whole.len() {
            for to in from + ANYWHERE..=whole.len() {
                assert!(folded.contains(&whole[from..to]));
                assert!(!folded.contains(&format!("{}z", &whole[from..to])));
            }
        }
    }
}
