//! Checks a YAML tree against a JSON Schema and says exactly where it does not fit.
//!
//! The schema is the one that editors get (`acequia schema`), so what completion offers and what the daemon
//! accepts cannot drift apart. It is generated from the configuration structs by `schemars`, and only the part of
//! JSON Schema that `schemars` writes for serde types is understood; where a keyword is unknown the check is
//! lenient, and serde has the last word.
//!
//! Three things go beyond JSON Schema. `format: secret` and its kin accept only references; a value written there, or behind a
//! misspelt key that looks like one, is *masked* in the text of every diagnostic of the file. `format: path` marks
//! paths, which are taken from the folder of the deployment when they are relative. A reference to a secret in any
//! other field is refused, because nothing would replace it.

mod alternatives;
mod scalar;
mod shape;

use std::{collections::HashMap, ops::Range, sync::Arc};

use regex::Regex;
use serde_json::Value as Json;

use crate::{
    diagnostic::{Diagnostic, SourceFile, suggest},
    yaml::{Key, Node, Value},
};
use shape::Shape;

/// A scalar that is more than data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// Where it stands in the tree, as a JSON pointer.
    pub pointer: String,
    /// Where it stands in the file.
    pub span: Range<usize>,
}

/// What a marked scalar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkKind {
    /// A reference to a secret, to be replaced by its value.
    Secret,
    /// A reference to a secret, to be read by whoever uses it.
    Reference,
    /// The same, of several lines.
    KeyFile,
    /// A path.
    Path,
}

/// What a check found.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Everything that does not fit.
    pub diagnostics: Vec<Diagnostic>,
    /// Secrets and paths, in the order of the file.
    pub marks: Vec<Mark>,
    /// Bytes of the file that must not be shown.
    pub masked: Vec<Range<usize>>,
}

/// A schema, ready to check any number of files.
#[derive(Debug)]
pub(super) struct SchemaCheck<'s> {
    root: &'s Json,
    patterns: HashMap<&'s str, Option<Regex>>,
}

impl<'s> SchemaCheck<'s> {
    /// Checks against `root`, whose `$ref`s point into its own `$defs`.
    pub(super) fn new(root: &'s Json) -> Self {
        Self { root, patterns: HashMap::new() }
    }

    /// Checks a whole file.
    pub(super) fn check(&mut self, file: &Arc<SourceFile>, node: &Node) -> Checked {
        let root = self.root;
        let mut walk = Walk { schema: self, file, found: Checked::default() };
        walk.node(node, root, &At::root());
        walk.found
    }
}

/// Where the walk stands.
struct At<'a> {
    parent: Option<&'a At<'a>>,
    /// The key or index that leads here.
    step: String,
    /// The key in the file, if a key leads here.
    key: Option<&'a Key>,
}

impl<'a> At<'a> {
    fn root() -> Self {
        Self { parent: None, step: String::new(), key: None }
    }

    fn key(&'a self, key: &'a Key) -> Self {
        At { parent: Some(self), step: key.text.clone(), key: Some(key) }
    }

    fn index(&'a self, index: usize) -> Self {
        At { parent: Some(self), step: index.to_string(), key: None }
    }

    fn pointer(&self) -> String {
        match self.parent {
            None => String::new(),
            Some(parent) => {
                let step = self.step.replace('~', "~0").replace('/', "~1");
                format!("{}/{step}", parent.pointer())
            }
        }
    }

    /// `kafka.security`, or nothing at the top.
    fn name(&self) -> Option<String> {
        let parent = self.parent?;
        Some(match parent.name() {
            Some(name) if self.key.is_some() => format!("{name}.{}", self.step),
            Some(name) => format!("{name}[{}]", self.step),
            None => self.step.clone(),
        })
    }

    fn subject(&self) -> String {
        self.name().map_or_else(|| "the file".to_owned(), |name| format!("`{name}`"))
    }
}

struct Walk<'w, 's> {
    schema: &'w mut SchemaCheck<'s>,
    file: &'w Arc<SourceFile>,
    found: Checked,
}

