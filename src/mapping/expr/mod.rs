//! Expressions: SQL scalar expressions with PostgreSQL's syntax and meaning.
//!
//! They see one record and nothing else: no subqueries, no clock, no chance. Every one has a type before there is a
//! record, cannot fail in any way that is not a reject, and takes bounded time and memory. The functions stand in
//! [`functions`]; what differs from PostgreSQL on purpose in `differences.md`, next to this file.
//!
//! The way of an expression: `parse` (text to a tree with places), `check` (names to slots, types), `compile`
//! (tree to a flat postfix program), `eval` (program over values). New texts live in an [`Arena`] until the next
//! record; nothing else is allocated.
//! Length and nesting are bounded before any recursion begins.

mod arena;
mod check;
mod codes;
mod compile;
mod eval;
mod fold;
mod functions;
mod literal;
mod lower;
mod parse;
mod place;
mod tree;

use std::{ops::Range, sync::Arc};

pub use arena::Arena;
pub use codes::CODES;
pub(super) use fold::Fold;
pub use functions::{Failure, Param};

use super::value::{Type, Value};
use compile::{MAX_STACK, Program};

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

    /// Place, slot and type of a column of the elements of `list`, for functions over lists. The slot is the same
    /// whenever it is asked for.
    fn column(&self, _list: &str, _column: &str) -> Option<(usize, Slot, Type)> {
        None
    }

    /// A slot for what a function over a list gives; none where there can be no such functions.
    fn new_slot(&self) -> Option<Slot> {
        None
    }
}

/// A function or an operator as documentation and tests see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Its name; an operator is its own.
    pub name: &'static str,
    /// What it takes.
    pub params: Vec<Param>,
    /// Whether the last parameter may be given several times.
    pub repeats: bool,
    /// Whether the result is a length of time, which only other functions can take.
    pub gives_interval: bool,
}

/// All functions and operators, one for each combination of types that it takes.
pub fn signatures() -> Vec<Signature> {
    functions::signatures()
}

/// A compiled expression. Immutable; shared between threads.
#[derive(Debug, Clone)]
pub struct Expr {
    kind: Type,
    nullable: bool,
    open_case: bool,
    slots: Box<[Slot]>,
    program: Program,
    folds: Arc<[Fold]>,
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
    let Some((checked, folds)) = checked.filter(|_| errors.is_empty()) else {
        errors.sort_by_key(|error| error.span.start);
        return Err(errors);
    };
    let untyped = if condition { Type::Bool } else { Type::Text };
    let program = Program::of(&checked);
    if program.stack > MAX_STACK {
        return Err(vec![ExprError {
            span: 0..source.len(),
            code: "mapping.expr.too_deep",
            message: format!("more than {MAX_STACK} values would have to be kept at once"),
            help: Some("split it into several `let`s".to_owned()),
        }]);
    }
    Ok(Expr {
        slots: read(&program, &folds),
        folds: folds.into(),
        program,
        nullable: checked.nullable,
        open_case: matches!(&checked.shape, tree::Shape::Case { otherwise: None, .. }),
        kind: checked.kind.unwrap_or(untyped),
    })
}

/// The slots that an expression reads, those of its functions over lists and of their results included.
fn read(program: &Program, folds: &[Fold]) -> Box<[Slot]> {
    let mut slots = program.slots().into_vec();
    for fold in folds {
        slots.push(fold.list);
        let inner = fold.argument.iter().flat_map(|argument| argument.slots());
        let own = |slot: &Slot| fold.columns.iter().all(|(_, column)| column != slot);
        slots.extend(inner.filter(own));
    }
    slots.sort_unstable();
    slots.dedup();
    slots.into()
}

impl Expr {
    /// What must be computed, in this order, before it is evaluated.
    pub(super) fn folds(&self) -> &[Fold] {
        &self.folds
    }

    /// The type of the result. `NULL` alone counts as text, as in PostgreSQL.
    pub fn kind(&self) -> &Type {
        &self.kind
    }

    /// Whether the result can be null.
    pub fn nullable(&self) -> bool {
        self.nullable
    }

    /// Whether it is a `CASE` that does not say what it is otherwise.
    pub(super) fn is_open_case(&self) -> bool {
        self.open_case
    }

    /// The slots it reads, ascending, each once.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.slots.iter().copied()
    }

    /// The result over the values in `slots`; a slot that is not there is null. Values must have the types that the
    /// scope promised; where they have not, the result is null. New texts are written into `arena`.
    ///
    /// # Errors
    /// [`Failure`] where the values have no result, as in a division by zero.
    pub fn eval<'a>(&'a self, slots: &[Value<'a>], arena: &'a Arena) -> Result<Value<'a>, Failure> {
        self.program.eval(slots, arena)
    }

    /// How many branches each `CASE` has, that of `ELSE` included; those inside the arguments of functions over lists
    /// are not counted.
    pub(super) fn cases(&self) -> impl Iterator<Item = usize> {
        self.program.cases.iter().map(|branches| branches.len())
    }

    /// Tells which branches [`eval`](Self::eval) takes: the number of the `CASE`, and of its branch.
    pub(super) fn branches<'a>(
        &'a self,
        slots: &[Value<'a>],
        arena: &'a Arena,
        taken: &mut dyn FnMut(usize, usize),
    ) {
        self.program.branches(slots, arena, taken);
    }

    /// Whether the result is true: neither false nor null.
    ///
    /// # Errors
    /// As [`eval`](Self::eval).
    pub fn test<'a>(&'a self, slots: &[Value<'a>], arena: &'a Arena) -> Result<bool, Failure> {
        Ok(matches!(self.eval(slots, arena)?, Value::Bool(true)))
    }
}

#[cfg(test)]
mod tests;
