//! Running the `tests` of a mapping file.

mod update;

use std::sync::Arc;

use acequia_api::{BatchLimits, Place, RecordBatch, RecordError, RowMeta, RowWriter, Unit};
use serde_json::Value as Json;

pub use update::{Update, updated, updates};

use super::{
    Flag, Mapping, Scratch, Verdict,
    file::{Case, Flag as Expected, Outcome},
    program::Source,
    protect::TestProtector,
};
use crate::yaml::Node;

/// How a test of a mapping went.
#[derive(Debug, Clone)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// The line where it begins.
    pub line: usize,
    /// What came out otherwise than expected, one line each; empty when it holds.
    pub differences: Vec<String>,
    /// The data of the events that came out.
    pub events: Vec<String>,
}

impl TestResult {
    /// Whether it holds.
    pub fn ok(&self) -> bool {
        self.differences.is_empty()
    }
}

/// One event or non-event that came out of the record of a test.
struct Came {
    verdict: Verdict,
    key: String,
    data: Option<Json>,
    /// The data as written.
    text: String,
    quality: Vec<Flag>,
}

/// Runs all tests of a mapping, with fixed test keys, in the order of the file.
pub fn run_tests(mapping: &Mapping) -> Vec<TestResult> {
    mapping.cases.iter().map(|case| run(mapping, case)).collect()
}

fn run(mapping: &Mapping, case: &Case) -> TestResult {
    let (came, errors) = apply(mapping, case);
    let mut differences = Vec::new();
    let mut rejects_expected = false;
    if case.outcomes.is_empty() {
        differences.push(
            "it expects nothing yet: `acequia test --update` writes what comes out".to_owned(),
        );
    }
    for outcome in &case.outcomes {
        rejects_expected |= matches!(outcome, Outcome::Rejects(_));
        judge(outcome, &came, &errors, &mut differences);
    }
    if !rejects_expected {
        differences.extend(errors.iter().map(|error| format!("rejected: {error}")));
    }
    let event = |came: &Came| came.data.as_ref().map(Json::to_string);
    TestResult {
        name: case.name.text.clone(),
        line: mapping.file.line_column(case.span.start).0,
        differences,
        events: came.iter().filter_map(event).collect(),
    }
}

/// The record of a case, as a source without types of its own delivers it.
pub(super) fn record(mapping: &Mapping, case: &Case) -> RecordBatch {
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&mapping.text_schema());
    let unit = batch.unit(&Arc::new(Unit { id: "test".into(), name: "test".into() }));
    let mut row = batch.row();
    for source in mapping.program.sources.iter().filter(|source| source.used) {
        let given = case.given.iter().find(|given| given.name.text == *source.name);
        cell(mapping, source, given.map(|given| &given.value), &mut row);
    }
    row.commit(RowMeta::ordinal(unit, 1, Place::default()));
    batch
}

fn apply(mapping: &Mapping, case: &Case) -> (Vec<Came>, Vec<RecordError>) {
    let batch = record(mapping, case);
    let Ok(bound) = mapping.bind(batch.schema()) else {
        return (Vec::new(), vec![RecordError::map("map.bind.missing_column")]);
    };
    let mut scratch = Scratch::new(Arc::new(TestProtector));
    let (mut came, mut errors) = (Vec::new(), Vec::new());
    for element in 0..mapping.elements(&bound, batch.at(0)) {
        let verdict =
            mapping.apply_element(&bound, batch.at(0), element, &mut scratch, &mut errors);
        came.push(Came {
            verdict,
            key: scratch.key.clone(),
            data: serde_json::from_slice(&scratch.data).ok(),
            text: String::from_utf8_lossy(&scratch.data).into_owned(),
            quality: scratch.quality.clone(),
        });
    }
    (came, errors)
}

fn cell(mapping: &Mapping, source: &Source, given: Option<&Node>, row: &mut RowWriter<'_>) {
    let columns = mapping.lists().find(|(name, _)| *name == &*source.name);
    let Some((_, columns)) = columns else { return text(given, row) };
    for element in given.and_then(Node::items).unwrap_or_default() {
        row.begin_group();
        for column in columns.iter().filter(|column| column.used) {
            text(element.get(&column.name), row);
        }
        row.end_group();
    }
    row.end_list();
}

fn text(given: Option<&Node>, row: &mut RowWriter<'_>) {
    match given.and_then(Node::as_text) {
        // A test is far below the limit of a batch.
        Some(text) => row.text(text).unwrap_or_default(),
        None => row.null(),
    }
}

