//! The columns that generated expressions speak of, and values for them on both sides.

use std::fmt;

use acequia::mapping::{
    expr::{Scope, Slot},
    value::{Decimal, TICKS_PER_DAY, Type, Value, days_of},
};

/// Their names, for PostgreSQL's alias.
pub const COLUMNS: &str =
    "t0, t1, t2, i0, i1, k0, k1, n0, n1, n2, f0, f1, b0, b1, d0, d1, s0, s1, z0, z1, h0, h1";

/// The columns of the list `LIST`; PostgreSQL has an array of each, called `l` and its name.
pub const INNER: &[(&str, Type, &str)] = &[
    ("a", Type::Int, "bigint"),
    ("n", Type::Decimal { precision: 12, scale: 2 }, "numeric(12,2)"),
    ("t", Type::Text, "text"),
    ("b", Type::Bool, "bool"),
    ("d", Type::Date, "date"),
    ("f", Type::Float, "float8"),
];

pub const KINDS: &[(&str, Type, &str)] = &[
    ("t0", Type::Text, "text"),
    ("t1", Type::Text, "text"),
    ("t2", Type::Text, "text"),
    ("i0", Type::Int, "bigint"),
    ("i1", Type::Int, "bigint"),
    // Small whole numbers: lengths, positions, days.
    ("k0", Type::Int, "bigint"),
    ("k1", Type::Int, "bigint"),
    ("n0", Type::Decimal { precision: 12, scale: 2 }, "numeric(12,2)"),
    ("n1", Type::Decimal { precision: 12, scale: 2 }, "numeric(12,2)"),
    ("n2", Type::Decimal { precision: 18, scale: 6 }, "numeric(18,6)"),
    ("f0", Type::Float, "float8"),
    ("f1", Type::Float, "float8"),
    ("b0", Type::Bool, "bool"),
    ("b1", Type::Bool, "bool"),
    ("d0", Type::Date, "date"),
    ("d1", Type::Date, "date"),
    ("s0", Type::Timestamp, "timestamp"),
    ("s1", Type::Timestamp, "timestamp"),
    ("z0", Type::Instant, "timestamptz"),
    ("z1", Type::Instant, "timestamptz"),
    ("h0", Type::Time, "time"),
    ("h1", Type::Time, "time"),
];

/// The scope of those columns.
pub struct Columns;

impl Scope for Columns {
    fn lookup(&self, name: &str) -> Option<(Slot, Type, bool)> {
        let slot = KINDS.iter().position(|(column, ..)| *column == name)?;
        Some((slot as Slot, KINDS[slot].1.clone(), true))
    }

    fn names(&self) -> Vec<&str> {
        KINDS.iter().map(|(name, ..)| *name).collect()
    }
}

/// One value, owned.
#[derive(Debug, Clone)]
enum Held {
    Null,
    Text(String),
    Int(i64),
    Decimal(Decimal),
    Float(f64),
    Bool(bool),
    Date(i32),
    Timestamp(i64),
    Instant(i64),
    Time(i64),
}

/// A record: its columns, and the elements of its list, which may be missing.
#[derive(Debug, Clone)]
pub struct Row {
    held: Vec<Held>,
    list: Option<Vec<Vec<Held>>>,
}

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "abc",
    "ABC",
    "abcabc",
    "  padded  ",
    "María José",
    "ÁRBOL ñandú",
    "straße",
    "O Brien",
    "x_y%z",
    "a,b,,c",
    "12",
    "-7",
    " 42 ",
    "007",
    "3.14",
    "-0.5",
    "1e3",
    "9223372036854775808",
    "true",
    "f",
    "yes",
    "off",
    "1",
    "2021-02-03",
    "2020-02-29",
    "2021-02-30",
    "03/02/2021",
    "31/12/1999",
    "20210203",
    "12:34:56",
    "2021-02-03 04:05:06",
    "😀 emoji",
    "line\nbreak",
    "tab\there",
    "back\\slash",
    "EXP-2021/045",
    "aaa",
    "xyx",
    "日本語",
    "the quick brown fox",
    "Europe/Madrid",
    "UTC",
    "%",
    "_",
    "0",
];

impl Row {
    /// Values that are often small, equal, at a limit or missing.
    pub fn random(random: &mut fastrand::Rng) -> Self {
        Self::with_nulls(random, true)
    }

    /// The same without nulls.
    pub fn full(random: &mut fastrand::Rng) -> Self {
        Self::with_nulls(random, false)
    }

    fn with_nulls(random: &mut fastrand::Rng, nulls: bool) -> Self {
        // In some records all numbers are at a limit: then functions of them fail.
        let limits = random.u8(..6) == 0;
        let value = |random: &mut fastrand::Rng, name: &str, kind: &Type| {
            let null = nulls && random.u8(..10) == 0;
            match kind {
                _ if null => Held::Null,
                Type::Text => Held::Text(text(random)),
                Type::Int if name.starts_with('k') => Held::Int(random.i64(-3..12)),
                Type::Int => Held::Int(int(random, limits)),
                Type::Decimal { scale, .. } => Held::Decimal(decimal(random, *scale)),
                Type::Float => Held::Float(float(random, limits)),
                Type::Bool => Held::Bool(random.bool()),
                Type::Date => Held::Date(date(random)),
                Type::Timestamp => Held::Timestamp(moment(random)),
                Type::Instant => Held::Instant(moment(random)),
                Type::Time => Held::Time(clock(random)),
                _ => Held::Null,
            }
        };
        let held = KINDS.iter().map(|(name, kind, _)| value(random, name, kind)).collect();
        let list = (!nulls || random.u8(..12) > 0).then(|| {
            (0..random.usize(..5))
                .map(|_| INNER.iter().map(|(name, kind, _)| value(random, name, kind)).collect())
                .collect()
        });
        Self { held, list }
    }

