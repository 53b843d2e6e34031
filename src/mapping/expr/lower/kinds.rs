//! The types that a cast may name.

use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

use crate::mapping::value::{MAX_DIGITS, Type};

/// Our type for SQL's word; otherwise what is wrong with it and what to write.
pub(super) fn target(kind: &DataType) -> Result<Type, (String, String)> {
    Ok(match kind {
        DataType::Text | DataType::Varchar(None) | DataType::CharacterVarying(None) => Type::Text,
        DataType::Int(None)
        | DataType::Integer(None)
        | DataType::BigInt(None)
        | DataType::Int8(None) => Type::Int,
        DataType::Numeric(digits) | DataType::Decimal(digits) | DataType::Dec(digits) => {
            return decimal(digits);
        }
        DataType::Double(ExactNumberInfo::None)
        | DataType::DoublePrecision
        | DataType::Float(ExactNumberInfo::None)
        | DataType::Float8 => Type::Float,
        DataType::Boolean | DataType::Bool => Type::Bool,
        DataType::Date => Type::Date,
        DataType::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Type::Time,
        DataType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            Type::Timestamp
        }
        DataType::Timestamp(None, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => Type::Instant,
        DataType::Uuid => Type::Uuid,
        DataType::Varchar(Some(CharacterLength::IntegerLength { .. }))
        | DataType::CharacterVarying(Some(_))
        | DataType::Char(_)
        | DataType::Character(_) => {
            let help = "cast to `text` and cut with `left(…, n)`".to_owned();
            return Err((format!("there is no type `{kind}`"), help));
        }
        other => {
            let help = "there are text, int, decimal(p,s), float, bool, date, time, timestamp, timestamptz \
                        and uuid";
            return Err((format!("there is no type `{other}`"), help.to_owned()));
        }
    })
}

fn decimal(digits: &ExactNumberInfo) -> Result<Type, (String, String)> {
    let (precision, scale) = match digits {
        ExactNumberInfo::None => return Ok(Type::Number),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    let small = |number: i64| u8::try_from(number).ok().filter(|number| *number <= MAX_DIGITS);
    match (i64::try_from(precision).ok().and_then(small), small(scale)) {
        (Some(precision), Some(scale)) if precision >= scale.max(1) => {
            Ok(Type::Decimal { precision, scale })
        }
        _ => Err((
            format!("a decimal cannot have the digits ({precision},{scale})"),
            format!("at most {MAX_DIGITS} in all, and no more after the point than in all"),
        )),
    }
}
