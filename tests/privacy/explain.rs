//! `acequia check --explain FIELD`.

use acequia::event::KeyRing;

use super::town;

fn explained(arguments: &[&str]) -> String {
    let site = town::site("{ embedded: true }", "explain");
    let output = site
        .acequia()
        .args(["check", "--explain"])
        .args(arguments)
        .env("ACCOUNTS_KEY", KeyRing::generate("a1"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_field_is_explained_from_its_columns_to_the_clause() {
    let text = explained(&["name"]);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for fact in [
        "residents: name",
        "made by from titular (mappings/residents.yaml:24)",
        "reads NOMBRE: personal, `from` says so (by way of `titular`)",
        "reads APELLIDO: personal, `from` says so (by way of `titular`)",
        "steps mask, keeping 1 first and 0 last characters",
        "class personal",
        "topic explain.resident.v1, by the pipeline `residents`",
        "allowed by policies.yaml:6: `resident.v1` carries public, internal, personal, personal.contact",
        "purpose Writing to residents (Law 7/1985, art. 25)",
        "kept 365d",
        "read by oficina-ciudadano",
    ] {
        assert!(words.contains(fact), "{fact}\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

#[test]
fn the_key_of_a_protected_field_is_named_with_the_one_that_is_current() {
    let text = explained(&["person"]);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for fact in [
        "class personal.national_id; published as personal",
        "key pseudonym in the domain `citizen`, now with its key `k1`",
        "kafka key yes",
    ] {
        assert!(words.contains(fact), "{fact}\n{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&explained(&["account", "--json"])).unwrap();
    let field = &json[0];
    assert_eq!(field["columns"][0]["column"], "CUENTA");
    assert_eq!(field["columns"][0]["class"], "personal.contact");
    assert_eq!(
        (&field["unprotected_class"], &field["class"]),
        (&"personal.contact".into(), &"personal".into())
    );
    assert_eq!(
        (&field["protection"], &field["domain"]),
        (&"encryption".into(), &"accounts".into())
    );
    assert_eq!(field["key"], "a1");
    assert_eq!(field["topics"][0]["topic"], "explain.resident.v1");
    assert!(field["topics"][0]["clause"].as_str().unwrap().starts_with("policies.yaml:6"));
}

#[test]
fn without_secrets_everything_but_the_current_key_is_told() {
    let text = explained(&["person", "--without-secrets"]);
    assert!(text.contains("pseudonym in the domain `citizen`\n"), "{text}");
}
