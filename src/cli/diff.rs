//! `acequia diff PIPELINE --against OLD`: what a change of a mapping changes in the events of real records.
//!
//! The deployment as it is now stands against an older mapping file, or a whole older deployment; both are checked
//! first. The records are those of the pipeline's source as it is now, read as for a preview, and go through both
//! sides one by one; nothing is kept but the counts, and an example of each.

mod compare;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Value as Json, json};

use self::compare::{Change, Event, Side, Summary, compare};
use super::{
    CliError, Exit, Global, Terminal, deployment,
    output::{counted, printable},
    preview::{Lanes, Made, Record, mappings_of, read},
};
use crate::{
    config::{self, Deployment, Options},
    connectors::registry,
    diagnostic,
    mapping::{Mapping, Verdict},
    supervisor::startup,
};

/// What to compare.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
OLD is a mapping file, which takes the place of the mapping of the same name, or the folder of another deployment,
whose pipeline of the same name is taken with all its mappings, models and tables. The records come from the source
of this deployment. Nothing is published or moved.

Ends with 1 if any event would differ.

Example:
  git show HEAD:mappings/permits.yaml > old.yaml
  acequia diff permits --against old.yaml
  acequia diff permits --against ../deployment-of-last-week --limit 100000")]
pub struct DiffArgs {
    /// The pipeline
    pub pipeline: String,
    /// The older mapping file or deployment
    #[arg(long, value_name = "OLD")]
    pub against: PathBuf,
    /// Records to compare, all by default
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Records to show one by one; all are counted
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub show: usize,
}

pub(super) fn run(
    args: &DiffArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let new = deployment::open(global, terminal)?;
    let pipeline = deployment::pipeline(&args.pipeline, &new)?;
    let old = older(&args.against, global, terminal)?;
    let earlier = deployment::pipeline(&args.pipeline, &old).map_err(|error| match error {
        CliError::Usage(message) if args.against.is_dir() => {
            CliError::Usage(format!("in `{}`, {message}", printed(&args.against)))
        }
        other => other,
    })?;
    let (before, after) = (mappings_of(earlier, &old), mappings_of(pipeline, &new));
    let keys = Arc::new(startup::keys(&new)?);
    let file = (!args.against.is_dir()).then(|| args.against.display().to_string());
    if let Some(file) = file.filter(|file| before.iter().all(|old| old.file.name() != *file)) {
        let names: Vec<&str> = after.iter().map(|mapping| &*mapping.name).collect();
        return Err(CliError::Usage(format!(
            "`{}` is no mapping of the pipeline `{}`, which has {}",
            printable(&file),
            args.pipeline,
            names.join(", ")
        )));
    }
    let both: Vec<Arc<Mapping>> = before.iter().chain(&after).cloned().collect();
    let interactive = terminal.interactive && !terminal.json;
    let mut run = Run {
        old: Lanes::new(&before, &earlier.config, Arc::clone(&keys)),
        new: Lanes::new(&after, &pipeline.config, keys),
        summary: Summary::default(),
        shown: 0,
        bar: interactive.then(ProgressBar::new_spinner),
        args,
        terminal,
    };
    let runtime = deployment::runtime()?;
    runtime.block_on(read(pipeline, &both, &mut |record| run.record(record)))?;
    runtime.shutdown_background();
    run.end()
}

/// The other side: this deployment with another mapping, or another deployment.
fn older(path: &Path, global: &Global, terminal: &Terminal) -> Result<Deployment, CliError> {
    if path.is_dir() {
        let name = global.config.file_name().unwrap_or_default();
        let other = Global { config: path.join(name), ..global.clone() };
        let (deployment, mut found) = deployment::read(&other, true);
        // Both sides have files of the same names.
        for finding in &mut found {
            let name = path.join(finding.file.name()).display().to_string();
            finding.file = diagnostic::SourceFile::new(name, finding.file.text());
        }
        return deployment::told(deployment, &found, terminal);
    }
    let options = Options { registry: registry(), secrets: true };
    let text = std::fs::read_to_string(path).map_err(|cause| {
        CliError::system(format!("`{}` cannot be read: {cause}", path.display()))
    })?;
    let name = path.display().to_string();
    let replaced = diagnostic::SourceFile::new(name, text);
    let (deployment, found) = config::load_with(&global.config, options, &replaced);
    deployment::told(deployment, &found, terminal)
}

fn printed(path: &Path) -> String {
    printable(&path.display().to_string())
}

