//! Publishing: a draft becomes a version, with a number of its own and a line in its changelog.

use super::difference::{PolicyDifference, RowFate, difference};
use super::store::{PolicyVersion, Versions, changelog};
use crate::api::{Diagnostic, MappingSheet, Objection, Severity, apply_edits, check_against, check_policy};
use semver::Version;

/// The longest line of a changelog, in characters.
const LONGEST_NOTE: usize = 500;
/// Members of a policy that say who may have it, and for what.
const WHO_AND_WHY: [&str; 8] =
    ["source", "target", "adapter", "purpose", "legalBasis", "recipient", "schemaVersion", "consent"];
/// Members that nothing crosses by.
const ABOUT_ITSELF: [&str; 2] = ["title", "auditLocation"];

/// How far a number has to move (Semantic Versioning 2.0.0), seen from whoever takes the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bump {
    /// What crosses is as before.
    Patch,
    /// More crosses, or crosses from more.
    Minor,
    /// A CRM field goes or means something else; or who may have it, or for what, is another.
    Major,
}

impl Bump {
    /// The least bump that a difference asks for.
    pub fn of(difference: &PolicyDifference) -> Self {
        let header = difference.header.iter().map(|change| match change.key.as_str() {
            key if WHO_AND_WHY.contains(&key) => Self::Major,
            key if ABOUT_ITSELF.contains(&key) => Self::Patch,
            _ => Self::Minor,
        });
        let rows = difference.rows.iter().map(|row| {
            let fed = |after: bool| {
                let target = row.cell("target");
                target.is_some_and(|cell| !if after { &cell.after } else { &cell.before }.is_empty())
            };
            let means_another =
                ["label", "method", "cardinality", "normalise"].iter().any(|key| row.cell(key).is_some());
            match row.fate {
                _ if !row.is_effective() => Self::Patch,
                RowFate::Added if fed(true) => Self::Minor,
                RowFate::Removed if fed(false) => Self::Major,
                RowFate::Added | RowFate::Removed => Self::Patch,
                RowFate::Changed if fed(false) => Self::Major,
                RowFate::Changed if fed(true) => Self::Minor,
                RowFate::Changed if means_another => Self::Major,
                RowFate::Changed => Self::Minor,
            }
        });
        header.chain(rows).max().unwrap_or(Self::Patch)
    }

    /// The number that comes after one.
    pub fn next(self, last: &Version) -> Version {
        match self {
            Self::Major => Version::new(last.major.saturating_add(1), 0, 0),
            Self::Minor => Version::new(last.major, last.minor.saturating_add(1), 0),
            Self::Patch => Version::new(last.major, last.minor, last.patch.saturating_add(1)),
        }
    }

    /// Why the number moves so, in a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Patch => "What crosses is as before: the last part of the number moves.",
            Self::Minor => "More crosses, or from more events: the middle part of the number moves.",
            Self::Major => {
                "A CRM field goes or means something else, or who gets it is another: the first part of the number moves."
            }
        }
    }
}

/// What is proposed for the next version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The number.
    pub version: String,
    /// The line of the changelog, where the draft has one for that number.
    pub note: String,
    /// How far the number moves, at the least.
    pub bump: Bump,
    /// What differs from the policy in force.
    pub difference: PolicyDifference,
    /// What is to be said of the draft as it stands, as the next version of the policy in force. A number that has not
    /// moved is among it, until publishing writes the proposed one.
    pub against: Vec<Diagnostic>,
}

/// What a person says of the version that they publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Its number.
    pub version: String,
    /// Today, as a date (`2026-01-15`).
    pub date: String,
    /// The line of the changelog.
    pub note: String,
}

/// What is proposed for a draft, seen from the policy in force. A number that the draft itself has moved on is kept.
pub fn propose(versions: &Versions, in_force: &str, draft: &str) -> Proposal {
    let difference = difference(in_force, draft);
    let bump = Bump::of(&difference);
    let last = versions.highest().unwrap_or(Version::new(0, 0, 0));
    let own = check_policy(draft).policy.map(|policy| policy.version).unwrap_or_default();
    let moved = Version::parse(&own).is_ok_and(|own| own > last);
    let version = if moved { own } else { bump.next(&last).to_string() };
    let entry = changelog(draft).into_iter().rfind(|entry| entry.version == version);
    let note = entry.map(|entry| entry.note).unwrap_or_default();
    Proposal { version, note, bump, difference, against: check_against(draft, in_force) }
}

