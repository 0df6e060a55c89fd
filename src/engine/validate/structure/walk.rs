//! The walk over a document: each member is looked up in its type, each value held against what it may be.

use super::super::issue::{self, Issue, Severity};
use super::bundle::Bundle;
use super::narrative;
use super::primitive::Primitive;
use super::rule::{self, Hold, Rule};
use super::scope::Scope;
use super::table::{Content, Element, Found, Table, Type};
use crate::engine::fhir::{Json, Kind, NodeId};
use crate::engine::refusal::Code;
use crate::engine::spelled::Spelled;

/// Issues told of one document: so many that fail and so many that don't; the rest are counted.
pub const MAX_ISSUES: usize = 1000;

/// Where a resource stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the document.
    Outermost,
    /// In a Bundle's entry or a parameter.
    Inside,
    /// In another resource's `contained`.
    Contained,
}

/// One step of the path to where the walk is.
#[derive(Clone, Copy)]
pub(super) struct Step {
    name: &'static str,
    /// A choice's type.
    of: Option<&'static str>,
    index: Option<u32>,
}

pub(super) struct Walk<'a> {
    pub json: &'a Json,
    table: &'static Table,
    issues: Vec<Issue>,
    /// How many of the issues fail.
    failing: usize,
    /// How many more there are, and the first of them, one that fails before any other.
    untold: (usize, Option<(Severity, Code, NodeId)>),
    /// The array of primitives that was looked at last, and which places of its sidecar have something.
    sidecars: Option<(NodeId, Vec<bool>)>,
    /// The outermost resource's type.
    root: &'static str,
    trail: Vec<Step>,
    /// The resources that contain others, innermost last.
    pub scopes: Vec<Scope<'a>>,
    /// The Bundles that the walk is in, innermost last.
    pub bundles: Vec<Bundle<'a>>,
}

impl<'a> Walk<'a> {
    pub fn new(json: &'a Json) -> Self {
        Self {
            json,
            table: Table::r4(),
            issues: Vec::new(),
            failing: 0,
            untold: (0, None),
            sidecars: None,
            root: "?",
            trail: Vec::with_capacity(16),
            scopes: Vec::new(),
            bundles: Vec::new(),
        }
    }

    /// The issues in the order of the text.
    pub fn finish(mut self) -> Vec<Issue> {
        if let (count, Some((severity, code, node))) = self.untold {
            let detail =
                Spelled::from("There are ").then(count).then(" more issues, which are not told one by one.");
            let more = Issue::error(code, self.root, node).with_detail(detail);
            self.issues.push(more.with_severity(severity));
        }
        issue::locate(self.json, &mut self.issues);
        self.issues
    }

    /// Says what is wrong at a node that the path leads to, with one more step where that is not walked.
    pub fn say(
        &mut self,
        code: Code,
        node: NodeId,
        step: Option<Step>,
        detail: impl FnOnce() -> Option<Spelled>,
    ) {
        self.tell(Severity::Error, code, node, step, detail);
    }

    /// The same for what does not make it invalid.
    pub fn warn(
        &mut self,
        code: Code,
        node: NodeId,
        step: Option<Step>,
        detail: impl FnOnce() -> Option<Spelled>,
    ) {
        self.tell(Severity::Warning, code, node, step, detail);
    }

    fn tell(
        &mut self,
        severity: Severity,
        code: Code,
        node: NodeId,
        step: Option<Step>,
        detail: impl FnOnce() -> Option<Spelled>,
    ) {
        if self.has_room(severity, code, node) {
            let path = self.path(step);
            let issue = Issue::error(code, path, node).with_severity(severity);
            self.issues.push(Issue { detail: detail(), ..issue });
        }
    }

    /// Whether one more issue is told. What fails is never crowded out by what does not.
    fn has_room(&mut self, severity: Severity, code: Code, node: NodeId) -> bool {
        let told = if severity.fails() { self.failing } else { self.issues.len() - self.failing };
        if told < MAX_ISSUES {
            self.failing += usize::from(severity.fails());
            return true;
        }
        let (count, first) = &mut self.untold;
        *count += 1;
        if first.is_none_or(|(known, ..)| severity.fails() && !known.fails()) {
            *first = Some((severity, code, node));
        }
        false
    }

