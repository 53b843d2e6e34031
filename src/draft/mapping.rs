//! The mapping file of a draft: how the columns are read, the key, the fields, and every doubt beside its line.

use std::fmt::Write;

use super::{
    ColumnProfile, Draft, Order, Profile,
    quote::{comment, expression, field_name, identifier, list, scalar, thousands, title},
    target::{self, Target},
    verdict::Reading,
};
use crate::{
    mapping::{decode::Language, value::Type},
    model::Class,
};

/// What a draft consists of, decided before anything is written.
#[derive(Debug)]
pub(super) struct Plan {
    /// The name of the mapping and of its file.
    pub(super) mapping: String,
    /// The model, as mappings refer to it.
    pub(super) model: String,
    /// The topic, without the prefix of the deployment.
    pub(super) topic: String,
    /// An output field for each column, where the model is drafted too.
    pub(super) fields: Vec<String>,
    pub(super) key: Key,
    /// What the columns become, where there is a model.
    pub(super) target: Option<Target>,
    /// Columns that have a code table: column and name of the table.
    pub(super) tables: Vec<(usize, String)>,
    /// The classes that are published.
    pub(super) classes: Vec<Class>,
}

/// What orders the events of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// A column that tells each record from the others.
    Column(usize),
    /// A column that is about a person, as a pseudonym.
    Pseudonym(usize),
    /// Several columns together; none of them alone would do.
    Joined(Vec<usize>),
    /// A field of the model.
    Field(String),
}

/// The field that a joined key becomes.
pub(super) const JOINED: &str = "recordKey";

impl Plan {
    pub(super) fn of(profile: &Profile, order: &Order<'_>) -> Self {
        let mut fields = vec![JOINED.to_owned()];
        for (at, column) in profile.columns.iter().enumerate() {
            fields.push(field_name(&column.name, at, &fields));
        }
        fields.remove(0);
        let tables = (0..profile.columns.len())
            .filter(|at| order.to.is_none() && !profile.columns[*at].words.is_empty())
            .map(|at| (at, super::slug(&format!("{} {}", order.name, fields[at]))))
            .collect();
        let key = key(profile, order);
        let (mapping, model, topic) = match order.to {
            Some(model) => {
                (format!("{}-to-{}", order.name, model.name), model.reference(), model.topic())
            }
            None => {
                (order.name.to_owned(), format!("{}/1", order.name), format!("{}.v1", order.name))
            }
        };
        let mut plan = Self {
            mapping,
            model,
            topic,
            fields,
            key,
            target: None,
            tables,
            classes: vec![Class::Public, Class::Internal],
        };
        if let Some(model) = order.to {
            let target = Target::of(profile, model);
            plan.key = Key::Field(target.key.clone());
            plan.classes.extend(target.classes.iter().copied());
            plan.target = Some(target);
        } else if matches!(plan.key, Key::Pseudonym(_)) {
            plan.classes.push(Class::Personal);
        }
        plan.classes.sort_unstable();
        plan.classes.dedup();
        plan
    }

    /// The output field that is the key.
    fn key_field(&self) -> &str {
        match &self.key {
            Key::Column(at) | Key::Pseudonym(at) => &self.fields[*at],
            Key::Joined(_) => JOINED,
            Key::Field(path) => path,
        }
    }

    fn table(&self, column: usize) -> Option<&str> {
        self.tables.iter().find(|(at, _)| *at == column).map(|(_, name)| name.as_str())
    }

    pub(super) fn is_key(&self, column: usize) -> bool {
        matches!(self.key, Key::Column(at) | Key::Pseudonym(at) if at == column)
    }
}

