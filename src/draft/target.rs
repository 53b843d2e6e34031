//! Mapping to a model that is there: fields by the likeness of names, and what is missing said at its place.
//!
//! A required field for which no column was found is NULL in the draft: `check` passes, every record is refused with
//! `map.required_missing` until somebody says what belongs there, and nothing invented is published.

use std::fmt::Write;

use super::{
    ColumnProfile, Profile,
    alike::Called,
    mapping::commented,
    quote::{expression, identifier, scalar},
};
use crate::{
    mapping::value::Type,
    model::{Class, Field, Kind, Model, Shape},
};

/// What the fields of a model are made of.
#[derive(Debug)]
pub(super) struct Target {
    nodes: Vec<Node>,
    /// The path of the key.
    pub(super) key: String,
    /// Classes that are published.
    pub(super) classes: Vec<Class>,
}

/// A field of the mapping.
#[derive(Debug)]
enum Node {
    From {
        name: String,
        column: usize,
        remarks: Vec<String>,
    },
    Written {
        name: String,
        value: String,
        columns: Vec<usize>,
        remarks: Vec<String>,
    },
    Object {
        name: String,
        members: Vec<Node>,
    },
    /// A field that a person has to decide on.
    Open {
        name: String,
        remarks: Vec<String>,
    },
}

/// Less alike than this, a column is not taken for a field.
const ENOUGH: f64 = 0.55;

impl Target {
    pub(super) fn of(profile: &Profile, model: &Model) -> Self {
        let finder = Finder { profile, pairs: pairs(profile, &model.shape) };
        let key = Finder::key(model);
        let mut classes: Vec<Class> = Vec::new();
        let mut nodes = Vec::new();
        for field in &model.shape.fields {
            let node = if *field.name == *key {
                Some(finder.key_node(field))
            } else {
                finder.node(field, "", class_of(field))
            };
            let Some(node) = node else { continue };
            if !matches!(node, Node::Open { .. }) {
                classes.extend(field.classes.iter().max());
            }
            nodes.push(node);
        }
        Self { nodes, key, classes }
    }

    /// The columns that are used, in the order of the source.
    pub(super) fn used(&self) -> Vec<usize> {
        let mut used = Vec::new();
        self.nodes.iter().for_each(|node| node.used(&mut used));
        used.sort_unstable();
        used.dedup();
        used
    }
}

impl Node {
    fn used(&self, used: &mut Vec<usize>) {
        match self {
            Node::From { column, .. } => used.push(*column),
            Node::Written { columns, .. } => used.extend(columns),
            Node::Object { members, .. } => members.iter().for_each(|member| member.used(used)),
            Node::Open { .. } => {}
        }
    }

    fn is_filled(&self) -> bool {
        match self {
            Node::From { .. } => true,
            Node::Object { members, .. } => members.iter().any(Node::is_filled),
            Node::Written { .. } | Node::Open { .. } => false,
        }
    }
}

fn class_of(field: &Field) -> Class {
    field.classes.iter().max().copied().unwrap_or(Class::Internal)
}

