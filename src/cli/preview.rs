//! `acequia preview PIPELINE`: real records beside the events that they would become.
//!
//! The source is opened as the daemon opens it, but told to leave no trace; the mappings run as they run in a
//! pipeline; nothing reaches Kafka. Values are shown: whoever may read the source may see them.

use std::{collections::BTreeSet, sync::Arc};

use acequia_api::{
    BatchLimits, Board, CancellationToken, Cell, ErrorClass, Fetched, MemoryState, OpenContext,
    Projection, Reader, RecordBatch, RecordError, Reject, RowRef, Source,
};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value as Json, json};

use super::{
    CliError, Exit, Global, Terminal, deployment,
    output::{columns, counted, printable},
    pretty::pretty,
};
use crate::{
    config::{Deployment, Pipeline},
    connectors::registry,
    mapping::{Mapping, Scratch, Verdict},
    pipeline::failure::Failure,
    supervisor::startup,
};

/// What to look at.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example:\n  acequia preview permits --limit 20\n  acequia preview permits --rejects"
)]
pub struct PreviewArgs {
    /// The pipeline
    pub pipeline: String,
    /// Records to look at
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub limit: usize,
    /// Only records that are refused
    #[arg(long)]
    pub rejects: bool,
}

pub(super) fn run(
    args: &PreviewArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let deployment = deployment::open(global, terminal)?;
    let pipeline = deployment::pipeline(&args.pipeline, &deployment)?;
    let mappings = mappings_of(pipeline, &deployment);
    let runtime = deployment::runtime()?;
    let keys = Arc::new(startup::keys(&deployment)?);
    let mut show = Show {
        mappings,
        scratch: Scratch::new(keys),
        args: args.clone(),
        terminal,
        tally: Tally::default(),
    };
    runtime.block_on(read(pipeline, &mut show))?;
    runtime.shutdown_background();
    show.end()
}

/// The mappings of a pipeline, in order.
pub(super) fn mappings_of(pipeline: &Pipeline, deployment: &Deployment) -> Vec<Arc<Mapping>> {
    let known = &deployment.library.mappings;
    pipeline.config.mapping.iter().filter_map(|name| known.get(name).cloned()).collect()
}

/// The source of a pipeline, opened so that it leaves no trace.
///
/// # Errors
/// What the connector says.
pub(super) async fn open(
    pipeline: &Pipeline,
    mappings: &[Arc<Mapping>],
) -> Result<Box<dyn Source>, Failure> {
    let written = &pipeline.config.source;
    let connector = registry().find(&written.connector).ok_or_else(|| {
        let message = format!("there is no connector `{}`", written.connector);
        Failure::new(ErrorClass::Bug, "pipeline.compile", message)
    })?;
    let cx = OpenContext {
        pipeline: Arc::clone(&pipeline.config.pipeline),
        projection: projection(mappings),
        state: Arc::new(MemoryState::default()),
        board: Arc::new(Board::default()),
        limits: BatchLimits::default(),
        once: true,
        preview: true,
        precheck: None,
        cancel: CancellationToken::new(),
        life: None,
    };
    Ok(connector.open(Json::Object(written.config.clone()), cx).await?)
}

async fn read(pipeline: &Pipeline, show: &mut Show<'_>) -> Result<(), CliError> {
    let mut source = open(pipeline, &show.mappings).await?;
    for split in source.splits().await.map_err(Failure::from)? {
        let reader = source.reader(&split, None).await.map_err(Failure::from)?;
        if !split_shown(reader, BatchLimits::default(), show).await? {
            break;
        }
    }
    Ok(())
}

/// Shows a split to its end; `false` when enough has been shown.
async fn split_shown(
    mut reader: Box<dyn Reader>,
    limits: BatchLimits,
    show: &mut Show<'_>,
) -> Result<bool, CliError> {
    let mut batch = RecordBatch::new(limits);
    loop {
        batch.clear();
        match reader.fetch(&mut batch).await.map_err(Failure::from)? {
            Fetched::End => return Ok(true),
            Fetched::Idle { retry_in } => tokio::time::sleep(retry_in).await,
            Fetched::Batch => {
                if !show.batch(&batch)? {
                    return Ok(false);
                }
            }
        }
    }
}

