//! The knobs by their names: set as `sysctl` sets them, in Linux's units.

use super::{BufferSizes, PortRange, Sysctls};
use crate::CongestionAlgorithm;
use periplus_wire::tcp::OptionOrder;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Bytes of a page, in which Linux counts `tcp_mem`.
const PAGE: usize = 4096;

/// Why a knob was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SysctlError {
    /// There is no such knob here.
    Unknown,
    /// The knob takes something else: this.
    Invalid(&'static str),
}

impl fmt::Display for SysctlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such knob"),
            Self::Invalid(expected) => write!(f, "it must be {expected}"),
        }
    }
}

impl std::error::Error for SysctlError {}

/// Something that a knob can be.
trait Knob {
    /// Takes `value`, if it is one of these.
    fn set(&mut self, value: &str) -> bool;
    /// What it can be.
    fn expected(&self) -> &'static str;
}

fn parse<T: FromStr>(place: &mut T, value: &str) -> bool {
    value.parse().map(|value| *place = value).is_ok()
}

impl Knob for u8 {
    fn set(&mut self, value: &str) -> bool {
        parse(self, value)
    }
    fn expected(&self) -> &'static str {
        "a number, 0 to 255"
    }
}

impl Knob for u32 {
    fn set(&mut self, value: &str) -> bool {
        parse(self, value)
    }
    fn expected(&self) -> &'static str {
        "a number, 0 to 4294967295"
    }
}

impl Knob for usize {
    fn set(&mut self, value: &str) -> bool {
        parse(self, value)
    }
    fn expected(&self) -> &'static str {
        "a number"
    }
}

impl Knob for bool {
    fn set(&mut self, value: &str) -> bool {
        *self = match value {
            "0" => false,
            "1" => true,
            _ => return false,
        };
        true
    }
    fn expected(&self) -> &'static str {
        "0 or 1"
    }
}

impl Knob for OptionOrder {
    fn set(&mut self, value: &str) -> bool {
        *self = match value {
            "0" | "linux" => OptionOrder::Linux,
            "1" | "freebsd" => OptionOrder::FreeBsd,
            _ => return false,
        };
        true
    }
    fn expected(&self) -> &'static str {
        "0 (linux) or 1 (freebsd)"
    }
}

impl Knob for CongestionAlgorithm {
    fn set(&mut self, value: &str) -> bool {
        parse(self, value)
    }
    fn expected(&self) -> &'static str {
        "cubic or reno"
    }
}

/// A time in units of so many milliseconds.
struct Time<'a, const UNIT: u64>(&'a mut Duration);

impl<const UNIT: u64> Knob for Time<'_, UNIT> {
    fn set(&mut self, value: &str) -> bool {
        let mut units = 0u32;
        let set = units.set(value);
        if set {
            *self.0 = Duration::from_millis(UNIT * u64::from(units));
        }
        set
    }
    fn expected(&self) -> &'static str {
        match UNIT {
            MILLISECONDS => "a number of milliseconds",
            _ => "a number of seconds",
        }
    }
}

const SECONDS: u64 = 1000;
const MILLISECONDS: u64 = 1;

/// The last of three numbers, or the only one, in pages.
struct Pages<'a>(&'a mut usize);

impl Knob for Pages<'_> {
    fn set(&mut self, value: &str) -> bool {
        let numbers: Result<Vec<usize>, _> = value.split_whitespace().map(str::parse).collect();
        match numbers.as_deref() {
            Ok([most] | [_, _, most]) => {
                *self.0 = most.saturating_mul(PAGE);
                true
            }
            _ => false,
        }
    }
    fn expected(&self) -> &'static str {
        "a number, or three: least, usual, most"
    }
}

impl Knob for BufferSizes {
    fn set(&mut self, value: &str) -> bool {
        let numbers: Result<Vec<usize>, _> = value.split_whitespace().map(str::parse).collect();
        *self = match numbers.as_deref() {
            // Nothing could be sent or received then; Linux refuses it, too.
            Ok(numbers) if numbers.contains(&0) => return false,
            Ok(&[most]) => Self::fixed(most),
            Ok(&[least, usual, most]) => Self { least, usual, most },
            _ => return false,
        };
        true
    }
    fn expected(&self) -> &'static str {
        "a number, or three: least, usual, most; none is 0"
    }
}

impl Knob for PortRange {
    fn set(&mut self, value: &str) -> bool {
        let numbers: Result<Vec<u16>, _> = value.split_whitespace().map(str::parse).collect();
        let range = match numbers.as_deref() {
            Ok(&[first, last]) => Self::new(first, last),
            _ => None,
        };
        range.map(|range| *self = range).is_some()
    }
    fn expected(&self) -> &'static str {
        "two ports, the first and the last"
    }
}

