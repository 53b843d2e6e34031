//! `acequia tail`: follows the published events, as a consumer that reads `read_committed` sees them.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use super::{load, output::Format};
use crate::{
    pipeline::{compile, failure::Failure},
    publish::{Tail, TailFrom, TailRecord},
    supervisor::startup,
};

/// What `tail` is told.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  acequia tail                               new events of all topics\n  acequia tail --beginning -n 10             the first ten there are\n  acequia tail --topic town.permit.v1 --format json | jq .data")]
pub struct TailArgs {
    /// Only this topic; may be repeated
    #[arg(long, value_name = "TOPIC")]
    pub topic: Vec<String>,
    /// Begin with the oldest event instead of the next one
    #[arg(long)]
    pub beginning: bool,
    /// Stop after so many events
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub count: Option<u64>,
    /// Stop when nothing has come for so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub idle: Option<u64>,
}

/// Follows events until told otherwise. `Ok(false)`: the deployment has mistakes, which were shown.
///
/// # Errors
/// The cluster cannot be reached, a topic is missing, nothing can be printed.
pub fn run(path: &Path, args: &TailArgs, format: Format, color: bool) -> Result<bool, Failure> {
    let Some(deployment) = load::load(path, color) else { return Ok(false) };
    let kafka = startup::connection(&deployment.daemon.kafka)?;
    let kafka = match kafka.embedded {
        false => kafka,
        true => return Err(load::embedded_elsewhere("tail")),
    };
    let plan = compile::topic_plan(&deployment, &kafka)?;
    let events = plan.topics.iter().filter(|topic| topic.role == crate::publish::Role::Events);
    let mut topics: Vec<Arc<str>> = events.map(|topic| Arc::clone(&topic.name)).collect();
    if !args.topic.is_empty() {
        topics = args.topic.iter().map(|name| Arc::from(name.as_str())).collect();
    }
    let from = if args.beginning { TailFrom::Beginning } else { TailFrom::End };
    let mut tail = Tail::open(&kafka, "acequia-tail", &topics, from)?;
    let patience = args.idle.map_or(Duration::MAX, Duration::from_secs);
    let mut quiet = std::time::Instant::now();
    let mut left = args.count.unwrap_or(u64::MAX);
    let mut out = io::stdout().lock();
    while left > 0 && quiet.elapsed() < patience {
        let Some(record) = tail.next(Duration::from_millis(250))? else { continue };
        quiet = std::time::Instant::now();
        left -= 1;
        match show(&record, format, &mut out) {
            Ok(()) => {}
            // `tail | head` is no failure.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Err(load::printing(&error)),
        }
    }
    Ok(true)
}

fn show(record: &TailRecord, format: Format, out: &mut impl Write) -> io::Result<()> {
    let key = record.key.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    match (format, &record.value) {
        (Format::Json, Some(value)) => {
            out.write_all(value)?;
            writeln!(out)
        }
        (Format::Json, None) => writeln!(out, "{}", serde_json::json!({"tombstone": key})),
        (Format::Text, None) => {
            writeln!(out, "{}/{}@{}  {key}  tombstone", record.topic, record.partition, record.offset)
        }
        (Format::Text, Some(value)) => {
            let event: serde_json::Value = serde_json::from_slice(value).unwrap_or_default();
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            writeln!(
                out,
                "{}/{}@{}  {}  {key}  {}  {}",
                record.topic,
                record.partition,
                record.offset,
                text("type"),
                text("sourceposition"),
                event.get("data").map(ToString::to_string).unwrap_or_default()
            )
        }
    }
}
