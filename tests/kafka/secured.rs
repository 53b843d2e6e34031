//! The daemon through TLS and SASL, and what its operator reads when that does not work.

use std::time::{Duration, Instant};

use crate::support::{daemon::Daemon, feed, kafka, reader, site::Site};

const PATIENCE: Duration = Duration::from_secs(120);

/// A deployment that comes in by TLS and SCRAM-SHA-512 with this password, trusting this authority.
fn site(deployment: &str, bootstrap: &str, password: &str, tls: &str) -> Site {
    let cluster = format!(
        "{{ bootstrap: \"{bootstrap}\", durability: {{ replication: 1, min_insync: 1 }}, security: {{ tls: {tls}, \
         sasl: {{ mechanism: scram-sha-512, user: acequia, password: \"${{file:password}}\" }} }} }}"
    );
    let site = Site::new(&cluster, deployment);
    site.write("password", password.as_bytes());
    std::fs::set_permissions(
        site.path().join("password"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    site.write("drop/LIC_00.csv", &feed::bytes(0, 20));
    site.write("drop/LIC_00.csv.ok", b"");
    site
}

fn trusting() -> String {
    format!("{{ ca: {} }}", kafka::certificate().join("certificate.pem").display())
}

#[test]
fn the_daemon_publishes_through_tls_and_scram() {
    let kafka = kafka::shared();
    let Some(bootstrap) = kafka.bootstrap_with_tls() else { return };
    let deployment = format!("secured-{}", std::process::id());
    let site = site(&deployment, bootstrap, "right", &trusting());
    site.make_topics();
    assert!(Daemon::start(&site, "once", &["--once"]).finish(PATIENCE).success());
    let events = reader::committed(kafka.bootstrap(), &format!("{deployment}.licence.v1"));
    assert_eq!(events.len(), 20);
}

#[test]
fn a_wrong_password_and_an_unknown_authority_stop_the_pipeline_with_what_to_look_at() {
    let kafka = kafka::shared();
    let Some(bootstrap) = kafka.bootstrap_with_tls() else { return };
    for (password, tls, code, hint) in [
        ("hunter2", trusting().as_str(), "publish.unauthenticated", "kafka.security.sasl"),
        ("hunter2", "{}", "publish.tls", "certificate authority"),
    ] {
        let site = site("refused", bootstrap, password, tls);
        let began = Instant::now();
        let daemon = Daemon::start(&site, "once", &["--once"]);
        let log = site.path().join("once.log");
        assert!(!daemon.finish(PATIENCE).success());
        let log = std::fs::read_to_string(log).unwrap();
        assert!(log.contains(code) && log.contains(hint), "{code}:\n{log}");
        assert!(!log.contains("hunter2"), "the password is nowhere");
        assert!(began.elapsed() < Duration::from_secs(40), "{:?}\n{log}", began.elapsed());
    }
}