/// Everything, so that unused columns can be told; only what is wanted where a column has an encoding of its own,
/// which the source must know.
fn projection(mappings: &[Arc<Mapping>]) -> Projection {
    let wanted: Vec<_> = mappings.iter().flat_map(|mapping| mapping.wanted()).collect();
    if wanted.iter().all(|column| column.encoding.is_none()) {
        return Projection::All;
    }
    let mut seen = BTreeSet::new();
    Projection::Only(wanted.into_iter().filter(|column| seen.insert(column.name.clone())).collect())
}

#[derive(Debug, Default)]
struct Tally {
    shown: usize,
    read: usize,
    events: usize,
    filtered: usize,
    rejected: usize,
    unused: BTreeSet<String>,
}

struct Show<'t> {
    mappings: Vec<Arc<Mapping>>,
    scratch: Scratch,
    args: PreviewArgs,
    terminal: &'t mut Terminal,
    tally: Tally,
}

impl Show<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<bool, CliError> {
        self.unused(batch);
        let mut rejects = batch.rejects().iter().peekable();
        let mut rows = batch.rows().peekable();
        loop {
            // Refused records stand apart in a batch; here everything is shown in the order of the source.
            let first = match (rejects.peek(), rows.peek()) {
                (None, None) => return Ok(true),
                (Some(reject), Some(row)) => reject.meta.place.byte < row.meta().place.byte,
                (reject, _) => reject.is_some(),
            };
            self.tally.read += 1;
            if first {
                if let Some(reject) = rejects.next() {
                    self.refused(batch, reject)?;
                }
            } else if let Some(row) = rows.next() {
                self.row(row)?;
            }
            if self.enough() {
                return Ok(false);
            }
        }
    }

    fn refused(&mut self, batch: &RecordBatch, reject: &Reject) -> Result<(), CliError> {
        let raw = String::from_utf8_lossy(batch.bytes(reject.meta.raw)).into_owned();
        let place = place(batch, reject.meta.unit, reject.meta.place.line);
        self.tally.rejected += 1;
        self.one(&place, &[("record".to_owned(), raw)], &Outcome::Rejected(&reject.errors))
    }

    fn enough(&self) -> bool {
        self.tally.shown >= self.args.limit
    }

    fn unused(&mut self, batch: &RecordBatch) {
        for column in batch.schema().columns() {
            let unused = |mapping: &Arc<Mapping>| {
                mapping.unused_columns(batch.schema()).contains(&&*column.name)
            };
            if self.mappings.iter().all(unused) {
                self.tally.unused.insert(column.name.to_string());
            }
        }
    }

    fn row(&mut self, row: RowRef<'_>) -> Result<(), CliError> {
        let batch = row.batch();
        let place = place(batch, row.meta().unit, row.meta().place.line);
        // What no mapping uses is named at the end and not shown: it may be personal, and is nobody's business here.
        let mut fields = fields(row);
        fields.retain(|(name, _)| !self.tally.unused.contains(name));
        let mut taken = false;
        for mapping in self.mappings.clone() {
            let bound = mapping.bind(batch.schema()).map_err(|errors| {
                let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
                CliError::system(format!("mapping `{}`: {}", mapping.name, all.join("; ")))
            })?;
            for element in 0..mapping.elements(&bound, row) {
                let mut errors = Vec::new();
                let verdict =
                    mapping.apply_element(&bound, row, element, &mut self.scratch, &mut errors);
                let topic = mapping.model.topic();
                let data = self.scratch.data.clone();
                let key = self.scratch.key.clone();
                taken |= verdict != Verdict::Filtered;
                match verdict {
                    Verdict::Filtered => {}
                    Verdict::Rejected => {
                        self.tally.rejected += 1;
                        self.one(&place, &fields, &Outcome::Rejected(&errors))?;
                    }
                    Verdict::Upsert | Verdict::Delete => {
                        self.tally.events += 1;
                        let word = if verdict == Verdict::Upsert { "upserted" } else { "deleted" };
                        let kind = format!("{topic}.{word}");
                        self.one(&place, &fields, &Outcome::Event { kind, key, data })?;
                    }
                }
            }
        }
        if !taken {
            self.tally.filtered += 1;
            self.one(&place, &fields, &Outcome::Filtered)?;
        }
        Ok(())
    }

    fn one(
        &mut self,
        place: &str,
        fields: &[(String, String)],
        outcome: &Outcome<'_>,
    ) -> Result<(), CliError> {
        if self.args.rejects && !matches!(outcome, Outcome::Rejected(_)) {
            return Ok(());
        }
        self.tally.shown += 1;
        if self.terminal.json {
            let record: serde_json::Map<String, Json> =
                fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            let line = json!({ "place": place, "record": record, "outcome": outcome.json() });
            return self.terminal.line(line.to_string());
        }
        let place = self.terminal.bold(&printable(place));
        let head = match outcome {
            Outcome::Filtered => self.terminal.faint("filtered: no mapping takes it"),
            Outcome::Rejected(_) => self.terminal.bad("rejected"),
            Outcome::Event { kind, key, .. } => {
                format!("{}  {}", self.terminal.good(kind), printable(key))
            }
        };
        self.terminal.line(format!("{place}  {head}"))?;
        let names = fields.iter().map(|(name, _)| printable(name).chars().count());
        let column = names.max().unwrap_or_default();
        let left: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{:<column$}  {}", printable(name), printable(value)))
            .collect();
        let taken = left.iter().map(|line| line.chars().count()).max().unwrap_or_default();
        let room = columns().unwrap_or(120).saturating_sub(taken + BESIDE).max(NARROWEST);
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if self.terminal.interactive {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        } else {
            table.force_no_tty();
        }
        table.add_row([left.join("\n"), outcome.text(room)]);
        for line in table.lines() {
            self.terminal.line(format!("  {}", line.trim_end()))?;
        }
        self.terminal.line("")
    }

    fn end(self) -> Result<Exit, CliError> {
        let Tally { read, events, filtered, rejected, unused, .. } = self.tally;
        if !self.terminal.json && read == 0 {
            self.terminal.paragraph(
                "the source has nothing to read; what was read and put away is not looked at again",
                "",
            )?;
        } else if !self.terminal.json {
            let summary = format!(
                "{} looked at: {}, {filtered} filtered, {rejected} rejected; nothing was published or moved",
                counted(read, "record", "records"),
                counted(events, "event", "events")
            );
            self.terminal.paragraph(&summary, "")?;
            if !unused.is_empty() {
                let names: Vec<String> = unused.into_iter().collect();
                let unused = format!("columns that no mapping uses: {}", names.join(", "));
                self.terminal.paragraph(&unused, "")?;
            }
        }
        Ok(if rejected == 0 { Exit::Ok } else { Exit::Findings })
    }
}

