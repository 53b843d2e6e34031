//! Numbers, dates and times as legacy systems write them, when nothing or something else is declared.

use super::*;

#[test]
fn bad_input_13_a_comma_or_a_group_is_read_only_where_it_is_declared() {
    table(
        &plain("decimal(12,2)"),
        &[("1.5", "1.50"), ("1,5", "!"), ("1.234", "!"), ("1,234", "!"), ("1.250,50", "!")],
    );
    let comma = decoder("decimal(12,2)", |spec| spec.decimal = Some(','));
    table(&comma, &[("1,5", "1.50"), ("1.234", "!"), ("1.5", "!"), ("1.250,50", "!")]);
    let english = decoder("decimal(12,2)", |spec| spec.group = Some(','));
    table(&english, &[("1,234", "1234.00"), ("1,234.5", "1234.50"), ("1.234,5", "!")]);
    let spanish = decoder("decimal(12,2)", |spec| {
        spec.decimal = Some(',');
        spec.group = Some('.');
    });
    table(&spanish, &[("1.234", "1234.00"), ("1.234,5", "1234.50"), ("1,234.5", "!")]);
}

#[test]
fn bad_input_13_what_may_be_a_fraction_or_thousands_is_not_guessed() {
    let rows = [("1.234", "!"), ("-12.345", "!"), ("123.456", "!"), ("0.234", "0.234")];
    let clear = [("1.5", "1.500"), ("1234.567", "1234.567"), (".234", "0.234"), ("7", "7.000")];
    table(&plain("decimal(12,3)"), &[&rows[..], &clear].concat());
    table(&plain("float"), &rows);
    table(&plain("float"), &[("1.234e0", "1.234"), ("1.2345", "1.2345")]);
    for kind in ["decimal(12,3)", "float"] {
        let point = decoder(kind, |spec| spec.decimal = Some('.'));
        table(&point, &[("1.234", "1.234"), ("-12.345", "-12.345")]);
        let error = plain(kind).decode("1.234").unwrap_err();
        assert!(error.shape.ends_with("say which: `decimal`"), "{}", error.shape);
    }
    let grouped = decoder("decimal(12,3)", |spec| spec.group = Some(','));
    table(&grouped, &[("1.234", "1.234"), ("1,234", "1234.000")]);
}

#[test]
fn bad_input_19_numbers_that_are_identifiers_take_no_path_through_floats() {
    for id in ["007", "12345678901234567890", "1E5", "1e5", "+5", "-0"] {
        table(&plain("text"), &[(id, id)]);
    }
    table(
        &plain("decimal(20,0)"),
        &[("12345678901234567891", "12345678901234567891"), ("1E5", "!")],
    );
}

#[test]
fn bad_input_20_what_is_no_exact_decimal_is_refused() {
    let long = format!("1{}", "0".repeat(5000));
    table(
        &plain("decimal(12,2)"),
        &[
            ("-0", "!"),
            ("-0.00", "!"),
            ("NaN", "!"),
            ("Infinity", "!"),
            ("-inf", "!"),
            ("1e2", "!"),
            ("1E-2147483648", "!"),
            ("10000000000", "!"),
            (&long, "!"),
        ],
    );
}

#[test]
fn bad_input_21_a_sentinel_is_null_where_it_is_declared_and_only_there() {
    let declared = decoder("date", |spec| {
        spec.format = Some("DD/MM/YYYY".to_owned());
        spec.null_if = words(&["", "00/00/0000", "31/12/9999"]);
    });
    table(
        &declared,
        &[
            ("", "null"),
            ("00/00/0000", "null"),
            ("31/12/9999", "null"),
            ("30/12/9999", "9999-12-30"),
            ("31/02/2023", "!"),
        ],
    );
    let marked = decoder("date", |spec| {
        spec.null_if = words(&[""]);
        spec.sentinel = words(&["9999-12-31", "0000-00-00"]);
    });
    let batch = RecordBatch::new(BatchLimits::default());
    for (cell, mark) in [(Cell::Date(2_932_896), Some("decode.sentinel")), (Cell::Null, None)] {
        let mut doubt = None;
        let value = marked.from_cell_marked(cell, &batch, &ColumnType::Date, &mut doubt);
        assert_eq!((value.unwrap(), doubt), (Value::Null, mark));
    }
    table(&marked, &[("9999-12-31", "null"), ("0000-00-00", "null"), ("9999-12-30", "9999-12-30")]);
    let twice = spec("date", |spec| {
        spec.null_if = words(&["x"]);
        spec.sentinel = words(&["x"]);
    });
    assert_eq!(compile(&twice).unwrap_err().code, "mapping.decode.words");
    table(
        &formatted("date", "DD/MM/YYYY"),
        &[("", "!"), ("00/00/0000", "!"), ("31/12/9999", "9999-12-31")],
    );
}

#[test]
fn bad_input_21_two_digits_of_a_year_need_a_declared_century() {
    let spec = spec("date", |spec| spec.format = Some("DDMMYY".to_owned()));
    assert_eq!(compile(&spec).unwrap_err().code, "mapping.decode.century");
}

#[test]
fn bad_input_23_a_time_without_a_zone_is_an_instant_only_in_a_declared_zone() {
    let spec = spec("timestamptz", |spec| spec.format = Some("YYYY-MM-DD HH24:MI".to_owned()));
    assert_eq!(compile(&spec).unwrap_err().code, "mapping.decode.zone");
    table(&plain("timestamptz"), &[("2021-07-01T12:00:00", "!")]);
    let madrid = decoder("timestamptz", |spec| {
        spec.format = Some("YYYY-MM-DD HH24:MI".to_owned());
        spec.zone = Some("Europe/Madrid".to_owned());
    });
    table(&madrid, &[("2021-07-01 12:00", "2021-07-01T10:00:00Z")]);
}
