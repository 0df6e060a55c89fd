//! Every lint of a policy: its code, how bad it is, what it finds and how to mend it.

use crate::engine::document::Lint;

pub(in crate::engine::policy) static FIELD_TWICE: Lint =
    Lint::error("field-twice", "Two rules name the same field.", "A field has one rule: keep the stricter.");
pub(super) static ENTITY_LOOSENED: Lint = Lint::warning(
    "entity-loosened",
    "A rule lets out more of a field than the rule of its entity, which is redacted or transformed, and no note says why.",
    "Say in `note` why the exception is meant, or remove the rule.",
);
pub(in crate::engine::policy) static CLASS_LOWERED: Lint = Lint::error(
    "class-lowered",
    "A rule gives a field a lower class than the catalogue.",
    "A policy may raise a class, never lower it: leave `class` out, or write a higher one.",
);
pub(in crate::engine::policy) static TARGET_TWICE: Lint =
    Lint::error("target-twice", "Two rules feed the same CRM field.", "Feed each CRM field from one rule.");
pub(super) static FREE_TEXT_ALLOWED: Lint = Lint::error(
    "free-text-allowed",
    "Free text crosses as it is.",
    "Redact or prohibit it: free text may say anything about anyone.",
);
pub(super) static HIGHLY_RESTRICTED_ALLOWED: Lint = Lint::error(
    "highly-restricted-allowed",
    "A field of a class that never crosses as it is would do so.",
    "Prohibit, redact or transform it.",
);
pub(super) static PHI_ALLOWED: Lint = Lint::error(
    "phi-allowed",
    "A field that identifies the person crosses as it is.",
    "Transform, redact or prohibit it.",
);
pub(super) static TEXT_KEPT: Lint = Lint::error(
    "text-kept",
    "Something other than a code or a flag crosses as it is, or a code or a label is taken from text.",
    "Only codes and flags cross as they are. Read the code and let a table give its label (`label`), or prohibit the field.",
);
pub(super) static ENTITY_ALLOWED: Lint = Lint::error(
    "entity-allowed",
    "A whole entity is allowed.",
    "Name each field that may cross in a rule of its own, and label the entity `prohibited`.",
);
pub(super) static ACCOUNTABILITY_MISSING: Lint = Lint::error(
    "accountability-missing",
    "A rule lacks owner, check or rollback: one that lets out something identifying or highly restricted, or anything of ConsentState or ProgramEnrollment.",
    "Say who answers for the rule, how it is checked, and how it is taken back.",
);
pub(super) static VALUES_MISSING: Lint = Lint::error(
    "values-missing",
    "A code crosses as it is and no `values` say which codes may.",
    "List the codes that the recipient needs in `values`.",
);
pub(super) static SYSTEMS_MISSING: Lint = Lint::error(
    "systems-missing",
    "A code that stands beside its system crosses as it is, and no `systems` say of which system it may be.",
    "List the code systems in `systems`.",
);
pub(super) static TABLE_UNKNOWN: Lint = Lint::error(
    "table-unknown",
    "A rule takes labels from a table that neither the policy nor its adapter has.",
    "Name a table of the adapter, or give the policy one of this name under `tables`.",
);
pub(super) static VALUE_UNKNOWN: Lint = Lint::warning(
    "value-unknown",
    "`values` has a code that the source can't have.",
    "Check the spelling: the element has a required value set.",
);
pub(super) static VALUES_NOT_COVERED: Lint = Lint::warning(
    "values-not-covered",
    "`values` lacks codes that the source can have, and no note says why.",
    "Add them, or say in `note` why they stay behind.",
);
pub(super) static CONSENT_MISSING: Lint = Lint::warning(
    "consent-missing",
    "The policy has a purpose and does not say that consent is needed.",
    "Write `\"consent\": \"required\"`. The connector asks for it in any case.",
);
pub(super) static PURPOSE_UNKNOWN: Lint = Lint::error(
    "purpose-unknown",
    "The purpose is not a code of HL7 v3 PurposeOfUse, so that no consent can name it.",
    "Write a code of HL7 v3 PurposeOfUse, e.g. `CAREMGT`, `HRESCH`, `HMARKT`.",
);
pub(super) static QUASI_IDENTIFIERS: Lint = Lint::warning(
    "quasi-identifiers",
    "Fields that are harmless one by one point at a person together.",
    "Make one of them coarser, or leave it behind: age band or year for dates, ZIP3 or state for places.",
);
pub(super) static CONTRACT_LONG: Lint = Lint::warning(
    "contract-long",
    "The payload contract is long.",
    "Ask of each field what the recipient does with it; prohibit what nobody needs for the purpose.",
);
pub(super) static COUNTS_SUBTRACTABLE: Lint = Lint::warning(
    "counts-subtractable",
    "Two counting policies count the same events for one recipient, and the groups of the one are made of those of the other.",
    "Count in one policy: what the one shows less what the other shows is a group that neither shows.",
);
pub(super) static TARGET_UNKNOWN: Lint = Lint::error(
    "target-unknown",
    "A rule feeds an object or field that the CRM does not have.",
    "Name a field of the CRM's adapter.",
);
pub(super) static TARGET_UNFIT: Lint = Lint::error(
    "target-unfit",
    "What a rule lets out is nothing that the CRM field takes.",
    "Use a method, a cardinality or values that the field takes, or feed another field.",
);
pub(super) static ATTRIBUTE_OUTSIDE: Lint = Lint::error(
    "attribute-outside",
    "Something about the patient is fed to a CRM object other than the one that alone holds it.",
    "Only `PatientAttribute` holds what is known of a patient; elsewhere a token points to it.",
);
pub(super) static CHANGELOG_MISSING: Lint = Lint::warning(
    "changelog-missing",
    "The changelog has no entry for the policy's version.",
    "Add an entry to `changelog` with this version, the date, and what changed.",
);
pub(super) static ADAPTER_UNKNOWN: Lint = Lint::error(
    "adapter-unknown",
    "There is no adapter of the id that the policy names.",
    "Name an adapter that is there, or bring it along.",
);
pub(super) static EVENT_TYPE_UNREAD: Lint = Lint::error(
    "event-type-unread",
    "The policy covers an event type that its adapter does not read.",
    "Name an event type that the adapter reads.",
);
pub(super) static RULE_UNUSED: Lint = Lint::warning(
    "rule-unused",
    "No event that the policy covers fills the field of a rule.",
    "Remove the rule, or cover an event that fills the field. What no rule names does not cross.",
);
pub(super) static VERSION_NOT_MOVED: Lint = Lint::error(
    "version-not-moved",
    "The policy says something else than before under a version that is not higher.",
    "Give it a higher version and an entry in the changelog.",
);
pub(super) static CHANGELOG_REWRITTEN: Lint = Lint::warning(
    "changelog-rewritten",
    "The changelog does not begin with the entries that it had before.",
    "Leave earlier entries as they were, and add new ones at the end.",
);
pub(in crate::engine) static VERSION_TWICE: Lint = Lint::error(
    "version-twice",
    "Two documents have the same id and version and differ.",
    "Give one of them another version.",
);
pub(in crate::engine) static DOCUMENT_TWICE: Lint = Lint::warning(
    "document-twice",
    "Two documents say the same under the same id and version.",
    "Keep one of them.",
);

