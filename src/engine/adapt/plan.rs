//! All selectors of an adapter as one structure, so that an event is walked once.
//!
//! The walk goes by what the event has: a member, an extension, a type or a value is looked up among what is wanted
//! there. What it costs does not grow with selectors that do not apply.

use crate::engine::fhir::{Json, Kind, NodeId, ResourceType, resolve};
use crate::engine::path::{Evaluator, Selector, Step};
use crate::order;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A node of the event that a canonical field is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The node.
    pub node: NodeId,
    /// The field, as its place in the adapter's list.
    pub field: usize,
}

/// The selectors' common beginnings, shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    branches: Vec<Branch>,
}

/// Branches by a text.
type ByText = BTreeMap<Box<str>, usize>;

/// What is wanted of the nodes that a path leads to. Each leads on to the branch of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Branch {
    /// Members by key. One key may lead to several: to a choice, and to the choice as it is of one type.
    members: BTreeMap<Box<str>, Vec<usize>>,
    /// The branches that members lead to, by all the keys of each, for building.
    choices: BTreeMap<Vec<String>, usize>,
    /// Extensions by URL.
    extensions: ByText,
    /// Resources by type.
    types: BTreeMap<ResourceType, usize>,
    /// Items by their place in the collection.
    places: BTreeMap<usize, usize>,
    /// For each path that criteria are about, the values that are wanted there.
    equals: Vec<(Vec<String>, ByText)>,
    /// The places of these among them, by path.
    paths: BTreeMap<Vec<String>, usize>,
    /// Whatever else, each over the whole collection, in order.
    steps: Vec<(Step, usize)>,
    /// The branches of these, for building.
    known: HashMap<Step, usize>,
    /// Fields read here.
    fields: Vec<usize>,
}

impl Plan {
    /// Builds the structure from fields' selectors, in order.
    pub fn new<'a>(selectors: impl Iterator<Item = &'a Selector>) -> Self {
        let mut plan = Self { branches: vec![Branch::default()] };
        for (field, selector) in selectors.enumerate() {
            for path in selector {
                let end = path.iter().fold(0, |at, step| plan.follow(at, step));
                if let Some(branch) = plan.branches.get_mut(end) {
                    branch.fields.push(field);
                }
            }
        }
        plan
    }

    /// The branch that a step leads to, a new one where there is none yet.
    fn follow(&mut self, at: usize, step: &Step) -> usize {
        let new = self.branches.len();
        let Some(branch) = self.branches.get_mut(at) else { return at };
        let next = branch.next(step, new);
        if next == new {
            self.branches.push(Branch::default());
        }
        next
    }

    /// Walks an event from its focus resource. Claims come out in document order per field.
    pub fn walk(&self, json: &Json, data: NodeId, focus: NodeId) -> Vec<Claim> {
        self.walked(json, data, focus).claims
    }

    fn walked<'a>(&'a self, json: &'a Json, data: NodeId, focus: NodeId) -> Walk<'a> {
        let evaluator = Evaluator::new(json, data);
        let mut walk = Walk { plan: self, json, data, evaluator, claims: Vec::with_capacity(64), looked: 0 };
        walk.visit(0, &[focus]);
        walk
    }
}

impl Branch {
    /// The branch that a step leads to: `new`, where none does yet.
    fn next(&mut self, step: &Step, new: usize) -> usize {
        match step {
            Step::Member(keys) => {
                if let Some(next) = self.choices.get(keys.as_slice()) {
                    return *next;
                }
                self.choices.insert(keys.clone(), new);
                for key in keys {
                    self.members.entry(key.as_str().into()).or_default().push(new);
                }
                new
            }
            Step::Extension(url) => *self.extensions.entry(url.as_str().into()).or_insert(new),
            Step::OfType(kind) => *self.types.entry(*kind).or_insert(new),
            Step::Index(place) => *self.places.entry(*place).or_insert(new),
            Step::Where(criteria) if let Some((path, literal)) = &criteria.equal => {
                let at = *self.paths.entry(path.clone()).or_insert(self.equals.len());
                if at == self.equals.len() {
                    self.equals.push((path.clone(), ByText::new()));
                }
                let wanted = self.equals.get_mut(at);
                wanted.map_or(new, |(_, wanted)| *wanted.entry(literal.as_str().into()).or_insert(new))
            }
            other => {
                let next = *self.known.entry(other.clone()).or_insert(new);
                if next == new {
                    self.steps.push((other.clone(), new));
                }
                next
            }
        }
    }
}

