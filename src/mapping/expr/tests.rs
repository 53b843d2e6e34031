use proptest::prelude::*;

use super::*;
use crate::mapping::value::{Decimal, Octets, days_of};

/// The columns that tests speak of.
struct Columns(Vec<(&'static str, Type, bool)>);

impl Scope for Columns {
    fn lookup(&self, name: &str) -> Option<(Slot, Type, bool)> {
        let slot = self.0.iter().position(|(column, ..)| *column == name)?;
        let (_, kind, nullable) = &self.0[slot];
        Some((slot as Slot, kind.clone(), *nullable))
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, ..)| *name).collect()
    }
}

fn columns() -> Columns {
    Columns(vec![
        ("TIPO", Type::Text, true),
        ("BAJA", Type::Text, true),
        ("N", Type::Int, true),
        ("IMPORTE", Type::Decimal { precision: 12, scale: 2 }, true),
        ("FEC_ALTA", Type::Date, true),
        ("ACTIVO", Type::Bool, true),
        ("Nº EXP.", Type::Text, true),
        ("ID", Type::Int, false),
        ("PESO", Type::Float, true),
        ("HORA", Type::Timestamp, true),
        ("CUANDO", Type::Instant, true),
        ("año", Type::Int, true),
        ("CRUDO", Type::Bytes, true),
    ])
}

fn values() -> Vec<Value<'static>> {
    vec![
        Value::Text("X"),
        Value::Null,
        Value::Int(5),
        Value::Decimal(Decimal::parse("5.00").unwrap()),
        Value::Date(days_of(2021, 2, 3).unwrap()),
        Value::Bool(true),
        Value::Text("it's"),
        Value::Int(1),
        Value::Float(0.5),
        Value::Timestamp(i64::from(days_of(2021, 2, 3).unwrap()) * 864_000_000_000),
        Value::Instant(0),
        Value::Null,
        Value::Bytes(Octets::raw(b"x")),
    ]
}

fn compiled(source: &str) -> Expr {
    compile(source, &columns()).unwrap_or_else(|errors| panic!("{source}: {errors:?}"))
}

fn truth(source: &str) -> Option<bool> {
    let expr = compiled(source);
    assert_eq!(expr.kind(), &Type::Bool, "{source}");
    let (values, arena) = (values(), Arena::default());
    match expr.eval(&values, &arena).unwrap() {
        Value::Bool(value) => Some(value),
        Value::Null => None,
        other => panic!("{source}: {other:?}"),
    }
}

