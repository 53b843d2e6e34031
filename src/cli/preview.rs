//! `acequia preview PIPELINE`: real records beside the events that they would become.
//!
//! The source is opened as the daemon opens it, but told to leave no trace; the mappings run as they run in a
//! pipeline; nothing reaches Kafka. Values are shown: whoever may read the source may see them, and whoever lets
//! others look on asks for their shapes.

mod lanes;
mod layout;
mod report;
mod source;
mod steps;

use std::{collections::BTreeSet, sync::Arc};

use acequia_api::{RecordError, UnitStatus};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Value as Json, json};

pub(super) use self::{
    lanes::{Lanes, Made, Ran},
    source::{Record, mappings_of, open, read},
};
use self::{
    layout::{Pane, Widths},
    report::Takers,
    steps::Sight,
};
use super::{
    CliError, Exit, Global, Terminal, deployment,
    output::{columns, counted, printable},
    pretty::pretty,
    watch,
};
use crate::{
    checkpoint::Taken,
    mapping::{Coverage, Verdict},
    supervisor::startup,
};

/// What to look at.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Values are shown as they are, those of personal columns too: who may read the source may read them.
With --discreet, every value is its shape: digits as 9, letters as A.

Example:
  acequia preview permits --limit 20
  acequia preview permits --rejects --steps      why a record is refused, step by step
  acequia preview permits --coverage             what of the mapping all records exercise
  acequia preview permits --steps --watch        again whenever a file of the deployment changes")]
pub struct PreviewArgs {
    /// The pipeline
    pub pipeline: String,
    /// Records to look at [default: 10; with --coverage all]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Only records that are refused
    #[arg(long)]
    pub rejects: bool,
    /// Show what became of every column and field on the way: decoding, `let`s, codes, checks, protection
    #[arg(long)]
    pub steps: bool,
    /// Show no record but count over all: fields with and without values, codes met and never met or unknown,
    /// branches, lookups, checks
    #[arg(long, conflicts_with_all = ["rejects", "steps"])]
    pub coverage: bool,
    /// Show shapes in place of values
    #[arg(long)]
    pub discreet: bool,
    /// Look again whenever a file of the deployment changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

pub(super) fn run(
    args: &PreviewArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    if args.watch {
        return watch::again(global, terminal, |terminal| once(args, global, terminal));
    }
    once(args, global, terminal)
}

fn once(args: &PreviewArgs, global: &Global, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let deployment = deployment::open(global, terminal)?;
    let pipeline = deployment::pipeline(&args.pipeline, &deployment)?;
    let mappings = mappings_of(pipeline, &deployment);
    let keys = Arc::new(startup::keys(&deployment)?);
    let mut lanes = Lanes::new(&mappings, &pipeline.config, keys);
    let interactive = terminal.interactive && !terminal.json;
    let mut show = Show {
        limit: args.limit.unwrap_or(if args.coverage { usize::MAX } else { 10 }),
        sight: Sight { discreet: args.discreet },
        takers: Takers { by: vec![0; mappings.len()], ..Takers::default() },
        coverage: mappings.iter().map(|mapping| Coverage::of(mapping)).collect(),
        kinds: mappings.iter().map(|mapping| mapping.model.topic()).collect(),
        bar: (args.coverage && interactive).then(ProgressBar::new_spinner),
        args,
        terminal,
        tally: Tally::default(),
    };
    let runtime = deployment::runtime()?;
    let waiting = runtime.block_on(read(pipeline, &mappings, &mut |record| {
        show.record(&mut lanes, record)?;
        Ok(!show.enough())
    }))?;
    runtime.shutdown_background();
    show.end(&lanes, &waiting)
}

#[derive(Debug, Default)]
struct Tally {
    shown: usize,
    read: usize,
    events: usize,
    rejected: usize,
    unused: BTreeSet<String>,
}

struct Show<'t> {
    args: &'t PreviewArgs,
    limit: usize,
    sight: Sight,
    terminal: &'t mut Terminal,
    /// Per mapping, what its events are called.
    kinds: Vec<String>,
    coverage: Vec<Coverage>,
    takers: Takers,
    tally: Tally,
    bar: Option<ProgressBar>,
}

