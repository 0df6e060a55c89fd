//! Characters written plainly: Latin letters without accents, in lower case, for whatever is or looks like one.
//!
//! Compatibility forms (Unicode Standard Annex #15), characters that show nothing (`Default_Ignorable_Code_Point`) and
//! letters that look alike (Unicode Technical Standard #39), as far as names and numbers are written with them.

/// As what a letter of another script counts where the two differ: `Η` is an eta, and looks like an H.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The same letter in upper case and lower.
    Letter,
    /// The Latin letter that it looks like as it stands.
    Look,
}

/// Appends a character as it is written plainly; nothing where it shows nothing or marks another character.
pub(super) fn spell(c: char, by: By, out: &mut String) {
    let c = unstyled(c);
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
    } else if is_unseen(c) {
    } else if let Some(look) = latin(c).filter(|_| by == By::Look) {
        out.push_str(look);
    } else if let 0xAC00..=0xD7A3 = u32::from(c) {
        // A Hangul syllable is two or three letters (The Unicode Standard, section 3.12).
        let n = u32::from(c) - 0xAC00;
        let last = Some(0x11A7 + n % 28).filter(|last| *last != 0x11A7);
        let letters = [Some(0x1100 + n / 588), Some(0x1161 + n % 588 / 28), last];
        out.extend(letters.into_iter().flatten().filter_map(char::from_u32));
    } else {
        for lower in c.to_lowercase().filter(|lower| !is_unseen(*lower)) {
            let lower = if lower == 'ς' { 'σ' } else { unstyled(lower) };
            match latin(lower) {
                Some(letters) => out.push_str(letters),
                None => out.push(lower),
            }
        }
    }
}

/// Whether a character shows nothing of its own: it is a mark on the one before, or not there at all for a reader.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{ff9e}' | '\u{ff9f}')
        || matches!(u32::from(c), 0x300..=0x36F | 0x483..=0x489 | 0x115F..=0x1160 | 0x17B4..=0x17B5
            | 0x180B..=0x180F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x200B..=0x200F | 0x202A..=0x202E
            | 0x2060..=0x206F | 0x20D0..=0x20F0 | 0x3099..=0x309C | 0x3164 | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F
            | 0xFFA0 | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// Whether a character has no place in a line of text: it could carry something that no reader sees, or show the line in
/// another order than it has.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0x115F..=0x1160 | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xE000..=0xF8FF
            | 0xFFA0 | 0xFFF0..=0xFFFB | 0xE0000..)
}

/// Whether a letter is of a script that has no spaces between words, or none within names.
pub(super) fn is_spaceless(c: char) -> bool {
    matches!(u32::from(c), 0xE00..=0xEFF | 0x1000..=0x11FF | 0x1780..=0x17FF | 0x2E80..=0xA4CF | 0xAC00..=0xD7FF
        | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// A character without what makes it another only in style: width, weight, a circle.
fn unstyled(c: char) -> char {
    let code = u32::from(c);
    let at = |from: u8, n: u32| char::from(from.wrapping_add(u8::try_from(n).unwrap_or(0)));
    match code {
        0..=0x7F => c,
        0xFF01..=0xFF5E => at(b'!', code - 0xFF01),
        0x1D400..=0x1D6A3 => at(b'a', (code - 0x1D400) % 26),
        0x1D7CE..=0x1D7FF => at(b'0', (code - 0x1D7CE) % 10),
        0x1F1E6..=0x1F1FF => at(b'a', code - 0x1F1E6),
        0x1FBF0..=0x1FBF9 => at(b'0', code - 0x1FBF0),
        0x2010..=0x2015 | 0x2212 | 0xFE58 | 0xFE63 => '-',
        0x2024 | 0x3002 | 0xFE52 | 0xFF61 => '.',
        0x2044 | 0x2215 => '/',
        0x2236 | 0xFE55 => ':',
        0xFE6B => '@',
        // Cherokee in its older case, which the table has.
        0xAB70..=0xABBF => char::from_u32(code - 0xAB70 + 0x13A0).unwrap_or(c),
        0x13F8..=0x13FD => char::from_u32(code - 8).unwrap_or(c),
        0xFF66..=0xFF9D => HALF_WIDTH.chars().nth((code - 0xFF66) as usize).unwrap_or(c),
        0x3041..=0x3096 | 0x30A1..=0x30FA => {
            kana(if code < 0x30A1 { code + 0x60 } else { code }).unwrap_or(c)
        }
        _ if c.is_whitespace() => ' ',
        _ => match DIGITS.iter().find(|zero| (**zero..**zero + 10).contains(&code)) {
            Some(zero) => at(b'0', code - zero),
            None => c,
        },
    }
}

/// Katakana without its voicing marks.
fn kana(code: u32) -> Option<char> {
    char::from_u32(match code {
        0x30AB..=0x30C2 => code - (code - 0x30AB) % 2,
        0x30C4..=0x30C9 => code - code % 2,
        0x30CF..=0x30DD => code - code % 3,
        0x30F4 => 0x30A6,
        _ => code,
    })
}

/// The Latin letters that a character is a form of, or looks like.
fn latin(c: char) -> Option<&'static str> {
    let before = LETTERS.partition_point(|(from, _)| *from <= u32::from(c)).checked_sub(1)?;
    let (from, letters) = LETTERS.get(before)?;
    let at = (u32::from(c) - from) as usize;
    letters.get(at..at + 1).filter(|letter| *letter != " ").or_else(|| {
        let (_, rest) = SEVERAL.split_once(c)?;
        rest.split(' ').next()
    })
}

/// Katakana in the order of its half-width forms.
const HALF_WIDTH: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// The zeros of scripts with decimal digits of their own.
static DIGITS: [u32; 36] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0,
];

