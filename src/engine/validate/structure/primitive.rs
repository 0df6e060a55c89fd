//! FHIR R4 primitive types and their forms (<http://hl7.org/fhir/R4/datatypes.html#primitive>).

use crate::engine::fhir::Kind;

/// A primitive type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Primitive {
    /// Base64, blanks allowed.
    Base64Binary,
    /// `true` or `false`.
    Boolean,
    /// A URI that may have `|version`.
    Canonical,
    /// A code: no blank at either end, none doubled.
    Code,
    /// A year, year and month, or day.
    Date,
    /// The same, or a time with an offset.
    DateTime,
    /// A number with its digits.
    Decimal,
    /// 1–64 of `A–Z a–z 0–9 - .`
    Id,
    /// A time with seconds and an offset.
    Instant,
    /// A 32-bit integer.
    Integer,
    /// Text, perhaps with markdown.
    Markdown,
    /// `urn:oid:…`
    Oid,
    /// 1 to 2³¹−1.
    PositiveInt,
    /// Text.
    String,
    /// A time of day.
    Time,
    /// 0 to 2³¹−1.
    UnsignedInt,
    /// A URI.
    Uri,
    /// A URL.
    Url,
    /// `urn:uuid:…`
    Uuid,
    /// Narrative markup.
    Xhtml,
}

/// Longest string (R4: 1 MB).
const MAX_STRING: usize = 1024 * 1024;

impl Primitive {
    /// Every primitive type, with its name.
    pub const ALL: [(Self, &'static str); 20] = [
        (Self::Base64Binary, "base64Binary"),
        (Self::Boolean, "boolean"),
        (Self::Canonical, "canonical"),
        (Self::Code, "code"),
        (Self::Date, "date"),
        (Self::DateTime, "dateTime"),
        (Self::Decimal, "decimal"),
        (Self::Id, "id"),
        (Self::Instant, "instant"),
        (Self::Integer, "integer"),
        (Self::Markdown, "markdown"),
        (Self::Oid, "oid"),
        (Self::PositiveInt, "positiveInt"),
        (Self::String, "string"),
        (Self::Time, "time"),
        (Self::UnsignedInt, "unsignedInt"),
        (Self::Uri, "uri"),
        (Self::Url, "url"),
        (Self::Uuid, "uuid"),
        (Self::Xhtml, "xhtml"),
    ];

    /// The type of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, own)| *own == name).map(|(primitive, _)| primitive)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(own, _)| *own == self).map_or("", |(_, name)| name)
    }

    /// The JSON that it is written as.
    pub fn kind(self) -> Kind {
        match self {
            Self::Boolean => Kind::Bool,
            Self::Decimal | Self::Integer | Self::PositiveInt | Self::UnsignedInt => Kind::Number,
            _ => Kind::String,
        }
    }

    /// Whether a value of the right JSON kind has the type's form. `text` is a string's content, without its
    /// escapes, or a number's digits.
    pub fn accepts(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Boolean | Self::Decimal | Self::Xhtml => true,
            Self::Integer => integer(text).is_some(),
            Self::UnsignedInt => integer(text).is_some_and(|number| number >= 0),
            Self::PositiveInt => integer(text).is_some_and(|number| number > 0),
            Self::String | Self::Markdown => {
                bytes.len() <= MAX_STRING
                    && bytes.iter().all(|b| *b >= b' ' || matches!(b, b'\t' | b'\n' | b'\r'))
            }
            Self::Code => code(bytes),
            Self::Id => id(bytes),
            Self::Uri | Self::Url | Self::Canonical => uri(text),
            Self::Oid => text.strip_prefix("urn:oid:").is_some_and(oid),
            Self::Uuid => text.strip_prefix("urn:uuid:").is_some_and(uuid),
            Self::Base64Binary => base64(bytes),
            Self::Date => date(bytes) == Some(bytes.len()),
            Self::DateTime => match date(bytes) {
                Some(end) if end == bytes.len() => true,
                Some(10) => timestamp(bytes),
                _ => false,
            },
            Self::Instant => date(bytes) == Some(10) && timestamp(bytes),
            Self::Time => time(bytes) == Some(bytes.len()),
        }
    }

    /// What the form is, for a person.
    pub fn form(self) -> &'static str {
        match self {
            Self::Base64Binary => "base64 (RFC 4648) with padding",
            Self::Boolean => "true or false, without quotes",
            Self::Canonical | Self::Uri | Self::Url => {
                "a URI without blanks; an OID or UUID in it has to be a right one"
            }
            Self::Code => "text without a blank at either end and with single blanks within",
            Self::Date => "YYYY, YYYY-MM or YYYY-MM-DD, a day that exists",
            Self::DateTime => "YYYY, YYYY-MM, YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with an offset",
            Self::Decimal => "a number, without quotes",
            Self::Id => "1 to 64 letters, digits, '-' and '.'",
            Self::Instant => "YYYY-MM-DDThh:mm:ss with an offset",
            Self::Integer => "a whole number of 32 bits, without quotes, fraction or exponent",
            Self::Markdown | Self::String => "text of at most 1 MB without control characters",
            Self::Oid => "urn:oid: and a dotted number",
            Self::PositiveInt => "a whole number from 1 to 2147483647, without quotes",
            Self::Time => "hh:mm:ss",
            Self::UnsignedInt => "a whole number from 0 to 2147483647, without quotes",
            Self::Uuid => "urn:uuid: and a UUID in lower case",
            Self::Xhtml => "an XHTML div as a string",
        }
    }
}

