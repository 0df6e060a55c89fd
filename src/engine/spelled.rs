//! What is said about an event without a value of it: in words of the program, of FHIR, of adapters and of policies.

use super::adapt::drift::ElementPath;
use super::adapt::{Condition, EventMap};
use super::canonical::FieldEntry;
use super::fhir::{Json, NodeId, ResourceType, has_element_form, is_element_name};
use super::policy::{Policy, Target};
use super::queue::Opened;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A path or a sentence.
///
/// INVARIANT: a text can't become one, so that a value of an event can't. It is put together from what the program is
/// written with (`&'static str`), from numbers, from names of the elements of an event, and from what adapters and policies
/// spell.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spelled(Cow<'static, str>);

impl Spelled {
    /// The path of a node in FHIR's own words, from the type of the resource at `data` on. A key that is no name of FHIR's
    /// shows as `?`, since a key of the sender's own may be PHI.
    pub fn of(json: &Json, data: NodeId, node: NodeId) -> Self {
        Self::path(json, data, node, is_element_name)
    }

    /// The same with keys of the sender's own, as far as they have the form of an element's name. For the sender's eyes, and
    /// not for the log.
    pub fn as_sent(json: &Json, data: NodeId, node: NodeId) -> Self {
        Self::path(json, data, node, has_element_form)
    }

    fn path(json: &Json, data: NodeId, node: NodeId, spelled: fn(&str) -> bool) -> Self {
        let mut path = String::with_capacity(48);
        path.push_str(json.resource_type(data).map_or("?", ResourceType::name));
        json.write_path(data, node, spelled, &mut path);
        Self(Cow::Owned(path))
    }

    /// A node's key, where it has the form of an element's name. Not for the log.
    pub fn key(json: &Json, node: NodeId) -> Option<Self> {
        json.key(node).filter(|key| has_element_form(key)).map(|key| Self(Cow::Owned(key.into_owned())))
    }

    /// The name of an element, without what it is in.
    pub fn name(element: &ElementPath) -> Self {
        Self(Cow::Owned(element.name().to_owned()))
    }

    /// What was spelled before it was sealed.
    pub(super) fn opened(text: String, _: &Opened) -> Self {
        Self(Cow::Owned(text))
    }

    /// Words with a comma between each two.
    pub fn list(words: impl IntoIterator<Item = &'static str>) -> Self {
        Self(Cow::Owned(words.into_iter().collect::<Vec<_>>().join(", ")))
    }

    /// The same, and more.
    pub fn then(mut self, more: impl Into<Self>) -> Self {
        self.0.to_mut().push_str(&more.into().0);
        self
    }

    /// The path of what the last step is in, and that step.
    pub fn split_last(&self) -> Option<(Self, &str)> {
        let (before, last) = self.0.rsplit_once('.')?;
        Some((Self(Cow::Owned(before.to_owned())), last))
    }
}

impl From<&'static str> for Spelled {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<const N: usize> From<[&'static str; N]> for Spelled {
    fn from(texts: [&'static str; N]) -> Self {
        Self(Cow::Owned(texts.concat()))
    }
}

impl From<usize> for Spelled {
    fn from(number: usize) -> Self {
        Self(Cow::Owned(number.to_string()))
    }
}

/// An element: its resource's type and its names.
impl From<&ElementPath> for Spelled {
    fn from(element: &ElementPath) -> Self {
        Self(Cow::Owned(element.spell()))
    }
}

/// A field of the canonical model.
impl From<&FieldEntry> for Spelled {
    fn from(field: &FieldEntry) -> Self {
        Self(Cow::Owned(field.name.clone()))
    }
}

/// An adapter's event type.
impl From<&EventMap> for Spelled {
    fn from(map: &EventMap) -> Self {
        Self(Cow::Owned(map.event_type.clone()))
    }
}

/// A selector of an adapter.
impl From<&Condition> for Spelled {
    fn from(condition: &Condition) -> Self {
        Self(Cow::Owned(condition.select.clone()))
    }
}

/// A field of the payload contract.
impl From<&Target> for Spelled {
    fn from(target: &Target) -> Self {
        Self(Cow::Owned(target.to_string()))
    }
}

/// A policy's id and version.
impl From<&Policy> for Spelled {
    fn from(policy: &Policy) -> Self {
        Self(Cow::Owned(policy.reference()))
    }
}

impl From<Spelled> for String {
    fn from(spelled: Spelled) -> Self {
        spelled.0.into_owned()
    }
}

impl Deref for Spelled {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