enum Outcome<'a> {
    Filtered,
    Rejected(&'a [RecordError]),
    Event { kind: String, key: String, data: Vec<u8> },
}

/// Columns around a record and beside it.
const BESIDE: usize = 8;
/// An event is not made narrower than this; the record gives way.
const NARROWEST: usize = 40;

impl Outcome<'_> {
    /// For people, in `room` columns where that is possible.
    fn text(&self, room: usize) -> String {
        match self {
            Self::Filtered => String::new(),
            Self::Rejected(errors) => {
                errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
            Self::Event { data, .. } if data.is_empty() || data == b"null" => {
                "(no data: it is gone)".to_owned()
            }
            Self::Event { data, .. } => pretty(data, room),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Filtered => json!({ "filtered": true }),
            Self::Rejected(errors) => {
                let one = |error: &RecordError| json!({ "code": error.code, "field": error.field.as_deref(), "detail": error.detail });
                json!({ "rejects": errors.iter().map(one).collect::<Vec<_>>() })
            }
            Self::Event { kind, key, data } => {
                let data: Json = serde_json::from_slice(data).unwrap_or_default();
                json!({ "type": kind, "key": key, "data": data })
            }
        }
    }
}

fn place(batch: &RecordBatch, unit: acequia_api::UnitId, line: u64) -> String {
    format!("{}:{line}", batch.unit_of(unit).name)
}

/// The fields of a record as text, lists by their length.
fn fields(row: RowRef<'_>) -> Vec<(String, String)> {
    let batch = row.batch();
    let text = |cell: &Cell| match *cell {
        Cell::Null => String::new(),
        Cell::Text(span) | Cell::Number(span) => batch.text(span).to_owned(),
        Cell::Bytes(span) => format!("{} octets", span.len()),
        Cell::List(span) => counted(span.len(), "element", "elements"),
        Cell::Group(span) => counted(span.len(), "field", "fields"),
        other => format!("{other:?}"),
    };
    let columns = batch.schema().columns().iter();
    columns.zip(row.cells()).map(|(column, cell)| (column.name.to_string(), text(cell))).collect()
}
