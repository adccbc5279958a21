//! The caller's side: what a connection knows of its path and counted, below its line, in the manner of `ss -i`.

use super::table::plain;
use crate::control::Counted;
use periplus_logbook::units;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Where the words begin.
const INDENT: usize = 9;

/// Which fields stand together, and in which order. Those of a later version stand last.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "path",
        &[
            "ca_state",
            "options",
            "snd_mss",
            "rcv_mss",
            "advmss",
            "pmtu",
            "rtt_ns",
            "rttvar_ns",
            "min_rtt_ns",
            "rto_ns",
            "backoff",
            "ato_ns",
            "reordering",
            "reord_seen",
        ],
    ),
    (
        "out",
        &[
            "snd_cwnd",
            "snd_ssthresh",
            "snd_wnd",
            "pacing_rate",
            "max_pacing_rate",
            "bytes_sent",
            "bytes_acked",
            "notsent_bytes",
            "segs_out",
            "data_segs_out",
            "unacked",
            "sacked",
            "lost",
            "retrans",
            "total_retrans",
            "bytes_retrans",
            "retransmits",
            "total_rto",
            "dsack_dups",
            "delivered",
            "probes",
        ],
    ),
    (
        "in",
        &[
            "rcv_wnd",
            "rcv_ssthresh",
            "rcv_space",
            "rcv_rtt_ns",
            "bytes_received",
            "segs_in",
            "data_segs_in",
            "rcv_ooopack",
        ],
    ),
    (
        "time",
        &[
            "busy_time_ns",
            "rwnd_limited_ns",
            "sndbuf_limited_ns",
            "last_data_sent_ns",
            "last_data_recv_ns",
            "last_ack_recv_ns",
        ],
    ),
];

/// What is known of the path, in lines of at most 80 columns as far as words allow it. As with `ss`, what is 0 is left out.
pub(super) fn of_path(info: &Map<String, Value>) -> String {
    let mut out = String::new();
    let mut left: BTreeSet<&str> = info.keys().map(String::as_str).collect();
    left.remove("snd_wscale");
    left.remove("rcv_wscale");
    for (label, fields) in GROUPS {
        let words = fields.iter().filter_map(|name| {
            left.remove(name);
            word(name, info.get(*name)?, info)
        });
        wrap(&mut out, label, words);
    }
    let unknown = left.into_iter();
    wrap(
        &mut out,
        "more",
        unknown.filter_map(|name| word(name, &info[name], info)),
    );
    out
}

/// What was counted, in such lines.
pub(super) fn counts(counters: &Counted) -> String {
    let mut out = String::new();
    let counted = counters.iter();
    wrap(
        &mut out,
        "counts",
        counted.map(|(name, count)| format!("{}:{count}", plain(name))),
    );
    out
}

fn word(name: &str, value: &Value, info: &Map<String, Value>) -> Option<String> {
    let name = plain(name);
    match value {
        Value::String(word) => Some(plain(word)),
        Value::Array(words) => {
            let words = words.iter().filter_map(Value::as_str);
            let words = words.map(|word| match word {
                "wscale" => wscale(info),
                word => plain(word),
            });
            Some(words.collect::<Vec<_>>().join(" "))
        }
        Value::Number(number) => {
            let number = number.as_u64().filter(|&number| number > 0)?;
            let Some(name) = name.strip_suffix("_ns") else {
                return Some(format!("{name}:{number}"));
            };
            let time = units::time(number).replace(' ', "");
            let share = share(name, number, info);
            Some(format!("{name}:{time}{share}"))
        }
        _ => None,
    }
}

/// The shifts of the peer's windows and of ours, as `ss` writes them.
fn wscale(info: &Map<String, Value>) -> String {
    let shift = |name| info.get(name).and_then(Value::as_u64).unwrap_or(0);
    format!("wscale:{},{}", shift("snd_wscale"), shift("rcv_wscale"))
}

/// How much of the time with data waiting was held up by this.
fn share(name: &str, time: u64, info: &Map<String, Value>) -> String {
    let busy = info.get("busy_time_ns").and_then(Value::as_u64);
    match busy.filter(|&busy| busy > 0 && name.ends_with("_limited")) {
        Some(busy) => format!("({:.0}%)", time as f64 * 100.0 / busy as f64),
        None => String::new(),
    }
}

fn wrap(out: &mut String, label: &str, words: impl Iterator<Item = String>) {
    let mut line = format!("  {label:<width$}", width = INDENT - 3);
    let mut empty = true;
    for word in words.filter(|word| !word.is_empty()) {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(INDENT - 1);
        }
        line.push(' ');
        line.push_str(&word);
        empty = false;
    }
    if !empty {
        out.push_str(&line);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_stand_in_groups_and_what_is_0_is_left_out() {
        let info = json!({
            "ca_state": "open", "options": ["timestamps", "wscale"], "snd_wscale": 7, "rcv_wscale": 4,
            "rtt_ns": 81_000, "rto_ns": 200_000_000, "backoff": 0, "snd_cwnd": 10, "busy_time_ns": 40_000_000,
            "rwnd_limited_ns": 30_000_000, "bytes_received": 36, "sunny": 3
        });
        let counters = Counted::from([("TcpExtTCPWinProbe".into(), 2)]);
        let shown = of_path(info.as_object().unwrap()) + &counts(&counters);
        assert_eq!(
            shown,
            "  path   open timestamps wscale:7,4 rtt:81.0µs rto:200ms
  out    snd_cwnd:10
  in     bytes_received:36
  time   busy_time:40.0ms rwnd_limited:30.0ms(75%)
  more   sunny:3
  counts TcpExtTCPWinProbe:2
"
        );
    }

    #[test]
    fn a_line_is_no_wider_than_a_terminal() {
        let counters: Counted = (0..20)
            .map(|number| (format!("TcpExtTCPCounter{number}").into(), number))
            .collect();
        let shown = counts(&counters);
        assert!(
            shown.lines().all(|line| line.chars().count() <= WIDTH),
            "{shown}"
        );
        assert!(
            shown
                .lines()
                .skip(1)
                .all(|line| line.starts_with("         T")),
            "{shown}"
        );
    }
}
