//! The definitions at work: `r4.txt`, read once, made for looking up a member by its key.
//!
//! `cargo xtask definitions` writes the text out of HL7's StructureDefinitions and says what its lines mean.

use super::primitive::Primitive;
use super::rule::{self, Hold, Rule};
use crate::engine::spelled::Spelled;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A type: its elements, those of its bases included.
#[derive(Default)]
pub struct Type {
    /// `Patient`, `HumanName`, or a part such as `Patient.contact`.
    pub name: &'static str,
    /// Whether it is a resource.
    pub is_resource: bool,
    /// The elements, bases first.
    pub elements: Vec<Element>,
    /// The elements that must be there, as bits.
    pub required: u64,
    /// What holds between its elements.
    pub rules: Vec<Held>,
    keys: Keys,
}

/// A rule of a type, with the elements it names resolved to bits.
pub struct Held {
    /// The rule.
    pub rule: &'static Rule,
    /// The bits of its first name or names.
    pub first: u64,
    /// The bits of its second.
    pub second: u64,
}

/// An element of a type.
#[derive(Clone)]
pub struct Element {
    /// Name; a choice's without its type.
    pub name: &'static str,
    /// Whether it is a choice of types (`value[x]`).
    pub choice: bool,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it may be there more than once, as an array.
    pub many: bool,
    /// The types that it may have.
    pub kinds: Vec<Content>,
    /// The value set that its code must come from.
    pub set: Option<usize>,
}

/// What a value is.
#[derive(Clone)]
pub enum Content {
    /// A primitive.
    Primitive(Primitive),
    /// An object of the type of this number.
    Complex(usize),
    /// A Reference to one of these types; to any where there are none.
    Reference(Vec<&'static str>),
    /// Any resource.
    Resource,
}

/// A required value set.
pub struct Set {
    /// Its name, e.g. `administrative-gender`.
    pub name: &'static str,
    /// Its codes with their code systems, by code.
    codes: Vec<(&'static str, &'static str)>,
}

impl Set {
    /// Whether it has the code.
    pub fn has(&self, code: &str) -> bool {
        self.codes.binary_search_by(|(known, _)| (*known).cmp(code)).is_ok()
    }

    /// Its codes, in order; one that several systems have comes as often.
    pub fn codes(&self) -> impl Iterator<Item = &'static str> {
        self.codes.iter().map(|(code, _)| *code)
    }

    /// Whether it has the code of this system.
    pub fn has_coding(&self, system: &str, code: &str) -> bool {
        self.codes.binary_search(&(code, system)).is_ok()
    }

    /// Its codes, with a comma between, where they are few.
    pub fn spelled(&self) -> Option<Spelled> {
        (self.codes.len() <= 12).then(|| Spelled::list(self.codes.iter().map(|(code, _)| *code)))
    }
}

/// A member found by its key: the element's number in its type, and the number of its type among the element's.
#[derive(Clone, Copy)]
pub struct Found {
    /// Number of the element.
    pub element: u16,
    /// Number of the kind.
    pub kind: u16,
}

/// Keys to elements: open addressing, at most half full.
#[derive(Default)]
struct Keys {
    mask: usize,
    slots: Vec<Option<(Box<str>, Found)>>,
}

impl Keys {
    fn new(keys: Vec<(Box<str>, Found)>) -> Self {
        let size = (keys.len() * 2).next_power_of_two();
        let mut own = Self { mask: size - 1, slots: Vec::new() };
        own.slots.resize_with(size, || None);
        for (key, found) in keys {
            let mut at = hash(key.as_bytes());
            while let Some(slot) = own.slots.get_mut(at & own.mask) {
                if slot.is_none() {
                    *slot = Some((key, found));
                    break;
                }
                at += 1;
            }
        }
        own
    }

    fn find(&self, key: &[u8]) -> Option<Found> {
        let mut at = hash(key);
        loop {
            match self.slots.get(at & self.mask)? {
                Some((own, found)) if own.as_bytes() == key => return Some(*found),
                Some(_) => at += 1,
                None => return None,
            }
        }
    }
}

