//! A service inside TLS: handshakes that succeed, that fail and that do not end.

use super::peer::{Identity, Peer};
use crate::counters::ServeCounters;
use crate::files::{Files, FolderOptions, Store};
use crate::http1::Http1;
use crate::options::ServeOptions;
use crate::server::ConnectionService;
use crate::testing::{Far, ListJournal, block_on, line};
use crate::tls::{Secure, Tls, TlsOptions, TlsVersion};
use periplus_journey::{Label, Mark, Station};
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, Error, HandshakeKind};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A folder with one file, served inside TLS.
struct Site {
    service: Secure<Http1<Files>>,
    counters: Arc<ServeCounters>,
    drain: watch::Sender<bool>,
    _root: TempDir,
}

impl Site {
    fn new(tls: Tls) -> Self {
        Self::with(tls, ServeOptions::default())
    }

    fn with(tls: Tls, options: ServeOptions) -> Self {
        let root = tempfile::tempdir().expect("a folder can be made");
        std::fs::write(root.path().join("file"), "content").expect("it is new");
        let files = Files::open(root.path(), &FolderOptions::default(), &Store::default())
            .expect("it is a folder");
        let counters = Arc::new(ServeCounters::default());
        let http = Http1::new(files, options.clone(), counters.clone());
        Self {
            service: Secure::new(http, tls, options, counters.clone()),
            counters,
            drain: watch::channel(false).0,
            _root: root,
        }
    }

    fn connect(&self) -> (Far, ListJournal, JoinHandle<()>) {
        let (near, far) = line();
        let journal = ListJournal::default();
        let (service, told) = (self.service.clone(), journal.clone());
        let drain = self.drain.subscribe();
        let task = tokio::task::spawn_local(async move {
            service.serve(near, told, drain).await;
        });
        (far, journal, task)
    }
}

/// What the requests were told to have come by.
fn secured(journal: &ListJournal) -> Vec<(&'static str, Option<String>)> {
    let secured = journal.marks().into_iter().filter_map(|mark| match mark {
        Mark::Label(Label::Secured(secured)) => Some(secured),
        _ => None,
    });
    secured
        .map(|secured| {
            (
                secured.version,
                secured.server_name.as_deref().map(String::from),
            )
        })
        .collect()
}

fn refused(journal: &ListJournal) -> Option<&'static str> {
    journal.marks().iter().find_map(|mark| match mark {
        Mark::Refused { reason } => Some(*reason),
        _ => None,
    })
}

#[test]
fn requests_inside_either_version_are_answered_and_marked_in_the_ciphertext() {
    for version in [&TLS13, &TLS12] {
        block_on(async {
            let identity = Identity::of(&["localhost"]);
            let site = Site::new(identity.tls());
            let (far, journal, _task) = site.connect();
            let mut client = identity.client(&[version]);
            client.alpn_protocols = vec![b"http/1.1".to_vec()];
            let mut peer = Peer::new(far, &Arc::new(client), "localhost");
            peer.shake().await;
            assert_eq!(peer.session.alpn_protocol(), Some(&b"http/1.1"[..]));
            for _ in 0..2 {
                let answer = peer.get("/file", b"content").await;
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            }
            assert_eq!(site.counters.tls_handshakes.get(), 1);
            let (mut began, mut ended, mut requests) = (None, None, Vec::new());
            let mut decrypted = 0;
            for mark in journal.marks() {
                match mark {
                    Mark::TlsBegan { start } => began = Some(start),
                    Mark::TlsEnded { end } => ended = Some(end),
                    Mark::Request { start } => requests.push((start, 0)),
                    Mark::RequestEnd { end, .. } => requests.last_mut().unwrap().1 = end,
                    Mark::Overlay {
                        station: Station::Decrypt,
                        ..
                    } => decrypted += 1,
                    _ => {}
                }
            }
            // The first request is the record behind the handshake, the second the one behind that.
            let handshake = ended.expect("the handshake ended");
            assert_eq!(began, Some(0));
            let length = (requests[0].1 - handshake) as usize;
            assert_eq!(requests[0].0, handshake);
            assert_eq!(requests[1], (requests[0].1, requests[0].1 + length as u64));
            let plain = "GET /file HTTP/1.1\r\nHost: a\r\n\r\n".len();
            assert!(length > plain && length < plain + 64, "{length}");
            assert_eq!(decrypted, 2);
        });
    }
}

