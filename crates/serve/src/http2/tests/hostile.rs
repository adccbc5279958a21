//! Clients that send anything: the connection comes to an end, and what is told of it holds together.

use super::client::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, Served, WINDOW_UPDATE,
    fields, frame, served,
};
use crate::options::ServeOptions;
use crate::testing::block_on;
use periplus_journey::Mark;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tokio::time::timeout;

const PATHS: [&str; 12] = [
    "/",
    "/echo",
    "/large",
    "/fails",
    "/panics-later",
    "/panic",
    "/slow",
    "/never",
    "/medium",
    "/empty-end",
    "/of-the-connection",
    "/interim",
];

/// What a client may do next.
#[derive(Clone, Debug)]
enum Act {
    Ask {
        path: &'static str,
        ends: bool,
        is_whole: bool,
    },
    /// Sends content of a request that has not ended.
    Add {
        of: Index,
        length: usize,
        ends: bool,
    },
    /// Opens the window of a request's stream, or the connection's.
    Open {
        of: Option<Index>,
        by: u32,
    },
    TakeBack {
        of: Index,
    },
    /// Sends what may be anything.
    Say(Vec<u8>),
}

/// What becomes of the frames of an act on their way.
#[derive(Clone, Debug)]
enum Fate {
    Whole,
    Twice,
    Cut(Index),
    /// Another length, kind, flag or stream: nothing behind it is where it should be, perhaps.
    Mistaken(usize, u8),
}

fn act() -> impl Strategy<Value = Act> {
    let ask = (0..PATHS.len(), any::<bool>(), any::<bool>());
    let ask = ask.prop_map(|(path, ends, is_whole)| Act::Ask {
        path: PATHS[path],
        ends,
        is_whole,
    });
    let add = (any::<Index>(), 0usize..3000, any::<bool>());
    let add = add.prop_map(|(of, length, ends)| Act::Add { of, length, ends });
    let open = (any::<Option<Index>>(), 1u32..100_000);
    let open = open.prop_map(|(of, by)| Act::Open { of, by });
    let take_back = any::<Index>().prop_map(|of| Act::TakeBack { of });
    let frames = (any::<u8>(), any::<u8>(), 0u32..24, vec(any::<u8>(), 0..40));
    let frames = frames
        .prop_map(|(kind, flags, stream, payload)| Act::Say(frame(kind, flags, stream, &payload)));
    let noise = vec(any::<u8>(), 1..100).prop_map(Act::Say);
    prop_oneof![160 => ask, 120 => add, 60 => open, 40 => take_back, 3 => frames, 1 => noise]
}

fn fate() -> impl Strategy<Value = Fate> {
    let cut = any::<Index>().prop_map(Fate::Cut);
    let mistaken = (0..9usize, any::<u8>()).prop_map(|(at, byte)| Fate::Mistaken(at, byte));
    prop_oneof![200 => Just(Fate::Whole), 1 => Just(Fate::Twice), 1 => cut, 2 => mistaken]
}

/// What the client sends for it. Streams are begun one after the other, and what is said of them is mostly what may be.
fn bytes(acts: &[(Act, Fate)]) -> Vec<u8> {
    let (mut asked, mut unended) = (0, Vec::new());
    let mut bytes = Vec::new();
    for (act, fate) in acts {
        let stream = |of: &Index| match asked {
            0 => 1,
            asked => 2 * of.index(asked) as u32 + 1,
        };
        let mut frames = match act {
            Act::Ask {
                path,
                ends,
                is_whole,
            } => {
                let stream = 2 * asked as u32 + 1;
                asked += 1;
                if !ends {
                    unended.push(stream);
                }
                ask(stream, path, *ends, *is_whole)
            }
            Act::Add { .. } if unended.is_empty() => continue,
            Act::Add { of, length, ends } => {
                let of = of.index(unended.len());
                let stream = unended[of];
                if *ends {
                    unended.remove(of);
                }
                frame(
                    DATA,
                    u8::from(*ends) * END_STREAM,
                    stream,
                    &vec![b'c'; *length],
                )
            }
            Act::Open { of, by } => {
                let stream = of.as_ref().map_or(0, stream);
                frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
            }
            Act::TakeBack { of } => {
                let stream = stream(of);
                unended.retain(|unended| *unended != stream);
                frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())
            }
            Act::Say(bytes) => bytes.clone(),
        };
        match fate {
            Fate::Whole => {}
            Fate::Twice => frames = frames.repeat(2),
            Fate::Cut(at) => frames.truncate(at.index(frames.len())),
            Fate::Mistaken(at, byte) => {
                let at = at % frames.len();
                frames[at] = *byte;
            }
        }
        bytes.extend(frames);
    }
    bytes
}

