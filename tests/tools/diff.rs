use super::{documents, site};
use crate::support::site::MAPPING;

#[test]
fn what_a_change_of_a_mapping_changes_is_shown_record_by_record_and_summed_up() {
    let site = site("diff");
    site.write("old.yaml", MAPPING.as_bytes());
    let old = site.path().join("old.yaml");
    let arguments = ["diff", "licences", "--against", old.to_str().unwrap()];
    let same = site.run(&arguments);
    let text = String::from_utf8(same.stdout).unwrap();
    assert_eq!(same.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&same.stderr));
    assert!(text.contains("6 records compared: no event differs"), "{text}");

    let changed = MAPPING.replacen("DD/MM/YYYY", "MM/DD/YYYY", 1);
    assert_ne!(changed, MAPPING);
    site.write("mappings/licences.yaml", changed.as_bytes());
    let different = site.run(&arguments);
    let text = String::from_utf8(different.stdout).unwrap();
    assert_eq!(different.status.code(), Some(1), "{text}");
    assert!(text.contains("WHAT DIFFERS") && text.contains("LIC.csv:"), "{text}");

    let json = [&arguments[..], &["--json", "--show", "1"]].concat();
    let lines = documents(&site.run(&json));
    assert_eq!(lines.len(), 2, "one record and the summary: {lines:?}");
    assert!(lines[0]["changes"].is_array());
    assert_eq!(lines[1]["summary"]["records"], 6);
}

#[test]
fn both_sides_are_checked_and_a_file_that_has_no_place_is_refused() {
    let site = site("diff-checked");
    let against = |name: &str| {
        let path = site.path().join(name);
        site.run(&["diff", "licences", "--against", path.to_str().unwrap()])
    };
    let broken = MAPPING.replacen("FEC_ALTA", "FEC_ALTTA", 1);
    site.write("broken.yaml", broken.as_bytes());
    let refused = against("broken.yaml");
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("broken.yaml:"), "{said}");
    site.write("other.yaml", MAPPING.replacen("mapping: licences", "mapping: other", 1).as_bytes());
    let refused = against("other.yaml");
    assert_eq!(refused.status.code(), Some(2), "{}", String::from_utf8_lossy(&refused.stderr));
}

#[test]
fn a_whole_deployment_can_be_the_other_side() {
    let (new, old) = (site("diff-new"), site("diff-old"));
    let against = ["diff", "licences", "--against", old.path().to_str().unwrap()];
    assert_eq!(new.run(&against).status.code(), Some(0));
    new.write("mappings/licences.yaml", MAPPING.replacen("DD/MM/YYYY", "MM/DD/YYYY", 1).as_bytes());
    assert_eq!(new.run(&against).status.code(), Some(1));
}

#[test]
fn what_is_wrong_with_the_other_deployment_is_told_with_its_own_paths() {
    let (new, old) = (site("diff-right"), site("diff-wrong"));
    old.write("mappings/licences.yaml", MAPPING.replacen("FEC_ALTA", "FEC_ALTTA", 1).as_bytes());
    let against = old.path().to_str().unwrap();
    let refused = new.run(&["diff", "licences", "--against", against]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains(&format!("{against}/mappings/licences.yaml:")), "{said}");

    old.write("mappings/licences.yaml", MAPPING.as_bytes());
    let pipeline = std::fs::read_to_string(old.path().join("pipelines/licences.yaml")).unwrap();
    let renamed = pipeline.replacen("pipeline: licences", "pipeline: others", 1);
    old.write("pipelines/licences.yaml", renamed.as_bytes());
    let refused = new.run(&["diff", "licences", "--against", against]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains(&format!("in `{against}`, there is no pipeline `licences`")), "{said}");
}
