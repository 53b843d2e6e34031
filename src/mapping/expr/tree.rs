//! Expressions as trees: as they were written, and as they were understood.

use std::{cmp::Ordering, ops::Range};

use super::Slot;
use crate::mapping::value::{Decimal, Type, Value};

/// A literal, owned.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Date(i32),
    Time(i64),
    Timestamp(i64),
    Instant(i64),
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
            Self::Date(value) => Value::Date(*value),
            Self::Time(value) => Value::Time(*value),
            Self::Timestamp(value) => Value::Timestamp(*value),
            Self::Instant(value) => Value::Instant(*value),
            Self::Uuid(value) => Value::Uuid(*value),
            Self::Text(value) => Value::Text(value),
        }
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
            Self::Date(_) => Type::Date,
            Self::Time(_) => Type::Time,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Instant(_) => Type::Instant,
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

/// An expression whose leaves are `L` and whose every node is an `N`.
#[derive(Debug, Clone)]
pub(super) enum Shape<L, N> {
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

/// An expression as it was written.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) shape: Shape<Written, Node>,
}

/// A leaf as it was understood.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Constant(Constant),
    Slot(Slot),
}

/// An expression as it was understood.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    /// None for a bare `NULL`.
    pub(super) kind: Option<Type>,
    pub(super) nullable: bool,
    pub(super) shape: Shape<Known, Checked>,
}
