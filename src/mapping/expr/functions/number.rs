//! Numbers.
//!
//! Whole numbers have 64 bits and decimals 38 digits; what does not fit is refused and never wraps around. Division of
//! whole numbers drops the fraction, as in SQL. `ceil`, `floor`, `round`, `trunc` and `sign` of a whole number give a
//! whole number.

use super::{
    Code, DIVISION_BY_ZERO, Env, Function, Nulls, OUT_OF_RANGE, Outcome,
    Param::{Comparable, Date, Float, Int, Number},
    gives, sizes,
};
use crate::mapping::value::{Decimal, TICKS_PER_DAY, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("+", &[Int, Int], gives::int, |_, a| arithmetic(Operator::Add, a)),
    Function::new("+", &[Number, Number], sizes::sum, |_, a| arithmetic(Operator::Add, a)),
    Function::new("+", &[Float, Float], gives::float, |_, a| floats(a, |a, b| a + b)),
    Function::new("+", &[Int], gives::int, |_, a| Ok(a[0])),
    Function::new("+", &[Number], gives::same, |_, a| Ok(a[0])),
    Function::new("+", &[Float], gives::float, |_, a| Ok(a[0])),
    Function::new("-", &[Int, Int], gives::int, |_, a| arithmetic(Operator::Subtract, a)),
    Function::new("-", &[Number, Number], sizes::sum, |_, a| arithmetic(Operator::Subtract, a)),
    Function::new("-", &[Float, Float], gives::float, |_, a| floats(a, |a, b| a - b)),
    Function::new("*", &[Int, Int], gives::int, |_, a| arithmetic(Operator::Multiply, a)),
    Function::new("*", &[Number, Number], sizes::product, |_, a| arithmetic(Operator::Multiply, a)),
    Function::new("*", &[Float, Float], gives::float, multiply_floats),
    Function::new("/", &[Int, Int], gives::int, |_, a| arithmetic(Operator::Divide, a)),
    Function::new("/", &[Number, Number], gives::number, |_, a| arithmetic(Operator::Divide, a)),
    Function::new("/", &[Float, Float], gives::float, divide_floats),
    Function::new("%", &[Int, Int], gives::int, |_, a| arithmetic(Operator::Remainder, a)),
    Function::new("%", &[Number, Number], sizes::remainder, |_, a| {
        arithmetic(Operator::Remainder, a)
    }),
    Function::new("mod", &[Int, Int], gives::int, |_, a| arithmetic(Operator::Mod, a)),
    Function::new("mod", &[Number, Number], sizes::remainder, |_, a| arithmetic(Operator::Mod, a)),
    Function::new("abs", &[Int], gives::int, |_, a| integer(a, i64::checked_abs)),
    Function::new("abs", &[Number], gives::same, |_, a| {
        decimal(a, |a| if a.mantissa < 0 { -a } else { a })
    }),
    Function::new("abs", &[Float], gives::float, |_, a| float(a, f64::abs)),
    Function::new("ceil", &[Int], gives::int, |_, a| Ok(a[0])),
    Function::new("ceil", &[Number], sizes::whole, |_, a| decimal(a, Decimal::ceil)),
    Function::new("ceil", &[Float], gives::float, |_, a| float(a, f64::ceil)),
    Function::new("ceiling", &[Int], gives::int, |_, a| Ok(a[0])),
    Function::new("ceiling", &[Number], sizes::whole, |_, a| decimal(a, Decimal::ceil)),
    Function::new("ceiling", &[Float], gives::float, |_, a| float(a, f64::ceil)),
    Function::new("floor", &[Int], gives::int, |_, a| Ok(a[0])),
    Function::new("floor", &[Number], sizes::whole, |_, a| decimal(a, Decimal::floor)),
    Function::new("floor", &[Float], gives::float, |_, a| float(a, f64::floor)),
    Function::new("round", &[Int], gives::int, |_, a| Ok(a[0])),
    Function::new("round", &[Number], sizes::rounded, |_, a| digits(a, Decimal::rounded)),
    Function::new("round", &[Float], gives::float, |_, a| float(a, f64::round_ties_even)),
    Function::new("round", &[Number, Int], sizes::rounded, |_, a| digits(a, Decimal::rounded)),
    Function::new("trunc", &[Int], gives::int, |_, a| Ok(a[0])),
    Function::new("trunc", &[Number], sizes::rounded, |_, a| digits(a, Decimal::truncated)),
    Function::new("trunc", &[Float], gives::float, |_, a| float(a, f64::trunc)),
    Function::new("trunc", &[Number, Int], sizes::rounded, |_, a| digits(a, Decimal::truncated)),
    Function::new("sign", &[Int], gives::int, |_, a| integer(a, |a| Some(a.signum()))),
    Function::new("sign", &[Number], sizes::whole, |_, a| {
        decimal(a, |a| Decimal { mantissa: a.mantissa.signum(), scale: 0 })
    }),
    Function::new("sign", &[Float], gives::float, |_, a| {
        float(a, |a| if a == 0.0 || a.is_nan() { a } else { a.signum() })
    }),
    Function::new("greatest", &[Comparable], gives::same, |_, a| Ok(best(a, true)))
        .repeats()
        .nulls(Nulls::Seen),
    Function::new("least", &[Comparable], gives::same, |_, a| Ok(best(a, false)))
        .repeats()
        .nulls(Nulls::Seen),
    Function::new("nullif", &[Comparable, Comparable], gives::same, |_, a| {
        let same = a[0].compare(&a[1]).is_some_and(|order| order.is_eq());
        Ok(if same { Value::Null } else { a[0] })
    })
    .nulls(Nulls::Any),
];

