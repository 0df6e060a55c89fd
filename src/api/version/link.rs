//! Links that carry a draft: `1.` + hash of the text + `.` + the text, deflated (RFC 1951), in base64url (RFC 4648).
//!
//! A link carries a policy and nothing else: what is to be packed, and what comes out, has to read as one. The browser
//! does the deflating, so that the page carries no code for it.

use super::store::hash;
use crate::api::{Objection, check_policy};
use crate::engine::fhir::{Json, NodeId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The longest policy text that is taken from anywhere, in bytes.
pub const POLICY_LIMIT: usize = 5 * 1024 * 1024;
/// From this many characters on, a link is uncomfortable: some programs cut it short.
pub const LINK_COMFORT: usize = 32 * 1024;
/// The only version of the format.
const VERSION: &str = "1";
/// The longest link that is taken, in characters.
const LONGEST: usize = 8 * 1024 * 1024;

/// A link, taken apart. What it carries is still compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The text, deflated.
    pub deflated: Vec<u8>,
    hash: String,
}

impl Link {
    /// Takes a link apart.
    ///
    /// # Errors
    /// `link.version`, `link.malformed`, `link.too-long`.
    pub fn read(text: &str) -> Result<Self, Objection> {
        if text.len() > LONGEST {
            return Err(too_long());
        }
        let mut parts = text.split('.');
        let (version, hash, data) = (parts.next(), parts.next(), parts.next());
        if version.is_some_and(|v| v != VERSION && !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit())) {
            return Err(Objection::new(
                "link.version",
                "This link was made by another version of this page.",
                "Open it in the version that it was made with, or ask for the policy as a file.",
            ));
        }
        let (Some(VERSION), Some(hash), Some(data), None) = (version, hash, data, parts.next()) else {
            return Err(malformed());
        };
        let is_hash = hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        let is_data = data.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !is_hash || !is_data || data.is_empty() {
            return Err(malformed());
        }
        let deflated = URL_SAFE_NO_PAD.decode(data).map_err(|_| truncated())?;
        Ok(Self { deflated, hash: hash.to_owned() })
    }

    /// The draft, out of what inflating gave.
    ///
    /// # Errors
    /// `link.too-long`, `link.truncated`, `link.not-a-policy`.
    pub fn open(&self, inflated: Vec<u8>) -> Result<String, Objection> {
        if inflated.len() > POLICY_LIMIT {
            return Err(too_long());
        }
        let text = String::from_utf8(inflated).ok().filter(|text| hash(text) == self.hash);
        let text = text.ok_or_else(truncated)?;
        carries(&text)?;
        Ok(text)
    }

    /// What is to be said when inflating fails.
    pub fn broken() -> Objection {
        truncated()
    }
}

/// Whether a link may carry a text.
///
/// # Errors
/// `link.not-a-policy`: it has no rules, or can't be read at all. `link.too-long`.
pub fn carries(text: &str) -> Result<(), Objection> {
    if text.len() > POLICY_LIMIT {
        return Err(too_long());
    }
    let report = check_policy(text);
    // A patient is JSON too: what is not a policy's key says that this is something else.
    let foreign = report.diagnostics.iter().any(|d| d.code == "policy.unknown-key");
    let named = report.policy.is_some_and(|policy| !policy.id.is_empty());
    if report.rows.is_empty() || !named || foreign || holds_resource(text) {
        return Err(Objection::new(
            "link.not-a-policy",
            "A link carries a mapping policy and nothing else, and this text does not read as one.",
            "Mend what the diagnostics say of its JSON and its keys first.",
        ));
    }
    Ok(())
}

/// Whether a text holds a FHIR resource, or what is left of one: such a text is somebody's record and no policy, whether or
/// not it can be read as JSON.
pub fn holds_resource(text: &str) -> bool {
    let named = |text: &str| {
        text.match_indices("resourceType").any(|(at, name)| {
            let rest = text.get(at + name.len()..).unwrap_or_default();
            rest.trim_start_matches(|c: char| c.is_whitespace() || "\\\"'".contains(c)).starts_with(':')
        })
    };
    // A key may be spelled by escapes, too.
    let spelled = || {
        Json::read(text).is_ok_and(|json| {
            let mut open = vec![NodeId::ROOT];
            while let Some(node) = open.pop() {
                if json.is_member(node, "resourceType") {
                    return true;
                }
                open.extend(json.children(node));
            }
            false
        })
    };
    named(text) || text.contains("\"http://hl7.org/fhir\"") || (text.contains("\\u") && spelled())
}

/// A link's text, of a draft and the same deflated.
pub fn pack(text: &str, deflated: &[u8]) -> String {
    [VERSION, ".", &hash(text), ".", &URL_SAFE_NO_PAD.encode(deflated)].concat()
}

