//! Amounts as people write them: `250ms`, `16 MiB`, `20%`. A bare number is refused, since nobody can see its unit.

use std::{fmt, str::FromStr};

pub use acequia_api::Period;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An amount of memory: a whole number and one of `B`, `KiB`, `MiB`, `GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A share from `0%` to `100%`, in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    /// Whether `part` of `whole` is more than this share.
    pub fn exceeded_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * 100_000 > u128::from(whole) * u128::from(self.0)
    }
}

const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

impl FromStr for ByteSize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.strip_prefix(' ').unwrap_or(unit);
        let factor = SIZES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        factor
            .and_then(|factor| number.parse::<u64>().ok()?.checked_mul(factor))
            .map(Self)
            .ok_or("a size is a whole number and a unit: `512KiB`, `16MiB`, `2GiB`")
    }
}

/// With the largest unit that divides it.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = SIZES.iter().rev().find(|(_, size)| self.0 > 0 && self.0.is_multiple_of(*size));
        let (unit, size) = fits.unwrap_or(&SIZES[0]);
        write!(f, "{}{unit}", self.0 / size)
    }
}

impl FromStr for Percent {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "a share is a number from 0 to 100 and a percent sign: `20%`, `0.5%`";
        let number = text.strip_suffix('%').ok_or(SHAPE)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str, longest| {
            (1..=longest).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        };
        if !digits(whole, 3) || !digits(fraction, 3) {
            return Err(SHAPE);
        }
        let thousandths = format!("{whole}{fraction:0<3}").parse().map_err(|_| SHAPE)?;
        if thousandths > 100_000 { Err(SHAPE) } else { Ok(Self(thousandths)) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:03}", self.0 % 1000);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{}%", self.0 / 1000),
            rest => write!(f, "{}.{rest}%", self.0 / 1000),
        }
    }
}

macro_rules! as_text {
    ($type:ident, $pattern:literal, $doc:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $doc })
            }
        }
    };
}

as_text!(
    ByteSize,
    "^[0-9]{1,9} ?(B|KiB|MiB|GiB)$",
    "A size: a whole number and a unit, such as `512KiB`, `16MiB`, `2GiB`."
);
as_text!(
    Percent,
    r"^([0-9]{1,2}(\.[0-9]{1,3})?|100)%$",
    "A share: a number from 0 to 100 and a percent sign, such as `20%` or `0.5%`."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_written_and_written_as_read() {
        for text in ["16MiB", "3KiB", "1500B"] {
            assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
        }
        for text in ["20%", "0.5%", "100%", "12.125%", "0%"] {
            assert_eq!(text.parse::<Percent>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_amount_without_a_unit_or_with_a_strange_one_is_refused() {
        for text in ["16MB", "16", "1.5GiB"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
        for text in ["20", "101%", "-1%", "%", "1.2345%", "0x1%"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_is_exceeded_only_above_it() {
        let fifth: Percent = "20%".parse().unwrap();
        assert!(!fifth.exceeded_by(200, 1000));
        assert!(fifth.exceeded_by(201, 1000));
        assert!(!"100%".parse::<Percent>().unwrap().exceeded_by(1000, 1000));
    }
}