/// What tells one record from the others: a column that does, one that seems to by its name, or several together.
fn key(profile: &Profile, order: &Order<'_>) -> Key {
    let columns = &profile.columns;
    let sound = |column: &&ColumnProfile| {
        !matches!(column.reading.kind, Some(Type::Float | Type::Bool | Type::Decimal { .. }))
    };
    let best = |personal: bool| {
        let all = columns.iter().enumerate();
        let fit = all.filter(|(_, column)| {
            column.unique && column.class.is_personal() == personal && sound(column)
        });
        // `max_by_key` takes the last of equals; the first column is meant.
        fit.rev()
            .max_by_key(|(_, column)| (column.is_key_by_name, column.reading.word() != "date"))
            .map(|(at, _)| at)
    };
    if let Some(at) = best(false) {
        return Key::Column(at);
    }
    let may_be_personal = order.pseudonyms
        && (order.around.is_some()
            || order.policy.is_none_or(|classes| classes.contains(&Class::Personal)));
    if let Some(at) = best(true).filter(|_| may_be_personal) {
        return Key::Pseudonym(at);
    }
    let mut open: Vec<usize> =
        (0..columns.len()).filter(|at| !columns[*at].class.is_personal()).collect();
    if open.is_empty() {
        return Key::Pseudonym(0);
    }
    // The more different values, the more they tell.
    open.sort_by_key(|at| {
        let column = &columns[*at];
        (
            column.nulls > 0 || column.misfits > 0,
            std::cmp::Reverse(column.distinct.unwrap_or(usize::MAX)),
        )
    });
    open.truncate(3);
    open.sort_unstable();
    Key::Joined(open)
}

/// Writes the mapping.
pub(super) fn write(profile: &Profile, plan: &Plan, order: &Order<'_>) -> Draft {
    let mut out = String::new();
    let path = format!("mappings/{}.yaml", plan.mapping);
    let _ = write_all(&mut out, profile, plan, order);
    Draft { path, text: out }
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
        "# Drafted by `acequia draft` from {}, {records} records.",
        comment(order.source)
    )?;
    writeln!(
        out,
        "# Comments say what was seen and what is doubtful. Nothing about a person is published until you say how:"
    )?;
    writeln!(
        out,
        "# `protect: {{ pseudonym: citizen }}`, `{{ mask: {{ keep_last: 3 }} }}`, or nothing where policies.yaml allows its class."
    )?;
    for (code, count) in &profile.refused {
        writeln!(out, "# {} records are refused by the format: {code}", thousands(*count))?;
    }
    writeln!(out, "\nmapping: {}", scalar(&plan.mapping))?;
    writeln!(out, "title: {}", scalar(&title(order.name).replace('-', " ")))?;
    writeln!(out, "to: {}", scalar(&plan.model))?;
    let used = used(profile, plan);
    if profile.blank > 0 {
        writeln!(
            out,
            "\n# {} records hold nothing at all and are left out.",
            thousands(profile.blank)
        )?;
        writeln!(out, "when: {}", expression(&not_blank(profile, &used)))?;
    }
    writeln!(out, "\nfrom:")?;
    let left = used.iter().map(|at| scalar(&profile.columns[*at].name).chars().count() + 1);
    let width = left.max().unwrap_or_default().min(34);
    for at in &used {
        entry(out, profile, *at, width)?;
    }
    key_lines(out, profile, plan)?;
    writeln!(out, "\nfields:")?;
    match &plan.target {
        Some(target) => target::fields(out, profile, target)?,
        None => fields(out, profile, plan)?,
    }
    if plan.target.is_some() {
        let idle: Vec<&str> = (0..profile.columns.len())
            .filter(|at| !used.contains(at))
            .map(|at| profile.columns[at].name.as_str())
            .collect();
        if !idle.is_empty() {
            writeln!(out, "\n# Not used, and so not read: {}", comment(&idle.join(", ")))?;
        }
    }
    Ok(())
}

/// The columns that stand in `from:`.
fn used(profile: &Profile, plan: &Plan) -> Vec<usize> {
    match &plan.target {
        None => (0..profile.columns.len()).collect(),
        Some(target) => target.used(),
    }
}

