//! What can be set on a stream.

use super::{Place, TcpStream};
use periplus_stack::SocketOptions;
use std::io;

impl TcpStream {
    /// Its options: those of the listener that it came from, as far as they were not changed since.
    pub fn options(&self) -> io::Result<SocketOptions> {
        Ok(self.mailbox.options())
    }

    /// Sets all of its options. On a foreign thread they take effect when the driver comes by.
    pub fn set_options(&self, options: SocketOptions) -> io::Result<()> {
        self.change_options(|all| *all = options)
    }

    /// Whether a small segment is sent at once, instead of waiting while an earlier one is unacknowledged (Nagle's
    /// algorithm, RFC 9293 3.7.4; `TCP_NODELAY`).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.change_options(|options| options.no_delay = nodelay)
    }

    /// Whether data is acknowledged at once, instead of waiting up to 40 ms for an answer to travel with (Linux's
    /// `TCP_QUICKACK`, but it stays as it is set).
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.change_options(|options| options.quick_ack = Some(quickack))
    }

    fn change_options(&self, change: impl FnOnce(&mut SocketOptions)) -> io::Result<()> {
        let (id, options) = (self.mailbox.id, self.mailbox.change_options(change));
        match self.place() {
            Place::Own(cell) => {
                cell.call(|state, now| state.shard.set_socket_options(now, id, options));
            }
            Place::Foreign => self.mailbox.options_changed(),
        }
        Ok(())
    }
}
