//! The oracle of expressions: a real PostgreSQL. Generated expressions over generated values run through the server and
//! through Acequia; values must be the same and errors of the same class.
//!
//! What differs on purpose stands in `src/mapping/expr/differences.md`. Each entry there has a rule in [`differences`] that
//! recognises it; what no rule recognises fails the test.

mod differences;
mod generate;
mod rows;

use std::collections::BTreeMap;

use acequia::mapping::expr::{Arena, compile, signatures};

use crate::support::postgres::Postgres;
use generate::{Case, Generator, Shape};
use rows::{COLUMNS, Columns, Row};

/// How many results that are no null and how many errors every function must have shown.
const RESULTS: usize = 500;
const ERRORS: usize = 100;
/// So many cases are asked at once.
const BATCH: usize = 2_000;
/// Most that is asked about one function; the rarer its errors, the more it takes.
const MOST: usize = 20_000;

/// What an evaluation gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Null,
    Text(String),
    /// Our code, or PostgreSQL's SQLSTATE.
    Error(String),
}

#[derive(Debug, Default)]
struct Count {
    asked: usize,
    results: usize,
    errors: usize,
    excused: BTreeMap<&'static str, usize>,
}

fn ours(case: &Case) -> Answer {
    let expr = match compile(&case.ours, &Columns) {
        Ok(expr) => expr,
        Err(errors) if errors.iter().all(|error| error.code == "mapping.expr.always_fails") => {
            return Answer::Error("always".to_owned());
        }
        Err(errors) => panic!("{}: {errors:?}", case.ours),
    };
    let (arena, values) = (Arena::default(), case.row.values());
    match expr.eval(&values, &arena) {
        Ok(value) if value.is_null() => Answer::Null,
        Ok(value) => Answer::Text(value.as_text().expect("every case is cast to text").to_owned()),
        Err(failure) => Answer::Error(failure.code.to_owned()),
    }
}

fn theirs(server: &Postgres, cases: &[Case]) -> Vec<Answer> {
    let mut script = String::new();
    for case in cases {
        let query =
            format!("SELECT {} FROM (VALUES ({})) AS r({COLUMNS})", case.theirs, case.row.sql());
        script += &format!("SELECT pg_temp.ask($acequia${query}$acequia$);\n");
    }
    let answers = server.run(&format!("{ASK}{script}"));
    assert_eq!(answers.len(), cases.len(), "one row a question");
    answers.iter().map(|answer| read(answer)).collect()
}

/// A function that answers with a letter and the value or the class of the error.
const ASK: &str = r"
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ask(query text) RETURNS text LANGUAGE plpgsql AS $ask$
DECLARE answer text;
BEGIN
    EXECUTE query INTO answer;
    RETURN CASE WHEN answer IS NULL THEN 'N' ELSE 'V' || encode(convert_to(answer, 'UTF8'), 'hex') END;
EXCEPTION WHEN others THEN
    RETURN 'E' || SQLSTATE || ' ' || replace(SQLERRM, E'\n', ' ');
END $ask$;
";

fn read(answer: &str) -> Answer {
    let (kind, rest) = answer.split_at(1);
    match kind {
        "N" => Answer::Null,
        "V" => {
            let bytes =
                data_encoding::HEXLOWER.decode(rest.as_bytes()).expect("hexadecimal digits");
            Answer::Text(String::from_utf8(bytes).expect("UTF-8"))
        }
        _ => Answer::Error(rest.to_owned()),
    }
}

/// Whether an error of ours and one of PostgreSQL's are of one class.
fn same_class(ours: &str, theirs: &str) -> bool {
    let state = &theirs[..5.min(theirs.len())];
    match ours {
        "map.expr.division_by_zero" => state == "22012",
        "map.expr.out_of_range" => matches!(state, "22003" | "22008" | "22015"),
        "map.expr.cast" => matches!(state, "22P02" | "22007" | "22008"),
        "map.expr.argument" => matches!(state, "22011" | "22023" | "22025"),
        "map.expr.too_large" => state == "54000",
        // Computed when it was checked: the class stands in the message.
        "always" => state.starts_with("22") || state == "54000",
        _ => false,
    }
}