#[test]
fn conditions_mean_what_postgresql_means() {
    let (t, f, n) = (Some(true), Some(false), None);
    for (source, expected) in [
        ("TIPO = 'X'", t),
        ("TIPO <> 'X'", f),
        ("TIPO != 'x'", t),
        ("BAJA = 'S'", n),
        ("BAJA <> 'S'", n),
        ("BAJA = NULL", n),
        ("NULL = NULL", n),
        ("BAJA IS NULL", t),
        ("(BAJA = 'S') IS UNKNOWN", t),
        ("(BAJA = 'S') IS NOT UNKNOWN", f),
        ("(N = 5) IS UNKNOWN", f),
        ("TIPO IS NOT NULL", t),
        ("NULL IS NULL", t),
        ("BAJA IS DISTINCT FROM 'S'", t),
        ("BAJA IS NOT DISTINCT FROM NULL", t),
        ("TIPO IS NOT DISTINCT FROM 'X'", t),
        ("N IS DISTINCT FROM 5.0", f),
        ("\"Nº EXP.\" = 'it''s'", t),
        ("tipo = 'X' OR TIPO = 'X'", n),
        ("TIPO < 'a' AND TIPO > 'A'", t),
        ("TIPO < 'é'", t),
        ("N = 5 AND N = 5.00 AND N >= 5 AND N <= 5 AND N < 5.01 AND N > -5", t),
        ("IMPORTE = 5", t),
        ("IMPORTE > 4.999", t),
        ("N = IMPORTE", t),
        ("PESO = 0.5 AND PESO < 1 AND PESO = .5", t),
        ("FEC_ALTA = DATE '2021-02-03'", t),
        ("FEC_ALTA > DATE '2021-02-03'", f),
        ("FEC_ALTA = HORA", t),
        ("HORA < TIMESTAMP '2021-02-03 00:00:00.0000001'", t),
        ("CUANDO = TIMESTAMPTZ '1970-01-01 01:00:00+01:00'", t),
        ("CUANDO < TIMESTAMP WITH TIME ZONE '1970-01-01 00:00:01Z'", t),
        ("ACTIVO", t),
        ("NOT ACTIVO", f),
        ("ACTIVO = TRUE", t),
        ("ACTIVO AND TRUE AND NOT FALSE", t),
        ("(N = 5) = ACTIVO", t),
        ("(BAJA = 'S') IS NULL", t),
        ("N = 5 IS NULL", f),
        ("NOT N = 6", t),
        ("TIPO IN ('A', 'X')", t),
        ("TIPO IN ('A', 'B')", f),
        ("TIPO IN ('A', NULL)", n),
        ("TIPO IN ('X', NULL)", t),
        ("TIPO NOT IN ('A', NULL)", n),
        ("TIPO NOT IN ('X', NULL)", f),
        ("TIPO NOT IN ('A', 'B')", t),
        ("TIPO IN (NULL)", n),
        ("BAJA IN ('A')", n),
        ("BAJA NOT IN ('A')", n),
        ("N IN (ID, 5.0, BAJA IS NULL = TRUE = FALSE)", n),
        ("N IN (ID, 5.0)", t),
        ("N IN (ID, año)", n),
        ("N IN (ID, 6)", f),
        ("N NOT IN (ID, 6)", t),
        ("BAJA IN (TIPO, 'A')", n),
        ("N IN (9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 10.5)", t),
        ("N IN (19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 10.5)", f),
        ("N NOT IN (19, 18, 17, 16, 15, 14, 13, 12, 11, 10, NULL)", n),
        ("N BETWEEN 5 AND 6", t),
        ("N NOT BETWEEN 5 AND 6", f),
        ("N BETWEEN 6 AND 5", f),
        ("N BETWEEN año AND 4", f),
        ("N BETWEEN año AND 6", n),
        ("N NOT BETWEEN año AND 4", t),
        ("año BETWEEN 1 AND 2", n),
        ("N BETWEEN 1 AND 9 AND TIPO = 'X'", t),
        ("ACTIVO BETWEEN (N = 6) AND (N = 5)", t),
        ("N = 5 OR BAJA = 'S'", t),
        ("N = 6 OR BAJA = 'S'", n),
        ("BAJA = 'S' OR N = 5", t),
        ("N = 5 AND BAJA = 'S'", n),
        ("N = 6 AND BAJA = 'S'", f),
        ("BAJA = 'S' AND N = 6", f),
        ("N = 6 AND N = 5 OR N = 5", t),
        ("N = 6 AND (N = 5 OR N = 5)", f),
        ("CRUDO = CRUDO", t),
        ("- 5 < N AND +5 = N", t),
        ("-9223372036854775808 < N", t),
        ("99999999999999999999999999999999999999 > N", t),
        ("/* a comment */ N = 5 -- and another", t),
    ] {
        if source.contains("tipo") || source.contains("= TRUE = FALSE") {
            assert!(compile(source, &columns()).is_err(), "{source}");
        } else {
            assert_eq!(truth(source), expected, "{source}");
        }
    }
}

#[test]
fn and_or_not_have_three_truth_values() {
    let spelled = [(Some(true), "TRUE"), (Some(false), "FALSE"), (None, "NULL")];
    for (a, left) in spelled {
        assert_eq!(truth(&format!("NOT {left}")), a.map(|a| !a));
        for (b, right) in spelled {
            let and = match (a, b) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            assert_eq!(truth(&format!("{left} AND {right}")), and);
            // De Morgan, so that OR is checked against AND.
            let or = truth(&format!("NOT (NOT {left} AND NOT {right})"));
            assert_eq!(truth(&format!("{left} OR {right}")), or);
            let same = match (a, b) {
                (Some(a), Some(b)) => Some(a == b),
                _ => None,
            };
            assert_eq!(truth(&format!("{left} = {right}")), same);
            assert_eq!(truth(&format!("{left} IS NOT DISTINCT FROM {right}")), Some(a == b));
        }
    }
}

