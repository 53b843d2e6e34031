//! The form of a file: what has to stand under `format:` so that its records can be read.

use serde_json::{Map, Value as Json, json};

use super::{
    Survey,
    encoding::{self, Guess},
    header::{self, Header},
    split::{Row, Sample, Trial, split},
};

/// How a file is written, as far as its bytes show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The encoding, as a configuration names it.
    pub encoding: &'static str,
    /// Why this one, for people.
    pub encoding_why: &'static str,
    /// What stands between fields.
    pub delimiter: &'static str,
    /// What stands around fields, if anything does.
    pub quote: Option<char>,
    /// What stands before a quote inside quotes, if it is not doubled.
    pub escape: Option<char>,
    /// Whether lines end in carriage returns alone.
    pub cr: bool,
    /// Lines before the header or the first record.
    pub skip_lines: u64,
    /// Whether a line names the columns.
    pub header: bool,
    /// The names of the columns, where the file has none or none that can be used.
    pub columns: Option<Vec<String>>,
    /// Whether the last line has an end.
    pub ends_with_newline: bool,
    /// What a person should look at.
    pub notes: Vec<String>,
}

/// Why no form was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing is there.
    #[error("there is nothing in it but blanks")]
    Empty,
    /// It is not text.
    #[error("it is not text: more than a tenth of it are control characters")]
    NotText,
}

const DELIMITERS: [&str; 7] = [";", "\t", "|", "; ", ", ", ",", " "];

impl Form {
    /// Finds the form.
    ///
    /// # Errors
    /// Nothing in it could be a record.
    pub fn find(survey: &Survey) -> Result<Self, Unreadable> {
        let guess = survey.guess();
        let text = encoding::text(survey.head(), guess.name);
        let control =
            |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\u{b}' | '\u{c}');
        if text.chars().filter(|c| control(*c)).count() * 10 > text.chars().count() {
            return Err(Unreadable::NotText);
        }
        let (trial, sample) = best(&text, !survey.is_whole());
        let Some(first) = sample.rows.iter().position(|row| !row.is_blank()) else {
            return Err(Unreadable::Empty);
        };
        let width = usual_width(&sample.rows);
        let preamble = preamble(&sample.rows[first..], width);
        let rows = &sample.rows[first + preamble..];
        let header = header::find(rows);
        let refused = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
        // A header with control characters is refused by the decoder: it is passed over instead.
        let unreadable =
            header.is_there && rows[0].fields.iter().any(|name| name.contains(refused));
        let skipped = match (unreadable, rows.get(1)) {
            (true, Some(next)) => next.line,
            (true, None) => text.lines().count() as u64,
            (false, _) if preamble > 0 => rows[0].line,
            (false, _) => 0,
        };
        let mut form = Self {
            encoding: guess.name,
            encoding_why: guess.why,
            delimiter: trial.delimiter,
            quote: trial.quote,
            escape: trial.escape,
            cr: trial.cr,
            skip_lines: skipped,
            header: header.is_there && !unreadable,
            columns: header.names.clone(),
            ends_with_newline: ends_with_newline(survey, guess.name, trial.cr),
            notes: Vec::new(),
        };
        form.notes = notes(survey, &guess, &form, &sample, &header);
        Ok(form)
    }

    /// The value of `format:`, with the keys that differ from the defaults.
    pub fn to_json(&self) -> Json {
        let mut csv = Map::new();
        let mut say = |key: &str, value: Json| csv.insert(key.to_owned(), value);
        if self.delimiter != "," {
            say("delimiter", json!(self.delimiter));
        }
        match self.quote {
            None => drop(say("quote", json!("none"))),
            Some('"') => {}
            Some(quote) => drop(say("quote", json!(quote.to_string()))),
        }
        if let Some(escape) = self.escape {
            say("escape", json!(escape.to_string()));
        }
        if self.cr {
            say("terminator", json!("cr"));
        }
        if self.encoding != "utf-8" {
            say("encoding", json!(self.encoding));
        }
        if self.skip_lines > 0 {
            say("skip_lines", json!(self.skip_lines));
        }
        if let Some(columns) = &self.columns {
            say("header", json!(self.header));
            say("columns", json!(columns));
        }
        if !self.ends_with_newline {
            say("final_newline", json!("optional"));
        }
        json!({ "csv": csv })
    }

