//! Schema drift: the source has renamed, retyped or added an element where the adapter reads.
//!
//! Such an event is refused as long as nobody has looked. Once someone has, the adapter says so: what it lists under
//! `deviations` is taken as it comes, and its selectors read from there.

use crate::engine::canonical::FieldEntry;
use crate::engine::document::closest;
use crate::engine::fhir::{Json, Kind, NodeId, ResourceType, has_element_form};
use crate::engine::guard;
use crate::engine::path::{Selector, Step};
use crate::engine::refusal::Code;
use crate::engine::spelled::Spelled;
use crate::engine::validate::structure::{self, Content};
use crate::engine::validate::{Issue, Severity};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Issues of one event that are looked at for drift; more would say the same.
const MOST: usize = 100;

/// An element by its names, from its resource on: `ServiceRequest.priority`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementPath {
    resource: ResourceType,
    names: Vec<String>,
}

impl ElementPath {
    /// Reads `Type.name.name`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split('.');
        let resource = ResourceType::parse(words.next()?)?;
        let names: Vec<String> = words.map(str::to_owned).collect();
        (!names.is_empty() && names.iter().all(|name| has_element_form(name)))
            .then_some(Self { resource, names })
    }

    /// Whether it is the element by these names below a resource.
    pub fn is(&self, resource: ResourceType, names: &[String]) -> bool {
        self.resource == resource && self.names == names
    }

    /// The path of an element of an event. Keys that have not the form of an element's name are left as they are; they
    /// are compared and never shown.
    pub(in crate::engine) fn of(json: &Json, node: NodeId) -> Option<Self> {
        let mut names = Vec::new();
        let mut at = node;
        loop {
            if json.kind(at) == Kind::Object
                && at != node
                && let Some(resource) = json.resource_type(at)
            {
                names.reverse();
                return Some(Self { resource, names });
            }
            names.extend(json.key(at).map(|key| key.strip_prefix('_').unwrap_or(&key).to_owned()));
            at = json.parent(at)?;
        }
    }

    /// A resource itself.
    pub(super) fn whole(resource: ResourceType) -> Self {
        Self { resource, names: Vec::new() }
    }

    /// Whether it is a resource itself.
    pub(super) fn is_whole(&self) -> bool {
        self.names.is_empty()
    }

    /// What is in it by a name; an extension's extensions count as its own.
    pub(super) fn inside(&self, name: &str) -> Self {
        let outer = self.names.iter().position(|own| own == name && name == "extension");
        let names = self.names.iter().take(outer.unwrap_or(self.names.len()));
        Self { resource: self.resource, names: names.cloned().chain([name.to_owned()]).collect() }
    }

    fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// What it is, where the definitions have it.
    pub(super) fn content(&self) -> Option<&'static Content> {
        structure::content_of(self.resource.name(), &self.names())
    }

    fn child(&self, name: &str) -> Self {
        let names = self.names.iter().map(String::as_str).chain([name]).map(str::to_owned);
        Self { resource: self.resource, names: names.collect() }
    }

    fn starts_with(&self, other: &Self) -> bool {
        self.resource == other.resource && self.names.starts_with(&other.names)
    }

    /// The codes that it can have: those of its required value set. None where it has no such set.
    pub fn codes(&self) -> Option<Vec<&'static str>> {
        match self.names().as_slice() {
            ["resourceType"] => Some(vec![self.resource.name()]),
            names => structure::codes_of(self.resource.name(), names),
        }
    }

    /// Whether it identifies a person.
    pub fn identifies(&self) -> bool {
        guard::identifies_at(self.resource.name(), &self.names())
    }

    /// The FHIR type of what it is in, where the definitions have it.
    pub(in crate::engine) fn type_around(&self) -> Option<&'static str> {
        structure::type_around(self.resource.name(), &self.names())
    }

    /// Whether it identifies a person by being an element of that person's resource.
    pub fn identifies_its_own(&self) -> bool {
        guard::is_person(self.resource.name()) && self.identifies()
    }

    /// Whether it may hold any text.
    pub fn is_free_text(&self) -> bool {
        structure::is_free_text(self.resource.name(), &self.names())
    }

    /// Its own name, without what it is in.
    pub(in crate::engine) fn name(&self) -> &str {
        self.names.last().map_or(self.resource.name(), String::as_str)
    }

    /// Whether it is text, whatever the text: then nothing of it crosses as it is, and no table names it.
    pub fn is_text(&self) -> bool {
        structure::is_text(self.resource.name(), &self.names())
    }

    /// As adapters spell it.
    pub fn spell(&self) -> String {
        [self.resource.name()]
            .into_iter()
            .chain(self.names.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// What an adapter reads for one type of event: each element, and the canonical field it fills.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    all: Vec<(ElementPath, Arc<FieldEntry>, Use)>,
    /// By the id of a field: where the elements stand among them all whose values fill it.
    values: BTreeMap<usize, Vec<usize>>,
}

/// What an element is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Its value fills the field.
    Value,
    /// It is a reference that leads to the value.
    Way,
}

