//! `acequia quarantine …`

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{CliError, Exit, Global, Terminal, deployment, output::printable};
use crate::{
    checkpoint::SealKey,
    pipeline::failure::Failure,
    publish::{KafkaConfig, Quarantined, SystemTopics, read_all},
    supervisor::startup,
};

/// What to do with rejected records.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  acequia quarantine list --code decode.date
  acequia quarantine show 0:42")]
pub struct QuarantineArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: QuarantineVerb,
}

/// What to do with rejected records.
#[derive(Debug, Clone, Subcommand)]
pub enum QuarantineVerb {
    /// List rejected records: where they stood and why they were refused
    #[command(
        after_help = "Example:\n  acequia quarantine list --pipeline permits --code decode.date --limit 10"
    )]
    List {
        /// Only of this pipeline
        #[arg(long, value_name = "NAME")]
        pipeline: Option<String>,
        /// Only with this code
        #[arg(long)]
        code: Option<String>,
        /// The latest so many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Show one record with its content, which needs the quarantine key
    #[command(after_help = "Example:\n  acequia quarantine show 0:42")]
    Show {
        /// Partition and offset, as `list` prints them: `0:42`
        record: String,
    },
}

pub(super) fn run(
    args: &QuarantineArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let (deployment, kafka) = deployment::reach("quarantine", global, terminal)?;
    let topic = SystemTopics::of(&deployment.daemon.deployment).quarantine;
    match &args.what {
        QuarantineVerb::List { pipeline, code, limit } => {
            let wanted = |record: &Quarantined| {
                pipeline.as_ref().is_none_or(|name| record.pipeline == *name)
                    && code
                        .as_ref()
                        .is_none_or(|code| record.errors.iter().any(|error| error.code == *code))
            };
            let found = latest(&kafka, &topic, *limit, wanted)?;
            list(&found, terminal)?;
        }
        QuarantineVerb::Show { record } => {
            let place = record.split_once(':').and_then(|(partition, offset)| {
                Some((partition.parse().ok()?, offset.parse().ok()?))
            });
            let Some(place) = place else {
                let message =
                    format!("`{record}` is not `PARTITION:OFFSET`, as `quarantine list` prints it");
                return Err(CliError::Usage(message));
            };
            let key = startup::seal_key(deployment.daemon.keys.quarantine.as_ref(), "quarantine")?;
            show(&kafka, &topic, place, key.as_ref(), terminal)?;
        }
    }
    Ok(Exit::Ok)
}

type Found = (i32, i64, Quarantined);

/// The latest records that are wanted, oldest first.
fn latest(
    kafka: &KafkaConfig,
    topic: &Arc<str>,
    limit: usize,
    wanted: impl Fn(&Quarantined) -> bool,
) -> Result<Vec<Found>, CliError> {
    let mut found: VecDeque<(Option<i64>, Found)> = VecDeque::new();
    let visited = read_all(kafka, "acequia-quarantine", topic, &mut |record| {
        let parsed = record.value.as_deref().and_then(|value| Quarantined::parse(value).ok());
        if let Some(parsed) = parsed.filter(|parsed| wanted(parsed)) {
            found.push_back((record.timestamp_ms, (record.partition, record.offset, parsed)));
            // Partitions come one after the other or mixed, so the bound is generous and the order made below.
            if found.len() > 16 * limit.max(64) {
                found.make_contiguous().sort_by_key(|(at, _)| *at);
                let superfluous = found.len() - limit;
                found.drain(..superfluous);
            }
        }
        ControlFlow::Continue(())
    });
    visited.map_err(Failure::from)?;
    found.make_contiguous().sort_by_key(|(at, _)| *at);
    let superfluous = found.len().saturating_sub(limit);
    Ok(found.into_iter().skip(superfluous).map(|(_, found)| found).collect())
}

fn list(found: &[Found], terminal: &mut Terminal) -> Result<(), CliError> {
    if terminal.json {
        let all: Vec<_> = found
            .iter()
            .map(|(partition, offset, record)| json!({ "record": format!("{partition}:{offset}"), "quarantined": record }))
            .collect();
        return terminal.value(&all);
    }
    if found.is_empty() {
        return terminal.line("nothing is in quarantine");
    }
    let rows = found.iter().flat_map(|(partition, offset, record)| {
        record.errors.iter().enumerate().map(move |(n, error)| {
            let first = |text: String| if n == 0 { text } else { String::new() };
            vec![
                first(format!("{partition}:{offset}")),
                first(record.pipeline.clone()),
                first(printable(&format!("{}:{}", record.unit.name, record.place.line))),
                error.code.clone(),
                error.field.as_deref().map(printable).unwrap_or_default(),
                error.detail.as_deref().map(printable).unwrap_or_default(),
            ]
        })
    });
    terminal.table(&["RECORD", "PIPELINE", "WHERE", "CODE", "FIELD", "EXPECTED AND FOUND"], rows)
}

fn show(
    kafka: &KafkaConfig,
    topic: &Arc<str>,
    place: (i32, i64),
    key: Option<&SealKey>,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let mut found = None;
    let visited = read_all(kafka, "acequia-quarantine", topic, &mut |record| {
        if (record.partition, record.offset) == place {
            found = record.value;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    visited.map_err(Failure::from)?;
    let Some(value) = found else {
        let message = format!("there is no record {}:{} in quarantine", place.0, place.1);
        return Err(CliError::system(message)
            .hint("it may have passed its retention; `quarantine list` shows what is there"));
    };
    let record = Quarantined::parse(&value).map_err(Failure::from)?;
    let sealed = record.raw.is_some();
    let raw = match key {
        Some(key) => record
            .open(topic, key)
            .map_err(|why| CliError::system(format!("the raw record does not open: {why}")))?,
        None => None,
    };
    if terminal.json {
        // Octets that are no text are told as base64, so that nothing of them is lost.
        let text = raw.as_deref().map(std::str::from_utf8).and_then(Result::ok);
        let octets = raw.as_deref().filter(|_| text.is_none());
        return terminal.value(&json!({
            "quarantined": record,
            "raw": text,
            "raw_base64": octets.map(|raw| data_encoding::BASE64.encode(raw)),
            "sealed": sealed && raw.is_none(),
        }));
    }
    terminal.value(&record)?;
    match raw {
        Some(raw) => {
            let head = terminal.bold("the raw record");
            terminal.line(format!("\n{head}"))?;
            terminal.line(printable(&String::from_utf8_lossy(&raw)))
        }
        None if sealed => {
            terminal.line("\nthe raw record is sealed, and this deployment has no quarantine key")
        }
        None => terminal.line("\nthe raw record was not kept"),
    }
}
