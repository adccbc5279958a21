//! Clients that send anything: the connection comes to an end, and what is told of it holds together.

use super::client::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, Served, WINDOW_UPDATE,
    fields, frame, served,
};
use crate::options::ServeOptions;
use crate::testing::block_on;
use periplus_journey::Mark;
use proptest::prelude::*;

/// A frame that may be a good one, or any.
fn sent() -> impl Strategy<Value = Vec<u8>> {
    let paths = [
        "/",
        "/echo",
        "/large",
        "/fails",
        "/panics-later",
        "/panic",
        "/slow",
        "/never",
    ];
    let stream = (0u32..12).prop_map(|half| 2 * half + 1);
    let request = (stream.clone(), 0..paths.len(), any::<bool>(), any::<bool>());
    let request = request.prop_map(move |(stream, path, ends, is_whole)| {
        let flags = u8::from(ends) * END_STREAM;
        let fields = fields("POST", paths[path], &[(":authority", "a")]);
        if is_whole {
            return frame(HEADERS, flags | END_HEADERS, stream, &fields);
        }
        let (first, second) = fields.split_at(9);
        let mut frames = frame(HEADERS, flags, stream, first);
        frames.extend(frame(CONTINUATION, END_HEADERS, stream, second));
        frames
    });
    let content = (stream.clone(), 0usize..3000, any::<bool>());
    let content = content.prop_map(|(stream, length, ends)| {
        frame(
            DATA,
            u8::from(ends) * END_STREAM,
            stream,
            &vec![b'c'; length],
        )
    });
    let window = (0u32..12, 1u32..100_000);
    let window = window.prop_map(|(stream, by)| frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes()));
    let reset = stream.prop_map(|stream| frame(RST_STREAM, 0, stream, &8u32.to_be_bytes()));
    let any = (
        any::<u8>(),
        any::<u8>(),
        0u32..24,
        prop::collection::vec(any::<u8>(), 0..40),
    );
    let any = any.prop_map(|(kind, flags, stream, payload)| frame(kind, flags, stream, &payload));
    prop_oneof![8 => request, 6 => content, 3 => window, 2 => reset, 1 => any]
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
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_sent_the_connection_ends_and_every_stream_is_told_of(
        frames in prop::collection::vec(sent(), 1..40),
        cuts in prop::collection::vec(1usize..5000, 1..20),
        room in prop_oneof![Just(usize::MAX), 100usize..300_000],
        leaves in any::<bool>(),
    ) {
        block_on(async {
            let served = served(ServeOptions::default());
            served.far.set_room(room);
            let bytes: Vec<u8> = frames.concat();
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
            served.far.dropped().await;
            prop_assert_eq!(served.counters.connection_panics.get(), 0);
            for stream in (1..24).step_by(2) {
                check(&served, stream)?;
            }
            Ok(())
        })?;
    }
}
