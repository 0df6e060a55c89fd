//! FHIR R4 references (section 2.3.0.1) and `resolve()` within one event.

use super::{Json, Kind, NodeId, ResourceType};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

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
    /// Anything else: conditional references and the like. It names nothing.
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
        Reference::Relative(..) => match (unversioned(&text), base_of(json, from)) {
            (name, None) => index.entry(name),
            // The same id on another server is another thing.
            (name, Some(base)) => index
                .entry(&[&base, "/", name].concat())
                .or_else(|| index.entry(name).filter(|resource| base_of(json, *resource).is_none())),
        },
        Reference::Absolute(name) | Reference::Urn(name) => index.entry(name),
        Reference::Other(_) => None,
    }
}

/// The server of the entry that a node is in, by its `fullUrl`; none where that names no server.
pub fn base_of(json: &Json, node: NodeId) -> Option<Cow<'_, str>> {
    let mut resource = node;
    while !is_entry(json, resource) {
        resource = json.parent(resource)?;
    }
    let url = json.get_str(json.parent(resource)?, "fullUrl")?;
    let (kind, id) = (json.resource_type(resource)?.name(), json.get_str(resource, "id")?);
    let base = unversioned(&url).strip_suffix(id.as_ref())?.strip_suffix('/')?.strip_suffix(kind)?;
    let length = base.strip_suffix('/').filter(|base| base.contains("://"))?.len();
    match url {
        Cow::Borrowed(url) => url.get(..length).map(Cow::Borrowed),
        Cow::Owned(url) => url.get(..length).map(str::to_owned).map(Cow::Owned),
    }
}

/// The resource that a reference from another document names, among the entries of the Bundle at `data`.
pub fn find(json: &Json, data: NodeId, text: &str) -> Option<NodeId> {
    json.index_of_names(data).entry(&target_name(text)?)
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
        let documents: Vec<NodeId> = match json.kind(data) {
            Kind::Array => json.children(data).collect(),
            _ => vec![data],
        };
        let lists = documents.iter().filter_map(|document| json.get(*document, "entry"));
        for entry in lists.flat_map(|list| json.children(list)) {
            // What is deleted is nothing that a reference leads to, wherever else it stands.
            if let Some(deleted) = deleted_names(json, entry) {
                names.entries.extend(deleted.into_iter().map(|name| (name, None)));
                continue;
            }
            let Some(resource) = json.get(entry, "resource") else { continue };
            names.contain(json, resource);
            for (name, honest) in entry_names(json, Some(entry), resource).into_iter().flatten() {
                let named = honest.then_some(resource);
                names.entries.entry(name).and_modify(|known| *known = None).or_insert(named);
            }
        }
        documents.iter().for_each(|document| names.contain(json, *document));
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

/// What a resource goes by: the `fullUrl` of its entry, without a version, and its `Type/id`, each once; and whether the
/// name is its own. A URL that ends in another type and id than the resource's is somebody else's.
pub fn entry_names(json: &Json, entry: Option<NodeId>, resource: NodeId) -> [Option<(String, bool)>; 2] {
    let kind = json.resource_type(resource).map(ResourceType::name);
    let own = match (kind, json.get_str(resource, "id")) {
        (Some(kind), Some(id)) => Some(format!("{kind}/{id}")),
        _ => None,
    };
    let url = entry.and_then(|entry| json.get_str(entry, "fullUrl")).map(|url| unversioned(&url).to_owned());
    let url = url.filter(|url| Some(url) != own.as_ref()).map(|url| {
        let honest = !url.contains("://") || own.as_ref().is_none_or(|own| url.ends_with(own.as_str()));
        (url, honest)
    });
    [url, own.map(|own| (own, true))]
}

/// Whether a Bundle's entry stands for a deletion.
pub fn is_deletion(json: &Json, entry: NodeId) -> bool {
    let method = json.get(entry, "request").and_then(|request| json.get_str(request, "method"));
    method.is_some_and(|method| method.eq_ignore_ascii_case("DELETE"))
}

/// What an entry says was done with its resource, where it is none of FHIR's methods.
pub fn unknown_request(json: &Json, entry: NodeId) -> Option<NodeId> {
    const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];
    let request = json.get(entry, "request")?;
    let is_known = json.get_str(request, "method").is_some_and(|method| METHODS.contains(&method.as_ref()));
    (!is_known).then_some(request)
}

