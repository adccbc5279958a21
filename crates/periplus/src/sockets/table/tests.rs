use super::*;
use crate::control::Body;

fn queue(length: u64, limit: u64, overflows: Option<u64>) -> Queue {
    Queue {
        length,
        limit: Some(limit),
        overflows,
    }
}

fn start(counts: (usize, usize, usize)) -> Vec<Body> {
    vec![
        Body::Process {
            serves: "/srv/site".into(),
        },
        Body::Shard {
            device: "memory".into(),
            rx_ring: queue(0, 1024, Some(0)),
            shard_gap: Gap {
                count: 12,
                p50_ns: Some(1_000),
                p99_ns: Some(41_000),
                max_ns: Some(1_200_000),
            },
            connections: counts.0,
            half_open: counts.1,
            time_wait: counts.2,
        },
    ]
}

fn listener(local: &str, syn_queue: Queue, accept_queue: Queue) -> Body {
    Body::Listener {
        local: local.parse().unwrap(),
        protocol: Some("http".into()),
        syn_queue,
        accept_queue,
        drops: 0,
        counters: None,
    }
}

fn connection(state: &'static str, lengths: [u64; 4], timer: Option<Timer>) -> Body {
    let [receive, reassembly, send, retransmit] =
        lengths.map(|length| queue(length, 512 * 1024, None));
    Body::Connection {
        local: "127.0.0.1:8080".parse().unwrap(),
        peer: "127.0.0.1:40001".parse().unwrap(),
        state: state.into(),
        receive_queue: receive,
        reassembly_queue: reassembly,
        receive_memory: 0,
        send_queue: send,
        retransmit_queue: retransmit,
        timer,
        info: None,
        counters: None,
    }
}

#[test]
fn an_idle_server() {
    let mut lines = start((1, 0, 2));
    lines.push(listener(
        "127.0.0.1:8080",
        queue(0, 4096, Some(0)),
        queue(0, 4096, Some(0)),
    ));
    lines.push(connection("ESTAB", [0; 4], None));
    lines.push(Body::End { left_out: 0 });
    assert_eq!(
        table(4711, &lines),
        "\
pid 4711 serves /srv/site
rx_ring 0/1024 (memory), 0 overflows; shard_gap p99 41.0 µs, max 1.20 ms
State  Recv-Q Send-Q Local Address:Port syn_queue accept_queue overflows Proto
LISTEN      0   4096 127.0.0.1:8080        0/4096       0/4096         0 http

State Recv-Q Send-Q Local Address:Port Peer Address:Port Waiting
ESTAB      0      0 127.0.0.1:8080     127.0.0.1:40001

1 connection, 0 half-open, 2 in TIME-WAIT
"
    );
}

#[test]
fn queues_that_overflowed_are_told_of_and_connections_say_where_they_wait() {
    let mut lines = start((70_000, 1, 0));
    lines.push(listener(
        "203.100.200.100:8080",
        queue(3, 128, Some(1_200)),
        queue(129, 128, Some(3)),
    ));
    let timer = Timer {
        name: "retransmission".into(),
        due_ns: 200_000_000,
    };
    lines.push(connection("ESTAB", [100, 0, 5_400, 14_600], Some(timer)));
    lines.push(connection("CLOSE-WAIT", [0, 70_000, 0, 0], None));
    lines.push(Body::End { left_out: 69_998 });
    assert_eq!(
        table(4711, &lines),
        "\
pid 4711 serves /srv/site
rx_ring 0/1024 (memory), 0 overflows; shard_gap p99 41.0 µs, max 1.20 ms
State  Recv-Q Send-Q Local Address:Port   syn_queue accept_queue overflows Proto
LISTEN    129    128 203.100.200.100:8080     3/128      129/128      1203 http
  203.100.200.100:8080 syn_queue was full 1,200 times (TCPReqQFullDoCookies, TCPReqQFullDrop): handshakes begin faster than they end
  203.100.200.100:8080 accept_queue was full 3 times (ListenOverflows): the server does not come to accept

State      Recv-Q Send-Q Local Address:Port Peer Address:Port Waiting
ESTAB         100  20000 127.0.0.1:8080     127.0.0.1:40001   receive_queue 100 B/512 KiB, send_queue 5.27 KiB/512 KiB, retransmit_queue 14.3 KiB/512 KiB, timer retransmission 200 ms
CLOSE-WAIT      0      0 127.0.0.1:8080     127.0.0.1:40001   reassembly_queue 68.4 KiB/512 KiB

70,000 connections, 1 half-open, 0 in TIME-WAIT; 69,998 not shown
"
    );
}

#[test]
fn a_udp_socket_stands_among_the_listeners() {
    let mut lines = start((0, 0, 0));
    lines.push(listener(
        "10.77.0.2:80",
        queue(0, 128, Some(0)),
        queue(0, 128, Some(0)),
    ));
    lines.push(Body::Datagram {
        local: "10.77.0.2:53".parse().unwrap(),
        receive_queue: queue(212_900, 212_992, Some(7)),
        datagrams: 150,
        send_queue: queue(0, 212_992, None),
    });
    lines.push(Body::End { left_out: 0 });
    let table = table(4711, &lines);
    let (_, table) = table.split_once("max 1.20 ms\n").unwrap();
    assert_eq!(
        table,
        "\
State  Recv-Q Send-Q Local Address:Port syn_queue accept_queue overflows Proto
LISTEN      0    128 10.77.0.2:80           0/128        0/128         0 http
UNCONN 212900      0 10.77.0.2:53                                      7 udp
  10.77.0.2:53 receive_queue was full 7 times (UdpRcvbufErrors): the program does not come to read

0 connections, 0 half-open, 0 in TIME-WAIT
"
    );
}

#[test]
fn a_listeners_line_fits_into_eighty_columns() {
    let mut lines = start((0, 0, 0));
    lines.push(listener(
        "192.168.100.100:8080",
        queue(4096, 4096, Some(0)),
        queue(4097, 4096, Some(1_000_000)),
    ));
    lines.push(Body::End { left_out: 0 });
    let table = table(4711, &lines);
    let widest = table
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.chars().count());
    assert!(widest.max() <= Some(80), "{table}");
}

#[test]
fn nothing_in_a_name_moves_the_cursor() {
    let lines = [Body::Process {
        serves: "/srv/\x1b[2Jsite\n".into(),
    }];
    assert!(table(1, &lines).starts_with("pid 1 serves /srv/\u{fffd}[2Jsite\u{fffd}\n"));
}
