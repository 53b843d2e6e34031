//! Arithmetic of decimals: exact, or refused.
//!
//! Sums, products and remainders have the digits after the point that PostgreSQL's `numeric` gives them, and no
//! result is rounded to make it fit: what needs more than 38 digits is none. Division cannot be exact; it has as
//! many digits as PostgreSQL chooses (at least 16 significant ones, `NUMERIC_MIN_SIG_DIGITS`), never more than
//! 38 after the point, rounded half away from zero. Intermediate results have 256 bits, which hold every product
//! of two decimals; nearly all of them fit into 128 bits or 64, where they cost a small part of that, and are computed there.

use ethnum::I256;

use super::{
    Decimal, MAX_DIGITS,
    decimal::{digits_of, power},
};

/// How many significant digits a quotient has at least.
const QUOTIENT_DIGITS: i32 = 16;

/// Decimal digits in one digit of PostgreSQL's `numeric`, on which the number of digits of a quotient depends.
const GROUP: i32 = 4;

impl Decimal {
    /// The sum, or `None` where it needs more than 38 digits. What is added may need more on the way.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.scale == other.scale {
            return Self::new(self.mantissa.checked_add(other.mantissa)?, self.scale);
        }
        let scale = self.scale.max(other.scale);
        let narrowly = |number: Self| product(number.mantissa, power(scale - number.scale));
        if let (Some(a), Some(b)) = (narrowly(self), narrowly(other))
            && let Some(sum) = a.checked_add(b)
        {
            return Self::new(sum, scale);
        }
        let wide =
            |number: Self| I256::from(number.mantissa) * I256::from(power(scale - number.scale));
        narrow(wide(self) + wide(other), scale)
    }

    /// The difference, or `None` where it needs more than 38 digits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(-other)
    }

    /// The product, with the digits after the point of both; `None` where it needs more than 38 digits.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let scale = self.scale + other.scale;
        if let Some(mantissa) = product(self.mantissa, other.mantissa) {
            return Self::new(mantissa, scale);
        }
        narrow(I256::from(self.mantissa) * I256::from(other.mantissa), scale)
    }

    /// The quotient; `None` where it needs more than 38 digits or the divisor is zero.
    pub fn checked_div(self, other: Self) -> Option<Self> {
        if other.mantissa == 0 {
            return None;
        }
        let scale = quotient_scale(self, other);
        let shift = i32::from(scale) + i32::from(other.scale) - i32::from(self.scale);
        if let Some(quotient) = quotient(self.mantissa, other.mantissa, shift) {
            return Self::new(quotient, scale);
        }
        let (mut above, mut below) = (I256::from(self.mantissa), I256::from(other.mantissa));
        if shift >= 0 {
            above = above.checked_mul(wide_power(shift)?)?;
        } else {
            below = below.checked_mul(wide_power(-shift)?)?;
        }
        narrow(divide_rounding(above, below), scale)
    }

    /// The remainder of a division whose quotient is cut to a whole number: it has the sign of the dividend. `None`
    /// where the divisor is zero.
    pub fn checked_rem(self, other: Self) -> Option<Self> {
        if other.mantissa == 0 {
            return None;
        }
        let scale = self.scale.max(other.scale);
        let narrowly = |number: Self| product(number.mantissa, power(scale - number.scale));
        if let (Some(above), Some(below)) = (narrowly(self), narrowly(other)) {
            return Self::new(above % below, scale);
        }
        let wide = |number: Self| {
            I256::from(number.mantissa).checked_mul(wide_power(i32::from(scale - number.scale))?)
        };
        narrow(wide(self)? % wide(other)?, scale)
    }

    /// Rounded half away from zero to `digits` after the point, or before it where they are negative; so many
    /// digits are also written. `None` where that needs more than 38 digits.
    pub fn rounded(self, digits: i32) -> Option<Self> {
        self.at(digits, divide_rounding_narrow, divide_rounding)
    }

    /// As [`rounded`](Self::rounded), towards zero.
    pub fn truncated(self, digits: i32) -> Option<Self> {
        self.at(digits, divide, |above, below| above / below)
    }

    /// The least whole number that is not below.
    #[must_use]
    pub fn ceil(self) -> Self {
        let one = power(self.scale);
        let whole = self.mantissa / one + i128::from(self.mantissa % one > 0);
        Self { mantissa: whole, scale: 0 }
    }

    /// The greatest whole number that is not above.
    #[must_use]
    pub fn floor(self) -> Self {
        Self { mantissa: self.mantissa.div_euclid(power(self.scale)), scale: 0 }
    }

    fn at(
        self,
        digits: i32,
        narrow_divide: impl Fn(i128, i128) -> i128,
        divide: impl Fn(I256, I256) -> I256,
    ) -> Option<Self> {
        let scale = u8::try_from(digits.max(0)).ok().filter(|scale| *scale <= MAX_DIGITS);
        let cut = i32::from(self.scale) - digits;
        if cut <= 0 {
            return self.with_scale(scale?);
        }
        if cut > 2 * i32::from(MAX_DIGITS) {
            return Self::new(0, scale?);
        }
        if cut <= i32::from(MAX_DIGITS) && digits >= 0 {
            return Self::new(narrow_divide(self.mantissa, power(cut as u8)), scale?);
        }
        let kept = divide(I256::from(self.mantissa), wide_power(cut)?);
        let back = wide_power(-digits.min(0))?;
        narrow(kept.checked_mul(back)?, scale?)
    }
}

