//! Adding codes that events have to the tables of a policy.

use super::{UnlistedCode, UnlistedCodes};
use crate::api::TextEdit;
use crate::engine::fhir::{Json, NodeId};
use crate::engine::policy::POLICY;
use crate::engine::policy::edit::{Layout, quoted, revise, splice};
use crate::order;
use std::collections::{BTreeMap, BTreeSet};

/// The changes of a policy's text that add an entry for each code that a preview names as missing: to the policy's own
/// table of that name, or to a new one, which adds to the adapter's. The label is that of another shared table, or else
/// the code itself, for the author to write over; never anything that a sender wrote beside the code. Nothing where the
/// text is not a JSON object.
pub fn add_labels(policy: &str, missing: &[UnlistedCodes]) -> Vec<TextEdit> {
    let Ok(json) = Json::read(policy) else { return Vec::new() };
    let mut wanted: BTreeMap<&str, Vec<&UnlistedCode>> = BTreeMap::new();
    for of_rule in missing.iter().filter(|of_rule| !of_rule.codes.is_empty()) {
        wanted.entry(&of_rule.table).or_default().extend(&of_rule.codes);
    }
    let list = json.get(NodeId::ROOT, "tables");
    let tables: Vec<NodeId> = list.map(|list| json.children(list).collect()).unwrap_or_default();
    let (mut edits, mut new) = (Vec::new(), Vec::new());
    for (name, codes) in wanted {
        let mut told = BTreeSet::new();
        let entries: Vec<String> =
            codes.into_iter().filter(|code| told.insert((&code.system, &code.code))).map(entry).collect();
        let own = tables.iter().find(|table| json.get_str(**table, "name").as_deref() == Some(name));
        match own.and_then(|table| json.get(*table, "entries")) {
            Some(at) => {
                let end = json.children(at).count();
                let added: Vec<(usize, String)> = entries.into_iter().map(|entry| (end, entry)).collect();
                edits.extend(splice(&json, at, &[], &added, Layout::Lines));
            }
            None => {
                let entries = entries.join(",\n        ");
                let name = quoted(name);
                new.push(format!(
                    "{{\n      \"name\": {name},\n      \"entries\": [\n        {entries}\n      ]\n    }}"
                ));
            }
        }
    }
    match list {
        _ if new.is_empty() => {}
        Some(list) => {
            let added: Vec<(usize, String)> = new.into_iter().map(|table| (tables.len(), table)).collect();
            edits.extend(splice(&json, list, &[], &added, Layout::Lines));
        }
        None => {
            let list = ["[\n    ", &new.join(",\n    "), "\n  ]"].concat();
            let order: Vec<&str> = POLICY.names().collect();
            edits.extend(revise(&json, NodeId::ROOT, &order, &[("tables", Some(list))]));
        }
    }
    order::by(&mut edits, |edit| edit.start);
    edits.into_iter().map(TextEdit::from).collect()
}

fn entry(code: &UnlistedCode) -> String {
    let system = code.system.as_deref().map(|system| format!("\"system\": {}, ", quoted(system)));
    let label = code.label.as_deref().unwrap_or(&code.code);
    format!(
        "{{ {}\"code\": {}, \"label\": {} }}",
        system.unwrap_or_default(),
        quoted(&code.code),
        quoted(label)
    )
}
