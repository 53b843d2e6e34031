//! The example deployment holds, its mappings pass their own tests, and the feeds become what they should.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use acequia_api::{BatchLimits, Projection, RecordBatch, Unit, WantedColumn};
use acequia_formats::{Decoded, Format};

use super::*;
use crate::{
    config::{self, Options},
    connectors,
    diagnostic::{SourceFile, has_errors, render},
    event::{Change, Encoder, EncoderConfig, EventBatch, KeyRing, Keys, Layout, Mapped},
    mapping::{self, Library, Mapping, Scratch, Texts, Verdict},
};

fn texts() -> Texts {
    let mut texts = Texts::default();
    for (path, text) in DEPLOYMENT {
        let file = SourceFile::new(*path, *text);
        match path.split('/').collect::<Vec<_>>()[..] {
            ["mappings", "models", _] => texts.models.push(file),
            ["mappings", "codes", name] => {
                texts.codes.push((name.trim_end_matches(".csv").to_owned(), file));
            }
            ["mappings", _] => texts.mappings.push(file),
            ["policies.yaml"] => texts.policies = Some(file),
            _ => {}
        }
    }
    texts
}

fn library() -> Library {
    let (library, found) = mapping::check(&texts(), &Keys::test());
    assert!(found.is_empty(), "{}", render(&found, false));
    library
}

#[test]
fn the_library_is_free_of_errors_and_warnings() {
    let library = library();
    assert_eq!(library.mappings.len(), 3);
    let models: Vec<&str> = library.models.keys().map(String::as_str).collect();
    assert_eq!(
        models,
        [
            "address/1",
            "appointment/1",
            "asset/1",
            "benefit/1",
            "case/1",
            "contract/1",
            "document/1",
            "employee/1",
            "organization/1",
            "payment/1",
            "permit/1",
            "person/1"
        ]
    );
}

#[test]
fn the_tests_inside_the_mappings_hold() {
    for mapping in library().mappings.values() {
        let results = mapping::run_tests(mapping);
        assert!(results.len() >= 5, "{}", mapping.name);
        for result in results {
            assert!(result.ok(), "{}: {}: {:#?}", mapping.name, result.name, result.differences);
        }
    }
}

#[test]
fn the_deployment_loads() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KEY_FILES.iter().map(|path| (*path, KeyRing::generate("k1")));
    let files = DEPLOYMENT.iter().map(|(path, text)| (*path, (*text).to_owned()));
    for (path, text) in files.chain(keys) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        owner_only(&path);
    }
    let options = Options { registry: connectors::registry(), secrets: true };
    let (deployment, found) = config::load(&folder.path().join("acequia.yaml"), options);
    assert!(!has_errors(&found), "{}", render(&found, false));
    let names: Vec<_> =
        deployment.unwrap().pipelines.into_iter().map(|pipeline| pipeline.config).collect();
    let names: Vec<&str> = names.iter().map(|config| &*config.pipeline).collect();
    assert_eq!(names, FEEDS.iter().map(|feed| feed.pipeline).collect::<Vec<_>>());
}

