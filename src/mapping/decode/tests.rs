use std::sync::Arc;

use acequia_api::{BatchLimits, Column, Place, RowMeta, Schema, Unit};
use proptest::prelude::*;

use super::*;
use crate::mapping::value::TICKS_PER_DAY;

mod bad_inputs;
mod legacy;

/// A specification of a type, changed as a test needs it.
fn spec(kind: &str, change: impl FnOnce(&mut DecodeSpec)) -> DecodeSpec {
    let mut spec = DecodeSpec::of(Type::parse(kind).unwrap());
    change(&mut spec);
    spec
}

fn plain(kind: &str) -> Decoder {
    decoder(kind, |_| {})
}

fn decoder(kind: &str, change: impl FnOnce(&mut DecodeSpec)) -> Decoder {
    let spec = spec(kind, change);
    compile(&spec).unwrap_or_else(|error| panic!("{spec:?}: {error:?}"))
}

fn formatted(kind: &str, format: &str) -> Decoder {
    decoder(kind, |spec| spec.format = Some(format.to_owned()))
}

/// What comes out as text; `null`, or the code in angle brackets.
fn outcome(result: Result<Value<'_>, DecodeError>) -> String {
    match result {
        Ok(Value::Null) => "null".to_owned(),
        Ok(value) => {
            let mut out = Vec::new();
            value.write_text(&mut out);
            String::from_utf8(out).unwrap()
        }
        Err(error) => {
            assert!(CODES.iter().any(|doc| doc.code == error.code), "{error:?}");
            format!("<{}>", error.code)
        }
    }
}