/// From a code point on, what each character is a form of or looks like; a space where it is nothing but itself.
static LETTERS: [(u32, &str); 32] = [
    (0x00AA, "a       23 u   1o"),
    (
        0x00C0,
        "aaaaaa ceeeeiiiidnooooo ouuuuy  aaaaaa ceeeeiiiidnooooo ouuuuy yaaaaaaccccccccddddeeeeeeeeeegggg\
         gggghhhhiiiiiiiiii  jjkkkllllllllllnnnnnnnnnoooooo  rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs\
         bbbb  occdddddeeeffgy iikkl mnnooo  pprsss ttttuuuvyyzzzzz  55 pl",
    ),
    (
        0x01CD,
        "aaiioouuuuuuuuuueaaaa  ggggkkoooozzj   gghpnnaa  ooaaaaeeeeiiiioooorrrruuuussttyyhhndoozzaaeeooo\
         oooooyylntj  accltsz  buveejjqqrryyaaabocddeeeee ejgggyyhhhiiilll mmmnnnooworrrrrrrrrssj  ttuuvv\
         wyyzzz    c b ghjklq",
    ),
    (0x02B0, "hhjrrrrwy"),
    (0x02E0, "ylsx"),
    (
        0x037F,
        "j      a ehi o ywiabrdezh ik mn onp oty x wiyaeniuabydezn ik uv onpcotu x wiuouw b yyy n     ff",
    ),
    (0x03F0, "kpcj e   cmm"),
    (
        0x0400,
        "eehresiij  hkuy a br e zuuk mhonpcty x  ww  b   a br e zuuk mhonpcty x  ww  b   eehresiij  hkuy \
         ww",
    ),
    (0x0474, "vvvv"),
    (
        0x048E,
        "pprrff  x   kkkkkkkkhhhh    ccttyyyyxx      hhee  l  kk  hhhh  mmlaaaa  eeeeee  zz  uuuuooooooee\
         yyyyyy  rr  ffxxxxdd          ggtt          qqwwkk      hhhh",
    ),
    (0x0531, "wpq tqt  d lp lzjnd j  n w nuus gi pof          wpq tqt  d lp lh nd j  n w nuus gi pof"),
    (0x10E7, "y"),
    (0x10FF, "o"),
    (0x13A0, "drt  i   yaje      w   m   h yo g hz  i    eu 4b  r wst  vs  llc  pcvhkd   o  6b   gbb"),
    (
        0x1D00,
        "aa bcdde ijklmnooo      prrtu   vwzz  r np  a b deeghijklmn ooprtuwaaa bdeeeeg kmnoo  ptu mv by\
         d xiruvbyp xubdfmnprrstzghg i pu bdfgklmnprs vxzaadee  io u accdefjghiiiijlllmmnnnoosstuuuvvzzzz",
    ),
    (
        0x1E00,
        "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrr\
         ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwyasss daaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee\
         eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyllvvyyaaaaaaaaaaaaaaaaeeeeee  eeeeee  \
         nnnnnnnnhhhhhhhhiiiiiiiiiiiiiiiioooooo  oooooo  uuuuuuuu y y y ywwwwwwwwwwwwwwwwaaeenniioouuww  \
         aaaaaaaaaaaaaaaannnnnnnnhhhhhhhhwwwwwwwwwwwwwwwwaaaaa aaaaaaa i   nnn nneehhh   iiii  iiiiii    \
         uuuuppuuyyyyp     www wwoowww",
    ),
    (0x2070, "0i  456789     n0123456789      aeoxehklmnpst"),
    (0x2102, "cc   e fghhhhhiill n  ppqrrr      z w z kabceeeffmo    i  nyrns    ddeij    f"),
    (0x2160, "i   v    x  lcdmi   v    x  lcdm   cc"),
    (
        0x2460,
        "123456789           123456789           123456789           abcdefghijklmnopqrstuvwxyzabcdefghij\
         klmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0          123456789 0",
    ),
    (0x2776, "123456789 123456789 123456789"),
    (0x2C60, "lllprathhkkzzamaavwwvhh eroejvsz"),
    (0x2C80, "aabbrr  ee  zzhh  iikk  mmnn  oonnppccttyy  xx  ww"),
    (0x2CD0, "ll"),
    (0xA4D0, "bpddt gk jc zf mnlsr  vh  wxy a e iou"),
    (0xA730, "fs"),
    (0xA740, "kkkkkklllloooo  ppppppqqqqrr  vv"),
    (0xA779, "ddffg    rrsstt     h  nnccc bbff      ggkknnrrsshegli ktj"),
    (0xA7C4, "csz"),
    (0xA7F2, "cfq   h"),
    (0xAB5E, "l"),
    (
        0x1F100,
        "00123456789     abcdefghijklmnopqrstuvwxyzscr   abcdefghijklmnopqrstuvwxyz      abcdefghijklmnop\
         qrstuvwxyz      abcdefghijklmnopqrstuvwxyz",
    ),
];