impl Reads {
    /// What a field's selector reads.
    pub fn add(&mut self, field: &Arc<FieldEntry>, selector: &Selector) {
        for path in selector {
            let mut resource = None;
            let mut names = Vec::new();
            for step in path {
                match step {
                    Step::OfType(kind) => {
                        resource = Some(*kind);
                        names.clear();
                    }
                    Step::Resolve => {
                        // What is resolved is read, too: by its reference.
                        names.push("reference".to_owned());
                        self.all.extend(resource.take().map(|resource| {
                            (ElementPath { resource, names: names.clone() }, Arc::clone(field), Use::Way)
                        }));
                    }
                    // What FHIR has beside an element drifts with it.
                    Step::Member(keys) => match keys.as_slice() {
                        [key] => names.push(key.strip_prefix('_').unwrap_or(key).to_owned()),
                        // A choice is read as whatever it is.
                        _ => break,
                    },
                    Step::Extension(_) => names.push("extension".to_owned()),
                    Step::Index(_) | Step::Last | Step::Skip(_) | Step::Take(_) | Step::Where(_) => {}
                }
            }
            if let Some(resource) = resource.filter(|_| !names.is_empty()) {
                self.values.entry(field.id).or_default().push(self.all.len());
                self.all.push((ElementPath { resource, names }, Arc::clone(field), Use::Value));
            }
        }
    }

    /// What is read at an element or below it.
    fn at(&self, path: &ElementPath) -> impl Iterator<Item = (&ElementPath, &Arc<FieldEntry>)> {
        self.all.iter().map(|(own, field, _)| (own, field)).filter(move |(own, _)| own.starts_with(path))
    }

    /// The elements whose values fill a field, e.g. `ServiceRequest.priority`.
    pub fn sources(&self, field: &FieldEntry) -> impl Iterator<Item = &ElementPath> {
        let places = self.values.get(&field.id).into_iter().flatten();
        places.filter_map(|place| self.all.get(*place)).map(|(path, _, _)| path)
    }

    /// The names that are read directly below an element or resource, each with the field that it fills.
    fn below<'a>(
        &'a self,
        resource: ResourceType,
        names: &'a [String],
    ) -> impl Iterator<Item = (&'a str, &'a FieldEntry)> {
        self.all.iter().filter_map(move |(own, field, _)| {
            let below = own.resource == resource && own.names.starts_with(names);
            Some((own.names.get(names.len()).filter(|_| below)?.as_str(), &**field))
        })
    }
}

/// Lets what the adapter lists as deviations pass: their issues become warnings.
pub fn excuse(json: &Json, issues: &mut [Issue], deviations: &[ElementPath]) {
    if deviations.is_empty() {
        return;
    }
    for issue in issues.iter_mut().filter(|issue| issue.severity.fails()) {
        let path = match issue.code {
            Code::ElementUnknown | Code::WrongType | Code::TooMany => ElementPath::of(json, issue.node),
            Code::RequiredMissing => missing(json, issue),
            _ => None,
        };
        if path.is_some_and(|path| deviations.contains(&path)) {
            issue.severity = Severity::Warning;
        }
    }
}