#[test]
fn where_an_access_log_is_kept_every_request_says_what_it_came_by() {
    for (version, name) in [(&TLS13, "1.3"), (&TLS12, "1.2")] {
        block_on(async {
            // Names are told as they are compared; of an address there is none (RFC 6066 section 3).
            for (asked, told) in [("LocalHost", Some("localhost".into())), ("127.0.0.1", None)] {
                for access_log in [true, false] {
                    let identity = Identity::of(&["localhost", "127.0.0.1"]);
                    let options = ServeOptions {
                        access_log,
                        ..ServeOptions::default()
                    };
                    let site = Site::with(identity.tls(), options);
                    let (far, journal, _task) = site.connect();
                    let client = Arc::new(identity.client(&[version]));
                    let mut peer = Peer::new(far, &client, asked);
                    peer.shake().await;
                    peer.get("/file", b"content").await;
                    peer.get("/file", b"content").await;
                    // One that is refused as well.
                    peer.heard.clear();
                    peer.say(b"GET /file HTTP/1.1\r\nHost : a\r\n\r\n");
                    peer.until(|peer| peer.heard.starts_with(b"HTTP/1.1 400 "))
                        .await;
                    let expected = (name, told.clone());
                    let expected = vec![expected; if access_log { 3 } else { 0 }];
                    assert_eq!(secured(&journal), expected);
                }
            }
        });
    }
}

#[test]
fn the_end_is_said_on_both_sides() {
    block_on(async {
        let identity = Identity::of(&["localhost"]);
        let site = Site::new(identity.tls());
        let (far, _, task) = site.connect();
        let client = Arc::new(identity.client(&[&TLS13]));
        let mut peer = Peer::new(far, &client, "localhost");
        peer.shake().await;
        peer.get("/file", b"content").await;
        peer.session.send_close_notify();
        peer.until(|peer| peer.closed).await;
        assert!(peer.closed && peer.far.is_shut());
        task.await.expect("nothing panics");
        assert_eq!(site.counters.tls_truncations.get(), 0);
        // Who ends without a word is counted.
        let (far, _, task) = site.connect();
        let mut peer = Peer::new(far, &client, "localhost");
        peer.shake().await;
        peer.get("/file", b"content").await;
        peer.far.end();
        peer.until(|peer| peer.closed).await;
        task.await.expect("nothing panics");
        assert_eq!(site.counters.tls_truncations.get(), 1);
    });
}

#[test]
fn a_client_that_speaks_http_is_told_in_plain_words() {
    block_on(async {
        let site = Site::new(Identity::of(&["localhost"]).tls());
        let (far, journal, task) = site.connect();
        far.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        far.end();
        task.await.expect("nothing panics");
        let answer = far.text();
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{answer}"
        );
        assert!(answer.contains("speaks HTTPS"), "{answer}");
        assert!(far.is_shut());
        assert_eq!(refused(&journal), Some("plain_http"));
        assert_eq!(site.counters.tls_failures.get(), 1);
    });
}

#[test]
fn a_client_without_a_version_in_common_hears_why() {
    block_on(async {
        let identity = Identity::of(&["localhost"]);
        let options = TlsOptions {
            least_version: TlsVersion::Tls13,
            ..identity.options()
        };
        let site = Site::new(Tls::new(&options).expect("the certificate is good"));
        let (far, journal, task) = site.connect();
        let mut peer = Peer::new(far, &Arc::new(identity.client(&[&TLS12])), "localhost");
        peer.until(|peer| peer.error.is_some()).await;
        let alert = Error::AlertReceived(AlertDescription::ProtocolVersion);
        assert_eq!(peer.error, Some(alert));
        peer.far.end();
        task.await.expect("nothing panics");
        assert_eq!(refused(&journal), Some("tls_no_shared_version"));
        assert_eq!(site.counters.tls_failures.get(), 1);
    });
}

#[test]
fn a_client_that_distrusts_the_certificate_is_a_record_that_says_so() {
    block_on(async {
        let site = Site::new(Identity::of(&["localhost"]).tls());
        let (far, journal, task) = site.connect();
        let other = Identity::of(&["localhost"]);
        let mut peer = Peer::new(far, &Arc::new(other.client(&[&TLS13])), "localhost");
        peer.until(|peer| peer.error.is_some()).await;
        let alert = peer.ciphertext();
        peer.far.send(alert);
        peer.far.end();
        task.await.expect("nothing panics");
        let reason = refused(&journal).expect("it is refused");
        assert!(reason.starts_with("tls_alert_"), "{reason}");
    });
}

