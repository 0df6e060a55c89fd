//! What looks like an identifier, whoever it may belong to (45 CFR 164.514(b)(2)(i)): in a field that does not declare it,
//! it does not leave.
//!
//! Each pattern is found in time linear in the text.

use super::dates;
use crate::engine::canonical::FieldType;

/// Digits in a row from which on a label holds a number of something and not a quantity.
const LONG: usize = 7;

/// Whether a value has something in it that looks like an identifier and that fields of this type do not declare.
pub(super) fn undeclared(kind: FieldType, value: &str) -> bool {
    let text = value.to_ascii_lowercase();
    let numbers = || numbers(&text);
    let in_words = || is_email(&text) || numbers().any(is_social_security);
    match kind {
        FieldType::Label | FieldType::FreeText => {
            let has_long = || text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= LONG);
            let local = |number: &str| is_grouped(number, &[3, 4]) && number.contains('-');
            in_words()
                || is_address(&text)
                || has_long()
                || numbers().any(|number| is_telephone(number) || local(number))
                || dates::has_whole(&text)
        }
        FieldType::Code => {
            in_words() || is_address(&text) || numbers().any(is_telephone) || dates::has_whole(&text)
        }
        FieldType::Identifier | FieldType::PostalCode => in_words(),
        FieldType::Personal => numbers().any(is_social_security),
        FieldType::Date => false,
    }
}

/// An e-mail address (RFC 5322, section 3.4.1): something, an at sign, and a domain of two parts.
fn is_email(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let before = text.get(..at).unwrap_or("").trim_end();
        let domain = text.get(at + 1..).unwrap_or("").trim_start();
        let end =
            domain.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-')).unwrap_or(domain.len());
        let top = domain.get(..end).and_then(|domain| domain.trim_end_matches('.').rsplit_once('.'));
        before.ends_with(|c: char| c.is_alphanumeric() || "._+-\"".contains(c))
            && top.is_some_and(|(rest, top)| {
                !rest.is_empty() && top.chars().filter(|c| c.is_alphabetic()).count() > 1
            })
    })
}

/// A URL (RFC 3986), an internet address (RFC 791, RFC 4291) or one of a device (EUI-48).
fn is_address(text: &str) -> bool {
    let tokens = text.split(|c: char| c.is_whitespace() || "<>()[]{},;\"'|".contains(c));
    tokens.filter(|token| !token.is_empty()).any(|token| {
        let url = token.contains("://")
            || ["www.", "mailto:", "tel:", "urn:"].iter().any(|begin| {
                token.strip_prefix(begin).is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
            });
        url || is_colon_address(token.split(['%', '/']).next().unwrap_or(token).trim_end_matches('.'))
            || token.split([':', '/', '=']).any(|part| is_ipv4(part.trim_end_matches('.')))
    })
}

fn is_ipv4(part: &str) -> bool {
    part.split('.').count() == 4
        && part.split('.').all(|number| number.len() <= 3 && number.parse::<u8>().is_ok())
}

/// Groups of hexadecimal digits with colons between: eight or fewer with two colons in a row, or six of two digits.
fn is_colon_address(token: &str) -> bool {
    let groups = || token.split(':');
    let hexadecimal = |group: &str| group.len() <= 4 && group.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = token.bytes().filter(u8::is_ascii_hexdigit).count();
    let spells = groups().all(|group| hexadecimal(group) || is_ipv4(group));
    match groups().count() {
        6 if groups().all(|group| group.len() == 2) => spells,
        8 => spells && !token.contains("::"),
        3..=9 => spells && token.contains("::") && digits > 3,
        _ => false,
    }
}

/// Runs of digits and of what stands between the digits of one number.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_digit() || " +-./()".contains(c)))
}

/// Whether groups of digits in a run are of these lengths, one after another.
fn is_grouped(number: &str, lengths: &[usize]) -> bool {
    let mut last = [0; 3];
    number.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty()).any(|digits| {
        last.rotate_left(1);
        if let Some(slot) = last.last_mut() {
            *slot = digits.len();
        }
        last.ends_with(lengths)
    })
}

