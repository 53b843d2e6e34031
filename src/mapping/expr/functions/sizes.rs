//! Digits of decimals that come out of arithmetic, as far as they are known before there are values.

use super::{Argument, Constant};
use crate::mapping::value::{MAX_DIGITS, Type};

/// Digits before and after the point.
fn digits(argument: &Argument<'_>) -> Option<(u8, u8)> {
    match argument.kind {
        Some(Type::Int) => Some((19, 0)),
        Some(Type::Decimal { precision, scale }) => Some((precision - scale, scale)),
        _ => None,
    }
}

/// As many digits as there are, at most 38; without a scale where not even that fits.
fn decimal(whole: u8, scale: u8) -> Type {
    if scale > MAX_DIGITS {
        return Type::Number;
    }
    Type::Decimal { precision: (whole.saturating_add(scale)).clamp(1, MAX_DIGITS), scale }
}

/// Of a sum or a difference.
pub(super) fn sum(arguments: &[Argument<'_>]) -> Type {
    match arguments {
        [a, b] => match (digits(a), digits(b)) {
            (Some((a, low)), Some((b, other))) => decimal(a.max(b) + 1, low.max(other)),
            _ => Type::Number,
        },
        _ => Type::Number,
    }
}

/// Of a product.
pub(super) fn product(arguments: &[Argument<'_>]) -> Type {
    match arguments {
        [a, b] => match (digits(a), digits(b)) {
            (Some((a, low)), Some((b, other))) => decimal(a + b, low + other),
            _ => Type::Number,
        },
        _ => Type::Number,
    }
}

/// Of a remainder.
pub(super) fn remainder(arguments: &[Argument<'_>]) -> Type {
    match arguments {
        [a, b] => match (digits(a), digits(b)) {
            (Some((_, low)), Some((b, other))) => decimal(b, low.max(other)),
            _ => Type::Number,
        },
        _ => Type::Number,
    }
}

/// Of a decimal cut or rounded to a number of digits: known if it is written in the expression.
pub(super) fn rounded(arguments: &[Argument<'_>]) -> Type {
    let scale = match arguments {
        [_] => Some(0),
        [_, Argument { constant: Some(Constant::Int(scale)), .. }] => {
            u8::try_from((*scale).max(0)).ok()
        }
        _ => None,
    };
    match (arguments.first().and_then(digits), scale) {
        // Rounding can make one digit more.
        (Some((whole, _)), Some(scale)) => decimal(whole + 1, scale),
        (None, Some(scale)) if scale <= MAX_DIGITS => {
            Type::Decimal { precision: MAX_DIGITS, scale }
        }
        _ => Type::Number,
    }
}

/// Of the number next to a decimal that is whole.
pub(super) fn whole(arguments: &[Argument<'_>]) -> Type {
    rounded(&arguments[..1.min(arguments.len())])
}
