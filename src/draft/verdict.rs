//! What a column is taken for, and everything about that which a person should know.

use super::{
    column::Seen,
    moments::{Way, Ways},
    numbers::Chosen,
    privacy,
    words::{Hint, Hints},
};
use crate::mapping::{
    decode::{DecodeSpec, Language, Sign, Trim, compile},
    value::Type,
};

/// How the text of a column is read: what an entry of `from:` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The type; none where no value was seen.
    pub kind: Option<Type>,
    pub(super) format: Option<String>,
    pub(super) language: Option<Language>,
    pub(super) pivot: Option<u8>,
    pub(super) decimal: Option<char>,
    pub(super) group: Option<char>,
    pub(super) trailing_sign: bool,
    pub(super) true_if: Vec<String>,
    pub(super) false_if: Vec<String>,
    pub(super) null_if: Vec<String>,
    pub(super) sentinel: Vec<String>,
    pub(super) trim: bool,
}

impl Reading {
    /// The word of the type: `none` where no value was seen.
    pub fn word(&self) -> &'static str {
        match &self.kind {
            None => "none",
            Some(Type::Decimal { .. }) => "decimal",
            Some(Type::Bool) => "bool",
            Some(Type::Int) => "int",
            Some(Type::Float) => "float",
            Some(Type::Date) => "date",
            Some(Type::Time) => "time",
            Some(Type::Timestamp) => "timestamp",
            Some(Type::Instant) => "timestamptz",
            Some(Type::Uuid) => "uuid",
            Some(_) => "text",
        }
    }

    /// The type and how its text looks, on one line.
    pub fn shown(&self) -> String {
        let kind = self.kind.as_ref().map_or_else(|| "none".to_owned(), Type::to_string);
        let marks = match (self.decimal, self.group) {
            (Some(decimal), Some(group)) => format!(" 1{group}234{decimal}5"),
            (Some(','), None) => " 1,5".to_owned(),
            (None, Some(group)) => format!(" 1{group}234"),
            _ => String::new(),
        };
        match &self.format {
            Some(format) => format!("{kind} {format}"),
            None => format!("{kind}{marks}"),
        }
    }

    fn of(kind: Type) -> Self {
        Self { kind: Some(kind), ..Self::default() }
    }

    fn spec(&self) -> DecodeSpec {
        DecodeSpec {
            null_if: self.null_if.clone(),
            sentinel: self.sentinel.clone(),
            trim: if self.trim { Trim::Both } else { Trim::None },
            format: self.format.clone(),
            language: self.language,
            pivot: self.pivot,
            decimal: self.decimal,
            group: self.group,
            sign: self.trailing_sign.then_some(Sign::Trailing),
            true_if: self.true_if.clone(),
            false_if: self.false_if.clone(),
            ..DecodeSpec::of(self.kind.clone().unwrap_or(Type::Text))
        }
    }
}

/// What the other columns of a source prove.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Customs {
    pub(super) decimal: Option<char>,
    pub(super) day_first: Option<bool>,
}

/// A reading, and what is to be said of it.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) reading: Reading,
    /// Values that do not fit.
    pub(super) misfits: u64,
    pub(super) notes: Vec<String>,
}

/// One column being judged.
pub(super) struct Judge<'a> {
    pub(super) ways: &'a Ways,
    pub(super) hints: &'a Hints,
    pub(super) seen: &'a Seen,
    pub(super) found: Option<privacy::Found>,
    pub(super) customs: Customs,
}

