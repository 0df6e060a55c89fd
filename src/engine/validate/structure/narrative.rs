//! The limited XHTML of a narrative (<http://hl7.org/fhir/R4/narrative.html>): formatting, tables, lists, links and
//! images, in one `div`, well-formed. A scan of the text; nothing is built.

use std::collections::BTreeSet;

/// What is wrong with a narrative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not well-formed XML, or not one `div`.
    Malformed,
    /// The `div` is not in the XHTML namespace.
    Namespace,
    /// An element that is not allowed.
    Element,
    /// An attribute that is not allowed.
    Attribute,
    /// Nothing to read in it.
    Blank,
}

impl Fault {
    /// The same as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "The narrative is not one well-formed XHTML div.",
            Self::Namespace => "The narrative's div is not in the namespace http://www.w3.org/1999/xhtml.",
            Self::Element => "txt-1: the narrative has an element that FHIR does not allow.",
            Self::Attribute => "txt-1: the narrative has an attribute that FHIR does not allow.",
            Self::Blank => "txt-2: the narrative has no text and no image.",
        }
    }
}

const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// Whether FHIR allows the element: HTML 4.0's basic formatting, chapters 7 to 11 and 15, links and images.
fn is_allowed(element: &str) -> bool {
    matches!(
        element,
        "a" | "abbr"
            | "acronym"
            | "address"
            | "b"
            | "bdo"
            | "big"
            | "blockquote"
            | "br"
            | "caption"
            | "cite"
            | "code"
            | "col"
            | "colgroup"
            | "dd"
            | "del"
            | "dfn"
            | "div"
            | "dl"
            | "dt"
            | "em"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "i"
            | "img"
            | "ins"
            | "kbd"
            | "li"
            | "map"
            | "ol"
            | "p"
            | "pre"
            | "q"
            | "samp"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "tt"
            | "ul"
            | "var"
    )
}

/// Checks the text of a `div`.
///
/// # Errors
/// The first fault.
pub fn check(text: &str) -> Result<(), Fault> {
    let mut scan = Scan { rest: text.trim(), open: Vec::new(), seen: false };
    if !scan.rest.starts_with('<') {
        return Err(Fault::Malformed);
    }
    while !scan.rest.is_empty() {
        scan.step()?;
    }
    if !scan.open.is_empty() {
        return Err(Fault::Malformed);
    }
    if scan.seen { Ok(()) } else { Err(Fault::Blank) }
}

struct Scan<'a> {
    rest: &'a str,
    open: Vec<&'a str>,
    /// Whether there was text or an image.
    seen: bool,
}

impl<'a> Scan<'a> {
    fn step(&mut self) -> Result<(), Fault> {
        let bytes = self.rest.as_bytes();
        if bytes.first() != Some(&b'<') {
            return self.text();
        }
        let markup = self.rest.get(1..).unwrap_or("");
        match bytes.get(1) {
            Some(b'/') => self.end(markup.get(1..).unwrap_or("")),
            Some(b'!' | b'?') => self.aside(markup),
            _ => self.start(markup),
        }
    }

    /// What is no element: a comment, character data, an instruction.
    fn aside(&mut self, markup: &'a str) -> Result<(), Fault> {
        if let Some(comment) = markup.strip_prefix("!--") {
            return self.skip(comment.split_once("-->"));
        }
        if let Some(data) = markup.strip_prefix("![CDATA[") {
            let split = data.split_once("]]>");
            self.seen = self.seen || split.is_some_and(|(text, _)| !text.trim().is_empty());
            return self.skip(split);
        }
        self.skip(markup.strip_prefix('?').and_then(|instruction| instruction.split_once("?>")))
    }

    fn end(&mut self, end: &'a str) -> Result<(), Fault> {
        let (name, rest) = end.split_once('>').ok_or(Fault::Malformed)?;
        self.rest = rest;
        let closes = self.open.pop() == Some(name.trim_end());
        if !closes || (self.open.is_empty() && !rest.trim().is_empty()) {
            return Err(Fault::Malformed);
        }
        Ok(())
    }

    fn skip(&mut self, split: Option<(&'a str, &'a str)>) -> Result<(), Fault> {
        self.rest = split.ok_or(Fault::Malformed)?.1;
        Ok(())
    }

    fn text(&mut self) -> Result<(), Fault> {
        let (text, rest) = self.rest.split_at(self.rest.find('<').unwrap_or(self.rest.len()));
        self.rest = rest;
        if self.open.is_empty() {
            return if text.trim().is_empty() { Ok(()) } else { Err(Fault::Malformed) };
        }
        self.seen = self.seen || !text.trim().is_empty();
        if well_escaped(text) { Ok(()) } else { Err(Fault::Malformed) }
    }

