//! Events too large for their topic, with `on_too_large: claim_check`.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::support::{
    daemon::Daemon,
    feed, kafka,
    reader::{self, Record},
    site::Site,
};

const PATIENCE: Duration = Duration::from_secs(120);

fn event(events: &[Record], key: &str) -> serde_json::Value {
    let found = events.iter().find(|event| event.key.as_deref() == Some(key.as_bytes()));
    found.unwrap().json()
}

#[test]
fn a_large_event_refers_to_a_file_whose_content_is_its_data() {
    let kafka = kafka::shared();
    let deployment = format!("claims-{}", std::process::id());
    let cluster = format!(
        "{{ bootstrap: \"{}\", durability: {{ replication: 1, min_insync: 1 }} }}",
        kafka.bootstrap()
    );
    let site = Site::new(&cluster, &deployment);
    let pipeline = fs::read_to_string(site.path().join("pipelines/licences.yaml")).unwrap();
    let kept = "{ tombstones: false, max_event: 20KiB, on_too_large: { claim_check: { directory: claims } } }";
    site.write(
        "pipelines/licences.yaml",
        pipeline.replace("{ tombstones: false }", kept).as_bytes(),
    );
    site.make_topics();
    let remarks = "x".repeat(30_000);
    let mut bytes = feed::HEADER.as_bytes().to_vec();
    feed::write(&mut bytes, 0, 20).unwrap();
    bytes.extend_from_slice(
        format!("EXP/BIG;OBM;C;01/02/2021;1,00;ANA;SANZ;CALLE MAYOR;28001;1;{remarks}\n")
            .as_bytes(),
    );
    site.write("drop/LIC_00.csv", &bytes);
    site.write("drop/LIC_00.csv.ok", b"");
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    let picture =
        daemon.until("everything to be read", PATIENCE, |picture| picture["counts"]["in"] == 21);
    assert_eq!((&picture["claims"], &picture["counts"]["rejected"]), (&1.into(), &0.into()));
    assert!(daemon.terminate(PATIENCE).success());

    let events = reader::committed(kafka.bootstrap(), &format!("{deployment}.licence.v1"));
    assert_eq!(events.len(), 21);
    assert!(event(&events, "EXP/000000003").get("dataref").is_none(), "what fits holds its data");
    let large = event(&events, "EXP/BIG");
    assert!(large.get("data").is_none());
    let file = site.path().join("claims").join(large["dataref"].as_str().unwrap());
    let data = fs::read(&file).unwrap();
    assert_eq!(large["datasize"], data.len());
    assert_eq!(large["datasha256"], HEXLOWER.encode(&Sha256::digest(&data)));
    let data: serde_json::Value = serde_json::from_slice(&data).unwrap();
    assert!(data.as_object().unwrap().values().any(|value| value == &remarks));
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(file), mode(site.path().join("claims"))), (0o600, 0o700));
}
