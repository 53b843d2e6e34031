//! The `tests` of a mapping: names that they use must exist. Whether they hold is for the runner to say.

use super::compile::Compiler;
use crate::{
    diagnostic::Diagnostic,
    mapping::{
        file::{Case, MappingFile, Outcome},
        program::{Read, Source},
    },
    model::{Kind, Model, Shape, Text},
    yaml::{Key, Node},
};

pub(super) fn check(compiler: &mut Compiler<'_>, file: &MappingFile, model: &Model) {
    for case in &file.cases {
        for given in &case.given {
            let source = compiler.sources.iter().find(|source| *source.name == given.name.text);
            match source.map(|source| &source.read) {
                None => unknown_source(compiler, &given.name.text, given.name.span.clone()),
                Some(Read::Value(_))
                    if given.value.as_text().is_some() || given.value.is_null() => {}
                Some(Read::Value(_)) => {
                    compiler.form.shape(&given.value, "a value of `given`", "text or nothing");
                }
                Some(Read::List(_)) => elements(compiler, &given.name.text, &given.value),
            }
        }
        outcomes(compiler, case, &model.shape);
    }
}

fn unknown_source(compiler: &mut Compiler<'_>, name: &str, span: std::ops::Range<usize>) {
    let message = format!("`from` has no field `{name}`");
    let known = compiler.sources.iter().map(|source| &*source.name);
    let found = Diagnostic::error("mapping.test_unknown_source", compiler.form.file, span, message)
        .did_you_mean(name, known);
    compiler.form.push(found);
}

fn elements(compiler: &mut Compiler<'_>, list: &str, node: &Node) {
    let Some(items) = node.items() else {
        compiler.form.shape(node, "the value of a list", "a list of blocks");
        return;
    };
    for item in items {
        let Some(entries) = compiler.form.names(item, "an element of a list") else { continue };
        for (key, _) in entries {
            let known = |source: &Source| match &source.read {
                Read::List(columns) if *source.name == *list => {
                    columns.iter().any(|column| *column.name == key.text)
                }
                _ => false,
            };
            if !compiler.sources.iter().any(known) {
                unknown_source(compiler, &key.text, key.span.clone());
            }
        }
    }
}

fn outcomes(compiler: &mut Compiler<'_>, case: &Case, shape: &Shape) {
    for outcome in &case.outcomes {
        match outcome {
            Outcome::Expect(node) | Outcome::Exactly(node) => object(compiler, node, shape),
            Outcome::Events(nodes) => {
                for node in nodes {
                    if compiler.form.names(node, "an expected event").is_some() {
                        object(compiler, node, shape);
                    }
                }
            }
            Outcome::Rejects(flags) | Outcome::Quality(flags) => {
                for code in flags.iter().filter_map(|flag| flag.code.as_ref()) {
                    known_code(compiler, code);
                }
            }
            _ => {}
        }
    }
}

fn known_code(compiler: &mut Compiler<'_>, code: &Text) {
    let codes = || {
        let all = crate::mapping::CODES.iter().chain(crate::mapping::decode::CODES);
        let all = all.chain(crate::mapping::expr::CODES);
        all.map(|doc| doc.code).filter(|code| !code.starts_with("mapping."))
    };
    if !codes().any(|known| known == code.text) {
        let message = format!("no record is ever rejected or marked with `{}`", code.text);
        let found = Diagnostic::error(
            "mapping.test_unknown_code",
            compiler.form.file,
            code.span.clone(),
            message,
        )
        .did_you_mean(&code.text, codes());
        compiler.form.push(found);
    }
}

fn object(compiler: &mut Compiler<'_>, node: &Node, shape: &Shape) {
    for (key, value) in node.entries().unwrap_or_default() {
        let Some(field) = shape.field(&key.text) else {
            unknown_field(compiler, key, shape);
            continue;
        };
        let Kind::Object(inner) = &field.kind else { continue };
        match value.items() {
            Some(items) => items.iter().for_each(|item| object(compiler, item, inner)),
            None => object(compiler, value, inner),
        }
    }
}

fn unknown_field(compiler: &mut Compiler<'_>, key: &Key, shape: &Shape) {
    let message = format!("`{}` has no field `{}`", shape.name, key.text);
    let found = Diagnostic::error(
        "mapping.test_unknown_field",
        compiler.form.file,
        key.span.clone(),
        message,
    )
    .did_you_mean(&key.text, shape.fields.iter().map(|field| &*field.name));
    compiler.form.push(found);
}