/// What goes by these names is deleted, by a Bundle's entry that stands for a deletion; none where it stands for none.
pub fn deleted_names(json: &Json, entry: NodeId) -> Option<Vec<String>> {
    let request = json.get(entry, "request").filter(|_| is_deletion(json, entry))?;
    let resource = json.get(entry, "resource");
    let own = resource.map(|own| entry_names(json, Some(entry), own)).unwrap_or_default();
    let mut names: Vec<String> = own.into_iter().flatten().map(|(name, _)| name).collect();
    for url in [json.get_str(request, "url"), json.get_str(entry, "fullUrl")].into_iter().flatten() {
        names.extend(target_name(&url).map(Cow::into_owned));
    }
    Some(names)
}

/// The type of what an entry that stands for a deletion deletes, where it can be told.
pub fn deleted_type(json: &Json, entry: NodeId) -> Option<ResourceType> {
    let resource = json.get(entry, "resource").and_then(|resource| json.resource_type(resource));
    let url = json.get(entry, "request").and_then(|request| json.get_str(request, "url"))?;
    let named = || ResourceType::parse(type_and_id(&url).unwrap_or(&url).split(['/', '?']).next()?);
    resource.or_else(named)
}

/// Whether a Bundle's resource goes by one of these names.
pub fn goes_by_any(json: &Json, entry: NodeId, resource: NodeId, names: &BTreeSet<String>) -> bool {
    let own = || entry_names(json, Some(entry), resource).into_iter().flatten();
    !names.is_empty() && own().any(|(name, _)| names.contains(&name))
}

/// What ties a record to its later versions: a resource's `id`; of one that no server has given an id yet, the `fullUrl`
/// of its entry.
pub fn own_id(json: &Json, resource: NodeId) -> Option<NodeId> {
    let entry = || json.parent(resource).filter(|_| json.is_member(resource, "resource"));
    json.get(resource, "id").or_else(|| json.get(entry()?, "fullUrl"))
}

/// The name of an entry that a reference from anywhere in a document asks for; none where it names something contained.
pub fn target_name(text: &str) -> Option<Cow<'_, str>> {
    match Reference::parse(text) {
        Reference::Contained(_) | Reference::Other(_) => None,
        Reference::Relative(kind, id) => Some(format!("{kind}/{id}").into()),
        Reference::Absolute(name) | Reference::Urn(name) => Some(name.into()),
    }
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

/// The first of some resources that refers to all the others of them, over any number of steps within its document; none
/// where none does.
pub fn first_that_reaches_all(json: &Json, data: NodeId, resources: &[NodeId]) -> Option<NodeId> {
    if let [only] = resources {
        return Some(*only);
    }
    let mut seen = HashSet::new();
    // What an earlier one reaches, reaches no more than that. So only the last that none before it reaches can reach all.
    let mut last = None;
    for resource in resources {
        if !seen.contains(resource) {
            reach(json, data, *resource, &mut seen);
            last = Some(*resource);
        }
    }
    let last = last?;
    seen.clear();
    reach(json, data, last, &mut seen);
    resources.iter().all(|resource| seen.contains(resource)).then_some(last)
}

fn reach(json: &Json, data: NodeId, from: NodeId, seen: &mut HashSet<NodeId>) {
    let mut open = vec![from];
    while let Some(resource) = open.pop() {
        if seen.insert(resource) {
            let references = json.leaves(resource).filter(|leaf| json.is_member(*leaf, "reference"));
            open.extend(references.filter_map(|leaf| resolve(json, data, leaf)));
        }
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
}
