//! A real Apache Kafka for the tests: one KRaft node from its jars, on free ports, in a temporary directory, always
//! stopped.
//!
//! The jars come from Maven once per target directory. The node runs under a small shell that holds a pipe from this
//! process, the leash: told a line, the shell kills the node; when the pipe closes without a word, for whatever reason
//! this process ended, it also removes what the node had.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
};
use tempfile::TempDir;

const POM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/kafka/pom.xml");
/// The shell that holds the leash: the directory of the program, then its command line.
pub const KEEPER: &str = r#"
directory=$1; shift
"$@" </dev/null & node=$!
echo $node
read -r _ || gone=yes
kill -9 $node 2>/dev/null; wait $node
[ -z "$gone" ] || rm -rf "$directory"
"#;
/// So long may a start take on a machine that does other things too.
const START: Duration = Duration::from_secs(90);

/// A Kafka to test against: one of our own, or the cluster that `KAFKA_BOOTSTRAP` names.
pub struct Kafka {
    bootstrap: String,
    with_users: Option<String>,
    with_tls: Option<String>,
    node: Option<Node>,
}

struct Node {
    directory: TempDir,
    running: Option<Running>,
}

struct Running {
    shell: Child,
    leash: Option<ChildStdin>,
    pid: u32,
}

/// The one that tests share; they keep apart by the names of their deployments.
pub fn shared() -> Arc<Kafka> {
    static SHARED: OnceLock<Arc<Kafka>> = OnceLock::new();
    Arc::clone(SHARED.get_or_init(|| Arc::new(Kafka::any())))
}

impl Kafka {
    /// The cluster that `KAFKA_BOOTSTRAP` names, or else a node of our own.
    pub fn any() -> Self {
        match std::env::var("KAFKA_BOOTSTRAP") {
            Ok(bootstrap) => Self { bootstrap, with_users: None, with_tls: None, node: None },
            Err(_) => Self::start(),
        }
    }

    /// Starts a node and waits until it answers.
    pub fn start() -> Self {
        Self::start_at(free_ports())
    }

    /// Starts a node on a port for clients, one for clients with users, one for the same inside TLS and one for itself.
    /// Panics with the node's own log if it ends instead.
    pub fn start_at(ports: [u16; 4]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("server.properties"), properties(directory.path(), ports))
            .unwrap();
        fs::write(directory.path().join("log4j2.yaml"), LOGGING).unwrap();
        let formatted = java(directory.path())
            .args(["kafka.tools.StorageTool", "format", "-t", "AcequiaTestsClusterIdA", "-c"])
            .arg(directory.path().join("server.properties"))
            .args(["--add-scram", "SCRAM-SHA-512=[name=acequia,password=right]"])
            .output()
            .expect("Java runs: `.ci/setup test` installs it");
        assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stderr));
        let mut kafka = Self {
            bootstrap: format!("127.0.0.1:{}", ports[0]),
            with_users: Some(format!("127.0.0.1:{}", ports[1])),
            with_tls: Some(format!("127.0.0.1:{}", ports[2])),
            node: Some(Node { directory, running: None }),
        };
        kafka.resume();
        kafka
    }

    /// Where clients connect.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Where clients connect without TLS by SASL PLAIN or OAUTHBEARER: `acequia` may do everything, `poor` nothing, both
    /// with the password `right` or an unsigned token. Only a node of our own has such a listener.
    pub fn bootstrap_with_users(&self) -> Option<&str> {
        self.with_users.as_deref()
    }

    /// Where `acequia` connects by TLS, with the [`certificate`], and SASL SCRAM-SHA-512 or PLAIN. Only a node of our own
    /// has such a listener.
    pub fn bootstrap_with_tls(&self) -> Option<&str> {
        self.with_tls.as_deref()
    }

    /// Starts the node again where it was, with what it had.
    pub fn resume(&mut self) {
        let Some(node) = &mut self.node else { return };
        let directory = node.directory.path();
        let log = File::create(directory.join("out.log")).unwrap();
        let server = java(directory);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", KEEPER, "sh"])
            .arg(directory)
            .arg(server.get_program())
            .args(server.get_args())
            .arg("kafka.Kafka")
            .arg(directory.join("server.properties"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut shell = shell.spawn().unwrap();
        let mut first = String::new();
        let mut out = BufReader::new(shell.stdout.take().unwrap());
        out.read_line(&mut first).unwrap();
        let (leash, pid) = (shell.stdin.take(), first.trim().parse().unwrap());
        // What the node prints goes on through the pipe; nobody reads it, so it is drained.
        std::thread::spawn(move || out.lines().for_each(drop));
        node.running = Some(Running { shell, leash, pid });
        self.await_ready();
    }

    fn await_ready(&self) {
        let consumer: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", &self.bootstrap).create().unwrap();
        let began = Instant::now();
        loop {
            // A broker that is starting answers late or not at all; the request itself waits.
            if consumer
                .fetch_metadata(None, Duration::from_secs(1))
                .is_ok_and(|all| !all.brokers().is_empty())
            {
                return;
            }
            let alive = self.node.as_ref().is_none_or(Node::is_alive);
            assert!(alive && began.elapsed() < START, "Kafka did not start:\n{}", self.log());
        }
    }

    fn log(&self) -> String {
        let log = self.node.as_ref().map(|node| node.directory.path().join("out.log"));
        log.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default()
    }

    /// Ends the node at once, as a power cut does.
    pub fn kill(&mut self) {
        if let Some(node) = &mut self.node {
            node.running = None;
        }
    }
}

impl Node {
    fn is_alive(&self) -> bool {
        // A process that ended and is not waited for yet still has its folder there, but no command line.
        let line = |running: &Running| fs::read(format!("/proc/{}/cmdline", running.pid));
        self.running
            .as_ref()
            .is_some_and(|running| line(running).is_ok_and(|line| !line.is_empty()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Letting go of the leash makes the shell kill the node.
        if let Some(mut leash) = self.leash.take() {
            let _ = leash.write_all(b"\n");
        }
        let _ = self.shell.wait();
        debug_assert!(!Path::new(&format!("/proc/{}", self.pid)).exists(), "the node is gone");
    }
}

/// A Java virtual machine with Kafka's jars.
pub fn java(directory: &Path) -> Command {
    let mut java = Command::new("java");
    java.args([
        "-Xmx400m",
        "-Xms64m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Dfile.encoding=UTF-8",
    ])
    .arg(format!("-Djava.io.tmpdir={}", directory.display()))
    .arg(format!("-Dlog4j2.configurationFile={}", directory.join("log4j2.yaml").display()))
    .arg("-cp")
    .arg(libraries().join("*"));
    java
}

/// Kafka's jars, fetched on first use. A lock keeps test processes from fetching side by side.
pub fn libraries() -> &'static Path {
    static LIBRARIES: OnceLock<PathBuf> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        // This program is `target/debug/deps/acequia-…`, whether it holds unit tests or the others.
        let program = std::env::current_exe().unwrap();
        let target = program.ancestors().nth(3).unwrap();
        let libraries = target.join("kafka");
        let lock = File::create(target.join("kafka.lock")).unwrap();
        lock.lock().unwrap();
        // What was fetched for another list of jars does not count as complete, and must not stay on the class path.
        let (pom, complete) = (fs::read_to_string(POM).unwrap(), libraries.join("complete"));
        if fs::read_to_string(&complete).ok().as_ref() != Some(&pom) {
            let _ = fs::remove_dir_all(&libraries);
            let status = Command::new("mvn")
                .args([
                    "-q",
                    "-B",
                    "-Dstyle.color=never",
                    "-f",
                    POM,
                    "dependency:copy-dependencies",
                ])
                .arg(format!("-DoutputDirectory={}", libraries.display()))
                .stdin(Stdio::null())
                .status()
                .expect("Maven runs: `.ci/setup test` installs it");
            assert!(status.success(), "Maven could not fetch Apache Kafka");
            fs::write(complete, pom).unwrap();
        }
        libraries
    })
}

