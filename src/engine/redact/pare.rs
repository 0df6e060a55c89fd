//! A consent without the patient: what a decision needs of it and nothing besides, so that it can be kept.

use super::Release;
use crate::engine::fhir::{Json, Kind, NodeId, type_and_id};
use crate::engine::phi::Phi;

/// What a decision reads of a Consent, and at which key. Everything else is left out, or shows as [`OTHER`] where its
/// mere presence decides.
const CONSENT: [&str; 4] = ["status", "scope", "policyRule", "provision"];
const MODIFIERS: [&str; 2] = ["modifierExtension", "implicitRules"];
const BELOW: [&str; 14] = [
    "coding",
    "type",
    "period",
    "actor",
    "purpose",
    "provision",
    "code",
    "system",
    "start",
    "end",
    "reference",
    "status",
    "scope",
    "policyRule",
];
/// Carry nothing that a decision depends on.
const SILENT: [&str; 6] = ["id", "extension", "text", "display", "version", "userSelected"];
const OTHER: &str = "other";
/// Stands for what is not kept.
const HIDDEN: &str = "?";
/// Longest string kept.
const LONGEST: usize = 128;

/// A Consent as JSON text with its status, scope, base rule and provisions; no patient, no names, no free text.
/// Strings are kept where they have the form of a code, date, URI or reference to an organisation; others turn into
/// `?`, which no decision understands and so takes for unclear.
pub fn pare_consent(json: &Phi<Json>, consent: NodeId) -> String {
    let release = Release(());
    json.as_ref()
        .map(|json| {
            let mut out = String::from("{\"resourceType\":\"Consent\"");
            for member in json.children(consent) {
                let Some(key) = json.key(member) else { continue };
                if MODIFIERS.contains(&key.as_ref()) {
                    out.push_str(&format!(",\"{key}\":true"));
                } else if CONSENT.contains(&key.as_ref()) {
                    out.push_str(&format!(",\"{key}\":"));
                    write(json, member, &mut out);
                }
            }
            out.push('}');
            out
        })
        .release(&release)
}

fn write(json: &Json, node: NodeId, out: &mut String) {
    match json.kind(node) {
        Kind::Object => object(json, node, out),
        Kind::Array => {
            out.push('[');
            for (n, item) in json.children(node).enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(json, item, out);
            }
            out.push(']');
        }
        Kind::String => {
            let text = json.str(node).unwrap_or_default();
            out.push('"');
            out.push_str(&kept(json, node, &text));
            out.push('"');
        }
        Kind::Number | Kind::Bool | Kind::Null => out.push_str("null"),
    }
}

fn object(json: &Json, node: NodeId, out: &mut String) {
    out.push('{');
    let start = out.len();
    let mut others = false;
    for member in json.children(node) {
        let key = json.key(member).unwrap_or_default();
        // The role of an actor is not asked about.
        let silent =
            SILENT.contains(&key.as_ref()) || (key == "role" && json.get(node, "reference").is_some());
        if silent {
            continue;
        }
        if !BELOW.contains(&key.as_ref()) {
            others = true;
            continue;
        }
        if out.len() > start {
            out.push(',');
        }
        out.push_str(&format!("\"{key}\":"));
        write(json, member, out);
    }
    if others {
        let comma = if out.len() > start { "," } else { "" };
        out.push_str(&format!("{comma}\"{OTHER}\":true"));
    }
    out.push('}');
}

/// A string where it is short and of the letters of codes, dates and URIs; of a reference to other than an
/// organisation its type.
fn kept(json: &Json, node: NodeId, text: &str) -> String {
    let letters = |b: u8| b.is_ascii_alphanumeric() || b"-._:/+#".contains(&b);
    let plain = text.len() <= LONGEST && text.bytes().all(letters);
    if !plain {
        return HIDDEN.to_owned();
    }
    if !json.is_member(node, "reference") {
        return text.to_owned();
    }
    match type_and_id(text).and_then(|name| name.split_once('/')) {
        Some(("Organization", _)) => text.to_owned(),
        Some((kind, _)) => format!("{kind}/{HIDDEN}"),
        None => HIDDEN.to_owned(),
    }
}

/// Whether a reference in a pared consent may have been to a recipient.
pub fn may_hide(reference: &str, recipient: &str) -> bool {
    let kind =
        |text: &str| type_and_id(text).and_then(|name| name.split_once('/')).map(|(kind, _)| kind.to_owned());
    reference == HIDDEN
        || (reference.ends_with(&format!("/{HIDDEN}"))
            && kind(reference).is_none_or(|own| kind(recipient) == Some(own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_patient_is_kept_and_what_is_not_understood_stays_unclear() {
        let json = Json::read(
            r#"{"resourceType":"Consent","id":"CONSENT-1","status":"active","patient":{"reference":"Patient/PAT-001"},
                "text":{"div":"Testina Testperson"},"dateTime":"2026-01-02","implicitRules":"urn:x",
                "provision":{"type":"permit","Testperson":1,"period":{"start":"2026","end":"Testina Testperson"},
                "actor":[{"role":{"text":"x"},"reference":{"reference":"Patient/PAT-001","display":"Testina"}},
                         {"reference":{"reference":"Organization/CRM-DEMO"}}]}}"#,
        )
        .unwrap();
        let text = pare_consent(&Phi::new(json), NodeId::ROOT);
        assert_eq!(
            text,
            r#"{"resourceType":"Consent","status":"active","implicitRules":true,"provision":{"type":"permit","period":{"start":"2026","end":"?"},"actor":[{"reference":{"reference":"Patient/?"}},{"reference":{"reference":"Organization/CRM-DEMO"}}],"other":true}}"#
        );
        assert!(Json::read(text).is_ok());
    }
}
