//! A server that runs while a test does.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

/// Names the folder of the control sockets.
pub(crate) const RUNTIME_DIR: &str = "PERIPLUS_RUNTIME_DIR";

/// The command, as it was built for this test.
pub(crate) fn periplus() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_periplus"));
    // What the snapshots and the blocks look like must not depend on who runs the tests.
    command
        .env_remove("COLUMNS")
        .env_remove("LINES")
        .env_remove("NO_COLOR");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PERIPLUS_") {
            command.env_remove(name);
        }
    }
    command
}

/// A running `periplus serve`. Dropping it ends the process.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    lines: Receiver<String>,
    /// `None` once it was waited for.
    talk: Option<JoinHandle<String>>,
    /// Where its control socket is.
    runtime: PathBuf,
    _own_runtime: TempDir,
}

/// What a server left behind.
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) code: Option<i32>,
    /// All that it said on stderr.
    pub(crate) talk: String,
    /// All that it wrote to stdout.
    pub(crate) data: String,
}

impl Server {
    /// Serves `folder` on a free port, and waits until the address is printed.
    pub(crate) fn start<S: AsRef<OsStr>>(folder: &Path, options: &[S]) -> Server {
        let mut command = periplus();
        command
            .arg("serve")
            .arg(folder)
            .args(["--listen", "127.0.0.1:0"])
            .args(options);
        Server::spawn(command)
    }

    /// Runs a command that serves, and waits until the first address is printed. Where the test does not say, its control
    /// socket is in a folder of its own.
    pub(crate) fn spawn(command: Command) -> Server {
        Server::spawn_with(command, Stdio::null())
    }

    /// The same, with something to read.
    pub(crate) fn spawn_with(mut command: Command, stdin: Stdio) -> Server {
        let own_runtime = tempfile::tempdir().expect("a temporary folder");
        let said = command.get_envs().find(|(name, _)| *name == RUNTIME_DIR);
        let said = said.and_then(|(_, folder)| folder.map(PathBuf::from));
        let runtime = said.unwrap_or_else(|| own_runtime.path().into());
        command.env(RUNTIME_DIR, &runtime);
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let (sender, lines) = channel();
        let stderr = child.stderr.take().expect("stderr is piped");
        let talk = Some(std::thread::spawn(move || listen(stderr, &sender)));
        let mut server = Server {
            child,
            address: ([0, 0, 0, 0], 0).into(),
            lines,
            talk,
            runtime,
            _own_runtime: own_runtime,
        };
        server.address = server.wait_for_address();
        server
    }

    /// Waits until the next address is printed.
    pub(crate) fn wait_for_address(&mut self) -> SocketAddr {
        let line = self.wait_for_line("://");
        let url = line.split("://").nth(1).expect("a URL");
        let authority = url.trim_end_matches('/');
        let port_of_the_web = || format!("{authority}:80").parse();
        authority
            .parse()
            .or_else(|_| port_of_the_web())
            .expect("an address in the URL")
    }

    /// The URL of `path`, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until it says a line that holds `part`.
    pub(crate) fn wait_for_line(&mut self, part: &str) -> String {
        let found = self.lines.iter().find(|line| line.contains(part));
        found.unwrap_or_else(|| panic!("the server ended and never said {part:?}"))
    }

    /// The CPU time that it used so far, user's and system's.
    #[allow(dead_code, reason = "not every test binary asks")]
    pub(crate) fn cpu_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .expect("the server is running");
        // proc(5): utime and stime are the 14th and 15th field; the name, the 2nd, may hold spaces.
        let after_name = stat.rsplit(')').next().expect("a name in parentheses");
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().expect("a number"))
            .sum();
        Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
    }

    /// How many connections it has, by its own account.
    #[allow(dead_code, reason = "not every test binary asks")]
    pub(crate) fn connections(&self) -> usize {
        let output = periplus()
            .env(RUNTIME_DIR, &self.runtime)
            .args(["sockets", "--listening", "--json"])
            .output()
            .expect("the command starts");
        let lines = String::from_utf8(output.stdout).expect("text");
        let mut lines = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let shard = lines.find(|line| line["kind"] == "shard");
        let talk = String::from_utf8_lossy(&output.stderr);
        let shard = shard.unwrap_or_else(|| panic!("no answer: {talk}"));
        shard["connections"].as_u64().expect("a number") as usize
    }

    /// Its process id.
    #[allow(dead_code, reason = "not every test binary asks")]
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the server is running");
    }

    /// Asks it to end by SIGTERM, and waits until it has.
    pub(crate) fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> Ended {
        let mut data = String::new();
        let mut stdout = self.child.stdout.take().expect("stdout is piped");
        std::io::Read::read_to_string(&mut stdout, &mut data).expect("its stdout is text");
        let code = self.child.wait().expect("the server ends").code();
        let talk = self.talk.take().expect("it was not waited for");
        Ended {
            code,
            talk: talk.join().expect("its stderr is text"),
            data,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stderr: ChildStderr, sender: &Sender<String>) -> String {
    let mut talk = String::new();
    for line in BufReader::new(stderr).lines() {
        let line = line.expect("its stderr is text");
        talk.push_str(&line);
        talk.push('\n');
        // The test may have stopped listening.
        let _ = sender.send(line);
    }
    talk
}
