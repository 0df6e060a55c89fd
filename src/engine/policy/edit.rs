//! Edits of a JSON text that leave alone what they are not about: bytes that no edit names stay as they were written,
//! and what is added takes up the style of what stands beside it.

use crate::engine::document::Edit;
use crate::engine::fhir::{Json, Kind, NodeId};
use crate::order;

/// Columns up to which a line is filled where a container has both short and broken lines.
const WIDE: usize = 118;

/// Applies edits to a text. Each offset is one in the text as it was; edits at one place apply in the order given.
/// None where an edit is out of the text, within a character, or over another.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    order::by(&mut sorted, |edit| (edit.start, edit.end));
    let mut out = String::with_capacity(text.len() + edits.iter().map(|e| e.text.len()).sum::<usize>());
    let mut at = 0usize;
    for edit in sorted {
        out.push_str(text.get(at..edit.start as usize)?);
        out.push_str(&edit.text);
        text.get(edit.start as usize..edit.end as usize)?;
        at = edit.end as usize;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// How a container lays out its first child, where it has none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// On the container's own line.
    Inline,
    /// On lines of their own, one step further in than the line that the container starts on.
    Lines,
}

/// The JSON text of a string.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Sets and removes members of an object. `order` says between which members a new one goes; `changes` has a key
/// once, with the JSON text of its value, or none to remove it.
pub fn revise(json: &Json, object: NodeId, order: &[&str], changes: &[(&str, Option<String>)]) -> Vec<Edit> {
    let members: Vec<NodeId> = json.children(object).collect();
    let rank = |key: &str| order.iter().position(|known| *known == key);
    let ranks: Vec<Option<usize>> = members.iter().map(|m| json.key(*m).and_then(|key| rank(&key))).collect();
    let colon = members.first().map_or(": ", |m| between(json, json.key_span(*m).1, json.span(*m).0));
    let (mut edits, mut removed, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in changes {
        let found = members.iter().position(|m| json.is_member(*m, key));
        match (found.and_then(|i| members.get(i)), value) {
            (Some(member), Some(value)) if json.source(*member) != value => {
                let (start, end) = json.span(*member);
                edits.push(Edit { start, end, text: value.clone() });
            }
            (Some(_), None) => removed.extend(found),
            (None, Some(value)) => {
                let mine = rank(key).unwrap_or(order.len());
                let before = ranks.iter().rposition(|r| r.is_some_and(|r| r < mine));
                let place = match before {
                    Some(before) => before + 1,
                    None if rank(key).is_some() => 0,
                    None => members.len(),
                };
                added.push((mine, place, [quoted(key).as_str(), colon, value].concat()));
            }
            _ => {}
        }
    }
    order::by(&mut added, |(rank, place, _)| (*place, *rank));
    let added: Vec<(usize, String)> = added.into_iter().map(|(_, place, text)| (place, text)).collect();
    edits.extend(splice(json, object, &removed, &added, Layout::Inline));
    edits
}

/// Makes an array hold these strings, touching only the run of items that differs.
pub fn set_strings(json: &Json, array: NodeId, strings: &[String]) -> Vec<Edit> {
    let items: Vec<NodeId> = json.children(array).collect();
    let same = |(item, text): &(&NodeId, &String)| json.str(**item).is_some_and(|s| s == text.as_str());
    let head = items.iter().zip(strings).take_while(same).count();
    let short = items.len().min(strings.len()) - head;
    let tail = items.iter().rev().zip(strings.iter().rev()).take(short).take_while(same).count();
    let removed: Vec<usize> = (head..items.len() - tail).collect();
    let added = strings.iter().skip(head).take(strings.len() - tail - head);
    let added: Vec<(usize, String)> = added.map(|s| (head, quoted(s))).collect();
    splice(json, array, &removed, &added, Layout::Inline)
}

/// Removes children of a container by number, and adds others: each before the child of a number, or after the last.
/// Those added at one place keep their order.
pub fn splice(
    json: &Json,
    container: NodeId,
    removed: &[usize],
    added: &[(usize, String)],
    layout: Layout,
) -> Vec<Edit> {
    let spans: Vec<(u32, u32)> =
        json.children(container).map(|c| (json.key_span(c).0, json.span(c).1)).collect();
    let mut kept = vec![true; spans.len()];
    for i in removed {
        if let Some(slot) = kept.get_mut(*i) {
            *slot = false;
        }
    }
    let first = kept.iter().position(|k| *k);
    let separators = Separators::of(json, container, &spans);
    let Some(first) = first else { return refill(json, container, &spans, &separators, added, layout) };

    let mut edits = Vec::new();
    let mut added: Vec<&(usize, String)> = added.iter().collect();
    order::by(&mut added, |(place, _)| *place);
    let mut added = added.into_iter().peekable();
    let first_start = spans.get(first).map_or(0, |s| s.0);
    let mut before = String::new();
    while let Some((_, text)) = added.next_if(|(place, _)| *place <= first) {
        before.push_str(text);
        before.push_str(separators.any());
    }
    if let Some(start) = spans.first().map(|s| s.0).filter(|start| *start < first_start) {
        edits.push(Edit { start, end: first_start, text: String::new() });
    }
    if !before.is_empty() {
        edits.push(Edit { start: first_start, end: first_start, text: before });
    }
    // From each child that stays to the next: what is added goes right after the one, in front of what is removed.
    let mut at = first;
    while let Some((_, end)) = spans.get(at).copied() {
        let next = kept.iter().skip(at + 1).position(|k| *k).map_or(spans.len(), |more| at + 1 + more);
        let mut text = String::new();
        while let Some((_, item)) = added.next_if(|(place, _)| *place <= next || next == spans.len()) {
            text.push_str(separators.fitting(json, end, &text, item));
            text.push_str(item);
        }
        let gone = spans.get(next - 1).map_or(end, |s| s.1);
        if !text.is_empty() || gone > end {
            edits.push(Edit { start: end, end: gone, text });
        }
        at = next;
    }
    edits
}

/// What a container holds where nothing of what was in it stays.
fn refill(
    json: &Json,
    container: NodeId,
    spans: &[(u32, u32)],
    separators: &Separators,
    added: &[(usize, String)],
    layout: Layout,
) -> Vec<Edit> {
    let (open, close) = json.span(container);
    let (open, close) = (open + 1, close.saturating_sub(1));
    if added.is_empty() {
        let text = String::new();
        return if spans.is_empty() { Vec::new() } else { vec![Edit { start: open, end: close, text }] };
    }
    if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
        let items: Vec<&str> = added.iter().map(|(_, text)| text.as_str()).collect();
        return vec![Edit { start: first.0, end: last.1, text: items.join(separators.any()) }];
    }
    let (before, separator, after) = match (layout, json.kind(container)) {
        (Layout::Lines, _) => {
            let indent = indent_at(json.text(), open);
            let line = ["\n", indent, "  "].concat();
            (line.clone(), [",", &line].concat(), ["\n", indent].concat())
        }
        (_, Kind::Object) => (String::from(" "), String::from(", "), String::from(" ")),
        _ => (String::new(), String::from(", "), String::new()),
    };
    let items: Vec<&str> = added.iter().map(|(_, text)| text.as_str()).collect();
    vec![Edit { start: open, end: close, text: [before, items.join(&separator), after].concat() }]
}