impl Judge<'_> {
    /// Decides. `empty` cells and cells with `blanks` around were seen.
    pub(super) fn decide(&self, empty: bool, blanks: bool) -> Verdict {
        let mut verdict = Verdict::default();
        if self.seen.kinds.values > 0 {
            let typed = self.boolean().or_else(|| self.moment()).or_else(|| self.uuid());
            let typed = typed.or_else(|| self.number(&mut verdict.notes));
            match typed {
                Some((reading, notes)) => {
                    verdict.reading = reading;
                    verdict.notes.extend(notes);
                }
                None => verdict.reading = Reading::of(Type::Text),
            }
        }
        verdict.reading.trim = blanks;
        self.nothing(&mut verdict, empty);
        self.misfits(&mut verdict);
        verdict
    }

    /// Whether so many values fit that the others are mistakes.
    fn fits(&self, fits: u64, values: u64) -> bool {
        let typed: u64 = sum(&self.seen.nothing_typed);
        let misfits = values.saturating_sub(fits);
        let words = self.seen.kinds.wordy.saturating_sub(typed);
        fits > 0 && (misfits * 10 <= values || misfits <= words && misfits * 4 <= values)
    }

    fn typed_values(&self) -> u64 {
        self.seen.kinds.values.saturating_sub(sum(&self.seen.nothing_typed))
    }

    fn has(&self, hints: &[Hint]) -> bool {
        hints.iter().any(|hint| self.hints.has(*hint))
    }

    fn boolean(&self) -> Option<(Reading, Vec<String>)> {
        let all = self.seen.values.as_ref().filter(|all| all.len() <= 12)?;
        let nothing = |text: &String| self.seen.nothing.iter().any(|(word, _)| word == text);
        let words: Vec<&String> =
            all.iter().map(|(text, _)| text).filter(|text| !nothing(text)).collect();
        let of = |small: &str| -> Vec<String> {
            words
                .iter()
                .filter(|text| text.to_lowercase() == small)
                .map(|text| (*text).clone())
                .collect()
        };
        for (yes, no) in PAIRS {
            let (true_if, false_if) = (of(yes), of(no));
            if true_if.len() + false_if.len() != words.len() {
                continue;
            }
            let spelt_out = yes.len() > 1;
            if (true_if.is_empty() || false_if.is_empty()) && !matches!(yes, "true") {
                continue;
            }
            if !spelt_out && self.has(&[Hint::Code, Hint::Key]) {
                continue;
            }
            let mut notes = Vec::new();
            if yes == "1" {
                notes.push("only 0 and 1: taken for false and true; are they?".to_owned());
            }
            let plain =
                |given: &[String], word: &str| given.is_empty() || given == [word.to_owned()];
            let mut reading = Reading::of(Type::Bool);
            if !(plain(&true_if, "true") && plain(&false_if, "false")) || yes != "true" {
                let or = |words: Vec<String>, word: &str| {
                    if words.is_empty() { vec![word.to_owned()] } else { words }
                };
                (reading.true_if, reading.false_if) = (or(true_if, yes), or(false_if, no));
            }
            return Some((reading, notes));
        }
        None
    }

    fn moment(&self) -> Option<(Reading, Vec<String>)> {
        let (fits, best) = self.seen.kinds.moments.best(self.ways);
        let values = self.typed_values().saturating_sub(sum(&self.seen.no_day));
        if !self.fits(fits, values) {
            return None;
        }
        let ways: Vec<&Way> = best.iter().map(|at| self.ways.get(*at)).collect();
        let first = *ways.first()?;
        if first.is_digits() && !self.digits_may_be_a_day(first, fits == values) {
            return None;
        }
        let first_format = first.shown();
        let mut notes = Vec::new();
        let same_kind = |way: &&&Way| way.kind == first.kind && way.day_first().is_some();
        let other = ways.iter().filter(same_kind).find(|way| way.day_first() != first.day_first());
        let mut chosen = first;
        if let (Some(other), Some(_)) = (other, first.day_first()) {
            match self.customs.day_first {
                Some(day_first) if first.day_first() != Some(day_first) => chosen = other,
                Some(_) => {}
                None => notes.push(format!(
                    "{fits} values fit {first_format} and {}: which?",
                    other.shown()
                )),
            }
        }
        if first.is_digits() && ways.len() > 1 {
            notes.push(format!("{fits} values fit {first_format} and {}: which?", ways[1].shown()));
        }
        if chosen.pivot.is_some() {
            notes.push("years of two digits: those below 50 are taken for 20xx".to_owned());
        }
        if chosen.kind == Type::Timestamp {
            notes.push(
                "no zone is written: a local time; `zone: Europe/Madrid` makes it an instant"
                    .to_owned(),
            );
        }
        let reading = Reading {
            format: chosen.format.clone(),
            language: chosen.language,
            pivot: chosen.pivot,
            ..Reading::of(chosen.kind.clone())
        };
        Some((reading, notes))
    }

    /// Six or seven digits are a day only where the name says so; eight may be where all fit and nothing says
    /// otherwise.
    fn digits_may_be_a_day(&self, way: &Way, all: bool) -> bool {
        if self.hints.has(Hint::Moment) {
            return true;
        }
        let long = way.shown().starts_with("YYYYMMDD");
        let other = [Hint::Code, Hint::Account, Hint::Key, Hint::Money];
        long && all && self.seen.kinds.values >= 5 && !self.has(&other)
    }

    fn uuid(&self) -> Option<(Reading, Vec<String>)> {
        self.fits(self.seen.kinds.uuids, self.typed_values())
            .then(|| (Reading::of(Type::Uuid), Vec::new()))
    }

    fn number(&self, doubts: &mut Vec<String>) -> Option<(Reading, Vec<String>)> {
        let kinds = &self.seen.kinds;
        let values = self.typed_values();
        let chosen = kinds.numbers.choose(self.customs.decimal);
        if let Some(reading) = self.float(chosen, values) {
            return Some((reading, Vec::new()));
        }
        let chosen = chosen.filter(|chosen| self.fits(chosen.fits, values))?;
        if let Some(why) = self.no_quantity(&chosen) {
            doubts.push(why);
            return None;
        }
        let mut notes = Vec::new();
        if chosen.doubtful > 0 {
            notes.push(format!(
                "{} values like 1{}234: thousands, or a fraction?",
                chosen.doubtful,
                chosen.marks.1.or(chosen.marks.0).unwrap_or('.')
            ));
        }
        let (decimal, group) = chosen.marks;
        let group = group.filter(|_| chosen.marks != (Some('.'), None));
        let kind = match decimal {
            None => Type::Int,
            Some(_) => decimal_type(&chosen),
        };
        let reading =
            Reading { decimal, group, trailing_sign: chosen.trailing, ..Reading::of(kind) };
        Some((reading, notes))
    }

    fn float(&self, chosen: Option<Chosen>, values: u64) -> Option<Reading> {
        let floats = self.seen.kinds.numbers.floats();
        let plain = chosen
            .filter(|chosen| matches!(chosen.marks, (None | Some('.'), None)))
            .map_or(0, |chosen| chosen.fits);
        let fits =
            floats > 0 && self.fits(floats + plain, values) && !self.has(&[Hint::Code, Hint::Key]);
        fits.then(|| Reading { decimal: Some('.'), ..Reading::of(Type::Float) })
    }

    /// Why digits are no quantity; none if they are one.
    fn no_quantity(&self, chosen: &Chosen) -> Option<String> {
        let kinds = &self.seen.kinds;
        let bare = chosen.marks == (None, None);
        if bare && kinds.numbers.zeros() > 0 {
            return Some("leading zeros: text keeps them".to_owned());
        }
        if !bare {
            return None;
        }
        if chosen.whole > 18 {
            return Some("too long for a number: text".to_owned());
        }
        if self.found.is_some() {
            return Some("digits, but an identifier: text".to_owned());
        }
        let codes = [Hint::Code, Hint::Account, Hint::Postcode, Hint::House];
        let contact =
            self.hints.class().is_some_and(|(class, _)| class > crate::model::Class::Personal);
        if self.has(&codes) || contact {
            return Some("digits, but a code by its name: text".to_owned());
        }
        if self.hints.has(Hint::Period) && kinds.periods == kinds.values {
            return Some("a year and a month: text".to_owned());
        }
        match kinds.numbers.fixed_digits() {
            Some((digits, count)) if digits >= 9 && count > 1 => {
                Some(format!("always {digits} digits: an identifier, not a quantity"))
            }
            _ => None,
        }
    }

    /// Words for no value that this column has.
    fn nothing(&self, verdict: &mut Verdict, empty: bool) {
        let reading = &mut verdict.reading;
        let day = matches!(reading.kind, Some(Type::Date | Type::Timestamp | Type::Instant));
        let typed = !matches!(reading.kind, None | Some(Type::Text));
        let mut words: Vec<&(String, u64)> = self.seen.nothing.iter().collect();
        if typed {
            words.extend(&self.seen.nothing_typed);
        }
        if day {
            words.extend(&self.seen.no_day);
            reading.sentinel = self
                .seen
                .sentinels
                .iter()
                .take(MOST_SENTINELS)
                .map(|(word, _)| word.clone())
                .collect();
            if let Some((word, count)) = self.seen.sentinels.first() {
                verdict.notes.push(format!("{word} ({count} times) is taken for no day"));
            }
        }
        words.retain(|(word, _)| {
            !reading.true_if.contains(word) && !reading.false_if.contains(word)
        });
        if empty {
            reading.null_if.push(String::new());
        }
        let shown: Vec<String> =
            words.iter().map(|(word, count)| format!("{word} ({count} times)")).collect();
        if !shown.is_empty() {
            verdict.notes.push(format!("{} is taken for no value", shown.join(", ")));
        }
        reading.null_if.extend(words.into_iter().map(|(word, _)| word.clone()));
    }

    /// Counts what the decoder would refuse; a reading that cannot be compiled becomes text.
    fn misfits(&self, verdict: &mut Verdict) {
        let Ok(decoder) = compile(&verdict.reading.spec()) else {
            verdict.reading = Reading { trim: verdict.reading.trim, ..Reading::of(Type::Text) };
            return;
        };
        let fits = |text: &str| decoder.decode(text).is_ok();
        verdict.misfits = match &self.seen.values {
            Some(all) => all.iter().filter(|(text, _)| !fits(text)).map(|(_, count)| count).sum(),
            None => self.estimate(&verdict.reading),
        };
        if verdict.misfits > 0 {
            let (misfits, values) = (verdict.misfits, self.seen.kinds.values);
            let they = if misfits == 1 { "does not fit: it" } else { "do not fit: they" };
            verdict.notes.push(format!("{misfits} of {values} {they} will be rejected"));
        }
    }

    /// The same where not all values are at hand any more.
    fn estimate(&self, reading: &Reading) -> u64 {
        let kinds = &self.seen.kinds;
        let values = self.typed_values();
        let fits = match &reading.kind {
            Some(Type::Int | Type::Decimal { .. }) => {
                kinds.numbers.choose(self.customs.decimal).map_or(0, |chosen| chosen.fits)
            }
            Some(Type::Date | Type::Time | Type::Timestamp | Type::Instant) => {
                kinds.moments.best(self.ways).0 + sum(&self.seen.no_day)
            }
            Some(Type::Uuid) => kinds.uuids,
            _ => values,
        };
        values.saturating_sub(fits)
    }
}

/// Words of yes and no, in small letters.
const PAIRS: [(&str, &str); 14] = [
    ("true", "false"),
    ("yes", "no"),
    ("si", "no"),
    ("sí", "no"),
    ("oui", "non"),
    ("ja", "nein"),
    ("verdadero", "falso"),
    ("vrai", "faux"),
    ("s", "n"),
    ("y", "n"),
    ("t", "f"),
    ("o", "n"),
    ("j", "n"),
    ("1", "0"),
];

/// The most days that are listed as none.
const MOST_SENTINELS: usize = 8;

/// With room for somewhat more than was seen.
fn decimal_type(chosen: &Chosen) -> Type {
    let scale = chosen.scale.clamp(1, 30);
    let precision = (chosen.whole + 3).max(10) + scale;
    Type::Decimal { precision: precision.min(38) as u8, scale: scale as u8 }
}

fn sum(words: &[(String, u64)]) -> u64 {
    words.iter().map(|(_, count)| count).sum()
}