#[test]
fn null_does_not_pass_a_test() {
    for (source, passes) in
        [("BAJA = 'S'", false), ("N = 5", true), ("N = 6", false), ("NULL", false)]
    {
        let expr = condition(source, &columns()).unwrap();
        assert_eq!(expr.test(&values(), &Arena::default()), Ok(passes), "{source}");
        assert_eq!(expr.kind(), &Type::Bool);
    }
}

#[test]
fn an_expression_knows_type_nullability_and_slots() {
    for (source, kind, nullable, slots) in [
        ("N = 5 OR TIPO IN (BAJA, TIPO)", Type::Bool, true, vec![0, 1, 2]),
        ("ID = 5 AND ID BETWEEN 1 AND 3", Type::Bool, false, vec![7]),
        ("BAJA IS NULL", Type::Bool, false, vec![1]),
        ("ID IN (1, NULL)", Type::Bool, true, vec![7]),
        ("TIPO", Type::Text, true, vec![0]),
        ("'x'", Type::Text, false, vec![]),
        ("NULL", Type::Text, true, vec![]),
        ("12.50", Type::Decimal { precision: 4, scale: 2 }, false, vec![]),
    ] {
        let expr = compiled(source);
        assert_eq!((expr.kind(), expr.nullable()), (&kind, nullable), "{source}");
        assert_eq!(expr.slots().collect::<Vec<_>>(), slots, "{source}");
    }
    let arena = Arena::default();
    assert_eq!(compiled("'it''s'").eval(&[], &arena), Ok(Value::Text("it's")));
    assert_eq!(compiled("TIPO").eval(&values(), &arena), Ok(Value::Text("X")));
    assert_eq!(compiled("TIPO").eval(&[], &arena), Ok(Value::Null));
}

/// Compiles `source` as a condition; carets in the second line mark where each error must be.
fn refused(source: &str, marks: &str, code: &str, says: &str) {
    let errors =
        condition(source, &columns()).err().unwrap_or_else(|| panic!("accepted: {source}"));
    for error in &errors {
        assert!(CODES.iter().any(|doc| doc.code == error.code), "{error:?}");
        assert!(source.get(error.span.clone()).is_some(), "{error:?}");
    }
    let error = &errors[0];
    assert_eq!(error.code, code, "{source}: {errors:?}");
    let said = format!("{} {}", error.message, error.help.as_deref().unwrap_or_default());
    assert!(said.contains(says), "{source}: {said}");
    let column = |byte: usize| source[..byte].chars().count();
    let width = column(error.span.end) - column(error.span.start);
    let shown = format!("{}{}", " ".repeat(column(error.span.start)), "^".repeat(width));
    assert_eq!(shown, marks, "{source}\n{shown}");
}

