//! Lines, right and wrong, and what is kept.

use super::{Command, KEY_BYTES, KvCodec, Store, StoreLimits, VALUE_BYTES};
use crate::protocol::Answer;
use periplus_protocol::check::{every_cut, read};
use periplus_protocol::{Codec, ErrorClass, Policy, Read, Reader};
use proptest::collection::vec;
use proptest::prelude::*;

fn get(key: &str) -> Command {
    Command::Get { key: key.into() }
}

fn set(key: &str, value: &str) -> Command {
    let (key, value) = (key.into(), value.into());
    Command::Set { key, value }
}

fn del(key: &str) -> Command {
    Command::Del { key: key.into() }
}

#[test]
fn however_the_stream_is_cut_the_requests_are_the_same() {
    let stream = "get a\nset b one two  \r\nset c \ndel ä\r\nping\nquit\r\nget a";
    let transcript = every_cut(&KvCodec::default(), stream.as_bytes());
    assert_eq!(
        transcript.requests,
        [
            get("a"),
            set("b", "one two  "),
            set("c", ""),
            del("ä"),
            Command::Ping,
            Command::Quit
        ]
    );
    assert_eq!(transcript.ends, [6, 23, 30, 38, 43, 49]);
    let sections: Vec<_> = transcript.sections[1]
        .iter()
        .map(|s| (s.name, s.end))
        .collect();
    assert_eq!(sections, [("verb", 4), ("key", 6), ("value", 17)]);
    assert_eq!(transcript.waits_for, Some("key"));
}

#[test]
fn what_is_wrong_is_found_in_its_section_however_it_is_cut() {
    use ErrorClass::{BadEncoding, BadValue, UnknownCase};
    let cases: [(&[u8], ErrorClass, &str, usize); 17] = [
        (b"\n", UnknownCase, "verb", 1),
        (b"\r\n", UnknownCase, "verb", 2),
        (b" get a\n", UnknownCase, "verb", 1),
        (b"GET a\n", UnknownCase, "verb", 4),
        (b"put a b\n", UnknownCase, "verb", 4),
        (b"frobnicate\n", UnknownCase, "verb", 5),
        (b"g\x00t a\n", BadValue, "verb", 4),
        (b"\xff\xfe\xfd a\n", BadEncoding, "verb", 4),
        (b"ping a\n", BadValue, "verb", 5),
        (b"get\n", BadValue, "key", 4),
        (b"get \n", BadValue, "key", 5),
        (b"get a b\n", BadValue, "key", 6),
        (b"get \x1b[2J\n", BadValue, "key", 9),
        (b"get \xc3\n", BadEncoding, "key", 6),
        (b"set a\n", BadValue, "value", 6),
        (b"set a b\tc\n", BadValue, "value", 10),
        ("set a ä\u{85}\n".as_bytes(), BadValue, "value", 11),
    ];
    for (stream, class, section, length) in cases {
        let followed = [stream, b"get a\n"].concat();
        let transcript = every_cut(&KvCodec::default(), &followed);
        let text = String::from_utf8_lossy(stream);
        assert_eq!(transcript.requests, [], "{text:?}");
        let rejection = transcript.rejection.expect("it is wrong");
        assert_eq!(
            (rejection.class, rejection.section, rejection.length),
            (class, section, length),
            "{text:?}"
        );
        let Policy::ReplyAndClose(answer) = KvCodec::default().refuse(&rejection) else {
            panic!("{text:?} is not answered");
        };
        let beginning = format!("error {class} in {section}: ");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&beginning), "{answer}");
        assert!(answer.ends_with('\n') && answer.len() < 100, "{answer}");
    }
}

