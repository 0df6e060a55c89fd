//! Selectors of adapters: expressions that select places in a document and nothing else, as steps for a plan.
//!
//! A step names its element by the key or keys that it has in JSON, since the types are known before there is a
//! document. Beside FHIRPath's elements `resourceType` may be named, which is JSON's own.

use super::check::{self, Known, Types, is_context};
use super::error::{COMPUTES, PathError, TOO_LONG, WRONG_TYPE};
use super::evaluate::Evaluator;
use super::never::{Never, no_code};
use super::parse::parse;
use super::tree::{Action, Expr, Function as F, Operator, Step as TreeStep, Term, TypeTest};
use super::types::Type;
use super::value::{Node, Value};
use crate::engine::fhir::{NodeId, ResourceType};
use crate::engine::validate::structure::{Primitive, Set};
use std::sync::Arc;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The members by these keys, arrays flattened: one key, or those of a choice.
    Member(Vec<String>),
    /// The extensions by this URL.
    Extension(String),
    /// The item of this number, from 0, of the whole collection.
    Index(usize),
    /// The last item.
    Last,
    /// All but the first so many.
    Skip(usize),
    /// The first so many.
    Take(usize),
    /// Those of which the criteria hold.
    Where(Arc<Criteria>),
    /// The resources of this type.
    OfType(ResourceType),
    /// What references refer to, within the event, each once.
    Resolve,
}

/// A selector: alternatives joined by `|`, each a path.
pub type Selector = Vec<Vec<Step>>;

/// A selector that was read.
pub struct Selected {
    /// The selector.
    pub selector: Selector,
    /// What it asks that can never be.
    pub never: Vec<Never>,
    /// The required value set that what it selects is of, where it is of one.
    codes: Option<&'static Set>,
}

impl Selected {
    /// Says that a value is none of the codes that what it selects can be.
    pub fn is_never(&self, value: &str) -> Option<Never> {
        no_code(self.codes?, 0, value, false)
    }
}

/// Most steps of one path.
const MAX_STEPS: usize = 256;
/// Most paths that `|` joins.
const MAX_PATHS: usize = 64;

/// What `where()` asks of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Criteria {
    expr: Expr,
    /// The type of what is asked; [`Type::Unknown`] where it may be of several.
    own: Type,
    /// Where all it asks is whether the one text at a path is a literal: the members, and the literal.
    pub equal: Option<(Vec<String>, String)>,
}

impl Criteria {
    /// Whether they hold of a node. They don't where that can't be answered.
    pub fn hold(&self, evaluator: &mut Evaluator<'_>, node: NodeId) -> bool {
        let own =
            Type::stated(evaluator.json, node).filter(|_| self.own == Type::Unknown).unwrap_or(self.own);
        let answer = evaluator.evaluate(&self.expr, Node { value: Some(node), sidecar: None, own });
        let Ok([item]) = answer.as_deref() else { return false };
        evaluator.boolean(item, self.expr.offset) == Ok(Some(true))
    }
}

/// An element by the names on the way to it, from its resource on.
#[derive(Clone, Debug, Default)]
struct Place {
    resource: Option<ResourceType>,
    names: Vec<String>,
}

/// A path that is being made.
#[derive(Clone, Debug)]
struct Path {
    steps: Vec<Step>,
    types: Types,
    /// What the last step's keys are, each with its type, where it names an element.
    last: Vec<(String, Type)>,
    place: Place,
}

/// What selectors are read for.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The type that they start from.
    pub own: Type,
    /// Whether the source has an element of its own, or of a type of its own, by these names below a resource.
    pub deviates: &'a dyn Fn(ResourceType, &[String]) -> bool,
}