#[test]
fn mistakes_are_shown_at_their_place_with_a_remedy() {
    const UNKNOWN: &str = "mapping.expr.unknown_name";
    const TYPE: &str = "mapping.expr.type";
    const ARGUMENTS: &str = "mapping.expr.arguments";
    const FUNCTION: &str = "mapping.expr.unknown_function";
    const LATER: &str = "mapping.expr.unsupported";
    const SYNTAX: &str = "mapping.expr.syntax";
    const LITERAL: &str = "mapping.expr.literal";
    for (source, marks, code, says) in [
        ("TIPO = 'X' AND BAYA = 'S'", "               ^^^^", UNKNOWN, "did you mean `BAJA`?"),
        ("tipo = 'X'", "^^^^", UNKNOWN, "matched exactly: write `TIPO`"),
        ("TIPO = \"X\"", "       ^^^", UNKNOWN, "single quotes: 'X'"),
        ("año = 1 AND ñandú = 2", "            ^^^^^", UNKNOWN, "`ñandú`"),
        ("FEC_ALTA > '2021-01-01'", "^^^^^^^^^^^^^^^^^^^^^^^", TYPE, "write DATE '2021-01-01'"),
        ("FEC_ALTA > 'hoy'", "^^^^^^^^^^^^^^^^", TYPE, "write DATE '2021-01-31'"),
        ("N = '5'", "^^^^^^^", TYPE, "write 5 without quotes"),
        ("TIPO = 5", "^^^^^^^^", TYPE, "write '5'"),
        ("TIPO = N", "^^^^^^^^", TYPE, "declare `TIPO` in `from` as `int`"),
        ("ACTIVO = 'S'", "^^^^^^^^^^^^", TYPE, "TRUE or FALSE"),
        ("HORA < CUANDO", "^^^^^^^^^^^^^", TYPE, "give `HORA` its `zone`"),
        ("N IN (1, 'a')", "^^^^^^^^^^^^", TYPE, "without quotes"),
        ("N BETWEEN 1 AND 'b'", "^^^^^^^^^^^^^^^^^^^", TYPE, "without quotes"),
        ("TIPO AND N = 5", "^^^^", TYPE, "AND needs conditions"),
        ("N IS UNKNOWN", "^", TYPE, "compare it with something"),
        ("TIPO IS NOT UNKNOWN", "^^^^", TYPE, "compare it with something"),
        ("substring(TIPO) = 'X'", "          ^^^^", ARGUMENTS, "substring(text, int)"),
        ("NOT N", "    ^", TYPE, "NOT needs conditions"),
        ("TIPO", "^^^^", "mapping.expr.not_boolean", "TIPO = 'S'"),
        ("N", "^", "mapping.expr.not_boolean", "N = 1"),
        ("FEC_ALTA", "^^^^^^^^", "mapping.expr.not_boolean", "IS NOT NULL"),
        ("N + '1' = 6", "^^^^^^^", ARGUMENTS, "does not go with `int` and `text`"),
        ("TIPO || N = 'XX'", "^^^^^^^^^", ARGUMENTS, "write `N::text`"),
        ("uper(TIPO) = 'X'", "^^^^", FUNCTION, "did you mean `upper`?"),
        ("nvl(TIPO, 'X') = 'X'", "^^^", FUNCTION, "coalesce"),
        ("now() > CUANDO", "^^^", FUNCTION, "no clock"),
        ("upper(N) = 'X'", "^^^^^^^^", ARGUMENTS, "there is upper(text)"),
        (
            "extract(fortnight FROM FEC_ALTA) = 1",
            "                       ^^^^^^^^",
            "mapping.expr.argument",
            "part",
        ),
        ("TIPO ~ BAJA", "^^^^^^^^^^^", ARGUMENTS, "text in single quotes"),
        ("TIPO ~ '(['", "       ^^^^", "mapping.expr.argument", "no regular expression"),
        (
            "HORA AT TIME ZONE 'Europe/Madird' > CUANDO",
            "                  ^^^^^^^^^^^^^^^",
            "mapping.expr.argument",
            "Europe/Madrid",
        ),
        ("CUANDO::date = FEC_ALTA", "^^^^^^", TYPE, "AT TIME ZONE"),
        ("N::money > 1", "^", LATER, "there is no type `money`"),
        (
            "CASE WHEN N = 1 THEN 'a' ELSE 2 END = 'a'",
            "                              ^",
            TYPE,
            "CASE gives `text` before",
        ),
        ("coalesce(TIPO, 5) = 'X'", "               ^", TYPE, "cast one"),
        ("N = 1 / 0", "    ^^^^^", "mapping.expr.always_fails", "divide by zero"),
        ("count(*) = 1", "^^^^^", LATER, "plain arguments"),
        ("a.N = 5", "^^^", UNKNOWN, "`a.N`"),
        ("N IN (SELECT 1)", "^^^^^^^^^^^^^^", LATER, "subquery"),
        ("TIPO = E'x'", "       ^^^^", LATER, "literals"),
        ("TIPO = $1", "       ^^", LATER, "literals"),
        ("FEC_ALTA = current_date", "           ^^^^^^^^^^^^", LATER, "`current_date`"),
        ("FEC_ALTA = DATE '2021-02-30'", "                ^^^^^^^^^^^^", LITERAL, "is no date"),
        ("N = 1e5", "    ^^^", LITERAL, "digits and a point"),
        (
            "N = 999999999999999999999999999999999999999",
            "    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
            LITERAL,
            "38",
        ),
        ("TIPO = ", "       ", SYNTAX, "found the end"),
        ("", "", SYNTAX, "found the end"),
        ("TIPO = 'X' 5", "           ^", SYNTAX, "found `5`"),
        ("TIPO = 'X", "       ^^", SYNTAX, "unterminated"),
        ("(TIPO = 'X'", "           ", SYNTAX, "found the end"),
        ("TIPO == 'X'", "     ^^", SYNTAX, "found `==` write `=`"),
        ("1 < N < 5", "^^^^^^^^^", SYNTAX, "do not chain"),
        ("N = 5;", "     ^", SYNTAX, "`;`"),
    ] {
        refused(source, marks, code, says);
    }
}

