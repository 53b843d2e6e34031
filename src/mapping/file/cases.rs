//! The `tests` of a mapping file.

use std::ops::Range;

use super::key_text;
use crate::{
    diagnostic::Diagnostic,
    model::{Form, Text, one_line},
    yaml::{Key, Node},
};

pub(crate) const KEYS: [&str; 10] =
    ["name", "given", "expect", "exactly", "events", "key", "op", "filtered", "rejects", "quality"];

/// A test case.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: Text,
    pub(crate) given: Vec<Given>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) span: Range<usize>,
}

/// A column of the record that a case is about, with its text as the source has it.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) name: Text,
    pub(crate) value: Node,
}

/// Something that a case expects.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// These fields with these values, others as they like.
    Expect(Node),
    /// These fields and no others.
    Exactly(Node),
    /// One entry per event, each as in `expect`.
    Events(Vec<Node>),
    Key(Text),
    /// Whether the event is a delete.
    Delete(bool),
    Filtered(bool),
    /// Rejects that must be among those reported.
    Rejects(Vec<Flag>),
    /// Marks of quality that must be among those reported.
    Quality(Vec<Flag>),
}

/// A code and the field it is about.
#[derive(Debug)]
pub(crate) struct Flag {
    pub(crate) code: Option<Text>,
    pub(crate) field: Option<Text>,
}

pub(super) fn cases(form: &mut Form<'_>, node: &Node) -> Vec<Case> {
    let Some(items) = node.items() else {
        form.shape(node, "`tests`", "a list");
        return Vec::new();
    };
    items.iter().filter_map(|item| case(form, item)).collect()
}

fn case(form: &mut Form<'_>, node: &Node) -> Option<Case> {
    let entries = form.block(node, "a test", &KEYS)?;
    let span = one_line(form.file, &node.span);
    let name = match node.get("name") {
        Some(name) => form.text(name, "`name`"),
        None => {
            form.missing(span.clone(), "a test", "name");
            None
        }
    };
    if node.get("given").is_none() {
        form.missing(span.clone(), "a test", "given");
    }
    let given = node.get("given").and_then(|node| form.names(node, "`given`"));
    let given = given
        .unwrap_or_default()
        .iter()
        .map(|(key, value)| Given { name: key_text(key), value: value.clone() });
    let outcomes: Vec<Outcome> =
        entries.iter().filter_map(|(key, node)| outcome(form, key, node)).collect();
    if outcomes.is_empty() {
        // A warning, so that whoever writes a mapping can let `test --update` say what comes out; the test fails until then.
        let message = "this test expects nothing";
        let found =
            Diagnostic::warning("mapping.test_expects_nothing", form.file, span.clone(), message);
        form.push(
            found
                .note(format!("say what comes out: {}", KEYS[2..].join(", ")))
                .help("or let `acequia test --update` write it"),
        );
    }
    Some(Case { name: name?, given: given.collect(), outcomes, span })
}

fn outcome(form: &mut Form<'_>, key: &Key, node: &Node) -> Option<Outcome> {
    match key.text.as_str() {
        "expect" => form.names(node, "`expect`").map(|_| Outcome::Expect(node.clone())),
        "exactly" => form.names(node, "`exactly`").map(|_| Outcome::Exactly(node.clone())),
        "events" => match node.items() {
            Some(items) => Some(Outcome::Events(items.to_vec())),
            None => {
                form.shape(node, "`events`", "a list of blocks");
                None
            }
        },
        "key" => form.text(node, "`key`").map(Outcome::Key),
        "op" => {
            form.word(node, "`op`", &[("upsert", false), ("delete", true)]).map(Outcome::Delete)
        }
        "filtered" => form.flag(node, "`filtered`").map(Outcome::Filtered),
        "rejects" => flags(form, node, "`rejects`").map(Outcome::Rejects),
        "quality" => flags(form, node, "`quality`").map(Outcome::Quality),
        _ => None,
    }
}

fn flags(form: &mut Form<'_>, node: &Node, what: &str) -> Option<Vec<Flag>> {
    let Some(items) = node.items() else {
        form.shape(node, what, "a list of blocks with `code` and `field`");
        return None;
    };
    let mut flags = Vec::with_capacity(items.len());
    for item in items {
        if form.block(item, "an expected code", &["code", "field"]).is_some() {
            let mut text =
                |key: &str| item.get(key).and_then(|node| form.text(node, &format!("`{key}`")));
            flags.push(Flag { code: text("code"), field: text("field") });
        }
    }
    Some(flags)
}
