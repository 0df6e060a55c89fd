//! Selectors: a FHIRPath subset, parsed once (FHIRPath N1, sections 3 to 5).
//!
//! In the subset: member access, indexers, `first()`, `where(path = 'literal')`, `ofType(T)`, `resolve()`
//! within the event, and `|`. Anything else is a diagnostic with its position, never another meaning.

use crate::engine::fhir::ResourceType;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name`, flattening arrays.
    Member(String),
    /// `[n]` of the whole collection.
    Index(usize),
    /// `where(path = 'literal')`.
    Where(Vec<String>, String),
    /// `ofType(T)` or a leading `T`.
    OfType(ResourceType),
    /// `resolve()` within the event.
    Resolve,
}

/// A selector: alternatives joined by `|`, each a path.
pub type Selector = Vec<Vec<Step>>;

/// What is wrong with a selector's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError {
    /// `selector-syntax` or `selector-outside-subset`.
    pub code: &'static str,
    /// Byte offset in the selector's text.
    pub offset: usize,
    /// One sentence.
    pub message: String,
}

/// Longest selector read, in bytes.
const MAX_LENGTH: usize = 1024;

/// Reads a selector.
///
/// # Errors
/// What is wrong, and where in the text.
pub fn parse(text: &str) -> Result<Selector, SelectorError> {
    if text.len() > MAX_LENGTH {
        return Err(SelectorError {
            code: "selector-syntax",
            offset: MAX_LENGTH,
            message: format!("A selector has at most {MAX_LENGTH} bytes."),
        });
    }
    let mut parser = Parser { text, at: 0 };
    let mut alternatives = vec![parser.path()?];
    while parser.eat("|") {
        alternatives.push(parser.path()?);
    }
    parser.space();
    match parser.rest() {
        "" => Ok(alternatives),
        _ => Err(parser.outside("This operator is outside the subset that selectors may use.")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn error(&self, code: &'static str, message: impl Into<String>) -> SelectorError {
        SelectorError { code, offset: self.at, message: message.into() }
    }

    fn syntax(&self, message: &str) -> SelectorError {
        self.error("selector-syntax", message)
    }

    fn outside(&self, message: impl Into<String>) -> SelectorError {
        self.error("selector-outside-subset", message)
    }

    fn name(&mut self) -> Result<&'a str, SelectorError> {
        self.space();
        let rest = self.rest();
        let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        if len == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(match rest.chars().next() {
                Some(c) if "$%'@-".contains(c) => self.outside("Only paths are selectors here."),
                _ => self.syntax("An element's name is expected here."),
            });
        }
        self.at += len;
        Ok(rest.get(..len).unwrap_or(""))
    }

    fn expect(&mut self, token: &str) -> Result<(), SelectorError> {
        if self.eat(token) { Ok(()) } else { Err(self.syntax(&format!("`{token}` is expected here."))) }
    }

    fn literal(&mut self) -> Result<String, SelectorError> {
        self.expect("'")?;
        let rest = self.rest();
        match rest.find('\'') {
            Some(end) if !rest.get(..end).unwrap_or("").contains('\\') => {
                self.at += end + 1;
                Ok(rest.get(..end).unwrap_or("").to_owned())
            }
            Some(_) => Err(self.outside("Escapes in literals are outside the subset.")),
            None => Err(self.syntax("The literal is not closed.")),
        }
    }

    fn path(&mut self) -> Result<Vec<Step>, SelectorError> {
        let mut steps = Vec::new();
        loop {
            self.step(&mut steps)?;
            while self.eat("[") {
                self.space();
                let rest = self.rest();
                let len = rest.bytes().take_while(u8::is_ascii_digit).count();
                let index = rest.get(..len).and_then(|digits| digits.parse().ok());
                let Some(index) = index else { return Err(self.syntax("An index is a number.")) };
                self.at += len;
                self.expect("]")?;
                steps.push(Step::Index(index));
            }
            if !self.eat(".") {
                return Ok(steps);
            }
        }
    }

    fn step(&mut self, steps: &mut Vec<Step>) -> Result<(), SelectorError> {
        self.space();
        let start = self.at;
        let name = self.name()?;
        if self.eat("(") {
            return self.function(name, start, steps);
        }
        let leading_type = steps.is_empty().then(|| ResourceType::parse(name)).flatten();
        steps.push(match leading_type {
            Some(kind) => Step::OfType(kind),
            None => Step::Member(name.to_owned()),
        });
        Ok(())
    }

    fn function(&mut self, name: &str, start: usize, steps: &mut Vec<Step>) -> Result<(), SelectorError> {
        steps.push(match name {
            "first" => Step::Index(0),
            "resolve" => Step::Resolve,
            "ofType" => {
                self.space();
                let at = self.at;
                let kind = self.name()?;
                let Some(kind) = ResourceType::parse(kind) else {
                    self.at = at;
                    return Err(self.outside("`ofType` takes a resource type here."));
                };
                Step::OfType(kind)
            }
            "where" => {
                let mut path = vec![self.name()?.to_owned()];
                while self.eat(".") {
                    path.push(self.name()?.to_owned());
                }
                self.space();
                if !self.eat("=") {
                    return Err(self.outside("`where` takes `path = 'literal'` here."));
                }
                Step::Where(path, self.literal()?)
            }
            other => {
                self.at = start;
                return Err(
                    self.outside(format!("`{other}()` is outside the subset that selectors may use."))
                );
            }
        });
        self.space();
        if self.rest().starts_with("and") || self.rest().starts_with("or") {
            return Err(self.outside("`where` takes one comparison here."));
        }
        self.expect(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let selector = parse("ServiceRequest.category.coding.where(system = 'urn:x').code.first()").unwrap();
        assert_eq!(selector[0].len(), 6);
        assert_eq!(selector[0][5], Step::Index(0));
        assert_eq!(parse("a | b.c[2]").unwrap().len(), 2);
    }

    #[test]
    fn what_is_outside_is_named_with_its_place() {
        for (text, code, offset) in [
            ("subject.children()", "selector-outside-subset", 8),
            ("a + b", "selector-outside-subset", 2),
            ("", "selector-syntax", 0),
            ("a..b", "selector-syntax", 2),
            ("a[x]", "selector-syntax", 2),
            ("where(a = 'b", "selector-syntax", 11),
            ("a.ofType(string)", "selector-outside-subset", 9),
            ("$this", "selector-outside-subset", 0),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!((error.code, error.offset), (code, offset), "{text}");
        }
    }
}
