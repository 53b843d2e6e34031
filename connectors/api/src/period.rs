//! A length of time as people write it in a configuration: `250ms`, `90 s`. One type for the daemon and for every
//! connector, so that one word means the same everywhere. A bare number is refused, since nobody can see its unit.

use std::{fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A length of time: a whole number and one of `ms`, `s`, `min`, `h`, `d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl FromStr for Period {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.strip_prefix(' ').unwrap_or(unit);
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        factor
            .and_then(|factor| number.parse::<u64>().ok()?.checked_mul(factor))
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or(
                "a length of time is a whole number and a unit: `250ms`, `5s`, `10min`, `6h`, `2d`",
            )
    }
}

/// With the largest unit that divides it.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let fits = UNITS.iter().rev().find(|(_, factor)| ms > 0 && ms.is_multiple_of(*factor));
        let (unit, factor) = fits.unwrap_or(&UNITS[0]);
        write!(f, "{}{unit}", ms / factor)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Period {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{1,12} ?(ms|s|min|h|d)$",
            "description": "A length of time: a whole number and a unit, such as `250ms`, `5s`, `10min`, `6h`, `2d`."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_written_and_written_as_read() {
        for text in ["250ms", "5s", "10min", "6h", "2d", "0ms"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        assert_eq!("90 s".parse::<Period>().unwrap().0, Duration::from_secs(90));
    }

    #[test]
    fn a_period_without_a_unit_or_with_a_strange_one_is_refused() {
        for text in ["5", "", "s", "5m", "-1s", "1.5s", "5  s", "99999999999999999999s"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
