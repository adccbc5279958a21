//! What files' contents come to, remembered by what the files were when they were read.

use super::entity_tag::Fingerprint;
use super::locate::Opened;
use super::patience::Patience;
use super::read::read;
use super::status::Status;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::io;

/// Files that are remembered.
const MOST: usize = 16 * 1024;

/// What is read at once.
const PIECE: usize = 256 * 1024;

/// The fingerprints of the contents of files, the latest of them.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    known: HashMap<Status, Fingerprint>,
    in_order: VecDeque<Status>,
}

impl Fingerprints {
    pub(super) fn get(&self, status: &Status) -> Option<Fingerprint> {
        self.known.get(status).copied()
    }

    pub(super) fn remember(&mut self, status: Status, fingerprint: Fingerprint) {
        if self.known.insert(status, fingerprint).is_some() {
            return;
        }
        self.in_order.push_back(status);
        if self.in_order.len() > MOST
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// Reads all of a file for its fingerprint.
pub(super) fn of_content(opened: &Opened) -> io::Result<Fingerprint> {
    let mut digest = Sha256::new();
    let mut offset = 0;
    while offset < opened.status.length {
        let left = opened.status.length - offset;
        let length = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        digest.update(read(opened, offset, length, Patience::Any)?);
        offset += length as u64;
    }
    Ok(Fingerprint::finish(digest))
}
