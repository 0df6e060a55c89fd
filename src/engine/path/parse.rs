//! Text to tree. Total: whatever the text, a tree or what is wrong and where.

use super::error::{PathError, SYNTAX, TOO_DEEP, TOO_LONG};
use super::lex::{Lexer, Token};
use super::moment::Moment;
use super::number::Number;
use super::tree::{Action, Expr, FUNCTIONS, OPERATORS, Operator, Step, TYPE_POWER, Term, TypeTest};
use super::types::Type;
use super::value::Value;
use super::{MAX_DEPTH, MAX_LENGTH};

/// Words that make a number before them one with a unit.
const UNITS: [&str; 16] = [
    "year",
    "month",
    "week",
    "day",
    "hour",
    "minute",
    "second",
    "millisecond",
    "years",
    "months",
    "weeks",
    "days",
    "hours",
    "minutes",
    "seconds",
    "milliseconds",
];

/// Code systems that have a constant.
const SYSTEMS: [(&str, &str); 3] =
    [("sct", "http://snomed.info/sct"), ("loinc", "http://loinc.org"), ("ucum", "http://unitsofmeasure.org")];

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expr, PathError> {
    if text.len() > MAX_LENGTH {
        let message = format!("A selector has at most {MAX_LENGTH} bytes.");
        return Err(PathError::new(TOO_LONG, MAX_LENGTH, message));
    }
    let mut lexer = Lexer::new(text);
    let (offset, token) = lexer.next()?;
    let mut parser = Parser { lexer, offset, token, depth: 0 };
    let expr = parser.expression(0)?;
    match &parser.token {
        Token::End => Ok(expr),
        Token::Symbol(operator @ ("+" | "-" | "*" | "/" | "&")) => {
            Err(PathError::outside(parser.offset, format_args!("The operator `{operator}`")))
        }
        Token::Word(operator @ ("div" | "mod")) => {
            Err(PathError::outside(parser.offset, format_args!("The operator `{operator}`")))
        }
        _ => Err(parser.syntax("An operator or the end is expected here.")),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The word that comes next, and where it starts.
    token: Token<'a>,
    offset: usize,
    /// Expressions that are open.
    depth: usize,
}

impl<'a> Parser<'a> {
    fn syntax(&self, message: &str) -> PathError {
        PathError::new(SYNTAX, self.offset, message)
    }

    /// Moves on, and gives the word that was next.
    fn advance(&mut self) -> Result<Token<'a>, PathError> {
        let (offset, token) = self.lexer.next()?;
        self.offset = offset;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn eat(&mut self, symbol: &str) -> Result<bool, PathError> {
        let found = matches!(&self.token, Token::Symbol(own) if *own == symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &str) -> Result<(), PathError> {
        if self.eat(symbol)? {
            return Ok(());
        }
        match &self.token {
            Token::Symbol(operator @ ("+" | "-" | "*" | "/" | "&")) => {
                Err(PathError::outside(self.offset, format_args!("The operator `{operator}`")))
            }
            Token::Word(operator @ ("div" | "mod")) => {
                Err(PathError::outside(self.offset, format_args!("The operator `{operator}`")))
            }
            _ => Err(self.syntax(&format!("`{symbol}` is expected here."))),
        }
    }

    /// An expression whose operators bind at least so tightly.
    fn expression(&mut self, least: u8) -> Result<Expr, PathError> {
        if self.depth == MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let mut left = self.signed()?;
        loop {
            let offset = self.offset;
            let word = match &self.token {
                Token::Word(word) | Token::Symbol(word) => *word,
                _ => break,
            };
            if let test @ ("is" | "as") = word {
                if least > TYPE_POWER - 2 && least <= TYPE_POWER {
                    // N1 has it bind more tightly than `|` and `<`, and known implementations do not.
                    let what = format!("`{test}` behind `|` or a comparison, without parentheses,");
                    return Err(PathError::outside(offset, what));
                }
                self.advance()?;
                let test = if test == "is" { TypeTest::Is } else { TypeTest::As };
                let action = Action::Test(test, self.type_name()?);
                left = self.sound(left.offset, Term::Path(Box::new(left), vec![Step { offset, action }]))?;
                continue;
            }
            let known = OPERATORS.iter().find(|(text, ..)| *text == word);
            let Some((_, operator, power)) = known.filter(|(.., power)| *power >= least) else { break };
            self.advance()?;
            let right = self.expression(power + 1)?;
            left = self.joined(left, offset, *operator, right)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn too_deep(&self) -> PathError {
        let message = format!("A selector is nested at most {MAX_DEPTH} deep.");
        PathError::new(TOO_DEEP, self.offset, message)
    }

    fn sound(&self, offset: usize, term: Term) -> Result<Expr, PathError> {
        let expr = Expr::new(offset, term);
        if expr.depth > MAX_DEPTH { Err(self.too_deep()) } else { Ok(expr) }
    }

    /// Adds to a chain of operators that bind alike, or starts one.
    fn joined(&self, left: Expr, offset: usize, operator: Operator, right: Expr) -> Result<Expr, PathError> {
        let power =
            |own: Operator| OPERATORS.iter().find(|(_, known, _)| *known == own).map(|(.., power)| *power);
        let (first, mut rest) = match left.term {
            Term::Chain(first, rest)
                if rest.last().is_some_and(|(last, _)| power(*last) == power(operator)) =>
            {
                (first, rest)
            }
            _ => (Box::new(left), Vec::new()),
        };
        let start = first.offset;
        rest.push((operator, Expr { offset, ..right }));
        self.sound(start, Term::Chain(first, rest))
    }

    fn signed(&mut self) -> Result<Expr, PathError> {
        let mut signs = Vec::new();
        while let Token::Symbol(sign @ ("+" | "-")) = self.token {
            signs.push((self.offset, sign == "-"));
            self.advance()?;
            if signs.len() > MAX_DEPTH {
                return Err(self.too_deep());
            }
        }
        let mut expr = self.path()?;
        for (offset, minus) in signs.into_iter().rev() {
            expr = self.sound(offset, Term::Sign(minus, Box::new(expr)))?;
        }
        Ok(expr)
    }

    fn path(&mut self) -> Result<Expr, PathError> {
        let start = self.offset;
        let mut steps = Vec::new();
        let head = self.term(&mut steps)?;
        loop {
            let offset = self.offset;
            if self.eat("[")? {
                let index = self.expression(0)?;
                self.expect("]")?;
                steps.push(Step { offset, action: Action::At(Box::new(index)) });
            } else if self.eat(".")? {
                let offset = self.offset;
                if let Token::Variable(name) = self.token {
                    return Err(PathError::outside(offset, format_args!("`${name}` behind a point")));
                }
                let name = self.name()?;
                let action = match self.call(&name, offset)? {
                    Some(action) => action,
                    None => Action::Member(name),
                };
                steps.push(Step { offset, action });
            } else if steps.is_empty() {
                return Ok(head);
            } else {
                return self.sound(start, Term::Path(Box::new(head), steps));
            }
        }
    }

    /// The start of a path. A function there is one of `$this`: a first step.
    fn term(&mut self, steps: &mut Vec<Step>) -> Result<Expr, PathError> {
        let offset = self.offset;
        let term = match &self.token {
            Token::Symbol("(") => {
                self.advance()?;
                let inside = self.expression(0)?;
                self.expect(")")?;
                // A chain in parentheses is no part of the chain around it.
                return match inside.term {
                    Term::Chain(..) => self.sound(offset, Term::Path(Box::new(inside), Vec::new())),
                    _ => Ok(inside),
                };
            }
            Token::Symbol("{") => {
                self.advance()?;
                self.expect("}")?;
                Term::Literal(None)
            }
            Token::Text(_) | Token::Number(_) | Token::Moment(_) | Token::Word("true" | "false") => {
                Term::Literal(Some(self.literal()?))
            }
            Token::Constant(name) => {
                let value = constant(name)
                    .ok_or_else(|| PathError::outside(offset, format_args!("The constant `%{name}`")))?;
                self.advance()?;
                Term::Literal(Some(Value::String(value)))
            }
            Token::Variable(name) => {
                let term = match *name {
                    "this" => Term::This,
                    "index" => Term::Index,
                    other => return Err(PathError::outside(offset, format_args!("`${other}`"))),
                };
                self.advance()?;
                term
            }
            Token::End | Token::Symbol(_) => {
                return Err(self.syntax("A path or a literal is expected here."));
            }
            Token::Word(_) | Token::Quoted(_) => {
                let name = self.name()?;
                match self.call(&name, offset)? {
                    Some(action) => {
                        steps.push(Step { offset, action });
                        Term::This
                    }
                    None => Term::Name(name),
                }
            }
        };
        Ok(Expr::new(offset, term))
    }

    fn name(&mut self) -> Result<String, PathError> {
        match &self.token {
            Token::Word(word) if !["and", "or", "xor", "implies", "div", "mod"].contains(word) => {}
            Token::Quoted(_) => {}
            _ => return Err(self.syntax("An element's name is expected here.")),
        }
        Ok(match self.advance()? {
            Token::Word(word) => word.to_owned(),
            Token::Quoted(name) => name,
            _ => String::new(),
        })
    }

    fn literal(&mut self) -> Result<Value, PathError> {
        let offset = self.offset;
        let value = match self.advance()? {
            Token::Text(text) => Value::String(text),
            Token::Word(word) => Value::Boolean(word == "true"),
            Token::Number(digits) => {
                let is_unit = match &self.token {
                    Token::Word(word) => UNITS.contains(word),
                    Token::Text(_) => true,
                    _ => false,
                };
                if is_unit {
                    return Err(PathError::outside(offset, "A quantity"));
                }
                let whole = !digits.contains('.');
                if whole && digits.parse::<i32>().is_err() {
                    return Err(PathError::outside(offset, "A whole number of more than 32 bits"));
                }
                let number = Number::parse(digits).ok_or_else(|| self.syntax("This is no number."))?;
                Value::Number { number, text: without_leading_zeros(digits).into(), whole }
            }
            Token::Moment(text) => {
                let moment = match text.strip_prefix('T') {
                    Some(time) => Moment::parse_time(time),
                    None => Moment::parse(text),
                };
                let wrong = || PathError::new(SYNTAX, offset, "There is no such date or time.");
                Value::Moment(moment.ok_or_else(wrong)?, text.into())
            }
            _ => return Err(PathError::new(SYNTAX, offset, "A literal is expected here.")),
        };
        Ok(value)
    }

    /// The function of this name and its arguments, where a parenthesis comes next.
    fn call(&mut self, name: &str, offset: usize) -> Result<Option<Action>, PathError> {
        if !self.eat("(")? {
            return Ok(None);
        }
        let test = match name {
            "is" => Some(TypeTest::Is),
            "as" => Some(TypeTest::As),
            "ofType" => Some(TypeTest::OfType),
            _ => None,
        };
        if let Some(test) = test {
            let own = self.type_name()?;
            self.expect(")")?;
            return Ok(Some(Action::Test(test, own)));
        }
        let Some((_, function, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            return Err(PathError::outside(offset, format_args!("`{name}()`")));
        };
        let mut arguments = Vec::new();
        if !self.eat(")")? {
            loop {
                arguments.push(self.expression(0)?);
                if !self.eat(",")? {
                    break;
                }
            }
            self.expect(")")?;
        }
        if !(*least..=*most).contains(&arguments.len()) {
            let message = format!("`{name}()` does not take so many arguments, or so few.");
            return Err(PathError::new(SYNTAX, offset, message));
        }
        Ok(Some(Action::Call(*function, arguments)))
    }

    /// `Quantity`, `FHIR.Quantity`, `System.String`.
    fn type_name(&mut self) -> Result<Type, PathError> {
        let offset = self.offset;
        if !matches!(self.token, Token::Word(_) | Token::Quoted(_)) {
            return Err(self.syntax("A type's name is expected here."));
        }
        let name = self.name()?;
        if ["System", "FHIR"].contains(&name.as_str()) && self.eat(".")? {
            let own = self.name()?;
            return Type::named(Some(&name), &own, offset);
        }
        Type::named(None, &name, offset)
    }
}

/// The text that a constant stands for.
fn constant(name: &str) -> Option<String> {
    let system = SYSTEMS.iter().find(|(known, _)| *known == name).map(|(_, url)| (*url).to_owned());
    let value_set = || name.strip_prefix("vs-").map(|id| format!("http://hl7.org/fhir/ValueSet/{id}"));
    let extension =
        || name.strip_prefix("ext-").map(|id| format!("http://hl7.org/fhir/StructureDefinition/{id}"));
    system.or_else(value_set).or_else(extension)
}
/// A number as JSON spells it: `01` is 1.
fn without_leading_zeros(digits: &str) -> &str {
    let rest = digits.trim_start_matches('0');
    let kept = if rest.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { 1 };
    digits.get(digits.len() - rest.len() - kept..).unwrap_or(digits)
}
