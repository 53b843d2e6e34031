//! Expressions that nobody would write: soups of octets and of words, valid expressions with words taken out, put in or
//! exchanged, and everything in sizes that no mapping needs. None makes the compiler or a record panic, take long or
//! take much memory.

use std::time::{Duration, Instant};

use acequia::mapping::expr::{Arena, compile, signatures};

use super::{
    generate::{self, Generator},
    number,
    rows::{Columns, Row},
    seed,
};

/// Longer than this nothing may take: some hundred times what the slowest takes on a slow machine.
const MOST_TIME: Duration = Duration::from_secs(10);
/// Octets that compiling one expression may hold at once.
const MOST_TO_COMPILE: u64 = 64 << 20;
/// Octets that one record may hold at once: the texts that it may make, which grow by doubling, and what a search needs.
const MOST_TO_EVALUATE: u64 = 96 << 20;
/// The longest text of a result.
const MOST_TEXT: usize = 1 << 20;

const WORDS: &[&str] = &[
    "t0",
    "i0",
    "k0",
    "n0",
    "f0",
    "b0",
    "d0",
    "s0",
    "z0",
    "h0",
    "q9",
    "LIST.a",
    "\"t0\"",
    "'abc'",
    "''",
    "'",
    "\"",
    "(",
    ")",
    "((",
    "))",
    "[",
    "]",
    "[1]",
    ",",
    ";",
    ".",
    "::",
    ":",
    "=",
    "==",
    "<>",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "|",
    "~",
    "~*",
    "!~",
    "^",
    "&",
    "#",
    "@",
    "?",
    "$1",
    "$$",
    "$a$",
    "E'\\n'",
    "U&'\\0041'",
    "B'1'",
    "X'ff'",
    "/*",
    "*/",
    "--",
    "\n",
    "\0",
    "é",
    "😀",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "SIMILAR TO",
    "ESCAPE",
    "IS",
    "NULL",
    "TRUE",
    "FALSE",
    "UNKNOWN",
    "DISTINCT FROM",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST(",
    "AS",
    "text",
    "int",
    "decimal(38,10)",
    "decimal(99,99)",
    "float",
    "bool",
    "date",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "DATE '2021-02-30'",
    "TIME '25:00'",
    "TIMESTAMP",
    "INTERVAL '1 month'",
    "INTERVAL '9999999999 years'",
    "AT TIME ZONE",
    "'Europe/Madrid'",
    "extract(",
    "year",
    "FROM",
    "FOR",
    "substring(",
    "position(",
    "trim(",
    "BOTH",
    "LEADING",
    "overlay(",
    "regexp_match(",
    "regexp_replace(",
    "repeat(",
    "lpad(",
    "to_date(",
    "'YYYY-MM-DD'",
    "round(",
    "coalesce(",
    "greatest(",
    "nullif(",
    "concat(",
    "concat_ws(",
    "split_part(",
    "translate(",
    "replace(",
    "age(",
    "date_trunc(",
    "make_date(",
    "count(",
    "sum(",
    "string_agg(",
    "ANY(",
    "ALL(",
    "SOME(",
    "SELECT",
    "EXISTS",
    "ARRAY[",
    "ROW(",
    "OVER (",
    "FILTER (",
    "COLLATE",
    "\"C\"",
    "1",
    "0",
    "-1",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "1e308",
    "1e999999999",
    "0.1",
    ".5",
    "5.",
    "99999999999999999999999999999999999999",
    "999999999999999999999999999999999999999",
    "0x1F",
    "1_000",
    "'%%%%%%%%%%%%%%%%a'",
    "'(a+)+$'",
    "'(a{1000}){1000}'",
    "'[[:alpha:]]{500}'",
    "'\\p{L}{9999}'",
    "'(?i)a|b|'",
    "'\\'",
    "'%_\\'",
];

#[test]
fn no_expression_panics_takes_long_or_takes_much() {
    let seed = seed();
    let time = Duration::from_secs(number("ACEQUIA_FUZZ_SECONDS").unwrap_or(8));
    let signatures = signatures();
    let shapes = generate::shapes(&signatures);
    let mut fuzzer = Fuzzer {
        random: fastrand::Rng::with_seed(seed),
        generator: Generator::new(seed, &signatures),
    };
    let (begin, mut asked, mut compiled, mut slowest) =
        (Instant::now(), 0u64, 0u64, Slowest::default());
    while begin.elapsed() < time {
        let source = match fuzzer.random.u8(..10) {
            0 => fuzzer.octets(),
            1 | 2 => fuzzer.words(),
            3 | 4 => fuzzer.large(),
            _ => {
                let shape = &shapes[fuzzer.random.usize(..shapes.len())];
                let valid = fuzzer.generator.case(shape).sql.ours;
                fuzzer.mutated(&valid)
            }
        };
        asked += 1;
        compiled += u64::from(fuzzer.check(&source, &mut slowest));
    }
    println!(
        "{asked} expressions, {compiled} of them compiled and evaluated; the slowest to compile took {:?}: {}; \
         the slowest to evaluate took {:?}: {}",
        slowest.compile.0, slowest.compile.1, slowest.evaluate.0, slowest.evaluate.1
    );
    assert!(compiled > 100, "only {compiled} of {asked} expressions were some");
}

#[derive(Default)]
struct Slowest {
    compile: (Duration, String),
    evaluate: (Duration, String),
}

struct Fuzzer {
    random: fastrand::Rng,
    generator: Generator,
}

impl Fuzzer {
    /// Whether it is an expression at all; fails if it is one too costly.
    fn check(&mut self, source: &str, slowest: &mut Slowest) -> bool {
        let (mut result, begin) = (None, Instant::now());
        let used = allocation_counter::measure(|| result = Some(compile(source, &Columns)));
        told(&mut slowest.compile, begin, source);
        assert!(used.bytes_max < MOST_TO_COMPILE, "{} octets to compile {source}", used.bytes_max);
        let expr = match result.expect("measured") {
            Ok(expr) => expr,
            Err(errors) => {
                assert!(!errors.is_empty(), "refused without a reason: {source}");
                for error in errors {
                    assert!(source.get(error.span).is_some(), "no place in {source}");
                }
                return false;
            }
        };
        for _ in 0..2 {
            let row = Row::random(&mut self.random);
            let (values, begin) = (row.values(), Instant::now());
            let used = allocation_counter::measure(|| {
                let arena = Arena::default();
                if let Ok(value) = expr.eval(&values, &arena) {
                    let length = value.as_text().map_or(0, str::len);
                    assert!(length <= MOST_TEXT, "{length} octets out of {source}");
                }
            });
            told(&mut slowest.evaluate, begin, source);
            assert!(used.bytes_max < MOST_TO_EVALUATE, "{} octets for {source}", used.bytes_max);
        }
        true
    }

    fn word(&mut self) -> String {
        let word = WORDS[self.random.usize(..WORDS.len())];
        match self.random.u8(..30) {
            0 => "x".repeat(self.random.usize(..6000)),
            1 => self.random.u64(..).to_string().repeat(self.random.usize(1..20)),
            _ => word.to_owned(),
        }
    }

    fn octets(&mut self) -> String {
        let most = [8, 80, 800, 8000][self.random.usize(..4)];
        let octets: Vec<u8> = (0..self.random.usize(..most)).map(|_| self.random.u8(..)).collect();
        String::from_utf8_lossy(&octets).into_owned()
    }

    fn words(&mut self) -> String {
        let most = [4, 12, 40, 400][self.random.usize(..4)];
        let separator = ["", " "][usize::from(self.random.u8(..4) > 0)];
        let words: Vec<String> = (0..self.random.usize(1..most)).map(|_| self.word()).collect();
        words.join(separator)
    }

    /// A valid expression with some of its words taken out, put in or exchanged.
    fn mutated(&mut self, valid: &str) -> String {
        let mut words = split(valid);
        for _ in 0..self.random.usize(..4) {
            let at = self.random.usize(..words.len().max(1));
            match self.random.u8(..4) {
                0 if at < words.len() => drop(words.remove(at)),
                1 if at < words.len() => {
                    let other = self.random.usize(..words.len());
                    words.swap(at, other);
                }
                2 if at < words.len() => words[at] = self.word(),
                _ => {
                    let word = self.word();
                    words.insert(at.min(words.len()), word);
                }
            }
        }
        words.concat()
    }

    /// Something of a size that it should not have.
    fn large(&mut self) -> String {
        let count = [1, 10, 60, 65, 300, 1000, 3000][self.random.usize(..7)];
        let huge =
            ["1000000", "1048576", "2147483648", "9223372036854775807"][self.random.usize(..4)];
        let text = format!(
            "repeat('{}', {huge})",
            ["a", "ab", "é", "aaaaaaaaaaaaaaab"][self.random.usize(..4)]
        );
        let fits = format!("repeat('{}', 500000)", ["a", "b", "xy"][self.random.usize(..3)]);
        let pattern: String = (0..self.random.usize(..30))
            .map(|_| {
                [
                    "YYYY", "MM", "DD", "HH24", "MI", "SS", "MS", "Mon", "TH", "FM", "-", "\"x\"",
                    "Q", "J", "YY",
                ][self.random.usize(..15)]
            })
            .collect();
        match self.random.u8(..17) {
            0 => format!("{}1{}", "(".repeat(count), ")".repeat(count)),
            1 => format!("{}b0", "NOT ".repeat(count)),
            2 => format!("{}i0", "- ".repeat(count)),
            3 => format!("i0{}", "::text::int".repeat(count)),
            4 => vec!["b0"; count].join([" AND ", " OR ", " = "][self.random.usize(..3)]),
            5 => vec!["t0"; count].join(" || "),
            6 => format!("{}t0{}", "CASE WHEN b0 THEN ".repeat(count), " END".repeat(count)),
            7 => format!("{}t0{}", "upper(".repeat(count), ")".repeat(count)),
            8 => format!("concat({})", vec!["t0"; count].join(", ")),
            9 => format!("i0 IN ({})", vec!["1"; count].join(", ")),
            10 => text,
            11 => format!("lpad(t0, {huge}, {fits})"),
            12 => format!("length(translate({fits}, {fits} || t1, {fits} || t0))"),
            13 => format!("btrim({fits} || t1, {fits} || t0)"),
            14 => format!("{fits} || t0 LIKE '{}b'", "%a".repeat(count.min(300))),
            15 => format!("replace({fits} || t0, 'a', {fits})"),
            _ => format!("to_timestamp(t0, '{pattern}')"),
        }
    }
}

fn told(slowest: &mut (Duration, String), begin: Instant, source: &str) {
    let took = begin.elapsed();
    assert!(took < MOST_TIME, "{took:?} for {source}");
    if took > slowest.0 {
        *slowest = (took, source.chars().take(120).collect());
    }
}

/// Words, numbers and blanks as they stand together, other characters alone.
fn split(source: &str) -> Vec<String> {
    let class = |char: char| match char {
        char if char.is_alphanumeric() || char == '_' => 0,
        char if char.is_whitespace() => 1,
        _ => 2,
    };
    let mut words: Vec<String> = Vec::new();
    for char in source.chars() {
        match words.last_mut() {
            Some(word)
                if class(char) < 2 && word.chars().next().map(class) == Some(class(char)) =>
            {
                word.push(char);
            }
            _ => words.push(char.to_string()),
        }
    }
    words
}
