//! Texts. Lengths and positions count characters, from 1.
//!
//! `upper` and `lower` follow Unicode in full (`ß` becomes `SS`), as PostgreSQL does with ICU. `initcap` takes for a
//! word what PostgreSQL's documentation takes for one: letters and digits without anything else between them.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{
    ARGUMENT, Code, Env, Function, Nulls, Outcome,
    Param::{Int, Plain, Text as Chars},
    Resource, Text, gives, like,
};
use crate::mapping::value::Value;

/// `||`. Its code takes any number of texts: a chain of them is joined at once.
pub(in crate::mapping::expr) const JOIN: Function =
    Function::new("||", &[Chars, Chars], gives::text, |env, texts| {
        let texts = || texts.iter().filter_map(Value::as_text);
        env.text_of(texts().map(str::len).sum(), |out| {
            texts().try_for_each(|text| out.push_str(text))
        })
    });

pub(super) const FUNCTIONS: &[Function] = &[
    JOIN,
    Function::new("upper", &[Chars], gives::text, |env, a| one(env, a, upper)),
    Function::new("lower", &[Chars], gives::text, |env, a| one(env, a, lower)),
    Function::new("initcap", &[Chars], gives::text, |env, a| one(env, a, initcap)),
    Function::new("reverse", &[Chars], gives::text, |env, a| {
        one(env, a, |text, out| text.chars().rev().try_for_each(|char| out.push(char)))
    }),
    Function::new("length", &[Chars], gives::int, |_, a| length(a)),
    Function::new("char_length", &[Chars], gives::int, |_, a| length(a)),
    Function::new("character_length", &[Chars], gives::int, |_, a| length(a)),
    Function::new("trim", &[Chars], gives::text, |_, a| trimmed(a, true, true)),
    Function::new("trim", &[Chars, Chars], gives::text, |_, a| trimmed(a, true, true)),
    Function::new("btrim", &[Chars], gives::text, |_, a| trimmed(a, true, true)),
    Function::new("btrim", &[Chars, Chars], gives::text, |_, a| trimmed(a, true, true)),
    Function::new("ltrim", &[Chars], gives::text, |_, a| trimmed(a, true, false)),
    Function::new("ltrim", &[Chars, Chars], gives::text, |_, a| trimmed(a, true, false)),
    Function::new("rtrim", &[Chars], gives::text, |_, a| trimmed(a, false, true)),
    Function::new("rtrim", &[Chars, Chars], gives::text, |_, a| trimmed(a, false, true)),
    Function::new("lpad", &[Chars, Int], gives::text, |env, a| pad(env, a, true)),
    Function::new("lpad", &[Chars, Int, Chars], gives::text, |env, a| pad(env, a, true)),
    Function::new("rpad", &[Chars, Int], gives::text, |env, a| pad(env, a, false)),
    Function::new("rpad", &[Chars, Int, Chars], gives::text, |env, a| pad(env, a, false)),
    Function::new("left", &[Chars, Int], gives::text, |_, a| side(a, true)),
    Function::new("right", &[Chars, Int], gives::text, |_, a| side(a, false)),
    Function::new("substring", &[Chars, Int], gives::text, |_, a| substring(a)),
    Function::new("substring", &[Chars, Int, Int], gives::text, |_, a| substring(a)),
    Function::new("substr", &[Chars, Int], gives::text, |_, a| substring(a)),
    Function::new("substr", &[Chars, Int, Int], gives::text, |_, a| substring(a)),
    Function::new("position", &[Chars, Chars], gives::int, |_, a| match a {
        [Value::Text(part), Value::Text(text)] => Ok(position(text, part)),
        _ => Ok(Value::Null),
    }),
    Function::new("strpos", &[Chars, Chars], gives::int, |_, a| match a {
        [Value::Text(text), Value::Text(part)] => Ok(position(text, part)),
        _ => Ok(Value::Null),
    }),
    Function::new("split_part", &[Chars, Chars, Int], gives::text, |_, a| split_part(a)),
    Function::new("replace", &[Chars, Chars, Chars], gives::text, |env, a| {
        three(env, a, |text, from, to, out| {
            let mut rest = text;
            while let Some(at) = (!from.is_empty()).then(|| rest.find(from)).flatten() {
                out.push_str(&rest[..at])?;
                out.push_str(to)?;
                rest = &rest[at + from.len()..];
            }
            out.push_str(rest)
        })
    }),
    Function::new("translate", &[Chars, Chars, Chars], gives::text, |env, a| {
        three(env, a, translate)
    }),
    Function::new("repeat", &[Chars, Int], gives::text, |env, a| match a {
        [Value::Text(text), Value::Int(times)] => env.text(|out| {
            let times = if text.is_empty() { 0 } else { *times };
            (0..times).try_for_each(|_| out.push_str(text))
        }),
        _ => Ok(Value::Null),
    }),
    Function::new("starts_with", &[Chars, Chars], gives::bool, |_, a| match a {
        [Value::Text(text), Value::Text(start)] => Ok(Value::Bool(text.starts_with(*start))),
        _ => Ok(Value::Null),
    }),
    Function::new("concat", &[Plain], gives::text, |env, a| {
        env.text(|out| a.iter().try_for_each(|value| plain(env, value, out)))
    })
    .repeats()
    .nulls(Nulls::Never),
    Function::new("concat_ws", &[Chars, Plain], gives::text, concat_ws).repeats().nulls(Nulls::Any),
    Function::new("like", &[Chars, Chars], gives::bool, |env, a| match (env.resource, a) {
        (Some(Resource::Like(plain)), [Value::Text(text), _]) => Ok(Value::Bool(plain.fits(text))),
        _ => like_any(a),
    })
    .prepare(like::plain),
    Function::new("like", &[Chars, Chars, Chars], gives::bool, |_, a| like_any(a)),
    Function::new("ilike", &[Chars, Chars], gives::bool, ilike),
    Function::new("ilike", &[Chars, Chars, Chars], gives::bool, ilike),
];