fn ask(stream: u32, path: &str, ends: bool, is_whole: bool) -> Vec<u8> {
    let flags = u8::from(ends) * END_STREAM;
    let fields = fields("POST", path, &[(":authority", "a")]);
    if is_whole {
        return frame(HEADERS, flags | END_HEADERS, stream, &fields);
    }
    let (first, second) = fields.split_at(9);
    let mut frames = frame(HEADERS, flags, stream, first);
    frames.extend(frame(CONTINUATION, END_HEADERS, stream, second));
    frames
}

/// What was told of one stream.
fn check(served: &Served, stream: u32) -> Result<(), TestCaseError> {
    let marks = served.marks(stream);
    let count = |is: fn(&Mark) -> bool| marks.iter().filter(|mark| is(mark)).count();
    if marks.is_empty() {
        return Ok(());
    }
    prop_assert!(matches!(marks[0], Mark::Request { .. }), "{marks:?}");
    let most = [
        count(|mark| matches!(mark, Mark::Request { .. })),
        count(|mark| matches!(mark, Mark::RequestEnd { .. })),
        count(|mark| matches!(mark, Mark::HandlerCalled)),
        count(|mark| matches!(mark, Mark::Response { .. })),
    ];
    prop_assert!(most.iter().all(|&count| count <= 1), "{marks:?}");
    let is_last = |mark: &Mark| {
        matches!(
            mark,
            Mark::ResponseEnd { .. }
                | Mark::Reset { .. }
                | Mark::Refused { .. }
                | Mark::TimedOut { .. }
        )
    };
    let endings = marks.iter().filter(|mark| is_last(mark)).count();
    // Where the whole connection has ended before, all that is open on it ends with it.
    let is_told = served.counters.idle_timeouts.get() == 1;
    prop_assert!(endings <= 1 && (endings == 1 || !is_told), "{marks:?}");
    if let Some(last) = marks.iter().position(is_last) {
        prop_assert!(matches!(marks[last - 1], Mark::Carried { .. }), "{marks:?}");
        // A wait that the end of the answer has ended is told when the exchange hears of it.
        let behind = &marks[last + 1..];
        let is_late = |mark: &Mark| matches!(mark, Mark::Overlay { .. } | Mark::Label(_));
        prop_assert!(behind.iter().all(is_late), "{marks:?}");
    }
    let offset = |found: fn(&Mark) -> Option<u64>| marks.iter().find_map(found);
    let starts = offset(|mark| match mark {
        Mark::Request { start } => Some(*start),
        _ => None,
    });
    let ends = offset(|mark| match mark {
        Mark::RequestEnd { end, .. } => Some(*end),
        _ => None,
    });
    prop_assert!(ends.is_none_or(|end| starts < Some(end)));
    let begins = offset(|mark| match mark {
        Mark::Response { start } => Some(*start),
        _ => None,
    });
    let ends = offset(|mark| match mark {
        Mark::ResponseEnd { end } => Some(*end),
        _ => None,
    });
    prop_assert!(ends.is_none_or(|end| begins.is_some_and(|start| start < end)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn whatever_is_sent_the_connection_ends_and_every_stream_is_told_of(
        acts in vec((act(), fate()), 1..40),
        cuts in vec(1usize..5000, 1..20),
        room in prop_oneof![Just(usize::MAX), 100usize..300_000],
        leaves in any::<bool>(),
    ) {
        block_on(async {
            let served = served(ServeOptions::default());
            served.far.set_room(room);
            let bytes = bytes(&acts);
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                served.far.send(now);
                tokio::task::yield_now().await;
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            if leaves {
                served.far.end();
            }
            // A head, a handler, who takes nothing and who asks for nothing have their times, one after the other.
            let gone = timeout(10 * ServeOptions::default().idle_timeout, served.far.dropped());
            prop_assert!(gone.await.is_ok(), "it is still there");
            prop_assert_eq!(served.counters.connection_panics.get(), 0);
            for stream in (1..80).step_by(2) {
                check(&served, stream)?;
            }
            Ok(())
        })?;
    }
}