/// The number, where it is a 32-bit integer with neither fraction, exponent nor a sign before zero.
fn integer(text: &str) -> Option<i32> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && text != "-0";
    plain.then(|| text.parse().ok()).flatten()
}

fn code(bytes: &[u8]) -> bool {
    let blank = |b: &u8| b.is_ascii_whitespace();
    let ends = bytes.first().is_some_and(blank) || bytes.last().is_some_and(blank);
    !bytes.is_empty() && !ends && !bytes.windows(2).any(|pair| pair.iter().all(blank))
}

fn id(bytes: &[u8]) -> bool {
    (1..=64).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

fn uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|b| b <= b' ') {
        return false;
    }
    match text.strip_prefix("urn:") {
        None => true,
        Some(name) => match name.split_once(':') {
            Some(("oid", oid)) => self::oid(oid.split_once('|').map_or(oid, |(oid, _)| oid)),
            Some(("uuid", uuid)) => self::uuid(uuid.split_once('|').map_or(uuid, |(uuid, _)| uuid)),
            _ => true,
        },
    }
}

fn oid(text: &str) -> bool {
    let mut arcs = text.split('.');
    let first = arcs.next().is_some_and(|arc| matches!(arc, "0" | "1" | "2"));
    let number = |arc: &str| {
        !arc.is_empty()
            && arc.bytes().all(|b| b.is_ascii_digit())
            && (arc.len() == 1 || !arc.starts_with('0'))
    };
    first && arcs.clone().next().is_some() && arcs.all(number)
}

fn uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

fn base64(bytes: &[u8]) -> bool {
    let mut digits = 0usize;
    let mut padding = 0usize;
    for b in bytes {
        match b {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => digits += 1,
            _ => return false,
        }
    }
    padding <= 2 && digits > 0 && (digits + padding).is_multiple_of(4)
}

