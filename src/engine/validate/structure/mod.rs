//! The structure verdict: is it FHIR R4 (4.0.1), by HL7's own StructureDefinitions.
//!
//! Elements and their cardinality, JSON kinds, the forms of primitives, choice types, required value sets,
//! references and what is contained, extensions, sidecars, narrative, Bundle rules and invariants. Not terminology
//! (beyond required value sets) and not profiles.
//!
//! `table.rs` is what the definitions say, made for lookup; `walk.rs` goes over a document once; the others are what
//! it asks: `primitive.rs`, `rule.rs` (invariants), `scope.rs` (references), `bundle.rs`, `narrative.rs`.

mod bundle;
mod compare;
mod narrative;
mod primitive;
mod rule;
mod scope;
mod table;
mod walk;

pub use primitive::Primitive;
pub use walk::MAX_ISSUES;

use super::Issue;
use crate::engine::fhir::{Json, NodeId};
pub(in crate::engine) use table::{Content, Element, Set, Table};
use walk::{Standing, Walk};

/// Checks the resource at a node, and all that is inside it.
///
/// Gives the issues in the order of the text, [`MAX_ISSUES`] at most. It is valid where none of them fails.
pub fn check(json: &Json, node: NodeId) -> Vec<Issue> {
    let mut walk = Walk::new(json);
    walk.resource(node, Standing::Outermost);
    walk.finish()
}

/// The names of the resource types, in order.
pub fn resource_types() -> impl Iterator<Item = &'static str> {
    Table::r4().resources().map(|own| own.name)
}

/// Whether a value is a code of the value set that is required of an element, named from its resource on.
pub fn is_code_of(resource: &str, names: &[&str], value: &str) -> bool {
    Table::r4().set_of(resource, names).is_some_and(|set| set.has(value))
}

/// The codes of the value set that is required of an element, named from its resource on, in order.
pub fn codes_of(resource: &str, names: &[&str]) -> Option<Vec<&'static str>> {
    Table::r4().set_of(resource, names).map(|set| set.codes().collect())
}

/// Whether an element, named from its resource on, may hold any text, so that nothing is known of what it says.
pub fn is_free_text(resource: &str, names: &[&str]) -> bool {
    Table::r4().is_free_text(resource, names)
}

/// Whether an element, named from its resource on, is text, whatever the text.
pub fn is_text(resource: &str, names: &[&str]) -> bool {
    Table::r4().is_text(resource, names)
}

/// The FHIR type of what an element, named from its resource on, is in: `HumanName` for `name.family`. None where the
/// definitions do not have the element.
pub fn type_around(resource: &str, names: &[&str]) -> Option<&'static str> {
    Table::r4().place_of(resource, names).map(|(own, _)| own.name)
}

/// What an element, named from its resource on, is. None where the definitions do not have it.
pub(in crate::engine) fn content_of(resource: &str, names: &[&str]) -> Option<&'static Content> {
    Table::r4().content_of(resource, names)
}
