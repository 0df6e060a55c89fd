//! The members of a record, and what each can hold: never a value from a resource.

use super::catalogue::{Fact, Row};
use crate::engine::adapt::Effect;
use crate::engine::canonical::DisclosureClass;
use crate::engine::refusal::Code;
use crate::engine::tally::Change;
use std::collections::BTreeSet;

/// What a member is made of. There is no kind for what a resource says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word of a closed list in the connector's own code.
    Listed,
    /// An id or a text that a policy, an adapter, the setting or the connector gave.
    Assigned,
    /// Spelled from element names of FHIR, names of headers, and fields and rules of a policy; `?` for a name that is
    /// none of these.
    Spelled,
    /// Hexadecimal digits of a SHA-256, keyed or not.
    Hash,
    /// A moment of the connector's own clock.
    Time,
    /// A whole number: a place or a count.
    Count,
}

impl Kind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Assigned => "assigned",
            Self::Spelled => "spelled",
            Self::Hash => "hash",
            Self::Time => "time",
            Self::Count => "count",
        }
    }
}

/// The form of a member's value.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// One of these words.
    Listed(fn() -> Vec<&'static str>),
    /// A text, by a regular expression (ECMA 262).
    Text(&'static str),
    /// A list of texts, each by a regular expression.
    Texts(&'static str),
    /// A whole number.
    Count,
}

/// Something that shows.
const SOME: &str = "[^ ]";

macro_rules! members {
    ($($name:ident $wire:literal $kind:ident $about:literal;)*) => {
        /// A member of a record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Member { $(#[doc = $about] $name,)* }

        impl Member {
            /// All members, in canonical order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $wire,)* }
            }

            /// What it is made of.
            pub fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)* }
            }

            /// What it says.
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }
        }
    };
}

members! {
    Action "action" Listed "What was done.";
    Actor "actor" Assigned "Who operated the connector.";
    Adapter "adapter" Assigned "The adapter that the event was read by, id and version.";
    AdapterHash "adapterHash" Hash "First 16 hexadecimal digits of the SHA-256 of its text.";
    Class "class" Listed "Highest disclosure class that something crossed of.";
    Clauses "clauses" Spelled "The clauses of each consent that was heard, and what was found of each.";
    Code "code" Listed "Reason code.";
    Consent "consent" Assigned "The consent that decided, by its place on file.";
    ConsentVersion "consentVersion" Count "Its version, where that is a number below 100.";
    Correlation "correlation" Assigned "Correlation id of the delivery, numbered by the connector.";
    Counted "counted" Listed "What a counting policy made of the source record.";
    Credential "credential" Assigned "The credential that the decision rests on.";
    Destination "destination" Assigned "Receiving system.";
    Effect "effect" Listed "What the event itself changes about consents.";
    Event "event" Hash "16 hexadecimal digits of a keyed hash of source and event id, once the sender is authenticated.";
    EventType "eventType" Assigned "Event type, as the adapter lists it.";
    Events "events" Count "Events that a notification told of.";
    Fetched "fetched" Count "How many of them were fetched from the source.";
    Fields "fields" Spelled "What happened to each field that a rule names and the source has: rule, field, method with version, result.";
    Fingerprint "fingerprint" Hash "SHA-256 of what left.";
    First "first" Count "Place of the first record that it is about.";
    Hold "hold" Assigned "The legal hold, by its name.";
    Key "key" Assigned "The key that signs from here on, as its verifier key (signed-note).";
    LegalBasis "legalBasis" Assigned "Legal basis that the policy names.";
    Outcome "outcome" Listed "What came of it.";
    Path "path" Spelled "The element, header or field that it is about.";
    Policy "policy" Assigned "Policy in force, id and version.";
    PolicyHash "policyHash" Hash "First 16 hexadecimal digits of the SHA-256 of its text.";
    Purpose "purpose" Assigned "Purpose of use.";
    Records "records" Count "How many records it is about.";
    Role "role" Assigned "Role of the actor.";
    Root "root" Hash "RFC 6962 root over the records that it is about.";
    Scope "scope" Assigned "What a legal hold is about: a correlation id, the reference of a token, or a time.";
    Seq "seq" Count "Place in the log, from 0.";
    Source "source" Assigned "Source system.";
    Stage "stage" Listed "Stage.";
    Time "time" Time "When, RFC 3339.";
    Tokens "tokens" Hash "The tokens that leave: of each the rule that made it, and a reference.";
    Unnamed "unnamed" Count "Elements of the source that no rule names.";
    Verdicts "verdicts" Listed "Structure, policy and provenance, each with its verdict.";
    Withdrawn "withdrawn" Count "Counts that this delivery ended for want of consent.";
}

