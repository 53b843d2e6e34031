//! The rules that recognise the documented differences.
//!
//! What a case shows is looked for in its smallest part that differs, so that a rule knows the values of the operands: they
//! are the same on both sides. A rule says exactly what the document says, and nothing about the rest.

use super::{
    Answer,
    calls::WHOLE,
    rows::KINDS,
    sql::{Kind, Sql},
};

/// A part of a case that differs though its operands do not.
pub struct Part<'p> {
    pub sql: &'p Sql,
    pub ours: &'p Answer,
    pub theirs: &'p Answer,
    /// Of those operands that are values.
    pub operands: &'p [Answer],
    pub has_list: bool,
}

/// A documented difference: its name there, and whether a part shows it.
pub struct Rule {
    pub id: &'static str,
    shows: fn(&Part<'_>) -> bool,
}

pub const RULES: &[Rule] = &[
    Rule { id: "float-text", shows: float_text },
    Rule {
        id: "decimal-38",
        shows: |part| {
            is_error(part.ours, "map.expr.out_of_range")
                && part.sql.kind == Some(Kind::Number)
                && part.theirs.text().is_some_and(|text| digits(text) > 38)
        },
    },
    Rule {
        id: "years",
        shows: |part| {
            let refused = is_error(part.ours, "map.expr.out_of_range")
                || is_error(part.ours, "map.expr.argument") && part.sql.name == "date_trunc";
            let dated = matches!(part.sql.kind, Some(Kind::Date | Kind::Timestamp | Kind::Instant));
            let outside = |text: &str| is_of_another_age(text) || leaves_on_the_way(part);
            refused && dated && part.theirs.text().is_some_and(outside)
        },
    },
    Rule {
        id: "whole-numbers",
        shows: |part| {
            let exact = part.ours.text().and_then(|text| text.parse::<i64>().ok());
            let float = part.theirs.text().and_then(|text| text.parse::<f64>().ok());
            WHOLE.contains(&part.sql.name)
                && part.sql.values().next().is_some_and(|of| of.kind == Some(Kind::Int))
                && exact.is_some_and(|exact| Some(exact as f64) == float)
        },
    },
    Rule {
        id: "strict-casts",
        shows: |part| {
            let target = part.sql.name.strip_prefix("text::").unwrap_or_default();
            let read = part.theirs.text().is_some()
                || part.theirs.class().is_some_and(|state| state.starts_with("22"));
            is_error(part.ours, "map.expr.cast")
                && read
                && matches!(target, "date" | "time" | "timestamp" | "timestamptz" | "uuid")
                && part.operands[0].text().is_some_and(|text| !is_iso(target, text.trim()))
        },
    },
    Rule {
        id: "strict-patterns",
        shows: |part| {
            is_error(part.ours, "map.expr.cast")
                && part.theirs.text().is_some()
                && matches!(part.sql.name, "to_date" | "to_timestamp")
                && part.operands[0].text().is_some_and(|text| {
                    let pattern = part.sql.operands[1].ours.trim_matches('\'');
                    !is_shaped(text, &pattern.replace("HH24", "HH"))
                })
        },
    },
    Rule {
        id: "initcap",
        shows: |part| {
            part.sql.name == "initcap"
                && part.operands[0].text().map(capitalised).as_deref() == part.ours.text()
                && part.ours.text().map(str::to_lowercase)
                    == part.theirs.text().map(str::to_lowercase)
        },
    },
    Rule {
        id: "missing-lists",
        shows: |part| {
            let empty = if part.sql.name == "ANY" { "false" } else { "true" };
            matches!(part.sql.name, "ANY" | "ALL")
                && !part.has_list
                && *part.theirs == Answer::Null
                && part.ours.text() == Some(empty)
        },
    },
    Rule { id: "checked-early", shows: checked_early },
    Rule { id: "order", shows: order },
];

/// The difference that a part shows, if there is one.
pub fn excuse(part: &Part<'_>) -> Option<&'static str> {
    RULES.iter().find(|rule| (rule.shows)(part)).map(|rule| rule.id)
}

fn is_error(answer: &Answer, code: &str) -> bool {
    answer.class() == Some(code)
}

/// Two texts of one float, of which PostgreSQL's has as many digits or more.
fn float_text(part: &Part<'_>) -> bool {
    let is_float = part.sql.kind == Some(Kind::Float) || part.sql.name == "float::text";
    let parse = |answer: &Answer| answer.text().and_then(|text| text.parse::<f64>().ok());
    let figures = |answer: &Answer| answer.text().map_or(0, significant);
    is_float
        && parse(part.ours).is_some()
        && parse(part.ours) == parse(part.theirs)
        && figures(part.theirs) >= figures(part.ours)
}

/// Significant digits of a float, its exponent left out.
fn significant(text: &str) -> usize {
    let mantissa = text.split('e').next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').len()
}

/// Digits of a number, without the zeros in front.
fn digits(text: &str) -> usize {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').len();
    let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    significant.max(fraction)
}

/// A year before 1 or after 9999.
fn is_of_another_age(text: &str) -> bool {
    let year = text.split('-').next().unwrap_or_default();
    text.ends_with(" BC") || year.len() > 4 && year.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the months of a length that is added lead to another year than 1 to 9999, from which its days lead back.
fn leaves_on_the_way(part: &Part<'_>) -> bool {
    let [Answer::Text(from), Answer::Text(length)] = part.operands else { return false };
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
    let mut date = from.split(['-', ' ', 'T']).map(Some);
    let (year, month) = (number(date.next().flatten()), number(date.next().flatten()));
    let (Some(year), Some(month), Some(months)) = (year, month, number(length.split('/').next()))
    else {
        return false;
    };
    let months = if part.sql.name == "-" { -months } else { months };
    !(1..=9999).contains(&(year * 12 + month - 1 + months).div_euclid(12))
}

/// Whether a text has a shape: letters of the pattern are digits, everything else is itself.
fn is_shaped(text: &str, pattern: &str) -> bool {
    text.chars().count() == pattern.chars().count()
        && text.chars().zip(pattern.chars()).all(|(found, wanted)| match wanted {
            'A'..='Z' => found.is_ascii_digit(),
            other => found == other,
        })
}

/// Whether a text is written in the one form that a cast reads.
fn is_iso(target: &str, text: &str) -> bool {
    let date = |text: &str| is_shaped(text, "YYYY-MM-DD");
    let time = |text: &str| {
        let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let figures = fraction.bytes().all(|byte| byte.is_ascii_digit());
        (is_shaped(clock, "HH:MM:SS") || text == clock && is_shaped(clock, "HH:MM"))
            && figures
            && (1..=9).contains(&fraction.len())
    };
    let both = |text: &str| {
        text.split_once([' ', 'T']).is_some_and(|(day, clock)| date(day) && time(clock))
    };
    match target {
        "date" => date(text),
        "time" => time(text),
        "timestamp" => both(text),
        "timestamptz" => {
            let local = text.strip_suffix('Z').or_else(|| {
                let (local, zone) = text.split_at_checked(text.rfind(['+', '-'])?)?;
                let zone = &zone[1..];
                (is_shaped(zone, "HH:MM") || is_shaped(zone, "HH")).then_some(local)
            });
            local.is_some_and(both)
        }
        _ => {
            let hex: String =
                text.chars().map(|c| if c.is_ascii_hexdigit() { '0' } else { c }).collect();
            is_shaped(&hex, "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX")
        }
    }
}

/// Words are runs of letters and digits: their first is a capital, the rest are small.
fn capitalised(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for char in text.chars() {
        if inside {
            out.extend(char.to_lowercase());
        } else {
            out.extend(char.to_uppercase());
        }
        inside = char.is_alphanumeric();
    }
    out
}

/// A part without names that fails, though PostgreSQL can do without it.
fn checked_early(part: &Part<'_>) -> bool {
    let is_early = |answer: &Answer| matches!(answer, Answer::Early(_));
    is_early(part.ours) && part.operands.iter().any(is_early) && part.theirs.class().is_none()
}

/// One operand fails and another decides, or both fail.
fn order(part: &Part<'_>) -> bool {
    let failing: Vec<&str> = part.operands.iter().filter_map(Answer::class).collect();
    let some_null = part.operands.contains(&Answer::Null);
    let quantified = matches!(part.sql.name, "ANY" | "ALL");
    let all_computed = quantified || matches!(part.sql.name, "IN" | "BETWEEN");
    let chooses = matches!(part.sql.name, "CASE" | "CASE of a value" | "COALESCE" | "AND" | "OR");
    let is_like = matches!(part.sql.name, "like" | "ilike" | "ILIKE, NOT LIKE");
    if part.sql.name == "text::int" {
        // PostgreSQL stops at the first digit that is too much, whatever stands behind it.
        let text = part.operands[0].text().unwrap_or_default().trim_start();
        let digits = text.trim_start_matches(['+', '-']);
        let long = digits.chars().take_while(char::is_ascii_digit).count() > 18;
        let overflow = part.theirs.class().is_some_and(|state| state.starts_with("22003"));
        return long && overflow && is_error(part.ours, "map.expr.cast");
    }
    match (part.ours.class(), part.theirs.class()) {
        // An escape that is none is told before anything else there.
        (Some(ours), Some(theirs)) => {
            failing.contains(&ours) && (failing.len() > 1 || is_like && theirs.starts_with("22025"))
        }
        // What chooses computes nothing that it does not need, but for what is over a list; and what has no names decides
        // `AND` and `OR` there before anything else.
        (Some(ours), None) if chooses => {
            let over_list = |operand: &Sql| operand.ours.contains("LIST");
            let without_names = |operand: &Sql| {
                !over_list(operand) && KINDS.iter().all(|(name, ..)| !operand.ours.contains(name))
            };
            let chain = matches!(part.sql.name, "AND" | "OR");
            let mut operands = part.sql.values().zip(part.operands);
            operands.any(|(sql, operand)| match operand.class() {
                Some(failed) => over_list(sql) && failed == ours,
                None => chain && without_names(sql) && part.theirs.text().is_some(),
            })
        }
        (Some(ours), None) => {
            failing.contains(&ours) && (all_computed || some_null && *part.theirs == Answer::Null)
        }
        (None, Some(theirs)) if is_like => {
            some_null && *part.ours == Answer::Null && theirs.starts_with("22025")
        }
        // Nothing is compared with the elements of an empty list.
        (None, Some(_)) => quantified && !failing.is_empty(),
        (None, None) => false,
    }
}

/// A documented difference in what is accepted at all.
pub struct Acceptance {
    pub id: &'static str,
    /// Whether it is about what is refused here and accepted there, or the other way round.
    refused: bool,
    /// Whether it is about calls of a name with operands of these kinds.
    shows: fn(&str, &[Kind]) -> bool,
}

pub const ACCEPTANCES: &[Acceptance] = &[
    Acceptance {
        id: "texts-are-made-by-casts",
        refused: true,
        shows: |name, kinds| {
            name == "||" && kinds.contains(&Kind::Text) && kinds.iter().any(|k| *k != Kind::Text)
                || matches!(name, "concat" | "concat_ws")
        },
    },
    Acceptance {
        id: "points-in-time-are-made-by-zones",
        refused: true,
        shows: |name, kinds| {
            let local = kinds.iter().any(|kind| matches!(kind, Kind::Date | Kind::Timestamp));
            let of_it = kinds.contains(&Kind::Instant)
                && (local
                    || matches!(name, "ANY" | "ALL")
                    || ["::date", "::time", "::timestamp"].iter().any(|to| name.ends_with(to)));
            of_it || local && name.ends_with("::timestamptz")
        },
    },
    Acceptance {
        id: "lengths-of-time",
        refused: true,
        shows: |name, kinds| {
            let length = kinds.contains(&Kind::Interval);
            let time = kinds.contains(&Kind::Time);
            match name {
                "+" | "-" | "*" | "/" => length || time,
                "- int" | "- decimal" | "- float" | "- interval" => time,
                "= <> < <= > >= intervals" | "= <> < <= > >= times" => length && time,
                "date_trunc" | "timezone" | "extract" => length || time,
                _ => length && (name.ends_with("::text") || name.ends_with("::time")),
            }
        },
    },
    Acceptance {
        id: "written-patterns",
        refused: true,
        shows: |name, kinds| {
            matches!(name, "substring" | "~" | "~*" | "regexp_replace" | "regexp_match")
                && kinds.iter().filter(|kind| **kind == Kind::Text).count() > 1
        },
    },
    Acceptance {
        id: "functions-besides",
        refused: true,
        shows: |name, kinds| match (name, kinds) {
            ("age", kinds) => kinds.len() == 1,
            ("date_trunc", [_, Kind::Text])
            | ("regexp_match", [Kind::Text, Kind::Number | Kind::Float]) => true,
            ("regexp_replace", [.., last]) => matches!(last, Kind::Small | Kind::Int),
            _ => false,
        },
    },
    Acceptance {
        id: "one-whole-number",
        refused: false,
        shows: |name, kinds| match name {
            "+" | "-" => {
                kinds.contains(&Kind::Date)
                    && kinds.iter().all(|kind| matches!(kind, Kind::Date | Kind::Int | Kind::Small))
            }
            "round" | "trunc" | "substring" | "substr" => {
                kinds.get(1..).is_some_and(|rest| rest.contains(&Kind::Int))
            }
            "text::int" | "float::int" | "decimal::int" => kinds == [Kind::Bool],
            "text::bool" => kinds == [Kind::Int],
            _ => false,
        },
    },
];

/// The difference that explains why something is refused here and accepted there, or the other way round.
pub fn acceptance(sql: &Sql, refused: bool) -> Option<&'static str> {
    let kinds: Vec<Kind> = sql.values().filter_map(|operand| operand.kind).collect();
    let fits = |rule: &&Acceptance| rule.refused == refused && (rule.shows)(sql.name, &kinds);
    ACCEPTANCES.iter().find(fits).map(|rule| rule.id)
}

#[test]
fn a_broken_short_circuit_is_no_order() {
    let (value, null) = (|text: &str| Answer::Text(text.to_owned()), Answer::Null);
    let error = |error: &str| Answer::Error(error.to_owned());
    let (fails, failed) = (error("map.expr.division_by_zero"), error("22012 division by zero"));
    let excused =
        |name: &'static str, failing: &str, operands: &[Answer], answers: [&Answer; 2]| {
            let operand = |at: usize| Sql::both(["b0", failing][at.min(1)]).kind(Kind::Bool);
            let sql = Sql::of("({}, {})", &[operand(0), operand(1)]).named(name);
            let [ours, theirs] = answers;
            excuse(&Part { sql: &sql, ours, theirs, operands, has_list: true })
        };
    for (name, decides) in [("AND", "false"), ("OR", "true"), ("COALESCE", "1"), ("CASE", "a")] {
        let (decides, divides) = (value(decides), "1 / i0 = 1");
        let operands = [decides.clone(), fails.clone()];
        assert_eq!(excused(name, divides, &operands, [&fails, &decides]), None, "{name}");
        assert_eq!(excused(name, divides, &operands, [&decides, &failed]), None, "{name}");
        let operands = [null.clone(), fails.clone()];
        assert_eq!(excused(name, divides, &operands, [&fails, &null]), None, "{name}");
        let over_list = "sum(LIST.a) = 1";
        assert_eq!(excused(name, over_list, &operands, [&fails, &null]), Some("order"), "{name}");
    }
    let operands = [value("1"), fails.clone()];
    assert_eq!(excused("IN", "1 / i0", &operands, [&fails, &value("true")]), Some("order"));
    assert_eq!(excused("IN", "1 / i0", &operands, [&value("true"), &failed]), None);
}
