//! The types of the mapping language, by their words.

use std::{fmt, sync::Arc};

use acequia_api::{ColumnType, Schema};

use super::MAX_DIGITS;
use crate::diagnostic::suggest;

/// The type of a value, as mappings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `text`
    Text,
    /// `bool`
    Bool,
    /// `int`: 64 bits, signed
    Int,
    /// `decimal(precision,scale)`, exact
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// A decimal whose digits after the point depend on the value: what a quotient is. Has no word of its own.
    Number,
    /// `float`: binary, 64 bits
    Float,
    /// `date`
    Date,
    /// `time`: of day
    Time,
    /// `timestamp`: local date and time
    Timestamp,
    /// `timestamptz`: a point in time
    Instant,
    /// A length of time; only inside expressions, has no word of its own.
    Interval,
    /// `uuid`
    Uuid,
    /// `bytes`
    Bytes,
    /// A repeated nested record; has no word of its own.
    List(Arc<Schema>),
    /// A nested record; has no word of its own.
    Group(Arc<Schema>),
}

/// The words that name a type, in the order of the reference.
pub const TYPE_WORDS: &[&str] = &[
    "text",
    "bool",
    "int",
    "decimal",
    "float",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "uuid",
    "bytes",
];

/// Words that other systems use for our types: too far from ours for a slip of the pen.
const FOREIGN_WORDS: &[(&str, &str)] = &[
    ("string", "text"),
    ("str", "text"),
    ("char", "text"),
    ("varchar", "text"),
    ("nvarchar", "text"),
    ("boolean", "bool"),
    ("bit", "bool"),
    ("integer", "int"),
    ("long", "int"),
    ("bigint", "int"),
    ("smallint", "int"),
    ("number", "decimal(12,2)"),
    ("numeric", "decimal(12,2)"),
    ("money", "decimal(19,4)"),
    ("double", "float"),
    ("real", "float"),
    ("datetime", "timestamp"),
    ("datetime2", "timestamp"),
    ("datetimeoffset", "timestamptz"),
    ("instant", "timestamptz"),
    ("guid", "uuid"),
    ("uniqueidentifier", "uuid"),
    ("binary", "bytes"),
    ("varbinary", "bytes"),
    ("blob", "bytes"),
    ("bytea", "bytes"),
];

/// A text that names no type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeError {
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or what is allowed.
    pub help: String,
}

impl Type {
    /// Reads one of [`TYPE_WORDS`]; `decimal` takes its digits, as in `decimal(12,2)`.
    ///
    /// # Errors
    /// A [`TypeError`] that says what was probably meant.
    pub fn parse(text: &str) -> Result<Self, TypeError> {
        let (word, digits) = match text.split_once('(') {
            Some((word, rest)) => (word.trim(), Some(rest)),
            None => (text.trim(), None),
        };
        if let (Some(_), true) = (digits, word != "decimal" && TYPE_WORDS.contains(&word)) {
            return Err(TypeError {
                message: format!("the type `{word}` takes no digits"),
                help: format!("write `{word}`"),
            });
        }
        Ok(match word {
            "text" => Self::Text,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "decimal" => return decimal(digits),
            "float" => Self::Float,
            "date" => Self::Date,
            "time" => Self::Time,
            "timestamp" => Self::Timestamp,
            "timestamptz" => Self::Instant,
            "uuid" => Self::Uuid,
            "bytes" => Self::Bytes,
            _ => return Err(unknown(word)),
        })
    }

    /// What comes out of a column of `kind` that is not decoded any further.
    pub fn of_column(kind: &ColumnType) -> Self {
        match kind {
            ColumnType::Text => Self::Text,
            ColumnType::Bool => Self::Bool,
            ColumnType::Int => Self::Int,
            ColumnType::Float => Self::Float,
            ColumnType::Decimal { precision, scale } => {
                Self::Decimal { precision: *precision, scale: *scale }
            }
            ColumnType::Date => Self::Date,
            ColumnType::Time => Self::Time,
            ColumnType::Timestamp => Self::Timestamp,
            ColumnType::Instant => Self::Instant,
            ColumnType::Uuid => Self::Uuid,
            ColumnType::Bytes => Self::Bytes,
            ColumnType::List(schema) => Self::List(Arc::clone(schema)),
            ColumnType::Group(schema) => Self::Group(Arc::clone(schema)),
        }
    }

    /// Whether values of it are numbers.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Decimal { .. } | Self::Number | Self::Float)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Decimal { precision, scale } => return write!(f, "decimal({precision},{scale})"),
            Self::Number => "decimal",
            Self::Float => "float",
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::Instant => "timestamptz",
            Self::Interval => "interval",
            Self::Uuid => "uuid",
            Self::Bytes => "bytes",
            Self::List(_) => "list",
            Self::Group(_) => "record",
        })
    }
}

fn decimal(digits: Option<&str>) -> Result<Type, TypeError> {
    let malformed = || TypeError {
        message: "a `decimal` needs its digits in all and after the point".to_owned(),
        help: "write for instance `decimal(12,2)`, at most `decimal(38,38)`".to_owned(),
    };
    let (precision, scale) = digits
        .and_then(|digits| digits.trim_end().strip_suffix(')'))
        .and_then(|digits| digits.split_once(','))
        .ok_or_else(malformed)?;
    let number = |text: &str| text.trim().parse::<u8>().map_err(|_| malformed());
    let (precision, scale) = (number(precision)?, number(scale)?);
    if precision == 0 || precision > MAX_DIGITS {
        return Err(TypeError {
            message: format!("a `decimal` has 1 to {MAX_DIGITS} digits, not {precision}"),
            help: "longer numbers are identifiers: make it `text`".to_owned(),
        });
    }
    if scale > precision {
        return Err(TypeError {
            message: format!("{scale} digits after the point are more than the {precision} in all"),
            help: format!("write `decimal({scale},{scale})`, or more digits in all"),
        });
    }
    Ok(Type::Decimal { precision, scale })
}

fn unknown(word: &str) -> TypeError {
    let lower = word.to_lowercase();
    let meant = FOREIGN_WORDS
        .iter()
        .find(|(foreign, _)| *foreign == lower)
        .map(|(_, ours)| *ours)
        .or_else(|| suggest(word, TYPE_WORDS.iter().copied()));
    TypeError {
        message: format!("there is no type `{word}`"),
        help: match meant {
            Some(ours) => format!("did you mean `{ours}`?"),
            None => format!("the types are {}", TYPE_WORDS.join(", ")),
        },
    }
}
