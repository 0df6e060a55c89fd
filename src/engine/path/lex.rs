//! The words of an expression (FHIRPath N1, section 2 and its grammar).

use super::error::{PathError, SYNTAX};

/// A word, and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A name or keyword.
    Word(&'a str),
    /// A name between backticks.
    Quoted(String),
    /// A string.
    Text(String),
    /// Digits, perhaps with a point.
    Number(&'a str),
    /// What follows `@`.
    Moment(&'a str),
    /// `$` and a name.
    Variable(&'a str),
    /// What follows `%`.
    Constant(String),
    /// An operator or a bracket.
    Symbol(&'a str),
    /// Nothing more.
    End,
}

/// Reads words.
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

const SYMBOLS: [&str; 22] = [
    "!=", "!~", "<=", ">=", ".", "[", "]", "(", ")", "{", "}", ",", "|", "=", "~", "<", ">", "+", "-", "*",
    "/", "&",
];

impl<'a> Lexer<'a> {
    /// Starts on a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = self.rest().get(..length).unwrap_or("");
        self.at += taken.len();
        taken
    }

    /// The next word, with the offset of its start.
    pub fn next(&mut self) -> Result<(usize, Token<'a>), PathError> {
        self.blank()?;
        let (start, rest) = (self.at, self.rest());
        let Some(first) = rest.chars().next() else { return Ok((start, Token::End)) };
        let token = match first {
            '\'' => Token::Text(self.quoted('\'')?),
            '`' => Token::Quoted(self.quoted('`')?),
            '0'..='9' => {
                let whole = count(rest, |b| b.is_ascii_digit());
                let fraction = rest.get(whole..).and_then(|rest| rest.strip_prefix('.'));
                let digits = fraction.map_or(0, |rest| count(rest, |b| b.is_ascii_digit()));
                Token::Number(self.take(if digits > 0 { whole + 1 + digits } else { whole }))
            }
            '@' => {
                self.take(1);
                Token::Moment(self.take(moment(self.rest())))
            }
            '$' => {
                self.take(1);
                Token::Variable(self.take(name(self.rest())))
            }
            '%' => {
                self.take(1);
                Token::Constant(match self.rest().chars().next() {
                    Some(quote @ ('`' | '\'')) => self.quoted(quote)?,
                    _ => self.take(name(self.rest())).to_owned(),
                })
            }
            _ if name(rest) > 0 => Token::Word(self.take(name(rest))),
            _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
                Some(symbol) => Token::Symbol(self.take(symbol.len())),
                None => return Err(self.wrong(start, "This character has no meaning here.")),
            },
        };
        Ok((start, token))
    }

    fn wrong(&self, at: usize, message: &str) -> PathError {
        PathError::new(SYNTAX, at, message)
    }

    /// Skips blanks and comments.
    fn blank(&mut self) -> Result<(), PathError> {
        loop {
            let rest = self.rest();
            let skipped = if rest.starts_with("//") {
                rest.find(['\n', '\r']).unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                let end = rest.get(2..).and_then(|inside| inside.find("*/"));
                end.ok_or_else(|| self.wrong(self.at, "This comment is not closed."))? + 4
            } else {
                count(rest, |b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
            };
            if skipped == 0 {
                return Ok(());
            }
            self.at += skipped;
        }
    }

    /// A string or name between two of the same quotes, its escapes decoded.
    fn quoted(&mut self, quote: char) -> Result<String, PathError> {
        let start = self.at;
        self.at += quote.len_utf8();
        let mut out = String::new();
        loop {
            let at = self.at;
            let mut chars = self.rest().chars();
            let Some(first) = chars.next() else { return Err(self.wrong(start, "This is not closed.")) };
            self.at += first.len_utf8();
            if first == quote {
                return Ok(out);
            }
            if first != '\\' {
                out.push(first);
                continue;
            }
            let escape = chars.next().unwrap_or(' ');
            self.at += escape.len_utf8().min(self.rest().len());
            out.push(match escape {
                '\'' | '"' | '`' | '\\' | '/' => escape,
                'r' => '\r',
                'n' => '\n',
                't' => '\t',
                'f' => '\u{c}',
                'u' => self.unicode(at)?,
                _ => return Err(self.wrong(at, "There is no such escape.")),
            });
        }
    }

    /// Four hexadecimal digits; twice, where the first are the half of a character.
    fn unicode(&mut self, at: usize) -> Result<char, PathError> {
        let mut unit = || {
            let digits = self.rest().get(..4)?;
            let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
            let value = is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten();
            self.at += 4;
            value
        };
        let first = unit();
        let point = match first {
            Some(high @ 0xD800..0xDC00) => {
                let low = self.rest().strip_prefix("\\u").is_some().then(|| {
                    self.at += 2;
                    let digits = self.rest().get(..4).unwrap_or("");
                    self.at += digits.len();
                    u32::from_str_radix(digits, 16).ok()
                });
                low.flatten()
                    .filter(|low| (0xDC00..0xE000).contains(low))
                    .map(|low| 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            }
            other => other,
        };
        let decoded = point.and_then(char::from_u32);
        decoded
            .ok_or_else(|| self.wrong(at, "Four hexadecimal digits of a character are expected after `\\u`."))
    }
}

fn count(text: &str, wanted: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|b| wanted(*b)).count()
}

/// Length of the name at the start of a text; 0 where there is none.
fn name(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    count(text, |b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Length of a date, a date and time, or a `T` and a time: as much as has its form.
fn moment(text: &str) -> usize {
    let mut at = 0;
    let mut part = |mark: &str, digits: usize| {
        let rest = text.get(at..).and_then(|rest| rest.strip_prefix(mark));
        let fits = rest.is_some_and(|rest| count(rest, |b| b.is_ascii_digit()) >= digits);
        at += if fits { mark.len() + digits } else { 0 };
        fits
    };
    let date = part("", 4);
    if date && part("-", 2) {
        part("-", 2);
    }
    let timed = part("T", 0);
    let clock = timed && part("", 2) && part(":", 2) && part(":", 2);
    let tail = |at: usize| text.get(at..).unwrap_or("");
    if clock && let Some(rest) = tail(at).strip_prefix('.') {
        let digits = count(rest, |b| b.is_ascii_digit());
        at += if digits > 0 { digits + 1 } else { 0 };
    }
    let ends_in_digit = text.get(..at).is_some_and(|own| own.ends_with(|c: char| c.is_ascii_digit()));
    if date && timed && ends_in_digit {
        let rest = tail(at);
        if rest.starts_with('Z') {
            at += 1;
        } else if let [b'+' | b'-', h, i, b':', m, n, ..] = rest.as_bytes()
            && [h, i, m, n].iter().all(|b| b.is_ascii_digit())
        {
            at += 6;
        }
    }
    at
}
