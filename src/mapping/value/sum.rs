//! Sums of many decimals, judged when they are whole.

use ethnum::I256;

use super::{Decimal, MAX_DIGITS, decimal::power};

/// A sum on its way. It may need more digits than its result, and the order of the numbers changes nothing.
///
/// Numbers with the same digits after the point are added up in 128 bits. What does not go on there is kept as whole
/// ones and as parts of 10^38; each addition to either is of 128 bits, so that nothing short of 10^38 numbers could
/// overflow their 256.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::mapping) struct Sum {
    mantissa: i128,
    /// Of the mantissa.
    scale: u8,
    far: Option<(I256, I256)>,
    /// Digits after the point of the number with the most of them.
    digits: u8,
}

impl Sum {
    /// Adds one number.
    pub(in crate::mapping) fn add(&mut self, number: Decimal) {
        if self.scale == number.scale
            && let Some(sum) = self.mantissa.checked_add(number.mantissa)
        {
            self.mantissa = sum;
            return;
        }
        self.put_away();
        (self.mantissa, self.scale) = (number.mantissa, number.scale);
        self.digits = self.digits.max(number.scale);
    }

    /// All numbers together, with as many digits after the point as the one with the most of them; `None` where that
    /// needs more than 38 digits.
    pub(in crate::mapping) fn total(mut self) -> Option<Decimal> {
        if self.far.is_none() && self.scale == self.digits {
            return Decimal::new(self.mantissa, self.scale);
        }
        self.put_away();
        let (whole, parts) = self.far.unwrap_or_default();
        let one = I256::from(power(MAX_DIGITS));
        let (whole, parts) = (whole + parts / one, parts % one);
        let parts = parts / I256::from(power(MAX_DIGITS - self.digits));
        let mantissa = whole.checked_mul(I256::from(power(self.digits)))?.checked_add(parts)?;
        Decimal::new(i128::try_from(mantissa).ok()?, self.digits)
    }

    /// Moves what was added up in 128 bits to the rest.
    fn put_away(&mut self) {
        if self.mantissa == 0 {
            return;
        }
        let one = power(self.scale);
        let (whole, parts) = self.far.unwrap_or_default();
        self.far = Some((
            whole + I256::from(self.mantissa / one),
            parts + I256::from(self.mantissa % one * power(MAX_DIGITS - self.scale)),
        ));
        self.mantissa = 0;
    }
}
