//! The types of an expression, before there is a document: so that a name that is none is refused, and not taken for
//! an element that is absent.

use super::error::{PathError, UNKNOWN_ELEMENT, WRONG_CONTEXT, WRONG_TYPE};
use super::never::{self, Never, Side};
use super::tree::{Action, Expr, Function, Operator, Term, TypeTest};
use super::types::{Member, System, Type};
use crate::engine::validate::structure::Set;

/// The types that the items of an expression may have, each once. Where [`Type::Unknown`] is among them, any.
pub(super) type Types = Vec<Type>;

/// What is known of the items of an expression.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// Their types.
    pub types: Types,
    /// Whether there may be more than one.
    pub many: bool,
    /// The required value set that they are codes of.
    pub codes: Option<&'static Set>,
}

impl Known {
    /// One item at most, of some types.
    pub fn one(types: &[Type]) -> Self {
        Self { types: types.to_vec(), ..Self::default() }
    }

    /// One of these items.
    fn each(&self) -> Self {
        Self { many: false, ..self.clone() }
    }

    /// Items of both.
    fn and(mut self, other: Self) -> Self {
        self.types.extend(other.types);
        Self { types: once(self.types), many: true, codes: None }
    }
}

const BOOLEAN: Type = Type::System(System::Boolean);
const INTEGER: Type = Type::System(System::Integer);

/// The types of an expression whose `$this` is of some types.
pub(super) fn types(expr: &Expr, this: &[Type]) -> Result<Types, PathError> {
    Ok(known(expr, &Known::one(this), &mut Vec::new())?.types)
}

/// What is known of an expression, by what is known of its `$this`. What it asks that can never be is added to `never`.
pub(super) fn known(expr: &Expr, this: &Known, never: &mut Vec<Never>) -> Result<Known, PathError> {
    Ok(match &expr.term {
        Term::This => this.clone(),
        Term::Index => Known::one(&[INTEGER]),
        Term::Literal(value) => Known {
            types: value.iter().map(|value| Type::System(value.own_type())).collect(),
            ..Known::default()
        },
        Term::Name(name) => named(this, name, expr.offset)?,
        Term::Path(start, steps) => {
            let mut own = known(start, this, never)?;
            for step in steps {
                own = after(&step.action, &own, this, step.offset, never)?;
            }
            own
        }
        Term::Chain(first, rest) => {
            let mut own = known(first, this, never)?;
            let mut left: &Expr = first;
            for (operator, right) in rest {
                let other = known(right, this, never)?;
                let sides = (Side { expr: left, known: &own }, Side { expr: right, known: &other });
                never::compared(*operator, sides.0, sides.1, never);
                own = match operator {
                    Operator::Union => own.and(other),
                    _ => Known::one(&[BOOLEAN]),
                };
                left = expr;
            }
            own
        }
        Term::Sign(_, inside) => {
            let inside = known(inside, this, never)?;
            let is_number = |own: &Type| match own {
                Type::System(own) => matches!(own, System::Integer | System::Decimal | System::Quantity),
                _ => true,
            };
            if !inside.types.iter().all(is_number) {
                return Err(PathError::new(WRONG_TYPE, expr.offset, "A sign stands before a number."));
            }
            inside
        }
    })
}

/// A name at the start of a path: what `$this` is, or an element of it.
fn named(this: &Known, name: &str, offset: usize) -> Result<Known, PathError> {
    if is_context(&this.types, name) {
        return Ok(this.clone());
    }
    let named = resource_type(name);
    match (named, this.types.as_slice()) {
        (Some(named), [own]) if own.is_a(resource()) == Some(true) => {
            let message = format!("This is evaluated on {}, and not on {}.", own.name(), named.name());
            Err(PathError::new(WRONG_CONTEXT, offset, message))
        }
        _ => member(this, name, offset),
    }
}

fn resource() -> Type {
    Type::named(Some("FHIR"), "Resource", 0).unwrap_or(Type::Unknown)
}

fn resource_type(name: &str) -> Option<Type> {
    let own = Type::named(Some("FHIR"), name, 0).ok()?;
    (own.is_a(resource()) == Some(true)).then_some(own)
}

/// Whether a name says what `$this` is.
pub(super) fn is_context(this: &[Type], name: &str) -> bool {
    let Some(named) = resource_type(name) else { return false };
    !this.is_empty() && this.iter().all(|own| own.is_a(named) == Some(true))
}

/// The resource type that the first path starts with.
pub(super) fn first_type(expr: &Expr) -> Option<Type> {
    match &expr.term {
        Term::Name(name) => resource_type(name),
        Term::Path(start, _) | Term::Chain(start, _) => first_type(start),
        Term::Sign(_, inside) => first_type(inside),
        Term::This | Term::Index | Term::Literal(_) => None,
    }
}

