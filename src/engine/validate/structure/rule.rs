//! FHIR R4's invariants: what has to hold between the elements of a type, by the key that FHIR gives it.
//!
//! Most are plain relations of what is there, and cost a mask; the rest look at values. Those that concern a
//! whole resource, Bundle or narrative are the walk's own work ([`Hold::Walk`]).

use super::super::Severity;
use super::compare::{self, Decimal};
use crate::engine::fhir::{Json, NodeId};
use std::cmp::Ordering;
use std::collections::HashSet;

/// An invariant.
pub struct Rule {
    /// FHIR's key, e.g. `obs-6`.
    pub key: &'static str,
    /// The type whose it is, where FHIR gave several the same key.
    pub of: Option<&'static str>,
    /// What a breach means.
    pub severity: Severity,
    /// What has to hold.
    pub hold: Hold,
    /// The same as a sentence.
    pub sentence: &'static str,
}

/// What has to hold. Names are elements; a choice goes by its name without the type.
pub enum Hold {
    /// Where the first is there, the second is.
    Implies(&'static str, &'static str),
    /// Not both are there.
    NotBoth(&'static str, &'static str),
    /// Both are there or neither.
    Both(&'static str, &'static str),
    /// Exactly one is there.
    OneOf(&'static [&'static str]),
    /// At least one is there.
    Any(&'static [&'static str]),
    /// Where the element is there, the question about the object is answered with yes.
    Where(&'static str, fn(&Json, NodeId) -> bool),
    /// The question about the object is answered with yes.
    Always(fn(&Json, NodeId) -> bool),
    /// The walk sees to it.
    Walk,
}

use Hold::{Always, Any, Both, Implies, NotBoth, OneOf, Walk, Where};

/// The invariant of this key.
pub fn find(key: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.key == key)
}

/// The invariant that this key means in a type.
pub fn find_in(own: &str, key: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.key == key && rule.of.is_none_or(|of| own.split('.').next() == Some(of)))
}

const fn error(key: &'static str, hold: Hold, sentence: &'static str) -> Rule {
    Rule { key, of: None, severity: Severity::Error, hold, sentence }
}

/// Invariants that are not held, and why.
#[cfg(test)]
pub const NOT_HELD: [(&str, &str); 6] = [
    ("ctm-1", "asks for the type of a resource elsewhere, and holds where that can't be had"),
    ("dom-6", "a recommendation to have a narrative, which data between systems seldom has"),
    ("ppc-2", "the official expression asks for the code system `something`, so that it always holds"),
    ("ppc-3", "the official expression asks for the code system `something`, so that it always holds"),
    ("ppc-4", "the official expression asks for the code system `something`, so that it always holds"),
    ("ppc-5", "the official expression asks for the code system `something`, so that it always holds"),
];

