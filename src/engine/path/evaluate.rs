//! An expression at work on a document.

use super::MAX_WORK;
use super::check::{is_context, unknown};
use super::error::{NOT_SINGLE, PathError, TOO_COSTLY, WRONG_TYPE};
use super::number::Number;
use super::tree::{Action, Expr, Operator, Step, Term, TypeTest};
use super::types::Type;
use super::value::{Compare, Item, Node, Value};
use crate::engine::fhir::{Json, Kind, NodeId};
use std::cmp::Ordering;

/// Evaluates expressions on one document, within [`MAX_WORK`] for all of them.
pub struct Evaluator<'a> {
    pub(super) json: &'a Json,
    /// Where the entries are that references are resolved among.
    pub(super) data: NodeId,
    left: u32,
}

pub(super) type Items = Vec<Item>;

/// What `$this` and `$index` are.
#[derive(Clone, Copy)]
pub(super) struct Focus<'f> {
    pub this: &'f Item,
    pub index: Option<usize>,
}

impl<'a> Evaluator<'a> {
    /// For a document whose entries or contained resources stand at `data`.
    pub fn new(json: &'a Json, data: NodeId) -> Self {
        Self { json, data, left: MAX_WORK }
    }

    /// Evaluates an expression whose `$this` is a node.
    pub(super) fn evaluate(&mut self, expr: &Expr, this: Node) -> Result<Items, PathError> {
        self.items(expr, Focus { this: &Item::Node(this), index: None })
    }

    /// Counts work.
    pub(super) fn spend(&mut self, items: usize, offset: usize) -> Result<(), PathError> {
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        self.left = self.left.checked_sub(items).ok_or_else(|| {
            let message = "This looks at more items than one evaluation may; narrow it down.";
            PathError::new(TOO_COSTLY, offset, message)
        })?;
        Ok(())
    }

    pub(super) fn items(&mut self, expr: &Expr, focus: Focus<'_>) -> Result<Items, PathError> {
        self.spend(1, expr.offset)?;
        match &expr.term {
            Term::This => Ok(vec![focus.this.clone()]),
            Term::Index => match focus.index {
                Some(index) => Ok(vec![Value::count(index).into()]),
                None => {
                    Err(PathError::new(WRONG_TYPE, expr.offset, "`$index` is known only inside criteria."))
                }
            },
            Term::Literal(value) => Ok(value.iter().cloned().map(Item::Value).collect()),
            Term::Name(name) => {
                let this = std::slice::from_ref(focus.this);
                match is_context(&[focus.this.own_type()], name) {
                    true => Ok(this.to_vec()),
                    false => self.member(this, name, expr.offset),
                }
            }
            Term::Path(start, steps) => {
                let mut items = self.items(start, focus)?;
                for step in steps {
                    items = self.step(step, items, focus)?;
                }
                Ok(items)
            }
            Term::Chain(first, rest) => {
                let mut items = self.items(first, focus)?;
                for (operator, right) in rest {
                    let right_items = self.items(right, focus)?;
                    items = self.operator(*operator, items, right_items, right.offset)?;
                }
                Ok(items)
            }
            Term::Sign(minus, inside) => {
                let items = self.items(inside, focus)?;
                let signed = one(&items, expr.offset)?.map(|item| self.signed(*minus, item, expr.offset));
                Ok(signed.transpose()?.into_iter().collect())
            }
        }
    }

