//! What crosses rooms, flat and prefix-named by the part of the journey it is about.

mod attack_segments;
mod backlog_accept_queue;
mod backlog_syn_ack;
mod backlog_syn_queue;
mod close_half;
mod close_orderly;
mod close_reset;
mod close_simultaneous;
mod close_states;
mod close_time_wait;
mod datagram_receive;
mod datagram_send;
mod handshake_active;
mod handshake_cookie;
mod handshake_passive;
mod handshake_repeated_syn;
mod handshake_retransmission;
mod journey_deterministic;
mod journey_spine;
mod journey_waits;
mod loss_faulty_link;
mod loss_limited_transmit;
mod loss_retransmission;

mod loss_sack_blocks;
mod loss_sack_recovery;
mod loss_scarce_memory;
mod loss_slow_readers;
mod loss_zero_window;
mod refuse_closed_port;
mod refuse_closed_udp_port;
mod refuse_neighbour_flood;
mod refuse_noise;
mod refuse_strays;
mod sockets_listed;
