//! `acequia status`

use clap::Args;
use comfy_table::{Cell, CellAlignment};
use hyper::Method;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{
    CliError, Exit, Global, Terminal,
    output::{bad_cell, counted, printable},
    switch::ask,
};
use crate::admin::{DaemonPicture, PipelinePicture};

/// What to show.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  acequia status\n  acequia status permits        with its files, rejects and alarms"
)]
pub struct StatusArgs {
    /// One pipeline, in detail
    pipeline: Option<String>,
}

pub(super) fn run(
    args: &StatusArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let answer = ask(global, Method::GET, "/status")?;
    let picture = DaemonPicture::deserialize(&answer)
        .map_err(|_| CliError::system("the daemon answers in another version's words"))?;
    let exit = if picture.ready { Exit::Ok } else { Exit::Findings };
    match &args.pipeline {
        None if terminal.json => terminal.value(&answer)?,
        None => overview(&picture, terminal)?,
        Some(name) => {
            let known = picture.pipelines.iter();
            let Some(pipeline) = known.clone().find(|pipeline| pipeline.name == *name) else {
                let close =
                    crate::diagnostic::suggest(name, known.map(|known| known.name.as_str()));
                let help =
                    close.map_or_else(String::new, |close| format!("; did you mean `{close}`?"));
                return Err(CliError::Usage(format!("there is no pipeline `{name}`{help}")));
            };
            if terminal.json {
                terminal.value(pipeline)?;
            } else {
                detail(pipeline, terminal)?;
            }
            return Ok(if pipeline.ready { Exit::Ok } else { Exit::Findings });
        }
    }
    Ok(exit)
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
    let rows = picture.pipelines.iter().map(row);
    let header = [
        "PIPELINE",
        "STATE",
        "SINCE",
        "READ",
        "PUBLISHED",
        "REJECTED",
        "FILTERED",
        "LAST COMMIT",
        "ALARMS",
    ];
    terminal.table(&header, rows)?;
    for pipeline in &picture.pipelines {
        failure(pipeline, terminal)?;
    }
    Ok(())
}

fn row(pipeline: &PipelinePicture) -> Vec<Cell> {
    let state = &pipeline.state;
    let counts = pipeline.counts;
    vec![
        Cell::new(&pipeline.name),
        if pipeline.ready { Cell::new(state) } else { bad_cell(state) },
        Cell::new(ago(pipeline.since)),
        number(counts.rows_in),
        number(counts.published),
        number(counts.rejected),
        number(counts.filtered),
        Cell::new(pipeline.last_commit.map_or_else(|| "-".to_owned(), ago)),
        number(pipeline.alarms.len() as u64),
    ]
}

fn number(number: u64) -> Cell {
    Cell::new(grouped(number)).set_alignment(CellAlignment::Right)
}

fn failure(pipeline: &PipelinePicture, terminal: &mut Terminal) -> Result<(), CliError> {
    let Some(failure) = &pipeline.failure else { return Ok(()) };
    let head = terminal.bad(&format!("{}: {}", pipeline.name, failure.code));
    terminal.line(format!("\n{head}: {}", printable(&failure.message)))?;
    if let Some(hint) = &failure.hint {
        terminal.line(format!("  help: {}", printable(hint)))?;
    }
    Ok(())
}

/// A number that only shows where there is something to count.
fn if_any(number: u64) -> String {
    if number == 0 { String::new() } else { grouped(number) }
}

fn detail(pipeline: &PipelinePicture, terminal: &mut Terminal) -> Result<(), CliError> {
    let counts = pipeline.counts;
    let facts = [
        ("state", format!("{} for {}", pipeline.state, ago(pipeline.since))),
        ("owner", pipeline.owner.clone().unwrap_or_default()),
        ("topics", pipeline.topics.join(", ")),
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
        ("next run", pipeline.next_run.map(|at| at.to_string()).unwrap_or_default()),
    ];
    let head = terminal.bold(&pipeline.name);
    terminal.line(head)?;
    for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
        let name = terminal.faint(&format!("{name:<12}"));
        terminal.line(format!("  {name} {}", printable(fact)))?;
    }
    failure(pipeline, terminal)?;
    if !pipeline.rejects.is_empty() {
        terminal.line("")?;
        let rows = pipeline.rejects.iter().map(|(code, count)| vec![code.clone(), grouped(*count)]);
        terminal.table(&["REJECTED BECAUSE", "RECORDS"], rows)?;
    }
    for alarm in &pipeline.alarms {
        let head = terminal.bad(&format!("alarm {}", alarm.code));
        terminal.line(format!("\n{head}: {} ({})", printable(&alarm.message), ago(alarm.since)))?;
    }
    if !pipeline.units.latest.is_empty() {
        terminal.line("")?;
        let rows = pipeline.units.latest.iter().map(|unit| {
            vec![
                printable(&unit.name),
                format!("{:?}", unit.state).to_lowercase(),
                grouped(unit.records),
                ago(unit.since),
                unit.note.as_deref().map(printable).unwrap_or_default(),
            ]
        });
        terminal.table(&["UNIT", "STATE", "RECORDS", "SINCE", "NOTE"], rows)?;
    }
    Ok(())
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
    use super::grouped;

    #[test]
    fn long_numbers_are_grouped() {
        let all = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(all, ["0", "999", "1,000", "1,234,567"]);
    }
}
