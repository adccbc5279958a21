//! What is said over a control socket, version 1: `manual/sockets.md` is the page for those who read it elsewhere.
//!
//! New keys and new kinds of lines may be added within version 1, so a reader passes over those it does not know. What was
//! not seen is absent, never 0.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The version that is spoken here.
pub(crate) const VERSION: u32 = 1;

/// The caller's one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) v: u32,
    #[serde(flatten)]
    pub(crate) ask: Ask,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Ask {
    /// Places to wait: the ring, listeners, and these connections.
    Sockets {
        connections: Connections,
        /// With the details of each, and what it counted.
        #[serde(default)]
        info: bool,
    },
    /// What the stack counted.
    Statistics {
        /// With counters that are 0.
        all: bool,
    },
}

/// Which connections are told of one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Connections {
    None,
    /// Those that have queues.
    Open,
    /// Half-open ones, and those in TIME-WAIT, as well.
    All,
}

/// A line of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) v: u32,
    /// The process that answers.
    pub(crate) pid: u32,
    #[serde(flatten)]
    pub(crate) body: Body,
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Body {
    /// The process: always the first line.
    Process {
        /// What it serves, and where.
        serves: Cow<'static, str>,
    },
    /// The shard, with counts of its connections.
    Shard {
        device: Cow<'static, str>,
        rx_ring: Queue,
        shard_gap: Gap,
        connections: usize,
        half_open: usize,
        time_wait: usize,
    },
    /// A listener.
    Listener {
        local: SocketAddr,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<Cow<'static, str>>,
        syn_queue: Queue,
        accept_queue: Queue,
        /// SYNs and ACKs dropped, for whatever reason.
        drops: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counters: Option<Counted>,
    },
    /// A UDP socket. Lengths and limits are bytes of memory.
    Datagram {
        local: SocketAddr,
        receive_queue: Queue,
        /// Datagrams in it.
        datagrams: usize,
        send_queue: Queue,
    },
    /// A connection. Lengths and limits are bytes; the limit of receive and reassembly queue is one and the same, and so is
    /// that of send and retransmit queue.
    Connection {
        local: SocketAddr,
        peer: SocketAddr,
        /// As `ss` prints it.
        state: Cow<'static, str>,
        receive_queue: Queue,
        reassembly_queue: Queue,
        /// The memory that counts against the limit of those two.
        receive_memory: usize,
        send_queue: Queue,
        retransmit_queue: Queue,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timer: Option<Timer>,
        /// The fields of Linux's `tcp_info`; those that are times end in `_ns`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        info: Option<serde_json::Map<String, serde_json::Value>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counters: Option<Counted>,
    },
    /// One of the stack's counters.
    Counter {
        /// As `nstat` prints it.
        name: Cow<'static, str>,
        value: u64,
    },
    /// What became of every frame.
    Frames(Frames),
    /// It could not be answered: the last line.
    Error { what: Cow<'static, str> },
    /// All was told: the last line.
    End {
        /// Connections that were not, because there were too many.
        left_out: usize,
    },
    /// Of a later version.
    #[serde(other)]
    Unknown,
}

/// What was counted, by name, where it is not 0.
pub(crate) type Counted = BTreeMap<Cow<'static, str>, u64>;

/// What became of the frames that came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frames {
    pub(crate) received: u64,
    pub(crate) delivered: u64,
    pub(crate) consumed: u64,
    pub(crate) refused: u64,
    /// By reason, where it is not 0.
    pub(crate) dropped: Counted,
    pub(crate) held: u64,
}

/// A queue as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) length: u64,
    /// Absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u64>,
    /// How often something came and found it full. Absent where the sender waits instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) overflows: Option<u64>,
}

/// For how long frames waited in the ring while the shard was elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gap {
    pub(crate) count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) p50_ns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) p99_ns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_ns: Option<u64>,
}

/// The timer of a connection that expires next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) name: Cow<'static, str>,
    pub(crate) due_ns: u64,
}

impl Question {
    /// In this version.
    pub(crate) fn new(ask: Ask) -> Self {
        Self { v: VERSION, ask }
    }

    /// Reads the caller's line.
    ///
    /// # Errors
    /// What is wrong with it, to be told to the caller.
    pub(crate) fn read(line: &[u8]) -> Result<Self, String> {
        check_version(line)?;
        serde_json::from_slice(line).map_err(|error| format!("not understood: {error}"))
    }
}

impl Line {
    /// Reads a line of an answer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(line: &[u8]) -> Result<Self, String> {
        check_version(line)?;
        serde_json::from_slice(line).map_err(|error| format!("not understood: {error}"))
    }
}

/// The version first: in a line of another version, everything else may be different.
fn check_version(line: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    match serde_json::from_slice(line) {
        Ok(Version { v: VERSION }) => Ok(()),
        Ok(Version { v }) => Err(format!(
            "version {v} is spoken there, and version {VERSION} here"
        )),
        Err(error) => Err(format!("not a line of the control socket: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_reads_as_it_is_written() {
        let question = Question::new(Ask::Sockets {
            connections: Connections::Open,
            info: false,
        });
        let line = serde_json::to_string(&question).unwrap();
        assert_eq!(
            line,
            r#"{"v":1,"ask":"sockets","connections":"open","info":false}"#
        );
        assert_eq!(Question::read(line.as_bytes()), Ok(question));
        let of_before = br#"{"v":1,"ask":"sockets","connections":"open"}"#;
        assert_eq!(Question::read(of_before), Ok(question));
    }

    #[test]
    fn what_is_no_question_is_told_why() {
        let why = |line: &str| Question::read(line.as_bytes()).unwrap_err();
        assert!(why("GET / HTTP/1.1").starts_with("not a line of the control socket: expected"));
        assert!(why("{}").contains("missing field `v`"));
        assert_eq!(
            why(r#"{"v":2,"ask":"sockets"}"#),
            "version 2 is spoken there, and version 1 here"
        );
        assert!(why(r#"{"v":1,"ask":"journeys"}"#).contains("unknown variant `journeys`"));
    }

    #[test]
    fn what_was_not_seen_is_absent_and_what_is_not_known_is_passed_over() {
        let line = Line {
            v: 1,
            pid: 7,
            body: Body::Shard {
                device: "memory".into(),
                rx_ring: Queue {
                    overflows: Some(0),
                    ..Queue::default()
                },
                shard_gap: Gap::default(),
                connections: 1,
                half_open: 0,
                time_wait: 2,
            },
        };
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"v":1,"pid":7,"kind":"shard","device":"memory","rx_ring":{"length":0,"overflows":0},"#,
                r#""shard_gap":{"count":0},"connections":1,"half_open":0,"time_wait":2}"#
            )
        );
        assert_eq!(Line::read(text.as_bytes()), Ok(line));
        let later = br#"{"v":1,"pid":7,"kind":"weather","sunny":true}"#;
        assert_eq!(Line::read(later).unwrap().body, Body::Unknown);
    }
}
