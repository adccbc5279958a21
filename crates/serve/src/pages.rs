//! The pages the backend makes itself.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};

/// Light or dark as the reader likes it, and nothing fetched from anywhere.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;\
font:1.1rem/1.5 system-ui,sans-serif;color:#1d2b36;background:#f6f4ee}\
main{max-width:34rem;padding:2rem}\
h1{margin:0;font-size:1.6rem;font-weight:600}\
h1 span{display:block;font-size:4.5rem;font-weight:200;line-height:1.1;color:#0b6e99}\
p{margin:.75rem 0 0}\
@media(prefers-color-scheme:dark){body{color:#dfe7ec;background:#14202a}h1 span{color:#6cc3e8}}";

/// A page that says what the status means here. Nothing of the request is repeated in it, so nothing needs escaping.
pub(crate) fn page(status: StatusCode, explanation: &'static str) -> Response<Bytes> {
    let code = status.as_u16();
    let reason = status.canonical_reason().unwrap_or("Unknown status");
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{code} {reason}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1><span>{code}</span>{reason}</h1>\n<p>{explanation}</p>\n</main>\n</body>\n</html>\n"
    );
    let mut response = Response::new(Bytes::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What is wrong now may be right in a moment.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_whole_document() {
        let response = page(StatusCode::NOT_FOUND, "There is nothing here.");
        let html = std::str::from_utf8(response.body()).expect("it is UTF-8");
        assert!(html.starts_with("<!DOCTYPE html>\n"));
        assert!(html.contains("<title>404 Not Found</title>"));
        assert!(html.ends_with("</html>\n"));
    }
}
