//! The provenance verdict: do source, times and lineage of an event agree with each other and with what was seen?

use super::{Issue, Severity, Shape, Version};
use crate::engine::adapt::{Claim, Effect, EventMap, Subject};
use crate::engine::fhir::{Json, NodeId, own_id};
use crate::engine::refusal::Code;
use crate::engine::spelled::Spelled;
use crate::engine::time::{Instant, date_time_range};

/// How far ahead of its sending an event may be dated, in milliseconds: clocks differ.
const AHEAD: i64 = 300_000;
/// How long before its sending an event may have happened, in milliseconds. Senders retry for three days.
const STALE: i64 = 7 * DAY;
const DAY: i64 = 86_400_000;
/// Fields that tell of the past; a day's grace, for time zones.
const PAST: [&str; 3] = ["CareEvent.authoredOn", "ConsentState.recordedOn", "Person.birthDate"];
/// Fields that tell of a plan, which reaches ten years at most.
const PLANS: [&str; 3] = ["CareEvent.occurrence", "Interaction.start", "ProgramEnrollment.startedOn"];
const LONGEST_PLAN: i64 = 3653 * DAY;

/// What the connector knows about an event besides the event.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The source whose secret signed it.
    pub source: &'a str,
    /// When it was sent, by its signed `webhook-timestamp`.
    pub sent: Instant,
    /// The latest version seen of its focus; of a consent, the one on file.
    pub seen: Option<Version>,
    /// Whether anything of the patient is on file.
    pub patient: bool,
}

/// Judges where an event comes from. `map` is how it is read, where it is, and `claims` what was found by it.
pub(super) fn judge(
    json: &Json,
    shape: &Shape,
    map: Option<&EventMap>,
    claims: &[Claim],
    known: &Known<'_>,
) -> Vec<Issue> {
    let mut issues = Vec::new();
    if shape.data != NodeId::ROOT {
        envelope(json, known, &mut issues);
    }
    let path = |node| Spelled::of(json, shape.data, node);
    if let Subject::Ambiguous(second) = shape.subject {
        issues.push(Issue::error(Code::SubjectAmbiguous, path(second), second));
    }
    // The source's own id of the record ties each later version of it to this one; a consent is on file by its `id` alone.
    let id = match map.and_then(|map| map.effect) {
        Some(Effect::Consent) => json.get(shape.focus, "id"),
        _ => own_id(json, shape.focus),
    };
    if id.is_none() {
        issues.push(Issue::error(Code::RequiredMissing, path(shape.focus).then(".id"), shape.focus));
    }
    let Some(map) = map else { return issues };
    if let Some(condition) = map.unmet(json, shape.data, shape.focus) {
        issues.push(Issue::error(Code::EventStateMismatch, condition, shape.focus));
    }
    versions(json, shape, map, known, &mut issues);
    for claim in claims {
        let field = map.fields.get(claim.field).map_or("", |field| field.name.as_str());
        let latest = if PAST.contains(&field) {
            DAY
        } else if PLANS.contains(&field) {
            LONGEST_PLAN
        } else {
            continue;
        };
        let start = json.str(claim.node).and_then(|text| date_time_range(&text)).map(|(start, _)| start);
        if start.is_some_and(|start| start.0 > known.sent.0.saturating_add(latest)) {
            issues.push(Issue::error(Code::DateAhead, path(claim.node), claim.node));
        }
    }
    match map.effect {
        Some(Effect::Consent) => consent(json, shape, known, &mut issues),
        Some(Effect::Merge) => merge(json, shape, map, known, &mut issues),
        None => {}
    }
    issues
}

