//! FHIR R4 references (section 2.3.0.1) and `resolve()` within one event.

use super::{Json, NodeId, ResourceType};
use std::collections::HashMap;

/// What a reference names, reduced to what two references to the same thing have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// `Type/id` on the server that the document comes from. A version is left out.
    Relative(&'a str, &'a str),
    /// A URL of some server, without a version. The same id on another server is another thing.
    Absolute(&'a str),
    /// `urn:uuid:…` or `urn:oid:…`, whole.
    Urn(&'a str),
    /// `#id` of a contained resource.
    Contained(&'a str),
    /// Anything else: conditional references and the like, compared as they are.
    Other(&'a str),
}

impl<'a> Reference<'a> {
    /// Reads a reference. Total: what has no known form is [`Reference::Other`].
    pub fn parse(text: &'a str) -> Self {
        if let Some(id) = text.strip_prefix('#') {
            return Self::Contained(id);
        }
        if text.starts_with("urn:") {
            return Self::Urn(text);
        }
        let unversioned = unversioned(text);
        if unversioned.contains("://") {
            return Self::Absolute(unversioned);
        }
        match unversioned.split_once('/') {
            Some((kind, id))
                if kind.starts_with(|c: char| c.is_ascii_uppercase())
                    && !id.is_empty()
                    && !id.contains(['/', '?']) =>
            {
                Self::Relative(kind, id)
            }
            _ => Self::Other(text),
        }
    }
}

/// The resource that the reference at `from` (a string node) names, within its own document: a contained
/// resource, or an entry of the Bundle at `data`, by its `fullUrl` or its type and id. Where two things go by the
/// same name, it names neither.
pub fn resolve(json: &Json, data: NodeId, from: NodeId) -> Option<NodeId> {
    let text = json.str(from)?;
    let index = json.index_of_names(data);
    match Reference::parse(&text) {
        Reference::Contained(id) => {
            let mut at = from;
            while let Some(parent) = json.parent(at) {
                at = parent;
                if json.get(at, "contained").is_some() {
                    return index.contained(at, id);
                }
            }
            None
        }
        Reference::Relative(kind, id) => index.entry(&format!("{kind}/{id}")),
        Reference::Absolute(name) | Reference::Urn(name) | Reference::Other(name) => index.entry(name),
    }
}

/// The resource that a reference from another document names, among the entries of the Bundle at `data`.
pub fn find(json: &Json, data: NodeId, text: &str) -> Option<NodeId> {
    let index = json.index_of_names(data);
    match Reference::parse(text) {
        Reference::Contained(_) => None,
        Reference::Relative(kind, id) => index.entry(&format!("{kind}/{id}")),
        Reference::Absolute(name) | Reference::Urn(name) | Reference::Other(name) => index.entry(name),
    }
}

/// What the resources of a document go by. Built once per document, when the first reference is resolved.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// `fullUrl` and `Type/id` of entries; none where two entries share it.
    entries: HashMap<String, Option<NodeId>>,
    /// Ids of contained resources, by what contains them.
    contained: HashMap<(NodeId, String), Option<NodeId>>,
}

impl Names {
    pub(super) fn of(json: &Json, data: NodeId) -> Self {
        let mut names = Self::default();
        for entry in json.get(data, "entry").into_iter().flat_map(|list| json.children(list)) {
            let Some(resource) = json.get(entry, "resource") else { continue };
            names.contain(json, resource);
            let kind = json.resource_type(resource).map(ResourceType::name);
            let own = match (kind, json.get_str(resource, "id")) {
                (Some(kind), Some(id)) => Some(format!("{kind}/{id}")),
                _ => None,
            };
            if let Some(url) =
                json.get_str(entry, "fullUrl").filter(|url| Some(url.as_ref()) != own.as_deref())
            {
                let url = url.split_once("/_history/").map_or(url.as_ref(), |(before, _)| before);
                // A URL that ends in another type and id than the resource's own is somebody else's.
                let honest =
                    !url.contains("://") || own.as_ref().is_none_or(|own| url.ends_with(own.as_str()));
                let named = honest.then_some(resource);
                names.entries.entry(url.to_owned()).and_modify(|known| *known = None).or_insert(named);
            }
            if let Some(own) = own {
                names.entries.entry(own).and_modify(|known| *known = None).or_insert(Some(resource));
            }
        }
        names.contain(json, data);
        names
    }

    fn contain(&mut self, json: &Json, resource: NodeId) {
        for contained in json.get(resource, "contained").into_iter().flat_map(|list| json.children(list)) {
            if let Some(id) = json.get_str(contained, "id") {
                let name = (resource, id.into_owned());
                self.contained.entry(name).and_modify(|known| *known = None).or_insert(Some(contained));
            }
        }
    }

    fn entry(&self, name: &str) -> Option<NodeId> {
        self.entries.get(name).copied().flatten()
    }

    fn contained(&self, container: NodeId, id: &str) -> Option<NodeId> {
        self.contained.get(&(container, id.to_owned())).copied().flatten()
    }
}

/// `Type/id` of what the reference at `from` names, where its own document has it as an entry: so that a
/// `urn:uuid`, a URL and a relative reference to the same entry are the same.
pub fn identity(json: &Json, data: NodeId, from: NodeId) -> Option<String> {
    let resource = resolve(json, data, from).filter(|resource| is_entry(json, *resource))?;
    let kind = json.resource_type(resource)?.name();
    Some(format!("{kind}/{}", json.get_str(resource, "id")?))
}

/// What the resource goes by that the reference at `node` (a string) names, or that stands at `node`: the reference as
/// it is, without a version; the entry's `Type/id`; its `fullUrl`. A contained resource is another one in each
/// document, whatever it is called, and goes by nothing.
pub fn names(json: &Json, data: NodeId, node: NodeId) -> Vec<String> {
    let mut names = Vec::new();
    let resource = match json.str(node) {
        Some(text) if matches!(Reference::parse(&text), Reference::Contained(_)) => return names,
        Some(text) => {
            names.push(unversioned(&text).to_owned());
            resolve(json, data, node)
        }
        None => Some(node),
    };
    let Some(resource) = resource.filter(|resource| *resource == data || is_entry(json, *resource)) else {
        return names;
    };
    if let (Some(kind), Some(id)) = (json.resource_type(resource), json.get_str(resource, "id")) {
        names.push(format!("{}/{id}", kind.name()));
    }
    let entry = json.parent(resource).filter(|_| resource != data);
    names.extend(
        entry.and_then(|entry| json.get_str(entry, "fullUrl")).map(|url| unversioned(&url).to_owned()),
    );
    names
}

fn unversioned(text: &str) -> &str {
    text.split_once("/_history/").map_or(text, |(before, _)| before)
}

/// Type and id at the end of a reference, whatever server it is on.
pub fn type_and_id(text: &str) -> Option<&str> {
    let text = unversioned(text);
    let (before, id) = text.rsplit_once('/')?;
    let kind = before.rsplit('/').next()?;
    let known = ResourceType::parse(kind).is_some() && !id.is_empty();
    known.then(|| text.get(text.len() - kind.len() - 1 - id.len()..)).flatten()
}

/// Whether a text refers to what goes by the names of the reference or resource at `from`.
pub fn is_same(json: &Json, data: NodeId, from: NodeId, text: &str) -> bool {
    let other = Reference::parse(text);
    let is_contained = matches!(other, Reference::Contained(_));
    !is_contained && names(json, data, from).iter().any(|name| Reference::parse(name) == other)
}

/// Whether two references may be to the same thing though they are not the same: one is on a server that it names,
/// the other on one that it does not, and type and id agree.
pub fn may_be_same(one: &str, other: &str) -> bool {
    let agree = |url: &str, kind: &str, id: &str| {
        url.strip_suffix(id).and_then(|rest| rest.strip_suffix('/')).is_some_and(|rest| rest.ends_with(kind))
    };
    match (Reference::parse(one), Reference::parse(other)) {
        (Reference::Absolute(url), Reference::Relative(kind, id))
        | (Reference::Relative(kind, id), Reference::Absolute(url)) => agree(url, kind, id),
        _ => false,
    }
}

fn is_entry(json: &Json, resource: NodeId) -> bool {
    json.is_member(resource, "resource")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_reference_are_told_apart() {
        let relative = Reference::Relative("Patient", "PAT-001");
        assert_eq!(Reference::parse("Patient/PAT-001"), relative);
        assert_eq!(Reference::parse("Patient/PAT-001/_history/3"), relative);
        let url = "https://ehr.example.invalid/fhir/Patient/PAT-001";
        assert_eq!(Reference::parse(url), Reference::Absolute(url));
        assert_eq!(Reference::parse("#p1"), Reference::Contained("p1"));
        assert!(matches!(Reference::parse("Practitioner?identifier=x"), Reference::Other(_)));
    }

    #[test]
    fn an_entry_has_one_identity_and_the_same_id_elsewhere_is_another() {
        let json = Json::read(
            r#"{"entry":[{"fullUrl":"https://ehr.example.invalid/fhir/Patient/PAT-001",
                "resource":{"resourceType":"Patient","id":"PAT-001"}}],
                "a":"Patient/PAT-001","b":"https://ehr.example.invalid/fhir/Patient/PAT-001",
                "c":"https://other.example.invalid/fhir/Patient/PAT-001"}"#,
        )
        .unwrap();
        let at = |name| json.get(NodeId::ROOT, name).unwrap();
        for name in ["a", "b"] {
            assert_eq!(identity(&json, NodeId::ROOT, at(name)).unwrap(), "Patient/PAT-001");
            assert!(is_same(&json, NodeId::ROOT, at(name), "Patient/PAT-001"));
            assert!(!is_same(
                &json,
                NodeId::ROOT,
                at(name),
                "https://other.example.invalid/fhir/Patient/PAT-001"
            ));
        }
        assert_eq!(identity(&json, NodeId::ROOT, at("c")), None);
        assert!(!is_same(&json, NodeId::ROOT, at("c"), "Patient/PAT-001"));
    }
}
