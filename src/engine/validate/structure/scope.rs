//! References, and what they may lead to within one document: contained resources and a Bundle's entries.

use super::primitive::Primitive;
use super::rule::{self, Rule};
use super::walk::{Step, Walk};
use crate::engine::fhir::{Json, Kind, NodeId, ResourceType};
use crate::engine::refusal::Code;
use crate::engine::spelled::Spelled;
use std::borrow::Cow;
use std::collections::HashMap;

/// A resource with those that it contains.
pub(super) struct Scope<'a> {
    /// In the order of the document.
    contained: Vec<Contained>,
    /// Their places by their ids; of two by the same id, the first.
    ids: HashMap<Cow<'a, str>, usize>,
    /// Which of them the walk is in.
    within: Option<usize>,
}

struct Contained {
    node: NodeId,
    kind: Option<ResourceType>,
    /// Whether something refers to it, or it to what is around it.
    tied: bool,
}

impl<'a> Scope<'a> {
    pub fn new(json: &'a Json, resource: NodeId) -> Self {
        let list = json.get(resource, "contained").filter(|list| json.kind(*list) == Kind::Array);
        let mut own = Self { contained: Vec::new(), ids: HashMap::new(), within: None };
        for node in list.into_iter().flat_map(|list| json.children(list)) {
            let id = json.get_str(node, "id");
            // What has no id can't be referred to, and is told of that.
            let tied = id.is_none();
            if let Some(id) = id {
                own.ids.entry(id).or_insert(own.contained.len());
            }
            own.contained.push(Contained { node, kind: json.resource_type(node), tied });
        }
        own
    }
}

/// The type that a reference's text names, where it names one: `Patient` of `Patient/1` or of
/// `http://example.invalid/fhir/Patient/1/_history/2`.
fn type_named(text: &str) -> Option<ResourceType> {
    let unversioned = text.split_once("/_history/").map_or(text, |(before, _)| before);
    let before_id = match unversioned.split_once('?') {
        Some((kind, _)) => kind,
        None => unversioned.rsplit_once('/')?.0,
    };
    ResourceType::parse(before_id.rsplit('/').next()?)
}

/// Whether a reference is a URI with a scheme other than `urn:`.
fn is_absolute(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let letters = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    letters && scheme != "urn" && Primitive::Uri.accepts(text)
}

/// Whether a reference that is neither local nor absolute has a form that FHIR knows.
fn is_relative(text: &str) -> bool {
    let id = |id: &str| Primitive::Id.accepts(id);
    if let Some((kind, query)) = text.split_once('?') {
        return ResourceType::parse(kind).is_some() && !query.is_empty();
    }
    let mut parts = text.split('/');
    let kind = parts.next().and_then(ResourceType::parse);
    let named = kind.is_some() && parts.next().is_some_and(id);
    match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => named,
        (Some("_history"), Some(version), None) => named && id(version),
        _ => false,
    }
}

impl Walk<'_> {
    /// Checks a Reference whose members have been checked already.
    pub fn reference(&mut self, node: NodeId, targets: &[&'static str]) {
        let json = self.json;
        let reference = json.get(node, "reference").filter(|at| json.kind(*at) == Kind::String);
        let text = reference.and_then(|at| json.str(at)).unwrap_or_default();
        let at = reference.unwrap_or(node);
        let named = if text.is_empty() {
            None
        } else if text.starts_with('#') {
            match self.refer(&text) {
                Some(kind) => kind,
                None => return self.unresolved(at, rule::find("ref-1")),
            }
        } else if text.starts_with("urn:") && Primitive::Uri.accepts(&text) {
            match self.bundles.last().map(|bundle| bundle.resolve(&text)) {
                None => None,
                Some(Some(kind)) => kind,
                Some(None) => return self.unresolved(at, None),
            }
        } else if is_absolute(&text) || is_relative(&text) {
            let entry = self.bundles.last().and_then(|bundle| bundle.resolve(&text)).flatten();
            entry.or_else(|| type_named(&text))
        } else {
            return self.say(Code::ReferenceInvalid, at, Some(Step::to("reference")), || {
                Some(
                    "The reference is none of Type/id, an absolute URL, urn:uuid:…, #id or Type?query."
                        .into(),
                )
            });
        };
        let stated = json.get_str(node, "type").and_then(|kind| ResourceType::parse(&kind));
        for kind in named.into_iter().chain(stated) {
            if !targets.is_empty() && !targets.contains(&kind.name()) {
                let detail = || {
                    let not = Spelled::from(["A reference to ", kind.name(), " may not stand here; to "]);
                    Some(not.then(Spelled::list(targets.iter().copied())).then(" it may."))
                };
                return self.say(Code::ReferenceInvalid, at, Some(Step::to("reference")), detail);
            }
        }
        if let (Some(named), Some(stated)) = (named, stated)
            && named != stated
        {
            let detail = || Some("The reference's `type` is another than the one that it points to.".into());
            self.say(Code::ReferenceInvalid, at, Some(Step::to("type")), detail);
        }
    }

    fn unresolved(&mut self, at: NodeId, rule: Option<&'static Rule>) {
        let detail = || rule.map(|rule| [rule.key, ": ", rule.sentence].into());
        self.say(Code::ReferenceUnresolved, at, Some(Step::to("reference")), detail);
    }

    /// Takes note of a local reference, `#id` or `#`. Gives the type of what it names, if that has one; the
    /// outer none where nothing is contained under that id.
    pub fn refer(&mut self, text: &str) -> Option<Option<ResourceType>> {
        let id = text.strip_prefix('#').unwrap_or(text);
        let scope = self.scopes.last_mut()?;
        if id.is_empty() {
            if let Some(own) = scope.within.and_then(|at| scope.contained.get_mut(at)) {
                own.tied = true;
            }
            return Some(None);
        }
        let own = scope.ids.get(id).and_then(|at| scope.contained.get_mut(*at))?;
        own.tied = true;
        Some(own.kind)
    }

    /// What holds of a contained resource: an id, nothing contained, no version or security label of its own.
    pub fn contained(&mut self, node: NodeId) {
        let json = self.json;
        if let Some(scope) = self.scopes.last_mut() {
            scope.within = scope.contained.binary_search_by_key(&node, |own| own.node).ok();
        }
        if json.get(node, "id").is_none() {
            self.say(Code::RequiredMissing, node, Some(Step::to("id")), || {
                Some("A contained resource must have an `id`, by which it is referred to.".into())
            });
        }
        let meta = json.get(node, "meta");
        let has = |name: &str| meta.is_some_and(|meta| json.get(meta, name).is_some());
        let breaches = [
            ("dom-2", json.get(node, "contained").is_some()),
            ("dom-4", has("versionId") || has("lastUpdated")),
            ("dom-5", has("security")),
        ];
        for (key, breached) in breaches {
            if let Some(rule) = rule::find(key).filter(|_| breached) {
                self.breach(rule, node);
            }
        }
    }

    /// The walk is in the resource around again.
    pub fn leave_contained(&mut self) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.within = None;
        }
    }

    /// What holds of a resource once all of it has been seen: each contained resource is tied to it.
    pub fn close(&mut self, scope: &Scope<'_>) {
        let Some(rule) = rule::find("dom-3") else { return };
        for (own, index) in scope.contained.iter().zip(0..) {
            if !own.tied {
                self.within(Step::at("contained", index), |walk| walk.breach(rule, own.node));
            }
        }
    }
}
