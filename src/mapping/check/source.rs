//! `from`: entries → decoders.

use std::sync::Arc;

use crate::{
    mapping::{
        decode::{self, DecodeSpec, Gap, Language, Overlap, Sign, Trim},
        file::Entry,
        program::{Read, Source},
        value::Type,
    },
    model::{Class, Form, Text},
    yaml::{Key, Node},
};

pub(crate) const OPTIONS: [&str; 18] = [
    "type",
    "null_if",
    "sentinel",
    "trim",
    "format",
    "language",
    "zone",
    "overlap",
    "gap",
    "decimal",
    "group",
    "sign",
    "implied_decimals",
    "century",
    "true_if",
    "false_if",
    "encoding",
    "class",
];

/// The sources of `from`, one per entry; an entry with mistakes is read as text so that its name stays known.
pub(super) fn sources(form: &mut Form<'_>, entries: &[Entry]) -> Vec<Source> {
    entries.iter().map(|entry| source(form, entry)).collect()
}

fn source(form: &mut Form<'_>, entry: &Entry) -> Source {
    let mut source = Source {
        name: entry.name.text.as_str().into(),
        encoding: None,
        read: Read::List(Vec::new()),
        used: false,
        class: None,
    };
    if let Some(columns) = &entry.list {
        for (key, _) in &entry.options {
            form.unknown_key(key, "a list", &["list"]);
        }
        source.read = Read::List(sources(form, columns));
        return source;
    }
    let mut spec = DecodeSpec::of(Type::Text);
    if let Some(kind) = &entry.kind {
        match Type::parse(&kind.text) {
            Ok(parsed) => spec.kind = parsed,
            Err(error) => {
                form.error("mapping.unknown_type", kind.span.clone(), error.message).help =
                    Some(error.help);
            }
        }
    }
    for (key, node) in &entry.options {
        option(form, &mut spec, &mut source, key, node);
    }
    source.read = Read::Value(Box::new(decoder(form, entry, &spec)));
    source
}

fn decoder(form: &mut Form<'_>, entry: &Entry, spec: &DecodeSpec) -> decode::Decoder {
    match decode::compile(spec) {
        Ok(decoder) => decoder,
        Err(error) => {
            let value = entry.options.iter().find(|(key, _)| key.text == error.key);
            let span = match (value, &entry.kind) {
                (Some((_, node)), _) => node.span.clone(),
                (None, Some(kind)) => kind.span.clone(),
                _ => entry.name.span.clone(),
            };
            form.error(error.code, span, error.message).help =
                Some(error.help).filter(|help| !help.is_empty());
            // Of the declared type, so that one mistake is not reported again as a clash of types.
            decode::compile(&DecodeSpec::of(spec.kind.clone()))
                .or_else(|_| decode::compile(&DecodeSpec::of(Type::Text)))
                .expect("invariant: plain text decodes")
        }
    }
}

fn option(form: &mut Form<'_>, spec: &mut DecodeSpec, source: &mut Source, key: &Key, node: &Node) {
    let what = format!("`{}`", key.text);
    match key.text.as_str() {
        "null_if" => spec.null_if = texts(form, node, &what),
        "sentinel" => spec.sentinel = texts(form, node, &what),
        "true_if" => spec.true_if = texts(form, node, &what),
        "false_if" => spec.false_if = texts(form, node, &what),
        "format" => spec.format = form.text(node, &what).map(|text| text.text),
        "zone" if node.entries().is_some() => {
            // The table is read when the names of the record are known.
            spec.zone_later = true;
        }
        "zone" => spec.zone = form.text(node, &what).map(|text| text.text),
        "encoding" => source.encoding = form.text(node, &what).map(|text| text.text),
        "class" => source.class = form.word(node, "a class", &Class::words()),
        "trim" => {
            spec.trim = word(form, node, &what, Trim::WORDS, Trim::parse).unwrap_or_default();
        }
        "language" => {
            spec.language = word(form, node, &what, Language::WORDS, Language::parse);
        }
        "overlap" => spec.overlap = word(form, node, &what, Overlap::WORDS, Overlap::parse),
        "gap" => spec.gap = word(form, node, &what, Gap::WORDS, Gap::parse),
        "sign" => spec.sign = word(form, node, &what, Sign::WORDS, Sign::parse),
        "decimal" => spec.decimal = character(form, node, &what),
        "group" => spec.group = character(form, node, &what),
        "implied_decimals" => {
            spec.implied_decimals = form.count(node, &what, 38).map(|count| count as u8);
        }
        "century" => {
            if form.block(node, &what, &["pivot"]).is_some() {
                match node.get("pivot") {
                    Some(pivot) => {
                        spec.pivot = form.count(pivot, "`pivot`", 99).map(|count| count as u8);
                    }
                    None => form.missing(key.span.clone(), &what, "pivot"),
                }
            }
        }
        _ => form.unknown_key(key, "a source field", &OPTIONS),
    }
}

fn texts(form: &mut Form<'_>, node: &Node, what: &str) -> Vec<String> {
    form.texts(node, what).into_iter().map(|text| text.text).collect()
}

fn word<T: Copy>(
    form: &mut Form<'_>,
    node: &Node,
    what: &str,
    words: &[&'static str],
    parse: fn(&str) -> Option<T>,
) -> Option<T> {
    let known: Vec<(&str, T)> =
        words.iter().filter_map(|word| Some((*word, parse(word)?))).collect();
    form.word(node, what, &known)
}

fn character(form: &mut Form<'_>, node: &Node, what: &str) -> Option<char> {
    let Text { text, span } = form.text(node, what)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) => Some(char),
        _ => {
            let message = format!("{what} must be one character");
            form.error("mapping.wrong_shape", span, message);
            None
        }
    }
}

/// The type under which expressions and fields see a source.
pub(super) fn kind(source: &Source) -> Type {
    match &source.read {
        Read::Value(decoder) => decoder.kind().clone(),
        Read::List(columns) => Type::List(acequia_api::Schema::new(
            columns
                .iter()
                .map(|column| acequia_api::Column::text(Arc::clone(&column.name)))
                .collect(),
        )),
    }
}
