//! Policies as text: diagnostics.

use super::{DocumentKind, Position, document_kind};
use crate::engine::adapt::{Adapter, CrmAdapter};
use crate::engine::canonical::{Cardinality, Catalogue, DisclosureClass};
use crate::engine::consent::Directory;
use crate::engine::label::Unlisted;
use crate::engine::normalise::Normalise;
use crate::engine::policy::{Beside, Column, Label, Policy, Row, lint};
use crate::engine::redact::Method;
use crate::engine::{Finding, document};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The policy can't be used.
    Error,
    /// It can be used; look at this.
    Warning,
}

/// Something to say about a policy or adapter text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable code, e.g. `policy.unknown-key`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it starts.
    #[serde(flatten)]
    pub start: Position,
    /// Where it ends (exclusive), as a byte offset.
    pub end: u32,
    /// One sentence.
    pub message: String,
    /// How to mend it.
    pub help: String,
    /// A change of the text that mends it, where one click can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<QuickFix>,
}

/// A change of a text that mends a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickFix {
    /// What it does, as a command.
    pub title: String,
    /// Replacements, in text order and apart from each other.
    pub edits: Vec<TextEdit>,
}

/// A replacement of a byte range of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextEdit {
    /// Where the range starts.
    pub start: u32,
    /// Where it ends, exclusive.
    pub end: u32,
    /// What takes its place.
    pub text: String,
}

/// One rule as written, for the mapping sheet: whether or not it can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleView {
    /// Byte range of the rule's object in the text.
    pub span: (u32, u32),
    /// What stands in each column of [`columns`]; several values are joined by `; `.
    pub cells: Vec<String>,
    /// Disclosure class in force: the catalogue's, or a higher one that the rule gives. None where the rule can't be
    /// read or names a whole entity.
    pub class_in_force: Option<String>,
}

/// A column of the mapping sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnView {
    /// The key of a rule in the document, e.g. `label`.
    pub key: String,
    /// The values that it may have, or that are proposed; empty where anything goes.
    pub choices: Vec<String>,
}

/// What a policy says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySummary {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    /// Title.
    pub title: String,
    /// The source system it is about.
    pub source: String,
    /// Id of the adapter that it wants.
    pub adapter: String,
    /// Purpose of use code.
    pub purpose: String,
    /// Receiving organisation.
    pub recipient: String,
    /// Its role.
    pub role: String,
    /// How many rules could be read, field by field.
    pub rules: usize,
}

/// A policy text, read as far as it can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyReport {
    /// The policy as far as it could be read; none when the text is not JSON.
    pub policy: Option<PolicySummary>,
    /// The rules as written, in order.
    pub rows: Vec<RuleView>,
    /// All there is to say, in text order.
    pub diagnostics: Vec<Diagnostic>,
}

impl PolicyReport {
    /// Whether the policy can be used: no diagnostic is an error.
    pub fn usable(&self) -> bool {
        self.policy.is_some() && self.diagnostics.iter().all(|d| d.severity != Severity::Error)
    }
}

/// The adapters that are shipped.
pub(super) fn shipped_adapters() -> &'static [Adapter] {
    static SHIPPED: LazyLock<Vec<Adapter>> =
        LazyLock::new(|| shipped(DocumentKind::Adapter, |text| Adapter::read(text, Catalogue::shipped()).0));
    &SHIPPED
}

/// The adapters of CRMs that are shipped.
pub(super) fn shipped_crms() -> &'static [CrmAdapter] {
    static SHIPPED: LazyLock<Vec<CrmAdapter>> = LazyLock::new(|| {
        shipped(DocumentKind::CrmAdapter, |text| CrmAdapter::read(text, Catalogue::shipped()).0)
    });
    &SHIPPED
}

/// The shipped adapters of a kind.
fn shipped<T>(kind: DocumentKind, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
    let texts = super::scenario::fixtures("adapters").filter(|text| document_kind(text) == Some(kind));
    texts.filter_map(read).collect()
}

/// Reads a policy text, and looks at it beside the shipped adapters that it names. Total: any text gives a report.
pub fn check_policy(text: &str) -> PolicyReport {
    check_beside(text, shipped_adapters())
}

/// The same, beside an adapter of the source that may be another than those that are shipped.
pub fn check_policy_with(text: &str, adapter: &str) -> PolicyReport {
    let own = Adapter::read(adapter, Catalogue::shipped()).0;
    let adapters: Vec<Adapter> = own.into_iter().chain(shipped_adapters().iter().cloned()).collect();
    check_beside(text, &adapters)
}

