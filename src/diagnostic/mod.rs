//! What is wrong in a file that a person wrote, shown at the place where it stands.
//!
//! Whoever reads such a file collects diagnostics instead of stopping at the first: all mistakes of all files
//! are shown in one run, each with its stable code, the line underlined and, where it can be guessed, what was
//! meant.

pub mod marked;
mod render;
mod suggest;

use std::{ops::Range, sync::Arc};

pub use render::{render, summary, summary_of, to_json};
pub use suggest::suggest;

/// A text that a person wrote, under the name by which people know it.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: String,
}

impl SourceFile {
    /// A file called `name` (a path relative to the deployment) with this text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte, both from 1, columns in characters. A byte past the end is the end.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = &self.text[..byte];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// How serious a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Works, but is probably not meant.
    Warning,
    /// Nothing starts with it.
    Error,
}

/// One finding in a file. `message` says what is wrong (lower case, no final stop), `label` what to see at the
/// place, `notes` facts, `help` what to do.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Stable code, explained by `acequia explain`.
    pub code: &'static str,
    /// How serious.
    pub severity: Severity,
    /// The file it is about.
    pub file: Arc<SourceFile>,
    /// The bytes of the file it is about.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What stands at the place.
    pub label: Option<String>,
    /// Facts that explain it, such as the allowed values.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(
        code: &'static str,
        file: &Arc<SourceFile>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: Severity::Error,
            file: Arc::clone(file),
            span,
            message: message.into(),
            label: None,
            notes: Vec::new(),
            help: None,
        }
    }

    /// A warning at a place.
    pub fn warning(
        code: &'static str,
        file: &Arc<SourceFile>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, file, span, message) }
    }

    /// Says what stands at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what was probably meant, if one of `candidates` is close to `word`.
    #[must_use]
    pub fn did_you_mean<'a>(
        self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match suggest(word, candidates) {
            Some(close) => self.help(format!("did you mean `{close}`?")),
            None => self,
        }
    }

    /// Where it begins: line and column from 1.
    pub fn line_column(&self) -> (usize, usize) {
        self.file.line_column(self.span.start)
    }
}

/// Whether any of them forbids a start.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let file = SourceFile::new("a.yaml", "año: x\nñu: y\n");
        assert_eq!(file.line_column(0), (1, 1));
        assert_eq!(file.line_column("año".len()), (1, 4));
        assert_eq!(file.line_column("año: x\nñu".len()), (2, 3));
        assert_eq!(file.line_column(10_000), (3, 1));
    }

    #[test]
    fn a_rendered_diagnostic_shows_code_place_label_and_help() {
        let file = SourceFile::new("p.yaml", "to: permitt/1\n");
        let found =
            Diagnostic::error("mapping.unknown_model", &file, 4..13, "there is no such model")
                .label("not in `mappings/models`")
                .did_you_mean("permitt/1", ["permit/1", "person/1"]);
        let text = render(&[found], false);
        for part in ["mapping.unknown_model", "p.yaml:1:5", "^^^^^^^^^", "did you mean `permit/1`?"]
        {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
