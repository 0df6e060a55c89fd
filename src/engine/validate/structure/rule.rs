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

const fn of(own: &'static str, rule: Rule) -> Rule {
    Rule { of: Some(own), ..rule }
}

/// Invariants that are not held, and why.
#[cfg(test)]
pub const NOT_HELD: [(&[&str], &str); 6] = [
    (&["ctm-1"], "asks for the type of a resource elsewhere, and holds where that can't be had"),
    (&["dom-6"], "a recommendation to have a narrative, which data between systems seldom has"),
    (
        &["ppc-2", "ppc-3", "ppc-4", "ppc-5"],
        "the official expression asks for the code system `something`, so that it always holds",
    ),
    (
        &[
            "adf-0", "cid-0", "cmd-0", "cpb-0", "cpd-0", "csd-0", "ees-0", "esc-0", "evd-0", "evi-0",
            "evv-0", "gdf-0", "ig-0", "lib-0", "mea-0", "msd-0", "nsd-0", "opd-0", "pdf-0", "que-0", "red-0",
            "rsd-0", "rvs-0", "sdf-0", "smp-0", "spd-0", "tcp-0", "tst-0", "vsd-0",
        ],
        "a recommendation for names that programs are made from",
    ),
    (
        &[
            "eld-1", "eld-2", "eld-3", "eld-4", "eld-5", "eld-6", "eld-7", "eld-8", "eld-11", "eld-12",
            "eld-13", "eld-14", "eld-15", "eld-16", "eld-17", "eld-18", "eld-19", "eld-20", "eld-21",
            "eld-22", "ig-1", "ig-2", "sdf-1", "sdf-3", "sdf-8", "sdf-8a", "sdf-8b", "sdf-9", "sdf-10",
            "sdf-11", "sdf-14", "sdf-15", "sdf-15a", "sdf-16", "sdf-17", "sdf-19", "sdf-20", "sdf-21",
            "sdf-22", "sdf-23",
        ],
        "asks whether a definition of FHIR itself makes sense, which is for the tools that publish one",
    ),
    (
        &["tst-5", "tst-6", "tst-8", "tst-9", "tst-11", "tst-13"],
        "asks what a test script may say in one step, or repeats what the step's own type has",
    ),
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
    error(
        "ait-1",
        Always(|j, n| {
            has(j, n, "clinicalStatus") || has_code(j, n, "verificationStatus", &["entered-in-error"])
        }),
        "An allergy has a clinical status, unless it was entered in error.",
    ),
    error(
        "ait-2",
        Where("clinicalStatus", |j, n| !has_code(j, n, "verificationStatus", &["entered-in-error"])),
        "An allergy entered in error has no clinical status.",
    ),
    error(
        "apr-1",
        Any(&["participantType", "actor"]),
        "A response to an appointment has a participant type or an actor.",
    ),
    error(
        "ces-1",
        OneOf(&["category", "productOrService"]),
        "An item has either a category or a product or service.",
    ),
    error(
        "cmd-1",
        Where("equivalence", |j, n| {
            has(j, n, "comment") || !is(j, n, "equivalence", &["narrower", "inexact"])
        }),
        "A narrower or inexact map has a comment.",
    ),
    error(
        "cmd-2",
        Where("mode", |j, n| has(j, n, "code") || !is(j, n, "mode", &["fixed"])),
        "The mode `fixed` comes with a code.",
    ),
    error(
        "cmd-3",
        Where("mode", |j, n| has(j, n, "url") || !is(j, n, "mode", &["other-map"])),
        "The mode `other-map` comes with a url.",
    ),
    error("cmp-1", Any(&["text", "entry", "section"]), "A section has a text, entries or sections."),
    error("cmp-2", NotBoth("emptyReason", "entry"), "Only a section without entries says why it is empty."),
    error(
        "cpb-1",
        Any(&["rest", "messaging", "document"]),
        "A capability statement has rest, messaging or documents.",
    ),
    error(
        "cpb-2",
        Any(&["description", "software", "implementation"]),
        "A capability statement has a description, software or an implementation.",
    ),
    error(
        "cpb-3",
        Where("messaging", |j, n| is(j, n, "kind", &["instance"]) || !any_has(j, n, "messaging", "endpoint")),
        "Only an instance has messaging endpoints.",
    ),
    error(
        "cpb-7",
        Where("document", |j, n| distinct(j, items(j, n, "document"), &["profile", "mode"])),
        "No two documents have the same profile and mode.",
    ),
    error(
        "cpb-9",
        Where("resource", |j, n| distinct(j, items(j, n, "resource"), &["type"])),
        "No two entries are about the same resource type.",
    ),
    error(
        "cpb-12",
        Where("searchParam", |j, n| distinct(j, items(j, n, "searchParam"), &["name"])),
        "No two search parameters have the same name.",
    ),
    error(
        "cpb-14",
        Where("kind", |j, n| has(j, n, "implementation") || !is(j, n, "kind", &["instance"])),
        "A statement about an instance has an implementation.",
    ),
    error(
        "cpb-15",
        Where("kind", |j, n| {
            (has(j, n, "software") && !has(j, n, "implementation")) || !is(j, n, "kind", &["capability"])
        }),
        "A statement about a capability has software and no implementation.",
    ),
    error(
        "cpb-16",
        Where("kind", |j, n| {
            !(has(j, n, "software") || has(j, n, "implementation")) || !is(j, n, "kind", &["requirements"])
        }),
        "A statement of requirements has neither software nor implementation.",
    ),
    error(
        "tcp-3",
        Where("kind", |j, n| has(j, n, "implementation") || !is(j, n, "kind", &["instance"])),
        "A statement about an instance has an implementation.",
    ),
    error(
        "tcp-4",
        Where("kind", |j, n| {
            (has(j, n, "software") && !has(j, n, "implementation")) || !is(j, n, "kind", &["capability"])
        }),
        "A statement about a capability has software and no implementation.",
    ),
    error(
        "tcp-5",
        Where("kind", |j, n| {
            !(has(j, n, "software") || has(j, n, "implementation")) || !is(j, n, "kind", &["requirements"])
        }),
        "A statement of requirements has neither software nor implementation.",
    ),
    error(
        "tcp-1",
        Where("version", |j, n| {
            items(j, n, "version").count() < 2 || items(j, n, "version").all(|at| has(j, at, "code"))
        }),
        "Of several versions each has a code.",
    ),
    error(
        "tcp-2",
        Any(&["description", "software", "implementation"]),
        "A statement of capabilities has a description, software or an implementation.",
    ),
    error("cpl-3", NotBoth("detail", "reference"), "An activity has a detail or a reference, not both."),
    error(
        "csd-1",
        Where("concept", |j, n| distinct(j, below(j, n, "concept").into_iter(), &["code"])),
        "No two concepts have the same code.",
    ),
    error("fhs-1", NotBoth("age", "born"), "A relative has an age or a time of birth, not both."),
    error("fhs-2", Implies("estimatedAge", "age"), "Only an age can be estimated."),
    error("gol-1", Implies("detail", "measure"), "A target with a detail has a measure."),
    error("grp-1", Where("member", |j, n| is_true(j, n, "actual")), "Only an actual group has members."),
    error("imm-1", Any(&["documentType", "reference"]), "Education has a document type or a reference."),
    error(
        "imr-1",
        Any(&["vaccineCode", "targetDisease"]),
        "A recommendation has a vaccine or a target disease.",
    ),
    of(
        "TestReport",
        error("inv-1", OneOf(&["operation", "assert"]), "An action has either an operation or an assert."),
    ),
    error("inv-2", OneOf(&["operation", "assert"]), "An action has either an operation or an assert."),
    error("ipn-1", Any(&["identifier", "name"]), "An insurance plan has an identifier or a name."),
    error("lnk-1", Always(|j, n| items(j, n, "item").count() > 1), "A linkage has two items at least."),
    error("lst-1", NotBoth("emptyReason", "entry"), "Only a list without entries says why it is empty."),
    error(
        "lst-2",
        Where("entry", |j, n| is(j, n, "mode", &["changes"]) || !any_has(j, n, "entry", "deleted")),
        "Only a list of changes has deleted entries.",
    ),
    error(
        "lst-3",
        Where("entry", |j, n| is(j, n, "mode", &["working"]) || !any_has(j, n, "entry", "date")),
        "Only the entries of a working list have dates.",
    ),
    error("mad-1", Any(&["dose", "rate"]), "A dosage has a dose or a rate."),
    error("md-1", Where("max", most), "A maximum is `*` or a whole number above zero."),
    error(
        "mdd-1",
        Where("whenHandedOver", handed_over),
        "A medication is handed over when it was prepared, or later.",
    ),
    error(
        "mea-1",
        Where("group", |j, n| {
            items(j, n, "group").flat_map(|group| items(j, group, "stratifier")).all(|at| {
                ["code", "description", "criteria"].iter().any(|own| has(j, at, own))
                    != has(j, at, "component")
            })
        }),
        "A stratifier is a criterion or has components, not both.",
    ),
    error(
        "mrp-1",
        Where("group", |j, n| !is(j, n, "type", &["data-collection"])),
        "A report for data collection has no groups.",
    ),
    error(
        "mrp-2",
        Where("group", |j, n| {
            items(j, n, "group")
                .flat_map(|group| items(j, group, "stratifier"))
                .flat_map(|at| items(j, at, "stratum"))
                .all(|at| has(j, at, "value") != has(j, at, "component"))
        }),
        "A stratum has a value or components, not both.",
    ),
    error(
        "msq-3",
        Where("coordinateSystem", |j, n| {
            j.get(n, "coordinateSystem").is_none_or(|at| matches!(j.source(at), "0" | "1"))
        }),
        "A coordinate system is 0 or 1.",
    ),
    error(
        "msq-5",
        Both("chromosome", "genomeBuild"),
        "A reference sequence has both chromosome and genome build, or neither.",
    ),
    error(
        "msq-6",
        OneOf(&["genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString"]),
        "A reference sequence is given in exactly one way.",
    ),
    Rule {
        severity: Severity::Warning,
        ..error(
            "nor-1",
            Any(&["oralDiet", "supplement", "enteralFormula"]),
            "A nutrition order has a diet, a supplement or an enteral formula.",
        )
    },
    error(
        "nsd-1",
        Where("uniqueId", |j, n| {
            !is(j, n, "kind", &["root"]) || !items(j, n, "uniqueId").any(|at| is(j, at, "type", &["uuid"]))
        }),
        "A root system has no uuid.",
    ),
    error(
        "nsd-2",
        Where("uniqueId", |j, n| {
            distinct(j, items(j, n, "uniqueId").filter(|at| is_true(j, *at, "preferred")), &["type"])
        }),
        "Of each type one id at most is preferred.",
    ),
    error("opd-1", Any(&["type", "part"]), "A parameter has a type or parts."),
    error(
        "opd-2",
        Where("searchType", |j, n| is(j, n, "type", &["string"])),
        "Only a parameter of type string has a search type.",
    ),
    error(
        "opd-3",
        Where("targetProfile", |j, n| is(j, n, "type", &["Reference", "canonical"])),
        "Only a reference or canonical has target profiles.",
    ),
    error("qrs-1", NotBoth("answer", "item"), "An item has answers or items, not both."),
    error(
        "que-1",
        Where("type", |j, n| match j.get_str(n, "type").as_deref() {
            Some("group") => has(j, n, "item"),
            Some("display") => !has(j, n, "item"),
            _ => true,
        }),
        "A group has items, and what is displayed has none.",
    ),
    error(
        "que-2",
        Where("item", |j, n| distinct(j, below(j, n, "item").into_iter(), &["linkId"])),
        "No two items have the same link id.",
    ),
    error("que-3", Where("code", |j, n| !is(j, n, "type", &["display"])), "What is displayed has no code."),
    error(
        "que-4",
        NotBoth("answerOption", "answerValueSet"),
        "A question has answer options or a value set of answers, not both.",
    ),
    error(
        "que-5",
        Where("type", |j, n| {
            is(
                j,
                n,
                "type",
                &[
                    "choice",
                    "open-choice",
                    "decimal",
                    "integer",
                    "date",
                    "dateTime",
                    "time",
                    "string",
                    "quantity",
                ],
            ) || !(has(j, n, "answerValueSet") || has(j, n, "answerOption"))
        }),
        "Only a question of a kind that can have choices has them.",
    ),
    error(
        "que-6",
        Where("type", |j, n| {
            !is(j, n, "type", &["display"]) || !(has(j, n, "required") || has(j, n, "repeats"))
        }),
        "What is displayed is neither required nor repeated.",
    ),
    error(
        "que-7",
        Where("operator", |j, n| !is(j, n, "operator", &["exists"]) || has(j, n, "answerBoolean")),
        "The operator `exists` has a boolean as its answer.",
    ),
    error(
        "que-8",
        Where("initial", |j, n| !is(j, n, "type", &["group", "display"])),
        "Neither a group nor what is displayed has initial values.",
    ),
    error(
        "que-9",
        Where("readOnly", |j, n| !is(j, n, "type", &["display"])),
        "What is displayed is not said to be read-only.",
    ),
    error(
        "que-10",
        Where("maxLength", |j, n| {
            is(j, n, "type", &["boolean", "decimal", "integer", "string", "text", "url", "open-choice"])
        }),
        "Only a simple question has a maximum length.",
    ),
    error(
        "que-11",
        NotBoth("answerOption", "initial"),
        "A question with answer options has no initial values.",
    ),
    error(
        "que-12",
        Where("enableWhen", |j, n| items(j, n, "enableWhen").count() < 3 || has(j, n, "enableBehavior")),
        "Of several conditions it is said how they go together.",
    ),
    error(
        "que-13",
        Where("initial", |j, n| is_true(j, n, "repeats") || items(j, n, "initial").count() < 2),
        "Only an item that repeats has several initial values.",
    ),
    error(
        "ras-1",
        Where("probability", |j, n| {
            ["low", "high"]
                .iter()
                .filter_map(|end| j.get(j.get(n, "probabilityRange")?, end))
                .all(|end| is(j, end, "code", &["%"]) && is(j, end, "system", &[UCUM]))
        }),
        "A range of probabilities is in percent.",
    ),
    error("ras-2", Where("probability", percent), "A probability is 100 percent at most."),
    error("rqg-1", OneOf(&["resource", "action"]), "An action has either a resource or actions."),
    error("sdf-2", Any(&["name", "uri"]), "A mapping has a name or a URI."),
    error(
        "sdf-4",
        Always(|j, n| is_true(j, n, "abstract") || has(j, n, "baseDefinition")),
        "A structure that is not abstract has a base.",
    ),
    error(
        "sdf-5",
        Where("type", |j, n| {
            !is(j, n, "type", &["Extension"])
                || is(j, n, "derivation", &["specialization"])
                || has(j, n, "context")
        }),
        "An extension says where it may be used.",
    ),
    error("sdf-6", Any(&["snapshot", "differential"]), "A structure has a snapshot or a differential."),
    error(
        "sdf-18",
        Where("contextInvariant", |j, n| is(j, n, "type", &["Extension"])),
        "Only an extension has invariants of its context.",
    ),
    error("smp-1", Implies("element", "context"), "An element comes with a context."),
    error("smp-2", Implies("context", "contextType"), "A context comes with its type."),
    error("spd-1", Implies("xpath", "xpathUsage"), "An XPath comes with its usage."),
    error(
        "spd-2",
        Where("chain", |j, n| is(j, n, "type", &["reference"])),
        "Only a search parameter of type reference is chained.",
    ),
    error("tst-1", OneOf(&["operation", "assert"]), "An action has either an operation or an assert."),
    error("tst-2", OneOf(&["operation", "assert"]), "An action has either an operation or an assert."),
    error(
        "tst-3",
        Where("expression", |j, n| !(has(j, n, "headerField") && has(j, n, "path"))),
        "A variable is read in one way.",
    ),
    error(
        "tst-4",
        Always(|j, n| any_has(j, n, "capability", "required") || any_has(j, n, "capability", "validated")),
        "A capability is required or validated.",
    ),
    error(
        "tst-7",
        Always(operation),
        "An operation has a source or exactly one of target, url and parameters.",
    ),
    error(
        "tst-10",
        Always(|j, n| {
            has(j, n, "compareToSourceId")
                == (has(j, n, "compareToSourceExpression") || has(j, n, "compareToSourcePath"))
        }),
        "A comparison has a source, and an expression or a path.",
    ),
    error(
        "tst-12",
        Where("direction", |j, n| {
            !is(j, n, "direction", &["request"]) || !(has(j, n, "response") || has(j, n, "responseCode"))
        }),
        "An assert about a request says nothing of a response.",
    ),
    error("vsd-1", Any(&["valueSet", "system"]), "What is included is a value set or of a system."),
    error(
        "vsd-2",
        Always(|j, n| has(j, n, "system") || !(has(j, n, "concept") || has(j, n, "filter"))),
        "Concepts and filters are of a system.",
    ),
    error("vsd-3", NotBoth("concept", "filter"), "What is included is listed or filtered, not both."),
    error("vsd-6", Any(&["code", "display"]), "What an expansion contains has a code or a display."),
    error(
        "vsd-9",
        Always(|j, n| has(j, n, "code") || is_true(j, n, "abstract")),
        "What an expansion contains has a code, unless it is abstract.",
    ),
    error("vsd-10", Implies("code", "system"), "A code in an expansion is of a system."),
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

/// Whether an item of a list has a member.
fn any_has(json: &Json, node: NodeId, list: &str, name: &str) -> bool {
    items(json, node, list).any(|item| has(json, item, name))
}

fn is_true(json: &Json, node: NodeId, name: &str) -> bool {
    json.get(node, name).is_some_and(|value| json.source(value) == "true")
}

/// Whether no two of these say the same in these members. What says nothing in any of them is passed over.
fn distinct(json: &Json, items: impl Iterator<Item = NodeId>, names: &[&str]) -> bool {
    let said = items.map(|item| names.iter().map(|name| json.get_str(item, name)).collect::<Vec<_>>());
    let mut seen = HashSet::new();
    said.filter(|said| said.iter().any(Option::is_some)).all(|said| seen.insert(said))
}

/// The items of a list and of the lists of the same name in them, at any depth.
fn below(json: &Json, node: NodeId, list: &str) -> Vec<NodeId> {
    let mut due = vec![node];
    let mut found = Vec::new();
    while let Some(node) = due.pop() {
        let start = found.len();
        found.extend(items(json, node, list));
        due.extend(found.iter().skip(start));
    }
    found
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

fn most(json: &Json, node: NodeId) -> bool {
    json.get_str(node, "max").is_none_or(|max| max == "*" || max.parse::<u32>().is_ok_and(|max| max > 0))
}

fn handed_over(json: &Json, node: NodeId) -> bool {
    match (json.get_str(node, "whenPrepared"), json.get_str(node, "whenHandedOver")) {
        (Some(prepared), Some(handed)) => compare::not_after(&prepared, &handed),
        _ => true,
    }
}

fn percent(json: &Json, node: NodeId) -> bool {
    let most = Decimal::parse("100");
    match (number(json, node, "probabilityDecimal"), most) {
        (Some(value), Some(most)) => value.compare(&most) != Ordering::Greater,
        _ => true,
    }
}

fn operation(json: &Json, node: NodeId) -> bool {
    let ways = ["targetId", "url", "params"].iter().filter(|name| has(json, node, name)).count();
    let kinds = ["capabilities", "search", "transaction", "history"];
    let whole = || json.get(node, "type").is_some_and(|coding| is(json, coding, "code", &kinds));
    has(json, node, "sourceId") || ways == 1 || whole()
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