#[test]
fn all_mistakes_are_reported_in_the_order_of_the_text() {
    let source =
        "BAYA = 1 OR N = 'x' OR uper(TIPO) = 'X' OR FEC_ALTA = DATE '2021-13-01'\n OR\nTIPPO = 'Z'";
    let errors = condition(source, &columns()).unwrap_err();
    let codes: Vec<&str> = errors.iter().map(|error| error.code).collect();
    assert_eq!(
        codes,
        [
            "mapping.expr.unknown_name",
            "mapping.expr.type",
            "mapping.expr.unknown_function",
            "mapping.expr.literal",
            "mapping.expr.unknown_name",
        ]
    );
    assert_eq!(&source[errors[4].span.clone()], "TIPPO");
}

#[test]
fn bad_input_67_hostile_expressions_are_refused_quickly_and_never_overflow_the_stack() {
    let deep = |open: &str, core: &str, close: &str, levels: usize| {
        format!("{}{core}{}", open.repeat(levels), close.repeat(levels))
    };
    let fill = |unit: &str| unit.repeat(MAX_LENGTH / unit.chars().count() - 4);
    assert!(condition(&deep("(", "N = 1", ")", 60), &columns()).is_ok());
    for (source, code) in [
        (deep("(", "N = 1", ")", 65), "mapping.expr.too_deep"),
        (deep("(", "N = 1", ")", 1500), "mapping.expr.too_deep"),
        (deep("NOT ", "ACTIVO", "", 1000), "mapping.expr.too_deep"),
        (deep("", "N", " IS NULL", 400), "mapping.expr.too_deep"),
        (deep("- ", "5", "", 1500), "mapping.expr.too_deep"),
        (format!("{}1", fill("1=")), "mapping.expr.syntax"),
        (format!("{}1", fill("1+")), "mapping.expr.too_deep"),
        (format!("{}'x'", fill("'x'||")), "mapping.expr.too_deep"),
        (fill("CASE 1 WHEN "), "mapping.expr.syntax"),
        (format!("N{}", fill("::int")), "mapping.expr.too_deep"),
        (format!("N = {}1", fill("a.")), "mapping.expr.syntax"),
        (fill("CASE WHEN "), "mapping.expr.syntax"),
        (fill("N IN ("), "mapping.expr.too_deep"),
        (fill("a("), "mapping.expr.too_deep"),
        (fill("a["), "mapping.expr.too_deep"),
        (format!("{}'", fill("'")), "mapping.expr.syntax"),
        (format!("N = {}", "1".repeat(MAX_LENGTH)), "mapping.expr.too_long"),
        ("\u{0}".to_owned(), "mapping.expr.syntax"),
    ] {
        let errors = condition(&source, &columns()).err();
        let errors = errors.unwrap_or_else(|| panic!("accepted: {}", &source[..20]));
        assert_eq!(errors[0].code, code, "{}: {errors:?}", &source[..source.len().min(20)]);
    }
    let chain = format!("{}N=1", fill("N=5 OR "));
    let expr = condition(&chain, &columns()).unwrap();
    assert_eq!(expr.test(&values(), &Arena::default()), Ok(true));
}

#[test]
fn however_many_texts_are_joined_few_wait_at_once() {
    let chain = |text: &str, count: usize| vec![text; count].join(" || ");
    let groups = vec![format!("({})", chain("TIPO", 16)); 17].join(" || ");
    let inside = |text: String| format!("upper({} || {text})", chain("TIPO", 15));
    let nested = (0..3).fold("TIPO".to_owned(), |text, _| inside(text));
    for (source, count, most) in [
        (chain("TIPO", 2), 2, 2),
        (chain("TIPO", 16), 16, 16),
        (chain("TIPO", 17), 17, 16),
        (groups, 272, 16),
        (nested, 46, 25),
    ] {
        let expr = compiled(&source);
        assert!(expr.program.stack <= most, "{} wait for {count} texts", expr.program.stack);
        let (values, arena) = (values(), Arena::default());
        assert_eq!(expr.eval(&values, &arena).unwrap().as_text(), Some(&*"X".repeat(count)));
        let missing = source.replacen("TIPO", "BAJA", 1);
        assert!(compiled(&missing).eval(&values, &arena).unwrap().is_null(), "{count} texts");
    }
}

