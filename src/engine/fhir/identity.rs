//! Who or what a reference or a resource is. A name counts together with its namespace: a server, or the system of an
//! identifier. A name without one is nobody's.

use super::reference::{base_of, resolve};
use super::{Json, Kind, NodeId, Reference, ResourceType};
use crate::engine::time::{Instant, date_time_range};
use std::borrow::Cow;
use std::collections::HashSet;

/// How the names in a document are read.
#[derive(Clone, Copy, Debug)]
pub struct Namespace<'a> {
    /// The source system. A relative reference is to its server.
    pub source: &'a str,
    /// The resource, Bundle or list of them that references are resolved in.
    pub data: NodeId,
    /// The resource that the document is about. The server of its `fullUrl` is the source's own; any other is not.
    pub focus: NodeId,
    /// The moment at which an identifier has to be in force.
    pub at: Instant,
}

/// What somebody or something goes by in a document. Texts to compare, never to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its names, each with its namespace: those of the reference or resource first, then its identifiers, the
    /// preferred one first. Two that share one are the same.
    pub names: Vec<String>,
    /// What these names are without their namespace, and every identifier, in force or not.
    pub parts: Vec<String>,
    /// What is said without a namespace, or is an identifier that is not in force. It may mean whoever has such a part:
    /// enough to doubt, not enough to know.
    pub sought: Vec<String>,
}

const IDENTIFIER: &str = "identifier";

impl Identity {
    /// The name to know it by, where it has one.
    pub fn name(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }

    /// The names of the record itself, without the identifiers that it lists: another record may list them, too. The
    /// identifiers, where it has no other name.
    pub fn of_record(&self) -> impl Iterator<Item = &str> {
        let is_identifier = |name: &str| name.split('\0').next() == Some(IDENTIFIER);
        let only = self.names.iter().all(|name| is_identifier(name));
        self.names.iter().map(String::as_str).filter(move |name| only || !is_identifier(name))
    }

    /// Type and id on a server; none for the source's own.
    fn place(&mut self, own: bool, source: &str, base: Option<&str>, kind: &str, id: &str) {
        if own {
            self.names.push(spell(&["own", source, kind, id]));
        }
        self.names.extend(base.map(|base| spell(&["url", base, kind, id])));
        let anywhere = spell(&["anywhere", kind, id]);
        if own {
            self.sought.push(anywhere.clone());
        }
        self.parts.extend([anywhere, id.to_owned()]);
    }

    /// A name that has no namespace.
    fn doubt(&mut self, text: &str) {
        let pieces = text.split(['/', '|', '?', '=', '#', '&']).map(str::trim);
        let is_value =
            |piece: &&str| !piece.is_empty() && *piece != IDENTIFIER && ResourceType::parse(piece).is_none();
        for piece in pieces.filter(is_value) {
            self.parts.push(piece.to_owned());
            self.sought.push(piece.to_owned());
        }
    }
}

