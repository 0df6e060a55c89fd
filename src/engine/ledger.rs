//! The field ledger: every element of the source, and what became of it.

use super::adapt::Claim;
use super::canonical::DisclosureClass;
use super::fhir::{Json, Locus, NodeId};
use super::label;
use super::phi::Phi;
use super::policy::{Label, Policy};
use super::redact::Method;
use super::validate::Shape;
use super::{Run, Setting};

/// One element of the source. Its value is not here; its place in the body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Path and place.
    pub locus: Locus,
    /// Disclosure class; the highest one for what nobody has classified.
    pub class: DisclosureClass,
    /// What the policy lets happen.
    pub label: Label,
    /// The deciding rule, as its place in the policy.
    pub rule: Option<usize>,
    /// Further rules that read the element.
    pub others: Vec<usize>,
    /// What crossed.
    pub crossed: Option<String>,
    /// Whether its code is not in the table of its rule.
    pub unlisted: bool,
}

/// The ledger of a run: a row for each leaf of the event's data, in document order. Empty where the body could
/// not be read as JSON. A run that did not get as far as delivery shows what the policy would have decided,
/// and that nothing crossed.
pub fn ledger(setting: &Setting, run: &Run) -> Vec<Element> {
    let Some(event) = &run.event else { return Vec::new() };
    let data = run.shape.map_or(NodeId::ROOT, |shape| shape.data);
    let policy = &setting.policy;
    let named = match run.shape.as_ref().filter(|shape| setting.map(shape).is_some()) {
        Some(shape) => named(&run.claims, setting.decisions.of(shape)),
        None => Vec::new(),
    };
    let redacted = run.redacted.as_ref();
    let crossings = redacted.map_or(&[][..], |redacted| redacted.crossings.as_slice());
    // By node, so that an event of which much crosses takes no longer for it.
    let mut crossed: Vec<(NodeId, usize)> =
        crossings.iter().enumerate().map(|(at, (node, _, _))| (*node, at)).collect();
    crossed.sort_unstable();
    let mut unlisted = redacted.map_or_else(Vec::new, |redacted| redacted.unlisted.clone());
    unlisted.sort_unstable();
    let rows = event.classify(|json| {
        let named = with_systems(json, &named, policy);
        let loci = json.loci(data).into_iter();
        loci.map(|locus| Row { rules: rules_of(json, data, locus.node, &named), locus }).collect::<Vec<_>>()
    });
    rows.into_iter()
        .map(|Row { locus, rules }| {
            let first = position(&crossed, locus.node).and_then(|at| crossed.get(at));
            let crossing = first.and_then(|(_, at)| crossings.get(*at));
            // The rule that let the element cross decides; where none did, the first that names it.
            let rule = crossing.map(|(_, rule, _)| *rule).or_else(|| rules.first().copied());
            let decided = rule.and_then(|rule| policy.rules.get(rule));
            Element {
                unlisted: rule.is_some_and(|rule| unlisted.binary_search(&(locus.node, rule)).is_ok()),
                locus,
                class: decided.map_or(DisclosureClass::HighlyRestricted, |rule| rule.class),
                label: decided.map_or(Label::Prohibited, |rule| rule.label),
                rule,
                others: rules.into_iter().filter(|other| Some(*other) != rule).collect(),
                crossed: crossing.map(|(_, _, value)| value.clone()),
            }
        })
        .collect()
}

/// A leaf and the rules that name it or what it is part of: structure, no value.
pub struct Row {
    locus: Locus,
    rules: Vec<usize>,
}

/// How many elements of the event no rule names.
pub(super) fn unnamed(
    event: &Phi<Json>,
    shape: &Shape,
    claims: &[Claim],
    rules: &[Option<usize>],
    policy: &Policy,
) -> u64 {
    let named = named(claims, rules);
    let unnamed = event.classify(|json| {
        let named = with_systems(json, &named, policy);
        // Nodes and leaves both come in document order, so one pass over each is enough.
        let mut nodes = named.iter().map(|(node, _)| *node).peekable();
        let mut covered_to = shape.data;
        json.leaves(shape.data)
            .filter(|leaf| {
                while let Some(node) = nodes.next_if(|node| node <= leaf) {
                    covered_to = covered_to.max(json.after(node));
                }
                *leaf >= covered_to
            })
            .collect::<Vec<_>>()
    });
    unnamed.len() as u64
}

/// The nodes that rules name, in node order.
fn named(claims: &[Claim], rules: &[Option<usize>]) -> Vec<(NodeId, usize)> {
    let rule = |claim: &Claim| rules.get(claim.field).copied().flatten();
    let mut named: Vec<(NodeId, usize)> =
        claims.iter().filter_map(|claim| Some((claim.node, rule(claim)?))).collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// The same, with the systems that stand beside codes: a code is looked at together with its system.
fn with_systems(json: &Json, named: &[(NodeId, usize)], policy: &Policy) -> Vec<(NodeId, usize)> {
    let looks = |rule: usize| {
        policy.rules.get(rule).is_some_and(|rule| matches!(rule.method, Method::Keep | Method::Label))
    };
    let codes = named.iter().filter(|(_, rule)| looks(*rule));
    let systems = codes.filter_map(|(node, rule)| Some((label::system_node(json, *node)?, *rule)));
    let mut all: Vec<(NodeId, usize)> = named.iter().copied().chain(systems).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn position(named: &[(NodeId, usize)], node: NodeId) -> Option<usize> {
    let at = named.partition_point(|(other, _)| *other < node);
    named.get(at).filter(|(other, _)| *other == node).map(|_| at)
}

/// A node and what it is part of, up to the data's root.
fn ancestry(json: &Json, data: NodeId, leaf: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    std::iter::successors(Some(leaf), move |node| if *node == data { None } else { json.parent(*node) })
}

fn rules_of(json: &Json, data: NodeId, leaf: NodeId, named: &[(NodeId, usize)]) -> Vec<usize> {
    let mut rules = Vec::new();
    for node in ancestry(json, data, leaf) {
        let from = position(named, node).unwrap_or(named.len());
        let own = named.get(from..).unwrap_or(&[]).iter().take_while(|(other, _)| *other == node);
        rules.extend(own.map(|(_, rule)| *rule).filter(|rule| !rules.contains(rule)).collect::<Vec<_>>());
    }
    rules
}
