//! Ways of writing dates and numbers that only old systems have.

use super::*;

fn with(kind: &str, format: &str, change: impl FnOnce(&mut DecodeSpec)) -> Decoder {
    decoder(kind, |spec| {
        spec.format = Some(format.to_owned());
        change(spec);
    })
}

#[test]
fn a_digit_of_the_century_goes_before_the_year() {
    table(
        &formatted("date", "CYYMMDD"),
        &[
            ("1180130", "2018-01-30"),
            ("0990401", "1999-04-01"),
            ("0000101", "1900-01-01"),
            ("2000101", "2100-01-01"),
            ("990401", "!"),
            ("1180230", "!"),
            ("11801301", "!"),
            ("X180130", "!"),
            ("", "!"),
        ],
    );
    // Where the column is a number, its leading zero is not written.
    table(
        &formatted("date", "FMCYYMMDD"),
        &[
            ("1180130", "2018-01-30"),
            ("990401", "1999-04-01"),
            ("0990401", "1999-04-01"),
            ("90401", "!"),
            ("11801301", "!"),
        ],
    );
    table(&formatted("date", "CYYDDD"), &[("124366", "2024-12-31"), ("123366", "!")]);
}

#[test]
fn the_day_of_the_year_follows_a_year_of_two_or_four_digits() {
    table(
        &with("date", "YYDDD", |spec| spec.pivot = Some(30)),
        &[
            ("24366", "2024-12-31"),
            ("99001", "1999-01-01"),
            ("23366", "!"),
            ("24000", "!"),
            ("2436", "!"),
            ("2024366", "!"),
        ],
    );
    table(&formatted("date", "YYYYDDD"), &[("2024366", "2024-12-31"), ("24366", "!")]);
}

#[test]
fn months_have_names_in_four_languages() {
    let named =
        |format: &str, language| with("date", format, |spec| spec.language = Some(language));
    table(
        &named("DD \"de\" MONTH \"de\" YYYY", Language::Spanish),
        &[
            ("03 de febrero de 2021", "2021-02-03"),
            ("03 de SETIEMBRE de 2021", "2021-09-03"),
            ("03 de february de 2021", "!"),
            ("31 de febrero de 2021", "!"),
        ],
    );
    table(
        &named("DD-MON-YYYY", Language::Spanish),
        &[
            ("03-ENE-2021", "2021-01-03"),
            ("03-sept-2021", "2021-09-03"),
            ("03-sep-2021", "2021-09-03"),
            ("03-JAN-2021", "!"),
        ],
    );
    table(
        &named("FMDD MONTH YYYY", Language::French),
        &[
            ("3 février 2021", "2021-02-03"),
            ("3 FÉVRIER 2021", "2021-02-03"),
            ("3 FEVRIER 2021", "2021-02-03"),
            ("14 août 2021", "2021-08-14"),
            ("14 aoùt 2021", "!"),
            ("3 févr. 2021", "!"),
        ],
    );
    table(
        &named("DD MON. YYYY", Language::French),
        &[("03 févr. 2021", "2021-02-03"), ("03 juil. 2021", "2021-07-03"), ("03 jui. 2021", "!")],
    );
    table(
        &named("FMDD. MONTH YYYY", Language::German),
        &[
            ("3. März 2021", "2021-03-03"),
            ("3. MAERZ 2021", "2021-03-03"),
            ("24. Dezember 2021", "2021-12-24"),
            ("24. December 2021", "!"),
        ],
    );
    table(
        &named("DDMONYYYY", Language::English),
        &[("26MAY2014", "2014-05-26"), ("26MAI2014", "!")],
    );
    table(
        &named("DDMONYYYY", Language::German),
        &[("26MAI2014", "2014-05-26"), ("03MRZ2014", "2014-03-03")],
    );
}