fn owner_only(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// What a feed became: counts, and every reject as `code in field`.
struct Became {
    counts: Expected,
    reasons: Vec<String>,
    events: Vec<serde_json::Value>,
}

fn run(feed: &Feed) -> Became {
    let library = library();
    let pipeline = DEPLOYMENT
        .iter()
        .find(|(path, _)| *path == format!("pipelines/{}.yaml", feed.pipeline))
        .unwrap();
    let pipeline = crate::yaml::parse(&SourceFile::new(pipeline.0, pipeline.1)).unwrap().to_json();
    let format: Format = serde_json::from_value(pipeline["source"]["format"].clone()).unwrap();
    let mapping = &library.mappings[pipeline["mapping"][0].as_str().unwrap()];
    let mut became = Became {
        counts: Expected { read: 0, published: 0, rejected: 0, filtered: 0, duplicate_files: 0 },
        reasons: Vec::new(),
        events: Vec::new(),
    };
    let mut seen = BTreeMap::new();
    for (name, content) in feed.files.iter().filter(|(name, _)| !name.ends_with(".ok")) {
        if seen.insert(*content, *name).is_some() {
            became.counts.duplicate_files += 1;
        } else {
            file(mapping, &format, name, content, &mut became);
        }
    }
    became
}

fn file(mapping: &Mapping, format: &Format, name: &str, content: &[u8], became: &mut Became) {
    let wanted: Vec<WantedColumn> = mapping.wanted();
    let mut decoder = format.decoder(&Projection::Only(wanted)).unwrap();
    let mut input = content;
    decoder.head(&mut input).unwrap();
    let mut batch = RecordBatch::new(BatchLimits::default());
    let unit = Arc::new(Unit { id: name.into(), name: name.into() });
    assert_eq!(decoder.decode(&mut input, &unit, &mut batch).unwrap(), Decoded::End);
    let reasons = |errors: &[acequia_api::RecordError]| -> String {
        let reason = |error: &acequia_api::RecordError| {
            format!("{} {}", error.code, error.field.as_deref().unwrap_or("-"))
        };
        errors.iter().map(reason).collect::<Vec<_>>().join(", ")
    };
    became.counts.read += (batch.len() + batch.rejects().len()) as u64;
    became.counts.rejected += batch.rejects().len() as u64;
    became.reasons.extend(batch.rejects().iter().map(|reject| reasons(&reject.errors)));

    let bound = mapping.bind(batch.schema()).unwrap();
    let mut scratch = Scratch::new(Arc::new(Keys::test()));
    let mut encoder = Encoder::new(EncoderConfig {
        deployment: "villaclara".into(),
        pipeline: "demo".into(),
        split: "files".into(),
        event_type: mapping.model.topic(),
        dataschema: format!("acequia:{}", mapping.model.reference()),
        mapping_version: mapping.version.clone(),
        dataclass: mapping.class.name(),
        topic: 0,
        max_event_bytes: 1 << 20,
        tombstones: true,
        layout: Layout::Structured,
    });
    let mut out = EventBatch::new();
    let mut errors = Vec::new();
    for row in batch.rows() {
        errors.clear();
        let change = match mapping.apply(&bound, row, &mut scratch, &mut errors) {
            Verdict::Upsert => Change::Upsert,
            Verdict::Delete => Change::Delete,
            Verdict::Filtered => {
                out.filter();
                continue;
            }
            Verdict::Rejected => {
                became.reasons.push(reasons(&errors));
                became.counts.rejected += 1;
                continue;
            }
        };
        let flags = scratch.quality.iter().map(|flag| format!("{}:{}", flag.field, flag.code));
        let quality = &flags.collect::<Vec<_>>().join(",");
        let (key, data) = (&*scratch.key, &*scratch.data);
        encoder.push(&mut out, row, Mapped { index: 0, change, key, data, quality }).unwrap();
    }
    became.counts.published += out.published();
    became.counts.filtered += out.filtered();
    let values = out.events().filter_map(|event| event.value);
    became
        .events
        .extend(values.map(|value| serde_json::from_slice::<serde_json::Value>(value).unwrap()));
}

fn feed(pipeline: &str) -> Became {
    let feed = FEEDS.iter().find(|feed| feed.pipeline == pipeline).unwrap();
    let became = run(feed);
    assert_eq!(became.counts, feed.expected, "{:#?}", became.reasons);
    became
}

fn flagged(became: &Became) -> Vec<&str> {
    became.events.iter().filter_map(|event| event["quality"].as_str()).collect()
}

#[test]
fn the_permits_become_what_their_description_says() {
    let mut became = feed("permits");
    became.reasons.sort();
    assert_eq!(
        became.reasons,
        [
            "decode.csv.ragged -",
            "decode.csv.stray_quote -",
            "decode.date FEC_ALTA",
            "decode.date FEC_ALTA, map.required_missing kind, map.required_missing status",
            "decode.decimal IMPORTE",
            "map.min declaredCost.amount",
            "map.required_missing holder.key",
            "map.required_missing key, map.key_missing permitNumber",
            "map.unmapped_code status",
        ]
    );
    assert_eq!(flagged(&became), ["holder.key:map.check"]);
    let deleted: Vec<_> =
        became.events.iter().filter(|event| event["type"] == "permit.v1.deleted").collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0]["subject"], "2021/0006");
}

#[test]
fn the_requests_become_what_their_description_says() {
    let mut became = feed("requests");
    became.reasons.sort();
    assert_eq!(
        became.reasons,
        [
            "decode.csv.ragged -",
            "decode.time_gap opened, decode.time_gap updated",
            "decode.timestamptz opened, decode.timestamptz updated",
            "map.required_missing key, map.key_missing caseNumber",
            "map.unmapped_code service",
            "map.unmapped_code status",
        ]
    );
    assert_eq!(flagged(&became), ["location.postCode:map.pattern"]);
    let description = became.events[0]["data"]["description"].as_str().unwrap();
    assert_eq!(description, "Bache delante del portal.\nCada vez es más hondo.");
}

#[test]
fn the_register_becomes_what_its_description_says() {
    let mut became = feed("register");
    became.reasons.sort();
    assert_eq!(
        became.reasons,
        [
            "decode.csv.ragged -",
            "decode.date FNAC",
            "map.check key",
            "map.key_missing key, map.required_missing identifiers",
            "map.unmapped_code sex",
        ]
    );
    let names: Vec<_> =
        became.events.iter().map(|event| &event["data"]["name"]["family"]).collect();
    assert!(
        names.iter().any(|name| *name == "Müller") && names.iter().any(|name| *name == "Zúñiga")
    );
}

#[test]
fn permits_and_register_can_be_joined_and_show_no_national_id() {
    let (permits, register) = (feed("permits"), feed("register"));
    let keys: Vec<_> = register.events.iter().map(|event| &event["subject"]).collect();
    let joined =
        permits.events.iter().filter(|event| keys.contains(&&event["data"]["holder"]["key"]));
    assert!(joined.count() > 10);
    for event in permits.events.iter().chain(&register.events) {
        let text = event.to_string();
        for id in ["99102947", "99007919", "99.102.947"] {
            assert!(!text.contains(id), "{text}");
        }
    }
}
