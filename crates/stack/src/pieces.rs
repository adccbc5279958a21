//! A payload in the pieces in which it lies, on its way into frames.

use periplus_wire::checksum::Sum;

/// What of a payload is still to be copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieces<'a> {
    first: &'a [u8],
    rest: &'a [&'a [u8]],
}

impl<'a> Pieces<'a> {
    #[inline]
    pub(crate) fn new(payload: &'a [&'a [u8]]) -> Self {
        match payload {
            [] => Self {
                first: &[],
                rest: &[],
            },
            [first, rest @ ..] => Self { first, rest },
        }
    }

    /// Bytes.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        match self.rest {
            [] => self.first.len(),
            _ => self.length_of_all(),
        }
    }

    #[inline(never)]
    fn length_of_all(&self) -> usize {
        let rest = self.rest.iter().map(|piece| piece.len());
        self.first.len() + rest.sum::<usize>()
    }

    /// Fills `text` with what comes next, in one pass with the sum.
    ///
    /// # Panics
    /// If there is less.
    #[inline]
    pub(crate) fn copy_and_sum(&mut self, text: &mut [u8], sum: &mut Sum) {
        match self.first.split_at_checked(text.len()) {
            _ if text.is_empty() => {}
            Some((piece, after)) => {
                sum.copy(piece, text);
                self.first = after;
            }
            None => sum.add_u16(self.gather_and_sum(text)),
        }
    }

    /// Fills `text` with what comes next; the device sums it.
    ///
    /// # Panics
    /// If there is less.
    #[inline(never)]
    pub(crate) fn copy(&mut self, text: &mut [u8]) {
        self.gather(text, |piece, place| place.copy_from_slice(piece));
    }

    #[inline(never)]
    fn gather_and_sum(&mut self, text: &mut [u8]) -> u16 {
        let mut sum = Sum::new();
        self.gather(text, |piece, place| sum.copy(piece, place));
        sum.partial()
    }

    #[inline(always)]
    fn gather(&mut self, mut text: &mut [u8], mut copy: impl FnMut(&[u8], &mut [u8])) {
        loop {
            let length = self.first.len().min(text.len());
            let (piece, after) = self.first.split_at(length);
            let (place, room) = text.split_at_mut(length);
            copy(piece, place);
            (self.first, text) = (after, room);
            if text.is_empty() {
                return;
            }
            let (first, rest) = self.rest.split_first().expect("as many bytes as announced");
            (self.first, self.rest) = (first, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_carry_the_pieces_in_order(
            payload in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..8),
            size in 1usize..400,
        ) {
            let payload: Vec<&[u8]> = payload.iter().map(|piece| &piece[..]).collect();
            let whole = payload.concat();
            let (mut summed, mut copied) = (Pieces::new(&payload), Pieces::new(&payload));
            prop_assert_eq!(summed.length(), whole.len());
            for expected in whole.chunks(size) {
                let mut text = vec![0; expected.len()];
                let (mut sum, mut right) = (Sum::new(), Sum::new());
                summed.copy_and_sum(&mut text, &mut sum);
                right.add(expected);
                prop_assert_eq!(&text, expected);
                prop_assert_eq!(sum.partial(), right.partial());
                text.fill(0);
                copied.copy(&mut text);
                prop_assert_eq!(&text, expected);
            }
            prop_assert_eq!(summed.length(), 0);
        }
    }
}