impl Namespace<'_> {
    /// What the resource goes by that stands at `node`, or that the Reference or the string of a reference there is to.
    pub fn identity(&self, json: &Json, node: NodeId) -> Identity {
        let mut out = Identity::default();
        match json.kind(node) {
            Kind::String => self.reference(json, node, &mut out),
            Kind::Object if json.resource_type(node).is_some() => self.resource(json, node, &mut out),
            Kind::Object => match (json.get(node, "reference"), json.get(node, IDENTIFIER)) {
                (Some(reference), _) => self.reference(json, reference, &mut out),
                (None, Some(identifier)) => self.identifiers(json, &[identifier], &mut out),
                (None, None) => {}
            },
            _ => {}
        }
        out
    }

    /// The name that the value at `node` is, with its namespace: of a reference or a resource's id what it is to, of an
    /// identifier its system and `value`; of anything else `value` alone. None for what has no namespace and needs one.
    pub fn name_of(&self, json: &Json, node: NodeId, value: &str) -> Option<String> {
        match (of_resource(json, node), of_identifier(json, node)) {
            (Some(of), _) => self.identity(json, of).names.into_iter().next(),
            (None, Some(identifier)) => {
                let system = json.get_str(identifier, "system")?;
                identifier_name(&system, value)
            }
            (None, None) => Some(spell(&["value", value])),
        }
    }

    /// `Type/id` of what the reference or id at `node` is, where that is on the source's own server.
    pub fn own_type_and_id(&self, json: &Json, node: NodeId) -> Option<String> {
        let identity = self.identity(json, of_resource(json, node)?);
        let mut parts = identity.name()?.split('\0');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("own"), Some(_), Some(kind), Some(id)) => Some([kind, id].join("/")),
            _ => None,
        }
    }

    /// Whether the reference at a node is to what a reference from elsewhere names.
    pub fn refers_to(&self, json: &Json, node: NodeId, text: &str) -> bool {
        let mut other = Identity::default();
        match Reference::parse(text) {
            Reference::Relative(kind, id) => other.place(true, self.source, None, kind, id),
            Reference::Absolute(url) => place_of(url)
                .into_iter()
                .for_each(|(base, kind, id)| other.place(false, self.source, Some(base), kind, id)),
            Reference::Urn(urn) => other.names.push(spell(&["urn", urn])),
            Reference::Contained(_) | Reference::Other(_) => {}
        }
        self.identity(json, node).names.iter().any(|name| other.names.contains(name))
    }

    /// Whether a resource of the document is on the source's own server, as far as the document says.
    pub fn is_own(&self, json: &Json, resource: NodeId) -> bool {
        let (base, own) = (base_of(json, resource), self.base(json));
        base.is_none() || own.is_none() || base == own
    }

    /// The server that is the source's own, where the document says which.
    fn base<'a>(&self, json: &'a Json) -> Option<Cow<'a, str>> {
        base_of(json, self.focus)
    }

    fn reference(&self, json: &Json, node: NodeId, out: &mut Identity) {
        let Some(text) = json.str(node) else { return };
        let resource = resolve(json, self.data, node);
        match Reference::parse(&text) {
            Reference::Contained(_) => {}
            Reference::Relative(kind, id) if is_id(id) => {
                self.place(json, base_of(json, node).as_deref(), kind, id, out);
            }
            Reference::Absolute(url) if !url.contains(['?', '#']) => match place_of(url) {
                Some((base, kind, id)) => {
                    let own = self.base(json).is_some_and(|own| own == base);
                    out.place(own, self.source, Some(base), kind, id);
                }
                None => out.names.push(spell(&["urn", url])),
            },
            Reference::Urn(urn) => {
                resource.into_iter().for_each(|resource| self.resource(json, resource, out));
                out.names.push(spell(&["urn", urn]));
                return;
            }
            Reference::Relative(..) | Reference::Absolute(_) | Reference::Other(_) => out.doubt(&text),
        }
        if let Some(resource) = resource {
            self.listed(json, resource, out);
        }
    }

    fn resource(&self, json: &Json, resource: NodeId, out: &mut Identity) {
        let kind = json.resource_type(resource).map(ResourceType::name);
        // The id of a contained resource names it within its container only.
        let apart = json.parent(resource).is_some_and(|list| json.is_member(list, "contained"));
        let id = json.get_str(resource, "id").filter(|id| is_id(id) && !apart);
        if let (Some(kind), Some(id)) = (kind, id) {
            self.place(json, base_of(json, resource).as_deref(), kind, &id, out);
        }
        self.listed(json, resource, out);
    }

    /// Type and id on the server that an entry of the document is on.
    fn place(&self, json: &Json, base: Option<&str>, kind: &str, id: &str, out: &mut Identity) {
        let own = self.base(json);
        let is_own = base.is_none() || own.is_none() || base == own.as_deref();
        out.place(is_own, self.source, if is_own { own.as_deref() } else { base }, kind, id);
    }

    /// The identifiers of a resource, and the `fullUrl` of its entry where that is a URN.
    fn listed(&self, json: &Json, resource: NodeId, out: &mut Identity) {
        let entry = json.parent(resource).filter(|_| json.is_member(resource, "resource"));
        let url = entry.and_then(|entry| json.get_str(entry, "fullUrl"));
        out.names.extend(url.filter(|url| url.starts_with("urn:")).map(|urn| spell(&["urn", &urn])));
        let list = json.get(resource, IDENTIFIER).into_iter().flat_map(|list| json.children(list));
        self.identifiers(json, &list.collect::<Vec<_>>(), out);
    }

    fn identifiers(&self, json: &Json, identifiers: &[NodeId], out: &mut Identity) {
        let in_force = in_force(json, identifiers, self.at);
        let counts: HashSet<NodeId> = in_force.iter().copied().collect();
        let others = identifiers.iter().copied().filter(|identifier| !counts.contains(identifier));
        for identifier in in_force.iter().copied().chain(others) {
            let Some(value) = json.get_str(identifier, "value").filter(|value| !value.is_empty()) else {
                continue;
            };
            match json.get_str(identifier, "system").and_then(|system| identifier_name(&system, &value)) {
                Some(name) if counts.contains(&identifier) => {
                    out.names.push(name.clone());
                    out.parts.extend([name, value.into_owned()]);
                }
                // Nobody's name now. A denial that was given under it may still be this person's.
                Some(name) => {
                    out.parts.push(name.clone());
                    out.sought.push(name);
                }
                None => out.doubt(&value),
            }
        }
    }
}

