//! The only way out: values turn from PHI into fields of a CRM record here, rule by rule.

mod method;
mod pare;
mod pseudonym;

pub use method::{Keys, Method};
pub use pare::{may_hide, pare_consent};
pub use pseudonym::{KnownBy, Pseudonym, shares};

use super::adapt::{Claim, Claims};
use super::audit::hex;
use super::canonical::{DisclosureClass, FieldType};
use super::decisions::Decisions;
use super::fhir::{Json, Kind, Namespace, NodeId, in_force, of_identifier, own_id};
use super::guard;
use super::label::{self, Coded, Labels};
use super::normalise::Normalise;
use super::phi::Phi;
use super::place;
use super::policy::{Label, Policy, Rule};
use super::refusal::{Code, Refusal};
use super::spelled::Spelled;
use super::time::{Day, Instant};
use super::validate::Shape;
use crate::order;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The right to take a value out of [`Phi`]. Only this module can make one.
pub struct Release(());

/// A field of the record about to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutField {
    /// The rule that lets it out, as its place in the policy.
    pub rule: usize,
    /// The value; none where it was withheld.
    pub value: Option<String>,
}

/// What happened to the elements that a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldResult {
    /// A value crossed.
    Crossed,
    /// The field says that it was withheld.
    Withheld,
    /// The element was there and nothing of it crossed.
    Dropped,
}

impl FieldResult {
    /// As the audit log spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crossed => "crossed",
            Self::Withheld => "withheld",
            Self::Dropped => "dropped",
        }
    }
}

/// The outcome of redaction: what leaves, and what became of each element.
#[derive(Clone, Debug)]
pub struct Redacted {
    /// Idempotency key of the records: one for each CRM object, all under the same key.
    pub key: String,
    /// The fields that leave, in the policy's order.
    pub fields: Vec<OutField>,
    /// What happened to each rule that the source has an element for, or whose field is withheld; in the policy's
    /// order.
    pub results: Vec<(usize, FieldResult)>,
    /// The elements that crossed: node, rule, and what it became.
    pub crossings: Vec<(NodeId, usize, String)>,
    /// The elements that are not in the table of their rule: node and rule. They crossed as `other` or not at all.
    pub unlisted: Vec<(NodeId, usize)>,
    /// The highest class that something crossed of.
    pub class: Option<DisclosureClass>,
}

impl Redacted {
    /// The recipe, rule by rule, for the audit log: rule, field, method with version, result. What the source
    /// does not have needs no line.
    pub fn notes(&self, policy: &Policy) -> Vec<String> {
        let notes = self.results.iter().filter_map(|(rule, result)| {
            let rule = policy.rules.get(*rule)?;
            Some([&rule.id, &rule.field.name, rule.method.recipe(), result.as_str()].join(" "))
        });
        notes.collect()
    }

    /// The tokens that leave, for the audit log: of each the rule that made it, and its reference, with a space between.
    pub fn tokens(&self, policy: &Policy) -> Vec<String> {
        let tokens = self.crossings.iter().filter_map(|(_, rule, value)| {
            let rule = policy.rules.get(*rule).filter(|rule| rule.method == Method::Tokenize)?;
            Some([rule.id.as_str(), &token_reference(value)].join(" "))
        });
        let mut told = BTreeSet::new();
        tokens.filter(|token| told.insert(token.clone())).collect()
    }

    /// The result in sentences. `unnamed` counts the elements that no rule names.
    pub fn reasons(&self, unnamed: u64) -> Vec<String> {
        let count = |wanted| self.results.iter().filter(|(_, result)| *result == wanted).count();
        let codes = match self.unlisted.len() {
            0 => None,
            1 => Some("1 code is not in the table of its rule.".to_owned()),
            several => Some(format!("{several} codes are not in the tables of their rules.")),
        };
        let counts = [
            format!("{} fields cross.", count(FieldResult::Crossed)),
            format!("{} fields say that they were withheld.", count(FieldResult::Withheld)),
            format!("{} fields were there and do not cross.", count(FieldResult::Dropped)),
            format!("{unnamed} elements of the source are named by no rule and do not cross."),
        ];
        counts.into_iter().chain(codes).collect()
    }
}

