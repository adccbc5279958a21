//! Which pages of other origins may read what is served here (the Fetch standard, "CORS protocol").

use super::options::Cors;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{Request, Uri};

/// The header lines that say so. None of them lets a page send cookies along: what is served is the same for everybody.
#[derive(Debug)]
pub(super) struct CorsLines {
    /// None: every one.
    origins: Vec<HeaderValue>,
    expose: Option<HeaderValue>,
    preflight: Vec<(HeaderName, HeaderValue)>,
}

impl CorsLines {
    /// As the options ask, or what is wrong with them.
    pub(super) fn of(options: &Cors) -> Result<Self, String> {
        let origins = options.origins.iter().map(|text| origin(text));
        let origins = origins.collect::<Result<_, String>>()?;
        let methods = HeaderValue::from_static("GET, HEAD, OPTIONS");
        let mut preflight = vec![(ACCESS_CONTROL_ALLOW_METHODS, methods)];
        if let Some(names) = list(&options.allow_headers) {
            preflight.push((ACCESS_CONTROL_ALLOW_HEADERS, names));
        }
        if let Some(max_age) = options.max_age {
            preflight.push((ACCESS_CONTROL_MAX_AGE, max_age.as_secs().into()));
        }
        Ok(Self {
            origins,
            expose: list(&options.expose_headers),
            preflight,
        })
    }

    /// Says to whoever asked from `origin` whether it may read the answer.
    pub(super) fn add(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if self.origins.is_empty() {
            // Said to everybody, also to who did not ask: so a cache has one answer for all.
            let any = HeaderValue::from_static("*");
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, any);
        } else {
            headers.append(VARY, HeaderValue::from_static("Origin"));
            let Some(origin) = origin.filter(|origin| self.origins.contains(origin)) else {
                return;
            };
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        if let Some(expose) = &self.expose {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, expose.clone());
        }
    }

    /// Says to a preflight what may be asked for.
    pub(super) fn add_to_preflight(&self, headers: &mut HeaderMap) {
        headers.extend(self.preflight.iter().cloned());
    }
}

/// Whether a request with OPTIONS asks beforehand what another may ask.
pub(super) fn is_preflight<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// An origin as browsers write it (RFC 6454 section 6.2): in lower case, without the port that goes without saying.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || {
        format!(
            "`{text}` is no origin: write `https://example.org`, with a port if it has one and without a path; \
             leave the list empty for every origin"
        )
    };
    let origin = text.strip_suffix('/').unwrap_or(text);
    let uri: Uri = origin.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return Err(wrong());
    };
    let mut written = format!("{scheme}://{}", host.to_ascii_lowercase());
    let ordinary = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    // What it is when it is written out must be all that it was.
    let is_more = uri
        .path_and_query()
        .is_some_and(|path| path.as_str() != "/")
        || uri.authority().is_some_and(|a| a.as_str().contains('@'));
    if is_more || origin.ends_with('/') {
        return Err(wrong());
    }
    if let Some(port) = uri.port_u16().filter(|&port| Some(port) != ordinary) {
        written.push_str(&format!(":{port}"));
    }
    HeaderValue::try_from(written).map_err(|_| wrong())
}

fn list(names: &[HeaderName]) -> Option<HeaderValue> {
    let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
    // Names are letters, and so is a list of them.
    HeaderValue::try_from(names.join(", "))
        .ok()
        .filter(|list| !list.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_do() {
        for (text, written) in [
            ("https://example.org", "https://example.org"),
            ("HTTPS://Example.ORG/", "https://example.org"),
            ("https://example.org:443", "https://example.org"),
            ("http://example.org:443", "http://example.org:443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(
                origin(text).as_ref().map(HeaderValue::as_bytes),
                Ok(written.as_bytes())
            );
        }
        for text in [
            "*",
            "null",
            "",
            "example.org",
            "https://",
            "https://a/b",
            "https://a//",
            "https://a?b",
            "https://user@a",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }
}
