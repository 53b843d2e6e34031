//! Expressions in pairs: as Acequia and as PostgreSQL read them.
//!
//! Nearly always both are the same text. They differ where PostgreSQL has several types for one of ours: whole
//! numbers are written `::bigint` there, `::int` where a function takes no larger ones, and texts that are ordered get
//! the collation `C`.

use acequia::mapping::expr::{Param, Signature};

use super::rows::Row;

/// What is asked: a text of either side, and the record.
#[derive(Debug, Clone)]
pub struct Case {
    pub ours: String,
    pub theirs: String,
    pub row: Row,
}

/// One function for one combination of types, or one piece of syntax.
pub struct Shape {
    pub name: String,
    pub can_fail: bool,
    build: Build,
}

enum Build {
    Call(Signature),
    Form(fn(&mut Generator) -> Sql),
}

/// Both texts of an expression.
#[derive(Debug, Clone)]
pub struct Sql {
    ours: String,
    theirs: String,
}

impl Sql {
    fn both(text: impl Into<String>) -> Self {
        let ours = text.into();
        Self { theirs: ours.clone(), ours }
    }

    fn pair(ours: impl Into<String>, theirs: impl Into<String>) -> Self {
        Self { ours: ours.into(), theirs: theirs.into() }
    }

    /// `template` with `{}` for each operand in turn.
    fn of(template: &str, operands: &[Sql]) -> Self {
        let fill = |side: fn(&Sql) -> &str| {
            let mut pieces = template.split("{}");
            let mut text = pieces.next().unwrap_or_default().to_owned();
            for (piece, operand) in pieces.zip(operands) {
                text += side(operand);
                text += piece;
            }
            text
        };
        Self { ours: fill(|sql| &sql.ours), theirs: fill(|sql| &sql.theirs) }
    }

    fn theirs_as(self, template: &str) -> Self {
        Self { theirs: template.replace("{}", &self.theirs), ..self }
    }
}

/// Kinds of operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    /// A whole number that PostgreSQL takes as `int`.
    Small,
    Number,
    Float,
    Bool,
    Date,
    Timestamp,
    Instant,
    Time,
    Interval,
}

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

/// Whether both sides refuse something that the generator gives it. What Acequia alone refuses, such as a year after 9999,
/// is a documented difference.
fn can_fail(signature: &Signature) -> bool {
    let numbers = signature.params.contains(&Param::Number);
    match signature.name {
        "+" | "-" if signature.params.len() == 1 => false,
        "+" | "-" => signature.params.iter().all(|param| *param == Param::Int),
        "*" => signature.params.iter().all(|param| *param == Param::Int),
        "/" | "%" | "mod" | "make_date" | "split_part" | "to_date" | "to_timestamp" => true,
        "abs" => !numbers && signature.params == [Param::Int],
        "substring" | "substr" => signature.params.len() == 3,
        _ => false,
    }
}

pub fn shapes(signatures: &[Signature]) -> Vec<Shape> {
    let mut shapes: Vec<Shape> = signatures
        .iter()
        .map(|signature| Shape {
            name: format!("{}{:?}", signature.name, signature.params),
            can_fail: can_fail(signature),
            build: Build::Call(signature.clone()),
        })
        .collect();
    shapes.extend(FORMS.iter().map(|(name, can_fail, build)| Shape {
        name: (*name).to_owned(),
        can_fail: *can_fail,
        build: Build::Form(*build),
    }));
    shapes
}