    /// Says that an invariant does not hold.
    pub fn breach(&mut self, rule: &'static Rule, node: NodeId) {
        let detail = || Some([rule.key, ": ", rule.sentence].into());
        self.tell(rule.severity, Code::InvariantBroken, node, None, detail);
    }

    /// The path as FHIRPath.
    fn path(&self, step: Option<Step>) -> Spelled {
        let mut path = Spelled::from(self.root);
        for step in self.trail.iter().copied().chain(step) {
            path = path.then([".", step.name]);
            if let Some(of) = step.of {
                path = path.then([".ofType(", of, ")"]);
            }
            if let Some(index) = step.index {
                path = path.then("[").then(index as usize).then("]");
            }
        }
        path
    }

    /// Checks a resource.
    pub fn resource(&mut self, node: NodeId, standing: Standing) {
        let json = self.json;
        if json.kind(node) != Kind::Object {
            return self.say(Code::WrongType, node, None, || Some("A resource is a JSON object.".into()));
        }
        let Some(stated) = json.get(node, "resourceType") else {
            return self.say(Code::ResourceTypeMissing, node, None, || None);
        };
        let kind = json.resource_type(node).and_then(|kind| self.table.resource(kind.name()));
        let Some(own) = kind else {
            return self.say(Code::ResourceTypeUnknown, stated, None, || None);
        };
        if standing == Standing::Outermost {
            self.root = own.name;
        }
        if standing == Standing::Contained {
            self.contained(node);
        } else {
            self.scopes.push(Scope::new(json, node));
        }
        if own.name == "Bundle" {
            self.bundles.push(Bundle::new(json, node));
            self.object(node, own);
            self.bundle_rules(node);
            self.bundles.pop();
        } else {
            self.object(node, own);
        }
        if standing == Standing::Contained {
            self.leave_contained();
        } else if let Some(scope) = self.scopes.pop() {
            self.close(&scope);
        }
    }

    /// Checks an object against its type.
    fn object(&mut self, node: NodeId, own: &'static Type) {
        let json = self.json;
        let mut seen = 0u64;
        let mut any = false;
        for child in json.children(node) {
            any = true;
            let escaped;
            let key = match json.plain_key(child) {
                Some(key) => key,
                None => {
                    escaped = json.key(child).unwrap_or_default();
                    escaped.as_bytes()
                }
            };
            if let Some(found) = own.find(key) {
                let bit = 1 << found.element;
                if seen & bit != 0 {
                    self.second_of_choice(child, node, own, found);
                }
                seen |= bit;
                self.member(child, own, found);
            } else if let Some(found) = key.strip_prefix(b"_").and_then(|name| own.find(name)) {
                let bit = 1 << found.element;
                if seen & bit != 0 {
                    self.second_of_choice(child, node, own, found);
                }
                seen |= bit;
                self.sidecar(child, own, found);
            } else if !(own.is_resource && key == b"resourceType") {
                self.unknown(child, own);
            }
        }
        if !any {
            return self.say(Code::Empty, node, None, || None);
        }
        if seen == 1 && !own.is_resource && own.name != "Element" {
            // Alone the first element, which is the id.
            self.empty_element(node);
        }
        let missing = own.required & !seen;
        if missing != 0 {
            for (_, element) in own.elements.iter().enumerate().filter(|(at, _)| missing & (1 << at) != 0) {
                let step = Step { name: element.name, of: None, index: None };
                let detail = || Some([own.name, " must have `", element.name, "`."].into());
                self.say(Code::RequiredMissing, node, Some(step), detail);
            }
        }
        for held in &own.rules {
            let holds = match held.rule.hold {
                Hold::Implies(..) => seen & held.first == 0 || seen & held.second != 0,
                Hold::NotBoth(..) => seen & held.first == 0 || seen & held.second == 0,
                Hold::Both(..) => (seen & held.first != 0) == (seen & held.second != 0),
                Hold::OneOf(_) => (seen & held.first).count_ones() == 1,
                Hold::Any(_) => seen & held.first != 0,
                Hold::Where(_, question) => seen & held.first == 0 || question(json, node),
                Hold::Always(question) => question(json, node),
                Hold::Walk => true,
            };
            if !holds {
                self.breach(held.rule, node);
            }
        }
        match own.name {
            "Attachment" => self.attachment(node),
            "Extension" => self.extension(node),
            _ => {}
        }
    }