/// Fields by their paths with the columns that they are taken for, each used once, the most alike first.
fn pairs(profile: &Profile, shape: &Shape) -> Vec<(String, usize)> {
    let mut leaves = Vec::new();
    gather(shape, "", "", &mut leaves);
    let mut all: Vec<(f64, usize, usize)> = Vec::new();
    for (leaf, (path, called, kind)) in leaves.iter().enumerate() {
        for (at, column) in profile.columns.iter().enumerate() {
            // What lies deep in a model is seldom what a plain table means.
            let depth = path.matches('.').count() as f64;
            let alike = called.likeness(&column.name) - 0.05 * depth;
            if alike >= ENOUGH && fits(column, kind) {
                all.push((alike, leaf, at));
            }
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut pairs: Vec<(String, usize)> = Vec::new();
    for (_, leaf, at) in all {
        let path = &leaves[leaf].0;
        if pairs.iter().all(|(taken, column)| taken != path && *column != at) {
            pairs.push((path.clone(), at));
        }
    }
    pairs
}

fn gather(shape: &Shape, path: &str, around: &str, leaves: &mut Vec<(String, Called, Kind)>) {
    for field in shape.fields.iter().filter(|field| !field.many) {
        let inner = join(path, &field.name);
        match &field.kind {
            Kind::Object(members) if inner.matches('.').count() < 4 => {
                gather(members, &inner, &format!("{around} {}", field.name), leaves);
            }
            Kind::Object(_) => {}
            kind => {
                let titles = [field.title.as_deref(), field.title_es.as_deref()];
                leaves.push((inner, Called::new(&field.name, around, titles), kind.clone()));
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Whether what is read from a column can be written into a field of this kind.
fn fits(column: &ColumnProfile, kind: &Kind) -> bool {
    match &column.reading.kind {
        None | Some(Type::Text) => matches!(kind, Kind::Text | Kind::Code),
        Some(Type::Int) => matches!(kind, Kind::Int | Kind::Text | Kind::Code | Kind::Decimal),
        Some(Type::Decimal { .. }) => matches!(kind, Kind::Decimal | Kind::Float),
        Some(Type::Float) => matches!(kind, Kind::Float),
        Some(Type::Bool) => matches!(kind, Kind::Bool),
        Some(Type::Date) => matches!(kind, Kind::Date | Kind::PartialDate),
        Some(Type::Time) => matches!(kind, Kind::Time),
        Some(Type::Timestamp) => matches!(kind, Kind::Timestamp),
        Some(Type::Instant) => matches!(kind, Kind::Instant),
        Some(Type::Uuid) => matches!(kind, Kind::Uuid | Kind::Text | Kind::Code),
        Some(_) => false,
    }
}

struct Finder<'a> {
    profile: &'a Profile,
    pairs: Vec<(String, usize)>,
}

impl Finder<'_> {
    fn column(&self, path: &str) -> Option<usize> {
        self.pairs.iter().find(|(known, _)| known == path).map(|(_, at)| *at)
    }

    fn name(&self, column: usize) -> &str {
        &self.profile.columns[column].name
    }

    /// The field that becomes the key: `key` where the model has it, or its first required text.
    fn key(model: &Model) -> String {
        let plain = |field: &&Field| {
            matches!(field.kind, Kind::Text | Kind::Code) && !field.many && field.one_of.is_empty()
        };
        let fields = || model.shape.fields.iter().filter(plain);
        let chosen = fields()
            .find(|field| &*field.name == "key")
            .or_else(|| fields().find(|field| field.required))
            .or_else(|| fields().next())
            .or_else(|| model.shape.fields.first());
        chosen.map_or_else(String::new, |field| field.name.to_string())
    }

    fn key_node(&self, field: &Field) -> Node {
        let columns = &self.profile.columns;
        let name = field.name.to_string();
        let personal = class_of(field).is_personal();
        let protect = if personal { ", protect: { pseudonym: citizen }" } else { "" };
        let unique = (0..columns.len())
            .filter(|at| {
                columns[*at].unique
                    && fits(&columns[*at], &field.kind)
                    && (personal || !columns[*at].class.is_personal())
            })
            .rev()
            .max_by_key(|at| (self.column(&field.name) == Some(*at), columns[*at].is_key_by_name));
        if let Some(at) = unique {
            if !personal {
                return Node::From { name, column: at, remarks: Vec::new() };
            }
            let value = format!("{{ from: {}{protect} }}", scalar(self.name(at)));
            return Node::Written { name, value, columns: vec![at], remarks: Vec::new() };
        }
        let open: Vec<usize> =
            (0..columns.len()).filter(|at| !columns[*at].class.is_personal()).take(3).collect();
        let columns = if open.is_empty() { vec![0] } else { open };
        let parts: Vec<String> =
            columns.iter().map(|at| format!("{}::text", identifier(self.name(*at)))).collect();
        let joined = expression(&format!("concat_ws('|', {})", parts.join(", ")));
        let hidden = if personal || self.profile.columns[columns[0]].class.is_personal() {
            ", protect: { pseudonym: citizen }"
        } else {
            ""
        };
        let remarks = vec!["no column alone tells one record from all others".to_owned()];
        Node::Written { name, value: format!("{{ expr: {joined}{hidden} }}"), columns, remarks }
    }

    fn node(&self, field: &Field, path: &str, class: Class) -> Option<Node> {
        let path = join(path, &field.name);
        let name = field.name.to_string();
        let column = self.column(&path);
        if field.many {
            return field.required.then(|| Self::missing(field, &name, None));
        }
        if let Kind::Object(shape) = &field.kind {
            return self.object(field, shape, &path, class);
        }
        let Some(at) = column else {
            return field.required.then(|| Self::missing(field, &name, None));
        };
        let seen = &self.profile.columns[at];
        let from = scalar(&seen.name);
        let listed = !field.one_of.is_empty() || field.pattern.is_some();
        let why = if class.is_personal() || seen.class.is_personal() {
            Some(format!("{}: say how it is protected", class.max(seen.class)))
        } else if listed {
            Some("needs a code table, or fits a pattern: `codes: …`".to_owned())
        } else {
            None
        };
        match why {
            None => Some(Node::From { name, column: at, remarks: Vec::new() }),
            Some(why) if field.required => {
                Some(Self::missing(field, &name, Some(format!("{from} ({why})"))))
            }
            Some(why) => Some(Node::Open { name, remarks: vec![format!("{from}   ({why})")] }),
        }
    }

    fn object(&self, field: &Field, shape: &Shape, path: &str, class: Class) -> Option<Node> {
        let mut members: Vec<Node> =
            shape.fields.iter().filter_map(|member| self.node(member, path, class)).collect();
        let filled = members.iter().any(Node::is_filled);
        let name = field.name.to_string();
        if !field.required && !filled {
            let remarks: Vec<String> = members
                .iter()
                .filter_map(|member| match member {
                    Node::Open { remarks, .. } => Some(remarks.join("; ")),
                    _ => None,
                })
                .collect();
            return (!remarks.is_empty()).then_some(Node::Open { name, remarks });
        }
        if shape.name.as_ref() == "money" {
            members.retain(
                |member| !matches!(member, Node::Written { name, .. } if name == "currency"),
            );
            let remarks = vec!["the currency is a guess".to_owned()];
            members.push(Node::Written {
                name: "currency".into(),
                value: "{ const: EUR }".into(),
                columns: Vec::new(),
                remarks,
            });
        }
        let missing = members.iter().any(
            |member| matches!(member, Node::Written { value, .. } if value.contains("NULL::")),
        );
        if !field.required && missing {
            let lines: Vec<String> = members
                .iter()
                .filter_map(|member| match member {
                    Node::From { name, column, .. } => {
                        Some(format!("{name}: {}", self.name(*column)))
                    }
                    _ => None,
                })
                .collect();
            let remarks = vec![format!("{} (the object needs more than that)", lines.join(", "))];
            return Some(Node::Open { name, remarks });
        }
        if members.iter().all(|member| matches!(member, Node::Open { .. })) {
            let open = members.iter().filter_map(|member| match member {
                Node::Open { name, remarks } => Some(format!("{name}: {}", remarks.join("; "))),
                _ => None,
            });
            let open: Vec<String> = open.collect();
            return Some(Self::missing(
                field,
                &name,
                Some(open.join("; ")).filter(|open| !open.is_empty()),
            ));
        }
        Some(Node::Object { name, members })
    }

    /// A required field that nothing was found for.
    fn missing(field: &Field, name: &str, hint: Option<String>) -> Node {
        let mut remarks =
            vec!["required, and no column is known to hold it: until you say, every record is refused here".to_owned()];
        if !field.one_of.is_empty() {
            remarks.push(format!("one of {}", field.one_of.join(", ")));
        }
        remarks.extend(hint);
        Node::Written { name: name.to_owned(), value: nothing(field), columns: Vec::new(), remarks }
    }
}

/// What stands for no value in a field: NULL of its type, in an object or a list where it is one.
fn nothing(field: &Field) -> String {
    let one = match &field.kind {
        Kind::Object(shape) => {
            let first = shape.fields.first().into_iter();
            let mut members: Vec<&Field> =
                shape.fields.iter().filter(|field| field.required).collect();
            if members.is_empty() {
                members.extend(first);
            }
            let members: Vec<String> = members
                .iter()
                .map(|member| format!("{}: {}", member.name, nothing(member)))
                .collect();
            format!("{{ object: {{ {} }} }}", members.join(", "))
        }
        kind => format!("{{ expr: {} }}", expression(null(kind))),
    };
    if field.many { format!("{{ list: [{one}] }}") } else { one }
}

fn null(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bool => "NULL::boolean",
        Kind::Int => "NULL::bigint",
        Kind::Decimal => "NULL::numeric(12,2)",
        Kind::Float => "NULL::double precision",
        Kind::Date => "NULL::date",
        Kind::Time => "NULL::time",
        Kind::Timestamp => "NULL::timestamp",
        Kind::Instant => "NULL::timestamptz",
        Kind::Uuid => "NULL::uuid",
        _ => "NULL::text",
    }
}

/// Writes the fields.
pub(super) fn fields(out: &mut String, profile: &Profile, target: &Target) -> std::fmt::Result {
    target.nodes.iter().try_for_each(|node| write_node(out, profile, node, 2))
}

fn write_node(out: &mut String, profile: &Profile, node: &Node, indent: usize) -> std::fmt::Result {
    let pad = " ".repeat(indent);
    match node {
        Node::From { name, column, remarks } => {
            let from = scalar(&profile.columns[*column].name);
            commented(out, &format!("{pad}{name}: {from}"), remarks)
        }
        Node::Written { name, value, remarks, .. } => {
            commented(out, &format!("{pad}{name}: {value}"), remarks)
        }
        Node::Object { name, members } => {
            writeln!(out, "{pad}{name}:\n{pad}  object:")?;
            members.iter().try_for_each(|member| write_node(out, profile, member, indent + 4))
        }
        Node::Open { name, remarks } => {
            for remark in remarks {
                writeln!(out, "{pad}# {name}: {}", super::quote::comment(remark))?;
            }
            Ok(())
        }
    }
}