    /// One line for people.
    pub fn summary(&self) -> String {
        let delimiter = match self.delimiter {
            "\t" => "tab".to_owned(),
            " " => "blank".to_owned(),
            other => format!("`{other}`"),
        };
        let header = if self.header { "with a header" } else { "without a header" };
        let ends = if self.cr { ", lines end in a carriage return" } else { "" };
        format!("{}, separated by {delimiter}, {header}{ends}", self.encoding)
    }
}

fn notes(
    survey: &Survey,
    guess: &Guess,
    form: &Form,
    sample: &Sample,
    header: &Header,
) -> Vec<String> {
    let mut notes = Vec::new();
    if guess.guessed {
        notes.push(format!("the encoding is a guess: {}: {}", guess.name, guess.why));
    }
    if form.skip_lines > 0 {
        notes.push(format!("{} lines before the table are passed over", form.skip_lines));
    }
    notes.extend(header.notes.iter().cloned());
    let wide = guess.name.starts_with("utf-16");
    if survey.nuls() > 0 && !wide {
        notes.push(format!(
            "{} NUL characters: such records are refused; `control: strip` would take them out",
            survey.nuls()
        ));
    }
    let stray = sample.rows.iter().filter(|row| row.stray).count();
    if stray > 0 {
        notes.push(format!(
            "{stray} records of the beginning have text beside quotes and are refused; see `lenient` and `escape`"
        ));
    }
    if sample.unclosed {
        notes.push("a quote is opened and never closed: such a file is refused".to_owned());
    }
    if !form.ends_with_newline {
        notes.push("the last line has no end: a file that was cut short looks the same".to_owned());
    }
    notes
}

fn ends_with_newline(survey: &Survey, encoding: &str, cr: bool) -> bool {
    let newline = if cr { b'\r' } else { b'\n' };
    match (encoding, survey.tail()) {
        ("utf-16le", [last, 0]) => last == newline,
        ("utf-16", [a, b]) => [a, b].contains(&newline) && [a, b].contains(&0),
        (_, [_, last]) => last == newline,
    }
}

/// The dialect under which the sample looks most like a table.
fn best(text: &str, cut: bool) -> (Trial, Sample) {
    const ENOUGH: usize = 128 << 10;
    let mut end = text.len().min(ENOUGH);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (sample, cut) = (&text[..end], cut || end < text.len());
    let cr = !sample.contains('\n') && sample.contains('\r');
    let single = Trial { delimiter: ",", quote: Some('"'), escape: None, cr };
    let mut best = (ALONE, single, split(sample, single, cut));
    for delimiter in DELIMITERS {
        if !sample.contains(delimiter) {
            continue;
        }
        for (quote, escape) in
            [(Some('"'), None), (Some('"'), Some('\\')), (Some('\''), None), (None, None)]
        {
            if quote.is_some_and(|quote| quote != '"' && !sample.contains(quote)) {
                continue;
            }
            let trial = Trial { delimiter, quote, escape, cr };
            let rows = split(sample, trial, cut);
            let score = score(&rows, trial);
            if score > best.0 + 1e-9 {
                best = (score, trial, rows);
            }
        }
    }
    (best.1, best.2)
}

/// What a text without any delimiter is worth: a table must look more like one.
const ALONE: f64 = 0.5;

/// How much the rows look like those of one table, up to 1.
fn score(sample: &Sample, trial: Trial) -> f64 {
    let rows: Vec<&Row> = sample.rows.iter().filter(|row| !row.is_blank()).collect();
    let width = usual_width(&sample.rows);
    if rows.is_empty() || width < 2 {
        return 0.0;
    }
    let share = |count: usize| count as f64 / rows.len() as f64;
    let same = share(rows.iter().filter(|row| row.fields.len() == width).count());
    let several = share(rows.iter().filter(|row| row.fields.len() > 1).count());
    let stray = share(rows.iter().filter(|row| row.stray).count());
    let mut score = 0.7 * same + 0.3 * several - 0.3 * stray;
    if sample.unclosed {
        score -= 0.5;
    }
    // Quotes that stand around whole fields are quotes.
    let bare = |field: &String| {
        let field = field.trim();
        field.len() > 1 && field.starts_with('"') && field.ends_with('"')
    };
    if trial.quote != Some('"') && rows.iter().any(|row| row.fields.iter().any(bare)) {
        score -= 0.3;
    }
    if trial.quote == Some('\'') {
        let quotes = |field: &String| field.contains('\'');
        score -= 0.1 * share(rows.iter().filter(|row| row.fields.iter().any(quotes)).count());
    }
    let blank = trial.delimiter == " ";
    match (blank, same < 1.0 || rows.len() < 2) {
        (true, true) => 0.0,
        (true, false) => score * 0.8,
        _ => score,
    }
}

