//! `--control`: how a server says that it is well.

use crate::support::{Folder, Server, get, pattern};
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::TcpStream;

fn start(folder: &Folder) -> (Server, String) {
    let mut server = Server::start(folder.path(), &["--quiet", "--control", "127.0.0.1:0"]);
    let line = server.wait_for_line("Telling how it is on ");
    let url = line.rsplit(' ').next().expect("a URL");
    let url = url.strip_suffix("/metrics").expect("of the metrics");
    (server, url.to_string())
}

#[test]
fn a_server_that_serves_is_well_and_tells_what_it_counted() {
    let folder = Folder::new().with("a.txt", b"hello");
    let (server, control) = start(&folder);
    for path in ["/healthz", "/readyz"] {
        let answer = get(&format!("{control}{path}"), &[]);
        assert_eq!((answer.status(), &*answer.body), (200, &b"ok\n"[..]));
    }
    assert_eq!(get(&format!("{control}/else"), &[]).status(), 404);
    let refused = get(&format!("{control}/healthz"), &["-X", "POST"]);
    assert_eq!(
        (refused.status(), refused.header("allow")),
        (405, Some("get, head"))
    );
    for _ in 0..3 {
        get(&server.url("/a.txt"), &[]);
    }
    let metrics = get(&format!("{control}/metrics"), &[]);
    let text = String::from_utf8(metrics.body).expect("text");
    let address = server.address;
    for line in [
        "# TYPE periplus_serve_requests_total counter".to_string(),
        "# HELP periplus_serve_requests_total Calls of the handler.".to_string(),
        format!("periplus_serve_requests_total{{listener=\"{address}\"}} 3"),
        "periplus_nstat_total{name=\"TcpPassiveOpens\"} 3".to_string(),
        format!("periplus_queue_limit{{listener=\"{address}\",queue=\"accept_queue\"}} 4096"),
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in {text}");
    }
    for (index, line) in text.lines().enumerate() {
        if let Some((name, _)) = line
            .strip_prefix("# TYPE ")
            .and_then(|line| line.split_once(' '))
        {
            let before = text.lines().nth(index - 1).expect("its meaning");
            let help = format!("# HELP {name} ");
            assert!(before.starts_with(&help) && before.ends_with('.'), "{name}");
        }
    }
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_server_that_drains_says_so() {
    let folder = Folder::new().with("large.bin", &pattern(24 << 20));
    let (mut server, control) = start(&folder);
    let mut download = TcpStream::connect(server.address).expect("a connection");
    let request = b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n";
    download.write_all(request).expect("sent");
    download
        .read_exact(&mut [0; 12])
        .expect("the answer begins");
    server.signal(Signal::TERM);
    server.wait_for_line("Draining");
    let answer = get(&format!("{control}/healthz"), &[]);
    assert_eq!((answer.status(), &*answer.body), (503, &b"draining\n"[..]));
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn without_it_there_is_none() {
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet"]);
    assert_eq!(get(&server.url("/healthz"), &[]).status(), 404);
    assert!(!server.stop().talk.contains("Telling how it is"));
}
