//! What a verb writes to, and how it ends.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
use serde::Serialize;

use super::{Color, Format, Global};
use crate::pipeline::failure::Failure;

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, nothing to report.
    Ok,
    /// There is something to look at.
    Findings,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Ok => ExitCode::from(0),
            Exit::Findings => ExitCode::from(1),
        }
    }
}

/// What was in the way of a verb.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// What it was asked cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// The system.
    #[error("{message}")]
    System {
        /// What could not be done.
        message: String,
        /// What a person can do.
        hint: Option<String>,
    },
    /// What is wrong has been shown already.
    #[error("see above")]
    Shown,
    /// Nobody reads the output any more.
    #[error("the output was closed")]
    Closed,
}

impl CliError {
    /// The system was in the way.
    pub fn system(message: impl Into<String>) -> Self {
        Self::System { message: message.into(), hint: None }
    }

    /// Says what a person can do.
    #[must_use]
    pub fn hint(self, advice: impl Into<String>) -> Self {
        match self {
            Self::System { message, .. } => Self::System { message, hint: Some(advice.into()) },
            other => other,
        }
    }

    /// What a person can do, if it is known.
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::System { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }

    /// Whether there is nothing left to say about it.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Shown | Self::Closed)
    }

    /// What the process ends with. A closed pipe is how `| head` ends: nothing is said, but nothing is called well either
    /// that was not said to its end. 141 is what a shell sees of a program that the signal of a closed pipe ended.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Shown => Exit::Findings.into(),
            Self::Usage(_) => ExitCode::from(2),
            Self::System { .. } => ExitCode::from(3),
            Self::Closed => ExitCode::from(141),
        }
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Closed
        } else {
            Self::system(error.to_string())
        }
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self::System {
            message: format!("{} ({})", failure.message, failure.code),
            hint: failure.hint,
        }
    }
}

/// Where a verb writes.
pub struct Terminal {
    out: Box<dyn Write>,
    /// Whether a program reads it.
    pub json: bool,
    /// Whether to use colours.
    pub color: bool,
    /// Whether a person looks at it now, so that progress may be shown.
    pub interactive: bool,
    /// Columns that a paragraph may take.
    width: usize,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("json", &self.json).finish_non_exhaustive()
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Terminal {
    /// The standard output, as the options and the environment want it.
    pub fn stdout(global: &Global) -> Self {
        let interactive = io::stdout().is_terminal();
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => interactive && !unwanted,
        };
        let json = global.json || global.format == Format::Json;
        let color = color && !json;
        Self { out: Box::new(io::stdout().lock()), json, color, interactive, width: page() }
    }

    /// A terminal that writes into `out`, for tests: no colours.
    pub fn into(out: impl Write + 'static, json: bool) -> Self {
        Self { out: Box::new(out), json, color: false, interactive: false, width: PAGE }
    }

    /// Writes a line.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<(), CliError> {
        writeln!(self.out, "{}", text.as_ref())?;
        Ok(())
    }

    /// Clears the screen, where a person looks at one.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn clear(&mut self) -> Result<(), CliError> {
        if self.interactive { self.text("\x1b[H\x1b[2J\x1b[3J") } else { Ok(()) }
    }

    /// Writes text as it is.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn text(&mut self, text: &str) -> Result<(), CliError> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()?;
        Ok(())
    }

    /// Writes text that came from outside, broken between words, each line after `indent`.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn paragraph(&mut self, text: &str, indent: &str) -> Result<(), CliError> {
        self.line(wrapped(&printable(text), self.width, indent))
    }

    /// Writes a name, padded to a column of its own, and beside it what is to be said of it. In a pipe it stays on one
    /// line.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn fact(&mut self, name: &str, column: usize, text: &str) -> Result<(), CliError> {
        let width = if self.interactive { self.width } else { usize::MAX };
        let text = wrapped(&printable(text), width, &" ".repeat(column + 3));
        let name = self.faint(&format!("{name:<column$}"));
        self.line(format!("  {name} {}", text.trim_start()))
    }

    /// Writes a value as indented JSON.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn value(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|cause| CliError::system(format!("cannot be written as JSON: {cause}")))?;
        self.line(text)
    }

    /// Writes a table: aligned columns, as wide as the terminal allows; in a pipe never wrapped.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn table<C: Into<Cell>>(
        &mut self,
        header: &[&str],
        rows: impl IntoIterator<Item = Vec<C>>,
    ) -> Result<(), CliError> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if self.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        if self.interactive {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        table.set_header(header.iter().map(|head| Cell::new(head).add_attribute(Attribute::Dim)));
        for row in rows {
            table.add_row(row.into_iter().map(Into::into).collect::<Vec<Cell>>());
        }
        for line in table.lines() {
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// The text in bold, where there are colours.
    pub fn bold(&self, text: &str) -> String {
        self.styled("1", text)
    }

    /// The text less visible, where there are colours.
    pub fn faint(&self, text: &str) -> String {
        self.styled("2", text)
    }

    /// The text as something good, where there are colours.
    pub fn good(&self, text: &str) -> String {
        self.styled("32", text)
    }

    /// The text as something to look at, where there are colours.
    pub fn bad(&self, text: &str) -> String {
        self.styled("1;31", text)
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A cell of a table as something to look at.
pub(super) fn bad_cell(text: &str) -> Cell {
    Cell::new(text).fg(comfy_table::Color::Red).add_attribute(Attribute::Bold)
}

/// Text for people that came from outside: control characters are shown, not obeyed.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|char| {
            let shown = if is_harmful(char) { char.escape_unicode().collect() } else { vec![char] };
            shown.into_iter()
        })
        .collect()
}

/// Control characters, and those that turn the direction of what follows.
fn is_harmful(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Breaks paragraphs at `width` columns, each line after `indent`.
pub(super) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            lines.push('\n');
            column = 0;
        }
        if column == 0 {
            lines.push_str(indent);
            column = indent.chars().count();
        } else {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}

/// "1 pipeline", "3 pipelines".
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The widest that text is easily read.
const PAGE: usize = 96;

/// The columns of the terminal, if a person looks at one.
pub(super) fn columns() -> Option<usize> {
    Table::new().width().map(usize::from).filter(|columns| *columns >= 20)
}

/// The columns that text may take: those of the terminal, but no more than are easily read.
pub(super) fn page() -> usize {
    columns().map_or(PAGE, |columns| columns.min(PAGE))
}

/// Says on standard error what was in the way, and what a person can do.
#[expect(clippy::print_stderr, reason = "this is where errors go")]
pub(super) fn complain(error: &CliError) {
    if error.is_silent() {
        return;
    }
    let width = if io::stderr().is_terminal() { page() } else { usize::MAX };
    let say = |text: String| eprintln!("{}", wrapped(&text, width, "       ").trim_start());
    say(format!("error: {}", printable(&error.to_string())));
    if let Some(hint) = error.advice() {
        say(format!("help: {}", printable(hint)));
    }
}
