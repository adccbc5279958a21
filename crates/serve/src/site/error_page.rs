//! Pages of the site's own for what went wrong.

use super::template::as_uri;
use crate::files::{Files, FilesBody};
use crate::marks::Marks;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_RANGE, ETAG, HeaderValue,
    LAST_MODIFIED, RETRY_AFTER, VARY,
};
use http::{Method, Request, Response, StatusCode, Uri};

/// Which file is sent with which status.
#[derive(Debug, Default)]
pub(super) struct ErrorPages(Vec<(StatusCode, Uri)>);

impl ErrorPages {
    /// As the options ask, or what is wrong with them.
    pub(super) fn of(pages: &[(StatusCode, String)]) -> Result<Self, String> {
        let pages = pages.iter().map(|(status, path)| {
            if !status.is_client_error() && !status.is_server_error() {
                return Err(format!(
                    "{} is no error: an error page is for 4xx or 5xx",
                    status.as_u16()
                ));
            }
            Ok((*status, page_uri(path)?))
        });
        Ok(Self(pages.collect::<Result<_, String>>()?))
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The answer to a request, with the page that there is for its status.
    pub(super) async fn dress<B, M: Marks>(
        &self,
        answer: Response<FilesBody<M>>,
        request: &Request<B>,
        files: &Files,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        let page = self.0.iter().find(|(status, _)| *status == answer.status());
        match page {
            Some((_, page)) => instead(answer, page, request, files, journal).await,
            None => answer,
        }
    }
}

/// The path of a page under the root, as a URI; or what is wrong with it.
pub(super) fn page_uri(path: &str) -> Result<Uri, String> {
    let wrong =
        || format!("`{path}` is no path of a page: write it as it is asked for, as `/404.html`");
    if !path.starts_with('/') || path.contains(['?', '#']) {
        return Err(wrong());
    }
    Uri::try_from(as_uri(path).collect::<String>()).map_err(|_| wrong())
}

/// `answer` with the content of the file at `page`, if that can be had.
pub(super) async fn instead<B, M: Marks>(
    answer: Response<FilesBody<M>>,
    page: &Uri,
    request: &Request<B>,
    files: &Files,
    journal: &M,
) -> Response<FilesBody<M>> {
    // A request of our own. What the client has, and which part it wants, is of another file.
    let mut ours = Request::new(());
    *ours.uri_mut() = page.clone();
    if request.method() == Method::HEAD {
        *ours.method_mut() = Method::HEAD;
    }
    if let Some(accepted) = request.headers().get(ACCEPT_ENCODING) {
        let accepted = accepted.clone();
        ours.headers_mut().insert(ACCEPT_ENCODING, accepted);
    }
    let mut found = files.answer(&ours, journal).await;
    if found.status() != StatusCode::OK {
        return answer;
    }
    *found.status_mut() = answer.status();
    let headers = found.headers_mut();
    // They would be taken for what stands at the address that was asked for.
    for name in [ETAG, LAST_MODIFIED, ACCEPT_RANGES] {
        headers.remove(name);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // What the status needs to be understood.
    for name in [ALLOW, CONTENT_RANGE, RETRY_AFTER] {
        if let Some(value) = answer.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    for value in answer.headers().get_all(VARY) {
        if !headers.get_all(VARY).iter().any(|said| said == value) {
            headers.append(VARY, value.clone());
        }
    }
    found
}
