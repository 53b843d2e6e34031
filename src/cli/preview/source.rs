//! The records of a pipeline's source, one after the other in the order of the source, with nothing left behind.

use std::{collections::BTreeSet, sync::Arc};

use acequia_api::{
    BatchLimits, Board, CancellationToken, Cell, ErrorClass, Fetched, MemoryState, OpenContext,
    Projection, Reader, RecordBatch, Reject, RowRef, Source, UnitId, UnitStatus,
};
use serde_json::Value as Json;

use crate::{
    cli::{CliError, output::counted},
    config::{Deployment, Pipeline},
    connectors::registry,
    mapping::{Mapping, value::Value},
    pipeline::failure::Failure,
};

/// A record, or what the source itself refused to take for one.
#[derive(Clone, Copy)]
pub(in crate::cli) enum Record<'b> {
    Row(RowRef<'b>),
    Refused(&'b RecordBatch, &'b Reject),
}

impl Record<'_> {
    /// File and line, or what the source has in their place.
    pub(in crate::cli) fn place(&self) -> String {
        let (batch, meta) = match self {
            Self::Row(row) => (row.batch(), row.meta()),
            Self::Refused(batch, reject) => (*batch, &reject.meta),
        };
        let unit: UnitId = meta.unit;
        format!("{}:{}", batch.unit_of(unit).name, meta.place.line)
    }

    /// The fields as text, each under its name; what was refused is one text.
    pub(in crate::cli) fn fields(&self) -> Vec<(String, String)> {
        match self {
            Self::Row(row) => {
                let columns = row.batch().schema().columns().iter();
                let text = |(column, cell): (&acequia_api::Column, &Cell)| {
                    (column.name.to_string(), cell_text(row.batch(), *cell, &column.kind))
                };
                columns.zip(row.cells()).map(text).collect()
            }
            Self::Refused(batch, reject) => {
                let raw = String::from_utf8_lossy(batch.bytes(reject.meta.raw)).into_owned();
                vec![("record".to_owned(), raw)]
            }
        }
    }
}

/// A cell as text, octets and nested ones by their size.
fn cell_text(batch: &RecordBatch, cell: Cell, kind: &acequia_api::ColumnType) -> String {
    match cell {
        Cell::Bytes(span) => format!("{} octets", span.len()),
        Cell::List(span) => counted(span.len(), "element", "elements"),
        Cell::Group(span) => counted(span.len(), "field", "fields"),
        cell => {
            let mut bytes = Vec::new();
            Value::from_cell(cell, batch, kind).unwrap_or_default().write_text(&mut bytes);
            String::from_utf8(bytes).unwrap_or_default()
        }
    }
}

/// The mappings of a pipeline, in order.
pub(in crate::cli) fn mappings_of(
    pipeline: &Pipeline,
    deployment: &Deployment,
) -> Vec<Arc<Mapping>> {
    let known = &deployment.library.mappings;
    pipeline.config.mapping.iter().filter_map(|name| known.get(name).cloned()).collect()
}

/// The source of a pipeline, opened so that it leaves no trace.
///
/// # Errors
/// What the connector says.
pub(in crate::cli) async fn open(
    pipeline: &Pipeline,
    mappings: &[Arc<Mapping>],
) -> Result<Box<dyn Source>, Failure> {
    open_beside(pipeline, mappings, Arc::default()).await
}

async fn open_beside(
    pipeline: &Pipeline,
    mappings: &[Arc<Mapping>],
    board: Arc<Board>,
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
        board,
        limits: BatchLimits::default(),
        once: true,
        preview: true,
        precheck: None,
        cancel: CancellationToken::new(),
        life: None,
    };
    Ok(connector.open(Json::Object(written.config.clone()), cx).await?)
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

/// Shows record after record to `visit`, until that says `false` or there are no more. Gives what the source waits
/// for: units that it has seen and does not read yet, with the reason in their notes.
///
/// # Errors
/// What the source says; what `visit` says.
pub(in crate::cli) async fn read(
    pipeline: &Pipeline,
    mappings: &[Arc<Mapping>],
    visit: &mut dyn FnMut(Record<'_>) -> Result<bool, CliError>,
) -> Result<Vec<UnitStatus>, CliError> {
    let board = Arc::new(Board::default());
    let mut source = open_beside(pipeline, mappings, Arc::clone(&board)).await?;
    for split in source.splits().await.map_err(Failure::from)? {
        let reader = source.reader(&split, None).await.map_err(Failure::from)?;
        if !split_read(reader, visit).await? {
            break;
        }
    }
    let mut units = board.units();
    units.retain(|unit| unit.note.is_some() && !unit.state.is_final());
    Ok(units)
}

/// `false` when enough has been seen.
async fn split_read(
    mut reader: Box<dyn Reader>,
    visit: &mut dyn FnMut(Record<'_>) -> Result<bool, CliError>,
) -> Result<bool, CliError> {
    let mut batch = RecordBatch::new(BatchLimits::default());
    loop {
        batch.clear();
        match reader.fetch(&mut batch).await.map_err(Failure::from)? {
            Fetched::End => return Ok(true),
            Fetched::Idle { retry_in } => tokio::time::sleep(retry_in).await,
            Fetched::Batch => {
                if !batch_read(&batch, visit)? {
                    return Ok(false);
                }
            }
        }
    }
}

/// Refused records stand apart in a batch; here everything is shown in the order of the source.
fn batch_read(
    batch: &RecordBatch,
    visit: &mut dyn FnMut(Record<'_>) -> Result<bool, CliError>,
) -> Result<bool, CliError> {
    let mut rejects = batch.rejects().iter().peekable();
    let mut rows = batch.rows().peekable();
    loop {
        let first = match (rejects.peek(), rows.peek()) {
            (None, None) => return Ok(true),
            (Some(reject), Some(row)) => reject.meta.place.byte < row.meta().place.byte,
            (reject, _) => reject.is_some(),
        };
        let next = if first {
            rejects.next().map(|reject| Record::Refused(batch, reject))
        } else {
            rows.next().map(Record::Row)
        };
        if let Some(record) = next
            && !visit(record)?
        {
            return Ok(false);
        }
    }
}
