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
