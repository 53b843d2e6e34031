//! Specifications to decoders: what is said must have a meaning, and one only.

use super::{
    DecodeSpec, Decoder, Kernel, SpecError, Trim,
    expected::{code_of, expected},
    fields::moment,
    moment::{Moment, MomentKind},
    number::NumberForm,
};
use crate::mapping::value::{Type, Value};

/// Makes a decoder of a specification.
///
/// # Errors
/// The first thing that is wrong with it, with the key where it is.
pub fn compile(spec: &DecodeSpec) -> Result<Decoder, SpecError> {
    check_options(spec)?;
    check_words(spec)?;
    let kernel = kernel(spec)?;
    let kind = match &kernel {
        Kernel::Moment(Moment { kind: MomentKind::Instant, .. }) => Type::Instant,
        Kernel::Moment(_) if spec.zone_later => Type::Instant,
        _ => spec.kind.clone(),
    };
    let values = |texts: &[String]| {
        let read = |text: &String| {
            let mut value = Value::Null;
            kernel.read(text, &mut None, &mut value).ok()?;
            owned(value)
        };
        texts.iter().filter_map(read).collect()
    };
    let (null_values, sentinel_values) = (values(&spec.null_if), values(&spec.sentinel));
    Ok(Decoder {
        verbatim: matches!(kernel, Kernel::Text)
            && spec.trim == Trim::None
            && spec.null_if.is_empty()
            && spec.sentinel.is_empty(),
        code: code_of(&kind),
        expected: expected(spec, &kernel, &kind).into(),
        kind,
        kernel,
        trim: spec.trim,
        null_texts: boxed(&spec.null_if),
        null_values,
        sentinel_texts: boxed(&spec.sentinel),
        sentinel_values,
    })
}

fn kernel(spec: &DecodeSpec) -> Result<Kernel, SpecError> {
    Ok(match &spec.kind {
        Type::Text => Kernel::Text,
        Type::Bool if spec.true_if.is_empty() => {
            Kernel::Bool { true_if: ["true".into()].into(), false_if: ["false".into()].into() }
        }
        Type::Bool => {
            Kernel::Bool { true_if: boxed(&spec.true_if), false_if: boxed(&spec.false_if) }
        }
        Type::Int => Kernel::Int(number_form(spec, 0)?),
        Type::Decimal { precision, scale } => Kernel::Decimal {
            form: number_form(spec, *scale)?,
            precision: *precision,
            scale: *scale,
        },
        Type::Float => Kernel::Float(number_form(spec, 0)?),
        Type::Date => Kernel::Moment(moment(spec, MomentKind::Date)?),
        Type::Time => Kernel::Moment(moment(spec, MomentKind::Time)?),
        Type::Timestamp if spec.zone.is_some() => {
            Kernel::Moment(moment(spec, MomentKind::Instant)?)
        }
        Type::Timestamp => Kernel::Moment(moment(spec, MomentKind::Timestamp)?),
        Type::Instant if spec.zone_later => Kernel::Moment(moment(spec, MomentKind::Timestamp)?),
        Type::Instant => Kernel::Moment(moment(spec, MomentKind::Instant)?),
        Type::Uuid => Kernel::Uuid,
        Type::Bytes => match spec.format.as_deref() {
            None | Some("hex") => Kernel::Hex,
            Some("base64") => Kernel::Base64,
            Some(other) => {
                return Err(SpecError {
                    key: "format",
                    code: "mapping.decode.format",
                    message: format!("bytes cannot be written as `{other}`"),
                    help: "write `hex` or `base64`".to_owned(),
                });
            }
        },
        // No word of a mapping names the last two: they come out of expressions only.
        Type::List(_) | Type::Group(_) | Type::Number | Type::Interval => Kernel::Nested,
    })
}

/// Refuses what is said but has no meaning for the type.
fn check_options(spec: &DecodeSpec) -> Result<(), SpecError> {
    let kind = &spec.kind;
    let exact = matches!(kind, Type::Int | Type::Decimal { .. });
    let day = matches!(kind, Type::Date | Type::Timestamp | Type::Instant);
    let moment = day || *kind == Type::Time;
    let zoned = matches!(kind, Type::Timestamp | Type::Instant);
    let has_zone = spec.zone.is_some() || spec.zone_later;
    let said = [
        ("sentinel", !spec.sentinel.is_empty(), day),
        ("format", spec.format.is_some(), moment || *kind == Type::Bytes),
        ("language", spec.language.is_some(), day && spec.format.is_some()),
        ("zone", spec.zone.is_some() || spec.zone_later, zoned),
        ("overlap", spec.overlap.is_some(), zoned && has_zone),
        ("gap", spec.gap.is_some(), zoned && has_zone),
        ("century", spec.pivot.is_some(), day && spec.format.is_some()),
        ("decimal", spec.decimal.is_some(), matches!(kind, Type::Decimal { .. } | Type::Float)),
        ("group", spec.group.is_some(), kind.is_number()),
        ("sign", spec.sign.is_some(), exact),
        ("implied_decimals", spec.implied_decimals.is_some(), matches!(kind, Type::Decimal { .. })),
        ("true_if", !spec.true_if.is_empty(), *kind == Type::Bool),
        ("false_if", !spec.false_if.is_empty(), *kind == Type::Bool),
        ("trim", spec.trim != Trim::None, !matches!(kind, Type::List(_) | Type::Group(_))),
    ];
    let Some((key, ..)) = said.into_iter().find(|(_, said, meant)| *said && !meant) else {
        return Ok(());
    };
    let (message, help) = match key {
        "overlap" | "gap" if zoned => (
            format!("`{key}` has no meaning without a `zone`"),
            "name the zone in which the text was written".to_owned(),
        ),
        "century" if day => (
            "`century` has no meaning without a two-digit year".to_owned(),
            "give a `format` with `YY`".to_owned(),
        ),
        _ => (format!("`{key}` has no meaning for the type `{kind}`"), "leave it out".to_owned()),
    };
    Err(SpecError { key, code: "mapping.decode.option", message, help })
}