/// How a record of the audit log refers to a token: the first 16 hexadecimal digits of the token's SHA-256.
///
/// The token itself points at one person in the receiving system, and whoever holds log and CRM records could join the two
/// by it. The reference finds the records about a token that one has in hand, such as for a hold, and is of no use
/// without: a token is 128 bits of a keyed hash, so that there is nothing to try.
pub fn token_reference(token: &str) -> String {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(token));
    hex(&[a, b, c, d, e, f, g, h])
}

/// Applies a policy to an adapted event: claim by claim, so that rules that do not apply cost nothing.
///
/// Fields come out in the policy's order. A redacted field comes out whether or not the source has it, so
/// that its presence does not show; a prohibited one never does.
///
/// # Errors
/// [`Code::NamespaceMissing`], where a token of the patient is wanted and the event names the patient without a namespace.
pub fn redact(
    json: &Phi<Json>,
    shape: &Shape,
    claims: &[Claim],
    policy: &Policy,
    decisions: &Decisions,
    keys: &Keys,
    now: Instant,
) -> Result<Redacted, Refusal> {
    let release = Release(());
    let namespace = shape.namespace(&policy.source, now);
    let id = |json| own_id(json, shape.focus).and_then(|id| json.str(id)).unwrap_or_default();
    let id = json.as_ref().map(id).release(&release);
    let mut out = Redacted {
        key: keys.record(&policy.id, &policy.source, shape.resource_type.name(), &id),
        fields: Vec::new(),
        results: Vec::new(),
        crossings: Vec::new(),
        unlisted: Vec::new(),
        class: None,
    };
    let forms = decisions.forms(shape);
    for (rule_index, places) in by_rule(claims, decisions.of(shape), &decisions.withheld) {
        let Some(rule) = policy.rules.get(rule_index) else { continue };
        let result = match rule.label {
            Label::Redacted => {
                out.fields.push(OutField { rule: rule_index, value: None });
                FieldResult::Withheld
            }
            Label::Prohibited => FieldResult::Dropped,
            Label::Allowed | Label::Transformed => {
                let limit = if rule.cardinality.many { usize::MAX } else { 1 };
                let first = out.crossings.len();
                if let Some(labels) = decisions.labels(rule_index) {
                    let many = rule.cardinality.many;
                    let found = json
                        .as_ref()
                        .map(|json| labelled(json, &namespace, &in_order(json, &places, now), labels, many));
                    for (node, label) in found.release(&release) {
                        if label.is_none() {
                            out.unlisted.push((node, rule_index));
                        }
                        let value = label.or(labels.unlisted());
                        out.crossings.extend(value.map(|value| (node, rule_index, value.to_owned())));
                    }
                } else {
                    let named: Claims = json.classify(|json| {
                        let places = in_order(json, &places, now);
                        match rule.method {
                            Method::Zip3 | Method::UsState => of_counting(json, &places, now.day()),
                            Method::Keep => {
                                places.into_iter().filter(|claim| rule.keeps(json, claim.node)).collect()
                            }
                            Method::Tokenize => {
                                places.into_iter().filter(|claim| has_namespace(json, claim.node)).collect()
                            }
                            _ => places,
                        }
                    });
                    if rule.method == Method::Tokenize
                        && rule.is_of_person()
                        && let (true, Some(claim)) = (named.is_empty(), places.first())
                    {
                        return Err(json.classify(|json| {
                            let path = Spelled::of(json, shape.data, claim.node);
                            Refusal::about(Code::NamespaceMissing, path).with_place(json.place(claim.node))
                        }));
                    }
                    for claim in named.iter().take(limit) {
                        let form = forms.get(claim.field).copied().flatten();
                        let value = json.as_ref().map(|json| {
                            let value = rule.formed(scalar(json, &namespace, claim.node)?, form)?;
                            match rule.method {
                                Method::Tokenize => namespace.name_of(json, claim.node, &value),
                                _ => Some(value.into_owned()),
                            }
                        });
                        let value = value.transpose().map(|value| value.release(&release));
                        let crossed = value.and_then(|value| rule.method.apply(&value, keys, now.day()));
                        out.crossings.extend(crossed.map(|value| (claim.node, rule_index, value)));
                    }
                }
                let crossed = out.crossings.get(first..).unwrap_or(&[]);
                if crossed.is_empty() {
                    FieldResult::Dropped
                } else {
                    let values: Vec<&str> = crossed.iter().map(|(_, _, value)| value.as_str()).collect();
                    out.fields.push(OutField { rule: rule_index, value: Some(joined(&values)) });
                    out.class = out.class.max(Some(rule.class));
                    FieldResult::Crossed
                }
            }
        };
        out.results.push((rule_index, result));
    }
    Ok(out)
}

