//! A deployment in which every value of a person is a canary.

use std::{fmt::Write as _, fs, os::unix::fs::PermissionsExt as _};

use crate::support::site::Site;

use super::search::Canary;

pub const MODEL: &str = "\
model: resident
version: 1
title: A resident
subject: person
fields:
  person:  { type: text, required: true, class: personal, title: Pseudonym of the tax number }
  number:  { type: text, class: internal }
  account: { type: text, class: personal.contact, title: Bank account }
  name:    { type: text, class: personal, title: Name }
  born:    { type: partial_date, class: personal, title: Year of birth }
  mail:    { type: text, class: personal.contact, title: Where to write }
  kind:    { type: code, one_of: [owner, tenant], class: internal }
  units:   { type: int, class: internal }
  remarks: { type: text, class: personal, title: Remarks }
";

pub const MAPPING: &str = "\
mapping: residents
title: Residents of the town
to: resident/1
delete_when: \"BAJA = 'S'\"
from:
  NUM:      text
  NIF:      { type: text, trim: both }
  CUENTA:   { type: text, class: personal.contact }
  NOMBRE:   { type: text, class: personal }
  APELLIDO: { type: text, class: personal }
  CORREO:   text
  NACE:     { type: date, format: DD/MM/YYYY, null_if: [\"\"] }
  TIPO:     text
  UNIDADES: text
  OBS:      text
  BAJA:     text
let:
  titular: \"NOMBRE || ' ' || APELLIDO\"
key: person
fields:
  person:  { from: NIF, case: upper, check: es.nif, protect: { pseudonym: citizen } }
  number:  NUM
  account: { from: CUENTA, check: iban, on_fail: flag, protect: { encrypt: accounts } }
  name:    { from: titular, protect: { mask: { keep_first: 1 } } }
  born:    { from: NACE, protect: { generalize: year } }
  mail:    { from: CORREO, pattern: \"[^@ ]+@[^@ ]+\" }
  kind:    { from: TIPO, codes: kind, unmapped: reject }
  units:   { expr: \"CAST(UNIDADES AS int)\" }
  remarks: { from: OBS, protect: { encrypt: accounts } }
";

pub const POLICIES: &str = "\
controller: { name: Ayuntamiento de Villaclara, contact: registro@villaclara.example, officer: dpd@villaclara.example }
policies:
  resident.v1:
    purpose: Writing to residents
    legal_basis: Law 7/1985, art. 25
    classes: [public, internal, personal, personal.contact]
    subjects: [residents]
    retention: 365d
    consumers: [oficina-ciudadano]
";

const HEADER: &str = "NUM;NIF;CUENTA;NOMBRE;APELLIDO;CORREO;NACE;TIPO;UNIDADES;OBS;BAJA\n";

/// A row, and what of it is nobody's business.
pub struct Feed {
    pub bytes: Vec<u8>,
    pub canaries: Vec<Canary>,
    /// The one value that the policy lets through in clear, in events.
    pub allowed: Canary,
}

struct Row {
    bytes: String,
    canaries: Vec<Canary>,
}

/// A row of which every value tells its kind; `change` is given the columns.
fn row(kind: &str, number: u32, change: impl FnOnce(&mut Vec<String>)) -> Row {
    let letter = b"TRWAGMYFPDXBNJZSQVHLCKE"[(number % 23) as usize] as char;
    let mut columns: Vec<String> = [
        format!("{number}"),
        format!("{number}{letter}"),
        format!("Zqxcuenta{kind}"),
        format!("Zqxñandú{kind}"),
        format!("Zqxapellido{kind}"),
        format!("Zqxcorreo{kind}@canaria.example"),
        "12/02/1942".to_owned(),
        "P".to_owned(),
        "3".to_owned(),
        format!("Zqxobserva{kind}"),
        "N".to_owned(),
    ]
    .into();
    columns[0] = format!("R-{kind}");
    change(&mut columns);
    let name = |index: usize| HEADER.trim_end().split(';').nth(index).unwrap_or("more");
    let telling = |value: &String| value.starts_with("Zqx") || value.starts_with("712");
    let canaries = columns
        .iter()
        .enumerate()
        .filter(|(_, value)| telling(value))
        .map(|(index, value)| Canary {
            name: format!("{} of {kind}", name(index)),
            value: short(value),
        })
        .collect();
    Row { bytes: columns.join(";") + "\n", canaries }
}

/// The first word: a long text is found by its beginning.
fn short(value: &str) -> String {
    value.split(' ').next().unwrap_or_default().to_owned()
}

/// Good records, and one of every way in which a record can be bad.
pub fn feed() -> Feed {
    let rows = [
        row("good", 71_230_001, |_| {}),
        row("lower", 71_230_002, |columns| columns[1] = columns[1].to_lowercase()),
        row("gone", 71_230_003, |columns| columns[10] = "S".into()),
        row("nif", 71_230_004, |columns| columns[1] = "71230004A".into()),
        row("date", 71_230_005, |columns| columns[6] = "Zqxfecha".into()),
        row("code", 71_230_006, |columns| columns[7] = "Zqxtipocode".into()),
        row("cast", 71_230_007, |columns| columns[8] = "Zqxunidades".into()),
        row("mail", 71_230_008, |columns| columns[5] = "Zqxcorreomail".into()),
        row("long", 71_230_009, |columns| columns.push("Zqxdemasiado".into())),
        row("ragged", 71_230_010, |columns| columns.truncate(4)),
        row("large", 71_230_011, |columns| columns[9] = "Zqxobservalarge ".repeat(2_000)),
        row("broken", 71_230_012, |columns| columns[9] = "Zqxobservabroken \u{fffd}".into()),
        row("last", 71_230_013, |_| {}),
    ];
    let mut bytes = HEADER.as_bytes().to_vec();
    let mut canaries = Vec::new();
    for row in rows {
        // A byte that is no UTF-8 takes the place of the mark.
        let text = row.bytes.into_bytes();
        let mark = "\u{fffd}".as_bytes();
        match text.windows(3).position(|window| window == mark) {
            Some(at) => bytes.extend([&text[..at], &[0xff], &text[at + 3..]].concat()),
            None => bytes.extend(text),
        }
        canaries.extend(row.canaries);
    }
    // Good and lower-case mails are published as they are; that is the control of the search, and they are no canaries
    // in the values of events.
    let at = canaries.iter().position(|canary| canary.name == "CORREO of good").unwrap();
    let allowed = canaries[at].clone();
    Feed { bytes, canaries, allowed }
}

/// The deployment on this cluster. The key `accounts` comes from the environment, the others from files.
pub fn site(kafka: &str, deployment: &str) -> Site {
    let site = Site::new(kafka, deployment);
    let text = fs::read_to_string(site.config()).unwrap();
    let mut keys = "keys:\n  encryption: { accounts: \"${env:ACCOUNTS_KEY}\" }\n".to_owned();
    for name in ["pseudonym", "quarantine", "state"] {
        let file = format!("keys/{name}");
        site.write(&file, acequia::event::KeyRing::generate("k1").as_bytes());
        let owner = fs::Permissions::from_mode(0o600);
        fs::set_permissions(site.path().join(&file), owner).unwrap();
        writeln!(keys, "  {name}: \"${{file:{file}}}\"").unwrap();
    }
    site.write("acequia.yaml", format!("{text}{keys}").as_bytes());
    fs::remove_file(site.path().join("mappings/licences.yaml")).unwrap();
    fs::remove_file(site.path().join("mappings/models/licence.yaml")).unwrap();
    fs::remove_file(site.path().join("pipelines/licences.yaml")).unwrap();
    site.write(
        "pipelines/residents.yaml",
        b"pipeline: residents\nsource:\n  connector: files\n  directory: drop\n  match: \"*.csv\"\n  \
          format: { csv: { delimiter: \";\" } }\n  complete: { marker: \"{name}.ok\" }\n\
          mapping: [residents]\npublish: { max_event: 20KiB }\nbreaker: { rejects_above: \"100%\" }\n",
    );
    site.write("mappings/residents.yaml", MAPPING.as_bytes());
    site.write("mappings/models/resident.yaml", MODEL.as_bytes());
    site.write("mappings/codes/kind.csv", b"source,code,label\nP,owner,Owner\nI,tenant,Tenant\n");
    site.write("policies.yaml", POLICIES.as_bytes());
    site
}
