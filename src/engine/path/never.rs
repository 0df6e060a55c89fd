//! What an expression asks that can never be: codes that an element never has, types that are never equal, places past
//! the one that there is. It is answered all the same, and the answer is always no.

use super::check::Known;
use super::tree::{Expr, Operator, Term};
use super::types::{System, Type};
use super::value::Value;
use crate::engine::document::closest;
use crate::engine::fhir::Kind;
use crate::engine::validate::structure::{Primitive, Set};

/// Something that an expression asks and that can never be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Never {
    /// Byte offset in the expression's text.
    pub offset: usize,
    /// Why, in a sentence.
    pub message: String,
    /// A text that stands there, and the one that was probably meant.
    pub instead: Option<(String, &'static str)>,
}

/// One side of an operator.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub expr: &'a Expr,
    pub known: &'a Known,
}

/// How values are compared: those of one kind with each other.
#[derive(PartialEq, Eq)]
enum Class {
    /// Whatever it is, it is not known.
    Any,
    Boolean,
    Number,
    Text,
    Moment,
    Time,
    /// An element that has parts.
    Parts,
}

fn class(own: Type) -> Class {
    match own {
        Type::Unknown | Type::System(System::Nothing) => Class::Any,
        Type::System(System::Boolean) => Class::Boolean,
        Type::System(System::Integer | System::Decimal) => Class::Number,
        Type::System(System::String) => Class::Text,
        Type::System(System::Date | System::DateTime) => Class::Moment,
        Type::System(System::Time) => Class::Time,
        Type::Primitive(Primitive::Date | Primitive::DateTime | Primitive::Instant) => Class::Moment,
        Type::Primitive(Primitive::Time) => Class::Time,
        Type::Primitive(primitive) => match primitive.kind() {
            Kind::Bool => Class::Boolean,
            Kind::Number => Class::Number,
            _ => Class::Text,
        },
        Type::System(System::Quantity) | Type::Complex(_) | Type::Resource(_) => Class::Parts,
    }
}

/// Looks at a comparison.
pub(super) fn compared(operator: Operator, left: Side<'_>, right: Side<'_>, never: &mut Vec<Never>) {
    use Operator as O;
    match operator {
        O::Equal | O::Equivalent | O::In | O::Contains => {
            let before = never.len();
            // Equivalent texts may differ in case; equal ones don't.
            let any_case = operator == O::Equivalent;
            codes(left, right, any_case, never);
            codes(right, left, any_case, never);
            if never.len() == before {
                types(left, right, never);
            }
        }
        O::Less | O::AtMost | O::Greater | O::AtLeast => types(left, right, never),
        O::Union | O::NotEqual | O::NotEquivalent | O::And | O::Or | O::Xor | O::Implies => {}
    }
}

/// Literals that are none of an element's codes.
fn codes(element: Side<'_>, literals: Side<'_>, any_case: bool, never: &mut Vec<Never>) {
    let Some(set) = element.known.codes else { return };
    each_literal(literals.expr, &mut |offset, text| never.extend(no_code(set, offset, text, any_case)));
}

/// Says that a text is none of a set's codes, as it is or in whatever case.
pub(super) fn no_code(set: &'static Set, offset: usize, text: &str, any_case: bool) -> Option<Never> {
    let same = set.codes().find(|code| code.eq_ignore_ascii_case(text));
    if set.codes().any(|code| code == text) || (any_case && same.is_some()) {
        return None;
    }
    let near = same.or_else(|| closest(text, set.codes()));
    let hint = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
    let message = format!("This element is never `{text}`.{hint}");
    Some(Never { offset, message, instead: near.map(|near| (text.to_owned(), near)) })
}

fn each_literal(expr: &Expr, say: &mut impl FnMut(usize, &str)) {
    match &expr.term {
        Term::Literal(Some(Value::String(text))) => say(expr.offset, text),
        Term::Chain(first, rest) if rest.iter().all(|(operator, _)| *operator == Operator::Union) => {
            each_literal(first, say);
            rest.iter().for_each(|(_, other)| each_literal(other, say));
        }
        // What stands in parentheses.
        Term::Path(inside, steps) if steps.is_empty() => each_literal(inside, say),
        _ => {}
    }
}

/// Sides of which no type is like one of the other's.
fn types(left: Side<'_>, right: Side<'_>, never: &mut Vec<Never>) {
    let (one, other) = (&left.known.types, &right.known.types);
    let alike = |a: Class, b: Class| a == Class::Any || b == Class::Any || a == b;
    if one.iter().any(|a| other.iter().any(|b| alike(class(*a), class(*b)))) {
        return;
    }
    let name = |types: &[Type]| types.first().map_or("nothing", |own| own.name());
    let hint = match (one.first().map(|own| class(*own)), other.first().map(|own| class(*own))) {
        (None, _) | (_, None) => " Write `.empty()`.",
        (Some(Class::Moment), Some(Class::Text)) => " Write a date as `@2026-01-31`.",
        (Some(Class::Boolean | Class::Number), Some(Class::Text)) => " Write it without quotes.",
        (Some(Class::Text), Some(_)) => " Write it in quotes.",
        _ => "",
    };
    let message = format!("A value of type {} is never like one of type {}.{hint}", name(one), name(other));
    never.push(Never { offset: right.expr.offset, message, instead: None });
}

/// Says of criteria that they are a literal that is not true.
pub(super) fn criteria(expr: &Expr, never: &mut Vec<Never>) {
    if let Term::Literal(None | Some(Value::Boolean(false))) = expr.term {
        let message = "These criteria hold of nothing.".to_owned();
        never.push(Never { offset: expr.offset, message, instead: None });
    }
}

/// Says that a place is past the one item that there is at most.
pub(super) fn past(of: &Known, skipped: usize, offset: usize, never: &mut Vec<Never>) {
    if !of.many && skipped > 0 {
        let message = "There is one item here at most.".to_owned();
        never.push(Never { offset, message, instead: None });
    }
}
