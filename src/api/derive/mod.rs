//! Documents derived from a policy: always from its text as it stands, never stored.

mod drift;
mod matrices;
mod sheets;
mod table;

pub use drift::Usage;
pub use table::{Table, TableFormat};

use super::Diagnostic;
use super::policy::shipped_crms;
use crate::engine::Finding;
use crate::engine::adapt::Adapter;
use crate::engine::adapt::drift::ElementPath;
use crate::engine::canonical::Catalogue;
use crate::engine::document::Severity;
use crate::engine::label::Labels;
use crate::engine::policy::{Aggregate, Beside, Policy, Rule};
use std::collections::BTreeMap;

/// A document that follows from a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivedDocument {
    /// Every rule, field by field, with where its values come from.
    MappingSheet,
    /// Exactly which CRM fields can leave, and in which form.
    PayloadContract,
    /// For each destination: what goes there, what for, and how it is cut down.
    MinimumNecessary,
    /// For each element: purpose, legal basis, destination, retention, who has access, what is logged.
    ControlMatrix,
    /// Who answers for which rules.
    ResponsibilityChart,
    /// Where the policy and what comes in have moved apart.
    DriftReview,
}

impl DerivedDocument {
    /// All documents.
    pub const ALL: [Self; 6] = [
        Self::MappingSheet,
        Self::PayloadContract,
        Self::MinimumNecessary,
        Self::ControlMatrix,
        Self::ResponsibilityChart,
        Self::DriftReview,
    ];

    /// As the command line and the page's address spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MappingSheet => "mapping",
            Self::PayloadContract => "contract",
            Self::MinimumNecessary => "minimum-necessary",
            Self::ControlMatrix => "control",
            Self::ResponsibilityChart => "responsibility",
            Self::DriftReview => "drift",
        }
    }

    /// The document of this spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|document| document.as_str() == text)
    }

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::MappingSheet => "Mapping sheet",
            Self::PayloadContract => "Payload contract",
            Self::MinimumNecessary => "Minimum-necessary matrix",
            Self::ControlMatrix => "Control matrix",
            Self::ResponsibilityChart => "Responsibility chart",
            Self::DriftReview => "Drift review",
        }
    }

    /// What it answers, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::MappingSheet => "Every rule, field by field, with the elements that its values come from.",
            Self::PayloadContract => "Exactly the CRM fields that can leave, each with its type and form.",
            Self::MinimumNecessary => "What each destination gets, what for, and how it is cut down.",
            Self::ControlMatrix => {
                "Each element: where it goes, on what basis, who has access, what is logged."
            }
            Self::ResponsibilityChart => {
                "Who gives, who answers, who is asked and who is told, rule by rule."
            }
            Self::DriftReview => "Rules that no event has used, and what comes in that no rule names.",
        }
    }
}

/// Another adapter knows nothing of what the policy is about.
const ADAPTER_MISMATCH: &str = "The policy wants another adapter than the one given.";
/// Where the policy does not say.
const NOT_SAID: &str = "not said";
/// Where there is nothing to say.
const NONE: &str = "none";

/// Derives a document from a policy and the adapter that reads its source. `usage` is what events have used of it; the
/// drift review alone looks at it, and says less without.
///
/// # Errors
/// Everything that stands against using the policy or the adapter: nothing is derived from a draft that would not do
/// what the document says.
pub fn derive(
    document: DerivedDocument,
    policy: &str,
    adapter: &str,
    usage: Option<&Usage>,
) -> Result<Table, Vec<Diagnostic>> {
    let catalogue = Catalogue::shipped();
    let (adapter, findings) = Adapter::read(adapter, catalogue);
    let beside = Beside { adapters: adapter.as_slice(), crms: shipped_crms() };
    let reading = Policy::read_beside(policy, catalogue, beside);
    let errors = reading.findings.iter().chain(&findings).filter(|f| f.severity == Severity::Error);
    let errors: Vec<Diagnostic> = errors.map(Diagnostic::from).collect();
    let (Some(policy), Some(adapter), true) = (reading.policy, adapter, errors.is_empty()) else {
        return Err(errors);
    };
    if policy.adapter != adapter.id {
        return Err(vec![Finding::About("setting.adapter-mismatch", ADAPTER_MISMATCH).into()]);
    }
    let from = Basis { policy: &policy, adapter: &adapter, sources: sources(&policy, &adapter) };
    Ok(match document {
        DerivedDocument::MappingSheet => sheets::mapping(&from),
        DerivedDocument::PayloadContract => sheets::contract(&from),
        DerivedDocument::MinimumNecessary => matrices::minimum_necessary(&from),
        DerivedDocument::ControlMatrix => matrices::control(&from),
        DerivedDocument::ResponsibilityChart => matrices::responsibility(&from),
        DerivedDocument::DriftReview => drift::review(&from, usage),
    })
}

/// The elements that fill each canonical field in some event of the policy, by the field's name, in the adapter's order.
type Sources = BTreeMap<String, Vec<String>>;

fn sources(policy: &Policy, adapter: &Adapter) -> Sources {
    let mut sources = Sources::new();
    for event in adapter.events.iter().filter(|event| policy.event_types.contains(&event.event_type)) {
        for field in &event.fields {
            let paths = sources.entry(field.name.clone()).or_default();
            let read: Vec<String> = event.reads.sources(field).map(ElementPath::spell).collect();
            // What fills a field without a selector of its own is the subject: its reference, or its display.
            let read = if read.is_empty() { vec!["the event's subject".to_owned()] } else { read };
            for path in read {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
    }
    sources
}

/// What all documents are derived from.
struct Basis<'a> {
    policy: &'a Policy,
    adapter: &'a Adapter,
    sources: Sources,
}

impl Basis<'_> {
    /// An empty table of a document.
    fn table(&self, document: DerivedDocument, columns: &[&str]) -> Table {
        Table::new(format!("{}: {}", document.title(), self.policy.reference()), columns)
    }

    /// The CRM objects that are written, in the order in which the rules first name them.
    fn objects(&self) -> Vec<&str> {
        let mut objects = self.policy.objects();
        let counted = self.policy.aggregate.as_ref().map(|aggregate| aggregate.count.object.as_str());
        objects.extend(counted.filter(|object| !self.policy.objects().contains(object)));
        objects
    }

    /// What is counted into a field of an object, where the policy lets nothing but counts leave.
    fn count(&self, object: &str) -> Option<&Aggregate> {
        self.policy.aggregate.as_ref().filter(|aggregate| aggregate.count.object == object)
    }

    /// The elements that a rule's field is read from.
    fn elements(&self, rule: &Rule) -> String {
        match self.sources.get(&rule.field.name) {
            Some(paths) => paths.join("; "),
            None => "not read by the adapter".to_owned(),
        }
    }

    /// The values that may leave by a rule: those that it lists, or the labels of its table.
    fn values(&self, rule: &Rule) -> String {
        match Labels::of_rule(rule, self.policy, Some(self.adapter)) {
            Some(labels) => labels.values().join("; "),
            None => rule.values.join("; "),
        }
    }

    /// Who gets what crosses, and may see it.
    fn recipient(&self) -> String {
        format!("{} ({})", self.policy.recipient, self.policy.role)
    }
}

fn said(text: Option<&str>) -> String {
    text.unwrap_or(NOT_SAID).to_owned()
}
