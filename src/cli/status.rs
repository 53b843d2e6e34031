//! `acequia status`

use std::time::Duration;

use acequia_api::{Backlog, UnitState};
use clap::Args;
use comfy_table::{Cell, CellAlignment};
use hyper::Method;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{
    CliError, Exit, Global, Terminal,
    deployment::unknown,
    output::{bad_cell, counted, printable},
    switch::ask,
};
use crate::admin::{DaemonPicture, FailurePicture, PipelinePicture};

/// What to show.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia status
  acequia status permits        with its files, rejects and alarms
  acequia status --watch        again every two seconds
  acequia status --json | jq '.pipelines[] | {name, state, records_per_second, backlog}'

REC/S is the mean of the last minute. LEFT is what the source has seen and not committed.")]
pub struct StatusArgs {
    /// One pipeline, in detail
    pipeline: Option<String>,
    /// Show it again every so many seconds, until Ctrl-C
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    watch: Option<u64>,
}

/// Units shown with a pipeline; JSON has more.
const UNITS: usize = 20;

pub(super) fn run(
    args: &StatusArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    loop {
        let answer = ask(global, Method::GET, "/status")?;
        if args.watch.is_some() && !terminal.json {
            terminal.clear()?;
        }
        let exit = show(args, &answer, terminal)?;
        let Some(seconds) = args.watch else { return Ok(exit) };
        if !terminal.json && !terminal.interactive {
            terminal.line("")?;
        }
        wait(Duration::from_secs(seconds));
    }
}

#[expect(clippy::disallowed_methods, reason = "a person looks at it; a signal ends the process")]
fn wait(period: Duration) {
    std::thread::sleep(period);
}

fn show(
    args: &StatusArgs,
    answer: &serde_json::Value,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let picture = DaemonPicture::deserialize(answer)
        .map_err(|_| CliError::system("the daemon answers in another version's words"))?;
    let Some(name) = &args.pipeline else {
        match (terminal.json, args.watch) {
            (true, Some(_)) => terminal.line(answer.to_string())?,
            (true, None) => terminal.value(answer)?,
            (false, _) => overview(&picture, terminal)?,
        }
        return Ok(if picture.ready { Exit::Ok } else { Exit::Findings });
    };
    let known = picture.pipelines.iter();
    let Some(pipeline) = known.clone().find(|pipeline| pipeline.name == *name) else {
        return Err(unknown("pipeline", name, known.map(|known| known.name.as_str())));
    };
    match (terminal.json, args.watch) {
        (true, Some(_)) => terminal.line(serde_json::json!(pipeline).to_string())?,
        (true, None) => terminal.value(pipeline)?,
        (false, _) => detail(pipeline, terminal)?,
    }
    Ok(if pipeline.ready { Exit::Ok } else { Exit::Findings })
}

fn overview(picture: &DaemonPicture, terminal: &mut Terminal) -> Result<(), CliError> {
    let since = ago(picture.started);
    let pipelines = counted(picture.pipelines.len(), "pipeline", "pipelines");
    let ready = if picture.ready { terminal.good("ready") } else { terminal.bad("not ready") };
    let head = terminal.bold(&picture.deployment);
    terminal.line(format!(
        "{head}: {ready}, {pipelines}, acequia {} up for {since}\n",
        picture.version
    ))?;
    let header = ["PIPELINE", "STATE", "REC/S", "READ", "REJECTED", "LEFT", "COMMITTED", "ALARMS"];
    terminal.table(&header, picture.pipelines.iter().map(row))?;
    for pipeline in &picture.pipelines {
        if let Some(why) = &pipeline.failure {
            failure(&pipeline.name, why, terminal)?;
        }
    }
    reload(picture, terminal)
}

fn row(pipeline: &PipelinePicture) -> Vec<Cell> {
    let state = format!("{} {}", pipeline.state, ago(pipeline.since));
    let counts = pipeline.counts;
    vec![
        Cell::new(&pipeline.name),
        if pipeline.ready { Cell::new(state) } else { bad_cell(&state) },
        number(rate(pipeline.records_per_second)),
        number(grouped(counts.rows_in)),
        number(grouped(counts.rejected)),
        Cell::new(left(&pipeline.backlog)),
        number(
            pipeline.last_commit.map_or_else(|| "-".to_owned(), |at| format!("{} ago", ago(at))),
        ),
        match pipeline.alarms.len() {
            0 => number("-".to_owned()),
            some => bad_cell(&some.to_string()).set_alignment(CellAlignment::Right),
        },
    ]
}

