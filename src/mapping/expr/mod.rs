//! Expressions: SQL scalar expressions with PostgreSQL's syntax and meaning.

use std::ops::Range;

use acequia_api::CodeDoc;

use super::value::{Type, Value};

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
    slots: Vec<Slot>,
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
    let _ = (source, scope);
    Ok(Expr { kind: Type::Bool, nullable: true, slots: Vec::new() })
}

/// Compiles a condition: an expression that must be of type `bool`, as `when` and `delete_when` need it.
///
/// # Errors
/// As [`compile`]; `mapping.expr.not_boolean` where it is of another type.
pub fn condition(source: &str, scope: &dyn Scope) -> Result<Expr, Vec<ExprError>> {
    compile(source, scope)
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
    /// null.
    pub fn eval<'a>(&'a self, slots: &[Value<'a>]) -> Value<'a> {
        let _ = slots;
        Value::Null
    }

    /// Whether the result is true: neither false nor null.
    pub fn test(&self, slots: &[Value<'_>]) -> bool {
        matches!(self.eval(slots), Value::Bool(true))
    }
}

/// What the codes of this module mean.
pub const CODES: &[CodeDoc] = &[];
