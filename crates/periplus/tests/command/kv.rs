//! The key-value protocol, by the client of the examples and by bare sockets.

#[path = "../../../../examples/kv_client.rs"]
#[allow(dead_code, reason = "what an example does with its arguments")]
mod kv_client;

use crate::support::{Folder, Recording, Server, periplus};
use kv_client::Client;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

/// Whoever is refused may go on speaking until he has said all, on a slow machine as well.
const LISTENERS: &str = "\
[timeouts]
linger = \"60 min\"

[[listener]]
protocol = \"http\"
port = 0

[[listener]]
protocol = \"kv\"
port = 0
";

/// A server of keys and values, where it keeps them, and what is left of it.
struct Kept {
    server: Server,
    address: String,
    folder: Folder,
}

impl Kept {
    fn start() -> Kept {
        let folder = Folder::new().with("periplus.toml", LISTENERS.as_bytes());
        let mut command = periplus();
        command
            .args(["serve", ".", "--quiet", "--journeys", "journeys.jsonl"])
            .current_dir(folder.path());
        let mut server = Server::spawn(command);
        let line = server.wait_for_line("Keeping keys and values on ");
        let address = line.rsplit(' ').next().expect("an address").into();
        Kept {
            server,
            address,
            folder,
        }
    }

    fn client(&self) -> Client {
        Client::connect(&self.address).expect("a connection")
    }

    /// Sends these bytes and nothing more, and reads to the end.
    fn say(&self, bytes: &[u8]) -> String {
        let mut socket = TcpStream::connect(&self.address).expect("a connection");
        socket.write_all(bytes).expect("sent");
        read(&mut socket)
    }

    /// The journeys of the requests, each with a spine that sums.
    fn requests(self) -> Vec<Value> {
        let ended = self.server.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.talk);
        let recording = Recording::read(&self.folder.join("journeys.jsonl"));
        recording.check();
        recording.requests().into_iter().cloned().collect()
    }
}

fn read(socket: &mut TcpStream) -> String {
    let mut answers = String::new();
    socket.read_to_string(&mut answers).expect("answers");
    answers
}

fn number(record: &Value, key: &str) -> usize {
    record[key].as_u64().expect("a number") as usize
}

#[test]
fn a_hundred_clients_set_and_get_at_the_same_time() {
    const CLIENTS: usize = 100;
    const ROUNDS: usize = 5;
    let kept = Kept::start();
    // All of them are connected before the first asks.
    let clients: Vec<_> = (0..CLIENTS).map(|_| kept.client()).collect();
    thread::scope(|scope| {
        for (number, mut client) in clients.into_iter().enumerate() {
            scope.spawn(move || {
                let mut ask = |request: &str| client.ask(request).expect("an answer");
                let value = "v".repeat(number * 10);
                let shared = format!("by {number},").repeat(50);
                for round in 0..ROUNDS {
                    let set = format!("set of-{number} {round} {value}");
                    assert_eq!(ask(&set), "stored");
                    assert_eq!(ask(&format!("set all {shared}")), "stored");
                    // Whoever was the last to set it, it is whole.
                    let all = ask("get all");
                    let (who, _) = all["value ".len()..].split_once(',').expect("a value");
                    assert_eq!(all, format!("value {}", format!("{who},").repeat(50)));
                    let get = format!("get of-{number}");
                    assert_eq!(ask(&get), format!("value {round} {value}"));
                }
                assert_eq!(ask("quit"), "bye");
            });
        }
    });
    let requests = kept.requests();
    assert_eq!(requests.len(), CLIENTS * (ROUNDS * 4 + 1));
    let named = |name: &str| {
        let name = Value::from(name);
        requests
            .iter()
            .filter(move |record| record["request"] == name)
    };
    assert_eq!(named("set all").count(), CLIENTS * ROUNDS);
    for client in 0..CLIENTS {
        let sets: Vec<_> = named(&format!("set of-{client}")).collect();
        assert_eq!(sets.len(), ROUNDS);
        let length = format!("set of-{client} 0 \n").len() + client * 10;
        assert!(
            sets.iter()
                .all(|record| number(record, "bytes_in") == length)
        );
        let stored = sets
            .iter()
            .all(|record| number(record, "bytes_out") == "stored\n".len());
        assert!(stored, "{sets:?}");
        for record in named(&format!("get of-{client}")) {
            let answer = "value 0 \n".len() + client * 10;
            assert_eq!(number(record, "bytes_out"), answer, "{record}");
        }
    }
    for record in &requests {
        assert_eq!(record["protocol"], "kv");
        assert_eq!(record["outcome"], "answered");
        assert!(record["reason"].is_null());
    }
    let handshakes = requests
        .iter()
        .filter(|record| !record["handshake"].is_null());
    assert_eq!(handshakes.count(), CLIENTS);
}

