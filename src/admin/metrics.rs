//! The metrics, read off the pipelines at the moment they are asked for: nothing is counted twice, and a pipeline that
//! is gone leaves no series behind.
//!
//! Labels are names of pipelines, codes and states: bounded, and never anything out of a record.

use std::{fmt, time::Instant};

use acequia_api::Backlog;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use super::{
    picture::{WORDS, word},
    routes::Admin,
};
use crate::{checkpoint::Routing, pipeline::status::SplitStatus, supervisor::Handle};

/// The names of all metrics, without the `_total` that counters end with.
#[allow(missing_docs, reason = "the help text beside each name says what it is")]
pub mod names {
    pub const BUILD: &str = "acequia_build";
    pub const STARTED: &str = "acequia_start_time_seconds";
    pub const STATE: &str = "acequia_pipeline_state";
    pub const READY: &str = "acequia_pipeline_ready";
    pub const FAILURES: &str = "acequia_pipeline_failures";
    pub const LAST_COMMIT: &str = "acequia_pipeline_last_commit_timestamp_seconds";
    pub const TRANSACTION: &str = "acequia_pipeline_transaction";
    pub const ALARMS: &str = "acequia_pipeline_alarms";
    pub const RATE: &str = "acequia_pipeline_records_per_second";
    pub const BACKLOG: &str = "acequia_pipeline_backlog_units";
    pub const BACKLOG_BYTES: &str = "acequia_pipeline_backlog_bytes";
    pub const SPLIT_RATE: &str = "acequia_split_records_per_second";
    pub const SPLIT_READ: &str = "acequia_split_records_read";
    pub const SPLIT_LAST_COMMIT: &str = "acequia_split_last_commit_timestamp_seconds";
    pub const RELOAD: &str = "acequia_last_reload_successful";
    pub const READ: &str = "acequia_records_read";
    pub const PUBLISHED: &str = "acequia_records_published";
    pub const REJECTED: &str = "acequia_records_rejected";
    pub const FILTERED: &str = "acequia_records_filtered";
    pub const EVENTS: &str = "acequia_events";
    pub const MAPPED: &str = "acequia_mapping_records";
    pub const UNROUTED: &str = "acequia_records_unrouted";
    pub const CLAIMS: &str = "acequia_claims";
    pub const REJECTS: &str = "acequia_rejects";
    pub const UNITS: &str = "acequia_units";
}

/// The metrics as text in the OpenMetrics format.
///
/// # Errors
/// Never in practice: writing to a string does not fail.
pub(super) fn text(admin: &Admin) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Fleet(admin.clone())));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Fleet(Admin);

impl Collector for Fleet {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let admin = &self.0;
        let handles = admin.fleet.all();
        let mut out = Series { encoder: &mut encoder };
        let build = [("version", env!("CARGO_PKG_VERSION"))];
        out.gauges(names::BUILD, "The running version", [(build.to_vec(), 1.0)])?;
        let started = admin.started.as_millisecond() as f64 / 1000.0;
        out.gauges(names::STARTED, "When the process started", [(Vec::new(), started)])?;
        let reload = admin.last_reload.borrow().as_ref().map(|last| last.outcome.is_ok());
        let reload = reload.map(|good| (Vec::new(), f64::from(u8::from(good))));
        out.gauges(
            names::RELOAD,
            "Whether the configuration on disk is the one that runs",
            reload,
        )?;
        states(&mut out, &handles, admin)?;
        lag(&mut out, &handles)?;
        splits(&mut out, &handles)?;
        records(&mut out, &handles)?;
        routing(&mut out, &handles)?;
        by_code(&mut out, &handles)
    }
}

fn states(out: &mut Series<'_, '_>, handles: &[Handle], admin: &Admin) -> fmt::Result {
    let mut states = Vec::new();
    for handle in handles {
        let now = word(handle.status.read().state);
        for state in WORDS {
            let labels = vec![("pipeline", &*handle.name), ("state", state)];
            states.push((labels, if state == now { 1.0 } else { 0.0 }));
        }
    }
    out.gauges(names::STATE, "1 for the state that the pipeline is in", states)?;
    let ready = |handle: &Handle| f64::from(u8::from(handle.status.is_ready(admin.patience)));
    let help = "Whether the pipeline makes progress or has nothing to do";
    out.gauges(names::READY, help, each(handles, ready))?;
    let help = "Failures since the last commit";
    out.gauges(
        names::FAILURES,
        help,
        each(handles, |handle| handle.status.read().failures.into()),
    )?;
    let committed = handles.iter().filter_map(|handle| {
        let at = handle.status.read().last_commit?.as_millisecond() as f64 / 1000.0;
        Some((vec![("pipeline", &*handle.name)], at))
    });
    out.gauges(names::LAST_COMMIT, "When the last transaction was committed", committed)?;
    let transaction = handles.iter().filter_map(|handle| {
        Some((vec![("pipeline", &*handle.name)], handle.status.read().seq? as f64))
    });
    out.gauges(names::TRANSACTION, "The number of the last transaction", transaction)?;
    let alarms = |handle: &Handle| handle.status.board.alarms().len() as f64;
    out.gauges(names::ALARMS, "Alarms that are up", each(handles, alarms))
}

