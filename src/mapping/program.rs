//! A checked mapping, compiled: flat enough to run over a record without looking up a name.
//!
//! Values stand in numbered slots: first the source fields in the order of `from`, then the columns of the list
//! that `each` at the top walks over, then the `let`s, then the columns of lists inside fields.

use std::{collections::HashMap, sync::Arc};

use regex::Regex;

use super::{
    decode::Decoder,
    expr::{Expr, Slot},
    file::{DatePart, OnFail},
    identifiers::Identifier,
    value::{Decimal, Value},
    verbs::Verb,
    zones::ZoneCode,
};
use crate::model::Class;

/// Everything that runs for a record.
#[derive(Debug)]
pub(crate) struct Program {
    /// The fields of `from`, used or not; the number is the slot.
    pub(crate) sources: Vec<Source>,
    /// In the order in which they can be evaluated; the slot of the first is [`Program::first_let`].
    pub(crate) lets: Vec<Let>,
    pub(crate) slots: usize,
    /// Local times whose zones are looked up, in the order of `from`.
    pub(crate) zones: Vec<ZoneCode>,
    /// The list that `each` at the top walks over.
    pub(crate) each: Option<EachPlan>,
    pub(crate) when: Option<Condition>,
    pub(crate) delete_when: Option<Condition>,
    /// What the key needs, alone: for deletes that the connector reports.
    pub(crate) key_alone: Needs,
    /// What the key needs besides what the conditions have filled: for deletes that a condition finds.
    pub(crate) key_needs: Needs,
    /// What the whole event needs besides what the conditions have filled.
    pub(crate) needs: Needs,
    /// Where the key field is: an index per level of nesting.
    pub(crate) key: Vec<usize>,
    pub(crate) fields: Vec<FieldCode>,
}

/// A field of `from`.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) encoding: Option<String>,
    pub(crate) read: Read,
    pub(crate) used: bool,
    /// The class that `from` gives it.
    pub(crate) class: Option<Class>,
}

#[derive(Debug)]
pub(crate) enum Read {
    /// Decoded into its slot.
    Value(Box<Decoder>),
    /// A list with these columns; its slot stays empty, `each` reads it.
    List(Vec<Source>),
}

#[derive(Debug)]
pub(crate) struct Let {
    pub(crate) name: Arc<str>,
    pub(crate) slot: Slot,
    pub(crate) step: Step,
}

/// How a `let` is computed.
#[derive(Debug)]
pub(crate) enum Step {
    Expr(Expr),
    Lookup(Box<LookupCode>),
}

impl Step {
    /// The slots it reads.
    pub(crate) fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        match self {
            Step::Expr(expr) => Box::new(expr.slots()),
            Step::Lookup(lookup) => Box::new(lookup.slots.iter().copied()),
        }
    }
}

/// A list and the slots for the columns of its elements.
#[derive(Debug)]
pub(crate) struct EachPlan {
    /// The source that is the list.
    pub(crate) source: usize,
    /// Column of the list, slot.
    pub(crate) columns: Vec<(usize, Slot)>,
}

#[derive(Debug)]
pub(crate) struct Condition {
    /// `when` or `delete_when`, for errors.
    pub(crate) name: Arc<str>,
    pub(crate) expr: Expr,
    /// Besides what the condition before it has filled.
    pub(crate) needs: Needs,
}

/// Which slots must be filled before something is evaluated; all ascending.
#[derive(Debug, Default, Clone)]
pub(crate) struct Needs {
    pub(crate) sources: Vec<usize>,
    /// Indexes into the columns of the list at the top.
    pub(crate) columns: Vec<usize>,
    /// Indexes into the `let`s.
    pub(crate) lets: Vec<usize>,
}

impl Needs {
    /// Leaves out what `filled` already has.
    pub(crate) fn without(mut self, filled: &Needs) -> Self {
        self.sources.retain(|index| !filled.sources.contains(index));
        self.columns.retain(|index| !filled.columns.contains(index));
        self.lets.retain(|index| !filled.lets.contains(index));
        self
    }
}

