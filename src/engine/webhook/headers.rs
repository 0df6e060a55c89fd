//! The headers of a request: what they may hold, and how one is found.

use super::super::refusal::{Code, Refusal};

/// Names and values of all headers together, in bytes.
pub const MAX_HEADERS: usize = 16 * 1024;

/// The headers that are read. A refusal spells no other name: it would be the sender's own invention.
const READ: [&str; 6] = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "authorization",
    "content-type",
    "content-encoding",
];

/// Headers that are fit to be read.
pub(super) struct Headers<'a>(&'a [(String, String)]);

impl<'a> Headers<'a> {
    /// Looks at all of them: names are tokens (RFC 9110, section 5.6.2), no value has a control character but a
    /// tab (section 5.5), so that no header can hide in another.
    ///
    /// # Errors
    /// `webhook.header-malformed` or `webhook.headers-too-large`.
    pub(super) fn new(headers: &'a [(String, String)]) -> Result<Self, Refusal> {
        let size: usize = headers.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum();
        if size > MAX_HEADERS {
            return Err(Refusal::new(Code::HeadersTooLarge));
        }
        let control = |c: char| c.is_control() && c != '\t';
        match headers.iter().find(|(name, value)| !is_token(name) || value.contains(control)) {
            None => Ok(Self(headers)),
            Some((name, _)) => Err(Refusal {
                path: READ.into_iter().find(|read| name.trim().eq_ignore_ascii_case(read)).map(Into::into),
                ..Refusal::new(Code::HeaderMalformed)
            }),
        }
    }

    /// The value of a header that may be there once.
    ///
    /// # Errors
    /// `webhook.header-repeated`.
    pub(super) fn optional(&self, name: &'static str) -> Result<Option<&'a str>, Refusal> {
        let mut found = self.0.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        match found.next() {
            Some(_) => Err(Refusal::about(Code::HeaderRepeated, name)),
            None => Ok(value),
        }
    }

    /// The value of a header that must be there once.
    ///
    /// # Errors
    /// `webhook.header-missing` or `webhook.header-repeated`.
    pub(super) fn required(&self, name: &'static str) -> Result<&'a str, Refusal> {
        self.optional(name)?.ok_or_else(|| Refusal::about(Code::HeaderMissing, name))
    }

    /// Whether the body is of a type that is read: FHIR or plain JSON, in UTF-8, FHIR R4 where a version is
    /// named, not compressed. A request may leave it unsaid.
    ///
    /// # Errors
    /// `webhook.content-type-unsupported`.
    pub(super) fn check_content(&self) -> Result<(), Refusal> {
        let refused = |name: &'static str| Err(Refusal::about(Code::ContentTypeUnsupported, name));
        let encoding = self.optional("content-encoding")?;
        if encoding.is_some_and(|encoding| !encoding.trim().eq_ignore_ascii_case("identity")) {
            return refused("content-encoding");
        }
        match self.optional("content-type")? {
            Some(content_type) if !is_json(content_type) => refused("content-type"),
            _ => Ok(()),
        }
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// RFC 9110, section 8.3.1: type, subtype and parameters.
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let known = |media: &str| ["application/json", "application/fhir+json"].contains(&media);
    parts.next().is_some_and(|media| known(&media.to_ascii_lowercase()))
        && parts.all(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return parameter.is_empty() };
            let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
            match name.to_ascii_lowercase().as_str() {
                "charset" => value.eq_ignore_ascii_case("utf-8"),
                "fhirversion" => value == "4.0",
                _ => true,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_of_json_in_utf_8_are_read_and_others_not() {
        for fine in [
            "application/json",
            "Application/FHIR+JSON",
            "application/json; charset=utf-8",
            "application/fhir+json;charset=\"UTF-8\" ; fhirVersion=4.0",
            "application/json;",
            "application/json; profile=\"x\"",
        ] {
            assert!(is_json(fine), "{fine}");
        }
        for bad in [
            "",
            "json",
            "text/json",
            "text/plain",
            "application/xml",
            "application/jsonl",
            "application/json-patch+json",
            "application/json; charset=iso-8859-1",
            "application/json; charset=utf-16",
            "application/json; charset",
            "application/fhir+json; fhirVersion=5.0",
            "application/json, text/plain",
            "charset=utf-8",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }

    #[test]
    fn no_header_hides_in_another() {
        let one = |name: &str, value: &str| {
            let headers = [(name.to_owned(), value.to_owned())];
            Headers::new(&headers).err().map(|refusal| (refusal.code, refusal.path.map(String::from)))
        };
        assert_eq!(one("x-note", "a\tb é"), None);
        let malformed = |path: Option<&str>| Some((Code::HeaderMalformed, path.map(str::to_owned)));
        assert_eq!(one("x-note", "a\r\nwebhook-id: evt-2"), malformed(None));
        assert_eq!(one("webhook-id", "evt-1\nwebhook-id: evt-2"), malformed(Some("webhook-id")));
        assert_eq!(one("Webhook-Id ", "evt-1"), malformed(Some("webhook-id")));
        for name in ["", "a b", "a:b", "webhook-id\n", "wébhook"] {
            assert!(one(name, "x").is_some(), "{name:?}");
        }
        for value in ["\u{0}", "a\u{7f}", "\u{85}", "a\rb"] {
            assert!(one("x-note", value).is_some(), "{value:?}");
        }
        assert_eq!(one("x-note", &"x".repeat(MAX_HEADERS)), Some((Code::HeadersTooLarge, None)));
    }
}