/// FNV-1a.
fn hash(key: &[u8]) -> usize {
    let mut hash = 0x811c_9dc5_u32;
    for byte in key {
        hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    (hash ^ (hash >> 15)) as usize
}

impl Type {
    /// The element of this name, as the definitions spell it: a choice without its type.
    pub fn element(&'static self, name: &str) -> Option<&'static Element> {
        self.elements.iter().find(|element| element.name == name)
    }

    /// The element that a member's key names.
    pub fn find(&self, key: &[u8]) -> Option<Found> {
        self.keys.find(key)
    }

    /// What a member that was found is.
    fn content(&'static self, found: Found) -> Option<&'static Content> {
        self.elements.get(usize::from(found.element))?.kinds.get(usize::from(found.kind))
    }

    /// The bits of elements by their names; a part of a choice counts as the choice.
    fn bits(&self, names: &[&str]) -> u64 {
        let at = self.elements.iter().enumerate().filter(|(_, element)| names.contains(&element.name));
        at.fold(0, |bits, (n, _)| bits | 1 << n)
    }
}

/// Types whose strings are parts of one thing.
const SHORT_TYPES: [&str; 6] = ["Address", "Coding", "ContactPoint", "HumanName", "Identifier", "Reference"];
/// Elements of other types whose strings say what something is called or counted in.
const SHORT_TEXTS: [&str; 6] = ["alias", "display", "name", "title", "unit", "version"];

/// What texts are called elsewhere.
const TEXTS: [&str; 6] = ["comment", "description", "div", "note", "text", "valueMarkdown"];

/// Every type and value set.
pub struct Table {
    types: Vec<Type>,
    names: HashMap<&'static str, usize>,
    sets: Vec<Set>,
    /// The type of references.
    pub reference: usize,
    /// What a primitive's sidecar is.
    pub sidecar: usize,
}

impl Table {
    /// The table of FHIR R4.
    pub fn r4() -> &'static Self {
        static R4: LazyLock<Table> = LazyLock::new(|| Reader::default().read(include_str!("r4.txt")));
        &R4
    }

    /// The type of this number.
    pub fn get(&'static self, number: usize) -> Option<&'static Type> {
        self.types.get(number)
    }

    /// The number of the type of this name.
    pub fn number(&'static self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// The resource type of this name.
    pub fn resource(&'static self, name: &str) -> Option<&'static Type> {
        let known = self.names.get(name).and_then(|number| self.types.get(*number));
        known.filter(|found| found.is_resource && !matches!(found.name, "Resource" | "DomainResource"))
    }

    /// All resource types, in the order of their names.
    pub fn resources(&'static self) -> impl Iterator<Item = &'static Type> {
        self.types.iter().filter(|own| self.resource(own.name).is_some())
    }

    /// The type that an element is in, named from its resource on, and where it is found there.
    pub fn place_of(&'static self, resource: &str, names: &[&str]) -> Option<(&'static Type, Found)> {
        let (last, before) = names.split_last()?;
        let mut own = self.resource(resource)?;
        for name in before {
            let found = own.find(name.as_bytes())?;
            own = match own.content(found)? {
                Content::Complex(number) => self.get(*number)?,
                Content::Reference(_) => self.get(self.reference)?,
                _ => return None,
            };
        }
        own.find(last.as_bytes()).map(|found| (own, found))
    }

    /// What an element, named from its resource on, is.
    pub fn content_of(&'static self, resource: &str, names: &[&str]) -> Option<&'static Content> {
        let (own, found) = self.place_of(resource, names)?;
        own.content(found)
    }

    /// The value set that is required of an element, named from its resource on.
    pub fn set_of(&'static self, resource: &str, names: &[&str]) -> Option<&'static Set> {
        let (own, found) = self.place_of(resource, names)?;
        own.elements.get(usize::from(found.element))?.set.and_then(|set| self.set(set))
    }

    /// Whether an element, named from its resource on, may hold any text: markup, or a string that is no part of a name,
    /// an address, an identifier or a code. Of what the definitions do not have, only the name tells.
    pub fn is_free_text(&'static self, resource: &str, names: &[&str]) -> bool {
        let named = names.last().is_some_and(|name| SHORT_TEXTS.contains(name));
        let place = self.place_of(resource, names);
        match place.and_then(|(own, found)| Some((own, own.content(found)?))) {
            Some((
                _,
                Content::Primitive(Primitive::Markdown | Primitive::Xhtml | Primitive::Base64Binary),
            )) => true,
            Some((own, Content::Primitive(Primitive::String))) => !named && !SHORT_TYPES.contains(&own.name),
            Some(_) => false,
            None => !named && names != ["resourceType"],
        }
    }

    /// Whether an element, named from its resource on, is text, whatever the text: any string that is no identifier and
    /// no reference, and what the definitions do not have and call by the name of a text.
    pub fn is_text(&'static self, resource: &str, names: &[&str]) -> bool {
        let place = self.place_of(resource, names);
        match place.and_then(|(own, found)| Some((own, own.content(found)?))) {
            Some((own, Content::Primitive(Primitive::String))) => !matches!(
                (own.name, names.last()),
                ("Identifier", Some(&"value")) | ("Reference", Some(&"reference"))
            ),
            Some((_, Content::Primitive(primitive))) => {
                matches!(primitive, Primitive::Markdown | Primitive::Xhtml | Primitive::Base64Binary)
            }
            Some(_) => false,
            None => names.last().is_none_or(|name| {
                SHORT_TEXTS.contains(name) || TEXTS.contains(name) || name.ends_with("String")
            }),
        }
    }

    /// The value set of this number.
    pub fn set(&'static self, number: usize) -> Option<&'static Set> {
        self.sets.get(number)
    }
}

/// Reads the text. First the lines, then what they name: types may be named before they are described.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    sets: Vec<Set>,
}

struct Block {
    name: &'static str,
    base: Option<&'static str>,
    rules: Vec<&'static Rule>,
    lines: Vec<&'static str>,
}

impl Reader {
    fn read(mut self, text: &'static str) -> Table {
        for line in text.lines().skip(1) {
            if let Some(set) = line.strip_prefix("# ") {
                self.set(set);
            } else if let Some(head) = line.strip_prefix("= ") {
                let mut words = head.split(' ');
                let name = words.next().unwrap_or("");
                let words: Vec<&str> = words.collect();
                let base = words.iter().position(|word| *word == "<").and_then(|at| words.get(at + 1));
                self.blocks.push(Block {
                    name,
                    base: base.copied(),
                    rules: rules_of(name, head).collect(),
                    lines: Vec::new(),
                });
            } else if let Some(block) = self.blocks.last_mut() {
                block.lines.push(line);
            }
        }
        self.sets.iter_mut().for_each(|set| set.codes.sort_unstable());
        let names: HashMap<&'static str, usize> =
            self.blocks.iter().enumerate().map(|(number, block)| (block.name, number)).collect();
        let mut types: Vec<Type> = self.blocks.iter().map(|block| self.type_of(block, &names)).collect();
        self.give_parts_their_rules(&mut types, &names);
        let number = |name: &str| names.get(name).copied().unwrap_or(usize::MAX);
        Table { reference: number("Reference"), sidecar: number("Element"), types, names, sets: self.sets }
    }

    fn set(&mut self, line: &'static str) {
        let mut words = line.split(' ');
        let (Some(name), Some(system)) = (words.next(), words.next()) else { return };
        let codes = words.map(|code| (code, system));
        match self.sets.iter_mut().find(|set| set.name == name) {
            Some(set) => set.codes.extend(codes),
            None => self.sets.push(Set { name, codes: codes.collect() }),
        }
    }

    /// The blocks of a type's bases and its own, bases first.
    fn ancestry(&self, block: &Block, names: &HashMap<&'static str, usize>) -> Vec<&Block> {
        let mut chain: Vec<&Block> = Vec::new();
        let mut at = names.get(block.name).and_then(|number| self.blocks.get(*number));
        while let Some(block) = at.filter(|_| chain.len() < 8) {
            chain.push(block);
            at = block.base.and_then(|base| names.get(base)).and_then(|number| self.blocks.get(*number));
        }
        chain.reverse();
        chain
    }

    fn type_of(&self, block: &Block, names: &HashMap<&'static str, usize>) -> Type {
        let chain = self.ancestry(block, names);
        let lines = chain.iter().flat_map(|block| &block.lines);
        let elements: Vec<Element> = lines.filter_map(|line| self.element(line, names)).collect();
        let mut keys: Vec<(Box<str>, Found)> = Vec::new();
        for (at, element) in elements.iter().enumerate() {
            for (kind, _) in element.kinds.iter().enumerate() {
                let found = Found { element: at as u16, kind: kind as u16 };
                keys.push((self.key(element, kind).into(), found));
            }
        }
        let required = elements.iter().enumerate().filter(|(_, element)| element.required);
        let mut own = Type {
            name: block.name,
            is_resource: chain.first().is_some_and(|block| block.name == "Resource"),
            required: required.fold(0, |bits, (at, _)| bits | 1 << at),
            keys: Keys::new(keys),
            elements,
            rules: Vec::new(),
        };
        // A rule at an element is one of the type, unless the element leads to a part: then it is the part's.
        let at_elements = chain.iter().flat_map(|block| &block.lines).filter(|line| part_of(line).is_none());
        let rules = chain.iter().flat_map(|block| block.rules.iter().copied());
        let rules = rules.chain(at_elements.flat_map(|line| rules_of(block.name, line)));
        own.rules = rules.map(|rule| held(rule, &own)).collect();
        own
    }

    /// The key that an element has in JSON when it is of its kind of this number.
    fn key(&self, element: &Element, kind: usize) -> String {
        if !element.choice {
            return element.name.to_owned();
        }
        let name = match element.kinds.get(kind) {
            Some(Content::Primitive(primitive)) => primitive.name(),
            Some(Content::Complex(number)) => self.blocks.get(*number).map_or("", |block| block.name),
            Some(Content::Reference(_)) => "Reference",
            Some(Content::Resource) | None => "Resource",
        };
        let (initial, rest) = name.split_at_checked(1).unwrap_or((name, ""));
        format!("{}{}{rest}", element.name, initial.to_ascii_uppercase())
    }

    fn element(&self, line: &'static str, names: &HashMap<&'static str, usize>) -> Option<Element> {
        let mut words = line.split(' ');
        let (name, min, max, kinds) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let set = words.find_map(|word| word.strip_prefix('?'));
        let kinds = kinds.split('|').filter_map(|kind| {
            if let Some(primitive) = Primitive::parse(kind) {
                return Some(Content::Primitive(primitive));
            }
            if kind == "Resource" {
                return Some(Content::Resource);
            }
            if let Some(targets) = kind.strip_prefix("Reference") {
                let targets = targets.trim_matches(['(', ')']);
                let targets = targets.split(',').filter(|target| !target.is_empty());
                return Some(Content::Reference(targets.collect()));
            }
            names.get(kind.trim_start_matches('@')).map(|number| Content::Complex(*number))
        });
        Some(Element {
            name: name.strip_suffix("[x]").unwrap_or(name),
            choice: name.ends_with("[x]"),
            required: min != "0",
            many: max == "*",
            kinds: kinds.collect(),
            set: set.and_then(|set| self.sets.iter().position(|own| own.name == set)),
        })
    }

    /// A rule at an element that leads to a part is a rule of that part.
    fn give_parts_their_rules(&self, types: &mut [Type], names: &HashMap<&'static str, usize>) {
        for line in self.blocks.iter().flat_map(|block| &block.lines) {
            let Some(part) = part_of(line).and_then(|part| names.get(part)) else { continue };
            let Some(part) = types.get_mut(*part) else { continue };
            for rule in rules_of(part.name, line) {
                if !part.rules.iter().any(|held| held.rule.key == rule.key) {
                    let held = held(rule, part);
                    part.rules.push(held);
                }
            }
        }
    }
}

/// The part that an element's line leads to.
fn part_of(line: &'static str) -> Option<&'static str> {
    line.split(' ').nth(3).and_then(|kind| kind.strip_prefix('@'))
}

/// The rules that a line of a type names, as far as they are held here.
fn rules_of(own: &'static str, line: &'static str) -> impl Iterator<Item = &'static Rule> {
    let keys = line.split(' ').filter_map(|word| word.strip_prefix('~'));
    keys.filter_map(move |key| rule::find_in(own, key))
}

fn held(rule: &'static Rule, own: &Type) -> Held {
    let (first, second) = match rule.hold {
        Hold::Implies(first, second) | Hold::NotBoth(first, second) | Hold::Both(first, second) => {
            (own.bits(&[first]), own.bits(&[second]))
        }
        Hold::OneOf(names) | Hold::Any(names) => (own.bits(names), 0),
        Hold::Where(trigger, _) => (own.bits(&[trigger]), 0),
        Hold::Always(_) | Hold::Walk => (0, 0),
    };
    Held { rule, first, second }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fhir::ResourceType;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let table = Table::r4();
        assert_eq!(table.resources().count(), ResourceType::names().len());
        for own in &table.types {
            assert!(own.elements.len() <= 64, "{} has too many elements for its bits", own.name);
            for element in &own.elements {
                assert!(!element.kinds.is_empty(), "{}.{} has no known type", own.name, element.name);
            }
            for held in &own.rules {
                let names = match held.rule.hold {
                    Hold::OneOf(names) | Hold::Any(names) => held.first.count_ones() as usize == names.len(),
                    Hold::Implies(..) | Hold::NotBoth(..) | Hold::Both(..) => {
                        held.first != 0 && held.second != 0
                    }
                    Hold::Where(..) => held.first != 0,
                    Hold::Always(_) | Hold::Walk => true,
                };
                assert!(names, "{} names an element that {} does not have", held.rule.key, own.name);
            }
        }
        let text = include_str!("r4.txt");
        let keys: std::collections::BTreeSet<&str> =
            text.split([' ', '\n']).filter_map(|word| word.strip_prefix('~')).collect();
        for key in &keys {
            assert!(
                rule::find(key).is_some() || rule::NOT_HELD.iter().any(|(not, _)| not.contains(key)),
                "{key} is neither held nor said not to be"
            );
        }
        for rule in rule::RULES {
            assert!(keys.contains(rule.key), "no definition names {}", rule.key);
        }
    }

    #[test]
    fn members_are_found_by_their_keys() {
        let table = Table::r4();
        let observation = table.resource("Observation").unwrap();
        let found = observation.find(b"valueQuantity").unwrap();
        assert_eq!(observation.elements[usize::from(found.element)].name, "value");
        assert!(observation.find(b"value").is_none());
        assert!(observation.find(b"valueMoney").is_none());
        assert!(observation.find(b"").is_none());
        assert!(table.resource("DomainResource").is_none() && table.resource("HumanName").is_none());
    }
}
