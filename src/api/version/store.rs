//! The versions of one policy, as they are kept: what was published stays as it was.

use crate::api::{Objection, check_policy};
use semver::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A version of a policy. Never changed once it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Its number, as the text has it.
    pub version: String,
    /// When it was published, as a date; empty where the text does not say.
    pub date: String,
    /// The line of its changelog.
    pub note: String,
    /// First 16 hex digits of the SHA-256 of the text, as evidence names it.
    pub hash: String,
    /// The text.
    pub text: String,
}

impl PolicyVersion {
    /// A text as a version of its policy, with what its changelog says of it.
    pub(super) fn of(text: &str) -> Self {
        let report = check_policy(text);
        let version = report.policy.map(|policy| policy.version).unwrap_or_default();
        let entry = changelog(text).into_iter().rfind(|entry| entry.version == version);
        let (date, note) = entry.map(|entry| (entry.date, entry.note)).unwrap_or_default();
        Self { version, date, note, hash: hash(text), text: text.to_owned() }
    }

    /// As it is kept.
    pub fn to_stored(&self) -> String {
        // Strings alone: nothing of it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The versions of one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The policy's id.
    pub id: String,
    /// The version shipped, then those published, in the order of their publication.
    pub list: Vec<PolicyVersion>,
    /// What is wrong with what was kept. It is left as it is.
    pub faults: Vec<Objection>,
}

impl Versions {
    /// The versions as shipped and as kept, oldest first. What can't be read, is not as it was written, or has the number
    /// of another version is left out, and said.
    pub fn read(shipped: &str, stored: &[String]) -> Self {
        let id = check_policy(shipped).policy.map(|policy| policy.id).unwrap_or_default();
        let mut versions = Self { id, list: vec![PolicyVersion::of(shipped)], faults: Vec::new() };
        for text in stored {
            let kept = serde_json::from_str::<PolicyVersion>(text).ok();
            let Some(kept) = kept.filter(|kept| kept.hash == hash(&kept.text)) else {
                versions.faults.push(Objection::new(
                    "version.damaged",
                    "A version that is kept is not as it was written.",
                    "It is left out and left as it is. Import it again from its file.",
                ));
                continue;
            };
            match versions.numbered(&kept.version) {
                Some(other) if other.hash != kept.hash => versions.faults.push(Objection::new(
                    "version.number-twice",
                    format!("Two policies have the number {} and say different things.", kept.version),
                    "The later one is left out. Publish it again under a number of its own.",
                )),
                Some(_) => {}
                None => versions.list.push(kept),
            }
        }
        versions
    }

    /// The version of a number.
    pub fn numbered(&self, number: &str) -> Option<&PolicyVersion> {
        self.list.iter().find(|own| own.version == number)
    }

    /// The version of a hash.
    pub fn hashed(&self, hash: &str) -> Option<&PolicyVersion> {
        self.list.iter().find(|own| own.hash == hash)
    }

    /// The highest number, where any is one.
    pub fn highest(&self) -> Option<Version> {
        self.list.iter().filter_map(|own| Version::parse(&own.version).ok()).max()
    }
}

/// An entry of a policy's changelog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) date: String,
    #[serde(default)]
    pub(super) note: String,
}

/// The changelog of a text, as far as it can be read.
pub(super) fn changelog(text: &str) -> Vec<Entry> {
    #[derive(Deserialize)]
    struct Policy {
        #[serde(default)]
        changelog: Vec<Entry>,
    }
    serde_json::from_str::<Policy>(text).map(|policy| policy.changelog).unwrap_or_default()
}

/// The hash by which evidence names a policy text.
pub(super) fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    crate::engine::audit::hex(digest.get(..8).unwrap_or(&[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::version::sample;

    fn shipped() -> String {
        sample::policy()
    }

    fn numbered(number: &str) -> PolicyVersion {
        PolicyVersion::of(&shipped().replace("\"1.0.0\"", &format!("\"{number}\"")))
    }

    #[test]
    fn the_shipped_policy_is_the_first_version_with_what_its_changelog_says() {
        let versions = Versions::read(&shipped(), &[]);
        assert_eq!(versions.id, "referral-sample");
        let first = &versions.list[0];
        assert_eq!((first.version.as_str(), first.date.as_str()), ("1.0.0", "2026-01-10"));
        assert_eq!(first.note, "First version.");
        assert_eq!(versions.highest().unwrap().to_string(), "1.0.0");
    }

    #[test]
    fn what_was_kept_comes_back_and_what_is_damaged_is_left_out_and_said() {
        let second = numbered("1.1.0");
        let mut forged = numbered("1.2.0");
        forged.text.push(' ');
        let stored =
            ["{".to_owned(), second.to_stored(), forged.to_stored(), second.to_stored(), String::new()];
        let versions = Versions::read(&shipped(), &stored);
        let numbers: Vec<_> = versions.list.iter().map(|v| v.version.as_str()).collect();
        assert_eq!(numbers, ["1.0.0", "1.1.0"]);
        assert_eq!(versions.list[1], second);
        let codes: Vec<_> = versions.faults.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes, ["version.damaged"; 3]);
    }

    #[test]
    fn of_two_that_have_one_number_and_differ_the_first_holds() {
        let first = numbered("1.1.0");
        let other = PolicyVersion::of(&first.text.replace("CAREMGT", "TREAT"));
        let versions = Versions::read(&shipped(), &[first.to_stored(), other.to_stored()]);
        assert_eq!(versions.list.len(), 2);
        assert_eq!(versions.faults[0].code, "version.number-twice");
        assert_eq!(versions.numbered("1.1.0").unwrap().hash, first.hash);
    }

    #[test]
    fn a_policy_that_can_not_be_read_has_no_number_and_nothing_breaks() {
        for text in ["", "{}", "[1]", "{\"changelog\":7,\"version\":\"x\"}"] {
            let versions = Versions::read(text, &[]);
            assert_eq!((versions.list.len(), versions.highest()), (1, None), "{text}");
        }
    }
}
