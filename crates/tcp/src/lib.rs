//! TCP (RFC 9293), sans-IO: segments, calls and the time come in, segments come out.
//!
//! A SYN becomes a [`HalfOpen`] record in a [`Listener`]'s SYN queue; the ACK that completes its handshake makes it a
//! [`Connection`] in the accept queue. The connection takes segments step by step ([`segment_arrives`]), keeps what came
//! in its receive queue and what goes out in its send queue, and remembers when which bytes came and went, for the
//! journeys of the requests in them. What is left in TIME-WAIT is a [`TimeWait`] record.
//!
//! Fully deterministic: nothing here reads a clock, draws a random number or does I/O.

mod activity;
mod calls;
mod chronograph;
mod chunk;
mod closing;
mod congestion;
mod connection;
mod connection_counters;
mod context;
mod delayed_ack;
mod disposition;
mod ecn;
mod emit;
mod ends;
mod error;
mod first_window;
mod icmp_error;
mod info;
mod initial_sequence;
mod inspect;
mod invalid_ratelimit;
mod journal;
mod keepalive;
mod key;
pub mod listen;
mod loss;
mod memory;
mod options;
mod orphan;
mod output;
mod pacing;
mod parked;
mod path_mtu;
mod poll;
mod reassembly;
mod receive_offload;
mod receive_queue;
mod release;
pub mod reset;
mod right_sizing;
mod sack;
mod segment;
pub mod segment_arrives;
mod send_buffers;
mod send_call;
mod send_queue;
mod siphash;
mod socket_options;
mod spare_buffers;
mod state;
mod sysctls;
mod tcb;
#[cfg(test)]
mod tests;
mod time_wait;
mod timers;
mod user_timeout;
mod window;

pub use calls::{Read, ReadChunk};
pub use chunk::Chunk;
pub use congestion::CongestionAlgorithm;
pub use connection::{Connection, Readiness};
pub use connection_counters::ConnectionCounters;
pub use context::Context;
pub use disposition::Disposition;
pub use emit::{Emit, RingFull};
pub use ends::Ends;
pub use error::StreamError;
pub use icmp_error::IcmpError;
pub use info::{CaState, InfoOptions, InfoValue, TcpInfo};
pub use initial_sequence::{ConnectionSecret, InitialSequence};
pub use inspect::{QueueLengths, Timer};
pub use invalid_ratelimit::LastAnswer;
pub use journal::{Marker, Recorder, StreamJournal};
pub use listen::{HalfOpen, HalfOpenDisposition, Listener, SynCookies};
pub use memory::{Claim, MemoryBudget};
pub use options::Offer;
pub use output::Turn;
pub use pacing::TIMER_TICK;
pub use parked::Parked;
pub use poll::Poll;
pub use receive_offload::{Alone, Continued, ReceiveOffload};
pub use receive_queue::{FrameBudget, ReceiveQueue};
pub use segment::{ArrivalTime, Payload, Segment, SegmentHeader};
pub use send_call::{Piece, SendFlags, Write};
pub use send_queue::SendQueue;
pub use siphash::siphash;
pub use socket_options::SocketOptions;
pub use spare_buffers::SpareBuffers;
pub use state::State;
pub use sysctls::{BufferSizes, PortRange, SysctlError, Sysctls};
pub use time_wait::{TIME_WAIT_LENGTH, TimeWait, TimeWaitDisposition};