fn judge(outcome: &Outcome, came: &[Came], errors: &[RecordError], out: &mut Vec<String>) {
    let events: Vec<&Came> = came
        .iter()
        .filter(|came| matches!(came.verdict, Verdict::Upsert | Verdict::Delete))
        .collect();
    match outcome {
        Outcome::Expect(node) | Outcome::Exactly(node) => match &events[..] {
            [one] => {
                compare("", node, one.data.as_ref(), matches!(outcome, Outcome::Exactly(_)), out);
            }
            _ => out.push(format!("expected one event, {} came out", events.len())),
        },
        Outcome::Events(nodes) => each_event(nodes, &events, out),
        Outcome::Key(key) => {
            let keys: Vec<&str> = events.iter().map(|event| event.key.as_str()).collect();
            if keys != [key.text.as_str()] {
                out.push(format!("expected the key `{}`, found `{}`", key.text, keys.join(", ")));
            }
        }
        Outcome::Delete(delete) => {
            let wanted = if *delete { Verdict::Delete } else { Verdict::Upsert };
            if events.is_empty() || events.iter().any(|event| event.verdict != wanted) {
                out.push(format!("expected {}, found {}", name(wanted), verdicts(came)));
            }
        }
        Outcome::Filtered(filtered) => {
            let found =
                !came.is_empty() && came.iter().all(|came| came.verdict == Verdict::Filtered);
            if found != *filtered {
                let wanted = if *filtered { "filtered" } else { "not filtered" };
                out.push(format!("expected {wanted}, found {}", verdicts(came)));
            }
        }
        Outcome::Rejects(wanted) => {
            let found: Vec<_> =
                errors.iter().map(|error| (error.code, error.field.as_deref())).collect();
            among("reject", wanted, &found, out);
        }
        Outcome::Quality(wanted) => {
            let found: Vec<_> = came
                .iter()
                .flat_map(|came| &came.quality)
                .map(|flag| (flag.code, Some(&*flag.field)))
                .collect();
            among("mark of quality", wanted, &found, out);
        }
    }
}

fn each_event(nodes: &[Node], events: &[&Came], out: &mut Vec<String>) {
    if nodes.len() != events.len() {
        out.push(format!("expected {} events, {} came out", nodes.len(), events.len()));
    }
    for (number, (node, event)) in nodes.iter().zip(events).enumerate() {
        compare(&format!("event {}: ", number + 1), node, event.data.as_ref(), false, out);
    }
}

fn verdicts(came: &[Came]) -> String {
    let names: Vec<_> = came.iter().map(|came| name(came.verdict)).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Upsert => "upsert",
        Verdict::Delete => "delete",
        Verdict::Filtered => "filtered",
        Verdict::Rejected => "rejected",
    }
}

/// Every expected code must be there; an empty list expects none.
fn among(what: &str, wanted: &[Expected], found: &[(&str, Option<&str>)], out: &mut Vec<String>) {
    let list = || {
        let each = found.iter().map(|(code, field)| match field {
            Some(field) => format!("{code} in {field}"),
            None => (*code).to_owned(),
        });
        let list: Vec<String> = each.collect();
        if list.is_empty() { "none".to_owned() } else { list.join(", ") }
    };
    if wanted.is_empty() && !found.is_empty() {
        out.push(format!("expected no {what}, found {}", list()));
    }
    for expected in wanted {
        let text = |text: &Option<crate::model::Text>| text.as_ref().map(|text| text.text.clone());
        let (code, field) = (text(&expected.code), text(&expected.field));
        let there = found.iter().any(|(found_code, found_field)| {
            code.as_deref().is_none_or(|code| code == *found_code)
                && field.as_deref().is_none_or(|field| Some(field) == *found_field)
        });
        if !there {
            let place = field.map(|field| format!(" in {field}")).unwrap_or_default();
            let code = code.unwrap_or_else(|| "any".to_owned());
            out.push(format!("expected {what} {code}{place}, found {}", list()));
        }
    }
}

fn compare(path: &str, want: &Node, have: Option<&Json>, exact: bool, out: &mut Vec<String>) {
    let have = have.unwrap_or(&Json::Null);
    if let Some(entries) = want.entries() {
        let Some(object) = have.as_object() else {
            out.push(format!("{path}expected an object, found {have}"));
            return;
        };
        for (key, node) in entries {
            compare(&inner(path, &key.text), node, object.get(&key.text), exact, out);
        }
        if exact {
            for (key, value) in object.iter().filter(|(key, _)| want.get(key).is_none()) {
                out.push(format!("{}not expected, found {value}", inner(path, key)));
            }
        }
        return;
    }
    if let Some(items) = want.items() {
        let list = have.as_array().map(Vec::as_slice).unwrap_or_default();
        if list.len() != items.len() || !have.is_array() {
            out.push(format!("{path}expected {} elements, found {have}", items.len()));
        }
        for (number, (node, value)) in items.iter().zip(list).enumerate() {
            compare(&inner(path, &format!("[{number}]")), node, Some(value), exact, out);
        }
        return;
    }
    let same = match (want.as_text(), have) {
        (None, Json::Null) => true,
        (Some(text), Json::String(found)) => text == found,
        (Some(text), Json::Number(found)) => text == found.to_string(),
        (Some(_), Json::Bool(found)) => want.as_bool() == Some(*found),
        _ => false,
    };
    if !same {
        let want = want.as_text().map_or("nothing".to_owned(), |text| format!("`{text}`"));
        let have = if have.is_null() { "nothing".to_owned() } else { have.to_string() };
        out.push(format!("{path}expected {want}, found {have}"));
    }
}

fn inner(path: &str, key: &str) -> String {
    match path.strip_suffix(": ") {
        Some(outer) if key.starts_with('[') => format!("{outer}{key}: "),
        Some(outer) if !outer.starts_with("event ") || outer.contains('.') => {
            format!("{outer}.{key}: ")
        }
        Some(outer) => format!("{outer} {key}: "),
        None => format!("{key}: "),
    }
}
