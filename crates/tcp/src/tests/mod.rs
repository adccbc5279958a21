//! The machine against traces: what arrives, what is called, what must be sent.

mod acknowledging;
mod closing;
mod hostile_peer;
mod informing;
mod inspecting;
mod opening;
mod predicting;
mod resetting;
mod retransmitting;
mod sending;
mod trace;

use trace::Trace;