/// Arithmetic of two whole numbers or two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping::expr) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    /// The remainder by its other name.
    Mod,
}

/// What such arithmetic gives.
pub(in crate::mapping::expr) enum Exact {
    Null,
    Int(i64),
    Decimal(Decimal),
}

impl Operator {
    const ALL: [Self; 6] =
        [Self::Add, Self::Subtract, Self::Multiply, Self::Divide, Self::Remainder, Self::Mod];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.sign() == name)
    }

    /// As it is written.
    pub(in crate::mapping::expr) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Mod => "mod",
        }
    }

    /// The result; null where an operand is, or is no such number.
    ///
    /// # Errors
    /// What the function of this name in [`FUNCTIONS`] says.
    #[inline]
    pub(in crate::mapping::expr) fn apply(
        self,
        left: &Value<'_>,
        right: &Value<'_>,
    ) -> Result<Exact, Code> {
        match (left, right) {
            (Value::Decimal(a), Value::Decimal(b)) => self.decimals(*a, *b).map(Exact::Decimal),
            (Value::Int(a), Value::Int(b)) => self.integers(*a, *b).map(Exact::Int),
            _ => Ok(Exact::Null),
        }
    }

    fn integers(self, a: i64, b: i64) -> Result<i64, Code> {
        match self {
            Self::Add => a.checked_add(b),
            Self::Subtract => a.checked_sub(b),
            Self::Multiply => a.checked_mul(b),
            _ if b == 0 => return Err(DIVISION_BY_ZERO),
            Self::Divide => a.checked_div(b),
            // The remainder of the least number by -1 is zero, though its quotient does not exist.
            Self::Remainder | Self::Mod => Some(a.wrapping_rem(b)),
        }
        .ok_or(OUT_OF_RANGE)
    }

    fn decimals(self, a: Decimal, b: Decimal) -> Result<Decimal, Code> {
        match self {
            Self::Add => a.checked_add(b),
            Self::Subtract => a.checked_sub(b),
            Self::Multiply => a.checked_mul(b),
            _ if b.mantissa == 0 => return Err(DIVISION_BY_ZERO),
            Self::Divide => a.checked_div(b),
            Self::Remainder | Self::Mod => a.checked_rem(b),
        }
        .ok_or(OUT_OF_RANGE)
    }
}

/// An operator as a function of the table.
fn arithmetic<'a>(operator: Operator, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [left, right] = arguments else { return Ok(Value::Null) };
    Ok(match operator.apply(left, right)? {
        Exact::Null => Value::Null,
        Exact::Int(number) => Value::Int(number),
        Exact::Decimal(number) => Value::Decimal(number),
    })
}

/// The sign in front of a number.
pub(in crate::mapping::expr) const NEGATE: &[Function] = &[
    Function::new("-", &[Int], gives::int, |_, a| integer(a, i64::checked_neg)),
    Function::new("-", &[Number], gives::same, |_, a| decimal(a, |a| -a)),
    Function::new("-", &[Float], gives::float, |_, a| float(a, |a| -a)),
    Function::new("-", &[super::Param::Interval], gives::interval, |_, a| match a {
        [Value::Interval(a)] => a.checked_neg().map(Value::Interval).ok_or(OUT_OF_RANGE),
        _ => Ok(Value::Null),
    }),
];