fn one<'a>(
    env: Env<'a>,
    arguments: &[Value<'a>],
    write: impl FnOnce(&str, &mut Text<'a>) -> Result<(), Code>,
) -> Outcome<'a> {
    match arguments {
        [Value::Text(text)] => env.text_of(text.len(), |out| write(text, out)),
        _ => Ok(Value::Null),
    }
}

fn three<'a>(
    env: Env<'a>,
    arguments: &[Value<'a>],
    write: impl FnOnce(&str, &str, &str, &mut Text<'a>) -> Result<(), Code>,
) -> Outcome<'a> {
    match arguments {
        [Value::Text(a), Value::Text(b), Value::Text(c)] => env.text(|out| write(a, b, c, out)),
        _ => Ok(Value::Null),
    }
}

fn upper(text: &str, out: &mut Text<'_>) -> Result<(), Code> {
    if text.is_ascii() {
        return out.push_ascii_uppercase(text);
    }
    text.chars().try_for_each(|char| raised(char, out))
}

fn raised(char: char, out: &mut Text<'_>) -> Result<(), Code> {
    if char.is_ascii() {
        return out.push(char.to_ascii_uppercase());
    }
    char.to_uppercase().try_for_each(|char| out.push(char))
}

fn lower(text: &str, out: &mut Text<'_>) -> Result<(), Code> {
    if text.is_ascii() {
        return text.chars().try_for_each(|char| out.push(char.to_ascii_lowercase()));
    }
    let mut before = None;
    for (at, char) in text.char_indices() {
        if char == 'Σ' {
            // Final at the end of a word: after a letter and before none.
            let after = text[at + char.len_utf8()..].chars().next();
            let ends =
                before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphabetic);
            out.push(if ends { 'ς' } else { 'σ' })?;
        } else {
            char.to_lowercase().try_for_each(|char| out.push(char))?;
        }
        before = Some(char);
    }
    Ok(())
}

fn initcap(text: &str, out: &mut Text<'_>) -> Result<(), Code> {
    let mut inside = false;
    for char in text.chars() {
        if inside {
            char.to_lowercase().try_for_each(|char| out.push(char))?;
        } else {
            raised(char, out)?;
        }
        inside = char.is_alphanumeric();
    }
    Ok(())
}

fn length<'a>(arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Text(text)] => Ok(Value::Int(text.chars().count() as i64)),
        _ => Ok(Value::Null),
    }
}