/// A walk over one event.
struct Walk<'a> {
    plan: &'a Plan,
    json: &'a Json,
    data: NodeId,
    evaluator: Evaluator<'a>,
    claims: Vec<Claim>,
    /// Nodes looked at, and criteria asked.
    looked: usize,
}

/// Nodes found, by the branch that they lead to.
#[derive(Default)]
struct Found(Vec<(usize, NodeId)>);

impl Found {
    fn add(&mut self, branch: usize, node: NodeId) {
        self.0.push((branch, node));
    }
}

impl Walk<'_> {
    fn visit(&mut self, at: usize, here: &[NodeId]) {
        let Some(branch) = self.plan.branches.get(at).filter(|_| !here.is_empty()) else { return };
        for field in &branch.fields {
            self.claims.extend(here.iter().map(|node| Claim { node: *node, field: *field }));
        }
        let mut found = Found::default();
        for node in here {
            self.looked += 1;
            self.members(branch, *node, &mut found);
            self.extensions(branch, *node, &mut found);
            if !branch.types.is_empty()
                && let Some(next) = self.json.resource_type(*node).and_then(|kind| branch.types.get(&kind))
            {
                found.add(*next, *node);
            }
            for (path, wanted) in &branch.equals {
                self.looked += 1;
                if let Some(text) = self.text_at(*node, path)
                    && let Some(next) = wanted.get(&*text)
                {
                    found.add(*next, *node);
                }
            }
        }
        for (place, next) in branch.places.range(..here.len()) {
            here.get(*place).into_iter().for_each(|node| found.add(*next, *node));
        }
        for (step, next) in &branch.steps {
            self.apply(step, here).into_iter().for_each(|node| found.add(*next, node));
        }
        order::by(&mut found.0, |(next, _)| *next);
        let nodes: Vec<NodeId> = found.0.iter().map(|(_, node)| *node).collect();
        let mut rest = nodes.as_slice();
        for of_branch in found.0.chunk_by(|(one, _), (other, _)| one == other) {
            let (here, after) = rest.split_at(of_branch.len());
            if let Some((next, _)) = of_branch.first() {
                self.visit(*next, here);
            }
            rest = after;
        }
    }

    fn members(&mut self, branch: &Branch, object: NodeId, found: &mut Found) {
        if branch.members.is_empty() || self.json.kind(object) != Kind::Object {
            return;
        }
        for child in self.json.children(object) {
            self.looked += 1;
            let wanted = match self.json.plain_key(child).map(std::str::from_utf8) {
                Some(Ok(key)) => branch.members.get(key),
                _ => self.json.key(child).and_then(|key| branch.members.get(&*key)),
            };
            for next in wanted.into_iter().flatten() {
                flatten(self.json, child).for_each(|node| found.add(*next, node));
            }
        }
    }

    fn extensions(&mut self, branch: &Branch, node: NodeId, found: &mut Found) {
        if branch.extensions.is_empty() {
            return;
        }
        let list = self.json.get(node, "extension");
        for extension in list.into_iter().flat_map(|list| flatten(self.json, list)) {
            self.looked += 1;
            let url = self.json.get_str(extension, "url");
            if let Some(next) = url.and_then(|url| branch.extensions.get(&*url)) {
                found.add(*next, extension);
            }
        }
    }

    /// The one text at a path below a node.
    fn text_at(&self, node: NodeId, path: &[String]) -> Option<std::borrow::Cow<'_, str>> {
        let end = path.iter().try_fold(node, |at, key| {
            let mut nodes = flatten(self.json, self.json.get(at, key)?);
            nodes.next().filter(|_| nodes.next().is_none())
        });
        self.json.str(end?)
    }

    fn apply(&mut self, step: &Step, here: &[NodeId]) -> Vec<NodeId> {
        let (json, data) = (self.json, self.data);
        let each = here.iter().copied();
        match step {
            Step::Last => here.last().copied().into_iter().collect(),
            Step::Skip(count) => each.skip(*count).collect(),
            Step::Take(count) => each.take(*count).collect(),
            Step::Where(criteria) => {
                self.looked += here.len();
                each.filter(|node| criteria.hold(&mut self.evaluator, *node)).collect()
            }
            // Each resource once, however many refer to it.
            Step::Resolve => {
                let mut seen = HashSet::new();
                each.filter_map(|node| match json.kind(node) {
                    Kind::Object => json.get(node, "reference"),
                    _ => Some(node),
                })
                .filter_map(|reference| resolve(json, data, reference))
                .filter(|resource| seen.insert(*resource))
                .collect()
            }
            // These are looked up by what the event has.
            Step::Member(_) | Step::Extension(_) | Step::OfType(_) | Step::Index(_) => Vec::new(),
        }
    }
}

