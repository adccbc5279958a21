//! Files through a connection, with a line in memory for a stream.

mod representations;

use super::{Files, FilesBody, FilesOptions, FolderOptions, Store};
use crate::counters::ServeCounters;
use crate::http1::Http1;
use crate::options::ServeOptions;
use crate::testing::{Client, ListJournal, block_on, line};
use http::Request;
use http_body_util::BodyExt;
use periplus_journey::{Label, Mark, Station};
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// A bound for what must never take for ever.
const LONG: Duration = Duration::from_secs(60);

/// The longest file that is read as a whole, and kept.
const SMALL: usize = 1 << 20;

/// A folder being served.
struct Site {
    around: TempDir,
    journal: ListJournal,
    counters: Arc<ServeCounters>,
    _draining: watch::Sender<bool>,
}

impl Site {
    fn root(&self) -> std::path::PathBuf {
        self.around.path().join("root")
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("it is under the root")).expect("it can be made");
        fs::write(path, content).expect("it can be written");
    }

    /// Sets when a file was modified, in time since 1970.
    fn set_modified(&self, path: &str, since_1970: Duration) {
        let file = fs::File::options().write(true).open(self.root().join(path));
        file.and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH + since_1970))
            .expect("it is ours");
    }

    fn file_reads(&self) -> usize {
        let marks = self.journal.marks();
        let is_read = |mark: &&Mark| {
            matches!(
                mark,
                Mark::Overlay {
                    station: Station::FileRead,
                    ..
                }
            )
        };
        marks.iter().filter(is_read).count()
    }
}

fn site() -> (Site, Client) {
    site_with(&FolderOptions::default())
}

fn site_with(options: &FolderOptions) -> (Site, Client) {
    let around = tempfile::tempdir().expect("a folder can be made");
    fs::create_dir(around.path().join("root")).expect("it is new");
    fs::write(around.path().join("secret"), "secret").expect("it is new");
    let files = Files::open(&around.path().join("root"), options, &Store::default());
    let counters = Arc::new(ServeCounters::default());
    let http1 = Http1::new(
        files.expect("it is a folder"),
        ServeOptions::default(),
        counters.clone(),
    );
    let (near, far) = line();
    let journal = ListJournal::default();
    let (draining, drain) = watch::channel(false);
    let marks = journal.clone();
    tokio::task::spawn_local(async move { http1.serve(near, marks, drain).await });
    (
        Site {
            around,
            journal,
            counters,
            _draining: draining,
        },
        Client::new(far),
    )
}

/// Bytes that show where they belong.
fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|position| (position % 251) as u8 ^ (position >> 16) as u8)
        .collect()
}

#[test]
fn files_of_any_size_arrive_as_they_are_and_wait_for_no_timer() {
    block_on(async {
        let (site, mut client) = site();
        let begun = Instant::now();
        for length in [0, 1, 1023, 256 * 1024, 1 << 20, (1 << 20) + 1, 10 << 20] {
            site.write("file.bin", content(length));
            let before = site.file_reads();
            let reply = client.get("/file.bin").await;
            assert_eq!(reply.status, 200);
            assert_eq!(reply.field("content-length"), Some(&*length.to_string()));
            assert!(
                reply.content == content(length),
                "{length} bytes are not what they were"
            );
            // One wait for what is small, or for the first chunk, and one for each that follows.
            let chunks = match length {
                0..=SMALL => 1,
                _ => length.div_ceil(256 * 1024),
            };
            assert_eq!(site.file_reads() - before, chunks, "{length} bytes");
        }
        // What was read was queued as it is, but for what is not worth it.
        assert_eq!(client.far.shared(), (12 << 20) + (256 << 10));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    });
}

#[test]
fn a_small_file_leaves_in_one_write_with_the_head_before_it() {
    block_on(async {
        let (site, mut client) = site();
        for length in [1, 1023, 100_000] {
            site.write("file.bin", content(length));
            let before = client.far.writes();
            let reply = client.get("/file.bin").await;
            assert!(reply.content == content(length));
            assert_eq!(client.far.writes() - before, 1, "{length} bytes");
        }
    });
}

/// Reads as a peer does, which lets go of what it has: an answer does not go on before.
async fn read(mut body: FilesBody<ListJournal>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        bytes.extend_from_slice(frame?.data_ref().expect("data"));
    }
    Ok(bytes)
}