#[test]
fn serial_dates_of_spreadsheets_begin_in_1900_or_1904() {
    table(
        &formatted("date", "excel1900"),
        &[
            ("1", "1900-01-01"),
            ("59", "1900-02-28"),
            ("60", "!"),
            ("61", "1900-03-01"),
            ("45321", "2024-01-30"),
            ("2958465", "9999-12-31"),
            ("2958466", "!"),
            ("0", "!"),
            ("-1", "!"),
            ("45321.0", "!"),
            ("45.321", "!"),
            ("", "!"),
        ],
    );
    table(
        &formatted("date", "excel1904"),
        &[("0", "1904-01-01"), ("43859", "2024-01-30"), ("60", "1904-03-01")],
    );
    table(
        &formatted("timestamp", "excel1900"),
        &[
            ("45321.5", "2024-01-30T12:00:00"),
            ("45321", "2024-01-30T00:00:00"),
            ("45321.604166666664", "2024-01-30T14:30:00"),
            ("45321.", "!"),
            ("45321,5", "!"),
            ("4.53215E4", "!"),
        ],
    );
    let madrid =
        with("timestamp", "excel1900", |spec| spec.zone = Some("Europe/Madrid".to_owned()));
    table(&madrid, &[("45321.5", "2024-01-30T11:00:00Z")]);
}

#[test]
fn unix_time_is_seconds_or_milliseconds_and_never_guessed() {
    table(
        &formatted("timestamptz", "unix"),
        &[
            ("0", "1970-01-01T00:00:00Z"),
            ("1612325106", "2021-02-03T04:05:06Z"),
            ("-1", "1969-12-31T23:59:59Z"),
            ("253402300799", "9999-12-31T23:59:59Z"),
            ("253402300800", "!"),
            ("1612325106000", "!"),
            ("-0", "!"),
            ("1612325106.5", "!"),
            ("+1", "!"),
            ("", "!"),
        ],
    );
    table(
        &formatted("timestamptz", "unix_ms"),
        &[
            ("1612325106007", "2021-02-03T04:05:06.007Z"),
            ("-1", "1969-12-31T23:59:59.999Z"),
            ("1e3", "!"),
        ],
    );
}

#[test]
fn signs_hide_in_the_first_digit_or_in_parentheses() {
    let leading = decoder("decimal(9,2)", |spec| {
        spec.sign = Some(Sign::OverpunchLeading);
        spec.implied_decimals = Some(2);
    });
    table(
        &leading,
        &[
            ("{001234", "12.34"),
            ("}001234", "-12.34"),
            ("J2", "-0.12"),
            ("A", "0.01"),
            ("123", "1.23"),
            ("12A", "!"),
            ("-12", "!"),
            ("}", "!"),
            ("", "!"),
        ],
    );
    let int = decoder("int", |spec| spec.sign = Some(Sign::OverpunchLeading));
    table(&int, &[("R2", "-92"), ("I2", "92"), ("{0", "0")]);
    let accounts = decoder("decimal(9,2)", |spec| {
        spec.sign = Some(Sign::Parentheses);
        spec.decimal = Some(',');
        spec.group = Some('.');
    });
    table(
        &accounts,
        &[
            ("(1.250,50)", "-1250.50"),
            ("1.250,50", "1250.50"),
            ("(1,5", "!"),
            ("1,5)", "!"),
            ("-1,5", "!"),
            ("()", "!"),
            ("((1))", "!"),
            ("(0)", "!"),
        ],
    );
}

#[test]
fn days_and_words_that_stand_for_nothing_are_null_as_declared() {
    let day = with("date", "YYYYMMDD", |spec| {
        spec.null_if = words(&["0", "00000000"]);
        spec.sentinel = words(&["19000101", "99991231", "99999999"]);
    });
    table(
        &day,
        &[
            ("0", "null"),
            ("19000101", "null"),
            ("99999999", "null"),
            ("00000001", "!"),
            ("19000102", "1900-01-02"),
        ],
    );
    let house = decoder("text", |spec| {
        spec.trim = Trim::Both;
        spec.null_if = words(&["S/N", "s/n", "SN"]);
    });
    table(&house, &[("S/N ", "null"), ("s/n", "null"), ("12 S/N", "12 S/N"), ("", "")]);
}

