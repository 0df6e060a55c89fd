//! The types that an expression can speak of: FHIRPath's own, and FHIR R4's as far as the structure table has them.

use super::error::{PathError, UNKNOWN_TYPE};
use crate::engine::fhir::{Json, NodeId, ResourceType};
use crate::engine::validate::structure::{Content, Element, Primitive, Set, Table};

/// FHIRPath's own types (namespace `System`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A 32-bit whole number.
    Integer,
    /// A number with a point.
    Decimal,
    /// A date.
    Date,
    /// A date and time.
    DateTime,
    /// A time of day.
    Time,
    /// A number with a unit.
    Quantity,
    /// Of this namespace, and unknown there: nothing is of it.
    Nothing,
}

/// The type of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Can't be known: what is inside a resource whose structure is not in the table.
    Unknown,
    /// FHIRPath's own.
    System(System),
    /// A FHIR primitive.
    Primitive(Primitive),
    /// The type of this number in the table: a data type, a part of a resource, or a resource.
    Complex(usize),
    /// A resource whose structure is not in the table.
    Resource(ResourceType),
}

const SYSTEM: [(&str, System); 8] = [
    ("Boolean", System::Boolean),
    ("String", System::String),
    ("Integer", System::Integer),
    ("Decimal", System::Decimal),
    ("Date", System::Date),
    ("DateTime", System::DateTime),
    ("Time", System::Time),
    ("Quantity", System::Quantity),
];

impl Type {
    /// The type that an expression names: FHIR's where both have one of this name.
    pub fn named(namespace: Option<&str>, name: &str, offset: usize) -> Result<Self, PathError> {
        let system = SYSTEM.iter().find(|(own, _)| *own == name).map(|(_, system)| *system);
        let found = match namespace {
            Some("System") => Some(Self::System(system.unwrap_or(System::Nothing))),
            Some("FHIR") => Self::fhir(name),
            None => Self::fhir(name).or(system.map(Self::System)),
            Some(_) => None,
        };
        found.ok_or_else(|| {
            let message =
                format!("There is no type `{name}` here; FHIR's are spelled as in `Quantity`, `code`.");
            PathError::new(UNKNOWN_TYPE, offset, message)
        })
    }

    fn fhir(name: &str) -> Option<Self> {
        let primitive = Primitive::parse(name).map(Self::Primitive);
        let complex = || Table::r4().number(name).map(Self::Complex);
        primitive.or_else(complex).or_else(|| ResourceType::parse(name).map(Self::Resource))
    }

    /// The type of a resource.
    pub fn of_resource(kind: ResourceType) -> Self {
        Table::r4().number(kind.name()).map_or(Self::Resource(kind), Self::Complex)
    }

    /// The type that a node states, where it is a resource.
    pub fn stated(json: &Json, node: NodeId) -> Option<Self> {
        json.resource_type(node).map(Self::of_resource)
    }

    fn of_content(content: &Content) -> Self {
        match content {
            Content::Primitive(primitive) => Self::Primitive(*primitive),
            Content::Complex(number) => Self::Complex(*number),
            Content::Reference(_) => Self::Complex(Table::r4().reference),
            Content::Resource => Self::Unknown,
        }
    }

