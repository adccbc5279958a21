//! Two hundred clients that ask for a file of a gibibyte and read next to nothing.

#[path = "command/support/folder.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod folder;
#[path = "command/support/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod server;

use folder::Folder;
use periplus_tests::in_namespace;
use server::{Server, periplus};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const READERS: usize = 200;
const MEBIBYTE: usize = 1 << 20;
/// The length of the file, which has no blocks: what is not written is zeros.
const LENGTH: u64 = 1 << 30;
/// What the server may use in all.
const MEMORY: usize = 64 * MEBIBYTE;
const PATIENCE: Duration = Duration::from_secs(300);

/// The most memory that the server has had at any time.
fn most_memory(server: &Server) -> usize {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.expect("proc(5)").trim().trim_end_matches(" kB");
    kibibytes.parse::<usize>().expect("a number") * 1024
}

#[test]
fn two_hundred_slow_readers_of_a_gibibyte_do_not_need_64_mebibytes() {
    if !in_namespace("two_hundred_slow_readers_of_a_gibibyte_do_not_need_64_mebibytes") {
        return;
    }
    let folder = Folder::new();
    let file = File::create(folder.join("large.bin")).expect("it is new");
    file.set_len(LENGTH).expect("it is a length");
    let mut command = periplus();
    command
        .arg("serve")
        .arg(folder.path())
        .args(["--nic", "tap", "--quiet"]);
    let server = Server::spawn(command);
    let mut readers: Vec<TcpStream> = (0..READERS)
        .map(|_| {
            let mut reader = TcpStream::connect(server.address).expect("a connection");
            reader.set_read_timeout(Some(PATIENCE)).expect("a time");
            let request = b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n";
            reader.write_all(request).expect("sent");
            reader
        })
        .collect();
    // Each is slow: it takes some, and all the others wait meanwhile.
    let mut some = vec![0; 256 * 1024];
    for _ in 0..4 {
        for reader in &mut readers {
            reader.read_exact(&mut some).expect("it is sent");
        }
    }
    let memory = most_memory(&server);
    println!("{} MiB of memory", memory / MEBIBYTE);
    assert!(memory < MEMORY, "{} MiB", memory / MEBIBYTE);
    drop(readers);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
}