#[test]
fn a_handshake_that_does_not_end_is_ended() {
    block_on(async {
        let identity = Identity::of(&["localhost"]);
        let site = Site::new(identity.tls());
        let (far, journal, task) = site.connect();
        let mut peer = Peer::new(far, &Arc::new(identity.client(&[&TLS13])), "localhost");
        let hello = peer.ciphertext();
        tokio::time::sleep(Duration::from_secs(30)).await;
        let begun = tokio::time::Instant::now();
        // Before the first byte a connection is idle; from then on every byte is late at the same time.
        for byte in hello.chunks(1).take(8) {
            peer.far.send(byte);
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        task.await.expect("nothing panics");
        assert!(begun.elapsed() >= Duration::from_secs(10));
        let reason = "tls_handshake_timeout";
        assert!(journal.marks().contains(&Mark::TimedOut { reason }));
        assert_eq!(site.counters.tls_timeouts.get(), 1);
    });
}

#[test]
fn a_handshake_has_a_size() {
    block_on(async {
        let site = Site::new(Identity::of(&["localhost"]).tls());
        let (far, journal, task) = site.connect();
        // A ClientHello that says it is 60,000 bytes long, in records of one byte.
        let mut record = vec![22, 3, 1, 0, 4, 1, 0, 0xea, 0x60];
        for _ in 0..20_000 {
            record.extend([22, 3, 1, 0, 1, 0]);
        }
        far.send(record);
        far.end();
        task.await.expect("nothing panics");
        let reason = refused(&journal).expect("it is refused");
        assert!(reason.starts_with("tls_"), "{reason}");
        assert!(far.consumed() < 130_000);
        assert_eq!(site.counters.tls_failures.get(), 1);
    });
}

#[test]
fn a_silent_connection_is_idle_and_no_handshake() {
    block_on(async {
        let site = Site::new(Identity::of(&["localhost"]).tls());
        let (_far, journal, task) = site.connect();
        task.await.expect("nothing panics");
        let reason = "idle_timeout";
        assert_eq!(journal.marks(), [Mark::TimedOut { reason }]);
        assert_eq!(site.counters.tls_timeouts.get(), 0);
    });
}

#[test]
fn a_session_is_taken_up_again_even_after_a_reload() {
    for (version, times) in [(&TLS13, 2), (&TLS12, 2)] {
        block_on(async {
            let identity = Identity::of(&["localhost"]);
            let tls = identity.tls();
            let site = Site::new(tls.clone());
            let client = Arc::new(identity.client(&[version]));
            let mut kinds = Vec::new();
            for _ in 0..times {
                let (far, _, _task) = site.connect();
                let mut peer = Peer::new(far, &client, "localhost");
                peer.shake().await;
                // With the answer come the tickets.
                peer.get("/file", b"content").await;
                kinds.push(peer.session.handshake_kind().expect("it is over"));
                tls.replace(&identity.options()).expect("it is good");
            }
            assert_eq!(kinds[1..], [HandshakeKind::Resumed]);
        });
    }
}

#[test]
fn a_reload_is_for_new_connections_only() {
    block_on(async {
        let (old, new) = (Identity::of(&["localhost"]), Identity::of(&["localhost"]));
        let tls = old.tls();
        let site = Site::new(tls.clone());
        let connect = |identity: &Identity| {
            let (far, _, task) = site.connect();
            let client = Arc::new(identity.client(&[&TLS13]));
            (Peer::new(far, &client, "localhost"), task)
        };
        let (mut before, _task) = connect(&old);
        before.shake().await;
        tls.replace(&new.options()).expect("it is good");
        let (mut after, _task) = connect(&new);
        after.shake().await;
        for peer in [&mut before, &mut after] {
            assert!(peer.get("/file", b"content").await.contains("200 OK"));
        }
        // What cannot be read changes nothing.
        std::fs::write(&new.files.key, "no key").expect("it can be written");
        tls.replace(&new.options()).expect_err("there is no key");
        let (mut after, _task) = connect(&new);
        after.shake().await;
    });
}

#[test]
fn two_requests_in_one_record_have_a_journey_each() {
    block_on(async {
        let identity = Identity::of(&["localhost"]);
        let site = Site::new(identity.tls());
        let (far, journal, _task) = site.connect();
        let client = Arc::new(identity.client(&[&TLS13]));
        let mut peer = Peer::new(far, &client, "localhost");
        peer.shake().await;
        peer.say(&b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2));
        let twice = |heard: &[u8]| heard.windows(7).filter(|part| part == b"content").count() == 2;
        peer.until(|peer| twice(&peer.heard)).await;
        let marks = journal.marks();
        let starts: Vec<_> = marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Request { start } => Some(*start),
                _ => None,
            })
            .collect();
        assert_eq!(starts.len(), 2);
        assert_eq!(starts[0], starts[1]);
        // What the second waited for decrypted is told.
        let second = marks
            .iter()
            .rposition(|mark| matches!(mark, Mark::Request { .. }));
        let next = &marks[second.unwrap() + 1];
        assert!(
            matches!(next, Mark::Overlay { station, .. } if *station == Station::ReceiveQueue),
            "{next:?}"
        );
        let lines = marks
            .iter()
            .filter(|mark| matches!(mark, Mark::Label(Label::Request(_))));
        assert_eq!(lines.count(), 2);
    });
}