/// What stands between two children of a container, as its own text has it.
struct Separators {
    inline: Option<String>,
    line: Option<String>,
}

impl Separators {
    fn of(json: &Json, container: NodeId, spans: &[(u32, u32)]) -> Self {
        let (mut inline, mut line) = (None::<&str>, None::<&str>);
        for pair in spans.windows(2) {
            let [(_, end), (start, _)] = pair else { continue };
            let gap = between(json, *end, *start);
            let slot = if gap.contains('\n') { &mut line } else { &mut inline };
            if slot.is_none_or(|known| gap.len() < known.len()) {
                *slot = Some(gap);
            }
        }
        if let [(start, _)] = spans {
            let before = between(json, json.span(container).0 + 1, *start);
            if before.contains('\n') {
                return Self { inline: None, line: Some([",", before].concat()) };
            }
        }
        Self { inline: inline.map(str::to_owned), line: line.map(str::to_owned) }
    }

    /// The one that holds everywhere.
    fn any(&self) -> &str {
        self.line.as_deref().or(self.inline.as_deref()).unwrap_or(", ")
    }

    /// The one for an item after `so_far`, which is added at the offset `at`.
    fn fitting(&self, json: &Json, at: u32, so_far: &str, item: &str) -> &str {
        match (&self.inline, &self.line) {
            (Some(inline), Some(line)) => {
                let before = json.text().get(..at as usize).unwrap_or_default();
                let width = match so_far.rfind('\n') {
                    Some(broken) => so_far.len() - broken,
                    None => before.len() - before.rfind('\n').map_or(0, |n| n + 1) + so_far.len(),
                };
                if width + inline.len() + item.len() <= WIDE { inline } else { line }
            }
            _ => self.inline.as_deref().unwrap_or_else(|| self.any()),
        }
    }
}

