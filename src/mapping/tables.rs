//! Code tables and reference tables: small CSV files with a header, written by people.
//!
//! Comma, double quotes where needed, UTF-8, one record a line. Read here and not by the CSV connector because a
//! mistake in them is shown at its place, like a mistake in a mapping.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use crate::diagnostic::{Diagnostic, SourceFile};

/// A table that could be read.
#[derive(Debug)]
pub struct Table {
    /// The name by which mappings refer to it.
    pub name: String,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// The number of this very content: the first eight hexadecimal digits of its SHA-256.
    pub snapshot: String,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) rows: Vec<Vec<Field>>,
}

/// A field of a table.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

impl Table {
    /// Where the column of this name stands.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// Whether it translates codes: it has the columns `source` and `code`.
    pub(crate) fn codes(&self) -> Option<(usize, usize)> {
        Some((self.column("source")?, self.column("code")?))
    }

    /// How events name it: `office@1a2b3c4d`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.name, self.snapshot)
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// `source` → `code`.
    pub(crate) fn index(&self) -> HashMap<Box<str>, Box<str>> {
        let Some((source, code)) = self.codes() else { return HashMap::new() };
        self.rows
            .iter()
            .map(|row| (row[source].text.as_str().into(), row[code].text.as_str().into()))
            .collect()
    }
}

/// Reads the tables of a deployment. A table with mistakes is kept with what could be read.
pub(crate) fn load(
    files: &[(String, Arc<SourceFile>)],
) -> (BTreeMap<String, Arc<Table>>, Vec<Diagnostic>) {
    let (mut tables, mut found) = (BTreeMap::new(), Vec::new());
    for (name, file) in files {
        if let Some(table) = read(name, file, &mut found) {
            tables.insert(name.clone(), Arc::new(table));
        }
    }
    (tables, found)
}

fn read(name: &str, file: &Arc<SourceFile>, found: &mut Vec<Diagnostic>) -> Option<Table> {
    let mut records = match split(file.text()) {
        Ok(records) => records.into_iter(),
        Err(span) => {
            let message = "a quoted field does not end as one";
            found.push(Diagnostic::error("codes.quote", file, span, message));
            return None;
        }
    };
    let Some(header) = records.next() else {
        let message = "the table is empty; its first line names the columns";
        found.push(Diagnostic::error("codes.empty", file, 0..0, message));
        return None;
    };
    let columns: Vec<String> = header.iter().map(|field| field.text.trim().to_owned()).collect();
    let mut table = Table {
        name: name.to_owned(),
        columns,
        snapshot: data_encoding::HEXLOWER.encode(&Sha256::digest(file.text())[..4]),
        file: Arc::clone(file),
        rows: Vec::new(),
    };
    for record in records {
        if record.len() == table.columns.len() {
            table.rows.push(record);
        } else {
            let span = record[0].span.start..record[record.len() - 1].span.end;
            let (have, want) = (record.len(), table.columns.len());
            let message = format!("{have} fields, the header has {want}");
            found.push(Diagnostic::error("codes.ragged", file, span, message));
        }
    }
    if let Some((source, _)) = table.codes() {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for row in &table.rows {
            let field = &row[source];
            let line = file.line_column(field.span.start).0;
            if let Some(first) = seen.insert(&field.text, line) {
                let message = format!("`{}` stands here a second time", field.text);
                let twice = Diagnostic::error("codes.duplicate", file, field.span.clone(), message);
                found.push(twice.note(format!("the first stands on line {first}")));
            }
        }
    }
    Some(table)
}

/// The records of a CSV text; blank lines are none. `Err` with the place of a quote that is not closed or is
/// followed by more text.
fn split(text: &str) -> Result<Vec<Vec<Field>>, Range<usize>> {
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (mut records, mut record) = (Vec::new(), Vec::new());
    while at < text.len() || !record.is_empty() {
        let (field, next) = field(text, at)?;
        let end = text.as_bytes().get(next).copied();
        let blank = record.is_empty() && field.span.is_empty() && end != Some(b',');
        if !blank {
            record.push(field);
        }
        at = next + 1;
        if end != Some(b',') {
            if text[next..].starts_with("\r\n") {
                at += 1;
            }
            if !record.is_empty() {
                records.push(std::mem::take(&mut record));
            }
        }
    }
    Ok(records)
}

/// The field that begins at `start`, and the byte behind it: a comma, the end of the line or of the text.
fn field(text: &str, start: usize) -> Result<(Field, usize), Range<usize>> {
    let rest = &text[start.min(text.len())..];
    if !rest.starts_with('"') {
        let len = rest.find([',', '\n', '\r']).unwrap_or(rest.len());
        let field = Field { text: rest[..len].to_owned(), span: start..start + len };
        return Ok((field, start + len));
    }
    let mut value = String::new();
    let mut at = 1;
    loop {
        let Some(quote) = rest[at..].find('"') else {
            return Err(start..start + rest.lines().next().map_or(1, str::len));
        };
        value.push_str(&rest[at..at + quote]);
        at += quote + 1;
        match rest.as_bytes().get(at) {
            Some(b'"') => {
                value.push('"');
                at += 1;
            }
            None | Some(b',' | b'\n' | b'\r') => {
                let field = Field { text: value, span: start..start + at };
                return Ok((field, start + at));
            }
            Some(_) => return Err(start..start + at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> (Option<Table>, Vec<(&'static str, usize)>) {
        let mut found = Vec::new();
        let table = read("t", &SourceFile::new("t.csv", text), &mut found);
        (table, found.iter().map(|found| (found.code, found.line_column().0)).collect())
    }

    #[test]
    fn quotes_blank_lines_and_line_ends_are_read_as_written() {
        let (table, found) = table(
            "\u{feff}source,code,label\r\nC,issued,\"Concedida, \"\"sí\"\"\"\r\n\r\nD,denied,",
        );
        let table = table.unwrap();
        assert_eq!(found, []);
        assert_eq!(table.columns, ["source", "code", "label"]);
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[0][2].text, "Concedida, \"sí\"");
        assert_eq!(table.rows[1][2].text, "");
        assert_eq!(table.index().get("D").map(|code| &**code), Some("denied"));
    }

    #[test]
    fn every_mistake_has_its_line() {
        let (_, found) = table("source,code\nA,1\nB\nA,2\n");
        assert_eq!(found, [("codes.ragged", 3), ("codes.duplicate", 4)]);
        assert_eq!(table("source,code\n\"A,1\n").1, [("codes.quote", 2)]);
        assert_eq!(table("source,code\n\"A\"x,1\n").1, [("codes.quote", 2)]);
        assert_eq!(table("").1, [("codes.empty", 1)]);
    }
}
