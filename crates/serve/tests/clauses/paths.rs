//! Targets that try to leave the root, or to find in it what is not served: none comes by a byte of what it must not see.

use super::common::test;
use super::play::converse;
use super::stage::Stage;
use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// What stands outside the root, and in what the root hides.
const SECRET: &str = "nobody may see this";
/// What stands in all that is served.
const SERVED: &str = "everybody may see this";

/// Nothing is there, or nothing that is served.
const NOTHING: &[u16] = &[404];
/// No target of HTTP.
const MALFORMED: &[u16] = &[400];
/// One or the other, as the parser before us has it.
const EITHER: &[u16] = &[400, 404];
const FOUND: &[u16] = &[200];
const FOLDER: &[u16] = &[301, 308];

/// What is asked for, and the statuses that may come back.
const TARGETS: &[(&[u8], &[u16])] = &[
    // Dot segments, as they are: nobody resolves them here.
    (b"/../secret", NOTHING),
    (b"/../../secret", NOTHING),
    (b"/folder/../../secret", NOTHING),
    (b"/folder/../file", NOTHING),
    (b"/./file", NOTHING),
    (b"/.", NOTHING),
    (b"/..", NOTHING),
    (b"/../", NOTHING),
    (b"/.../secret", NOTHING),
    (b"/....//secret", NOTHING),
    (b"/folder/..", NOTHING),
    (b"/folder/.", NOTHING),
    // Encoded once.
    (b"/%2e%2e/secret", NOTHING),
    (b"/%2E%2E/secret", NOTHING),
    (b"/.%2e/secret", NOTHING),
    (b"/%2e./secret", NOTHING),
    (b"/%2e/file", NOTHING),
    (b"/..%2fsecret", NOTHING),
    (b"/..%2Fsecret", NOTHING),
    (b"/%2e%2e%2fsecret", NOTHING),
    (b"/folder%2findex.html", NOTHING),
    (b"/folder/%2e%2e%2f%2e%2e%2fsecret", NOTHING),
    (b"%2fsecret", MALFORMED),
    // Twice, and more.
    (b"/%252e%252e/secret", NOTHING),
    (b"/%252e%252e%252fsecret", NOTHING),
    (b"/%25252e%25252e%25252fsecret", NOTHING),
    (b"/..%252fsecret", NOTHING),
    (b"/%%32%65%%32%65/secret", MALFORMED),
    // As something that decodes to a dot or slash for those who decode too much.
    (b"/%c0%ae%c0%ae/secret", NOTHING),
    (b"/%c0%ae%c0%ae%c0%afsecret", NOTHING),
    (b"/..%c0%afsecret", NOTHING),
    (b"/..%c1%9csecret", NOTHING),
    (b"/%e0%80%ae%e0%80%ae/secret", NOTHING),
    (b"/%f0%80%80%ae%f0%80%80%ae/secret", NOTHING),
    (b"/%ef%bc%8e%ef%bc%8e/secret", NOTHING),
    (b"/..%ef%bc%8fsecret", NOTHING),
    (b"/%u002e%u002e/secret", MALFORMED),
    (b"/..%u2215secret", MALFORMED),
    (b"/%ff%fe/secret", NOTHING),
    (b"/..%00/secret", NOTHING),
    (b"\xc0\xae\xc0\xae/secret", MALFORMED),
    (b"/\xc0\xae\xc0\xae/secret", MALFORMED),
    // Backslashes.
    (b"/..\\secret", EITHER),
    (b"/..%5csecret", NOTHING),
    (b"/..%5Csecret", NOTHING),
    (b"\\..\\secret", MALFORMED),
    (b"/%5c..%5csecret", NOTHING),
    (b"/folder\\index.html", EITHER),
    // Absolute paths, other hosts, other drives.
    (b"//etc/passwd", NOTHING),
    (b"///etc/passwd", NOTHING),
    (b"//secret", NOTHING),
    (b"/%2fetc/passwd", NOTHING),
    (b"/%2f%2fetc%2fpasswd", NOTHING),
    (b"//a/../secret", NOTHING),
    (b"/folder//index.html", NOTHING),
    (b"/C:/secret", NOTHING),
    (b"/C:%5csecret", NOTHING),
    (b"/file::$DATA", NOTHING),
    (b"C:/secret", EITHER),
    (b"http://a/../secret", NOTHING),
    (b"http://a/%2e%2e/secret", NOTHING),
    (b"http://a//etc/passwd", NOTHING),
    (b"file:///etc/passwd", EITHER),
    (b"http://a/file", FOUND),
    // Behind the path.
    (b"/file?/../../secret", FOUND),
    (b"/file?../secret%00", FOUND),
    (b"/?../secret", FOUND),
    (b"/file#/../../secret", MALFORMED),
    (b"/../secret?/file", NOTHING),
    // Ends that somebody strips.
    (b"/file%00.html", NOTHING),
    (b"/file%00", NOTHING),
    (b"/file\0", MALFORMED),
    (b"/file.", NOTHING),
    (b"/file...", NOTHING),
    (b"/file%20", NOTHING),
    (b"/file%0a", NOTHING),
    (b"/file%0d%0aX:%20y", NOTHING),
    (b"/file/", NOTHING),
    (b"/file/.", NOTHING),
    (b"/file/..", NOTHING),
    (b"/file/../../secret", NOTHING),
    (b"/file~", NOTHING),
    (b"/file;a=b", NOTHING),
    (b"/..;/secret", NOTHING),
    (b"/folder;/../../secret", NOTHING),
    (b"/FILE", NOTHING),
    // Control bytes.
    (b"/\x01", MALFORMED),
    (b"/file\x7f", MALFORMED),
    (b"/file\x1b[2J", MALFORMED),
    (b"/%1b%5b2J", NOTHING),
    (b"/\tfile", MALFORMED),
    (b"/%7f", NOTHING),
    // Percent signs that encode nothing.
    (b"/%", MALFORMED),
    (b"/%2", MALFORMED),
    (b"/file%", MALFORMED),
    (b"/%zz", MALFORMED),
    (b"/% 20", MALFORMED),
    // What the kernel has under names of its own.
    (b"/proc/self/environ", NOTHING),
    (b"/dev/zero", NOTHING),
    (b"/to-proc/self/environ", NOTHING),
    (b"/to-dev/zero", NOTHING),
    // Links.
    (b"/to-file", FOUND),
    (b"/to-folder/", FOUND),
    (b"/to-secret", NOTHING),
    (b"/to-absolute-secret", NOTHING),
    (b"/to-outside/secret", NOTHING),
    (b"/to-outside/", NOTHING),
    (b"/to-root/secret", NOTHING),
    (b"/to-passwd", NOTHING),
    (b"/out-and-in", NOTHING),
    (b"/to-itself", NOTHING),
    (b"/to-nothing", NOTHING),
    (b"/folder-with-link/", NOTHING),
    // What is in the root, and not served.
    (b"/.env", NOTHING),
    (b"/%2eenv", NOTHING),
    (b"/.git/config", NOTHING),
    (b"/%2egit/config", NOTHING),
    (b"/folder/.hidden", NOTHING),
    (b"/folder/.well-known/secret", NOTHING),
    (b"/.well-known/file", FOUND),
    (b"/.well-known/../.env", NOTHING),
    (b"/.well-known/.hidden", NOTHING),
    // What would block whoever opens it, or has no end.
    (b"/fifo", NOTHING),
    (b"/fifo/", NOTHING),
    (b"/socket", NOTHING),
    (b"/device", NOTHING),
    (b"/to-fifo", NOTHING),
    (b"/folder-with-fifo/", NOTHING),
    // And what is there.
    (b"/", FOUND),
    (b"/file", FOUND),
    (b"/%66ile", FOUND),
    (b"/folder", FOLDER),
    (b"/folder/", FOUND),
    (b"/folder/index.html", FOUND),
    (b"/a%20b", FOUND),
];

