//! Patterns of dates and times: PostgreSQL's language, read strictly.
//!
//! Every element takes exactly as many characters as it shows (`DD` two digits, `YYYY` four); `FM` in front of
//! one lets leading zeros be missing. Everything else stands for itself, letters and digits only in double
//! quotes. Nothing is skipped, nothing is filled in, and what follows the end of the pattern is an error.

use super::{
    Fault, Language,
    moment::{Field, Parts},
    months::month_of,
};

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    items: Vec<Item>,
    /// Of the names of months.
    language: Language,
}

#[derive(Debug, Clone)]
pub(super) enum Item {
    /// So many digits.
    Number { field: Field, min: usize, max: usize },
    /// Exactly this.
    Literal(Box<str>),
    /// The name of a month in any case; abbreviated if `short`.
    MonthName { short: bool },
    /// How many centuries after the 1900s, one digit. If `optional` it may be missing, as the leading zero of a
    /// number is; then `following` digits stand between it and what comes next.
    Century { optional: bool, following: usize },
    /// `AM` or `PM` in any case; with points if `dotted`.
    Meridiem { dotted: bool },
    /// A sign and two digits.
    OffsetHours,
    /// `T` or a blank, as ISO 8601 and RFC 3339 have it.
    DateTimeGap,
    /// Nothing, or a point and one to seven digits.
    OptionalFraction,
    /// `Z`, or sign, hours, `:`, minutes.
    Offset,
}

/// Elements in the order in which they are tried: the longer before its own beginning.
const ELEMENTS: &[(&str, Item)] = &[
    ("YYYY", number(Field::Year, 4)),
    ("YY", number(Field::ShortYear, 2)),
    ("C", Item::Century { optional: false, following: 0 }),
    ("MONTH", Item::MonthName { short: false }),
    ("MON", Item::MonthName { short: true }),
    ("MM", number(Field::Month, 2)),
    ("MI", number(Field::Minute, 2)),
    ("MS", number(Field::Fraction, 3)),
    ("DDD", number(Field::DayOfYear, 3)),
    ("DD", number(Field::Day, 2)),
    ("HH24", number(Field::Hour, 2)),
    ("HH12", number(Field::Hour12, 2)),
    ("SS", number(Field::Second, 2)),
    ("US", number(Field::Fraction, 6)),
    ("FF1", number(Field::Fraction, 1)),
    ("FF2", number(Field::Fraction, 2)),
    ("FF3", number(Field::Fraction, 3)),
    ("FF4", number(Field::Fraction, 4)),
    ("FF5", number(Field::Fraction, 5)),
    ("FF6", number(Field::Fraction, 6)),
    ("FF7", number(Field::Fraction, 7)),
    ("AM", Item::Meridiem { dotted: false }),
    ("PM", Item::Meridiem { dotted: false }),
    ("A.M.", Item::Meridiem { dotted: true }),
    ("P.M.", Item::Meridiem { dotted: true }),
    ("TZH", Item::OffsetHours),
    ("TZM", number(Field::OffsetMinute, 2)),
];

const fn number(field: Field, width: usize) -> Item {
    Item::Number { field, min: width, max: width }
}

/// What is wrong with a pattern: message and help.
pub(super) type PatternError = (String, String);

