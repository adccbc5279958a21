//! Requests that are under way together, and end in any order.

use super::{Line, ms, three_asked};
use periplus_journey::{Label, Mark, Outcome, RequestEnd};

#[test]
fn answers_may_come_in_another_order_than_the_requests() {
    let mut line = three_asked();
    line.at(3).answers(3, 0, 100).transmits(100);
    line.at(4).answers(1, 100, 150).transmits(50);
    line.at(9).acknowledges(100);
    let records = line.records();
    assert_eq!(records.len(), 1, "{records:?}");
    let [second] = &records[..] else {
        unreachable!()
    };
    assert_eq!(second.outcome, Outcome::Answered);
    assert_eq!(
        (second.bytes_in, second.bytes_out, second.acked),
        (10, 100, 100)
    );
    assert_eq!(second.events.arrived, Some(ms(1)));
    assert_eq!(second.events.answered, Some(ms(3)));
    assert_eq!(second.events.transmitted, Some(ms(3)));
    assert_eq!(second.events.acknowledged, Some(ms(9)));
    line.at(11).acknowledges(150);
    let [first] = &line.records()[..] else {
        panic!("the first one's answer was acknowledged")
    };
    assert_eq!((first.bytes_in, first.bytes_out), (10, 50));
    assert_eq!(first.events.transmitted, Some(ms(4)));
    assert_eq!(first.events.acknowledged, Some(ms(11)));
    let [third] = &line.at(12).end(Outcome::Closed)[..] else {
        panic!("one is left")
    };
    assert_eq!(third.outcome, Outcome::Closed);
    assert_eq!(third.events.answered, None);
}

#[test]
fn one_stream_of_three_is_reset_and_the_others_go_on() {
    let mut line = three_asked();
    line.at(3).mark(3, Mark::Response { start: 0 });
    line.at(4).transmits(60);
    line.at(5).mark(
        3,
        Mark::Reset {
            reason: "stream_reset",
        },
    );
    let [reset] = &line.records()[..] else {
        panic!("its journey ends at once")
    };
    assert_eq!(reset.outcome, Outcome::Reset);
    assert_eq!(reset.reason.as_deref(), Some("stream_reset"));
    assert_eq!(reset.events.ended, Some(ms(5)));
    assert_eq!((reset.bytes_out, reset.acked), (60, 0));
    // A second word on it is of nobody.
    line.mark(
        3,
        Mark::Reset {
            reason: "stream_reset",
        },
    );
    line.answers(5, 60, 70).answers(1, 70, 80).transmits(20);
    line.at(6).acknowledges(80);
    let records = line.records();
    let outcomes: Vec<_> = records.iter().map(|record| record.outcome).collect();
    assert_eq!(outcomes, [Outcome::Answered; 2]);
    assert!(records.iter().all(|record| record.bytes_out == 10));
}

#[test]
fn a_reset_without_a_stream_says_nothing() {
    let mut line = Line::new();
    line.at(1).arrives(10).is_read().asks(0, 0, 10);
    line.mark(
        0,
        Mark::Reset {
            reason: "stream_reset",
        },
    );
    assert!(line.records().is_empty());
    line.at(2).answers(0, 0, 5).transmits(5).acknowledges(5);
    assert_eq!(line.records()[0].outcome, Outcome::Answered);
}

#[test]
fn of_a_stream_a_verdict_is_its_requests_alone() {
    let mut line = three_asked();
    let reason = "handler_timeout";
    line.at(3).mark(1, Mark::TimedOut { reason });
    let reason = "bad_header";
    line.at(4).mark(5, Mark::Refused { reason });
    let records = line.records();
    let ends: Vec<_> = records
        .iter()
        .map(|record| {
            (
                record.outcome,
                record.reason.as_deref(),
                record.events.ended,
            )
        })
        .collect();
    assert_eq!(
        ends,
        [
            (Outcome::Timeout, Some("handler_timeout"), Some(ms(3))),
            (Outcome::Rejected, Some("bad_header"), Some(ms(4))),
        ]
    );
    let left = line.end(Outcome::Closed);
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].outcome, &left[0].reason), (Outcome::Closed, &None));
}