/// Whether a file of so many bytes is small enough to be read.
///
/// # Errors
/// `file.too-large`.
pub fn fits(bytes: usize) -> Result<(), Objection> {
    if bytes <= POLICY_LIMIT {
        return Ok(());
    }
    Err(Objection::new(
        "file.too-large",
        "The file is larger than 5 MB.",
        "Split the policy by integration path: one policy, one purpose.",
    ))
}

/// A file's text, where it is not too much.
///
/// # Errors
/// `file.too-large`, `file.not-text`.
pub fn bounded(bytes: Vec<u8>) -> Result<String, Objection> {
    fits(bytes.len())?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Objection::new(
            "file.not-text",
            "The file is not UTF-8 text.",
            "Save it as UTF-8, as JSON has to be (RFC 8259, section 8.1).",
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn malformed() -> Objection {
    Objection::new(
        "link.malformed",
        "This is not a link to a draft.",
        "Copy the whole link again, by its button.",
    )
}

fn truncated() -> Objection {
    Objection::new(
        "link.truncated",
        "The draft in this link is not whole: the link was cut short or changed on its way.",
        "Copy the whole link again; where a program cuts it, send the policy as a file.",
    )
}

fn too_long() -> Objection {
    Objection::new(
        "link.too-long",
        "The draft in this link is larger than 5 MB.",
        "Send the policy as a file.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::version::sample;

    fn policy() -> String {
        sample::policy()
    }

    fn code<T: std::fmt::Debug>(result: Result<T, Objection>) -> String {
        result.unwrap_err().code
    }

    // Inflating is the browser's; here the bytes stand for what it gives.
    fn carried(text: &str) -> Result<String, Objection> {
        let link = Link::read(&pack(text, text.as_bytes()))?;
        let bytes = link.deflated.clone();
        link.open(bytes)
    }

    #[test]
    fn a_draft_comes_out_as_it_went_in() {
        assert_eq!(carried(&policy()).unwrap(), policy());
        let broken_rule = policy().replacen("\"prohibited\"", "\"maybe\"", 1);
        assert_eq!(carried(&broken_rule).unwrap(), broken_rule, "a draft may have errors");
    }

    #[test]
    fn what_is_cut_short_or_changed_is_refused() {
        let whole = pack(&policy(), policy().as_bytes());
        for end in [0, 1, 2, 10, 18, 19, 20, whole.len() / 2, whole.len() - 1] {
            let opened = Link::read(&whole[..end]).and_then(|link| link.open(link.deflated.clone()));
            assert!(["link.malformed", "link.truncated"].contains(&code(opened).as_str()), "{end}");
        }
        let other = whole.replacen(&whole[2..4], if &whole[2..4] == "00" { "11" } else { "00" }, 1);
        assert_eq!(code(Link::read(&other).and_then(|l| l.open(l.deflated.clone()))), "link.truncated");
    }

    #[test]
    fn hostile_and_foreign_links_are_refused_by_name() {
        assert_eq!(code(Link::read("2.0123456789abcdef.AAAA")), "link.version");
        for text in [
            "",
            ".",
            "..",
            "1",
            "1..",
            "1.zz.AA",
            "x.0123456789abcdef.AA",
            "1.0123456789abcdef.A+/=",
            "1.0123456789abcdef.AA.AA",
            "1.0123456789abcdef.",
            "\u{0}",
            "1.0123456789abcdéf.AA",
        ] {
            assert_eq!(code(Link::read(text)), "link.malformed", "{text:?}");
        }
        assert_eq!(code(Link::read(&"1".repeat(LONGEST + 1))), "link.too-long");
        let link = Link::read(&pack("{}", b"{}")).unwrap();
        assert_eq!(code(link.open(vec![b' '; POLICY_LIMIT + 1])), "link.too-long");
        assert_eq!(code(link.open(vec![0xff])), "link.truncated");
    }

    #[test]
    fn a_link_carries_no_payload() {
        let patient = r#"{"resourceType":"Patient","id":"PAT-001","rules":[{"id":"x"}]}"#;
        for text in ["", "{}", "[]", "not JSON", patient, r#"{"id":"x","rules":[]}"#] {
            assert_eq!(code(carries(text)), "link.not-a-policy", "{text}");
            assert_eq!(
                code(carried(text)),
                if text.is_empty() { "link.malformed" } else { "link.not-a-policy" }
            );
        }
    }

    #[test]
    fn a_file_is_text_of_five_megabytes_at_most() {
        assert_eq!(bounded(b"\xef\xbb\xbf{}".to_vec()).unwrap(), "{}");
        assert_eq!(code(bounded(vec![0xc3])), "file.not-text");
        assert_eq!(code(bounded(vec![b' '; POLICY_LIMIT + 1])), "file.too-large");
        assert!(bounded(vec![b' '; POLICY_LIMIT]).is_ok());
    }
}
