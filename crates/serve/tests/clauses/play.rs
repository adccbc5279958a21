//! Plays a row: whole, in pieces, and cut in two.

use super::answer::{Read, read};
use super::row::{Answer, Row, Step, Then};
use super::stage::Stage;
use periplus_net::TcpStream;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::task::yield_now;
use tokio::time::timeout;

/// How what is sent is divided.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    Whole,
    /// Into pieces of so many bytes.
    Pieces(usize),
    /// In two, behind so many bytes.
    At(usize),
}

/// How often others get their turn between two pieces, so that each is seen by the server before the next one comes.
const TURNS: usize = 12;

/// More than any answer takes on a slow machine. Who waits for it has failed.
const TOO_LONG: Duration = Duration::from_secs(20);

/// What shows whether a connection is kept.
const PROBE: &str = "GET /file?probe HTTP/1.1\r\nHost: a\r\n\r\n";

/// Plays `row` on a connection of its own; says what is not as it must be.
pub(crate) async fn play(stage: &Stage, row: &Row, cut: Cut) -> Result<(), String> {
    if stage.keeps {
        make_ready(stage).await?;
    }
    stage.seen();
    let mut client = Client::new(stage.connect().await);
    let mut answers = row.answers.iter();
    let mut sent = 0;
    for step in &row.steps {
        match step {
            Step::Send(bytes) => client.send(bytes, &mut sent, cut).await?,
            Step::Repeat(bytes, times) => {
                let bytes = bytes.repeat(*times).into_bytes();
                client.send(&bytes, &mut sent, cut).await?;
            }
            Step::Await => client.expect(answers.next().expect("one comes")).await?,
            Step::End => client.end().await,
            Step::Reset => {
                client.stream.abort();
                for _ in 0..TURNS {
                    yield_now().await;
                }
                return check_seen(stage, row);
            }
        }
    }
    for answer in answers {
        client.expect(answer).await?;
    }
    match row.then {
        Then::Gone => {}
        Then::Kept => client.probe().await?,
        Then::Closed => client.expect_end().await?,
        Then::KeptOrClosed => {
            if client.probe().await.is_err() {
                client.expect_end().await?;
            }
        }
    }
    check_seen(stage, row)
}

/// Sends `bytes`, ends, and reads what final answers there are to them: none may be to HEAD.
pub(crate) async fn converse(stage: &Stage, bytes: &[u8]) -> Result<Vec<Read>, String> {
    stage.seen();
    let mut client = Client::new(stage.connect().await);
    client.send(bytes, &mut 0, Cut::Whole).await?;
    client.end().await;
    while !client.ended {
        client.receive().await?;
    }
    let mut answers = Vec::new();
    while let Some(answer) = read(&mut client.received, false, true)? {
        if answer.status >= 200 {
            answers.push(answer);
        }
    }
    client.expect_end().await?;
    Ok(answers)
}

fn check_seen(stage: &Stage, row: &Row) -> Result<(), String> {
    let mut seen = stage.seen();
    seen.retain(|line| line != "GET /file?probe");
    // What is ready is not asked for, and nothing else is asked for than must be.
    let mut expected = row.seen.iter();
    let mut is_part = || seen.iter().all(|line| expected.any(|other| other == line));
    if seen != row.seen && !(stage.keeps && is_part()) {
        return Err(format!("the handler saw {seen:?}, and not {:?}", row.seen));
    }
    Ok(())
}

/// Asks for a file until its answer is ready: until the handler is not called for it.
async fn make_ready(stage: &Stage) -> Result<(), String> {
    let ready = async {
        loop {
            stage.seen();
            Client::new(stage.connect().await).probe().await?;
            if stage.seen().is_empty() {
                return Ok(());
            }
        }
    };
    let ready = timeout(TOO_LONG, ready).await;
    ready.map_err(|_| "no answer is ever ready".to_string())?
}

/// A client's end of a connection.
struct Client {
    stream: TcpStream,
    /// What was received and is not read yet.
    received: Vec<u8>,
    ended: bool,
}

impl Client {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            received: Vec::new(),
            ended: false,
        }
    }

    /// Sends `bytes`, of which the first is the one behind `sent`.
    async fn send(&mut self, bytes: &[u8], sent: &mut usize, cut: Cut) -> Result<(), String> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = match cut {
                Cut::Whole => rest.len(),
                Cut::Pieces(length) => length.min(rest.len()),
                Cut::At(at) if at > *sent => (at - *sent).min(rest.len()),
                Cut::At(_) => rest.len(),
            };
            let (piece, later) = rest.split_at(length);
            if self.stream.write_all(piece).await.is_err() {
                // It has its answers by now, or never will.
                return Ok(());
            }
            *sent += length;
            rest = later;
            self.settle().await?;
        }
        Ok(())
    }

    /// Lets what was sent arrive, and what comes back.
    async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..TURNS {
            yield_now().await;
        }
        let at_once = poll_fn(|context| match self.poll_receive(context) {
            Poll::Ready(received) => Poll::Ready(Some(received)),
            Poll::Pending => Poll::Ready(None),
        });
        at_once.await.unwrap_or(Ok(()))
    }

    fn poll_receive(&mut self, context: &mut std::task::Context<'_>) -> Poll<Result<(), String>> {
        let mut bytes = [0; 16 * 1024];
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
        read.map(|read: io::Result<()>| {
            read.map_err(|error| format!("the connection failed: {error}"))?;
            self.ended |= buffer.filled().is_empty();
            self.received.extend_from_slice(buffer.filled());
            Ok(())
        })
    }

    async fn receive(&mut self) -> Result<(), String> {
        let received = poll_fn(|context| self.poll_receive(context));
        let in_vain = |_| "nothing comes, and the connection is kept".to_owned();
        timeout(TOO_LONG, received).await.map_err(in_vain)?
    }

    async fn end(&mut self) {
        // A server that is done has ended it already.
        let _ = self.stream.shutdown().await;
    }

    async fn read(&mut self, is_to_head: bool) -> Result<Read, String> {
        loop {
            if let Some(read) = read(&mut self.received, is_to_head, self.ended)? {
                return Ok(read);
            }
            if self.ended {
                let received = self.received.escape_ascii();
                return Err(format!("it ended before an answer: {received}"));
            }
            self.receive().await?;
        }
    }

    async fn expect(&mut self, answer: &Answer) -> Result<(), String> {
        let read = self.read(answer.is_to_head).await?;
        answer.check(&read)
    }

    /// Asks for one thing more, and nothing may have come before it.
    async fn probe(&mut self) -> Result<(), String> {
        if !self.received.is_empty() {
            return self.expect_end().await;
        }
        let asked = self.stream.write_all(PROBE.as_bytes()).await;
        asked.map_err(|error| format!("the connection is not kept: {error}"))?;
        let read = self.read(false).await?;
        if read.status != 200 || read.content != b"content\n" {
            return Err(format!("another answer came: {read:?}"));
        }
        self.end().await;
        self.expect_end().await
    }

    /// Nothing more may come.
    async fn expect_end(&mut self) -> Result<(), String> {
        while !self.ended {
            self.receive().await?;
        }
        if self.received.is_empty() {
            Ok(())
        } else {
            let received = self.received.escape_ascii();
            Err(format!("more came than was asked for: {received}"))
        }
    }
}
