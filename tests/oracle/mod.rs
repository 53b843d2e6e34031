//! The oracle of expressions: a real PostgreSQL. Generated expressions over generated values run through the server and
//! through Acequia; values must be the same and errors of the same class.
//!
//! What differs on purpose stands in `src/mapping/expr/differences.md`. Each entry there has a rule in [`differences`] that
//! recognises it; what no rule recognises fails the test.

mod calls;
mod count;
mod differences;
mod forms;
mod fuzz;
mod generate;
mod ours;
mod rows;
mod sql;
mod theirs;

use std::collections::BTreeMap;

use acequia::mapping::expr::signatures;

use crate::support::postgres::Postgres;
use count::{Count, Oracle};
use generate::{Build, Generator};

/// What an evaluation gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Null,
    Text(String),
    /// Our code, or PostgreSQL's SQLSTATE.
    Error(String),
    /// Our code where a part without names failed when it was checked.
    Early(String),
    /// The same for what is no expression.
    Refused(String),
}

impl Answer {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn class(&self) -> Option<&str> {
        match self {
            Self::Error(error) | Self::Early(error) => Some(error),
            _ => None,
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The seed of a test that draws by chance: always the same, so that a change is judged by its own faults; `make torture`
/// gives another one every time.
fn seed() -> u64 {
    let seed = number("ACEQUIA_TEST_SEED").unwrap_or(20_211_031);
    println!("seed {seed} (ACEQUIA_TEST_SEED)");
    seed
}

#[test]
fn expressions_mean_what_postgresql_means() {
    let seed = seed();
    let least = number("ACEQUIA_ORACLE_EVALUATIONS").unwrap_or(20_000) as usize;
    let (server, signatures) = (Postgres::start(), signatures());
    let shapes = generate::shapes(&signatures);
    let generator = Generator::new(seed, &signatures);
    let mut oracle = Oracle::new(&server, generator);
    let mut table: BTreeMap<usize, Count> = BTreeMap::new();
    let mut total = 0;
    // Everything once, then again until it is enough.
    while table.is_empty() || total < least && oracle.problems.is_empty() {
        for (at, shape) in shapes.iter().enumerate() {
            let count = table.entry(at).or_default();
            let before = count.asked();
            oracle.ask(shape, count);
            total += count.asked() - before;
        }
    }
    println!("{}", Count::HEADER);
    let mut faults = Vec::new();
    let (mut trees, mut explained) = (0, BTreeMap::new());
    for (at, shape) in shapes.iter().enumerate() {
        let count = &table[&at];
        println!("{:<44} {count}", shape.name);
        faults.extend(count.faults(shape));
        if matches!(shape.build, Build::Tree(..)) {
            trees += count.asked();
        }
        for (id, times) in count.excused.iter().chain(&count.accepted) {
            *explained.entry(*id).or_insert(0) += times;
        }
    }
    let problems = &oracle.problems;
    println!(
        "{total} evaluations, {trees} of them of trees, {} unexplained differences; explained: {explained:?}",
        problems.values().map(|(times, _)| times).sum::<usize>()
    );
    let told: Vec<String> = problems
        .iter()
        .map(|(sort, (times, first))| format!("{times} times {sort}\n    {first}"))
        .collect();
    assert!(told.is_empty(), "seed {seed}: unexplained differences\n{}", told.join("\n"));
    assert!(faults.is_empty(), "seed {seed}:\n{}", faults.join("\n"));
    assert!(total >= least, "only {total} evaluations");
}

#[test]
fn every_documented_difference_has_a_rule_and_every_rule_is_documented() {
    let documented: Vec<&str> = include_str!("../../src/mapping/expr/differences.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(id, _)| id))
        .collect();
    let values = differences::RULES.iter().map(|rule| rule.id);
    let acceptances = differences::ACCEPTANCES.iter().map(|rule| rule.id);
    assert_eq!(documented, values.chain(acceptances).collect::<Vec<_>>());
}
