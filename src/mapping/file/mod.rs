//! A mapping file as a tree of what was written where, before anything is known about its meaning.
//!
//! Reading reports what is wrong with the form (unknown keys, wrong shapes, two producers); names, types and
//! classes are the business of [`check`](super::check).

mod cases;
mod field;
mod place;

use std::{ops::Range, sync::Arc};

#[cfg(test)]
pub(crate) use cases::KEYS as CASE;
pub(crate) use cases::{Case, Flag, Outcome};
pub(crate) use field::PRODUCERS;
pub(crate) use field::zone_lookup;
#[cfg(test)]
pub(crate) use field::{CHECKS, OTHERS, VERBS};
pub(crate) use place::inside;

use crate::{
    diagnostic::{Diagnostic, SourceFile},
    model::{Class, Form, FormCodes, Text},
    yaml::{self, Node},
};

const FORM: FormCodes = FormCodes {
    unknown_key: "mapping.unknown_key",
    missing_key: "mapping.missing_key",
    wrong_shape: "mapping.wrong_shape",
    unknown_word: "mapping.unknown_word",
};

pub(crate) const TOP: [&str; 12] = [
    "mapping",
    "title",
    "to",
    "when",
    "delete_when",
    "namespaces",
    "from",
    "let",
    "each",
    "key",
    "fields",
    "tests",
];

/// A mapping file that could be read at least in part.
#[derive(Debug)]
pub(crate) struct MappingFile {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) name: Text,
    pub(crate) title: Option<String>,
    pub(crate) to: Option<Text>,
    pub(crate) when: Option<Text>,
    pub(crate) delete_when: Option<Text>,
    /// Prefixes of paths and what they stand for.
    pub(crate) namespaces: Vec<(Text, Text)>,
    pub(crate) from: Vec<Entry>,
    pub(crate) lets: Vec<(Text, LetNode)>,
    pub(crate) each: Option<Each>,
    pub(crate) key: Option<Text>,
    pub(crate) fields: Vec<FieldNode>,
    pub(crate) cases: Vec<Case>,
}

/// A source field in `from`.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Text,
    pub(crate) kind: Option<Text>,
    /// Where it stands in a structured record.
    pub(crate) path: Option<Text>,
    /// The other keys of its block, not yet judged.
    pub(crate) options: Vec<(yaml::Key, Node)>,
    /// The columns of its elements, where it is a list.
    pub(crate) list: Option<Vec<Entry>>,
}

/// An output field.
#[derive(Debug)]
pub(crate) struct FieldNode {
    pub(crate) name: Text,
    pub(crate) producer: Producer,
    /// Where a clash with the type of the field is shown.
    pub(crate) span: Range<usize>,
    /// The condition under which an object is there.
    pub(crate) present_if: Option<Text>,
    pub(crate) verbs: Vec<(yaml::Key, Node)>,
    pub(crate) codes: Option<Text>,
    pub(crate) unmapped: Option<Miss>,
    pub(crate) default: Option<Node>,
    pub(crate) required: Option<bool>,
    pub(crate) checks: Vec<(yaml::Key, Node)>,
    pub(crate) on_fail: Option<OnFail>,
    pub(crate) protect: Option<Protect>,
    pub(crate) class: Option<ClassNode>,
}

impl FieldNode {
    /// The value of a verb.
    pub(crate) fn verb(&self, word: &str) -> Option<&Node> {
        self.verbs.iter().find(|(key, _)| key.text == word).map(|(_, node)| node)
    }

    /// What stands between the values of one text that becomes a list.
    pub(crate) fn separator(&self) -> Option<&Node> {
        self.verb("split").filter(|node| node.entries().is_none())
    }
}

/// Where the value of an output field comes from.
#[derive(Debug)]
pub(crate) enum Producer {
    From(Text),
    Const(Node),
    Expr(Text),
    Template(Text),
    Object(Vec<FieldNode>),
    List(Vec<FieldNode>),
    Each(Each),
    Lookup(Lookup),
    /// None that could be read; the mistake was reported.
    Unreadable,
}

/// A repeated element.
#[derive(Debug)]
pub(crate) struct Each {
    pub(crate) list: Text,
    pub(crate) name: Option<Text>,
    /// What one element becomes: an object, or a single value under the name `value`. Empty at the top.
    pub(crate) body: Vec<FieldNode>,
    pub(crate) single: bool,
}

/// A join with a reference table.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) table: Text,
    /// Column of the table, name in the record.
    pub(crate) matches: Vec<(Text, Text)>,
    pub(crate) take: Text,
    pub(crate) miss: Option<Miss>,
    /// The class of what is taken, whatever it is found by.
    pub(crate) class: Option<Class>,
}

/// How a `let` gets its value.
#[derive(Debug)]
pub(crate) enum LetNode {
    Expr(Text),
    Lookup(Lookup),
}

/// What happens to a value that a table does not have.
#[derive(Debug)]
pub(crate) enum Miss {
    Reject,
    Keep(Range<usize>),
    Null,
    Const(Node),
}

/// What happens to a value that fails a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFail {
    Reject,
    Flag,
    Null,
}

/// How a value is protected.
#[derive(Debug)]
pub(crate) struct Protect {
    pub(crate) span: Range<usize>,
    pub(crate) how: How,
}

