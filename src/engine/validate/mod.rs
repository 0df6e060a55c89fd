//! Is it well-formed, may this recipient have it at all, and is everything there that its use needs?

mod issue;
mod shape;
pub mod structure;

pub use issue::{Issue, Severity, first_failing};
pub use shape::{Shape, locate};

use super::adapt::EventMap;
use super::fhir::{Json, ResourceType, is_element_name};
use super::phi::Phi;
use super::refusal::{Code, Refusal};

/// Reads the raw body as JSON.
///
/// # Errors
/// `json.*`, with the place.
pub fn read(body: Phi<Vec<u8>>) -> Result<Phi<Json>, Refusal> {
    body.map(|bytes| match String::from_utf8(bytes) {
        Ok(text) => Json::read(text),
        Err(_) => Err(Refusal::new(Code::NotUtf8)),
    })
    .transpose()
}

/// The three verdicts, each with all that it has to say.
#[derive(Clone, Debug, Default)]
pub struct Verdicts {
    /// Is it FHIR R4.
    pub structure: Vec<Issue>,
    /// May this recipient have it at all.
    pub policy: Vec<Issue>,
    /// Do source, timestamps and lineage match.
    pub provenance: Vec<Issue>,
}

impl Verdicts {
    /// Each with its name, in order.
    pub fn each(&self) -> [(&'static str, &[Issue]); 3] {
        [("structure", &self.structure), ("policy", &self.policy), ("provenance", &self.provenance)]
    }

    /// The refusal that they lead to: the first issue that fails of the first verdict that has one.
    pub fn refusal(&self) -> Option<Refusal> {
        self.each().into_iter().find_map(|(_, issues)| first_failing(issues)).map(Issue::refusal)
    }
}

/// Judges a located event three ways.
pub fn judge(json: &Phi<Json>, shape: &Shape) -> Verdicts {
    Verdicts {
        structure: json.classify(|json| structure_of(json, shape)),
        policy: json.classify(|json| coverage(json, shape)),
        provenance: json.classify(|json| lineage(json, shape)),
    }
}

/// The source's own id of the record is what ties each later version of it to this one.
fn lineage(json: &Json, shape: &Shape) -> Vec<Issue> {
    let mut issues = Vec::new();
    if json.get(shape.focus, "id").is_none() {
        let mut path = json.resource_type(shape.data).map_or("?", ResourceType::name).to_owned();
        json.write_path(shape.data, shape.focus, is_element_name, &mut path);
        issues.push(Issue::error(Code::RequiredMissing, path + ".id", shape.focus));
        issue::locate(json, &mut issues);
    }
    issues
}

/// What FHIR R4 requires, and what this connector requires on top: a supported focus, and no element that changes the
/// meaning of what carries it in a way that no rule here takes account of.
fn structure_of(json: &Json, shape: &Shape) -> Vec<Issue> {
    let mut issues = structure::check(json, shape.data);
    let focus = json.get(shape.focus, "resourceType");
    for issue in &mut issues {
        if issue.code == Code::TypeNotSupported && focus == Some(issue.node) {
            issue.severity = Severity::Error;
        }
    }
    let changed = json.descendants(shape.data).filter(|node| {
        json.is_member(*node, "implicitRules")
            || json.is_member(*node, "doNotPerform")
                && json.scalar(*node).is_none_or(|value| value != "false")
    });
    let known = issues.len();
    issues.extend(changed.map(|node| {
        let mut path = json.resource_type(shape.data).map_or("?", ResourceType::name).to_owned();
        json.write_path(shape.data, node, is_element_name, &mut path);
        Issue::error(Code::ModifierUnknown, path, node)
    }));
    if issues.len() > known {
        issue::locate(json, &mut issues);
    }
    issues
}

fn coverage(json: &Json, shape: &Shape) -> Vec<Issue> {
    let mut issues = Vec::new();
    if shape.covered.is_none() {
        issues.push(Issue::error(Code::EventTypeNotCovered, shape.resource_type.name(), shape.focus));
        issue::locate(json, &mut issues);
    }
    issues
}

/// What passing means, in sentences.
pub fn reasons(map: &EventMap) -> Vec<String> {
    vec![
        "It is JSON without duplicate keys, and a FHIR R4 resource type.".to_owned(),
        format!("The policy covers {}.", map.event_type),
        "Structure: it is what FHIR R4 defines.".to_owned(),
    ]
}
