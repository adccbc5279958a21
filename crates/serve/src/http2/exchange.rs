//! One request, and its answer.

use super::content::Content;
use super::cookies;
use super::streams::Streams;
use crate::admission;
use crate::answer_body::AnswerBody;
use crate::asked;
use crate::counters::ServeCounters;
use crate::handler::Handler;
use crate::handling::{Unmade, handled};
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::pages::page;
use crate::request_body::RequestBody;
use crate::turnstile::{Handed, label};
use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{Method, Request, Response, StatusCode};
use periplus_journey::{Label, Mark};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;

/// What one connection's requests are answered with.
pub(super) struct Service<H, M> {
    pub(super) handler: Rc<H>,
    pub(super) options: Rc<ServeOptions>,
    pub(super) counters: Arc<ServeCounters>,
    pub(super) streams: Streams<M>,
    /// What is asked for as https is served.
    pub(super) serves_https: bool,
    pub(super) handed: Handed,
}

impl<M: Marks, H: Handler<M>> Service<H, M> {
    /// Answers one request, unless its client takes it back before that.
    pub(super) async fn exchange(
        self: Rc<Self>,
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
    ) {
        let stream = respond.stream_id().as_u32();
        let is_head = *request.method() == Method::HEAD;
        let respond = Rc::new(RefCell::new(respond));
        let reset = poll_fn(|context| respond.borrow_mut().poll_reset(context));
        let answer = tokio::select! {
            biased;
            _ = reset => return,
            answer = self.answer(stream, request, &respond) => answer,
        };
        self.respond(stream, answer, is_head, &respond).await;
        self.handed.of_stream(stream).clear();
    }

    async fn answer(
        &self,
        stream: u32,
        request: Request<RecvStream>,
        respond: &Rc<RefCell<SendResponse<Bytes>>>,
    ) -> Response<AnswerBody<H::Body>> {
        let journal = self.streams.marks(stream);
        journal.mark(Mark::Label(Label::Protocol("http/2")));
        journal.mark(Mark::Label(Label::Request(line(&request))));
        if self.options.access_log {
            journal.mark(asked::label(&request));
        }
        let mut request = self.readable(stream, request, respond);
        cookies::join(request.headers_mut());
        let refused = self.too_long(&request);
        let refuse = || admission::refuse(&mut request, self.serves_https);
        if let Some(answer) = refused.or_else(refuse) {
            return self.page(stream, answer);
        }
        self.streams.called(stream);
        // Within what is caught: it may panic before it returns a future.
        let handling = async { self.handler.handle(request, &journal).await };
        let arrives = || self.streams.is_arriving(stream);
        match handled(handling, &self.options, arrives).await {
            // An interim answer is not the one that was asked for (RFC 9110 section 15.2).
            Ok(answer) if answer.status().is_informational() => {
                let explanation = "What was made here is no answer.";
                self.page(stream, page(StatusCode::INTERNAL_SERVER_ERROR, explanation))
            }
            Ok(answer) => answer.map(|body| {
                let handed = self.handed.of_stream(stream);
                AnswerBody::handler(body, handed, self.counters.clone())
            }),
            // RFC 9110 section 15.5.9.
            Err(Unmade::Late) if self.streams.is_receiving(stream) => {
                self.counters.request_timeouts.increment();
                let reason = "stall_timeout".into();
                journal.mark(Mark::Label(Label::Reason(reason)));
                let explanation = "The request did not arrive in time.";
                self.page(stream, page(StatusCode::REQUEST_TIMEOUT, explanation))
            }
            Err(unmade) => self.page(stream, unmade.page(&self.counters)),
        }
    }

    /// The request, with its content as a handler reads it.
    fn readable(
        &self,
        stream: u32,
        request: Request<RecvStream>,
        respond: &Rc<RefCell<SendResponse<Bytes>>>,
    ) -> Request<RequestBody> {
        let headers = request.headers();
        let length = headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let go_on = headers.contains_key(EXPECT).then(|| {
            let (streams, respond) = (self.streams.clone(), respond.clone());
            let go_on = move || {
                if streams.may_send_interim(stream) {
                    let mut interim = Response::new(());
                    *interim.status_mut() = StatusCode::CONTINUE;
                    // If it cannot be sent, the stream is over.
                    let _ = respond.borrow_mut().send_informational(interim);
                }
            };
            Box::new(go_on) as Box<dyn FnOnce()>
        });
        request.map(|content| Content::new(content, length, go_on).into())
    }

    /// What is longer than is read, and h2 has let pass.
    fn too_long<B>(&self, request: &Request<B>) -> Option<Response<Bytes>> {
        let target = request.uri().path_and_query();
        if target.is_some_and(|target| target.as_str().len() > self.options.max_target_length) {
            let explanation = "The address is longer than this server reads.";
            return Some(page(StatusCode::URI_TOO_LONG, explanation));
        }
        if request.headers().len() > self.options.max_headers {
            let explanation = "The request has more header fields than this server reads.";
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Some(page(status, explanation));
        }
        None
    }

    fn page(&self, stream: u32, page: Response<Bytes>) -> Response<AnswerBody<H::Body>> {
        let handed = self.handed.of_stream(stream);
        page.map(|page| AnswerBody::page(page, handed, self.counters.clone()))
    }
}

/// What a request is called in its record: as the first line of HTTP/1.1, which it has none of.
fn line<B>(request: &Request<B>) -> Box<str> {
    let uri = request.uri();
    let target = uri.path_and_query().map(|target| target.as_str());
    // CONNECT has an authority alone (RFC 9113 section 8.5).
    let authority = || uri.authority().map(|authority| authority.as_str());
    let target = target.or_else(authority).unwrap_or("*");
    label::printable(format!("{} {target} HTTP/2", request.method()).as_bytes())
}
