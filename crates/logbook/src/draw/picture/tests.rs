//! What every picture has to hold.

use super::*;
use crate::logged::tests::{dropped_arrival, first_request, reset_request};
use std::collections::HashSet;

/// The first request with a client that acknowledges 40 ms late.
fn late_ack() -> Logged {
    let mut logged = first_request();
    logged.spine.last_mut().unwrap().ns += 40_000_000;
    logged.total_ns += 40_000_000;
    logged
}

/// The values of an attribute, in the order of the document; every tag is checked to be closed on the way.
fn attribute<'a>(document: &'a str, name: &str) -> Vec<&'a str> {
    let mut open = Vec::new();
    let mut values = Vec::new();
    for tag in document
        .split('<')
        .skip(1)
        .map(|rest| rest.split_once('>').expect("a tag's end").0)
    {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
        let key = format!(" {name}=\"");
        if let Some((_, value)) = tag.split_once(key.as_str()) {
            values.push(value.split_once('"').expect("a value's end").0);
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
    values
}

#[test]
fn a_lane_a_station_in_order_each_with_its_time() {
    let picture = svg(&first_request()).unwrap();
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
    let picture = svg(&first_request()).unwrap();
    assert_eq!(attribute(&picture, "role"), ["img"]);
    assert_eq!(attribute(&picture, "aria-labelledby"), ["title desc"]);
    assert!(picture.contains("The journey of GET /index.html HTTP/1.1</title>"));
    assert!(picture.contains("612 µs in all. syn_queue: 21.0 µs, from 0 ns to 21.0 µs."));
}

#[test]
fn an_id_stands_once_though_a_part_is_drawn_twice() {
    let picture = svg(&late_ack()).unwrap();
    let ids = attribute(&picture, "id");
    assert!(ids.contains(&"process") && ids.contains(&"server-process"));
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[test]
fn a_servers_part_that_can_be_seen_is_not_magnified() {
    assert!(!svg(&reset_request()).unwrap().contains("server-"));
}

#[test]
fn the_shortest_station_is_still_visible() {
    let picture = svg(&late_ack()).unwrap();
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
    let picture = svg(&logged).unwrap();
    assert!(!picture.contains("<script") && !picture.contains(['\u{1b}', '\0']));
    assert!(picture.contains("GET /&quot;&gt;&lt;script&gt;"));
    attribute(&picture, "id");
}

#[test]
fn a_broken_off_journey_says_where() {
    let picture = svg(&reset_request()).unwrap();
    assert!(picture.contains("ended reset in send_queue, 65,536 of 10,485,760 bytes acknowledged"));
    assert!(picture.contains("rx_ring at most 12.3 µs"));
}

#[test]
fn a_journey_without_time_is_not_drawn() {
    assert_eq!(
        svg(&dropped_arrival()).unwrap_err().to_string(),
        "journey 9 (arrival, dropped, TCP_REQ_QUEUE_FULL) ended the moment it began, so there is no time to draw"
    );
}
