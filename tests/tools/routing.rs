//! Records that none or several of the mappings take: the tools refuse what the pipeline refuses.

use serde_json::Value as Json;

use super::documents;
use crate::support::site::Site;

/// A record of each kind, of two mappings: `a` takes A and B, `b` takes B and C, nobody takes Z.
fn kinds(name: &str, rules: &str) -> Site {
    let site = Site::new("{ embedded: true }", name);
    ruled(&site, rules);
    for (mapping, kinds) in [("a", "'A', 'B'"), ("b", "'B', 'C'")] {
        let text = format!(
            "mapping: {mapping}\nto: licence/1\nfrom: {{ N: text, K: text }}\nwhen: \"K IN ({kinds})\"\nkey: number\n\
             fields:\n  number: N\n  status: K\n"
        );
        site.write(&format!("mappings/{mapping}.yaml"), text.as_bytes());
    }
    site.write("drop/KIND.csv", b"N;K\n1;A\n2;B\n3;C\n4;Z\n");
    site.write("drop/KIND.csv.ok", b"");
    site
}

/// Gives the pipeline other rules.
fn ruled(site: &Site, rules: &str) {
    let pipeline = format!(
        "pipeline: licences\nsource:\n  connector: files\n  directory: drop\n  match: \"*.csv\"\n  \
         format: {{ csv: {{ delimiter: \";\" }} }}\n  complete: {{ marker: \"{{name}}.ok\" }}\n\
         mapping: [a, b]\n{rules}"
    );
    site.write("pipelines/licences.yaml", pipeline.as_bytes());
}

/// Per document of a preview, the kind of the record and the code with which it is refused.
fn refusals(shown: &[Json]) -> Vec<(&str, Option<&str>)> {
    let mut all = Vec::new();
    for line in shown {
        let code = line["outcome"]["rejects"][0]["code"].as_str();
        all.push((line["record"]["K"].as_str().unwrap(), code));
    }
    all
}

#[test]
fn a_preview_refuses_what_no_mapping_takes_unless_the_pipeline_leaves_it() {
    let (none, several) = (Some("map.no_mapping"), Some("map.several_mappings"));
    for (rules, code, expected) in [
        ("", 1, vec![("A", None), ("B", None), ("B", None), ("C", None), ("Z", none)]),
        (
            "unmapped: filter\n",
            0,
            vec![("A", None), ("B", None), ("B", None), ("C", None), ("Z", None)],
        ),
        ("several: reject\n", 1, vec![("A", None), ("B", several), ("C", None), ("Z", none)]),
    ] {
        let site = kinds("routing", rules);
        let shown = site.run(&["preview", "licences", "--json"]);
        let lines = documents(&shown);
        assert_eq!(refusals(&lines), expected, "{rules}");
        assert_eq!(shown.status.code(), Some(code), "{rules}");
        let text = String::from_utf8(site.run(&["preview", "licences"]).stdout).unwrap();
        let refused = expected.iter().filter(|(_, code)| code.is_some()).count();
        assert!(text.contains(&format!("{refused} rejected; nothing was")), "{text}");
        assert_eq!(text.contains("filtered: no mapping takes it"), code == 0, "{text}");
    }
}

#[test]
fn the_steps_say_which_rule_of_the_pipeline_refuses_a_record() {
    let site = kinds("routing-steps", "several: reject\n");
    let lines = documents(&site.run(&["preview", "licences", "--steps", "--rejects", "--json"]));
    let rules: Vec<_> = lines.iter().map(|line| line["steps"].as_array().unwrap().last()).collect();
    let rules: Vec<&Json> = rules.into_iter().flatten().collect();
    assert_eq!(rules.len(), 2, "{lines:?}");
    assert_eq!((&rules[0]["part"], &rules[0]["name"]), (&"pipeline".into(), &"several".into()));
    assert_eq!(rules[0]["out"]["detail"], "a, b");
    assert_eq!(rules[1]["out"]["refused"], "map.no_mapping");
    let by = |mapping: &str| {
        let steps = lines[1]["steps"].as_array().unwrap();
        steps.iter().filter(|step| step["mapping"] == mapping).count()
    };
    assert!(by("a") > 0 && by("b") > 0, "{lines:?}");
    let text = String::from_utf8(site.run(&["preview", "licences", "--steps"]).stdout).unwrap();
    assert!(text.contains("unmapped: reject") && text.contains("several: reject"), "{text}");
}

#[test]
fn coverage_counts_what_the_pipeline_refuses() {
    let site = kinds("routing-coverage", "several: reject\n");
    let shown = site.run(&["preview", "licences", "--coverage", "--json"]);
    assert_eq!(shown.status.code(), Some(1));
    let report = &documents(&shown)[0];
    assert_eq!(report["rejected"], 2, "{report}");
    let refused = &report["refused_by_pipeline"];
    assert_eq!(
        (&refused["map.no_mapping"], &refused["map.several_mappings"]),
        (&1.into(), &1.into())
    );
    let text = String::from_utf8(site.run(&["preview", "licences", "--coverage"]).stdout).unwrap();
    assert!(text.contains("; refused: map.no_mapping 1, map.several_mappings 1"), "{text}");
    assert!(text.contains("2 events, 0 filtered, 2 rejected"), "{text}");
}

#[test]
fn deployments_differ_where_their_pipelines_have_other_rules() {
    let old = kinds("routing-old", "unmapped: filter\n");
    let new = kinds("routing-new", "unmapped: filter\n");
    let diff = || {
        let against = old.path().to_str().unwrap();
        let done = new.run(&["diff", "licences", "--against", against]);
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    assert_eq!(diff().0, Some(0));
    ruled(&new, "");
    let (code, text) = diff();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("now rejected: map.no_mapping") && text.contains("1 differ"), "{text}");
    ruled(&new, "unmapped: filter\nseveral: reject\n");
    let (code, text) = diff();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("now rejected: map.several_mappings"), "{text}");
    assert!(text.contains("event removed") && text.contains("1 differ"), "{text}");
}
