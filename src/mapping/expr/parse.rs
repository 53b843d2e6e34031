//! Text to a tree: the SQL parser's syntax reduced to what is understood, with the bytes where it stands.

use sqlparser::{
    ast::{
        BinaryOperator, Expr as Sql, InTarget, Spanned, TypedString, UnaryOperator, Value,
        ValueWithSpan,
    },
    dialect::PostgreSqlDialect,
    parser::{Parser, ParserError},
    tokenizer::{Location, Token, Tokenizer},
};

use super::{
    ExprError, MAX_DEPTH, MAX_LENGTH, literal,
    place::Places,
    tree::{Constant, Node, Shape, Test, Written},
};

/// Levels of the parser's own recursion: more than fit into the longest expression. A parser that runs into its
/// limit tries other readings and ends with a message about them; ours is clearer. Its stack grows as needed.
const PARSER_DEPTH: usize = MAX_LENGTH;

/// Reads an expression. What is wrong goes to `errors`; without a result nothing more can be said about it.
pub(super) fn parse(source: &str, errors: &mut Vec<ExprError>) -> Option<Node> {
    if let Some(error) = oversized(source) {
        errors.push(error);
        return None;
    }
    let places = Places::of(source);
    match parse_sql(source) {
        Ok(sql) => {
            let mut lowering = Lowering { source, places, errors };
            lowering.node(&sql, MAX_DEPTH)
        }
        Err(error) => {
            errors.push(syntax_error(source, &places, error));
            None
        }
    }
}

/// What no parser should see at all.
fn oversized(source: &str) -> Option<ExprError> {
    let length = source.chars().count();
    if length > MAX_LENGTH {
        return Some(ExprError {
            span: 0..source.len(),
            code: "mapping.expr.too_long",
            message: format!(
                "the expression has {length} characters, at most {MAX_LENGTH} are allowed"
            ),
            help: Some("use a code table or a lookup for long lists of values".to_owned()),
        });
    }
    let mut depth = 0usize;
    let mut quote = None;
    for (at, byte) in source.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[') => depth += 1,
            (None, b')' | b']') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
        if depth > MAX_DEPTH {
            return Some(too_deep(at..at + 1));
        }
    }
    None
}

fn too_deep(span: std::ops::Range<usize>) -> ExprError {
    ExprError {
        span,
        code: "mapping.expr.too_deep",
        message: format!("the expression is nested deeper than {MAX_DEPTH} levels"),
        help: Some("write chains of AND and OR without parentheses".to_owned()),
    }
}

fn parse_sql(source: &str) -> Result<Sql, ParserError> {
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, source).tokenize_with_location()?;
    let mut parser = Parser::new(&dialect).with_recursion_limit(PARSER_DEPTH);
    // The parser takes it for `=`, which PostgreSQL does not.
    if let Some(token) = tokens.iter().find(|token| token.token == Token::DoubleEq) {
        return parser.expected("an operator", token.clone());
    }
    parser = parser.with_tokens_with_locations(tokens);
    let sql = parser.parse_expr()?;
    let next = parser.peek_token();
    if next.token == Token::EOF { Ok(sql) } else { parser.expected("the end", next) }
}

/// The parser's message in our words, at its place.
fn syntax_error(source: &str, places: &Places<'_>, error: ParserError) -> ExprError {
    let whole = match error {
        ParserError::RecursionLimitExceeded => return too_deep(0..source.len()),
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
    };
    let (message, location) = match whole.rsplit_once(" at Line: ") {
        Some((message, place)) => (message, location(place)),
        None => (whole.as_str(), None),
    };
    let start = location.map_or(source.len(), |location| places.byte(location));
    let word = source[start..].split(|character: char| character.is_whitespace()).next();
    let end = start + word.map_or(0, str::len);
    let message = match message.strip_prefix("Expected: ").and_then(|m| m.split_once(", found: ")) {
        Some((expected, "EOF")) => format!("expected {expected}, found the end"),
        Some((expected, found)) => format!("expected {expected}, found `{found}`"),
        None => {
            let mut letters = message.chars();
            letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
        }
    };
    let help = source[start..].starts_with("==").then(|| "write `=`".to_owned());
    ExprError { span: start..end, code: "mapping.expr.syntax", message, help }
}

/// Reads `1, Column: 5`.
fn location(text: &str) -> Option<Location> {
    let (line, column) = text.split_once(", Column: ")?;
    Some(Location { line: line.parse().ok()?, column: column.parse().ok()? })
}

struct Lowering<'s, 'e> {
    source: &'s str,
    places: Places<'s>,
    errors: &'e mut Vec<ExprError>,
}

