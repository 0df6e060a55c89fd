//! Lint: what to look at in a policy beyond its form. What the safety of the engine demands is an error, and such a
//! policy does not go active; what is a matter of judgement is a warning.
//!
//! [`codes`] lists all lints. Some are found while rules are read; the others here, once the policy is read as far as it
//! can be.

mod against;
pub mod codes;
mod contract;
mod counts;
mod head;
mod person;
mod rules;
mod source;
mod target;

pub use against::{against, alike, same_version};
pub use counts::subtractable;

use super::edit::{quoted, revise, splice};
use super::keys::RULE;
use super::{Beside, Label, Policy, Rule};
use crate::engine::document::{Document, Edit, closest};
use crate::engine::fhir::{Json, NodeId};

/// Finds all that there is to find in a policy, and with its adapter more.
pub(super) fn run(doc: &mut Document<'_>, policy: &Policy, beside: Beside<'_>) {
    let written = Written::of(doc, policy);
    head::lint(doc, policy);
    rules::lint(doc, policy, &written);
    contract::lint(doc, policy);
    person::lint(doc, policy, &written);
    let adapter = beside.adapters.iter().find(|adapter| adapter.id == policy.adapter);
    source::lint(doc, policy, &written, adapter);
    if adapter.is_none() {
        adapter_unknown(doc, Some(NodeId::ROOT), beside.adapters.iter().map(|adapter| adapter.id.as_str()));
    }
    match beside.crms.iter().find(|crm| crm.id == policy.target_adapter) {
        Some(crm) => target::lint(doc, policy, &written, crm),
        None => {
            let target = doc.json.get(NodeId::ROOT, "target");
            adapter_unknown(doc, target, beside.crms.iter().map(|crm| crm.id.as_str()));
        }
    }
}

/// The finding for an adapter that is not among those that there are, where an object names one. Without any there is
/// nothing to look among.
fn adapter_unknown<'a>(doc: &mut Document<'_>, of: Option<NodeId>, known: impl Iterator<Item = &'a str>) {
    let json = doc.json;
    let mut known = known.peekable();
    let Some(at) = of.and_then(|of| json.get(of, "adapter")).filter(|_| known.peek().is_some()) else {
        return;
    };
    let Some(name) = json.str(at).filter(|name| !name.trim().is_empty()) else { return };
    let (start, end) = json.span(at);
    doc.lint((start, end), &codes::ADAPTER_UNKNOWN, format!("There is no adapter `{name}` here."));
    if let Some(near) = closest(&name, known) {
        doc.fix(format!("Write `{near}`"), || vec![Edit { start, end, text: quoted(near) }]);
    }
}

/// The rules as they stand in the text.
struct Written<'a> {
    /// The list of rules.
    list: NodeId,
    /// Each rule that could be read, with what it says of which fields.
    rules: Vec<AsWritten<'a>>,
}

/// A rule as it stands in the text.
struct AsWritten<'a> {
    /// Its place in the list.
    row: usize,
    /// Its node.
    node: NodeId,
    /// What it says, field by field; one at least.
    says: Vec<&'a Rule>,
}

impl<'a> Written<'a> {
    fn of(doc: &Document<'_>, policy: &'a Policy) -> Self {
        let Some(list) = doc.json.get(NodeId::ROOT, "rules") else {
            return Self { list: NodeId::ROOT, rules: Vec::new() };
        };
        let nodes: Vec<NodeId> = doc.json.children(list).collect();
        let mut rules: Vec<AsWritten<'a>> = Vec::new();
        for rule in &policy.rules {
            match rules.last_mut() {
                Some(last) if last.row == rule.row => last.says.push(rule),
                _ => rules.extend(nodes.get(rule.row).map(|node| AsWritten {
                    row: rule.row,
                    node: *node,
                    says: vec![rule],
                })),
            }
        }
        Self { list, rules }
    }

    /// The rule as it stands in the text that one of a field comes from.
    fn of_rule(&self, rule: &Rule) -> Option<&AsWritten<'a>> {
        let place = self.rules.binary_search_by_key(&rule.row, |written| written.row).ok()?;
        self.rules.get(place)
    }
}

impl<'a> AsWritten<'a> {
    /// What it says of the first of its fields.
    fn first(&self) -> Option<&'a Rule> {
        self.says.first().copied()
    }

    /// Where one of its keys has its value; where it has none, the whole rule.
    fn span(&self, doc: &Document<'_>, key: &str) -> (u32, u32) {
        doc.json.span(doc.json.get(self.node, key).unwrap_or(self.node))
    }

    /// Changes of its keys.
    fn revise(&self, json: &Json, changes: &[(&str, Option<String>)]) -> Vec<Edit> {
        revise(json, self.node, &RULE.names().collect::<Vec<_>>(), changes)
    }

    /// Labels it `prohibited`.
    fn prohibit(&self, json: &Json) -> Vec<Edit> {
        prohibit(json, self.node)
    }

    /// Takes it out of the list.
    fn remove(&self, json: &Json, list: NodeId) -> Vec<Edit> {
        splice(json, list, &[self.row], &[], super::edit::Layout::Inline)
    }
}

/// Labels a rule `prohibited`; what only a rule by which something crosses has goes.
pub(super) fn prohibit(json: &Json, rule: NodeId) -> Vec<Edit> {
    let gone = ["method", "target", "cardinality", "normalise", "values", "systems", "table", "unlisted"];
    let mut changes = vec![("label", Some(quoted(Label::Prohibited.as_str())))];
    changes.extend(gone.into_iter().filter(|key| json.get(rule, key).is_some()).map(|key| (key, None)));
    revise(json, rule, &RULE.names().collect::<Vec<_>>(), &changes)
}
