//! Asking about one shape, and what it has shown.

use std::{collections::BTreeMap, fmt};

use super::{
    Answer,
    differences::{self, Part},
    generate::{Build, Generator, Shape},
    ours,
    sql::{Case, Sql},
    theirs,
};
use crate::support::postgres::Postgres;

/// How many results that are no null, and how many errors, everything must have shown.
const RESULTS: usize = 500;
const ERRORS: usize = 100;
/// So many cases are asked at once.
const BATCH: usize = 750;
const LEAST: usize = 100;
/// Most that is asked about one shape; the rarer its errors, the more it takes.
const MOST: usize = 12_000;
/// An excuse for more of the cases of one shape than this must be listed, in percent.
const SHARE: usize = 5;
/// More than so many are not worth reading.
const MOST_PROBLEMS: usize = 600;

/// Functions and forms that some values make fail, on both sides. What only Acequia refuses is a documented difference.
const PARTIAL: &[&str] = &[
    "+[Int, Int]",
    "+[Float, Float]",
    "-[Int, Int]",
    "-[Float, Float]",
    "*[Int, Int]",
    "*[Float, Float]",
    "/[Int, Int]",
    "/[Number, Number]",
    "/[Float, Float]",
    "%[Int, Int]",
    "%[Number, Number]",
    "mod[Int, Int]",
    "mod[Number, Number]",
    "abs[Int]",
    "substring[Text, Int, Int]",
    "substr[Text, Int, Int]",
    "split_part[Text, Text, Int]",
    "like[Text, Text]",
    "like[Text, Text, Text]",
    "ilike[Text, Text]",
    "ilike[Text, Text, Text]",
    "+[Timestamp, Interval]",
    "-[Timestamp, Interval]",
    "+[Instant, Interval]",
    "-[Instant, Interval]",
    "+[Interval, Interval]",
    "-[Interval, Interval]",
    "*[Interval, Int]",
    "*[Int, Interval]",
    "make_date[Int, Int, Int]",
    "to_date[Text, Literal]",
    "to_timestamp[Text, Literal]",
    "timezone[Text, Timestamp]",
    "timezone[Text, Instant]",
    "- int",
    "ILIKE, NOT LIKE",
    "text::int",
    "text::decimal(10,2)",
    "text::decimal",
    "text::float",
    "text::bool",
    "text::date",
    "text::time",
    "text::timestamp",
    "text::timestamptz",
    "text::uuid",
    "int::decimal(10,2)",
    "decimal::int",
    "decimal::decimal(6,1)",
    "float::int",
    "float::decimal(10,2)",
    "sum int",
    "sum float",
];

/// Excuses that cover more than [`SHARE`] of a shape, in percent: PostgreSQL has another type there, or takes more.
const SHARES: &[(&str, &str, usize)] = &[
    ("ceil[Int]", "whole-numbers", 25),
    ("ceiling[Int]", "whole-numbers", 25),
    ("floor[Int]", "whole-numbers", 25),
    ("round[Int]", "whole-numbers", 25),
    ("trunc[Int]", "whole-numbers", 25),
    ("sign[Int]", "whole-numbers", 25),
    ("initcap[Text]", "initcap", 12),
    ("to_date[Text, Literal]", "strict-patterns", 14),
    ("float::decimal", "decimal-38", 25),
    ("ANY", "missing-lists", 12),
    ("ALL", "missing-lists", 12),
];

/// What a shape has shown.
#[derive(Debug, Default)]
pub struct Count {
    /// With operands that suit it.
    cases: usize,
    results: usize,
    errors: usize,
    /// With others.
    misuses: usize,
    refused: usize,
    pub excused: BTreeMap<&'static str, usize>,
    /// The same for misuses.
    pub accepted: BTreeMap<&'static str, usize>,
}

impl Count {
    pub const HEADER: &str =
        "expression                                     asked  results   errors   misuse  excused";

    pub fn asked(&self) -> usize {
        self.cases + self.misuses
    }

    /// What is missing, and what should not be there.
    pub fn faults(&self, shape: &Shape) -> Vec<String> {
        let name = &shape.name;
        let (partial, tree) = (PARTIAL.contains(&&**name), matches!(shape.build, Build::Tree(..)));
        let mut faults = Vec::new();
        let mut fault = |wrong: bool, what: &str| {
            if wrong {
                faults.push(format!("{name} {what}"));
            }
        };
        fault(self.results < RESULTS, "has shown too few results");
        fault(!tree && self.errors.max(self.refused) < ERRORS, "has shown too few errors");
        fault(partial && self.errors < ERRORS, "is declared partial and has hardly failed");
        fault(!tree && !partial && self.errors > 0, "is declared total and has failed");
        for (id, times) in &self.excused {
            let listed = SHARES.iter().find(|(shape, rule, _)| shape == name && rule == id);
            let most = listed.map_or(SHARE, |(.., percent)| *percent);
            let share = times * 100 / self.cases.max(1);
            fault(share > most, &format!("is excused by `{id}` in {share} of 100 cases"));
        }
        faults
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { results, errors, refused, excused, accepted, .. } = self;
        write!(f, "{:>7} {results:>8} {errors:>8} {refused:>8}", self.asked())?;
        excused.iter().chain(accepted).try_for_each(|(id, times)| write!(f, "  {id}: {times}"))
    }
}

