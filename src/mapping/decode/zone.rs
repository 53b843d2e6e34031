//! Local times to instants.
//!
//! Zones come from the database built into the program, not from the machine's: the same record and the same
//! mapping give the same event everywhere, until the program is updated.

use std::sync::LazyLock;

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};

use super::{Doubt, Fault, Gap, Overlap};
use crate::{
    diagnostic::suggest,
    mapping::value::{Civil, TICKS_PER_DAY, TICKS_PER_SECOND, civil_of},
};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone with what to do where its clocks were changed.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct Zone {
    zone: TimeZone,
    overlap: Overlap,
    gap: Gap,
}

impl Zone {
    /// The zone called `name`; otherwise what was probably meant.
    pub(in crate::mapping) fn find(
        name: &str,
        overlap: Overlap,
        gap: Gap,
    ) -> Result<Self, Option<String>> {
        if let Ok(zone) = ZONES.get(name) {
            return Ok(Self { zone, overlap, gap });
        }
        let names: Vec<String> = ZONES.available().map(|name| name.as_str().to_owned()).collect();
        Err(suggest(name, names.iter().map(String::as_str)).map(str::to_owned))
    }

    /// The instant at which clocks of the zone showed `local`, both in ticks. `doubt` is set where a rule had to
    /// say which was meant.
    pub(in crate::mapping) fn instant(&self, local: i64, doubt: &mut Doubt) -> Result<i64, Fault> {
        let Civil { year, month, day } = civil_of(local.div_euclid(TICKS_PER_DAY) as i32);
        let of_day = local.rem_euclid(TICKS_PER_DAY);
        let seconds = of_day / TICKS_PER_SECOND;
        let civil = DateTime::new(
            i16::try_from(year).map_err(|_| Fault::NoSuchDay)?,
            month as i8,
            day as i8,
            (seconds / 3600) as i8,
            (seconds / 60 % 60) as i8,
            (seconds % 60) as i8,
            (of_day % TICKS_PER_SECOND * 100) as i32,
        )
        .map_err(|_| Fault::NoSuchDay)?;
        let offset = match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } => match self.gap {
                Gap::Forward => {
                    *doubt = Some("decode.time_gap");
                    before
                }
                Gap::Reject => return Err(Fault::Gap),
            },
            AmbiguousOffset::Fold { before, after } => {
                *doubt = Some("decode.time_overlap");
                match self.overlap {
                    Overlap::Earlier => before,
                    Overlap::Later => after,
                    Overlap::Reject => return Err(Fault::Overlap),
                }
            }
        };
        Ok(local - i64::from(offset.seconds()) * TICKS_PER_SECOND)
    }
    /// What clocks of the zone show at an instant, both in ticks; none outside the years that can be written.
    pub(in crate::mapping) fn local(&self, instant: i64) -> Option<i64> {
        let seconds = instant.div_euclid(TICKS_PER_SECOND);
        // The last day of the last year lies beyond what the library can say; no zone changes its clocks then.
        let known = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
        let timestamp = Timestamp::from_second(seconds.clamp(*known.start(), *known.end())).ok()?;
        let offset = self.zone.to_offset(timestamp);
        instant.checked_add(i64::from(offset.seconds()) * TICKS_PER_SECOND)
    }
}