/// A random condition: how it is written, and what it means by the plainest of means.
#[derive(Debug, Clone)]
enum Tree {
    Int(Option<i64>),
    Column(usize),
    Truth(Option<bool>),
    Flag(usize),
    Compare(&'static str, Box<Tree>, Box<Tree>),
    Distinct(bool, Box<Tree>, Box<Tree>),
    IsNull(bool, Box<Tree>),
    In(bool, Box<Tree>, Vec<Tree>),
    Between(bool, Box<Tree>, Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
}

fn names() -> Columns {
    Columns(vec![
        ("i0", Type::Int, true),
        ("i1", Type::Int, true),
        ("b0", Type::Bool, true),
        ("b1", Type::Bool, true),
    ])
}

impl Tree {
    fn sql(&self) -> String {
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        match self {
            Self::Int(None) | Self::Truth(None) => "NULL".to_owned(),
            Self::Int(Some(value)) => value.to_string(),
            Self::Truth(Some(value)) => value.to_string(),
            Self::Column(at) => format!("i{at}"),
            Self::Flag(at) => format!("b{at}"),
            Self::Compare(op, a, b) => format!("({} {op} {})", a.closed(), b.closed()),
            Self::Distinct(negated, a, b) => {
                format!("({} IS {}DISTINCT FROM {})", a.closed(), not(negated), b.closed())
            }
            Self::IsNull(negated, a) => format!("({} IS {}NULL)", a.closed(), not(negated)),
            Self::In(negated, a, list) => {
                let list: Vec<String> = list.iter().map(Self::closed).collect();
                format!("({} {}IN ({}))", a.closed(), not(negated), list.join(", "))
            }
            Self::Between(negated, a, low, high) => {
                format!(
                    "({} {}BETWEEN {} AND {})",
                    a.closed(),
                    not(negated),
                    low.closed(),
                    high.closed()
                )
            }
            Self::Not(a) => format!("(NOT {})", a.closed()),
            Self::And(a, b) => format!("{} AND {}", a.operand(), b.operand()),
            Self::Or(a, b) => format!("({} OR {})", a.closed(), b.closed()),
        }
    }

    /// Safe beside any operator.
    fn closed(&self) -> String {
        if let Self::And(..) = self { format!("({})", self.sql()) } else { self.sql() }
    }

    /// Safe beside `AND`, whose chains stay flat.
    fn operand(&self) -> String {
        if let Self::And(..) = self { self.sql() } else { format!("({})", self.sql()) }
    }

    /// Truth values as 0 and 1, so that one comparison serves all.
    fn meaning(&self, ints: [Option<i64>; 2], flags: [Option<bool>; 2]) -> Option<i64> {
        let of = |tree: &Tree| tree.meaning(ints, flags);
        let equal = |a: Option<i64>, b: Option<i64>| Some(a? == b?);
        let and = |a: Option<i64>, b: Option<i64>| match (a, b) {
            (Some(0), _) | (_, Some(0)) => Some(0),
            (Some(_), Some(_)) => Some(1),
            _ => None,
        };
        let not = |a: Option<i64>| a.map(|a| 1 - a);
        let flip = |negated: bool, a: Option<i64>| if negated { not(a) } else { a };
        match self {
            Self::Int(value) => *value,
            Self::Truth(value) => value.map(i64::from),
            Self::Column(at) => ints[*at],
            Self::Flag(at) => flags[*at].map(i64::from),
            Self::Compare(op, a, b) => {
                let (a, b) = (of(a)?, of(b)?);
                Some(i64::from(match *op {
                    "=" => a == b,
                    "<>" => a != b,
                    "<" => a < b,
                    "<=" => a <= b,
                    ">" => a > b,
                    _ => a >= b,
                }))
            }
            Self::Distinct(negated, a, b) => Some(i64::from((of(a) != of(b)) != *negated)),
            Self::IsNull(negated, a) => Some(i64::from(of(a).is_none() != *negated)),
            Self::In(negated, a, list) => {
                let value = of(a);
                let mut found = Some(0);
                for element in list {
                    let same = equal(value, of(element)).map(i64::from);
                    found = not(and(not(found), not(same)));
                }
                flip(*negated, found)
            }
            Self::Between(negated, a, low, high) => {
                let (value, low, high) = (of(a), of(low), of(high));
                let order = |a: Option<i64>, b: Option<i64>| Some(i64::from(a? >= b?));
                flip(*negated, and(order(value, low), order(high, value)))
            }
            Self::Not(a) => not(of(a)),
            Self::And(a, b) => and(of(a), of(b)),
            Self::Or(a, b) => not(and(not(of(a)), not(of(b)))),
        }
    }
}

fn number() -> impl Strategy<Value = Tree> {
    prop_oneof![
        proptest::option::weighted(0.8, -2i64..3).prop_map(Tree::Int),
        (0usize..2).prop_map(Tree::Column),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        any::<Option<bool>>().prop_map(Tree::Truth),
        (0usize..2).prop_map(Tree::Flag),
        (number(), number()).prop_map(|(a, b)| Tree::Compare("=", a.into(), b.into())),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let op = prop_oneof![Just("="), Just("<>"), Just("<"), Just("<="), Just(">"), Just(">=")];
        // Operands of one comparison are all numbers or all conditions.
        let some = |inner: BoxedStrategy<Tree>| {
            prop_oneof![
                proptest::collection::vec(number(), 3..14),
                proptest::collection::vec(inner, 3..6)
            ]
        };
        let pair = (inner.clone(), inner.clone());
        let several = some(inner.clone().boxed());
        prop_oneof![
            (op, several.clone()).prop_map(|(op, mut of)| {
                Tree::Compare(op, of.remove(0).into(), of.remove(0).into())
            }),
            (any::<bool>(), several.clone()).prop_map(|(negated, mut of)| {
                Tree::Distinct(negated, of.remove(0).into(), of.remove(0).into())
            }),
            (any::<bool>(), several.clone())
                .prop_map(|(negated, mut of)| Tree::IsNull(negated, of.remove(0).into())),
            (any::<bool>(), several.clone()).prop_map(|(negated, mut of)| Tree::In(
                negated,
                of.remove(0).into(),
                of
            )),
            (any::<bool>(), several).prop_map(|(negated, mut of)| {
                let value = of.remove(0).into();
                Tree::Between(negated, value, of.remove(0).into(), of.remove(0).into())
            }),
            inner.prop_map(|a| Tree::Not(a.into())),
            pair.clone().prop_map(|(a, b)| Tree::And(a.into(), b.into())),
            pair.prop_map(|(a, b)| Tree::Or(a.into(), b.into())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn random_conditions_mean_what_a_naive_evaluator_says(
        tree in tree(),
        ints in any::<[Option<i8>; 2]>(),
        flags in any::<[Option<bool>; 2]>(),
    ) {
        let ints = ints.map(|int| int.map(|int| i64::from(int) % 3));
        let source = tree.sql();
        prop_assume!(source.len() <= MAX_LENGTH);
        let expr = condition(&source, &names()).map_err(|errors| TestCaseError::fail(format!("{source}: {errors:?}")))?;
        let slots = [
            ints[0].map_or(Value::Null, Value::Int),
            ints[1].map_or(Value::Null, Value::Int),
            flags[0].map_or(Value::Null, Value::Bool),
            flags[1].map_or(Value::Null, Value::Bool),
        ];
        let expected = tree.meaning(ints, flags).map_or(Value::Null, |truth| Value::Bool(truth == 1));
        let arena = Arena::default();
        prop_assert_eq!(expr.eval(&slots, &arena), Ok(expected), "{}", source);
        prop_assert!(expr.nullable() || expected != Value::Null);
    }

    #[test]
    fn no_text_makes_compiling_panic(source in "(TIPO|N|IN|NOT|AND|BETWEEN|IS|NULL|'|\"|\\(|\\)|=|<|,|DATE|5|\\.|é| |\n|CASE|::|-|\\$\\$|.){0,24}") {
        if let Err(errors) = compile(&source, &columns()) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(source.get(error.span).is_some());
            }
        }
    }
}
