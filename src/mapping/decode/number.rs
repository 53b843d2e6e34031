//! Numbers as legacy systems write them.

use super::{Fault, Sign};
use crate::mapping::value::{Decimal, MAX_DIGITS};

/// How numbers of one column are written.
#[derive(Debug, Clone)]
pub(super) struct NumberForm {
    /// Absent where a number has no fraction or does not show where it begins.
    pub(super) decimal: Option<Mark>,
    pub(super) group: Option<Mark>,
    pub(super) sign: Sign,
    /// Digits after a point that is not written.
    pub(super) implied: Option<u8>,
    /// Nothing was declared: a point is taken for the decimal mark only where it cannot be anything else.
    pub(super) assumed: bool,
}

/// One character, as the bytes by which it is found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    bytes: [u8; 4],
    len: usize,
}

impl From<char> for Mark {
    fn from(character: char) -> Self {
        let mut bytes = [0; 4];
        let len = character.encode_utf8(&mut bytes).len();
        Self { bytes, len }
    }
}

impl Mark {
    #[inline]
    fn leads(&self, text: &[u8]) -> bool {
        // Comparing what nearly always is one byte by a call would cost more than the rest.
        text.first() == Some(&self.bytes[0])
            && (self.len == 1 || text.starts_with(&self.bytes[..self.len]))
    }

    /// The character, for messages.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

/// A number without its sign, and the digit that an overpunched sign hid.
struct Unsigned<'a> {
    negative: bool,
    digits: &'a [u8],
    first: Option<u8>,
    last: Option<u8>,
}

/// Digits before and after the decimal mark.
struct Layout {
    whole: usize,
    fraction: usize,
    marked: bool,
}

impl Layout {
    /// Whether the number `text`, read with a decimal point, has the form of thousands as well: `1.234`, but
    /// neither `0.234` nor `1.234e5`.
    fn may_be_grouped(&self, text: &str) -> bool {
        let leading = text.trim_start_matches(['+', '-']).as_bytes();
        self.fraction == 3
            && (1..=3).contains(&self.whole)
            && !matches!(leading, [b'0', ..])
            && !leading.iter().any(u8::is_ascii_alphabetic)
    }
}

impl NumberForm {
    /// A whole number that fits into 64 bits; no decimal mark, no exponent.
    pub(super) fn int(&self, text: &str) -> Result<i64, Fault> {
        let Unsigned { negative, digits, first, last } = self.unsign(text.as_bytes())?;
        // Digits are gathered as a negative number, whose range is the wider one.
        let mut value: Option<i64> = Some(0);
        let mut take = |digit: u8| {
            value = value
                .and_then(|value| value.checked_mul(10))
                .and_then(|value| value.checked_sub(i64::from(digit)));
        };
        first.into_iter().for_each(&mut take);
        self.layout(digits, hidden(first, last), &mut take)?;
        last.into_iter().for_each(&mut take);
        match (value, negative) {
            (None, _) => Err(Fault::TooLarge),
            (Some(0), true) => Err(Fault::NegativeZero),
            (Some(value), true) => Ok(value),
            (Some(value), false) => value.checked_neg().ok_or(Fault::TooLarge),
        }
    }

    /// An exact decimal of at most `precision` digits, `scale` of them after the point; no exponent. The result
    /// has that scale.
    pub(super) fn decimal(&self, text: &str, precision: u8, scale: u8) -> Result<Decimal, Fault> {
        let Unsigned { negative, digits, first, last } = self.unsign(text.as_bytes())?;
        // Nearly every number fits into 64 bits, where it costs a fraction.
        let (mut small, mut value) = (0u64, None::<Option<i128>>);
        let mut take = |digit: u8| {
            if value.is_none() && small < u64::MAX / 10 {
                small = small * 10 + u64::from(digit);
                return;
            }
            let whole = value.unwrap_or(Some(i128::from(small)));
            value = Some(
                whole
                    .and_then(|value| value.checked_mul(10))
                    .and_then(|value| value.checked_add(i128::from(digit))),
            );
        };
        first.into_iter().for_each(&mut take);
        let layout = self.layout(digits, hidden(first, last), &mut take)?;
        last.into_iter().for_each(&mut take);
        let written = self.implied.map_or(layout.fraction, usize::from);
        if written > usize::from(scale) {
            return Err(Fault::TooFine);
        }
        if self.assumed && layout.may_be_grouped(text) {
            return Err(Fault::Ambiguous);
        }
        let value = value.unwrap_or(Some(i128::from(small)));
        let value = value.and_then(|value| Decimal::new(value, written as u8));
        let value = value.ok_or(Fault::TooLarge)?;
        if negative && value.mantissa == 0 {
            return Err(Fault::NegativeZero);
        }
        fit(if negative { -value } else { value }, precision, scale)
    }

