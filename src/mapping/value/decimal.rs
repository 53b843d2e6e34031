//! Exact decimals of at most 38 digits, what SQL's `decimal(38, s)` can hold.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    ops::Neg,
};

/// The most digits that a [`Decimal`] has, before and after the point together.
pub const MAX_DIGITS: u8 = 38;

/// `mantissa / 10^scale`. Equality, order and hash go by value: `1.5` equals `1.50`; writing keeps the scale.
///
/// Invariant: `|mantissa| < 10^38` and `scale <= 38`, kept by every function here; whoever fills the fields
/// directly keeps it too.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    /// All digits, as a whole number.
    pub mantissa: i128,
    /// How many of them stand after the point.
    pub scale: u8,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// The decimal of these digits, if there are at most 38 of them on either side of the point.
    pub fn new(mantissa: i128, scale: u8) -> Option<Self> {
        (scale <= MAX_DIGITS && mantissa.unsigned_abs() < POWERS[38].unsigned_abs())
            .then_some(Self { mantissa, scale })
    }

    /// Reads `-?digits[.digits]`: no plus sign, no exponent, no blanks, at least one digit on each side of a
    /// point, at most 38 significant digits and 38 after the point.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let mut mantissa: i128 = 0;
        let mut point = None;
        for (at, byte) in digits.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                }
                b'.' if point.is_none() && at > 0 => point = Some(at),
                _ => return None,
            }
        }
        let scale = point.map_or(0, |at| digits.len() - at - 1);
        if digits.is_empty() || point.is_some_and(|at| at + 1 == digits.len()) {
            return None;
        }
        Self::new(if negative { -mantissa } else { mantissa }, u8::try_from(scale).ok()?)
    }

    /// The same value with as few digits after the point as possible.
    #[must_use]
    pub fn normalised(self) -> Self {
        let Self { mut mantissa, mut scale } = self;
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self { mantissa, scale }
    }

    /// The same value with exactly `scale` digits after the point, or `None` where that would lose a digit or
    /// need more than 38.
    pub fn with_scale(self, scale: u8) -> Option<Self> {
        if scale > MAX_DIGITS {
            return None;
        }
        if scale == self.scale {
            return Some(self);
        }
        if scale >= self.scale {
            return Self::new(self.mantissa.checked_mul(power(scale - self.scale))?, scale);
        }
        let divisor = power(self.scale - scale);
        // Division of 128 bits is slow, and nearly every number fits into 64.
        let (whole, rest) = match (i64::try_from(self.mantissa), i64::try_from(divisor)) {
            (Ok(mantissa), Ok(divisor)) => {
                (i128::from(mantissa / divisor), i128::from(mantissa % divisor))
            }
            _ => (self.mantissa / divisor, self.mantissa % divisor),
        };
        (rest == 0).then_some(Self { mantissa: whole, scale })
    }

    /// Digits before the point, 0 for a number below one.
    pub fn integer_digits(self) -> u8 {
        let (mantissa, one) = (self.mantissa.unsigned_abs(), power(self.scale).unsigned_abs());
        // Division of 128 bits is slow, and nearly every number fits into 64.
        let whole = match (u64::try_from(mantissa), u64::try_from(one)) {
            (Ok(mantissa), Ok(one)) => u128::from(mantissa / one),
            _ => mantissa / one,
        };
        digits_of(whole as i128)
    }

    /// The whole number, if it is one and fits.
    pub fn to_i64(self) -> Option<i64> {
        i64::try_from(self.with_scale(0)?.mantissa).ok()
    }

    /// The nearest binary floating point number. Only for comparing with a value that is one already.
    pub fn to_f64(self) -> f64 {
        // Both are exact, and one division rounds once: what Clinger (1990) calls the fast case.
        if let (Ok(mantissa), true) = (i64::try_from(self.mantissa), self.scale <= 22)
            && mantissa.unsigned_abs() < 1 << 53
        {
            return mantissa as f64 / power(self.scale) as f64;
        }
        let mut digits = [0; LONGEST];
        let written = fill(&mut digits, self.mantissa, self.scale);
        std::str::from_utf8(written).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
    }

    /// Appends `-?digits[.digits]`, with exactly `scale` digits after the point.
    pub fn write(self, out: &mut Vec<u8>) {
        write_integer(out, self.mantissa, self.scale);
    }
}

/// Sign, 38 digits, a zero before the point and the point, and one to spare.
const LONGEST: usize = 42;

/// Appends `mantissa / 10^scale`.
pub(super) fn write_integer(out: &mut Vec<u8>, mantissa: i128, scale: u8) {
    out.extend_from_slice(fill(&mut [0; LONGEST], mantissa, scale));
}

fn fill(buffer: &mut [u8; LONGEST], mantissa: i128, scale: u8) -> &[u8] {
    let mut digits = Digits { rest: mantissa.unsigned_abs(), buffer, at: LONGEST };
    if scale > 0 {
        (0..scale).for_each(|_| digits.put_next());
        digits.put(b'.');
    }
    digits.put_next();
    while digits.rest > 0 {
        digits.put_next();
    }
    if mantissa < 0 {
        digits.put(b'-');
    }
    let at = digits.at;
    &buffer[at..]
}

/// A number written from its last digit to its first.
struct Digits<'b> {
    rest: u128,
    buffer: &'b mut [u8; LONGEST],
    at: usize,
}

impl Digits<'_> {
    fn put_next(&mut self) {
        // Division of 128 bits is slow, and nearly every number fits into 64.
        let digit = match u64::try_from(self.rest) {
            Ok(small) => {
                self.rest = u128::from(small / 10);
                small % 10
            }
            Err(_) => {
                let digit = self.rest % 10;
                self.rest /= 10;
                digit as u64
            }
        };
        self.put(b'0' + digit as u8);
    }

    fn put(&mut self, byte: u8) {
        self.at -= 1;
        self.buffer[self.at] = byte;
    }
}

/// How many digits a whole number has, 0 for zero.
pub(super) fn digits_of(number: i128) -> u8 {
    let size = number.unsigned_abs();
    let log = match u64::try_from(size) {
        Ok(small) => small.checked_ilog10(),
        Err(_) => size.checked_ilog10(),
    };
    log.map_or(0, |log| log as u8 + 1)
}

/// `10^exponent` for exponents up to 38.
pub(in crate::mapping) fn power(exponent: u8) -> i128 {
    POWERS[usize::from(exponent.min(MAX_DIGITS))]
}

const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { mantissa: i128::from(value), scale: 0 }
    }
}

impl Neg for Decimal {
    type Output = Self;

    fn neg(self) -> Self {
        Self { mantissa: -self.mantissa, scale: self.scale }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.mantissa.cmp(&other.mantissa);
        }
        // Bringing both to one scale could need 76 digits; whole parts and fractions by themselves cannot.
        let scale = self.scale.max(other.scale);
        let at_scale = |number: &Self| number.mantissa.checked_mul(power(scale - number.scale));
        if let (Some(a), Some(b)) = (at_scale(self), at_scale(other)) {
            return a.cmp(&b);
        }
        let split = |number: &Self| {
            let one = power(number.scale);
            (number.mantissa / one, number.mantissa % one * power(scale - number.scale))
        };
        split(self).cmp(&split(other))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { mantissa, scale } = self.normalised();
        (mantissa, scale).hash(state);
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; LONGEST];
        let written = fill(&mut digits, self.mantissa, self.scale);
        f.pad(std::str::from_utf8(written).unwrap_or_default())
    }
}
