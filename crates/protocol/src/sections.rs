//! The sections of a request, as they end.

use arrayvec::ArrayVec;

/// How many sections of a request are kept apart.
const KEPT: usize = 32;

/// A section of a request that has ended. It begins where the one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// Where it ends, counted from the request's first byte; what delimits it included.
    pub end: usize,
}

/// The sections of one request that have ended so far, in their order.
#[derive(Clone, Debug)]
pub struct Sections {
    ended: ArrayVec<Section, KEPT>,
    end: usize,
    longest_allowed: usize,
    /// The first one that is longer than that: its name, and where it begins.
    too_large: Option<(&'static str, usize)>,
}

impl Sections {
    pub(crate) fn new(longest_allowed: usize) -> Self {
        Self {
            ended: ArrayVec::new(),
            end: 0,
            longest_allowed,
            too_large: None,
        }
    }

    /// The section called `name` ends before offset `end` of the request. The last ones of more than 32 are kept as one.
    ///
    /// # Panics
    ///
    /// If it ends before it begins.
    pub fn end(&mut self, name: &'static str, end: usize) {
        assert!(self.end <= end, "section {name} ends before it begins");
        if self.ended.is_full() {
            self.ended.pop();
        }
        self.ended.push(Section { name, end });
        self.check(name, end);
        self.end = end;
    }

    /// Those that have ended.
    pub fn ended(&self) -> &[Section] {
        &self.ended
    }

    /// Where the section begins that is read now.
    pub fn current_start(&self) -> usize {
        self.end
    }

    /// The section called `name`, which is read now, goes on to `end` at least.
    pub(crate) fn check(&mut self, name: &'static str, end: usize) {
        if end - self.end > self.longest_allowed {
            self.too_large.get_or_insert((name, self.end));
        }
    }

    pub(crate) fn too_large(&self) -> Option<(&'static str, usize)> {
        self.too_large
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.longest_allowed);
    }
}
