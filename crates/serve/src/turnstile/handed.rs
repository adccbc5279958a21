//! Finding the `Bytes` again that a slice belongs to.

use bytes::Bytes;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Below this a copy costs less than a reference to count.
const WORTH_SHARING: usize = 2048;

/// How many are noted at a time; the oldest is forgotten for one more, and copied.
const NOTED: usize = 16;

/// The `Bytes` that a body handed to hyper and that are not written yet.
///
/// hyper takes reference-counted bytes from a body and offers plain slices to the stream. The body notes each `Bytes`
/// here as it hands it on; the turnstile finds the one a slice lies in, and gives the stream a clone of it instead of a
/// copy. What is not found is copied, so a note too few costs time and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Handed {
    bytes: Rc<RefCell<VecDeque<Bytes>>>,
}

impl Handed {
    /// Notes that `bytes` were handed to hyper.
    pub fn note(&self, bytes: &Bytes) {
        if bytes.len() >= WORTH_SHARING {
            let mut noted = self.bytes.borrow_mut();
            if noted.len() == NOTED {
                noted.pop_front();
            }
            noted.push_back(bytes.clone());
        }
    }

    /// The noted bytes that `slice` is a part of, cut to it.
    pub(crate) fn find(&self, slice: &[u8]) -> Option<Bytes> {
        if slice.len() < WORTH_SHARING {
            return None;
        }
        let noted = self.bytes.borrow();
        let found = noted.iter().find(|bytes| contains(bytes, slice))?;
        Some(found.slice_ref(slice))
    }

    /// Forgets the noted bytes that end with `written`, and those before them.
    pub(crate) fn written(&self, written: &[u8]) {
        if written.is_empty() {
            return;
        }
        let mut noted = self.bytes.borrow_mut();
        let position = noted.iter().position(|bytes| contains(bytes, written));
        if let Some(position) = position {
            let ended = noted[position].as_ptr_range().end == written.as_ptr_range().end;
            noted.drain(..position + usize::from(ended));
        }
    }

    /// Forgets everything: the answer has ended.
    pub(crate) fn clear(&self) {
        self.bytes.borrow_mut().clear();
    }
}

/// Whether `part` lies in the memory of `whole`. The noted bytes are alive, so that memory is theirs and nobody else's.
fn contains(whole: &[u8], part: &[u8]) -> bool {
    let (whole, part) = (whole.as_ptr_range(), part.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_found_in_its_bytes_and_shares_their_memory() {
        let handed = Handed::default();
        let bytes = Bytes::from(vec![7; 8192]);
        handed.note(&bytes);
        let found = handed
            .find(&bytes[100..6000])
            .expect("it is a part of what was noted");
        assert_eq!(found.as_ptr(), bytes[100..].as_ptr());
        assert_eq!(found.len(), 5900);
    }

    #[test]
    fn of_however_many_that_are_never_written_only_the_latest_are_kept() {
        let handed = Handed::default();
        let many: Vec<_> = (0..100).map(|byte| Bytes::from(vec![byte; 8192])).collect();
        for bytes in &many {
            handed.note(bytes);
        }
        let found = |bytes: &Bytes| handed.find(bytes).is_some();
        let (forgotten, kept) = many.split_at(100 - NOTED);
        assert!(!forgotten.iter().any(found) && kept.iter().all(found));
    }

    #[test]
    fn foreign_memory_is_not_found() {
        let handed = Handed::default();
        handed.note(&Bytes::from(vec![7; 8192]));
        assert_eq!(handed.find(&vec![7; 8192]), None);
    }

    #[test]
    fn what_is_written_to_its_end_is_forgotten() {
        let handed = Handed::default();
        let bytes = Bytes::from(vec![7; 8192]);
        handed.note(&bytes);
        handed.written(&bytes[..4096]);
        assert!(handed.find(&bytes[4096..]).is_some());
        handed.written(&bytes[4096..]);
        assert!(handed.find(&bytes).is_none());
    }

    #[test]
    fn what_is_found_is_not_forgotten_before_it_is_written() {
        let handed = Handed::default();
        let [first, second] = [7, 8].map(|byte| Bytes::from(vec![byte; 8192]));
        handed.note(&first);
        handed.note(&second);
        assert!(handed.find(&first).is_some() && handed.find(&second).is_some());
        handed.written(&first[..4096]);
        assert!(handed.find(&first[4096..]).is_some());
        handed.written(&second[..4096]);
        assert!(handed.find(&first).is_none() && handed.find(&second[4096..]).is_some());
    }
}
