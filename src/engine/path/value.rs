//! Items of a collection: nodes of a document, and values; and what can be said of two of them.

use super::error::{PathError, WRONG_TYPE};
use super::moment::{Moment, MomentKind};
use super::number::Number;
use super::types::{System, Type};
use crate::engine::fhir::{Json, Kind, NodeId};
use crate::engine::validate::structure::Primitive;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A value that an expression has made or states.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// Text.
    String(String),
    /// A number: what it is, how it is written, and whether it is an Integer.
    Number {
        /// The number.
        number: Number,
        /// Its digits as they were written.
        text: Box<str>,
        /// Whether it is an Integer.
        whole: bool,
    },
    /// A date or time, and how it is written (a time with its `T`).
    Moment(Moment, Box<str>),
}

impl Value {
    /// A count.
    pub(super) fn count(count: usize) -> Self {
        let text = count.to_string();
        // A count's digits are a number.
        Number::parse(&text).map_or(Self::Boolean(false), |number| Self::Number {
            number,
            text: text.into(),
            whole: true,
        })
    }

    /// Its type.
    pub fn own_type(&self) -> System {
        match self {
            Self::Boolean(_) => System::Boolean,
            Self::String(_) => System::String,
            Self::Number { whole: true, .. } => System::Integer,
            Self::Number { .. } => System::Decimal,
            Self::Moment(moment, _) => match moment.kind {
                MomentKind::Date => System::Date,
                MomentKind::DateTime => System::DateTime,
                MomentKind::Time => System::Time,
            },
        }
    }
}

/// A node of a document as an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// The value; a primitive may have none.
    pub value: Option<NodeId>,
    /// What stands beside a primitive: its id and extensions.
    pub sidecar: Option<NodeId>,
    /// Its type.
    pub own: Type,
}

/// One of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// A place in the document.
    Node(Node),
    /// A value.
    Value(Value),
}

impl Item {
    /// Its type.
    pub fn own_type(&self) -> Type {
        match self {
            Self::Node(node) => node.own,
            Self::Value(value) => Type::System(value.own_type()),
        }
    }
}

impl From<Value> for Item {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

/// What an operator sees of an item.
pub(super) enum Operand {
    Value(Value),
    /// An object.
    Complex(NodeId, Type),
    /// An element that has no value, only extensions.
    Nothing,
}

/// Compares items of one document. Where two things can't be told apart for sure it says so, at an offset.
#[derive(Clone, Copy)]
pub(super) struct Compare<'a> {
    pub json: &'a Json,
    pub offset: usize,
}

