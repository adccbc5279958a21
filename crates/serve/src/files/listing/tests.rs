//! Listings through a connection, with a line in memory for a stream.

use super::read::MOST;
use crate::counters::ServeCounters;
use crate::files::{Files, FolderOptions, Store};
use crate::http1::Http1;
use crate::options::ServeOptions;
use crate::testing::{Client, ListJournal, Reply, block_on, line};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::sync::watch;

fn connect(root: &Path, hidden: bool) -> (Client, watch::Sender<bool>) {
    let options = FolderOptions {
        listing: true,
        hidden,
        ..FolderOptions::default()
    };
    let files = Files::open(root, &options, &Store::default()).expect("it is a folder");
    let counters = Arc::new(ServeCounters::default());
    let http1 = Http1::new(files, ServeOptions::default(), counters);
    let (near, far) = line();
    let (draining, drain) = watch::channel(false);
    tokio::task::spawn_local(async move { http1.serve(near, ListJournal::default(), drain).await });
    (Client::new(far), draining)
}

async fn get_json(client: &mut Client, target: &str) -> Value {
    let accept = "Accept: application/json";
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{accept}\r\n\r\n");
    let reply = client.ask(&request).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.field("content-type"), Some("application/json"));
    assert_eq!(reply.field("vary"), Some("Accept"));
    serde_json::from_slice(&reply.content).expect("it is JSON")
}

fn html(reply: &Reply) -> &str {
    let content_type = reply.field("content-type");
    assert_eq!(content_type, Some("text/html; charset=utf-8"));
    std::str::from_utf8(&reply.content).expect("it is UTF-8")
}

fn names(listed: &Value) -> Vec<&str> {
    let entries = listed["entries"].as_array().expect("there are some");
    let names = entries.iter().map(|entry| entry["name"].as_str());
    names.collect::<Option<_>>().expect("each has a name")
}

/// A root in a folder, with files of every kind in it and a secret beside it.
fn folders() -> TempDir {
    let around = tempfile::tempdir().expect("a folder can be made");
    let root = around.path().join("root");
    fs::create_dir_all(root.join("folder/within")).expect("it is new");
    fs::write(around.path().join("secret"), "secret").expect("it is new");
    for (name, length) in [("b.txt", 10), ("A.txt", 2000), (".hidden", 1), ("c\\d", 1)] {
        fs::write(root.join(name), vec![b'x'; length]).expect("it is new");
    }
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(951_782_399);
    let file = File::open(root.join("b.txt")).expect("it is there");
    file.set_modified(time).expect("it is ours");
    symlink("b.txt", root.join("inside")).expect("it is new");
    symlink("folder", root.join("linked")).expect("it is new");
    symlink("../secret", root.join("outside")).expect("it is new");
    symlink("nowhere", root.join("broken")).expect("it is new");
    // A socket stays where it was bound.
    drop(UnixListener::bind(root.join("socket")).expect("it is new"));
    around
}

#[test]
fn what_is_listed_is_what_would_be_served() {
    block_on(async {
        let around = folders();
        let (mut client, _draining) = connect(&around.path().join("root"), false);
        let listed = get_json(&mut client, "/").await;
        assert_eq!(listed["version"], 1);
        assert_eq!(
            (&listed["path"], &listed["more"]),
            (&json!("/"), &json!(false))
        );
        let shown = ["folder", "linked", "A.txt", "b.txt", "inside"];
        assert_eq!(names(&listed), shown);
        for entry in listed["entries"].as_array().expect("there are some") {
            let href = entry["href"].as_str().expect("it has one");
            let target = href.strip_prefix('.').expect("it is relative");
            assert_eq!(client.get(target).await.status, 200, "{target}");
        }
        assert_eq!(
            listed["entries"][3],
            json!({
                "name": "b.txt",
                "href": "./b.txt",
                "type": "file",
                "size": 10,
                "modified": "2000-02-28T23:59:59Z",
            })
        );
        assert_eq!(listed["entries"][0]["size"], Value::Null);
        assert_eq!(names(&get_json(&mut client, "/linked/").await), ["within"]);
    });
}

#[test]
fn hidden_names_are_listed_where_they_are_served() {
    block_on(async {
        let around = folders();
        let (mut client, _draining) = connect(&around.path().join("root"), true);
        let listed = get_json(&mut client, "/").await;
        assert!(names(&listed).contains(&".hidden"));
        assert!(!names(&listed).iter().any(|name| [".", ".."].contains(name)));
    });
}

#[test]
fn a_folder_with_an_index_is_not_listed() {
    block_on(async {
        let around = folders();
        fs::write(around.path().join("root/index.html"), "index").expect("it is new");
        let (mut client, _draining) = connect(&around.path().join("root"), false);
        assert_eq!(client.get("/").await.content, b"index");
        // Nor one that is named without its slash: its links would lead elsewhere.
        let reply = client.get("/folder?sort=size").await;
        assert_eq!(reply.status, 301);
        assert_eq!(reply.field("location"), Some("./folder/?sort=size"));
    });
}