    /// Its name; `?` where it can't be known.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "?",
            Self::System(system) => {
                SYSTEM.iter().find(|(_, own)| *own == system).map_or("?", |(name, _)| name)
            }
            Self::Primitive(primitive) => primitive.name(),
            Self::Complex(number) => Table::r4().get(number).map_or("?", |own| own.name),
            Self::Resource(kind) => kind.name(),
        }
    }

    /// Whether an item of this type is of the other, too. None where that can't be known.
    pub fn is_a(self, other: Self) -> Option<bool> {
        if self == Self::Unknown || other == Self::Unknown {
            return None;
        }
        Some(self == other || other.name() == "Element" && self.is_element() || self.has_base(other))
    }

    fn is_element(self) -> bool {
        match self {
            Self::Primitive(_) => true,
            Self::Complex(number) => Table::r4().get(number).is_some_and(|own| !own.is_resource),
            _ => false,
        }
    }

    fn has_base(self, other: Self) -> bool {
        let is_resource = match self {
            Self::Complex(number) => Table::r4().get(number).is_some_and(|own| own.is_resource),
            Self::Resource(_) => true,
            _ => false,
        };
        match (self, other) {
            (Self::Primitive(own), Self::Primitive(base)) => match base {
                Primitive::String => matches!(own, Primitive::Code | Primitive::Id | Primitive::Markdown),
                Primitive::Uri => {
                    matches!(own, Primitive::Url | Primitive::Canonical | Primitive::Oid | Primitive::Uuid)
                }
                Primitive::Integer => matches!(own, Primitive::PositiveInt | Primitive::UnsignedInt),
                _ => false,
            },
            _ => match other.name() {
                "Resource" => is_resource,
                "DomainResource" => {
                    is_resource && !matches!(self.name(), "Resource" | "Bundle" | "Parameters" | "Binary")
                }
                "Quantity" => matches!(self.name(), "Age" | "Count" | "Distance" | "Duration"),
                "BackboneElement" => {
                    let part_of = self.name().split_once('.').map(|(whole, _)| whole);
                    matches!(self.name(), "Timing" | "Dosage")
                        || part_of.is_some_and(|whole| Table::r4().resource(whole).is_some())
                }
                _ => false,
            },
        }
    }

    /// The element of this name; none where the type has none, or can't be known.
    pub fn element(self, name: &str) -> Option<Member> {
        let element = match self {
            Self::Complex(number) => Table::r4().get(number)?.element(name)?,
            Self::Primitive(_) => Table::r4().get(Table::r4().sidecar)?.element(name)?,
            _ => return None,
        };
        Some(Member { element })
    }

    /// How the name of a data type ends the key of a choice in JSON, for each that choices may have.
    pub fn suffixes() -> impl Iterator<Item = String> {
        let extension = Self::fhir("Extension").and_then(|own| own.element("value"));
        let keys = extension.into_iter().flat_map(Member::keys);
        keys.filter_map(|(key, _)| key.strip_prefix("value").map(str::to_owned))
    }

    /// Whether the elements of this type are known.
    pub fn is_known(self) -> bool {
        !matches!(self, Self::Unknown | Self::Resource(_))
    }

    /// Whether a value of this type is text, and nothing that has an order of its own such as a date.
    pub fn is_text(self) -> bool {
        use Primitive as P;
        match self {
            Self::System(system) => system == System::String,
            Self::Primitive(own) => matches!(
                own,
                P::String | P::Code | P::Id | P::Markdown | P::Uri | P::Url | P::Canonical | P::Oid | P::Uuid
            ),
            _ => false,
        }
    }
}

/// An element of a known type.
#[derive(Clone, Copy)]
pub struct Member {
    element: &'static Element,
}

impl Member {
    /// The keys that it may have in JSON, each with the type it then is of.
    pub fn keys(self) -> impl Iterator<Item = (String, Type)> {
        let kinds = self.element.kinds.iter();
        kinds.map(move |kind| {
            let own = Type::of_content(kind);
            (self.key(own), own)
        })
    }

    /// The key that it has in JSON when it is of a type, where it may be.
    pub fn key_of(self, own: Type) -> Option<(String, Type)> {
        self.types().any(|is| is == own).then(|| (self.key(own), own))
    }

    /// The key that it has in JSON when it is of a type.
    fn key(self, own: Type) -> String {
        let Element { name, choice, .. } = self.element;
        if !choice {
            return (*name).to_owned();
        }
        let (initial, rest) = own.name().split_at_checked(1).unwrap_or(("", ""));
        format!("{name}{}{rest}", initial.to_ascii_uppercase())
    }

    /// Whether it may be there more than once.
    pub fn is_many(self) -> bool {
        self.element.many
    }

    /// The required value set that it is a code of, where it is one.
    pub fn codes(self) -> Option<&'static Set> {
        Table::r4().set(self.element.set?).filter(|_| self.types().all(Type::is_text))
    }

    /// The types that it may have.
    pub fn types(self) -> impl Iterator<Item = Type> {
        self.element.kinds.iter().map(Type::of_content)
    }
}
