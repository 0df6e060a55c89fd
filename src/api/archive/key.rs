//! By what a log is searched.

use crate::engine::audit::AuditRecord;

/// What a term of a [`Query`](super::Query) looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Every member: the value occurs in one of them, whatever its case.
    Text,
    /// The record's place in the log: `7`, or from the first to the last as `7..12`, `7..` or `..12`.
    Seq,
    /// The time: at the value or later.
    After,
    /// The time: earlier than the value.
    Before,
    /// What the consent stage decided: the outcome of its records.
    Decision,
    /// A member by its name on the wire: the value is the whole of it, or what it begins with down to a level of its own
    /// (`consent` for the code `consent.absent`, `run-000001` for `run-000001.2`, a policy's id for all its versions). Of a
    /// list, an item or a word of an item. No text at all stands for a record without the member.
    Member(&'static str),
}

/// The keys that have a name of their own, and other names of members.
const NAMES: [(&str, Key); 10] = [
    ("text", Key::Text),
    ("seq", Key::Seq),
    ("after", Key::After),
    ("before", Key::Before),
    ("decision", Key::Decision),
    ("run", Key::Member("correlation")),
    ("type", Key::Member("eventType")),
    ("field", Key::Member("fields")),
    ("basis", Key::Member("legalBasis")),
    ("hash", Key::Member("policyHash")),
];

impl Key {
    /// The members that views offer as filters, in the order of the view.
    pub const FILTERS: [Self; 12] = [
        Self::Member("outcome"),
        Self::Member("stage"),
        Self::Member("action"),
        Self::Member("code"),
        Self::Decision,
        Self::Member("purpose"),
        Self::Member("policy"),
        Self::Member("eventType"),
        Self::Member("actor"),
        Self::Member("role"),
        Self::Member("consent"),
        Self::Member("source"),
    ];

    /// The key of a name; members go by their names on the wire, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let own = NAMES.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, key)| key);
        own.or_else(|| {
            AuditRecord::MEMBERS.into_iter().find(|own| own.eq_ignore_ascii_case(name)).map(Self::Member)
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Member(name) => name,
            own => NAMES.into_iter().find(|(_, key)| *key == own).map_or("", |(name, _)| name),
        }
    }

    /// All names that a query may use.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _)| name).chain(AuditRecord::MEMBERS)
    }

    /// What stands between the levels of its values.
    pub(super) fn level(self) -> Option<char> {
        match self {
            Self::Member("code" | "correlation" | "eventType" | "fields") => Some('.'),
            Self::Member("policy") => Some('@'),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_of_one_key_and_each_key_goes_by_its_name() {
        for name in Key::names() {
            let key = Key::named(name).unwrap();
            assert_eq!(Key::named(key.name()), Some(key), "{name}");
            assert_eq!(Key::named(&name.to_uppercase()), Some(key), "{name}");
        }
        assert_eq!(Key::named("seq"), Some(Key::Seq));
        assert_eq!(Key::named(""), None);
        assert!(Key::FILTERS.iter().all(|key| Key::named(key.name()) == Some(*key)));
    }
}
