//! Specifications to decoders: what is said must have a meaning, and one only.

use super::{
    DecodeSpec, Decoder, Kernel, Sign, SpecError, Trim,
    moment::{Field, Moment, MomentKind},
    number::NumberForm,
    pattern::Pattern,
    zone::Zone,
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
        _ => spec.kind.clone(),
    };
    let null_values =
        spec.null_if.iter().filter_map(|text| owned(kernel.read(text).ok()?)).collect();
    Ok(Decoder {
        code: code_of(&kind),
        expected: expected(spec, &kernel, &kind).into(),
        kind,
        kernel,
        trim: spec.trim,
        null_texts: boxed(&spec.null_if),
        null_values,
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
        Type::List(_) | Type::Group(_) => Kernel::Nested,
    })
}

/// Refuses what is said but has no meaning for the type.
fn check_options(spec: &DecodeSpec) -> Result<(), SpecError> {
    let kind = &spec.kind;
    let exact = matches!(kind, Type::Int | Type::Decimal { .. });
    let day = matches!(kind, Type::Date | Type::Timestamp | Type::Instant);
    let moment = day || *kind == Type::Time;
    let zoned = matches!(kind, Type::Timestamp | Type::Instant);
    let said = [
        ("format", spec.format.is_some(), moment || *kind == Type::Bytes),
        ("zone", spec.zone.is_some(), zoned),
        ("overlap", spec.overlap.is_some(), zoned && spec.zone.is_some()),
        ("gap", spec.gap.is_some(), zoned && spec.zone.is_some()),
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
    let lists =
        [("null_if", &spec.null_if), ("true_if", &spec.true_if), ("false_if", &spec.false_if)];
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
    if let Some(implied) = spec.implied_decimals {
        if implied > scale {
            let kind = &spec.kind;
            return wrong(
                "implied_decimals",
                format!("{implied} are more than `{kind}` has after the point"),
                "declare more digits after the point",
            );
        }
        if spec.decimal.is_some() {
            return wrong(
                "implied_decimals",
                "a decimal mark that is not written cannot be a character too".to_owned(),
                "leave out `decimal` or `implied_decimals`",
            );
        }
    }
    Ok(NumberForm {
        decimal: decimal.map(Into::into),
        group: spec.group.map(Into::into),
        sign: spec.sign.unwrap_or_default(),
        implied: spec.implied_decimals,
    })
}

fn moment(spec: &DecodeSpec, kind: MomentKind) -> Result<Moment, SpecError> {
    let zone = match &spec.zone {
        None => None,
        Some(name) => Some(
            Zone::find(name, spec.overlap.unwrap_or_default(), spec.gap.unwrap_or_default())
                .map_err(|meant| unknown_zone(name, meant))?,
        ),
    };
    let pattern = match &spec.format {
        Some(format) => {
            Pattern::parse(format).map_err(|(message, help)| format_error(message, help))?
        }
        None => match kind {
            MomentKind::Date => Pattern::iso_date(),
            MomentKind::Time => Pattern::iso_time(),
            MomentKind::Timestamp => Pattern::iso_timestamp(false),
            MomentKind::Instant => Pattern::iso_timestamp(zone.is_none()),
        },
    };
    let fields: Vec<Field> = pattern.fields().collect();
    check_fields(spec, kind, zone.is_some(), &fields)?;
    Ok(Moment {
        kind,
        pattern,
        pivot: spec.pivot.map(u32::from),
        ordinal: fields.contains(&Field::DayOfYear),
        halves: fields.contains(&Field::Hour12),
        zone,
    })
}

fn unknown_zone(name: &str, meant: Option<String>) -> SpecError {
    SpecError {
        key: "zone",
        code: "mapping.decode.zone",
        message: format!("there is no time zone `{name}`"),
        help: match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "zones are names of the IANA database, such as `Europe/Madrid`".to_owned(),
        },
    }
}

fn format_error(message: String, help: impl Into<String>) -> SpecError {
    SpecError { key: "format", code: "mapping.decode.format", message, help: help.into() }
}

