//! The daemon as a process of its own, which can be killed.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::net::UnixStream,
    process::{Child, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use super::site::Site;

/// A running daemon. Dropping it kills it, and so does the end of this process, whatever ended it.
pub struct Daemon<'a> {
    site: &'a Site,
    state: &'static str,
    child: Child,
    leash: Child,
    log: std::path::PathBuf,
}

impl<'a> Daemon<'a> {
    /// Starts `acequia run` with more arguments.
    pub fn start(site: &'a Site, name: &str, arguments: &[&str]) -> Self {
        Self::spawn(site, name, "acequia.yaml", "state", arguments)
    }

    /// Starts it with another configuration of the site and the state directory that is named there.
    pub fn start_at(site: &'a Site, name: &str, config: &str, state: &'static str) -> Self {
        Self::spawn(site, name, config, state, &[])
    }

    fn spawn(
        site: &'a Site,
        name: &str,
        config: &str,
        state: &'static str,
        arguments: &[&str],
    ) -> Self {
        let log = site.path().join(format!("{name}.log"));
        let mut all = File::options().create(true).append(true).open(&log).unwrap();
        writeln!(all, "--- start").unwrap();
        let child = site
            .acequia_at(config)
            .arg("run")
            .args(arguments)
            .env("ACEQUIA_LOG", "info")
            .stdout(all.try_clone().unwrap())
            .stderr(all)
            .spawn()
            .unwrap();
        let leash = std::process::Command::new("sh")
            .args(["-c", "read -r _ || kill -9 $0", &child.id().to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        Self { site, state, child, leash, log }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end and waits, at most so long.
    pub fn terminate(mut self, within: Duration) -> ExitStatus {
        let pid = i32::try_from(self.pid()).unwrap();
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(pid).unwrap(),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        self.wait(within)
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits until it ends by itself.
    pub fn finish(mut self, within: Duration) -> ExitStatus {
        self.wait(within)
    }

    fn wait(&mut self, within: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(began.elapsed() < within, "the daemon does not end:\n{}", self.log());
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Waits until the picture of its first pipeline is as asked, and gives it.
    pub fn until(
        &mut self,
        what: &str,
        within: Duration,
        is: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        let began = Instant::now();
        loop {
            let picture = self.picture();
            if let Some(picture) = picture.filter(&is) {
                return picture;
            }
            if let Some(status) = self.ended() {
                panic!("the daemon ended ({status}) before {what}:\n{}", self.log());
            }
            assert!(
                began.elapsed() < within,
                "no {what} in time: {:?}\n{}",
                self.picture(),
                self.log()
            );
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// The picture of its first pipeline, if it answers.
    pub fn picture(&self) -> Option<serde_json::Value> {
        self.status()?["pipelines"].get(0).cloned()
    }

    /// The picture of it all, if it answers.
    pub fn status(&self) -> Option<serde_json::Value> {
        let mut socket =
            UnixStream::connect(self.site.path().join(self.state).join("admin.sock")).ok()?;
        socket
            .write_all(b"GET /status HTTP/1.1\r\nhost: acequia\r\nconnection: close\r\n\r\n")
            .ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        let body = answer.split_once("\r\n\r\n")?.1;
        serde_json::from_str(body).ok()
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A word on the leash: there is nothing left to kill.
        if let Some(mut leash) = self.leash.stdin.take() {
            let _ = leash.write_all(b"\n");
        }
        let _ = self.leash.wait();
    }
}
