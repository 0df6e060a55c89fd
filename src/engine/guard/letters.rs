//! Letters of Latin script written plainly: without accents, in lower case.
//!
//! What leaves as it is holds nothing but ASCII, so nothing else can be inside it.

/// Appends a text with its Latin letters written plainly; a mark on a letter is left out, and what has no plain letter stays
/// as it is.
pub(super) fn spell(text: &str, out: &mut String) {
    for c in text.chars() {
        match (c.is_ascii(), latin(c)) {
            (true, _) => out.push(c.to_ascii_lowercase()),
            (false, Some(letters)) => out.push_str(letters),
            (false, None) if ('\u{300}'..='\u{36f}').contains(&c) => {}
            (false, None) => out.push(c),
        }
    }
}

/// The plain letters of an accented one.
fn latin(c: char) -> Option<&'static str> {
    let before = LETTERS.partition_point(|(from, _)| *from <= u32::from(c)).checked_sub(1)?;
    let (from, letters) = LETTERS.get(before)?;
    let at = (u32::from(c) - from) as usize;
    letters.get(at..at + 1).filter(|letter| *letter != " ").or_else(|| {
        let (_, rest) = SEVERAL.split_once(c)?;
        rest.split(' ').next()
    })
}

/// From a code point on, the plain letter of each; a space where there is none.
static LETTERS: [(u32, &str); 3] = [
    (
        0x00C0,
        "aaaaaa ceeeeiiiidnooooo ouuuuy  aaaaaa ceeeeiiiidnooooo ouuuuy yaaaaaaccccccccddddeeeeeeeeeegggg\
         gggghhhhiiiiiiiiii  jjkkkllllllllllnnnnnnnnnoooooo  rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs\
         bbbb  occdddddeeeffgy iikkl mnnooo  pprsss ttttuuuvyyzzzzz  55 pl",
    ),
    (
        0x01CD,
        "aaiioouuuuuuuuuueaaaa  ggggkkoooozzj   gghpnnaa  ooaaaaeeeeiiiioooorrrruuuussttyyhhndoozzaaeeooo\
         oooooyylntj  accltsz  buveejjqqrryy",
    ),
    (
        0x1E00,
        "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrr\
         ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwyasss daaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee\
         eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyllvvyy",
    ),
];

/// Letters that are several, each with these.
const SEVERAL: &str = "Æae Þth ßss æae þth Ĳij ĳij Œoe œoe ƕhv Ƣoi ƣoi Ǆdz ǅdz ǆdz Ǉlj ǈlj ǉlj Ǌnj ǋnj ǌnj Ǣae ǣae Ǳdz ǲdz ǳdz Ǽae ǽae ẞss";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order_and_cover_what_they_say() {
        for (from, letters) in &LETTERS {
            assert!(letters.is_ascii(), "{from:X}: a letter is a byte");
            for (code, own) in (*from..).zip(letters.chars()).filter(|(_, own)| *own != ' ') {
                let c = char::from_u32(code).unwrap();
                assert_eq!(latin(c), Some(own.to_string().as_str()), "{c:?}");
            }
        }
        for pair in LETTERS.windows(2) {
            let end = pair[0].0 as usize + pair[0].1.len();
            assert!(end <= pair[1].0 as usize, "{:X} reaches into {:X}", pair[0].0, pair[1].0);
        }
        for word in SEVERAL.split(' ') {
            let mut letters = word.chars();
            let c = letters.next().unwrap();
            assert_eq!(latin(c), Some(letters.as_str()), "{c:?}");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || !c.is_ascii();
            assert!(letters.as_str().chars().count() > 1 && letters.all(plain), "{word}");
        }
    }
}
