//! `AT TIME ZONE`.
//!
//! A local time that clocks showed twice is the later of both instants, one that they skipped is read with the offset
//! before the change: what PostgreSQL does. Where a mapping should refuse such times, `zone` in `from` can.

use super::{
    ARGUMENT, Constant, Env, Function, OUT_OF_RANGE, Outcome,
    Param::{Instant, Literal, Text as Chars, Timestamp},
    Resource, Unfit, gives,
};
use crate::mapping::{
    decode::{Gap, Overlap, Zone},
    value::{MAX_DATE, MIN_DATE, TICKS_PER_DAY, Value},
};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("timezone", &[Literal, Timestamp], gives::instant, convert).prepare(zone),
    Function::new("timezone", &[Literal, Instant], gives::timestamp, convert).prepare(zone),
    Function::new("timezone", &[Chars, Timestamp], gives::instant, convert),
    Function::new("timezone", &[Chars, Instant], gives::timestamp, convert),
];

fn find(name: &str) -> Result<Zone, Option<String>> {
    Zone::find(name, Overlap::Later, Gap::Forward)
}

fn zone(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    let Some(Constant::Text(name)) = arguments[0] else { return Ok(None) };
    match find(name) {
        Ok(zone) => Ok(Some(Resource::Zone(zone))),
        Err(meant) => {
            let help = match meant {
                Some(close) => format!("did you mean `{close}`?"),
                None => "write for instance 'Europe/Madrid' or 'UTC'".to_owned(),
            };
            Err(Unfit::new(0, format!("there is no time zone `{name}`"), help))
        }
    }
}

fn convert<'a>(env: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let &[Value::Text(name), moment] = arguments else { return Ok(Value::Null) };
    let found;
    let zone = match env.resource {
        Some(Resource::Zone(zone)) => zone,
        _ => {
            found = find(name).map_err(|_| ARGUMENT)?;
            &found
        }
    };
    match moment {
        Value::Timestamp(local) => {
            zone.instant(local, &mut None).ok().and_then(of_known_years).map(Value::Instant)
        }
        Value::Instant(utc) => zone.local(utc).and_then(of_known_years).map(Value::Timestamp),
        _ => return Ok(Value::Null),
    }
    .ok_or(OUT_OF_RANGE)
}

/// Near the ends of the calendar the other side of a zone may lie outside of it.
fn of_known_years(ticks: i64) -> Option<i64> {
    let day = i32::try_from(ticks.div_euclid(TICKS_PER_DAY)).ok()?;
    (MIN_DATE..=MAX_DATE).contains(&day).then_some(ticks)
}