/// Two digits at a place, as a number.
fn two(bytes: &[u8], at: usize) -> Option<u8> {
    match bytes.get(at..at + 2)? {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}

/// The end of the date at the start; none where there is no date that exists.
fn date(bytes: &[u8]) -> Option<usize> {
    let year = u16::from(two(bytes, 0)?) * 100 + u16::from(two(bytes, 2)?);
    if year == 0 {
        return None;
    }
    if bytes.get(4) != Some(&b'-') {
        return Some(4);
    }
    let month = two(bytes, 5)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if bytes.get(7) != Some(&b'-') {
        return Some(7);
    }
    let day = two(bytes, 8)?;
    (1..=days).contains(&day).then_some(10)
}

/// The end of the time of day at the start.
fn time(bytes: &[u8]) -> Option<usize> {
    let right = two(bytes, 0)? <= 23
        && bytes.get(2) == Some(&b':')
        && two(bytes, 3)? <= 59
        && bytes.get(5) == Some(&b':')
        && two(bytes, 6)? <= 60;
    if !right {
        return None;
    }
    if bytes.get(8) != Some(&b'.') {
        return Some(8);
    }
    let fraction = bytes.get(9..).unwrap_or(&[]).iter().take_while(|b| b.is_ascii_digit()).count();
    (fraction > 0).then_some(9 + fraction)
}

/// `T`, a time and an offset after a whole date.
fn timestamp(bytes: &[u8]) -> bool {
    let rest = bytes.get(11..).unwrap_or(&[]);
    let Some(end) = time(rest).filter(|_| bytes.get(10) == Some(&b'T')) else { return false };
    match rest.get(end..) {
        Some(b"Z") => true,
        Some(offset) if offset.len() == 6 => {
            let hours = two(offset, 1);
            let minutes = two(offset, 4);
            matches!(offset.first(), Some(b'+' | b'-'))
                && offset.get(3) == Some(&b':')
                && (hours.is_some_and(|h| h <= 13) && minutes.is_some_and(|m| m <= 59)
                    || (hours, minutes) == (Some(14), Some(0)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(primitive: Primitive, yes: &[&str], no: &[&str]) {
        for text in yes {
            assert!(primitive.accepts(text), "{text:?} is a {}", primitive.name());
        }
        for text in no {
            assert!(!primitive.accepts(text), "{text:?} is no {}", primitive.name());
        }
    }

    #[test]
    fn dates_exist() {
        all(
            Primitive::Date,
            &["2024", "2024-02", "2024-02-29", "2000-02-29", "0001"],
            &[
                "",
                "24",
                "2023-02-29",
                "1900-02-29",
                "2024-13",
                "2024-00",
                "2024-04-31",
                "2024-1-1",
                "2024-01-01T00:00:00Z",
                "0000",
                "2024-",
                "２０２４",
            ],
        );
        all(
            Primitive::DateTime,
            &[
                "2024",
                "2024-02-29T23:59:60Z",
                "2024-01-01T00:00:00.1234567-05:00",
                "2024-01-01T00:00:00+14:00",
            ],
            &[
                "2024-01-01T00:00:00",
                "2024-01-01T00:00Z",
                "2024-01T00:00:00Z",
                "2024-01-01T24:00:00Z",
                "2024-01-01T00:00:00.Z",
                "2024-01-01 00:00:00Z",
                "2024-01-01T00:00:00+14:01",
                "2024-01-01T00:00:00z",
            ],
        );
        all(Primitive::Instant, &["1970-01-01T12:00:00.123Z"], &["1970-01-01", "1970"]);
        all(Primitive::Time, &["00:00:00", "23:59:59.9"], &["24:00:00", "12:00", "12:00:00Z"]);
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        all(
            Primitive::Integer,
            &["0", "-1", "2147483647", "-2147483648"],
            &["-0", "1.0", "1e3", "2147483648", "+1", ""],
        );
        all(Primitive::UnsignedInt, &["0", "2147483647"], &["-1", "-0"]);
        all(Primitive::PositiveInt, &["1"], &["0", "-1"]);
        all(Primitive::Decimal, &["1.00", "8E+1"], &[]);
    }

    #[test]
    fn texts_have_their_forms() {
        all(Primitive::Code, &["a", "a b"], &["", " a", "a ", "a  b", "a\tb\n"]);
        all(Primitive::Id, &["a-1.B"], &["", "a_b", "a/b", &"x".repeat(65)]);
        all(Primitive::String, &["a\tb", "\u{a0}", " "], &["a\u{0}b", "\u{1b}"]);
        all(
            Primitive::Oid,
            &["urn:oid:1.2.3"],
            &["1.2.3", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02", "urn:oid:"],
        );
        all(
            Primitive::Uuid,
            &["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"],
            &["53fefa32-fcbb-4ff8-8a92-55ee120877b7", "urn:uuid:53FEFA32-fcbb-4ff8-8a92-55ee120877b7"],
        );
        all(
            Primitive::Uri,
            &["http://x", "urn:oid:1.2", "a/b", "é"],
            &["", " ", "a b", "urn:oid:x", "urn:uuid:x"],
        );
        all(Primitive::Base64Binary, &["YQ==", "YWJj", "YW\nJj"], &["YQ", "Y=Q=", "====", "a&b=", ""]);
    }
}
