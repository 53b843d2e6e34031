//! The functions and operators of expressions: one table, in which each stands once for every combination of
//! types that it takes.
//!
//! A function is a value: name, parameters, the type of its result and the code that computes it. The checker
//! chooses by name and types ([`choose`]), the program calls. Names and meanings are PostgreSQL's; what differs on
//! purpose is told in `differences.md`, which the comparison with a PostgreSQL server reads.

#![allow(clippy::unnecessary_wraps, reason = "all functions of the table have one type")]

mod cast;
mod choose;
mod like;
mod moment;
mod number;
mod pattern;
mod sizes;
mod text;
mod unit;
mod zone;

use std::fmt;

use bumpalo::collections::String as Build;
use regex::Regex;

use super::{Signature, arena::Arena, tree::Constant};
use crate::mapping::{
    decode::{Decoder, Zone},
    value::{Type, Value},
};

pub(super) use cast::{cast, convert};
pub(super) use choose::{Choice, choose, names};
pub(super) use number::{Exact, NEGATE, Operator, as_float, as_number, as_timestamp};
pub(super) use text::JOIN;
pub(super) use unit::Unit;

/// The longest text that a function makes, in bytes.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// The most that all texts of one record take together, in bytes: no record can make its expressions take more memory.
const MAX_TEXTS: usize = 16 << 20;

/// A computation that has no result for these values: code of the reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// One of [`CODES`](super::CODES) that begin with `map.expr.`.
    pub code: &'static str,
    /// The function or operator.
    pub function: &'static str,
}

/// Why a function has no result: the code alone, the caller knows the name.
pub(super) type Code = &'static str;

/// No number is the result of a division by zero.
pub(super) const DIVISION_BY_ZERO: Code = "map.expr.division_by_zero";
/// A number or a date outside what its type holds.
pub(super) const OUT_OF_RANGE: Code = "map.expr.out_of_range";
/// A text that is no value of the type to which it is cast, or of the pattern with which it is read.
pub(super) const CAST: Code = "map.expr.cast";
/// An argument with which a function means nothing.
pub(super) const ARGUMENT: Code = "map.expr.argument";
/// A text longer than [`MAX_TEXT`].
pub(super) const TOO_LARGE: Code = "map.expr.too_large";

/// What a function gives.
pub(super) type Outcome<'a> = Result<Value<'a>, Code>;

/// What a function works with besides its arguments.
#[derive(Clone, Copy)]
pub(super) struct Env<'a> {
    /// Where new texts live until the next record.
    pub(super) arena: &'a Arena,
    /// What was prepared when the expression was compiled.
    pub(super) resource: Option<&'a Resource>,
}

impl<'a> Env<'a> {
    /// A text made by `write`, which may say that it has become too large.
    pub(super) fn text(self, write: impl FnOnce(&mut Text<'a>) -> Result<(), Code>) -> Outcome<'a> {
        self.text_of(0, write)
    }

    /// As [`text`](Self::text), with room for so many bytes from the beginning.
    pub(super) fn text_of(
        self,
        room: usize,
        write: impl FnOnce(&mut Text<'a>) -> Result<(), Code>,
    ) -> Outcome<'a> {
        let mut text = Text(Build::with_capacity_in(room.min(MAX_TEXT), &self.arena.bump));
        write(&mut text)?;
        let spent = self.arena.spent.get() + text.0.len();
        self.arena.spent.set(spent);
        if spent > MAX_TEXTS {
            return Err(TOO_LARGE);
        }
        Ok(Value::Text(text.0.into_bump_str()))
    }

    /// The text of a value.
    pub(super) fn shown(self, value: &Value<'_>) -> &'a str {
        let mut bytes = self.arena.bytes.borrow_mut();
        bytes.clear();
        value.write_text(&mut bytes);
        self.arena.bump.alloc_str(std::str::from_utf8(&bytes).unwrap_or_default())
    }
}

/// A text that grows to at most [`MAX_TEXT`].
pub(super) struct Text<'a>(Build<'a>);

impl Text<'_> {
    pub(super) fn push(&mut self, char: char) -> Result<(), Code> {
        self.push_str(char.encode_utf8(&mut [0; 4]))
    }

    /// The rest of the text, as long as it is ASCII, in capitals.
    pub(super) fn push_ascii_uppercase(&mut self, text: &str) -> Result<(), Code> {
        let start = self.0.len();
        self.push_str(text)?;
        self.0[start..].make_ascii_uppercase();
        Ok(())
    }

    pub(super) fn push_str(&mut self, text: &str) -> Result<(), Code> {
        if self.0.len() + text.len() > MAX_TEXT {
            return Err(TOO_LARGE);
        }
        self.0.push_str(text);
        Ok(())
    }
}

/// Something that is made once, from arguments that are constant.
#[derive(Debug)]
pub(super) enum Resource {
    Regex {
        regex: Regex,
        /// Every occurrence, not the first alone.
        global: bool,
    },
    Decoder(Decoder),
    Zone(Zone),
    Unit(Unit),
    /// Digits of a decimal: in all, after the point.
    Digits(u8, u8),
    Like(like::Plain),
}

/// The code of a function. Arguments have the types of the parameters; where they have not, the result is null.
pub(super) type Body = for<'a> fn(Env<'a>, &[Value<'a>]) -> Outcome<'a>;

/// Makes the resource. Gets the constants among the arguments; an error says which argument is wrong and how.
pub(super) type Prepare = fn(&[Option<&Constant>]) -> Result<Option<Resource>, Unfit>;

/// A constant argument that cannot be right.
#[derive(Debug)]
pub(super) struct Unfit {
    pub(super) argument: usize,
    pub(super) message: String,
    pub(super) help: String,
}

impl Unfit {
    pub(super) fn new(
        argument: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { argument, message: message.into(), help: help.into() }
    }
}

/// An argument, for the type of the result.
pub(super) struct Argument<'c> {
    pub(super) kind: Option<Type>,
    pub(super) constant: Option<&'c Constant>,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// `text`
    Text,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// A decimal of any digits; an `int` becomes one.
    Number,
    /// `float`; other numbers become one.
    Float,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `timestamp`; a `date` becomes its midnight.
    Timestamp,
    /// `timestamptz`
    Instant,
    /// `interval`
    Interval,
    /// `text`, or something whose text is the same everywhere: `int`, decimals, `date`, `uuid`.
    Plain,
    /// Anything that can be compared; all such arguments have one type.
    Comparable,
    /// `text` that is written in the expression.
    Literal,
}

/// What nulls among the arguments do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// They make the result null, and nothing else does.
    Strict,
    /// They make the result null, and other arguments can, too.
    Partial,
    /// The function sees them. Its result is null only if all arguments are.
    Seen,
    /// The function sees them, and its result may be null whatever they are.
    Any,
    /// The function sees them, and its result is never null.
    Never,
}

