//! How a connection is ended from this side (RFC 9293 3.10.4, 3.10.5): shutdown, close with or without lingering, abort.

use crate::{Connection, Context, SegmentHeader, State, StreamError};
use periplus_journey::Outcome;
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};
use std::net::Shutdown;
use std::time::Duration;

impl Connection {
    /// Closes one direction or both, as `shutdown` does. A connection that is not established yet is given up.
    ///
    /// After the reading direction is closed, reads give what came and then the end. The peer is not told; what it sends is
    /// still acknowledged and can be read, as on Linux, until our FIN is sent as well: from then on it is answered by a RST.
    ///
    /// # Errors
    /// The reason why the connection is over.
    pub fn shutdown(
        &mut self,
        context: &mut Context<'_>,
        how: Shutdown,
    ) -> Result<(), StreamError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        match self.state {
            State::Closed => return Err(StreamError::NotConnected),
            State::SynSent => {
                self.fail(
                    context,
                    StreamError::Aborted,
                    Outcome::Closed,
                    Some("closed_before_established"),
                );
                return Ok(());
            }
            _ => {}
        }
        if how != Shutdown::Write {
            self.read_shut = true;
            self.wake_reader();
        }
        if how != Shutdown::Read {
            self.queue_fin();
        }
        Ok(())
    }

    /// Closes the sending direction after what is queued (CLOSE, RFC 9293 3.10.4). See [`Connection::shutdown`].
    ///
    /// # Errors
    /// The reason why the connection is over.
    pub fn shutdown_write(&mut self, context: &mut Context<'_>) -> Result<(), StreamError> {
        self.shutdown(context, Shutdown::Write)
    }

    fn queue_fin(&mut self) {
        match self.state {
            State::SynReceived => self.close_queued = true,
            State::Established => self.fin_follows(State::FinWait1),
            State::CloseWait => self.fin_follows(State::LastAck),
            _ => {}
        }
    }

    /// The FIN takes its place behind what was written.
    pub(crate) fn fin_follows(&mut self, state: State) {
        self.state = state;
        self.send_buffers.push_fin();
        self.note_opportunity();
    }

    /// The backend let go of the connection. What was written is still delivered; what came and was not read is answered
    /// by a RST, so that the peer does not take it for received (RFC 1122 4.2.2.13). With a linger time of 0 the connection is
    /// reset (SO_LINGER); to wait for a longer one is the backend's part, before it lets go ([`Connection::is_delivered`]).
    pub fn close(&mut self, context: &mut Context<'_>) {
        if !std::mem::take(&mut self.attached) {
            return;
        }
        match self.state {
            State::TimeWait | State::Closed => {}
            State::SynSent => self.fail(
                context,
                StreamError::Aborted,
                Outcome::Closed,
                Some("closed_before_established"),
            ),
            _ if !self.receive_queue.is_empty() || !self.reassembly.is_empty() => {
                context.counters.tcp_abort_on_close += 1;
                self.send_reset(context); // also where both have closed, and an ABORT would be silent
                self.abort_because(context, "closed_with_unread_data");
            }
            _ if self.options.linger == Some(Duration::ZERO) => {
                context.counters.tcp_abort_on_data += 1; // by Linux's choice
                self.abort_because(context, "closed_without_linger");
            }
            State::FinWait2 => self.wait_for_fin(context),
            _ => self.queue_fin(),
        }
        self.limit_orphans(context);
    }

    /// FIN-WAIT-2, and nobody is there any more to read what the peer still sends.
    fn wait_for_fin(&mut self, context: &mut Context<'_>) {
        match self.fin_timeout(context.sysctls) {
            Some(wait) => self.state_ends_at = Some(context.now + wait),
            None => {
                context.counters.tcp_abort_on_linger += 1;
                self.abort_because(context, "closed_without_linger2");
            }
        }
    }

    /// How many of the bytes written the peer has acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.una_offset
    }

    /// Whether the peer has acknowledged everything, our FIN included: until then, or until its linger time is over, a backend
    /// that lingers does not let go. `false`: not yet, and [`Connection::take_readiness`] will say when, as for a writer.
    ///
    /// # Errors
    /// The reason why it never will.
    pub fn is_delivered(&mut self) -> Result<bool, StreamError> {
        match (self.error, self.state) {
            (Some(error), _) => Err(error),
            (None, State::FinWait2 | State::TimeWait | State::Closed) => Ok(true),
            _ => {
                self.wants.writable = true;
                Ok(false)
            }
        }
    }

    /// Our FIN is acknowledged.
    pub(crate) fn fin_acknowledged(&mut self, context: &mut Context<'_>) {
        self.fin_acknowledged = true;
        match self.state {
            State::FinWait1 => {
                self.state = State::FinWait2;
                if !self.attached {
                    self.wait_for_fin(context);
                    // Where it does not wait, the RST answers the ACK, and has none itself (RFC 9293 3.5.2).
                    if let Some(reset) = &mut self.reset_due {
                        reset.flags = TcpFlags::RST;
                        reset.ack = SeqNum::new(0);
                        reset.options = TcpOptions::default();
                    }
                }
            }
            State::Closing => self.enter_time_wait(context),
            State::LastAck => self.finish(context),
            _ => {}
        }
        self.wake_writer();
    }

    /// Resets the connection (ABORT, RFC 9293 3.10.5).
    pub fn abort(&mut self, context: &mut Context<'_>) {
        self.abort_because(context, "aborted");
    }

    /// The listener was closed before the backend asked for the connection: it is reset, as on Linux (`inet_csk_listen_stop`).
    pub fn listener_closed(&mut self, context: &mut Context<'_>) {
        self.attached = false;
        self.abort_because(context, "listener_closed");
    }

    fn abort_because(&mut self, context: &mut Context<'_>, reason: &'static str) {
        if self.state == State::Closed {
            return;
        }
        if self.state.may_send() {
            context.counters.tcp_estab_resets += 1;
        }
        if self.state.needs_reset() {
            self.send_reset(context);
        }
        self.fail(context, StreamError::Aborted, Outcome::Reset, Some(reason));
    }

    /// The stack ends. An orphan that only waits for its peer's FIN has delivered everything, and waits no longer; any other
    /// connection is reset.
    pub fn cut_off(&mut self, context: &mut Context<'_>) {
        match self.state {
            State::FinWait2 if !self.attached => self.finish(context),
            _ => self.abort(context),
        }
    }

    /// Owes a RST that the peer must believe: at SND.NXT, which is its RCV.NXT once everything arrived.
    pub(crate) fn send_reset(&mut self, context: &Context<'_>) {
        self.reset_due = Some(SegmentHeader {
            seq: self.snd.nxt,
            ack: self.rcv.nxt,
            flags: TcpFlags::RST | TcpFlags::ACK,
            wnd: 0,
            options: TcpOptions {
                timestamps: self.timestamps_option(context.now),
                ..TcpOptions::default()
            },
            ecn: Ecn::NotEct,
        });
    }
}