fn check_beside(text: &str, adapters: &[Adapter]) -> PolicyReport {
    let beside = Beside { adapters, crms: shipped_crms() };
    let reading = Policy::read_beside(text, Catalogue::shipped(), beside);
    let rules = reading.policy.iter().flat_map(|policy| &policy.rules).filter(|rule| !rule.whole_entity);
    let classes: BTreeMap<usize, &str> = rules.map(|rule| (rule.row, rule.class.as_str())).collect();
    let row = |(place, row): (usize, &Row)| {
        let class = classes.get(&place).map(|class| (*class).to_owned());
        RuleView { span: row.span, cells: row.cells.clone(), class_in_force: class }
    };
    PolicyReport {
        policy: reading.policy.as_ref().map(PolicySummary::from),
        rows: reading.rows.iter().enumerate().map(row).collect(),
        diagnostics: reading.findings.iter().map(Diagnostic::from).collect(),
    }
}

/// Checks a policy text as what follows an earlier one of its id: whether its version has moved, and its changelog only
/// grown. Nothing where either can't be read, or the ids differ.
pub fn check_against(text: &str, old: &str) -> Vec<Diagnostic> {
    let read = |text: &str| Policy::read(text, Catalogue::shipped()).policy;
    let (Some(policy), Some(old)) = (read(text), read(old)) else { return Vec::new() };
    lint::against(text, &policy, &old).iter().map(Diagnostic::from).collect()
}

/// How many columns the mapping sheet has.
pub const COLUMNS: usize = Column::ALL.len();

/// The columns of the mapping sheet, in order.
pub fn columns() -> Vec<ColumnView> {
    let choices = |column: Column| -> Vec<String> {
        let words: Vec<&str> = match column {
            Column::Field => Catalogue::shipped().fields().iter().map(|field| field.name.as_str()).collect(),
            Column::Label => Label::ALL.map(Label::as_str).to_vec(),
            Column::Class => DisclosureClass::ALL.map(DisclosureClass::as_str).to_vec(),
            Column::Method => Method::NAMES.to_vec(),
            Column::Target => return shipped_crms().iter().flat_map(CrmAdapter::targets).collect(),
            Column::Cardinality => Cardinality::ALL.map(Cardinality::as_str).to_vec(),
            Column::Normalise => Normalise::ALL.map(Normalise::as_str).to_vec(),
            Column::Unlisted => Unlisted::ALL.map(Unlisted::as_str).to_vec(),
            _ => Vec::new(),
        };
        words.into_iter().map(str::to_owned).collect()
    };
    Column::ALL.map(|column| ColumnView { key: column.key().to_owned(), choices: choices(column) }).to_vec()
}

/// Reads a consents text (a Consent, a Bundle or an array of them) and says what stands against using it.
pub fn check_consents(text: &str) -> Vec<Diagnostic> {
    let findings = Directory::read(text).err().unwrap_or_default();
    findings.iter().map(Diagnostic::from).collect()
}

impl From<&Policy> for PolicySummary {
    fn from(policy: &Policy) -> Self {
        Self {
            id: policy.id.clone(),
            version: policy.version.clone(),
            title: policy.title.clone(),
            source: policy.source.clone(),
            adapter: policy.adapter.clone(),
            purpose: policy.purpose.clone(),
            recipient: policy.recipient.clone(),
            role: policy.role.clone(),
            rules: policy.rules.len(),
        }
    }
}

impl From<document::Severity> for Severity {
    fn from(severity: document::Severity) -> Self {
        match severity {
            document::Severity::Error => Self::Error,
            document::Severity::Warning => Self::Warning,
        }
    }
}

impl From<&document::Diagnostic> for Diagnostic {
    fn from(finding: &document::Diagnostic) -> Self {
        Self {
            code: finding.code.clone(),
            severity: finding.severity.into(),
            start: finding.place.into(),
            end: finding.end,
            message: finding.message.clone(),
            help: finding.help.clone(),
            fix: finding.fix.as_ref().map(QuickFix::from),
        }
    }
}

impl From<&document::Fix> for QuickFix {
    fn from(fix: &document::Fix) -> Self {
        Self { title: fix.title.clone(), edits: fix.edits.iter().cloned().map(TextEdit::from).collect() }
    }
}

impl From<document::Edit> for TextEdit {
    fn from(document::Edit { start, end, text }: document::Edit) -> Self {
        Self { start, end, text }
    }
}

impl From<Finding> for Diagnostic {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::In(diagnostic) => Self::from(&diagnostic),
            Finding::About(code, message) => Self {
                code: code.to_owned(),
                severity: Severity::Error,
                start: Position { line: 1, column: 1, offset: 0 },
                end: 0,
                message: message.to_owned(),
                help: "Make policy, adapter, source and secrets fit together.".to_owned(),
                fix: None,
            },
        }
    }
}