/// Every lint of a policy, in the order of the documentation.
pub static ALL: [&Lint; 31] = [
    &FIELD_TWICE,
    &ENTITY_LOOSENED,
    &CLASS_LOWERED,
    &TARGET_TWICE,
    &FREE_TEXT_ALLOWED,
    &HIGHLY_RESTRICTED_ALLOWED,
    &PHI_ALLOWED,
    &TEXT_KEPT,
    &ENTITY_ALLOWED,
    &ACCOUNTABILITY_MISSING,
    &VALUES_MISSING,
    &SYSTEMS_MISSING,
    &TABLE_UNKNOWN,
    &VALUE_UNKNOWN,
    &VALUES_NOT_COVERED,
    &CONSENT_MISSING,
    &PURPOSE_UNKNOWN,
    &QUASI_IDENTIFIERS,
    &CONTRACT_LONG,
    &COUNTS_SUBTRACTABLE,
    &TARGET_UNKNOWN,
    &TARGET_UNFIT,
    &ATTRIBUTE_OUTSIDE,
    &CHANGELOG_MISSING,
    &ADAPTER_UNKNOWN,
    &EVENT_TYPE_UNREAD,
    &RULE_UNUSED,
    &VERSION_NOT_MOVED,
    &CHANGELOG_REWRITTEN,
    &VERSION_TWICE,
    &DOCUMENT_TWICE,
];

/// Whether a finding of this code is a lint: what it finds is read all the same, and only should not be in force.
pub fn is_lint(code: &str) -> bool {
    code.strip_prefix("policy.").is_some_and(|code| ALL.iter().any(|lint| lint.code == code))
}

/// Whether an error keeps back what one rule names, and nothing else: redaction lets nothing cross by such a rule, so the
/// rest of the policy works. Publishing and checking fail for it all the same.
pub fn keeps_back_its_field(code: &str) -> bool {
    let own = [&TEXT_KEPT, &VALUES_MISSING, &SYSTEMS_MISSING];
    code.strip_prefix("policy.").is_some_and(|code| own.iter().any(|lint| lint.code == code))
}
