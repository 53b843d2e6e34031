//! Expressions as trees: as they were written, and as they were understood.

use std::{cmp::Ordering, ops::Range, sync::Arc};

use super::{
    Slot,
    functions::{Function, Resource},
};
use crate::mapping::value::{Decimal, Interval, Type, Value};

/// A literal, owned.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Float(f64),
    Date(i32),
    Time(i64),
    Timestamp(i64),
    Instant(i64),
    Interval(Interval),
    Uuid([u8; 16]),
    Text(Box<str>),
}

impl Constant {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Decimal(value) => Value::Decimal(*value),
            Self::Float(value) => Value::Float(*value),
            Self::Date(value) => Value::Date(*value),
            Self::Time(value) => Value::Time(*value),
            Self::Timestamp(value) => Value::Timestamp(*value),
            Self::Instant(value) => Value::Instant(*value),
            Self::Interval(value) => Value::Interval(*value),
            Self::Uuid(value) => Value::Uuid(*value),
            Self::Text(value) => Value::Text(value),
        }
    }

    /// The value, where it borrows nothing; null for a text.
    pub(super) fn into_value<'a>(self) -> Value<'a> {
        match self {
            Self::Null | Self::Text(_) => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Decimal(value) => Value::Decimal(value),
            Self::Float(value) => Value::Float(value),
            Self::Date(value) => Value::Date(value),
            Self::Time(value) => Value::Time(value),
            Self::Timestamp(value) => Value::Timestamp(value),
            Self::Instant(value) => Value::Instant(value),
            Self::Interval(value) => Value::Interval(value),
            Self::Uuid(value) => Value::Uuid(value),
        }
    }

    /// The constant that holds `value`; none for values that borrow from a record.
    pub(super) fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Decimal(value) => Self::Decimal(*value),
            Value::Date(value) => Self::Date(*value),
            Value::Time(value) => Self::Time(*value),
            Value::Timestamp(value) => Self::Timestamp(*value),
            Value::Instant(value) => Self::Instant(*value),
            Value::Interval(value) => Self::Interval(*value),
            Value::Uuid(value) => Self::Uuid(*value),
            Value::Text(value) => Self::Text((*value).into()),
            Value::Bytes(_) | Value::List(_) | Value::Group(_) => return None,
        })
    }

    /// Its type; none for `NULL`, which goes with every type.
    pub(super) fn kind(&self) -> Option<Type> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Decimal(value) => {
                let precision = (value.integer_digits() + value.scale).max(1);
                Type::Decimal { precision, scale: value.scale }
            }
            Self::Float(_) => Type::Float,
            Self::Date(_) => Type::Date,
            Self::Time(_) => Type::Time,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Instant(_) => Type::Instant,
            Self::Interval(_) => Type::Interval,
            Self::Uuid(_) => Type::Uuid,
            Self::Text(_) => Type::Text,
        })
    }
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Test {
    /// Whether two values in this order pass.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// An expression whose leaves are `L`, whose functions are called by a `C` and whose every node is an `N`.
#[derive(Debug, Clone)]
pub(super) enum Shape<L, C, N> {
    Leaf(L),
    Compare {
        test: Test,
        left: Box<N>,
        right: Box<N>,
    },
    /// `IS DISTINCT FROM`, or with `negated` `IS NOT DISTINCT FROM`.
    Distinct {
        negated: bool,
        left: Box<N>,
        right: Box<N>,
    },
    IsNull {
        negated: bool,
        operand: Box<N>,
    },
    /// `IS [NOT] TRUE`, `IS [NOT] FALSE`.
    IsTruth {
        truth: bool,
        negated: bool,
        operand: Box<N>,
    },
    In {
        negated: bool,
        operand: Box<N>,
        list: Vec<N>,
    },
    Between {
        negated: bool,
        operand: Box<N>,
        low: Box<N>,
        high: Box<N>,
    },
    Not(Box<N>),
    /// Two or more, joined by `AND`.
    All(Vec<N>),
    /// Two or more, joined by `OR`.
    Any(Vec<N>),
    /// `CASE`, with the operand that the branches are compared with, if there is one.
    Case {
        operand: Option<Box<N>>,
        branches: Vec<(N, N)>,
        otherwise: Option<Box<N>>,
    },
    Coalesce(Vec<N>),
    /// A function or an operator that makes a value of values.
    Call {
        callee: C,
        operands: Vec<N>,
    },
}

/// A leaf as it was written.
#[derive(Debug, Clone)]
pub(super) enum Written {
    Constant(Constant),
    Name {
        name: String,
        quoted: bool,
    },
    /// Already reported.
    Wrong,
}

/// What is called, as it was written.
#[derive(Debug, Clone)]
pub(super) enum Called {
    /// A function or an operator of this name.
    Name { name: String, span: Range<usize> },
    /// `CAST` to this type.
    Cast { target: Type },
}

/// An expression as it was written.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) shape: Shape<Written, Called, Node>,
}

/// A leaf as it was understood.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Constant(Constant),
    Slot(Slot),
}

/// What is called, as it was understood.
#[derive(Debug, Clone)]
pub(super) struct Callee {
    pub(super) function: &'static Function,
    /// What was prepared from operands that are constant.
    pub(super) resource: Option<Arc<Resource>>,
}

/// An expression as it was understood.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    /// None for a bare `NULL`.
    pub(super) kind: Option<Type>,
    pub(super) nullable: bool,
    pub(super) shape: Shape<Known, Callee, Checked>,
}

impl Checked {
    /// The constant that it is, if it is one.
    pub(super) fn as_constant(&self) -> Option<&Constant> {
        match &self.shape {
            Shape::Leaf(Known::Constant(constant)) => Some(constant),
            _ => None,
        }
    }
}
