//! What refusals say: the code, and what a text should have looked like. Only from the specification, never from
//! a record.

use super::{
    DecodeSpec, Kernel, Sign,
    moment::{Moment, MomentKind},
};
use crate::mapping::value::Type;

/// The code of a text that is not of the type.
pub(super) fn code_of(kind: &Type) -> &'static str {
    match kind {
        Type::Bool => "decode.bool",
        Type::Int => "decode.int",
        Type::Decimal { .. } | Type::Number => "decode.decimal",
        Type::Float => "decode.float",
        Type::Date => "decode.date",
        Type::Time => "decode.time",
        Type::Timestamp => "decode.timestamp",
        Type::Instant => "decode.timestamptz",
        Type::Uuid => "decode.uuid",
        Type::Bytes => "decode.bytes",
        Type::Text | Type::Interval | Type::List(_) | Type::Group(_) => "decode.type",
    }
}

/// What a text should have looked like.
pub(super) fn expected(spec: &DecodeSpec, kernel: &Kernel, kind: &Type) -> String {
    match kernel {
        Kernel::Bool { true_if, false_if } => {
            let words: Vec<String> =
                true_if.iter().chain(false_if).map(|word| format!("`{word}`")).collect();
            words.join(" or ")
        }
        Kernel::Int(form) | Kernel::Decimal { form, .. } | Kernel::Float(form) => {
            let group = form.group.as_ref().map_or("", |mark| mark.as_str());
            let example = match (&form.decimal, form.implied) {
                (Some(decimal), _) => format!("9{group}999{}99", decimal.as_str()),
                (None, Some(implied)) => format!("9{group}999, the last {implied} after the point"),
                (None, None) => format!("9{group}999"),
            };
            let sign = match form.sign {
                Sign::Leading => "",
                Sign::Trailing => " with its sign behind",
                Sign::Overpunch => " with an overpunched sign",
                Sign::OverpunchLeading => " with an overpunched sign in front",
                Sign::Parentheses => ", in parentheses if negative",
            };
            format!("{kind} as {example}{sign}")
        }
        Kernel::Moment(Moment { count: Some(count), .. }) => count.expected().to_owned(),
        Kernel::Moment(moment) => match (&spec.format, moment.kind) {
            (Some(format), _) => format.clone(),
            (None, MomentKind::Date) => "YYYY-MM-DD".to_owned(),
            (None, MomentKind::Time) => "HH24:MI:SS".to_owned(),
            (None, MomentKind::Instant) if moment.zone.is_none() => {
                "YYYY-MM-DDTHH24:MI:SS with its offset".to_owned()
            }
            (None, _) => "YYYY-MM-DDTHH24:MI:SS".to_owned(),
        },
        Kernel::Uuid => "a uuid".to_owned(),
        Kernel::Hex => "pairs of hexadecimal digits".to_owned(),
        Kernel::Base64 => "base64".to_owned(),
        Kernel::Text | Kernel::Nested => kind.to_string(),
    }
}
