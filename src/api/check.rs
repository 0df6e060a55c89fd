//! Documents checked together: policies, adapters and the canonical model.

use super::policy::{shipped_adapters, shipped_crms};
use super::{Diagnostic, Severity};
use crate::engine::adapt::{Adapter, CrmAdapter, lint as adapter_lint};
use crate::engine::canonical::Catalogue;
use crate::engine::document;
use crate::engine::fhir::{Json, NodeId};
use crate::engine::policy::{Beside, Policy, lint};
use crate::order;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// A document with the name that it is told by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedText {
    /// File name, or whatever tells it from others.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What a document is, as its keys say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    /// A mapping policy.
    Policy,
    /// An adapter.
    Adapter,
    /// A canonical model.
    Canonical,
    /// An adapter of a CRM's objects.
    CrmAdapter,
}

/// What there is to say about a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedDocument {
    /// Its name.
    pub name: String,
    /// What it is; none where it is nothing that can be checked.
    pub kind: Option<DocumentKind>,
    /// The diagnostics, in text order.
    pub diagnostics: Vec<Diagnostic>,
}

impl CheckedDocument {
    /// Whether nothing stands against using it.
    pub fn usable(&self) -> bool {
        self.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error)
    }
}

/// A lint, for a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LintView {
    /// Code, e.g. `policy.field-twice`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it finds.
    pub about: String,
    /// How to mend it.
    pub help: String,
}

/// Every lint of policies and adapters. Faults of form, such as an unknown key, are not among them.
pub fn lints() -> Vec<LintView> {
    let kinds = [("policy", lint::codes::ALL.as_slice()), ("adapter", adapter_lint::ALL.as_slice())];
    let view = |what: &str, lint: &document::Lint| LintView {
        code: [what, ".", lint.code].concat(),
        severity: lint.severity.into(),
        about: lint.about.to_owned(),
        help: lint.help.to_owned(),
    };
    kinds.iter().flat_map(|(what, all)| all.iter().map(|lint| view(what, lint))).collect()
}

/// What a text is, by its keys.
pub fn document_kind(text: &str) -> Option<DocumentKind> {
    let json = Json::read(text).ok()?;
    let has = |key| json.get(NodeId::ROOT, key).is_some();
    match () {
        () if has("rules") || has("eventTypes") => Some(DocumentKind::Policy),
        () if has("entities") => Some(DocumentKind::Canonical),
        () if has("objects") => Some(DocumentKind::CrmAdapter),
        () if has("events") || has("subjectFields") => Some(DocumentKind::Adapter),
        () => None,
    }
}

/// What stands against taking a text for the version before of any of these documents: that it is no policy, can't be
/// read, or has an id that none of their policies has. Nothing where a document is no JSON: its id is not known.
pub fn check_earlier(documents: &[NamedText], old: &str) -> Vec<Diagnostic> {
    let json = match Json::read(old) {
        Err(refusal) => return vec![Diagnostic::from(&document::not_json("policy", old, &refusal))],
        Ok(json) => json,
    };
    let mut doc = document::Document::new(&json, "policy");
    if document_kind(old) != Some(DocumentKind::Policy) {
        let help = "Give the policy as it was before: only policies are checked against an earlier version.";
        doc.error(NodeId::ROOT, "earlier-no-policy", "This is no policy.", help);
        return doc.finish().iter().map(Diagnostic::from).collect();
    }
    let reading = Policy::read(old, Catalogue::shipped());
    // What lint had against it once is no matter: it was read all the same.
    let unread = |found: &&document::Diagnostic| {
        found.severity == document::Severity::Error && !lint::codes::is_lint(&found.code)
    };
    let faults: Vec<Diagnostic> = reading.findings.iter().filter(unread).map(Diagnostic::from).collect();
    let Some(policy) = reading.policy.filter(|_| faults.is_empty()) else { return faults };
    let may_follow = |document: &NamedText| match Json::read(document.text.as_str()) {
        Err(_) => true,
        Ok(json) => {
            json.get_str(NodeId::ROOT, "id").is_some_and(|id| id == policy.id)
                && document_kind(&document.text) == Some(DocumentKind::Policy)
        }
    };
    if !documents.iter().any(may_follow) {
        let at = json.get(NodeId::ROOT, "id").unwrap_or(NodeId::ROOT);
        let message = format!("No policy that is checked has the id `{}`.", policy.id);
        let help = "Give an earlier version of the policy: it has the same id.";
        doc.error(at, "earlier-of-none", message, help);
    }
    doc.finish().iter().map(Diagnostic::from).collect()
}