/// An older version as the draft of the next one: its text, and after its own changelog what the one in force has had
/// since. Where the older changelog is no beginning of that one, the text stays as it is.
pub fn restored(older: &str, in_force: &str) -> String {
    let (had, has) = (changelog(older), changelog(in_force));
    let since = has.get(had.len()..).filter(|_| has.starts_with(&had)).unwrap_or_default();
    since.iter().fold(older.to_owned(), |text, entry| {
        let edits = MappingSheet::read(&text)
            .map(|sheet| sheet.append_changelog(&entry.version, &entry.date, &entry.note));
        edits.and_then(|edits| apply_edits(&text, &edits)).unwrap_or(text)
    })
}

impl Versions {
    /// A draft as the next version: with its number and its line in the changelog written into the text, which is
    /// otherwise left as it is.
    ///
    /// # Errors
    /// `version.errors`, `version.other-policy`, `version.nothing-new`, `version.note-missing`, `version.note-too-long`,
    /// `version.not-a-number`, `version.number-taken`, `version.not-higher`, `version.not-written`.
    pub fn publish(
        &self,
        in_force: &str,
        draft: &str,
        wanted: &Publication,
    ) -> Result<PolicyVersion, Objection> {
        self.may_follow(in_force, draft)?;
        let note = wanted.note.split_whitespace().collect::<Vec<_>>().join(" ");
        if note.is_empty() {
            return Err(Objection::new(
                "version.note-missing",
                "A version needs a line in the changelog.",
                "Say in a sentence what changes for whoever gets the records.",
            ));
        }
        if note.chars().count() > LONGEST_NOTE {
            return Err(Objection::new(
                "version.note-too-long",
                "The line for the changelog has more than 500 characters.",
                "Say the rest in the notes of the rules.",
            ));
        }
        let number = self.free_number(wanted.version.trim())?;
        let text = numbered(draft, &number, &wanted.date, &note).ok_or_else(not_written)?;
        let version = PolicyVersion::of(&text);
        let sound = check_policy(&text).usable() && version.version == number && version.note == note;
        if sound { Ok(version) } else { Err(not_written()) }
    }

    /// Whether a draft can follow at all.
    fn may_follow(&self, in_force: &str, draft: &str) -> Result<(), Objection> {
        let report = check_policy(draft);
        let errors = report.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
        if errors > 0 || report.policy.is_none() {
            let count =
                if errors == 1 { "An error stands".to_owned() } else { format!("{errors} errors stand") };
            return Err(Objection::new(
                "version.errors",
                count + " against this draft.",
                "Mend what the diagnostics say; warnings do not keep a version back.",
            ));
        }
        if report.policy.is_none_or(|policy| policy.id != self.id) {
            return Err(Objection::new(
                "version.other-policy",
                format!("The draft has another id than the policy `{}`, whose version it would be.", self.id),
                "Give it the policy's id again. A policy with an id of its own is a file of its own.",
            ));
        }
        if draft == in_force {
            return Err(Objection::new(
                "version.nothing-new",
                "The draft is the policy in force.",
                "Change something first.",
            ));
        }
        Ok(())
    }

    /// A number, where it can be the next one.
    fn free_number(&self, number: &str) -> Result<String, Objection> {
        let Ok(wanted) = Version::parse(number) else {
            return Err(Objection::new(
                "version.not-a-number",
                "This is no version number.",
                "Write three numbers with points between them, e.g. `1.2.0` (Semantic Versioning).",
            ));
        };
        if self.numbered(number).is_some() {
            return Err(Objection::new(
                "version.number-taken",
                format!("There is a version {number} already, and a version never changes."),
                "Take a higher number.",
            ));
        }
        match self.highest() {
            Some(highest) if wanted <= highest => Err(Objection::new(
                "version.not-higher",
                format!("The number has to be higher than {highest}, the highest so far."),
                "Numbers only go up, also where an older version comes back.",
            )),
            _ => Ok(wanted.to_string()),
        }
    }
}

