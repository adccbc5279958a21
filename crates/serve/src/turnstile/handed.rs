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
    notes: Rc<RefCell<VecDeque<Note>>>,
    /// Whose bytes it notes: 0 where there is one answer at a time.
    stream: u32,
}

#[derive(Debug)]
struct Note {
    bytes: Bytes,
    stream: u32,
}

impl Handed {
    /// The same notes, for the answer on `stream` of a connection that carries many at a time.
    pub(crate) fn of_stream(&self, stream: u32) -> Self {
        Self {
            stream,
            ..self.clone()
        }
    }

    /// Notes that `bytes` were handed to hyper.
    pub fn note(&self, bytes: &Bytes) {
        if bytes.len() >= WORTH_SHARING {
            let mut noted = self.notes.borrow_mut();
            if noted.len() == NOTED {
                noted.pop_front();
            }
            noted.push_back(Note {
                bytes: bytes.clone(),
                stream: self.stream,
            });
        }
    }

    /// The noted bytes that `slice` is a part of, cut to it.
    pub(crate) fn find(&self, slice: &[u8]) -> Option<Bytes> {
        if slice.len() < WORTH_SHARING {
            return None;
        }
        let noted = self.notes.borrow();
        let found = noted.iter().find(|note| contains(&note.bytes, slice))?;
        Some(found.bytes.slice_ref(slice))
    }

    /// Forgets the noted bytes that end with `written`, and those of the same answer before them.
    pub(crate) fn written(&self, written: &[u8]) {
        if written.is_empty() {
            return;
        }
        let mut noted = self.notes.borrow_mut();
        let position = noted.iter().position(|note| contains(&note.bytes, written));
        if let Some(position) = position {
            let (bytes, stream) = (&noted[position].bytes, noted[position].stream);
            let ended = bytes.as_ptr_range().end == written.as_ptr_range().end;
            let mut index = 0;
            noted.retain(|note| {
                let is_past = index < position + usize::from(ended);
                index += 1;
                !(is_past && note.stream == stream)
            });
        }
    }

    /// Forgets everything of its answer, which has ended: h2 copies what is short, so that not all of it is seen written, and
    /// drops what its client does not want.
    pub(crate) fn clear(&self) {
        let ended = self.stream;
        self.notes.borrow_mut().retain(|note| note.stream != ended);
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
    fn of_many_answers_each_has_notes_of_its_own() {
        let handed = Handed::default();
        let [one, three] = [1, 3].map(|stream| handed.of_stream(stream));
        let [first, second, third] = [7, 8, 9].map(|byte| Bytes::from(vec![byte; 8192]));
        one.note(&first);
        three.note(&second);
        one.note(&third);
        handed.written(&third[..4096]);
        assert!(handed.find(&first).is_none() && handed.find(&third).is_some());
        assert!(handed.find(&second).is_some(), "of another answer");
        one.clear();
        assert!(handed.find(&third).is_none() && handed.find(&second).is_some());
        three.clear();
        assert!(handed.find(&second).is_none());
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