/// Clients that ask and do not read: whoever is not asked for more waits for no turn, or the turn would be given to one who
/// does not take it.
#[test]
fn answers_that_nobody_reads_take_no_turn_at_the_files() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("large"), content(4 << 20)).expect("it is ours");
        fs::write(folder.path().join("small"), "here").expect("it is ours");
        let one_at_a_time = FilesOptions {
            reads_in_flight: 1,
            ..FilesOptions::default()
        };
        let files = Files::open(
            folder.path(),
            &FolderOptions::default(),
            &Store::new(&one_at_a_time),
        )
        .expect("it is there");
        let get = |path: &str| Request::get(path.to_owned()).body(()).expect("a request");
        let journal = ListJournal::default();
        let mut bodies = Vec::new();
        for _ in 0..10 {
            bodies.push(files.answer(&get("/large"), &journal).await.into_body());
        }
        // The first chunk is here, and nobody asks for the next ones, which are read ahead where there is a turn.
        let mut unread = Vec::new();
        for mut body in bodies {
            let first = body.frame().await.expect("a chunk").expect("read");
            unread.push((body, first));
        }
        let small = get("/small");
        let answer = timeout(LONG, files.answer(&small, &journal)).await;
        let body = answer.expect("nobody has its turn").into_body();
        let small = body.collect().await.expect("read").to_bytes();
        assert_eq!(small, "here");
        // Whoever reads after all gets the rest.
        for (body, first) in unread {
            let rest = read(body).await.expect("read");
            let first = first.into_data().expect("data");
            assert!([first.to_vec(), rest].concat() == content(4 << 20));
        }
    });
}