/// The places that a rule decides about: of identifiers those that are in force, the preferred one first.
fn in_order(json: &Json, places: &[Claim], now: Instant) -> Claims {
    let identifiers: Vec<NodeId> =
        places.iter().filter_map(|claim| of_identifier(json, claim.node)).collect();
    if identifiers.is_empty() {
        return places.to_vec();
    }
    let mut ranks: Vec<(NodeId, usize)> = in_force(json, &identifiers, now).into_iter().zip(0..).collect();
    order::by(&mut ranks, |(identifier, _)| *identifier);
    let rank = |claim: &Claim| match of_identifier(json, claim.node) {
        Some(own) => {
            let at = ranks.binary_search_by_key(&own, |(identifier, _)| *identifier).ok()?;
            ranks.get(at).map(|(_, rank)| *rank)
        }
        None => Some(ranks.len()),
    };
    let mut places: Vec<(usize, Claim)> =
        places.iter().filter_map(|claim| Some((rank(claim)?, *claim))).collect();
    order::by(&mut places, |(rank, _)| *rank);
    places.into_iter().map(|(_, claim)| claim).collect()
}

/// Whether a value has a namespace, or needs none: only an identifier may lack its system.
fn has_namespace(json: &Json, node: NodeId) -> bool {
    of_identifier(json, node)
        .is_none_or(|own| json.get_str(own, "system").is_some_and(|system| !system.is_empty()))
}

/// What a field says of several items: each once.
pub(super) fn joined(items: &[&str]) -> String {
    let mut told = BTreeSet::new();
    let items: Vec<&str> = items.iter().copied().filter(|item| told.insert(*item)).collect();
    items.join("; ")
}

/// The label of each concept at these places, with the place that has it: of several codings of one, the first that is
/// in the table. None where it is not.
fn labelled<'a>(
    json: &Json,
    namespace: &Namespace<'_>,
    places: &[Claim],
    labels: &'a Labels,
    many: bool,
) -> Vec<(NodeId, Option<&'a str>)> {
    let of_one =
        |one: &Claim, other: &Claim| label::concept(json, one.node) == label::concept(json, other.node);
    let mut resources = BTreeMap::new();
    let concepts = places.chunk_by(of_one).filter_map(|codings| {
        let nodes = || codings.iter().map(|claim| claim.node);
        let mut find = |node| labels.find(json, namespace, node, &mut resources);
        let known = nodes().find_map(|node| Some((node, Some(find(node)?))));
        known.or_else(|| nodes().next().map(|node| (node, None)))
    });
    let mut concepts: Vec<(NodeId, Option<&str>)> = concepts.collect();
    if !many {
        let known = concepts.iter().position(|(_, label)| label.is_some());
        concepts = concepts.get(known.unwrap_or(0)).copied().into_iter().collect();
    }
    concepts
}

/// The places that each rule decides about, in the policy's order; rules whose field is withheld come in any case.
fn by_rule(claims: &[Claim], rules: &[Option<usize>], withheld: &[usize]) -> BTreeMap<usize, Vec<Claim>> {
    let mut places: BTreeMap<usize, Vec<Claim>> = withheld.iter().map(|rule| (*rule, Vec::new())).collect();
    for claim in claims {
        if let Some(Some(rule)) = rules.get(claim.field) {
            places.entry(*rule).or_default().push(*claim);
        }
    }
    places
}

/// The places that are in an address whose state and ZIP code may cross.
fn of_counting(json: &Json, places: &[Claim], today: Day) -> Vec<Claim> {
    let mut known = BTreeMap::new();
    let mut counts = |claim: &&Claim| {
        let Some(address) = json.parent(claim.node) else { return false };
        let list = json.parent(address).unwrap_or(address);
        *known.entry(list).or_insert_with(|| place::counting(json, address, today)) == Some(address)
    };
    places.iter().filter(&mut counts).copied().collect()
}