impl Compare<'_> {
    fn wrong(&self, message: &str) -> PathError {
        PathError::new(WRONG_TYPE, self.offset, message)
    }

    /// What an item is to an operator: FHIR's primitives as FHIRPath's.
    pub fn operand(&self, item: &Item) -> Result<Operand, PathError> {
        let node = match item {
            Item::Value(value) => return Ok(Operand::Value(value.clone())),
            Item::Node(node) => node,
        };
        let Some(at) = node.value else { return Ok(Operand::Nothing) };
        let kind = self.json.kind(at);
        if let Type::Primitive(primitive) = node.own
            && primitive.kind() != kind
        {
            return Err(self.wrong("An element is not of the type that FHIR R4 has it."));
        }
        let text = self.json.scalar(at).unwrap_or_default();
        let value = match kind {
            Kind::Object | Kind::Array | Kind::Null => return Ok(Operand::Complex(at, node.own)),
            Kind::Bool => Value::Boolean(text == "true"),
            Kind::Number => {
                let number = Number::parse(&text);
                let number =
                    number.ok_or_else(|| PathError::outside(self.offset, "A number of this size"))?;
                let whole =
                    !text.contains(['.', 'e', 'E']) && node.own != Type::Primitive(Primitive::Decimal);
                Value::Number { number, text: text.into(), whole }
            }
            Kind::String => {
                let moment = match node.own {
                    Type::Primitive(Primitive::Date) => Moment::parse(&text),
                    Type::Primitive(Primitive::DateTime | Primitive::Instant) => {
                        Moment::parse(&text).map(Moment::into_date_time)
                    }
                    Type::Primitive(Primitive::Time) => Moment::parse_time(&text),
                    Type::Unknown if Moment::parse(&text).or_else(|| Moment::parse_time(&text)).is_some() => {
                        let what = "Comparing an element whose type is not known";
                        return Err(PathError::outside(self.offset, what));
                    }
                    _ => return Ok(Operand::Value(Value::String(text.into_owned()))),
                };
                let moment =
                    moment.ok_or_else(|| self.wrong("An element is no date or time that exists."))?;
                Value::Moment(moment, text.into())
            }
        };
        Ok(Operand::Value(value))
    }

    /// `=` of two items; none where it can't be told.
    pub fn equal(&self, one: &Item, other: &Item) -> Result<Option<bool>, PathError> {
        if one == other && matches!(one, Item::Node(_)) {
            return Ok(Some(true));
        }
        use Value as V;
        Ok(match (self.operand(one)?, self.operand(other)?) {
            (Operand::Value(one), Operand::Value(other)) => match (&one, &other) {
                (V::Number { number: one, .. }, V::Number { number: other, .. }) => Some(one == other),
                (V::Moment(one, _), V::Moment(other, _)) => match of_one_kind(one, other) {
                    true => one.compare(other).map(Ordering::is_eq),
                    false => Some(false),
                },
                (V::Moment(_, text), V::String(string)) | (V::String(string), V::Moment(_, text)) => {
                    if **text == **string {
                        return Err(PathError::outside(self.offset, "Comparing a date with a string"));
                    }
                    Some(false)
                }
                _ => Some(one == other),
            },
            (Operand::Complex(one, own), Operand::Complex(other, its)) => {
                if self.same(one, other)? {
                    return Ok(Some(true));
                }
                if is_quantity(own) || is_quantity(its) {
                    return Err(PathError::outside(self.offset, "Comparing quantities"));
                }
                Some(false)
            }
            (Operand::Nothing, _) | (_, Operand::Nothing) => {
                return Err(PathError::outside(self.offset, "Comparing an element that has no value"));
            }
            (Operand::Complex(_, own), Operand::Value(V::Number { .. }))
            | (Operand::Value(V::Number { .. }), Operand::Complex(_, own))
                if is_quantity(own) || own == Type::Unknown =>
            {
                return Err(PathError::outside(self.offset, "Comparing quantities"));
            }
            _ => Some(false),
        })
    }

    /// Which of two items comes first; none where it can't be told.
    pub fn order(&self, one: &Item, other: &Item) -> Result<Option<Ordering>, PathError> {
        match (self.operand(one)?, self.operand(other)?) {
            (
                Operand::Value(Value::Number { number: one, .. }),
                Operand::Value(Value::Number { number: other, .. }),
            ) => Ok(Some(one.cmp(&other))),
            (Operand::Value(Value::String(one)), Operand::Value(Value::String(other))) => {
                Ok(Some(one.cmp(&other)))
            }
            (Operand::Value(Value::Moment(one, _)), Operand::Value(Value::Moment(other, _)))
                if of_one_kind(&one, &other) =>
            {
                Ok(one.compare(&other))
            }
            (Operand::Nothing, _) | (_, Operand::Nothing) => {
                Err(PathError::outside(self.offset, "Comparing an element that has no value"))
            }
            (Operand::Complex(_, own), _) | (_, Operand::Complex(_, own)) if is_quantity(own) => {
                Err(PathError::outside(self.offset, "Comparing quantities"))
            }
            _ => Err(self.wrong("What is compared is not of one type, or has no order.")),
        }
    }

    /// `~` of two items.
    pub fn equivalent(&self, one: &Item, other: &Item) -> Result<bool, PathError> {
        use Value as V;
        if let (Operand::Value(one), Operand::Value(other)) = (self.operand(one)?, self.operand(other)?) {
            match (one, other) {
                (V::String(one), V::String(other)) => return Ok(folded(&one).eq(folded(&other))),
                (V::Number { number: one, .. }, V::Number { number: other, .. }) => {
                    if one != other && one.places() != other.places() {
                        return Err(PathError::outside(self.offset, "Rounding"));
                    }
                    return Ok(one == other);
                }
                (V::Moment(one, _), V::Moment(other, _)) if of_one_kind(&one, &other) => {
                    return match one.compare(&other) {
                        Some(order) => Ok(order.is_eq()),
                        None if !one.is_as_precise(&other) => Ok(false),
                        None => Err(PathError::outside(self.offset, "Comparing times of unlike clocks")),
                    };
                }
                _ => {}
            }
        }
        match self.equal(one, other)? {
            Some(false) if matches!(self.operand(one)?, Operand::Complex(..)) => {
                Err(PathError::outside(self.offset, "Equivalence of elements that have parts"))
            }
            equal => Ok(equal == Some(true)),
        }
    }

    /// Whether two nodes hold the same: members in any order, items in order, numbers by value. Fails where they
    /// differ in what may yet be the same, such as the times of two clocks.
    fn same(&self, one: NodeId, other: NodeId) -> Result<bool, PathError> {
        let json = self.json;
        if json.kind(one) != json.kind(other) {
            return Ok(false);
        }
        match json.kind(one) {
            Kind::Object => {
                if json.children(one).count() != json.children(other).count() {
                    return Ok(false);
                }
                let its: BTreeMap<_, NodeId> =
                    json.children(other).filter_map(|member| Some((json.key(member)?, member))).collect();
                for member in json.children(one) {
                    match json.key(member).and_then(|key| its.get(&key)) {
                        Some(its) if self.same(member, *its)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            Kind::Array => {
                if json.children(one).count() != json.children(other).count() {
                    return Ok(false);
                }
                for (own, its) in json.children(one).zip(json.children(other)) {
                    if !self.same(own, its)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Kind::Number => {
                Ok(Number::parse(json.raw(one))
                    .is_some_and(|own| Some(own) == Number::parse(json.raw(other))))
            }
            _ if json.scalar(one) == json.scalar(other) => Ok(true),
            _ => {
                let moment = |node| json.str(node).is_some_and(|text| Moment::parse(&text).is_some());
                if moment(one) && moment(other) {
                    return Err(PathError::outside(self.offset, "Comparing elements that hold unlike times"));
                }
                Ok(false)
            }
        }
    }
}

/// Whether an order can be between two moments: a date is a time of day's never.
fn of_one_kind(one: &Moment, other: &Moment) -> bool {
    (one.kind == MomentKind::Time) == (other.kind == MomentKind::Time)
}

fn is_quantity(own: Type) -> bool {
    matches!(own.name(), "Quantity" | "Age" | "Count" | "Distance" | "Duration" | "Money")
}

/// The characters of a string, as equivalence sees them.
fn folded(text: &str) -> impl Iterator<Item = char> {
    let blank = |c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c };
    text.chars().map(blank).flat_map(char::to_lowercase)
}
