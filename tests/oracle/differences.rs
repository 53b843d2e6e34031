//! The rules that recognise the documented differences.

use acequia::mapping::{expr::compile, value::Type};

use super::{Answer, generate::Case, rows::Columns};

/// A documented difference: its name there, and whether a case shows it.
pub struct Rule {
    pub id: &'static str,
    shows: fn(&Case, &Answer, &Answer) -> bool,
}

pub const RULES: &[Rule] = &[
    Rule {
        id: "float-text",
        shows: |case, ours, theirs| {
            let parse = |answer: &Answer| text(answer).and_then(|text| text.parse::<f64>().ok());
            is_float(case) && parse(ours).is_some() && parse(ours) == parse(theirs)
        },
    },
    Rule {
        id: "decimal-38",
        shows: |_, ours, theirs| {
            is_error(ours, "map.expr.out_of_range")
                && text(theirs).is_some_and(|text| digits(text) > 38)
        },
    },
    Rule {
        id: "years",
        shows: |_, ours, theirs| {
            (is_error(ours, "map.expr.out_of_range") || is_error(ours, "map.expr.argument"))
                && text(theirs).is_some_and(|text| {
                    text.ends_with(" BC") || text.find('-').is_some_and(|at| at > 4)
                })
        },
    },
    Rule {
        id: "whole-numbers",
        shows: |case, ours, theirs| {
            ["ceil", "ceiling", "floor", "round", "trunc", "sign"]
                .iter()
                .any(|name| case.ours.starts_with(&format!("({name}(")))
                && same_float(ours, theirs)
        },
    },
    Rule {
        id: "strict-casts",
        shows: |case, ours, theirs| {
            is_no_value(ours)
                && (text(theirs).is_some()
                    || class(theirs).is_some_and(|state| state.starts_with("22")))
                && ["date", "time", "timestamp", "uuid"]
                    .iter()
                    .any(|kind| case.ours.ends_with(&format!("::{kind})::text")))
        },
    },
    Rule {
        id: "strict-patterns",
        shows: |case, ours, theirs| {
            is_no_value(ours)
                && text(theirs).is_some()
                && (case.ours.contains("to_date(") || case.ours.contains("to_timestamp("))
        },
    },
    Rule {
        id: "initcap",
        shows: |case, ours, theirs| {
            case.ours.starts_with("(initcap(")
                && text(ours).map(str::to_lowercase) == text(theirs).map(str::to_lowercase)
        },
    },
];

/// The difference that a case shows, if there is one.
pub fn excuse(case: &Case, ours: &Answer, theirs: &Answer) -> Option<&'static str> {
    RULES.iter().find(|rule| (rule.shows)(case, ours, theirs)).map(|rule| rule.id)
}

fn text(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Text(text) => Some(text),
        _ => None,
    }
}

fn class(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Error(error) => Some(error),
        _ => None,
    }
}

fn is_error(answer: &Answer, code: &str) -> bool {
    class(answer) == Some(code)
}

/// Whether a text was refused, for a record or, where it is written in the expression, when it was checked.
fn is_no_value(answer: &Answer) -> bool {
    is_error(answer, "map.expr.cast") || is_error(answer, "always")
}

/// Whether what is cast to text is a float.
fn is_float(case: &Case) -> bool {
    let inner = case.ours.strip_suffix("::text").unwrap_or(&case.ours);
    compile(inner, &Columns).is_ok_and(|expr| *expr.kind() == Type::Float)
}

/// Digits of a number, without the zeros in front.
fn digits(text: &str) -> usize {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').len();
    let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    significant.max(fraction)
}

/// A whole number that PostgreSQL turned into a float first.
fn same_float(ours: &Answer, theirs: &Answer) -> bool {
    let parse = |answer: &Answer| text(answer).and_then(|text| text.parse::<f64>().ok());
    match (parse(ours), parse(theirs)) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= ours.abs() * 1e-15,
        _ => false,
    }
}