/// A text with its number and, unless it has it already, the line for it in its changelog.
fn numbered(draft: &str, version: &str, date: &str, note: &str) -> Option<String> {
    let with_number = {
        let sheet = MappingSheet::read(draft)?;
        apply_edits(draft, &sheet.set_header("version", Some(version)))?
    };
    let last = changelog(&with_number).into_iter().rfind(|entry| entry.version == version);
    if last.is_some_and(|entry| entry.note == note) {
        return Some(with_number);
    }
    let sheet = MappingSheet::read(&with_number)?;
    apply_edits(&with_number, &sheet.append_changelog(version, date, note))
}

fn not_written() -> Objection {
    Objection::new(
        "version.not-written",
        "The number and the line could not be written into the text.",
        "Write `version` and a line in `changelog` by hand, and publish again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::version::sample;

    fn shipped() -> String {
        sample::policy()
    }

    fn versions() -> Versions {
        Versions::read(&shipped(), &[])
    }

    fn wanted(version: &str, note: &str) -> Publication {
        Publication { version: version.to_owned(), date: "2026-02-01".to_owned(), note: note.to_owned() }
    }

    fn changed(from: &str, to: &str) -> String {
        let text = shipped();
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    }

    fn with_city() -> String {
        let city = "\"field\": \"Person.city\", \"label\": \"prohibited\"";
        let redacted =
            "\"field\": \"Person.city\", \"label\": \"redacted\", \"target\": \"PatientAttribute.city\"";
        changed(city, redacted)
    }

    fn refused(draft: &str, publication: &Publication) -> String {
        versions().publish(&shipped(), draft, publication).unwrap_err().code
    }

    #[test]
    fn a_version_has_its_number_and_its_line_and_the_rest_of_the_text_is_untouched() {
        let made =
            versions().publish(&shipped(), &with_city(), &wanted("1.1.0", " The  city\nis shown. ")).unwrap();
        assert_eq!((made.version.as_str(), made.date.as_str()), ("1.1.0", "2026-02-01"));
        assert_eq!(made.note, "The city is shown.");
        let without: String =
            made.text.replace("\"version\": \"1.1.0\",\n  \"title\"", "\"version\": \"1.0.0\",\n  \"title\"");
        let (rules, _) = without.split_once("\"changelog\"").unwrap();
        assert_eq!(rules, with_city().split_once("\"changelog\"").unwrap().0);
        assert_eq!(check_policy(&made.text).policy.unwrap().version, "1.1.0");
        let again = Versions::read(&shipped(), &[made.to_stored()]);
        assert_eq!(again.list[1], made);
        assert!(again.faults.is_empty());
    }

    #[test]
    fn what_can_not_be_published_is_refused_by_name() {
        let draft = with_city();
        assert_eq!(refused("{", &wanted("1.1.0", "x")), "version.errors");
        assert_eq!(
            refused(&draft.replace("CareEvent.kind", "CareEvent.kin"), &wanted("1.1.0", "x")),
            "version.errors"
        );
        assert_eq!(
            refused(&draft.replace("referral-sample", "other"), &wanted("1.1.0", "x")),
            "version.other-policy"
        );
        assert_eq!(refused(&shipped(), &wanted("1.1.0", "x")), "version.nothing-new");
        assert_eq!(refused(&draft, &wanted("1.1.0", " \n")), "version.note-missing");
        assert_eq!(refused(&draft, &wanted("1.1.0", &"x".repeat(501))), "version.note-too-long");
        for number in ["", "1", "1.1", "v1.1.0", "1.1.0.0", "one"] {
            assert_eq!(refused(&draft, &wanted(number, "x")), "version.not-a-number", "{number}");
        }
        assert_eq!(refused(&draft, &wanted("1.0.0", "x")), "version.number-taken");
        assert_eq!(refused(&draft, &wanted("0.9.0", "x")), "version.not-higher");
    }

    #[test]
    fn an_older_version_comes_back_under_a_higher_number() {
        let second = versions().publish(&shipped(), &with_city(), &wanted("1.1.0", "The city.")).unwrap();
        let both = Versions::read(&shipped(), &[second.to_stored()]);
        let proposal = propose(&both, &second.text, &shipped());
        assert_eq!((proposal.bump, proposal.version.as_str()), (Bump::Major, "2.0.0"));
        let back = both.publish(&second.text, &shipped(), &wanted(&proposal.version, "As before.")).unwrap();
        assert!(difference(&shipped(), &back.text).is_empty());
        let all = Versions::read(&shipped(), &[second.to_stored(), back.to_stored()]);
        assert_eq!(all.list.len(), 3);
    }

    #[test]
    fn an_older_version_comes_back_with_what_the_changelog_has_had_since() {
        let second = versions().publish(&shipped(), &with_city(), &wanted("1.1.0", "The city.")).unwrap();
        let both = Versions::read(&shipped(), &[second.to_stored()]);
        let codes = |draft: &str| {
            let found = propose(&both, &second.text, draft).against;
            found.into_iter().map(|d| d.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(&shipped()), ["policy.version-not-moved", "policy.changelog-rewritten"]);
        let back = restored(&shipped(), &second.text);
        assert_eq!(codes(&back), ["policy.version-not-moved"]);
        let third = both.publish(&second.text, &back, &wanted("2.0.0", "As before.")).unwrap();
        assert!(check_against(&third.text, &second.text).is_empty());
        assert!(difference(&shipped(), &third.text).is_empty());
        let notes: Vec<_> = changelog(&third.text).into_iter().map(|entry| entry.note).collect();
        assert_eq!(notes, ["First version.", "The city.", "As before."]);
        // A changelog of another line of versions is not mixed in, and what can't be read stays as it is.
        assert_eq!(
            restored(&shipped().replace("First", "Other"), &second.text),
            shipped().replace("First", "Other")
        );
        assert_eq!(restored("{", &second.text), "{");
        assert_eq!(restored(&shipped(), "{"), shipped());
    }

    #[test]
    fn the_number_moves_as_far_as_the_change_asks_for() {
        let bump = |draft: &str| propose(&versions(), &shipped(), draft).bump;
        assert_eq!(bump(&changed("\"id\": \"R20\"", "\"id\": \"R77\"")), Bump::Patch);
        assert_eq!(bump(&changed("\"Referral intake to", "\"Referrals to")), Bump::Patch);
        assert_eq!(bump(&changed("\"P180D\"", "\"P90D\"")), Bump::Minor);
        assert_eq!(bump(&with_city()), Bump::Minor, "a field is new");
        assert_eq!(bump(&changed("\"CAREMGT\"", "\"TREAT\"")), Bump::Major);
        assert_eq!(bump(&changed("generalize:zip3", "tokenize")), Bump::Major, "it means something else");
        assert_eq!(bump(&changed("Activity.clinic", "Activity.site")), Bump::Major, "one goes");
        assert_eq!(bump(&changed("\"routine\", ", "")), Bump::Minor, "fewer values");
    }

    #[test]
    fn what_the_draft_says_of_its_own_number_is_kept() {
        let draft = with_city()
            .replace("\"version\": \"1.0.0\",\n  \"title\"", "\"version\": \"3.0.0\",\n  \"title\"");
        let draft = draft.replace(
            "\"note\": \"First version.\" }",
            "\"note\": \"First version.\" }, { \"version\": \"3.0.0\", \"date\": \"2026-01-31\", \"note\": \"City.\" }",
        );
        let proposal = propose(&versions(), &shipped(), &draft);
        assert_eq!((proposal.version.as_str(), proposal.note.as_str()), ("3.0.0", "City."));
        let made = versions().publish(&shipped(), &draft, &wanted("3.0.0", "City.")).unwrap();
        assert_eq!((made.text, made.date.as_str()), (draft, "2026-01-31"), "nothing is left to write");
    }
}
