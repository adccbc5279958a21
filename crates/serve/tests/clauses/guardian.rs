//! Another's judgement: http_desync_guardian, which sorts requests by how far servers may differ in where they end.
//!
//! What it calls ambiguous or severe must end a connection here, refused or not; what it calls compliant must be served.
//! Where we differ, it is in one of the classes below, each with its reason.

use super::common::test;
use super::play::converse;
use super::stage::Stage;
use http_desync_guardian::request_analyzer::HttpRequestData;
use http_desync_guardian::{ClassificationReason, RequestSafetyTier};
use proptest::prelude::*;

/// The request that would be answered if the one before it had ended where it should.
const NEXT: &str = "GET /file?next HTTP/1.1\r\nHost: a\r\n\r\n";

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    /// The status of its answer, if there is one.
    status: Option<u16>,
    /// The next was answered too.
    is_kept: bool,
}

/// What becomes of `head`, with a content as it asks for one; or what is wrong with that.
async fn fate(stage: &Stage, head: &[u8]) -> Result<Fate, String> {
    let text = head.to_ascii_lowercase();
    let has = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    let content = match (has(b"chunked"), has(b"length")) {
        (true, _) => "5\r\nhello\r\n0\r\n\r\n",
        (false, true) => "hello",
        (false, false) => "",
    };
    let bytes = [head, content.as_bytes(), NEXT.as_bytes()].concat();
    let answers = converse(stage, &bytes).await?;
    let seen = stage.seen();
    let is_kept = seen.iter().any(|line| line.ends_with("?next"));
    let requests = if is_kept { 2 } else { 1 };
    let last_is_error = answers.last().is_some_and(|answer| answer.status >= 400);
    // Or it is the first, and what follows it is no request: refused, which ends the connection.
    if seen.len() > requests || answers.len() > requests && !(last_is_error && answers.len() == 2) {
        return Err(format!("{answers:?} to {seen:?}"));
    }
    Ok(Fate {
        status: answers.first().map(|answer| answer.status),
        is_kept,
    })
}

/// Why we refuse a head that others may take, if it is for one of these.
fn stricter(head: &[u8]) -> Option<&'static str> {
    let text: String = head.iter().map(|&byte| char::from(byte)).collect();
    let (line, rest) = text.split_once("\r\n").unwrap_or((&text, ""));
    let parts: Vec<_> = line.split(' ').collect();
    let lower = rest.to_ascii_lowercase();
    let [method, target, version] = parts[..] else {
        return Some("RFC 9112 3: a request-line is three words with a space between them");
    };
    if method.is_empty() {
        return Some("RFC 9112 3: a method is a token");
    }
    if matches!(method, "get" | "P") {
        return Some("RFC 9110 9.1: whoever does not know a method answers 501");
    }
    let whole = text
        .find("\r\n\r\n")
        .is_some_and(|end| end + 4 == text.len());
    if !whole || text.replace("\r\n", "").contains(['\r', '\n']) {
        return Some("RFC 9112 2.2: lines end in CRLF, and a head in an empty one");
    }
    if !matches!(version, "HTTP/1.0" | "HTTP/1.1" | "HTTP/1.2") {
        return Some("RFC 9112 2.3: there is no such version of HTTP/1");
    }
    if target.contains(['#', '<', '\u{e4}']) {
        return Some("RFC 3986 2: a target is the letters of a URI");
    }
    let has_form = target.starts_with('/')
        || target.starts_with("http")
        || (method, target) == ("OPTIONS", "*");
    if !has_form {
        return Some("RFC 9112 3.2: a target has one of four forms, by its method");
    }
    if lower.matches("host:").count() > 1 {
        return Some("RFC 9112 3.2: there is one Host");
    }
    if lower.contains("expect:") && version != "HTTP/1.0" {
        return Some("RFC 9110 10.1.1: other expectations than that of 100 are not met");
    }
    lower.split("\r\n").find_map(|line| match line.split_once(':') {
        Some(("transfer-encoding", value)) if value.trim_matches([' ', '\t']) != "chunked" => {
            Some("RFC 9112 6.1 and 6.3: of codings chunked alone is understood, and it is the last")
        }
        Some(("content-length", value)) if value.trim().is_empty() => {
            Some("RFC 9110 8.6: a length has digits")
        }
        _ => None,
    })
}

/// The letters above 0x7f stand for bytes.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|letter| letter as u8).collect()
}

