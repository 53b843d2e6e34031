//! Whether a pattern says what a type needs.

use super::{
    DecodeSpec, SpecError,
    moment::{
        Field::{
            self, Century, Day, DayOfYear, Fraction, Hour, Hour12, Meridiem, Minute, Month,
            OffsetHour, OffsetMinute, Second, ShortYear, Year,
        },
        Moment, MomentKind,
    },
    numeric::{self, Count},
    pattern::Pattern,
    zone::Zone,
};

/// The way of reading dates and times that a specification asks for.
pub(super) fn moment(spec: &DecodeSpec, kind: MomentKind) -> Result<Moment, SpecError> {
    let zone = match &spec.zone {
        None => None,
        Some(name) => Some(
            Zone::find(name, spec.overlap.unwrap_or_default(), spec.gap.unwrap_or_default())
                .map_err(|meant| unknown_zone(name, meant))?,
        ),
    };
    if let Some(count) = counted(spec) {
        return count_moment(spec, kind, count, zone);
    }
    let pattern = match &spec.format {
        Some(format) => Pattern::parse(format, spec.language.unwrap_or_default())
            .map_err(|(message, help)| format_error(message, help))?,
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
        count: None,
        century: fields.contains(&Field::Century),
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
    check_repetition(fields)?;
    check_parts(kind, fields)?;
    check_smaller(fields)?;
    check_offset(kind, zoned, fields)?;
    check_language(spec)?;
    if fields.contains(&Century) && !fields.contains(&ShortYear) {
        return wrong("`C` is the century of a two-digit year", "write `CYYMMDD`");
    }
    check_century(spec, fields.contains(&ShortYear) && !fields.contains(&Century))
}

fn wrong(message: &str, help: &str) -> Result<(), SpecError> {
    Err(format_error(message.to_owned(), help))
}

fn has_one(fields: &[Field], some: &[Field]) -> bool {
    some.iter().any(|field| fields.contains(field))
}

fn check_repetition(fields: &[Field]) -> Result<(), SpecError> {
    let exclusive = [
        &[Year, ShortYear][..],
        &[Year, Century],
        &[Month, DayOfYear],
        &[Day, DayOfYear],
        &[Hour, Hour12],
        &[Meridiem],
        &[Minute],
        &[Second],
        &[Fraction],
        &[OffsetHour],
        &[OffsetMinute],
    ];
    for group in exclusive {
        if fields.iter().filter(|field| group.contains(field)).count() > 1 {
            return wrong(
                "the pattern says the same thing twice",
                "`MM` is the month, `MI` the minute; `DDD` is month and day at once",
            );
        }
    }
    Ok(())
}

/// Date and time: whole where the type has them, absent where it has not.
fn check_parts(kind: MomentKind, fields: &[Field]) -> Result<(), SpecError> {
    let day = fields.contains(&DayOfYear) || fields.contains(&Month) && fields.contains(&Day);
    let date = day && has_one(fields, &[Year, ShortYear]);
    let part_of_date = has_one(fields, &[Year, ShortYear, Month, Day, DayOfYear]);
    let part_of_time = has_one(fields, &[Hour, Hour12, Meridiem, Minute, Second, Fraction]);
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
    if kind != MomentKind::Date && !has_one(fields, &[Hour, Hour12]) {
        return wrong("the pattern has no hour", "add `HH24`, or make it a `date`");
    }
    Ok(())
}

/// Nothing small without what it is a part of.
fn check_smaller(fields: &[Field]) -> Result<(), SpecError> {
    let has = |field| fields.contains(&field);
    if has(Hour12) != has(Meridiem) {
        return wrong("`HH12` and `AM` need each other", "write `HH24` if the hours go to 23");
    }
    if has(Second) && !has(Minute) || has(Fraction) && !has(Second) {
        return wrong("a smaller part of the time is there without the larger", "add `MI` or `SS`");
    }
    if has(OffsetMinute) && !has(OffsetHour) {
        return wrong("`TZM` needs `TZH`", "write `TZH:TZM`");
    }
    Ok(())
}

/// A point in time has an offset from exactly one side, nothing else has one.
fn check_offset(kind: MomentKind, zoned: bool, fields: &[Field]) -> Result<(), SpecError> {
    let offset = fields.contains(&OffsetHour);
    if kind != MomentKind::Instant {
        return if offset {
            wrong("the type has no offset", "make it a `timestamptz`")
        } else {
            Ok(())
        };
    }
    let (message, help) = match (offset, zoned) {
        (true, true) => (
            "the text says its own offset, so that `zone` has no use",
            "leave out `zone`, or `TZH`",
        ),
        (false, false) => (
            "a point in time needs an offset in the text or a `zone`",
            "name the `zone` in which it was written, such as `Europe/Madrid`",
        ),
        _ => return Ok(()),
    };
    Err(SpecError {
        key: "zone",
        code: "mapping.decode.zone",
        message: message.to_owned(),
        help: help.to_owned(),
    })
}

/// Whether PostgreSQL knows such patterns too; it has neither `C` nor words for numbers that count.
pub(in crate::mapping) fn is_postgres(format: &str) -> bool {
    let mut unquoted = format.split('"').step_by(2);
    !numeric::WORDS.iter().any(|(word, _)| *word == format)
        && !unquoted.any(|part| part.contains('C'))
}

/// What is counted, where `format` is such a word.
fn counted(spec: &DecodeSpec) -> Option<Count> {
    let format = spec.format.as_deref()?;
    numeric::WORDS.iter().find(|(word, _)| *word == format).map(|(_, count)| *count)
}

/// Unix time is an instant, a serial date is not.
fn count_moment(
    spec: &DecodeSpec,
    kind: MomentKind,
    count: Count,
    zone: Option<Zone>,
) -> Result<Moment, SpecError> {
    let (message, help) = match (count.is_local(), kind, &zone) {
        (false, MomentKind::Instant, None)
        | (true, MomentKind::Date | MomentKind::Timestamp, _)
        | (true, MomentKind::Instant, Some(_)) => {
            check_language(spec)?;
            check_century(spec, false)?;
            return Ok(Moment {
                kind,
                pattern: Pattern::iso_date(),
                count: Some(count),
                pivot: None,
                century: false,
                ordinal: false,
                halves: false,
                zone,
            });
        }
        (false, ..) => {
            ("Unix time is a point in time", "make it a `timestamptz`, without a `zone`")
        }
        (true, ..) => ("a serial date has no offset", "make it a `date` or a `timestamp`"),
    };
    Err(format_error(message.to_owned(), help))
}

/// A language has a use only for names.
fn check_language(spec: &DecodeSpec) -> Result<(), SpecError> {
    let named = spec.format.as_deref().is_some_and(|format| format.contains("MON"));
    if spec.language.is_none() || named {
        return Ok(());
    }
    Err(SpecError {
        key: "language",
        code: "mapping.decode.option",
        message: "`language` has no meaning without the name of a month".to_owned(),
        help: "give a `format` with `MONTH` or `MON`, or leave it out".to_owned(),
    })
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
