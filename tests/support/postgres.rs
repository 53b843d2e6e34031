//! A real PostgreSQL for the tests: a cluster of its own in a temporary directory, reached through a socket there, always
//! stopped.
//!
//! It runs under a small shell that holds a pipe from this process, as the Kafka of the tests does. The server refuses
//! to run as root, so that under root it runs as the user that Debian's package makes.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The shell that holds the leash: the directory of the cluster, then the command line of the server. The server gets
/// the signal with which it stops at once and in good order.
const KEEPER: &str = r#"
directory=$1; shift
"$@" </dev/null & server=$!
read -r _ || gone=yes
kill -INT $server 2>/dev/null; wait $server
[ -z "$gone" ] || rm -rf "$directory"
"#;
/// So long may a start take on a machine that does other things too.
const START: Duration = Duration::from_secs(60);
const USER: &str = "postgres";

/// A server to ask.
pub struct Postgres {
    directory: TempDir,
    shell: Child,
    leash: Option<ChildStdin>,
}

impl Postgres {
    /// Makes a cluster with the collations of ICU and starts its server, in UTC.
    pub fn start() -> Self {
        let directory =
            tempfile::Builder::new().prefix("acequia-postgres-").tempdir().expect("a directory");
        let data = directory.path().join("data");
        let root = rustix::process::geteuid().is_root();
        if root {
            let owned = Command::new("chown").arg(USER).arg(directory.path()).status();
            assert!(owned.is_ok_and(|status| status.success()), "the user `{USER}` is missing");
        }
        let mut init = as_server("initdb", root);
        init.arg("-D").arg(&data).args(["-U", USER, "--auth=trust", "-E", "UTF8", "--no-sync"]);
        init.args(["--locale-provider=icu", "--icu-locale=und", "--locale=C.UTF-8"]);
        succeed(init.current_dir(directory.path()).output());

        let mut server = as_server("postgres", root);
        server.arg("-D").arg(&data).arg("-k").arg(directory.path());
        for setting in [
            "listen_addresses=",
            "fsync=off",
            "timezone=UTC",
            "logging_collector=off",
            "log_min_messages=panic",
        ] {
            server.args(["-c", setting]);
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", KEEPER, "keeper"]).arg(directory.path());
        shell.arg(server.get_program()).args(server.get_args());
        let log = fs::File::create(directory.path().join("server.log")).expect("a log");
        let mut shell = shell
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("a shell");
        let leash = shell.stdin.take();
        let server = Self { directory, shell, leash };
        server.wait();
        server
    }

    fn wait(&self) {
        let deadline = Instant::now() + START;
        loop {
            let asked = self.client().args(["-c", "SELECT 1"]).output();
            if asked.is_ok_and(|asked| asked.status.success()) {
                return;
            }
            let log =
                || fs::read_to_string(self.directory.path().join("server.log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "the server did not start: {}", log());
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn client(&self) -> Command {
        let mut client = Command::new("psql");
        client.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-U",
            USER,
            "-d",
            "postgres",
            "-v",
            "ON_ERROR_STOP=1",
        ]);
        client.arg("-h").arg(self.directory.path());
        client
    }

    /// Runs a script; gives what it prints, row by row.
    pub fn run(&self, script: &str) -> Vec<String> {
        let file = self.directory.path().join("script.sql");
        fs::write(&file, script).expect("a script");
        let output = succeed(self.client().arg("-f").arg(&file).output());
        String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut leash) = self.leash.take() {
            let _ = leash.write_all(b"stop\n");
        }
        let _ = self.shell.wait();
    }
}

fn as_server(program: &str, root: bool) -> Command {
    let program = bin().join(program);
    if root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Debian keeps the programs of a server outside the path, a folder a version.
fn bin() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    let version = |bin: &Path| -> u32 {
        let folder = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        folder.and_then(|name| name.parse().ok()).unwrap_or(0)
    };
    found.sort_by_key(|bin| version(bin));
    found.pop().expect("a PostgreSQL server: `.ci/setup test` installs it")
}

fn succeed(output: std::io::Result<Output>) -> Output {
    let output = output.expect("a program that can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}