/// The element that is missing.
fn missing(json: &Json, issue: &Issue) -> Option<ElementPath> {
    let name = issue.path.rsplit('.').next()?;
    match json.resource_type(issue.node) {
        Some(resource) => Some(ElementPath { resource, names: vec![name.to_owned()] }),
        None => Some(ElementPath::of(json, issue.node)?.child(name)),
    }
}

/// Recognises drift among the issues of the structure verdict: such an issue then says what happened and what to change
/// in the adapter.
pub fn recognise(json: &Json, issues: &mut [Issue], reads: &Reads) {
    for issue in issues.iter_mut().filter(|issue| issue.severity.fails()).take(MOST) {
        let detail = match issue.code {
            Code::ElementUnknown => renamed_or_new(json, issue.node, reads),
            Code::WrongType | Code::TooMany => retyped(json, issue.node, reads),
            _ => None,
        };
        if detail.is_some() {
            issue.code = Code::SchemaDrift;
            issue.detail = detail;
        }
    }
}

/// An element that FHIR does not have, beside elements that the adapter reads.
fn renamed_or_new(json: &Json, node: NodeId, reads: &Reads) -> Option<Spelled> {
    let object = json.parent(node)?;
    let (resource, around) = match json.resource_type(object) {
        Some(resource) => (resource, Vec::new()),
        None => {
            let path = ElementPath::of(json, object)?;
            (path.resource, path.names)
        }
    };
    let read: Vec<(&str, &FieldEntry)> = reads.below(resource, &around).collect();
    if read.is_empty() {
        return None;
    }
    let key = json.key(node)?;
    let absent: Vec<(&str, &FieldEntry)> =
        read.into_iter().filter(|(name, _)| json.get(object, name).is_none()).collect();
    let element = |name: &str| ElementPath { resource, names: around.clone() }.child(name);
    // Renamed: its value is a code that only the absent element may have, or its name is nearly the absent one's.
    let value = json.str(node);
    let by_code = value.and_then(|value| {
        absent.iter().find(|(name, _)| {
            let names: Vec<&str> = around.iter().map(String::as_str).chain([*name]).collect();
            structure::is_code_of(resource.name(), &names, &value)
        })
    });
    let by_name = || {
        let near = closest(&key, absent.iter().map(|(name, _)| *name))?;
        absent.iter().find(|(name, _)| *name == near)
    };
    let shown = match has_element_form(&key) {
        true => Spelled::from(&element(&key)),
        false => "the element at the place given".into(),
    };
    Some(match by_code.or_else(by_name) {
        Some((name, field)) => Spelled::from("Drift, renamed: `")
            .then(Spelled::name(&element(name)))
            .then("`, which the adapter reads for ")
            .then(*field)
            .then(", is not there, and ")
            .then(shown.clone())
            .then(" looks like it. If the source means it so, list ")
            .then(shown)
            .then(" and ")
            .then(&element(name))
            .then(" under the adapter's `deviations` and have ")
            .then(*field)
            .then(" read it."),
        None => Spelled::from("Drift, new: ").then(shown).then(
            " stands where the adapter reads, and neither FHIR R4 nor the adapter knows it. If the source means it so, \
             list it under the adapter's `deviations`; it does not cross unless a field reads it and a rule names it.",
        ),
    })
}

