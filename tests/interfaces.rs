//! What needs an interface of the host: the peer is its kernel, in a network namespace that each test makes for itself. Flat, and
//! prefix-named by what it is about.

mod interface_listener;
mod interface_netlink;
mod interface_packet;
mod interface_peer;
mod interface_privileges;
mod interface_takeover;
mod interface_tap;
mod interface_udp;
