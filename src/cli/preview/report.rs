//! The coverage report: what of the mappings and their tables the records have exercised, and what they never met.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{lanes::Ran, steps::Sight};
use crate::{
    checkpoint::Taken,
    cli::{CliError, Terminal, output::printable},
    mapping::{Coverage, FieldCount, Mapping},
};

/// Words of a table that are named; of more the number is told.
const NAMED: usize = 12;

/// How often the mappings took records.
#[derive(Debug, Default, Clone)]
pub(super) struct Takers {
    /// Per mapping, the records that it took or refused.
    pub(super) by: Vec<u64>,
    pub(super) none: u64,
    pub(super) several: u64,
    /// Those of them that the pipeline refuses, by code.
    pub(super) refused: BTreeMap<&'static str, u64>,
}

impl Takers {
    pub(super) fn count(&mut self, ran: &Ran) {
        let mut took = 0;
        for (by, taken) in self.by.iter_mut().zip(&ran.taken) {
            let takes = *taken != Taken::No;
            *by += u64::from(takes);
            took += u64::from(takes);
        }
        self.none += u64::from(took == 0);
        self.several += u64::from(took > 1);
        if let Some(error) = &ran.refused {
            *self.refused.entry(error.code).or_default() += 1;
        }
    }

    /// Records that no mapping took and that the pipeline leaves.
    pub(super) fn filtered(&self) -> u64 {
        self.none - self.refused.get("map.no_mapping").copied().unwrap_or_default()
    }
}

/// Everything, as tables.
pub(super) fn whole(
    all: &[(&Mapping, &Coverage)],
    takers: &Takers,
    sight: Sight,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let rows = all.iter().zip(&takers.by).map(|((mapping, coverage), took)| {
        let Coverage { upserts, deletes, rejected, filtered, .. } = coverage;
        let mut row = vec![mapping.name.to_string()];
        row.extend([took, upserts, deletes, rejected, filtered].map(u64::to_string));
        row
    });
    let head = ["MAPPING", "RECORDS", "UPSERTS", "DELETES", "REFUSED", "NOT TAKEN"];
    terminal.table(&head, rows.collect::<Vec<_>>())?;
    let refused = takers.refused.iter().map(|(code, count)| ((*code).to_owned(), *count));
    let refused = counts(refused);
    let refused = if refused.is_empty() { refused } else { format!("; refused: {refused}") };
    terminal.line(format!(
        "records that no mapping took: {}; that several took: {}{refused}",
        takers.none, takers.several
    ))?;
    for (mapping, coverage) in all {
        terminal.line("")?;
        let head = terminal.bold(&mapping.name);
        terminal.line(head)?;
        fields(coverage, terminal)?;
        codes(coverage, sight, terminal)?;
        ways(coverage, terminal)?;
    }
    Ok(())
}

fn fields(coverage: &Coverage, terminal: &mut Terminal) -> Result<(), CliError> {
    let rows = coverage.fields.iter().map(|field| {
        let mut row = vec![field.field.clone(), value(field).to_owned()];
        row.extend([field.with, field.without, field.refused].map(|count| count.to_string()));
        row.push(field.defaulted.map(|count| count.to_string()).unwrap_or_default());
        row
    });
    let head = ["FIELD", "HAS A VALUE", "WITH", "WITHOUT", "REFUSED", "DEFAULT"];
    terminal.table(&head, rows.collect::<Vec<_>>())
}

fn value(field: &FieldCount) -> &'static str {
    match (field.dropped, field.with, field.without) {
        (true, ..) => "dropped",
        (_, 0, 0) if field.refused == 0 => "not reached",
        (_, 0, _) => "never",
        (_, _, 0) if field.constant => "constant",
        (_, _, 0) => "always",
        _ => "sometimes",
    }
}