    /// A finite binary floating point number, with or without exponent.
    pub(super) fn float(&self, text: &str) -> Result<f64, Fault> {
        const LONGEST: usize = 128;
        let exponent = text.find(['e', 'E']).unwrap_or(text.len());
        let Unsigned { negative, digits, .. } = self.unsign(&text.as_bytes()[..exponent])?;
        let mut plain = [0; LONGEST];
        let mut length = 0;
        let mut put = |byte: u8| {
            if let Some(place) = plain.get_mut(length) {
                *place = byte;
            }
            length += 1;
        };
        let mut nothing = true;
        let layout = self.layout(digits, 0, &mut |digit| {
            nothing &= digit == 0;
            put(b'0' + digit);
        })?;
        if self.assumed && layout.may_be_grouped(text) {
            return Err(Fault::Ambiguous);
        }
        // The digits stand there without their mark; the exponent moves it to its place.
        let shift = exponent_of(&text.as_bytes()[exponent..])?
            .checked_sub(i32::try_from(layout.fraction).map_err(|_| Fault::TooLarge)?)
            .ok_or(Fault::TooLarge)?;
        put(b'e');
        if shift < 0 {
            put(b'-');
        }
        let mut divisor = 1_000_000_000;
        while divisor > 0 {
            put(b'0' + (shift.unsigned_abs() / divisor % 10) as u8);
            divisor /= 10;
        }
        let number = plain.get(..length).ok_or(Fault::TooLarge)?;
        let value = std::str::from_utf8(number).ok().and_then(|number| number.parse::<f64>().ok());
        match value.ok_or(Fault::Form)? {
            value if value.is_infinite() => Err(Fault::TooLarge),
            0.0 if !nothing => Err(Fault::TooSmall),
            0.0 if negative => Err(Fault::NegativeZero),
            value => Ok(if negative { -value } else { value }),
        }
    }

    /// Takes the sign off.
    fn unsign<'a>(&self, text: &'a [u8]) -> Result<Unsigned<'a>, Fault> {
        let mut unsigned = Unsigned { negative: false, digits: text, first: None, last: None };
        match (self.sign, text) {
            (Sign::Leading, [b'-', rest @ ..])
            | (Sign::Trailing, [rest @ .., b'-'])
            | (Sign::Parentheses, [b'(', rest @ .., b')']) => {
                (unsigned.negative, unsigned.digits) = (true, rest);
            }
            (Sign::Leading, [b'+', rest @ ..]) | (Sign::Trailing, [rest @ .., b'+']) => {
                unsigned.digits = rest;
            }
            (Sign::Leading | Sign::Trailing | Sign::Parentheses, _) => {}
            (Sign::Overpunch, [rest @ .., last]) => {
                let (negative, digit) = overpunched(*last)?;
                unsigned = Unsigned { negative, digits: rest, first: None, last: Some(digit) };
            }
            (Sign::OverpunchLeading, [first, rest @ ..]) => {
                let (negative, digit) = overpunched(*first)?;
                unsigned = Unsigned { negative, digits: rest, first: Some(digit), last: None };
            }
            (Sign::Overpunch | Sign::OverpunchLeading, []) => return Err(Fault::Form),
        }
        Ok(unsigned)
    }

    /// Hands every digit to `take` and checks that the marks stand where they belong. `pending` digits follow
    /// that are not in `text`. A whole part may be missing before a mark (`,5`), a fraction after it may not.
    fn layout(
        &self,
        text: &[u8],
        pending: usize,
        take: &mut impl FnMut(u8),
    ) -> Result<Layout, Fault> {
        let mut layout = Layout { whole: 0, fraction: 0, marked: false };
        let mut grouped = false;
        let mut run = 0;
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let digit = byte.wrapping_sub(b'0');
            if digit <= 9 {
                take(digit);
                run += 1;
                at += 1;
            } else if let Some(decimal) = self.decimal
                && !layout.marked
                && decimal.leads(&text[at..])
            {
                close_group(grouped, run)?;
                layout.marked = true;
                layout.whole += run;
                run = 0;
                at += decimal.len;
            } else if let Some(group) = self.group
                && !layout.marked
                && group.leads(&text[at..])
                && if grouped { run == 3 } else { (1..=3).contains(&run) }
            {
                grouped = true;
                layout.whole += run;
                run = 0;
                at += group.len;
            } else {
                return Err(Fault::Form);
            }
        }
        run += pending;
        if layout.marked {
            layout.fraction = run;
        } else {
            close_group(grouped, run)?;
            layout.whole += run;
        }
        let missing = if layout.marked { layout.fraction == 0 } else { layout.whole == 0 };
        if missing { Err(Fault::Form) } else { Ok(layout) }
    }
}

/// Sign and digit of a character that stands for both.
fn overpunched(byte: u8) -> Result<(bool, u8), Fault> {
    Ok(match byte {
        b'0'..=b'9' => (false, byte - b'0'),
        b'{' => (false, 0),
        b'A'..=b'I' => (false, byte - b'A' + 1),
        b'}' => (true, 0),
        b'J'..=b'R' => (true, byte - b'J' + 1),
        _ => return Err(Fault::Form),
    })
}

/// How many digits were taken off with the sign.
fn hidden(first: Option<u8>, last: Option<u8>) -> usize {
    usize::from(first.is_some()) + usize::from(last.is_some())
}

fn close_group(grouped: bool, run: usize) -> Result<(), Fault> {
    if grouped && run != 3 { Err(Fault::Form) } else { Ok(()) }
}

/// The value with `scale` digits after the point, if it has at most `precision` digits then.
pub(super) fn fit(value: Decimal, precision: u8, scale: u8) -> Result<Decimal, Fault> {
    if value.integer_digits() > precision.saturating_sub(scale) {
        return Err(Fault::TooLarge);
    }
    debug_assert!(precision <= MAX_DIGITS, "invariant: a type has at most 38 digits");
    value.with_scale(scale).ok_or(Fault::TooFine)
}

/// Reads `e[+-]digits`, or nothing as zero.
fn exponent_of(text: &[u8]) -> Result<i32, Fault> {
    let digits = match text {
        [] => return Ok(0),
        [_, b'+' | b'-', digits @ ..] | [_, digits @ ..] => digits,
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Form);
    }
    let value = digits
        .iter()
        .try_fold(0i32, |value, digit| value.checked_mul(10)?.checked_add(i32::from(digit - b'0')));
    let value = value.filter(|value| *value < 1_000_000).ok_or(Fault::TooLarge)?;
    Ok(if text.get(1) == Some(&b'-') { -value } else { value })
}