#[test]
fn whole_numbers_of_a_database_are_read_as_the_dates_that_they_write() {
    let read = |decoder: &Decoder, number| {
        let value = decoder.kernel.convert(Value::Int(number), &mut None);
        value.map(|value| outcome(Ok(value))).map_err(|fault| decoder.refuse(fault, "int").shape)
    };
    let day = formatted("date", "YYYYMMDD");
    assert!(day.accepts(&ColumnType::Int));
    assert_eq!(read(&day, 20_210_203), Ok("2021-02-03".to_owned()));
    assert_eq!(
        read(&day, 20_210_231),
        Err("expected YYYYMMDD, found int: there is no such day".to_owned())
    );
    assert_eq!(read(&day, -20_210_203), Err("expected YYYYMMDD, found int".to_owned()));
    assert_eq!(read(&formatted("date", "CYYMMDD"), 990_401), Ok("1999-04-01".to_owned()));
    assert_eq!(read(&formatted("timestamptz", "unix"), 0), Ok("1970-01-01T00:00:00Z".to_owned()));
    assert!(!formatted("date", "DD/MM/YYYY").accepts(&ColumnType::Int));
}

#[test]
fn refusals_of_legacy_forms_show_shapes() {
    for (decoder, input, shape) in [
        (formatted("date", "CYYMMDD"), "180130", "expected CYYMMDD, found 999999"),
        (
            formatted("date", "CYYMMDD"),
            "1180231",
            "expected CYYMMDD, found 9999999: there is no such day",
        ),
        (
            with("date", "YYDDD", |spec| spec.pivot = Some(30)),
            "23366",
            "expected YYDDD, found 99999: there is no such day",
        ),
        (
            formatted("date", "excel1900"),
            "60",
            "expected a serial date from 1900, found 99: there is no such day",
        ),
        (formatted("timestamptz", "unix"), "ayer", "expected seconds since 1970, found AAAA"),
        (
            decoder("int", |spec| spec.sign = Some(Sign::OverpunchLeading)),
            "S1",
            "expected int as 9999 with an overpunched sign in front, found A9",
        ),
        (
            decoder("int", |spec| spec.sign = Some(Sign::Parentheses)),
            "(12",
            "expected int as 9999, in parentheses if negative, found (99",
        ),
        (
            with("date", "DD MON YYYY", |spec| spec.language = Some(Language::German)),
            "03 MAY 2021",
            "expected DD MON YYYY, found 99 AAA 9999",
        ),
    ] {
        assert_eq!(decoder.decode(input).unwrap_err().shape, shape);
    }
}

#[test]
fn legacy_forms_without_meaning_are_refused_at_their_key() {
    let format = |kind: &str, text: &str| spec(kind, |spec| spec.format = Some(text.to_owned()));
    for (spec, key, code) in [
        (format("date", "unix"), "format", "mapping.decode.format"),
        (format("timestamp", "unix_ms"), "format", "mapping.decode.format"),
        (format("time", "excel1900"), "format", "mapping.decode.format"),
        (format("timestamptz", "excel1900"), "format", "mapping.decode.format"),
        (format("date", "CYYYYMMDD"), "format", "mapping.decode.format"),
        (format("date", "CMMDD"), "format", "mapping.decode.format"),
        (format("date", "FMCFMYYMMDD"), "format", "mapping.decode.format"),
        (format("date", "CCYYMMDD"), "format", "mapping.decode.format"),
        (
            spec("date", |spec| {
                spec.format = Some("CYYMMDD".to_owned());
                spec.pivot = Some(30);
            }),
            "century",
            "mapping.decode.century",
        ),
        (
            spec("date", |spec| {
                spec.format = Some("YYYYMMDD".to_owned());
                spec.language = Some(Language::Spanish);
            }),
            "language",
            "mapping.decode.option",
        ),
        (
            spec("text", |spec| spec.language = Some(Language::French)),
            "language",
            "mapping.decode.option",
        ),
    ] {
        let error = compile(&spec).expect_err(&format!("{spec:?}"));
        assert_eq!((error.key, error.code), (key, code), "{spec:?}");
    }
}