/// Different codes of one event that are named to an author, at most: each is held against the whole event.
const MOST_NAMED: usize = 64;

/// The codes that are not in the tables of their rules, to name them to the author of a policy: of each element the rule,
/// and the code where it has the form of one and identifies nobody that the event is about. Of one event, the first
/// 64 codes are named.
pub fn unlisted(
    json: &Phi<Json>,
    shape: &Shape,
    policy: &Policy,
    redacted: &Redacted,
    now: Instant,
) -> Vec<(usize, Option<Coded>)> {
    let namespace = shape.namespace(&policy.source, now);
    let codes = json.as_ref().map(|json| {
        let found = redacted.unlisted.iter();
        let found = found.map(|(node, rule)| (*rule, label::unlisted_code(json, &namespace, *node)));
        let found: Vec<(usize, Option<Coded>)> = found.collect();
        let mut named: BTreeSet<&Coded> = BTreeSet::new();
        for coded in found.iter().filter_map(|(_, coded)| coded.as_ref()) {
            if named.len() < MOST_NAMED {
                named.insert(coded);
            }
        }
        let texts = |coded: &Coded| [Some(coded.code.clone()), coded.system.clone()].into_iter().flatten();
        let texts_of_all: BTreeSet<String> = named.iter().flat_map(|coded| texts(coded)).collect();
        let harmless = |texts: &[&str]| guard::names_nobody(json, shape, texts);
        // Each look goes over the whole event: at all of them at once first, and one by one only where that finds something.
        let all: Vec<&str> = texts_of_all.iter().map(String::as_str).collect();
        let identifying: BTreeSet<&str> = if harmless(&all) {
            BTreeSet::new()
        } else {
            all.into_iter().filter(|text| !harmless(&[text])).collect()
        };
        let is_named = |coded: &Coded| {
            named.contains(coded) && texts(coded).all(|text| !identifying.contains(text.as_str()))
        };
        found.iter().map(|(rule, coded)| (*rule, coded.clone().filter(is_named))).collect()
    });
    codes.release(&Release(()))
}

impl Rule {
    /// Whether an element may cross as it is: a code or a flag, for which the rule lists the values that may, and that is of
    /// a system that the rule lists where the element says of which it is.
    fn keeps(&self, json: &Json, node: NodeId) -> bool {
        self.field.kind == FieldType::Code
            && self.is_closed_vocabulary()
            && !label::is_text(json, node)
            && label::system_beside(json, node).is_none_or(|system| {
                system.is_some_and(|system| self.systems.iter().any(|own| *own == system))
            })
    }

    /// Whether it is about the patient.
    fn is_of_person(&self) -> bool {
        self.field.name.starts_with("Person.")
    }

    /// A value in the adapter's form, and in the rule's own. None where it can't be brought into one of them.
    fn formed<'a>(&self, value: Cow<'a, str>, form: Option<Normalise>) -> Option<Cow<'a, str>> {
        let mut forms = [form, self.normalise].into_iter().flatten();
        forms.try_fold(value, |value, form| form.apply(&value).map(Cow::Owned))
    }
}

/// Only a primitive crosses; a complex element named by mistake does not spill its parts. A reference to something on the
/// source's own server is its `Type/id`, in whatever form it comes; and a Patient's own id is the same as references to it.
pub(super) fn scalar<'a>(json: &'a Json, namespace: &Namespace<'_>, node: NodeId) -> Option<Cow<'a, str>> {
    match json.kind(node) {
        Kind::String
            if json.is_member(node, "reference")
                || (json.is_member(node, "id")
                    && json
                        .parent(node)
                        .and_then(|holder| json.resource_type(holder))
                        .is_some_and(|kind| kind.name() == "Patient")) =>
        {
            namespace.own_type_and_id(json, node).map(Cow::Owned).or_else(|| json.scalar(node))
        }
        Kind::String | Kind::Number | Kind::Bool => json.scalar(node),
        Kind::Object | Kind::Array | Kind::Null => None,
    }
}
