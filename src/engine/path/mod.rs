//! Selectors: a subset of FHIRPath (N1, <http://hl7.org/fhirpath/N1>) on FHIR R4.
//!
//! An [`Expression`] is read once ([`Expression::parse`]), checked against the type it is meant for
//! ([`Expression::check`]), and evaluated on a resource ([`Expression::evaluate`]); or it selects nodes only, and is one
//! of an adapter's [`Selector`]s. Whatever can't be answered exactly is refused with a code, a sentence and an offset
//! in the text ([`PathError`]); nothing is ever answered roughly.
//!
//! In the subset: paths, indexers, literals but quantities, `= != ~ !~ < <= > >=`, `in contains`, `and or xor implies`,
//! `|`, `is as`, and the functions that `tree.rs` lists. Outside it: arithmetic, quantities, strings taken apart,
//! conversions, today and now, and what has no order (`children()`, `descendants()`).
//!
//! `lex.rs` and `parse.rs` read text, `tree.rs` is what they give; `types.rs` knows FHIR's types from the structure
//! table and `check.rs` goes over a tree with them, with `never.rs` for what can never be; `evaluate.rs` and `function.rs` go over a document; `value.rs`,
//! `number.rs` and `moment.rs` are what is compared; `select.rs` makes the steps that an adapter's plan is built of.

mod check;
mod error;
mod evaluate;
mod function;
mod lex;
mod moment;
mod never;
mod number;
mod parse;
mod select;
mod tree;
mod types;
mod value;

pub use error::PathError;
pub use evaluate::Evaluator;
pub use never::Never;
pub use select::{Context, Criteria, Selected, Selector, Step};
pub use types::Type;
pub use value::{Item, Node, Value};

use super::fhir::{Json, NodeId};
use tree::Expr;

/// Longest expression read, in bytes.
pub const MAX_LENGTH: usize = 16_384;
/// Expressions nested deeper than this are refused.
pub const MAX_DEPTH: usize = 64;
/// Items that one evaluation may look at.
pub const MAX_WORK: u32 = 4_000_000;

/// An expression that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    root: Expr,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong, and where in the text.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Ok(Self { root: parse::parse(text)? })
    }

    /// Checks that each element it names is one of the type that it is named of, for a context of a type. What is
    /// inside a resource that is not in the structure table is not checked.
    ///
    /// # Errors
    /// The first name that is none, or an operand that can't be one.
    pub fn check(&self, context: Type) -> Result<(), PathError> {
        check::types(&self.root, &[context]).map(|_| ())
    }

    /// The type at the start of its first path (`Patient.name`), where it names one.
    pub fn starts_with(&self) -> Option<Type> {
        check::first_type(&self.root)
    }

    /// Evaluates it on the resource at `focus`; references are resolved among the entries of the Bundle at `data`, and
    /// what is contained.
    ///
    /// # Errors
    /// What can't be answered, or not exactly.
    pub fn evaluate(&self, json: &Json, data: NodeId, focus: NodeId) -> Result<Vec<Item>, PathError> {
        let own = Type::stated(json, focus).unwrap_or(Type::Unknown);
        self.check(own)?;
        Evaluator::new(json, data).evaluate(&self.root, Node { value: Some(focus), sidecar: None, own })
    }
}