/// Read whole, and in pieces of several sizes: the same.
fn in_pieces(stream: &str) -> (Vec<Command>, Option<(ErrorClass, &'static str, usize)>) {
    let [first, others @ ..] = [stream.len(), 1, 7, 4096].map(|size| {
        let transcript = read(&KvCodec::default(), stream.as_bytes().chunks(size));
        let rejection = transcript.rejection;
        let rejection = rejection.map(|r| (r.class, r.section, r.length));
        (transcript.requests, rejection)
    });
    assert!(others.iter().all(|other| *other == first));
    first
}

#[test]
fn a_key_is_as_long_as_it_may_be_and_no_longer() {
    let key = |length| "k".repeat(length);
    for end in ["\n", "\r\n"] {
        let (longest, too_long) = (key(KEY_BYTES), key(KEY_BYTES + 1));
        let (requests, _) = in_pieces(&format!("get {longest}{end}"));
        assert_eq!(requests, [get(&longest)]);
        let (requests, _) = in_pieces(&format!("set {longest} v{end}"));
        assert_eq!(requests, [set(&longest, "v")]);
        let too_large = Some((ErrorClass::TooLarge, "key", 4 + KEY_BYTES + 1));
        for rest in ["", "k", "kkkkk", " v"] {
            let rejected = in_pieces(&format!("set {too_long}{rest}{end}"));
            assert_eq!(rejected, (vec![], too_large), "{rest:?}");
        }
    }
}

#[test]
fn a_value_is_as_long_as_it_may_be_and_no_longer() {
    let value = |length| "v".repeat(length);
    for end in ["\n", "\r\n"] {
        let longest = value(VALUE_BYTES);
        let (requests, _) = in_pieces(&format!("set k {longest}{end}get a\n"));
        assert_eq!(requests, [set("k", &longest), get("a")]);
        let too_large = Some((ErrorClass::TooLarge, "value", 6 + VALUE_BYTES + 1));
        for more in [1, 2, 3, 100_000] {
            let too_long = value(VALUE_BYTES + more);
            let rejected = in_pieces(&format!("set k {too_long}{end}get a\n"));
            assert_eq!(rejected, (vec![], too_large), "{more} bytes");
        }
    }
}

#[test]
fn an_entry_is_kept_until_it_is_deleted() {
    let store = Store::new(StoreLimits::default());
    let other = store.clone();
    let steps = [
        (get("a"), "missing\n"),
        (set("a", "one two"), "stored\n"),
        (get("a"), "value one two\n"),
        (set("a", ""), "stored\n"),
        (get("a"), "value \n"),
        (del("a"), "deleted\n"),
        (del("a"), "missing\n"),
        (get("a"), "missing\n"),
        (Command::Ping, "pong\n"),
    ];
    for (command, answer) in steps {
        assert_eq!(other.answer(command), Answer::new(answer));
    }
    assert_eq!((store.entries(), store.bytes()), (0, 0));
    assert_eq!(
        store.answer(Command::Quit),
        Answer::new("bye\n").and_close()
    );
}

#[test]
fn a_full_store_says_so_and_loses_nothing() {
    let limits = StoreLimits {
        entries: 2,
        bytes: 10,
    };
    let store = Store::new(limits);
    let full_of_keys = Answer::new("error full: as many keys are kept as may be\n");
    let full_of_bytes = Answer::new("error full: as many bytes are kept as may be\n");
    let stored = Answer::new("stored\n");
    assert_eq!(store.answer(set("a", "1234")), stored);
    assert_eq!(store.answer(set("b", "12345")), full_of_bytes);
    assert_eq!(store.answer(set("b", "1234")), stored);
    assert_eq!(store.answer(set("c", "")), full_of_keys);
    assert_eq!(store.answer(set("a", "12345")), full_of_bytes);
    assert_eq!(store.answer(get("a")), Answer::new("value 1234\n"));
    // A shorter value makes room.
    assert_eq!(store.answer(set("a", "")), stored);
    assert_eq!((store.entries(), store.bytes()), (2, 6));
    assert_eq!(store.answer(set("b", "12345678")), stored);
    assert_eq!(store.answer(del("a")), Answer::new("deleted\n"));
    assert_eq!(store.answer(set("c", "")), stored);
    assert_eq!((store.entries(), store.bytes()), (2, 10));
}

/// A command and a way to write it.
fn line() -> impl Strategy<Value = (Command, String)> {
    let key = || "[!-~äñ日]{1,20}";
    let command = prop_oneof![
        key().prop_map(|key| (get(&key), format!("get {key}"))),
        (key(), "[ -~äñ日]{0,200}")
            .prop_map(|(key, value)| (set(&key, &value), format!("set {key} {value}"))),
        key().prop_map(|key| (del(&key), format!("del {key}"))),
        Just((Command::Ping, "ping".to_string())),
        Just((Command::Quit, "quit".to_string())),
    ];
    (command, any::<bool>())
        .prop_map(|((command, line), cr)| (command, line + if cr { "\r\n" } else { "\n" }))
}

proptest! {
    #[test]
    fn what_was_written_is_read_however_it_is_cut(
        lines in vec(line(), 0..30),
        noise in vec(any::<u8>(), 0..50),
        sizes in vec(1usize..100, 1..50),
    ) {
        let (commands, text): (Vec<_>, String) = lines.into_iter().unzip();
        let stream = [text.as_bytes(), &noise].concat();
        let whole = read(&KvCodec::default(), [&stream[..]]);
        prop_assert_eq!(&whole.requests[..commands.len()], &commands[..]);
        let (mut reader, mut requests, mut rejection) = (Reader::new(KvCodec::default()), vec![], None);
        let mut sizes = sizes.iter().cycle();
        let mut rest = &stream[..];
        while !rest.is_empty() && rejection.is_none() {
            let (mut piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            let shown = piece.len();
            match reader.feed(&mut piece) {
                Read::More => {}
                Read::Request(command) => requests.push(command),
                Read::Rejected(found) => rejection = Some(found),
            }
            // No line here is longer.
            prop_assert!(reader.held() <= 4 + 250 + 1 + 600);
            rest = if rejection.is_some() { after } else { &rest[shown - piece.len()..] };
        }
        prop_assert_eq!(requests, whole.requests);
        prop_assert_eq!(rejection, whole.rejection);
    }
}
