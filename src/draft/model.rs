//! The model of a draft: a field for each column, with its type, its class and a title.

use std::fmt::Write;

use super::{
    Draft, Order, Profile,
    mapping::{JOINED, Key, Plan},
    quote::{comment, scalar, thousands, title},
};
use crate::{mapping::value::Type, model::Class};

/// Writes the model.
pub(super) fn write(profile: &Profile, plan: &Plan, order: &Order<'_>) -> Draft {
    let mut text = String::new();
    let _ = write_all(&mut text, profile, plan, order);
    Draft { path: format!("mappings/models/{}.yaml", order.name), text }
}

fn write_all(
    out: &mut String,
    profile: &Profile,
    plan: &Plan,
    order: &Order<'_>,
) -> std::fmt::Result {
    let records = thousands(profile.records);
    writeln!(
        out,
        "# Drafted by `acequia draft` from {}, {records} records. Names, titles and classes are guesses:",
        comment(order.source)
    )?;
    writeln!(out, "# read them before the first event; a released version only grows.")?;
    writeln!(
        out,
        "model: {}\nversion: 1\ntitle: {}\nfields:",
        scalar(order.name),
        scalar(&title(order.name).replace('-', " "))
    )?;
    if matches!(plan.key, Key::Joined(_)) {
        writeln!(
            out,
            "  {JOINED}: {{ type: text, required: true, class: internal, title: What tells it from the others }}"
        )?;
    }
    for (at, column) in profile.columns.iter().enumerate() {
        let is_key = plan.is_key(at);
        let kind = match &column.reading.kind {
            _ if plan.key == Key::Pseudonym(at) => "text",
            None | Some(Type::Text) if plan.tables.iter().any(|(table, _)| *table == at) => "code",
            Some(Type::Decimal { .. }) => "decimal",
            Some(Type::Float) => "float",
            Some(Type::Bool) => "bool",
            Some(Type::Int) => "int",
            Some(Type::Date) => "date",
            Some(Type::Time) => "time",
            Some(Type::Timestamp) => "timestamp",
            Some(Type::Instant) => "instant",
            Some(Type::Uuid) => "uuid",
            _ => "text",
        };
        let required = if is_key { "required: true, " } else { "" };
        let class = column.class;
        let title = scalar(&title(&column.name));
        let line = format!(
            "  {}: {{ type: {kind}, {required}class: {class}, title: {title} }}",
            plan.fields[at]
        );
        let why = if class > Class::Internal { column.class_why } else { "" };
        if why.is_empty() { writeln!(out, "{line}")? } else { writeln!(out, "{line}   # {why}")? }
    }
    Ok(())
}
