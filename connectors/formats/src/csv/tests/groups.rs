//! Header records with their details.

use super::*;

const BILLS: &str = r#"{"delimiter": "|", "records": {"by": 1, "kinds": {
    "C": {"fields": ["KIND", "RECIBO", "NIF"]},
    "D": {"under": "C", "as": "LINEAS", "fields": ["KIND", "CONCEPTO", "IMPORTE"]},
    "N": {"under": "C", "as": "NOTAS", "fields": ["KIND", "TEXTO"]},
    "H": {"skip": true},
    "T": {"trailer": {"count_of": "D", "count": 2, "sum_of": "IMPORTE", "sum": 3, "decimal": ","}}}}}"#;

const GOOD: &[u8] = b"H|2026\nC|1|X\nD|agua|1,10\nN|hola\nD|\"ba|sura\"|2\n\nC|2|Y\nT|2|3,1\n";

#[test]
fn a_header_and_its_details_become_one_row_with_lists() {
    let found = read(BILLS, GOOD);
    assert_eq!(
        found.values(),
        [
            ["C", "1", "X", "[(D,agua,1,10),(D,ba|sura,2)]", "[(N,hola)]"],
            ["C", "2", "Y", "[]", "[]"],
        ]
    );
    assert_eq!(found.failure, None);
    assert_eq!(found.rows[0].place, Place::line(2, 7));
    assert_eq!(found.rows[0].raw, b"C|1|X\nD|agua|1,10\nN|hola\nD|\"ba|sura\"|2");
    assert_eq!((found.rows[0].record, found.rows[1].record), (1, 5));
    assert_eq!((found.notes().skipped_records, found.notes().blank_lines), (1, 1));
    assert_eq!((found.state.totals.count, found.state.totals.trailer), (2, true));
}

#[test]
fn lists_stand_where_the_projection_wants_them_or_not_at_all() {
    let config = config(BILLS);
    let wanted = only(&["RECIBO", "LINEAS", "NIF"]);
    let found = read_as(&config, &wanted, GOOD);
    assert_eq!(found.values()[0], ["1", "[(D,agua,1,10),(D,ba|sura,2)]", "X"]);
    assert_eq!(read_as(&config, &only(&["NIF"]), GOOD).values(), [["X"], ["Y"]]);
    let schema = Arc::clone(decoder(&config, &wanted).schema().unwrap());
    assert!(matches!(schema.columns()[1].kind, acequia_api::ColumnType::List(_)));
    let fault = Format::Csv(config).decoder(&only(&["LINEA"])).err().unwrap();
    assert!(fault.to_string().contains("did you mean `LINEAS`?"), "{fault}");
}

#[test]
fn one_bad_record_refuses_its_group_and_no_other() {
    let bytes = b"C|1|X\nD|agua|1\nD|short\nD|a\"b|1\nZ|?\nC|2|Y\nD|x|1\nT|4|4\n";
    let found = read(BILLS, bytes);
    assert_eq!(found.values(), [["C", "2", "Y", "[(D,x,1)]", "[]"]]);
    assert_eq!(found.rejects.len(), 1);
    let (record, place, raw, errors) = &found.rejects[0];
    assert_eq!((*record, *place, &raw[..]), (1, Place::line(1, 0), &bytes[..34]));
    assert_eq!(
        errors[..],
        [
            "decode.csv.ragged at line 3, column 1, byte 15: 2 fields, expected 3",
            "decode.csv.stray_quote at line 4, column 4, byte 26: text stands beside the quotes of a field",
            "decode.csv.unknown_kind at line 5, column 1, byte 31: no declared kind of record",
        ]
    );
    assert!(found.failure().contains("records without a readable amount: 1"), "{found:?}");
}

#[test]
fn records_outside_of_a_group_are_refused_one_by_one() {
    let found = read(BILLS, b"D|agua|1\nZ|1\nC|1|X\nT|1|1\n");
    assert_eq!(found.values().len(), 1);
    assert!(found.rejects[0].3[0].starts_with("decode.csv.orphan at line 1"));
    assert!(found.rejects[1].3[0].starts_with("decode.csv.unknown_kind at line 2"));
    assert_eq!(found.failure, None);
    let wrong = read(BILLS, b"C;1;X\nT;0;0\n");
    assert!(wrong.failure().contains("the file seems `;`-separated"));
}

#[test]
fn the_trailer_is_held_against_all_records_of_its_kind() {
    for (end, says) in [
        (&b""[..], "decode.csv.trailer_missing at line 3"),
        (b"T|2|1,5\n", "it states 2 records, 1 were read"),
        (b"T|1|1,50001\n", "the sum it states is not that of the records"),
        (b"T|1|1,5\nC|2|Y\n", "decode.csv.after_trailer at line 4"),
    ] {
        let found = read(BILLS, &[&b"C|1|X\nD|a|1,5\n"[..], end].concat());
        assert!(found.failure().contains(says), "{}", found.failure());
    }
    assert_eq!(read(BILLS, b"C|1|X\nD|a|1,5\nT|1|1,50\n").failure, None);
}

#[test]
fn a_group_beyond_the_bound_is_let_go_and_the_next_one_is_read() {
    let small = BILLS.replacen('{', r#"{"max_record_bytes": 100,"#, 1);
    let mut bytes = b"C|1|X\n".to_vec();
    bytes.extend(b"D|a|1\n".repeat(100));
    bytes.extend(b"C|2|Y\nD|b|1\nC|3|Z\nN|");
    bytes.extend([b'x'; 200]);
    bytes.extend(b"\nC|4|W\nT|101|101\n");
    let found = read(&small, &bytes);
    assert_eq!(found.rows.iter().map(|row| &row.values[1][..]).collect::<Vec<_>>(), ["2", "4"]);
    assert_eq!((found.rows[0].record, found.rows[0].place.line), (102, 102));
    assert!(found.rejects[0].3[0].contains("decode.csv.group_too_large at line 1"));
    assert!(found.rejects[1].3[0].contains("decode.csv.record_too_long at line 105"), "{found:?}");
}

#[test]
fn what_lenient_forgives_in_a_group_is_counted_once() {
    let lenient = BILLS.replacen('{', r#"{"lenient": true,"#, 1);
    let found = read(&lenient, b"C|1|a\"b\nD|\"x\"y|1|\nC|2|\"c\"d\nT|1|1\n");
    assert_eq!(found.values().len(), 2, "{found:?}");
    assert_eq!((found.forgiven, found.notes().forgiven_quotes), (4, 3));
    assert_eq!(found.notes().forgiven_fields, 1);
}

#[test]
fn a_group_of_nothing_but_faults_is_refused_in_linear_time() {
    let mut bytes = b"C|1|X\n".to_vec();
    bytes.extend(b"Z\n".repeat(400_000));
    bytes.extend(b"C|2|Y\nT|0|0\n");
    let found = read(BILLS, &bytes);
    assert_eq!((found.rows.len(), found.rejects.len()), (1, 1));
    assert!(found.rejects[0].3.len() == 64 && found.rejects[0].2.len() == 800_005);
    assert_eq!(found.rows[0].record, 400_002);
}
