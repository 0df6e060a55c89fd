//! The functions of the subset (FHIRPath N1, section 5).

use super::error::{PathError, WRONG_TYPE};
use super::evaluate::{Evaluator, Focus, Items, one};
use super::tree::{Expr, Function as F};
use super::types::Type;
use super::value::{Item, Node, Operand, Value};
use crate::engine::fhir::{Kind, resolve};
use std::collections::HashSet;

impl Evaluator<'_> {
    pub(super) fn call(
        &mut self,
        function: F,
        arguments: &[Expr],
        items: Items,
        focus: Focus<'_>,
        offset: usize,
    ) -> Result<Items, PathError> {
        // What takes another collection takes it as it is for `$this` outside.
        let other = match (function, arguments.first()) {
            (F::All | F::Exists | F::Iif | F::Select | F::Where, _) | (_, None) => Items::new(),
            (_, Some(argument)) => self.items(argument, focus)?,
        };
        let truth = match function {
            F::First => return Ok(items.into_iter().take(1).collect()),
            F::Last => return Ok(items.into_iter().next_back().into_iter().collect()),
            F::Tail => return Ok(items.into_iter().skip(1).collect()),
            F::Skip | F::Take => {
                let Some(count) = self.whole(&other, offset)? else {
                    return Err(PathError::new(WRONG_TYPE, offset, "A whole number is expected here."));
                };
                let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
                return Ok(match function {
                    F::Skip => items.into_iter().skip(count).collect(),
                    _ => items.into_iter().take(count).collect(),
                });
            }
            F::Single => {
                one(&items, offset)?;
                return Ok(items);
            }
            F::Where | F::Select => return self.of_each(function, arguments, items, offset),
            F::Iif => return self.iif(arguments, &items, focus, offset),
            F::Count => return Ok(vec![Value::count(items.len()).into()]),
            F::Distinct => return self.union(items, Items::new(), offset),
            F::Union => return self.union(items, other, offset),
            F::Combine => return Ok(items.into_iter().chain(other).collect()),
            F::Exclude => return self.kept(items, &other, false, offset),
            F::Intersect => {
                let kept = self.kept(items, &other, true, offset)?;
                return self.union(kept, Items::new(), offset);
            }
            F::Length => {
                let text = self.text(&items, offset)?;
                return Ok(text.map(|text| Value::count(text.chars().count()).into()).into_iter().collect());
            }
            F::ContainsText | F::EndsWith | F::StartsWith => {
                match (self.text(&items, offset)?, self.text(&other, offset)?) {
                    (Some(text), Some(part)) => match function {
                        F::ContainsText => text.contains(&part),
                        F::EndsWith => text.ends_with(&part),
                        _ => text.starts_with(&part),
                    },
                    _ => return Ok(Items::new()),
                }
            }
            F::Extension => return self.extensions(&items, &other, offset),
            F::Resolve => return Ok(self.resolved(&items)),
            F::Empty => items.is_empty(),
            F::Exists if arguments.is_empty() => !items.is_empty(),
            F::Exists => !self.of_each(F::Where, arguments, items, offset)?.is_empty(),
            F::All => {
                let count = items.len();
                self.of_each(F::Where, arguments, items, offset)?.len() == count
            }
            F::IsDistinct => {
                let count = items.len();
                self.union(items, Items::new(), offset)?.len() == count
            }
            F::SubsetOf => self.are_among(&items, &other, offset)?,
            F::SupersetOf => self.are_among(&other, &items, offset)?,
            F::HasValue => match one(&items, offset) {
                Ok(Some(item)) => matches!(self.compare(offset).operand(item)?, Operand::Value(_)),
                _ => false,
            },
            F::Not => match self.truth(&items, offset)? {
                Some(own) => !own,
                None => return Ok(Items::new()),
            },
            F::AllTrue | F::AllFalse | F::AnyTrue | F::AnyFalse => {
                let mut answers = Vec::with_capacity(items.len());
                for item in &items {
                    let own = self.boolean(item, offset)?;
                    answers.push(own.ok_or_else(|| boolean_expected(offset))?);
                }
                match function {
                    F::AllTrue => answers.iter().all(|own| *own),
                    F::AllFalse => answers.iter().all(|own| !own),
                    F::AnyTrue => answers.contains(&true),
                    _ => answers.contains(&false),
                }
            }
        };
        Ok(vec![Value::Boolean(truth).into()])
    }

    /// `where()` and `select()`.
    fn of_each(
        &mut self,
        function: F,
        arguments: &[Expr],
        items: Items,
        offset: usize,
    ) -> Result<Items, PathError> {
        let Some(argument) = arguments.first() else { return Ok(items) };
        let mut found = Items::new();
        for (index, item) in items.into_iter().enumerate() {
            let answer = self.items(argument, Focus { this: &item, index: Some(index) })?;
            if function == F::Select {
                self.spend(answer.len(), offset)?;
                found.extend(answer);
                continue;
            }
            let Some(holds) = one(&answer, offset)? else { continue };
            if self.boolean(holds, offset)?.ok_or_else(|| boolean_expected(offset))? {
                found.push(item);
            }
        }
        Ok(found)
    }

    fn iif(
        &mut self,
        arguments: &[Expr],
        items: &[Item],
        focus: Focus<'_>,
        offset: usize,
    ) -> Result<Items, PathError> {
        let [item] = items else {
            return Err(PathError::outside(offset, "`iif()` of anything but one item"));
        };
        let inside = Focus { this: item, index: focus.index };
        let Some(criterion) = arguments.first() else { return Ok(Items::new()) };
        let answer = self.items(criterion, inside)?;
        let holds = match one(&answer, offset)? {
            None => false,
            Some(item) => self.boolean(item, offset)?.ok_or_else(|| boolean_expected(offset))?,
        };
        match arguments.get(if holds { 1 } else { 2 }) {
            Some(result) => self.items(result, inside),
            None => Ok(Items::new()),
        }
    }

    /// The items that are in another collection, or those that are not.
    fn kept(
        &mut self,
        items: Items,
        other: &[Item],
        wanted: bool,
        offset: usize,
    ) -> Result<Items, PathError> {
        let mut kept = Items::new();
        for item in items {
            if self.is_among(&item, other, offset)? == wanted {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    fn are_among(&mut self, items: &[Item], other: &[Item], offset: usize) -> Result<bool, PathError> {
        for item in items {
            if !self.is_among(item, other, offset)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The extensions by a URL, of what has some.
    fn extensions(&mut self, items: &[Item], url: &[Item], offset: usize) -> Result<Items, PathError> {
        let Some(url) = self.text(url, offset)? else { return Ok(Items::new()) };
        let mut found = Items::new();
        for item in items {
            // Anything may have extensions; what is not known to have some has none.
            let all = match item.own_type().is_known() {
                true => self.member(std::slice::from_ref(item), "extension", offset)?,
                false => self.extensions_of_unknown(item),
            };
            found.extend(all.into_iter().filter(|item| match item {
                Item::Node(Node { value: Some(at), .. }) => {
                    self.json.get_str(*at, "url").is_some_and(|own| own == url)
                }
                _ => false,
            }));
        }
        Ok(found)
    }

    fn extensions_of_unknown(&self, item: &Item) -> Items {
        let Item::Node(node) = item else { return Items::new() };
        let own = Type::named(Some("FHIR"), "Extension", 0).unwrap_or(Type::Unknown);
        let places = [node.value, node.sidecar].into_iter().flatten();
        let lists = places.filter_map(|at| self.json.get(at, "extension"));
        let values = lists.flat_map(|list| self.json.children(list));
        values.map(|value| Item::Node(Node { value: Some(value), sidecar: None, own })).collect()
    }

    /// The one string of a collection.
    fn text(&self, items: &[Item], offset: usize) -> Result<Option<String>, PathError> {
        let Some(item) = one(items, offset)? else { return Ok(None) };
        match self.compare(offset).operand(item)? {
            Operand::Value(Value::String(text)) => Ok(Some(text)),
            _ => Err(PathError::new(WRONG_TYPE, offset, "A string is expected here.")),
        }
    }

    /// What references refer to, as far as it is in the event: each resource once.
    fn resolved(&self, items: &[Item]) -> Items {
        let references = items.iter().filter_map(|item| match item {
            Item::Node(Node { value: Some(at), .. }) => match self.json.kind(*at) {
                Kind::Object => self.json.get(*at, "reference"),
                _ => Some(*at),
            },
            _ => None,
        });
        let mut seen = HashSet::new();
        let resources = references
            .filter_map(|reference| resolve(self.json, self.data, reference))
            .filter(|resource| seen.insert(*resource));
        let node = |at| Node {
            value: Some(at),
            sidecar: None,
            own: Type::stated(self.json, at).unwrap_or(Type::Unknown),
        };
        resources.map(|at| Item::Node(node(at))).collect()
    }
}

fn boolean_expected(offset: usize) -> PathError {
    PathError::new(WRONG_TYPE, offset, "Criteria are true or false, and this is something else.")
}
