//! What of a file can be had.

use super::coding::{Accepted, Coding};
use super::locate::Located;
use super::media_type::MediaType;
use super::negotiation::{Choice, Making, choose};
use super::options::FolderOptions;
use arrayvec::ArrayVec;

/// The file, what lies beside it, and what may be made of it.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    there: ArrayVec<(Coding, u64), 4>,
    may_make: bool,
    is_worth: bool,
}

impl Offer {
    pub(super) fn of(located: &Located, media_type: &MediaType, options: &FolderOptions) -> Self {
        let length = located.opened.status.length;
        let beside = located.beside.iter();
        let beside = beside.map(|(coding, opened)| (*coding, opened.status.length));
        let may_make = options.compress && media_type.is_text;
        Self {
            there: beside.chain([(Coding::Identity, length)]).take(4).collect(),
            may_make,
            is_worth: may_make && length >= options.compress_from,
        }
    }

    /// Whether who accepts other codings may be answered otherwise.
    pub(super) fn varies(&self) -> bool {
        self.is_worth || self.there.len() > 1
    }

    /// What a client gets that accepts this. A part is of the file as it is: of what is made on the way there are none.
    pub(super) fn choose(&self, accepted: &Accepted, is_part: bool) -> Option<Choice> {
        let making = match (self.may_make, self.is_worth && !is_part) {
            (false, _) => Making::Never,
            (true, false) => Making::AtNeed,
            (true, true) => Making::Worth,
        };
        choose(accepted, self.there.iter().copied(), making)
    }
}
