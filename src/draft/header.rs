//! Whether the first line names the columns, and under which names they can be used.

use super::{
    kinds::{Token, token},
    privacy,
    split::Row,
    words,
};

/// What was found about the names of columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Whether the first record is a header.
    pub(super) is_there: bool,
    /// Names to put in its place, where there is none or its names cannot be used.
    pub(super) names: Option<Vec<String>>,
    pub(super) notes: Vec<String>,
}

/// Looks at the first rows of a table, of which there is at least one.
pub(super) fn find(rows: &[Row]) -> Header {
    let (first, body) = (&rows[0].fields, &rows[1..]);
    let mut notes = Vec::new();
    let (points, is_clear) = points(first, body);
    if points < 0 || points == 0 && !is_clear {
        let names: Vec<String> = (1..=first.len()).map(|at| format!("column_{at}")).collect();
        let why = if points < 0 {
            "the first line looks like the others: there is no header, and the columns need names"
        } else {
            "nothing tells the first line from the others: it is taken for a record and its columns need names; \
             if it does name them, say `header: true` without `columns`"
        };
        notes.push(why.to_owned());
        return Header { is_there: false, names: Some(names), notes };
    }
    let names = usable(first);
    if names == *first {
        return Header { is_there: true, names: None, notes };
    }
    let changed = names.iter().zip(first).filter(|(name, written)| name != written).count();
    notes.push(format!(
        "{changed} names of columns are empty, there twice, or have blanks around them: others are given"
    ));
    Header { is_there: true, names: Some(names), notes }
}

/// What speaks for a header, less what speaks against it. Where nothing does there is none: the values of a person
/// must not become names, and a header that is taken for a record is seen at once. Also, whether a column is clear: words
/// above, data beneath. What only a person has settles it, whatever stands beside it.
fn points(first: &[String], body: &[Row]) -> (i32, bool) {
    if first.iter().any(|name| privacy::is_of_a_person(name)) {
        return (-1, false);
    }
    let (mut points, mut is_clear) = (0, false);
    for (at, name) in first.iter().enumerate() {
        let name = name.trim();
        let below: Vec<&str> = body
            .iter()
            .take(200)
            .filter_map(|row| row.fields.get(at))
            .map(|field| field.trim())
            .filter(|field| !field.is_empty())
            .collect();
        let typed = !below.is_empty() && below.iter().all(|field| is_data(field));
        let nothing = name.is_empty() || token(name) == Some(Token::Nothing);
        let given = match (nothing, is_data(name)) {
            (true, _) => 0,
            (false, true) => -3,
            (false, false) if typed => 3,
            (false, false) if below.contains(&name) => -2,
            (false, false) if tells(name, &below) => 2,
            _ => 0,
        };
        points += given;
        is_clear |= given == 3;
    }
    (points, is_clear)
}

/// Whether a name has a word that names of columns have, and what stands beneath it does not: `CALLE MAYOR` is an address
/// among others.
fn tells(name: &str, below: &[&str]) -> bool {
    const ENOUGH: usize = 20;
    let some = &below[..below.len().min(ENOUGH)];
    words::is_familiar(name)
        && some.iter().filter(|field| words::is_familiar(field)).count() * 2 <= some.len()
}

/// Whether it looks like a value and not like a name: a number, a date, an amount, or what only a person has.
fn is_data(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.chars().filter(|char| char.is_alphabetic()).count();
    digits > 0 && (letters == 0 || digits > 2 * letters && text.len() > 5)
        || privacy::is_of_a_person(text)
}

/// The names, each there once, without blanks around them or line ends in them.
fn usable(written: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(written.len());
    for (at, name) in written.iter().enumerate() {
        let words: Vec<&str> = name
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|w| !w.is_empty())
            .collect();
        let one_line = words.join(" ");
        // A control character may be as long as the blank in its place.
        let is_usable = one_line.len() == name.len() && !name.contains(char::is_control);
        let mut base = if is_usable { name.clone() } else { one_line };
        if base.is_empty() {
            base = format!("column_{}", at + 1);
        }
        let taken = |name: &str, names: &[String]| names.iter().any(|other| other == name);
        let mut unique = base.clone();
        let mut number = 2;
        while taken(&unique, &names) || number > 2 && written.contains(&unique) {
            unique = format!("{base}_{number}");
            number += 1;
        }
        names.push(unique);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        let row = |line: &str| Row {
            fields: line.split(';').map(str::to_owned).collect(),
            line: 0,
            stray: false,
        };
        text.lines().map(row).collect()
    }

    #[test]
    fn a_header_looks_unlike_what_stands_beneath_it() {
        for (text, there) in [
            ("a;b\n1;2", true),
            ("1;2\n3;4", false),
            ("ID;NOMBRE\nA;Ana", true),
            ("12345678Z;ANA;01/02/2020\n87654321X;EVA;03/04/2021", false),
            ("x;y", false),
            ("GARCIA;ANA;MADRID\nLOPEZ;EVA;TOLEDO", false),
            ("GARCIA;ANA;CALLE MAYOR\nLOPEZ;EVA;CALLE REAL", false),
            ("ana@example.org;TIPO\neva@example.org;CLASE", false),
            ("GARCIA;SABC560626MDFLRN01;TIPO\nLOPEZ;BOXW310820HNERXN09;CLASE", false),
            ("ES9121000418450200051332;TIPO\nDE89370400440532013000;CLASE", false),
            ("12345678Z;TIPO;FECHA\nX1234567L;a;b", false),
            ("quien;donde\nana@example.org;Madrid\neva@example.org;Toledo", true),
            ("NOMBRE;CIUDAD\nANA;MADRID", true),
            ("S;N\nN;S\nS;N", false),
            ("2019;2020\n1;2", false),
            ("fecha;2020\n01/01/2020;3", true),
        ] {
            assert_eq!(find(&rows(text)).is_there, there, "{text}");
        }
    }

    #[test]
    fn names_that_cannot_be_used_are_replaced() {
        let found = find(&rows("id;name;id;;id\n1;x;2;3;4"));
        let names = found.names.unwrap();
        assert_eq!(names, ["id", "name", "id_2", "column_4", "id_3"]);
        assert_eq!(find(&rows("id; Test\n1;x")).names.unwrap(), ["id", "Test"]);
        let taken = find(&rows("id;id;id_2\n1;2;3")).names.unwrap();
        assert_eq!(taken, ["id", "id_3", "id_2"]);
        assert_eq!(find(&rows("id;Código Postal\n1;2")).names, None);
        assert_eq!(find(&rows("id;nombre\u{b}<\n1;2")).names.unwrap(), ["id", "nombre <"]);
    }
}
