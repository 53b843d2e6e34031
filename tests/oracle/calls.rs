//! Calls of functions and operators, with arguments that suit them.

use acequia::mapping::expr::{Param, Signature};

use super::{
    generate::{Generator, Wrong},
    sql::{Kind, Sql},
};

/// Functions whose whole numbers have 32 bits in PostgreSQL.
const SMALL: &[&str] = &[
    "lpad",
    "rpad",
    "left",
    "right",
    "substring",
    "substr",
    "split_part",
    "repeat",
    "make_date",
    "regexp_match",
];

/// Functions that PostgreSQL computes with floats where they are given whole numbers.
pub const WHOLE: &[&str] = &["ceil", "ceiling", "floor", "round", "trunc", "sign"];

impl Generator {
    /// Patterns on which both dialects of regular expressions agree.
    pub(super) fn regex(&mut self) -> Sql {
        Sql::both(self.pick(&[
            "'a'",
            "'^a.c$'",
            "'[0-9]+'",
            "'([0-9]+)/([0-9]+)'",
            "'(a)(b)?'",
            "'^ *$'",
            "'[[:alpha:]]+'",
            "'b|c'",
            "'\\d{2}'",
            "'^.'",
            "'x*y'",
            "'ñ'",
        ]))
    }

    pub(super) fn like_pattern(&mut self) -> Sql {
        match self.random.u8(..4) {
            0 => self.of(Kind::Text),
            _ => Sql::both(self.pick(&[
                "'a%'", "'%b%'", "'_b_'", "'%'", "''", "'%a%b%'", "'x\\_y%'", "'%!%%'", "'ABC'",
                "'%é'", "'a_c%'", "'%\\'", "'abc\\'",
            ])),
        }
    }

    /// What is written in the expression and is none of those that are known.
    fn unknown(&mut self, signature: &Signature, at: usize) -> Option<Sql> {
        Some(Sql::both(match (signature.name, at) {
            ("regexp_replace", 3) | ("regexp_match", 2) => "'z'",
            ("~" | "~*" | "regexp_replace" | "regexp_match" | "substring", _) => {
                self.pick(&["'('", "'[a'", "'a{2,1}'", "'*'"])
            }
            ("timezone", _) => self.pick(&["'Mars/Olympus'", "'Europe/Madird'"]),
            ("date_trunc", _) => self.pick(&["'fortnight'", "'dow'", "''"]),
            ("extract", _) => self.pick(&["fortnight", "moon"]),
            _ => return None,
        }))
    }

    fn literal(&mut self, signature: &Signature, at: usize) -> Sql {
        if self.wrong == Some(Wrong::Literal)
            && let Some(unknown) = self.unknown(signature, at)
        {
            return unknown;
        }
        match (signature.name, at) {
            ("regexp_replace", 3) => Sql::both(self.pick(&["'g'", "'i'", "'gi'", "''"])),
            ("regexp_match", 2) => Sql::both(self.pick(&["'i'", "''"])),
            ("~" | "~*" | "regexp_replace" | "regexp_match" | "substring", _) => self.regex(),
            ("to_date", _) => Sql::both(self.pick(&["'YYYY-MM-DD'", "'DD/MM/YYYY'", "'YYYYMMDD'"])),
            ("to_timestamp", _) => {
                Sql::both(self.pick(&["'YYYY-MM-DD HH24:MI:SS'", "'YYYYMMDDHH24MISS'"]))
            }
            ("timezone", _) => Sql::both(self.pick(&[
                "'Europe/Madrid'",
                "'UTC'",
                "'America/Mexico_City'",
                "'Asia/Kolkata'",
                "'Atlantic/Canary'",
            ])),
            ("date_trunc", _) => Sql::both(self.pick(&[
                "'microseconds'",
                "'milliseconds'",
                "'second'",
                "'minute'",
                "'hour'",
                "'day'",
                "'week'",
                "'month'",
                "'quarter'",
                "'year'",
                "'decade'",
                "'century'",
                "'millennium'",
            ])),
            ("extract", _) => self.unit(signature.params[1]),
            (name, _) => unreachable!("no literals for `{name}`"),
        }
    }

    fn unit(&mut self, of: Param) -> Sql {
        let (date, time): (&[_], &[_]) = (
            &["year", "month", "day", "quarter", "decade", "century", "millennium"],
            &["hour", "minute", "second", "milliseconds", "microseconds"],
        );
        let calendar: &[_] = &["dow", "isodow", "doy", "week", "isoyear"];
        let mut units: Vec<&'static str> = vec!["epoch"];
        if of != Param::Time {
            units.extend(date);
        }
        if of != Param::Date {
            units.extend(time);
        }
        if matches!(of, Param::Date | Param::Timestamp | Param::Instant) {
            units.extend(calendar);
        }
        Sql::both(units[self.below(units.len())])
    }