/// The number of fields that most records have; of two, that which is met first.
fn usual_width(rows: &[Row]) -> usize {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for row in rows.iter().filter(|row| !row.is_blank()) {
        match counts.iter_mut().find(|(width, _)| *width == row.fields.len()) {
            Some((_, count)) => *count += 1,
            None => counts.push((row.fields.len(), 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    counts.iter().find(|(_, count)| *count == most).map_or(0, |(width, _)| *width)
}

/// How many rows stand before the table: titles, dates, empty lines.
fn preamble(rows: &[Row], width: usize) -> usize {
    const MOST: usize = 20;
    let Some(start) = rows.iter().position(|row| row.fields.len() == width) else { return 0 };
    let filled = |row: &Row| row.fields.iter().filter(|field| !field.trim().is_empty()).count();
    let title = |row: &Row| filled(row) <= 1.max(width / 3);
    let titles = rows[..start].iter().all(title);
    if width > 1 && start <= MOST && titles { start } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(bytes: &[u8]) -> Form {
        let mut survey = Survey::default();
        survey.feed(bytes);
        Form::find(&survey).unwrap()
    }

    #[test]
    fn the_delimiter_is_what_gives_every_record_the_same_fields() {
        let cases = [
            ("ID;IMPORTE;FECHA\n1;2,5;01/02/2020\n2;3,5;02/02/2020\n", ";"),
            ("a,b\n\"x;y;z\",1\n\"u;v\",2\n", ","),
            ("a\tb c\td\n1\t2 3\t4\n", "\t"),
            ("a|b|c\n1|2,5|3\n", "|"),
            ("ID, NAME\n1, Ana\n2, Eva\n", ", "),
            ("name age\nana 3\neva 4\n", " "),
            ("value\n01\n002\n", ","),
            ("only one sentence, with a comma\nand another without\nand more\n", ","),
        ];
        for (text, delimiter) in cases {
            assert_eq!(form(text.as_bytes()).delimiter, delimiter, "{text}");
        }
    }

    #[test]
    fn quotes_and_escapes_are_told_apart() {
        let said = |text: &str| {
            let form = form(text.as_bytes());
            (form.quote, form.escape)
        };
        assert_eq!(said("a;b\n\"x\"\"y\";1\n"), (Some('"'), None));
        assert_eq!(said("a;b\n\"x\\\"y\";1\n\"u\\\"v\";2\n"), (Some('"'), Some('\\')));
        assert_eq!(said("a;b\n'x;y';1\n'u';2\n"), (Some('\''), None));
        assert_eq!(said("a;b\n12\" pipe;1\n3\" pipe;2\n"), (None, None));
        assert_eq!(said("a;b\nD'Artagnan;1\nO'Hara;2\n"), (Some('"'), None));
    }

    #[test]
    fn titles_before_the_table_are_passed_over() {
        let text = "Ayuntamiento\nListado de licencias\n\nID;NOMBRE;FECHA\n1;Ana;01/01/2020\n2;Eva;02/01/2020\n";
        let form = form(text.as_bytes());
        assert_eq!((form.skip_lines, form.header, form.columns.as_ref()), (3, true, None));
        assert_eq!(form.to_json(), json!({ "csv": { "delimiter": ";", "skip_lines": 3 } }));
    }

    #[test]
    fn an_end_that_is_missing_is_said() {
        assert!(!form(b"a,b\n1,2").ends_with_newline);
        assert!(form(b"a,b\n1,2\n").ends_with_newline);
        assert!(form(b"a,b\r1,2\r").ends_with_newline);
        let utf16: Vec<u8> = "a,b\n1,2\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert!(form(&[&[0xFE, 0xFF][..], &utf16].concat()).ends_with_newline);
    }

    #[test]
    fn what_is_no_table_is_said() {
        let find = |bytes: &[u8]| {
            let mut survey = Survey::default();
            survey.feed(bytes);
            Form::find(&survey).map(|form| form.delimiter)
        };
        assert_eq!(find(b""), Err(Unreadable::Empty));
        assert_eq!(find(b" \n\n"), Err(Unreadable::Empty));
        assert_eq!(find(b"\x7fELF\x01\x02\x03\x04\x05\x06"), Err(Unreadable::NotText));
    }
}
