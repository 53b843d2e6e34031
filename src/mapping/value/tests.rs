use std::sync::Arc;

use acequia_api::{BatchLimits, Column, Place, RowMeta, Schema, Unit};
use proptest::prelude::*;

use super::*;

fn text(value: Value<'_>) -> String {
    let mut out = Vec::new();
    value.write_text(&mut out);
    String::from_utf8(out).unwrap()
}

fn json(value: Value<'_>) -> String {
    let mut out = Vec::new();
    value.write_json(&mut out);
    String::from_utf8(out).unwrap()
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
}

const LONGEST: &str = "99999999999999999999999999999999999999";

#[test]
fn decimals_are_read_and_written_digit_for_digit() {
    let tiny = format!("-0.{LONGEST}");
    for written in ["0", "-1", "1250.50", "0.05", "-0.000", "10", LONGEST, tiny.as_str()] {
        let again = decimal(written).to_string();
        assert_eq!(again, if written == "-0.000" { "0.000" } else { written });
    }
    let too_long = format!("1{LONGEST}");
    let far = format!("{LONGEST}{LONGEST}");
    let deep = format!("0.0{LONGEST}");
    for refused in
        ["", "-", ".5", "5.", "+1", "1e5", "1.2.3", " 1", "1,5", "--1", "١", &too_long, &far, &deep]
    {
        assert!(Decimal::parse(refused).is_none(), "{refused}");
    }
}

#[test]
fn decimals_compare_by_value_whatever_their_scale() {
    assert_eq!(decimal("1.5"), decimal("1.500"));
    assert!(decimal("-0.1") < decimal("0.000001"));
    assert!(decimal("-1.5") < decimal("-1.49"));
    let deep = format!("0.{LONGEST}");
    assert!(decimal(&deep) < decimal(LONGEST));
    assert!(decimal(&format!("-{LONGEST}")) < -decimal(&deep));
    assert_eq!(Value::Int(3).compare(&Value::Decimal(decimal("3.00"))), Some(Ordering::Equal));
}

#[test]
fn rescaling_and_adding_never_lose_a_digit() {
    assert_eq!(decimal("1.50").with_scale(1).unwrap().to_string(), "1.5");
    assert!(decimal("1.55").with_scale(1).is_none());
    assert!(decimal(LONGEST).with_scale(1).is_none());
    assert_eq!(decimal("1.5").checked_add(decimal("-0.25")).unwrap().to_string(), "1.25");
    assert!(decimal(LONGEST).checked_add(decimal("1")).is_none());
    assert_eq!(decimal("7.00").to_i64(), Some(7));
    assert_eq!(decimal("7.01").to_i64(), None);
    assert_eq!(decimal("120.00").normalised().scale, 0);
    for (number, digits) in [("0.99", 0), ("0", 0), ("1", 1), ("-9", 1), ("-10.5", 2)] {
        assert_eq!(decimal(number).integer_digits(), digits, "{number}");
    }
}

#[test]
fn dates_at_the_edges_of_the_calendar_are_right() {
    for (written, days) in [
        ("0001-01-01", MIN_DATE),
        ("1600-02-29", -135_081),
        ("1899-12-31", -25_568),
        ("1970-01-01", 0),
        ("2000-02-29", 11_016),
        ("2024-12-31", 20_088),
        ("9999-12-31", MAX_DATE),
    ] {
        assert_eq!(text(Value::Date(days)), written);
        let part = |range: std::ops::Range<usize>| written[range].parse::<i32>().unwrap();
        assert_eq!(days_of(part(0..4), part(5..7) as u8, part(8..10) as u8), Some(days));
    }
    for (year, month, day) in
        [(2023, 2, 29), (1900, 2, 29), (2021, 2, 31), (2021, 13, 1), (2021, 0, 1), (2021, 4, 31)]
    {
        assert_eq!(days_of(year, month, day), None, "{year}-{month}-{day}");
    }
    for (year, month, day) in [(0, 1, 1), (-1, 1, 1), (10_000, 1, 1), (2021, 1, 0)] {
        assert_eq!(days_of(year, month, day), None, "{year}-{month}-{day}");
    }
    assert_eq!(text(Value::Date(MIN_DATE - 366)), "0000-01-01");
    assert_eq!(text(Value::Date(MIN_DATE - 367)), "-0001-12-31");
    assert_eq!(text(Value::Date(MAX_DATE + 1)), "+10000-01-01");
    assert_eq!(text(Value::Date(i32::MAX)), "+5881580-07-11");
    assert_eq!(text(Value::Date(i32::MIN)), "-5877641-06-23");
}

