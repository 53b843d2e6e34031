//! Which values fit into which fields, and literals.

use super::compile::Compiler;
use crate::{
    mapping::{
        decode::{self, DecodeSpec},
        program::{Form, Literal},
        value::{Decimal, Type, Value, parse_uuid},
    },
    model::{self, Kind},
    yaml::Node,
};

/// What comes out of a producer.
#[derive(Debug, Clone)]
pub(super) enum Flow {
    /// A value of a type; none where a mistake was reported already.
    Value(Option<Type>),
    /// Always the same, already judged.
    Constant,
    /// An object or a list, already judged.
    Structure,
}

impl Flow {
    pub(super) fn of(kind: Option<Type>) -> Self {
        Flow::Value(kind)
    }
}

/// How a value of `kind` is written into a field, if it can be.
pub(super) fn form(kind: &Type, target: &Kind) -> Option<Form> {
    Some(match (kind, target) {
        (Type::Text, Kind::Text | Kind::Code | Kind::PartialDate)
        | (Type::Uuid, Kind::Text | Kind::Code | Kind::Uuid)
        | (Type::Bool, Kind::Bool)
        | (Type::Int, Kind::Int | Kind::Float)
        | (Type::Float, Kind::Float)
        | (Type::Date, Kind::Date | Kind::PartialDate)
        | (Type::Time, Kind::Time)
        | (Type::Timestamp, Kind::Timestamp)
        | (Type::Instant, Kind::Instant)
        | (Type::Bytes, Kind::Bytes) => Form::Json,
        (Type::Int, Kind::Text | Kind::Code | Kind::Decimal) => Form::Quoted,
        (Type::Decimal { scale, .. }, Kind::Decimal) => Form::Decimal(*scale),
        (Type::Number, Kind::Decimal) => Form::Quoted,
        (Type::Number, Kind::Float) => Form::Bare,
        (Type::Decimal { .. }, Kind::Float) => Form::Bare,
        (Type::Decimal { precision, scale: 0 }, Kind::Int) if *precision <= 18 => Form::Bare,
        _ => return None,
    })
}

/// What would have to be done so that a value of `kind` fits.
pub(super) fn advice(kind: &Type, target: &Kind, name: &str) -> Option<String> {
    let word = match target {
        Kind::Decimal => "decimal(12,2)",
        Kind::Float => "float",
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Date => "date",
        Kind::Time => "time",
        Kind::Timestamp => "timestamp",
        Kind::Instant => "timestamptz",
        Kind::Uuid => "uuid",
        Kind::Bytes => "bytes",
        _ => return None,
    };
    (*kind == Type::Text)
        .then(|| format!("text is decoded in `from`: `{name}: {{ type: {word}, … }}`"))
}

/// "text", "a date", "an object of type `money`".
pub(super) fn article(target: &model::Field) -> String {
    let one = match &target.kind {
        Kind::Object(shape) => format!("an object of type `{}`", shape.name),
        Kind::Text | Kind::Bytes => target.kind.name().to_owned(),
        kind @ Kind::Int => format!("an {}", kind.name()),
        kind => format!("a {}", kind.name()),
    };
    if target.many { format!("a list ({one} each)") } else { one }
}

/// The kind of field that a value of `kind` would need no conversion for.
pub(super) fn kind_of(kind: &Type) -> Kind {
    match kind {
        Type::Bool => Kind::Bool,
        Type::Int => Kind::Int,
        Type::Decimal { .. } | Type::Number => Kind::Decimal,
        Type::Float => Kind::Float,
        Type::Date => Kind::Date,
        Type::Time => Kind::Time,
        Type::Timestamp => Kind::Timestamp,
        Type::Instant => Kind::Instant,
        _ => Kind::Text,
    }
}

impl Compiler<'_> {
    /// A value written in the mapping, of the type that a field or a check has.
    pub(super) fn literal(&mut self, node: &Node, kind: &Kind, what: &str) -> Option<Literal> {
        let literal = read(node, kind);
        if literal.is_none() {
            let code =
                if what == "`default`" { "mapping.bad_default" } else { "mapping.bad_literal" };
            let message =
                format!("{what} must be {} here, not {}", kind_words(kind), node.describe());
            let span = model::one_line(self.form.file, &node.span);
            self.form.error(code, span, message);
        }
        literal
    }
}

fn kind_words(kind: &Kind) -> String {
    match kind {
        Kind::Text | Kind::Code | Kind::Uuid => kind.name().to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Object(_) => "an object with `object: { … }`".to_owned(),
        Kind::Bytes => "nothing that can be written".to_owned(),
        _ => format!("a {} such as {}", kind.name(), example(kind)),
    }
}

fn example(kind: &Kind) -> &'static str {
    match kind {
        Kind::Int => "12",
        Kind::Decimal | Kind::Float => "12.50",
        Kind::Date => "2021-02-03",
        Kind::PartialDate => "2021-02",
        Kind::Time => "13:05:00",
        Kind::Timestamp => "2021-02-03T13:05:00",
        Kind::Instant => "2021-02-03T13:05:00Z",
        _ => "text",
    }
}

fn read(node: &Node, kind: &Kind) -> Option<Literal> {
    let text = node.as_text()?;
    Some(match kind {
        Kind::Text | Kind::Code => Literal::Text(text.into()),
        Kind::PartialDate if crate::mapping::write::partial_date(text) => {
            Literal::Text(text.into())
        }
        Kind::Uuid => {
            parse_uuid(text)?;
            Literal::Text(text.to_lowercase().into())
        }
        Kind::Bool => Literal::Bool(node.as_bool()?),
        Kind::Int => Literal::Int(node.as_i64()?),
        Kind::Decimal => Literal::Decimal(Decimal::parse(text)?),
        Kind::Float => Literal::Float(text.parse().ok().filter(|value: &f64| value.is_finite())?),
        Kind::Date => temporal(text, Type::Date, "YYYY-MM-DD")?,
        Kind::Time => temporal(text, Type::Time, "HH24:MI:SS")?,
        Kind::Timestamp => temporal(text, Type::Timestamp, "YYYY-MM-DD\"T\"HH24:MI:SS")?,
        Kind::Instant => temporal(text, Type::Instant, "YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"")?,
        Kind::PartialDate | Kind::Bytes | Kind::Object(_) => return None,
    })
}

fn temporal(text: &str, kind: Type, format: &str) -> Option<Literal> {
    let zone = (kind == Type::Instant).then(|| "UTC".to_owned());
    let spec = DecodeSpec { format: Some(format.to_owned()), zone, ..DecodeSpec::of(kind) };
    Some(match decode::compile(&spec).ok()?.decode(text).ok()? {
        Value::Date(days) => Literal::Date(days),
        Value::Time(ticks) => Literal::Time(ticks),
        Value::Timestamp(ticks) => Literal::Timestamp(ticks),
        Value::Instant(ticks) => Literal::Instant(ticks),
        _ => return None,
    })
}
