//! What is wrong with an expression, or with its use on a resource.

/// Why an expression can't be used. It speaks of the expression and of element names, never of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// Stable code: one of those below.
    pub code: &'static str,
    /// Byte offset in the expression's text.
    pub offset: usize,
    /// One sentence.
    pub message: String,
}

/// The text is no FHIRPath.
pub const SYNTAX: &str = "selector-syntax";
/// FHIRPath, and outside the subset.
pub const OUTSIDE: &str = "selector-outside-subset";
/// Nested more deeply than [`super::MAX_DEPTH`].
pub const TOO_DEEP: &str = "selector-too-deep";
/// Longer than [`super::MAX_LENGTH`].
pub const TOO_LONG: &str = "selector-too-long";
/// The type has no element of this name.
pub const UNKNOWN_ELEMENT: &str = "selector-unknown-element";
/// There is no type of this name.
pub const UNKNOWN_TYPE: &str = "selector-unknown-type";
/// It starts with a type that the resource is not of.
pub const WRONG_CONTEXT: &str = "selector-wrong-context";
/// It gives a value of its own making, where an element is to be selected.
pub const COMPUTES: &str = "selector-computes";
/// Several items where FHIRPath has one.
pub const NOT_SINGLE: &str = "selector-not-single";
/// An operand or argument of a type that the operator or function does not take.
pub const WRONG_TYPE: &str = "selector-wrong-type";
/// More work than [`super::MAX_WORK`].
pub const TOO_COSTLY: &str = "selector-too-costly";

impl PathError {
    pub(super) fn new(code: &'static str, offset: usize, message: impl Into<String>) -> Self {
        Self { code, offset, message: message.into() }
    }

    pub(super) fn outside(offset: usize, what: impl std::fmt::Display) -> Self {
        Self::new(
            OUTSIDE,
            offset,
            format!("{what} is outside the subset of FHIRPath that selectors may use."),
        )
    }
}
