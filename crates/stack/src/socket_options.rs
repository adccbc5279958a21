//! The options of sockets: a connection's own, and a listener's, which its connections inherit.

use crate::Shard;
use crate::shard::{ConnectionId, ListenerId};
use periplus_journey::Instant;
use periplus_tcp::SocketOptions;
use std::sync::Arc;

impl Shard {
    /// A connection's options.
    pub fn socket_options(&self, id: ConnectionId) -> Option<SocketOptions> {
        let flow = self.flows.get(id.0)?;
        Some(**flow.connection.socket_options())
    }

    /// Sets all of a connection's options.
    pub fn set_socket_options(&mut self, now: Instant, id: ConnectionId, options: SocketOptions) {
        if let Some(flow) = self.flows.get_mut(id.0) {
            let context = &mut self.environment.context(now);
            flow.connection.set_socket_options(context, options);
            flow.disarm_for_nothing(&mut self.timers);
            self.settle(id.0);
        }
    }

    /// Whether a connection acknowledges at once, until it has reason for the other mode: `TCP_QUICKACK`. (What stays as it is
    /// set is [`SocketOptions::quick_ack`].)
    pub fn set_quick_ack(&mut self, now: Instant, id: ConnectionId, on: bool) {
        if let Some(flow) = self.flows.get_mut(id.0) {
            let context = &self.environment.context(now);
            flow.connection.set_quick_ack(context, on);
            self.settle(id.0);
        }
    }

    /// A listener's options.
    pub fn listener_options(&self, id: ListenerId) -> Option<SocketOptions> {
        let bound = self.listeners.get(id.0)?;
        Some(*bound.listener.options)
    }

    /// Sets all of a listener's options. Connections have them whose handshakes complete from now on.
    pub fn set_listener_options(&mut self, _now: Instant, id: ListenerId, options: SocketOptions) {
        if let Some(bound) = self.listeners.get_mut(id.0) {
            bound.listener.options = Arc::new(options);
        }
    }

    /// Changes some of a connection's options.
    pub fn change_socket_options(
        &mut self,
        now: Instant,
        id: ConnectionId,
        change: impl FnOnce(&mut SocketOptions),
    ) {
        if let Some(mut options) = self.socket_options(id) {
            change(&mut options);
            self.set_socket_options(now, id, options);
        }
    }
}
