//! The answers a file server owes.

use crate::support::{Folder, Server, get};

fn folder() -> Folder {
    Folder::new()
        .with("index.html", b"<!DOCTYPE html><title>home</title>")
        .with("sub/index.html", b"<!DOCTYPE html><title>sub</title>")
        .with("notes.txt", b"notes")
}

#[test]
fn a_folder_answers_with_its_index() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--quiet"]);
    for (path, title) in [("/", "home"), ("/index.html", "home"), ("/sub/", "sub")] {
        let answer = get(&server.url(path), &[]);
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(String::from_utf8(answer.body).unwrap().contains(title));
    }
}

#[test]
fn head_is_get_without_the_content() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--quiet"]);
    let (get, head) = (
        get(&server.url("/notes.txt"), &[]),
        get(&server.url("/notes.txt"), &["--head"]),
    );
    assert_eq!(head.status(), 200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), Some("5"));
    assert_eq!(head.header("content-type"), get.header("content-type"));
    assert!(head.header("etag").is_some());
    assert_eq!(head.header("etag"), get.header("etag"));
}

#[test]
fn what_is_not_there_is_a_404_page() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--quiet"]);
    let answer = get(&server.url("/nowhere"), &[]);
    assert_eq!(answer.status(), 404);
    assert!(answer.body.starts_with(b"<!DOCTYPE html>"));
}

#[test]
fn other_methods_are_a_405_that_names_the_allowed_ones() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--quiet"]);
    for method in ["POST", "PUT", "DELETE"] {
        let answer = get(&server.url("/notes.txt"), &["--request", method]);
        assert_eq!(answer.status(), 405, "{method}");
        assert_eq!(answer.header("allow"), Some("get, head, options"));
    }
    let answer = get(&server.url("/notes.txt"), &["--request", "BREW"]);
    assert_eq!(answer.status(), 501);
}

#[test]
fn no_path_leaves_the_folder() {
    let outside = Folder::new()
        .with("secret.txt", b"secret")
        .with("site/index.html", b"open");
    std::os::unix::fs::symlink(outside.join("secret.txt"), outside.join("site/link.txt"))
        .expect("a symbolic link");
    let server = Server::start(&outside.join("site"), &["--quiet"]);
    let paths = [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/x/../../secret.txt",
        "/%5c..%5csecret.txt",
        "//secret.txt",
        "/secret.txt%00.html",
        "/link.txt",
    ];
    for path in paths {
        let answer = get(&server.url(path), &[]);
        assert!(
            (400..500).contains(&answer.status()),
            "{path}: {}",
            answer.status()
        );
        assert_ne!(answer.body, b"secret", "{path}");
    }
}
