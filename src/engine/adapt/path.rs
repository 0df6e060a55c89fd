//! Paths that are written to: elements by their keys in JSON, with places in lists.
//!
//! `Task.code.coding[0].code`. What may be there more than once is a list. The one member of a path that is a list and
//! has no place takes one item for each value, behind those that are there. Where each has a place, the last such list
//! takes them, from its place on.

use crate::engine::fhir::ResourceType;
use crate::engine::path::Type;
use serde_json::{Map, Value};
use std::slice;

/// Members of a path; more have no element.
const MOST_MEMBERS: usize = 16;

/// The last place that a path may name.
const LAST_PLACE: usize = 99;

/// An element that values are written to.
#[derive(Clone, Debug)]
pub(super) struct Place {
    steps: Vec<Step>,
    leaf: Leaf,
    /// How many of the steps lead to the item that values stand in.
    to_item: usize,
    /// The type of that item.
    item: Type,
}

#[derive(Clone, Debug)]
struct Step {
    key: String,
    list: List,
}

/// Whether a member is a list, and which item of it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    /// It is none.
    No,
    /// The item at this place.
    At(usize),
    /// One item for each value, from this place on.
    From(usize),
    /// One item for each value, behind those that are there.
    Behind,
}

/// How a value is spelled in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    Text,
    /// The id of what a reference refers to.
    Id,
    Flag,
    Whole,
}

/// What is wrong with a path: a code and a sentence.
pub(super) type PathFault = (&'static str, String);

/// Why values can't be written to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Unfit,
    Several,
    Conflict,
}

impl Place {
    /// Reads a path below a resource of a type.
    pub(super) fn read(kind: ResourceType, text: &str) -> Result<Self, PathFault> {
        let mut words = text.split('.');
        if words.next() != Some(kind.name()) {
            return Err((
                "path-malformed",
                format!("The path of an element of `{0}` begins with `{0}`.", kind.name()),
            ));
        }
        Self::below(Type::of_resource(kind), words)
    }

    /// Reads the words of a path below a type.
    fn below<'a>(mut own: Type, words: impl Iterator<Item = &'a str>) -> Result<Self, PathFault> {
        let mut steps = Vec::new();
        let mut types = vec![own];
        for word in words.take(MOST_MEMBERS + 1) {
            let (key, place) = indexed(word).ok_or_else(|| {
                ("path-malformed", format!("Places in lists go from `[0]` to `[{LAST_PLACE}]`."))
            })?;
            let (is_many, next) = member(own, key).ok_or_else(|| {
                ("path-unknown", format!("`{}` has no element `{key}` in JSON.", own.name()))
            })?;
            let list = match (is_many, place) {
                (false, None) => List::No,
                (true, None) => List::Behind,
                (true, Some(place)) => List::At(place),
                (false, Some(_)) => return Err(("path-malformed", format!("`{key}` is no list."))),
            };
            steps.push(Step { key: key.to_owned(), list });
            types.push(next);
            own = next;
        }
        let leaf = leaf(own).filter(|_| (1..=MOST_MEMBERS).contains(&steps.len()));
        let leaf =
            leaf.ok_or_else(|| ("path-not-a-value", "This element holds no single value.".to_owned()))?;
        if steps.iter().filter(|step| step.list == List::Behind).count() > 1 {
            return Err(("path-malformed", "Only one list of a path may be without a place.".to_owned()));
        }
        if !steps.iter().any(|step| step.list == List::Behind)
            && let Some(last) = steps.iter_mut().rev().find(|step| step.list != List::No)
            && let List::At(place) = last.list
        {
            last.list = List::From(place);
        }
        let spread = steps.iter().position(|step| step.list.takes_each()).map(|at| at + 1);
        let to_item = spread.filter(|at| *at < steps.len()).unwrap_or(steps.len() - 1);
        let item = types.get(to_item).copied().unwrap_or(Type::Unknown);
        Ok(Self { steps, leaf, to_item, item })
    }

    /// Whether it takes several values.
    pub(super) fn is_many(&self) -> bool {
        self.steps.iter().any(|step| step.list.takes_each())
    }

    /// Whether its values go behind what is there.
    pub(super) fn is_behind(&self) -> bool {
        self.steps.iter().any(|step| step.list == List::Behind)
    }

    /// Reads a path below the item that values stand in.
    pub(super) fn beside(&self, text: &str) -> Result<Self, PathFault> {
        Self::below(self.item, text.split('.'))
    }

    /// Whether a value can be spelled there.
    pub(super) fn takes(&self, value: &str) -> bool {
        self.leaf.literal(value).is_some()
    }

    /// Writes values, and beside each what stands there.
    pub(super) fn fill(
        &self,
        root: &mut Value,
        values: &[String],
        beside: &[(Self, String)],
    ) -> Result<(), Why> {
        if values.len() > 1 && !self.is_many() {
            return Err(Why::Several);
        }
        let first = self.first(root);
        for (nth, value) in values.iter().enumerate() {
            let literal = self.leaf.literal(value).ok_or(Why::Unfit)?;
            set(reach(root, &self.steps, first + nth).ok_or(Why::Conflict)?, literal)?;
            for (place, own) in beside {
                let item = reach(root, self.steps.get(..self.to_item).unwrap_or(&[]), first + nth);
                place.fill(item.ok_or(Why::Conflict)?, slice::from_ref(own), &[])?;
            }
        }
        Ok(())
    }

    /// The place of the first value in the list that takes them.
    fn first(&self, root: &Value) -> usize {
        let mut at = Some(root);
        for step in &self.steps {
            at = at.and_then(|at| at.get(&step.key));
            match step.list {
                List::No => {}
                List::At(place) => at = at.and_then(|at| at.get(place)),
                List::From(place) => return place,
                List::Behind => return at.and_then(Value::as_array).map_or(0, Vec::len),
            }
        }
        0
    }
}

