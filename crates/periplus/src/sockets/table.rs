//! The caller's side: an answer as a table, in the columns of `ss`.

use super::details;
use crate::control::{Body, Gap, Queue, Timer};
use periplus_logbook::units;
use std::fmt::Write;
use std::net::SocketAddr;

/// How a column is set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Left,
    Right,
}

/// A socket: its cells, and whole lines below them.
struct Row {
    cells: Vec<String>,
    below: String,
}

const LISTENERS: &[(&str, Set)] = &[
    ("State", Set::Left),
    ("Recv-Q", Set::Right),
    ("Send-Q", Set::Right),
    ("Local Address:Port", Set::Left),
    ("syn_queue", Set::Right),
    ("accept_queue", Set::Right),
    ("overflows", Set::Right),
    ("Proto", Set::Left),
];

const CONNECTIONS: &[(&str, Set)] = &[
    ("State", Set::Left),
    ("Recv-Q", Set::Right),
    ("Send-Q", Set::Right),
    ("Local Address:Port", Set::Left),
    ("Peer Address:Port", Set::Left),
    ("Waiting", Set::Left),
];

/// What the process `pid` answered. Every line ends with a newline.
pub(super) fn table(pid: u32, lines: &[Body]) -> String {
    let mut out = String::new();
    let (mut listeners, mut connections) = (Vec::new(), Vec::new());
    let (mut remarks, mut counts) = (String::new(), String::new());
    for line in lines {
        match line {
            Body::Process { serves } => {
                let _ = writeln!(out, "pid {pid} serves {}", plain(serves));
            }
            Body::Shard {
                device,
                rx_ring,
                shard_gap,
                connections,
                half_open,
                time_wait,
            } => {
                let _ = writeln!(out, "{}", shard(device, *rx_ring, *shard_gap));
                counts = format!(
                    "{}, {half_open} half-open, {time_wait} in TIME-WAIT",
                    units::counted(*connections as u64, "connection")
                );
            }
            Body::Listener {
                local,
                protocol,
                syn_queue,
                accept_queue,
                counters,
                ..
            } => {
                listeners.push(Row {
                    cells: listener(*local, protocol.as_deref(), *syn_queue, *accept_queue),
                    below: counters.as_ref().map_or_else(String::new, details::counts),
                });
                remark(&mut remarks, *local, *syn_queue, SYN_QUEUE);
                remark(&mut remarks, *local, *accept_queue, ACCEPT_QUEUE);
            }
            Body::Datagram {
                local,
                receive_queue,
                send_queue,
                ..
            } => {
                listeners.push(Row {
                    cells: datagram_socket(*local, *receive_queue, *send_queue),
                    below: String::new(),
                });
                remark(&mut remarks, *local, *receive_queue, RECEIVE_QUEUE);
            }
            Body::Connection { .. } => connections.extend(connection(line)),
            Body::End { left_out: 0 }
            | Body::Error { .. }
            | Body::Counter { .. }
            | Body::Frames(_)
            | Body::Unknown => {}
            Body::End { left_out } => {
                let _ = write!(counts, "; {} not shown", units::grouped(*left_out as u64));
            }
        }
    }
    set(&mut out, LISTENERS, &listeners);
    out += &remarks;
    if !connections.is_empty() {
        out.push('\n');
        set(&mut out, CONNECTIONS, &connections);
    }
    let _ = writeln!(out, "\n{counts}");
    out
}

fn shard(device: &str, rx_ring: Queue, gap: Gap) -> String {
    let overflows = units::counted(rx_ring.overflows.unwrap_or(0), "overflow");
    let gap = match (gap.p99_ns, gap.max_ns) {
        (Some(p99), Some(max)) => format!("p99 {}, max {}", units::time(p99), units::time(max)),
        _ => "not seen".into(),
    };
    format!(
        "rx_ring {} ({}), {overflows}; shard_gap {gap}",
        filled(rx_ring),
        plain(device)
    )
}

fn listener(
    local: SocketAddr,
    protocol: Option<&str>,
    syn_queue: Queue,
    accept_queue: Queue,
) -> Vec<String> {
    let overflows = syn_queue.overflows.unwrap_or(0) + accept_queue.overflows.unwrap_or(0);
    vec![
        "LISTEN".into(),
        accept_queue.length.to_string(),
        accept_queue.limit.unwrap_or(0).to_string(),
        local.to_string(),
        filled(syn_queue),
        filled(accept_queue),
        overflows.to_string(),
        plain(protocol.unwrap_or("")),
    ]
}

