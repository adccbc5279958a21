//! The record, on the terminal and in the file.

use crate::support::{Folder, Recording, Server, get};

const MILLISECOND: u64 = 1_000_000;

#[test]
fn the_first_journey_is_on_the_terminal_and_the_limits_of_the_record_are_said_once() {
    let folder = Folder::new().with("a.txt", b"hello");
    let mut server = Server::start(folder.path(), &[] as &[&str]);
    get(&server.url("/a.txt"), &[]);
    let title = server.wait_for_line("GET /a.txt HTTP/1.1");
    assert!(
        title.contains("→ 200,") && title.contains("(journey 1)"),
        "{title}"
    );
    for station in [
        "syn_queue",
        "accept_queue",
        "receive_queue",
        "parse",
        "process",
        "file_read",
        "send_queue",
    ] {
        server.wait_for_line(station);
    }
    server.wait_for_line("total");
    for _ in 0..5 {
        get(&server.url("/a.txt"), &[]);
    }
    let ended = server.stop();
    let said_first = format!("Serving {} on http://127.0.0.1:", folder.path().display());
    assert!(ended.talk.starts_with(&said_first), "{}", ended.talk);
    assert_eq!(
        ended.talk.matches("outside the record").count(),
        1,
        "{}",
        ended.talk
    );
    assert!(ended.talk.contains("not shown"), "{}", ended.talk);
    assert!(
        !ended.talk.contains('\x1b'),
        "no colour where nobody sees it"
    );
    assert!(
        ended.data.is_empty(),
        "stdout is data, and none was asked for"
    );
}

#[test]
fn quiet_says_the_address_and_nothing_of_journeys() {
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet"]);
    get(&server.url("/a.txt"), &[]);
    let ended = server.stop();
    assert!(!ended.talk.contains("syn_queue"), "{}", ended.talk);
}

#[test]
fn a_dash_writes_the_journeys_to_stdout() {
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet", "--journeys", "-"]);
    get(&server.url("/a.txt"), &[]);
    let address = server.address.to_string();
    let recording = Recording::parse(&server.stop().data);
    recording.check();
    let requests = recording.requests();
    assert_eq!(requests.len(), 1);
    let request = requests[0];
    assert_eq!(request["v"], 1);
    assert_eq!(request["device"], "memory");
    assert_eq!(request["local"], address);
    assert!(
        request["peer"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{request}"
    );
    assert_eq!(request["handshake"], "queue");
    assert_eq!(request["protocol"], "http/1.1");
    assert_eq!(request["request"], "GET /a.txt HTTP/1.1");
    assert_eq!(request["status"], 200);
    assert_eq!(request["outcome"], "answered");
    assert_eq!(request["coarse"], false);
    let stations = Recording::stations(request);
    assert_eq!(stations.first(), Some(&"syn_queue"));
    assert_eq!(stations.last(), Some(&"retransmit_queue"));
    let overlays = request["overlay"].as_array().unwrap();
    assert!(
        overlays
            .iter()
            .any(|overlay| overlay["station"] == "file_read"),
        "{request}"
    );
}

#[test]
fn an_idle_server_answers_within_a_millisecond() {
    const REQUESTS: usize = 25;
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet", "--journeys", "-"]);
    for _ in 0..REQUESTS {
        get(&server.url("/a.txt"), &[]);
    }
    let recording = Recording::parse(&server.stop().data);
    recording.check();
    let mut times: Vec<_> = recording
        .requests()
        .iter()
        .map(|request| request["server_ns"].as_u64().expect("it was answered"))
        .collect();
    assert_eq!(times.len(), REQUESTS);
    times.sort_unstable();
    let (shortest, median, longest) = (times[0], times[REQUESTS / 2], times[REQUESTS - 1]);
    println!("server_ns of {REQUESTS} requests: {shortest} to {longest}, median {median}");
    // Other programs may have the machine's cores for longer than that; they do not have them 25 times in a row.
    assert!(shortest < MILLISECOND, "{times:?}");
}

#[test]
fn a_connection_without_a_request_has_a_record() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &["--quiet", "--journeys", "-"]);
    let socket = std::net::TcpStream::connect(server.address).expect("a connection");
    socket
        .shutdown(std::net::Shutdown::Write)
        .expect("it can be ended");
    // The server ends it too, which is how we know that it was there.
    assert_eq!(
        std::io::Read::read(&mut &socket, &mut [0; 1]).expect("an orderly end"),
        0
    );
    let recording = Recording::parse(&server.stop().data);
    recording.check();
    assert_eq!(recording.all().len(), 1);
    assert_eq!(recording.all()[0]["kind"], "connection");
    assert!(recording.all()[0].get("request").is_none());
}
