//! From values to readings, and from any bytes to a draft that passes `check`.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{
    diagnostic::{SourceFile, has_errors, render},
    mapping::{self, Texts, protect::AnyKeys},
};

/// The profile of one column.
fn column(name: &str, values: &[&str]) -> ColumnProfile {
    let mut profiler = Profiler::new(vec![name.to_owned()]);
    for value in values {
        profiler.row(&[value]);
    }
    profiler.finish().columns.swap_remove(0)
}

#[test]
fn values_say_the_type() {
    for (name, values, shown) in [
        ("n", &["1", "2", "-3"][..], "int"),
        ("n", &["1,5", "2"], "decimal(11,1) 1,5"),
        ("n", &["1.250,50", "300"], "decimal(12,2) 1.234,5"),
        ("n", &["200.000.000"], "int 1.234"),
        ("n", &["1E5", "2"], "float"),
        ("n", &["007", "12"], "text"),
        ("n", &["123456789", "987654321"], "text"),
        ("n", &["12345678901234567890"], "text"),
        ("cp", &["28001", "41001"], "text"),
        ("COD_MUN", &["12", "7"], "text"),
        ("id", &["1", "2"], "int"),
        ("activo", &["S", "N", "S"], "bool"),
        ("tipo", &["S", "N", "S"], "text"),
        ("activo", &["sí", "No", "SÍ"], "bool"),
        ("activo", &["true", "true"], "bool"),
        ("activo", &["S", "N", "X"], "text"),
        ("fecha", &["990505", "1050824"], "date FMCYYMMDD"),
        ("importe", &["990505", "1050824"], "int"),
        ("fecha", &["20150708", "19990830"], "date YYYYMMDD"),
        ("f", &["01/02/2020", "31/12/2020", "00/00/0000"], "date DD/MM/YYYY"),
        ("f", &["2021-02-03", "9999-12-31"], "date"),
        ("periodo", &["201712", "201511"], "text"),
        ("u", &["123e4567-e89b-12d3-a456-426614174000"], "uuid"),
        ("x", &["1.5", "2.5", "3.5", "NOT_VALID"], "decimal(11,1)"),
        ("x", &["1", "a", "b"], "text"),
        ("x", &["", " "], "none"),
        ("x", &["-", "N/A"], "none"),
    ] {
        assert_eq!(column(name, values).reading.shown(), shown, "{name} {values:?}");
    }
}

#[test]
fn what_is_no_value_and_what_does_not_fit_is_said() {
    let values: Vec<String> =
        (1..60).map(|n| n.to_string()).chain(["n/a", "-", "12x"].map(str::to_owned)).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let seen = column("x", &values);
    assert_eq!(seen.reading.null_if, ["-", "n/a"]);
    assert_eq!((seen.nulls, seen.misfits), (2, 1));
    let notes = seen.notes.join("; ");
    assert!(notes.contains("1 of 60 does not fit: it will be rejected"), "{notes}");
    let day = column("f", &["01/02/2020", "31/12/2020", "00/00/0000", "31/12/9999"]);
    assert_eq!(
        (day.reading.null_if, day.reading.sentinel),
        (vec!["00/00/0000".to_owned()], vec!["31/12/9999".to_owned()])
    );
}

#[test]
fn doubt_is_said_unless_another_column_decides() {
    let notes = |names: &[&str], rows: &[&[&str]]| {
        let mut profiler = Profiler::new(names.iter().map(|name| (*name).to_owned()).collect());
        for row in rows {
            profiler.row(row);
        }
        let profile = profiler.finish();
        (profile.columns[0].reading.shown(), profile.columns[0].notes.join("; "))
    };
    let (shown, said) = notes(&["f"], &[&["01/02/2020"], &["03/04/2021"]]);
    assert_eq!(
        (shown.as_str(), said.as_str()),
        ("date DD/MM/YYYY", "2 values fit DD/MM/YYYY and MM/DD/YYYY: which?")
    );
    let decided =
        notes(&["f", "g"], &[&["01/02/2020", "12/31/2020"], &["03/04/2021", "01/31/2020"]]);
    assert_eq!((decided.0.as_str(), decided.1.as_str()), ("date MM/DD/YYYY", ""));
    let (shown, said) = notes(&["n"], &[&["1.250"], &["12"]]);
    assert_eq!(shown, "int 1.234");
    assert!(said.contains("thousands, or a fraction?"), "{said}");
    let decided = notes(&["n", "m"], &[&["1.250", "3,5"], &["12", "4,25"]]);
    assert_eq!((decided.0.as_str(), decided.1.as_str()), ("int 1.234", ""));
}