impl Show<'_> {
    fn record(&mut self, lanes: &mut Lanes, record: Record<'_>) -> Result<(), CliError> {
        self.tally.read += 1;
        if let Some(bar) = self.bar.as_ref().filter(|_| self.tally.read.is_multiple_of(1000)) {
            bar.set_message(format!("{} records", self.tally.read));
            bar.tick();
        }
        let row = match record {
            Record::Row(row) => row,
            Record::Refused(_, reject) => {
                self.tally.rejected += 1;
                let fields = self.fields(&record);
                let outcome = Outcome::Rejected(&reject.errors);
                return self.one(&record.place(), &fields, &outcome, None);
            }
        };
        for name in lanes.unused(row.batch().schema()) {
            if !self.tally.unused.contains(name) {
                self.tally.unused.insert(name.to_owned());
            }
        }
        // What no mapping uses is named at the end and not shown: it may be personal, and is nobody's business here.
        let (place, fields) = if self.args.coverage {
            (String::new(), Pane::new())
        } else {
            let mut fields = self.fields(&record);
            fields.retain(|(name, _)| !self.tally.unused.contains(name));
            (record.place(), fields)
        };
        let ran = lanes.run(row, true)?;
        self.takers.count(&ran);
        for made in &ran.made {
            self.coverage[made.lane].count(&made.trace, made.verdict);
        }
        self.ran(&place, &fields, &ran, lanes)
    }

    fn ran(
        &mut self,
        place: &str,
        fields: &Pane,
        ran: &Ran,
        lanes: &Lanes,
    ) -> Result<(), CliError> {
        let taken = ran.made.iter().any(|made| made.verdict != Verdict::Filtered);
        if taken && ran.refused.is_none() {
            let mut made = ran.made.iter().filter(|made| made.verdict != Verdict::Filtered);
            return made.try_for_each(|made| self.made(place, fields, made));
        }
        let steps = self.args.steps.then(|| {
            let made = ran.made.iter().map(|made| (lanes.mapping(made.lane), &made.trace));
            steps::together(made, ran.refused.as_ref(), self.sight)
        });
        let outcome = match &ran.refused {
            Some(error) => {
                self.tally.rejected += 1;
                Outcome::Rejected(std::slice::from_ref(error))
            }
            None if ran.taken.contains(&Taken::Empty) => Outcome::Empty,
            None => Outcome::Filtered,
        };
        self.one(place, fields, &outcome, steps.as_ref())
    }

    fn fields(&self, record: &Record<'_>) -> Pane {
        let fields = record.fields().into_iter();
        fields.map(|(name, value)| (name, self.sight.whole(&value))).collect()
    }

    fn made(&mut self, place: &str, fields: &Pane, made: &Made) -> Result<(), CliError> {
        let steps = self.args.steps.then(|| steps::both(&made.trace, self.sight));
        let steps = steps.as_ref();
        if !made.is_event() {
            self.tally.rejected += 1;
            return self.one(place, fields, &Outcome::Rejected(&made.errors), steps);
        }
        self.tally.events += 1;
        let word = if made.verdict == Verdict::Upsert { "upserted" } else { "deleted" };
        let outcome = Outcome::Event {
            kind: format!("{}.{word}", self.kinds[made.lane]),
            key: self.sight.whole(&made.key),
            data: self.sight.document(&made.data),
            quality: &made.quality,
        };
        self.one(place, fields, &outcome, steps)
    }

    fn enough(&self) -> bool {
        let seen = if self.args.coverage { self.tally.read } else { self.tally.shown };
        seen >= self.limit
    }

    fn one(
        &mut self,
        place: &str,
        fields: &Pane,
        outcome: &Outcome<'_>,
        steps: Option<&(Pane, Json)>,
    ) -> Result<(), CliError> {
        let unwanted = self.args.rejects && !matches!(outcome, Outcome::Rejected(_));
        if self.args.coverage || unwanted {
            return Ok(());
        }
        self.tally.shown += 1;
        if self.terminal.json {
            let record: serde_json::Map<String, Json> =
                fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            let mut line = json!({ "place": place, "record": record, "outcome": outcome.json() });
            if let Some((_, steps)) = steps {
                line["steps"] = steps.clone();
            }
            return self.terminal.line(line.to_string());
        }
        let place = self.terminal.bold(&printable(place));
        let head = match outcome {
            Outcome::Filtered => self.terminal.faint("filtered: no mapping takes it"),
            Outcome::Empty => self.terminal.faint("taken, with no element to make an event of"),
            Outcome::Rejected(_) => self.terminal.bad("rejected"),
            Outcome::Event { kind, key, .. } => {
                format!("{}  {}", self.terminal.good(kind), printable(key))
            }
        };
        self.terminal.line(format!("{place}  {head}"))?;
        let shown = fields.iter().map(|(name, value)| (printable(name), printable(value)));
        let shown: Pane = shown.collect();
        let steps = steps.map(|(pane, _)| pane.clone()).unwrap_or_default();
        let total = columns().unwrap_or(120);
        let widths = Widths::of(total, &shown, !steps.is_empty());
        let event = outcome.text(widths.event.unwrap_or(widths.total));
        for line in layout::lines(&shown, &steps, &event, widths) {
            self.terminal.line(format!("  {}", line.trim_end()))?;
        }
        self.terminal.line("")
    }

    fn end(self, lanes: &Lanes, waiting: &[UnitStatus]) -> Result<Exit, CliError> {
        let Self { terminal, tally, takers, coverage, sight, bar, args, .. } = self;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        let exit = if tally.rejected == 0 { Exit::Ok } else { Exit::Findings };
        let all: Vec<_> = lanes.mappings().zip(&coverage).collect();
        if terminal.json {
            if args.coverage {
                let mut report = report::as_json(&all, &takers, sight);
                report["records"] = tally.read.into();
                report["rejected"] = tally.rejected.into();
                report["unused_columns"] = json!(tally.unused);
                report["waiting"] = json!(waiting);
                terminal.value(&report)?;
            } else if tally.read == 0 {
                terminal.line(json!({ "records": 0, "waiting": waiting }).to_string())?;
            }
            return Ok(exit);
        }
        if tally.read == 0 {
            terminal.paragraph(
                "the source has nothing to read; what was read and put away is not looked at again",
                "",
            )?;
            return waits(waiting, terminal).map(|()| exit);
        }
        if args.coverage {
            report::whole(&all, &takers, sight, terminal)?;
            terminal.line("")?;
        }
        let summary = format!(
            "{} looked at: {}, {} filtered, {} rejected; nothing was published or moved",
            counted(tally.read, "record", "records"),
            counted(tally.events, "event", "events"),
            takers.filtered(),
            tally.rejected,
        );
        terminal.paragraph(&summary, "")?;
        if !args.coverage {
            for line in report::noticed(&all, &takers, sight) {
                terminal.paragraph(&line, "  ")?;
            }
        }
        if !tally.unused.is_empty() {
            let names: Vec<String> = tally.unused.into_iter().collect();
            let unused = format!("columns that no mapping uses: {}", names.join(", "));
            terminal.paragraph(&unused, "  ")?;
        }
        if !args.coverage {
            let more = format!("over all records: `acequia preview {} --coverage`", args.pipeline);
            let more = terminal.faint(&more);
            terminal.line(format!("  {more}"))?;
        }
        waits(waiting, terminal)?;
        Ok(exit)
    }
}