#[test]
fn bodies_that_are_interleaved_count_what_their_own_stream_carried() {
    let mut line = Line::new();
    // Stream 1 is [0, 100), in which 30 bytes are stream 3's, which is [20, 70).
    line.at(1)
        .arrives(70)
        .is_read()
        .request(1, 0)
        .request(3, 20);
    line.request_end(3, 70);
    line.at(2).arrives(30).is_read().request_end(1, 100);
    // The same on the way out: [0, 200) and [50, 120), with 40 bytes of the latter in the former.
    line.at(3).mark(1, Mark::Response { start: 0 });
    line.mark(3, Mark::Response { start: 50 });
    line.mark(3, Mark::ResponseEnd { end: 120 });
    line.mark(
        3,
        Mark::Carried {
            received: 30,
            sent: 40,
        },
    );
    line.mark(
        1,
        Mark::Carried {
            received: 70,
            sent: 20,
        },
    );
    line.at(4).transmits(150);
    line.at(5).acknowledges(150);
    let [third] = &line.records()[..] else {
        panic!("stream 3 is done")
    };
    assert_eq!((third.bytes_in, third.bytes_out, third.acked), (30, 40, 40));
    line.mark(
        1,
        Mark::Carried {
            received: 70,
            sent: 160,
        },
    );
    line.mark(1, Mark::ResponseEnd { end: 200 });
    line.at(6).transmits(50);
    let [first] = &line.end(Outcome::Reset)[..] else {
        panic!("stream 1 is left")
    };
    // Of [0, 200) 150 bytes are acknowledged: whose they are nobody knows, so at most all that.
    assert_eq!(
        (first.bytes_in, first.bytes_out, first.acked),
        (70, 160, 150)
    );
}

#[test]
fn what_is_labelled_is_the_streams_request() {
    let mut line = three_asked();
    for (stream, status) in [(5, 205), (1, 201), (3, 203)] {
        line.mark(stream, Mark::Label(Label::Status(status)));
    }
    let statuses: Vec<_> = line.end(Outcome::Closed).iter().map(|r| r.status).collect();
    assert_eq!(statuses, [Some(201), Some(203), Some(205)]);
}

#[test]
fn requests_that_begin_in_one_record_have_its_stamps() {
    let mut line = Line::new();
    line.at(1).arrives(50);
    line.at(3).is_read();
    // Rounded outward to the record, both begin at 0, and the second one's answer is on its way before the third's word.
    line.request(1, 0).at(4).request(3, 0).at(5);
    line.request_end(1, 50).at(6).asks(5, 0, 50);
    for record in line.end(Outcome::Closed) {
        assert_eq!(record.events.arrived, Some(ms(1)));
        assert_eq!(record.events.read, Some(ms(3)));
        assert!(!record.coarse);
    }
}

#[test]
fn what_begins_in_a_record_that_was_told_has_its_stamps_however_much_has_come_since() {
    let mut line = Line::new();
    line.at(1).arrives(100).at(2).is_read();
    line.asks(1, 0, 100);
    for millisecond in 3..103 {
        line.at(millisecond).arrives(1);
    }
    line.request(3, 60);
    let records = line.end(Outcome::Closed);
    assert_eq!(records[1].events.arrived, Some(ms(1)));
    assert_eq!(records[1].events.read, Some(ms(2)));
}

#[test]
fn two_that_begin_in_a_long_record_have_the_stamps_of_its_first_byte() {
    let mut line = Line::new();
    line.at(1).arrives(10).at(2).is_read().request(1, 0);
    // A record in a hundred pieces, of which nothing is kept but what the first request has.
    for millisecond in 3..103 {
        line.at(millisecond).arrives(10).is_read();
    }
    line.request(3, 0);
    let records = line.end(Outcome::Closed);
    assert_eq!(records[1].events.arrived, Some(ms(1)));
    assert_eq!(records[1].events.read, Some(ms(2)));
    assert!(!records[1].coarse);
}

#[test]
fn what_was_read_in_part_of_the_next_request_outlasts_the_answers() {
    let mut line = Line::new();
    line.at(1).arrives(100).at(2).is_read();
    line.asks(1, 0, 100).mark(0, Mark::PartRead { start: 60 });
    line.at(3).answers(1, 0, 10).transmits(10);
    line.at(4).acknowledges(10);
    line.at(5).arrives(10).is_read().request(3, 60);
    let records = line.end(Outcome::Closed);
    assert_eq!(records[1].events.arrived, Some(ms(1)));
    assert_eq!(records[1].events.read, Some(ms(2)));
    assert!(!records[1].coarse);
}

#[test]
fn a_request_that_begins_between_anothers_frames_has_its_own_stamps() {
    let mut line = Line::new();
    line.at(1).arrives(50).is_read().request(1, 0);
    line.at(7).arrives(50);
    line.at(8).is_read();
    // The first one's last frame is told before the other's first, as where both are in one read.
    line.request_end(1, 100).request(3, 60);
    let records = line.end(Outcome::Closed);
    assert_eq!(records[1].events.arrived, Some(ms(7)));
    assert_eq!(records[1].events.read, Some(ms(8)));
    assert!(!records[1].coarse);
}

