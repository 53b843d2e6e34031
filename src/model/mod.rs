//! The canonical event types: what a mapping must produce.
//!
//! A model is a YAML file: named fields with a type, a privacy class and, where there is one, the public standard
//! it follows. Value types (money, reference, name, address, …) are shared by all models. Nothing here reads a
//! record; [`mapping`](crate::mapping) checks its targets against these types and writes their JSON forms.

mod avro;
mod class;
mod codes;
mod example;
mod form;
pub(crate) mod parse;
mod release;
mod schema;

use std::{ops::Range, sync::Arc};

use regex::Regex;

pub use avro::{AvroScratch, AvroWriter, Hindrance, Misfit, Obstacle, hindrances};
pub use class::Class;
pub use codes::CODES;
pub(crate) use form::{Form, FormCodes, Text, one_line};
pub use parse::{Models, load};
pub use release::{Change, Effect, changes, judge};

use crate::diagnostic::SourceFile;

/// What the values of a field are, and with it how they stand in JSON.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Characters: a JSON string.
    Text,
    /// A word of a code list: a JSON string.
    Code,
    /// `true` or `false`.
    Bool,
    /// A JSON number without fraction.
    Int,
    /// An exact decimal: a JSON string such as `"1250.50"`, because JSON numbers pass through floating point in most readers.
    Decimal,
    /// A JSON number.
    Float,
    /// `"2021-02-03"`.
    Date,
    /// `"2021"`, `"2021-02"` or `"2021-02-03"`.
    PartialDate,
    /// `"13:05:00"`, with a fraction where there is one.
    Time,
    /// Local date and time, `"2021-02-03T13:05:00"`.
    Timestamp,
    /// A point in time, `"2021-02-03T12:05:00Z"`.
    Instant,
    /// Canonical lower-case text.
    Uuid,
    /// A JSON string in base64.
    Bytes,
    /// A nested object.
    Object(Arc<Shape>),
}

impl Kind {
    /// The word that names it in a model file; for objects the name of the value type.
    pub fn name(&self) -> &str {
        match self {
            Kind::Object(shape) => &shape.name,
            scalar => parse::SCALARS
                .iter()
                .find(|(_, kind)| std::mem::discriminant(kind) == std::mem::discriminant(scalar))
                .map_or("text", |(name, _)| name),
        }
    }

    /// How a value of it stands in the JSON of an event, for documentation.
    pub fn json_form(&self) -> &'static str {
        match self {
            Kind::Text | Kind::Code => "string",
            Kind::Bool => "true or false",
            Kind::Int => "number without fraction",
            Kind::Decimal => "string with an exact decimal, `\"1250.50\"`",
            Kind::Float => "number",
            Kind::Date => "string, `\"2021-02-03\"`",
            Kind::PartialDate => "string, `\"2021\"`, `\"2021-02\"` or `\"2021-02-03\"`",
            Kind::Time => "string, `\"13:05:00\"`",
            Kind::Timestamp => "string without a zone, `\"2021-02-03T13:05:00\"`",
            Kind::Instant => "string in UTC, `\"2021-02-03T12:05:00Z\"`",
            Kind::Uuid => "string, lower case with hyphens",
            Kind::Bytes => "string in base64",
            Kind::Object(_) => "object",
        }
    }
}

/// The fields of a model or of a value type.
#[derive(Debug)]
pub struct Shape {
    /// Name of the model or value type.
    pub name: Arc<str>,
    /// In the order of the file.
    pub fields: Vec<Field>,
}

impl Shape {
    /// The field of exactly this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| &*field.name == name)
    }
}

/// One field of a model or value type.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in the event.
    pub name: Arc<str>,
    /// What one value of it is.
    pub kind: Kind,
    /// Whether it holds a list of such values.
    pub many: bool,
    /// Whether an event (or the object it is part of) is incomplete without it.
    pub required: bool,
    /// Its privacy class; several where it depends on the value and the mapping decides; none inside a value
    /// type, where the class is that of the field that uses the type.
    pub classes: Vec<Class>,
    /// The words allowed, for codes; empty when the list is open.
    pub one_of: Vec<String>,
    /// What its text must match as a whole.
    pub pattern: Option<Regex>,
    /// One line for people.
    pub title: Option<String>,
    /// The same in Spanish.
    pub title_es: Option<String>,
    /// A value that it could have, as text.
    pub example: Option<String>,
    /// The term of a public standard that it follows.
    pub standard: Option<String>,
    /// Where its name stands in the file.
    pub span: Range<usize>,
}

/// A canonical event type in one major version.
#[derive(Debug)]
pub struct Model {
    /// Its name, such as `permit`.
    pub name: Arc<str>,
    /// Its major version: another one is another model, with a topic of its own.
    pub version: u32,
    /// Its minor version, which additions raise.
    pub minor: u32,
    /// One line for people.
    pub title: String,
    /// The same in Spanish.
    pub title_es: Option<String>,
    /// The public standards it follows.
    pub standards: Vec<String>,
    /// The field that tells whose data an event is, as a path such as `holder.key`.
    pub subject: Option<String>,
    /// What an event holds.
    pub shape: Arc<Shape>,
    /// The file it was read from.
    pub file: Arc<SourceFile>,
    /// Where its version stands in the file.
    pub(crate) version_span: Range<usize>,
    /// The text of all value types that were known when it was read, for versions.
    pub(crate) types: Arc<str>,
}

impl Model {
    /// How mappings refer to it: `permit/1`.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }

    /// The name under which this very shape is released: `permit-1.0`.
    pub fn release(&self) -> String {
        format!("{}-{}.{}", self.name, self.version, self.minor)
    }

    /// The topic of its events without the prefix of the deployment: `permit.v1`.
    pub fn topic(&self) -> String {
        format!("{}.v{}", self.name, self.version)
    }

    /// The field at a path such as `holder.key`.
    pub fn field(&self, path: &str) -> Option<&Field> {
        let mut shape = &self.shape;
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            let field = shape.field(part)?;
            match (&field.kind, parts.peek()) {
                (_, None) => return Some(field),
                (Kind::Object(inner), Some(_)) => shape = inner,
                _ => return None,
            }
        }
        None
    }
}
