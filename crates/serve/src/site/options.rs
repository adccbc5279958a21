//! What is asked of a site.

use super::lines::Lines;
use super::names::Names;
use super::pattern::Pattern;
use super::serving::Rules;
use crate::files::FolderOptions;
use http::{HeaderName, HeaderValue, StatusCode};
use std::path::PathBuf;
use std::time::Duration;

/// A site: what is served under some names of hosts, and by which rules. Rules of a list are looked at in their order, and
/// look at the path that was asked for, whatever file that leads to.
#[derive(Clone, Debug, Default)]
pub struct SiteOptions {
    /// The names of hosts it answers to, without a port: `example.org`, or `*.example.org` for what is one label longer.
    /// Without any, it answers to every name that no other site has.
    pub hosts: Vec<String>,
    /// The folder it serves.
    pub root: PathBuf,
    /// How its files are answered with.
    pub folder: FolderOptions,
    /// Requests that are sent elsewhere.
    pub redirects: Vec<Redirect>,
    /// Requests that are answered as if another path had been asked for.
    pub rewrites: Vec<Rewrite>,
    /// The path of the page that answers whoever accepts HTML and asks for what is not there, if its last segment has no dot
    /// (a page of a program that runs in the browser): with 200.
    pub fallback: Option<String>,
    /// The paths of pages that are sent with an error's status, in place of our own.
    pub error_pages: Vec<(StatusCode, String)>,
    /// While it is set, every request is answered by 503.
    pub maintenance: Option<Maintenance>,
    /// Cache-Control by path: the first that matches. Errors are never kept, whatever it says.
    pub cache_control: Vec<(Pattern, HeaderValue)>,
    /// Header lines to add by path, to every answer: all that match. They replace what would be sent otherwise. What is about
    /// the content (`Content-Type`, for one) is only sent with a file, `Strict-Transport-Security` only over TLS.
    pub headers: Vec<(Pattern, HeaderName, HeaderValue)>,
    /// Which pages of other origins may read what is served here.
    pub cors: Option<Cors>,
    /// Over TLS: that only TLS is spoken with this host from now on (RFC 6797).
    pub hsts: Option<Hsts>,
    /// The header lines that keep a page from being framed or guessed at, and its address from being told:
    /// `X-Content-Type-Options`, `X-Frame-Options`, `Referrer-Policy`. `None`: over TLS only.
    pub security_headers: Option<bool>,
}

impl SiteOptions {
    /// Whether its names and rules can be kept. Its folder is not looked at.
    ///
    /// # Errors
    ///
    /// The first that cannot, and why.
    pub fn check(&self) -> Result<(), String> {
        Names::of([&*self.hosts]).map_err(|(_, error)| error)?;
        Lines::of(self)?;
        Rules::of(self).map(|_| ())
    }
}

/// A redirect.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// The paths it is for.
    pub from: Pattern,
    /// Where to: a path, or a whole URI. `$1` is what the first `*` of the pattern stood for. The query is kept. A request that
    /// would be led to itself is answered as if there were no such redirect.
    pub to: String,
    /// 301, 302, 303, 307 or 308.
    pub status: StatusCode,
}

/// A rewrite.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// The paths it is for.
    pub from: Pattern,
    /// The path that is looked for instead. `$1` is what the first `*` of the pattern stood for.
    pub to: String,
}

/// A site that is being worked on.
#[derive(Clone, Debug, Default)]
pub struct Maintenance {
    /// The path of the page that says so, in place of our own.
    pub page: Option<String>,
    /// When it is worth trying again (RFC 9110 section 10.2.3).
    pub retry_after: Option<Duration>,
}

/// Cross-origin resource sharing, by the Fetch standard.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    /// Origins, as `https://example.org`; without any, every one.
    pub origins: Vec<String>,
    /// Header lines that a request may have beyond the ordinary.
    pub allow_headers: Vec<HeaderName>,
    /// Header lines of an answer that a page may read beyond the ordinary.
    pub expose_headers: Vec<HeaderName>,
    /// How long a browser may keep what a preflight has told it.
    pub max_age: Option<Duration>,
}

/// HTTP Strict Transport Security (RFC 6797 section 6.1).
#[derive(Clone, Debug)]
pub struct Hsts {
    /// How long it holds.
    pub max_age: Duration,
    /// For the names below this one as well.
    pub include_subdomains: bool,
    /// That browsers may know it beforehand.
    pub preload: bool,
}