/// The envelope against the signature: who sent it, and when it happened.
fn envelope(json: &Json, known: &Known<'_>, issues: &mut Vec<Issue>) {
    match json.get(NodeId::ROOT, "source") {
        None => issues
            .push(Issue::error(Code::SourceMissing, "source", NodeId::ROOT).with_severity(Severity::Warning)),
        Some(node) if json.str(node).is_none_or(|own| own != known.source) => {
            issues.push(Issue::error(Code::SourceMismatch, "source", node));
        }
        Some(_) => {}
    }
    let Some(node) = json.get(NodeId::ROOT, "timestamp") else { return };
    let sent = known.sent.0;
    let issue = |code| Issue::error(code, "timestamp", node);
    match json.str(node).and_then(|text| Instant::parse(&text)) {
        None => issues.push(issue(Code::TimestampInvalid)),
        Some(at) if at.0 > sent.saturating_add(AHEAD) => issues.push(issue(Code::TimestampAhead)),
        // It may be meant: systems send what they did not get rid of. Nothing is sent before it happens.
        Some(at) if at.0 < sent.saturating_sub(STALE) => {
            issues.push(issue(Code::TimestampStale).with_severity(Severity::Warning));
        }
        Some(_) => {}
    }
}

/// What `meta` says of the focus: a version that does not go backwards, a change that is not to come, a source that is
/// the sender.
fn versions(json: &Json, shape: &Shape, map: &EventMap, known: &Known<'_>, issues: &mut Vec<Issue>) {
    let own = Version::of(json, shape.focus);
    let meta = json.get(shape.focus, "meta");
    let member = |name: &str| {
        let node = meta.and_then(|meta| json.get(meta, name)).unwrap_or(shape.focus);
        (Spelled::of(json, shape.data, node), node)
    };
    if let Some(name) = known.seen.and_then(|seen| own.backwards_from(seen)) {
        let (path, node) = member(name);
        issues.push(Issue::error(Code::VersionBackwards, path, node));
    }
    // Of a consent the order decides who may have what: it must be told where it was told before.
    let must_tell = map.effect == Some(Effect::Consent) && known.seen.is_some_and(|seen| !seen.is_unknown());
    if must_tell && own.is_unknown() {
        let path = Spelled::of(json, shape.data, shape.focus).then(".meta.versionId");
        issues.push(Issue::error(Code::RequiredMissing, path, shape.focus));
    }
    if own.updated.is_some_and(|at| at.0 > known.sent.0.saturating_add(DAY)) {
        let (path, node) = member("lastUpdated");
        issues.push(Issue::error(Code::DateAhead, path, node));
    }
    let source = meta.and_then(|meta| json.get_str(meta, "source"));
    let system = source.as_deref().map(|source| source.split('#').next().unwrap_or_default());
    let is_sender = |system: &str| system.split(['/', ':', '|']).any(|part| part == known.source);
    if system.is_some_and(|system| !system.is_empty() && !is_sender(system)) {
        let (path, node) = member("source");
        issues.push(Issue::error(Code::SourceElsewhere, path, node).with_severity(Severity::Warning));
    }
}

/// A consent is taken for a patient who is known.
fn consent(json: &Json, shape: &Shape, known: &Known<'_>, issues: &mut Vec<Issue>) {
    if shape.patient().is_none() || !known.patient {
        let node = json.get(shape.focus, "patient").unwrap_or(shape.focus);
        issues.push(Issue::error(Code::PatientUnknown, Spelled::of(json, shape.data, node), node));
    }
}

/// A merge is of another record than the patient's own.
fn merge(json: &Json, shape: &Shape, map: &EventMap, known: &Known<'_>, issues: &mut Vec<Issue>) {
    let namespace = shape.namespace(known.source, known.sent);
    let merged = map.merged(json, shape.data, shape.focus);
    let record = |node| namespace.identity(json, node).of_record().map(str::to_owned).collect::<Vec<_>>();
    let stays = record(shape.focus);
    let own = |node: &NodeId| {
        let names = record(*node);
        names.is_empty() || names.iter().any(|name| stays.contains(name))
    };
    let wrong = if merged.is_empty() { Some(shape.focus) } else { merged.into_iter().find(own) };
    if let Some(node) = wrong {
        issues.push(Issue::error(Code::ReferenceInvalid, Spelled::of(json, shape.data, node), node));
    }
}