/// The invariants that are held.
pub static RULES: &[Rule] = &[
    error("age-1", Where("value", age), "An age has a time unit as its code, in UCUM, and is above zero."),
    error("app-1", Any(&["type", "actor"]), "A participant has a type or an actor."),
    error("app-2", Both("start", "end"), "An appointment has both start and end, or neither."),
    error(
        "app-3",
        Where("status", app_3),
        "Only a proposed, cancelled or waitlisted appointment may lack start and end.",
    ),
    error(
        "app-4",
        Where("cancelationReason", app_4),
        "Only a cancelled appointment, or one with a no-show, has a cancellation reason.",
    ),
    error("att-1", Implies("data", "contentType"), "An attachment with data says its content type."),
    error(
        "bdl-1",
        Where("total", |j, n| is(j, n, "type", &["searchset", "history"])),
        "Only a search set or a history has a total.",
    ),
    error("bdl-2", Walk, "Only a search set's entries have search."),
    error(
        "bdl-3",
        Walk,
        "Entries have a request in a batch, transaction or history, and in no other Bundle.",
    ),
    error(
        "bdl-4",
        Walk,
        "Entries have a response in a batch or transaction response or a history, and in no other Bundle.",
    ),
    error(
        "bdl-5",
        Any(&["resource", "request", "response"]),
        "An entry has a resource, a request or a response.",
    ),
    error("bdl-7", Walk, "No two entries share a fullUrl and version, except in a history."),
    error(
        "bdl-8",
        Where("fullUrl", |j, n| !contains(j, n, "fullUrl", "/_history/")),
        "A fullUrl names no version.",
    ),
    error("bdl-9", Where("type", bdl_9), "A document has an identifier with system and value."),
    error(
        "bdl-10",
        Where("type", |j, n| !is(j, n, "type", &["document"]) || has(j, n, "timestamp")),
        "A document has a timestamp.",
    ),
    error(
        "bdl-11",
        Where("type", |j, n| !is(j, n, "type", &["document"]) || starts_with(j, n, "Composition")),
        "A document starts with a Composition.",
    ),
    error(
        "bdl-12",
        Where("type", |j, n| !is(j, n, "type", &["message"]) || starts_with(j, n, "MessageHeader")),
        "A message starts with a MessageHeader.",
    ),
    error("cnt-3", Where("value", count), "A count is a whole number with the code 1, in UCUM."),
    error("con-1", Any(&["summary", "assessment"]), "A stage has a summary or an assessment."),
    error("con-2", Any(&["code", "detail"]), "Evidence has a code or details."),
    Rule {
        key: "con-3",
        of: None,
        severity: Severity::Warning,
        hold: Where("category", con_3),
        sentence: "A problem on the problem list has a clinical status, unless it was entered in error.",
    },
    error(
        "con-4",
        Where("abatement", |j, n| has_code(j, n, "clinicalStatus", &["resolved", "remission", "inactive"])),
        "A condition that has abated is resolved, inactive or in remission.",
    ),
    error(
        "con-5",
        Where("clinicalStatus", |j, n| !has_code(j, n, "verificationStatus", &["entered-in-error"])),
        "A condition entered in error has no clinical status.",
    ),
    error("cpt-2", Implies("value", "system"), "A contact point with a value says its system."),
    error(
        "dis-1",
        Where("value", |j, n| has(j, n, "code") && ucum(j, n)),
        "A distance has a unit of length as its code, in UCUM.",
    ),
    error("dom-2", Walk, "A contained resource contains no other."),
    error("dom-3", Walk, "A contained resource is referred to from the resource around it, or refers to it."),
    error("dom-4", Walk, "A contained resource has neither meta.versionId nor meta.lastUpdated."),
    error("dom-5", Walk, "A contained resource has no security label of its own."),
    error("drq-1", OneOf(&["path", "searchParam"]), "A code filter has either a path or a search parameter."),
    error("drq-2", OneOf(&["path", "searchParam"]), "A date filter has either a path or a search parameter."),
    error(
        "drt-1",
        Where("code", |j, n| is(j, n, "system", &[UCUM]) && has(j, n, "value")),
        "A duration with a code has a value, and UCUM as its system.",
    ),
    error("ele-1", Walk, "An element has a value or children; an id alone is neither."),
    error("exp-1", Any(&["expression", "reference"]), "An expression is given, or a reference to one."),
    error(
        "ext-1",
        OneOf(&["extension", "value"]),
        "An extension has either a value or extensions of its own.",
    ),
    Rule {
        of: Some("Parameters"),
        ..error(
            "inv-1",
            OneOf(&["value", "resource", "part"]),
            "A parameter has exactly one of value, resource and part.",
        )
    },
    Rule {
        of: Some("Task"),
        ..error(
            "inv-1",
            Where("lastModified", task_times),
            "A task was last modified when it was authored, or later.",
        )
    },
    error("obs-3", Any(&["low", "high", "text"]), "A reference range has a low, a high or a text."),
    error(
        "obs-6",
        NotBoth("dataAbsentReason", "value"),
        "An observation has a value or a reason why there is none, not both.",
    ),
    error(
        "obs-7",
        Where("component", obs_7),
        "An observation whose code is that of a component has no value of its own.",
    ),
    error("org-1", Any(&["identifier", "name"]), "An organization has a name or an identifier."),
    error(
        "org-2",
        Where("address", |j, n| !any_use(j, n, "address", "home")),
        "An organization has no home address.",
    ),
    error(
        "org-3",
        Where("telecom", |j, n| !any_use(j, n, "telecom", "home")),
        "An organization has no home phone or mail.",
    ),
    error(
        "pat-1",
        Any(&["name", "telecom", "address", "organization"]),
        "A contact has a name, a telecom, an address or an organization.",
    ),
    error("per-1", Where("end", ordered_dates), "A period starts before it ends."),
    error("ppc-1", Any(&["policy", "policyRule"]), "A consent has a policy or a policy rule."),
    error("prr-1", Implies("orderDetail", "code"), "A request with order details has a code."),
    error("qty-3", Implies("code", "system"), "A quantity whose unit has a code says the code's system."),
    error(
        "rat-1",
        Always(ratio),
        "A ratio has both numerator and denominator; one with neither has an extension.",
    ),
    error("ref-1", Walk, "A reference that starts with # names a contained resource."),
    error("rng-2", Where("high", range), "A range's low is not above its high."),
    error("sev-1", NotBoth("name", "query"), "An audited entity has a name or a query, not both."),
    error("tim-1", Implies("duration", "durationUnit"), "A duration has a unit."),
    error("tim-2", Implies("period", "periodUnit"), "A period has a unit."),
    error("tim-4", Where("duration", |j, n| not_negative(j, n, "duration")), "A duration is not negative."),
    error("tim-5", Where("period", |j, n| not_negative(j, n, "period")), "A period is not negative."),
    error("tim-6", Implies("periodMax", "period"), "A maximum of the period comes with a period."),
    error("tim-7", Implies("durationMax", "duration"), "A maximum of the duration comes with a duration."),
    error("tim-8", Implies("countMax", "count"), "A maximum of the count comes with a count."),
    error(
        "tim-9",
        Where("offset", tim_9),
        "An offset comes with a `when`, and that is none of C, CM, CD and CV.",
    ),
    error("tim-10", NotBoth("timeOfDay", "when"), "A time of day and a `when` exclude each other."),
    error("trd-1", NotBoth("data", "timing"), "A trigger has a timing or data, not both."),
    error("trd-2", Implies("condition", "data"), "A trigger with a condition has data."),
    error("trd-3", Where("type", trd_3), "A trigger has what its type is about: a name, a timing or data."),
    error("txt-1", Walk, "A narrative has only the markup that FHIR allows."),
    error("txt-2", Walk, "A narrative is not blank."),
];

