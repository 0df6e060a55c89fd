//! All selectors of an adapter as one structure, so that an event is walked once.

use super::selector::{Selector, Step};
use crate::engine::fhir::{Json, Kind, NodeId, resolve};

/// A node of the event that a canonical field is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The node.
    pub node: NodeId,
    /// The field, as its place in the adapter's list.
    pub field: usize,
}

/// The selectors' common prefixes, shared.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    nodes: Vec<Branch>,
}

#[derive(Clone, Debug, Default)]
struct Branch {
    /// Members to follow: looked for together, in one pass over an object.
    members: Vec<(String, usize)>,
    /// Other steps, each over the whole collection.
    steps: Vec<(Step, usize)>,
    /// Fields read here.
    fields: Vec<usize>,
}

impl Plan {
    /// Builds the structure from fields' selectors, in order.
    pub fn new<'a>(selectors: impl Iterator<Item = &'a Selector>) -> Self {
        let mut plan = Self { nodes: vec![Branch::default()] };
        for (field, selector) in selectors.enumerate() {
            for path in selector {
                let end = path.iter().fold(0, |at, step| plan.follow(at, step));
                if let Some(branch) = plan.nodes.get_mut(end) {
                    branch.fields.push(field);
                }
            }
        }
        plan
    }

    fn follow(&mut self, at: usize, step: &Step) -> usize {
        let new = self.nodes.len();
        let Some(branch) = self.nodes.get_mut(at) else { return at };
        let known = match step {
            Step::Member(name) => branch.members.iter().find(|(n, _)| n == name).map(|(_, next)| *next),
            other => branch.steps.iter().find(|(s, _)| s == other).map(|(_, next)| *next),
        };
        if let Some(next) = known {
            return next;
        }
        match step {
            Step::Member(name) => branch.members.push((name.clone(), new)),
            other => branch.steps.push((other.clone(), new)),
        }
        self.nodes.push(Branch::default());
        new
    }

    /// Walks an event from its focus resource. Claims come out in document order per field.
    pub fn walk(&self, json: &Json, data: NodeId, focus: NodeId) -> Vec<Claim> {
        let mut claims = Vec::with_capacity(64);
        self.visit(0, &[focus], json, data, &mut claims);
        claims
    }

    fn visit(&self, at: usize, here: &[NodeId], json: &Json, data: NodeId, claims: &mut Vec<Claim>) {
        let Some(branch) = self.nodes.get(at) else { return };
        if here.is_empty() {
            return;
        }
        for field in &branch.fields {
            claims.extend(here.iter().map(|node| Claim { node: *node, field: *field }));
        }
        if !branch.members.is_empty() {
            let mut found: Vec<Vec<NodeId>> = vec![Vec::new(); branch.members.len()];
            for object in here.iter().filter(|node| json.kind(**node) == Kind::Object) {
                for child in json.children(*object) {
                    let wanted = branch.members.iter().zip(&mut found);
                    for ((name, _), bucket) in wanted {
                        if json.is_member(child, name) {
                            flatten(json, child, bucket);
                            break;
                        }
                    }
                }
            }
            for ((_, next), bucket) in branch.members.iter().zip(&found) {
                self.visit(*next, bucket, json, data, claims);
            }
        }
        for (step, next) in &branch.steps {
            self.visit(*next, &apply(step, here, json, data), json, data, claims);
        }
    }
}

fn flatten(json: &Json, node: NodeId, into: &mut Vec<NodeId>) {
    match json.kind(node) {
        Kind::Array => into.extend(json.children(node).filter(|item| json.kind(*item) != Kind::Null)),
        Kind::Null => {}
        _ => into.push(node),
    }
}

fn apply(step: &Step, here: &[NodeId], json: &Json, data: NodeId) -> Vec<NodeId> {
    let each = here.iter().copied();
    match step {
        Step::Index(n) => each.skip(*n).take(1).collect(),
        Step::OfType(kind) => each.filter(|node| json.resource_type(*node) == Some(*kind)).collect(),
        Step::Resolve => each
            .filter_map(|node| match json.kind(node) {
                Kind::Object => json.get(node, "reference"),
                _ => Some(node),
            })
            .filter_map(|reference| resolve(json, data, reference))
            .collect(),
        Step::Where(path, literal) => each.filter(|node| holds(json, *node, path, literal)).collect(),
        Step::Member(_) => Vec::new(),
    }
}

/// Whether some value at the path below the node equals the literal.
fn holds(json: &Json, node: NodeId, path: &[String], literal: &str) -> bool {
    match path.split_first() {
        None => json.scalar(node).is_some_and(|value| value == literal),
        Some((name, rest)) => json.get(node, name).is_some_and(|child| {
            let mut values = Vec::new();
            flatten(json, child, &mut values);
            values.into_iter().any(|value| holds(json, value, rest, literal))
        }),
    }
}