    fn empty_element(&mut self, node: NodeId) {
        if let Some(rule) = rule::find("ele-1") {
            self.breach(rule, node);
        }
    }

    /// A choice has one type at a time; a value and its sidecar are one.
    fn second_of_choice(&mut self, child: NodeId, node: NodeId, own: &'static Type, found: Found) {
        let json = self.json;
        let other = json.children(node).take_while(|other| *other != child).any(|other| {
            let key = json.key(other).unwrap_or_default();
            let name = key.strip_prefix('_').unwrap_or(&key);
            own.find(name.as_bytes()).is_some_and(|at| at.element == found.element && at.kind != found.kind)
        });
        if other && let Some(element) = own.elements.get(usize::from(found.element)) {
            let step = Step { name: element.name, of: None, index: None };
            let detail = || Some(["`", element.name, "[x]` is there in two types, and may have one."].into());
            self.say(Code::TooMany, child, Some(step), detail);
        }
    }

    fn unknown(&mut self, child: NodeId, own: &'static Type) {
        let name = Spelled::key(self.json, child);
        let detail = match &name {
            Some(name) => Spelled::from("FHIR R4 has no `").then(name.clone()).then(["` in ", own.name, "."]),
            None => ["FHIR R4 has no such element in ", own.name, "."].into(),
        };
        let path = self.path(None).then(".").then(name.unwrap_or_else(|| "?".into()));
        if self.has_room(Severity::Error, Code::ElementUnknown, child) {
            self.issues.push(Issue::error(Code::ElementUnknown, path, child).with_detail(detail));
        }
    }

    /// Checks a member that its type has.
    fn member(&mut self, child: NodeId, own: &'static Type, found: Found) {
        let Some(element) = own.elements.get(usize::from(found.element)) else { return };
        let Some(content) = element.kinds.get(usize::from(found.kind)) else { return };
        let json = self.json;
        let step = Step { name: element.name, of: self.choice(element, content), index: None };
        let array = json.kind(child) == Kind::Array;
        match (element.many, array) {
            (false, false) => self.value(child, element, content, step),
            (true, true) => {
                let mut count = 0;
                for item in json.children(child) {
                    self.value(item, element, content, Step { index: Some(count), ..step });
                    count += 1;
                }
                if count == 0 {
                    self.say(Code::Empty, child, Some(step), || None);
                }
            }
            (false, true) => {
                let detail = || Some(["`", element.name, "` may be there once, and is no array."].into());
                self.say(Code::TooMany, child, Some(step), detail);
            }
            (true, false) => {
                let detail =
                    || Some(["`", element.name, "` may be there more than once, so it is an array."].into());
                self.say(Code::WrongType, child, Some(step), detail);
            }
        }
    }