/// The product, where it fits.
fn product(a: i128, b: i128) -> Option<i128> {
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(i128::from(a) * i128::from(b)),
        _ => a.checked_mul(b),
    }
}

/// `above × 10^shift / below`, rounded half away from zero, where 128 bits hold what is between. `below` is not zero.
fn quotient(above: i128, below: i128, shift: i32) -> Option<i128> {
    // What is shared out in tens, hundreds or thousands only gets other digits after the point.
    let (shift, below) = match ten_to(below) {
        Some(exponent) if shift >= exponent => (shift - exponent, 1),
        _ => (shift, below),
    };
    let factor = u8::try_from(shift).ok().filter(|shift| *shift <= MAX_DIGITS).map(power)?;
    let above = product(above, factor)?;
    Some(if below == 1 { above } else { divide_rounding_narrow(above, below) })
}

/// The exponent, where a number is a power of ten.
fn ten_to(number: i128) -> Option<i32> {
    let number = u64::try_from(number).ok().filter(|number| number % 10 == 0)?;
    let exponent = number.checked_ilog10()?;
    (10u64.pow(exponent) == number).then_some(exponent as i32)
}

/// Towards zero.
fn divide(above: i128, below: i128) -> i128 {
    // Division of 128 bits is slow, and nearly every number fits into 64.
    match (i64::try_from(above), i64::try_from(below)) {
        (Ok(above), Ok(below)) => i128::from(above) / i128::from(below),
        _ => above / below,
    }
}

/// Half away from zero.
fn divide_rounding_narrow(above: i128, below: i128) -> i128 {
    let (size, by) = (above.unsigned_abs(), below.unsigned_abs());
    let rounded = match (u64::try_from(size), u64::try_from(by)) {
        (Ok(size), Ok(by)) => {
            let (whole, rest) = (size / by, size % by);
            i128::from(whole) + i128::from(rest >= by - rest)
        }
        _ => {
            let whole = size / by;
            let rest = size - whole * by;
            whole as i128 + i128::from(rest >= by - rest)
        }
    };
    if (above < 0) == (below < 0) { rounded } else { -rounded }
}

fn narrow(mantissa: I256, scale: u8) -> Option<Decimal> {
    Decimal::new(i128::try_from(mantissa).ok()?, scale)
}

/// As [`divide_rounding_narrow`], of any size.
fn divide_rounding(above: I256, below: I256) -> I256 {
    let (whole, rest) = (above / below, above % below);
    // Twice the rest could overflow only if the divisor had 255 bits, and it has at most 38 + 38 digits.
    if rest.abs() >= below.abs() - rest.abs() {
        whole + if (above < 0) == (below < 0) { I256::ONE } else { I256::MINUS_ONE }
    } else {
        whole
    }
}

fn wide_power(exponent: i32) -> Option<I256> {
    I256::from(10).checked_pow(u32::try_from(exponent).ok()?)
}

/// Digits after the point of a quotient, as PostgreSQL's `select_div_scale` chooses them: from the place of the
/// first digit of either operand, in groups of four digits.
fn quotient_scale(above: Decimal, below: Decimal) -> u8 {
    let ((weight_above, first_above), (weight_below, first_below)) = (lead(above), lead(below));
    let weight = weight_above - weight_below - i32::from(first_above <= first_below);
    let least = i32::from(above.scale.max(below.scale));
    (QUOTIENT_DIGITS - weight * GROUP).max(least).min(i32::from(MAX_DIGITS)) as u8
}

/// In base 10,000: the exponent of the first digit, and that digit.
fn lead(number: Decimal) -> (i32, i128) {
    let digits = i32::from(digits_of(number.mantissa));
    if digits == 0 {
        return (0, 0);
    }
    let exponent = digits - 1 - i32::from(number.scale);
    let weight = exponent.div_euclid(GROUP);
    let shown = exponent - weight * GROUP + 1;
    let mantissa = number.mantissa.abs();
    let first = if digits >= shown {
        divide(mantissa, power((digits - shown) as u8))
    } else {
        mantissa * power((shown - digits) as u8)
    };
    (weight, first)
}

#[cfg(test)]
mod tests;
