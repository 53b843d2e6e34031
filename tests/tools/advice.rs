use crate::support::site::{MAPPING, Site};

#[test]
fn a_protected_value_that_does_not_fit_is_told_to_be_text_by_its_protection() {
    let site = Site::new("{ embedded: true }", "advice");
    let masked = "issuedOn: { from: FEC_ALTA, protect: { mask: { keep_last: 2 } } }";
    let mapping = MAPPING.replacen("issuedOn: FEC_ALTA", masked, 1);
    assert_ne!(mapping, MAPPING);
    site.write("mappings/licences.yaml", mapping.as_bytes());
    let said = String::from_utf8(site.run(&["check"]).stdout).unwrap();
    assert!(said.contains("mapping.type_clash"), "{said}");
    assert!(said.contains("protection makes text of it"), "{said}");
    assert!(said.contains("make `issuedOn` a field of `type: text` in the model"), "{said}");
    assert!(!said.contains("decoded in `from`"), "{said}");
}
