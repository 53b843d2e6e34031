//! Tests that say what comes out: for those that expect nothing yet, or something else.
//!
//! Only the nodes that change are written anew, each in the place where it stands; every other byte of the file
//! stays. What a test says in few words stays few words: of `expect`, the named fields alone are brought up to date.

use std::{ops::Range, sync::Arc};

use super::{Came, apply, judge, run};
use crate::{
    diagnostic::SourceFile,
    mapping::{
        Mapping, Verdict,
        file::{Case, Outcome},
    },
    yaml::{self, Key, Node, Value},
};

/// Lines are not made longer than this where that can be helped.
const WIDTH: usize = 100;

/// What a test should say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The name of the test.
    pub name: String,
    /// The line where it begins.
    pub line: usize,
    /// Whether it expected nothing before: then nothing is lost by writing it.
    pub fills: bool,
    edits: Vec<(Range<usize>, String)>,
}

/// What the tests of a mapping should say that do not hold, in the order of the file.
pub fn updates(mapping: &Mapping) -> Vec<Update> {
    let root = yaml::parse(&mapping.file).ok();
    let nodes = root.as_ref().and_then(|root| root.get("tests")).and_then(Node::items);
    let pairs = mapping.cases.iter().zip(nodes.unwrap_or_default());
    pairs.filter_map(|(case, node)| update(mapping, case, node)).collect()
}

/// The text of a mapping file after `updates`, in any order.
pub fn updated<'u>(text: &str, updates: impl IntoIterator<Item = &'u Update>) -> String {
    let mut edits: Vec<_> = updates.into_iter().flat_map(|update| &update.edits).collect();
    edits.sort_by_key(|(span, _)| span.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (span, new) in edits {
        out.push_str(&text[at..span.start]);
        out.push_str(new);
        at = span.end;
    }
    out.push_str(&text[at..]);
    out
}

fn update(mapping: &Mapping, case: &Case, node: &Node) -> Option<Update> {
    if run(mapping, case).ok() {
        return None;
    }
    let (came, errors) = apply(mapping, case);
    let entries = node.entries()?;
    let text = mapping.file.text();
    let place = Place::of(text, node);
    let truth = Truth::of(&came, &errors);
    let outcomes: Vec<&(Key, Node)> =
        entries.iter().filter(|(key, _)| !matches!(key.text.as_str(), "name" | "given")).collect();
    let mut edits = Vec::new();
    if outcomes.is_empty() {
        edits.push(place.insert(text, entries, &truth.entries));
    } else if truth.is_of_the_kind(&case.outcomes) {
        for (outcome, (_, node)) in case.outcomes.iter().zip(&outcomes) {
            let mut wrong = Vec::new();
            judge(outcome, &came, &errors, &mut wrong);
            if !wrong.is_empty() {
                edits.push((
                    node.span.start..end(text, node),
                    place.render(text, node, &truth.of_outcome(outcome)?),
                ));
            }
        }
    } else {
        let (first, rest) = outcomes.split_first()?;
        let span = first.0.span.start..end(text, &first.1);
        edits.push((span, place.entries(&truth.entries)));
        edits
            .extend(rest.iter().map(|(key, node)| (place.removal(text, key, node), String::new())));
    }
    Some(Update {
        name: case.name.text.clone(),
        line: mapping.file.line_column(case.span.start).0,
        fills: outcomes.is_empty(),
        edits,
    })
}

/// What came out, as a test says it.
struct Truth {
    entries: Vec<(&'static str, Node)>,
    /// The data of each event.
    events: Vec<Node>,
    keys: Vec<String>,
    delete: bool,
    rejects: Node,
    quality: Node,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Event,
    Events,
    Filtered,
    Rejected,
}

impl Truth {
    fn of(came: &[Came], errors: &[acequia_api::RecordError]) -> Self {
        let made: Vec<&Came> = came
            .iter()
            .filter(|came| matches!(came.verdict, Verdict::Upsert | Verdict::Delete))
            .collect();
        let flags = |flags: Vec<(&str, Option<&str>)>| {
            list(flags.into_iter().map(|(code, field)| {
                let field = field.map(|field| ("field", word(field)));
                block([("code", word(code))].into_iter().chain(field))
            }))
        };
        let rejects =
            flags(errors.iter().map(|error| (error.code, error.field.as_deref())).collect());
        let marks = came.iter().flat_map(|came| &came.quality);
        let quality = flags(marks.map(|flag| (flag.code, Some(&*flag.field))).collect());
        let delete = made.iter().any(|came| came.verdict == Verdict::Delete);
        let keys: Vec<String> = made.iter().map(|came| came.key.clone()).collect();
        let events: Vec<Node> = made.iter().map(|came| came.written()).collect();
        let filtered =
            !came.is_empty() && came.iter().all(|came| came.verdict == Verdict::Filtered);
        let (kind, entries) = if !errors.is_empty() {
            (Kind::Rejected, vec![("rejects", rejects.clone())])
        } else if filtered {
            (Kind::Filtered, vec![("filtered", plain("true"))])
        } else if let ([key], true) = (&keys[..], delete) {
            (Kind::Event, vec![("key", word(key)), ("op", plain("delete"))])
        } else if let [event] = &events[..] {
            (Kind::Event, vec![("expect", event.clone())])
        } else {
            (Kind::Events, vec![("events", list(events.iter().cloned()))])
        };
        Self { entries, events, keys, delete, rejects, quality, kind }
    }

    /// Whether the outcomes expect what came out, be it with other values.
    fn is_of_the_kind(&self, outcomes: &[Outcome]) -> bool {
        let event = matches!(self.kind, Kind::Event | Kind::Events);
        outcomes.iter().all(|outcome| match outcome {
            Outcome::Rejects(wanted) => (self.kind == Kind::Rejected) != wanted.is_empty(),
            Outcome::Filtered(filtered) => (self.kind == Kind::Filtered) == *filtered,
            Outcome::Expect(_) | Outcome::Exactly(_) => self.kind == Kind::Event && !self.delete,
            Outcome::Key(_) => self.kind == Kind::Event,
            Outcome::Events(_) | Outcome::Delete(_) => event,
            Outcome::Quality(_) => true,
        }) && (self.kind != Kind::Rejected
            || outcomes.iter().any(|outcome| matches!(outcome, Outcome::Rejects(_))))
    }

    /// What an outcome should say instead.
    fn of_outcome(&self, outcome: &Outcome) -> Option<Node> {
        Some(match outcome {
            Outcome::Expect(old) => named(old, self.events.first()?),
            Outcome::Exactly(_) => self.events.first()?.clone(),
            Outcome::Events(old) if old.len() == self.events.len() => {
                list(old.iter().zip(&self.events).map(|(old, new)| named(old, new)))
            }
            Outcome::Events(_) => list(self.events.iter().cloned()),
            Outcome::Key(_) => word(self.keys.first()?),
            Outcome::Delete(_) => plain(if self.delete { "delete" } else { "upsert" }),
            Outcome::Filtered(_) => {
                plain(if self.kind == Kind::Filtered { "true" } else { "false" })
            }
            Outcome::Rejects(_) => self.rejects.clone(),
            Outcome::Quality(_) => self.quality.clone(),
        })
    }
}

/// Of `new`, what `old` names; lists as a whole where their lengths differ.
fn named(old: &Node, new: &Node) -> Node {
    match (&old.value, &new.value) {
        (Value::Mapping(entries), Value::Mapping(_)) => block(entries.iter().map(|(key, old)| {
            let value = new.get(&key.text).map_or_else(|| plain("null"), |new| named(old, new));
            (key.text.as_str(), value)
        })),
        (Value::Sequence(before), Value::Sequence(after)) if before.len() == after.len() => {
            list(before.iter().zip(after).map(|(old, new)| named(old, new)))
        }
        _ => new.clone(),
    }
}

fn node(value: Value) -> Node {
    Node { span: 0..0, value }
}

fn word(text: &str) -> Node {
    node(Value::Scalar { text: text.to_owned(), quoted: true })
}

fn plain(text: &str) -> Node {
    node(Value::Scalar { text: text.to_owned(), quoted: false })
}

fn list(items: impl Iterator<Item = Node>) -> Node {
    node(Value::Sequence(items.collect()))
}

fn block<'a>(entries: impl Iterator<Item = (&'a str, Node)>) -> Node {
    let key = |text: &str| Key { text: text.to_owned(), span: 0..0 };
    node(Value::Mapping(entries.map(|(name, node)| (key(name), node)).collect()))
}

