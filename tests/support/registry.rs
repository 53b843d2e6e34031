//! A real schema registry for the tests, Apicurio with everything in memory, and foreign readers for what is published: the
//! Java SDK of CloudEvents, Confluent's client for Python.
//!
//! As with Kafka, what they consist of is fetched once per target directory and a leash sees to it that nothing is
//! left running.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::kafka;

const POM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/registry/pom.xml");
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/registry/Events.java");
const REQUIREMENTS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/python/requirements.txt");
const READ_AVRO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/python/read_avro.py");
const START: Duration = Duration::from_secs(150);

/// A running registry. Dropping it ends it.
pub struct Registry {
    port: u16,
    shell: Child,
    leash: Option<ChildStdin>,
    _directory: TempDir,
}

impl Registry {
    /// Starts one and waits until it answers. Its rule for subjects is Confluent's default, BACKWARD.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("out.log");
        let mut shell = Command::new("sh")
            .args(["-c", kafka::KEEPER, "sh"])
            .arg(directory.path())
            .args(["java", "-Xmx300m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
            .arg(format!("-Dquarkus.http.port={port}"))
            .args(["-Dquarkus.http.host=127.0.0.1", "-jar"])
            .arg(libraries().join("apicurio-registry-app-2.6.13.Final-runner.jar"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let leash = shell.stdin.take();
        let out = BufReader::new(shell.stdout.take().unwrap());
        let mut printed = File::options().append(true).open(&log).unwrap();
        std::thread::spawn(move || {
            out.lines().map_while(Result::ok).for_each(|line| drop(writeln!(printed, "{line}")));
        });
        let registry = Self { port, shell, leash, _directory: directory };
        let began = Instant::now();
        while registry.ask("GET", "/subjects", None).is_none() {
            let log = || fs::read_to_string(&log).unwrap_or_default();
            assert!(began.elapsed() < START, "the registry did not start:\n{}", log());
            std::thread::park_timeout(Duration::from_millis(100));
        }
        registry.rule("/config", "BACKWARD");
        registry
    }

    /// Where its interface begins.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/apis/ccompat/v7", self.port)
    }

    /// Sets the rule of all subjects (`/config`) or of one (`/config/SUBJECT`).
    pub fn rule(&self, path: &str, rule: &str) {
        let (status, _) = self.ask("PUT", path, Some(&json!({ "compatibility": rule }))).unwrap();
        assert_eq!(status, 200);
    }

    /// What it answers to a request below its URL: status and body. None while it is not there.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-w", "\n%{http_code}", "-X", method, "-H"])
            .arg("content-type: application/vnd.schemaregistry.v1+json")
            .arg(format!("{}{path}", self.url()));
        if let Some(body) = body {
            curl.arg("-d").arg(body.to_string());
        }
        let answer = curl.output().expect("curl runs");
        let answer = String::from_utf8(answer.stdout).unwrap();
        let (body, status) = answer.rsplit_once('\n')?;
        let status = status.parse().ok().filter(|status| (200..500).contains(status))?;
        Some((status, serde_json::from_str(body).ok()?))
    }

    /// Every record of a topic of Avro values, as Confluent's deserialiser reads it, with a schema of the reader's if it has one.
    pub fn read(&self, bootstrap: &str, topic: &str, schema: Option<&str>) -> Vec<Value> {
        let read = Command::new(python())
            .args([READ_AVRO, bootstrap, topic, &self.url()])
            .args(schema)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        let text = String::from_utf8(read.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some(mut leash) = self.leash.take() {
            let _ = leash.write_all(b"\n");
        }
        let _ = self.shell.wait();
    }
}

/// Every event of a topic as the Java SDK of CloudEvents reads it: its key and, unless it is a mere tombstone, the event in
/// the SDK's JSON.
pub fn events(bootstrap: &str, topic: &str) -> Vec<(String, Option<Value>)> {
    let path = [kafka::libraries(), libraries()].map(|jars| jars.join("*").display().to_string());
    let read = Command::new("java")
        .args(["-Xmx300m", "-XX:TieredStopAtLevel=1", "-cp", &path.join(":")])
        .args([EVENTS, bootstrap, topic])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let text = String::from_utf8(read.stdout).unwrap();
    let line = |line: &str| {
        let mut parts = line.splitn(3, '\t').skip(1);
        let key = parts.next().unwrap().to_owned();
        (key, serde_json::from_str(parts.next().unwrap()).ok())
    };
    text.lines().map(line).collect()
}

/// What is fetched once into the target directory: `name` beside it, complete for exactly this `list`.
fn fetched(name: &str, list: &str, fetch: impl FnOnce(&Path)) -> PathBuf {
    let target = kafka::libraries().parent().unwrap();
    let folder = target.join(name);
    let lock = File::create(target.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let (list, complete) = (fs::read_to_string(list).unwrap(), folder.join("complete"));
    if fs::read_to_string(&complete).ok().as_ref() != Some(&list) {
        let _ = fs::remove_dir_all(&folder);
        fetch(&folder);
        fs::write(complete, list).unwrap();
    }
    folder
}

fn done(command: &mut Command, what: &str) {
    let done = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|_| panic!("{what}: `.ci/setup test`"));
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{what} failed:\n{said}");
}

fn libraries() -> &'static Path {
    static LIBRARIES: OnceLock<PathBuf> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        fetched("formats", POM, |folder| {
            let copy =
                ["-q", "-B", "-Dstyle.color=never", "-f", POM, "dependency:copy-dependencies"];
            let output = format!("-DoutputDirectory={}", folder.display());
            done(Command::new("mvn").args(copy).arg(output), "Maven");
            let archive = folder.join("apicurio-registry-app-2.6.13.Final-all.tar.gz");
            done(Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(folder), "tar");
            fs::remove_file(archive).unwrap();
        })
    })
}

/// A Python with the packages of `requirements.txt`.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let folder = fetched("python", REQUIREMENTS, |folder| {
            done(Command::new("python3").args(["-m", "venv"]).arg(folder), "Python's venv");
            let pip =
                ["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", REQUIREMENTS];
            done(Command::new(folder.join("bin/python")).args(pip), "pip");
        });
        folder.join("bin/python")
    })
}
