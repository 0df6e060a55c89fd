//! Numbers by their digits: exact, whatever their length, and never through a binary float.

use std::cmp::Ordering;

/// A number: its sign, its significant digits, and where the point is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: Box<str>,
    /// The value is `0.digits` times ten to this power.
    power: i64,
}

impl Number {
    /// Reads a JSON number or a FHIRPath literal: digits, perhaps a sign, a fraction, an exponent. None for anything
    /// else, and for an exponent that no one writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let leading = all.len() - significant.len();
        let digits = significant.trim_end_matches('0');
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        let power = if digits.is_empty() { 0 } else { point + i64::from(exponent) };
        Some(Self { negative: negative && !digits.is_empty(), digits: digits.into(), power })
    }

    /// The same number of the other sign.
    pub fn negated(&self) -> Self {
        Self { negative: !self.negative && !self.digits.is_empty(), ..self.clone() }
    }

    /// Digits after the point, zeros at the end not counted.
    pub fn places(&self) -> i64 {
        i64::try_from(self.digits.len()).map_or(0, |count| (count - self.power).max(0))
    }

    /// As a whole number, where it is a small one.
    pub fn whole(&self) -> Option<i64> {
        let count = self.digits.len();
        let power = usize::try_from(self.power).ok().filter(|power| (count..=18).contains(power))?;
        let value = format!("{:0<power$}", self.digits).parse::<i64>().unwrap_or(0);
        Some(if self.negative { -value } else { value })
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.power.cmp(&other.power).then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value_and_to_the_last_digit() {
        let number = |text| Number::parse(text).unwrap();
        for (one, other) in
            [("1.0", "1"), ("0.0", "-0"), ("8E+1", "80"), ("0.010", "1e-2"), ("100", "1.00E2")]
        {
            assert_eq!(number(one), number(other), "{one} {other}");
        }
        let rising = [
            "-1e9",
            "-10",
            "-9.5",
            "-9.49",
            "0",
            "1e-30",
            "0.99",
            "1",
            "1.00065022141624642",
            "1.00065022141624643",
            "9",
            "10",
            "9007199254740993",
            "9007199254740994",
            "1e40",
        ];
        assert!(rising.windows(2).all(|pair| number(pair[0]) < number(pair[1])));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".5", "1.x", "1e", "1e99999999999", "--1", "0x1"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert_eq!(Number::parse("1200").unwrap().whole(), Some(1200));
        assert_eq!(Number::parse("0").unwrap().whole(), Some(0));
        assert_eq!(Number::parse("-3.0").unwrap().whole(), Some(-3));
        assert_eq!(Number::parse("1.5").unwrap().whole(), None);
        assert_eq!(Number::parse("1e30").unwrap().whole(), None);
    }
}
