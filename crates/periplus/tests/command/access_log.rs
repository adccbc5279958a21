//! `--access-log`: who asked for what, and where it waited.

use crate::support::{Folder, Recording, Server, curl, get, nobody_exists, periplus};
use rustix::process::Signal;
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

fn lines(path: &Path) -> Vec<Value> {
    Recording::parse(&std::fs::read_to_string(path).expect("a log"))
        .all()
        .to_vec()
}

/// Waits until it is so, for as long as nobody would believe.
fn becomes(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "not so: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn every_request_is_a_line_with_what_it_said_and_where_it_waited() {
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet", "--access-log", "-"]);
    let options = [
        "-A",
        "one \"two\"",
        "-e",
        "http://example.org/",
        "-H",
        "Host: example.org",
    ];
    get(&server.url("/a.txt?b=c"), &options);
    get(&server.url("/none"), &[]);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    let log = Recording::parse(&ended.data);
    let [first, second] = log.all() else {
        panic!("{}", ended.data)
    };
    assert_eq!(first["host"], "example.org");
    assert_eq!(
        (&first["method"], &first["path"]),
        (&"GET".into(), &"/a.txt".into())
    );
    assert_eq!(
        (&first["query"], &first["status"]),
        (&"b=c".into(), &200.into())
    );
    assert_eq!(first["user_agent"], "one \"two\"");
    assert_eq!(first["referer"], "http://example.org/");
    assert_eq!(
        (&first["protocol"], &first["outcome"]),
        (&"http/1.1".into(), &"answered".into())
    );
    let stations = first["stations"].as_object().expect("stations");
    let sum: u64 = stations
        .values()
        .map(|ns| ns.as_u64().expect("a time"))
        .sum();
    assert_eq!(Some(sum), first["total_ns"].as_u64(), "{first}");
    assert!(stations.contains_key("process"), "{first}");
    assert!(
        first["time"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    );
    assert_eq!(
        (&second["status"], &second["query"]),
        (&404.into(), &Value::Null)
    );
    // Every key is there, also without TLS.
    assert_eq!(first.get("tls_version"), Some(&Value::Null));
    assert_eq!(first.get("server_name"), Some(&Value::Null));
}

#[test]
fn after_it_was_moved_away_a_signal_has_it_opened_anew() {
    let folder = Folder::new().with("a.txt", b"hello");
    let logs = Folder::new();
    let (log, moved) = (logs.join("access.jsonl"), logs.join("access.jsonl.1"));
    let options = ["--quiet".as_ref(), "--access-log".as_ref(), log.as_os_str()];
    let server = Server::start(folder.path(), &options);
    get(&server.url("/a.txt"), &[]);
    // The client has its answer before the line is written.
    becomes("a line is there", || !lines(&log).is_empty());
    std::fs::rename(&log, &moved).expect("it is there");
    server.signal(Signal::USR1);
    // The server makes the file when it has heard the signal: until then there is none.
    becomes("the log is there again", || log.exists());
    get(&server.url("/a.txt?second"), &[]);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert_eq!((lines(&moved).len(), lines(&log).len()), (1, 1));
    assert_eq!(lines(&log)[0]["query"], "second");
}

#[test]
fn who_gave_up_root_opens_it_anew_and_no_file_that_only_a_link_led_to_is_given_away() {
    if !rustix::process::geteuid().is_root() || !nobody_exists() {
        return eprintln!("not run: only root may become another user");
    }
    let folder = Folder::new().with("a.txt", b"hello").open_to_all();
    // Its folder is root's: nobody can write the log, and not make it.
    let logs = Folder::new().with("root's", b"").open_to_all();
    let start = |log: &Path| {
        let options = ["--quiet", "--user", "nobody", "--access-log"].map(AsRef::<OsStr>::as_ref);
        Server::start(folder.path(), &[&options[..], &[log.as_os_str()]].concat())
    };
    let log = logs.join("access.jsonl");
    let mut server = start(&log);
    assert_eq!(log.metadata().expect("it is there").uid(), 65_534);
    server.signal(Signal::HUP);
    server.wait_for_line("Configuration read again");
    get(&server.url("/a.txt"), &[]);
    let ended = server.stop();
    assert!(!ended.talk.contains("cannot"), "{}", ended.talk);
    assert_eq!(lines(&log).len(), 1);

    let (link, folder_link) = (logs.join("link"), logs.join("folder"));
    let led_to = logs.join("root's");
    std::os::unix::fs::symlink(&led_to, &link).expect("a link");
    std::os::unix::fs::symlink(logs.path(), &folder_link).expect("a link");
    for path in [link, folder_link.join("root's")] {
        let ended = start(&path).stop();
        assert!(
            ended.talk.contains("nobody cannot open the access log"),
            "{}",
            ended.talk
        );
        assert_eq!(led_to.metadata().expect("it is there").uid(), 0, "{path:?}");
    }
}

#[test]
fn a_fifo_is_written_while_somebody_reads_it_and_is_not_waited_for() {
    let folder = Folder::new().with("a.txt", b"hello");
    let logs = Folder::new();
    let fifo = logs.join("fifo");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, kind, mode, 0).expect("a FIFO");
    let options = [
        "--quiet".as_ref(),
        "--access-log".as_ref(),
        fifo.as_os_str(),
    ];
    let mut command = periplus();
    command.arg("serve").arg(folder.path()).args(options);
    let output = command.output().expect("it starts");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{talk}");
    assert!(
        talk.contains("it is a FIFO that nobody reads\n  Start what reads it first"),
        "{talk}"
    );

    let reading = fifo.clone();
    let reader = std::thread::spawn(move || std::fs::read_to_string(reading));
    // Nobody else opens it: once there is a writer, the reader has begun.
    let writer = std::fs::OpenOptions::new()
        .write(true)
        .open(&fifo)
        .expect("a FIFO");
    let server = Server::start(folder.path(), &options);
    drop(writer);
    get(&server.url("/a.txt"), &[]);
    assert_eq!(server.stop().code, Some(0));
    let read = reader.join().expect("it reads").expect("it is text");
    assert_eq!(Recording::parse(&read).all().len(), 1, "{read}");
}