const UCUM: &str = "http://unitsofmeasure.org";

fn has(json: &Json, node: NodeId, name: &str) -> bool {
    json.get(node, name).is_some()
}

fn is(json: &Json, node: NodeId, name: &str, values: &[&str]) -> bool {
    json.get_str(node, name).is_some_and(|value| values.contains(&value.as_ref()))
}

fn contains(json: &Json, node: NodeId, name: &str, part: &str) -> bool {
    json.get_str(node, name).is_some_and(|value| value.contains(part))
}

fn items(json: &Json, node: NodeId, name: &str) -> impl Iterator<Item = NodeId> {
    json.get(node, name).into_iter().flat_map(|list| json.children(list))
}

/// Whether a CodeableConcept has one of these codes.
fn has_code(json: &Json, node: NodeId, name: &str, codes: &[&str]) -> bool {
    json.get(node, name).is_some_and(|concept| concept_has(json, concept, codes))
}

fn concept_has(json: &Json, concept: NodeId, codes: &[&str]) -> bool {
    items(json, concept, "coding").any(|coding| is(json, coding, "code", codes))
}

fn any_use(json: &Json, node: NodeId, name: &str, value: &str) -> bool {
    items(json, node, name).any(|item| is(json, item, "use", &[value]))
}

/// Whether a system, where there is one, is UCUM.
fn ucum(json: &Json, node: NodeId) -> bool {
    json.get_str(node, "system").is_none_or(|system| system == UCUM)
}

fn number<'a>(json: &'a Json, node: NodeId, name: &str) -> Option<Decimal<'a>> {
    Decimal::parse(json.source(json.get(node, name)?))
}

fn not_negative(json: &Json, node: NodeId, name: &str) -> bool {
    number(json, node, name).is_none_or(|value| !value.is_negative())
}

fn age(json: &Json, node: NodeId) -> bool {
    let above = number(json, node, "value").is_none_or(|value| !value.is_negative() && !value.is_zero());
    has(json, node, "code") && ucum(json, node) && above
}