    fn signed(&self, minus: bool, item: &Item, offset: usize) -> Result<Item, PathError> {
        match item {
            Item::Value(Value::Number { number, text, whole }) if minus => {
                let text = text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_owned);
                Ok(Value::Number { number: number.negated(), text: text.into(), whole: *whole }.into())
            }
            Item::Value(Value::Number { .. }) => Ok(item.clone()),
            Item::Node(_) => Err(PathError::outside(offset, "A sign before an element")),
            Item::Value(_) => Err(PathError::new(WRONG_TYPE, offset, "A sign stands before a number.")),
        }
    }

    fn step(&mut self, step: &Step, items: Items, focus: Focus<'_>) -> Result<Items, PathError> {
        self.spend(items.len(), step.offset)?;
        match &step.action {
            Action::Member(name) => self.member(&items, name, step.offset),
            Action::At(index) => {
                let index = self.items(index, focus)?;
                let index = self.whole(&index, step.offset)?;
                let place = index.and_then(|index| usize::try_from(index).ok());
                Ok(place.and_then(|place| items.into_iter().nth(place)).into_iter().collect())
            }
            Action::Test(test, own) => self.test(*test, *own, items, step.offset),
            Action::Call(function, arguments) => self.call(*function, arguments, items, focus, step.offset),
        }
    }

    /// The elements of this name of some items.
    pub(super) fn member(&mut self, items: &[Item], name: &str, offset: usize) -> Result<Items, PathError> {
        let mut found = Items::new();
        let mut is_known = items.is_empty();
        for item in items {
            let own = item.own_type();
            if let Some(member) = own.element(name) {
                is_known = true;
                let Item::Node(node) = item else { continue };
                let keys: Vec<(String, Type)> = member.keys().collect();
                // A primitive's own elements stand beside it.
                let object = if matches!(own, Type::Primitive(_)) { node.sidecar } else { node.value };
                if let Some(object) = object {
                    self.children(object, &keys, offset, &mut found)?;
                }
            } else if !own.is_known()
                && let Item::Node(Node { value: Some(object), .. }) = item
            {
                let count = found.len();
                self.children(*object, &[(name.to_owned(), Type::Unknown)], offset, &mut found)?;
                is_known |= found.len() > count && !may_be_choice(name);
            }
        }
        match items.iter().map(Item::own_type).find(|own| own.is_known()) {
            _ if is_known => Ok(found),
            Some(own) => Err(unknown(own, name, offset)),
            None => {
                let what = format!("`{name}`, which is of a type whose elements are not known here,");
                Err(PathError::outside(offset, what))
            }
        }
    }

    /// The members of an object by some keys, each with what stands beside it.
    fn children(
        &mut self,
        object: NodeId,
        keys: &[(String, Type)],
        offset: usize,
        found: &mut Items,
    ) -> Result<(), PathError> {
        let json = self.json;
        if json.kind(object) != Kind::Object {
            return Err(PathError::new(
                WRONG_TYPE,
                offset,
                "An element is not of the type that FHIR R4 has it.",
            ));
        }
        for (key, own) in keys {
            let value = json.get(object, key);
            let sidecar = json.get(object, &format!("_{key}"));
            let lists =
                [value, sidecar].map(|list| list.map(|at| Self::listed(json, at)).unwrap_or_default());
            let [values, sidecars] = &lists;
            self.spend(values.len().max(sidecars.len()) + 1, offset)?;
            for at in 0..values.len().max(sidecars.len()) {
                let [value, sidecar] = [values, sidecars].map(|list| list.get(at).copied().flatten());
                let is_resource = matches!(key.as_str(), "contained" | "resource");
                let stated = value.filter(|_| *own == Type::Unknown && is_resource);
                let own = stated.and_then(|at| Type::stated(json, at)).unwrap_or(*own);
                if value.or(sidecar).is_some() {
                    found.push(Item::Node(Node { value, sidecar, own }));
                }
            }
        }
        Ok(())
    }

    /// The items of an array, or the one value; none in place of `null`.
    fn listed(json: &Json, at: NodeId) -> Vec<Option<NodeId>> {
        let some = |at: NodeId| (json.kind(at) != Kind::Null).then_some(at);
        match json.kind(at) {
            Kind::Array => json.children(at).map(some).collect(),
            _ => vec![some(at)],
        }
    }

    /// `is`, `as`, `ofType()`.
    fn test(&mut self, test: TypeTest, named: Type, items: Items, offset: usize) -> Result<Items, PathError> {
        if test != TypeTest::OfType && items.len() > 1 {
            return Err(not_single(offset));
        }
        let mut found = Items::new();
        for item in items {
            let own = item.own_type();
            let Some(is) = own.is_a(named) else {
                return Err(PathError::outside(offset, "A type where the elements are not known"));
            };
            match test {
                TypeTest::Is => found.push(Value::Boolean(is).into()),
                // A code is a string, and yet `ofType(string)` leaves it out; what it does with other types that have
                // bases is not agreed on.
                _ if is && own != named && !matches!(own, Type::Primitive(_)) => {
                    return Err(PathError::outside(offset, "The base of a type"));
                }
                _ if is && own != named => {}
                _ if is => found.push(item),
                _ => {}
            }
        }
        Ok(found)
    }

    /// An operator between two collections.
    fn operator(
        &mut self,
        operator: Operator,
        left: Items,
        right: Items,
        offset: usize,
    ) -> Result<Items, PathError> {
        let compare = self.compare(offset);
        let answer = match operator {
            Operator::Union => return self.union(left, right, offset),
            Operator::Equal => self.equal(&left, &right, offset)?,
            Operator::NotEqual => self.equal(&left, &right, offset)?.map(|equal| !equal),
            Operator::Equivalent => Some(self.equivalent(&left, &right, offset)?),
            Operator::NotEquivalent => Some(!self.equivalent(&left, &right, offset)?),
            Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast => {
                match (one(&left, offset)?, one(&right, offset)?) {
                    (Some(left), Some(right)) => compare.order(left, right)?.map(|order| match operator {
                        Operator::Less => order == Ordering::Less,
                        Operator::AtMost => order != Ordering::Greater,
                        Operator::Greater => order == Ordering::Greater,
                        _ => order != Ordering::Less,
                    }),
                    _ => None,
                }
            }
            Operator::In | Operator::Contains => {
                let (item, among) = if operator == Operator::In { (left, right) } else { (right, left) };
                match one(&item, offset)? {
                    Some(item) => Some(self.is_among(item, &among, offset)?),
                    None => None,
                }
            }
            Operator::And | Operator::Or | Operator::Xor | Operator::Implies => {
                let left = self.truth(&left, offset)?;
                let right = self.truth(&right, offset)?;
                match operator {
                    Operator::And => and(left, right),
                    Operator::Or => and(left.map(|own| !own), right.map(|own| !own)).map(|own| !own),
                    Operator::Xor => left.zip(right).map(|(left, right)| left != right),
                    _ => and(left, right.map(|own| !own)).map(|own| !own),
                }
            }
        };
        Ok(answer.map(|answer| Value::Boolean(answer).into()).into_iter().collect())
    }

    pub(super) fn compare(&self, offset: usize) -> Compare<'a> {
        Compare { json: self.json, offset }
    }

    /// `=` of two collections.
    fn equal(&mut self, left: &[Item], right: &[Item], offset: usize) -> Result<Option<bool>, PathError> {
        if left.is_empty() || right.is_empty() {
            return Ok(None);
        }
        if left.len() != right.len() {
            return Ok(Some(false));
        }
        let mut answer = Some(true);
        for (one, other) in left.iter().zip(right) {
            self.weigh(one, offset)?;
            match self.compare(offset).equal(one, other)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => answer = None,
            }
        }
        Ok(answer)
    }

    /// Counts the work of comparing an item.
    fn weigh(&mut self, item: &Item, offset: usize) -> Result<(), PathError> {
        let parts = match item {
            Item::Node(Node { value: Some(at), .. }) => self.json.descendants(*at).count(),
            Item::Node(_) | Item::Value(_) => 1,
        };
        self.spend(parts, offset)
    }

    /// `~` of two collections, in any order.
    fn equivalent(&mut self, left: &[Item], right: &[Item], offset: usize) -> Result<bool, PathError> {
        if left.len() != right.len() {
            return Ok(false);
        }
        let mut others: Vec<&Item> = right.iter().collect();
        for one in left {
            let mut found = None;
            for (at, other) in others.iter().enumerate() {
                self.weigh(one, offset)?;
                if self.compare(offset).equivalent(one, other)? {
                    found = Some(at);
                    break;
                }
            }
            match found {
                Some(at) => others.swap_remove(at),
                None => return Ok(false),
            };
        }
        Ok(true)
    }

    /// Whether some item of a collection equals this one.
    pub(super) fn is_among(&mut self, item: &Item, among: &[Item], offset: usize) -> Result<bool, PathError> {
        for other in among {
            self.weigh(item, offset)?;
            if self.compare(offset).equal(item, other)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The items of both, each once.
    pub(super) fn union(&mut self, left: Items, right: Items, offset: usize) -> Result<Items, PathError> {
        let mut items = Items::with_capacity(left.len() + right.len());
        for item in left.into_iter().chain(right) {
            if !self.is_among(&item, &items, offset)? {
                items.push(item);
            }
        }
        Ok(items)
    }

    /// A collection as a condition: what its one item says, or that it is there.
    pub(super) fn truth(&self, items: &[Item], offset: usize) -> Result<Option<bool>, PathError> {
        let Some(item) = one(items, offset)? else { return Ok(None) };
        Ok(Some(match self.boolean(item, offset) {
            Ok(Some(own)) => own,
            _ => true,
        }))
    }

    /// An item that must be a Boolean; none where it is something else.
    pub(super) fn boolean(&self, item: &Item, offset: usize) -> Result<Option<bool>, PathError> {
        use super::value::Operand;
        Ok(match self.compare(offset).operand(item)? {
            Operand::Value(Value::Boolean(own)) => Some(own),
            _ => None,
        })
    }

    /// The one whole number of a collection.
    pub(super) fn whole(&self, items: &[Item], offset: usize) -> Result<Option<i64>, PathError> {
        use super::value::Operand;
        let Some(item) = one(items, offset)? else { return Ok(None) };
        match self.compare(offset).operand(item)? {
            Operand::Value(Value::Number { number, whole: true, .. }) => Ok(Number::whole(&number)),
            _ => Err(PathError::new(WRONG_TYPE, offset, "A whole number is expected here.")),
        }
    }
}

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// The one item; none of an empty collection.
pub(super) fn one(items: &[Item], offset: usize) -> Result<Option<&Item>, PathError> {
    match items {
        [] => Ok(None),
        [item] => Ok(Some(item)),
        _ => Err(not_single(offset)),
    }
}

pub(super) fn not_single(offset: usize) -> PathError {
    PathError::new(NOT_SINGLE, offset, "One item is expected here, and there are several.")
}

/// Whether a name may be that of a choice with its type, as only JSON spells it: it ends in the name of a type.
fn may_be_choice(name: &str) -> bool {
    let mut initials = name.char_indices().filter(|(at, c)| *at > 0 && c.is_ascii_uppercase());
    initials.any(|(at, _)| name.get(at..).is_some_and(|end| Type::suffixes().any(|own| own == end)))
}
