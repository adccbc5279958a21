//! What can happen to a connection: the events of `spec/states.txt`, played.

use super::segments::unreachable;
use super::stage::{BACKLOG, PEER_PORT, Stage};
use periplus_stack::{SocketOptions, Sysctls};
use periplus_wire::icmpv4::unreachable as code;
use periplus_wire::tcp::TcpFlags;
use std::time::Duration;

const NONE: TcpFlags = TcpFlags::NONE;
const SYN: TcpFlags = TcpFlags::SYN;
const ACK: TcpFlags = TcpFlags::ACK;
const FIN: TcpFlags = TcpFlags::FIN;
const RST: TcpFlags = TcpFlags::RST;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The knobs with which an event is played. Each timer is alone in expiring within the silence of its event.
pub(super) fn sysctls(event: &str) -> Sysctls {
    let mut sysctls = Sysctls {
        tcp_fin_timeout: seconds(120),
        ..Sysctls::default()
    };
    match event {
        "FIN time-out" => sysctls.tcp_fin_timeout = seconds(10),
        "retries" => {
            sysctls.tcp_syn_retries = 1;
            sysctls.tcp_syn_linear_timeouts = 0;
            sysctls.tcp_synack_retries = 1;
            sysctls.tcp_retries2 = 1;
            sysctls.tcp_orphan_retries = 1;
        }
        _ => {}
    }
    sysctls
}

/// The options of the sockets to which an event happens.
pub(super) fn socket_options(event: &str) -> SocketOptions {
    match event {
        "user time-out" => SocketOptions {
            user_timeout: Some(seconds(10)),
            ..SocketOptions::default()
        },
        "keepalive" => SocketOptions {
            keep_alive: true,
            keep_idle: Some(seconds(10)),
            keep_interval: Some(seconds(1)),
            keep_count: Some(2),
            ..SocketOptions::default()
        },
        _ => SocketOptions::default(),
    }
}

impl Stage {
    /// The event happens.
    ///
    /// # Panics
    /// If there is no such event.
    pub(super) fn play(&mut self, event: &str) {
        let (una, nxt, rcv_nxt) = (self.una, self.nxt, self.rcv_nxt);
        match event {
            "passive OPEN" => self.listen(),
            "active OPEN" => self.connect(),
            "ACCEPT" => self.accept(),
            "SEND" => self.send(),
            "RECEIVE" => self.receive(),
            "SHUTDOWN" => self.shutdown(),
            "CLOSE" | "CLOSE unread" => self.close(), // the text came on the way: `Stage::leave_unread`
            "CLOSE too many" => {
                self.set(|sysctls| sysctls.tcp_max_orphans = 0);
                self.close();
            }
            "ABORT" => self.abort(),

            "SYN" => self.inject(SYN, self.irs, una, 0),
            "SYN new" => self.syn_of_another(),
            "SYN cookie" => self.syn_at_a_full_queue(),
            "ACK cookie" if self.state() == "LISTEN" => {
                self.syn_at_a_full_queue();
                self.sent();
                self.inject(ACK, self.irs + 1, self.iss + 1, 0);
            }
            "ACK cookie" => self.inject(ACK, rcv_nxt, nxt + 5000, 0),
            "SYN,ACK" => self.inject(SYN | ACK, self.irs, self.iss + 1, 0),
            "SYN,ACK wrong" => self.inject(SYN | ACK, self.irs, nxt + 1000, 0),
            "ACK" => self.inject(ACK, rcv_nxt, una, 0),
            "ACK all" => self.inject(ACK, rcv_nxt, nxt, 0),
            "ACK unsent" => self.inject(ACK, rcv_nxt, nxt + 1000, 0),
            "text" => self.inject(ACK, rcv_nxt, una, 100),
            "text, ACK all" => self.inject(ACK, rcv_nxt, nxt, 100),
            "FIN" => self.inject(FIN | ACK, rcv_nxt, una, 0),
            "FIN, ACK all" => self.inject(FIN | ACK, rcv_nxt, nxt, 0),
            "FIN early" => self.inject(FIN | ACK, rcv_nxt + 100, una, 0),
            "FIN again" => self.inject(FIN | ACK, rcv_nxt - 1, una, 0),
            "RST" => self.inject(RST, rcv_nxt, una, 0),
            "RST,ACK" => self.inject(RST | ACK, rcv_nxt, nxt, 0),
            "RST inside" => self.inject(RST | ACK, rcv_nxt + 1, una, 0),
            "RST outside" => self.inject(RST | ACK, self.edge + 1000, una, 0),
            "RST before" => self.inject(RST | ACK, rcv_nxt - 1, una, 0),
            "no ACK" => self.inject(NONE, rcv_nxt, una, 100),
            "ICMP hard" => self.script.inject_frame(&unreachable(self, code::PORT)),
            "ICMP soft" => self.script.inject_frame(&unreachable(self, code::HOST)),

            "RTO" => self.silence(Duration::from_millis(1500)),
            "2 MSL" => self.silence(seconds(60)),
            "FIN time-out" | "keepalive" => self.silence(seconds(20)),
            "retries" | "user time-out" => {
                self.send(); // there is something to wait for the ACK of, where there may be
                self.silence(seconds(20));
            }
            other => panic!("no such event: {other}"),
        }
    }

    /// Text that the backend does not read comes before [`Stage::play`] plays `CLOSE unread`.
    pub(super) fn leave_unread(&mut self) {
        self.inject(ACK, self.rcv_nxt, self.una, 100);
        self.sent();
    }

    /// A SYN beyond everything of the old connection (RFC 6191), while somebody listens on its port.
    fn syn_of_another(&mut self) {
        if !matches!(self.state().as_str(), "CLOSED" | "LISTEN") {
            self.listen();
        }
        self.inject(SYN, self.irs + 200_000, self.una, 0);
    }

    /// The peer's SYN comes after so many of others that the SYN queue is full.
    fn syn_at_a_full_queue(&mut self) {
        for port in (PEER_PORT + 1..).take(2 * BACKLOG) {
            let syn = self.segment(port, SYN, self.irs, self.irs, 0);
            self.put(&syn);
        }
        self.inject(SYN, self.irs, self.una, 0);
    }
}