/// Whole numbers where a decimal is needed; decimals stay.
static AS_NUMBER: Function = Function::new("decimal", &[Int], gives::number, |_, a| {
    Ok(match a {
        [Value::Int(int)] => Value::Decimal(Decimal::from(*int)),
        other => other.first().copied().unwrap_or_default(),
    })
});

/// Numbers where a float is needed.
static AS_FLOAT: Function = Function::new("float", &[Number], gives::float, |_, a| {
    Ok(match a {
        [Value::Int(int)] => Value::Float(*int as f64),
        [Value::Decimal(decimal)] => Value::Float(decimal.to_f64()),
        other => other.first().copied().unwrap_or_default(),
    })
});

/// Dates where a timestamp is needed.
static AS_TIMESTAMP: Function = Function::new("timestamp", &[Date], gives::timestamp, |_, a| {
    Ok(match a {
        [Value::Date(days)] => Value::Timestamp(i64::from(*days) * TICKS_PER_DAY),
        other => other.first().copied().unwrap_or_default(),
    })
});

pub(in crate::mapping::expr) fn as_number() -> &'static Function {
    &AS_NUMBER
}

pub(in crate::mapping::expr) fn as_float() -> &'static Function {
    &AS_FLOAT
}

pub(in crate::mapping::expr) fn as_timestamp() -> &'static Function {
    &AS_TIMESTAMP
}

fn integer<'a>(arguments: &[Value<'a>], compute: impl Fn(i64) -> Option<i64>) -> Outcome<'a> {
    match arguments {
        [Value::Int(a)] => compute(*a).map(Value::Int).ok_or(OUT_OF_RANGE),
        _ => Ok(Value::Null),
    }
}

fn decimal<'a>(arguments: &[Value<'a>], compute: impl Fn(Decimal) -> Decimal) -> Outcome<'a> {
    match arguments {
        [Value::Decimal(a)] => Ok(Value::Decimal(compute(*a))),
        _ => Ok(Value::Null),
    }
}

/// A decimal at a number of digits after the point, 0 unless there is a second argument.
fn digits<'a>(
    arguments: &[Value<'a>],
    compute: impl Fn(Decimal, i32) -> Option<Decimal>,
) -> Outcome<'a> {
    let (number, digits) = match arguments {
        [Value::Decimal(number)] => (*number, 0),
        // Beyond a hundred digits on either side nothing changes.
        [Value::Decimal(number), Value::Int(digits)] => {
            (*number, (*digits).clamp(-100, 100) as i32)
        }
        _ => return Ok(Value::Null),
    };
    compute(number, digits).map(Value::Decimal).ok_or(OUT_OF_RANGE)
}

fn float<'a>(arguments: &[Value<'a>], compute: impl Fn(f64) -> f64) -> Outcome<'a> {
    match arguments {
        [Value::Float(a)] => Ok(Value::Float(compute(*a))),
        _ => Ok(Value::Null),
    }
}

/// A result that is infinite though the arguments are not is out of range.
fn floats<'a>(arguments: &[Value<'a>], compute: impl Fn(f64, f64) -> f64) -> Outcome<'a> {
    let [Value::Float(a), Value::Float(b)] = arguments else { return Ok(Value::Null) };
    let result = compute(*a, *b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(OUT_OF_RANGE);
    }
    Ok(Value::Float(result))
}

/// Also a product that is zero though no factor is.
fn multiply_floats<'a>(_: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match (arguments, floats(arguments, |a, b| a * b)?) {
        ([Value::Float(a), Value::Float(b)], Value::Float(0.0)) if *a != 0.0 && *b != 0.0 => {
            Err(OUT_OF_RANGE)
        }
        (_, product) => Ok(product),
    }
}

fn divide_floats<'a>(_: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Float(a), Value::Float(0.0)] if !a.is_nan() => Err(DIVISION_BY_ZERO),
        [Value::Float(a), Value::Float(b)] => match floats(arguments, |a, b| a / b)? {
            Value::Float(0.0) if *a != 0.0 && b.is_finite() => Err(OUT_OF_RANGE),
            quotient => Ok(quotient),
        },
        _ => Ok(Value::Null),
    }
}

/// The greatest or the least; nulls do not count.
fn best<'a>(values: &[Value<'a>], greatest: bool) -> Value<'a> {
    let mut best = Value::Null;
    for value in values.iter().filter(|value| !value.is_null()) {
        let better = best
            .compare(value)
            .is_none_or(|order| if greatest { order.is_lt() } else { order.is_gt() });
        if better {
            best = *value;
        }
    }
    best
}