impl Came {
    /// Its data in the order of the event: JSON is YAML.
    fn written(&self) -> Node {
        let file: Arc<SourceFile> = SourceFile::new("event", self.text.as_str());
        yaml::parse(&file).unwrap_or_else(|_| plain("null"))
    }
}

/// How a test is written.
struct Place {
    /// On one line, in braces.
    flow: bool,
    /// The column of its keys.
    column: usize,
    end: &'static str,
}

impl Place {
    fn of(text: &str, node: &Node) -> Self {
        let flow = text[node.span.start..].starts_with('{');
        let line = text[..node.span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let column = text[line..node.span.start].chars().count();
        Self { flow, column, end: if text.contains("\r\n") { "\r\n" } else { "\n" } }
    }

    fn new_line(&self, column: usize) -> String {
        format!("{}{}", self.end, " ".repeat(column))
    }

    /// Behind the last entry.
    fn insert(
        &self,
        text: &str,
        entries: &[(Key, Node)],
        new: &[(&'static str, Node)],
    ) -> (Range<usize>, String) {
        let end = entries.iter().map(|(key, node)| key.span.end.max(end(text, node))).max();
        let end = end.unwrap_or_default();
        if self.flow {
            return (end..end, format!(", {}", self.entries(new)));
        }
        // A comment at the end of the line stays where it is.
        let rest = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
        let at = if text[..rest].ends_with('\r') { rest - 1 } else { rest };
        (at..at, format!("{}{}", self.new_line(self.column), self.entries(new)))
    }

    fn entries(&self, entries: &[(&'static str, Node)]) -> String {
        let between = if self.flow { ", ".to_owned() } else { self.new_line(self.column) };
        let entry = |(name, node): &(&'static str, Node)| {
            format!("{name}: {}", self.flowing(node, self.column + name.len() + 2))
        };
        entries.iter().map(entry).collect::<Vec<_>>().join(&between)
    }

    /// A value in the place of another, in the same style.
    fn render(&self, text: &str, old: &Node, new: &Node) -> String {
        let line = text[..old.span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let column = text[line..old.span.start].chars().count();
        let in_block = !text[old.span.start..].starts_with(['{', '[', '"', '\'']);
        match &new.value {
            Value::Mapping(_) | Value::Sequence(_) if in_block && !is_empty(new) && !self.flow => {
                self.blocked(new, column)
            }
            _ => self.flowing(new, column),
        }
    }

    /// In braces: on one line, or on several where that is too long.
    fn flowing(&self, node: &Node, column: usize) -> String {
        let line = one_line(node);
        let (open, close, parts) = match &node.value {
            _ if column + line.chars().count() <= WIDTH => return line,
            Value::Mapping(entries) => {
                let part = |(key, node): &(Key, Node)| {
                    format!("{}: {}", scalar(&key.text, true), one_line(node))
                };
                ('{', '}', entries.iter().map(part).collect::<Vec<_>>())
            }
            Value::Sequence(items) => ('[', ']', items.iter().map(one_line).collect()),
            _ => return line,
        };
        let inner = self.column + 4;
        let mut out = open.to_string();
        let mut at = WIDTH;
        for (number, part) in parts.iter().enumerate() {
            let comma = if number + 1 == parts.len() { "" } else { "," };
            let length = part.chars().count() + comma.len();
            if at + 1 + length > WIDTH {
                out.push_str(&self.new_line(inner));
                at = inner;
            } else {
                out.push(' ');
                at += 1;
            }
            out.push_str(part);
            out.push_str(comma);
            at += length;
        }
        out.push_str(&self.new_line(self.column + 2));
        out.push(close);
        out
    }

    /// One entry a line, the first where it stands, the others at `column`.
    fn blocked(&self, node: &Node, column: usize) -> String {
        let between = self.new_line(column);
        match &node.value {
            Value::Mapping(entries) => {
                let entry = |(key, node): &(Key, Node)| {
                    let name = scalar(&key.text, true);
                    format!("{name}: {}", self.flowing(node, column + name.len() + 2))
                };
                entries.iter().map(entry).collect::<Vec<_>>().join(&between)
            }
            Value::Sequence(items) => {
                let item = |item: &Node| format!("- {}", self.flowing(item, column + 2));
                items.iter().map(item).collect::<Vec<_>>().join(&between)
            }
            _ => one_line(node),
        }
    }

    /// What goes with an entry that goes: its line, if nothing else stands on it, or the comma before it.
    fn removal(&self, text: &str, key: &Key, node: &Node) -> Range<usize> {
        let (start, end) = (key.span.start, self::end(text, node).max(key.span.end));
        if self.flow {
            let comma = text[..start].rfind(',').unwrap_or(start);
            return comma..end;
        }
        let line = text[..start].rfind('\n').unwrap_or(start);
        let rest = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
        if text[end..rest].trim().is_empty() && text[line..start].trim().is_empty() {
            return line..rest;
        }
        start..end
    }
}

/// Where a value ends. The spans of blocks and of plain words also cover the comments behind them, which are none of
/// their own.
fn end(text: &str, node: &Node) -> usize {
    let last = match &node.value {
        _ if text[node.span.start..].starts_with(['{', '[']) => None,
        Value::Mapping(entries) => entries.last().map(|(_, node)| node),
        Value::Sequence(items) => items.last(),
        Value::Scalar { text: word, quoted: false }
            if text[node.span.start..].starts_with(word.as_str()) =>
        {
            return node.span.start + word.len();
        }
        Value::Scalar { .. } | Value::Null => None,
    };
    last.map_or(node.span.end, |last| end(text, last).max(node.span.start))
}

fn is_empty(node: &Node) -> bool {
    node.entries().is_some_and(<[_]>::is_empty) || node.items().is_some_and(<[_]>::is_empty)
}

fn one_line(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar { text, quoted } => scalar(text, *quoted),
        Value::Sequence(items) => {
            format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", "))
        }
        Value::Mapping(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Mapping(entries) => {
            let entry = |(key, node): &(Key, Node)| {
                format!("{}: {}", scalar(&key.text, true), one_line(node))
            };
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A scalar, in quotes where it is text and would not be read as that, or not as the same.
fn scalar(text: &str, is_text: bool) -> String {
    let harmless = |char: char| {
        char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '/' | ' ' | '+' | '(' | ')')
    };
    let bare = text.starts_with(char::is_alphanumeric)
        && !text.ends_with(' ')
        && text.chars().all(harmless)
        && text.parse::<f64>().is_err()
        && !matches!(text, "true" | "false" | "null");
    if bare || !is_text { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests;
