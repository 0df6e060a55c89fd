//! Protected health information as a type.

use super::redact::Release;
use std::fmt;
use std::panic::UnwindSafe;

/// A value from the EHR zone.
///
/// INVARIANT: nothing outside the redact stage can take the value out. There is no `Display`, no `Serialize`,
/// no `Deref`; `Debug` prints a placeholder. The engine's other stages can ask closed questions of it
/// (`test`, `classify`: closures that can't write to what is around them, and answers that can't
/// spell a value) and carry it along (`map`, `join`); outside the engine not even that. Compile-fail tests in
/// `tests/compile_fail` hold this.
///
/// What a closure can't write to is told by `UnwindSafe`: nothing that has it can be seen half-written after a panic, so
/// it holds no `&mut`, no `Cell` and no `RefCell`, and neither may a value that is taken into protection, since `join`
/// hands it on. What it does not tell (locks, atomics, channels, statics, the panic itself) the engine may not name at
/// all: `tests/invariants.rs`.
#[derive(Clone)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Takes a value into protection.
    pub fn new(value: T) -> Self
    where
        T: UnwindSafe,
    {
        Self(value)
    }

    /// Derives another protected value.
    pub(in crate::engine) fn map<U>(self, f: impl FnOnce(T) -> U + UnwindSafe) -> Phi<U> {
        Phi(f(self.0))
    }

    /// The same, by reference.
    pub(in crate::engine) fn as_ref(&self) -> Phi<&T> {
        Phi(&self.0)
    }

    /// Derives a protected value from two.
    pub(in crate::engine) fn join<U, V>(
        self,
        other: Phi<U>,
        f: impl FnOnce(T, U) -> V + UnwindSafe,
    ) -> Phi<V> {
        Phi(f(self.0, other.0))
    }

    /// A yes-or-no question about the value.
    pub(in crate::engine) fn test(&self, question: impl Fn(&T) -> bool + UnwindSafe) -> bool {
        question(&self.0)
    }

    /// A question whose answer comes from a closed set that can't spell the value.
    pub(in crate::engine) fn classify<C: Closed>(&self, question: impl Fn(&T) -> C + UnwindSafe) -> C {
        question(&self.0)
    }

    /// Turns the value into something that may leave. Only the redact stage can make a [`Release`].
    pub fn release(self, _: &Release) -> T {
        self.0
    }
}

impl<T: AsRef<[u8]>> Phi<T> {
    /// Number of bytes, which the sender's request tells anyone.
    pub(in crate::engine) fn len(&self) -> usize {
        self.0.as_ref().len()
    }
}

impl<T> Phi<Option<T>> {
    /// Moves the protection inside. Whether there is a value is structure, not PHI.
    pub(in crate::engine) fn transpose(self) -> Option<Phi<T>> {
        self.0.map(Phi)
    }
}

impl<T, E: Closed> Phi<Result<T, E>> {
    /// Moves the protection inside a result whose error can't carry a value.
    ///
    /// # Errors
    /// The error, as it was.
    pub(in crate::engine) fn transpose(self) -> Result<Phi<T>, E> {
        self.0.map(Phi)
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phi(…)")
    }
}

/// Answers that can't carry a value out: booleans, places, and closed enumerations.
///
/// Sealed to the engine: the implementations are this module's and the [`closed!`](self) list below.
pub trait Closed: sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! closed {
    ($($t:ty),* $(,)?) => { $(impl sealed::Sealed for $t {} impl Closed for $t {})* };
}

// A pseudonym is a keyed hash; a version a number and a time, which order a resource's own versions and tell of no one.
// An order is a class and a keyed hash; what is sealed is ciphertext; a notification is
// counters, places and a keyed hash; a hash is as long whatever it is of. A claim
// is a place and a field's number. Refusals, issues and loci say where by `Spelled`, which no text can become.
closed! {
    (),
    bool,
    super::adapt::Claim,
    super::fhir::Kind,
    super::fhir::Locus,
    super::fhir::NodeId,
    super::fhir::ResourceType,
    super::ledger::Row,
    super::notification::Notification,
    super::queue::Order,
    super::queue::Sealed,
    super::redact::KnownBy,
    super::redact::Pseudonym,
    super::refusal::Refusal,
    super::validate::Issue,
    super::validate::Shape,
    super::validate::Version,
    super::consent::KnownAs,
    super::webhook::ContentHash,
}

impl<C: Closed> sealed::Sealed for Option<C> {}
impl<C: Closed> Closed for Option<C> {}
impl<C: Closed> sealed::Sealed for Vec<C> {}
impl<C: Closed> Closed for Vec<C> {}
impl<C: Closed, D: Closed> sealed::Sealed for Result<C, D> {}
impl<C: Closed, D: Closed> Closed for Result<C, D> {}