#[derive(Debug, Clone)]
pub(crate) enum How {
    Drop,
    /// `kept` for as many asterisks as characters are hidden; otherwise always the same number.
    Mask {
        keep_first: usize,
        keep_last: usize,
        kept: bool,
    },
    Part(DatePart),
    /// Text between these whole numbers, ascending: `18-64`.
    Bands(Vec<i64>),
    /// So many characters.
    KeepFirst(usize),
    Pseudonym(Text),
    Encrypt(Text),
}

/// How much of a date is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatePart {
    Year,
    Quarter,
    Month,
}

impl DatePart {
    pub(crate) const WORDS: [(&'static str, DatePart); 3] =
        [("year", DatePart::Year), ("quarter", DatePart::Quarter), ("month", DatePart::Month)];

    pub(crate) fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, part)| *part == self).map_or("", |(word, _)| word)
    }
}

/// The class that a mapping gives to a field.
#[derive(Debug)]
pub(crate) struct ClassNode {
    pub(crate) span: Range<usize>,
    pub(crate) when: Option<Text>,
    /// One class, or those for a condition that holds and that does not.
    pub(crate) classes: Vec<Class>,
}

/// Reads a mapping file; `None` when not even its name is known.
pub(crate) fn read(file: &Arc<SourceFile>) -> (Option<MappingFile>, Vec<Diagnostic>) {
    let root = match yaml::parse(file) {
        Ok(root) => root,
        Err(faults) => return (None, faults),
    };
    let mut form = Form::new(file, &FORM);
    let read = mapping(&mut form, &root);
    (read, form.found)
}

fn mapping(form: &mut Form<'_>, root: &Node) -> Option<MappingFile> {
    form.block(root, "a mapping", &TOP)?;
    let name = root.get("mapping").and_then(|node| form.text(node, "`mapping`"));
    for key in ["mapping", "to", "from", "key", "fields"] {
        if root.get(key).is_none() {
            let at = name.as_ref().map_or(0..0, |name| name.span.clone());
            form.missing(at, "a mapping", key);
        }
    }
    let name = name?;
    let mut text = |key: &str| root.get(key).and_then(|node| form.text(node, &format!("`{key}`")));
    let title = text("title").map(|title| title.text);
    let (to, when, delete_when, key) = (text("to"), text("when"), text("delete_when"), text("key"));
    let namespaces = pairs(form, root, "namespaces", "a namespace is an address and");
    let lets = lets(form, root);
    Some(MappingFile {
        file: Arc::clone(form.file),
        name,
        title,
        to,
        when,
        delete_when,
        namespaces,
        from: root.get("from").map(|node| entries(form, node, false)).unwrap_or_default(),
        lets,
        each: root.get("each").and_then(|node| field::each(form, node, true)),
        key,
        fields: root.get("fields").map(|node| field::fields(form, node)).unwrap_or_default(),
        cases: root.get("tests").map(|node| cases::cases(form, node)).unwrap_or_default(),
    })
}

/// A block whose values are texts.
fn pairs(form: &mut Form<'_>, root: &Node, key: &str, what: &str) -> Vec<(Text, Text)> {
    let entries = root.get(key).and_then(|node| form.names(node, &format!("`{key}`")));
    let entries = entries.unwrap_or_default().iter();
    entries.filter_map(|(key, node)| Some((key_text(key), form.text(node, what)?))).collect()
}

fn lets(form: &mut Form<'_>, root: &Node) -> Vec<(Text, LetNode)> {
    let entries = root.get("let").and_then(|node| form.names(node, "`let`")).unwrap_or_default();
    let read = |(key, node): &(yaml::Key, Node)| {
        let step = match node.entries() {
            Some(_) => LetNode::Lookup(field::only_lookup(form, node, "a `let`")?),
            None => LetNode::Expr(form.text(node, "a `let` is an expression and")?),
        };
        Some((key_text(key), step))
    };
    entries.iter().filter_map(read).collect()
}

fn key_text(key: &yaml::Key) -> Text {
    Text { text: key.text.clone(), span: key.span.clone() }
}

fn entries(form: &mut Form<'_>, node: &Node, nested: bool) -> Vec<Entry> {
    let what = if nested { "`list`" } else { "`from`" };
    let entries = form.names(node, what).unwrap_or_default();
    entries.iter().filter_map(|(key, node)| entry(form, key, node, nested)).collect()
}

fn entry(form: &mut Form<'_>, key: &yaml::Key, node: &Node, nested: bool) -> Option<Entry> {
    let name = key_text(key);
    if node.as_text().is_some() {
        let kind = form.text(node, "a type");
        return Some(Entry { name, kind, path: None, options: Vec::new(), list: None });
    }
    let what = format!("source field `{}`", key.text);
    let block = form.names(node, &what)?;
    let mut entry = Entry { name, kind: None, path: None, options: Vec::new(), list: None };
    for (option, value) in block {
        match option.text.as_str() {
            "type" => entry.kind = form.text(value, "a type"),
            "list" if nested => {
                form.error(
                    "mapping.not_yet",
                    option.span.clone(),
                    "a list inside a list is not read yet",
                );
            }
            "list" => entry.list = Some(entries(form, value, true)),
            "path" => entry.path = form.text(value, "`path`"),
            _ => entry.options.push((option.clone(), value.clone())),
        }
    }
    if entry.kind.is_none() && entry.list.is_none() && node.get("type").is_none() {
        form.missing(key.span.clone(), &what, "type");
    }
    Some(entry)
}
