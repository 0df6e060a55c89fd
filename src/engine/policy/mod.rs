//! Mapping policies: one integration path each, data and not code.

mod aggregate;
pub mod cell;
pub mod edit;
mod keys;
pub mod lint;
mod read;
mod row;

pub use aggregate::Aggregate;
pub use keys::POLICY;
pub(in crate::engine) use read::text_hash;
pub use row::{Column, Row};

use super::adapt::{Adapter, CrmAdapter};
use super::canonical::{Cardinality, Catalogue, DisclosureClass, FieldEntry};
use super::document::{Diagnostic, Severity};
use super::fhir::ResourceType;
use super::label::{LabelTable, Lookup};
use super::normalise::Normalise;
use super::redact::Method;
use std::fmt;
use std::sync::Arc;

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

/// A field of a CRM object, spelled `Object.field`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The object, e.g. `Activity`.
    pub object: String,
    /// Its field, e.g. `status`.
    pub field: String,
}

impl Target {
    /// Reads `Object.field`; none where it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let (object, field) = text.split_once('.')?;
        (is_word(object) && is_word(field))
            .then(|| Self { object: object.to_owned(), field: field.to_owned() })
    }
}

/// Whether a text can name a CRM object or a field of one.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.object, self.field)
    }
}

/// What a rule says of one canonical field. A rule that names a whole entity says it of each of the entity's fields
/// that have no rule of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Id, unique in its policy among the rules as written.
    pub id: String,
    /// The canonical field.
    pub field: Arc<FieldEntry>,
    /// Whether the rule names the field's whole entity.
    pub whole_entity: bool,
    /// The label.
    pub label: Label,
    /// The class in force: the catalogue's, or a higher one.
    pub class: DisclosureClass,
    /// How it crosses.
    pub method: Method,
    /// The CRM field that it feeds; none for prohibited fields.
    pub target: Option<Target>,
    /// How many values cross, and whether one must: the catalogue's, or narrower.
    pub cardinality: Cardinality,
    /// The form that values are brought into before the method.
    pub normalise: Option<Normalise>,
    /// The values that may leave; empty where the method bounds them.
    pub values: Vec<String>,
    /// The code systems of which a code must be that crosses as it is, where elements say of which it is.
    pub systems: Vec<String>,
    /// Where labels come from; only for the method `label`.
    pub lookup: Option<Lookup>,
    /// Who answers for the rule.
    pub owner: Option<String>,
    /// How it is checked that the rule does what it should.
    pub check: Option<String>,
    /// How the rule is taken back.
    pub rollback: Option<String>,
    /// What else there is to say.
    pub note: Option<String>,
    /// Which of the rules as written it comes from.
    pub row: usize,
    /// Where the rule stands in the policy's text, as a byte offset.
    pub offset: u32,
}

impl Rule {
    /// Whether each value that leaves by this rule is from a closed vocabulary, whatever a sender wrote: a label of our
    /// own table, a value that the rule lists, a token, or a generalised number or date. No text of the event can be
    /// inside such a value.
    pub fn is_closed_vocabulary(&self) -> bool {
        self.method.has_fixed_form() || !self.values.is_empty()
    }
}

/// An entry of the changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The version that it brought.
    pub version: String,
    /// When, as a date.
    pub date: String,
    /// What changed, in a sentence.
    pub note: String,
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
    /// Id of the adapter that writes the target's objects.
    pub target_adapter: String,
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
    /// Whether it says that the patient's consent is needed. The connector asks for it in any case.
    pub consent_required: bool,
    /// By which channels the recipient may use what it gets.
    pub channels: Vec<String>,
    /// How long the recipient keeps it, an ISO 8601 duration.
    pub retention: Option<String>,
    /// Where the evidence is kept.
    pub audit_location: Option<String>,
    /// The receiving organisation, as a reference.
    pub recipient: String,
    /// Its role.
    pub role: String,
    /// What it counts, where nothing but counts may leave.
    pub aggregate: Option<Aggregate>,
    /// Tables of labels of its own.
    pub tables: Vec<LabelTable>,
    /// What the rules say, field by field, in the order of the text.
    pub rules: Vec<Rule>,
    /// What changed with each version, oldest first.
    pub changelog: Vec<Change>,
    /// First 16 hex digits of the SHA-256 of the text.
    pub hash: String,
}

/// What a policy is looked at beside.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Adapters of sources. Without any, what the policy reads is not looked at.
    pub adapters: &'a [Adapter],
    /// Adapters of CRMs. Without any, what the policy writes is not looked at.
    pub crms: &'a [CrmAdapter],
}

/// A policy text as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The policy; none where the text is not a JSON object.
    pub policy: Option<Policy>,
    /// The rules as written, those that can't be read included.
    pub rows: Vec<Row>,
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
    pub fn read(text: &str, catalogue: &Catalogue) -> Reading {
        read::read(text, catalogue, Beside::default())
    }

    /// Reads a policy text and looks at it beside its adapter and the CRM's, where these are there.
    pub fn read_beside(text: &str, catalogue: &Catalogue, beside: Beside<'_>) -> Reading {
        read::read(text, catalogue, beside)
    }

    /// The CRM objects that it writes, in the order in which the rules first name them.
    pub fn objects(&self) -> Vec<&str> {
        let mut objects: Vec<&str> = Vec::new();
        for target in self.rules.iter().filter_map(|rule| rule.target.as_ref()) {
            if !objects.contains(&target.object.as_str()) {
                objects.push(&target.object);
            }
        }
        objects
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