/// Whether anything at all is there, in groups: a chain of operators counts as so many levels. Of a table that is too
/// wide for one expression, the columns that are seldom empty are asked.
fn not_blank(profile: &Profile, used: &[usize]) -> String {
    const GROUP: usize = 20;
    const LONGEST: usize = 3_600;
    let mut order = used.to_vec();
    order.sort_by_key(|at| (profile.columns[*at].nulls, *at));
    let mut terms: Vec<(usize, String)> = Vec::new();
    let mut length = 0;
    for at in order {
        let term = format!("{} IS NOT NULL", identifier(&profile.columns[at].name));
        length += term.chars().count() + 4;
        if length > LONGEST && !terms.is_empty() {
            break;
        }
        terms.push((at, term));
    }
    terms.sort();
    let groups: Vec<String> = terms
        .chunks(GROUP)
        .map(|group| {
            let terms: Vec<&str> = group.iter().map(|(_, term)| term.as_str()).collect();
            terms.join(" OR ")
        })
        .collect();
    if groups.len() == 1 {
        return groups.concat();
    }
    let groups: Vec<String> = groups.into_iter().map(|group| format!("({group})")).collect();
    groups.join(" OR ")
}

/// A column of `from:`, with its comment.
fn entry(out: &mut String, profile: &Profile, at: usize, width: usize) -> std::fmt::Result {
    let column = &profile.columns[at];
    let name = format!("{}:", scalar(&column.name));
    let line = format!("  {name:<width$} {}", reading(&column.reading));
    commented(out, &line, &remarks(column))
}

/// The line, with its remarks behind it or, where they are long, before it.
pub(super) fn commented(out: &mut String, line: &str, remarks: &[String]) -> std::fmt::Result {
    const PAGE: usize = 110;
    let all = comment(&remarks.join("; "));
    if all.is_empty() {
        writeln!(out, "{line}")
    } else if line.chars().count() + all.chars().count() + 4 <= PAGE {
        writeln!(out, "{line}   # {all}")
    } else {
        let pad = &line[..line.len() - line.trim_start().len()];
        for remark in remarks {
            writeln!(out, "{pad}# {}", comment(remark))?;
        }
        writeln!(out, "{line}")
    }
}

/// Of fewer records, that no value is there twice says little.
const ENOUGH_TO_TELL: u64 = 10;

fn remarks(column: &ColumnProfile) -> Vec<String> {
    let mut remarks = column.notes.clone();
    // Of a few records nearly every column is so.
    if column.unique && column.cells >= ENOUGH_TO_TELL {
        remarks.push("no value twice".to_owned());
    }
    remarks
}

/// The value of an entry: a type alone, or between braces.
fn reading(reading: &Reading) -> String {
    let kind = reading.kind.as_ref().map_or_else(|| "text".to_owned(), Type::to_string);
    let mut parts = Vec::new();
    let mut say = |key: &str, value: String| parts.push(format!("{key}: {value}"));
    if let Some(format) = &reading.format {
        say("format", scalar(format));
    }
    let word = reading.language.and_then(|language| {
        Language::WORDS.iter().find(|word| Language::parse(word) == Some(language))
    });
    if let Some(word) = word {
        say("language", (*word).to_owned());
    }
    if let Some(pivot) = reading.pivot {
        say("century", format!("{{ pivot: {pivot} }}"));
    }
    if let Some(decimal) = reading.decimal {
        say("decimal", scalar(&decimal.to_string()));
    }
    if let Some(group) = reading.group {
        say("group", scalar(&group.to_string()));
    }
    if reading.trailing_sign {
        say("sign", "trailing".to_owned());
    }
    for (key, words) in [
        ("true_if", &reading.true_if),
        ("false_if", &reading.false_if),
        ("null_if", &reading.null_if),
        ("sentinel", &reading.sentinel),
    ] {
        if !words.is_empty() {
            say(key, list(words));
        }
    }
    if reading.trim {
        say("trim", "both".to_owned());
    }
    if parts.is_empty() && !kind.contains('(') {
        return kind;
    }
    parts.insert(0, format!("type: {}", scalar(&kind)));
    format!("{{ {} }}", parts.join(", "))
}