    /// The name of the type that a choice is of.
    fn choice(&self, element: &Element, content: &Content) -> Option<&'static str> {
        if !element.choice {
            return None;
        }
        Some(match content {
            Content::Primitive(primitive) => primitive.name(),
            Content::Complex(number) => self.table.get(*number)?.name,
            Content::Reference(_) => "Reference",
            Content::Resource => "Resource",
        })
    }

    fn value(&mut self, node: NodeId, element: &'static Element, content: &'static Content, step: Step) {
        let json = self.json;
        let kind = json.kind(node);
        let number = match content {
            Content::Primitive(primitive) => return self.primitive(node, element, *primitive, step),
            Content::Resource => {
                self.trail.push(step);
                let contained = element.name == "contained";
                self.resource(node, if contained { Standing::Contained } else { Standing::Inside });
                self.trail.pop();
                return;
            }
            Content::Complex(number) => *number,
            Content::Reference(_) => self.table.reference,
        };
        let Some(own) = self.table.get(number) else { return };
        match kind {
            Kind::Object => {}
            Kind::Null => return self.say(Code::Empty, node, Some(step), || None),
            _ => {
                let detail = || {
                    Some(
                        ["`", element.name, "` is of the type ", own.name, ", which is a JSON object."]
                            .into(),
                    )
                };
                return self.say(Code::WrongType, node, Some(step), detail);
            }
        }
        self.trail.push(step);
        self.object(node, own);
        if let Content::Reference(targets) = content {
            self.reference(node, targets);
        }
        if element.name == "modifierExtension" {
            self.say(Code::ModifierUnknown, node, None, || None);
        }
        if let Some(set) = element.set.and_then(|set| self.table.set(set)) {
            let mut codings = json.get(node, "coding").into_iter().flat_map(|list| json.children(list));
            let coded = codings.any(|coding| {
                let part = |name: &str| json.get_str(coding, name).unwrap_or_default();
                set.has_coding(&part("system"), &part("code"))
            });
            if !coded {
                self.say(Code::CodeInvalid, node, None, || set_sentence(set.name, set.spelled()));
            }
        }
        self.trail.pop();
    }

    fn primitive(&mut self, node: NodeId, element: &'static Element, primitive: Primitive, step: Step) {
        let json = self.json;
        let kind = json.kind(node);
        if kind != primitive.kind() {
            if kind == Kind::Null {
                if step.index.is_none() || !self.stands_for_sidecar(node, step) {
                    self.say(Code::Empty, node, Some(step), || None);
                }
                return;
            }
            let detail = || {
                Some(
                    ["`", element.name, "` is of the type ", primitive.name(), ": ", primitive.form(), "."]
                        .into(),
                )
            };
            return self.say(Code::WrongType, node, Some(step), detail);
        }
        if matches!(primitive, Primitive::Boolean | Primitive::Decimal) {
            return;
        }
        let decoded;
        let text = if json.is_escaped(node) {
            decoded = json.str(node).unwrap_or_default();
            decoded.as_ref()
        } else {
            json.raw(node)
        };
        if text.is_empty() {
            return self.say(Code::Empty, node, Some(step), || None);
        }
        if !primitive.accepts(text) {
            let detail = || {
                Some(
                    ["`", element.name, "` is of the type ", primitive.name(), ": ", primitive.form(), "."]
                        .into(),
                )
            };
            return self.say(Code::FormatInvalid, node, Some(step), detail);
        }
        match primitive {
            Primitive::Code => {
                if let Some(set) = element.set.and_then(|set| self.table.set(set))
                    && !set.has(text)
                {
                    self.say(Code::CodeInvalid, node, Some(step), || set_sentence(set.name, set.spelled()));
                }
            }
            Primitive::Xhtml => {
                if let Err(fault) = narrative::check(text) {
                    self.say(Code::NarrativeInvalid, node, Some(step), || Some(fault.sentence().into()));
                }
            }
            Primitive::Canonical | Primitive::Uri | Primitive::Url if text.starts_with('#') => {
                self.refer(text);
            }
            _ => {}
        }
    }

    /// Whether the sidecar of a `null` in an array has something at its place.
    fn stands_for_sidecar(&mut self, node: NodeId, step: Step) -> bool {
        let json = self.json;
        let (Some(array), Some(index)) = (json.parent(node), step.index) else { return false };
        if self.sidecars.as_ref().is_none_or(|(known, _)| *known != array) {
            let sidecars = json.key(array).zip(json.parent(array));
            let sidecars = sidecars.and_then(|(key, object)| json.get(object, &format!("_{key}")));
            let items = sidecars.into_iter().flat_map(|list| json.children(list));
            self.sidecars = Some((array, items.map(|item| json.kind(item) == Kind::Object).collect()));
        }
        let places = self.sidecars.as_ref().map(|(_, places)| places.as_slice()).unwrap_or_default();
        places.get(index as usize).copied().unwrap_or(false)
    }

    /// Checks `_name`, which holds a primitive's id and extensions.
    fn sidecar(&mut self, child: NodeId, own: &'static Type, found: Found) {
        let json = self.json;
        let Some(element) = own.elements.get(usize::from(found.element)) else { return };
        let content = element.kinds.get(usize::from(found.kind));
        let Some(content @ Content::Primitive(_)) = content else { return self.unknown(child, own) };
        // These are attributes and no elements: they have neither id nor extensions.
        if !own.is_resource && (element.name == "id" || (own.name, element.name) == ("Extension", "url")) {
            return self.unknown(child, own);
        }
        let values = json.parent(child).and_then(|object| {
            json.get(object, json.key(child).unwrap_or_default().strip_prefix('_').unwrap_or(""))
        });
        let step = Step { name: element.name, of: self.choice(element, content), index: None };
        let Some(sidecar) = self.table.get(self.table.sidecar) else { return };
        match (element.many, json.kind(child)) {
            (false, Kind::Object) => {
                let alone = values.is_none();
                self.within(step, |walk| walk.sidecar_object(child, sidecar, alone));
            }
            (true, Kind::Array) => {
                let mut some = false;
                let mut values = values.into_iter().flat_map(|list| json.children(list));
                for (item, index) in json.children(child).zip(0..) {
                    let step = Step { index: Some(index), ..step };
                    let alone = values.next().is_none_or(|value| json.kind(value) == Kind::Null);
                    match json.kind(item) {
                        Kind::Object => {
                            some = true;
                            self.within(step, |walk| walk.sidecar_object(item, sidecar, alone));
                        }
                        Kind::Null => {}
                        _ => self.say(Code::WrongType, item, Some(step), || None),
                    }
                }
                if !some {
                    self.say(Code::Empty, child, Some(step), || None);
                }
            }
            (_, Kind::Null) => self.say(Code::Empty, child, Some(step), || None),
            _ => self.say(Code::WrongType, child, Some(step), || None),
        }
    }

    /// A sidecar; one without a value beside it has an extension.
    fn sidecar_object(&mut self, node: NodeId, own: &'static Type, alone: bool) {
        self.object(node, own);
        if alone && self.json.get(node, "extension").is_none() && self.json.children(node).next().is_some() {
            self.empty_element(node);
        }
    }

    /// Does something one step further down.
    pub fn within(&mut self, step: Step, walk: impl FnOnce(&mut Self)) {
        self.trail.push(step);
        walk(self);
        self.trail.pop();
    }

    /// Nested extensions are told apart by their url, which is relative there; outside it is absolute.
    fn extension(&mut self, node: NodeId) {
        let json = self.json;
        let Some(url) = json.get(node, "url").filter(|url| json.kind(*url) == Kind::String) else { return };
        let around = self.trail.len().checked_sub(2).and_then(|at| self.trail.get(at));
        let nested = around.is_some_and(|step| matches!(step.name, "extension" | "modifierExtension"));
        if !nested && !json.raw(url).contains(':') {
            let step = Step { name: "url", of: None, index: None };
            let detail =
                || Some("An extension's url is an absolute URI, unless it is inside another.".into());
            self.say(Code::FormatInvalid, url, Some(step), detail);
        }
    }

    /// The stated size of an attachment is the size of its data.
    fn attachment(&mut self, node: NodeId) {
        let json = self.json;
        let (Some(size), Some(data)) = (json.get(node, "size"), json.get(node, "data")) else { return };
        let Ok(stated) = json.source(size).parse::<usize>() else { return };
        let bytes = json.raw(data).bytes();
        let digits = bytes.filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).count();
        if !json.is_escaped(data) && digits * 3 / 4 != stated {
            let step = Step { name: "size", of: None, index: None };
            let detail = || Some("`size` is not the number of bytes that `data` holds.".into());
            self.say(Code::InvariantBroken, size, Some(step), detail);
        }
    }
}

impl Step {
    /// A step to an element that is there once.
    pub fn to(name: &'static str) -> Self {
        Self { name, of: None, index: None }
    }

    /// A step to one of several.
    pub fn at(name: &'static str, index: u32) -> Self {
        Self { name, of: None, index: Some(index) }
    }
}

fn set_sentence(name: &'static str, codes: Option<Spelled>) -> Option<Spelled> {
    let sentence = Spelled::from(["The value set ", name, " is required here"]);
    Some(match codes {
        Some(codes) => sentence.then(": ").then(codes).then("."),
        None => sentence.then("."),
    })
}
