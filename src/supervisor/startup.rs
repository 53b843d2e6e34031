//! What stands between a checked deployment and running pipelines: keys, the lock, the broker.

use std::{
    fs::{self, File},
    path::Path,
    sync::Arc,
};

use acequia_api::ErrorClass;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Planned;
use crate::{
    checkpoint::SealKey,
    config::{Deployment, secret::Secret},
    connectors::Registry,
    event::{KeyRing, Keys},
    pipeline::{
        compile::{self, Surroundings},
        failure::Failure,
    },
    publish::{DevBroker, Presence, SystemTopics},
};

/// What must stay alive as long as the pipelines run.
#[derive(Debug)]
pub struct Ground {
    /// What the pipelines have in common.
    pub around: Surroundings,
    /// The development broker, if the deployment has no cluster.
    pub broker: Option<DevBroker>,
    /// The process that had the state directory before: it is gone, whatever others still believe.
    pub predecessor: Option<Uuid>,
    _lock: File,
}

/// Takes the state directory, reads the keys and starts the development broker if there is to be one.
///
/// # Errors
/// `Operator`: another process runs on this state directory, or a key cannot be used.
pub fn prepare(deployment: &Deployment, registry: Registry, once: bool) -> Result<Ground, Failure> {
    let lock = lock(deployment)?;
    let daemon = &deployment.daemon;
    let mut kafka = daemon.kafka.clone();
    let mut broker = None;
    if daemon.kafka.embedded {
        let started = DevBroker::start()?;
        kafka = kafka.embedded_at(started.bootstrap());
        started.create_topics(&compile::topic_plan(deployment, &kafka)?)?;
        broker = Some(started);
    }
    let around = Surroundings {
        registry,
        // What the development broker knows is gone with it; a mirror or a cache would claim to know better.
        state_dir: broker.is_none().then(|| daemon.state.clone()),
        kafka,
        owner: Uuid::new_v4(),
        host: host(),
        keys: Arc::new(keys(deployment)?),
        state_key: seal_key(daemon.keys.state.as_ref(), "state")?,
        quarantine_key: seal_key(daemon.keys.quarantine.as_ref(), "quarantine")?,
        once,
    };
    let predecessor = succeed(&daemon.state, around.owner);
    Ok(Ground { around, broker, predecessor, _lock: lock })
}

/// Notes `owner` as the process that has the state directory; gives the one before. Only a hint, so that a restart need
/// not wait until Kafka notices that the last process is gone: without it the start takes some seconds longer.
fn succeed(state: &Path, owner: Uuid) -> Option<Uuid> {
    let path = state.join("owner");
    let before = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
    if let Err(error) = fs::write(&path, format!("{owner}\n")) {
        tracing::warn!(%error, path = %path.display(), "the owner of the state directory could not be noted");
    }
    before
}

/// The presence of this process among the instances of the deployment; none with a development broker.
///
/// # Errors
/// See [`Presence::join`].
pub fn presence(
    deployment: &Deployment,
    ground: &Ground,
) -> Result<Option<Arc<Presence>>, Failure> {
    if ground.broker.is_some() {
        return Ok(None);
    }
    let name = &deployment.daemon.deployment;
    let topic = SystemTopics::of(name).checkpoints;
    let around = &ground.around;
    Ok(Some(Arc::new(Presence::join(
        &around.kafka,
        name,
        &topic,
        around.owner,
        ground.predecessor,
    )?)))
}

/// Compiles every pipeline of a deployment.
///
/// # Errors
/// See [`compile::compile`].
pub fn plan(deployment: &Deployment, around: &Surroundings) -> Result<Vec<Planned>, Failure> {
    let one = |pipeline: &crate::config::Pipeline| {
        let spec = compile::compile(pipeline, deployment, around)?;
        let mut hash = Sha256::new();
        hash.update(pipeline.fingerprint);
        for target in &spec.targets {
            hash.update(target.mapping.version.as_bytes());
        }
        let owner = pipeline.config.owner.clone();
        Ok(Planned { spec, fingerprint: hash.finalize().into(), owner })
    };
    deployment.pipelines.iter().map(one).collect()
}

/// The keys that protect values in events.
///
/// # Errors
/// `Operator` when the key file cannot be used.
pub fn keys(deployment: &Deployment) -> Result<Keys, Failure> {
    let mut keys = Keys::none();
    if let Some(secret) = &deployment.daemon.keys.pseudonym {
        keys = keys.with_pseudonym(ring(secret, "pseudonym")?);
    }
    for (name, secret) in &deployment.daemon.keys.encryption {
        keys = keys.with_encryption(name, ring(secret, "encryption")?);
    }
    Ok(keys)
}

/// The key that seals one kind of stored bytes, from its key file.
///
/// # Errors
/// `Operator` when the key file cannot be used.
pub fn seal_key(secret: Option<&Secret>, purpose: &str) -> Result<Option<SealKey>, Failure> {
    let Some(secret) = secret else { return Ok(None) };
    let ring = ring(secret, purpose)?;
    let key = ring.derive(ring.current(), purpose, "seal");
    Ok(key.map(|key| SealKey::new(ring.current(), key.expose_secret())))
}

fn ring(secret: &Secret, purpose: &str) -> Result<KeyRing, Failure> {
    let text = secret.read_text().map_err(|fault| {
        Failure::new(ErrorClass::Operator, fault.code, fault.message).hint(fault.hint)
    })?;
    KeyRing::parse(text.expose_secret()).map_err(|error| {
        let message = format!("the {purpose} key `{secret}`: {error}");
        Failure::new(ErrorClass::Operator, error.code(), message)
    })
}

fn lock(deployment: &Deployment) -> Result<File, Failure> {
    let directory = &deployment.daemon.state;
    let operator = |code, message| Failure::new(ErrorClass::Operator, code, message);
    let unusable = |cause: std::io::Error| {
        let shown = directory.display();
        operator(
            "run.state_directory",
            format!("the state directory `{shown}` cannot be used: {cause}"),
        )
        .hint("create it and give it to the user that the daemon runs as")
    };
    fs::create_dir_all(directory).map_err(unusable)?;
    let file = File::create(directory.join("lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::Error(cause)) => Err(unusable(cause)),
        Err(fs::TryLockError::WouldBlock) => {
            let shown = directory.display();
            Err(operator("run.locked", format!("another process runs on the state directory `{shown}`"))
                .hint("stop it, or give this one a `state:` of its own; two instances may share a cluster, not a directory"))
        }
    }
}

fn host() -> Option<Arc<str>> {
    fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().into())
}