/// Without the given characters, blanks unless there are others, at one end or both.
fn trimmed<'a>(arguments: &[Value<'a>], start: bool, end: bool) -> Outcome<'a> {
    let (mut text, characters): (&'a str, &str) = match arguments {
        [Value::Text(text)] => (text, " "),
        [Value::Text(text), Value::Text(characters)] => (text, characters),
        _ => return Ok(Value::Null),
    };
    let characters = Characters::of(characters);
    if start {
        text = text.trim_start_matches(|char| characters.contain(char));
    }
    if end {
        text = text.trim_end_matches(|char| characters.contain(char));
    }
    Ok(Value::Text(text))
}

/// Lists of characters that are longer are looked up in a table: a list may be as long as a text.
const LISTED: usize = 64;

/// Characters to be recognised.
enum Characters<'a> {
    Few(&'a str),
    Many(HashSet<char>),
}

impl<'a> Characters<'a> {
    fn of(list: &'a str) -> Self {
        if list.len() <= LISTED { Self::Few(list) } else { Self::Many(list.chars().collect()) }
    }

    fn contain(&self, char: char) -> bool {
        match self {
            Self::Few(list) => list.contains(char),
            Self::Many(set) => set.contains(&char),
        }
    }
}

/// Every character of `from` becomes the one at its place in `to`, or nothing where there is none; its first place counts.
fn translate(text: &str, from: &str, to: &str, out: &mut Text<'_>) -> Result<(), Code> {
    if from.len() <= LISTED {
        return text.chars().try_for_each(|char| {
            match from.chars().position(|known| known == char) {
                None => out.push(char),
                Some(at) => to.chars().nth(at).map_or(Ok(()), |char| out.push(char)),
            }
        });
    }
    let mut table: HashMap<char, Option<char>> = HashMap::new();
    let mut to = to.chars();
    for char in from.chars() {
        let other = to.next();
        table.entry(char).or_insert(other);
    }
    text.chars().try_for_each(|char| match table.get(&char) {
        None => out.push(char),
        Some(other) => other.map_or(Ok(()), |char| out.push(char)),
    })
}

/// To exactly so many characters: longer texts are cut at their end.
fn pad<'a>(env: Env<'a>, arguments: &[Value<'a>], left: bool) -> Outcome<'a> {
    let (text, width, fill): (&'a str, i64, &str) = match arguments {
        [Value::Text(text), Value::Int(width)] => (text, *width, " "),
        [Value::Text(text), Value::Int(width), Value::Text(fill)] => (text, *width, fill),
        _ => return Ok(Value::Null),
    };
    let width = usize::try_from(width).unwrap_or(0);
    let count = text.chars().count();
    if count >= width || fill.is_empty() {
        return Ok(Value::Text(first(text, width)));
    }
    env.text(|out| {
        let mut filling = fill.chars().cycle().take(width - count);
        if left {
            filling.try_for_each(|char| out.push(char))?;
            out.push_str(text)
        } else {
            out.push_str(text)?;
            filling.try_for_each(|char| out.push(char))
        }
    })
}

/// The first so many characters.
fn first(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(at, _)| &text[..at])
}

/// `left` and `right`; negative counts say how many are left out at the other end.
fn side<'a>(arguments: &[Value<'a>], left: bool) -> Outcome<'a> {
    let &[Value::Text(text), Value::Int(count)] = arguments else { return Ok(Value::Null) };
    let all = text.chars().count();
    let magnitude = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let kept = if count >= 0 { magnitude.min(all) } else { all.saturating_sub(magnitude) };
    let cut = if left { kept } else { all - kept };
    let start = first(text, cut);
    Ok(Value::Text(if left { start } else { &text[start.len()..] }))
}

/// Positions before the first character count, too: `substring('abc' FROM -1 FOR 3)` is `a`.
fn substring<'a>(arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, from, count): (&'a str, i64, Option<i64>) = match *arguments {
        [Value::Text(text), Value::Int(from)] => (text, from, None),
        [Value::Text(text), Value::Int(from), Value::Int(count)] => (text, from, Some(count)),
        _ => return Ok(Value::Null),
    };
    if count.is_some_and(|count| count < 0) {
        return Err(ARGUMENT);
    }
    let end = count.map_or(i64::MAX, |count| from.saturating_add(count));
    let place = |position: i64| usize::try_from(position.saturating_sub(1)).unwrap_or(0);
    Ok(Value::Text(characters(text, place(from)..place(end))))
}