fn lag(out: &mut Series<'_, '_>, handles: &[Handle]) -> fmt::Result {
    let rate = |handle: &Handle| handle.status.read().rate.per_second(Instant::now());
    let help = "Records read and committed per second, over the last minute";
    out.gauges(names::RATE, help, each(handles, rate))?;
    let backlogs: Vec<(&Handle, Backlog)> =
        handles.iter().map(|handle| (handle, handle.status.board.backlog())).collect();
    let units = backlogs.iter().flat_map(|(handle, backlog)| {
        [("waiting", backlog.waiting), ("reading", backlog.reading)].map(|(state, count)| {
            (vec![("pipeline", &*handle.name), ("state", state)], count as f64)
        })
    });
    out.gauges(names::BACKLOG, "Units of the source that are not committed", units)?;
    let bytes = backlogs.iter().filter_map(|(handle, backlog)| {
        Some((vec![("pipeline", &*handle.name)], backlog.bytes? as f64))
    });
    out.gauges(names::BACKLOG_BYTES, "Octets in them that are left to read", bytes)
}

/// Splits are tables, directories or pages of the configuration, so there are few; should a source have more, the
/// first of them are shown.
const SPLITS: usize = 200;

fn splits(out: &mut Series<'_, '_>, handles: &[Handle]) -> fmt::Result {
    let all: Vec<(&Handle, SplitStatus)> = handles
        .iter()
        .flat_map(|handle| {
            let splits = handle.status.read().splits.into_iter().take(SPLITS);
            splits.map(move |split| (handle, split))
        })
        .collect();
    let now = Instant::now();
    let rates =
        all.iter().map(|(handle, split)| (of_split(handle, split), split.rate.per_second(now)));
    out.gauges(names::SPLIT_RATE, "The same rate for a split of the source", rates)?;
    let read = all.iter().map(|(handle, split)| (of_split(handle, split), split.counts.rows_in));
    out.counters(names::SPLIT_READ, "Records that the split gave", read)?;
    let committed = all.iter().filter_map(|(handle, split)| {
        Some((of_split(handle, split), split.last_commit?.as_millisecond() as f64 / 1000.0))
    });
    out.gauges(names::SPLIT_LAST_COMMIT, "When records of the split were last committed", committed)
}

fn records(out: &mut Series<'_, '_>, handles: &[Handle]) -> fmt::Result {
    let counts = |handle: &Handle| handle.status.read().counts;
    for (name, help, count) in [
        (
            names::READ,
            "Records that the source gave",
            (|counts| counts.rows_in) as fn(crate::checkpoint::Counts) -> u64,
        ),
        (names::PUBLISHED, "Records that became at least one event", |counts| counts.published),
        (names::REJECTED, "Records that went to quarantine", |counts| counts.rejected),
        (names::FILTERED, "Records that no mapping took", |counts| counts.filtered),
        (names::EVENTS, "Events, tombstones included", |counts| counts.events),
    ] {
        let series =
            handles.iter().map(|handle| (vec![("pipeline", &*handle.name)], count(counts(handle))));
        out.counters(name, help, series)?;
    }
    let claims = handles
        .iter()
        .map(|handle| (vec![("pipeline", &*handle.name)], handle.status.read().claims));
    out.counters(names::CLAIMS, "Events that refer to the claim store for their data", claims)
}

fn routing(out: &mut Series<'_, '_>, handles: &[Handle]) -> fmt::Result {
    let all: Vec<(&Handle, Routing)> =
        handles.iter().map(|handle| (handle, handle.status.read().routing)).collect();
    let mapped = all.iter().flat_map(|(handle, routing)| {
        routing.mappings.iter().flat_map(|route| {
            [("taken", route.taken), ("filtered", route.filtered)].map(|(result, count)| {
                let mapping = ("mapping", &*route.mapping);
                (vec![("pipeline", &*handle.name), mapping, ("result", result)], count)
            })
        })
    });
    out.counters(names::MAPPED, "Records that a mapping took or filtered", mapped)?;
    let several = all.iter().filter(|(_, routing)| routing.mappings.len() > 1);
    let unrouted = several.flat_map(|(handle, routing)| {
        [("none", routing.none), ("several", routing.several)]
            .map(|(by, count)| (vec![("pipeline", &*handle.name), ("taken_by", by)], count))
    });
    out.counters(
        names::UNROUTED,
        "Records that no or several mappings took, of pipelines with several",
        unrouted,
    )
}

fn by_code(out: &mut Series<'_, '_>, handles: &[Handle]) -> fmt::Result {
    let rejects = handles.iter().flat_map(|handle| {
        let labels = |code| vec![("pipeline", &*handle.name), ("code", code)];
        handle.status.rejects().into_iter().map(move |(code, count)| (labels(code), count))
    });
    out.counters(names::REJECTS, "Refused records by the code of their first error", rejects)?;
    let units: Vec<(&Handle, String, u64)> = handles
        .iter()
        .flat_map(|handle| {
            handle
                .status
                .board
                .counts()
                .into_iter()
                .map(move |(state, count)| (handle, format!("{state:?}").to_lowercase(), count))
        })
        .collect();
    let series = units.iter().map(|(handle, state, count)| {
        (vec![("pipeline", &*handle.name), ("state", state.as_str())], *count)
    });
    out.counters(names::UNITS, "Units of the source that have entered a state", series)
}

fn of_split<'a>(handle: &'a Handle, split: &'a SplitStatus) -> Labels<'a> {
    vec![("pipeline", &*handle.name), ("split", &*split.split)]
}

type Labels<'a> = Vec<(&'a str, &'a str)>;

fn each<'a>(
    handles: &'a [Handle],
    value: impl Fn(&Handle) -> f64 + 'a,
) -> impl Iterator<Item = (Labels<'a>, f64)> + 'a {
    handles.iter().map(move |handle| (vec![("pipeline", &*handle.name)], value(handle)))
}

struct Series<'e, 'd> {
    encoder: &'e mut DescriptorEncoder<'d>,
}

impl Series<'_, '_> {
    fn gauges<'a>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels<'a>, f64)>,
    ) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in series {
            ConstGauge::new(value).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn counters<'a>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels<'a>, u64)>,
    ) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in series {
            ConstCounter::new(value).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
