//! What is in a folder, for who asks for one that has no index.
//!
//! * [`read`] looks at a bounded number of names, off the shard's thread.
//! * [`order`] sorts them as the query asks.
//! * [`html`] shows them to people, [`json`] to programs; [`accept`] tells the two apart.

mod accept;
mod html;
mod json;
mod order;
mod read;

use super::body::FilesBody;
use super::pool::{FileRead, Pool};
use super::refusal::not_found;
use super::root::Root;
use super::target::Target;
use crate::marks::Marks;
use bytes::Bytes;
use http::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use order::Order;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use time::UtcDateTime;

/// All but the unreserved characters (RFC 3986 section 2.3).
const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    folder: Target,
    order: Order,
    as_json: bool,
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: Vec<u8>,
    is_folder: bool,
    /// Bytes; of a folder they say nothing.
    length: u64,
    modified: Option<UtcDateTime>,
}

/// What is in a folder, as far as it is listed.
#[derive(Debug)]
struct Entries {
    entries: Vec<Entry>,
    /// There are others.
    more: bool,
}

impl Asked {
    /// By a request for `folder` with this query and these header lines.
    pub(super) fn of(folder: &Target, query: Option<&str>, headers: &HeaderMap) -> Self {
        Self {
            folder: folder.clone(),
            order: Order::of(query.unwrap_or_default()),
            as_json: accept::prefers_json(headers),
        }
    }
}

/// Answers with what is in a folder under `root`, hidden names included or not; and says how long that was waited for.
pub(super) async fn answer<M: Marks>(
    root: &Arc<Root>,
    pool: &Pool,
    asked: Asked,
    hidden: bool,
) -> (io::Result<Response<FilesBody<M>>>, FileRead) {
    let (root, memory, as_json) = (root.clone(), pool.memory.clone(), asked.as_json);
    let job = move || {
        let Some(mut entries) = read::entries(&root.folder, asked.folder.path(), hidden)? else {
            return Ok(None);
        };
        asked.order.sort(&mut entries.entries);
        let path = shown_path(&asked.folder);
        let listed = if asked.as_json {
            json::render(&path, &entries)?
        } else {
            html::render(&path, &entries, asked.order).into_bytes()
        };
        Ok(Some(memory.keep(listed)))
    };
    let (listed, file_read) = pool.run::<M, _, Option<Bytes>>(job).await;
    let answer = listed.map(|listed| match listed {
        Some(listed) => whole(listed, as_json),
        None => not_found(),
    });
    (answer.map(|page| page.map(FilesBody::page)), file_read)
}

fn whole(listed: Bytes, as_json: bool) -> Response<Bytes> {
    let mut answer = Response::new(listed);
    let content_type = if as_json {
        "application/json"
    } else {
        "text/html; charset=utf-8"
    };
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (VARY, "Accept"),
        // What is in a folder says nothing of when it changed.
        (CACHE_CONTROL, "no-cache"),
        // Names are others' words. Should one ever get out of its cage, it still runs nothing and fetches nothing.
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
        ),
    ] {
        let headers = answer.headers_mut();
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

impl Entry {
    /// A reference to it from the folder's own address. The dot keeps a colon in a name from making a scheme of it (RFC 3986
    /// section 4.2).
    fn reference(&self) -> String {
        let mut reference = String::from("./");
        reference.extend(percent_encode(&self.name, NAME));
        if self.is_folder {
            reference.push('/');
        }
        reference
    }

    /// Its name as it can be shown: text, on one line.
    fn shown(&self) -> String {
        shown(&self.name)
    }
}

fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    text.replace(char::is_control, "\u{fffd}")
}

/// The folder's path under the root, as it can be shown: with a slash at both ends.
fn shown_path(target: &Target) -> String {
    let path = target.path().as_os_str().as_bytes();
    match path {
        b"." => "/".into(),
        _ => format!("/{}/", shown(path)),
    }
}

#[cfg(test)]
mod tests;
