//! Who takes part in an event, and in what: agents and entities.

use super::table::{self, Coding, Pattern};
use super::{BASE, Event};
use crate::api::export::json::quoted;

/// Stands where FHIR wants a text and the record has none.
const UNKNOWN: &str = "\"?\"";

impl Event<'_, '_> {
    pub(super) fn agents(&mut self) {
        self.json.open("agent", '[');
        match self.mapping.pattern {
            Pattern::ConsentDecision => {
                self.system_agent(table::APPLICATION, "destination");
                self.operator(table::RECIPIENT_USER);
                self.agent(table::USER_ORGANIZATION);
                self.who("Organization", "system", "source");
                self.not_requestor();
                self.agent(table::AUTHORIZER);
                self.connector("who");
                self.not_requestor();
            }
            Pattern::Received => {
                self.system_agent(table::SOURCE_ROLE, "source");
                self.connector_agent(table::DESTINATION_ROLE);
                self.operator(table::OPERATOR);
            }
            Pattern::Disclosed => {
                self.connector_agent(table::SOURCE_ROLE);
                self.system_agent(table::DESTINATION_ROLE, "destination");
                self.operator(table::OPERATOR);
            }
            Pattern::PatientRecord | Pattern::Plain => {
                self.connector_agent(table::APPLICATION);
                self.operator(table::OPERATOR);
            }
        }
        self.json.close(']');
    }

    /// Opens an agent.
    fn agent(&mut self, kind: Coding) {
        self.json.item();
        self.json.open("type", '{');
        self.json.open("coding", '[');
        self.json.item();
        self.coding(kind);
        self.json.close('}');
        self.json.close(']');
        self.json.close('}');
    }

    /// Closes an agent that did not ask for what was done.
    fn not_requestor(&mut self) {
        self.json.token("requestor", "false");
        self.json.close('}');
    }

    /// A system that a record names. It is known by its name alone, and that is its address too.
    fn system_agent(&mut self, kind: Coding, member: &str) {
        self.agent(kind);
        self.who("Device", "system", member);
        let name = self.token(member).unwrap_or(UNKNOWN);
        self.network(name, "1");
        self.not_requestor();
    }

    /// The connector, by the log that it writes.
    fn connector_agent(&mut self, kind: Coding) {
        self.agent(kind);
        self.connector("who");
        let origin = quoted(self.origin);
        self.network(&origin, "5");
        self.not_requestor();
    }

    /// 1: a machine's name; 5: a URI.
    fn network(&mut self, address: &str, kind: &str) {
        self.json.open("network", '{');
        self.json.token("address", address);
        self.json.text("type", kind);
        self.json.close('}');
    }

    /// Who operated the connector, in which role and, for a decision, for which purpose.
    fn operator(&mut self, kind: Coding) {
        self.agent(kind);
        if let Some(role) = self.token("role") {
            self.json.open("role", '[');
            self.json.item();
            self.json.token("text", role);
            self.json.close('}');
            self.json.close(']');
        }
        self.who("Practitioner", "actor", "actor");
        self.json.token("requestor", "true");
        if self.is_decision() {
            self.purpose("purposeOfUse");
        }
        self.json.close('}');
    }

    fn who(&mut self, kind: &str, system: &str, member: &str) {
        let token = self.token(member).unwrap_or(UNKNOWN);
        self.reference("who", kind, system, token, None);
    }

    pub(super) fn connector(&mut self, name: &str) {
        let origin = quoted(self.origin);
        self.reference(name, "Device", "log", &origin, Some("Airlock connector"));
    }

    /// A logical reference: a type, and an identifier in one of our systems.
    fn reference(&mut self, name: &str, kind: &str, system: &str, token: &str, display: Option<&str>) {
        self.json.open(name, '{');
        self.json.text("type", kind);
        self.json.open("identifier", '{');
        self.json.text("system", &format!("{BASE}/sid/{system}"));
        self.json.token("value", token);
        self.json.close('}');
        if let Some(display) = display {
            self.json.text("display", display);
        }
        self.json.close('}');
    }

    /// The patient, the consent, and the data that it is about.
    pub(super) fn entities(&mut self) {
        let of_a_patient = self.mapping.pattern != Pattern::Plain;
        let data = match self.token("fingerprint").filter(|_| self.mapping.pattern != Pattern::Received) {
            Some(fingerprint) => Some((fingerprint, "record-fingerprint", table::REPORT)),
            None => self.token("event").map(|event| (event, "event", table::DOMAIN_RESOURCE)),
        };
        // A disclosure is of something, and what was done with fields was done with those of something.
        let needed = self.mapping.pattern != Pattern::Plain || !self.record.read.fields.is_empty();
        let data = data.or(needed.then_some((UNKNOWN, "event", table::DOMAIN_RESOURCE)));
        let data = data.filter(|_| self.has_data());
        if !of_a_patient && data.is_none() {
            return;
        }
        self.json.open("entity", '[');
        if of_a_patient {
            let subject = self.token("correlation").unwrap_or(UNKNOWN);
            self.json.item();
            self.reference("what", "Patient", "patient-of-delivery", subject, None);
            self.typed(table::PERSON, Some(table::PATIENT));
            self.json.close('}');
        }
        if let Some(consent) = self.token("consent").filter(|_| self.is_decision()) {
            self.json.item();
            self.reference("what", "Consent", "consent", consent, None);
            self.typed(table::CONSENT, None);
            self.json.close('}');
        }
        if let Some((token, system, role)) = data {
            self.json.item();
            self.json.open("what", '{');
            self.json.open("identifier", '{');
            self.json.text("system", &format!("{BASE}/sid/{system}"));
            self.json.token("value", token);
            self.json.close('}');
            self.json.close('}');
            self.typed(table::SYSTEM_OBJECT, Some(role));
            self.details();
            self.json.close('}');
        }
        self.json.close(']');
    }

    fn typed(&mut self, kind: Coding, role: Option<Coding>) {
        for (name, coding) in [("type", Some(kind)), ("role", role)] {
            if let Some(coding) = coding {
                self.json.open(name, '{');
                self.coding(coding);
                self.json.close('}');
            }
        }
    }

    /// What was done with each field: rule, and field, method and result.
    fn details(&mut self) {
        if self.record.read.fields.is_empty() {
            return;
        }
        self.json.open("detail", '[');
        for field in &self.record.read.fields {
            self.json.item();
            self.json.text("type", "field");
            self.json.text("valueString", field);
            self.json.close('}');
        }
        self.json.close(']');
    }
}