/// The folder of the node's certificate: `certificate.pem`, which vouches for itself, and `node.p12` with its key. Made
/// once per target directory.
pub fn certificate() -> &'static Path {
    static CERTIFICATE: OnceLock<PathBuf> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        let folder = libraries().with_file_name("kafka-certificate");
        let lock = File::create(folder.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        let (key, public) = (folder.join("node.p12"), folder.join("certificate.pem"));
        if !public.exists() {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
            let keytool = |arguments: &[&str]| {
                let made = Command::new("keytool")
                    .args(arguments)
                    .args(["-alias", "node", "-storepass", "changeit", "-keystore"])
                    .arg(&key)
                    .output()
                    .expect("keytool comes with Java");
                assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
                made.stdout
            };
            let name = ["-dname", "CN=acequia tests", "-ext", "san=ip:127.0.0.1,dns:localhost"];
            let kind =
                ["-genkeypair", "-keyalg", "EC", "-validity", "3650", "-storetype", "PKCS12"];
            keytool(&[&kind[..], &name, &["-ext", "bc:c"]].concat());
            fs::write(public, keytool(&["-exportcert", "-rfc"])).unwrap();
        }
        folder
    })
}

/// All are held until all are known, or two could be the same.
fn free_ports() -> [u16; 4] {
    let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

const LOGGING: &str = "\
Configuration:
  Appenders:
    Console:
      name: out
      target: SYSTEM_ERR
      PatternLayout: { pattern: \"%d %p %m%n\" }
  Loggers:
    Root:
      level: WARN
      AppenderRef: [{ ref: out }]
";

/// Clients of the open listener are anonymous and may do everything, so that rights play a part only where a test asks
/// for users.
fn properties(directory: &Path, [open, users, tls, controller]: [u16; 4]) -> String {
    let data = directory.join("data");
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{open},SASL_PLAINTEXT://127.0.0.1:{users},SASL_SSL://127.0.0.1:{tls},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{open},SASL_PLAINTEXT://127.0.0.1:{users},SASL_SSL://127.0.0.1:{tls}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT\n\
         listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN,OAUTHBEARER\n\
         listener.name.sasl_plaintext.plain.sasl.jaas.config=\
         org.apache.kafka.common.security.plain.PlainLoginModule required \
         user_acequia=\"right\" user_poor=\"right\";\n\
         listener.name.sasl_plaintext.oauthbearer.sasl.jaas.config=\
         org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
         unsecuredLoginStringClaim_sub=\"node\";\n\
         listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN\n\
         listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
         listener.name.sasl_ssl.plain.sasl.jaas.config=\
         org.apache.kafka.common.security.plain.PlainLoginModule required user_acequia=\"right\";\n\
         listener.name.sasl_ssl.ssl.keystore.type=PKCS12\n\
         listener.name.sasl_ssl.ssl.keystore.location={}\n\
         listener.name.sasl_ssl.ssl.keystore.password=changeit\n\
         listener.name.sasl_ssl.ssl.key.password=changeit\n\
         authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
         super.users=User:ANONYMOUS;User:acequia\n\
         log.dirs={}\n\
         auto.create.topics.enable=false\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         transaction.state.log.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         log.cleaner.enable=false\n\
         num.network.threads=2\n\
         num.io.threads=2\n",
        certificate().join("node.p12").display(),
        data.display()
    )
}