fn head() -> impl Strategy<Value = Vec<u8>> {
    let methods = ["GET", "POST", "PUT", "OPTIONS", "get", "P", "G E T", ""];
    let targets = [
        "/echo",
        "/file",
        "/file?a=b",
        "/%2e%2e/x",
        "/a b",
        "*",
        "http://a/file",
        "/fi\0le",
        "/#x",
        "/\u{e4}",
        "file",
        "/<x>",
    ];
    let versions = [
        "HTTP/1.1",
        "HTTP/1.0",
        "HTTP/1.2",
        "HTTP/2.0",
        "http/1.1",
        "HTTP/1.1 ",
        "HTTP/1,1",
        "HTTP",
        "",
    ];
    let names = [
        "Content-Length",
        "content-length",
        "Content-Length ",
        " Content-Length",
        "Content_Length",
        "Content-Length\t",
        "Content\0Length",
        "Content-Length:",
        "Transfer-Encoding",
        "transfer-encoding",
        "Transfer-Encoding ",
        "Transfer_Encoding",
        "Transfer-\u{1}Encoding",
        "Host",
        "X",
        "X Y",
        "X[]",
        "",
        "Connection",
        "Expect",
        "TE",
        "\u{e4}",
    ];
    let values = [
        "5",
        "05",
        "+5",
        "-5",
        "5, 5",
        "5,6",
        "0",
        "0x5",
        "5;",
        "\"5\"",
        " 5 ",
        "\t5",
        "5\u{b}",
        "chunked",
        "Chunked",
        " chunked",
        "chunked ",
        "\tchunked",
        "\u{b}chunked",
        "xchunked",
        "chunked, chunked",
        "gzip, chunked",
        "chunked, gzip",
        "identity",
        "chunked\0",
        "\"chunked\"",
        "chunked;a",
        ", chunked",
        "",
        "a",
        "close",
        "100-continue",
        "a\rb",
        "a\nb",
        "\u{e4}",
        "99999999999999999999",
    ];
    let ends = ["\r\n", "\n", "\r", "\r\n ", "\n\r", ""];
    let usual = |first: &'static str, others: Vec<&'static str>| prop_oneof![4 => Just(first), 1 => prop::sample::select(others)];
    let end = || usual("\r\n", ends.to_vec());
    let line = (
        prop::sample::select(names.to_vec()),
        usual(": ", vec![":", "", " : ", ":\t", ":\r\n "]),
        prop::sample::select(values.to_vec()),
        prop_oneof![12 => Just("\r\n"), 1 => prop::sample::select(ends.to_vec())],
    );
    let line = line.prop_map(|(name, colon, value, end)| [name, colon, value, end].concat());
    (
        usual("POST", methods.to_vec()),
        usual(" ", vec!["  ", "\t", "\u{b}"]),
        usual("/echo", targets.to_vec()),
        usual("HTTP/1.1", versions.to_vec()),
        end(),
        prop::collection::vec(line, 0..4),
        end(),
    )
        .prop_map(|(method, space, target, version, end, lines, last)| {
            let lines = lines.concat();
            let text = format!("{method}{space}{target} {version}{end}Host: a\r\n{lines}{last}");
            bytes(&text)
        })
}

/// Why what is judged so is served none the less, and the connection kept, if it is.
fn lenient(reason: ClassificationReason) -> Option<&'static str> {
    match reason {
        ClassificationReason::UndefinedContentLengthSemantics
        | ClassificationReason::UndefinedTransferEncodingSemantics
        | ClassificationReason::GetHeadZeroContentLength => Some(
            "RFC 9110 9.3.1: a content of GET means nothing and is framed as any other, and is read so",
        ),
        _ => None,
    }
}

/// Holds what becomes of `head` against the guardian's judgement.
async fn check(stage: &Stage, head: &[u8]) -> Result<RequestSafetyTier, String> {
    let judged = HttpRequestData::analyze_raw_request(head);
    let fate = fate(stage, head).await?;
    let is_served = !matches!(fate.status, None | Some(400 | 414 | 417 | 431 | 501 | 505));
    let differs = match judged.tier {
        RequestSafetyTier::Compliant => !is_served && stricter(head).is_none(),
        // Not by the letter, and no danger: we go by the letter.
        RequestSafetyTier::Acceptable => false,
        RequestSafetyTier::Ambiguous | RequestSafetyTier::Severe => {
            fate.is_kept && lenient(judged.reason).is_none()
        }
    };
    if differs {
        let (tier, reason) = (judged.tier, judged.reason);
        return Err(format!(
            "{tier:?} by {reason:?}, and {fate:?}: {}",
            head.escape_ascii()
        ));
    }
    Ok(judged.tier)
}

/// Heads of every kind, the one of each that is common and the others that have hidden a request somewhere.
#[test]
fn the_guardian_agrees_on_what_hides_requests() {
    let lines = [
        "",
        "Content-Length: 5",
        "Content-Length: 0",
        "Content-Length: 05",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 5,5",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length : 5",
        "Content-Length:5\0",
        "Content-Length: 0x5",
        "Content-Length: 99999999999999999999",
        "Content_Length: 5",
        "Content-Length:",
        "Content Length: 5",
        "\u{b}Content-Length: 5",
        "Content-Length: 5 5",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: Chunked",
        "Transfer-Encoding:\tchunked",
        "Transfer-Encoding:\u{b}chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
        "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer_Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\nTransfer-Encoding: chunked",
        "Transfer-Encoding\0: chunked",
        "Transfer-\u{85}Encoding: chunked",
        " Transfer-Encoding: chunked",
        "X",
        ": y",
        "X:",
        "X: y\0z",
        "X\u{1}: y",
        "X: y\r\n z",
    ];
    test(async {
        let stage = Stage::new(false).await;
        let mut tiers = [0; 4];
        let mut wrong = Vec::new();
        for method in ["GET", "POST"] {
            for version in ["HTTP/1.1", "HTTP/1.0"] {
                for line in lines {
                    let end = if line.is_empty() { "" } else { "\r\n" };
                    let head = format!("{method} /echo {version}\r\nHost: a\r\n{line}{end}\r\n");
                    match check(&stage, &bytes(&head)).await {
                        Ok(tier) => tiers[tier as usize] += 1,
                        Err(why) => wrong.push(why),
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        // The list holds some of each, or it shows little.
        assert!(tiers.iter().all(|&count| count >= 4), "{tiers:?}");
        stage.finish().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn and_on_whatever_is_made_of_such_pieces(heads in prop::collection::vec(head(), 1..60)) {
        test(async {
            let stage = Stage::new(false).await;
            for head in heads {
                if let Err(why) = check(&stage, &head).await {
                    panic!("{why}");
                }
            }
            stage.finish().await;
        });
    }
}
