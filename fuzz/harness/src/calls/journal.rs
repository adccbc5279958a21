//! A codec's marks, right or wrong.

use crate::input::Input;
use crate::stage::Stage;
use periplus_journey::{Instant, Label, Mark, RequestEnd, StampedMark, Station};

/// A mark that the script chooses, near where the streams have come to.
pub(super) fn call(stage: &mut Stage, input: &mut Input<'_>) {
    let held = input.place(stage.backend.held.len());
    let Some(held) = stage.backend.held.get(held) else {
        return;
    };
    let choice = input.byte();
    let near = |offset: u64, by: u8| offset.saturating_add_signed(i64::from(by as i8));
    let start = near(held.read, input.byte());
    let sent = near(held.written, input.byte());
    let stream = u32::from(choice >> 6);
    let mark = match choice & 15 {
        0 => Mark::Request { start },
        1 => Mark::WholeRequest {
            start,
            end: start + 64,
        },
        2 | 3 => Mark::RequestEnd {
            end: start,
            how: how(choice >> 4),
        },
        4 => Mark::HandlerCalled,
        5 => Mark::Response { start: sent },
        6 => Mark::WholeResponse {
            start: sent,
            end: sent + 64,
        },
        7 | 8 => Mark::ResponseEnd { end: sent },
        9 => Mark::NoResponse,
        10 if choice >> 4 == 0 => Mark::Reset {
            reason: "stream_reset",
        },
        10 if choice >> 4 == 1 => Mark::Carried {
            received: start,
            sent,
        },
        10 => Mark::TimedOut {
            reason: "idle_timeout",
        },
        11 if choice >> 4 == 0 => Mark::TlsBegan { start },
        11 if choice >> 4 == 2 => Mark::PartRead { start },
        11 if choice >> 4 == 1 => Mark::TlsEnded { end: start },
        11 => Mark::Label(Label::Status(u16::from(choice))),
        12 => Mark::Label(Label::Request("a request".into())),
        13 => Mark::Label(Label::Reason("a reason".into())),
        _ => Mark::Overlay {
            station: Station::FileRead,
            start: Instant::from_nanos(stage.now.as_nanos() - u64::from(choice) * 1_000_000),
            end: stage.now,
        },
    };
    let at = stage.now;
    stage.shard.mark(held.id, StampedMark { at, stream, mark });
    stage.look();
}

fn how(choice: u8) -> RequestEnd {
    match choice & 3 {
        0 => RequestEnd::Complete,
        1 => RequestEnd::Rejected,
        2 => RequestEnd::TimedOut,
        _ => RequestEnd::Abandoned,
    }
}