/// Both sides, and what nobody could explain.
pub struct Oracle<'s> {
    server: &'s Postgres,
    generator: Generator,
    /// One of each sort, with how many there are.
    pub problems: BTreeMap<String, (usize, String)>,
}

impl<'s> Oracle<'s> {
    pub fn new(server: &'s Postgres, generator: Generator) -> Self {
        Self { server, generator, problems: BTreeMap::new() }
    }

    /// Asks about one shape until it has shown enough, or more would not help.
    pub fn ask(&mut self, shape: &Shape, count: &mut Count) {
        let tree = matches!(shape.build, Build::Tree(..));
        let many = matches!(shape.build, Build::Tree(_, false));
        let wanted = count.results + if many { 2 * RESULTS } else { RESULTS };
        let errors = if PARTIAL.contains(&&*shape.name) { count.errors + ERRORS } else { 0 };
        let most = count.cases + MOST;
        while (count.results < wanted || count.errors < errors)
            && count.cases < most
            && self.problems.len() < MOST_PROBLEMS
        {
            self.values(shape, count, wanted);
        }
        let (wanted, most) = (count.refused + ERRORS, count.misuses + 2 * BATCH);
        while !tree && count.refused < wanted && count.misuses < most {
            self.misuses(shape, count, wanted);
        }
    }

    fn values(&mut self, shape: &Shape, count: &mut Count, wanted: usize) {
        let missing = wanted.saturating_sub(count.results) * 5 / 4 + 50;
        let batch = missing.clamp(LEAST, BATCH);
        let cases: Vec<Case> = (0..batch).map(|_| self.generator.case(shape)).collect();
        let mut different = Vec::new();
        for (case, theirs) in cases.iter().zip(theirs::answers(self.server, &cases)) {
            let ours = ours::answer(case);
            count.cases += 1;
            if !agree(&ours, &theirs) {
                different.push(case);
                continue;
            }
            match ours {
                Answer::Text(_) => count.results += 1,
                Answer::Error(_) | Answer::Early(_) => count.errors += 1,
                Answer::Null | Answer::Refused(_) => {}
            }
        }
        for (case, parts) in different.iter().zip(self.parts(&different)) {
            match explain(&parts, case) {
                Ok(id) => *count.excused.entry(id).or_default() += 1,
                Err((sort, problem)) => self.problem(sort, problem),
            }
        }
    }

    /// The answers of both sides to every part of every case, in the order of [`flat`].
    fn parts(&self, cases: &[&Case]) -> Vec<Vec<(Answer, Answer)>> {
        if cases.is_empty() {
            return Vec::new();
        }
        let parts: Vec<Vec<Case>> = cases
            .iter()
            .map(|case| {
                let mut parts = Vec::new();
                flat(&case.sql, &mut parts);
                parts.into_iter().map(|sql| Case::new(sql.clone(), case.row.clone())).collect()
            })
            .collect();
        let all: Vec<Case> = parts.iter().flatten().cloned().collect();
        let mut theirs = theirs::answers(self.server, &all).into_iter();
        parts
            .iter()
            .map(|parts| parts.iter().map(ours::answer).zip(theirs.by_ref()).collect())
            .collect()
    }

    /// Calls that both sides must refuse when they check them.
    fn misuses(&mut self, shape: &Shape, count: &mut Count, wanted: usize) {
        let batch = wanted.saturating_sub(count.refused) * 3 / 2 + 10;
        let cases: Vec<Case> = (0..batch).map(|_| self.generator.misuse(shape)).collect();
        for (case, theirs) in cases.iter().zip(theirs::answers(self.server, &cases)) {
            count.misuses += 1;
            let ours = ours::answer(case);
            match (matches!(ours, Answer::Refused(_)), refuses(&theirs)) {
                (true, true) => count.refused += 1,
                (false, false) => {}
                (false, true) if theirs.class().is_some() && ours.class().is_some() => {}
                (refused, _) if let Some(id) = differences::acceptance(&case.sql, refused) => {
                    *count.accepted.entry(id).or_default() += 1;
                }
                _ => {
                    let (sort, problem) = told("misuse", case, &ours, &theirs);
                    self.problem(sort, problem);
                }
            }
        }
    }