#[test]
fn fractions_of_a_second_are_written_with_three_six_or_seven_digits() {
    for (ticks, written) in [
        (0, "00:00:00"),
        (TICKS_PER_DAY - 1, "23:59:59.9999999"),
        (45_296 * TICKS_PER_SECOND + 1_200_000, "12:34:56.120"),
        (1_234_560, "00:00:00.123456"),
        (10_000, "00:00:00.001"),
        (10, "00:00:00.000001"),
        (1, "00:00:00.0000001"),
    ] {
        assert_eq!(text(Value::Time(ticks)), written);
    }
    assert_eq!(text(Value::Timestamp(-1)), "1969-12-31T23:59:59.9999999");
    assert_eq!(text(Value::Instant(0)), "1970-01-01T00:00:00Z");
    text(Value::Timestamp(i64::MIN));
    text(Value::Instant(i64::MAX));
}

#[test]
fn json_escapes_what_it_must_and_nothing_else() {
    let every: String = (0..0x80u8).map(char::from).chain("ñ€𝄞\u{2028}".chars()).collect();
    for sample in ["", "plain", "\"\\/", "a\u{1}b", "\u{1f}\r\n\t\u{8}\u{c}", "ñ \" é", &every] {
        assert_eq!(json(Value::Text(sample)), serde_json::to_string(sample).unwrap());
    }
}

#[test]
fn scalars_are_written_as_keys_and_as_json() {
    let uuid = parse_uuid("0F8FAD5B-d9cb-469f-A165-70867728950E").unwrap();
    for (value, plain, quoted) in [
        (Value::Null, "", "null"),
        (Value::Bool(true), "true", "true"),
        (Value::Int(i64::MIN), "-9223372036854775808", "-9223372036854775808"),
        (Value::Float(0.1), "0.1", "0.1"),
        (Value::Float(f64::NAN), "NaN", "null"),
        (Value::Decimal(decimal("1250.50")), "1250.50", "\"1250.50\""),
        (Value::Date(0), "1970-01-01", "\"1970-01-01\""),
        (
            Value::Uuid(uuid),
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "\"0f8fad5b-d9cb-469f-a165-70867728950e\"",
        ),
        (Value::Bytes(Octets::raw(b"\xff\x00")), "/wA=", "\"/wA=\""),
    ] {
        assert_eq!(text(value), plain);
        assert_eq!(json(value), quoted);
    }
    for refused in ["", "0f8fad5b-d9cb-469f-a165-70867728950", "{0f8fad5bd9cb469fa16570867728950e}"]
    {
        assert!(parse_uuid(refused).is_none());
    }
    assert!(parse_uuid("0f8fad5bxd9cb-469f-a165-70867728950e").is_none());
}

#[test]
fn octets_are_equal_however_they_are_kept() {
    let raw = Octets::raw(b"\xff\x00a");
    let hex = Octets::hex("fF0061").unwrap();
    let base64 = Octets::base64("/wBh").unwrap();
    assert!(raw == hex && hex == base64 && base64.len() == 3);
    assert!(Octets::hex("").unwrap().is_empty());
    for refused in ["f", "fg", "0x", "é"] {
        assert!(Octets::hex(refused).is_none(), "{refused}");
    }
    for refused in ["/w", "/w=", "/w=a", "====", "/x==", "/wB=", "/wBh\n", "a-__"] {
        assert!(Octets::base64(refused).is_none(), "{refused}");
    }
}

#[test]
fn floats_order_as_in_postgresql() {
    let order = [f64::NEG_INFINITY, -1.0, 0.0, 1.5, f64::INFINITY, f64::NAN].map(Value::Float);
    for (a, left) in order.iter().enumerate() {
        for (b, right) in order.iter().enumerate() {
            assert_eq!(left.compare(right), Some(a.cmp(&b)));
        }
    }
    assert_eq!(Value::Float(0.1).compare(&Value::Decimal(decimal("0.1"))), Some(Ordering::Equal));
    assert_eq!(Value::Text("1").compare(&Value::Int(1)), None);
    assert_eq!(Value::Null.compare(&Value::Null), None);
    assert_eq!(Value::Text("Z").compare(&Value::Text("a")), Some(Ordering::Less));
}

#[test]
fn every_type_word_is_read_and_shown_again() {
    for word in TYPE_WORDS {
        let written = if *word == "decimal" { "decimal(12,2)" } else { word };
        assert_eq!(Type::parse(written).unwrap().to_string(), written);
    }
    assert_eq!(
        Type::parse(" decimal ( 38 , 0 ) ").unwrap(),
        Type::Decimal { precision: 38, scale: 0 }
    );
}

#[test]
fn a_misspelt_type_says_what_was_meant() {
    for (wrong, help) in [
        ("txet", "did you mean `text`?"),
        ("Date", "did you mean `date`?"),
        ("varchar(20)", "did you mean `text`?"),
        ("INTEGER", "did you mean `int`?"),
        ("datetime2", "did you mean `timestamp`?"),
        ("wobble", "the types are text, bool"),
        ("decimal", "write for instance `decimal(12,2)`"),
        ("decimal(12)", "write for instance"),
        ("decimal(39,2)", "make it `text`"),
        ("decimal(4,5)", "write `decimal(5,5)`"),
        ("decimal(12,2", "write for instance"),
        ("int(4)", "write `int`"),
    ] {
        let error = Type::parse(wrong).unwrap_err();
        assert!(error.help.starts_with(help) || error.help.contains(help), "{wrong}: {error:?}");
    }
}