fn characters(text: &str, range: Range<usize>) -> &str {
    let rest = &text[first(text, range.start).len()..];
    first(rest, range.end.saturating_sub(range.start))
}

fn position<'a>(text: &str, part: &str) -> Value<'a> {
    let found = text.find(part).map_or(0, |at| text[..at].chars().count() + 1);
    Value::Int(found as i64)
}

/// The part of this number, from the end where it is negative; empty where there is none.
fn split_part<'a>(arguments: &[Value<'a>]) -> Outcome<'a> {
    let &[Value::Text(text), Value::Text(separator), Value::Int(number)] = arguments else {
        return Ok(Value::Null);
    };
    let index = match usize::try_from(number.unsigned_abs()) {
        Ok(0) => return Err(ARGUMENT),
        Ok(index) => index - 1,
        Err(_) => usize::MAX,
    };
    let part = match (text.is_empty() || separator.is_empty(), number > 0) {
        (true, _) => (index == 0).then_some(text),
        (false, true) => text.split(separator).nth(index),
        (false, false) => text.rsplit(separator).nth(index),
    };
    Ok(Value::Text(part.unwrap_or_default()))
}

/// The text of a value that is the same everywhere; nothing for null.
fn plain(env: Env<'_>, value: &Value<'_>, out: &mut Text<'_>) -> Result<(), Code> {
    match value {
        Value::Text(text) => out.push_str(text),
        value => out.push_str(env.shown(value)),
    }
}

fn concat_ws<'a>(env: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Text(separator), values @ ..] = arguments else { return Ok(Value::Null) };
    env.text(|out| {
        for (number, value) in values.iter().filter(|value| !value.is_null()).enumerate() {
            if number > 0 {
                out.push_str(separator)?;
            }
            plain(env, value, out)?;
        }
        Ok(())
    })
}

/// The character that takes its meaning from the next one; none if the escape is empty.
fn escape(arguments: &[Value<'_>]) -> Result<Option<char>, Code> {
    let Some(Value::Text(text)) = arguments.get(2) else { return Ok(Some('\\')) };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (escape, None) => Ok(escape),
        _ => Err(ARGUMENT),
    }
}

fn like_any<'a>(arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Text(text), Value::Text(pattern), ..] = arguments else { return Ok(Value::Null) };
    matches(text, pattern, escape(arguments)?, |a, b| a == b).map(Value::Bool)
}

fn ilike<'a>(_: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Text(text), Value::Text(pattern), ..] = arguments else { return Ok(Value::Null) };
    let same = |a: char, b: char| a == b || a.to_lowercase().eq(b.to_lowercase());
    matches(text, pattern, escape(arguments)?, same).map(Value::Bool)
}

/// `LIKE`: `%` is any text, `_` one character. Looks back to the last `%` only, which is enough: what stands before
/// it has matched as early as it can. A pattern that ends with the escape is an error, once it is reached by some text.
fn matches(
    text: &str,
    pattern: &str,
    escape: Option<char>,
    same: impl Fn(char, char) -> bool,
) -> Result<bool, Code> {
    let (mut text, mut pattern) = (text.chars(), pattern.chars());
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let before = text.clone();
        let wanted = pattern.next();
        let fits = match (wanted, text.next()) {
            (Some('%'), _) if escape != Some('%') => {
                text = before;
                retry = Some((text.clone(), pattern.clone()));
                continue;
            }
            (None, None) => return Ok(true),
            (Some(sign), Some(_)) if Some(sign) == escape && pattern.as_str().is_empty() => {
                return Err(ARGUMENT);
            }
            (Some(sign), Some(found)) if Some(sign) == escape => {
                pattern.next().is_some_and(|wanted| same(wanted, found))
            }
            (Some('_'), Some(_)) => true,
            (Some(wanted), Some(found)) => same(wanted, found),
            (None, Some(_)) | (Some(_), None) => false,
        };
        if fits {
            continue;
        }
        let Some((from, rest)) = &mut retry else { return Ok(false) };
        if from.next().is_none() {
            return Ok(false);
        }
        (text, pattern) = (from.clone(), rest.clone());
    }
}
