//! Marks of several streams inside one session.

use crate::marks::Marks;
use crate::testing::ListJournal;
use crate::tls::TlsMarks;
use periplus_journey::{Instant, Mark, RequestEnd, Station};

fn times(start: u64) -> (Instant, Instant) {
    (Instant::from_nanos(start), Instant::from_nanos(start + 1))
}

/// What was told of `station`: each stream's waits by when they began.
fn told(list: &ListJournal, of: Station) -> Vec<(u32, u64)> {
    let marks = list.marks_by_stream().into_iter();
    marks
        .filter_map(|(stream, mark)| match mark {
            Mark::Overlay { station, start, .. } if station == of => {
                Some((stream, start.as_nanos()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn a_record_is_told_to_each_stream_whose_request_is_being_received() {
    let list = ListJournal::default();
    let marks = TlsMarks::new(list.clone());
    let (first, third) = (marks.of_stream(1), marks.of_stream(3));
    marks.received(100, 0..122, times(10), None);
    first.mark(Mark::Request { start: 0 });
    third.mark(Mark::Request { start: 0 });
    marks.received(100, 122..244, times(20), None);
    let how = RequestEnd::Complete;
    first.mark(Mark::RequestEnd { end: 150, how });
    marks.received(100, 244..366, times(30), None);
    let reason = "stream_reset";
    third.mark(Mark::Reset { reason });
    marks.received(100, 366..488, times(40), None);
    assert_eq!(
        told(&list, Station::Decrypt),
        [(1, 10), (3, 10), (1, 20), (3, 20), (3, 30)]
    );
}

#[test]
fn offsets_are_the_connections_and_streams_keep_their_own_marks() {
    let list = ListJournal::default();
    let marks = TlsMarks::new(list.clone());
    marks.received(100, 50..172, times(10), None);
    marks.received(100, 172..294, times(20), None);
    marks.sent(10, 30..62);
    marks.sent(10, 62..94);
    marks.of_stream(3).mark(Mark::WholeRequest {
        start: 120,
        end: 130,
    });
    marks
        .of_stream(5)
        .mark(Mark::WholeResponse { start: 5, end: 15 });
    // Everything was told of up to the next record.
    marks.mark(Mark::PartRead { start: 200 });
    let told: Vec<_> = list.marks_by_stream();
    let told: Vec<_> = told
        .into_iter()
        .filter(|(_, mark)| !matches!(mark, Mark::Overlay { .. }))
        .collect();
    assert_eq!(
        told,
        [
            (
                3,
                Mark::WholeRequest {
                    start: 172,
                    end: 294
                }
            ),
            (5, Mark::WholeResponse { start: 30, end: 94 }),
            (0, Mark::PartRead { start: 294 }),
        ]
    );
}

#[test]
fn what_begins_in_the_middle_of_a_record_that_another_stream_ends_with_has_waited_since_it_was_decrypted()
 {
    let list = ListJournal::default();
    let marks = TlsMarks::new(list.clone());
    marks.received(100, 0..122, times(10), None);
    marks.of_stream(1).mark(Mark::Request { start: 0 });
    marks.received(100, 122..244, times(20), None);
    let how = RequestEnd::Complete;
    marks.of_stream(1).mark(Mark::RequestEnd { end: 140, how });
    marks.of_stream(3).mark(Mark::Request { start: 140 });
    assert_eq!(told(&list, Station::ReceiveQueue), [(3, 21)]);
}