/// Characters that are several letters, each with these.
const SEVERAL: &str = "Æae Þth ßss æae þth Ĳij ĳij Œoe œoe ƕhv Ƣoi ƣoi Ǆdz ǅdz ǆdz Ǉlj ǈlj ǉlj Ǌnj ǋnj ǌnj Ǣae ǣae Ǳdz \
    ǲdz ǳdz Ǽae ǽae ʣdz ʤdz ʥdz ʦts ʧts ʨtc ʩfn ʪls ʫlz Ыbl Юlo ыbl юlo Ѹoy ѹoy Ӕae ӕae ևti ẞss Ⅱii \
    Ⅲiii Ⅳiv Ⅵvi Ⅶvii Ⅷviii Ⅸix Ⅺxi Ⅻxii ⅱii ⅲiii ⅳiv ⅵvi ⅶvii ⅷviii ⅸix ⅺxi ⅻxii ⑩10 ⑪11 ⑫12 ⑬13 \
    ⑭14 ⑮15 ⑯16 ⑰17 ⑱18 ⑲19 ⑳20 ⑽10 ⑾11 ⑿12 ⒀13 ⒁14 ⒂15 ⒃16 ⒄17 ⒅18 ⒆19 ⒇20 ⒑10 ⒒11 ⒓12 ⒔13 ⒕14 ⒖15 \
    ⒗16 ⒘17 ⒙18 ⒚19 ⒛20 ⓫11 ⓬12 ⓭13 ⓮14 ⓯15 ⓰16 ⓱17 ⓲18 ⓳19 ⓴20 ⓾10 ❿10 ➉10 ➓10 Ꜳaa ꜳaa Ꜵao ꜵao Ꜷau \
    ꜷau Ꜹav ꜹav Ꜽay ꜽay Ꝏoo ꝏoo Ꝡvy ꝡvy ﬀff ﬁfi ﬂfl ﬃffi ﬄffl ﬅst ﬆst";
