//! FHIR R4 as far as the connector needs it: the JSON it comes in, its resource types, and references.

mod element_names;
mod identity;
mod json;
mod reference;
mod resource_type;
mod split;

pub use element_names::is_element_name;
pub use identity::{Identity, Namespace, in_force, of_identifier};
pub use json::{Children, Json, Kind, Locus, MAX_DEPTH, NodeId, Reader, has_element_form};
pub use reference::{
    Reference, deleted_names, deleted_type, entry_names, find, first_that_reaches_all, goes_by_any,
    is_deletion, may_be_same, own_id, resolve, target_name, type_and_id,
};
pub use resource_type::ResourceType;
pub use split::{MOST_RESOURCES, PartKind, PartText, Splitter, each_document, text_of_bytes};

use super::spelled::Spelled;

impl Json {
    /// The resource type a node states, if it is one that exists.
    pub fn resource_type(&self, id: NodeId) -> Option<ResourceType> {
        self.get_str(id, "resourceType").and_then(|name| ResourceType::parse(&name))
    }

    /// Where a node below `data` stands, its path in FHIR's own words; any other key shows as `?`.
    pub fn locus(&self, data: NodeId, node: NodeId) -> Locus {
        Locus { node, path: Spelled::of(self, data, node), span: self.span(node) }
    }

    /// Every leaf below `data`, with its path (`ServiceRequest.code.coding[0].code`) and place. The path starts
    /// with the resource type, or `?` where the type is none that exists; keys that have not the form of an
    /// element's name show as `?`.
    pub fn loci(&self, data: NodeId) -> Vec<Locus> {
        self.leaves(data)
            .map(|node| Locus { node, path: Spelled::as_sent(self, data, node), span: self.span(node) })
            .collect()
    }
}
