//! What kind of AuditEvent each record becomes. The table of `docs/exports.md` is this one.

/// A code of a code system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    pub system: &'static str,
    pub code: &'static str,
    pub display: Option<&'static str>,
}

const fn code(system: &'static str, code: &'static str) -> Coding {
    Coding { system, code, display: None }
}

const fn dcm(code: &'static str, display: &'static str) -> Coding {
    Coding { system: DCM, code, display: Some(display) }
}

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
const SECURITY_ROLE: &str = "http://terminology.hl7.org/CodeSystem/extra-security-role-type";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const SOURCE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";

/// Purposes of use, and the label of test data (HL7 v3 ActReason).
pub(super) const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

// Types of event.
const ACTIVITY: Coding = dcm("110100", "Application Activity");
const EXPORT: Coding = dcm("110106", "Export");
const IMPORT: Coding = dcm("110107", "Import");
const PATIENT_RECORD: Coding = dcm("110110", "Patient Record");
const QUERY: Coding = dcm("110112", "Query");
const ALERT: Coding = dcm("110113", "Security Alert");
const AUTHENTICATION: Coding = dcm("110114", "User Authentication");

// Who takes part.
pub(super) const APPLICATION: Coding = dcm("110150", "Application");
pub(super) const DESTINATION_ROLE: Coding = dcm("110152", "Destination Role ID");
pub(super) const SOURCE_ROLE: Coding = dcm("110153", "Source Role ID");
pub(super) const OPERATOR: Coding = code(SECURITY_ROLE, "humanuser");
pub(super) const AUTHORIZER: Coding = code(SECURITY_ROLE, "authserver");
pub(super) const RECIPIENT_USER: Coding =
    code("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP");
pub(super) const USER_ORGANIZATION: Coding =
    code("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV");

// What is taken part in.
pub(super) const PERSON: Coding = Coding { system: ENTITY_TYPE, code: "1", display: Some("Person") };
pub(super) const PATIENT: Coding = Coding { system: OBJECT_ROLE, code: "1", display: Some("Patient") };
pub(super) const SYSTEM_OBJECT: Coding =
    Coding { system: ENTITY_TYPE, code: "2", display: Some("System Object") };
pub(super) const REPORT: Coding = Coding { system: OBJECT_ROLE, code: "3", display: Some("Report") };
pub(super) const DOMAIN_RESOURCE: Coding =
    Coding { system: OBJECT_ROLE, code: "4", display: Some("Domain Resource") };
pub(super) const CONSENT: Coding = code("http://hl7.org/fhir/resource-types", "Consent");

// Who observed it.
pub(super) const APPLICATION_SERVER: Coding =
    Coding { system: SOURCE_TYPE, code: "4", display: Some("Application Server") };
pub(super) const SECURITY_SERVER: Coding =
    Coding { system: SOURCE_TYPE, code: "6", display: Some("Security Server") };

// Further types.
const AUTHZ_CONSENT: Coding =
    code("https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", "AuthZ-Consent");
const DISCLOSE: Coding =
    Coding { system: LIFECYCLE, code: "disclose", display: Some("Disclose Record Lifecycle Event") };

/// A life-cycle event of ISO 21089.
const fn lifecycle(name: &'static str) -> Option<Coding> {
    Some(code(LIFECYCLE, name))
}

/// Which agents and entities an AuditEvent has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// IHE BALP, Authorization Decision inclusive of Consent.
    ConsentDecision,
    /// IHE BALP, Privacy Disclosure as recorded by the recipient: the connector takes an event in.
    Received,
    /// IHE BALP, Privacy Disclosure at the source: a record about a patient leaves.
    Disclosed,
    /// FHIR's own AuditEvent, about what a patient has on file.
    PatientRecord,
    /// FHIR's own AuditEvent.
    Plain,
}

/// What a kind of record becomes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping {
    /// `AuditEvent.type`.
    pub kind: Coding,
    /// The standard `AuditEvent.subtype`, where there is one.
    pub subtype: Option<Coding>,
    /// `AuditEvent.action`.
    pub action: &'static str,
    pub pattern: Pattern,
}

const fn plain(kind: Coding, subtype: Option<Coding>) -> Mapping {
    Mapping { kind, subtype, action: "E", pattern: Pattern::Plain }
}

/// Stage, action, and outcome or `*`; the first that fits holds.
pub(super) static TABLE: [(&str, &str, &str, Mapping); 13] = [
    ("webhook", "authenticate", "*", plain(AUTHENTICATION, None)),
    ("*", "alert", "*", plain(ALERT, None)),
    ("queue", "fetch", "*", plain(QUERY, None)),
    ("validate", "attest-synthetic", "*", plain(ALERT, lifecycle("attest"))),
    ("validate", "check", "*", plain(ACTIVITY, lifecycle("verify"))),
    (
        "adapt",
        "map",
        "changed",
        Mapping { kind: IMPORT, subtype: Some(DISCLOSE), action: "C", pattern: Pattern::Received },
    ),
    (
        "consent",
        "decide",
        "*",
        Mapping { kind: ALERT, subtype: Some(AUTHZ_CONSENT), action: "E", pattern: Pattern::ConsentDecision },
    ),
    (
        "consent",
        "put-on-file",
        "*",
        Mapping {
            kind: PATIENT_RECORD,
            subtype: lifecycle("originate"),
            action: "C",
            pattern: Pattern::PatientRecord,
        },
    ),
    (
        "consent",
        "merge",
        "*",
        Mapping {
            kind: PATIENT_RECORD,
            subtype: lifecycle("merge"),
            action: "U",
            pattern: Pattern::PatientRecord,
        },
    ),
    ("redact", "apply-policy", "*", plain(ACTIVITY, lifecycle("deidentify"))),
    ("guard", "inspect", "quarantined", plain(ALERT, lifecycle("hold"))),
    ("guard", "inspect", "*", plain(ACTIVITY, lifecycle("verify"))),
    (
        "deliver",
        "write",
        "delivered",
        Mapping { kind: EXPORT, subtype: Some(DISCLOSE), action: "R", pattern: Pattern::Disclosed },
    ),
];

