//! A codec over a stream that comes in pieces.

use crate::{Codec, ErrorClass, Limits, Rejection, Section, Sections, Step};

/// What a piece of a stream came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<R> {
    /// More must follow.
    More,
    /// A request is whole.
    Request(R),
    /// The bytes are not a request. The reader is not to be used again.
    Rejected(Rejection),
}

/// Reads the requests of one stream, however it comes in pieces, and holds them to the codec's [`Limits`].
///
/// Of an unfinished request it holds the bytes, never more than [`Limits::request_bytes`]; otherwise nothing.
#[derive(Debug)]
pub struct Reader<C> {
    codec: C,
    limits: Limits,
    held: Vec<u8>,
    /// How many bytes must be added to those held before the codec looks again.
    missing: usize,
    waits_for: Option<&'static str>,
    sections: Sections,
}

impl<C: Codec> Reader<C> {
    /// At the beginning of a stream.
    pub fn new(codec: C) -> Self {
        let mut limits = codec.limits();
        limits.request_bytes = limits.request_bytes.max(1);
        Self {
            limits,
            held: Vec::new(),
            missing: 1,
            waits_for: None,
            sections: Sections::new(limits.section_bytes),
            codec,
        }
    }

    /// Takes what belongs to the request that is being read off the front of `bytes`, up to its end.
    ///
    /// # Panics
    ///
    /// If the codec contradicts itself: a request ends before bytes that it said are in it, or after those it was shown.
    pub fn feed(&mut self, bytes: &mut &[u8]) -> Read<C::Request> {
        if self.held.is_empty() {
            self.sections.clear();
        }
        let room = self.limits.request_bytes - self.held.len();
        let (shown, before) = (&bytes[..bytes.len().min(room)], self.held.len());
        if shown.len() < self.missing {
            self.held.extend_from_slice(shown);
            self.missing -= shown.len();
            *bytes = &bytes[shown.len()..];
            return Read::More;
        }
        let (shortest, longest) = (before + self.missing, before + shown.len());
        let step = if before == 0 {
            self.codec.decode(shown, &mut self.sections)
        } else {
            self.held.extend_from_slice(shown);
            self.codec.decode(&self.held, &mut self.sections)
        };
        if let Step::More { at_least, section } = step {
            assert!(at_least > 0, "the codec wants more, and no byte of it");
            self.waits_for = Some(section);
            self.missing = at_least;
            self.sections.check(section, longest + at_least);
        }
        if let Some((section, start)) = self.sections.too_large() {
            return self.reject(ErrorClass::TooLarge, section, start);
        }
        match step {
            Step::More { at_least, section } if longest + at_least > self.limits.request_bytes => {
                let start = self.sections.current_start();
                self.reject(ErrorClass::TooLarge, section, start)
            }
            Step::More { .. } => {
                if before == 0 {
                    self.held.extend_from_slice(shown);
                }
                *bytes = &bytes[shown.len()..];
                Read::More
            }
            Step::Request { length, request } => {
                assert!(
                    (shortest..=longest).contains(&length),
                    "the codec says that a request is {length} bytes long; it had asked for {shortest}, and seen {longest}"
                );
                *bytes = &bytes[length - before..];
                self.held = Vec::new();
                self.missing = 1;
                self.waits_for = None;
                Read::Request(request)
            }
            Step::Rejected(rejection) => Read::Rejected(rejection),
        }
    }

    /// The codec.
    pub fn codec(&self) -> &C {
        &self.codec
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many bytes of an unfinished request are held.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// How many more bytes are the request's for sure.
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// The sections that have ended of the request that is being read, or was given last.
    pub fn sections(&self) -> &[Section] {
        self.sections.ended()
    }

    /// The section that is waited for. `None` between requests.
    pub fn waits_for(&self) -> Option<&'static str> {
        self.waits_for
    }

    /// What is wrong if no more bytes will come, or not in time. `None` between requests, where nothing is.
    pub fn give_up(&self, class: ErrorClass) -> Option<Rejection> {
        let section = self.waits_for?;
        Some(Rejection {
            class,
            section,
            length: self.held.len(),
        })
    }

    /// Too large: the bytes before the section that is.
    fn reject(&self, class: ErrorClass, section: &'static str, start: usize) -> Read<C::Request> {
        Read::Rejected(Rejection {
            class,
            section,
            length: start.max(1),
        })
    }
}

#[cfg(test)]
mod tests;
