//! Texts that came from outside, written so that YAML, SQL and a comment keep them whole.

use std::fmt::Write;

use super::words::{folded, parts};

/// A name for files, pipelines and models, made of any text: small letters, digits and hyphens, never empty.
pub fn slug(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut slug = String::new();
    for char in folded(text).chars() {
        if slug.len() >= LONGEST {
            break;
        }
        if char.is_ascii_alphanumeric() {
            slug.push(char);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "source".to_owned() } else { slug.to_owned() }
}

/// A name of a field: `numExp` of `NUM_EXP`. None of the `taken`.
pub(super) fn field_name(column: &str, at: usize, taken: &[String]) -> String {
    let mut name = String::new();
    for part in parts(column) {
        let mut letters = part.chars().filter(char::is_ascii_alphanumeric);
        let Some(first) = letters.next() else { continue };
        let upper = !name.is_empty();
        name.push(if upper { first.to_ascii_uppercase() } else { first });
        name.extend(letters);
    }
    name.truncate(60);
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        name = format!("column{}{name}", at + 1);
    }
    if ["null", "true", "false"].contains(&name.as_str()) {
        name.push_str("Value");
    }
    let mut unique = name.clone();
    let mut number = 2;
    while taken.contains(&unique) {
        unique = format!("{name}{number}");
        number += 1;
    }
    unique
}

/// A title for people: `Num exp` of `NUM_EXP`.
pub(super) fn title(column: &str) -> String {
    let words: Vec<String> = column
        .split(|c: char| c == '_' || c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let text = words.join(" ");
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => "Without a name".to_owned(),
    }
}

/// A YAML scalar that is this text, in a block or between braces.
pub(super) fn scalar(text: &str) -> String {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | '*');
    let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let words = text.split(' ').all(|word| !word.is_empty() && word.chars().all(inner));
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = starts && words && !reserved.contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            char if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

/// An expression as a YAML scalar.
pub(super) fn expression(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return quoted(text);
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// A column's name in an expression.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Text that may stand in a comment: one line, of bounded length.
pub(super) fn comment(text: &str) -> String {
    const LONGEST: usize = 400;
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

/// A list of scalars between brackets.
pub(super) fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| scalar(word)).collect();
    format!("[{}]", words.join(", "))
}

/// A number with a comma between thousands, as English has it.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{diagnostic::SourceFile, yaml};

    #[test]
    fn a_scalar_is_read_back_as_it_was() {
        for text in [
            "NUM_EXP",
            "Contact Phone Number",
            "",
            " a",
            "a ",
            "a: b",
            "a #b",
            "true",
            "no",
            "1",
            "01",
            "-",
            "*x",
            "x*",
            "a\"b",
            "a\\b",
            "a'b",
            "tab\there",
            "line\nend",
            "\u{b}v",
            "Año",
            "{a}",
            "[",
            "a, b",
            "?",
            "日本",
            "\u{feff}x",
            "~",
        ] {
            let file = SourceFile::new(
                "x.yaml",
                format!("{{ {}: {}, b: [{}] }}\n", scalar(text), scalar(text), scalar(text)),
            );
            let root = yaml::parse(&Arc::clone(&file))
                .unwrap_or_else(|faults| panic!("{text:?}: {faults:?}"));
            let (key, node) = &root.entries().unwrap()[0];
            assert_eq!((key.text.as_str(), node.as_text()), (text, Some(text)), "{}", file.text());
            assert_eq!(node.as_bool(), None, "{text}");
        }
    }

    #[test]
    fn names_are_made_of_any_text() {
        assert_eq!(slug("LIC_0001 (copia).csv"), "lic-0001-copia-csv");
        assert_eq!(slug("Año"), "ano");
        assert_eq!(slug("…"), "source");
        assert_eq!(field_name("NUM_EXP", 0, &[]), "numExp");
        assert_eq!(field_name("AÑO", 0, &[]), "ano");
        assert_eq!(field_name("2019", 3, &[]), "column42019");
        assert_eq!(field_name("名", 3, &[]), "column4");
        assert_eq!(field_name("id", 0, &["id".to_owned()]), "id2");
        assert_eq!(title("NUM_EXP"), "Num exp");
        assert_eq!(thousands(5_210), "5,210");
    }
}