fn agree(ours: &Answer, theirs: &Answer) -> bool {
    match (ours, theirs) {
        (Answer::Error(ours), Answer::Error(theirs)) => same_class(ours, theirs),
        (ours, theirs) => ours == theirs,
    }
}

/// Asks about one shape until it has shown enough, or more would not help.
fn ask(
    server: &Postgres,
    generator: &mut Generator,
    shape: &Shape,
    wanted: usize,
    problems: &mut Vec<String>,
) -> Count {
    let mut count = Count::default();
    let enough = |count: &Count| {
        count.results >= wanted && (count.errors >= ERRORS.min(wanted) || !shape.can_fail)
    };
    while !enough(&count) && count.asked < MOST && problems.len() < 40 {
        let cases: Vec<Case> =
            (0..BATCH.min(wanted + wanted / 2)).map(|_| generator.case(shape)).collect();
        for (case, theirs) in cases.iter().zip(theirs(server, &cases)) {
            let ours = ours(case);
            count.asked += 1;
            if agree(&ours, &theirs) {
                match ours {
                    Answer::Null => {}
                    Answer::Text(_) => count.results += 1,
                    Answer::Error(_) => count.errors += 1,
                }
            } else if let Some(id) = differences::excuse(case, &ours, &theirs) {
                *count.excused.entry(id).or_default() += 1;
            } else {
                problems.push(format!(
                    "{}\n    ours   {ours:?}\n    theirs {theirs:?}\n    row    {}\n    sql    {}",
                    case.ours,
                    case.row.sql(),
                    case.theirs
                ));
            }
        }
    }
    count
}

#[test]
fn expressions_mean_what_postgresql_means() {
    let seed = std::env::var("ACEQUIA_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed} (ACEQUIA_TEST_SEED)");
    let factor: usize = std::env::var("ACEQUIA_ORACLE_FACTOR")
        .ok()
        .and_then(|factor| factor.parse().ok())
        .unwrap_or(1);
    let server = Postgres::start();
    let mut generator = Generator::new(seed);
    let shapes = generate::shapes(&signatures());
    let (mut problems, mut total, mut excused) = (Vec::new(), 0, BTreeMap::new());
    println!("{:<44} {:>7} {:>8} {:>7}  excused", "expression", "asked", "results", "errors");
    for shape in &shapes {
        let count = ask(&server, &mut generator, shape, RESULTS * factor, &mut problems);
        println!(
            "{:<44} {:>7} {:>8} {:>7}  {:?}",
            shape.name, count.asked, count.results, count.errors, count.excused
        );
        total += count.asked;
        for (id, times) in &count.excused {
            *excused.entry(*id).or_insert(0) += times;
        }
        if problems.is_empty() {
            assert!(count.results >= RESULTS, "{} has shown too few results", shape.name);
            assert!(
                !shape.can_fail || count.errors >= ERRORS,
                "{} has shown too few errors",
                shape.name
            );
        }
    }
    println!(
        "{total} evaluations, {} unexplained differences; explained: {excused:?}",
        problems.len()
    );
    assert!(
        problems.is_empty(),
        "seed {seed}: {} differences\n{}",
        problems.len(),
        problems[..problems.len().min(12)].join("\n")
    );
    assert!(total >= 20_000, "only {total} evaluations");
}

#[test]
fn every_documented_difference_has_a_rule_and_every_rule_is_documented() {
    let documented: Vec<&str> = include_str!("../../src/mapping/expr/differences.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(id, _)| id))
        .collect();
    assert_eq!(documented, differences::RULES.iter().map(|rule| rule.id).collect::<Vec<_>>());
}

impl Row {
    /// As the tail of a message.
    fn sql(&self) -> String {
        self.literals().join(", ")
    }
}