/// A delivery of a count, which is of no patient.
pub(super) static COUNT_DELIVERED: Mapping =
    Mapping { kind: EXPORT, subtype: lifecycle("report"), action: "R", pattern: Pattern::Plain };

/// What the others become.
pub(super) static OTHER: Mapping = plain(ACTIVITY, None);

/// What a record becomes. `counts` says that it is of a group's count.
pub(super) fn mapping(stage: &str, action: &str, outcome: &str, counts: bool) -> &'static Mapping {
    let fits = |wanted: &str, own: &str| wanted == "*" || wanted == own;
    let found = TABLE.iter().find(|(s, a, o, _)| fits(s, stage) && fits(a, action) && fits(o, outcome));
    match found.map_or(&OTHER, |(.., mapping)| mapping) {
        Mapping { pattern: Pattern::Disclosed, .. } if counts => &COUNT_DELIVERED,
        mapping => mapping,
    }
}

/// `AuditEvent.outcome`: 0 success; 4 the action did not come about, for a known reason; 8 it was stopped. The
/// consent pattern wants 8 for a denial.
pub(super) fn outcome(outcome: &str, has_code: bool) -> &'static str {
    match outcome {
        "denied" | "quarantined" | "dead-lettered" => "8",
        "missing" => "4",
        _ if has_code => "4",
        _ => "0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::audit::{Fact, Member};
    use std::collections::BTreeMap;

    /// The rows of the page's table, by what they are about, and the rest of each.
    fn page() -> BTreeMap<String, String> {
        let page = include_str!("../../../../docs/exports.md");
        let rows = page.lines().skip_while(|line| !line.starts_with("| record |")).skip(2);
        let rows = rows.take_while(|line| line.starts_with('|')).map(|line| line.split_once(" | ").unwrap());
        rows.map(|(record, rest)| (record.to_owned(), rest.to_owned())).collect()
    }

    fn row(mapping: &Mapping) -> String {
        let name = |coding: &Coding| match coding.system {
            DCM => format!("{} {}", coding.code, coding.display.unwrap()),
            _ => format!("`{}`", coding.code),
        };
        let subtype = mapping.subtype.as_ref().map_or(String::new(), name);
        let pattern = match mapping.pattern {
            Pattern::ConsentDecision => "BALP AuthZconsent, or our own without a consent",
            Pattern::Received => "BALP PrivacyDisclosure.Recipient",
            Pattern::Disclosed => "BALP PrivacyDisclosure.Source",
            Pattern::PatientRecord => "with the patient",
            Pattern::Plain => "",
        };
        format!("{} | {subtype} | {} | {pattern} |", name(&mapping.kind), mapping.action)
    }

    #[test]
    fn the_page_has_the_table_that_the_code_goes_by() {
        let named = TABLE.iter().map(|(stage, action, outcome, mapping)| {
            let outcome = if *outcome == "*" { String::new() } else { format!(" {outcome}") };
            (format!("| {stage}.{action}{outcome}"), row(mapping))
        });
        let mut wanted: BTreeMap<String, String> = named.collect();
        wanted.insert("| deliver.write delivered, `counted`".to_owned(), row(&COUNT_DELIVERED));
        wanted.insert("| all others".to_owned(), row(&OTHER));
        let page = page();
        let lines: String = wanted.iter().map(|(record, rest)| format!("{record} | {rest}\n")).collect();
        assert_eq!(page, wanted, "docs/exports.md would have to have:\n{lines}");
    }

    #[test]
    fn each_row_is_for_a_fact_that_there_is() {
        let facts = || Fact::ALL.iter().map(|fact| fact.row());
        for (stage, action, outcome, own) in &TABLE {
            let mut found = facts().map(|row| mapping(row.stage, row.action, row.outcome, false));
            assert!(found.any(|mapping| std::ptr::eq(mapping, own)), "{stage}.{action} {outcome}");
        }
        assert!(std::ptr::eq(mapping("deliver", "write", "delivered", true), &COUNT_DELIVERED));
        assert!(std::ptr::eq(mapping("queue", "give-up", "dead-lettered", false), &OTHER));
    }

    #[test]
    fn what_did_not_come_about_is_no_success() {
        for row in Fact::ALL.iter().map(|fact| fact.row()) {
            let stopped = ["denied", "quarantined", "dead-lettered"].contains(&row.outcome);
            let failed = row.must.has(Member::Code) || row.outcome == "missing";
            let wanted = if stopped {
                "8"
            } else if failed {
                "4"
            } else {
                "0"
            };
            assert_eq!(
                outcome(row.outcome, row.must.has(Member::Code)),
                wanted,
                "{} {}",
                row.kind,
                row.outcome
            );
        }
    }
}
