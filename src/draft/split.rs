//! Splitting a sample of text by a dialect that is on trial: tolerant where the decoder is strict, and counting what the
//! decoder would refuse.

/// A dialect on trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trial {
    pub(super) delimiter: &'static str,
    pub(super) quote: Option<char>,
    pub(super) escape: Option<char>,
    pub(super) cr: bool,
}

/// A record of the sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) fields: Vec<String>,
    /// How many lines stand before it.
    pub(super) line: u64,
    /// Whether text stands beside quotes.
    pub(super) stray: bool,
}

impl Row {
    pub(super) fn is_blank(&self) -> bool {
        self.fields.iter().all(|field| field.trim().is_empty())
    }
}

/// The sample, split.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    pub(super) rows: Vec<Row>,
    /// Whether a quote was opened and never closed.
    pub(super) unclosed: bool,
}

/// The most records that are looked at.
const MOST_ROWS: usize = 2_000;
/// The most fields of a record that are looked at.
const MOST_FIELDS: usize = 5_000;

/// Splits a text. If it is `cut`, the last record is left out.
pub(super) fn split(text: &str, trial: Trial, cut: bool) -> Sample {
    let mut at = Splitter { rest: text, trial, line: 0, sample: Sample::default() };
    while !at.rest.is_empty() && at.sample.rows.len() < MOST_ROWS {
        at.record();
    }
    if cut && at.rest.is_empty() {
        at.sample.rows.pop();
        at.sample.unclosed = false;
    }
    at.sample.rows.retain(|row| row.fields.len() > 1 || !row.is_blank());
    at.sample
}

struct Splitter<'a> {
    rest: &'a str,
    trial: Trial,
    line: u64,
    sample: Sample,
}

impl Splitter<'_> {
    fn record(&mut self) {
        let mut row = Row { fields: Vec::new(), line: self.line, stray: false };
        loop {
            let field = self.field(&mut row.stray);
            if row.fields.len() < MOST_FIELDS {
                row.fields.push(field);
            }
            if let Some(rest) = self.rest.strip_prefix(self.trial.delimiter) {
                self.rest = rest;
                continue;
            }
            self.end_of_line();
            break;
        }
        self.sample.rows.push(row);
    }

    fn end_of_line(&mut self) {
        self.line += u64::from(!self.rest.is_empty());
        let rest = if self.trial.cr {
            self.rest.strip_prefix('\r')
        } else {
            self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n'))
        };
        self.rest = rest.unwrap_or_default();
    }

    fn field(&mut self, stray: &mut bool) -> String {
        let mut field = String::new();
        if let Some(quote) = self.trial.quote
            && let Some(rest) = self.rest.strip_prefix(quote)
        {
            self.rest = rest;
            self.quoted(quote, &mut field);
        }
        let plain = self.plain_end();
        let (text, rest) = self.rest.split_at(plain);
        let quote_in_it = self.trial.quote.is_some_and(|quote| text.contains(quote));
        *stray |= quote_in_it || !field.is_empty() && !text.is_empty();
        field.push_str(text);
        self.rest = rest;
        field
    }

    /// Where the next delimiter or line end is.
    fn plain_end(&self) -> usize {
        let cr = self.trial.cr;
        let first = self.trial.delimiter.as_bytes().first().copied().unwrap_or(b',');
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let ends = match byte {
                b'\r' if cr => true,
                b'\r' => bytes.get(at + 1) == Some(&b'\n'),
                b'\n' => !cr,
                _ => *byte == first && self.rest[at..].starts_with(self.trial.delimiter),
            };
            if ends {
                break;
            }
            at += 1;
        }
        at
    }

    fn quoted(&mut self, quote: char, field: &mut String) {
        let mut chars = self.rest.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            if self.trial.escape == Some(char) {
                if let Some((_, next)) = chars.next() {
                    field.push(next);
                }
                continue;
            }
            if char == quote {
                if self.trial.escape.is_none() && chars.peek().is_some_and(|(_, c)| *c == quote) {
                    field.push(quote);
                    chars.next();
                    continue;
                }
                self.rest = &self.rest[at + char.len_utf8()..];
                return;
            }
            self.line += u64::from(char == if self.trial.cr { '\r' } else { '\n' });
            field.push(char);
        }
        self.rest = "";
        self.sample.unclosed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Trial = Trial { delimiter: ";", quote: Some('"'), escape: None, cr: false };

    fn fields(text: &str, trial: Trial) -> Vec<Vec<String>> {
        split(text, trial, false).rows.into_iter().map(|row| row.fields).collect()
    }

    #[test]
    fn quotes_hold_delimiters_and_line_ends() {
        let rows = fields("a;b\r\n\"x;\"\"\ny\";2\n\n3;4", PLAIN);
        assert_eq!(rows, [vec!["a", "b"], vec!["x;\"\ny", "2"], vec!["3", "4"]]);
        let back = Trial { escape: Some('\\'), ..PLAIN };
        assert_eq!(fields("\"a\\\"b\";c\n", back), [vec!["a\"b", "c"]]);
        let mac = Trial { cr: true, ..PLAIN };
        assert_eq!(fields("a;b\r1;2\r", mac), [vec!["a", "b"], vec!["1", "2"]]);
    }

    #[test]
    fn what_the_decoder_would_refuse_is_counted() {
        let sample = split("\"a\"b;c\nd\"e;f\ng;h\n", PLAIN, false);
        let stray: Vec<bool> = sample.rows.iter().map(|row| row.stray).collect();
        assert_eq!(stray, [true, true, false]);
        assert!(split("\"a;b\n", PLAIN, false).unclosed);
    }

    #[test]
    fn lines_are_numbered_as_they_stand() {
        let sample = split("\n\"a\nb\";1\nc;2\n", PLAIN, false);
        let lines: Vec<u64> = sample.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 3]);
    }
}
