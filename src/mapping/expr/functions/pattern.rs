//! Regular expressions.
//!
//! They have the syntax of the Rust library `regex`, whose time for one search is linear in the text whatever the pattern says, and
//! they are written in the expression, so that each is compiled once. Of several matches at one place the leftmost
//! alternative counts, not the longest.

use regex::{Captures, Regex, RegexBuilder};

use super::{
    Code, Constant, Env, Function, Nulls, Outcome,
    Param::{Int, Literal, Text as Chars},
    Resource, Text, Unfit, gives,
};
use crate::mapping::value::Value;

/// The most memory that a compiled pattern takes, in bytes.
const MAX_COMPILED: usize = 1 << 20;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("~", &[Chars, Literal], gives::bool, is_match).prepare(second),
    Function::new("~*", &[Chars, Literal], gives::bool, is_match).prepare(second_without_case),
    Function::new("regexp_replace", &[Chars, Literal, Chars], gives::text, replace).prepare(second),
    Function::new("regexp_replace", &[Chars, Literal, Chars, Literal], gives::text, replace)
        .prepare(with_flags),
    Function::new("substring", &[Chars, Literal], gives::text, first_group)
        .prepare(second)
        .nulls(Nulls::Partial),
    // What `(regexp_match(text, pattern))[number]` is read as.
    Function::new("regexp_match", &[Chars, Literal, Int], gives::text, group)
        .prepare(second)
        .nulls(Nulls::Partial),
    Function::new("regexp_match", &[Chars, Literal, Literal, Int], gives::text, group)
        .prepare(match_with_flags)
        .nulls(Nulls::Partial),
];

fn compile(
    argument: usize,
    pattern: Option<&Constant>,
    ignore_case: bool,
    global: bool,
) -> Result<Option<Resource>, Unfit> {
    let Some(Constant::Text(pattern)) = pattern else { return Ok(None) };
    match RegexBuilder::new(&of_all_letters(pattern))
        .case_insensitive(ignore_case)
        .size_limit(MAX_COMPILED)
        .build()
    {
        Ok(regex) => Ok(Some(Resource::Regex { regex, global })),
        Err(error) => {
            let last = error.to_string();
            let why = last.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let help = "the syntax is that of the Rust library `regex`: no back references, no look around";
            Err(Unfit::new(argument, format!("this is no regular expression: {why}"), help))
        }
    }
}

/// The classes of POSIX mean all letters there are, as in PostgreSQL, and not only those of ASCII.
fn of_all_letters(pattern: &str) -> String {
    CLASSES.iter().fold(pattern.to_owned(), |pattern, (name, class)| pattern.replace(name, class))
}

const CLASSES: &[(&str, &str)] = &[
    ("[:alpha:]", "\\p{Alphabetic}"),
    ("[:alnum:]", "\\p{Alphabetic}\\p{Nd}"),
    ("[:upper:]", "\\p{Uppercase}"),
    ("[:lower:]", "\\p{Lowercase}"),
    ("[:digit:]", "\\p{Nd}"),
    ("[:space:]", "\\s"),
];

fn second(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    compile(1, arguments[1], false, false)
}

fn second_without_case(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    compile(1, arguments[1], true, false)
}

fn with_flags(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    flagged(arguments, 3, "gi")
}

fn match_with_flags(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    flagged(arguments, 2, "i")
}

fn flagged(
    arguments: &[Option<&Constant>],
    place: usize,
    known: &str,
) -> Result<Option<Resource>, Unfit> {
    let Some(Constant::Text(flags)) = arguments[place] else { return Ok(None) };
    if let Some(flag) = flags.chars().find(|flag| !known.contains(*flag)) {
        let help = "`g` replaces every match, `i` takes capitals and small letters for the same";
        return Err(Unfit::new(place, format!("there is no flag `{flag}` here"), help));
    }
    compile(1, arguments[1], flags.contains('i'), flags.contains('g'))
}

fn regex(env: Env<'_>) -> Option<(&Regex, bool)> {
    match env.resource {
        Some(Resource::Regex { regex, global }) => Some((regex, *global)),
        _ => None,
    }
}

fn is_match<'a>(env: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match (regex(env), arguments) {
        (Some((regex, _)), [Value::Text(text), ..]) => Ok(Value::Bool(regex.is_match(text))),
        _ => Ok(Value::Null),
    }
}

fn replace<'a>(env: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (Some((regex, global)), &[Value::Text(text), _, Value::Text(with), ..]) =
        (regex(env), arguments)
    else {
        return Ok(Value::Null);
    };
    if !regex.is_match(text) {
        return Ok(Value::Text(text));
    }
    env.text(|out| {
        let mut rest = 0;
        for captures in regex.captures_iter(text).take(if global { usize::MAX } else { 1 }) {
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(&text[rest..whole.start()])?;
            insert(with, &captures, out)?;
            rest = whole.end();
        }
        out.push_str(&text[rest..])
    })
}

/// In the replacement `\1` to `\9` are groups, `\&` the whole match and `\\` a backslash.
fn insert(with: &str, captures: &Captures<'_>, out: &mut Text<'_>) -> Result<(), Code> {
    let mut chars = with.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char)?;
            continue;
        }
        match chars.clone().next() {
            Some('&') => out.push_str(captures.get(0).map_or("", |whole| whole.as_str()))?,
            Some(digit @ '1'..='9') => {
                let number = digit as usize - '0' as usize;
                out.push_str(captures.get(number).map_or("", |group| group.as_str()))?;
            }
            Some('\\') => out.push('\\')?,
            _ => {
                out.push('\\')?;
                continue;
            }
        }
        chars.next();
    }
    Ok(())
}

/// The first group, or the whole match of a pattern without groups.
fn first_group<'a>(env: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match (regex(env), arguments) {
        (Some((regex, _)), &[Value::Text(text), ..]) => Ok(captured(regex, text, 1)),
        _ => Ok(Value::Null),
    }
}

fn group<'a>(env: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match (regex(env), arguments) {
        (Some((regex, _)), &[Value::Text(text), .., Value::Int(number)]) => {
            Ok(usize::try_from(number).map_or(Value::Null, |number| captured(regex, text, number)))
        }
        _ => Ok(Value::Null),
    }
}

/// Group `number`, from 1; a pattern without groups has the whole match as its only one.
fn captured<'a>(regex: &Regex, text: &'a str, number: usize) -> Value<'a> {
    if regex.captures_len() == 1 {
        let found = if number == 1 { regex.find(text) } else { None };
        return found.map_or(Value::Null, |found| Value::Text(found.as_str()));
    }
    if number == 0 {
        return Value::Null;
    }
    let group = regex.captures(text).and_then(|captures| captures.get(number));
    group.map_or(Value::Null, |group| Value::Text(group.as_str()))
}
