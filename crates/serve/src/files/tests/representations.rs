//! Which representation of a file is sent, which part of it, and whether it is sent at all.

use super::{Site, content, read, site, site_with};
use crate::files::coding::Coding;
use crate::files::compress::decompress;
use crate::files::{EntityTags, Files, FilesOptions, FolderOptions, Store};
use crate::testing::{Client, ListJournal, Reply, block_on};
use http::Request;
use http_body_util::BodyExt;
use std::fs;
use std::os::unix::fs::FileExt;
use std::time::Duration;

const LONG_AGO: Duration = Duration::from_secs(784_111_777);
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// Asks with header lines.
async fn ask(client: &mut Client, request: &str, lines: &[(&str, &str)]) -> Reply {
    let mut text = format!("{request} HTTP/1.1\r\nHost: a\r\n");
    for (name, value) in lines {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    client.ask(&text).await
}

fn tag(reply: &Reply) -> String {
    reply.field("etag").expect("it has one").to_owned()
}

#[test]
fn a_copy_that_is_good_is_not_sent_again_and_one_that_is_not_is() {
    block_on(async {
        let (site, mut client) = site();
        site.write("a.txt", "old");
        site.set_modified("a.txt", LONG_AGO);
        let old = client.get("/a.txt").await;
        assert_eq!(old.field("last-modified"), Some(DATE));
        assert!(tag(&old).starts_with('"'));
        let fresh = ask(&mut client, "GET /a.txt", &[("If-None-Match", &tag(&old))]).await;
        assert_eq!(
            (fresh.status, fresh.field("etag")),
            (304, old.field("etag"))
        );
        assert_eq!(fresh.field("content-type"), None);
        let failed = ask(&mut client, "GET /a.txt", &[("If-Match", "\"x\"")]).await;
        assert_eq!(failed.status, 412);
        // Another version of the same length, with the same time: as a backup puts it back.
        site.write("b.txt", "new");
        site.set_modified("b.txt", LONG_AGO);
        fs::rename(site.root().join("b.txt"), site.root().join("a.txt")).expect("it is ours");
        let new = ask(&mut client, "GET /a.txt", &[("If-None-Match", &tag(&old))]).await;
        assert_eq!((new.status, &*new.content), (200, &b"new"[..]));
        assert_ne!(tag(&new), tag(&old));
        let matched = ask(&mut client, "HEAD /a.txt", &[("If-Match", &tag(&new))]).await;
        assert_eq!(matched.status, 200);
    });
}

#[test]
fn tags_of_content_follow_the_content_whatever_the_times_are() {
    block_on(async {
        let (site, mut client) = site_with(&FolderOptions {
            entity_tags: EntityTags::Content,
            ..FolderOptions::default()
        });
        let write = |site: &Site, name: &str, content: &str| {
            site.write(name, content);
            site.set_modified(name, Duration::from_secs(1));
        };
        write(&site, "a.txt", "same");
        write(&site, "b.txt", "same");
        write(&site, "c.txt", "else");
        let a = client.get("/a.txt").await;
        let (b, c) = (client.get("/b.txt").await, client.get("/c.txt").await);
        assert_eq!(tag(&a), tag(&b));
        assert_ne!(tag(&a), tag(&c));
        assert_eq!(a.field("last-modified"), None);
        let date = [("If-Modified-Since", "Thu, 01 Jan 1970 00:00:01 GMT")];
        assert_eq!(ask(&mut client, "GET /a.txt", &date).await.status, 200);
        let known = [("If-None-Match", &*tag(&a))];
        assert_eq!(ask(&mut client, "GET /a.txt", &known).await.status, 304);
    });
}

#[test]
fn a_part_is_sent_of_what_the_client_has_a_part_of() {
    block_on(async {
        let (site, mut client) = site();
        // One that is kept, and one that is sent in chunks.
        for length in [1000, 3 << 20] {
            site.write("file.bin", content(length));
            site.set_modified("file.bin", LONG_AGO);
            let whole = client.get("/file.bin").await;
            assert_eq!(whole.field("accept-ranges"), Some("bytes"));
            let last = length - 1;
            for (range, part) in [
                ("bytes=0-0".to_owned(), 0..1),
                ("bytes=100-".to_owned(), 100..length),
                ("bytes=-7".to_owned(), length - 7..length),
                (format!("bytes=1-{length}"), 1..length),
                (format!("bytes={last}-{last}"), last..length),
            ] {
                let reply = ask(&mut client, "GET /file.bin", &[("Range", &range)]).await;
                let of = format!("bytes {}-{}/{length}", part.start, part.end - 1);
                assert_eq!(
                    (reply.status, reply.field("content-range")),
                    (206, Some(&*of))
                );
                assert_eq!(reply.field("etag"), whole.field("etag"));
                assert!(reply.content == content(length)[part], "{range}");
            }
            let beyond = format!("bytes={length}-");
            let reply = ask(&mut client, "GET /file.bin", &[("Range", &beyond)]).await;
            let of = format!("bytes */{length}");
            assert_eq!(
                (reply.status, reply.field("content-range")),
                (416, Some(&*of))
            );
            for (name, value, status) in [
                ("If-Range", &*tag(&whole), 206),
                ("If-Range", "\"x\"", 200),
                ("If-Range", DATE, 206),
                ("If-Range", "Sun, 06 Nov 1994 08:49:38 GMT", 200),
                ("If-None-Match", &*tag(&whole), 304),
                ("If-Match", "\"x\"", 412),
                ("X", "several", 206),
            ] {
                let lines = [("Range", "bytes=1-2"), (name, value)];
                let reply = ask(&mut client, "GET /file.bin", &lines).await;
                assert_eq!(reply.status, status, "{name}: {value}");
            }
            for range in ["bytes=0-1,4-5", "lines=1-2", "bytes=2-1"] {
                let reply = ask(&mut client, "GET /file.bin", &[("Range", range)]).await;
                assert_eq!(reply.status, 200, "{range}");
                assert!(reply.content == content(length));
            }
            let head = ask(&mut client, "HEAD /file.bin", &[("Range", "bytes=1-2")]).await;
            assert_eq!(head.status, 200);
        }
    });
}

#[test]
fn what_lies_beside_a_file_is_sent_in_its_place_to_who_accepts_it() {
    block_on(async {
        let (site, mut client) = site();
        site.write("a.js", content(3000));
        site.write("a.js.br", "brotli");
        site.write("a.js.gz", "gzip..");
        site.write("a.js.zst", "zstandard");
        let plain = client.get("/a.js").await;
        assert_eq!(plain.field("content-encoding"), None);
        assert_eq!(plain.field("vary"), Some("Accept-Encoding"));
        let mut tags = vec![tag(&plain)];
        for (accept, coding, bytes) in [
            ("gzip, zstd, br;q=0.1", "gzip", "gzip.."),
            ("zstd", "zstd", "zstandard"),
            ("br", "br", "brotli"),
        ] {
            let reply = ask(&mut client, "GET /a.js", &[("Accept-Encoding", accept)]).await;
            assert_eq!(reply.field("content-encoding"), Some(coding), "{accept}");
            assert_eq!(reply.content, bytes.as_bytes());
            assert_eq!(reply.field("content-type"), plain.field("content-type"));
            assert_eq!(reply.field("vary"), Some("Accept-Encoding"));
            assert!(!tags.contains(&tag(&reply)));
            tags.push(tag(&reply));
            // A part of it is of what lies there.
            let lines = [("Accept-Encoding", accept), ("Range", "bytes=1-2")];
            let part = ask(&mut client, "GET /a.js", &lines).await;
            assert_eq!(
                (part.status, &*part.content),
                (206, &bytes.as_bytes()[1..3])
            );
            let lines = [("Accept-Encoding", accept), ("If-None-Match", &tag(&reply))];
            let fresh = ask(&mut client, "GET /a.js", &lines).await;
            assert_eq!(
                (fresh.status, fresh.field("vary")),
                (304, Some("Accept-Encoding"))
            );
        }
        let none = [("Accept-Encoding", "compress, identity;q=0")];
        assert_eq!(ask(&mut client, "GET /a.js", &none).await.status, 406);
    });
}

#[test]
fn what_is_older_than_its_file_is_not_sent() {
    block_on(async {
        let (site, mut client) = site();
        site.write("a.bin", content(3000));
        site.write("a.bin.gz", "old");
        site.set_modified("a.bin.gz", LONG_AGO);
        let reply = ask(&mut client, "GET /a.bin", &[("Accept-Encoding", "gzip")]).await;
        assert_eq!(reply.field("content-encoding"), None);
        assert!(reply.content == content(3000));
        assert_eq!(reply.field("vary"), None);
    });
}

#[test]
fn a_text_is_compressed_on_the_way_where_it_is_worth_it() {
    block_on(async {
        let (site, mut client) = site();
        let text = "A text that repeats itself. ".repeat(1000);
        site.write("a.txt", &text);
        site.write("a.png", &text);
        site.write("short.txt", "short");
        for (accept, coding) in [
            ("br", Coding::Brotli),
            ("zstd", Coding::Zstandard),
            ("gzip", Coding::Gzip),
            ("deflate", Coding::Deflate),
        ] {
            let line = [("Accept-Encoding", accept)];
            let reply = ask(&mut client, "GET /a.txt", &line).await;
            assert_eq!(reply.field("content-encoding"), Some(accept));
            assert_eq!(reply.field("vary"), Some("Accept-Encoding"));
            assert_eq!(reply.field("accept-ranges"), None);
            assert!(tag(&reply).starts_with("W/\""), "{}", tag(&reply));
            assert_eq!(decompress(coding, &reply.content), text.as_bytes());
            for name in ["/a.png", "/short.txt"] {
                let reply = ask(&mut client, &format!("GET {name}"), &line).await;
                assert_eq!(reply.field("content-encoding"), None, "{name}");
            }
            let lines = [line[0], ("If-None-Match", &tag(&reply))];
            assert_eq!(ask(&mut client, "GET /a.txt", &lines).await.status, 304);
            // A part is of the file itself.
            let lines = [line[0], ("Range", "bytes=0-5")];
            let part = ask(&mut client, "GET /a.txt", &lines).await;
            assert_eq!((part.status, &*part.content), (206, &b"A text"[..]));
            assert_eq!(part.field("content-encoding"), None);
        }
    });
}

#[test]
fn a_text_that_is_too_large_to_be_kept_is_compressed_as_it_is_sent() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let text: String = (0..200_000).map(|number| format!("{number}\n")).collect();
        fs::write(folder.path().join("a.txt"), &text).expect("it is new");
        let none_kept = FilesOptions {
            cache: 0,
            ..FilesOptions::default()
        };
        let store = Store::new(&none_kept);
        let files = Files::open(folder.path(), &FolderOptions::default(), &store);
        let files = files.expect("it is a folder");
        for (accept, coding) in [
            ("br", Coding::Brotli),
            ("zstd", Coding::Zstandard),
            ("gzip", Coding::Gzip),
            ("deflate", Coding::Deflate),
        ] {
            let request = Request::get("/a.txt").header("accept-encoding", accept);
            let request = request.body(()).expect("a request");
            let journal = ListJournal::default();
            let answer = files.answer(&request, &journal).await;
            assert_eq!(answer.headers()["content-encoding"], accept);
            assert!(!answer.headers().contains_key("content-length"));
            let coded = read(answer.into_body()).await.expect("read");
            assert!(decompress(coding, &coded) == text.as_bytes(), "{accept}");
            // Changed half way: never taken for the whole.
            let mut body = files.answer(&request, &journal).await.into_body();
            body.frame().await.expect("a piece").expect("it is made");
            let file = fs::File::options()
                .write(true)
                .open(folder.path().join("a.txt"));
            file.and_then(|file| file.write_all_at(b"9", 1_000_000))
                .expect("it is ours");
            assert!(read(body).await.is_err(), "{accept}");
            fs::write(folder.path().join("a.txt"), &text).expect("it is ours");
        }
    });
}
