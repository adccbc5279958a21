//! Doubly linked lists threaded through a slab: O(1) at both ends and in the middle, and no allocation of their own.

use crate::slab::{Index, Slab};

const NIL: u32 = u32::MAX;

/// A value's neighbours in the list it is on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    previous: u32,
    next: u32,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            previous: NIL,
            next: NIL,
        }
    }
}

/// A value that can be on one list.
pub(crate) trait Linked {
    fn links(&mut self) -> &mut Links;
}

/// The ends of a list. The values lie in a slab, which every operation is given; which list a value is on, its owner
/// must know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    first: u32,
    last: u32,
}

impl Default for List {
    fn default() -> Self {
        Self {
            first: NIL,
            last: NIL,
        }
    }
}

impl List {
    pub(crate) fn is_empty(&self) -> bool {
        self.first == NIL
    }

    /// The value that has been on the list longest.
    pub(crate) fn first<T: Linked>(&self, slab: &mut Slab<T>) -> Option<Index> {
        slab.at_mut(self.first).map(|(index, _)| index)
    }

    /// Appends a value that is on no list.
    pub(crate) fn push_back<T: Linked>(&mut self, slab: &mut Slab<T>, index: Index) {
        let Some(value) = slab.get_mut(index) else {
            return;
        };
        *value.links() = Links {
            previous: self.last,
            next: NIL,
        };
        match slab.at_mut(self.last) {
            Some((_, last)) => last.links().next = index.slot,
            None => self.first = index.slot,
        }
        self.last = index.slot;
    }

    /// Takes a value of this list off it.
    pub(crate) fn unlink<T: Linked>(&mut self, slab: &mut Slab<T>, index: Index) {
        let Some(value) = slab.get_mut(index) else {
            return;
        };
        let Links { previous, next } = std::mem::take(value.links());
        match slab.at_mut(previous) {
            Some((_, previous)) => previous.links().next = next,
            None => self.first = next,
        }
        match slab.at_mut(next) {
            Some((_, next)) => next.links().previous = previous,
            None => self.last = previous,
        }
    }

    /// Takes the value off the list that has been on it longest.
    pub(crate) fn pop_front<T: Linked>(&mut self, slab: &mut Slab<T>) -> Option<Index> {
        let first = self.first(slab)?;
        self.unlink(slab, first);
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Item(Links);

    impl Linked for Item {
        fn links(&mut self) -> &mut Links {
            &mut self.0
        }
    }

    #[test]
    fn values_leave_in_order_of_arrival_and_from_the_middle() {
        let mut slab = Slab::with_limit(10);
        let mut list = List::default();
        let items: Vec<Index> = (0..5)
            .filter_map(|_| slab.insert(Item(Links::default())).ok())
            .collect();
        for &item in &items {
            list.push_back(&mut slab, item);
        }
        list.unlink(&mut slab, items[2]);
        list.unlink(&mut slab, items[4]);
        list.push_back(&mut slab, items[2]);
        let order: Vec<Index> = std::iter::from_fn(|| list.pop_front(&mut slab)).collect();
        assert_eq!(order, [items[0], items[1], items[3], items[2]]);
        assert!(list.is_empty());
    }
}
