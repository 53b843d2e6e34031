//! What of a mapping the records of a source have exercised: for the report at the end of `preview`.
//!
//! Counts are made from [`Trace`]s. What a mapping *has* is known before the first record, so that what was never
//! met can be told. Memory depends on the mapping and its tables, not on the number of records: of words that a
//! table does not have, the first hundred are kept.

use std::collections::BTreeMap;

use super::{
    Mapping, Verdict,
    expr::Expr,
    program::{FieldCode, Guard, LookupCode, Produce, Step},
    trace::{Action, Came, Line, Part, Text, Trace, words},
};

/// The most words that are remembered of those that a table does not have.
const MOST_UNKNOWN: usize = 100;

/// What was exercised of one mapping.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Events that were upserts.
    pub upserts: u64,
    /// Events that were deletes.
    pub deletes: u64,
    /// Records, or elements, that it did not take.
    pub filtered: u64,
    /// Those that it refused.
    pub rejected: u64,
    /// The fields of its events that hold a value, in the order of the file; those of a list's elements once.
    pub fields: Vec<FieldCount>,
    /// Fields with a code table.
    pub codes: Vec<CodeCount>,
    /// Fields with a lookup.
    pub lookups: Vec<LookupCount>,
    /// Checks of fields.
    pub checks: Vec<CheckCount>,
    /// `when`, `delete_when` and the branches of every `CASE`.
    pub branches: Vec<BranchCount>,
}

/// How often a field had a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldCount {
    /// Path in the event.
    pub field: String,
    /// With a value.
    pub with: u64,
    /// Without.
    pub without: u64,
    /// Refused, or not computed because something was refused.
    pub refused: u64,
    /// Times that the default took the place of nothing; none where there is no default.
    pub defaulted: Option<u64>,
    /// Whether it is the same for every record.
    pub constant: bool,
    /// Whether it is never published.
    pub dropped: bool,
}

/// What was met of a code table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeCount {
    /// Path of the field.
    pub field: String,
    /// The table.
    pub table: String,
    /// The words of the table, and how often each was met.
    pub known: BTreeMap<String, u64>,
    /// Words that it does not have: values of records.
    pub unknown: BTreeMap<Text, u64>,
    /// Further ones that are not kept apart.
    pub more: u64,
}

impl CodeCount {
    /// Values for which the table has no code.
    pub fn misses(&self) -> u64 {
        self.unknown.values().sum::<u64>() + self.more
    }

    /// Words of the table that were never met.
    pub fn never(&self) -> impl Iterator<Item = &str> {
        self.known.iter().filter(|(_, count)| **count == 0).map(|(word, _)| word.as_str())
    }
}

/// Whether a lookup found what it looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupCount {
    /// Path of the field.
    pub field: String,
    /// The table.
    pub table: String,
    /// Found.
    pub hits: u64,
    /// Not found.
    pub misses: u64,
}

/// Whether a check held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckCount {
    /// Path of the field.
    pub field: String,
    /// The check, as the mapping calls it.
    pub check: String,
    /// Held.
    pub held: u64,
    /// Failed.
    pub failed: u64,
}

/// Which way was taken where there are several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchCount {
    /// `when`, the name of a `let`, the path of a field.
    pub place: String,
    /// Each way and how often it was taken.
    pub ways: Vec<(String, u64)>,
    /// Number of the `CASE`; none for a condition.
    case: Option<usize>,
}

impl BranchCount {
    /// Whether it is a `CASE`; else it is a condition.
    pub fn is_case(&self) -> bool {
        self.case.is_some()
    }
}

impl Coverage {
    /// Nothing exercised yet.
    pub fn of(mapping: &Mapping) -> Self {
        let mut coverage = Self::default();
        let program = &mapping.program;
        for condition in [&program.when, &program.delete_when].into_iter().flatten() {
            coverage.branching(&condition.name, &condition.expr);
        }
        for step in &program.lets {
            match &step.step {
                Step::Expr(expr) => coverage.cases(&step.name, expr),
                Step::Lookup(lookup) => coverage.lookup(step.name.to_string(), lookup),
            }
        }
        coverage.members(&program.fields);
        coverage
    }

    /// A condition, and every `CASE` in it.
    fn branching(&mut self, place: &str, condition: &Expr) {
        let ways = ["true", "false", "null"].map(|way| (way.to_owned(), 0)).into();
        self.branches.push(BranchCount { place: place.to_owned(), ways, case: None });
        self.cases(place, condition);
    }

    fn members(&mut self, fields: &[FieldCode]) {
        for field in fields {
            if let Some(present) = &field.present {
                self.branching(&format!("{} (present_if)", field.path), present);
            }
            match &field.produce {
                Produce::Parts(parts) => self.field(&parts.item),
                Produce::Object(members) | Produce::List(members) => self.members(members),
                Produce::Each { body, .. } => self.members(body),
                _ => self.field(field),
            }
        }
    }

    fn lookup(&mut self, field: String, lookup: &LookupCode) {
        let table = lookup.name.to_string();
        self.lookups.push(LookupCount { field, table, hits: 0, misses: 0 });
    }

