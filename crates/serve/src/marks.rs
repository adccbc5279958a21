//! Where the backend's marks go.

use periplus_journey::{Instant, Mark};

/// The journal of one stream: what is told of it, and the clock it is told by.
///
/// The stack's own journal is one; a list in a test is another.
pub trait Marks: Clone + Send + Unpin + 'static {
    /// The same journal, for the marks of one stream of a multiplexed connection; 0 is for a connection without streams, and
    /// for what is said of the connection.
    #[must_use]
    fn of_stream(&self, stream: u32) -> Self;

    /// Sets a mark, now.
    fn mark(&self, mark: Mark);

    /// Sets several marks that belong to one moment.
    fn mark_all<const N: usize>(&self, marks: [Mark; N]) {
        marks.into_iter().for_each(|mark| self.mark(mark));
    }

    /// How many of the bytes sent the peer has acknowledged, where that is known.
    fn acknowledged(&self) -> Option<u64>;

    /// The time by the clock that the marks are stamped with.
    fn now() -> Instant;
}
