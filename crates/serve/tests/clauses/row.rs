//! A row of the table: what a clause asks, what is sent to see it, and what must come back.

/// A clause and its proof.
pub(crate) struct Row {
    /// `RFC 9112 6.3`.
    pub(crate) clause: &'static str,
    /// What it asks of a server, in our own words; and where we are stricter than it, why.
    pub(crate) asks: &'static str,
    pub(crate) steps: Vec<Step>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) then: Then,
    /// What the handler saw, in order: `GET /file`.
    pub(crate) seen: &'static [&'static str],
    /// The server waits a tenth of a second for its peers, and not for minutes.
    pub(crate) is_hasty: bool,
}

/// What the client does.
pub(crate) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends this as many times.
    Repeat(&'static str, usize),
    /// Waits for the next of the answers.
    Await,
    /// Ends its direction.
    End,
    /// Resets the connection.
    Reset,
}

/// What comes back.
pub(crate) struct Answer {
    /// Any of these.
    pub(crate) statuses: &'static [u16],
    /// Header lines that must be there: with this value, or with any if it is empty.
    pub(crate) fields: Vec<(&'static str, &'static str)>,
    /// Header lines that must not be there.
    pub(crate) absent: Vec<&'static str>,
    pub(crate) content: Option<&'static str>,
    /// It answers HEAD: its header lines speak of a content that does not come.
    pub(crate) is_to_head: bool,
    /// It answers HTTP/1.0.
    pub(crate) is_to_http_1_0: bool,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It takes another request, and answers it.
    Kept,
    /// It ends in good order after the last of the answers.
    Closed,
    /// One or the other: what must not be is that something is taken for a request that is none.
    KeptOrClosed,
    /// Nobody is there any more to see it.
    Gone,
}

/// A row that asks `asks` in the name of `clause`: no answer yet, and a connection that is kept.
pub(crate) fn row(clause: &'static str, asks: &'static str) -> Row {
    Row {
        clause,
        asks,
        steps: Vec::new(),
        answers: Vec::new(),
        then: Then::Kept,
        seen: &[],
        is_hasty: false,
    }
}

impl Row {
    /// These bytes are sent.
    pub(crate) fn send(mut self, bytes: impl AsRef<[u8]>) -> Self {
        match self.steps.last_mut() {
            Some(Step::Send(before)) => before.extend_from_slice(bytes.as_ref()),
            _ => self.steps.push(Step::Send(bytes.as_ref().to_vec())),
        }
        self
    }

    /// This is sent as many times.
    pub(crate) fn repeat(mut self, bytes: &'static str, times: usize) -> Self {
        self.steps.push(Step::Repeat(bytes, times));
        self
    }

    /// The next answer is waited for.
    pub(crate) fn wait(mut self) -> Self {
        self.steps.push(Step::Await);
        self
    }

    /// The client ends its direction.
    pub(crate) fn end(mut self) -> Self {
        self.steps.push(Step::End);
        self
    }

    /// The client resets the connection, and nobody sees what comes of it but the handler.
    pub(crate) fn reset(mut self) -> Self {
        self.steps.push(Step::Reset);
        self.then = Then::Gone;
        self
    }

    /// An answer with this status comes.
    pub(crate) fn answer(self, status: &'static u16) -> Self {
        self.one_of(std::slice::from_ref(status))
    }

    /// An answer with one of these statuses comes.
    pub(crate) fn one_of(mut self, statuses: &'static [u16]) -> Self {
        self.answers.push(Answer {
            statuses,
            fields: Vec::new(),
            absent: Vec::new(),
            content: None,
            is_to_head: false,
            is_to_http_1_0: false,
        });
        self
    }

    /// The last answer has this header line, with this value if one is given.
    pub(crate) fn with(self, name: &'static str, value: &'static str) -> Self {
        self.last(|answer| answer.fields.push((name, value)))
    }

    /// The last answer does not have this header line.
    pub(crate) fn without(self, name: &'static str) -> Self {
        self.last(|answer| answer.absent.push(name))
    }

    /// The last answer has this content.
    pub(crate) fn saying(self, content: &'static str) -> Self {
        self.last(|answer| answer.content = Some(content))
    }

    /// The last answer is to HEAD.
    pub(crate) fn for_head(self) -> Self {
        self.last(|answer| answer.is_to_head = true)
    }

    /// The last answer is to HTTP/1.0.
    pub(crate) fn for_http_1_0(self) -> Self {
        self.last(|answer| answer.is_to_http_1_0 = true)
    }

    fn last(mut self, change: impl FnOnce(&mut Answer)) -> Self {
        change(self.answers.last_mut().expect("an answer comes"));
        self
    }

    /// The connection ends.
    pub(crate) fn closed(mut self) -> Self {
        self.then = Then::Closed;
        self
    }

    /// The connection ends or is kept.
    pub(crate) fn kept_or_closed(mut self) -> Self {
        self.then = Then::KeptOrClosed;
        self
    }

    /// The handler saw this.
    pub(crate) fn seen(mut self, seen: &'static [&'static str]) -> Self {
        self.seen = seen;
        self
    }

    /// The server is in a hurry.
    pub(crate) fn hasty(mut self) -> Self {
        self.is_hasty = true;
        self
    }

    /// 400, and the connection ends; the handler saw nothing.
    pub(crate) fn refused(self) -> Self {
        self.answer(&400).with("connection", "close").closed()
    }

    /// What is sent as it goes over the wire, and where the pieces of it may be cut.
    pub(crate) fn length(&self) -> usize {
        let length = |step: &Step| match step {
            Step::Send(bytes) => bytes.len(),
            Step::Repeat(bytes, times) => bytes.len() * times,
            _ => 0,
        };
        self.steps.iter().map(length).sum()
    }
}
