//! Which function a name and the types of its arguments mean.

use super::{Function, Param, all};
use crate::mapping::value::Type;

/// What was found for a name and arguments.
#[derive(Debug)]
pub(in crate::mapping::expr) enum Choice {
    /// This one.
    One(&'static Function),
    /// No function has this name.
    Unknown,
    /// There are functions of this name, but not for these arguments.
    Unfit(Vec<&'static Function>),
}

/// All names, for suggestions.
pub(in crate::mapping::expr) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|function| function.name).filter(|name| name.starts_with(char::is_alphabetic))
}

/// The function `name` for arguments of these types (none is `NULL`), each with whether it is a constant text: the one
/// that converts the least.
pub(in crate::mapping::expr) fn choose(
    name: &str,
    arguments: &[(Option<&Type>, bool)],
    table: Option<&'static [Function]>,
) -> Choice {
    let of_name: Vec<&'static Function> = match table {
        Some(table) => table.iter().collect(),
        None => all().filter(|function| function.name == name).collect(),
    };
    if of_name.is_empty() {
        return Choice::Unknown;
    }
    let best = of_name
        .iter()
        .filter_map(|function| cost(function, arguments).map(|cost| (cost, *function)))
        .min_by_key(|(cost, _)| *cost);
    match best {
        Some((_, function)) => Choice::One(function),
        None => Choice::Unfit(of_name),
    }
}

/// How much must be converted, if it is possible.
fn cost(function: &Function, arguments: &[(Option<&Type>, bool)]) -> Option<u32> {
    let least = function.params.len();
    let fits = if function.repeats { arguments.len() >= least } else { arguments.len() == least };
    if !fits {
        return None;
    }
    arguments
        .iter()
        .enumerate()
        .map(|(at, (kind, constant))| {
            let param = function.params[at.min(least - 1)];
            // The word of a type is no argument for choosing: NULL goes with everything but a literal.
            match kind {
                None if param == Param::Literal => None,
                None => Some(0),
                Some(kind) => step(param, kind, *constant),
            }
        })
        .sum()
}

fn step(param: Param, kind: &Type, constant: bool) -> Option<u32> {
    Some(match (param, kind) {
        (Param::Literal, Type::Text) if constant => 0,
        (Param::Text, Type::Text) => 1,
        (Param::Bool, Type::Bool)
        | (Param::Int, Type::Int)
        | (Param::Number, Type::Decimal { .. } | Type::Number)
        | (Param::Float, Type::Float)
        | (Param::Date, Type::Date)
        | (Param::Time, Type::Time)
        | (Param::Timestamp, Type::Timestamp)
        | (Param::Instant, Type::Instant)
        | (Param::Interval, Type::Interval) => 0,
        (Param::Number, Type::Int) | (Param::Timestamp, Type::Date) => 10,
        (Param::Float, Type::Decimal { .. } | Type::Number) => 10,
        (Param::Float, Type::Int) => 20,
        (
            Param::Plain,
            Type::Text | Type::Int | Type::Decimal { .. } | Type::Number | Type::Date | Type::Uuid,
        ) => 1,
        (Param::Comparable, Type::List(_) | Type::Group(_)) => return None,
        (Param::Comparable, _) => 1,
        _ => return None,
    })
}