/// The text of a new object, laid out like another one: a member a line where that one has it so, else in one line.
pub fn object_like(json: &Json, model: Option<NodeId>, members: &[(&str, String)]) -> String {
    let children: Vec<NodeId> = model.map(|m| json.children(m).collect()).unwrap_or_default();
    let spans: Vec<(u32, u32)> = children.iter().map(|c| (json.key_span(*c).0, json.span(*c).1)).collect();
    let (mut open, mut close, mut separator, mut colon) = (" ", " ", ", ", ": ");
    if let (Some(model), Some(first), Some(last)) = (model, spans.first(), spans.last()) {
        let gaps = spans.windows(2).filter_map(|pair| match pair {
            [(_, end), (start, _)] => Some(between(json, *end, *start)),
            _ => None,
        });
        let gaps: Vec<&str> = gaps.collect();
        let (start, end) = json.span(model);
        let (before, after) = (between(json, start + 1, first.0), between(json, last.1, end - 1));
        let broken = before.contains('\n');
        if gaps.iter().all(|gap| gap.contains('\n') == broken) {
            (open, close) = (before, after);
            separator = gaps.first().copied().unwrap_or(separator);
        } else if let Some(inline) = gaps.iter().find(|gap| !gap.contains('\n')) {
            separator = inline;
        }
        colon = children.first().map_or(colon, |c| between(json, json.key_span(*c).1, json.span(*c).0));
    }
    let members: Vec<String> =
        members.iter().map(|(key, value)| [quoted(key).as_str(), colon, value].concat()).collect();
    ["{", open, &members.join(separator), close, "}"].concat()
}

fn between(json: &Json, start: u32, end: u32) -> &str {
    json.text().get(start as usize..end as usize).unwrap_or_default()
}