impl Context<'_> {
    /// Reads a selector.
    ///
    /// # Errors
    /// What is wrong, or makes it more than a selection, and where in the text.
    pub fn selector(&self, text: &str) -> Result<Selector, PathError> {
        Ok(self.read(text)?.selector)
    }

    /// Reads a selector, with what it asks that can never be.
    ///
    /// # Errors
    /// What is wrong, or makes it more than a selection, and where in the text.
    pub fn read(&self, text: &str) -> Result<Selected, PathError> {
        let expr = parse(text)?;
        let paths = self.paths(&expr, &[self.own])?;
        let mut never = Vec::new();
        // Where the source has elements of its own, nothing is known of them.
        let known = check::known(&expr, &Known::one(&[self.own]), &mut never).unwrap_or_default();
        Ok(Selected {
            selector: paths.into_iter().map(|path| path.steps).collect(),
            never,
            codes: known.codes,
        })
    }

    fn paths(&self, expr: &Expr, this: &[Type]) -> Result<Vec<Path>, PathError> {
        let resource = if let [own] = this { ResourceType::parse(own.name()) } else { None };
        let place = || Place { resource, names: Vec::new() };
        let start = || Path { steps: Vec::new(), types: this.to_vec(), last: Vec::new(), place: place() };
        match &expr.term {
            Term::This => Ok(vec![start()]),
            Term::Name(name) => {
                let mut path = start();
                match ResourceType::parse(name).filter(|_| is_context(this, name) || this == [Type::Unknown])
                {
                    Some(kind) => path.of_type(kind),
                    // The same check refuses another resource's name.
                    None if ResourceType::parse(name).is_some() => {
                        path.types = check::types(expr, this)?;
                    }
                    None => self.member(&mut path, name, None, expr.offset)?,
                }
                Ok(vec![path])
            }
            Term::Path(start, steps) => {
                let mut paths = self.paths(start, this)?;
                if steps.len() > MAX_STEPS {
                    let message = format!("A path of an adapter has at most {MAX_STEPS} steps.");
                    return Err(PathError::new(TOO_LONG, expr.offset, message));
                }
                for (place, step) in steps.iter().enumerate() {
                    let several = paths.len() > 1;
                    let narrowed = match steps.get(place + 1).map(|next| &next.action) {
                        Some(Action::Test(TypeTest::As | TypeTest::OfType, own)) => Some(*own),
                        _ => None,
                    };
                    for path in &mut paths {
                        self.step(path, step, several, narrowed)?;
                    }
                }
                Ok(paths)
            }
            Term::Chain(first, rest) => {
                let mut paths = self.paths(first, this)?;
                for (operator, right) in rest {
                    if *operator != Operator::Union {
                        return Err(computes(right.offset));
                    }
                    paths.extend(self.paths(right, this)?);
                    if paths.len() > MAX_PATHS {
                        let message = format!("A selector of an adapter joins at most {MAX_PATHS} paths.");
                        return Err(PathError::new(TOO_LONG, right.offset, message));
                    }
                }
                Ok(paths)
            }
            Term::Index | Term::Literal(_) | Term::Sign(..) => Err(computes(expr.offset)),
        }
    }

    /// Takes a step. `narrowed` is the type to which the step after it narrows what is found.
    fn step(
        &self,
        path: &mut Path,
        step: &TreeStep,
        several: bool,
        narrowed: Option<Type>,
    ) -> Result<(), PathError> {
        let offset = step.offset;
        let positional = |step: Step| match several {
            true => Err(PathError::outside(offset, "A place in what `|` joins")),
            false => Ok(step),
        };
        let next = match &step.action {
            Action::Member(name) => return self.member(path, name, narrowed, offset),
            Action::At(index) => positional(Step::Index(number(index)?))?,
            Action::Test(TypeTest::Is, _) => return Err(computes(offset)),
            Action::Test(_, own) => return path.narrow(*own, offset),
            Action::Call(function, arguments) => match (function, arguments.as_slice()) {
                (F::First, []) => positional(Step::Index(0))?,
                (F::Last, []) => positional(Step::Last)?,
                (F::Tail, []) => positional(Step::Skip(1))?,
                (F::Skip, [count]) => positional(Step::Skip(number(count)?))?,
                (F::Take, [count]) => positional(Step::Take(number(count)?))?,
                (F::Where, [criteria]) => Step::Where(Arc::new(self.criteria(criteria, &path.types)?)),
                (F::Resolve, []) => {
                    *path = Path {
                        steps: std::mem::take(&mut path.steps),
                        types: vec![Type::Unknown],
                        last: Vec::new(),
                        place: Place::default(),
                    };
                    Step::Resolve
                }
                (F::Extension, [url]) => {
                    let Term::Literal(Some(Value::String(url))) = &url.term else {
                        return Err(PathError::outside(offset, "An extension's URL that is no literal"));
                    };
                    path.beside(offset)?;
                    let (of, own) = (Known::one(&path.types), Known::one(&[self.own]));
                    path.types = check::after(&step.action, &of, &own, offset, &mut Vec::new())?.types;
                    path.place.names.push("extension".to_owned());
                    path.last.clear();
                    path.steps.push(Step::Extension(url.clone()));
                    return Ok(());
                }
                (
                    F::Combine
                    | F::Distinct
                    | F::Exclude
                    | F::Iif
                    | F::Intersect
                    | F::Select
                    | F::Single
                    | F::Union,
                    _,
                ) => {
                    return Err(PathError::outside(offset, "This function in an adapter"));
                }
                _ => return Err(computes(offset)),
            },
        };
        path.steps.push(next);
        Ok(())
    }

    fn member(
        &self,
        path: &mut Path,
        name: &str,
        narrowed: Option<Type>,
        offset: usize,
    ) -> Result<(), PathError> {
        let is_resource = |own: &Type| {
            Type::named(Some("FHIR"), "Resource", 0).is_ok_and(|base| own.is_a(base) != Some(false))
        };
        if name == "resourceType" && path.types.iter().all(is_resource) {
            path.enter(vec![(name.to_owned(), Type::Primitive(Primitive::Code))]);
            return Ok(());
        }
        path.place.names.push(name.to_owned());
        let deviates = path.place.resource.is_some_and(|kind| (self.deviates)(kind, &path.place.names));
        let mut keys: Vec<(String, Type)> = Vec::new();
        if deviates {
            keys.push((name.to_owned(), Type::Unknown));
        } else {
            let elements = check::elements(&path.types, name, offset)?;
            path.beside(offset)?;
            for element in elements {
                match element {
                    // Of a choice of fifty types, only the key of the one that is wanted.
                    Some(member) => match narrowed.and_then(|own| member.key_of(own)) {
                        Some(key) => keys.push(key),
                        None => keys.extend(member.keys()),
                    },
                    None => keys.push((name.to_owned(), Type::Unknown)),
                }
            }
        }
        path.place.names.pop();
        path.enter(keys);
        Ok(())
    }

    fn criteria(&self, expr: &Expr, types: &[Type]) -> Result<Criteria, PathError> {
        check::types(expr, types)?;
        let own = if let [own] = types { *own } else { Type::Unknown };
        Ok(Criteria { expr: expr.clone(), own, equal: self.equality(expr, types) })
    }

    /// The path and the literal of `path = 'literal'`, where the path leads to one text at most.
    fn equality(&self, expr: &Expr, types: &[Type]) -> Option<(Vec<String>, String)> {
        let Term::Chain(first, rest) = &expr.term else { return None };
        let [(Operator::Equal, Expr { term: Term::Literal(Some(Value::String(literal))), .. })] =
            rest.as_slice()
        else {
            return None;
        };
        if check::known(first, &Known::one(types), &mut Vec::new()).ok()?.many {
            return None;
        }
        let [Path { steps, types, .. }] = <[Path; 1]>::try_from(self.paths(first, types).ok()?).ok()?;
        let key = |step| match step {
            Step::Member(keys) => <[String; 1]>::try_from(keys).ok().map(|[key]| key),
            _ => None,
        };
        let keys = steps.into_iter().map(key).collect::<Option<Vec<String>>>()?;
        types.iter().all(|own| own.is_text()).then(|| (keys, literal.clone()))
    }
}

