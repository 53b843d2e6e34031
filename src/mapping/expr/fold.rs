//! Functions over the elements of a list: `count(LINES)`, `sum(LINES.AMOUNT * LINES.QUANTITY)`.
//!
//! A fold is a little program of its own: its argument is evaluated once for every element, whose columns stand in slots
//! meanwhile, and what comes of it stands in a slot of its own before the expression around it is evaluated. So the
//! expression itself sees one record, whatever lists that record has. Nulls do not count, as in SQL; of an empty list
//! everything but `count` is null. `ANY` and `ALL` are conditions and no aggregates: a null among the elements makes them
//! null unless another element decides, and of an empty list `ANY` is false and `ALL` true. A list that is not there is
//! empty. `string_agg` joins in the order of the list.

use std::sync::Arc;

use super::{
    Arena, Expr, Failure, Slot,
    functions::{MAX_TEXT, OUT_OF_RANGE, TOO_LARGE},
};
use crate::mapping::value::{Sum, Type, Value};

/// What a fold computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum Over {
    Count,
    Sum,
    Min,
    Max,
    StringAgg,
    /// Whether a condition holds for one of those for which it is known: `bool_or`.
    Some,
    /// Whether it holds for all of those: `bool_and`.
    Every,
    /// `= ANY`
    Any,
    /// `= ALL`
    All,
}

impl Over {
    const WORDS: [(&'static str, Over); 10] = [
        ("count", Over::Count),
        ("sum", Over::Sum),
        ("min", Over::Min),
        ("max", Over::Max),
        ("string_agg", Over::StringAgg),
        ("bool_or", Over::Some),
        ("bool_and", Over::Every),
        ("every", Over::Every),
        ("any", Over::Any),
        ("all", Over::All),
    ];

    /// The fold of a function's name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(word, _)| *word == name).map(|(_, over)| *over)
    }

    /// The name of the function.
    pub(super) fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, over)| *over == self).map_or("", |(word, _)| word)
    }

    /// The type of the result for an argument of a type; none where it takes no such argument.
    pub(super) fn result(self, argument: &Type) -> Option<Type> {
        Some(match (self, argument) {
            (Self::Count, _) => Type::Int,
            (Self::Sum, Type::Int) => Type::Int,
            (Self::Sum, Type::Decimal { scale, .. }) => {
                Type::Decimal { precision: crate::mapping::value::MAX_DIGITS, scale: *scale }
            }
            (Self::Sum, Type::Number) => Type::Number,
            (Self::Sum, Type::Float) => Type::Float,
            (Self::Min | Self::Max, Type::List(_) | Type::Group(_) | Type::Bool) => return None,
            (Self::Min | Self::Max, kind) => kind.clone(),
            (Self::StringAgg, Type::Text) => Type::Text,
            (Self::Some | Self::Every | Self::Any | Self::All, Type::Bool) => Type::Bool,
            _ => return None,
        })
    }
}

/// A fold, compiled.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct Fold {
    /// The list, by the slot of its name.
    pub(in crate::mapping) list: Slot,
    /// Columns of its elements that the argument reads, with their slots.
    pub(in crate::mapping) columns: Arc<[(usize, Slot)]>,
    /// Where the result stands.
    pub(in crate::mapping) result: Slot,
    pub(super) over: Over,
    /// None for the elements themselves.
    pub(super) argument: Option<Arc<Expr>>,
    pub(super) separator: Box<str>,
}

/// A fold on its way.
#[derive(Debug)]
pub(in crate::mapping) struct Folding<'a> {
    value: Value<'a>,
    /// Of whole numbers: on its way a sum may be larger than its result.
    sum: i128,
    /// Of decimals, the same.
    decimals: Sum,
    joined: Option<bumpalo::collections::String<'a>>,
    count: i64,
    null: bool,
}

