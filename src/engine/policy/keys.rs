//! What a policy may hold, key by key.

use super::Label;
use super::aggregate::LEAST;
use crate::engine::canonical::{Cardinality, Catalogue, DisclosureClass};
use crate::engine::fhir::ResourceType;
use crate::engine::keys::{
    DATE, DURATION,
    Holds::{Choice, Form, FormBy, ListOf, Number, Object, Objects, SomeOf, Text, Version},
    Key, Needed, Shape,
};
use crate::engine::label::{TABLE, Unlisted};
use crate::engine::normalise::Normalise;
use crate::engine::redact::Method;

/// A policy.
pub static POLICY: Shape = Shape {
    about: "A mapping policy: one integration path, and what may cross on it.",
    keys: &[
        Key::required("schemaVersion", Version(2), "Version of the policy format."),
        Key::required("id", Text, "Id, the same for all versions of the policy."),
        Key::required("version", Text, "Version of the policy; a new one with each change of its rules."),
        Key::required("title", Text, "What the policy is for, in a few words."),
        Key::required("source", Text, "Id of the system that events come from."),
        Key::required("target", Object(&TARGET), "Where records go."),
        Key::required("eventTypes", SomeOf(&Text), "The event types it covers, e.g. `referral.created`."),
        Key::optional(
            "resourceTypes",
            SomeOf(&Choice(ResourceType::names)),
            "FHIR resource types that an event may bring along; any without it.",
        ),
        Key::required("adapter", Text, "Id of the adapter that reads the source."),
        Key::required("purpose", Text, "The one purpose of use, a code of HL7 v3 PurposeOfUse."),
        Key::required("legalBasis", Text, "On which legal basis."),
        Key::optional("consent", Choice(consent), "Whether the patient's consent is needed."),
        Key::required("recipient", Object(&RECIPIENT), "Who receives."),
        Key::optional("channels", ListOf(&Text), "By which channels the recipient may use what it gets."),
        Key::optional(
            "jurisdictions",
            ListOf(&Text),
            "Where the person may live, e.g. `US-MA`; anywhere without it.",
        ),
        Key::optional(
            "retention",
            Form(DURATION),
            "How long the recipient keeps it, an ISO 8601 duration such as `P180D`.",
        ),
        Key::optional("auditLocation", Text, "Where the evidence is kept."),
        Key::optional(
            "aggregate",
            Object(&AGGREGATE),
            "Where nothing but counts may leave: what is counted.",
        ),
        Key::optional(
            "tables",
            Objects(&TABLE),
            "Tables of labels; one of the same name as one of the adapter's adds to that.",
        ),
        Key::required("rules", Objects(&RULE), "What may cross. A field that no rule names does not."),
        Key::optional("changelog", Objects(&CHANGE), "What changed with each version, oldest first."),
    ],
};

/// Where records go.
pub static TARGET: Shape = Shape {
    about: "The receiving system.",
    keys: &[
        Key::required("system", Text, "Id of the receiving system."),
        Key::required("adapter", Text, "Id of the adapter that writes its objects."),
    ],
};

/// Who receives.
pub static RECIPIENT: Shape = Shape {
    about: "The recipient.",
    keys: &[
        Key::required("organization", Text, "The organisation, as a reference: `Organization/ID`."),
        Key::required("role", Text, "Its role."),
    ],
};

/// What a counting policy counts.
pub static AGGREGATE: Shape = Shape {
    about: "Counts instead of records: source records that share the values of all rules are one group.",
    keys: &[
        Key::required("count", Form(CRM_FIELD), "The CRM field that holds the count, `Object.field`."),
        Key::required(
            "least",
            Number(*LEAST.start(), *LEAST.end()),
            "Of fewer patients than this, the count does not show.",
        ),
    ],
};

/// A rule. The keys are the columns of the mapping sheet.
pub static RULE: Shape = Shape {
    about: "What happens to one canonical field, or to each field of an entity that has no rule of its own.",
    keys: &[
        Key::required("id", Text, "Id of the rule, unique in its policy."),
        Key::required(
            "field",
            Choice(subjects),
            "A field of the canonical model, `Entity.field`, or a whole entity.",
        ),
        Key::required(
            "label",
            Choice(labels),
            "allowed: crosses as it is; transformed: through a method; redacted: the CRM field says that it was withheld; prohibited: nothing shows.",
        ),
        Key::optional("class", Choice(classes), "A disclosure class above the catalogue's."),
        Key::optional("method", Choice(methods), "How a transformed field crosses.")
            .needed(Needed::Where("label", &["transformed"])),
        Key::optional(
            "target",
            FormBy("field", CRM_FIELD, CRM_WORD),
            "The CRM field that it feeds, `Object.field`; for a whole entity the object.",
        )
        .needed(Needed::Where("label", &["allowed", "transformed", "redacted"])),
        Key::optional("cardinality", Choice(cardinalities), "How many values cross; 1..1 where one must."),
        Key::optional("normalise", Choice(forms), "The form that values are brought into before the method."),
        Key::optional(
            "values",
            SomeOf(&Text),
            "The values that may leave. A code that crosses as it is must be one of them.",
        ),
        Key::optional(
            "systems",
            SomeOf(&Text),
            "The code systems that a code may be of which crosses as it is.",
        ),
        Key::optional(
            "table",
            Text,
            "The table that labels are taken from: the policy's, the adapter's, or both by one name.",
        )
        .needed(Needed::Where("method", &["label"])),
        Key::optional("unlisted", Choice(unlisted), "What becomes of a code that is not in the table.")
            .needed(Needed::Where("method", &["label"])),
        Key::optional("owner", Text, "Who answers for the rule."),
        Key::optional("check", Text, "How it is checked that the rule does what it should."),
        Key::optional("rollback", Text, "How the rule is taken back."),
        Key::optional("note", Text, "What else there is to say, e.g. why an exception is meant."),
    ],
};

/// An entry of the changelog.
pub static CHANGE: Shape = Shape {
    about: "What one version changed.",
    keys: &[
        Key::required("version", Text, "The version that it brought."),
        Key::required("date", Form(DATE), "When, as a date of the calendar."),
        Key::required("note", Text, "What changed, in a sentence."),
    ],
};

/// The form of a CRM field, `Object.field`.
const CRM_FIELD: &str = "^[A-Za-z][A-Za-z0-9]*\\.[A-Za-z][A-Za-z0-9]*$";
/// The form of a CRM object's name, or of a field's without its object.
const CRM_WORD: &str = "^[A-Za-z][A-Za-z0-9]*$";

fn subjects() -> Vec<&'static str> {
    let mut names = Vec::new();
    for field in Catalogue::shipped().fields() {
        if names.last().is_none_or(|last: &&str| last.split('.').next() != Some(field.entity())) {
            names.push(field.entity());
        }
        names.push(field.name.as_str());
    }
    names
}

fn consent() -> Vec<&'static str> {
    vec!["required"]
}

fn labels() -> Vec<&'static str> {
    Label::ALL.map(Label::as_str).to_vec()
}

fn classes() -> Vec<&'static str> {
    DisclosureClass::ALL.map(DisclosureClass::as_str).to_vec()
}

fn methods() -> Vec<&'static str> {
    Method::NAMES.to_vec()
}

fn unlisted() -> Vec<&'static str> {
    Unlisted::ALL.map(Unlisted::as_str).to_vec()
}

fn cardinalities() -> Vec<&'static str> {
    Cardinality::ALL.map(Cardinality::as_str).to_vec()
}

fn forms() -> Vec<&'static str> {
    Normalise::ALL.map(Normalise::as_str).to_vec()
}