    fn problem(&mut self, sort: String, problem: String) {
        self.problems.entry(sort).or_insert((0, problem)).0 += 1;
    }
}

/// A problem: its sort, and the case.
fn told(what: &str, case: &Case, ours: &Answer, theirs: &Answer) -> (String, String) {
    let kinds: Vec<_> = case.sql.values().filter_map(|operand| operand.kind).collect();
    let short = |answer: &Answer| match answer {
        Answer::Text(_) => "a value".to_owned(),
        other => format!("{other:?}").chars().take(40).collect(),
    };
    let sort = format!("{what} {}{kinds:?}: {} / {}", case.sql.name, short(ours), short(theirs));
    let problem = format!(
        "{}\n    ours   {ours:?}\n    theirs {theirs:?}\n    row    {}\n    sql    {}",
        case.ours, case.row, case.theirs
    );
    (sort, problem)
}

/// An expression and all its parts that are values, each before its own.
fn flat<'s>(sql: &'s Sql, out: &mut Vec<&'s Sql>) {
    out.push(sql);
    sql.values().for_each(|operand| flat(operand, out));
}

/// What difference the smallest parts show that differ; otherwise what to tell about them.
fn explain(answers: &[(Answer, Answer)], case: &Case) -> Result<&'static str, (String, String)> {
    look(&case.sql, answers, case).unwrap_or_else(|| {
        let (ours, theirs) = &answers[0];
        Err(told("only sometimes", case, ours, theirs))
    })
}

/// None where an expression does not differ.
fn look(
    sql: &Sql,
    answers: &[(Answer, Answer)],
    case: &Case,
) -> Option<Result<&'static str, (String, String)>> {
    let (ours, theirs) = &answers[0];
    if agree(ours, theirs) {
        return None;
    }
    let (mut from, mut operands, mut inside) = (1, Vec::new(), Vec::new());
    for operand in sql.values() {
        let own = &answers[from..from + operand.size()];
        // A float whose text differs is the same float.
        inside.extend(look(operand, own, case).filter(|found| *found != Ok("float-text")));
        operands.push(own[0].0.clone());
        from += operand.size();
    }
    if let Some(problem) = inside.iter().position(Result::is_err) {
        return Some(inside.swap_remove(problem));
    }
    if let Some(found) = inside.pop() {
        return Some(found);
    }
    let has_list = case.row.list().is_some();
    let part = Part { sql, ours, theirs, operands: &operands, has_list };
    Some(differences::excuse(&part).ok_or_else(|| {
        let part = Case::new(sql.clone(), case.row.clone());
        let (sort, problem) = told("part", &part, ours, theirs);
        (sort, format!("{problem}\n    of     {operands:?}\n    in     {}", case.ours))
    }))
}

/// Whether an error of ours and one of PostgreSQL's are of one class.
fn same_class(ours: &str, theirs: &str) -> bool {
    let state = &theirs[..5.min(theirs.len())];
    match ours {
        "map.expr.division_by_zero" => state == "22012",
        "map.expr.out_of_range" => matches!(state, "22003" | "22008" | "22015"),
        "map.expr.cast" => matches!(state, "22P02" | "22007" | "22008"),
        "map.expr.argument" => matches!(state, "22011" | "22019" | "22023" | "22025"),
        "map.expr.too_large" => state == "54000",
        _ => false,
    }
}

fn agree(ours: &Answer, theirs: &Answer) -> bool {
    match (ours, theirs) {
        (Answer::Error(ours) | Answer::Early(ours), Answer::Error(theirs)) => {
            same_class(ours, theirs)
        }
        (Answer::Refused(_), _) | (_, Answer::Refused(_)) => false,
        (ours, theirs) => ours == theirs,
    }
}

/// Whether PostgreSQL refuses an expression for what it is: it finds units, patterns and zones wrong only when it runs, and a
/// text that is written there becomes what is needed or an error.
fn refuses(theirs: &Answer) -> bool {
    match theirs {
        Answer::Refused(_) => true,
        Answer::Error(error) => {
            ["0A000", "22007", "22023", "2201B", "22P02"].iter().any(|s| error.starts_with(s))
        }
        _ => false,
    }
}

#[test]
fn what_fails_when_it_is_checked_has_a_class_of_its_own() {
    let early = |code: &str| Answer::Early(code.to_owned());
    let theirs = Answer::Error("22012 division by zero".to_owned());
    assert!(agree(&early("map.expr.division_by_zero"), &theirs));
    assert!(!agree(&early("map.expr.cast"), &theirs));
    assert!(!agree(&early("map.expr.out_of_range"), &theirs));
}
