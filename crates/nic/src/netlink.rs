//! rtnetlink (rtnetlink(7), RFC 3549): the host's links, addresses and routes, read and changed.
//!
//! A change is a [`Request`], which is bytes: it may be made now and carried out at once by [`Netlink::execute`], or kept and
//! written to a socket later by somebody who may not allocate any more. What was read of an [`Address`] or a [`Route`] keeps
//! everything that the kernel said of it, so that putting it back gives what was there.

mod address;
mod link;
mod message;
mod request;
mod route;
mod socket;

pub use address::Address;
pub use link::{
    Link, create_veth, delete_link, move_link, set_down, set_mtu, set_queue_length, set_up,
};
pub use request::Request;
pub use route::Route;
pub use socket::Netlink;

pub use address::{add_address, delete_address};
pub(crate) use address::{add_address_unasked, change_address};
pub(crate) use link::change_nothing;
pub(crate) use route::put_back_route;
pub use route::{add_route, delete_route};
