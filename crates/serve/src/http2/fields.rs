//! What the fields of an answer say that its frames do not, and leave out.

use http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, StatusCode};
use http_body::Body;
use std::time::SystemTime;

/// Fields about a connection, of which there are none in HTTP/2 (RFC 9113 section 8.2.2).
const OF_THE_CONNECTION: [HeaderName; 6] = [
    CONNECTION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Says in the head what the frames do not, and leaves out what they say.
pub(super) fn complete(
    headers: &mut HeaderMap,
    status: StatusCode,
    body: &impl Body,
    is_head: bool,
) {
    leave_out_connection(headers);
    // RFC 9110 section 8.6.
    if status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_LENGTH);
    }
    // RFC 9110 section 6.6.1.
    if !headers.contains_key(DATE)
        && let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now()))
    {
        headers.insert(DATE, date);
    }
    // Of the content that GET would have there is none at hand to measure.
    let is_unknown = is_head && body.is_end_stream();
    if let Some(length) = body.size_hint().exact()
        && !is_unknown
        && !is_without_content(status)
        && !headers.contains_key(CONTENT_LENGTH)
    {
        headers.insert(CONTENT_LENGTH, length.into());
    }
}

/// h2 sends none that has such fields.
pub(super) fn leave_out_connection(fields: &mut HeaderMap) {
    for name in &OF_THE_CONNECTION {
        fields.remove(name);
    }
}

/// RFC 9110 sections 15.3.5 and 15.4.5.
pub(super) fn is_without_content(status: StatusCode) -> bool {
    status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body_util::{Empty, Full};

    fn completed(
        fields: &[(HeaderName, &str)],
        status: u16,
        content: &str,
        is_head: bool,
    ) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(name, value.parse().expect("a value"));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        let body = Full::new(Bytes::from(content.to_owned()));
        complete(&mut headers, status, &body, is_head);
        headers
    }

    #[test]
    fn fields_about_the_connection_are_left_out() {
        let fields = OF_THE_CONNECTION.map(|name| (name, "gzip"));
        let headers = completed(&fields, 200, "abc", false);
        assert_eq!(
            headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["date", "content-length"]
        );
    }

    #[test]
    fn a_length_is_said_where_it_is_known_and_there_is_a_content() {
        let length = |headers: HeaderMap| {
            headers
                .get(CONTENT_LENGTH)
                .map(|l| l.to_str().expect("text").to_owned())
        };
        assert_eq!(
            length(completed(&[], 200, "abc", false)).as_deref(),
            Some("3")
        );
        assert_eq!(length(completed(&[], 200, "", false)).as_deref(), Some("0"));
        assert_eq!(
            length(completed(&[], 200, "abc", true)).as_deref(),
            Some("3")
        );
        assert_eq!(
            length(completed(&[(CONTENT_LENGTH, "7")], 200, "", true)).as_deref(),
            Some("7")
        );
        for status in [204, 304] {
            assert_eq!(length(completed(&[], status, "", false)), None);
        }
        let fields = [(CONTENT_LENGTH, "7")];
        assert_eq!(length(completed(&fields, 204, "", false)), None);
        assert_eq!(
            length(completed(&fields, 304, "", false)).as_deref(),
            Some("7")
        );
        let mut headers = HeaderMap::new();
        complete(&mut headers, StatusCode::OK, &Empty::<Bytes>::new(), true);
        assert_eq!(length(headers), None);
    }
}
