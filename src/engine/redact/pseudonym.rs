//! Keyed hashes by which the connector knows persons and resources again without keeping who they are.

use crate::engine::audit::hex;
use crate::engine::deliver::CrmField;
use crate::engine::fhir::{Json, NodeId, ResourceType, names, type_and_id};
use crate::engine::queue::StateKeys;
use crate::order;

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

impl StateKeys {
    /// What a person goes by in a document, by each name that the reference or resource at `node` has there.
    pub fn of_person(&self, json: &Json, data: NodeId, node: NodeId) -> Vec<Pseudonym> {
        names(json, data, node).iter().map(|name| Pseudonym(self.fold("person", name))).collect()
    }

    /// The same by type and id alone, on whatever server: enough to doubt by, not to know by.
    pub fn of_person_anywhere(&self, json: &Json, data: NodeId, node: NodeId) -> Vec<Pseudonym> {
        let names = names(json, data, node);
        names
            .iter()
            .filter_map(|name| type_and_id(name))
            .map(|name| Pseudonym(self.fold("person anywhere", name)))
            .collect()
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
        Pseudonym(self.fold("group", &text))
    }

    /// What a consent goes by: its id, and the type and id of whose it is. None where it has no id or is nobody's.
    pub fn of_consent(&self, json: &Json, consent: NodeId) -> Option<Pseudonym> {
        let id = json.get_str(consent, "id")?;
        let patient = json.get_str(json.get(consent, "patient")?, "reference")?;
        Some(Pseudonym(self.fold("consent", &[&id, type_and_id(&patient).unwrap_or(&patient)].join("\0"))))
    }
}
