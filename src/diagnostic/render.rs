//! Diagnostics as a person reads them on a terminal, and as a program reads them.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use serde_json::{Value, json};

use super::{Diagnostic, Severity};

/// All of them, one after the other, each with its source line underlined. Ends with a line break unless there
/// is nothing to say.
pub fn render(diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&report(diagnostic)));
        text.push_str("\n\n");
    }
    text
}

fn report(diagnostic: &Diagnostic) -> Vec<Group<'_>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut annotation = AnnotationKind::Primary.span(visible(diagnostic));
    if let Some(label) = &diagnostic.label {
        annotation = annotation.label(label);
    }
    let snippet = Snippet::source(diagnostic.file.text())
        .path(diagnostic.file.name())
        .fold(true)
        .annotation(annotation);
    let mut group = level.primary_title(&diagnostic.message).id(diagnostic.code).element(snippet);
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    vec![group]
}

/// A span over several lines is shown on its first line only: what is wrong with a block is said at its head.
fn visible(diagnostic: &Diagnostic) -> std::ops::Range<usize> {
    let text = diagnostic.file.text();
    let start = diagnostic.span.start.min(text.len());
    let end = diagnostic.span.end.clamp(start, text.len());
    let first_line = text.get(start..end).and_then(|span| span.find(['\r', '\n']));
    start..first_line.map_or(end, |length| start + length)
}

/// The same as data: `[{code, severity, file, line, column, message, label?, notes, help?}]`.
pub fn to_json(diagnostics: &[Diagnostic]) -> Value {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let (line, column) = diagnostic.line_column();
            json!({
                "code": diagnostic.code,
                "severity": match diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "note",
                },
                "file": diagnostic.file.name(),
                "line": line,
                "column": column,
                "message": diagnostic.message,
                "label": diagnostic.label,
                "notes": diagnostic.notes,
                "help": diagnostic.help,
            })
        })
        .collect()
}

/// "2 errors, 1 warning", or "no findings".
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    summary_of(diagnostics.iter().map(|found| found.severity))
}

/// The same of findings that are not all diagnostics.
pub fn summary_of(severities: impl IntoIterator<Item = Severity>) -> String {
    let all: Vec<Severity> = severities.into_iter().collect();
    let count = |severity| all.iter().filter(|found| **found == severity).count();
    let parts: Vec<String> =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
            .into_iter()
            .filter_map(|(severity, word)| match count(severity) {
                0 => None,
                1 => Some(format!("1 {word}")),
                many => Some(format!("{many} {word}s")),
            })
            .collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}