impl Member {
    /// The form of its value.
    pub fn form(self) -> Form {
        match self {
            Self::Action => Form::Listed(|| each(|row| row.action)),
            Self::Outcome => Form::Listed(|| each(|row| row.outcome)),
            Self::Stage => Form::Listed(|| each(|row| row.stage)),
            Self::Class => Form::Listed(|| DisclosureClass::ALL.map(DisclosureClass::as_str).to_vec()),
            Self::Code => Form::Listed(|| Code::ALL.iter().map(|code| code.as_str()).collect()),
            Self::Counted => Form::Listed(|| Change::ALL.map(Change::as_str).to_vec()),
            Self::Effect => Form::Listed(|| Effect::ALL.map(Effect::as_str).to_vec()),
            Self::Correlation => {
                Form::Text(r"^(run-[0-9]{6,}(\.[0-9]+|\.gap-[0-9]+)?|attestation|queue|log)$")
            }
            Self::Event => Form::Text("^[0-9a-f]{16}$"),
            Self::Fields => Form::Texts(
                "^[^ ].* [A-Za-z0-9.]+ [a-z0-9:-]+/[0-9]+(:[a-z0-9-]+)? (crossed|withheld|dropped)$",
            ),
            Self::Fingerprint | Self::Root => Form::Text("^[0-9a-f]{64}$"),
            Self::Hold => Form::Text("^[A-Za-z0-9_-]{1,64}$"),
            Self::Scope => Form::Text(
                r"^(correlation run-[0-9.a-z-]+|token [0-9a-f]{16}|time [0-9TZ:.+-]+ [0-9TZ:.+-]+)$",
            ),
            Self::AdapterHash | Self::PolicyHash => Form::Text("^[0-9a-f]{16}$"),
            Self::Tokens => Form::Texts("^[^ ].* [0-9a-f]{16}$"),
            Self::Verdicts => Form::Texts("^(structure|policy|provenance) (passed|warned|refused)$"),
            Self::Clauses => Form::Texts(
                "^((received )?consent [0-9]+: (([a-zA-Z0-9.]+ )?[a-zA-Z]+ [a-z]+; )*decides [a-z]+|more: [0-9]+)$",
            ),
            Self::Path => Form::Text("^[A-Za-z?%][ -~]*$"),
            Self::Time => Form::Text(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$"),
            Self::ConsentVersion
            | Self::Events
            | Self::Fetched
            | Self::First
            | Self::Records
            | Self::Seq
            | Self::Unnamed
            | Self::Withdrawn => Form::Count,
            Self::Actor
            | Self::Adapter
            | Self::Consent
            | Self::Credential
            | Self::Destination
            | Self::EventType
            | Self::Key
            | Self::LegalBasis
            | Self::Policy
            | Self::Purpose
            | Self::Role
            | Self::Source => Form::Text(SOME),
        }
    }
}

/// What each fact of the log has of this, each once.
fn each(of: fn(&'static Row) -> &'static str) -> Vec<&'static str> {
    Fact::ALL.iter().map(|fact| of(fact.row())).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A set of members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members(u64);

impl Members {
    /// The members that every record has.
    pub const ALWAYS: Self = members(&[&[
        Member::Action,
        Member::Actor,
        Member::Correlation,
        Member::Outcome,
        Member::Role,
        Member::Seq,
        Member::Source,
        Member::Stage,
        Member::Time,
    ]]);

    /// Whether a member is in it.
    pub const fn has(self, member: Member) -> bool {
        self.0 & (1 << member as u64) != 0
    }

    /// With a member, where something holds.
    pub const fn with(self, member: Member, holds: bool) -> Self {
        if holds { Self(self.0 | 1 << member as u64) } else { self }
    }

    /// What is in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this one and not in the other.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members in it, in canonical order.
    pub fn iter(self) -> impl Iterator<Item = Member> {
        Member::ALL.iter().copied().filter(move |member| self.has(*member))
    }
}

/// The set of all members in these lists.
pub(super) const fn members(mut lists: &[&[Member]]) -> Members {
    let mut all = Members(0);
    while let [list, others @ ..] = lists {
        let mut list = *list;
        while let [member, rest @ ..] = list {
            all = all.with(*member, true);
            list = rest;
        }
        lists = others;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::AuditRecord;
    use super::*;

    #[test]
    fn the_members_of_the_catalogue_are_those_of_a_record() {
        let names: Vec<_> = Member::ALL.iter().map(|member| member.name()).collect();
        assert_eq!(names, AuditRecord::MEMBERS);
        assert!(Member::ALL.len() <= 64, "a set has 64 places");
    }

    #[test]
    fn a_members_form_is_of_its_kind_and_bounded_where_the_sender_chose_it() {
        for member in Member::ALL {
            let (kind, form) = (member.kind(), member.form());
            let fits = match form {
                Form::Listed(words) => kind == Kind::Listed && !words().is_empty(),
                Form::Count => kind == Kind::Count,
                Form::Text(pattern) | Form::Texts(pattern) => match kind {
                    Kind::Hash => pattern.ends_with("[0-9a-f]{16}$") || pattern == "^[0-9a-f]{64}$",
                    Kind::Listed | Kind::Spelled | Kind::Time => {
                        pattern.starts_with('^') && pattern.ends_with('$')
                    }
                    Kind::Assigned => true,
                    Kind::Count => false,
                },
            };
            assert!(fits, "{member:?}: {kind:?}, {form:?}");
        }
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        let set = members(&[&[Member::Path, Member::Code], &[Member::Seq]]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Member::Code, Member::Path, Member::Seq]);
        assert!(set.without(set).is_empty());
        assert_eq!(set.with(Member::Time, false), set);
        assert_eq!(set.with(Member::Time, true).without(set).iter().collect::<Vec<_>>(), [Member::Time]);
    }
}
