//! `acequia processing`: the record of article 30.

use serde_json::Value as Json;

use super::town;
use crate::support::site::Site;

/// Without the keys: the record reads none.
fn record(site: &Site, arguments: &[&str]) -> (i32, String) {
    let output = site.acequia().arg("processing").args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text + &String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_record_says_what_article_30_asks_for_in_two_languages() {
    let site = town::site("{ embedded: true }", "villaclara");
    let (code, english) = record(&site, &[]);
    assert_eq!(code, 0, "{english}");
    for line in [
        "# Record of processing activities: villaclara",
        "- Name: Ayuntamiento de Villaclara",
        "- Data protection officer: dpd@villaclara.example",
        "## Residents of the town",
        "- Purpose: Writing to residents",
        "- Legal basis: Law 7/1985, art. 25",
        "- Categories of data subjects: residents",
        "- Recipients: oficina-ciudadano",
        "- Transfers to third countries or international organisations: none",
        "- Time limit for erasure: 365d",
        "| `person` | Pseudonym of the tax number | personal | pseudonym, domain `citizen` |",
        "| `account` | Bank account | personal | encrypted, key `accounts` |",
        "| `name` | Name | personal | masked |",
        "| `born` | Year of birth | personal | generalised |",
        "| `mail` | Where to write | contact | in clear |",
        "- Rejected records are kept encrypted.",
    ] {
        assert!(english.lines().any(|found| found == line), "{line}\n{english}");
    }
    assert!(!english.contains("`number`") && !english.contains("`kind`"), "{english}");
    let (_, spanish) = record(&site, &["--language", "es"]);
    for line in [
        "# Registro de actividades de tratamiento: villaclara",
        "- Base jurídica: Law 7/1985, art. 25",
        "- Plazo de supresión: 365d",
        "| `person` | Pseudonym of the tax number | personal | seudónimo, dominio `citizen` |",
        "- Los registros rechazados se guardan cifrados.",
    ] {
        assert!(spanish.lines().any(|found| found == line), "{line}\n{spanish}");
    }
    assert_eq!(english.lines().count(), spanish.lines().count());
    assert_eq!(record(&site, &[]).1, english, "the same files, the same record");
}

#[test]
fn what_nobody_has_said_is_named_and_is_a_finding() {
    let site = town::site("{ embedded: true }", "villaclara");
    let policies = town::POLICIES
        .replace("    subjects: [residents]\n", "")
        .replace("    retention: 365d\n", "")
        .replace("name: Ayuntamiento de Villaclara, ", "");
    site.write("policies.yaml", policies.as_bytes());
    let (code, text) = record(&site, &["--json"]);
    assert_eq!(code, 1);
    let json: Json = serde_json::from_str(&text).unwrap();
    let keys: Vec<_> = json["missing"].as_array().unwrap().iter().map(|gap| &gap["key"]).collect();
    assert_eq!(keys, ["controller.name", "subjects", "retention"]);
    let account = &json["activities"][0]["data"][1];
    assert_eq!(account["protection"], serde_json::json!({ "encryption": "accounts" }));
    assert_eq!(account["columns"], serde_json::json!(["CUENTA"]));
    let (_, text) = record(&site, &["--language", "es"]);
    assert!(text.contains("- Plazo de supresión: **no consta**"), "{text}");
    assert!(
        text.contains("- `retention` falta en la política de `villaclara.resident.v1`"),
        "{text}"
    );
}