/// A social security number: three digits, two and four.
fn is_social_security(number: &str) -> bool {
    is_grouped(number, &[3, 2, 4])
}

/// A telephone number: three digits, three and four (the North American plan), or with a plus sign (ITU-T E.164).
fn is_telephone(number: &str) -> bool {
    let international = || {
        number.split('+').skip(1).any(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit())
                && rest.bytes().filter(u8::is_ascii_digit).count() >= LONG
        })
    };
    is_grouped(number, &[3, 3, 4]) || international()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_identifier_is_found_in_a_label() {
        for text in [
            "ask demo@example.invalid",
            "demo+x@mail.example.invalid.",
            "demo @ example.invalid",
            "call 617-555-0100",
            "(617) 555-0100",
            "617.555.0100",
            "617 555 0100",
            "6175550100",
            "+44 20 7946 0000",
            "555-0100",
            "+4930123456",
            "1-617-555-0100",
            "SSN 000-12-3456",
            "000 12 3456",
            "000123456",
            "000.12.3456",
            "see https://ehr.example.invalid/x",
            "www.example.invalid",
            "mailto:demo",
            "urn:uuid:0",
            "tel:555",
            "from 192.0.2.1",
            "192.0.2.1:8080",
            "2001:db8::1",
            "[2001:db8:0:0:0:0:0:1]",
            "00:00:5e:00:53:01",
            "::ffff:192.0.2.1",
            "MRN 0001234",
            "on 2026-01-14",
            "14.01.2026",
            "January 14th, 2026",
        ] {
            assert!(undeclared(FieldType::Label, text), "{text}");
        }
    }

    #[test]
    fn labels_of_code_systems_have_none() {
        for text in [
            "",
            "Cardiology",
            "Hemoglobin A1c/Hemoglobin.total in Blood",
            "SARS-CoV-2 (COVID-19) RNA panel",
            "Type 2 diabetes",
            "Aspirin 81 mg tablet",
            "10/20/30 mg",
            "1,000-2,000 mL",
            "Clinic @ St. Mary",
            "Home@Care",
            "Ward 3: bed 12",
            "12:30:00",
            "Influenza 2025/26",
            "ratio 1:2:3",
            "a::b",
            "::",
            "v1.2.3",
            "10.2.3",
            "1.2.3.4.5",
            "300.400.1.2",
            "C10AA05",
            "100-200-300",
            "Tel Aviv",
            "+1",
            "+ 2 of 12",
            "24/7",
            "3-4-5 rule",
            "@",
            "a@",
            "@b.cc",
            "5,000,000 units",
            "tel: ward",
            "999999",
        ] {
            assert!(!undeclared(FieldType::Label, text), "{text}");
        }
    }

    #[test]
    fn codes_are_long_numbers_and_identifiers_may_be_addresses() {
        for code in [
            "308335008",
            "12345678901234",
            "4548-4",
            "0409-1234-01",
            "50580-488-10",
            "2.16.840.1.113883",
            "AMB",
        ] {
            assert!(!undeclared(FieldType::Code, code), "{code}");
        }
        for code in
            ["617-555-0100", "+16175550100", "000-12-3456", "2026-01-14", "192.0.2.1", "demo@example.invalid"]
        {
            assert!(undeclared(FieldType::Code, code), "{code}");
        }
        assert!(!undeclared(FieldType::Identifier, "https://ehr.example.invalid/fhir"));
        assert!(undeclared(FieldType::Identifier, "demo@example.invalid"));
        assert!(
            !undeclared(FieldType::Personal, "+16175550100")
                && undeclared(FieldType::Personal, "000-12-3456")
        );
        assert!(!undeclared(FieldType::Date, "2026-01-14"));
    }

    #[test]
    fn a_long_text_is_looked_at_once() {
        let text = ["1-", "@", "a:", ".", "+1", "1 jan "].map(|part| part.repeat(20_000)).concat();
        undeclared(FieldType::Label, &text);
    }
}