fn number(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// What keeps the configuration on disk from being the one that runs.
fn reload(picture: &DaemonPicture, terminal: &mut Terminal) -> Result<(), CliError> {
    let Some(reload) = &picture.reload else { return Ok(()) };
    let since = ago(reload.at);
    match &reload.failure {
        Some(why) => {
            let head = terminal.bad("the configuration on disk is not used");
            terminal.line(format!("\n{head}: {} ({since} ago)", why.code))?;
            for line in why.message.trim_end().lines() {
                terminal.line(format!("  {}", printable(line)))?;
            }
            terminal.line("  help: `acequia check` shows everything that is wrong with it")
        }
        None if reload.restart => {
            terminal.line("\n`acequia.yaml` has changed: that takes effect at the next start")
        }
        None => Ok(()),
    }
}

fn failure(name: &str, failure: &FailurePicture, terminal: &mut Terminal) -> Result<(), CliError> {
    let head = terminal.bad(&format!("{name}: {}", failure.code));
    terminal.line(format!("\n{head}"))?;
    terminal.paragraph(&failure.message, "  ")?;
    match &failure.hint {
        Some(hint) => terminal.paragraph(&format!("help: {hint}"), "  "),
        None => Ok(()),
    }
}

/// A number that only shows where there is something to count.
fn if_any(number: u64) -> String {
    if number == 0 { String::new() } else { grouped(number) }
}

fn detail(pipeline: &PipelinePicture, terminal: &mut Terminal) -> Result<(), CliError> {
    facts(pipeline, terminal)?;
    if let Some(why) = &pipeline.failure {
        failure(&pipeline.name, why, terminal)?;
    }
    if pipeline.splits.len() > 1 {
        terminal.line("")?;
        let rows = pipeline.splits.iter().map(|split| {
            vec![
                Cell::new(printable(&split.split)),
                number(rate(split.records_per_second)),
                number(grouped(split.counts.rows_in)),
                number(grouped(split.counts.rejected)),
                number(
                    split
                        .last_commit
                        .map_or_else(|| "-".to_owned(), |at| format!("{} ago", ago(at))),
                ),
            ]
        });
        terminal.table(&["SPLIT", "REC/S", "READ", "REJECTED", "COMMITTED"], rows)?;
    }
    if !pipeline.rejects.is_empty() {
        terminal.line("")?;
        let rows = pipeline
            .rejects
            .iter()
            .map(|(code, count)| vec![Cell::new(code), number(grouped(*count))]);
        terminal.table(&["REJECTED BECAUSE", "RECORDS"], rows)?;
    }
    for alarm in &pipeline.alarms {
        let head = terminal.bad(&format!("alarm {}", alarm.code));
        terminal.line(format!("\n{head} (for {})", ago(alarm.since)))?;
        terminal.paragraph(&alarm.message, "  ")?;
    }
    routing(pipeline, terminal)?;
    units(pipeline, terminal)
}

fn facts(pipeline: &PipelinePicture, terminal: &mut Terminal) -> Result<(), CliError> {
    let counts = pipeline.counts;
    let ready = if pipeline.ready { "" } else { ", not ready" };
    let facts = [
        ("state", format!("{} for {}{ready}", pipeline.state, ago(pipeline.since))),
        ("owner", pipeline.owner.clone().unwrap_or_default()),
        ("topics", pipeline.topics.join(", ")),
        ("rate", format!("{} records/s over the last minute", rate(pipeline.records_per_second))),
        ("left", left(&pipeline.backlog)),
        ("read", grouped(counts.rows_in)),
        (
            "published",
            format!("{} in {} events", grouped(counts.published), grouped(counts.events)),
        ),
        ("rejected", grouped(counts.rejected)),
        ("filtered", grouped(counts.filtered)),
        ("claim checks", if_any(pipeline.claims)),
        (
            "last commit",
            pipeline.last_commit.map(|at| format!("{} ago", ago(at))).unwrap_or_default(),
        ),
        ("transaction", pipeline.transaction.map(grouped).unwrap_or_default()),
        ("next run", pipeline.next_run.map(|at| at.to_string()).unwrap_or_default()),
    ];
    let head = terminal.bold(&pipeline.name);
    terminal.line(head)?;
    for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
        terminal.fact(name, 12, fact)?;
    }
    Ok(())
}