/// It has no state, for which `ss` writes UNCONN, and no connections that could wait.
fn datagram_socket(local: SocketAddr, receive_queue: Queue, send_queue: Queue) -> Vec<String> {
    vec![
        "UNCONN".into(),
        receive_queue.length.to_string(),
        send_queue.length.to_string(),
        local.to_string(),
        String::new(),
        String::new(),
        receive_queue.overflows.unwrap_or(0).to_string(),
        "udp".into(),
    ]
}

/// A queue, its counter of overflows, and what they mean.
type Overflow = (&'static str, &'static str, &'static str);

const SYN_QUEUE: Overflow = (
    "syn_queue",
    "TCPReqQFullDoCookies, TCPReqQFullDrop",
    "handshakes begin faster than they end",
);
const ACCEPT_QUEUE: Overflow = (
    "accept_queue",
    "ListenOverflows",
    "the server does not come to accept",
);
const RECEIVE_QUEUE: Overflow = (
    "receive_queue",
    "UdpRcvbufErrors",
    "the program does not come to read",
);

/// A line for a queue that overflowed.
fn remark(out: &mut String, local: SocketAddr, queue: Queue, (name, counter, means): Overflow) {
    if let Some(count) = queue.overflows.filter(|&count| count > 0) {
        let times = units::counted(count, "time");
        let _ = writeln!(
            out,
            "  {local} {name} was full {times} ({counter}): {means}"
        );
    }
}

fn connection(line: &Body) -> Option<Row> {
    let Body::Connection {
        local,
        peer,
        state,
        receive_queue,
        reassembly_queue,
        send_queue,
        retransmit_queue,
        timer,
        info,
        counters,
        ..
    } = line
    else {
        return None;
    };
    let queues = [
        ("reassembly_queue", reassembly_queue),
        ("receive_queue", receive_queue),
        ("send_queue", send_queue),
        ("retransmit_queue", retransmit_queue),
    ];
    let mut waiting: Vec<_> = queues
        .into_iter()
        .filter(|(_, queue)| queue.length > 0)
        .map(|(name, queue)| format!("{name} {}", filled_bytes(*queue)))
        .collect();
    if let Some(Timer { name, due_ns }) = timer {
        waiting.push(format!("timer {} {}", plain(name), units::time(*due_ns)));
    }
    let mut below = info.as_ref().map_or_else(String::new, details::of_path);
    below += &counters.as_ref().map_or_else(String::new, details::counts);
    let cells = vec![
        plain(state),
        receive_queue.length.to_string(),
        (send_queue.length + retransmit_queue.length).to_string(),
        local.to_string(),
        peer.to_string(),
        waiting.join(", "),
    ];
    Some(Row { cells, below })
}

/// `3/128`.
fn filled(queue: Queue) -> String {
    match queue.limit {
        Some(limit) => format!("{}/{limit}", queue.length),
        None => queue.length.to_string(),
    }
}

/// `1.50 KiB/512 KiB`.
fn filled_bytes(queue: Queue) -> String {
    let length = units::bytes(queue.length);
    match queue.limit {
        Some(limit) => format!("{length}/{}", units::bytes(limit)),
        None => length,
    }
}

/// The head and the rows, each column as wide as it needs to be.
fn set(out: &mut String, columns: &[(&str, Set)], rows: &[Row]) {
    let head = Row {
        cells: columns.iter().map(|(name, _)| name.to_string()).collect(),
        below: String::new(),
    };
    let mut widths: Vec<usize> = head.cells.iter().map(|name| name.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for ((cell, &width), (_, set)) in row.cells.iter().zip(&widths).zip(columns) {
            let _ = match set {
                Set::Left => write!(line, "{cell:<width$} "),
                Set::Right => write!(line, "{cell:>width$} "),
            };
        }
        out.push_str(line.trim_end());
        out.push('\n');
        out.push_str(&row.below);
    }
}

/// Without what would move a terminal's cursor.
pub(super) fn plain(text: &str) -> String {
    let visible = |character: char| {
        if character.is_control() {
            '\u{fffd}'
        } else {
            character
        }
    };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests;
