//! FHIR R4 AuditEvents, a line each: IHE BALP's patterns for consent decisions and disclosures, and FHIR's own for
//! the rest.
//!
//! Nothing here is a FHIR server, so references are logical: an identifier in a system of ours. The patient is one too,
//! and never by an identifier of theirs: it is "the patient of this delivery". Each event carries the log's origin, the
//! record's place and its leaf hash, so that it can be tied back to evidence, and with them the record's other members.

mod parties;
mod table;

use super::Record;
use super::json::{Writer, quoted};
use crate::engine::audit::{AuditRecord, hex};
use crate::engine::refusal::Code;
use crate::engine::time::Instant;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use table::{Coding, Mapping, Pattern};

/// Where what is defined by Airlock has its canonical URL.
const BASE: &str = "https://airlock.example.invalid/fhir";
/// Where IHE BALP's profiles have theirs.
const BALP: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit";
/// Members that stand elsewhere in every event that has them.
const ELSEWHERE: [&str; 3] = ["actor", "role", "time"];
/// A text that says nothing, as JSON.
const EMPTY: &str = "\"\"";

/// Writes records as AuditEvents.
#[derive(Clone, Debug)]
pub(super) struct AuditEvents {
    origin: String,
    /// What an id starts with: the first 16 hex digits of the origin's SHA-256.
    prefix: String,
}

impl AuditEvents {
    pub fn new(origin: &str) -> Self {
        let mut prefix = hex(&Sha256::digest(origin.as_bytes()));
        prefix.truncate(16);
        Self { origin: origin.to_owned(), prefix }
    }

    /// Appends the AuditEvent of a record. None, and nothing appended, where it has no time.
    pub fn record(&self, record: &Record<'_>, out: &mut String) -> Option<()> {
        let AuditRecord { stage, action, outcome, counted, seq, time, .. } = &record.read;
        // Read and written again: RFC 3339 admits spellings that FHIR does not.
        let recorded = Instant::parse(time)?.to_rfc3339();
        let mapping = table::mapping(stage, action, outcome, counted.is_some());
        let mut event = Event { json: Writer::start(out), record, mapping, origin: &self.origin };
        event.json.text("resourceType", "AuditEvent");
        event.json.text("id", &format!("{}-{seq}", self.prefix));
        event.meta();
        event.extension();
        event.kind();
        event.json.text("recorded", &recorded);
        event.outcome();
        if mapping.pattern != Pattern::ConsentDecision {
            event.purpose("purposeOfEvent");
        }
        event.agents();
        event.source();
        event.entities();
        event.json.close('}');
        out.push('\n');
        Some(())
    }
}

/// An AuditEvent that is being written.
struct Event<'a, 'b> {
    json: Writer<'a>,
    record: &'b Record<'b>,
    mapping: &'static Mapping,
    origin: &'b str,
}

