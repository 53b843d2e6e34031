//! What a person sees of a profile.

use comfy_table::{Cell, Color};

use super::{DraftArgs, Looked, answer};
use crate::{
    cli::{
        CliError, Terminal,
        output::{counted, printable},
    },
    draft::{ColumnProfile, Draft},
    model::Class,
};

pub(super) fn show(
    args: &DraftArgs,
    looked: &Looked,
    files: &[Draft],
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    if terminal.json {
        return terminal.value(&answer(args, looked, files));
    }
    head(args, looked, terminal)?;
    let rows: Vec<Vec<Cell>> =
        looked.profile.columns.iter().map(|column| row(column, terminal.color)).collect();
    terminal.line("")?;
    terminal.table(&["column", "type", "null", "distinct", "notes"], rows)?;
    terminal.line("")?;
    let written = args.write || args.out.is_some();
    let width = files.iter().map(|file| file.path.len()).max().unwrap_or_default();
    for file in files {
        let lines = counted(file.text.lines().count(), "line", "lines");
        terminal.fact(&printable(&file.path), width, &lines)?;
    }
    if written {
        return Ok(());
    }
    terminal.line("")?;
    terminal.paragraph(
        "Nothing is written yet: `--out DIR` makes a deployment to try it in, `--write` puts it into this one.",
        "",
    )
}

fn head(args: &DraftArgs, looked: &Looked, terminal: &mut Terminal) -> Result<(), CliError> {
    let profile = &looked.profile;
    let records = usize::try_from(profile.records).unwrap_or(usize::MAX);
    let source = terminal.bold(&printable(&args.source));
    let size = format!(
        "{}, {}",
        counted(records, "record", "records"),
        counted(profile.columns.len(), "column", "columns")
    );
    terminal.line(format!("{source}  {size}"))?;
    if let Some(form) = &looked.form {
        terminal.line(format!("  {}", printable(&form.summary())))?;
        for note in &form.notes {
            terminal.paragraph(note, "  ")?;
        }
    }
    if profile.blank > 0 {
        terminal.line(format!(
            "  {} of nothing but empty fields",
            counted(profile.blank as usize, "record", "records")
        ))?;
    }
    for (code, count) in &profile.refused {
        let refused = counted(*count as usize, "record is refused", "records are refused");
        terminal.line(format!("  {}: {code}", terminal.bad(&refused)))?;
    }
    if let Some(cut) = &looked.cut {
        let said = terminal.bad("nothing was read beyond this:");
        terminal.line(format!("  {said} {}", printable(cut)))?;
    }
    Ok(())
}

fn row(column: &ColumnProfile, color: bool) -> Vec<Cell> {
    let nulls = match column.nulls {
        0 => String::new(),
        nulls => format!("{:.0} %", nulls as f64 * 100.0 / column.cells.max(1) as f64),
    };
    let mut notes = Vec::new();
    if column.class > Class::Internal {
        notes.push(format!("{}: {}", column.class, column.class_why));
    }
    notes.extend(column.notes.iter().cloned());
    if !column.words.is_empty() {
        notes.push(format!("{} codes", column.words.len()));
    }
    let distinct = if column.unique { "each once".to_owned() } else { column.distinct_shown() };
    let mut kind = Cell::new(printable(&column.reading.shown()));
    if color && column.misfits > 0 {
        kind = kind.fg(Color::Red);
    }
    vec![
        Cell::new(printable(&column.name)),
        kind,
        Cell::new(nulls),
        Cell::new(distinct),
        Cell::new(printable(&notes.join("; "))),
    ]
}