fn count(json: &Json, node: NodeId) -> bool {
    let whole = json.get(node, "value").is_none_or(|value| !json.source(value).contains('.'));
    is(json, node, "code", &["1"]) && ucum(json, node) && whole
}

fn app_3(json: &Json, node: NodeId) -> bool {
    let scheduled = has(json, node, "start") && has(json, node, "end");
    scheduled || is(json, node, "status", &["proposed", "cancelled", "waitlist"])
}

fn app_4(json: &Json, node: NodeId) -> bool {
    is(json, node, "status", &["no-show", "cancelled"])
}

fn bdl_9(json: &Json, node: NodeId) -> bool {
    let named = |at: NodeId| has(json, at, "system") && has(json, at, "value");
    !is(json, node, "type", &["document"]) || json.get(node, "identifier").is_some_and(named)
}

/// Whether a Bundle's first resource is of this type.
fn starts_with(json: &Json, bundle: NodeId, name: &str) -> bool {
    let first = items(json, bundle, "entry").next().and_then(|entry| json.get(entry, "resource"));
    first.is_some_and(|resource| is(json, resource, "resourceType", &[name]))
}

fn con_3(json: &Json, node: NodeId) -> bool {
    let listed =
        items(json, node, "category").any(|category| concept_has(json, category, &["problem-list-item"]));
    !listed
        || has(json, node, "clinicalStatus")
        || has_code(json, node, "verificationStatus", &["entered-in-error"])
}

fn obs_7(json: &Json, node: NodeId) -> bool {
    let value = json.children(node).any(|child| json.key(child).is_some_and(|key| key.starts_with("value")));
    if !value {
        return true;
    }
    // As FHIRPath's `intersect`: codings are the same when all that they say is.
    let parts = ["system", "version", "code", "display", "userSelected"];
    let of = |coding: NodeId| parts.map(|part| json.get(coding, part).map(|at| json.source(at)));
    let codings = |concept: NodeId| items(json, concept, "coding").map(of);
    let own: HashSet<[Option<&str>; 5]> = json.get(node, "code").into_iter().flat_map(codings).collect();
    let mut components = items(json, node, "component").filter_map(|component| json.get(component, "code"));
    !components.any(|concept| codings(concept).any(|coding| own.contains(&coding)))
}

fn ordered_dates(json: &Json, node: NodeId) -> bool {
    match (json.get_str(node, "start"), json.get_str(node, "end")) {
        (Some(start), Some(end)) => compare::not_after(&start, &end),
        _ => true,
    }
}

fn task_times(json: &Json, node: NodeId) -> bool {
    match (json.get_str(node, "authoredOn"), json.get_str(node, "lastModified")) {
        (Some(authored), Some(modified)) => compare::not_after(&authored, &modified),
        _ => true,
    }
}

fn range(json: &Json, node: NodeId) -> bool {
    let (Some(low), Some(high)) = (json.get(node, "low"), json.get(node, "high")) else { return true };
    let unit = |at: NodeId| ["code", "unit"].iter().find_map(|name| json.get_str(at, name));
    if unit(low) != unit(high) {
        return true;
    }
    match (number(json, low, "value"), number(json, high, "value")) {
        (Some(low), Some(high)) => low.compare(&high) != Ordering::Greater,
        _ => true,
    }
}

fn ratio(json: &Json, node: NodeId) -> bool {
    let numerator = has(json, node, "numerator");
    numerator == has(json, node, "denominator") && (numerator || has(json, node, "extension"))
}

fn tim_9(json: &Json, node: NodeId) -> bool {
    let meal =
        |at: NodeId| json.str(at).is_some_and(|when| matches!(when.as_ref(), "C" | "CM" | "CD" | "CV"));
    has(json, node, "when") && !items(json, node, "when").any(meal)
}

fn trd_3(json: &Json, node: NodeId) -> bool {
    let timing = || json.children(node).any(|at| json.key(at).is_some_and(|key| key.starts_with("timing")));
    match json.get_str(node, "type").as_deref() {
        Some("named-event") => has(json, node, "name"),
        Some("periodic") => timing(),
        Some(kind) if kind.starts_with("data-") => has(json, node, "data"),
        _ => true,
    }
}
