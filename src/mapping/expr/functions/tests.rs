//! What functions give, against answers of a PostgreSQL 15. The comparison with a running server covers far more; these
//! are the cases that one wants to read.

use crate::mapping::{
    expr::{Arena, Scope, Slot, codes, compile},
    value::Type,
};

struct Nothing;

impl Scope for Nothing {
    fn lookup(&self, _: &str) -> Option<(Slot, Type, bool)> {
        None
    }

    fn names(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// The text of the result; `NULL`, or the code of what is wrong.
fn shown(source: &str) -> String {
    let expr = match compile(source, &Nothing) {
        Ok(expr) => expr,
        Err(errors) => return format!("{}: {}", errors[0].code, errors[0].message),
    };
    let arena = Arena::default();
    match expr.eval(&[], &arena) {
        Ok(value) if value.is_null() => "NULL".to_owned(),
        Ok(value) => {
            let mut out = Vec::new();
            value.write_text(&mut out);
            String::from_utf8(out).unwrap()
        }
        Err(failure) => failure.code.to_owned(),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn functions_give_what_postgresql_gives() {
    for (source, expected) in [
        ("1 + 2 * 3", "7"),
        ("'' LIKE '%\\'", "false"),
        ("'abc' LIKE 'abc\\'", "false"),
        ("TIMESTAMPTZ '2021-01-31 23:59:59Z'::text::timestamptz::text", "2021-01-31 23:59:59+00"),
        ("'2021-01-31 23:59:59-01'::timestamptz::text", "2021-02-01 00:59:59+00"),
        ("translate(repeat('abc', 40), repeat('ba', 40), 'xy')", &"yxc".repeat(40)),
        ("btrim(repeat('ab', 40) || 'c' || repeat('ab', 40), repeat('ba', 40))", "c"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "-1"),
        ("7.0 / 2", "3.5000000000000000"),
        ("2 - -3", "5"),
        ("1.50 + 1", "2.50"),
        ("round(2.675, 2)", "2.68"),
        ("round(1234, -2)", "1200"),
        ("trunc(-1.567, 1)", "-1.5"),
        ("ceil(-1.5)", "-1"),
        ("floor(-1.5)", "-2"),
        ("sign(-0.5)", "-1"),
        ("abs(-5)", "5"),
        ("greatest(1, NULL, 2.5)", "2.5"),
        ("least('b', 'a')", "a"),
        ("nullif(1, 1)", "NULL"),
        ("nullif(1, NULL)", "1"),
        ("coalesce(NULL, NULL, 'x')", "x"),
        ("CASE WHEN FALSE THEN 1 WHEN NULL THEN 2 ELSE 3 END", "3"),
        ("CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", "two"),
        ("CASE 3 WHEN 1 THEN 'one' END", "NULL"),
        ("CASE 1 WHEN NULL THEN 'x' ELSE 'y' END", "y"),
        ("CASE WHEN TRUE THEN 1 ELSE 2.5 END / 2", "0.50000000000000000000"),
        ("'a' || 'b' || 'c'", "abc"),
        ("'a' || NULL", "NULL"),
        ("upper('straße ñ')", "STRASSE Ñ"),
        ("lower('ÀÉÎ')", "àéî"),
        ("initcap('hELLO wORLD')", "Hello World"),
        ("trim('  x ')", "x"),
        ("trim(BOTH 'xy' FROM 'yxTomxx')", "Tom"),
        ("trim(LEADING FROM '  x ')", "x "),
        ("rtrim('00100', '0')", "001"),
        ("lpad('7', 3, '0')", "007"),
        ("lpad('hello', 2)", "he"),
        ("rpad('hi', 5, 'xy')", "hixyx"),
        ("left('abcde', -2)", "abc"),
        ("right('abcde', 2)", "de"),
        ("right('abcde', -2)", "cde"),
        ("substring('Thomas' FROM 2 FOR 3)", "hom"),
        ("substring('abc' FROM -1 FOR 3)", "a"),
        ("substring('Thomas' FROM 3)", "omas"),
        ("substring('abc', 2)", "bc"),
        ("substring('foobar' FROM 'o(.)b')", "o"),
        ("position('om' IN 'Thomas')", "3"),
        ("split_part('a,b,c', ',', 2)", "b"),
        ("split_part('a,b,c', ',', -1)", "c"),
        ("replace('abcabc', 'b', 'XX')", "aXXcaXXc"),
        ("translate('12345', '143', 'ax')", "a2x5"),
        ("repeat('ab', 3)", "ababab"),
        ("reverse('ñab')", "bañ"),
        ("length('ñandú')", "5"),
        ("concat('a', NULL, 5)", "a5"),
        ("concat_ws('-', 'a', NULL, 'b')", "a-b"),
        ("regexp_replace('Thomas', '.[mN]a.', 'M')", "ThM"),
        ("regexp_replace('a1b2', '([0-9])', '<\\1>', 'g')", "a<1>b<2>"),
        ("(regexp_match('EXP-2021/045', '([0-9]+)/([0-9]+)'))[2]", "045"),
        ("(regexp_match('abc', 'x'))[1]", "NULL"),
        ("starts_with('alphabet', 'alph')", "true"),
        ("'abc' LIKE 'a%'", "true"),
        ("'a_c' LIKE 'a\\_c'", "true"),
        ("'abc' LIKE 'a\\_c'", "false"),
        ("'abc' NOT LIKE '_b_'", "false"),
        ("'10%' LIKE '10!%' ESCAPE '!'", "true"),
        ("'ABC' ILIKE 'a%c'", "true"),
        ("'abc' ~ '^a.c$'", "true"),
        ("'ABC' ~* 'b' AND 'abc' !~ 'x'", "true"),
        ("TRUE IS NOT FALSE", "true"),
        ("NULL IS TRUE", "false"),
        ("'12'::int + 1", "13"),
        ("CAST('1.005' AS decimal(10,2))", "1.01"),
        ("2.5::int", "3"),
        ("-2.5::int", "-3"),
        ("2.5::float::int", "2"),
        ("1.10::text", "1.10"),
        ("TRUE::text", "true"),
        ("'yes'::bool", "true"),
        ("1e1", "mapping.expr.literal: `1e1` is no plain number"),
        ("'1e3'::decimal(10,2)", "1000.00"),
        ("'1e20'::float::text", "1e+20"),
        ("(DATE '2021-02-03')::text", "2021-02-03"),
        ("(TIMESTAMP '2021-02-03 04:05:06.50')::text", "2021-02-03 04:05:06.5"),
        ("DATE '2021-01-31' + 1", "2021-02-01"),
        ("DATE '2021-03-01' - DATE '2021-02-01'", "28"),
        ("DATE '2021-01-31' + INTERVAL '1 month'", "2021-02-28T00:00:00"),
        ("TIMESTAMP '2021-01-01 00:00:00' - INTERVAL '1 second'", "2020-12-31T23:59:59"),
        ("extract(year FROM age(DATE '2021-02-03', DATE '1980-02-04'))", "40"),
        ("extract(dow FROM DATE '2021-02-07')", "0"),
        ("extract(isodow FROM DATE '2021-02-07')", "7"),
        ("extract(week FROM DATE '2021-01-03')", "53"),
        ("extract(isoyear FROM DATE '2021-01-03')", "2020"),
        ("extract(doy FROM DATE '2020-12-31')", "366"),
        ("extract(quarter FROM DATE '2020-12-31')", "4"),
        ("extract(century FROM DATE '2000-12-31')", "20"),
        ("date_trunc('month', TIMESTAMP '2021-02-03 04:05:06')", "2021-02-01T00:00:00"),
        ("date_trunc('week', DATE '2021-02-07')", "2021-02-01T00:00:00"),
        ("make_date(2020, 2, 29)", "2020-02-29"),
        ("to_date('03/02/2021', 'DD/MM/YYYY')", "2021-02-03"),
        ("TIMESTAMP '2021-07-01 12:00:00' AT TIME ZONE 'Europe/Madrid'", "2021-07-01T10:00:00Z"),
        ("TIMESTAMPTZ '2021-07-01 10:00:00Z' AT TIME ZONE 'Europe/Madrid'", "2021-07-01T12:00:00"),
        (
            "(TIMESTAMP '2021-10-31 02:30:00' AT TIME ZONE 'Europe/Madrid')::text",
            "2021-10-31 01:30:00+00",
        ),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn what_has_no_result_says_which_class_it_is_of() {
    for (source, class) in [
        ("1 / 0", "division_by_zero"),
        ("1.0 % 0", "division_by_zero"),
        ("1::float / 0", "division_by_zero"),
        ("9223372036854775807 + 1", "out_of_range"),
        ("-9223372036854775808 / -1", "out_of_range"),
        ("abs(-9223372036854775808)", "out_of_range"),
        ("99999999999999999999.5 * 99999999999999999999.5", "out_of_range"),
        ("1000::decimal(4,2)", "out_of_range"),
        ("'x'::int", "cast"),
        ("'2021-02-30'::date", "cast"),
        ("make_date(2021, 2, 29)", "out_of_range"),
        ("DATE '9999-12-31' + 1", "out_of_range"),
        ("substring('abc' FROM 1 FOR -1)", "argument"),
        ("split_part('a', ',', 0)", "argument"),
        ("'ab' LIKE 'a\\'", "argument"),
        ("repeat('0123456789', 200000)", "too_large"),
    ] {
        let error = compile(source, &Nothing).unwrap_err().swap_remove(0);
        assert_eq!(error.code, "mapping.expr.always_fails", "{source}");
        let code = format!("map.expr.{class}");
        assert!(error.message.contains(codes::title(&code)), "{source}: {error:?}");
        let help = format!("`acequia explain {code}` says more");
        assert_eq!(error.help, Some(help), "{source}");
    }
}

#[test]
fn nothing_is_allocated_for_a_record_once_the_arena_has_grown() {
    use crate::mapping::value::{Decimal, Value};

    struct Two;
    impl Scope for Two {
        fn lookup(&self, name: &str) -> Option<(Slot, Type, bool)> {
            match name {
                "t" => Some((0, Type::Text, true)),
                "n" => Some((1, Type::Decimal { precision: 12, scale: 2 }, true)),
                _ => None,
            }
        }
        fn names(&self) -> Vec<&str> {
            vec!["t", "n"]
        }
    }
    let source = "CASE WHEN n > 100 AND t LIKE '%ez' THEN initcap(trim(t)) || ' ' || round(n * 1.21, 2)::text \
                  ELSE upper(substring(t FROM 2 FOR 3)) END";
    let expr = compile(source, &Two).unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut arena = Arena::default();
    let slots = [
        Value::Text(" PEREZ LOPEZ de la fuentez"),
        Value::Decimal(Decimal::parse("1250.50").unwrap()),
    ];
    for _ in 0..3 {
        assert_eq!(expr.eval(&slots, &arena), Ok(Value::Text("Perez Lopez De La Fuentez 1513.11")));
        arena.reset();
    }
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            assert!(expr.eval(&slots, &arena).is_ok());
            arena.reset();
        }
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
}
