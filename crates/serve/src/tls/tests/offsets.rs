//! Whatever the ciphertext is cut into: the same plaintext, and marks on the records that hold it.

use super::peer::{Identity, Peer};
use crate::counters::ServeCounters;
use crate::marks::Marks;
use crate::stream::PeekStream;
use crate::testing::{Line, ListJournal, Runner, line};
use crate::tls::handshake::shake;
use crate::tls::{TlsMarks, TlsStream};
use periplus_journey::{Mark, RequestEnd, Station};
use proptest::prelude::*;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SupportedProtocolVersion};
use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use tokio::io::{AsyncWrite, ReadBuf};

static VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// A server and clients of each version, made once.
fn identity() -> &'static (Identity, [Arc<ClientConfig>; 2]) {
    static IDENTITY: OnceLock<(Identity, [Arc<ClientConfig>; 2])> = OnceLock::new();
    IDENTITY.get_or_init(|| {
        let identity = Identity::of(&["localhost"]);
        let clients = VERSIONS.map(|version| Arc::new(identity.client(&[version])));
        (identity, clients)
    })
}

/// Both ends of a session, past its handshake.
fn session(version: usize) -> (TlsStream<Line, ListJournal>, TlsMarks<ListJournal>, Peer) {
    let (identity, clients) = identity();
    let (near, far) = line();
    let (session, _) = identity.tls().session().expect("there is a session");
    let marks = TlsMarks::new(ListJournal::default());
    let counters = Arc::new(ServeCounters::default());
    let mut stream = TlsStream::new(near, session, marks.clone(), counters);
    let mut peer = Peer::new(far, &clients[version], "localhost");
    let mut shaking = Runner::new(async {
        assert!(shake(&mut stream).await.is_ok());
    });
    while !shaking.run() {
        let bytes = peer.ciphertext();
        peer.far.send(bytes);
        shaking.run();
        peer.look();
    }
    drop(shaking);
    let mut flushing = Runner::new(poll_fn(|context| Pin::new(&mut stream).poll_flush(context)));
    assert!(flushing.run());
    drop(flushing);
    peer.look();
    assert!(!peer.session.is_handshaking());
    (stream, marks, peer)
}

/// The records of a ciphertext, as ranges of the stream that it begins in at `start`.
fn records(bytes: &[u8], start: u64) -> Vec<Range<u64>> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = 5 + usize::from(u16::from_be_bytes([bytes[at + 3], bytes[at + 4]]));
        records.push(start + at as u64..start + (at + length) as u64);
        at += length;
    }
    records
}

/// Reads at most `most` bytes of what is here. `None` if nothing is.
fn read(stream: &mut TlsStream<Line, ListJournal>, most: usize) -> Option<Vec<u8>> {
    let mut space = vec![0; most];
    let mut read = None;
    let mut reading = Runner::new(poll_fn(|context| {
        let mut buffer = ReadBuf::new(&mut space);
        if let Poll::Ready(peeked) = stream.poll_peek(context, &mut buffer) {
            peeked.expect("the session is sound");
            let bytes = buffer.filled().to_vec();
            stream.consume(bytes.len());
            read = Some(bytes);
        }
        Poll::Ready(())
    }));
    assert!(reading.run());
    drop(reading);
    read
}

fn write(stream: &mut TlsStream<Line, ListJournal>, bytes: &[u8]) -> usize {
    let mut written = 0;
    let mut writing = Runner::new(poll_fn(|context| {
        if let Poll::Ready(result) = Pin::new(&mut *stream).poll_write(context, bytes) {
            written = result.expect("the session is sound");
        }
        Poll::Ready(())
    }));
    assert!(writing.run());
    drop(writing);
    written
}

