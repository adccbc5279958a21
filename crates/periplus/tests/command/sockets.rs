//! `periplus sockets`.

use crate::support::{Folder, RUNTIME_DIR, Server, get, pattern, periplus};
use rustix::process::Signal;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

/// What `periplus sockets` gives: its exit code, data, talk.
pub(super) fn sockets(runtime: &Path, options: &[&str]) -> (Option<i32>, String, String) {
    let output = periplus()
        .env(RUNTIME_DIR, runtime)
        .arg("sockets")
        .args(options)
        .output()
        .expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The lines of `periplus sockets --json`.
pub(super) fn lines(runtime: &Path, options: &[&str]) -> Vec<Value> {
    let options = [&["--json"], options].concat();
    let (code, data, talk) = sockets(runtime, &options);
    assert_eq!((code, talk.as_str()), (Some(0), ""), "{data}");
    data.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

pub(super) fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["kind"] == kind).collect()
}

/// Serves `folder` quietly, with the control socket in `runtime`.
pub(super) fn start(runtime: &Path, folder: &Path) -> Server {
    let mut command = periplus();
    command
        .env(RUNTIME_DIR, runtime)
        .arg("serve")
        .arg(folder)
        .args(["--listen", "127.0.0.1:0", "--quiet"]);
    Server::spawn(command)
}

/// A folder for control sockets, and a server that has its own there.
pub(super) fn served() -> (Folder, Folder, Server) {
    let (runtime, folder) = (Folder::new(), Folder::new().with("a.txt", b"hello"));
    let server = start(runtime.path(), folder.path());
    (runtime, folder, server)
}