impl Lowering<'_, '_> {
    /// The tree of `sql`, at most `depth` levels deep; `None` only where it is deeper.
    fn node(&mut self, sql: &Sql, depth: usize) -> Option<Node> {
        let span = self.places.span(sql.span());
        let Some(depth) = depth.checked_sub(1) else {
            self.errors.push(too_deep(span));
            return None;
        };
        let shape = match sql {
            Sql::Nested(inner) => return self.node(inner, depth),
            Sql::UnaryOp { op: UnaryOperator::Plus, expr } if is_number(expr) => {
                return self.node(expr, depth);
            }
            Sql::Identifier(name) => Shape::Leaf(Written::Name {
                name: name.value.clone(),
                quoted: name.quote_style.is_some(),
            }),
            Sql::Value(value) => Shape::Leaf(self.value(value, false)),
            Sql::TypedString(typed) => Shape::Leaf(self.typed(typed)),
            Sql::UnaryOp { op: UnaryOperator::Not, expr } => Shape::Not(self.boxed(expr, depth)?),
            Sql::UnaryOp { op: UnaryOperator::Minus, expr } => match &**expr {
                Sql::Value(value) if is_number(expr) => Shape::Leaf(self.value(value, true)),
                _ => Shape::Leaf(self.unsupported(sql)),
            },
            Sql::BinaryOp { op: op @ BinaryOperator::And, .. } => {
                Shape::All(self.chain(sql, op, depth)?)
            }
            Sql::BinaryOp { op: op @ BinaryOperator::Or, .. } => {
                Shape::Any(self.chain(sql, op, depth)?)
            }
            other => self.predicate(other, depth)?,
        };
        Some(Node { span, shape })
    }

    fn boxed(&mut self, sql: &Sql, depth: usize) -> Option<Box<Node>> {
        self.node(sql, depth).map(Box::new)
    }

    /// What asks something of values.
    fn predicate(&mut self, sql: &Sql, depth: usize) -> Option<Shape<Written, Node>> {
        Some(match sql {
            Sql::BinaryOp { left, op, right } if let Some(test) = test_of(op) => {
                if is_comparison(left) || is_comparison(right) {
                    self.report(
                        self.places.span(sql.span()),
                        "mapping.expr.syntax",
                        "comparisons do not chain".to_owned(),
                        "join them with AND, or put one in parentheses",
                    );
                    return Some(Shape::Leaf(Written::Wrong));
                }
                let (left, right) = (self.boxed(left, depth)?, self.boxed(right, depth)?);
                Shape::Compare { test, left, right }
            }
            Sql::IsNull(operand) | Sql::IsNotNull(operand) => Shape::IsNull {
                negated: matches!(sql, Sql::IsNotNull(_)),
                operand: self.boxed(operand, depth)?,
            },
            Sql::IsDistinctFrom(left, right) | Sql::IsNotDistinctFrom(left, right) => {
                Shape::Distinct {
                    negated: matches!(sql, Sql::IsNotDistinctFrom(..)),
                    left: self.boxed(left, depth)?,
                    right: self.boxed(right, depth)?,
                }
            }
            Sql::In { expr, target: InTarget::List(list), negated, global: false }
                if !list.is_empty() =>
            {
                let operand = self.boxed(expr, depth)?;
                let list =
                    list.iter().map(|element| self.node(element, depth)).collect::<Option<_>>()?;
                Shape::In { negated: *negated, operand, list }
            }
            Sql::Between { expr, negated, low, high } => Shape::Between {
                negated: *negated,
                operand: self.boxed(expr, depth)?,
                low: self.boxed(low, depth)?,
                high: self.boxed(high, depth)?,
            },
            other => Shape::Leaf(self.unsupported(other)),
        })
    }

    /// The operands of a chain of one operator, from the left. The parser nests them to the left, as deep as
    /// the chain is long.
    fn chain(&mut self, sql: &Sql, operator: &BinaryOperator, depth: usize) -> Option<Vec<Node>> {
        let mut operands = Vec::new();
        let mut rest = sql;
        while let Sql::BinaryOp { left, op, right } = rest
            && op == operator
        {
            operands.push(&**right);
            rest = left;
        }
        operands.push(rest);
        operands.iter().rev().map(|operand| self.node(operand, depth)).collect()
    }

    fn report(
        &mut self,
        span: std::ops::Range<usize>,
        code: &'static str,
        message: String,
        help: impl Into<String>,
    ) {
        self.errors.push(ExprError { span, code, message, help: Some(help.into()) });
    }

    fn value(&mut self, value: &ValueWithSpan, negative: bool) -> Written {
        let span = self.places.span(value.span);
        let constant = match &value.value {
            Value::Null => Ok(Constant::Null),
            Value::Boolean(truth) => Ok(Constant::Bool(*truth)),
            Value::SingleQuotedString(text) => Ok(Constant::Text(text.as_str().into())),
            Value::Number(text, false) => literal::number(text, negative),
            other => {
                let message = format!("literals such as `{other}` are not supported");
                let help = "write text as '…' and numbers with digits only";
                self.report(span, "mapping.expr.unsupported", message, help);
                return Written::Wrong;
            }
        };
        self.constant(constant, span)
    }