/// A root full of traps, and a secret beside it.
async fn stage() -> (Stage, UnixListener) {
    let around = tempfile::tempdir().unwrap();
    let root = around.path().join("root");
    let write = |path: &str, content: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    for file in [
        "index.html",
        "file",
        "a b",
        "folder/index.html",
        ".well-known/file",
    ] {
        write(file, SERVED);
    }
    for file in [
        ".env",
        ".git/config",
        "folder/.hidden",
        "folder/.well-known/secret",
        ".well-known/.hidden",
        "../secret",
        "folder-with-fifo/file",
        "folder-with-link/file",
    ] {
        write(file, SECRET);
    }
    let secret = around.path().join("secret").display().to_string();
    let inside = format!("../{}/file", root.file_name().unwrap().display());
    for (link, to) in [
        ("to-file", "file"),
        ("to-folder", "folder"),
        ("to-secret", "../secret"),
        ("to-absolute-secret", &*secret),
        ("to-outside", ".."),
        ("to-root", "/"),
        ("to-passwd", "/etc/passwd"),
        ("to-proc", "/proc"),
        ("to-dev", "/dev"),
        ("out-and-in", &*inside),
        ("to-itself", "to-itself"),
        ("to-nothing", "nothing"),
        ("to-fifo", "fifo"),
        ("folder-with-link/index.html", "../../secret"),
    ] {
        symlink(to, root.join(link)).unwrap();
    }
    let node = |path: &str, kind, device| {
        mknodat(
            CWD,
            root.join(path),
            kind,
            Mode::from_raw_mode(0o666),
            device,
        )
    };
    node("fifo", FileType::Fifo, 0).unwrap();
    node("folder-with-fifo/index.html", FileType::Fifo, 0).unwrap();
    // /dev/zero, where the test may make it: elsewhere nothing is there, which is answered alike.
    let _ = node(
        "device",
        FileType::CharacterDevice,
        rustix::fs::makedev(1, 5),
    );
    let socket = UnixListener::bind(root.join("socket")).unwrap();
    (Stage::of(around, false).await, socket)
}

