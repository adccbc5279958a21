//! Every station of the way, with its time.

use super::*;
use crate::LoggedInterval;
use crate::draw::testing::{attribute, count};
use crate::logged::tests::{EPOCH, first_request, first_request_record, reset_request};
use periplus_journey::{Kind, Outcome};
use std::collections::HashSet;
use std::time::Duration;

#[test]
fn every_station_stands_once_on_the_map_with_its_time_and_its_part() {
    let picture = svg(&first_request());
    let ids = attribute(&picture, "id");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    for (station, ..) in PLACES {
        assert!(ids.contains(&station.name()), "{station}");
    }
    for words in [
        ">201 µs<",
        ">33 %<",
        ">130 µs<",
        ">21 %<",
        ">88.0 µs<",
        ">beside<",
    ] {
        assert!(picture.contains(words), "{words}");
    }
    assert!(picture.contains("Beside what is drawn: peer ×2 194 µs."));
}

#[test]
fn the_parts_on_the_way_add_up_to_the_whole() {
    let logged = first_request();
    let lanes = lanes(&logged);
    let drawn: u64 = PLACES
        .iter()
        .filter_map(|&(station, ..)| Some(own(&lanes, station)?.ns))
        .sum();
    assert_eq!(drawn, logged.total_ns);
}

#[test]
fn a_tls_handshake_has_a_place_where_there_was_one() {
    let mut record = first_request_record();
    let accepted = record.events.accepted.unwrap();
    let began = accepted + Duration::from_micros(10);
    record.events.tls_began = Some(began);
    record.events.tls_ended = Some(began + Duration::from_micros(150));
    let picture = svg(&Logged::new(&record, EPOCH));
    for words in [">tls_handshake<", ">150 µs<"] {
        assert!(picture.contains(words), "{words}");
    }
    assert!(!svg(&first_request()).contains("tls_handshake"));
}

#[test]
fn what_a_journey_did_not_enter_is_empty_and_says_why() {
    let picture = svg(&reset_request());
    for words in ["connected before", "no arrival stamp", "no file read"] {
        assert!(picture.contains(&format!(">{words}<")), "{words}");
    }
    assert!(picture.contains("ended reset in send_queue"));
}

#[test]
fn no_arrow_leads_where_the_journey_did_not_go() {
    let whole = svg(&first_request());
    for words in [">write()<", ">answer<"] {
        assert!(whole.contains(words), "{words}");
    }
    let mut logged = first_request();
    logged.outcome = Outcome::Reset;
    (logged.bytes_out, logged.acked) = (0, 0);
    let read = |at: &LoggedInterval| at.station <= Station::Parse;
    logged.spine.retain(read);
    logged.overlay.clear();
    let broken_off = svg(&logged);
    for words in [">write()<", ">answer<"] {
        assert!(!broken_off.contains(words), "{words}");
    }
    // There and back from the disk, to the handler, and four of the answer.
    assert_eq!(
        count(&whole, "way-head") - count(&broken_off, "way-head"),
        7
    );

    logged.kind = Kind::Connection;
    let unasked = svg(&logged);
    assert!(!unasked.contains(">request<") && !unasked.contains(">read()<"));
}