fn plaintext(length: usize) -> Vec<u8> {
    (0..length).map(|position| (position % 251) as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Requests of these lengths, several to a record or several records each, arriving in these cuts and read in these sizes.
    #[test]
    fn what_comes_in(
        version in 0usize..2,
        said in proptest::collection::vec(1usize..40_000, 1..4),
        cuts in proptest::collection::vec(1usize..20_000, 1..8),
        sizes in proptest::collection::vec(1usize..20_000, 1..8),
        ends in proptest::collection::vec(1usize..30_000, 1..6),
    ) {
        let (mut stream, marks, mut peer) = session(version);
        let before = peer.far.consumed();
        let mut holds = Vec::new(); // plaintext up to here in that record
        let mut ciphertext = Vec::new();
        let whole = plaintext(said.iter().sum());
        let mut at = 0;
        for length in said {
            for part in whole[at..at + length].chunks(1 << 14) {
                peer.say(part);
                at += part.len();
                let bytes = peer.ciphertext();
                let start = before + ciphertext.len() as u64;
                for record in records(&bytes, start) {
                    holds.push((at as u64, record));
                }
                ciphertext.extend(bytes);
            }
        }
        let mut heard = Vec::new();
        let mut cuts = cuts.into_iter().cycle();
        let mut sizes = sizes.into_iter().cycle();
        let mut ends = ends.into_iter().cycle();
        let mut told = Vec::new();
        let (mut start, mut end) = (None, 0);
        let mut sent = 0;
        while heard.len() < whole.len() {
            let cut = cuts.next().unwrap().min(ciphertext.len() - sent);
            peer.far.send(&ciphertext[sent..sent + cut]);
            sent += cut;
            while heard.len() < whole.len() {
                let most = match start {
                    Some(_) => (end - heard.len()).min(sizes.next().unwrap()),
                    None => sizes.next().unwrap(),
                };
                let Some(bytes) = read(&mut stream, most) else { break };
                if start.is_none() {
                    start = Some(heard.len() as u64);
                    end = (heard.len() + ends.next().unwrap()).max(heard.len() + bytes.len());
                    end = end.min(whole.len());
                    marks.mark(Mark::Request { start: heard.len() as u64 });
                }
                heard.extend(bytes);
                if heard.len() == end {
                    let end = end as u64;
                    marks.mark(Mark::RequestEnd { end, how: RequestEnd::Complete });
                    told.push((start.take().unwrap(), end));
                }
            }
        }
        prop_assert!(heard == whole);
        let of = |offset: u64| {
            let record = holds.iter().find(|(end, _)| *end > offset);
            record.expect("it is in a record").1.clone()
        };
        let expected: Vec<_> = told.iter().map(|&(start, end)| (of(start).start, of(end - 1).end)).collect();
        let mut found = Vec::new();
        let mut begun = 0;
        for mark in marks.inner().marks() {
            match mark {
                Mark::Request { start } => begun = start,
                Mark::RequestEnd { end, .. } => found.push((begun, end)),
                _ => {}
            }
        }
        prop_assert_eq!(found, expected);
    }

    /// Answers written in these sizes, into a stream that has room for so much at a time.
    #[test]
    fn what_goes_out(
        version in 0usize..2,
        answers in proptest::collection::vec(1usize..40_000, 1..4),
        rooms in proptest::collection::vec(1usize..30_000, 1..8),
        sizes in proptest::collection::vec(1usize..50_000, 1..8),
    ) {
        let (mut stream, marks, mut peer) = session(version);
        let before = peer.far.sent().len() as u64;
        let mut rooms = rooms.into_iter().cycle();
        let mut sizes = sizes.into_iter().cycle();
        let mut said = Vec::new();
        let mut told = Vec::new();
        peer.far.set_room(0);
        for length in answers {
            let start = said.len() as u64;
            let answer = plaintext(length);
            let mut at = 0;
            while at < length {
                let size = sizes.next().unwrap().min(length - at);
                let written = write(&mut stream, &answer[at..at + size]);
                if written == 0 {
                    peer.far.set_room(rooms.next().unwrap());
                    continue;
                }
                // At most a record is held for which there was no room.
                let room = peer.far.sent().len() as u64 - before + (1 << 14);
                prop_assert!(said.len() as u64 + (written as u64) <= room);
                if at == 0 {
                    marks.mark(Mark::Response { start });
                }
                said.extend_from_slice(&answer[at..at + written]);
                at += written;
            }
            let end = said.len() as u64;
            marks.mark(Mark::ResponseEnd { end });
            told.push((start, end));
        }
        peer.far.set_room(usize::MAX);
        let mut flushing = Runner::new(poll_fn(|context| Pin::new(&mut stream).poll_flush(context)));
        prop_assert!(flushing.run());
        drop(flushing);
        peer.look();
        prop_assert!(peer.heard == said);
        // Nothing but records with plaintext was sent: each begins where another ends.
        let sent = peer.far.sent();
        let records = records(&sent[before as usize..], before);
        let mut begun = 0;
        let mut found = Vec::new();
        for mark in marks.inner().marks() {
            match mark {
                Mark::Response { start } => begun = start,
                Mark::ResponseEnd { end } => found.push(begun..end),
                _ => {}
            }
        }
        prop_assert_eq!(found.len(), told.len());
        prop_assert_eq!(found[0].start, before);
        prop_assert_eq!(found.last().unwrap().end, sent.len() as u64);
        for pair in found.windows(2) {
            prop_assert_eq!(pair[0].end, pair[1].start);
        }
        for (range, (start, end)) in found.iter().zip(told) {
            prop_assert!(records.iter().any(|record| record.start == range.start));
            prop_assert!(records.iter().any(|record| record.end == range.end));
            prop_assert!(range.end - range.start >= end - start);
        }
    }
}

#[test]
fn what_nobody_reads_stays_in_the_stream_beneath() {
    let (mut stream, _, mut peer) = session(0);
    let before = peer.far.consumed();
    for _ in 0..10 {
        peer.say(&[7; 1000]);
        let bytes = peer.ciphertext();
        peer.far.send(bytes);
    }
    assert_eq!(peer.far.consumed(), before);
    // Who looks and takes nothing has one record decrypted, however often.
    for _ in 0..3 {
        let mut looking = Runner::new(poll_fn(|context| {
            let mut space = [0; 10];
            stream.poll_peek(context, &mut ReadBuf::new(&mut space))
        }));
        assert!(looking.run());
    }
    assert_eq!(peer.far.consumed() - before, 1022);
}

#[test]
fn a_record_that_comes_in_parts_says_whose_turn_it_was() {
    let (mut stream, marks, mut peer) = session(0);
    let before = peer.far.consumed();
    peer.say(b"request");
    let bytes = peer.ciphertext();
    for part in bytes.chunks(6) {
        assert_eq!(read(&mut stream, 100), None);
        peer.far.send(part);
    }
    let heard = read(&mut stream, 100);
    assert_eq!(heard.as_deref(), Some(&b"request"[..]));
    marks.mark(Mark::Request { start: 0 });
    let all = marks.inner().marks();
    assert_eq!(all[0], Mark::PartRead { start: before });
    assert_eq!(all[1], Mark::Request { start: before });
    let stations: Vec<_> = all[2..]
        .iter()
        .map(|mark| match mark {
            Mark::Overlay { station, .. } => *station,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(stations, [Station::Peer, Station::Decrypt]);
}

#[test]
fn a_forged_record_breaks_the_session_off_with_an_alert() {
    let (mut stream, _, mut peer) = session(0);
    peer.say(b"request");
    let mut bytes = peer.ciphertext();
    *bytes.last_mut().unwrap() ^= 1;
    peer.far.send(bytes);
    let mut space = [0; 100];
    let mut result = None;
    let mut reading = Runner::new(poll_fn(|context| {
        result = Some(stream.poll_peek(context, &mut ReadBuf::new(&mut space)));
        Poll::Ready(())
    }));
    reading.run();
    drop(reading);
    assert!(matches!(result, Some(Poll::Ready(Err(_)))));
    peer.look();
    let alert = rustls::AlertDescription::BadRecordMac;
    assert_eq!(peer.error, Some(rustls::Error::AlertReceived(alert)));
}
