//! Mapping policies: one integration path each, data and not code.

mod diagnostic;
mod read;

pub use diagnostic::{Diagnostic, Document, Severity, closest, not_json};

use super::canonical::{DisclosureClass, FieldEntry};
use super::fhir::ResourceType;
use super::redact::Method;

/// What a rule lets happen to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Crosses as it is.
    Allowed,
    /// Crosses through a method.
    Transformed,
    /// The CRM field is there and says that it was withheld.
    Redacted,
    /// Does not cross, and neither does the fact that it was there.
    Prohibited,
}

impl Label {
    /// All labels, loosest first.
    pub const ALL: [Self; 4] = [Self::Allowed, Self::Transformed, Self::Redacted, Self::Prohibited];

    /// The label as documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Transformed => "transformed",
            Self::Redacted => "redacted",
            Self::Prohibited => "prohibited",
        }
    }

    /// Whether something of the field may cross.
    pub fn crosses(self) -> bool {
        matches!(self, Self::Allowed | Self::Transformed)
    }
}

/// One rule: a canonical field and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Id, unique in its policy.
    pub id: String,
    /// The canonical field.
    pub field: &'static FieldEntry,
    /// The label.
    pub label: Label,
    /// The class in force: the catalogue's, or a higher one.
    pub class: DisclosureClass,
    /// How it crosses.
    pub method: Method,
    /// The field of the CRM object that it feeds; none for prohibited fields.
    pub target: Option<String>,
    /// The values that may leave; empty for no restriction.
    pub values: Vec<String>,
    /// Where the rule stands in the policy's text, as a byte offset.
    pub offset: u32,
}

/// A mapping policy that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    /// Title.
    pub title: String,
    /// The source system it is about.
    pub source: String,
    /// The target system.
    pub target: String,
    /// The CRM object that records are written as.
    pub object: String,
    /// Event types it covers.
    pub event_types: Vec<String>,
    /// Resource types that an event may bring along; empty where it may bring any.
    pub resource_types: Vec<ResourceType>,
    /// Where the person may live, e.g. `US-MA`; empty where that does not matter.
    pub jurisdictions: Vec<String>,
    /// Id of the adapter that reads the source.
    pub adapter: String,
    /// Purpose of use (HL7 v3 PurposeOfUse).
    pub purpose: String,
    /// Legal basis.
    pub legal_basis: String,
    /// The receiving organisation, as a reference.
    pub recipient: String,
    /// Its role.
    pub role: String,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// First 16 hex digits of the SHA-256 of the text.
    pub hash: String,
}

/// A policy text as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The policy; none where the text is not a JSON object.
    pub policy: Option<Policy>,
    /// All there is to say, in text order.
    pub findings: Vec<Diagnostic>,
}

impl Reading {
    /// Whether nothing stands against using it.
    pub fn usable(&self) -> bool {
        self.policy.is_some() && self.findings.iter().all(|f| f.severity != Severity::Error)
    }
}

impl Policy {
    /// Reads a policy text. Total: any text gives a reading.
    pub fn read(text: &str) -> Reading {
        read::read(text)
    }

    /// Whether an event may bring a resource of this type along, read or not; none is a type that FHIR does not have.
    pub fn lets_in(&self, kind: Option<ResourceType>) -> bool {
        self.resource_types.is_empty() || kind.is_some_and(|kind| self.resource_types.contains(&kind))
    }

    /// `id@version`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}