fn ask(connection: &mut TcpStream) {
    connection
        .write_all(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sent");
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while !answer.ends_with(b"\r\n\r\nhello") {
        let count = connection.read(&mut buffer).expect("an answer");
        assert!(count > 0, "closed");
        answer.extend_from_slice(&buffer[..count]);
    }
}

#[test]
fn a_listener_is_an_object_with_its_two_queues_and_every_connection_is_told_of() {
    const CROWD: usize = 300;
    let (runtime, folder, server) = served();
    let mut connections: Vec<TcpStream> = (0..CROWD)
        .map(|_| TcpStream::connect(server.address).expect("a connection"))
        .collect();
    connections.iter_mut().for_each(ask);

    let told = lines(runtime.path(), &[]);
    for line in &told {
        assert_eq!(line["v"], 1, "{line}");
        assert_eq!(line["pid"], server.pid(), "{line}");
    }
    let path = folder.path().canonicalize().expect("a path");
    assert_eq!(told[0]["kind"], "process");
    assert_eq!(told[0]["serves"], path.to_str().expect("Unicode"));

    let [shard] = of_kind(&told, "shard")[..] else {
        panic!("{told:?}");
    };
    assert_eq!(shard["device"], "memory");
    assert_eq!(shard["rx_ring"]["limit"], 1024);
    assert_eq!(shard["rx_ring"]["overflows"], 0);
    assert_eq!(shard["connections"], CROWD);
    assert!(shard["shard_gap"]["count"].as_u64() > Some(0), "{shard}");
    assert!(shard["shard_gap"]["p99_ns"].as_u64() <= shard["shard_gap"]["max_ns"].as_u64());

    let [listener] = of_kind(&told, "listener")[..] else {
        panic!("{told:?}");
    };
    assert_eq!(listener["local"], server.address.to_string());
    assert_eq!(listener["protocol"], "http");
    for queue in ["syn_queue", "accept_queue"] {
        assert_eq!(listener[queue]["length"], 0, "{listener}");
        assert!(listener[queue]["limit"].as_u64() > Some(1000), "{listener}");
        assert_eq!(listener[queue]["overflows"], 0, "{listener}");
    }

    let mut peers: Vec<_> = of_kind(&told, "connection")
        .iter()
        .map(|connection| {
            assert_eq!(connection["local"], server.address.to_string());
            assert_eq!(connection["state"], "ESTAB");
            assert_eq!(connection["receive_queue"]["length"], 0, "{connection}");
            assert!(connection["receive_queue"]["limit"].is_u64());
            connection["peer"].as_str().expect("an address").to_string()
        })
        .collect();
    let mut expected: Vec<_> = connections
        .iter()
        .map(|connection| connection.local_addr().expect("an address").to_string())
        .collect();
    peers.sort();
    expected.sort();
    assert_eq!(peers, expected);

    let last = told.last().expect("a line");
    assert_eq!(
        (&last["kind"], &last["left_out"]),
        (&"end".into(), &0.into())
    );

    let listening = lines(runtime.path(), &["--listening"]);
    assert_eq!(of_kind(&listening, "connection").len(), 0);
    assert_eq!(of_kind(&listening, "listener").len(), 1);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn the_table_has_the_columns_of_ss_and_a_connection_says_where_it_waits() {
    let (runtime, folder) = (
        Folder::new(),
        Folder::new().with("large.bin", &pattern(48 * 1024 * 1024)),
    );
    let server = start(runtime.path(), folder.path());
    let mut nobody_reads = TcpStream::connect(server.address).expect("a connection");
    nobody_reads
        .write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sent");
    // Until the buffers of the host are full, and the answer waits in ours: then nothing moves any more.
    let mut before = String::new();
    let table = loop {
        let (code, table, talk) = sockets(runtime.path(), &[]);
        assert_eq!((code, talk.as_str()), (Some(0), ""));
        let waiting = |table: &str| {
            Some(
                table
                    .split_once("send_queue ")?
                    .1
                    .split_once(',')?
                    .0
                    .to_string(),
            )
        };
        if waiting(&table).is_some_and(|now| Some(now) == waiting(&before)) {
            break table;
        }
        before = table;
    };
    let pid = server.pid();
    assert!(table.starts_with(&format!("pid {pid} serves ")), "{table}");
    let mut rows = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listener = rows
        .find(|row| row.first() == Some(&"LISTEN"))
        .expect("a listener");
    let address = server.address.to_string();
    assert_eq!(listener[1..4], ["0", "4096", address.as_str()]);
    assert!(
        listener[4].starts_with("0/") && listener[5] == "0/4096",
        "{table}"
    );
    assert_eq!(listener[6..], ["0", "http"]);
    let connection = rows
        .find(|row| row.first() == Some(&"ESTAB"))
        .expect("a connection");
    let peer = nobody_reads.local_addr().expect("an address").to_string();
    assert_eq!(connection[3..5], [address.as_str(), peer.as_str()]);
    assert!(connection[2].parse::<u64>().expect("Send-Q") > 0, "{table}");
    let head: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with("State"))
        .collect();
    assert!(
        head[0].starts_with("State  Recv-Q Send-Q Local Address:Port"),
        "{table}"
    );
    assert!(head[1].contains("Local Address:Port") && head[1].contains("Peer Address:Port"));
}

#[test]
fn connections_that_are_over_are_told_of_when_asked_for() {
    let (runtime, _folder, server) = served();
    // The server closes first, and so it is who waits.
    get(&server.url("/a.txt"), &["--header", "Connection: close"]);
    let all = loop {
        let all = lines(runtime.path(), &["--all"]);
        let states = of_kind(&all, "connection");
        if states
            .iter()
            .any(|connection| connection["state"] == "TIME-WAIT")
        {
            break all;
        }
    };
    let connection = of_kind(&all, "connection")[0];
    assert_eq!(connection["timer"]["name"], "time_wait");
    assert!(connection["timer"]["due_ns"].as_u64() <= Some(60_000_000_000));
    assert_eq!(of_kind(&all, "shard")[0]["time_wait"], 1);
    assert_eq!(of_kind(&lines(runtime.path(), &[]), "connection").len(), 0);
}

#[test]
fn two_servers_and_two_who_ask_at_once() {
    let (runtime, _folder, first) = served();
    let other = Folder::new().with("b.txt", b"b");
    let second = start(runtime.path(), other.path());
    let mut pids = [first.pid(), second.pid()];
    pids.sort_unstable();
    let asked = || {
        let told = lines(runtime.path(), &["--listening"]);
        let told = of_kind(&told, "process");
        assert_eq!(told.len(), 2);
        assert!(told.iter().zip(pids).all(|(line, pid)| line["pid"] == pid));
    };
    std::thread::scope(|scope| {
        scope.spawn(asked);
        scope.spawn(asked);
    });
    let (_, table, _) = sockets(runtime.path(), &[]);
    for pid in pids {
        assert!(table.contains(&format!("pid {pid} serves ")), "{table}");
    }
    let one = lines(runtime.path(), &["--pid", &second.pid().to_string()]);
    assert!(one.iter().all(|line| line["pid"] == second.pid()));
    let (code, data, talk) = sockets(runtime.path(), &["--pid", "1"]);
    assert_eq!((code, data.as_str()), (Some(1), ""));
    let [one, other] = pids;
    let expected = format!(
        "periplus: process 1 is no running periplus of yours\n  Running are: {one}, {other}.\n"
    );
    assert_eq!(talk, expected);
}

#[test]
fn with_none_running_it_is_1_and_says_what_to_do() {
    let runtime = Folder::new();
    for folder in [runtime.path(), &runtime.join("nowhere")] {
        let (code, data, talk) = sockets(folder, &[]);
        assert_eq!((code, data.as_str()), (Some(1), ""));
        assert!(
            talk.starts_with(
                "periplus: no periplus of yours is running\n  Start one with `periplus serve DIR`"
            ),
            "{talk}"
        );
    }
}

#[test]
fn a_server_that_is_stopped_is_told_of_and_the_others_answer() {
    let (runtime, _folder, stopped) = served();
    let other = Folder::new();
    let awake = start(runtime.path(), other.path());
    stopped.signal(Signal::STOP);
    let (code, data, talk) = sockets(runtime.path(), &["--json"]);
    stopped.signal(Signal::CONT);
    assert_eq!(code, Some(1));
    let told: Value = serde_json::from_str(data.lines().next().expect("a line")).expect("JSON");
    assert_eq!(told["pid"], awake.pid());
    let expected = format!(
        "process {} did not answer: it has said nothing for 5 seconds\n",
        stopped.pid()
    );
    assert!(talk.contains(&expected), "{talk}");
}

#[test]
fn info_tells_of_each_connection_what_tcp_info_does_and_what_it_and_the_listener_counted() {
    let (runtime, _folder, server) = served();
    let mut connection = TcpStream::connect(server.address).expect("a connection");
    ask(&mut connection);
    // Until the answer's last ACK is here, which may be on its way when the client has the answer.
    let told = loop {
        let told = lines(runtime.path(), &["--info"]);
        let info = &of_kind(&told, "connection")[0]["info"];
        if info["unacked"] == 0 {
            break told;
        }
    };
    let told = of_kind(&told, "connection");
    let info = &told[0]["info"];
    assert_eq!(info["bytes_received"], 32, "{info}");
    assert!(info["data_segs_in"].as_u64() >= Some(1), "{info}");
    let sent_again = info["bytes_retrans"].as_u64();
    let acked = info["bytes_acked"].as_u64();
    let sent = acked.zip(sent_again).map(|(once, again)| once + again);
    assert_eq!(info["bytes_sent"].as_u64(), sent, "{info}");
    assert_eq!(info["ca_state"], "open", "{info}");
    assert!(info["rtt_ns"].as_u64() > Some(0), "{info}");
    assert!(info["min_rtt_ns"].as_u64() <= info["rtt_ns"].as_u64());
    assert!(told[0]["counters"].is_object(), "{}", told[0]);
    let plain = lines(runtime.path(), &[]);
    assert_eq!(of_kind(&plain, "connection")[0].get("info"), None);

    let (code, table, _) = sockets(runtime.path(), &["-i"]);
    assert_eq!(code, Some(0));
    let below: Vec<_> = table
        .lines()
        .skip_while(|line| !line.starts_with("ESTAB"))
        .collect();
    assert!(below[1].starts_with("  path   open timestamps"), "{table}");
    assert!(table.contains(" bytes_received:32 "), "{table}");
    assert!(below.iter().skip(1).all(|line| line.chars().count() <= 80));
}

#[test]
fn statistics_are_the_stacks_counters_by_the_names_of_nstat() {
    let (runtime, _folder, server) = served();
    get(&server.url("/a.txt"), &[]);
    let told = lines(runtime.path(), &["--statistics"]);
    let counted = |name: &str| {
        let counters = of_kind(&told, "counter");
        let of_name = counters.iter().find(|line| line["name"] == name);
        of_name.map(|line| line["value"].clone())
    };
    assert_eq!(counted("TcpPassiveOpens"), Some(1.into()));
    assert_eq!(counted("TcpExtListenOverflows"), None, "it is 0");
    let frames = of_kind(&told, "frames")[0];
    let received = frames["received"].as_u64();
    assert!(received >= counted("TcpInSegs").and_then(|count| count.as_u64()));
    let all = lines(runtime.path(), &["-s", "-a"]);
    let zero = of_kind(&all, "counter")
        .into_iter()
        .find(|line| line["name"] == "TcpExtListenOverflows")
        .expect("counted");
    assert_eq!(zero["value"], 0);

    let (code, table, _) = sockets(runtime.path(), &["-s"]);
    assert_eq!(code, Some(0));
    let row = format!("{:<32}1", "TcpPassiveOpens");
    assert!(table.lines().any(|line| line == row), "{table}");
    assert!(table.contains(" frames came in: "), "{table}");
    let (code, _, _) = sockets(runtime.path(), &["-s", "-l"]);
    assert_eq!(code, Some(2));
}