#[test]
fn a_query_orders_and_says_so() {
    block_on(async {
        let around = folders();
        let (mut client, _draining) = connect(&around.path().join("root"), false);
        let listed = get_json(&mut client, "/?sort=size&order=desc").await;
        assert_eq!(names(&listed)[2..], ["A.txt", "b.txt", "inside"]);
        let reply = client.get("/?sort=size&order=desc").await;
        let sorted = "<th scope=\"col\" aria-sort=\"descending\">\
             <a href=\"?sort=size&amp;order=asc\">Size</a></th>";
        assert!(html(&reply).contains(sorted), "{}", html(&reply));
    });
}

#[test]
fn names_are_text_in_a_page_and_escaped_in_a_link() {
    block_on(async {
        let around = folders();
        let root = around.path().join("root/folder/<b> & \"c\"");
        fs::create_dir_all(&root).expect("it is new");
        for name in [
            &b"<script>alert(1)</script>.html"[..],
            b"a\" onclick='x",
            b"javascript:x",
            b"\xff\xfe",
            b"line\nend",
            "ä ?#%".as_bytes(),
        ] {
            // A name with a slash is two.
            let name: Vec<u8> = name.iter().copied().filter(|&byte| byte != b'/').collect();
            fs::write(root.join(OsStr::from_bytes(&name)), "x").expect("it is new");
        }
        let (mut client, _draining) = connect(&around.path().join("root"), false);
        let target = "/folder/%3Cb%3E%20&%20%22c%22/";
        let reply = client.get(target).await;
        let page = html(&reply);
        assert!(
            !page.contains("<script") && !page.contains("<b> &"),
            "{page}"
        );
        assert!(!page.contains("onclick='"), "{page}");
        for piece in [
            "<title>/folder/&lt;b&gt; &amp; &quot;c&quot;/</title>",
            "<a href=\"../../\" aria-label=\"Root folder\">/</a><a href=\"../\"><bdi>folder</bdi></a>",
            "<a href=\"./javascript%3Ax\"><bdi>javascript:x</bdi></a>",
            "<a href=\"./%FF%FE\"><bdi>\u{fffd}\u{fffd}</bdi></a>",
            "<a href=\"./line%0Aend\"><bdi>line\u{fffd}end</bdi></a>",
            "<a href=\"./%C3%A4%20%3F%23%25\"><bdi>ä ?#%</bdi></a>",
        ] {
            assert!(page.contains(piece), "{piece}\n{page}");
        }
        let policy = reply
            .field("content-security-policy")
            .expect("there is one");
        assert!(policy.starts_with("default-src 'none'"));
        let listed = get_json(&mut client, target).await;
        assert_eq!(listed["path"], "/folder/<b> & \"c\"/");
        for entry in listed["entries"].as_array().expect("there are some") {
            let href = entry["href"].as_str().expect("it has one");
            let found = client.get(&format!("{target}{}", &href[2..])).await;
            assert_eq!(found.status, 200, "{href}");
        }
    });
}

#[test]
fn the_page_and_its_head_are_as_long_as_each_other() {
    block_on(async {
        let around = folders();
        let (mut client, _draining) = connect(&around.path().join("root"), false);
        let length = client.get("/folder/").await.content.len().to_string();
        let reply = client
            .ask("HEAD /folder/ HTTP/1.1\r\nHost: a\r\n\r\n")
            .await;
        assert_eq!(reply.field("content-length"), Some(&*length));
    });
}

#[test]
fn a_folder_of_many_is_listed_in_part_and_the_page_says_so() {
    block_on(async {
        let around = folders();
        let many = around.path().join("root/many");
        fs::create_dir(&many).expect("it is new");
        for number in 0..MOST {
            File::create(many.join(number.to_string())).expect("it is new");
        }
        let (mut client, _draining) = connect(&around.path().join("root"), false);
        let listed = get_json(&mut client, "/many/").await;
        assert_eq!(
            (names(&listed).len(), &listed["more"]),
            (MOST, &json!(false))
        );
        File::create(many.join("one more")).expect("it is new");
        let listed = get_json(&mut client, "/many/").await;
        assert_eq!(
            (names(&listed).len(), &listed["more"]),
            (MOST, &json!(true))
        );
        let reply = client.get("/many/").await;
        assert!(html(&reply).contains("There is more in this folder."));
    });
}

#[test]
fn an_empty_folder_says_so() {
    block_on(async {
        let around = folders();
        let (mut client, _draining) = connect(&around.path().join("root"), false);
        let reply = client.get("/folder/within/").await;
        assert!(html(&reply).contains("This folder is empty."));
    });
}