struct Run<'t> {
    old: Lanes,
    new: Lanes,
    summary: Summary,
    shown: usize,
    bar: Option<ProgressBar>,
    args: &'t DiffArgs,
    terminal: &'t mut Terminal,
}

impl Run<'_> {
    /// `false` when enough has been compared.
    fn record(&mut self, record: Record<'_>) -> Result<bool, CliError> {
        self.summary.records += 1;
        if let Some(bar) = self.bar.as_ref().filter(|_| self.summary.records.is_multiple_of(1000)) {
            bar.set_message(format!(
                "{} records, {} differ",
                self.summary.records, self.summary.different
            ));
            bar.tick();
        }
        if let Record::Row(row) = record {
            let before = side(&mut self.old, row)?;
            let after = side(&mut self.new, row)?;
            let changes = compare(&before, &after);
            if !changes.is_empty() {
                let place = record.place();
                self.summary.count(&place, &changes);
                self.show(&place, &changes)?;
            }
        }
        let limit = self.args.limit.unwrap_or(usize::MAX) as u64;
        Ok(self.summary.records < limit)
    }

    fn show(&mut self, place: &str, changes: &[Change]) -> Result<(), CliError> {
        if self.shown >= self.args.show {
            return Ok(());
        }
        self.shown += 1;
        if self.terminal.json {
            let changes: Vec<Json> = changes.iter().map(Change::as_json).collect();
            return self.terminal.line(json!({ "place": place, "changes": changes }).to_string());
        }
        match self.bar.clone() {
            Some(bar) => bar.suspend(|| self.print(place, changes)),
            None => self.print(place, changes),
        }
    }

    fn print(&mut self, place: &str, changes: &[Change]) -> Result<(), CliError> {
        let head = self.terminal.bold(&printable(place));
        self.terminal.line(head)?;
        for change in changes {
            let (mark, text) = change.told();
            let mark = match mark {
                '+' => self.terminal.good("+"),
                '-' => self.terminal.bad("-"),
                _ => "~".to_owned(),
            };
            self.terminal.line(format!("  {mark} {}", printable(&text)))?;
        }
        Ok(())
    }

    fn end(self) -> Result<Exit, CliError> {
        let Self { summary, terminal, bar, shown, .. } = self;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        let exit = if summary.different == 0 { Exit::Ok } else { Exit::Findings };
        if terminal.json {
            terminal.line(json!({ "summary": summary.as_json() }).to_string())?;
            return Ok(exit);
        }
        if shown > 0 {
            let more = summary.different - shown as u64;
            if more > 0 {
                let more =
                    counted(more as usize, "further record differs", "further records differ");
                terminal.line(terminal.faint(&format!("… {more}")))?;
            }
            terminal.line("")?;
            let rows = summary.rows().map(|(what, count, example)| {
                vec![what.to_owned(), count.to_string(), printable(example)]
            });
            terminal.table(&["WHAT DIFFERS", "TIMES", "FOR EXAMPLE"], rows.collect::<Vec<_>>())?;
            terminal.line("")?;
        }
        let outcome = match summary.different {
            0 => terminal.good("no event differs"),
            count => terminal.bad(&format!("{count} differ")),
        };
        terminal.line(format!(
            "{} compared: {outcome}; nothing was published or moved",
            counted(summary.records as usize, "record", "records")
        ))?;
        Ok(exit)
    }
}

/// What one side makes of a record.
fn side(lanes: &mut Lanes, row: acequia_api::RowRef<'_>) -> Result<Side, CliError> {
    let mut side = Side::default();
    let ran = lanes.run(row, false)?;
    if let Some(error) = &ran.refused {
        // Whatever its mappings make of it, nothing of the record is published.
        side.reject(0, std::slice::from_ref(error));
        return Ok(side);
    }
    for made in ran.made.iter().filter(|made| made.verdict == Verdict::Rejected) {
        side.reject(made.lane, &made.errors);
    }
    // A mapping that refuses one element publishes none of the record's.
    for made in ran.made.into_iter().filter(Made::is_event) {
        if !side.refused_by(made.lane) {
            side.events.push(Event {
                topic: lanes.mapping(made.lane).model.topic(),
                element: made.element,
                deletes: made.verdict == Verdict::Delete,
                key: made.key,
                data: serde_json::from_slice(&made.data).unwrap_or(Json::Null),
                quality: made.quality,
            });
        }
    }
    Ok(side)
}