#[test]
fn what_is_wrong_is_answered_and_closed_and_nobody_else_notices() {
    let kept = Kept::start();
    let mut neighbour = kept.client();
    assert_eq!(neighbour.ask("set a 1").expect("an answer"), "stored");
    let key = "k".repeat(251);
    let value = "v".repeat(65_537);
    let cases = [
        ("\n".into(), "unknown_case in verb"),
        ("frobnicate a\n".into(), "unknown_case in verb"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            "unknown_case in verb",
        ),
        ("ping pong\n".into(), "bad_value in verb"),
        ("get\n".into(), "bad_value in key"),
        ("get a b\n".into(), "bad_value in key"),
        ("get a\tb\n".into(), "bad_value in key"),
        ("set a\n".into(), "bad_value in value"),
        ("set a \x07\n".into(), "bad_value in value"),
        (format!("get {key}\n"), "too_large in key"),
        (format!("set a {value}\n"), "too_large in value"),
        (format!("set a {}", value.repeat(20)), "too_large in value"),
    ];
    for (request, error) in &cases {
        let answers = kept.say(format!("get a\n{request}get a\n").as_bytes());
        let start = format!("value 1\nerror {error}: ");
        assert!(answers.starts_with(&start), "{error}: {answers}");
        assert_eq!(answers.lines().count(), 2, "{answers}");
        assert_eq!(neighbour.ask("get a").expect("an answer"), "value 1");
    }
    let answers = kept.say(b"get \xff\xfe\n");
    assert!(
        answers.starts_with("error bad_encoding in key: "),
        "{answers}"
    );

    let requests = kept.requests();
    let rejected: Vec<_> = requests
        .iter()
        .filter(|record| record["outcome"] == "rejected")
        .collect();
    assert_eq!(rejected.len(), cases.len() + 1);
    for (record, (_, error)) in rejected.iter().zip(&cases) {
        assert_eq!(record["reason"], *error);
        assert_eq!(record["protocol"], "kv");
        assert!(Recording::stations(record).contains(&"parse"), "{record}");
        let answered = number(record, "bytes_out");
        assert!(
            answered > 0 && number(record, "acked") == answered,
            "{record}"
        );
    }
}

#[test]
fn a_client_that_leaves_within_a_line_has_a_journey_that_says_where() {
    let kept = Kept::start();
    let mut half_closed = TcpStream::connect(&kept.address).expect("a connection");
    half_closed.write_all(b"set a unfin").expect("sent");
    half_closed.shutdown(Shutdown::Write).expect("it is open");
    let answer = read(&mut half_closed);
    assert_eq!(answer, "error truncated in value: the line has no end\n");
    let requests = kept.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["reason"], "truncated in value");
    assert_eq!(number(&requests[0], "bytes_in"), "set a unfin".len());
}

#[test]
fn a_thousand_pipelined_requests_have_a_journey_each() {
    let kept = Kept::start();
    let (mut requests, mut answers) = (String::new(), String::new());
    for number in 0..500 {
        requests.push_str(&format!("set k{number} {number}\nget k{number}\n"));
        answers.push_str(&format!("stored\nvalue {number}\n"));
    }
    let all = kept.say(format!("{requests}quit\n").as_bytes());
    assert!(all == format!("{answers}bye\n"), "{all}");
    let records = kept.requests();
    assert_eq!(records.len(), 1001);
    let lengths = |key| {
        records
            .iter()
            .map(|record| number(record, key))
            .collect::<Vec<_>>()
    };
    let lines = |text: &str| text.split_inclusive('\n').map(str::len).collect::<Vec<_>>();
    assert_eq!(lengths("bytes_in")[..1000], lines(&requests));
    assert_eq!(lengths("bytes_out")[..1000], lines(&answers));
    assert_eq!(lengths("acked")[..1000], lines(&answers));
    let waited = records
        .iter()
        .filter(|record| Recording::stations(record).contains(&"receive_queue"));
    assert!(waited.count() > 900, "they wait for the ones before them");
}