impl Path {
    /// Goes to members by their keys.
    fn enter(&mut self, keys: Vec<(String, Type)>) {
        self.types.clear();
        let mut last: Vec<(String, Type)> = Vec::with_capacity(keys.len());
        for (key, own) in keys {
            if !self.types.contains(&own) {
                self.types.push(own);
            }
            if !last.iter().any(|(known, _)| *known == key) {
                last.push((key, own));
            }
        }
        if let [(key, _)] = last.as_slice() {
            self.place.names.push(key.clone());
        }
        self.steps.push(Step::Member(last.iter().map(|(key, _)| key.clone()).collect()));
        self.last = last;
    }

    fn of_type(&mut self, kind: ResourceType) {
        self.steps.push(Step::OfType(kind));
        self.types = vec![Type::of_resource(kind)];
        self.last.clear();
        self.place = Place { resource: Some(kind), names: Vec::new() };
    }

    /// Goes to what stands beside a primitive: its own elements are there.
    fn beside(&mut self, offset: usize) -> Result<(), PathError> {
        if !self.types.iter().any(|own| matches!(own, Type::Primitive(_))) {
            return Ok(());
        }
        match self.steps.last_mut() {
            Some(Step::Member(keys)) if self.types.iter().all(|own| matches!(own, Type::Primitive(_))) => {
                for key in keys {
                    key.insert(0, '_');
                }
                Ok(())
            }
            _ => Err(PathError::outside(offset, "What stands beside one of several primitives")),
        }
    }

    /// `ofType()` and `as`.
    fn narrow(&mut self, own: Type, offset: usize) -> Result<(), PathError> {
        let kind = ResourceType::parse(own.name());
        if let Some(kind) = kind.filter(|_| self.types.iter().any(|is| !is.is_known() || *is == own)) {
            self.of_type(kind);
            return Ok(());
        }
        let is_last = matches!(self.steps.last(), Some(Step::Member(_)));
        let keys: Vec<(String, Type)> = self.last.iter().filter(|(_, is)| *is == own).cloned().collect();
        if is_last && !keys.is_empty() {
            if self.last.len() == 1 {
                self.place.names.pop();
            }
            self.steps.pop();
            self.enter(keys);
            return Ok(());
        }
        match self.types.as_slice() {
            [is] if *is == own => Ok(()),
            types if types.contains(&own) || types.contains(&Type::Unknown) => {
                Err(PathError::outside(offset, "A type behind anything but the element itself"))
            }
            _ => Err(PathError::new(WRONG_TYPE, offset, format!("This is never {}.", own.name()))),
        }
    }
}

/// A literal whole number.
fn number(expr: &Expr) -> Result<usize, PathError> {
    expr.whole().ok_or_else(|| PathError::outside(expr.offset, "A place that is no literal number"))
}

fn computes(offset: usize) -> PathError {
    let message = "A selector of an adapter selects elements; this gives a value of its own.";
    PathError::new(COMPUTES, offset, message)
}