/// An output field.
#[derive(Debug)]
pub(crate) struct FieldCode {
    /// Path in the event, for errors.
    pub(crate) path: Arc<str>,
    /// `,"name":` of an object's member, `,` of a list's element.
    pub(crate) prefix: Box<[u8]>,
    /// The same with the quote that opens a text.
    pub(crate) quoted: Box<[u8]>,
    pub(crate) produce: Produce,
    /// Slots that it reads itself, members of objects not counted.
    pub(crate) reads: Vec<Slot>,
    /// Whether it writes the same whatever the record holds.
    pub(crate) constant: bool,
    pub(crate) required: bool,
    /// The condition under which an object is there.
    pub(crate) present: Option<Expr>,
    pub(crate) is_key: bool,
    /// Nothing happens between producing and writing.
    pub(crate) plain: bool,
    pub(crate) form: Form,
    pub(crate) verbs: Vec<Verb>,
    pub(crate) codes: Option<Codes>,
    pub(crate) default: Option<Literal>,
    pub(crate) checks: Vec<Tested>,
    pub(crate) protect: Option<Guard>,
}

#[derive(Debug)]
pub(crate) enum Produce {
    /// Rendered when the mapping was compiled.
    Const {
        json: Box<[u8]>,
        text: Box<str>,
    },
    Slot(Slot),
    Expr(Expr),
    Template(Vec<Part>),
    Lookup(Box<LookupCode>),
    /// Every part of a text, as a list.
    Parts(Box<PartsCode>),
    Object(Vec<FieldCode>),
    List(Vec<FieldCode>),
    Each {
        plan: EachPlan,
        body: Vec<FieldCode>,
        single: bool,
    },
}

/// A text with several values in it.
#[derive(Debug)]
pub(crate) struct PartsCode {
    /// A slot or an expression.
    pub(crate) of: Produce,
    pub(crate) separator: Box<str>,
    /// What is done to each part.
    pub(crate) item: FieldCode,
}

/// A piece of a template.
#[derive(Debug)]
pub(crate) enum Part {
    Literal(Box<str>),
    Slot(Slot),
}

/// How a value of a known type becomes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As [`Value::write_json`] has it.
    Json,
    /// Its text between quotes, for values that need no escaping.
    Quoted,
    /// Its text without quotes.
    Bare,
    /// A decimal with this many digits after the point, between quotes.
    Decimal(u8),
}

/// Words of the source → words of the model.
#[derive(Debug)]
pub(crate) struct Codes {
    pub(crate) name: Arc<str>,
    pub(crate) table: Arc<HashMap<Box<str>, Box<str>>>,
    pub(crate) miss: OnMiss,
}

#[derive(Debug)]
pub(crate) enum OnMiss {
    Reject,
    Keep,
    Null,
    Const(Literal),
}

/// A join of one column with one or more names of the record.
#[derive(Debug)]
pub(crate) struct LookupCode {
    pub(crate) name: Arc<str>,
    pub(crate) slots: Vec<Slot>,
    /// The values of the matched columns, each followed by U+001F → the value taken.
    pub(crate) table: HashMap<Box<str>, Box<str>>,
    pub(crate) miss: OnMiss,
    /// The class of what it takes, where the mapping says it.
    pub(crate) class: Option<Class>,
}

/// A value written in a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Float(f64),
    Date(i32),
    Time(i64),
    Timestamp(i64),
    Instant(i64),
    Text(Box<str>),
}

impl Literal {
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Int(value) => Value::Int(*value),
            Literal::Decimal(value) => Value::Decimal(*value),
            Literal::Float(value) => Value::Float(*value),
            Literal::Date(value) => Value::Date(*value),
            Literal::Time(value) => Value::Time(*value),
            Literal::Timestamp(value) => Value::Timestamp(*value),
            Literal::Instant(value) => Value::Instant(*value),
            Literal::Text(value) => Value::Text(value),
        }
    }
}

/// A check and what happens when it fails. What the model demands always rejects.
#[derive(Debug)]
pub(crate) struct Tested {
    pub(crate) check: Check,
    pub(crate) on_fail: OnFail,
}

/// A check of a value that is there.
#[derive(Debug)]
pub(crate) enum Check {
    Pattern(Regex),
    Min(Literal),
    Max(Literal),
    Length {
        min: usize,
        max: usize,
    },
    OneOf(Vec<Box<str>>),
    Identifier(Identifier),
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, a date that exists.
    PartialDate,
}

/// How a value is protected before it is published.
#[derive(Debug)]
pub(crate) enum Guard {
    Drop,
    Mask { keep_first: usize, keep_last: usize, kept: bool },
    Part(DatePart),
    Bands(Vec<i64>),
    KeepFirst(usize),
    Pseudonym(Box<str>),
    Encrypt(Box<str>),
}
