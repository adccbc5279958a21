//! A file as it is sent in one coding: its header lines, ready, and where its bytes are.

use super::coding::Coding;
use super::entity_tag::Fingerprint;
use super::locate::Opened;
use super::media_type::MediaType;
use super::negotiation::Choice;
use super::validators::{LastModified, Validators};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue,
    LAST_MODIFIED, VARY, X_CONTENT_TYPE_OPTIONS,
};
use std::time::SystemTime;

/// What a request can be answered with.
#[derive(Clone, Debug)]
pub(super) struct Representation {
    pub(super) content: Content,
    pub(super) validators: Validators,
    /// Those of a 200.
    pub(super) headers: HeaderMap,
}

/// Where a representation's bytes are.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Here, all of them.
    Here(Bytes),
    /// In a file, all of it.
    File(Opened),
    /// They are made of a file, and how many there will be is not known.
    Made(Opened, Coding),
}

/// What the representations of a file have in common.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) media_type: MediaType,
    /// Another request might be answered with another representation.
    pub(super) varies: bool,
    /// Its date says something.
    pub(super) dated: bool,
}

impl Representation {
    /// Of what was `chosen`: `opened` has its bytes, or what they are made of.
    pub(super) fn new(
        described: &Described,
        chosen: Choice,
        opened: &Opened,
        fingerprint: Fingerprint,
        now: SystemTime,
    ) -> Self {
        let (coding, is_made) = match chosen {
            Choice::There(coding) => (coding, false),
            Choice::Made(coding) => (coding, true),
        };
        let last_modified = LastModified::of(&opened.status, now).filter(|_| described.dated);
        let validators = Validators {
            tag: fingerprint.tag(coding, is_made),
            last_modified,
        };
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(CONTENT_TYPE, described.media_type.value.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(ETAG, validators.tag.clone());
        if let Some(last_modified) = &validators.last_modified {
            headers.insert(LAST_MODIFIED, last_modified.value.clone());
        }
        if coding != Coding::Identity {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        if described.varies {
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        let content = if is_made {
            Content::Made(opened.clone(), coding)
        } else {
            headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            headers.insert(CONTENT_LENGTH, HeaderValue::from(opened.status.length));
            Content::File(opened.clone())
        };
        Self {
            content,
            validators,
            headers,
        }
    }

    /// The same with its bytes at hand.
    pub(super) fn with_bytes(mut self, bytes: Bytes) -> Self {
        self.headers
            .insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        self.content = Content::Here(bytes);
        self
    }

    /// Its length in bytes, if parts of it can be asked for: of what is made on the way, none.
    pub(super) fn length(&self) -> Option<u64> {
        self.headers.get(ACCEPT_RANGES)?;
        match &self.content {
            Content::Here(bytes) => Some(bytes.len() as u64),
            Content::File(opened) => Some(opened.status.length),
            Content::Made(..) => None,
        }
    }
}
