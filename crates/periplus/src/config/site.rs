//! `[[site]]`: what is served under some names of hosts.

use super::key::{Heading, key, open};
use super::place::Place;
use super::rules;
use super::section::Section;
use super::units::{A_SIZE, size};
use periplus_serve::site::SiteOptions;
use periplus_serve::{EntityTags, FolderOptions};
use std::collections::HashSet;

pub(super) const HEADING: Heading = Heading {
    path: "site",
    many: true,
    about: "What is served under some names of hosts. Without any, there is the one of the command line: `periplus serve DIR`.",
    keys: &[
        open(
            "hosts",
            "[\"example.org\", \"*.example.org\"]",
            "Names of hosts, without a port. Without any, it answers to every name that no other site has.",
        ),
        open(
            "root",
            "\"site\"",
            "The folder that is served, seen from where this file lies. It must be given.",
        ),
        key(
            "index",
            "[\"index.html\"]",
            "What a folder is answered with: the first of these that is in it.",
        ),
        key(
            "listing",
            "false",
            "List folders that have none of these, as HTML or as JSON.",
        ),
        key(
            "hidden",
            "false",
            "Serve names that begin with a dot. (.well-known is served in any case.)",
        ),
        key(
            "entity_tags",
            "\"status\"",
            "What an ETag is made of. \"status\": the file's number, length and times. \"content\": what is in it, for files whose times say nothing.",
        ),
        key(
            "precompressed",
            "true",
            "Answer with NAME.br, NAME.zst or NAME.gz beside a file, where the client takes it.",
        ),
        key(
            "compress",
            "true",
            "Compress texts on the way, where none of those is there.",
        ),
        key(
            "compress_from",
            "\"1 KiB\"",
            "The least length that is worth being compressed.",
        ),
        open(
            "fallback",
            "\"/index.html\"",
            "The page that answers, with 200, whoever accepts HTML and asks for what is not there: for a program in the browser.",
        ),
        open(
            "security_headers",
            "true",
            "Send X-Content-Type-Options, X-Frame-Options and Referrer-Policy. If not given, over TLS only.",
        ),
    ],
};

/// A `[[site]]`.
#[derive(Clone, Debug)]
pub(crate) struct SiteSection {
    /// Where its root is said.
    pub(crate) place: Place,
    pub(crate) options: SiteOptions,
}

impl SiteSection {
    pub(super) fn from_section(section: &Section<'_>) -> Option<Self> {
        let root = section.required(section.path("root"), "root = \"site\"");
        let options = SiteOptions {
            hosts: hosts(section).unwrap_or_default(),
            folder: folder(section),
            redirects: rules::redirects(section),
            rewrites: rules::rewrites(section),
            fallback: section.explained("fallback", rules::page),
            error_pages: rules::error_pages(section),
            maintenance: rules::maintenance(section),
            cache_control: rules::cache_control(section),
            headers: rules::headers(section),
            cors: rules::cors(section),
            hsts: rules::hsts(section),
            security_headers: section.switch("security_headers"),
            ..SiteOptions::default()
        };
        let (root, place) = root?;
        Some(Self {
            place,
            options: SiteOptions { root, ..options },
        })
    }
}

fn folder(section: &Section<'_>) -> FolderOptions {
    let usual = FolderOptions::default();
    let tags = [
        ("status", EntityTags::Status),
        ("content", EntityTags::Content),
    ];
    let index = section.list("index", |name| match name {
        "" | "." | ".." => Err("it is no name of a file".into()),
        name if name.contains('/') => Err("it must lie in the folder itself".into()),
        name => Ok(name.to_string()),
    });
    FolderOptions {
        index: index.unwrap_or(usual.index),
        listing: section.switch("listing").unwrap_or(usual.listing),
        hidden: section.switch("hidden").unwrap_or(usual.hidden),
        entity_tags: section
            .choice("entity_tags", &tags)
            .unwrap_or(usual.entity_tags),
        precompressed: section
            .switch("precompressed")
            .unwrap_or(usual.precompressed),
        compress: section.switch("compress").unwrap_or(usual.compress),
        compress_from: section
            .parsed("compress_from", A_SIZE, size)
            .map_or(usual.compress_from, |(size, _)| size as u64),
    }
}

/// The names it answers to, each once.
fn hosts(section: &Section<'_>) -> Option<Vec<String>> {
    let mut seen = HashSet::new();
    section.list("hosts", |text| {
        let name = host(text)?;
        match seen.insert(name.clone()) {
            true => Ok(name),
            false => Err("it is in the list already".into()),
        }
    })
}

/// The name of a host, or one with `*` for its first label.
fn host(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    if name.is_empty() {
        return Err("a name is missing".into());
    }
    if name.contains('*') {
        return Err("`*` stands for a first label only, as in \"*.example.org\"".into());
    }
    if name.contains([':', '/', '@']) || name.contains(char::is_whitespace) {
        return Err("it is a name without a scheme, a port or a path, as \"example.org\"".into());
    }
    if !name.is_ascii() {
        return Err("names are written as they are sent, in ASCII (xn--…)".into());
    }
    let written = text.to_ascii_lowercase();
    // The dot that may end a name makes no other of it (RFC 1034 section 3.1).
    let written = written.strip_suffix('.').unwrap_or(&written);
    let site = SiteOptions {
        hosts: vec![written.into()],
        ..SiteOptions::default()
    };
    site.check().map(|()| written.into())
}
