//! Asking a running command.

use super::endpoint::{sockets, sweep};
use super::folder::folders;
use super::message::{Body, Line, Question};
use crate::failure::reason;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

/// How long a command may say nothing.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to rest before trying again.
const REST: Duration = Duration::from_millis(10);
/// The longest answer.
const LONGEST_ANSWER: usize = 128 * 1024 * 1024;

/// A running command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Running {
    /// Its process.
    pub(crate) pid: u32,
    socket: PathBuf,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The lines as they came.
    pub(crate) text: Vec<u8>,
    /// The lines as they are meant.
    pub(crate) lines: Vec<Body>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It has just ended.
    Gone,
    /// In words.
    Other(String),
}

/// The running commands of this user. What the dead have left is taken away on the way.
pub(crate) fn running() -> Vec<Running> {
    let mut running = Vec::new();
    for folder in folders() {
        sweep(&folder);
        let found = sockets(&folder).unwrap_or_default();
        running.extend(
            found
                .into_iter()
                .map(|(pid, socket)| Running { pid, socket }),
        );
    }
    running.sort();
    running
}

/// Asks one of them.
pub(crate) async fn ask(running: &Running, question: Question) -> Result<Answer, Fault> {
    let text = match timeout(PATIENCE, connect(&running.socket)).await {
        Ok(Ok(stream)) => exchange(stream, question).await,
        Ok(Err(error)) => Err(error),
        Err(_) => Err(ErrorKind::TimedOut.into()),
    };
    let text = text.map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => Fault::Gone,
        ErrorKind::TimedOut => Fault::Other(format!(
            "it has said nothing for {} seconds",
            PATIENCE.as_secs()
        )),
        _ => Fault::Other(reason(&error)),
    })?;
    read(text).map_err(Fault::Other)
}

/// Connects. While too many others wait to be accepted the kernel refuses at once, and does not say when it would not.
async fn connect(socket: &Path) -> io::Result<UnixStream> {
    loop {
        match UnixStream::connect(socket).await {
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(REST).await,
            done => return done,
        }
    }
}

async fn exchange(mut stream: UnixStream, question: Question) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&question)?;
    line.push(b'\n');
    let mut text = Vec::new();
    let silent = |_| io::Error::from(ErrorKind::TimedOut);
    timeout(PATIENCE, stream.write_all(&line))
        .await
        .map_err(silent)??;
    while text.len() < LONGEST_ANSWER {
        let count = timeout(PATIENCE, stream.read_buf(&mut text))
            .await
            .map_err(silent)??;
        if count == 0 {
            return Ok(text);
        }
    }
    Err(io::Error::other("the answer has no end"))
}

fn read(text: Vec<u8>) -> Result<Answer, String> {
    let mut lines = Vec::new();
    for line in text
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        lines.push(Line::read(line)?.body);
    }
    match lines.last() {
        Some(Body::End { .. }) => Ok(Answer { text, lines }),
        Some(Body::Error { what }) => Err(what.to_string()),
        _ => Err("the answer broke off".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_its_last_line_is_none() {
        let first = r#"{"v":1,"pid":7,"kind":"process","serves":"a"}"#;
        let last = r#"{"v":1,"pid":7,"kind":"end","left_out":0}"#;
        let whole = format!("{first}\n{last}\n");
        assert_eq!(read(whole.into_bytes()).unwrap().lines.len(), 2);
        for broken in [
            String::new(),
            format!("{first}\n"),
            format!("{first}\n{{\"v\":1"),
        ] {
            assert!(read(broken.into_bytes()).is_err());
        }
        let refused = br#"{"v":1,"pid":7,"kind":"error","what":"not now"}"#;
        assert_eq!(read(refused.to_vec()).unwrap_err(), "not now");
    }
}