/// An element of items.
fn member(of: &Known, name: &str, offset: usize) -> Result<Known, PathError> {
    let elements = elements(&of.types, name, offset)?;
    let mut found = Known { many: of.many, ..Known::default() };
    for element in &elements {
        match element {
            Some(element) => found.types.extend(element.types()),
            None => found.types.push(Type::Unknown),
        }
        found.many |= element.is_none_or(Member::is_many);
    }
    found.types = once(found.types);
    if let [Some(element)] = elements.as_slice() {
        found.codes = element.codes();
    }
    Ok(found)
}

/// The elements of this name that the types have; none for a type whose elements are not known.
pub(super) fn elements(of: &[Type], name: &str, offset: usize) -> Result<Vec<Option<Member>>, PathError> {
    let mut found = Vec::new();
    for own in of {
        match own.element(name) {
            None if own.is_known() => {}
            element => found.push(element),
        }
    }
    match of {
        [first, ..] if found.is_empty() => Err(unknown(*first, name, offset)),
        _ => Ok(found),
    }
}

/// There is no such element.
pub(super) fn unknown(of: Type, name: &str, offset: usize) -> PathError {
    let choice = choice_in(of, name).map_or_else(String::new, |choice| format!(" Write `{choice}`."));
    PathError::new(UNKNOWN_ELEMENT, offset, format!("{} has no element `{name}`.{choice}", of.name()))
}

/// How a choice is to be written that is named by its key in JSON: `value.ofType(Quantity)` for `valueQuantity`.
fn choice_in(of: Type, name: &str) -> Option<String> {
    let initials = name.char_indices().filter(|(_, c)| c.is_ascii_uppercase()).map(|(at, _)| at);
    let choices = initials.filter_map(|at| name.get(..at).filter(|start| !start.is_empty()));
    choices.into_iter().find_map(|choice| {
        let mut keys = of.element(choice)?.keys();
        let (_, own) = keys.find(|(key, _)| key == name)?;
        Some(format!("{choice}.ofType({})", own.name()))
    })
}

fn once(types: Types) -> Types {
    let mut own = Types::with_capacity(types.len());
    types.into_iter().for_each(|one| {
        if !own.contains(&one) {
            own.push(one);
        }
    });
    own
}

/// What is known after a step.
pub(super) fn after(
    action: &Action,
    of: &Known,
    this: &Known,
    offset: usize,
    never: &mut Vec<Never>,
) -> Result<Known, PathError> {
    let (function, arguments) = match action {
        Action::Member(name) => return member(of, name, offset),
        Action::At(index) => {
            known(index, this, never)?;
            never::past(of, index.whole().unwrap_or(0), index.offset, never);
            return Ok(of.each());
        }
        Action::Test(TypeTest::Is, _) => return Ok(Known::one(&[BOOLEAN])),
        Action::Test(TypeTest::As | TypeTest::OfType, own) => {
            return Ok(Known { types: vec![*own], ..of.clone() });
        }
        Action::Call(function, arguments) => (*function, arguments),
    };
    let each = of.each();
    let context = if function.is_of_each() { &each } else { this };
    let mut given = Known::default();
    for (at, argument) in arguments.iter().enumerate() {
        let own = known(argument, if function == Function::Iif { of } else { context }, never)?;
        if function != Function::Iif || at > 0 {
            given.types.extend(own.types);
            given.many |= own.many;
        }
    }
    let number = arguments.first().and_then(Expr::whole).unwrap_or(0);
    use Function as F;
    match (function, arguments.first()) {
        (F::Where | F::Exists, Some(criteria)) => never::criteria(criteria, never),
        (F::Skip, Some(count)) => never::past(of, number, count.offset, never),
        (F::Tail, _) => never::past(of, 1, offset, never),
        _ => {}
    }
    Ok(match function {
        F::Count | F::Length => Known::one(&[INTEGER]),
        F::Combine | F::Union => of.clone().and(given),
        F::Iif | F::Select => Known { types: once(given.types), many: of.many || given.many, codes: None },
        F::Extension => member(of, "extension", offset)?,
        F::Resolve => Known { types: vec![Type::Unknown], many: of.many, codes: None },
        F::First | F::Last | F::Single => each,
        F::Distinct | F::Exclude | F::Intersect | F::Skip | F::Tail | F::Take | F::Where => of.clone(),
        F::All
        | F::AllFalse
        | F::AllTrue
        | F::AnyFalse
        | F::AnyTrue
        | F::ContainsText
        | F::Empty
        | F::EndsWith
        | F::Exists
        | F::HasValue
        | F::IsDistinct
        | F::Not
        | F::StartsWith
        | F::SubsetOf
        | F::SupersetOf => Known::one(&[BOOLEAN]),
    })
}