    fn start(&mut self, markup: &'a str) -> Result<(), Fault> {
        let (name, mut rest) = markup.split_at(name_length(markup));
        if name.is_empty() {
            return Err(Fault::Malformed);
        }
        let root = self.open.is_empty();
        if root && name != "div" {
            return Err(Fault::Malformed);
        }
        if !is_allowed(name) {
            return Err(Fault::Element);
        }
        let mut namespace = false;
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let closed = loop {
            let trimmed = rest.trim_ascii_start();
            match trimmed.as_bytes() {
                [b'>', ..] => {
                    rest = trimmed.get(1..).unwrap_or("");
                    break false;
                }
                [b'/', b'>', ..] => {
                    rest = trimmed.get(2..).unwrap_or("");
                    break true;
                }
                _ => {}
            }
            if trimmed.len() == rest.len() {
                return Err(Fault::Malformed);
            }
            let (attribute, value, after) = self::attribute(trimmed).ok_or(Fault::Malformed)?;
            if !known.insert(attribute) {
                return Err(Fault::Malformed);
            }
            let scheme = value.trim_start().get(..11).unwrap_or("");
            if scheme.eq_ignore_ascii_case("javascript:") {
                return Err(Fault::Attribute);
            }
            if attribute == "xmlns" {
                namespace = value == NAMESPACE;
                if !namespace {
                    return Err(Fault::Namespace);
                }
            } else if !attribute.starts_with("xmlns:") && !may_have(name, attribute) {
                return Err(Fault::Attribute);
            }
            rest = after;
        };
        if root && !namespace {
            return Err(Fault::Namespace);
        }
        self.seen = self.seen || name == "img";
        self.rest = rest;
        if !closed {
            self.open.push(name);
        } else if root && !rest.trim().is_empty() {
            return Err(Fault::Malformed);
        }
        Ok(())
    }
}

/// Bytes of the name at the start.
fn name_length(text: &str) -> usize {
    let name = |b: &u8| b.is_ascii_alphanumeric() || *b >= 0x80 || matches!(b, b'-' | b'_' | b':' | b'.');
    text.bytes().take_while(name).count()
}

/// `name = "value"` at the start, and what follows.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_at(name_length(text));
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = rest.get(1..)?.split_once(quote)?;
    (!name.is_empty() && !value.contains('<') && well_escaped(value)).then_some((name, value, rest))
}

/// Whether FHIR allows the attribute on the element.
fn may_have(element: &str, attribute: &str) -> bool {
    let cells = || matches!(attribute, "align" | "char" | "charoff" | "valign");
    match attribute {
        "class" | "dir" | "id" | "lang" | "style" | "title" | "xml:lang" | "xml:id" | "accesskey"
        | "tabindex" => true,
        _ => match element {
            "a" => matches!(
                attribute,
                "href" | "name" | "charset" | "hreflang" | "rel" | "rev" | "shape" | "coords" | "type"
            ),
            "img" => matches!(
                attribute,
                "src" | "alt" | "width" | "height" | "border" | "align" | "longdesc" | "usemap" | "ismap"
            ),
            "table" => matches!(
                attribute,
                "border" | "cellpadding" | "cellspacing" | "frame" | "rules" | "summary" | "width"
            ),
            "td" | "th" => {
                cells()
                    || matches!(
                        attribute,
                        "abbr" | "axis" | "colspan" | "headers" | "rowspan" | "scope" | "width"
                    )
            }
            "tr" | "tbody" | "thead" | "tfoot" => cells(),
            "col" | "colgroup" => cells() || matches!(attribute, "span" | "width"),
            "blockquote" | "q" => attribute == "cite",
            "map" => attribute == "name",
            _ => false,
        },
    }
}

/// Whether each `&` starts an entity or a character reference.
fn well_escaped(text: &str) -> bool {
    !text.contains('&')
        || text.split('&').skip(1).all(|after| {
            let Some((name, _)) = after.split_once(';') else { return false };
            match name.strip_prefix('#') {
                Some(number) => match number.strip_prefix('x') {
                    Some(hex) => !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()),
                    None => !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()),
                },
                None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn div(inner: &str) -> Result<(), Fault> {
        check(&format!("<div xmlns=\"{NAMESPACE}\">{inner}</div>"))
    }

    #[test]
    fn what_is_allowed_passes() {
        for inner in [
            "text",
            "<p class='a'>a &amp; b &nbsp; &#160; &#xA0;</p>",
            "<table border=\"1\"><tr><td colspan=\"2\">x</td></tr></table>",
            "<img src=\"#a\" alt=\"\"/>",
            "<!-- a --><b>x</b><br/>",
            "<a name=\"x\" href=\"http://example.invalid\">x</a>",
        ] {
            assert_eq!(div(inner), Ok(()), "{inner}");
        }
    }

    #[test]
    fn what_is_not_is_found() {
        for (inner, fault) in [
            ("", Fault::Blank),
            (" <p> </p>", Fault::Blank),
            ("x<script>y</script>", Fault::Element),
            ("<p onclick=\"x\">y</p>", Fault::Attribute),
            ("<a href=\" JavaScript:x\">y</a>", Fault::Attribute),
            ("<p id='a' id='b'>x</p>", Fault::Malformed),
            ("<![CDATA[ ]]>", Fault::Blank),
            ("<p>x", Fault::Malformed),
            ("<p>x</b>", Fault::Malformed),
            ("a & b", Fault::Malformed),
            ("<p a>x</p>", Fault::Malformed),
            ("<p class=a>x</p>", Fault::Malformed),
            ("<", Fault::Malformed),
            ("<!-- x", Fault::Malformed),
            ("<object data=\"x\">y</object>", Fault::Element),
        ] {
            assert_eq!(div(inner), Err(fault), "{inner}");
        }
        for text in ["", "text", "<p>x</p>", "<div", "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>y"] {
            assert_eq!(check(text), Err(Fault::Malformed), "{text}");
        }
        assert_eq!(check("<div>x</div>"), Err(Fault::Namespace));
        assert_eq!(check("<div xmlns=\"x\">x</div>"), Err(Fault::Namespace));
    }
}
