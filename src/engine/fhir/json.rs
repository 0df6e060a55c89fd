//! A JSON reader that keeps what FHIR and a policy editor need and a plain value tree loses: the digits of
//! each number, the place of each value, and the refusal of duplicate keys (RFC 8259, section 4).
//!
//! It reads in slices ([`Reader::step`]), never recurses, and allocates one flat node list: strings stay in
//! the text until they are asked for.

use super::super::refusal::{Code, Refusal};
use super::reference::Names;
use crate::engine::refusal::{Place, Places};
use crate::engine::spelled::Spelled;
use std::borrow::Cow;
use std::sync::OnceLock;

/// Containers nested deeper than this are refused.
pub const MAX_DEPTH: usize = 128;

/// A node of a [`Json`] document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// The document's outermost value.
    pub const ROOT: NodeId = NodeId(0);

    fn at(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number, kept as its digits.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    /// A string with escapes, to be decoded when asked for.
    escaped: bool,
    key_escaped: bool,
    /// The value in the text; for strings without the quotes.
    start: u32,
    end: u32,
    /// The member's key without the quotes; empty range for array items.
    key_start: u32,
    key_end: u32,
    parent: u32,
    /// The node after this one's last descendant.
    next: u32,
    /// Place among the parent's children.
    index: u32,
}

/// Where an element stands: its path in element names, and its byte range in the text. Structure, no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locus {
    /// The node.
    pub node: NodeId,
    /// Path from the resource or Bundle, its type first.
    pub path: Spelled,
    /// Byte range of the value.
    pub span: (u32, u32),
}

/// A JSON document: its text and a flat list of nodes in document order. The default is no document: it has no node.
#[derive(Clone, Debug, Default)]
pub struct Json {
    text: Box<str>,
    nodes: Vec<Node>,
    names: OnceLock<Names>,
}

impl Json {
    /// Reads a whole text.
    ///
    /// # Errors
    /// A refusal with a `json.*` code and the place.
    pub fn read(text: impl Into<Box<str>>) -> Result<Self, Refusal> {
        let mut reader = Reader::new(text);
        while !reader.step(usize::MAX)? {}
        reader.finish()
    }

    /// What the resources in the Bundle or resource at `data` go by. A document has one such place: the first
    /// asked about.
    pub(super) fn index_of_names(&self, data: NodeId) -> &Names {
        self.names.get_or_init(|| Names::of(self, data))
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the text back.
    pub fn into_text(self) -> Box<str> {
        self.text
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.at())
    }

