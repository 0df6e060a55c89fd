//! FHIR R4 structure of a text: a report for each resource in it.

use super::IssueView;
use crate::engine::fhir::{Json, Kind, NodeId, each_document, text_of_bytes};
use crate::engine::refusal::Refusal;
use crate::engine::validate::{Issue, Severity, structure};
use serde::{Deserialize, Serialize};

/// What is said of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceReport {
    /// Number in its input, from 0: the line of NDJSON, the item of an array; 0 for a resource or Bundle alone.
    pub index: usize,
    /// Its type, where it states one that FHIR R4 has.
    pub resource_type: Option<String>,
    /// Its id, where it states one.
    pub id: Option<String>,
    /// Whether it is valid.
    pub valid: bool,
    /// `valid` or `invalid`.
    pub verdict: String,
    /// All there is to say, in the order of the text; positions are those in the whole input.
    pub issues: Vec<IssueView>,
}

/// The resource types of FHIR R4, in the order of their names.
pub fn resource_types() -> Vec<&'static str> {
    structure::resource_types().collect()
}

/// Checks a resource, a Bundle, an array or NDJSON against FHIR R4 (4.0.1). A Bundle is one resource: what is wrong with
/// an entry is among its issues. There is at least one report.
pub fn validate(bytes: Vec<u8>) -> Vec<ResourceReport> {
    let text = match text_of_bytes(bytes) {
        Ok(text) => text,
        Err(refusal) => return vec![ResourceReport::unread(0, &refusal, Start::default())],
    };
    let mut reports = Vec::new();
    each_document(&text, &mut |start, line, document| {
        let start = Start { offset: start, line };
        let index = reports.len();
        match document {
            Err(refusal) => reports.push(ResourceReport::unread(index, &refusal, start)),
            Ok(json) if json.kind(NodeId::ROOT) == Kind::Array && json.len() > 1 => {
                let items = json.children(NodeId::ROOT).enumerate();
                reports.extend(items.map(|(n, item)| ResourceReport::of(index + n, &json, item, start)));
            }
            Ok(json) => reports.push(ResourceReport::of(index, &json, NodeId::ROOT, start)),
        }
    });
    reports
}

/// Where a document starts in its input.
#[derive(Clone, Copy, Default)]
struct Start {
    /// In bytes.
    offset: usize,
    /// In lines, from 0.
    line: usize,
}

impl Start {
    fn shift(self, mut issue: IssueView) -> IssueView {
        let offset = u32::try_from(self.offset).unwrap_or(u32::MAX);
        let line = u32::try_from(self.line).unwrap_or(u32::MAX);
        issue.span = (issue.span.0.saturating_add(offset), issue.span.1.saturating_add(offset));
        if let Some(position) = &mut issue.position {
            position.line = position.line.saturating_add(line);
            position.offset = position.offset.saturating_add(offset);
        }
        issue
    }
}

impl ResourceReport {
    fn of(index: usize, json: &Json, node: NodeId, start: Start) -> Self {
        let issues = structure::check(json, node);
        let valid = !issues.iter().any(|issue| issue.severity.fails());
        Self {
            index,
            resource_type: json.resource_type(node).map(|kind| kind.name().to_owned()),
            id: json.get_str(node, "id").map(std::borrow::Cow::into_owned),
            valid,
            verdict: if valid { "valid" } else { "invalid" }.to_owned(),
            issues: issues.iter().map(|issue| start.shift(IssueView::from(issue))).collect(),
        }
    }

    /// What can't be read is fatal.
    fn unread(index: usize, refusal: &Refusal, start: Start) -> Self {
        let at = refusal.place.map_or(0, |place| place.offset);
        let issue = Issue::error(refusal.code, "", NodeId::ROOT).with_severity(Severity::Fatal);
        let issue = Issue { place: refusal.place, span: (at, at), ..issue };
        Self {
            index,
            resource_type: None,
            id: None,
            valid: false,
            verdict: "invalid".to_owned(),
            issues: vec![start.shift(IssueView::from(&issue))],
        }
    }
}
