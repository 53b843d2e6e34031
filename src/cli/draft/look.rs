//! Reading what is to be drafted from: a file, or the source of a pipeline.

use std::{
    io::{self, BufRead, IsTerminal},
    path::Path,
    sync::Arc,
    time::Duration,
};

use acequia_api::{BatchLimits, Cell, Fetched, Projection, Reader, RecordBatch, SourceError, Unit};
use acequia_formats::{DecodeFailure, Decoded, Decoder, Format};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Looked;
use crate::{
    cli::{CliError, deployment, output::printable, preview},
    config::Pipeline,
    draft::{Form, Profiler, Survey},
    pipeline::failure::Failure,
};

/// Below this nobody has time to look at a bar.
const WORTH_A_BAR: u64 = 16 << 20;

/// Looks at a file.
///
/// # Errors
/// It cannot be read, or holds nothing that could be a record.
pub(super) fn file(path: &Path) -> Result<Looked, CliError> {
    let shown = printable(&path.display().to_string());
    let unreadable =
        |cause: io::Error| CliError::system(format!("`{shown}` cannot be read: {cause}"));
    let mut survey = Survey::default();
    let mut input = acequia_files::content(path).map_err(unreadable)?;
    loop {
        let piece = input.fill_buf().map_err(unreadable)?;
        if piece.is_empty() {
            break;
        }
        survey.feed(piece);
        let length = piece.len();
        input.consume(length);
    }
    let form = Form::find(&survey)
        .map_err(|why| CliError::system(format!("no table was found in `{shown}`: {why}")))?;
    let format: Format = serde_json::from_value(form.to_json()).map_err(|cause| {
        CliError::system(format!("the form that was found cannot be used: {cause}"))
    })?;
    let mut decoder =
        format.decoder(&Projection::All).map_err(|cause| CliError::from(Failure::from(cause)))?;
    let mut input = acequia_files::content(path).map_err(unreadable)?;
    let mut cut = None;
    let profile = match records(decoder.as_mut(), &mut input, survey.bytes(), &mut cut) {
        Ok(profiler) => profiler.finish(),
        Err(DecodeFailure::Io(cause)) => return Err(unreadable(cause)),
        Err(DecodeFailure::Unit(error)) => {
            let message = format!("`{shown}` cannot be read as what it looks like: {error}");
            return Err(
                CliError::system(message).hint("the form was: ".to_owned() + &form.summary())
            );
        }
    };
    Ok(Looked { profile, form: Some(form), cut })
}

/// Hands every record to a profiler, up to the end or to where the file as a whole would be refused.
fn records(
    decoder: &mut dyn Decoder,
    input: &mut dyn BufRead,
    bytes: u64,
    cut: &mut Option<String>,
) -> Result<Profiler, DecodeFailure> {
    decoder.head(input)?;
    let names = decoder
        .schema()
        .map(|schema| schema.columns().iter().map(|column| column.name.to_string()).collect());
    let mut profiler = Profiler::new(names.unwrap_or_default());
    let mut batch = RecordBatch::new(BatchLimits::default());
    let unit = Arc::new(Unit { id: "draft".into(), name: "draft".into() });
    let bar = bar(bytes);
    loop {
        batch.clear();
        let decoded = decoder.decode(input, &unit, &mut batch);
        // A file of text has no column of another type.
        let _ = take(&batch, &mut profiler);
        bar.set_position(decoder.state().byte);
        match decoded {
            Ok(Decoded::Full) => {}
            Ok(Decoded::End) => break,
            Err(DecodeFailure::Unit(error)) => {
                *cut = Some(error.to_string());
                break;
            }
            Err(error) => return Err(error),
        }
    }
    bar.finish_and_clear();
    Ok(profiler)
}

/// Hands the rows of a batch to a profiler; gives the name of a column that is no text.
fn take(batch: &RecordBatch, profiler: &mut Profiler) -> Result<(), String> {
    let mut cells: Vec<&str> = Vec::with_capacity(batch.schema().columns().len());
    for row in batch.rows() {
        cells.clear();
        for (at, cell) in row.cells().iter().enumerate() {
            cells.push(match cell {
                Cell::Null => "",
                Cell::Text(span) => batch.text(*span),
                _ => return Err(batch.schema().columns()[at].name.to_string()),
            });
        }
        profiler.row(&cells);
    }
    for reject in batch.rejects() {
        profiler.refused(reject.errors.first().map_or("unknown", |error| error.code));
    }
    Ok(())
}

fn bar(bytes: u64) -> ProgressBar {
    if bytes < WORTH_A_BAR || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("reading  {bar:40}  {bytes} of {total_bytes}, {bytes_per_sec}")
    {
        bar.set_style(style);
    }
    bar
}

/// Looks at the source of a pipeline, opened so that it leaves no trace.
///
/// # Errors
/// What the source says.
pub(super) fn pipeline(pipeline: &Pipeline) -> Result<Looked, CliError> {
    let runtime = deployment::runtime()?;
    let looked = runtime.block_on(read(pipeline));
    runtime.shutdown_background();
    looked
}

async fn read(pipeline: &Pipeline) -> Result<Looked, CliError> {
    let failed = |error: SourceError| CliError::from(Failure::from(error));
    let mut source = preview::open(pipeline, &[]).await?;
    let mut profiler = None;
    let mut cut = None;
    for split in source.splits().await.map_err(failed)? {
        let reader = source.reader(&split, None).await.map_err(failed)?;
        split_read(reader, &mut profiler, &mut cut).await?;
    }
    let profiler = profiler.ok_or_else(|| {
        CliError::system("the source has no record now, so there is nothing to draft from")
    })?;
    Ok(Looked { profile: profiler.finish(), form: None, cut })
}

async fn split_read(
    mut reader: Box<dyn Reader>,
    profiler: &mut Option<Profiler>,
    cut: &mut Option<String>,
) -> Result<(), CliError> {
    let mut batch = RecordBatch::new(BatchLimits::default());
    loop {
        batch.clear();
        match reader.fetch(&mut batch).await.map_err(Failure::from)? {
            Fetched::End => return Ok(()),
            Fetched::Idle { retry_in } => {
                tokio::time::sleep(retry_in.min(Duration::from_secs(1))).await;
            }
            Fetched::Batch => {
                let names: Vec<String> =
                    batch.schema().columns().iter().map(|column| column.name.to_string()).collect();
                let known = profiler.get_or_insert_with(|| Profiler::new(names.clone()));
                if !known.is_of(&names) {
                    *cut = Some(
                        "a later file has other columns; nothing of it was looked at".to_owned(),
                    );
                    return Ok(());
                }
                take(&batch, known).map_err(|column| {
                    let column = printable(&column);
                    CliError::system(format!(
                        "the source delivers `{column}` with a type of its own"
                    ))
                    .hint("name such columns in `from:` with that type; a draft is for text")
                })?;
            }
        }
    }
}
