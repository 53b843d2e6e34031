//! `acequia tail`

use std::{sync::Arc, time::Duration};

use clap::Args;
use serde_json::json;

use super::{CliError, Exit, Global, Terminal, deployment, output::printable};
use crate::{
    config::Deployment,
    pipeline::{compile, failure::Failure},
    publish::{Tail, TailFrom, TailRecord},
};

/// What to follow.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example:\n  acequia tail permits\n  acequia tail permits --from-start --limit 5 --format json"
)]
pub struct TailArgs {
    /// A pipeline or a topic
    pub target: String,
    /// Begin with the oldest event
    #[arg(long)]
    pub from_start: bool,
    /// Stop after so many events
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

/// How long one wait for an event lasts; a signal ends the process in between.
const POLL: Duration = Duration::from_millis(250);

pub(super) fn run(
    args: &TailArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let (deployment, kafka) = deployment::reach("tail", global, terminal)?;
    let topics = topics(&args.target, &deployment)?;
    let from = if args.from_start { TailFrom::Beginning } else { TailFrom::End };
    let mut tail = Tail::open(&kafka, "acequia-tail", &topics, from).map_err(Failure::from)?;
    let mut left = args.limit.unwrap_or(u64::MAX);
    while left > 0 {
        if let Some(record) = tail.next(POLL).map_err(Failure::from)? {
            show(&record, terminal)?;
            left -= 1;
        }
    }
    Ok(Exit::Ok)
}

/// The topics of a pipeline, or the one that is named.
fn topics(target: &str, deployment: &Deployment) -> Result<Vec<Arc<str>>, CliError> {
    let pipeline =
        deployment.pipelines.iter().find(|pipeline| &*pipeline.config.pipeline == target);
    match pipeline {
        Some(pipeline) => Ok(compile::topics_of(pipeline, deployment)?),
        None => Ok(vec![target.into()]),
    }
}

fn show(record: &TailRecord, terminal: &mut Terminal) -> Result<(), CliError> {
    let key = record.key.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let Some(event) = record.event() else {
        return if terminal.json {
            terminal.line(json!({ "tombstone": key }).to_string())
        } else {
            terminal.line(format!("{}  {}  tombstone", place(record), printable(&key)))
        };
    };
    if terminal.json {
        return terminal.line(event);
    }
    let event: serde_json::Value = serde_json::from_str(&event).unwrap_or_default();
    let text = |name: &str| printable(event[name].as_str().unwrap_or_default());
    let kind = text("type");
    let kind = if kind.ends_with(".deleted") { terminal.bad(&kind) } else { terminal.good(&kind) };
    let data = match (&event["data"], &record.value) {
        (serde_json::Value::Null, Some(value)) => avro(value).unwrap_or_default(),
        (serde_json::Value::Null, None) => String::new(),
        (data, _) => data.to_string(),
    };
    let line = format!(
        "{}  {kind}  {}  {}  {}",
        terminal.faint(&place(record)),
        terminal.bold(&printable(&key)),
        terminal.faint(&text("sourceposition")),
        printable(&data)
    );
    terminal.line(line)
}

/// What can be said of data whose schema is in a registry.
fn avro(value: &[u8]) -> Option<String> {
    let (schema, data) = value.strip_prefix(&[0])?.split_first_chunk()?;
    Some(format!("{} bytes of Avro, schema {}", data.len(), u32::from_be_bytes(*schema)))
}

fn place(record: &TailRecord) -> String {
    format!("{}/{}@{}", record.topic, record.partition, record.offset)
}
