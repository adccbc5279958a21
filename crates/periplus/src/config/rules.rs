//! The rules of a `[[site]]`.

use super::key::{Heading, key, open};
use super::section::Section;
use super::units::{A_TIME, time};
use http::{HeaderName, HeaderValue, StatusCode};
use periplus_serve::site::{Cors, Hsts, Maintenance, Pattern, Redirect, Rewrite, SiteOptions};
use std::time::Duration;

const PATHS: &str = "Paths: * is anything in a name, ** anything, ? a character; without a slash, it is for the last name alone. It must be given.";

pub(super) const REDIRECT: Heading = Heading {
    path: "site.redirect",
    many: true,
    about: "Requests that are sent elsewhere. The first that matches counts, here as in the other lists of rules.",
    keys: &[
        open("from", "\"/old/*\"", PATHS),
        open(
            "to",
            "\"/new/$1\"",
            "A path, or a whole URI; $1 is what the first * stood for. It must be given.",
        ),
        key("status", "308", "301, 302, 303, 307 or 308."),
    ],
};

pub(super) const REWRITE: Heading = Heading {
    path: "site.rewrite",
    many: true,
    about: "Requests that are answered as if another path had been asked for.",
    keys: &[
        open("from", "\"/team/*\"", PATHS),
        open(
            "to",
            "\"/people/$1.html\"",
            "The path that is looked for instead. It must be given.",
        ),
    ],
};

pub(super) const ERROR_PAGE: Heading = Heading {
    path: "site.error_page",
    many: true,
    about: "A page that is sent with an error's status in place of our own.",
    keys: &[
        open("status", "404", "400 to 599. It must be given."),
        open(
            "page",
            "\"/404.html\"",
            "Its path in the site. It must be given.",
        ),
    ],
};

pub(super) const MAINTENANCE: Heading = Heading {
    path: "site.maintenance",
    many: false,
    about: "While it is there, every request is answered by 503.",
    keys: &[
        open(
            "page",
            "\"/closed.html\"",
            "The path of a page that says so in place of our own.",
        ),
        open(
            "retry_after",
            "\"10 min\"",
            "When it is worth trying again.",
        ),
    ],
};

pub(super) const CACHE_CONTROL: Heading = Heading {
    path: "site.cache_control",
    many: true,
    about: "How long caches may keep what lies at some paths.",
    keys: &[
        open("path", "\"/assets/**\"", PATHS),
        open(
            "value",
            "\"public, max-age=31536000, immutable\"",
            "The value of Cache-Control. It must be given.",
        ),
    ],
};

pub(super) const HEADER: Heading = Heading {
    path: "site.header",
    many: true,
    about: "Header lines to send with every answer at some paths: all that match, in place of those that would be sent otherwise.",
    keys: &[
        open("path", "\"/**\"", PATHS),
        open(
            "name",
            "\"Content-Security-Policy\"",
            "The header's name. It must be given.",
        ),
        open(
            "value",
            "\"default-src 'self'\"",
            "Its value. It must be given.",
        ),
    ],
};

pub(super) const CORS: Heading = Heading {
    path: "site.cors",
    many: false,
    about: "Which pages of other origins may read what is served here.",
    keys: &[
        key(
            "origins",
            "[]",
            "Origins, as \"https://example.org\"; without any, every one.",
        ),
        key(
            "allow_headers",
            "[]",
            "Header lines that a request may have beyond the ordinary.",
        ),
        key(
            "expose_headers",
            "[]",
            "Header lines of an answer that a page may read beyond the ordinary.",
        ),
        open(
            "max_age",
            "\"1 h\"",
            "How long a browser may keep what it was told.",
        ),
    ],
};

pub(super) const HSTS: Heading = Heading {
    path: "site.hsts",
    many: false,
    about: "Over TLS: that only TLS is spoken with this host from now on. Browsers hold on to it, so begin with a short time.",
    keys: &[
        open(
            "max_age",
            "\"365 d\"",
            "How long it holds. It must be given.",
        ),
        key(
            "include_subdomains",
            "false",
            "For the names below this one as well.",
        ),
        key("preload", "false", "That browsers may know it beforehand."),
    ],
};

pub(super) fn redirects(site: &Section<'_>) -> Vec<Redirect> {
    each(site, "redirect", |section| {
        let (from, to) = from_to(section);
        let status = status(
            section,
            &[301, 302, 303, 307, 308],
            "301, 302, 303, 307 or 308",
        );
        let redirect = Redirect {
            from: from?,
            to: to?,
            status: status.unwrap_or(StatusCode::PERMANENT_REDIRECT),
        };
        let rule = SiteOptions {
            redirects: vec![redirect.clone()],
            ..SiteOptions::default()
        };
        hold(section, "to", &redirect.to, &rule);
        Some(redirect)
    })
}

