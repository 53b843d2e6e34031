//! Text to a tree: the SQL parser's syntax reduced to what is understood, with the bytes where it stands.

use sqlparser::{
    ast::Expr as Sql,
    dialect::PostgreSqlDialect,
    parser::{Parser, ParserError},
    tokenizer::{Location, Token, Tokenizer},
};

use super::{ExprError, MAX_DEPTH, MAX_LENGTH, lower::Lowering, place::Places, tree::Node};

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
        Ok(sql) => Lowering::new(source, places, errors).node(&sql, MAX_DEPTH),
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

pub(super) fn too_deep(span: std::ops::Range<usize>) -> ExprError {
    ExprError {
        span,
        code: "mapping.expr.too_deep",
        message: format!("the expression is nested deeper than {MAX_DEPTH} levels"),
        help: Some(
            "write chains of AND and OR without parentheses, and concat(…) for many texts"
                .to_owned(),
        ),
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
