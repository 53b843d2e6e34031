//! Where a piece of a scalar stands in its file, although quotes, escapes and folded lines lie between.

use std::ops::Range;

use crate::{diagnostic::SourceFile, model::Text};

/// The bytes of the file that the bytes `inner` of a scalar's text came from.
pub(crate) fn inside(file: &SourceFile, scalar: &Text, inner: Range<usize>) -> Range<usize> {
    let raw = file.text().get(scalar.span.clone()).unwrap_or_default();
    let base = scalar.span.start;
    let mut places = places(raw, &scalar.text);
    places.push(
        raw.len() - usize::from(raw.len() > 1 && (raw.ends_with('"') || raw.ends_with('\''))),
    );
    let at = |byte: usize| places.get(byte).or(places.last()).copied().unwrap_or(0);
    let start = at(inner.start);
    let end = if inner.end > inner.start {
        // The end of the last byte, not the start of the next: an escape may lie between them.
        let last = at(inner.end - 1);
        at(inner.end).min(last + width(raw, last)).max(last)
    } else {
        start
    };
    base + start..base + end.max(start)
}

/// How many bytes of the raw scalar the character at `at` takes.
fn width(raw: &str, at: usize) -> usize {
    let rest = raw.get(at..).unwrap_or_default();
    if raw.starts_with('"') && rest.starts_with('\\') {
        return escape(rest);
    }
    if raw.starts_with('\'') && rest.starts_with("''") {
        return 2;
    }
    rest.chars().next().map_or(1, char::len_utf8)
}

fn escape(rest: &str) -> usize {
    match rest.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 2,
    }
}

/// For every byte of `text` the byte of `raw` at which its character begins.
fn places(raw: &str, text: &str) -> Vec<usize> {
    let mut places = Vec::with_capacity(text.len() + 1);
    let quoted = raw.starts_with(['"', '\'']);
    let block = raw.starts_with(['|', '>']);
    let mut at =
        if block { raw.find('\n').map_or(0, |line| line + 1) } else { usize::from(quoted) };
    for char in text.chars() {
        let rest = raw.get(at..).unwrap_or_default();
        let escaped = raw.starts_with('"') && rest.starts_with('\\');
        if !escaped && !rest.starts_with(char) {
            at += rest.len() - rest.trim_start().len();
        } else if char == ' ' && rest.trim_start().len() < rest.len() {
            // A folded line: one blank of the text stands for a line break and its indentation.
            let blanks = rest.len() - rest.trim_start().len();
            if rest[..blanks].contains('\n') {
                places.push(at);
                at += blanks;
                continue;
            }
        }
        let here = at.min(raw.len());
        places.extend(std::iter::repeat_n(here, char.len_utf8()));
        let folded = char.is_whitespace() && !raw.get(at..).unwrap_or_default().starts_with(char);
        if !folded {
            at += width(raw, here);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn shown(yaml: &str, piece: &str) -> String {
        let file = SourceFile::new("t.yaml", yaml);
        let root = yaml::parse(&file).unwrap();
        let node = root.get("e").unwrap();
        let scalar = Text { text: node.as_text().unwrap().to_owned(), span: node.span.clone() };
        let start = scalar.text.find(piece).unwrap();
        yaml[inside(&file, &scalar, start..start + piece.len())].to_owned()
    }

    #[test]
    fn a_piece_of_an_expression_is_found_behind_quotes_escapes_and_folds() {
        assert_eq!(shown("e: TIPO = 1\n", "TIPO"), "TIPO");
        assert_eq!(shown("e: \"TIPO <> 'X'\"\n", "'X'"), "'X'");
        assert_eq!(shown("e: 'TIPO <> ''X'' AND B'\n", "B"), "B");
        assert_eq!(shown("e: 'TIPO <> ''X'' AND B'\n", "'X'"), "''X''");
        assert_eq!(shown("e: \"\\\"AÑO\\\" = 1 AND B\"\n", "B"), "B");
        assert_eq!(shown("e: \"\\\"AÑO\\\" = 1\"\n", "\"AÑO\""), "\\\"AÑO\\\"");
        assert_eq!(shown("e: \"A = 1\n    AND BC = 2\"\n", "BC"), "BC");
        assert_eq!(shown("e: >\n  A = 1\n  AND BC = 2\n", "BC"), "BC");
        assert_eq!(shown("e: |\n  A = 1\n  AND BC = 2\n", "BC"), "BC");
    }
}