pub(super) fn rewrites(site: &Section<'_>) -> Vec<Rewrite> {
    each(site, "rewrite", |section| {
        let (from, to) = from_to(section);
        let rewrite = Rewrite {
            from: from?,
            to: to?,
        };
        let rule = SiteOptions {
            rewrites: vec![rewrite.clone()],
            ..SiteOptions::default()
        };
        hold(section, "to", &rewrite.to, &rule);
        Some(rewrite)
    })
}

pub(super) fn error_pages(site: &Section<'_>) -> Vec<(StatusCode, String)> {
    each(site, "error_page", |section| {
        let errors: Vec<u16> = (400..600).collect();
        let status = status(section, &errors, "the status of an error, 400 to 599");
        let status = section.required(status, "status = 404");
        let page = section.required(section.explained("page", page), "page = \"/404.html\"");
        Some((status?, page?))
    })
}

pub(super) fn maintenance(site: &Section<'_>) -> Option<Maintenance> {
    let section = site.section("maintenance")?;
    Some(Maintenance {
        page: section.explained("page", page),
        retry_after: duration(&section, "retry_after"),
    })
}

pub(super) fn cache_control(site: &Section<'_>) -> Vec<(Pattern, HeaderValue)> {
    each(site, "cache_control", |section| {
        let path = section.required(
            section.explained("path", Pattern::parse),
            "path = \"*.css\"",
        );
        let value = section.explained("value", value);
        let value = section.required(value, "value = \"max-age=3600\"");
        Some((path?, value?))
    })
}

pub(super) fn headers(site: &Section<'_>) -> Vec<(Pattern, HeaderName, HeaderValue)> {
    each(site, "header", |section| {
        let path = section.required(section.explained("path", Pattern::parse), "path = \"/**\"");
        let name = section.required(section.explained("name", name), "name = \"X-A\"");
        let value = section.required(section.explained("value", value), "value = \"b\"");
        let line = (path?, name?, value?);
        let rule = SiteOptions {
            headers: vec![line.clone()],
            ..SiteOptions::default()
        };
        hold(section, "name", line.1.as_str(), &rule);
        Some(line)
    })
}

pub(super) fn cors(site: &Section<'_>) -> Option<Cors> {
    let section = site.section("cors")?;
    Some(Cors {
        origins: section.list("origins", origin).unwrap_or_default(),
        allow_headers: section.list("allow_headers", name).unwrap_or_default(),
        expose_headers: section.list("expose_headers", name).unwrap_or_default(),
        max_age: duration(&section, "max_age"),
    })
}

pub(super) fn hsts(site: &Section<'_>) -> Option<Hsts> {
    let section = site.section("hsts")?;
    let max_age = section.required(duration(&section, "max_age"), "max_age = \"365 d\"");
    Some(Hsts {
        max_age: max_age?,
        include_subdomains: section.switch("include_subdomains").unwrap_or_default(),
        preload: section.switch("preload").unwrap_or_default(),
    })
}

fn each<T>(site: &Section<'_>, name: &str, rule: impl Fn(&Section<'_>) -> Option<T>) -> Vec<T> {
    site.sections(name).iter().filter_map(rule).collect()
}

/// Refuses the `text` at `key` if no site can keep its rule: so that what is read well can be served.
fn hold(section: &Section<'_>, key: &str, text: &str, rule: &SiteOptions) {
    if let Err(why) = rule.check() {
        section.refuse_text(key, text, &why);
    }
}

fn from_to(section: &Section<'_>) -> (Option<Pattern>, Option<String>) {
    let from = section.explained("from", Pattern::parse);
    let to = section.string("to").map(|(to, _)| to);
    (
        section.required(from, "from = \"/old/*\""),
        section.required(to, "to = \"/new/$1\""),
    )
}

fn duration(section: &Section<'_>, key: &str) -> Option<Duration> {
    section.parsed(key, A_TIME, time).map(|(time, _)| time)
}

fn status(section: &Section<'_>, possible: &[u16], expected: &str) -> Option<StatusCode> {
    let number = section.number("status", expected, ..1000)?;
    let number = u16::try_from(number)
        .ok()
        .filter(|number| possible.contains(number));
    let status = number.and_then(|number| StatusCode::from_u16(number).ok());
    if status.is_none() {
        section.refuse("status", expected);
    }
    status
}

/// The path of a page of the site.
pub(crate) fn page(text: &str) -> Result<String, String> {
    let rule = SiteOptions {
        fallback: Some(text.into()),
        ..SiteOptions::default()
    };
    match text.starts_with('/') {
        true => rule.check().map(|()| text.into()),
        false => Err("a path of the site begins with a slash".into()),
    }
}

fn name(text: &str) -> Result<HeaderName, String> {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| "it is no name of a header".into())
}

fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "it cannot be the value of a header".into())
}

/// A scheme and an authority (RFC 6454 section 6.2).
fn origin(text: &str) -> Result<String, String> {
    let cors = Cors {
        origins: vec![text.into()],
        ..Cors::default()
    };
    let rule = SiteOptions {
        cors: Some(cors),
        ..SiteOptions::default()
    };
    rule.check().map(|()| text.into())
}
