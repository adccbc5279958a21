//! curl, as a client that is not ours.

use std::process::Command;

/// What curl got.
pub(crate) struct Answer {
    /// The status line and the headers, lower case.
    pub(crate) head: String,
    /// The content.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The status.
    pub(crate) fn status(&self) -> u16 {
        let status = self.head.split(' ').nth(1).expect("a status line");
        status.parse().expect("a status")
    }

    /// The value of a header, whose name is lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// curl, quiet and impatient: a server that hangs fails the test instead of stopping it.
pub(crate) fn curl() -> Command {
    let mut command = Command::new("curl");
    command.args([
        "--silent",
        "--show-error",
        "--max-time",
        "120",
        "--noproxy",
        "*",
    ]);
    command
}

/// Runs curl on a URL with more options, and takes the answer apart.
pub(crate) fn get(url: &str, options: &[&str]) -> Answer {
    let output = curl()
        .args(["--include", "--path-as-is"])
        .args(options)
        .arg(url)
        .output()
        .expect("curl is installed");
    assert!(
        output.status.success(),
        "{url}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bytes = output.stdout;
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("the end of the headers");
    let head = String::from_utf8(bytes[..end].to_vec())
        .expect("headers are text")
        .to_lowercase()
        .replace('\r', "");
    Answer {
        head,
        body: bytes[end + 4..].to_vec(),
    }
}