/// Asks for `target` and gives the status and content of the answer, which has no secret in it.
async fn ask(stage: &Stage, target: &[u8]) -> (u16, Vec<u8>) {
    let request = [b"GET ", target, b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    let name = target.escape_ascii().to_string();
    let mut answers = converse(stage, &request)
        .await
        .unwrap_or_else(|why| panic!("{name}: {why}"));
    assert_eq!(answers.len(), 1, "{name}");
    let answer = answers.remove(0);
    let all = format!("{answer:?} {}", String::from_utf8_lossy(&answer.content));
    for secret in [SECRET, "root:", "PATH="] {
        assert!(!all.contains(secret), "{name} shows {secret}: {all}");
    }
    assert!(
        answer.status != 200 || answer.content == SERVED.as_bytes(),
        "{name}: {all}"
    );
    (answer.status, answer.content)
}

#[test]
fn no_target_leaves_the_root() {
    test(async {
        let (stage, _socket) = stage().await;
        let mut wrong = Vec::new();
        for (target, statuses) in TARGETS {
            let (status, _) = ask(&stage, target).await;
            if !statuses.contains(&status) {
                wrong.push(format!(
                    "{}: {status}, not {statuses:?}",
                    target.escape_ascii()
                ));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        stage.finish().await;
    });
}

#[test]
fn nor_one_that_is_deep_or_long() {
    test(async {
        let (stage, _socket) = stage().await;
        for (piece, times) in [
            ("/..", 2000),
            ("/%2e%2e", 1000),
            ("/a", 4000),
            ("/folder/..", 800),
            ("/.", 4000),
            ("//", 4000),
        ] {
            let target = format!("{}/secret", piece.repeat(times));
            assert_eq!(
                ask(&stage, target.as_bytes()).await.0,
                404,
                "{piece} {times} times"
            );
        }
        let name = format!("/{}", "a".repeat(5000));
        assert_eq!(ask(&stage, name.as_bytes()).await.0, 404);
        let encoded = format!("/{}", "%61".repeat(2000));
        assert_eq!(ask(&stage, encoded.as_bytes()).await.0, 404);
        let too_long = format!("{}/secret", "/..".repeat(4000));
        assert_eq!(ask(&stage, too_long.as_bytes()).await.0, 414);
        stage.finish().await;
    });
}

/// Makes `path` a link to the one place and the other in turn, until it is told to stop.
fn swap(path: &Path, places: [&str; 2], stop: &AtomicBool) {
    let next = path.with_extension("next");
    for place in places.iter().cycle() {
        let swapped = symlink(place, &next).and_then(|()| fs::rename(&next, path));
        // The folder goes when the test is over.
        if swapped.is_err() || stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

#[test]
fn a_link_that_is_swapped_meanwhile_leads_nowhere_else() {
    let around = tempfile::tempdir().unwrap();
    let root = around.path().join("root");
    fs::create_dir_all(root.join("folder")).unwrap();
    fs::write(root.join("folder/name"), SERVED).unwrap();
    fs::create_dir(around.path().join("outside")).unwrap();
    fs::write(around.path().join("outside/name"), SECRET).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            swap(
                &root.join("file"),
                ["folder/name", "../outside/name"],
                &stop,
            )
        });
        scope.spawn(|| swap(&root.join("link"), ["folder", "../outside"], &stop));
        let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            test(async {
                let stage = Stage::of(around, false).await;
                for target in ["/file", "/link/name"] {
                    let (mut found, mut nothing) = (0, 0);
                    // Until both were seen, as they are where the one place follows the other.
                    while found + nothing < 300 || found == 0 || nothing == 0 {
                        match ask(&stage, target.as_bytes()).await.0 {
                            200 => found += 1,
                            404 => nothing += 1,
                            status => panic!("{target}: {status}"),
                        }
                    }
                }
                stop.store(true, Ordering::Relaxed);
                stage.finish().await;
            });
        }));
        stop.store(true, Ordering::Relaxed);
        asked.unwrap();
    });
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "/",
        "//",
        "..",
        ".",
        "%2e",
        "%2E%2e",
        "%252e",
        "%2f",
        "%5c",
        "\\",
        "%c0%ae",
        "%c0%af",
        "%00",
        "%",
        ";",
        ";a=b",
        "?",
        "#",
        ":",
        "@",
        "~",
        "%20",
        "..;",
        "file",
        "folder",
        "secret",
        "root",
        "etc",
        "passwd",
        "proc",
        "self",
        "environ",
        "to-outside",
        "to-root",
        "to-proc",
        "to-folder",
        ".env",
        ".git",
        ".well-known",
        "fifo",
        "index.html",
        "http://a",
        "C:",
        "%ff",
        "%e0%80%ae",
        "*",
        "&",
        "+",
        "-",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nor_one_that_is_made_of_all_of_these(
        targets in prop::collection::vec(prop::collection::vec(piece(), 1..9), 1..30),
    ) {
        test(async {
            let (stage, _socket) = stage().await;
            for pieces in targets {
                let target = format!("/{}", pieces.concat());
                let (status, _) = ask(&stage, target.as_bytes()).await;
                assert!(matches!(status, 200 | 301 | 308 | 400 | 404), "{target}: {status}");
            }
            stage.finish().await;
        });
    }
}
