//! A client that reads answers off a line.

use super::line::Far;

/// The far end of a line, read one answer at a time.
pub(crate) struct Client {
    pub(crate) far: Far,
    /// Where the next answer begins.
    offset: usize,
}

/// An answer, with its content if its length was given.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) content: Vec<u8>,
}

impl Client {
    pub(crate) fn new(far: Far) -> Self {
        Self { far, offset: 0 }
    }

    /// Asks, and reads the answer.
    pub(crate) async fn ask(&mut self, request: &str) -> Reply {
        self.far.send(request);
        self.reply(request.starts_with("HEAD ")).await
    }

    /// GETs a target.
    pub(crate) async fn get(&mut self, target: &str) -> Reply {
        self.ask(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"))
            .await
    }

    /// Reads the next answer, which ends with its head if it answers HEAD.
    pub(crate) async fn reply(&mut self, to_head: bool) -> Reply {
        let offset = self.offset;
        let end_of_head = |sent: &[u8]| {
            let end = sent[offset..]
                .windows(4)
                .position(|window| window == b"\r\n\r\n")?;
            Some(offset + end + 4)
        };
        self.far
            .until_sent(|sent| end_of_head(sent).is_some())
            .await;
        let sent = self.far.sent();
        let end = end_of_head(&sent).unwrap_or_else(|| panic!("no answer: {:?}", self.far.text()));
        let head = String::from_utf8(sent[offset..end].to_vec()).expect("a head is ASCII");
        let status = head[9..12].parse().expect("a status is a number");
        let mut reply = Reply {
            status,
            head,
            content: Vec::new(),
        };
        let length = match reply.field("content-length") {
            Some(length) if !to_head && status != 304 => length.parse().expect("it is a length"),
            _ => 0,
        };
        self.offset = end + length;
        self.far.until_sent(|sent| sent.len() >= end + length).await;
        let sent = self.far.sent();
        reply.content = sent[end..sent.len().min(end + length)].to_vec();
        reply
    }
}

impl Reply {
    /// The value of a header line.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields(name).next()
    }

    /// The values of all header lines of a name.
    pub(crate) fn fields(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.lines().filter_map(move |line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}