impl<'s> Walk<'_, 's> {
    fn node(&mut self, node: &Node, schema: &'s Json, at: &At<'_>) {
        let shape = Shape::of(schema, self.schema.root);
        if let Some(variants) = shape.variants() {
            return self.alternatives(node, &variants, at);
        }
        if !shape.admits(node) {
            return self.wrong_type(node, &shape, at);
        }
        match &node.value {
            Value::Mapping(entries) => self.object(node, entries, &shape, at),
            Value::Sequence(items) => self.list(node, items, &shape, at),
            Value::Scalar { .. } => self.scalar(node, &shape, at),
            Value::Null => {}
        }
    }

    fn object(&mut self, node: &Node, entries: &[(Key, Node)], shape: &Shape<'s>, at: &At<'_>) {
        for (key, value) in entries {
            if let Some(schema) = shape.property(&key.text).or_else(|| shape.additional()) {
                self.node(value, schema, &at.key(key));
            } else if shape.is_closed() {
                self.unknown_key(key, value, shape, at);
            }
        }
        let missing =
            shape.required().filter(|name| !entries.iter().any(|(key, _)| key.text == *name));
        for name in missing.collect::<Vec<_>>() {
            self.missing_key(name, node, shape, at);
        }
    }

    fn list(&mut self, node: &Node, items: &[Node], shape: &Shape<'s>, at: &At<'_>) {
        if let Some(least) = shape.number("minItems").filter(|least| (items.len() as f64) < *least)
        {
            let message = format!("{} needs at least {least} of them", at.subject());
            self.report("config.out_of_range", head(node, at), message);
        }
        if let Some(schema) = shape.items() {
            for (index, item) in items.iter().enumerate() {
                self.node(item, schema, &at.index(index));
            }
        }
    }

    fn unknown_key(&mut self, key: &Key, value: &Node, shape: &Shape<'s>, at: &At<'_>) {
        let known = shape.keys();
        let message = match at.name() {
            Some(name) => format!("`{name}` has no key `{}`", key.text),
            None => format!("there is no key `{}`", key.text),
        };
        let close = suggest(&key.text, known.iter().copied());
        let meant_secret = close
            .and_then(|name| shape.property(name))
            .is_some_and(|schema| Shape::of(schema, self.schema.root).is_secret());
        if (meant_secret || sounds_secret(&key.text)) && value.as_text().is_some() {
            self.found.masked.push(value.span.clone());
        }
        let found = Diagnostic::error("config.unknown_key", self.file, key.span.clone(), message)
            .label("not known here")
            .note(format!("known keys: {}", quoted(known.iter().copied())));
        self.found.diagnostics.push(match close {
            Some(close) => found.help(format!("did you mean `{close}`?")),
            None => found,
        });
    }

    fn missing_key(&mut self, name: &str, node: &Node, shape: &Shape<'s>, at: &At<'_>) {
        let message = format!("{} needs `{name}`", at.subject());
        let found = Diagnostic::error("config.missing_key", self.file, head(node, at), message)
            .label(format!("`{name}` is missing here"));
        let about = shape.property(name).and_then(|schema| {
            Shape::of(schema, self.schema.root).description().map(first_sentence)
        });
        self.found.diagnostics.push(match about {
            Some(about) => found.note(format!("`{name}`: {about}")),
            None => found,
        });
    }

    fn wrong_type(&mut self, node: &Node, shape: &Shape<'s>, at: &At<'_>) {
        let expected = shape.types().map(name_of_type).collect::<Vec<_>>().join(" or ");
        let message = format!("{} must be {expected}, not {}", at.subject(), node.describe());
        if shape.is_secret() {
            self.found.masked.push(node.span.clone());
        }
        let span = if node.is_null() || node.entries().is_some() {
            head(node, at)
        } else {
            node.span.clone()
        };
        let found = Diagnostic::error("config.wrong_type", self.file, span, message)
            .label(format!("this is {}", node.describe()));
        let wants = |kind: &str| shape.types().any(|known| known == kind);
        let help = match (&node.value, node.as_text()) {
            (Value::Null, _) if wants("object") => Some("write `{}` for all defaults".to_owned()),
            (_, Some(text)) if wants("boolean") && matches!(text, "yes" | "no" | "on" | "off") => {
                Some("truth values are `true` and `false`".to_owned())
            }
            (_, Some(_)) if wants("string") => Some("put it in quotes".to_owned()),
            (Value::Scalar { quoted: true, .. }, _) if wants("integer") || wants("boolean") => {
                Some("write it without quotes".to_owned())
            }
            (_, Some(text)) if wants("array") => Some(format!("write it as a list: `[{text}]`")),
            _ => None,
        };
        self.found.diagnostics.push(match help {
            Some(help) if !shape.is_secret() => found.help(help),
            _ => found,
        });
    }

    fn report(&mut self, code: &'static str, span: Range<usize>, message: String) {
        self.found.diagnostics.push(Diagnostic::error(code, self.file, span, message));
    }
}

/// The place that speaks for a block: its key, else its first key, else its first line.
fn head(node: &Node, at: &At<'_>) -> Range<usize> {
    match (at.key, node.entries().and_then(<[_]>::first)) {
        (Some(key), _) | (None, Some((key, _))) => key.span.clone(),
        (None, None) => node.span.clone(),
    }
}

fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn first_sentence(text: &str) -> String {
    let text = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let text = text.split_once(". ").map_or(text.as_str(), |(first, _)| first);
    text.strip_suffix('.').unwrap_or(text).to_owned()
}

fn sounds_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    ["pass", "pwd", "secret", "token", "credential"].iter().any(|part| key.contains(part))
}

fn name_of_type(kind: &str) -> &'static str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a block of keys",
        _ => "nothing",
    }
}

#[cfg(test)]
mod tests;