impl Fold {
    /// Before the first element.
    pub(in crate::mapping) fn begin<'a>() -> Folding<'a> {
        Folding {
            value: Value::Null,
            sum: 0,
            decimals: Sum::default(),
            joined: None,
            count: 0,
            null: false,
        }
    }

    /// The list is too long for what is asked.
    pub(in crate::mapping) fn too_large(&self) -> Failure {
        Failure { code: TOO_LARGE, function: self.over.name() }
    }

    /// Takes one element, whose columns stand in `slots`.
    pub(in crate::mapping) fn step<'a>(
        &'a self,
        folding: &mut Folding<'a>,
        slots: &[Value<'a>],
        arena: &'a Arena,
    ) -> Result<(), Failure> {
        let value = match &self.argument {
            Some(argument) => argument.eval(slots, arena)?,
            None => Value::Bool(true),
        };
        if value.is_null() {
            folding.null = true;
            return Ok(());
        }
        folding.count += 1;
        let fail = |code| Failure { code, function: self.over.name() };
        folding.value = match (self.over, folding.value, value) {
            (Over::Count, ..) => Value::Null,
            (Over::StringAgg, _, Value::Text(text)) => {
                return self.join(folding, text, arena).map_err(fail);
            }
            (Over::Sum, _, Value::Int(int)) => {
                folding.sum += i128::from(int);
                Value::Null
            }
            (Over::Sum, _, Value::Decimal(decimal)) => {
                folding.decimals.add(decimal);
                Value::Null
            }
            (_, Value::Null, value) => value,
            (Over::Sum, Value::Float(a), Value::Float(b)) => {
                let sum = Some(a + b).filter(|sum| sum.is_finite());
                Value::Float(sum.ok_or_else(|| fail(OUT_OF_RANGE))?)
            }
            (Over::Min, least, value) => {
                if value.compare(&least).is_some_and(|order| order.is_lt()) { value } else { least }
            }
            (Over::Max, most, value) => {
                if value.compare(&most).is_some_and(|order| order.is_gt()) {
                    value
                } else {
                    most
                }
            }
            (Over::Some | Over::Any, Value::Bool(a), Value::Bool(b)) => Value::Bool(a || b),
            (Over::Every | Over::All, Value::Bool(a), Value::Bool(b)) => Value::Bool(a && b),
            (_, value, _) => value,
        };
        Ok(())
    }

    fn join<'a>(
        &self,
        folding: &mut Folding<'a>,
        text: &str,
        arena: &'a Arena,
    ) -> Result<(), &'static str> {
        match &mut folding.joined {
            None => {
                folding.joined = Some(bumpalo::collections::String::from_str_in(text, &arena.bump));
            }
            Some(joined) => {
                joined.push_str(&self.separator);
                joined.push_str(text);
                if joined.len() > MAX_TEXT {
                    return Err(TOO_LARGE);
                }
            }
        }
        Ok(())
    }

    /// After the last element.
    pub(in crate::mapping) fn end<'a>(&self, folding: Folding<'a>) -> Result<Value<'a>, Failure> {
        Ok(match (self.over, folding.joined) {
            (Over::Count, _) => Value::Int(folding.count),
            (Over::Sum, _) if folding.count > 0 => {
                let fail = Failure { code: OUT_OF_RANGE, function: self.over.name() };
                match self.argument.as_ref().map(|argument| argument.kind()) {
                    Some(Type::Int) => {
                        i64::try_from(folding.sum).map(Value::Int).map_err(|_| fail)?
                    }
                    Some(Type::Float) => folding.value,
                    _ => folding.decimals.total().map(Value::Decimal).ok_or(fail)?,
                }
            }
            (Over::Any | Over::All, _) => {
                let decisive = Value::Bool(self.over == Over::Any);
                match folding.value {
                    value if value == decisive => value,
                    _ if folding.null => Value::Null,
                    _ => Value::Bool(self.over == Over::All),
                }
            }
            (_, Some(joined)) => Value::Text(joined.into_bump_str()),
            (_, None) => folding.value,
        })
    }
}