fn key_lines(out: &mut String, profile: &Profile, plan: &Plan) -> std::fmt::Result {
    writeln!(out)?;
    match &plan.key {
        Key::Joined(_) if profile.columns.iter().all(|column| column.cells == 0) => {
            writeln!(
                out,
                "# No record was seen, so no column is known to tell one from the others: say which does."
            )?;
        }
        Key::Joined(_) => {
            writeln!(
                out,
                "# No column alone tells one record from all others; records with the same key are versions of one thing."
            )?;
        }
        Key::Column(_) | Key::Pseudonym(_) => {
            let other: Vec<&str> = profile
                .columns
                .iter()
                .enumerate()
                .filter(|(at, column)| {
                    column.unique && column.cells >= ENOUGH_TO_TELL && !plan.is_key(*at)
                })
                .map(|(_, column)| column.name.as_str())
                .collect();
            if !other.is_empty() {
                writeln!(out, "# No value twice either: {}", comment(&other.join(", ")))?;
            }
        }
        Key::Field(_) => {}
    }
    writeln!(out, "key: {}", plan.key_field())
}

/// An output field for each column.
fn fields(out: &mut String, profile: &Profile, plan: &Plan) -> std::fmt::Result {
    if let Key::Joined(columns) = &plan.key {
        let parts: Vec<String> = columns
            .iter()
            .map(|at| {
                let column = &profile.columns[*at];
                let name = identifier(&column.name);
                if matches!(column.reading.kind, None | Some(Type::Text)) {
                    name
                } else {
                    format!("{name}::text")
                }
            })
            .collect();
        let joined = format!("concat_ws('|', {})", parts.join(", "));
        writeln!(out, "  {JOINED}: {{ expr: {} }}", expression(&joined))?;
    }
    let width = plan.fields.iter().map(|name| name.len() + 1).max().unwrap_or_default().min(34);
    for (at, column) in profile.columns.iter().enumerate() {
        let name = format!("{}:", plan.fields[at]);
        let from = scalar(&column.name);
        let (value, remark) = if plan.key == Key::Pseudonym(at) {
            let value = format!("{{ from: {from}, protect: {{ pseudonym: citizen }} }}");
            (value, format!("{}: {}", column.class, column.class_why))
        } else if column.class.is_personal() {
            let value = format!("{{ from: {from}, protect: {{ drop: true }} }}");
            (value, format!("{}: {}", column.class, column.class_why))
        } else if let Some(table) = plan.table(at) {
            let remark = format!(
                "{} words: say in mappings/codes/{table}.csv what they mean",
                column.words.len()
            );
            (format!("{{ from: {from}, codes: {table}, unmapped: keep }}"), remark)
        } else {
            (from, String::new())
        };
        let remarks: Vec<String> =
            Some(remark).filter(|remark| !remark.is_empty()).into_iter().collect();
        commented(out, &format!("  {name:<width$} {value}"), &remarks)?;
    }
    Ok(())
}

/// The code tables: the words as they stand, for a person to say what they mean.
pub(super) fn tables(profile: &Profile, plan: &Plan) -> Vec<Draft> {
    let cell = |text: &str| {
        if text.contains([',', '"', '\n', '\r']) || text.starts_with('\u{feff}') {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    let table = |(at, name): &(usize, String)| {
        let rows = profile.columns[*at].words.iter();
        let rows: String = rows
            .map(|(word, count)| format!("{},{},seen {count} times\n", cell(word), cell(word)))
            .collect();
        Draft {
            path: format!("mappings/codes/{name}.csv"),
            text: format!("source,code,label\n{rows}"),
        }
    };
    plan.tables.iter().map(table).collect()
}