/// The identifiers that count, the preferred one first: official, usual, of no stated use, secondary. One that is old,
/// temporary or not in force names nobody.
pub fn in_force(json: &Json, identifiers: &[NodeId], at: Instant) -> Vec<NodeId> {
    let rank = |identifier: NodeId| match json.get_str(identifier, "use").as_deref() {
        Some("official") => Some(0),
        Some("usual") => Some(1),
        Some("secondary") => Some(3),
        Some("old" | "temp") => None,
        _ => Some(2),
    };
    let holds = |identifier: NodeId| {
        let bound = |name| {
            let node = json.get(identifier, "period").and_then(|period| json.get(period, name));
            node.map(|node| json.str(node).and_then(|text| date_time_range(&text)))
        };
        let begun = bound("start").is_none_or(|start| start.is_some_and(|(first, _)| first <= at));
        begun && bound("end").is_none_or(|end| end.is_some_and(|(_, last)| last >= at))
    };
    let counts = identifiers.iter().copied().filter(|identifier| holds(*identifier));
    let mut ranked: Vec<(u8, NodeId)> =
        counts.filter_map(|identifier| Some((rank(identifier)?, identifier))).collect();
    crate::order::by(&mut ranked, |(rank, _)| *rank);
    ranked.into_iter().map(|(_, identifier)| identifier).collect()
}

/// The Identifier whose value stands at a node.
pub fn of_identifier(json: &Json, node: NodeId) -> Option<NodeId> {
    let holder = json
        .parent(node)
        .filter(|holder| json.is_member(node, "value") && json.resource_type(*holder).is_none())?;
    let named = if json.key(holder).is_some() { holder } else { json.parent(holder)? };
    let key = json.key(named)?;
    (key.ends_with("dentifier") || key == "requisition").then_some(holder)
}

/// The reference at a node, or the resource whose id stands there.
fn of_resource(json: &Json, node: NodeId) -> Option<NodeId> {
    if json.is_member(node, "reference") {
        return Some(node);
    }
    json.parent(node).filter(|holder| json.is_member(node, "id") && json.resource_type(*holder).is_some())
}

/// System and value. Nothing that holds a control character is a name, so that no two of them are spelled alike.
fn identifier_name(system: &str, value: &str) -> Option<String> {
    let sound = |text: &str| !text.is_empty() && !text.contains(char::is_control);
    (sound(system) && sound(value)).then(|| spell(&[IDENTIFIER, system, value]))
}

/// Server, type and id of a URL.
fn place_of(url: &str) -> Option<(&str, &str, &str)> {
    let (rest, id) = url.rsplit_once('/')?;
    let (base, kind) = rest.rsplit_once('/')?;
    (ResourceType::parse(kind).is_some() && is_id(id)).then_some((base, kind, id))
}

/// FHIR's form of an id.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
}

fn spell(parts: &[&str]) -> String {
    parts.join("\0")
}
