//! What every picture has to hold.

use super::*;
use crate::draw::testing::attribute;
use crate::draw::{Picture, picture};
use crate::logged::tests::{dropped_arrival, first_request, reset_request};
use std::collections::HashSet;

/// The first request with a client that acknowledges 40 ms late.
fn late_ack() -> Logged {
    let mut logged = first_request();
    logged.spine.last_mut().unwrap().ns += 40_000_000;
    logged.total_ns += 40_000_000;
    logged
}

#[test]
fn a_lane_a_station_in_order_each_with_its_time() {
    let picture = svg(&first_request());
    let ids = attribute(&picture, "id");
    let lanes = [
        "demux",
        "syn_queue",
        "accept_queue",
        "idle",
        "rx_ring",
        "receive_queue",
        "parse",
        "process",
        "file_read-overlay",
        "send_queue",
        "tx_ring-overlay",
        "retransmit_queue",
        "peer-overlay",
    ];
    assert_eq!(ids[..2], ["title", "desc"]);
    assert_eq!(ids[2..2 + lanes.len()], lanes);
    for time in [
        "21.0 µs", "18.0 µs", "201 µs", "4.00 µs", "8.00 µs", "41.0 µs", "130 µs", "88.0 µs",
    ] {
        assert!(picture.contains(&format!(">{time}</text>")), "{time}");
    }
}

#[test]
fn it_names_itself_and_tells_in_words_what_it_shows() {
    let picture = svg(&first_request());
    assert_eq!(attribute(&picture, "role"), ["img"]);
    assert_eq!(attribute(&picture, "aria-labelledby"), ["title desc"]);
    assert!(picture.contains("The journey of GET /index.html HTTP/1.1</title>"));
    assert!(picture.contains("612 µs in all. syn_queue: 21.0 µs, from 0 ns to 21.0 µs."));
}

#[test]
fn an_id_stands_once_though_a_part_is_drawn_twice() {
    let picture = svg(&late_ack());
    let ids = attribute(&picture, "id");
    assert!(ids.contains(&"process") && ids.contains(&"server-process"));
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[test]
fn a_servers_part_that_can_be_seen_is_not_magnified() {
    assert!(!svg(&reset_request()).contains("server-"));
}

#[test]
fn the_shortest_station_is_still_visible() {
    let picture = svg(&late_ack());
    let widths: Vec<f64> = attribute(&picture, "width")
        .iter()
        .filter_map(|width| width.parse().ok())
        .collect();
    assert!(
        widths.len() > 20 && widths.iter().all(|&width| width >= 2.9),
        "{widths:?}"
    );
}

#[test]
fn a_request_cannot_write_into_the_document() {
    let mut logged = first_request();
    logged.request = Some("GET /\"><script>alert(1)</script>\u{1b}\u{0} HTTP/1.1".into());
    let picture = svg(&logged);
    assert!(!picture.contains("<script") && !picture.contains(['\u{1b}', '\0']));
    assert!(picture.contains("GET /&quot;&gt;&lt;script&gt;"));
    attribute(&picture, "id");
}

#[test]
fn a_broken_off_journey_says_where() {
    let picture = svg(&reset_request());
    assert!(picture.contains("ended reset in send_queue, 65,536 of 10,485,760 bytes acknowledged"));
    assert!(picture.contains("rx_ring at most 12.3 µs"));
}

#[test]
fn a_journey_without_time_is_not_drawn() {
    assert_eq!(
        picture::svg(&dropped_arrival(), Picture::Lanes)
            .unwrap_err()
            .to_string(),
        "journey 9 (arrival, dropped, TCP_REQ_QUEUE_FULL) ended the moment it began, so there is no time to draw"
    );
}
