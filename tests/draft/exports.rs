//! Exports as Spanish administrations make them, and what a draft of one must not hold.

use std::{fmt::Write, fs};

use super::{acequia, drafted, name_of, outcomes, previewed, text};

const LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// A register of licences: `;`, decimal commas, DD/MM/YYYY, NIFs, windows-1252, and every kind of doubt.
fn licences(records: usize) -> Vec<u8> {
    let mut out = String::from(
        "NUM_EXP;TIPO;FEC_ALTA;FEC_BAJA;IMPORTE;NIF;NOMBRE;APELLIDO1;CORREO;COD_POSTAL;ACTIVO;OBSERVACIONES\r\n",
    );
    for at in 0..records {
        let number = 99_000_000 + at;
        let letter = char::from(LETTERS[number % 23]);
        let kind = ["OBM", "OBN", "ACT", "VAD"][at % 4];
        let (day, month) = (at % 28 + 1, at % 12 + 1);
        let gone = ["", "00/00/0000", "31/12/9999"][at % 3];
        let active = if at % 3 == 0 { "S" } else { "N" };
        let _ = write!(
            out,
            "EXP-{at:05};{kind};{day:02}/{month:02}/20{:02};{gone};{}.{:03},{:02};{number}{letter};BEGOÑA{at};NÚÑEZ{at};\
             vecina{at}@example.org;0{};{active};llamar a vecina{at}\r\n",
            at % 24,
            at % 9 + 1,
            at % 1000,
            at % 100,
            7_000 + at % 900,
        );
    }
    out.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect()
}

#[test]
fn a_spanish_export_is_typed_and_no_value_of_a_person_is_in_its_draft() {
    let trial = tempfile::tempdir().unwrap();
    let file = trial.path().join("LIC_0001.csv");
    fs::write(&file, licences(400)).unwrap();
    let out = trial.path().join("town");
    let said = drafted(&file, &out, &[]);
    let columns = said["profile"]["columns"].as_array().unwrap();
    let of = |key: &str| -> Vec<String> {
        columns.iter().map(|column| column[key].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        of("type"),
        [
            "text", "text", "date", "date", "decimal", "text", "text", "text", "text", "text",
            "bool", "text"
        ]
    );
    let (inner, person, contact, national) =
        ("internal", "personal", "personal.contact", "personal.national_id");
    assert_eq!(
        of("class"),
        [
            inner, inner, inner, inner, inner, national, person, person, contact, inner, inner,
            person
        ]
    );
    assert_eq!(said["format"]["csv"]["encoding"], "windows-1252");
    let lines = previewed(&out, &name_of(&said));
    let (rejected, _, events) = outcomes(&lines);
    assert_eq!((rejected.len(), events), (0, 400));
    let drafts = said["files"].to_string();
    for value in ["99000007", "BEGOÑA", "NÚÑEZ", "vecina", "example.org"] {
        assert!(!drafts.contains(value), "`{value}` stands in a draft");
    }
    assert!(drafts.contains("OBM") && drafts.contains("DD/MM/YYYY"), "{drafts}");
    let events: String = lines.iter().map(|line| line["outcome"].to_string()).collect();
    assert!(
        !events.contains("BEGOÑA") && !events.contains("@example"),
        "a draft publishes no person"
    );
}

#[test]
fn a_draft_to_a_model_that_is_there_passes_check_and_says_what_is_missing() {
    let trial = tempfile::tempdir().unwrap();
    let file = trial.path().join("LIC_0001.csv");
    fs::write(&file, licences(60)).unwrap();
    for model in ["permit/1", "case/1", "payment/1", "person/1", "document/1"] {
        let out = trial.path().join(model.replace('/', "-"));
        let said = drafted(&file, &out, &["--to", model]);
        let config = out.join("acequia.yaml");
        let checked = acequia(&["--config", config.to_str().unwrap(), "check"]);
        let drafts = said["files"].to_string();
        assert!(checked.status.success(), "{model}: {}\n{drafts}", text(&checked.stdout));
        assert!(drafts.contains("until you say, every record is refused here"), "{drafts}");
    }
}

#[test]
fn a_draft_goes_into_a_deployment_and_never_over_a_file() {
    let trial = tempfile::tempdir().unwrap();
    let file = trial.path().join("LIC_0001.csv");
    fs::write(&file, licences(60)).unwrap();
    let town = trial.path().join("town");
    assert!(acequia(&["init", town.to_str().unwrap(), "--example"]).status.success());
    let config = town.join("acequia.yaml");
    let draft = |more: &[&str]| {
        let arguments = [&["--config", config.to_str().unwrap(), "draft"], more].concat();
        acequia(&arguments)
    };
    let source = file.to_str().unwrap();
    let looked = draft(&[source]);
    assert!(looked.status.success(), "{}", text(&looked.stderr));
    assert!(text(&looked.stdout).contains("Nothing is written yet"));
    assert!(!town.join("mappings/lic-0001.yaml").exists());
    let written = draft(&[source, "--write"]);
    assert!(written.status.success(), "{}{}", text(&written.stdout), text(&written.stderr));
    let mapping = town.join("mappings/lic-0001.yaml");
    fs::write(&mapping, fs::read_to_string(&mapping).unwrap() + "# mine\n").unwrap();
    let again = draft(&[source, "--write"]);
    assert_eq!(again.status.code(), Some(3), "{}", text(&again.stderr));
    assert!(fs::read_to_string(&mapping).unwrap().ends_with("# mine\n"));
    let of_a_pipeline = draft(&["register", "--json"]);
    let said = text(&of_a_pipeline.stdout);
    assert!(of_a_pipeline.status.success(), "{said}{}", text(&of_a_pipeline.stderr));
    assert!(said.contains("\"NIF\"") || said.contains("\"columns\""), "{said}");
}