/// Checks documents, each by itself and all beside each other: policies with the adapters among `documents` and
/// `adapters` or, for an id that neither has, those that are shipped. Where `against` is a policy, each policy of its id
/// is checked against it, as the version before.
pub fn check_documents(
    documents: &[NamedText],
    adapters: &[NamedText],
    against: Option<&str>,
) -> Vec<CheckedDocument> {
    let catalogue = Catalogue::shipped();
    let kinds: Vec<Option<DocumentKind>> =
        documents.iter().map(|document| document_kind(&document.text)).collect();
    let given = || {
        let brought = adapters.iter().map(|document| (document, document_kind(&document.text)));
        documents.iter().zip(kinds.iter().copied()).chain(brought)
    };
    // Each is read once, and what there is to say of the documents kept until their turn.
    let mut adapters_said = Said::default();
    let known = adapters_said.beside(given(), DocumentKind::Adapter, Adapter::read, shipped_adapters());
    let mut crms_said = Said::default();
    let crms = crms_said.beside(given(), DocumentKind::CrmAdapter, CrmAdapter::read, shipped_crms());
    let against = against.and_then(|text| Policy::read(text, catalogue).policy);
    let mut policies = Vec::new();
    let mut checked: Vec<CheckedDocument> = Vec::new();
    let mut told = Told::default();
    for (document, kind) in documents.iter().zip(kinds) {
        let NamedText { name, text } = document;
        let mut findings = match kind {
            Some(DocumentKind::Policy) => {
                let beside = Beside { adapters: &known, crms: &crms };
                let reading = Policy::read_beside(text, catalogue, beside);
                let mut findings = reading.findings;
                if let Some(policy) = reading.policy {
                    findings.extend(against.iter().flat_map(|old| lint::against(text, &policy, old)));
                    let first =
                        policies.iter().find(|o: &&Policy| o.id == policy.id && o.version == policy.version);
                    let alike = first.is_some_and(|first| lint::alike(first, &policy));
                    findings.extend(told.again(document, "policy", &policy.reference(), alike));
                    let others = policies.iter().filter(|other: &&Policy| other.id != policy.id);
                    findings.extend(others.flat_map(|other| lint::subtractable(text, &policy, other)));
                    policies.push(policy);
                }
                findings
            }
            Some(DocumentKind::Adapter) => adapters_said.next(document, &mut told),
            Some(DocumentKind::CrmAdapter) => crms_said.next(document, &mut told),
            Some(DocumentKind::Canonical) => Catalogue::read(text).1,
            None => unknown(text),
        };
        order::by(&mut findings, |finding| finding.place.offset);
        let diagnostics = findings.iter().map(Diagnostic::from).collect();
        checked.push(CheckedDocument { name: name.clone(), kind, diagnostics });
    }
    for (document, checked) in documents.iter().zip(&mut checked) {
        if checked.kind == Some(DocumentKind::Adapter) {
            checked.diagnostics.extend(unused_events(&document.text, &policies));
            order::by(&mut checked.diagnostics, |diagnostic| diagnostic.start.offset);
        }
    }
    checked
}

/// What there is to say of the adapters of a kind, in their order, each with its id and version where it can be read.
#[derive(Default)]
struct Said(VecDeque<(Option<[String; 2]>, Vec<document::Diagnostic>)>);

impl Said {
    /// The adapters of a kind among those given and, for an id that none of them has, those that are shipped.
    fn beside<'a, T: Named>(
        &mut self,
        given: impl Iterator<Item = (&'a NamedText, Option<DocumentKind>)>,
        kind: DocumentKind,
        read: impl Fn(&str, &Catalogue) -> (Option<T>, Vec<document::Diagnostic>),
        shipped: &[T],
    ) -> Vec<T> {
        let mut known: Vec<T> = Vec::new();
        for (document, _) in given.filter(|(_, own)| *own == Some(kind)) {
            let (adapter, findings) = read(&document.text, Catalogue::shipped());
            self.0.push_back((adapter.as_ref().map(|own| own.name().map(str::to_owned)), findings));
            known.extend(adapter);
        }
        let has = |known: &[T], own: &T| known.iter().any(|known| known.name().first() == own.name().first());
        let others: Vec<T> = shipped.iter().filter(|own| !has(&known, own)).cloned().collect();
        known.extend(others);
        known
    }

    /// What there is to say of the next.
    fn next<'a>(&mut self, document: &'a NamedText, told: &mut Told<'a>) -> Vec<document::Diagnostic> {
        let (name, mut findings) = self.0.pop_front().unwrap_or_default();
        if let Some(name) = name {
            findings.extend(told.again(document, "adapter", &name.join("@"), false));
        }
        findings
    }
}

/// An adapter with its id and version.
trait Named: Clone {
    fn name(&self) -> [&str; 2];
}

impl Named for Adapter {
    fn name(&self) -> [&str; 2] {
        [&self.id, &self.version]
    }
}

impl Named for CrmAdapter {
    fn name(&self) -> [&str; 2] {
        [&self.id, &self.version]
    }
}

/// Event types of an adapter that none of the policies which name it covers; nothing where none names it.
fn unused_events(text: &str, policies: &[Policy]) -> Vec<Diagnostic> {
    let unused = adapter_lint::unused(text, |id| {
        let mut naming = policies.iter().filter(|policy| policy.adapter == id).peekable();
        naming.peek()?;
        Some(naming.flat_map(|policy| policy.event_types.iter().map(String::as_str)).collect())
    });
    unused.iter().map(Diagnostic::from).collect()
}

/// The finding for what is no document that can be checked.
fn unknown(text: &str) -> Vec<document::Diagnostic> {
    match Json::read(text) {
        Err(refusal) => vec![document::not_json("document", text, &refusal)],
        Ok(json) => {
            let mut doc = document::Document::new(&json, "document");
            let help =
                "A policy has `rules`, an adapter `events` or `objects`, a canonical model `entities`.";
            doc.error(NodeId::ROOT, "kind-unknown", "This is no policy, adapter or canonical model.", help);
            doc.finish()
        }
    }
}

/// The documents so far, by kind, id and version.
#[derive(Default)]
struct Told<'a>(BTreeMap<(&'static str, String), &'a NamedText>);

impl<'a> Told<'a> {
    /// What to say where a document of the same kind, id and version came before; `alike` where one did that says the
    /// same in another text.
    fn again(
        &mut self,
        document: &'a NamedText,
        what: &'static str,
        reference: &str,
        alike: bool,
    ) -> Vec<document::Diagnostic> {
        match self.0.get(&(what, reference.to_owned())) {
            Some(first) => {
                let same = alike || first.text == document.text;
                lint::same_version(&document.text, what, &first.name, same)
            }
            None => {
                self.0.insert((what, reference.to_owned()), document);
                Vec::new()
            }
        }
    }
}
