//! The walkers by themselves: cut anywhere they take the same steps, and another parser sees heads end where they do.

use periplus_serve::turnstile::answer::{AnswerStep, AnswerWalker};
use periplus_serve::turnstile::request::{AnswerTo, RequestStep, RequestWalker};

/// Header lines that hyper reads, unless it is told otherwise.
const MAX_HEADERS: usize = 100;
/// What is kept of a request-line, at most.
const MAX_LINE: usize = 512;

/// # Panics
/// If a property does not hold.
pub(super) fn check(stream: &[u8], cut: &[&[u8]]) {
    let steps = requests(&[stream]);
    let bytes: Vec<_> = stream.chunks(1).collect();
    assert_eq!(steps, requests(cut), "requests, cut");
    assert_eq!(steps, requests(&bytes), "requests, byte by byte");
    for answer_to in [AnswerTo::Other, AnswerTo::Head, AnswerTo::Connect] {
        let steps = answers(&[stream], answer_to);
        assert_eq!(steps, answers(cut, answer_to), "answers, cut");
        assert_eq!(steps, answers(&bytes, answer_to), "answers, byte by byte");
    }
    heads(stream, &steps);
}

/// The steps that requests take, and where in the stream each does. A request begins with a step of its own, `None`.
fn requests(pieces: &[&[u8]]) -> Vec<(usize, Option<RequestStep>)> {
    let mut walker = RequestWalker::default();
    let (mut steps, mut begun, mut place) = (Vec::new(), false, 0);
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let before = rest.len();
            if !begun && !walker.skip_empty_lines(&mut rest) {
                place += before;
                break;
            }
            place += before - rest.len();
            if !std::mem::replace(&mut begun, true) {
                steps.push((place, None));
            }
            let before = rest.len();
            let step = walker.walk(&mut rest);
            place += before - rest.len();
            assert!(
                walker.line().len() <= MAX_LINE,
                "more is kept than is needed"
            );
            match step {
                RequestStep::More => assert!(rest.is_empty(), "more, and there is some"),
                RequestStep::Refused => {
                    steps.push((place, Some(step)));
                    return steps;
                }
                RequestStep::Ended => begun = false,
                RequestStep::LineEnded | RequestStep::HeadEnded => {}
            }
            if step != RequestStep::More {
                steps.push((place, Some(step)));
            }
        }
    }
    steps
}

/// The same of answers.
fn answers(pieces: &[&[u8]], answer_to: AnswerTo) -> Vec<(usize, AnswerStep)> {
    let mut walker = AnswerWalker::default();
    let (mut steps, mut place) = (Vec::new(), 0);
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let before = rest.len();
            let step = walker.walk(&mut rest, answer_to);
            place += before - rest.len();
            if step == AnswerStep::Malformed {
                // How much of it was looked at tells nobody anything.
                steps.push((0, step));
                return steps;
            }
            if step != AnswerStep::More {
                steps.push((place, step));
            }
            if step == AnswerStep::Upgraded {
                return steps;
            }
        }
    }
    steps
}

/// A head ends where httparse, hyper's parser, sees it end, if that finds no fault in it; and what has not ended, has not there.
fn heads(stream: &[u8], steps: &[(usize, Option<RequestStep>)]) {
    let mut start = None;
    for &(place, step) in steps {
        match (step, start) {
            (None, _) => start = Some(place),
            (Some(RequestStep::HeadEnded | RequestStep::Ended), Some(from)) => {
                head(&stream[from..place], step == Some(RequestStep::HeadEnded));
                start = None;
            }
            (Some(RequestStep::Refused), _) => return,
            _ => {}
        }
    }
    if let Some(start) = start {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let parsed = httparse::Request::new(&mut headers).parse(&stream[start..]);
        assert!(
            !matches!(parsed, Ok(httparse::Status::Complete(_))),
            "another sees a head end in {}",
            stream[start..].escape_ascii()
        );
    }
}

fn head(head: &[u8], has_content: bool) {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let text = head.escape_ascii();
    match request.parse(head) {
        Err(_) => {}
        Ok(httparse::Status::Partial) => panic!("another sees no end of {text}"),
        Ok(httparse::Status::Complete(length)) => {
            assert_eq!(length, head.len(), "another sees an earlier end of {text}");
            let says_so = request.headers.iter().any(|header| {
                let (name, value) = (header.name.to_ascii_lowercase(), header.value);
                let is_zero = value.trim_ascii().iter().all(|&digit| digit == b'0');
                name == "transfer-encoding" || name == "content-length" && !is_zero
            });
            assert_eq!(has_content, says_so, "whether a content follows {text}");
        }
    }
}
