//! Test inputs that say in the input itself which diagnostics they must get, and where.
//!
//! A *marker* is a line of its own under the line it speaks about: carets under the exact characters, then the
//! code. It may begin with `#`, so that editors still read the file as YAML; a place in the first column needs
//! the form without it. Several markers under one line are several diagnostics.
//!
//! ```text
//! pipelin: permits
//! ^^^^^^^ config.unknown_key
//! source: { connector: fils }
//! #                    ^^^^ config.unknown_connector
//! ```

use super::Diagnostic;

/// A diagnostic that a marked text must get.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// Line in the text without markers, from 1.
    pub line: usize,
    /// Column of the first character, from 1.
    pub column: usize,
    /// Characters covered; at least 1.
    pub width: usize,
    /// The stable code.
    pub code: String,
}

impl Expected {
    /// What a diagnostic would have to be marked with. Of a span over several lines only the part on its first
    /// line counts, as that is what people are shown; an empty span is shown as one caret.
    pub fn of(diagnostic: &Diagnostic) -> Self {
        let (line, column) = diagnostic.line_column();
        let text = diagnostic.file.text();
        let covered = text.get(diagnostic.span.clone()).unwrap_or_default();
        let width = covered.lines().next().map_or(0, |first| first.chars().count()).max(1);
        Self { line, column, width, code: diagnostic.code.to_owned() }
    }
}

/// Takes the markers out of a text: the text as its reader would see it, and what it must get, in the order of
/// the lines.
pub fn marked(text: &str) -> (String, Vec<Expected>) {
    let mut plain = String::new();
    let mut expected = Vec::new();
    let mut line = 0;
    for raw in text.lines() {
        match marker(raw) {
            Some((column, width, code)) => {
                expected.push(Expected { line, column, width, code: code.to_owned() });
            }
            None => {
                line += 1;
                plain.push_str(raw);
                plain.push('\n');
            }
        }
    }
    (plain, expected)
}

/// Column, width and code of a marker line.
fn marker(line: &str) -> Option<(usize, usize, &str)> {
    let body = line.strip_prefix('#').unwrap_or(line);
    let blanks = body.chars().take_while(|&c| c == ' ').count();
    let rest = &body[blanks..];
    let width = rest.bytes().take_while(|&b| b == b'^').count();
    let code = rest[width..].trim();
    let hash = line.len() - body.len();
    (width > 0 && !code.is_empty()).then_some((hash + blanks + 1, width, code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    #[test]
    fn markers_speak_about_the_line_above_and_leave_the_text() {
        let text = "a: 1\n^ one\n#  ^ two\n# a comment\nb: ñandú\n#  ^^^^^ three\n";
        let (plain, expected) = marked(text);
        assert_eq!(plain, "a: 1\n# a comment\nb: ñandú\n");
        let of = |line, column, width, code: &str| Expected {
            line,
            column,
            width,
            code: code.to_owned(),
        };
        assert_eq!(expected, [of(1, 1, 1, "one"), of(1, 4, 1, "two"), of(3, 4, 5, "three")]);
    }

    #[test]
    fn a_diagnostic_is_measured_in_characters_and_on_its_first_line() {
        let file = SourceFile::new("a.yaml", "año: ñ\nb:\n  c: 1\n");
        let at = |span| Expected::of(&Diagnostic::error("x", &file, span, "m"));
        let first = at(0.."año".len());
        assert_eq!((first.line, first.column, first.width), (1, 1, 3));
        let block = at("año: ñ\n".len()..file.text().len());
        assert_eq!((block.line, block.column, block.width), (2, 1, 2));
        assert_eq!(at(file.text().len()..file.text().len()).width, 1);
    }
}