fn check_words(spec: &DecodeSpec) -> Result<(), SpecError> {
    let wrong = |key, message: String, help: &str| {
        Err(SpecError { key, code: "mapping.decode.words", message, help: help.to_owned() })
    };
    if spec.true_if.is_empty() != spec.false_if.is_empty() {
        let (given, missing) = if spec.false_if.is_empty() {
            ("true_if", "false_if")
        } else {
            ("false_if", "true_if")
        };
        return wrong(given, format!("`{missing}` is not given"), "give both, or none");
    }
    let lists = [
        ("null_if", &spec.null_if),
        ("sentinel", &spec.sentinel),
        ("true_if", &spec.true_if),
        ("false_if", &spec.false_if),
    ];
    for (at, (key, words)) in lists.into_iter().enumerate() {
        for (place, word) in words.iter().enumerate() {
            let earlier = &lists[..at];
            if let Some((other, _)) = earlier.iter().find(|(_, others)| others.contains(word)) {
                let message = format!("`{word}` is in `{other}` too");
                return wrong(key, message, "a word has one meaning");
            }
            if words[..place].contains(word) {
                return wrong(key, format!("`{word}` is there twice"), "leave one out");
            }
            let trimmed = match spec.trim {
                Trim::None => word.as_str(),
                Trim::Left => word.trim_start(),
                Trim::Right => word.trim_end(),
                Trim::Both => word.trim(),
            };
            if trimmed != word {
                return wrong(
                    key,
                    format!("`{word}` never matches: its blanks are trimmed before"),
                    "write it without the blanks",
                );
            }
        }
    }
    Ok(())
}

fn check_implied(spec: &DecodeSpec, scale: u8) -> Result<(), SpecError> {
    let (message, help) = match spec.implied_decimals {
        Some(implied) if implied > scale => (
            format!("{implied} are more than `{}` has after the point", spec.kind),
            "declare more digits after the point",
        ),
        Some(_) if spec.decimal.is_some() => (
            "a decimal mark that is not written cannot be a character too".to_owned(),
            "leave out `decimal` or `implied_decimals`",
        ),
        _ => return Ok(()),
    };
    Err(SpecError {
        key: "implied_decimals",
        code: "mapping.decode.number",
        message,
        help: help.to_owned(),
    })
}

fn number_form(spec: &DecodeSpec, scale: u8) -> Result<NumberForm, SpecError> {
    let wrong = |key, message: String, help: &str| {
        Err(SpecError { key, code: "mapping.decode.number", message, help: help.to_owned() })
    };
    let decimal = match (&spec.kind, spec.implied_decimals) {
        (Type::Int, _) | (_, Some(_)) => None,
        _ => Some(spec.decimal.unwrap_or('.')),
    };
    for (key, mark) in [("decimal", spec.decimal), ("group", spec.group)] {
        if let Some(mark) = mark
            && (mark.is_alphanumeric() || mark.is_control() || matches!(mark, '+' | '-'))
        {
            return wrong(
                key,
                format!("`{mark}` cannot be a mark"),
                "a mark is punctuation or a blank",
            );
        }
    }
    if let Some(decimal) = decimal
        && spec.group == Some(decimal)
    {
        let help = if spec.decimal.is_none() {
            "the decimal mark is `.` unless `decimal` says another"
        } else {
            "a mark has one meaning"
        };
        return wrong("group", format!("`{decimal}` is the decimal mark too"), help);
    }
    check_implied(spec, scale)?;
    Ok(NumberForm {
        decimal: decimal.map(Into::into),
        group: spec.group.map(Into::into),
        sign: spec.sign.unwrap_or_default(),
        implied: spec.implied_decimals,
        assumed: spec.decimal.is_none() && spec.group.is_none(),
    })
}

fn boxed(words: &[String]) -> Box<[Box<str>]> {
    words.iter().map(|word| word.as_str().into()).collect()
}

/// A value that borrows nothing, as itself for any lifetime.
fn owned(value: Value<'_>) -> Option<Value<'static>> {
    Some(match value {
        Value::Bool(value) => Value::Bool(value),
        Value::Int(value) => Value::Int(value),
        Value::Float(value) => Value::Float(value),
        Value::Decimal(value) => Value::Decimal(value),
        Value::Date(value) => Value::Date(value),
        Value::Time(value) => Value::Time(value),
        Value::Timestamp(value) => Value::Timestamp(value),
        Value::Instant(value) => Value::Instant(value),
        Value::Uuid(value) => Value::Uuid(value),
        Value::Interval(value) => Value::Interval(value),
        Value::Null | Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Group(_) => {
            return None;
        }
    })
}
