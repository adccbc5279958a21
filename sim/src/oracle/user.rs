//! What the user of the host did with a connection.

use super::watching::Call;
use periplus_journey::Instant;

/// What the user did, if calls are told at all.
#[derive(Clone, Debug, Default)]
pub(super) struct User {
    /// Whether the calls are told; a connection whose calls are not known is judged by its frames only.
    pub(super) known: bool,
    /// Everything that was written.
    pub(super) written: Vec<u8>,
    /// How many bytes were read.
    pub(super) read: i64,
    /// When a listener gave the connection out.
    pub(super) accepted: Option<Instant>,
    /// When the sending half was closed, by `ShutDown` or `Close`.
    pub(super) shut: Option<Instant>,
    /// When the connection was closed.
    pub(super) closed: Option<Instant>,
    /// When it was aborted.
    pub(super) aborted: Option<Instant>,
    /// When an error was told.
    pub(super) failed: Option<Instant>,
}

impl User {
    /// The user makes a call.
    pub(super) fn take(&mut self, call: &Call<'_>, now: Instant, wrong: &mut Vec<String>) {
        match call {
            Call::Write(_, bytes) => {
                if self.shut.is_some() {
                    wrong.push(
                        "RFC 9293 3.10.2: text is taken over after the sending half was closed"
                            .into(),
                    );
                }
                self.written.extend_from_slice(bytes);
            }
            Call::Failed(_) => {
                self.failed.get_or_insert(now);
            }
            Call::ShutDown(_) => {
                self.shut.get_or_insert(now);
            }
            Call::Close(_) => {
                self.shut.get_or_insert(now);
                self.closed.get_or_insert(now);
            }
            Call::Abort(_) => {
                self.aborted.get_or_insert(now);
            }
            Call::Listen(..)
            | Call::Connect(_)
            | Call::Accept(_)
            | Call::Read(..)
            | Call::ReadEnd(_) => {}
        }
    }

    /// Whether the user has given the connection up.
    pub(super) fn gone(&self) -> bool {
        self.closed.is_some() || self.aborted.is_some()
    }
}