#[test]
fn lists_of_a_batch_become_json() {
    let line = Schema::new(vec![
        Column::text("concept"),
        Column { name: "amount".into(), kind: ColumnType::Int, nullable: true },
    ]);
    let lines = Column { name: "lines".into(), kind: ColumnType::List(line), nullable: false };
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&Schema::new(vec![lines]));
    let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
    let mut row = batch.row();
    for (concept, amount) in [("water", 3), ("\"waste\"", 4)] {
        row.begin_group();
        row.text(concept).unwrap();
        row.cell(Cell::Int(amount));
        row.end_group();
    }
    row.end_list();
    row.commit(RowMeta::ordinal(unit, 1, Place::default()));
    let column = &batch.schema().columns()[0];
    let value = Value::from_cell(batch.at(0).cells()[0], &batch, &column.kind).unwrap();
    assert_eq!(
        json(value),
        r#"[{"concept":"water","amount":3},{"concept":"\"waste\"","amount":4}]"#
    );
    let Value::List(list) = value else { panic!("a list") };
    let amounts: Vec<_> = list.iter().map(|line| line.get(1).unwrap()).collect();
    assert_eq!(amounts, [Value::Int(3), Value::Int(4)]);
    assert_eq!(list.iter().next().unwrap().get(9).unwrap(), Value::Null);
}

#[test]
fn a_number_beyond_a_decimal_is_no_value() {
    let mut batch = RecordBatch::new(BatchLimits::default());
    let kind = ColumnType::Decimal { precision: 38, scale: 0 };
    batch.set_schema(&Schema::new(vec![Column { name: "n".into(), kind, nullable: true }]));
    let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
    for number in [LONGEST, &format!("{LONGEST}1")] {
        let mut row = batch.row();
        row.number(number).unwrap();
        row.commit(RowMeta::ordinal(unit, 1, Place::default()));
    }
    let kind = &batch.schema().columns()[0].kind;
    let value = |row| Value::from_cell(batch.at(row).cells()[0], &batch, kind);
    assert_eq!(value(0), Ok(Value::Decimal(decimal(LONGEST))));
    assert_eq!(value(1), Err(NoValue));
}

proptest! {
    #[test]
    fn every_decimal_survives_writing(mantissa in any::<i128>(), scale in 0u8..=38) {
        if let Some(number) = Decimal::new(mantissa, scale) {
            let again = decimal(&number.to_string());
            prop_assert_eq!((again.mantissa, again.scale), (mantissa, scale));
            prop_assert_eq!(number.normalised(), number);
        }
    }

    #[test]
    fn order_of_small_decimals_is_that_of_their_values(a in -5000i128..5000, b in -5000i128..5000, s in 0u8..4, t in 0u8..4) {
        let (x, y) = (Decimal::new(a, s).unwrap(), Decimal::new(b, t).unwrap());
        let (exact_x, exact_y) = (a * 10i128.pow(u32::from(4 - s)), b * 10i128.pow(u32::from(4 - t)));
        prop_assert_eq!(x.cmp(&y), exact_x.cmp(&exact_y));
        prop_assert_eq!(
            x.checked_add(y).unwrap(),
            Decimal::new(exact_x + exact_y, 4).unwrap()
        );
    }

    #[test]
    fn every_day_survives_the_calendar(days in MIN_DATE..=MAX_DATE) {
        let Civil { year, month, day } = civil_of(days);
        prop_assert_eq!(days_of(year, month, day), Some(days));
        let jiff = jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(days);
        prop_assert_eq!(text(Value::Date(days)), jiff.to_string());
    }

    #[test]
    fn base64_is_the_usual_one(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
        let usual = data_encoding::BASE64.encode(&octets);
        prop_assert_eq!(text(Value::Bytes(Octets::raw(&octets))), usual.clone());
        let read = Octets::base64(&usual).unwrap();
        prop_assert!(read == Octets::raw(&octets));
        let mut again = Vec::new();
        Octets::hex(&data_encoding::HEXLOWER.encode(&octets)).unwrap().write(&mut again);
        prop_assert_eq!(again, octets);
    }

    #[test]
    fn what_is_accepted_as_base64_is_canonical(text in "[AB/w=]{0,9}") {
        let usual = data_encoding::BASE64.decode(text.as_bytes());
        let canonical = usual.is_ok_and(|octets| data_encoding::BASE64.encode(&octets) == text);
        prop_assert_eq!(Octets::base64(&text).is_some(), canonical);
    }
}
