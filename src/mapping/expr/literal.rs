//! Literals.

use std::sync::LazyLock;

use sqlparser::ast::{DataType, TimezoneInfo};

use super::tree::Constant;
use crate::mapping::{
    decode::{self, DecodeSpec, Decoder},
    value::{Decimal, Type, Value},
};

/// Why a literal is none: message and help.
pub(super) type LiteralError = (String, String);

/// A number as SQL writes it, `12`, `1.5`, `.5` or `5.`, of at most 38 digits.
pub(super) fn number(text: &str, negative: bool) -> Result<Constant, LiteralError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err((
            format!("`{text}` is no plain number"),
            "write it with digits and a point only".to_owned(),
        ));
    }
    let whole = if text.starts_with('.') { "0" } else { "" };
    let plain = format!("{whole}{}", text.strip_suffix('.').unwrap_or(text));
    let value = Decimal::parse(&plain).ok_or_else(|| {
        ("the number has more than 38 digits".to_owned(), "compare it as text".to_owned())
    })?;
    let value = if negative { -value } else { value };
    Ok(match value.to_i64() {
        Some(int) if value.scale == 0 => Constant::Int(int),
        _ => Constant::Decimal(value),
    })
}

/// A literal with its type in front, such as `DATE '2021-01-31'`; `None` for a type that has none.
pub(super) fn typed(kind: &DataType, text: &str) -> Option<Result<Constant, LiteralError>> {
    let (decoder, example) = match kind {
        DataType::Date => (&*DATE, "DATE '2021-01-31'"),
        DataType::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            (&*TIME, "TIME '23:59:59'")
        }
        DataType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            (&*TIMESTAMP, "TIMESTAMP '2021-01-31 23:59:59'")
        }
        DataType::Timestamp(None, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => {
            (&*INSTANT, "TIMESTAMPTZ '2021-01-31 23:59:59+01:00'")
        }
        DataType::Uuid => (&*UUID, "UUID '0f8fad5b-d9cb-469f-a165-70867728950e'"),
        _ => return None,
    };
    let constant = match decoder.decode(text) {
        Ok(Value::Date(value)) => Constant::Date(value),
        Ok(Value::Time(value)) => Constant::Time(value),
        Ok(Value::Timestamp(value)) => Constant::Timestamp(value),
        Ok(Value::Instant(value)) => Constant::Instant(value),
        Ok(Value::Uuid(value)) => Constant::Uuid(value),
        _ => {
            let message = format!("`{text}` is no {}", decoder.kind());
            return Some(Err((message, format!("write for instance {example}"))));
        }
    };
    Some(Ok(constant))
}

/// Whether a text would be a literal of `kind`, for suggestions.
pub(super) fn would_be(text: &str, kind: &Type) -> bool {
    match kind {
        Type::Int | Type::Decimal { .. } | Type::Float => Decimal::parse(text).is_some(),
        Type::Date => DATE.decode(text).is_ok(),
        Type::Time => TIME.decode(text).is_ok(),
        Type::Timestamp => TIMESTAMP.decode(text).is_ok(),
        Type::Instant => INSTANT.decode(text).is_ok(),
        Type::Uuid => UUID.decode(text).is_ok(),
        _ => false,
    }
}

static DATE: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Date));
static TIME: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Time));
static TIMESTAMP: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Timestamp));
static INSTANT: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Instant));
static UUID: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Uuid));

fn plain(kind: Type) -> Decoder {
    decode::compile(&DecodeSpec::of(kind)).expect("invariant: a type alone is a specification")
}
