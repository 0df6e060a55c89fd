//! RFC 8259, by JSONTestSuite: `y_` must be read, `n_` must be refused, `i_` either.

use crate::support::corpus;
use airlock::engine::fhir::{Json, NodeId, text_of_bytes};
use airlock::engine::refusal::Code;

#[test]
fn what_is_json_is_read_and_what_is_not_is_refused() {
    let Some(folder) = corpus::folder("json-parsing") else { return };
    let (mut read, mut refused, mut either) = (0, 0, 0);
    for file in corpus::json_files(&folder, 155) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&file).unwrap();
        let result = text_of_bytes(bytes).and_then(Json::read);
        if let Err(refusal) = &result {
            assert_eq!(refusal.place.is_none(), refusal.code == Code::NotUtf8, "{name}: a place");
        }
        match name.split_once('_').unwrap().0 {
            "y" => {
                assert!(result.is_ok(), "{name}: {result:?}");
                read += 1;
            }
            "n" => {
                assert!(result.is_err(), "{name} was read");
                refused += 1;
            }
            "i" => either += 1,
            _ => panic!("{name} is none of y_, n_, i_"),
        }
    }
    assert!(read > 40 && refused > 70 && either > 15, "{read} {refused} {either}");
}

#[test]
fn what_is_read_means_what_another_reader_reads() {
    let Some(folder) = corpus::folder("json-parsing") else { return };
    let mut compared = 0;
    for file in corpus::json_files(&folder, 155) {
        let Ok(text) = text_of_bytes(std::fs::read(&file).unwrap()) else { continue };
        let Ok(json) = Json::read(text.as_str()) else { continue };
        let Ok(other) = serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{FEFF}')) else {
            continue;
        };
        assert_eq!(strings(&json, NodeId::ROOT), strings_of(&other), "{}", file.display());
        compared += 1;
    }
    assert!(compared > 40, "only {compared} were compared");
}

/// Every key and string, sorted.
fn strings(json: &Json, at: NodeId) -> Vec<String> {
    let mut out: Vec<String> = json.str(at).map(String::from).into_iter().collect();
    for child in json.children(at) {
        out.extend(json.key(child).map(String::from));
        out.extend(strings(json, child));
    }
    out.sort();
    out
}

fn strings_of(value: &serde_json::Value) -> Vec<String> {
    use serde_json::Value;
    let mut out = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings_of).collect(),
        Value::Object(members) => {
            members.iter().flat_map(|(key, value)| [vec![key.clone()], strings_of(value)].concat()).collect()
        }
        _ => Vec::new(),
    };
    out.sort();
    out
}
