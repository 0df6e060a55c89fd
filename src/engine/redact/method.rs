//! Redaction methods: what a value becomes on its way across.

use crate::engine::canonical::FieldType;
use crate::engine::place;
use crate::engine::time::{Day, PartialDate};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// How a value crosses. Each method has a version, part of the recipe in the audit log: a change of what a
/// method puts out is a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As it is: a code or a flag that the rule lists.
    Keep,
    /// A code or an identifier to the label that a table of our own has for it.
    Label,
    /// A date of birth to an age band of ten years; 90 and over as one (45 CFR 164.514(b)(2)(i)(C)).
    AgeBand,
    /// A date to its year.
    Year,
    /// A date to its year and month. Not Safe Harbor.
    YearMonth,
    /// A ZIP code to its first three digits, `000` for areas of 20,000 people or fewer (45 CFR 164.514(b)(2)(i)(B), by the
    /// census of 2020). Only of a US address that is in force.
    Zip3,
    /// A state's name or code to the code that the postal service uses; anything else does not cross. Only of a US address
    /// that is in force.
    UsState,
    /// A keyed token of a value with its namespace (an identifier's system, a reference's server), the same within one
    /// receiving system. Pseudonymisation.
    Tokenize,
    /// The field is there and says that it was withheld.
    Withhold,
    /// Nothing crosses.
    Drop,
}

impl Method {
    /// The names a policy may give.
    pub const NAMES: &'static [&'static str] = &[
        "generalize:age-band",
        "generalize:year",
        "generalize:year-month",
        "generalize:zip3",
        "generalize:us-state",
        "tokenize",
        "label",
    ];

    /// The method of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "generalize:age-band" => Some(Self::AgeBand),
            "generalize:year" => Some(Self::Year),
            "generalize:year-month" => Some(Self::YearMonth),
            "generalize:zip3" => Some(Self::Zip3),
            "generalize:us-state" => Some(Self::UsState),
            "tokenize" => Some(Self::Tokenize),
            "label" => Some(Self::Label),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Label => "label",
            Self::AgeBand => "generalize:age-band",
            Self::Year => "generalize:year",
            Self::YearMonth => "generalize:year-month",
            Self::Zip3 => "generalize:zip3",
            Self::UsState => "generalize:us-state",
            Self::Tokenize => "tokenize",
            Self::Withhold => "withhold",
            Self::Drop => "drop",
        }
    }

    /// Name and version, for the recipe.
    pub fn recipe(self) -> &'static str {
        match self {
            Self::Keep => "keep/1",
            Self::Label => "label/1",
            Self::AgeBand => "generalize:age-band/2",
            Self::Year => "generalize:year/1",
            Self::YearMonth => "generalize:year-month/1",
            Self::Zip3 => "generalize:zip3/2:census-2020",
            Self::UsState => "generalize:us-state/2",
            Self::Tokenize => "tokenize/1",
            Self::Withhold => "withhold/1",
            Self::Drop => "drop/1",
        }
    }

    /// Whether it makes sense for a kind of field.
    pub fn suits(self, kind: FieldType) -> bool {
        match self {
            Self::AgeBand | Self::Year | Self::YearMonth => kind == FieldType::Date,
            Self::Zip3 => kind == FieldType::PostalCode,
            Self::UsState => matches!(kind, FieldType::Code | FieldType::Label),
            Self::Tokenize => kind != FieldType::FreeText,
            Self::Label => matches!(kind, FieldType::Code | FieldType::Identifier),
            Self::Keep | Self::Withhold | Self::Drop => true,
        }
    }

    /// Whether what it puts out has a form that the guard checks whole, or is from a table of our own, so that no text of
    /// the source can be inside it.
    pub fn has_fixed_form(self) -> bool {
        !matches!(self, Self::Keep | Self::Withhold | Self::Drop)
    }

    /// Whether a string is of the form that this method puts out.
    pub fn is_form(self, text: &str) -> bool {
        let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
        match self {
            Self::AgeBand => {
                text == OLDEST_BAND
                    || text.split_once('-').is_some_and(|(from, to)| {
                        from.parse::<u8>().is_ok_and(|n| n % 10 == 0 && n <= 80)
                            && to.parse::<u8>().is_ok_and(|n| n % 10 == 9 && n <= 89)
                    })
            }
            Self::Year => digits(text, 4) || text == YEAR_WITHHELD,
            Self::YearMonth => {
                text.split_once('-').is_some_and(|(year, month)| digits(year, 4) && digits(month, 2))
            }
            Self::Zip3 => digits(text, 3),
            Self::UsState => place::us_state(text) == Some(text),
            Self::Tokenize => {
                text.strip_prefix("tok_").is_some_and(|hex| hex.len() == 32 && hex.bytes().all(is_lower_hex))
            }
            // Which labels there are, the rule's table says.
            Self::Keep | Self::Label | Self::Withhold | Self::Drop => true,
        }
    }

    /// The form that [`Method::is_form`] asks for, in words.
    pub fn form(self) -> &'static str {
        match self {
            Self::AgeBand => "ten years of age, e.g. 40-49; 90 or older",
            Self::Year => "four digits, or: 90 or more years ago",
            Self::YearMonth => "year and month, e.g. 2026-01",
            Self::Zip3 => "three digits; 000 where the census of 2020 counted 20,000 people or fewer",
            Self::UsState => "the postal service's two letters",
            Self::Tokenize => "tok_ and 32 hexadecimal digits",
            Self::Label => "a label of the table",
            Self::Keep | Self::Withhold | Self::Drop => "any",
        }
    }

    /// Applies it. None where the value can't be brought into the method's form: then nothing crosses.
    pub(super) fn apply(self, value: &str, keys: &Keys, today: Day) -> Option<String> {
        match self {
            Self::Keep => Some(value.to_owned()),
            Self::AgeBand => age_band(PartialDate::parse(value)?, today),
            Self::Year => {
                let date = PartialDate::parse(value)?;
                let reveals_age = date.year.saturating_add(89) < today.year;
                Some(if reveals_age { YEAR_WITHHELD.to_owned() } else { format!("{:04}", date.year) })
            }
            Self::YearMonth => {
                let date = PartialDate::parse(value)?;
                Some(format!("{:04}-{:02}", date.year, date.month?))
            }
            Self::Zip3 => place::zip3(value).map(str::to_owned),
            Self::UsState => place::us_state(value).map(str::to_owned),
            Self::Tokenize => Some(keys.token(value)),
            // Labels are found by what stands beside the code, too.
            Self::Label | Self::Withhold | Self::Drop => None,
        }
    }
}

