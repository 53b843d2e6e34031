//! How the demonstration looks.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use super::{DemoArgs, Performance, Published};
use crate::{
    cli::{
        output::{columns, page, wrapped},
        pretty::pretty,
    },
    publish::{LIMITS, Quarantined},
};

/// Events of a topic shown in one line each, unless all are asked for.
const SOME: usize = 5;

struct Paint(bool);

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn strong(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn faint(&self, text: &str) -> String {
        self.with("2", text)
    }

    fn good(&self, text: &str) -> String {
        self.with("32", text)
    }

    fn bad(&self, text: &str) -> String {
        self.with("33", text)
    }
}

/// Shows everything, from the greeting to the summary.
pub(super) fn performance(
    shown: &Performance,
    directory: &Path,
    args: &DemoArgs,
    color: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let paint = Paint(color);
    writeln!(
        out,
        "{}",
        paint.strong("Acequia: three legacy feeds of a fictional town hall become unified events")
    )?;
    writeln!(
        out,
        "{}",
        paint.faint("a semicolon CSV in Windows-1252, a pipe-separated extract in cp850, a comma CSV in UTF-8: all dirty")
    )?;
    let mut topics: BTreeMap<Arc<str>, Vec<&Published>> = BTreeMap::new();
    for published in &shown.events {
        topics.entry(Arc::clone(&published.topic)).or_default().push(published);
    }
    for (topic, events) in &topics {
        topic_events(topic, events, args, &paint, out)?;
    }
    rejects(&shown.rejects, args, &paint, out)?;
    summary(shown, &paint, out)?;
    writeln!(
        out,
        "\n{}",
        paint.good(&format!(
            "done in {} ms, from the first look at the directories to the last commit",
            shown.took.as_millis()
        ))
    )?;
    if args.keep {
        writeln!(out, "\nthe development broker listens on {}", paint.strong(&shown.bootstrap))?;
        limits(&paint, out)?;
        writeln!(out, "for instance: kcat -b {} -t {} -C -e", shown.bootstrap, any_topic(&topics))?;
        writeln!(out, "the deployment is in {}", directory.display())?;
        writeln!(out, "Ctrl-C ends it")?;
    } else {
        writeln!(out, "\nall of it on a development broker inside this process")?;
        limits(&paint, out)?;
        writeln!(out, "{}", paint.faint("next: `acequia init DIR` makes a deployment of your own; `acequia demo --keep` lets any Kafka client read these events"))?;
    }
    out.flush()
}

fn limits(paint: &Paint, out: &mut impl Write) -> io::Result<()> {
    let text = wrapped(LIMITS, page(), "  ");
    text.lines().try_for_each(|line| writeln!(out, "{}", paint.faint(line)))
}

fn any_topic(topics: &BTreeMap<Arc<str>, Vec<&Published>>) -> Arc<str> {
    topics.keys().next().cloned().unwrap_or_default()
}

fn topic_events(
    topic: &str,
    events: &[&Published],
    args: &DemoArgs,
    paint: &Paint,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(
        out,
        "\n{} {}",
        paint.strong(topic),
        paint.faint(&format!("{} events", events.len()))
    )?;
    let Some(first) = events.iter().find(|published| published.event["data"].is_object()) else {
        return Ok(());
    };
    for line in pretty(&first.text, page() - 4).lines() {
        writeln!(out, "    {line}")?;
    }
    let most = if args.all { usize::MAX } else { SOME };
    for published in events.iter().take(most) {
        writeln!(out, "  {}", one_line(&published.event, paint))?;
    }
    if events.len() > most {
        writeln!(
            out,
            "  {}",
            paint.faint(&format!("and {} more: `acequia demo --all`", events.len() - most))
        )?;
    }
    Ok(())
}

/// `LIC_0001.csv:14  permit.v1.upserted  2021/0003  {…}`
fn one_line(event: &Value, paint: &Paint) -> String {
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let place = place_of(text("sourceposition"));
    let kind = text("type");
    let taken = 2 + place.chars().count().max(22) + 2 + kind.len() + 2 + text("subject").len() + 2;
    let room = columns().map_or(90, |columns| columns.saturating_sub(taken + 1));
    let data = match &event["data"] {
        Value::Null => String::new(),
        data => shorten(&data.to_string(), room),
    };
    format!(
        "{}  {}  {}  {}",
        paint.faint(&format!("{place:<22}")),
        if kind.ends_with(".deleted") { paint.bad(kind) } else { paint.good(kind) },
        text("subject"),
        paint.faint(&data)
    )
}

/// File and line out of `FILE#record=12,line=14,byte=1033;…`.
fn place_of(position: &str) -> String {
    let (file, rest) = position.split_once('#').unwrap_or((position, ""));
    let line = rest.split([',', ';']).find_map(|part| part.strip_prefix("line="));
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn rejects(
    rejects: &[Quarantined],
    args: &DemoArgs,
    paint: &Paint,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(
        out,
        "\n{} {}",
        paint.strong("refused, and kept in quarantine"),
        paint.faint("the raw records are sealed; shapes are shown, never values")
    )?;
    let most = if args.all { usize::MAX } else { 2 * SOME };
    for reject in rejects.iter().take(most) {
        let place = format!("{}:{}", reject.unit.name, reject.place.line);
        for (n, error) in reject.errors.iter().enumerate() {
            let field = error.field.as_deref().unwrap_or_default();
            let place = if n == 0 { place.as_str() } else { "" };
            writeln!(
                out,
                "  {}  {}  {field}  {}",
                paint.faint(&format!("{place:<22}")),
                paint.bad(&format!("{:<24}", error.code)),
                paint.faint(error.detail.as_deref().unwrap_or_default())
            )?;
        }
    }
    if rejects.len() > most {
        writeln!(
            out,
            "  {}",
            paint.faint(&format!("and {} more: `acequia demo --all`", rejects.len() - most))
        )?;
    }
    writeln!(
        out,
        "  {}",
        paint.faint("`acequia explain CODE` says what each code means and what to do")
    )
}

fn summary(shown: &Performance, paint: &Paint, out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "pipeline",
        "read",
        "published",
        "rejected",
        "filtered",
        "duplicate files",
        "rejected because",
    ]);
    for (name, outcome) in &shown.outcomes {
        let reasons: Vec<String> =
            outcome.reasons.iter().map(|(code, count)| format!("{count} × {code}")).collect();
        table.add_row([
            name.to_string(),
            outcome.read.to_string(),
            outcome.published.to_string(),
            outcome.rejected.to_string(),
            outcome.filtered.to_string(),
            outcome.duplicates.to_string(),
            reasons.join("\n"),
        ]);
    }
    for column in 1..=5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "\n{}\n{table}", paint.strong("summary"))
}