impl List {
    fn takes_each(self) -> bool {
        matches!(self, Self::From(_) | Self::Behind)
    }
}

impl Leaf {
    fn literal(self, value: &str) -> Option<Value> {
        match self {
            Self::Text => Some(value.into()),
            Self::Id => Some(value.split_once('/').map_or(value, |(_, id)| id).into()),
            Self::Flag => value.parse::<bool>().ok().map(Value::Bool),
            Self::Whole => value.parse::<i32>().ok().map(Value::from),
        }
    }
}

/// How values of a type are spelled; none for those that are no single values, or whose digits would be lost.
fn leaf(own: Type) -> Option<Leaf> {
    match own.name() {
        "boolean" => Some(Leaf::Flag),
        "integer" | "positiveInt" | "unsignedInt" => Some(Leaf::Whole),
        "id" => Some(Leaf::Id),
        "decimal" | "xhtml" => None,
        _ => matches!(own, Type::Primitive(_)).then_some(Leaf::Text),
    }
}

/// A member's key, and its place in the list.
fn indexed(word: &str) -> Option<(&str, Option<usize>)> {
    let Some((key, rest)) = word.split_once('[') else { return Some((word, None)) };
    let place = rest.strip_suffix(']')?.parse().ok().filter(|place| *place <= LAST_PLACE)?;
    Some((key, Some(place)))
}

/// The element that has a key in JSON: whether it is a list, and its type.
fn member(own: Type, key: &str) -> Option<(bool, Type)> {
    let capitals = key.char_indices().filter(|(_, c)| c.is_ascii_uppercase()).map(|(at, _)| at);
    let names = capitals.chain([key.len()]).filter_map(|end| key.get(..end));
    names.filter_map(|name| own.element(name)).find_map(|found| {
        let (_, own) = found.keys().find(|(own, _)| own == key)?;
        Some((found.is_many(), own))
    })
}

/// The value at steps, made where it is not there yet. None where something else stands in the way.
fn reach<'a>(root: &'a mut Value, steps: &[Step], nth: usize) -> Option<&'a mut Value> {
    let mut at = root;
    for step in steps {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        at = at.as_object_mut()?.entry(step.key.as_str()).or_insert(Value::Null);
        let place = match step.list {
            List::No => continue,
            List::At(place) => place,
            List::From(_) | List::Behind => nth,
        };
        if at.is_null() {
            *at = Value::Array(Vec::new());
        }
        let list = at.as_array_mut()?;
        if list.len() <= place {
            list.resize(place + 1, Value::Null);
        }
        at = list.get_mut(place)?;
    }
    Some(at)
}

fn set(slot: &mut Value, literal: Value) -> Result<(), Why> {
    if !slot.is_null() && *slot != literal {
        return Err(Why::Conflict);
    }
    *slot = literal;
    Ok(())
}

/// Takes out the items of lists that nothing was written to. As deep as paths are long.
pub(super) fn close_gaps(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(close_gaps);
        }
        Value::Object(members) => members.values_mut().for_each(close_gaps),
        _ => {}
    }
}