type Form = (&'static str, bool, fn(&mut Generator) -> Sql);

/// Syntax that is no function, and casts.
const FORMS: &[Form] = &[
    ("- int", true, |g| Sql::of("(- {})", &[g.of(Kind::Int)])),
    ("- decimal", false, |g| Sql::of("(- {})", &[g.of(Kind::Number)])),
    ("- float", false, |g| Sql::of("(- {})", &[g.of(Kind::Float)])),
    ("= <> < <= > >= numbers", false, |g| g.comparison(&[Kind::Int, Kind::Number, Kind::Float])),
    ("= <> < <= > >= texts", false, |g| g.comparison(&[Kind::Text])),
    ("= <> < <= > >= dates", false, |g| g.comparison(&[Kind::Date, Kind::Timestamp])),
    ("= <> < <= > >= points in time", false, |g| g.comparison(&[Kind::Instant])),
    ("= <> < <= > >= intervals", false, |g| g.comparison(&[Kind::Interval])),
    ("AND OR NOT", false, |g| {
        let template =
            ["({} AND {})", "({} OR {})", "(NOT {} AND {})", "({} OR NOT {})"][g.below(4)];
        Sql::of(template, &[g.of(Kind::Bool), g.of(Kind::Bool)])
    }),
    ("IS TRUE FALSE UNKNOWN", false, |g| {
        let words = ["TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"];
        Sql::of(&format!("({{}} IS {})", words[g.below(6)]), &[g.of(Kind::Bool)])
    }),
    ("IS NULL, IS DISTINCT FROM", false, |g| {
        let template = [
            "({} IS NULL)",
            "({} IS DISTINCT FROM {})",
            "({} IS NOT DISTINCT FROM {})",
            "({} IS NOT NULL)",
        ][g.below(4)];
        Sql::of(template, &[g.of(Kind::Number), g.of(Kind::Int)])
    }),
    ("IN", false, |g| {
        let template = [
            "({} IN ({}, {}, NULL))",
            "({} NOT IN ({}, {}))",
            "({} IN ({}, {}, 'abc', '12', '', 'a', 'x', 'y', 'z'))",
        ][g.below(3)];
        Sql::of(template, &[g.of(Kind::Text), g.of(Kind::Text), g.of(Kind::Text)])
    }),
    ("BETWEEN", false, |g| {
        let template = ["({} BETWEEN {} AND {})", "({} NOT BETWEEN {} AND {})"][g.below(2)];
        Sql::of(template, &[g.of(Kind::Int), g.of(Kind::Number), g.of(Kind::Int)])
    }),
    ("CASE", false, |g| {
        let text = |g: &mut Generator| g.of(Kind::Text);
        let (a, b, c) = (text(g), text(g), text(g));
        let (p, q) = (g.of(Kind::Bool), g.of(Kind::Bool));
        Sql::of("CASE WHEN {} THEN {} WHEN {} THEN {} ELSE {} END", &[p, a, q, b, c])
    }),
    ("CASE of a value", false, |g| {
        let (of, when, then) = (g.of(Kind::Small), g.of(Kind::Small), g.of(Kind::Int));
        let other = g.of(Kind::Number);
        Sql::of("CASE {} WHEN {} THEN {} WHEN 1 THEN {} END", &[of, when, then, other])
    }),
    ("COALESCE", false, |g| {
        Sql::of("coalesce({}, {}, {})", &[g.of(Kind::Int), g.of(Kind::Number), g.of(Kind::Int)])
    }),
    ("ILIKE, NOT LIKE", false, |g| {
        let template =
            ["({} ILIKE {})", "({} NOT LIKE {})", "({} NOT ILIKE {} ESCAPE '!')"][g.below(3)];
        let (text, pattern) = (g.of(Kind::Text), g.like_pattern());
        Sql::of(template, &[text, pattern])
    }),
    ("!~", false, |g| {
        let (text, pattern) = (g.of(Kind::Text), g.regex());
        Sql::of(["({} !~ {})", "({} !~* {})"][g.below(2)], &[text, pattern])
    }),
    ("text::int", true, |g| g.cast_text("bigint")),
    ("text::decimal(10,2)", true, |g| g.cast_text("decimal(10,2)")),
    ("text::decimal", true, |g| g.cast_text("decimal")),
    ("text::float", true, |g| g.cast_text("float8")),
    ("text::bool", true, |g| g.cast_text("bool")),
    ("text::date", true, |g| g.cast_text("date")),
    ("text::time", true, |g| g.cast_text("time")),
    ("text::timestamp", true, |g| g.cast_text("timestamp")),
    ("text::uuid", true, |g| g.cast_text("uuid")),
    ("int::decimal(10,2)", true, |g| Sql::of("{}::decimal(10,2)", &[g.of(Kind::Int)])),
    ("int::float", false, |g| Sql::of("{}::float8", &[g.of(Kind::Int)])),
    ("int::bool", false, |g| Sql::of("{}::bool", &[g.of(Kind::Small)])),
    ("bool::int", false, |g| Sql::of("{}::int", &[g.of(Kind::Bool)])),
    ("decimal::int", true, |g| Sql::of("({} * {})::bigint", &[Sql::both("n2"), g.of(Kind::Int)])),
    ("decimal::decimal(6,1)", true, |g| Sql::of("{}::decimal(6,1)", &[g.of(Kind::Number)])),
    ("decimal::float", false, |g| Sql::of("{}::float8", &[g.of(Kind::Number)])),
    ("float::int", true, |g| Sql::of("{}::bigint", &[g.of(Kind::Float)])),
    ("float::decimal", false, |g| Sql::of("{}::decimal", &[g.of(Kind::Float)])),
    ("float::decimal(10,2)", true, |g| Sql::of("{}::decimal(10,2)", &[g.of(Kind::Float)])),
    ("date::timestamp", false, |g| Sql::of("{}::timestamp", &[g.of(Kind::Date)])),
    ("timestamp::date", false, |g| Sql::of("{}::date", &[g.of(Kind::Timestamp)])),
    ("timestamp::time", false, |g| Sql::of("{}::time", &[g.of(Kind::Timestamp)])),
];

pub struct Generator {
    random: fastrand::Rng,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed) }
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.usize(..end)
    }

    fn pick(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.below(texts.len())]
    }

    /// A case of a shape, its result as text.
    pub fn case(&mut self, shape: &Shape) -> Case {
        let sql = match &shape.build {
            Build::Form(build) => build(self),
            Build::Call(signature) => self.call(signature),
        };
        Case {
            ours: format!("({})::text", sql.ours),
            theirs: format!("({})::text", sql.theirs),
            row: Row::random(&mut self.random),
        }
    }

    /// An operand: a column, a literal, or an expression of them that cannot fail.
    fn of(&mut self, kind: Kind) -> Sql {
        match (kind, self.random.u8(..10)) {
            (Kind::Text, 0..=5) => Sql::both(self.pick(&["t0", "t1", "t2"])),
            (Kind::Text, 6) => Sql::both(self.pick(&["'abc'", "''", "'x y'", "'Ñ'", "'it''s'"])),
            (Kind::Text, 7) => Sql::of("({} || {})", &[self.of(Kind::Text), self.of(Kind::Text)]),
            (Kind::Text, 8) => Sql::of("trim({})", &[self.of(Kind::Text)]),
            (Kind::Text, _) => {
                Sql::of("coalesce({}, {})", &[self.of(Kind::Text), self.of(Kind::Text)])
            }
            (Kind::Int, 0..=6) => Sql::both(self.pick(&["i0", "i1"])),
            (Kind::Int, 7) => Sql::pair("5", "5::bigint"),
            (Kind::Int, 8) => {
                Sql::of("length({})", &[self.of(Kind::Text)]).theirs_as("({})::bigint")
            }
            (Kind::Int, _) => self.of(Kind::Small).theirs_as("({})::bigint"),
            (Kind::Small, 0..=7) => {
                let name = self.pick(&["k0", "k1"]);
                Sql::pair(name, format!("{name}::int"))
            }
            (Kind::Small, _) => {
                let literal = self.random.i64(0..5).to_string();
                Sql::both(literal)
            }
            (Kind::Number, 0..=6) => Sql::both(self.pick(&["n0", "n1", "n2"])),
            (Kind::Number, 7) => Sql::both(self.pick(&["1.50", "0.00", "100.0", "2.5"])),
            (Kind::Number, _) => Sql::of("({} + {})", &[Sql::both("n0"), self.of(Kind::Number)]),
            (Kind::Float, 0..=7) => Sql::both(self.pick(&["f0", "f1"])),
            (Kind::Float, _) => Sql::of("{}::float8", &[self.of(Kind::Number)]),
            (Kind::Bool, 0..=5) => Sql::both(self.pick(&["b0", "b1"])),
            (Kind::Bool, 6) => Sql::both(self.pick(&["TRUE", "FALSE", "(NULL::bool)"])),
            (Kind::Bool, 7) => Sql::of("({} IS NULL)", &[self.of(Kind::Text)]),
            (Kind::Bool, _) => Sql::of("({} <= {})", &[self.of(Kind::Number), self.of(Kind::Int)]),
            (Kind::Date, 0..=7) => Sql::both(self.pick(&["d0", "d1"])),
            (Kind::Date, 8) => Sql::both("DATE '2020-02-29'"),
            (Kind::Date, _) => Sql::of("{}::date", &[self.of(Kind::Timestamp)]),
            (Kind::Timestamp, 0..=7) => Sql::both(self.pick(&["s0", "s1"])),
            (Kind::Timestamp, 8) => Sql::both("TIMESTAMP '2021-03-28 02:30:00'"),
            (Kind::Timestamp, _) => Sql::of("{}::timestamp", &[self.of(Kind::Date)]),
            (Kind::Instant, 0..=7) => Sql::both(self.pick(&["z0", "z1"])),
            (Kind::Instant, _) => Sql::both("TIMESTAMPTZ '2021-10-31 01:30:00+00:00'"),
            (Kind::Time, _) => Sql::both(self.pick(&["h0", "h1", "TIME '23:59:59'"])),
            (Kind::Interval, 0..=5) => Sql::both(self.pick(&[
                "INTERVAL '1 month'",
                "INTERVAL '-1 month'",
                "INTERVAL '1 year 2 months 3 days 04:05:06.5'",
                "INTERVAL '1 day'",
                "INTERVAL '90 minutes'",
                "INTERVAL '-3 days -00:00:01'",
                "INTERVAL '2 weeks'",
                "INTERVAL '1' YEAR",
            ])),
            (Kind::Interval, 6) => Sql::of("(s0 - s1)", &[]),
            (Kind::Interval, 7) => Sql::of("age(s0, s1)", &[]),
            (Kind::Interval, _) => {
                Sql::of("(INTERVAL '1 month 1 day 1 second' * {})", &[self.of(Kind::Small)])
            }
        }
    }

    fn comparison(&mut self, kinds: &[Kind]) -> Sql {
        let operator = self.pick(&["=", "<>", "<", "<=", ">", ">="]);
        let (a, b) = (kinds[self.below(kinds.len())], kinds[self.below(kinds.len())]);
        let template = format!("({{}} {operator} {{}})");
        let (left, right) = (self.of(a), self.of(b));
        let by_code_point =
            |sql: Sql| if a == Kind::Text { sql.theirs_as("({} COLLATE \"C\")") } else { sql };
        Sql::of(&template, &[by_code_point(left), by_code_point(right)])
    }

    /// Texts that often are what they are cast to.
    fn cast_text(&mut self, target: &str) -> Sql {
        let good: &[&'static str] = match target {
            "bigint" => &["' 42 '", "'+7'", "'-0'", "i0::text", "k0::text || '0'"],
            "decimal" | "decimal(10,2)" | "float8" => {
                &["n0::text", "' 1.005 '", "'1e3'", "'-.5'", "'5.'", "n2::text || '5'"]
            }
            "bool" => &["'T'", "'ye'", "' on '", "'of'", "'0'", "b0::text"],
            "date" => &["d0::text", "'2020-02-29'", "' 1999-12-31 '"],
            "time" => &["h0::text", "'12:34:56'", "'00:00:00'"],
            "timestamp" => &["s0::text", "'2020-02-29 12:34:56'", "'1999-12-31 00:00:00'"],
            _ => &[
                "'0f8fad5b-d9cb-469f-a165-70867728950e'",
                "'0F8FAD5B-D9CB-469F-A165-70867728950E'",
                "'00000000-0000-0000-0000-' || lpad(k1::text, 12, '0')",
            ],
        };
        let text =
            if self.random.u8(..10) < 7 { Sql::both(self.pick(good)) } else { self.of(Kind::Text) };
        let ours = match target {
            "bigint" => "int",
            "float8" => "float",
            other => other,
        };
        Sql::pair(format!("({})::{ours}", text.ours), format!("({})::{target}", text.theirs))
    }

    fn like_pattern(&mut self) -> Sql {
        match self.random.u8(..4) {
            0 => self.of(Kind::Text),
            _ => Sql::both(self.pick(&[
                "'a%'", "'%b%'", "'_b_'", "'%'", "''", "'%a%b%'", "'x\\_y%'", "'%!%%'", "'ABC'",
                "'%é'", "'a_c%'",
            ])),
        }
    }

    /// Patterns on which both dialects of regular expressions agree.
    fn regex(&mut self) -> Sql {
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

    fn literal(&mut self, signature: &Signature, at: usize) -> Sql {
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
            ("extract", _) => {
                let (date, time): (&[_], &[_]) = (
                    &["year", "month", "day", "quarter", "decade", "century", "millennium"],
                    &["hour", "minute", "second", "milliseconds", "microseconds"],
                );
                let calendar: &[_] = &["dow", "isodow", "doy", "week", "isoyear"];
                let of = signature.params[1];
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
            (name, _) => unreachable!("no literals for `{name}`"),
        }
    }

    fn argument(&mut self, signature: &Signature, at: usize) -> Sql {
        let param = signature.params[at.min(signature.params.len() - 1)];
        let small = SMALL.contains(&signature.name)
            || matches!(signature.name, "round" | "trunc") && at == 1
            || signature.params.contains(&Param::Date)
            || signature.params.contains(&Param::Interval);
        match (signature.name, at, param) {
            ("like" | "ilike", 1, _) => self.like_pattern(),
            ("like" | "ilike", 2, _) => Sql::both(self.pick(&["'!'", "'\\'", "''"])),
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
            ("make_date", 0, _) => Sql::pair("k0 + 2018", "(k0 + 2018)::int"),
            ("make_date", 2, _) => Sql::pair("k1 * 3", "(k1 * 3)::int"),
            ("timezone", 0, Param::Text) => {
                Sql::both(self.pick(&["('Europe/Ma' || 'drid')", "coalesce('UTC', t0)"]))
            }
            ("split_part", 1, _) => Sql::both(self.pick(&["','", "' '", "'b'", "''", "t1"])),
            (_, _, Param::Literal) => self.literal(signature, at),
            (_, _, Param::Int) if small => self.of(Kind::Small),
            (_, _, Param::Int) => self.of(Kind::Int),
            (_, _, Param::Text) => self.of(Kind::Text),
            (_, _, Param::Number) => self.of(Kind::Number),
            (_, _, Param::Float) => self.of(Kind::Float),
            (_, _, Param::Bool) => self.of(Kind::Bool),
            (_, _, Param::Date) => self.of(Kind::Date),
            (_, _, Param::Time) => self.of(Kind::Time),
            (_, _, Param::Timestamp) => self.of(Kind::Timestamp),
            (_, _, Param::Instant) => self.of(Kind::Instant),
            (_, _, Param::Interval) => self.of(Kind::Interval),
            (_, _, Param::Plain) => {
                let kind = [Kind::Text, Kind::Int, Kind::Number, Kind::Date][self.below(4)];
                self.of(kind)
            }
            (_, _, Param::Comparable) => unreachable!("all such operands have one kind"),
        }
    }

    /// Mostly these, else any text.
    fn written(&mut self, good: &[&'static str]) -> Sql {
        if self.random.u8(..10) < 8 { Sql::both(self.pick(good)) } else { self.of(Kind::Text) }
    }

    fn call(&mut self, signature: &Signature) -> Sql {
        let mut count = signature.params.len();
        if signature.repeats {
            count += self.below(3);
        }
        let operands: Vec<Sql> = if signature.params.contains(&Param::Comparable) {
            let kinds: &[Kind] = [
                &[Kind::Int, Kind::Number][..],
                &[Kind::Text],
                &[Kind::Date],
                &[Kind::Timestamp],
                &[Kind::Bool],
            ][self.below(5)];
            (0..count)
                .map(|_| {
                    let kind = kinds[self.below(kinds.len())];
                    let sql = self.of(kind);
                    if kind == Kind::Text { sql.theirs_as("({} COLLATE \"C\")") } else { sql }
                })
                .collect()
        } else {
            (0..count).map(|at| self.argument(signature, at)).collect()
        };
        let list = vec!["{}"; count].join(", ");
        match signature.name {
            "+" | "-" if count == 1 => Sql::of(&format!("({} {{}})", signature.name), &operands),
            "+" | "-" | "*" | "/" | "%" | "||" | "~" | "~*" => {
                let sql = Sql::of(&format!("({{}} {} {{}})", signature.name), &operands);
                if signature.gives_interval { seconds(sql) } else { sql }
            }
            "like" | "ilike" => {
                let escape = if count == 3 { " ESCAPE {}" } else { "" };
                Sql::of(
                    &format!("({{}} {} {{}}{escape})", signature.name.to_uppercase()),
                    &operands,
                )
            }
            "extract" => {
                let sql = Sql::of("extract({} FROM {})", &operands);
                let ours = format!("round(({})::decimal, 6)", sql.ours);
                Sql::pair(ours, format!("round(({})::decimal, 6)", sql.theirs))
            }
            "timezone" => {
                Sql::of("({} AT TIME ZONE {})", &[operands[1].clone(), operands[0].clone()])
            }
            "position" => Sql::of("position({} IN {})", &operands),
            "regexp_match" => {
                let inner = vec!["{}"; count - 1].join(", ");
                Sql::of(&format!("(regexp_match({inner}))[{{}}]"), &operands)
            }
            "age" => seconds(Sql::of("age({}, {})", &operands)),
            // PostgreSQL takes a date for a point in time here, and has no such thing for whole numbers.
            "date_trunc" => {
                let second = operands[1].clone();
                let second = if signature.params[1] == Param::Timestamp {
                    second.theirs_as("({})::timestamp")
                } else {
                    second
                };
                Sql::of("date_trunc({}, {})", &[operands[0].clone(), second])
            }
            "to_timestamp" => {
                Sql::of("to_timestamp({}, {})", &operands).theirs_as("({})::timestamp")
            }
            name => Sql::of(&format!("{name}({list})"), &operands),
        }
    }
}

/// An interval as its parts: how it is written as text is not compared.
fn seconds(sql: Sql) -> Sql {
    let parts = |text: &str| {
        format!(
            "round(extract(year FROM {text})::decimal * 12 + extract(month FROM {text})::decimal, 0)::text || '/' || \
             round(extract(day FROM {text})::decimal, 0)::text || '/' || round(extract(epoch FROM {text})::decimal, 6)::text"
        )
    };
    Sql::pair(parts(&sql.ours), parts(&sql.theirs))
}
