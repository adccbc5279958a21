//! Cookies, that a client may send one by one (RFC 9113 section 8.2.3).

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};

/// Makes one field of them, which is all that whoever does not know HTTP/2 looks for.
pub(super) fn join(headers: &mut HeaderMap) {
    let cookies = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let cookies: Vec<_> = cookies.collect();
    if cookies.len() < 2 {
        return;
    }
    if let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..])) {
        headers.insert(COOKIE, joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_joined_in_their_order_and_nothing_else_is() {
        let mut headers = HeaderMap::new();
        join(&mut headers);
        assert!(headers.is_empty());
        for cookie in ["a=b", "c=d; e=f", "g=h"] {
            headers.append(COOKIE, HeaderValue::from_static(cookie));
            headers.append("x", HeaderValue::from_static(cookie));
        }
        join(&mut headers);
        let values = |name| headers.get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(values("cookie"), ["a=b; c=d; e=f; g=h"]);
        assert_eq!(values("x").len(), 3);
        let before = headers.clone();
        join(&mut headers);
        assert_eq!(headers, before);
    }
}