    /// Mostly these, else any text.
    fn written(&mut self, good: &[&'static str]) -> Sql {
        if self.wrong.is_none() && self.random.u8(..10) < 8 {
            Sql::both(self.pick(good)).kind(Kind::Text)
        } else {
            self.of(Kind::Text)
        }
    }

    fn argument(&mut self, signature: &Signature, at: usize) -> Sql {
        let param = signature.params[at.min(signature.params.len() - 1)];
        let plain = self.wrong.is_none();
        let small = SMALL.contains(&signature.name)
            || matches!(signature.name, "round" | "trunc") && at == 1
            || signature.params.contains(&Param::Date);
        match (signature.name, at, param) {
            ("like" | "ilike", 1, _) => self.like_pattern(),
            ("like" | "ilike", 2, _) => Sql::both(self.pick(&["'!'", "'\\'", "''", "'ab'"])),
            ("to_date", 0, _) => self.written(&[
                "d0::text",
                "replace(d0::text, '-', '')",
                "'03/02/2021'",
                "'31/02/2021'",
            ]),
            ("to_timestamp", 0, _) => self.written(&[
                "left(s0::text, 19)",
                "'2021-02-03 04:05:06'",
                "'20210203040506'",
                "'20211303040506'",
            ]),
            ("regexp_match", at, Param::Int) if at > 0 => match self.random.u8(..10) {
                0 => self.of(Kind::Small),
                1 => Sql::both("2"),
                _ => Sql::both("1"),
            },
            ("make_date", 0, _) if plain => {
                Sql::pair("k0 + 2018", "(k0 + 2018)::int").kind(Kind::Small)
            }
            ("make_date", 2, _) if plain => Sql::pair("k1 * 3", "(k1 * 3)::int").kind(Kind::Small),
            ("timezone", 0, Param::Text) => Sql::both(self.pick(&[
                "('Europe/Ma' || 'drid')",
                "coalesce('UTC', t0)",
                "('Asia/Kolk' || left(t0, 0) || 'ata')",
                "('Mars/' || left(t1, 0))",
            ]))
            .kind(Kind::Text),
            ("split_part", 1, _) if plain => {
                Sql::both(self.pick(&["','", "' '", "'b'", "''", "t1"])).kind(Kind::Text)
            }
            (_, _, Param::Literal) => self.literal(signature, at),
            (_, _, Param::Int) if small => self.of(Kind::Small),
            // So many times a length: PostgreSQL computes it with floats, which have 53 bits.
            ("*", _, Param::Int) if signature.params.contains(&Param::Interval) => {
                if self.composing || self.random.bool() {
                    self.of(Kind::Small)
                } else {
                    Sql::pair("(i0 / 1000)", "(i0 / 1000)::float8").kind(Kind::Int)
                }
            }
            (_, _, Param::Int) => self.of(Kind::Int),
            (_, _, Param::Text) => self.of(Kind::Text),
            (_, _, Param::Number) => self.of(Kind::Number),
            (_, _, Param::Float) => self.of(Kind::Float),
            (_, _, Param::Bool) => self.of(Kind::Bool),
            (_, _, Param::Date) => self.of(Kind::Date),
            (_, _, Param::Time) => self.of(Kind::Time),
            (_, _, Param::Timestamp) => self.of(Kind::Timestamp),
            (_, _, Param::Instant) => self.of(Kind::Instant),
            // Seldom enough lengths are so large that their sum is none.
            ("+" | "-", _, Param::Interval)
                if plain && !self.composing && self.random.u8(..3) == 0 =>
            {
                Sql::both(self.pick(&[
                    "INTERVAL '178000000 years'",
                    "INTERVAL '-178000000 years'",
                    "INTERVAL '2000000000 days'",
                    "INTERVAL '-2000000000 days'",
                ]))
                .kind(Kind::Interval)
            }
            // Of an exact number of seconds, which the floats have not.
            ("*", _, Param::Interval) if plain && !self.composing => Sql::both(self.pick(&[
                "INTERVAL '1 month'",
                "INTERVAL '1 year 2 months 3 days'",
                "INTERVAL '1 day'",
                "INTERVAL '-3 days -00:00:01'",
                "INTERVAL '178000000 years'",
            ]))
            .kind(Kind::Interval),
            (_, _, Param::Interval) => self.of(Kind::Interval),
            (_, _, Param::Plain) => {
                let kind = [Kind::Text, Kind::Int, Kind::Number, Kind::Date][self.below(4)];
                self.of(kind)
            }
            (_, _, Param::Comparable) => unreachable!("all such operands have one kind"),
        }
    }

    fn operands(&mut self, signature: &Signature, count: usize) -> Vec<Sql> {
        if !signature.params.contains(&Param::Comparable) {
            return (0..count).map(|at| self.argument(signature, at)).collect();
        }
        let one = self.comparable.map(|kind| vec![kind]);
        let kinds = one.unwrap_or_else(|| {
            [
                &[Kind::Int, Kind::Number][..],
                &[Kind::Text],
                &[Kind::Date],
                &[Kind::Timestamp],
                &[Kind::Bool],
            ][self.below(5)]
            .to_vec()
        });
        (0..count)
            .map(|_| {
                let kind = kinds[self.below(kinds.len())];
                Self::ordered(self.of(kind))
            })
            .collect()
    }

    /// A call, its operands as many as there should be.
    pub(super) fn call(&mut self, signature: &Signature) -> Sql {
        let mut count = signature.params.len();
        if signature.repeats {
            count += self.below(3);
        }
        let comparable = self.comparable;
        let mut operands = self.operands(signature, count);
        self.comparable = None;
        match self.wrong {
            Some(Wrong::Fewer) => drop(operands.pop()),
            Some(Wrong::More) => {
                let kind = Kind::ALL[self.below(Kind::ALL.len())];
                operands.push(self.column(kind).kind(kind));
            }
            _ => {}
        }
        let kind = self.kinds.get(&format!("{}{:?}", signature.name, signature.params)).copied();
        let kind = if signature.params.contains(&Param::Comparable) {
            let first = operands.iter().find_map(|operand| operand.kind);
            let mixed = operands.iter().any(|operand| operand.kind == Some(Kind::Number));
            comparable.or(if mixed { Some(Kind::Number) } else { first })
        } else {
            kind
        };
        let sql = if matches!(self.wrong, Some(Wrong::Fewer | Wrong::More)) {
            miscounted(signature, &operands)
        } else {
            self.written_call(signature, &operands)
        };
        let sql = match kind {
            Some(Kind::Int) if self.composing => sql.theirs_as("({})::bigint"),
            // What is made of it is not ordered by code point.
            Some(Kind::Text) if comparable.is_some() => sql.theirs_as("(({}) COLLATE \"default\")"),
            _ => sql,
        };
        Sql { kind, ..sql.named(signature.name) }
    }

    fn written_call(&mut self, signature: &Signature, operands: &[Sql]) -> Sql {
        let count = operands.len();
        let list = vec!["{}"; count].join(", ");
        match signature.name {
            "+" | "-" if count == 1 => Sql::of(&format!("({} {{}})", signature.name), operands),
            "+" | "-" | "*" | "/" | "%" | "||" | "~" | "~*" => {
                Sql::of(&format!("({{}} {} {{}})", signature.name), operands)
            }
            "like" | "ilike" => {
                let escape = if count == 3 { " ESCAPE {}" } else { "" };
                let word = signature.name.to_uppercase();
                Sql::of(&format!("({{}} {word} {{}}{escape})"), operands)
            }
            "extract" => Sql::of("round(extract({} FROM {})::decimal, 6)", operands),
            "timezone" => {
                Sql::of("({} AT TIME ZONE {})", &[operands[1].clone(), operands[0].clone()])
            }
            "position" => Sql::of("position({} IN {})", operands),
            "regexp_match" => {
                let inner = vec!["{}"; count - 1].join(", ");
                Sql::of(&format!("(regexp_match({inner}))[{{}}]"), operands)
            }
            // PostgreSQL takes a date for a point in time here.
            "date_trunc" if operands[1].kind == Some(Kind::Timestamp) => {
                let of = operands[1].clone().theirs_as("({})::timestamp");
                Sql::of("date_trunc({}, {})", &[operands[0].clone(), of])
            }
            "to_timestamp" => {
                Sql::of("to_timestamp({}, {})", operands).theirs_as("({})::timestamp")
            }
            name if self.composing && WHOLE.contains(&name) && signature.params == [Param::Int] => {
                let of = operands[0].clone().theirs_as("({})::numeric");
                Sql::of(&format!("{name}({{}})"), &[of])
            }
            name => Sql::of(&format!("{name}({list})"), operands),
        }
    }
}

/// A call with one operand too many or too few.
fn miscounted(signature: &Signature, operands: &[Sql]) -> Sql {
    let list = vec!["{}"; operands.len()].join(", ");
    match signature.name {
        "regexp_match" => Sql::of(&format!("(regexp_match({list}))[1]"), operands),
        "extract" => Sql::of(&format!("extract(year FROM {list})"), &operands[1..]),
        name if name.starts_with(char::is_alphabetic) => {
            Sql::of(&format!("{name}({list})"), operands)
        }
        name => Sql::of(&format!("({name} {})", vec!["{}"; operands.len()].join(" ")), operands),
    }
}
