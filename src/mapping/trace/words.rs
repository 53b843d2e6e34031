//! What the steps are called: by the keys of the mapping file.

use super::Text;
use crate::mapping::{
    program::{Check, Guard, Read, Source},
    value::Value,
    verbs::Verb,
};

/// The value as text. A list is its length.
pub(super) fn text(value: &Value<'_>) -> Text {
    if let Value::List(list) = value {
        let word = if list.len() == 1 { "element" } else { "elements" };
        return Text(format!("{} {word}", list.len()));
    }
    let mut bytes = Vec::new();
    value.write_text(&mut bytes);
    Text(String::from_utf8(bytes).unwrap_or_default())
}

/// What an entry of `from` says of its column.
pub(super) fn entry(source: &Source) -> String {
    let Read::Value(decoder) = &source.read else { return "list".to_owned() };
    let (kind, expected) = (decoder.kind().to_string(), decoder.expected());
    if expected == kind || expected.starts_with(&kind) {
        expected.to_owned()
    } else {
        format!("{kind} as {expected}")
    }
}

pub(super) fn verb(verb: &Verb) -> &'static str {
    match verb {
        Verb::Nfc | Verb::Nfkc => "normalize",
        Verb::Ascii => "ascii",
        Verb::Collapse => "collapse",
        Verb::Strip(_) => "strip",
        Verb::Replace(_) => "replace",
        Verb::Split(..) => "split",
        Verb::KindOf(_) => "kind_of",
        Verb::Slice { .. } | Verb::Last(_) => "slice",
        Verb::Upper | Verb::Lower | Verb::Title => "case",
        Verb::PadLeft { .. } | Verb::PadRight { .. } => "pad",
    }
}

pub(in crate::mapping) fn check(check: &Check) -> String {
    match check {
        Check::Pattern(_) => "pattern".to_owned(),
        Check::Min(_) => "min".to_owned(),
        Check::Max(_) => "max".to_owned(),
        Check::Length { .. } => "length".to_owned(),
        Check::OneOf(_) => "one_of".to_owned(),
        Check::Identifier(identifier) => format!("check {}", identifier.name()),
        Check::PartialDate => "partial date".to_owned(),
    }
}

pub(super) fn guard(guard: &Guard) -> String {
    match guard {
        Guard::Drop => "drop".to_owned(),
        Guard::Mask { .. } => "mask".to_owned(),
        Guard::Part(part) => format!("generalize to the {}", part.name()),
        Guard::Bands(_) => "generalize to bands".to_owned(),
        Guard::KeepFirst(count) => format!("generalize, keep_first {count}"),
        Guard::Pseudonym(domain) => format!("pseudonym {domain}"),
        Guard::Encrypt(key) => format!("encrypt {key}"),
    }
}