#[test]
fn it_says_which_tls_a_request_came_by_and_who_was_asked_for() {
    let folder = Folder::new().with("a.txt", b"hello");
    for stack in [&[][..], &["--nic", "host"]] {
        let options = ["--quiet", "--access-log", "-", "--tls-self-signed"];
        let server = Server::start(folder.path(), &[&options[..], stack].concat());
        let port = server.address.port();
        let here = format!("www.example.org:{port}:127.0.0.1");
        for http in ["--http1.1", "--http2"] {
            for version in ["1.2", "1.3"] {
                for host in ["www.example.org", "127.0.0.1"] {
                    let url = format!("https://{host}:{port}/a.txt?{http}+{version}+{host}");
                    // Twice, by one connection.
                    let mut curl = curl();
                    curl.args(["--insecure", http, "--tls-max", version, "--resolve", &here]);
                    let got = curl.args([&url, &url]).output().expect("curl is installed");
                    let trouble = String::from_utf8_lossy(&got.stderr);
                    assert_eq!(got.stdout, b"hellohello", "{trouble}");
                }
            }
        }
        let ended = server.stop();
        let log = Recording::parse(&ended.data);
        assert_eq!(log.all().len(), 16, "{}", ended.data);
        for line in log.all() {
            let query = line["query"].as_str().expect("a query");
            let asked: Vec<&str> = query.split('+').collect();
            assert_eq!(line["tls_version"], asked[1], "{line}");
            let name = (asked[2] != "127.0.0.1").then_some(asked[2]);
            assert_eq!(line["server_name"].as_str(), name, "{line}");
            assert_eq!(line["protocol"], asked[0].replace("--http", "http/"));
        }
    }
}

#[test]
fn without_it_a_recording_has_no_names_in_it() {
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet", "--journeys", "-"]);
    get(&server.url("/a.txt"), &[]);
    let recording = Recording::parse(&server.stop().data);
    assert_eq!(recording.requests()[0].get("user_agent"), None);
}