impl<'b> Event<'_, 'b> {
    /// A member's value as JSON, where it says something.
    fn token(&self, name: &str) -> Option<&'b str> {
        self.record.token(name).filter(|token| *token != EMPTY)
    }

    /// Whether it has an entity for the data that it is about, and in it what was done with each field.
    fn has_data(&self) -> bool {
        !matches!(self.mapping.pattern, Pattern::ConsentDecision | Pattern::PatientRecord)
    }

    fn is_decision(&self) -> bool {
        self.mapping.pattern == Pattern::ConsentDecision
    }

    fn meta(&mut self) {
        self.json.open("meta", '{');
        let ihe = |name: &str| format!("{BALP}.{name}");
        let profile = match self.mapping.pattern {
            // IHE's asks for the consent that decided.
            Pattern::ConsentDecision if self.token("consent").is_none() => {
                Some(format!("{BASE}/StructureDefinition/authz-without-consent"))
            }
            Pattern::ConsentDecision => Some(ihe("AuthZconsent")),
            Pattern::Received => Some(ihe("PrivacyDisclosure.Recipient")),
            Pattern::Disclosed => Some(ihe("PrivacyDisclosure.Source")),
            Pattern::PatientRecord | Pattern::Plain => None,
        };
        if let Some(profile) = profile {
            self.json.open("profile", '[');
            self.json.text_item(&profile);
            self.json.close(']');
        }
        self.json.open("security", '[');
        self.json.item();
        self.json.text("system", table::ACT_REASON);
        self.json.text("code", "HTEST");
        self.json.close('}');
        self.json.close(']');
        self.json.close('}');
    }

    /// What ties the event to the log, and the members that FHIR has no element for.
    fn extension(&mut self) {
        self.json.open("extension", '[');
        self.json.item();
        self.json.text("url", &format!("{BASE}/StructureDefinition/log-record"));
        self.json.open("extension", '[');
        self.part("origin", "valueString", &quoted(self.origin));
        self.part("leafHash", "valueBase64Binary", &quoted(&STANDARD.encode(self.record.leaf())));
        for (name, token) in &self.record.members {
            match token.as_bytes().first() {
                _ if ELSEWHERE.contains(name) => {}
                _ if *name == "fields" && self.has_data() => {}
                Some(b'"') => self.part(name, "valueString", token),
                Some(b'[') => {
                    for item in serde_json::from_str::<Vec<String>>(token).unwrap_or_default() {
                        self.part(name, "valueString", &quoted(&item));
                    }
                }
                _ => self.part(name, "valueString", &quoted(token)),
            }
        }
        self.json.close(']');
        self.json.close('}');
        self.json.close(']');
    }

    /// A part of the extension. FHIR has no empty text: there it is left out.
    fn part(&mut self, name: &str, kind: &str, token: &str) {
        if token != EMPTY {
            self.json.item();
            self.json.text("url", name);
            self.json.token(kind, token);
            self.json.close('}');
        }
    }

    /// Type, subtypes and action. The record's own type is a subtype, but in the pattern of consent decisions, which
    /// admits none but IHE's.
    fn kind(&mut self) {
        self.json.open("type", '{');
        self.coding(self.mapping.kind);
        self.json.close('}');
        let own = format!("{}.{}", self.record.read.stage, self.record.read.action);
        let own = Some(own).filter(|own| is_code(own) && !self.is_decision());
        if own.is_some() || self.mapping.subtype.is_some() {
            self.json.open("subtype", '[');
            if let Some(subtype) = self.mapping.subtype {
                self.json.item();
                self.coding(subtype);
                self.json.close('}');
            }
            if let Some(own) = own {
                self.json.item();
                self.json.text("system", &format!("{BASE}/CodeSystem/event-type"));
                self.json.text("code", &own);
                self.json.close('}');
            }
            self.json.close(']');
        }
        self.json.text("action", self.mapping.action);
    }

    fn outcome(&mut self) {
        let AuditRecord { outcome, code, .. } = &self.record.read;
        self.json.text("outcome", table::outcome(outcome, code.is_some()));
        let Some(code) = code.as_deref().filter(|code| !code.is_empty()) else { return };
        match Code::parse(code) {
            Some(known) => self.json.text("outcomeDesc", &format!("{code}: {}", known.message())),
            None => self.json.text("outcomeDesc", code),
        }
    }

    /// The purpose of use, where it is spelled as a code.
    fn purpose(&mut self, name: &str) {
        let Some(purpose) = self.record.read.purpose.as_deref().filter(|purpose| is_code(purpose)) else {
            return;
        };
        self.json.open(name, '[');
        self.json.item();
        self.json.open("coding", '[');
        self.json.item();
        self.json.text("system", table::ACT_REASON);
        self.json.text("code", purpose);
        self.json.close('}');
        self.json.close(']');
        self.json.close('}');
        self.json.close(']');
    }

    fn source(&mut self) {
        self.json.open("source", '{');
        self.json.text("site", self.origin);
        self.connector("observer");
        self.json.open("type", '[');
        self.json.item();
        self.coding(if self.is_decision() { table::SECURITY_SERVER } else { table::APPLICATION_SERVER });
        self.json.close('}');
        self.json.close(']');
        self.json.close('}');
    }

    fn coding(&mut self, coding: Coding) {
        self.json.text("system", coding.system);
        self.json.text("code", coding.code);
        if let Some(display) = coding.display {
            self.json.text("display", display);
        }
    }
}

/// Whether a text has the form of a FHIR code, and of one that people write.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}
