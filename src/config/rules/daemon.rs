//! Rules of `acequia.yaml`.

use super::{
    super::{daemon::DaemonConfig, load::Written},
    place,
};
use crate::{
    diagnostic::Diagnostic,
    publish::{KafkaConfig, RegistryConfig},
};

/// The longest path that a Unix socket can have on Linux.
const LONGEST_SOCKET: usize = 107;

pub(super) fn check(
    written: &Written<DaemonConfig>,
    no_pipelines: bool,
    found: &mut Vec<Diagnostic>,
) {
    let Some(config) = &written.value else { return };
    target(written, &config.kafka, found);
    if !config.kafka.embedded {
        transport(written, &config.kafka, found);
        durability(written, &config.kafka, found);
    }
    options(written, &config.kafka, found);
    registry(written, &config.kafka, found);
    listeners(written, config, found);
    let mut warn = |code, path: &[&str], message: &str, help: &str| {
        let span = place(&written.node, path);
        found.push(Diagnostic::warning(code, &written.file, span, message).help(help));
    };
    if no_pipelines {
        warn(
            "config.no_pipelines",
            &[],
            "there is no pipeline",
            "put one into `pipelines/`, as a `.yaml` file",
        );
    }
    if config.keys.quarantine.is_none() && !config.kafka.embedded {
        warn(
            "config.no_quarantine_key",
            &["keys"],
            "without `keys.quarantine`, rejected records are kept without their content",
            "let `acequia init` make keys, and name the file: `${file:keys/quarantine.key}`",
        );
    }
}

fn target(written: &Written<DaemonConfig>, kafka: &KafkaConfig, found: &mut Vec<Diagnostic>) {
    let (path, message): (&[&str], _) = match (&kafka.bootstrap, kafka.embedded) {
        (Some(_), true) => (&["kafka", "embedded"], "`kafka` has both `bootstrap` and `embedded`"),
        (None, false) => (&["kafka"], "`kafka` names no broker"),
        (Some(_), false) => return bootstrap(written, kafka, found),
        (None, true) => return,
    };
    let span = place(&written.node, path);
    let error = Diagnostic::error("config.kafka_target", &written.file, span, message);
    found.push(
        error.help(
            "write either `bootstrap: \"host:port,…\"` or, for development, `embedded: true`",
        ),
    );
}

fn bootstrap(written: &Written<DaemonConfig>, kafka: &KafkaConfig, found: &mut Vec<Diagnostic>) {
    for broker in brokers(kafka) {
        let port = broker.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        if port.is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            let span = place(&written.node, &["kafka", "bootstrap"]);
            let message = format!("`{broker}` is not a host and a port");
            found.push(
                Diagnostic::error("config.bad_value", &written.file, span, message)
                    .help("write `host:port`, several of them with commas between"),
            );
        }
    }
}

fn brokers(kafka: &KafkaConfig) -> impl Iterator<Item = &str> {
    kafka.bootstrap.as_deref().unwrap_or_default().split(',').map(str::trim)
}

/// Records must not cross a network unencrypted unless somebody says why.
fn transport(written: &Written<DaemonConfig>, kafka: &KafkaConfig, found: &mut Vec<Diagnostic>) {
    let security = &kafka.security;
    let reason = security.insecure_reason.as_deref().map(str::trim).unwrap_or_default();
    if security.tls.is_some() || !reason.is_empty() || kafka.is_loopback() {
        return;
    }
    let span = place(&written.node, &["kafka", "security"]);
    found.push(
        Diagnostic::error("config.cleartext", &written.file, span, "records would travel to Kafka unencrypted")
            .help("add `tls: {}` under `kafka.security`, or say in `insecure_reason` why it is acceptable"),
    );
}

fn durability(written: &Written<DaemonConfig>, kafka: &KafkaConfig, found: &mut Vec<Diagnostic>) {
    let wanted = kafka.durability;
    if wanted.min_insync > wanted.replication {
        let span = place(&written.node, &["kafka", "durability", "min_insync"]);
        let message = format!(
            "`min_insync` {} can never be reached with {} copies",
            wanted.min_insync, wanted.replication
        );
        found.push(Diagnostic::error("config.durability", &written.file, span, message));
        return;
    }
    let low = [
        ("replication", wanted.replication < 3, "the loss of one broker can lose events"),
        (
            "min_insync",
            wanted.min_insync < 2,
            "a record may exist only once when it counts as written",
        ),
    ];
    for (key, is_low, what) in low {
        if is_low {
            let span = place(&written.node, &["kafka", "durability", key]);
            found.push(Diagnostic::warning("config.durability", &written.file, span, what));
        }
    }
}

/// What librdkafka may be told is the publisher's to say.
fn options(written: &Written<DaemonConfig>, kafka: &KafkaConfig, found: &mut Vec<Diagnostic>) {
    let entries = written.node.get("kafka").and_then(|kafka| kafka.get("options")?.entries());
    for fault in kafka.option_faults() {
        let name = fault.path.last().map(String::as_str).unwrap_or_default();
        let key = entries.into_iter().flatten().find(|(key, _)| key.text == name);
        let span =
            key.map_or_else(|| place(&written.node, &["kafka"]), |(key, _)| key.span.clone());
        let error = Diagnostic::error(fault.code, &written.file, span, fault.message);
        found.push(match fault.hint {
            Some(hint) => error.help(hint),
            None => error,
        });
    }
}

/// What the publisher finds wrong with the schema registry.
fn registry(written: &Written<DaemonConfig>, kafka: &KafkaConfig, found: &mut Vec<Diagnostic>) {
    let faults = kafka.registry.iter().flat_map(RegistryConfig::faults);
    found.extend(faults.map(|fault| {
        let path: Vec<&str> = ["kafka", "registry"]
            .into_iter()
            .chain(fault.path.iter().map(String::as_str))
            .collect();
        let span = place(&written.node, &path);
        let error = Diagnostic::error(fault.code, &written.file, span, fault.message);
        match fault.hint {
            Some(hint) => error.help(hint),
            None => error,
        }
    }));
}

fn listeners(written: &Written<DaemonConfig>, config: &DaemonConfig, found: &mut Vec<Diagnostic>) {
    if !config.http.listen.ip().is_loopback() {
        let span = place(&written.node, &["http", "listen"]);
        let message = "anyone who reaches this address could see the state of every pipeline";
        found.push(
            Diagnostic::error("config.http_exposed", &written.file, span, message)
                .help("listen on `127.0.0.1`, and let a reverse proxy ask for a login"),
        );
    }
    let socket = config.admin_socket();
    if socket.as_os_str().len() > LONGEST_SOCKET {
        let span = place(&written.node, &["admin", "listen"]);
        let message =
            format!("the path of the control socket is longer than {LONGEST_SOCKET} bytes");
        found.push(
            Diagnostic::error("config.out_of_range", &written.file, span, message)
                .note(format!("it is `{}`", socket.display()))
                .help("set `admin.listen` to a shorter path"),
        );
    }
}