fn codes(coverage: &Coverage, sight: Sight, terminal: &mut Terminal) -> Result<(), CliError> {
    if !coverage.codes.is_empty() {
        terminal.line("")?;
        let rows = coverage.codes.iter().map(|codes| {
            let met = codes.known.iter().filter(|(_, count)| **count > 0);
            let unknown = codes.unknown.iter();
            let mut unknown: Vec<_> =
                unknown.map(|(word, count)| (sight.value(&word.0), *count)).collect();
            unknown.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            if codes.more > 0 {
                unknown.push(("others".to_owned(), codes.more));
            }
            vec![
                codes.field.clone(),
                codes.table.clone(),
                counts(met.map(|(word, count)| (printable(word), *count))),
                named(codes.never().map(printable)),
                counts(unknown.into_iter()),
            ]
        });
        let head = ["FIELD", "CODE TABLE", "MET", "NEVER MET", "WITHOUT A CODE"];
        terminal.table(&head, rows.collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Conditions, `CASE`, lookups and checks.
fn ways(coverage: &Coverage, terminal: &mut Terminal) -> Result<(), CliError> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for branch in &coverage.branches {
        let ways = branch.ways.iter().map(|(way, count)| format!("{way} {count}"));
        let what = if branch.is_case() { "CASE" } else { "condition" };
        rows.push(vec![branch.place.clone(), what.to_owned(), ways.collect::<Vec<_>>().join(", ")]);
    }
    for lookup in &coverage.lookups {
        let found = format!("found {}, missed {}", lookup.hits, lookup.misses);
        rows.push(vec![lookup.field.clone(), format!("lookup {}", lookup.table), found]);
    }
    for check in &coverage.checks {
        let went = format!("held {}, failed {}", check.held, check.failed);
        rows.push(vec![check.field.clone(), check.check.clone(), went]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    terminal.line("")?;
    terminal.table(&["PLACE", "WHAT", "HOW OFTEN"], rows)
}

fn counts(words: impl Iterator<Item = (String, u64)>) -> String {
    named(words.map(|(word, count)| format!("{word} {count}")))
}

fn named(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    let more = words.len().saturating_sub(NAMED);
    let mut text = words[..words.len() - more].join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// What there is to notice, a line each: at the end of a preview of a few records.
pub(super) fn noticed(all: &[(&Mapping, &Coverage)], takers: &Takers, sight: Sight) -> Vec<String> {
    let mut found = Vec::new();
    if takers.several > 0 {
        found.push(format!("records that several mappings took: {}", takers.several));
    }
    for (mapping, coverage) in all {
        let who = if all.len() > 1 { format!("{}: ", mapping.name) } else { String::new() };
        let mut add = |what: &str, words: String| {
            if !words.is_empty() {
                found.push(format!("{who}{what}: {words}"));
            }
        };
        let fields = |wanted: &str| {
            let fields = coverage.fields.iter();
            let fields = fields.filter(|field| !field.constant && value(field) == wanted);
            fields.map(|field| field.field.clone()).collect::<Vec<_>>().join(", ")
        };
        add("fields never with a value", fields("never"));
        add("fields sometimes without a value", fields("sometimes"));
        for codes in &coverage.codes {
            let words = codes.unknown.iter().map(|(word, count)| (sight.value(&word.0), *count));
            let what =
                format!("values of `{}` that `{}` has no code for", codes.field, codes.table);
            add(&what, counts(words));
        }
        for branch in &coverage.branches {
            let never = branch.ways.iter().filter(|(way, count)| *count == 0 && way != "null");
            let words = named(never.map(|(way, _)| way.clone()));
            let what = if branch.is_case() { "branches never taken" } else { "never" };
            add(&format!("`{}` {what}", branch.place), words);
        }
    }
    found
}

/// The whole report for programs.
pub(super) fn as_json(all: &[(&Mapping, &Coverage)], takers: &Takers, sight: Sight) -> Json {
    let mappings = all.iter().zip(&takers.by).map(|((mapping, coverage), took)| {
        let field = |field: &FieldCount| {
            json!({
                "field": field.field, "has_a_value": value(field), "with": field.with,
                "without": field.without, "refused": field.refused, "default": field.defaulted,
            })
        };
        let codes = coverage.codes.iter().map(|codes| {
            let unknown = codes.unknown.iter();
            let unknown = unknown.map(|(word, count)| json!({ "value": sight.whole(&word.0), "count": count }));
            let met = codes.known.iter().filter(|(_, count)| **count > 0);
            json!({
                "field": codes.field, "table": codes.table,
                "met": met.map(|(word, count)| json!({ "value": word, "count": count })).collect::<Vec<_>>(),
                "never_met": codes.never().collect::<Vec<_>>(),
                "without_a_code": unknown.collect::<Vec<_>>(),
                "misses": codes.misses(),
            })
        });
        let branches = coverage.branches.iter().map(|branch| {
            let ways = branch.ways.iter().map(|(way, count)| json!({ "way": way, "count": count }));
            json!({ "place": branch.place, "case": branch.is_case(), "ways": ways.collect::<Vec<_>>() })
        });
        let lookups = coverage.lookups.iter().map(|lookup| {
            json!({ "field": lookup.field, "table": lookup.table, "found": lookup.hits, "missed": lookup.misses })
        });
        let checks = coverage.checks.iter().map(|check| {
            json!({ "field": check.field, "check": check.check, "held": check.held, "failed": check.failed })
        });
        json!({
            "mapping": &*mapping.name,
            "records": took,
            "upserts": coverage.upserts,
            "deletes": coverage.deletes,
            "refused": coverage.rejected,
            "not_taken": coverage.filtered,
            "fields": coverage.fields.iter().map(field).collect::<Vec<_>>(),
            "codes": codes.collect::<Vec<_>>(),
            "branches": branches.collect::<Vec<_>>(),
            "lookups": lookups.collect::<Vec<_>>(),
            "checks": checks.collect::<Vec<_>>(),
        })
    });
    json!({
        "taken_by_none": takers.none,
        "taken_by_several": takers.several,
        "refused_by_pipeline": takers.refused,
        "mappings": mappings.collect::<Vec<_>>(),
    })
}