/// An element that the adapter reads, of another kind than FHIR has it.
fn retyped(json: &Json, node: NodeId, reads: &Reads) -> Option<Spelled> {
    let path = ElementPath::of(json, node)?;
    let field: &FieldEntry = reads.at(&path).next().map(|(_, field)| field)?;
    let inside = match json.kind(node) {
        Kind::Object => json.children(node).find_map(|child| Spelled::key(json, child)),
        _ => None,
    };
    let shown = Spelled::from(&path);
    let from = inside.map_or(shown.clone(), |name| shown.clone().then(".").then(name));
    let text = Spelled::from("Drift, retyped: ")
        .then(shown.clone())
        .then(", which the adapter reads for ")
        .then(field);
    let text =
        text.then(", is of another type than FHIR R4 has it. If the source means it so, list ").then(shown);
    let text = text.then(" under the adapter's `deviations` and have ").then(field);
    Some(text.then(" read from where the value is now, e.g. `").then(from).then("`."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::canonical::Catalogue;
    use crate::engine::path::{Context, Type};

    fn reads(selectors: &[&str]) -> Reads {
        let mut reads = Reads::default();
        let field = Catalogue::shipped().field("CareEvent.status").unwrap();
        for text in selectors {
            let context = Context { own: Type::Unknown, deviates: &|_, _| false };
            reads.add(field, &context.selector(text).unwrap());
        }
        reads
    }

    fn drift(body: &str, selectors: &[&str]) -> Vec<String> {
        let json = Json::read(body).unwrap();
        let mut issues = structure::check(&json, NodeId::ROOT);
        recognise(&json, &mut issues, &reads(selectors));
        let drift = issues.into_iter().filter(|issue| issue.code == Code::SchemaDrift);
        drift.map(|issue| issue.detail.unwrap().to_string()).collect()
    }

    const REQUEST: &str = r#""resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/PAT-001"}"#;

    #[test]
    fn a_renamed_element_is_known_by_its_value_or_its_name() {
        let selectors = ["ServiceRequest.priority", "ServiceRequest.authoredOn", "ServiceRequest.status"];
        for (member, from) in [
            (r#""urgency":"urgent""#, "`priority`"),
            (r#""prioritiy":"x""#, "`priority`"),
            (r#""authordOn":"2026-01-01""#, "`authoredOn`"),
        ] {
            let found = drift(&format!("{{{REQUEST},{member}}}"), &selectors);
            assert_eq!(found.len(), 1, "{member}");
            assert!(found[0].contains("renamed") && found[0].contains(from), "{member}: {}", found[0]);
        }
    }

    #[test]
    fn a_new_or_retyped_element_is_drift_where_the_adapter_reads_and_nowhere_else() {
        let new = drift(&format!("{{{REQUEST},\"zzqx\":1}}"), &["ServiceRequest.priority"]);
        assert!(new[0].contains("new") && new[0].contains("ServiceRequest.zzqx"), "{}", new[0]);
        let body = format!(r#"{{{REQUEST},"priority":{{"code":"urgent"}}}}"#);
        let retyped = drift(&body, &["ServiceRequest.priority"]);
        assert!(retyped[0].contains("retyped") && retyped[0].contains("`ServiceRequest.priority.code`"));
        assert!(drift(&body, &["ServiceRequest.status"]).is_empty());
        assert!(drift(&format!("{{{REQUEST},\"zzqx\":1}}"), &["Patient.name.family"]).is_empty());
        let secret = drift(&format!("{{{REQUEST},\"Jane Q\":1}}"), &["ServiceRequest.priority"]);
        assert!(!secret[0].contains("Jane"), "{}", secret[0]);
    }

    #[test]
    fn what_the_adapter_lists_passes_as_a_warning() {
        let body = r#"{"resourceType":"ServiceRequest","state":"active","intent":"order","subject":{"reference":"Patient/PAT-001"}}"#;
        let json = Json::read(body).unwrap();
        let mut issues = structure::check(&json, NodeId::ROOT);
        let listed: Vec<ElementPath> = ["ServiceRequest.state", "ServiceRequest.status"]
            .iter()
            .filter_map(|text| ElementPath::parse(text))
            .collect();
        excuse(&json, &mut issues, &listed[..1]);
        assert_eq!(
            issues.iter().filter(|issue| issue.severity.fails()).count(),
            1,
            "the required one is missing"
        );
        excuse(&json, &mut issues, &listed);
        assert!(issues.iter().all(|issue| issue.severity == Severity::Warning));
        for text in ["ServiceRequest", "x.status", "ServiceRequest.", "ServiceRequest.a b", ""] {
            assert_eq!(ElementPath::parse(text), None, "{text}");
        }
    }
}
