//! Expressions: SQL scalar expressions with PostgreSQL's syntax and meaning.
//!
//! What is understood today serves conditions: names, literals (`'text'`, `12`, `1.5`, `TRUE`, `NULL`, `DATE
//! '2021-01-31'`, likewise `TIME`, `TIMESTAMP`, `TIMESTAMPTZ`, `UUID`), `= <> < <= > >=`, `IS [NOT] NULL`, `IS
//! [NOT] DISTINCT FROM`, `[NOT] IN (…)`, `[NOT] BETWEEN`, `AND OR NOT` with three truth values, parentheses.
//! Deliberate differences from PostgreSQL: names are matched exactly, without case folding; quoted text is
//! text and never turns into another type by itself; text is ordered by code point (collation `C`).
//!
//! The way of an expression: `parse` (text to a tree with places), `check` (names to slots, types), `compile`
//! (tree to a flat postfix program), `eval` (program over values, without allocation and without failure).
//! Length and nesting are bounded before any recursion begins.

mod check;
mod codes;
mod compile;
mod eval;
mod literal;
mod parse;
mod place;
mod tree;

use std::ops::Range;

pub use codes::CODES;

use super::value::{Type, Value};
use compile::Program;

/// The longest expression, in characters.
pub const MAX_LENGTH: usize = 4096;

/// The deepest nesting, of parentheses as of everything else.
pub const MAX_DEPTH: usize = 64;

/// Where a named value stands among the values that an expression is evaluated over.
pub type Slot = u16;

/// The names that an expression may use.
pub trait Scope {
    /// Slot, type and nullability of the value called exactly `name`.
    fn lookup(&self, name: &str) -> Option<(Slot, Type, bool)>;

    /// All names, for suggestions.
    fn names(&self) -> Vec<&str>;
}

/// A compiled expression. Immutable; shared between threads.
#[derive(Debug, Clone)]
pub struct Expr {
    kind: Type,
    nullable: bool,
    slots: Box<[Slot]>,
    program: Program,
}

/// Something wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprError {
    /// Bytes of the source text.
    pub span: Range<usize>,
    /// One of [`CODES`].
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Compiles an expression of any type.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text; never empty.
pub fn compile(source: &str, scope: &dyn Scope) -> Result<Expr, Vec<ExprError>> {
    build(source, scope, false)
}

/// Compiles a condition: an expression that must be of type `bool`, as `when` and `delete_when` need it.
///
/// # Errors
/// As [`compile`]; `mapping.expr.not_boolean` where it is of another type.
pub fn condition(source: &str, scope: &dyn Scope) -> Result<Expr, Vec<ExprError>> {
    build(source, scope, true)
}

fn build(source: &str, scope: &dyn Scope, condition: bool) -> Result<Expr, Vec<ExprError>> {
    let mut errors = Vec::new();
    let checked = parse::parse(source, &mut errors)
        .and_then(|tree| check::check(source, &tree, scope, condition, &mut errors));
    let Some(checked) = checked.filter(|_| errors.is_empty()) else {
        errors.sort_by_key(|error| error.span.start);
        return Err(errors);
    };
    let untyped = if condition { Type::Bool } else { Type::Text };
    let program = Program::of(&checked);
    Ok(Expr {
        slots: program.slots(),
        program,
        nullable: checked.nullable,
        kind: checked.kind.unwrap_or(untyped),
    })
}

impl Expr {
    /// The type of the result. `NULL` alone counts as text, as in PostgreSQL.
    pub fn kind(&self) -> &Type {
        &self.kind
    }

    /// Whether the result can be null.
    pub fn nullable(&self) -> bool {
        self.nullable
    }

    /// The slots it reads, ascending, each once.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.slots.iter().copied()
    }

    /// The result over the values in `slots`. Cannot fail and allocates nothing; a slot that is not there is
    /// null. Values must have the types that the scope promised; where they have not, comparisons are null.
    pub fn eval<'a>(&'a self, slots: &[Value<'a>]) -> Value<'a> {
        self.program.eval(slots)
    }

    /// Whether the result is true: neither false nor null.
    pub fn test<'a>(&'a self, slots: &[Value<'a>]) -> bool {
        matches!(self.eval(slots), Value::Bool(true))
    }
}

#[cfg(test)]
mod tests;
