//! FHIR R4 as far as the connector needs it: the JSON it comes in, its resource types, and references.

mod element_names;
mod json;
mod reference;
mod resource_type;
mod split;

pub use element_names::is_element_name;
pub use json::{Children, Json, Kind, Locus, MAX_DEPTH, NodeId, Reader, has_element_form};
pub use reference::{Reference, find, identity, is_same, may_be_same, names, resolve, type_and_id};
pub use resource_type::ResourceType;
pub use split::{Part, PartText, Splitter, each_document, text_of_bytes};

impl Json {
    /// The resource type a node states, if it is one that exists.
    pub fn resource_type(&self, id: NodeId) -> Option<ResourceType> {
        self.get_str(id, "resourceType").and_then(|name| ResourceType::parse(&name))
    }

    /// Where a node below `data` stands, its path in FHIR's own words; any other key shows as `?`.
    pub fn locus(&self, data: NodeId, node: NodeId) -> Locus {
        let mut path = self.resource_type(data).map_or("?", ResourceType::name).to_owned();
        self.write_path(data, node, is_element_name, &mut path);
        Locus { node, path, span: self.span(node) }
    }

    /// Every leaf below `data`, with its path (`ServiceRequest.code.coding[0].code`) and place. The path starts
    /// with the resource type, or `?` where the type is none that exists; keys that have not the form of an
    /// element's name show as `?`.
    pub fn loci(&self, data: NodeId) -> Vec<Locus> {
        let root = self.resource_type(data).map_or("?", ResourceType::name);
        self.leaves(data)
            .map(|node| {
                let mut path = String::with_capacity(48);
                path.push_str(root);
                self.write_path(data, node, has_element_form, &mut path);
                Locus { node, path, span: self.span(node) }
            })
            .collect()
    }
}