    /// For Acequia.
    pub fn values(&self) -> Vec<Value<'_>> {
        self.held.iter().map(Held::value).collect()
    }

    /// The elements of the list; none where it is missing.
    pub fn list(&self) -> Option<Vec<Vec<Value<'_>>>> {
        let elements = self.list.as_ref()?;
        Some(elements.iter().map(|element| element.iter().map(Held::value).collect()).collect())
    }

    /// For PostgreSQL.
    pub fn literals(&self) -> Vec<String> {
        let one = |((_, _, kind), value): (&(_, _, &str), Value<'_>)| {
            format!("{}::{kind}", literal(&value))
        };
        KINDS.iter().zip(self.values()).map(one).collect()
    }

    /// The arrays of the list for PostgreSQL.
    pub fn arrays(&self) -> Vec<String> {
        let list = self.list();
        let column = |(at, (_, _, kind)): (usize, &(_, _, &str))| match &list {
            None => format!("NULL::{kind}[]"),
            Some(elements) => {
                let values: Vec<String> =
                    elements.iter().map(|element| literal(&element[at])).collect();
                format!("ARRAY[{}]::{kind}[]", values.join(", "))
            }
        };
        INNER.iter().enumerate().map(column).collect()
    }
}

/// As the tail of a message.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.literals().join(", "), self.arrays().join(", "))
    }
}

impl Held {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::Text(text),
            Self::Int(int) => Value::Int(*int),
            Self::Decimal(decimal) => Value::Decimal(*decimal),
            Self::Float(float) => Value::Float(*float),
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Date(days) => Value::Date(*days),
            Self::Timestamp(ticks) => Value::Timestamp(*ticks),
            Self::Instant(ticks) => Value::Instant(*ticks),
            Self::Time(ticks) => Value::Time(*ticks),
        }
    }
}

fn literal(value: &Value<'_>) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Text(text) => quoted(text),
        value => {
            let mut out = Vec::new();
            value.write_text(&mut out);
            format!("'{}'", String::from_utf8(out).expect("UTF-8"))
        }
    }
}

/// A text as SQL writes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn text(random: &mut fastrand::Rng) -> String {
    match random.u8(..4) {
        0 => (0..random.usize(..9))
            .map(|_| {
                ['a', 'b', 'c', 'x', 'y', 'z', ' ', 'A', 'B', '0', '1', ',', '.', '-', 'ñ', 'é']
                    [random.usize(..16)]
            })
            .collect(),
        _ => TEXTS[random.usize(..TEXTS.len())].to_owned(),
    }
}

fn int(random: &mut fastrand::Rng, limits: bool) -> i64 {
    match random.u8(..10) {
        _ if limits => [i64::MAX, i64::MIN, i64::MIN, 0, -1][random.usize(..5)],
        0..=3 => random.i64(-5..6),
        4..=6 => random.i64(-1_000_000..1_000_000),
        7 | 8 => random.i64(..),
        _ => random.i64(-4_000_000_000..4_000_000_000),
    }
}

fn decimal(random: &mut fastrand::Rng, scale: u8) -> Decimal {
    let mantissa = match random.u8(..6) {
        0 => i128::from(random.i64(-3..4)) * 10i128.pow(u32::from(scale)),
        1..=3 => i128::from(random.i64(-100_000..100_000)),
        4 => [0, 5, -5, 50, -50, 100, 999_999_999_999][random.usize(..7)],
        _ => i128::from(random.i64(-999_999_999_999..1_000_000_000_000)),
    };
    Decimal::new(mantissa, scale).expect("at most twelve digits")
}

fn float(random: &mut fastrand::Rng, limits: bool) -> f64 {
    match random.u8(..8) {
        _ if limits => [0.0, 1e300, f64::MAX, f64::MIN, f64::MIN][random.usize(..5)],
        0 => [0.0, -0.0, 0.5, -0.5, 1.5, 2.5][random.usize(..6)],
        1 => [1e300, -1e300, 1e-300, 1e15, 123_456_789_012_345_680.0, f64::MAX, f64::MIN]
            [random.usize(..7)],
        2..=4 => f64::from(random.i32(-1000..1000)) / 8.0,
        _ => (random.f64() - 0.5) * 10f64.powi(random.i32(-6..18)),
    }
}

fn date(random: &mut fastrand::Rng) -> i32 {
    let day = |year, month, day| days_of(year, month, day).expect("a day that exists");
    match random.u8(..8) {
        0 => [
            day(2020, 2, 29),
            day(2021, 1, 31),
            day(2000, 12, 31),
            day(1, 1, 1),
            day(9999, 12, 31),
            day(1900, 3, 1),
        ][random.usize(..6)],
        1 => random.i32(day(1, 1, 1)..day(9999, 12, 31)),
        _ => random.i32(day(1950, 1, 1)..day(2030, 1, 1)),
    }
}

/// Whole microseconds: PostgreSQL has no more.
fn clock(random: &mut fastrand::Rng) -> i64 {
    match random.u8(..4) {
        0 => 0,
        1 => random.i64(0..86_400) * 10_000_000,
        _ => random.i64(0..86_400_000_000) * 10,
    }
}

fn moment(random: &mut fastrand::Rng) -> i64 {
    i64::from(date(random)) * TICKS_PER_DAY + clock(random)
}
