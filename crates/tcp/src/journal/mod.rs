//! What a connection remembers of its requests' journeys.
//!
//! The backend says where in the stream a request and its answer lie ([`Mark`](periplus_journey::Mark)); the
//! [stamp logs](stamp_log) say when those bytes came and went; together they are a record. What happens to the bytes is
//! noted in [`underway`], what the codec says of them in [`marking`], and how it all ended in [`ending`].

mod connection_journal;
mod ending;
mod marking;
mod open_request;
mod recorder;
mod stamp_log;
mod stream_journal;
#[cfg(test)]
mod tests;
mod underway;

pub(crate) use connection_journal::ConnectionJournal;
pub(crate) use ending::{Ending, record_half_open};
pub use marking::Marker;
pub(crate) use marking::Path;
pub use recorder::Recorder;
pub use stream_journal::StreamJournal;
