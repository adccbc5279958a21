//! The control socket: how other commands ask a running one.
//!
//! A running command listens on `PID.sock` in a [folder] that is its user's alone. A caller writes one line, a
//! [`Question`], and reads lines of JSON until the connection is closed; the last says that it was all of it. The
//! [service] has a thread of its own: nothing that a caller does, or leaves undone, holds the shard up.

mod caller;
mod endpoint;
mod folder;
mod message;
mod service;

pub(crate) use caller::{Fault, Running, ask, running};
pub(crate) use folder::{VARIABLE, is_closed_to_us};
pub(crate) use message::{Ask, Body, Connections, Counted, Frames, Gap, Question, Queue, Timer};
pub(crate) use service::{About, Control, Reply};