/// Checks a table of inputs and outcomes; `!` stands for the refusal with the code of the type.
fn table(decoder: &Decoder, rows: &[(&str, &str)]) {
    let refused = format!("<{}>", decoder.code);
    for (input, expected) in rows {
        let expected = if *expected == "!" { &refused } else { *expected };
        assert_eq!(outcome(decoder.decode(input)), expected, "{input:?} as {}", decoder.expected);
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn text_is_borrowed_and_trimmed_only_where_asked() {
    let input = " \u{a0}x\t".to_owned();
    for (trim, expected) in [
        (Trim::None, " \u{a0}x\t"),
        (Trim::Left, "x\t"),
        (Trim::Right, " \u{a0}x"),
        (Trim::Both, "x"),
    ] {
        let decoder = decoder("text", |spec| spec.trim = trim);
        let Ok(Value::Text(text)) = decoder.decode(&input) else { panic!("text") };
        assert_eq!(text, expected);
        assert!(input.as_bytes().as_ptr_range().contains(&text.as_ptr()));
    }
}

#[test]
fn bad_input_24_null_is_what_is_declared_and_nothing_else() {
    let strict = plain("text");
    table(&strict, &[("", ""), ("NULL", "NULL"), ("-", "-")]);
    let declared = decoder("text", |spec| {
        spec.trim = Trim::Both;
        spec.null_if = words(&["", "-"]);
    });
    table(
        &declared,
        &[("", "null"), ("  ", "null"), (" - ", "null"), ("--", "--"), ("null", "null")],
    );
    assert_eq!(declared.decode("null").unwrap(), Value::Text("null"));
    table(&plain("int"), &[("", "!"), (" ", "!"), ("null", "!")]);
}

#[test]
fn bad_input_20_whole_numbers_are_digits_within_64_bits() {
    table(
        &plain("int"),
        &[
            ("0", "0"),
            ("007", "7"),
            ("+5", "5"),
            ("-5", "-5"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9223372036854775808", "!"),
            ("-9223372036854775809", "!"),
            ("99999999999999999999999999999999999999999999", "!"),
            ("-0", "!"),
            ("1E5", "!"),
            ("1e5", "!"),
            ("NaN", "!"),
            ("Infinity", "!"),
            ("1.0", "!"),
            ("1,000", "!"),
            (" 1", "!"),
            ("1 ", "!"),
            ("--1", "!"),
            ("+", "!"),
            ("0x1F", "!"),
            ("١", "!"),
            ("−1", "!"),
        ],
    );
}

#[test]
fn groups_stand_in_the_right_places_or_nowhere() {
    let points = decoder("int", |spec| spec.group = Some('.'));
    table(
        &points,
        &[
            ("1.234", "1234"),
            ("1.234.567", "1234567"),
            ("-12.345", "-12345"),
            ("1234", "1234"),
            ("12", "12"),
            ("1.23", "!"),
            ("1234.567", "!"),
            ("1..234", "!"),
            (".123", "!"),
            ("1.234.", "!"),
            ("1.234567", "!"),
            ("12.34.567", "!"),
        ],
    );
    let narrow = decoder("int", |spec| spec.group = Some('\u{202f}'));
    table(&narrow, &[("1\u{202f}234", "1234"), ("1 234", "!"), ("1\u{a0}234", "!")]);
}

#[test]
fn bad_input_13_decimals_with_comma_and_groups_are_exact() {
    let spanish = decoder("decimal(12,2)", |spec| {
        spec.decimal = Some(',');
        spec.group = Some('.');
    });
    table(
        &spanish,
        &[
            ("1.250,50", "1250.50"),
            ("1250,5", "1250.50"),
            ("1.234", "1234.00"),
            ("-3,07", "-3.07"),
            (",5", "0.50"),
            ("0", "0.00"),
            ("9.999.999.999,99", "9999999999.99"),
            ("10.000.000.000,00", "!"),
            ("1,234", "!"),
            ("1,500", "!"),
            ("1.250.50", "!"),
            ("1,250.50", "!"),
            ("1,2,3", "!"),
            ("5,", "!"),
            (",", "!"),
            ("", "!"),
            ("-", "!"),
            ("-0,00", "!"),
            ("1E5", "!"),
            ("NaN", "!"),
            ("1,5.000", "!"),
        ],
    );
}

#[test]
fn the_longest_decimals_have_38_digits() {
    let nines = "9".repeat(38);
    let too_many = "9".repeat(39);
    table(&plain("decimal(38,0)"), &[(&nines, &nines), (&too_many, "!")]);
    let fraction = format!("0.{nines}");
    table(&plain("decimal(38,38)"), &[(&fraction, &fraction), ("1", "!"), ("0.5x", "!")]);
    let zeros = format!("{}7", "0".repeat(80));
    table(&plain("decimal(5,2)"), &[(&zeros, "7.00"), ("999.99", "999.99"), ("1000", "!")]);
}

#[test]
fn signs_stand_where_they_are_declared() {
    let trailing = decoder("decimal(9,2)", |spec| spec.sign = Some(Sign::Trailing));
    table(
        &trailing,
        &[
            ("12.50-", "-12.50"),
            ("12.50+", "12.50"),
            ("12.50", "12.50"),
            ("-12.50", "!"),
            ("12-.50", "!"),
            ("-", "!"),
        ],
    );
    let zoned = decoder("decimal(9,2)", |spec| {
        spec.sign = Some(Sign::Overpunch);
        spec.implied_decimals = Some(2);
    });
    table(
        &zoned,
        &[
            ("0001234{", "123.40"),
            ("0001234}", "-123.40"),
            ("1A", "0.11"),
            ("1I", "0.19"),
            ("1J", "-0.11"),
            ("1R", "-0.19"),
            ("12", "0.12"),
            ("{", "0.00"),
            ("}", "!"),
            ("A1", "!"),
            ("1S", "!"),
            ("1a", "!"),
            ("-1A", "!"),
            ("", "!"),
        ],
    );
    let int = decoder("int", |spec| spec.sign = Some(Sign::Overpunch));
    table(
        &int,
        &[
            ("12L", "-123"),
            ("922337203685477580Q", "-9223372036854775808"),
            ("922337203685477580H", "!"),
        ],
    );
}

#[test]
fn implied_decimals_admit_no_written_point() {
    let cents = decoder("decimal(9,2)", |spec| spec.implied_decimals = Some(2));
    table(
        &cents,
        &[
            ("125050", "1250.50"),
            ("-5", "-0.05"),
            ("0", "0.00"),
            ("12.50", "!"),
            ("1234567890", "!"),
        ],
    );
    let tenths = decoder("decimal(9,2)", |spec| spec.implied_decimals = Some(1));
    table(&tenths, &[("15", "1.50")]);
}

#[test]
fn bad_input_20_floats_are_finite_and_the_only_numbers_with_exponents() {
    table(
        &plain("float"),
        &[
            ("1E5", "100000.0"),
            ("1.5e-3", "0.0015"),
            ("-2", "-2.0"),
            ("0.1", "0.1"),
            (".5e+1", "5.0"),
            ("1e-400", "!"),
            ("0e-400", "0.0"),
            ("2e-324", "!"),
            ("4.9e-324", "5e-324"),
            ("123456789012345678", "1.2345678901234568e17"),
            ("1e400", "!"),
            ("1e99999999999", "!"),
            ("-0", "!"),
            ("-0.0e3", "!"),
            ("-1e-400", "!"),
            ("NaN", "!"),
            ("nan", "!"),
            ("inf", "!"),
            ("-Infinity", "!"),
            ("1e", "!"),
            ("e5", "!"),
            ("1e5.5", "!"),
            ("1_000", "!"),
            ("0x1p3", "!"),
        ],
    );
    let comma = decoder("float", |spec| spec.decimal = Some(','));
    table(&comma, &[("1,5E2", "150.0"), ("1.5", "!")]);
}

#[test]
fn truth_is_what_is_declared() {
    table(
        &plain("bool"),
        &[("true", "true"), ("false", "false"), ("TRUE", "!"), ("1", "!"), ("", "!")],
    );
    let spanish = decoder("bool", |spec| {
        spec.true_if = words(&["S", "1"]);
        spec.false_if = words(&["N", "0"]);
        spec.null_if = words(&[""]);
    });
    table(&spanish, &[("S", "true"), ("0", "false"), ("", "null"), ("s", "!"), ("true", "!")]);
    let error = spanish.decode("quizá").unwrap_err();
    assert_eq!(error.shape, "expected `S` or `1` or `N` or `0`, found AAAAA");
}

#[test]
fn uuids_and_octets() {
    let canonical = "0f8fad5b-d9cb-469f-a165-70867728950e";
    table(
        &plain("uuid"),
        &[
            (canonical, canonical),
            ("0F8FAD5B-D9CB-469F-A165-70867728950E", canonical),
            ("{0f8fad5b-d9cb-469f-a165-70867728950e}", "!"),
            ("0f8fad5bd9cb469fa16570867728950e", "!"),
            ("0f8fad5b-d9cb-469f-a165-70867728950g", "!"),
        ],
    );
    table(
        &plain("bytes"),
        &[("ff00", "/wA="), ("FF00", "/wA="), ("", ""), ("f", "!"), ("/wA=", "!")],
    );
    table(&formatted("bytes", "base64"), &[("/wA=", "/wA="), ("/wA", "!"), ("ff 0", "!")]);
}

#[test]
fn bad_input_21_dates_match_their_format_to_the_character_and_exist() {
    table(
        &formatted("date", "DD/MM/YYYY"),
        &[
            ("03/02/2021", "2021-02-03"),
            ("29/02/2024", "2024-02-29"),
            ("31/12/9999", "9999-12-31"),
            ("01/01/0001", "0001-01-01"),
            ("31/02/2021", "!"),
            ("29/02/2023", "!"),
            ("00/00/0000", "!"),
            ("01/13/2021", "!"),
            ("01/01/0000", "!"),
            ("3/2/2021", "!"),
            ("03-02-2021", "!"),
            ("03/02/21", "!"),
            ("03/02/20211", "!"),
            (" 03/02/2021", "!"),
            ("03/02/2021 ", "!"),
            ("", "!"),
            ("٠٣/٠٢/٢٠٢١", "!"),
        ],
    );
    table(
        &formatted("date", "DD.MM.YYYY"),
        &[("29.02.2023", "!"), ("28.02.2023", "2023-02-28"), ("00.00.0000", "!")],
    );
    table(
        &formatted("date", "FMDD/FMMM/YYYY"),
        &[
            ("3/2/2021", "2021-02-03"),
            ("13/12/2021", "2021-12-13"),
            ("003/2/2021", "!"),
            ("/2/2021", "!"),
        ],
    );
    table(
        &formatted("date", "YYYYMMDD"),
        &[("20210203", "2021-02-03"), ("2021023", "!"), ("00000000", "!")],
    );
    table(
        &formatted("date", "YYYYDDD"),
        &[
            ("2024366", "2024-12-31"),
            ("2023366", "!"),
            ("2023060", "2023-03-01"),
            ("2024060", "2024-02-29"),
            ("2023000", "!"),
        ],
    );
    table(
        &formatted("date", "DD-MON-YYYY"),
        &[("03-FEB-2021", "2021-02-03"), ("03-feb-2021", "2021-02-03"), ("03-FEV-2021", "!")],
    );
    table(
        &formatted("date", "DD MONTH YYYY"),
        &[
            ("03 September 2021", "2021-09-03"),
            ("03 Sept 2021", "!"),
            ("03 May 2021", "2021-05-03"),
        ],
    );
    table(
        &formatted("date", "DD/MM/YYYY \"00:00:00\""),
        &[("03/02/2021 00:00:00", "2021-02-03"), ("03/02/2021 00:00:01", "!")],
    );
    table(&plain("date"), &[("2021-02-03", "2021-02-03"), ("2021-2-3", "!"), ("2021-02-30", "!")]);
}

#[test]
fn bad_input_21_two_digit_years_follow_the_pivot() {
    for (pivot, rows) in [
        (30, [("29", "2029"), ("30", "1930"), ("99", "1999"), ("00", "2000")]),
        (0, [("29", "1929"), ("30", "1930"), ("99", "1999"), ("00", "1900")]),
        (100, [("29", "2029"), ("30", "2030"), ("99", "2099"), ("00", "2000")]),
    ] {
        let decoder = decoder("date", |spec| {
            spec.format = Some("YYMMDD".to_owned());
            spec.pivot = Some(pivot);
        });
        for (short, long) in rows {
            let (input, expected) = (format!("{short}0203"), format!("{long}-02-03"));
            assert_eq!(outcome(decoder.decode(&input)), expected);
        }
    }
}

#[test]
fn times_of_day() {
    table(
        &plain("time"),
        &[
            ("00:00:00", "00:00:00"),
            ("23:59:59.9999999", "23:59:59.9999999"),
            ("12:00:00.5", "12:00:00.500"),
            ("24:00:00", "!"),
            ("12:60:00", "!"),
            ("23:59:60", "!"),
            ("12:00", "!"),
            ("12:00:00.", "!"),
            ("12:00:00.12345678", "!"),
        ],
    );
    table(
        &formatted("time", "HH12:MI AM"),
        &[
            ("12:00 AM", "00:00:00"),
            ("12:30 pm", "12:30:00"),
            ("01:05 PM", "13:05:00"),
            ("11:59 AM", "11:59:00"),
            ("13:00 PM", "!"),
            ("00:00 AM", "!"),
            ("01:00", "!"),
            ("01:00 XM", "!"),
        ],
    );
    table(&formatted("time", "FMHH12:MI A.M."), &[("1:05 p.m.", "13:05:00"), ("1:05 pm", "!")]);
    table(&formatted("time", "HH24MI"), &[("0905", "09:05:00"), ("905", "!")]);
    table(
        &formatted("time", "HH24:MI:SS.MS"),
        &[("09:05:01.007", "09:05:01.007"), ("09:05:01.07", "!")],
    );
    table(&formatted("time", "HH24:MI:SS,US"), &[("09:05:01,000007", "09:05:01.000007")]);
    table(&formatted("time", "HH24:MI:SS.FF2"), &[("09:05:01.07", "09:05:01.070")]);
}

#[test]
fn bad_input_23_local_and_absolute_times_are_kept_apart() {
    table(
        &plain("timestamp"),
        &[
            ("2021-02-03T04:05:06", "2021-02-03T04:05:06"),
            ("2021-02-03 04:05:06.1234567", "2021-02-03T04:05:06.1234567"),
            ("1931-04-14T00:00:00", "1931-04-14T00:00:00"),
            ("2021-02-03T04:05:06Z", "!"),
            ("2021-02-03T04:05:06+01:00", "!"),
            ("2021-02-03", "!"),
        ],
    );
    table(
        &plain("timestamptz"),
        &[
            ("2021-02-03T04:05:06Z", "2021-02-03T04:05:06Z"),
            ("2021-02-03T04:05:06.5+01:00", "2021-02-03T03:05:06.500Z"),
            ("2021-02-03 23:05:06-05:30", "2021-02-04T04:35:06Z"),
            ("2021-02-03T04:05:06", "!"),
            ("2021-02-03T04:05:06+0100", "!"),
            ("2021-02-03T04:05:06+16:00", "!"),
            ("0001-01-01T00:00:00+01:00", "!"),
            ("9999-12-31T23:59:59-01:00", "!"),
        ],
    );
    table(
        &formatted("timestamptz", "YYYYMMDDHH24MISSTZHTZM"),
        &[("20210203040506+0100", "2021-02-03T03:05:06Z"), ("20210203040506 0100", "!")],
    );
    table(
        &formatted("timestamptz", "DD/MM/YYYY HH24:MI TZH"),
        &[("03/02/2021 04:05 -03", "2021-02-03T07:05:00Z")],
    );
}

#[test]
fn bad_input_22_gaps_and_overlaps_of_a_zone_are_refused_unless_declared() {
    let madrid = |overlap, gap| {
        decoder("timestamp", |spec| {
            spec.zone = Some("Europe/Madrid".to_owned());
            spec.overlap = overlap;
            spec.gap = gap;
        })
    };
    let strict = madrid(None, None);
    assert_eq!(strict.kind(), &Type::Instant);
    table(
        &strict,
        &[
            ("2021-07-01T12:00:00", "2021-07-01T10:00:00Z"),
            ("2021-01-01T12:00:00.5", "2021-01-01T11:00:00.500Z"),
            ("2021-03-28T01:59:59", "2021-03-28T00:59:59Z"),
            ("2021-03-28T02:00:00", "<decode.time_gap>"),
            ("2021-03-28T02:59:59", "<decode.time_gap>"),
            ("2021-03-28T03:00:00", "2021-03-28T01:00:00Z"),
            ("2021-10-31T02:00:00", "<decode.time_overlap>"),
            ("2021-10-31T03:00:00", "2021-10-31T02:00:00Z"),
            ("1900-01-01T00:00:00", "1900-01-01T00:14:44Z"),
            ("2021-07-01T12:00:00Z", "!"),
            ("0001-01-01T00:00:00", "0001-01-01T00:14:44Z"),
        ],
    );
    let earlier = madrid(Some(Overlap::Earlier), Some(Gap::Forward));
    table(
        &earlier,
        &[
            ("2021-10-31T02:30:00", "2021-10-31T00:30:00Z"),
            ("2021-03-28T02:30:00", "2021-03-28T01:30:00Z"),
        ],
    );
    let later = madrid(Some(Overlap::Later), Some(Gap::Reject));
    table(
        &later,
        &[
            ("2021-10-31T02:30:00", "2021-10-31T01:30:00Z"),
            ("2021-03-28T02:30:00", "<decode.time_gap>"),
        ],
    );
}

#[test]
fn refusals_show_shapes_and_never_values() {
    for (decoder, input, shape) in [
        (formatted("date", "DD/MM/YYYY"), "2021-02-03", "expected DD/MM/YYYY, found 9999-99-99"),
        (
            formatted("date", "DD/MM/YYYY"),
            "31/02/2021",
            "expected DD/MM/YYYY, found 99/99/9999: there is no such day",
        ),
        (plain("int"), "12345678Z", "expected int as 9999, found 99999999A"),
        (
            plain("decimal(5,2)"),
            "1.234",
            "expected decimal(5,2) as 9999.99, found 9.999: too many digits after the point",
        ),
        (
            plain("decimal(5,2)"),
            "12345",
            "expected decimal(5,2) as 9999.99, found 99999: the number is too large",
        ),
        (plain("uuid"), "", "expected a uuid, found an empty text"),
    ] {
        assert_eq!(decoder.decode(input).unwrap_err().shape, shape);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn a_specification_without_meaning_is_refused_at_its_key() {
    let format = |kind: &str, text: &str| spec(kind, |spec| spec.format = Some(text.to_owned()));
    let zone = |kind: &str, text: &str| spec(kind, |spec| spec.zone = Some(text.to_owned()));
    let cases = [
        (format("text", "DD"), "format", "mapping.decode.option", "leave it out"),
        (format("bytes", "octal"), "format", "mapping.decode.format", "`hex` or `base64`"),
        (format("date", "dd/MM/yyyy"), "format", "mapping.decode.format", "in capitals: `DD`"),
        (format("date", "DD/MMM/YYYY"), "format", "mapping.decode.format", "elements are"),
        (format("date", "DD/MM/YYY"), "format", "mapping.decode.format", "elements are"),
        (format("date", "DD/MM/YYYYY"), "format", "mapping.decode.format", "elements are"),
        (format("date", "DD/MM"), "format", "mapping.decode.format", "year, month and day"),
        (format("date", "DD/MM/YYYY MM"), "format", "mapping.decode.format", "`MI` the minute"),
        (format("date", "DDD/MM/YYYY"), "format", "mapping.decode.format", "`DDD`"),
        (format("date", "DD/MM/YYYY HH24:MI"), "format", "mapping.decode.format", "quote what"),
        (format("date", "DD/MM/YY"), "format", "mapping.decode.century", "pivot: 30"),
        (format("date", "FMDDMMYYYY"), "format", "mapping.decode.format", "leave `FM` out"),
        (format("date", "FM"), "format", "mapping.decode.format", "elements are"),
        (format("date", ""), "format", "mapping.decode.format", "year, month and day"),
        (format("date", "\"DD"), "format", "mapping.decode.format", "close it"),
        (format("date", "FXDD/MM/YYYY"), "format", "mapping.decode.format", "leave `FX` out"),
        (format("timestamp", "YYYY-MM-DDTHH24:MI:SS"), "format", "mapping.decode.format", "\"T\""),
        (format("timestamp", "YYYY-MM-DD"), "format", "mapping.decode.format", "make it a `date`"),
        (format("timestamp", "YYYY-MM-DD HH:MI"), "format", "mapping.decode.format", "`HH24`, or"),
        (format("timestamp", "YYYY-MM-DD HH12:MI"), "format", "mapping.decode.format", "`HH24` if"),
        (format("timestamp", "YYYY-MM-DD HH24 SS"), "format", "mapping.decode.format", "add `MI`"),
        (
            format("timestamp", "YYYY-MM-DD HH24 TZH"),
            "format",
            "mapping.decode.format",
            "timestamptz",
        ),
        (
            format("timestamptz", "YYYY-MM-DD HH24:MI"),
            "zone",
            "mapping.decode.zone",
            "Europe/Madrid",
        ),
        (format("time", "DD HH24"), "format", "mapping.decode.format", "make it a `timestamp`"),
        (zone("date", "Europe/Madrid"), "zone", "mapping.decode.option", "leave it out"),
        (zone("timestamp", "Europe/Madird"), "zone", "mapping.decode.zone", "`Europe/Madrid`?"),
        (zone("timestamp", "+01:00"), "zone", "mapping.decode.zone", "IANA"),
        (
            spec("timestamptz", |spec| {
                spec.zone = Some("UTC".to_owned());
                spec.format = Some("YYYY-MM-DD HH24 TZH".to_owned());
            }),
            "zone",
            "mapping.decode.zone",
            "leave out",
        ),
        (
            spec("timestamp", |spec| spec.gap = Some(Gap::Forward)),
            "gap",
            "mapping.decode.option",
            "name the zone",
        ),
        (
            spec("date", |spec| spec.pivot = Some(30)),
            "century",
            "mapping.decode.option",
            "with `YY`",
        ),
        (
            spec("date", |spec| {
                spec.pivot = Some(30);
                spec.format = Some("YYYYMMDD".to_owned());
            }),
            "century",
            "mapping.decode.century",
            "write `YY`",
        ),
        (spec("int", |spec| spec.decimal = Some(',')), "decimal", "mapping.decode.option", "leave"),
        (
            spec("decimal(5,2)", |spec| spec.group = Some('.')),
            "group",
            "mapping.decode.number",
            "unless",
        ),
        (
            spec("decimal(5,2)", |spec| spec.decimal = Some('1')),
            "decimal",
            "mapping.decode.number",
            "punctuation",
        ),
        (
            spec("decimal(5,2)", |spec| spec.implied_decimals = Some(3)),
            "implied_decimals",
            "mapping.decode.number",
            "more digits",
        ),
        (
            spec("bool", |spec| spec.true_if = words(&["S"])),
            "true_if",
            "mapping.decode.words",
            "both",
        ),
        (
            spec("bool", |spec| {
                spec.true_if = words(&["S", "X"]);
                spec.false_if = words(&["N", "X"]);
            }),
            "false_if",
            "mapping.decode.words",
            "one meaning",
        ),
        (
            spec("text", |spec| {
                spec.trim = Trim::Both;
                spec.null_if = words(&["", " "]);
            }),
            "null_if",
            "mapping.decode.words",
            "without the blanks",
        ),
        (
            spec("text", |spec| spec.true_if = words(&["S"])),
            "true_if",
            "mapping.decode.option",
            "leave",
        ),
    ];
    for (spec, key, code, help) in cases {
        let error = compile(&spec).err().unwrap_or_else(|| panic!("accepted: {spec:?}"));
        assert_eq!((error.key, error.code), (key, code), "{spec:?}: {error:?}");
        assert!(error.help.contains(help), "{spec:?}: {error:?}");
        assert!(CODES.iter().any(|doc| doc.code == code));
    }
}

/// A batch of one row with one cell of a column of `kind`.
fn batch_of(kind: ColumnType, cell: Cell) -> RecordBatch {
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&Schema::new(vec![Column { name: "c".into(), kind, nullable: true }]));
    let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
    let mut row = batch.row();
    row.cell(cell);
    row.commit(RowMeta::ordinal(unit, 1, Place::default()));
    batch
}

#[test]
fn typed_cells_convert_where_nothing_is_lost() {
    let number = |mantissa, scale| Cell::Decimal { mantissa, scale };
    let money = ColumnType::Decimal { precision: 19, scale: 4 };
    let day = TICKS_PER_DAY;
    let cases = [
        ("int", ColumnType::Int, Cell::Int(5), "5"),
        ("int", ColumnType::Int, Cell::Null, "null"),
        ("int", money.clone(), number(50_000, 4), "5"),
        ("int", money.clone(), number(50_001, 4), "<decode.int>"),
        ("decimal(12,2)", money.clone(), number(125_000, 4), "12.50"),
        ("decimal(12,2)", money.clone(), number(125_010, 4), "<decode.decimal>"),
        ("decimal(3,2)", money.clone(), number(125_000, 4), "<decode.decimal>"),
        ("decimal(12,2)", ColumnType::Int, Cell::Int(-7), "-7.00"),
        ("decimal(12,2)", ColumnType::Float, Cell::Float(1.5), "<decode.type>"),
        ("float", ColumnType::Float, Cell::Float(1.5), "1.5"),
        ("float", ColumnType::Float, Cell::Float(f64::NAN), "<decode.float>"),
        ("float", ColumnType::Int, Cell::Int(1 << 53), "9007199254740992.0"),
        ("float", ColumnType::Int, Cell::Int((1 << 53) + 1), "<decode.float>"),
        ("bool", ColumnType::Bool, Cell::Bool(true), "true"),
        ("bool", ColumnType::Int, Cell::Int(1), "<decode.bool>"),
        ("text", ColumnType::Int, Cell::Int(1), "<decode.type>"),
        ("date", ColumnType::Date, Cell::Date(1), "1970-01-02"),
        ("date", ColumnType::Date, Cell::Date(i32::MAX), "<decode.date>"),
        ("date", ColumnType::Timestamp, Cell::Timestamp(-day), "1969-12-31"),
        ("date", ColumnType::Timestamp, Cell::Timestamp(1), "<decode.type>"),
        ("timestamp", ColumnType::Date, Cell::Date(1), "1970-01-02T00:00:00"),
        ("timestamp", ColumnType::Timestamp, Cell::Timestamp(i64::MAX), "<decode.timestamp>"),
        ("time", ColumnType::Time, Cell::Time(day), "<decode.time>"),
        ("time", ColumnType::Time, Cell::Time(0), "00:00:00"),
        ("timestamptz", ColumnType::Instant, Cell::Instant(0), "1970-01-01T00:00:00Z"),
        ("timestamptz", ColumnType::Timestamp, Cell::Timestamp(0), "<decode.type>"),
    ];
    for (kind, column, cell, expected) in cases {
        let batch = batch_of(column.clone(), cell);
        let decoder = plain(kind);
        let column = &batch.schema().columns()[0].kind;
        let result = decoder.from_cell(batch.at(0).cells()[0], &batch, column);
        assert_eq!(outcome(result), expected, "{cell:?} as {kind}");
        if !expected.starts_with('<') {
            assert!(decoder.accepts(column), "{column:?} as {kind}");
        }
    }
    assert!(!plain("text").accepts(&ColumnType::Int));
    assert!(!plain("int").accepts(&ColumnType::Date));
    assert!(plain("int").accepts(&ColumnType::Text));
}

#[test]
fn typed_cells_know_their_nulls_words_and_zones() {
    let check = |decoder: Decoder, column: ColumnType, cell: Cell, expected: &str| {
        let batch = batch_of(column, cell);
        let column = &batch.schema().columns()[0].kind;
        assert!(decoder.accepts(column));
        let result = decoder.from_cell(batch.at(0).cells()[0], &batch, column);
        assert_eq!(outcome(result), expected);
    };
    let sentinel = decoder("date", |spec| spec.null_if = words(&["", "1900-01-01"]));
    check(sentinel.clone(), ColumnType::Date, Cell::Date(-25_567), "null");
    check(sentinel, ColumnType::Timestamp, Cell::Timestamp(-25_567 * TICKS_PER_DAY), "null");
    let flag = decoder("bool", |spec| {
        spec.true_if = words(&["1", "S"]);
        spec.false_if = words(&["0", "-1"]);
    });
    for (number, expected) in [(1, "true"), (0, "false"), (-1, "false"), (2, "<decode.bool>")] {
        check(flag.clone(), ColumnType::Int, Cell::Int(number), expected);
    }
    let local = decoder("timestamp", |spec| spec.zone = Some("Europe/Madrid".to_owned()));
    check(local.clone(), ColumnType::Timestamp, Cell::Timestamp(0), "1969-12-31T23:00:00Z");
    check(local, ColumnType::Instant, Cell::Instant(0), "1970-01-01T00:00:00Z");
}

/// One decoder of every kind of kernel and option.
fn every_decoder() -> Vec<Decoder> {
    let mut decoders: Vec<Decoder> = [
        "text",
        "bool",
        "int",
        "decimal(38,10)",
        "float",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "uuid",
        "bytes",
    ]
    .map(plain)
    .into();
    decoders.push(formatted("date", "FMDD MONTH YYYY"));
    decoders.push(formatted("timestamptz", "DDD/YYYY FMHH12:MI:SS.FF7 A.M. TZH:TZM"));
    decoders.push(formatted("bytes", "base64"));
    for sign in [Sign::Leading, Sign::Trailing, Sign::Overpunch] {
        decoders.push(decoder("decimal(20,4)", |spec| {
            spec.sign = Some(sign);
            spec.decimal = Some(',');
            spec.group = Some('\u{a0}');
            spec.trim = Trim::Both;
        }));
    }
    decoders.push(decoder("timestamp", |spec| spec.zone = Some("America/Mexico_City".to_owned())));
    decoders
}

proptest! {
    #[test]
    fn no_text_makes_decoding_panic_or_leak(text in ".{0,40}") {
        for decoder in every_decoder() {
            if let Err(error) = decoder.decode(&text) {
                let digits = error.shape.rsplit("found ").next().unwrap_or_default();
                prop_assert!(!digits.contains(['0', '1', '2', '3', '4', '5', '6', '7', '8']), "{}", error.shape);
            }
        }
    }

    #[test]
    fn no_near_miss_makes_decoding_panic(text in "[-+0-9.,:/ TZEeAaPpMm{}A-R\u{a0}]{0,30}") {
        for decoder in every_decoder() {
            let _ = decoder.decode(&text);
        }
    }

    #[test]
    fn no_pattern_makes_compiling_panic(text in "(FM|YYYY|YY|MM|DD|DDD|HH24|HH12|MI|SS|MS|US|AM|TZH|TZM|MON|\"|é|.){0,8}") {
        let _ = compile(&spec("timestamp", |spec| spec.format = Some(text)));
    }

    #[test]
    fn what_is_written_in_iso_form_is_read_again(ticks in i64::from(crate::mapping::value::MIN_DATE) * TICKS_PER_DAY..(i64::from(crate::mapping::value::MAX_DATE) + 1) * TICKS_PER_DAY) {
        for (kind, value) in [
            ("date", Value::Date(ticks.div_euclid(TICKS_PER_DAY) as i32)),
            ("time", Value::Time(ticks.rem_euclid(TICKS_PER_DAY))),
            ("timestamp", Value::Timestamp(ticks)),
            ("timestamptz", Value::Instant(ticks)),
        ] {
            let mut out = Vec::new();
            value.write_text(&mut out);
            let text = String::from_utf8(out).unwrap();
            prop_assert_eq!(plain(kind).decode(&text).unwrap(), value);
        }
    }

    #[test]
    fn zones_agree_with_the_library(seconds in -2_000_000_000i64..4_000_000_000) {
        let zoned = jiff::Timestamp::from_second(seconds).unwrap().in_tz("Europe/Madrid").unwrap();
        let decoder = decoder("timestamp", |spec| {
            spec.zone = Some("Europe/Madrid".to_owned());
            spec.overlap = Some(Overlap::Earlier);
        });
        let local = zoned.datetime().to_string();
        let first = zoned.time_zone().to_ambiguous_zoned_datetime(zoned.datetime()).earlier().unwrap();
        let expected = Value::Instant(first.timestamp().as_second() * 10_000_000);
        prop_assert_eq!(decoder.decode(&local).unwrap(), expected);
    }

    #[test]
    fn whole_numbers_and_decimals_survive_grouping(number in any::<i64>()) {
        let plain_digits = number.unsigned_abs().to_string();
        let mut grouped = String::new();
        for (at, digit) in plain_digits.chars().enumerate() {
            if at > 0 && (plain_digits.len() - at).is_multiple_of(3) {
                grouped.push('.');
            }
            grouped.push(digit);
        }
        if number < 0 {
            grouped.insert(0, '-');
        }
        let int = decoder("int", |spec| spec.group = Some('.'));
        prop_assert_eq!(int.decode(&grouped).unwrap(), Value::Int(number));
        let exact = decoder("decimal(21,2)", |spec| {
            spec.group = Some('.');
            spec.decimal = Some(',');
        });
        let written = format!("{grouped},05");
        let hundred = i128::from(number) * 100 + if number < 0 { -5 } else { 5 };
        prop_assert_eq!(
            exact.decode(&written).unwrap(),
            Value::Decimal(crate::mapping::value::Decimal::new(hundred, 2).unwrap())
        );
    }

    #[test]
    fn floats_are_read_as_the_standard_library_reads_them(number in any::<f64>()) {
        if number.is_finite() && !(number == 0.0 && number.is_sign_negative()) {
            for written in [format!("{number:e}"), format!("{number:?}")] {
                let point = decoder("float", |spec| spec.decimal = Some('.'));
                let read = point.decode(&written).map_err(|error| error.shape);
                prop_assert_eq!(read, Ok(Value::Float(number)));
            }
        }
    }
}
