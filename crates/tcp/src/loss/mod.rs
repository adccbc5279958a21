//! Noticing loss and repairing it.
//!
//! What is out is in the [send buffers](crate::send_buffers), each run of segments with its fate. An ACK is gathered into an
//! [`AckReport`]; [`alert`] is the state machine that decides what it means, [`rack`] tells what is lost, [`time_out`] does where no
//! ACK comes, and [`undo`] takes back what was done for nothing.

mod ack_report;
mod alert;
mod forward_rto;
mod new_reno;
mod proportional_rate;
mod rack;
mod recovery;
mod reordering;
mod retransmission_timer;
mod round_trip_time;
mod tail_loss_probe;
mod time_out;
mod transmit_timer;
mod undo;

pub(crate) use ack_report::AckReport;
pub(crate) use alert::Repair;
pub(crate) use proportional_rate::ProportionalRate;
pub(crate) use rack::Rack;
pub(crate) use recovery::Recovery;
pub(crate) use retransmission_timer::{
    INITIAL_RTO, MAXIMUM_RTO, ParkedRoundTrips, RetransmissionTimer,
};
pub(crate) use round_trip_time::MINIMUM_RTO;
pub(crate) use tail_loss_probe::TailLossProbe;
pub(crate) use transmit_timer::TransmitTimer;
