//! Places of the parser, lines and columns, as bytes of the source text.

use std::ops::Range;

use sqlparser::tokenizer::{Location, Span};

/// A source text with the beginnings of its lines.
#[derive(Debug)]
pub(super) struct Places<'s> {
    source: &'s str,
    lines: Vec<usize>,
}

impl<'s> Places<'s> {
    pub(super) fn of(source: &'s str) -> Self {
        let after_breaks = source.match_indices('\n').map(|(at, _)| at + 1);
        Self { source, lines: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// The bytes of a span; of the whole text where the parser does not know.
    pub(super) fn span(&self, span: Span) -> Range<usize> {
        if span.start.line == 0 || span.end.line == 0 {
            return 0..self.source.len();
        }
        let start = self.byte(span.start);
        start..self.byte(span.end).max(start)
    }

    /// The byte of a location; the end of the text where it is past it or not known.
    pub(super) fn byte(&self, location: Location) -> usize {
        let line = (location.line as usize).checked_sub(1).and_then(|line| self.lines.get(line));
        let Some(&start) = line else { return self.source.len() };
        let column = (location.column as usize).saturating_sub(1);
        let in_line = self.source[start..].char_indices().nth(column);
        in_line.map_or(self.source.len(), |(at, _)| start + at)
    }
}