#[test]
fn an_answer_that_is_told_late_has_its_stamps_behind_one_that_was_told() {
    let mut line = Line::new();
    line.at(1).arrives(20).at(2).is_read();
    line.asks(1, 0, 10).asks(3, 10, 20);
    line.at(3).mark(1, Mark::Response { start: 0 });
    line.at(4).mark(3, Mark::Response { start: 10 });
    line.mark(3, Mark::ResponseEnd { end: 60 });
    // Of these bytes the first 40 hold the last frame of stream 1, of which is told only afterwards.
    line.at(5).transmits(40);
    line.at(6).transmits(20);
    line.at(7).mark(1, Mark::ResponseEnd { end: 40 });
    line.at(8).acknowledges(60);
    let records = line.records();
    assert_eq!(records.len(), 2, "{records:?}");
    assert_eq!(records[0].events.transmitted, Some(ms(5)));
    assert_eq!(records[1].events.transmitted, Some(ms(6)));
    assert!(!records[0].coarse);
}

#[test]
fn an_answer_that_is_told_long_after_it_was_sent_has_its_stamps_behind_one_that_has_not_begun() {
    let mut line = three_asked();
    line.at(3).mark(3, Mark::Response { start: 0 });
    line.at(4).transmits(10);
    line.at(5).acknowledges(10);
    for millisecond in 6..106 {
        line.at(millisecond).transmits(10);
        let all = line.transmitted;
        line.acknowledges(all);
    }
    line.mark(3, Mark::ResponseEnd { end: 10 });
    let [record] = &line.records()[..] else {
        panic!("stream 3 is done")
    };
    assert_eq!(record.events.transmitted, Some(ms(4)));
    assert_eq!(record.events.acknowledged, Some(ms(5)));
    assert!(!record.coarse);
}

#[test]
fn the_connections_end_is_the_end_of_all_that_are_open() {
    let mut line = Line::new();
    line.at(1).arrives(40).is_read();
    line.request(1, 0).request(3, 10).asks(5, 20, 40);
    line.at(2).answers(5, 0, 30).transmits(20);
    line.at(3).acknowledges(15);
    let how = RequestEnd::Rejected;
    line.mark(3, Mark::RequestEnd { end: 20, how });
    let records = line.at(4).end(Outcome::Closed);
    let ends: Vec<_> = records
        .iter()
        .map(|record| {
            (
                record.outcome,
                record.bytes_in,
                record.bytes_out,
                record.acked,
            )
        })
        .collect();
    assert_eq!(
        ends,
        [
            (Outcome::Closed, 40, 0, 0),
            (Outcome::Rejected, 10, 0, 0),
            (Outcome::Closed, 20, 30, 15),
        ]
    );
    assert!(records.iter().all(|r| r.events.ended == Some(ms(4))));
}

#[test]
fn more_than_are_kept_are_counted() {
    let mut line = Line::new();
    line.at(1).arrives(300).is_read();
    for request in 0..300 {
        let start = u64::from(request);
        line.asks(2 * request + 1, start, start + 1);
    }
    assert_eq!(line.counters.journeys_shed, 300 - 256);
    assert_eq!(line.end(Outcome::Closed).len(), 256);
}

#[test]
fn when_all_is_answered_nothing_is_remembered() {
    let mut line = three_asked();
    line.at(3).answers(5, 0, 10).answers(3, 10, 20);
    line.answers(1, 20, 30).transmits(30).at(4).acknowledges(30);
    assert_eq!(line.records().len(), 3);
    assert!(line.journal.underway.is_none());
    // Frames that are no request's, as a WINDOW_UPDATE.
    line.at(5).arrives(13).is_read();
    assert!(line.journal.underway.is_some());
    line.mark(0, Mark::PartRead { start: 43 });
    assert!(line.journal.underway.is_none());
    // Half a frame may become one.
    line.at(6).arrives(5).is_read();
    line.mark(0, Mark::PartRead { start: 43 });
    line.at(8).arrives(5).is_read().asks(1, 43, 53);
    let [record] = &line.end(Outcome::Closed)[..] else {
        panic!("one is open")
    };
    assert_eq!(record.events.arrived, Some(ms(6)));
    assert_eq!(record.events.read, Some(ms(6)));
}
