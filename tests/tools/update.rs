use super::{documents, site};
use crate::support::site::MAPPING;

#[test]
fn updated_tests_hold_comments_stand_and_a_second_time_changes_nothing() {
    let site = site("update");
    let mapping = format!(
        "{MAPPING}\ntests:   # what must hold\n  - name: one   # a remark\n    given: {{ NUM_EXP: A-1 }}   # another\n  - name: two\n    given: {{ NUM_EXP: A-2 }}\n    expect: {{ number: A-3 }}\n"
    );
    assert!(!MAPPING.contains("\ntests:"));
    site.write("mappings/licences.yaml", mapping.as_bytes());
    let read = || std::fs::read_to_string(site.path().join("mappings/licences.yaml")).unwrap();

    assert_eq!(site.run(&["check"]).status.code(), Some(0), "expecting nothing is a warning");
    let failed = site.run(&["test"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8(failed.stdout).unwrap().contains("acequia test --update"));

    let filled = site.run(&["test", "--update", "--json"]);
    let report = documents(&filled);
    assert_eq!(report[0]["updates"][0]["filled"][0], "one", "{report:?}");
    assert_eq!(report[0]["updates"][0]["left"], 1, "nobody said that it may be replaced");
    assert!(read().contains("expect: { number: A-3 }"));

    let replaced = site.run(&["test", "--update", "--yes"]);
    let text = String::from_utf8(replaced.stdout).unwrap();
    assert_eq!(replaced.status.code(), Some(0), "{text}");
    assert!(
        text.contains("- ") && text.contains("+ ") && text.contains("1 test replaced"),
        "{text}"
    );
    let after = read();
    assert!(after.contains("tests:   # what must hold\n  - name: one   # a remark\n"), "{after}");
    assert!(after.contains("given: { NUM_EXP: A-1 }   # another\n"), "{after}");
    assert!(after.starts_with(MAPPING));
    assert_eq!(site.run(&["test"]).status.code(), Some(0));

    assert_eq!(site.run(&["test", "--update", "--yes"]).status.code(), Some(0));
    assert_eq!(read(), after);
    let files = std::fs::read_dir(site.path().join("mappings")).unwrap().flatten();
    assert!(files.into_iter().all(|file| !file.file_name().to_string_lossy().starts_with('.')));
}
