//! Forms that values are brought into, so that the same thing is spelled the same way.

use crate::engine::time::PartialDate;

/// A form of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalise {
    /// White space at the ends gone, and one space where there were several.
    Text,
    /// As text, and in lower case.
    Code,
    /// As text, each word with a capital letter first.
    Name,
    /// A date without its time of day.
    Date,
    /// A telephone number in the form of E.164; without a country code, a number of the North American plan.
    Phone,
}

impl Normalise {
    /// All forms.
    pub const ALL: [Self; 5] = [Self::Text, Self::Code, Self::Name, Self::Date, Self::Phone];

    /// The form as documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code => "code",
            Self::Name => "name",
            Self::Date => "date",
            Self::Phone => "phone",
        }
    }

    /// Brings a value into the form. None where it can't be: then nothing crosses.
    pub fn apply(self, value: &str) -> Option<String> {
        let text = || value.split_whitespace().collect::<Vec<_>>().join(" ");
        match self {
            Self::Text => Some(text()).filter(|text| !text.is_empty()),
            Self::Code => Some(text().to_lowercase()).filter(|text| !text.is_empty()),
            Self::Name => Some(capitalised(&text())).filter(|text| !text.is_empty()),
            Self::Date => {
                PartialDate::parse(value)?;
                Some(value.split_once('T').map_or(value, |(day, _)| day).to_owned())
            }
            Self::Phone => phone(value),
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut start = true;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match start {
            true => out.extend(c.to_uppercase()),
            false => out.extend(c.to_lowercase()),
        }
        start = c.is_whitespace() || c == '-' || c == '\'';
    }
    out
}

/// E.164: a plus sign and at most fifteen digits (ITU-T E.164, section 6).
fn phone(value: &str) -> Option<String> {
    let value = value.trim();
    let value = value.strip_prefix("tel:").unwrap_or(value);
    if value.chars().any(|c| !(c.is_ascii_digit() || " +-().".contains(c))) {
        return None;
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    match (value.starts_with('+'), digits.len()) {
        (true, 7..=15) => Some(format!("+{digits}")),
        (false, 10) => Some(format!("+1{digits}")),
        (false, 11) if digits.starts_with('1') => Some(format!("+{digits}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_in_one_form() {
        for (form, value, expected) in [
            (Normalise::Text, "  a \t b ", Some("a b")),
            (Normalise::Text, "  ", None),
            (Normalise::Code, " Routine", Some("routine")),
            (Normalise::Name, "TESTINA  o'testperson-demo", Some("Testina O'Testperson-Demo")),
            (Normalise::Date, "2026-01-14T16:20:00Z", Some("2026-01-14")),
            (Normalise::Date, "2026", Some("2026")),
            (Normalise::Date, "soon", None),
            (Normalise::Phone, "(555) 010-0199", Some("+15550100199")),
            (Normalise::Phone, "tel:+44 20 7946 0000", Some("+442079460000")),
            (Normalise::Phone, "ask for Testina", None),
            (Normalise::Phone, "+1", None),
        ] {
            assert_eq!(form.apply(value).as_deref(), expected, "{form:?} {value}");
        }
    }
}
