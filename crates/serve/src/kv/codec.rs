//! From lines to commands.

use super::command::Command;
use memchr::{memchr, memchr2};
use periplus_protocol::{Codec, ErrorClass, Limits, Policy, Rejection, Sections, Step};
use std::mem;
use std::str;
use std::time::Duration;

/// The longest verb, bytes.
const VERB_BYTES: usize = 4;
/// The longest key, bytes.
pub const KEY_BYTES: usize = 250;
/// The longest value, bytes.
pub const VALUE_BYTES: usize = 64 * 1024;
/// The longest end of a line, bytes.
const LINE_END_BYTES: usize = 2;

/// The codec of the key-value protocol.
#[derive(Clone, Debug, Default)]
pub struct KvCodec {
    state: State,
    /// Where the section begins that is being read.
    start: usize,
    /// How far it was looked at.
    looked_at: usize,
}

/// The section that is being read, and what was read before it.
#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Verb,
    Key(Verb),
    /// Of this key.
    Value(Box<str>),
}

#[derive(Clone, Copy, Debug)]
enum Verb {
    Get,
    Set,
    Del,
    Ping,
    Quit,
}

/// What ended a section.
enum Delimiter {
    Space,
    LineEnd,
}

/// How far the search for a section's end got.
enum Found<'a> {
    /// Not yet there.
    Nothing,
    /// The section's text, and what ended it.
    Section(&'a str, Delimiter),
    /// So many bytes of the section cannot be right.
    Wrong(ErrorClass, usize),
}

/// What a section leads to.
enum Next {
    Section(State),
    Command(Command),
    /// It, or the one after it, which is missing, cannot be right.
    Wrong(ErrorClass, &'static str),
}

impl State {
    fn section(&self) -> &'static str {
        match self {
            State::Verb => "verb",
            State::Key(_) => "key",
            State::Value(_) => "value",
        }
    }

    fn longest(&self) -> usize {
        match self {
            State::Verb => VERB_BYTES,
            State::Key(_) => KEY_BYTES,
            State::Value(_) => VALUE_BYTES,
        }
    }
}

impl KvCodec {
    /// Looks for the end of the section that is being read.
    fn find<'a>(&mut self, unread: &'a [u8]) -> Found<'a> {
        let longest = self.state.longest();
        // What lies behind the longest section that would do is not looked at, so it does not matter how much is here.
        let last = unread.len().min(self.start + longest + LINE_END_BYTES);
        let new = &unread[self.looked_at..last];
        let found = match self.state {
            State::Value(_) => memchr(b'\n', new),
            _ => memchr2(b'\n', b' ', new),
        };
        let Some(position) = found else {
            self.looked_at = last;
            return match last - self.start {
                length if length == longest + LINE_END_BYTES => {
                    Found::Wrong(ErrorClass::TooLarge, longest + 1)
                }
                _ => Found::Nothing,
            };
        };
        let end = self.looked_at + position;
        let mut bytes = &unread[self.start..end];
        let mut delimiter = Delimiter::Space;
        if unread[end] == b'\n' {
            delimiter = Delimiter::LineEnd;
            bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        }
        let length = end + 1 - self.start;
        self.looked_at = end + 1;
        if bytes.len() > longest {
            return Found::Wrong(ErrorClass::TooLarge, longest + 1);
        }
        match str::from_utf8(bytes) {
            Err(_) => Found::Wrong(ErrorClass::BadEncoding, length),
            Ok(text) if has_control(text) => Found::Wrong(ErrorClass::BadValue, length),
            Ok(text) => Found::Section(text, delimiter),
        }
    }
}