/// The items of an array, or the one value; nothing for `null`.
fn flatten(json: &Json, node: NodeId) -> impl Iterator<Item = NodeId> {
    let is_list = json.kind(node) == Kind::Array;
    let items = is_list.then(|| json.children(node)).into_iter().flatten();
    let alone = (!is_list).then_some(node);
    items.chain(alone).filter(|item| json.kind(*item) != Kind::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::path::{Context, Type};

    const EVENT: &str = r#"{"resourceType":"ServiceRequest","id":"SR-001","status":"active",
        "identifier":[{"system":"urn:example:a","value":"1"},{"system":"urn:example:b","value":"2"}],
        "extension":[{"url":"urn:example:a","valueString":"x"}],"code":{"coding":[{"code":"1"}]}}"#;

    fn plan(texts: &[String]) -> Plan {
        let own = ResourceType::parse("ServiceRequest").map_or(Type::Unknown, Type::of_resource);
        let context = Context { own, deviates: &|_, _| false };
        let selectors: Vec<Selector> = texts.iter().map(|text| context.selector(text).unwrap()).collect();
        Plan::new(selectors.iter())
    }

    #[test]
    fn rules_that_do_not_apply_cost_a_walk_nothing() {
        let json = Json::read(EVENT).unwrap();
        let base = [
            "identifier.where(system = 'urn:example:a').value",
            "extension('urn:example:a').value",
            "identifier[1]",
        ];
        let looked = [0, 10_000].map(|more| {
            let others = (0..more).flat_map(|n| {
                [
                    format!("identifier.where(system = 'urn:example:{n}').value"),
                    format!("extension('urn:example:{n}').value.ofType(string)"),
                    format!("identifier[{}].value", n + 2),
                ]
            });
            let texts: Vec<String> = base.iter().map(|text| (*text).to_owned()).chain(others).collect();
            let plan = plan(&texts);
            let walk = plan.walked(&json, NodeId::ROOT, NodeId::ROOT);
            assert_eq!(walk.claims.len(), 3);
            walk.looked
        });
        assert_eq!(looked[0], looked[1]);
    }

    #[test]
    fn beginnings_are_shared_and_walked_once() {
        let json = Json::read(EVENT).unwrap();
        let texts = [
            "code.coding.code",
            "code.coding.display",
            "code.coding.where(code != '2').code",
            "code.coding.where(code != '2').display",
        ];
        let alone = plan(&[texts[0].to_owned()]);
        let together = plan(&texts.map(str::to_owned));
        assert_eq!(together.branches.len(), alone.branches.len() + 4);
        let claims = together.walk(&json, NodeId::ROOT, NodeId::ROOT);
        assert_eq!(claims.iter().map(|claim| claim.field).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(claims[0].node, claims[1].node);
    }

    #[test]
    fn a_resource_that_many_refer_to_is_walked_once() {
        let reference = r#"{"reference":"Organization/ORG-001"}"#;
        let looked = [1, 1_000].map(|count| {
            let references = vec![reference; count].join(",");
            let json = Json::read(format!(
                r#"{{"resourceType":"Bundle","entry":[
                {{"resource":{{"resourceType":"ServiceRequest","performer":[{references}]}}}},
                {{"resource":{{"resourceType":"Organization","id":"ORG-001","name":"x"}}}}]}}"#
            ))
            .unwrap();
            let first = json.children(json.get(NodeId::ROOT, "entry").unwrap()).next().unwrap();
            let focus = json.get(first, "resource").unwrap();
            let plan = plan(&["performer.resolve().ofType(Organization).name".to_owned()]);
            let walk = plan.walked(&json, NodeId::ROOT, focus);
            assert_eq!(walk.claims.len(), 1);
            walk.looked - count
        });
        assert_eq!(looked[0], looked[1]);
    }
}
