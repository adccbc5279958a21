//! A site, and the order in which its rules are looked at.

use super::address::Address;
use super::cors::{CorsLines, is_preflight};
use super::error_page::{ErrorPages, instead, page_uri};
use super::fallback::{accepts_html, may_be_a_place};
use super::lines::Lines;
use super::moves::Moves;
use super::options::SiteOptions;
use crate::files::{Files, FilesBody, Store, not_fetched};
use crate::marks::Marks;
use crate::pages::page;
use crate::ready::Keep;
use bytes::Bytes;
use http::header::{ALLOW, HeaderValue, LOCATION, ORIGIN, RETRY_AFTER, VARY};
use http::{Method, Request, Response, StatusCode, Uri};
use std::io;

/// What may be done with a site's addresses.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// A folder, and the rules around it.
#[derive(Debug)]
pub(super) struct Site {
    files: Files,
    lines: Lines,
    /// Boxed, as most sites have none: a request that no rule can touch goes to the files straight away.
    rules: Option<Box<Rules>>,
}

/// What is done with requests that do not go to the files straight away.
#[derive(Debug)]
pub(super) struct Rules {
    moves: Moves,
    fallback: Option<Uri>,
    error_pages: ErrorPages,
    maintenance: Option<Closed>,
    cors: Option<CorsLines>,
}

/// A site that is being worked on.
#[derive(Debug)]
struct Closed {
    page: Option<Uri>,
    retry_after: Option<HeaderValue>,
}

impl Site {
    /// Opens its folder.
    pub(super) fn open(options: &SiteOptions, store: &Store) -> io::Result<Self> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let lines = Lines::of(options).map_err(invalid)?;
        let rules = Rules::of(options).map_err(invalid)?;
        let is_needed = !rules.is_empty() || !lines.are_for_every_path();
        Ok(Self {
            files: Files::open(&options.root, &options.folder, store)?,
            lines,
            rules: is_needed.then(|| Box::new(rules)),
        })
    }

    /// Answers a request; its content is not looked at.
    pub(super) async fn answer<B, M: Marks>(
        &self,
        request: Request<B>,
        is_tls: bool,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let mut answer = match &self.rules {
            None if is_read => self.files.answer(&request, journal).await,
            None => without_files(&request).map(FilesBody::page),
            Some(rules) => return self.by_rules(rules, request, is_tls, journal).await,
        };
        self.lines.add(is_tls, answer.headers_mut());
        answer
    }

    async fn by_rules<B, M: Marks>(
        &self,
        rules: &Rules,
        mut request: Request<B>,
        is_tls: bool,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        // The rules are about what was asked for, whatever is looked for instead.
        let uri = request.uri().clone();
        let address = Address::of(uri.path());
        let mut answer = self
            .content(rules, &mut request, &uri, &address, is_tls, journal)
            .await;
        let status = answer.status();
        let headers = answer.headers_mut();
        self.lines.add(is_tls, headers);
        self.lines
            .add_by_path(address.path(), status, is_tls, headers);
        if let Some(cors) = &rules.cors {
            cors.add(request.headers().get(ORIGIN), headers);
        }
        answer
    }

    /// The answer, without the lines that are added to every one.
    async fn content<B, M: Marks>(
        &self,
        rules: &Rules,
        request: &mut Request<B>,
        uri: &Uri,
        address: &Address<'_>,
        is_tls: bool,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        if let Some(closed) = &rules.maintenance {
            let answer = closed.answer().map(FilesBody::page);
            return match &closed.page {
                Some(page) => instead(answer, page, request, &self.files, journal).await,
                None => {
                    rules
                        .error_pages
                        .dress(answer, request, &self.files, journal)
                        .await
                }
            };
        }
        // A preflight is never led elsewhere: browsers would not go (the Fetch standard, "CORS-preflight fetch").
        if request.method() == Method::OPTIONS {
            let mut answer = without_files(request).map(FilesBody::page);
            if let Some(cors) = rules.cors.as_ref().filter(|_| is_preflight(request)) {
                cors.add_to_preflight(answer.headers_mut());
            }
            return answer;
        }
        if let Some(answer) = rules.moves.redirect(request, address, is_tls) {
            return answer.map(FilesBody::page);
        }
        let mut answer = if matches!(*request.method(), Method::GET | Method::HEAD) {
            self.found(rules, request, uri, address, journal).await
        } else {
            without_files(request).map(FilesBody::page)
        };
        if let Some(fallback) = &rules.fallback
            && answer.status() == StatusCode::NOT_FOUND
            && may_be_a_place(address)
        {
            if accepts_html(request.headers()) {
                *request.uri_mut() = fallback.clone();
                answer = self.files.answer(request, journal).await;
                // It depends on more than a ready answer may.
                answer.extensions_mut().remove::<Keep>();
            }
            // Who accepts something else is told something else.
            let accept = HeaderValue::from_static("Accept");
            answer.headers_mut().append(VARY, accept);
        }
        rules
            .error_pages
            .dress(answer, request, &self.files, journal)
            .await
    }

    /// What the folder has at an address, or at the one that is looked for instead.
    async fn found<B, M: Marks>(
        &self,
        rules: &Rules,
        request: &mut Request<B>,
        uri: &Uri,
        address: &Address<'_>,
        journal: &M,
    ) -> Response<FilesBody<M>> {
        let Some(instead) = rules.moves.rewrite(uri, address) else {
            return self.files.answer(request, journal).await;
        };
        *request.uri_mut() = instead;
        let mut answer = self.files.answer(request, journal).await;
        if answer.status() != StatusCode::MOVED_PERMANENTLY {
            return answer;
        }
        // A folder without its slash. Where that is must not be told by its own name, which nobody asked for.
        let (name, query) = (address.last_segment(), uri.query());
        if !name.is_empty() {
            if let Ok(location) = HeaderValue::try_from(folder_reference(name, query)) {
                answer.headers_mut().insert(LOCATION, location);
            }
        } else if let Ok(folder) = Uri::try_from(folder_reference(request.uri().path(), query)) {
            *request.uri_mut() = folder;
            answer = self.files.answer(request, journal).await;
        }
        answer
    }
}