    fn field(&mut self, code: &FieldCode) {
        let field = code.path.to_string();
        // Elements of a written list are one field.
        if self.fields.iter().all(|known| known.field != field) {
            self.fields.push(FieldCount {
                field: field.clone(),
                with: 0,
                without: 0,
                refused: 0,
                defaulted: code.default.as_ref().map(|_| 0),
                constant: matches!(code.produce, Produce::Const { .. }),
                dropped: matches!(code.protect, Some(Guard::Drop)),
            });
        }
        if let Produce::Expr(expr) = &code.produce {
            self.cases(&field, expr);
        }
        if let Produce::Lookup(lookup) = &code.produce {
            self.lookup(field.clone(), lookup);
        }
        for tested in &code.checks {
            let check = words::check(&tested.check);
            if !self.checks.iter().any(|known| known.field == field && known.check == check) {
                self.checks.push(CheckCount { field: field.clone(), check, held: 0, failed: 0 });
            }
        }
        if let Some(codes) = &code.codes {
            self.codes.push(CodeCount {
                field,
                table: codes.name.to_string(),
                known: codes.table.keys().map(|word| (word.to_string(), 0)).collect(),
                unknown: BTreeMap::new(),
                more: 0,
            });
        }
    }

    fn cases(&mut self, place: &str, expr: &Expr) {
        for (case, branches) in expr.cases().enumerate() {
            let ways = (1..=branches).map(|branch| {
                let name =
                    if branch == branches { "ELSE".to_owned() } else { format!("WHEN {branch}") };
                (name, 0)
            });
            let ways = ways.collect();
            self.branches.push(BranchCount { place: place.to_owned(), ways, case: Some(case) });
        }
    }

    /// Counts what one record, or one element of it, has exercised.
    pub fn count(&mut self, trace: &Trace, verdict: Verdict) {
        match verdict {
            Verdict::Upsert => self.upserts += 1,
            Verdict::Delete => self.deletes += 1,
            Verdict::Filtered => self.filtered += 1,
            Verdict::Rejected => self.rejected += 1,
        }
        for line in &trace.lines {
            match line.part {
                Part::Column => {}
                Part::Condition => self.condition(line),
                Part::Let => {
                    self.taken(line);
                    self.looked_up(line);
                }
                Part::Field | Part::Constant => self.written(line),
            }
        }
    }

    fn condition(&mut self, line: &Line) {
        let way = match line.gave.text() {
            Some("true") => 0,
            Some(_) => 1,
            None if line.gave == Came::Nothing => 2,
            None => return,
        };
        let place = |branch: &&mut BranchCount| branch.place == line.name && branch.case.is_none();
        if let Some(branch) = self.branches.iter_mut().find(place) {
            branch.ways[way].1 += 1;
        }
        self.taken(line);
    }

    fn taken(&mut self, line: &Line) {
        for (case, way) in &line.branches {
            let place =
                |branch: &&mut BranchCount| branch.place == line.name && branch.case == Some(*case);
            if let Some(branch) = self.branches.iter_mut().find(place)
                && let Some((_, count)) = branch.ways.get_mut(*way)
            {
                *count += 1;
            }
        }
    }

    fn looked_up(&mut self, line: &Line) {
        let met = line.steps.iter().find_map(|step| match step.action {
            Action::Lookup(_, met) => Some(met),
            _ => None,
        });
        let lookup = self.lookups.iter_mut().find(|lookup| lookup.field == line.name);
        if let (Some(met), Some(lookup)) = (met, lookup) {
            *(if met { &mut lookup.hits } else { &mut lookup.misses }) += 1;
        }
    }

    fn written(&mut self, line: &Line) {
        self.taken(line);
        self.looked_up(line);
        let Some(field) = self.fields.iter_mut().find(|field| field.field == line.name) else {
            return;
        };
        match &line.gave {
            Came::Nothing => field.without += 1,
            Came::Value(_) | Came::Doubtful(..) => field.with += 1,
            Came::Refused(..) | Came::Blocked => field.refused += 1,
        }
        for step in &line.steps {
            match &step.action {
                Action::Default => {
                    field.defaulted = field.defaulted.map(|count| count + 1);
                }
                Action::Codes(table, word, met) => {
                    code(&mut self.codes, (&line.name, table), word, *met);
                }
                Action::Check(name, held) => {
                    let known =
                        |count: &&mut CheckCount| count.field == line.name && count.check == *name;
                    if let Some(count) = self.checks.iter_mut().find(known) {
                        *(if *held { &mut count.held } else { &mut count.failed }) += 1;
                    }
                }
                Action::Lookup(..) | Action::Verb(_) | Action::Protect(_) => {}
            }
        }
    }
}

fn code(counts: &mut [CodeCount], (field, table): (&str, &str), word: &Text, met: bool) {
    let Some(count) = counts.iter_mut().find(|count| count.field == field && count.table == table)
    else {
        return;
    };
    if met {
        *count.known.entry(word.0.clone()).or_default() += 1;
    } else if count.unknown.len() < MOST_UNKNOWN || count.unknown.contains_key(word) {
        *count.unknown.entry(word.clone()).or_default() += 1;
    } else {
        count.more += 1;
    }
}

#[cfg(test)]
mod tests;
