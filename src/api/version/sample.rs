//! A policy that the tests of this module share. It is theirs alone, so that no shipped policy's next version breaks them.

/// Version 1.0.0 of a small policy.
pub fn policy() -> String {
    r#"{
  "schemaVersion": 2,
  "id": "referral-sample",
  "version": "1.0.0",
  "title": "Referral intake to care coordination",
  "source": "HOSP-SANDBOX-A",
  "target": { "system": "CRM-DEMO", "adapter": "crm-demo" },
  "eventTypes": ["referral.created"],
  "adapter": "fhir-r4",
  "purpose": "CAREMGT",
  "legalBasis": "patient consent (demonstration)",
  "consent": "required",
  "recipient": { "organization": "Organization/CRM-DEMO", "role": "care-coordinator" },
  "channels": ["crm-activity"],
  "jurisdictions": ["US-MA"],
  "retention": "P180D",
  "auditLocation": "browser local storage",
  "rules": [
    { "id": "R02", "field": "CareEvent.kind", "label": "allowed", "target": "Activity.type", "values": ["ServiceRequest"] },
    {
      "id": "R05", "field": "CareEvent.priority", "label": "allowed", "target": "Activity.priority",
      "values": ["routine", "urgent", "asap", "stat"]
    },
    {
      "id": "R11", "field": "Person.postalCode", "label": "transformed", "method": "generalize:zip3",
      "target": "PatientAttribute.region", "owner": "privacy office", "check": "Three digits.",
      "rollback": "Publish the version before."
    },
    {
      "id": "R12", "field": "Organization.sourceId", "label": "transformed", "method": "label",
      "target": "Activity.clinic", "table": "clinics", "unlisted": "withhold"
    },
    { "id": "R20", "field": "Person.city", "label": "prohibited" },
    { "id": "R26", "field": "CareEvent.note", "label": "prohibited" }
  ],
  "changelog": [{ "version": "1.0.0", "date": "2026-01-10", "note": "First version." }]
}
"#
    .to_owned()
}
