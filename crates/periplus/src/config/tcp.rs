//! `[tcp]`: the knobs, by the names that `sysctl` has for them.

use super::key::{Heading, Key, key};
use super::section::Section;
use periplus_net::{SysctlError, Sysctls};

pub(super) const HEADING: Heading = Heading {
    path: "tcp",
    many: false,
    about: "The knobs of TCP, by the names, in the units and with the defaults that Linux's sysctl has for them.",
    keys: KEYS,
};

/// Every knob but `tcp_mem`: how much memory there is stands in `[memory]`, with its unit.
const KEYS: &[Key] = &[
    key("tcp_syn_retries", "6", "How often a SYN is sent again."),
    key(
        "tcp_syn_linear_timeouts",
        "4",
        "How many repetitions of a SYN come at the same interval first.",
    ),
    key(
        "tcp_synack_retries",
        "5",
        "How often a SYN/ACK is sent again.",
    ),
    key(
        "tcp_max_syn_backlog",
        "4096",
        "Half-open connections of a listener without SYN cookies, a quarter more than are kept.",
    ),
    key(
        "tcp_syncookies",
        "1",
        "SYN cookies: 0 never, 1 where the SYN queue is full, 2 always.",
    ),
    key(
        "somaxconn",
        "4096",
        "The upper bound of a listener's backlog.",
    ),
    key(
        "tcp_abort_on_overflow",
        "0",
        "1: a full accept queue answers by RST.",
    ),
    key(
        "tcp_invalid_ratelimit",
        "500",
        "Milliseconds between two answers to segments out of window.",
    ),
    key(
        "tcp_retries2",
        "15",
        "How often data is sent again before the connection is given up, as a time: 15 are 924.6 s.",
    ),
    key(
        "tcp_orphan_retries",
        "0",
        "The same for a connection that the server let go of; 0 means 8.",
    ),
    key(
        "tcp_max_orphans",
        "65536",
        "How many such connections are kept.",
    ),
    key(
        "tcp_keepalive_time",
        "7200",
        "Seconds of silence before a connection with keepalive is probed.",
    ),
    key(
        "tcp_keepalive_intvl",
        "75",
        "Seconds between two such probes.",
    ),
    key(
        "tcp_keepalive_probes",
        "9",
        "Unanswered probes before it is reset.",
    ),
    key(
        "tcp_fin_timeout",
        "60",
        "Seconds that FIN-WAIT-2 lasts without a reader.",
    ),
    key("tcp_rfc1337", "0", "1: a RST does not end TIME-WAIT."),
    key(
        "tcp_max_tw_buckets",
        "65536",
        "Connections in TIME-WAIT that are kept.",
    ),
    key(
        "tcp_rmem",
        "\"4096 131072 6291456\"",
        "Bytes of a receive queue: least, usual, most.",
    ),
    key(
        "tcp_moderate_rcvbuf",
        "1",
        "1: it grows with what is read in a round trip.",
    ),
    key(
        "tcp_wmem",
        "\"4096 16384 4194304\"",
        "Bytes of a send queue: least, usual, most.",
    ),
    key("wmem_max", "212992", "Bytes that SO_SNDBUF may ask for."),
    key("rmem_max", "212992", "Bytes that SO_RCVBUF may ask for."),
    key(
        "tcp_notsent_lowat",
        "4294967295",
        "Bytes written and not sent, beyond which a writer waits.",
    ),
    key("tcp_congestion_control", "\"cubic\"", "cubic or reno."),
    key(
        "hystart_detect",
        "12",
        "How slow start looks for its end: 4 by HyStart++, 12 by that and by longer times in a row, 0 not before a loss.",
    ),
    key(
        "tcp_slow_start_after_idle",
        "1",
        "1: the congestion window is taken back after a time without sending.",
    ),
    key(
        "tcp_min_tso_segs",
        "2",
        "Segments that leave together however slow the pace is.",
    ),
    key(
        "tcp_tso_win_divisor",
        "3",
        "A super-frame waits to grow while less than this part of the window has room.",
    ),
    key(
        "tcp_tso_rtt_log",
        "9",
        "The unit of the round-trip time, 2 to this power microseconds, by which super-frames are bounded.",
    ),
    key(
        "tcp_pacing",
        "1",
        "1: a window leaves spread over the round trip. Not a knob of Linux's.",
    ),
    key(
        "tcp_pacing_ss_ratio",
        "200",
        "The pace in slow start, in percent of a window a round trip.",
    ),
    key("tcp_pacing_ca_ratio", "120", "The pace after it."),
    key(
        "ip_local_port_range",
        "\"32768 60999\"",
        "The ports of connections that do not ask for one.",
    ),
    key(
        "min_pmtu",
        "552",
        "No path is believed to carry less than this in a packet, in bytes.",
    ),
    key(
        "mtu_expires",
        "600",
        "Seconds that a router is believed that tells a path's MTU.",
    ),
    key(
        "tcp_pingpong_thresh",
        "1",
        "Answers at once after which a connection counts as interactive.",
    ),
    key("tcp_timestamps", "1", "1: timestamps (RFC 7323)."),
    key("tcp_window_scaling", "1", "1: window scaling (RFC 7323)."),
    key("tcp_sack", "1", "1: selective acknowledgments (RFC 2018)."),
    key(
        "tcp_dsack",
        "1",
        "1: data that came twice is reported (RFC 2883).",
    ),
    key(
        "tcp_recovery",
        "1",
        "RACK (RFC 8985): 2 with a fixed reordering window, 4 with one in any case.",
    ),
    key(
        "tcp_early_retrans",
        "3",
        "3 and 4: the tail of a flight is probed for losses (RFC 8985).",
    ),
    key(
        "tcp_frto",
        "2",
        "Anything but 0: time-outs for nothing lost are found out (RFC 5682).",
    ),
    key(
        "tcp_ecn",
        "2",
        "Explicit congestion notification: 0 never, 1 asked for and accepted, 2 accepted.",
    ),
    key(
        "tcp_ecn_fallback",
        "1",
        "1: a SYN that is sent again does not ask for it.",
    ),
    key(
        "syn_option_order",
        "\"linux\"",
        "The order of a SYN's options: linux or freebsd. Not a knob of Linux's.",
    ),
];

/// The knobs as the section sets them, and where it says nothing as they are usually.
pub(super) fn sysctls(section: &Section<'_>) -> Sysctls {
    let mut sysctls = Sysctls::default();
    for Key { name, .. } in KEYS {
        let Some(value) = section.as_written(name) else {
            continue;
        };
        if let Err(SysctlError::Invalid(expected)) = sysctls.set(name, &value) {
            section.refuse(name, expected);
        }
    }
    sysctls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_is_a_key_and_its_default_is_the_stacks() {
        let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        let knobs = Sysctls::NAMES.iter().copied();
        let knobs: Vec<_> = knobs.filter(|name| *name != "tcp_mem").collect();
        assert_eq!(names, knobs);
        for key in KEYS {
            let mut sysctls = Sysctls::default();
            let written = key.value.text().trim_matches('"');
            sysctls.set(key.name, written).expect(key.name);
            assert_eq!(
                format!("{sysctls:?}"),
                format!("{:?}", Sysctls::default()),
                "{}",
                key.name
            );
        }
    }
}