/// What the source has seen and does not read yet, and why.
fn waits(waiting: &[UnitStatus], terminal: &mut Terminal) -> Result<(), CliError> {
    for unit in waiting {
        let note = unit.note.as_deref().unwrap_or_default();
        terminal.paragraph(&format!("`{}` is not read yet: {note}", unit.name), "  ")?;
    }
    Ok(())
}

enum Outcome<'a> {
    Filtered,
    Empty,
    Rejected(&'a [RecordError]),
    Event { kind: String, key: String, data: Vec<u8>, quality: &'a [String] },
}

impl Outcome<'_> {
    /// For people, in `room` columns where that is possible.
    fn text(&self, room: usize) -> String {
        match self {
            Self::Filtered | Self::Empty => String::new(),
            Self::Rejected(errors) => {
                errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
            Self::Event { data, .. } if data.is_empty() || data == b"null" => {
                "(no data: it is gone)".to_owned()
            }
            Self::Event { data, quality, .. } => {
                let mut text = pretty(data, room);
                if !quality.is_empty() {
                    text.push_str(&format!("\nquality: {}", quality.join(", ")));
                }
                text
            }
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Filtered => json!({ "filtered": true }),
            Self::Empty => json!({ "empty": true }),
            Self::Rejected(errors) => {
                let one = |error: &RecordError| json!({ "code": error.code, "field": error.field.as_deref(), "detail": error.detail });
                json!({ "rejects": errors.iter().map(one).collect::<Vec<_>>() })
            }
            Self::Event { kind, key, data, quality } => {
                let data: Json = serde_json::from_slice(data).unwrap_or_default();
                let mut event = json!({ "type": kind, "key": key, "data": data });
                if !quality.is_empty() {
                    event["quality"] = json!(quality);
                }
                event
            }
        }
    }
}