impl Pattern {
    /// Compiles `text`, with the names of months in a language.
    pub(super) fn parse(text: &str, language: Language) -> Result<Self, PatternError> {
        let mut items: Vec<Item> = Vec::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if character == '"' {
                let (literal, after) = rest[1..].split_once('"').ok_or_else(|| {
                    ("a quote is not closed".to_owned(), "close it with `\"`".to_owned())
                })?;
                push_literal(&mut items, literal);
                rest = after;
            } else if character.is_alphanumeric() {
                rest = element(rest, &mut items)?;
            } else {
                let (literal, after) = rest.split_at(character.len_utf8());
                push_literal(&mut items, literal);
                rest = after;
            }
        }
        let mut pattern = Self { items, language };
        pattern.check_widths()?;
        pattern.measure()?;
        Ok(pattern)
    }

    /// `YYYY-MM-DD`, as it is read where no pattern is given.
    pub(super) fn iso_date() -> Self {
        let dash = || Item::Literal("-".into());
        let date = [
            number(Field::Year, 4),
            dash(),
            number(Field::Month, 2),
            dash(),
            number(Field::Day, 2),
        ];
        Self { items: date.into(), language: Language::English }
    }

    /// `HH:MM:SS[.fraction]`.
    pub(super) fn iso_time() -> Self {
        let colon = || Item::Literal(":".into());
        let time = [
            number(Field::Hour, 2),
            colon(),
            number(Field::Minute, 2),
            colon(),
            number(Field::Second, 2),
            Item::OptionalFraction,
        ];
        Self { items: time.into(), language: Language::English }
    }

    /// Date and time with `T` or a blank between them; with an offset or `Z` behind if `offset`.
    pub(super) fn iso_timestamp(offset: bool) -> Self {
        let Self { mut items, language } = Self::iso_date();
        items.push(Item::DateTimeGap);
        items.extend(Self::iso_time().items);
        if offset {
            items.push(Item::Offset);
        }
        Self { items, language }
    }

    /// What the pattern reads, in its order.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        self.items.iter().flat_map(|item| {
            let (first, second) = match item {
                Item::Number { field, .. } => (Some(*field), None),
                Item::MonthName { .. } => (Some(Field::Month), None),
                Item::Century { .. } => (Some(Field::Century), None),
                Item::Meridiem { .. } => (Some(Field::Meridiem), None),
                Item::OffsetHours => (Some(Field::OffsetHour), None),
                Item::OptionalFraction => (Some(Field::Fraction), None),
                Item::Offset => (Some(Field::OffsetHour), Some(Field::OffsetMinute)),
                Item::Literal(_) | Item::DateTimeGap => (None, None),
            };
            first.into_iter().chain(second)
        })
    }

    /// Takes a text apart.
    pub(super) fn read(&self, text: &str) -> Result<Parts, Fault> {
        let mut parts = Parts::default();
        let mut rest = text.as_bytes();
        for item in &self.items {
            match item {
                Item::Number { field, min, max } => {
                    let (value, digits) = number_of(&mut rest, *min, *max)?;
                    parts.set(*field, value, digits);
                }
                Item::Literal(literal) => {
                    rest = match (literal.as_bytes(), rest) {
                        // The usual separator, without the call that comparing costs.
                        ([mark], [found, after @ ..]) if mark == found => after,
                        ([_], _) => return Err(Fault::Form),
                        (literal, rest) => rest.strip_prefix(literal).ok_or(Fault::Form)?,
                    };
                }
                Item::MonthName { short } => {
                    parts.month = month_of(&mut rest, *short, self.language)?;
                }
                Item::Century { optional, following } => {
                    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    if !optional || digits != *following {
                        let (value, digits) = number_of(&mut rest, 1, 1)?;
                        parts.set(Field::Century, value, digits);
                    }
                }
                Item::Meridiem { dotted } => parts.pm = meridiem(&mut rest, *dotted)?,
                Item::OffsetHours => offset_hours(&mut rest, &mut parts)?,
                Item::DateTimeGap => match rest {
                    [b'T' | b' ', after @ ..] => rest = after,
                    _ => return Err(Fault::Form),
                },
                Item::OptionalFraction => {
                    if let [b'.', after @ ..] = rest {
                        rest = after;
                        let (value, digits) = number_of(&mut rest, 1, 7)?;
                        parts.set(Field::Fraction, value, digits);
                    }
                }
                Item::Offset => offset(&mut rest, &mut parts)?,
            }
        }
        if rest.is_empty() { Ok(parts) } else { Err(Fault::Form) }
    }

    /// The number of digits that a number of this pattern has, if the pattern is digits and nothing else.
    pub(super) fn digits(&self) -> Option<usize> {
        self.items.iter().try_fold(0, |sum, item| match item {
            Item::Number { min, max, .. } if min == max => Some(sum + max),
            Item::Century { .. } => Some(sum + 1),
            _ => None,
        })
    }

    /// Counts the digits behind an optional century, by which its absence is seen.
    fn measure(&mut self) -> Result<(), PatternError> {
        let Some(at) =
            self.items.iter().position(|item| matches!(item, Item::Century { optional: true, .. }))
        else {
            return Ok(());
        };
        let width = |item: &Item| match item {
            Item::Number { min, max, .. } => Some((*max, min == max)),
            _ => None,
        };
        let digits: Vec<(usize, bool)> = self.items[at + 1..].iter().map_while(width).collect();
        if at > 0 && width(&self.items[at - 1]).is_some() || digits.iter().any(|(_, fixed)| !fixed)
        {
            return Err((
                "it cannot be told whether the century of `FMC` is there".to_owned(),
                "let numbers of a fixed width follow it: `FMCYYMMDD`".to_owned(),
            ));
        }
        let following = digits.iter().map(|(width, _)| width).sum();
        self.items[at] = Item::Century { optional: true, following };
        Ok(())
    }

    /// A number whose width varies must not be followed by another: nobody could say where it ends.
    fn check_widths(&self) -> Result<(), PatternError> {
        for pair in self.items.windows(2) {
            if let [Item::Number { min, max, .. }, Item::Number { .. }] = pair
                && min != max
            {
                return Err((
                    "after `FM` the end of the number cannot be told from the digits that follow"
                        .to_owned(),
                    "leave `FM` out where the digits always have their zeros".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

fn push_literal(items: &mut Vec<Item>, literal: &str) {
    if let Some(Item::Literal(last)) = items.last_mut() {
        *last = format!("{last}{literal}").into();
    } else if !literal.is_empty() {
        items.push(Item::Literal(literal.into()));
    }
}

fn element<'a>(text: &'a str, items: &mut Vec<Item>) -> Result<&'a str, PatternError> {
    let (rest, filled) = match text.strip_prefix("FM") {
        Some(rest) => (rest, false),
        None => (text, true),
    };
    let found = ELEMENTS.iter().find(|(word, _)| rest.starts_with(word));
    let Some((word, item)) = found else { return Err(unknown(rest)) };
    let after = &rest[word.len()..];
    if after.starts_with('Y') && word.starts_with('Y') {
        return Err(unknown(rest));
    }
    match (item.clone(), filled) {
        (Item::Number { field: Field::Fraction, .. }, false) => {
            return Err(unknown(text));
        }
        (Item::Number { field, max, .. }, false) => {
            items.push(Item::Number { field, min: 1, max });
        }
        (Item::Century { .. }, false) => {
            items.push(Item::Century { optional: true, following: 0 });
        }
        (item, _) => items.push(item),
    }
    Ok(after)
}

fn unknown(text: &str) -> PatternError {
    let word: String = text.chars().take_while(|character| character.is_alphanumeric()).collect();
    let upper = word.to_uppercase();
    let help = if word != upper && ELEMENTS.iter().any(|(known, _)| upper.starts_with(known)) {
        format!("patterns are written in capitals: `{upper}`; `MM` is the month, `MI` the minute")
    } else if word.starts_with("MMM") || text.starts_with("MON") {
        "write `MON` for the first three letters of the English name, `MONTH` for all".to_owned()
    } else if word.starts_with("HH") {
        "write `HH24`, or `HH12` together with `AM`".to_owned()
    } else if word.starts_with("FX") {
        "leave `FX` out: patterns are always read exactly".to_owned()
    } else if word == "T" || word.starts_with("TH") || word == "Z" {
        format!("letters that stand for themselves are quoted: `\"{}\"`", &word[..1])
    } else {
        let words: Vec<&str> = ELEMENTS.iter().map(|(word, _)| *word).collect();
        format!(
            "the elements are {}; letters and digits that stand for themselves are quoted: `\"T\"`",
            words.join(" ")
        )
    };
    (format!("`{word}` is no element of a pattern"), help)
}

/// Value and count of as many digits as there are, within the limits.
fn number_of(rest: &mut &[u8], min: usize, max: usize) -> Result<(u32, usize), Fault> {
    let mut value = 0;
    let mut count = 0;
    while count < max
        && let Some(byte) = rest.get(count)
        && byte.is_ascii_digit()
    {
        value = value * 10 + u32::from(byte - b'0');
        count += 1;
    }
    if count < min {
        return Err(Fault::Form);
    }
    *rest = &rest[count..];
    Ok((value, count))
}

fn meridiem(rest: &mut &[u8], dotted: bool) -> Result<bool, Fault> {
    let ((false, [half, b'M' | b'm', after @ ..])
    | (true, [half, b'.', b'M' | b'm', b'.', after @ ..])) = (dotted, *rest)
    else {
        return Err(Fault::Form);
    };
    let pm = match half {
        b'A' | b'a' => false,
        b'P' | b'p' => true,
        _ => return Err(Fault::Form),
    };
    *rest = after;
    Ok(pm)
}

fn offset_hours(rest: &mut &[u8], parts: &mut Parts) -> Result<(), Fault> {
    let (west, mut after) = match *rest {
        [b'+', after @ ..] => (false, after),
        [b'-', after @ ..] => (true, after),
        _ => return Err(Fault::Form),
    };
    let (hours, _) = number_of(&mut after, 2, 2)?;
    parts.west = west;
    parts.set(Field::OffsetHour, hours, 2);
    *rest = after;
    Ok(())
}

fn offset(rest: &mut &[u8], parts: &mut Parts) -> Result<(), Fault> {
    if let [b'Z' | b'z', after @ ..] = *rest {
        *rest = after;
        return Ok(());
    }
    offset_hours(rest, parts)?;
    let [b':', after @ ..] = *rest else { return Err(Fault::Form) };
    *rest = after;
    let (minutes, _) = number_of(rest, 2, 2)?;
    parts.set(Field::OffsetMinute, minutes, 2);
    Ok(())
}
