//! The hunt for PHI in what leaves the connector.

use super::{kept, stored_text};
use airlock::api::{Session, store_evidence};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is looked for: folded texts, and where they came from.
#[derive(Clone, Debug, Default)]
pub struct Quarry {
    terms: BTreeSet<String>,
}

impl Quarry {
    /// What identifies the persons of a document: names, birth and death dates, addresses below state, telecoms,
    /// identifiers and ids of every Patient in it.
    pub fn patients_of(document: &Value) -> Self {
        let mut quarry = Self::default();
        quarry.add_patients_of(document);
        quarry
    }

    /// Adds the patients of one more document.
    pub fn add_patients_of(&mut self, document: &Value) {
        match document {
            Value::Object(members) => {
                if members.get("resourceType").and_then(Value::as_str) == Some("Patient") {
                    self.add_patient(document);
                }
                members.values().for_each(|value| self.add_patients_of(value));
            }
            Value::Array(items) => items.iter().for_each(|value| self.add_patients_of(value)),
            _ => {}
        }
    }

    fn add_patient(&mut self, patient: &Value) {
        self.add(&patient["id"]);
        self.add(&patient["birthDate"]);
        self.add(&patient["deceasedDateTime"]);
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for name in list(&patient["name"]) {
            for key in ["family", "text"] {
                self.add(&name[key]);
            }
            for key in ["given", "prefix", "suffix"] {
                list(&name[key]).iter().for_each(|part| self.add(part));
            }
        }
        for telecom in list(&patient["telecom"]) {
            self.add(&telecom["value"]);
        }
        for identifier in list(&patient["identifier"]) {
            self.add(&identifier["value"]);
        }
        for contact in list(&patient["contact"]) {
            self.add(&contact["name"]["family"]);
            list(&contact["name"]["given"]).iter().for_each(|part| self.add(part));
        }
        let places = patient["extension"].as_array().into_iter().flatten();
        let addresses = places.map(|extension| &extension["valueAddress"]).cloned();
        for address in list(&patient["address"]).into_iter().chain(addresses) {
            for key in ["city", "district", "postalCode", "text"] {
                self.add(&address[key]);
            }
            list(&address["line"]).iter().for_each(|line| self.add(line));
        }
        // Synthea's own.
        for extension in patient["extension"].as_array().into_iter().flatten() {
            if extension["url"].as_str().is_some_and(|url| url.ends_with("mothersMaidenName")) {
                self.add(&extension["valueString"]);
            }
        }
    }

    fn add(&mut self, value: &Value) {
        if let Some(text) = value.as_str() {
            self.add_text(text);
        }
    }

    /// Adds a text: as it is, and with its digits and letters only.
    pub fn add_text(&mut self, text: &str) {
        for term in [text.trim().to_lowercase(), fold(text)] {
            let digits = term.chars().filter(char::is_ascii_digit).count();
            if term.chars().count() >= 4 || (digits >= 3 && digits == term.len()) {
                self.terms.insert(term);
            }
        }
    }

    /// Number of texts looked for.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// What is found in a text. Terms of eight characters and more are looked for anywhere, also with spaces and
    /// punctuation taken out; shorter ones as words, and not inside hashes, which hold any five digits sooner or
    /// later.
    pub fn found_in(&self, text: &str) -> Vec<String> {
        let lower = text.to_lowercase();
        let folded = fold(text);
        let words: BTreeSet<&str> =
            lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !is_hash(word)).collect();
        let found = self.terms.iter().filter(|term| {
            if term.chars().count() >= 8 {
                lower.contains(term.as_str()) || folded.contains(term.as_str())
            } else if term.chars().all(char::is_alphanumeric) {
                words.contains(term.as_str())
            } else {
                lower.contains(term.as_str())
            }
        });
        found.cloned().collect()
    }

    /// Nothing of it may be in a text.
    pub fn assert_absent(&self, what: &str, text: &str) {
        let found = self.found_in(text);
        assert!(found.is_empty(), "{what} holds PHI: {found:?}");
    }
}

fn fold(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_hash(word: &str) -> bool {
    word.len() >= 16 && word.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Every text that a session gives out: its CRM records, its timeline, what it stores, its evidence.
pub fn outputs(session: &mut Session) -> Vec<(&'static str, String)> {
    let mut outputs = vec![
        ("the CRM demo zone", serde_json::to_string(session.crm()).expect("plain data")),
        ("the timeline", serde_json::to_string(&session.timeline()).expect("plain data")),
        ("the log", session.timeline().iter().map(|e| format!("{}\n", e.raw)).collect()),
        ("the evidence", store_evidence(session.store())),
    ];
    outputs.push(("what is stored", stored_text(&kept(session))));
    outputs
}
