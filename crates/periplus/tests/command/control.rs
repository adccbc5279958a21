//! The control socket behind `periplus sockets`.

use crate::sockets::{lines, served, sockets, start};
use crate::support::{Folder, get};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// The one control socket in a folder.
#[track_caller]
fn control(runtime: &Path) -> PathBuf {
    let names = left(runtime);
    assert_eq!(names.len(), 1, "{names:?}");
    runtime.join(&names[0])
}

/// The names in a folder.
fn left(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("a name in Unicode"))
        .collect()
}

#[test]
fn the_control_socket_is_its_users_alone_and_gone_with_the_server() {
    let (runtime, _folder, server) = served();
    let socket = control(runtime.path());
    assert_eq!(socket, runtime.join(&format!("{}.sock", server.pid())));
    let mode = fs::metadata(&socket)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let address = server.address;
    let ended = server.stop();
    assert_eq!(ended.code, Some(0));
    assert_eq!(left(runtime.path()), [""; 0]);
    let talk: Vec<_> = ended.talk.lines().collect();
    assert!(
        talk[0].ends_with(&format!("on http://{address}/")) && talk[1].starts_with("Draining"),
        "{talk:?}"
    );
    assert_eq!(talk.len(), 2, "nothing is said of it: {talk:?}");
}

#[test]
fn what_a_killed_server_leaves_is_swept_by_the_next_who_looks_or_starts() {
    let runtime = Folder::new();
    let folder = Folder::new();
    let kill = || {
        let server = start(runtime.path(), folder.path());
        server.signal(Signal::KILL);
        server.wait();
        control(runtime.path());
    };
    kill();
    let (code, _, talk) = sockets(runtime.path(), &[]);
    assert_eq!(code, Some(1), "{talk}");
    assert_eq!(left(runtime.path()), [""; 0]);

    kill();
    let server = start(runtime.path(), folder.path());
    assert_eq!(
        control(runtime.path()),
        runtime.join(&format!("{}.sock", server.pid()))
    );
}

#[test]
fn without_a_folder_for_its_control_socket_a_server_says_so_and_serves() {
    let folder = Folder::new().with("a.txt", b"hello");
    let mut server = start(&folder.join("no/such"), folder.path());
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    server.signal(Signal::TERM);
    server.wait_for_line("Draining");
    let ended = server.wait();
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.talk.contains("no control socket: ")
            && ended.talk.contains("no such file or directory"),
        "{}",
        ended.talk
    );
}

#[test]
fn garbage_gets_an_error_and_hurts_nobody() {
    let (runtime, _folder, server) = served();
    let socket = control(runtime.path());
    let say = |bytes: &[u8]| {
        let mut caller = UnixStream::connect(&socket).expect("a control socket");
        // The other end may have heard enough before all of it is said.
        let _ = caller.write_all(bytes);
        let mut answer = String::new();
        let _ = BufReader::new(caller).read_line(&mut answer);
        serde_json::from_str::<Value>(&answer).expect("a line of JSON")
    };
    let long = "x".repeat(1_000_000);
    for (said, what) in [
        ("GET / HTTP/1.1\r\n\r\n", "not a line of the control socket"),
        ("\n", "not a line of the control socket"),
        (
            "{\"v\":2,\"ask\":\"sockets\"}\n",
            "version 2 is spoken there",
        ),
        (
            "{\"v\":1,\"ask\":\"weather\"}\n",
            "unknown variant `weather`",
        ),
        ("\u{0}\u{1b}[2J\n", "not a line of the control socket"),
        (&long, "longer than 1024 bytes"),
    ] {
        let answer = say(said.as_bytes());
        assert_eq!(answer["kind"], "error", "{answer}");
        let told = answer["what"].as_str().expect("words");
        assert!(told.contains(what), "{told}");
    }
    assert_eq!(lines(runtime.path(), &[]).len(), 4);
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn many_who_say_nothing_or_read_nothing_keep_nobody_out() {
    let (runtime, _folder, server) = served();
    let socket = control(runtime.path());
    let mut silent = Vec::new();
    for number in 0..200 {
        let mut caller = UnixStream::connect(&socket).expect("a control socket");
        if number % 2 == 0 {
            let question = b"{\"v\":1,\"ask\":\"sockets\",\"connections\":\"all\"}\n";
            // Those who were here longest had to go.
            let _ = caller.write_all(question);
        }
        silent.push(caller);
    }
    assert_eq!(lines(runtime.path(), &[]).len(), 4);
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    assert_eq!(server.stop().code, Some(0), "it does not wait for them");
    assert_eq!(left(runtime.path()), [""; 0]);
}