/// A pattern must say all that the type needs, once, and nothing that would be thrown away.
fn check_fields(
    spec: &DecodeSpec,
    kind: MomentKind,
    zoned: bool,
    fields: &[Field],
) -> Result<(), SpecError> {
    use Field::{
        Day, DayOfYear, Fraction, Hour, Hour12, Meridiem, Minute, Month, OffsetHour, OffsetMinute,
        Second, ShortYear, Year,
    };
    let has = |field| fields.contains(&field);
    let has_one = |some: &[Field]| some.iter().any(|field| has(*field));
    let wrong = |message: &str, help: &str| Err(format_error(message.to_owned(), help));
    for group in [
        &[Year, ShortYear][..],
        &[Month, DayOfYear],
        &[Day, DayOfYear],
        &[Hour, Hour12],
        &[Meridiem],
        &[Minute],
        &[Second],
        &[Fraction],
        &[OffsetHour],
        &[OffsetMinute],
    ] {
        if fields.iter().filter(|field| group.contains(field)).count() > 1 {
            return wrong(
                "the pattern says the same thing twice",
                "`MM` is the month, `MI` the minute; `DDD` is month and day at once",
            );
        }
    }
    let date = has_one(&[Year, ShortYear]) && (has(DayOfYear) || has(Month) && has(Day));
    let part_of_date = has_one(&[Year, ShortYear, Month, Day, DayOfYear]);
    let time = has_one(&[Hour, Hour12]);
    let part_of_time = has_one(&[Hour, Hour12, Meridiem, Minute, Second, Fraction]);
    let offset = has_one(&[OffsetHour, OffsetMinute]);
    if kind != MomentKind::Time && !date {
        return wrong("the pattern has no whole date", "it needs year, month and day");
    }
    if kind == MomentKind::Time && part_of_date {
        return wrong("a `time` has no date", "make it a `timestamp`, or quote what is constant");
    }
    if kind == MomentKind::Date && part_of_time {
        return wrong(
            "a `date` has no time of day",
            "make it a `timestamp`, or quote what is always the same: `DD/MM/YYYY \"00:00:00\"`",
        );
    }
    if kind != MomentKind::Date && !time {
        return wrong("the pattern has no hour", "add `HH24`, or make it a `date`");
    }
    if has(Hour12) != has(Meridiem) {
        return wrong("`HH12` and `AM` need each other", "write `HH24` if the hours go to 23");
    }
    if has(Second) && !has(Minute) || has(Fraction) && !has(Second) {
        return wrong("a smaller part of the time is there without the larger", "add `MI` or `SS`");
    }
    if has(OffsetMinute) && !has(OffsetHour) {
        return wrong("`TZM` needs `TZH`", "write `TZH:TZM`");
    }
    match kind {
        MomentKind::Instant if offset == zoned => Err(SpecError {
            key: "zone",
            code: "mapping.decode.zone",
            message: if zoned {
                "the text says its own offset, so that `zone` has no use".to_owned()
            } else {
                "a point in time needs an offset in the text or a `zone`".to_owned()
            },
            help: if zoned {
                "leave out `zone`, or `TZH`".to_owned()
            } else {
                "name the `zone` in which it was written, such as `Europe/Madrid`".to_owned()
            },
        }),
        MomentKind::Instant => check_century(spec, has(ShortYear)),
        _ if offset => wrong("the type has no offset", "make it a `timestamptz`"),
        _ => check_century(spec, has(ShortYear)),
    }
}

fn check_century(spec: &DecodeSpec, short_year: bool) -> Result<(), SpecError> {
    let wrong = |key, message: &str, help: &str| {
        let (message, help) = (message.to_owned(), help.to_owned());
        Err(SpecError { key, code: "mapping.decode.century", message, help })
    };
    match (spec.pivot, short_year) {
        (None, true) => wrong(
            "format",
            "a two-digit year does not say its century",
            "add for instance `century: { pivot: 30 }`: 29 is 2029, 30 is 1930",
        ),
        (Some(_), false) => {
            wrong("century", "the years have four digits", "leave it out, or write `YY`")
        }
        (Some(pivot), true) if pivot > 100 => {
            wrong("century", "the pivot is a two-digit year", "write 0 to 100")
        }
        _ => Ok(()),
    }
}

fn code_of(kind: &Type) -> &'static str {
    match kind {
        Type::Bool => "decode.bool",
        Type::Int => "decode.int",
        Type::Decimal { .. } => "decode.decimal",
        Type::Float => "decode.float",
        Type::Date => "decode.date",
        Type::Time => "decode.time",
        Type::Timestamp => "decode.timestamp",
        Type::Instant => "decode.timestamptz",
        Type::Uuid => "decode.uuid",
        Type::Bytes => "decode.bytes",
        Type::Text | Type::List(_) | Type::Group(_) => "decode.type",
    }
}

/// What a text should have looked like, for messages. Only from the specification, never from a record.
fn expected(spec: &DecodeSpec, kernel: &Kernel, kind: &Type) -> String {
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
            };
            format!("{kind} as {example}{sign}")
        }
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
        Value::Null | Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Group(_) => {
            return None;
        }
    })
}