#[test]
fn codes_are_listed_only_of_columns_that_are_nobodys() {
    let many: Vec<&str> = (0..40).map(|at| ["A", "B"][at % 2]).collect();
    assert_eq!(column("TIPO", &many).words, [("A".to_owned(), 20), ("B".to_owned(), 20)]);
    assert!(column("SEXO", &many).words.is_empty());
    assert!(column("NOMBRE", &many).words.is_empty());
    assert!(column("TIPO", &many[..10]).words.is_empty());
}

/// Everything that `check` says of the draft of these bytes, and the draft.
fn judged(bytes: &[u8]) -> Option<(String, Vec<Draft>)> {
    let mut survey = Survey::default();
    bytes.chunks(7).for_each(|piece| survey.feed(piece));
    let form = Form::find(&survey).ok()?;
    let format: acequia_formats::Format = serde_json::from_value(form.to_json()).unwrap();
    assert_eq!(format.validate(), []);
    let mut decoder = format.decoder(&acequia_api::Projection::All).unwrap();
    let mut batch = acequia_api::RecordBatch::new(acequia_api::BatchLimits::default());
    let unit = Arc::new(acequia_api::Unit { id: "x".into(), name: "x".into() });
    let mut input = bytes;
    decoder.head(&mut input).ok()?;
    let names = decoder.schema()?.columns().iter().map(|column| column.name.to_string()).collect();
    let mut profiler = Profiler::new(names);
    let _ = decoder.decode(&mut input, &unit, &mut batch);
    for row in batch.rows() {
        let cells: Vec<&str> = row
            .cells()
            .iter()
            .map(|cell| match cell {
                acequia_api::Cell::Text(span) => batch.text(*span),
                _ => "",
            })
            .collect();
        profiler.row(&cells);
    }
    batch.rejects().iter().for_each(|reject| profiler.refused(reject.errors[0].code));
    let profile = profiler.finish();
    let order = Order {
        name: "trial",
        source: "trial.csv",
        pipeline: Some(Place {
            directory: "drop",
            file: "a[1]*.csv",
            may_claim: true,
            form: &form,
        }),
        to: None,
        around: Some("town"),
        pseudonyms: true,
        policy: None,
    };
    let files = draft(&profile, &order);
    let file = |file: &Draft| SourceFile::new(file.path.as_str(), file.text.as_str());
    let of = |folder: &str| {
        files.iter().filter(|file| file.path.starts_with(folder)).map(file).collect()
    };
    let stem = |path: &str| path.rsplit('/').next().unwrap().trim_end_matches(".csv").to_owned();
    let codes = files.iter().filter(|file| file.path.starts_with("mappings/codes/"));
    let texts = Texts {
        mappings: files
            .iter()
            .filter(|file| {
                file.path.starts_with("mappings/") && file.path.matches('/').count() == 1
            })
            .map(file)
            .collect(),
        models: of("mappings/models/"),
        codes: codes.map(|table| (stem(&table.path), file(table))).collect(),
        policies: files.iter().find(|file| file.path == "policies.yaml").map(file),
    };
    let (_, found) = mapping::check(&texts, &AnyKeys);
    let said = if has_errors(&found) { render(&found, false) } else { String::new() };
    Some((said, files))
}

#[test]
fn a_header_alone_and_columns_of_persons_alone_give_a_draft_that_passes() {
    for text in [
        "a;b;c\n",
        "NIF;NOMBRE\n12345678Z;Ana\n99007919A;Eva\n",
        "NOMBRE;APELLIDO1\nAna;Gil\nAna;Gil\n",
        "id,name,id\n1,2,3\n",
        "when;true;null;\"a\"\"b\";key\n1;2;3;4;5\n1;2;3;4;5\n",
        "a,b\n,\n1,2\n",
        "recordKey,record_key\n1,1\n1,1\n",
    ] {
        let (said, files) = judged(text.as_bytes()).unwrap();
        assert_eq!(
            said,
            "",
            "{text}\n{}",
            files.iter().map(|file| file.text.as_str()).collect::<String>()
        );
    }
}

