//! What most connections at rest have nothing of.

use super::plain::Plain;
use crate::activity::Activity;
use crate::chronograph::Chronograph;
use crate::congestion::{CongestionWindow, CwndValidation};
use crate::journal::ConnectionJournal;
use crate::loss::{Rack, Recovery, RetransmissionTimer, TailLossProbe};
use crate::options::TimestampClock;
use crate::pacing::Pacing;
use crate::path_mtu::PathMtu;
use crate::right_sizing::RightSizing;
use crate::{Connection, ConnectionCounters, LastAnswer};

/// It is made only where there is something.
#[derive(Debug, Default)]
pub(super) struct Apart {
    journal: Option<Box<ConnectionJournal>>,
    counters: Option<Box<ConnectionCounters>>,
    path_mtu: Option<Box<PathMtu>>,
    right_sizing: Option<Box<RightSizing>>,
    chronograph: Option<Chronograph>,
    /// Bytes written since the last push.
    unpushed: u64,
    last_oow_ack_time: LastAnswer,
    history: Option<Box<History>>,
}

/// What was learned of the path, where it is more than [`Plain`] can hold.
#[derive(Clone, Debug)]
struct History {
    timestamps: Option<TimestampClock>,
    retransmission_timer: RetransmissionTimer,
    recovery: Recovery,
    rack: Rack,
    tail_loss_probe: TailLossProbe,
    congestion: CongestionWindow,
    cwnd_validation: CwndValidation,
    pacing: Pacing,
    retransmissions: u32,
    activity: Activity,
}

impl Apart {
    /// Takes it out of a connection of which everything else is kept in `plain`, if that could be made.
    pub(super) fn take(connection: &mut Connection, plain: Option<&Plain>) -> Option<Box<Self>> {
        let history = plain.is_none().then(|| Box::new(History::of(connection)));
        let buffers = &connection.send_buffers;
        let unpushed = buffers.start().saturating_sub(buffers.pushed);
        let anything = history.is_some()
            || connection.journal.is_some()
            || connection.counters.is_some()
            || connection.path_mtu.is_some()
            || connection.right_sizing.is_some()
            || connection.chronograph.was_held_up()
            || unpushed > 0
            || connection.last_oow_ack_time != LastAnswer::default();
        anything.then(|| {
            Box::new(Self {
                journal: connection.journal.take(),
                counters: connection.counters.take(),
                path_mtu: connection.path_mtu.take(),
                right_sizing: connection.right_sizing.take(),
                chronograph: Some(connection.chronograph).filter(Chronograph::was_held_up),
                unpushed,
                last_oow_ack_time: connection.last_oow_ack_time,
                history,
            })
        })
    }

    /// Gives it back.
    pub(super) fn restore(self, connection: &mut Connection) {
        connection.journal = self.journal;
        connection.counters = self.counters;
        connection.path_mtu = self.path_mtu;
        connection.right_sizing = self.right_sizing;
        if let Some(chronograph) = self.chronograph {
            connection.chronograph = chronograph;
        }
        connection.send_buffers.pushed -= self.unpushed;
        connection.last_oow_ack_time = self.last_oow_ack_time;
        if let Some(history) = self.history {
            history.restore(connection);
        }
    }

    /// The same but for the journal, of which there is one only: for who just looks.
    pub(super) fn copy(&self) -> Self {
        Self {
            journal: None,
            counters: self.counters.clone(),
            path_mtu: self.path_mtu.clone(),
            right_sizing: self.right_sizing.clone(),
            chronograph: self.chronograph,
            unpushed: self.unpushed,
            last_oow_ack_time: self.last_oow_ack_time,
            history: self.history.clone(),
        }
    }
}

impl History {
    fn of(connection: &Connection) -> Self {
        Self {
            timestamps: connection.timestamps,
            retransmission_timer: connection.retransmission_timer.clone(),
            recovery: connection.recovery.clone(),
            rack: connection.rack,
            tail_loss_probe: connection.tail_loss_probe,
            congestion: connection.congestion.clone(),
            cwnd_validation: connection.cwnd_validation.clone(),
            pacing: connection.pacing,
            retransmissions: connection.retransmissions,
            activity: connection.activity,
        }
    }

    fn restore(self, connection: &mut Connection) {
        connection.timestamps = self.timestamps;
        connection.retransmission_timer = self.retransmission_timer;
        connection.recovery = self.recovery;
        connection.rack = self.rack;
        connection.tail_loss_probe = self.tail_loss_probe;
        connection.congestion = self.congestion;
        connection.cwnd_validation = self.cwnd_validation;
        connection.pacing = self.pacing;
        connection.retransmissions = self.retransmissions;
        connection.activity = self.activity;
    }
}
