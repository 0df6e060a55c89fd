//! Keyed hashes by which the connector knows persons and resources again without keeping who they are.

use crate::engine::audit::hex;
use crate::engine::deliver::CrmField;
use crate::engine::fhir::{Json, Namespace, NodeId, ResourceType};
use crate::engine::queue::StateKeys;
use crate::order;
use std::collections::BTreeSet;

/// What somebody or something is known by in the connector's own state: 128 bits of a keyed hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym([u8; 16]);

impl Pseudonym {
    /// As 32 hexadecimal digits.
    pub fn to_text(self) -> String {
        hex(&self.0)
    }

    /// Reads what [`Pseudonym::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let number = u128::from_str_radix(text, 16).ok().filter(|_| lower && text.len() == 32)?;
        Some(Self(number.to_be_bytes()))
    }
}

impl std::fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonym(…)")
    }
}

/// What a person goes by: an [`Identity`](crate::engine::fhir::Identity) in pseudonyms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownBy {
    /// Names with their namespaces, the one to know the person by first.
    pub names: Vec<Pseudonym>,
    /// The same without their namespaces, and every identifier, in force or not.
    pub parts: Vec<Pseudonym>,
    /// What is said without a namespace or is an identifier not in force, and may mean whoever has such a part.
    pub sought: Vec<Pseudonym>,
}

impl KnownBy {
    /// Whether both are the same person.
    pub fn is(&self, other: &Self) -> bool {
        shares(&self.names, &other.names)
    }

    /// Whether both may be the same person, for all that is said.
    pub fn may_be(&self, other: &Self) -> bool {
        shares(&self.sought, &other.parts) || shares(&self.parts, &other.sought)
    }
}

/// Whether two lists have a pseudonym in common.
pub fn shares(one: &[Pseudonym], other: &[Pseudonym]) -> bool {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if few.len() <= FEW {
        return few.iter().any(|own| many.contains(own));
    }
    let few: BTreeSet<Pseudonym> = few.iter().copied().collect();
    many.iter().any(|own| few.contains(own))
}

/// So many pseudonyms are looked for one by one; more are put in order first.
const FEW: usize = 16;

impl StateKeys {
    /// What a person goes by whom the reference or resource at `node` names.
    pub fn of_person(&self, json: &Json, namespace: &Namespace<'_>, node: NodeId) -> KnownBy {
        let identity = namespace.identity(json, node);
        let fold = |end: &str, texts: &[String]| {
            texts.iter().map(|text| Pseudonym(self.fold(end, text))).collect::<Vec<_>>()
        };
        KnownBy {
            names: fold("person", &identity.names),
            parts: fold("part", &identity.parts),
            sought: fold("part", &identity.sought),
        }
    }

    /// The names of a person's record itself, without the identifiers that it lists.
    pub fn of_record(&self, json: &Json, namespace: &Namespace<'_>, node: NodeId) -> Vec<Pseudonym> {
        let identity = namespace.identity(json, node);
        identity.of_record().map(|name| Pseudonym(self.fold("person", name))).collect()
    }

    /// What a resource of a source goes by; none where it has no id.
    pub fn of_resource(&self, source: &str, json: &Json, resource: NodeId) -> Option<Pseudonym> {
        let kind = json.resource_type(resource).map(ResourceType::name)?;
        let id = json.get_str(resource, "id")?;
        Some(Pseudonym(self.fold("resource", &[source, kind, &id].join("\0"))))
    }

    /// What a resource of a source goes by where a policy counts it; none where it has no id.
    pub fn of_counted(&self, policy: &str, source: &str, json: &Json, resource: NodeId) -> Option<Pseudonym> {
        let kind = json.resource_type(resource).map(ResourceType::name)?;
        let id = json.get_str(resource, "id")?;
        Some(Pseudonym(self.fold("counted", &[policy, source, kind, &id].join("\0"))))
    }

    /// What a group of counted resources goes by: the policy that counts, and the values that they share, in whatever
    /// order. What leaves has no control character, so that no two lists of fields read alike.
    pub fn of_group(&self, policy: &str, fields: &[CrmField]) -> Pseudonym {
        let mut text = policy.to_owned();
        let mut fields: Vec<&CrmField> = fields.iter().collect();
        order::by(&mut fields, |field| field.name.as_str());
        for field in fields {
            for part in [field.name.as_str(), field.value.as_deref().unwrap_or_default()] {
                text.push('\0');
                text.push_str(part);
            }
        }
        Pseudonym(self.fold_for_log("group", &text))
    }

    /// What a consent goes by among those of its patient; none where it has no id.
    pub fn of_consent(&self, json: &Json, consent: NodeId) -> Option<Pseudonym> {
        let id = json.get_str(consent, "id")?;
        Some(Pseudonym(self.fold("consent", &id)))
    }
}