/// The white space that the line of an offset starts with.
fn indent_at(text: &str, offset: u32) -> &str {
    let before = text.get(..offset as usize).unwrap_or_default();
    let line = before.rfind('\n').map_or(before, |n| before.get(n + 1..).unwrap_or_default());
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..indent).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, at: &str, changes: &[(&str, Option<&str>)]) -> String {
        let json = Json::read(text).unwrap();
        let mut node = NodeId::ROOT;
        for key in at.split('.').filter(|k| !k.is_empty()) {
            node = json.get(node, key).unwrap();
        }
        let changes: Vec<(&str, Option<String>)> = changes.iter().map(|(k, v)| (*k, v.map(quoted))).collect();
        let edits = revise(&json, node, &["id", "field", "label", "method", "target", "note"], &changes);
        apply(text, &edits).unwrap()
    }

    #[test]
    fn edits_out_of_the_text_within_a_character_or_over_another_are_not_applied() {
        let edit = |start, end, text: &str| Edit { start, end, text: text.to_owned() };
        assert_eq!(apply("abc", &[edit(1, 2, "x"), edit(0, 1, "")]).as_deref(), Some("xc"));
        assert_eq!(apply("abc", &[edit(1, 1, "x"), edit(1, 1, "y")]).as_deref(), Some("axybc"));
        assert_eq!(apply("abc", &[edit(0, 2, ""), edit(1, 3, "")]), None);
        assert_eq!(apply("é", &[edit(1, 2, "")]), None);
        assert_eq!(apply("a", &[edit(1, 2, "")]), None);
        assert_eq!(apply("abc", &[edit(2, 1, "")]), None);
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        let text = "{ \"id\" :\t\"R1\" , \"label\": \"allowed\" }";
        assert_eq!(
            with(text, "", &[("label", Some("redacted"))]),
            "{ \"id\" :\t\"R1\" , \"label\": \"redacted\" }"
        );
    }

    #[test]
    fn a_new_member_goes_to_its_place_in_the_style_of_the_object() {
        let one = "{ \"id\": \"R1\", \"target\": \"a\" }";
        assert_eq!(
            with(one, "", &[("label", Some("l")), ("field", Some("f"))]),
            "{ \"id\": \"R1\", \"field\": \"f\", \"label\": \"l\", \"target\": \"a\" }"
        );
        let lines = "{\n  \"id\": \"R1\",\n  \"target\": \"a\"\n}";
        assert_eq!(
            with(lines, "", &[("method", Some("m")), ("note", Some("n"))]),
            "{\n  \"id\": \"R1\",\n  \"method\": \"m\",\n  \"target\": \"a\",\n  \"note\": \"n\"\n}"
        );
        let packed = "{\n  \"id\": \"R1\", \"label\": \"x\",\n  \"target\": \"a\"\n}";
        assert_eq!(
            with(packed, "", &[("note", Some("n"))]),
            "{\n  \"id\": \"R1\", \"label\": \"x\",\n  \"target\": \"a\", \"note\": \"n\"\n}"
        );
        let long = "n".repeat(120);
        assert!(with(packed, "", &[("note", Some(&long))]).contains("\"a\",\n  \"note\""));
        assert_eq!(
            with("{\"target\":\"a\",\"x\":\"y\"}", "", &[("id", Some("R"))]),
            "{\"id\":\"R\",\"target\":\"a\",\"x\":\"y\"}"
        );
        assert_eq!(
            with("{}", "", &[("id", Some("R")), ("note", Some("n"))]),
            "{ \"id\": \"R\", \"note\": \"n\" }"
        );
        assert_eq!(
            with("{\n \"id\": \"R\"\n}", "", &[("note", Some("n"))]),
            "{\n \"id\": \"R\",\n \"note\": \"n\"\n}"
        );
    }

    #[test]
    fn a_removed_member_takes_its_comma_along() {
        let text = "{ \"id\": \"R\", \"label\": \"l\", \"note\": \"n\" }";
        assert_eq!(with(text, "", &[("id", None)]), "{ \"label\": \"l\", \"note\": \"n\" }");
        assert_eq!(with(text, "", &[("label", None)]), "{ \"id\": \"R\", \"note\": \"n\" }");
        assert_eq!(with(text, "", &[("note", None), ("label", None)]), "{ \"id\": \"R\" }");
        assert_eq!(with(text, "", &[("note", None), ("label", None), ("id", None)]), "{}");
        assert_eq!(
            with(text, "", &[("note", None), ("label", None), ("id", None), ("field", Some("f"))]),
            "{ \"field\": \"f\" }"
        );
        assert_eq!(
            with(text, "", &[("label", None), ("method", Some("m"))]),
            "{ \"id\": \"R\", \"method\": \"m\", \"note\": \"n\" }"
        );
        assert_eq!(
            with(text, "", &[("id", None), ("field", Some("f"))]),
            "{ \"field\": \"f\", \"label\": \"l\", \"note\": \"n\" }"
        );
    }

    #[test]
    fn only_the_items_that_differ_are_touched() {
        let edits = |text: &str, to: &[&str]| {
            let json = Json::read(text).unwrap();
            let to: Vec<String> = to.iter().map(|s| (*s).to_owned()).collect();
            apply(text, &set_strings(&json, NodeId::ROOT, &to)).unwrap()
        };
        assert_eq!(edits("[ \"a\",\"\\u0062\" ]", &["a", "b", "c"]), "[ \"a\",\"\\u0062\",\"c\" ]");
        assert_eq!(edits("[\n \"a\",\n \"b\",\n \"c\"\n]", &["a", "c"]), "[\n \"a\",\n \"c\"\n]");
        assert_eq!(edits("[\"a\", \"a\"]", &["a"]), "[\"a\"]");
        assert_eq!(edits("[]", &["a", "b"]), "[\"a\", \"b\"]");
        assert_eq!(edits("[\"a\", 5]", &["b"]), "[\"b\"]");
    }

    #[test]
    fn what_is_added_to_an_empty_list_goes_on_lines_of_its_own() {
        let text = "{\n  \"rules\": []\n}";
        let json = Json::read(text).unwrap();
        let rules = json.get(NodeId::ROOT, "rules").unwrap();
        let edits = splice(&json, rules, &[], &[(0, "1".to_owned()), (0, "2".to_owned())], Layout::Lines);
        assert_eq!(apply(text, &edits).unwrap(), "{\n  \"rules\": [\n    1,\n    2\n  ]\n}");
    }

    #[test]
    fn a_new_object_looks_like_its_neighbour() {
        let like = |text: &str| {
            let json = Json::read(text).unwrap();
            object_like(&json, Some(NodeId::ROOT), &[("a", "1".to_owned()), ("b", "2".to_owned())])
        };
        assert_eq!(like("{\"x\":1,\"y\":2}"), "{\"a\":1,\"b\":2}");
        assert_eq!(like("{\n  \"x\": 1,\n  \"y\": 2\n}"), "{\n  \"a\": 1,\n  \"b\": 2\n}");
        assert_eq!(like("{\n  \"x\": 1, \"z\": 3,\n  \"y\": 2\n}"), "{ \"a\": 1, \"b\": 2 }");
        assert_eq!(like("{}"), "{ \"a\": 1, \"b\": 2 }");
    }
}
