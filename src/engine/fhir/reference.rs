//! FHIR R4 references (section 2.3.0.1) and `resolve()` within one event.

use super::{Json, NodeId};

/// The identity that a reference names, reduced to what two references to the same thing have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// `Type/id`, from a relative, absolute or versioned reference.
    Typed(&'a str, &'a str),
    /// `urn:uuid:…` or `urn:oid:…`, whole.
    Urn(&'a str),
    /// `#id` of a contained resource.
    Contained(&'a str),
    /// Anything else: conditional references and the like, compared as they are.
    Other(&'a str),
}

impl<'a> Reference<'a> {
    /// Reads a reference. Total: what has no known form is [`Reference::Other`].
    pub fn parse(text: &'a str) -> Self {
        if let Some(id) = text.strip_prefix('#') {
            return Self::Contained(id);
        }
        if text.starts_with("urn:") {
            return Self::Urn(text);
        }
        let unversioned = text.split_once("/_history/").map_or(text, |(before, _)| before);
        let mut parts = unversioned.rsplit('/');
        match (parts.next(), parts.next()) {
            (Some(id), Some(kind))
                if !id.is_empty()
                    && !id.contains('?')
                    && kind.starts_with(|c: char| c.is_ascii_uppercase()) =>
            {
                Self::Typed(kind, id)
            }
            _ => Self::Other(text),
        }
    }
}

/// The resource that the reference at `from` (a string node) names, within its own document: a contained
/// resource, or an entry of the Bundle at `data`.
pub fn resolve(json: &Json, data: NodeId, from: NodeId) -> Option<NodeId> {
    let text = json.str(from)?;
    let wanted = Reference::parse(&text);
    if let Reference::Contained(id) = wanted {
        return contained(json, from, id);
    }
    let entries = json.get(data, "entry")?;
    json.children(entries).find_map(|entry| {
        let resource = json.get(entry, "resource")?;
        let by_url = json.get_str(entry, "fullUrl").is_some_and(|url| Reference::parse(&url) == wanted);
        let by_id = match wanted {
            Reference::Typed(kind, id) => {
                json.get_str(resource, "id").is_some_and(|own| own == id)
                    && json.get_str(resource, "resourceType").is_some_and(|own| own == kind)
            }
            _ => false,
        };
        (by_url || by_id).then_some(resource)
    })
}

fn contained(json: &Json, from: NodeId, id: &str) -> Option<NodeId> {
    let mut at = from;
    while let Some(parent) = json.parent(at) {
        at = parent;
        if let Some(list) = json.get(at, "contained") {
            return json.children(list).find(|c| json.get_str(*c, "id").is_some_and(|own| own == id));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_the_same_reference_are_equal() {
        let typed = Reference::Typed("Patient", "PAT-001");
        assert_eq!(Reference::parse("Patient/PAT-001"), typed);
        assert_eq!(Reference::parse("https://ehr.example.invalid/fhir/Patient/PAT-001"), typed);
        assert_eq!(Reference::parse("Patient/PAT-001/_history/3"), typed);
        assert_eq!(Reference::parse("#p1"), Reference::Contained("p1"));
        assert!(matches!(Reference::parse("Practitioner?identifier=x"), Reference::Other(_)));
    }
}