    fn typed(&mut self, typed: &TypedString) -> Written {
        let span = self.places.span(typed.value.span);
        if let Value::SingleQuotedString(text) = &typed.value.value
            && !typed.uses_odbc_syntax
            && let Some(constant) = literal::typed(&typed.data_type, text)
        {
            return self.constant(constant, span);
        }
        let message = format!("literals of type `{}` are not supported", typed.data_type);
        let help =
            "there are DATE, TIME, TIMESTAMP, TIMESTAMPTZ and UUID, with text in single quotes";
        self.report(span, "mapping.expr.unsupported", message, help);
        Written::Wrong
    }

    fn constant(
        &mut self,
        constant: Result<Constant, literal::LiteralError>,
        span: std::ops::Range<usize>,
    ) -> Written {
        match constant {
            Ok(constant) => Written::Constant(constant),
            Err((message, help)) => {
                self.report(span, "mapping.expr.literal", message, help);
                Written::Wrong
            }
        }
    }

    fn unsupported(&mut self, sql: &Sql) -> Written {
        let span = self.places.span(sql.span());
        if matches!(sql, Sql::In { target: InTarget::List(_), .. }) {
            let message = "the list of `IN` is empty".to_owned();
            self.report(span, "mapping.expr.syntax", message, "give at least one value");
            return Written::Wrong;
        }
        let (what, help) = name_of(sql);
        let message = format!("{what} is not supported in conditions");
        let help = if self.source[span.clone()].eq_ignore_ascii_case("user") {
            "if the column is meant, write it in double quotes"
        } else {
            help
        };
        self.report(span, "mapping.expr.unsupported", message, help);
        Written::Wrong
    }
}

fn is_number(sql: &Sql) -> bool {
    matches!(sql, Sql::Value(ValueWithSpan { value: Value::Number(..), .. }))
}

fn is_comparison(sql: &Sql) -> bool {
    matches!(sql, Sql::BinaryOp { op, .. } if test_of(op).is_some())
}

fn test_of(operator: &BinaryOperator) -> Option<Test> {
    Some(match operator {
        BinaryOperator::Eq => Test::Equal,
        BinaryOperator::NotEq => Test::NotEqual,
        BinaryOperator::Lt => Test::Less,
        BinaryOperator::LtEq => Test::LessOrEqual,
        BinaryOperator::Gt => Test::Greater,
        BinaryOperator::GtEq => Test::GreaterOrEqual,
        _ => return None,
    })
}

/// What a part of SQL outside ours is called, and what to do about it.
fn name_of(sql: &Sql) -> (String, &'static str) {
    const LATER: &str = "it comes with the full expression language";
    const NEVER: &str = "expressions see one record only; use a `lookup`";
    let keyword = match sql {
        Sql::BinaryOp { op, .. } => return (format!("the operator `{op}`"), LATER),
        Sql::UnaryOp { op, .. } => return (format!("the operator `{op}`"), LATER),
        Sql::Function(function) => {
            return (format!("the function `{}`", function.name), LATER);
        }
        Sql::CompoundIdentifier(_) => {
            return (
                "a name with a point".to_owned(),
                "if the column is called so, write it in double quotes",
            );
        }
        Sql::Subquery(_) | Sql::Exists { .. } | Sql::In { .. } => {
            return ("a subquery".to_owned(), NEVER);
        }
        Sql::Like { .. } => "LIKE",
        Sql::ILike { .. } => "ILIKE",
        Sql::SimilarTo { .. } => "SIMILAR TO",
        Sql::Case { .. } => "CASE",
        Sql::Cast { .. } => "CAST",
        Sql::Extract { .. } => "EXTRACT",
        Sql::Ceil { .. } => "CEIL",
        Sql::Floor { .. } => "FLOOR",
        Sql::Position { .. } => "POSITION",
        Sql::Substring { .. } => "SUBSTRING",
        Sql::Trim { .. } => "TRIM",
        Sql::Overlay { .. } => "OVERLAY",
        Sql::Collate { .. } => "COLLATE",
        Sql::AtTimeZone { .. } => "AT TIME ZONE",
        Sql::Interval(_) => "INTERVAL",
        Sql::Array(_) => "ARRAY",
        Sql::AnyOp { .. } => "ANY",
        Sql::AllOp { .. } => "ALL",
        Sql::IsTrue(_) | Sql::IsNotTrue(_) => "IS TRUE",
        Sql::IsFalse(_) | Sql::IsNotFalse(_) => "IS FALSE",
        Sql::IsUnknown(_) | Sql::IsNotUnknown(_) => "IS UNKNOWN",
        Sql::Tuple(_) => return ("a row of several values".to_owned(), "compare them one by one"),
        _ => return ("this part of SQL".to_owned(), LATER),
    };
    (format!("`{keyword}`"), LATER)
}