impl Sysctls {
    /// Every knob's name.
    pub const NAMES: &[&str] = &[
        "tcp_syn_retries",
        "tcp_syn_linear_timeouts",
        "tcp_synack_retries",
        "tcp_max_syn_backlog",
        "tcp_syncookies",
        "somaxconn",
        "tcp_abort_on_overflow",
        "tcp_invalid_ratelimit",
        "tcp_retries2",
        "tcp_orphan_retries",
        "tcp_max_orphans",
        "tcp_keepalive_time",
        "tcp_keepalive_intvl",
        "tcp_keepalive_probes",
        "tcp_fin_timeout",
        "tcp_rfc1337",
        "tcp_max_tw_buckets",
        "tcp_mem",
        "tcp_rmem",
        "tcp_moderate_rcvbuf",
        "tcp_wmem",
        "wmem_max",
        "rmem_max",
        "tcp_notsent_lowat",
        "tcp_congestion_control",
        "hystart_detect",
        "tcp_slow_start_after_idle",
        "tcp_min_tso_segs",
        "tcp_tso_win_divisor",
        "tcp_tso_rtt_log",
        "tcp_pacing",
        "tcp_pacing_ss_ratio",
        "tcp_pacing_ca_ratio",
        "ip_local_port_range",
        "min_pmtu",
        "mtu_expires",
        "tcp_pingpong_thresh",
        "tcp_timestamps",
        "tcp_window_scaling",
        "tcp_sack",
        "tcp_dsack",
        "tcp_recovery",
        "tcp_early_retrans",
        "tcp_frto",
        "tcp_ecn",
        "tcp_ecn_fallback",
        "syn_option_order",
    ];

