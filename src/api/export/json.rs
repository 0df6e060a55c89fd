//! JSON, written front to back.

pub(super) use crate::engine::policy::edit::quoted;

/// A text that JSON is appended to.
pub(super) struct Writer<'a>(&'a mut String);

impl<'a> Writer<'a> {
    /// Starts the document, an object.
    pub fn start(out: &'a mut String) -> Self {
        out.push('{');
        Self(out)
    }

    /// Closes what was opened last.
    pub fn close(&mut self, end: char) {
        self.0.push(end);
    }

    /// A comma, where something stands before; a value never ends as an opening does, since strings end with a quote.
    fn next(&mut self) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }

    fn key(&mut self, name: &str) {
        self.next();
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    /// Opens a member that is an object (`{`) or a list (`[`).
    pub fn open(&mut self, name: &str, start: char) {
        self.key(name);
        self.0.push(start);
    }

    /// Opens an object in a list.
    pub fn item(&mut self) {
        self.next();
        self.0.push('{');
    }

    /// A member whose value is written already, as JSON.
    pub fn token(&mut self, name: &str, json: &str) {
        self.key(name);
        self.0.push_str(json);
    }

    /// A member whose value is a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.key(name);
        self.quote(text);
    }

    /// A text in a list.
    pub fn text_item(&mut self, text: &str) {
        self.next();
        self.quote(text);
    }

    fn quote(&mut self, text: &str) {
        if text.bytes().any(|b| b < 0x20 || matches!(b, b'"' | b'\\')) {
            self.0.push_str(&quoted(text));
        } else {
            self.0.push('"');
            self.0.push_str(text);
            self.0.push('"');
        }
    }
}
