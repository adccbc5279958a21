//! The answers that are kept.

use super::date::{self, DateLine};
use super::plain::{AskedFor, PlainGet};
use super::{Good, Keep};
use bytes::Bytes;
use hashbrown::{Equivalent, HashMap};
use http::header::{CONNECTION, DATE, TRANSFER_ENCODING};
use http::{Response, StatusCode};
use periplus_journey::Instant;
use std::cell::RefCell;
use std::hash::{Hash, Hasher, RandomState};
use std::rc::Rc;
use std::sync::Arc;

/// How many are kept: a head each.
const CAPACITY: usize = 4096;

/// The answers that are ready, of one server. Clones share them. Their contents lie where their handler keeps them.
#[derive(Clone, Debug, Default)]
pub struct ReadyAnswers {
    kept: Rc<RefCell<Kept>>,
    notes_asked: bool,
}

#[derive(Debug)]
struct Kept {
    answers: HashMap<AskedFor, Rc<Answer>, RandomState>,
    date: DateLine,
}

/// An answer as it goes out, but for its date.
pub(crate) struct Answer {
    /// Everything before the date.
    pub(crate) head: Bytes,
    good: Arc<dyn Good>,
}

/// One to be written now.
pub(crate) struct Ready {
    pub(crate) answer: Rc<Answer>,
    pub(crate) body: Bytes,
    /// The date, and the end of the head.
    pub(crate) date: [u8; date::LENGTH],
}

impl Ready {
    /// The status of every answer that is kept.
    pub(crate) const STATUS: StatusCode = StatusCode::OK;

    /// Its length, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.answer.head.len() + self.date.len() + self.body.len()
    }
}

impl ReadyAnswers {
    /// The same, which are noted for an access log or not.
    pub(crate) fn noting(&self, asked: bool) -> Self {
        Self {
            kept: self.kept.clone(),
            notes_asked: asked,
        }
    }

    /// Whether what an access log shows of a request is noted.
    pub(crate) fn notes_asked(&self) -> bool {
        self.notes_asked
    }

    /// The answer to `get` that is good at `now`.
    pub(crate) fn find(&self, get: &PlainGet<'_>, now: Instant) -> Option<Ready> {
        let mut kept = self.kept.borrow_mut();
        let answer = kept.answers.get(get)?;
        let Some(body) = answer.good.content() else {
            kept.answers.remove(get);
            return None;
        };
        let answer = answer.clone();
        let date = kept.date.at(now);
        Some(Ready { answer, body, date })
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        self.kept.borrow_mut().answers.clear();
    }

    /// Keeps the answer to what was `asked`, if it says that it may be given again.
    pub(crate) fn keep<B>(&self, asked: AskedFor, answer: &Response<B>) {
        let Some(Keep(good)) = answer.extensions().get() else {
            return;
        };
        let headers = answer.headers();
        let ours = [CONNECTION, DATE, TRANSFER_ENCODING];
        if answer.status() != Ready::STATUS || ours.iter().any(|name| headers.contains_key(name)) {
            return;
        }
        let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
        for (name, value) in headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        let answers = &mut self.kept.borrow_mut().answers;
        if answers.len() >= CAPACITY {
            // Any of them: who asks in so many ways gains nothing by it, and it is made again when it is asked for.
            let any = answers.keys().next().cloned();
            any.and_then(|any| answers.remove(&any));
        }
        let answer = Answer {
            head: head.into(),
            good: good.clone(),
        };
        answers.insert(asked, Rc::new(answer));
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            answers: HashMap::default(),
            date: DateLine::new(),
        }
    }
}

impl Hash for AskedFor {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (&*self.host, &*self.path, self.encoding.as_deref()).hash(hasher);
    }
}

impl Hash for PlainGet<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.host, self.path, self.encoding).hash(hasher);
    }
}

impl Equivalent<AskedFor> for PlainGet<'_> {
    fn equivalent(&self, asked: &AskedFor) -> bool {
        (self.host, self.path, self.encoding)
            == (&*asked.host, &*asked.path, asked.encoding.as_deref())
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}
