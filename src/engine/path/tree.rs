//! An expression as a tree. Paths and chains of operators are lists, so that only nesting makes it deep.

use super::types::Type;
use super::value::Value;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expr {
    /// Byte offset of its start, or of its operator.
    pub offset: usize,
    /// How deeply it is nested inside, itself included.
    pub depth: usize,
    /// What it is.
    pub term: Term,
}

/// What a part of an expression is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// `$this`, written or meant.
    This,
    /// `$index`.
    Index,
    /// A literal; none is `{}`.
    Literal(Option<Value>),
    /// A name at the start of a path: the type of the resource, or its element.
    Name(String),
    /// Steps from a start.
    Path(Box<Expr>, Vec<Step>),
    /// Operators of one precedence, from left to right.
    Chain(Box<Expr>, Vec<(Operator, Expr)>),
    /// A sign before a number; whether it is a minus.
    Sign(bool, Box<Expr>),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// Byte offset of its name.
    pub offset: usize,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// `.name`
    Member(String),
    /// `[n]`
    At(Box<Expr>),
    /// A function and its arguments.
    Call(Function, Vec<Expr>),
    /// `is`, `as` or `ofType` and a type.
    Test(TypeTest, Type),
}

/// What is done with a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeTest {
    /// Whether the one item is of it.
    Is,
    /// The one item, where it is of it.
    As,
    /// Those items that are of it.
    OfType,
}

/// An operator between two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `|`
    Union,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `~`
    Equivalent,
    /// `!~`
    NotEquivalent,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `in`
    In,
    /// `contains`
    Contains,
    /// `and`
    And,
    /// `or`
    Or,
    /// `xor`
    Xor,
    /// `implies`
    Implies,
}

/// The operators, and how tightly each binds.
pub(super) const OPERATORS: [(&str, Operator, u8); 15] = [
    ("implies", Operator::Implies, 1),
    ("or", Operator::Or, 2),
    ("xor", Operator::Xor, 2),
    ("and", Operator::And, 3),
    ("in", Operator::In, 4),
    ("contains", Operator::Contains, 4),
    ("=", Operator::Equal, 5),
    ("!=", Operator::NotEqual, 5),
    ("~", Operator::Equivalent, 5),
    ("!~", Operator::NotEquivalent, 5),
    ("<", Operator::Less, 6),
    ("<=", Operator::AtMost, 6),
    (">", Operator::Greater, 6),
    (">=", Operator::AtLeast, 6),
    ("|", Operator::Union, 7),
];
/// How tightly `is` and `as` bind.
pub(super) const TYPE_POWER: u8 = 8;

macro_rules! functions {
    ($($name:literal $own:ident $least:literal $most:literal $doc:literal;)*) => {
        /// A function of the subset (FHIRPath N1, section 5).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Function { $(#[doc = $doc] $own,)* }

        /// Each function with its name, and how many arguments it takes at least and at most.
        pub(super) const FUNCTIONS: &[(&str, Function, usize, usize)] =
            &[$(($name, Function::$own, $least, $most),)*];
    };
}

functions! {
    "all" All 1 1 "Whether the criteria hold of each item.";
    "allFalse" AllFalse 0 0 "Whether each item is false.";
    "allTrue" AllTrue 0 0 "Whether each item is true.";
    "anyFalse" AnyFalse 0 0 "Whether some item is false.";
    "anyTrue" AnyTrue 0 0 "Whether some item is true.";
    "combine" Combine 1 1 "Both collections, nothing left out.";
    "contains" ContainsText 1 1 "Whether the string has the other in it.";
    "count" Count 0 0 "The number of items.";
    "distinct" Distinct 0 0 "Each item once.";
    "empty" Empty 0 0 "Whether there is no item.";
    "endsWith" EndsWith 1 1 "Whether the string ends with the other.";
    "exclude" Exclude 1 1 "The items that are not in the other collection.";
    "exists" Exists 0 1 "Whether there is an item, of which the criteria hold.";
    "extension" Extension 1 1 "The extensions by this URL.";
    "first" First 0 0 "The first item.";
    "hasValue" HasValue 0 0 "Whether it is one primitive with a value.";
    "iif" Iif 2 3 "One or the other.";
    "intersect" Intersect 1 1 "The items that are in both collections, each once.";
    "isDistinct" IsDistinct 0 0 "Whether no item is there twice.";
    "last" Last 0 0 "The last item.";
    "length" Length 0 0 "The number of characters of the string.";
    "not" Not 0 0 "The opposite.";
    "resolve" Resolve 0 0 "What references refer to, within the event, each once.";
    "select" Select 1 1 "What the projection gives for each item.";
    "single" Single 0 0 "The one item.";
    "skip" Skip 1 1 "All items but the first so many.";
    "startsWith" StartsWith 1 1 "Whether the string starts with the other.";
    "subsetOf" SubsetOf 1 1 "Whether each item is in the other collection.";
    "supersetOf" SupersetOf 1 1 "Whether each item of the other collection is in this.";
    "tail" Tail 0 0 "All items but the first.";
    "take" Take 1 1 "The first so many items.";
    "union" Union 1 1 "Both collections, each item once.";
    "where" Where 1 1 "The items of which the criteria hold.";
}

impl Function {
    /// Whether its arguments are asked of each item.
    pub fn is_of_each(self) -> bool {
        matches!(self, Self::All | Self::Exists | Self::Select | Self::Where)
    }
}

impl Expr {
    /// An expression; it is as deep as what is inside it and one more.
    pub(super) fn new(offset: usize, term: Term) -> Self {
        let of_step = |step: &Step| match &step.action {
            Action::At(index) => index.depth,
            Action::Call(_, arguments) => arguments.iter().map(|own| own.depth).max().unwrap_or(0),
            Action::Member(_) | Action::Test(..) => 0,
        };
        let inside = match &term {
            Term::This | Term::Index | Term::Literal(_) | Term::Name(_) => 0,
            Term::Path(start, steps) => start.depth.max(steps.iter().map(of_step).max().unwrap_or(0)),
            Term::Chain(first, rest) => {
                first.depth.max(rest.iter().map(|(_, own)| own.depth).max().unwrap_or(0))
            }
            Term::Sign(_, inside) => inside.depth,
        };
        Self { offset, depth: inside + 1, term }
    }

    /// The whole number from 0 on that it is, where it is such a literal.
    pub(super) fn whole(&self) -> Option<usize> {
        let Term::Literal(Some(Value::Number { number, whole: true, .. })) = &self.term else { return None };
        number.whole().and_then(|whole| usize::try_from(whole).ok())
    }
}