#[test]
fn wide_tables_with_empty_records_pass() {
    let header: Vec<String> = (0..200).map(|at| format!("column {at}")).collect();
    let row: Vec<String> = (0..200).map(|at| at.to_string()).collect();
    let text = format!("{}\n{}\n{}\n", header.join(";"), row.join(";"), ";".repeat(199));
    assert_eq!(judged(text.as_bytes()).unwrap().0, "");
}

#[test]
fn a_lone_line_with_a_control_character_gives_a_draft_that_passes_or_a_clear_word() {
    for bytes in [&[33, 32, 33, 11, 60][..], b"id;nombre\x0b<", b"id;nombre\x0b<\n", b"\x0b<\n\n"] {
        if let Some((said, _)) = judged(bytes) {
            assert_eq!(said, "", "{bytes:?}");
        }
    }
}

/// A table of 400 records in whose column of codes one value is another, and everything of its draft.
fn drafted_with(name: &str, value: &str) -> String {
    let mut text = format!("NUM_EXP;{name}\n");
    for at in 0..400 {
        let code = if at == 200 { value } else { ["OBM", "OBN", "ACT"][at % 3] };
        text += &format!("EXP-{at};{code}\n");
    }
    let (said, files) = judged(text.as_bytes()).unwrap();
    assert_eq!(said, "", "{name} {value}");
    files.iter().map(|file| format!("{}\n{}", file.path, file.text)).collect()
}

#[test]
fn one_value_of_a_person_among_codes_stands_in_no_draft() {
    for value in [
        "12345678Z",
        "12.345.678-z",
        "X1234567L",
        "ana.gil@example.org",
        "ES91 2100 0418 4502 0005 1332",
        "+34 600 123 456",
        "600 12 34 56",
        "Muñoz, 12345678Z",
    ] {
        let all = drafted_with("TIPO", value);
        assert!(!all.contains(value), "{all}");
        assert!(!all.contains("codes/"), "{all}");
        assert!(all.contains("as the data of a person do"), "{all}");
    }
    assert!(drafted_with("TIPO", "VAD").contains("codes/"));
}

#[test]
fn the_values_of_a_column_of_names_are_no_codes() {
    let names: Vec<&str> = (0..60)
        .map(|at| ["Ana Gil Ruiz", "EVA DE LA FUENTE", "Ibáñez, Luis", "sin asignar"][at % 4])
        .collect();
    let seen = column("C7", &names);
    assert!(seen.words.is_empty());
    assert!(seen.notes.join("; ").contains("names of persons"), "{:?}", seen.notes);
    let kinds: Vec<&str> = (0..60).map(|at| ["Obra mayor", "Obra menor", "Vado"][at % 3]).collect();
    assert_eq!(column("C7", &kinds).words.len(), 3);
    let codes: Vec<&str> = (0..60).map(|at| ["A1", "B2"][at % 2]).collect();
    for name in [
        "TRAMITADOR",
        "Técnico",
        "RESPONSABLE",
        "USUARIO_ALTA",
        "InstructorExp",
        "FUNCIONARIO",
        "GESTORA",
        "AGENTE",
    ] {
        assert!(column(name, &codes).words.is_empty(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_give_a_draft_that_passes_or_a_clear_word(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Some((said, _)) = judged(&bytes) {
            prop_assert_eq!(said, "");
        }
    }

    #[test]
    fn any_table_gives_a_draft_that_passes(text in "([a-zñ0-9 \"'#:{}\\[\\],;.|/*&!%@`-]{0,12}[,;\n]){0,40}") {
        if let Some((said, files)) = judged(text.as_bytes()) {
            let all: String = files.iter().map(|file| file.text.as_str()).collect();
            prop_assert_eq!(said, "", "{}", all);
        }
    }
}