#[test]
fn the_headers_say_what_it_is() {
    block_on(async {
        let (site, mut client) = site();
        site.write("page.html", "<!DOCTYPE html>");
        let reply = client.get("/page.html").await;
        assert_eq!(
            reply.field("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(reply.field("x-content-type-options"), Some("nosniff"));
        assert!(reply.field("date").is_some());
        // Of this second nothing is told: it is not over.
        assert_eq!(reply.field("last-modified"), None);
        site.set_modified("page.html", Duration::from_secs(784_111_777));
        let reply = client.get("/page.html").await;
        let modified = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(reply.field("last-modified"), Some(modified));
        let request = |method| {
            format!(
                "{method} /page.html HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: {modified}\r\n\r\n"
            )
        };
        let fresh = client.ask(&request("GET")).await;
        assert_eq!(
            (fresh.status, fresh.field("etag")),
            (304, reply.field("etag"))
        );
        assert_eq!(client.ask(&request("HEAD")).await.status, 304);
        assert_eq!(client.get("/page.html").await.content, b"<!DOCTYPE html>");
    });
}

#[test]
fn head_is_get_without_the_content() {
    block_on(async {
        let (site, mut client) = site();
        site.write("file", content(300_000));
        let reply = client.ask("HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(
            (reply.status, reply.field("content-length")),
            (200, Some("300000"))
        );
        let missing = client
            .ask("HEAD /missing HTTP/1.1\r\nHost: a\r\n\r\n")
            .await;
        assert_eq!(missing.status, 404);
        assert!(
            missing
                .field("content-length")
                .is_some_and(|length| length != "0")
        );
        assert_eq!(client.get("/file").await.content, content(300_000));
    });
}

#[test]
fn other_methods_are_told_what_is_allowed() {
    block_on(async {
        let (_site, mut client) = site();
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
            let reply = client
                .ask(&format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"))
                .await;
            assert_eq!(
                (reply.status, reply.field("allow")),
                (405, Some("GET, HEAD")),
                "{method}"
            );
        }
        // With a content, which is here already and so is read past.
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(client.ask(post).await.status, 405);
        assert_eq!(client.get("/").await.status, 404);
        // With one that is not here: it is neither asked for nor waited for.
        let reply = client
            .ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            .await;
        assert_eq!(
            (reply.status, reply.field("connection")),
            (405, Some("close"))
        );
    });
}

/// RFC 9110 section 9.1.
#[test]
fn a_method_that_is_not_known_is_not_implemented() {
    block_on(async {
        let (_site, mut client) = site();
        for method in ["BREW", "get", "Head", "GETS", "PROPFIND"] {
            let reply = client
                .ask(&format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"))
                .await;
            assert_eq!(
                (reply.status, reply.field("allow")),
                (501, None),
                "{method}"
            );
        }
        assert_eq!(client.get("/").await.status, 404);
    });
}

#[test]
fn a_folder_is_its_index() {
    block_on(async {
        let (site, mut client) = site();
        site.write("index.html", "root");
        site.write("folder/index.html", "folder");
        site.write("empty/other", "");
        assert_eq!(client.get("/").await.content, b"root");
        assert_eq!(client.get("/folder/").await.content, b"folder");
        let reply = client.get("/folder?q").await;
        assert_eq!(
            (reply.status, reply.field("location")),
            (301, Some("./folder/?q"))
        );
        assert_eq!(client.get("/empty/").await.status, 404);
        assert_eq!(client.get("/index.html/").await.status, 404);
    });
}

#[test]
fn nothing_outside_the_root_is_served() {
    block_on(async {
        let (site, mut client) = site();
        site.write("inside.txt", "inside");
        site.write(".hidden", "hidden");
        site.write("folder/.git/config", "hidden");
        for (link, to) in [
            ("outside", "../secret"),
            ("absolute", "/etc/passwd"),
            ("up", ".."),
            ("loop", "loop"),
            ("descriptor", "/proc/self/root"),
        ] {
            symlink(to, site.root().join(link)).expect("it is new");
        }
        symlink("inside.txt", site.root().join("link")).expect("it is new");
        for target in [
            "/../secret",
            "/..%2fsecret",
            "/%2e%2e/secret",
            "/.%2e/secret",
            "/%2e%2e%2fsecret",
            "/folder/../../secret",
            "/folder/..%5c..%5csecret",
            "/./inside.txt",
            "//inside.txt",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/inside.txt%00.png",
            "/%00",
            "/outside",
            "/absolute",
            "/up/secret",
            "/up/",
            "/loop",
            "/descriptor/etc/passwd",
            "/.hidden",
            "/folder/.git/config",
            "/%252e%252e/secret",
            "/folder//x",
            "/..;/secret",
        ] {
            let reply = client.get(target).await;
            assert_eq!(reply.status, 404, "{target}");
            assert!(
                !String::from_utf8_lossy(&reply.content).contains("secret"),
                "{target}"
            );
        }
        assert_eq!(client.get("/%zz").await.status, 400);
        assert_eq!(
            client.get(&format!("/{}", "a".repeat(300))).await.status,
            404
        );
        assert_eq!(client.get("/link").await.content, b"inside");
        let absolute = client
            .ask("GET http://a/inside.txt HTTP/1.1\r\nHost: a\r\n\r\n")
            .await;
        assert_eq!(absolute.content, b"inside");
    });
}

#[test]
fn what_is_no_file_is_not_opened_for_long() {
    block_on(async {
        let (site, mut client) = site();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            site.root().join("fifo"),
            rustix::fs::FileType::Fifo,
            0o666.into(),
            0,
        )
        .expect("it is new");
        let _socket = UnixListener::bind(site.root().join("socket")).expect("it is new");
        symlink("/dev/zero", site.root().join("device")).expect("it is new");
        for target in ["/fifo", "/socket", "/device"] {
            assert_eq!(client.get(target).await.status, 404, "{target}");
        }
    });
}

#[test]
fn what_may_not_be_read_is_forbidden() {
    block_on(async {
        let (site, mut client) = site();
        site.write("private", "private");
        let path = site.root().join("private");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("it is ours");
        // To root nothing is forbidden.
        let expected = if fs::read(&path).is_ok() { 200 } else { 403 };
        assert_eq!(client.get("/private").await.status, expected);
    });
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_breaks_the_answer_off() {
    block_on(async {
        let (site, mut client) = site();
        site.write("file", content(2 << 20));
        client.far.set_room(100_000);
        client.far.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        client.far.until_sent(|sent| sent.len() == 100_000).await;
        let file = fs::OpenOptions::new()
            .write(true)
            .open(site.root().join("file"));
        file.expect("it is there")
            .set_len(600_000)
            .expect("it can be cut");
        client.far.set_room(usize::MAX);
        let reply = client.reply(false).await;
        assert!(reply.content.len() < 2 << 20);
        assert!(
            reply.content == content(reply.content.len()),
            "what was sent is not the file's"
        );
        client.far.dropped().await;
        assert!(client.far.is_aborted());
        assert_eq!(site.counters.broken_answers.get(), 1);
        assert!(site.journal.marks().contains(&file_changed()));
    });
}

#[test]
fn what_is_kept_is_sent_without_a_read_and_never_when_it_is_stale() {
    block_on(async {
        let (site, mut client) = site();
        site.write("file.txt", "old");
        site.set_modified("file.txt", Duration::from_secs(784_111_777));
        // Read once, and once more as long as its times are too young to tell of a change.
        for _ in 0..3 {
            client.get("/file.txt").await;
        }
        let before = site.file_reads();
        let kept = client.get("/file.txt").await;
        assert_eq!((kept.status, &*kept.content), (200, &b"old"[..]));
        assert_eq!(site.file_reads(), before, "it was read");
        for content in ["new", "two", "three"] {
            site.write("file.txt", content);
            let reply = client.get("/file.txt").await;
            assert_eq!(reply.content, content.as_bytes());
            assert_ne!(reply.field("etag"), kept.field("etag"));
        }
        fs::remove_file(site.root().join("file.txt")).expect("it is ours");
        assert_eq!(client.get("/file.txt").await.status, 404);
    });
}

/// What the record says of an answer whose file was not what it was.
fn file_changed() -> Mark {
    Mark::Label(Label::Reason("file_changed".into()))
}

#[test]
fn a_file_that_is_overwritten_while_it_is_sent_breaks_the_answer_off() {
    block_on(async {
        let (site, mut client) = site();
        site.write("file", content(2 << 20));
        client.far.set_room(100_000);
        client.far.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        client.far.until_sent(|sent| sent.len() == 100_000).await;
        // Of the same length, and in place.
        let file = fs::OpenOptions::new()
            .write(true)
            .open(site.root().join("file"));
        let file = file.expect("it is there");
        file.write_all_at(&[0; 1 << 20], 1 << 20)
            .expect("it is ours");
        client.far.set_room(usize::MAX);
        let reply = client.reply(false).await;
        assert!(reply.content.len() < 2 << 20);
        assert!(reply.content == content(reply.content.len()));
        client.far.dropped().await;
        assert!(client.far.is_aborted());
        assert!(site.journal.marks().contains(&file_changed()));
    });
}

#[test]
fn a_file_that_another_is_renamed_over_is_sent_to_its_end() {
    block_on(async {
        let (site, mut client) = site();
        site.write("file", content(2 << 20));
        site.write("new", "new");
        client.far.set_room(100_000);
        client.far.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        client.far.until_sent(|sent| sent.len() == 100_000).await;
        fs::rename(site.root().join("new"), site.root().join("file")).expect("it is ours");
        client.far.set_room(usize::MAX);
        assert!(client.reply(false).await.content == content(2 << 20));
        assert_eq!(client.get("/file").await.content, b"new");
    });
}

/// A FIFO that somebody waits to write to: to open it would let the writer go on.
#[test]
fn a_fifo_is_not_opened_at_all() {
    block_on(async {
        let (site, mut client) = site();
        let path = site.root().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            0o666.into(),
            0,
        )
        .expect("it is new");
        let (opened, is_opened) = std::sync::mpsc::channel();
        std::thread::spawn({
            let path = path.clone();
            move || {
                let writer = fs::File::options().write(true).open(path);
                let _ = opened.send(writer.is_ok());
            }
        });
        for _ in 0..3 {
            assert_eq!(client.get("/fifo").await.status, 404);
        }
        assert!(is_opened.try_recv().is_err(), "the writer was let go");
        let _reader = fs::File::open(path).expect("somebody writes");
        assert_eq!(is_opened.recv(), Ok(true));
    });
}

#[test]
fn a_root_must_be_a_folder_that_is_there() {
    let around = tempfile::tempdir().expect("a folder can be made");
    let file = around.path().join("file");
    fs::write(&file, "").expect("it is new");
    let kind = |path: &Path| {
        Files::open(path, &FolderOptions::default(), &Store::default())
            .map_err(|error| error.kind())
            .err()
    };
    assert_eq!(
        kind(&around.path().join("missing")),
        Some(std::io::ErrorKind::NotFound)
    );
    assert_eq!(kind(&file), Some(std::io::ErrorKind::NotADirectory));
    assert_eq!(kind(around.path()), None);
}
