use super::{documents, site};
use crate::support::site::Site;

#[test]
fn steps_are_shown_from_the_cell_to_the_event_and_say_where_a_record_is_refused() {
    let site = site("steps");
    let shown = site.run(&["preview", "licences", "--steps"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(shown.status.code(), Some(1));
    assert!(text.contains("→ date as DD/MM/YYYY: refused: decode.date"), "{text}");
    assert!(text.contains("not computed: what it needs was refused"), "{text}");
    assert!(text.contains("over all records: `acequia preview licences --coverage`"), "{text}");
    let lines = documents(&site.run(&["preview", "licences", "--steps", "--json"]));
    assert_eq!(lines.len(), 6);
    let steps = lines[0]["steps"].as_array().unwrap();
    let parts: Vec<&str> = steps.iter().map(|step| step["part"].as_str().unwrap()).collect();
    assert!(parts.contains(&"from") && parts.contains(&"field"), "{parts:?}");
}

#[test]
fn a_discreet_preview_shows_no_value_of_a_record() {
    let site = site("discreet");
    for more in
        [&["--steps"][..], &["--coverage"], &["--steps", "--json"], &["--coverage", "--json"]]
    {
        let arguments = [&["preview", "licences", "--discreet"], more].concat();
        let shown = site.run(&arguments);
        let text = String::from_utf8(shown.stdout).unwrap();
        assert!(!text.is_empty() && !text.contains("EXP/0") && !text.contains("28001"), "{text}");
    }
    let clear = String::from_utf8(site.run(&["preview", "licences", "--steps"]).stdout).unwrap();
    assert!(clear.contains("EXP/0") && clear.contains("28001"), "{clear}");
}

#[test]
fn coverage_counts_over_all_records_for_people_and_programs() {
    let site = site("coverage");
    let report = documents(&site.run(&["preview", "licences", "--coverage", "--json"]));
    let [report] = &report[..] else { panic!("{report:?}") };
    assert_eq!((&report["records"], &report["rejected"]), (&6.into(), &1.into()));
    let mapping = &report["mappings"][0];
    assert_eq!(mapping["upserts"], 5, "{mapping}");
    let fields = mapping["fields"].as_array().unwrap();
    let always = fields.iter().filter(|field| field["has_a_value"] == "always");
    assert!(always.count() > 3, "{fields:?}");
    let text = site.run(&["preview", "licences", "--coverage"]);
    let text = String::from_utf8(text.stdout).unwrap();
    for head in ["HAS A VALUE", "records that no mapping took: 0", "6 records looked at"] {
        assert!(text.contains(head), "{head}: {text}");
    }
}

#[test]
fn a_preview_of_an_incomplete_file_says_what_is_missing() {
    let site = Site::new("{ embedded: true }", "incomplete");
    site.write("drop/LIC.csv", &crate::support::feed::bytes(0, 5));
    let shown = site.run(&["preview", "licences"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(
        text.contains("nothing to read") && text.contains("`LIC.csv` is not read yet: "),
        "{text}"
    );
    assert!(text.contains("LIC.csv.ok"), "{text}");
    let lines = documents(&site.run(&["preview", "licences", "--json"]));
    assert_eq!(lines[0]["waiting"][0]["name"], "LIC.csv");
}

#[test]
fn the_lookup_of_a_let_is_shown_with_its_table_and_whether_it_has_an_entry() {
    let site = Site::new("{ embedded: true }", "looked-up");
    site.write("mappings/codes/office.csv", b"id,name\nC,centre\n");
    let lets = "let:\n  office: { lookup: { table: office, match: { id: K }, take: name } }\n";
    let mapping = format!(
        "mapping: licences\nto: licence/1\nfrom: {{ N: text, K: text }}\n{lets}key: number\n\
         fields:\n  number: N\n  status: office\n"
    );
    site.write("mappings/licences.yaml", mapping.as_bytes());
    site.write("drop/LIC.csv", b"N;K\n1;C\n2;X\n");
    site.write("drop/LIC.csv.ok", b"");
    let shown = site.run(&["preview", "licences", "--steps"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("C → lookup office: found, centre"), "{text}");
    assert!(text.contains("X → lookup office: no entry, refused: map.lookup_missed"), "{text}");
    let lines = documents(&site.run(&["preview", "licences", "--steps", "--json"]));
    for (line, found) in lines.iter().zip([true, false]) {
        let mut steps = line["steps"].as_array().unwrap().iter();
        let looked = steps.find(|step| step["part"] == "let").unwrap();
        let step = &looked["steps"][0];
        assert_eq!((&step["step"], &step["found"]), (&"lookup office".into(), &found.into()));
    }
}