const OLDEST_BAND: &str = "90 or older";
const YEAR_WITHHELD: &str = "90 or more years ago";

/// The age band of somebody who was born on a day, in a month or in a year. Where they may be in either of two bands, none:
/// but 90 and over where they may be that old.
fn age_band(born: PartialDate, today: Day) -> Option<String> {
    let age = |birthday: Day| {
        let had_birthday = (today.month, today.day) >= (birthday.month, birthday.day);
        today.year - birthday.year - i32::from(!had_birthday)
    };
    let (oldest, youngest) = (age(born.first_day()), age(born.last_day()));
    match oldest {
        90.. => Some(OLDEST_BAND.to_owned()),
        0..90 if oldest / 10 == youngest.max(0) / 10 => {
            let from = oldest / 10 * 10;
            Some(format!("{from}-{}", from + 9))
        }
        _ => None,
    }
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

/// Keys for tokens, derived from the seed and bound to one receiving system.
#[derive(Clone)]
pub struct Keys(Hmac<Sha256>);

impl Keys {
    /// Derives the keys of a domain (the receiving system) from the seed.
    pub fn new(seed: &str, domain: &str) -> Option<Self> {
        let key = Sha256::digest(seed.as_bytes());
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).ok()?;
        mac.update(b"airlock/token/1\0");
        mac.update(domain.as_bytes());
        Hmac::new_from_slice(&mac.finalize().into_bytes()).ok().map(Self)
    }

    /// Token of a name: what [`Namespace::name_of`](crate::engine::fhir::Namespace::name_of) makes of a value.
    fn token(&self, name: &str) -> String {
        format!("tok_{}", self.hex(b"name\0", &[name]))
    }

    /// Idempotency key of a record: from the policy and the source's own id of what the event is about.
    pub(super) fn record(&self, policy: &str, source: &str, resource: &str, id: &str) -> String {
        format!("rec_{}", self.hex(b"record\0", &[policy, "\0", source, "\0", resource, "\0", id]))
    }

    fn hex(&self, what: &[u8], parts: &[&str]) -> String {
        let mut mac = self.0.clone();
        mac.update(what);
        for part in parts {
            mac.update(part.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        super::super::audit::hex(digest.get(..16).unwrap_or(&[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day { year: 2026, month: 1, day: 15 };

    fn apply(method: Method, value: &str) -> Option<String> {
        let keys = Keys::new("seed", "CRM-DEMO").unwrap();
        let out = method.apply(value, &keys, TODAY);
        assert!(out.as_deref().is_none_or(|text| method.is_form(text)), "{out:?}");
        out
    }

    #[test]
    fn dates_are_generalized_and_great_ages_merged() {
        assert_eq!(apply(Method::AgeBand, "1980-01-16").as_deref(), Some("40-49"));
        assert_eq!(apply(Method::AgeBand, "1976-01-15").as_deref(), Some("50-59"));
        assert_eq!(apply(Method::AgeBand, "1930").as_deref(), Some("90 or older"));
        assert_eq!(apply(Method::AgeBand, "2030-01-01"), None);
        // Only the year is known: 89 or 90, 90 or 91, 44 or 45, 49 or 50, 0 or not born.
        assert_eq!(apply(Method::AgeBand, "1936").as_deref(), Some("90 or older"));
        assert_eq!(apply(Method::AgeBand, "1936-01").as_deref(), Some("90 or older"));
        assert_eq!(apply(Method::AgeBand, "1936-02").as_deref(), Some("80-89"));
        assert_eq!(apply(Method::AgeBand, "1937").as_deref(), Some("80-89"));
        assert_eq!(apply(Method::AgeBand, "1981").as_deref(), Some("40-49"));
        assert_eq!(apply(Method::AgeBand, "1976"), None);
        assert_eq!(apply(Method::AgeBand, "1976-01"), None);
        assert_eq!(apply(Method::AgeBand, "1976-02").as_deref(), Some("40-49"));
        assert_eq!(apply(Method::AgeBand, "2026").as_deref(), Some("0-9"));
        assert_eq!(apply(Method::Year, "1935-05-05").as_deref(), Some("90 or more years ago"));
        assert_eq!(apply(Method::YearMonth, "2026-01-10T08:00:00Z").as_deref(), Some("2026-01"));
        assert_eq!(apply(Method::YearMonth, "2026"), None);
    }

    #[test]
    fn a_value_has_one_token_in_each_domain() {
        let token = apply(Method::Tokenize, "Patient/PAT-001");
        assert_eq!(token, apply(Method::Tokenize, "Patient/PAT-001"));
        assert_ne!(token, apply(Method::Tokenize, "Patient/PAT-002"));
        let elsewhere = Keys::new("seed", "CRM-OTHER").unwrap();
        assert_ne!(token, Method::Tokenize.apply("Patient/PAT-001", &elsewhere, TODAY));
    }
}