    /// Sets the knob `name`, written as in `sysctl` with or without `net.ipv4.` or `net.core.` before it, to `value` in
    /// Linux's unit. Of the three numbers of `tcp_mem`, the last is the one that means something here.
    ///
    /// # Errors
    /// There is no such knob, or it cannot be that; nothing is changed then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SysctlError> {
        let short = name
            .strip_prefix("net.ipv4.route.")
            .or_else(|| name.strip_prefix("net.ipv4."))
            .or_else(|| name.strip_prefix("net.core."))
            .unwrap_or(name);
        let knob: &mut dyn Knob = match short {
            "tcp_syn_retries" => &mut self.tcp_syn_retries,
            "tcp_syn_linear_timeouts" => &mut self.tcp_syn_linear_timeouts,
            "tcp_synack_retries" => &mut self.tcp_synack_retries,
            "tcp_max_syn_backlog" => &mut self.tcp_max_syn_backlog,
            "tcp_syncookies" => &mut self.tcp_syncookies,
            "somaxconn" => &mut self.somaxconn,
            "tcp_abort_on_overflow" => &mut self.tcp_abort_on_overflow,
            "tcp_invalid_ratelimit" => &mut Time::<MILLISECONDS>(&mut self.tcp_invalid_ratelimit),
            "tcp_retries2" => &mut self.tcp_retries2,
            "tcp_orphan_retries" => &mut self.tcp_orphan_retries,
            "tcp_max_orphans" => &mut self.tcp_max_orphans,
            "tcp_keepalive_time" => &mut Time::<SECONDS>(&mut self.tcp_keepalive_time),
            "tcp_keepalive_intvl" => &mut Time::<SECONDS>(&mut self.tcp_keepalive_intvl),
            "tcp_keepalive_probes" => &mut self.tcp_keepalive_probes,
            "tcp_fin_timeout" => &mut Time::<SECONDS>(&mut self.tcp_fin_timeout),
            "tcp_rfc1337" => &mut self.tcp_rfc1337,
            "tcp_max_tw_buckets" => &mut self.tcp_max_tw_buckets,
            "tcp_mem" => &mut Pages(&mut self.tcp_mem),
            "tcp_rmem" => &mut self.tcp_rmem,
            "tcp_moderate_rcvbuf" => &mut self.tcp_moderate_rcvbuf,
            "tcp_wmem" => &mut self.tcp_wmem,
            "wmem_max" => &mut self.wmem_max,
            "rmem_max" => &mut self.rmem_max,
            "tcp_notsent_lowat" => &mut self.tcp_notsent_lowat,
            "tcp_congestion_control" => &mut self.tcp_congestion_control,
            "hystart_detect" => &mut self.hystart_detect,
            "tcp_slow_start_after_idle" => &mut self.tcp_slow_start_after_idle,
            "tcp_min_tso_segs" => &mut self.tcp_min_tso_segs,
            "tcp_tso_win_divisor" => &mut self.tcp_tso_win_divisor,
            "tcp_tso_rtt_log" => &mut self.tcp_tso_rtt_log,
            "tcp_pacing" => &mut self.tcp_pacing,
            "tcp_pacing_ss_ratio" => &mut self.tcp_pacing_ss_ratio,
            "tcp_pacing_ca_ratio" => &mut self.tcp_pacing_ca_ratio,
            "ip_local_port_range" => &mut self.ip_local_port_range,
            "min_pmtu" => &mut self.min_pmtu,
            "mtu_expires" => &mut Time::<SECONDS>(&mut self.mtu_expires),
            "tcp_pingpong_thresh" => &mut self.tcp_pingpong_thresh,
            "tcp_timestamps" => &mut self.tcp_timestamps,
            "tcp_window_scaling" => &mut self.tcp_window_scaling,
            "tcp_sack" => &mut self.tcp_sack,
            "tcp_dsack" => &mut self.tcp_dsack,
            "tcp_recovery" => &mut self.tcp_recovery,
            "tcp_early_retrans" => &mut self.tcp_early_retrans,
            "tcp_frto" => &mut self.tcp_frto,
            "tcp_ecn" => &mut self.tcp_ecn,
            "tcp_ecn_fallback" => &mut self.tcp_ecn_fallback,
            "syn_option_order" => &mut self.syn_option_order,
            _ => return Err(SysctlError::Unknown),
        };
        if knob.set(value.trim()) {
            Ok(())
        } else {
            Err(SysctlError::Invalid(knob.expected()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_has_its_name_and_can_be_set() {
        let fields = format!("{:?}", Sysctls::default());
        let fields = fields.trim_start_matches("Sysctls { ");
        let names: Vec<&str> = fields
            .split(", ")
            .filter_map(|field| field.split(": ").next())
            .collect();
        assert_eq!(names, Sysctls::NAMES);
        for name in names {
            let mut sysctls = Sysctls::default();
            if name == "ip_local_port_range" {
                assert!(sysctls.set(name, "5 7").is_ok());
                assert_eq!(Some(sysctls.ip_local_port_range), PortRange::new(5, 7));
                continue;
            }
            if name == "tcp_congestion_control" {
                assert!(sysctls.set(name, "reno").is_ok());
                assert_eq!(sysctls.tcp_congestion_control, CongestionAlgorithm::Reno);
                continue;
            }
            assert!(sysctls.set(name, "1").is_ok(), "{name}");
            let changed = |value| {
                let mut sysctls = Sysctls::default();
                let set = sysctls.set(name, value);
                set.is_ok() && format!("{sysctls:?}") != format!("{:?}", Sysctls::default())
            };
            assert!(changed("0") || changed("1"), "{name} stays as it was");
        }
    }

    #[test]
    fn units_are_those_of_linux() {
        let mut sysctls = Sysctls::default();
        sysctls.set("net.ipv4.tcp_fin_timeout", "7").unwrap();
        sysctls
            .set("net.ipv4.tcp_invalid_ratelimit", "250")
            .unwrap();
        sysctls
            .set("net.ipv4.tcp_rmem", "4096 131072 6291456")
            .unwrap();
        sysctls.set("tcp_mem", "1 2 3").unwrap();
        sysctls.set("net.core.somaxconn", "128").unwrap();
        assert_eq!(sysctls.tcp_fin_timeout, Duration::from_secs(7));
        assert_eq!(sysctls.tcp_invalid_ratelimit, Duration::from_millis(250));
        let rmem = sysctls.tcp_rmem;
        assert_eq!(
            (rmem.least, rmem.usual, rmem.most),
            (4096, 131_072, 6_291_456)
        );
        assert_eq!(sysctls.tcp_mem, 3 * 4096);
        assert_eq!(sysctls.somaxconn, 128);
    }

    #[test]
    fn what_a_knob_cannot_be_changes_nothing() {
        const SIZES: &str = "a number, or three: least, usual, most; none is 0";
        let mut sysctls = Sysctls::default();
        assert_eq!(sysctls.set("tcp_bogus", "1"), Err(SysctlError::Unknown));
        for (name, value, expected) in [
            ("tcp_timestamps", "yes", "0 or 1"),
            ("tcp_retries2", "256", "a number, 0 to 255"),
            ("tcp_fin_timeout", "-1", "a number of seconds"),
            (
                "ip_local_port_range",
                "9 8",
                "two ports, the first and the last",
            ),
            (
                "ip_local_port_range",
                "0 8",
                "two ports, the first and the last",
            ),
            ("tcp_congestion_control", "vegas", "cubic or reno"),
            ("tcp_rmem", "1 2", SIZES),
            ("tcp_wmem", "0", SIZES),
            ("tcp_rmem", "4096 131072 0", SIZES),
        ] {
            let refused = sysctls.set(name, value);
            assert_eq!(refused, Err(SysctlError::Invalid(expected)), "{name}");
        }
        assert_eq!(format!("{sysctls:?}"), format!("{:?}", Sysctls::default()));
    }
}
