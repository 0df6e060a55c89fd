//! Is it well-formed, may this recipient have it at all, and is everything there that its use needs?

mod issue;
mod policy;
mod provenance;
mod shape;
pub mod structure;
mod version;

pub use issue::{Issue, Severity, first_failing};
pub use provenance::Known;
pub use shape::{Shape, Standing, locate, standing};
pub use version::{Version, Versions};

use super::adapt::drift::{self, ElementPath};
use super::adapt::{Claim, EventMap};
use super::fhir::Json;
use super::phi::Phi;
use super::policy::Policy;
use super::refusal::{Code, Refusal};
use super::spelled::Spelled;
use super::time::Day;

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

    /// Each in words, for the audit log.
    pub fn words(&self) -> Vec<String> {
        let word = |issues: &[Issue]| match (first_failing(issues), issues.is_empty()) {
            (Some(_), _) => "refused",
            (None, false) => "warned",
            (None, true) => "passed",
        };
        self.each().into_iter().map(|(name, issues)| [name, word(issues)].join(" ")).collect()
    }

    /// The refusal that they lead to: drift where there is some, since it explains the rest; otherwise the first issue
    /// that fails of the first verdict that has one. That a consent's patient is nobody who is known says more than that
    /// the Patient is not there.
    pub fn refusal(&self) -> Option<Refusal> {
        let drift = self.structure.iter().find(|issue| issue.code == Code::SchemaDrift);
        if let Some(drift) = drift {
            return Some(drift.refusal());
        }
        let first = self.each().into_iter().find_map(|(_, issues)| first_failing(issues))?;
        let stranger = || self.provenance.iter().find(|issue| issue.code == Code::PatientUnknown);
        Some(if first.code == Code::ContextMissing { stranger().unwrap_or(first) } else { first }.refusal())
    }

    /// Whether the policy alone could stand against it.
    pub fn is_sound(&self) -> bool {
        first_failing(&self.structure).is_none() && first_failing(&self.provenance).is_none()
    }
}

/// The verdicts that no policy has a part in; of the policy nothing is said. `map` is how the event is read, where it is,
/// and `claims` what was found by it; `deviations` are the source's own elements that its adapter lists.
pub fn judge_soundness(
    json: &Phi<Json>,
    shape: &Shape,
    map: Option<&EventMap>,
    claims: &[Claim],
    known: &Known<'_>,
    deviations: &[ElementPath],
) -> Verdicts {
    Verdicts {
        structure: json.classify(|json| structure_of(json, shape, map, deviations)),
        policy: Vec::new(),
        provenance: json.classify(|json| located(json, provenance::judge(json, shape, map, claims, known))),
    }
}

/// The verdict of a policy alone; `today` tells which addresses are in force.
pub fn judge_policy(
    json: &Phi<Json>,
    shape: &Shape,
    map: Option<&EventMap>,
    claims: &[Claim],
    policy: &Policy,
    today: Day,
) -> Vec<Issue> {
    json.classify(|json| located(json, policy::judge(json, shape, map, claims, policy, today)))
}

fn located(json: &Json, mut issues: Vec<Issue>) -> Vec<Issue> {
    issue::locate(json, &mut issues);
    issues
}

/// What FHIR R4 requires, and what this connector requires on top: no element that changes the
/// meaning of what carries it in a way that no rule here takes account of.
fn structure_of(
    json: &Json,
    shape: &Shape,
    map: Option<&EventMap>,
    deviations: &[ElementPath],
) -> Vec<Issue> {
    let mut issues = structure::check(json, shape.data);
    drift::excuse(json, &mut issues, deviations);
    if let Some(map) = map {
        drift::recognise(json, &mut issues, &map.reads);
    }
    let changed = json.descendants(shape.data).filter(|node| {
        json.is_member(*node, "implicitRules")
            || json.is_member(*node, "doNotPerform")
                && json.scalar(*node).is_none_or(|value| value != "false")
    });
    let known = issues.len();
    issues.extend(
        changed.map(|node| Issue::error(Code::ModifierUnknown, Spelled::of(json, shape.data, node), node)),
    );
    if issues.len() > known {
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
