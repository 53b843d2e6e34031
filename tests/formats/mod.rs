//! Events in every mode, read by others: the Java SDK of CloudEvents, Confluent's deserialiser with a real registry.

use std::time::Duration;

use serde_json::Value;

use crate::support::{
    daemon::Daemon,
    kafka,
    registry::{self, Registry},
    site::Site,
};

const PATIENCE: Duration = Duration::from_secs(120);

const MODEL: &str = "\
model: notice
version: 1
title: A notice
fields:
  number:   { type: text, required: true, class: internal }
  kind:     { type: code, required: true, class: public }
  open:     { type: bool, class: public }
  units:    { type: int, class: public }
  share:    { type: float, class: public }
  cost:     { type: money, class: public }
  issued:   { type: date, class: public }
  at:       { type: instant, class: public }
  local:    { type: timestamp, class: public }
  clock:    { type: time, class: public }
  since:    { type: partial_date, class: public }
  ref:      { type: uuid, class: public }
  tags:     { type: text, many: true, required: true, class: public }
  remarks:  { type: text, class: internal }
";

const MAPPING: &str = "\
mapping: notices
to: notice/1
delete_when: \"TIPO = 'X'\"
from:
  NUM:    text
  TIPO:   text
  OPEN:   { type: bool, true_if: [S], false_if: [N], null_if: [\"\"] }
  UNITS:  { type: int, null_if: [\"\"] }
  SHARE:  { type: float, null_if: [\"\"] }
  COST:   { type: \"decimal(12,2)\", null_if: [\"\"] }
  ISSUED: { type: date, format: DD/MM/YYYY, null_if: [\"\"] }
  AT:     { type: timestamptz, null_if: [\"\"] }
  LOCAL:  { type: timestamp, format: \"YYYY-MM-DD HH24:MI:SS\", null_if: [\"\"] }
  CLOCK:  { type: time, format: \"HH24:MI\", null_if: [\"\"] }
  SINCE:  { type: text, null_if: [\"\"] }
  REF:    { type: uuid, null_if: [\"\"] }
  A:      { type: text, null_if: [\"\"] }
  B:      { type: text, null_if: [\"\"] }
  OBS:    { type: text, null_if: [\"\"] }
key: number
fields:
  number: NUM
  remarks: OBS
  kind: TIPO
  open: OPEN
  units: UNITS
  share: SHARE
  cost: { object: { amount: COST, currency: { const: EUR } } }
  issued: ISSUED
  at: AT
  local: LOCAL
  clock: CLOCK
  since: SINCE
  ref: REF
  tags: { list: [A, B] }
";

const RECORDS: &str = "\
NUM;TIPO;OPEN;UNITS;SHARE;COST;ISSUED;AT;LOCAL;CLOCK;SINCE;REF;A;B;OBS
N/1;new;S;-7;0.25;1250.50;03/02/2021;2021-02-03T12:05:00Z;2021-02-03 13:05:00;13:05;2021-02;6f1f5f0e-6a3b-4c8e-9d55-2f0c6f3a1b7d;uno;dos;\"Año \"\"nuevo\"\"\\ 1\"
N/2;new;;;;;;;;;;;una;;
Ñ/3;old;N;9223372036854775807;1e300;-0.01;31/12/1969;1969-12-31T23:59:59Z;1900-02-28 00:00:01;00:00;1969;6f1f5f0e-6a3b-4c8e-9d55-2f0c6f3a1b7e;;ñ;x
N/2;X;;;;;;;;;;;;;
";

/// A deployment whose pipelines publish the same records, each as its `publish:` says.
fn site(name: &str, registry: Option<&str>, pipelines: &[(&str, &str)]) -> Site {
    let kafka = kafka::shared();
    let registry =
        registry.map_or(String::new(), |settings| format!(", registry: {{ {settings} }}"));
    let cluster = format!(
        "{{ bootstrap: \"{}\", durability: {{ replication: 1, min_insync: 1 }}{registry} }}",
        kafka.bootstrap()
    );
    let site = Site::new(&cluster, &format!("{name}-{}", std::process::id()));
    for unused in
        ["pipelines/licences.yaml", "mappings/licences.yaml", "mappings/models/licence.yaml"]
    {
        std::fs::remove_file(site.path().join(unused)).unwrap();
    }
    site.write("mappings/models/notice.yaml", MODEL.as_bytes());
    site.write("mappings/notices.yaml", MAPPING.as_bytes());
    for (name, publish) in pipelines {
        pipeline(&site, name, publish);
        drop_in(&site, name, "NOTICES.csv", RECORDS);
    }
    site
}

fn pipeline(site: &Site, name: &str, publish: &str) {
    let text = format!(
        "pipeline: {name}\nsource:\n  connector: files\n  directory: drop-{name}\n  match: \"*.csv\"\n  \
         format: {{ csv: {{ delimiter: \";\" }} }}\n  complete: {{ marker: \"{{name}}.ok\" }}\n\
         mapping: [notices]\npublish: {{ {publish} }}\n"
    );
    site.write(&format!("pipelines/{name}.yaml"), text.as_bytes());
}

fn drop_in(site: &Site, pipeline: &str, name: &str, records: &str) {
    site.write(&format!("drop-{pipeline}/{name}"), records.as_bytes());
    site.write(&format!("drop-{pipeline}/{name}.ok"), b"");
}

/// Publishes what is there. Panics with the daemon's log if it does not end well.
fn publish(site: &Site) {
    let checked = site.run(&["check"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let done = site.run(&["run", "--once"]);
    let said = [done.stdout, done.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(done.status.success(), "{}", said.concat());
}

fn topic(prefix: &str, name: &str) -> String {
    format!("{prefix}-{}.{name}", std::process::id())
}

/// Events of one key are in order; between keys, which are in several partitions, there is none.
fn by_key(mut events: Vec<Value>, key: &str) -> Vec<Value> {
    events.sort_by_key(|event| event[key].as_str().unwrap().to_owned());
    events
}

/// The event with what depends on its pipeline taken out.
fn comparable(mut event: Value) -> Value {
    let object = event.as_object_mut().unwrap();
    for attribute in ["id", "source"] {
        assert!(object.remove(attribute).is_some_and(|value| !value.as_str().unwrap().is_empty()));
    }
    event
}

mod avro;
mod modes;
