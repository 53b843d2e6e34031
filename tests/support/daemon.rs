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
        Self::launch(site, name, site.acequia_at(config), state, arguments)
    }

    /// Starts it with more in its environment.
    pub fn start_with(site: &'a Site, name: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = site.acequia();
        command.envs(environment.iter().copied());
        Self::launch(site, name, command, "state", &[])
    }

    fn launch(
        site: &'a Site,
        name: &str,
        mut command: std::process::Command,
        state: &'static str,
        arguments: &[&str],
    ) -> Self {
        let log = site.path().join(format!("{name}.log"));
        let mut all = File::options().create(true).append(true).open(&log).unwrap();
        writeln!(all, "--- start").unwrap();
        if !command.get_envs().any(|(name, _)| name == "ACEQUIA_LOG") {
            command.env("ACEQUIA_LOG", "info");
        }
        let child = command
            .arg("run")
            .args(arguments)
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

    /// Starts it under something that listens for its readiness as systemd does, on the socket at `notify`.
    pub fn start_notifying(site: &'a Site, name: &str, notify: &std::path::Path) -> Self {
        let mut command = site.acequia_at("acequia.yaml");
        command.env("NOTIFY_SOCKET", notify);
        Self::launch(site, name, command, "state", &[])
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.pid()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal)
            .unwrap();
    }

    /// What it answers on its control socket, as JSON: status code and body.
    pub fn get(&self, path: &str) -> Option<(u16, serde_json::Value)> {
        let (code, body) = self.get_text(path)?;
        Some((code, serde_json::from_str(&body).unwrap_or_default()))
    }

    /// The same as it is.
    pub fn get_text(&self, path: &str) -> Option<(u16, String)> {
        let mut socket =
            UnixStream::connect(self.site.path().join(self.state).join("admin.sock")).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: acequia\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let code = head.split_whitespace().nth(1)?.parse().ok()?;
        Some((code, body.to_owned()))
    }

    /// Waits until the picture of it all is as asked, and gives it.
    pub fn until_status(
        &mut self,
        what: &str,
        is: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        let began = Instant::now();
        loop {
            if let Some(status) = self.status().filter(&is) {
                return status;
            }
            let ended = self.ended();
            let late = began.elapsed() > Duration::from_secs(60);
            assert!(
                ended.is_none() && !late,
                "no {what}: {ended:?} {:?}\n{}",
                self.status(),
                self.log()
            );
            std::thread::park_timeout(Duration::from_millis(5));
        }
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