/// Which mapping took how many records, where there are several.
pub(super) fn routing(pipeline: &PipelinePicture, terminal: &mut Terminal) -> Result<(), CliError> {
    let routing = &pipeline.routing;
    if routing.mappings.len() < 2 {
        return Ok(());
    }
    terminal.line("")?;
    let rows = routing.mappings.iter().map(|route| {
        let numbers = [route.taken, route.filtered].map(grouped);
        [vec![route.mapping.to_string()], numbers.to_vec()].concat()
    });
    terminal.table(&["MAPPING", "TOOK", "FILTERED"], rows)?;
    let (none, several) = (grouped(routing.none), grouped(routing.several));
    terminal.line(format!(
        "none took {none}, several took {several} of the records of {}",
        pipeline.name
    ))
}

/// How many files stand where, then the unfinished ones and the latest of the others.
fn units(pipeline: &PipelinePicture, terminal: &mut Terminal) -> Result<(), CliError> {
    let units = &pipeline.units;
    if units.latest.is_empty() {
        return Ok(());
    }
    let ended = units.counts.iter().filter(|(state, _)| state.is_final());
    let sums: Vec<String> = units
        .now
        .iter()
        .chain(ended)
        .map(|(state, count)| format!("{} {}", grouped(*count), word(*state)))
        .collect();
    terminal.line(format!("\n{}", sums.join(", ")))?;
    let rows = units.latest.iter().take(UNITS).map(|unit| {
        vec![
            Cell::new(printable(&unit.name)),
            Cell::new(word(unit.state)),
            number(grouped(unit.records)),
            number(unit.bytes_left.map(size).unwrap_or_default()),
            number(format!("{} ago", ago(unit.since))),
            Cell::new(unit.note.as_deref().map(printable).unwrap_or_default()),
        ]
    });
    terminal.table(&["UNIT", "STATE", "RECORDS", "LEFT", "SINCE", "NOTE"], rows)?;
    match units.latest.len().saturating_sub(UNITS) {
        0 => Ok(()),
        more => {
            let more = terminal.faint(&format!("and {more} more: `--json`"));
            terminal.line(more)
        }
    }
}

fn word(state: UnitState) -> String {
    format!("{state:?}").to_lowercase()
}

/// `3 waiting, 1 reading, 1.2 MB`, or `-`.
fn left(backlog: &Backlog) -> String {
    let part = |count: u64, what: &str| (count > 0).then(|| format!("{} {what}", grouped(count)));
    let parts = [
        part(backlog.waiting, "waiting"),
        part(backlog.reading, "reading"),
        backlog.bytes.filter(|bytes| *bytes > 0).map(size),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

/// `0`, `4.2`, `1,234`: a fraction only where it says something.
fn rate(per_second: f64) -> String {
    if per_second > 0.0 && per_second < 10.0 {
        return format!("{per_second:.1}");
    }
    grouped(per_second.round() as u64)
}

/// `812 B`, `1.2 MB`: octets in decimal units.
fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    if unit == "B" || value >= 9.95 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}

/// `12,345`: long numbers are read in groups.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `3 s`, `12 min`, `5 h`, `2 d`: how long ago.
fn ago(at: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(at).max(SignedDuration::ZERO).as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        let all = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(all, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn sizes_have_two_digits_that_count() {
        let all = [0, 812, 1000, 1_249_999, 9_949_999, 999_600_000, 20_000_000_000].map(size);
        assert_eq!(all, ["0 B", "812 B", "1.0 kB", "1.2 MB", "9.9 MB", "1.0 GB", "20 GB"]);
    }

    #[test]
    fn slow_rates_keep_a_fraction() {
        assert_eq!([0.0, 0.25, 9.5, 10.4, 1234.5].map(rate), ["0", "0.2", "9.5", "10", "1,235"]);
    }

    #[test]
    fn what_is_left_says_only_what_there_is() {
        let backlog = |waiting, reading, bytes| left(&Backlog { waiting, reading, bytes });
        assert_eq!(backlog(0, 0, None), "-");
        assert_eq!(backlog(0, 1, Some(0)), "1 reading");
        assert_eq!(backlog(1200, 1, Some(1500)), "1,200 waiting, 1 reading, 1.5 kB");
    }
}