/// What comes of a section of which the text and the end are known.
fn next(state: State, text: &str, delimiter: Delimiter) -> Next {
    use Delimiter::{LineEnd, Space};
    let wrong = |section| Next::Wrong(ErrorClass::BadValue, section);
    match (state, delimiter) {
        (State::Verb, delimiter) => match (verb(text), delimiter) {
            (None, _) => Next::Wrong(ErrorClass::UnknownCase, "verb"),
            (Some(Verb::Ping), LineEnd) => Next::Command(Command::Ping),
            (Some(Verb::Quit), LineEnd) => Next::Command(Command::Quit),
            // These stand alone; the others want a key.
            (Some(Verb::Ping | Verb::Quit), Space) => wrong("verb"),
            (Some(_), LineEnd) => wrong("key"),
            (Some(verb), Space) => Next::Section(State::Key(verb)),
        },
        (State::Key(_), _) if text.is_empty() => wrong("key"),
        (State::Key(Verb::Set), Space) => Next::Section(State::Value(text.into())),
        (State::Key(Verb::Set), LineEnd) => wrong("value"),
        (State::Key(Verb::Get), LineEnd) => Next::Command(Command::Get { key: text.into() }),
        (State::Key(_), LineEnd) => Next::Command(Command::Del { key: text.into() }),
        // A key has no space in it.
        (State::Key(_), Space) => wrong("key"),
        (State::Value(key), _) => Next::Command(Command::Set {
            key,
            value: text.into(),
        }),
    }
}

/// Most text is ASCII, of which many bytes are looked at together.
fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        let found = |found, byte: u8| found | byte.is_ascii_control();
        text.bytes().fold(false, found)
    } else {
        text.chars().any(char::is_control)
    }
}

fn verb(text: &str) -> Option<Verb> {
    match text {
        "get" => Some(Verb::Get),
        "set" => Some(Verb::Set),
        "del" => Some(Verb::Del),
        "ping" => Some(Verb::Ping),
        "quit" => Some(Verb::Quit),
        _ => None,
    }
}

impl Codec for KvCodec {
    type Request = Command;

    fn protocol(&self) -> &'static str {
        "kv"
    }

    fn limits(&self) -> Limits {
        // The codec's own limits are narrower, and are met first.
        let line = VERB_BYTES + 1 + KEY_BYTES + 1 + VALUE_BYTES + LINE_END_BYTES;
        Limits {
            request_bytes: line,
            section_bytes: line,
            // There may be a person at the other end.
            first_byte_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(300),
            ..Limits::default()
        }
    }

    fn decode(&mut self, unread: &[u8], sections: &mut Sections) -> Step<Command> {
        loop {
            let section = self.state.section();
            let (text, delimiter) = match self.find(unread) {
                Found::Nothing => {
                    return Step::More {
                        at_least: 1,
                        section,
                    };
                }
                Found::Wrong(class, length) => {
                    let class = match (class, &self.state) {
                        // No verb is that long.
                        (ErrorClass::TooLarge, State::Verb) => ErrorClass::UnknownCase,
                        _ => class,
                    };
                    return reject(class, section, self.start + length);
                }
                Found::Section(text, delimiter) => (text, delimiter),
            };
            let end = self.looked_at;
            sections.end(section, end);
            self.start = end;
            match next(mem::take(&mut self.state), text, delimiter) {
                Next::Section(state) => self.state = state,
                Next::Command(command) => {
                    *self = Self::default();
                    return Step::Request {
                        length: end,
                        request: command,
                    };
                }
                Next::Wrong(class, section) => return reject(class, section, end),
            }
        }
    }

    fn label(&self, command: &Command) -> Option<String> {
        Some(command.line())
    }

    fn refuse(&self, rejection: &Rejection) -> Policy {
        let why = match (rejection.class, rejection.section) {
            (ErrorClass::UnknownCase, _) => "it is get, set, del, ping or quit",
            (ErrorClass::TooLarge, "key") => "it has at most 250 bytes",
            (ErrorClass::TooLarge, _) => "it has at most 65536 bytes",
            (ErrorClass::BadEncoding, _) => "it is UTF-8",
            (ErrorClass::Truncated, _) => "the line has no end",
            (ErrorClass::Timeout, _) => "the line did not end in time",
            (_, "verb") => "nothing follows ping and quit",
            (_, "key") => "it is one word, without control characters",
            _ => "it follows the key and a space, without control characters",
        };
        Policy::ReplyAndClose(format!("error {rejection}: {why}\n").into())
    }

    fn fail(&self) -> Policy {
        Policy::ReplyAndClose("error failed: it may work in a moment\n".into())
    }
}

fn reject(class: ErrorClass, section: &'static str, length: usize) -> Step<Command> {
    Step::Rejected(Rejection {
        class,
        section,
        length,
    })
}