/// A function for one combination of types.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) params: &'static [Param],
    /// The last parameter may be given several times.
    pub(super) repeats: bool,
    pub(super) nulls: Nulls,
    pub(super) result: fn(&[Argument<'_>]) -> Type,
    pub(super) prepare: Option<Prepare>,
    pub(super) body: Body,
}

impl Function {
    pub(super) const fn new(
        name: &'static str,
        params: &'static [Param],
        result: fn(&[Argument<'_>]) -> Type,
        body: Body,
    ) -> Self {
        let (repeats, nulls, prepare) = (false, Nulls::Strict, None);
        Self { name, params, repeats, nulls, result, prepare, body }
    }

    /// Whether its result is its argument.
    pub(super) fn changes_nothing(&self) -> bool {
        std::ptr::eq(self, &raw const cast::SAME)
    }

    /// Which arithmetic of exact numbers it is, if it is one: that is done without a call.
    pub(super) fn operator(&self) -> Option<Operator> {
        let exact =
            matches!(self.params, [Param::Int, Param::Int] | [Param::Number, Param::Number]);
        exact.then(|| Operator::of(self.name)).flatten()
    }

    /// Whether it is `||` of texts.
    pub(super) fn joins(&self) -> bool {
        self.name == JOIN.name && self.params == JOIN.params
    }

    pub(super) const fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    pub(super) const fn nulls(mut self, nulls: Nulls) -> Self {
        self.nulls = nulls;
        self
    }

    pub(super) const fn prepare(mut self, prepare: Prepare) -> Self {
        self.prepare = Some(prepare);
        self
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.name, self.params)
    }
}

/// All of them; several of one name stand together.
fn all() -> impl Iterator<Item = &'static Function> {
    [number::FUNCTIONS, text::FUNCTIONS, pattern::FUNCTIONS, moment::FUNCTIONS, zone::FUNCTIONS]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests;

/// What there is.
pub(super) fn signatures() -> Vec<Signature> {
    all()
        .map(|function| Signature {
            name: function.name,
            params: function.params.to_vec(),
            repeats: function.repeats,
            gives_interval: (function.result)(&[]) == Type::Interval,
        })
        .collect()
}

/// Types of results that do not depend on the arguments.
mod gives {
    use super::{Argument, Type};

    pub(super) fn text(_: &[Argument<'_>]) -> Type {
        Type::Text
    }
    pub(super) fn bool(_: &[Argument<'_>]) -> Type {
        Type::Bool
    }
    pub(super) fn int(_: &[Argument<'_>]) -> Type {
        Type::Int
    }
    pub(super) fn number(_: &[Argument<'_>]) -> Type {
        Type::Number
    }
    pub(super) fn float(_: &[Argument<'_>]) -> Type {
        Type::Float
    }
    pub(super) fn date(_: &[Argument<'_>]) -> Type {
        Type::Date
    }
    pub(super) fn time(_: &[Argument<'_>]) -> Type {
        Type::Time
    }
    pub(super) fn timestamp(_: &[Argument<'_>]) -> Type {
        Type::Timestamp
    }
    pub(super) fn instant(_: &[Argument<'_>]) -> Type {
        Type::Instant
    }
    pub(super) fn interval(_: &[Argument<'_>]) -> Type {
        Type::Interval
    }
    /// That of the first argument.
    pub(super) fn same(arguments: &[Argument<'_>]) -> Type {
        arguments.first().and_then(|first| first.kind.clone()).unwrap_or(Type::Text)
    }
}