impl Rules {
    /// As the options ask, or what is wrong with them.
    pub(super) fn of(options: &SiteOptions) -> Result<Self, String> {
        let maintenance = options.maintenance.as_ref().map(|maintenance| {
            let page = maintenance.page.as_deref().map(page_uri).transpose()?;
            // Whole seconds (RFC 9110 section 10.2.3), and not too early.
            let seconds = |after: std::time::Duration| {
                let begun = u64::from(after.subsec_nanos() > 0);
                HeaderValue::from(after.as_secs().saturating_add(begun))
            };
            Ok::<_, String>(Closed {
                page,
                retry_after: maintenance.retry_after.map(seconds),
            })
        });
        Ok(Self {
            moves: Moves::of(&options.redirects, &options.rewrites)?,
            fallback: options.fallback.as_deref().map(page_uri).transpose()?,
            error_pages: ErrorPages::of(&options.error_pages)?,
            maintenance: maintenance.transpose()?,
            cors: options.cors.as_ref().map(CorsLines::of).transpose()?,
        })
    }

    fn is_empty(&self) -> bool {
        self.moves.is_empty()
            && self.fallback.is_none()
            && self.error_pages.is_empty()
            && self.maintenance.is_none()
            && self.cors.is_none()
    }
}

impl Closed {
    fn answer(&self) -> Response<Bytes> {
        let explanation = "This site is being worked on. It will be back.";
        let mut answer = page(StatusCode::SERVICE_UNAVAILABLE, explanation);
        if let Some(retry_after) = &self.retry_after {
            answer
                .headers_mut()
                .insert(RETRY_AFTER, retry_after.clone());
        }
        answer
    }
}

/// The answer to any method but GET and HEAD.
fn without_files<B>(request: &Request<B>) -> Response<Bytes> {
    if request.method() != Method::OPTIONS {
        return not_fetched(request.method(), METHODS);
    }
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer.headers_mut().insert(ALLOW, METHODS);
    answer
}

/// The folder that `name` would name with a slash. The dot keeps a name from being a host or a scheme (RFC 3986 section
/// 4.2); a path needs none.
fn folder_reference(name: &str, query: Option<&str>) -> String {
    let dot = if name.starts_with('/') { "" } else { "./" };
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    format!("{dot}{name}/{query}")
}
