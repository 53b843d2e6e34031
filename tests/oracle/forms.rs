//! Syntax that is no function, casts, and functions over lists.

use super::{
    generate::Generator,
    sql::{Kind, Sql},
};

/// A piece of syntax, what it gives, and how it is made.
pub struct Form {
    pub name: &'static str,
    pub kind: Option<Kind>,
    pub build: fn(&mut Generator) -> Sql,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn form(name: &'static str, kind: Kind, build: fn(&mut Generator) -> Sql) -> Form {
    Form { name, kind: Some(kind), build }
}

pub const FORMS: &[Form] = &[
    form("- int", Kind::Int, |g| Sql::of("(- {})", &[g.of(Kind::Int)])),
    form("- decimal", Kind::Number, |g| Sql::of("(- {})", &[g.of(Kind::Number)])),
    form("- float", Kind::Float, |g| Sql::of("(- {})", &[g.of(Kind::Float)])),
    form("- interval", Kind::Interval, |g| Sql::of("(- {})", &[g.of(Kind::Interval)])),
    form("= <> < <= > >= numbers", Kind::Bool, |g| {
        g.comparison(&[Kind::Int, Kind::Number, Kind::Float])
    }),
    form("= <> < <= > >= texts", Kind::Bool, |g| g.comparison(&[Kind::Text])),
    form("= <> < <= > >= dates", Kind::Bool, |g| g.comparison(&[Kind::Date, Kind::Timestamp])),
    form("= <> < <= > >= points in time", Kind::Bool, |g| g.comparison(&[Kind::Instant])),
    form("= <> < <= > >= times", Kind::Bool, |g| g.comparison(&[Kind::Time])),
    form("= <> < <= > >= conditions", Kind::Bool, |g| g.comparison(&[Kind::Bool])),
    form("= <> < <= > >= intervals", Kind::Bool, |g| g.comparison(&[Kind::Interval])),
    form("AND", Kind::Bool, |g| {
        let template = ["({} AND {})", "(NOT {} AND {})"][g.below(2)];
        Sql::of(template, &[g.of(Kind::Bool), g.of(Kind::Bool)])
    }),
    form("OR", Kind::Bool, |g| {
        let template = ["({} OR {})", "({} OR NOT {})"][g.below(2)];
        Sql::of(template, &[g.of(Kind::Bool), g.of(Kind::Bool)])
    }),
    form("NOT", Kind::Bool, |g| Sql::of("(NOT {})", &[g.of(Kind::Bool)])),
    form("IS TRUE FALSE UNKNOWN", Kind::Bool, |g| {
        let words = ["TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"];
        Sql::of(&format!("({{}} IS {})", words[g.below(6)]), &[g.of(Kind::Bool)])
    }),
    form("IS DISTINCT FROM", Kind::Bool, |g| {
        let template = ["({} IS DISTINCT FROM {})", "({} IS NOT DISTINCT FROM {})"][g.below(2)];
        Sql::of(template, &[g.of(Kind::Number), g.of(Kind::Int)])
    }),
    Form {
        name: "IS NULL",
        kind: Some(Kind::Bool),
        build: |g| {
            let kind = Kind::ALL[g.below(Kind::ALL.len())];
            Sql::of(["({} IS NULL)", "({} IS NOT NULL)"][g.below(2)], &[g.of(kind)])
        },
    },
    form("IN", Kind::Bool, |g| {
        let template = [
            "({} IN ({}, {}, NULL))",
            "({} NOT IN ({}, {}))",
            "({} IN ({}, {}, 'abc', '12', '', 'a', 'x', 'y', 'z'))",
        ][if g.wrong.is_some() { 1 } else { g.below(3) }];
        Sql::of(template, &[g.of(Kind::Text), g.of(Kind::Text), g.of(Kind::Text)])
    }),
    form("BETWEEN", Kind::Bool, |g| {
        let template = ["({} BETWEEN {} AND {})", "({} NOT BETWEEN {} AND {})"][g.below(2)];
        Sql::of(template, &[g.of(Kind::Int), g.of(Kind::Number), g.of(Kind::Int)])
    }),
    form("CASE", Kind::Text, |g| {
        let (p, a, q) = (g.of(Kind::Bool), g.of(Kind::Text), g.of(Kind::Bool));
        let (b, c) = (g.of(Kind::Text), g.of(Kind::Text));
        Sql::of("CASE WHEN {} THEN {} WHEN {} THEN {} ELSE {} END", &[p, a, q, b, c])
    }),
    form("CASE of a value", Kind::Number, |g| {
        let (of, when, then) = (g.of(Kind::Small), g.of(Kind::Small), g.of(Kind::Number));
        let other = g.of(Kind::Number);
        Sql::of("CASE {} WHEN {} THEN {} WHEN 1 THEN {} END", &[of, when, then, other])
    }),
    form("COALESCE", Kind::Number, |g| {
        Sql::of("coalesce({}, {}, {})", &[g.of(Kind::Int), g.of(Kind::Number), g.of(Kind::Int)])
    }),
    form("ILIKE, NOT LIKE", Kind::Bool, |g| {
        let template =
            ["({} ILIKE {})", "({} NOT LIKE {})", "({} NOT ILIKE {} ESCAPE '!')"][g.below(3)];
        let (text, pattern) = (g.of(Kind::Text), g.like_pattern());
        Sql::of(template, &[text, pattern])
    }),
    form("!~", Kind::Bool, |g| {
        let (text, pattern) = (g.of(Kind::Text), g.regex());
        Sql::of(["({} !~ {})", "({} !~* {})"][g.below(2)], &[text, pattern])
    }),
    form("text::int", Kind::Int, |g| g.cast_text("bigint")),
    form("text::decimal(10,2)", Kind::Number, |g| g.cast_text("decimal(10,2)")),
    form("text::decimal", Kind::Number, |g| g.cast_text("decimal")),
    form("text::float", Kind::Float, |g| g.cast_text("float8")),
    form("text::bool", Kind::Bool, |g| g.cast_text("bool")),
    form("text::date", Kind::Date, |g| g.cast_text("date")),
    form("text::time", Kind::Time, |g| g.cast_text("time")),
    form("text::timestamp", Kind::Timestamp, |g| g.cast_text("timestamp")),
    form("text::timestamptz", Kind::Instant, |g| g.cast_text("timestamptz")),
    Form { name: "text::uuid", kind: None, build: |g| g.cast_text("uuid") },
    form("int::decimal(10,2)", Kind::Number, |g| {
        Sql::of("({})::decimal(10,2)", &[g.of(Kind::Int)])
    }),
    form("int::float", Kind::Float, |g| Sql::of("({})::float8", &[g.of(Kind::Int)])),
    form("int::bool", Kind::Bool, |g| Sql::of("({})::bool", &[g.of(Kind::Small)])),
    form("bool::int", Kind::Int, |g| Sql::of("({})::int", &[g.of(Kind::Bool)])),
    form("decimal::int", Kind::Int, |g| {
        let wide = ["({} * 10000000000000.0)", "({} * 1.5)"][g.below(2)];
        let product = Sql::of(wide, &[g.of(Kind::Number)]).named("*").kind(Kind::Number);
        Sql::of("({})::bigint", &[product])
    }),
    form("decimal::decimal(6,1)", Kind::Number, |g| {
        Sql::of("({})::decimal(6,1)", &[g.of(Kind::Number)])
    }),
    form("decimal::float", Kind::Float, |g| Sql::of("({})::float8", &[g.of(Kind::Number)])),
    form("float::int", Kind::Int, |g| Sql::of("({})::bigint", &[g.of(Kind::Float)])),
    form("float::decimal", Kind::Number, |g| Sql::of("({})::decimal", &[g.of(Kind::Float)])),
    form("float::decimal(10,2)", Kind::Number, |g| {
        Sql::of("({})::decimal(10,2)", &[g.of(Kind::Float)])
    }),
    form("date::timestamp", Kind::Timestamp, |g| Sql::of("({})::timestamp", &[g.of(Kind::Date)])),
    form("timestamp::date", Kind::Date, |g| Sql::of("({})::date", &[g.of(Kind::Timestamp)])),
    form("timestamp::time", Kind::Time, |g| Sql::of("({})::time", &[g.of(Kind::Timestamp)])),
    form("int::text", Kind::Text, |g| Sql::of("({})::text", &[g.of(Kind::Int)])),
    form("decimal::text", Kind::Text, |g| Sql::of("({})::text", &[g.of(Kind::Number)])),
    form("float::text", Kind::Text, |g| Sql::of("({})::text", &[g.of(Kind::Float)])),
    form("bool::text", Kind::Text, |g| Sql::of("({})::text", &[g.of(Kind::Bool)])),
    form("date::text", Kind::Text, |g| Sql::of("({})::text", &[g.of(Kind::Date)])),
    form("time::text", Kind::Text, |g| Sql::of("({})::text", &[g.of(Kind::Time)])),
    form("timestamp::text", Kind::Text, |g| Sql::of("({})::text", &[g.of(Kind::Timestamp)])),
    form("timestamptz::text", Kind::Text, |g| Sql::of("({})::text", &[g.of(Kind::Instant)])),
];

/// What is computed over the elements of a list. PostgreSQL has arrays.
pub const LISTS: &[Form] = &[
    form("count of elements", Kind::Int, |g| {
        if g.wrong.is_some() {
            let theirs = format!("(SELECT count(x.a, x.t) FROM {UNNEST})");
            return Sql::pair("count(LIST, LIST)", theirs);
        }
        Sql::pair("count(LIST)", format!("(SELECT count(*) FROM {UNNEST})"))
    }),
    form("count", Kind::Int, |g| {
        let kind = ELEMENTS[g.below(ELEMENTS.len())];
        g.over(&["count({})"], kind)
    }),
    form("sum int", Kind::Int, |g| g.over(&["sum({})"], Kind::Int).theirs_as("({})::bigint")),
    form("sum decimal", Kind::Number, |g| g.over(&["sum({})"], Kind::Number)),
    form("sum float", Kind::Float, |g| g.over(&["sum({})"], Kind::Float)),
    form("min max text", Kind::Text, |g| {
        let sql = g.over(EXTREMES, Kind::Text);
        if g.wrong.is_some() { sql } else { sql.theirs_as("({} COLLATE \"default\")") }
    }),
    form("min max int", Kind::Int, |g| g.over(EXTREMES, Kind::Int)),
    form("min max decimal", Kind::Number, |g| g.over(EXTREMES, Kind::Number)),
    form("min max float", Kind::Float, |g| g.over(EXTREMES, Kind::Float)),
    form("min max date", Kind::Date, |g| g.over(EXTREMES, Kind::Date)),
    form("string_agg", Kind::Text, |g| {
        g.over(&["string_agg({}, ', ')", "string_agg({}, '')", "string_agg({}, 'ñ')"], Kind::Text)
            .theirs_as("({} COLLATE \"default\")")
    }),
    form("bool_or", Kind::Bool, |g| g.over(&["bool_or({})"], Kind::Bool)),
    form("bool_and", Kind::Bool, |g| g.over(&["bool_and({})", "every({})"], Kind::Bool)),
    form("IN over elements", Kind::Bool, |g| {
        if g.wrong.is_some() {
            return g.over_texts(&["bool_or({} IN ({}))"]);
        }
        g.over_texts(&["bool_or({} IN ('a', {}, 'abc'))", "bool_and({} NOT IN ({}, '12', NULL))"])
    }),
    form("ANY", Kind::Bool, |g| g.quantified("ANY")),
    form("ALL", Kind::Bool, |g| g.quantified("ALL")),
];

const EXTREMES: &[&str] = &["min({})", "max({})"];
const UNNEST: &str = "unnest(la, ln, lt, lb, ld, lf) AS x(a, n, t, b, d, f)";

/// The kinds of the columns of the list.
pub const ELEMENTS: &[Kind] =
    &[Kind::Text, Kind::Int, Kind::Number, Kind::Float, Kind::Bool, Kind::Date];

impl Generator {
    /// A function over something that every element has.
    fn over(&mut self, templates: &[&'static str], kind: Kind) -> Sql {
        let template = self.pick(templates);
        let argument = self.of_element(kind);
        Self::aggregate(template, &[Self::ordered(argument)])
    }

    fn over_texts(&mut self, templates: &[&'static str]) -> Sql {
        let template = self.pick(templates);
        let element = self.of_element(Kind::Text);
        let other = self.of_element(Kind::Text);
        Self::aggregate(template, &[element, other])
    }

    fn aggregate(template: &str, operands: &[Sql]) -> Sql {
        let sql = Sql::of(template, operands).theirs_as(&format!("(SELECT {{}} FROM {UNNEST})"));
        // Alone they mean nothing: there are elements only inside.
        Sql { operands: Vec::new(), ..sql }
    }

    /// A column of the list, or something of it that cannot fail.
    fn of_element(&mut self, kind: Kind) -> Sql {
        let depth = self.without_depth();
        self.inside = true;
        let sql = loop {
            let sql = if self.wrong.is_none() && self.random.bool() {
                self.column(kind).kind(kind)
            } else {
                self.of(kind)
            };
            if sql.ours.contains("LIST.") || self.wrong.is_some() {
                break sql;
            }
        };
        self.inside = false;
        self.restore_depth(depth);
        sql
    }

    fn quantified(&mut self, word: &str) -> Sql {
        let kind = ELEMENTS[self.below(ELEMENTS.len())];
        let operators: &[&'static str] =
            if kind == Kind::Text { &["=", "<>"] } else { &["=", "<>", "<", "<=", ">", ">="] };
        let operator = operators[self.below(operators.len())];
        // What is asked of every element cannot itself be over a list.
        let lists = std::mem::take(&mut self.lists);
        let of = self.of(kind);
        self.lists = lists;
        self.inside = true;
        let element = self.column(kind);
        self.inside = false;
        let array = format!("l{}", element.ours.trim_start_matches("LIST."));
        let list = Sql::pair(element.ours, array);
        Sql::of(&format!("({{}} {operator} {word}({{}}))"), &[of, list])
    }

    /// Texts that often are what they are cast to.
    fn cast_text(&mut self, target: &str) -> Sql {
        let good: &[&'static str] = match target {
            "bigint" => &["' 42 '", "'+7'", "'-0'", "i0::text", "(k0::text || '0')"],
            "decimal" | "decimal(10,2)" | "float8" => {
                &["n0::text", "' 1.005 '", "'1e3'", "'-.5'", "'5.'", "(n2::text || '5')"]
            }
            "bool" => &["'T'", "'ye'", "' on '", "'of'", "'0'", "b0::text"],
            "date" => &["d0::text", "'2020-02-29'", "' 1999-12-31 '"],
            "time" => &["h0::text", "'12:34:56'", "'00:00:00'"],
            "timestamp" => &["s0::text", "'2020-02-29 12:34:56'", "'1999-12-31 00:00:00'"],
            "timestamptz" => &["z0::text", "'2020-02-29 12:34:56+01:00'", "(s0::text || '+00')"],
            _ => &[
                "'0f8fad5b-d9cb-469f-a165-70867728950e'",
                "'0F8FAD5B-D9CB-469F-A165-70867728950E'",
                "('00000000-0000-0000-0000-' || lpad(k1::text, 12, '0'))",
            ],
        };
        let text = if self.wrong.is_none() && self.random.u8(..10) < 7 {
            Sql::both(self.pick(good)).kind(Kind::Text)
        } else {
            self.of(Kind::Text)
        };
        let ours = match target {
            "bigint" => "int",
            "float8" => "float",
            other => other,
        };
        let theirs = format!("({})::{target}", text.theirs);
        Sql { theirs, ..Sql::of(&format!("({{}})::{ours}"), &[text]) }
    }
}
