//! Between hyper and the handler.

use crate::admission;
use crate::answer_body::AnswerBody;
use crate::asked;
use crate::caught::caught;
use crate::counters::ServeCounters;
use crate::handler::Handler;
use crate::handling::{Unmade, handled};
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::ready::answers::ReadyAnswers;
use crate::ready::plain::AskedFor;
use crate::request_body::RequestBody;
use crate::turnstile::{Disagreement, Exchange, Handed, Stage};
use crate::websocket::{Conversation, handshake};
use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

/// What one connection's requests are answered with.
pub(super) struct Service<H, M> {
    pub(super) handler: Rc<H>,
    pub(super) options: Rc<ServeOptions>,
    pub(super) counters: Arc<ServeCounters>,
    pub(super) exchange: Exchange<M>,
    /// What is asked for as https is served.
    pub(super) serves_https: bool,
    pub(super) handed: Handed,
    /// What is said after a 101.
    pub(super) conversation: Rc<Cell<Option<Conversation>>>,
    /// What need not be made again.
    pub(super) ready: ReadyAnswers,
}

impl<M: Marks, H: Handler<M>> Service<H, M> {
    /// Answers a request that hyper has taken. The exchange is told at once, and not when the answer is first waited for:
    /// hyper may look for more bytes before that.
    pub(super) fn call(
        self: Rc<Self>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<AnswerBody<H::Body>>, Disagreement>> {
        let taken = self.exchange.head_taken();
        async move {
            taken?;
            let answer = self.answer(request.map(RequestBody::from)).await;
            self.exchange.answer_made();
            Ok(answer)
        }
    }

    async fn answer(&self, mut request: Request<RequestBody>) -> Response<AnswerBody<H::Body>> {
        if self.options.access_log {
            self.exchange.marks().mark(asked::label(&request));
        }
        if let Some(mut answer) = admission::refuse(&mut request, self.serves_https) {
            self.close_if_cut(&mut answer);
            return self.page(answer);
        }
        self.exchange.handler_called();
        let journal = self.exchange.marks();
        if handshake::is_asked(&request) {
            match caught(async { self.handler.websocket(&request, &journal) }).await {
                Some(Some(conversation)) => return self.switch(&request, conversation),
                Some(None) => {}
                None => return self.unmade(Unmade::Panicked),
            }
        }
        let asked = AskedFor::of(&request);
        let handling = self.handler.handle(request, &journal);
        // The watchdog sees to it that the content comes.
        let waits = || self.exchange.stage() == Stage::Content;
        let mut answer = match handled(handling, &self.options, waits).await {
            Ok(answer) => {
                if let Some(asked) = asked {
                    self.ready.keep(asked, &answer);
                }
                answer.map(|body| {
                    AnswerBody::handler(body, self.handed.clone(), self.counters.clone())
                })
            }
            Err(unmade) => return self.unmade(unmade),
        };
        self.close_if_cut(&mut answer);
        answer
    }

    /// Answers a request that asks for WebSocket, and where that is 101, keeps what is said afterwards.
    fn switch(
        &self,
        request: &Request<RequestBody>,
        conversation: Conversation,
    ) -> Response<AnswerBody<H::Body>> {
        let mut answer = handshake::answer(request, conversation.protocol());
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.conversation.set(Some(conversation));
        } else {
            self.close_if_cut(&mut answer);
        }
        self.page(answer)
    }

    /// Answers in the handler's place.
    fn unmade(&self, unmade: Unmade) -> Response<AnswerBody<H::Body>> {
        let mut answer = self.page(unmade.page(&self.counters));
        match unmade {
            Unmade::Panicked => close_after(&mut answer),
            Unmade::Late => self.close_if_cut(&mut answer),
        }
        answer
    }

    /// Says that an answer is the last where it is.
    fn close_if_cut<B>(&self, answer: &mut Response<B>) {
        if self.exchange.would_cut(answer.status().as_u16()) {
            close_after(answer);
        }
    }

    fn page(&self, page: Response<Bytes>) -> Response<AnswerBody<H::Body>> {
        page.map(|page| AnswerBody::page(page, self.handed.clone(), self.counters.clone()))
    }
}

/// Says that the connection closes after this answer (RFC 9112 section 9.6), and so has hyper close it.
fn close_after<B>(answer: &mut Response<B>) {
    answer
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
}
