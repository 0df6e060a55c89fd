//! What holds of a Bundle's entries together (<http://hl7.org/fhir/R4/bundle.html>).

use super::rule;
use super::walk::{Step, Walk};
use crate::engine::fhir::{Json, Kind, NodeId, ResourceType};
use crate::engine::refusal::Code;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// A Bundle that the walk is in: what its entries go by.
pub(super) struct Bundle<'a> {
    full_urls: HashMap<Cow<'a, str>, Option<ResourceType>>,
}

impl<'a> Bundle<'a> {
    pub fn new(json: &'a Json, node: NodeId) -> Self {
        let entries = entries(json, node).filter_map(|entry| {
            let resource = json.get(entry, "resource");
            let kind = resource.and_then(|resource| json.resource_type(resource));
            Some((json.get_str(entry, "fullUrl")?, kind))
        });
        Self { full_urls: entries.collect() }
    }

    /// The type of the resource of this `fullUrl`; the outer none where there is no such entry.
    pub fn resolve(&self, url: &str) -> Option<Option<ResourceType>> {
        self.full_urls.get(url).copied()
    }
}

fn entries(json: &Json, bundle: NodeId) -> impl Iterator<Item = NodeId> {
    let list = json.get(bundle, "entry").filter(|list| json.kind(*list) == Kind::Array);
    list.into_iter().flat_map(|list| json.children(list))
}

/// Whether a `reference` stands in an element by which a Composition includes what it refers to.
fn refers_directly(json: &Json, reference: NodeId) -> bool {
    let mut around = json.parent(reference);
    if let Some(list) = around.and_then(|at| json.parent(at)).filter(|at| json.kind(*at) == Kind::Array) {
        around = Some(list);
    }
    let including = ["subject", "encounter", "author", "party", "custodian", "detail", "focus", "entry"];
    around.is_some_and(|at| including.iter().any(|name| json.is_member(at, name)))
}

/// What an entry's resource goes by: its `fullUrl`, and its type and id; each with its version, too.
fn names(json: &Json, entry: NodeId) -> HashSet<String> {
    let resource = json.get(entry, "resource");
    let own = || {
        let resource = resource?;
        Some(format!("{}/{}", json.get_str(resource, "resourceType")?, json.get_str(resource, "id")?))
    };
    let plain: Vec<String> =
        json.get_str(entry, "fullUrl").map(Cow::into_owned).into_iter().chain(own()).collect();
    let version = || json.get_str(json.get(resource?, "meta")?, "versionId");
    let versioned = version().map(|version| {
        plain.iter().map(|name| format!("{name}/_history/{version}")).collect::<Vec<String>>()
    });
    plain.into_iter().chain(versioned.into_iter().flatten()).collect()
}

impl Walk<'_> {
    /// Holds a Bundle's entries against its type and against each other.
    pub fn bundle_rules(&mut self, node: NodeId) {
        let json = self.json;
        let kind = json.get_str(node, "type").unwrap_or_default();
        let history = kind == "history";
        let asks = history || matches!(kind.as_ref(), "batch" | "transaction");
        let answers = history || matches!(kind.as_ref(), "batch-response" | "transaction-response");
        let mut breached = [("bdl-2", false), ("bdl-3", false), ("bdl-4", false), ("bdl-7", false)];
        let mut known = HashSet::new();
        for (entry, index) in entries(json, node).zip(0..) {
            let has = |name: &str| json.get(entry, name).is_some();
            let full_url = json.get_str(entry, "fullUrl");
            let resource = json.get(entry, "resource");
            let version = || json.get_str(json.get(resource?, "meta")?, "versionId");
            let repeated = match &full_url {
                Some(url) if !history => !known.insert((url.clone(), version())),
                _ => false,
            };
            let here = [
                has("search") && kind != "searchset",
                has("request") != asks,
                has("response") != answers,
                repeated,
            ];
            for ((_, breached), here) in breached.iter_mut().zip(here) {
                *breached |= here;
            }
            if let Some(url) = full_url {
                self.within(Step::at("entry", index), |walk| walk.full_url(entry, &url, resource));
            }
        }
        if kind == "document" {
            self.document(node);
        }
        for (key, breached) in breached {
            if let Some(rule) = rule::find(key).filter(|_| breached) {
                self.breach(rule, node);
            }
        }
    }

    /// A document holds everything that its Composition refers to directly
    /// (<http://hl7.org/fhir/R4/documents.html#bundle>), each under one name only.
    fn document(&mut self, node: NodeId) {
        let json = self.json;
        let Some(first) = entries(json, node).next() else { return };
        let Some(composition) = json.get(first, "resource") else { return };
        let direct = json.descendants(composition).filter(|at| json.is_member(*at, "reference"));
        let direct: Vec<NodeId> = direct.filter(|at| refers_directly(json, *at)).collect();
        let mut known: HashMap<String, usize> = HashMap::new();
        for name in entries(json, node).flat_map(|entry| names(json, entry)) {
            *known.entry(name).or_default() += 1;
        }
        for at in direct {
            let text = json.str(at).unwrap_or_default();
            if text.starts_with('#') {
                continue;
            }
            let named = known.get(text.as_ref()).copied().unwrap_or(0);
            if named != 1 {
                let detail = match named {
                    0 => "A document holds what its Composition refers to; this it does not hold.",
                    _ => "Several entries of the document go by this reference.",
                };
                self.say(Code::ReferenceUnresolved, at, Some(Step::at("entry", 0)), || Some(detail.into()));
            }
        }
    }

    /// A `fullUrl` is absolute, and ends as the resource's id does.
    fn full_url(&mut self, entry: NodeId, url: &str, resource: Option<NodeId>) {
        let json = self.json;
        let at = json.get(entry, "fullUrl").unwrap_or(entry);
        if !url.contains(':') {
            let detail = || Some("A fullUrl is an absolute URL.".into());
            return self.say(Code::ReferenceInvalid, at, Some(Step::to("fullUrl")), detail);
        }
        let id = resource.and_then(|resource| json.get_str(resource, "id"));
        let kind = resource.and_then(|resource| json.resource_type(resource));
        let (Some(id), Some(kind)) = (id, kind) else { return };
        let mut ends = url.rsplit('/');
        let (last, before) = (ends.next(), ends.next());
        if !url.starts_with("urn:") && before == Some(kind.name()) && last != Some(&id) {
            let detail = || Some("The fullUrl ends in another id than the resource's.".into());
            self.warn(Code::ReferenceInvalid, at, Some(Step::to("fullUrl")), detail);
        }
    }
}
