//! What a connection remembers of its requests' journeys.
//!
//! The backend says where in the stream a request and its answer lie ([`Mark`](periplus_journey::Mark)); the
//! [stamp logs](stamp_log) say when those bytes arrived and left; together they are a record.

mod connection_journal;
mod open_request;
mod recorder;
mod stamp_log;

pub(crate) use connection_journal::{ConnectionJournal, Ending, record_half_open};
pub use recorder::Recorder;