    /// The node's kind.
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).map_or(Kind::Null, |n| n.kind)
    }

    /// The node's children, in order.
    pub fn children(&self, id: NodeId) -> Children<'_> {
        let (next, end) = match self.node(id) {
            Some(n) if matches!(n.kind, Kind::Object | Kind::Array) => (id.0 + 1, n.next),
            _ => (0, 0),
        };
        Children { json: self, next, end }
    }

    /// All nodes below a node, itself included, in document order.
    pub fn descendants(&self, root: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(root).map_or(root.0, |n| n.next);
        (root.0..end).map(NodeId)
    }

    /// All leaves below a node, itself included, in document order. Empty containers are leaves too.
    pub fn leaves(&self, root: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(root).map_or(root.0, |n| n.next);
        (root.0..end).map(NodeId).filter(|id| {
            self.node(*id)
                .is_some_and(|n| !matches!(n.kind, Kind::Object | Kind::Array) || n.next == id.0 + 1)
        })
    }

    /// The node's parent.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        if id == NodeId::ROOT { None } else { self.node(id).map(|n| NodeId(n.parent)) }
    }

    /// The member's key; none for array items and the root.
    pub fn key(&self, id: NodeId) -> Option<Cow<'_, str>> {
        let node = self.node(id)?;
        let raw = self.text.get(node.key_start as usize..node.key_end as usize)?;
        match (node.key_start, node.key_escaped) {
            (0, _) => None,
            (_, false) => Some(Cow::Borrowed(raw)),
            (_, true) => Some(Cow::Owned(unescape(raw))),
        }
    }

    /// The member's key as bytes, where it is written without escapes.
    pub fn plain_key(&self, id: NodeId) -> Option<&[u8]> {
        let node = self.node(id).filter(|node| !node.key_escaped)?;
        self.text.as_bytes().get(node.key_start as usize..node.key_end as usize)
    }

    /// A string's content as it is written, escapes and all; a number's or word's text.
    pub fn raw(&self, id: NodeId) -> &str {
        self.node(id).and_then(|n| self.text.get(n.start as usize..n.end as usize)).unwrap_or("")
    }

    /// Whether a string is written with escapes.
    pub fn is_escaped(&self, id: NodeId) -> bool {
        self.node(id).is_some_and(|node| node.escaped)
    }

    /// Whether the node is a member of this name.
    pub fn is_member(&self, id: NodeId, name: &str) -> bool {
        let Some(node) = self.node(id) else { return false };
        if node.key_escaped {
            return self.key(id).is_some_and(|key| key == name);
        }
        node.key_start != 0
            && self.text.as_bytes().get(node.key_start as usize..node.key_end as usize)
                == Some(name.as_bytes())
    }

    /// The member of this name.
    pub fn get(&self, id: NodeId, name: &str) -> Option<NodeId> {
        if self.kind(id) != Kind::Object {
            return None;
        }
        self.children(id).find(|child| self.is_member(*child, name))
    }

    /// The string at a node.
    pub fn str(&self, id: NodeId) -> Option<Cow<'_, str>> {
        let node = self.node(id)?;
        if node.kind != Kind::String {
            return None;
        }
        let raw = self.text.get(node.start as usize..node.end as usize)?;
        Some(if node.escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) })
    }

    /// The string member of this name.
    pub fn get_str(&self, id: NodeId, name: &str) -> Option<Cow<'_, str>> {
        self.get(id, name).and_then(|child| self.str(child))
    }

    /// A leaf's value as text: a string's content, a number's digits, `true`, `false`.
    pub fn scalar(&self, id: NodeId) -> Option<Cow<'_, str>> {
        let node = self.node(id)?;
        match node.kind {
            Kind::String => self.str(id),
            Kind::Number | Kind::Bool => {
                self.text.get(node.start as usize..node.end as usize).map(Cow::Borrowed)
            }
            Kind::Null | Kind::Object | Kind::Array => None,
        }
    }

    /// The node's text in the document, quotes included.
    pub fn source(&self, id: NodeId) -> &str {
        let (start, end) = self.span(id);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// Byte range of the node in the text, quotes included.
    pub fn span(&self, id: NodeId) -> (u32, u32) {
        match self.node(id) {
            Some(n) if n.kind == Kind::String => (n.start.saturating_sub(1), n.end + 1),
            Some(n) => (n.start, n.end),
            None => (0, 0),
        }
    }

    /// Byte range of the member's key, quotes included; of the value where there is no key.
    pub fn key_span(&self, id: NodeId) -> (u32, u32) {
        match self.node(id) {
            Some(n) if n.key_start != 0 => (n.key_start - 1, n.key_end + 1),
            _ => self.span(id),
        }
    }

    /// Where the node stands.
    pub fn place(&self, id: NodeId) -> Place {
        Place::of(&self.text, self.span(id).0)
    }

    /// For the places of many nodes, in document order.
    pub fn places(&self) -> Places<'_> {
        Places::new(&self.text)
    }

    /// The node's path from `root`, FHIRPath style (`code.coding[0].code`), appended to `out`.
    ///
    /// Only keys that `spelled` accepts are spelled; any other shows as `?`, since a key of the sender's own
    /// invention may be PHI.
    pub fn write_path(&self, root: NodeId, id: NodeId, spelled: fn(&str) -> bool, out: &mut String) {
        if id == root {
            return;
        }
        let Some(node) = self.node(id) else { return };
        let parent = NodeId(node.parent);
        self.write_path(root, parent, spelled, out);
        if self.kind(parent) == Kind::Array {
            out.push('[');
            let mut buffer = [0u8; 10];
            out.push_str(decimal(node.index, &mut buffer));
            out.push(']');
        } else {
            if !out.is_empty() {
                out.push('.');
            }
            match self.key(id) {
                Some(key) if spelled(&key) => out.push_str(&key),
                _ => out.push('?'),
            }
        }
    }

    /// The node after the last descendant of this one, in document order.
    pub fn after(&self, id: NodeId) -> NodeId {
        self.node(id).map_or(id, |n| NodeId(n.next))
    }

    /// Place among the parent's children, from 0.
    pub fn index(&self, id: NodeId) -> u32 {
        self.node(id).map_or(0, |n| n.index)
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node; never so for a document that was read.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

fn decimal(mut n: u32, buffer: &mut [u8; 10]) -> &str {
    let mut at = buffer.len();
    loop {
        at -= 1;
        if let Some(slot) = buffer.get_mut(at) {
            *slot = b'0' + (n % 10) as u8;
        }
        n /= 10;
        if n == 0 || at == 0 {
            break;
        }
    }
    buffer.get(at..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or("")
}

/// Whether a key has the form of a FHIR element name: lower camel case, or `_` before one.
pub fn has_element_form(key: &str) -> bool {
    let name = key.strip_prefix('_').unwrap_or(key);
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The children of a node.
pub struct Children<'a> {
    json: &'a Json,
    next: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        let id = NodeId(self.next);
        self.next = self.json.node(id)?.next;
        Some(id)
    }
}

fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let mut chars = escape.chars().skip(1);
        let (decoded, used) = match chars.next() {
            Some('n') => ('\n', 2),
            Some('t') => ('\t', 2),
            Some('r') => ('\r', 2),
            Some('b') => ('\u{8}', 2),
            Some('f') => ('\u{c}', 2),
            Some('u') => {
                let high = hex4(escape, 2);
                match (0xD800..0xDC00).contains(&high).then(|| hex4(escape, 8)) {
                    Some(low) => {
                        let point = 0x10000 + ((high - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF);
                        (char::from_u32(point).unwrap_or('\u{FFFD}'), 12)
                    }
                    None => (char::from_u32(high).unwrap_or('\u{FFFD}'), 6),
                }
            }
            Some(other) => (other, 2),
            None => ('\\', 1),
        };
        out.push(decoded);
        rest = escape.get(used..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

fn hex4(text: &str, at: usize) -> u32 {
    text.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

/// What the reader expects next.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    ValueOrEnd,
    KeyOrEnd,
    Key,
    CommaOrEnd,
    Nothing,
}

/// Reads a document in slices.
pub struct Reader {
    text: Box<str>,
    at: usize,
    nodes: Vec<Node>,
    /// Open containers, each with the number of its children so far.
    open: Vec<(u32, u32)>,
    expect: Expect,
    key: (u32, u32, bool),
    /// Scratch for the duplicate check of one object's keys.
    keys: Vec<u32>,
}

impl Reader {
    /// Starts on a text. A byte order mark at the start is skipped.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
        let nodes = Vec::with_capacity(text.len() / 24 + 4);
        Self {
            text,
            at,
            nodes,
            open: Vec::new(),
            expect: Expect::Value,
            key: (0, 0, false),
            keys: Vec::new(),
        }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    fn error(&self, code: Code, at: usize) -> Refusal {
        Refusal::at(code, Place::of(&self.text, u32::try_from(at).unwrap_or(u32::MAX)))
    }

    fn syntax(&self) -> Refusal {
        self.error(Code::JsonSyntax, self.at)
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes on while bytes are of a kind. Every byte of every event comes by here.
    #[inline(always)]
    fn skip(&mut self, is_of_kind: impl Fn(u8) -> bool) {
        while self.byte().is_some_and(&is_of_kind) {
            self.at += 1;
        }
    }

    /// Reads on for about `budget` bytes; true when the document's value is complete.
    ///
    /// # Errors
    /// A refusal with a `json.*` code and the place.
    pub fn step(&mut self, budget: usize) -> Result<bool, Refusal> {
        if u32::try_from(self.text.len()).is_err() {
            return Err(self.error(Code::BodyTooLarge, 0));
        }
        let until = self.at.saturating_add(budget);
        while self.expect != Expect::Nothing {
            if self.at >= until {
                return Ok(false);
            }
            self.token()?;
        }
        Ok(true)
    }

    /// The document, which must have nothing after its value.
    ///
    /// # Errors
    /// `json.syntax` where something follows, or the value is not complete.
    pub fn finish(mut self) -> Result<Json, Refusal> {
        self.skip_space();
        if self.expect != Expect::Nothing || self.at < self.text.len() {
            return Err(self.syntax());
        }
        Ok(Json { text: self.text, nodes: self.nodes, names: OnceLock::new() })
    }

    /// Whether something follows the value that was read.
    pub fn has_more(&mut self) -> bool {
        self.skip_space();
        self.expect == Expect::Nothing && self.at < self.text.len()
    }

    /// Gives the text back.
    pub fn into_text(self) -> Box<str> {
        self.text
    }

    fn skip_space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r'));
    }

    fn token(&mut self) -> Result<(), Refusal> {
        self.skip_space();
        let Some(byte) = self.byte() else { return Err(self.syntax()) };
        match (self.expect, byte) {
            (Expect::KeyOrEnd, b'}') | (Expect::ValueOrEnd, b']') => self.close(byte),
            (Expect::Key | Expect::KeyOrEnd, b'"') => {
                let (start, end, escaped) = self.string()?;
                self.key = (start, end, escaped);
                self.skip_space();
                if self.byte() != Some(b':') {
                    return Err(self.syntax());
                }
                self.at += 1;
                self.expect = Expect::Value;
                Ok(())
            }
            (Expect::CommaOrEnd, b',') => {
                self.at += 1;
                let in_object = self.container().is_some_and(|n| n.kind == Kind::Object);
                self.expect = if in_object { Expect::Key } else { Expect::Value };
                Ok(())
            }
            (Expect::CommaOrEnd, b'}' | b']') => self.close(byte),
            (Expect::Value | Expect::ValueOrEnd, _) => self.value(byte),
            _ => Err(self.syntax()),
        }
    }

    fn container(&self) -> Option<&Node> {
        self.open.last().and_then(|(id, _)| self.nodes.get(*id as usize))
    }

    fn push(&mut self, kind: Kind, start: u32, end: u32, escaped: bool) -> u32 {
        let id = self.nodes.len() as u32;
        let (parent, index) = match self.open.last_mut() {
            Some((parent, count)) => {
                *count += 1;
                (*parent, *count - 1)
            }
            None => (0, 0),
        };
        let (key_start, key_end, key_escaped) = std::mem::take(&mut self.key);
        self.nodes.push(Node {
            kind,
            escaped,
            key_escaped,
            start,
            end,
            key_start,
            key_end,
            parent,
            next: id + 1,
            index,
        });
        id
    }

    fn value(&mut self, byte: u8) -> Result<(), Refusal> {
        let start = self.at as u32;
        match byte {
            b'{' | b'[' => {
                if self.open.len() >= MAX_DEPTH {
                    return Err(self.error(Code::JsonTooDeep, self.at));
                }
                let (kind, expect) = if byte == b'{' {
                    (Kind::Object, Expect::KeyOrEnd)
                } else {
                    (Kind::Array, Expect::ValueOrEnd)
                };
                let id = self.push(kind, start, start, false);
                self.open.push((id, 0));
                self.at += 1;
                self.expect = expect;
                return Ok(());
            }
            b'"' => {
                let (start, end, escaped) = self.string()?;
                self.push(Kind::String, start, end, escaped);
            }
            b't' => self.word("true", Kind::Bool)?,
            b'f' => self.word("false", Kind::Bool)?,
            b'n' => self.word("null", Kind::Null)?,
            b'-' | b'0'..=b'9' => {
                self.number()?;
                self.push(Kind::Number, start, self.at as u32, false);
            }
            _ => return Err(self.syntax()),
        }
        self.after_value();
        Ok(())
    }

    fn after_value(&mut self) {
        self.expect = if self.open.is_empty() { Expect::Nothing } else { Expect::CommaOrEnd };
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), Refusal> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.syntax());
        }
        let start = self.at as u32;
        self.at += word.len();
        self.push(kind, start, self.at as u32, false);
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        self.skip(|byte| byte.is_ascii_digit());
        self.at - start
    }

    /// RFC 8259, section 6. The digits are kept; no magnitude is refused.
    fn number(&mut self) -> Result<(), Refusal> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.byte() == Some(b'0');
        let count = self.digits();
        if count == 0 || (leading_zero && count > 1) {
            return Err(self.syntax());
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.syntax());
            }
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.syntax());
            }
        }
        Ok(())
    }

    /// A string's range without its quotes, and whether it has escapes.
    fn string(&mut self) -> Result<(u32, u32, bool), Refusal> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.skip(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
            match self.byte() {
                Some(b'"') => {
                    let end = self.at;
                    self.at += 1;
                    return Ok((start as u32, end as u32, escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.syntax()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                let unit = self.unit()?;
                match unit {
                    0xD800..=0xDBFF => {
                        let follows = self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"));
                        if !follows {
                            return Err(self.error(Code::JsonLoneSurrogate, start));
                        }
                        self.at += 1;
                        match self.unit()? {
                            0xDC00..=0xDFFF => Ok(()),
                            _ => Err(self.error(Code::JsonLoneSurrogate, start)),
                        }
                    }
                    0xDC00..=0xDFFF => Err(self.error(Code::JsonLoneSurrogate, start)),
                    _ => Ok(()),
                }
            }
            _ => Err(self.syntax()),
        }
    }

    /// The four hex digits after a `u`.
    fn unit(&mut self) -> Result<u32, Refusal> {
        self.at += 1;
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or(&[]);
        if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(self.syntax());
        }
        let unit = hex4(&self.text, self.at);
        self.at += 4;
        Ok(unit)
    }

    fn close(&mut self, byte: u8) -> Result<(), Refusal> {
        let Some((id, _)) = self.open.pop() else { return Err(self.syntax()) };
        let next = self.nodes.len() as u32;
        let end = self.at as u32 + 1;
        let kind = if byte == b'}' { Kind::Object } else { Kind::Array };
        match self.nodes.get_mut(id as usize) {
            Some(node) if node.kind == kind => {
                node.next = next;
                node.end = end;
            }
            _ => return Err(self.syntax()),
        }
        if kind == Kind::Object {
            self.refuse_duplicates(id)?;
        }
        self.at += 1;
        self.after_value();
        Ok(())
    }

    fn refuse_duplicates(&mut self, object: u32) -> Result<(), Refusal> {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        let mut child = object + 1;
        while let Some(node) = self.nodes.get(child as usize) {
            keys.push(child);
            child = node.next;
        }
        let node = |id: &u32| self.nodes.get(*id as usize);
        let raw = |id: &u32| {
            let range = node(id).map_or(0..0, |n| n.key_start as usize..n.key_end as usize);
            self.text.get(range).unwrap_or("")
        };
        // A short object without escapes is compared pair by pair in place; any other by sorting.
        let plain = keys.len() <= 16 && !keys.iter().any(|id| node(id).is_some_and(|n| n.key_escaped));
        let duplicate = if plain {
            keys.iter()
                .enumerate()
                .find_map(|(n, a)| keys.iter().take(n).any(|b| raw(a) == raw(b)).then_some(*a))
        } else {
            let mut decoded: Vec<(Cow<'_, str>, u32)> = keys
                .iter()
                .map(|id| match node(id) {
                    Some(n) if n.key_escaped => (Cow::Owned(unescape(raw(id))), *id),
                    _ => (Cow::Borrowed(raw(id)), *id),
                })
                .collect();
            decoded.sort_unstable();
            decoded.windows(2).find_map(|pair| match pair {
                [(a, _), (b, id)] if a == b => Some(*id),
                _ => None,
            })
        };
        self.keys = keys;
        match duplicate.and_then(|id| self.nodes.get(id as usize)) {
            Some(node) => {
                let at = node.key_start.saturating_sub(1) as usize;
                Err(self.error(Code::JsonDuplicateKey, at))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Code {
        Json::read(text).unwrap_err().code
    }

    #[test]
    fn numbers_keep_their_digits() {
        let json = Json::read(r#"[1.00, 1.00065022141624642, 8E+1, -0]"#).unwrap();
        let digits: Vec<_> =
            json.children(NodeId::ROOT).map(|n| json.scalar(n).unwrap().into_owned()).collect();
        assert_eq!(digits, ["1.00", "1.00065022141624642", "8E+1", "-0"]);
        let long = "9".repeat(400);
        let json = Json::read(long.as_str()).unwrap();
        assert_eq!(json.scalar(NodeId::ROOT).unwrap(), long);
    }

    #[test]
    fn bad_text_is_refused_with_its_code() {
        assert_eq!(refused(""), Code::JsonSyntax);
        assert_eq!(refused("NaN"), Code::JsonSyntax);
        assert_eq!(refused("[1,]"), Code::JsonSyntax);
        assert_eq!(refused("01"), Code::JsonSyntax);
        assert_eq!(refused("{} {}"), Code::JsonSyntax);
        assert_eq!(refused(r#"{"a":1,"a":2}"#), Code::JsonDuplicateKey);
        assert_eq!(refused(r#"{"a":1,"\u0061":2}"#), Code::JsonDuplicateKey);
        assert_eq!(refused(r#""\ud800""#), Code::JsonLoneSurrogate);
        assert_eq!(refused(r#""\udc00\ud800""#), Code::JsonLoneSurrogate);
        assert_eq!(refused(&"[".repeat(10_000)), Code::JsonTooDeep);
        assert_eq!(refused("[1}"), Code::JsonSyntax);
    }

    #[test]
    fn many_keys_are_checked_for_duplicates_too() {
        let members: Vec<String> = (0..40).map(|n| format!("\"k{n}\":{n}")).collect();
        assert!(Json::read(format!("{{{}}}", members.join(","))).is_ok());
        assert_eq!(refused(&format!("{{{},\"k7\":0}}", members.join(","))), Code::JsonDuplicateKey);
    }

    #[test]
    fn strings_are_decoded_and_a_mark_at_the_start_is_skipped() {
        let json = Json::read("\u{FEFF}{\"a\\u0062\":\"x\\n\\ud83d\\ude00\\u00e9\\/\"}").unwrap();
        let node = json.get(NodeId::ROOT, "ab").unwrap();
        assert_eq!(json.str(node).unwrap(), "x\n😀é/");
    }

    #[test]
    fn paths_spell_element_names_only() {
        let json = Json::read(r#"{"code":{"coding":[{"code":"x"}]},"Jane Doe":{"_given":[null]}}"#).unwrap();
        let paths: Vec<String> = json
            .leaves(NodeId::ROOT)
            .map(|leaf| {
                let mut path = String::from("ServiceRequest");
                json.write_path(NodeId::ROOT, leaf, has_element_form, &mut path);
                path
            })
            .collect();
        assert_eq!(paths, ["ServiceRequest.code.coding[0].code", "ServiceRequest.?._given[0]"]);
    }

    #[test]
    fn reading_in_slices_gives_the_same_document() {
        let text = r#"{"a":[1,{"b":"c"}],"d":null}"#;
        let mut reader = Reader::new(text);
        let mut steps = 0;
        while !reader.step(1).unwrap() {
            steps += 1;
        }
        assert!(steps > 5);
        assert_eq!(reader.finish().unwrap().len(), Json::read(text).unwrap().len());
    }
}
