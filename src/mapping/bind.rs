//! From the names of a mapping to the columns of a schema, once per schema.

use std::fmt;

use acequia_api::{ColumnType, Schema};

use super::program::{Program, Read, Source};
use crate::diagnostic::suggest;

/// Where the columns of a mapping stand in one schema.
#[derive(Debug, Clone)]
pub struct Bound {
    pub(super) fingerprint: [u8; 8],
    /// Per source the column; `usize::MAX` for one that is not used.
    pub(super) columns: Vec<usize>,
    /// Per source the columns of its elements, if it is a list.
    pub(super) elements: Vec<Vec<usize>>,
}

impl Bound {
    /// The schema it was made for.
    pub fn fingerprint(&self) -> [u8; 8] {
        self.fingerprint
    }

    pub(super) fn column(&self, source: usize) -> usize {
        self.columns[source]
    }
}

/// A mapping and a source that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindError {
    /// `map.bind.missing_column` or `map.bind.type`.
    pub code: &'static str,
    /// The column as the mapping spells it.
    pub column: String,
    /// What is wrong.
    pub message: String,
    /// What was probably meant.
    pub help: Option<String>,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BindError {}

pub(super) fn bind(program: &Program, schema: &Schema) -> Result<Bound, Vec<BindError>> {
    let mut errors = Vec::new();
    let mut bound = Bound {
        fingerprint: schema.fingerprint(),
        columns: Vec::with_capacity(program.sources.len()),
        elements: Vec::with_capacity(program.sources.len()),
    };
    for source in &program.sources {
        let mut elements = Vec::new();
        let column = if source.used {
            column(source, "", schema, &mut errors, &mut elements)
        } else {
            usize::MAX
        };
        bound.columns.push(column);
        bound.elements.push(elements);
    }
    if errors.is_empty() { Ok(bound) } else { Err(errors) }
}

fn column(
    source: &Source,
    within: &str,
    schema: &Schema,
    errors: &mut Vec<BindError>,
    elements: &mut Vec<usize>,
) -> usize {
    let name = &*source.name;
    let Some(index) = schema.index_of(name) else {
        let known = schema.columns().iter().map(|column| &*column.name);
        errors.push(BindError {
            code: "map.bind.missing_column",
            column: format!("{within}{name}"),
            message: format!("the source has no column `{within}{name}`"),
            help: suggest(name, known).map(|close| format!("did you mean `{close}`?")),
        });
        return usize::MAX;
    };
    let kind = &schema.columns()[index].kind;
    let mut clash = |expected: &str| {
        errors.push(BindError {
            code: "map.bind.type",
            column: format!("{within}{name}"),
            message: format!("column `{within}{name}` of the source cannot be read as {expected}"),
            help: None,
        });
    };
    match (&source.read, kind) {
        (Read::Value(decoder), _) if !decoder.accepts(kind) => clash(&decoder.kind().to_string()),
        (Read::Value(_), _) => {}
        (Read::List(columns), ColumnType::List(inner)) => {
            for nested in columns {
                let within = format!("{name}.");
                let at = if nested.used {
                    column(nested, &within, inner, errors, &mut Vec::new())
                } else {
                    usize::MAX
                };
                elements.push(at);
            }
        }
        (Read::List(_), _) => clash("a list"),
    }
    index
}
