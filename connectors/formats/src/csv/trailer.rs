//! Control totals: what the last record says about all before it.

use acequia_api::{Place, RecordError};

use super::{
    shape::{Record, Shaper},
    tape::Tape,
};
use crate::Totals;

/// What a trailer states, and about what.
#[derive(Debug, Clone, Default)]
pub(super) struct Trailer {
    /// What its line begins with, where it is not a kind of record.
    pub(super) prefix: Option<Vec<u8>>,
    /// The number of the kind that is counted and summed; without it, every data record.
    pub(super) kind: Option<usize>,
    /// The field of the trailer with the number of records, from 0.
    pub(super) count: Option<usize>,
    /// The field of the trailer with the sum, from 0.
    pub(super) sum: Option<usize>,
    /// The name of the summed field.
    pub(super) sum_of: Option<String>,
    /// Where the summed field stands in its records, from 0.
    pub(super) summed: Option<usize>,
    pub(super) marks: Marks,
}

/// How amounts are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    pub(super) decimal: char,
    pub(super) group: Option<char>,
}

impl Default for Marks {
    fn default() -> Self {
        Self { decimal: '.', group: None }
    }
}

/// An exact decimal number: `mantissa / 10^scale`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Amount {
    mantissa: i128,
    scale: u32,
}

/// The totals while reading; [`Totals`] is what is stored of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    count: u64,
    sum: Amount,
    unreadable: u64,
    pub(super) trailer: bool,
}

impl Tally {
    pub(super) fn resume(totals: &Totals) -> Self {
        let sum = Amount::parse(&totals.sum, Marks::default());
        Self {
            count: totals.count,
            sum: sum.unwrap_or_default(),
            unreadable: totals.unreadable + u64::from(sum.is_none()),
            trailer: totals.trailer,
        }
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            count: self.count,
            sum: self.sum.text(),
            unreadable: self.unreadable,
            trailer: self.trailer,
        }
    }

    /// Takes in a data record of the counted kind, the last that `shaper` has split.
    pub(super) fn add(
        &mut self,
        trailer: &Trailer,
        shaper: &mut Shaper,
        tape: &Tape,
        record: Record,
    ) {
        self.count += 1;
        let Some(index) = trailer.summed else { return };
        let amount = match shaper.text(tape, record, index) {
            Some(Ok(text)) => Amount::parse(text, trailer.marks),
            _ => None,
        };
        match amount.and_then(|amount| self.sum.plus(amount)) {
            Some(sum) => self.sum = sum,
            None => self.unreadable += 1,
        }
    }

    /// Takes in a record that could not be split.
    pub(super) fn add_unreadable(&mut self) {
        self.count += 1;
        self.unreadable += 1;
    }

    /// Holds the trailer, the last record that `shaper` has split, against the totals.
    ///
    /// # Errors
    /// They differ, or cannot be compared.
    pub(super) fn verify(
        &mut self,
        trailer: &Trailer,
        shaper: &mut Shaper,
        tape: &Tape,
        record: Record,
    ) -> Result<(), RecordError> {
        let mismatch = |detail: String| {
            RecordError::decode("decode.csv.trailer_mismatch")
                .at(tape.place(record.at))
                .detail(detail)
        };
        if let Some(index) = trailer.count {
            let stated = match shaper.text(tape, record, index) {
                Some(Ok(text)) => text.trim().parse::<u64>().ok(),
                _ => None,
            };
            match stated {
                None => return Err(mismatch(format!("its field {} holds no number", index + 1))),
                Some(stated) if stated != self.count => {
                    let counted = self.count;
                    return Err(mismatch(format!(
                        "it states {stated} records, {counted} were read"
                    )));
                }
                Some(_) => {}
            }
        }
        if let Some(index) = trailer.sum {
            let stated = match shaper.text(tape, record, index) {
                Some(Ok(text)) => Amount::parse(text, trailer.marks),
                _ => None,
            };
            let Some(stated) = stated else {
                return Err(mismatch(format!("its field {} holds no amount", index + 1)));
            };
            if self.unreadable > 0 {
                let records = self.unreadable;
                return Err(mismatch(format!("records without a readable amount: {records}")));
            }
            if !self.sum.equals(stated) {
                return Err(mismatch("the sum it states is not that of the records".to_owned()));
            }
        }
        self.trailer = true;
        Ok(())
    }
}

/// The failure of a unit whose trailer did not come.
pub(super) fn missing(place: Place) -> RecordError {
    RecordError::decode(super::TRAILER_MISSING)
        .at(place)
        .detail("the file ends without its trailer")
}

impl Amount {
    /// Reads an amount: sign, digits in groups or not, one decimal mark. Empty is nothing.
    pub(super) fn parse(text: &str, marks: Marks) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-').or_else(|| text.strip_suffix('-')) {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if digits.is_empty() {
            return (!negative && text.is_empty()).then(Self::default);
        }
        let (mut mantissa, mut scale, mut point, mut any) = (0_i128, 0, false, false);
        for c in digits.chars() {
            if let Some(digit) = c.to_digit(10) {
                mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(digit))?;
                scale += u32::from(point);
                any = true;
            } else if c == marks.decimal && !point {
                point = true;
            } else if Some(c) != marks.group || point {
                return None;
            }
        }
        any.then_some(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }

    fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let mantissa = self.at(scale)?.checked_add(other.at(scale)?)?;
        Some(Self { mantissa, scale })
    }

    fn equals(self, other: Self) -> bool {
        let scale = self.scale.max(other.scale);
        matches!((self.at(scale), other.at(scale)), (Some(a), Some(b)) if a == b)
    }

    fn at(self, scale: u32) -> Option<i128> {
        self.mantissa.checked_mul(10_i128.checked_pow(scale - self.scale)?)
    }

    fn text(self) -> String {
        if self.mantissa == 0 {
            return String::new();
        }
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return format!("{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        format!("{sign}{whole}.{part}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comma(text: &str) -> Option<String> {
        let marks = Marks { decimal: ',', group: Some('.') };
        Amount::parse(text, marks).map(Amount::text)
    }

    #[test]
    fn amounts_are_read_as_declared_and_never_guessed() {
        assert_eq!(comma("1.250,50").as_deref(), Some("1250.50"));
        assert_eq!(comma(" -0,05").as_deref(), Some("-0.05"));
        assert_eq!(comma("12-").as_deref(), Some("-12"));
        assert_eq!(comma("").as_deref(), Some(""));
        for wrong in ["1,2,3", "x", "-", ",", "1,5.0", "1e5"] {
            assert_eq!(comma(wrong), None, "{wrong}");
        }
        let point = |text| Amount::parse(text, Marks::default());
        assert!(point("1,5").is_none() && point(&"9".repeat(60)).is_none());
    }

    #[test]
    fn a_sum_is_exact_and_survives_being_stored() {
        let mut sum = Amount::default();
        for _ in 0..1000 {
            sum = sum.plus(Amount::parse("0.1", Marks::default()).unwrap()).unwrap();
        }
        assert!(sum.equals(Amount::parse("100.00", Marks::default()).unwrap()));
        let stored = Tally { sum, count: 1000, ..Tally::default() }.totals();
        assert!(Tally::resume(&stored).sum.equals(sum));
    }
}
