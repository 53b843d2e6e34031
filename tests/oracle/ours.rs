//! What Acequia answers. An expression over a list goes the way of a whole mapping, because only that brings lists.

use std::sync::{Arc, LazyLock};

use acequia::{
    diagnostic::SourceFile,
    mapping::{
        self, Scratch, Texts, Verdict,
        expr::{Arena, compile},
        protect::{AnyKeys, TestProtector},
        value::{Type, Value},
    },
};
use acequia_api::{
    BatchLimits, Cell, Column, ColumnType, Place, RecordBatch, RowMeta, RowWriter, Schema, Unit,
};

use super::{
    Answer,
    rows::{Columns, INNER, KINDS, Row},
    sql::Case,
};

/// An answer: the value, or why there is none.
pub fn answer(case: &Case) -> Answer {
    if case.is_over_list() {
        return over_list(&case.ours, &case.row);
    }
    let expr = match compile(&case.ours, &Columns) {
        Ok(expr) => expr,
        Err(errors) => {
            let found = errors.iter().map(|error| (error.code, error.help.as_deref()));
            return refused(&case.ours, found);
        }
    };
    let (arena, values) = (Arena::default(), case.row.values());
    match expr.eval(&values, &arena) {
        Ok(value) if value.is_null() => Answer::Null,
        Ok(value) => Answer::Text(value.as_text().expect("every case is cast to text").to_owned()),
        Err(failure) => Answer::Error(failure.code.to_owned()),
    }
}

/// What is computed when it is checked, and fails then, is an answer too.
fn refused<'e>(source: &str, found: impl Iterator<Item = (&'e str, Option<&'e str>)>) -> Answer {
    let found: Vec<(&str, Option<&str>)> = found.collect();
    if let Some((code, _)) = found.iter().find(|(code, _)| *code != "mapping.expr.always_fails") {
        return Answer::Refused((*code).to_owned());
    }
    let (_, help) = found.first().unwrap_or_else(|| panic!("{source}: refused without a reason"));
    let code = help.and_then(|help| help.strip_prefix("`acequia explain ")?.split_once('`'));
    let (code, _) = code.unwrap_or_else(|| panic!("{source}: fails, and nobody knows why"));
    Answer::Early(code.to_owned())
}

const MODEL: &str = "model: answer\nversion: 1\nfields:\n  id: { type: text, required: true, class: internal }\n  \
                     value: { type: text, class: internal }\n";

/// Models and policies are read once, the mapping once a question.
static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts {
    models: vec![SourceFile::new("answer.yaml".to_owned(), MODEL.to_owned())],
    ..Texts::default()
});

/// A mapping of one field, with no more columns than it names: reading declarations takes longer than anything else.
fn mapping_of(source: &str) -> String {
    let inner: Vec<String> = INNER
        .iter()
        .filter(|(name, ..)| *name == "a" || source.contains(&format!("LIST.{name}")))
        .map(|(name, kind, _)| declared(name, kind))
        .collect();
    let outer: Vec<String> = KINDS
        .iter()
        .filter(|(name, ..)| source.contains(name))
        .map(|(name, kind, _)| format!("  {}\n", declared(name, kind)))
        .collect();
    let expr = serde_json::to_string(source).expect("a text");
    format!(
        "mapping: ask\nto: answer/1\nfrom:\n  ID: text\n  LIST: {{ list: {{ {} }} }}\n{}key: id\n\
         fields:\n  id: ID\n  value: {{ expr: {expr} }}\n",
        inner.join(", "),
        outer.concat()
    )
}

static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    let column = |(name, kind, _): &(&str, Type, &str)| Column {
        name: (*name).into(),
        kind: column_type(kind),
        nullable: true,
    };
    let inner = Schema::new(INNER.iter().map(column).collect());
    let list = Column { name: "LIST".into(), kind: ColumnType::List(inner), nullable: true };
    let columns = [Column::text("ID"), list].into_iter().chain(KINDS.iter().map(column));
    Schema::new(columns.collect())
});

fn declared(name: &str, kind: &Type) -> String {
    format!("{name}: {{ type: \"{kind}\" }}")
}

fn column_type(kind: &Type) -> ColumnType {
    match kind {
        Type::Int => ColumnType::Int,
        Type::Decimal { precision, scale } => {
            ColumnType::Decimal { precision: *precision, scale: *scale }
        }
        Type::Float => ColumnType::Float,
        Type::Bool => ColumnType::Bool,
        Type::Date => ColumnType::Date,
        Type::Time => ColumnType::Time,
        Type::Timestamp => ColumnType::Timestamp,
        Type::Instant => ColumnType::Instant,
        _ => ColumnType::Text,
    }
}

fn over_list(source: &str, row: &Row) -> Answer {
    let file = SourceFile::new("ask.yaml".to_owned(), mapping_of(source));
    let texts = Texts { mappings: vec![file], ..TEXTS.clone() };
    let (library, found) = mapping::check(&texts, &AnyKeys);
    let Some(mapping) = library.mappings.get("ask") else {
        let found = found.iter().map(|found| (found.code, found.help.as_deref()));
        return refused(source, found);
    };
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&SCHEMA);
    let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
    let mut cells = batch.row();
    write(row, &mut cells);
    cells.commit(RowMeta::ordinal(unit, 1, Place::default()));
    let bound = mapping.bind(&SCHEMA).expect("the columns that are declared");
    let (mut scratch, mut errors) = (Scratch::new(Arc::new(TestProtector)), Vec::new());
    match mapping.apply(&bound, batch.at(0), &mut scratch, &mut errors) {
        Verdict::Upsert => {
            let event: serde_json::Value = serde_json::from_slice(&scratch.data).expect("JSON");
            event["value"].as_str().map_or(Answer::Null, |text| Answer::Text(text.to_owned()))
        }
        verdict => {
            let code =
                errors.first().unwrap_or_else(|| panic!("{verdict:?} without an error")).code;
            Answer::Error(code.to_owned())
        }
    }
}

fn write(row: &Row, cells: &mut RowWriter<'_>) {
    cells.text("1").expect("room");
    match row.list() {
        None => cells.null(),
        Some(elements) => {
            for element in elements {
                cells.begin_group();
                for value in &element {
                    cell(value, cells);
                }
                cells.end_group();
            }
            cells.end_list();
        }
    }
    for value in &row.values() {
        cell(value, cells);
    }
}

fn cell(value: &Value<'_>, cells: &mut RowWriter<'_>) {
    cells.cell(match value {
        Value::Text(text) => return cells.text(text).expect("room"),
        Value::Bool(truth) => Cell::Bool(*truth),
        Value::Int(int) => Cell::Int(*int),
        Value::Float(float) => Cell::Float(*float),
        Value::Decimal(decimal) => Cell::Decimal {
            mantissa: i64::try_from(decimal.mantissa).expect("at most eighteen digits"),
            scale: decimal.scale,
        },
        Value::Date(days) => Cell::Date(*days),
        Value::Time(ticks) => Cell::Time(*ticks),
        Value::Timestamp(ticks) => Cell::Timestamp(*ticks),
        Value::Instant(ticks) => Cell::Instant(*ticks),
        _ => Cell::Null,
    });
}
