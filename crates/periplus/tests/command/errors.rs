//! What is said when it cannot be done, and the exit code.

use crate::support::{Folder, periplus};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = periplus()
        .args(arguments)
        .output()
        .expect("the command starts");
    assert!(stdout.is_empty(), "an error is talk, not data");
    (status.code(), String::from_utf8(stderr).expect("text"))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in Unicode")
}

#[test]
fn a_port_that_is_taken_is_1_and_names_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let folder = Folder::new();
    let (code, talk) = run(&["serve", text(folder.path()), "--listen", &address]);
    assert_eq!(code, Some(1), "{talk}");
    let expected = format!(
        "periplus: cannot listen on {address}: address already in use\n  \
         Let the system choose a free port with `--listen 127.0.0.1:0`, or end the program that holds this one.\n"
    );
    assert_eq!(talk, expected);
}

#[test]
fn a_folder_that_does_not_exist_is_2() {
    let folder = Folder::new();
    let nowhere = folder.join("nowhere");
    let (code, talk) = run(&["serve", text(&nowhere)]);
    assert_eq!(code, Some(2), "{talk}");
    let expected = format!(
        "periplus: cannot serve {}: no such file or directory\n  Name a folder that exists, as in `periplus serve .`\n",
        nowhere.display()
    );
    assert_eq!(talk, expected);
}

#[test]
fn a_file_in_place_of_a_folder_is_2() {
    let folder = Folder::new().with("a.txt", b"a");
    let (code, talk) = run(&["serve", text(&folder.join("a.txt"))]);
    assert_eq!(code, Some(2), "{talk}");
    assert!(
        talk.contains("it is a file\n  Name the folder it lies in."),
        "{talk}"
    );
}

#[test]
fn a_bad_flag_is_2_and_the_nearest_good_one_is_named() {
    let (code, talk) = run(&["serve", ".", "--lissten", "127.0.0.1:0"]);
    assert_eq!(code, Some(2), "{talk}");
    assert!(talk.contains("'--listen'"), "{talk}");
}

#[test]
fn an_ipv6_address_is_2_and_told_why() {
    let (code, talk) = run(&["serve", ".", "--listen", "[::1]:0"]);
    assert_eq!(code, Some(2), "{talk}");
    assert!(
        talk.contains("the stack carries IPv4 only so far; try `--listen 127.0.0.1:0`"),
        "{talk}"
    );
}

#[test]
fn an_address_that_is_not_of_this_host_is_1() {
    let folder = Folder::new();
    // TEST-NET-1 (RFC 5737): no host has it.
    let (code, talk) = run(&["serve", text(folder.path()), "--listen", "192.0.2.1:0"]);
    assert_eq!(code, Some(1), "{talk}");
    assert!(
        talk.contains("no interface of this host has that address"),
        "{talk}"
    );
}

#[test]
fn a_journeys_file_that_cannot_be_made_is_1() {
    let folder = Folder::new();
    let file = folder.join("no/such/folder.jsonl");
    let (code, talk) = run(&[
        "serve",
        text(folder.path()),
        "--listen",
        "127.0.0.1:0",
        "--journeys",
        text(&file),
    ]);
    assert_eq!(code, Some(1), "{talk}");
    assert!(
        talk.contains("cannot write journeys to") && talk.contains("no such file or directory"),
        "{talk}"
    );
}
