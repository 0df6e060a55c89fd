//! The types of an expression, before there is a document: so that a name that is none is refused, and not taken for
//! an element that is absent.

use super::error::{PathError, UNKNOWN_ELEMENT, WRONG_CONTEXT, WRONG_TYPE};
use super::tree::{Action, Expr, Function, Operator, Term, TypeTest};
use super::types::{System, Type};

/// The types that the items of an expression may have, each once. Where [`Type::Unknown`] is among them, any.
pub(super) type Types = Vec<Type>;

const BOOLEAN: Type = Type::System(System::Boolean);
const INTEGER: Type = Type::System(System::Integer);

/// The types of an expression whose `$this` is of some types.
pub(super) fn types(expr: &Expr, this: &[Type]) -> Result<Types, PathError> {
    Ok(match &expr.term {
        Term::This => this.to_vec(),
        Term::Index => vec![INTEGER],
        Term::Literal(value) => value.iter().map(|value| Type::System(value.own_type())).collect(),
        Term::Name(name) => named(this, name, expr.offset)?,
        Term::Path(start, steps) => {
            let mut own = types(start, this)?;
            for step in steps {
                own = after(&step.action, &own, this, step.offset)?;
            }
            own
        }
        Term::Chain(first, rest) => {
            let mut own = types(first, this)?;
            for (operator, right) in rest {
                let right = types(right, this)?;
                match operator {
                    Operator::Union => own.extend(right),
                    _ => own = vec![BOOLEAN],
                }
            }
            once(own)
        }
        Term::Sign(_, inside) => {
            let inside = types(inside, this)?;
            let is_number = |own: &Type| match own {
                Type::System(own) => matches!(own, System::Integer | System::Decimal | System::Quantity),
                _ => true,
            };
            if !inside.iter().all(is_number) {
                return Err(PathError::new(WRONG_TYPE, expr.offset, "A sign stands before a number."));
            }
            inside
        }
    })
}

/// A name at the start of a path: what `$this` is, or an element of it.
fn named(this: &[Type], name: &str, offset: usize) -> Result<Types, PathError> {
    if is_context(this, name) {
        return Ok(this.to_vec());
    }
    let named = resource_type(name);
    match (named, this) {
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

/// The types of an element of some types.
pub(super) fn member(of: &[Type], name: &str, offset: usize) -> Result<Types, PathError> {
    has_member(of, name, offset)?;
    let mut found = Types::new();
    for own in of {
        match own.element(name) {
            Some(member) => found.extend(member.types()),
            None if !own.is_known() => found.push(Type::Unknown),
            None => {}
        }
    }
    Ok(once(found))
}

/// Whether some of the types may have an element of this name.
pub(super) fn has_member(of: &[Type], name: &str, offset: usize) -> Result<(), PathError> {
    match of {
        [first, ..] if of.iter().all(|own| own.is_known() && own.element(name).is_none()) => {
            Err(unknown(*first, name, offset))
        }
        _ => Ok(()),
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

/// The types after a step.
pub(super) fn after(action: &Action, of: &[Type], this: &[Type], offset: usize) -> Result<Types, PathError> {
    let (function, arguments) = match action {
        Action::Member(name) => return member(of, name, offset),
        Action::At(index) => {
            types(index, this)?;
            return Ok(of.to_vec());
        }
        Action::Test(TypeTest::Is, _) => return Ok(vec![BOOLEAN]),
        Action::Test(TypeTest::As | TypeTest::OfType, own) => return Ok(vec![*own]),
        Action::Call(function, arguments) => (*function, arguments),
    };
    let context = if function.is_of_each() { of } else { this };
    let mut given = Types::new();
    for (at, argument) in arguments.iter().enumerate() {
        let own = types(argument, if function == Function::Iif { of } else { context })?;
        if function != Function::Iif || at > 0 {
            given.extend(own);
        }
    }
    use Function as F;
    Ok(match function {
        F::Count | F::Length => vec![INTEGER],
        F::Combine | F::Union => once(of.iter().copied().chain(given).collect()),
        F::Iif | F::Select => once(given),
        F::Extension => member(of, "extension", offset)?,
        F::Resolve => vec![Type::Unknown],
        F::Distinct
        | F::Exclude
        | F::First
        | F::Intersect
        | F::Last
        | F::Single
        | F::Skip
        | F::Tail
        | F::Take
        | F::Where => of.to_vec(),
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
        | F::SupersetOf => vec![BOOLEAN],
    })
}
